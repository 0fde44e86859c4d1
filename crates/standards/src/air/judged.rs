//! A month, quarter or year of days judged (HJ 663, GB 3095 table 4): means, percentiles, good days, the composite index, each with whether it is valid.
//!
//! Days are averaged as exact values and rounded once, at the end. The interpolation of percentiles (HJ 663-2013 annex A) and the
//! composite index (sum of concentration over grade-2 limit) are not confirmed in a copy of the text; see `data/air_validity.tsv`.

use jiff::civil::Date;

use super::indicator::percent;
use super::{
    AirLimit, DayMeans, Edition, EvaluationPeriod, Exclusions, Grade, HourlyAir, Indicator, Item, Statistic, percentile,
};
use crate::rounding::Rational;

/// Days with a value that a year needs (GB 3095 table 4).
pub const YEAR_NEEDS: usize = 324;
/// Highest index of a good day (优良天).
pub const GOOD: u16 = 100;

/// One day: exact means (ozone: the largest eight-hour mean) and the published index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AirDay {
    /// The natural day.
    pub date: Date,
    /// Exact statistics.
    pub means: DayMeans,
    /// Index by the edition asked for.
    pub aqi: Option<u16>,
}

impl AirDay {
    /// From the day's hours, judged by an edition.
    #[must_use]
    pub fn of(date: Date, hours: &HourlyAir, edition: Edition) -> Self {
        Self::judged(date, hours.means(), edition)
    }

    /// From the day's statistics, judged by an edition.
    #[must_use]
    pub fn judged(date: Date, means: DayMeans, edition: Edition) -> Self {
        Self { date, means, aqi: means.judge(edition).aqi.map(|aqi| aqi.value) }
    }

    /// The exact value of an item.
    #[must_use]
    pub fn value(&self, item: Item) -> Option<Rational> {
        self.means.get(item)
    }
}

/// Days of a month that count, beside those that it needs (GB 3095 table 4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MonthDays {
    /// 1 to 12.
    pub month: i8,
    /// Days that count.
    pub days: usize,
    /// 27; of February 25.
    pub needed: usize,
}

impl MonthDays {
    fn none(month: i8) -> Self {
        Self { month, days: 0, needed: if month == 2 { 25 } else { 27 } }
    }
}

/// How heavy the items are in the composite index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Weights([u32; 6]);

impl Weights {
    /// One for each item (ranking rule of 2014 and 2018).
    pub const EQUAL: Self = Self([1; 6]);
    /// What one project takes from HJ 663-2026, whose text was not seen: PM2.5 three, NO2 and ozone two. Unverified, so never taken unless asked for.
    pub const CLAIMED_2026: Self = Self([1, 2, 1, 2, 1, 3]);

    /// Of an item.
    #[must_use]
    pub fn of(self, item: Item) -> u32 {
        self.0[item as usize]
    }
}

/// The days of one period, judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AirPeriod<'d> {
    period: EvaluationPeriod,
    days: Vec<&'d AirDay>,
    edition: Edition,
    weights: Weights,
    exclusions: Option<&'d Exclusions>,
}

impl<'d> AirPeriod<'d> {
    /// Over the days of one period, in any order; days outside of it are passed over. Limits are those of `edition`.
    #[must_use]
    pub fn of(period: EvaluationPeriod, days: &'d [AirDay], edition: Edition) -> Self {
        let days = days.iter().filter(|day| period.contains(day.date)).collect();
        Self { period, days, edition, weights: Weights::EQUAL, exclusions: None }
    }

    /// With other weights in the composite index.
    #[must_use]
    pub fn weighed(self, weights: Weights) -> Self {
        Self { weights, ..self }
    }

    /// Without what is left out of evaluation (sand storms).
    #[must_use]
    pub fn without(self, exclusions: &'d Exclusions) -> Self {
        Self { exclusions: Some(exclusions), ..self }
    }

    /// Every indicator, in printing order.
    #[must_use]
    pub fn statistics(&self) -> Vec<Statistic> {
        Indicator::ALL.into_iter().map(|indicator| self.statistic(indicator)).collect()
    }

    /// One indicator.
    #[must_use]
    pub fn statistic(&self, indicator: Indicator) -> Statistic {
        let (value, valid) = match indicator {
            Indicator::Mean(item) => (Rational::mean(self.values(item)), self.is_valid(item)),
            Indicator::Percentile(item) => (percentile(&self.values(item), percent(item)), self.is_valid(item)),
            Indicator::IndexDays => (Some(whole(self.indexed().count())), self.all_valid()),
            Indicator::GoodDays => (Some(whole(self.good())), self.all_valid()),
            Indicator::GoodShare => {
                (Rational::new(self.good() as i128 * 100, self.indexed().count() as i128), self.all_valid())
            }
            Indicator::CompositeIndex => (self.composite(), self.all_valid()),
        };
        Statistic { indicator, value, valid }
    }

