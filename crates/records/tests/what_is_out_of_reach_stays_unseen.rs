//! No question, fault or answer tells of a record that the account may not read.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod support;

use std::io::Cursor;

use bilan_records::{
    actor::Actor,
    attachments::digest,
    catalogue::{Field, FieldKind, PublicView, Register, Role},
    exchange::{Format, ImportError, ImportFaults, ImportNote, ImportOutcome, import, load},
    ledger::{JournalQuery, JsonMap, ListQuery, Write, WriteError},
};
use indexmap::IndexMap;
use proptest::prelude::*;
use serde_json::{Value as Json, json};
use support::{Bureau, complaint, enterprise, field, handler, head, map, noise, photo};
use test_case::test_case;

const OWN_CELL: &str = "430103001";
const PHOTO: &[u8] = b"\xff\xd8\xff\xe0 of another cell";

fn grid() -> Actor {
    Actor::new("网格员", Role::Grid).in_cell(OWN_CELL)
}

/// Complaints that may repeat one another, with rows that refer to enterprises.
fn linked() -> Register {
    let mut complaint = complaint();
    let to = |key: &str, to: &str| field(key, FieldKind::Reference { to: to.to_owned() });
    let visits: IndexMap<String, Field> = [to("firm", "enterprise")].map(|field| (field.key.clone(), field)).into();
    complaint.fields.insert("repeat_of".to_owned(), to("repeat_of", "complaint"));
    complaint.fields.insert("visits".to_owned(), field("visits", FieldKind::Table { fields: visits }));
    complaint
}

/// A record of the grid member's own cell that refers to a hidden complaint and a hidden enterprise.
struct Hidden {
    bureau: Bureau,
    own: String,
    complaint: String,
    enterprise: String,
}

impl Hidden {
    fn with(hidden: &Json) -> Self {
        let bureau = Bureau::with(vec![enterprise(), linked()]);
        let place = json!({ "lon": 113.05, "lat": 28.1, "address": "另一网格" });
        let create = |register: &str, values: Json| {
            let mut given = if register == "complaint" { noise() } else { JsonMap::new() };
            given.extend(map(values));
            bureau.ledger.create(&handler(), register, given, Write::default()).unwrap().number
        };
        let name = hidden.get("name").cloned().unwrap_or(json!("某厂"));
        let enterprise = create("enterprise", json!({ "name": name, "place": place }));
        let mut values = json!({ "place": place, "enterprise": enterprise, "visits": [{ "firm": enterprise }] });
        values.as_object_mut().unwrap().extend(map(hidden.clone()).into_iter().filter(|(key, _)| key != "name"));
        let complaint = create("complaint", values);
        let own = create(
            "complaint",
            json!({ "repeat_of": complaint, "enterprise": enterprise, "visits": [{ "firm": enterprise }] }),
        );
        Self { bureau, own, complaint, enterprise }
    }

    /// Numbers that the grid member finds, in every way in which a list can be asked.
    fn found(&self, filter: &str) -> Vec<String> {
        let mut found = Vec::new();
        for as_of in [None, Some(self.bureau.ledger.now())] {
            let query = ListQuery { filter: Some(filter.to_owned()), as_of, ..ListQuery::of("complaint") };
            let page = self.bureau.ledger.list(&grid(), query.clone()).unwrap();
            assert_eq!(self.bureau.ledger.count(&grid(), &query).unwrap(), page.records.len() as u64);
            found.extend(page.records.into_iter().map(|record| record.number));
        }
        assert!(found.iter().all(|number| *number == self.own), "{found:?} for {filter}");
        found
    }
}

