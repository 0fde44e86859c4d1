//! Reports in JSON: for devices and platforms that do not speak HJ 212, over HTTP and MQTT.
//!
//! A report becomes the packet of HJ 212 that says the same, and goes the same way: the same identity, the same store, each once.

use std::sync::Arc;

use bilan_telemetry::{Device, Kind, Receipt, Store, StoreError, Submission, TimeFault, intake};
use hj212::{EncodeError, Event, Flag, Message, Mode};
use jiff::Timestamp;
use serde::Deserialize;

use crate::guard::{Guard, Look, Sender};
use crate::server::Counters;
use crate::simulator::system_code;
use crate::{Clock, DeviceDirectory};

/// Values of a station at one instant, or of one period.
///
/// ```
/// let report: bilan_gateway::Report = serde_json::from_str(r#"{
///     "mn": "010000A8900016F000169DC0", "password": "123456", "time": "2026-05-04T10:00:00+08:00",
///     "values": [{ "factor": "a34004", "value": 35, "flag": "N" }, { "factor": "a34002", "value": "62.0" }]
/// }"#)?;
/// assert_eq!(report.values.len(), 2);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// Device id.
    pub mn: String,
    /// Its password.
    pub password: String,
    /// The instant, or the start of the period: ISO 8601, or `YYYYMMDDhhmmss` of Beijing.
    pub time: String,
    /// What the values stand for.
    #[serde(default = "realtime")]
    pub kind: Kind,
    /// The values.
    pub values: Vec<ReportedValue>,
}

/// One value of a report.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReportedValue {
    /// Factor code of HJ 212.
    pub factor: String,
    /// The value: a number, or the text of one where its digits matter.
    pub value: Text,
    /// Data mark; `N` if there is none.
    #[serde(default)]
    pub flag: Option<String>,
}

/// A number or the text of one.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum Text {
    /// As text.
    Text(String),
    /// As number.
    Number(serde_json::Number),
}

fn realtime() -> Kind {
    Kind::Realtime
}

