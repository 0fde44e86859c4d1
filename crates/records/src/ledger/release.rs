//! Publication of texts that people typed (脱敏复核): one that looks like it names a private person waits until somebody of
//! the bureau has read it and released it.
//!
//! A release is an entry of the journal with a keyed digest of the text, so that it holds for this text and no other:
//! a text that is changed later waits again.

use std::ops::Range;

use bilan_storage::commit;
use rusqlite::Connection;
use serde_json::{Value as Json, json};

use super::{
    Ledger,
    codec::{Personal, place_of},
    error::{ReadError, WriteError},
    outward::external,
    reach::reaches,
    record::{FieldChange, JsonMap, Record},
};
use crate::{
    actor::{Act, Actor, Scope},
    catalogue::{Field, FieldKind, Register, Role},
    disclosure::{accounts, names, numbers},
    journal::Action,
    ledger::row::{self, StoredRow},
};

/// Who may release a text for publication, besides those who edit the register.
const RELEASERS: [Role; 3] = [Role::Admin, Role::Head, Role::Clerk];

/// A text that is not published yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldBack {
    /// Field in which it stands.
    pub field: String,
    /// The text.
    pub text: String,
    /// Bytes of it that look like a name or say whose text it is.
    pub names: Vec<Range<usize>>,
}

/// The texts of a record that its register publishes, by field: what people typed, not what they chose.
#[must_use]
pub fn published_texts(register: &Register, values: &JsonMap) -> Vec<(String, String)> {
    let shown = register.public.iter().flat_map(|public| &public.show);
    let fields = shown.filter_map(|key| register.fields.get(key)).filter(|field| !field.personal);
    let texts = fields.filter_map(|field| {
        let value = values.get(&field.key)?;
        let text = match &field.kind {
            FieldKind::Text { .. } | FieldKind::LongText { .. } => value.as_str()?.to_owned(),
            FieldKind::Place => value.get("address")?.as_str()?.to_owned(),
            FieldKind::Table { fields } => {
                let cells = value.as_array()?.iter().flat_map(|row| {
                    let texts = fields.values().filter(|field| field.kind.is_text() && !field.personal);
                    texts.filter_map(|field| row.get(&field.key)?.as_str())
                });
                cells.collect::<Vec<_>>().join("；")
            }
            _ => return None,
        };
        Some((field.key.clone(), text))
    });
    texts.collect()
}

impl Ledger {
    /// The texts of a record that wait for a person's eye before they are published.
    ///
    /// # Errors
    /// If the database fails.
    pub fn held_back(&self, record: &Record) -> Result<Vec<HeldBack>, ReadError> {
        let register = self.register(&record.register)?;
        let connection = self.reader()?;
        let texts = published_texts(register, &record.values);
        let own = match texts.is_empty() {
            true => Vec::new(),
            false => match row::by_number(&connection, register, &record.number)? {
                Some(row) => self.own_texts(&connection, register, &row)?,
                None => Vec::new(),
            },
        };
        let mut held = suspected(texts, &own);
        if !held.is_empty() {
            let released = self.released(&connection, register, record.id)?;
            held.retain(|held| !released.contains(&self.release_digest(register, &record.number, held)));
        }
        Ok(held)
    }

    /// Whether the actor may release texts of a register for publication.
    #[must_use]
    pub fn may_release(&self, actor: &Actor, register: &Register) -> bool {
        register.public.is_some()
            && actor.is_staff()
            && actor.scope(register, Act::Read) != Scope::Nothing
            && (releases_all(actor) || actor.scope(register, Act::Edit) != Scope::Nothing)
    }

    /// Whether the actor may release the texts of this record, where its register may be released: an account that edits
    /// only a part of the register releases only that part.
    ///
    /// # Errors
    /// If the database fails.
    pub fn may_release_record(&self, actor: &Actor, register: &Register, record: &Record) -> Result<bool, ReadError> {
        if !self.may_release(actor, register) {
            return Ok(false);
        }
        let scope = actor.scope(register, Act::Edit);
        if releases_all(actor) || scope == Scope::All {
            return Ok(true);
        }
        let connection = self.reader()?;
        match row::by_number(&connection, register, &record.number)? {
            Some(row) => Ok(reaches(&connection, register, &scope, &row.columns)?),
            None => Ok(false),
        }
    }

