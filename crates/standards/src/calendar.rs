//! The working calendar: weekends, statutory holidays and make-up working days as published each year.
//!
//! A calendar is a value read from text, so a newly published list is data. Days past the last published list are never
//! guessed silently: the question is answered with [`PastPublishedList`]. New Year's Day alone is a holiday by law in every year
//! (全国年节及纪念日放假办法).

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
};

use jiff::{
    ToSpan,
    civil::{Date, Weekday},
};
use serde::Serialize;

use crate::table::Table;

const PUBLISHED: &str = include_str!("../data/holidays_2019_2026.tsv");

static SHIPPED: LazyLock<WorkCalendar> = LazyLock::new(|| match WorkCalendar::from_tsv(PUBLISHED) {
    Ok(calendar) => calendar,
    // The text is compiled in and a test reads it.
    Err(error) => unreachable!("the shipped holiday list does not parse: {error}"),
});

/// Holidays and make-up working days of the years that have been published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkCalendar {
    days: BTreeMap<Date, Listed>,
    years: BTreeSet<i16>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Listed {
    working: bool,
    festival: String,
    in_lieu: bool,
}

/// What a day is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum DayKind {
    /// Monday to Friday, nothing special.
    Working,
    /// A weekend day on which people work for a holiday (调休上班).
    MakeUp {
        /// The holiday worked for, Chinese.
        festival: String,
    },
    /// Saturday or Sunday.
    Weekend,
    /// A statutory holiday or a day off in lieu.
    Holiday {
        /// Its name, Chinese.
        festival: String,
        /// Off in exchange for a weekend day.
        in_lieu: bool,
    },
}

impl DayKind {
    /// Whether people work on such a day.
    #[must_use]
    pub fn is_working(&self) -> bool {
        matches!(self, Self::Working | Self::MakeUp { .. })
    }

    /// What the day is, in Chinese words.
    #[must_use]
    pub fn zh(&self) -> String {
        match self {
            Self::Working => "工作日".to_owned(),
            Self::MakeUp { festival } => format!("{festival}调休上班"),
            Self::Weekend => "周末".to_owned(),
            Self::Holiday { festival, in_lieu: false } => format!("{festival}放假"),
            Self::Holiday { festival, in_lieu: true } => format!("{festival}调休放假"),
        }
    }

    /// What the day is, in English words.
    #[must_use]
    pub fn en(&self) -> String {
        match self {
            Self::Working => "working day".to_owned(),
            Self::MakeUp { festival } => format!("make-up working day for {}", festival_en(festival)),
            Self::Weekend => "weekend".to_owned(),
            Self::Holiday { festival, in_lieu: false } => festival_en(festival).to_owned(),
            Self::Holiday { festival, in_lieu: true } => format!("day off in lieu, {}", festival_en(festival)),
        }
    }
}

fn festival_en(zh: &str) -> &str {
    match zh {
        "元旦" => "New Year",
        "春节" => "Spring Festival",
        "清明节" => "Qingming",
        "劳动节" => "Labour Day",
        "端午节" => "Dragon Boat Festival",
        "中秋节" => "Mid-Autumn Festival",
        "国庆节" => "National Day",
        other => other,
    }
}

/// A day lies outside the years whose holidays have been published.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("whether {date} is a working day is not published: the holiday list covers {first_year} to {last_year}; load the list of {}", date.year())]
pub struct PastPublishedList {
    /// The first day asked for that is not covered.
    pub date: Date,
    /// First year of the list.
    pub first_year: i16,
    /// Last year of the list.
    pub last_year: i16,
}

/// A holiday list that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CalendarFault {
    /// A column is missing.
    #[error("the holiday list has no column “{column}”; it needs date, kind and festival")]
    Column {
        /// The column.
        column: &'static str,
    },
    /// A cell cannot be read.
    #[error("line {line} of the holiday list: “{found}” is not {expected}")]
    Cell {
        /// Line, from 1.
        line: usize,
        /// What stands there.
        found: String,
        /// What should.
        expected: &'static str,
    },
    /// The same day twice with different meaning.
    #[error("line {line} of the holiday list: {date} is listed twice, differently")]
    Contradiction {
        /// Line, from 1.
        line: usize,
        /// The day.
        date: Date,
    },
    /// A list without a National Day covers no year.
    #[error("the holiday list covers no year: a year counts as published when its 1 October is listed as a holiday")]
    NoYear,
}

