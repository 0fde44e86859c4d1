//! Keys (幂等键) under which a write happens once, however often it is sent.
//!
//! A key belongs to where it came from and to who chose it, so that nobody can use up the key of another; and it is bound
//! to what was written under it: the same write is answered, another one under the same key is a fault.

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde_json::Value as Json;
use sm3::{Digest, Sm3};

use super::{
    Ledger,
    codec::stored_time,
    error::{ReadError, WriteError},
    row,
    session::Session,
};
use crate::{catalogue::Register, exchange::ImportOutcome};

/// Where a key comes from. Keys of two origins never meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// A form of a page of the staff.
    Page,
    /// A form of the public portal.
    Portal,
    /// A call of the API.
    Api,
    /// The bridge from warnings to records.
    Bridge,
    /// A file that is imported.
    Import,
    /// Another part of the program.
    Program,
}

impl Origin {
    fn name(self) -> &'static str {
        match self {
            Self::Page => "page",
            Self::Portal => "portal",
            Self::Api => "api",
            Self::Bridge => "bridge",
            Self::Import => "import",
            Self::Program => "program",
        }
    }
}

/// A key with all that it is bound to.
#[derive(Debug, Clone, PartialEq)]
pub struct Key {
    /// Where it comes from.
    pub origin: Origin,
    /// What the sender chose.
    pub text: String,
    /// Who chose it, where that is not the actor: many residents write as the portal.
    pub holder: Option<String>,
    /// What makes two writes the same, where that is not all values: a complaint sent again arrives at another moment.
    pub content: Option<Json>,
    /// For so long the same content under another key is refused as [`WriteError::SameContent`].
    pub alone_for: Option<SignedDuration>,
}

impl Key {
    /// The key `text` of an origin, chosen by the actor of the write.
    #[must_use]
    pub fn new(origin: Origin, text: impl Into<String>) -> Self {
        Self { origin, text: text.into(), holder: None, content: None, alone_for: None }
    }

    /// The key under which the bridge enters a part of a warning: its record (`warning`) or its task (`task`).
    #[must_use]
    pub fn bridged(part: &str, warning: &str) -> Self {
        Self::new(Origin::Bridge, format!("{part}:{warning}")).held_by("rules")
    }

    /// The same, chosen by `holder`.
    #[must_use]
    pub fn held_by(self, holder: impl Into<String>) -> Self {
        Self { holder: Some(holder.into()), ..self }
    }

    /// The same, with `content` deciding which writes are the same.
    #[must_use]
    pub fn for_content(self, content: Json) -> Self {
        Self { content: Some(content), ..self }
    }

    /// The same, refusing the same content under another key for a while.
    #[must_use]
    pub fn alone_for(self, span: SignedDuration) -> Self {
        Self { alone_for: Some(span), ..self }
    }

    fn holder<'k>(&'k self, actor: &'k str) -> &'k str {
        self.holder.as_deref().unwrap_or(actor)
    }

    /// Origin and holder, which distinguish who sends.
    fn sender(&self, actor: &str) -> String {
        format!("{}/{}", self.origin.name(), self.holder(actor))
    }

    /// The key as it is stored.
    fn stored(&self, actor: &str) -> String {
        format!("{}/{}", self.sender(actor), self.text)
    }

    /// The key as versions before kept it, in one space for all.
    fn before(&self, actor: &str) -> String {
        match self.origin {
            Origin::Api => format!("api:{}:{}", self.holder(actor), self.text),
            Origin::Portal => format!("portal:{}", self.text),
            Origin::Page | Origin::Bridge | Origin::Import | Origin::Program => self.text.clone(),
        }
    }
}

/// What was written under a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// Register of the record.
    pub register: String,
    /// Number of the record that was made or changed; empty for an import.
    pub number: String,
    /// When.
    pub at: Timestamp,
}

/// What a write asks for, as its key remembers it.
pub(crate) struct Asked<'w> {
    pub register: &'w str,
    pub verb: &'w str,
    pub content: Vec<u8>,
    /// Digest of the content as it was typed: keys of versions before are bound to it.
    typed: Vec<u8>,
}

/// What a write asks for, in two ways of writing it.
pub(crate) struct Content {
    /// As it was read: times, numbers and blanks however they were typed are the same.
    pub read: Json,
    /// As it was typed.
    pub typed: Json,
}

