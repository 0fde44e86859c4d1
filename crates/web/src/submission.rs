//! What a form sends: fields and files, taken only with the token of the session that the form was made for.

use std::io::Write as _;

use axum::RequestExt;
use axum::body::{Body, to_bytes};
use axum::extract::multipart::MultipartError;
use axum::extract::{FromRequest, Multipart, Request};
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use bilan_records::ledger::Write;
use futures_util::StreamExt;
use subtle::ConstantTimeEq;
use tempfile::NamedTempFile;
use tower_http::timeout::TimeoutError;

use crate::AppState;
use crate::refusal::Refusal;
use crate::visit::Guest;

/// Header that carries the token where there is no form.
pub(crate) const CSRF_HEADER: &str = "x-csrf-token";
/// Most bytes of the fields of a form, files not counted.
const FIELDS: usize = 4 * 1024 * 1024;
/// Fields and files of one form; the longest form has some hundred.
const PARTS: usize = 5_000;
const FILES: usize = 200;
/// Bytes beyond the limit that are read and dropped, so that a browser gets to read why.
const DRAINED: u64 = 512 * 1024 * 1024;

/// The fields and files of a form.
#[derive(Debug, Default)]
pub struct Submission {
    /// Names and values, in the order sent.
    pub fields: Vec<(String, String)>,
    /// Files that were chosen.
    pub files: Vec<Upload>,
}

/// A file of a form, kept in a temporary file until it is dropped.
#[derive(Debug)]
pub struct Upload {
    /// Name of the field.
    pub field: String,
    /// Name of the file, as the browser says it.
    pub name: String,
    /// Media type, as the browser says it: not to be trusted.
    pub media_type: String,
    /// The file.
    pub file: NamedTempFile,
    /// Bytes.
    pub size: u64,
}

impl Submission {
    /// The first value of a field.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The first value of a field, if it is not blank.
    #[must_use]
    pub fn filled(&self, name: &str) -> Option<&str> {
        self.get(name).map(str::trim).filter(|value| !value.is_empty())
    }

    /// Every value of a field.
    #[must_use]
    pub fn all(&self, name: &str) -> Vec<&str> {
        self.fields.iter().filter(|(key, _)| key == name).map(|(_, value)| value.as_str()).collect()
    }

    /// The key that makes the write happen once.
    #[must_use]
    pub fn idempotency_key(&self) -> Option<String> {
        self.filled("idempotency_key").map(str::to_owned)
    }

    /// A write under that key.
    #[must_use]
    pub fn write(&self) -> Write {
        Write { idempotency_key: self.idempotency_key(), ..Write::default() }
    }
}

impl FromRequest<AppState> for Submission {
    type Rejection = Refusal;

    async fn from_request(mut request: Request, app: &AppState) -> Result<Self, Refusal> {
        let Ok(guest) = request.extract_parts_with_state::<Guest, _>(app).await;
        let kind =
            request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
        if kind.starts_with("multipart/form-data") {
            return multipart(request, app, &guest.csrf).await;
        }
        let (parts, body) = request.into_parts();
        let bytes = to_bytes(body, FIELDS).await.map_err(|error| match is_stalled(&error) {
            true => Refusal::Stalled,
            false => Refusal::TooLarge { limit_mb: FIELDS as u64 / (1024 * 1024) },
        })?;
        let fields: Vec<_> = form_urlencoded::parse(&bytes).into_owned().take(PARTS + 1).collect();
        if fields.len() > PARTS {
            return Err(Refusal::TooLarge { limit_mb: FIELDS as u64 / (1024 * 1024) });
        }
        let submission = Self { fields, files: Vec::new() };
        submission.checked(&parts, &guest.csrf)
    }
}

impl Submission {
    fn checked(self, parts: &Parts, expected: &str) -> Result<Self, Refusal> {
        let header = parts.headers.get(CSRF_HEADER).and_then(|value| value.to_str().ok());
        if is_token(header.or_else(|| self.get("csrf")), expected) { Ok(self) } else { Err(Refusal::Forged) }
    }
}

/// Whether a token is the one of the session; without a session none is.
pub(crate) fn is_token(given: Option<&str>, expected: &str) -> bool {
    !expected.is_empty() && given.is_some_and(|given| bool::from(given.as_bytes().ct_eq(expected.as_bytes())))
}

