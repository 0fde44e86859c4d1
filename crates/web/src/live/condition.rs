//! How stations are now: what their records say of them, what their devices sent, and the verdicts on it. Asked for all stations at once (map,
//! list, big screen) or for one (its page).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bilan_records::actor::Actor;
use bilan_records::ledger::{Ledger, ReadError};
use bilan_records::value::beijing;
use bilan_records::views::StationKind;
use bilan_standards::air::{Concentration, Item};
use bilan_standards::clock::beijing_day;
use bilan_standards::rounding::Rational;
use bilan_telemetry::{Kind, Observation, Series, Store, StoreError};
use jiff::{SignedDuration, Timestamp};

use super::factors::{self, Factor};
use super::registered::{self, Station};
use super::verdict::{self, Hour, HourMean, Verdict};

/// A station that should speak and has not for so long is silent. The shipped rule `station_silent` warns after the same time.
pub(crate) const SILENCE: SignedDuration = SignedDuration::from_mins(30);
/// Water stations sample every four hours: a value stands until the next.
const WATER_STANDS: SignedDuration = SignedDuration::from_hours(4);
const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// Why the condition could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ConditionError {
    /// The ledger.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The observations.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// How a station is.
#[derive(Debug, Clone)]
pub(crate) struct Condition {
    /// When its device was last heard.
    pub(crate) last_heard: Option<Timestamp>,
    /// It should speak and does not.
    pub(crate) silent: bool,
    /// The hour that runs.
    pub(crate) running: Hour,
    /// The hour before it.
    pub(crate) complete: Hour,
    /// Verdict on the hour that runs.
    pub(crate) now: Option<Verdict>,
    /// Verdict on the hour before.
    pub(crate) before: Option<Verdict>,
    /// The newest instants.
    pub(crate) latest: Vec<Observation>,
}

impl Condition {
    /// The verdict to be shown: of the hour that runs, else of the one before; none of a station that is silent.
    pub(crate) fn verdict(&self) -> Option<&Verdict> {
        if self.silent { None } else { self.now.as_ref().or(self.before.as_ref()) }
    }

    /// The index items of the hour that the verdict is of.
    fn items(&self) -> Vec<(Item, Concentration)> {
        let hour = if self.now.is_some() { &self.running } else { &self.complete };
        verdict::air_items(hour)
    }
}

/// What devices sent, gathered by station, for the hour that runs and the one before.
struct Gathered {
    running_from: Timestamp,
    instants: ByStation,
    instants_before: ByStation,
    hours: ByStation,
    hours_of_water: ByStation,
}

type ByStation = HashMap<String, Vec<(Series, Vec<f64>)>>;

fn by_station(values: Vec<(Series, Vec<f64>)>) -> ByStation {
    let mut gathered = ByStation::new();
    for (series, values) in values {
        gathered.entry(series.station.clone()).or_default().push((series, values));
    }
    gathered
}

/// The start of the hour of an instant.
pub(crate) fn hour_of(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second() - at.as_second().rem_euclid(3600)).unwrap_or(at)
}

fn earlier(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.saturating_sub(by).unwrap_or(at)
}

impl Gathered {
    fn read(store: &Store, station: Option<&str>, now: Timestamp) -> Result<Self, StoreError> {
        let running_from = hour_of(now);
        let before = earlier(running_from, HOUR);
        let end = now.saturating_add(SignedDuration::from_secs(1)).unwrap_or(now);
        let hours = store.valid_values(station, Kind::Hour, before, running_from)?;
        // Only where the device has not sent its hour yet are the hour's instants needed.
        let instants = store.valid_values(station, Kind::Realtime, running_from, end)?;
        let lacking = instants.iter().any(|(series, _)| !hours.iter().any(|(hour, _)| hour.station == series.station));
        let instants_before = if lacking || instants.is_empty() {
            store.valid_values(station, Kind::Realtime, before, running_from)?
        } else {
            Vec::new()
        };
        let hours_of_water =
            store.valid_values(station, Kind::Hour, earlier(running_from, WATER_STANDS), running_from)?;
        Ok(Self {
            running_from,
            instants: by_station(instants),
            instants_before: by_station(instants_before),
            hours: by_station(hours),
            hours_of_water: by_station(hours_of_water),
        })
    }

