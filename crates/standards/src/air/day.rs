//! From hourly values to a day (GB 3095 table 4, HJ 663): validity, means, the largest eight-hour ozone, the index.

use serde::Serialize;

use super::{Aqi, Column, Concentration, Edition, Item, aqi, judged_by};
use crate::rounding::{Rational, common_denominator, divided};

/// Where the eight-hour column of ozone of HJ 633-2012 ends, µg/m³.
const OZONE_COLUMN_ENDS: i64 = 800;

/// The 24 hourly values of one natural day: hour 0 is the one that ends at 01:00, hour 23 the one that ends at 24:00.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HourlyAir {
    items: [Hours; 6],
}

/// Hourly values of an item over one denominator, so that sums of them are sums of whole numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Hours {
    numerators: [i128; 24],
    denominator: i128,
    /// A bit for each hour that is there.
    known: u32,
}

impl Default for Hours {
    fn default() -> Self {
        Self { numerators: [0; 24], denominator: 1, known: 0 }
    }
}

impl Hours {
    /// `None` where the numbers would become too large for 38 digits.
    fn set(&mut self, hour: usize, value: Rational) -> Option<()> {
        if value.denominator() != self.denominator {
            let common = common_denominator(self.denominator, value.denominator())?;
            let factor = divided(common, self.denominator).0;
            if factor != 1 {
                let widened = self.numerators.map(|numerator| numerator.checked_mul(factor));
                for (numerator, widened) in self.numerators.iter_mut().zip(widened) {
                    *numerator = widened?;
                }
                self.denominator = common;
            }
        }
        let factor =
            if value.denominator() == self.denominator { 1 } else { divided(self.denominator, value.denominator()).0 };
        let numerator = value.numerator().checked_mul(factor)?;
        *self.numerators.get_mut(hour)? = numerator;
        self.known |= 1 << hour;
        Some(())
    }

    fn get(&self, hour: usize) -> Option<Rational> {
        let numerator = *self.numerators.get(hour)?;
        if self.known >> hour & 1 == 1 { Rational::new(numerator, self.denominator) } else { None }
    }

    /// As [`Self::set`], where the hour is not there or has the same value; the hour's value otherwise.
    fn enter(&mut self, hour: usize, value: Rational) -> Result<(), Rational> {
        match self.get(hour) {
            None => {
                let _too_large = self.set(hour, value);
                Ok(())
            }
            Some(known) if known == value => Ok(()),
            Some(known) => Err(known),
        }
    }

    /// The first hour that has another value here than there.
    fn differing(&self, other: &Self) -> Option<usize> {
        let both = self.known & other.known;
        (0..24).find(|hour| both >> hour & 1 == 1 && self.get(*hour) != other.get(*hour))
    }

    fn merge(&mut self, other: &Self) {
        if self.known == 0 {
            self.clone_from(other);
            return;
        }
        for hour in (0..24).filter(|hour| other.known >> hour & 1 == 1) {
            if self.denominator == other.denominator {
                self.numerators[hour] = other.numerators[hour];
                self.known |= 1 << hour;
            } else if let Some(value) = other.get(hour) {
                let _too_large = self.set(hour, value);
            }
        }
    }

    /// The largest hour; nothing without one.
    fn largest(&self) -> Option<Rational> {
        let known = (0..24).filter(|hour| self.known >> hour & 1 == 1);
        known.map(|hour| self.numerators[hour]).max().and_then(|largest| Rational::new(largest, self.denominator))
    }

    /// Sum and number of the hours `from..to`. Hours that are not there hold zero.
    fn sum(&self, from: usize, to: usize) -> (i128, u32) {
        let window = (u32::MAX >> (32 - (to - from))) << from;
        (self.numerators[from..to].iter().sum(), (self.known & window).count_ones())
    }

    fn mean(&self, (sum, count): (i128, u32), needed: u32) -> Option<Rational> {
        if count < needed { None } else { Rational::new(sum, self.denominator.checked_mul(count.into())?) }
    }

    /// Sum and number of each of the 17 windows of eight hours that lie wholly in the day.
    fn windows(&self) -> impl Iterator<Item = (i128, u32)> + Clone {
        (0..17).map(|from| self.sum(from, from + 8))
    }
}

/// Two different values for one hour, of which neither can be preferred.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TwoValues {
    /// The item.
    pub item: Item,
    /// The hour (0 to 23) that begins then.
    pub hour: usize,
}

