//! Pieces of work that are known already by the number that they have where they came from (来源工单号).

use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
};

use rusqlite::{Connection, OptionalExtension, params_from_iter};
use serde_json::Value as Json;

use super::note::ImportNote;
use crate::{
    catalogue::{Field, Register},
    ledger::{JsonMap, batch::standing},
    naming,
    value::Value,
};

/// Looks for the rows of a file among the records of a register, and among the rows before them.
pub(super) struct Repeats<'r> {
    register: &'r Register,
    fields: Vec<&'r Field>,
    /// Row of the file by the digest of what the work is known by.
    seen: HashMap<u64, u64>,
    digests: RandomState,
    /// Whether the reader may be shown the number of any record.
    shows_numbers: bool,
}

impl<'r> Repeats<'r> {
    pub(super) fn of(register: &'r Register, shows_numbers: bool) -> Self {
        let fields = register.known_by.iter().filter_map(|key| register.fields.get(key)).collect();
        Self { register, fields, seen: HashMap::new(), digests: RandomState::new(), shows_numbers }
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
            let number = self.shows_numbers.then_some(number);
            return Ok(Some(ImportNote::Repeat { row, work, number, earlier: None }));
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
        let table = naming::table(&self.register.key);
        let seen = standing(&self.register.key, &table);
        let same: Vec<String> = self.fields.iter().map(|field| format!("\"{}\" = ?", naming::column(field))).collect();
        let sql = format!("SELECT number FROM \"{table}\" WHERE {} AND {seen} LIMIT 1", same.join(" AND "));
        connection.prepare_cached(&sql)?.query_row(params_from_iter(known_by), |row| row.get(0)).optional()
    }
}
