//! A year of days judged (HJ 663, GB 3095 table 4): means, percentiles, good days, the composite index, each with whether it is valid.
//!
//! Days are averaged as exact values and rounded once, at the end. The interpolation of percentiles (HJ 663-2013 annex A) and the
//! composite index (sum of concentration over grade-2 limit) are not confirmed in a copy of the text; see `data/air_validity.tsv`.

use jiff::civil::Date;
use serde::Serialize;

use super::{AirLimit, Edition, Grade, HourlyAir, Item, daily};
use crate::rounding::{Fixed, Rational};

/// Days with a value that a year needs (GB 3095 table 4).
pub const YEAR_NEEDS: usize = 324;
/// Highest index of a good day (优良天).
const GOOD: u16 = 100;

/// One day: exact means (ozone: the largest eight-hour mean) and the published index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AirDay {
    /// The natural day.
    pub date: Date,
    values: [Option<Rational>; 6],
    /// Index by the edition asked for.
    pub aqi: Option<u16>,
}

impl AirDay {
    /// From the day's hours, judged by an edition.
    #[must_use]
    pub fn of(date: Date, hours: &HourlyAir, edition: Edition) -> Self {
        let values = Item::ALL.map(|item| if item == Item::O3 { hours.ozone() } else { hours.mean(item) });
        Self { date, values, aqi: daily(hours, edition).aqi.map(|aqi| aqi.value) }
    }

    /// The exact value of an item.
    #[must_use]
    pub fn value(&self, item: Item) -> Option<Rational> {
        self.values[item as usize]
    }
}

/// What is said of a year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum YearIndicator {
    /// Mean of the day means: SO2, NO2, PM10, PM2.5.
    Mean(Item),
    /// Percentile of the days: 98 for SO2 and NO2, 95 for PM10, PM2.5 and CO, 90 for ozone (HJ 663 table 1).
    Percentile(Item),
    /// Days with an index.
    IndexDays,
    /// Days with an index of 100 or less.
    GoodDays,
    /// Share of good days among the days with an index, in per cent.
    GoodShare,
    /// Sum of the six items over their limits.
    CompositeIndex,
}

impl YearIndicator {
    /// Every indicator in printing order.
    pub const ALL: [Self; 14] = [
        Self::Mean(Item::So2),
        Self::Percentile(Item::So2),
        Self::Mean(Item::No2),
        Self::Percentile(Item::No2),
        Self::Percentile(Item::Co),
        Self::Percentile(Item::O3),
        Self::Mean(Item::Pm10),
        Self::Percentile(Item::Pm10),
        Self::Mean(Item::Pm25),
        Self::Percentile(Item::Pm25),
        Self::IndexDays,
        Self::GoodDays,
        Self::GoodShare,
        Self::CompositeIndex,
    ];

    /// Name in files: `pm2_5_mean`, `o3_8h_p90`.
    #[must_use]
    pub fn key(self) -> String {
        match self {
            Self::Mean(item) => format!("{}_mean", item.key()),
            Self::Percentile(Item::O3) => format!("o3_8h_p{}", percent(Item::O3)),
            Self::Percentile(item) => format!("{}_p{}", item.key(), percent(item)),
            Self::IndexDays => "index_days".to_owned(),
            Self::GoodDays => "good_days".to_owned(),
            Self::GoodShare => "good_share".to_owned(),
            Self::CompositeIndex => "composite_index".to_owned(),
        }
    }

    /// The percentile that it is, if it is one.
    #[must_use]
    pub fn percent(self) -> Option<u32> {
        if let Self::Percentile(item) = self { Some(percent(item)) } else { None }
    }

    /// Decimals in print: those of the item's concentration, one for a share, two for the composite index.
    #[must_use]
    pub fn digits(self) -> u32 {
        match self {
            Self::Mean(item) | Self::Percentile(item) => item.digits(),
            Self::IndexDays | Self::GoodDays => 0,
            Self::GoodShare => 1,
            Self::CompositeIndex => 2,
        }
    }
}

/// Percentile of the year by item (HJ 663 table 1).
fn percent(item: Item) -> u32 {
    match item {
        Item::So2 | Item::No2 => 98,
        Item::Co | Item::Pm10 | Item::Pm25 => 95,
        Item::O3 => 90,
    }
}

