//! Whether a file of observations is whole: its pages and indexes, every sealed chunk, every block of packets.
//!
//! Every row carries a checksum of what it says. A chunk carries a check of its bytes as well; here it is also compared with the row it stands in: count, day, series. A block
//! is unpacked, its packets counted and compared with the times and devices under which it is found.

use std::collections::HashSet;
use std::path::Path;

use bilan_storage::checksum;
use rusqlite::{Connection, OpenFlags};

use crate::review::{self, Review};
use crate::store::{StoreError, database};
use crate::{chunk, raw};

/// What was looked at and found whole.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Whole {
    /// Sealed chunks.
    pub chunks: u64,
    /// Values in them.
    pub values: u64,
    /// Packets in blocks.
    pub packets: u64,
    /// Rows that have their checksum: values that lie in no chunk yet, hours and days, warnings, devices and what else there is.
    pub rows: u64,
    /// Chunks and blocks of an earlier version: their content is checked, their row carries no checksum.
    pub without: u64,
    /// Every review, for comparison with the records in which people entered them.
    pub reviews: Vec<Review>,
}

/// The first thing that is damaged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{table} {row}: {what}")]
pub struct Damage {
    /// Table.
    pub table: String,
    /// Row, as its key names it; empty where the whole table is meant.
    pub row: String,
    /// What is wrong.
    pub what: String,
}

impl Damage {
    fn new(table: &str, row: impl Into<String>, what: impl ToString) -> Self {
        Self { table: table.to_owned(), row: row.into(), what: what.to_string() }
    }
}

/// Looks at every chunk and block of the file at `path`, beside a store that may be running.
///
/// # Errors
/// If the file cannot be opened.
pub fn verify(path: &Path) -> Result<Result<Whole, Damage>, StoreError> {
    let connection =
        Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).map_err(|error| database(path, &error))?;
    let mut whole = Whole::default();
    let found = (|| {
        let snapshot = connection.unchecked_transaction().map_err(|error| Damage::new("sqlite_schema", "", error))?;
        chunks(&snapshot, &mut whole)?;
        blocks(&snapshot, &mut whole)?;
        let guarded = checksum::verify(&snapshot).map_err(|error| Damage::new("sqlite_schema", "", error))?;
        let guarded = guarded.map_err(|fault| Damage::new(&fault.table, "", fault.what))?;
        (whole.rows, whole.without) = (guarded.rows, guarded.without);
        whole.reviews = review::every(&snapshot).map_err(|error| Damage::new("review", "", error))?;
        match bilan_storage::integrity(&snapshot) {
            Ok(None) => Ok(()),
            Ok(Some(fault)) => Err(Damage::new(&fault.table, "", fault.what)),
            Err(error) => Err(Damage::new("sqlite_schema", "", error)),
        }
    })();
    Ok(found.map(|()| whole))
}

fn chunks(connection: &Connection, whole: &mut Whole) -> Result<(), Damage> {
    let unreadable = |error: rusqlite::Error| Damage::new("chunk", "", error);
    let series: HashSet<i64> = connection
        .prepare("SELECT id FROM series")
        .and_then(|mut statement| statement.query_map([], |row| row.get(0))?.collect())
        .map_err(|error| Damage::new("series", "", error))?;
    let mut rows = connection.prepare("SELECT series, day, count, blob FROM chunk").map_err(unreadable)?;
    let mut rows = rows.query([]).map_err(unreadable)?;
    while let Some(row) = rows.next().map_err(unreadable)? {
        let key = |index| row.get::<_, i64>(index).map_err(unreadable);
        let (id, day, count) = (key(0)?, key(1)?, key(2)?);
        let place = format!("series {id} day {day}");
        let damaged = |what: &str| Damage::new("chunk", place.clone(), what);
        let blob: Vec<u8> = row.get(3).map_err(|error| Damage::new("chunk", place.clone(), error))?;
        let entries = chunk::decode(&blob).map_err(|error| damaged(&error.to_string()))?;
        if !series.contains(&id) {
            return Err(damaged("there is no such series"));
        }
        if entries.len() as i64 != count {
            return Err(damaged("it holds another number of values than its row says"));
        }
        if entries.iter().any(|entry| chunk::day_of(entry.at) != day) {
            return Err(damaged("it holds values of another day"));
        }
        whole.chunks += 1;
        whole.values += entries.len() as u64;
    }
    Ok(())
}

fn blocks(connection: &Connection, whole: &mut Whole) -> Result<(), Damage> {
    let unreadable = |error: rusqlite::Error| Damage::new("packet_block", "", error);
    let mut rows = connection
        .prepare("SELECT first, last, from_at, to_at, count, devices, blob FROM packet_block ORDER BY first")
        .map_err(unreadable)?;
    let mut rows = rows.query([]).map_err(unreadable)?;
    while let Some(row) = rows.next().map_err(unreadable)? {
        let first: i64 = row.get(0).map_err(unreadable)?;
        let damaged = |what: &dyn ToString| Damage::new("packet_block", format!("first {first}"), what.to_string());
        let block = raw::block(row).map_err(|error| damaged(&error))?;
        let packets = block.packets().map_err(|error| damaged(&error))?;
        if !block.agrees(&packets) {
            return Err(damaged(&"its packets are not those that its row names: count, times or devices"));
        }
        whole.packets += packets.len() as u64;
    }
    Ok(())
}