/// Conditions that look through a reference at what the grid member may not read.
const THROUGH: [&str; 16] = [
    "repeat_of.content >= \"n\"",
    "not (repeat_of.content >= \"n\")",
    "repeat_of.content contains \"secret\"",
    "repeat_of.content != \"secret\"",
    "repeat_of.content is empty",
    "repeat_of.content is filled",
    "repeat_of.leq > 60",
    "repeat_of.urgent",
    "repeat_of.category in (\"noise\")",
    "repeat_of.phone is filled",
    "repeat_of.tags contains \"night\"",
    "repeat_of.measures is filled",
    "repeat_of.created_at >= \"2020-01-01\"",
    "enterprise.name >= \"n\"",
    "not (enterprise.name contains \"secret\")",
    "repeat_of.received_at < \"2020-02-01\" or enterprise.name = \"secret\"",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn the_answer_to_a_filter_does_not_depend_on_what_is_out_of_reach(
        content in proptest::option::of("[a-z]{1,12}"),
        name in "[a-z]{1,12}",
        leq in proptest::option::of(30..90_i32),
        urgent in proptest::bool::ANY,
    ) {
        let plain = Hidden::with(&json!({}));
        let other = Hidden::with(&json!({
            "content": content, "name": name, "leq": leq, "urgent": urgent, "category": "waste_gas", "phone": null,
            "tags": ["night"], "measures": [{ "action": "a" }], "received_at": "2020-01-01T08:00:00+08:00",
        }));
        for filter in THROUGH {
            prop_assert_eq!(plain.found(filter), other.found(filter), "{}", filter);
        }
    }
}

#[test]
fn who_may_read_what_a_reference_leads_to_may_ask_through_it() {
    let hidden = Hidden::with(&json!({ "content": "secret" }));
    let ask = |filter: &str| {
        let query = ListQuery { filter: Some(filter.to_owned()), ..ListQuery::of("complaint") };
        hidden.bureau.ledger.count(&handler(), &query).unwrap()
    };
    assert_eq!(ask("repeat_of.content contains \"secret\""), 1);
    assert_eq!(ask("enterprise.name is filled"), 2);
}

#[test_case("repeat_of", |number| json!(number); "a reference of the record")]
#[test_case("visits", |number| json!([{ "firm": number }]); "a reference in a row")]
fn a_reference_out_of_reach_is_answered_as_one_that_is_not_there(key: &str, value: fn(&str) -> Json) {
    let hidden = Hidden::with(&json!({}));
    let (there, missing) = match key {
        "repeat_of" => (hidden.complaint.as_str(), "TS202099999"),
        _ => (hidden.enterprise.as_str(), "QY9999"),
    };
    let refused = |number: &str| {
        let mut values = noise();
        values.insert(key.to_owned(), value(number));
        let error = hidden.bureau.ledger.create(&grid(), "complaint", values, Write::default()).unwrap_err();
        error.to_string().replace(number, "…")
    };
    assert!(refused(there).contains("there is no record with this number"), "{}", refused(there));
    assert_eq!(refused(there), refused(missing));
}

#[test]
fn an_edit_may_keep_a_reference_out_of_reach_that_stands_already() {
    let hidden = Hidden::with(&json!({}));
    let values = map(json!({
        "subject": "已核对", "repeat_of": hidden.complaint, "visits": [{ "firm": hidden.enterprise }],
    }));
    let edited = hidden.bureau.ledger.edit(&grid(), "complaint", &hidden.own, 1, values, Write::default()).unwrap();
    assert_eq!(edited.external()["repeat_of"], json!(hidden.complaint));
    assert_eq!(edited.external()["subject"], "已核对");
}

#[test]
fn a_value_that_is_taken_out_of_reach_is_refused_without_saying_by_which_record() {
    let hidden = Hidden::with(&json!({ "name": "长沙某印刷厂" }));
    let named = map(json!({ "name": "长沙某印刷厂", "place": { "lon": 112.95, "lat": 28.1 } }));
    let refused = |actor: &Actor| {
        let error = hidden.bureau.ledger.create(actor, "enterprise", named.clone(), Write::default()).unwrap_err();
        let WriteError::Invalid { faults } = error else { panic!("{error}") };
        format!("{} {}", faults.0[0].why, faults.0[0].why_zh)
    };
    assert!(!refused(&grid()).contains(&hidden.enterprise), "{}", refused(&grid()));
    assert!(refused(&handler()).contains(&hidden.enterprise), "{}", refused(&handler()));
}

/// Complaints known by their work-order number, with one in another cell and one in the own.
fn known_by_number(unique: bool) -> Bureau {
    let mut complaint = complaint();
    complaint.known_by = vec!["order_no".to_owned()];
    complaint.fields.insert("order_no".to_owned(), Field { unique, ..support::text("order_no") });
    let bureau = Bureau::with(vec![enterprise(), complaint]);
    for (order, lon) in [("HIDDEN-1", 113.05), ("OWN-1", 112.95)] {
        let mut values = noise();
        values.extend(map(json!({ "order_no": order, "place": { "lon": lon, "lat": 28.1 } })));
        bureau.ledger.create(&handler(), "complaint", values, Write::default()).unwrap();
    }
    bureau
}

