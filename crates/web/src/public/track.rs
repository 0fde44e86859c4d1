//! How a complaint goes on, for whoever has its number and code. No names, no telephone numbers, no inner notes.

use std::sync::Arc;

use askama::Template;
use axum::{Extension, http::StatusCode, response::Response};
use bilan_records::{
    catalogue::Register,
    disclosure::redact,
    journal::Action,
    ledger::{Ledger, ReadError},
    value::{Language, beijing},
};
use jiff::Timestamp;
use subtle::ConstantTimeEq;

use super::{Limits, complain::REGISTER, size::Size, view};
use crate::{refusal::Refusal, render::page as rendered, shell::Shell, submission::Submission, visit::Guest};

#[derive(Template)]
#[template(path = "public/track.html")]
struct TrackPage {
    shell: Shell,
    large: bool,
    number: String,
    /// Number and code were given and do not belong together.
    unknown: bool,
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

pub(super) async fn form(guest: Guest, size: Size) -> Result<Response, Refusal> {
    answer(&guest, size.large, String::new(), false, None)
}

pub(super) async fn show(
    guest: Guest,
    size: Size,
    Extension(limits): Extension<Arc<Limits>>,
    form: Submission,
) -> Result<Response, Refusal> {
    limits.cases.take(&guest, guest.app.clock.now())?;
    let number = form.filled("number").unwrap_or_default().to_uppercase();
    let code = form.filled("code").unwrap_or_default().to_uppercase();
    let (wanted, language) = (number.clone(), guest.language);
    let case = guest.read(move |ledger| find(ledger, &wanted, &code, language)).await??;
    answer(&guest, size.large, number, case.is_none(), case)
}

fn answer(guest: &Guest, large: bool, number: String, unknown: bool, case: Option<Case>) -> Result<Response, Refusal> {
    let shell = guest.shell(guest.text("public.track.title"));
    let mut answer = rendered(&TrackPage { shell, large, number, unknown, case })?;
    if unknown {
        *answer.status_mut() = StatusCode::NOT_FOUND;
    }
    Ok(answer)
}

/// The case, if the code is its own. A wrong number and a wrong code are answered alike.
fn find(ledger: &Ledger, number: &str, code: &str, language: Language) -> Result<Option<Case>, Refusal> {
    let actor = view::actor();
    let record = match ledger.record(&actor, REGISTER, number, None) {
        Ok(record) => record,
        Err(ReadError::NotFound { .. }) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let text = |field: &str| record.values.get(field).and_then(|value| value.as_str()).unwrap_or_default();
    let own = text("tracking_code");
    if own.is_empty() || !bool::from(own.as_bytes().ct_eq(code.as_bytes())) {
        return Ok(None);
    }
    let Some(register) = ledger.catalogue().registers.get(REGISTER) else { return Ok(None) };
    let workflow = register.workflow.as_ref();
    let state = record.state.as_deref().unwrap_or_default();
    let known = workflow.and_then(|workflow| workflow.states.get(state));
    let replied = !text("replied_at").is_empty();
    let mut steps = Vec::new();
    for entry in ledger.timeline(&actor, REGISTER, number)? {
        if let Some(what) = told(register, &entry.action, language) {
            steps.push((day(entry.at), what));
        }
    }
    Ok(Some(Case {
        state: known.map_or(state, |state| state.label.text(language)).to_owned(),
        closed: known.is_some_and(|state| state.closed),
        category: view::View::of(ledger.catalogue(), REGISTER)
            .map(|view| view::Writer::new(ledger, language).text(view, &record, "category"))
            .unwrap_or_default(),
        received: day(record.created_at),
        // An answer that is still being written is not shown.
        reply: if replied { redact(text("reply")) } else { String::new() },
        steps,
    }))
}

/// What an entry of the journal means to the resident, if anything.
fn told(register: &Register, action: &Action, language: Language) -> Option<String> {
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
