//! Months of a section: the mean of the valid hours of each item, of pH by its hydrogen ions.

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
use crate::live::verdict::mean_of;
use crate::state::AppState;

/// An item's month: the mean of its valid hours ([`mean_of`]), and how many they are.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mean {
    pub(super) value: Option<Rational>,
    pub(super) hours: usize,
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
        let (mut known, mut values) = (false, Vec::new());
        for hour in
            store.range(&series, midnight(first), midnight(next))?.iter().filter(|hour| Observation::is_valid(hour))
        {
            let local = offset(8).to_datetime(hour.at);
            *month.quarters.entry(local.date()).or_default() |= 1 << (local.hour() / 4);
            known = true;
            if is_possible(&series.factor, hour.value) {
                values.push(hour.value);
            }
        }
        if known {
            let mean = Mean { value: mean_of(&series.factor, &values), hours: values.len() };
            month.means.insert(series.factor, mean);
        }
    }
    Ok(month)
}

/// The means of a month as the standard takes them.
pub(super) fn section(month: &Month) -> Section<'_> {
    month.means.iter().filter_map(|(factor, mean)| Some((factor.as_str(), mean.value?))).collect()
}

/// The class of a month.
pub(super) fn class(month: &Month) -> Option<Classified> {
    water::classify(&section(month), Body::River)
}
