//! Larger letters for those who read with difficulty, remembered by the browser.

use std::convert::Infallible;

use axum::{
    extract::{FromRequestParts, Path, Query, State},
    http::{header, request::Parts},
    response::{IntoResponse, Redirect, Response},
};

use crate::{AppState, visit};

const COOKIE: &str = "bilan_size";

/// Whether the visitor chose large letters.
pub(super) struct Size {
    pub large: bool,
}

impl FromRequestParts<AppState> for Size {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &AppState) -> Result<Self, Infallible> {
        Ok(Self { large: visit::cookie(parts, COOKIE).as_deref() == Some("large") })
    }
}

#[derive(serde::Deserialize)]
pub(super) struct Back {
    #[serde(default)]
    next: String,
}

/// Sets the size and goes back to the page.
pub(super) async fn choose(
    State(app): State<AppState>,
    Path(size): Path<String>,
    Query(back): Query<Back>,
) -> Response {
    let size = if size == "large" { "large" } else { "normal" };
    let secure = if app.settings.secure_cookies { "; Secure" } else { "" };
    let cookie = format!("{COOKIE}={size}; Path=/public; Max-Age=31536000; SameSite=Lax; HttpOnly{secure}");
    let next = visit::own_address(&back.next);
    let next = if next == "/" { "/public" } else { next };
    ([(header::SET_COOKIE, cookie)], Redirect::to(next)).into_response()
}