/// Exact statistics of a day: means, for ozone the largest eight-hour mean; absent where not valid.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DayMeans {
    values: [Option<Rational>; 6],
    /// The largest hour of ozone, kept where the eight-hour mean lies above its column of 2012.
    ozone_hour: Option<Rational>,
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
    /// Enters the value of the hour (0 to 23) that begins then; other hours are ignored, as is a value that has no common denominator of 38 digits
    /// with the others, and one below zero, which no air has.
    pub fn set(&mut self, item: Item, hour: usize, value: Rational) {
        if value < Rational::ZERO {
            return;
        }
        let _too_large = self.items[item as usize].set(hour, value);
    }

    /// As [`Self::set`]; an hour that is there already counts once.
    ///
    /// # Errors
    /// [`TwoValues`] where the hour has another value already.
    pub fn enter(&mut self, item: Item, hour: usize, value: Rational) -> Result<(), TwoValues> {
        self.items[item as usize].enter(hour, value).map_err(|_| TwoValues { item, hour })
    }

    /// The value of the hour (0 to 23) that begins then.
    #[must_use]
    pub fn hour(&self, item: Item, hour: usize) -> Option<Rational> {
        self.items[item as usize].get(hour)
    }

    /// How many hours of an item are there.
    #[must_use]
    pub fn known(&self, item: Item) -> usize {
        self.items[item as usize].known.count_ones() as usize
    }

    /// The first hour for which another part of the same day has another value.
    #[must_use]
    pub fn differing(&self, other: &Self) -> Option<TwoValues> {
        Item::ALL.into_iter().find_map(|item| {
            let hour = self.items[item as usize].differing(&other.items[item as usize])?;
            Some(TwoValues { item, hour })
        })
    }

    /// Takes over every hour that another part of the same day has.
    pub fn merge(&mut self, other: &Self) {
        for (mine, theirs) in self.items.iter_mut().zip(&other.items) {
            mine.merge(theirs);
        }
    }

    /// Mean of the day, needs 20 valid hours (GB 3095 table 4).
    #[must_use]
    pub fn mean(&self, item: Item) -> Option<Rational> {
        let hours = &self.items[item as usize];
        hours.mean(hours.sum(0, 24), 20)
    }

    /// The 17 eight-hour ozone means of the day, by the hour at which they end, 8 to 24; each needs 6 hours (GB 3095 table 4).
    #[must_use]
    pub fn ozone_means(&self) -> Vec<Option<Rational>> {
        let hours = &self.items[Item::O3 as usize];
        hours.windows().map(|window| hours.mean(window, 6)).collect()
    }

    /// Largest of the 17 eight-hour ozone means that lie wholly in the day (HJ 663 clause 6.1.2).
    ///
    /// Each needs 6 hours. The day needs 14 of them, unless the largest exceeds the limit of 160 µg/m³.
    #[must_use]
    pub fn ozone(&self) -> Option<Rational> {
        let hours = &self.items[Item::O3 as usize];
        let valid = hours.windows().filter(|(_, count)| *count >= 6);
        // Compared by cross products: the denominator is the same for all.
        let larger = |left: &(i128, u32), right: &(i128, u32)| {
            left.0.saturating_mul(right.1.into()).cmp(&right.0.saturating_mul(left.1.into()))
        };
        let enough = valid.clone().count() >= 14;
        let largest = hours.mean(valid.max_by(larger)?, 6)?;
        (enough || largest > Rational::whole(160)).then_some(largest)
    }

    /// Every item's statistic of the day.
    #[must_use]
    pub fn means(&self) -> DayMeans {
        let values = Item::ALL.map(|item| if item == Item::O3 { self.ozone() } else { self.mean(item) });
        let beyond = values[Item::O3 as usize].is_some_and(|ozone| ozone > Rational::whole(OZONE_COLUMN_ENDS));
        let ozone_hour = if beyond { self.items[Item::O3 as usize].largest() } else { None };
        DayMeans { values, ozone_hour }
    }
}

impl DayMeans {
    /// From known statistics, in the order of [`Item::ALL`]. The largest hour of ozone is not known: a day of 2012 with more than 800 µg/m³ has no index.
    #[must_use]
    pub fn of(values: [Option<Rational>; 6]) -> Self {
        Self { values, ozone_hour: None }
    }

    /// The exact value of an item.
    #[must_use]
    pub fn get(&self, item: Item) -> Option<Rational> {
        self.values[item as usize]
    }