    /// Whether an item has its days: 27 in every month (February 25), in a year 324 besides (GB 3095 table 4).
    ///
    /// The table names SO2, NO2 and particles; CO and ozone are held to the same. It has no row for a quarter of these items: a quarter is valid here
    /// where its months are.
    #[must_use]
    pub fn is_valid(&self, item: Item) -> bool {
        let months = self.days_by_month(item);
        let all: usize = months.iter().map(|month| month.days).sum();
        let enough = !matches!(self.period, EvaluationPeriod::Year(_)) || all >= YEAR_NEEDS;
        enough && months.iter().all(|month| month.days >= month.needed)
    }

    /// Days that count for an item, by the months of the period.
    #[must_use]
    pub fn days_by_month(&self, item: Item) -> Vec<MonthDays> {
        let (first, last) = self.period.months();
        let mut months: Vec<MonthDays> = (first..=last).map(MonthDays::none).collect();
        for (date, _) in self.days_of(item) {
            if let Some(month) = months.iter_mut().find(|known| known.month == date.month()) {
                month.days += 1;
            }
        }
        months
    }

    /// The values of an item that count, with their days.
    pub fn days_of(&self, item: Item) -> impl Iterator<Item = (Date, Rational)> + '_ {
        self.days.iter().filter_map(move |day| Some((day.date, self.counted(day, item)?)))
    }

    /// Whether every item has its days.
    #[must_use]
    pub fn all_valid(&self) -> bool {
        Item::ALL.into_iter().all(|item| self.is_valid(item))
    }

    /// Each item over its limit, of which the composite index is the weighed sum: mean over the annual limit of SO2, NO2, PM10, PM2.5; percentile over
    /// the daily limit of CO and the eight-hour limit of ozone. `None` where one is missing.
    #[must_use]
    pub fn single_indexes(&self) -> Option<[(Item, Rational); 6]> {
        let mut indexes = [(Item::So2, Rational::ZERO); 6];
        for (slot, item) in indexes.iter_mut().zip(Item::ALL) {
            let (value, averaging) = match item {
                Item::Co => (percentile(&self.values(item), percent(item))?, "日平均"),
                Item::O3 => (percentile(&self.values(item), percent(item))?, "日最大8小时平均"),
                _ => (Rational::mean(self.values(item))?, "年平均"),
            };
            let limit = AirLimit::of(item.name(), averaging)?.value(self.edition, Grade::Two)?;
            *slot = (item, value.checked_div(limit)?);
        }
        Some(indexes)
    }

    fn indexed(&self) -> impl Iterator<Item = u16> {
        self.days.iter().filter_map(|day| match self.left_out(day.date) {
            [] => day.aqi,
            items => day.means.index_without(items, self.edition).map(|aqi| aqi.value),
        })
    }

    fn good(&self) -> usize {
        self.indexed().filter(|aqi| *aqi <= GOOD).count()
    }

    fn values(&self, item: Item) -> Vec<Rational> {
        self.days_of(item).map(|(_, value)| value).collect()
    }

    fn counted(&self, day: &AirDay, item: Item) -> Option<Rational> {
        day.value(item).filter(|_| !self.left_out(day.date).contains(&item))
    }

    fn left_out(&self, day: Date) -> &'d [Item] {
        self.exclusions.map_or(&[], |exclusions| exclusions.on(day))
    }

    /// Six equal weights unless others were asked for: the weights said to stand in HJ 663-2026 are not confirmed.
    fn composite(&self) -> Option<Rational> {
        let weighed =
            |(item, index): (Item, Rational)| index.checked_mul(Rational::whole(self.weights.of(item).into()));
        self.single_indexes()?.into_iter().try_fold(Rational::ZERO, |sum, single| sum.checked_add(weighed(single)?))
    }
}

