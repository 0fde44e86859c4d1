//! What a write refers to: other records, files, and values that no two records may share.

use std::collections::HashMap;

use rusqlite::{OptionalExtension, params};
use sea_query::{Alias, Expr, ExprTrait, Query};
use serde_json::Value as Json;

use super::{
    batch::standing,
    check,
    compose::encode_one,
    error::{FieldFault, WriteError},
    reach::{confined, reaches},
    record::JsonMap,
    row::{self, Columns, StoredRow},
    session::Session,
    statement::run,
};
use crate::{
    actor::{Act, Scope},
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

/// Where a reference stands, and what it refers to.
struct Target<'t> {
    /// Key of the register whose record refers.
    register: &'t str,
    /// Key of the register that is referred to.
    to: &'t str,
    /// Path of the field, for faults.
    path: &'t str,
}

impl Session<'_> {
    /// Looks up the ids of references and refuses values that must be unique and are taken.
    ///
    /// A record out of the actor's reach is answered as one that is not there, unless `before` refers to it already.
    pub(super) fn resolve(
        &self,
        register: &Register,
        values: &JsonMap,
        before: Option<&StoredRow>,
        faults: &mut Vec<FieldFault>,
    ) -> Result<Resolved, WriteError> {
        let resolved = self.refer_all(register, values, before, faults)?;
        self.refuse_taken(register, values, before.map_or(0, |row| row.id), &resolved, faults)?;
        Ok(resolved)
    }

    /// Refuses values that must be unique and are taken.
    pub(super) fn refuse_taken(
        &self,
        register: &Register,
        values: &JsonMap,
        own_id: i64,
        resolved: &Resolved,
        faults: &mut Vec<FieldFault>,
    ) -> Result<(), WriteError> {
        for (key, value) in values.iter().filter(|(_, value)| !value.is_null()) {
            let Some(field) = register.fields.get(key) else { continue };
            if field.unique && !field.personal {
                self.refuse_if_taken(register, field, value, own_id, resolved, faults)?;
            }
        }
        Ok(())
    }

    /// Looks up the ids of references.
    ///
    /// A record out of the actor's reach is answered as one that is not there, unless `before` refers to it already.
    pub(super) fn refer_all(
        &self,
        register: &Register,
        values: &JsonMap,
        before: Option<&StoredRow>,
        faults: &mut Vec<FieldFault>,
    ) -> Result<Resolved, WriteError> {
        let mut resolved = Resolved::new();
        for (key, value) in values.iter().filter(|(_, value)| !value.is_null()) {
            let Some(field) = register.fields.get(key) else { continue };
            match &field.kind {
                FieldKind::Reference { to } => {
                    let stands =
                        |id: i64| before.is_some_and(|before| before.integer(&naming::column(field)) == Some(id));
                    let target = Target { register: &register.key, to, path: key };
                    self.refer(target, value, &stands, &mut resolved, faults)?;
                }
                FieldKind::Table { fields } => {
                    let rows = value.as_array().map(Vec::as_slice).unwrap_or_default();
                    for (index, row) in rows.iter().enumerate() {
                        for field in fields.values() {
                            if let (FieldKind::Reference { to }, Some(value)) = (&field.kind, row.get(&field.key)) {
                                let path = format!("{key}[{}].{}", index + 1, field.key);
                                let column = naming::column(field);
                                let stands = |id: i64| {
                                    let rows = before.and_then(|before| before.children.get(key));
                                    rows.into_iter().flatten().any(|row| row::integer(row, &column) == Some(id))
                                };
                                let target = Target { register: &register.key, to, path: &path };
                                self.refer(target, value, &stands, &mut resolved, faults)?;
                            }
                        }
                    }
                }
                _ => {}
            }
        }
        Ok(resolved)
    }

    /// `stands` says whether the record refers to this id already.
    fn refer(
        &self,
        Target { register, to, path }: Target<'_>,
        value: &Json,
        stands: &dyn Fn(i64) -> bool,
        resolved: &mut Resolved,
        faults: &mut Vec<FieldFault>,
    ) -> Result<(), WriteError> {
        let number = value.as_str().unwrap_or_default();
        let id = match (self.referable(to, number, stands)?, self.beside) {
            // A row of the same file; while the file is checked it has no id yet, only that it will be there.
            (None, Some(scratch)) if to == register => scratch.position_of(number)?.map(|position| match self.place {
                Some(place) => place.first + i64::try_from(position).unwrap_or(i64::MAX),
                None => 0,
            }),
            (id, _) => id,
        };
        match id {
            Some(id) => {
                resolved.insert((to.to_owned(), number.to_owned()), id);
            }
            None => faults.push(check::no_such_record(self.catalogue, to, path, value)),
        }
        Ok(())
    }

    /// Id of the record of this number, if the actor may read it or the record refers to it already.
    fn referable(&self, to: &str, number: &str, stands: &dyn Fn(i64) -> bool) -> Result<Option<i64>, WriteError> {
        let Some(register) = self.catalogue.registers.get(to) else { return Ok(None) };
        let table = naming::table(to);
        let found = self
            .connection
            .prepare_cached(&format!("SELECT * FROM \"{table}\" WHERE number = ?1 AND {}", standing(to, &table)))?
            .query_row([number], row::read_row)
            .optional()?;
        let Some(found) = found else { return Ok(None) };
        let scope = self.actor.scope(register, Act::Read);
        let may = reaches(self.connection, register, &scope, &found.columns)? || stands(found.id);
        Ok(may.then_some(found.id))
    }

    /// Refuses files that were never uploaded and those that belong to others; the two are answered alike.
    pub(super) fn refuse_foreign_files(
        &self,
        register: &Register,
        values: &JsonMap,
        before: Option<&StoredRow>,
        faults: &mut Vec<FieldFault>,
    ) -> Result<(), WriteError> {
        for (key, value) in values {
            if matches!(register.fields.get(key).map(|field| &field.kind), Some(FieldKind::Attachment { .. })) {
                for name in attachments::foreign_files(self, register, before, key, value)? {
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
            "SELECT * FROM \"{table}\" WHERE \"{column}\" = ?1 AND id <> ?2 AND {} LIMIT 1",
            standing(&register.key, &table)
        );
        let other =
            self.connection.prepare_cached(&sql)?.query_row(params![stored, own_id], row::read_row).optional()?;
        let line = match (&other, self.beside) {
            (None, Some(scratch)) => scratch.line_with(&field.key, value)?,
            _ => None,
        };
        let scope = self.actor.scope(register, Act::Read);
        let (why, why_zh) = match (other, line) {
            (Some(other), _) if reaches(self.connection, register, &scope, &other.columns)? => {
                let number = other.number();
                (format!("the record {number} already has this value"), format!("记录{number}已有相同的值"))
            }
            // Which record has it is not said to somebody who may not read that record.
            (Some(_), _) => ("this value is already in use".to_owned(), "该值已被使用".to_owned()),
            (None, Some(line)) => {
                (format!("row {line} of the file already has this value"), format!("文件第{line}行已有相同的值"))
            }
            (None, None) => return Ok(()),
        };
        faults.push(check::fault(&field.key, value, why, why_zh));
        Ok(())
    }

    /// Refuses to delete what others refer to; records out of the actor's reach are neither named nor counted.
    pub(super) fn refuse_if_referred(&self, register: &Register, record: &StoredRow) -> Result<(), WriteError> {
        let mut elsewhere = false;
        for (other, field) in referring(self.catalogue, &register.key) {
            let (table, column) = (naming::table(&other.key), naming::column(field));
            let referring = |scope: &Scope| -> Result<u64, rusqlite::Error> {
                let mut select = Query::select();
                select.expr(Expr::col(Alias::new("id")).count()).from(Alias::new(&table));
                select.and_where(Expr::col(Alias::new(&column)).eq(record.id));
                select.and_where(Expr::cust(standing(&other.key, &table)));
                select.cond_where(confined(&table, other, scope));
                Ok(run(self.connection, &select, |row| row.get(0))?.first().copied().unwrap_or(0))
            };
            let scope = self.actor.scope(other, Act::Read);
            let count = referring(&scope)?;
            if count > 0 {
                return Err(WriteError::StillReferred {
                    number: record.number().to_owned(),
                    register: other.key.clone(),
                    count,
                });
            }
            elsewhere |= scope != Scope::All && referring(&Scope::All)? > 0;
        }
        match elsewhere {
            true => Err(WriteError::ReferredElsewhere { number: record.number().to_owned() }),
            false => Ok(()),
        }
    }
}
