//! Which devices may report: the stations of the register, read into memory and kept up to date.

mod surroundings;

use std::collections::HashMap;
use std::io::Cursor;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use anyhow::Result;
use bilan_gateway::{DeviceDirectory, Readmission};
use bilan_records::actor::Actor;
use bilan_records::exchange::{self, Format};
use bilan_records::ledger::{Follower, Ledger, ListQuery};
use bilan_standards::clock::beijing_day;
use bilan_standards::noise::NoiseLimit;
use bilan_standards::water::{self, Body, WaterClass};
use bilan_telemetry::{Device, Fact, Stamped, Store, StoreError};
use hj212::Sm4Key;
use jiff::Timestamp;
use serde::Deserialize;
use surroundings::{REGISTERS, Surroundings};

use crate::faults::{Faults, joined};

/// Between two looks whether a register has changed.
const LOOK: Duration = Duration::from_secs(1);

/// Stations that may report: those that run or are being looked after.
const REPORTING: &str = r#"mn is filled and state in ("running", "maintenance")"#;

/// The devices of the station register by their MN.
pub struct StationDirectory {
    ledger: Arc<Ledger>,
    known: RwLock<Known>,
    /// Hears of changes; held while the registers are read, so that two readings do not cross.
    follower: Mutex<Follower>,
}

#[derive(Default)]
struct Known {
    devices: HashMap<String, Arc<Device>>,
    /// When an order or a permit begins or ends: the stations are read again then.
    until: Option<Timestamp>,
}

/// The fields of a station that a connection needs.
#[derive(Deserialize)]
struct Station {
    number: String,
    name: String,
    kind: String,
    mn: String,
    #[serde(default)]
    password: String,
    stamped: Option<String>,
    minute_interval: Option<u16>,
    sm4_key: Option<String>,
    state: Option<String>,
    target_class: Option<String>,
    noise_zone: Option<String>,
    ownership: Option<String>,
    enterprise: Option<String>,
    power_installation: Option<String>,
    place: Option<Place>,
    #[serde(default)]
    factors: Vec<Instrument>,
}

/// Where it stands.
#[derive(Deserialize)]
struct Place {
    lon: f64,
    lat: f64,
}

/// A line of the station's list of factors: the range that its instrument can show.
#[derive(Deserialize)]
struct Instrument {
    factor: String,
    low: Option<f64>,
    high: Option<f64>,
}

impl StationDirectory {
    /// Reads the register.
    pub fn open(ledger: Arc<Ledger>) -> Result<Self> {
        let follower = Mutex::new(Follower::of(REGISTERS));
        let directory = Self { ledger, known: RwLock::default(), follower };
        directory.refresh()?;
        Ok(directory)
    }

    /// Reads the registers again if they have changed, or an order or a permit has begun or ended; says whether it did. The passwords are read in plain
    /// text, which the journal notes.
    pub fn refresh(&self) -> Result<bool> {
        let gateway = Actor::system("gateway");
        let mut follower = self.follower.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.ledger.now();
        let behind = follower.behind(&self.ledger)?;
        let has_run_out = {
            let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
            known.until.is_some_and(|until| until <= now)
        };
        if behind.is_none() && !has_run_out {
            return Ok(false);
        }
        let around = Surroundings::read(&self.ledger, &gateway, now)?;
        let query = ListQuery { filter: Some(REPORTING.to_owned()), ..ListQuery::of("station") };
        let mut lines = Cursor::new(Vec::new());
        let reason = "网关核对设备密码";
        exchange::export_with_personal(&self.ledger, &gateway, query, Format::Jsonl, &mut lines, reason)?;
        let devices = serde_json::Deserializer::from_slice(lines.get_ref())
            .into_iter::<Station>()
            .map(|station| station.map(|station| (station.mn.clone(), Arc::new(station.device(&around)))))
            .collect::<Result<_, _>>()?;
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = Known { devices, until: around.next_change() };
        if let Some(position) = behind {
            follower.has_reached(position);
        }
        Ok(true)
    }

    /// Every device, in the order of the MN.
    pub fn devices(&self) -> Vec<Arc<Device>> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let mut devices: Vec<_> = known.devices.values().cloned().collect();
        devices.sort_by(|left, right| left.mn.cmp(&right.mn));
        devices
    }

    /// The MN of the device of a station.
    pub fn mn_of(&self, station: &str) -> Option<String> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        known.devices.values().find(|device| device.station == station).map(|device| device.mn.clone())
    }
}

