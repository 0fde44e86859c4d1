//! Values whose time is still to come: kept, not among the values, shown to no rule. When their time has come they are stored like any other, with a doubt.
//! The time of a period has come when it has ended: what a device calls the mean of an hour that still runs is none.
//!
//! A clock that runs ahead must not hide what comes after it: nothing that waits is the newest value of its series.

use jiff::Timestamp;
use rusqlite::{Row, Transaction, params};

use super::keeping::{self, keep_doubt};
use crate::quality::Doubt;
use crate::{Observation, stored};

/// Values that are taken up at one tick at most; the others come at the next.
const AT_ONCE: i64 = 5000;

/// Keeps a value until its time has come. Of several for one instant the last counts.
pub(super) fn keep(
    transaction: &Transaction<'_>,
    series: i64,
    value: &Observation,
    received: i64,
) -> rusqlite::Result<()> {
    transaction
        .prepare_cached(
            "INSERT INTO waiting (ts, series, value, text, flag, received_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (ts, series) DO UPDATE SET value = ?3, text = ?4, flag = ?5, received_at = ?6",
        )?
        .execute(params![value.at.as_millisecond(), series, value.value, value.own_text(), value.flag, received])?;
    Ok(())
}

/// Stores the values whose time has come, and says which they were, each with the number of its series. One for whose instant another value has come in its
/// time is let go as a revision: the device has proved itself wrong.
pub(super) fn take(
    transaction: &Transaction<'_>,
    now: Timestamp,
    sealed_until: i64,
) -> rusqlite::Result<Vec<(i64, Observation)>> {
    let now = now.as_millisecond();
    let mut rows = transaction.prepare_cached(
        "SELECT s.station, s.factor, s.kind, s.statistic, s.period_s, v.ts, v.value, v.text, v.flag, v.series
         FROM waiting v JOIN series s ON s.id = v.series
         WHERE v.ts <= ?1 AND v.ts + 1000 * s.period_s <= ?1 ORDER BY v.ts LIMIT ?2",
    )?;
    let read = |row: &Row<'_>| Ok((row.get(9)?, crate::query::observation(row)?));
    let due: Vec<(i64, Observation)> = stored::readable("waiting", rows.query(params![now, AT_ONCE])?, read)?;
    let mut come = Vec::new();
    for (series, value) in due {
        let at = value.at.as_millisecond();
        transaction.prepare_cached("DELETE FROM waiting WHERE ts = ?1 AND series = ?2")?.execute([at, series])?;
        if keeping::keep_new(transaction, series, &value, sealed_until, now)? {
            keep_doubt(transaction, series, value.at, Doubt::InFuture)?;
            come.push((series, value));
        }
    }
    Ok(come)
}
