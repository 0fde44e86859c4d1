//! The journal (留痕): who did what, when, before and after, chained by SM3 so that nothing can be rewritten quietly.
//!
//! An entry is appended in the transaction of the change it tells of. Its hash covers every column of the entry
//! and the hash of the entry before it; a change of a record also carries the digest of the row as it then stood,
//! so that a row altered behind the ledger's back no longer agrees with its last entry.
//! This module knows the entry, its hash and the SQL of its table; *what* to journal is decided by [`crate::ledger`].

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::Serialize;
use serde_json::{Value as Json, json};
use sm3::{Digest, Sm3};

use crate::{
    ledger::{Broken, FieldChange, WriteError, stored_time},
    personal::without_digests,
};

/// A hash of SM3, 32 bytes.
pub type Hash = [u8; 32];

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// A record was entered.
    Create,
    /// A record came in with an import.
    Import,
    /// Fields were changed.
    Edit,
    /// A step of the workflow was taken.
    Step(String),
    /// A record was deleted.
    Delete,
    /// A personal field was shown in plain text.
    Unmask,
    /// A file was attached.
    Attach,
    /// A reminder or an escalation of a deadline was sent.
    Remind,
    /// A text of the record was released for publication although it looks like it names a private person.
    Release,
    /// An account was made or changed; the reason says how.
    Account,
    /// What stands beside the records was put under the chain, without a record being changed.
    Seal,
}

impl Action {
    /// The name under which it is journalled: `edit`, `step:close`.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::Create => "create".into(),
            Self::Import => "import".into(),
            Self::Edit => "edit".into(),
            Self::Step(step) => format!("step:{step}"),
            Self::Delete => "delete".into(),
            Self::Unmask => "unmask".into(),
            Self::Attach => "attach".into(),
            Self::Remind => "remind".into(),
            Self::Release => "release".into(),
            Self::Account => "account".into(),
            Self::Seal => "seal".into(),
        }
    }

    fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "create" => Self::Create,
            "import" => Self::Import,
            "edit" => Self::Edit,
            "delete" => Self::Delete,
            "unmask" => Self::Unmask,
            "attach" => Self::Attach,
            "remind" => Self::Remind,
            "release" => Self::Release,
            "account" => Self::Account,
            "seal" => Self::Seal,
            _ => Self::Step(text.strip_prefix("step:")?.to_owned()),
        })
    }
}

/// One entry as it is shown on a record's timeline.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct JournalEntry {
    /// Position in the chain, counted from 1.
    pub seq: i64,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: String,
    /// What.
    pub action: Action,
    /// Register of the record.
    pub register: String,
    /// Number of the record.
    pub number: String,
    /// Version of the record after the act.
    pub version: i64,
    /// Fields before and after; personal fields masked.
    pub changes: Vec<FieldChange>,
    /// Reason given, if any.
    pub reason: Option<String>,
}

/// An entry about to be appended.
pub(crate) struct NewEntry<'a> {
    pub at: Timestamp,
    pub actor: &'a str,
    pub action: Action,
    pub register: &'a str,
    pub record: i64,
    pub number: &'a str,
    pub version: i64,
    pub changes: &'a [FieldChange],
    pub reason: Option<&'a str>,
    pub row_digest: Option<Hash>,
}

/// The end of the chain inside one transaction, so that many entries can be appended without asking again.
pub(crate) struct Chain {
    seq: i64,
    hash: Hash,
    /// The last entry that this transaction appended, with the digest of what it covers beside the records.
    last: Option<(RawEntry, Sm3)>,
}

impl Chain {
    /// Reads where the chain ends.
    pub(crate) fn end(connection: &Connection) -> Result<Self, rusqlite::Error> {
        let last = connection
            .prepare_cached("SELECT seq, hash FROM journal ORDER BY seq DESC LIMIT 1")?
            .query_row([], |row| Ok((row.get(0)?, row.get::<_, Hash>(1)?)))
            .optional()?;
        let (seq, hash) = last.unwrap_or((0, [0; 32]));
        Ok(Self { seq, hash, last: None })
    }

    /// Whether this transaction has appended an entry.
    pub(crate) fn has_entry(&self) -> bool {
        self.last.is_some()
    }

