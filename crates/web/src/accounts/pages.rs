//! Signing in and out, the own account, and the administrator's page of accounts.

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::http::header::RETRY_AFTER;
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use bilan_records::catalogue::Role;
use bilan_records::value::{beijing, beijing_text};
use jiff::SignedDuration;
use serde::Deserialize;

use super::store::role;
use super::{
    Account, AccountsError, DEMO_ACCOUNTS, DEMO_PASSWORD, Duty, NewAccount, PasswordFault, Session, SignInRefused,
    Token,
};
use crate::AppState;
use crate::people::People;
use crate::receipt::Receipt;
use crate::refusal::{Refusal, clock_time};
use crate::render::page;
use crate::security::set_cookie;
use crate::shell::{Language, Messages, Shell};
use crate::submission::{Posted, Submission};
use crate::visit::{BROWSER, Cookies, GUEST, Guest, LANGUAGE, PENDING, SESSION, Visit, own_address};
use crate::waiting;

/// A token is marked for so long before it ends.
const ENDS_SOON: SignedDuration = SignedDuration::from_hours(24 * 30);
/// A year, in seconds: how long a browser keeps its language.
const YEAR_S: u32 = 365 * 24 * 3600;

pub(crate) fn routes() -> Router<AppState> {
    Router::new()
        .route("/sign-in", get(sign_in_page).post(sign_in))
        .route("/sign-out", post(sign_out))
        .route("/language", get(language))
        .route("/account", get(own_page))
        .route("/account/password", post(own_password))
        .route("/account/token", post(own_token))
        .route("/account/tokens/revoke", post(revoke_own_tokens))
        .route("/account/tokens/{id}/revoke", post(revoke_own_token))
        .route("/accounts", get(accounts_page).post(add))
        .route("/accounts/{name}/{act}", post(change))
        .merge(super::second_factor_pages::routes())
}

