//! Warnings without a record: found by comparing the store with the ledger, entered, counted.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bilan_records::actor::Actor;
use bilan_records::contract::View;
use bilan_records::ledger::Ledger;
use bilan_records::views::WarningRecord;
use bilan_telemetry::{Store, StoreError, Warning};
use jiff::{SignedDuration, Timestamp};

use super::{Bridge, BridgeError, Entered, RULES, station};
use crate::calling::CallingError;

/// Once a program has looked through all warnings, it looks at those of so long, at what is open, and at what it could not enter.
const AGAIN: SignedDuration = SignedDuration::from_hours(7 * 24);

/// What is known of warnings without a record.
#[derive(Debug, Default)]
pub struct Repairs(Mutex<Found>);

#[derive(Debug, Default)]
struct Found {
    /// All warnings of the store have been looked at once.
    has_seen_all: bool,
    /// Warnings that stand in the ledger as they are in the store, with whether they are over.
    settled: HashMap<String, bool>,
    /// Warnings that the ledger refused, with whether they have no record: they are tried again, however old they are.
    refused: BTreeMap<String, bool>,
    /// Stations that the register did not know: their warnings are entered when it does.
    unknown: BTreeSet<String>,
    /// Warnings for which nobody could be called, by id and whether they were over, with their number.
    uncalled: BTreeMap<(String, bool), (Warning, String)>,
}

/// Calls that are made later; those of more warnings are lost if the disk of the notices stays full.
const UNCALLED: usize = 10_000;

/// Calls that are made up in one turn: those who wait for a warning to be entered wait no longer than for these.
const MADE_UP_AT_ONCE: usize = 500;

/// What became of a call that could not be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Uncalled {
    /// It is made later.
    Waits,
    /// It waited before.
    Known,
    /// Too many wait: it is not made.
    Lost,
}

impl Repairs {
    /// Calls that could not be made so far.
    pub fn calls_missing(&self) -> u64 {
        self.found().uncalled.len() as u64
    }

    pub(super) fn called(&self, warning: &Warning) {
        self.found().uncalled.remove(&occasion(warning));
    }

    /// Remembers a call that could not be made.
    pub(super) fn uncalled(&self, warning: &Warning, number: String) -> Uncalled {
        let mut found = self.found();
        if found.uncalled.contains_key(&occasion(warning)) {
            return Uncalled::Known;
        }
        if found.uncalled.len() >= UNCALLED {
            return Uncalled::Lost;
        }
        found.uncalled.insert(occasion(warning), (warning.clone(), number));
        Uncalled::Waits
    }

    /// Makes calls that wait, some in a turn.
    pub(super) fn make_up(&self, mut make: impl FnMut(&Warning, &str) -> Result<(), CallingError>) {
        let uncalled: Vec<_> = self.found().uncalled.values().cloned().collect();
        let mut made = 0;
        for (warning, number) in uncalled {
            if made == MADE_UP_AT_ONCE {
                return;
            }
            match make(&warning, &number) {
                Ok(()) => {
                    made += 1;
                    self.called(&warning);
                    tracing::info!("people are called for warning {number}, which could not be done before");
                }
                Err(error) => {
                    tracing::debug!("nobody can be called for warning {number} yet: {error}");
                    // Warnings that wait to be entered do not wait for calls that cannot be made.
                    if error.is_of_every_call() {
                        return;
                    }
                }
            }
        }
    }

    /// Warnings that had no record when they were last looked for, and could not be given one.
    pub fn missing(&self) -> u64 {
        self.found().refused.values().filter(|has_none| **has_none).count() as u64
    }

    fn found(&self) -> MutexGuard<'_, Found> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Bridge {
    /// Makes the calls that could not be made when their warning was entered. They were news then, so they are made however long that took.
    fn make_calls_up(&self) {
        if let Some(calling) = &self.calling {
            self.repairs.make_up(|warning, number| calling.make_up(warning, number));
        }
    }

