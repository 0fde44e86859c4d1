//! What the journal says of the records of a batch.
//!
//! The entries of a batch are written while it is not published, beside the chain, which goes on with what others
//! write. Each has a hash over its content; the hashes of [`GROUP`] records in the order of their ids make a digest, and
//! those of the groups the digest of the batch. One entry of the chain publishes the batch and carries that digest: from
//! then on no entry of it can be changed, added or taken away without breaking the chain.

use rusqlite::{Connection, OptionalExtension, params};
use serde_json::json;
use sm3::{Digest, Sm3};

use crate::{
    journal::{self, Action, Hash, JournalEntry},
    ledger::{Broken, FieldChange, row::StoredRow},
};

/// Records whose hashes make one digest of the batch's digest. Written into every journal: never change it.
const GROUP: i64 = 1_000;

/// Name under which the entry of the chain holds what it publishes.
const FIELD: &str = "batch";

/// A batch as it is stored.
#[derive(Debug, Clone)]
pub(crate) struct BatchRow {
    pub id: i64,
    pub register: String,
    pub first: i64,
    pub last: i64,
    pub actor: String,
    pub begun_at: String,
    pub published_at: Option<String>,
    pub seq: Option<i64>,
}

const COLUMNS: &str = "id, register, first, last, actor, begun_at, published_at, seq";

impl BatchRow {
    fn read(row: &rusqlite::Row<'_>) -> Result<Self, rusqlite::Error> {
        Ok(Self {
            id: row.get(0)?,
            register: row.get(1)?,
            first: row.get(2)?,
            last: row.get(3)?,
            actor: row.get(4)?,
            begun_at: row.get(5)?,
            published_at: row.get(6)?,
            seq: row.get(7)?,
        })
    }

    /// Batches that have not been published.
    pub(crate) fn unpublished(connection: &Connection) -> Result<Vec<Self>, rusqlite::Error> {
        connection
            .prepare_cached(&format!("SELECT {COLUMNS} FROM import_batch WHERE published_at IS NULL ORDER BY id"))?
            .query_map([], Self::read)?
            .collect()
    }

    /// The batch that is coming into a register.
    pub(crate) fn coming_into(connection: &Connection, register: &str) -> Result<Option<Self>, rusqlite::Error> {
        let sql = format!("SELECT {COLUMNS} FROM import_batch WHERE register = ?1 AND published_at IS NULL");
        connection.prepare_cached(&sql)?.query_row([register], Self::read).optional()
    }

    /// The batch to which a record belongs.
    fn of_record(connection: &Connection, register: &str, record: i64) -> Result<Option<Self>, rusqlite::Error> {
        let sql = format!(
            "SELECT {COLUMNS} FROM import_batch WHERE register = ?1 AND first <= ?2 ORDER BY first DESC LIMIT 1"
        );
        let found = connection.prepare_cached(&sql)?.query_row(params![register, record], Self::read).optional()?;
        Ok(found.filter(|batch| record <= batch.last))
    }
}

/// Writes the entry of a record, or writes it anew.
pub(crate) fn put(
    connection: &Connection,
    batch: i64,
    record: &StoredRow,
    changes: &[FieldChange],
) -> Result<(), rusqlite::Error> {
    let (changes, digest) = (journal::changes_text(changes), record.digest());
    let hash = hash(record.id, record.number(), &changes, &digest);
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO import_entry (batch, record, number, changes, row_digest, hash) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![batch, record.id, record.number(), changes, digest, hash])?;
    Ok(())
}

/// The entry about the arrival of a record that came in with a batch.
pub(crate) fn of_record(
    connection: &Connection,
    register: &str,
    record: i64,
) -> Result<Option<JournalEntry>, rusqlite::Error> {
    let Some(batch) = BatchRow::of_record(connection, register, record)? else { return Ok(None) };
    let Some(seq) = batch.seq else { return Ok(None) };
    connection
        .prepare_cached("SELECT number, changes FROM import_entry WHERE batch = ?1 AND record = ?2")?
        .query_row(params![batch.id, record], |row| {
            Ok(JournalEntry {
                seq,
                at: batch.begun_at.parse().unwrap_or_default(),
                actor: batch.actor.clone(),
                action: Action::Import,
                register: batch.register.clone(),
                number: row.get(0)?,
                version: 1,
                changes: journal::read_changes(&row.get::<_, String>(1)?),
                reason: None,
            })
        })
        .optional()
}

/// What the entry of the chain holds that publishes a batch.
pub(crate) fn publication(batch: &BatchRow, digest: &Hash) -> FieldChange {
    let records = batch.last - batch.first + 1;
    let (by, begun_at) = (&batch.actor, &batch.begun_at);
    let digest = hex::encode(digest);
    let after = json!({ "id": batch.id, "first": batch.first, "records": records, "by": by, "begun_at": begun_at, "digest": digest });
    FieldChange { field: FIELD.to_owned(), before: serde_json::Value::Null, after }
}

