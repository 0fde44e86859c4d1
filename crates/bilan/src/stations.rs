//! Which devices may report: the stations of the register, read into memory and kept up to date.

mod surroundings;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use anyhow::Result;
use bilan_gateway::{DeviceDirectory, Readmission};
use bilan_records::actor::Actor;
use bilan_records::contract::{Condition, Kept, Refers, View};
use bilan_records::ledger::{Follower, Ledger};
use bilan_records::views::{Stamping, StationFactor, StationKind, StationRecord, StationState, TargetClass};
use bilan_standards::cell::{self, Scale};
use bilan_standards::clock::beijing_day;
use bilan_standards::noise::NoiseLimit;
use bilan_standards::water::{self, Body};
use bilan_telemetry::{Device, Fact, Stamped, Store, StoreError};
use hj212::Sm4Key;
use jiff::Timestamp;
use surroundings::{REGISTERS, Surroundings};

use crate::faults::{Faults, joined};

/// Between two looks whether a register has changed.
const LOOK: Duration = Duration::from_secs(1);

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
        let reporting = StationRecord::query()
            .only(StationRecord::mn().is_filled())
            .only(Condition::in_state(&[StationState::Running, StationState::Maintenance]));
        let mut devices = HashMap::new();
        for record in self.ledger.list_all_in_plain(&gateway, &reporting.into(), "网关核对设备密码")? {
            match StationRecord::read(&record) {
                Ok(station) => {
                    devices.extend(device(&station, &around).map(|device| (device.mn.clone(), Arc::new(device))));
                }
                // It holds up no other.
                Err(error) => tracing::error!("the device of a station may not report: {error}"),
            }
        }
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

/// The device of a station; none where it has no MN.
fn device(station: &Kept<StationRecord>, around: &Surroundings) -> Option<Device> {
    let password = station.password.as_ref().map(|password| password.0.as_str()).unwrap_or_default();
    let mut device = Device::new(station.mn.as_deref()?, password, &station.number, &station.name, station.kind.key());
    if station.stamped == Some(Stamping::End) {
        device.stamped = Stamped::End;
    }
    if let Some(minutes) = station.minute_interval.and_then(|minutes| u16::try_from(minutes).ok()) {
        device.minute_interval = minutes;
    }
    if let Some(key) = &station.sm4_key {
        match Sm4Key::parse(key.0.trim()) {
            Ok(key) => device.sm4_key = Some(key),
            Err(fault) => tracing::warn!(station = %station.number, "the SM4 key of the station is none: {fault}"),
        }
    }
    device.scales = station.factors.iter().filter_map(scale).collect();
    let range = |line: &StationFactor| {
        let code = code(line);
        let scale = device.scales.get(&code).copied().unwrap_or(1.0);
        Some((code, (line.low? * scale, line.high? * scale)))
    };
    device.ranges = station.factors.iter().filter_map(range).filter(|(_, (low, high))| low < high).collect();
    device.maintained = station.is(StationState::Maintenance);
    add_facts(station, &mut device, around);
    Some(device)
}

/// What rules may ask of the station, and the limits that hold there: of its noise zone, of its target class in GB 3838-2002 table 1.
fn add_facts(station: &StationRecord, device: &mut Device, around: &Surroundings) {
    let mut word = |key: &str, text: &str| {
        device.facts.insert(key.to_owned(), Fact::Word(text.to_owned()));
    };
    word("kind", station.kind.key());
    if let Some(class) = &station.target_class {
        word("target_class", class.key());
    }
    word("ownership", &station.ownership.0);
    if let Some(zone) = station.noise_zone.as_ref().and_then(|zone| around.zone(zone.number())) {
        word("zone", &zone.class);
        device.limits.insert("day".to_owned(), zone.day);
        device.limits.insert("night".to_owned(), zone.night);
    }
    let enterprise = station.enterprise.as_ref().map(Refers::number);
    let mut yes = |key: &str, yes: bool| device.facts.insert(key.to_owned(), Fact::Yes(yes));
    yes("stopped", around.is_stopped([station.power_installation.as_ref().map(Refers::number), enterprise]));
    let place = station.place.as_ref().and_then(|place| place.point);
    yes("night_permit", around.may_work_at_night(enterprise, place));
    if station.kind == StationKind::Dust
        && let Some(limit) = NoiseLimit::of_site(beijing_day(around.now()))
    {
        device.limits.insert("day".to_owned(), f64::from(limit.day));
        device.limits.insert("night".to_owned(), f64::from(limit.night));
    }
    let Some(target) = station.target_class.as_ref().and_then(TargetClass::class) else { return };
    for (code, item) in water::coded_items(Body::River) {
        if let Some(limit) = item.limit(target) {
            device.limits.insert(code.to_owned(), limit.to_f64());
        }
    }
}

/// The factor of a line of the station's list, as the standard writes it.
fn code(line: &StationFactor) -> String {
    hj212::factor_code(line.factor.trim()).into_owned()
}

/// What one of the unit in which a factor is reported is in the unit in which it is stored, where that is another.
fn scale(line: &StationFactor) -> Option<(String, f64)> {
    let code = code(line);
    let scale = cell::scale(bilan_web::unit_of_factor(&code)?, &line.unit)?;
    (scale != Scale::ONE).then(|| (code, scale.factor().to_f64()))
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
