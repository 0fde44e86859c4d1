//! The bridge between the planes: a warning over observations becomes a record, and a task on the grid cell that answers for it.
//!
//! The store commits the warning, then the ledger its record: between the two the program may be killed, or the ledger
//! may refuse. What is missing is looked for at the start and twice a minute, and stands in `/metrics`.

mod repair;

use std::sync::Arc;
use std::time::Duration;

use self::repair::Uncalled;
pub use self::repair::{Repairs, without_record};
use crate::calling::Calling;
use crate::faults::{Faults, joined};
use bilan_records::actor::Actor;
use bilan_records::contract::{Changes, Kept, Refers, View};
use bilan_records::ledger::{Key, Ledger, ReadError, Record, Write, WriteError};
use bilan_records::value::Language;
use bilan_records::views::{
    StaffPost, StationKind, StationRecord, TaskKind, TaskRecord, TaskUrgency, WarningLevel, WarningRecord, WarningStep,
};
use bilan_telemetry::{Store, StoreError, Warning, rules};
use jiff::SignedDuration;
use tokio::sync::broadcast::error::RecvError;

/// Turns warnings into records. Each is entered once, however often it is told: its id is the key of the write.
#[derive(Clone)]
pub struct Bridge {
    ledger: Arc<Ledger>,
    observations: Store,
    /// Records are marked as simulated.
    simulated: bool,
    calling: Option<Calling>,
    repairs: Arc<Repairs>,
}

/// How often warnings are looked for that have no record.
const REPAIRED_EVERY: Duration = Duration::from_secs(30);
/// Name under which records of warnings are written.
const RULES: &str = "rules";

/// What became of a warning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entered {
    /// It stands in the ledger.
    Entered,
    /// The register does not know its station: devices of a load test belong to none, others are registered later.
    NoStation,
}

/// A warning that could not be entered.
#[derive(Debug, thiserror::Error)]
pub enum BridgeError {
    /// The ledger refused it.
    #[error("the warning {warning} could not be entered: {source}")]
    Refused {
        /// Id of the warning.
        warning: String,
        /// Why.
        source: Box<WriteError>,
    },
    /// The ledger could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The observations could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Bridge {
    /// Between these two.
    pub fn new(ledger: Arc<Ledger>, observations: Store, simulated: bool) -> Self {
        Self { ledger, observations, simulated, calling: None, repairs: Arc::default() }
    }

    /// One that calls people for what it enters.
    #[must_use]
    pub fn calling(self, calling: Calling) -> Self {
        Self { calling: Some(calling), ..self }
    }

    /// What is known of warnings without a record.
    pub fn repairs(&self) -> Arc<Repairs> {
        Arc::clone(&self.repairs)
    }

    /// Enters what is missing, then every warning as it comes.
    ///
    /// # Errors
    /// If the store was closed.
    pub async fn run(self) -> anyhow::Result<()> {
        let mut warnings = self.observations.subscribe_to_warnings();
        let mut turns = tokio::time::interval(REPAIRED_EVERY);
        turns.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut faults = Faults::default();
        loop {
            tokio::select! {
                // The first turn comes at once.
                _ = turns.tick() => self.repair_apart(&mut faults).await,
                told = warnings.recv() => match told {
                    Ok(warning) => self.enter_apart(warning).await,
                    Err(RecvError::Lagged(missed)) => {
                        tracing::warn!("{missed} warnings passed by; those without a record are looked for");
                        self.repair_apart(&mut faults).await;
                    }
                    Err(RecvError::Closed) => return Err(StoreError::Closed.into()),
                },
            }
        }
    }

    async fn repair_apart(&self, faults: &mut Faults) {
        let bridge = self.clone();
        let repaired = joined(tokio::task::spawn_blocking(move || bridge.repair()).await);
        faults.note("warnings without a record could not be looked for", &repaired);
    }

    async fn enter_apart(&self, warning: Arc<Warning>) {
        let bridge = self.clone();
        match tokio::task::spawn_blocking(move || bridge.enter(&warning)).await {
            Ok(Ok(Entered::Entered)) => {}
            Ok(Ok(Entered::NoStation)) => tracing::debug!("a warning waits until its station is in the register"),
            Ok(Err(error)) => tracing::error!("{error}"),
            Err(error) => tracing::error!("a warning could not be entered: {error}"),
        }
    }

    /// Enters one warning with its task; a cleared one closes its record.
    pub fn enter(&self, warning: &Warning) -> Result<Entered, BridgeError> {
        let rules = Actor::system(RULES);
        let Some(station) = station(&self.ledger, &rules, &warning.station)? else {
            return Ok(Entered::NoStation);
        };
        let refused = |source| BridgeError::Refused { warning: warning.id.clone(), source: Box::new(source) };
        let began = if warning.joins() { self.ledger.bridged(WarningRecord::REGISTER, &warning.event)? } else { None };
        let number = self.once(warning, WarningRecord::REGISTER, |write| {
            record_of(warning, &station, began).create(&self.ledger, &rules, write)
        })?;
        if let Some(task) = &warning.task {
            self.once(warning, TaskRecord::REGISTER, |write| {
                let record = self.task(&rules, warning, task, &number, &station)?;
                self.ledger.create(&rules, &task.register, record.values(), write)
            })?;
        }
        if warning.cleared_at.is_some() {
            self.close(&rules, warning, &number).map_err(refused)?;
        }
        self.call(warning, number);
        Ok(Entered::Entered)
    }

