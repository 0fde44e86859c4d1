//! A record is found by any text of it that may be read, with the place where the words stand; by whom it is out of reach, not.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod support;

use bilan_records::{
    actor::Actor,
    catalogue::{Field, FieldKind, Role},
    exchange,
    ledger::{Fit, Hits, Ledger, ListQuery, Words, Write},
    value::Language,
};
use serde_json::{Value as Json, json};
use support::*;
use test_case::test_case;

fn enter(ledger: &Ledger, register: &str, values: Json) -> String {
    let mut given = if register == "complaint" { noise() } else { map(json!({})) };
    given.extend(map(values));
    ledger.create(&handler(), register, given, Write::default()).unwrap().number
}

fn find(ledger: &Ledger, actor: &Actor, register: &str, words: &str) -> Hits {
    let hits = ledger.find(actor, register, &Words::of(words), 5, Language::Chinese).unwrap();
    // The list of a ledger asks the same index.
    let listed = ListQuery { search: Some(words.to_owned()), ..ListQuery::of(register) };
    assert_eq!(ledger.list(actor, listed).unwrap().total, hits.total, "{words}");
    hits
}

fn numbers(hits: &Hits) -> Vec<&str> {
    hits.hits.iter().map(|hit| hit.record.number.as_str()).collect()
}

/// Field and text of each passage, marked words in brackets.
fn passages(hits: &Hits) -> Vec<(String, String)> {
    let passages = hits.hits.iter().flat_map(|hit| &hit.passages);
    let text = |parts: &[bilan_records::ledger::Part]| {
        parts.iter().map(|part| if part.is_marked { format!("[{}]", part.text) } else { part.text.clone() }).collect()
    };
    passages.map(|passage| (passage.field.clone(), text(&passage.parts))).collect()
}

/// A complaint with something in every kind of field that holds words.
fn full() -> Json {
    json!({
        "handler_name": "郭建军", "result": "责令立即停止夜间施工", "category": "waste_gas", "tags": ["night", "repeat"],
        "place": { "lon": 112.95, "lat": 28.1, "address": "芙蓉南路二段358号" }, "measures": [{ "action": "加装油烟净化器" }],
        "subject": "餐饮油烟", "content": "夜里还在炒菜",
    })
}

#[test_case("郭建军", "handler_name中", "[郭建军]"; "the name of a handler")]
#[test_case("芙蓉南路二段358号", "place中", "[芙蓉南路二段358号]"; "an address")]
#[test_case("责令立即停止夜间施工", "result中", "[责令立即停止夜间施工]"; "what was done")]
#[test_case("停止", "result中", "责令立即[停止]夜间施工"; "a part of it")]
#[test_case("净化器", "measures中 · action中", "加装油烟[净化器]"; "a row of a table")]
#[test_case("废气", "类别", "[废气]"; "the name of a choice")]
#[test_case("waste_gas", "类别", "[waste_gas] (en)"; "the name of a choice in the other language")]
#[test_case("重复", "tags中", "夜间、[重复]"; "one of several choices")]
fn a_record_is_found_by_any_text_of_it_and_the_field_is_named(words: &str, field: &str, passage: &str) {
    let bureau = Bureau::new();
    enter(&bureau.ledger, "complaint", json!({}));
    let number = enter(&bureau.ledger, "complaint", full());
    let hits = find(&bureau.ledger, &handler(), "complaint", words);
    assert_eq!(numbers(&hits), [number.as_str()]);
    assert_eq!(passages(&hits), [(field.to_owned(), passage.to_owned())]);
}

#[test]
fn words_may_stand_in_different_fields_and_each_is_shown() {
    let bureau = Bureau::new();
    enter(&bureau.ledger, "complaint", full());
    let hits = find(&bureau.ledger, &handler(), "complaint", "油烟 郭建军 358号");
    let fields: Vec<String> = passages(&hits).into_iter().map(|(field, _)| field).collect();
    assert_eq!(fields, ["subject中", "place中", "handler_name中"]);
    assert_eq!(find(&bureau.ledger, &handler(), "complaint", "油烟 打桩").total, 0, "every word must stand somewhere");
}

