//! The program is killed between its two commits: the store holds a warning, the ledger has not written its record yet.
//! After the next start the record is there.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod running;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use running::Server;
use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};

/// Long enough for a machine with other work.
const PATIENCE: Duration = Duration::from_secs(120);

fn bilan() -> Command {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("bilan"));
    command.current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."));
    command
}

fn run(data: &Path, arguments: &[&str]) -> Output {
    let output = bilan().args(arguments).arg("--data").arg(data).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    output
}

fn wait_for(what: &str, mut is_so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < PATIENCE, "{what} does not come about");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// A water station that reports: number, MN and password.
fn water_station(data: &Path) -> (String, String, String) {
    let file = data.join("stations.jsonl");
    run(data, &["export", "station", "--format", "jsonl", "-o", file.to_str().unwrap()]);
    let text = std::fs::read_to_string(file).unwrap();
    let stations = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let field = |station: &Value, name: &str| station[name].as_str().unwrap_or_default().to_owned();
    let station =
        stations.into_iter().find(|station| field(station, "kind") == "water" && !field(station, "mn").is_empty());
    let station = station.unwrap();
    (field(&station, "number"), field(&station, "mn"), field(&station, "password"))
}

/// Reports a value over HTTP and waits until it is acknowledged.
fn report(server: &Server, mn: &str, password: &str, at: Timestamp, value: &str) {
    let time = (at + SignedDuration::from_hours(8)).strftime("%Y-%m-%dT%H:%M:%S+08:00").to_string();
    let values = json!([{ "factor": "w01009", "value": value }]);
    let body = json!({ "mn": mn, "password": password, "time": time, "values": values }).to_string();
    let mut line = TcpStream::connect(server.host()).unwrap();
    write!(
        line,
        "POST /devices/report HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nConnection: close\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut answer = String::new();
    line.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

fn read(data: &Path, file: &str) -> Connection {
    Connection::open_with_flags(data.join(file), OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap()
}

/// Id of the open warning of a station.
fn warning_of(data: &Path, station: &str) -> Option<String> {
    let sql = "SELECT id FROM warning WHERE station = ?1 AND rule = 'dissolved_oxygen_crash' AND cleared_at IS NULL";
    read(data, "observations.db").query_row(sql, [station], |row| row.get(0)).ok()
}

fn has_record(data: &Path, warning: &str) -> bool {
    let sql = "SELECT count(*) FROM write_key WHERE key = ?1";
    let count: i64 =
        read(data, "records.db").query_row(sql, [format!("bridge/rules/warning:{warning}")], |row| row.get(0)).unwrap();
    count == 1
}

#[test]
fn a_warning_whose_program_was_killed_before_its_record_was_written_has_it_after_the_next_start() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let server = Server::start(&data);
    let (station, mn, password) = water_station(&data);

    // A program that holds the ledger's file keeps the record from being written, but not the value and its warning.
    let mut ledger = Connection::open(data.join("records.db")).unwrap();
    ledger.busy_timeout(PATIENCE).unwrap();
    let held = ledger.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate).unwrap();
    let now = Timestamp::now();
    for (minute, value) in ["4.0", "3.0", "2.4", "1.9", "1.7", "1.6", "1.5", "1.4", "1.3"].iter().enumerate() {
        let at = now - SignedDuration::from_mins(9 - i64::try_from(minute).unwrap());
        report(&server, &mn, &password, at, value);
    }
    wait_for("the warning", || warning_of(&data, &station).is_some());
    drop(server);
    drop(held);
    drop(ledger);

    let warning = warning_of(&data, &station).unwrap();
    assert!(!has_record(&data, &warning), "the record was not written yet");
    let verified = run(&data, &["verify"]);
    let said = String::from_utf8(verified.stderr).unwrap();
    assert!(said.contains("warnings without a record") && !said.contains("\n0 warnings"), "{said}");

    let server = Server::start(&data);
    wait_for("the record", || has_record(&data, &warning));
    drop(server);
}
