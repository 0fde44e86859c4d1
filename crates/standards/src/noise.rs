//! Noise: limits by functional zone (GB 3096-2008), factory boundary (GB 12348-2008), building site (GB 12523) and
//! places of entertainment and trade (GB 22337-2008), energy means.
//!
//! Levels are decibels: averaged as energies, never as numbers. Day is 06:00 to 22:00 unless the city moved it.

mod day;
mod level;
mod source;
mod town;

use std::sync::LazyLock;

use jiff::civil::{Date, date};
use serde::Serialize;

pub use day::{HOUR_MINUTES, NoiseDay, NoiseNeeds, NoiseVerdict, covered_minutes};
pub use level::{DecibelA, LOUDEST, day_night, energy_mean, exceeded_level, is_possible};
pub use source::{
    BackgroundFault, Room, SuddenNoise, calibration_holds, indoor_limit, weather_allows, without_background,
};
pub use town::{Compliance, TownGrade, TownNoise, area_level, road_level};

use crate::{status::Status, table::Table};

const LIMITS: &str = include_str!("../data/noise_limits.tsv");

/// Functional zone of the acoustic environment (声环境功能区).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum NoiseZone {
    /// 0: sanatoria.
    Zone0,
    /// 1: homes, schools, hospitals, offices.
    Zone1,
    /// 2: mixed with trade.
    Zone2,
    /// 3: industry and storage.
    Zone3,
    /// 4a: beside main roads and waterways.
    Zone4a,
    /// 4b: beside railways.
    Zone4b,
}

impl NoiseZone {
    /// All zones.
    pub const ALL: [Self; 6] = [Self::Zone0, Self::Zone1, Self::Zone2, Self::Zone3, Self::Zone4a, Self::Zone4b];

    /// Name in tables: `4a`.
    #[must_use]
    pub fn key(self) -> &'static str {
        ["0", "1", "2", "3", "4a", "4b"][self as usize]
    }

    /// The zone of a name in tables.
    #[must_use]
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|zone| zone.key() == key)
    }
}

/// Day or night.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub enum Period {
    /// 昼间.
    Day,
    /// 夜间.
    Night,
}

/// When night is: eight hours, 22:00 to 06:00 unless the city moved it (Code article 572).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct NightHours {
    begins: i8,
}

impl Default for NightHours {
    fn default() -> Self {
        Self { begins: 22 }
    }
}

impl NightHours {
    /// A night of eight hours that begins at a full hour; `None` unless 0 to 23.
    #[must_use]
    pub fn beginning_at(hour: i8) -> Option<Self> {
        (0..24).contains(&hour).then_some(Self { begins: hour })
    }

    /// Day or night of the hour that begins then.
    #[must_use]
    pub fn period(self, hour: i8) -> Period {
        if (hour - self.begins).rem_euclid(24) < 8 { Period::Night } else { Period::Day }
    }

    /// The date to which an hour's night belongs: the night of day D runs from the evening of D into the next morning.
    #[must_use]
    pub fn date_of(self, day: Date, hour: i8) -> Date {
        let after_midnight = self.period(hour) == Period::Night && hour < self.begins && self.begins > 16;
        if after_midnight { day.yesterday().unwrap_or(day) } else { day }
    }
}

/// A pair of limits, dB(A).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NoiseLimit {
    /// Standard: `GB 3096-2008`.
    pub standard: String,
    /// Zone, or `site boundary`.
    pub zone: String,
    /// By day.
    pub day: u8,
    /// By night.
    pub night: u8,
    /// What else is limited (sudden noise, indoors), in words.
    pub extra: String,
    /// How far the row was checked.
    pub status: Status,
}

static TABLE: LazyLock<Vec<NoiseLimit>> = LazyLock::new(|| {
    Table::read(LIMITS)
        .rows()
        // Rows of several rooms or zones in one cell are not single limits.
        .filter_map(|row| {
            Some(NoiseLimit {
                standard: row.get("standard").to_owned(),
                zone: row.get("zone").to_owned(),
                day: row.get("day_db").parse().ok()?,
                night: row.get("night_db").parse().ok()?,
                extra: row.get("extra").to_owned(),
                status: Status::read(row.get("status")),
            })
        })
        .collect()
});

