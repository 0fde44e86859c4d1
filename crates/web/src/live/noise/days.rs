//! Valid hours of a station as days of noise: the night of a day runs into the next morning.

use std::collections::BTreeMap;

use bilan_records::value::start_of_day;
use bilan_standards::noise::{DecibelA, NoiseDay, Period};
use bilan_telemetry::{Kind, Observation, Series, Store};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::offset;

use crate::live::condition::ConditionError;
use crate::live::registered::Station;

/// Factors that can stand for the level of an hour, the first that is there.
const LEVELS: [&str; 2] = ["Leq", "LA"];

/// An hour of a day: when it began, day or night, its level.
pub(super) type Hour = (Timestamp, Period, DecibelA);

/// Days with their hours in the order of time.
pub(super) type Days = BTreeMap<Date, Vec<Hour>>;

/// The days `from..to` of a station.
pub(super) fn read(store: &Store, station: &Station, (from, to): (Date, Date)) -> Result<Days, ConditionError> {
    let mut days = Days::new();
    // The last night ends in the morning after.
    let beyond = to.tomorrow().ok();
    let (Some(begins), Some(ends)) = (start_of_day(from), beyond.and_then(start_of_day)) else { return Ok(days) };
    let known = store.series_of(&station.number)?;
    let hourly = |factor: &&str| Series::main(&station.number, factor, Kind::Hour);
    let Some(series) = LEVELS.iter().map(hourly).find(|series| known.contains(series)) else {
        return Ok(days);
    };
    for hour in store.range(&series, begins, ends)?.iter().filter(|hour| Observation::is_valid(hour)) {
        let local = offset(8).to_datetime(hour.at);
        let day = station.night.date_of(local.date(), local.hour());
        if let Some(level) = DecibelA::new(hour.value).filter(|level| !level.is_dead() && (from..to).contains(&day)) {
            days.entry(day).or_default().push((hour.at, station.night.period(local.hour()), level));
        }
    }
    Ok(days)
}

/// A day as the standard takes it.
pub(super) fn judged(hours: &[Hour]) -> NoiseDay {
    let mut day = NoiseDay::default();
    hours.iter().for_each(|(at, period, level)| day.add(offset(8).to_datetime(*at).hour(), *period, *level));
    day
}
