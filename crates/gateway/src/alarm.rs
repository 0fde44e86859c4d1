//! What administrators must know of lines and passwords of devices.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use tokio::sync::broadcast;

use crate::Counters;

/// Alarms that are kept for the page of devices.
const KEPT: usize = 50;
/// The same again within this time is counted and not said again.
const AGAIN: SignedDuration = SignedDuration::from_hours(1);

/// What was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LineAlarmKind {
    /// Somebody tries one password after the other (口令猜测).
    Guessing,
    /// Two lines speak under one MN at the same time (同一设备编码两路连接).
    Doubled,
}

/// Something found about a device's line or password.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LineAlarm {
    /// What.
    pub kind: LineAlarmKind,
    /// The device; none where passwords of many devices were tried.
    pub mn: Option<String>,
    /// Where it comes from.
    pub from: String,
    /// The line that keeps the commands of the device.
    pub first: Option<String>,
    /// When it was found first.
    pub at: Timestamp,
    /// When it was found last.
    pub last: Timestamp,
    /// How often since.
    pub times: u64,
}

/// The newest alarms; who listens is told of each new one. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Alarms(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    newest: Mutex<VecDeque<LineAlarm>>,
    news: broadcast::Sender<LineAlarm>,
    counters: Arc<Counters>,
}

impl Alarms {
    pub(crate) fn new(counters: Arc<Counters>) -> Self {
        Self(Arc::new(Inner { newest: Mutex::default(), news: broadcast::Sender::new(KEPT), counters }))
    }

    /// The newest alarms, the last one first.
    #[must_use]
    pub fn newest(&self) -> Vec<LineAlarm> {
        self.lock().iter().rev().cloned().collect()
    }

    /// Alarms from now on.
    #[must_use]
    pub fn subscribe(&self) -> broadcast::Receiver<LineAlarm> {
        self.0.news.subscribe()
    }

    pub(crate) fn raise(&self, kind: LineAlarmKind, mn: Option<&str>, from: &str, first: Option<&str>, now: Timestamp) {
        let mut newest = self.lock();
        let same = |alarm: &&mut LineAlarm| {
            alarm.kind == kind
                && alarm.mn.as_deref() == mn
                && (mn.is_some() || alarm.from == from)
                && now.duration_since(alarm.at).abs() < AGAIN
        };
        if let Some(alarm) = newest.iter_mut().find(same) {
            alarm.times += 1;
            alarm.last = now;
            return;
        }
        let alarm = LineAlarm {
            kind,
            mn: mn.map(str::to_owned),
            from: from.to_owned(),
            first: first.map(str::to_owned),
            at: now,
            last: now,
            times: 1,
        };
        if newest.len() == KEPT {
            newest.pop_front();
        }
        newest.push_back(alarm.clone());
        drop(newest);
        match kind {
            LineAlarmKind::Guessing => {
                Counters::add(&self.0.counters.guessing_alarms);
                tracing::warn!(mn, from, "somebody guesses passwords of devices; further guesses are not looked at");
            }
            LineAlarmKind::Doubled => {
                Counters::add(&self.0.counters.doubled_alarms);
                tracing::warn!(mn, from, first, "two lines speak under one MN; commands go to the first");
            }
        }
        // Nobody needs to listen.
        let _ = self.0.news.send(alarm);
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<LineAlarm>> {
        self.0.newest.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