impl WorkCalendar {
    /// The calendar that is shipped: 2019 to 2026.
    #[must_use]
    pub fn published() -> &'static Self {
        &SHIPPED
    }

    /// Reads a list: tab-separated, columns `date`, `kind` (`holiday` or `adjusted_workday`), `festival`, and
    /// optionally `day_off_in_lieu`.
    ///
    /// A year counts as published when its 1 October is in the list, so a few days of January given with the December
    /// before do not open a year.
    ///
    /// # Errors
    /// [`CalendarFault`] names the line.
    pub fn from_tsv(text: &str) -> Result<Self, CalendarFault> {
        let table = Table::read(text);
        for column in ["date", "kind", "festival"] {
            if !table.has(column) {
                return Err(CalendarFault::Column { column });
            }
        }
        let (mut days, mut years) = (BTreeMap::new(), BTreeSet::new());
        for (index, row) in table.rows().enumerate() {
            let line = index + 2;
            let cell = |column, expected| CalendarFault::Cell { line, found: row.get(column).to_owned(), expected };
            let date: Date = row.get("date").parse().map_err(|_| cell("date", "a date like 2027-10-01"))?;
            let working = match row.get("kind") {
                "holiday" => false,
                "adjusted_workday" => true,
                _ => return Err(cell("kind", "holiday or adjusted_workday")),
            };
            let listed = Listed {
                working,
                festival: row.get("festival").to_owned(),
                in_lieu: row.get("day_off_in_lieu") == "yes",
            };
            if days.get(&date).is_some_and(|other: &Listed| other.working != working) {
                return Err(CalendarFault::Contradiction { line, date });
            }
            if (date.month(), date.day(), working) == (10, 1, false) {
                years.insert(date.year());
            }
            days.insert(date, listed);
        }
        if years.is_empty() { Err(CalendarFault::NoYear) } else { Ok(Self { days, years }) }
    }

    /// This calendar with another list added; where both speak of a year, the new list alone counts.
    ///
    /// # Errors
    /// As [`WorkCalendar::from_tsv`].
    pub fn with_tsv(&self, text: &str) -> Result<Self, CalendarFault> {
        let newer = Self::from_tsv(text)?;
        let mut merged = self.clone();
        merged.days.retain(|date, _| !newer.years.contains(&date.year()));
        merged.days.extend(newer.days);
        merged.years.extend(newer.years);
        Ok(merged)
    }

    /// First and last year of the list.
    #[must_use]
    pub fn years(&self) -> (i16, i16) {
        (self.years.first().copied().unwrap_or(0), self.years.last().copied().unwrap_or(0))
    }

    /// Whether the holidays of the day's year have been published.
    #[must_use]
    pub fn covers(&self, date: Date) -> bool {
        self.years.contains(&date.year())
    }

    /// What a day is.
    ///
    /// # Errors
    /// [`PastPublishedList`] if its year has not been published.
    pub fn day(&self, date: Date) -> Result<DayKind, PastPublishedList> {
        if self.covers(date) || is_new_year(date) { Ok(self.day_or_weekday(date)) } else { Err(self.past(date)) }
    }

    /// What a day is, or what its weekday suggests where nothing is published.
    pub(crate) fn day_or_weekday(&self, date: Date) -> DayKind {
        match self.days.get(&date) {
            Some(Listed { working: true, festival, .. }) => DayKind::MakeUp { festival: festival.clone() },
            Some(Listed { festival, in_lieu, .. }) => {
                DayKind::Holiday { festival: festival.clone(), in_lieu: *in_lieu }
            }
            None if is_new_year(date) => DayKind::Holiday { festival: "元旦".to_owned(), in_lieu: false },
            None if matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday) => DayKind::Weekend,
            None => DayKind::Working,
        }
    }

    pub(crate) fn past(&self, date: Date) -> PastPublishedList {
        let (first_year, last_year) = self.years();
        PastPublishedList { date, first_year, last_year }
    }

    /// Whether people work on a day.
    ///
    /// # Errors
    /// [`PastPublishedList`] if its year has not been published.
    pub fn is_working_day(&self, date: Date) -> Result<bool, PastPublishedList> {
        self.day(date).map(|day| day.is_working())
    }

    /// The last of `days` working days counted from the day after `start` (the start day is not counted);
    /// `start` itself for none.
    ///
    /// # Errors
    /// [`PastPublishedList`] if the count leaves the published years.
    pub fn add_working_days(&self, start: Date, days: u32) -> Result<Date, PastPublishedList> {
        let mut date = start;
        let mut left = days;
        while left > 0 {
            date = date.saturating_add(1.day());
            if self.is_working_day(date)? {
                left -= 1;
            }
        }
        Ok(date)
    }

    /// The day itself if people work on it, else the next working day.
    ///
    /// # Errors
    /// [`PastPublishedList`] if the search leaves the published years.
    pub fn working_day_on_or_after(&self, date: Date) -> Result<Date, PastPublishedList> {
        let mut date = date;
        while !self.is_working_day(date)? {
            date = date.saturating_add(1.day());
        }
        Ok(date)
    }
}

