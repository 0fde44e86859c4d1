//! A town's noise (HJ 640-2012): the general level of an area, the strength of road noise, each with its grade, and the share of functional zones that keep
//! their limits.

use std::sync::LazyLock;

use serde::Serialize;

use super::{DecibelA, NoiseVerdict, Period};
use crate::{status::Status, table::Table};

const GRADES: &str = include_str!("../../data/hj640_grades.tsv");

/// What is graded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TownNoise {
    /// 区域环境噪声总体水平: the mean over a grid of points.
    Area,
    /// 道路交通噪声强度: the mean over roads by their length.
    Road,
}

/// A grade (等级), 1 to 5.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TownGrade {
    /// 1 for the quietest.
    pub number: u8,
    /// 好, 较好, 一般, 较差, 差.
    pub zh: String,
    /// How far its row was checked.
    pub status: Status,
}

struct Row {
    kind: String,
    period: String,
    highest: Vec<f64>,
    names: Vec<String>,
    status: Status,
}

static TABLE: LazyLock<Vec<Row>> = LazyLock::new(|| {
    const COLUMNS: [&str; 4] = ["grade1_max", "grade2_max", "grade3_max", "grade4_max"];
    let read = |row: crate::table::Row<'_, '_>| Row {
        kind: row.get("kind").to_owned(),
        period: row.get("period").to_owned(),
        highest: COLUMNS.iter().filter_map(|column| row.get(column).parse().ok()).collect(),
        names: row.get("names").split('/').map(str::to_owned).collect(),
        status: Status::read(row.get("status")),
    };
    Table::read(GRADES).rows().map(read).collect()
});

impl TownNoise {
    /// The grade of a level; at the bound of a grade it is still in it.
    #[must_use]
    pub fn grade(self, level: DecibelA, period: Period) -> Option<TownGrade> {
        let kind = if self == Self::Area { "区域环境噪声总体水平" } else { "道路交通噪声强度" };
        let time = if period == Period::Day { "昼间" } else { "夜间" };
        let row = TABLE.iter().find(|row| row.kind == kind && row.period == time)?;
        let at =
            row.highest.iter().position(|highest| level.printed().value() <= *highest).unwrap_or(row.highest.len());
        Some(TownGrade { number: u8::try_from(at + 1).ok()?, zh: row.names.get(at)?.clone(), status: row.status })
    }
}

/// The level of an area: the arithmetic mean of its points' Leq, to a tenth (HJ 640-2012; the mean of points, unlike that of time, is arithmetic).
#[must_use]
pub fn area_level(points: &[DecibelA]) -> Option<DecibelA> {
    road_level(&points.iter().map(|level| (*level, 1.0)).collect::<Vec<_>>())
}

/// The level of roads: the mean of their Leq by length, to a tenth.
#[must_use]
pub fn road_level(roads: &[(DecibelA, f64)]) -> Option<DecibelA> {
    let length: f64 = roads.iter().map(|(_, length)| length).sum();
    let weighed: f64 = roads.iter().map(|(level, length)| level.value() * length).sum();
    if length > 0.0 { DecibelA::new(weighed / length).map(DecibelA::printed) } else { None }
}

/// Days and nights of functional zones that kept their limits (功能区达标率), of those that were judged.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Compliance {
    /// Judged days.
    pub judged: u32,
    /// Days within the limit.
    pub days: u32,
    /// Nights within the limit.
    pub nights: u32,
}

impl Compliance {
    /// Counts verdicts.
    pub fn of(verdicts: impl IntoIterator<Item = NoiseVerdict>) -> Self {
        verdicts.into_iter().fold(Self::default(), |counted, verdict| {
            let day = matches!(verdict, NoiseVerdict::Compliant | NoiseVerdict::NightOver);
            let night = matches!(verdict, NoiseVerdict::Compliant | NoiseVerdict::DayOver);
            Self {
                judged: counted.judged + 1,
                days: counted.days + u32::from(day),
                nights: counted.nights + u32::from(night),
            }
        })
    }

    /// Share of days or nights that kept the limit, in per cent to a tenth (half to even); `None` without one judged.
    #[must_use]
    pub fn share(self, period: Period) -> Option<String> {
        let kept = if period == Period::Day { self.days } else { self.nights };
        crate::rounding::Rational::new(i128::from(kept) * 100, self.judged.into())?.fixed_text(1)
    }
}

#[cfg(test)]
mod tests {
    use test_case::test_case;

    use super::*;

    fn db(level: f64) -> DecibelA {
        DecibelA::new(level).unwrap()
    }

    #[test_case(TownNoise::Area, Period::Day, 50.0, 1, "好"; "at the bound")]
    #[test_case(TownNoise::Area, Period::Day, 50.1, 2, "较好")]
    #[test_case(TownNoise::Area, Period::Day, 55.04, 2, "较好"; "less than a tenth above")]
    #[test_case(TownNoise::Area, Period::Night, 55.1, 5, "差")]
    #[test_case(TownNoise::Road, Period::Day, 68.1, 2, "较好")]
    #[test_case(TownNoise::Road, Period::Day, 74.1, 5, "差")]
    #[test_case(TownNoise::Road, Period::Night, 62.0, 3, "一般")]
    fn levels_have_grades(what: TownNoise, period: Period, level: f64, number: u8, zh: &str) {
        let grade = what.grade(db(level), period).unwrap();
        assert_eq!((grade.number, grade.zh.as_str()), (number, zh));
    }

    #[test]
    fn the_row_that_was_not_read_says_so() {
        let status = |what: TownNoise, period| what.grade(db(50.0), period).unwrap().status;
        assert_eq!(status(TownNoise::Area, Period::Night), Status::Unverified);
        assert_eq!(status(TownNoise::Road, Period::Night), Status::Verified);
    }

    #[test]
    fn points_are_averaged_alike_and_roads_by_length() {
        assert_eq!(area_level(&[52.0, 54.0, 59.0].map(db)), Some(db(55.0)));
        assert_eq!(road_level(&[(db(70.0), 3.0), (db(66.0), 1.0)]), Some(db(69.0)));
        assert_eq!((area_level(&[]), road_level(&[(db(70.0), 0.0)])), (None, None));
    }

    #[test]
    fn zones_are_counted_by_day_and_by_night() {
        use NoiseVerdict::{BothOver, Compliant, DayOver, NightOver};
        let counted = Compliance::of([Compliant, NightOver, NightOver, DayOver, BothOver, Compliant]);
        assert_eq!((counted.judged, counted.days, counted.nights), (6, 4, 3));
        assert_eq!(
            (counted.share(Period::Day).as_deref(), counted.share(Period::Night).as_deref()),
            (Some("66.7"), Some("50.0"))
        );
        assert_eq!(Compliance::default().share(Period::Day), None);
    }
}
