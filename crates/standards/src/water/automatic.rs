//! Automatic stations (水质自动站): six values a day, every four hours. How many a day's mean needs is not verified (HJ 915 was not seen), so it is a setting.

use jiff::civil::{Date, DateTime};

use super::practice::mean_of;
use crate::rounding::Rational;

/// Hours at which a station measures.
pub const MEASURED_AT: [i8; 6] = [0, 4, 8, 12, 16, 20];

/// What a station's means need.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StationNeeds {
    /// Values of the six that a day needs.
    pub values: usize,
    /// Days that a month needs.
    pub days: usize,
}

impl Default for StationNeeds {
    /// Four of six values (60 to 75 per cent are usual), and half of the days of a month: settings of the product.
    fn default() -> Self {
        Self { values: 4, days: 15 }
    }
}

/// The values of one item on one day.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StationDay {
    values: [Option<Rational>; 6],
}

impl StationDay {
    /// Enters a value; what was not measured at one of the six hours is taken for the one that went before.
    pub fn set(&mut self, at: DateTime, value: Rational) {
        if let Some(slot) = usize::try_from(at.hour() / 4).ok().and_then(|slot| self.values.get_mut(slot)) {
            *slot = Some(value);
        }
    }

    /// Values that are there.
    #[must_use]
    pub fn known(&self) -> usize {
        self.values.iter().flatten().count()
    }

    /// Mean of the day, where it has enough values; of pH ([`mean_of`]) by its hydrogen ions.
    #[must_use]
    pub fn mean(&self, item: &str, needs: StationNeeds) -> Option<Rational> {
        if self.known() < needs.values { None } else { mean_of(item, self.values.into_iter().flatten()) }
    }
}

/// Mean of a month of an item from its days, where it has enough of them.
#[must_use]
pub fn month_mean(item: &str, days: &[(Date, StationDay)], needs: StationNeeds) -> Option<Rational> {
    let means: Vec<Rational> = days.iter().filter_map(|(_, day)| day.mean(item, needs)).collect();
    if means.len() < needs.days { None } else { mean_of(item, means) }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use test_case::test_case;

    use super::*;

    fn day(hours: &[i8]) -> StationDay {
        let mut day = StationDay::default();
        hours.iter().for_each(|hour| day.set(date(2020, 5, 1).at(*hour, 0, 0, 0), Rational::whole((*hour).into())));
        day
    }

    #[test_case(&[0, 4, 8], None; "three of six")]
    #[test_case(&[0, 4, 8, 12], Some(6); "four of six")]
    #[test_case(&MEASURED_AT, Some(10); "all six")]
    #[test_case(&[0, 1, 2, 3], None; "four within four hours are one")]
    fn a_day_needs_four_values(hours: &[i8], mean: Option<i64>) {
        assert_eq!(day(hours).mean("DO", StationNeeds::default()), mean.map(Rational::whole));
    }

    #[test]
    fn a_day_of_ph_is_the_mean_of_its_ions() {
        let mut day = StationDay::default();
        for (hour, value) in [(0, 5), (4, 7), (8, 5), (12, 7)] {
            day.set(date(2020, 5, 1).at(hour, 0, 0, 0), Rational::whole(value));
        }
        let text = |mean: Option<Rational>| mean.and_then(|mean| mean.fixed_text(2));
        assert_eq!(text(day.mean("w01001", StationNeeds::default())).as_deref(), Some("5.30"));
        assert_eq!(text(day.mean("DO", StationNeeds::default())).as_deref(), Some("6.00"));
        let days = vec![(date(2020, 5, 1), day); 15];
        assert_eq!(text(month_mean("w01001", &days, StationNeeds::default())).as_deref(), Some("5.30"));
    }

    #[test_case(15, true)]
    #[test_case(14, false)]
    fn a_month_needs_its_days(count: usize, valid: bool) {
        let days: Vec<_> =
            (0..count).map(|_| (date(2020, 5, 1), day(&MEASURED_AT))).chain([(date(2020, 5, 31), day(&[0]))]).collect();
        assert_eq!(month_mean("DO", &days, StationNeeds::default()).is_some(), valid);
    }
}
