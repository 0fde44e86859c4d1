//! A day of noise: Ld, Ln, Ldn from hourly levels, judged against the functional zone (GB 3096-2008 table 1), and the statistical levels.

use serde::Serialize;

use super::{NoiseLimit, NoiseZone, Period, day_night, energy_mean};

/// The hourly levels of one day and of the night that begins on it, dB(A).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct NoiseDay {
    day: Vec<f64>,
    night: Vec<f64>,
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
    pub fn add(&mut self, period: Period, level: f64) {
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
    pub fn level(&self, period: Period) -> Option<f64> {
        energy_mean(self.of(period)).map(tenth)
    }

    /// Ldn, where there are both day and night.
    #[must_use]
    pub fn day_night(&self) -> Option<f64> {
        Some(tenth(day_night(energy_mean(&self.day)?, energy_mean(&self.night)?)))
    }

    /// Against the limits of a zone; a level at its limit keeps it. `None` where day or night has no level.
    #[must_use]
    pub fn verdict(&self, zone: NoiseZone) -> Option<NoiseVerdict> {
        let limit = NoiseLimit::of_zone(zone)?;
        let over = |period| self.level(period).map(|level| level > f64::from(limit.of(period)));
        Some(match (over(Period::Day)?, over(Period::Night)?) {
            (false, false) => NoiseVerdict::Compliant,
            (true, false) => NoiseVerdict::DayOver,
            (false, true) => NoiseVerdict::NightOver,
            (true, true) => NoiseVerdict::BothOver,
        })
    }

    fn of(&self, period: Period) -> &[f64] {
        match period {
            Period::Day => &self.day,
            Period::Night => &self.night,
        }
    }
}

/// To a tenth; a level is an energy mean and has no exact decimal to round half to even.
pub(super) fn tenth(level: f64) -> f64 {
    (level * 10.0).round() / 10.0
}

/// The level exceeded in `percent` per cent of equal intervals (L10, L50, L90): of n levels from loud to quiet the ⌈percent·n/100⌉-th
/// (counting rule not verified). `None` of nothing, or outside 1 to 100.
#[must_use]
pub fn exceeded_level(levels: &[f64], percent: usize) -> Option<f64> {
    if !(1..=100).contains(&percent) {
        return None;
    }
    let mut sorted = levels.to_vec();
    sorted.sort_unstable_by(|left, right| right.total_cmp(left));
    sorted.get((sorted.len() * percent).div_ceil(100).checked_sub(1)?).copied()
}

#[cfg(test)]
mod tests {
    use test_case::test_case;

    use super::*;

    fn day(by_day: f64, by_night: f64) -> NoiseDay {
        let mut noise = NoiseDay::default();
        (0..16).for_each(|_| noise.add(Period::Day, by_day));
        (0..8).for_each(|_| noise.add(Period::Night, by_night));
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
        assert_eq!(day(58.0, 50.0).day_night(), Some(58.8));
    }

    #[test]
    fn half_a_day_is_not_judged() {
        let mut noise = NoiseDay::default();
        noise.add(Period::Day, 55.0);
        assert_eq!((noise.level(Period::Day), noise.level(Period::Night)), (Some(55.0), None));
        assert_eq!((noise.day_night(), noise.verdict(NoiseZone::Zone1)), (None, None));
    }

    #[test]
    fn statistical_levels_count_from_the_loudest() {
        let levels: Vec<f64> = (1..=100).map(f64::from).collect();
        assert_eq!([10, 50, 90].map(|percent| exceeded_level(&levels, percent)), [Some(91.0), Some(51.0), Some(11.0)]);
        assert_eq!(exceeded_level(&[], 10), None);
        assert_eq!(exceeded_level(&[60.0], 90), Some(60.0));
        assert_eq!(exceeded_level(&levels, 0), None);
    }
}
