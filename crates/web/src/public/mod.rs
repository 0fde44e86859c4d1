//! The public portal (公众监督): what the registers publish, complaints by anybody, and how a complaint goes on.
//!
//! Nobody signs in here. What is shown is decided by the `[public]` section of a register and by nothing else; see
//! [`view`], through which every page reads.

mod complain;
mod home;
mod now;
mod records;
mod size;
mod track;
mod view;
mod years;

use std::sync::Arc;
use std::time::Duration;

use axum::{Extension, Router, routing::get};

use crate::{AppState, live::Desk, security::RateLimit};

/// Addresses of the portal that stand on top of every page, with their messages.
pub(crate) const PLACES: [(&str, &str); 5] = [
    ("/public", "public.nav.home"),
    ("/public/complain", "public.complain.title"),
    ("/public/track", "public.track.title"),
    ("/public/now", "public.now.title"),
    ("/public/years", "public.years.title"),
];

/// The pages of the portal.
pub fn routes(desk: Arc<Desk>) -> Router<AppState> {
    Router::new()
        .route("/public", get(home::page))
        .route("/public/qr.svg", get(home::code))
        .route("/public/size/{size}", get(size::choose))
        .route("/public/complain", get(complain::form).post(complain::receive))
        .route("/public/track", get(track::form).post(track::show))
        .route("/public/now", get(now::page))
        .route("/public/years", get(years::page))
        .route("/public/{register}", get(records::list))
        .route("/public/{register}/{number}", get(records::one))
        .layer(Extension(desk))
        .layer(Extension(Limits {
            complaints: RateLimit::new(6, Duration::from_secs(3600)),
            cases: RateLimit::new(20, Duration::from_secs(600)),
        }))
}

/// How often one address may come: a resident never meets the limit, a script does.
#[derive(Clone)]
struct Limits {
    /// Complaints.
    complaints: RateLimit,
    /// Questions after a case, right or wrong.
    cases: RateLimit,
}
