//! The public portal (公众监督): what the registers publish, complaints by anybody, and how a complaint goes on.
//!
//! Nobody signs in here. What is shown is decided by the `[public]` section of a register and by nothing else; see
//! [`view`], through which every page reads.

mod complain;
mod home;
mod now;
mod photos;
mod receipt;
mod records;
mod size;
mod track;
mod view;
mod years;

pub(crate) use track::Found;

use std::sync::Arc;

use axum::{Extension, Router, routing::get};
use bilan_admission::{Limit, Prefix};
use jiff::Timestamp;

use crate::access::{self, Access};
use crate::refusal::Refusal;
use crate::{AppState, live::Desk, visit::Guest};

/// Addresses of the portal that stand on top of every page, with their messages.
pub(crate) const PLACES: [(&str, &str); 5] = [
    ("/public", "public.nav.home"),
    ("/public/complain", "public.complain.title"),
    ("/public/track", "public.track.title"),
    ("/public/now", "public.now.title"),
    ("/public/years", "public.years.title"),
];

/// The pages of the portal.
pub fn routes(desk: Arc<Desk>, access: &Access) -> Router<AppState> {
    Router::new()
        .route("/public", get(home::page))
        .route("/public/qr.svg", get(home::code))
        .route("/public/size/{size}", get(size::choose))
        .route("/public/complain", get(complain::form).post(complain::receive))
        .route("/public/received/{key}", get(receipt::page))
        .route("/public/track", get(track::form).post(track::show))
        .route("/public/track/{name}", get(track::again))
        .route("/public/now", get(now::page))
        .route("/public/years", get(years::page))
        .route("/public/{register}", get(records::list))
        .route("/public/{register}/{number}", get(records::one))
        .layer(Extension(desk))
        .layer(Extension(Arc::new(Limits::of(&access.limits))))
}

/// How often somebody may come: a resident never meets the limit, a script does.
struct Limits {
    complaints: Pair,
    /// Questions after a case, right or wrong.
    cases: Pair,
}

/// A limit for one browser, and a larger one for all that share its address.
struct Pair {
    browser: Limit<String>,
    address: Limit<Prefix>,
}

impl Limits {
    fn of(limits: &access::Limits) -> Self {
        use access::Limits as Set;
        let (hourly, shortly) = (Set::hourly, Set::in_ten_minutes);
        Self {
            complaints: Pair {
                browser: Limit::new(hourly(limits.complaints_per_browser)),
                address: Limit::new(hourly(limits.complaints_per_address)),
            },
            cases: Pair {
                browser: Limit::new(shortly(limits.cases_per_browser)),
                address: Limit::new(shortly(limits.cases_per_address)),
            },
        }
    }
}

impl Pair {
    /// Counts an act of a visitor.
    fn take(&self, guest: &Guest, now: Timestamp) -> Result<(), Refusal> {
        // A form is taken only with the token of its browser: there is one.
        self.browser.check(&guest.csrf, now)?;
        self.address.take(guest.prefix, now)?;
        Ok(self.browser.take(guest.csrf.clone(), now)?)
    }
}
