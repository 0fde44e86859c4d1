//! Every write is checked on the server: by session, role, cell and enterprise; personal data stay masked.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod office;

use axum::body::Body;
use axum::http::{Method, Request, header};
use bilan_records::catalogue::Role;
use jiff::SignedDuration;
use office::{OTHER_CELL, OWN_CELL, Office, PASSWORD, person};
use serde_json::{Value as Json, json};
use test_case::test_case;

/// Sends the form of the sign-in page as a browser does.
async fn try_to_sign_in(office: &Office, name: &str, password: &str) -> office::Answer {
    let page = office.as_guest("/sign-in").await;
    let cookie = page.headers[header::SET_COOKIE].to_str().unwrap().split(';').next().unwrap().to_owned();
    let csrf = page.text.split("name=\"csrf\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let body = form_urlencoded::Serializer::new(String::new())
        .extend_pairs([("csrf", csrf.as_str()), ("name", name), ("password", password), ("next", "//evil.example")])
        .finish();
    let request = Request::post("/sign-in")
        .header(header::COOKIE, cookie)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    office.ask(request.body(Body::from(body)).unwrap()).await
}

#[tokio::test]
async fn signing_in_needs_the_password_and_leads_nowhere_else() {
    let office = Office::open();
    try_to_sign_in(&office, "handler", "wrong password").await.is(401);
    let answer = try_to_sign_in(&office, "handler", PASSWORD).await;
    assert_eq!(answer.is(303).location(), "/");
    let cookies: Vec<&str> =
        answer.headers.get_all(header::SET_COOKIE).iter().map(|value| value.to_str().unwrap()).collect();
    let session = cookies.iter().find(|cookie| cookie.starts_with("bilan_session=")).unwrap();
    assert!(session.contains("HttpOnly") && session.contains("SameSite"), "{session}");
}

#[test_case("handler"; "a name with an account")]
#[test_case("nobody-has-this-name"; "a name without one")]
#[tokio::test]
async fn after_five_wrong_passwords_a_name_waits(name: &'static str) {
    let office = Office::open();
    for _ in 0..5 {
        let status = try_to_sign_in(&office, name, "wrong password").await.status.as_u16();
        assert!(status == 401 || status == 429, "{status}");
    }
    try_to_sign_in(&office, name, PASSWORD).await.is(429);
    office.clock.advance(SignedDuration::from_mins(2));
    let status = try_to_sign_in(&office, name, PASSWORD).await.status.as_u16();
    assert_eq!(status, if name == "handler" { 303 } else { 401 });
}

#[tokio::test]
async fn signing_out_ends_the_session() {
    let office = Office::open();
    let handler = office.sign_in(Role::Handler);
    office.get(&handler, "/records/complaint").await.is(200);
    office.post(&handler, "/sign-out", &[]).await.is(303);
    let sent_away = office.get(&handler, "/records/complaint").await;
    assert!(sent_away.is(303).location().starts_with("/sign-in?next="));
}

#[test_case("/"; "home")]
#[test_case("/records/complaint"; "a ledger")]
#[test_case("/records/complaint/export.csv"; "an export")]
#[test_case("/map"; "the map")]
#[test_case("/stations"; "the stations")]
#[test_case("/figures?year=2020"; "the figures")]
#[test_case("/reports/annual?year=2020"; "the report")]
#[test_case("/journal"; "the journal")]
#[test_case("/accounts"; "the accounts")]
#[tokio::test]
async fn without_signing_in_there_is_only_the_door(address: &'static str) {
    let office = Office::open();
    assert!(office.as_guest(address).await.is(303).location().starts_with("/sign-in"));
}

#[tokio::test]
async fn a_role_without_the_right_is_refused_on_page_form_and_api() {
    let office = Office::open();
    let number = office.enter("complaint", office.complaint("夜间施工")).number;
    let auditor = office.sign_in(Role::Auditor);
    office.get(&auditor, "/records/complaint/new").await.is(403).says("无权操作");
    office.post(&auditor, "/records/complaint/new", &[("subject", "越权")]).await.is(403);
    let edit = format!("/records/complaint/{number}/edit");
    office.post(&auditor, &edit, &[("version", "1"), ("subject", "越权")]).await.is(403);
    let step = format!("/records/complaint/{number}/step/accept");
    office.post(&auditor, &step, &[("version", "1")]).await.is(403);
    office
        .post(&auditor, &format!("/records/complaint/{number}/delete"), &[("version", "1"), ("reason", "x")])
        .await
        .is(403);
    let body = json!({ "subject": "越权" });
    office.call(Role::Auditor, Method::POST, "/complaint", &[], body.clone()).await.is(403);
    let address = format!("/complaint/{number}");
    office.call(Role::Auditor, Method::PATCH, &address, &[("if-match", "\"1\"")], body).await.is(403);
    office
        .call(Role::Handler, Method::DELETE, &format!("{address}?reason=x"), &[("if-match", "\"1\"")], Json::Null)
        .await
        .is(403);
    let record = office.record("complaint", &number);
    assert_eq!((record.version, &record.external()["subject"]), (1, &json!("夜间施工")));
    for (role, status) in [(Role::Handler, 403), (Role::Auditor, 200), (Role::Admin, 200)] {
        office.get(&office.sign_in(role), "/accounts").await.is(status);
    }
}

#[tokio::test]
async fn a_grid_member_works_in_the_own_cell_only() {
    let office = Office::open();
    let mut other = office.complaint("别处的投诉");
    other["place"] = office.place_in(OTHER_CELL);
    let (own, other) = (office.enter("complaint", office.complaint("本格的投诉")), office.enter("complaint", other));
    assert!(own.cell.as_deref().is_some_and(|cell| cell.starts_with(OWN_CELL)), "{:?}", own.cell);
    let member = office.sign_in(Role::Grid);
    office.get(&member, "/records/complaint").await.says("本格的投诉").says_not("别处的投诉");
    office.get(&member, &format!("/records/complaint/{}", own.number)).await.is(200);
    office.get(&member, &format!("/records/complaint/{}", other.number)).await.is(404).says_not("别处的投诉");
    office.get(&member, "/search?q=别处").await.says_not(&other.number);
    let address = format!("/complaint/{}", other.number);
    office.call(Role::Grid, Method::GET, &address, &[], Json::Null).await.is(404);
    let export = office.get(&member, "/records/complaint/export.csv").await;
    export.says("本格的投诉").says_not("别处的投诉");
}

#[tokio::test]
async fn an_enterprise_sees_its_own_ledgers_only() {
    let office = Office::open();
    let firm = |number: &str, name: &str, code: &str| {
        let mut values = office.least("enterprise");
        for (field, value) in [("number", number), ("name", name), ("credit_code", code)] {
            values.insert(field.to_owned(), json!(value));
        }
        office.load("enterprise", values);
    };
    firm("QY-1", "长沙甲印刷有限公司", "91350100M000100Y43");
    firm("QY-2", "长沙乙涂装有限公司", "91440300708461136T");
    let own = office.sign_in(Role::Enterprise);
    office.get(&own, "/records/enterprise").await.says("长沙甲印刷有限公司").says_not("长沙乙涂装有限公司");
    office.get(&own, "/records/enterprise/QY-2").await.is(404);
}

#[tokio::test]
async fn personal_data_are_masked_until_a_reason_is_given_and_the_journal_keeps_it() {
    let office = Office::open();
    let number = office.enter("complaint", office.complaint("夜间施工")).number;
    let address = format!("/records/complaint/{number}");
    let handler = office.sign_in(Role::Handler);
    for page in [address.as_str(), "/records/complaint", "/records/complaint/export.csv", &format!("{address}/edit")] {
        office.get(&handler, page).await.is(200).says_not("13800001234").says_not("王小明");
    }
    let shown = office.call(Role::Handler, Method::GET, &format!("/complaint/{number}"), &[], Json::Null).await;
    shown.is(200).says_not("13800001234").says_not("王小明");
    let unmask = format!("{address}/unmask");
    office.post(&handler, &unmask, &[("field", "phone"), ("reason", "")]).await.says_not("13800001234");
    office.post(&office.sign_in(Role::Duty), &unmask, &[("field", "phone"), ("reason", "看看")]).await.is(403);
    let seen = office.post(&handler, &unmask, &[("field", "phone"), ("reason", "回访核实情况")]).await;
    let address = seen.is(303).location();
    office.get(&handler, address).await.is(200).says("13800001234");
    office.get(&office.sign_in(Role::Handler), address).await.is(200).says_not("13800001234");
    office.clock.advance(jiff::SignedDuration::from_mins(3));
    office.get(&handler, address).await.is(200).says_not("13800001234");
    let auditor = office.sign_in(Role::Auditor);
    office.get(&auditor, "/journal").await.says("回访核实情况").says(&number).says_not("13800001234");
    let database = std::fs::read(office.folder().join("records.db")).unwrap();
    let log = std::fs::read(office.folder().join("records.db-wal")).unwrap_or_default();
    for bytes in [database, log] {
        let text = String::from_utf8_lossy(&bytes);
        assert!(!text.contains("13800001234") && !text.contains("王小明"), "personal data lie in the clear on disk");
    }
}

#[tokio::test]
async fn the_pages_of_the_journal_lead_to_its_first_entry_and_find_it_by_day() {
    let office = Office::open();
    let first = office.enter("complaint", office.complaint("最早的一条")).number;
    office.clock.advance(jiff::SignedDuration::from_hours(24));
    for n in 0..200 {
        office.enter("complaint", office.complaint(&format!("第{n}条")));
    }
    let auditor = office.sign_in(Role::Auditor);
    let newest = office.get(&auditor, "/journal?actor=test&register=complaint").await;
    let older = newest.is(200).says_not(&format!(">{first}</a>")).text.split("rel=\"next\" href=\"").nth(1).unwrap();
    let older = older.split('"').next().unwrap().replace("&#38;", "&").replace("&amp;", "&");
    let page = office.get(&auditor, &older).await;
    page.is(200).says(&format!(">{first}</a>")).says("最新").says_not("rel=\"next\"");
    let day = office.get(&auditor, "/journal?from=2026-11-23&until=2026-11-23").await;
    day.is(200).says(&format!(">{first}</a>")).says_not("第0条");
    office.get(&auditor, "/journal?from=2026-11-24").await.says("第199条").says_not(&format!(">{first}</a>"));
    office.get(&auditor, "/journal?from=yesterday").await.is(400);
    office.get(&auditor, "/journal?after=nowhere").await.is(400);
}

#[tokio::test]
async fn lists_that_leave_something_out_say_so() {
    let office = Office::open();
    for n in 0..51 {
        office.enter("complaint", office.complaint(&format!("夜间施工{n}")));
    }
    let duty = office.sign_in(Role::Duty);
    office.get(&duty, "/map/list?layer=complaint").await.is(200).says("只列出最新的 50 条");
    office.get(&duty, "/records/complaint/options?repeat_of=施工").await.is(200).says("还有更多，请继续输入");
    office.get(&duty, "/records/complaint/options?repeat_of=施工50").await.is(200).says_not("还有更多");
}

#[tokio::test]
async fn who_is_offered_the_journal_may_open_it() {
    let office = Office::open();
    let number = office.enter("complaint", office.complaint("夜间施工")).number;
    for role in [Role::Admin, Role::Auditor, Role::Head] {
        let person = office.sign_in(role);
        office.get(&person, "/").await.says("href=\"/journal\"");
        office.get(&person, "/journal").await.is(200).says(&number);
    }
    for role in [Role::Duty, Role::Grid, Role::Handler, Role::Clerk, Role::Analyst, Role::Enterprise] {
        let person = office.sign_in(role);
        office.get(&person, "/").await.says_not("href=\"/journal\"");
        office.get(&person, "/journal").await.is(403);
    }
}

#[tokio::test]
async fn whoever_changed_the_record_meanwhile_is_named_and_states_by_their_labels() {
    let office = Office::open();
    let number = office.enter("complaint", office.complaint("夜间施工")).number;
    let edit = format!("/records/complaint/{number}/edit");
    let duty = office.sign_in(Role::Duty);
    office.post(&duty, &edit, &[("version", "1"), ("subject", "夜间施工噪声")]).await.is(303);
    let handler = office.sign_in(Role::Handler);
    let refused = office.post(&handler, &edit, &[("version", "1"), ("subject", "工地夜间施工")]).await;
    refused
        .is(409)
        .says("夜间施工噪声")
        .says("冲突")
        .says(&format!("<span class=\"muted\">{}</span>", person(Role::Duty)));
}

#[tokio::test]
async fn a_day_that_is_none_is_named_beside_its_field_of_the_journal() {
    let office = Office::open();
    let auditor = office.sign_in(Role::Auditor);
    for (field, other) in [("from", "until"), ("until", "from")] {
        let answer = office.get(&auditor, &format!("/journal?{field}=2026-13-40&register=complaint")).await;
        answer
            .is(400)
            .says("“2026-13-40”不是有效的日期")
            .says(&format!("id=\"j-{field}-fault\""))
            .says("value=\"complaint\" selected");
        answer.says_not(&format!("id=\"j-{other}-fault\""));
    }
}
