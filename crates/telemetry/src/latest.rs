//! The newest value of every series, in memory: what pages ask for most, and what would be written most.
//!
//! The writer moves it on after each commit; the table `latest` follows when it has changed often enough, a portion with each commit, so that no
//! commit is long ([`Latest::following`]). A store that was not closed in order finds the rest in the hot rows: what is sealed is written first.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use crate::observation::Said;
use crate::{Kind, Observation, Series, stored};

/// Values that may have moved on for each series that did, before the table follows.
const MOVES: usize = 4;

/// Values that may have moved on in any case.
const FREE_MOVES: usize = 2000;

/// Rows that follow with one commit at most.
const PORTION: usize = 2000;

/// Newest values by series.
#[derive(Default)]
pub(crate) struct Latest {
    /// By number of the series; numbers begin at 1 and follow one another.
    values: Vec<Option<Newest>>,
    by_station: HashMap<String, Vec<i64>>,
    /// Moved on since the table began to follow.
    changed: Vec<i64>,
    moves: usize,
    /// The table is to follow in these.
    following: Vec<i64>,
}

struct Newest {
    value: Observation,
    /// Whether the series is among the changed ones.
    changed: bool,
}

impl Latest {
    /// Reads the table, and what came after it where the store was not closed in order.
    pub(crate) fn read(connection: &Connection) -> rusqlite::Result<Latest> {
        let mut latest = Latest::default();
        latest.read_rows(connection, "latest")?;
        if !is_clean(connection)? {
            latest.read_rows(connection, "hot")?;
            latest.read_rows(connection, "held")?;
        }
        Ok(latest)
    }

    fn read_rows(&mut self, connection: &Connection, table: &str) -> rusqlite::Result<()> {
        let mut rows = connection.prepare(&format!(
            "SELECT s.station, s.factor, s.kind, s.statistic, s.period_s, v.ts, v.value, v.text, v.flag, v.series
             FROM {table} v JOIN series s ON s.id = v.series"
        ))?;
        let read = |row: &Row<'_>| Ok((row.get(9)?, crate::query::observation(row)?));
        stored::each(table, rows.query([])?, read, |(series, value)| self.see(series, &value))?;
        // What was read stands in the tables already.
        if table == "latest" {
            self.take_changed();
            self.moves = 0;
        }
        Ok(())
    }

    /// A value of a series was stored.
    pub(crate) fn see(&mut self, series: i64, observation: &Observation) {
        // Numbers of rows are never negative.
        let place = usize::try_from(series).unwrap_or(0);
        if self.values.len() <= place {
            self.values.resize_with(place + 1, || None);
        }
        match &mut self.values[place] {
            Some(Newest { value: known, .. }) if observation.at < known.at => return,
            Some(Newest { value: known, changed }) => {
                known.at = observation.at;
                known.period_s = observation.period_s;
                known.value = observation.value;
                known.text.clone_from(&observation.text);
                known.flag.clone_from(&observation.flag);
                if !*changed {
                    self.changed.push(series);
                }
                *changed = true;
            }
            none => {
                *none = Some(Newest { value: observation.clone(), changed: true });
                self.by_station.entry(observation.series.station.clone()).or_default().push(series);
                self.changed.push(series);
            }
        }
        self.moves += 1;
    }

    fn value(&self, series: i64) -> Option<&Observation> {
        self.values.get(usize::try_from(series).ok()?)?.as_ref().map(|newest| &newest.value)
    }

    fn all(&self) -> impl Iterator<Item = &Observation> {
        self.values.iter().flatten().map(|newest| &newest.value)
    }

    fn take_changed(&mut self) -> Vec<i64> {
        for series in &self.changed {
            let newest = usize::try_from(*series).ok().and_then(|place| self.values.get_mut(place)?.as_mut());
            if let Some(newest) = newest {
                newest.changed = false;
            }
        }
        std::mem::take(&mut self.changed)
    }

    /// The series in which the table follows with this commit. It begins when values moved on often enough, rarely enough that a busy fleet does not write
    /// each value twice, or when there is `time` for it.
    pub(crate) fn following(&mut self, time: bool) -> &[i64] {
        let due = self.moves > FREE_MOVES + MOVES * self.changed.len() || (time && self.moves > 0);
        if due && self.following.is_empty() {
            self.following = self.take_changed();
            self.moves = 0;
        }
        &self.following[self.following.len().saturating_sub(PORTION)..]
    }

    /// Whether the table has begun to follow and is not done.
    pub(crate) fn is_following(&self) -> bool {
        !self.following.is_empty()
    }

    /// Whether the table holds what is here, once the commit is done that follows in `with` series.
    pub(crate) fn is_whole(&self, with: usize) -> bool {
        self.changed.is_empty() && self.following.len() <= with
    }

    /// All series in which the table is behind.
    pub(crate) fn behind(&self) -> impl Iterator<Item = i64> {
        self.changed.iter().chain(&self.following).copied()
    }

    /// Writes the newest values of these series.
    pub(crate) fn write(
        &self,
        transaction: &Transaction<'_>,
        series: impl IntoIterator<Item = i64>,
    ) -> rusqlite::Result<()> {
        let mut put = transaction.prepare_cached(
            "INSERT INTO latest (series, ts, value, text, flag, checksum) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (series) DO UPDATE SET ts = ?2, value = ?3, text = ?4, flag = ?5, checksum = ?6",
        )?;
        for series in series {
            if let Some(value) = self.value(series) {
                let (at, text) = (value.at.as_millisecond(), value.own_text());
                let said = Said { value: value.value, text, flag: value.flag.as_deref() };
                put.execute(params![series, at, value.value, text, value.flag, said.checksum([series, at])])?;
            }
        }
        Ok(())
    }

    /// The commit is done in which the table followed in `count` series.
    pub(crate) fn followed(&mut self, count: usize) {
        self.following.truncate(self.following.len() - count);
    }

    /// The newest values of a station, by factor, period and statistic.
    pub(crate) fn of_station(&self, station: &str) -> Vec<Observation> {
        let series = self.by_station.get(station).map(Vec::as_slice).unwrap_or_default();
        let mut found: Vec<Observation> = series.iter().filter_map(|series| self.value(*series)).cloned().collect();
        found.sort_by(|one, other| one.series.cmp(&other.series));
        found
    }

    /// The newest values of one kind: each factor's value or mean, by station and factor.
    pub(crate) fn of_kind(&self, kind: Kind) -> Vec<Observation> {
        let wanted = |series: &Series| *series == Series::main(&series.station, &series.factor, kind);
        let mut found: Vec<Observation> =
            self.all().filter(|value| value.series.kind == kind && wanted(&value.series)).cloned().collect();
        found.sort_by(|one, other| one.series.cmp(&other.series));
        found
    }
}

/// Whether the table `latest` holds the newest values.
fn is_clean(connection: &Connection) -> rusqlite::Result<bool> {
    let mark = connection.query_row("SELECT value = 1 FROM mark WHERE name = 'latest_is_whole'", [], |row| row.get(0));
    // Without the mark the rows are read once more than they must be.
    Ok(mark.optional()?.unwrap_or(false))
}

/// Says whether it does.
pub(crate) fn set_clean(transaction: &Transaction<'_>, clean: bool) -> rusqlite::Result<()> {
    transaction
        .prepare_cached("UPDATE mark SET value = ?1 WHERE name = 'latest_is_whole' AND value <> ?1")?
        .execute([i64::from(clean)])?;
    Ok(())
}
