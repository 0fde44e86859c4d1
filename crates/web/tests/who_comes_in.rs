//! Limits count people: not the proxy before them, not the street behind one address, and not the owner of a name that others guess.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod office;

use std::net::SocketAddr;
use std::time::Duration;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Request, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bilan_admission::TrustedProxies;
use bilan_records::catalogue::Role;
use bilan_web::{Access, Limits};
use jiff::SignedDuration;
use office::{Answer, Office, PASSWORD, Signed};
use test_case::test_case;
use tokio_stream::StreamExt as _;

/// Few enough to be met in a test.
const LIMITS: Limits =
    Limits { complaints_per_browser: 2, complaints_per_address: 4, cases_per_browser: 2, cases_per_address: 4 };

fn behind(trusted: &[&str]) -> Office {
    let trusted_proxies = TrustedProxies::parse(trusted).unwrap();
    Office::open_with(Access { trusted_proxies, limits: LIMITS, ..Access::default() })
}

/// A browser at an address, behind a proxy or not.
struct Browser<'o> {
    office: &'o Office,
    peer: &'static str,
    forwarded: Option<String>,
    cookies: Vec<(String, String)>,
}

impl<'o> Browser<'o> {
    fn at(office: &'o Office, peer: &'static str) -> Self {
        Self { office, peer, forwarded: None, cookies: Vec::new() }
    }

    fn for_client(self, client: impl Into<String>) -> Self {
        Self { forwarded: Some(client.into()), ..self }
    }

    async fn ask(&mut self, mut request: Request<Body>) -> Answer {
        let peer = SocketAddr::new(self.peer.parse().unwrap(), 4711);
        request.extensions_mut().insert(ConnectInfo(peer));
        if let Some(client) = &self.forwarded {
            request.headers_mut().insert("x-forwarded-for", client.parse().unwrap());
        }
        let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        if !cookies.is_empty() {
            request.headers_mut().insert(header::COOKIE, cookies.join("; ").parse().unwrap());
        }
        let answer = self.office.ask(request).await;
        for set in answer.headers.get_all(header::SET_COOKIE) {
            let (name, value) = set.to_str().unwrap().split(';').next().unwrap().split_once('=').unwrap();
            self.cookies.retain(|(known, _)| known != name);
            if !value.is_empty() {
                self.cookies.push((name.to_owned(), value.to_owned()));
            }
        }
        answer
    }

    async fn get(&mut self, address: &str) -> Answer {
        self.ask(Request::get(address).body(Body::empty()).unwrap()).await
    }

    /// Sends a form as its page asks for it.
    async fn send(&mut self, address: &str, fields: &[(&str, &str)]) -> Answer {
        let page = self.get(address).await;
        let value = |name: &str| {
            let after = page.text.split(&format!("name=\"{name}\" value=\"")).nth(1)?;
            Some(after.split('"').next().unwrap().to_owned())
        };
        let (csrf, key) = (value("csrf").unwrap(), value("idempotency_key").unwrap_or_default());
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .extend_pairs([("csrf", &csrf), ("idempotency_key", &key)])
            .finish();
        let request = Request::post(address).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.ask(request.body(Body::from(body)).unwrap()).await
    }

    async fn complain(&mut self) -> u16 {
        let fields = [("category", "noise"), ("content", "夜里施工"), ("place.address", "解放西路8号")];
        self.send("/public/complain", &fields).await.status.as_u16()
    }

    async fn sign_in(&mut self, name: &str, password: &str) -> u16 {
        self.send("/sign-in", &[("name", name), ("password", password)]).await.status.as_u16()
    }

    /// Calls the API with a name and a password.
    async fn call(&mut self, name: &str, password: &str) -> Answer {
        let basic = STANDARD.encode(format!("{name}:{password}"));
        let request = Request::get("/api/v1/registers").header(header::AUTHORIZATION, format!("Basic {basic}"));
        self.ask(request.body(Body::empty()).unwrap()).await
    }
}

fn is_taken(status: u16) -> bool {
    matches!(status, 200 | 303)
}

