//! What holds for every answer: headers, forged requests, limits, refusals turned into pages, panics caught.

use std::any::Any;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::extract::{Request, State};
use axum::http::header::{self, HeaderName, HeaderValue};
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::AppState;
use crate::refusal::{Refusal, Refused};
use crate::visit::{self, GUEST};

/// No script, style, font or frame from anywhere else, and none inside a page.
const POLICY: &str = "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; \
    worker-src 'self' blob:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'; object-src 'none'";

const HEADERS: [(HeaderName, &str); 6] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "same-origin"),
    (HeaderName::from_static("permissions-policy"), "geolocation=(self), camera=(self), microphone=()"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
];

/// The token of a visitor without a session, made for this request.
#[derive(Clone)]
pub(crate) struct GuestToken(pub String);

/// Stands around every route.
pub(crate) async fn around(State(app): State<AppState>, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let path = request.uri().path().to_owned();
    let is_api = path.starts_with("/api/");
    let writes = !matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    let (mut parts, body) = request.into_parts();
    let language = visit::language(&parts);
    if writes && comes_from_elsewhere(&parts) {
        return finished(Refusal::Forged.into_response(), language, is_api, &app, &path, started);
    }
    let mut new_token = None;
    if visit::cookie(&parts, visit::SESSION).is_none() && visit::cookie(&parts, GUEST).is_none() && !is_plain(&path) {
        let token = crate::accounts::secret();
        parts.extensions.insert(GuestToken(token.clone()));
        new_token = Some(token);
    }
    request = Request::from_parts(parts, body);
    let mut response = finished(next.run(request).await, language, is_api, &app, &path, started);
    if let Some(token) = new_token {
        set_cookie(&mut response, &app, GUEST, &token, Some(24 * 3600));
    }
    response
}

/// Addresses that need no forms.
fn is_plain(path: &str) -> bool {
    ["/assets/", "/api/", "/healthz", "/readyz", "/metrics"].iter().any(|start| path.starts_with(start))
}

/// Whether a browser says that a page of another site sent the request.
fn comes_from_elsewhere(parts: &axum::http::request::Parts) -> bool {
    let text = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = text("sec-fetch-site") {
        return !matches!(site, "same-origin" | "none");
    }
    let Some(origin) = text("origin") else { return false };
    let host = text("host").or_else(|| parts.uri.authority().map(|authority| authority.as_str()));
    host != origin.split_once("://").map(|(_, host)| host)
}

fn finished(
    mut response: Response,
    language: crate::shell::Language,
    is_api: bool,
    app: &AppState,
    path: &str,
    started: Instant,
) -> Response {
    if let Some(Refused(refusal)) = response.extensions_mut().remove::<Refused>() {
        response =
            if is_api { crate::service::problem(&refusal, path) } else { refusal.page(language, app.settings.demo) };
    } else if response.status() == StatusCode::METHOD_NOT_ALLOWED && !is_api {
        let status = response.status();
        response = Refusal::not_found(path).page(language, app.settings.demo);
        *response.status_mut() = status;
    }
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    // Pages show what a person may see: nothing of them stays in a shared browser.
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    app.traffic.count(path, response.status(), started.elapsed());
    response
}

/// Sets a cookie of the whole site that no script can read; `None` as long as the browser runs, `Some(0)` ends it.
pub(crate) fn set_cookie(response: &mut Response, app: &AppState, name: &str, value: &str, seconds: Option<u32>) {
    let secure = if app.settings.secure_cookies { "; Secure" } else { "" };
    let age = seconds.map(|seconds| format!("; Max-Age={seconds}")).unwrap_or_default();
    let cookie = format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{age}");
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
}

/// What a panic becomes: it is logged by the panic hook, the visitor learns that it was not their fault.
pub(crate) fn panicked(panic: Box<dyn Any + Send + 'static>) -> Response {
    let what = panic.downcast_ref::<String>().cloned();
    let what = what.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
    Refusal::Internal(format!("a handler panicked: {}", what.unwrap_or_default())).into_response()
}

/// Counts acts by whoever does them, and says when there were too many.
#[derive(Clone)]
pub struct RateLimit {
    seen: Arc<Mutex<HashMap<String, Vec<Instant>>>>,
    most: usize,
    within: Duration,
}

impl RateLimit {
    /// At most so many acts within so long.
    #[must_use]
    pub fn new(most: usize, within: Duration) -> Self {
        Self { seen: Arc::default(), most, within }
    }

    /// Counts an act.
    ///
    /// # Errors
    /// [`Refusal::TooOften`] with the seconds to wait.
    pub fn count(&self, who: &str) -> Result<(), Refusal> {
        let now = Instant::now();
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.retain(|_, acts| acts.last().is_some_and(|last| now.duration_since(*last) < self.within));
        let acts = seen.entry(who.to_owned()).or_default();
        acts.retain(|act| now.duration_since(*act) < self.within);
        if acts.len() >= self.most {
            let wait = self.within.saturating_sub(now.duration_since(acts[0]));
            return Err(Refusal::TooOften { wait_s: wait.as_secs().max(1) });
        }
        acts.push(now);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_counts_each_visitor_apart() {
        let limit = RateLimit::new(2, Duration::from_secs(60));
        assert!(limit.count("a").is_ok() && limit.count("a").is_ok());
        assert!(matches!(limit.count("a"), Err(Refusal::TooOften { wait_s: 1..=60 })));
        assert!(limit.count("b").is_ok());
    }
}
