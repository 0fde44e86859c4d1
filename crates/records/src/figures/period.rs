//! The time that a figure is about: a year, a quarter, a month or a run of Beijing days.

use std::{fmt, str::FromStr};

use jiff::{
    ToSpan,
    civil::{Date, date},
};
use serde::Serialize;

/// A run of Beijing days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub struct Period {
    /// First day.
    pub from: Date,
    /// Last day.
    pub to: Date,
}

/// Text that is no period.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("“{0}” is no period; write 2020, 2020-Q1, 2020-03 or 2020-03-01..2020-03-15")]
pub struct PeriodError(pub String);

impl Period {
    /// A calendar year.
    #[must_use]
    pub fn year(year: i16) -> Self {
        Self { from: date(year, 1, 1), to: date(year, 12, 31) }
    }

    /// A quarter, 1 to 4; `None` for another number.
    #[must_use]
    pub fn quarter(year: i16, quarter: i8) -> Option<Self> {
        if !(1..=4).contains(&quarter) {
            return None;
        }
        let from = Date::new(year, quarter * 3 - 2, 1).ok()?;
        Some(Self { from, to: Date::new(year, quarter * 3, 1).ok()?.last_of_month() })
    }

    /// A month, 1 to 12; `None` for another number.
    #[must_use]
    pub fn month(year: i16, month: i8) -> Option<Self> {
        let from = Date::new(year, month, 1).ok()?;
        Some(Self { from, to: from.last_of_month() })
    }

    /// The year it begins in.
    #[must_use]
    pub fn starting_year(&self) -> i16 {
        self.from.year()
    }

    /// The same period a year earlier, for comparisons.
    #[must_use]
    pub fn a_year_earlier(&self) -> Self {
        let earlier = |day: Date| day.checked_sub(1.year()).unwrap_or(day);
        let to = match self.to == self.to.last_of_month() {
            true => earlier(self.to.first_of_month()).last_of_month(),
            false => earlier(self.to),
        };
        Self { from: earlier(self.from), to }
    }
}

/// `2020`, `2020-Q1`, `2020-03`, `2020-03-01..2020-03-15`; reads back as itself.
impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let year = self.from.year();
        let quarter = (self.from.month() + 2) / 3;
        if *self == Self::year(year) {
            write!(f, "{year:04}")
        } else if Some(*self) == Self::quarter(year, quarter) {
            write!(f, "{year:04}-Q{quarter}")
        } else if Some(*self) == Self::month(year, self.from.month()) {
            write!(f, "{year:04}-{:02}", self.from.month())
        } else {
            write!(f, "{}..{}", self.from, self.to)
        }
    }
}

impl FromStr for Period {
    type Err = PeriodError;

    fn from_str(text: &str) -> Result<Self, PeriodError> {
        let read = || {
            if let Some((from, to)) = text.split_once("..") {
                let period = Self { from: from.parse().ok()?, to: to.parse().ok()? };
                return (period.from <= period.to).then_some(period);
            }
            let (year, rest) = text.split_once('-').map_or((text, None), |(year, rest)| (year, Some(rest)));
            if year.len() != 4 {
                return None;
            }
            let year: i16 = year.parse().ok().filter(|year| (1900..=2200).contains(year))?;
            let number = |text: &str, digits: usize| {
                let plain = text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit());
                plain.then(|| text.parse().ok()).flatten()
            };
            match rest {
                None => Some(Self::year(year)),
                Some(rest) => match rest.strip_prefix('Q') {
                    Some(quarter) => Self::quarter(year, number(quarter, 1)?),
                    None => Self::month(year, number(rest, 2)?),
                },
            }
        };
        read().ok_or_else(|| PeriodError(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use test_case::test_case;

    use super::*;

    #[test_case("2020", "2020-01-01", "2020-12-31"; "year")]
    #[test_case("2020-Q1", "2020-01-01", "2020-03-31"; "quarter")]
    #[test_case("2020-02", "2020-02-01", "2020-02-29"; "leap february")]
    #[test_case("2020-03-01..2020-03-15", "2020-03-01", "2020-03-15"; "days")]
    fn a_period_is_read_and_written(text: &str, from: &str, to: &str) {
        let period: Period = text.parse().unwrap();
        assert_eq!((period.from.to_string(), period.to.to_string()), (from.to_owned(), to.to_owned()));
        assert_eq!(period.to_string(), text);
    }

    #[test_case("20"; "short year")]
    #[test_case("2020-Q5"; "fifth quarter")]
    #[test_case("2020-13"; "thirteenth month")]
    #[test_case("2020-3"; "month of one digit")]
    #[test_case("2020-+3"; "month with a sign")]
    #[test_case("2020-03-15..2020-03-01"; "backwards")]
    #[test_case("２０２０"; "wide digits")]
    fn what_is_no_period_is_refused(text: &str) {
        assert!(text.parse::<Period>().is_err());
    }

    #[test]
    fn a_year_before_leap_february_ends_on_the_last_day_too() {
        assert_eq!("2020-02".parse::<Period>().unwrap().a_year_earlier().to_string(), "2019-02");
        assert_eq!("2021-02".parse::<Period>().unwrap().a_year_earlier().to_string(), "2020-02");
    }
}