    /// Lets the last entry of this transaction cover what was written beside the records: `add` is given its number
    /// and the digest to which it adds each row.
    pub(crate) fn seal(
        &mut self,
        connection: &Connection,
        add: impl FnOnce(i64, &mut Sm3) -> Result<(), rusqlite::Error>,
    ) -> Result<(), rusqlite::Error> {
        let Some((entry, hasher)) = &mut self.last else { return Ok(()) };
        add(entry.seq, hasher)?;
        entry.beside = Some(hasher.clone().finalize().to_vec());
        self.hash = entry.hash();
        connection.prepare_cached("UPDATE journal SET beside = ?2, hash = ?3 WHERE seq = ?1")?.execute(params![
            entry.seq,
            entry.beside,
            self.hash
        ])?;
        Ok(())
    }

    /// Place of the last entry; 0 before the first.
    pub(crate) fn seq(&self) -> i64 {
        self.seq
    }

    /// Appends an entry and moves the end of the chain.
    pub(crate) fn append(&mut self, connection: &Connection, entry: &NewEntry<'_>) -> Result<i64, rusqlite::Error> {
        let raw = RawEntry {
            seq: self.seq + 1,
            at: stored_time(entry.at),
            actor: entry.actor.to_owned(),
            action: entry.action.text(),
            register: entry.register.to_owned(),
            record: entry.record,
            number: entry.number.to_owned(),
            version: entry.version,
            changes: changes_text(entry.changes),
            reason: entry.reason.map(str::to_owned),
            row_digest: entry.row_digest.map(|digest| digest.to_vec()),
            prev: self.hash.to_vec(),
            beside: None,
        };
        let hash = raw.hash();
        connection
            .prepare_cached(
                "INSERT INTO journal (seq, at, actor, action, register, record, number, version, changes, reason, \
                 row_digest, prev, hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
            )?
            .execute(params![
                raw.seq,
                raw.at,
                raw.actor,
                raw.action,
                raw.register,
                raw.record,
                raw.number,
                raw.version,
                raw.changes,
                raw.reason,
                raw.row_digest,
                raw.prev,
                hash
            ])?;
        self.seq = raw.seq;
        self.hash = hash;
        self.last = Some((raw, Sm3::new()));
        Ok(self.seq)
    }
}

/// The entries about one record, oldest first.
pub(crate) fn of_record(
    connection: &Connection,
    register: &str,
    record: i64,
) -> Result<Vec<JournalEntry>, rusqlite::Error> {
    let mut statement = connection.prepare_cached(
        "SELECT seq, at, actor, action, register, record, number, version, changes, reason, row_digest, prev, beside \
         FROM journal WHERE register = ?1 AND record = ?2 ORDER BY seq",
    )?;
    let rows = statement.query_map(params![register, record], |row| RawEntry::read(row).map(RawEntry::shown))?;
    rows.collect()
}

/// Entries of the whole ledger that meet the conditions, the newest first; the last parameter is how many at most.
pub(crate) fn newest(
    connection: &Connection,
    conditions: &str,
    values: impl rusqlite::Params,
) -> Result<Vec<JournalEntry>, rusqlite::Error> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT seq, at, actor, action, register, record, number, version, changes, reason, row_digest, prev, beside \
         FROM journal WHERE {conditions} ORDER BY at DESC, seq DESC LIMIT ?"
    ))?;
    let rows = statement.query_map(values, |row| RawEntry::read(row).map(RawEntry::shown))?;
    rows.collect()
}

/// Walks the chain from its beginning; gives the count of entries, or the first that does not agree.
pub(crate) fn walk(connection: &Connection) -> Result<Result<u64, Broken>, rusqlite::Error> {
    let mut statement = connection.prepare(
        "SELECT seq, at, actor, action, register, record, number, version, changes, reason, row_digest, prev, beside, hash \
         FROM journal ORDER BY seq",
    )?;
    let mut rows = statement.query([])?;
    let (mut count, mut prev, mut expected) = (0_u64, [0_u8; 32].to_vec(), 1_i64);
    while let Some(row) = rows.next()? {
        let raw = RawEntry::read(row)?;
        let broken =
            |what: String| Broken { seq: raw.seq, register: raw.register.clone(), number: raw.number.clone(), what };
        if raw.seq != expected {
            return Ok(Err(broken(format!("entry {expected} is missing: the journal goes on with entry {}", raw.seq))));
        }
        if raw.prev != prev {
            return Ok(Err(broken("does not follow the entry before it: one of the two was altered".into())));
        }
        let hash: Vec<u8> = row.get(13)?;
        if raw.hash().as_slice() != hash {
            return Ok(Err(broken("the entry itself was altered: its hash does not agree with its content".into())));
        }
        prev = hash;
        expected += 1;
        count += 1;
    }
    Ok(Ok(count))
}

