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
