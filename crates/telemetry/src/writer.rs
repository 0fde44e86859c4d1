//! The one writer: takes what waits, stores it in one transaction, commits, then answers and tells.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock, RwLockWriteGuard};

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};
use tokio::sync::{broadcast, mpsc, oneshot};

use crate::chunk;
use crate::latest::{self, Latest};
use crate::quality::{Checker, Doubt};
use crate::query::is_sealed;
use crate::raw::{self, Block, Recent};
use crate::rules::{Rule, Warning, Watch};
use crate::sealing::{self, Portion};
use crate::store::database;
use crate::{Event, Observation, Receipt, Series, StoreError, Submission, Update};

/// Commands that one commit takes at most.
const GROUP: usize = 1024;

/// Quarantined packets that are kept.
const QUARANTINE: i64 = 100_000;

type Reply = oneshot::Sender<Result<Receipt, StoreError>>;

pub(crate) enum Command {
    Append(Box<Submission>, Reply),
    Quarantine { raw: Vec<u8>, reason: String, mn: Option<String>, peer: String, received_at: Timestamp },
    Tick(Timestamp),
    Prune(Timestamp),
    Seal(Portion, oneshot::Sender<Result<(), StoreError>>),
    Mark(&'static str, i64, oneshot::Sender<Result<(), StoreError>>),
    Pack(Block, oneshot::Sender<Result<(), StoreError>>),
}

pub(crate) struct Writer {
    connection: Connection,
    path: PathBuf,
    rules: Vec<Rule>,
    watch: Watch,
    series: HashMap<Series, i64>,
    latest: Arc<RwLock<Latest>>,
    recent: Arc<RwLock<Recent>>,
    checker: Checker,
    /// Nothing younger is sealed: only older values are looked for in chunks.
    sealed_until: i64,
    events: broadcast::Sender<Event>,
}

impl Writer {
    pub(crate) fn new(
        connection: Connection,
        path: PathBuf,
        rules: Vec<Rule>,
        events: broadcast::Sender<Event>,
        (latest, recent): (Arc<RwLock<Latest>>, Arc<RwLock<Recent>>),
    ) -> rusqlite::Result<Writer> {
        let (watch, series) = (Watch::default(), HashMap::new());
        let sealed_until = sealing::sealed_until(&connection)?;
        let checker = Checker::default();
        let mut writer =
            Writer { connection, path, rules, watch, series, latest, recent, checker, sealed_until, events };
        writer.recall()?;
        Ok(writer)
    }

    pub(crate) fn run(mut self, mut queue: mpsc::Receiver<Command>) {
        let mut group = Vec::with_capacity(GROUP);
        while let Some(first) = queue.blocking_recv() {
            group.push(first);
            while group.len() < GROUP
                && let Ok(next) = queue.try_recv()
            {
                group.push(next);
            }
            self.commit(&mut group);
        }
        let changed = self.newest().has_changed();
        if changed && let Err(error) = self.write_latest() {
            tracing::warn!(%error, "the newest values were not written; the next start finds them again");
        }
    }

    fn newest(&self) -> RwLockWriteGuard<'_, Latest> {
        self.latest.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn write_latest(&mut self) -> rusqlite::Result<()> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut latest = self.latest.write().unwrap_or_else(PoisonError::into_inner);
        latest.write(&transaction)?;
        transaction.commit()?;
        latest.written();
        Ok(())
    }

    /// Stores a group whole or not at all, and answers everybody in it.
    fn commit(&mut self, group: &mut Vec<Command>) {
        let mut told = Vec::new();
        let outcome = self.store(group, &mut told);
        if let Err(error) = &outcome {
            tracing::error!(%error, path = %self.path.display(), "observations could not be stored; nothing of the group is acknowledged");
            self.series.clear();
            // Values of the group moved the rules on: back to what is on disk.
            if let Err(error) = self.recall() {
                tracing::error!(%error, "open warnings could not be read again");
            }
        }
        match outcome {
            Ok(receipts) => {
                let mut receipts = receipts.into_iter();
                for command in group.drain(..) {
                    // A connection that is gone does not wait for its receipt.
                    match (command, receipts.next().flatten()) {
                        (Command::Append(_, reply), Some(receipt)) => drop(reply.send(Ok(receipt))),
                        (Command::Seal(_, reply) | Command::Pack(_, reply) | Command::Mark(_, _, reply), _) => {
                            drop(reply.send(Ok(())));
                        }
                        _ => {}
                    }
                }
                for event in told {
                    // Nobody listening is no fault.
                    let _ = self.events.send(event);
                }
            }
            Err(error) => {
                for command in group.drain(..) {
                    match command {
                        Command::Append(_, reply) => drop(reply.send(Err(database(&self.path, &error)))),
                        Command::Seal(_, reply) | Command::Pack(_, reply) | Command::Mark(_, _, reply) => {
                            drop(reply.send(Err(database(&self.path, &error))));
                        }
                        _ => {}
                    }
                }
            }
        }
    }