#[test_case(&["127.0.0.1"], 12; "behind a trusted proxy each resident is one")]
#[test_case(&[], 4; "a header that anybody can forge is ignored where nobody is trusted")]
#[test_case(&["10.0.0.0/8"], 4; "and where another proxy is trusted")]
#[tokio::test]
async fn residents_are_counted_and_not_the_proxy(trusted: &'static [&'static str], taken: usize) {
    let office = behind(trusted);
    let mut count = 0;
    for resident in 0..12 {
        let mut browser = Browser::at(&office, "127.0.0.1").for_client(format!("203.0.113.{resident}"));
        count += usize::from(is_taken(browser.complain().await));
    }
    assert_eq!(count, taken);
}

#[tokio::test]
async fn a_browser_meets_its_own_limit_and_the_neighbours_behind_the_same_address_do_not() {
    let office = behind(&["127.0.0.1"]);
    let street = || Browser::at(&office, "127.0.0.1").for_client("203.0.113.9");
    let mut first = street();
    let statuses = [first.complain().await, first.complain().await, first.complain().await];
    assert!(is_taken(statuses[0]) && is_taken(statuses[1]), "{statuses:?}");
    assert_eq!(statuses[2], 429);
    assert!(is_taken(street().complain().await));
    office.clock.advance(SignedDuration::from_hours(1));
    assert!(is_taken(first.complain().await), "an hour later");
}

#[tokio::test]
async fn a_network_of_ipv6_is_one_address() {
    let office = behind(&["127.0.0.1"]);
    let mut taken = 0;
    for host in 0..12 {
        let mut browser = Browser::at(&office, "127.0.0.1").for_client(format!("2001:db8:1:2::{host:x}"));
        taken += usize::from(is_taken(browser.complain().await));
    }
    assert_eq!(taken, 4);
}

#[tokio::test]
async fn a_refused_resident_stays_in_the_portal_and_learns_when_and_how_else() {
    let office = behind(&[]);
    let mut browser = Browser::at(&office, "203.0.113.9");
    let fields = [("number", "TS202000001"), ("code", "AAAAAAAAAA")];
    for _ in 0..2 {
        browser.send("/public/track", &fields).await.is(404);
    }
    let refused = browser.send("/public/track", &fields).await;
    // The clock of the office stands at noon; twice in ten minutes is once in five.
    refused.is(429).says("12:05:00").says("12345").says("href=\"/public\"").says_not("秒后").says_not("href=\"/\"");
    assert_eq!(refused.headers[header::RETRY_AFTER], "300");
    browser.cookies.push(("bilan_language".to_owned(), "en".to_owned()));
    let refused = browser.send("/public/track", &fields).await;
    refused.is(429).says("Try again after 12:05:00").says("call 12345").says("Back to the public portal");
}

#[tokio::test]
async fn a_wrong_guess_of_anybody_does_not_shut_out_the_owner() {
    let office = behind(&["127.0.0.1"]);
    let from = |client: &str| Browser::at(&office, "127.0.0.1").for_client(client);
    let mut owner = from("198.51.100.7");
    assert_eq!(owner.sign_in("head", PASSWORD).await, 303);
    let mut guesser = from("203.0.113.9");
    for guess in 0..30 {
        let status = guesser.call("head", &format!("guess number {guess}")).await.status.as_u16();
        assert_eq!(status, if guess < 5 { 401 } else { 429 });
    }
    guesser.call("head", PASSWORD).await.is(429);
    from("198.51.100.7").call("head", PASSWORD).await.is(200);
    assert_eq!(from("198.51.100.8").sign_in("head", PASSWORD).await, 303, "at an address that is new");
    // The owner goes to the café where the guesser sits: the browser is known.
    owner.forwarded = Some("203.0.113.9".to_owned());
    owner.cookies.retain(|(name, _)| name != "bilan_session");
    assert_eq!(owner.sign_in("head", PASSWORD).await, 303);
    let events = office.accounts.events(100).unwrap();
    let by = |what: &str| events.iter().find(|event| event.what == what).map(|event| event.by.as_str());
    assert_eq!(by("locked"), Some("203.0.113.9"), "the history has the address of the person");
}

