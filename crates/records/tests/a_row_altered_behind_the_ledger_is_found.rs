//! `verify` names what was altered with another tool, and a copy of a running ledger opens as it stood.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod support;

use bilan_records::ledger::{Broken, Write};
use rusqlite::Connection;
use serde_json::json;
use support::*;
use test_case::test_case;

fn filled() -> Bureau {
    let bureau = Bureau::new();
    for _ in 0..3 {
        let mut values = noise();
        values.insert("measures".into(), json!([{ "action": "停工", "units": 1 }]));
        bureau.ledger.create(&handler(), "complaint", values, Write::default()).unwrap();
    }
    let change = map(json!({ "subject": "第二件", "leq": 61.5, "measures": [{ "action": "降噪" }] }));
    bureau.ledger.edit(&handler(), "complaint", "TS202000002", 1, change, Write::default()).unwrap();
    bureau.ledger.delete(&head(), "complaint", "TS202000003", 1, "重复", Write::default()).unwrap();
    bureau
}

fn alter(bureau: &Bureau, sql: &str) -> Broken {
    let other_tool = Connection::open(bureau.path()).unwrap();
    assert_eq!(other_tool.execute(sql, []).unwrap(), 1, "{sql}");
    bureau.ledger.verify().unwrap().unwrap_err()
}

#[test]
fn an_untouched_ledger_is_sound() {
    let verified = filled().ledger.verify().unwrap().unwrap();
    assert_eq!((verified.entries, verified.rows, verified.versions), (5, 3, 2));
}

#[test_case("UPDATE r_complaint SET category = 'waste_gas' WHERE number = 'TS202000001'", 1, "TS202000001"; "a field")]
#[test_case("UPDATE r_complaint SET leq = 600 WHERE number = 'TS202000002'", 4, "TS202000002"; "a measured value")]
#[test_case("UPDATE r_complaint__measures SET units = 5 WHERE parent = 1", 1, "TS202000001"; "a child row")]
#[test_case("DELETE FROM r_complaint WHERE number = 'TS202000001'", 1, "TS202000001"; "a row taken out")]
#[test_case("UPDATE r_complaint SET deleted_at = NULL WHERE number = 'TS202000003'", 5, "TS202000003"; "a deletion undone")]
#[test_case("UPDATE journal SET actor = '别人' WHERE seq = 2", 2, "TS202000002"; "an entry")]
#[test_case("DELETE FROM journal WHERE seq = 2", 3, "TS202000003"; "an entry taken out")]
#[test_case("UPDATE journal SET reason = '无' WHERE seq = 5", 5, "TS202000003"; "a reason")]
#[test_case("UPDATE h_complaint SET subject = '改' WHERE version = 1 AND number = 'TS202000002'", 2, "TS202000002"; "an earlier version")]
#[test_case("UPDATE h_complaint__measures SET action = '改' WHERE parent = 2", 2, "TS202000002"; "a child row of an earlier version")]
fn the_first_thing_that_was_altered_is_named(sql: &str, seq: i64, number: &str) {
    let broken = alter(&filled(), sql);
    assert_eq!((broken.seq, broken.number.as_str(), broken.register.as_str()), (seq, number, "complaint"), "{broken}");
}

#[test_case("DELETE FROM f_complaint WHERE rowid = 1", "TS202000001"; "a record taken out of the index")]
#[test_case("INSERT OR REPLACE INTO f_complaint (rowid, name, text) VALUES (2, 'TS202000002', '别 的 话')", "TS202000002"; "other words for a record")]
#[test_case("INSERT INTO f_complaint (rowid, name, text) VALUES (3, 'TS202000003', '')", "TS202000003"; "a deleted record put back")]
#[test_case("INSERT INTO f_complaint (rowid, name, text) VALUES (99, '无', '无')", "99"; "words of no record")]
fn the_index_of_full_text_says_what_the_records_say(sql: &str, number: &str) {
    let bureau = filled();
    assert_eq!(bureau.ledger.verify().unwrap().unwrap().indexed, 2);
    let broken = alter(&bureau, sql);
    assert_eq!((broken.register.as_str(), broken.number.as_str()), ("f_complaint", number), "{broken}");
}

