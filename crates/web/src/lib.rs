//! The pages, the JSON API and the public portal of Bilan: HTML rendered here, moved by small scripts, whole without them.

mod access;
pub mod accounts;
mod answer;
mod answered;
mod api;
pub mod assets;
mod body;
mod draft;
mod every_kind;
mod figures;
mod home;
mod journal;
mod kept;
mod letters;
mod live;
mod parameters;
mod people;
mod public;
mod publication;
mod receipt;
mod records;
mod refusal;
pub mod render;
pub mod reports;
mod search;
mod security;
mod service;
mod sheet;
mod shell;
mod state;
mod submission;
mod visit;
mod waiting;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::Uri;
use axum::middleware::from_fn_with_state;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{DefaultPredicate, NotForContentType, Predicate};
use tower_http::timeout::RequestBodyTimeoutLayer;

pub use access::{Access, Limits};
pub use body::{BodyFault, read_body};
pub use live::{ConditionError, Notices, StationStatistics, air_indexes, stop_orders, unit_of_factor};
pub use records::{UPLOADS_WAIT, sweep_uploads};
pub use refusal::Refusal;
pub use render::page;
pub use service::{Family, LabelPair, Metrics, Room, RoomState, Source};
pub use shell::{Language, Messages, Shell};
pub use state::{AppState, Settings};
pub use submission::{Submission, Upload};
pub use visit::{Guest, Visit};
pub use waiting::while_asked;

/// A body of which nothing arrives for so long is given up.
const STALLED: Duration = Duration::from_secs(30);
/// Largest body of a request that is no form: a record, not a book.
pub(crate) const BODY: usize = 8 * 1024 * 1024;

/// Everything that is served over HTTP.
pub fn router(app: AppState) -> Router {
    let compressed = DefaultPredicate::new().and(NotForContentType::const_new("text/event-stream"));
    let desk = Arc::new(live::Desk::default());
    Router::new()
        .merge(home::routes())
        .merge(search::routes())
        .merge(accounts::routes())
        .merge(service::routes())
        .merge(assets::routes())
        .merge(records::routes())
        .merge(draft::routes())
        .merge(answered::routes())
        .merge(journal::routes())
        .merge(publication::routes())
        .merge(live::routes(Arc::clone(&desk)))
        .merge(figures::routes())
        .merge(reports::routes())
        .merge(api::routes())
        .merge(public::routes(desk, &app.settings.access))
        .fallback(|uri: Uri| async move { Refusal::not_found(uri.path()) })
        .layer(from_fn_with_state(app.clone(), draft::keep_typed))
        .layer(DefaultBodyLimit::max(BODY))
        .layer(RequestBodyTimeoutLayer::new(STALLED))
        .layer(CatchPanicLayer::custom(security::panicked))
        .layer(from_fn_with_state(app.clone(), answer::around))
        .layer(CompressionLayer::new().compress_when(compressed))
        .with_state(app)
}
