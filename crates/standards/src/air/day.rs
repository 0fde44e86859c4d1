//! From hourly values to a day (GB 3095 table 4, HJ 663): validity, means, the largest eight-hour ozone, the index.

use serde::Serialize;

use super::{Aqi, Column, Concentration, Edition, Item, aqi};
use crate::rounding::Rational;

/// The 24 hourly values of one natural day: hour 0 is the one that ends at 01:00, hour 23 the one that ends at 24:00.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HourlyAir {
    hours: [[Option<Rational>; 24]; 6],
}

/// A day's statistics as the standard prints them; absent where not valid.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct DailyStatistics {
    values: [Option<Concentration>; 6],
}

/// A day judged: statistics, and the index where all six items are valid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DailyAir {
    /// Means and the day's largest eight-hour ozone.
    pub statistics: DailyStatistics,
    /// Index, level and primary pollutants.
    pub aqi: Option<Aqi>,
}

impl HourlyAir {
    /// Enters the value of the hour (0 to 23) that begins then; other hours are ignored.
    pub fn set(&mut self, item: Item, hour: usize, value: Rational) {
        if let Some(slot) = self.hours[item as usize].get_mut(hour) {
            *slot = Some(value);
        }
    }

    /// The value of the hour (0 to 23) that begins then.
    #[must_use]
    pub fn hour(&self, item: Item, hour: usize) -> Option<Rational> {
        self.hours[item as usize].get(hour).copied().flatten()
    }

    /// How many hours of an item are there.
    #[must_use]
    pub fn known(&self, item: Item) -> usize {
        self.hours[item as usize].iter().flatten().count()
    }

    /// Mean of the day, needs 20 valid hours (GB 3095 table 4).
    #[must_use]
    pub fn mean(&self, item: Item) -> Option<Rational> {
        mean(&self.hours[item as usize], 20)
    }

    /// The 17 eight-hour ozone means of the day, by the hour at which they end, 8 to 24; each needs 6 hours (GB 3095 table 4).
    #[must_use]
    pub fn ozone_means(&self) -> Vec<Option<Rational>> {
        self.hours[Item::O3 as usize].windows(8).map(|window| mean(window, 6)).collect()
    }

    /// Largest of the 17 eight-hour ozone means that lie wholly in the day (HJ 663 clause 6.1.2).
    ///
    /// Each needs 6 hours. The day needs 14 of them, unless the largest exceeds the limit of 160 µg/m³.
    #[must_use]
    pub fn ozone(&self) -> Option<Rational> {
        let means: Vec<Rational> = self.ozone_means().into_iter().flatten().collect();
        let largest = means.iter().max().copied()?;
        (means.len() >= 14 || largest > Rational::whole(160)).then_some(largest)
    }
}

fn mean(hours: &[Option<Rational>], needed: usize) -> Option<Rational> {
    let valid: Vec<Rational> = hours.iter().flatten().copied().collect();
    if valid.len() < needed {
        return None;
    }
    let sum = valid.iter().try_fold(Rational::ZERO, |sum, value| sum.checked_add(*value))?;
    sum.checked_div(Rational::whole(i64::try_from(valid.len()).ok()?))
}

impl DailyStatistics {
    /// The printed value of an item; for ozone the largest eight-hour mean.
    #[must_use]
    pub fn get(&self, item: Item) -> Option<Concentration> {
        self.values[item as usize]
    }
}

/// A day judged by an edition.
///
/// The index is given where all six items are valid; from 2026 also where the others alone exceed 100 (HJ 633-2026
/// clause 5.3.1). Ozone above the eight-hour column of 2012 (800 µg/m³) has no index of eight hours: the other items decide
/// then, because the day is judged by six items, without the largest hour of ozone.
#[must_use]
pub fn daily(hours: &HourlyAir, edition: Edition) -> DailyAir {
    let values = Item::ALL.map(|item| {
        let exact = if item == Item::O3 { hours.ozone() } else { hours.mean(item) };
        Concentration::rounded(item, exact?)
    });
    let columns: Vec<(Column, Concentration)> =
        Item::ALL.into_iter().zip(values).filter_map(|(item, value)| Some((Column::Day(item), value?))).collect();
    DailyAir { statistics: DailyStatistics { values }, aqi: published(&columns, edition, Item::ALL.len()) }
}

