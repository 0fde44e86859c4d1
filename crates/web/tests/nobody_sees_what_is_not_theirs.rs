//! For every register, role and way in: nothing shows of a record that lies outside the reach of the account.
//!
//! Every register holds a record far away — in another cell, of another enterprise — with a mark in each of its texts,
//! and, where it can, one of the account's own that refers to it. Whatever is asked, by whatever way, the mark stays away.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod office;

use axum::http::Method;
use bilan_records::actor::{Act, Actor, Scope};
use bilan_records::catalogue::{FieldKind, Register, Role};
use bilan_records::ledger::JsonMap;
use office::{Answer, OTHER_CELL, OWN_CELL, Office, Signed};
use serde_json::{Value as Json, json};
use test_case::test_case;

/// Begins the mark; what is asked for holds only its end, so that a page that repeats the question is no finding.
const MARK: &str = "远处密件";
const ASKED: &str = "密件";

fn mark(register: &str) -> String {
    format!("{MARK}.{register}.")
}

/// A record with a mark in every text; references lead to the records far away, as long as these are there.
fn values(office: &Office, register: &Register, number: &str, cell: &str, marked: bool) -> JsonMap {
    let mut values = office.least(&register.key);
    values.insert("number".to_owned(), json!(number));
    for field in register.fields.values() {
        let text = format!("{}{}", if marked { mark(&register.key) } else { "本处".to_owned() }, field.key);
        let value = match &field.kind {
            FieldKind::Text { .. } | FieldKind::LongText { .. } | FieldKind::Person => json!(text),
            FieldKind::Place => {
                let mut place = office.place_in(cell);
                place["address"] = json!(text);
                place
            }
            FieldKind::Reference { to } if to != &register.key && office.has(to, &format!("FAR-{to}")) => {
                json!(format!("FAR-{to}"))
            }
            _ => continue,
        };
        values.insert(field.key.clone(), value);
    }
    values
}

/// An office whose every register holds a record far away and one of the account's own cell and enterprise.
fn filled() -> Office {
    let office = Office::open();
    let registers: Vec<Register> = office.ledger.catalogue().registers.values().cloned().collect();
    // Twice: what refers to others comes after them.
    for _ in 0..3 {
        for register in &registers {
            let far = format!("FAR-{}", register.key);
            if !office.has(&register.key, &far) {
                office.try_load(&register.key, values(&office, register, &far, OTHER_CELL, true));
            }
        }
    }
    let missing: Vec<&str> = registers
        .iter()
        .map(|register| register.key.as_str())
        .filter(|key| !office.has(key, &format!("FAR-{key}")))
        .collect();
    assert!(missing.len() <= 3, "the test looks past these registers: {missing:?}");
    let mut firm = office.least("enterprise");
    firm.insert("number".to_owned(), json!("QY-1"));
    firm.insert("credit_code".to_owned(), json!("91350100M000100Y43"));
    office.try_load("enterprise", firm);
    for register in registers.iter().filter(|register| register.key != "enterprise") {
        let mut own = values(&office, register, &format!("OWN-{}", register.key), OWN_CELL, false);
        if own.contains_key("enterprise") && office.has("enterprise", "QY-1") {
            own.insert("enterprise".to_owned(), json!("QY-1"));
        }
        office.try_load(&register.key, own);
    }
    office
}

fn actor(role: Role) -> Actor {
    let mut actor = Actor::new(role.key(), role);
    actor.cell = (role == Role::Grid).then(|| OWN_CELL.to_owned());
    actor.enterprise = (role == Role::Enterprise).then(|| "QY-1".to_owned());
    actor
}