/// Why a report was not taken.
#[derive(Debug, thiserror::Error)]
pub enum ReportFault {
    /// No such device may report, or its password is another.
    #[error("the device {mn} may not report, or its password is wrong")]
    Identity {
        /// Device id.
        mn: String,
    },
    /// Its sender guessed too many passwords: the report was not looked at. Where the sender is answered, it is answered
    /// as by [`ReportFault::Identity`]: only of a device that is known are passwords compared and counted.
    #[error("too many wrong passwords came from there: send the report again in {wait_s} s")]
    Slowed {
        /// Seconds to wait.
        wait_s: u64,
    },
    /// The time is none.
    #[error("time is “{time}”: write 2026-05-04T10:00:00+08:00 or 20260504100000")]
    Time {
        /// What stands there.
        time: String,
    },
    /// It holds no values.
    #[error("values is empty")]
    Empty,
    /// A value is no number.
    #[error("value of {factor} is “{value}”: write a number")]
    Value {
        /// The factor.
        factor: String,
        /// What stands there.
        value: String,
    },
    /// Its time is not believed: the report is in quarantine, not in the store.
    #[error("the time of the report is not believed ({}): set the clock of the device; the report is kept aside", .0.name())]
    Clock(TimeFault),
    /// A name that cannot stand in a packet.
    #[error(transparent)]
    Unwritable(#[from] EncodeError),
    /// It could not be stored: send it again.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Report {
    /// The packet that says the same.
    pub(crate) fn message(&self, device: &Device) -> Result<Message, ReportFault> {
        let time = self.moment().ok_or_else(|| ReportFault::Time { time: self.time.clone() })?;
        if self.values.is_empty() {
            return Err(ReportFault::Empty);
        }
        let (cn, suffix) = match self.kind {
            Kind::Realtime => ("2011", "Rtd"),
            Kind::Minute => ("2051", "Avg"),
            Kind::Hour => ("2061", "Avg"),
            Kind::Day => ("2031", "Avg"),
        };
        let time = intake::data_time_text(time);
        // The number follows from the time: a report that is sent again is the same packet.
        let message = Message {
            qn: Some(format!("{time}000")),
            pw: Some(self.password.clone()),
            ..Message::new(system_code(&device.kind), cn, &self.mn, Flag::new(1, false, true))
        };
        let mut message = message.group([("DataTime", time)]);
        for reported in &self.values {
            let value = match &reported.value {
                Text::Text(text) => text.trim().to_owned(),
                Text::Number(number) => number.to_string(),
            };
            if !value.parse::<f64>().is_ok_and(f64::is_finite) {
                return Err(ReportFault::Value { factor: reported.factor.clone(), value });
            }
            // Levels of noise over a period have a suffix of their own.
            let noise = reported.factor.starts_with('L') && self.kind != Kind::Realtime;
            let suffix = if noise { "Data" } else { suffix };
            let flag = reported.flag.clone().unwrap_or_else(|| "N".to_owned());
            message = message
                .group([(format!("{}-{suffix}", reported.factor), value), (format!("{}-Flag", reported.factor), flag)]);
        }
        Ok(message)
    }

    fn moment(&self) -> Option<Timestamp> {
        self.time.parse().ok().or_else(|| intake::data_time(self.time.as_bytes()))
    }
}

/// Bytes of a report that is not believed which are kept.
const KEPT: usize = 16 * 1024;

/// Where reports are taken. Cheap to clone.
#[derive(Clone)]
pub struct ReportIntake {
    pub(crate) store: Store,
    pub(crate) directory: Arc<dyn DeviceDirectory>,
    pub(crate) clock: Clock,
    pub(crate) counters: Arc<Counters>,
    pub(crate) guard: Arc<Guard>,
}

impl ReportIntake {
    /// Takes a report. When this returns `Ok`, it is on disk.
    ///
    /// # Errors
    /// If it is not the device's, cannot be understood, or could not be stored. `raw` is in quarantine then; not where its
    /// sender guessed too many passwords or has sent too much that was of no use, nor where the store failed.
    pub async fn take(&self, report: &Report, raw: &[u8], peer: &str) -> Result<Receipt, ReportFault> {
        let now = (self.clock)();
        let sender = Sender::of(peer);
        let shown = (report.mn.as_str(), Some(report.password.as_str()));
        let device = match self.guard.look(&*self.directory, shown, &sender, false, now) {
            Look::Known(device) => device,
            Look::Slowed(wait) => {
                Counters::add(&self.counters.slowed);
                // Kept like any other that is refused: an answer that comes sooner would say that the device is known.
                self.keep_if_room(raw, "slowed", Some(&report.mn), peer).await?;
                return Err(ReportFault::Slowed { wait_s: wait.seconds });
            }
            unknown => {
                let reason = match unknown {
                    Look::WrongPassword => {
                        Counters::add(&self.counters.wrong_passwords);
                        "wrong_password"
                    }
                    _ => {
                        Counters::add(&self.counters.unknown_devices);
                        "unknown_device"
                    }
                };
                self.keep_if_room(raw, reason, Some(&report.mn), peer).await?;
                return Err(ReportFault::Identity { mn: report.mn.clone() });
            }
        };
        let bytes = match report.message(&device).and_then(|message| Ok(message.encode()?)) {
            Ok(bytes) => bytes,
            Err(fault) => {
                Counters::add(&self.counters.faults);
                self.keep_if_room(raw, "bad_report", Some(&report.mn), peer).await?;
                return Err(fault);
            }
        };
        let Some(Event::Packet { packet, .. }) = hj212::packets(&bytes, Mode::Tolerant).next() else {
            return Err(ReportFault::Empty);
        };
        Counters::add(&self.counters.packets);
        let stored = self.store.append(Submission::new(&packet, device, peer, now)).await;
        let receipt = stored.inspect_err(|_| Counters::add(&self.counters.not_stored))?;
        if let Some(fault) = receipt.quarantined {
            Counters::add(&self.counters.disbelieved_times);
            return Err(ReportFault::Clock(fault));
        }
        if receipt.duplicate {
            Counters::add(&self.counters.duplicates);
        }
        self.counters.observations.fetch_add(receipt.observations as u64, std::sync::atomic::Ordering::Relaxed);
        Ok(receipt)
    }

    /// Puts what is no report at all into quarantine, as far as its sender has room there: a broker that is answered forgets it.
    ///
    /// # Errors
    /// If it could not be written.
    pub async fn refuse(&self, raw: &[u8], peer: &str) -> Result<(), StoreError> {
        Counters::add(&self.counters.faults);
        self.keep_if_room(raw, "bad_report", None, peer).await
    }

    /// Keeps what is refused, as long as its sender has room there.
    async fn keep_if_room(&self, raw: &[u8], reason: &str, mn: Option<&str>, peer: &str) -> Result<(), StoreError> {
        if !self.guard.may_keep(&Sender::of(peer), (self.clock)()) {
            Counters::add(&self.counters.not_kept);
            return Ok(());
        }
        self.keep_aside(raw, reason, mn, peer).await
    }

    async fn keep_aside(&self, raw: &[u8], reason: &str, mn: Option<&str>, peer: &str) -> Result<(), StoreError> {
        let kept = raw[..raw.len().min(KEPT)].to_vec();
        self.store.quarantine(kept, reason, mn, peer, (self.clock)()).await
    }
}
