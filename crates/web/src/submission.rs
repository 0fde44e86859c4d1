//! What a form sends: fields and files, taken only with the token of the session that the form was made for.

use std::io::Write as _;

use axum::RequestExt;
use axum::body::{Body, to_bytes};
use axum::extract::multipart::MultipartError;
use axum::extract::{FromRequest, Multipart, Request};
use axum::http::header::CONTENT_TYPE;
use bilan_records::ledger::{Key, Origin, Write};
use futures_util::StreamExt;
use subtle::ConstantTimeEq;
use tempfile::NamedTempFile;
use tower_http::timeout::TimeoutError;

use crate::AppState;
use crate::draft;
use crate::refusal::Refusal;
use crate::visit::Guest;
use crate::waiting;

/// Header that carries the token where there is no form.
pub(crate) const CSRF_HEADER: &str = "x-csrf-token";
/// Most bytes of the fields of a form, files not counted.
const FIELDS: usize = 4 * 1024 * 1024;
/// Fields and files of one form; the longest form has some hundred.
const PARTS: usize = 5_000;
const FILES: usize = 200;
/// Longest key of a form.
const LONGEST_KEY: usize = 100;
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

    /// Names of the files that were chosen: a browser does not keep them, so a form that comes back names them.
    #[must_use]
    pub fn file_names(&self) -> Vec<String> {
        self.files.iter().map(|file| shortened(&file.name)).collect()
    }

    /// The key that makes the write happen once.
    #[must_use]
    pub fn idempotency_key(&self) -> Option<String> {
        self.filled("idempotency_key").filter(|key| key.len() <= LONGEST_KEY).map(str::to_owned)
    }

    /// The same as a key of the ledger: those of pages are no keys of the API or of the bridge, even if they read the same.
    #[must_use]
    pub fn key(&self) -> Option<Key> {
        self.idempotency_key().map(|key| Key::new(Origin::Page, key))
    }

    /// A write under that key.
    #[must_use]
    pub fn write(&self) -> Write {
        Write { key: self.key(), ..Write::default() }
    }
}

/// A form as it arrived, whether or not it was made for the session in which it was sent.
#[derive(Debug)]
pub(crate) struct Posted {
    /// Fields and files; without files if the form was not made for this session.
    pub submission: Submission,
    /// The token is the one of the session, or of an earlier session of the same account, and nothing was dropped.
    pub is_current: bool,
    /// Names of the files that were not kept.
    pub dropped: Vec<String>,
}

impl FromRequest<AppState> for Posted {
    type Rejection = Refusal;

    async fn from_request(request: Request, app: &AppState) -> Result<Self, Refusal> {
        read(request, app).await
    }
}

impl FromRequest<AppState> for Submission {
    type Rejection = Refusal;

    async fn from_request(mut request: Request, app: &AppState) -> Result<Self, Refusal> {
        let Ok(guest) = request.extract_parts_with_state::<Guest, _>(app).await;
        let path = request.uri().path().to_owned();
        let posted = read(request, app).await?;
        if posted.is_current {
            return Ok(posted.submission);
        }
        Err(match guest.visit.and_then(|visit| draft::keep_of_other_session(&visit, path, posted)) {
            Some(draft) => Refusal::OtherSession { draft },
            None => Refusal::Forged,
        })
    }
}

async fn read(mut request: Request, app: &AppState) -> Result<Posted, Refusal> {
    let Ok(guest) = request.extract_parts_with_state::<Guest, _>(app).await;
    let by_header = header(&request, CSRF_HEADER);
    if header(&request, CONTENT_TYPE.as_str()).is_some_and(|kind| kind.starts_with("multipart/form-data")) {
        return multipart(request, &guest, by_header).await;
    }
    let bytes = to_bytes(request.into_body(), FIELDS).await.map_err(|error| match is_stalled(&error) {
        true => Refusal::Stalled,
        false => Refusal::TooLarge { limit_mb: FIELDS as u64 / (1024 * 1024) },
    })?;
    let fields: Vec<_> = form_urlencoded::parse(&bytes).into_owned().take(PARTS + 1).collect();
    if fields.len() > PARTS {
        return Err(Refusal::TooLarge { limit_mb: FIELDS as u64 / (1024 * 1024) });
    }
    let submission = Submission { fields, files: Vec::new() };
    let is_current = is_made_for(&guest, by_header.as_deref().or_else(|| submission.get("csrf"))).await?;
    Ok(Posted { submission, is_current, dropped: Vec::new() })
}

