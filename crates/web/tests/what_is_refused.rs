//! Bad input ends in a clear message: nothing half-done, nothing lost, the server goes on.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod office;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{Request, header};
use bilan_records::catalogue::Role;
use futures_util::{StreamExt, stream};
use office::{Office, UPLOAD_MB};
use serde_json::json;
use test_case::test_case;

const SCRIPT: &str = "<script>alert(1)</script>\"><img src=x onerror=alert(1)>";

fn complaint_form<'f>(subject: &'f str, key: &'f str) -> Vec<(&'f str, &'f str)> {
    vec![
        ("received_at", "2020-07-15T22:40"),
        ("source", "hotline12345"),
        ("category", "noise"),
        ("kind", "construction_night"),
        ("subject", subject),
        ("content", SCRIPT),
        ("place.lon", "112.985"),
        ("place.lat", "28.112"),
        ("place.address", SCRIPT),
        ("idempotency_key", key),
    ]
}

#[tokio::test]
async fn script_in_a_form_stays_text_wherever_it_is_shown() {
    let office = Office::open();
    let handler = office.sign_in(Role::Handler);
    let made = office.post(&handler, "/records/complaint/new", &complaint_form(SCRIPT, "key-1")).await;
    let record = made.is(303).location().to_owned();
    office.post(&handler, &format!("{record}/edit"), &[("version", "1"), ("subject", "改后<b>粗</b>")]).await;
    for page in [record.as_str(), "/records/complaint", "/search?q=alert", "/", "/map/list?layer=complaint&show=all"] {
        let shown = office.get(&handler, page).await;
        shown.is(200).says_not("<script>alert").says_not("<img src=x").says_not("<b>粗");
        let policy = shown.headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.contains("script-src 'self'") && !policy.contains("unsafe"), "{page}: {policy}");
    }
    office.get(&handler, &record).await.says("&#60;script&#62;alert");
}

#[test_case("/records/complaint/TS209900001"; "an unknown record")]
#[test_case("/records/unicorn"; "an unknown register")]
#[test_case("/records/complaint/TS209900001/edit"; "the form of an unknown record")]
#[test_case("/stations/ZD-0"; "an unknown station")]
#[test_case("/figures/unicorn"; "an unknown figure")]
#[test_case("/reports/unicorn?year=2020"; "an unknown report")]
#[test_case("/nowhere"; "an unknown address")]
#[tokio::test]
async fn what_is_not_there_is_answered_by_a_page_that_says_so(address: &'static str) {
    let office = Office::open();
    let handler = office.sign_in(Role::Handler);
    office.get(&handler, address).await.is(404).says("没有找到").says("/sign-out");
}

#[test_case("/records/complaint?page=-1"; "a page before the first")]
#[test_case("/records/complaint?filter=subject+%3D%3D%3D"; "a filter that does not parse")]
#[test_case("/records/complaint?as_of=yesterday"; "a moment that is none")]
#[test_case("/figures?year=20x0"; "a year that is none")]
#[test_case("/reports/annual?year=abc"; "a report of no year")]
#[tokio::test]
async fn an_address_that_makes_no_sense_never_fails(address: &'static str) {
    let office = Office::open();
    let answer = office.get(&office.sign_in(Role::Handler), address).await;
    assert!(answer.status.as_u16() < 500, "{}: {}", answer.status, answer.text);
    assert!(answer.text.contains("<main"), "a page, not a bare word: {}", answer.text);
}

#[tokio::test]
async fn the_second_of_two_people_is_told_and_sees_both_texts() {
    let office = Office::open();
    let number = office.enter("complaint", office.complaint("原来的事项")).number;
    let address = format!("/records/complaint/{number}/edit");
    let (first, second) = (office.sign_in(Role::Handler), office.sign_in(Role::Duty));
    office.post(&first, &address, &[("version", "1"), ("subject", "先改的事项")]).await.is(303);
    let told = office.post(&second, &address, &[("version", "1"), ("subject", "后改的事项")]).await;
    told.is(409).says("先改的事项").says("后改的事项").says("原来的事项");
    assert_eq!(office.record("complaint", &number).external()["subject"], json!("先改的事项"), "nothing is lost");
    office.post(&second, &address, &[("version", "2"), ("subject", "后改的事项")]).await.is(303);
    assert_eq!(office.record("complaint", &number).external()["subject"], json!("后改的事项"));
}

