//! How a complaint goes on, for whoever has its number and code. No names, no telephone numbers, no inner notes.

use std::sync::Arc;

use askama::Template;
use axum::{
    Extension,
    extract::Path,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use bilan_records::{
    catalogue::Register,
    contract::View as _,
    disclosure::redact,
    journal::Action,
    ledger::{Ledger, ReadError, Record},
    value::{Language, beijing},
    views::ComplaintRecord,
};
use jiff::{SignedDuration, Timestamp};

use super::{Limits, size::Size, view};
use crate::{
    kept::{Bounds, Keep, Kept},
    refusal::Refusal,
    render::page as rendered,
    shell::Shell,
    submission::Posted,
    visit::Guest,
};

#[derive(Template)]
#[template(path = "public/track.html")]
struct TrackPage {
    shell: Shell,
    large: bool,
    number: String,
    /// Why no case is shown.
    notice: Option<&'static str>,
    case: Option<Case>,
}

/// What the resident may know.
struct Case {
    state: String,
    closed: bool,
    category: String,
    received: String,
    reply: String,
    steps: Vec<(String, String)>,
}

/// Number of a case.
#[derive(Clone)]
pub(crate) struct Shown(String);

impl Keep for Shown {
    const BOUNDS: Bounds =
        Bounds { each: 5, bytes: 1024, bytes_in_all: 4 * 1024 * 1024, lasts: SignedDuration::from_hours(1) };
}

/// The cases that a browser has shown the code of, and may open again without it.
pub(crate) type Found = Kept<Shown>;

pub(super) async fn form(guest: Guest, size: Size) -> Result<Response, Refusal> {
    answer(&guest, size.large, String::new(), None, None, StatusCode::OK)
}

/// Looks for a case and leads to its page.
pub(super) async fn show(
    guest: Guest,
    size: Size,
    Extension(limits): Extension<Arc<Limits>>,
    posted: Posted,
) -> Result<Response, Refusal> {
    let form = posted.submission;
    let number = form.filled("number").unwrap_or_default().to_uppercase();
    if !posted.is_current {
        let notice = Some(guest.text("public.track.expired"));
        return answer(&guest, size.large, number, notice, None, StatusCode::FORBIDDEN);
    }
    limits.cases.take(&guest, guest.app.clock.now())?;
    let code = form.filled("code").unwrap_or_default().to_uppercase();
    let wanted = number.clone();
    if !guest.read(move |ledger| is_code_of(ledger, &wanted, &code)).await?? {
        let notice = Some(guest.text("public.track.unknown"));
        return answer(&guest, size.large, number, notice, None, StatusCode::NOT_FOUND);
    }
    let bytes = number.len();
    match guest.app.found.put(&guest.csrf, Shown(number.clone()), bytes, guest.app.clock.now()) {
        Some(name) => Ok(Redirect::to(&format!("/public/track/{name}")).into_response()),
        None => case(&guest, size.large, number).await,
    }
}

/// A case whose code this browser has given a while ago.
pub(super) async fn again(guest: Guest, size: Size, Path(name): Path<String>) -> Result<Response, Refusal> {
    match guest.app.found.get(&guest.csrf, &name, guest.app.clock.now()) {
        Some(Shown(number)) => case(&guest, size.large, number).await,
        None => {
            let notice = Some(guest.text("public.track.gone"));
            answer(&guest, size.large, String::new(), notice, None, StatusCode::NOT_FOUND)
        }
    }
}

async fn case(guest: &Guest, large: bool, number: String) -> Result<Response, Refusal> {
    let (wanted, language) = (number.clone(), guest.language);
    let case = guest.read(move |ledger| find(ledger, &wanted, language)).await??;
    let notice = case.is_none().then(|| guest.text("public.track.unknown"));
    let status = if case.is_some() { StatusCode::OK } else { StatusCode::NOT_FOUND };
    answer(guest, large, number, notice, case, status)
}

fn answer(
    guest: &Guest,
    large: bool,
    number: String,
    notice: Option<&'static str>,
    case: Option<Case>,
    status: StatusCode,
) -> Result<Response, Refusal> {
    let shell = guest.shell(guest.text("public.track.title"));
    let mut answer = rendered(&TrackPage { shell, large, number, notice, case })?;
    *answer.status_mut() = status;
    Ok(answer)
}

fn complaint(ledger: &Ledger, number: &str) -> Result<Option<Record>, Refusal> {
    match ledger.record(&view::actor(), ComplaintRecord::REGISTER, number, None) {
        Ok(record) => Ok(Some(record)),
        Err(ReadError::NotFound { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Whether a code belongs to a number. A wrong number and a wrong code are answered alike.
fn is_code_of(ledger: &Ledger, number: &str, code: &str) -> Result<bool, Refusal> {
    let field = ComplaintRecord::tracking_code().name();
    match ledger.holds(&view::actor(), ComplaintRecord::REGISTER, number, field, code) {
        Ok(is_code) => Ok(is_code),
        Err(ReadError::NotFound { .. }) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// What may be said of a case to who knows its code.
fn find(ledger: &Ledger, number: &str, language: Language) -> Result<Option<Case>, Refusal> {
    let actor = view::actor();
    let Some(record) = complaint(ledger, number)? else { return Ok(None) };
    let complaint = ComplaintRecord::read(&record)?;
    let Some(register) = ComplaintRecord::register(ledger) else { return Ok(None) };
    let workflow = register.workflow.as_ref();
    let state = record.state.as_deref().unwrap_or_default();
    let known = workflow.and_then(|workflow| workflow.states.get(state));
    let mut steps = Vec::new();
    for entry in ledger.timeline(&actor, ComplaintRecord::REGISTER, number)? {
        if let Some(what) = step_text(register, &entry.action, language) {
            steps.push((day(entry.at), what));
        }
    }
    Ok(Some(Case {
        state: known.map_or(state, |state| state.label.text(language)).to_owned(),
        closed: known.is_some_and(|state| state.closed),
        category: view::View::of(ledger.catalogue(), ComplaintRecord::REGISTER)
            .map(|view| view::Writer::new(ledger, language).text(view, &record, ComplaintRecord::category().name()))
            .unwrap_or_default(),
        received: day(record.created_at),
        // An answer that is still being written is not shown.
        reply: match (&complaint.reply, complaint.replied_at) {
            (Some(reply), Some(_)) => redact(reply),
            _ => String::new(),
        },
        steps,
    }))
}

/// What an entry of the journal means to the resident, if anything.
fn step_text(register: &Register, action: &Action, language: Language) -> Option<String> {
    let zh = language == Language::Chinese;
    match action {
        Action::Create | Action::Import => Some(if zh { "收到投诉" } else { "Complaint received" }.to_owned()),
        Action::Step(step) => {
            let step = register.workflow.as_ref()?.steps.get(step)?;
            Some(step.label.text(language).to_owned())
        }
        _ => None,
    }
}

fn day(at: Timestamp) -> String {
    beijing(at).strftime("%Y-%m-%d %H:%M").to_string()
}