impl Content {
    /// Both with something more.
    pub fn map(self, with: impl Fn(Json) -> Json) -> Self {
        Self { read: with(self.read), typed: with(self.typed) }
    }
}

impl<'w> Asked<'w> {
    pub fn new(key: Option<&Key>, register: &'w str, verb: &'w str, actor: &str, values: &Content) -> Self {
        let own = key.and_then(|key| key.content.as_ref());
        let digest = |values| content_digest(&[verb, register, actor], own.unwrap_or(values));
        Self { register, verb, content: digest(&values.read), typed: digest(&values.typed) }
    }

    /// What an import asks for: its key says what makes two files the same.
    pub fn import(key: Option<&Key>, register: &'w str, verb: &'w str, actor: &str) -> Self {
        Self::new(key, register, verb, actor, &Content { read: Json::Null, typed: Json::Null })
    }
}

/// The key of an import with what it asks for.
#[derive(Clone, Copy)]
pub(crate) struct Under<'k> {
    pub key: &'k Key,
    pub asked: &'k Asked<'k>,
}

impl Ledger {
    /// What was written under a key that `actor` (or the key's own holder) chose.
    ///
    /// # Errors
    /// If the database fails.
    pub fn written_under(&self, key: &Key, actor: &str) -> Result<Option<Written>, ReadError> {
        let reader = self.reader()?;
        Ok(known(&reader, key, actor)?.map(|(_, written)| written))
    }

    /// Number of what the bridge has entered for a part of a warning, as [`Key::bridged`] names it.
    ///
    /// # Errors
    /// If the database fails.
    pub fn bridged(&self, part: &str, warning: &str) -> Result<Option<String>, ReadError> {
        Ok(self.written_under(&Key::bridged(part, warning), "")?.map(|written| written.number))
    }
}

/// What was written under a key, with the digest of its content. A key of a version before is bound to its content alone,
/// which names who wrote; one that reads as a key of the bridge counts only if the rules made its record.
fn known(connection: &Connection, key: &Key, actor: &str) -> Result<Option<(Vec<u8>, Written)>, rusqlite::Error> {
    let read = |row: &Row<'_>| {
        Ok((row.get(0)?, Written { register: row.get(1)?, number: row.get(2)?, at: time(row.get(3)?) }))
    };
    let now = connection
        .prepare_cached("SELECT content, register, number, at FROM write_key WHERE key = ?1")?
        .query_row([key.stored(actor)], read)
        .optional()?;
    if now.is_some() {
        return Ok(now);
    }
    connection
        .prepare_cached(
            "SELECT content, register, number, at FROM idempotency WHERE key = ?1 AND (?2 OR EXISTS ( \
             SELECT 1 FROM journal WHERE journal.register = idempotency.register AND actor = 'rules' \
             AND action = 'create' AND journal.number = idempotency.number))",
        )?
        .query_row(params![key.before(actor), key.origin != Origin::Bridge], read)
        .optional()
}

fn time(text: String) -> Timestamp {
    text.parse().unwrap_or_default()
}