    /// One receipt for each command that is an append.
    fn store(&mut self, group: &[Command], told: &mut Vec<Event>) -> rusqlite::Result<Vec<Option<Receipt>>> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut receipts = Vec::with_capacity(group.len());
        let mut seen = Seen::default();
        let recent = self.recent.read().unwrap_or_else(PoisonError::into_inner);
        let mut due = false;
        for command in group {
            let mut warnings = Vec::new();
            let receipt = match command {
                Command::Append(submission, _) => {
                    let receipt =
                        append(&transaction, &mut self.series, self.sealed_until, &recent, submission, &mut seen)?;
                    if !receipt.duplicate {
                        let values = &seen.values[seen.values.len() - receipt.observations..];
                        let doubts = self.checker.look(values, &submission.device.ranges, submission.back_fill);
                        for (series, at, doubt) in doubts {
                            keep_doubt(&transaction, series, at, doubt)?;
                        }
                        warnings = judge(&mut self.watch, submission);
                        told.push(Event::Observed(Arc::new(update(submission))));
                    }
                    Some(receipt)
                }
                Command::Quarantine { raw, reason, mn, peer, received_at } => {
                    quarantine(&transaction, raw, reason, mn.as_deref(), peer, *received_at)?;
                    None
                }
                Command::Tick(now) => {
                    warnings = self.watch.tick(*now);
                    due = true;
                    None
                }
                Command::Prune(before) => {
                    let before = before.as_millisecond();
                    transaction.execute("DELETE FROM hot WHERE ts < ?1", [before])?;
                    transaction.execute("DELETE FROM chunk WHERE day < ?1", [chunk::day_of(before)])?;
                    raw::prune(&transaction, before)?;
                    transaction.execute("DELETE FROM doubt WHERE ts < ?1", [before])?;
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
                Command::Pack(block, _) => {
                    raw::write(&transaction, block)?;
                    None
                }
                Command::Seal(portion, _) => {
                    sealing::write(&transaction, portion)?;
                    self.sealed_until = self.sealed_until.max(portion.until());
                    None
                }
            };
            receipts.push(receipt);
            for warning in warnings {
                keep_warning(&transaction, &warning)?;
                told.push(Event::Warning(Arc::new(warning)));
            }
        }
        drop(recent);
        if !seen.values.is_empty() {
            latest::set_clean(&transaction, false)?;
        }
        transaction.commit()?;
        let mut newest = self.newest();
        for (series, observation) in seen.values {
            newest.see(series, observation);
        }
        due = newest.is_due() || (due && newest.has_changed());
        drop(newest);
        let mut recent = self.recent.write().unwrap_or_else(PoisonError::into_inner);
        for (id, mn, digest) in seen.packets {
            recent.came(id, mn, digest);
        }
        drop(recent);
        // The group is on disk, whatever becomes of this.
        if due && let Err(error) = self.write_latest() {
            tracing::warn!(%error, "the newest values could not be written; it is tried again");
        }
        Ok(receipts)
    }

    /// What the rules must know after a start: which warnings are open, who was heard when.
    fn recall(&mut self) -> rusqlite::Result<()> {
        let mut watch = Watch::new(self.rules.clone());
        let mut devices = self.connection.prepare("SELECT station, name, kind, last_heard FROM device")?;
        let mut rows = devices.query([])?;
        while let Some(row) = rows.next()? {
            let at = Timestamp::from_millisecond(row.get(3)?).unwrap_or(Timestamp::UNIX_EPOCH);
            watch.heard(&row.get::<_, String>(0)?, &row.get::<_, String>(1)?, &row.get::<_, String>(2)?, at);
        }
        let mut open = self.connection.prepare("SELECT body FROM warning WHERE cleared_at IS NULL")?;
        let mut rows = open.query([])?;
        while let Some(row) = rows.next()? {
            if let Ok(warning) = serde_json::from_str(&row.get::<_, String>(0)?) {
                watch.restore(warning);
            }
        }
        self.watch = watch;
        Ok(())
    }
}