    /// Releases every text of a record for publication that waits, as it stands in `version`.
    ///
    /// # Errors
    /// [`WriteError::Stale`] if the record was changed since the texts were read, [`WriteError::Forbidden`] if it is not
    /// one that the actor may change.
    pub fn release(&self, actor: &Actor, register: &str, number: &str, version: i64) -> Result<(), WriteError> {
        let register = self.register(register)?;
        let mut connection = self.writer();
        let transaction = connection.begin()?;
        let mut session = self.session(&transaction, actor, None)?;
        // Asked of the register alone, so it is answered alike of every number.
        if !self.may_release(actor, register) {
            return Err(session.forbidden(register, "release texts of", session.no_role()));
        }
        let record: StoredRow = session.find(register, number)?;
        if !releases_all(actor) {
            // Who edits a part of the register publishes that part, however much of it the account reads.
            session.allow(register, Act::Edit, &record)?;
        }
        session.refuse_stale(register, &record, version, &JsonMap::new())?;
        let shown = self.present(&transaction, register, record.clone())?;
        let own = self.own_texts(&transaction, register, &record)?;
        let changes: Vec<FieldChange> = suspected(published_texts(register, &shown.values), &own)
            .iter()
            .map(|held| FieldChange {
                field: held.field.clone(),
                before: Json::Null,
                after: json!({ "masked": "✓", "digest": self.release_digest(register, number, held) }),
            })
            .collect();
        if changes.is_empty() {
            return Ok(());
        }
        session.journal(register, &record, Action::Release, session.now, &changes, None)?;
        session.seal()?;
        commit(transaction)?;
        Ok(())
    }

    /// What stands in the personal fields of a record: in a published text it names the person, whatever it looks like.
    fn own_texts(
        &self,
        connection: &Connection,
        register: &Register,
        record: &StoredRow,
    ) -> Result<Vec<String>, ReadError> {
        if !register.fields.values().any(holds_personal) {
            return Ok(Vec::new());
        }
        let values = external(connection, register, record, self.keyring(), Personal::Plain)?;
        let mut own = Vec::new();
        for field in register.fields.values() {
            let Some(value) = values.get(&field.key) else { continue };
            match (&field.kind, value) {
                (_, Json::String(text)) if field.personal => own.push(text.trim().to_owned()),
                (FieldKind::Table { fields }, Json::Array(rows)) => {
                    let cells = fields.values().filter(|field| field.personal);
                    let texts = cells.flat_map(|field| rows.iter().filter_map(|row| row.get(&field.key)?.as_str()));
                    own.extend(texts.map(|text| text.trim().to_owned()));
                }
                _ => {}
            }
        }
        // One character is a word of everything.
        own.retain(|text| text.chars().count() > 1);
        Ok(own)
    }

    fn release_digest(&self, register: &Register, number: &str, held: &HeldBack) -> String {
        let place = place_of(&register.key, number, &format!("{}.published", held.field));
        self.keyring().digest_at(&place, &held.text)
    }

    /// Digests of the texts of a record that were ever released.
    fn released(&self, connection: &Connection, register: &Register, id: i64) -> Result<Vec<String>, ReadError> {
        let mut statement = connection.prepare_cached(
            "SELECT changes FROM journal WHERE register = ?1 AND record = ?2 AND action = 'release' ORDER BY seq",
        )?;
        let entries = statement.query_map(rusqlite::params![register.key, id], |row| row.get::<_, String>(0))?;
        let mut released = Vec::new();
        for entry in entries {
            let Ok(Json::Object(changes)) = serde_json::from_str(&entry?) else { continue };
            released.extend(changes.values().filter_map(|pair| pair[1]["digest"].as_str().map(str::to_owned)));
        }
        Ok(released)
    }
}

fn releases_all(actor: &Actor) -> bool {
    RELEASERS.iter().any(|role| actor.is(*role))
}

fn holds_personal(field: &Field) -> bool {
    field.personal || matches!(&field.kind, FieldKind::Table { fields } if fields.values().any(|field| field.personal))
}

/// The texts that hold what looks like a name or an account, what stands in a personal field of the same record, or a number: it is never
/// published, and whose it is usually stands beside it, in whatever form.
fn suspected(texts: Vec<(String, String)>, own: &[String]) -> Vec<HeldBack> {
    let held = texts.into_iter().map(|(field, text)| {
        let mut names = names(&text);
        names.extend(numbers(&text));
        names.extend(accounts(&text));
        names.extend(own.iter().flat_map(|own| text.match_indices(own.as_str())).map(|(at, own)| at..at + own.len()));
        HeldBack { field, names: apart(names), text }
    });
    held.filter(|held| !held.names.is_empty()).collect()
}

/// In their order and without overlap.
fn apart(mut ranges: Vec<Range<usize>>) -> Vec<Range<usize>> {
    ranges.sort_by_key(|range| (range.start, range.end));
    let mut apart: Vec<Range<usize>> = Vec::with_capacity(ranges.len());
    for range in ranges {
        match apart.last_mut() {
            Some(last) if range.start < last.end => last.end = last.end.max(range.end),
            _ => apart.push(range),
        }
    }
    apart
}
