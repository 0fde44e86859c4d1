//! What a period comes to beside the same of the year before (同比): the six concentrations by which it is judged, the composite index, good days.

use bilan_standards::air::{
    self, AirDay, AirPeriod, Edition, EvaluationPeriod, Exclusions, Indicator, Item, Statistic,
};
use bilan_standards::rounding::Rational;
use jiff::civil::Date;

use super::days::Days;

/// The concentrations by which a place is judged and ranked.
pub(super) const CONCENTRATIONS: [Indicator; 6] = [
    Indicator::Mean(Item::So2),
    Indicator::Mean(Item::No2),
    Indicator::Percentile(Item::Co),
    Indicator::Percentile(Item::O3),
    Indicator::Mean(Item::Pm10),
    Indicator::Mean(Item::Pm25),
];

/// A value beside that of the year before.
pub(super) struct Compared {
    pub(super) now: String,
    pub(super) before: String,
    /// Change in per cent, one decimal, with its sign; empty where there is nothing to compare.
    pub(super) change: String,
    pub(super) worse: bool,
    /// The limit and how much of it: a part of the composite index.
    pub(super) part: Option<(String, String)>,
}

/// Good days of days with an index.
#[derive(Clone, Copy)]
pub(super) struct Good {
    pub(super) good: usize,
    pub(super) indexed: usize,
}

/// Good days by one edition, now and the year before.
pub(super) struct ByEdition {
    pub(super) standard: &'static str,
    pub(super) now: Good,
    pub(super) before: Good,
}

/// A period of a place.
pub(super) struct Summary {
    pub(super) period: EvaluationPeriod,
    pub(super) concentrations: Vec<Compared>,
    pub(super) composite: Compared,
    pub(super) composite_statistic: Statistic,
    /// The item with the largest part in the composite index.
    pub(super) leading: Option<Item>,
    pub(super) good: Good,
    /// By each edition, where the two periods are not judged by the same one throughout.
    pub(super) by_edition: Vec<ByEdition>,
    pub(super) valid: bool,
    /// Days on which something is left out, and what would stand here with them.
    pub(super) left_out: usize,
    pub(super) good_with_all: Good,
}

/// Days of a place, judged once.
pub(super) struct Judged {
    days: Vec<AirDay>,
}

impl Judged {
    /// By the edition of each day; days from `today` on are not over.
    pub(super) fn of(days: &Days, today: Date) -> Self {
        let over = days.iter().filter(|(date, _)| **date < today);
        Self { days: over.map(|(date, means)| AirDay::judged(*date, *means, Edition::on(*date))).collect() }
    }

    /// A period, compared with the same days of the year before.
    pub(super) fn summary(&self, period: EvaluationPeriod, exclusions: &Exclusions, today: Date) -> Option<Summary> {
        let within: Vec<&AirDay> = self.days.iter().filter(|day| period.contains(day.date)).collect();
        let last = within.last()?.date;
        // A period that is not over is compared with the same part of the year before.
        let same =
            |day: &&AirDay| !period.contains(today) || (day.date.month(), day.date.day()) <= (last.month(), last.day());
        let earlier = period.a_year_before();
        let before: Vec<AirDay> =
            self.days.iter().filter(|day| earlier.contains(day.date)).filter(same).cloned().collect();
        let edition = Edition::on(last);
        let now = AirPeriod::of(period, &self.days, edition).without(exclusions);
        let then = AirPeriod::of(earlier, &before, edition).without(exclusions);
        let composite_statistic = now.statistic(Indicator::CompositeIndex);
        let singles = now.single_indexes();
        Some(Summary {
            period,
            concentrations: concentrations(&now, &then),
            composite: compared(&now, &then, Indicator::CompositeIndex),
            composite_statistic,
            leading: singles.and_then(|singles| air::leading(&singles)).map(|(item, _)| item),
            good: good(&now),
            by_edition: by_edition(&within, &before),
            valid: now.all_valid(),
            left_out: within.iter().filter(|day| !exclusions.on(day.date).is_empty()).count(),
            good_with_all: good(&AirPeriod::of(period, &self.days, edition)),
        })
    }
}

/// Each with its part in the composite index, where all six are there.
fn concentrations(now: &AirPeriod<'_>, before: &AirPeriod<'_>) -> Vec<Compared> {
    let singles = now.single_indexes();
    let part = |indicator: Indicator| {
        let (_, index) = singles?.into_iter().find(|(item, _)| indicator.item() == Some(*item))?;
        let limit = now.statistic(indicator).value?.checked_div(index)?;
        Some((limit.short_text(1)?, index.fixed_text(3)?))
    };
    let one = |indicator: &Indicator| Compared { part: part(*indicator), ..compared(now, before, *indicator) };
    CONCENTRATIONS.iter().map(one).collect()
}

