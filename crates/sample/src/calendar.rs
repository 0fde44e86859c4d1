//! Days on which a Chinese office worked, by the published lists; of 2018, which they do not cover, the end alone counts.

use bilan_standards::calendar::WorkCalendar;
use jiff::civil::{Date, Weekday, date};

/// First and last day of each holiday in the months of 2018 that the sample touches.
const HOLIDAYS_OF_2018: [(Date, Date); 2] =
    [(date(2018, 10, 1), date(2018, 10, 7)), (date(2018, 12, 30), date(2018, 12, 31))];

/// Whether offices were open.
#[must_use]
pub fn is_working_day(day: Date) -> bool {
    WorkCalendar::published().is_working_day(day).unwrap_or_else(|_| {
        let weekend = matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
        let holiday = HOLIDAYS_OF_2018.iter().any(|(first, last)| *first <= day && day <= *last);
        !holiday && !weekend
    })
}

/// `day` itself or the first working day after it.
#[must_use]
pub fn working_day(mut day: Date) -> Date {
    while !is_working_day(day) {
        day = later(day, 1);
    }
    day
}

/// The working day `count` working days after `day`.
#[must_use]
pub fn working_days_later(mut day: Date, count: i64) -> Date {
    for _ in 0..count {
        day = working_day(later(day, 1));
    }
    day
}

/// `days` calendar days after `day`, before it if negative.
#[must_use]
pub fn later(day: Date, days: i64) -> Date {
    day.saturating_add(jiff::Span::new().days(days))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_spring_festival_of_2020_was_extended_and_a_sunday_made_up() {
        assert_eq!(working_day(date(2020, 1, 24)), date(2020, 2, 3));
        assert!(is_working_day(date(2020, 6, 28)));
        assert_eq!(working_days_later(date(2020, 9, 30), 2), date(2020, 10, 10));
        assert_eq!(working_day(date(2019, 10, 1)), date(2019, 10, 8));
        assert_eq!(working_day(date(2018, 12, 29)), date(2019, 1, 2));
    }
}
