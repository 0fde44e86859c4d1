//! Entering, finding, changing and deleting records, as a person at the desk does it.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod support;

use bilan_records::{
    actor::Actor,
    catalogue::Role,
    ledger::{JsonMap, ListQuery, Write, WriteError},
};
use serde_json::json;
use support::*;

#[test]
fn a_complaint_is_entered_numbered_placed_and_shown_with_personal_data_masked() {
    let bureau = Bureau::new();
    let record = bureau.ledger.create(&handler(), "complaint", noise(), Write::default()).unwrap();
    assert_eq!(record.number, "TS202000001");
    assert_eq!(record.state.as_deref(), Some("received"));
    assert_eq!(record.cell.as_deref(), Some("430103001-01"));
    assert_eq!(record.version, 1);
    assert_eq!(record.external()["reporter"], "王**");
    assert_eq!(record.external()["phone"], "138****5678");
    assert_eq!(record.external()["received_at"], "2020-03-01T22:15:00+08:00");
    let again = bureau.ledger.record(&handler(), "complaint", "TS202000001", None).unwrap();
    assert_eq!(again, record);
    let next = bureau.ledger.create(&handler(), "complaint", noise(), Write::default()).unwrap();
    assert_eq!(next.number, "TS202000002");
}

#[test]
fn every_fault_of_a_form_is_told_at_once_and_nothing_is_stored() {
    let bureau = Bureau::new();
    let values = map(json!({
        "received_at": "yesterday", "category": "smell", "leq": 200, "enterprise": "QY9999", "colour": "red",
        "measures": [{ "action": "loud", "units": -1 }],
    }));
    let error = bureau.ledger.create(&handler(), "complaint", values, Write::default()).unwrap_err();
    let WriteError::Invalid { faults } = error else { panic!("{error}") };
    let mut fields: Vec<&str> = faults.0.iter().map(|fault| fault.field.as_str()).collect();
    fields.sort_unstable();
    let expected = ["category", "colour", "enterprise", "leq", "measures[1].units", "received_at", "subject"];
    assert_eq!(fields, expected, "{faults}");
    assert_eq!(bureau.ledger.list(&handler(), ListQuery::of("complaint")).unwrap().total, 0);
    let first = bureau.ledger.create(&handler(), "complaint", noise(), Write::default()).unwrap();
    assert_eq!(first.number, "TS202000001", "a refused record uses up no number");
}

#[test]
fn a_double_click_makes_one_record_and_a_key_used_for_something_else_is_refused() {
    let bureau = Bureau::new();
    let write = || Write::once("form-17");
    let first = bureau.ledger.create(&handler(), "complaint", noise(), write()).unwrap();
    let second = bureau.ledger.create(&handler(), "complaint", noise(), write()).unwrap();
    assert_eq!(first, second);
    assert_eq!(bureau.ledger.list(&handler(), ListQuery::of("complaint")).unwrap().total, 1);
    let mut other = noise();
    other.insert("subject".into(), json!("另一件"));
    let error = bureau.ledger.create(&handler(), "complaint", other, write()).unwrap_err();
    assert!(matches!(error, WriteError::KeyReused { .. }), "{error}");
}

#[test]
fn the_second_of_two_editors_is_told_and_shown_the_difference() {
    let bureau = Bureau::new();
    let record = bureau.ledger.create(&handler(), "complaint", noise(), Write::default()).unwrap();
    let change = |text: &str| map(json!({ "subject": text }));
    let first = Actor::new("甲", Role::Handler);
    bureau.ledger.edit(&first, "complaint", &record.number, 1, change("甲的标题"), Write::default()).unwrap();
    let error = bureau
        .ledger
        .edit(&handler(), "complaint", &record.number, 1, change("乙的标题"), Write::default())
        .unwrap_err();
    let WriteError::Stale { theirs, current, .. } = error else { panic!("{error}") };
    assert_eq!(current, 2);
    assert_eq!(theirs.len(), 1);
    assert_eq!(theirs[0].base, "夜间施工噪声扰民");
    assert_eq!(theirs[0].theirs, "甲的标题");
    assert_eq!(theirs[0].yours, Some(json!("乙的标题")));
    assert_eq!(theirs[0].by, "甲");
    let standing = bureau.ledger.record(&handler(), "complaint", &record.number, None).unwrap();
    assert_eq!(standing.external()["subject"], "甲的标题", "nothing of the first editor is lost");
}

