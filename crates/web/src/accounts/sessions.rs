//! Signing in: sessions of browsers, tokens and Basic authentication of programs. Only digests of secrets are kept.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use bilan_records::value::stored_time;
use jiff::{SignedDuration, Timestamp};
use rusqlite::{OptionalExtension, params};
use sha2::{Digest, Sha256};

use super::store::{note, read};
use super::{Account, Accounts, AccountsError};

/// A session ends when nobody has looked for so long …
const IDLE: SignedDuration = SignedDuration::from_hours(8);
/// … and in any case after so long.
const LONGEST: SignedDuration = SignedDuration::from_hours(24 * 7);
/// `seen_at` is written no oftener than this.
const SEEN_EVERY: SignedDuration = SignedDuration::from_mins(5);
/// Wrong passwords in a row that are forgiven.
const FORGIVEN: u32 = 5;
/// How long a checked Basic password is believed without hashing again.
const BASIC_BELIEVED: SignedDuration = SignedDuration::from_mins(5);

/// A signed-in browser.
#[derive(Debug, Clone)]
pub struct Session {
    /// The secret of its cookie; known only at signing in.
    pub secret: String,
    /// Its token against forged requests.
    pub csrf: String,
    /// Whose it is.
    pub account: Account,
}

/// Why nobody was signed in. The page says the same for a wrong name and a wrong password.
#[derive(Debug, thiserror::Error)]
pub enum SignInRefused {
    /// Name or password is wrong, or the account is shut out.
    #[error("name or password is wrong")]
    Wrong,
    /// Too many wrong passwords.
    #[error("too many wrong passwords; wait {wait_s} s")]
    Locked {
        /// Seconds to wait.
        wait_s: u64,
    },
    /// The database failed.
    #[error(transparent)]
    Failed(#[from] AccountsError),
}

impl From<rusqlite::Error> for SignInRefused {
    fn from(error: rusqlite::Error) -> Self {
        Self::Failed(error.into())
    }
}

/// Basic passwords checked a moment ago, by digest of name and password.
#[derive(Default)]
pub(super) struct RecentBasic(Mutex<HashMap<[u8; 32], Timestamp>>);

impl RecentBasic {
    pub fn forget(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    fn knows(&self, digest: &[u8; 32], now: Timestamp) -> bool {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|_, checked| now.duration_since(*checked) < BASIC_BELIEVED);
        known.contains_key(digest)
    }

    fn learn(&self, digest: [u8; 32], now: Timestamp) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(digest, now);
    }
}

/// 256 bits that nobody guesses, as hexadecimal text.
pub(crate) fn secret() -> String {
    let mut bytes = [0; 32];
    // Without randomness of the system there is no security to go on with.
    getrandom::fill(&mut bytes).expect("the system gives random bytes");
    hex::encode(bytes)
}

