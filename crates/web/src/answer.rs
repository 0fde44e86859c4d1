//! What happens around every route: the request gets a number, a page of another site is refused, the work gets an end,
//! and whatever was refused leaves as a page in the visitor's language.

use std::time::{Duration, Instant};

use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tracing::Instrument;

use crate::AppState;
use crate::accounts::Duty;
use crate::answered::{self, Sender};
use crate::refusal::{Refusal, Refused};
use crate::security;
use crate::shell::{Messages, Shell};
use crate::visit::{self, GUEST, SESSION, Visit};

/// Names the request in the answer, on the page of a fault and in the log.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// No answer takes longer to begin; a long export begins early, a stream of events at once.
const LONGEST: Duration = Duration::from_secs(300);

/// The token of a visitor without a session, made for this request.
#[derive(Clone)]
pub(crate) struct GuestToken(pub String);

/// Stands around every route.
pub(crate) async fn around(State(app): State<AppState>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let (mut parts, body) = request.into_parts();
    let path = parts.uri.path().to_owned();
    let id = crate::accounts::secret()[..16].to_owned();
    let span = tracing::info_span!("request", id = %id, method = %parts.method, path = %path);
    if let Some(client) = visit::Client::of(&parts, &app.settings.access.trusted_proxies) {
        parts.extensions.insert(client);
    }
    let has_ended = !is_plain(&path) && carries_ended_session(&mut parts, &app).await;
    let token = wants_token(&parts).then(crate::accounts::secret);
    if let Some(token) = &token {
        parts.extensions.insert(GuestToken(token.clone()));
    }
    // Kept for the page of a refusal: who looks, and in which language.
    let asked = parts.clone();
    let sender = Sender::of(&asked);
    let answering = async {
        let response = if visit::is_write(&parts.method) && security::comes_from_elsewhere(&parts) {
            Refusal::Forged.into_response()
        } else {
            let request = Request::from_parts(parts, body);
            let answer = tokio::time::timeout(LONGEST, next.run(request)).await;
            answer.unwrap_or_else(|_| Refusal::TooSlow.into_response())
        };
        told(response, asked, &app, &id).await
    };
    let response = answering.instrument(span).await;
    let status = response.status();
    let mut response = answered::lead(response, sender, &app).await;
    security::protect(&mut response, app.settings.secure_cookies);
    if let Ok(id) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    if has_ended && !sets_cookie(&response, SESSION) {
        security::set_cookie(&mut response, &app, SESSION, "", Some(0));
    }
    if let Some(token) = token {
        security::set_cookie(&mut response, &app, GUEST, &token, Some(24 * 3600));
    }
    app.traffic.count(&path, status, started.elapsed());
    response
}

fn is_api(path: &str) -> bool {
    path.starts_with("/api/")
}

/// Addresses for programs: no forms, no pages.
fn is_plain(path: &str) -> bool {
    is_api(path) || ["/assets/", "/healthz", "/readyz", "/metrics"].iter().any(|start| path.starts_with(start))
}

/// Whether a page is opened with the cookie of a session that has ended, which is then taken from the browser.
///
/// Parts of a page do not take it: their answer may arrive after that of a sign-in, and would end the new session.
async fn carries_ended_session(parts: &mut Parts, app: &AppState) -> bool {
    // A database that cannot be asked ends no session.
    let is_dead = visit::cookie(parts, SESSION).is_some() && matches!(visit::signed_in(parts, app).await, Ok(None));
    let part = parts.headers.get("sec-fetch-dest").is_some_and(|dest| dest != "document");
    is_dead && !part
}

fn sets_cookie(response: &Response, name: &str) -> bool {
    let set = response.headers().get_all(header::SET_COOKIE);
    set.iter().any(|cookie| cookie.as_bytes().strip_prefix(name.as_bytes()).is_some_and(|rest| rest.starts_with(b"=")))
}

/// Whether the answer may hold a form for a visitor who has no token yet.
fn wants_token(parts: &Parts) -> bool {
    let is_signed_in = parts.extensions.get::<Visit>().is_some();
    !is_signed_in && visit::guest_token(parts).is_none() && !is_plain(parts.uri.path())
}

/// The answer; if it is a refusal, as the visitor can read it.
async fn told(mut response: Response, mut asked: Parts, app: &AppState, id: &str) -> Response {
    let path = asked.uri.path().to_owned();
    let language = visit::language(&asked);
    let refused = response.extensions_mut().remove::<Refused>();
    let is_ours = refused.is_some();
    let Some(Refused(refusal)) = refused.or_else(|| bare_refusal(&response, &path)) else { return response };
    if is_api(&path) {
        return crate::service::problem(&refusal, app.catalogue(), &path);
    }
    if let Refusal::SignIn { next } = refusal.as_ref() {
        return axum::response::Redirect::to(&format!("/sign-in?next={}", visit::encoded(next))).into_response();
    }
    if let Refusal::First(duty) = refusal.as_ref() {
        let to = match duty {
            Duty::ChangePassword => "/account",
            Duty::Enrol => "/account/second-factor",
        };
        return axum::response::Redirect::to(to).into_response();
    }
    let shell = match visit::signed_in(&mut asked, app).await {
        Ok(Some(visit)) => visit.shell(""),
        // A database that cannot be asked is no reason to show no page.
        _ => Shell {
            bureau: language.label(&app.catalogue().district.bureau).to_owned(),
            is_public: path == "/public" || path.starts_with("/public/"),
            ..Shell::bare("", language, app.settings.demo)
        },
    };
    let mut page = refusal.page(Shell { here: visit::here(&asked), ..shell }, app.catalogue(), app.telephone(), id);
    if !is_ours {
        *page.status_mut() = response.status();
        if let Some(allow) = response.headers_mut().remove(header::ALLOW) {
            page.headers_mut().insert(header::ALLOW, allow);
        }
    }
    page
}

/// What the framework refused by itself, in English and without a page: a wrong method, a query that is none, a body too large.
fn bare_refusal(response: &Response, path: &str) -> Option<Refused> {
    let status = response.status();
    let kind = response.headers().get(header::CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
    let is_bare = status.is_client_error() && (kind.is_empty() || kind.starts_with(b"text/plain"));
    if !is_bare || (is_plain(path) && !is_api(path)) {
        return None;
    }
    Some(Refused::from(match status {
        StatusCode::METHOD_NOT_ALLOWED => Refusal::WrongMethod,
        StatusCode::PAYLOAD_TOO_LARGE => Refusal::TooLarge { limit_mb: crate::BODY as u64 / (1024 * 1024) },
        StatusCode::NOT_FOUND => Refusal::not_found(path),
        _ => Refusal::BadAddress,
    }))
}
