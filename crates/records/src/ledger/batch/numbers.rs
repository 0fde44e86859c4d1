//! The numbers that the records of a batch get, while others go on to be numbered in the same register.
//!
//! The batch counts on from where the register stood when it began, without taking anything from the register's
//! sequence. When it is published, numbers that others took meanwhile are given to their records alone, and the records
//! of the batch that had them go to the end of the batch: nothing is left out and nothing is given twice.

use std::collections::BTreeMap;

use jiff::civil::Date;
use rusqlite::{Connection, params};

use crate::{catalogue::Register, ledger::number};

/// Where the sequences of a register stand in the eyes of a batch.
#[derive(Debug, Clone)]
pub(crate) struct Numbers {
    register: String,
    format: String,
    /// Last number of each year that somebody outside the batch has.
    taken: BTreeMap<i16, i64>,
    /// Last number of each year with those of the batch.
    last: BTreeMap<i16, i64>,
}

impl Numbers {
    /// Begins behind what the register has given and behind the numbers that the file itself gives.
    pub(crate) fn begin(
        connection: &Connection,
        register: &Register,
        given: impl Iterator<Item = String>,
    ) -> Result<Self, rusqlite::Error> {
        let taken = sequences(connection, &register.key)?;
        let (register, format) = (register.key.clone(), register.number.clone());
        let mut numbers = Self { register, format, last: taken.clone(), taken };
        for given in given {
            if let Some((year, seq)) = number::read(&numbers.format, &given) {
                let last = numbers.last.entry(year).or_insert(0);
                *last = seq.max(*last);
            }
        }
        Ok(numbers)
    }

    /// The next number for a record of `day`, with its year and its place in the sequence.
    pub(crate) fn next(&mut self, day: Date) -> (i16, i64, String) {
        let year = number::year(&self.format, day);
        let last = self.last.entry(year).or_insert(0);
        *last += 1;
        (year, *last, number::print(&self.format, day, *last))
    }

    /// By year, the numbers that others have got since this was last asked, as first and last.
    pub(crate) fn taken_since(&mut self, connection: &Connection) -> Result<Vec<(i16, i64, i64)>, rusqlite::Error> {
        let now = sequences(connection, &self.register)?;
        let mut taken = Vec::new();
        for (year, last) in now {
            let before = self.taken.insert(year, last).unwrap_or(0);
            if last > before {
                taken.push((year, before + 1, last));
            }
            let own = self.last.entry(year).or_insert(0);
            *own = last.max(*own);
        }
        Ok(taken)
    }

    /// Lets the register go on behind the numbers of the batch.
    pub(crate) fn publish(&self, connection: &Connection) -> Result<(), rusqlite::Error> {
        for (year, last) in &self.last {
            connection
                .prepare_cached(
                    "INSERT INTO number_sequence (register, year, last) VALUES (?1, ?2, ?3) \
                     ON CONFLICT (register, year) DO UPDATE SET last = max(last, excluded.last)",
                )?
                .execute(params![self.register, year, last])?;
        }
        Ok(())
    }
}

fn sequences(connection: &Connection, register: &str) -> Result<BTreeMap<i16, i64>, rusqlite::Error> {
    connection
        .prepare_cached("SELECT year, last FROM number_sequence WHERE register = ?1")?
        .query_map([register], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect()
}
