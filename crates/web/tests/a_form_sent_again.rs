//! Back, reload, a second click, an answer that was lost: nothing is entered twice, and every receipt has an address.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod office;

use axum::http::{Method, header};
use bilan_records::catalogue::Role;
use jiff::SignedDuration;
use office::browser::{Browser, hidden};
use office::{Office, PASSWORD};
use serde_json::json;

fn typed(subject: &str) -> Vec<(&str, &str)> {
    vec![
        ("received_at", "2020-07-15T22:40"),
        ("source", "hotline12345"),
        ("category", "noise"),
        ("kind", "construction_night"),
        ("subject", subject),
        ("content", "工地夜间浇筑"),
        ("place.lon", "112.985"),
        ("place.lat", "28.112"),
        ("place.address", "解放西路8号"),
    ]
}

async fn handler(office: &Office) -> Browser<'_> {
    let mut browser = Browser::of(office);
    browser.sign_in("handler", "/").await.is(303);
    browser
}

const NEW: &str = "/records/complaint/new";

#[tokio::test]
async fn the_same_form_again_leads_to_its_record_and_says_so_once() {
    let office = Office::open();
    let mut browser = handler(&office).await;
    let form = browser.get(NEW).await;
    let first = browser.submit(&form, NEW, &typed("夜间施工")).await;
    browser.follow(&first).await.is(200).says_not("刚刚保存过相同内容");
    let second = browser.submit(&form, NEW, &typed("夜间施工")).await;
    assert_eq!(first.is(303).location(), second.is(303).location());
    browser.follow(&second).await.is(200).says("刚刚保存过相同内容：TS202000001");
    browser.follow(&second).await.is(200).says_not("刚刚保存过相同内容");
    assert_eq!(office.count("complaint"), 1);
}

#[tokio::test]
async fn back_and_save_again_with_a_fresh_form_is_asked_about() {
    let office = Office::open();
    let mut browser = handler(&office).await;
    let form = browser.get(NEW).await;
    browser.submit(&form, NEW, &typed("夜间施工")).await.is(303);
    let form = browser.get(NEW).await;
    let asked = browser.submit(&form, NEW, &typed("夜间施工")).await;
    asked.is(409).says("刚刚保存过相同内容：TS202000001").says("/records/complaint/TS202000001").says("工地夜间浇筑");
    assert_eq!(office.count("complaint"), 1);

    let mut another = typed("夜间施工");
    another.push(("another", "yes"));
    browser.submit(&asked, NEW, &another).await.is(303);
    assert_eq!(office.count("complaint"), 2, "somebody who says that it is another matter may enter it");

    office.clock.advance(SignedDuration::from_mins(11));
    let form = browser.get(NEW).await;
    browser.submit(&form, NEW, &typed("夜间施工")).await.is(303);
    assert_eq!(office.count("complaint"), 3, "later it is no repeat");
}

#[tokio::test]
async fn another_person_may_enter_the_same_and_what_was_deleted_may_be_entered_again() {
    let office = Office::open();
    let mut browser = handler(&office).await;
    let form = browser.get(NEW).await;
    browser.submit(&form, NEW, &typed("夜间施工")).await.is(303);
    let mut duty = Browser::of(&office);
    duty.sign_in("duty", "/").await.is(303);
    let form = duty.get(NEW).await;
    duty.submit(&form, NEW, &typed("夜间施工")).await.is(303);
    assert_eq!(office.count("complaint"), 2);

    let admin = office.sign_in(Role::Admin);
    let fields = [("version", "1"), ("reason", "误登")];
    office.post(&admin, "/records/complaint/TS202000001/delete", &fields).await.is(303);
    let form = browser.get(NEW).await;
    browser.submit(&form, NEW, &typed("夜间施工")).await.is(303);
    assert_eq!(office.count("complaint"), 2);
}

