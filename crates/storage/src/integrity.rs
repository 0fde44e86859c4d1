//! What the database itself finds wrong with a file: pages that cannot be read, rows out of order, indexes that do not
//! agree with their table.

use rusqlite::{Connection, OptionalExtension};

/// The first thing wrong with a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Table (or index) concerned; the schema where it cannot be told.
    pub table: String,
    /// What the database says of it.
    pub what: String,
}

/// Looks at every page, table and index of the main database; none wrong gives `None`.
///
/// # Errors
/// If the file cannot be read at all.
pub fn integrity(connection: &Connection) -> Result<Option<Fault>, rusqlite::Error> {
    let found: String = connection.query_row("PRAGMA main.integrity_check(1)", [], |row| row.get(0))?;
    if found == "ok" {
        return Ok(None);
    }
    let table = match root_page(&found) {
        Some(page) => connection
            .query_row("SELECT name FROM main.sqlite_schema WHERE rootpage = ?1", [page], |row| row.get(0))
            .optional()?,
        None => named(connection, &found)?,
    };
    Ok(Some(Fault { table: table.unwrap_or_else(|| "sqlite_schema".to_owned()), what: found.replace('\n', "; ") }))
}

/// `Tree 12 page 7 cell 3: …` speaks of the table or index that begins on page 12.
fn root_page(found: &str) -> Option<i64> {
    let after = found.split("Tree ").nth(1)?;
    after.split(|character: char| !character.is_ascii_digit()).next()?.parse().ok()
}

/// The longest name of a table or index that the sentence has in it.
fn named(connection: &Connection, found: &str) -> Result<Option<String>, rusqlite::Error> {
    let mut statement = connection
        .prepare("SELECT name FROM main.sqlite_schema WHERE instr(?1, name) ORDER BY length(name) DESC LIMIT 1")?;
    statement.query_row([found], |row| row.get(0)).optional()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_sound_file_has_no_fault_and_a_damaged_one_names_the_table() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        let connection = Connection::open(&path).unwrap();
        connection.execute_batch("CREATE TABLE kept (id INTEGER PRIMARY KEY, text TEXT NOT NULL)").unwrap();
        connection.execute_batch("CREATE INDEX kept_by_text ON kept (text)").unwrap();
        for id in 0..2000 {
            connection.execute("INSERT INTO kept VALUES (?1, ?2)", (id, format!("row {id:05}"))).unwrap();
        }
        assert_eq!(integrity(&connection).unwrap(), None);
        drop(connection);
        let mut bytes = fs::read(&path).unwrap();
        let at = bytes.windows(9).position(|window| window == b"row 00777").unwrap();
        bytes[at + 8] = b'8';
        fs::write(&path, &bytes).unwrap();
        let fault = integrity(&Connection::open(&path).unwrap()).unwrap().unwrap();
        assert!(fault.table.starts_with("kept"), "{fault:?}");
    }
}
