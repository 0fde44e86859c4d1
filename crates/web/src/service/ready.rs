//! Whether the program can do its work: read what it has, and write into every database of the data folder.

use std::fmt::Display;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::room::{Room, RoomState, folders};
use crate::AppState;
use crate::waiting;

/// For so long an answer holds, so that asking often does not mean writing often.
const HOLDS: Duration = Duration::from_secs(1);

/// What was found last, and when.
#[derive(Default)]
pub(crate) struct Readiness(Mutex<Option<(Instant, Vec<String>)>>);

impl Readiness {
    /// Why the program is not ready; nothing if it is. Who asks meanwhile waits for the same answer.
    fn faults(&self, app: &AppState) -> Vec<String> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &*known {
            Some((at, faults)) if at.elapsed() < HOLDS => faults.clone(),
            _ => {
                let faults = faults(app);
                *known = Some((Instant::now(), faults.clone()));
                faults
            }
        }
    }
}

/// `/readyz`: 200, or 503 with a line for each fault.
pub(super) async fn answer(State(app): State<AppState>) -> Response {
    let faults = match waiting::to_the_end(move || app.readiness.faults(&app)).await {
        Ok(faults) => faults,
        Err(error) => vec![error.to_string()],
    };
    if faults.is_empty() {
        return "ready\n".into_response();
    }
    (StatusCode::SERVICE_UNAVAILABLE, format!("{}\n", faults.join("\n"))).into_response()
}

fn faults(app: &AppState) -> Vec<String> {
    let mut faults = Vec::new();
    let mut look =
        |part: &str, found: Result<(), String>| faults.extend(found.err().map(|why| format!("{part}: {why}")));
    for folder in folders(&app.settings.uploads) {
        look("disk", has_room(&folder));
    }
    let read = app.ledger.reader().and_then(|reader| reader.query_row("SELECT 1", [], |_| Ok(())));
    look("records", read.and_then(|()| app.ledger.try_writing()).map_err(text));
    let read = app.observations.open_warnings();
    look("observations", read.and_then(|_| app.observations.try_writing()).map_err(text));
    look("accounts", app.accounts.is_empty().and_then(|_| app.accounts.try_writing()).map_err(text));
    if let Some(notices) = &app.notices {
        look("notices", notices.outbox.try_writing().map_err(text));
    }
    for part in (app.broken_parts)() {
        look(part, Err("broke off; start the program again".to_owned()));
    }
    faults
}

fn text(error: impl Display) -> String {
    error.to_string()
}

fn has_room(folder: &Path) -> Result<(), String> {
    let room = Room::at(folder).map_err(text)?;
    match room.state() {
        RoomState::Full => Err(format!(
            "full, {} bytes are free in {}; nothing can be stored until there is room",
            room.free,
            folder.display()
        )),
        RoomState::Low | RoomState::Enough => Ok(()),
    }
}