#[test]
fn a_run_of_characters_never_runs_from_one_field_into_the_next() {
    let bureau = Bureau::new();
    enter(&bureau.ledger, "complaint", json!({ "subject": "夜间打", "content": "桩基施工" }));
    assert_eq!(find(&bureau.ledger, &handler(), "complaint", "打桩").total, 0);
    assert_eq!(find(&bureau.ledger, &handler(), "complaint", "桩基").total, 1);
}

#[test]
fn the_number_goes_before_titles_and_titles_before_what_only_mentions_the_words() {
    let bureau = Bureau::new();
    let day = |day: u32| format!("2020-02-{day:02}T10:00:00+08:00");
    let complaint = |at: u32, subject: &str, content: &str| {
        enter(&bureau.ledger, "complaint", json!({ "received_at": day(at), "subject": subject, "content": content }))
    };
    let first = complaint(1, "夜间打桩", "很吵");
    let older = complaint(2, "打桩扰民", "很吵");
    // More than are shown, all of them newer, mention what stands in the titles of the others.
    let mentions: Vec<String> = (3..12).map(|at| complaint(at, "夜间噪声", "工地打桩")).collect();
    let newest = mentions.iter().rev().take(3).map(String::as_str);
    let expected: Vec<&str> = [older.as_str(), &first].into_iter().chain(newest).collect();
    let hits = find(&bureau.ledger, &handler(), "complaint", "打桩");
    assert_eq!(numbers(&hits), expected);
    assert_eq!(
        hits.hits.iter().map(|hit| hit.fit).collect::<Vec<_>>(),
        [[Fit::Name; 2].as_slice(), &[Fit::Text; 3]].concat()
    );
    assert_eq!(hits.total, 11);

    for at in 13..20 {
        complaint(at, &format!("{first} 的补充"), "很吵");
    }
    let hits = find(&bureau.ledger, &handler(), "complaint", &first.to_lowercase());
    assert_eq!((numbers(&hits)[0], hits.hits[0].fit), (first.as_str(), Fit::Exact));
    assert_eq!(hits.total, 8);
    let begun = find(&bureau.ledger, &handler(), "complaint", "TS2020");
    assert_eq!(begun.total, 18, "a number is found by its beginning");
}

#[test]
fn a_code_in_full_width_finds_the_record_that_bears_it_first() {
    let mut machine = enterprise();
    machine.fields.insert("code".into(), Field { unique: true, ..text("code") });
    let bureau = Bureau::with(vec![machine]);
    enter(&bureau.ledger, "enterprise", json!({ "name": "大托河", "code": "TXW05", "registered_on": "2020-01-01" }));
    for n in 0..8 {
        let values =
            json!({ "name": format!("TXW05 巡检 {n}"), "code": format!("X{n}"), "registered_on": "2020-02-01" });
        enter(&bureau.ledger, "enterprise", values);
    }
    let hits = find(&bureau.ledger, &handler(), "enterprise", "ｔｘｗ０５");
    assert_eq!((numbers(&hits)[0], hits.hits[0].fit, hits.total), ("QY0001", Fit::Exact, 9));
}

#[test]
fn what_is_personal_or_opted_out_is_neither_found_nor_shown() {
    let mut secretive = complaint();
    secretive.fields["result"].search = false;
    secretive.fields.insert("witness".into(), Field { search: true, ..personal(text("witness")) });
    let bureau = Bureau::with(vec![enterprise(), secretive]);
    let mut values = full();
    values["witness"] = json!("赵证人");
    enter(&bureau.ledger, "complaint", values);
    for words in ["王小明", "13812345678", "138", "赵证人", "责令"] {
        for actor in [handler(), head(), system()] {
            assert_eq!(find(&bureau.ledger, &actor, "complaint", words).total, 0, "{words}");
        }
    }
    let found = find(&bureau.ledger, &handler(), "complaint", "油烟");
    assert!(!format!("{:?}", found.hits[0].passages).contains("王小明"));
}

