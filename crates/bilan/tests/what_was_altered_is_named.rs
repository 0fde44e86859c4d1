//! `bilan verify` over a whole data folder: what was altered with another tool, and each flipped byte that changes what a
//! database says, is found and named with its file.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use assert_cmd::Command;
use bilan_telemetry::{Device, Store, Submission};
use hj212::{Flag, Message, Mode, packets};
use jiff::{SignedDuration, Timestamp};
use predicates::str::contains;
use rusqlite::Connection;
use test_case::test_case;

fn bilan(data: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::cargo_bin("bilan").unwrap();
    command
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."))
        .env_remove("BILAN_FILES")
        .args(arguments)
        .arg("--data")
        .arg(data);
    command
}

/// A data folder with accounts, complaints, sealed observations and packed packets.
fn filled() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    for (name, role) in [("li.ming", "handler"), ("zhou.jian", "auditor")] {
        bilan(data, &["user", "add", name, "--role", role]).write_stdin("a quiet Tuesday\n").assert().success();
    }
    let lines: Vec<String> = (0..120).map(complaint).collect();
    let file = data.with_extension("jsonl");
    fs::write(&file, lines.join("\n")).unwrap();
    bilan(data, &["import", "complaint", file.to_str().unwrap()]).assert().success();
    fs::remove_file(file).unwrap();
    observe(&data.join("observations.db"));
    // The first look covers what is there; afterwards the log of each database goes into its file.
    bilan(data, &["verify"]).assert().success().stdout(predicates::str::starts_with("ok "));
    for name in ["records.db", "accounts.db", "observations.db"] {
        let connection = Connection::open(data.join(name)).unwrap();
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    }
    folder
}

fn complaint(number: usize) -> String {
    let day = number % 28 + 1;
    serde_json::json!({
        "received_at": format!("2020-03-{day:02}T22:15:00+08:00"), "source": "hotline12345", "category": "noise",
        "kind": "construction_night", "subject": format!("夜间施工噪声第{number}件"),
        "content": format!("工地深夜浇筑混凝土，影响休息，已是第{number}次反映，请尽快处理并回复。"),
        "complainant": "王小明", "phone": "13800001234", "confidential": false,
        "place": { "address": format!("雨花亭街道{number}号") },
    })
    .to_string()
}

fn observe(path: &Path) {
    let store = Store::open(path, Vec::new()).unwrap();
    let begin: Timestamp = "2024-06-21T00:00:00Z".parse().unwrap();
    let device = Arc::new(Device::new("M1", "123456", "W1", "圭塘河站", "water"));
    for minute in 0..1100 {
        let at = begin + SignedDuration::from_mins(minute);
        let time = bilan_telemetry::intake::data_time_text(at);
        let message = Message { qn: Some(format!("{time}000")), ..Message::new("21", "2011", "M1", Flag(5)) };
        let value = format!("{}.{}", 5 + minute % 4, minute % 10);
        let bytes = message.group([("DataTime", time)]).group([("w01009-Rtd", value)]).encode().unwrap();
        let Some(hj212::Event::Packet { packet, .. }) = packets(&bytes, Mode::Tolerant).next() else {
            panic!("a good packet")
        };
        store.append_blocking(Submission::new(&packet, Arc::clone(&device), "127.0.0.1:1", at)).unwrap();
    }
    let sealed = store.seal_blocking(begin + SignedDuration::from_hours(24)).unwrap();
    assert!(sealed.chunks > 0 && sealed.packets == 1000, "{sealed:?}");
}

fn alter(data: &Path, database: &str, sql: &str) {
    assert!(Connection::open(data.join(database)).unwrap().execute(sql, []).unwrap() > 0, "{sql}");
}

