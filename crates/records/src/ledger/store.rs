//! The statements that put a record, its child rows and its earlier versions into their tables.

use jiff::Timestamp;
use rusqlite::{Connection, params_from_iter, types::Value as Sql};

use super::{
    codec::stored_time,
    layout,
    row::{Columns, StoredRow},
    session::Session,
};
use crate::{catalogue::Register, naming};

impl Session<'_> {
    pub(super) fn store(&self, register: &Register, record: &StoredRow) -> Result<i64, rusqlite::Error> {
        let table = naming::table(&register.key);
        if record.id == 0 {
            insert(self.connection, &table, &record.columns)?;
        } else {
            let mut columns = record.columns.clone();
            columns.insert("id".into(), Sql::Integer(record.id));
            insert(self.connection, &table, &columns)?;
        }
        Ok(self.connection.last_insert_rowid())
    }

    pub(super) fn store_children(&self, register: &Register, record: &StoredRow) -> Result<(), rusqlite::Error> {
        for (field, rows) in &record.children {
            let table = naming::child_table(&register.key, field);
            for (position, row) in rows.iter().enumerate() {
                let mut columns = row.clone();
                columns.insert("parent".into(), Sql::Integer(record.id));
                columns.insert("position".into(), Sql::Integer(i64::try_from(position + 1).unwrap_or(i64::MAX)));
                insert(self.connection, &table, &columns)?;
            }
        }
        Ok(())
    }

    pub(super) fn update(&self, register: &Register, record: &StoredRow) -> Result<(), rusqlite::Error> {
        let table = naming::table(&register.key);
        let mut names: Vec<String> = layout::RECORD_COLUMNS.iter().map(|&name| name.to_owned()).collect();
        names.push("deleted_at".into());
        names.extend(register.fields.values().flat_map(layout::columns).map(|column| column.name));
        let assignments: Vec<String> =
            names.iter().enumerate().map(|(index, name)| format!("\"{name}\" = ?{}", index + 2)).collect();
        let sql = format!("UPDATE \"{table}\" SET {} WHERE id = ?1", assignments.join(", "));
        let id = Sql::Integer(record.id);
        let values = names.iter().map(|name| record.columns.get(name).unwrap_or(&Sql::Null));
        self.connection.prepare_cached(&sql)?.execute(params_from_iter(std::iter::once(&id).chain(values)))?;
        Ok(())
    }

    /// Keeps the version that is about to be replaced.
    pub(super) fn keep(
        &self,
        register: &Register,
        before: &StoredRow,
        until: Timestamp,
    ) -> Result<(), rusqlite::Error> {
        let mut columns = before.columns.clone();
        let from = columns.get("changed_at").cloned().unwrap_or(Sql::Null);
        let until = Sql::Text(stored_time(until));
        columns.insert("id".into(), Sql::Integer(before.id));
        columns.insert("valid_from".into(), from.clone());
        columns.insert("valid_to".into(), until.clone());
        insert(self.connection, &naming::history_table(&register.key), &columns)?;
        for (field, rows) in &before.children {
            let table = naming::child_history_table(&register.key, field);
            for (position, row) in rows.iter().enumerate() {
                let mut columns = row.clone();
                columns.insert("parent".into(), Sql::Integer(before.id));
                columns.insert("position".into(), Sql::Integer(i64::try_from(position + 1).unwrap_or(i64::MAX)));
                columns.insert("valid_from".into(), from.clone());
                columns.insert("valid_to".into(), until.clone());
                insert(self.connection, &table, &columns)?;
            }
        }
        Ok(())
    }
}

fn insert(connection: &Connection, table: &str, columns: &Columns) -> Result<(), rusqlite::Error> {
    let names: Vec<String> = columns.keys().map(|name| format!("\"{name}\"")).collect();
    let marks: Vec<String> = (1..=columns.len()).map(|index| format!("?{index}")).collect();
    let sql = if names.is_empty() {
        format!("INSERT INTO \"{table}\" DEFAULT VALUES")
    } else {
        format!("INSERT INTO \"{table}\" ({}) VALUES ({})", names.join(", "), marks.join(", "))
    };
    connection.prepare_cached(&sql)?.execute(params_from_iter(columns.values()))?;
    Ok(())
}
