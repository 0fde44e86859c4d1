//! The newest value of every series, in memory: what pages ask for most, and what would be written most.
//!
//! The writer moves it on after each commit; the table `latest` follows when it has changed often enough ([`Latest::is_due`]). A store that was not
//! closed in order finds the rest in the hot rows, which are never older than what is sealed.

use std::collections::{HashMap, HashSet};

use rusqlite::{Connection, Transaction, params};

use crate::{Kind, Observation, Series};

/// Values that may have moved on for each series that did, before the table follows.
const MOVES: usize = 4;

/// Values that may have moved on in any case.
const FREE_MOVES: usize = 2000;

/// Newest values by series.
#[derive(Default)]
pub(crate) struct Latest {
    values: HashMap<i64, Observation>,
    by_station: HashMap<String, Vec<i64>>,
    changed: HashSet<i64>,
    moves: usize,
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
        let mut rows = rows.query([])?;
        while let Some(row) = rows.next()? {
            self.see(row.get(9)?, &crate::query::observation(row)?);
        }
        // What was read stands in the tables already.
        if table == "latest" {
            self.changed.clear();
            self.moves = 0;
        }
        Ok(())
    }

    /// A value of a series was stored.
    pub(crate) fn see(&mut self, series: i64, observation: &Observation) {
        match self.values.get_mut(&series) {
            Some(known) if observation.at < known.at => return,
            Some(known) => {
                known.at = observation.at;
                known.period_s = observation.period_s;
                known.value = observation.value;
                known.text.clone_from(&observation.text);
                known.flag.clone_from(&observation.flag);
            }
            None => {
                self.by_station.entry(observation.series.station.clone()).or_default().push(series);
                self.values.insert(series, observation.clone());
            }
        }
        self.changed.insert(series);
        self.moves += 1;
    }

    /// Whether the table should follow now: rarely enough that a busy fleet does not write each value twice.
    pub(crate) fn is_due(&self) -> bool {
        self.moves > FREE_MOVES + MOVES * self.changed.len()
    }

    /// Whether anything has changed since the table was written.
    pub(crate) fn has_changed(&self) -> bool {
        !self.changed.is_empty()
    }

    /// Lets the table follow. [`Latest::written`] is called when the transaction is committed.
    pub(crate) fn write(&self, transaction: &Transaction<'_>) -> rusqlite::Result<()> {
        let mut put = transaction.prepare_cached(
            "INSERT INTO latest (series, ts, value, text, flag) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (series) DO UPDATE SET ts = ?2, value = ?3, text = ?4, flag = ?5",
        )?;
        for series in &self.changed {
            if let Some(value) = self.values.get(series) {
                put.execute(params![series, value.at.as_millisecond(), value.value, value.own_text(), value.flag])?;
            }
        }
        set_clean(transaction, true)
    }

    /// The table holds what is here.
    pub(crate) fn written(&mut self) {
        self.changed.clear();
        self.moves = 0;
    }

    /// The newest values of a station, by factor, period and statistic.
    pub(crate) fn of_station(&self, station: &str) -> Vec<Observation> {
        let series = self.by_station.get(station).map(Vec::as_slice).unwrap_or_default();
        let mut found: Vec<Observation> = series.iter().filter_map(|series| self.values.get(series)).cloned().collect();
        found.sort_by(|one, other| one.series.cmp(&other.series));
        found
    }

    /// The newest values of one kind: each factor's value or mean, by station and factor.
    pub(crate) fn of_kind(&self, kind: Kind) -> Vec<Observation> {
        let wanted = |series: &Series| *series == Series::main(&series.station, &series.factor, kind);
        let mut found: Vec<Observation> =
            self.values.values().filter(|value| value.series.kind == kind && wanted(&value.series)).cloned().collect();
        found.sort_by(|one, other| one.series.cmp(&other.series));
        found
    }
}

/// Whether the table `latest` holds the newest values.
fn is_clean(connection: &Connection) -> rusqlite::Result<bool> {
    connection.query_row("SELECT value = 1 FROM mark WHERE name = 'latest_is_whole'", [], |row| row.get(0))
}

/// Says whether it does.
pub(crate) fn set_clean(transaction: &Transaction<'_>, clean: bool) -> rusqlite::Result<()> {
    transaction
        .prepare_cached("UPDATE mark SET value = ?1 WHERE name = 'latest_is_whole' AND value <> ?1")?
        .execute([i64::from(clean)])?;
    Ok(())
}
