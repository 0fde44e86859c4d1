//! The administrator's page of accounts (账号管理), which the auditor may read.

use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use bilan_records::catalogue::Role;
use bilan_records::value::beijing;

use super::explanation::explanation;
use crate::accounts::store::role;
use crate::accounts::{Account, AccountsError, NewAccount};
use crate::people::People;
use crate::refusal::Refusal;
use crate::shell::{Messages, Shell};
use crate::submission::Submission;
use crate::visit::Visit;
use crate::waiting;

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

pub(super) async fn shown(visit: Visit) -> Result<Response, Refusal> {
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
    let drawn = AccountsPage {
        shell: visit.shell(visit.text("shell.accounts.title")),
        accounts: lines.collect(),
        roles: Role::ALL.iter().map(|role| (role.key(), name_of(*role))).collect(),
        events: events.collect(),
        may_change: visit.is(Role::Admin),
        fault,
    };
    Ok((status, Html(drawn.render()?)).into_response())
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

pub(super) async fn add(visit: Visit, form: Submission) -> Result<Response, Refusal> {
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
        Err(error) => listed(&visit, Some(explanation(&error, visit.language))).await,
    }
}

pub(super) async fn change(
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
        Err(error @ AccountsError::Password(_)) => listed(&visit, Some(explanation(&error, visit.language))).await,
        Err(error) => Err(error.into()),
    }
}

fn only_admin(visit: &Visit) -> Result<(), Refusal> {
    if visit.is(Role::Admin) {
        return Ok(());
    }
    Err(Refusal::Forbidden { what: visit.text("shell.accounts.title").to_owned() })
}
