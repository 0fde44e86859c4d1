//! Pieces of work that are known already by the number that they have where they came from (来源工单号).

use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
};

use rusqlite::{Connection, OptionalExtension, params_from_iter, types::Value as Sql};
use sea_query::{Alias, Expr, ExprTrait, Query, SqliteQueryBuilder};
use serde_json::Value as Json;

use super::note::ImportNote;
use crate::{
    actor::Scope,
    catalogue::{Field, Register},
    filter::column,
    ledger::{JsonMap, batch::standing, bind, reach::confined},
    naming,
    value::Value,
};

/// Looks for the rows of a file among the records of a register that the importer may read, and among the rows before
/// them.
///
/// What is known out of reach is no repeat here: saying so would show that it is there. A value that must be unique is refused
/// for everybody when the row is checked, as it is in a form, without a word of the record that has it.
pub(super) struct Repeats<'r> {
    fields: Vec<&'r Field>,
    /// Row of the file by the digest of what the work is known by.
    seen: HashMap<u64, u64>,
    digests: RandomState,
    /// Finds the number of a record by what the work is known by, which is bound first.
    statement: String,
    /// Bound behind it: what confines the importer.
    reach: Vec<Sql>,
}

impl<'r> Repeats<'r> {
    /// For an importer who reads of the register what lies within `scope`.
    pub(super) fn of(register: &'r Register, scope: &Scope) -> Self {
        let fields: Vec<&Field> = register.known_by.iter().filter_map(|key| register.fields.get(key)).collect();
        let table = naming::table(&register.key);
        let mut select = Query::select();
        select.expr(column(&table, "number")).from(Alias::new(&table));
        for field in &fields {
            select.and_where(column(&table, &naming::column(field)).eq(""));
        }
        select.and_where(Expr::cust(standing(&register.key, &table))).cond_where(confined(&table, register, scope));
        let (statement, values) = select.limit(1).build(SqliteQueryBuilder);
        let reach = bind(values).split_off(fields.len());
        Self { fields, seen: HashMap::new(), digests: RandomState::new(), statement, reach }
    }

    /// What a row repeats; nothing where it has a record number of its own or does not say what it is known by.
    pub(super) fn find(
        &mut self,
        connection: &Connection,
        row: u64,
        values: &JsonMap,
    ) -> Result<Option<ImportNote>, rusqlite::Error> {
        if self.fields.is_empty() || values.get("number").is_some_and(|number| !crate::value::is_blank(number)) {
            return Ok(None);
        }
        let Some(known_by) = self.known_by(values) else { return Ok(None) };
        let work = known_by.last().cloned().unwrap_or_default();
        if let Some(number) = self.standing(connection, &known_by)? {
            return Ok(Some(ImportNote::Repeat { row, work, number: Some(number), earlier: None }));
        }
        let earlier = *self.seen.entry(self.digests.hash_one(&known_by)).or_insert(row);
        let is_repeat = earlier != row;
        Ok(is_repeat.then_some(ImportNote::Repeat { row, work, number: None, earlier: Some(earlier) }))
    }

    /// The values by which the work is known, as they are stored; nothing where one is missing or wrong.
    fn known_by(&self, values: &JsonMap) -> Option<Vec<String>> {
        let stored = |field: &&Field| {
            let value = Value::optional(field, values.get(&field.key).unwrap_or(&Json::Null)).ok()??;
            value.to_json().as_str().map(str::to_owned)
        };
        self.fields.iter().map(stored).collect()
    }

    fn standing(&self, connection: &Connection, known_by: &[String]) -> Result<Option<String>, rusqlite::Error> {
        let bound = known_by.iter().cloned().map(Sql::Text).chain(self.reach.iter().cloned());
        connection.prepare_cached(&self.statement)?.query_row(params_from_iter(bound), |row| row.get(0)).optional()
    }
}
