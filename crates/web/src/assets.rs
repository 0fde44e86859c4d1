//! Styles, scripts and pictures, embedded in the program. Their address holds a digest of all of them, so that browsers may keep them for ever.

use std::sync::LazyLock;

use axum::Router;
use axum::extract::Path;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use rust_embed::RustEmbed;

use crate::AppState;

// `assets/dist` is bundled by `scripts/bundle`; the program is whole without it, its pages then have no maps and charts.
#[derive(RustEmbed)]
#[folder = "assets"]
#[include = "style/*.css"]
#[include = "dist/*"]
#[include = "icons/*"]
#[exclude = "dist/.*"]
struct Assets;

static VERSION: LazyLock<String> = LazyLock::new(|| {
    let mut names: Vec<_> = Assets::iter().collect();
    names.sort();
    let mut digest: u64 = 0xcbf2_9ce4_8422_2325;
    for name in names {
        let hash = Assets::get(&name).map(|file| file.metadata.sha256_hash()).unwrap_or_default();
        for byte in hash {
            digest = (digest ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    format!("{digest:016x}")
});

/// Address of an embedded file, such as `style/base.css`.
#[must_use]
pub fn address(name: &str) -> String {
    format!("/assets/{}/{name}", *VERSION)
}

/// Whether an embedded file is there.
#[must_use]
pub fn has(name: &str) -> bool {
    Assets::get(name).is_some()
}

/// Every style sheet of the design system, `base.css` first, then in the order of the alphabet.
pub(crate) static SHEETS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let mut names: Vec<_> =
        Assets::iter().filter(|name| name.starts_with("style/") && name.ends_with(".css")).collect();
    names.sort_by_key(|name| (name != "style/base.css", name.clone()));
    names.iter().map(|name| address(name)).collect()
});

pub(crate) fn routes() -> Router<AppState> {
    Router::new()
        .route("/assets/{version}/{*name}", get(file))
        .route("/favicon.ico", get(favicon))
        .route("/push-worker.js", get(push_worker))
}

async fn favicon() -> Response {
    serve("icons/favicon.svg", false)
}

/// A service worker rules over the folder that it is served from: this one over the whole site.
async fn push_worker() -> Response {
    serve("dist/push-worker.js", false)
}

async fn file(Path((version, name)): Path<(String, String)>) -> Response {
    serve(&name, version == *VERSION)
}

fn serve(name: &str, for_ever: bool) -> Response {
    let Some(file) = Assets::get(name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let kind = mime_guess::from_path(name).first_or_octet_stream();
    let kind = if kind.type_() == "text" { format!("{kind}; charset=utf-8") } else { kind.to_string() };
    let keep = if for_ever { "public, max-age=31536000, immutable" } else { "no-cache" };
    let mut response = file.data.into_owned().into_response();
    let headers = response.headers_mut();
    headers
        .insert(header::CONTENT_TYPE, HeaderValue::from_str(&kind).unwrap_or(HeaderValue::from_static("text/plain")));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(keep));
    response
}
