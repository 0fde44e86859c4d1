//! Signing in and out (登录、退出).

use askama::Template;
use axum::extract::Query;
use axum::http::StatusCode;
use axum::http::header::RETRY_AFTER;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::YEAR_S;
use crate::AppState;
use crate::accounts::{DEMO_ACCOUNTS, DEMO_PASSWORD, Session, SignInRefused};
use crate::refusal::{BUSY_S, Refusal, clock_time};
use crate::render::page;
use crate::security::set_cookie;
use crate::shell::{Messages, Shell};
use crate::submission::{Posted, Submission};
use crate::visit::{BROWSER, Cookies, GUEST, Guest, PENDING, SESSION, Visit, own_address};
use crate::waiting;

#[derive(Template)]
#[template(path = "shell/sign_in.html")]
struct SignInPage {
    shell: Shell,
    next: String,
    name: String,
    fault: Option<String>,
    /// The password was changed just now.
    is_changed: bool,
    demo: Vec<(&'static str, &'static str, &'static str)>,
    demo_password: &'static str,
}

#[derive(Deserialize)]
pub(super) struct Next {
    #[serde(default)]
    next: String,
    /// Not empty after the password was changed.
    #[serde(default)]
    changed: String,
}

pub(super) async fn form(guest: Guest, Query(Next { next, changed }): Query<Next>) -> Result<Response, Refusal> {
    let next = own_address(&next).to_owned();
    if guest.visit.is_some() {
        return Ok(Redirect::to(&next).into_response());
    }
    drawn(&guest, next, String::new(), None, !changed.is_empty())
}

fn drawn(
    guest: &Guest,
    next: String,
    name: String,
    fault: Option<String>,
    is_changed: bool,
) -> Result<Response, Refusal> {
    let demo = guest.app.settings.demo.then_some(DEMO_ACCOUNTS).into_iter().flatten();
    let role_text = |role| guest.text(crate::shell::role_message(role));
    page(&SignInPage {
        shell: guest.shell(guest.text("shell.sign_in.title")),
        next,
        name,
        fault,
        is_changed,
        demo: demo.map(|(name, person, role)| (name, person, role_text(role))).collect(),
        demo_password: DEMO_PASSWORD,
    })
}

pub(super) async fn sign_in(guest: Guest, posted: Posted) -> Result<Response, Refusal> {
    let form = posted.submission;
    let name = form.get("name").unwrap_or_default().trim().to_owned();
    if !posted.is_current {
        return sent_too_late(&guest, &form, name);
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
        Err(SignInRefused::Busy) => {
            retry_after = Some(BUSY_S);
            (StatusCode::SERVICE_UNAVAILABLE, guest.text("shell.refusal.busy_text").to_owned())
        }
        Err(SignInRefused::Failed(error)) => return Err(error.into()),
    };
    let mut response = drawn(&guest, next, name, Some(fault), false)?;
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
fn sent_too_late(guest: &Guest, form: &Submission, name: String) -> Result<Response, Refusal> {
    let next = own_address(form.get("next").unwrap_or_default()).to_owned();
    let said = match &guest.visit {
        Some(visit) if visit.account.name == name => return Ok(Redirect::to(&next).into_response()),
        Some(visit) => guest.language.fill("shell.sign_in.other_tab", &[("name", &visit.account.name)]),
        None => guest.text("shell.sign_in.expired").to_owned(),
    };
    // Nothing was tried and nothing is refused: this is the form, made for this browser as it is now.
    drawn(guest, next, name, Some(said), false)
}

pub(super) async fn sign_out(visit: Visit, guest: Guest, cookies: Cookies, _: Submission) -> Result<Response, Refusal> {
    if let Some(secret) = cookies.get(SESSION) {
        let accounts = visit.app.accounts.clone();
        waiting::to_the_end(move || accounts.sign_out(&secret, &guest.from)).await??;
    }
    let mut response = Redirect::to("/sign-in").into_response();
    set_cookie(&mut response, &visit.app, SESSION, "", Some(0));
    Ok(response)
}
