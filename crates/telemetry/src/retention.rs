//! Retention (保存期限): how long packets, instants and minutes are kept. Before instants and minutes go, their hours are summed up, and the sums stay.

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, Transaction, params};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;

use crate::chunk;
use crate::statistics::{Fold, Hourly};
use crate::store::{Store, StoreError};
use crate::writer::Command;
use crate::{Kind, Series, stored};

/// Chunks that one transaction of the writer lets go.
const PORTION: usize = 200;

/// How many days of what are kept. Hours and days are kept for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Retention {
    /// Packets as they came.
    pub packets_days: u32,
    /// Instants.
    pub instants_days: u32,
    /// Minutes.
    pub minutes_days: u32,
}

impl Default for Retention {
    fn default() -> Self {
        Self { packets_days: 400, instants_days: 400, minutes_days: 1100 }
    }
}

/// What was let go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Retired {
    /// Chunks of instants and minutes.
    pub chunks: usize,
    /// Hours that were summed up.
    pub hours: usize,
}

/// Chunks to be let go, and what stays of them.
#[derive(Default)]
pub(crate) struct Retiring(Vec<Summed>);

struct Summed {
    series: i64,
    day: i64,
    /// Values that were summed: a chunk with another number was opened again in between, and stays.
    count: i64,
    hours: Vec<(i64, Hourly)>,
}

struct Old {
    id: i64,
    day: i64,
    series: Series,
    period_s: u32,
    count: i64,
    blob: Vec<u8>,
}

impl Store {
    /// Lets go what is older than it is kept for. Blocks until that is done; packets are stored meanwhile. A packet that comes late and is older
    /// still is taken, and goes with the next turn: its values are added to the sums.
    ///
    /// # Errors
    /// If the file cannot be read or written. What was let go until then stays so, with its sums.
    pub fn retire_blocking(&self, retention: Retention, now: Timestamp) -> Result<Retired, StoreError> {
        let before = |days: u32| {
            let limit = now.saturating_sub(SignedDuration::from_hours(24 * i64::from(days))).unwrap_or(Timestamp::MIN);
            limit.as_millisecond()
        };
        let oldest_kept = before(retention.instants_days.max(retention.minutes_days));
        // What is let go must be sealed: late rows would be left behind.
        self.seal_blocking(Timestamp::from_millisecond(oldest_kept).unwrap_or(Timestamp::MIN))?;
        let mut retired = Retired::default();
        for (kind, days) in [(Kind::Realtime, retention.instants_days), (Kind::Minute, retention.minutes_days)] {
            let day = chunk::day_of(before(days));
            let mut last = [i64::MIN; 2];
            while let Some(old) = self.read(|connection| old(connection, kind, day, last))? {
                last = old.last;
                let portion = self.summed(old.chunks);
                retired.chunks += portion.0.len();
                retired.hours += portion.0.iter().map(|summed| summed.hours.len()).sum::<usize>();
                self.done(|reply| Command::Retire(portion, reply))?;
            }
        }
        self.done(|reply| Command::Forget(before(retention.packets_days), reply))?;
        Ok(retired)
    }

    /// A chunk that cannot be read is not let go: its hours cannot be summed up. The others go on.
    fn summed(&self, old: Vec<Old>) -> Retiring {
        let mut portion = Retiring::default();
        for Old { id, day, series, period_s, count, blob } in old {
            let numbers = match chunk::numbers(&blob) {
                Ok(numbers) => numbers,
                Err(damaged) => {
                    if self.is_new_damage(id, day) {
                        tracing::error!(%damaged, series = id, day, "a chunk stays that was to be let go; `bilan verify` names it");
                    }
                    continue;
                }
            };
            let instant = |at: i64| Timestamp::from_millisecond(at).unwrap_or(Timestamp::MIN);
            let (first, last) = (numbers.times.first().copied(), numbers.times.last().copied());
            let span = (instant(first.unwrap_or(0)), instant(last.unwrap_or(0) + 1));
            let verdicts = self.known_reviews().of(&series, span.0, span.1);
            let mut fold = Fold::of(&series.factor);
            for ((at, value), valid) in numbers.times.into_iter().zip(numbers.values).zip(numbers.valid) {
                let end = at + i64::from(period_s) * 1000;
                let said = verdicts.say(&series.factor, instant(at), instant(end));
                fold.add(at, value, said.unwrap_or(valid), period_s);
            }
            portion.0.push(Summed { series: id, day, count, hours: fold.finish().into_iter().collect() });
        }
        portion
    }