#[tokio::test]
async fn figures_of_a_grid_member_are_those_of_the_own_cell_whichever_way_they_are_asked_for() {
    let office = filled();
    let year = office.ledger.years("complaint").unwrap().pop().unwrap();
    let (grid, head) = (office.sign_in(Role::Grid), office.sign_in(Role::Head));
    let ways = ["/figures", "/figures/complaints_total/records", "/figures/changes"];
    for way in ways {
        let moment = if way == "/figures/changes" { "&from=2026-11-23T12:00" } else { "" };
        let address = format!("{way}?year={year}{moment}");
        office.get(&grid, &address).await.is(200).says("不是全局数字");
        office.get(&head, &address).await.is(200).says_not("不是全局数字");
    }
    office.get(&grid, &format!("/reports/annual?year={year}")).await.is(200).says("不是全局数字");
    office.get(&head, &format!("/reports/annual?year={year}")).await.is(200).says_not("不是全局数字");
    for moment in ["", "&as_of=2026-11-23T12:00"] {
        let address = format!("/figures/complaints_total?year={year}{moment}");
        let figure = |role| office.call(role, Method::GET, &address, &[], Json::Null);
        let (own, whole) = (figure(Role::Grid).await.json(), figure(Role::Head).await.json());
        assert_eq!((&own["confined"], &whole["confined"]), (&json!(true), &json!(false)), "{own} {whole}");
        assert!(own["records"].as_u64() <= whole["records"].as_u64(), "{own} {whole}");
    }
}

fn hides(role: Role, register: &Register, what: &str, answer: &Answer) {
    let at = answer.text.find(&mark(&register.key));
    let near = at.map(|at| answer.text[at..].chars().take(120).collect::<String>());
    assert_eq!(near, None, "{} sees “{}” by {what} ({})", role.key(), register.key, answer.status);
}

/// Every way in which a list of the register can be asked.
fn ways(register: &Register) -> Vec<String> {
    let key = &register.key;
    let encode = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let mut ways = vec![
        format!("/records/{key}"),
        format!("/records/{key}?q={}", encode(ASKED)),
        format!("/records/{key}?as_of=2026-11-23T12:00"),
        format!("/records/{key}?cell={OTHER_CELL}"),
        format!("/records/{key}/options?q={}", encode(ASKED)),
        format!("/records/{key}/export.csv"),
        format!("/records/{key}/export.jsonl"),
        format!("/map/layers/{key}.geojson"),
        format!("/map/list?layer={key}"),
        format!("/map/panel/{key}/FAR-{key}"),
        format!("/records/{key}/FAR-{key}"),
        format!("/records/{key}/FAR-{key}/edit"),
        format!("/records/{key}/OWN-{key}"),
    ];
    let through = register.fields.values().filter_map(|field| match &field.kind {
        FieldKind::Reference { .. } => Some(format!("{}.number is filled", field.key)),
        FieldKind::Text { .. } | FieldKind::LongText { .. } if !field.personal => {
            Some(format!("{} contains \"{ASKED}\"", field.key))
        }
        _ => None,
    });
    ways.extend(through.map(|filter| format!("/records/{key}?filter={}", encode(&filter))));
    ways
}

#[test_case(Role::Grid)]
#[test_case(Role::Enterprise)]
#[test_case(Role::Integrator)]
#[test_case(Role::Clerk)]
#[test_case(Role::Auditor)]
#[tokio::test]
async fn no_page_list_filter_export_map_or_journal_shows_a_record_out_of_reach(role: Role) {
    let office = filled();
    let (who, actor) = (office.sign_in(role), actor(role));
    let registers: Vec<Register> = office.ledger.catalogue().registers.values().cloned().collect();
    let hidden: Vec<&Register> =
        registers.iter().filter(|register| actor.scope(register, Act::Read) != Scope::All).collect();
    if matches!(role, Role::Grid | Role::Enterprise) {
        assert!(hidden.len() > 30, "{} registers", hidden.len());
    }
    for register in &hidden {
        for way in ways(register) {
            hides(role, register, &way, &office.get(&who, &way).await);
        }
        api(&office, role, register).await;
    }
    across(&office, role, &who, &hidden).await;
}

