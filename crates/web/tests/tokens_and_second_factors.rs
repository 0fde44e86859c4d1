//! Tokens have an end, passwords are none of the common ones, and a second factor is asked for where it is set.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod office;

use std::sync::Arc;

use axum::body::Body;
use axum::http::{Request, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bilan_records::catalogue::Role;
use bilan_records::personal::Keyring;
use bilan_standards::clock::{Clock, FixedClock};
use bilan_web::accounts::{
    AccountRules, Accounts, AccountsError, Duty, NewAccount, PasswordFault, Session, SignInRefused,
};
use jiff::SignedDuration;
use office::{Answer, Office, PASSWORD, Signed};
use totp_rs::{Builder, Secret};

/// Accounts of one administrator, with rules.
struct Desk {
    _folder: tempfile::TempDir,
    clock: Arc<FixedClock>,
    accounts: Accounts,
}

fn desk(rules: AccountRules) -> Desk {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(FixedClock::at("2026-11-23T04:00:00Z".parse().unwrap()));
    let handed: Arc<dyn Clock> = clock.clone();
    let accounts = Accounts::open(&folder.path().join("accounts.db"), handed).unwrap();
    let accounts = accounts.with_quick_hash().with_keyring(Keyring::new([7; 32])).with_rules(rules);
    let new = NewAccount {
        name: "li.ming".to_owned(),
        display_name: "李明".to_owned(),
        password: PASSWORD.to_owned(),
        roles: vec![Role::Admin],
        cell: None,
        enterprise: None,
    };
    accounts.create(&new, "test").unwrap();
    Desk { _folder: folder, clock, accounts }
}

#[test]
fn a_token_ends_by_itself_and_with_the_password() {
    let Desk { clock, accounts, .. } = &desk(AccountRules { token_days: 30, ..AccountRules::default() });
    let token = accounts.issue_token("li.ming", "script", "test").unwrap();
    let days = accounts.tokens("li.ming").unwrap()[0].expires_at.duration_since(clock.now()).as_hours() / 24;
    assert_eq!(days, 30);
    clock.advance(SignedDuration::from_hours(24 * 29));
    assert!(accounts.by_token(&token).unwrap().is_some());
    clock.advance(SignedDuration::from_hours(24));
    assert!(accounts.by_token(&token).unwrap().is_none(), "its date is over");

    let token = accounts.issue_token("li.ming", "script", "test").unwrap();
    accounts.set_password("li.ming", "another good one", "admin").unwrap();
    assert!(accounts.by_token(&token).unwrap().is_none(), "the password was reset");
    let token = accounts.issue_token("li.ming", "script", "test").unwrap();
    accounts.set_disabled("li.ming", true, "admin").unwrap();
    accounts.set_disabled("li.ming", false, "admin").unwrap();
    assert!(accounts.by_token(&token).unwrap().is_none(), "the account was shut out in between");
}

#[test]
fn common_passwords_are_refused_wherever_one_is_set() {
    let Desk { accounts, .. } = &desk(AccountRules::default());
    let refused = accounts.set_password("li.ming", "1234567890", "test").unwrap_err();
    assert!(matches!(refused, AccountsError::Password(PasswordFault::Digits)));
    let new = NewAccount {
        name: "wang.fang".to_owned(),
        display_name: "王芳".to_owned(),
        password: "Wang.Fang2026".to_owned(),
        roles: vec![Role::Duty],
        cell: None,
        enterprise: None,
    };
    let refused = accounts.create(&new, "test").unwrap_err();
    assert!(matches!(refused, AccountsError::Password(PasswordFault::HoldsName)));
    assert!(accounts.sign_in("li.ming", PASSWORD, "10.0.0.1").is_ok(), "the old one holds");
}

#[test]
fn an_old_password_must_be_changed_first() {
    let rules = AccountRules { password_days: 90, ..AccountRules::default() };
    let Desk { clock, accounts, .. } = &desk(rules);
    assert_eq!(accounts.sign_in("li.ming", PASSWORD, "10.0.0.1").unwrap().duty, None);
    clock.advance(SignedDuration::from_hours(24 * 90));
    assert_eq!(accounts.sign_in("li.ming", PASSWORD, "10.0.0.1").unwrap().duty, Some(Duty::ChangePassword));
    assert!(accounts.by_password_of_program("li.ming", PASSWORD, "10.0.0.1").is_err());
    accounts.set_password("li.ming", "another good one", "li.ming").unwrap();
    assert_eq!(accounts.sign_in("li.ming", "another good one", "10.0.0.1").unwrap().duty, None);
}

/// The code that a telephone shows for a secret.
fn code(secret: &str, clock: &FixedClock) -> String {
    let secret = Secret::try_from_base32(secret.replace(' ', "")).unwrap();
    let second = u64::try_from(clock.now().as_second()).unwrap();
    Builder::new().with_secret(secret).build().unwrap().generate(second).to_string()
}

fn between<'t>(text: &'t str, from: &str, to: &str) -> &'t str {
    text.split(from).nth(1).unwrap_or_else(|| panic!("{from} is not in {text}")).split(to).next().unwrap()
}

