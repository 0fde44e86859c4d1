//! Accounts in their database: made, changed, listed; every change leaves an event.

use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

use bilan_records::catalogue::Role;
use bilan_records::value::stored_time;
use bilan_storage::{Migrations, checksum, is_damage};
use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OpenFlags, OptionalExtension, Row, Rows, params};

use super::proof::{Credentials, still_holds};
use super::sessions::end_everything;
use crate::people::is_part;

use super::{Account, AccountEvent, Accounts, AccountsError, Ended, NewAccount};

/// Creates the tables in a new file and adds to an older one what it lacks.
pub const MIGRATIONS: Migrations = bilan_storage::migrations!(
    "accounts.db": "0001_accounts", "0002_dates_and_second_factor", "0003_ended_sessions", "0004_checksums"
);

/// What [`read`] reads; further columns come behind.
pub(super) const COLUMNS: &str =
    "name, display_name, roles, cell, enterprise, disabled, second_factor IS NOT NULL, password_set_at";
/// How many columns these are.
pub(super) const READ: usize = 8;

/// How long a statement waits for another process that writes.
pub(super) const BUSY: Duration = Duration::from_secs(5);
/// What strangers can bring about is remembered for so long: half a year, as logs of a network are kept (网络安全法 art. 21).
const REFUSALS_LAST: SignedDuration = SignedDuration::from_hours(24 * 184);
/// … and no more of it than this, so that a flood of guesses does not fill the disk.
const MOST_REFUSALS: i64 = 20_000;
/// After so many events it is looked whether there are too many.
const PRUNED_EVERY: i64 = 500;
/// What strangers can bring about.
const REFUSALS: &str = "('refused', 'locked', 'guessing', 'code_refused')";

pub(super) fn open(path: &Path) -> Result<Connection, AccountsError> {
    let mut connection = Connection::open(path)?;
    connection.busy_timeout(BUSY)?;
    connection.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;")?;
    MIGRATIONS.apply(&mut connection)?;
    checksum::watch(&connection, &[])?;
    Ok(connection)
}

/// A connection that only reads: it waits for nobody who writes.
pub(super) fn open_to_read(path: &Path) -> Result<Connection, AccountsError> {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    connection.busy_timeout(BUSY)?;
    Ok(connection)
}

impl Accounts {
    /// Whether there is no account at all.
    ///
    /// # Errors
    /// If the database fails.
    pub fn is_empty(&self) -> Result<bool, AccountsError> {
        Ok(self.reader().query_row("SELECT NOT EXISTS (SELECT 1 FROM account)", [], |row| row.get(0))?)
    }

    /// Whether the file takes what is written into it.
    ///
    /// # Errors
    /// What the next write would meet: a full disk, for example.
    pub fn try_writing(&self) -> Result<(), AccountsError> {
        Ok(bilan_storage::try_writing(&self.connection())?)
    }

    /// Makes an account; `by` stands in its history.
    ///
    /// # Errors
    /// [`AccountsError`] says what is wrong with it.
    pub fn create(&self, new: &NewAccount, by: &str) -> Result<(), AccountsError> {
        let good = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_');
        if !(2..=40).contains(&new.name.chars().count()) || !new.name.chars().all(good) {
            return Err(AccountsError::BadName(new.name.clone()));
        }
        // The journal could not distinguish such an account from the program.
        if is_part(&new.name) {
            return Err(AccountsError::NameTaken(new.name.clone()));
        }
        if new.roles.is_empty() {
            return Err(AccountsError::NoRole);
        }
        let misses = |role, place: &Option<String>| new.roles.contains(&role) && place.is_none();
        if misses(Role::Grid, &new.cell) || misses(Role::Enterprise, &new.enterprise) {
            return Err(AccountsError::NoPlace);
        }
        self.rules.check_at(&new.name, &new.password, &self.places)?;
        self.enter(new, by)
    }

    /// Makes an account whose password is as it may be.
    pub(super) fn enter(&self, new: &NewAccount, by: &str) -> Result<(), AccountsError> {
        let hash = self.hasher.hash(&new.password)?;
        let roles: Vec<&str> = new.roles.iter().map(|role| role.key()).collect();
        self.attested(&new.name, "created", by, |connection| {
            let made = connection.execute(
                "INSERT INTO account (name, display_name, password, roles, cell, enterprise, password_set_at) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING",
                params![
                    new.name,
                    new.display_name,
                    hash,
                    roles.join(" "),
                    new.cell,
                    new.enterprise,
                    stored_time(self.now())
                ],
            )?;
            if made == 0 { Err(AccountsError::NameTaken(new.name.clone())) } else { Ok(()) }
        })
    }

    /// Sets a password and ends every session and token of the account: whoever may have learnt the old one is out.
    ///
    /// # Errors
    /// [`AccountsError`] if there is no such account or the password will not do.
    pub fn set_password(&self, name: &str, password: &str, by: &str) -> Result<(), AccountsError> {
        self.put_password(name, password, by, None)
    }

    /// The same, only while `shown` still holds.
    pub(super) fn put_password(
        &self,
        name: &str,
        password: &str,
        by: &str,
        shown: Option<&Credentials>,
    ) -> Result<(), AccountsError> {
        self.rules.check_at(name, password, &self.places)?;
        let hash = self.hasher.hash(password)?;
        self.attested(name, "password_changed", by, |connection| {
            still_holds(connection, name, shown)?;
            let set = "UPDATE account SET password = ?2, password_set_at = ?3 WHERE name = ?1";
            if connection.execute(set, params![name, hash, stored_time(self.now())])? == 0 {
                return Err(AccountsError::Unknown(name.to_owned()));
            }
            Ok(end_everything(connection, name, self.now())?)
        })?;
        self.shut_out(name);
        Ok(())
    }

