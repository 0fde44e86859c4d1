//! `verify`: does every row still agree with what the journal says of it?
//!
//! First the chain is walked entry by entry; then each row and its child rows are digested anew and compared with the
//! last entry about them. A row without an entry, and an entry whose row is gone, are found as well.

use rusqlite::Connection;

use super::{
    Ledger,
    error::{Broken, ReadError},
    row::{self, StoredRow},
};
use crate::{
    catalogue::Register,
    journal::{self, LAST_DIGESTS},
    naming,
};

/// The journal and every row agree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// Entries in the journal.
    pub entries: u64,
    /// Rows compared.
    pub rows: u64,
}

impl Ledger {
    /// Walks the journal and compares every row with it; the first disagreement is named.
    ///
    /// # Errors
    /// [`ReadError`] if the database cannot be read at all.
    pub fn verify(&self) -> Result<Result<Verified, Broken>, ReadError> {
        let connection = self.reader()?;
        let snapshot = connection.unchecked_transaction()?;
        let entries = match journal::walk(&snapshot)? {
            Ok(entries) => entries,
            Err(broken) => return Ok(Err(broken)),
        };
        let mut rows = 0;
        let mut first: Option<Broken> = None;
        for register in self.catalogue().registers.values() {
            match compare(&snapshot, register)? {
                Ok(compared) => rows += compared,
                Err(broken) => {
                    if first.as_ref().is_none_or(|first| broken.seq < first.seq) {
                        first = Some(broken);
                    }
                }
            }
        }
        Ok(first.map_or(Ok(Verified { entries, rows }), Err))
    }
}

/// Merges the rows of a register with the last entries about them, both in the order of ids.
fn compare(connection: &Connection, register: &Register) -> Result<Result<u64, Broken>, rusqlite::Error> {
    let table = naming::table(&register.key);
    let mut entries = connection.prepare(LAST_DIGESTS)?;
    let mut entries = entries.query([&register.key])?;
    let mut rows = connection.prepare(&format!("SELECT * FROM \"{table}\" ORDER BY id"))?;
    let mut rows = rows.query([])?;
    let (mut count, mut first) = (0, None::<Broken>);
    let mut note = |seq: i64, number: &str, what: &str| {
        if first.as_ref().is_none_or(|first| seq < first.seq) {
            first = Some(Broken { seq, register: register.key.clone(), number: number.to_owned(), what: what.to_owned() });
        }
    };
    let mut row = next_row(connection, register, &mut rows)?;
    while let Some(entry) = entries.next()? {
        let (id, seq): (i64, i64) = (entry.get(0)?, entry.get(1)?);
        let number: String = entry.get(2)?;
        while let Some(stray) = row.take_if(|row| row.id < id) {
            note(0, stray.number(), "the row has no entry in the journal: it was put in behind the ledger's back");
            row = next_row(connection, register, &mut rows)?;
        }
        match row.take_if(|row| row.id == id) {
            None => note(seq, &number, "the row is gone: it was taken out behind the ledger's back"),
            Some(stored) => {
                count += 1;
                let digest: Vec<u8> = entry.get(3)?;
                if stored.digest().as_slice() != digest {
                    note(seq, &number, "the row no longer agrees with its last entry: it was altered behind the ledger's back");
                }
                row = next_row(connection, register, &mut rows)?;
            }
        }
    }
    while let Some(stray) = row {
        note(0, stray.number(), "the row has no entry in the journal: it was put in behind the ledger's back");
        row = next_row(connection, register, &mut rows)?;
    }
    Ok(first.map_or(Ok(count), Err))
}

fn next_row(
    connection: &Connection,
    register: &Register,
    rows: &mut rusqlite::Rows<'_>,
) -> Result<Option<StoredRow>, rusqlite::Error> {
    let Some(row) = rows.next()? else { return Ok(None) };
    let mut stored = row::read_row(row)?;
    row::add_children(connection, register, &mut stored)?;
    Ok(Some(stored))
}
