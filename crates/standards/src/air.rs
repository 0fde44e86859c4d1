//! Ambient air: indexes (HJ 633) and limits (GB 3095) by the edition in force on the day.
//!
//! A concentration is a whole number of its last printed place (µg/m³; CO in tenths of mg/m³), so an index is exact:
//! linear between breakpoints and rounded **up** (HJ 633-2012 clause 6.2, HJ 633-2026 clause 4.2.6).

mod alert;
mod day;
mod exclusion;
mod index;
mod indicator;
mod judged;
mod limits;
mod name;
mod percentile;
mod period;
mod ranking;
mod reference;
mod target;

use jiff::civil::{Date, date};
use serde::Serialize;

pub use alert::{AlertLevel, AlertScheme, may_be_lifted};
pub use day::{DailyAir, DailyStatistics, DayMeans, HourlyAir, TwoValues, daily, hourly, hourly_of_the_others};
pub use exclusion::{ExclusionFault, Exclusions};
pub use index::{Advice, Aqi, Column, Iaqi, Level, Segment, aqi, iaqi, iaqi_exact, judged_by, segment};
pub use indicator::{Indicator, Statistic};
pub use judged::{AirDay, AirPeriod, GOOD, MonthDays, Weights, YEAR_NEEDS};
pub use limits::{AirLimit, Grade, limits};
pub use name::NamedAir;
pub use percentile::{Interpolation, percentile};
pub use period::{EvaluationPeriod, NoPeriod};
pub use ranking::{Ranked, city_mean, leading, ranked};
pub use reference::{AirState, at_state};
pub use target::{Needed, YearSoFar};

use crate::rounding::{NotADecimal, Rational};

/// The six items of the index, in the order in which they are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Item {
    /// Sulphur dioxide.
    So2,
    /// Nitrogen dioxide.
    No2,
    /// Carbon monoxide, mg/m³.
    Co,
    /// Ozone.
    O3,
    /// Particles of up to 10 µm.
    Pm10,
    /// Particles of up to 2.5 µm.
    Pm25,
}

impl Item {
    /// All items in printing order.
    pub const ALL: [Self; 6] = [Self::So2, Self::No2, Self::Co, Self::O3, Self::Pm10, Self::Pm25];

    /// Name in files: `pm2_5`.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::So2 => "so2",
            Self::No2 => "no2",
            Self::Co => "co",
            Self::O3 => "o3",
            Self::Pm10 => "pm10",
            Self::Pm25 => "pm2_5",
        }
    }

    /// The item of a name in files.
    #[must_use]
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|item| item.key() == key)
    }

    /// Name in the tables of the standards: `PM2.5`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::So2 => "SO2",
            Self::No2 => "NO2",
            Self::Co => "CO",
            Self::O3 => "O3",
            Self::Pm10 => "PM10",
            Self::Pm25 => "PM2.5",
        }
    }

    /// Decimals of a printed concentration: one for CO (mg/m³), none for the others (µg/m³).
    #[must_use]
    pub fn digits(self) -> u32 {
        u32::from(self == Self::Co)
    }

    /// Unit of a printed concentration.
    #[must_use]
    pub fn unit(self) -> &'static str {
        if self == Self::Co { "mg/m³" } else { "µg/m³" }
    }
}

/// A concentration as printed: a whole number of the last place of its item (µg/m³; tenths of mg/m³ for CO).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Concentration(u32);

impl Concentration {
    /// From a whole number of the last printed place.
    #[must_use]
    pub fn from_units(units: u32) -> Self {
        Self(units)
    }

    /// An exact value rounded as the standard prints it; `None` below zero or absurdly large.
    #[must_use]
    pub fn rounded(item: Item, value: Rational) -> Option<Self> {
        u32::try_from(value.checked_rounded(item.digits())?).ok().map(Self)
    }

    /// From decimal text in the unit of the item; `Ok(None)` for an empty text, `NA` or a value below zero.
    ///
    /// # Errors
    /// [`NotADecimal`] for anything else that is no number.
    pub fn parse(item: Item, text: &str) -> Result<Option<Self>, NotADecimal> {
        match text.trim() {
            "" | "NA" => Ok(None),
            text => Ok(Self::rounded(item, text.parse()?)),
        }
    }

