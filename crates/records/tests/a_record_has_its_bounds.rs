//! What one record may hold is bounded, and what passes a bound is refused by name before a writer's turn begins.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod support;

use bilan_records::ledger::{FieldFault, JsonMap, ListQuery, Write, WriteError};
use serde_json::{Value as Json, json};
use support::*;
use test_case::test_case;

fn refused(bureau: &Bureau, values: JsonMap) -> Vec<FieldFault> {
    match bureau.ledger.create(&handler(), "complaint", values, Write::default()) {
        Err(WriteError::Invalid { faults }) => faults.0,
        other => panic!("expected a refusal, got {other:?}"),
    }
}

fn with(field: &str, value: Json) -> JsonMap {
    let mut values = noise();
    values.insert(field.to_owned(), value);
    values
}

#[test_case(2_001, json!({}); "empty rows")]
#[test_case(60_000, json!({ "action": "停工" }); "good rows")]
#[test_case(500_000, json!({ "unknown": 1 }); "wrong rows")]
fn a_table_with_more_rows_than_a_record_may_have_is_one_fault_that_names_the_bound(rows: usize, row: Json) {
    let bureau = Bureau::new();
    let faults = refused(&bureau, with("measures", Json::Array(vec![row; rows])));
    assert_eq!(faults.len(), 1, "{faults:?}");
    assert_eq!((faults[0].field.as_str(), faults[0].found.as_str()), ("measures", rows.to_string().as_str()));
    assert!(faults[0].why.contains("2000") && faults[0].why_zh.contains("2000"), "{:?}", faults[0]);
    assert_eq!(bureau.ledger.list(&handler(), ListQuery::of("complaint")).unwrap().total, 0);
}

#[test]
fn a_table_of_as_many_rows_as_a_record_may_have_is_entered_changed_and_verified() {
    let bureau = Bureau::new();
    let rows = |text: &str| Json::Array(vec![json!({ "action": text, "units": 1 }); 2_000]);
    let entered =
        bureau.ledger.create(&handler(), "complaint", with("measures", rows("停工")), Write::default()).unwrap();
    let changes = map(json!({ "measures": rows("复工") }));
    let changed =
        bureau.ledger.edit(&handler(), "complaint", &entered.number, entered.version, changes, Write::default());
    assert_eq!(changed.unwrap().external()["measures"].as_array().unwrap().len(), 2_000);
    bureau.ledger.verify().unwrap().unwrap();
}

#[test]
fn of_many_wrong_rows_the_first_thousand_faults_are_listed() {
    let bureau = Bureau::new();
    let faults = refused(&bureau, with("measures", Json::Array(vec![json!({ "units": -1 }); 2_000])));
    assert_eq!(faults.len(), 1_000);
    assert_eq!(faults[999].field, "measures[1000].units");
}

#[test]
fn a_list_of_more_files_than_a_field_may_have_is_refused_by_name() {
    let bureau = Bureau::new();
    let file = json!({ "name": "a.png", "sha": "0".repeat(64) });
    let faults = refused(&bureau, with("photos", Json::Array(vec![file; 20_000])));
    assert_eq!(faults.len(), 1, "{faults:?}");
    assert_eq!((faults[0].field.as_str(), faults[0].found.as_str()), ("photos", "20000"));
}

#[test]
fn a_masked_value_that_comes_back_unchanged_is_no_fault() {
    let bureau = Bureau::new();
    let entered = bureau.ledger.create(&handler(), "complaint", noise(), Write::default()).unwrap();
    let changes = map(json!({ "phone": entered.external()["phone"], "subject": "白天施工噪声" }));
    let changed = bureau
        .ledger
        .edit(&handler(), "complaint", &entered.number, entered.version, changes, Write::default())
        .unwrap();
    assert_eq!(changed.external()["phone"], entered.external()["phone"]);
    assert_eq!(changed.external()["subject"], "白天施工噪声");
}
