//! The journal of all registers is read page by page, however long it is: by person, by register, by time.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod support;

use bilan_records::{
    actor::Actor,
    catalogue::Role,
    ledger::{JournalPlace, JournalQuery, ReadError, Write},
};
use jiff::SignedDuration;
use serde_json::json;
use support::*;

/// Twelve complaints of two people and an enterprise of a third, an hour between two.
fn bureau() -> Bureau {
    let bureau = Bureau::new();
    for hour in 0..12 {
        let who = Actor::new(if hour % 3 == 0 { "甲" } else { "乙" }, Role::Handler);
        bureau.ledger.create(&who, "complaint", noise(), Write::default()).unwrap();
        bureau.clock.advance(SignedDuration::from_hours(1));
    }
    bureau.ledger.create(&handler(), "enterprise", map(json!({ "name": "天心印务" })), Write::default()).unwrap();
    bureau
}

fn auditor() -> Actor {
    Actor::new("审计", Role::Auditor)
}

/// Entries of all pages by their place in the chain.
fn all(bureau: &Bureau, query: &JournalQuery) -> Vec<i64> {
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let page = bureau.ledger.journal(&auditor(), &JournalQuery { after, ..query.clone() }).unwrap();
        assert!(page.entries.len() <= 3);
        found.extend(page.entries.iter().map(|entry| entry.seq));
        let Some(older) = page.older else { return found };
        // As an address of a page carries it.
        after = Some(older.to_string().parse::<JournalPlace>().unwrap());
    }
}

#[test]
fn pages_lead_back_to_the_first_entry_and_show_each_once() {
    let bureau = bureau();
    assert_eq!(all(&bureau, &JournalQuery::newest(3)), (1..=13).rev().collect::<Vec<_>>());
    for nowhere in ["", "13", "2020-03-02T03:00:00Z~", "yesterday~1"] {
        assert!(nowhere.parse::<JournalPlace>().is_err(), "{nowhere}");
    }
}

#[test]
fn entries_of_a_person_a_register_and_a_span_are_found_wherever_they_lie() {
    let bureau = bureau();
    let newest = JournalQuery::newest(3);
    let of = |actor: &str| JournalQuery { actors: vec![actor.into()], ..newest.clone() };
    assert_eq!(all(&bureau, &of("甲")), [10, 7, 4, 1]);
    let register = JournalQuery { register: Some("enterprise".into()), ..newest.clone() };
    assert_eq!(all(&bureau, &register), [13]);
    let both = JournalQuery { register: Some("complaint".into()), ..of("乙") };
    assert_eq!(all(&bureau, &both), [12, 11, 9, 8, 6, 5, 3, 2]);
    assert_eq!(all(&bureau, &JournalQuery { register: Some("enterprise".into()), ..of("乙") }), [] as [i64; 0]);
    let at = |text: &str| Some(text.parse().unwrap());
    let span = JournalQuery { from: at("2020-03-02T03:00:00Z"), until: at("2020-03-02T08:00:00Z"), ..newest.clone() };
    assert_eq!(all(&bureau, &span), [7, 6, 5, 4, 3]);
    assert_eq!(all(&bureau, &JournalQuery { actors: vec!["甲".into()], ..span }), [7, 4]);
    let several = JournalQuery { actors: vec!["甲".into(), "李经办".into()], ..newest };
    assert_eq!(all(&bureau, &several), [13, 10, 7, 4, 1]);
}

#[test]
fn who_may_not_open_the_journal_is_refused() {
    let bureau = bureau();
    let refused = bureau.ledger.journal(&handler(), &JournalQuery::newest(3));
    assert!(matches!(refused, Err(ReadError::Forbidden { .. })), "{refused:?}");
    assert_eq!(bureau.ledger.journal(&head(), &JournalQuery::newest(100)).unwrap().entries.len(), 13);
}