#[tokio::test]
async fn a_form_sent_twice_makes_one_record() {
    let office = Office::open();
    let handler = office.sign_in(Role::Handler);
    let form = complaint_form("重复提交", "one-key");
    let first = office.post(&handler, "/records/complaint/new", &form).await;
    let second = office.post(&handler, "/records/complaint/new", &form).await;
    assert_eq!(first.is(303).location(), second.is(303).location());
    assert_eq!(office.count("complaint"), 1);
}

#[tokio::test]
async fn a_faulty_form_names_each_field_and_keeps_what_was_typed() {
    let office = Office::open();
    let handler = office.sign_in(Role::Handler);
    let form = [("received_at", "gestern"), ("subject", "只填了事项"), ("phone", "12"), ("idempotency_key", "k")];
    let told = office.post(&handler, "/records/complaint/new", &form).await;
    told.is(422).says("只填了事项").says("gestern");
    assert!(told.text.matches("field-error").count() >= 4, "received_at, source, category and phone are named");
    assert_eq!(office.count("complaint"), 0);
}

#[tokio::test]
async fn a_form_of_nobody_or_of_another_site_is_refused() {
    let office = Office::open();
    let handler = office.sign_in(Role::Handler);
    let with = |csrf: Option<&str>, site: Option<&str>| {
        let mut fields = complaint_form("伪造", "k");
        fields.extend(csrf.map(|csrf| ("csrf", csrf)));
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let mut request = Request::post("/records/complaint/new")
            .header(header::COOKIE, &handler.cookie)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        if let Some(site) = site {
            request = request.header("sec-fetch-site", site);
        }
        office.ask(request.body(Body::from(body)).unwrap())
    };
    for (csrf, site) in [
        (None, None),
        (Some("0000"), None),
        (Some(handler.csrf.as_str()), Some("cross-site")),
        (Some(handler.csrf.as_str()), Some("same-site")),
    ] {
        with(csrf, site).await.is(403).says("页面已过期");
    }
    assert_eq!(office.count("complaint"), 0);
    with(Some(&handler.csrf), Some("same-origin")).await.is(303);
}

#[tokio::test]
async fn an_upload_of_200_mb_is_turned_away_and_leaves_nothing() {
    let office = Office::open();
    let handler = office.sign_in(Role::Handler);
    let head = format!(
        "--line\r\ncontent-disposition: form-data; name=\"csrf\"\r\n\r\n{}\r\n--line\r\n\
         content-disposition: form-data; name=\"file\"; filename=\"a.xlsx\"\r\n\r\n",
        handler.csrf
    );
    // Streamed in pieces, as a browser does: the test itself holds one piece.
    let piece = Bytes::from(vec![b'x'; 1 << 20]);
    let pieces = std::iter::once(Bytes::from(head)).chain(std::iter::repeat_n(piece, 200));
    let body = Body::from_stream(stream::iter(pieces.map(Ok::<_, std::io::Error>)).then(async |piece| {
        tokio::task::yield_now().await;
        piece
    }));
    let told = office.send_upload(&handler, "/records/complaint/import", body).await;
    told.is(413).says("文件太大").says(&UPLOAD_MB.to_string());
    let left =
        walk(office.folder()).into_iter().filter(|(_, size)| *size > 1 << 20).filter(|(name, _)| !name.contains(".db"));
    assert_eq!(left.collect::<Vec<_>>(), Vec::new());
    office.get(&handler, "/records/complaint").await.is(200);
}

fn walk(folder: &std::path::Path) -> Vec<(String, u64)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_dir() {
            found.extend(walk(&entry.path()));
        } else {
            found.push((entry.path().display().to_string(), entry.metadata().unwrap().len()));
        }
    }
    found
}

#[tokio::test]
async fn a_truncated_workbook_is_explained_and_nothing_is_entered() {
    let office = Office::open();
    let handler = office.sign_in(Role::Handler);
    let catalogue = office.ledger.catalogue();
    let template = bilan_records::exchange::template(&catalogue.registers["complaint"], catalogue).unwrap();
    let half = &template[..template.len() / 2];
    let told = office.upload(&handler, "/records/complaint/import", "half.xlsx", half).await;
    told.is(422).says_not("panicked");
    office.upload(&handler, "/records/complaint/import", "rubbish.xlsx", b"no workbook at all").await.is(422);
    office.upload(&handler, "/records/complaint/import", "what.exe", b"MZ").await.is(422);
    assert_eq!(office.count("complaint"), 0);
}

