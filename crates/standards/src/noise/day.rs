//! A day of noise: Ld, Ln, Ldn from hourly levels, judged against the functional zone (GB 3096-2008 table 1).

use serde::Serialize;

use super::{DecibelA, NoiseLimit, NoiseZone, Period, day_night, energy_mean};

/// Hours that day and night must have before they are judged.
///
/// A setting of the product, three quarters of the 16 and of the 8: the standards that were read give no smallest number (GB 3096-2008 annex B measures
/// all 24 hours).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoiseNeeds {
    /// Hours of the day, of 16.
    pub day: usize,
    /// Hours of the night, of 8.
    pub night: usize,
}

impl Default for NoiseNeeds {
    fn default() -> Self {
        Self { day: 12, night: 6 }
    }
}

impl NoiseNeeds {
    /// Hours that a period must have.
    #[must_use]
    pub fn of(self, period: Period) -> usize {
        if period == Period::Day { self.day } else { self.night }
    }
}

/// Minutes of an hour that must be measured for the hour to have a level. A setting of the product, three quarters like the hours of a day: the standards of noise that
/// were read give no number (GB 3095 table 4 has the same for an hour of air).
pub const HOUR_MINUTES: u32 = 45;

/// Minutes of an hour that were measured, from the seconds after its beginning at which each of its intervals ended (1 to 3600, in order). A level stamped at the end
/// of the hour, and alone in it, is the hour's own. Otherwise an interval is as long as the usual distance between them: of one alone the length is not known, and
/// it covers nothing.
#[must_use]
pub fn covered_minutes(ends: &[u16]) -> u32 {
    let mut gaps: Vec<u16> = ends.windows(2).map(|pair| pair[1].saturating_sub(pair[0])).collect();
    gaps.sort_unstable();
    let Some(usual) = gaps.get(gaps.len() / 2) else {
        return if ends == [3600] { 60 } else { 0 };
    };
    let measured = u32::from(*usual) * u32::try_from(ends.len()).unwrap_or(u32::MAX).min(3600);
    measured.min(3600) / 60
}

/// An hour of a day of noise.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Hour {
    period: Period,
    energy: f64,
    /// Intervals that were averaged, equally long.
    intervals: u32,
}

/// The hourly levels of one day and of the night that begins on it, dB(A). An hour counts once, however many intervals were measured in it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct NoiseDay {
    hours: [Option<Hour>; 24],
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
    /// Enters the level of an hour, by the hour (0 to 23) at which it began, or of an interval within it. Intervals of an hour must be equally long
    /// and different; their energies are averaged. A level of exactly 0 dB(A) is that of a dead instrument, and the hour is missing.
    pub fn add(&mut self, begins: i8, period: Period, level: DecibelA) {
        if level.is_dead() {
            return;
        }
        let place = usize::try_from(begins).ok().and_then(|hour| self.hours.get_mut(hour));
        let Some(place) = place else { return };
        let known = place.map_or((0.0, 0), |hour| (hour.energy, hour.intervals));
        *place = Some(Hour { period, energy: known.0 + level.energy(), intervals: known.1 + 1 });
    }

    /// Hours of a period that have a level.
    #[must_use]
    pub fn count(&self, period: Period) -> usize {
        self.of(period).count()
    }

    /// Whether day and night have the hours that they need.
    #[must_use]
    pub fn has(&self, needs: NoiseNeeds) -> bool {
        [Period::Day, Period::Night].into_iter().all(|period| self.count(period) >= needs.of(period))
    }

    /// Ld or Ln: the energy mean of a period's hours, to a tenth of a decibel; of those that are there.
    #[must_use]
    pub fn level(&self, period: Period) -> Option<DecibelA> {
        self.mean(period).map(DecibelA::printed)
    }

    /// Ldn, where day and night have the hours that they need.
    #[must_use]
    pub fn day_night(&self, needs: NoiseNeeds) -> Option<DecibelA> {
        if !self.has(needs) {
            return None;
        }
        day_night(self.mean(Period::Day)?, self.mean(Period::Night)?).map(DecibelA::printed)
    }

    /// Against the limits of a zone; a level at its limit keeps it. `None` where day or night has too few hours.
    #[must_use]
    pub fn verdict(&self, zone: NoiseZone, needs: NoiseNeeds) -> Option<NoiseVerdict> {
        if !self.has(needs) {
            return None;
        }
        let limit = NoiseLimit::of_zone(zone)?;
        let over = |period| self.level(period).map(|level| level.exceeds(limit.of(period)));
        Some(match (over(Period::Day)?, over(Period::Night)?) {
            (false, false) => NoiseVerdict::Compliant,
            (true, false) => NoiseVerdict::DayOver,
            (false, true) => NoiseVerdict::NightOver,
            (true, true) => NoiseVerdict::BothOver,
        })
    }

    fn of(&self, period: Period) -> impl Iterator<Item = DecibelA> {
        let hours = self.hours.iter().flatten().filter(move |hour| hour.period == period);
        hours.filter_map(|hour| DecibelA::of_energy(hour.energy / f64::from(hour.intervals)))
    }

    fn mean(&self, period: Period) -> Option<DecibelA> {
        energy_mean(&self.of(period).collect::<Vec<_>>())
    }
}

