//! Tokens of programs (访问令牌): only their digests are kept.

use std::sync::atomic::Ordering;

use bilan_records::value::stored_time;
use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OptionalExtension, params};

use super::sessions::{digest, is_of_session, secret};
use super::store::{COLUMNS, read, readable};
use super::{Account, Accounts, AccountsError, Origin, SignInRefused};

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

impl Accounts {
    /// A new token for programs; it is shown this once and holds for as long as the rules say, or until the password changes or the account is shut out.
    ///
    /// # Errors
    /// [`AccountsError::Unknown`] if there is no such account.
    pub fn issue_token(&self, name: &str, label: &str, by: &str) -> Result<String, AccountsError> {
        if self.account(name)?.is_none() {
            return Err(AccountsError::Unknown(name.to_owned()));
        }
        self.put_token(name, label, by, |_| Ok(true))
    }

    /// A new token for the account of a session.
    ///
    /// # Errors
    /// [`AccountsError::Overtaken`] if the session, known by its token against forged requests, has ended meanwhile: what
    /// it asked for does not outlive it.
    pub fn issue_token_to_session(&self, name: &str, label: &str, csrf: &str) -> Result<String, AccountsError> {
        self.put_token(name, label, name, |connection| is_of_session(connection, name, csrf))
    }

    fn put_token(
        &self,
        name: &str,
        label: &str,
        by: &str,
        holds: impl FnOnce(&Connection) -> Result<bool, rusqlite::Error>,
    ) -> Result<String, AccountsError> {
        let (token, now) = (secret(), self.now());
        let days = SignedDuration::from_hours(24 * i64::from(self.rules.token_days.max(1)));
        let until = now.saturating_add(days).unwrap_or(Timestamp::MAX);
        self.attested(name, "token_issued", by, |connection| {
            if !holds(connection)? {
                return Err(AccountsError::Overtaken(name.to_owned()));
            }
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
        let connection = self.reader();
        let mut statement = connection.prepare(
            "SELECT rowid, label, issued_at, expires_at FROM token WHERE account = ?1 ORDER BY issued_at DESC, rowid DESC",
        )?;
        let tokens = readable("token", statement.query([name])?, |row| {
            let at = |column| row.get::<_, String>(column).map(|text| text.parse().unwrap_or_default());
            Ok(Token { id: row.get(0)?, label: row.get(1)?, issued_at: at(2)?, expires_at: at(3)? })
        })?;
        Ok(tokens)
    }

    /// Takes one token of an account back; whether there was such a one.
    ///
    /// # Errors
    /// If the database fails.
    pub fn revoke_token(&self, name: &str, id: i64, by: &str) -> Result<bool, AccountsError> {
        let is_there = "SELECT 1 FROM token WHERE account = ?1 AND rowid = ?2";
        if !self.reader().prepare_cached(is_there)?.exists(params![name, id])? {
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

    /// The account of a token that a program shows. A false one counts for the address it comes from, and who shows too many of
    /// them waits; a true one is taken all the same, so that nobody shuts out the programs behind the same address.
    ///
    /// # Errors
    /// [`SignInRefused::Wrong`] for a false token, [`SignInRefused::Locked`] after too many.
    pub fn by_token_of_program(&self, token: &str, from: &Origin) -> Result<Account, SignInRefused> {
        if let Some(account) = self.by_token(token)? {
            return Ok(account);
        }
        let counters = &self.guard.counters;
        match self.false_tokens.count_if_allowed(from.prefix, self.now()) {
            Ok(is_last) => {
                counters.refused.fetch_add(1, Ordering::Relaxed);
                counters.guessing.fetch_add(u64::from(is_last), Ordering::Relaxed);
                Err(SignInRefused::Wrong)
            }
            Err(wait) => {
                counters.slowed.fetch_add(1, Ordering::Relaxed);
                Err(SignInRefused::Locked(wait))
            }
        }
    }

    /// The account of a token.
    ///
    /// # Errors
    /// If the database fails.
    pub fn by_token(&self, token: &str) -> Result<Option<Account>, AccountsError> {
        Ok(self
            .reader()
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
}
