//! `verify`: does every row still agree with what the journal says of it?
//!
//! First the chain is walked entry by entry; then each row and its child rows are digested anew and compared with the
//! last entry about them, and each version kept in the history with the entry that made it. A row without an entry, an
//! entry whose row is gone, and a file whose bytes are not those that were attached are found as well; so is a change of
//! what stands beside the records (`beside`). Then SQLite looks at its own pages and indexes, and at last the words in the
//! index of full text are compared with those of the records.

use bilan_storage::check;
use rusqlite::{Connection, OptionalExtension};

use super::{
    Ledger, batch, beside,
    error::{Broken, ReadError},
    row::{self, StoredRow},
    search,
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
    /// Clocks, keys, uses of files and what else stands beside the records compared.
    pub beside: u64,
    /// Records whose words in the index of full text were compared.
    pub indexed: u64,
}

impl Ledger {
    /// Walks the journal and compares every row with it; the first disagreement is named.
    ///
    /// A row or page that can no longer be read is such a disagreement, named by its table and, where it can be told,
    /// its row.
    ///
    /// # Errors
    /// [`ReadError`] if the database cannot be opened at all.
    pub fn verify(&self) -> Result<Result<Verified, Broken>, ReadError> {
        let found = self.compare_all()?;
        // What could not be read because nobody waits any longer is not damaged.
        check().map_err(rusqlite::Error::from)?;
        Ok(found)
    }

    fn compare_all(&self) -> Result<Result<Verified, Broken>, ReadError> {
        let connection = self.connections.new_reader()?;
        let snapshot = connection.unchecked_transaction()?;
        let named = |table: &str, result: Result<Result<u64, Broken>, rusqlite::Error>| {
            result.unwrap_or_else(|error| Err(damaged(table, &error)))
        };
        let entries = match named("journal", journal::walk(&snapshot)) {
            Ok(entries) => entries,
            Err(broken) => return Ok(Err(broken)),
        };
        let entries = match named("import_entry", batch::entries::verify(&snapshot)) {
            Ok(of_batches) => entries + of_batches,
            Err(broken) => return Ok(Err(broken)),
        };
        let (mut rows, mut versions, mut files, mut beside) = (0, 0, 0, 0);
        let mut first: Option<Broken> = None;
        let mut note = |result: Result<u64, Broken>, count: &mut u64| match result {
            Ok(compared) => *count += compared,
            Err(broken) => {
                if first.as_ref().is_none_or(|first| broken.seq < first.seq) {
                    first = Some(broken);
                }
            }
        };
        // What the entries seal must be whole before anything can be compared with it.
        if let Err(broken) = named("beside", beside::compare_seals(&snapshot).map(|result| result.map(|()| 0))) {
            return Ok(Err(broken));
        }
        for register in self.catalogue().registers.values() {
            let (table, history) = (naming::table(&register.key), naming::history_table(&register.key));
            let compared = compare(&snapshot, register).or_else(|error| place_of(&snapshot, &table, error).map(Err));
            note(named(&table, compared), &mut rows);
            let compared =
                compare_history(&snapshot, register).or_else(|error| place_of(&snapshot, &history, error).map(Err));
            note(named(&history, compared), &mut versions);
        }
        note(named("attachment", compare_files(&snapshot)), &mut files);
        note(named("beside", beside::compare_rows(&snapshot)), &mut beside);
        if let Some(first) = first {
            return Ok(Err(first));
        }
        if let Some(broken) = unsound(&snapshot) {
            return Ok(Err(broken));
        }
        // Last: what the index must say follows from the records, which are known to be whole by now.
        let mut indexed = 0;
        for register in self.catalogue().registers.values() {
            match named(&naming::search_table(&register.key), search::compare(&snapshot, register)) {
                Ok(compared) => indexed += compared,
                Err(broken) => return Ok(Err(broken)),
            }
        }
        Ok(Ok(Verified { entries, rows, versions, files, beside, indexed }))
    }
}