fn header(request: &Request, name: &str) -> Option<String> {
    request.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
}

/// Whether a form was made for who sends it: for the session, or for an earlier session of the same account, as long
/// as that is remembered. Nobody but the pages of that account knows its tokens.
async fn is_made_for(guest: &Guest, given: Option<&str>) -> Result<bool, Refusal> {
    if is_token(given, &guest.csrf) {
        return Ok(true);
    }
    let (Some(visit), Some(given)) = (&guest.visit, given) else { return Ok(false) };
    Ok(account_of_form(&guest.app, given).await?.is_some_and(|account| account == visit.account.name))
}

/// Name of the account for one of whose sessions a form was made, living or ended.
pub(crate) async fn account_of_form(app: &AppState, token: &str) -> Result<Option<String>, Refusal> {
    let (accounts, token) = (app.accounts.clone(), token.to_owned());
    Ok(waiting::to_the_end(move || accounts.account_of_form(&token)).await??)
}

/// Whether a token is the one of the session; without a session none is.
pub(crate) fn is_token(given: Option<&str>, expected: &str) -> bool {
    !expected.is_empty() && given.is_some_and(|given| bool::from(given.as_bytes().ct_eq(expected.as_bytes())))
}

async fn multipart(mut request: Request, guest: &Guest, by_header: Option<String>) -> Result<Posted, Refusal> {
    let app = &guest.app;
    let limit_mb = app.settings.upload_limit_mb;
    let limit = limit_mb * 1024 * 1024;
    let declared = request.headers().get("content-length").and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if declared.is_some_and(|length| length > limit + FIELDS as u64) {
        drain(request.into_body()).await;
        return Err(Refusal::TooLarge { limit_mb });
    }
    let mut is_current = is_made_for(guest, by_header.as_deref()).await?;
    // The limit of other bodies does not hold for files: theirs is counted below.
    axum::extract::DefaultBodyLimit::disable().apply(&mut request);
    let mut form = Multipart::from_request(request, app).await.map_err(|_| Refusal::Broken)?;
    let mut submission = Submission::default();
    let mut dropped = Vec::new();
    let (mut left, mut left_for_fields) = (limit, FIELDS);
    while let Some(part) = form.next_field().await.map_err(|error| broken(&error))? {
        if submission.fields.len() >= PARTS || submission.files.len() + dropped.len() >= FILES {
            return Err(Refusal::TooLarge { limit_mb });
        }
        let field = part.name().unwrap_or_default().to_owned();
        if let Some(name) = part.file_name().map(str::to_owned) {
            // Read all the same, so that the browser gets to read the answer.
            if !is_current {
                drop_file(part, limit_mb, &mut left).await?;
                dropped.extend(Some(name).filter(|name| !name.is_empty()).map(|name| shortened(&name)));
                continue;
            }
            let upload = take_file(part, field, name, app, &mut left).await?;
            if !upload.name.is_empty() {
                submission.files.push(upload);
            }
            continue;
        }
        let value = take_value(part, &mut left_for_fields, limit_mb).await?;
        if field == "csrf" {
            is_current = is_made_for(guest, Some(&value)).await?;
        }
        submission.fields.push((field, value));
    }
    // Files that came before the token are gone: what is left of the form is not what was sent.
    let is_current = is_current && dropped.is_empty();
    Ok(Posted { submission, is_current, dropped })
}

/// The start of a file's name, enough to find the file by.
fn shortened(name: &str) -> String {
    name.chars().take(100).collect()
}

/// Reads a file that is not kept.
async fn drop_file(
    mut part: axum::extract::multipart::Field<'_>,
    limit_mb: u64,
    left: &mut u64,
) -> Result<(), Refusal> {
    while let Some(chunk) = part.chunk().await.map_err(|error| broken(&error))? {
        *left = left.checked_sub(chunk.len() as u64).ok_or(Refusal::TooLarge { limit_mb })?;
    }
    Ok(())
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
pub(crate) fn is_stalled(error: &(dyn std::error::Error + 'static)) -> bool {
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
