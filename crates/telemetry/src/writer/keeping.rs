//! What one command writes, inside the transaction of its group.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};
use rusqlite::{OptionalExtension, Transaction, params};

use super::lines::Lines;
use super::quarantine::quarantine;
use super::{Seen, revision, waiting};
use crate::observation::Said;
use crate::quality::Doubt;
use crate::query::is_sealed;
use crate::raw::{self, Recent};
use crate::rules::Warning;
use crate::{Kind, Observation, Receipt, Series, Submission, TimeFault, sealing, stored};

pub(super) fn append<'a>(
    transaction: &Transaction<'_>,
    known: &mut HashMap<Series, i64>,
    lines: &mut Lines,
    sealed_until: i64,
    recent: &Recent,
    submission: &'a Submission,
    seen: &mut Seen<'a>,
) -> rusqlite::Result<Receipt> {
    let device = &submission.device;
    let received = submission.received_at.as_millisecond();
    let fresh = !recent.knows(submission.digest) && !seen.digests.contains(&submission.digest);
    if fresh && let Some(fault) = time_fault(transaction, known, sealed_until, submission)? {
        return disbelieve(transaction, lines, submission, fault);
    }
    seen.digests.insert(submission.digest);
    if fresh {
        let id = raw::keep(transaction, &device.mn, submission.digest, received, &submission.raw)?;
        seen.packets.push((id, &device.mn, submission.digest));
    }
    lines.heard(transaction, submission, fresh)?;
    if !fresh {
        return Ok(Receipt::DUPLICATE);
    }
    for tolerance in submission.tolerated.iter() {
        transaction
            .prepare_cached(
                "INSERT INTO device_tolerance (mn, tolerance, count, checksum) VALUES (?1, ?2, 1, row_checksum(?1, ?2, 1))
                 ON CONFLICT (mn, tolerance) DO UPDATE SET count = count + 1, checksum = CASE
                     WHEN checksum = row_checksum(mn, tolerance, count) THEN row_checksum(mn, tolerance, count + 1)
                     ELSE checksum END",
            )?
            .execute(params![device.mn, tolerance.name()])?;
    }
    for observation in &submission.observations {
        let series = series_id(transaction, known, observation)?;
        keep(transaction, series, observation, sealed_until, received)?;
        seen.values.push((series, observation));
    }
    for observation in &submission.waiting {
        let series = series_id(transaction, known, observation)?;
        waiting::keep(transaction, series, observation, received)?;
    }
    Ok(Receipt::stored(submission.observations.len() + submission.waiting.len()))
}

/// Puts a packet whose times are not believed into quarantine.
fn disbelieve(
    transaction: &Transaction<'_>,
    lines: &mut Lines,
    submission: &Submission,
    fault: TimeFault,
) -> rusqlite::Result<Receipt> {
    let Submission { device, raw, peer, received_at, .. } = submission;
    quarantine(transaction, raw, fault.name(), Some(&device.mn), peer, *received_at)?;
    lines.disbelieved(transaction, submission)?;
    Ok(Receipt { duplicate: false, observations: 0, quarantined: Some(fault) })
}

/// An instant that is older than this when it comes is late: what came in its time stands.
const LATE: SignedDuration = SignedDuration::from_mins(10);

/// Why the times of a packet are not believed: of themselves, or because what the device calls an instant of the past was another value when that instant was.
/// A device that fills in what it kept says the same again, or marks it (`RF=1`); means of periods may be corrected.
fn time_fault(
    transaction: &Transaction<'_>,
    known: &mut HashMap<Series, i64>,
    sealed_until: i64,
    submission: &Submission,
) -> rusqlite::Result<Option<TimeFault>> {
    if submission.time_fault.is_some() || submission.marked_back_fill {
        return Ok(submission.time_fault);
    }
    let late = |seen: &&Observation| {
        seen.series.kind == Kind::Realtime && submission.received_at.duration_since(seen.at) > LATE
    };
    for observation in submission.observations.iter().filter(late) {
        let series = series_id(transaction, known, observation)?;
        let stored = value_at(transaction, series, observation.at.as_millisecond(), sealed_until)?;
        if stored.is_some_and(|stored| stored != observation.value) {
            return Ok(Some(TimeFault::Taken));
        }
    }
    Ok(None)
}