    fn running(&self, station: &Station) -> Hour {
        hour(self.running_from, false, &[], of(&self.instants, station))
    }

    fn complete(&self, station: &Station) -> Hour {
        let sent = if station.kind == StationKind::Water { &self.hours_of_water } else { &self.hours };
        hour(earlier(self.running_from, HOUR), true, of(sent, station), of(&self.instants_before, station))
    }
}

fn of<'g>(gathered: &'g ByStation, station: &Station) -> &'g [(Series, Vec<f64>)] {
    gathered.get(&station.number).map(Vec::as_slice).unwrap_or_default()
}

/// An hour from what the device sent of it, and from instants where it sent nothing.
fn hour(begins: Timestamp, over: bool, sent: &[(Series, Vec<f64>)], instants: &[(Series, Vec<f64>)]) -> Hour {
    let mut means: Vec<HourMean> = sent
        .iter()
        .filter_map(|(series, values)| {
            let sent = *values.last()?;
            let mean = verdict::exact(sent).filter(|_| factors::is_possible(&series.factor, sent))?;
            Some(HourMean { factor: series.factor.clone(), mean, samples: 0 })
        })
        .collect();
    for (series, values) in instants {
        if means.iter().any(|mean| mean.factor == series.factor) {
            continue;
        }
        let possible = values.iter().copied().filter(|value| factors::is_possible(&series.factor, *value));
        let values: Vec<f64> = possible.collect();
        let mean = verdict::mean_of(&series.factor, &values);
        means.extend(mean.map(|mean| HourMean { factor: series.factor.clone(), mean, samples: values.len() }));
    }
    means.sort_by_key(|mean| factors::rank(&mean.factor));
    let provisional = !over || means.iter().any(|mean| mean.samples > 0);
    Hour { begins, provisional, means }
}

fn judge(station: &Station, hour: &Hour) -> Option<Verdict> {
    match station.kind {
        StationKind::Air => {
            let items = verdict::air_items(hour);
            verdict::air(&items, hour, beijing_day(hour.begins))
        }
        StationKind::Water => verdict::water(hour, station.target),
        StationKind::Noise => verdict::noise(hour, station.zone, station.night.period(beijing(hour.begins).hour())),
        _ => None,
    }
}

fn condition(
    station: &Station,
    gathered: &Gathered,
    last_heard: Option<Timestamp>,
    latest: Vec<Observation>,
    now: Timestamp,
) -> Condition {
    let (running, complete) = (gathered.running(station), gathered.complete(station));
    let quiet = last_heard.is_none_or(|heard| now.duration_since(heard) > SILENCE);
    Condition {
        last_heard,
        silent: station.reports() && quiet,
        now: judge(station, &running),
        before: judge(station, &complete),
        running,
        complete,
        latest,
    }
}

/// How one station is now.
pub(crate) fn of_one(store: &Store, station: &Station, now: Timestamp) -> Result<Condition, StoreError> {
    let heard = store.device_of(&station.number)?.map(|device| device.last_heard);
    let latest =
        store.latest(&station.number).into_iter().filter(|value| value.series.kind == Kind::Realtime).collect();
    let gathered = Gathered::read(store, Some(&station.number), now)?;
    Ok(condition(station, &gathered, heard, latest, now))
}

/// All stations and how they are, at one moment.
#[derive(Debug)]
pub(crate) struct Snapshot {
    /// When it was taken.
    pub(crate) at: Timestamp,
    /// Every station of the register, in the order of the code.
    pub(crate) stations: Vec<(Station, Condition)>,
    /// The index over all stations of air that speak.
    pub(crate) district: Option<Verdict>,
}

impl Snapshot {
    fn take(ledger: &Ledger, store: &Store, now: Timestamp) -> Result<Self, ConditionError> {
        let stations = registered::stations(ledger, &Actor::system("live"))?;
        let gathered = Gathered::read(store, None, now)?;
        let mut heard: HashMap<String, Timestamp> = HashMap::new();
        for device in store.devices()? {
            let last = heard.entry(device.station).or_insert(device.last_heard);
            *last = device.last_heard.max(*last);
        }
        let mut latest: HashMap<String, Vec<Observation>> = HashMap::new();
        for value in store.latest_everywhere(Kind::Realtime) {
            latest.entry(value.series.station.clone()).or_default().push(value);
        }
        let stations: Vec<(Station, Condition)> = stations
            .into_iter()
            .map(|station| {
                let latest = latest.remove(&station.number).unwrap_or_default();
                let condition = condition(&station, &gathered, heard.get(&station.number).copied(), latest, now);
                (station, condition)
            })
            .collect();
        let district = district(&stations);
        Ok(Self { at: now, stations, district })
    }