/// The digests of the groups of a batch, brought up to date where entries were written anew.
pub(crate) struct Groups {
    digests: Vec<Hash>,
}

impl Groups {
    /// Digests every group.
    pub(crate) fn of(connection: &Connection, batch: &BatchRow) -> Result<Self, rusqlite::Error> {
        let groups = (batch.last - batch.first) / GROUP;
        let digests = (0..=groups).map(|group| group_digest(connection, batch, group)).collect::<Result<_, _>>()?;
        Ok(Self { digests })
    }

    /// Digests the group of a record anew.
    pub(crate) fn renew(
        &mut self,
        connection: &Connection,
        batch: &BatchRow,
        record: i64,
    ) -> Result<(), rusqlite::Error> {
        let group = (record - batch.first) / GROUP;
        if let Some(digest) = usize::try_from(group).ok().and_then(|at| self.digests.get_mut(at)) {
            *digest = group_digest(connection, batch, group)?;
        }
        Ok(())
    }

    /// The digest of the batch.
    pub(crate) fn digest(&self) -> Hash {
        let mut hasher = Sm3::new();
        for digest in &self.digests {
            hasher.update(digest);
        }
        hasher.finalize().into()
    }
}

fn group_digest(connection: &Connection, batch: &BatchRow, group: i64) -> Result<Hash, rusqlite::Error> {
    let first = batch.first + group * GROUP;
    let mut statement = connection.prepare_cached(
        "SELECT hash FROM import_entry WHERE batch = ?1 AND record BETWEEN ?2 AND ?3 ORDER BY record",
    )?;
    let mut rows = statement.query(params![batch.id, first, first + GROUP - 1])?;
    let mut hasher = Sm3::new();
    while let Some(row) = rows.next()? {
        hasher.update(row.get::<_, Vec<u8>>(0)?);
    }
    Ok(hasher.finalize().into())
}

fn hash(record: i64, number: &str, changes: &str, row_digest: &[u8]) -> Hash {
    let mut hasher = Sm3::new();
    hasher.update(record.to_be_bytes());
    for part in [number.as_bytes(), changes.as_bytes(), row_digest] {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part);
    }
    hasher.finalize().into()
}

/// Compares every batch with the entry of the chain that published it; gives the count of entries.
pub(crate) fn verify(connection: &Connection) -> Result<Result<u64, Broken>, rusqlite::Error> {
    let mut count = 0;
    let mut published = connection
        .prepare("SELECT seq, register, changes FROM journal WHERE action = 'import' AND record = 0 ORDER BY seq")?;
    let mut published = published.query([])?;
    while let Some(entry) = published.next()? {
        let (seq, register, changes): (i64, String, String) = (entry.get(0)?, entry.get(1)?, entry.get(2)?);
        let broken =
            |what: &str| Broken { seq, register: register.clone(), number: String::new(), what: what.to_owned() };
        let sql = format!("SELECT {COLUMNS} FROM import_batch WHERE seq = ?1 AND register = ?2");
        let batch = connection.prepare_cached(&sql)?.query_row(params![seq, register], BatchRow::read).optional()?;
        let Some(batch) = batch.filter(|batch| batch.published_at.is_some()) else {
            return Ok(Err(broken("the batch that this entry published is gone or hidden")));
        };
        match compare(connection, &batch, &changes)? {
            Ok(entries) => count += entries,
            Err(what) => return Ok(Err(broken(what))),
        }
    }
    Ok(Ok(count))
}

/// Hashes the entries of a batch anew and compares them with what the chain holds of them.
fn compare(
    connection: &Connection,
    batch: &BatchRow,
    changes: &str,
) -> Result<Result<u64, &'static str>, rusqlite::Error> {
    let mut statement = connection.prepare_cached(
        "SELECT record, number, changes, row_digest, hash FROM import_entry WHERE batch = ?1 ORDER BY record",
    )?;
    let mut rows = statement.query([batch.id])?;
    let mut expected = batch.first;
    while let Some(row) = rows.next()? {
        let (record, number, changes): (i64, String, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let (row_digest, stored): (Vec<u8>, Vec<u8>) = (row.get(3)?, row.get(4)?);
        if record != expected {
            return Ok(Err("an entry of the batch that this entry published is missing"));
        }
        if hash(record, &number, &changes, &row_digest).as_slice() != stored {
            return Ok(Err("an entry of the batch that this entry published was altered"));
        }
        expected += 1;
    }
    let digest = Groups::of(connection, batch)?.digest();
    let is_whole = expected == batch.last + 1 && changes == journal::changes_text(&[publication(batch, &digest)]);
    let entries = u64::try_from(batch.last - batch.first + 1).unwrap_or_default();
    Ok(if is_whole { Ok(entries) } else { Err("the batch that this entry published is not the one that is stored") })
}