impl Session<'_> {
    /// Number of the record that this key already made, if it was the same write.
    pub(crate) fn answered(&self, key: &Key, asked: &Asked<'_>) -> Result<Option<String>, WriteError> {
        let actor = &self.actor.name;
        let Some((content, written)) = known(self.connection, key, actor)? else { return Ok(None) };
        if (content == asked.content || content == asked.typed) && written.register == asked.register {
            return Ok(Some(written.number));
        }
        let origin = key.origin.name();
        tracing::warn!(
            origin,
            holder = key.holder(actor),
            register = asked.register,
            verb = asked.verb,
            "an idempotency key was sent again with other content; it belongs to {} {}",
            written.register,
            written.number
        );
        Err(WriteError::KeyReused { key: key.text.clone(), at: written.at, number: written.number })
    }

    /// Refuses content that its sender has just entered under another key.
    pub(crate) fn refuse_repeat(&self, key: &Key, register: &Register, asked: &Asked<'_>) -> Result<(), WriteError> {
        match self.just_entered(key, asked)? {
            // A record that was deleted since may be entered again.
            Some((key, number)) if row::by_number(self.connection, register, &number)?.is_some() => {
                Err(WriteError::SameContent { number, key })
            }
            _ => Ok(()),
        }
    }

    /// Refuses a file that its sender has just imported under another key.
    pub(crate) fn refuse_repeated_import(&self, key: &Key, asked: &Asked<'_>) -> Result<(), WriteError> {
        match self.just_entered(key, asked)? {
            Some((key, number)) => Err(WriteError::SameContent { number, key }),
            None => Ok(()),
        }
    }

    /// Key and number of what the sender entered with the same content under another key.
    pub(crate) fn just_entered(
        &self,
        key: &Key,
        asked: &Asked<'_>,
    ) -> Result<Option<(String, String)>, rusqlite::Error> {
        let Some(span) = key.alone_for else { return Ok(None) };
        let sender = key.sender(&self.actor.name);
        let since = stored_time(self.now.checked_sub(span).unwrap_or(Timestamp::MIN));
        self.connection
            .prepare_cached(
                "SELECT key, number FROM write_key WHERE content IN (?1, ?4) AND sender = ?2 AND at >= ?3 ORDER BY at DESC LIMIT 1",
            )?
            .query_row(params![asked.content, sender, since, asked.typed], |row| {
                let stored: String = row.get(0)?;
                let own = stored.get(sender.len() + 1..).ok_or_else(|| {
                    let damaged = "the key of a form does not begin with who sent it: its row is damaged";
                    rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, damaged.into())
                })?;
                Ok((own.to_owned(), row.get(1)?))
            })
            .optional()
    }

    /// What an import under this key did, if it was the same file.
    pub(crate) fn answered_import(&self, key: &Key, asked: &Asked<'_>) -> Result<Option<ImportOutcome>, WriteError> {
        match self.answered(key, asked)? {
            Some(_) => Ok(self.import_of(key)?),
            None => Ok(None),
        }
    }

    /// What an import under this key did, whatever its file was.
    pub(crate) fn import_of(&self, key: &Key) -> Result<Option<ImportOutcome>, rusqlite::Error> {
        let count = |rows: Option<i64>| rows.unwrap_or_default().unsigned_abs();
        self.connection
            .query_row(
                "SELECT created, replayed FROM write_key WHERE key = ?1",
                [key.stored(&self.actor.name)],
                |row| {
                    let (created, replayed) = (count(row.get(0)?), count(row.get(1)?));
                    Ok(ImportOutcome { created, replayed, ..ImportOutcome::default() })
                },
            )
            .optional()
    }

    /// Keeps what an import did under a key.
    pub(crate) fn remember_import(
        &self,
        key: &Key,
        asked: &Asked<'_>,
        outcome: &ImportOutcome,
    ) -> Result<(), WriteError> {
        self.keep_key(key, asked, "", Some(outcome))
    }

    /// Keeps what was written under a key.
    pub(crate) fn remember(&self, key: &Key, asked: &Asked<'_>, number: &str) -> Result<(), WriteError> {
        self.keep_key(key, asked, number, None)
    }

    fn keep_key(
        &self,
        key: &Key,
        asked: &Asked<'_>,
        number: &str,
        outcome: Option<&ImportOutcome>,
    ) -> Result<(), WriteError> {
        let count = |rows: u64| i64::try_from(rows).unwrap_or(i64::MAX);
        self.connection
            .prepare_cached(
                "INSERT INTO write_key (key, at, sender, register, verb, content, number, created, replayed) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            )?
            .execute(params![
                key.stored(&self.actor.name),
                stored_time(self.now),
                key.sender(&self.actor.name),
                asked.register,
                asked.verb,
                asked.content,
                number,
                outcome.map(|outcome| count(outcome.created)),
                outcome.map(|outcome| count(outcome.replayed)),
            ])?;
        Ok(())
    }
}

/// Digest of what a write asks for, independent of the order in which fields were sent.
pub(crate) fn content_digest(parts: &[&str], content: &Json) -> Vec<u8> {
    let mut hasher = Sm3::new();
    for part in parts {
        hasher.update(part.as_bytes());
        hasher.update([0]);
    }
    digest_json(&mut hasher, content);
    hasher.finalize().to_vec()
}

fn digest_json(hasher: &mut Sm3, value: &Json) {
    match value {
        Json::Object(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_by_key(|(key, _)| *key);
            hasher.update(b"{");
            for (key, value) in entries {
                hasher.update(Json::from(key.as_str()).to_string());
                digest_json(hasher, value);
            }
            hasher.update(b"}");
        }
        Json::Array(items) => {
            hasher.update(b"[");
            for item in items {
                digest_json(hasher, item);
            }
            hasher.update(b"]");
        }
        scalar => hasher.update(format!("{scalar},")),
    }
}
