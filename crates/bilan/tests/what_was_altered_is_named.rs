//! `bilan verify` over a whole data folder: what was altered with another tool is found and named with its file.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod altered;

use std::path::Path;

use altered::{bilan, filled};
use bilan_telemetry::Store;
use predicates::prelude::*;
use predicates::str::contains;
use rusqlite::Connection;
use test_case::test_case;

fn alter(data: &Path, database: &str, sql: &str) {
    assert!(Connection::open(data.join(database)).unwrap().execute(sql, []).unwrap() > 0, "{sql}");
}

#[test_case("accounts.db", "UPDATE account SET roles = 'admin' WHERE name = 'li.ming'", "account li.ming"; "a role given")]
#[test_case("accounts.db", "DELETE FROM account WHERE name = 'zhou.jian'", "account zhou.jian"; "an account taken out")]
#[test_case("accounts.db", "UPDATE account SET password = (SELECT password FROM account WHERE name = 'li.ming') WHERE name = 'zhou.jian'", "account zhou.jian"; "a password put in")]
#[test_case("accounts.db", "INSERT INTO account (name, display_name, password, roles) SELECT 'mallory', 'm', password, 'admin' FROM account LIMIT 1", "account mallory"; "an account put in")]
#[test_case("accounts.db", "UPDATE account SET cell = '330110001'", "account li.ming"; "a cell given")]
#[test_case("accounts.db", "UPDATE account SET enterprise = 'QY2020001' WHERE name = 'li.ming'", "account li.ming"; "an enterprise given")]
#[test_case("accounts.db", "UPDATE account SET second_factor = x'00' WHERE name = 'li.ming'", "credential li.ming"; "a second factor put in")]
#[test_case("accounts.db", "INSERT INTO recovery_code (account, digest) VALUES ('zhou.jian', x'00')", "credential zhou.jian"; "a code for emergencies put in")]
#[test_case("accounts.db", "INSERT INTO token (digest, account, label, issued_at, expires_at) VALUES (x'00', 'zhou.jian', 'x', '2026-01-01', '2036-01-01')", "credential zhou.jian"; "a token put in")]
#[test_case("accounts.db", "UPDATE token SET expires_at = '2036-01-01T00:00:00.000000Z'", "credential li.ming"; "a token that holds longer")]
#[test_case("accounts.db", "UPDATE token SET account = 'zhou.jian'", "credential "; "a token of somebody else")]
#[test_case("accounts.db", "DELETE FROM token", "credential li.ming"; "a token taken out")]
#[test_case("accounts.db", "UPDATE event SET what = 'enabled' WHERE id = 1", "accounts.db: event: row 1 "; "what happened to an account")]
#[test_case("accounts.db", "INSERT INTO session (digest, account, csrf, began_at, seen_at) VALUES (x'00', 'li.ming', 'x', '2026-01-01', '2026-01-01')", "accounts.db: session: row 00 "; "a session put in clumsily")]
#[test_case("observations.db", "UPDATE hot SET value = 7.5 WHERE value = 1.25", "observations.db: hot"; "a value that is not sealed yet")]
#[test_case("observations.db", "UPDATE held SET flag = 'D'", "observations.db: held"; "the mark of an hour")]
#[test_case("observations.db", "UPDATE latest SET ts = ts + 1000", "observations.db: latest"; "the time of the newest value")]
#[test_case("observations.db", "UPDATE revision SET value = 6.75", "observations.db: revision"; "what a value was before")]
#[test_case("observations.db", "UPDATE series SET factor = 'w01010' WHERE kind = 'realtime'", "observations.db: series"; "what was measured")]
#[test_case("observations.db", "UPDATE warning SET opened_at = opened_at + 60000", "observations.db: warning"; "when a warning opened")]
#[test_case("observations.db", "UPDATE device SET last_heard = last_heard + 3600000", "observations.db: device"; "when a device was heard last")]
#[test_case("observations.db", "UPDATE packet SET raw = x'00' WHERE id = 1100", "observations.db: packet"; "a packet that is in no block yet")]
#[test_case("observations.db", "UPDATE arrival SET mn = 'M2' WHERE id = 1100", "observations.db: arrival"; "whose packet it was")]
#[test_case("observations.db", "UPDATE quarantine SET reason = 'x'", "observations.db: quarantine"; "why a packet is in quarantine")]
#[test_case("observations.db", "UPDATE packet_block SET first = first + 1", "observations.db: packet_block"; "the numbers of packets")]
#[test_case("observations.db", "UPDATE chunk SET series = 2", "observations.db: chunk"; "whose values a chunk holds")]
#[test_case("notices.db", "UPDATE message SET notice = replace(notice, '1.25', '5.25')", "notices.db: message: row 1 "; "what was said")]
#[test_case("notices.db", "UPDATE message SET sent_at = 1, next_at = NULL", "notices.db: message: row 1 "; "a notice called sent")]
#[test_case("notices.db", "UPDATE subscription SET endpoint = 'https://elsewhere.example/1'", "notices.db: subscription"; "who is called")]
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

#[test_case("records.db", "DROP TABLE write_key", "records.db: write_key: the table write_key is missing")]
#[test_case("accounts.db", "DROP TABLE event", "accounts.db: event: the table event is missing")]
#[test_case("observations.db", "DROP TABLE doubt", "observations.db: doubt: the table doubt is missing")]
#[test_case(
    "observations.db",
    "ALTER TABLE quarantine DROP COLUMN peer",
    "observations.db: quarantine: the column peer is missing"
)]
#[test_case("notices.db", "DROP TABLE subscription", "notices.db: subscription: the table subscription is missing")]
fn a_part_of_a_database_that_is_gone_is_named(database: &str, sql: &str, named: &str) {
    let folder = filled();
    Connection::open(folder.path().join(database)).unwrap().execute_batch(sql).unwrap();
    bilan(folder.path(), &["verify"]).assert().code(1).stdout("").stderr(contains(named));
}

#[test]
fn an_account_that_was_altered_stays_named_when_it_is_changed_later() {
    let folder = filled();
    let data = folder.path();
    alter(data, "accounts.db", "UPDATE account SET roles = 'admin' WHERE name = 'li.ming'");
    alter(
        data,
        "accounts.db",
        "INSERT INTO token SELECT x'00', 'zhou.jian', label, issued_at, expires_at, 0 FROM token",
    );
    // What the program itself changes covers how the account then stands: without a mark the forgery would be covered, too.
    bilan(data, &["user", "disable", "li.ming"]).assert().success();
    bilan(data, &["user", "token", "zhou.jian"]).assert().success();
    let mended = Connection::open(data.join("accounts.db")).unwrap();
    mended.execute_batch("UPDATE account SET roles = 'handler'; DELETE FROM token WHERE digest = x'00'").unwrap();
    let named = contains("account li.ming").or(contains("credential zhou.jian"));
    bilan(data, &["verify"]).assert().code(1).stderr(named.and(contains("had been altered")));
}

#[test]
fn a_value_that_was_damaged_before_it_was_sealed_is_named_with_its_chunk_afterwards() {
    let folder = filled();
    let data = folder.path();
    alter(data, "observations.db", "UPDATE hot SET value = 7.5 WHERE ts = (SELECT max(ts) FROM hot)");
    let store = Store::open(&data.join("observations.db"), Vec::new()).unwrap();
    let sealed = store.seal_blocking("2024-06-24T00:00:00Z".parse().unwrap()).unwrap();
    assert!(sealed.values >= 120, "{sealed:?}");
    drop(store);
    bilan(data, &["verify"]).assert().code(1).stderr(contains("observations.db: chunk"));
}
