//! Signing in: sessions of browsers, tokens and Basic authentication of programs. Only digests of secrets are kept.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use bilan_admission::Wait;
use bilan_records::value::stored_time;
use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OptionalExtension, params};
use sha2::{Digest, Sha256};

use super::guard::Attempt;
use super::store::{COLUMNS, READ, note, read};
use super::{Account, Accounts, AccountsError, Duty, Ended, Guess, Origin};

/// A session ends when nobody has looked for so long …
const IDLE: SignedDuration = SignedDuration::from_hours(8);
/// … and in any case after so long.
const LONGEST: SignedDuration = SignedDuration::from_hours(24 * 7);
/// `seen_at` is written no oftener than this.
const SEEN_EVERY: SignedDuration = SignedDuration::from_mins(5);
/// Stands in the history for a name that no account has: what was typed may be a password.
const NOBODY: &str = "?";
/// How long the address of a sign-in is remembered as the account's.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(24 * 30);
/// How long a checked Basic password is believed without hashing again: another process may have changed it.
const BASIC_BELIEVED: SignedDuration = SignedDuration::from_secs(50);

/// A signed-in browser.
#[derive(Debug, Clone)]
pub struct Session {
    /// The secret of its cookie; known only at signing in.
    pub secret: String,
    /// Its token against forged requests.
    pub csrf: String,
    /// What must be done before anything else.
    pub duty: Option<Duty>,
    /// Whose it is.
    pub account: Account,
}

/// A token of a program; the secret itself is not kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Names it among the tokens.
    pub id: i64,
    /// What it is for.
    pub label: String,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// Until when it holds.
    pub expires_at: Timestamp,
}