/// What cannot be read of a table.
pub(super) fn damaged(table: &str, error: &rusqlite::Error) -> Broken {
    Broken {
        seq: 0,
        register: table.to_owned(),
        number: String::new(),
        what: format!("the table is damaged: {error}; restore the last backup"),
    }
}

/// The row of a table that cannot be read, if the table itself can be walked.
fn place_of(connection: &Connection, table: &str, error: rusqlite::Error) -> Result<Broken, rusqlite::Error> {
    let ids: Vec<i64> = connection
        .prepare(&format!("SELECT rowid FROM \"{table}\""))?
        .query_map([], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    let mut one = connection.prepare(&format!("SELECT * FROM \"{table}\" WHERE rowid = ?1"))?;
    for id in ids {
        if let Err(error) = one.query_row([id], |row| row::read_columns(row, &[])) {
            let what = format!("row {id} cannot be read: {error}; restore the last backup");
            return Ok(Broken { seq: 0, register: table.to_owned(), number: id.to_string(), what });
        }
    }
    Err(error)
}

/// What SQLite itself finds wrong with its pages, tables and indexes.
fn unsound(connection: &Connection) -> Option<Broken> {
    match bilan_storage::integrity(connection) {
        Ok(None) => None,
        Ok(Some(fault)) => Some(Broken { seq: 0, register: fault.table, number: String::new(), what: fault.what }),
        Err(error) => Some(damaged("records.db", &error)),
    }
}

/// Compares the versions that the history keeps with the entries that made them.
fn compare_history(connection: &Connection, register: &Register) -> Result<Result<u64, Broken>, rusqlite::Error> {
    let history = naming::history_table(&register.key);
    let mut entry = connection.prepare(
        "SELECT seq, row_digest FROM journal WHERE register = ?1 AND record = ?2 AND version = ?3 \
         AND row_digest IS NOT NULL \
         UNION ALL SELECT b.seq, e.row_digest FROM import_batch b JOIN import_entry e ON e.batch = b.id AND e.record = ?2 \
         WHERE b.register = ?1 AND ?2 BETWEEN b.first AND b.last AND b.published_at IS NOT NULL AND ?3 = 1 \
         ORDER BY 1 LIMIT 1",
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
    // Every version but the standing one is kept: a version taken out is found by its number.
    let table = naming::table(&register.key);
    let missing: Option<(i64, String, i64)> = connection
        .prepare(&format!(
            "SELECT r.id, r.number, r.version FROM \"{table}\" r \
             WHERE r.version - 1 <> (SELECT count(*) FROM \"{history}\" h WHERE h.id = r.id) ORDER BY r.id LIMIT 1"
        ))?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    if let Some((id, number, version)) = missing {
        let seq = entry
            .query_row(rusqlite::params![register.key, id, version], |row| row.get(0))
            .optional()?
            .unwrap_or_default();
        let what = "an earlier version is gone: it was taken out behind the ledger's back".to_owned();
        return Ok(Err(Broken { seq, register: register.key.clone(), number, what }));
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
    // What is still coming in has no entry in the chain yet.
    let coming = batch::entries::BatchRow::coming_into(connection, &register.key)?;
    let is_coming = |id: i64| coming.as_ref().is_some_and(|batch| (batch.first..=batch.last).contains(&id));
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
            if is_coming(stray.id) {
                row = next_row(connection, register, &mut rows)?;
                continue;
            }
            note(0, stray.number(), "the row has no entry in the journal: it was put in behind the ledger's back");
            row = next_row(connection, register, &mut rows)?;
        }
        match row.take_if(|row| row.id == id) {
            None => note(seq, &number, "the row is gone: it was taken out behind the ledger's back"),
            Some(stored) => {
                count += 1;
                let digest: Vec<u8> = entry.get(3)?;
                if is_coming(id) {
                    note(seq, &number, "the row is hidden behind a batch that was forged behind the ledger's back");
                } else if stored.digest().as_slice() != digest {
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
        if !is_coming(stray.id) {
            note(0, stray.number(), "the row has no entry in the journal: it was put in behind the ledger's back");
        }
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