async fn api(office: &Office, role: Role, register: &Register) {
    let key = &register.key;
    let mut asked = vec![format!("/{key}"), format!("/{key}/FAR-{key}"), format!("/{key}/FAR-{key}/journal")];
    asked.push(format!("/{key}/OWN-{key}"));
    asked.push(format!("/{key}/OWN-{key}/journal"));
    asked.extend(register.fields.keys().take(6).map(|field| format!("/{key}?sort=-{field}")));
    for address in asked {
        let answer = office.call(role, Method::GET, &address, &[], Json::Null).await;
        hides(role, register, &format!("GET /api/v1{address}"), &answer);
        if address.contains("FAR-") {
            assert!(matches!(answer.status.as_u16(), 403 | 404), "{address}: {}", answer.status);
        }
    }
}

/// Pages over all registers.
async fn across(office: &Office, role: Role, who: &Signed, hidden: &[&Register]) {
    let asked = form_urlencoded::byte_serialize(ASKED.as_bytes()).collect::<String>();
    let mut pages: Vec<String> = [
        "/",
        "/records",
        "/map",
        "/stations",
        "/devices",
        "/warnings",
        "/figures?year=2020",
        "/history",
        "/power",
        "/noise",
        "/water",
        "/air",
        "/journal",
        "/notices",
        "/publication",
        "/reports",
        "/map/screen",
    ]
    .map(str::to_owned)
    .to_vec();
    pages.push(format!("/search?q={asked}"));
    pages.push(format!("/map/search?q={asked}"));
    pages.push(format!("/map/cells/{OTHER_CELL}"));
    let figures = office.ledger.catalogue().figures.keys();
    pages.extend(figures.map(|figure| format!("/figures/{figure}/records?year=2020")));
    for page in pages {
        let answer = office.get(who, &page).await;
        for register in hidden {
            hides(role, register, &page, &answer);
        }
    }
}

#[tokio::test]
async fn a_record_of_ones_own_tells_by_no_filter_what_is_behind_its_references() {
    let office = filled();
    let registers: Vec<Register> = office.ledger.catalogue().registers.values().cloned().collect();
    let mut asked = 0;
    for register in &registers {
        for field in register.fields.values() {
            let FieldKind::Reference { to } = &field.kind else { continue };
            let other = &office.ledger.catalogue().registers[to.as_str()];
            if actor(Role::Grid).scope(other, Act::Read) == Scope::All {
                continue;
            }
            for filter in [
                format!("{}.{} contains \"{ASKED}\"", field.key, other.title),
                format!("{}.{} >= \"远\"", field.key, other.title),
                format!("{}.number = \"FAR-{to}\" and {0}.created_at >= \"2020-01-01\"", field.key),
            ] {
                let filter = form_urlencoded::byte_serialize(filter.as_bytes()).collect::<String>();
                let address = format!("/{}?filter={filter}", register.key);
                let answer = office.call(Role::Grid, Method::GET, &address, &[], Json::Null).await;
                if answer.status.is_success() {
                    assert_eq!(answer.json()["total"], json!(0), "{address}");
                    asked += 1;
                }
            }
        }
    }
    assert!(asked > 30, "{asked} filters were asked");
}

