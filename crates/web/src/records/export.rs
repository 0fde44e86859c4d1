//! Ledgers into files: the list as it is filtered, personal data masked; and the template for imports.

use std::io::Seek;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Query};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bilan_records::exchange::{self, Format};
use tokio_util::io::ReaderStream;

use super::list::Asked;
use super::register;
use crate::AppState;
use crate::refusal::Refusal;
use crate::visit::{Visit, encoded};

pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/records/{register}/template.xlsx", get(template))
        .route("/records/{register}/export.xlsx", get(xlsx))
        .route("/records/{register}/export.csv", get(csv))
        .route("/records/{register}/export.jsonl", get(jsonl))
}

type Pairs = Query<Vec<(String, String)>>;

async fn xlsx(visit: Visit, Path(key): Path<String>, Query(pairs): Pairs) -> Result<Response, Refusal> {
    export(visit, key, pairs, Format::Xlsx).await
}

async fn csv(visit: Visit, Path(key): Path<String>, Query(pairs): Pairs) -> Result<Response, Refusal> {
    export(visit, key, pairs, Format::Csv).await
}

async fn jsonl(visit: Visit, Path(key): Path<String>, Query(pairs): Pairs) -> Result<Response, Refusal> {
    export(visit, key, pairs, Format::Jsonl).await
}

async fn export(visit: Visit, key: String, pairs: Vec<(String, String)>, format: Format) -> Result<Response, Refusal> {
    let register = register(&visit, &key)?;
    let asked = Asked::read(pairs, register)?;
    if let Some(fault) = asked.day_fault(register, visit.app.catalogue(), visit.language) {
        return Err(Refusal::invalid(fault));
    }
    let query = asked.query(register)?;
    let name = format!("{}.{}", register.label.text(visit.language), format.ending());
    // The file is written to the disk first: a fault in the middle is an answer, not half a file.
    let mut file = visit
        .read(move |ledger, actor| {
            let mut file = tempfile::tempfile()?;
            exchange::export(ledger, actor, query, format, &mut file)?;
            Ok::<_, Refusal>(file)
        })
        .await??;
    let length = file.stream_position().and_then(|_| file.metadata()).map(|about| about.len())?;
    file.rewind()?;
    let body = Body::from_stream(ReaderStream::new(tokio::fs::File::from_std(file)));
    let mut response = body.into_response();
    response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    named(&mut response, &name, format.media_type(), "attachment");
    Ok(response)
}

async fn template(visit: Visit, Path(key): Path<String>) -> Result<Response, Refusal> {
    let register = register(&visit, &key)?;
    let bytes =
        exchange::template(register, visit.app.catalogue()).map_err(|error| Refusal::Internal(error.to_string()))?;
    let mut response = bytes.into_response();
    named(
        &mut response,
        &format!("{}.xlsx", register.label.text(visit.language)),
        Format::Xlsx.media_type(),
        "attachment",
    );
    Ok(response)
}

/// Says what a download is and how it is called.
pub(super) fn named(response: &mut Response, name: &str, media_type: &str, how: &str) {
    let headers = response.headers_mut();
    let kind = HeaderValue::from_str(media_type).unwrap_or(HeaderValue::from_static("application/octet-stream"));
    headers.insert(header::CONTENT_TYPE, kind);
    let disposition = format!("{how}; filename*=UTF-8''{}", encoded(name));
    if let Ok(disposition) = HeaderValue::from_str(&disposition) {
        headers.insert(header::CONTENT_DISPOSITION, disposition);
    }
}
