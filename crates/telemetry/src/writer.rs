//! The one writer: takes what waits, stores it in one transaction, commits, then answers and tells.

mod applying;
mod keeping;
mod lines;
mod quarantine;
mod recall;
mod recovery;
mod revision;
mod waiting;

use std::collections::HashMap;
use std::convert::Infallible;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock, RwLockWriteGuard};

use applying::{Applied, Seen, Work};
use bilan_storage::{Lasting, is_damage};
use jiff::Timestamp;
use keeping::keep_warning;
use lines::Lines;
use rusqlite::{Connection, TransactionBehavior};
use tokio::sync::{broadcast, mpsc, oneshot};

use crate::changes::HourChanges;
use crate::latest::{self, Latest};
use crate::log::LogCopier;
use crate::quality::Checker;
use crate::raw::{Block, Recent};
use crate::retention::Retiring;
use crate::review::{ReviewChange, Reviews};
use crate::rules::{Rule, Warning, Watch};
use crate::sealing::{self, Portion};
use crate::store::database;
use crate::{Device, Event, Observation, Receipt, Series, StoreError, Submission, Update};

/// Commands that one commit takes at most.
const GROUP: usize = 1024;

type Done = oneshot::Sender<Result<(), StoreError>>;

type Reply = oneshot::Sender<Result<Receipt, StoreError>>;

pub(crate) enum Command {
    Append(Box<Submission>, Reply),
    Quarantine {
        raw: Vec<u8>,
        reason: String,
        mn: Option<String>,
        peer: String,
        received_at: Timestamp,
        done: Done,
    },
    Tick(Timestamp),
    /// The devices that may report.
    Register(Vec<Arc<Device>>),
    Seal(Portion, Done),
    Mark(&'static str, i64, Done),
    Pack(Block, Done),
    Review(ReviewChange, Done),
    Retire(Retiring, Done),
    /// Quarantined packets that were stored after all.
    Release(Vec<i64>, Done),
    /// Values that were reckoned from others.
    Derive(Vec<Observation>, Timestamp, Done),
    /// Packets that came before go.
    Forget(i64, Done),
    /// Whether anything can be written.
    Try(Done),
    /// Meets a fault of the program.
    #[cfg(test)]
    Panic(Done),
}

impl Command {
    /// Nothing of it was stored: who waits for it learns why.
    fn refuse(self, error: StoreError) {
        match self {
            Command::Append(_, reply) => drop(reply.send(Err(error))),
            other => {
                if let Some(done) = other.done() {
                    drop(done.send(Err(error)));
                }
            }
        }
    }

    /// Who waits for it to be done.
    fn done(self) -> Option<Done> {
        match self {
            Command::Seal(_, done)
            | Command::Mark(_, _, done)
            | Command::Pack(_, done)
            | Command::Review(_, done)
            | Command::Retire(_, done)
            | Command::Derive(_, _, done)
            | Command::Release(_, done)
            | Command::Quarantine { done, .. }
            | Command::Forget(_, done)
            | Command::Try(done) => Some(done),
            #[cfg(test)]
            Command::Panic(done) => Some(done),
            Command::Append(..) | Command::Tick(_) | Command::Register(_) => None,
        }
    }
}

/// What the writer keeps for those who read.
pub(crate) struct Shared {
    pub latest: Arc<RwLock<Latest>>,
    pub recent: Arc<RwLock<Recent>>,
    pub reviews: Arc<RwLock<Reviews>>,
    pub hour_changes: Arc<RwLock<HourChanges>>,
}

pub(crate) struct Writer {
    connection: Connection,
    path: PathBuf,
    rules: Vec<Rule>,
    watch: Watch,
    /// The devices that may report, once somebody has said so.
    registered: Option<Vec<Arc<Device>>>,
    series: HashMap<Series, i64>,
    lines: Lines,
    /// The rules know of values that were not stored.
    is_behind: bool,
    refusing: Lasting,
    /// What readers are shown may not be what is on disk.
    is_unsure: bool,
    shared: Shared,
    checker: Checker,
    /// Nothing younger is sealed: only older values are looked for in chunks.
    sealed_until: i64,
    log: LogCopier,
    events: broadcast::Sender<Event>,
    warnings: broadcast::Sender<Arc<Warning>>,
}

impl Writer {
    pub(crate) fn new(
        connection: Connection,
        path: PathBuf,
        rules: Vec<Rule>,
        (events, warnings): (broadcast::Sender<Event>, broadcast::Sender<Arc<Warning>>),
        shared: Shared,
    ) -> rusqlite::Result<Writer> {
        let (watch, series) = (Watch::default(), HashMap::new());
        let sealed_until = sealing::sealed_until(&connection)?;
        let checker = Checker::default();
        let log = LogCopier::start(&path)?;
        let mut writer = Writer {
            connection,
            path,
            rules,
            watch,
            registered: None,
            series,
            lines: Lines::default(),
            is_behind: false,
            refusing: Lasting::default(),
            is_unsure: false,
            shared,
            checker,
            sealed_until,
            log,
            events,
            warnings,
        };
        writer.recall()?;
        Ok(writer)
    }