#[tokio::test]
async fn a_form_that_was_saved_and_then_changed_is_not_lost_and_not_taken_for_the_first() {
    let office = Office::open();
    let mut browser = handler(&office).await;
    let form = browser.get(NEW).await;
    browser.submit(&form, NEW, &typed("夜间施工")).await.is(303);
    let told = browser.submit(&form, NEW, &typed("另一处工地")).await;
    told.is(409).says("已保存为 TS202000001").says("另一处工地");
    assert_ne!(hidden(&told, "idempotency_key"), hidden(&form, "idempotency_key"));
    assert_eq!(office.count("complaint"), 1);
    browser.submit(&told, NEW, &typed("另一处工地")).await.is(303);
    assert_eq!(office.count("complaint"), 2);
}

#[tokio::test]
async fn a_step_and_an_edit_sent_again_are_taken_once() {
    let office = Office::open();
    let number = office.enter("complaint", office.complaint("夜间施工")).number;
    let record = format!("/records/complaint/{number}");
    let mut browser = handler(&office).await;
    let form = browser.get(&format!("{record}/edit")).await;
    for _ in 0..2 {
        browser.submit(&form, &format!("{record}/edit"), &[("subject", "改过的事项")]).await.is(303);
    }
    assert_eq!(office.record("complaint", &number).version, 2);
    let told = browser.submit(&form, &format!("{record}/edit"), &[("subject", "又改了")]).await;
    told.is(409).says("又改了");
    assert_eq!(office.record("complaint", &number).version, 2);

    let page = browser.get(&record).await;
    browser.submit(&page, &format!("{record}/step/accept"), &[("version", "2")]).await.is(303);
    let version = office.record("complaint", &number).version.to_string();
    let fields = [("version", version.as_str()), ("idempotency_key", "a-key-of-this-step"), ("handler_name", "李工")];
    for _ in 0..2 {
        browser.submit(&page, &format!("{record}/step/assign"), &fields).await.is(303);
    }
    let other = [fields[0], fields[1], ("handler_name", "王工")];
    browser.submit(&page, &format!("{record}/step/assign"), &other).await.is(409).says("没有保存");
    assert_eq!(office.record("complaint", &number).external()["handler_name"], json!("李工"));
}

#[tokio::test]
async fn keys_of_pages_and_of_the_api_and_of_two_accounts_are_different_keys() {
    let office = Office::open();
    let mut browser = handler(&office).await;
    let form = browser.get(NEW).await;
    let mut fields = typed("夜间施工");
    fields.push(("idempotency_key", "one-key"));
    browser.submit(&form, NEW, &fields).await.is(303);
    let body = office.complaint("接口登记");
    for role in [Role::Handler, Role::Duty] {
        let headers = [("idempotency-key", "one-key")];
        office.call(role, Method::POST, "/complaint", &headers, body.clone()).await.is(201);
    }
    assert_eq!(office.count("complaint"), 3);
    let other = office.complaint("另一件");
    let told = office.call(Role::Duty, Method::POST, "/complaint", &[("idempotency-key", "one-key")], other).await;
    told.is(422).says("key_reused");
    assert_eq!(office.count("complaint"), 3);
}

const CSV: &str = "received_at,source,category,kind,subject,content,place\n\
    2020-07-15 22:40,hotline12345,noise,construction_night,第一件,内容一,解放西路8号\n\
    2020-07-16 22:40,hotline12345,noise,construction_night,第二件,内容二,解放西路9号\n";
const IMPORT: &str = "/records/complaint/import";

