//! From a stored row back to values: for screens and the journal, and what differs between two of them.

use rusqlite::{Connection, OptionalExtension};
use serde_json::Value as Json;

use super::{
    codec,
    codec::{Personal, References, place_of},
    error::ReadError,
    layout,
    record::{FieldChange, JsonMap},
    row::StoredRow,
    session::Session,
};
use crate::{
    catalogue::{Field, Register},
    naming,
    personal::Keyring,
};

impl References for Connection {
    fn number(&self, register: &str, id: i64) -> Result<Option<String>, rusqlite::Error> {
        let table = naming::table(register);
        self.prepare_cached(&format!("SELECT number FROM \"{table}\" WHERE id = ?1"))?
            .query_row([id], |row| row.get(0))
            .optional()
    }
}

impl Session<'_> {
    /// All values of a record, with its state, as the journal sees them.
    pub(crate) fn shown(
        &self,
        register: &Register,
        record: &StoredRow,
        personal: Personal,
    ) -> Result<JsonMap, ReadError> {
        let mut values = external(self.connection, register, record, self.keyring, personal)?;
        if let (Personal::Journal, Some(state)) = (personal, record.text("state")) {
            values.insert("state".into(), Json::from(state));
        }
        Ok(values)
    }
}

/// The external form of a stored record.
pub(crate) fn external(
    connection: &Connection,
    register: &Register,
    record: &StoredRow,
    keyring: &Keyring,
    personal: Personal,
) -> Result<JsonMap, ReadError> {
    let number = record.number();
    let place = |field: &Field| place_of(&register.key, number, &field.key);
    let mut values =
        codec::decode_all(register.fields.values(), &record.columns, keyring, place, personal, connection)?;
    for (field, fields) in layout::child_tables(register) {
        let Some(rows) = record.children.get(&field.key) else { continue };
        let mut list = Vec::with_capacity(rows.len());
        for row in rows {
            let place = |child: &Field| place_of(&register.key, number, &format!("{}.{}", field.key, child.key));
            let map = codec::decode_all(fields.values(), row, keyring, place, personal, connection)?;
            list.push(Json::Object(map));
        }
        values.insert(field.key.clone(), Json::Array(list));
    }
    Ok(values)
}

/// Field by field what differs between two sets of values.
pub(crate) fn differences(before: &JsonMap, after: &JsonMap) -> Vec<FieldChange> {
    let mut changes = Vec::new();
    for (field, old) in before {
        let new = after.get(field).unwrap_or(&Json::Null);
        if old != new {
            changes.push(FieldChange { field: field.clone(), before: old.clone(), after: new.clone() });
        }
    }
    for (field, new) in after.iter().filter(|(field, _)| !before.contains_key(*field)) {
        changes.push(FieldChange { field: field.clone(), before: Json::Null, after: new.clone() });
    }
    changes
}
