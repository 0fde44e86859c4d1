//! A year beside its limits (GB 3095 table 1, HJ 663) and beside its target of good days.

use bilan_standards::air::{
    AirDay, AirLimit, AirPeriod, Edition, EvaluationPeriod, Exclusions, Grade, Indicator, Item, Needed, YearSoFar,
};
use bilan_standards::rounding::Rational;
use jiff::civil::Date;

use crate::live::curve;

/// An indicator beside the limit of an edition.
pub(super) struct Beside {
    /// Limit of grade 2.
    pub(super) limit: String,
    /// How many times the limit, two decimals.
    pub(super) times: String,
    /// It is kept.
    pub(super) kept: bool,
}

/// A line of the table.
pub(super) struct Line {
    pub(super) indicator: Indicator,
    pub(super) item: Item,
    /// Message key of what is reckoned over the year.
    pub(super) what: &'static str,
    pub(super) percent: u32,
    pub(super) value: String,
    /// The year before over the same days; empty where nothing is known.
    pub(super) before: String,
    /// The year has the days that the standard asks for.
    pub(super) valid: bool,
    /// For each edition; `None` where it has no limit.
    pub(super) beside: Vec<Option<Beside>>,
}

/// Name of an edition with the limits that it brings.
pub(super) fn edition_name(edition: Edition) -> &'static str {
    match edition {
        Edition::E2012 => "GB 3095-2012",
        Edition::E2026 => "GB 3095-2026 (2026–2030)",
        Edition::E2031 => "GB 3095-2026",
    }
}

/// The editions in force from a year's first to its last day.
pub(super) fn editions(year: i16) -> Vec<Edition> {
    let year = EvaluationPeriod::Year(year);
    curve::editions(year.first(), year.last())
}

/// The indicators that have a limit, without what is left out of evaluation: means of the year, and the percentiles by which a year is judged.
pub(super) fn lines(
    (period, exclusions): (EvaluationPeriod, &Exclusions),
    year: &[AirDay],
    before: &[AirDay],
    editions: &[Edition],
) -> Vec<Line> {
    let Some(last) = editions.last() else { return Vec::new() };
    let (year, before) = (AirPeriod::of(period, year, *last), AirPeriod::of(period.a_year_before(), before, *last));
    let (year, before) = (year.without(exclusions), before.without(exclusions));
    Indicator::ALL
        .into_iter()
        .filter_map(|indicator| {
            let (item, what, averaging) = match indicator {
                Indicator::Mean(item) => (item, "live.air.indicator.mean", "年平均"),
                Indicator::Percentile(Item::O3) => (Item::O3, "live.air.indicator.percentile_8h", "日最大8小时平均"),
                Indicator::Percentile(item) => (item, "live.air.indicator.percentile", "日平均"),
                _ => return None,
            };
            let statistic = year.statistic(indicator);
            let value = statistic.value?;
            let beside = editions.iter().map(|edition| {
                let limit = AirLimit::of(item.name(), averaging)?.value(*edition, Grade::Two)?;
                let times = value.checked_div(limit)?;
                Some(Beside {
                    limit: limit.short_text(item.digits())?,
                    times: times.fixed_text(2)?,
                    kept: rounded(value, item) <= limit,
                })
            });
            Some(Line {
                indicator,
                item,
                what,
                percent: indicator.percent().unwrap_or(0),
                value: statistic.text().unwrap_or_default(),
                before: before.statistic(indicator).text().unwrap_or_default(),
                valid: statistic.valid,
                beside: beside.collect(),
            })
        })
        .collect()
}

/// A value is compared with its limit as it is printed.
fn rounded(value: Rational, item: Item) -> Rational {
    let ten = if item.digits() == 0 { 1 } else { 10 };
    Rational::new(value.rounded(item.digits()), ten).unwrap_or(value)
}

/// Days of a year by what is known of them.
pub(super) struct Count {
    pub(super) so_far: YearSoFar,
    /// Share of good days among those with an index, one decimal.
    pub(super) share: String,
    pub(super) needed: Needed,
}

/// Counts a year: `today` is its first day that is not over.
pub(super) fn count(days: &[AirDay], year: i16, today: Date, per_mille: u32) -> Count {
    let index = |day: &AirDay| day.aqi.filter(|_| day.date < today);
    let of = |wanted: fn(u16) -> bool| {
        u32::try_from(days.iter().filter_map(index).filter(|aqi| wanted(*aqi)).count()).unwrap_or(u32::MAX)
    };
    let (indexed, good) = (of(|_| true), of(|aqi| aqi <= 100));
    let begins = Date::new(year, 1, 1).unwrap_or(today).max(today);
    let to_come =
        Date::new(year, 12, 31).ok().and_then(|last| begins.until(last).ok()).map_or(0, |span| span.get_days() + 1);
    let so_far = YearSoFar { indexed, good, to_come: u32::try_from(to_come).unwrap_or(0) };
    let share = Rational::new(i128::from(good) * 100, i128::from(indexed));
    Count {
        so_far,
        share: share.and_then(|share| share.fixed_text(1)).unwrap_or_else(|| "–".to_owned()),
        needed: so_far.needed(per_mille),
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use test_case::test_case;

    use super::*;

    #[test_case(date(2026, 1, 1), 365; "nothing is over")]
    #[test_case(date(2026, 11, 24), 38)]
    #[test_case(date(2026, 12, 31), 1)]
    #[test_case(date(2027, 1, 1), 0)]
    #[test_case(date(2025, 6, 1), 365; "a year to come")]
    fn days_to_come(today: Date, expected: u32) {
        assert_eq!(count(&[], 2026, today, 900).so_far.to_come, expected);
    }

    #[test]
    fn a_year_in_which_the_edition_changes_has_both() {
        assert_eq!(editions(2025), [Edition::E2012]);
        assert_eq!(editions(2026), [Edition::E2012, Edition::E2026]);
        assert_eq!(editions(2027), [Edition::E2026]);
    }
}
