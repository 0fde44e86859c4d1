//! The journal (操作日志): every change of every record, and the proof that none was altered.

use askama::Template;
use axum::Router;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use bilan_records::ledger::{Broken, JournalPlace, JournalQuery};
use bilan_records::value::start_of_day;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Deserialize;

use crate::AppState;
use crate::accounts::is_of_accounts;
use crate::parameters::Query;
use crate::people::People;
use crate::receipt::Receipt;
use crate::records::{address, history};
use crate::refusal::Refusal;
use crate::render::page;
use crate::shell::{Language, Messages, Shell};
use crate::submission::Submission;
use crate::visit::{Visit, encoded};

/// Entries of a page.
const SHOWN: u64 = 200;

pub(crate) fn routes() -> Router<AppState> {
    Router::new().route("/journal", get(show)).route("/journal/verify", post(verify))
}

#[derive(Deserialize, Default)]
struct Asked {
    #[serde(default)]
    register: String,
    #[serde(default)]
    actor: String,
    /// First Beijing day, `2026-11-23`.
    #[serde(default)]
    from: String,
    /// Last Beijing day.
    #[serde(default)]
    until: String,
    /// Where the page begins, on the way back in time.
    #[serde(default)]
    after: String,
    /// Names what a check of the journal found.
    #[serde(default)]
    receipt: String,
}

impl Asked {
    fn query(&self) -> Result<JournalQuery, Refusal> {
        let named = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        let day = |text: &str| text.parse::<Date>().ok();
        let begins = |day: Option<Date>| -> Option<Timestamp> { start_of_day(day?) };
        Ok(JournalQuery {
            register: named(&self.register),
            // Found among the names of people where those can be asked for.
            actors: Vec::new(),
            from: begins(day(&self.from)),
            until: begins(day(&self.until).and_then(|day| day.tomorrow().ok())),
            after: match self.after.as_str() {
                "" => None,
                place => Some(place.parse().map_err(|_| crate::parameters::wrong("after", place))?),
            },
            limit: SHOWN,
        })
    }

    /// What is wrong with a day, to stand beside its field.
    fn fault(day: &str, language: Language) -> Option<String> {
        let is_wrong = !day.is_empty() && day.parse::<Date>().is_err();
        is_wrong.then(|| language.fill("shell.refusal.day_text", &[("found", day)]))
    }

    /// Address of a page of the same entries.
    fn page(&self, after: Option<JournalPlace>) -> String {
        let after = after.map(|place| place.to_string()).unwrap_or_default();
        let pairs = [
            ("register", &self.register),
            ("actor", &self.actor),
            ("from", &self.from),
            ("until", &self.until),
            ("after", &after),
        ];
        let given = pairs.into_iter().filter(|(_, value)| !value.is_empty());
        let query: Vec<String> = given.map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        if query.is_empty() { "/journal".to_owned() } else { format!("/journal?{}", query.join("&")) }
    }
}

#[derive(Template)]
#[template(path = "journal/page.html")]
struct JournalPage {
    shell: Shell,
    asked: Asked,
    from_fault: Option<String>,
    until_fault: Option<String>,
    registers: Vec<(String, String)>,
    entries: Vec<Entry>,
    newest: Option<String>,
    older: Option<String>,
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
    let mut query = asked.query()?;
    let (from_fault, until_fault) = (Asked::fault(&asked.from, language), Asked::fault(&asked.until, language));
    let is_wrong = from_fault.is_some() || until_fault.is_some();
    let (app, by) = (visit.app.clone(), asked.actor.trim().to_owned());
    let (entries, older) = visit
        .read(move |ledger, actor| {
            if is_wrong {
                return Ok((Vec::new(), None));
            }
            let people = People::of(&app, language)?;
            let registers = &ledger.catalogue().registers;
            if !by.is_empty() {
                query.actors = people.called(&by);
            }
            let found = ledger.journal(actor, &query)?;
            let entries = found.entries.iter().map(|entry| {
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
            Ok::<_, Refusal>((entries.collect(), found.older))
        })
        .await??;
    let registers = visit.app.catalogue().registers.values();
    let mut shown = page(&JournalPage {
        from_fault,
        until_fault,
        shell: visit.shell(visit.text("journal.title")),
        newest: (!asked.after.is_empty()).then(|| asked.page(None)),
        older: older.map(|place| asked.page(Some(place))),
        asked,
        registers: registers.map(|register| (register.key.clone(), register.label.text(language).to_owned())).collect(),
        entries,
        verdict,
    })?;
    if is_wrong {
        *shown.status_mut() = StatusCode::BAD_REQUEST;
    }
    Ok(shown)
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
