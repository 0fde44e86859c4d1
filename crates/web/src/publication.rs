//! Texts that wait for a person's eye before they are published (待脱敏复核): what looks like it names a private person.

use askama::Template;
use axum::Router;
use axum::extract::Path;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use bilan_records::actor::Actor;
use bilan_records::catalogue::Register;
use bilan_records::ledger::{HeldBack, Ledger, ListQuery, Record};

use crate::AppState;
use crate::records::address;
use crate::refusal::Refusal;
use crate::render::page;
use crate::shell::{Language, Shell};
use crate::submission::Submission;
use crate::visit::{Visit, encoded};

/// The newest published records of a register that are looked through …
const SEARCHED: u64 = 2_000;
/// … and those shown of it.
const SHOWN: usize = 50;

pub(crate) fn routes() -> Router<AppState> {
    Router::new().route("/publication", get(show)).route("/publication/{register}/{number}", post(release))
}

#[derive(Template)]
#[template(path = "records/publication.html")]
struct PublicationPage {
    shell: Shell,
    waiting: Vec<Waiting>,
}

struct Waiting {
    register: String,
    number: String,
    address: String,
    edit: String,
    release: String,
    version: i64,
    texts: Vec<Text>,
}

struct Text {
    label: String,
    /// Pieces of the text, and whether each looks like a name.
    pieces: Vec<(String, bool)>,
}

async fn show(visit: Visit) -> Result<Response, Refusal> {
    let title = visit.text("records.publication.title");
    let registers = visit.app.catalogue().registers.values();
    if !registers.into_iter().any(|register| visit.app.ledger.may_release(&visit.actor, register)) {
        return Err(Refusal::Forbidden { what: title.to_owned() });
    }
    let language = visit.language;
    let waiting = visit.read(move |ledger, actor| collect(ledger, actor, language)).await??;
    page(&PublicationPage { shell: visit.shell(title), waiting })
}

fn collect(ledger: &Ledger, actor: &Actor, language: Language) -> Result<Vec<Waiting>, Refusal> {
    let mut waiting = Vec::new();
    for register in ledger.catalogue().registers.values().filter(|register| ledger.may_release(actor, register)) {
        let filter = register.public.as_ref().and_then(|public| public.filter.clone());
        let query = ListQuery { filter, limit: SEARCHED, ..ListQuery::of(&register.key) };
        let mut shown = 0;
        for record in ledger.list(actor, query)?.records {
            let held = ledger.held_back(&record)?;
            if !held.is_empty() && shown < SHOWN {
                waiting.push(entry(register, &record, &held, language));
                shown += 1;
            }
        }
    }
    Ok(waiting)
}

fn entry(register: &Register, record: &Record, held: &[HeldBack], language: Language) -> Waiting {
    let address = address(&register.key, &record.number);
    Waiting {
        register: register.label.text(language).to_owned(),
        number: record.number.clone(),
        edit: format!("{address}/edit"),
        release: format!("/publication/{}/{}", register.key, encoded(&record.number)),
        address,
        version: record.version,
        texts: held
            .iter()
            .map(|held| Text {
                label: register
                    .fields
                    .get(&held.field)
                    .map_or_else(|| held.field.clone(), |field| field.label.text(language).to_owned()),
                pieces: pieces(held),
            })
            .collect(),
    }
}

fn pieces(held: &HeldBack) -> Vec<(String, bool)> {
    let mut pieces = Vec::new();
    let mut end = 0;
    for name in held.names.iter().filter(|name| name.start < name.end) {
        if name.start < end {
            continue;
        }
        pieces.push((held.text[end..name.start].to_owned(), false));
        pieces.push((held.text[name.clone()].to_owned(), true));
        end = name.end;
    }
    pieces.push((held.text[end..].to_owned(), false));
    pieces
}

async fn release(
    visit: Visit,
    Path((register, number)): Path<(String, String)>,
    form: Submission,
) -> Result<Response, Refusal> {
    let version = form.get("version").and_then(|text| text.parse().ok()).ok_or(Refusal::Broken)?;
    visit.read(move |ledger, actor| ledger.release(actor, &register, &number, version)).await??;
    Ok(Redirect::to("/publication").into_response())
}
