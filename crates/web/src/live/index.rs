//! Indexes as observations: the hourly air quality index of each station, and the index of its last 24 hours, for rules and charts.
//!
//! Heavy-pollution levels count days that may be any 24 hours across midnight (环大气〔2024〕6号).

use bilan_records::actor::Actor;
use bilan_records::ledger::Ledger;
use bilan_records::views::StationKind;
use bilan_standards::air::{self, Concentration, Edition, HourlyAir, Item};
use bilan_standards::clock::beijing_day;
use bilan_telemetry::{Kind, Observation, Period, Requirement, Series, Store};
use jiff::{SignedDuration, Timestamp};

use super::condition::{ConditionError, hour_of};
use super::factors::air_item;
use super::registered::{self, Station};
use super::verdict::exact;

/// Factor under which the index of an hour stands.
const HOURLY: &str = "aqi";
/// Factor under which the index of 24 hours stands.
const ROLLING: &str = "aqi_24h";

/// The indexes of the last whole hour of every air station, where they are not stored as they are.
///
/// # Errors
/// If registers or observations cannot be read.
pub fn air_indexes(ledger: &Ledger, store: &Store, now: Timestamp) -> Result<Vec<Observation>, ConditionError> {
    let end = hour_of(now);
    let mut found = Vec::new();
    for station in registered::stations(ledger, &Actor::system("indexes"))? {
        if station.kind == StationKind::Air && station.reports() {
            found.extend(of_station(store, &station, end)?);
        }
    }
    Ok(found)
}

fn of_station(store: &Store, station: &Station, end: Timestamp) -> Result<Vec<Observation>, ConditionError> {
    let from = end - SignedDuration::from_hours(24);
    let mut day = HourlyAir::default();
    let mut last: Vec<(Item, Concentration)> = Vec::new();
    let mut seen = Vec::new();
    for series in store.series_of(&station.number)? {
        let Some(item) = air_item(&series.factor).filter(|item| !seen.contains(item)) else { continue };
        seen.push(item);
        let requirement = Requirement::of_station("air");
        for hour in store.statistics(&station.number, &series.factor, Period::Hour, (from, end), requirement)? {
            let Some(value) = hour.mean.filter(|_| hour.valid).and_then(exact) else { continue };
            let place = hour.from.duration_since(from).as_hours();
            if let Ok(place) = usize::try_from(place) {
                day.set(item, place, value);
            }
            if hour.to == end {
                last.extend(Concentration::rounded(item, value).map(|value| (item, value)));
            }
        }
    }
    let edition = Edition::on(beijing_day(end - SignedDuration::from_secs(1)));
    let indexes = [(HOURLY, air::hourly(&last, edition)), (ROLLING, air::daily(&day, edition).aqi)];
    let mut fresh = Vec::new();
    for (factor, index) in indexes {
        let Some(index) = index else { continue };
        let index = observation(station, factor, end, index.value);
        let stored = store.range(&index.series, index.at, end)?;
        if stored.first().is_none_or(|known| known.value != index.value) {
            fresh.push(index);
        }
    }
    Ok(fresh)
}

fn observation(station: &Station, factor: &str, end: Timestamp, value: u16) -> Observation {
    Observation {
        series: Series::main(&station.number, factor, Kind::Hour),
        at: end - SignedDuration::from_hours(1),
        period_s: 3600,
        value: f64::from(value),
        text: value.to_string(),
        flag: Some("N".to_owned()),
        reviewed: None,
    }
}