    /// Shuts an account out, or lets it in again. Its sessions and tokens end.
    ///
    /// # Errors
    /// [`AccountsError::Unknown`] if there is no such account.
    pub fn set_disabled(&self, name: &str, disabled: bool, by: &str) -> Result<(), AccountsError> {
        let what = if disabled { "disabled" } else { "enabled" };
        self.attested(name, what, by, |connection| {
            if connection.execute("UPDATE account SET disabled = ?2 WHERE name = ?1", params![name, disabled])? == 0 {
                return Err(AccountsError::Unknown(name.to_owned()));
            }
            Ok(end_everything(connection, name, self.now())?)
        })?;
        self.shut_out(name);
        Ok(())
    }

    /// The sessions of an account have ended: what is remembered of its passwords goes, and who keeps something open hears of it.
    pub(super) fn shut_out(&self, name: &str) {
        self.recent.forget();
        // Nobody needs to listen.
        let _ = self.ended.send(Ended::Account(name.to_owned()));
    }

    /// Every account, by name.
    ///
    /// # Errors
    /// If the database fails.
    pub fn list(&self) -> Result<Vec<Account>, AccountsError> {
        let connection = self.reader();
        let mut statement = connection.prepare(&format!("SELECT {COLUMNS} FROM account ORDER BY name"))?;
        Ok(readable("account", statement.query([])?, read)?)
    }

    /// Names of the persons by names of their accounts.
    ///
    /// # Errors
    /// If the database fails.
    pub(crate) fn persons(&self) -> Result<HashMap<String, String>, AccountsError> {
        let connection = self.reader();
        let mut statement = connection.prepare_cached("SELECT name, display_name FROM account")?;
        let persons = readable("account", statement.query([])?, |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(persons.into_iter().collect())
    }

    /// One account.
    ///
    /// # Errors
    /// If the database fails.
    pub fn account(&self, name: &str) -> Result<Option<Account>, AccountsError> {
        let sql = format!("SELECT {COLUMNS} FROM account WHERE name = ?1");
        Ok(self.reader().query_row(&sql, [name], read).optional()?)
    }

    /// The last events, the newest first.
    ///
    /// # Errors
    /// If the database fails.
    pub fn events(&self, limit: u32) -> Result<Vec<AccountEvent>, AccountsError> {
        let connection = self.reader();
        let mut statement = connection.prepare("SELECT at, name, what, by FROM event ORDER BY id DESC LIMIT ?1")?;
        let events = readable("event", statement.query([limit])?, |row| {
            let at: String = row.get(0)?;
            Ok(AccountEvent {
                at: at.parse().unwrap_or_default(),
                name: row.get(1)?,
                what: row.get(2)?,
                by: row.get(3)?,
            })
        })?;
        Ok(events)
    }
}

/// The rows that can be read: one that is damaged is named in the log and hides no other.
pub(super) fn readable<T>(
    table: &str,
    mut rows: Rows<'_>,
    mut read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> rusqlite::Result<Vec<T>> {
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        match read(row) {
            Ok(value) => found.push(value),
            Err(error) if is_damage(&error) => {
                tracing::error!(table, %error, "a row of accounts is damaged and passed over; `bilan verify` names it");
            }
            Err(error) => return Err(error),
        }
    }
    Ok(found)
}

pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Account> {
    let roles: String = row.get(2)?;
    Ok(Account {
        name: row.get(0)?,
        display_name: row.get(1)?,
        roles: roles.split(' ').filter_map(role).collect(),
        cell: row.get(3)?,
        enterprise: row.get(4)?,
        disabled: row.get(5)?,
        has_second_factor: row.get(6)?,
        password_set_at: row.get::<_, String>(7)?.parse().unwrap_or_default(),
    })
}

/// The part of a key.
pub(crate) fn role(key: &str) -> Option<Role> {
    Role::ALL.into_iter().find(|role| role.key() == key)
}

pub(super) fn note(
    connection: &Connection,
    at: Timestamp,
    name: &str,
    what: &str,
    by: &str,
) -> Result<(), AccountsError> {
    connection.prepare_cached("INSERT INTO event (at, name, what, by) VALUES (?1, ?2, ?3, ?4)")?.execute(params![
        stored_time(at),
        name,
        what,
        by
    ])?;
    Ok(())
}

/// Notes what a stranger can bring about. Of that there is an end.
pub(super) fn note_refusal(
    connection: &Connection,
    at: Timestamp,
    name: &str,
    what: &str,
    by: &str,
) -> Result<(), AccountsError> {
    note(connection, at, name, what, by)?;
    if connection.last_insert_rowid() % PRUNED_EVERY == 0 { prune_refusals(connection, at) } else { Ok(()) }
}

/// Lets go of refusals that are too old or too many.
pub(super) fn prune_refusals(connection: &Connection, now: Timestamp) -> Result<(), AccountsError> {
    let since = now.checked_sub(REFUSALS_LAST).unwrap_or(Timestamp::MIN);
    connection.execute(
        &format!(
            "DELETE FROM event WHERE what IN {REFUSALS} AND (at < ?1 OR id <= coalesce(\
             (SELECT id FROM event WHERE what IN {REFUSALS} ORDER BY id DESC LIMIT 1 OFFSET ?2), 0))"
        ),
        params![stored_time(since), MOST_REFUSALS],
    )?;
    Ok(())
}
