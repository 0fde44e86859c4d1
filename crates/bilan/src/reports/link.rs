//! The connection to a broker of MQTT: how it stands, and how long to wait before the next attempt.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bilan_web::{Family, Metrics};
use jiff::Timestamp;
use serde::Serialize;

/// Before the first attempt after a fault.
const SHORTEST: Duration = Duration::from_secs(1);
/// Before the next attempt while the broker stays away. A connection that held for so long begins anew with the shortest.
const LONGEST: Duration = Duration::from_secs(60);

/// How a connection to a broker stands; every clone shows the same.
#[derive(Debug, Clone)]
pub struct BrokerLink(Arc<Mutex<BrokerState>>);

/// What is known of a connection.
#[derive(Debug, Clone, Serialize)]
pub struct BrokerState {
    /// Host and port.
    pub broker: String,
    /// Topic under which reports come.
    pub topic: String,
    /// It is connected now.
    pub is_up: bool,
    /// Since when it is, or is not.
    pub since: Timestamp,
    /// Attempts that failed and connections that broke off, since the start.
    pub failures: u64,
    /// Reports that came, since the start.
    pub reports: u64,
}

impl BrokerLink {
    /// A connection that is not there yet.
    pub fn to(broker: String, topic: &str) -> Self {
        let topic = topic.to_owned();
        let state = BrokerState { broker, topic, is_up: false, since: Timestamp::now(), failures: 0, reports: 0 };
        Self(Arc::new(Mutex::new(state)))
    }

    /// How it stands now.
    pub fn now(&self) -> BrokerState {
        self.state().clone()
    }

    pub(super) fn is_up(&self) {
        let mut state = self.state();
        (state.is_up, state.since) = (true, Timestamp::now());
    }

    pub(super) fn failed(&self) {
        let mut state = self.state();
        state.failures += 1;
        if std::mem::replace(&mut state.is_up, false) {
            state.since = Timestamp::now();
        }
    }

    pub(super) fn took(&self) {
        self.state().reports += 1;
    }

    /// For `/metrics`.
    pub fn put(&self, metrics: &mut Metrics) {
        let state = self.now();
        let up = Family::gauge("bilan_mqtt_connected", "1 while the broker of MQTT is connected.");
        metrics.put(up, u8::from(state.is_up));
        let failures = Family::counter("bilan_mqtt_failures", "Attempts at the broker that failed or broke off.");
        metrics.put(failures, state.failures);
        metrics.put(Family::counter("bilan_mqtt_reports", "Reports that came over MQTT."), state.reports);
    }

    fn state(&self) -> MutexGuard<'_, BrokerState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Pauses between attempts: each twice the one before, up to a minute.
#[derive(Debug)]
pub(super) struct Pauses(Duration);

impl Pauses {
    pub fn new() -> Self {
        Self(SHORTEST)
    }

    /// The pause after a connection that held for so long; nothing where there was none.
    pub fn next(&mut self, held: Option<Duration>) -> Duration {
        if held.is_some_and(|held| held >= LONGEST) {
            self.0 = SHORTEST;
        }
        let pause = self.0;
        self.0 = (pause * 2).min(LONGEST);
        pause
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_minute_and_begin_anew_after_a_connection_that_held() {
        let mut pauses = Pauses::new();
        let seconds: Vec<u64> = (0..8).map(|_| pauses.next(None).as_secs()).collect();
        assert_eq!(seconds, [1, 2, 4, 8, 16, 32, 60, 60]);
        assert_eq!(
            pauses.next(Some(Duration::from_secs(1))).as_secs(),
            60,
            "a broker that hangs up at once is no better"
        );
        assert_eq!(pauses.next(Some(Duration::from_secs(61))).as_secs(), 1);
        assert_eq!(pauses.next(None).as_secs(), 2);
    }
}
