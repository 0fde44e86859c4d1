//! A day of noise: Ld, Ln, Ldn from hourly levels, judged against the functional zone (GB 3096-2008 table 1).

use serde::Serialize;

use super::{DecibelA, NoiseLimit, NoiseZone, Period, day_night, energy_mean};

/// The hourly levels of one day and of the night that begins on it, dB(A).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct NoiseDay {
    day: Vec<DecibelA>,
    night: Vec<DecibelA>,
}

/// How a day stands against the limits of its zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NoiseVerdict {
    /// Neither is above its limit.
    Compliant,
    /// The day is above its limit.
    DayOver,
    /// The night is above its limit.
    NightOver,
    /// Both are.
    BothOver,
}

impl NoiseVerdict {
    /// Name in files.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Compliant => "compliant",
            Self::DayOver => "day_over",
            Self::NightOver => "night_over",
            Self::BothOver => "both_over",
        }
    }
}

impl NoiseDay {
    /// Enters the level of a period's hour or shorter interval; intervals must be equally long.
    pub fn add(&mut self, period: Period, level: DecibelA) {
        match period {
            Period::Day => self.day.push(level),
            Period::Night => self.night.push(level),
        }
    }

    /// Levels entered in a period.
    #[must_use]
    pub fn count(&self, period: Period) -> usize {
        self.of(period).len()
    }

    /// Ld or Ln: the energy mean of a period, to a tenth of a decibel.
    #[must_use]
    pub fn level(&self, period: Period) -> Option<DecibelA> {
        energy_mean(self.of(period)).map(DecibelA::printed)
    }

    /// Ldn, where there are both day and night.
    #[must_use]
    pub fn day_night(&self) -> Option<DecibelA> {
        day_night(energy_mean(&self.day)?, energy_mean(&self.night)?).map(DecibelA::printed)
    }

    /// Against the limits of a zone; a level at its limit keeps it. `None` where day or night has no level.
    #[must_use]
    pub fn verdict(&self, zone: NoiseZone) -> Option<NoiseVerdict> {
        let limit = NoiseLimit::of_zone(zone)?;
        let over = |period| self.level(period).map(|level| level.exceeds(limit.of(period)));
        Some(match (over(Period::Day)?, over(Period::Night)?) {
            (false, false) => NoiseVerdict::Compliant,
            (true, false) => NoiseVerdict::DayOver,
            (false, true) => NoiseVerdict::NightOver,
            (true, true) => NoiseVerdict::BothOver,
        })
    }

    fn of(&self, period: Period) -> &[DecibelA] {
        match period {
            Period::Day => &self.day,
            Period::Night => &self.night,
        }
    }
}

#[cfg(test)]
mod tests {
    use test_case::test_case;

    use super::*;

    fn day(by_day: f64, by_night: f64) -> NoiseDay {
        let mut noise = NoiseDay::default();
        (0..16).for_each(|_| noise.add(Period::Day, DecibelA::new(by_day).unwrap()));
        (0..8).for_each(|_| noise.add(Period::Night, DecibelA::new(by_night).unwrap()));
        noise
    }

    #[test_case(60.0, 50.0, NoiseVerdict::Compliant; "at both limits")]
    #[test_case(60.1, 50.0, NoiseVerdict::DayOver; "a tenth above by day")]
    #[test_case(60.0, 50.1, NoiseVerdict::NightOver; "a tenth above by night")]
    #[test_case(60.04, 50.04, NoiseVerdict::Compliant; "above by less than a tenth")]
    #[test_case(61.0, 55.0, NoiseVerdict::BothOver; "both")]
    fn a_day_of_zone_2_is_judged(by_day: f64, by_night: f64, verdict: NoiseVerdict) {
        assert_eq!(day(by_day, by_night).verdict(NoiseZone::Zone2), Some(verdict));
    }

    #[test]
    fn the_example_of_day_and_night_makes_58_8() {
        assert_eq!(day(58.0, 50.0).day_night(), DecibelA::new(58.8));
    }

    #[test]
    fn half_a_day_is_not_judged() {
        let mut noise = NoiseDay::default();
        noise.add(Period::Day, DecibelA::new(55.0).unwrap());
        assert_eq!((noise.level(Period::Day), noise.level(Period::Night)), (DecibelA::new(55.0), None));
        assert_eq!((noise.day_night(), noise.verdict(NoiseZone::Zone1)), (None, None));
    }
}
