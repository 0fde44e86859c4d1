//! The second factor (双因素认证): a code of six digits from a telephone beside the password (TOTP, RFC 6238), and codes for emergencies.
//!
//! The secret is sealed with the key of the installation. A code is taken once: the step of the last one is kept.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use rusqlite::{OptionalExtension, params};
use sha2::{Digest, Sha256};
use totp_rs::{Builder, Secret, Totp};

use super::guard::browser_cookie;
use super::proof::{Credentials, still_holds};
use super::sessions::{Session, SignInRefused, Which, end_everything, end_sessions, is_of_session, random};
use super::store::note_refusal;
use super::{Accounts, AccountsError, Origin};
use crate::letters::{LENGTH, code_of_letters};

/// For how long the password of a sign-in is believed while its code is typed.
const PENDING: SignedDuration = SignedDuration::from_mins(5);
/// For how long a new secret, and the codes for emergencies, are shown.
const SHOWN: SignedDuration = SignedDuration::from_mins(10);
/// Sign-ins and enrolments that wait at the same time; the oldest gives way.
const WAITING: usize = 1000;
/// Codes for emergencies.
const CODES: usize = 10;

/// A second factor that is being set up in one browser.
#[derive(Clone)]
pub(super) struct Enrolment {
    /// The secret, as people type it.
    pub secret: String,
    /// Codes for emergencies, once it is done.
    pub codes: Vec<String>,
    at: Timestamp,
}

/// A sign-in whose password was right.
#[derive(Clone)]
struct Pending {
    name: String,
    credentials: Credentials,
    at: Timestamp,
}

/// What waits in memory: a restart ends it.
#[derive(Default)]
pub(super) struct Waiting {
    /// By the secret of the sign-in.
    pending: Mutex<HashMap<String, Pending>>,
    /// By the session's token against forged requests.
    enrolments: Mutex<HashMap<String, Enrolment>>,
}

impl Waiting {
    /// A secret with which the sign-in goes on once there is a code.
    pub fn begin(&self, name: String, credentials: Credentials, now: Timestamp) -> String {
        let secret = super::secret();
        let mut pending = lock(&self.pending);
        bound(&mut pending, |one| one.at, PENDING, now);
        pending.insert(secret.clone(), Pending { name, credentials, at: now });
        secret
    }

    fn pending(&self, secret: &str, now: Timestamp) -> Option<Pending> {
        let pending = lock(&self.pending);
        pending.get(secret).filter(|one| now.duration_since(one.at).abs() < PENDING).cloned()
    }