#[tokio::test]
async fn a_faulty_sheet_names_each_fault_by_its_cell_and_enters_no_row() {
    let office = Office::open();
    let handler = office.sign_in(Role::Handler);
    let csv = "received_at,source,category,kind,subject,content,phone\n\
        2020-07-15 22:40,hotline12345,noise,construction_night,好的一行,内容,13800001234\n\
        2020-13-45 99:99,hotline12345,noise,construction_night,坏日期,内容,13800001234\n\
        2020-07-15 22:40,fax,noise,construction_night,坏来源,内容,12\n";
    let told = office.upload(&handler, "/records/complaint/import", "faults.csv", csv.as_bytes()).await;
    told.is(422);
    for fault in ["2020-13-45", "fax", ">A3<", ">B4<", ">G4<"] {
        told.says(fault);
    }
    assert_eq!(office.count("complaint"), 0);
}

#[test_case("csv"; "as csv")]
#[test_case("xlsx"; "as excel")]
#[test_case("jsonl"; "as json lines")]
#[tokio::test]
async fn an_export_is_refused_as_its_list_is(format: &'static str) {
    let office = Office::open();
    let handler = office.sign_in(Role::Handler);
    let wrong = format!("/records/complaint/export.{format}?filter=no_such_field%20%3D%201");
    office.get(&handler, &wrong).await.is(400).says("筛选条件有误");
    let enterprise = office.sign_in(Role::Enterprise);
    office.get(&enterprise, &format!("/records/complaint/export.{format}")).await.is(403).says("无权操作");
}

#[tokio::test]
async fn a_part_of_the_program_that_broke_off_is_named_and_the_program_is_not_ready() {
    let office = Office::open_and(|state| state.with_parts(|| vec!["commands to devices"]));
    let answer = office.as_guest("/readyz").await;
    assert_eq!((answer.status.as_u16(), answer.text.lines().count()), (503, 1), "{}", answer.text);
    answer.says("commands to devices: broke off; start the program again");
    Office::open_and(|state| state.with_parts(Vec::new)).as_guest("/readyz").await.is(200);
}

