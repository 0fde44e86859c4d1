//! Questions to the store. Each is a function named after what is asked; all see what was committed when they began.

mod line;

use std::collections::{BTreeMap, HashSet};

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::chunk::{self, Entry};
use crate::observation::mark_is_valid;
use crate::quality::{Doubt, Doubts};
use crate::retention;
use crate::rules::Warning;
use crate::sealing;
use crate::statistics::{Fold, HOUR, Hourly};
use crate::store::database;
use crate::{Averaging, Kind, Observation, Series, Statistic, Store, StoreError, stored};

const SERIES_COLUMNS: &str = "s.station, s.factor, s.kind, s.statistic, s.period_s";

impl Store {
    /// The newest value of each series of a station, by factor, period and statistic. From memory.
    pub fn latest(&self, station: &str) -> Vec<Observation> {
        let mut newest = self.newest().of_station(station);
        self.reviewed(&mut newest);
        newest
    }

    fn reviewed(&self, newest: &mut [Observation]) {
        let reviews = self.known_reviews();
        for observation in newest {
            let behind = observation.end() + SignedDuration::from_millis(1);
            reviews.of(&observation.series, observation.at, behind).apply(observation);
        }
    }

    /// Values of a station that our checks doubt, with `from <= at < to`, by series and reason, the newest first.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn doubts(&self, station: &str, from: Timestamp, to: Timestamp) -> Result<Vec<Doubts>, StoreError> {
        self.read(|connection| {
            connection
                .prepare_cached(&format!(
                    "SELECT {SERIES_COLUMNS}, d.doubt, min(d.ts), max(d.ts), count(*) FROM series s JOIN doubt d ON d.series = s.id
                     WHERE s.station = ?1 AND d.ts >= ?2 AND d.ts < ?3 GROUP BY s.id, d.doubt ORDER BY max(d.ts) DESC"
                ))?
                .query_map(params![station, from.as_millisecond(), to.as_millisecond()], |row| {
                    let name: String = row.get(5)?;
                    let unknown = || rusqlite::Error::InvalidColumnType(5, name.clone(), rusqlite::types::Type::Text);
                    let doubt = Doubt::from_name(&name).ok_or_else(unknown)?;
                    let (first, last) = (instant(row, 6)?, instant(row, 7)?);
                    Ok(Doubts { series: series(row)?, doubt, first, last, count: row.get(8)? })
                })?
                .collect()
        })
    }

    /// The newest value of one kind for all stations: each factor's value or mean. What a map needs. From memory.
    pub fn latest_everywhere(&self, kind: Kind) -> Vec<Observation> {
        let mut newest = self.newest().of_kind(kind);
        self.reviewed(&mut newest);
        newest
    }

    /// The series of a station.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn series_of(&self, station: &str) -> Result<Vec<Series>, StoreError> {
        self.read(|connection| {
            connection
                .prepare_cached(&format!(
                    "SELECT {SERIES_COLUMNS} FROM series s WHERE s.station = ?1 ORDER BY s.factor, s.kind, s.statistic"
                ))?
                .query_map([station], series)?
                .collect()
        })
    }

    /// The values of a series with `from <= at < to`, in order. `at` is the START of a period: to ask for hours by the end under which
    /// they are shown, pass both limits through [`shown_hour`](crate::shown_hour).
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn range(&self, series: &Series, from: Timestamp, to: Timestamp) -> Result<Vec<Observation>, StoreError> {
        let span = [from.as_millisecond(), to.as_millisecond()];
        let Some((id, period_s)) = self.read(|connection| known(connection, series))? else { return Ok(Vec::new()) };
        let entries = if is_sealed(series.kind) {
            self.sealed_and_hot(id, span)?
        } else {
            self.read(|connection| rows(connection, "held", id, span))?
        };
        let verdicts = self.known_reviews().of(series, from, to);
        let shown = |entry| {
            let mut observation = self.observation(entry, series, period_s)?;
            verdicts.apply(&mut observation);
            Ok(observation)
        };
        entries.into_iter().map(shown).collect()
    }

    /// Values of instants and minutes, wherever they lie.
    fn sealed_and_hot(&self, id: i64, span: [i64; 2]) -> Result<Vec<Entry>, StoreError> {
        // One snapshot for both: sealing moves values from one place to the other.
        let (blobs, hot) = self.read(|connection| {
            let snapshot = connection.unchecked_transaction()?;
            Ok((blobs(&snapshot, id, span)?, rows(&snapshot, "hot", id, span)?))
        })?;
        let mut sealed = Vec::new();
        for (day, blob) in blobs {
            let late = hot.iter().any(|entry| chunk::day_of(entry.at) == day);
            let Some(entries) =
                self.unless_late(chunk::decode(&blob), [id, day], late).map_err(|damaged| self.damaged(&damaged))?
            else {
                continue;
            };
            sealed.extend(entries.into_iter().filter(|entry| (span[0]..span[1]).contains(&entry.at)));
        }
        Ok(sealing::merged(sealed, hot))
    }

    /// What was read of a chunk. Of a damaged one nothing is left: where values of its day came late, sent once more by
    /// their device, say, those answer alone, and the log names the chunk once; where there are none, it is said to be damaged.
    fn unless_late<T>(
        &self,
        read: Result<T, chunk::Damaged>,
        [series, day]: [i64; 2],
        late: bool,
    ) -> Result<Option<T>, chunk::Damaged> {
        let damaged = match read {
            Ok(read) => return Ok(Some(read)),
            Err(damaged) if !late => return Err(damaged),
            Err(damaged) => damaged,
        };
        if self.is_new_damage(series, day) {
            tracing::error!(%damaged, series, day, "only what came late answers for the day of this chunk; `bilan verify` names it");
        }
        Ok(None)
    }

    /// Every value of every station that ended with `from <= end < to`, in the order in which they ended: what rules are tried on. Ask for an hour or so.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn replay(&self, from: Timestamp, to: Timestamp) -> Result<Vec<Observation>, StoreError> {
        let all: Vec<(i64, Series, u32)> = self.read(|connection| {
            connection
                .prepare_cached(&format!("SELECT {SERIES_COLUMNS}, s.id FROM series s ORDER BY s.id"))?
                .query_map([], |row| Ok((row.get(5)?, series(row)?, row.get(4)?)))?
                .collect()
        })?;
        let mut found = Vec::new();
        for (id, series, period_s) in all {
            let period = i64::from(period_s) * 1000;
            let span = [from.as_millisecond().saturating_sub(period), to.as_millisecond().saturating_sub(period)];
            let entries = if is_sealed(series.kind) {
                self.sealed_and_hot(id, span)?
            } else {
                self.read(|connection| rows(connection, "held", id, span))?
            };
            let verdicts = self.known_reviews().of(&series, from, to);
            for entry in entries {
                let mut observation = self.observation(entry, &series, period_s)?;
                verdicts.apply(&mut observation);
                found.push(observation);
            }
        }
        found.sort_by(|one, other| one.end().cmp(&other.end()).then_with(|| one.series.cmp(&other.series)));
        Ok(found)
    }

    fn observation(&self, entry: Entry, series: &Series, period_s: u32) -> Result<Observation, StoreError> {
        Ok(Observation {
            series: series.clone(),
            at: Timestamp::from_millisecond(entry.at).map_err(|error| database(self.path(), &error))?,
            period_s,
            value: entry.value,
            text: entry.text.unwrap_or_else(|| entry.value.to_string()),
            flag: entry.flag,
            reviewed: None,
        })
    }

    /// The mean ([`Averaging`]) of the valid values of each hour, with how many they are, by the start of the hour: `from <= start < to`, both whole hours.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn hourly_means(
        &self,
        series: &Series,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<(Timestamp, f64, u32)>, StoreError> {
        let hours = self.hourly(series, from, to)?;
        let mean = |(hour, sums): (i64, Hourly)| {
            let start = Timestamp::from_millisecond(hour * HOUR).unwrap_or(Timestamp::MIN);
            Some((start, sums.mean(Averaging::of(&series.factor))?, sums.count))
        };
        Ok(hours.into_iter().filter_map(mean).collect())
    }

    /// Sums of the hours of a series, with what retention has left of them.
    pub(crate) fn hourly(
        &self,
        series: &Series,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<BTreeMap<i64, Hourly>, StoreError> {
        let span = [from.as_millisecond(), to.as_millisecond()];
        let Some((id, period_s)) = self.read(|connection| known(connection, series))? else {
            return Ok(BTreeMap::new());
        };
        let hours = [span[0].div_euclid(HOUR), span[1].div_euclid(HOUR)];
        let (blobs, hot, sums) = self.read(|connection| {
            let snapshot = connection.unchecked_transaction()?;
            Ok((blobs(&snapshot, id, span)?, rows(&snapshot, "hot", id, span)?, retention::sums(&snapshot, id, hours)?))
        })?;
        let verdicts = self.known_reviews().of(series, from, to);
        let counts = |at: i64, valid: bool| {
            if verdicts.is_empty() {
                return valid;
            }
            let instant = |at: i64| Timestamp::from_millisecond(at).unwrap_or(Timestamp::MIN);
            let said = verdicts.say(&series.factor, instant(at), instant(at + i64::from(period_s) * 1000));
            said.unwrap_or(valid)
        };
        let mut fold = Fold::of(&series.factor);
        for (hour, sums) in sums {
            let start = Timestamp::from_millisecond(hour * HOUR).unwrap_or(Timestamp::MIN);
            let end = Timestamp::from_millisecond((hour + 1) * HOUR).unwrap_or(Timestamp::MAX);
            if verdicts.say(&series.factor, start, end) != Some(false) {
                fold.put(hour, sums);
            }
        }
        let revised: HashSet<i64> = hot.iter().map(|entry| entry.at).collect();
        for (day, blob) in blobs {
            let late = hot.iter().any(|entry| chunk::day_of(entry.at) == day);
            let read = self.unless_late(chunk::numbers(&blob), [id, day], late);
            let Some(numbers) = read.map_err(|damaged| self.damaged(&damaged))? else { continue };
            for ((at, value), valid) in numbers.times.into_iter().zip(numbers.values).zip(numbers.valid) {
                if (span[0]..span[1]).contains(&at) && (revised.is_empty() || !revised.contains(&at)) {
                    fold.add(at, value, counts(at, valid), period_s);
                }
            }
        }
        for entry in &hot {
            fold.add(entry.at, entry.value, counts(entry.at, mark_is_valid(entry.flag.as_deref())), period_s);
        }
        Ok(fold.finish())
    }

    /// The valid values of one kind with `from <= at < to`, gathered by series: what a mean of the running hour is made of. One pass over the
    /// span, however many series there are. Only each factor's value or mean, of one station or of all.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn valid_values(
        &self,
        station: Option<&str>,
        kind: Kind,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<(Series, Vec<f64>)>, StoreError> {
        const VALID: &str = "(flag IS NULL OR flag IN ('N', 'S', ''))";
        let span = [from.as_millisecond(), to.as_millisecond()];
        let mut found = self.read(|connection| {
            let mut known: Vec<(i64, Series, Vec<f64>)> = connection
                .prepare_cached(&format!(
                    "SELECT {SERIES_COLUMNS}, s.id FROM series s
                     WHERE s.kind = ?1 AND s.statistic IN (?2, 'data') AND (?3 IS NULL OR s.station = ?3) ORDER BY s.id"
                ))?
                .query_map(params![kind.name(), kind.main_statistic().name(), station], |row| {
                    Ok((row.get(5)?, series(row)?, Vec::new()))
                })?
                .collect::<rusqlite::Result<_>>()?;
            if is_sealed(kind) {
                let snapshot = connection.unchecked_transaction()?;
                for (id, _, values) in &mut known {
                    for (day, blob) in blobs(&snapshot, *id, span)? {
                        let late = || is_late(&snapshot, *id, day, span);
                        let read = chunk::numbers(&blob);
                        let late = read.is_err() && late()?;
                        let read = self.unless_late(read, [*id, day], late).map_err(chunk::Damaged::of_sqlite)?;
                        let Some(numbers) = read else { continue };
                        let all = numbers.times.into_iter().zip(numbers.values).zip(numbers.valid);
                        let wanted = all.filter(|((at, _), valid)| *valid && (span[0]..span[1]).contains(at));
                        values.extend(wanted.map(|((_, value), _)| value));
                    }
                }
                let mut found = snapshot
                    .prepare_cached(&format!("SELECT series, value FROM hot WHERE ts >= ?1 AND ts < ?2 AND {VALID}"))?;
                let mut rows = found.query(span)?;
                while let Some(row) = rows.next()? {
                    let id: i64 = row.get(0)?;
                    if let Ok(at) = known.binary_search_by_key(&id, |(id, ..)| *id) {
                        known[at].2.push(row.get(1)?);
                    }
                }
            } else {
                let mut found = connection.prepare_cached(&format!(
                    "SELECT value FROM held WHERE series = ?1 AND ts >= ?2 AND ts < ?3 AND {VALID} ORDER BY ts"
                ))?;
                for (id, _, values) in &mut known {
                    *values = found
                        .query_map(params![*id, span[0], span[1]], |row| row.get(0))?
                        .collect::<rusqlite::Result<_>>()?;
                }
            }
            known.retain(|(.., values)| !values.is_empty());
            Ok(known.into_iter().map(|(_, series, values)| (series, values)).collect::<Vec<_>>())
        })?;
        for (series, values) in &mut found {
            if !self.known_reviews().of(series, from, to).is_empty() {
                let counted = self.range(series, from, to)?;
                *values = counted.iter().filter(|value| value.is_valid()).map(|value| value.value).collect();
            }
        }
        found.retain(|(_, values)| !values.is_empty());
        Ok(found)
    }

    /// What earlier packets said of a series where a later one said otherwise, oldest first.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn revisions(&self, series: &Series) -> Result<Vec<Observation>, StoreError> {
        self.read(|connection| {
            connection
                .prepare_cached(&format!(
                    "SELECT {SERIES_COLUMNS}, v.ts, v.value, v.text, v.flag FROM series s JOIN revision v ON v.series = s.id
                     WHERE s.station = ?1 AND s.factor = ?2 AND s.kind = ?3 AND s.statistic = ?4 ORDER BY v.id"
                ))?
                .query_map(params![series.station, series.factor, series.kind.name(), series.statistic.name()], observation)?
                .collect()
        })
    }

    /// Warnings that have not cleared, newest first.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn open_warnings(&self) -> Result<Vec<Warning>, StoreError> {
        self.warnings_where("cleared_at IS NULL ORDER BY opened_at DESC, id", params![])
    }

    /// Warnings opened with `from <= opened_at < to`, newest first.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn warnings(&self, from: Timestamp, to: Timestamp) -> Result<Vec<Warning>, StoreError> {
        self.warnings_where(
            "opened_at >= ?1 AND opened_at < ?2 ORDER BY opened_at DESC, id",
            params![from.as_millisecond(), to.as_millisecond()],
        )
    }

    /// A warning by its id.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn warning(&self, id: &str) -> Result<Option<Warning>, StoreError> {
        Ok(self.warnings_where("id = ?1", params![id])?.pop())
    }

    /// Every warning of a station, newest first.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn warnings_of(&self, station: &str) -> Result<Vec<Warning>, StoreError> {
        self.warnings_where("station = ?1 ORDER BY opened_at DESC, id", params![station])
    }

    fn warnings_where(&self, condition: &str, values: &[&dyn rusqlite::ToSql]) -> Result<Vec<Warning>, StoreError> {
        self.read(|connection| {
            let mut rows = connection.prepare_cached(&format!("SELECT body FROM warning WHERE {condition}"))?;
            stored::readable("warning", rows.query(values)?, warning)
        })
    }
}