fn digest(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

impl Accounts {
    /// Signs in. Takes some tens of milliseconds: call it off the async threads.
    ///
    /// # Errors
    /// [`SignInRefused`]; after five wrong passwords in a row each further one doubles the wait, up to an hour.
    pub fn sign_in(&self, name: &str, password: &str, from: &str) -> Result<Session, SignInRefused> {
        let account = self.check(name, password, from)?;
        let (secret, csrf, now) = (secret(), secret(), self.now());
        let connection = self.connection();
        connection.execute(
            "INSERT INTO session (digest, account, csrf, began_at, seen_at) VALUES (?1, ?2, ?3, ?4, ?4)",
            params![digest(&secret), account.name, csrf, stored_time(now)],
        )?;
        let ended = now.checked_sub(LONGEST).unwrap_or(Timestamp::MIN);
        connection.execute("DELETE FROM session WHERE began_at < ?1", [stored_time(ended)])?;
        note(&connection, now, &account.name, "signed_in", from)?;
        Ok(Session { secret, csrf, account })
    }

    /// The account of a name and password, with the lock counted.
    fn check(&self, name: &str, password: &str, from: &str) -> Result<Account, SignInRefused> {
        let now = self.now();
        let known: Option<(Account, String, u32, Option<String>)> = self
            .connection()
            .query_row(
                "SELECT name, display_name, roles, cell, enterprise, disabled, password, failures, locked_until \
                 FROM account WHERE name = ?1",
                [name],
                |row| Ok((read(row)?, row.get(6)?, row.get(7)?, row.get(8)?)),
            )
            .optional()?;
        let locked = known.as_ref().and_then(|(.., until)| until.as_ref()?.parse::<Timestamp>().ok());
        if let Some(until) = locked.filter(|until| *until > now) {
            let wait_s = u64::try_from(until.duration_since(now).as_secs()).unwrap_or(0).max(1);
            return Err(SignInRefused::Locked { wait_s });
        }
        // The lock of the database is not held while the password is hashed.
        let fits = self.hasher.fits(password, known.as_ref().map(|(_, hash, ..)| hash.as_str()));
        let connection = self.connection();
        match known {
            Some((account, ..)) if fits && !account.disabled => {
                connection.execute(
                    "UPDATE account SET failures = 0, locked_until = NULL WHERE name = ?1 AND (failures > 0 OR locked_until IS NOT NULL)",
                    [name],
                )?;
                Ok(account)
            }
            Some((_, _, failures, _)) => {
                let failures = failures.saturating_add(1);
                let until = lock(failures).and_then(|wait| now.checked_add(wait).ok());
                connection.execute(
                    "UPDATE account SET failures = ?2, locked_until = ?3 WHERE name = ?1",
                    params![name, failures, until.map(stored_time)],
                )?;
                note(&connection, now, name, if until.is_some() { "locked" } else { "refused" }, from)?;
                Err(SignInRefused::Wrong)
            }
            None => Err(SignInRefused::Wrong),
        }
    }

    /// The session of a cookie's secret, if it still holds.
    ///
    /// # Errors
    /// If the database fails.
    pub fn session(&self, secret: &str) -> Result<Option<Session>, AccountsError> {
        let now = self.now();
        let connection = self.connection();
        let found: Option<(Account, String, String, String)> = connection
            .prepare_cached(
                "SELECT name, display_name, roles, cell, enterprise, disabled, csrf, began_at, seen_at \
                 FROM session JOIN account ON account.name = session.account WHERE digest = ?1 AND NOT disabled",
            )?
            .query_row([digest(secret)], |row| Ok((read(row)?, row.get(6)?, row.get(7)?, row.get(8)?)))
            .optional()?;
        let Some((account, csrf, began, seen)) = found else { return Ok(None) };
        let since = |text: &str| text.parse::<Timestamp>().map(|at| now.duration_since(at)).unwrap_or(LONGEST);
        if since(&began) >= LONGEST || since(&seen) >= IDLE {
            return Ok(None);
        }
        if since(&seen) >= SEEN_EVERY {
            connection.execute(
                "UPDATE session SET seen_at = ?2 WHERE digest = ?1",
                params![digest(secret), stored_time(now)],
            )?;
        }
        Ok(Some(Session { secret: String::new(), csrf, account }))
    }

    /// Ends a session.
    ///
    /// # Errors
    /// If the database fails.
    pub fn sign_out(&self, secret: &str) -> Result<(), AccountsError> {
        self.connection().execute("DELETE FROM session WHERE digest = ?1", [digest(secret)])?;
        Ok(())
    }

    /// A new token for programs; it is told this once and holds until the account is shut out.
    ///
    /// # Errors
    /// [`AccountsError::Unknown`] if there is no such account.
    pub fn issue_token(&self, name: &str, label: &str, by: &str) -> Result<String, AccountsError> {
        if self.account(name)?.is_none() {
            return Err(AccountsError::Unknown(name.to_owned()));
        }
        let token = secret();
        let connection = self.connection();
        connection.execute(
            "INSERT INTO token (digest, account, label, issued_at) VALUES (?1, ?2, ?3, ?4)",
            params![digest(&token), name, label, stored_time(self.now())],
        )?;
        note(&connection, self.now(), name, "token_issued", by)?;
        Ok(token)
    }

    /// Takes every token of an account back.
    ///
    /// # Errors
    /// If the database fails.
    pub fn revoke_tokens(&self, name: &str, by: &str) -> Result<(), AccountsError> {
        let connection = self.connection();
        connection.execute("DELETE FROM token WHERE account = ?1", [name])?;
        note(&connection, self.now(), name, "tokens_revoked", by)
    }

    /// The account of a token.
    ///
    /// # Errors
    /// If the database fails.
    pub fn by_token(&self, token: &str) -> Result<Option<Account>, AccountsError> {
        Ok(self
            .connection()
            .query_row(
                "SELECT name, display_name, roles, cell, enterprise, disabled FROM token JOIN account ON account.name = token.account \
                 WHERE digest = ?1 AND NOT disabled",
                [digest(token)],
                read,
            )
            .optional()?)
    }

    /// The account of a name and password given with a request. Believed for five minutes, so that a script is not slowed by each call.
    ///
    /// # Errors
    /// As [`Accounts::sign_in`].
    pub fn by_password(&self, name: &str, password: &str, from: &str) -> Result<Account, SignInRefused> {
        let key = digest(&format!("{name}\0{password}"));
        let now = self.now();
        if self.recent.knows(&key, now)
            && let Some(account) = self.account(name)?.filter(|account| !account.disabled)
        {
            return Ok(account);
        }
        let account = self.check(name, password, from)?;
        self.recent.learn(key, now);
        Ok(account)
    }
}

/// How long an account is locked after so many wrong passwords in a row.
fn lock(failures: u32) -> Option<SignedDuration> {
    let over = failures.checked_sub(FORGIVEN)?;
    Some(SignedDuration::from_secs((30_i64 << over.min(7)).min(3600)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_doubles_after_five_wrong_passwords() {
        let waits: Vec<_> = (1..=13).map(|failures| lock(failures).map(|wait| wait.as_secs())).collect();
        assert_eq!(waits[..4], [None; 4]);
        assert_eq!(waits[4..8], [Some(30), Some(60), Some(120), Some(240)]);
        assert_eq!(waits[12], Some(3600), "an hour at most");
    }
}
