//! The clock of the machine.

use bilan_standards::clock::Clock;
use jiff::Timestamp;

/// The time that the machine tells.
#[derive(Debug, Clone, Copy)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// The same clock as the gateway wants it.
pub fn for_devices() -> bilan_gateway::Clock {
    std::sync::Arc::new(Timestamp::now)
}