fn update(submission: &Submission) -> Update {
    Update {
        station: submission.device.station.clone(),
        kind: submission.device.kind.clone(),
        mn: submission.device.mn.clone(),
        received_at: submission.received_at,
        observations: submission.observations.clone(),
    }
}

/// What a group brings, to be made known when it is on disk.
#[derive(Default)]
struct Seen<'a> {
    values: Vec<(i64, &'a Observation)>,
    packets: Vec<(i64, &'a str, u128)>,
    digests: HashSet<u128>,
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

fn append<'a>(
    transaction: &Transaction<'_>,
    known: &mut HashMap<Series, i64>,
    sealed_until: i64,
    recent: &Recent,
    submission: &'a Submission,
    seen: &mut Seen<'a>,
) -> rusqlite::Result<Receipt> {
    let device = &submission.device;
    let received = submission.received_at.as_millisecond();
    let fresh = !recent.knows(submission.digest) && seen.digests.insert(submission.digest);
    if fresh {
        let id = raw::keep(transaction, &device.mn, submission.digest, received, &submission.raw)?;
        seen.packets.push((id, &device.mn, submission.digest));
    }
    transaction
        .prepare_cached(
            "INSERT INTO device (mn, station, name, kind, last_heard, peer, packets, duplicates, clock_behind_s)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
             ON CONFLICT (mn) DO UPDATE SET station = ?2, name = ?3, kind = ?4, last_heard = max(last_heard, ?5), peer = ?6,
                 packets = packets + ?7, duplicates = duplicates + ?8, clock_behind_s = coalesce(?9, clock_behind_s)",
        )?
        .execute(params![
            device.mn,
            device.station,
            device.name,
            device.kind,
            received,
            submission.peer,
            i64::from(fresh),
            i64::from(!fresh),
            submission.clock_behind_s.filter(|_| fresh),
        ])?;
    if !fresh {
        return Ok(Receipt { duplicate: true, observations: 0 });
    }
    for tolerance in submission.tolerated.iter() {
        transaction
            .prepare_cached(
                "INSERT INTO device_tolerance (mn, tolerance, count) VALUES (?1, ?2, 1)
                 ON CONFLICT (mn, tolerance) DO UPDATE SET count = count + 1",
            )?
            .execute(params![device.mn, tolerance.name()])?;
    }
    if submission.in_future {
        quarantine(
            transaction,
            &submission.raw,
            "time_in_future",
            Some(&device.mn),
            &submission.peer,
            submission.received_at,
        )?;
    }
    for observation in &submission.observations {
        let series = series_id(transaction, known, observation)?;
        keep(transaction, series, observation, sealed_until, received)?;
        seen.values.push((series, observation));
    }
    Ok(Receipt { duplicate: false, observations: submission.observations.len() })
}

fn series_id(
    transaction: &Transaction<'_>,
    known: &mut HashMap<Series, i64>,
    observation: &Observation,
) -> rusqlite::Result<i64> {
    let series = &observation.series;
    if let Some(id) = known.get(series) {
        return Ok(*id);
    }
    let id = transaction
        .prepare_cached(
            "INSERT INTO series (station, factor, kind, statistic, period_s) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT DO UPDATE SET period_s = ?5 RETURNING id",
        )?
        .query_row(
            params![series.station, series.factor, series.kind.name(), series.statistic.name(), observation.period_s],
            |row| row.get(0),
        )?;
    known.insert(series.clone(), id);
    Ok(id)
}

/// Stores one value; a value that was there with another content becomes a revision.
fn keep(
    transaction: &Transaction<'_>,
    series: i64,
    observation: &Observation,
    sealed_until: i64,
    received: i64,
) -> rusqlite::Result<()> {
    let at = observation.at.as_millisecond();
    // The literal text is kept only where the number does not give it back.
    let text = observation.own_text();
    let table = if is_sealed(observation.series.kind) { "hot" } else { "held" };
    let fresh = transaction
        .prepare_cached(&format!(
            "INSERT INTO {table} (ts, series, value, text, flag) VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING"
        ))?
        .execute(params![at, series, observation.value, text, observation.flag])?
        == 1;
    if fresh && table == "hot" && at < sealed_until {
        revise_sealed(transaction, series, observation, received)?;
    }
    if !fresh {
        let replaced = transaction
            .prepare_cached(&format!(
                "INSERT INTO revision (replaced_at, series, ts, value, text, flag)
                 SELECT ?1, series, ts, value, text, flag FROM {table}
                 WHERE series = ?2 AND ts = ?3 AND (value, text, flag) IS NOT (?4, ?5, ?6)"
            ))?
            .execute(params![received, series, at, observation.value, text, observation.flag])?;
        if replaced > 0 {
            transaction
                .prepare_cached(&format!(
                    "UPDATE {table} SET value = ?3, text = ?4, flag = ?5 WHERE series = ?1 AND ts = ?2"
                ))?
                .execute(params![series, at, observation.value, text, observation.flag])?;
        }
    }
    Ok(())
}

/// What a chunk says of the instant becomes a revision, if it is something else: from now on the hot row counts.
fn revise_sealed(
    transaction: &Transaction<'_>,
    series: i64,
    observation: &Observation,
    received: i64,
) -> rusqlite::Result<()> {
    let at = observation.at.as_millisecond();
    let Some(sealed) = sealing::sealed_entry(transaction, series, at)? else { return Ok(()) };
    if (sealed.value, sealed.text.as_deref(), &sealed.flag)
        != (observation.value, observation.own_text(), &observation.flag)
    {
        transaction
            .prepare_cached(
                "INSERT INTO revision (replaced_at, series, ts, value, text, flag) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )?
            .execute(params![received, series, at, sealed.value, sealed.text, sealed.flag])?;
    }
    Ok(())
}

fn quarantine(
    transaction: &Transaction<'_>,
    raw: &[u8],
    reason: &str,
    mn: Option<&str>,
    peer: &str,
    received_at: Timestamp,
) -> rusqlite::Result<()> {
    transaction
        .prepare_cached("INSERT INTO quarantine (received_at, peer, mn, reason, raw) VALUES (?1, ?2, ?3, ?4, ?5)")?
        .execute(params![received_at.as_millisecond(), peer, mn, reason, raw])?;
    let last = transaction.last_insert_rowid();
    if last % 1000 == 0 {
        transaction.execute("DELETE FROM quarantine WHERE id <= ?1", [last - QUARANTINE])?;
    }
    Ok(())
}

fn keep_doubt(transaction: &Transaction<'_>, series: i64, at: Timestamp, doubt: Doubt) -> rusqlite::Result<()> {
    transaction
        .prepare_cached(
            "INSERT INTO doubt (series, ts, doubt) VALUES (?1, ?2, ?3) ON CONFLICT (series, ts) DO UPDATE SET doubt = ?3",
        )?
        .execute(params![series, at.as_millisecond(), doubt.name()])?;
    Ok(())
}

fn keep_warning(transaction: &Transaction<'_>, warning: &Warning) -> rusqlite::Result<()> {
    // Texts, numbers and instants only: there is nothing in a warning that JSON cannot hold.
    let body = serde_json::to_string(warning).unwrap_or_default();
    let known: Option<String> = transaction
        .prepare_cached("SELECT id FROM warning WHERE id = ?1")?
        .query_row([&warning.id], |row| row.get(0))
        .optional()?;
    let cleared = warning.cleared_at.map(Timestamp::as_millisecond);
    if known.is_some() {
        transaction
            .prepare_cached("UPDATE warning SET cleared_at = ?2, body = ?3 WHERE id = ?1")?
            .execute(params![warning.id, cleared, body])?;
    } else {
        transaction
            .prepare_cached(
                "INSERT INTO warning (id, station, rule, opened_at, cleared_at, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )?
            .execute(params![
                warning.id,
                warning.station,
                warning.rule,
                warning.opened_at.as_millisecond(),
                cleared,
                body
            ])?;
    }
    Ok(())
}