/// Why nobody was signed in. The page says the same for a wrong name and a wrong password.
#[derive(Debug, thiserror::Error)]
pub enum SignInRefused {
    /// Name or password is wrong, or the account is shut out.
    #[error("name or password is wrong")]
    Wrong,
    /// Too many wrong passwords, or more people signing in at once than can be checked.
    #[error("too many wrong passwords; wait {} s", .0.seconds)]
    Locked(Wait),
    /// The password is right; a code is asked for, with this secret of the sign-in.
    #[error("the code of the second factor is needed")]
    CodeNeeded(String),
    /// The code is wrong, or was used before.
    #[error("the code is wrong, or was used before")]
    WrongCode,
    /// The database failed.
    #[error(transparent)]
    Failed(#[from] AccountsError),
}

impl From<rusqlite::Error> for SignInRefused {
    fn from(error: rusqlite::Error) -> Self {
        Self::Failed(error.into())
    }
}

impl From<Wait> for SignInRefused {
    fn from(wait: Wait) -> Self {
        Self::Locked(wait)
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
    /// [`SignInRefused`]; after five wrong passwords of one address one more is looked at every half minute.
    pub fn sign_in(&self, name: &str, password: &str, from: impl Into<Origin>) -> Result<Session, SignInRefused> {
        let origin = from.into();
        let (account, now) = (self.check(name, password, &origin, Asks::Person)?, self.now());
        if account.has_second_factor {
            return Err(SignInRefused::CodeNeeded(self.waiting.begin(&account.name, now)));
        }
        self.begin_session(account, &origin, now)
    }

    pub(super) fn begin_session(
        &self,
        account: Account,
        origin: &Origin,
        now: Timestamp,
    ) -> Result<Session, SignInRefused> {
        let (secret, csrf) = (secret(), secret());
        let connection = self.connection();
        connection.execute(
            "INSERT INTO session (digest, account, csrf, began_at, seen_at) VALUES (?1, ?2, ?3, ?4, ?4)",
            params![digest(&secret), account.name, csrf, stored_time(now)],
        )?;
        let ended = now.checked_sub(LONGEST).unwrap_or(Timestamp::MIN);
        connection.execute("DELETE FROM session WHERE began_at < ?1", [stored_time(ended)])?;
        connection.execute("DELETE FROM ended_session WHERE ended_at < ?1", [stored_time(ended)])?;
        note(&connection, now, &account.name, "signed_in", &origin.from)?;
        Ok(Session { secret, csrf, duty: self.rules.duty(&account, now), account })
    }

    /// The account of a name and password, with wrong ones counted.
    fn check(&self, name: &str, password: &str, origin: &Origin, asks: Asks) -> Result<Account, SignInRefused> {
        let now = self.now();
        let attempt = self.guard.attempt(&self.keyring, name, origin);
        self.guard.check(&attempt, now)?;
        let known: Option<(Account, String)> = {
            let connection = self.connection();
            let mut asked =
                connection.prepare_cached(&format!("SELECT {COLUMNS}, password FROM account WHERE name = ?1"))?;
            asked.query_row([name], |row| Ok((read(row)?, row.get(READ)?))).optional()?
        };
        // The lock of the database is not held while the password is hashed.
        let fits = self.hasher.fits(password, known.as_ref().map(|(_, hash)| hash.as_str()));
        let at_once = Wait { until: now.saturating_add(SignedDuration::from_secs(1)).unwrap_or(now), seconds: 1 };
        let fits = fits.ok_or(SignInRefused::Locked(at_once))?;
        // Guesses sent all at once do not slip past the wait that the first of them brought about.
        self.guard.check(&attempt, now)?;
        match known {
            Some((account, _)) if fits && !account.disabled && self.lets(&account, asks, now) => {
                self.guard.succeeded(&attempt);
                Ok(account)
            }
            known => Err(self.refuse(attempt, known.map(|(account, _)| account.name), origin, now)),
        }
    }

    /// Whether the password alone is enough. A program cannot type a code; it is answered as for a wrong password, so that nothing is learnt about the right one.
    fn lets(&self, account: &Account, asks: Asks, now: Timestamp) -> bool {
        asks == Asks::Person || (!account.has_second_factor && self.rules.duty(account, now).is_none())
    }

    fn refuse(&self, attempt: Attempt, name: Option<String>, origin: &Origin, now: Timestamp) -> SignInRefused {
        let counted = self.guard.failed(attempt, now);
        let name = name.as_deref().unwrap_or(NOBODY);
        let connection = self.connection();
        let what = if counted.is_locked { "locked" } else { "refused" };
        let noted = note(&connection, now, name, what, &origin.from).and_then(|()| {
            if counted.is_guessing {
                tracing::warn!(name, from = origin.from, "somebody guesses passwords; further guesses must wait");
                // Nobody needs to listen.
                let _ = self.guesses.send(Guess { name: name.to_owned(), from: origin.from.clone(), at: now });
                note(&connection, now, name, "guessing", &origin.from)?;
            }
            Ok(())
        });
        noted.map_or_else(SignInRefused::Failed, |()| SignInRefused::Wrong)
    }

    /// The addresses from which accounts signed in within the last month are theirs.
    pub(super) fn learn_addresses(&self) -> Result<(), AccountsError> {
        let since = self.now().saturating_sub(REMEMBERED).unwrap_or(Timestamp::MIN);
        let connection = self.connection();
        let mut seen = connection.prepare(
            "SELECT name, by FROM event WHERE what = 'signed_in' AND at >= ?1 GROUP BY name, by ORDER BY max(at)",
        )?;
        let mut rows = seen.query([stored_time(since)])?;
        while let Some(row) = rows.next()? {
            let (name, from): (String, String) = (row.get(0)?, row.get(1)?);
            if let Ok(address) = from.parse::<std::net::IpAddr>() {
                self.guard.learn(&name, address.into());
            }
        }
        Ok(())
    }

    /// The session of a cookie's secret, if it still holds.
    ///
    /// # Errors
    /// If the database fails.
    pub fn session(&self, secret: &str) -> Result<Option<Session>, AccountsError> {
        let now = self.now();
        let connection = self.connection();
        let found: Option<(Account, String, String, String)> = connection
            .prepare_cached(&format!(
                "SELECT {COLUMNS}, csrf, began_at, seen_at \
                 FROM session JOIN account ON account.name = session.account WHERE digest = ?1 AND NOT disabled"
            ))?
            .query_row([digest(secret)], |row| Ok((read(row)?, row.get(READ)?, row.get(READ + 1)?, row.get(READ + 2)?)))
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
        Ok(Some(Session { secret: String::new(), csrf, duty: self.rules.duty(&account, now), account }))
    }

    /// Whether the session with this token against forged requests still holds. Looking makes it last no longer.
    ///
    /// # Errors
    /// If the database fails.
    pub fn session_holds(&self, csrf: &str) -> Result<bool, AccountsError> {
        let now = self.now();
        let since = |age| stored_time(now.checked_sub(age).unwrap_or(Timestamp::MIN));
        let held: Option<bool> = self
            .connection()
            .prepare_cached(
                "SELECT NOT disabled FROM session JOIN account ON account.name = session.account \
                 WHERE csrf = ?1 AND began_at > ?2 AND seen_at > ?3",
            )?
            .query_row(params![csrf, since(LONGEST), since(IDLE)], |row| row.get(0))
            .optional()?;
        Ok(held.unwrap_or(false))
    }

    /// Ends a session.
    ///
    /// # Errors
    /// If the database fails.
    pub fn sign_out(&self, secret: &str, from: &str) -> Result<(), AccountsError> {
        let (connection, now) = (self.connection(), self.now());
        let ended: Option<(String, String)> = connection
            .query_row("DELETE FROM session WHERE digest = ?1 RETURNING account, csrf", [digest(secret)], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })
            .optional()?;
        let Some((name, csrf)) = ended else { return Ok(()) };
        connection.execute(
            "INSERT OR IGNORE INTO ended_session (csrf, account, ended_at) VALUES (?1, ?2, ?3)",
            params![csrf, name, stored_time(now)],
        )?;
        // Nobody needs to listen.
        let _ = self.ended.send(Ended::Session(csrf));
        note(&connection, now, &name, "signed_out", from)
    }