#[tokio::test]
async fn an_import_whose_answer_was_lost_is_entered_once_and_its_file_is_let_go() {
    let office = Office::open();
    let clerk = office.sign_in(Role::Handler);
    let checked = office.upload(&clerk, IMPORT, "投诉.csv", CSV.as_bytes()).await;
    let waiting = checked.is(303).location().to_owned();
    for _ in 0..2 {
        office.get(&clerk, &waiting).await.is(200).says("投诉.csv 检查通过").says("将新增 2 条");
    }
    let first = office.post(&clerk, &waiting, &[]).await;
    office.get(&clerk, first.is(303).location()).await.is(200).says("已导入 2 条").says_not("没有重复导入");
    let again = office.post(&clerk, &waiting, &[]).await;
    let receipt = again.is(303).location().to_owned();
    for _ in 0..2 {
        office.get(&clerk, &receipt).await.is(200).says("已导入 2 条").says("没有重复导入");
    }
    assert_eq!(office.count("complaint"), 2);
    let told = office.get(&clerk, &waiting).await.is(303).location().to_owned();
    office.get(&clerk, &told).await.is(200).says("已导入 2 条");
    let left = walk(&office.folder().join("uploads"));
    assert_eq!(left, [] as [String; 0], "nothing of the file is left");
}

#[tokio::test]
async fn a_file_with_nothing_in_it_has_not_passed_a_check() {
    let office = Office::open();
    let clerk = office.sign_in(Role::Handler);
    let head = CSV.lines().next().unwrap();
    for (name, text) in [("投诉.csv", format!("{head}{}", "\n".repeat(5000))), ("投诉.jsonl", "\n".repeat(5000))] {
        let waiting = office.upload(&clerk, IMPORT, name, text.as_bytes()).await.is(303).location().to_owned();
        let page = office.get(&clerk, &waiting).await;
        page.is(200).says("没有需要登记的行").says_not("检查通过").says_not("将新增");
    }
    let nothing = office.upload(&clerk, IMPORT, "投诉.csv", "\n".repeat(5000).as_bytes()).await;
    nothing.says("文件是空的").says_not("检查通过");
}

#[tokio::test]
async fn a_file_that_was_entered_is_offered_again_only_where_that_would_enter_something() {
    let office = Office::open();
    let clerk = office.sign_in(Role::Handler);
    let upload = async |name: &str, text: &str| {
        office.upload(&clerk, IMPORT, name, text.as_bytes()).await.is(303).location().to_owned()
    };
    let waiting = upload("投诉.csv", CSV).await;
    office.get(&clerk, &waiting).await.is(200).says_not("已存在").says_not("重复件").says_not("仍要再次导入");
    let entered = office.post(&clerk, &waiting, &[]).await;
    office.get(&clerk, entered.is(303).location()).await.is(200).says("已导入 2 条。").says_not("已存在");
    let again = upload("投诉.csv", CSV).await;
    office.get(&clerk, &again).await.is(200).says("将新增 2 条").says("仍要再次导入").says_not("重复件也要导入");

    // Rows with the number that they had where they came from are known: nothing would be entered a second time.
    let numbered =
        CSV.replace("place\n", "place,source_no\n").replace("8号\n", "8号,A-1\n").replace("9号\n", "9号,A-2\n");
    let waiting = upload("工单.csv", &numbered).await;
    office.post(&clerk, &waiting, &[]).await.is(303);
    let again = upload("工单.csv", &numbered).await;
    let page = office.get(&clerk, &again).await;
    page.is(200).says("将新增 0 条").says("重复件也要导入").says_not("仍要再次导入");
    office.post(&clerk, &again, &[("another", "yes")]).await.is(303);
    assert_eq!(office.count("complaint"), 4);
}

#[tokio::test]
async fn a_fault_of_a_file_is_named_by_its_cell_and_that_of_a_line_by_its_line_and_key() {
    let office = Office::open();
    let clerk = office.sign_in(Role::Handler);
    let wrong = CSV.replace("第二件", "#N/A");
    let sheet = office.upload(&clerk, IMPORT, "投诉.csv", wrong.as_bytes()).await;
    sheet.is(422).says("有 1 处错误").says("<code>E3</code>").says(">投诉事项</td>").says_not("必须填写");
    let line = r#"{"received_at":"soon","source":"hotline12345","category":"noise","kind":"construction_night","subject":"一","content":"二","place":{"address":"三"}}"#;
    let lines = office.upload(&clerk, IMPORT, "投诉.jsonl", line.as_bytes()).await;
    lines
        .is(422)
        .says("<code>第1行</code>")
        .says(">received_at（受理时间）</td>")
        .says_not("单元格")
        .says_not("<code>A1</code>");
}