/// A ledger with clocks that ran, paused and reminded, keys, and a file.
fn busy() -> Bureau {
    let bureau = Bureau::new();
    let ledger = &bureau.ledger;
    let number = ledger.create(&handler(), "complaint", noise(), Write::once("first")).unwrap().number;
    let other = ledger.create(&handler(), "complaint", noise(), Write::once("second")).unwrap().number;
    let step = |number: &str, version, step: &str, values: serde_json::Value| {
        ledger
            .step(
                &handler(),
                "complaint",
                number,
                version,
                step,
                map(values),
                None,
                Write::once(&format!("{number}{step}")),
            )
            .unwrap();
    };
    for number in [&number, &other] {
        step(number, 1, "accept", json!({ "handler_name": "李经办" }));
        step(number, 2, "hold", json!({}));
        step(number, 3, "resume", json!({}));
    }
    ledger.attach(&handler(), "complaint", &number, &photo("a.jpg", b"\xff\xd8\xff\xe0")).unwrap();
    ledger.tick("2030-01-01T00:00:00Z".parse().unwrap()).unwrap();
    ledger.verify().unwrap().unwrap();
    bureau
}

#[test_case("DELETE FROM deadline", "deadline"; "every clock taken out")]
#[test_case("DELETE FROM deadline WHERE id = 2", "deadline"; "a clock taken out")]
#[test_case("UPDATE deadline SET started_at = '2020-03-09T00:00:00.000000Z' WHERE id = 1", "deadline"; "a clock set back")]
#[test_case("UPDATE deadline SET stopped_at = started_at WHERE id = 1", "deadline"; "a clock stopped")]
#[test_case("INSERT INTO deadline (register, record, key, round, rule, started_at) SELECT register, record, key, 9, rule, started_at FROM deadline WHERE id = 1", "deadline"; "a clock put in")]
#[test_case("DELETE FROM deadline_event", "deadline_event"; "every event of the clocks taken out")]
#[test_case("DELETE FROM deadline_event WHERE rowid = 1", "deadline_event"; "an event taken out")]
#[test_case("UPDATE deadline_event SET at = '2020-03-20T00:00:00.000000Z' WHERE rowid = 2", "deadline_event"; "an event moved")]
#[test_case("INSERT INTO deadline_event (deadline, kind, at) SELECT deadline, kind, at FROM deadline_event WHERE id = 1", "deadline_event"; "an event doubled")]
#[test_case("DELETE FROM reminder", "reminder"; "what was reminded of taken out")]
#[test_case("DELETE FROM write_key", "write_key"; "every key taken out")]
#[test_case("DELETE FROM write_key WHERE key LIKE '%first%'", "write_key"; "a key taken out")]
#[test_case("UPDATE write_key SET number = 'TS202000002' WHERE key LIKE '%first%'", "write_key"; "a key given to another record")]
#[test_case("DELETE FROM attachment_use", "attachment_use"; "uses of files taken out")]
#[test_case("UPDATE attachment_use SET record = 2", "attachment_use"; "a file hung on another record")]
#[test_case("UPDATE attachment SET added_by = '别人'", "attachment"; "who brought a file")]
#[test_case("UPDATE attachment SET bytes = x'ffd8ff00'", "attachment"; "the bytes of a file")]
#[test_case("UPDATE number_sequence SET last = 1", "number_sequence"; "the numbers given")]
#[test_case("DELETE FROM beside", "beside"; "what is sealed beside the records taken out")]
#[test_case("DELETE FROM h_complaint WHERE id = 1 AND version = 1", "complaint"; "an earlier version taken out")]
#[test_case("DELETE FROM r_complaint", "complaint"; "every record taken out")]
#[test_case("UPDATE journal SET at = '2020-03-02T02:00:00.000000Z' WHERE seq = 2", "complaint"; "the time of an entry")]
#[test_case("UPDATE journal SET action = 'import' WHERE seq = 2", "complaint"; "what an entry says was done")]
#[test_case("UPDATE journal SET changes = '{}' WHERE seq = 1", "complaint"; "the changes of an entry")]
fn what_stands_beside_the_records_is_covered_too(sql: &str, table: &str) {
    let bureau = busy();
    let other_tool = Connection::open(bureau.path()).unwrap();
    assert!(other_tool.execute(sql, []).unwrap() > 0, "{sql}");
    let broken = bureau.ledger.verify().unwrap().unwrap_err();
    assert_eq!(broken.register, table, "{broken}");
    // The next write of the ledger does not take what was altered under the chain.
    _ = bureau.ledger.create(&handler(), "complaint", noise(), Write::default());
    let reopened = open(bureau.path(), vec![enterprise(), complaint()], &bureau.clock).unwrap();
    assert!(reopened.verify().unwrap().is_err(), "altered, written to and opened again, it is still found");
}

