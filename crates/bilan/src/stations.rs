//! Which devices may report: the stations of the register, read into memory and kept up to date.

use std::collections::HashMap;
use std::io::Cursor;
use std::sync::{Arc, PoisonError, RwLock};

use anyhow::Result;
use bilan_gateway::DeviceDirectory;
use bilan_records::actor::Actor;
use bilan_records::exchange::{self, Format};
use bilan_records::ledger::{Ledger, ListQuery, Record};
use bilan_standards::water::{self, Body, WaterClass};
use bilan_telemetry::{Device, Fact, Stamped};
use hj212::Sm4Key;
use serde::Deserialize;

/// Stations that may report: those that run or are being looked after.
const REPORTING: &str = r#"mn is filled and state in ("running", "maintenance")"#;

/// The devices of the station register by their MN.
pub struct StationDirectory {
    ledger: Arc<Ledger>,
    known: RwLock<Known>,
}

#[derive(Default)]
struct Known {
    devices: HashMap<String, Arc<Device>>,
    /// Tells one state of the register from another.
    edition: Option<String>,
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
    #[serde(default)]
    factors: Vec<Instrument>,
}

/// A line of the station's list of factors: the range that its instrument can show.
#[derive(Deserialize)]
struct Instrument {
    factor: String,
    low: Option<f64>,
    high: Option<f64>,
}

/// Limits of a noise zone.
struct Zone {
    class: String,
    day: f64,
    night: f64,
}

impl StationDirectory {
    /// Reads the register.
    pub fn open(ledger: Arc<Ledger>) -> Result<Self> {
        let directory = Self { ledger, known: RwLock::default() };
        directory.refresh()?;
        Ok(directory)
    }

    /// Reads the register again if it has changed. The passwords are read in plain text, which the journal notes.
    pub fn refresh(&self) -> Result<()> {
        let gateway = Actor::system("gateway");
        let edition = self.edition(&gateway)?;
        if self.known.read().unwrap_or_else(PoisonError::into_inner).edition.as_ref() == Some(&edition) {
            return Ok(());
        }
        let zones = self.zones(&gateway)?;
        let query = ListQuery { filter: Some(REPORTING.to_owned()), ..ListQuery::of("station") };
        let mut lines = Cursor::new(Vec::new());
        let reason = "passwords of devices for the gateway";
        exchange::export_with_personal(&self.ledger, &gateway, query, Format::Jsonl, &mut lines, reason)?;
        let devices = serde_json::Deserializer::from_slice(lines.get_ref())
            .into_iter::<Station>()
            .map(|station| station.map(|station| (station.mn.clone(), Arc::new(station.device(&zones)))))
            .collect::<Result<_, _>>()?;
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = Known { devices, edition: Some(edition) };
        Ok(())
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

    /// The noise zones by their numbers.
    fn zones(&self, actor: &Actor) -> Result<HashMap<String, Zone>> {
        if !self.ledger.catalogue().registers.contains_key("noise_zone") {
            return Ok(HashMap::new());
        }
        let query = ListQuery { limit: 1000, ..ListQuery::of("noise_zone") };
        let zone = |record: Record| {
            let number = |field: &str| record.values.get(field).and_then(serde_json::Value::as_f64);
            let zone = Zone {
                class: record.values.get("zone_class")?.as_str()?.trim_start_matches("zone_").to_owned(),
                day: number("day_limit")?,
                night: number("night_limit")?,
            };
            Some((record.number, zone))
        };
        Ok(self.ledger.list(actor, query)?.records.into_iter().filter_map(zone).collect())
    }

    fn edition(&self, actor: &Actor) -> Result<String> {
        let query = ListQuery { sort: Some(("changed_at".to_owned(), false)), limit: 1, ..ListQuery::of("station") };
        let page = self.ledger.list(actor, query)?;
        let latest = page.records.first().map(|record| record.changed_at.to_string()).unwrap_or_default();
        Ok(format!("{} {latest}", page.total))
    }
}

impl Station {
    fn device(&self, zones: &HashMap<String, Zone>) -> Device {
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
        let range = |line: &Instrument| Some((line.factor.clone(), (line.low?, line.high?)));
        device.ranges = self.factors.iter().filter_map(range).filter(|(_, (low, high))| low < high).collect();
        device.maintained = self.state.as_deref() == Some("maintenance");
        self.tell(&mut device, zones);
        device
    }

    /// What rules may ask of the station, and the limits that hold there: of its noise zone, of its target class in GB 3838-2002 table 1.
    fn tell(&self, device: &mut Device, zones: &HashMap<String, Zone>) {
        let mut word = |key: &str, text: &Option<String>| {
            if let Some(text) = text {
                device.facts.insert(key.to_owned(), Fact::Word(text.clone()));
            }
        };
        word("kind", &Some(self.kind.clone()));
        word("target_class", &self.target_class);
        word("ownership", &self.ownership);
        if let Some(zone) = self.noise_zone.as_ref().and_then(|number| zones.get(number)) {
            word("zone", &Some(zone.class.clone()));
            device.limits.insert("day".to_owned(), zone.day);
            device.limits.insert("night".to_owned(), zone.night);
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

impl DeviceDirectory for StationDirectory {
    fn device(&self, mn: &str) -> Option<Arc<Device>> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).devices.get(mn).cloned()
    }
}
