//! The portal shows what registers publish and nothing else; a resident's report is entered once and followed with its code.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod office;

use axum::body::Body;
use axum::http::{Method, Request, header};
use bilan_records::catalogue::{FieldKind, Register, Role};
use office::{Answer, Office};
use serde_json::json;
use test_case::test_case;

/// Stands in every field that nobody outside may read.
const SECRET: &str = "密不外传";

/// A record of a register with the mark in each text that is personal or not published.
fn marked(office: &Office, register: &Register) -> bilan_records::ledger::JsonMap {
    let mut values = office.least(&register.key);
    let shown = &register.public.as_ref().unwrap().show;
    for field in register.fields.values() {
        let hidden = field.personal || !shown.contains(&field.key);
        let takes_text = matches!(field.kind, FieldKind::Text { .. } | FieldKind::LongText { .. } | FieldKind::Person);
        if hidden && takes_text {
            values.insert(field.key.clone(), json!(format!("{SECRET}{}", field.key)));
        }
    }
    values
}

#[tokio::test]
async fn no_hidden_field_of_any_register_is_ever_shown() {
    let office = Office::open();
    let catalogue = office.ledger.catalogue();
    let mut entered = 0;
    for register in catalogue.registers.values().filter(|register| register.public.is_some()) {
        let states: Vec<Option<String>> = match &register.workflow {
            Some(workflow) => workflow.states.keys().map(|state| Some(state.clone())).collect(),
            None => vec![None],
        };
        for (at, state) in states.into_iter().enumerate() {
            let mut values = marked(&office, register);
            let number = format!("N-{}-{at}", register.key);
            values.insert("number".to_owned(), json!(number));
            if let Some(state) = state {
                values.insert("state".to_owned(), json!(state));
            }
            if office.try_load(&register.key, values) {
                entered += 1;
                for page in
                    [format!("/public/{}/{number}", register.key), format!("/public/{}?q={number}", register.key)]
                {
                    office.as_guest(&page).await.says_not(SECRET);
                }
            }
        }
        for page in [format!("/public/{}", register.key), format!("/public/{}?q={SECRET}", register.key)] {
            let answer = office.as_guest(&page).await;
            let heading = answer.text.replace(&format!("value=\"{SECRET}\""), "");
            assert!(!heading.contains(SECRET), "{page} shows what is hidden");
        }
        office.as_guest(&format!("/public/{}?q={SECRET}", register.key)).await.is(200).says("没有符合条件");
    }
    assert!(entered > 30, "only {entered} records could be entered: the test looks at nothing");
    for page in ["/public", "/public/now", "/public/years?year=2020"] {
        office.as_guest(page).await.is(200).says_not(SECRET);
    }
}

/// A complaint that is published, with these texts.
fn published(office: &Office, number: &str, subject: &str, reply: &str) {
    let mut values = office.complaint(subject);
    for (key, value) in [
        ("number", json!(number)),
        ("reply", json!(reply)),
        ("replied_at", json!("2020-07-18T10:00:00+08:00")),
        ("state", json!("closed")),
    ] {
        values[key] = value;
    }
    let serde_json::Value::Object(values) = values else { panic!("an object") };
    office.load("complaint", values);
}

#[tokio::test]
async fn telephone_and_identity_numbers_in_texts_are_never_published_and_cannot_be_searched() {
    let office = Office::open();
    published(
        &office,
        "TS202000901",
        "夜间施工（来电１３９ ０００１ ０００１）",
        "证号43010319900101123X，已回复0731-85140000",
    );
    office.as_guest("/public/complaint/TS202000901").await.is(200).says("待脱敏复核").says_not("0001");
    let clerk = office.sign_in(Role::Clerk);
    office.post(&clerk, "/publication/complaint/TS202000901", &[("version", "1")]).await.is(303);
    for page in ["/public/complaint", "/public/complaint/TS202000901"] {
        let answer = office.as_guest(page).await;
        answer.is(200).says("夜间施工").says("〔号码已隐去〕");
        for number in ["１３９", "0001", "０００１", "430103", "85140000"] {
            answer.says_not(number);
        }
    }
    office.as_guest("/public/complaint?q=夜间施工").await.says("TS202000901");
    for guess in ["85140000", "8514", "19900101", "４３０１", "０００１"] {
        office.as_guest(&format!("/public/complaint?q={guess}")).await.says_not("TS202000901");
    }
}

