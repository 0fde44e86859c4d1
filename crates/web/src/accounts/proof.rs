//! Comparing a name and a password: of a person who signs in, and of a program with each request.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OptionalExtension, params};

use super::guard::Try;
use super::rules::PasswordFault;
use super::sessions::{SignInRefused, digest};
use super::store::{COLUMNS, READ, note_refusal, read};
use super::{Account, Accounts, AccountsError, Guess, Origin};

/// Stands in the history for a name that no account has: what was typed may be a password.
const NOBODY: &str = "?";
/// For how long a password of a program is not hashed again.
const BELIEVED: SignedDuration = SignedDuration::from_secs(50);

/// What an account is signed in with, as it is kept. A change of it ends every sign-in that is under way.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Credentials {
    /// Hash of the password; no two are the same.
    password: String,
    /// The sealed secret.
    second_factor: Option<Vec<u8>>,
}

/// An account whose password was right, with what it was compared with.
pub(super) struct Proven {
    pub account: Account,
    pub credentials: Credentials,
}

impl Credentials {
    /// Whether the account may still be signed in to with these.
    pub fn hold(&self, connection: &Connection, name: &str) -> Result<bool, rusqlite::Error> {
        connection
            .prepare_cached(
                "SELECT 1 FROM account WHERE name = ?1 AND NOT disabled AND password = ?2 AND second_factor IS ?3",
            )?
            .exists(params![name, self.password, self.second_factor])
    }
}

/// Fails if what was shown for a change of an account no longer holds.
pub(super) fn still_holds(
    connection: &Connection,
    name: &str,
    shown: Option<&Credentials>,
) -> Result<(), AccountsError> {
    match shown {
        Some(shown) if !shown.hold(connection, name)? => Err(AccountsError::Overtaken(name.to_owned())),
        _ => Ok(()),
    }
}

/// Passwords of programs that were compared a moment ago, by digest of name and password, with the hash that they fit.
#[derive(Default)]
pub(super) struct RecentBasic(Mutex<HashMap<[u8; 32], (String, Timestamp)>>);

impl RecentBasic {
    pub fn forget(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Whether the password was found to fit what the account has now.
    fn knows(&self, digest: &[u8; 32], credentials: &Credentials, now: Timestamp) -> bool {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|_, (_, compared)| now.duration_since(*compared) < BELIEVED);
        known.get(digest).is_some_and(|(hash, _)| *hash == credentials.password)
    }

    pub fn learn(&self, digest: [u8; 32], credentials: Credentials, now: Timestamp) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(digest, (credentials.password, now));
    }
}

/// Who shows a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asks {
    Person,
    Program,
}

impl Accounts {
    /// The account of a name and password, with wrong ones counted.
    pub(super) fn compare(
        &self,
        name: &str,
        password: &str,
        origin: &Origin,
        asks: Asks,
    ) -> Result<Proven, SignInRefused> {
        let now = self.now();
        let attempt = self.guard.attempt(&self.keyring, name, origin);
        // Who must wait takes nobody's turn.
        if let Err(wait) = self.guard.check(&attempt, now) {
            if self.guard.goes_on(&attempt, now) {
                let known = self.known(name)?.map(|known| known.account.name);
                self.warn_of_guessing(&self.connection(), known.as_deref().unwrap_or(NOBODY), origin, now)?;
            }
            return Err(wait.into());
        }
        let turn = self.hasher.turn(attempt.standing()).ok_or(SignInRefused::Busy)?;
        let tried = self.guard.begin(attempt, now)?;
        // No lock is held while the password is hashed: what is done with the answer asks whether it still holds.
        let known = self.known(name)?;
        let fits = turn.fits(password, known.as_ref().map(|known| known.credentials.password.as_str()));
        match known {
            Some(known) if fits && !known.account.disabled && self.lets(&known.account, asks, now) => {
                tried.succeeded();
                Ok(known)
            }
            known => Err(self.refuse(tried, known.map(|known| known.account.name), origin, now)),
        }
    }

