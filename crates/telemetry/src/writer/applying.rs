//! What each command does inside the transaction of its group.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, PoisonError, RwLock};

use jiff::SignedDuration;
use rusqlite::{Transaction, params};

use super::keeping::{append, keep, keep_doubt, series_id};
use super::lines::Lines;
use super::quarantine::quarantine;
use super::{Command, waiting};
use crate::latest::Latest;
use crate::quality::{Checker, Origin};
use crate::raw::{self, Recent};
use crate::rules::{Warning, Watch};
use crate::{Device, Observation, Receipt, Series, Submission, retention, review, sealing};

/// What a group brings, to be made known when it is on disk.
#[derive(Default)]
pub(super) struct Seen<'a> {
    pub values: Vec<(i64, &'a Observation)>,
    pub packets: Vec<(i64, &'a str, u128)>,
    pub digests: HashSet<u128>,
    /// Values that waited, and whose time has come.
    pub come: Vec<(i64, Observation)>,
    /// Time has passed: the table of newest values follows.
    pub due: bool,
}

/// What a command brought.
pub(super) struct Applied {
    /// Of a packet.
    pub receipt: Option<Receipt>,
    /// Those that opened or cleared.
    pub warnings: Vec<Warning>,
}

/// The parts of the writer that a command may change, with the transaction in which it does.
pub(super) struct Work<'w> {
    pub transaction: &'w Transaction<'w>,
    pub series: &'w mut HashMap<Series, i64>,
    pub lines: &'w mut Lines,
    pub watch: &'w mut Watch,
    pub checker: &'w mut Checker,
    pub registered: &'w mut Option<Vec<Arc<Device>>>,
    pub sealed_until: &'w mut i64,
    pub latest: &'w RwLock<Latest>,
    pub recent: &'w Recent,
}

impl Work<'_> {
    pub(super) fn apply<'g>(&mut self, command: &'g Command, seen: &mut Seen<'g>) -> rusqlite::Result<Applied> {
        let transaction = self.transaction;
        let mut warnings = Vec::new();
        let receipt = match command {
            Command::Append(submission, _) => {
                let receipt =
                    append(transaction, self.series, self.lines, *self.sealed_until, self.recent, submission, seen)?;
                if !receipt.duplicate && receipt.quarantined.is_none() {
                    let values = &seen.values[seen.values.len() - submission.observations.len()..];
                    for (series, at, doubt) in self.checker.look(values, origin(submission)) {
                        keep_doubt(transaction, series, at, doubt)?;
                    }
                    warnings = judge(self.watch, submission);
                }
                Some(receipt)
            }
            Command::Quarantine { raw, reason, mn, peer, received_at, .. } => {
                quarantine(transaction, raw, reason, mn.as_deref(), peer, *received_at)?;
                None
            }
            Command::Tick(now) => {
                let waited = waiting::take(transaction, *now, *self.sealed_until)?;
                for (_, value) in &waited {
                    warnings.extend(self.watch.observe(value, *now));
                    warnings.extend(self.watch.reckon(&value.series.station, value.end(), *now));
                }
                seen.come.extend(waited);
                warnings.extend(self.watch.tick(*now));
                seen.due = true;
                None
            }
            Command::Register(devices) => {
                self.watch.register(devices);
                *self.registered = Some(devices.clone());
                None
            }
            Command::Review(change, _) => {
                review::write(transaction, change)?;
                None
            }
            Command::Retire(portion, _) => {
                retention::write(transaction, portion)?;
                None
            }
            Command::Release(ids, _) => {
                for id in ids {
                    transaction.prepare_cached("DELETE FROM quarantine WHERE id = ?1")?.execute([id])?;
                }
                None
            }
            Command::Derive(values, now, _) => {
                let received = now.as_millisecond();
                for value in values {
                    let series = series_id(transaction, self.series, value)?;
                    keep(transaction, series, value, *self.sealed_until, received)?;
                    seen.values.push((series, value));
                    warnings.extend(self.watch.observe(value, *now));
                    warnings.extend(self.watch.reckon(&value.series.station, value.end(), *now));
                }
                None
            }
            Command::Forget(before, _) => {
                raw::prune(transaction, *before)?;
                None
            }
            Command::Mark(name, value, _) => {
                transaction
                    .prepare_cached(
                        "INSERT INTO mark (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = ?2",
                    )?
                    .execute(params![name, value])?;
                None
            }
            Command::Try(_) => {
                bilan_storage::try_writing(transaction)?;
                None
            }
            #[cfg(test)]
            Command::Panic(_) => panic!("as the test asked"),
            Command::Pack(block, _) => {
                raw::write(transaction, block)?;
                None
            }
            Command::Seal(portion, _) => {
                // The newest values must be found after the next start, too.
                let latest = self.latest.read().unwrap_or_else(PoisonError::into_inner);
                latest.write(transaction, portion.series())?;
                sealing::write(transaction, portion)?;
                *self.sealed_until = (*self.sealed_until).max(portion.until());
                None
            }
        };
        Ok(Applied { receipt, warnings })
    }
}

/// For how long a logger keeps what it measured, in the longest case that a bureau meets.
const KEPT_BY_A_LOGGER: SignedDuration = SignedDuration::from_hours(366 * 24);

fn origin(submission: &Submission) -> Origin<'_> {
    let &Submission { back_fill, marked_back_fill, received_at, .. } = submission;
    // A logger fills in what it kept, and it keeps no more than a year: what is older and not marked comes from a clock that was set back.
    let is_kept = |seen: &Observation| received_at.duration_since(seen.end()) <= KEPT_BY_A_LOGGER;
    let back_fill = back_fill && (marked_back_fill || submission.observations.iter().all(is_kept));
    Origin { kind: &submission.device.kind, ranges: &submission.device.ranges, back_fill, received_at }
}

fn judge(watch: &mut Watch, submission: &Submission) -> Vec<Warning> {
    let device = &submission.device;
    let now = submission.received_at;
    let mut told = watch.heard(&device.station, &device.name, &device.kind, now);
    watch.know(&device.station, &device.facts, &device.limits, device.maintained);
    for observation in &submission.observations {
        told.extend(watch.observe(observation, now));
    }
    if let Some(last) = submission.observations.iter().map(Observation::end).max() {
        told.extend(watch.reckon(&device.station, last, now));
    }
    told
}