#[test]
fn a_form_that_sends_back_a_masked_name_does_not_overwrite_the_name() {
    let bureau = Bureau::new();
    let record = bureau.ledger.create(&handler(), "complaint", noise(), Write::default()).unwrap();
    let sent = map(json!({ "reporter": "王**", "phone": "138****5678", "subject": "新标题" }));
    bureau.ledger.edit(&handler(), "complaint", &record.number, 1, sent, Write::default()).unwrap();
    let plain = bureau.ledger.unmask(&handler(), "complaint", &record.number, "reporter", "回访").unwrap();
    assert_eq!(plain, "王小明");
}

#[test]
fn a_look_at_personal_data_needs_permission_and_a_reason_and_is_journalled() {
    let bureau = Bureau::new();
    let record = bureau.ledger.create(&handler(), "complaint", noise(), Write::default()).unwrap();
    let look = |actor: &Actor, reason: &str| bureau.ledger.unmask(actor, "complaint", &record.number, "phone", reason);
    assert!(look(&Actor::new("访客", Role::Analyst), "好奇").is_err());
    assert!(look(&handler(), " ").is_err());
    assert_eq!(look(&handler(), "回访投诉人").unwrap(), "13812345678");
    let timeline = bureau.ledger.timeline(&handler(), "complaint", &record.number).unwrap();
    assert_eq!(timeline.len(), 2);
    assert_eq!(timeline[1].reason.as_deref(), Some("回访投诉人"));
    let database = std::fs::read(bureau.path()).unwrap();
    let wal = std::fs::read(bureau.path().with_extension("db-wal")).unwrap_or_default();
    for file in [database, wal] {
        for secret in ["13812345678", "王小明"] {
            assert!(!file.windows(secret.len()).any(|bytes| bytes == secret.as_bytes()), "{secret} lies open on disk");
        }
    }
}

#[test]
fn a_record_and_a_list_can_be_seen_as_they_stood_at_an_earlier_moment() {
    let bureau = Bureau::new();
    bureau.at("2020-03-02T01:00:00Z");
    let mut values = noise();
    values.insert("measures".into(), json!([{ "action": "停工", "units": 1 }]));
    let record = bureau.ledger.create(&handler(), "complaint", values, Write::default()).unwrap();
    bureau.at("2020-03-05T01:00:00Z");
    let change =
        map(json!({ "subject": "改过的标题", "measures": [{ "action": "降噪", "units": 2 }, { "action": "洒水" }] }));
    bureau.ledger.edit(&handler(), "complaint", &record.number, 1, change, Write::default()).unwrap();
    bureau.at("2020-03-08T01:00:00Z");
    bureau.ledger.delete(&head(), "complaint", &record.number, 2, "重复登记", Write::default()).unwrap();

    let at = |moment: &str| Some(moment.parse().unwrap());
    let early = bureau.ledger.record(&handler(), "complaint", &record.number, at("2020-03-03T00:00:00Z")).unwrap();
    assert_eq!(early.external()["subject"], "夜间施工噪声扰民");
    assert_eq!(early.external()["measures"], json!([{ "action": "停工", "units": 1 }]));
    assert_eq!(early.external()["reporter"], "王**");
    let later = bureau.ledger.record(&handler(), "complaint", &record.number, at("2020-03-06T00:00:00Z")).unwrap();
    assert_eq!(later.external()["measures"][1]["action"], "洒水");
    assert!(bureau.ledger.record(&handler(), "complaint", &record.number, at("2020-03-01T00:00:00Z")).is_err());
    assert!(bureau.ledger.record(&handler(), "complaint", &record.number, None).is_err());
    let total = |moment| {
        let query = ListQuery { as_of: moment, ..ListQuery::of("complaint") };
        bureau.ledger.list(&handler(), query).unwrap().total
    };
    assert_eq!(total(at("2020-03-01T00:00:00Z")), 0);
    assert_eq!(total(at("2020-03-03T00:00:00Z")), 1);
    assert_eq!(total(at("2020-03-06T00:00:00Z")), 1);
    assert_eq!(total(None), 0);
}

