//! A fleet of devices over real TCP sockets: for demos, tests and load.
//!
//! Each device connects, sends the hours and ten minutes that the centre has not got yet, then real-time data in its interval, every ten minutes and each full hour; it waits for
//! the acknowledgement of every packet and sends it again when none comes, as HJ 212 wants it. [`Faults`] makes devices misbehave on command.

mod device;
mod obedience;
mod past;
mod profile;
mod statistics;
mod troubles;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bilan_telemetry::{Device, Stamped};
use jiff::Timestamp;
use tokio::task::JoinSet;

use crate::{Clock, DeviceDirectory};
use statistics::Statistics;

pub use past::past;
pub(crate) use profile::system_code;
pub use statistics::SimulateReport;
pub use troubles::troubles;

/// A device to be played.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SimulatedDevice {
    /// Device id.
    pub mn: String,
    /// Password.
    pub password: String,
    /// Kind of station: says what is measured.
    pub kind: String,
    /// Makes its values its own.
    pub seed: u64,
    /// Which end of a period it stamps.
    pub stamped: Stamped,
}

impl From<&Device> for SimulatedDevice {
    /// Plays a device of the register; its values follow from its MN.
    fn from(device: &Device) -> SimulatedDevice {
        let seed = device.mn.bytes().fold(17, |seed: u64, byte| seed.wrapping_mul(131).wrapping_add(u64::from(byte)));
        SimulatedDevice {
            mn: device.mn.clone(),
            password: device.password.clone(),
            kind: device.kind.clone(),
            seed,
            stamped: device.stamped,
        }
    }
}

/// How a device misbehaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Its values go beyond the limits.
    Exceedance,
    /// It keeps its connection and says nothing.
    Silence,
    /// Its clock is off by so many seconds.
    ClockOff(i64),
    /// Its clock stands still.
    ClockStopped(Timestamp),
    /// It sends rubbish between its packets.
    Garbage,
    /// It breaks its connection in the middle of a packet.
    BrokenPacket,
}

/// Which devices misbehave; a handle that can be kept and changed while they run.
#[derive(Debug, Clone, Default)]
pub struct Faults(Arc<Mutex<HashMap<String, Fault>>>);

impl Faults {
    /// From now on the device misbehaves in this way.
    pub fn set(&self, mn: &str, fault: Fault) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(mn.to_owned(), fault);
    }

    /// From now on it behaves.
    pub fn clear(&self, mn: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(mn);
    }

    /// How it misbehaves now.
    pub fn of(&self, mn: &str) -> Option<Fault> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(mn).copied()
    }
}

/// What to play.
#[derive(Clone)]
pub struct SimulateOptions {
    /// Address of the gateway, `host:port`.
    pub to: String,
    /// The devices.
    pub devices: Vec<SimulatedDevice>,
    /// Between two real-time packets of a device.
    pub interval: Duration,
    /// How long to play; `None` = until the future is dropped.
    pub run_for: Option<Duration>,
    /// Full hours before now that each device sends first.
    pub history_hours: u32,
    /// How long an acknowledgement is waited for.
    pub answer_within: Duration,
    /// How often a packet is sent again.
    pub resends: u32,
    /// Who misbehaves.
    pub faults: Faults,
    /// Where the devices get the time from.
    pub clock: Clock,
}

impl SimulateOptions {
    /// These devices, every 60 seconds, without end, with the time-outs of HJ 212 (5 s, 3 resends).
    pub fn new(to: impl Into<String>, devices: Vec<SimulatedDevice>, clock: Clock) -> SimulateOptions {
        SimulateOptions {
            to: to.into(),
            devices,
            interval: Duration::from_secs(60),
            run_for: None,
            history_hours: 0,
            answer_within: Duration::from_secs(5),
            resends: 3,
            faults: Faults::default(),
            clock,
        }
    }
}

/// Plays the fleet and reports. Runs on the current tokio runtime.
pub async fn simulate(mut options: SimulateOptions) -> SimulateReport {
    let statistics = Arc::new(Statistics::default());
    let mut devices = JoinSet::new();
    // Each device has the options for itself, but not the list of all the others.
    for device in std::mem::take(&mut options.devices) {
        devices.spawn(device::live(device, options.clone(), statistics.clone()));
    }
    let all = async { while devices.join_next().await.is_some() {} };
    match options.run_for {
        Some(time) => drop(tokio::time::timeout(time, all).await),
        None => all.await,
    }
    devices.shutdown().await;
    statistics.report()
}

/// MN prefix of the devices of [`fleet`]: a number that no real device has.
const FLEET: &str = "51B1A9F1EE7";

/// `count` devices that need no register: `bilan simulate` plays them, and a demo lets them in by [`WithFleet`].
pub fn fleet(count: u32) -> Vec<SimulatedDevice> {
    (0..count)
        .filter_map(|number| fleet_device(&format!("{FLEET}{number:013}")))
        .map(|device| (&device).into())
        .collect()
}

/// The fleet device with this MN.
fn fleet_device(mn: &str) -> Option<Device> {
    let number: u32 = mn.strip_prefix(FLEET).filter(|rest| rest.len() == 13)?.parse().ok()?;
    let kind = ["air", "water", "noise"][number as usize % 3];
    Some(Device::new(mn, "123456", &format!("SIM{number:05}"), &format!("模拟站{number:05}"), kind))
}

/// A directory that also knows the devices of [`fleet`].
pub struct WithFleet<D>(pub D);

impl<D: DeviceDirectory> DeviceDirectory for WithFleet<D> {
    fn device(&self, mn: &str) -> Option<Arc<Device>> {
        self.0.device(mn).or_else(|| fleet_device(mn).map(Arc::new))
    }
}