/// A warning from the column that holds it.
pub(crate) fn warning(row: &Row<'_>) -> rusqlite::Result<Warning> {
    serde_json::from_str(row.get_ref(0)?.as_str()?)
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, Box::new(error)))
}

/// Whether values of a span lie beside the chunk of a day.
fn is_late(connection: &Connection, series: i64, day: i64, [from, to]: [i64; 2]) -> rusqlite::Result<bool> {
    connection.prepare_cached("SELECT 1 FROM hot WHERE series = ?1 AND ts >= ?2 AND ts < ?3")?.exists([
        series,
        from.max(chunk::end_of(day - 1)),
        to.min(chunk::end_of(day)),
    ])
}

/// Whether values of this kind are sealed into chunks; hours and days are few and stay rows.
pub(crate) fn is_sealed(kind: Kind) -> bool {
    matches!(kind, Kind::Realtime | Kind::Minute)
}

/// Number and period of a series.
fn known(connection: &Connection, series: &Series) -> rusqlite::Result<Option<(i64, u32)>> {
    connection
        .prepare_cached(
            "SELECT id, period_s FROM series WHERE station = ?1 AND factor = ?2 AND kind = ?3 AND statistic = ?4",
        )?
        .query_row(params![series.station, series.factor, series.kind.name(), series.statistic.name()], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .optional()
}

pub(crate) fn rows(connection: &Connection, table: &str, id: i64, span: [i64; 2]) -> rusqlite::Result<Vec<Entry>> {
    let mut rows = connection.prepare_cached(&format!(
        "SELECT ts, value, text, flag FROM {table} WHERE series = ?1 AND ts >= ?2 AND ts < ?3 ORDER BY ts"
    ))?;
    stored::readable(table, rows.query([id, span[0], span[1]])?, |row| {
        Ok(Entry { at: row.get(0)?, value: row.get(1)?, text: row.get(2)?, flag: row.get(3)? })
    })
}

/// The chunks of a series that touch a span, in order, each with its day.
pub(crate) fn blobs(connection: &Connection, id: i64, [from, to]: [i64; 2]) -> rusqlite::Result<Vec<(i64, Vec<u8>)>> {
    connection
        .prepare_cached("SELECT day, blob FROM chunk WHERE series = ?1 AND day >= ?2 AND day <= ?3 ORDER BY day")?
        // What is no blob is no chunk either: reading it says so.
        .query_map([id, chunk::day_of(from), chunk::day_of(to.saturating_sub(1))], |row| {
            Ok((row.get(0)?, row.get_ref(1)?.as_bytes_or_null()?.unwrap_or_default().to_vec()))
        })?
        .collect()
}

pub(crate) fn series(row: &Row<'_>) -> rusqlite::Result<Series> {
    let name = |column: usize| row.get::<_, String>(column);
    let unknown =
        |column: usize| rusqlite::Error::InvalidColumnType(column, "name".to_owned(), rusqlite::types::Type::Text);
    Ok(Series {
        station: name(0)?,
        factor: name(1)?,
        kind: Kind::from_name(&name(2)?).ok_or_else(|| unknown(2))?,
        statistic: Statistic::from_name(&name(3)?).ok_or_else(|| unknown(3))?,
    })
}

pub(crate) fn observation(row: &Row<'_>) -> rusqlite::Result<Observation> {
    value(row, 5, series(row)?, row.get(4)?)
}

fn value(row: &Row<'_>, first: usize, series: Series, period_s: u32) -> rusqlite::Result<Observation> {
    let value: f64 = row.get(first + 1)?;
    let text: Option<String> = row.get(first + 2)?;
    Ok(Observation {
        series,
        at: instant(row, first)?,
        period_s,
        value,
        text: text.unwrap_or_else(|| value.to_string()),
        flag: row.get(first + 3)?,
        reviewed: None,
    })
}

pub(crate) fn instant(row: &Row<'_>, column: usize) -> rusqlite::Result<Timestamp> {
    Timestamp::from_millisecond(row.get(column)?).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Integer, Box::new(error))
    })
}