#[test]
fn a_record_is_found_by_the_name_of_what_it_refers_to_also_when_that_is_renamed() {
    let bureau = Bureau::new();
    let firm = enter(&bureau.ledger, "enterprise", json!({ "name": "长沙鼎盛建筑" }));
    let other = enter(&bureau.ledger, "enterprise", json!({ "name": "湘江食品" }));
    let own = enter(&bureau.ledger, "complaint", json!({ "enterprise": firm }));
    enter(&bureau.ledger, "complaint", json!({ "enterprise": other }));
    let hits = find(&bureau.ledger, &handler(), "complaint", "鼎盛 混凝土");
    assert_eq!(numbers(&hits), [own.as_str()]);
    assert_eq!(passages(&hits)[1], ("enterprise中".to_owned(), format!("长沙[鼎盛]建筑 · {firm}")));
    assert_eq!(numbers(&find(&bureau.ledger, &handler(), "complaint", &firm)), [own.as_str()]);
    let renamed = map(json!({ "name": "天心新材" }));
    bureau.ledger.edit(&handler(), "enterprise", &firm, 1, renamed, Write::default()).unwrap();
    assert_eq!(find(&bureau.ledger, &handler(), "complaint", "鼎盛").total, 0);
    assert_eq!(numbers(&find(&bureau.ledger, &handler(), "complaint", "天心新材")), [own.as_str()]);
}

#[test]
fn nothing_out_of_reach_is_found_counted_or_told_of_through_a_reference() {
    let bureau = Bureau::new();
    let far = json!({ "lon": 113.05, "lat": 28.1, "address": "另一网格暗渠" });
    let firm = enter(&bureau.ledger, "enterprise", json!({ "name": "暗渠化工", "place": far }));
    let own = enter(&bureau.ledger, "complaint", json!({ "enterprise": firm }));
    enter(&bureau.ledger, "complaint", json!({ "place": far, "content": "暗渠排污" }));
    let member = Actor::new("网格员", Role::Grid).in_cell("430103001");
    assert_eq!(find(&bureau.ledger, &handler(), "complaint", "暗渠").total, 2);
    assert_eq!(find(&bureau.ledger, &member, "complaint", "暗渠"), Hits::default());
    assert_eq!(find(&bureau.ledger, &member, "complaint", &firm), Hits::default());
    assert_eq!(find(&bureau.ledger, &member, "enterprise", "暗渠"), Hits::default());
    assert_eq!(numbers(&find(&bureau.ledger, &member, "complaint", "混凝土")), [own.as_str()]);
    let stranger = Actor { enterprise: Some("QY0099".into()), ..Actor::new("企业", Role::Enterprise) };
    assert!(bureau.ledger.find(&stranger, "complaint", &Words::of("暗渠"), 5, Language::Chinese).is_err());
}

#[test]
fn a_change_and_a_deletion_are_followed_at_once() {
    let bureau = Bureau::new();
    let number = enter(&bureau.ledger, "complaint", full());
    let change = map(json!({ "measures": [{ "action": "更换风机" }] }));
    bureau.ledger.edit(&handler(), "complaint", &number, 1, change, Write::default()).unwrap();
    assert_eq!(find(&bureau.ledger, &handler(), "complaint", "净化器").total, 0);
    assert_eq!(find(&bureau.ledger, &handler(), "complaint", "风机").total, 1);
    bureau.ledger.delete(&head(), "complaint", &number, 2, "重复", Write::default()).unwrap();
    assert_eq!(find(&bureau.ledger, &handler(), "complaint", "风机").total, 0);
}