async fn multipart(request: Request, app: &AppState, expected: &str) -> Result<Submission, Refusal> {
    let limit_mb = app.settings.upload_limit_mb;
    let limit = limit_mb * 1024 * 1024;
    let declared = request.headers().get("content-length").and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if declared.is_some_and(|length| length > limit + FIELDS as u64) {
        drain(request.into_body()).await;
        return Err(Refusal::TooLarge { limit_mb });
    }
    let by_header = request.headers().get(CSRF_HEADER).and_then(|value| value.to_str().ok());
    let mut is_checked = is_token(by_header, expected);
    let mut request = request;
    // The limit of other bodies does not hold for files: theirs is counted below.
    axum::extract::DefaultBodyLimit::disable().apply(&mut request);
    let mut form = Multipart::from_request(request, app).await.map_err(|_| Refusal::Broken)?;
    let mut submission = Submission::default();
    let (mut left, mut left_for_fields) = (limit, FIELDS);
    while let Some(part) = form.next_field().await.map_err(|error| broken(&error))? {
        if submission.fields.len() >= PARTS || submission.files.len() >= FILES {
            return Err(Refusal::TooLarge { limit_mb });
        }
        let field = part.name().unwrap_or_default().to_owned();
        if let Some(name) = part.file_name().map(str::to_owned) {
            if !is_checked {
                return Err(Refusal::Forged);
            }
            let upload = take_file(part, field, name, app, &mut left).await?;
            if !upload.name.is_empty() {
                submission.files.push(upload);
            }
            continue;
        }
        let value = take_value(part, &mut left_for_fields, limit_mb).await?;
        if field == "csrf" {
            is_checked = is_token(Some(&value), expected);
        }
        submission.fields.push((field, value));
    }
    if is_checked { Ok(submission) } else { Err(Refusal::Forged) }
}

/// The value of a field; what passes the limit is not taken into memory.
async fn take_value(
    mut part: axum::extract::multipart::Field<'_>,
    left: &mut usize,
    limit_mb: u64,
) -> Result<String, Refusal> {
    let mut value = Vec::new();
    while let Some(chunk) = part.chunk().await.map_err(|error| broken(&error))? {
        *left = left.checked_sub(chunk.len()).ok_or(Refusal::TooLarge { limit_mb })?;
        value.extend_from_slice(&chunk);
    }
    Ok(String::from_utf8_lossy(&value).into_owned())
}

/// Whether nothing arrived for too long: the layer around every body says so.
fn is_stalled(error: &(dyn std::error::Error + 'static)) -> bool {
    std::iter::successors(Some(error), |error| error.source()).any(|error| error.is::<TimeoutError>())
}

/// A form that ended too early, or is none.
fn broken(error: &MultipartError) -> Refusal {
    if is_stalled(error) {
        return Refusal::Stalled;
    }
    tracing::info!("a form could not be read: {}", error.body_text());
    Refusal::Broken
}

async fn take_file(
    mut part: axum::extract::multipart::Field<'_>,
    field: String,
    name: String,
    app: &AppState,
    left: &mut u64,
) -> Result<Upload, Refusal> {
    let media_type = part.content_type().unwrap_or("application/octet-stream").to_owned();
    tokio::fs::create_dir_all(&app.settings.uploads).await?;
    let mut file = NamedTempFile::new_in(&app.settings.uploads)?;
    let mut size = 0;
    let mut is_over = false;
    loop {
        let chunk = match part.chunk().await {
            Ok(Some(chunk)) => chunk,
            Ok(None) => break,
            // Too much is too much, whether or not the rest would have come.
            Err(_) if is_over => break,
            Err(error) => return Err(broken(&error)),
        };
        size += chunk.len() as u64;
        is_over |= size > *left;
        if size > *left + DRAINED {
            break;
        }
        if !is_over {
            // A chunk is some kilobytes; writing it takes less time than handing it to another thread.
            file.write_all(&chunk)?;
        }
    }
    if is_over {
        return Err(Refusal::TooLarge { limit_mb: app.settings.upload_limit_mb });
    }
    *left -= size;
    file.flush()?;
    // Only the last part of a name counts: some browsers send a path.
    let name = name.rsplit(['/', '\\']).next().unwrap_or_default().to_owned();
    Ok(Upload { field, name, media_type, file, size })
}

/// Reads what is not wanted, within bounds: a browser that is cut off while it sends shows no answer at all.
async fn drain(body: Body) {
    let mut stream = body.into_data_stream();
    let mut left = DRAINED;
    while let Some(Ok(chunk)) = stream.next().await {
        match left.checked_sub(chunk.len() as u64) {
            Some(rest) => left = rest,
            None => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_session_no_token_is_right() {
        assert!(!is_token(Some(""), ""));
        assert!(!is_token(None, "abc"));
        assert!(!is_token(Some("abd"), "abc"));
        assert!(is_token(Some("abc"), "abc"));
    }
}
