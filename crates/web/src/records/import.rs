//! Files into a ledger: checked first, entered whole or not at all.

use std::path::PathBuf;
use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::Path;
use axum::http::{HeaderValue, StatusCode, header::REFRESH};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use bilan_records::actor::{Act, Scope};
use bilan_records::catalogue::Register;
use bilan_records::exchange::{self, Format, ImportError, ImportFaults};
use bilan_records::ledger::WriteError;
use serde::Deserialize;

use super::checked_files::{self, About};
use super::entering::{entered, entered_under, import_key};
use super::register;
use crate::AppState;
use crate::draft::Draft;
use crate::parameters::Query;
use crate::receipt::Receipt;
use crate::refusal::Refusal;
use crate::render::page;
use crate::shell::{Language, Messages, Shell};
use crate::submission::Submission;
use crate::visit::Visit;
use crate::waiting::while_asked;

/// Seconds after which the page of a file that is being entered looks again.
const LOOKS_AGAIN: &str = "3";

pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/records/{register}/import", get(form).post(check))
        .route("/records/{register}/import/{file}", get(checked).post(super::entering::enter))
}

#[derive(Template)]
#[template(path = "records/import.html")]
struct ImportPage {
    shell: Shell,
    key: String,
    label: String,
    limit_mb: u64,
    outcome: Outcome,
}

/// What became of a file.
enum Outcome {
    /// None was sent.
    Asked,
    /// It cannot be read.
    Unreadable(String),
    /// Cells are wrong.
    Faulty { name: String, lines: bool, faults: Vec<FaultLine>, total: u64, more: u64, ended_at: Option<u64> },
    /// It can be entered.
    Fine {
        name: String,
        file: String,
        created: u64,
        known: u64,
        repeated: u64,
        notes: Vec<String>,
        /// A file of the same content was entered a while ago, and this one would enter its records a second time.
        entered_before: bool,
        /// The sender confirms that it is another file of the same content.
        another: bool,
    },
    /// It is being entered.
    UnderWay,
    /// It was entered.
    Entered { created: u64, known: u64, repeated: u64, again: bool },
    /// The session had ended; what is to be done now.
    Resumed(String),
}

/// A cell that is refused, or a value of a line.
struct FaultLine {
    place: String,
    column: String,
    found: String,
    why: String,
}

fn drawn(visit: &Visit, register: &Register, outcome: Outcome, status: StatusCode) -> Result<Response, Refusal> {
    let label = register.label.text(visit.language).to_owned();
    let shown = ImportPage {
        shell: visit.shell(visit.language.fill("records.import_of", &[("ledger", &label)])),
        key: register.key.clone(),
        label,
        limit_mb: visit.app.settings.upload_limit_mb,
        outcome,
    };
    Ok((status, page(&shown)?).into_response())
}

pub(super) fn allowed(visit: &Visit, register: &Register) -> Result<(), Refusal> {
    if visit.actor.scope(register, Act::Create) == Scope::Nothing {
        return Err(Refusal::NoRight { verb: "import".to_owned(), register: register.key.clone() });
    }
    Ok(())
}

#[derive(Deserialize)]
struct Asked {
    /// Names what an import did.
    #[serde(default)]
    receipt: String,
}

async fn form(visit: Visit, Path(key): Path<String>, Query(asked): Query<Asked>) -> Result<Response, Refusal> {
    let register = register(&visit, &key)?;
    allowed(&visit, register)?;
    let outcome = match visit.app.receipts.of(&visit, &asked.receipt) {
        Some(Receipt::Imported { created, known, repeated, again }) => {
            Outcome::Entered { created, known, repeated, again }
        }
        _ => Outcome::Asked,
    };
    drawn(&visit, register, outcome, StatusCode::OK)
}

/// The page of imports, with which file is to be chosen again.
pub(crate) async fn resumed(visit: &Visit, key: &str, typed: &Draft) -> Result<Response, Refusal> {
    let register = register(visit, key)?;
    allowed(visit, register)?;
    drawn(visit, register, Outcome::Resumed(typed.notice(visit)), StatusCode::OK)
}

/// Goes through the whole file without keeping anything.
async fn check(visit: Visit, Path(key): Path<String>, form: Submission) -> Result<Response, Refusal> {
    let register = register(&visit, &key)?;
    allowed(&visit, register)?;
    let Some(upload) = form.files.into_iter().find(|file| file.field == "file" && file.size > 0) else {
        let why = visit.text("exchange.no_file").to_owned();
        return drawn(&visit, register, Outcome::Unreadable(why), StatusCode::UNPROCESSABLE_ENTITY);
    };
    let Some(format) = Format::by_name(&upload.name) else {
        let why = visit.text("exchange.unknown_format").to_owned();
        return drawn(&visit, register, Outcome::Unreadable(why), StatusCode::UNPROCESSABLE_ENTITY);
    };
    let (name, asked) = (upload.name.clone(), key.clone());
    let checked = visit.read(move |ledger, actor| checked_files::check(ledger, actor, &asked, upload, format));
    let (done, upload) = checked.await??;
    match done {
        Ok(outcome) => {
            let (folder, entering) = (folder(&visit), Arc::clone(&visit.app.entering));
            let kept = while_asked(move || {
                checked_files::keep(&folder, upload, format, &outcome, |path| entering.is_under_way(path))
            });
            let file = kept.await??;
            Ok(Redirect::to(&format!("/records/{key}/import/{file}")).into_response())
        }
        Err(error) => refused(&visit, register, name, error),
    }
}