fn whole(count: usize) -> Rational {
    Rational::whole(i64::try_from(count).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use test_case::test_case;

    use super::*;

    fn days(from: Date, count: usize, value: impl Fn(usize) -> i64) -> Vec<AirDay> {
        let dates = from.series(jiff::ToSpan::day(1)).take(count).enumerate();
        let day = |(index, date)| AirDay {
            date,
            means: DayMeans::of([Some(Rational::whole(value(index))); 6]),
            aqi: Some(80),
        };
        dates.map(day).collect()
    }

    fn year_of(days: &[AirDay], edition: Edition) -> AirPeriod<'_> {
        let year = days.first().map_or(2020, |day| day.date.year());
        AirPeriod::of(EvaluationPeriod::Year(year), days, edition)
    }

    #[test_case(324, false; "324 days from January leave December short")]
    #[test_case(362, true; "27 days of December")]
    #[test_case(361, false; "26 days of December")]
    #[test_case(366, true; "a whole leap year")]
    fn a_year_needs_its_days_and_every_month(count: usize, valid: bool) {
        let days = days(date(2020, 1, 1), count, |_| 10);
        assert_eq!(year_of(&days, Edition::E2012).is_valid(Item::Pm25), valid);
    }

    #[test_case(date(2021, 2, 1), 25, true; "25 days of February")]
    #[test_case(date(2021, 2, 1), 24, false; "24 days of February")]
    #[test_case(date(2021, 3, 1), 27, true; "27 days of March")]
    #[test_case(date(2021, 3, 1), 26, false; "26 days of March")]
    fn february_needs_25_days_and_other_months_27(from: Date, kept: usize, valid: bool) {
        let mut year = days(date(2021, 1, 1), 365, |_| 10);
        let (mut seen, month) = (0, from.month());
        year.retain(|day| {
            seen += usize::from(day.date.month() == month);
            day.date.month() != month || seen <= kept
        });
        assert_eq!(year_of(&year, Edition::E2012).is_valid(Item::So2), valid);
    }

    #[test]
    fn a_mean_is_rounded_once_half_to_even() {
        let year = days(date(2020, 1, 1), 366, |index| if index % 2 == 0 { 12 } else { 13 });
        let mean = year_of(&year, Edition::E2012).statistic(Indicator::Mean(Item::Pm25));
        assert_eq!(mean.value, Some("12.5".parse().unwrap()));
        assert_eq!(mean.text().as_deref(), Some("12"));
    }

    #[test]
    fn the_composite_index_is_one_for_each_item_at_its_limit() {
        let limits = [60, 40, 4, 160, 70, 35].map(|limit| Some(Rational::whole(limit)));
        let day = |date| AirDay { date, means: DayMeans::of(limits), aqi: Some(100) };
        let year: Vec<_> = date(2020, 1, 1).series(jiff::ToSpan::day(1)).take(366).map(day).collect();
        let index = year_of(&year, Edition::E2012).statistic(Indicator::CompositeIndex);
        assert_eq!((index.text().as_deref(), index.valid), (Some("6.00"), true));
        assert!(year_of(&year, Edition::E2031).statistic(Indicator::CompositeIndex).value > index.value);
    }

    #[test_case(EvaluationPeriod::Month(2020, 2), 29, 4, true; "25 days of a February of 29")]
    #[test_case(EvaluationPeriod::Month(2020, 2), 29, 5, false; "24 days of it")]
    #[test_case(EvaluationPeriod::Month(2020, 4), 30, 3, true; "27 days of April")]
    #[test_case(EvaluationPeriod::Quarter(2020, 1), 91, 3, true; "three days of January missing leave 28")]
    #[test_case(EvaluationPeriod::Quarter(2020, 1), 91, 5, false; "five leave 26")]
    fn months_and_quarters_need_their_days(period: EvaluationPeriod, count: usize, missing: usize, valid: bool) {
        let year = days(date(2020, 1, 1), 366, |_| 10);
        let mut within: Vec<_> = year.into_iter().filter(|day| period.contains(day.date)).collect();
        assert_eq!(within.len(), count);
        within.drain(..missing);
        assert_eq!(AirPeriod::of(period, &within, Edition::E2012).is_valid(Item::Pm25), valid);
    }

    #[test]
    fn a_sand_storm_counts_for_gases_alone() {
        let mut year = days(date(2020, 3, 1), 31, |_| 60);
        year[10] = AirDay::judged(
            date(2020, 3, 11),
            DayMeans::of([60, 40, 1, 60, 900, 300].map(|value| Some(Rational::whole(value)))),
            Edition::E2012,
        );
        let storm = Exclusions::from_tsv("from\tto\titems\treason\n2020-03-11\t2020-03-11\tpm10+pm2_5\t沙尘").unwrap();
        let march = EvaluationPeriod::Month(2020, 3);
        let with = AirPeriod::of(march, &year, Edition::E2012);
        let without = with.clone().without(&storm);
        let text = |period: &AirPeriod<'_>, indicator| period.statistic(indicator).text().unwrap();
        assert_eq!(
            (text(&with, Indicator::Mean(Item::Pm10)), text(&without, Indicator::Mean(Item::Pm10))),
            ("87".into(), "60".into())
        );
        assert_eq!((text(&with, Indicator::GoodDays), text(&without, Indicator::GoodDays)), ("30".into(), "31".into()));
        assert_eq!(text(&with, Indicator::Mean(Item::No2)), text(&without, Indicator::Mean(Item::No2)));
    }

    #[test]
    fn weights_count_items_more_than_once() {
        let year = days(date(2020, 1, 1), 366, |_| 40);
        let index =
            |weights| year_of(&year, Edition::E2026).weighed(weights).statistic(Indicator::CompositeIndex).value;
        let single = year_of(&year, Edition::E2026).single_indexes().unwrap();
        assert_eq!(single[Item::No2 as usize], (Item::No2, Rational::whole(1)));
        assert_eq!(Rational::sum(single.map(|(_, index)| index)), index(Weights::EQUAL));
        assert!(index(Weights::CLAIMED_2026) > index(Weights::EQUAL));
    }

    #[test]
    fn an_empty_year_has_nothing_and_is_not_valid() {
        assert!(Indicator::ALL.into_iter().all(|indicator| Indicator::from_key(&indicator.key()) == Some(indicator)));
        for statistic in year_of(&[], Edition::E2012).statistics() {
            assert!(!statistic.valid);
            let counted = matches!(statistic.indicator, Indicator::IndexDays | Indicator::GoodDays);
            assert_eq!(statistic.value.is_some(), counted, "{:?}", statistic.indicator);
        }
    }
}