#[test]
fn words_of_two_characters_are_found_wherever_they_stand() {
    let bureau = Bureau::new();
    bureau.ledger.create(&handler(), "complaint", noise(), Write::default()).unwrap();
    let mut other = noise();
    other.insert("subject".into(), json!("餐饮油烟直排"));
    other.insert("content".into(), json!("声称已安装净化器"));
    other.insert("category".into(), json!("waste_gas"));
    bureau.ledger.create(&handler(), "complaint", other, Write::default()).unwrap();
    let found = |words: &str| {
        let query = ListQuery { search: Some(words.to_owned()), ..ListQuery::of("complaint") };
        let page = bureau.ledger.list(&handler(), query).unwrap();
        page.records.into_iter().map(|record| record.number).collect::<Vec<_>>()
    };
    assert_eq!(found("噪声"), ["TS202000001"]);
    assert_eq!(found("油烟 净化"), ["TS202000002"]);
    assert_eq!(found("混凝土 休息"), ["TS202000001"]);
    assert_eq!(found("ts20200000").len(), 2);
    assert!(found("王小明").is_empty(), "personal data are not searched");
    assert!(found("\" OR *").is_empty());
}

#[test]
fn a_grid_worker_sees_and_changes_only_records_of_the_own_cell() {
    let bureau = Bureau::new();
    let mine = bureau.ledger.create(&handler(), "complaint", noise(), Write::default()).unwrap();
    let mut values = noise();
    values.insert("place".into(), json!({ "lon": 113.05, "lat": 28.1 }));
    let other = bureau.ledger.create(&handler(), "complaint", values.clone(), Write::default()).unwrap();
    assert_eq!(other.cell.as_deref(), Some("430103002-01"));
    let worker = Actor::new("网格员", Role::Grid).in_cell("430103001");
    let page = bureau.ledger.list(&worker, ListQuery::of("complaint")).unwrap();
    assert_eq!(page.records.iter().map(|record| &record.number).collect::<Vec<_>>(), [&mine.number]);
    assert!(bureau.ledger.record(&worker, "complaint", &other.number, None).is_err());
    let change = || map(json!({ "subject": "x" }));
    let error = bureau.ledger.edit(&worker, "complaint", &other.number, 1, change(), Write::default()).unwrap_err();
    assert!(matches!(error, WriteError::NotFound { .. }), "{error}");
    assert!(bureau.ledger.edit(&worker, "complaint", &mine.number, 1, change(), Write::default()).is_ok());
    let auditor = Actor::new("审计", Role::Auditor);
    assert_eq!(bureau.ledger.list(&auditor, ListQuery::of("complaint")).unwrap().total, 2);
    assert!(bureau.ledger.create(&auditor, "complaint", noise(), Write::default()).is_err());
}

#[test]
fn a_place_outside_the_own_cell_is_a_fault_of_the_place_beside_the_other_faults() {
    let bureau = Bureau::new();
    let worker = Actor::new("网格员", Role::Grid).in_cell("430103001");
    let mut values = noise();
    values.insert("place".into(), json!({ "lon": 113.05, "lat": 28.1 }));
    values.remove("subject");
    let faults = |error: WriteError| {
        let WriteError::Invalid { faults } = error else { panic!("{error}") };
        faults.0
    };
    let found = faults(bureau.ledger.create(&worker, "complaint", values, Write::default()).unwrap_err());
    assert_eq!(found.iter().map(|fault| fault.field.as_str()).collect::<Vec<_>>(), ["subject", "place"]);
    assert!(found[1].why_zh.contains("不在您负责的网格") && found[1].why_zh.contains("转交值班室"), "{found:?}");
    assert!(found[1].why.contains("outside your own cell") && found[1].why.contains("duty desk"), "{found:?}");
    let mine = bureau.ledger.create(&worker, "complaint", noise(), Write::default()).unwrap();
    for elsewhere in [json!({ "lon": 113.05, "lat": 28.1 }), json!({ "address": "某处" })] {
        let moved = map(json!({ "place": elsewhere }));
        let error = bureau.ledger.edit(&worker, "complaint", &mine.number, 1, moved, Write::default()).unwrap_err();
        assert_eq!(faults(error)[0].field, "place");
    }
    let mut nowhere = noise();
    nowhere.remove("place");
    let found = faults(bureau.ledger.create(&worker, "complaint", nowhere, Write::default()).unwrap_err());
    assert_eq!(found[0].field, "place");
    let file = "received_at,category,subject,place\n2020-03-01 22:15,noise,夜间,\"113.05,28.10\"\n";
    let refused = bilan_records::exchange::import(
        &bureau.ledger,
        &worker,
        "complaint",
        std::io::Cursor::new(file),
        bilan_records::exchange::Format::Csv,
        false,
    );
    let Err(bilan_records::exchange::ImportError::Faults(faults)) = refused else { panic!("{refused:?}") };
    assert!(faults.faults[0].why_zh.contains("不在您负责的网格"), "{faults:?}");
}

