//! Levels of heavy-pollution warning (重污染天气预警) from a run of day indexes.
//!
//! The conditions stand in `data/heavy_pollution_levels.tsv` with how far each was checked; a day may be any 24 hours, across midnight too
//! (环大气〔2024〕6号). Ozone and sand-dust days are handled outside these levels: the caller leaves them out.

use std::sync::LazyLock;

use jiff::civil::{Date, date};
use serde::Serialize;

use crate::status::Status;
use crate::table::Table;

const LEVELS: &str = include_str!("../../data/heavy_pollution_levels.tsv");
/// A warning may be lifted when the index is forecast to stay below yellow for longer than this, in hours.
const LIFTED_AFTER: u32 = 36;

/// Level of warning, the mildest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AlertLevel {
    /// 黄色 Ⅲ级.
    Yellow,
    /// 橙色 Ⅱ级.
    Orange,
    /// 红色 Ⅰ级.
    Red,
}

impl AlertLevel {
    /// From the strictest.
    const DOWNWARDS: [Self; 3] = [Self::Red, Self::Orange, Self::Yellow];

    /// In Chinese.
    #[must_use]
    pub fn zh(self) -> &'static str {
        ["黄色", "橙色", "红色"][self as usize]
    }
}

/// Scheme of levels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub enum AlertScheme {
    /// Of 2018, for old records.
    E2018,
    /// Of 2024 (环大气〔2024〕6号).
    E2024,
}

/// A stretch that must be met: an index above a value for so many hours.
type Stretch = (u16, u32);

impl AlertScheme {
    /// The scheme in force on a day; the document of 2024 is taken from the beginning of its year (day unverified).
    #[must_use]
    pub fn on(day: Date) -> Self {
        if day < date(2024, 1, 1) { Self::E2018 } else { Self::E2024 }
    }

    /// Ways to reach a level; each is met where all of its stretches are.
    fn ways(self, level: AlertLevel) -> &'static [&'static [Stretch]] {
        match (self, level) {
            (Self::E2024, AlertLevel::Yellow) => &[&[(200, 24)], &[(150, 48)]],
            (Self::E2024, AlertLevel::Orange) => &[&[(200, 48)], &[(150, 72)]],
            (Self::E2024, AlertLevel::Red) => &[&[(200, 72), (300, 24)]],
            (Self::E2018, AlertLevel::Yellow) => &[&[(200, 48)]],
            (Self::E2018, AlertLevel::Orange) => &[&[(200, 72)]],
            (Self::E2018, AlertLevel::Red) => &[&[(200, 96), (300, 48)], &[(499, 24)]],
        }
    }

    /// The level that a run of day indexes calls for. `step` is the hours from one to the next: 24 for natural days, 1 for the index of the last 24 hours
    /// told every hour.
    #[must_use]
    pub fn level(self, indexes: &[u16], step: u32) -> Option<AlertLevel> {
        let lasts = |(above, hours): &Stretch| longest(indexes, *above, step) >= *hours;
        let met = |level: &AlertLevel| self.ways(*level).iter().any(|way| way.iter().all(lasts));
        AlertLevel::DOWNWARDS.into_iter().find(met)
    }

    /// How far the condition of a level was checked.
    #[must_use]
    pub fn status(self, level: AlertLevel) -> Status {
        let year = if self == Self::E2018 { "2018" } else { "2024" };
        let table = &*TABLE;
        let found = table.iter().find(|(scheme, words, _)| scheme.starts_with(year) && words.starts_with(level.zh()));
        found.map_or(Status::Unverified, |(_, _, status)| *status)
    }
}

static TABLE: LazyLock<Vec<(String, String, Status)>> = LazyLock::new(|| {
    let read = |row: crate::table::Row<'_, '_>| {
        (row.get("scheme").to_owned(), row.get("level").to_owned(), Status::read(row.get("status")))
    };
    Table::read(LEVELS).rows().map(read).collect()
});

/// Hours of the longest run above a value: a single index speaks of 24 hours, each further one adds its step.
fn longest(indexes: &[u16], above: u16, step: u32) -> u32 {
    let (mut longest, mut run) = (0, 0);
    for index in indexes {
        run = match (*index > above, run) {
            (false, _) => 0,
            (true, 0) => 24,
            (true, hours) => hours + step,
        };
        longest = longest.max(run);
    }
    longest
}

/// Whether a warning may be lifted: the index is below yellow and forecast to stay there for more than 36 hours.
#[must_use]
pub fn may_be_lifted(hours_below_yellow: u32) -> bool {
    hours_below_yellow > LIFTED_AFTER
}

#[cfg(test)]
mod tests {
    use test_case::test_case;

    use super::*;

    #[test_case(&[150, 200, 120], None; "at the values, not above them")]
    #[test_case(&[100, 201, 100], Some(AlertLevel::Yellow); "one day above 200")]
    #[test_case(&[151, 160], Some(AlertLevel::Yellow); "two days above 150")]
    #[test_case(&[201, 220], Some(AlertLevel::Orange); "two days above 200")]
    #[test_case(&[151, 199, 151], Some(AlertLevel::Orange); "three days above 150")]
    #[test_case(&[210, 310, 210], Some(AlertLevel::Red); "three days above 200, one above 300")]
    #[test_case(&[210, 300, 210], Some(AlertLevel::Orange); "three days above 200, none above 300")]
    #[test_case(&[210, 310, 150, 210], Some(AlertLevel::Orange); "the run is broken")]
    #[test_case(&[], None; "nothing")]
    fn levels_of_2024_by_natural_days(days: &[u16], level: Option<AlertLevel>) {
        assert_eq!(AlertScheme::E2024.level(days, 24), level);
    }

    #[test_case(&[210], None; "one day is no warning yet")]
    #[test_case(&[210, 210], Some(AlertLevel::Yellow))]
    #[test_case(&[210, 210, 210], Some(AlertLevel::Orange))]
    #[test_case(&[210, 310, 310, 210], Some(AlertLevel::Red))]
    #[test_case(&[500], Some(AlertLevel::Red); "off the scale")]
    fn levels_of_2018_by_natural_days(days: &[u16], level: Option<AlertLevel>) {
        assert_eq!(AlertScheme::E2018.level(days, 24), level);
    }

    #[test]
    fn twenty_four_hours_may_cross_midnight() {
        assert_eq!(AlertScheme::E2024.level(&[160; 24], 1), None, "47 hours above 150");
        assert_eq!(AlertScheme::E2024.level(&[160; 25], 1), Some(AlertLevel::Yellow), "48 hours above 150");
        assert_eq!((may_be_lifted(36), may_be_lifted(37)), (false, true));
    }

    #[test]
    fn every_condition_says_how_far_it_was_checked() {
        assert_eq!(AlertScheme::E2024.status(AlertLevel::Orange), Status::Partly);
        assert_eq!(AlertScheme::E2024.status(AlertLevel::Red), Status::Unverified);
        assert_eq!(AlertScheme::E2018.status(AlertLevel::Yellow), Status::Verified);
        assert_eq!(
            [date(2023, 12, 31), date(2024, 1, 1)].map(AlertScheme::on),
            [AlertScheme::E2018, AlertScheme::E2024]
        );
    }
}
