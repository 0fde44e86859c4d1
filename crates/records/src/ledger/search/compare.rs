//! The index of full text compared with the records.
//!
//! The index keeps no text, only words with the places where they stand. So the words of every record are put into a
//! second index in memory, a portion at a time, by the function that fills the first, and both are read out word by
//! word: for each record the sum over its words of a hash under a key of this moment must be the same. Nobody can choose
//! words that meet it, and of a record nothing is kept in memory but one number.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

use rusqlite::{Connection, OptionalExtension};

use super::index::{declaration, every_record, put_into};
use crate::{catalogue::Register, ledger::error::Broken, naming};

/// Records whose words are compared at once.
const PORTION: usize = 100;

/// The second index, of this connection alone.
const EXPECTED: &str = "expected_words";

/// Compares the index of a register with its records; gives how many agree.
pub(crate) fn compare(connection: &Connection, register: &Register) -> Result<Result<u64, Broken>, rusqlite::Error> {
    let index = naming::search_table(&register.key);
    connection.execute_batch(&declaration(&format!("temp.{EXPECTED}")))?;
    // Made before anything is read: a table is not to be made while records are read.
    connection.execute_batch(&format!(
        "CREATE VIRTUAL TABLE temp.index_says USING fts5vocab('main', '{index}', 'instance'); \
         CREATE VIRTUAL TABLE temp.records_say USING fts5vocab('temp', '{EXPECTED}', 'instance')"
    ))?;
    let mut sums = Sums::default();
    let compared = sums
        .read(connection, ["index_says", &format!("main.\"{index}_docsize\"")], u64::wrapping_add)
        .and_then(|()| sums.take(connection, register));
    connection.execute_batch(&format!(
        "DROP TABLE temp.index_says; DROP TABLE temp.records_say; DROP TABLE temp.{EXPECTED}"
    ))?;
    let count = compared?;
    let differing = sums.of.iter().filter(|(_, sum)| **sum != 0).map(|(id, _)| *id).min();
    match differing {
        None => Ok(Ok(count)),
        Some(id) => Ok(Err(broken(connection, register, id)?)),
    }
}

fn broken(connection: &Connection, register: &Register, id: i64) -> Result<Broken, rusqlite::Error> {
    let sql = format!("SELECT number FROM main.\"{}\" WHERE id = ?1", naming::table(&register.key));
    let number: Option<String> = connection.query_row(&sql, [id], |row| row.get(0)).optional()?;
    let what = "a search finds it by other words than it holds: the index of full text was damaged or altered behind the \
                ledger's back; restore the last backup";
    Ok(Broken {
        seq: 0,
        register: naming::search_table(&register.key),
        number: number.unwrap_or_else(|| id.to_string()),
        what: what.to_owned(),
    })
}

/// For each record the sum over what an index says of it.
#[derive(Default)]
struct Sums {
    key: RandomState,
    of: HashMap<i64, u64>,
}

impl Sums {
    /// Takes away the words of every record, as they must be; gives how many records there are.
    fn take(&mut self, connection: &Connection, register: &Register) -> Result<u64, rusqlite::Error> {
        let (mut count, mut waiting) = (0, 0);
        every_record(connection, register, |record| {
            put_into(connection, &format!("temp.{EXPECTED}"), register, record)?;
            (count, waiting) = (count + 1, waiting + 1);
            if waiting == PORTION {
                waiting = 0;
                self.take_portion(connection)?;
            }
            Ok(())
        })?;
        self.take_portion(connection)?;
        Ok(count)
    }

    fn take_portion(&mut self, connection: &Connection) -> Result<(), rusqlite::Error> {
        self.read(connection, ["records_say", &format!("temp.{EXPECTED}_docsize")], u64::wrapping_sub)?;
        connection.execute_batch(&format!("INSERT INTO temp.{EXPECTED} ({EXPECTED}) VALUES ('delete-all')"))
    }

    /// Adds what an index says, or takes it away: each word with its place, and how many words a record has.
    fn read(
        &mut self,
        connection: &Connection,
        [words, sizes]: [&str; 2],
        combine: fn(u64, u64) -> u64,
    ) -> Result<(), rusqlite::Error> {
        let Self { key, of } = self;
        let mut add = |id: i64, hash: u64| {
            let sum = of.entry(id).or_default();
            *sum = combine(*sum, hash);
        };
        let mut words = connection.prepare(&format!("SELECT doc, term, col, \"offset\" FROM temp.{words}"))?;
        let mut words = words.query([])?;
        while let Some(word) = words.next()? {
            let (term, column) = (word.get_ref(1)?.as_bytes()?, word.get_ref(2)?.as_bytes()?);
            add(word.get(0)?, key.hash_one((term, column, word.get::<_, i64>(3)?)));
        }
        let mut sizes = connection.prepare(&format!("SELECT id, sz FROM {sizes}"))?;
        let mut sizes = sizes.query([])?;
        while let Some(size) = sizes.next()? {
            add(size.get(0)?, key.hash_one(size.get_ref(1)?.as_bytes()?));
        }
        Ok(())
    }
}
