//! Hours of stations as days for the standards: of one station, or of the district as the mean of its stations hour by hour.

use std::collections::BTreeMap;

use bilan_records::actor::Actor;
use bilan_standards::air::{HourlyAir, Item};
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
pub(in crate::live) struct HourMeans(BTreeMap<(Date, i8, Item), Vec<Rational>>);

impl HourMeans {
    /// An hour of an item. What is no number is left out.
    pub(in crate::live) fn add(&mut self, item: Item, at: Timestamp, value: Option<Rational>) {
        let local = offset(8).to_datetime(at);
        if let Some(value) = value {
            self.0.entry((local.date(), local.hour(), item)).or_default().push(value);
        }
    }

    /// The days: each hour the mean over the stations that have it.
    pub(in crate::live) fn days(self) -> BTreeMap<Date, HourlyAir> {
        let mut days: BTreeMap<Date, HourlyAir> = BTreeMap::new();
        for ((day, hour, item), values) in self.0 {
            let sum = values.iter().try_fold(Rational::ZERO, |sum, value| sum.checked_add(*value));
            let count = i64::try_from(values.len()).map(Rational::whole).ok();
            let mean = sum.zip(count).and_then(|(sum, count)| sum.checked_div(count));
            if let (Some(mean), Ok(hour)) = (mean, usize::try_from(hour)) {
                days.entry(day).or_default().set(item, hour, mean);
            }
        }
        days
    }
}

/// Whose air: one station, or all of them.
pub(super) struct Place {
    /// The chosen station's number; empty for the district.
    pub(super) chosen: String,
    /// Number and name of the stations that can be chosen.
    pub(super) stations: Vec<(String, String)>,
    /// The days.
    pub(super) days: BTreeMap<Date, HourlyAir>,
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
    let midnight = |day: Date| offset(8).to_timestamp(day.at(0, 0, 0, 0)).unwrap_or(Timestamp::MAX);
    for series in store.series_of(&station.number)? {
        let Some(item) = air_item(&series.factor) else { continue };
        if series != Series::main(&series.station, &series.factor, Kind::Hour) {
            continue;
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
