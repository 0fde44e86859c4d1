//! The JSON API (共享接口): what other systems of the city read and write, with the permissions of their accounts.
//!
//! Addresses stand in `openapi::description`, which is made from the registers; [`problem`] says what went wrong.

pub(crate) mod body;
mod caller;
mod figures;
mod observations;
pub mod openapi;
mod page;
pub mod problem;
mod query;
mod records;

use axum::{
    Router,
    extract::State,
    middleware,
    response::{IntoResponse, Response},
    routing::{get, post},
};

use self::problem::Problem;
use crate::AppState;

/// The API, its description and the page that explains it.
pub fn routes() -> Router<AppState> {
    let api = Router::new()
        .route("/registers", get(records::registers))
        .route("/figures", get(figures::list))
        .route("/figures/{key}", get(figures::one))
        .route("/figures/{key}/records", get(figures::records))
        .route("/reports/{key}", get(figures::report))
        .route("/observations", get(observations::list))
        .route("/observations/latest", get(observations::latest))
        .route("/{register}", get(records::list).post(records::create))
        .route("/{register}/{number}", get(records::read).patch(records::change).delete(records::delete))
        .route("/{register}/{number}/journal", get(records::journal))
        .route("/{register}/{number}/steps/{step}", post(records::step))
        .fallback(nothing)
        .method_not_allowed_fallback(wrong_method)
        .layer(middleware::from_fn(problem::worded));
    Router::new().route("/api", get(page::page)).route("/api/openapi.json", get(description)).nest("/api/v1", api)
}

/// The description, made anew: it follows the registers with which the program was started.
async fn description(State(app): State<AppState>) -> Response {
    axum::Json(openapi::description(app.catalogue(), &app.settings.public_url)).into_response()
}

async fn nothing() -> Problem {
    Problem::not_found("这里没有内容，接口说明见 /api", "there is nothing here; the API is explained at /api")
}

async fn wrong_method() -> Problem {
    Problem::new("method", "此地址不支持该方法，接口说明见 /api", "this address does not take the method; see /api")
}
