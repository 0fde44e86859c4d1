//! The checked rows of a file, kept aside in a private database that no other program sees and that goes with its
//! connection. Rows are sealed: a file of complaints names people.

use std::cell::Cell;

use rusqlite::{Connection, OptionalExtension, params};
use serde_json::{Value as Json, json};

use crate::{
    catalogue::{FieldKind, Register},
    ledger::{JsonMap, ReadError, WriteError},
    personal::Keyring,
};

/// Rows of one file in the order of their positions, counted from 0.
pub(crate) struct Scratch {
    store: Connection,
    keyring: Keyring,
    rows: Cell<u64>,
    weight: Cell<u64>,
}

/// A checked row on its way in.
#[derive(Debug, Clone)]
pub(crate) struct ScratchRow {
    /// Line of the file as a person counts it.
    pub line: u64,
    /// Number that the file gives; else the system gives one.
    pub number: Option<String>,
    /// State that the file gives.
    pub state: Option<String>,
    /// Made up for the sample district.
    pub simulated: bool,
    /// Values in canonical form.
    pub values: JsonMap,
}

impl ScratchRow {
    /// How many rows the tables of the ledger get, those of child tables among them.
    pub(crate) fn weight(&self) -> u64 {
        1 + self.values.values().map(|value| value.as_array().map_or(0, Vec::len) as u64).sum::<u64>()
    }

    /// The row as a record is given: values, number and state together.
    pub(crate) fn given(&self) -> JsonMap {
        let mut given = self.values.clone();
        for (key, value) in [("number", &self.number), ("state", &self.state)] {
            if let Some(value) = value {
                given.insert(key.to_owned(), Json::from(value.as_str()));
            }
        }
        given
    }
}

/// An unnamed database is a file that SQLite removes from its folder as soon as it is open; what fits stays in memory.
const DDL: &str = "
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
PRAGMA cache_size = -16384;
PRAGMA temp_store = FILE;
CREATE TABLE row (position INTEGER PRIMARY KEY, number TEXT, content BLOB NOT NULL);
CREATE UNIQUE INDEX row_by_number ON row (number) WHERE number IS NOT NULL;
CREATE TABLE assigned (year INTEGER NOT NULL, seq INTEGER NOT NULL, position INTEGER NOT NULL, PRIMARY KEY (year, seq)) WITHOUT ROWID;
CREATE TABLE collided (position INTEGER PRIMARY KEY);
CREATE TABLE once (field TEXT NOT NULL, value TEXT NOT NULL, line INTEGER NOT NULL, PRIMARY KEY (field, value)) WITHOUT ROWID;
BEGIN;
";

impl Scratch {
    pub(crate) fn new(keyring: &Keyring) -> Result<Self, rusqlite::Error> {
        let store = Connection::open("")?;
        store.execute_batch(DDL)?;
        Ok(Self { store, keyring: keyring.clone(), rows: Cell::new(0), weight: Cell::new(0) })
    }

    /// How many rows there are.
    pub(crate) fn rows(&self) -> u64 {
        self.rows.get()
    }

    /// How many rows the tables of the ledger get: those of child tables count.
    pub(crate) fn weight(&self) -> u64 {
        self.weight.get()
    }

    /// Adds a row that was checked.
    pub(crate) fn push(&self, register: &Register, row: &ScratchRow) -> Result<(), WriteError> {
        let position = self.rows.get();
        let content = json!([row.line, row.state, row.simulated, row.values]).to_string();
        let sealed = self.keyring.seal(&place(position), &content)?;
        self.store
            .prepare_cached("INSERT INTO row (position, number, content) VALUES (?1, ?2, ?3)")?
            .execute(params![position, row.number, sealed])?;
        for (key, value) in once(register, &row.values) {
            self.store
                .prepare_cached("INSERT OR IGNORE INTO once (field, value, line) VALUES (?1, ?2, ?3)")?
                .execute(params![key, value.to_string(), row.line])?;
        }
        self.rows.set(position + 1);
        self.weight.set(self.weight.get() + row.weight());
        Ok(())
    }

    /// The row at a position.
    pub(crate) fn row(&self, position: u64) -> Result<ScratchRow, WriteError> {
        let (number, sealed): (Option<String>, Vec<u8>) = self
            .store
            .prepare_cached("SELECT number, content FROM row WHERE position = ?1")?
            .query_row([position], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let content = self.keyring.open(&place(position), &sealed)?;
        let (line, state, simulated, values) = serde_json::from_str(&content)
            .map_err(|error| ReadError::Damaged { what: place(position), why: error.to_string() })?;
        Ok(ScratchRow { line, number, state, simulated, values })
    }

    /// Where the row with this number lies.
    pub(crate) fn position_of(&self, number: &str) -> Result<Option<u64>, rusqlite::Error> {
        self.store
            .prepare_cached("SELECT position FROM row WHERE number = ?1")?
            .query_row([number], |row| row.get(0))
            .optional()
    }

    /// The numbers that the file gives.
    pub(crate) fn numbers(&self) -> Result<Vec<String>, rusqlite::Error> {
        let mut statement = self.store.prepare("SELECT number FROM row WHERE number IS NOT NULL")?;
        statement.query_map([], |row| row.get(0))?.collect()
    }

    /// Notes which number of a year's sequence a row has got from the system.
    pub(crate) fn assign(&self, year: i16, seq: i64, position: u64) -> Result<(), rusqlite::Error> {
        self.store
            .prepare_cached("INSERT OR REPLACE INTO assigned (year, seq, position) VALUES (?1, ?2, ?3)")?
            .execute(params![year, seq, position])?;
        Ok(())
    }

    /// Others have got the numbers from `first` to `last` of a year: the rows that have them need others.
    pub(crate) fn collide(&self, year: i16, first: i64, last: i64) -> Result<(), rusqlite::Error> {
        for sql in [
            "INSERT OR IGNORE INTO collided SELECT position FROM assigned WHERE year = ?1 AND seq BETWEEN ?2 AND ?3",
            "DELETE FROM assigned WHERE year = ?1 AND seq BETWEEN ?2 AND ?3",
        ] {
            self.store.prepare_cached(sql)?.execute(params![year, first, last])?;
        }
        Ok(())
    }

    /// Takes the first rows that need another number, at most `most`.
    pub(crate) fn collided(&self, most: i64) -> Result<Vec<u64>, rusqlite::Error> {
        let mut statement = self.store.prepare_cached(
            "DELETE FROM collided WHERE position IN (SELECT position FROM collided ORDER BY position LIMIT ?1) \
             RETURNING position",
        )?;
        let mut positions = statement.query_map([most], |row| row.get(0))?.collect::<Result<Vec<u64>, _>>()?;
        positions.sort_unstable();
        Ok(positions)
    }

    /// Line of the row that has this value in a field that no two records may share.
    pub(crate) fn line_with(&self, field: &str, value: &Json) -> Result<Option<u64>, rusqlite::Error> {
        self.store
            .prepare_cached("SELECT line FROM once WHERE field = ?1 AND value = ?2")?
            .query_row(params![field, value.to_string()], |row| row.get(0))
            .optional()
    }
}

fn place(position: u64) -> String {
    format!("import row {position}")
}

/// The values that no other record may have.
fn once<'v>(register: &Register, values: &'v JsonMap) -> impl Iterator<Item = (&'v String, &'v Json)> {
    values.iter().filter(move |(key, value)| {
        let field = register.fields.get(*key);
        let counts = |field: &crate::catalogue::Field| {
            field.unique && !field.personal && !matches!(field.kind, FieldKind::Table { .. })
        };
        !value.is_null() && field.is_some_and(counts)
    })
}