#[tokio::test]
async fn readiness_is_answered_from_what_was_found_last_while_a_look_waits() {
    let looks = Arc::new(AtomicUsize::new(0));
    let (release, held) = std::sync::mpsc::channel::<()>();
    let (counted, held) = (Arc::clone(&looks), Mutex::new(held));
    let office = Office::open_and(move |state| {
        // The first look ends, the second waits as one at a disk that answers nothing does.
        let state = state.with_parts(move || {
            if counted.fetch_add(1, Ordering::SeqCst) > 0 {
                let _ = held.lock().unwrap().recv();
            }
            Vec::new()
        });
        tokio::spawn(state.clone().watch_readiness());
        state
    });
    while looks.load(Ordering::SeqCst) < 2 {
        // As long as somebody asks, the program goes on looking.
        office.as_guest("/readyz").await;
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    for _ in 0..10 {
        office.as_guest("/readyz").await.is(200).says("ready");
    }
    assert_eq!(looks.load(Ordering::SeqCst), 2, "asking looks at nothing itself");
    drop(release);
}

#[tokio::test]
async fn nobody_looks_whether_the_program_is_ready_unless_somebody_asks() {
    let looks = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&looks);
    let office = Office::open_and(move |state| {
        let state = state.with_parts(move || {
            counted.fetch_add(1, Ordering::SeqCst);
            Vec::new()
        });
        tokio::spawn(state.clone().watch_readiness());
        state
    });
    while looks.load(Ordering::SeqCst) < 1 {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    // Longer than there is between two looks.
    tokio::time::sleep(Duration::from_millis(4500)).await;
    assert_eq!(looks.load(Ordering::SeqCst), 1, "a program that nobody asks writes nothing");
    office.as_guest("/readyz").await.is(200).says("ready");
    while looks.load(Ordering::SeqCst) < 3 {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn a_wrong_day_of_a_list_is_said_of_its_box_and_an_unknown_order_is_a_wrong_parameter() {
    let office = Office::open();
    let duty = office.sign_in(bilan_records::catalogue::Role::Duty);
    office.enter("complaint", office.complaint("甲乙丙事项"));
    let page = office.get(&duty, "/records/complaint?from=2020-13-45").await;
    page.is(200).says("“2020-13-45”不是日期").says("2020-06-01").says_not("个字符").says_not("甲乙丙事项");
    office.get(&duty, "/records/complaint?sort=nothing").await.is(400).says("nothing").says("投诉");
    let beyond = office.get(&duty, "/records/complaint?page=999").await;
    assert_eq!(beyond.is(303).location(), "/records/complaint?page=1");
    let personal = office.get(&duty, "/records/complaint?filter=phone+%3D+%221%22").await;
    personal.is(200).says_not("“phone”是加密");
}

#[tokio::test]
async fn a_page_of_the_portal_that_is_gone_leads_into_the_portal() {
    let office = Office::open();
    assert_eq!(office.as_guest("/public/answered/abc").await.location(), "/public");
    assert_eq!(office.as_guest("/public/answered/abc?form=/public/track").await.location(), "/public/track");
}

#[test_case("/records/complaint?zzz=1", "zzz"; "a list")]
#[test_case("/records/complaint?f.no_such_field=1", "f.no_such_field"; "a field that a list has not")]
#[test_case("/records/complaint/export.csv?state=open", "state"; "an export")]
#[test_case("/records/complaint/new?unicorn=1", "unicorn"; "a form")]
#[test_case("/figures?yaer=2020", "yaer"; "figures")]
#[test_case("/figures/changes?year=2020&form=2020-01-01", "form"; "two moments beside each other")]
#[test_case("/reports/annual_summary?yaer=2020", "yaer"; "a report")]
#[test_case("/search?query=%E5%99%AA", "query"; "the search")]
#[test_case("/journal?zzz=", "zzz"; "a name without a value")]
#[test_case("/stations?onyl=late", "onyl"; "stations")]
#[test_case("/history?stations=ZD1", "stations"; "the history of stations")]
#[test_case("/map?layers=complaint", "layers"; "the map")]
#[test_case("/map/list?layers=complaint", "layers"; "the map as tables")]
#[test_case("/air?yaer=2020", "yaer"; "the air calendar")]
#[test_case("/water?yaer=2020", "yaer"; "rivers")]
#[test_case("/noise?mnoth=2020-01", "mnoth"; "noise")]
#[tokio::test]
async fn a_parameter_that_a_page_does_not_know_is_refused_by_name(address: &'static str, name: &'static str) {
    let office = Office::open();
    let admin = office.sign_in(Role::Admin);
    office.get(&admin, address).await.is(400).says(&format!("“{name}”")).says("/sign-out");
}

#[test_case("/records/complaint?page=abc", "page", "abc"; "a page of a list that is no number")]
#[test_case("/records/complaint?page=0", "page", "0"; "a page before the first")]
#[test_case("/records/complaint?page=18446744073709551615", "page", "18446744073709551615"; "a page beyond every list")]
#[test_case("/records/complaint?sort=-", "sort", "-"; "an order of nothing")]
#[test_case("/records/complaint/export.csv?page=abc", "page", "abc"; "an export of a page that is none")]
#[test_case("/figures/complaints_total/records?year=2020&page=abc", "page", "abc"; "a page of the records of a figure")]
#[test_case("/journal?after=abc", "after", "abc"; "a place of the journal")]
#[test_case("/air?year=20x0", "year", "20x0"; "a year of the air calendar")]
#[test_case("/air?target=all", "target", "all"; "a target of the air calendar")]
#[test_case("/air/day?day=2020-13-45", "day", "2020-13-45"; "a day of the air")]
#[test_case("/air/ranking?period=2020-13", "period", "2020-13"; "a period of the ranking")]
#[test_case("/air/periods?year=1", "year", "1"; "a year of periods")]
#[test_case("/water?year=abc", "year", "abc"; "a year of rivers")]
#[test_case("/noise?month=abc", "month", "abc"; "a month of noise")]
#[tokio::test]
async fn a_parameter_that_says_what_it_cannot_is_refused_by_name_with_what_it_says(
    address: &'static str,
    name: &'static str,
    found: &'static str,
) {
    let office = Office::open();
    let admin = office.sign_in(Role::Admin);
    office.get(&admin, address).await.is(400).says(&format!("“{name}”不能是“{found}”"));
}

#[test_case("/public/complaint?page=abc", "page", "abc"; "a page")]
#[test_case("/public/complaint?kind=unicorn", "kind", "unicorn"; "a kind")]
#[tokio::test]
async fn a_list_of_the_portal_names_the_parameter_that_says_what_it_cannot(
    address: &'static str,
    name: &'static str,
    found: &'static str,
) {
    let refused = Office::open().as_guest(address).await;
    refused.is(400).says(&format!("“{name}”不能是“{found}”"));
}

#[test_case("export.csv"; "CSV")]
#[test_case("export.xlsx"; "Excel")]
#[test_case("export.jsonl"; "lines of JSON")]
#[tokio::test]
async fn an_export_in_an_order_that_there_is_not_is_refused_by_name(file: &'static str) {
    let office = Office::open();
    office.enter("complaint", office.complaint("甲乙丙事项"));
    let duty = office.sign_in(Role::Duty);
    let refused = office.get(&duty, &format!("/records/complaint/{file}?sort=-unicorn")).await;
    refused.is(400).says("“unicorn”").says("投诉").says_not("甲乙丙事项");
    let hidden = office.get(&duty, &format!("/records/complaint/{file}?sort=phone")).await;
    hidden.is(400).says("“phone”").says_not("甲乙丙事项");
    office.get(&duty, &format!("/records/complaint/{file}?sort=-number")).await.is(200);
}

#[tokio::test]
async fn what_a_messenger_puts_behind_an_address_is_passed_over() {
    let office = Office::open();
    let handler = office.sign_in(Role::Handler);
    for page in ["/records/complaint", "/figures", "/search", "/map"] {
        office.get(&handler, &format!("{page}?utm_source=mail&isappinstalled=0")).await.is(200);
    }
}

#[tokio::test]
async fn every_link_of_a_page_that_narrows_leads_to_a_page() {
    let office = Office::open();
    let admin = office.sign_in(Role::Admin);
    let pages = [
        "/",
        "/records/complaint?q=x&f.state=accepted&from=2020-01-01&sort=-number",
        "/figures?year=2020",
        "/search?q=2020",
        "/figures/changes?year=2020",
        "/reports/annual_summary?year=2020",
        "/reports",
        "/journal",
        "/stations",
        "/history",
        "/map?cell=430103005",
        "/map/list",
        "/map/cells/430103005",
        "/air?year=2020",
        "/air/ranking",
        "/air/periods",
        "/water",
        "/noise",
        "/power",
        "/devices",
        "/warnings",
        "/public",
        "/public/years",
        "/account",
    ];
    let mut followed = std::collections::BTreeSet::new();
    for page in pages {
        let shown = office.get(&admin, page).await;
        for link in shown.text.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next()) {
            let link = link.replace("&#38;", "&").replace("&amp;", "&");
            if link.starts_with('/') && link.contains('?') && followed.insert(link.clone()) {
                let status = office.get(&admin, &link).await.status.as_u16();
                assert!(status != 400, "{page} leads to {link}: {status}");
            }
        }
    }
    assert!(followed.len() > 40, "{followed:#?}");
}

#[test_case("/noise/day", "station"; "a day of noise of no station")]
#[test_case("/noise/day?station=%20&day=2026-11-22", "station"; "a day of noise of a blank")]
#[test_case("/water/month?month=2026-10", "station"; "a month of water of no station")]
#[test_case("/air/indicator?year=2026", "indicator"; "no indicator of air")]
#[tokio::test]
async fn an_address_without_what_it_needs_names_the_parameter(address: &'static str, name: &'static str) {
    let office = Office::open();
    let duty = office.sign_in(Role::Duty);
    office.get(&duty, address).await.is(400).says(&format!("缺少参数“{name}”")).says_not("“”");
}

#[test_case("csv"; "as csv")]
#[test_case("xlsx"; "as excel")]
#[test_case("jsonl"; "as json lines")]
#[tokio::test]
async fn an_export_says_of_a_wrong_day_what_its_list_says(format: &'static str) {
    let office = Office::open();
    let duty = office.sign_in(Role::Duty);
    for name in ["from", "to"] {
        let list = office.get(&duty, &format!("/records/complaint?{name}=2020-13-45")).await;
        let export = office.get(&duty, &format!("/records/complaint/export.{format}?{name}=2020-13-45")).await;
        let said = "中的“2020-13-45”不是日期，请按 2020-06-01 的形式填写。";
        list.is(200).says(said);
        export.is(422).says(said).says_not("筛选条件");
    }
}

#[tokio::test]
async fn a_confined_role_reads_at_the_export_that_it_holds_what_is_within_reach() {
    let office = Office::open();
    let said = "仅导出您可见范围";
    office.get(&office.sign_in(Role::Grid), "/records/complaint").await.is(200).says(said);
    office.get(&office.sign_in(Role::Handler), "/records/complaint").await.is(200).says_not(said);
}
