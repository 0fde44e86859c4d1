//! Which devices may report: the stations of the register, read into memory and kept up to date.

use std::collections::HashMap;
use std::io::Cursor;
use std::sync::{Arc, PoisonError, RwLock};

use anyhow::Result;
use bilan_gateway::DeviceDirectory;
use bilan_records::actor::Actor;
use bilan_records::exchange::{self, Format};
use bilan_records::ledger::{Ledger, ListQuery};
use bilan_telemetry::{Device, Stamped};
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
        let query = ListQuery { filter: Some(REPORTING.to_owned()), ..ListQuery::of("station") };
        let mut lines = Cursor::new(Vec::new());
        let reason = "passwords of devices for the gateway";
        exchange::export_with_personal(&self.ledger, &gateway, query, Format::Jsonl, &mut lines, reason)?;
        let devices = serde_json::Deserializer::from_slice(lines.get_ref())
            .into_iter::<Station>()
            .map(|station| station.map(|station| (station.mn.clone(), Arc::new(station.device()))))
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

    fn edition(&self, actor: &Actor) -> Result<String> {
        let query = ListQuery { sort: Some(("changed_at".to_owned(), false)), limit: 1, ..ListQuery::of("station") };
        let page = self.ledger.list(actor, query)?;
        let latest = page.records.first().map(|record| record.changed_at.to_string()).unwrap_or_default();
        Ok(format!("{} {latest}", page.total))
    }
}

impl Station {
    fn device(&self) -> Device {
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
        device
    }
}

impl DeviceDirectory for StationDirectory {
    fn device(&self, mn: &str) -> Option<Arc<Device>> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).devices.get(mn).cloned()
    }
}
