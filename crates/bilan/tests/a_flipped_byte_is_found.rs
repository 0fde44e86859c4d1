//! Bytes are flipped all over the databases of a data folder: whatever then says something else is found by `bilan verify`,
//! and its file named.
//!
//! `cargo nextest run --workspace --test a_flipped_byte_is_found --run-ignored all --no-capture` counts over many more.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod altered;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::Mutex;

use altered::{DATABASES, bilan, filled};
use rusqlite::Connection;

/// Everything that a database says: each row of each table, and of an index of full text each word with its place.
type Said = BTreeMap<String, Vec<String>>;

fn said(path: &Path) -> Result<Said, rusqlite::Error> {
    let connection = Connection::open(path)?;
    let tables: Vec<(String, bool)> = connection
        .prepare("SELECT name, sql LIKE 'CREATE VIRTUAL%' FROM sqlite_schema WHERE type = 'table' ORDER BY name")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    let indexes: Vec<&String> = tables.iter().filter(|(_, index)| *index).map(|(name, _)| name).collect();
    let mut said = BTreeMap::new();
    for (table, is_index) in &tables {
        // The tables in which an index keeps its words are read as the words.
        if indexes.iter().any(|index| table.starts_with(&format!("{index}_"))) {
            continue;
        }
        if *is_index {
            connection.execute_batch(&format!(
                "CREATE VIRTUAL TABLE temp.words_{table} USING fts5vocab('main', '{table}', 'instance')"
            ))?;
            said.insert(table.clone(), rows(&connection, &format!("temp.words_{table}"))?);
        } else {
            said.insert(table.clone(), rows(&connection, &format!("main.\"{table}\""))?);
        }
    }
    Ok(said)
}

fn rows(connection: &Connection, table: &str) -> Result<Vec<String>, rusqlite::Error> {
    let mut rows = connection.prepare(&format!("SELECT * FROM {table}"))?;
    let columns = rows.column_count();
    let rows = rows.query_map([], |row| {
        let values = (0..columns).map(|index| Ok(format!("{:?}", row.get_ref(index)?)));
        Ok(values.collect::<Result<Vec<_>, rusqlite::Error>>()?.join("|"))
    })?;
    // A row that is written anew stands at another place.
    let mut rows: Vec<String> = rows.collect::<Result<_, _>>()?;
    rows.sort_unstable();
    Ok(rows)
}

/// Which tables say something else than before; `None` if the file cannot be read any more.
fn changed(before: &Said, path: &Path) -> Option<Vec<String>> {
    let after = said(path).ok()?;
    let tables: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    Some(tables.into_iter().filter(|table| before.get(*table) != after.get(*table)).cloned().collect())
}

fn copied(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_file() {
            fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
}

/// What came of a flipped byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// Nothing says anything else.
    Silent,
    /// Something says something else; it is found and its file named.
    Named,
    /// The start wrote it anew from what it follows from.
    Mended,
}

/// Flips a bit of one byte in a copy of the folder.
fn flip(whole: &Path, database: &str, before: &Said, place: usize, at: usize) -> Outcome {
    let damaged = tempfile::tempdir().unwrap();
    copied(whole, damaged.path());
    let path = damaged.path().join(database);
    let mut bytes = fs::read(&path).unwrap();
    bytes[at] ^= 1 << (place % 8);
    fs::write(&path, &bytes).unwrap();
    let changed = changed(before, &path);
    let verified = bilan(damaged.path(), &["verify"]).output().unwrap();
    let told = String::from_utf8_lossy(&verified.stderr).into_owned();
    let place = format!("{database} at {at} ({changed:?})");
    if verified.status.success() {
        if changed.as_ref().is_some_and(Vec::is_empty) {
            return Outcome::Silent;
        }
        assert_eq!(
            self::changed(before, &path),
            Some(Vec::new()),
            "{place}: it says something else and is called whole"
        );
        return Outcome::Mended;
    }
    assert!(told.contains(database), "{place}: the file is not named: {told}");
    if changed.is_some_and(|tables| tables.is_empty()) { Outcome::Silent } else { Outcome::Named }
}

/// Flips bytes at so many places of each database; gives for each how many said something else and were named, how many
/// were mended, and how many changed nothing.
fn sweep(places: usize) -> BTreeMap<&'static str, [usize; 3]> {
    let whole = filled();
    let counted = Mutex::new(BTreeMap::<&str, [usize; 3]>::new());
    // Before anything is copied: a database that is read has files beside it that come and go.
    let said_before = DATABASES.map(|database| said(&whole.path().join(database)).unwrap());
    std::thread::scope(|scope| {
        for (database, before) in DATABASES.into_iter().zip(&said_before) {
            let (whole, counted) = (whole.path(), &counted);
            scope.spawn(move || {
                let bytes = fs::read(whole.join(database)).unwrap();
                // Bytes that hold something: a large part of a small file is room that nothing stands in.
                let used: Vec<usize> = (0..bytes.len()).filter(|at| bytes[*at] != 0).collect();
                for place in 0..places {
                    let at = used[used.len() * (2 * place + 1) / (2 * places)];
                    let outcome = flip(whole, database, before, place, at);
                    counted.lock().unwrap().entry(database).or_default()[match outcome {
                        Outcome::Named => 0,
                        Outcome::Mended => 1,
                        Outcome::Silent => 2,
                    }] += 1;
                }
            });
        }
    });
    counted.into_inner().unwrap()
}

#[test]
fn each_flipped_byte_that_changes_what_a_database_says_is_found_and_its_file_named() {
    for (database, [named, ..]) in sweep(10) {
        assert!(named > 0, "nothing of {database} changed anything: the test looks at nothing");
    }
}

#[test]
#[ignore = "takes minutes: for counting"]
fn a_hundred_flipped_bytes_of_each_database() {
    for (database, [named, mended, silent]) in sweep(100) {
        println!(
            "{database}: {named} change an answer, found and named; {mended} mended at the start; {silent} change nothing"
        );
    }
}
