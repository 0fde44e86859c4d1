//! Values that are kept and shown to nobody (`withheld`): who knows one may ask for the record that holds it, and nobody can ask what it is.

use rusqlite::{OptionalExtension, types::Value as Sql};
use serde_json::json;
use sm3::{Digest, Sm3};

use super::{Ledger, batch::standing, error::ReadError, record::Record};
use crate::{
    actor::Actor,
    catalogue::{Catalogue, Field, FieldKind, Register},
    journal::JournalEntry,
    naming, personal,
};

impl Ledger {
    /// Whether a record holds this value in a field whose value is not shown. An empty value is held by none.
    ///
    /// # Errors
    /// As [`Self::record`], or [`ReadError::UnknownField`] for a field that is no plain text.
    pub fn holds(
        &self,
        actor: &Actor,
        register: &str,
        number: &str,
        field: &str,
        value: &str,
    ) -> Result<bool, ReadError> {
        let register = self.register(register)?;
        let field = plain_text(register, field)?;
        let connection = self.reader()?;
        let stored = self.stored(&connection, actor, register, number, None)?;
        let Some(Sql::Text(held)) = stored.columns.get(&naming::column(field)) else { return Ok(false) };
        // Digests are compared: how long that takes says nothing of how much of a guess is right.
        Ok(!held.is_empty() && Sm3::digest(held.as_bytes()) == Sm3::digest(value.as_bytes()))
    }

    /// The newest record that holds this value in a field whose value is not shown.
    ///
    /// # Errors
    /// As [`Self::holds`].
    pub fn holder_of(
        &self,
        actor: &Actor,
        register: &str,
        field: &str,
        value: &str,
    ) -> Result<Option<Record>, ReadError> {
        let known = self.register(register)?;
        let column = naming::column(plain_text(known, field)?);
        let table = naming::table(&known.key);
        let number: Option<String> = {
            let connection = self.reader()?;
            let stands = standing(&known.key, &table);
            let sql =
                format!("SELECT number FROM \"{table}\" WHERE {stands} AND \"{column}\" = ?1 ORDER BY id DESC LIMIT 1");
            connection.prepare_cached(&sql)?.query_row([value], |row| row.get(0)).optional()?
        };
        let Some(number) = number else { return Ok(None) };
        match self.record(actor, register, &number, None) {
            Ok(record) => Ok(Some(record)),
            Err(ReadError::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

fn plain_text<'r>(register: &'r Register, field: &str) -> Result<&'r Field, ReadError> {
    let is_plain = |known: &&Field| !known.personal && matches!(known.kind, FieldKind::Text { .. });
    let unknown = || ReadError::UnknownField { register: register.key.clone(), field: field.to_owned() };
    register.fields.get(field).filter(is_plain).ok_or_else(unknown)
}

/// Takes the values of withheld fields out of entries that were written before their register file withheld them.
pub(super) fn masked(mut entries: Vec<JournalEntry>, catalogue: &Catalogue) -> Vec<JournalEntry> {
    for entry in &mut entries {
        let Some(register) = catalogue.registers.get(&entry.register) else { continue };
        for change in &mut entry.changes {
            let Some(field) = register.fields.get(&change.field).filter(|field| field.withheld) else { continue };
            for value in [&mut change.before, &mut change.after] {
                if !value.is_null() {
                    *value = json!({ "masked": personal::mask(field, "") });
                }
            }
        }
    }
    entries
}
