//! Days on which a Chinese office worked in 2018 and 2020, the two years that the sample touches.

use jiff::civil::{Date, Weekday, date};

/// First and last day of each holiday.
const HOLIDAYS: [(Date, Date); 9] = [
    (date(2018, 10, 1), date(2018, 10, 7)),
    (date(2018, 12, 30), date(2019, 1, 1)),
    (date(2020, 1, 1), date(2020, 1, 1)),
    (date(2020, 1, 24), date(2020, 2, 2)),
    (date(2020, 4, 4), date(2020, 4, 6)),
    (date(2020, 5, 1), date(2020, 5, 5)),
    (date(2020, 6, 25), date(2020, 6, 27)),
    (date(2020, 10, 1), date(2020, 10, 8)),
    (date(2021, 1, 1), date(2021, 1, 3)),
];
/// Weekend days that were worked in exchange.
const MAKE_UP: [Date; 6] =
    [date(2020, 1, 19), date(2020, 4, 26), date(2020, 5, 9), date(2020, 6, 28), date(2020, 9, 27), date(2020, 10, 10)];

/// Whether offices were open.
#[must_use]
pub fn is_working_day(day: Date) -> bool {
    let weekend = matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
    let holiday = HOLIDAYS.iter().any(|(first, last)| *first <= day && day <= *last);
    !holiday && (!weekend || MAKE_UP.contains(&day))
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
    }
}