#[test_case(Role::Grid)]
#[test_case(Role::Enterprise)]
#[test_case(Role::Integrator)]
#[tokio::test]
async fn a_write_to_a_record_out_of_reach_is_answered_as_one_to_an_invented_number(role: Role) {
    let office = filled();
    let actor = actor(role);
    let mut compared = 0;
    for register in office.ledger.catalogue().registers.values() {
        let (key, number) = (&register.key, format!("FAR-{}", register.key));
        let steps = register.workflow.iter().flat_map(|workflow| &workflow.steps);
        let steps: Vec<_> = steps.collect();
        let reaches_all = |step: &bilan_records::catalogue::Step| actor.step_scope(register, &step.roles) == Scope::All;
        let works = [Act::Read, Act::Edit, Act::Delete].iter().any(|act| actor.scope(register, *act) == Scope::All);
        if works || steps.iter().any(|(_, step)| reaches_all(step)) || !office.has(key, &number) {
            continue;
        }
        let invented = format!("NOT-{key}");
        let mut ways = vec![
            (Method::PATCH, String::new(), json!({ "values": { register.title.as_str(): "内容" } })),
            (Method::DELETE, "?reason=x".to_owned(), Json::Null),
        ];
        ways.extend(steps.first().map(|(step, _)| (Method::POST, format!("/steps/{step}"), json!({ "reason": "x" }))));
        for (method, end, body) in ways {
            let mut answers = Vec::new();
            for number in [&number, &invented] {
                let address = format!("/{key}/{number}{end}");
                let answer = office.call(role, method.clone(), &address, &[("if-match", "\"1\"")], body.clone()).await;
                answers.push((answer.status, answer.text.replace(number.as_str(), "N")));
            }
            assert_eq!(answers[0], answers[1], "{} {method} {key}{end}", role.key());
            assert_eq!(answers[0].0.as_u16(), 404, "{} {method} {key}{end}: {}", role.key(), answers[0].1);
            compared += 1;
        }
    }
    assert!(compared > 20, "{compared} were compared");
}

#[tokio::test]
async fn the_description_of_the_api_offers_no_withheld_field() {
    let office = Office::open();
    let text = office.as_guest("/api/openapi.json").await.text;
    for field in office.ledger.catalogue().registers.values().flat_map(|register| register.fields.values()) {
        assert!(!field.withheld || !text.contains(&format!("\"{}\"", field.key)), "{} is offered", field.key);
    }
    assert!(text.contains("\"complainant\""), "the other fields are");
}

#[tokio::test]
async fn what_is_withheld_is_shown_to_nobody_of_the_bureau_by_any_way() {
    const SECRET: &str = "K7XM3RTA9C";
    let office = Office::open();
    let registers: Vec<Register> = office.ledger.catalogue().registers.values().cloned().collect();
    let mut held = 0;
    for register in &registers {
        let fields: Vec<&str> =
            register.fields.values().filter(|field| field.withheld).map(|field| field.key.as_str()).collect();
        let Some(field) = fields.first() else { continue };
        let key = &register.key;
        let mut values = office.least(key);
        values.extend(fields.iter().map(|field| ((*field).to_owned(), json!(SECRET))));
        values.insert("number".to_owned(), json!("W-1"));
        office.load(key, values);
        assert!(office.ledger.holds(&Actor::system("test"), key, "W-1", field, SECRET).unwrap());
        held += 1;
        let encode = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        let of_record = ["", "/edit"].map(|end| format!("/records/{key}/W-1{end}"));
        let files = ["csv", "jsonl", "xlsx"].map(|format| format!("/records/{key}/export.{format}"));
        let begins = encode(&format!("{field} contains \"{}\"", &SECRET[..4]));
        let mut pages = vec![format!("/records/{key}"), format!("/records/{key}?as_of=2026-11-23T12:00")];
        pages.push(format!("/records/{key}?sort={field}"));
        pages.push("/journal".to_owned());
        pages.push(format!("/records/{key}?filter={begins}"));
        pages.extend(of_record);
        pages.extend(files);
        for role in Role::ALL {
            let who = office.sign_in(role);
            for page in &pages {
                office.get(&who, page).await.says_not(SECRET);
            }
            let found = office.get(&who, &format!("/search?q={}", &SECRET[..6])).await;
            found.says_not("W-1");
            for address in [format!("/{key}"), format!("/{key}/W-1"), format!("/{key}/W-1/journal")] {
                let answer = office.call(role, Method::GET, &address, &[], Json::Null).await;
                answer.says_not(SECRET);
            }
            for filter in [&begins, &encode(&format!("{field} = \"{SECRET}\""))] {
                let answer = office.call(role, Method::GET, &format!("/{key}?filter={filter}"), &[], Json::Null).await;
                assert!(matches!(answer.status.as_u16(), 400 | 403), "{}: {}", role.key(), answer.status);
            }
        }
    }
    assert!(held > 0, "the code by which a resident follows a complaint is withheld");
}