    /// The day judged by an edition.
    ///
    /// The index is given where all six items are valid; from 2026 also where the others alone exceed 100 (HJ 633-2026
    /// clause 5.3.1). Ozone above the eight-hour column of 2012 (800 µg/m³) is judged by its largest hour (HJ 633-2012 table 1, note 2).
    #[must_use]
    pub fn judge(&self, edition: Edition) -> DailyAir {
        let values = Item::ALL.map(|item| Concentration::rounded(item, self.get(item)?));
        let known = Item::ALL.into_iter().zip(values);
        let columns: Vec<(Column, Concentration)> =
            known.filter_map(|(item, value)| self.column(item, value?, edition)).collect();
        DailyAir { statistics: DailyStatistics { values }, aqi: published(&columns, edition, Item::ALL.len()) }
    }

    /// The column by which the day judges an item, and the concentration that belongs there.
    #[must_use]
    pub fn column(&self, item: Item, value: Concentration, edition: Edition) -> Option<(Column, Concentration)> {
        let hour = || if item == Item::O3 { Concentration::rounded(item, self.ozone_hour?) } else { None };
        judged_by(Column::Day(item), value, hour(), edition)
    }

    /// The index of the day if some items are left out (a sand storm): of the others, which must all be valid.
    #[must_use]
    pub fn index_without(&self, left_out: &[Item], edition: Edition) -> Option<Aqi> {
        let others = Item::ALL.into_iter().filter(|item| !left_out.contains(item));
        let value = |item| self.column(item, Concentration::rounded(item, self.get(item)?)?, edition);
        let columns: Vec<_> = others.clone().filter_map(value).collect();
        published(&columns, edition, others.count())
    }
}

impl DailyStatistics {
    /// The printed value of an item; for ozone the largest eight-hour mean.
    #[must_use]
    pub fn get(&self, item: Item) -> Option<Concentration> {
        self.values[item as usize]
    }
}

/// A day judged by an edition: [`DayMeans::judge`] of its hours.
#[must_use]
pub fn daily(hours: &HourlyAir, edition: Edition) -> DailyAir {
    hours.means().judge(edition)
}

/// The real-time index of an hour.
///
/// From 2026 as HJ 633-2026 clause 5.3.1 has it: with an item missing only above 100. Before, as the national network
/// published it: particles of the hour against the columns of the day, nothing without both of them, missing gases ignored.
/// Sulphur dioxide above its column of 2012 (1 h, 800 µg/m³) is judged by that of 24 h (HJ 633-2012 table 1, note 1): the hour itself, as the
/// network judges the hour of particles, because the real-time report has no means of 24 h.
#[must_use]
pub fn hourly(values: &[(Item, Concentration)], edition: Edition) -> Option<Aqi> {
    let has = |item| values.iter().any(|(other, _)| *other == item);
    let columns = hour_columns(values, edition);
    match edition {
        Edition::E2012 if has(Item::Pm10) && has(Item::Pm25) => aqi(&columns, edition),
        Edition::E2012 => None,
        Edition::E2026 | Edition::E2031 => published(&columns, edition, Item::ALL.len()),
    }
}

/// The real-time index of an hour by the items that are there, whichever are missing, as the national network published it in about half of such hours
/// (2017 to 2019, measured on its feed). `None` without a single item.
#[must_use]
pub fn hourly_of_the_others(values: &[(Item, Concentration)], edition: Edition) -> Option<Aqi> {
    aqi(&hour_columns(values, edition), edition)
}

