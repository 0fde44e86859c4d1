//! Values that are right each by itself and cannot be beside one another, the clock or the map are refused on every way in.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod support;

use std::io::Cursor;

use bilan_records::{
    catalogue::{Checks, Register},
    exchange::{Format, ImportError, import},
    ledger::{FieldFault, JsonMap, Write, WriteError},
};
use serde_json::json;
use support::*;
use test_case::test_case;

/// The complaint of the other tests, whose times have an order and whose receipt has happened.
fn checked() -> Register {
    let mut register = complaint();
    let mut set = |key: &str, checks| register.fields.get_mut(key).unwrap().checks = checks;
    set("received_at", Checks { past: true, ..Checks::default() });
    set("accepted_at", Checks { past: true, after: vec!["received_at".into()], ..Checks::default() });
    set(
        "closed_on",
        Checks { past: true, after: vec!["received_at".into(), "accepted_at".into()], ..Checks::default() },
    );
    register
}

fn bureau() -> Bureau {
    Bureau::with(vec![enterprise(), checked()])
}

fn with(values: serde_json::Value) -> JsonMap {
    let mut record = noise();
    record.extend(map(values));
    record
}

fn refused(result: Result<impl Sized, WriteError>) -> Vec<FieldFault> {
    match result.err().unwrap() {
        WriteError::Invalid { faults } => faults.0,
        other => panic!("{other}"),
    }
}

// It is nine in the morning of 2 March 2020 in Beijing.
#[test_case(json!({ "received_at": "2020-03-02T09:06" }) => Some("received_at"); "a receipt that is to come")]
#[test_case(json!({ "received_at": "2031-01-01" }) => Some("received_at"); "a receipt in another year")]
#[test_case(json!({ "received_at": "2020-03-02T09:04" }) => None; "a clock that is a little ahead")]
#[test_case(json!({ "accepted_at": "2020-03-01T22:14" }) => Some("accepted_at"); "accepted before it was received")]
#[test_case(json!({ "accepted_at": "2020-03-01T22:15" }) => None; "accepted in the same minute")]
#[test_case(json!({ "closed_on": "2020-02-29" }) => Some("closed_on"); "closed the day before")]
#[test_case(json!({ "closed_on": "2020-03-01" }) => None; "closed the same day")]
#[test_case(json!({ "closed_on": "2019-05-06" }) => Some("closed_on"); "closed a year before")]
#[test_case(json!({ "place": { "lon": 116.4, "lat": 39.9 } }) => Some("place"); "a place in another city")]
#[test_case(json!({ "place": { "lon": 113.105, "lat": 28.1 } }) => None; "a street along the border")]
#[test_case(json!({ "place": { "lon": 113.12, "lat": 28.1 } }) => Some("place"); "the next district")]
#[test_case(json!({ "place": { "address": "北京" } }) => None; "an address without a point")]
#[test_case(json!({ "phone": "123" }) => Some("phone"); "a telephone that is none")]
fn a_record_is_refused_by_the_field_that_cannot_be(values: serde_json::Value) -> Option<&'static str> {
    let bureau = bureau();
    let values = with(values);
    let line = serde_json::to_string(&values).unwrap();
    let imported = import(&bureau.ledger, &system(), "complaint", Cursor::new(line), Format::Jsonl, true);
    let created = bureau.ledger.create(&system(), "complaint", values, Write::default());
    let field = match created {
        Ok(_) => None,
        Err(error) => Some(refused(Err::<(), _>(error)).remove(0).field),
    };
    match (&field, imported) {
        (None, Ok(outcome)) => assert_eq!(outcome.created, 1),
        (Some(field), Err(ImportError::Faults(faults))) => assert_eq!(&faults.faults[0].column, field),
        (field, imported) => panic!("a form says {field:?}, an import {imported:?}"),
    }
    field.map(|field| {
        ["received_at", "accepted_at", "closed_on", "place", "phone"].into_iter().find(|key| *key == field).unwrap()
    })
}

#[test]
fn a_fault_of_order_names_the_other_time_in_both_languages() {
    let faults = refused(bureau().ledger.create(
        &system(),
        "complaint",
        with(json!({ "accepted_at": "2020-02-01T08:00" })),
        Write::default(),
    ));
    assert_eq!(faults[0].why, "lies before “received_at” (2020-03-01 22:15)");
    assert_eq!(faults[0].why_zh, "早于“received_at中”（2020-03-01 22:15）");
}

#[test]
fn an_edit_that_puts_a_receipt_behind_what_followed_it_is_refused() {
    let bureau = bureau();
    let record = bureau
        .ledger
        .create(&system(), "complaint", with(json!({ "accepted_at": "2020-03-01T23:00" })), Write::default())
        .unwrap();
    let later = map(json!({ "received_at": "2020-03-02T08:00" }));
    let faults =
        refused(bureau.ledger.edit(&handler(), "complaint", &record.number, record.version, later, Write::default()));
    assert_eq!(faults[0].field, "accepted_at");
}

#[test]
fn a_case_that_was_opened_again_goes_its_way_beside_the_times_of_its_first_round() {
    let bureau = bureau();
    let number = bureau.ledger.create(&handler(), "complaint", noise(), Write::default()).unwrap().number;
    let step = |at: &str, step: &str, values: serde_json::Value| {
        bureau.at(at);
        let version = bureau.ledger.record(&system(), "complaint", &number, None).unwrap().version;
        let (reason, write) = (Some("复查".to_owned()), Write::default());
        bureau.ledger.step(&handler(), "complaint", &number, version, step, map(values), reason, write).unwrap()
    };
    step("2020-03-02T02:00:00Z", "accept", json!({ "handler_name": "李经办" }));
    step("2020-03-03T02:00:00Z", "close", json!({ "result": "已停工" }));
    step("2020-03-05T02:00:00Z", "reopen", json!({}));
    let closed = step("2020-03-06T02:00:00Z", "close", json!({ "result": "已复查" }));
    assert_eq!(closed.external()["closed_on"], "2020-03-06");
}
