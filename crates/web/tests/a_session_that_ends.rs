//! A session that has ended shuts nobody out: the browser signs in, complains and follows a complaint as any other.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod office;

use bilan_records::catalogue::Role;
use office::browser::{Browser, hidden};
use office::{Office, PASSWORD};

const COMPLAINT: [(&str, &str); 3] =
    [("category", "noise"), ("content", "工地夜间打桩"), ("place.address", "解放西路8号")];

/// Ways in which a session ends on the server while the browser keeps its cookie.
type End = fn(&mut Browser<'_>);

fn ways_to_end() -> [(&'static str, End); 5] {
    [
        ("nobody looked for eight hours", |browser| browser.office.clock.advance(jiff::SignedDuration::from_hours(9))),
        ("the administrator reset the password", |browser| {
            browser.office.accounts.set_password("handler", PASSWORD, "admin").unwrap();
        }),
        ("the account was shut out for a moment", |browser| {
            browser.office.accounts.set_disabled("handler", true, "admin").unwrap();
            browser.office.accounts.set_disabled("handler", false, "admin").unwrap();
        }),
        ("signed out in another place", |browser| {
            browser.office.accounts.sign_out(&browser.cookies["bilan_session"], "elsewhere").unwrap();
        }),
        ("the cookie is of another installation", |browser| {
            browser.cookies.insert("bilan_session".to_owned(), "abab".to_owned());
        }),
    ]
}

#[tokio::test]
async fn a_browser_whose_session_has_ended_signs_in_again() {
    for (why, end) in ways_to_end() {
        let office = Office::open();
        let mut browser = Browser::of(&office);
        browser.sign_in("handler", "/").await.is(303);
        end(&mut browser);
        let page = browser.get("/sign-in").await;
        assert!(!browser.cookies.contains_key("bilan_session"), "{why}: the dead cookie stays");
        let answer = browser.submit(&page, "/sign-in", &[("name", "handler"), ("password", PASSWORD)]).await;
        assert_eq!(answer.status, 303, "{why}");
        browser.get("/records/complaint").await.is(200);
    }
}

#[tokio::test]
async fn a_browser_whose_session_has_ended_complains_and_follows_its_complaint() {
    for (why, end) in ways_to_end() {
        let office = Office::open();
        let mut browser = Browser::of(&office);
        browser.sign_in("handler", "/").await.is(303);
        end(&mut browser);
        let page = browser.get("/public/complain").await;
        let answer = browser.submit(&page, "/public/complain", &COMPLAINT).await;
        assert!(answer.status != 403, "{why}: {}", answer.text);
        assert_eq!(office.count("complaint"), 1, "{why}");
        let page = browser.get("/public/track").await;
        let unknown = browser.submit(&page, "/public/track", &[("number", "TS1"), ("code", "ABCDEFGHJK")]).await;
        assert_eq!(unknown.status, 404, "{why}: a wrong code is said to be one");
    }
}

#[tokio::test]
async fn an_own_change_of_password_leads_to_a_sign_in_that_works() {
    let office = Office::open();
    let mut browser = Browser::of(&office);
    browser.sign_in("handler", "/").await.is(303);
    let page = browser.get("/account").await;
    let new = "a quite different horse";
    let fields = [("old", PASSWORD), ("new", new), ("again", new)];
    let answer = browser.submit(&page, "/account/password", &fields).await;
    let page = browser.follow(&answer).await;
    page.is(200).says("密码已修改");
    browser.submit(&page, "/sign-in", &[("name", "handler"), ("password", new)]).await.is(303);
    browser.get("/").await.is(200);
}

#[tokio::test]
async fn cookies_that_are_rubbish_are_as_good_as_none() {
    let office = Office::open();
    let rubbish = ["", "abab", "%00%ff", "\u{4e2d}", &"f".repeat(3000), "a=b=c"];
    for name in ["bilan_session", "bilan_guest", "bilan_language"] {
        for value in rubbish {
            let mut browser = Browser::of(&office);
            browser.cookies.insert(name.to_owned(), value.to_owned());
            let page = browser.get("/sign-in").await;
            page.is(200);
            assert_eq!(hidden(&page, "csrf").unwrap().len(), 64, "{name}={value}");
            let answer = browser.submit(&page, "/sign-in", &[("name", "duty"), ("password", PASSWORD)]).await;
            assert_eq!(answer.status, 303, "{name}={value}");
            browser.get("/").await.is(200);
        }
    }
}

#[tokio::test]
async fn a_dead_cookie_before_a_live_one_does_not_hide_it() {
    let office = Office::open();
    let live = office.sign_in(Role::Handler);
    let both = office::Signed { cookie: format!("bilan_session=dead; {}", live.cookie), csrf: live.csrf };
    let answer = office.get(&both, "/records/complaint").await;
    answer.is(200);
    assert!(answer.headers.get("set-cookie").is_none());
}

#[tokio::test]
async fn a_part_of_a_page_takes_no_cookie_that_a_sign_in_may_just_have_set() {
    let office = Office::open();
    let request = axum::http::Request::get("/public").header("cookie", "bilan_session=dead");
    let part = office.ask(request.header("sec-fetch-dest", "empty").body(axum::body::Body::empty()).unwrap()).await;
    let set = part.headers.get_all("set-cookie").iter().filter_map(|cookie| cookie.to_str().ok());
    assert!(!set.into_iter().any(|cookie| cookie.starts_with("bilan_session")));
}

#[tokio::test]
async fn a_form_sent_without_a_session_leads_over_the_sign_in_to_a_page_that_opens() {
    let office = Office::open();
    let number = office.enter("complaint", office.complaint("夜间施工")).number;
    for sent in
        [format!("/records/complaint/{number}/step/accept"), "/sign-out".to_owned(), "/account/token".to_owned()]
    {
        let mut browser = Browser::of(&office);
        let page = browser.get("/sign-in").await;
        let answer = browser.submit(&page, &sent, &[]).await;
        let sign_in = browser.follow(&answer).await;
        let next = hidden(&sign_in, "next").unwrap();
        let answer =
            browser.submit(&sign_in, "/sign-in", &[("name", "handler"), ("password", PASSWORD), ("next", &next)]).await;
        browser.follow(&answer).await.is(200);
    }
}

#[tokio::test]
async fn the_old_password_is_not_taken_as_the_new_one_and_only_who_knows_it_is_informed() {
    let office = Office::open();
    let handler = office.sign_in(bilan_records::catalogue::Role::Handler);
    let change = |old: &'static str, new: &'static str| [("old", old), ("new", new), ("again", new)];
    office.post(&handler, "/account/password", &change(PASSWORD, PASSWORD)).await.is(422).says("新密码与原密码相同");
    let guess = "another horse guess";
    office.post(&handler, "/account/password", &change(guess, guess)).await.is(422).says("原密码不正确");
    office.get(&handler, "/account").await.is(200);
}