/// Sets up a second factor at its page; says its secret and the codes for emergencies.
async fn enrol(office: &Office, who: &Signed) -> (String, Vec<String>) {
    let page = office.get(who, "/account/second-factor").await;
    page.is(200).says("<svg");
    let secret = between(&page.text, "data-testid=\"secret\">", "<").to_owned();
    office.post(who, "/account/second-factor", &[("code", "000000")]).await.is(422).says("验证码不正确");
    let code = code(&secret, &office.clock);
    office.post(who, "/account/second-factor", &[("code", &code)]).await.is(303);
    let page = office.get(who, "/account/second-factor").await;
    let listed = between(&page.text, "data-testid=\"recovery-codes\">", "</ul>");
    let codes = listed.split("<code>").skip(1).map(|rest| rest.split('<').next().unwrap().to_owned()).collect();
    (secret, codes)
}

/// Begins to sign in at the page; the cookies and the token that the page of the code needs.
async fn begin(office: &Office, name: &str) -> (String, String) {
    let page = office.as_guest("/sign-in").await;
    let guest = page.headers[header::SET_COOKIE].to_str().unwrap().split(';').next().unwrap().to_owned();
    let csrf = between(&page.text, "name=\"csrf\" value=\"", "\"").to_owned();
    let answer = post(office, "/sign-in", &guest, &[("csrf", &csrf), ("name", name), ("password", PASSWORD)]).await;
    assert!(answer.is(303).location().starts_with("/sign-in/code"), "{}", answer.location());
    assert!(!set(&answer, "bilan_session="), "no session without the code");
    let pending = answer.headers.get_all(header::SET_COOKIE).iter();
    let pending = pending.map(|cookie| cookie.to_str().unwrap()).find(|cookie| cookie.starts_with("bilan_pending="));
    (format!("{guest}; {}", pending.unwrap().split(';').next().unwrap()), csrf)
}

fn set(answer: &Answer, cookie: &str) -> bool {
    answer.headers.get_all(header::SET_COOKIE).iter().any(|set| set.to_str().unwrap().starts_with(cookie))
}

async fn post(office: &Office, address: &str, cookie: &str, fields: &[(&str, &str)]) -> Answer {
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let request = Request::post(address)
        .header(header::COOKIE, cookie)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    office.ask(request.body(Body::from(body)).unwrap()).await
}

#[tokio::test]
async fn a_code_is_asked_for_beside_the_password_and_works_once() {
    let office = Office::open();
    let (secret, codes) = enrol(&office, &office.sign_in(Role::Head)).await;
    assert_eq!(codes.len(), 10);
    office.clock.advance(SignedDuration::from_mins(2));
    let right = code(&secret, &office.clock);

    let (cookie, csrf) = begin(&office, "head").await;
    post(&office, "/sign-in/code", &cookie, &[("csrf", &csrf), ("code", "123456")]).await.is(401).says("验证码不正确");
    let signed = post(&office, "/sign-in/code", &cookie, &[("csrf", &csrf), ("code", &right)]).await;
    assert!(set(signed.is(303), "bilan_session="));
    let (cookie, csrf) = begin(&office, "head").await;
    post(&office, "/sign-in/code", &cookie, &[("csrf", &csrf), ("code", &right)]).await.is(401);

    let emergency = [("csrf", csrf.as_str()), ("code", codes[3].as_str())];
    assert!(set(post(&office, "/sign-in/code", &cookie, &emergency).await.is(303), "bilan_session="));
    let (cookie, csrf) = begin(&office, "head").await;
    let emergency = [("csrf", csrf.as_str()), ("code", codes[3].as_str())];
    post(&office, "/sign-in/code", &cookie, &emergency).await.is(401);
}

