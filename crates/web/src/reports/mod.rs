//! Reports (文书): a filled report as a page, as a file to take away, and what it still lacks.
//!
//! A report is filled anew for every request, so that no page and no file can be older than the records.

pub mod document;
mod file;
mod index;
mod page;
mod years;

use axum::{Router, http::header, response::IntoResponse, routing::get};

pub use document::{Options, SIMULATED, document};

use crate::AppState;

/// The pages and files of reports.
pub fn routes() -> Router<AppState> {
    Router::new()
        .route("/reports", get(index::page))
        .route("/reports/document.css", get(style))
        .route("/reports/{name}", get(page::page_or_file))
}

/// The looks of a document, shared by the page and the public portal.
async fn style() -> impl IntoResponse {
    let headers = [(header::CONTENT_TYPE, "text/css; charset=utf-8"), (header::CACHE_CONTROL, "public, max-age=3600")];
    (headers, bilan_documents::STYLESHEET)
}
