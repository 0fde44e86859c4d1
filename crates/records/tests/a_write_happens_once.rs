//! Keys of writes: bound to where they come from, to who chose them and to what was written; old ones go on protecting.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod support;

use std::io::Cursor;

use bilan_records::{
    actor::Actor,
    catalogue::Role,
    exchange::{self, Format, ImportError, ImportOptions},
    ledger::{JsonMap, Key, Ledger, ListQuery, Origin, Write, WriteError},
};
use jiff::SignedDuration;
use rusqlite::{Connection, params};
use serde_json::json;
use support::*;

const ORIGINS: [Origin; 6] =
    [Origin::Page, Origin::Portal, Origin::Api, Origin::Bridge, Origin::Import, Origin::Program];

fn other() -> JsonMap {
    let mut other = noise();
    other.insert("subject".into(), json!("另一件"));
    other
}

fn count(ledger: &Ledger) -> u64 {
    ledger.list(&handler(), ListQuery::of("complaint")).unwrap().total
}

#[test]
fn keys_that_read_the_same_are_different_keys_where_origin_or_holder_differ() {
    let bureau = Bureau::new();
    let mut made = 0;
    for origin in ORIGINS {
        for holder in [None, Some("one"), Some("two")] {
            let key = Key { holder: holder.map(str::to_owned), ..Key::new(origin, "the key") };
            let values = if made % 2 == 0 { noise() } else { other() };
            for _ in 0..2 {
                bureau.ledger.create(&handler(), "complaint", values.clone(), Write::under(key.clone())).unwrap();
            }
            made += 1;
            assert_eq!(count(&bureau.ledger), made, "{origin:?} {holder:?}");
        }
    }
    let key = Key::new(Origin::Page, "the key");
    bureau.ledger.create(&Actor::new("乙", Role::Handler), "complaint", noise(), Write::under(key)).unwrap();
    assert_eq!(count(&bureau.ledger), made + 1, "the actor is the holder where none is named");
}

#[test]
fn a_key_is_bound_to_register_verb_record_and_content() {
    let bureau = Bureau::new();
    let write = || Write::under(Key::new(Origin::Api, "k"));
    let first = bureau.ledger.create(&handler(), "complaint", noise(), write()).unwrap();
    let second = bureau.ledger.create(&handler(), "complaint", other(), Write::default()).unwrap();
    let changes = || map(json!({ "subject": "改了" }));
    let refused = [
        bureau.ledger.create(&handler(), "complaint", other(), write()),
        bureau.ledger.edit(&handler(), "complaint", &first.number, 1, changes(), write()),
        bureau.ledger.create(
            &system(),
            "enterprise",
            map(json!({ "name": "甲厂" })),
            Write::under(Key::new(Origin::Api, "k").held_by(handler().name)),
        ),
    ];
    for refused in refused {
        assert!(matches!(refused, Err(WriteError::KeyReused { .. })), "{refused:?}");
    }
    let edit = || Write::under(Key::new(Origin::Api, "e"));
    bureau.ledger.edit(&handler(), "complaint", &first.number, 1, changes(), edit()).unwrap();
    let refused = bureau.ledger.edit(&handler(), "complaint", &second.number, 1, changes(), edit());
    assert!(matches!(refused, Err(WriteError::KeyReused { .. })), "{refused:?}");
}

#[test]
fn an_edit_that_changes_nothing_leaves_its_key_and_claims_no_other() {
    let bureau = Bureau::new();
    let record = bureau.ledger.create(&handler(), "complaint", noise(), Write::default()).unwrap();
    let claim = || Write::under(Key::new(Origin::Page, "warning:rule@station@1"));
    for _ in 0..2 {
        bureau.ledger.edit(&handler(), "complaint", &record.number, 1, JsonMap::new(), claim()).unwrap();
    }
    let bridge = Key::new(Origin::Bridge, "warning:rule@station@1");
    assert_eq!(bureau.ledger.written_under(&bridge, "rules").unwrap(), None);
    let entered = bureau.ledger.create(&system(), "complaint", other(), Write::under(bridge)).unwrap();
    assert_ne!(entered.number, record.number);
}