#[test]
fn an_enterprise_shows_what_refers_to_it_and_cannot_be_deleted_meanwhile() {
    let bureau = Bureau::new();
    let named = |name: &str| map(json!({ "name": name, "registered_on": "2019-05-06" }));
    let firm = bureau.ledger.create(&handler(), "enterprise", named("长沙某印刷厂"), Write::default()).unwrap();
    let error = bureau.ledger.create(&handler(), "enterprise", named("长沙某印刷厂"), Write::default()).unwrap_err();
    assert!(error.to_string().contains("QY0001"), "{error}");
    let mut values = noise();
    values.insert("enterprise".into(), json!(firm.number));
    let complaint = bureau.ledger.create(&handler(), "complaint", values, Write::default()).unwrap();
    assert_eq!(complaint.external()["enterprise"], "QY0001");
    let related = bureau.ledger.related(&handler(), "enterprise", "QY0001").unwrap();
    assert_eq!((related.len(), related[0].total, related[0].register.as_str()), (1, 1, "complaint"));
    assert_eq!(related[0].first[0].number, complaint.number);
    let error = bureau.ledger.delete(&head(), "enterprise", "QY0001", 1, "停业", Write::default()).unwrap_err();
    assert!(matches!(error, WriteError::StillReferred { count: 1, .. }), "{error}");
    bureau.ledger.delete(&head(), "complaint", &complaint.number, 1, "误报", Write::default()).unwrap();
    bureau.ledger.delete(&head(), "enterprise", "QY0001", 1, "停业", Write::default()).unwrap();
    assert!(bureau.ledger.create(&handler(), "enterprise", named("长沙某印刷厂"), Write::default()).is_ok());
}

