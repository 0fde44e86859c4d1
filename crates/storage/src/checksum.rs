//! A checksum in each row (行校验): a byte that changes on the disk changes what a row says, and the database notices it
//! only where its own structure suffers.
//!
//! A table is guarded once it has a column `checksum`: its rows then carry the checksum of all their other columns in the
//! order of the table. Nulls are passed over, so that a column which is added behind and is empty changes nothing. What
//! writes a row either puts the checksum beside it ([`of`], `row_checksum(…)` in SQL) or leaves that to triggers of its
//! own connection ([`watch`]). A row that was altered before it is changed does not heal: its checksum stays wrong.
//!
//! It finds damage and clumsy hands. Who alters a row on purpose can compute the checksum as well; against that there is
//! the chain of the journal.

use rusqlite::Connection;
use rusqlite::functions::FunctionFlags;
use rusqlite::types::ValueRef;

use crate::Fault;

/// What the rows of a file say of themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Guarded {
    /// Rows whose checksum is right.
    pub rows: u64,
    /// Rows that carry none: an earlier version wrote them.
    pub without: u64,
}

/// The checksum of a row from its values, in the order of the table and without the checksum itself.
#[must_use]
pub fn of<'v>(values: impl IntoIterator<Item = ValueRef<'v>>) -> i64 {
    let mut sum = Sum(0x243f_6a88_85a3_08d3);
    for (place, value) in values.into_iter().enumerate() {
        let place = (place as u64) << 8;
        match value {
            ValueRef::Null => {}
            ValueRef::Integer(number) => sum.words(place | 1, [number.cast_unsigned()]),
            // Minus nothing is stored as nothing.
            ValueRef::Real(number) => sum.words(place | 2, [(number + 0.0).to_bits()]),
            ValueRef::Text(bytes) => sum.bytes(place | 3, bytes),
            ValueRef::Blob(bytes) => sum.bytes(place | 4, bytes),
        }
    }
    sum.end()
}

/// Rotates, adds a word and multiplies by an odd number: each step can be undone, so that no single change is lost.
struct Sum(u64);

impl Sum {
    fn word(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    fn words<const N: usize>(&mut self, place: u64, words: [u64; N]) {
        self.word(place);
        words.into_iter().for_each(|word| self.word(word));
    }

    fn bytes(&mut self, place: u64, bytes: &[u8]) {
        self.words(place, [bytes.len() as u64]);
        let (whole, rest) = bytes.as_chunks::<8>();
        whole.iter().for_each(|eight| self.word(u64::from_le_bytes(*eight)));
        if !rest.is_empty() {
            let mut last = [0; 8];
            last[..rest.len()].copy_from_slice(rest);
            self.word(u64::from_le_bytes(last));
        }
    }

    /// 32 bits, which a row holds in four bytes.
    fn end(self) -> i64 {
        let mixed = (self.0 ^ (self.0 >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93);
        i64::from((mixed >> 32) as u32 as i32)
    }
}

/// Lets a connection compute `row_checksum(…)`.
///
/// # Errors
/// If the database refuses the function.
pub fn register(connection: &Connection) -> Result<(), rusqlite::Error> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC | FunctionFlags::SQLITE_INNOCUOUS;
    connection
        .create_scalar_function("row_checksum", -1, flags, |row| Ok(of((0..row.len()).map(|index| row.get_raw(index)))))
}

/// A table with a checksum in each row.
struct Table {
    name: String,
    key: Vec<String>,
    columns: Vec<String>,
}

impl Table {
    fn every(connection: &Connection) -> Result<Vec<Self>, rusqlite::Error> {
        let mut names = connection.prepare(
            "SELECT name FROM main.sqlite_schema WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%' \
             AND EXISTS (SELECT 1 FROM pragma_table_info(sqlite_schema.name) c WHERE c.name = 'checksum') ORDER BY name",
        )?;
        let names: Vec<String> = names.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
        names.into_iter().map(|name| Self::of(connection, name)).collect()
    }

