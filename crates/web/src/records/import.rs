//! Files into a ledger: checked first, entered whole or not at all.

use std::fs::File;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use askama::Template;
use axum::Router;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use bilan_records::actor::{Act, Scope};
use bilan_records::catalogue::Register;
use bilan_records::exchange::{self, Format, ImportError, ImportFaults, ImportNote, ImportOutcome};
use bilan_records::ledger::WriteError;

use super::register;
use crate::AppState;
use crate::refusal::Refusal;
use crate::render::page;
use crate::shell::{Language, Messages, Shell};
use crate::submission::{Submission, Upload};
use crate::visit::Visit;

/// How long a checked file waits to be entered.
const WAITS: Duration = Duration::from_secs(3600);

/// Notes of a file that are shown.
const NOTES_SHOWN: usize = 50;

pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/records/{register}/import", get(form).post(check))
        .route("/records/{register}/import/{file}", post(enter))
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
    Faulty { name: String, faults: Vec<FaultLine>, total: u64, more: u64 },
    /// It can be entered.
    Fine { name: String, file: String, created: u64, known: u64, repeated: u64, notes: Vec<String> },
    /// It was entered.
    Entered { created: u64, known: u64 },
}

/// A cell that is refused.
struct FaultLine {
    cell: String,
    column: String,
    found: String,
    why: String,
}

fn drawn(visit: &Visit, register: &Register, outcome: Outcome, status: StatusCode) -> Result<Response, Refusal> {
    let label = register.label.text(visit.language).to_owned();
    let shown = ImportPage {
        shell: visit.shell(format!("{} {label}", visit.text("records.import"))),
        key: register.key.clone(),
        label,
        limit_mb: visit.app.settings.upload_limit_mb,
        outcome,
    };
    Ok((status, page(&shown)?).into_response())
}

fn allowed(visit: &Visit, register: &Register) -> Result<(), Refusal> {
    if visit.actor.scope(register, Act::Create) == Scope::Nothing {
        let what = format!("{} {}", visit.text("records.import"), register.label.text(visit.language));
        return Err(Refusal::Forbidden { what });
    }
    Ok(())
}

async fn form(visit: Visit, Path(key): Path<String>) -> Result<Response, Refusal> {
    let register = register(&visit, &key)?;
    allowed(&visit, register)?;
    drawn(&visit, register, Outcome::Asked, StatusCode::OK)
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
    let name = upload.name.clone();
    let (done, upload) = run(&visit, &key, upload, format).await?;
    match done {
        Ok(ImportOutcome { created, replayed, repeated, notes }) => {
            let file = keep(&visit, upload, format)?;
            let note = |note: &ImportNote| visit.language.pick(&note.zh(), &note.to_string()).to_owned();
            let notes = notes.iter().take(NOTES_SHOWN).map(note).collect();
            drawn(
                &visit,
                register,
                Outcome::Fine { name, file, created, known: replayed, repeated, notes },
                StatusCode::OK,
            )
        }
        Err(error) => refused(&visit, register, name, error),
    }
}

async fn run(
    visit: &Visit,
    key: &str,
    upload: Upload,
    format: Format,
) -> Result<(Result<ImportOutcome, ImportError>, Upload), Refusal> {
    let (file, key) = (upload.file.reopen()?, key.to_owned());
    let done = visit.read(move |ledger, actor| exchange::import(ledger, actor, &key, file, format, true)).await?;
    Ok((done, upload))
}

/// Enters a file that was checked before; it is checked again, because the ledger may have changed.
async fn enter(visit: Visit, Path((key, file)): Path<(String, String)>, _: Submission) -> Result<Response, Refusal> {
    let register = register(&visit, &key)?;
    allowed(&visit, register)?;
    let path = waiting(&visit, &file)?;
    let format = Format::by_name(&file).ok_or_else(|| Refusal::not_found(file.as_str()))?;
    let source = File::open(&path).map_err(|_| Refusal::invalid(visit.text("exchange.gone")))?;
    let name = key.clone();
    let done = visit.read(move |ledger, actor| exchange::import(ledger, actor, &name, source, format, false)).await?;
    match done {
        Ok(ImportOutcome { created, replayed, .. }) => {
            std::fs::remove_file(&path)?;
            drawn(&visit, register, Outcome::Entered { created, known: replayed }, StatusCode::OK)
        }
        Err(error) => refused(&visit, register, file, error),
    }
}

fn refused(visit: &Visit, register: &Register, name: String, error: ImportError) -> Result<Response, Refusal> {
    let outcome = match error {
        ImportError::Faults(faults) => faulty(name, &faults, register, visit.language),
        ImportError::Unreadable(why) => {
            let why = visit.language.pick(&why.zh(), &why.to_string()).to_owned();
            Outcome::Unreadable(visit.language.fill("exchange.unreadable", &[("why", &why)]))
        }
        ImportError::Refused(WriteError::Database(error)) => return Err(Refusal::Internal(error.to_string())),
        ImportError::Refused(error) => return Err(error.into()),
    };
    drawn(visit, register, outcome, StatusCode::UNPROCESSABLE_ENTITY)
}

fn faulty(name: String, faults: &ImportFaults, register: &Register, language: Language) -> Outcome {
    let line = |fault: &exchange::ImportFault| FaultLine {
        cell: fault.cell().unwrap_or_else(|| fault.row.to_string()),
        column: exchange::column_label(register, &fault.column, language),
        found: fault.found.clone(),
        why: if language == Language::Chinese { fault.why_zh.clone() } else { fault.why.clone() },
    };
    let listed: Vec<FaultLine> = faults.faults.iter().map(line).collect();
    Outcome::Faulty { name, more: faults.total - listed.len() as u64, total: faults.total, faults: listed }
}

/// Keeps a checked file under a name that only this account knows.
fn keep(visit: &Visit, upload: Upload, format: Format) -> Result<String, Refusal> {
    let folder = folder(visit);
    std::fs::create_dir_all(&folder)?;
    sweep(&folder);
    let name = format!("{}.{}", &crate::accounts::secret()[..32], format.ending());
    upload.file.persist(folder.join(&name)).map_err(|error| Refusal::Internal(error.to_string()))?;
    Ok(name)
}

fn folder(visit: &Visit) -> PathBuf {
    use sha2::Digest;
    let account = hex::encode(sha2::Sha256::digest(visit.account.name.as_bytes()));
    visit.app.settings.uploads.join("checked").join(&account[..16])
}

/// Lets go of files that waited too long.
fn sweep(folder: &std::path::Path) {
    let now = SystemTime::now();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let age = entry.metadata().and_then(|about| about.modified()).ok().and_then(|at| now.duration_since(at).ok());
        if age.is_some_and(|age| age > WAITS) {
            drop(std::fs::remove_file(entry.path()));
        }
    }
}

fn waiting(visit: &Visit, file: &str) -> Result<PathBuf, Refusal> {
    let (id, ending) = file.split_once('.').unwrap_or_default();
    let is_ours =
        id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()) && Format::by_name(ending).is_some();
    if is_ours { Ok(folder(visit).join(file)) } else { Err(Refusal::not_found(file)) }
}
