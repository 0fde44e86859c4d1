//! A page that refuses a form (退回页) stands at an address of its own: Back and reload open it again, and send nothing.
//!
//! The page may hold what was typed. It is kept in memory alone, for the browser that sent the form, and for half an
//! hour; its address names nothing of it. Afterwards the address leads to the empty form.

use axum::Router;
use axum::body::{Body, Bytes, HttpBody as _, to_bytes};
use axum::extract::{OriginalUri, Path, Query, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, StatusCode, Uri, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use jiff::SignedDuration;
use serde::Deserialize;

use crate::AppState;
use crate::kept::{Bounds, Keep, Kept};
use crate::visit::{self, Guest, Visit, encoded, own_address};

/// What belongs to the page; all other headers belong to the answer.
const OF_PAGE: [HeaderName; 2] = [header::CONTENT_TYPE, header::RETRY_AFTER];

/// A page as it was.
#[derive(Clone)]
struct Page {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

impl Keep for Page {
    const BOUNDS: Bounds =
        Bounds { each: 5, bytes: 512 * 1024, bytes_in_all: 32 * 1024 * 1024, lasts: SignedDuration::from_mins(30) };
}

/// The pages that can be opened again. Those of the staff have room of their own, which no visitor can fill.
#[derive(Default)]
pub(crate) struct Answered {
    staff: Kept<Page>,
    guests: Kept<Page>,
}

impl Answered {
    fn of(&self, is_staff: bool) -> &Kept<Page> {
        if is_staff { &self.staff } else { &self.guests }
    }
}

pub(crate) fn routes() -> Router<AppState> {
    Router::new().route("/answered/{name}", get(again)).route("/public/answered/{name}", get(again))
}

/// Who sent a form and waits for a page.
pub(crate) struct Sender {
    owner: String,
    is_staff: bool,
    /// Where the pages of this part of the site stand.
    prefix: &'static str,
    /// The page of the form.
    form: String,
}

impl Sender {
    /// A browser that sent a form and will be known when it comes again. Scripts and programs read answers themselves.
    pub fn of(parts: &Parts) -> Option<Self> {
        let accepts = parts.headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let is_page = accepts.contains("text/html") && !parts.headers.contains_key("hx-request");
        if !visit::is_write(&parts.method) || !is_page {
            return None;
        }
        let visit = parts.extensions.get::<Visit>();
        let owner = visit.map(|visit| visit.csrf.clone()).or_else(|| visit::guest_token(parts))?;
        let prefix = if is_portal(&parts.uri) { "/public" } else { "" };
        Some(Self { owner, is_staff: visit.is_some(), prefix, form: visit::here(parts) })
    }
}

/// Leads a browser to the page that refuses its form; where there is no room the page is the answer itself.
pub(crate) async fn lead(response: Response, sender: Option<Sender>, app: &AppState) -> Response {
    let status = response.status();
    let is_refused = status.is_client_error() || status.is_server_error();
    let kind = response.headers().get(header::CONTENT_TYPE).map(|kind| kind.as_bytes()).unwrap_or_default();
    let is_whole = response.body().size_hint().exact().is_some_and(|bytes| bytes <= Page::BOUNDS.bytes as u64);
    let Some(sender) = sender.filter(|_| is_refused && is_whole && kind.starts_with(b"text/html")) else {
        return response;
    };
    let (parts, body) = response.into_parts();
    let Ok(body) = to_bytes(body, Page::BOUNDS.bytes).await else { return Response::from_parts(parts, Body::empty()) };
    let named = |name: &HeaderName| Some((name.clone(), parts.headers.get(name)?.clone()));
    let page = Page { status, headers: OF_PAGE.iter().filter_map(named).collect(), body: body.clone() };
    let kept = app.answered.of(sender.is_staff).put(&sender.owner, page, body.len(), app.clock.now());
    let Some(name) = kept else { return Response::from_parts(parts, Body::from(body)) };
    let address = format!("{}/answered/{name}?form={}", sender.prefix, encoded(&sender.form));
    let mut led = Redirect::to(&address).into_response();
    for cookie in parts.headers.get_all(header::SET_COOKIE) {
        led.headers_mut().append(header::SET_COOKIE, cookie.clone());
    }
    led
}

fn is_portal(uri: &Uri) -> bool {
    uri.path().starts_with("/public/")
}

#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    form: String,
}

/// The page again, for the browser whose form it answered; the form itself for everybody else, and later.
async fn again(
    State(app): State<AppState>,
    OriginalUri(uri): OriginalUri,
    guest: Guest,
    Path(name): Path<String>,
    Query(asked): Query<Asked>,
) -> Response {
    match app.answered.of(guest.visit.is_some()).get(&guest.csrf, &name, app.clock.now()) {
        Some(Page { status, headers, body }) => (status, headers, body).into_response(),
        // The portal asks nobody to sign in, whatever its address lacks.
        None if is_portal(&uri) && !asked.form.starts_with("/public") => Redirect::to("/public").into_response(),
        None => Redirect::to(own_address(&asked.form)).into_response(),
    }
}