#[test]
fn the_same_content_under_another_key_is_refused_for_a_while_and_named() {
    let bureau = Bureau::new();
    let write = |key: &str| Write::under(Key::new(Origin::Page, key).alone_for(SignedDuration::from_mins(10)));
    let first = bureau.ledger.create(&handler(), "complaint", noise(), write("a")).unwrap();
    let refused = bureau.ledger.create(&handler(), "complaint", noise(), write("b")).unwrap_err();
    let WriteError::SameContent { number, key } = refused else { panic!("{refused}") };
    assert_eq!((number, key.as_str()), (first.number, "a"));
    bureau.ledger.create(&handler(), "complaint", other(), write("c")).unwrap();
    assert_eq!(count(&bureau.ledger), 2);
}

#[test]
fn the_same_record_is_recognised_however_its_values_are_typed() {
    let bureau = Bureau::new();
    let write = |key: &str| Write::under(Key::new(Origin::Page, key).alone_for(SignedDuration::from_mins(10)));
    let with = |given: serde_json::Value| {
        let mut values = noise();
        values.remove("content");
        values.extend(map(given));
        values
    };
    let values = with(json!({ "received_at": "2020-03-01T22:15", "subject": "夜间施工" }));
    let first = bureau.ledger.create(&handler(), "complaint", values.clone(), write("a")).unwrap();
    for (key, again) in [
        ("b", json!({ "received_at": "2020-03-01 22:15", "subject": "夜间施工" })),
        ("c", json!({ "received_at": "2020-03-01T22:15:00+08:00", "subject": "夜间施工 " })),
        ("d", json!({ "received_at": "2020-03-01T22:15", "subject": "夜间施工", "content": "" })),
    ] {
        let refused = bureau.ledger.create(&handler(), "complaint", with(again.clone()), write(key)).unwrap_err();
        let WriteError::SameContent { number, .. } = refused else { panic!("{again}: {refused}") };
        assert_eq!(number, first.number, "{again}");
        let answered = bureau.ledger.create(&handler(), "complaint", with(again), write("a")).unwrap();
        assert_eq!(answered.number, first.number, "under its own key it is answered");
    }
    assert_eq!(count(&bureau.ledger), 1);
    let change = |changes: serde_json::Value, key: &str| {
        bureau.ledger.edit(&handler(), "complaint", &first.number, 1, map(changes), write(key))
    };
    let changed = change(json!({ "subject": "改了" }), "e").unwrap();
    assert_eq!(change(json!({ "subject": "改了 " }), "e").unwrap().version, changed.version);
    let nonsense = with(json!({ "received_at": "2020-03-01T22:15", "subject": "夜间施工", "nonsense": 1 }));
    let refused = bureau.ledger.create(&handler(), "complaint", nonsense, write("a")).unwrap_err();
    assert!(matches!(refused, WriteError::KeyReused { .. }), "a fault is not passed over: {refused}");
}

#[test]
fn a_file_imported_under_a_key_is_entered_once() {
    let bureau = Bureau::new();
    let file = |subject: &str| format!("received_at,category,subject\n2020-03-01 22:15,noise,{subject}\n");
    let import = |key: Key, subject: &str| {
        let source = Cursor::new(file(subject).into_bytes());
        let options = ImportOptions { key: Some(&key), ..ImportOptions::default() };
        exchange::import_with(&bureau.ledger, &handler(), "complaint", source, Format::Csv, options)
    };
    let key = |text: &str| {
        Key::new(Origin::Import, text).for_content(json!("digest")).alone_for(SignedDuration::from_hours(1))
    };
    let first = import(key("one"), "导入").unwrap();
    assert_eq!((first.created, count(&bureau.ledger)), (1, 1));
    assert_eq!(import(key("one"), "导入").unwrap().created, 1, "the answer was lost, the button pressed again");
    let answered = exchange::imported_under(&bureau.ledger, &handler(), &key("one")).unwrap();
    assert_eq!(answered.unwrap().created, 1);
    assert!(exchange::imported_before(&bureau.ledger, &handler(), "complaint", &key("two")).unwrap());
    let refused = import(key("two"), "导入");
    assert!(matches!(refused, Err(ImportError::Refused(WriteError::SameContent { .. }))), "{refused:?}");
    let reused = import(key("one").for_content(json!("another digest")), "别的");
    assert!(matches!(reused, Err(ImportError::Refused(WriteError::KeyReused { .. }))), "{reused:?}");
    assert_eq!(count(&bureau.ledger), 1);
}