#[test_case("王建国家楼下风机噪声", "已整改。"; "in the subject")]
#[test_case("风机噪声", "经与王建国沟通，已整改。"; "in the reply")]
#[test_case("买买提·艾力反映噪声13900000000", "已整改。"; "a name that no list knows beside a number")]
#[tokio::test]
async fn whoever_complained_is_not_named_before_somebody_has_looked(subject: &str, reply: &str) {
    let office = Office::open();
    let mut values = office.complaint(subject);
    let given = json!({
        "number": "TS202000903", "reply": reply, "replied_at": "2020-07-18T10:00:00+08:00", "state": "closed", "complainant": "王建国",
    });
    values.as_object_mut().unwrap().extend(given.as_object().unwrap().clone());
    office.load("complaint", values.as_object().unwrap().clone());
    for page in ["/public/complaint", "/public/complaint/TS202000903"] {
        office.as_guest(page).await.is(200).says_not("王建国").says_not("买买提");
    }
    let clerk = office.sign_in(Role::Clerk);
    office.get(&clerk, "/publication").await.is(200).says("TS202000903");
}

#[tokio::test]
async fn the_review_before_publication_goes_on_to_the_oldest_record() {
    let office = Office::open();
    let number = |n: u32| format!("TS2020{:05}", n);
    for n in 1..=53 {
        published(&office, &number(n), "李小红投诉楼下夜间施工", "已整改。");
    }
    let clerk = office.sign_in(Role::Clerk);
    let first = office.get(&clerk, "/publication").await;
    let rest = first.is(200).text.split("data-testid=\"publication-rest\"").nth(1).expect("older ones are named");
    assert!(rest.contains("最新的 50 条"), "{rest}");
    let next =
        rest.split("href=\"").nth(1).unwrap().split('"').next().unwrap().replace("&#38;", "&").replace("&amp;", "&");
    let second = office.get(&clerk, &next).await;
    second.is(200).says_not("publication-rest");
    for n in 1..=53 {
        let heading = format!(">{}</a>", number(n));
        let shown = [&first, &second].map(|page| page.text.contains(&heading));
        assert!(shown[0] != shown[1], "{}: {shown:?}", number(n));
    }
}

#[tokio::test]
async fn a_text_with_an_account_of_a_person_waits_for_a_persons_eye() {
    let office = Office::open();
    let texts = [("TS202000904", "请加微信号wang_2020", "wang_2020"), ("TS202000905", "QQ 123456789", "123456789")];
    for (number, reply, account) in texts {
        published(&office, number, "夜间施工噪声扰民", reply);
        let shown = office.as_guest(&format!("/public/complaint/{number}")).await;
        shown.is(200).says("待脱敏复核").says("夜间施工噪声扰民").says_not(account);
        let list = office.get(&office.sign_in(Role::Clerk), "/publication").await;
        list.is(200).says(number).says(&format!("<mark>{account}</mark>"));
    }
}

#[tokio::test]
async fn a_text_with_a_name_waits_until_a_clerk_has_released_it_and_waits_again_when_it_changes() {
    let office = Office::open();
    published(&office, "TS202000902", "李小红13900000000投诉楼下夜间施工", "李小红女士（13900000000）您好，已整改。");
    let public = "/public/complaint/TS202000902";
    let shown = office.as_guest(public).await;
    shown.is(200).says("待脱敏复核").says_not("李小红").says_not("13900000000").says_not("已整改");
    office.as_guest("/public/complaint").await.says_not("李小红").says_not("13900000000");
    office.as_guest("/public/complaint?q=李小红").await.says_not("TS202000902");

    let clerk = office.sign_in(Role::Clerk);
    let list = office.get(&clerk, "/publication").await;
    list.is(200).says("TS202000902").says("<mark>李小红</mark>");
    office.get(&office.sign_in(Role::Enterprise), "/publication").await.is(403);
    let address = "/publication/complaint/TS202000902";
    office.post(&office.sign_in(Role::Enterprise), address, &[("version", "1")]).await.is(403);
    office.post(&office.sign_in(Role::Auditor), address, &[("version", "1")]).await.is(403);
    office.post(&clerk, address, &[("version", "7")]).await.is(409);
    office.as_guest(public).await.says("待脱敏复核");
    office.post(&clerk, address, &[("version", "1")]).await.is(303);
    office.get(&clerk, "/publication").await.says_not("TS202000902");
    office.as_guest(public).await.says("李小红").says("已整改").says_not("13900000000");
    office.get(&office.sign_in(Role::Auditor), "/journal").await.says("确认可公开");

    let changed = json!({ "reply": "张伟先生您好，已整改。" });
    office
        .call(Role::Handler, Method::PATCH, "/complaint/TS202000902", &[("if-match", "\"1\"")], changed)
        .await
        .is(200);
    office.as_guest(public).await.says("待脱敏复核").says_not("张伟");
}