fn import_order(bureau: &Bureau, actor: &Actor, order: &str, dry_run: bool) -> Result<ImportOutcome, ImportError> {
    let file =
        format!("received_at,category,subject,place,order_no\n2020-03-01 22:15,noise,夜间,\"112.95,28.10\",{order}\n");
    import(&bureau.ledger, actor, "complaint", std::io::Cursor::new(file), Format::Csv, dry_run)
}

#[test]
fn an_import_does_not_say_that_a_piece_of_work_is_known_out_of_reach() {
    let bureau = known_by_number(false);
    let answer = |actor: &Actor, order: &str| import_order(&bureau, actor, order, true).unwrap();
    assert_eq!(answer(&grid(), "HIDDEN-1"), answer(&grid(), "UNKNOWN-1"), "a hidden order is answered as a new one");
    for actor in [&grid(), &handler()] {
        let known = answer(actor, "OWN-1");
        let [ImportNote::Repeat { number, .. }] = known.notes.as_slice() else { panic!("{:?}", known.notes) };
        assert_eq!((known.repeated, number.as_deref()), (1, Some("TS202000002")), "{}", actor.name);
    }
    assert_eq!(answer(&handler(), "HIDDEN-1").repeated, 1, "who may read it is shown it");
}

#[test]
fn a_unique_number_that_is_taken_out_of_reach_is_refused_to_an_import_as_to_a_form() {
    let bureau = known_by_number(true);
    for dry_run in [true, false] {
        let ImportError::Faults(ImportFaults { faults, total: 1, .. }) =
            import_order(&bureau, &grid(), "HIDDEN-1", dry_run).unwrap_err()
        else {
            panic!("the number is the one fault")
        };
        let mut values = noise();
        values.insert("order_no".to_owned(), json!("HIDDEN-1"));
        let form = bureau.ledger.create(&grid(), "complaint", values, Write::default()).unwrap_err();
        let WriteError::Invalid { faults: form } = form else { panic!("{form}") };
        assert_eq!((&faults[0].why, &faults[0].why_zh), (&form.0[0].why, &form.0[0].why_zh));
        assert!(!faults[0].why.contains("TS2020"), "{}", faults[0].why);
    }
    assert_eq!(import_order(&bureau, &grid(), "OWN-1", false).unwrap().repeated, 1, "within reach it is a repeat");
    assert_eq!(bureau.ledger.list(&handler(), ListQuery::of("complaint")).unwrap().total, 2, "nothing came in twice");
}

#[test]
fn who_edits_one_cell_and_reads_them_all_releases_texts_of_that_cell_alone() {
    let mut register = complaint();
    register.public = Some(PublicView { show: vec!["subject".to_owned()], filter: None });
    let bureau = Bureau::with(vec![enterprise(), register]);
    let create = |lon: f64| {
        let mut values = noise();
        let place = json!({ "lon": lon, "lat": 28.1 });
        values.extend(map(json!({ "subject": "李小红女士投诉夜间施工", "place": place })));
        bureau.ledger.create(&handler(), "complaint", values, Write::default()).unwrap()
    };
    let (own, other) = (create(112.95), create(113.05));
    let mut both = grid();
    both.roles.push(Role::Analyst);
    let register = &bureau.ledger.catalogue().registers["complaint"];
    assert_eq!(bureau.ledger.list(&both, ListQuery::of("complaint")).unwrap().total, 2, "both are read");
    assert!(!bureau.ledger.may_release_record(&both, register, &other).unwrap());
    let error = bureau.ledger.release(&both, "complaint", &other.number, 1).unwrap_err();
    assert!(matches!(error, WriteError::Forbidden { .. }), "{error}");
    assert_eq!(bureau.ledger.held_back(&other).unwrap().len(), 1, "it still waits");
    assert!(bureau.ledger.may_release_record(&both, register, &own).unwrap());
    bureau.ledger.release(&both, "complaint", &own.number, 1).unwrap();
    assert!(bureau.ledger.held_back(&own).unwrap().is_empty());
    bureau.ledger.release(&head(), "complaint", &other.number, 1).unwrap();
    assert!(bureau.ledger.held_back(&other).unwrap().is_empty(), "the head releases every text");
}