    /// Enters every warning that has no record, closes the record of every warning that is over, and makes the calls that are missing.
    pub(super) fn repair(&self) -> Result<(), BridgeError> {
        // First, so that a ledger that cannot be read holds up no call.
        self.make_calls_up();
        let now = self.ledger.now();
        let mut stations = Stations::of(&self.ledger);
        let mut settled = HashMap::new();
        let mut refused = BTreeMap::new();
        let mut unknown = BTreeSet::new();
        for warning in self.to_look_at(now, &mut stations)? {
            if !stations.is_known(&warning.station)? {
                unknown.insert(warning.station);
                continue;
            }
            let is_over = warning.cleared_at.is_some();
            match self.settle(&warning, now) {
                Ok(Entered::Entered) => {
                    settled.insert(warning.id, is_over);
                }
                Ok(Entered::NoStation) => {
                    unknown.insert(warning.station);
                }
                Err(error) => {
                    let has_none = self.ledger.bridged(WarningRecord::REGISTER, &warning.id)?.is_none();
                    // A refusal is said once, not twice a minute.
                    if !self.repairs.found().refused.contains_key(&warning.id) {
                        tracing::error!("{error}");
                    }
                    refused.insert(warning.id, has_none);
                }
            }
        }
        let mut found = self.repairs.found();
        let still_unknown = std::mem::take(&mut found.unknown).into_iter().filter(|known| !stations.was_known(known));
        unknown.extend(still_unknown);
        let uncalled = std::mem::take(&mut found.uncalled);
        *found = Found { has_seen_all: true, settled, refused, unknown, uncalled };
        Ok(())
    }

    /// Enters a warning unless it stands in the ledger as it is.
    fn settle(&self, warning: &Warning, now: Timestamp) -> Result<Entered, BridgeError> {
        let is_over = warning.cleared_at.is_some();
        if self.repairs.found().settled.get(&warning.id) == Some(&is_over) {
            return Ok(Entered::Entered);
        }
        // What is over for long and has its record was closed long ago.
        let is_old = is_over && now.duration_since(warning.opened_at) > AGAIN;
        if is_old && self.ledger.bridged(WarningRecord::REGISTER, &warning.id)?.is_some() {
            return Ok(Entered::Entered);
        }
        self.enter(warning)
    }

    /// All warnings the first time; then those of the last days, those that are open, those that were refused, and those of stations that are in the
    /// register by now.
    fn to_look_at(&self, now: Timestamp, stations: &mut Stations<'_>) -> Result<Vec<Warning>, BridgeError> {
        let (has_seen_all, refused, unknown) = {
            let found = self.repairs.found();
            (found.has_seen_all, found.refused.clone(), found.unknown.clone())
        };
        if !has_seen_all {
            return Ok(known(&self.observations, Timestamp::MIN)?);
        }
        let mut wanted = known(&self.observations, now.checked_sub(AGAIN).unwrap_or(Timestamp::MIN))?;
        for id in refused.keys() {
            wanted.extend(self.observations.warning(id)?);
        }
        for station in unknown {
            if stations.is_known(&station)? {
                wanted.extend(self.observations.warnings_of(&station)?);
            }
        }
        sort(&mut wanted);
        wanted.dedup_by(|one, other| one.id == other.id);
        Ok(wanted)
    }
}

/// What a call is for: a warning that opened, or that is over.
fn occasion(warning: &Warning) -> (String, bool) {
    (warning.id.clone(), warning.cleared_at.is_some())
}

/// Which stations the register knows, each asked for once.
struct Stations<'l> {
    ledger: &'l Ledger,
    asked: HashMap<String, bool>,
}

impl<'l> Stations<'l> {
    fn of(ledger: &'l Ledger) -> Self {
        Self { ledger, asked: HashMap::new() }
    }

    fn is_known(&mut self, number: &str) -> Result<bool, BridgeError> {
        if let Some(known) = self.asked.get(number) {
            return Ok(*known);
        }
        let known = station(self.ledger, &Actor::system(RULES), number)?.is_some();
        self.asked.insert(number.to_owned(), known);
        Ok(known)
    }

    fn was_known(&self, number: &str) -> bool {
        self.asked.get(number) == Some(&true)
    }
}

/// Warnings opened since a moment, and what is open from before; the oldest first, so that an event precedes what joins it.
fn known(store: &Store, from: Timestamp) -> Result<Vec<Warning>, StoreError> {
    let mut known = store.warnings(from, Timestamp::MAX)?;
    known.extend(store.open_warnings()?.into_iter().filter(|open| open.opened_at < from));
    sort(&mut known);
    Ok(known)
}

fn sort(warnings: &mut [Warning]) {
    warnings.sort_by(|one, other| (one.opened_at, &one.id).cmp(&(other.opened_at, &other.id)));
}

/// Ids of the warnings of the store that have no record although the register knows their station.
pub fn without_record(ledger: &Arc<Ledger>, store: &Store) -> Result<Vec<String>, BridgeError> {
    let mut stations = Stations::of(ledger);
    let mut missing = Vec::new();
    for warning in known(store, Timestamp::MIN)? {
        if stations.is_known(&warning.station)? && ledger.bridged(WarningRecord::REGISTER, &warning.id)?.is_none() {
            missing.push(warning.id);
        }
    }
    Ok(missing)
}