    /// An account with what it is signed in with.
    fn known(&self, name: &str) -> Result<Option<Proven>, AccountsError> {
        let reader = self.reader();
        let asked = format!("SELECT {COLUMNS}, password, second_factor FROM account WHERE name = ?1");
        let mut asked = reader.prepare_cached(&asked)?;
        let known = asked.query_row([name], |row| {
            let credentials = Credentials { password: row.get(READ)?, second_factor: row.get(READ + 1)? };
            Ok(Proven { account: read(row)?, credentials })
        });
        Ok(known.optional()?)
    }

    /// Whether the password alone is enough. A program cannot type a code; it is answered as for a wrong password, so that nothing is learnt about the right one.
    fn lets(&self, account: &Account, asks: Asks, now: Timestamp) -> bool {
        asks == Asks::Person || (!account.has_second_factor && self.rules.duty(account, now).is_none())
    }

    fn refuse(&self, tried: Try<'_>, name: Option<String>, origin: &Origin, now: Timestamp) -> SignInRefused {
        let counted = tried.failed();
        let name = name.as_deref().unwrap_or(NOBODY);
        let connection = self.connection();
        let what = if counted.is_locked { "locked" } else { "refused" };
        let noted = note_refusal(&connection, now, name, what, &origin.from).and_then(|()| {
            if counted.is_guessing { self.warn_of_guessing(&connection, name, origin, now) } else { Ok(()) }
        });
        noted.map_or_else(SignInRefused::Failed, |()| SignInRefused::Wrong)
    }

    fn warn_of_guessing(
        &self,
        connection: &Connection,
        name: &str,
        origin: &Origin,
        now: Timestamp,
    ) -> Result<(), AccountsError> {
        tracing::warn!(name, from = origin.from, "somebody guesses passwords; further guesses must wait");
        // Nobody needs to listen.
        let _ = self.guesses.send(Guess { name: name.to_owned(), from: origin.from.clone(), at: now });
        note_refusal(connection, now, name, "guessing", &origin.from)
    }

    /// The account of a name and password given with a request of a program. While the account has that password, it is
    /// believed for 50 seconds without being hashed, so that a script is not slowed by each call.
    /// An account with a second factor, or one that must do something first, is let in with a token only.
    ///
    /// # Errors
    /// As [`Accounts::sign_in`].
    pub fn by_password_of_program(
        &self,
        name: &str,
        password: &str,
        from: impl Into<Origin>,
    ) -> Result<Account, SignInRefused> {
        let key = digest(&format!("{name}\0{password}"));
        let now = self.now();
        if let Some(Proven { account, credentials }) = self.known(name)?
            && self.recent.knows(&key, &credentials, now)
            && !account.disabled
            && self.lets(&account, Asks::Program, now)
        {
            return Ok(account);
        }
        let Proven { account, credentials } = self.compare(name, password, &from.into(), Asks::Program)?;
        self.recent.learn(key, credentials, now);
        Ok(account)
    }

    /// Changes the own password, for who shows the old one.
    ///
    /// # Errors
    /// As [`Accounts::sign_in`]; [`SignInRefused::Failed`] with [`AccountsError::Password`] if the new one will not do.
    pub fn change_password(
        &self,
        name: &str,
        old: &str,
        new: &str,
        from: impl Into<Origin>,
    ) -> Result<(), SignInRefused> {
        let proven = self.compare(name, old, &from.into(), Asks::Person)?;
        // Only who has shown the old password is told that the new one is the same.
        if new == old {
            return Err(SignInRefused::Failed(AccountsError::Password(PasswordFault::Same)));
        }
        self.put_password(name, new, name, Some(&proven.credentials)).map_err(overtaken)
    }

    /// Turns the own second factor off, for who shows the password.
    ///
    /// # Errors
    /// As [`Accounts::sign_in`].
    pub fn end_second_factor(&self, name: &str, password: &str, from: impl Into<Origin>) -> Result<(), SignInRefused> {
        let proven = self.compare(name, password, &from.into(), Asks::Person)?;
        self.drop_second_factor(name, name, Some(&proven.credentials)).map_err(overtaken)
    }
}

/// What was shown no longer holds: it is as wrong as any other.
fn overtaken(error: AccountsError) -> SignInRefused {
    match error {
        AccountsError::Overtaken(_) => SignInRefused::Wrong,
        other => SignInRefused::Failed(other),
    }
}