/// Stores a value if its instant has none. Where it has, that one stands, this one is kept as a revision, and the answer is `false`.
pub(super) fn keep_new(
    transaction: &Transaction<'_>,
    series: i64,
    observation: &Observation,
    sealed_until: i64,
    received: i64,
) -> rusqlite::Result<bool> {
    let at = observation.at.as_millisecond();
    let is_there = if is_sealed(observation.series.kind) {
        value_at(transaction, series, at, sealed_until)?.is_some()
    } else {
        transaction.prepare_cached("SELECT 1 FROM held WHERE series = ?1 AND ts = ?2")?.exists([series, at])?
    };
    if is_there {
        revision::keep(transaction, received, [series, at], observation.said())?;
    } else {
        keep(transaction, series, observation, sealed_until, received)?;
    }
    Ok(!is_there)
}

/// The value of an instant, if there is one.
fn value_at(transaction: &Transaction<'_>, series: i64, at: i64, sealed_until: i64) -> rusqlite::Result<Option<f64>> {
    let hot = transaction
        .prepare_cached("SELECT value FROM hot WHERE ts = ?1 AND series = ?2")?
        .query_row([at, series], |row| stored::or_damaged("hot", row.get(0)))
        .optional()?
        .flatten();
    if hot.is_some() || at >= sealed_until {
        return Ok(hot);
    }
    Ok(sealing::sealed_entry(transaction, series, at)?.map(|sealed| sealed.value))
}

pub(super) fn series_id(
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
pub(super) fn keep(
    transaction: &Transaction<'_>,
    series: i64,
    observation: &Observation,
    sealed_until: i64,
    received: i64,
) -> rusqlite::Result<()> {
    let at = observation.at.as_millisecond();
    let said = observation.said();
    let (table, checksum) = if is_sealed(observation.series.kind) {
        ("hot", said.checksum([at, series]))
    } else {
        ("held", said.checksum([series, at]))
    };
    let fresh = transaction
        .prepare_cached(&format!(
            "INSERT INTO {table} (ts, series, value, text, flag, checksum) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT DO NOTHING"
        ))?
        .execute(params![at, series, said.value, said.text, said.flag, checksum])?
        == 1;
    if fresh && table == "hot" && at < sealed_until {
        revise_sealed(transaction, series, observation, received)?;
    }
    if !fresh {
        // Whatever was sent ahead of its time: this one was not.
        not_early(transaction, series, at)?;
        let before: Option<(f64, Option<String>, Option<String>)> = transaction
            .prepare_cached(&format!("SELECT value, text, flag FROM {table} WHERE series = ?1 AND ts = ?2"))?
            .query_row([series, at], |row| {
                stored::or_damaged(table, (|| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))())
            })?;
        let before = before.as_ref().map(|(value, text, flag)| Said {
            value: *value,
            text: text.as_deref(),
            flag: flag.as_deref(),
        });
        if before != Some(said) {
            // What cannot be read cannot be kept as a revision: what the device says now takes its place.
            if let Some(before) = before {
                revision::keep(transaction, received, [series, at], before)?;
            }
            transaction
                .prepare_cached(&format!(
                    "UPDATE {table} SET value = ?3, text = ?4, flag = ?5, checksum = ?6 WHERE series = ?1 AND ts = ?2"
                ))?
                .execute(params![series, at, said.value, said.text, said.flag, checksum])?;
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
    let sealed = Said { value: sealed.value, text: sealed.text.as_deref(), flag: sealed.flag.as_deref() };
    if sealed != observation.said() {
        revision::keep(transaction, received, [series, at], sealed)?;
    }
    Ok(())
}

pub(super) fn keep_doubt(
    transaction: &Transaction<'_>,
    series: i64,
    at: Timestamp,
    doubt: Doubt,
) -> rusqlite::Result<()> {
    transaction
        .prepare_cached(
            "INSERT INTO doubt (series, ts, doubt) VALUES (?1, ?2, ?3) ON CONFLICT (series, ts) DO UPDATE SET doubt = ?3",
        )?
        .execute(params![series, at.as_millisecond(), doubt.name()])?;
    Ok(())
}

/// What came for the instant comes in its time: it is not doubted for having been early.
fn not_early(transaction: &Transaction<'_>, series: i64, at: i64) -> rusqlite::Result<()> {
    transaction.prepare_cached("DELETE FROM doubt WHERE series = ?1 AND ts = ?2 AND doubt = ?3")?.execute(params![
        series,
        at,
        Doubt::InFuture.name()
    ])?;
    Ok(())
}

pub(super) fn keep_warning(transaction: &Transaction<'_>, warning: &Warning) -> rusqlite::Result<()> {
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