impl NoiseLimit {
    /// Limit of an area of a zone (GB 3096-2008).
    #[must_use]
    pub fn of_zone(zone: NoiseZone) -> Option<&'static Self> {
        Self::find("GB 3096-2008", zone.key())
    }

    /// Limit at the boundary of a factory in a zone (GB 12348-2008).
    #[must_use]
    pub fn of_factory(zone: NoiseZone) -> Option<&'static Self> {
        Self::find("GB 12348-2008", zone.key().trim_end_matches(['a', 'b']))
    }

    /// Limit at the boundary of a building site on a day (GB 12523-2011, from 2026-01-01 GB 12523-2025).
    #[must_use]
    pub fn of_site(day: Date) -> Option<&'static Self> {
        let standard = if day < date(2026, 1, 1) { "GB 12523-2011" } else { "GB 12523-2025" };
        Self::find(standard, "site boundary")
    }

    /// Limit at the boundary of a place of entertainment or of commercial equipment in a zone (社会生活环境噪声, GB 22337-2008 table 1). People who dance in
    /// a square and neighbours are outside of the standard (clause 1).
    #[must_use]
    pub fn of_social_life(zone: NoiseZone) -> Option<&'static Self> {
        Self::find("GB 22337-2008", zone.key().trim_end_matches(['a', 'b']))
    }

    /// The limit of a period where it is measured indoors, because the boundary is less than 1 m from a sensitive building: 10 dB(A) less
    /// (GB 22337-2008 clause 4.1.3, GB 12348-2008 clause 4.1.5, GB 12523 clause 4.3).
    #[must_use]
    pub fn indoors(&self, period: Period) -> u8 {
        self.of(period) - 10
    }

    fn find(standard: &str, zone: &str) -> Option<&'static Self> {
        TABLE.iter().find(|limit| limit.standard == standard && limit.zone == zone)
    }

    /// The limit of a period.
    #[must_use]
    pub fn of(&self, period: Period) -> u8 {
        match period {
            Period::Day => self.day,
            Period::Night => self.night,
        }
    }
}

#[cfg(test)]
mod tests {
    use test_case::test_case;

    use super::*;

    #[test_case(NoiseZone::Zone0, 50, 40)]
    #[test_case(NoiseZone::Zone1, 55, 45)]
    #[test_case(NoiseZone::Zone2, 60, 50)]
    #[test_case(NoiseZone::Zone3, 65, 55)]
    #[test_case(NoiseZone::Zone4a, 70, 55)]
    #[test_case(NoiseZone::Zone4b, 70, 60)]
    fn zones_have_their_limits(zone: NoiseZone, day: u8, night: u8) {
        let limit = NoiseLimit::of_zone(zone).unwrap();
        assert_eq!((limit.of(Period::Day), limit.of(Period::Night)), (day, night));
        assert!(NoiseLimit::of_factory(zone).is_some());
        assert_eq!(NoiseZone::from_key(zone.key()), Some(zone));
    }

    #[test_case(NoiseZone::Zone0, 50, 40)]
    #[test_case(NoiseZone::Zone1, 55, 45)]
    #[test_case(NoiseZone::Zone2, 60, 50)]
    #[test_case(NoiseZone::Zone3, 65, 55)]
    #[test_case(NoiseZone::Zone4a, 70, 55)]
    #[test_case(NoiseZone::Zone4b, 70, 55)]
    fn social_life_has_its_limits(zone: NoiseZone, day: u8, night: u8) {
        let limit = NoiseLimit::of_social_life(zone).unwrap();
        assert_eq!((limit.of(Period::Day), limit.of(Period::Night), limit.status), (day, night, Status::Verified));
        assert_eq!(limit.indoors(Period::Night), night - 10);
    }

    #[test]
    fn a_building_site_is_judged_by_the_edition_of_the_day() {
        let standard = |day| NoiseLimit::of_site(day).unwrap().standard.as_str();
        assert_eq!(standard(date(2025, 12, 31)), "GB 12523-2011");
        assert_eq!(standard(date(2026, 1, 1)), "GB 12523-2025");
    }

    #[test]
    fn the_night_of_a_day_runs_into_the_next_morning() {
        let night = NightHours::default();
        let periods: Vec<bool> = (0..24).map(|hour| night.period(hour) == Period::Night).collect();
        assert_eq!(periods.iter().filter(|night| **night).count(), 8);
        assert!(periods[5] && !periods[6] && !periods[21] && periods[22]);
        assert_eq!(night.date_of(date(2020, 3, 1), 5), date(2020, 2, 29));
        assert_eq!(night.date_of(date(2020, 3, 1), 22), date(2020, 3, 1));
        assert_eq!(night.date_of(date(2020, 3, 1), 6), date(2020, 3, 1));
    }
}