/// An indicator of a year.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct YearStatistic {
    /// Which.
    pub indicator: YearIndicator,
    /// Exact value; absent where there is nothing to compute it from.
    pub value: Option<Rational>,
    /// Whether the year has the days that the standard asks for.
    pub valid: bool,
}

impl YearStatistic {
    /// The value as printed, rounded once.
    #[must_use]
    pub fn text(&self) -> Option<String> {
        let digits = self.indicator.digits();
        Some(Fixed { units: self.value?.rounded(digits), digits }.to_string())
    }
}

/// The days of one year, judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AirYear<'d> {
    days: &'d [AirDay],
    edition: Edition,
}

impl<'d> AirYear<'d> {
    /// Over the days of one year, in any order; limits are those of `edition`.
    #[must_use]
    pub fn of(days: &'d [AirDay], edition: Edition) -> Self {
        Self { days, edition }
    }

    /// Every indicator, in printing order.
    #[must_use]
    pub fn statistics(&self) -> Vec<YearStatistic> {
        YearIndicator::ALL.into_iter().map(|indicator| self.statistic(indicator)).collect()
    }

    /// One indicator.
    #[must_use]
    pub fn statistic(&self, indicator: YearIndicator) -> YearStatistic {
        let (value, valid) = match indicator {
            YearIndicator::Mean(item) => (mean(&self.values(item)), self.is_valid(item)),
            YearIndicator::Percentile(item) => (percentile(&self.values(item), percent(item)), self.is_valid(item)),
            YearIndicator::IndexDays => (Some(whole(self.indexed().count())), self.all_valid()),
            YearIndicator::GoodDays => (Some(whole(self.good())), self.all_valid()),
            YearIndicator::GoodShare => {
                (Rational::new(self.good() as i128 * 100, self.indexed().count() as i128), self.all_valid())
            }
            YearIndicator::CompositeIndex => (self.composite(), self.all_valid()),
        };
        YearStatistic { indicator, value, valid }
    }

    /// Whether an item has 324 days, with 27 in every month (February 25) (GB 3095 table 4).
    ///
    /// The table names SO2, NO2 and particles; CO and ozone are held to the same.
    #[must_use]
    pub fn is_valid(&self, item: Item) -> bool {
        let mut months = [0_usize; 12];
        for day in self.days.iter().filter(|day| day.value(item).is_some()) {
            if let Some(month) = usize::try_from(day.date.month()).ok().and_then(|month| months.get_mut(month - 1)) {
                *month += 1;
            }
        }
        let whole_month = |(index, days): (usize, &usize)| *days >= if index == 1 { 25 } else { 27 };
        months.iter().sum::<usize>() >= YEAR_NEEDS && months.iter().enumerate().all(whole_month)
    }

    fn all_valid(&self) -> bool {
        Item::ALL.into_iter().all(|item| self.is_valid(item))
    }

    fn indexed(&self) -> impl Iterator<Item = u16> {
        self.days.iter().filter_map(|day| day.aqi)
    }

    fn good(&self) -> usize {
        self.indexed().filter(|aqi| *aqi <= GOOD).count()
    }

    fn values(&self, item: Item) -> Vec<Rational> {
        self.days.iter().filter_map(|day| day.value(item)).collect()
    }

    /// Mean over the annual limit of SO2, NO2, PM10, PM2.5; percentile over the daily limit of CO and the eight-hour limit of ozone. Six
    /// equal weights: the weights said to stand in HJ 663-2026 are not confirmed.
    fn composite(&self) -> Option<Rational> {
        Item::ALL.into_iter().try_fold(Rational::ZERO, |sum, item| {
            let (value, averaging) = match item {
                Item::Co => (percentile(&self.values(item), percent(item))?, "日平均"),
                Item::O3 => (percentile(&self.values(item), percent(item))?, "日最大8小时平均"),
                _ => (mean(&self.values(item))?, "年平均"),
            };
            let limit = AirLimit::of(item.name(), averaging)?.value(self.edition, Grade::Two)?;
            sum.checked_add(value.checked_div(limit)?)
        })
    }
}

fn whole(count: usize) -> Rational {
    Rational::whole(i64::try_from(count).unwrap_or(i64::MAX))
}

