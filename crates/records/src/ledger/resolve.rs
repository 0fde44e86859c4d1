//! What a write refers to: other records, files, and values that no two records may share.

use std::collections::HashMap;

use rusqlite::{OptionalExtension, params};
use serde_json::Value as Json;

use super::{
    check,
    compose::encode_one,
    error::{FieldFault, WriteError},
    record::JsonMap,
    row::{Columns, StoredRow},
    session::Session,
};
use crate::{
    attachments,
    catalogue::{Catalogue, Field, FieldKind, Register},
    naming,
};

/// Ids of records that are referred to, by register and number.
pub(crate) type Resolved = HashMap<(String, String), i64>;

/// Every field of every register that refers to `register`.
pub(crate) fn referring<'c>(
    catalogue: &'c Catalogue,
    register: &str,
) -> impl Iterator<Item = (&'c Register, &'c Field)> {
    catalogue.registers.values().flat_map(move |other| {
        other
            .fields
            .values()
            .filter(move |field| matches!(&field.kind, FieldKind::Reference { to } if to == register))
            .map(move |field| (other, field))
    })
}

impl Session<'_> {
    /// Looks up the ids of references and refuses values that must be unique and are taken.
    pub(super) fn resolve(
        &self,
        register: &Register,
        values: &JsonMap,
        own_id: i64,
        faults: &mut Vec<FieldFault>,
    ) -> Result<Resolved, WriteError> {
        let mut resolved = Resolved::new();
        for (key, value) in values.iter().filter(|(_, value)| !value.is_null()) {
            let Some(field) = register.fields.get(key) else { continue };
            match &field.kind {
                FieldKind::Reference { to } => self.refer(&register.key, to, value, key, &mut resolved, faults)?,
                FieldKind::Table { fields } => {
                    let rows = value.as_array().map(Vec::as_slice).unwrap_or_default();
                    for (index, row) in rows.iter().enumerate() {
                        for field in fields.values() {
                            if let (FieldKind::Reference { to }, Some(value)) = (&field.kind, row.get(&field.key)) {
                                let path = format!("{key}[{}].{}", index + 1, field.key);
                                self.refer(&register.key, to, value, &path, &mut resolved, faults)?;
                            }
                        }
                    }
                }
                _ => {}
            }
            if field.unique && !field.personal {
                self.refuse_if_taken(register, field, value, own_id, &resolved, faults)?;
            }
        }
        Ok(resolved)
    }

    fn refer(
        &self,
        register: &str,
        to: &str,
        value: &Json,
        path: &str,
        resolved: &mut Resolved,
        faults: &mut Vec<FieldFault>,
    ) -> Result<(), WriteError> {
        let number = value.as_str().unwrap_or_default();
        let table = naming::table(to);
        let id: Option<i64> = self
            .connection
            .prepare_cached(&format!("SELECT id FROM \"{table}\" WHERE number = ?1 AND deleted_at IS NULL"))?
            .query_row([number], |row| row.get(0))
            .optional()?;
        let id = match (id, self.beside) {
            // A row of the same file has no id yet; what stands here is only that it will be there.
            (None, Some(scratch)) if to == register => scratch.position_of(number)?.map(|_| 0),
            (id, _) => id,
        };
        match id {
            Some(id) => {
                resolved.insert((to.to_owned(), number.to_owned()), id);
            }
            None => faults.push(check::fault(
                path,
                value,
                format!("there is no record with this number in “{to}”"),
                format!("“{to}”中没有该编号的记录"),
            )),
        }
        Ok(())
    }

    pub(super) fn refuse_unknown_files(
        &self,
        register: &Register,
        values: &JsonMap,
        faults: &mut Vec<FieldFault>,
    ) -> Result<(), WriteError> {
        for (key, value) in values {
            if matches!(register.fields.get(key).map(|field| &field.kind), Some(FieldKind::Attachment { .. })) {
                for name in attachments::unknown_files(self, value)? {
                    faults.push(check::fault(
                        key,
                        &Json::from(name.as_str()),
                        format!("the file “{name}” has not been uploaded"),
                        format!("文件“{name}”尚未上传"),
                    ));
                }
            }
        }
        Ok(())
    }

    fn refuse_if_taken(
        &self,
        register: &Register,
        field: &Field,
        value: &Json,
        own_id: i64,
        resolved: &Resolved,
        faults: &mut Vec<FieldFault>,
    ) -> Result<(), WriteError> {
        let mut columns = Columns::new();
        encode_one(field, value, self.keyring, "", resolved, &mut columns)?;
        let column = naming::column(field);
        let Some(stored) = columns.get(&column) else { return Ok(()) };
        let table = naming::table(&register.key);
        let sql = format!(
            "SELECT number FROM \"{table}\" WHERE \"{column}\" = ?1 AND deleted_at IS NULL AND id <> ?2 LIMIT 1"
        );
        let other: Option<String> =
            self.connection.prepare_cached(&sql)?.query_row(params![stored, own_id], |row| row.get(0)).optional()?;
        if let Some(other) = other {
            faults.push(check::fault(
                &field.key,
                value,
                format!("the record {other} already has this value"),
                format!("记录{other}已有相同的值"),
            ));
        } else if let Some(line) =
            self.beside.map(|scratch| scratch.line_with(&field.key, value)).transpose()?.flatten()
        {
            faults.push(check::fault(
                &field.key,
                value,
                format!("row {line} of the file already has this value"),
                format!("文件第{line}行已有相同的值"),
            ));
        }
        Ok(())
    }

    pub(super) fn refuse_if_referred(&self, register: &Register, record: &StoredRow) -> Result<(), WriteError> {
        for (other, field) in referring(self.catalogue, &register.key) {
            let (table, column) = (naming::table(&other.key), naming::column(field));
            let sql = format!("SELECT count(*) FROM \"{table}\" WHERE \"{column}\" = ?1 AND deleted_at IS NULL");
            let count: u64 = self.connection.prepare_cached(&sql)?.query_row([record.id], |row| row.get(0))?;
            if count > 0 {
                return Err(WriteError::StillReferred {
                    number: record.number().to_owned(),
                    register: other.key.clone(),
                    count,
                });
            }
        }
        Ok(())
    }
}