    /// Calls people for a warning. Its record stands, whether or not that succeeds; a call that failed is made with the next repair.
    fn call(&self, warning: &Warning, number: String) {
        let Some(calling) = &self.calling else { return };
        match calling.tell(warning, &number) {
            Ok(()) => self.repairs.called(warning),
            Err(error) => match self.repairs.uncalled(warning, number.clone()) {
                Uncalled::Waits => {
                    tracing::error!("nobody was called for warning {number}, which is tried again: {error}");
                }
                // Said once, not twice a minute.
                Uncalled::Known => {}
                Uncalled::Lost => {
                    tracing::error!("nobody is called for warning {number}, too many calls wait already: {error}");
                }
            },
        }
    }

    /// Enters a part of a warning unless it is there; its number either way.
    ///
    /// The same warning may be told with other facts later (its peak, the post now responsible), so it is known by its id alone.
    fn once(
        &self,
        warning: &Warning,
        part: &str,
        enter: impl FnOnce(Write) -> Result<Record, WriteError>,
    ) -> Result<String, BridgeError> {
        if let Some(number) = self.ledger.bridged(part, &warning.id)? {
            return Ok(number);
        }
        let key = Key::bridged(part, &warning.id);
        let write = Write { key: Some(key), simulated: self.simulated, ..Write::default() };
        let record = enter(write)
            .map_err(|source| BridgeError::Refused { warning: warning.id.clone(), source: Box::new(source) })?;
        Ok(record.number)
    }

    fn close(&self, actor: &Actor, warning: &Warning, number: &str) -> Result<(), WriteError> {
        let record = self.ledger.record(actor, WarningRecord::REGISTER, number, None)?;
        if WarningRecord::may(&self.ledger, actor, &record, WarningStep::Clear) {
            let cause = "监测值已恢复到解除阈值以内并持续到规定时间，系统自动解除。".to_owned();
            let changes = Changes::none()
                .with(WarningRecord::peak(), &Some(rounded(warning.peak)))
                .with(WarningRecord::cause(), &Some(cause));
            let known = (number, record.version);
            WarningRecord::step(&self.ledger, actor, known, WarningStep::Clear, changes, Write::default())?;
        }
        Ok(())
    }

    /// The task of a warning, given to the post that answers for the cell of its station.
    fn task(
        &self,
        actor: &Actor,
        warning: &Warning,
        task: &rules::Task,
        number: &str,
        station: &Kept<StationRecord>,
    ) -> Result<TaskRecord, ReadError> {
        let due = warning.opened_at.checked_add(SignedDuration::from_secs(task.due_s)).unwrap_or(warning.opened_at);
        let cell = station.cell.clone().unwrap_or_default();
        let post = self.post(actor, &cell)?;
        Ok(TaskRecord {
            subject: task.title.zh.clone(),
            kind: TaskKind::WarningCheck,
            warning: Some(Refers::to(number)),
            station: Some(Refers::to(&station.number)),
            urgency: TaskUrgency::of(&task.urgency),
            place: station.place.clone(),
            handler_name: post.as_ref().map(|post| post.holder.clone()),
            post: post.map(|post| Refers::to(post.number)),
            grid_code: Some(cell),
            instructions: task.instructions.zh.clone(),
            opened_at: warning.opened_at,
            due_at: Some(due),
        })
    }

    /// The post that answers for a cell: its own, else that of the next larger area.
    fn post(&self, actor: &Actor, cell: &str) -> Result<Option<Kept<StaffPost>>, ReadError> {
        for area in self.ledger.catalogue().district.path(cell).into_iter().rev() {
            let query = StaffPost::query().only(StaffPost::grid_code().is(&area.code)).sorted_by_number().at_most(1);
            if let Some(post) = StaffPost::list(&self.ledger, actor, query)?.records.into_iter().next() {
                return Ok(Some(post));
            }
        }
        Ok(None)
    }
}

fn station(ledger: &Ledger, actor: &Actor, number: &str) -> Result<Option<Kept<StationRecord>>, ReadError> {
    match StationRecord::find(ledger, actor, number) {
        Ok(station) => Ok(Some(station)),
        Err(ReadError::NotFound { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The record of a warning; `began` is the number of that with which its event began.
fn record_of(warning: &Warning, station: &Kept<StationRecord>, began: Option<String>) -> WarningRecord {
    WarningRecord {
        subject: warning.message.zh.clone(),
        rule_name: Some(warning.label.zh.clone()),
        rule_key: warning.rule.clone(),
        rule_edition: Some(warning.edition.clone()),
        level: WarningLevel::of(warning.level.name()),
        medium: StationKind::of(&warning.station_kind),
        station: Refers::to(&station.number),
        factor: Some(warning.factor.clone()).filter(|factor| !factor.is_empty()),
        factor_name: Some(warning.factor_name.zh.clone()),
        value: rounded(warning.value),
        threshold: rounded(warning.threshold),
        unit: Some(Language::Chinese.unit(&warning.unit).to_owned()),
        peak: Some(rounded(warning.peak)),
        place: station.place.clone(),
        opened_at: warning.opened_at,
        lasted_min: Some(warning.lasted_s / 60),
        event: began.map(Refers::to),
        cause: None,
    }
}

/// Three decimals, as the register keeps values.
fn rounded(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

#[cfg(test)]
mod tests;
