//! Accounts under the chain of the journal: who may do what is as much worth altering as a record.
//!
//! Each change of an account leaves an entry in the journal with the digest of how it then stands; [`verify`] compares.
//! The entry is made after the change: a program killed between the two leaves an account that verification names, and
//! making the change again mends it.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use bilan_records::actor::Actor;
use bilan_records::journal::Action;
use bilan_records::ledger::{Broken, Ledger, Witnessed};
use rusqlite::{Connection, OpenFlags};

use super::{Accounts, AccountsError};

/// Under which the journal knows accounts.
const SOURCE: &str = "account";

/// An account written out with what is covered of it; when it signed in last is not.
const STATE: &str = "quote(name) || quote(display_name) || quote(password) || quote(roles) || quote(cell) \
                     || quote(enterprise) || quote(disabled)";

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
        if !ledger.witnesses(SOURCE).map_err(journal)? {
            let standing = standing(&self.connection())?;
            let rows: Vec<Witnessed<'_>> = standing
                .iter()
                .map(|(name, state)| Witnessed { source: SOURCE, key: name, state: Some(state) })
                .collect();
            ledger.witness(&Actor::system("accounts"), Action::Account, "covered", &rows).map_err(journal)?;
        }
        self.witness = Some(ledger);
        Ok(self)
    }

    /// Leaves in the journal what was done to an account, by whom, and how it stands now.
    pub(super) fn attest(
        &self,
        connection: &Connection,
        name: &str,
        what: &str,
        by: &str,
    ) -> Result<(), AccountsError> {
        let Some(ledger) = &self.witness else { return Ok(()) };
        let standing = standing(connection)?;
        let state = standing.get(name).map(String::as_str);
        let witnessed = Witnessed { source: SOURCE, key: name, state };
        ledger.witness(&Actor::system(by), Action::Account, what, &[witnessed]).map_err(journal)
    }
}

/// Compares the accounts in the file at `path` with what the journal says of them; gives how many agree. A journal that
/// knows of no account yet is of an earlier version: it covers them from the next start on.
///
/// # Errors
/// If a database cannot be read.
pub fn verify(path: &Path, ledger: &Ledger) -> Result<Result<u64, Broken>, AccountsError> {
    if !ledger.witnesses(SOURCE).map_err(journal)? {
        return Ok(Ok(0));
    }
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    ledger.compare_witnessed(SOURCE, &standing(&connection)?).map_err(journal)
}

fn standing(connection: &Connection) -> Result<BTreeMap<String, String>, rusqlite::Error> {
    let mut statement = connection.prepare_cached(&format!("SELECT name, {STATE} FROM account"))?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    rows.collect()
}