#[derive(Template)]
#[template(path = "shell/sign_in.html")]
struct SignInPage {
    shell: Shell,
    next: String,
    name: String,
    fault: Option<String>,
    demo: Vec<(&'static str, &'static str, &'static str)>,
    demo_password: &'static str,
}

#[derive(Deserialize)]
struct Next {
    #[serde(default)]
    next: String,
}

async fn sign_in_page(guest: Guest, Query(Next { next }): Query<Next>) -> Result<Response, Refusal> {
    let next = own_address(&next).to_owned();
    if guest.visit.is_some() {
        return Ok(Redirect::to(&next).into_response());
    }
    sign_in_form(&guest, next, String::new(), None)
}

fn sign_in_form(guest: &Guest, next: String, name: String, fault: Option<String>) -> Result<Response, Refusal> {
    let demo = guest.app.settings.demo.then_some(DEMO_ACCOUNTS).into_iter().flatten();
    let role_text = |role| guest.text(crate::shell::role_message(role));
    page(&SignInPage {
        shell: guest.shell(guest.text("shell.sign_in.title")),
        next,
        name,
        fault,
        demo: demo.map(|(name, person, role)| (name, person, role_text(role))).collect(),
        demo_password: DEMO_PASSWORD,
    })
}

async fn sign_in(guest: Guest, posted: Posted) -> Result<Response, Refusal> {
    let form = posted.submission;
    let name = form.get("name").unwrap_or_default().trim().to_owned();
    if !posted.is_current {
        return sign_in_again(&guest, &form, name);
    }
    let password = form.get("password").unwrap_or_default().to_owned();
    let next = own_address(form.get("next").unwrap_or_default()).to_owned();
    let (accounts, origin, asked) = (guest.app.accounts.clone(), guest.origin(), name.clone());
    let session = waiting::to_the_end(move || accounts.sign_in(&asked, &password, origin)).await?;
    let mut retry_after = None;
    let (status, fault) = match session {
        Ok(session) => return Ok(signed_in(&guest.app, &session, &next)),
        Err(SignInRefused::CodeNeeded(pending)) => {
            let to = format!("/sign-in/code?next={}", crate::visit::encoded(&next));
            let mut response = Redirect::to(&to).into_response();
            set_cookie(&mut response, &guest.app, PENDING, &pending, Some(300));
            return Ok(response);
        }
        Err(SignInRefused::Wrong | SignInRefused::WrongCode) => {
            (StatusCode::UNAUTHORIZED, guest.text("shell.sign_in.wrong").to_owned())
        }
        Err(SignInRefused::Locked(wait)) => {
            retry_after = Some(wait.seconds);
            let time = clock_time(wait.until);
            (StatusCode::TOO_MANY_REQUESTS, guest.language.fill("shell.sign_in.locked", &[("time", &time)]))
        }
        Err(SignInRefused::Failed(error)) => return Err(error.into()),
    };
    let mut response = sign_in_form(&guest, next, name, Some(fault))?;
    *response.status_mut() = status;
    if let Some(seconds) = retry_after {
        response.headers_mut().insert(RETRY_AFTER, seconds.into());
    }
    Ok(response)
}

/// Leads somebody who has signed in on to a page.
pub(super) fn signed_in(app: &AppState, session: &Session, next: &str) -> Response {
    let mut response = Redirect::to(next).into_response();
    set_cookie(&mut response, app, SESSION, &session.secret, None);
    set_cookie(&mut response, app, GUEST, "", Some(0));
    set_cookie(&mut response, app, PENDING, "", Some(0));
    set_cookie(&mut response, app, BROWSER, &app.accounts.browser_cookie(&session.account.name), Some(YEAR_S));
    response
}

/// The page stood open for longer than its token holds, or somebody has signed in meanwhile in another tab.
fn sign_in_again(guest: &Guest, form: &Submission, name: String) -> Result<Response, Refusal> {
    let next = own_address(form.get("next").unwrap_or_default()).to_owned();
    let is_his = guest.visit.as_ref().is_some_and(|visit| visit.account.name == name);
    if is_his {
        return Ok(Redirect::to(&next).into_response());
    }
    let mut response = sign_in_form(guest, next, name, Some(guest.text("shell.sign_in.expired").to_owned()))?;
    *response.status_mut() = StatusCode::FORBIDDEN;
    Ok(response)
}

async fn sign_out(visit: Visit, guest: Guest, cookies: Cookies, _: Submission) -> Result<Response, Refusal> {
    if let Some(secret) = cookies.get(SESSION) {
        let accounts = visit.app.accounts.clone();
        waiting::to_the_end(move || accounts.sign_out(&secret, &guest.from)).await??;
    }
    let mut response = Redirect::to("/sign-in").into_response();
    set_cookie(&mut response, &visit.app, SESSION, "", Some(0));
    Ok(response)
}

#[derive(Deserialize)]
struct Switch {
    to: String,
    #[serde(default)]
    next: String,
}

async fn language(State(app): State<AppState>, Query(Switch { to, next }): Query<Switch>) -> Result<Response, Refusal> {
    let language = Language::from_key(&to).ok_or_else(|| Refusal::not_found(to))?;
    let mut response = Redirect::to(own_address(&next)).into_response();
    set_cookie(&mut response, &app, LANGUAGE, language.key(), Some(YEAR_S));
    Ok(response)
}

#[derive(Template)]
#[template(path = "shell/account.html")]
struct AccountPage {
    shell: Shell,
    account: Account,
    tokens: Vec<TokenLine>,
    least: usize,
    token_days: u32,
    must_change: bool,
    done: Option<&'static str>,
    fault: Option<String>,
    token: Option<String>,
}

struct TokenLine {
    id: i64,
    label: String,
    issued_at: String,
    expires_at: String,
    /// Its last month has begun, or it holds no longer.
    ends_soon: bool,
}

/// What the page of the own account says of the last act.
#[derive(Default)]
struct Said {
    done: Option<&'static str>,
    fault: Option<String>,
    /// A new token, shown this once.
    token: Option<String>,
}

async fn own(visit: &Visit, said: Said) -> Result<Response, Refusal> {
    let (accounts, name) = (visit.app.accounts.clone(), visit.account.name.clone());
    let tokens = waiting::to_the_end(move || accounts.tokens(&name)).await??;
    let now = visit.app.clock.now();
    let line = |token: Token| TokenLine {
        id: token.id,
        label: token.label,
        issued_at: beijing_text(token.issued_at),
        expires_at: beijing(token.expires_at).strftime("%Y-%m-%d").to_string(),
        ends_soon: token.expires_at.duration_since(now) < ENDS_SOON,
    };
    let rules = &visit.app.accounts.rules;
    let status = if said.fault.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let shown = page(&AccountPage {
        shell: visit.shell(visit.text("shell.account.title")),
        account: visit.account.clone(),
        tokens: tokens.into_iter().map(line).collect(),
        least: rules.least(),
        token_days: rules.token_days,
        must_change: visit.duty == Some(Duty::ChangePassword),
        done: said.done,
        fault: said.fault,
        token: said.token,
    })?;
    Ok((status, shown).into_response())
}

#[derive(Deserialize)]
struct Asked {
    /// Names what the last act left to say.
    #[serde(default)]
    receipt: String,
}

async fn own_page(visit: Visit, Query(asked): Query<Asked>) -> Result<Response, Refusal> {
    let said = match visit.app.receipts.of(&visit, &asked.receipt) {
        Some(Receipt::Token(token)) => Said { token: Some(token), ..Said::default() },
        Some(Receipt::TokensRevoked) => Said { done: Some(visit.text("shell.account.revoked")), ..Said::default() },
        _ => Said::default(),
    };
    own(&visit, said).await
}

/// Leads to the page of the own account, where the receipt is shown for a few minutes.
fn to_own_page(visit: &Visit, receipt: Receipt) -> Response {
    Redirect::to(&visit.app.receipts.address(visit, "/account", receipt)).into_response()
}

async fn own_password(visit: Visit, guest: Guest, form: Submission) -> Result<Response, Refusal> {
    let field = |name: &str| form.get(name).unwrap_or_default().to_owned();
    let (old, new, again) = (field("old"), field("new"), field("again"));
    if new != again {
        return own(&visit, faulty(visit.text("shell.account.differ"))).await;
    }
    let (accounts, name, origin) = (visit.app.accounts.clone(), visit.account.name.clone(), guest.origin());
    let changed = waiting::to_the_end(move || {
        accounts.by_password(&name, &old, origin).map_err(|error| match error {
            SignInRefused::Failed(error) => Changed::Failed(error),
            _ => Changed::WrongOld,
        })?;
        accounts.set_password(&name, &new, &name).map_err(Changed::Failed)
    });
    match changed.await? {
        Ok(()) => Ok(Redirect::to("/sign-in").into_response()),
        Err(Changed::WrongOld) => own(&visit, faulty(visit.text("shell.account.wrong_old"))).await,
        Err(Changed::Failed(error @ AccountsError::Password(_))) => {
            own(&visit, faulty(&told(&error, visit.language))).await
        }
        Err(Changed::Failed(error)) => Err(error.into()),
    }
}

fn faulty(fault: &str) -> Said {
    Said { fault: Some(fault.to_owned()), ..Said::default() }
}

enum Changed {
    WrongOld,
    Failed(AccountsError),
}

async fn own_token(visit: Visit, form: Submission) -> Result<Response, Refusal> {
    let label = form.filled("label").unwrap_or("API").chars().take(80).collect::<String>();
    let (accounts, name) = (visit.app.accounts.clone(), visit.account.name.clone());
    let token = waiting::to_the_end(move || accounts.issue_token(&name, &label, &name)).await??;
    Ok(to_own_page(&visit, Receipt::Token(token)))
}

async fn revoke_own_token(visit: Visit, Path(id): Path<i64>, _: Submission) -> Result<Response, Refusal> {
    let (accounts, name) = (visit.app.accounts.clone(), visit.account.name.clone());
    waiting::to_the_end(move || accounts.revoke_token(&name, id, &name)).await??;
    Ok(Redirect::to("/account").into_response())
}

async fn revoke_own_tokens(visit: Visit, _: Submission) -> Result<Response, Refusal> {
    let (accounts, name) = (visit.app.accounts.clone(), visit.account.name.clone());
    waiting::to_the_end(move || accounts.revoke_tokens(&name, &name)).await??;
    Ok(to_own_page(&visit, Receipt::TokensRevoked))
}

#[derive(Template)]
#[template(path = "shell/accounts.html")]
struct AccountsPage {
    shell: Shell,
    accounts: Vec<AccountLine>,
    roles: Vec<(&'static str, &'static str)>,
    events: Vec<EventLine>,
    may_change: bool,
    fault: Option<String>,
}

struct AccountLine {
    account: Account,
    roles: String,
}

struct EventLine {
    at: String,
    name: String,
    what: &'static str,
    by: String,
}

async fn accounts_page(visit: Visit) -> Result<Response, Refusal> {
    listed(&visit, None).await
}

async fn listed(visit: &Visit, fault: Option<String>) -> Result<Response, Refusal> {
    if !visit.is(Role::Admin) && !visit.is(Role::Auditor) {
        return Err(Refusal::Forbidden { what: visit.text("shell.accounts.title").to_owned() });
    }
    let language = visit.language;
    let name_of = |role: Role| language.text(crate::shell::role_message(role));
    let accounts = visit.app.accounts.clone();
    let app = visit.app.clone();
    let (all, events, people) = waiting::to_the_end(move || {
        Ok::<_, AccountsError>((accounts.list()?, accounts.events(50)?, People::of(&app, language)?))
    })
    .await??;
    let lines = all.into_iter().map(|account| {
        let roles: Vec<_> = account.roles.iter().map(|role| name_of(*role)).collect();
        AccountLine { roles: roles.join(language.text("shell.list_comma")), account }
    });
    let events = events.into_iter().map(|event| EventLine {
        at: beijing(event.at).strftime("%Y-%m-%d %H:%M:%S").to_string(),
        name: event.name,
        what: language.text(event_message(&event.what)),
        by: people.name(&event.by).to_owned(),
    });
    let status = if fault.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let shown = AccountsPage {
        shell: visit.shell(visit.text("shell.accounts.title")),
        accounts: lines.collect(),
        roles: Role::ALL.iter().map(|role| (role.key(), name_of(*role))).collect(),
        events: events.collect(),
        may_change: visit.is(Role::Admin),
        fault,
    };
    Ok((status, Html(shown.render()?)).into_response())
}

pub(crate) fn event_message(what: &str) -> &'static str {
    match what {
        "created" => "shell.event.created",
        "signed_in" => "shell.event.signed_in",
        "signed_out" => "shell.event.signed_out",
        "refused" => "shell.event.refused",
        "locked" => "shell.event.locked",
        "guessing" => "shell.event.guessing",
        "code_refused" => "shell.event.code_refused",
        "recovery_code_used" => "shell.event.recovery_code_used",
        "second_factor_set" => "shell.event.second_factor_set",
        "second_factor_reset" => "shell.event.second_factor_reset",
        "password_changed" => "shell.event.password_changed",
        "disabled" => "shell.event.disabled",
        "enabled" => "shell.event.enabled",
        "token_issued" => "shell.event.token_issued",
        "covered" => "shell.event.covered",
        _ => "shell.event.tokens_revoked",
    }
}