    /// Name of the account for one of whose sessions a form with this token was made. A session that has ended is
    /// remembered for a week, so that a form that was open then is not lost.
    ///
    /// # Errors
    /// If the database fails.
    pub fn account_of_form(&self, csrf: &str) -> Result<Option<String>, AccountsError> {
        let since = stored_time(self.now().checked_sub(LONGEST).unwrap_or(Timestamp::MIN));
        let connection = self.connection();
        let mut asked = connection.prepare_cached(
            "SELECT account FROM session WHERE csrf = ?1 AND began_at >= ?2 \
             UNION ALL SELECT account FROM ended_session WHERE csrf = ?1 AND ended_at >= ?2",
        )?;
        Ok(asked.query_row([csrf, &since], |row| row.get(0)).optional()?)
    }

    /// A new token for programs; it is shown this once and holds for as long as the rules say, or until the password changes or the account is shut out.
    ///
    /// # Errors
    /// [`AccountsError::Unknown`] if there is no such account.
    pub fn issue_token(&self, name: &str, label: &str, by: &str) -> Result<String, AccountsError> {
        if self.account(name)?.is_none() {
            return Err(AccountsError::Unknown(name.to_owned()));
        }
        let (token, now) = (secret(), self.now());
        let days = SignedDuration::from_hours(24 * i64::from(self.rules.token_days.max(1)));
        let until = now.saturating_add(days).unwrap_or(Timestamp::MAX);
        self.attested(name, "token_issued", by, |connection| {
            connection.execute(
                "INSERT INTO token (digest, account, label, issued_at, expires_at) VALUES (?1, ?2, ?3, ?4, ?5)",
                params![digest(&token), name, label, stored_time(now), stored_time(until)],
            )?;
            Ok(())
        })?;
        Ok(token)
    }