    /// The station of a number.
    pub(crate) fn get(&self, number: &str) -> Option<&(Station, Condition)> {
        self.stations.iter().find(|(station, _)| station.number == number)
    }
}

fn district(stations: &[(Station, Condition)]) -> Option<Verdict> {
    let speaking: Vec<_> = stations
        .iter()
        .filter(|(station, condition)| station.kind == StationKind::Air && condition.verdict().is_some())
        .collect();
    let (_, first) = speaking.first()?;
    let hour = if first.now.is_some() { &first.running } else { &first.complete };
    let items: Vec<Vec<(Item, Concentration)>> = speaking.iter().map(|(_, condition)| condition.items()).collect();
    verdict::district(&items, hour, beijing_day(hour.begins))
}

/// The last snapshot: many eyes on one map ask once.
#[derive(Debug, Default)]
pub(crate) struct Desk(Mutex<Option<(Instant, Arc<Snapshot>)>>);

/// How old a snapshot may be that is handed out again.
const FRESH: Duration = Duration::from_secs(2);

impl Desk {
    /// How all stations are now, or were two seconds ago.
    pub(crate) fn snapshot(&self, ledger: &Ledger, store: &Store) -> Result<Arc<Snapshot>, ConditionError> {
        // The lock is held while the snapshot is taken: whoever comes meanwhile gets the same one.
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((taken, snapshot)) = last.as_ref()
            && taken.elapsed() < FRESH
        {
            return Ok(Arc::clone(snapshot));
        }
        let snapshot = Arc::new(Snapshot::take(ledger, store, ledger.now())?);
        *last = Some((Instant::now(), Arc::clone(&snapshot)));
        Ok(snapshot)
    }
}

/// A mean as its factor is printed.
pub(crate) fn printed(code: &str, mean: Rational) -> String {
    let digits = Factor::of(code).map_or(2, |factor| factor.digits);
    bilan_standards::rounding::half_even(mean, u32::try_from(digits).unwrap_or(2)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(factor: &str, kind: Kind, values: &[f64]) -> (Series, Vec<f64>) {
        (Series::main("S", factor, kind), values.to_vec())
    }

    #[test]
    fn what_the_device_sent_goes_before_what_is_reckoned_here() {
        let begins = Timestamp::UNIX_EPOCH;
        let sent = [values("a34004", Kind::Hour, &[40.0])];
        let instants = [values("a34004", Kind::Realtime, &[90.0]), values("a34002", Kind::Realtime, &[60.0, 61.0])];
        let mixed = hour(begins, true, &sent, &instants);
        let read: Vec<_> =
            mixed.means.iter().map(|mean| (mean.factor.as_str(), mean.mean.to_f64(), mean.samples)).collect();
        assert_eq!(read, [("a34004", 40.0, 0), ("a34002", 60.5, 2)]);
        assert!(mixed.provisional, "one of its means was made of instants");
        assert!(!hour(begins, true, &sent, &[]).provisional);
        assert!(hour(begins, false, &[], &instants).provisional);
    }

    #[test]
    fn the_hour_of_ph_is_the_mean_of_its_ions_and_so_is_its_class() {
        let instants = [values("w01001", Kind::Realtime, &[5.0, 7.0, 5.0, 7.0])];
        let running = hour(Timestamp::UNIX_EPOCH, false, &[], &instants);
        assert_eq!(printed("w01001", running.means[0].mean), "5.30");
        let class = verdict::water(&running, None).map(|verdict| verdict.short);
        assert_eq!(class.as_deref(), Some("劣Ⅴ"), "the arithmetic mean, 6.00, would be of class I");
    }

    #[test]
    fn the_hour_of_an_instant_begins_at_its_full_hour() {
        let at: Timestamp = "2026-11-23T12:59:59Z".parse().unwrap();
        assert_eq!(hour_of(at).to_string(), "2026-11-23T12:00:00Z");
    }
}
