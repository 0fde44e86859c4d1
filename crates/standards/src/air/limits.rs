//! Limits of GB 3095 by edition and grade.

use std::sync::LazyLock;

use serde::Serialize;

use super::Edition;
use crate::{rounding::Rational, status::Status, table::Table};

const LIMITS: &str = include_str!("../../data/gb3095_limits.tsv");

/// Grade of the limits: 1 for nature reserves and scenic areas, 2 for everywhere else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Grade {
    /// 一级.
    One,
    /// 二级.
    Two,
}

/// One limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AirLimit {
    /// Name as the standard has it: `PM2.5`, `SO2`, `TSP`, ….
    pub pollutant: String,
    /// Averaging time, Chinese: 年平均, 日平均, 1小时平均, 日最大8小时平均, 季平均.
    pub averaging: String,
    /// Unit: `ug/m3` or `mg/m3`.
    pub unit: String,
    /// How far the row was checked.
    pub status: Status,
    values: [Option<Rational>; 6],
}

static TABLE: LazyLock<Vec<AirLimit>> = LazyLock::new(|| {
    const COLUMNS: [&str; 6] = [
        "2012_grade1",
        "2012_grade2",
        "2026_transition_grade1",
        "2026_transition_grade2",
        "2031_grade1",
        "2031_grade2",
    ];
    Table::read(LIMITS)
        .rows()
        .map(|row| AirLimit {
            pollutant: row.get("pollutant").to_owned(),
            averaging: row.get("averaging").to_owned(),
            unit: row.get("unit").to_owned(),
            status: Status::read(row.get("status")),
            values: COLUMNS.map(|column| row.get(column).parse().ok()),
        })
        .collect()
});

/// All limits, in the order of the standard.
#[must_use]
pub fn limits() -> &'static [AirLimit] {
    &TABLE
}

impl AirLimit {
    /// The limit of an edition and grade.
    #[must_use]
    pub fn value(&self, edition: Edition, grade: Grade) -> Option<Rational> {
        let at = match edition {
            Edition::E2012 => 0,
            Edition::E2026 => 2,
            Edition::E2031 => 4,
        };
        self.values[at + usize::from(grade == Grade::Two)]
    }

    /// The limit of a pollutant and averaging time.
    #[must_use]
    pub fn of(pollutant: &str, averaging: &str) -> Option<&'static Self> {
        TABLE.iter().find(|limit| limit.pollutant == pollutant && limit.averaging == averaging)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_yearly_limit_of_fine_particles_falls_from_35_by_way_of_30_to_25() {
        let limit = AirLimit::of("PM2.5", "年平均").unwrap();
        for (edition, value) in [(Edition::E2012, 35), (Edition::E2026, 30), (Edition::E2031, 25)] {
            assert_eq!(limit.value(edition, Grade::Two), Some(Rational::whole(value)));
        }
        assert!(limits().iter().all(|limit| limit.values.iter().all(Option::is_some)));
    }
}
