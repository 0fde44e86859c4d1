//! Hours of stations as days for the standards: of one station, or of the district as the mean of its stations hour by hour.

use std::collections::BTreeMap;

use bilan_records::actor::Actor;
use bilan_records::value::start_of_day;
use bilan_records::views::StationKind;
use bilan_standards::air::{self, DayMeans, HourlyAir, Item};
use bilan_standards::rounding::Rational;
use bilan_telemetry::{Kind, Observation, Series, Store};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::offset;

use crate::live::condition::ConditionError;
use crate::live::factors::air_item;
use crate::live::kept::{KeptMonths, months_of};
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

    /// An hour of an item. What is no number, or below zero, is left out: no air has it, and a mean over stations would be the better for it.
    pub(in crate::live) fn add(&mut self, item: Item, at: Timestamp, value: Option<Rational>) {
        let local = offset(8).to_datetime(at);
        if let Some(value) = value.filter(|value| *value >= Rational::ZERO) {
            self.values.entry((local.date(), local.hour(), item)).or_default().push(value);
        }
    }

    /// The days: each hour the mean over the stations, where three quarters of them have it.
    pub(in crate::live) fn days(self) -> BTreeMap<Date, HourlyAir> {
        let mut days = BTreeMap::<Date, HourlyAir>::new();
        for ((day, hour, item), values) in self.values {
            let mean = air::city_mean(&values, self.stations.get(&item).copied().unwrap_or(1));
            if let (Some(mean), Ok(hour)) = (mean, usize::try_from(hour)) {
                days.entry(day).or_default().set(item, hour, mean);
            }
        }
        days
    }
}

/// Statistics of days by their date.
pub(in crate::live) type Days = BTreeMap<Date, DayMeans>;

/// Days of stations, month by month.
pub(crate) type KeptDays = KeptMonths<Days>;

/// Every air station with its days `from..to`.
pub(super) fn of_each(
    app: &AppState,
    actor: &Actor,
    span: (Date, Date),
) -> Result<Vec<(Station, Days)>, ConditionError> {
    let mut each = Vec::new();
    for station in registered::stations(&app.ledger, actor)? {
        if station.kind == StationKind::Air {
            let days = days_of(app, &[&station], span)?;
            each.push((station, days));
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
        span: (Date, Date),
    ) -> Result<(Self, Days), ConditionError> {
        let all = registered::stations(&app.ledger, actor)?;
        let (place, stations) = Self::of(&all, station);
        let days = days_of(app, &stations, span)?;
        Ok((place, days))
    }

    /// The hours of one day.
    pub(super) fn read_day(
        app: &AppState,
        actor: &Actor,
        station: &str,
        day: Date,
    ) -> Result<(Self, HourlyAir), ConditionError> {
        let all = registered::stations(&app.ledger, actor)?;
        let (place, stations) = Self::of(&all, station);
        let mut hours = HourMeans::default();
        for known in &stations {
            read(&app.observations, known, (day, day.tomorrow().unwrap_or(day)), &mut hours)?;
        }
        Ok((place, hours.days().remove(&day).unwrap_or_default()))
    }

    /// The place, and the stations whose air it is.
    fn of<'s>(all: &'s [Station], station: &str) -> (Self, Vec<&'s Station>) {
        let air: Vec<&Station> = all.iter().filter(|station| station.kind == StationKind::Air).collect();
        let chosen = air.iter().find(|known| known.number == station).map(|known| known.number.clone());
        let chosen = chosen.unwrap_or_default();
        let stations = air.iter().map(|station| (station.number.clone(), station.name.clone())).collect();
        let whose = air.into_iter().filter(|known| chosen.is_empty() || known.number == chosen).collect();
        (Self { chosen, stations }, whose)
    }
}

/// Days of the mean of stations; months in which nothing has changed are not computed again.
fn days_of(app: &AppState, stations: &[&Station], (from, to): (Date, Date)) -> Result<Days, ConditionError> {
    // What a station's record says of its values belongs to what the result is of.
    let name = |station: &&Station| format!("{} {};", station.number, station.reports());
    let of: String = stations.iter().map(name).collect();
    let mut days = Days::new();
    for month in months_of((from, to)) {
        let version = stations.iter().map(|station| app.observations.hours_version(&station.number, month)).sum();
        let kept = app.air_days.get((&of, month), version, || {
            let next = month.last_of_month().tomorrow().unwrap_or(month);
            let mut hours = HourMeans::default();
            for station in stations {
                read(&app.observations, station, (month, next), &mut hours)?;
            }
            Ok::<_, ConditionError>(hours.days().iter().map(|(date, hours)| (*date, hours.means())).collect())
        })?;
        days.extend(kept.range(from..to).map(|(date, means)| (*date, *means)));
    }
    Ok(days)
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
        for hour in
            store.range(&series, midnight(from), midnight(to))?.iter().filter(|hour| Observation::is_valid(hour))
        {
            hours.add(item, hour.at, exact(hour.value));
        }
    }
    Ok(())
}
