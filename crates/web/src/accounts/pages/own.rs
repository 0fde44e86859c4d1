//! The own account (我的账号): its password and its tokens.

use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use bilan_records::value::{beijing, beijing_text};
use jiff::SignedDuration;
use serde::Deserialize;

use super::explanation::explanation;
use crate::accounts::{Account, AccountsError, Duty, SignInRefused, Token};
use crate::parameters::Query;
use crate::receipt::Receipt;
use crate::refusal::Refusal;
use crate::render::page;
use crate::shell::Shell;
use crate::submission::Submission;
use crate::visit::{Guest, Visit};
use crate::waiting;

/// A token is marked for so long before it ends.
const ENDS_SOON: SignedDuration = SignedDuration::from_hours(24 * 30);

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
pub(super) struct Asked {
    /// Names what the last act left to say.
    #[serde(default)]
    receipt: String,
}

pub(super) async fn shown(visit: Visit, Query(asked): Query<Asked>) -> Result<Response, Refusal> {
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

pub(super) async fn password(visit: Visit, guest: Guest, form: Submission) -> Result<Response, Refusal> {
    let field = |name: &str| form.get(name).unwrap_or_default().to_owned();
    let (old, new, again) = (field("old"), field("new"), field("again"));
    if new != again {
        return own(&visit, faulty(visit.text("shell.account.differ"))).await;
    }
    let (accounts, name, origin) = (visit.app.accounts.clone(), visit.account.name.clone(), guest.origin());
    let changed = waiting::to_the_end(move || accounts.change_password(&name, &old, &new, origin));
    match changed.await? {
        Ok(()) => Ok(Redirect::to("/sign-in?changed=yes").into_response()),
        Err(SignInRefused::Failed(error @ AccountsError::Password(_))) => {
            own(&visit, faulty(&explanation(&error, visit.language))).await
        }
        Err(SignInRefused::Failed(error)) => Err(error.into()),
        Err(SignInRefused::Locked(wait)) => Err(wait.into()),
        Err(SignInRefused::Busy) => Err(Refusal::Busy),
        Err(_) => own(&visit, faulty(visit.text("shell.account.wrong_old"))).await,
    }
}

fn faulty(fault: &str) -> Said {
    Said { fault: Some(fault.to_owned()), ..Said::default() }
}

pub(super) async fn token(visit: Visit, form: Submission) -> Result<Response, Refusal> {
    let label = form.filled("label").unwrap_or("API").chars().take(80).collect::<String>();
    let (accounts, name, session) = (visit.app.accounts.clone(), visit.account.name.clone(), visit.csrf.clone());
    match waiting::to_the_end(move || accounts.issue_token_to_session(&name, &label, &session)).await? {
        Ok(token) => Ok(to_own_page(&visit, Receipt::Token(token))),
        Err(AccountsError::Overtaken(_)) => Err(Refusal::SignIn { next: "/account".to_owned() }),
        Err(error) => Err(error.into()),
    }
}

pub(super) async fn revoke_token(visit: Visit, Path(id): Path<i64>, _: Submission) -> Result<Response, Refusal> {
    let (accounts, name) = (visit.app.accounts.clone(), visit.account.name.clone());
    waiting::to_the_end(move || accounts.revoke_token(&name, id, &name)).await??;
    Ok(Redirect::to("/account").into_response())
}

pub(super) async fn revoke_tokens(visit: Visit, _: Submission) -> Result<Response, Refusal> {
    let (accounts, name) = (visit.app.accounts.clone(), visit.account.name.clone());
    waiting::to_the_end(move || accounts.revoke_tokens(&name, &name)).await??;
    Ok(to_own_page(&visit, Receipt::TokensRevoked))
}