#[test_case("accounts.db", "UPDATE account SET roles = 'admin' WHERE name = 'li.ming'", "account li.ming"; "a role given")]
#[test_case("accounts.db", "DELETE FROM account WHERE name = 'zhou.jian'", "account zhou.jian"; "an account taken out")]
#[test_case("accounts.db", "UPDATE account SET password = (SELECT password FROM account WHERE name = 'li.ming') WHERE name = 'zhou.jian'", "account zhou.jian"; "a password put in")]
#[test_case("accounts.db", "INSERT INTO account (name, display_name, password, roles) SELECT 'mallory', 'm', password, 'admin' FROM account LIMIT 1", "account mallory"; "an account put in")]
#[test_case("observations.db", "UPDATE chunk SET blob = zeroblob(60)", "observations.db: chunk"; "a chunk of observations")]
#[test_case("observations.db", "UPDATE chunk SET count = count + 1", "observations.db: chunk"; "the count of a chunk")]
#[test_case("observations.db", "UPDATE packet_block SET from_at = from_at - 1", "observations.db: packet_block"; "the time of a block of packets")]
#[test_case("observations.db", "INSERT INTO review (key, station, from_ts, to_ts, counts, reason, by, at) VALUES ('SH2020001', 'W1', 0, 9, 0, 'x', 'x', 0)", "observations.db: review"; "a review that nobody entered")]
#[test_case("records.db", "DELETE FROM deadline", "records.db: "; "the clocks taken out")]
fn what_was_altered_with_another_tool_is_named(database: &str, sql: &str, named: &str) {
    let folder = filled();
    alter(folder.path(), database, sql);
    bilan(folder.path(), &["verify"]).assert().code(1).stdout("").stderr(contains(named));
}

/// Everything that a database says: each row of each table.
fn said(path: &Path) -> Result<BTreeMap<String, Vec<String>>, rusqlite::Error> {
    let connection = Connection::open(path)?;
    let tables: Vec<String> = connection
        .prepare(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%' ORDER BY name",
        )?
        .query_map([], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    let mut said = BTreeMap::new();
    for table in tables {
        let mut rows = connection.prepare(&format!("SELECT * FROM \"{table}\""))?;
        let columns = rows.column_count();
        let rows = rows.query_map([], |row| {
            let values = (0..columns).map(|index| Ok(format!("{:?}", row.get_ref(index)?)));
            Ok(values.collect::<Result<Vec<_>, rusqlite::Error>>()?.join("|"))
        })?;
        said.insert(table, rows.collect::<Result<_, _>>()?);
    }
    Ok(said)
}

fn copied(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_file() {
            fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
}

/// Which tables say something else once a byte is flipped; `None` if the file cannot be read any more.
fn changed(before: &BTreeMap<String, Vec<String>>, path: &Path) -> Option<Vec<String>> {
    let after = said(path).ok()?;
    let differ = |table: &&String| before.get(*table) != after.get(*table);
    Some(before.keys().filter(differ).cloned().collect())
}

/// Tables whose rows are kept anew at every start, or say only what was seen last: no answer of record hangs on them.
const PASSING: [&str; 10] = [
    "schema_column",
    "arrival",
    "packet",
    "latest",
    "device",
    "device_tolerance",
    "mark",
    "session",
    "event",
    "attempt",
];

/// The index of full text follows from the records. Its structure is checked by SQLite; a word that is changed in it and still is well-formed alters only what
/// a search finds, and is not compared with the records (decision 12).
fn is_full_text(table: &str) -> bool {
    table.starts_with("f_")
}

#[test]
fn each_flipped_byte_that_changes_what_a_database_says_is_found_and_its_file_named() {
    let whole = filled();
    let mut found = Vec::new();
    for (database, places) in [("records.db", 24_usize), ("accounts.db", 8), ("observations.db", 8)] {
        let path = whole.path().join(database);
        let bytes = fs::read(&path).unwrap();
        let before = said(&path).unwrap();
        // Bytes that hold something: a large part of a small file is room that nothing stands in.
        let used: Vec<usize> = (0..bytes.len()).filter(|at| bytes[*at] != 0).collect();
        for place in 0..places {
            let damaged = tempfile::tempdir().unwrap();
            copied(whole.path(), damaged.path());
            let mut bytes = bytes.clone();
            let at = used[used.len() * (2 * place + 1) / (2 * places)];
            bytes[at] ^= 0x10;
            let path = damaged.path().join(database);
            fs::write(&path, &bytes).unwrap();
            let changed = changed(&before, &path);
            let verified = bilan(damaged.path(), &["verify"]).output().unwrap();
            let told = String::from_utf8_lossy(&verified.stderr).into_owned();
            let lasting = changed.as_ref().is_none_or(|tables| {
                tables.iter().any(|table| !PASSING.contains(&table.as_str()) && !is_full_text(table))
            });
            if lasting {
                assert!(
                    !verified.status.success(),
                    "{database} at {at}: {changed:?} says something else, and all is called whole"
                );
                assert!(told.contains(database), "{database} at {at} ({changed:?}) is not named: {told}");
                found.push((database, at));
            }
        }
    }
    assert!(found.len() >= 8, "only {found:?} changed anything: the test looks at nothing");
}