    fn of(connection: &Connection, name: String) -> Result<Self, rusqlite::Error> {
        let columns: Vec<(String, i64)> = connection
            .prepare("SELECT name, pk FROM main.pragma_table_info(?1) WHERE name <> 'checksum' ORDER BY cid")?
            .query_map([&name], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<Result<_, _>>()?;
        let mut key: Vec<String> = columns.iter().filter(|(_, pk)| *pk > 0).map(|(name, _)| name.clone()).collect();
        if key.is_empty() {
            key.push("rowid".to_owned());
        }
        Ok(Self { name, key, columns: columns.into_iter().map(|(name, _)| name).collect() })
    }

    /// `row_checksum(…)` of a row; `row` is empty, `OLD.` or `NEW.`.
    fn computed(&self, row: &str) -> String {
        let columns: Vec<String> = self.columns.iter().map(|column| format!("{row}\"{column}\"")).collect();
        format!("row_checksum({})", columns.join(", "))
    }

    fn watch(&self, connection: &Connection) -> Result<(), rusqlite::Error> {
        let Self { name, .. } = self;
        let this = self.key.iter().map(|key| format!("\"{key}\" IS NEW.\"{key}\"")).collect::<Vec<_>>().join(" AND ");
        let columns = self.columns.iter().map(|column| format!("\"{column}\"")).collect::<Vec<_>>().join(", ");
        let (old, new) = (self.computed("OLD."), self.computed("NEW."));
        connection.execute_batch(&format!(
            "CREATE TEMP TRIGGER IF NOT EXISTS checksum_{name}_insert AFTER INSERT ON main.\"{name}\" BEGIN \
             UPDATE \"{name}\" SET checksum = {new} WHERE {this}; END; \
             CREATE TEMP TRIGGER IF NOT EXISTS checksum_{name}_update AFTER UPDATE OF {columns} ON main.\"{name}\" BEGIN \
             UPDATE \"{name}\" SET checksum = CASE WHEN OLD.checksum <> {old} THEN ~{new} ELSE {new} END WHERE {this}; END;"
        ))
    }

    fn verify(&self, connection: &Connection) -> Result<Result<Guarded, Fault>, rusqlite::Error> {
        let key = self.key.iter().map(|key| format!("\"{key}\"")).collect::<Vec<_>>();
        let key = key.iter().map(|key| format!("CASE typeof({key}) WHEN 'blob' THEN hex({key}) ELSE {key} END"));
        let sql = format!(
            "SELECT count(*), count(checksum), min(CASE WHEN checksum <> {} THEN {} END) FROM main.\"{}\"",
            self.computed(""),
            key.collect::<Vec<_>>().join(" || '/' || "),
            self.name,
        );
        let (rows, guarded, wrong): (u64, u64, Option<String>) = connection.query_row(&sql, [], |row| {
            let text = |value: ValueRef<'_>| match value {
                ValueRef::Null => None,
                ValueRef::Integer(number) => Some(number.to_string()),
                ValueRef::Real(number) => Some(number.to_string()),
                ValueRef::Text(bytes) | ValueRef::Blob(bytes) => Some(String::from_utf8_lossy(bytes).into_owned()),
            };
            let count = |index| row.get::<_, i64>(index).map(i64::cast_unsigned);
            Ok((count(0)?, count(1)?, text(row.get_ref(2)?)))
        })?;
        Ok(match wrong {
            None => Ok(Guarded { rows: guarded, without: rows - guarded }),
            Some(key) => Err(Fault {
                table: self.name.clone(),
                what: format!("row {key} does not have its checksum: it was damaged, or altered with another tool"),
            }),
        })
    }
}

/// Lets a connection put the checksum into every row that it writes, in all guarded tables but those in which its
/// statements do so by themselves.
///
/// # Errors
/// If the database refuses.
pub fn watch(connection: &Connection, by_themselves: &[&str]) -> Result<(), rusqlite::Error> {
    register(connection)?;
    let tables = Table::every(connection)?;
    tables
        .iter()
        .filter(|table| !by_themselves.contains(&table.name.as_str()))
        .try_for_each(|table| table.watch(connection))
}

/// Compares every row of every guarded table with its checksum; the first that does not agree is named.
///
/// # Errors
/// If the tables cannot be listed. A table that cannot be read is a [`Fault`].
pub fn verify(connection: &Connection) -> Result<Result<Guarded, Fault>, rusqlite::Error> {
    register(connection)?;
    let mut all = Guarded::default();
    for table in Table::every(connection)? {
        match table.verify(connection) {
            Ok(Ok(guarded)) => {
                all.rows += guarded.rows;
                all.without += guarded.without;
            }
            Ok(Err(fault)) => return Ok(Err(fault)),
            Err(error) => return Ok(Err(Fault { table: table.name, what: error.to_string() })),
        }
    }
    Ok(Ok(all))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guarded() -> Connection {
        let connection = Connection::open_in_memory().unwrap();
        connection
            .execute_batch(
                "CREATE TABLE plain (id INTEGER PRIMARY KEY, text TEXT, checksum INTEGER NOT NULL DEFAULT 0);
                 CREATE TABLE pair (a INTEGER, b BLOB, value REAL NOT NULL, checksum INTEGER NOT NULL DEFAULT 0,
                     PRIMARY KEY (a, b)) WITHOUT ROWID;
                 CREATE TABLE open (id INTEGER PRIMARY KEY, text TEXT);",
            )
            .unwrap();
        watch(&connection, &[]).unwrap();
        connection
            .execute_batch(
                "INSERT INTO plain (text) VALUES ('one'), (NULL), ('two');
                 INSERT INTO pair (a, b, value) VALUES (1, x'00ff', 7), (2, x'01', -0.0);
                 INSERT INTO pair (a, b, value) VALUES (1, x'00ff', 8) ON CONFLICT DO UPDATE SET value = value + 8.5;
                 INSERT OR REPLACE INTO plain (id, text) VALUES (3, 'three');
                 UPDATE plain SET text = '二' WHERE id = 2;",
            )
            .unwrap();
        connection
    }

    /// A connection that puts no checksums in.
    fn another_tool(connection: &Connection, sql: &str) -> String {
        let triggers: Vec<String> = connection
            .prepare("SELECT name FROM temp.sqlite_schema WHERE type = 'trigger'")
            .unwrap()
            .query_map([], |row| row.get(0))
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap();
        triggers.iter().for_each(|name| connection.execute_batch(&format!("DROP TRIGGER {name}")).unwrap());
        connection.execute_batch(sql).unwrap();
        watch(connection, &[]).unwrap();
        let fault = verify(connection).unwrap().unwrap_err();
        format!("{} {}", fault.table, fault.what)
    }

    #[test]
    fn rows_that_were_written_and_changed_have_their_checksum() {
        let found = verify(&guarded()).unwrap().unwrap();
        assert_eq!(found, Guarded { rows: 5, without: 0 });
    }

    #[test]
    fn a_row_altered_with_another_tool_is_named_and_does_not_heal_when_it_is_changed() {
        let connection = guarded();
        let found = another_tool(&connection, "UPDATE plain SET text = 'onf' WHERE id = 1");
        assert!(found.starts_with("plain row 1 "), "{found}");
        connection.execute("UPDATE plain SET text = 'later' WHERE id = 1", []).unwrap();
        assert!(verify(&connection).unwrap().is_err(), "what was there before is not known to be whole");
        let connection = guarded();
        let found = another_tool(&connection, "UPDATE pair SET value = value + 1 WHERE a = 1");
        assert!(found.starts_with("pair row 1/00FF "), "{found}");
        let connection = guarded();
        let found = another_tool(&connection, "INSERT INTO plain (text) VALUES ('put in')");
        assert!(found.starts_with("plain row 4 "), "{found}");
    }

    #[test]
    fn every_flipped_bit_of_a_value_changes_the_checksum() {
        let text = "COD 7.25 mg/L，雨花亭".as_bytes();
        let row = |text: &[u8]| of([ValueRef::Integer(7), ValueRef::Null, ValueRef::Text(text), ValueRef::Real(7.25)]);
        for bit in 0..text.len() * 8 {
            let mut flipped = text.to_vec();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert_ne!(row(text), row(&flipped), "bit {bit}");
        }
        for bit in 0..64 {
            assert_ne!(of([ValueRef::Integer(7)]), of([ValueRef::Integer(7 ^ (1 << bit))]));
        }
        assert_ne!(of([ValueRef::Text(b"1"), ValueRef::Null]), of([ValueRef::Null, ValueRef::Text(b"1")]));
        assert_ne!(of([ValueRef::Text(b"1")]), of([ValueRef::Blob(b"1")]));
    }

    #[test]
    fn an_empty_column_that_is_added_later_leaves_the_checksums_right() {
        let connection = guarded();
        connection.execute_batch("ALTER TABLE plain ADD COLUMN added TEXT").unwrap();
        assert!(verify(&connection).unwrap().is_ok());
    }
}