/// 1 January, a holiday in every year, published or not.
fn is_new_year(date: Date) -> bool {
    (date.month(), date.day()) == (1, 1)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use test_case::test_case;

    use super::*;

    #[test]
    fn the_shipped_list_covers_2019_to_2026() {
        assert_eq!(WorkCalendar::published().years(), (2019, 2026));
        assert!((2019..=2026).all(|year| WorkCalendar::published().covers(date(year, 6, 1))));
    }

    #[test_case(date(2020, 1, 31), false; "extended Spring Festival of 2020")]
    #[test_case(date(2020, 1, 19), true; "make-up Sunday")]
    #[test_case(date(2020, 5, 9), true; "make-up Saturday")]
    #[test_case(date(2020, 5, 10), false; "Sunday")]
    #[test_case(date(2020, 5, 11), true; "Monday")]
    #[test_case(date(2026, 10, 7), false; "last day of the National Day holiday")]
    fn working_days_follow_the_published_list(day: Date, working: bool) {
        assert_eq!(WorkCalendar::published().is_working_day(day), Ok(working));
    }

    #[test]
    fn five_working_days_from_24_september_2026_end_on_9_october() {
        let due = WorkCalendar::published().add_working_days(date(2026, 9, 24), 5);
        assert_eq!(due, Ok(date(2026, 10, 9)));
    }

    #[test]
    fn days_past_the_list_are_not_guessed() {
        let calendar = WorkCalendar::published();
        let error = calendar.add_working_days(date(2026, 12, 30), 5).unwrap_err();
        assert_eq!(error.date, date(2027, 1, 2));
        assert!(error.to_string().contains("2019 to 2026"), "{error}");
        assert_eq!(calendar.is_working_day(date(2018, 12, 31)).unwrap_err().date, date(2018, 12, 31));
    }

    #[test]
    fn new_years_day_is_a_holiday_in_every_year() {
        let calendar = WorkCalendar::published();
        for year in [2018, 2027, 2028, 2040] {
            let day = calendar.day(date(year, 1, 1)).unwrap();
            assert_eq!((day.is_working(), day.zh().as_str()), (false, "元旦放假"), "{year}");
        }
        // The last day of 2026 is a Thursday: what lies behind New Year's Day is not published.
        assert_eq!(calendar.working_day_on_or_after(date(2027, 1, 1)).unwrap_err().date, date(2027, 1, 2));
    }

    #[test]
    fn a_new_list_opens_a_year_and_replaces_what_was_known_of_it() {
        let list = "date\tkind\tfestival\n2027-01-01\tholiday\t元旦\n2027-10-01\tholiday\t国庆节\n2027-01-03\tadjusted_workday\t元旦\n";
        let calendar = WorkCalendar::published().with_tsv(list).unwrap();
        assert_eq!(calendar.years(), (2019, 2027));
        // 31 December is a Thursday, 1 January off, 2 January a Saturday, 3 January worked, 4 January a Monday.
        assert_eq!(calendar.add_working_days(date(2026, 12, 30), 3), Ok(date(2027, 1, 4)));
        let corrected = calendar.with_tsv("date\tkind\tfestival\n2027-10-01\tholiday\t国庆节\n").unwrap();
        assert_eq!(corrected.is_working_day(date(2027, 1, 1)), Ok(false), "by law, though the list does not name it");
        assert_eq!(corrected.is_working_day(date(2027, 1, 3)), Ok(false));
    }

    #[test_case("date\tkind\n" => "the holiday list has no column “festival”; it needs date, kind and festival"; "column")]
    #[test_case("date\tkind\tfestival\n2027-13-01\tholiday\tx" => "line 2 of the holiday list: “2027-13-01” is not a date like 2027-10-01"; "date")]
    #[test_case("date\tkind\tfestival\n2027-10-01\toff\tx" => "line 2 of the holiday list: “off” is not holiday or adjusted_workday"; "kind")]
    fn a_faulty_list_is_refused_by_line(list: &str) -> String {
        WorkCalendar::from_tsv(list).unwrap_err().to_string()
    }
}
