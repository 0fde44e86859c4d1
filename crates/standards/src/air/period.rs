//! Periods of evaluation (评价时段): months, quarters and years.

use std::{fmt, str::FromStr};

use jiff::civil::Date;
use serde::Serialize;

/// A period of evaluation (评价时段).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum EvaluationPeriod {
    /// A month of a year, 1 to 12.
    Month(i16, i8),
    /// A quarter of a year, 1 to 4.
    Quarter(i16, i8),
    /// A calendar year.
    Year(i16),
}

impl EvaluationPeriod {
    /// The month of a day.
    #[must_use]
    pub fn month_of(day: Date) -> Self {
        Self::Month(day.year(), day.month())
    }

    /// The quarter of a day.
    #[must_use]
    pub fn quarter_of(day: Date) -> Self {
        Self::Quarter(day.year(), (day.month() + 2) / 3)
    }

    /// The year of a day.
    #[must_use]
    pub fn year_of(day: Date) -> Self {
        Self::Year(day.year())
    }

    /// Its months, first and last.
    pub(super) fn months(self) -> (i8, i8) {
        match self {
            Self::Month(_, month) => (month, month),
            Self::Quarter(_, quarter) => (quarter * 3 - 2, quarter * 3),
            Self::Year(_) => (1, 12),
        }
    }

    /// The year that it lies in.
    #[must_use]
    pub fn year(self) -> i16 {
        match self {
            Self::Month(year, _) | Self::Quarter(year, _) | Self::Year(year) => year,
        }
    }

    /// Whether a day lies in it.
    #[must_use]
    pub fn contains(self, day: Date) -> bool {
        let (first, last) = self.months();
        day.year() == self.year() && (first..=last).contains(&day.month())
    }

    /// Its first day.
    #[must_use]
    pub fn first(self) -> Date {
        Date::new(self.year(), self.months().0, 1).unwrap_or(Date::MAX)
    }

    /// Its last day.
    #[must_use]
    pub fn last(self) -> Date {
        Date::new(self.year(), self.months().1, 1).map_or(Date::MAX, Date::last_of_month)
    }

    /// The same period of the year before, with which it is compared (同比).
    #[must_use]
    pub fn a_year_before(self) -> Self {
        match self {
            Self::Month(year, month) => Self::Month(year - 1, month),
            Self::Quarter(year, quarter) => Self::Quarter(year - 1, quarter),
            Self::Year(year) => Self::Year(year - 1),
        }
    }
}

/// A text that names no period.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("“{found}” is no period: write 2026, 2026Q3 or 2026-11")]
pub struct NoPeriod {
    /// What was given.
    pub found: String,
}

impl FromStr for EvaluationPeriod {
    type Err = NoPeriod;

    fn from_str(text: &str) -> Result<Self, NoPeriod> {
        let fault = || NoPeriod { found: text.to_owned() };
        let (year, part) = text.split_at_checked(4).ok_or_else(fault)?;
        let year = year.parse().ok().filter(|year| (1000..=9998).contains(year)).ok_or_else(fault)?;
        let number =
            |part: &str, most: i8| part.parse().ok().filter(|number| (1..=most).contains(number)).ok_or_else(fault);
        Ok(match part.split_at_checked(1) {
            None if part.is_empty() => Self::Year(year),
            Some(("Q", quarter)) => Self::Quarter(year, number(quarter, 4)?),
            Some(("-", month)) if month.len() == 2 => Self::Month(year, number(month, 12)?),
            _ => return Err(fault()),
        })
    }
}

impl fmt::Display for EvaluationPeriod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Month(year, month) => write!(f, "{year}-{month:02}"),
            Self::Quarter(year, quarter) => write!(f, "{year}Q{quarter}"),
            Self::Year(year) => write!(f, "{year}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use test_case::test_case;

    use super::*;

    #[test_case(date(2020, 1, 31), "2020-01", "2020Q1")]
    #[test_case(date(2020, 12, 1), "2020-12", "2020Q4")]
    #[test_case(date(2020, 7, 1), "2020-07", "2020Q3")]
    fn days_lie_in_their_periods(day: Date, month: &str, quarter: &str) {
        let periods =
            [EvaluationPeriod::month_of(day), EvaluationPeriod::quarter_of(day), EvaluationPeriod::year_of(day)];
        assert_eq!(periods.map(|period| period.to_string()), [month, quarter, "2020"]);
        for period in periods {
            assert_eq!(period.to_string().parse(), Ok(period));
            assert!(period.first() <= day && day <= period.last() && period.contains(period.last()));
            assert!(period.contains(day) && !period.a_year_before().contains(day));
        }
    }

    #[test_case("26-11")]
    #[test_case("2026-13")]
    #[test_case("2026-1")]
    #[test_case("2026Q5")]
    #[test_case("2026Q")]
    #[test_case("二〇二六")]
    #[test_case("")]
    fn what_is_no_period_is_refused(text: &str) {
        assert!(text.parse::<EvaluationPeriod>().is_err());
    }
}
