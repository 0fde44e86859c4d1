//! Warnings without a record: found by comparing the store with the ledger, entered, counted.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bilan_records::actor::Actor;
use bilan_records::ledger::{Ledger, ReadError};
use bilan_telemetry::{Store, Warning};
use jiff::{SignedDuration, Timestamp};

use super::{Bridge, BridgeError, RULES};

/// Once a program has looked through all warnings, it looks at those of so long, and at what is open.
const AGAIN: SignedDuration = SignedDuration::from_hours(7 * 24);

/// What is known of warnings without a record.
#[derive(Debug, Default)]
pub struct Repairs {
    /// How many there are.
    missing: AtomicU64,
    /// Warnings that stand in the ledger as they are in the store, with whether they are over.
    settled: Mutex<HashMap<String, bool>>,
    /// Warnings whose refusal stands in the log.
    complained: Mutex<HashSet<String>>,
}

impl Repairs {
    /// Warnings that had no record when they were last looked for, and could not be given one.
    pub fn missing(&self) -> u64 {
        self.missing.load(Ordering::Relaxed)
    }
}

impl Bridge {
    /// Enters every warning that has no record, and closes the record of every warning that is over.
    pub(super) fn repair(&self) -> Result<(), BridgeError> {
        let now = self.ledger.now();
        let is_first = self.repairs.settled.lock().unwrap_or_else(PoisonError::into_inner).is_empty();
        let from = if is_first { Timestamp::MIN } else { now.checked_sub(AGAIN).unwrap_or(Timestamp::MIN) };
        let mut missing = 0;
        let mut seen = HashMap::new();
        for warning in known(&self.observations, from)? {
            let is_over = warning.cleared_at.is_some();
            let before = self.settled(&warning.id);
            // What is over for long and has its record was closed long ago.
            let is_old = is_over && now.duration_since(warning.opened_at) > AGAIN;
            let is_settled =
                before == Some(is_over) || (is_old && self.ledger.bridged("warning", &warning.id)?.is_some());
            if !is_settled && let Err(error) = self.enter(&warning) {
                missing += u64::from(self.ledger.bridged("warning", &warning.id)?.is_none());
                self.complain(&warning, &error);
                continue;
            }
            seen.insert(warning.id, is_over);
        }
        *self.repairs.settled.lock().unwrap_or_else(PoisonError::into_inner) = seen;
        self.repairs.missing.store(missing, Ordering::Relaxed);
        Ok(())
    }

    fn settled(&self, id: &str) -> Option<bool> {
        self.repairs.settled.lock().unwrap_or_else(PoisonError::into_inner).get(id).copied()
    }

    /// A refusal is said once, not twice a minute.
    fn complain(&self, warning: &Warning, error: &BridgeError) {
        let mut complained = self.repairs.complained.lock().unwrap_or_else(PoisonError::into_inner);
        if complained.insert(warning.id.clone()) {
            tracing::error!("{error}");
        }
    }
}

/// Warnings opened since a moment, and what is open from before; the oldest first, so that an event precedes what joins it.
fn known(store: &Store, from: Timestamp) -> Result<Vec<Warning>, bilan_telemetry::StoreError> {
    let mut known = store.warnings(from, Timestamp::MAX)?;
    known.extend(store.open_warnings()?.into_iter().filter(|open| open.opened_at < from));
    known.sort_by(|one, other| (one.opened_at, &one.id).cmp(&(other.opened_at, &other.id)));
    Ok(known)
}

/// Ids of the warnings of the store that have no record although the register knows their station.
pub fn without_record(ledger: &Arc<Ledger>, store: &Store) -> Result<Vec<String>, BridgeError> {
    let rules = Actor::system(RULES);
    let mut stations: HashMap<String, bool> = HashMap::new();
    let mut missing = Vec::new();
    for warning in known(store, Timestamp::MIN)? {
        let is_known = match stations.get(&warning.station) {
            Some(known) => *known,
            None => {
                let known = match ledger.record(&rules, "station", &warning.station, None) {
                    Ok(_) => true,
                    Err(ReadError::NotFound { .. }) => false,
                    Err(error) => return Err(error.into()),
                };
                stations.insert(warning.station.clone(), known);
                known
            }
        };
        if is_known && ledger.bridged("warning", &warning.id)?.is_none() {
            missing.push(warning.id);
        }
    }
    Ok(missing)
}
