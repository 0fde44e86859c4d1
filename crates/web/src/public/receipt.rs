//! The receipt of a complaint (回执): number and tracking code, at an address that nobody guesses, for a day.
//!
//! The address is made of the key of the form and of its browser, and so is the code: nothing is kept for it, and it survives a restart.

use askama::Template;
use axum::{extract::Path, http::StatusCode, response::Response};
use bilan_records::{
    contract::{Kept, View as _},
    ledger::Ledger,
    views::{ComplaintRecord, ComplaintSource},
};
use jiff::SignedDuration;
use serde::Deserialize;

use super::{
    complain::{code_of, is_key},
    size::Size,
    view,
};
use crate::{parameters::Query, refusal::Refusal, render::page as rendered, shell::Shell, visit::Guest};

/// How long a receipt can be opened again.
const LASTS: SignedDuration = SignedDuration::from_hours(24);

#[derive(Template)]
#[template(path = "public/received.html")]
struct ReceivedPage {
    shell: Shell,
    large: bool,
    /// Number, code, photographs; none where the receipt is not to be had any more.
    receipt: Option<(String, String, usize)>,
    /// The same had been sent before.
    again: bool,
}

#[derive(Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    again: String,
}

/// Address of the receipt with this secret.
pub(super) fn address(secret: &str) -> String {
    format!("/public/received/{secret}")
}

pub(super) async fn page(
    guest: Guest,
    size: Size,
    Path(secret): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Refusal> {
    let oldest = guest.app.clock.now().checked_sub(LASTS).unwrap_or_default();
    let record = if is_key(&secret) {
        let code = code_of(&secret);
        guest.read(move |ledger| of_code(ledger, &code)).await??.filter(|record| record.created_at >= oldest)
    } else {
        None
    };
    let title = if record.is_some() { "public.received.title" } else { "public.received.gone_title" };
    let status = if record.is_some() { StatusCode::OK } else { StatusCode::NOT_FOUND };
    let receipt = record.map(|record| {
        let photos = record.photos.0.len();
        (record.number, code_of(&secret), photos)
    });
    let shell = guest.shell(guest.text(title));
    let mut answer = rendered(&ReceivedPage { shell, large: size.large, receipt, again: !asked.again.is_empty() })?;
    *answer.status_mut() = status;
    Ok(answer)
}

/// The complaint of a tracking code.
fn of_code(ledger: &Ledger, code: &str) -> Result<Option<Kept<ComplaintRecord>>, Refusal> {
    let field = ComplaintRecord::tracking_code().name();
    let Some(record) = ledger.holder_of(&view::actor(), ComplaintRecord::REGISTER, field, code)? else {
        return Ok(None);
    };
    Ok(Some(ComplaintRecord::read(&record)?).filter(|complaint| complaint.source == ComplaintSource::Portal))
}
