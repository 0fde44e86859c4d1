#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

#[path = "../../../tests/support/mod.rs"]
mod support;

use std::collections::BTreeSet;

use serde_json::json;
use support::*;
use test_case::test_case;

use super::*;
use crate::{
    journal::Action,
    ledger::{JournalQuery, ListQuery, Write},
};

const ROWS: usize = 450;

fn arrival(ledger: &Ledger) -> Arrival {
    Arrival { action: Action::Import, at: ledger.now(), simulated: false, with_past: true }
}

/// Checks rows as an import does, and lays them aside.
fn checked(ledger: &Ledger, register: &str, rows: &[JsonMap]) -> (Scratch, i64) {
    let scratch = Scratch::new(ledger.keyring()).unwrap();
    let (reader, actor) = (ledger.reader().unwrap(), system());
    let session = Session { beside: Some(&scratch), ..ledger.session(&reader, &actor, None).unwrap() };
    let register = ledger.register(register).unwrap();
    for (line, row) in (2..).zip(rows) {
        check_row(&session, &scratch, register, line, row, &arrival(ledger)).unwrap();
    }
    let since = session.chain.seq();
    (scratch, since)
}

fn complaints() -> Vec<JsonMap> {
    let complaint = |n: usize| {
        let mut values = noise();
        values.insert("subject".into(), json!(format!("批次第{n}件")));
        values.insert("measures".into(), json!([{ "action": "停工", "units": n }]));
        values
    };
    (0..ROWS).map(complaint).collect()
}

fn total(ledger: &Ledger, query: ListQuery) -> u64 {
    ledger.count(&system(), &query).unwrap()
}

fn found(ledger: &Ledger, words: &str) -> u64 {
    total(ledger, ListQuery { search: Some(words.into()), ..ListQuery::of("complaint") })
}

/// Rows in every table of a register and of its batches.
fn rows_left(bureau: &Bureau) -> i64 {
    let connection = rusqlite::Connection::open(bureau.path()).unwrap();
    ["r_complaint", "r_complaint__measures", "f_complaint_docsize", "deadline", "import_batch", "import_entry"]
        .iter()
        .map(|table| {
            connection.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get::<_, i64>(0)).unwrap()
        })
        .sum()
}

#[test]
fn nothing_of_a_batch_is_seen_until_it_is_published_and_then_all_of_it() {
    let bureau = Bureau::new();
    let (ledger, actor) = (&bureau.ledger, system());
    let (scratch, since) = checked(ledger, "complaint", &complaints());
    let register = ledger.register("complaint").unwrap();
    let begun = ledger.now();
    let mut stage = Stage::begin(ledger, &actor, register, &scratch, arrival(ledger)).unwrap();
    assert!(stage.write().unwrap().is_empty());

    bureau.at("2020-03-02T02:00:00Z");
    let list = || total(ledger, ListQuery::of("complaint"));
    assert_eq!((list(), found(ledger, "批次"), ledger.years("complaint").unwrap()), (0, 0, Vec::new()));
    assert!(ledger.record(&actor, "complaint", "TS202000001", None).is_err());
    assert!(ledger.journal(&actor, &JournalQuery::newest(10)).unwrap().entries.is_empty());
    assert_eq!(ledger.verify().unwrap().unwrap().entries, 0);
    let honest = ledger.create(&handler(), "complaint", noise(), Write::default()).unwrap();
    assert_eq!(honest.number, "TS202000001", "the batch takes no number before it is published");
    let between = ledger.now();
    bureau.at("2020-03-02T03:00:00Z");
    assert_eq!(list(), 1);

    let faults = Publication::begin(&stage, since).unwrap().publish(&mut stage).unwrap();
    assert!(faults.is_empty());
    assert_eq!((list(), found(ledger, "批次")), (ROWS as u64 + 1, ROWS as u64));
    let as_of = |at| total(ledger, ListQuery { as_of: Some(at), ..ListQuery::of("complaint") });
    assert_eq!((as_of(begun), as_of(between), as_of(ledger.now())), (0, 1, ROWS as u64 + 1));
    let verified = ledger.verify().unwrap().unwrap();
    assert_eq!(
        (verified.entries, verified.rows),
        (ROWS as u64 + 2, ROWS as u64 + 1),
        "an entry each, and one for the batch"
    );
    let timeline = ledger.timeline(&actor, "complaint", "TS202000002").unwrap();
    assert_eq!((timeline.len(), &timeline[0].action, timeline[0].seq), (1, &Action::Import, 2));
    assert!(timeline[0].changes.iter().any(|change| change.field == "subject"));
    let changed = ledger.edit(&actor, "complaint", "TS202000002", 1, map(json!({ "leq": 60 })), Write::default());
    assert_eq!(changed.unwrap().version, 2);
    assert_eq!(ledger.verify().unwrap().unwrap().versions, 1);
}

