//! Hours of stations as days for the standards: of one station, or of the district as the mean of its stations hour by hour.

use std::collections::BTreeMap;

use bilan_records::actor::Actor;
use bilan_records::value::start_of_day;
use bilan_standards::air::{self, HourlyAir, Item};
use bilan_standards::rounding::Rational;
use bilan_telemetry::{Kind, Observation, Series, Store};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::offset;

use crate::live::condition::ConditionError;
use crate::live::factors::air_item;
use crate::live::registered::{self, Station};
use crate::live::verdict::exact;
use crate::state::AppState;

/// Valid hours of stations, gathered by day, hour and item.
#[derive(Debug, Default)]
pub(in crate::live) struct HourMeans {
    values: BTreeMap<(Date, i8, Item), Vec<Rational>>,
    /// Stations that measure an item.
    stations: BTreeMap<Item, usize>,
}

impl HourMeans {
    /// One more station measures an item: a mean needs most of them.
    pub(in crate::live) fn station(&mut self, item: Item) {
        *self.stations.entry(item).or_default() += 1;
    }

    /// An hour of an item. What is no number is left out.
    pub(in crate::live) fn add(&mut self, item: Item, at: Timestamp, value: Option<Rational>) {
        let local = offset(8).to_datetime(at);
        if let Some(value) = value {
            self.values.entry((local.date(), local.hour(), item)).or_default().push(value);
        }
    }

    /// The days: each hour the mean over the stations, where three quarters of them have it.
    pub(in crate::live) fn days(self) -> BTreeMap<Date, HourlyAir> {
        let mut days = Days::new();
        for ((day, hour, item), values) in self.values {
            let mean = air::city_mean(&values, self.stations.get(&item).copied().unwrap_or(1));
            if let (Some(mean), Ok(hour)) = (mean, usize::try_from(hour)) {
                days.entry(day).or_default().set(item, hour, mean);
            }
        }
        days
    }
}

/// Days of air by their date.
pub(super) type Days = BTreeMap<Date, HourlyAir>;

/// Every air station with its days `from..to`.
pub(super) fn of_each(
    app: &AppState,
    actor: &Actor,
    span: (Date, Date),
) -> Result<Vec<(Station, Days)>, ConditionError> {
    let mut each = Vec::new();
    for station in registered::stations(&app.ledger, actor)? {
        if station.kind == "air" {
            let mut hours = HourMeans::default();
            read(&app.observations, &station, span, &mut hours)?;
            each.push((station, hours.days()));
        }
    }
    Ok(each)
}

/// Whose air: one station, or all of them.
pub(super) struct Place {
    /// The chosen station's number; empty for the district.
    pub(super) chosen: String,
    /// Number and name of the stations that can be chosen.
    pub(super) stations: Vec<(String, String)>,
    /// The days.
    pub(super) days: Days,
}

impl Place {
    /// Name of the station; `None` for the district.
    pub(super) fn name(&self) -> Option<&str> {
        self.stations.iter().find(|(number, _)| *number == self.chosen).map(|(_, name)| name.as_str())
    }

    /// The days `from..to` of a station, or of the district where none of that number is seen.
    pub(super) fn read(
        app: &AppState,
        actor: &Actor,
        station: &str,
        (from, to): (Date, Date),
    ) -> Result<Self, ConditionError> {
        let all = registered::stations(&app.ledger, actor)?;
        let air: Vec<&Station> = all.iter().filter(|station| station.kind == "air").collect();
        let chosen = air.iter().find(|known| known.number == station).map(|known| known.number.clone());
        let chosen = chosen.unwrap_or_default();
        let mut hours = HourMeans::default();
        for known in air.iter().filter(|known| chosen.is_empty() || known.number == chosen) {
            read(&app.observations, known, (from, to), &mut hours)?;
        }
        let stations = air.into_iter().map(|station| (station.number.clone(), station.name.clone())).collect();
        Ok(Self { chosen, stations, days: hours.days() })
    }
}

fn read(
    store: &Store,
    station: &Station,
    (from, to): (Date, Date),
    hours: &mut HourMeans,
) -> Result<(), ConditionError> {
    let midnight = |day: Date| start_of_day(day).unwrap_or(Timestamp::MAX);
    for series in store.series_of(&station.number)? {
        let Some(item) = air_item(&series.factor) else { continue };
        if series != Series::main(&series.station, &series.factor, Kind::Hour) {
            continue;
        }
        // A station that was given up is not missed.
        if station.reports() {
            hours.station(item);
        }
        let scale = if item != Item::Co && station.in_milligrams(&series.factor) { 1000 } else { 1 };
        for hour in
            store.range(&series, midnight(from), midnight(to))?.iter().filter(|hour| Observation::is_valid(hour))
        {
            hours.add(item, hour.at, exact(hour.value).and_then(|value| value.checked_mul(Rational::whole(scale))));
        }
    }
    Ok(())
}