fn mean(values: &[Rational]) -> Option<Rational> {
    let sum = values.iter().try_fold(Rational::ZERO, |sum, value| sum.checked_add(*value))?;
    sum.checked_div(whole(values.len()))
}

/// The value below which `percent` per cent lie, interpolated: with k = 1 + (n-1)·p/100 between the k-th and the next (HJ 663-2013 annex A).
#[must_use]
pub fn percentile(values: &[Rational], percent: u32) -> Option<Rational> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    let steps = sorted.len().checked_sub(1)? * usize::try_from(percent).ok()?;
    let (below, part) = (steps / 100, steps % 100);
    let low = *sorted.get(below)?;
    let Some(high) = sorted.get(below + 1) else { return Some(low) };
    let rise = high.checked_sub(low)?;
    let rise = Rational::new(rise.numerator().checked_mul(part as i128)?, rise.denominator().checked_mul(100)?)?;
    low.checked_add(rise)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use test_case::test_case;

    use super::*;

    fn days(from: Date, count: usize, value: impl Fn(usize) -> i64) -> Vec<AirDay> {
        let dates = from.series(jiff::ToSpan::day(1)).take(count).enumerate();
        let day = |(index, date)| AirDay { date, values: [Some(Rational::whole(value(index))); 6], aqi: Some(80) };
        dates.map(day).collect()
    }

    #[test_case(90, "91"; "p90 of the example")]
    #[test_case(95, "95.5"; "p95 of the example")]
    #[test_case(98, "98.2"; "p98 of the example")]
    #[test_case(0, "10"; "the least")]
    #[test_case(100, "100"; "the largest")]
    fn percentiles_are_interpolated(percent: u32, expected: &str) {
        let values: Vec<Rational> = (1..=10).rev().map(|ten| Rational::whole(ten * 10)).collect();
        assert_eq!(percentile(&values, percent), Some(expected.parse().unwrap()));
        assert_eq!(percentile(&[], percent), None);
        assert_eq!(percentile(&values[..1], percent), Some(Rational::whole(100)));
    }

    #[test_case(324, false; "324 days from January leave December short")]
    #[test_case(362, true; "27 days of December")]
    #[test_case(361, false; "26 days of December")]
    #[test_case(366, true; "a whole leap year")]
    fn a_year_needs_its_days_and_every_month(count: usize, valid: bool) {
        let days = days(date(2020, 1, 1), count, |_| 10);
        assert_eq!(AirYear::of(&days, Edition::E2012).is_valid(Item::Pm25), valid);
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
        assert_eq!(AirYear::of(&year, Edition::E2012).is_valid(Item::So2), valid);
    }

    #[test]
    fn a_mean_is_rounded_once_half_to_even() {
        let year = days(date(2020, 1, 1), 366, |index| if index % 2 == 0 { 12 } else { 13 });
        let mean = AirYear::of(&year, Edition::E2012).statistic(YearIndicator::Mean(Item::Pm25));
        assert_eq!(mean.value, Some("12.5".parse().unwrap()));
        assert_eq!(mean.text().as_deref(), Some("12"));
    }

    #[test]
    fn the_composite_index_is_one_for_each_item_at_its_limit() {
        let limits = [60, 40, 4, 160, 70, 35].map(|limit| Some(Rational::whole(limit)));
        let day = |date| AirDay { date, values: limits, aqi: Some(100) };
        let year: Vec<_> = date(2020, 1, 1).series(jiff::ToSpan::day(1)).take(366).map(day).collect();
        let index = AirYear::of(&year, Edition::E2012).statistic(YearIndicator::CompositeIndex);
        assert_eq!((index.text().as_deref(), index.valid), (Some("6.00"), true));
        assert!(AirYear::of(&year, Edition::E2031).statistic(YearIndicator::CompositeIndex).value > index.value);
    }

    #[test]
    fn an_empty_year_has_nothing_and_is_not_valid() {
        for statistic in AirYear::of(&[], Edition::E2012).statistics() {
            assert!(!statistic.valid);
            let counted = matches!(statistic.indicator, YearIndicator::IndexDays | YearIndicator::GoodDays);
            assert_eq!(statistic.value.is_some(), counted, "{:?}", statistic.indicator);
        }
    }
}
