//! A row as it is stored: columns by name, child rows by table, and the digest that the journal keeps of it.

use std::collections::BTreeMap;

use rusqlite::{Connection, Row, types::Value as Sql};
use sm3::{Digest, Sm3};

use super::{
    batch::{published_by, standing},
    layout,
};
use crate::{catalogue::Register, journal::Hash, naming};

/// Columns of one row that are not null.
pub(crate) type Columns = BTreeMap<String, Sql>;

/// A record with its child rows, exactly as the tables hold them.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct StoredRow {
    pub id: i64,
    pub columns: Columns,
    /// Child rows by field key, in order.
    pub children: BTreeMap<String, Vec<Columns>>,
}

impl StoredRow {
    pub(crate) fn text(&self, column: &str) -> Option<&str> {
        text(&self.columns, column)
    }

    pub(crate) fn integer(&self, column: &str) -> Option<i64> {
        integer(&self.columns, column)
    }

    pub(crate) fn set_text(&mut self, column: &str, value: &str) {
        self.columns.insert(column.to_owned(), Sql::Text(value.to_owned()));
    }

    pub(crate) fn number(&self) -> &str {
        self.text("number").unwrap_or_default()
    }

    pub(crate) fn version(&self) -> i64 {
        self.integer("version").unwrap_or_default()
    }

    /// Digest of every column that is not null, in the order of names, and of the child rows in their order.
    ///
    /// Columns that are null are left out, so that a column added later does not change the digest of old rows.
    pub(crate) fn digest(&self) -> Hash {
        let mut hasher = Sm3::new();
        hasher.update(self.id.to_be_bytes());
        hash_columns(&mut hasher, &self.columns);
        for (field, rows) in self.children.iter().filter(|(_, rows)| !rows.is_empty()) {
            hash_bytes(&mut hasher, b'c', field.as_bytes());
            for row in rows {
                hasher.update(b"r");
                hash_columns(&mut hasher, row);
            }
        }
        hasher.finalize().into()
    }
}

pub(crate) fn text<'a>(columns: &'a Columns, column: &str) -> Option<&'a str> {
    match columns.get(column) {
        Some(Sql::Text(text)) => Some(text),
        _ => None,
    }
}

pub(crate) fn integer(columns: &Columns, column: &str) -> Option<i64> {
    match columns.get(column) {
        Some(Sql::Integer(number)) => Some(*number),
        _ => None,
    }
}

fn hash_columns(hasher: &mut Sm3, columns: &Columns) {
    for (name, value) in columns {
        match value {
            Sql::Null => continue,
            Sql::Integer(number) => hash_bytes(hasher, b'i', &number.to_be_bytes()),
            Sql::Real(number) => hash_bytes(hasher, b'f', &number.to_be_bytes()),
            Sql::Text(text) => hash_bytes(hasher, b't', text.as_bytes()),
            Sql::Blob(bytes) => hash_bytes(hasher, b'b', bytes),
        }
        hash_bytes(hasher, b'n', name.as_bytes());
    }
}

fn hash_bytes(hasher: &mut Sm3, tag: u8, bytes: &[u8]) {
    hasher.update([tag]);
    hasher.update((bytes.len() as u64).to_be_bytes());
    hasher.update(bytes);
}

/// Reads every column that is not null, leaving out those that only say where a row stands.
pub(crate) fn read_columns(row: &Row<'_>, skip: &[&str]) -> Result<Columns, rusqlite::Error> {
    let names = row.as_ref();
    let mut columns = Columns::new();
    for index in 0..names.column_count() {
        let name = names.column_name(index)?;
        let value: Sql = row.get(index)?;
        if value != Sql::Null && !skip.contains(&name) {
            columns.insert(name.to_owned(), value);
        }
    }
    Ok(columns)
}

/// Columns that are no part of a record's content.
const PLACES: [&str; 3] = ["id", "valid_from", "valid_to"];

/// Makes a stored record of a result row (without children).
pub(crate) fn read_row(row: &Row<'_>) -> Result<StoredRow, rusqlite::Error> {
    Ok(StoredRow { id: row.get("id")?, columns: read_columns(row, &PLACES)?, children: BTreeMap::new() })
}

/// Adds the child rows that stand now.
pub(crate) fn add_children(
    connection: &Connection,
    register: &Register,
    record: &mut StoredRow,
) -> Result<(), rusqlite::Error> {
    for (field, _) in layout::child_tables(register) {
        let table = naming::child_table(&register.key, &field.key);
        let sql = format!("SELECT * FROM \"{table}\" WHERE parent = ?1 ORDER BY position");
        add_rows(connection, &sql, [record.id], &field.key, record)?;
    }
    Ok(())
}

