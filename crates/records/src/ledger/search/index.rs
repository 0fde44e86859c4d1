//! The index of a register: a table of FTS5 that holds no texts of its own, brought up to date with every write and made
//! anew when its register file or the program reads the texts in another way.

use std::fmt::Write as _;

use bilan_storage::is_damage;
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};
use sm3::{Digest, Sm3};

use super::{
    texts::{is_indexed, is_name, texts},
    words::indexed,
};
use crate::{
    catalogue::{Catalogue, Field, FieldKind, Register},
    ledger::{
        layout,
        row::{self, StoredRow},
    },
    naming,
};

/// Changes with what is put into an index from the same fields.
const EDITION: &str = "name and text, 1";

/// Writes a record into the index of its register.
pub(crate) fn put(connection: &Connection, register: &Register, record: &StoredRow) -> Result<(), rusqlite::Error> {
    put_into(connection, &format!("main.\"{}\"", naming::search_table(&register.key)), register, record)
}

/// Writes a record into an index that is made as that of its register.
pub(super) fn put_into(
    connection: &Connection,
    index: &str,
    register: &Register,
    record: &StoredRow,
) -> Result<(), rusqlite::Error> {
    let texts = texts(register, record);
    let (names, others): (Vec<_>, Vec<_>) =
        texts.iter().partition(|text| text.column.is_none() && is_name(register, text.field));
    let name = indexed(std::iter::once(record.number()).chain(names.iter().map(|text| text.text.as_str())));
    let text = indexed(others.iter().map(|text| text.text.as_str()));
    connection
        .prepare_cached(&format!("INSERT OR REPLACE INTO {index} (rowid, name, text) VALUES (?1, ?2, ?3)"))?
        .execute(params![record.id, name, text])?;
    Ok(())
}

/// Takes a record out of the index.
pub(crate) fn remove(connection: &Connection, register: &Register, id: i64) -> Result<(), rusqlite::Error> {
    let table = naming::search_table(&register.key);
    connection.prepare_cached(&format!("DELETE FROM \"{table}\" WHERE rowid = ?1"))?.execute([id])?;
    Ok(())
}

/// Makes the index of every register anew that was made from something else than its file says now.
pub(crate) fn bring_up_to_date(connection: &mut Connection, catalogue: &Catalogue) -> Result<(), rusqlite::Error> {
    forget_removed(connection, catalogue)?;
    for register in catalogue.registers.values() {
        let wanted = made_from(register);
        if made(connection, register)?.as_ref() == Some(&wanted) {
            continue;
        }
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        // Another program that opened the file may have been faster.
        if made(&transaction, register)?.as_ref() == Some(&wanted) {
            continue;
        }
        let records = make(&transaction, register)?;
        transaction.execute(
            "INSERT OR REPLACE INTO search_index (register, made_from) VALUES (?1, ?2)",
            params![register.key, wanted],
        )?;
        transaction.commit()?;
        if records > 0 {
            tracing::info!("the full-text index of “{}” was made anew from {records} records", register.key);
        }
    }
    Ok(())
}

fn made(connection: &Connection, register: &Register) -> Result<Option<String>, rusqlite::Error> {
    let sql = "SELECT made_from FROM search_index WHERE register = ?1";
    connection.query_row(sql, [&register.key], |row| row.get(0)).optional()
}

fn make(connection: &Connection, register: &Register) -> Result<u64, rusqlite::Error> {
    let index = format!("main.\"{}\"", naming::search_table(&register.key));
    connection.execute_batch(&format!("DROP TABLE IF EXISTS {index}"))?;
    connection.execute_batch(&declaration(&index))?;
    let mut records = 0;
    every_record(connection, register, |record| {
        records += 1;
        put(connection, register, record)
    })?;
    Ok(records)
}

/// The statement that makes an index.
pub(super) fn declaration(index: &str) -> String {
    format!(
        "CREATE VIRTUAL TABLE {index} USING fts5(name, text, content='', contentless_delete=1, \
         tokenize='unicode61 remove_diacritics 0')"
    )
}

/// Hands over every record that an index is to hold, with its child rows. One that is damaged is not found by its words;
/// it keeps neither the others from being found nor the program from starting.
pub(super) fn every_record(
    connection: &Connection,
    register: &Register,
    mut take: impl FnMut(&StoredRow) -> Result<(), rusqlite::Error>,
) -> Result<(), rusqlite::Error> {
    let table = naming::table(&register.key);
    let mut rows = connection.prepare(&format!("SELECT * FROM main.\"{table}\" WHERE deleted_at IS NULL"))?;
    let mut rows = rows.query([])?;
    while let Some(found) = rows.next()? {
        let mut read = row::read_row(found);
        if let Ok(record) = &mut read
            && let Err(error) = row::add_children(connection, register, record)
        {
            read = Err(error);
        }
        match read {
            Ok(record) => take(&record)?,
            Err(error) if is_damage(&error) => {
                tracing::error!(register = register.key, %error, "a record is damaged and is not found by its words; `bilan verify` names it");
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Drops the index of a register that is no more.
fn forget_removed(connection: &Connection, catalogue: &Catalogue) -> Result<(), rusqlite::Error> {
    let known: Vec<String> = connection
        .prepare("SELECT register FROM search_index ORDER BY register")?
        .query_map([], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    for register in known.iter().filter(|register| !catalogue.registers.contains_key(*register)) {
        // The name comes from the database, where another tool may have written anything.
        let index = naming::search_table(register).replace('"', "\"\"");
        connection.execute_batch(&format!("DROP TABLE IF EXISTS \"{index}\""))?;
        connection.execute("DELETE FROM search_index WHERE register = ?1", [register])?;
    }
    Ok(())
}

/// What the index of a register is made from, as a digest.
fn made_from(register: &Register) -> String {
    let mut said = EDITION.to_owned();
    for field in register.fields.values().filter(|field| is_indexed(register, field)) {
        describe(&mut said, field, is_name(register, field));
    }
    for (table, fields) in layout::child_tables(register) {
        for field in fields.values().filter(|field| field.search && !field.personal) {
            said.push('\n');
            said.push_str(&table.key);
            describe(&mut said, field, false);
        }
    }
    hex::encode(Sm3::digest(said.as_bytes()))
}

fn describe(said: &mut String, field: &Field, is_name: bool) {
    // Writing into a text cannot fail.
    let _ = write!(said, "\n{} {} {is_name}", field.key, field.kind.name());
    if let FieldKind::Choice { choices } | FieldKind::Choices { choices } = &field.kind {
        for (key, label) in choices {
            let _ = write!(said, "\n  {key}\t{}\t{}", label.zh, label.en);
        }
    }
}