    /// The tokens of an account, the newest first.
    ///
    /// # Errors
    /// If the database fails.
    pub fn tokens(&self, name: &str) -> Result<Vec<Token>, AccountsError> {
        let connection = self.connection();
        let mut statement = connection.prepare(
            "SELECT rowid, label, issued_at, expires_at FROM token WHERE account = ?1 ORDER BY issued_at DESC, rowid DESC",
        )?;
        let tokens = statement.query_map([name], |row| {
            let at = |column| row.get::<_, String>(column).map(|text| text.parse().unwrap_or_default());
            Ok(Token { id: row.get(0)?, label: row.get(1)?, issued_at: at(2)?, expires_at: at(3)? })
        })?;
        Ok(tokens.collect::<Result<_, _>>()?)
    }

    /// Takes one token of an account back; whether there was such a one.
    ///
    /// # Errors
    /// If the database fails.
    pub fn revoke_token(&self, name: &str, id: i64, by: &str) -> Result<bool, AccountsError> {
        let is_there = "SELECT 1 FROM token WHERE account = ?1 AND rowid = ?2";
        if !self.connection().prepare_cached(is_there)?.exists(params![name, id])? {
            return Ok(false);
        }
        self.attested(name, "tokens_revoked", by, |connection| {
            Ok(connection.execute("DELETE FROM token WHERE account = ?1 AND rowid = ?2", params![name, id])? > 0)
        })
    }

    /// Takes every token of an account back.
    ///
    /// # Errors
    /// If the database fails.
    pub fn revoke_tokens(&self, name: &str, by: &str) -> Result<(), AccountsError> {
        self.attested(name, "tokens_revoked", by, |connection| {
            connection.execute("DELETE FROM token WHERE account = ?1", [name])?;
            Ok(())
        })
    }

    /// The account of a token.
    ///
    /// # Errors
    /// If the database fails.
    pub fn by_token(&self, token: &str) -> Result<Option<Account>, AccountsError> {
        Ok(self
            .connection()
            .query_row(
                &format!(
                    "SELECT {COLUMNS} FROM token JOIN account ON account.name = token.account \
                     WHERE digest = ?1 AND NOT disabled AND expires_at > ?2"
                ),
                params![digest(token), stored_time(self.now())],
                read,
            )
            .optional()?)
    }

    /// The account of a name and password given with a request of a program. Believed for five minutes, so that a script is not slowed by each call.
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
        if self.recent.knows(&key, now)
            && let Some(account) = self.account(name)?.filter(|account| !account.disabled)
            && self.lets(&account, Asks::Program, now)
        {
            return Ok(account);
        }
        let account = self.check(name, password, &from.into(), Asks::Program)?;
        self.recent.learn(key, now);
        Ok(account)
    }

    /// The account of a name and password, for somebody who is signed in and shows the password again.
    ///
    /// # Errors
    /// As [`Accounts::sign_in`].
    pub fn by_password(&self, name: &str, password: &str, from: impl Into<Origin>) -> Result<Account, SignInRefused> {
        self.check(name, password, &from.into(), Asks::Person)
    }
}

/// Who shows a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asks {
    Person,
    Program,
}

/// Ends every session and token of an account; what it had open in a form is remembered as its own.
pub(super) fn end_sessions(connection: &Connection, account: &str, now: Timestamp) -> Result<(), rusqlite::Error> {
    connection.execute(
        "INSERT OR IGNORE INTO ended_session (csrf, account, ended_at) SELECT csrf, account, ?2 FROM session WHERE account = ?1",
        params![account, stored_time(now)],
    )?;
    connection.execute("DELETE FROM session WHERE account = ?1", [account])?;
    connection.execute("DELETE FROM token WHERE account = ?1", [account])?;
    Ok(())
}
