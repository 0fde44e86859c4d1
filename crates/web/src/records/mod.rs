//! The ledgers (台账): lists, records with their way and history, forms, files in and out.

pub(crate) mod act;
mod attached;
mod attachment;
mod checked_files;
mod clock;
mod control;
mod entering;
mod export;
pub(crate) mod form;
pub(crate) mod history;
pub(crate) mod import;
mod index;
mod list;
mod record;
mod seen;
mod shown;

pub use checked_files::{WAITS as UPLOADS_WAIT, sweep_uploads};
pub(crate) use entering::Entering;
pub(crate) use seen::Unmasked;
pub(crate) use shown::badge;

use axum::Router;

use crate::AppState;
use crate::refusal::Refusal;
use crate::visit::Visit;

/// The pages of the ledgers.
pub(crate) fn routes() -> Router<AppState> {
    Router::new()
        .merge(index::routes())
        .merge(list::routes())
        .merge(form::routes())
        .merge(record::routes())
        .merge(act::routes())
        .merge(import::routes())
        .merge(export::routes())
        .merge(attachment::routes())
}

/// The register of an address, if there is one.
pub(crate) fn register<'v>(visit: &'v Visit, key: &str) -> Result<&'v bilan_records::catalogue::Register, Refusal> {
    visit.app.catalogue().registers.get(key).ok_or_else(|| Refusal::not_found(key))
}

/// Address of a record.
pub(crate) fn address(register: &str, number: &str) -> String {
    format!("/records/{register}/{}", crate::visit::encoded(number))
}