#[test]
fn who_reads_nothing_of_a_register_is_answered_alike_of_every_number_but_works_on_what_is_theirs() {
    let bureau = Bureau::new();
    let made = bureau.ledger.create(&handler(), "complaint", noise(), Write::default()).unwrap();
    let firm = Actor::new("甲厂", Role::Enterprise);
    for number in [made.number.as_str(), "TS202099999"] {
        let edit = bureau.ledger.edit(&firm, "complaint", number, 1, map(json!({ "result": "x" })), Write::default());
        let step =
            bureau.ledger.step(&firm, "complaint", number, 1, "hold", JsonMap::new(), None, Write::default()).map(drop);
        let delete = bureau.ledger.delete(&firm, "complaint", number, 1, "x", Write::default());
        for outcome in [edit.map(drop), step, delete] {
            let error = outcome.unwrap_err();
            assert!(matches!(error, WriteError::NotFound { .. }), "{number}: {error}");
        }
    }
    let mut register = complaint();
    register.permissions.read = vec![Role::Head];
    let bureau = Bureau::with(vec![enterprise(), register]);
    let made = bureau.ledger.create(&handler(), "complaint", noise(), Write::default()).unwrap();
    let values = map(json!({ "handler_name": "李经办" }));
    bureau.ledger.step(&handler(), "complaint", &made.number, 1, "accept", values, None, Write::default()).unwrap();
}

#[test]
fn a_withheld_value_is_given_by_the_program_alone_and_changed_by_nobody() {
    let mut register = complaint();
    register.fields.insert("code".to_owned(), Field { withheld: true, ..support::text("code") });
    let bureau = Bureau::with(vec![enterprise(), register]);
    let mut values = noise();
    values.insert("code".to_owned(), json!("K7XM3RTA9C"));
    let mut admin = Actor::new("admin", Role::Admin);
    admin.person = Some("管理员".to_owned());
    for actor in [handler(), admin.clone()] {
        let error = bureau.ledger.create(&actor, "complaint", values.clone(), Write::default()).unwrap_err();
        assert!(error.to_string().contains("made by the system") && !error.to_string().contains("K7XM"), "{error}");
    }
    let made = bureau.ledger.create(&support::system(), "complaint", values, Write::default()).unwrap();
    for value in [json!("AAAAAAAAAA"), Json::Null] {
        let given = map(json!({ "code": value }));
        for actor in [handler(), admin.clone(), support::system()] {
            let edit = bureau.ledger.edit(&actor, "complaint", &made.number, 1, given.clone(), Write::default());
            assert!(matches!(edit.unwrap_err(), WriteError::Invalid { .. }));
            let mut filled = given.clone();
            filled.insert("handler_name".to_owned(), json!("李经办"));
            let write = Write::default();
            let step = bureau.ledger.step(&actor, "complaint", &made.number, 1, "accept", filled, None, write);
            assert!(matches!(step.unwrap_err(), WriteError::Invalid { .. }));
        }
    }
    // Neither does a file: not for a new record, nor to hear whether a code is the right one.
    let codes = ["K7XM3RTA9C", "AAAAAAAAAA"];
    let row = |code: &str| json!({ "number": made.number, "code": code }).to_string();
    let sheet = |code: &str| format!("编号,code\n{},{code}\n", made.number);
    for actor in [handler(), admin.clone(), support::system()] {
        for content in [&row as &dyn Fn(&str) -> String, &sheet] {
            let format = if content("").starts_with('{') { Format::Jsonl } else { Format::Csv };
            let [right, wrong] = codes.map(|code| {
                let source = Cursor::new(content(code).into_bytes());
                import(&bureau.ledger, &actor, "complaint", source, format, true).unwrap_err().to_string()
            });
            assert_eq!(right, wrong, "{}", actor.name);
            assert!(right.contains("made by the system") && !right.contains("K7XM"), "{right}");
        }
    }
    let mut others = noise();
    others.insert("code".to_owned(), json!("AAAAAAAAAA"));
    let brought = load(&bureau.ledger, &admin, [("complaint".to_owned(), others)], false).unwrap_err().to_string();
    assert!(brought.contains("made by the system"), "{brought}");
    assert!(bureau.ledger.holds(&support::system(), "complaint", &made.number, "code", "K7XM3RTA9C").unwrap());
}