#[test]
fn numbers_that_others_take_meanwhile_are_theirs_and_none_is_left_out() {
    let bureau = Bureau::new();
    let (ledger, actor) = (&bureau.ledger, system());
    let (scratch, since) = checked(ledger, "complaint", &complaints());
    let register = ledger.register("complaint").unwrap();
    let mut stage = Stage::begin(ledger, &actor, register, &scratch, arrival(ledger)).unwrap();
    assert!(stage.write().unwrap().is_empty());
    let create = || ledger.create(&handler(), "complaint", noise(), Write::default()).unwrap().number;
    let honest: BTreeSet<String> = (0..120).map(|_| create()).collect();
    assert_eq!(honest.last().map(String::as_str), Some("TS202000120"));
    assert!(Publication::begin(&stage, since).unwrap().publish(&mut stage).unwrap().is_empty());

    let query = ListQuery { limit: 1_000, ..ListQuery::of("complaint") };
    let numbers: BTreeSet<String> =
        ledger.list(&actor, query).unwrap().records.into_iter().map(|record| record.number).collect();
    let expected: BTreeSet<String> = (1..=ROWS + 120).map(|n| format!("TS2020{n:05}")).collect();
    assert_eq!(numbers, expected);
    assert_eq!(create(), format!("TS2020{:05}", ROWS + 121));
    assert_eq!(found(ledger, "TS202000570"), 1, "a record that got another number is found by it");
    assert_eq!(ledger.record(&actor, "complaint", "TS202000570", None).unwrap().values["phone"], "138****5678");
    assert_eq!(ledger.unmask(&actor, "complaint", "TS202000570", "phone", "核对").unwrap(), "13812345678");
    ledger.verify().unwrap().unwrap();
}

#[test]
fn a_batch_whose_program_was_killed_leaves_nothing() {
    let mut bureau = Bureau::new();
    {
        let (ledger, actor) = (&bureau.ledger, system());
        let (scratch, _) = checked(ledger, "complaint", &complaints());
        let register = ledger.register("complaint").unwrap();
        let mut stage = Stage::begin(ledger, &actor, register, &scratch, arrival(ledger)).unwrap();
        assert!(stage.write().unwrap().is_empty());
    }
    bureau.ledger = open(bureau.path(), vec![enterprise(), complaint()], &bureau.clock).unwrap();
    let ledger = &bureau.ledger;
    assert_eq!(total(ledger, ListQuery::of("complaint")), 0);
    assert!(ledger.due(&system(), "2021-01-01".parse().unwrap()).unwrap().is_empty());
    ledger.verify().unwrap().unwrap();
    assert_eq!(ledger.sweep_imports().unwrap(), 1);
    assert_eq!(rows_left(&bureau), 0);
    let first = ledger.create(&handler(), "complaint", noise(), Write::default()).unwrap();
    assert_eq!(first.number, "TS202000001");
    ledger.verify().unwrap().unwrap();
}

#[test]
fn a_batch_that_another_program_brings_in_is_left_alone() {
    let bureau = Bureau::new();
    let server = open(bureau.path(), vec![enterprise(), complaint()], &bureau.clock).unwrap();
    let (ledger, actor) = (&bureau.ledger, system());
    let (scratch, _) = checked(ledger, "complaint", &complaints());
    let register = ledger.register("complaint").unwrap();
    let turn = ledger.imports.turn().unwrap();
    let mut stage = Stage::begin(ledger, &actor, register, &scratch, arrival(ledger)).unwrap();
    assert!(stage.write().unwrap().is_empty());
    assert_eq!(server.sweep_imports().unwrap(), 0);
    assert!(rows_left(&bureau) > 0);
    drop(turn);
    assert_eq!(server.sweep_imports().unwrap(), 1, "it ended without being published");
    assert_eq!(rows_left(&bureau), 0);
}

/// What somebody writes while the batch comes in.
type Meanwhile = fn(&Ledger);

fn same_number(ledger: &Ledger) {
    let mut values = noise();
    values.insert("number".into(), json!("TS202000900"));
    ledger.create(&system(), "complaint", values, Write::default()).unwrap();
}

fn reference_deleted(ledger: &Ledger) {
    ledger.delete(&head(), "enterprise", "QY0001", 1, "重复登记", Write::default()).unwrap();
}