#[tokio::test]
async fn a_register_without_a_public_side_is_not_there() {
    let office = Office::open();
    for key in ["staff_post", "duty", "task", "meeting", "unicorn"] {
        office.as_guest(&format!("/public/{key}")).await.is(404);
        office.as_guest(&format!("/public/{key}/X-1")).await.is(404);
    }
}

#[tokio::test]
async fn words_of_a_visitor_are_no_filter() {
    let office = Office::open();
    office.enter("complaint", office.complaint("尚未回复的投诉"));
    for words in ["\" or number is filled or subject contains \"", "\\\" or state = \"registered", "%25", "*"] {
        let encoded: String = form_urlencoded::byte_serialize(words.as_bytes()).collect();
        office.as_guest(&format!("/public/complaint?q={encoded}")).await.is(200).says_not("尚未回复的投诉");
    }
    office
        .as_guest("/public/complaint?kind=noise%22%20or%20number%20is%20filled")
        .await
        .is(400)
        .says_not("尚未回复的投诉");
}

/// A visitor without an account: the cookie that ties the form, and its token and key.
async fn form(office: &Office) -> (String, String, String) {
    let page = office.as_guest("/public/complain").await;
    let cookie = page.headers[header::SET_COOKIE].to_str().unwrap().split(';').next().unwrap().to_owned();
    let value = |name: &str| {
        let after = page.text.split(&format!("name=\"{name}\" value=\"")).nth(1).unwrap();
        after.split('"').next().unwrap().to_owned()
    };
    (cookie, value("csrf"), value("idempotency_key"))
}

async fn send(office: &Office, address: &str, cookie: &str, fields: &[(&str, &str)]) -> Answer {
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let request = Request::post(address)
        .header(header::COOKIE, cookie)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    office.ask(request.body(Body::from(body)).unwrap()).await
}

fn between<'t>(text: &'t str, from: &str, to: &str) -> &'t str {
    text.split(from).nth(1).unwrap_or_else(|| panic!("{from} is not in {text}")).split(to).next().unwrap()
}

#[tokio::test]
async fn a_report_is_entered_once_and_followed_with_its_code_alone() {
    let office = Office::open();
    let (cookie, csrf, key) = form(&office).await;
    let fields = [
        ("csrf", csrf.as_str()),
        ("idempotency_key", key.as_str()),
        ("category", "noise"),
        ("content", "夜里施工"),
        ("place.address", "解放西路8号"),
        ("complainant", "王小明"),
        ("phone", "13800001234"),
    ];
    send(&office, "/public/complain", &cookie, &fields[1..]).await.is(403);
    send(&office, "/public/complain", &cookie, &fields[..3]).await.is(422).says("请填写此项");
    let first = send(&office, "/public/complain", &cookie, &fields).await;
    let again = send(&office, "/public/complain", &cookie, &fields).await;
    assert_eq!(first.is(303).location(), again.is(303).location(), "the receipt has an address of its own");
    let receipt = office.as_guest(first.location()).await;
    let number = between(receipt.is(200).text.as_str(), "data-testid=\"number\">", "<").to_owned();
    let code = between(&receipt.text, "data-testid=\"code\">", "<").to_owned();
    assert_eq!(office.count("complaint"), 1);

    let track = |number: &str, code: &str| {
        let fields = [("csrf", csrf.clone()), ("number", number.to_owned()), ("code", code.to_owned())];
        let (office, cookie) = (&office, cookie.as_str());
        async move {
            let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
            send(office, "/public/track", cookie, &fields).await
        }
    };
    let (wrong_code, wrong_number) = (track(&number, "AAAAAAAAAA").await, track("TS202099999", &code).await);
    wrong_code.is(404).says("编号或查询码不正确");
    wrong_number.is(404).says("编号或查询码不正确");
    let found = track(&number, &code).await;
    let address = found.is(303).location();
    let request = || Request::get(address).header(header::COOKIE, &cookie).body(Body::empty()).unwrap();
    for _ in 0..2 {
        let case = office.ask(request()).await;
        case.is(200).says("已登记").says_not("王小明").says_not("13800001234").says_not("夜里施工");
    }
    office.as_guest(address).await.is(404).says_not(&number);
    office.as_guest("/public/complaint").await.says_not(&number);
}