/// Names of the files below a folder.
fn walk(folder: &std::path::Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .flat_map(
            |entry| {
                if entry.path().is_dir() { walk(&entry.path()) } else { vec![entry.path().display().to_string()] }
            },
        )
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_goes_on_without_its_browser_and_its_page_says_what_became_of_it() {
    let office = Office::open();
    let clerk = office.sign_in(Role::Handler);
    let waiting = office.upload(&clerk, IMPORT, "投诉.csv", CSV.as_bytes()).await.is(303).location().to_owned();
    // Somebody else writes for as long as the browser is there.
    let other = rusqlite::Connection::open(office.folder().join("records.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    tokio::select! {
        answer = office.post(&clerk, &waiting, &[]) => panic!("{answer:?}"),
        () = async {
            while !office.get(&clerk, &waiting).await.is(200).text.contains("正在导入") {}
        } => {}
    }
    let page = office.get(&clerk, &waiting).await;
    assert_eq!(page.says("正在导入").headers[header::REFRESH], "3");
    assert_eq!(office.post(&clerk, &waiting, &[]).await.is(303).location(), waiting, "pressed again meanwhile");
    other.execute_batch("COMMIT").unwrap();
    let told = loop {
        let answer = office.get(&clerk, &waiting).await;
        if answer.status == 303 {
            break answer.location().to_owned();
        }
    };
    office.get(&clerk, &told).await.is(200).says("已导入 2 条").says_not("没有重复导入");
    assert_eq!(office.count("complaint"), 2);
}

#[tokio::test]
async fn repeats_are_entered_if_the_box_is_ticked() {
    let office = Office::open();
    let clerk = office.sign_in(Role::Handler);
    let with_numbers = |numbers: [&str; 2]| {
        let rows = CSV.trim_end().lines().zip(["source_no", numbers[0], numbers[1]]);
        rows.map(|(line, number)| format!("{line},{number}\n")).collect::<String>()
    };
    let send = async |file: String, fields: &'static [(&'static str, &'static str)]| {
        let waiting = office.upload(&clerk, IMPORT, "a.csv", file.as_bytes()).await.is(303).location().to_owned();
        let page = office.get(&clerk, &waiting).await;
        let entered = office.post(&clerk, &waiting, fields).await.is(303).location().to_owned();
        (page, office.get(&clerk, &entered).await)
    };
    let (page, entered) = send(with_numbers(["A1", "A2"]), &[]).await;
    page.is(200).says_not("import-repeats");
    entered.says("已导入 2 条").says_not("重复件没有导入");
    let (page, entered) = send(with_numbers(["A2", "A3"]), &[]).await;
    page.says("1 条是重复件").says("重复件也要导入");
    entered.says("已导入 1 条").says("1 条重复件没有导入");
    let (_, entered) = send(with_numbers(["A3", "A4"]), &[("repeats", "yes")]).await;
    entered.says("已导入 2 条").says_not("重复件没有导入");
    assert_eq!(office.count("complaint"), 5);
}

#[tokio::test]
async fn the_same_file_uploaded_again_is_asked_about() {
    let office = Office::open();
    let clerk = office.sign_in(Role::Handler);
    let waiting = office.upload(&clerk, IMPORT, "a.csv", CSV.as_bytes()).await.is(303).location().to_owned();
    office.post(&clerk, &waiting, &[]).await.is(303);
    let waiting = office.upload(&clerk, IMPORT, "b.csv", CSV.as_bytes()).await.is(303).location().to_owned();
    let page = office.get(&clerk, &waiting).await;
    page.is(200).says("已由您导入过");
    assert_eq!(office.post(&clerk, &waiting, &[]).await.is(303).location(), waiting, "asked before it is entered");
    assert_eq!(office.count("complaint"), 2);
    office.post(&clerk, &waiting, &[("another", "yes")]).await.is(303);
    assert_eq!(office.count("complaint"), 4);
}

#[tokio::test]
async fn a_complaint_of_a_resident_has_a_receipt_that_is_found_again_for_a_day() {
    let office = Office::open();
    let typed = [("category", "noise"), ("content", "夜里施工"), ("place.address", "解放西路8号")];
    let mut browser = Browser::of(&office);
    let form = browser.get("/public/complain").await;
    let sent = browser.submit(&form, "/public/complain", &typed).await;
    let receipt = sent.is(303).location().to_owned();
    let page = browser.follow(&sent).await;
    page.is(200).says("TS202600001").says("复制编号和查询码");
    let code = page.text.split("data-testid=\"code\">").nth(1).unwrap().split('<').next().unwrap().to_owned();
    office.as_guest(&receipt).await.is(200).says(&code);

    let fresh = browser.get("/public/complain").await;
    let again = browser.submit(&fresh, "/public/complain", &typed).await;
    browser.follow(&again).await.is(200).says(&code).says("没有重复登记");
    assert_eq!(office.count("complaint"), 1);

    let changed = [typed[0], ("content", "还有扬尘"), typed[2]];
    let told = browser.submit(&form, "/public/complain", &changed).await;
    told.is(409).says("还有扬尘").says("已经提交过").says_not(&code);
    browser.submit(&told, "/public/complain", &changed).await.is(303);
    assert_eq!(office.count("complaint"), 2);

    let mut neighbour = Browser::of(&office);
    let form = neighbour.get("/public/complain").await;
    neighbour.submit(&form, "/public/complain", &typed).await.is(303);
    assert_eq!(office.count("complaint"), 3, "another resident may complain of the same");

    office.as_guest("/public/received/0123456789abcdef0123456789abcdef").await.is(404);
    office.as_guest("/public/received/short").await.is(404);
    office.clock.advance(SignedDuration::from_hours(25));
    office.as_guest(&receipt).await.is(404).says_not(&code).says("已过期");
}

#[tokio::test]
async fn a_new_token_is_shown_to_its_session_alone_for_some_minutes() {
    let office = Office::open();
    let duty = office.sign_in(Role::Duty);
    let issued = office.post(&duty, "/account/token", &[("label", "同步")]).await;
    let receipt = issued.is(303).location().to_owned();
    let page = office.get(&duty, &receipt).await;
    let token = page.text.split("<code class=\"breakable\">").nth(1).unwrap().split('<').next().unwrap().to_owned();
    assert!(office.accounts.by_token(&token).unwrap().is_some());
    office.get(&duty, &receipt).await.is(200).says(&token);
    office.get(&office.sign_in(Role::Duty), &receipt).await.is(200).says_not(&token);
    office.get(&office.sign_in(Role::Head), &receipt).await.is(200).says_not(&token);
    let revoked = office.post(&duty, "/account/tokens/revoke", &[]).await;
    office.get(&duty, revoked.is(303).location()).await.is(200).says("已收回");
    office.clock.advance(SignedDuration::from_mins(11));
    office.get(&duty, &receipt).await.is(200).says_not(&token);
}

#[tokio::test]
async fn the_check_of_the_journal_leads_to_a_page_of_its_own() {
    let office = Office::open();
    let auditor = office.sign_in(Role::Auditor);
    let answer = office.post(&auditor, "/journal/verify", &[]).await;
    office.get(&auditor, answer.is(303).location()).await.is(200).says("journal-verdict");
    office.post(&office.sign_in(Role::Grid), "/journal/verify", &[]).await.is(403);
}

#[tokio::test]
async fn a_refused_change_of_the_own_password_is_no_success() {
    let office = Office::open();
    let duty = office.sign_in(Role::Duty);
    let fields = [("old", PASSWORD), ("new", "one horse or another"), ("again", "two horses or more")];
    office.post(&duty, "/account/password", &fields).await.is(422);
}

#[tokio::test]
async fn a_refused_complaint_stands_at_an_address_that_only_its_browser_opens_and_that_ends() {
    let office = Office::open();
    let mut browser = Browser::of_person(&office);
    let form = browser.get("/public/complain").await;
    let typed = [("category", "noise"), ("content", "夜里施工"), ("complainant", "王小明"), ("phone", "13800001234")];
    let sent = browser.submit(&form, "/public/complain", &typed).await;
    let address = sent.is(303).location().to_owned();
    assert!(address.starts_with("/public/answered/"), "{address}");
    for secret in ["13800001234", "%E7%8E%8B", "noise"] {
        assert!(!address.contains(secret), "nothing that was typed stands in {address}");
    }
    let page = browser.get(&address).await;
    page.is(422).says("夜里施工").says("王小明").says("13800001234");
    browser.get("/public").await.is(200);
    browser.get(&address).await.is(422).says("13800001234");

    let mut neighbour = Browser::of_person(&office);
    neighbour.get("/public/complain").await.is(200);
    let elsewhere = neighbour.get(&address).await;
    assert_eq!(elsewhere.is(303).says_not("13800001234").location(), "/public/complain");

    // What is mended there is entered, once.
    let mended = [typed[0], typed[1], ("place.address", "解放西路8号")];
    browser.submit(&page, "/public/complain", &mended).await.is(303).says_not("13800001234");
    assert_eq!(office.count("complaint"), 1);

    office.clock.advance(SignedDuration::from_mins(31));
    assert_eq!(browser.get(&address).await.is(303).says_not("13800001234").location(), "/public/complain");
}

#[tokio::test]
async fn every_refused_form_of_the_staff_leads_to_an_address_too() {
    let office = Office::open();
    let mut browser = Browser::of_person(&office);
    let refused = browser.get("/sign-in").await;
    let refused = browser.submit(&refused, "/sign-in", &[("name", "handler"), ("password", "wrong password")]).await;
    assert!(refused.is(303).location().starts_with("/answered/"));
    browser.follow(&refused).await.is(401).says_not("wrong password");
    browser.sign_in("handler", "/").await.is(303);
    let form = browser.get(NEW).await;
    let mut faulty = typed("夜间施工");
    faulty.retain(|(name, _)| *name != "category");
    let refused = browser.submit(&form, NEW, &faulty).await;
    let page = browser.follow(&refused).await;
    page.is(422).says("工地夜间浇筑");
    browser.submit(&page, NEW, &typed("夜间施工")).await.is(303);
    let record = browser.get("/records/complaint/TS202000001").await;
    let step = "/records/complaint/TS202000001/step/transfer";
    let refused = browser.submit(&record, step, &[("assist_unit", "城管局")]).await;
    let address = refused.is(303).location().to_owned();
    browser.get(&address).await.is(422).says("城管局");
    let head = office.sign_in(Role::Head);
    let elsewhere = office.get(&head, &address).await;
    assert_eq!(elsewhere.is(303).says_not("城管局").location(), "/records/complaint/TS202000001");
    assert_eq!(Browser::of_person(&office).get("/answered/x?form=//evil.example").await.is(303).location(), "/");
}

#[tokio::test]
async fn a_program_reads_why_its_form_was_refused_in_the_answer_itself() {
    let office = Office::open();
    let mut program = Browser::of(&office);
    let form = program.get("/public/complain").await;
    program.submit(&form, "/public/complain", &[("category", "noise")]).await.is(422);
}