#[test_case(same_number, "number"; "a record with a number that the file gives")]
#[test_case(reference_deleted, "enterprise"; "an enterprise deleted to which the file refers")]
fn what_others_wrote_meanwhile_refuses_the_whole_batch_by_line_and_field(meanwhile: Meanwhile, field: &str) {
    let bureau = Bureau::new();
    let (ledger, actor) = (&bureau.ledger, system());
    ledger.create(&handler(), "enterprise", map(json!({ "name": "某厂" })), Write::default()).unwrap();
    let mut rows = complaints();
    rows[7].insert("number".into(), json!("TS202000900"));
    rows[7].insert("enterprise".into(), json!("QY0001"));
    let (scratch, since) = checked(ledger, "complaint", &rows);
    let register = ledger.register("complaint").unwrap();
    let mut stage = Stage::begin(ledger, &actor, register, &scratch, arrival(ledger)).unwrap();
    assert!(stage.write().unwrap().is_empty());
    meanwhile(ledger);
    let faults = Publication::begin(&stage, since).unwrap().publish(&mut stage).unwrap();
    let [(9, WriteError::Invalid { faults })] = faults.as_slice() else { panic!("{faults:?}") };
    assert_eq!(faults.0[0].field, field);
    let before = total(ledger, ListQuery::of("complaint"));
    take_away(ledger, &stage.batch).unwrap();
    assert_eq!((total(ledger, ListQuery::of("complaint")), found(ledger, "批次")), (before, 0));
    ledger.verify().unwrap().unwrap();
}

#[test]
fn a_unique_value_that_others_entered_meanwhile_refuses_the_batch() {
    let bureau = Bureau::new();
    let (ledger, actor) = (&bureau.ledger, system());
    let firms: Vec<JsonMap> = (0..ROWS).map(|n| map(json!({ "name": format!("第{n}厂") }))).collect();
    let (scratch, since) = checked(ledger, "enterprise", &firms);
    let register = ledger.register("enterprise").unwrap();
    let mut stage = Stage::begin(ledger, &actor, register, &scratch, arrival(ledger)).unwrap();
    assert!(stage.write().unwrap().is_empty());
    ledger.create(&handler(), "enterprise", map(json!({ "name": "第12厂" })), Write::default()).unwrap();
    let faults = Publication::begin(&stage, since).unwrap().publish(&mut stage).unwrap();
    let [(14, WriteError::Invalid { faults })] = faults.as_slice() else { panic!("{faults:?}") };
    assert_eq!((faults.0[0].field.as_str(), faults.0[0].found.as_str()), ("name", "第12厂"));
}

#[test_case("UPDATE import_entry SET changes = replace(changes, '停工', '复工') WHERE record = 3"; "an entry altered")]
#[test_case("DELETE FROM import_entry WHERE record = 3"; "an entry taken out")]
#[test_case("UPDATE import_batch SET published_at = NULL"; "the batch hidden")]
#[test_case("DELETE FROM import_batch"; "the batch taken out")]
#[test_case("UPDATE import_batch SET actor = 'somebody'"; "the batch given to somebody else")]
#[test_case("UPDATE r_complaint SET leq = 999 WHERE id = 3"; "a row altered")]
#[test_case("DELETE FROM r_complaint WHERE id = 3"; "a row taken out")]
fn a_batch_altered_behind_the_ledger_is_found(tampering: &str) {
    let bureau = Bureau::new();
    let (ledger, actor) = (&bureau.ledger, system());
    let (scratch, since) = checked(ledger, "complaint", &complaints());
    let register = ledger.register("complaint").unwrap();
    assert!(bring_in(ledger, &actor, register, &scratch, arrival(ledger), since, None).unwrap().is_empty());
    ledger.verify().unwrap().unwrap();
    let changed = rusqlite::Connection::open(bureau.path()).unwrap().execute(tampering, []).unwrap();
    assert!(changed > 0);
    assert_eq!(ledger.verify().unwrap().unwrap_err().register, "complaint");
}

#[test]
fn a_batch_that_waited_for_another_is_compared_with_it() {
    let bureau = Bureau::new();
    let (ledger, actor) = (&bureau.ledger, system());
    let firms: Vec<JsonMap> = (0..ROWS).map(|n| map(json!({ "name": format!("第{n}厂") }))).collect();
    let register = ledger.register("enterprise").unwrap();
    let (first, since) = checked(ledger, "enterprise", &firms);
    let (second, _) = checked(ledger, "enterprise", &firms);
    assert!(bring_in(ledger, &actor, register, &first, arrival(ledger), since, None).unwrap().is_empty());
    assert_eq!(bring_in(ledger, &actor, register, &second, arrival(ledger), since, None).unwrap().len(), ROWS);
    assert_eq!(total(ledger, ListQuery::of("enterprise")), ROWS as u64);
}