fn good(period: &AirPeriod<'_>) -> Good {
    let count = |indicator| {
        let value = period.statistic(indicator).value;
        value.and_then(|value| usize::try_from(value.numerator()).ok()).unwrap_or(0)
    };
    Good { good: count(Indicator::GoodDays), indexed: count(Indicator::IndexDays) }
}

/// Counts across a change of edition say nothing unless each edition is taken for both periods.
fn by_edition(now: &[&AirDay], before: &[AirDay]) -> Vec<ByEdition> {
    let mut editions: Vec<Edition> =
        before.iter().chain(now.iter().copied()).map(|day| Edition::on(day.date)).collect();
    editions.dedup();
    editions.dedup_by_key(|edition| edition.index_standard());
    if editions.len() < 2 {
        return Vec::new();
    }
    let count = |days: &mut dyn Iterator<Item = &AirDay>, edition: Edition| {
        let indexes: Vec<u16> = days.filter_map(|day| Some(day.means.judge(edition).aqi?.value)).collect();
        Good { good: indexes.iter().filter(|aqi| **aqi <= air::GOOD).count(), indexed: indexes.len() }
    };
    let of = |edition: Edition| ByEdition {
        standard: edition.index_standard(),
        now: count(&mut now.iter().copied(), edition),
        before: count(&mut before.iter(), edition),
    };
    editions.into_iter().map(of).collect()
}

fn compared(now: &AirPeriod<'_>, before: &AirPeriod<'_>, indicator: Indicator) -> Compared {
    let [now, before] = [now, before].map(|period| period.statistic(indicator));
    let change = now
        .value
        .zip(before.value)
        .and_then(|(now, before)| now.checked_sub(before)?.checked_mul(Rational::whole(100))?.checked_div(before));
    let text = change.and_then(|change| change.fixed_text(1)).unwrap_or_default();
    Compared {
        now: now.text().unwrap_or_default(),
        before: before.text().unwrap_or_default(),
        part: None,
        worse: !text.is_empty() && text != "0.0" && !text.starts_with('-'),
        change: if text.is_empty() || text.starts_with('-') || text == "0.0" { text } else { format!("+{text}") },
    }
}

#[cfg(test)]
mod tests {
    use bilan_standards::air::{DayMeans, HourlyAir};
    use jiff::ToSpan;
    use jiff::civil::date;

    use super::*;

    fn day(value: i64) -> DayMeans {
        let mut hours = HourlyAir::default();
        for item in Item::ALL {
            (0..24).for_each(|hour| hours.set(item, hour, Rational::whole(if item == Item::Co { 1 } else { value })));
        }
        hours.means()
    }

    fn two_aprils() -> Judged {
        let april = |year, value| date(year, 4, 1).series(1.day()).take(30).map(move |date| (date, day(value)));
        Judged::of(&april(2025, 70).chain(april(2026, 63)).collect(), date(2026, 11, 24))
    }

    #[test]
    fn a_month_is_compared_with_the_same_of_the_year_before() {
        let april =
            two_aprils().summary("2026-04".parse().unwrap(), &Exclusions::default(), date(2026, 11, 24)).unwrap();
        let fine = &april.concentrations[5];
        assert_eq!(
            (fine.now.as_str(), fine.before.as_str(), fine.change.as_str(), fine.worse),
            ("63", "70", "-10.0", false)
        );
        assert_eq!((april.leading, april.valid), (Some(Item::Pm25), true));
        assert!(two_aprils().summary("2026-05".parse().unwrap(), &Exclusions::default(), date(2026, 11, 24)).is_none());
    }

    #[test]
    fn good_days_across_a_change_of_edition_are_counted_by_both() {
        let april =
            two_aprils().summary("2026-04".parse().unwrap(), &Exclusions::default(), date(2026, 11, 24)).unwrap();
        let counts: Vec<_> = april.by_edition.iter().map(|one| (one.standard, one.now.good, one.before.good)).collect();
        // 63 and 70 µg/m³ of fine particles are good by the old table (75), not by the new one (60).
        assert_eq!(counts, [("HJ 633-2012", 30, 30), ("HJ 633-2026", 0, 0)]);
        assert_eq!((april.good.good, april.good.indexed), (0, 30), "as judged on the day");
    }

    #[test]
    fn a_month_that_is_not_over_is_compared_with_its_part() {
        let days =
            date(2025, 4, 1).series(1.day()).take(30).map(|date| (date, day(if date.day() > 10 { 500 } else { 50 })));
        let now = date(2026, 4, 1).series(1.day()).take(10).map(|date| (date, day(50)));
        let today = date(2026, 4, 11);
        let april = Judged::of(&days.chain(now).collect(), today).summary(
            "2026-04".parse().unwrap(),
            &Exclusions::default(),
            today,
        );
        assert_eq!(april.unwrap().concentrations[5].change, "0.0");
    }
}