#[tokio::test]
async fn a_form_that_another_browser_copies_gives_that_browser_a_receipt_and_a_code_of_its_own() {
    let office = Office::open();
    let (cookie, csrf, key) = form(&office).await;
    let (other_cookie, other_csrf, _) = form(&office).await;
    let complain = async |cookie: &str, csrf: &str, content: &str| {
        let fields = [
            ("csrf", csrf),
            ("idempotency_key", key.as_str()),
            ("category", "noise"),
            ("content", content),
            ("place.address", "解放西路8号"),
        ];
        send(&office, "/public/complain", cookie, &fields).await.is(303).location().to_owned()
    };
    let own = complain(&cookie, &csrf, "夜里施工").await;
    let copied = complain(&other_cookie, &other_csrf, "油烟").await;
    assert_ne!(own, copied);
    let (first, second) = (office.as_guest(&own).await, office.as_guest(&copied).await);
    first.is(200).says("TS202600001").says_not("TS202600002");
    second.is(200).says("TS202600002").says_not("TS202600001");
    let code = |receipt: &Answer| between(&receipt.text, "data-testid=\"code\">", "<").to_owned();
    assert_ne!(code(&first), code(&second));
    office.as_guest(&format!("/public/received/{key}")).await.is(404);
}

#[tokio::test]
async fn what_was_answered_is_published_unless_the_resident_asked_otherwise() {
    let office = Office::open();
    // What nobody has said is not taken for a consent: TS-3.
    for (number, confidential) in [("TS-1", Some(false)), ("TS-2", Some(true)), ("TS-3", None)] {
        let json = office.complaint("夜间施工");
        let mut values = json.as_object().unwrap().clone();
        values.extend([
            ("number".to_owned(), json!(number)),
            ("state".to_owned(), json!("replied")),
            ("confidential".to_owned(), json!(confidential)),
            ("accepted_at".to_owned(), json!("2020-07-16T09:00:00+08:00")),
            ("handled_at".to_owned(), json!("2020-07-18T09:00:00+08:00")),
            ("replied_at".to_owned(), json!("2020-07-18T10:00:00+08:00")),
            ("reply".to_owned(), json!("已责令停工。")),
        ]);
        office.load("complaint", values);
    }
    office.as_guest("/public/complaint").await.says("TS-1").says("已责令停工").says_not("TS-2").says_not("TS-3");
    office.as_guest("/public/complaint/TS-1").await.is(200).says_not("王小明").says_not("13800001234");
    office.as_guest("/public/complaint/TS-2").await.is(404);
    office.as_guest("/public/complaint/TS-3").await.is(404);
    let handler = office.sign_in(Role::Handler);
    office.get(&handler, "/records/complaint/TS-2").await.is(200);
}

#[tokio::test]
async fn somebody_who_guesses_codes_is_sent_away() {
    let office = Office::open();
    let (cookie, csrf, _) = form(&office).await;
    let mut last = 0;
    for _ in 0..25 {
        let fields = [("csrf", csrf.as_str()), ("number", "TS202000001"), ("code", "AAAAAAAAAA")];
        last = send(&office, "/public/track", &cookie, &fields).await.status.as_u16();
    }
    assert_eq!(last, 429);
}

#[tokio::test]
async fn measured_quality_is_public_only_by_a_decision_that_the_page_names() {
    let office = Office::open();
    let now = office.as_guest("/public/now").await;
    now.is(200)
        .says("data-testid=\"publication-basis\"")
        .says("长天环发〔2026〕1号（示例，非真实文件）")
        .says("演示数据（模拟）");
    office.as_guest("/public").await.says("href=\"/public/now\"><h2>");
    let silent = Office::with(|catalogue| catalogue.district.public_monitoring = None);
    let now = silent.as_guest("/public/now").await;
    now.is(200)
        .says("data-testid=\"unpublished\"")
        .says("《生态环境监测条例》第十五条")
        .says_not("data-testid=\"district-aqi\"");
    silent.as_guest("/public").await.is(200).says_not("href=\"/public/now\"><h2>");
}

#[test_case("", 200; "nothing")]
#[test_case("q=&kind=noise&page=1", 200; "what the page itself asks")]
#[test_case("utm_source=wechat&from=timeline&isappinstalled=0", 200; "what a messenger adds")]
#[test_case("category=noise", 400; "no filter of the page")]
#[test_case("kind=zzz", 400; "no choice")]
#[test_case("page=x", 400; "no page")]
#[tokio::test]
async fn a_published_list_refuses_what_is_no_filter_instead_of_showing_everything(query: &str, status: u16) {
    Office::open().as_guest(&format!("/public/complaint?{query}")).await.is(status);
}

#[tokio::test]
async fn a_year_that_is_none_and_a_parameter_that_nobody_knows_are_refused_in_words_of_the_portal() {
    let office = Office::open();
    office.as_guest("/public/years?year=zzz").await.is(400).says("“year”不能是“zzz”");
    office.as_guest("/public/years?yaer=2020").await.is(400).says("“yaer”");
    office.as_guest("/public/years?year=2020&utm_source=mail&from=singlemessage").await.is(200);
}