#[test]
fn lists_are_sorted_paged_and_counted() {
    let bureau = Bureau::new();
    for day in 1..=9 {
        let mut values = noise();
        values.insert("received_at".into(), json!(format!("2020-03-0{day}T08:00:00+08:00")));
        values.insert("leq".into(), json!(50.0 + f64::from(10 - day) / 10.0));
        bureau.ledger.create(&handler(), "complaint", values, Write::default()).unwrap();
    }
    let page = |sort: Option<(&str, bool)>, offset| {
        let sort = sort.map(|(key, descending)| (key.to_owned(), descending));
        let query = ListQuery { sort, offset, limit: 4, ..ListQuery::of("complaint") };
        let page = bureau.ledger.list(&handler(), query).unwrap();
        assert_eq!(page.total, 9);
        page.records.into_iter().map(|record| record.number[8..].to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(page(None, 0), ["009", "008", "007", "006"], "the newest first");
    assert_eq!(page(Some(("received_at", false)), 8), ["009"]);
    assert_eq!(page(Some(("leq", false)), 0), ["009", "008", "007", "006"]);
    assert_eq!(page(Some(("number", false)), 4), ["005", "006", "007", "008"]);
    let wrong = ListQuery { sort: Some(("reporter".into(), false)), ..ListQuery::of("complaint") };
    assert!(bureau.ledger.list(&handler(), wrong).is_err(), "ciphertext has no order");
}

#[test]
fn an_edit_that_changes_nothing_leaves_no_trace_and_a_change_is_told_field_by_field() {
    let bureau = Bureau::new();
    let record = bureau.ledger.create(&handler(), "complaint", noise(), Write::default()).unwrap();
    let edit = |version, changes: JsonMap| {
        bureau.ledger.edit(&handler(), "complaint", &record.number, version, changes, Write::default()).unwrap()
    };
    assert_eq!(edit(1, map(json!({ "subject": "夜间施工噪声扰民" }))).version, 1);
    assert_eq!(edit(1, map(json!({ "leq": "62.1", "reporter": "李四", "content": null }))).version, 2);
    let timeline = bureau.ledger.timeline(&handler(), "complaint", &record.number).unwrap();
    let changes: Vec<_> = timeline[1].changes.iter().map(|change| change.field.as_str()).collect();
    assert_eq!(timeline.len(), 2);
    assert_eq!(changes, ["content", "leq", "reporter"]);
    assert_eq!(timeline[1].changes[2].after["masked"], "李**");
}

#[test]
fn a_photograph_is_attached_and_a_program_that_calls_itself_one_is_not() {
    let bureau = Bureau::new();
    let record = bureau.ledger.create(&handler(), "complaint", noise(), Write::default()).unwrap();
    let attach =
        |name: &str, bytes: &[u8]| bureau.ledger.attach(&handler(), "complaint", &record.number, &photo(name, bytes));
    assert!(matches!(attach("virus.jpg", b"MZ\x90\x00"), Err(WriteError::Attachment { .. })));
    let large = [b"\xff\xd8\xff".as_slice(), &vec![0; 1024 * 1024]].concat();
    assert!(attach("large.jpg", &large).unwrap_err().to_string().contains("1 MB"));
    let with_photo = attach("现场.jpg", b"\xff\xd8\xff\xe0 picture").unwrap();
    assert_eq!(with_photo.version, 2);
    let photos = with_photo.external()["photos"].clone();
    let sha = photos[0]["sha"].as_str().unwrap();
    let file = bureau.ledger.attachment(&handler(), sha).unwrap();
    assert_eq!((file.name.as_str(), file.media_type.as_str()), ("现场.jpg", "image/jpeg"));
    let elsewhere = Actor::new("网格员", Role::Grid).in_cell("430103002");
    assert!(bureau.ledger.attachment(&elsewhere, sha).is_err(), "who may not read the record may not read its file");
}

#[test]
fn a_photograph_comes_in_with_its_record_for_who_may_not_change_records() {
    let bureau = Bureau::new();
    let grid = Actor::new("网格员", Role::Grid).in_cell("430103001");
    let with = |bytes: &[u8]| Write { files: vec![photo("现场.jpg", bytes)], ..Write::default() };
    let made = bureau.ledger.create(&grid, "complaint", noise(), with(b"\xff\xd8\xff\xe0 picture")).unwrap();
    assert_eq!(made.external()["photos"][0]["name"], "现场.jpg");
    let before = bureau.ledger.list(&handler(), ListQuery::of("complaint")).unwrap().total;
    let refused = bureau.ledger.create(&grid, "complaint", noise(), with(b"MZ\x90\x00"));
    assert!(matches!(refused, Err(WriteError::Attachment { .. })));
    let after = bureau.ledger.list(&handler(), ListQuery::of("complaint")).unwrap().total;
    assert_eq!(after, before, "a record whose file is refused does not come in without it");
}

#[test]
fn a_count_ends_where_more_would_tell_nobody_anything() {
    let bureau = Bureau::new();
    for _ in 0..5 {
        bureau.ledger.create(&handler(), "complaint", noise(), Write::default()).unwrap();
    }
    let count = |filter: &str, most| {
        let query = ListQuery { filter: Some(filter.to_owned()), ..ListQuery::of("complaint") };
        bureau.ledger.count_up_to(&handler(), &query, most).unwrap()
    };
    assert_eq!(count(r#"state = "received""#, 4), (4, true));
    assert_eq!(count(r#"state = "received""#, 5), (5, false));
    assert_eq!(count(r#"state = "closed""#, 5), (0, false));
}
