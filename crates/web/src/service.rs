//! For machines that watch the program: is it alive, is it ready, what does it do; and refusals in the form that programs read.

mod metrics;
mod ready;
mod room;

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bilan_records::catalogue::Catalogue;
pub use metrics::{Family, LabelPair, Metrics, Source};
pub(crate) use ready::Readiness;
pub(crate) use room::is_disk_full;
pub use room::{Room, RoomState};
use serde_json::json;

use crate::AppState;
use crate::refusal::Refusal;
use crate::shell::Language;
use crate::waiting;

/// Upper bounds of the latency histogram, in seconds.
const BOUNDS: [f64; 9] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];

/// Requests by class of address and status, and how long they took.
#[derive(Default)]
pub(crate) struct Traffic(Mutex<Counts>);

#[derive(Default)]
struct Counts {
    requests: BTreeMap<(&'static str, u16), u64>,
    buckets: [u64; BOUNDS.len()],
    seconds: f64,
    total: u64,
}

impl Traffic {
    pub fn count(&self, path: &str, status: StatusCode, took: Duration) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *counts.requests.entry((class(path), status.as_u16())).or_default() += 1;
        let seconds = took.as_secs_f64();
        for (bucket, bound) in counts.buckets.iter_mut().zip(BOUNDS) {
            *bucket += u64::from(seconds <= bound);
        }
        counts.seconds += seconds;
        counts.total += 1;
    }

    fn put(&self, metrics: &mut Metrics) {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let requests: Vec<_> =
            counts.requests.iter().map(|((class, status), count)| (*class, status.to_string(), *count)).collect();
        let labels: Vec<_> =
            requests.iter().map(|(class, status, _)| [("class", *class), ("status", status.as_str())]).collect();
        let samples = labels.iter().zip(&requests).map(|(labels, (.., count))| (&labels[..], *count));
        metrics.put_each(Family::counter("bilan_http_requests", "Answers by class of address and status."), samples);
        let buckets: Vec<(f64, u64)> = BOUNDS.into_iter().zip(counts.buckets).collect();
        metrics.histogram("bilan_http_seconds", "Time to answer.", &buckets, counts.seconds, counts.total);
    }
}

/// The first part of an address, so that there are few of them.
fn class(path: &str) -> &'static str {
    const KNOWN: [&str; 12] = [
        "records", "figures", "reports", "stations", "map", "warnings", "api", "assets", "public", "devices",
        "journal", "search",
    ];
    let first = path.trim_start_matches('/').split('/').next().unwrap_or_default();
    KNOWN.iter().copied().find(|known| *known == first).unwrap_or("other")
}

pub(crate) fn routes() -> Router<AppState> {
    Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready::answer))
        .route("/metrics", get(metrics))
}

async fn metrics(State(app): State<AppState>) -> Response {
    let mut metrics = Metrics::default();
    app.traffic.put(&mut metrics);
    let [refused, slowed, guessing] = app.accounts.sign_in_counts();
    metrics.put(Family::counter("bilan_sign_in_refused", "Wrong passwords and codes at sign-in."), refused);
    metrics.put(Family::counter("bilan_sign_in_slowed", "Tries to sign in that had to wait."), slowed);
    metrics
        .put(Family::counter("bilan_sign_in_guessing", "Times that somebody was found guessing passwords."), guessing);
    for source in &app.metrics {
        source(&mut metrics);
    }
    if let Ok(room) = Room::at(&app.settings.uploads) {
        metrics.put(Family::gauge("bilan_disk_free_bytes", "Room on the disk where the data are."), room.free);
        metrics.put(Family::gauge("bilan_disk_size_bytes", "Size of the disk where the data are."), room.size);
        let is_low = u8::from(room.state() != RoomState::Enough);
        metrics.put(Family::gauge("bilan_disk_low", "1 if somebody should make room on that disk."), is_low);
    }
    let store = app.observations.clone();
    if let Ok(Ok(open)) = waiting::while_asked(move || store.open_warnings()).await {
        metrics.put(Family::gauge("bilan_warnings_open", "Warnings that are open."), open.len());
    }
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], metrics.into_text()).into_response()
}

/// A refusal as RFC 9457 has it.
pub(crate) fn problem(refusal: &Refusal, catalogue: &Catalogue, path: &str) -> Response {
    let (status, refused) = match refusal {
        Refusal::SignIn { .. } => (StatusCode::UNAUTHORIZED, refusal),
        Refusal::First(_) => (StatusCode::FORBIDDEN, refusal),
        other => (other.status(), other),
    };
    let (title, detail) = refused.told(Language::English, catalogue);
    let (title_zh, detail_zh) = refused.told(Language::Chinese, catalogue);
    let body = json!({
        "type": format!("urn:bilan:problem:{}", status.as_u16()), "title": title, "status": status.as_u16(),
        "detail": detail, "instance": path, "title_zh": title_zh, "detail_zh": detail_zh,
    });
    let mut response = refusal.with_headers((status, body.to_string()).into_response());
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    response
}
