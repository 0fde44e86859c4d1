//! A part that keeps a copy of records hears when they were changed, whoever changed them.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod support;

use std::io::Cursor;

use bilan_records::{
    exchange::{self, Format},
    ledger::{Follower, Write},
};
use serde_json::json;
use support::*;

/// Whether there is news; the copy is brought up to it.
fn hears(follower: &mut Follower, bureau: &Bureau) -> bool {
    let position = follower.behind(&bureau.ledger).unwrap();
    if let Some(position) = position {
        follower.has_reached(position);
    }
    position.is_some()
}

#[test]
fn a_copy_hears_of_every_kind_of_change_once() {
    let bureau = Bureau::new();
    let ledger = &bureau.ledger;
    let mut follower = Follower::of(["complaint"]);
    assert!(hears(&mut follower, &bureau), "it has read nothing yet");
    assert!(!hears(&mut follower, &bureau));
    let record = ledger.create(&handler(), "complaint", noise(), Write::default()).unwrap();
    assert!(hears(&mut follower, &bureau), "entered");
    let changed = map(json!({ "subject": "夜间施工噪声" }));
    let record =
        ledger.edit(&handler(), "complaint", &record.number, record.version, changed, Write::default()).unwrap();
    assert!(hears(&mut follower, &bureau), "edited");
    let lines = "{\"number\":\"TS202000009\",\"received_at\":\"2020-03-01T22:15:00+08:00\",\"category\":\"noise\",\"subject\":\"噪声\",\
                 \"state\":\"received\",\"place\":{\"lon\":112.95,\"lat\":28.1,\"address\":\"书院路\"}}\n";
    exchange::import(ledger, &system(), "complaint", Cursor::new(lines), Format::Jsonl, false).unwrap();
    assert!(hears(&mut follower, &bureau), "imported");
    ledger.delete(&head(), "complaint", &record.number, record.version, "重复登记", Write::default()).unwrap();
    assert!(hears(&mut follower, &bureau), "deleted");
    assert!(!hears(&mut follower, &bureau), "each is heard once");
}

#[test]
fn a_copy_hears_nothing_of_other_registers_and_of_what_changes_no_record() {
    let bureau = Bureau::new();
    let ledger = &bureau.ledger;
    let record = ledger.create(&handler(), "complaint", noise(), Write::default()).unwrap();
    let (mut complaints, mut enterprises) = (Follower::of(["complaint"]), Follower::of(["enterprise"]));
    assert!(hears(&mut complaints, &bureau) && hears(&mut enterprises, &bureau));
    ledger.unmask(&handler(), "complaint", &record.number, "phone", "回访").unwrap();
    assert!(!hears(&mut complaints, &bureau), "somebody read a telephone number");
    ledger.create(&handler(), "complaint", noise(), Write::default()).unwrap();
    assert!(!hears(&mut enterprises, &bureau));
    assert!(hears(&mut complaints, &bureau));
}

#[test]
fn what_changes_while_the_copy_is_read_is_heard_afterwards() {
    let bureau = Bureau::new();
    let mut follower = Follower::of(["complaint"]);
    let position = follower.behind(&bureau.ledger).unwrap().unwrap();
    bureau.ledger.create(&handler(), "complaint", noise(), Write::default()).unwrap();
    follower.has_reached(position);
    assert!(hears(&mut follower, &bureau));
}

#[test]
fn a_change_made_by_another_program_is_heard() {
    let bureau = Bureau::new();
    let mut follower = Follower::of(["complaint"]);
    assert!(hears(&mut follower, &bureau));
    let beside = open(bureau.path(), vec![enterprise(), complaint()], &bureau.clock).unwrap();
    beside.create(&handler(), "complaint", noise(), Write::default()).unwrap();
    assert!(hears(&mut follower, &bureau));
}