    pub(crate) fn run(mut self, mut queue: mpsc::Receiver<Command>) {
        let mut group = Vec::with_capacity(GROUP);
        // After a commit that failed, on a full disk say, nothing follows by itself: that waits for the next command.
        let mut failed = false;
        loop {
            while group.len() < GROUP
                && let Ok(next) = queue.try_recv()
            {
                group.push(next);
            }
            // With nothing to do, what is behind follows.
            if group.is_empty() && (failed || !self.newest().is_following()) {
                let Some(next) = queue.blocking_recv() else { break };
                group.push(next);
                continue;
            }
            failed = !self.commit_or_recover(&mut group);
        }
        if let Err(error) = self.write_latest() {
            tracing::warn!(%error, "the newest values were not written; the next start finds them again");
        }
        self.log.end();
    }

    fn newest(&self) -> RwLockWriteGuard<'_, Latest> {
        self.shared.latest.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// The table of newest values follows to the end.
    fn write_latest(&mut self) -> rusqlite::Result<()> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let latest = self.shared.latest.read().unwrap_or_else(PoisonError::into_inner);
        latest.write(&transaction, latest.behind())?;
        latest::set_clean(&transaction, true)?;
        transaction.commit()
    }

    /// Stores a group whole or not at all, answers everybody in it, and says whether it was stored.
    fn commit(&mut self, group: &mut Vec<Command>) -> bool {
        if self.is_behind {
            self.read_again();
        }
        let mut all = true;
        let mut warnings = Vec::new();
        loop {
            warnings.clear();
            match self.store(group, &mut warnings) {
                // It is not the database that refuses, but something that one of them must read: the others are stored.
                Err(Failed { error, place: Some(place) }) if is_of_the_command(&error) => {
                    tracing::error!(%error, path = %self.path.display(), "a command cannot be stored and is refused; the others of its group are stored");
                    self.go_back();
                    group.remove(place).refuse(database(&self.path, &error));
                    all = false;
                }
                outcome => return self.finish(group, outcome, warnings) && all,
            }
        }
    }

    /// Answers everybody in a group that was stored, or was not; says which.
    fn finish(
        &mut self,
        group: &mut Vec<Command>,
        outcome: Result<Vec<Option<Receipt>>, Failed>,
        warnings: Vec<(usize, Warning)>,
    ) -> bool {
        match outcome {
            Ok(receipts) => {
                if self.refusing.note(&Ok::<_, Infallible>(())).is_some() {
                    tracing::info!(path = %self.path.display(), "observations are stored again");
                }
                let mut warnings = warnings.into_iter().peekable();
                for (place, (command, receipt)) in group.drain(..).zip(receipts).enumerate() {
                    self.answer(command, receipt);
                    while let Some((_, warning)) = warnings.next_if(|(of, _)| *of == place) {
                        let warning = Arc::new(warning);
                        let _ = self.warnings.send(Arc::clone(&warning));
                        let _ = self.events.send(Event::Warning(warning));
                    }
                }
                true
            }
            Err(Failed { error, .. }) => {
                let turn = self.refusing.note(&Err::<(), _>(&error));
                if turn.is_some() {
                    tracing::error!(%error, path = %self.path.display(), "observations cannot be stored and are not acknowledged");
                }
                self.go_back();
                let refusal = database(&self.path, &error);
                group.drain(..).for_each(|command| command.refuse(refusal.clone()));
                false
            }
        }
    }

    /// A group was not stored: what was remembered of it goes.
    fn go_back(&mut self) {
        self.forget_group();
        // Values of the group moved the rules on: back to what is on disk.
        self.read_again();
    }

    fn forget_group(&mut self) {
        self.series.clear();
        self.lines.forget();
        // What is sent again must not meet itself.
        self.checker = Checker::default();
    }

    /// What the rules know is what is on disk. What cannot be read now is read before the next group.
    fn read_again(&mut self) {
        let recalled = self.recall();
        self.is_behind = recalled.is_err();
        if let Err(error) = recalled {
            tracing::error!(%error, "open warnings could not be read again");
        }
    }

