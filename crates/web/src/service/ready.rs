//! Whether the program can do its work: read what it has, and write into every database of the data folder.

use std::fmt::Display;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use tokio::time::MissedTickBehavior;

use super::room::{Room, RoomState, folders};
use crate::AppState;
use crate::waiting;

/// Between two looks, so that asking often does not mean writing often.
const EVERY: Duration = Duration::from_secs(2);
/// Where nobody has asked for so long, nobody looks: a program that does nothing writes nothing.
const ASKED: Duration = Duration::from_secs(60);
/// Who asks first after that waits for a look, but not for longer than this.
const WAIT: Duration = Duration::from_secs(1);
/// A look that takes longer than this is a fault of its own: a disk that answers nothing stops what writes there.
const LONGEST: Duration = Duration::from_secs(15);

/// What was found last, and when.
#[derive(Default)]
pub(crate) struct Readiness {
    state: Mutex<Known>,
    /// Those who ask before anything was found wait for one look.
    looking: Mutex<()>,
    is_watched: AtomicBool,
}

#[derive(Default)]
struct Known {
    newest: Option<(Instant, Vec<String>)>,
    /// When the look began that is under way.
    began: Option<Instant>,
    asked: Option<Instant>,
}

impl Readiness {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks, unless somebody has looked just now.
    fn look(&self, app: &AppState) -> Vec<String> {
        let _alone = self.looking.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, faults)) = self.known().newest.clone().filter(|(at, _)| at.elapsed() < EVERY / 2) {
            return faults;
        }
        self.known().began = Some(Instant::now());
        let faults = faults(app);
        let mut known = self.known();
        known.began = None;
        known.newest = Some((Instant::now(), faults.clone()));
        faults
    }

    /// Somebody asks. What was found last, and whether it is kept up to date for those who ask.
    fn ask(&self) -> (Option<Vec<String>>, bool) {
        let mut known = self.known();
        let before = known.asked.replace(Instant::now());
        let is_kept = self.is_watched.load(Ordering::Relaxed) && before.is_some_and(|at| at.elapsed() < ASKED);
        (known.found(), is_kept)
    }

    /// Whether somebody waits for what is found, or nothing was found yet.
    fn is_wanted(&self) -> bool {
        let known = self.known();
        known.newest.is_none() || known.asked.is_some_and(|at| at.elapsed() < ASKED)
    }
}

impl Known {
    /// What was found last, and that the look takes long which is under way.
    fn found(&self) -> Option<Vec<String>> {
        let (_, mut faults) = self.newest.clone()?;
        if let Some(long) = self.began.map(|began| began.elapsed()).filter(|long| *long > LONGEST) {
            let long = long.as_secs();
            faults.push(format!("look: nothing was found out for {long} s; a disk or a database answers nothing"));
        }
        Some(faults)
    }
}

impl AppState {
    /// Looks every two seconds whether the program can do its work, without end, as long as somebody asks: `/readyz` answers
    /// from what was found last.
    pub async fn watch_readiness(self) {
        self.readiness.is_watched.store(true, Ordering::Relaxed);
        let mut turns = tokio::time::interval(EVERY);
        turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            turns.tick().await;
            if self.readiness.is_wanted() {
                look(&self).await;
            }
        }
    }
}

async fn look(app: &AppState) -> Vec<String> {
    let app = app.clone();
    match waiting::to_the_end(move || app.readiness.look(&app)).await {
        Ok(faults) => faults,
        Err(error) => vec![error.to_string()],
    }
}

/// `/readyz`: 200, or 503 with a line for each fault. It answers at once where somebody looks all the time, and looks itself
/// where nobody does; if that takes too long, it answers with what was found before.
pub(super) async fn answer(State(app): State<AppState>) -> Response {
    let faults = match app.readiness.ask() {
        (Some(found), true) => found,
        (Some(found), false) if app.readiness.is_watched.load(Ordering::Relaxed) => {
            tokio::time::timeout(WAIT, look(&app)).await.unwrap_or(found)
        }
        _ => look(&app).await,
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