#[test_case(true; "over the API")]
#[test_case(false; "at the page")]
#[tokio::test]
async fn one_password_tried_on_many_names_is_slowed_and_said(by_api: bool) {
    let office = behind(&[]);
    let mut guesser = Browser::at(&office, "203.0.113.9");
    let mut statuses = Vec::new();
    for number in 0..40 {
        let name = format!("name{number}");
        statuses.push(match by_api {
            true => guesser.call(&name, "a common one").await.status.as_u16(),
            false => guesser.sign_in(&name, "a common one").await,
        });
    }
    assert_eq!(statuses.iter().filter(|status| **status == 401).count(), 20, "{statuses:?}");
    assert!(statuses[20..].iter().all(|status| *status == 429), "{statuses:?}");
    let refused = guesser.call("duty", PASSWORD).await;
    assert!(refused.is(429).headers.contains_key(header::RETRY_AFTER));
    let mut other = Browser::at(&office, "203.0.113.10");
    assert_eq!(other.sign_in("duty", PASSWORD).await, 303, "at another address");
    let admin = office.sign_in(Role::Admin);
    office.get(&admin, "/accounts").await.says("密码猜测").says("203.0.113.9");
    other.get("/metrics").await.says("bilan_sign_in_guessing_total 1");
}

/// Opens a stream of events and leaves it open.
async fn stream(office: &Office, who: &Signed, address: &str) -> (u16, axum::body::BodyDataStream) {
    let request = Request::get(address).header(header::COOKIE, &who.cookie).body(Body::empty()).unwrap();
    let response = office.response(request).await;
    (response.status().as_u16(), response.into_body().into_data_stream())
}

#[tokio::test]
async fn a_session_holds_a_bounded_number_of_streams_and_they_end_with_it() {
    let office = Office::open();
    let (duty, head) = (office.sign_in(Role::Duty), office.sign_in(Role::Head));
    let mut open = Vec::new();
    for _ in 0..40 {
        let (status, stream) = stream(&office, &duty, "/warnings/events").await;
        if status == 200 {
            open.push(stream);
        } else {
            assert_eq!(status, 429);
        }
    }
    assert_eq!(open.len(), 12);
    drop(open.pop());
    let (status, mut again) = stream(&office, &duty, "/map/events").await;
    assert_eq!(status, 200, "a page that was closed makes room");
    let (status, mut other) = stream(&office, &head, "/warnings/events").await;
    assert_eq!(status, 200, "another session");
    let hello = other.next().await.unwrap().unwrap();
    assert!(hello.starts_with(b"event: heartbeat"));

    office.post(&duty, "/sign-out", &[]).await.is(303);
    let rest = async { while again.next().await.is_some() {} };
    tokio::time::timeout(Duration::from_secs(60), rest).await.expect("the stream ends with the session");
    office.accounts.set_disabled("head", true, "test").unwrap();
    let rest = async { while other.next().await.is_some() {} };
    tokio::time::timeout(Duration::from_secs(60), rest).await.expect("the stream ends with the account");
}

#[tokio::test(start_paused = true)]
async fn a_form_of_which_nothing_arrives_any_more_is_given_up_and_not_called_too_large() {
    let office = Office::open();
    let begun = tokio_stream::iter([Ok::<_, std::io::Error>(axum::body::Bytes::from_static(b"number=TS2020"))]);
    let body = Body::from_stream(begun.chain(tokio_stream::pending()));
    let request = Request::post("/public/track")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(body)
        .unwrap();
    office.ask(request).await.is(408).says("没有保存任何内容");
}

async fn shown_token(office: &Office, peer: &'static str, token: &str) -> Answer {
    let request = Request::get("/api/v1/registers").header(header::AUTHORIZATION, format!("Bearer {token}"));
    Browser::at(office, peer).ask(request.body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn who_shows_many_false_tokens_waits_and_the_true_ones_from_there_hold() {
    let office = behind(&[]);
    let token = office.accounts.issue_token("handler", "script", "test").unwrap();
    let mut answers = Vec::new();
    for guess in 0..300 {
        answers.push(shown_token(&office, "203.0.113.7", &format!("{guess:064}")).await.status.as_u16());
    }
    assert_eq!((answers.iter().filter(|status| **status == 401).count(), answers[299]), (20, 429));
    let slowed = shown_token(&office, "203.0.113.7", "another").await;
    slowed.is(429).says("令牌错误次数过多").says("retry_after_s");
    assert!(slowed.headers.contains_key(header::RETRY_AFTER), "{slowed:?}");
    shown_token(&office, "203.0.113.7", &token).await.is(200);
    shown_token(&office, "203.0.113.8", "another").await.is(401);
    office.clock.advance(SignedDuration::from_secs(31));
    shown_token(&office, "203.0.113.7", "another").await.is(401);
    shown_token(&office, "203.0.113.7", "another").await.is(429);
}