/// Adds the child rows that stood at a moment (in stored form).
pub(crate) fn add_children_as_of(
    connection: &Connection,
    register: &Register,
    record: &mut StoredRow,
    at: &str,
) -> Result<(), rusqlite::Error> {
    for (field, _) in layout::child_tables(register) {
        let now = naming::child_table(&register.key, &field.key);
        let history = naming::child_history_table(&register.key, &field.key);
        let main = naming::table(&register.key);
        let changed: String = connection
            .prepare_cached(&format!("SELECT changed_at FROM \"{main}\" WHERE id = ?1"))?
            .query_row([record.id], |row| row.get(0))?;
        if changed.as_str() <= at {
            let sql = format!("SELECT * FROM \"{now}\" WHERE parent = ?1 ORDER BY position");
            add_rows(connection, &sql, [record.id], &field.key, record)?;
        } else {
            let sql = format!(
                "SELECT * FROM \"{history}\" WHERE parent = ?1 AND valid_from <= ?2 AND valid_to > ?2 ORDER BY position"
            );
            add_rows(connection, &sql, (record.id, at), &field.key, record)?;
        }
    }
    Ok(())
}

fn add_rows(
    connection: &Connection,
    sql: &str,
    parameters: impl rusqlite::Params,
    field: &str,
    record: &mut StoredRow,
) -> Result<(), rusqlite::Error> {
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement
        .query_map(parameters, |row| read_columns(row, &["id", "parent", "position", "valid_from", "valid_to"]))?
        .collect::<Result<Vec<_>, _>>()?;
    if !rows.is_empty() {
        record.children.insert(field.to_owned(), rows);
    }
    Ok(())
}

/// The live record of this number with its child rows.
pub(crate) fn by_number(
    connection: &Connection,
    register: &Register,
    number: &str,
) -> Result<Option<StoredRow>, rusqlite::Error> {
    let table = naming::table(&register.key);
    let seen = standing(&register.key, &table);
    let mut statement =
        connection.prepare_cached(&format!("SELECT * FROM \"{table}\" WHERE number = ?1 AND {seen}"))?;
    let mut rows = statement.query([number])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let mut record = read_row(row)?;
    add_children(connection, register, &mut record)?;
    Ok(Some(record))
}

/// The version of a record that its history keeps.
pub(crate) fn past_version(
    connection: &Connection,
    register: &Register,
    id: i64,
    version: i64,
) -> Result<Option<StoredRow>, rusqlite::Error> {
    let history = naming::history_table(&register.key);
    let mut statement =
        connection.prepare_cached(&format!("SELECT * FROM \"{history}\" WHERE id = ?1 AND version = ?2"))?;
    let mut rows = statement.query([id, version])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let mut record = read_row(row)?;
    let from: String = row.get("valid_from")?;
    for (field, _) in layout::child_tables(register) {
        let history = naming::child_history_table(&register.key, &field.key);
        let sql = format!("SELECT * FROM \"{history}\" WHERE parent = ?1 AND valid_from = ?2 ORDER BY position");
        add_rows(connection, &sql, (id, &from), &field.key, &mut record)?;
    }
    Ok(Some(record))
}

/// The row of this id at a moment (in stored form), live or from history.
pub(crate) fn as_of(
    connection: &Connection,
    register: &Register,
    number: &str,
    at: &str,
) -> Result<Option<StoredRow>, rusqlite::Error> {
    let (table, history) = (naming::table(&register.key), naming::history_table(&register.key));
    let seen = |table: &str| published_by(&register.key, table, at);
    let live = format!(
        "SELECT * FROM \"{table}\" WHERE number = ?1 AND changed_at <= ?2 AND deleted_at IS NULL AND {}",
        seen(&table)
    );
    let past = format!(
        "SELECT * FROM \"{history}\" WHERE number = ?1 AND valid_from <= ?2 AND valid_to > ?2 AND {}",
        seen(&history)
    );
    for sql in [live, past] {
        let mut statement = connection.prepare_cached(&sql)?;
        let mut rows = statement.query([number, at])?;
        if let Some(row) = rows.next()? {
            let mut record = read_row(row)?;
            add_children_as_of(connection, register, &mut record, at)?;
            return Ok(Some(record));
        }
    }
    Ok(None)
}
