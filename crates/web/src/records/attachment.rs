//! Files that hang on records.

use axum::Router;
use axum::extract::Path;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::export::named;
use crate::AppState;
use crate::refusal::Refusal;
use crate::visit::Visit;

pub(super) fn routes() -> Router<AppState> {
    Router::new().route("/attachments/{sha}", get(show))
}

/// A file, if the visitor may see a record that holds it. Only pictures and PDF are shown in the browser.
async fn show(visit: Visit, Path(sha): Path<String>) -> Result<Response, Refusal> {
    let file = visit.read(move |ledger, actor| ledger.attachment(actor, &sha)).await??;
    let is_shown = file.media_type.starts_with("image/") || file.media_type == "application/pdf";
    let mut response = file.bytes.into_response();
    named(&mut response, &file.name, &file.media_type, if is_shown { "inline" } else { "attachment" });
    // Whatever the file holds, it runs nothing here.
    let policy = HeaderValue::from_static("sandbox; default-src 'none'; img-src 'self'; style-src 'unsafe-inline'");
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("private, max-age=3600"));
    Ok(response)
}