#[test]
fn a_deletion_that_a_record_out_of_reach_prevents_does_not_count_or_name_it() {
    let mut registers = vec![enterprise(), linked()];
    registers[0].permissions.delete.push(Role::Grid);
    let bureau = Bureau::with(registers);
    let place = |lon: f64| json!({ "lon": lon, "lat": 28.1 });
    let firm = map(json!({ "name": "长沙某印刷厂", "place": place(112.95) }));
    let firm = bureau.ledger.create(&handler(), "enterprise", firm, Write::default()).unwrap();
    let mut values = noise();
    values.extend(map(json!({ "place": place(113.05), "enterprise": firm.number })));
    bureau.ledger.create(&handler(), "complaint", values, Write::default()).unwrap();
    let error = bureau.ledger.delete(&grid(), "enterprise", &firm.number, 1, "停业", Write::default()).unwrap_err();
    assert!(matches!(error, WriteError::ReferredElsewhere { .. }), "{error}");
    assert!(!error.to_string().contains("complaint"), "{error}");
    let mut head = head();
    head.roles = vec![Role::Admin];
    let error = bureau.ledger.delete(&head, "enterprise", &firm.number, 1, "停业", Write::default()).unwrap_err();
    assert!(matches!(error, WriteError::StillReferred { count: 1, .. }), "{error}");
}

#[test]
fn a_file_is_not_claimed_by_its_digest() {
    let hidden = Hidden::with(&json!({}));
    let ledger = &hidden.bureau.ledger;
    let upload = |actor: &Actor, number: &str| ledger.attach(actor, "complaint", number, &photo("现场.jpg", PHOTO));
    let claimed = json!([{ "name": "我的.jpg", "sha": digest(PHOTO) }]);
    let claim = |actor: &Actor| {
        let mut values = noise();
        values.insert("photos".into(), claimed.clone());
        ledger.create(actor, "complaint", values, Write::default())
    };
    let unknown = claim(&grid()).unwrap_err().to_string();
    upload(&handler(), &hidden.complaint).unwrap();
    assert_eq!(claim(&grid()).unwrap_err().to_string(), unknown, "a foreign file is answered as an unknown one");
    assert!(ledger.attachment(&grid(), &digest(PHOTO)).is_err());
    claim(&handler()).expect("who may read the file on a record may attach it to another");
    // Who has the bytes may upload them, although somebody else did before.
    upload(&grid(), &hidden.own).unwrap();
    assert_eq!(ledger.attachment(&grid(), &digest(PHOTO)).unwrap().bytes, PHOTO);
    let kept = map(json!({ "subject": "已核对", "photos": [{ "name": "现场.jpg", "sha": digest(PHOTO) }] }));
    ledger.edit(&grid(), "complaint", &hidden.own, 2, kept, Write::default()).unwrap();
}

/// Every text in a value.
fn texts(json: &Json, found: &mut Vec<String>) {
    match json {
        Json::Object(map) => map.iter().for_each(|(key, value)| {
            found.push(key.clone());
            texts(value, found);
        }),
        Json::Array(items) => items.iter().for_each(|item| texts(item, found)),
        Json::String(text) => found.push(text.clone()),
        _ => {}
    }
}

#[test]
fn no_answer_carries_the_digest_of_a_personal_value() {
    let bureau = Bureau::new();
    let record = bureau.ledger.create(&handler(), "complaint", noise(), Write::default()).unwrap();
    let edit = |version, changes: Json| {
        bureau.ledger.edit(&handler(), "complaint", &record.number, version, map(changes), Write::default())
    };
    edit(1, json!({ "phone": "13912345678" })).unwrap();
    let stale = edit(1, json!({ "phone": "13712345678" })).unwrap_err();
    let WriteError::Stale { theirs, .. } = &stale else { panic!("{stale}") };
    assert_eq!(theirs[0].field, "phone", "the change is told although the digest is not");
    let auditor = Actor::new("审计", Role::Auditor);
    let answers = [
        json!(theirs),
        json!(bureau.ledger.timeline(&handler(), "complaint", &record.number).unwrap()),
        json!(bureau.ledger.journal(&auditor, &JournalQuery::newest(100)).unwrap().entries),
    ];
    for answer in answers {
        let mut found = Vec::new();
        texts(&answer, &mut found);
        assert!(found.iter().any(|text| text == "masked"), "{answer}");
        let is_digest = |text: &String| text.len() >= 24 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        assert!(!found.iter().any(|text| text == "digest" || is_digest(text)), "{answer}");
    }
}