/// A database of the version before keys had origins: no record yet, these keys, and one entry that the rules made.
fn of_before(path: &std::path::Path, keys: &[(&str, &[u8], &str)], by_rules: &str) {
    let connection = Connection::open(path).unwrap();
    connection.execute_batch(include_str!("../migrations/0001_ledger.sql")).unwrap();
    connection.pragma_update(None, "user_version", 1).unwrap();
    for (key, content, number) in keys {
        connection
            .execute(
                "INSERT INTO idempotency (key, at, content, register, number) \
                 VALUES (?1, '2020-03-02T01:00:00.000000Z', ?2, 'complaint', ?3)",
                params![key, content, number],
            )
            .unwrap();
    }
    connection
        .execute(
            "INSERT INTO journal (seq, at, actor, action, register, record, number, version, changes, reason, row_digest, prev, hash) \
             VALUES (1, '2020-03-02T01:00:00.000000Z', 'rules', 'create', 'complaint', 3, ?1, 1, '[]', NULL, NULL, zeroblob(32), zeroblob(32))",
            [by_rules],
        )
        .unwrap();
}

/// The digest that a key of the program is bound to.
fn content(path: &std::path::Path, key: &str) -> Vec<u8> {
    let connection = Connection::open(path).unwrap();
    connection.query_row("SELECT content FROM write_key WHERE key LIKE '%/' || ?1", [key], |row| row.get(0)).unwrap()
}

#[test]
fn keys_of_an_earlier_version_still_protect_and_a_claimed_one_does_not_count() {
    let bureau = Bureau::new();
    let rules = Actor::system("rules");
    let write = |key: &str| Write::once(key);
    let form = bureau.ledger.create(&handler(), "complaint", noise(), write("form")).unwrap();
    let call = bureau.ledger.create(&handler(), "complaint", other(), write("call")).unwrap();
    let warning = bureau.ledger.create(&rules, "complaint", noise(), write("warning")).unwrap();
    let [of_form, of_call, of_warning] = ["form", "call", "warning"].map(|key| content(&bureau.path(), key));
    let api = format!("api:{}:17", handler().name);
    let keys: [(&str, &[u8], &str); 5] = [
        ("0123456789abcdef", &of_form, &form.number),
        (&api, &of_call, &call.number),
        ("task:rule@station@1", &of_warning, &warning.number),
        ("task:rule@station@2", &of_form, &form.number),
        ("portal:fedcba9876543210", &[1, 2, 3], &form.number),
    ];
    let path = bureau.dir.path().join("before.db");
    of_before(&path, &keys, &warning.number);
    let ledger = open(path, vec![complaint(), enterprise()], &bureau.clock).unwrap();
    for (actor, values) in [(handler(), noise()), (handler(), other()), (rules.clone(), noise())] {
        ledger.create(&actor, "complaint", values, Write::default()).unwrap();
    }
    let before = count(&ledger);
    let again = |actor: &Actor, values: JsonMap, key: Key| ledger.create(actor, "complaint", values, Write::under(key));

    let page = Key::new(Origin::Page, "0123456789abcdef");
    assert_eq!(again(&handler(), noise(), page.clone()).unwrap().number, form.number);
    assert!(matches!(again(&handler(), other(), page), Err(WriteError::KeyReused { .. })));
    assert_eq!(again(&handler(), other(), Key::new(Origin::Api, "17")).unwrap().number, call.number);
    assert_eq!(again(&rules, noise(), Key::new(Origin::Bridge, "task:rule@station@1")).unwrap().number, warning.number);
    let sent = Key::new(Origin::Portal, "fedcba9876543210").held_by("a browser");
    assert_eq!(ledger.written_under(&sent, "portal").unwrap().unwrap().number, form.number);
    assert_eq!(count(&ledger), before, "nothing was entered twice");

    let claimed = Key::new(Origin::Bridge, "task:rule@station@2");
    assert_eq!(ledger.written_under(&claimed, "rules").unwrap(), None, "a form had sent it, not the rules");
    again(&rules, noise(), claimed).unwrap();
    assert_eq!(count(&ledger), before + 1);
}