/// The real-time index of an hour.
///
/// From 2026 as HJ 633-2026 clause 5.3.1 has it: with an item missing only above 100. Before, as the national network
/// published it: particles of the hour against the columns of the day, nothing without both of them, missing gases ignored.
#[must_use]
pub fn hourly(values: &[(Item, Concentration)], edition: Edition) -> Option<Aqi> {
    let has = |item| values.iter().any(|(other, _)| *other == item);
    let columns: Vec<_> = values.iter().map(|(item, value)| (Column::Hour(*item), *value)).collect();
    match edition {
        Edition::E2012 if has(Item::Pm10) && has(Item::Pm25) => aqi(&columns, edition),
        Edition::E2012 => None,
        Edition::E2026 | Edition::E2031 => published(&columns, edition, Item::ALL.len()),
    }
}

fn published(columns: &[(Column, Concentration)], edition: Edition, needed: usize) -> Option<Aqi> {
    let index = aqi(columns, edition)?;
    let whole = columns.len() == needed;
    (whole || (edition != Edition::E2012 && index.value > 100)).then_some(index)
}

#[cfg(test)]
mod tests {
    use test_case::test_case;

    use super::*;

    fn day(item: Item, hours: std::ops::Range<usize>, value: i64) -> HourlyAir {
        let mut air = HourlyAir::default();
        hours.for_each(|hour| air.set(item, hour, Rational::whole(value)));
        air
    }

    #[test_case(19, None; "19 hours")]
    #[test_case(20, Some(40); "20 hours")]
    #[test_case(24, Some(40); "24 hours")]
    fn a_daily_mean_needs_twenty_hours(hours: usize, mean: Option<i64>) {
        assert_eq!(day(Item::Pm25, 0..hours, 40).mean(Item::Pm25), mean.map(Rational::whole));
    }

    #[test_case(0..18, 100, None; "13 windows at the limit or below")]
    #[test_case(0..19, 100, Some(100); "14 windows")]
    #[test_case(0..8, 160, None; "few windows, exactly at the limit")]
    #[test_case(0..8, 161, Some(161); "few windows above the limit")]
    #[test_case(0..5, 300, None; "no window has six hours")]
    fn ozone_needs_fourteen_windows_or_an_exceedance(hours: std::ops::Range<usize>, value: i64, largest: Option<i64>) {
        assert_eq!(day(Item::O3, hours, value).ozone(), largest.map(Rational::whole));
    }

    #[test]
    fn without_one_item_there_is_no_index() {
        let mut air = HourlyAir::default();
        for item in &Item::ALL[..5] {
            (0..24).for_each(|hour| air.set(*item, hour, Rational::whole(1)));
        }
        assert_eq!(daily(&air, Edition::E2012).aqi, None);
        (0..24).for_each(|hour| air.set(Item::Pm25, hour, Rational::whole(76)));
        assert_eq!(daily(&air, Edition::E2012).aqi.unwrap().value, 102);
    }

    #[test]
    fn from_2026_an_index_over_one_hundred_is_published_without_one_item() {
        for (value, index) in [(60, None), (61, Some(101))] {
            let air = day(Item::Pm25, 0..24, value);
            assert_eq!(daily(&air, Edition::E2026).aqi.map(|aqi| aqi.value), index);
            assert_eq!(daily(&air, Edition::E2012).aqi, None);
        }
    }

    #[test]
    fn ozone_above_the_eight_hour_column_of_2012_leaves_the_index_to_the_others() {
        let mut air = HourlyAir::default();
        for item in Item::ALL {
            (0..24).for_each(|hour| air.set(item, hour, Rational::whole(if item == Item::O3 { 900 } else { 1 })));
        }
        assert!(daily(&air, Edition::E2012).aqi.unwrap().value < 50);
        assert_eq!(daily(&air, Edition::E2026).aqi.unwrap().value, 300);
    }

    #[test]
    fn an_hour_of_2012_needs_both_particles_but_not_every_gas() {
        let c = Concentration::from_units;
        let both = [(Item::Pm10, c(40)), (Item::Pm25, c(75))];
        assert_eq!(hourly(&both, Edition::E2012).unwrap().primary_text(), "pm2_5");
        assert_eq!(hourly(&both[1..], Edition::E2012), None);
        assert_eq!(hourly(&both, Edition::E2026).unwrap().value, 114);
        assert_eq!(hourly(&[(Item::Pm10, c(40))], Edition::E2026), None);
    }
}