    /// Waits until the writer has done something.
    fn done(&self, command: impl FnOnce(oneshot::Sender<Result<(), StoreError>>) -> Command) -> Result<(), StoreError> {
        let (reply, done) = oneshot::channel();
        self.commands()?.blocking_send(command(reply)).map_err(|_| StoreError::Closed)?;
        done.blocking_recv().map_err(|_| StoreError::Closed)?
    }
}

/// Chunks behind the last series and day that were looked at; `None` if there are no more. A turn looks at each once: what
/// stays, because it is damaged or was opened again, waits for the next turn.
fn old(connection: &Connection, kind: Kind, before: i64, last: [i64; 2]) -> rusqlite::Result<Option<Portion>> {
    let mut rows = connection.prepare_cached(
        "SELECT s.station, s.factor, s.kind, s.statistic, s.period_s, c.series, c.day, c.count, c.blob
         FROM series s JOIN chunk c ON c.series = s.id
         WHERE s.kind = ?1 AND c.day < ?2 AND (c.series, c.day) > (?3, ?4) ORDER BY c.series, c.day LIMIT ?5",
    )?;
    let mut rows = rows.query(params![kind.name(), before, last[0], last[1], PORTION as i64])?;
    let (mut portion, mut any) = (Portion { chunks: Vec::new(), last }, false);
    while let Some(row) = rows.next()? {
        any = true;
        portion.last = [row.get(5)?, row.get(6)?];
        portion.chunks.extend(stored::or_damaged("chunk", chunk(row))?);
    }
    Ok(any.then_some(portion))
}

/// Chunks that are looked at in one go.
struct Portion {
    chunks: Vec<Old>,
    /// Series and day of the last.
    last: [i64; 2],
}

fn chunk(row: &rusqlite::Row<'_>) -> rusqlite::Result<Old> {
    Ok(Old {
        series: crate::query::series(row)?,
        period_s: row.get(4)?,
        id: row.get(5)?,
        day: row.get(6)?,
        count: row.get(7)?,
        blob: row.get(8)?,
    })
}

/// Sums in, chunks out, in one transaction.
pub(crate) fn write(transaction: &Transaction<'_>, portion: &Retiring) -> rusqlite::Result<()> {
    let mut put = transaction.prepare_cached(
        "INSERT INTO summary (series, hour, sum, energy, min, max, count, marked, covered_s)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
         ON CONFLICT (series, hour) DO UPDATE SET sum = sum + ?3, energy = energy + ?4, min = min(min, ?5), max = max(max, ?6),
             count = count + ?7, marked = marked + ?8, covered_s = min(3600, covered_s + ?9)",
    )?;
    let mut take = transaction.prepare_cached("DELETE FROM chunk WHERE series = ?1 AND day = ?2 AND count = ?3")?;
    let mut settle = transaction.prepare_cached("DELETE FROM doubt WHERE series = ?1 AND ts >= ?2 AND ts < ?3")?;
    for Summed { series, day, count, hours } in &portion.0 {
        if take.execute(params![series, day, count])? == 0 {
            continue;
        }
        for (hour, sums) in hours {
            // SQLite has no infinity to keep: an hour in which nothing counts has no least value either.
            let (min, max) = if sums.count > 0 { (sums.min, sums.max) } else { (f64::MAX, f64::MIN) };
            let Hourly { sum, energy, count, marked, covered_s, .. } = sums;
            put.execute(params![series, hour, sum, energy, min, max, count, marked, covered_s])?;
        }
        settle.execute(params![series, chunk::end_of(day - 1), chunk::end_of(*day)])?;
    }
    Ok(())
}

/// Sums of the hours that were let go.
pub(crate) fn sums(connection: &Connection, series: i64, [from, to]: [i64; 2]) -> rusqlite::Result<Vec<(i64, Hourly)>> {
    connection
        .prepare_cached(
            "SELECT hour, sum, energy, min, max, count, marked, covered_s FROM summary
             WHERE series = ?1 AND hour >= ?2 AND hour < ?3",
        )?
        .query_map(params![series, from, to], |row| {
            let sums = Hourly {
                sum: row.get(1)?,
                energy: row.get(2)?,
                min: row.get(3)?,
                max: row.get(4)?,
                count: row.get(5)?,
                marked: row.get(6)?,
                covered_s: row.get(7)?,
            };
            Ok((row.get(0)?, sums))
        })?
        .collect()
}