/// A file that was checked and waits to be entered.
async fn checked(visit: Visit, Path((key, file)): Path<(String, String)>) -> Result<Response, Refusal> {
    let register = register(&visit, &key)?;
    allowed(&visit, register)?;
    let path = waiting(&visit, &file)?;
    if visit.app.entering.is_under_way(&path) {
        let mut page = drawn(&visit, register, Outcome::UnderWay, StatusCode::OK)?;
        page.headers_mut().insert(REFRESH, HeaderValue::from_static(LOOKS_AGAIN));
        return Ok(page);
    }
    let Ok(about) = while_asked(move || checked_files::about(&path)).await? else {
        // It was entered, also where the answer was lost; or it has waited too long.
        let entered_before = visit.read(move |ledger, actor| entered_under(ledger, actor, &file)).await?;
        return Ok(match entered_before.map_err(|error| Refusal::Internal(error.to_string()))? {
            Some(outcome) => entered(&visit, &key, outcome, false),
            None => Redirect::to(&format!("/records/{key}/import")).into_response(),
        });
    };
    let (name, again) = (key.clone(), import_key(&about, &file, false));
    let before = visit.read(move |ledger, actor| exchange::imported_before(ledger, actor, &name, &again)).await??;
    let About { name, created, known, repeated, notes, .. } = about;
    let notes = notes.iter().map(|(zh, en)| visit.language.pick(zh, en).to_owned()).collect();
    let entered_before = before && created > 0;
    let outcome = Outcome::Fine { name, file, created, known, repeated, notes, entered_before, another: before };
    drawn(&visit, register, outcome, StatusCode::OK)
}

pub(super) fn refused(
    visit: &Visit,
    register: &Register,
    name: String,
    error: ImportError,
) -> Result<Response, Refusal> {
    let outcome = match error {
        ImportError::Faults(faults) => faulty(name, &faults, register, visit.language),
        ImportError::Unreadable(why) => {
            let why = visit.language.pick(&why.zh(), &why.to_string()).to_owned();
            Outcome::Unreadable(visit.language.fill("exchange.unreadable", &[("why", &why)]))
        }
        ImportError::Gone => Outcome::Unreadable(visit.text("exchange.gone").to_owned()),
        ImportError::Refused(WriteError::Database(error)) => return Err(Refusal::Internal(error.to_string())),
        ImportError::Refused(error) => return Err(error.into()),
    };
    drawn(visit, register, outcome, StatusCode::UNPROCESSABLE_ENTITY)
}

fn faulty(name: String, faults: &ImportFaults, register: &Register, language: Language) -> Outcome {
    let line = |fault: &exchange::ImportFault| FaultLine {
        place: fault.cell().unwrap_or_else(|| language.fill("exchange.line", &[("line", &fault.row.to_string())])),
        column: column(register, fault, language),
        found: fault.found.clone(),
        why: if language == Language::Chinese { fault.why_zh.clone() } else { fault.why.clone() },
    };
    let listed: Vec<FaultLine> = faults.faults.iter().map(line).collect();
    let lines = faults.faults.first().is_some_and(|fault| fault.in_line);
    Outcome::Faulty {
        name,
        lines,
        more: faults.total - listed.len() as u64,
        ended_at: faults.ended_at,
        total: faults.total,
        faults: listed,
    }
}

/// The column of a fault by its label; of a line of JSON the key, too, which is what stands in it.
fn column(register: &Register, fault: &exchange::ImportFault, language: Language) -> String {
    let label = exchange::column_label(register, &fault.column, language);
    if !fault.in_line || label == fault.column {
        return label;
    }
    language.fill("exchange.key", &[("key", &fault.column), ("label", &label)])
}

fn folder(visit: &Visit) -> PathBuf {
    checked_files::folder(&visit.app.settings.uploads, &visit.account.name)
}

/// The path of a file that waits, or waited, under this name.
pub(super) fn waiting(visit: &Visit, file: &str) -> Result<PathBuf, Refusal> {
    let (id, ending) = file.split_once('.').unwrap_or_default();
    let is_ours =
        id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()) && Format::by_name(ending).is_some();
    if is_ours { Ok(folder(visit).join(file)) } else { Err(Refusal::not_found(file)) }
}