    /// What a command asked for is on disk: who waits is answered, who listens is told. That nobody does either any more is no fault.
    fn answer(&self, command: Command, receipt: Option<Receipt>) {
        match (command, receipt) {
            (Command::Append(submission, reply), Some(receipt)) => {
                let _ = reply.send(Ok(receipt));
                if !receipt.duplicate && receipt.quarantined.is_none() {
                    let _ = self.events.send(Event::Observed(Arc::new(update(*submission))));
                }
            }
            (command, _) => {
                if let Some(done) = command.done() {
                    let _ = done.send(Ok(()));
                }
            }
        }
    }

    /// One receipt for each command that is an append; warnings with the place of the command that brought them.
    fn store(&mut self, group: &[Command], told: &mut Vec<(usize, Warning)>) -> Result<Vec<Option<Receipt>>, Failed> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut receipts = Vec::with_capacity(group.len());
        let mut seen = Seen::default();
        let recent = self.shared.recent.read().unwrap_or_else(PoisonError::into_inner);
        let mut work = Work {
            transaction: &transaction,
            series: &mut self.series,
            lines: &mut self.lines,
            watch: &mut self.watch,
            checker: &mut self.checker,
            registered: &mut self.registered,
            sealed_until: &mut self.sealed_until,
            latest: &self.shared.latest,
            recent: &recent,
        };
        for (place, command) in group.iter().enumerate() {
            let applied = work.apply(command, &mut seen).map_err(|error| Failed { error, place: Some(place) })?;
            let Applied { receipt, warnings } = applied;
            receipts.push(receipt);
            for warning in warnings {
                keep_warning(&transaction, &warning)?;
                told.push((place, warning));
            }
        }
        drop(recent);
        self.lines.write(&transaction)?;
        let mut newest = self.shared.latest.write().unwrap_or_else(PoisonError::into_inner);
        let following = newest.following(seen.due).to_vec();
        newest.write(&transaction, following.iter().copied())?;
        let unchanged = seen.values.is_empty() && seen.come.is_empty();
        latest::set_clean(&transaction, unchanged && newest.is_whole(following.len()))?;
        drop(newest);
        transaction.commit()?;
        self.make_known(group, seen, following.len());
        Ok(receipts)
    }

    /// What a group brought is on disk: those who read see it.
    fn make_known(&mut self, group: &[Command], seen: Seen<'_>, followed: usize) {
        self.log.grew(seen.values.len() + seen.come.len());
        let mut changes = self.shared.hour_changes.write().unwrap_or_else(PoisonError::into_inner);
        let mut newest = self.newest();
        newest.followed(followed);
        for (series, observation) in seen.values {
            changes.stored(observation);
            newest.see(series, observation);
        }
        for (series, observation) in &seen.come {
            changes.stored(observation);
            newest.see(*series, observation);
        }
        drop(newest);
        let mut recent = self.shared.recent.write().unwrap_or_else(PoisonError::into_inner);
        for (id, mn, digest) in seen.packets {
            recent.came(id, mn, digest);
        }
        drop(recent);
        let mut reviews = self.shared.reviews.write().unwrap_or_else(PoisonError::into_inner);
        for command in group {
            if let Command::Review(change, _) = command {
                reviews.follow(change);
                changes.reviewed();
            }
        }
    }

    /// What the rules must know after a start: which warnings are open, who was heard when.
    fn recall(&mut self) -> rusqlite::Result<()> {
        let mut watch = Watch::new(self.rules.clone());
        let read = recall::everything(&self.connection, &mut watch);
        if let Some(devices) = &self.registered {
            watch.register(devices);
        }
        // Whatever could be read: what the rules knew before may not be on disk.
        self.watch = watch;
        read
    }
}

/// Why a group was not stored.
struct Failed {
    error: rusqlite::Error,
    /// The command that could not be applied, if it was one of them.
    place: Option<usize>,
}

/// Whether a command cannot be stored, while others can: a row that it must read is damaged, or a table does not take it.
fn is_of_the_command(error: &rusqlite::Error) -> bool {
    use rusqlite::ErrorCode::{ConstraintViolation, TooBig, TypeMismatch};
    is_damage(error) || matches!(error.sqlite_error_code(), Some(ConstraintViolation | TooBig | TypeMismatch))
}

impl From<rusqlite::Error> for Failed {
    fn from(error: rusqlite::Error) -> Self {
        Self { error, place: None }
    }
}

fn update(submission: Submission) -> Update {
    Update {
        station: submission.device.station.clone(),
        kind: submission.device.kind.clone(),
        mn: submission.device.mn.clone(),
        received_at: submission.received_at,
        observations: submission.observations,
    }
}