    fn end(&self, secret: &str) {
        lock(&self.pending).remove(secret);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Lets go what is too old, and the oldest where there is no room for one more.
fn bound<T>(waiting: &mut HashMap<String, T>, at: impl Fn(&T) -> Timestamp, longest: SignedDuration, now: Timestamp) {
    waiting.retain(|_, one| now.duration_since(at(one)).abs() < longest);
    if waiting.len() >= WAITING
        && let Some(oldest) = waiting.iter().min_by_key(|(_, one)| at(one)).map(|(key, _)| key.clone())
    {
        waiting.remove(&oldest);
    }
}

/// How a code is made of a secret: six digits of half a minute, as every app makes them.
fn totp(secret: &str) -> Option<Totp> {
    let secret = Secret::try_from_base32(secret).ok()?;
    Builder::new().with_secret(secret).build().ok()
}

fn place(name: &str) -> String {
    format!("account/{name}/second_factor")
}

fn plain(code: &str) -> String {
    code.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_uppercase()
}

fn digest(code: &str) -> [u8; 32] {
    Sha256::digest(code.as_bytes()).into()
}

/// A code for emergencies.
fn recovery_code() -> String {
    code_of_letters(std::iter::repeat_with(random).flatten())
}

impl Accounts {
    /// Goes on with a sign-in whose password was right.
    ///
    /// # Errors
    /// [`SignInRefused`]: the code is wrong or was used before, too many were, or the password was typed too long ago.
    pub fn sign_in_with_code(
        &self,
        pending: &str,
        code: &str,
        from: impl Into<Origin>,
    ) -> Result<Session, SignInRefused> {
        let (origin, now) = (from.into(), self.now());
        let Pending { name, credentials, .. } = self.waiting.pending(pending, now).ok_or(SignInRefused::Wrong)?;
        let attempt = self.codes.attempt(&self.keyring, &name, &origin);
        // Counted before it is compared: of codes sent at once no more are compared than one after the other.
        let tried = self.codes.begin(attempt, now)?;
        if !credentials.hold(&self.reader(), &name)? {
            self.waiting.end(pending);
            return Err(SignInRefused::Wrong);
        }
        if !self.takes_code(&name, code, now)? {
            let what = if tried.failed().is_locked { "locked" } else { "code_refused" };
            note_refusal(&self.connection(), now, &name, what, &origin.from)?;
            return Err(SignInRefused::WrongCode);
        }
        tried.succeeded();
        self.waiting.end(pending);
        self.begin_session(&name, &credentials, &origin)
    }

    /// Whether the code is the account's, and uses it up.
    fn takes_code(&self, name: &str, code: &str, now: Timestamp) -> Result<bool, AccountsError> {
        let code = plain(code);
        if code.len() == LENGTH {
            let code = digest(&code);
            let is_there = "SELECT 1 FROM recovery_code WHERE account = ?1 AND digest = ?2";
            if !self.reader().prepare_cached(is_there)?.exists(params![name, code])? {
                return Ok(false);
            }
            // Of two that show it at once, one takes it out.
            return self.attested(name, "recovery_code_used", name, |connection| {
                let used = "DELETE FROM recovery_code WHERE account = ?1 AND digest = ?2";
                Ok(connection.execute(used, params![name, code])? == 1)
            });
        }
        let sealed: Option<Option<Vec<u8>>> = self
            .reader()
            .query_row("SELECT second_factor FROM account WHERE name = ?1", [name], |row| row.get(0))
            .optional()?;
        let Some(sealed) = sealed.flatten() else { return Ok(false) };
        let secret = self.keyring.open(&place(name), &sealed).map_err(|why| AccountsError::Sealed(why.to_string()))?;
        let Some(step) = step(&secret, &code, now) else { return Ok(false) };
        // A code that somebody looked at over a shoulder is worth nothing any more.
        let used = "UPDATE account SET second_factor_step = ?2 WHERE name = ?1 AND second_factor_step < ?2";
        Ok(self.connection().execute(used, params![name, step])? == 1)
    }

    /// The second factor that is being set up in the browser of a session; begins one if there is none.
    pub(super) fn enrolment(&self, session: &str) -> Enrolment {
        let now = self.now();
        let mut enrolments = lock(&self.waiting.enrolments);
        if let Some(enrolment) = enrolments.get(session).filter(|known| now.duration_since(known.at).abs() < SHOWN) {
            return enrolment.clone();
        }
        bound(&mut enrolments, |enrolment| enrolment.at, SHOWN, now);
        let bytes = hex::decode(&super::secret()[..40]).unwrap_or_default();
        let secret = Secret::new(bytes.into_boxed_slice()).to_base32();
        let fresh = Enrolment { secret, codes: Vec::new(), at: now };
        enrolments.insert(session.to_owned(), fresh.clone());
        fresh
    }

    /// Codes for emergencies of a second factor that was just set up in this browser.
    pub(super) fn fresh_codes(&self, session: &str) -> Vec<String> {
        let now = self.now();
        let enrolments = lock(&self.waiting.enrolments);
        let fresh = enrolments.get(session).filter(|enrolment| now.duration_since(enrolment.at).abs() < SHOWN);
        fresh.map(|enrolment| enrolment.codes.clone()).unwrap_or_default()
    }

    /// Sets up the second factor that this browser was shown, if the code is one of it. Other sessions of the account end.
    ///
    /// # Errors
    /// [`AccountsError::Overtaken`] if the session has ended meanwhile.
    pub(super) fn enrol(&self, name: &str, session: &str, code: &str) -> Result<bool, AccountsError> {
        let (now, enrolment) = (self.now(), self.enrolment(session));
        let Some(step) = step(&enrolment.secret, &plain(code), now).filter(|_| enrolment.codes.is_empty()) else {
            return Ok(false);
        };
        let sealed = self.keyring.seal(&place(name), &enrolment.secret);
        let sealed = sealed.map_err(|why| AccountsError::Sealed(why.to_string()))?;
        let codes: Vec<String> = (0..CODES).map(|_| recovery_code()).collect();
        let ended = self.attested(name, "second_factor_set", name, |connection| {
            if !is_of_session(connection, name, session)? {
                return Err(AccountsError::Overtaken(name.to_owned()));
            }
            let set = "UPDATE account SET second_factor = ?2, second_factor_step = ?3 WHERE name = ?1";
            connection.execute(set, params![name, sealed, step])?;
            connection.execute("DELETE FROM recovery_code WHERE account = ?1", [name])?;
            for code in &codes {
                let kept = "INSERT INTO recovery_code (account, digest) VALUES (?1, ?2)";
                connection.execute(kept, params![name, digest(code)])?;
            }
            Ok(end_sessions(connection, name, Which::Others(session), now)?)
        })?;
        self.recent.forget();
        self.say_ended(ended);
        lock(&self.waiting.enrolments).insert(session.to_owned(), Enrolment { codes, at: now, ..enrolment });
        Ok(true)
    }

    /// Takes the second factor of an account away: its sessions and tokens end.
    ///
    /// # Errors
    /// [`AccountsError::Unknown`] if there is no such account.
    pub fn reset_second_factor(&self, name: &str, by: &str) -> Result<(), AccountsError> {
        self.drop_second_factor(name, by, None)
    }

    /// The same, only while `shown` still holds.
    pub(super) fn drop_second_factor(
        &self,
        name: &str,
        by: &str,
        shown: Option<&Credentials>,
    ) -> Result<(), AccountsError> {
        self.attested(name, "second_factor_reset", by, |connection| {
            still_holds(connection, name, shown)?;
            let reset = "UPDATE account SET second_factor = NULL, second_factor_step = 0 WHERE name = ?1";
            if connection.execute(reset, [name])? == 0 {
                return Err(AccountsError::Unknown(name.to_owned()));
            }
            connection.execute("DELETE FROM recovery_code WHERE account = ?1", [name])?;
            Ok(end_everything(connection, name, self.now())?)
        })?;
        self.shut_out(name);
        Ok(())
    }

    /// A cookie that says that the account has signed in in this browser: it is not held up by what others guess.
    #[must_use]
    pub fn browser_cookie(&self, name: &str) -> String {
        browser_cookie(&self.keyring, name)
    }
}

/// The step of a code, if it is one of now, of the half minute before or of the one after: telephones are not exact.
fn step(secret: &str, code: &str, now: Timestamp) -> Option<i64> {
    let second = u64::try_from(now.as_second()).ok()?;
    totp(secret)?.check(code, second).and_then(|step| i64::try_from(step).ok())
}

/// The address that an app reads from the picture.
pub(super) fn address(site: &str, name: &str, secret: &str) -> String {
    let (site, name) = (crate::visit::encoded(site), crate::visit::encoded(name));
    format!("otpauth://totp/{site}:{name}?secret={secret}&issuer={site}")
}