impl Station {
    fn device(&self, around: &Surroundings) -> Device {
        let mut device = Device::new(&self.mn, &self.password, &self.number, &self.name, &self.kind);
        if self.stamped.as_deref() == Some("end") {
            device.stamped = Stamped::End;
        }
        if let Some(minutes) = self.minute_interval {
            device.minute_interval = minutes;
        }
        if let Some(text) = &self.sm4_key {
            match Sm4Key::parse(text.trim()) {
                Ok(key) => device.sm4_key = Some(key),
                Err(fault) => tracing::warn!(station = %self.number, "the SM4 key of the station is none: {fault}"),
            }
        }
        let range =
            |line: &Instrument| Some((hj212::factor_code(line.factor.trim()).into_owned(), (line.low?, line.high?)));
        device.ranges = self.factors.iter().filter_map(range).filter(|(_, (low, high))| low < high).collect();
        device.maintained = self.state.as_deref() == Some("maintenance");
        self.add_facts(&mut device, around);
        device
    }

    /// What rules may ask of the station, and the limits that hold there: of its noise zone, of its target class in GB 3838-2002 table 1.
    fn add_facts(&self, device: &mut Device, around: &Surroundings) {
        let mut word = |key: &str, text: &Option<String>| {
            if let Some(text) = text {
                device.facts.insert(key.to_owned(), Fact::Word(text.clone()));
            }
        };
        word("kind", &Some(self.kind.clone()));
        word("target_class", &self.target_class);
        word("ownership", &self.ownership);
        if let Some(zone) = self.noise_zone.as_ref().and_then(|number| around.zone(number)) {
            word("zone", &Some(zone.class.clone()));
            device.limits.insert("day".to_owned(), zone.day);
            device.limits.insert("night".to_owned(), zone.night);
        }
        let mut yes = |key: &str, yes: bool| device.facts.insert(key.to_owned(), Fact::Yes(yes));
        yes("stopped", around.is_stopped([self.power_installation.as_ref(), self.enterprise.as_ref()]));
        let place = self.place.as_ref().map(|place| [place.lon, place.lat]);
        yes("night_permit", around.may_work_at_night(self.enterprise.as_ref(), place));
        if self.kind == "dust"
            && let Some(limit) = NoiseLimit::of_site(beijing_day(around.now()))
        {
            device.limits.insert("day".to_owned(), f64::from(limit.day));
            device.limits.insert("night".to_owned(), f64::from(limit.night));
        }
        let target = match self.target_class.as_deref() {
            Some("ii") => WaterClass::II,
            Some("iii") => WaterClass::III,
            Some("iv") => WaterClass::IV,
            Some("v") => WaterClass::V,
            _ => return,
        };
        for (code, item) in water::coded_items(Body::River) {
            if let Some(limit) = item.limit(target) {
                device.limits.insert(code.to_owned(), limit.to_f64());
            }
        }
    }
}

/// Keeps the directory as the registers are, and tells the rules; never ends. A change is at work within seconds.
pub async fn follow(stations: Arc<StationDirectory>, observations: Store, readmission: Readmission) {
    let mut turns = tokio::time::interval(LOOK);
    turns.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut is_behind = true;
    let mut faults = Faults::default();
    loop {
        turns.tick().await;
        let directory = Arc::clone(&stations);
        let refreshed = joined(tokio::task::spawn_blocking(move || directory.refresh()).await);
        faults.note("the stations could not be read", &refreshed);
        is_behind |= refreshed.unwrap_or(false);
        if is_behind {
            let published = publish(&stations, &observations, &readmission).await;
            faults.note("what the register says of stations did not reach the rules", &published);
            is_behind = published.is_err();
        }
    }
}

/// Hands what the directory holds to the rules, and what strangers sent that are in it by now to the store.
async fn publish(
    stations: &StationDirectory,
    observations: &Store,
    readmission: &Readmission,
) -> Result<(), StoreError> {
    observations.register(stations.devices()).await?;
    let packets = readmission.run(observations, stations).await?;
    if packets > 0 {
        tracing::info!("{packets} packets of devices that were approved are out of quarantine");
    }
    Ok(())
}

impl DeviceDirectory for StationDirectory {
    fn device(&self, mn: &str) -> Option<Arc<Device>> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).devices.get(mn).cloned()
    }
}

#[cfg(test)]
mod tests;
