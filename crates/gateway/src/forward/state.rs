//! How forwarding stands: for the page of the devices, and for machines that watch.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use serde::Serialize;

use super::exchange::{Answer, Sending};

/// Why packets are not handed on at the moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ForwardFault {
    /// No connection can be made.
    Unreachable,
    /// The connection broke or was ended.
    Broken,
    /// Some packets, or all, are not answered.
    Silent,
    /// The packets cannot be read here.
    Store,
}

impl ForwardFault {
    /// Name in snake case.
    pub const fn name(self) -> &'static str {
        match self {
            ForwardFault::Unreachable => "unreachable",
            ForwardFault::Broken => "broken",
            ForwardFault::Silent => "silent",
            ForwardFault::Store => "store",
        }
    }
}

/// What was handed on since the start, and what waits.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct ForwardState {
    /// Address of the other platform.
    pub to: String,
    /// Packets sent, each time that they were.
    pub sent: u64,
    /// Packets that it took.
    pub answered: u64,
    /// Packets that it refused, by the `QnRtn` of its 9011.
    pub refused: BTreeMap<u16, u64>,
    /// Devices of which it refused a packet, with the last `QnRtn`.
    pub refused_devices: BTreeMap<String, u16>,
    /// Packets that it did not answer, and that are not sent again.
    pub passed_over: u64,
    /// Packets that it does not have yet.
    pub waiting: u64,
    /// When it last answered.
    pub last_answer: Option<Timestamp>,
    /// Devices whose packets it does not answer.
    pub unanswering: Vec<String>,
    /// Why the last turn did not end well, if it did not.
    pub fault: Option<ForwardFault>,
}

/// Devices that are named at most.
const NAMED: usize = 200;

impl ForwardState {
    pub(super) fn count(&mut self, sending: &Sending, answer: Option<Answer>, written: bool, now: Timestamp) {
        self.sent += u64::from(written);
        match answer {
            Some(Answer::Taken) => {
                self.answered += 1;
                self.refused_devices.remove(&sending.mn);
            }
            Some(Answer::Refused(code)) => {
                *self.refused.entry(code).or_default() += 1;
                if self.refused_devices.len() < NAMED {
                    self.refused_devices.insert(sending.mn.clone(), code);
                }
            }
            None => return,
        }
        self.last_answer = Some(now);
    }
}

/// The state of one forwarding, shared by it and those who look at it. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Forwarding(Arc<Mutex<ForwardState>>);

impl Forwarding {
    /// One that has not begun.
    pub fn new(to: &str) -> Forwarding {
        Forwarding(Arc::new(Mutex::new(ForwardState { to: to.to_owned(), ..ForwardState::default() })))
    }

    /// How it stands now.
    pub fn now(&self) -> ForwardState {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn change(&self, change: impl FnOnce(&mut ForwardState)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}
