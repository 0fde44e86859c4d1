//! What the rules look back at, read from the file after a start: a program that was restarted knows the last days as one that was not.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, Row};

use crate::observation::mark_is_valid;
use crate::query::{blobs, rows, series};
use crate::rules::Watch;
use crate::{Kind, Series, chunk};

/// A series that rules look back at.
struct Wanted {
    series: Series,
    period: SignedDuration,
    reach: SignedDuration,
}

/// Shows the watch the valid values of the past for which its rules ask.
pub(super) fn past(connection: &Connection, watch: &Watch) -> rusqlite::Result<()> {
    let last: Option<i64> = connection.query_row("SELECT max(last_heard) FROM device", [], |row| row.get(0))?;
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
        for blob in blobs(connection, *id, span)? {
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
    let mut hot = hot.query([furthest, last])?;
    while let Some(row) = hot.next()? {
        if let Some(Wanted { series, period, .. }) = wanted.get(&row.get(1)?) {
            remember(watch, series, *period, row.get(0)?, row.get(2)?, flag(row)?);
        }
    }
    Ok(())
}

fn wanted(connection: &Connection, watch: &Watch) -> rusqlite::Result<HashMap<i64, Wanted>> {
    let mut wanted = HashMap::new();
    let mut all = connection.prepare("SELECT station, factor, kind, statistic, period_s, id FROM series")?;
    let mut all = all.query([])?;
    while let Some(row) = all.next()? {
        let series = series(row)?;
        let reach = watch.reach(&series.factor).and_then(|reach| reach.of(series.kind));
        if let Some(reach) = reach.filter(|_| series == Series::main(&series.station, &series.factor, series.kind)) {
            let period = SignedDuration::from_secs(row.get(4)?);
            wanted.insert(row.get(5)?, Wanted { series, period, reach });
        }
    }
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
