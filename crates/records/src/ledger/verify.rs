//! `verify`: does every row still agree with what the journal says of it?
//!
//! First the chain is walked entry by entry; then each row and its child rows are digested anew and compared with the
//! last entry about them, and each version kept in the history with the entry that made it. A row without an entry, an
//! entry whose row is gone, and a file whose bytes are not those that were attached are found as well.

use rusqlite::{Connection, OptionalExtension};

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
    /// Earlier versions compared.
    pub versions: u64,
    /// Files compared.
    pub files: u64,
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
        let (mut rows, mut versions) = (0, 0);
        let mut first: Option<Broken> = None;
        let mut note = |result: Result<u64, Broken>, count: &mut u64| match result {
            Ok(compared) => *count += compared,
            Err(broken) => {
                if first.as_ref().is_none_or(|first| broken.seq < first.seq) {
                    first = Some(broken);
                }
            }
        };
        for register in self.catalogue().registers.values() {
            note(compare(&snapshot, register)?, &mut rows);
            note(compare_history(&snapshot, register)?, &mut versions);
        }
        let mut files = 0;
        note(compare_files(&snapshot)?, &mut files);
        Ok(first.map_or(Ok(Verified { entries, rows, versions, files }), Err))
    }
}

/// Compares the versions that the history keeps with the entries that made them.
fn compare_history(connection: &Connection, register: &Register) -> Result<Result<u64, Broken>, rusqlite::Error> {
    let history = naming::history_table(&register.key);
    let mut entry = connection.prepare(
        "SELECT seq, row_digest FROM journal WHERE register = ?1 AND record = ?2 AND version = ?3 \
         AND row_digest IS NOT NULL ORDER BY seq LIMIT 1",
    )?;
    let mut rows =
        connection.prepare(&format!("SELECT id, version, number FROM \"{history}\" ORDER BY id, version"))?;
    let mut rows = rows.query([])?;
    let mut count = 0;
    while let Some(row) = rows.next()? {
        let (id, version, number): (i64, i64, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let known: Option<(i64, Vec<u8>)> = entry
            .query_row(rusqlite::params![register.key, id, version], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let past = row::past_version(connection, register, id, version)?;
        let agrees = match (&known, past) {
            (Some((_, digest)), Some(past)) => past.digest().as_slice() == digest,
            _ => false,
        };
        if !agrees {
            let what = format!("version {version} in the history was altered behind the ledger's back");
            let seq = known.map_or(0, |(seq, _)| seq);
            return Ok(Err(Broken { seq, register: register.key.clone(), number, what }));
        }
        count += 1;
    }
    Ok(Ok(count))
}

/// Compares the bytes of every file with the digest under which it was attached.
fn compare_files(connection: &Connection) -> Result<Result<u64, Broken>, rusqlite::Error> {
    let mut statement = connection.prepare("SELECT sha, bytes FROM attachment ORDER BY sha")?;
    let mut rows = statement.query([])?;
    let mut count = 0;
    while let Some(row) = rows.next()? {
        let (sha, bytes): (String, Vec<u8>) = (row.get(0)?, row.get(1)?);
        if crate::attachments::digest(&bytes) != sha {
            let what = "the bytes of the file are not those that were attached".to_owned();
            return Ok(Err(Broken { seq: 0, register: "attachment".to_owned(), number: sha, what }));
        }
        count += 1;
    }
    Ok(Ok(count))
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
            first =
                Some(Broken { seq, register: register.key.clone(), number: number.to_owned(), what: what.to_owned() });
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
                    note(
                        seq,
                        &number,
                        "the row no longer agrees with its last entry: it was altered behind the ledger's back",
                    );
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
