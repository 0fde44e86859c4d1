//! Data folders that earlier versions wrote are opened, brought up to date, and say what they said before.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use bilan_records::actor::Actor;
use bilan_records::catalogue;
use bilan_records::ledger::{Ledger, ListQuery};
use bilan_records::personal::Keyring;
use bilan_standards::clock::FixedClock;
use test_case::test_case;

fn unpack(version: &str, data: &Path) {
    let packed = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/before/{version}.tar.zst"));
    let bytes = zstd::decode_all(std::fs::File::open(packed).unwrap()).unwrap();
    tar::Archive::new(bytes.as_slice()).unpack(data).unwrap();
}

fn bilan(data: &Path, arguments: &[&str]) -> String {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("bilan"));
    command.current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."));
    let output = command.args(arguments).arg("--data").arg(data).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{arguments:?}: {said}");
    String::from_utf8(output.stdout).unwrap()
}

fn version_of(data: &Path, file: &str) -> i64 {
    let connection = rusqlite::Connection::open(data.join(file)).unwrap();
    connection.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap()
}

#[test_case("0.1.0")]
fn a_folder_of_an_earlier_version_is_taken_over_whole(version: &str) {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    unpack(version, data);

    let verified = bilan(data, &["verify"]);
    assert!(verified.starts_with("ok "), "the journal is whole: {verified}");
    let complaints = data.join("complaints.jsonl");
    bilan(data, &["export", "complaint", "--format", "jsonl", "-o", complaints.to_str().unwrap()]);
    let complaints = std::fs::read_to_string(complaints).unwrap();
    assert_eq!(complaints.lines().count(), 5);
    assert!(complaints.contains("15460626686"), "personal fields open with the key of the folder");
    let values =
        bilan(data, &["observations", "export", "--series", "*", "--from", "2026-11-26", "--to", "2026-11-27"]);
    assert_eq!(values.lines().count(), 1 + 80, "40 packets of two values each");
    assert!(values.contains("ZD2016001:w01001:minute:avg,2026-11-26T08:20:00+08:00,600,7.11,N"), "{values}");
    let accounts = bilan(data, &["user", "list"]);
    assert!(accounts.contains("admin.old") && accounts.contains("duty.old"), "{accounts}");
    bilan_notify::Outbox::open(&data.join("notices.db")).unwrap();

    for file in ["records.db", "observations.db", "accounts.db", "notices.db"] {
        assert!(version_of(data, file) >= 1, "{file} has a version now");
    }
    assert!(version_of(data, "observations.db") >= 4);
}

#[test_case("0.1.0")]
fn records_of_an_earlier_version_are_found_by_every_text_of_theirs(version: &str) {
    let folder = tempfile::tempdir().unwrap();
    unpack(version, folder.path());
    let files = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let catalogue = Arc::new(catalogue::load(&files).unwrap_or_else(|faults| panic!("{faults}")));
    let keyring = Keyring::open_or_create(&folder.path().join("personal.key")).unwrap();
    let clock = Arc::new(FixedClock::new("2027-01-15T02:00:00Z".parse().unwrap()));
    let ledger = Ledger::open(&folder.path().join("records.db"), catalogue, clock, keyring).unwrap();
    let actor = Actor::system("test");
    let mut found = 0;
    for record in ledger.list(&actor, ListQuery::of("complaint")).unwrap().records {
        let address = record.external()["place"].get("address").cloned().unwrap_or_default();
        for text in [&record.external()["subject"], &record.external()["content"], &address] {
            let words = text.as_str().unwrap_or_default();
            let query = ListQuery { search: Some(words.to_owned()), ..ListQuery::of("complaint") };
            let numbers = ledger.list(&actor, query).unwrap().records.into_iter().map(|record| record.number);
            assert!(words.is_empty() || numbers.into_iter().any(|number| number == record.number), "{words}");
            found += usize::from(!words.is_empty());
        }
    }
    assert!(found >= 10, "{found} texts were looked for");
}

#[test_case("records.db", &["verify"])]
#[test_case("observations.db", &["observations", "export", "--from", "2026-11-26", "--to", "2026-11-27"])]
#[test_case("accounts.db", &["user", "list"])]
fn a_file_of_a_later_version_is_refused_by_name(file: &str, command: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    unpack("0.1.0", folder.path());
    let connection = rusqlite::Connection::open(folder.path().join(file)).unwrap();
    connection.pragma_update(None, "user_version", 9_999).unwrap();
    drop(connection);
    let mut bilan = Command::new(assert_cmd::cargo::cargo_bin!("bilan"));
    bilan.current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."));
    let output = bilan.args(command).arg("--data").arg(folder.path()).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains(file) && said.contains("9999"), "{said}");
}