async fn add(visit: Visit, form: Submission) -> Result<Response, Refusal> {
    only_admin(&visit)?;
    let text = |name: &str| form.filled(name).map(str::to_owned);
    let new = NewAccount {
        name: text("name").unwrap_or_default(),
        display_name: text("display_name").or_else(|| text("name")).unwrap_or_default(),
        password: form.get("password").unwrap_or_default().to_owned(),
        roles: form.all("roles").into_iter().filter_map(role).collect(),
        cell: text("cell"),
        enterprise: text("enterprise"),
    };
    let (accounts, by) = (visit.app.accounts.clone(), visit.account.name.clone());
    match waiting::to_the_end(move || accounts.create(&new, &by)).await? {
        Ok(()) => Ok(Redirect::to("/accounts").into_response()),
        Err(error @ (AccountsError::Database(_) | AccountsError::Journal(_) | AccountsError::Hash(_))) => {
            Err(error.into())
        }
        Err(error) => listed(&visit, Some(told(&error, visit.language))).await,
    }
}

async fn change(
    visit: Visit,
    Path((name, act)): Path<(String, String)>,
    form: Submission,
) -> Result<Response, Refusal> {
    only_admin(&visit)?;
    if name == visit.account.name && act == "disable" {
        return listed(&visit, Some(visit.text("shell.accounts.not_yourself").to_owned())).await;
    }
    let password = form.get("password").unwrap_or_default().to_owned();
    let (accounts, by) = (visit.app.accounts.clone(), visit.account.name.clone());
    let changed = waiting::to_the_end(move || match act.as_str() {
        "disable" => accounts.set_disabled(&name, true, &by).map(|()| true),
        "enable" => accounts.set_disabled(&name, false, &by).map(|()| true),
        "password" => accounts.set_password(&name, &password, &by).map(|()| true),
        "tokens" => accounts.revoke_tokens(&name, &by).map(|()| true),
        "second-factor" => accounts.reset_second_factor(&name, &by).map(|()| true),
        _ => Ok(false),
    });
    match changed.await? {
        Ok(true) => Ok(Redirect::to("/accounts").into_response()),
        Ok(false) => Err(Refusal::not_found("/accounts")),
        Err(AccountsError::Unknown(name)) => Err(Refusal::not_found(name)),
        Err(error @ AccountsError::Password(_)) => listed(&visit, Some(told(&error, visit.language))).await,
        Err(error) => Err(error.into()),
    }
}