#[test]
fn a_clock_that_was_set_back_stays_found_when_it_is_stopped_later() {
    let bureau = busy();
    let other_tool = Connection::open(bureau.path()).unwrap();
    let back = "UPDATE deadline SET started_at = '2020-03-09T00:00:00.000000Z' WHERE id = 1";
    other_tool.execute(back, []).unwrap();
    let close = map(json!({ "result": "已整改" }));
    let write = Write::default();
    bureau.ledger.step(&handler(), "complaint", "TS202000001", 5, "close", close, None, write).unwrap();
    let broken = bureau.ledger.verify().unwrap().unwrap_err();
    assert_eq!((broken.register.as_str(), broken.number.as_str()), ("deadline", "1"), "{broken}");
}

#[test]
fn a_ledger_of_an_earlier_version_is_whole_and_covered_from_its_first_start_on() {
    let bureau = busy();
    let path = bureau.dir.path().join("earlier.db");
    Connection::open(bureau.path()).unwrap().execute("VACUUM INTO ?1", [path.to_str().unwrap()]).unwrap();
    let entries = bureau.ledger.verify().unwrap().unwrap().entries;
    // As the version before left it: no entry covers anything beside the records.
    let earlier = Connection::open(&path).unwrap();
    earlier.execute("DELETE FROM beside", []).unwrap();
    earlier.execute("UPDATE journal SET beside = NULL", []).unwrap();
    uncovered(&earlier);
    drop(earlier);
    let reopened = || open(path.clone(), vec![enterprise(), complaint()], &bureau.clock).unwrap();
    assert_eq!(reopened().verify().unwrap().unwrap().entries, entries + 1, "one entry puts all of it under the chain");
    assert_eq!(reopened().verify().unwrap().unwrap().entries, entries + 1, "once and for all");
    Connection::open(&path).unwrap().execute("DELETE FROM deadline WHERE id = 1", []).unwrap();
    assert_eq!(reopened().verify().unwrap().unwrap_err().register, "deadline");
}

/// Computes the hashes anew as the version before made them.
fn uncovered(connection: &Connection) {
    use sm3::{Digest, Sm3};
    let mut statement = connection
        .prepare("SELECT seq, record, version, at, actor, action, register, number, changes, reason, row_digest FROM journal ORDER BY seq")
        .unwrap();
    let mut rows = statement.query([]).unwrap();
    let mut prev = vec![0_u8; 32];
    while let Some(row) = rows.next().unwrap() {
        let mut hasher = Sm3::new();
        hasher.update(&prev);
        for number in 0..3 {
            hasher.update(row.get::<_, i64>(number).unwrap().to_be_bytes());
        }
        for text in 3..9 {
            let text: String = row.get(text).unwrap();
            hasher.update((text.len() as u64).to_be_bytes());
            hasher.update(text.as_bytes());
        }
        let reason: Option<String> = row.get(9).unwrap();
        let digest: Option<Vec<u8>> = row.get(10).unwrap();
        for part in [reason.map(String::into_bytes), digest] {
            match part {
                None => hasher.update([0]),
                Some(bytes) => {
                    hasher.update([1]);
                    hasher.update((bytes.len() as u64).to_be_bytes());
                    hasher.update(&bytes);
                }
            }
        }
        let hash = hasher.finalize().to_vec();
        let seq: i64 = row.get(0).unwrap();
        connection.execute("UPDATE journal SET prev = ?2, hash = ?3 WHERE seq = ?1", (seq, &prev, &hash)).unwrap();
        prev = hash;
    }
}

#[test]
fn a_text_that_is_none_any_more_is_named_with_its_table_and_row() {
    let bureau = filled();
    let other_tool = Connection::open(bureau.path()).unwrap();
    other_tool.execute("UPDATE r_complaint SET subject = CAST(x'e5a49cff' AS TEXT) WHERE id = 1", []).unwrap();
    let broken = bureau.ledger.verify().unwrap().unwrap_err();
    assert_eq!((broken.register.as_str(), broken.number.as_str()), ("r_complaint", "1"), "{broken}");
}

#[test]
fn a_row_put_in_behind_the_ledger_is_found() {
    let bureau = filled();
    let broken = alter(
        &bureau,
        "INSERT INTO r_complaint (number, version, created_at, created_by, changed_at, changed_by, simulated) \
         VALUES ('TS202000099', 1, '2020', 'x', '2020', 'x', 0)",
    );
    assert_eq!(broken.number, "TS202000099");
}
