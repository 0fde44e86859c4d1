//! What the rules look back at, read from the file after a start: a program that was restarted knows the last days as one that was not.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, Row};

use super::lines::Heard;
use crate::observation::mark_is_valid;
use crate::query::{blobs, rows, series, warning};
use crate::rules::Watch;
use crate::{Kind, Series, chunk, stored};

/// A series that rules look back at.
struct Wanted {
    series: Series,
    period: SignedDuration,
    reach: SignedDuration,
}

/// Who was heard when, which warnings are open, and the past.
pub(super) fn everything(connection: &Connection, watch: &mut Watch) -> rusqlite::Result<()> {
    let mut devices = connection.prepare("SELECT station, name, kind, last_heard FROM device")?;
    stored::each("device", devices.query([])?, Heard::of, |Heard { station, name, kind, at }| {
        let at = Timestamp::from_millisecond(at).unwrap_or(Timestamp::UNIX_EPOCH);
        watch.heard(&station, &name, &kind, at);
    })?;
    // One that cannot be read does not clear by itself.
    let mut open = connection.prepare("SELECT body FROM warning WHERE cleared_at IS NULL")?;
    stored::each("warning", open.query([])?, warning, |warning| watch.restore(warning))?;
    past(connection, watch)
}

/// Shows the watch the valid values of the past for which its rules ask.
fn past(connection: &Connection, watch: &Watch) -> rusqlite::Result<()> {
    let last = "SELECT max(last_heard) FROM device WHERE typeof(last_heard) = 'integer'";
    let last: Option<i64> = connection.query_row(last, [], |row| row.get(0))?;
    let Some(last) = last else { return Ok(()) };
    let wanted = wanted(connection, watch)?;
    let mut furthest = last;
    for (id, Wanted { series, period, reach }) in &wanted {
        let from = last - millis(*reach);
        let span = [from, last + 1];
        if series.kind == Kind::Hour {
            for entry in rows(connection, "held", *id, span)? {
                remember(watch, series, *period, entry.at, entry.value, entry.flag.as_deref());
            }
            continue;
        }
        furthest = furthest.min(from);
        for (_, blob) in blobs(connection, *id, span)? {
            let numbers = match chunk::numbers(&blob) {
                Ok(numbers) => numbers,
                Err(damaged) => {
                    // The rules look back at what is left; nothing else waits for a chunk that is lost.
                    tracing::error!(%damaged, series = id, "a chunk is damaged; `bilan verify` names it");
                    continue;
                }
            };
            for ((at, value), valid) in numbers.times.into_iter().zip(numbers.values).zip(numbers.valid) {
                if valid && at >= from {
                    show(watch, series, at, value);
                }
            }
        }
    }
    // Rows that are not sealed yet lie by time: one pass for all series.
    let mut hot =
        connection.prepare("SELECT ts, series, value, flag FROM hot WHERE ts >= ?1 AND ts <= ?2 ORDER BY ts")?;
    let read = |row: &Row<'_>| {
        if let Some(Wanted { series, period, .. }) = wanted.get(&row.get(1)?) {
            remember(watch, series, *period, row.get(0)?, row.get(2)?, flag(row)?);
        }
        Ok(())
    };
    stored::each("hot", hot.query([furthest, last])?, read, |()| ())
}

fn wanted(connection: &Connection, watch: &Watch) -> rusqlite::Result<HashMap<i64, Wanted>> {
    let mut wanted = HashMap::new();
    let mut all = connection.prepare("SELECT station, factor, kind, statistic, period_s, id FROM series")?;
    let read = |row: &Row<'_>| Ok((series(row)?, row.get(4)?, row.get(5)?));
    stored::each("series", all.query([])?, read, |(series, period_s, id)| {
        let reach = watch.reach(&series.factor).and_then(|reach| reach.of(series.kind));
        if let Some(reach) = reach.filter(|_| series == Series::main(&series.station, &series.factor, series.kind)) {
            let period = SignedDuration::from_secs(period_s);
            wanted.insert(id, Wanted { series, period, reach });
        }
    })?;
    Ok(wanted)
}

fn flag<'a>(row: &'a Row<'_>) -> rusqlite::Result<Option<&'a str>> {
    row.get_ref(3)?.as_str_or_null().map_err(Into::into)
}

fn remember(watch: &Watch, series: &Series, period: SignedDuration, at: i64, value: f64, flag: Option<&str>) {
    if mark_is_valid(flag) {
        show(watch, series, at + if series.kind == Kind::Hour { millis(period) } else { 0 }, value);
    }
}

fn show(watch: &Watch, series: &Series, at: i64, value: f64) {
    if let Ok(at) = Timestamp::from_millisecond(at) {
        watch.remember(series, (at, value));
    }
}

fn millis(span: SignedDuration) -> i64 {
    span.as_secs() * 1000
}