fn only_admin(visit: &Visit) -> Result<(), Refusal> {
    if visit.is(Role::Admin) {
        return Ok(());
    }
    Err(Refusal::Forbidden { what: visit.text("shell.accounts.title").to_owned() })
}

/// A fault in the visitor's language.
fn told(error: &AccountsError, language: Language) -> String {
    match error {
        AccountsError::NameTaken(name) => language.fill("shell.accounts.taken", &[("name", name)]),
        AccountsError::BadName(name) => language.fill("shell.accounts.bad_name", &[("name", name)]),
        AccountsError::Password(fault) => {
            let key = match fault {
                PasswordFault::Length { .. } => "shell.password.length",
                PasswordFault::Digits => "shell.password.digits",
                PasswordFault::Common => "shell.password.common",
                PasswordFault::Run => "shell.password.run",
                PasswordFault::HoldsName => "shell.password.holds_name",
                PasswordFault::Simple => "shell.password.simple",
            };
            let least = if let PasswordFault::Length { least } = fault { least.to_string() } else { String::new() };
            language.fill(key, &[("least", &least)])
        }
        AccountsError::NoRole => language.text("shell.accounts.no_role").to_owned(),
        AccountsError::NoPlace => language.text("shell.accounts.no_place").to_owned(),
        AccountsError::Unknown(_)
        | AccountsError::Database(_)
        | AccountsError::Migration(_)
        | AccountsError::Journal(_)
        | AccountsError::Sealed(_)
        | AccountsError::Hash(_) => error.to_string(),
    }
}