#[tokio::test]
async fn the_form_of_a_code_that_another_tab_has_overtaken_leads_on_or_is_shown_again() {
    let office = Office::open();
    let (secret, _) = enrol(&office, &office.sign_in(Role::Head)).await;
    office.clock.advance(SignedDuration::from_mins(2));
    let (cookie, csrf) = begin(&office, "head").await;
    let old = "0".repeat(64);
    let sent =
        |token: &str| [("csrf", token.to_owned()), ("code", code(&secret, &office.clock)), ("next", "/figures".into())];
    let again = post(&office, "/sign-in/code", &cookie, &borrowed(&sent(&old))).await;
    again.is(200).says("请重新输入验证码");
    post(&office, "/sign-in/code", &cookie, &borrowed(&sent(&csrf))).await.is(303);
    let signed = office.sign_in(Role::Duty);
    let led = post(&office, "/sign-in/code", &signed.cookie, &borrowed(&sent(&old))).await;
    assert_eq!(led.is(303).location(), "/figures", "signed in already");
    let led = post(&office, "/sign-in/code", "bilan_language=zh", &borrowed(&sent(&old))).await;
    assert_eq!(led.is(303).location(), "/sign-in?next=%2Ffigures");
}

fn borrowed<'f>(fields: &'f [(&'static str, String)]) -> Vec<(&'static str, &'f str)> {
    fields.iter().map(|(name, value)| (*name, value.as_str())).collect()
}

#[tokio::test]
async fn codes_are_not_guessed_and_passwords_are_not_enough_for_programs() {
    let office = Office::open();
    let (secret, _) = enrol(&office, &office.sign_in(Role::Head)).await;
    let basic = STANDARD.encode(format!("head:{PASSWORD}"));
    let request = || Request::get("/api/v1/registers").header(header::AUTHORIZATION, format!("Basic {basic}"));
    office.ask(request().body(Body::empty()).unwrap()).await.is(401).says("令牌");
    let token = office.accounts.issue_token("head", "script", "test").unwrap();
    let bearer = Request::get("/api/v1/registers").header(header::AUTHORIZATION, format!("Bearer {token}"));
    office.ask(bearer.body(Body::empty()).unwrap()).await.is(200);

    office.clock.advance(SignedDuration::from_mins(30));
    let (cookie, csrf) = begin(&office, "head").await;
    for guess in 0..5 {
        let guess = format!("{guess:06}");
        post(&office, "/sign-in/code", &cookie, &[("csrf", &csrf), ("code", &guess)]).await.is(401);
    }
    let right = code(&secret, &office.clock);
    post(&office, "/sign-in/code", &cookie, &[("csrf", &csrf), ("code", &right)]).await.is(429);
}

#[tokio::test]
async fn an_administrator_takes_a_lost_second_factor_away() {
    let office = Office::open();
    let head = office.sign_in(Role::Head);
    enrol(&office, &head).await;
    let admin = office.sign_in(Role::Admin);
    office.post(&office.sign_in(Role::Duty), "/accounts/head/second-factor", &[]).await.is(403);
    office.post(&admin, "/accounts/head/second-factor", &[]).await.is(303);
    office.get(&head, "/account").await.is(303);
    office.get(&office.sign_in(Role::Head), "/").await.is(200);
    office.get(&admin, "/accounts").await.says("取消双因素认证");
}

#[test]
fn a_role_that_needs_a_second_factor_does_nothing_before_it_is_set_up() {
    let rules = AccountRules { second_factor: vec![Role::Admin], ..AccountRules::default() };
    let Desk { accounts, .. } = &desk(rules);
    let Session { duty, .. } = accounts.sign_in("li.ming", PASSWORD, "10.0.0.1").unwrap();
    assert_eq!(duty, Some(Duty::Enrol));
    let refused = accounts.by_password_of_program("li.ming", PASSWORD, "10.0.0.1");
    assert!(matches!(refused, Err(SignInRefused::Wrong)));
}

#[tokio::test]
async fn who_must_set_one_up_is_led_there_from_every_page() {
    let rules = AccountRules { second_factor: vec![Role::Admin], ..AccountRules::default() };
    let office = Office::open_with_rules(rules);
    let admin = office.sign_in(Role::Admin);
    for address in ["/", "/accounts", "/records/complaint", "/journal", "/warnings/events"] {
        assert_eq!(office.get(&admin, address).await.is(303).location(), "/account/second-factor", "{address}");
    }
    enrol(&office, &admin).await;
    office.get(&admin, "/accounts").await.is(200);
    office.get(&office.sign_in(Role::Duty), "/").await.is(200);
    office.post(&admin, "/account/second-factor/end", &[("password", PASSWORD)]).await.is(422).says("必须启用");
}
