//! The gateway of devices: HJ 212 over TCP, and a simulator that plays a fleet of them.
//!
//! The floors: bytes become packets in `hj212`; a [`connection`](serve) reads packets, asks the [`DeviceDirectory`] who is speaking, hands data to
//! the [`Store`](bilan_telemetry::Store) and answers when they are on disk; the server accepts, limits and counts. A device that sends rubbish
//! loses its connection and nobody else's; what it sent is kept in quarantine with the reason.

mod alarm;
mod begun;
mod connection;
mod control;
mod directory;
mod forward;
mod guard;
mod readmit;
mod report;
mod server;
mod settings;
pub mod simulator;

pub use alarm::{Alarms, LineAlarm, LineAlarmKind};
pub use control::{ControlFault, Outcome, Patience, Switchboard};
pub use directory::{DeviceDirectory, FixedDirectory};
pub use forward::{ForwardFault, ForwardSettings, ForwardState, Forwarding, forward};
pub use readmit::Readmission;
pub use report::{Report, ReportFault, ReportIntake, ReportedValue, Text};
pub use server::{Counters, CountersNow, Gateway, Number, serve};
pub use settings::Settings;
pub use simulator::{SimulateOptions, SimulateReport, simulate};

/// Where the gateway gets the time from.
pub type Clock = std::sync::Arc<dyn Fn() -> jiff::Timestamp + Send + Sync>;