/// Digest and sequence number of the last entry that tells how each row of a register stands, by record id; of a record
/// that has not changed since it came in with a batch, the entry of the batch.
pub(crate) const LAST_DIGESTS: &str = "
SELECT j.record, j.seq, j.number, j.row_digest FROM journal j
JOIN (SELECT record AS last_record, max(seq) AS last_seq FROM journal
      WHERE register = ?1 AND record > 0 AND row_digest IS NOT NULL GROUP BY record) ON j.seq = last_seq
UNION ALL
SELECT e.record, b.seq, e.number, e.row_digest FROM import_batch b JOIN import_entry e ON e.batch = b.id
WHERE b.register = ?1 AND b.published_at IS NOT NULL AND NOT EXISTS (
  SELECT 1 FROM journal j WHERE j.register = ?1 AND j.record = e.record AND j.row_digest IS NOT NULL)
ORDER BY 1";

/// The columns of an entry as they are stored and hashed.
struct RawEntry {
    seq: i64,
    at: String,
    actor: String,
    action: String,
    register: String,
    record: i64,
    number: String,
    version: i64,
    changes: String,
    reason: Option<String>,
    row_digest: Option<Vec<u8>>,
    prev: Vec<u8>,
    /// Digest of what the entry covers beside the records.
    beside: Option<Vec<u8>>,
}

impl RawEntry {
    fn read(row: &Row<'_>) -> Result<Self, rusqlite::Error> {
        Ok(Self {
            seq: row.get(0)?,
            at: row.get(1)?,
            actor: row.get(2)?,
            action: row.get(3)?,
            register: row.get(4)?,
            record: row.get(5)?,
            number: row.get(6)?,
            version: row.get(7)?,
            changes: row.get(8)?,
            reason: row.get(9)?,
            row_digest: row.get(10)?,
            prev: row.get(11)?,
            beside: row.get(12)?,
        })
    }

    /// Hash over the previous hash and every column, each preceded by its length so that no two entries read alike.
    fn hash(&self) -> Hash {
        let mut hasher = Sm3::new();
        hasher.update(&self.prev);
        for number in [self.seq, self.record, self.version] {
            hasher.update(number.to_be_bytes());
        }
        for text in [&self.at, &self.actor, &self.action, &self.register, &self.number, &self.changes] {
            hasher.update((text.len() as u64).to_be_bytes());
            hasher.update(text.as_bytes());
        }
        for part in [self.reason.as_deref().map(str::as_bytes), self.row_digest.as_deref()] {
            match part {
                None => hasher.update([0]),
                Some(bytes) => {
                    hasher.update([1]);
                    hasher.update((bytes.len() as u64).to_be_bytes());
                    hasher.update(bytes);
                }
            }
        }
        // Entries of earlier versions end here and keep their hash.
        if let Some(beside) = &self.beside {
            hasher.update([2]);
            hasher.update((beside.len() as u64).to_be_bytes());
            hasher.update(beside);
        }
        hasher.finalize().into()
    }

    fn shown(self) -> JournalEntry {
        JournalEntry {
            seq: self.seq,
            at: self.at.parse().unwrap_or_default(),
            actor: self.actor,
            action: Action::parse(&self.action).unwrap_or(Action::Edit),
            register: self.register,
            number: self.number,
            version: self.version,
            changes: read_changes(&self.changes),
            reason: self.reason,
        }
    }
}

/// `{"field": [before, after], …}` with fields in the order given.
pub(crate) fn changes_text(changes: &[FieldChange]) -> String {
    let mut text = String::from("{");
    for (index, change) in changes.iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        text.push_str(&Json::from(change.field.as_str()).to_string());
        text.push(':');
        text.push_str(&json!([change.before, change.after]).to_string());
    }
    text.push('}');
    text
}

/// The changes as they are shown: without the digests of personal values.
pub(crate) fn read_changes(text: &str) -> Vec<FieldChange> {
    let Ok(Json::Object(map)) = serde_json::from_str(text) else { return Vec::new() };
    map.into_iter()
        .map(|(field, mut pair)| FieldChange {
            field,
            before: without_digests(pair[0].take()),
            after: without_digests(pair[1].take()),
        })
        .collect()
}

/// What a failed append means for the write it belongs to.
impl From<Broken> for WriteError {
    fn from(broken: Broken) -> Self {
        Self::Damaged { what: format!("journal entry {}", broken.seq), why: broken.what }
    }
}