#[cfg(test)]
mod tests {
    use test_case::test_case;

    use super::*;

    #[test_case(&[3600], 60; "the hour's own level")]
    #[test_case(&[60], 0; "a minute alone: nobody says how long it was")]
    #[test_case(&[60, 120], 2; "two minutes")]
    #[test_case(&[1800, 3600], 60; "half hours")]
    #[test_case(&[600, 1200, 1800, 3000, 3600], 50; "ten minutes are missing")]
    #[test_case(&[], 0; "nothing")]
    fn an_hour_is_covered_by_what_was_measured_of_it(ends: &[u16], minutes: u32) {
        assert_eq!(covered_minutes(ends), minutes);
    }

    fn db(level: f64) -> DecibelA {
        DecibelA::new(level).unwrap()
    }

    fn hours(day: (i8, f64), night: (i8, f64)) -> NoiseDay {
        let mut noise = NoiseDay::default();
        (0..day.0).for_each(|hour| noise.add(6 + hour, Period::Day, db(day.1)));
        (0..night.0).for_each(|hour| noise.add((22 + hour) % 24, Period::Night, db(night.1)));
        noise
    }

    #[test_case(60.0, 50.0, NoiseVerdict::Compliant; "at both limits")]
    #[test_case(60.1, 50.0, NoiseVerdict::DayOver; "a tenth above by day")]
    #[test_case(60.0, 50.1, NoiseVerdict::NightOver; "a tenth above by night")]
    #[test_case(60.04, 50.04, NoiseVerdict::Compliant; "above by less than a tenth")]
    #[test_case(61.0, 55.0, NoiseVerdict::BothOver; "both")]
    fn a_day_of_zone_2_is_judged(by_day: f64, by_night: f64, verdict: NoiseVerdict) {
        let noise = hours((16, by_day), (8, by_night));
        assert_eq!(noise.verdict(NoiseZone::Zone2, NoiseNeeds::default()), Some(verdict));
    }

    #[test]
    fn the_example_of_day_and_night_makes_58_8() {
        assert_eq!(hours((16, 58.0), (8, 50.0)).day_night(NoiseNeeds::default()), DecibelA::new(58.8));
    }

    #[test_case(12, 6, true; "three quarters of both")]
    #[test_case(11, 8, false; "too few hours of the day")]
    #[test_case(16, 5, false; "too few hours of the night")]
    #[test_case(16, 1, false; "one hour of eight")]
    #[test_case(16, 0, false; "no night")]
    fn a_day_without_enough_hours_has_levels_and_no_verdict(day: i8, night: i8, judged: bool) {
        let (noise, needs) = (hours((day, 50.0), (night, 30.0)), NoiseNeeds::default());
        assert_eq!(noise.verdict(NoiseZone::Zone2, needs).is_some(), judged);
        assert_eq!(noise.day_night(needs).is_some(), judged);
        assert_eq!(noise.level(Period::Day), DecibelA::new(50.0));
    }

    #[test]
    fn an_hour_of_zero_decibels_does_not_count() {
        let mut noise = hours((11, 58.0), (8, 50.0));
        (0..5).for_each(|hour| noise.add(17 + hour, Period::Day, db(0.0)));
        assert_eq!((noise.count(Period::Day), noise.level(Period::Day)), (11, DecibelA::new(58.0)));
        assert_eq!(noise.verdict(NoiseZone::Zone2, NoiseNeeds::default()), None, "eleven hours of sixteen are too few");
    }

    #[test]
    fn intervals_of_an_hour_are_one_hour() {
        let mut noise = NoiseDay::default();
        (0..60).for_each(|_| noise.add(10, Period::Day, db(70.0)));
        noise.add(11, Period::Day, db(50.0));
        assert_eq!((noise.count(Period::Day), noise.count(Period::Night)), (2, 0));
        assert_eq!(noise.level(Period::Day), energy_mean(&[db(70.0), db(50.0)]).map(DecibelA::printed));
    }
}
