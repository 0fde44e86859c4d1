//! Months of a section: the mean of the valid hours of each item.

use std::collections::BTreeMap;

use bilan_records::value::start_of_day;
use bilan_standards::rounding::Rational;
use bilan_standards::water::{self, Body, Classified, Section};
use bilan_telemetry::{Kind, Observation, Series, Store};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::offset;

use crate::live::condition::ConditionError;
use crate::live::registered::Station;
use crate::live::verdict::exact;

/// An item's month: sum of its valid hours, and how many they are.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mean {
    sum: Rational,
    pub(super) hours: usize,
}

impl Mean {
    /// The mean.
    pub(super) fn value(self) -> Option<Rational> {
        self.sum.checked_div(Rational::whole(i64::try_from(self.hours).ok()?))
    }
}

/// One month, by factor.
pub(super) type Month = BTreeMap<String, Mean>;

/// Months with anything in them, by their first day.
pub(super) type Months = BTreeMap<Date, Month>;

/// The months that touch `from..to`, both first days of months.
pub(super) fn read(store: &Store, station: &Station, (from, to): (Date, Date)) -> Result<Months, ConditionError> {
    let midnight = |day: Date| start_of_day(day).unwrap_or(Timestamp::MAX);
    let mut months = Months::new();
    for series in store.series_of(&station.number)? {
        let is_judged = water::item(&series.factor, Body::River).is_some();
        if !is_judged || series != Series::main(&series.station, &series.factor, Kind::Hour) {
            continue;
        }
        for hour in
            store.range(&series, midnight(from), midnight(to))?.iter().filter(|hour| Observation::is_valid(hour))
        {
            let month = offset(8).to_datetime(hour.at).date().first_of_month();
            let known = months.entry(month).or_default().entry(series.factor.clone());
            let mean = known.or_insert(Mean { sum: Rational::ZERO, hours: 0 });
            if let Some(sum) = exact(hour.value).and_then(|value| mean.sum.checked_add(value)) {
                *mean = Mean { sum, hours: mean.hours + 1 };
            }
        }
    }
    Ok(months)
}

/// The means of a month as the standard takes them.
pub(super) fn section(month: &Month) -> Section<'_> {
    month.iter().filter_map(|(factor, mean)| Some((factor.as_str(), mean.value()?))).collect()
}

/// The class of a month.
pub(super) fn class(month: &Month) -> Option<Classified> {
    water::classify(&section(month), Body::River)
}
