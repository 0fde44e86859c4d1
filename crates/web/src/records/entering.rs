//! Entering a file that was checked (确认导入). What a person confirmed goes on to its end, whether or not the browser still
//! listens; the page of the file says that it is under way, and afterwards what became of it.

use std::collections::HashSet;
use std::path::{Path as FilePath, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::Path;
use axum::response::{IntoResponse, Redirect, Response};
use bilan_records::actor::Actor;
use bilan_records::exchange::{self, Format, ImportError, ImportOptions, ImportOutcome};
use bilan_records::ledger::{Key, Ledger, Origin, WriteError};
use jiff::SignedDuration;
use serde_json::Value as Json;

use super::checked_files::{self, About};
use super::import::{allowed, refused, waiting};
use super::register;
use crate::receipt::Receipt;
use crate::refusal::Refusal;
use crate::submission::Submission;
use crate::visit::Visit;

/// For so long the same file from the same person is taken for one sent twice.
const SAME_FILE: SignedDuration = SignedDuration::from_hours(24);

/// The files that are being entered just now.
#[derive(Default)]
pub(crate) struct Entering(Mutex<HashSet<PathBuf>>);

impl Entering {
    /// Notes that a file is being entered, until the work drops what it is given; nothing if it is already.
    fn begin(self: &Arc<Self>, path: &FilePath) -> Option<UnderWay> {
        let is_new = self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(path.to_owned());
        is_new.then(|| UnderWay { entering: Arc::clone(self), path: path.to_owned() })
    }

    pub(super) fn is_under_way(&self, path: &FilePath) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(path)
    }
}

/// A file that is being entered.
struct UnderWay {
    entering: Arc<Entering>,
    path: PathBuf,
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.entering.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.path);
    }
}

/// What the form that confirms a file says.
struct Confirmed {
    /// The file was entered before, and is to be entered once more.
    is_meant: bool,
    enter_repeats: bool,
}

/// Enters a file that was checked before; it is checked again, because the ledger may have changed.
///
/// The name of the file is the key: pressed again after an answer that was lost, it is answered. Who uploads the same
/// file again is asked whether that is meant.
pub(super) async fn enter(
    visit: Visit,
    Path((key, file)): Path<(String, String)>,
    form: Submission,
) -> Result<Response, Refusal> {
    let register = register(&visit, &key)?;
    allowed(&visit, register)?;
    let path = waiting(&visit, &file)?;
    let format = Format::by_name(&file).ok_or_else(|| Refusal::not_found(file.as_str()))?;
    let page = format!("/records/{key}/import/{file}");
    let Some(under_way) = visit.app.entering.begin(&path) else { return Ok(Redirect::to(&page).into_response()) };
    let confirmed =
        Confirmed { is_meant: form.filled("another").is_some(), enter_repeats: form.filled("repeats").is_some() };
    let (name, id) = (key.clone(), file.clone());
    let done = visit
        .write(move |ledger, actor| {
            let entered = enter_waiting(ledger, actor, &name, &path, format, &id, &confirmed);
            drop(under_way);
            entered
        })
        .await?;
    match done {
        Ok((outcome, again)) => Ok(entered(&visit, &key, outcome, again)),
        Err(ImportError::Refused(WriteError::SameContent { .. })) => Ok(Redirect::to(&page).into_response()),
        Err(error) => refused(&visit, register, file, error),
    }
}

/// The file is let go as soon as it is entered.
fn enter_waiting(
    ledger: &Ledger,
    actor: &Actor,
    register: &str,
    path: &FilePath,
    format: Format,
    file: &str,
    confirmed: &Confirmed,
) -> Result<(ImportOutcome, bool), ImportError> {
    // Without the file the key still says what became of it.
    let Ok(about) = checked_files::about(path) else {
        return entered_under(ledger, actor, file)?.map(|outcome| (outcome, true)).ok_or(ImportError::Gone);
    };
    let key = import_key(&about, file, confirmed.is_meant);
    let again = ledger.written_under(&key, &actor.name)?.is_some();
    let source = checked_files::open(path).map_err(|_| ImportError::Gone)?;
    let options = ImportOptions { enter_repeats: confirmed.enter_repeats, key: Some(&key), dry_run: false };
    let outcome = exchange::import_with(ledger, actor, register, source, format, options)?;
    checked_files::let_go(path);
    Ok((outcome, again))
}

/// What became of a file that was entered.
pub(super) fn entered_under(ledger: &Ledger, actor: &Actor, file: &str) -> Result<Option<ImportOutcome>, ImportError> {
    exchange::imported_under(ledger, actor, &Key::new(Origin::Import, file))
}

pub(super) fn import_key(about: &About, file: &str, is_meant: bool) -> Key {
    let key = Key::new(Origin::Import, file).for_content(Json::from(about.digest.as_str()));
    if is_meant { key } else { key.alone_for(SAME_FILE) }
}

pub(super) fn entered(visit: &Visit, key: &str, outcome: ImportOutcome, again: bool) -> Response {
    let ImportOutcome { created, replayed: known, repeated, .. } = outcome;
    let receipt = Receipt::Imported { created, known, repeated, again };
    Redirect::to(&visit.app.receipts.address(visit, &format!("/records/{key}/import"), receipt)).into_response()
}
