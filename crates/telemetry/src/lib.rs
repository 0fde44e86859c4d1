//! The observation plane: what instruments measured, kept for good, watched by rules.
//!
//! - [`intake`] turns an HJ 212 packet into [`Observation`]s (pure).
//! - [`Store`] keeps them in a SQLite file of its own: one writer thread with group commit, readers beside it. What was appended is on disk when the
//!   call returns. Whoever subscribes is told of each new [`Update`] and [`Warning`].
//!   Statistics say how much was measured ([`Store::statistics`]); people may say which values count ([`Store::review`]).
//!   Instants and minutes older than a few hours are sealed into compressed chunks ([`Store::seal_blocking`]).
//! - [`rules`] reads `rules/*.toml` and decides, from observations alone, when a warning opens and when it clears (pure). The store runs
//!   them in the transaction that stores the observation, so that a warning is never without its value.
//!
//! Times come from the caller: nothing here reads a clock.

mod averaging;
mod changes;
mod chunk;
mod device;
pub mod intake;
mod latest;
mod log;
mod observation;
mod pattern;
pub mod quality;
mod query;
mod raw;
mod retention;
mod review;
pub mod rules;
mod schema;
mod sealing;
mod statistics;
mod store;
mod stored;
mod submission;
pub mod tampering;
mod verify;
mod writer;

pub use averaging::Averaging;
pub use device::{Ahead, Device, DeviceState, Quarantined, Stamped, Stranger};
pub use observation::{Kind, Observation, Series, Statistic, shown_hour};
pub use pattern::{NotAPattern, SeriesPattern};
pub use quality::{Doubt, Doubts};
pub use raw::RawPacket;
pub use retention::{Retention, Retired};
pub use review::Review;
pub use rules::{Fact, Level, Rule, RuleFault, Text, Warning};
pub use schema::MIGRATIONS;
pub use sealing::Sealed;
pub use statistics::{Period, PeriodStatistic, Requirement};
pub use store::{Event, Store, StoreError, Update};
pub use submission::{Receipt, Submission, TimeFault};
pub use verify::{Damage, Whole, verify};
