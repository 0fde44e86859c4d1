//! Accounts under the chain of the journal: who may do what is as much worth altering as a record.
//!
//! Each change of an account leaves an entry in the journal with the digests of how it and its credentials (second
//! factor, codes for emergencies, tokens) then stand; [`verify`] compares. The entry is made before the change is
//! committed: a program killed between the two leaves an account that verification names, and making the change again
//! mends it. An account that was altered with another tool stays marked when it is changed later.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use bilan_records::actor::Actor;
use bilan_records::journal::Action;
use bilan_records::ledger::{Broken, Ledger, WitnessTurn, Witnessed};
use rusqlite::{Connection, OpenFlags, OptionalExtension, TransactionBehavior};

use super::rules::places;
use super::store::note;
use super::{Accounts, AccountsError};

/// What the journal knows by the name of an account, and how it is written out. When somebody signed in last, and with
/// which code, is not covered: it changes without an entry.
const SOURCES: [(&str, &str); 2] = [
    (
        "account",
        "quote(name) || quote(display_name) || quote(password) || quote(roles) || quote(cell) || quote(enterprise) \
         || quote(disabled)",
    ),
    (
        "credential",
        "quote(name) || quote(second_factor) || quote(password_set_at) \
         || quote((SELECT group_concat(quote(digest), '' ORDER BY digest) FROM recovery_code WHERE account = a.name)) \
         || quote((SELECT group_concat(quote(digest) || quote(label) || quote(issued_at) || quote(expires_at), '' \
            ORDER BY digest) FROM token WHERE account = a.name))",
    ),
];

/// Whether entries of the journal under this name are about accounts.
pub(crate) fn is_of_accounts(source: &str) -> bool {
    SOURCES.iter().any(|(known, _)| *known == source)
}

fn journal(error: impl ToString) -> AccountsError {
    AccountsError::Journal(error.to_string())
}

impl Accounts {
    /// Leaves every change of an account in the journal of this ledger from now on, beginning with how they stand where
    /// it knows of none.
    ///
    /// # Errors
    /// If a database fails.
    pub fn witnessed_by(mut self, ledger: Arc<Ledger>) -> Result<Self, AccountsError> {
        for (source, state) in SOURCES {
            if ledger.witnesses(source).map_err(journal)? {
                continue;
            }
            let standing = standing(&self.reader(), state)?;
            let rows: Vec<Witnessed<'_>> = standing
                .iter()
                .map(|(name, state)| Witnessed { source, key: name, before: None, state: Some(state) })
                .collect();
            ledger.witness(&Actor::system("accounts"), Action::Account, "covered", &rows).map_err(journal)?;
        }
        self.places = places(&ledger.catalogue().district);
        self.witness = Some(ledger);
        Ok(self)
    }

    /// Changes an account in one transaction and leaves in its history and in the journal what was done, by whom, and how
    /// the account stands now.
    pub(super) fn attested<T>(
        &self,
        name: &str,
        what: &str,
        by: &str,
        change: impl FnOnce(&Connection) -> Result<T, AccountsError>,
    ) -> Result<T, AccountsError> {
        let Some(ledger) = &self.witness else { return self.changed(name, what, by, change, None) };
        // Nobody who signs in or out waits while this waits for the ledger: the lock of the accounts comes behind its turn.
        ledger.witnessing(|turn| self.changed(name, what, by, change, Some(turn))).map_err(journal)?
    }

    fn changed<T>(
        &self,
        name: &str,
        what: &str,
        by: &str,
        change: impl FnOnce(&Connection) -> Result<T, AccountsError>,
        turn: Option<WitnessTurn<'_>>,
    ) -> Result<T, AccountsError> {
        let mut connection = self.connection();
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let before = written_out(&transaction, name)?;
        let done = change(&transaction)?;
        note(&transaction, self.now(), name, what, by)?;
        if let Some(turn) = turn {
            let after = written_out(&transaction, name)?;
            let changed = SOURCES.iter().zip(before.iter().zip(&after)).filter(|(_, (before, after))| before != after);
            let witnessed: Vec<Witnessed<'_>> = changed
                .map(|((source, _), (before, after))| Witnessed {
                    source,
                    key: name,
                    before: before.as_deref(),
                    state: after.as_deref(),
                })
                .collect();
            turn.witness(&Actor::system(by), Action::Account, what, &witnessed).map_err(journal)?;
        }
        transaction.commit()?;
        Ok(done)
    }
}

/// Whether the journal knows of accounts: their file must then be there.
///
/// # Errors
/// If the journal cannot be read.
pub fn are_known_to(ledger: &Ledger) -> Result<bool, AccountsError> {
    for (source, _) in SOURCES {
        if ledger.witnesses(source).map_err(journal)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Compares the accounts in the file at `path` with what the journal says of them; gives how many agree. A journal that
/// knows of no account yet is of an earlier version: it covers them from the next start on.
///
/// # Errors
/// If a database cannot be read.
pub fn verify(path: &Path, ledger: &Ledger) -> Result<Result<u64, Broken>, AccountsError> {
    let mut agreeing = 0;
    for (source, state) in SOURCES {
        if !ledger.witnesses(source).map_err(journal)? {
            continue;
        }
        let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        match ledger.compare_witnessed(source, &standing(&connection, state)?).map_err(journal)? {
            Ok(accounts) => agreeing = accounts,
            Err(broken) => return Ok(Err(broken)),
        }
    }
    Ok(Ok(agreeing))
}

/// Every account, written out in one way.
fn standing(connection: &Connection, state: &str) -> Result<BTreeMap<String, String>, rusqlite::Error> {
    let mut statement = connection.prepare_cached(&format!("SELECT name, {state} FROM account a"))?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    rows.collect()
}

/// One account, written out in every way; nothing where there is none.
fn written_out(connection: &Connection, name: &str) -> Result<[Option<String>; SOURCES.len()], rusqlite::Error> {
    let mut written = SOURCES.map(|_| None);
    for (text, (_, state)) in written.iter_mut().zip(SOURCES) {
        let mut statement = connection.prepare_cached(&format!("SELECT {state} FROM account a WHERE name = ?1"))?;
        *text = statement.query_row([name], |row| row.get(0)).optional()?;
    }
    Ok(written)
}
