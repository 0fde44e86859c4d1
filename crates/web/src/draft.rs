//! A form that was sent after its session had ended, or that was made for another (表单草稿): what was typed waits in memory
//! until the same account has signed in again, or for who sent it. Nothing of it is written to disk, and no other account
//! sees it.

use std::sync::Arc;

use axum::Router;
use axum::extract::{FromRequest, Path, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use jiff::SignedDuration;

use crate::AppState;
use crate::kept::{Bounds, Keep, Kept};
use crate::refusal::Refusal;
use crate::shell::Messages;
use crate::submission::{Posted, Submission, account_of_form};
use crate::visit::{self, Visit};

/// Stands for the name of a form for which there was no room.
const NO_ROOM: &str = "no-room";

/// What was typed, and where it was sent.
#[derive(Debug)]
pub(crate) struct Draft {
    /// Address to which the form was sent.
    pub path: String,
    /// The fields; files are not kept.
    pub fields: Submission,
    /// Names of the files that must be chosen again.
    pub files: Vec<String>,
    /// Why it was not taken: a message for the page of the form.
    why: &'static str,
}

impl Draft {
    fn bytes(&self) -> usize {
        let fields = self.fields.fields.iter().map(|(name, value)| name.len() + value.len());
        fields.chain(self.files.iter().map(String::len)).sum::<usize>() + self.path.len()
    }

    /// What the page says above the form.
    pub fn notice(&self, visit: &Visit) -> String {
        let mut said = visit.text(self.why).to_owned();
        if !self.files.is_empty() {
            let names = self.files.join(visit.text("shell.list_comma"));
            said.push_str(&visit.language.fill("records.resumed_files", &[("files", &names)]));
        }
        said
    }
}

impl Keep for Arc<Draft> {
    /// A person has a few forms open, not many.
    const BOUNDS: Bounds =
        Bounds { each: 5, bytes: 1024 * 1024, bytes_in_all: 64 * 1024 * 1024, lasts: SignedDuration::from_hours(8) };
}

/// The forms that wait.
pub(crate) type Drafts = Kept<Arc<Draft>>;

pub(crate) fn routes() -> Router<AppState> {
    Router::new().route("/resume/{draft}", get(resume))
}

/// Keeps a form that nobody signed in sends, if it was made for an account, and asks that account to sign in.
pub(crate) async fn keep_typed(State(app): State<AppState>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let is_form = visit::is_write(&parts.method) && is_resumed(parts.uri.path());
    if !is_form || !matches!(visit::signed_in(&mut parts, &app).await, Ok(None)) {
        return next.run(Request::from_parts(parts, body)).await;
    }
    let (path, page) = (parts.uri.path().to_owned(), visit::here(&parts));
    let kept = keep(&app, path, Request::from_parts(parts, body)).await;
    let next = match kept {
        Ok(Some(name)) => format!("/resume/{name}"),
        Ok(None) => page,
        Err(refusal) => return refusal.into_response(),
    };
    Refusal::SignIn { next }.into_response()
}

/// Forms of records: what is typed there is work. A password is never kept.
fn is_resumed(path: &str) -> bool {
    path.starts_with("/records/")
}

async fn keep(app: &AppState, path: String, request: Request) -> Result<Option<String>, Refusal> {
    let Posted { submission, dropped, .. } = Posted::from_request(request, app).await?;
    let Some(token) = submission.get("csrf") else { return Ok(None) };
    let Some(account) = account_of_form(app, token).await? else { return Ok(None) };
    let kept = put(app, &account, Draft { path, fields: submission, files: dropped, why: "records.resumed" });
    // Who typed it is informed that it is lost, instead of looking for it in an empty form.
    Ok(Some(kept.unwrap_or_else(|| NO_ROOM.to_owned())))
}

/// Keeps a form of a record that was made for another session, or whose files came before its token, for who sent it.
pub(crate) fn keep_of_other_session(visit: &Visit, path: String, posted: Posted) -> Option<String> {
    if !is_resumed(&path) || posted.submission.fields.iter().all(|(name, _)| name == "csrf") {
        return None;
    }
    let Posted { submission, dropped, .. } = posted;
    let draft = Draft { path, fields: submission, files: dropped, why: "records.other_session" };
    put(&visit.app, &visit.account.name, draft)
}

/// Keeps a form without its token; its name, if there was room.
fn put(app: &AppState, account: &str, mut draft: Draft) -> Option<String> {
    draft.fields.fields.retain(|(name, _)| name != "csrf");
    let bytes = draft.bytes();
    app.drafts.put(account, Arc::new(draft), bytes, app.clock.now())
}

/// The form again, with what was typed.
async fn resume(visit: Visit, Path(name): Path<String>) -> Result<Response, Refusal> {
    if name == NO_ROOM {
        return Err(Refusal::not_found(visit.text("records.resumed_lost")));
    }
    let draft = visit.app.drafts.get(&visit.account.name, &name, visit.app.clock.now());
    let Some(draft) = draft else { return Err(Refusal::not_found(visit.text("records.resumed_what"))) };
    let segments: Vec<String> = draft.path.split('/').skip(2).map(decoded).collect();
    match segments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [register, "new"] => crate::records::form::resumed(&visit, register, None, &draft).await,
        [register, number, "edit"] => crate::records::form::resumed(&visit, register, Some(number), &draft).await,
        [register, number, act @ ("step" | "delete" | "unmask"), step @ ..] => {
            let step = step.first().copied().unwrap_or(act);
            crate::records::act::resumed(visit.clone(), register, number, step, &draft).await
        }
        [register, "import", ..] => crate::records::import::resumed(&visit, register, &draft).await,
        _ => Ok(Redirect::to("/").into_response()),
    }
}

/// A segment of an address as text.
fn decoded(segment: &str) -> String {
    let pair = format!("s={}", segment.replace('+', "%2B"));
    form_urlencoded::parse(pair.as_bytes()).next().map(|(_, value)| value.into_owned()).unwrap_or_default()
}
