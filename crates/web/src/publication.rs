//! Texts that wait for a person's eye before they are published (待脱敏复核): what looks like it names a private person.

use askama::Template;
use axum::Router;
use axum::extract::Path;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use bilan_records::actor::Actor;
use bilan_records::catalogue::Register;
use bilan_records::ledger::{HeldBack, Ledger, ListQuery, Record};
use serde::Deserialize;

use crate::AppState;
use crate::parameters::Query;
use crate::records::address;
use crate::refusal::Refusal;
use crate::render::page;
use crate::shell::{Language, Shell};
use crate::submission::Submission;
use crate::visit::{Visit, encoded};

/// Published records of a register that are looked through for one page; the next page goes on after them …
const SEARCHED: u64 = 2_000;
/// … or after so many whose texts wait.
const SHOWN: usize = 50;

pub(crate) fn routes() -> Router<AppState> {
    Router::new().route("/publication", get(show)).route("/publication/{register}/{number}", post(release))
}

#[derive(Template)]
#[template(path = "records/publication.html")]
struct PublicationPage {
    shell: Shell,
    waiting: Vec<Waiting>,
    rest: Vec<Rest>,
    /// This is not the first page of its register.
    is_later: bool,
}

/// Records of a register that were not looked through yet.
struct Rest {
    label: String,
    /// How many were, and the address of the page that goes on.
    looked: u64,
    next: String,
}

/// Where a page goes on.
#[derive(Deserialize, Default)]
struct Asked {
    /// Register; all of them, each from its newest record, where none is named.
    #[serde(default)]
    register: String,
    /// Its newest records that were looked through before.
    #[serde(default)]
    offset: u64,
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

async fn show(visit: Visit, Query(asked): Query<Asked>) -> Result<Response, Refusal> {
    let title = visit.text("records.publication.title");
    let registers = visit.app.catalogue().registers.values();
    if !registers.into_iter().any(|register| visit.app.ledger.may_release(&visit.actor, register)) {
        return Err(Refusal::Forbidden { what: title.to_owned() });
    }
    let language = visit.language;
    let is_later = asked.offset > 0;
    let (waiting, rest) = visit.read(move |ledger, actor| collect(ledger, actor, &asked, language)).await??;
    page(&PublicationPage { shell: visit.shell(title), waiting, rest, is_later })
}

fn collect(
    ledger: &Ledger,
    actor: &Actor,
    asked: &Asked,
    language: Language,
) -> Result<(Vec<Waiting>, Vec<Rest>), Refusal> {
    let (mut waiting, mut rest) = (Vec::new(), Vec::new());
    let registers = ledger.catalogue().registers.values();
    let wanted = registers.filter(|register| asked.register.is_empty() || register.key == asked.register);
    for register in wanted.filter(|register| ledger.may_release(actor, register)) {
        let looked = look(ledger, actor, register, asked.offset, &mut |record, held| {
            waiting.push(entry(register, record, held, language));
        })?;
        rest.extend(looked.map(|looked| Rest {
            label: register.label.text(language).to_owned(),
            looked,
            next: format!("/publication?register={}&offset={looked}", register.key),
        }));
    }
    Ok((waiting, rest))
}

/// Looks through records of a register from the newest but `offset` on, in portions; gives how many were looked through
/// if there are more.
fn look(
    ledger: &Ledger,
    actor: &Actor,
    register: &Register,
    offset: u64,
    found: &mut dyn FnMut(&Record, &[HeldBack]),
) -> Result<Option<u64>, Refusal> {
    const PORTION: u64 = 500;
    let filter = register.public.as_ref().and_then(|public| public.filter.clone());
    let (mut looked, mut shown) = (offset, 0);
    while looked < offset + SEARCHED {
        let query =
            ListQuery { filter: filter.clone(), limit: PORTION, offset: looked, ..ListQuery::of(&register.key) };
        let page = ledger.list(actor, query)?;
        let is_last = (page.records.len() as u64) < PORTION;
        for record in &page.records {
            if shown == SHOWN {
                return Ok(Some(looked));
            }
            looked += 1;
            let held = ledger.held_back(record)?;
            if !held.is_empty() && ledger.may_release_record(actor, register, record)? {
                found(record, &held);
                shown += 1;
            }
        }
        if is_last {
            return Ok(None);
        }
    }
    Ok(Some(looked))
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