fn hour_columns(values: &[(Item, Concentration)], edition: Edition) -> Vec<(Column, Concentration)> {
    let column = |(item, value): &(Item, Concentration)| judged_by(Column::Hour(*item), *value, Some(*value), edition);
    values.iter().filter_map(column).collect()
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
    fn hours_of_different_denominators_are_averaged_exactly() {
        let mut air = HourlyAir::default();
        for hour in 0..24 {
            let value = Rational::new(hour as i128 + 1, [1, 10, 3, 1000][hour % 4]).unwrap();
            air.set(Item::Pm10, hour, value);
            assert_eq!(air.hour(Item::Pm10, hour), Some(value));
        }
        let all = (0..24).filter_map(|hour| air.hour(Item::Pm10, hour));
        assert_eq!(air.mean(Item::Pm10), Rational::mean(all));
        assert_eq!((air.known(Item::Pm10), air.hour(Item::Pm10, 24), air.hour(Item::O3, 0)), (24, None, None));
    }

    #[test]
    fn two_parts_of_a_day_make_the_day() {
        let mut morning = day(Item::O3, 0..10, 100);
        morning.set(Item::O3, 3, Rational::new(1, 3).unwrap());
        morning.merge(&day(Item::O3, 10..24, 101));
        assert_eq!((morning.known(Item::O3), morning.hour(Item::O3, 3)), (24, Rational::new(1, 3)));
        assert_eq!(morning.ozone(), Some(Rational::whole(101)));
    }

    #[test]
    fn a_sand_storm_leaves_the_gases() {
        let mut air = day(Item::Pm10, 0..24, 400);
        for item in [Item::So2, Item::No2, Item::Co, Item::O3] {
            (0..24).for_each(|hour| air.set(item, hour, Rational::whole(1)));
        }
        let particles = [Item::Pm10, Item::Pm25];
        assert_eq!(air.means().index_without(&particles, Edition::E2012).map(|aqi| aqi.value), Some(25));
        assert_eq!(air.means().index_without(&[Item::Pm10], Edition::E2012), None, "fine particles are missing");
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

    #[test_case(900, Edition::E2012, 350, "o3_8h"; "by the largest hour, halfway between 300 and 400")]
    #[test_case(800, Edition::E2012, 300, "o3_8h"; "on the last line of its own column")]
    #[test_case(3000, Edition::E2012, 500, "o3_8h"; "above the column of the hour, too")]
    #[test_case(900, Edition::E2026, 300, "o3_8h"; "counts 300 from 2026")]
    fn ozone_above_its_eight_hour_column_is_never_mild(ozone: i64, edition: Edition, index: u16, primary: &str) {
        let mut air = HourlyAir::default();
        for item in Item::ALL {
            (0..24).for_each(|hour| air.set(item, hour, Rational::whole(if item == Item::O3 { ozone } else { 1 })));
        }
        let aqi = daily(&air, edition).aqi.unwrap();
        assert_eq!((aqi.value, aqi.primary_text_of_day().as_str()), (index, primary));
        assert_eq!(air.means().index_without(&[Item::Pm10, Item::Pm25], edition).map(|aqi| aqi.value), Some(index));
    }

    #[test_case(801, Edition::E2012, 201; "by the column of the day")]
    #[test_case(900, Edition::E2012, 213; "further up in it")]
    #[test_case(800, Edition::E2012, 200; "on the last line of its own column")]
    #[test_case(900, Edition::E2026, 200; "counts 200 from 2026")]
    fn sulphur_dioxide_above_its_column_of_the_hour_is_never_mild(so2: u32, edition: Edition, index: u16) {
        let c = Concentration::from_units;
        let mut values: Vec<_> = Item::ALL.map(|item| (item, c(1))).into();
        values[0].1 = c(so2);
        let aqi = hourly(&values, edition).unwrap();
        assert_eq!((aqi.value, aqi.primary_text().as_str()), (index, "so2"));
    }

    #[test]
    fn an_hour_counts_once_and_two_values_for_it_are_refused() {
        let mut air = day(Item::Pm25, 0..3, 40);
        assert_eq!(air.enter(Item::Pm25, 2, Rational::whole(40)), Ok(()));
        assert_eq!(air.enter(Item::Pm25, 3, Rational::whole(41)), Ok(()));
        let two = TwoValues { item: Item::Pm25, hour: 2 };
        assert_eq!(air.enter(Item::Pm25, 2, Rational::whole(41)), Err(two));
        assert_eq!((air.known(Item::Pm25), air.hour(Item::Pm25, 2)), (4, Some(Rational::whole(40))));
        assert_eq!(air.differing(&day(Item::Pm25, 2..3, 50)), Some(two));
        assert_eq!((air.differing(&day(Item::Pm25, 0..3, 40)), air.differing(&day(Item::O3, 0..3, 1))), (None, None));
    }

    #[test]
    fn the_index_of_the_items_that_are_there_is_given_where_it_is_asked_for() {
        let only = [(Item::O3, Concentration::from_units(220))];
        for edition in Edition::ALL {
            assert_eq!(hourly_of_the_others(&only, edition).map(|aqi| aqi.value), Some(110));
        }
        assert_eq!(hourly_of_the_others(&[], Edition::E2012), None);
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