#[test]
fn after_a_change_of_the_register_file_the_index_is_made_anew() {
    let bureau = Bureau::new();
    let number = enter(&bureau.ledger, "complaint", full());
    let reopened = |change: fn(&mut bilan_records::catalogue::Register), words: &str| {
        let mut changed = complaint();
        change(&mut changed);
        let ledger = open(bureau.path(), vec![enterprise(), changed], &bureau.clock).unwrap();
        let hits = find(&ledger, &handler(), "complaint", words);
        assert!(ledger.verify().unwrap().is_ok());
        numbers(&hits).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    let none: Vec<String> = Vec::new();
    assert_eq!(reopened(|_| {}, "责令"), [number.as_str()]);
    assert_eq!(reopened(|register| register.fields["result"].search = false, "责令"), none);
    assert_eq!(reopened(|_| {}, "责令"), [number.as_str()], "and back again");
    let renamed: fn(&mut bilan_records::catalogue::Register) = |register| {
        let FieldKind::Choice { choices } = &mut register.fields["category"].kind else { panic!("a choice") };
        choices["waste_gas"].zh = "臭气".into();
    };
    assert_eq!(reopened(renamed, "臭气"), [number.as_str()]);
    assert_eq!(reopened(renamed, "废气"), none);
    assert_eq!(reopened(|register| register.title = "content".into(), "炒菜"), [number]);
}

#[test]
fn an_index_of_an_earlier_version_is_made_anew() {
    let bureau = Bureau::new();
    let number = enter(&bureau.ledger, "complaint", full());
    let connection = rusqlite::Connection::open(bureau.path()).unwrap();
    connection
        .execute_batch(
            "DROP TABLE f_complaint; DELETE FROM search_index; \
             CREATE VIRTUAL TABLE f_complaint USING fts5(text, content='', contentless_delete=1)",
        )
        .unwrap();
    drop(connection);
    let ledger = open(bureau.path(), vec![enterprise(), complaint()], &bureau.clock).unwrap();
    assert_eq!(numbers(&find(&ledger, &handler(), "complaint", "郭建军")), [number.as_str()]);
}

#[test]
fn a_damaged_record_keeps_neither_the_others_from_being_found_nor_the_program_from_starting() {
    let bureau = Bureau::new();
    let number = enter(&bureau.ledger, "complaint", full());
    let damaged = enter(&bureau.ledger, "complaint", json!({ "subject": "餐饮油烟扰民" }));
    let connection = rusqlite::Connection::open(bureau.path()).unwrap();
    connection.execute_batch("DELETE FROM search_index").unwrap();
    let sql = "UPDATE r_complaint SET content = CAST(x'e59c' AS TEXT) WHERE number = ?1";
    assert_eq!(connection.execute(sql, [&damaged]).unwrap(), 1);
    let ledger = open(bureau.path(), vec![enterprise(), complaint()], &bureau.clock).unwrap();
    assert_eq!(numbers(&find(&ledger, &handler(), "complaint", "郭建军")), [number.as_str()]);
    assert!(ledger.verify().unwrap().is_err(), "the damaged record is named");
}

#[test]
fn a_register_that_went_and_came_back_has_an_index() {
    let bureau = Bureau::new();
    drop(open(bureau.path(), vec![complaint()], &bureau.clock).unwrap());
    let ledger = open(bureau.path(), vec![enterprise(), complaint()], &bureau.clock).unwrap();
    enter(&ledger, "enterprise", json!({ "name": "湘江食品" }));
    assert_eq!(find(&ledger, &handler(), "enterprise", "食品").total, 1);
}

#[test]
fn every_readable_text_of_the_shipped_registers_is_searched_and_nothing_personal() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let catalogue = bilan_records::catalogue::load(&root).unwrap_or_else(|faults| panic!("{faults}"));
    let mut searched = 0;
    for register in catalogue.registers.values() {
        let rows = register.fields.values().filter_map(|field| match &field.kind {
            FieldKind::Table { fields } => Some(fields.values()),
            _ => None,
        });
        for field in register.fields.values().chain(rows.flatten()) {
            let readable = field.kind.is_searchable() && !field.is_hidden();
            assert_eq!(field.search, readable, "{}.{}", register.key, field.key);
            searched += usize::from(field.search);
        }
    }
    assert!(searched > 600, "{searched}");
}

/// Enters many records at once, the last entered the oldest.
fn enter_many(ledger: &Ledger, register: &str, count: usize, values: impl Fn(usize) -> Json) {
    let records = (0..count).map(|at| (register.to_owned(), map(values(at))));
    exchange::load(ledger, &system(), records, false).unwrap();
}

