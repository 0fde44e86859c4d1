//! From values to the columns of a row: given ones, computed ones, and the grid cell of the place.

use rusqlite::types::Value as Sql;
use serde_json::Value as Json;

use super::{
    codec,
    codec::place_of,
    computed,
    error::WriteError,
    record::JsonMap,
    resolve::Resolved,
    row::{Columns, StoredRow},
    session::Session,
};
use crate::{
    catalogue::{Field, FieldKind, Register},
    naming,
    personal::Keyring,
};

impl Session<'_> {
    pub(super) fn fill(
        &self,
        register: &Register,
        record: &mut StoredRow,
        values: &JsonMap,
        resolved: &Resolved,
    ) -> Result<(), WriteError> {
        let number = record.number().to_owned();
        for (key, value) in values {
            let Some(field) = register.fields.get(key) else { continue };
            if let FieldKind::Table { fields } = &field.kind {
                let mut rows = Vec::new();
                for row in value.as_array().map(Vec::as_slice).unwrap_or_default() {
                    let mut columns = Columns::new();
                    for field in fields.values() {
                        if let Some(value) = row.get(&field.key) {
                            let place = place_of(&register.key, &number, &format!("{key}.{}", field.key));
                            encode_one(field, value, self.keyring, &place, resolved, &mut columns)?;
                        }
                    }
                    rows.push(columns);
                }
                if rows.is_empty() {
                    record.children.remove(key)
                } else {
                    record.children.insert(key.clone(), rows)
                };
                continue;
            }
            codec::clear(field, &mut record.columns);
            if !value.is_null() {
                let place = place_of(&register.key, &number, key);
                encode_one(field, value, self.keyring, &place, resolved, &mut record.columns)?;
            }
        }
        Ok(())
    }

    /// Fills what follows from other fields: computed fields and the grid cell.
    pub(super) fn derive(
        &self,
        register: &Register,
        record: &mut StoredRow,
        mut values: JsonMap,
    ) -> Result<(), WriteError> {
        values.retain(|_, value| !value.is_null());
        computed::fill(register.fields.values(), &mut values);
        for field in register.fields.values().filter(|field| matches!(field.kind, FieldKind::Computed { .. })) {
            codec::clear(field, &mut record.columns);
            if let Some(value) = values.get(&field.key) {
                codec::encode(field, value, self.keyring, &field.key, &mut record.columns)?;
            }
        }
        match self.cell_of(register, &values) {
            Some(cell) => record.set_text("cell", cell),
            None => _ = record.columns.remove("cell"),
        }
        Ok(())
    }

    /// Code of the grid cell in which the place of a record lies.
    pub(super) fn cell_of(&self, register: &Register, values: &JsonMap) -> Option<&str> {
        let place = values.get(register.place.as_ref()?)?;
        let coordinate = |key: &str| place.get(key).and_then(Json::as_f64);
        let cell = self.catalogue.district.cell_at(coordinate("lon")?, coordinate("lat")?)?;
        Some(cell.code.as_str())
    }
}

pub(super) fn encode_one(
    field: &Field,
    value: &Json,
    keyring: &Keyring,
    place: &str,
    resolved: &Resolved,
    columns: &mut Columns,
) -> Result<(), WriteError> {
    if let FieldKind::Reference { to } = &field.kind {
        let key = (to.clone(), value.as_str().unwrap_or_default().to_owned());
        if let Some(id) = resolved.get(&key) {
            columns.insert(naming::column(field), Sql::Integer(*id));
        }
        return Ok(());
    }
    Ok(codec::encode(field, value, keyring, place, columns)?)
}
