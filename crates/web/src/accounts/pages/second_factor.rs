//! The pages of the second factor: setting it up, and typing a code at sign-in.

use askama::Template;
use axum::Router;
use axum::extract::Query;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use qrcode::QrCode;
use qrcode::render::svg;
use serde::Deserialize;

use super::sign_in::signed_in;
use crate::AppState;
use crate::accounts::second_factor::address;
use crate::accounts::{AccountsError, Duty, SignInRefused};
use crate::refusal::Refusal;
use crate::render::page;
use crate::security::set_cookie;
use crate::shell::Shell;
use crate::submission::{Posted, Submission};
use crate::visit::{Guest, PENDING, Visit, own_address};
use crate::waiting;

pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/sign-in/code", get(code_page).post(code))
        .route("/account/second-factor", get(show).post(enrol))
        .route("/account/second-factor/end", post(end))
}

#[derive(Template)]
#[template(path = "shell/code.html")]
struct CodePage {
    shell: Shell,
    next: String,
    fault: Option<String>,
}

#[derive(Deserialize)]
struct Next {
    #[serde(default)]
    next: String,
}

async fn code_page(guest: Guest, Query(Next { next }): Query<Next>) -> Result<Response, Refusal> {
    asked_for_code(&guest, own_address(&next).to_owned(), None)
}

fn asked_for_code(guest: &Guest, next: String, fault: Option<String>) -> Result<Response, Refusal> {
    page(&CodePage { shell: guest.shell(guest.text("shell.code.title")), next, fault })
}

async fn code(guest: Guest, posted: Posted) -> Result<Response, Refusal> {
    let form = posted.submission;
    let code = form.get("code").unwrap_or_default().to_owned();
    let next = own_address(form.get("next").unwrap_or_default()).to_owned();
    if !posted.is_current {
        return sent_too_late(&guest, next);
    }
    let Some(pending) = guest.pending.clone() else { return Ok(Redirect::to("/sign-in").into_response()) };
    let (accounts, origin) = (guest.app.accounts.clone(), guest.origin());
    let session = waiting::to_the_end(move || accounts.sign_in_with_code(&pending, &code, origin)).await?;
    match session {
        Ok(session) => Ok(signed_in(&guest.app, &session, &next)),
        // The password was typed too long ago.
        Err(SignInRefused::Wrong | SignInRefused::CodeNeeded(_)) => Ok(Redirect::to("/sign-in").into_response()),
        Err(SignInRefused::WrongCode) => {
            let fault = guest.text("shell.code.wrong").to_owned();
            let mut answer = asked_for_code(&guest, next, Some(fault))?;
            *answer.status_mut() = StatusCode::UNAUTHORIZED;
            Ok(answer)
        }
        Err(SignInRefused::Locked(wait)) => Err(wait.into()),
        Err(SignInRefused::Busy) => Err(Refusal::Busy),
        Err(SignInRefused::Failed(error)) => Err(error.into()),
    }
}

/// Somebody has signed in meanwhile in another tab, or the browser has let go of the token of the page.
fn sent_too_late(guest: &Guest, next: String) -> Result<Response, Refusal> {
    if guest.visit.is_some() {
        return Ok(Redirect::to(&next).into_response());
    }
    if guest.pending.is_none() {
        let to = format!("/sign-in?next={}", crate::visit::encoded(&next));
        return Ok(Redirect::to(&to).into_response());
    }
    asked_for_code(guest, next, Some(guest.text("shell.code.expired").to_owned()))
}

#[derive(Template)]
#[template(path = "shell/second_factor.html")]
struct SecondFactorPage {
    shell: Shell,
    is_set: bool,
    is_needed: bool,
    /// Picture and secret of one that is being set up.
    fresh: Option<(String, String)>,
    codes: Vec<String>,
    fault: Option<&'static str>,
}

async fn show(visit: Visit) -> Result<Response, Refusal> {
    shown(&visit, None)
}

fn shown(visit: &Visit, fault: Option<&'static str>) -> Result<Response, Refusal> {
    let accounts = &visit.app.accounts;
    let is_set = visit.account.has_second_factor;
    let fresh = (!is_set).then(|| {
        let enrolment = accounts.enrolment(&visit.csrf);
        let host = visit.app.settings.public_url.split("://").last().unwrap_or_default().to_owned();
        let address = address(&host, &visit.account.name, &enrolment.secret);
        // Only an address of thousands of characters does not fit; the secret beside it can be typed.
        let picture = QrCode::new(address).map(|code| code.render::<svg::Color<'_>>().min_dimensions(192, 192).build());
        let picture = picture.unwrap_or_default();
        // The declaration before it belongs into a file of its own.
        let drawing = picture.find("<svg").map_or("", |at| &picture[at..]).to_owned();
        (drawing, grouped(&enrolment.secret))
    });
    let mut answer = page(&SecondFactorPage {
        shell: visit.shell(visit.text("shell.second_factor.title")),
        is_set,
        is_needed: visit.duty == Some(Duty::Enrol) || accounts.rules.needs_second_factor(&visit.account),
        fresh,
        codes: if is_set { accounts.fresh_codes(&visit.csrf) } else { Vec::new() },
        fault,
    })?;
    if fault.is_some() {
        *answer.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    }
    Ok(answer)
}

/// Four letters at a time, as people read them.
fn grouped(secret: &str) -> String {
    let chars: Vec<char> = secret.chars().collect();
    chars.chunks(4).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join(" ")
}

async fn enrol(visit: Visit, form: Submission) -> Result<Response, Refusal> {
    let code = form.get("code").unwrap_or_default().to_owned();
    let (accounts, name, session) = (visit.app.accounts.clone(), visit.account.name.clone(), visit.csrf.clone());
    if visit.account.has_second_factor {
        return Ok(Redirect::to("/account/second-factor").into_response());
    }
    match waiting::to_the_end(move || accounts.enrol(&name, &session, &code)).await? {
        Ok(true) => Ok(Redirect::to("/account/second-factor").into_response()),
        Ok(false) => shown(&visit, Some(visit.text("shell.code.wrong"))),
        Err(AccountsError::Overtaken(_)) => Err(Refusal::SignIn { next: "/account/second-factor".to_owned() }),
        Err(error) => Err(error.into()),
    }
}

/// Ends the own second factor: the password is asked for, so that a browser left open does not lose it.
async fn end(visit: Visit, guest: Guest, form: Submission) -> Result<Response, Refusal> {
    let password = form.get("password").unwrap_or_default().to_owned();
    let (accounts, name, origin) = (visit.app.accounts.clone(), visit.account.name.clone(), guest.origin());
    if accounts.rules.needs_second_factor(&visit.account) {
        return shown(&visit, Some(visit.text("shell.second_factor.needed")));
    }
    let ended = waiting::to_the_end(move || accounts.end_second_factor(&name, &password, origin));
    match ended.await? {
        Ok(()) => {
            let mut answer = Redirect::to("/sign-in").into_response();
            set_cookie(&mut answer, &visit.app, PENDING, "", Some(0));
            Ok(answer)
        }
        Err(SignInRefused::Failed(error)) => Err(error.into()),
        Err(SignInRefused::Locked(wait)) => Err(wait.into()),
        Err(SignInRefused::Busy) => Err(Refusal::Busy),
        Err(_) => shown(&visit, Some(visit.text("shell.account.wrong_old"))),
    }
}
