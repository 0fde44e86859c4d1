//! A bureau edits a register file and restarts: new fields appear, and data are never lost quietly.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod support;

use bilan_records::{
    catalogue::{FieldKind, Register},
    ledger::{OpenError, Write},
};
use serde_json::json;
use support::*;

fn reopen(bureau: &Bureau, complaint: Register) -> Result<bilan_records::ledger::Ledger, String> {
    match open(bureau.path(), vec![enterprise(), complaint], &bureau.clock) {
        Ok(ledger) => Ok(ledger),
        Err(OpenError::Destructive(losses)) => Err(losses.join("\n")),
        Err(other) => panic!("{other}"),
    }
}

fn with_a_record() -> Bureau {
    let bureau = Bureau::new();
    let mut values = noise();
    values.insert("leq".into(), json!(62.1));
    bureau.ledger.create(&handler(), "complaint", values, Write::default()).unwrap();
    bureau
}

#[test]
fn a_new_field_and_a_new_register_appear_and_old_records_stay_sound() {
    let bureau = with_a_record();
    let mut changed = complaint();
    changed.fields.insert("weather".into(), text("weather"));
    let ledger = reopen(&bureau, changed).unwrap();
    let record = ledger.record(&handler(), "complaint", "TS202000001", None).unwrap();
    assert_eq!(record.external()["leq"], 62.1);
    assert!(ledger.verify().unwrap().is_ok(), "a column added later does not change old digests");
    let change = map(json!({ "weather": "晴" }));
    let edited = ledger.edit(&handler(), "complaint", "TS202000001", 1, change, Write::default()).unwrap();
    assert_eq!(edited.external()["weather"], "晴");
}

#[test]
fn removing_a_field_that_holds_values_is_refused_with_what_would_be_destroyed() {
    let bureau = with_a_record();
    let mut changed = complaint();
    changed.fields.shift_remove("leq");
    let losses = reopen(&bureau, changed).unwrap_err();
    assert!(losses.contains("“leq”") && losses.contains("1 values") && losses.contains("r_complaint"), "{losses}");
    let ledger = reopen(&bureau, complaint()).unwrap();
    assert_eq!(ledger.record(&handler(), "complaint", "TS202000001", None).unwrap().external()["leq"], 62.1);
}

#[test]
fn an_empty_field_may_go_or_change_its_type() {
    let bureau = with_a_record();
    let mut changed = complaint();
    changed.fields.shift_remove("fine");
    changed.fields.insert("result".into(), field("result", FieldKind::YesNo));
    reopen(&bureau, changed).unwrap();
}

#[test]
fn changing_the_type_of_a_filled_field_or_dropping_a_used_choice_is_refused() {
    let bureau = with_a_record();
    let mut changed = complaint();
    changed.fields.insert("leq".into(), text("leq"));
    changed.fields.insert("category".into(), choice("category", &[("waste_gas", "废气")]));
    let losses = reopen(&bureau, changed).unwrap_err();
    assert!(losses.contains("decimal with 1 digits") && losses.contains("“noise”"), "{losses}");
}

#[test]
fn removing_a_register_with_records_is_refused() {
    let bureau = with_a_record();
    let error = open(bureau.path(), vec![enterprise()], &bureau.clock).unwrap_err();
    assert!(error.to_string().contains("1 rows of r_complaint"), "{error}");
}

#[test]
fn another_key_file_is_noticed_before_anything_is_lost() {
    let bureau = with_a_record();
    let keyring = bilan_records::personal::Keyring::new([8; 32]);
    let registers = catalogue(vec![enterprise(), complaint()]);
    let error = bilan_records::ledger::Ledger::open(&bureau.path(), registers, bureau.clock.clone(), keyring);
    assert!(matches!(error, Err(OpenError::OtherKey)));
}

#[test]
fn a_field_that_is_withheld_from_now_on_is_shown_nowhere_not_in_older_entries_either() {
    let before = || {
        let mut before = complaint();
        before.fields.insert("tracking".into(), text("tracking"));
        before
    };
    let bureau = Bureau::new();
    let ledger = reopen(&bureau, before()).unwrap();
    let mut values = noise();
    values.insert("tracking".into(), json!("K7XM3RTA9C"));
    let number = ledger.create(&handler(), "complaint", values, Write::default()).unwrap().number;
    let shown = serde_json::to_string(&ledger.timeline(&handler(), "complaint", &number).unwrap()).unwrap();
    assert!(shown.contains("K7XM3RTA9C"), "{shown}");
    drop(ledger);

    let mut after = before();
    let field = after.fields.get_mut("tracking").unwrap();
    (field.withheld, field.search) = (true, false);
    let ledger = reopen(&bureau, after).unwrap();
    let record = ledger.record(&handler(), "complaint", &number, None).unwrap();
    assert!(!record.external().contains_key("tracking"));
    let change = map(json!({ "tracking": "ANOTHER3R" }));
    assert!(ledger.edit(&handler(), "complaint", &number, 1, change, Write::default()).is_err(), "given by nobody");
    let change = map(json!({ "subject": "夜间施工噪声，第二次" }));
    ledger.edit(&handler(), "complaint", &number, 1, change, Write::default()).unwrap();
    let entries = ledger.timeline(&handler(), "complaint", &number).unwrap();
    let shown = serde_json::to_string(&entries).unwrap();
    assert!(!shown.contains("K7XM3RTA9C"), "{shown}");
    assert!(entries[0].changes.iter().any(|change| change.field == "tracking"), "that there is one is seen");
    let known = |code| ledger.holds(&handler(), "complaint", &number, "tracking", code).unwrap();
    assert!(known("K7XM3RTA9C") && !known("ANOTHER3R") && !known(""));
    assert_eq!(ledger.holder_of(&handler(), "complaint", "tracking", "K7XM3RTA9C").unwrap().unwrap().number, number);
    assert!(ledger.verify().unwrap().is_ok(), "what is withheld is under the chain as before");
}
