//! Months of a section: the mean of the valid hours of each item.

use std::collections::BTreeMap;
use std::sync::Arc;

use bilan_records::value::start_of_day;
use bilan_standards::rounding::Rational;
use bilan_standards::water::{self, Body, Classified, Section, StationNeeds};
use bilan_telemetry::{Kind, Observation, Series, Store};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::offset;

use crate::live::condition::ConditionError;
use crate::live::factors::is_possible;
use crate::live::kept::{KeptMonths, months_of};
use crate::live::registered::Station;
use crate::live::verdict::exact;
use crate::state::AppState;

/// An item's month: sum of its valid hours, and how many they are.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mean {
    sum: Rational,
    pub(super) hours: usize,
}

impl Mean {
    /// The mean.
    pub(super) fn value(self) -> Option<Rational> {
        self.sum.checked_div(Rational::whole(i64::try_from(self.hours).ok()?))
    }
}

/// One month.
#[derive(Debug, Clone, Default)]
pub(crate) struct Month {
    /// Means by factor.
    pub(super) means: BTreeMap<String, Mean>,
    /// On each day a bit for each four hours that have a value.
    quarters: BTreeMap<Date, u8>,
}

impl Month {
    /// Days with enough values for a mean (自动站有效日).
    pub(super) fn valid_days(&self) -> usize {
        let enough = |quarters: &&u8| quarters.count_ones() as usize >= StationNeeds::default().values;
        self.quarters.values().filter(enough).count()
    }

    /// Whether the month has the days that it needs.
    pub(super) fn is_valid(&self) -> bool {
        self.valid_days() >= StationNeeds::default().days
    }
}

/// Months with anything in them, by their first day.
pub(super) type Months = BTreeMap<Date, Arc<Month>>;

/// Months of stations.
pub(crate) type KeptWater = KeptMonths<Month>;

/// The months that touch `from..to`, both first days of months.
pub(super) fn read(app: &AppState, station: &Station, span: (Date, Date)) -> Result<Months, ConditionError> {
    let mut months = Months::new();
    for first in months_of(span) {
        let version = app.observations.hours_version(&station.number, first);
        let kept =
            app.water_months.get((&station.number, first), version, || one(&app.observations, station, first))?;
        if !kept.means.is_empty() {
            months.insert(first, kept);
        }
    }
    Ok(months)
}

fn one(store: &Store, station: &Station, first: Date) -> Result<Month, ConditionError> {
    let midnight = |day: Date| start_of_day(day).unwrap_or(Timestamp::MAX);
    let next = first.last_of_month().tomorrow().unwrap_or(first);
    let mut month = Month::default();
    for series in store.series_of(&station.number)? {
        let is_judged = water::item(&series.factor, Body::River).is_some();
        if !is_judged || series != Series::main(&series.station, &series.factor, Kind::Hour) {
            continue;
        }
        for hour in
            store.range(&series, midnight(first), midnight(next))?.iter().filter(|hour| Observation::is_valid(hour))
        {
            let local = offset(8).to_datetime(hour.at);
            *month.quarters.entry(local.date()).or_default() |= 1 << (local.hour() / 4);
            let known = month.means.entry(series.factor.clone());
            let mean = known.or_insert(Mean { sum: Rational::ZERO, hours: 0 });
            let possible = exact(hour.value).filter(|_| is_possible(&series.factor, hour.value));
            if let Some(sum) = possible.and_then(|value| mean.sum.checked_add(value)) {
                *mean = Mean { sum, hours: mean.hours + 1 };
            }
        }
    }
    Ok(month)
}

/// The means of a month as the standard takes them.
pub(super) fn section(month: &Month) -> Section<'_> {
    month.means.iter().filter_map(|(factor, mean)| Some((factor.as_str(), mean.value()?))).collect()
}

/// The class of a month.
pub(super) fn class(month: &Month) -> Option<Classified> {
    water::classify(&section(month), Body::River)
}
