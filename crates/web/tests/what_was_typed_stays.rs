//! A form outlives the session in which it was opened: what was typed is there after the sign-in, for the same account alone.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod office;

use axum::body::Body;
use axum::http::{Request, header};
use bilan_records::catalogue::Role;
use office::browser::{Browser, hidden};
use office::{Answer, Office, PASSWORD};

const TYPED: [(&str, &str); 11] = [
    ("received_at", "2020-07-15T22:40"),
    ("source", "hotline12345"),
    ("category", "noise"),
    ("kind", "construction_night"),
    ("subject", "填了很久的事项"),
    ("content", "半页纸的内容"),
    ("complainant", "王小明"),
    ("phone", "13800001234"),
    ("place.lon", "112.985"),
    ("place.lat", "28.112"),
    ("place.address", "解放西路8号"),
];

type End = fn(&mut Browser<'_>);

/// Ways in which a session is gone when the form is sent.
fn ways_to_end() -> [(&'static str, End); 4] {
    [
        ("nobody looked for eight hours", |browser| browser.office.clock.advance(jiff::SignedDuration::from_hours(9))),
        ("the administrator reset the password", |browser| {
            browser.office.accounts.set_password("handler", PASSWORD, "admin").unwrap();
        }),
        ("signed out in another tab", |browser| {
            browser.office.accounts.sign_out(&browser.cookies["bilan_session"], "elsewhere").unwrap();
        }),
        ("the browser lost its cookie", |browser| {
            browser.cookies.remove("bilan_session");
        }),
    ]
}

/// Signs in on the page to which an answer led; the answer after it.
async fn sign_in_where_it_leads(browser: &mut Browser<'_>, answer: &Answer, name: &str) -> Answer {
    let page = browser.follow(answer).await;
    let next = hidden(&page, "next").unwrap();
    browser.submit(&page, "/sign-in", &[("name", name), ("password", PASSWORD), ("next", &next)]).await
}

#[tokio::test]
async fn a_long_form_is_there_after_the_sign_in_and_is_saved_once() {
    for (why, end) in ways_to_end() {
        let office = Office::open();
        let mut browser = Browser::of(&office);
        browser.sign_in("handler", "/").await.is(303);
        let form = browser.get("/records/complaint/new").await;
        end(&mut browser);
        let sent = browser.submit(&form, "/records/complaint/new", &TYPED).await;
        let signed = sign_in_where_it_leads(&mut browser, &sent, "handler").await;
        let resumed = browser.follow(&signed).await;
        assert_eq!(resumed.status, 200, "{why}: {}", resumed.text);
        resumed.says("登录已恢复").says("填了很久的事项").says("半页纸的内容");
        // Personal fields too: what was typed stands in the box, and not as if it were kept already.
        resumed.says("value=\"13800001234\"").says("value=\"王小明\"").says_not("留空则不改动");
        assert_eq!(office.count("complaint"), 0, "{why}: nothing is saved before it is looked over");
        browser.get(signed.location()).await.is(200).says("填了很久的事项");
        let saved = browser.submit(&resumed, "/records/complaint/new", &TYPED).await;
        assert_eq!(saved.status, 303, "{why}");
        assert_eq!(office.count("complaint"), 1, "{why}");
    }
}

#[tokio::test]
async fn a_personal_field_stays_in_its_box_while_a_fault_elsewhere_is_mended() {
    let office = Office::open();
    let mut browser = Browser::of(&office);
    browser.sign_in("handler", "/").await.is(303);
    let form = browser.get("/records/complaint/new").await;
    let faulty: Vec<(&str, &str)> =
        TYPED.into_iter().map(|(key, value)| (key, if key == "subject" { "" } else { value })).collect();
    let again = browser.submit(&form, "/records/complaint/new", &faulty).await;
    again.is(422).says("value=\"13800001234\"").says("value=\"王小明\"");
    let made = browser.submit(&again, "/records/complaint/new", &TYPED).await;
    let address = format!("{}/edit", made.is(303).location());

    let form = browser.get(&address).await;
    form.is(200).says("138****1234").says_not("13800001234");
    let changed: Vec<(&str, &str)> = faulty.into_iter().filter(|(key, _)| *key != "complainant").collect();
    let changed = [changed, vec![("complainant", ""), ("phone", "13900009999")]].concat();
    let changed: Vec<(&str, &str)> = changed.into_iter().filter(|pair| *pair != ("phone", "13800001234")).collect();
    let again = browser.submit(&form, &address, &changed).await;
    again.is(422).says("value=\"13900009999\"").says("现为 王**");
}

#[tokio::test]
async fn who_typed_more_than_can_be_kept_is_informed_that_it_is_lost_and_what_is_kept_stays() {
    let office = Office::open();
    let mut browser = Browser::of(&office);
    browser.sign_in("handler", "/").await.is(303);
    let form = browser.get("/records/complaint/new").await;
    office.clock.advance(jiff::SignedDuration::from_hours(9));
    let kept = browser.submit(&form, "/records/complaint/new", &TYPED).await.is(303).location().to_owned();
    let long = "长".repeat(400_000);
    let too_much: Vec<(&str, &str)> =
        TYPED.into_iter().map(|(key, value)| (key, if key == "content" { long.as_str() } else { value })).collect();
    let lost = browser.submit(&form, "/records/complaint/new", &too_much).await;
    let signed = sign_in_where_it_leads(&mut browser, &lost, "handler").await;
    browser.follow(&signed).await.is(404).says("未能保留，需要重新填写");
    let name = kept.rsplit("%2F").next().unwrap();
    browser.get(&format!("/resume/{name}")).await.is(200).says("填了很久的事项");
}

#[tokio::test]
async fn nobody_else_sees_what_was_typed() {
    let office = Office::open();
    let mut browser = Browser::of(&office);
    browser.sign_in("handler", "/").await.is(303);
    let form = browser.get("/records/complaint/new").await;
    browser.cookies.remove("bilan_session");
    let sent = browser.submit(&form, "/records/complaint/new", &TYPED).await;
    let signed = sign_in_where_it_leads(&mut browser, &sent, "duty").await;
    browser.follow(&signed).await.is(404).says_not("填了很久的事项").says_not("13800001234");
    let mut guest = Browser::of(&office);
    guest.get(signed.location()).await.is(303).says_not("填了很久的事项");
}

#[tokio::test]
async fn what_was_typed_for_a_step_and_for_an_edit_is_there_too() {
    let office = Office::open();
    let number = office.enter("complaint", office.complaint("夜间施工")).number;
    let record = format!("/records/complaint/{number}");
    let mut browser = Browser::of(&office);
    browser.sign_in("handler", "/").await.is(303);
    let page = browser.get(&record).await;
    browser.submit(&page, &format!("{record}/step/accept"), &[("version", "1")]).await.is(303);
    let page = browser.get(&record).await;
    browser.cookies.remove("bilan_session");
    let sent = browser.submit(&page, &format!("{record}/step/assign"), &[("handler_name", "李工的名字")]).await;
    let signed = sign_in_where_it_leads(&mut browser, &sent, "handler").await;
    browser.follow(&signed).await.is(200).says("登录已恢复").says("李工的名字");

    let form = browser.get(&format!("{record}/edit")).await;
    browser.cookies.remove("bilan_session");
    let sent = browser.submit(&form, &format!("{record}/edit"), &[("subject", "改了一半")]).await;
    let signed = sign_in_where_it_leads(&mut browser, &sent, "handler").await;
    let resumed = browser.follow(&signed).await;
    resumed.is(200).says("改了一半").says("登录已恢复");
    browser.submit(&resumed, &format!("{record}/edit"), &[("subject", "改完了")]).await.is(303);
    assert_eq!(office.record("complaint", &number).external()["subject"], "改完了");

    let page = browser.get(&record).await;
    browser.cookies.remove("bilan_session");
    let sent = browser.submit(&page, &format!("{record}/delete"), &[("reason", "重复登记了")]).await;
    let signed = sign_in_where_it_leads(&mut browser, &sent, "handler").await;
    browser.follow(&signed).await.is(200).says("重复登记了");
    assert_eq!(office.count("complaint"), 1);
}

#[tokio::test]
async fn files_are_said_to_be_chosen_again() {
    let office = Office::open();
    let handler = office.sign_in(Role::Handler);
    let mut body = String::new();
    for (name, value) in [("csrf", handler.csrf.as_str()), ("subject", "有照片的事项")] {
        body.push_str(&format!("--line\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"));
    }
    body.push_str(
        "--line\r\ncontent-disposition: form-data; name=\"photos\"; filename=\"工地.jpg\"\r\n\r\nbytes\r\n--line--\r\n",
    );
    let request = Request::post("/records/complaint/new")
        .header(header::CONTENT_TYPE, "multipart/form-data; boundary=line")
        .body(Body::from(body));
    let sent = office.ask(request.unwrap()).await;
    let mut browser = Browser::of(&office);
    let signed = sign_in_where_it_leads(&mut browser, &sent, "handler").await;
    browser.follow(&signed).await.is(200).says("附件需要重新选择").says("工地.jpg").says("有照片的事项");
}

#[tokio::test]
async fn what_nobody_can_have_typed_is_not_kept() {
    let office = Office::open();
    let mut browser = Browser::of(&office);
    let page = browser.get("/sign-in").await;
    for token in ["", "abab", hidden(&page, "csrf").unwrap().as_str()] {
        let sent = browser.submit(&page, "/records/complaint/new", &[("csrf", token), ("subject", "洪水")]).await;
        assert_eq!(sent.location(), "/sign-in?next=%2Frecords%2Fcomplaint%2Fnew", "token {token:?}");
    }
    let handler = office.sign_in(Role::Handler);
    let large = "长".repeat(400_000);
    let sent = browser.submit(&page, "/records/complaint/new", &[("csrf", &handler.csrf), ("content", &large)]).await;
    assert_eq!(sent.location(), "/sign-in?next=%2Fresume%2Fno-room", "more than a megabyte");
    browser.sign_in("handler", "/").await.is(303);
    browser.get("/resume/0123456789abcdef0123456789abcdef").await.is(404);
    browser.get("/resume/..%2F..").await.is(404);
}

#[tokio::test]
async fn a_form_of_an_earlier_session_of_the_same_account_is_taken_and_of_another_is_not() {
    let office = Office::open();
    let mut browser = Browser::of(&office);
    browser.sign_in("handler", "/").await.is(303);
    let form = browser.get("/records/complaint/new").await;
    office.accounts.sign_out(&browser.cookies["bilan_session"], "elsewhere").unwrap();
    browser.sign_in("handler", "/").await.is(303);
    browser.submit(&form, "/records/complaint/new", &TYPED).await.is(303);
    assert_eq!(office.count("complaint"), 1);

    let mut other = Browser::of(&office);
    other.sign_in("duty", "/").await.is(303);
    other.submit(&form, "/records/complaint/new", &TYPED).await.is(403);
    office.clock.advance(jiff::SignedDuration::from_hours(24 * 8));
    browser.sign_in("handler", "/").await.is(303);
    browser.submit(&form, "/records/complaint/new", &TYPED).await.is(403);
    assert_eq!(office.count("complaint"), 1);
}

#[tokio::test]
async fn a_complaint_typed_on_a_page_that_stood_open_too_long_is_shown_again_and_taken() {
    let office = Office::open();
    let typed = [("category", "noise"), ("content", "写了半小时"), ("place.address", "解放西路8号")];
    let mut browser = Browser::of(&office);
    let page = browser.get("/public/complain").await;
    browser.cookies.remove("bilan_guest");
    let again = browser.submit(&page, "/public/complain", &typed).await;
    again.is(403).says("写了半小时").says("解放西路8号").says("页面打开的时间太长");
    assert_eq!(office.count("complaint"), 0);
    browser.submit(&again, "/public/complain", &typed).await.is(303);
    assert_eq!(office.count("complaint"), 1);

    let page = browser.get("/public/track").await;
    browser.cookies.remove("bilan_guest");
    browser
        .submit(&page, "/public/track", &[("number", "TS1"), ("code", "A")])
        .await
        .is(403)
        .says("页面打开的时间太长");
}

#[tokio::test]
async fn a_sign_in_page_that_stood_open_is_shown_again_and_one_of_another_tab_leads_on() {
    let office = Office::open();
    let mut browser = Browser::of(&office);
    let page = browser.get("/sign-in").await;
    browser.cookies.remove("bilan_guest");
    let fields = [("name", "handler"), ("password", PASSWORD), ("next", "/records/complaint")];
    let again = browser.submit(&page, "/sign-in", &fields).await;
    again.is(200).says("请重新输入密码").says("value=\"handler\"");
    browser.submit(&again, "/sign-in", &fields).await.is(303);
    let answer = browser.submit(&page, "/sign-in", &fields).await;
    assert_eq!(answer.is(303).location(), "/records/complaint", "signed in already");
}

#[tokio::test]
async fn a_sign_in_form_of_a_second_tab_leads_on_or_says_who_has_signed_in_in_the_first() {
    let office = Office::open();
    let mut browser = Browser::of(&office);
    let page = browser.get("/sign-in").await;
    browser.sign_in("handler", "/").await.is(303);
    let of = |name| [("name", name), ("password", PASSWORD), ("next", "/records/complaint")];
    assert_eq!(browser.submit(&page, "/sign-in", &of("handler")).await.is(303).location(), "/records/complaint");
    let again = browser.submit(&page, "/sign-in", &of("duty")).await;
    again.is(200).says("已在另一页面登录账号 handler").says("value=\"duty\"");
    browser.submit(&again, "/sign-in", &of("duty")).await.is(303);
    browser.get("/account").await.is(200).says("duty");
}

#[tokio::test]
async fn a_sign_in_form_of_before_another_tab_signed_in_and_out_is_shown_again() {
    let office = Office::open();
    let mut browser = Browser::of(&office);
    let page = browser.get("/sign-in").await;
    browser.sign_in("handler", "/").await.is(303);
    let home = browser.get("/account").await;
    browser.submit(&home, "/sign-out", &[]).await.is(303);
    browser.get("/sign-in").await.is(200);
    let fields = [("name", "handler"), ("password", PASSWORD), ("next", "/")];
    let again = browser.submit(&page, "/sign-in", &fields).await;
    again.is(200).says("请重新输入密码").says("value=\"handler\"");
    browser.submit(&again, "/sign-in", &fields).await.is(303);
}

#[tokio::test]
async fn a_fault_of_a_place_is_said_in_words_and_its_boxes_keep_what_was_typed() {
    for (lon, lat, said) in [
        ("东经", "28.112", "“东经”不是经度或纬度"),
        ("112.985", "", "经度和纬度须同时填写"),
        ("28.112", "112.985", "经纬度可能颠倒"),
    ] {
        let office = Office::open();
        let mut browser = Browser::of(&office);
        browser.sign_in("handler", "/").await.is(303);
        let form = browser.get("/records/complaint/new").await;
        let typed: Vec<(&str, &str)> = TYPED
            .into_iter()
            .map(|(name, value)| match name {
                "place.lon" => (name, lon),
                "place.lat" => (name, lat),
                _ => (name, value),
            })
            .collect();
        let refused = browser.submit(&form, "/records/complaint/new", &typed).await;
        refused
            .is(422)
            .says(said)
            .says("解放西路8号")
            .says_not("&#34;lon&#34;")
            .says_not("{&quot;")
            .says_not("（lon）");
        for kept in [lon, lat].into_iter().filter(|kept| !kept.is_empty()) {
            refused.says(&format!("value=\"{kept}\""));
        }
        assert_eq!(office.count("complaint"), 0, "{said}");
    }
}

/// A form with files, as a browser sends it.
fn with_files(csrf: &str, fields: &[(&str, &str)], files: &[(&str, &[u8])]) -> Body {
    let mut body = Vec::new();
    for (name, value) in fields.iter().chain(&[("csrf", csrf)]) {
        let part = format!("--line\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
        body.extend_from_slice(part.as_bytes());
    }
    for (name, bytes) in files {
        let head = format!("--line\r\ncontent-disposition: form-data; name=\"photos\"; filename=\"{name}\"\r\n\r\n");
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(bytes);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"--line--\r\n");
    Body::from(body)
}

const JPEG: &[u8] = b"\xff\xd8\xff\xe0 a photograph";

#[tokio::test]
async fn a_form_that_comes_back_names_the_photographs_that_must_be_chosen_again() {
    let office = Office::open();
    let duty = office.sign_in(Role::Duty);
    let faulty: Vec<(&str, &str)> =
        TYPED.into_iter().map(|(key, value)| (key, if key == "subject" { "" } else { value })).collect();
    let files: [(&str, &[u8]); 2] = [("工地一.jpg", JPEG), ("工地二.jpg", JPEG)];
    let back = office.send_upload(&duty, "/records/complaint/new", with_files(&duty.csrf, &faulty, &files)).await;
    back.is(422).says("重新选择这2个文件").says("工地一.jpg、工地二.jpg").says("半页纸的内容");
    let none = office.send_upload(&duty, "/records/complaint/new", with_files(&duty.csrf, &faulty, &[])).await;
    none.is(422).says_not("重新选择");
    let empty: [(&str, &[u8]); 2] = [("空的.jpg", b""), ("工地一.jpg", JPEG)];
    let back = office.send_upload(&duty, "/records/complaint/new", with_files(&duty.csrf, &TYPED, &empty)).await;
    back.is(422).says("空的.jpg是空文件（0字节）").says("重新选择这2个文件");
    assert_eq!(office.count("complaint"), 0);
}

#[tokio::test]
async fn a_form_of_a_place_outside_the_own_cell_comes_back_as_it_was_filled() {
    let office = Office::open();
    let grid = office.sign_in(Role::Grid);
    let place = office.place_in(office::OTHER_CELL);
    let (lon, lat) = (place["lon"].to_string(), place["lat"].to_string());
    let elsewhere: Vec<(&str, &str)> = TYPED
        .into_iter()
        .map(|(key, value)| match key {
            "place.lon" => (key, lon.as_str()),
            "place.lat" => (key, lat.as_str()),
            _ => (key, value),
        })
        .collect();
    let back = office.post(&grid, "/records/complaint/new", &elsewhere).await;
    back.is(422).says("不在您负责的网格").says("转交值班室").says("半页纸的内容").says("value=\"王小明\"").says(&lon);
    let english = office::Signed { cookie: grid.cookie.replace("=zh", "=en"), ..grid.clone() };
    let back = office.post(&english, "/records/complaint/new", &elsewhere).await;
    back.is(422).says("outside your own cell").says("duty desk");
    let mut values = office.complaint("网格外");
    values["place"] = place;
    let refused = office.call(Role::Grid, axum::http::Method::POST, "/complaint", &[], values).await;
    assert_eq!(refused.is(422).json()["faults"][0]["field"], "place");
    assert_eq!(office.count("complaint"), 0);
}

#[tokio::test]
async fn a_resident_is_informed_which_photographs_are_refused_and_why_and_that_all_must_be_chosen_again() {
    let office = Office::open();
    let mut browser = Browser::of(&office);
    let form = browser.get("/public/complain").await;
    let csrf = hidden(&form, "csrf").unwrap();
    let cookie: Vec<String> = browser.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let who = office::Signed { cookie: cookie.join("; "), csrf: csrf.clone() };
    let typed = [("category", "noise"), ("content", "工地夜里施工"), ("place.address", "解放西路8号")];
    let send = async |files: &[(&str, &[u8])], fields: &[(&str, &str)]| {
        office.send_upload(&who, "/public/complain", with_files(&csrf, fields, files)).await
    };
    let back = send(&[("空.jpg", b""), ("说明.txt", b"text"), ("好.jpg", JPEG)], &typed).await;
    back.is(422).says("照片“空.jpg”是空文件").says("“说明.txt”不能作为照片提交：只接受JPEG图片");
    back.says("重新选择这 3 张：空.jpg、说明.txt、好.jpg").says("工地夜里施工");
    let seven: Vec<(&str, &[u8])> = (0..7).map(|_| ("多.jpg", JPEG)).collect();
    let back = send(&seven, &typed).await;
    assert_eq!(back.is(422).text.matches("最多提交 6 张照片，这次选了 7 张").count(), 1);
    let back = send(&[("好.jpg", JPEG)], &typed[..2]).await;
    back.is(422).says("重新选择这 1 张：好.jpg");
}

/// Where a page leads to what was typed.
fn typed_again(refused: &Answer) -> String {
    let start = refused.text.find("/resume/").unwrap_or_else(|| panic!("leads nowhere: {}", refused.text));
    refused.text[start..].split('"').next().unwrap().to_owned()
}

#[tokio::test]
async fn a_form_of_another_session_comes_back_to_who_sent_it_with_or_without_files() {
    let office = Office::open();
    let (handler, duty) = (office.sign_in(Role::Handler), office.sign_in(Role::Duty));
    let files: [(&str, &[u8]); 1] = [("工地一.jpg", JPEG)];
    for chosen in [&files[..], &[]] {
        // The form was opened as one person; another signed in meanwhile, in another tab.
        let body = with_files(&handler.csrf, &TYPED, chosen);
        let refused = office.send_upload(&duty, "/records/complaint/new", body).await;
        refused.is(403).says("页面已过期").says("已保留");
        let address = typed_again(&refused);
        let back = office.get(&duty, &address).await;
        back.is(200).says("填了很久的事项").says("半页纸的内容").says("不属于当前的登录会话");
        if chosen.is_empty() {
            back.says_not("工地一.jpg");
        } else {
            back.says("附件需要重新选择").says("工地一.jpg");
        }
        office.get(&handler, &address).await.is(404).says_not("填了很久的事项");
    }
    assert_eq!(office.count("complaint"), 0, "nothing is saved before it is looked over");
}

#[tokio::test]
async fn a_form_whose_files_come_before_its_token_comes_back_and_is_not_saved_without_them() {
    let office = Office::open();
    let duty = office.sign_in(Role::Duty);
    let mut body = String::from(
        "--line\r\ncontent-disposition: form-data; name=\"photos\"; filename=\"工地.jpg\"\r\n\r\nbytes\r\n",
    );
    for (name, value) in TYPED.iter().chain(&[("csrf", duty.csrf.as_str())]) {
        body.push_str(&format!("--line\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"));
    }
    body.push_str("--line--\r\n");
    let refused = office.send_upload(&duty, "/records/complaint/new", Body::from(body)).await;
    let back = office.get(&duty, &typed_again(refused.is(403))).await;
    back.is(200).says("填了很久的事项").says("附件需要重新选择").says("工地.jpg");
    assert_eq!(office.count("complaint"), 0);
}
