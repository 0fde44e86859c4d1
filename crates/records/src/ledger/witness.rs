//! What the chain says to the world outside the ledger: its head, for an anchor, and digests of what lies elsewhere.

use std::collections::BTreeMap;

use bilan_storage::to_the_end;
use jiff::Timestamp;
use rusqlite::{OptionalExtension, Transaction};

use super::{
    Ledger,
    beside::{self, Sealed, digest},
    error::{Broken, ReadError, WriteError},
};
use crate::{
    actor::Actor,
    journal::{Action, Chain, Hash, NewEntry},
};

/// The end of the journal at a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Entries in the journal; the number of the last one.
    pub seq: i64,
    /// Hash of the last entry, which covers all before it.
    pub hash: Hash,
    /// When the last entry was made.
    pub at: Timestamp,
}

/// Something outside the ledger that the chain is to cover from now on.
#[derive(Debug, Clone, Copy)]
pub struct Witnessed<'a> {
    /// What kind of thing it is: `account`.
    pub source: &'a str,
    /// Which one.
    pub key: &'a str,
    /// How it stood before, written out; none if there was nothing. If that is not what the chain says, it had been altered,
    /// and stays marked so: a change does not heal it.
    pub before: Option<&'a str>,
    /// How it stands, written out; none once it is gone. Only its digest is kept.
    pub state: Option<&'a str>,
}

/// A turn of the ledger's writer for one entry about what lies outside of it. Dropped, it leaves none.
pub struct WitnessTurn<'t> {
    ledger: &'t Ledger,
    transaction: Transaction<'t>,
}

impl WitnessTurn<'_> {
    /// Puts things under the chain, in one entry that says who did what; it is on disk when this returns.
    ///
    /// # Errors
    /// If the database fails.
    pub fn witness(
        self,
        actor: &Actor,
        action: Action,
        what: &str,
        witnessed: &[Witnessed<'_>],
    ) -> Result<(), WriteError> {
        let Some(first) = witnessed.first() else { return Ok(()) };
        let transaction = self.transaction;
        let mut chain = Chain::end(&transaction)?;
        let at = self.ledger.now();
        let entry = NewEntry {
            at,
            actor: &actor.name,
            action,
            register: first.source,
            record: 0,
            number: if witnessed.len() == 1 { first.key } else { "" },
            version: 0,
            changes: &[],
            reason: Some(what),
            row_digest: None,
        };
        chain.append(&transaction, &entry)?;
        let mut rows = Vec::with_capacity(witnessed.len());
        for one in witnessed {
            rows.extend(beside::altered_outside(&transaction, one.source, one.key, one.before)?);
            let (source, key) = (one.source.to_owned(), one.key.to_owned());
            rows.push(Sealed { source, key, digest: one.state.map(digest) });
        }
        beside::put(&transaction, &mut chain, &rows, &actor.name, at)?;
        transaction.commit()?;
        Ok(())
    }
}

impl Ledger {
    /// The last entry of the journal; none before the first.
    ///
    /// # Errors
    /// If the database fails.
    pub fn head(&self) -> Result<Option<Head>, ReadError> {
        let connection = self.reader()?;
        let head = connection
            .prepare_cached("SELECT seq, hash, at FROM journal ORDER BY seq DESC LIMIT 1")?
            .query_row([], |row| {
                let at: String = row.get(2)?;
                Ok(Head { seq: row.get(0)?, hash: row.get(1)?, at: at.parse().unwrap_or_default() })
            })
            .optional()?;
        Ok(head)
    }

    /// Whether something was released for publication after an entry.
    ///
    /// # Errors
    /// If the database fails.
    pub fn published_since(&self, seq: i64) -> Result<bool, ReadError> {
        let connection = self.reader()?;
        let mut statement =
            connection.prepare_cached("SELECT 1 FROM journal WHERE seq > ?1 AND action = ?2 LIMIT 1")?;
        Ok(statement.exists(rusqlite::params![seq, Action::Release.text()])?)
    }

    /// Hash of an entry; none if the journal does not go so far.
    ///
    /// # Errors
    /// If the database fails.
    pub fn hash_of(&self, seq: i64) -> Result<Option<Hash>, ReadError> {
        let connection = self.reader()?;
        let mut statement = connection.prepare_cached("SELECT hash FROM journal WHERE seq = ?1")?;
        Ok(statement.query_row([seq], |row| row.get(0)).optional()?)
    }

    /// Puts things outside the ledger under its chain, in one entry that says who did what. They have changed already:
    /// this is done whether or not somebody still waits for it.
    ///
    /// # Errors
    /// If the database fails.
    pub fn witness(
        &self,
        actor: &Actor,
        action: Action,
        what: &str,
        witnessed: &[Witnessed<'_>],
    ) -> Result<(), WriteError> {
        self.witnessing(|entry| entry.witness(actor, action, what, witnessed))?
    }

    /// Waits for the turn of the writer and hands it to `change`, which changes something outside the ledger and then puts
    /// it under the chain. So who changes that takes a lock of their own only when there is no wait any more. It is done
    /// whether or not somebody still waits for it.
    ///
    /// # Errors
    /// If the turn cannot begin.
    pub fn witnessing<T>(&self, change: impl FnOnce(WitnessTurn<'_>) -> T) -> Result<T, WriteError> {
        to_the_end(|| {
            let mut connection = self.writer();
            let transaction = connection.begin()?;
            Ok(change(WitnessTurn { ledger: self, transaction }))
        })
    }

    /// Whether the chain covers anything of a source outside the ledger.
    ///
    /// # Errors
    /// If the database fails.
    pub fn witnesses(&self, source: &str) -> Result<bool, ReadError> {
        let connection = self.reader()?;
        Ok(connection.prepare_cached("SELECT 1 FROM beside WHERE source = ?1 LIMIT 1")?.exists([source])?)
    }

    /// Compares how the things of a source stand, written out by key, with what the chain says of them; gives how many
    /// agree.
    ///
    /// # Errors
    /// If the database fails.
    pub fn compare_witnessed(
        &self,
        source: &str,
        standing: &BTreeMap<String, String>,
    ) -> Result<Result<u64, Broken>, ReadError> {
        let broken = |seq: i64, key: &str, what: &str| {
            let (register, number, what) = (source.to_owned(), key.to_owned(), what.to_owned());
            Ok(Err(Broken { seq, register, number, what }))
        };
        let connection = self.reader()?;
        let mut statement = connection.prepare_cached(beside::LAST)?;
        let known: BTreeMap<String, (i64, Option<Hash>)> = statement
            .query_map([source], |row| Ok((row.get(0)?, (row.get(1)?, row.get(2)?))))?
            .collect::<Result<_, _>>()?;
        for (key, state) in standing {
            match known.get(key) {
                Some((_, Some(sealed))) if *sealed == digest(state) => {}
                Some((seq, Some(_))) => {
                    return broken(*seq, key, "it no longer agrees with the journal: it was altered with another tool");
                }
                _ => return broken(0, key, "no entry of the journal knows it: it was put in with another tool"),
            }
        }
        match known.iter().find(|(key, (_, digest))| digest.is_some() && !standing.contains_key(*key)) {
            Some((key, (seq, _))) => broken(*seq, key, "it is gone: it was taken out with another tool"),
            None => Ok(Ok(standing.len() as u64)),
        }
    }
}
