//! Sessions of browsers: begun, looked up, ended. Only digests of their secrets are kept.

use std::sync::TryLockError;
use std::time::Duration;

use bilan_admission::Wait;
use bilan_records::value::stored_time;
use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};
use sha2::{Digest, Sha256};

use super::proof::{Asks, Credentials, Proven};
use super::store::{BUSY, COLUMNS, READ, note, read, readable};
use super::{Account, Accounts, AccountsError, Duty, Ended, Origin};

/// A session ends when nobody has looked for so long …
const IDLE: SignedDuration = SignedDuration::from_hours(8);
/// … and in any case after so long.
const LONGEST: SignedDuration = SignedDuration::from_hours(24 * 7);
/// A session that ended because it had lasted so long is remembered for as long as one that was ended.
const FORGOTTEN: SignedDuration = SignedDuration::from_hours(24 * 14);
/// `seen_at` is written no oftener than this.
const SEEN_EVERY: SignedDuration = SignedDuration::from_mins(5);
/// How long the address of a sign-in is remembered as the account's.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(24 * 30);

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

/// Why nobody was signed in. The page says the same for a wrong name and a wrong password.
#[derive(Debug, thiserror::Error)]
pub enum SignInRefused {
    /// Name or password is wrong, or the account is shut out.
    #[error("name or password is wrong")]
    Wrong,
    /// Too many wrong passwords.
    #[error("too many wrong passwords; wait {} s", .0.seconds)]
    Locked(Wait),
    /// More sign in at once than can be checked; nothing was compared.
    #[error("too many sign in at the same moment; try again in a few seconds")]
    Busy,
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

/// 256 bits that nobody guesses.
pub(super) fn random() -> [u8; 32] {
    let mut bytes = [0; 32];
    // Without randomness of the system there is no security to go on with.
    getrandom::fill(&mut bytes).expect("the system gives random bytes");
    bytes
}

/// The same as hexadecimal text.
pub(crate) fn secret() -> String {
    hex::encode(random())
}

pub(super) fn digest(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

impl Accounts {
    /// Signs in. Takes some tens of milliseconds: call it off the async threads.
    ///
    /// # Errors
    /// [`SignInRefused`]; after five wrong passwords of one address one more is looked at every half minute.
    pub fn sign_in(&self, name: &str, password: &str, from: impl Into<Origin>) -> Result<Session, SignInRefused> {
        let origin = from.into();
        let Proven { account, credentials } = self.compare(name, password, &origin, Asks::Person)?;
        if account.has_second_factor {
            return Err(SignInRefused::CodeNeeded(self.waiting.begin(account.name, credentials, self.now())));
        }
        self.begin_session(&account.name, &credentials, &origin)
    }

    /// Begins a session, if what the account was signed in with still holds: a password that was changed while it was
    /// compared, here or by another process, opens nothing.
    pub(super) fn begin_session(
        &self,
        name: &str,
        credentials: &Credentials,
        origin: &Origin,
    ) -> Result<Session, SignInRefused> {
        let (secret, csrf, now) = (secret(), secret(), self.now());
        let mut connection = self.connection();
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        if !credentials.hold(&transaction, name)? {
            return Err(SignInRefused::Wrong);
        }
        let account = transaction.query_row(&format!("SELECT {COLUMNS} FROM account WHERE name = ?1"), [name], read)?;
        transaction.execute(
            "INSERT INTO session (digest, account, csrf, began_at, seen_at) VALUES (?1, ?2, ?3, ?4, ?4)",
            params![digest(&secret), name, csrf, stored_time(now)],
        )?;
        // What was typed in a form of a session that grew too old is the account's for as long as that of any other.
        transaction.execute("DELETE FROM session WHERE began_at < ?1", [stored_time(before(now, FORGOTTEN))])?;
        transaction.execute("DELETE FROM ended_session WHERE ended_at < ?1", [stored_time(before(now, LONGEST))])?;
        note(&transaction, now, name, "signed_in", &origin.from)?;
        transaction.commit()?;
        Ok(Session { secret, csrf, duty: self.rules.duty(&account, now), account })
    }

    /// The addresses from which accounts signed in within the last month are theirs.
    pub(super) fn learn_addresses(&self) -> Result<(), AccountsError> {
        let since = self.now().saturating_sub(REMEMBERED).unwrap_or(Timestamp::MIN);
        let connection = self.connection();
        let mut seen = connection.prepare(
            "SELECT name, by FROM event WHERE what = 'signed_in' AND at >= ?1 GROUP BY name, by ORDER BY max(at)",
        )?;
        let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
        let rows: Vec<(String, String)> = readable("event", seen.query([stored_time(since)])?, read)?;
        for (name, from) in rows {
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
        let reader = self.reader();
        let found: Option<(Account, String, String, String)> = reader
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
        drop(reader);
        if since(&seen) >= SEEN_EVERY {
            self.note_seen(secret, now);
        }
        Ok(Some(Session { secret: String::new(), csrf, duty: self.rules.duty(&account, now), account }))
    }

    /// Notes that somebody looks. No page waits for that or fails with it: where another change of an account is under
    /// way, here or in another process, the next page notes it.
    fn note_seen(&self, secret: &str, now: Timestamp) {
        let connection = match self.connection.try_lock() {
            Ok(connection) => connection,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return,
        };
        let noted = connection.busy_timeout(Duration::ZERO).and_then(|()| {
            let seen = "UPDATE session SET seen_at = ?2 WHERE digest = ?1";
            connection.execute(seen, params![digest(secret), stored_time(now)])
        });
        let waits_again = connection.busy_timeout(BUSY);
        if let Err(error) = noted.and(waits_again) {
            tracing::debug!("it was not noted that a session is used: {error}");
        }
    }

    /// Whether the session with this token against forged requests still holds. Looking makes it last no longer.
    ///
    /// # Errors
    /// If the database fails.
    pub fn session_holds(&self, csrf: &str) -> Result<bool, AccountsError> {
        let now = self.now();
        let since = |age| stored_time(before(now, age));
        let held: Option<bool> = self
            .reader()
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
        let now = self.now();
        let mut connection = self.connection();
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let account: Option<String> = transaction
            .query_row("SELECT account FROM session WHERE digest = ?1", [digest(secret)], |row| row.get(0))
            .optional()?;
        let Some(name) = account else { return Ok(()) };
        let ended = end_sessions(&transaction, &name, Which::One(&digest(secret)), now)?;
        note(&transaction, now, &name, "signed_out", from)?;
        transaction.commit()?;
        drop(connection);
        self.say_ended(ended);
        Ok(())
    }

    /// Who keeps something open for one of these sessions hears that it has ended.
    pub(super) fn say_ended(&self, sessions: Vec<String>) {
        for csrf in sessions {
            // Nobody needs to listen.
            let _ = self.ended.send(Ended::Session(csrf));
        }
    }

    /// Name of the account for one of whose sessions a form with this token was made. A session that has ended is
    /// remembered for a week, so that a form that was open then is not lost.
    ///
    /// # Errors
    /// If the database fails.
    pub fn account_of_form(&self, csrf: &str) -> Result<Option<String>, AccountsError> {
        let now = self.now();
        let (began, ended) = (stored_time(before(now, FORGOTTEN)), stored_time(before(now, LONGEST)));
        let reader = self.reader();
        let mut asked = reader.prepare_cached(
            "SELECT account FROM session WHERE csrf = ?1 AND began_at >= ?2 \
             UNION ALL SELECT account FROM ended_session WHERE csrf = ?1 AND ended_at >= ?3",
        )?;
        Ok(asked.query_row([csrf, &began, &ended], |row| row.get(0)).optional()?)
    }
}

/// Which sessions of an account end.
#[derive(Clone, Copy)]
pub(super) enum Which<'w> {
    /// Every one.
    All,
    /// The one with this digest of its secret.
    One(&'w [u8; 32]),
    /// All but the one with this token against forged requests.
    Others(&'w str),
}

/// Ends sessions of an account; what it had open in a form is remembered as its own. Says their tokens against forged
/// requests, for [`Accounts::say_ended`]. No session is deleted elsewhere.
pub(super) fn end_sessions(
    connection: &Connection,
    account: &str,
    which: Which<'_>,
    now: Timestamp,
) -> Result<Vec<String>, rusqlite::Error> {
    let (one, except) = match which {
        Which::All => (None, None),
        Which::One(digest) => (Some(digest), None),
        Which::Others(csrf) => (None, Some(csrf)),
    };
    let meant = "account = ?1 AND (?2 IS NULL OR digest = ?2) AND (?3 IS NULL OR csrf <> ?3)";
    let remember =
        "INSERT OR IGNORE INTO ended_session (csrf, account, ended_at) SELECT csrf, account, ?4 FROM session";
    connection.execute(&format!("{remember} WHERE {meant}"), params![account, one, except, stored_time(now)])?;
    let mut end = connection.prepare(&format!("DELETE FROM session WHERE {meant} RETURNING csrf"))?;
    end.query_map(params![account, one, except], |row| row.get(0))?.collect()
}

/// Ends every session and every token of an account.
pub(super) fn end_everything(connection: &Connection, account: &str, now: Timestamp) -> Result<(), rusqlite::Error> {
    end_sessions(connection, account, Which::All, now)?;
    connection.execute("DELETE FROM token WHERE account = ?1", [account])?;
    Ok(())
}

/// Whether an account still has the session with this token against forged requests.
pub(super) fn is_of_session(connection: &Connection, account: &str, csrf: &str) -> Result<bool, rusqlite::Error> {
    let is_there = "SELECT 1 FROM session WHERE account = ?1 AND csrf = ?2";
    connection.prepare_cached(is_there)?.exists([account, csrf])
}

fn before(now: Timestamp, age: SignedDuration) -> Timestamp {
    now.checked_sub(age).unwrap_or(Timestamp::MIN)
}
