//! The journal (操作日志): every change of every record, and the proof that none was altered.

use askama::Template;
use axum::Router;
use axum::extract::Query;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use bilan_records::journal::JournalEntry;
use bilan_records::ledger::Broken;
use bilan_standards::clock::beijing_day;
use serde::Deserialize;

use crate::AppState;
use crate::accounts::is_of_accounts;
use crate::people::People;
use crate::receipt::Receipt;
use crate::records::{address, history};
use crate::refusal::Refusal;
use crate::render::page;
use crate::shell::{Messages, Shell};
use crate::submission::Submission;
use crate::visit::Visit;

/// Entries that are looked through …
const SEARCHED: u64 = 20_000;
/// … and shown.
const SHOWN: usize = 200;

pub(crate) fn routes() -> Router<AppState> {
    Router::new().route("/journal", get(show)).route("/journal/verify", post(verify))
}

#[derive(Deserialize, Default)]
struct Asked {
    #[serde(default)]
    register: String,
    #[serde(default)]
    actor: String,
    #[serde(default)]
    day: String,
    /// Names what a check of the journal found.
    #[serde(default)]
    receipt: String,
}

impl Asked {
    fn fits(&self, entry: &JournalEntry, people: &People) -> bool {
        let by = self.actor.trim();
        (self.register.is_empty() || entry.register == self.register)
            && (by.is_empty() || entry.actor == by || people.name(&entry.actor).contains(by))
            && (self.day.is_empty() || beijing_day(entry.at).to_string() == self.day)
    }
}

#[derive(Template)]
#[template(path = "journal/page.html")]
struct JournalPage {
    shell: Shell,
    asked: Asked,
    registers: Vec<(String, String)>,
    entries: Vec<Entry>,
    verdict: Option<(bool, String)>,
}

struct Entry {
    line: history::Line,
    register: String,
    number: String,
    /// Its page, where it has one.
    address: Option<String>,
}

async fn show(visit: Visit, Query(asked): Query<Asked>) -> Result<Response, Refusal> {
    let verdict = match visit.app.receipts.of(&visit, &asked.receipt) {
        Some(Receipt::Verified { is_whole, said }) => Some((is_whole, said)),
        _ => None,
    };
    drawn(visit, asked, verdict).await
}

async fn drawn(visit: Visit, asked: Asked, verdict: Option<(bool, String)>) -> Result<Response, Refusal> {
    allowed(&visit)?;
    let language = visit.language;
    let app = visit.app.clone();
    let (entries, asked) = visit
        .read(move |ledger, actor| {
            let people = People::of(&app, language)?;
            let registers = &ledger.catalogue().registers;
            let found = ledger.journal(actor, SEARCHED)?;
            let fitting = found.iter().filter(|entry| asked.fits(entry, &people)).take(SHOWN);
            let entries = fitting.map(|entry| {
                let register = registers.get(&entry.register);
                Entry {
                    line: history::line(entry, register, &people),
                    register: match (register, entry.register.as_str()) {
                        (Some(register), _) => register.label.text(language).to_owned(),
                        (None, key) if is_of_accounts(key) => language.text("shell.accounts.title").to_owned(),
                        (None, key) => key.to_owned(),
                    },
                    number: entry.number.clone(),
                    address: register
                        .filter(|_| !entry.number.is_empty())
                        .map(|_| address(&entry.register, &entry.number)),
                }
            });
            Ok::<_, Refusal>((entries.collect(), asked))
        })
        .await??;
    let registers = visit.app.catalogue().registers.values();
    page(&JournalPage {
        shell: visit.shell(visit.text("journal.title")),
        asked,
        registers: registers.map(|register| (register.key.clone(), register.label.text(language).to_owned())).collect(),
        entries,
        verdict,
    })
}

async fn verify(visit: Visit, _: Submission) -> Result<Response, Refusal> {
    allowed(&visit)?;
    let (is_whole, said) = match visit.read(|ledger, _| ledger.verify()).await?? {
        Ok(verified) => (true, visit.language.fill("journal.whole", &[("entries", &verified.entries.to_string())])),
        Err(broken) => (false, said_of(&broken, &visit)),
    };
    let address = visit.app.receipts.address(&visit, "/journal", Receipt::Verified { is_whole, said });
    Ok(Redirect::to(&address).into_response())
}

/// Where journal and records disagree; what exactly, in English as `bilan verify` prints it.
fn said_of(broken: &Broken, visit: &Visit) -> String {
    let registers = &visit.app.catalogue().registers;
    let ledger = registers.get(&broken.register).map_or(broken.register.as_str(), |it| it.label.text(visit.language));
    let seq = broken.seq.to_string();
    let places = [("seq", seq.as_str()), ("ledger", ledger), ("number", &broken.number), ("what", &broken.what)];
    visit.language.fill(if broken.seq > 0 { "journal.broken" } else { "journal.broken_without_entry" }, &places)
}

fn allowed(visit: &Visit) -> Result<(), Refusal> {
    if visit.app.ledger.may_read_journal(&visit.actor) {
        return Ok(());
    }
    Err(Refusal::Forbidden { what: visit.text("journal.title").to_owned() })
}
