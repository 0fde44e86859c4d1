//! Where the time comes from: handed in, so that a test lives through a year at once.

use std::sync::Mutex;

use jiff::{Timestamp, civil::Date, tz};

/// A source of the present moment.
pub trait Clock: Send + Sync {
    /// The present moment.
    fn now(&self) -> Timestamp;
}

/// A clock that stands where it was set, for tests and for replaying a past year.
#[derive(Debug)]
pub struct FixedClock(Mutex<Timestamp>);

impl FixedClock {
    /// A clock standing at `moment`.
    #[must_use]
    pub fn at(moment: Timestamp) -> Self {
        Self(Mutex::new(moment))
    }

    /// A clock standing at `moment`; the same as [`FixedClock::at`].
    #[must_use]
    pub fn new(moment: Timestamp) -> Self {
        Self::at(moment)
    }

    /// Moves the clock, forwards or backwards.
    pub fn set(&self, moment: Timestamp) {
        *self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = moment;
    }

    /// Moves the clock forwards.
    ///
    /// # Panics
    /// If the moment would leave the range of [`Timestamp`].
    pub fn advance(&self, by: jiff::SignedDuration) {
        let mut moment = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        *moment += by;
    }
}

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// The day in Beijing (UTC+8, no summer time since 1991) at a moment.
#[must_use]
pub fn beijing_day(moment: Timestamp) -> Date {
    tz::offset(8).to_datetime(moment).date()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn the_day_in_beijing_begins_at_sixteen_hours_utc() {
        assert_eq!(beijing_day("2020-02-28T15:59:59Z".parse().unwrap()), date(2020, 2, 28));
        assert_eq!(beijing_day("2020-02-28T16:00:00Z".parse().unwrap()), date(2020, 2, 29));
    }

    #[test]
    fn a_fixed_clock_moves_only_when_it_is_moved() {
        let clock = FixedClock::at("2020-01-01T00:00:00Z".parse().unwrap());
        assert_eq!(clock.now(), clock.now());
        clock.advance(jiff::SignedDuration::from_hours(24));
        assert_eq!(clock.now(), "2020-01-02T00:00:00Z".parse().unwrap());
    }
}
