//! A device as the observation plane knows it, and what is known of its line.

use std::collections::BTreeMap;

use hj212::Sm4Key;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::quality::Ranges;
use crate::rules::Fact;

/// Which end of a period the device writes into `DataTime`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stamped {
    /// The start, as HJ 212-2017 and 2025 want it.
    #[default]
    Start,
    /// The end, as ambient stations often do.
    End,
}

/// A device that may report: who it is and for which station it speaks.
#[derive(Debug, Clone, PartialEq)]
pub struct Device {
    /// Device id.
    pub mn: String,
    /// Its password.
    pub password: String,
    /// Number of the station in the register of stations.
    pub station: String,
    /// Name of the station, for messages.
    pub name: String,
    /// Kind of the station: `air`, `water`, `noise`, `power`, `outfall`, `dust`, `weather`.
    pub kind: String,
    /// Which end of a period it stamps.
    pub stamped: Stamped,
    /// Minutes that its minute data stand for.
    pub minute_interval: u16,
    /// Key of a device that encrypts what it sends (HJ 212-2025).
    pub sm4_key: Option<Sm4Key>,
    /// What the register knows of the station, for the expressions of rules.
    pub facts: BTreeMap<String, Fact>,
    /// Limits that hold there: by class, zone, permit; by factor, or `day` and `night`.
    pub limits: BTreeMap<String, f64>,
    /// By factor, what one of the unit that it reports in is in the unit in which the factor is stored: 1000 where milligrams are reported of what is stored in
    /// micrograms. A value is stored in the unit of its factor, so that no later change of the register gives it another meaning.
    pub scales: BTreeMap<String, f64>,
    /// Ranges of its instruments by factor, in the units in which they are stored, for the checks of values.
    pub ranges: Ranges,
    /// The station is being looked after: its values are stored and no rule warns.
    pub maintained: bool,
}

impl Device {
    /// A device with the defaults of HJ 212-2017: periods stamped at the start, minute data of ten minutes.
    pub fn new(mn: &str, password: &str, station: &str, name: &str, kind: &str) -> Device {
        Device {
            mn: mn.to_owned(),
            password: password.to_owned(),
            station: station.to_owned(),
            name: name.to_owned(),
            kind: kind.to_owned(),
            stamped: Stamped::Start,
            minute_interval: 10,
            sm4_key: None,
            facts: BTreeMap::new(),
            limits: BTreeMap::new(),
            scales: BTreeMap::new(),
            ranges: Ranges::new(),
            maintained: false,
        }
    }
}

/// What the store knows of a device's line.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DeviceState {
    /// Device id.
    pub mn: String,
    /// Number of its station.
    pub station: String,
    /// Kind of its station.
    pub kind: String,
    /// When its last packet was stored.
    pub last_heard: Timestamp,
    /// Where it came from.
    pub peer: String,
    /// Packets stored.
    pub packets: i64,
    /// Resent packets that were there already.
    pub duplicates: i64,
    /// Seconds by which its clock runs behind ours (negative: ahead), at the last real-time packet.
    pub clock_behind_s: Option<i64>,
    /// Deviations from the standard that were accepted, with their number.
    pub tolerated: Vec<(String, i64)>,
}

/// Bytes that were not believed, kept with the reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Quarantined {
    /// Running number.
    pub id: i64,
    /// When they came.
    pub received_at: Timestamp,
    /// Where from.
    pub peer: String,
    /// Device id, as far as it could be read.
    pub mn: Option<String>,
    /// Why: a fault code of the decoder, `unknown_device`, `wrong_password`, `slowed`, a [`TimeFault`](crate::TimeFault), `bad_report`.
    pub reason: String,
    /// The bytes.
    pub raw: Vec<u8>,
}

/// Values of a station that wait until their time has come (时间超前): the clock of its device runs ahead, it sends periods before they have ended, or it
/// stamps their ends and the register says otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Ahead {
    /// Number of the station.
    pub station: String,
    /// How many.
    pub values: i64,
    /// When the last of them counts: its time, or the end of its period.
    pub until: Timestamp,
}

/// A device that reports and is not in the register (未登记设备).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stranger {
    /// Device id.
    pub mn: String,
    /// Packets in quarantine.
    pub packets: i64,
    /// When the first of them came.
    pub first_heard: Timestamp,
    /// When the last came.
    pub last_heard: Timestamp,
    /// Address of one of them.
    pub peer: String,
}