/// Complaints of which all but each tenth are about building at night.
fn thousands() -> Bureau {
    let bureau = Bureau::new();
    enter_many(&bureau.ledger, "complaint", 2_400, |at| {
        let subject = if at % 10 == 3 { "餐饮油烟" } else { "夜间施工" };
        let minutes = 2_399 - at * 7 % 2_400;
        let at = format!("2020-07-{:02}T{:02}:{:02}:00+08:00", 1 + minutes / 1440, minutes / 60 % 24, minutes % 60);
        let mut given = noise();
        given.extend(map(json!({ "subject": subject, "content": "现场情况", "received_at": at })));
        Json::Object(given)
    });
    bureau
}

#[test]
fn a_list_by_words_that_stand_in_thousands_of_records_holds_the_same_records_on_every_page() {
    let bureau = thousands();
    for sort in [None, Some(("received_at".to_owned(), false)), Some(("number".to_owned(), true))] {
        let of = |search: Option<&str>, filter: Option<&str>, offset: u64| {
            let (search, filter) = (search.map(str::to_owned), filter.map(str::to_owned));
            let query = ListQuery { search, filter, sort: sort.clone(), offset, ..ListQuery::of("complaint") };
            let page = bureau.ledger.list(&system(), query).unwrap();
            page.records.into_iter().map(|record| record.number).collect::<Vec<_>>()
        };
        for offset in [0, 50, 1_000, 1_750, 1_950, 2_100, 2_150] {
            let expected = of(None, Some("subject = \"夜间施工\""), offset);
            assert_eq!(expected.len(), if offset == 2_150 { 10 } else { 50 });
            assert_eq!(of(Some("施工"), None, offset), expected, "{sort:?} {offset}");
        }
    }
}

#[test]
fn of_words_that_stand_in_thousands_of_records_the_search_shows_the_newest_and_says_that_there_are_more_or_how_many() {
    let bureau = thousands();
    let hits = bureau.ledger.find(&system(), "complaint", &Words::of("施工"), 5, Language::Chinese).unwrap();
    assert_eq!(hits.hits.len(), 5);
    // Counting may have been quick enough to count all of them.
    assert!(matches!((hits.total, hits.total_is_capped), (2_160, false) | (2_000, true)), "{}", hits.total);
    // A number is found among them however old it is.
    let first =
        bureau.ledger.list(&system(), ListQuery { sort: Some(("number".into(), false)), ..ListQuery::of("complaint") });
    let number = first.unwrap().records[0].number.clone();
    for typed in [number.clone(), number.to_lowercase()] {
        let hits = bureau.ledger.find(&system(), "complaint", &Words::of(&typed), 5, Language::Chinese).unwrap();
        assert_eq!((numbers(&hits)[0], hits.hits[0].fit), (number.as_str(), Fit::Exact));
    }
}

#[test]
fn what_refers_to_thousands_of_the_same_name_is_followed_from_the_newest_and_the_search_says_that_there_is_more() {
    let bureau = Bureau::new();
    enter_many(&bureau.ledger, "enterprise", 2_100, |at| json!({ "name": format!("湘江化工{at}厂") }));
    for (subject, enterprise) in [("甲", "QY0001"), ("乙", "QY2100")] {
        enter(&bureau.ledger, "complaint", json!({ "subject": subject, "enterprise": enterprise }));
    }
    let hits = bureau.ledger.find(&system(), "complaint", &Words::of("化工"), 5, Language::Chinese).unwrap();
    let subjects: Vec<_> = hits.hits.iter().map(|hit| hit.record.external()["subject"].clone()).collect();
    assert_eq!((subjects, hits.total_is_capped), (vec![json!("乙")], true));
    // The list holds all of them.
    let listed = ListQuery { search: Some("化工".to_owned()), ..ListQuery::of("complaint") };
    assert_eq!(bureau.ledger.list(&system(), listed).unwrap().total, 2);
}