    /// Whole number of the last printed place.
    #[must_use]
    pub fn units(self) -> u32 {
        self.0
    }

    /// As printed: `12`, or `1.3` for CO.
    #[must_use]
    pub fn text(self, item: Item) -> String {
        crate::rounding::Fixed { units: self.0.into(), digits: item.digits() }.to_string()
    }
}

/// Edition of the ambient-air standards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Edition {
    /// GB 3095-2012 and HJ 633-2012, to 2026-02-28.
    E2012,
    /// GB 3095-2026 with its transition limits and HJ 633-2026, 2026-03-01 to 2030-12-31.
    E2026,
    /// GB 3095-2026 with its final limits, from 2031-01-01; the index of HJ 633-2026 goes on.
    E2031,
}

impl Edition {
    /// All editions, the oldest first.
    pub const ALL: [Self; 3] = [Self::E2012, Self::E2026, Self::E2031];

    /// The edition in force on a day; before the first one, the first.
    #[must_use]
    pub fn on(day: Date) -> Self {
        Self::ALL.into_iter().rev().find(|edition| edition.since() <= day).unwrap_or(Self::E2012)
    }

    /// The first day on which it holds throughout the country.
    #[must_use]
    pub fn since(self) -> Date {
        match self {
            Self::E2012 => date(2016, 1, 1),
            Self::E2026 => date(2026, 3, 1),
            Self::E2031 => date(2031, 1, 1),
        }
    }

    /// Name of the limits' standard.
    #[must_use]
    pub fn limit_standard(self) -> &'static str {
        match self {
            Self::E2012 => "GB 3095-2012",
            Self::E2026 | Self::E2031 => "GB 3095-2026",
        }
    }

    /// Name of the index standard.
    #[must_use]
    pub fn index_standard(self) -> &'static str {
        match self {
            Self::E2012 => "HJ 633-2012",
            Self::E2026 | Self::E2031 => "HJ 633-2026",
        }
    }
}

#[cfg(test)]
mod tests {
    use test_case::test_case;

    use super::*;

    #[test_case(date(2026, 2, 28), Edition::E2012, "HJ 633-2012"; "the last day of 2012")]
    #[test_case(date(2026, 3, 1), Edition::E2026, "HJ 633-2026"; "the first day of the transition")]
    #[test_case(date(2030, 12, 31), Edition::E2026, "HJ 633-2026"; "the last day of the transition")]
    #[test_case(date(2031, 1, 1), Edition::E2031, "HJ 633-2026"; "the first day of the final limits")]
    #[test_case(date(2024, 2, 29), Edition::E2012, "HJ 633-2012"; "a leap day")]
    fn the_edition_follows_from_the_day(day: Date, edition: Edition, index: &str) {
        assert_eq!((Edition::on(day), Edition::on(day).index_standard()), (edition, index));
        assert!(edition.since() <= day);
    }

    #[test_case(Item::Pm25, "0", Ok(Some(0)); "zero is a value")]
    #[test_case(Item::Pm25, "", Ok(None); "missing")]
    #[test_case(Item::Pm25, "NA", Ok(None); "marked as missing")]
    #[test_case(Item::Pm25, "-1", Ok(None); "below zero is not valid")]
    #[test_case(Item::Pm25, "12.5", Ok(Some(12)); "half to even")]
    #[test_case(Item::Co, "1.25", Ok(Some(12)); "half to even in tenths")]
    #[test_case(Item::Co, "2.2", Ok(Some(22)); "a tenth that binary fractions miss")]
    #[test_case(Item::O3, "99999999999", Ok(None); "absurdly large")]
    #[test_case(Item::O3, "much", Err(()); "no number")]
    fn concentrations_are_read_as_they_are_printed(item: Item, text: &str, units: Result<Option<u32>, ()>) {
        let read = Concentration::parse(item, text).map(|value| value.map(Concentration::units));
        assert_eq!(read.map_err(|_| ()), units);
    }
}
