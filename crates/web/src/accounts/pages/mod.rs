//! The pages of accounts.

mod administration;
mod explanation;
mod own;
mod second_factor;
mod sign_in;

use axum::Router;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use serde::Deserialize;

pub(crate) use administration::event_message;
#[cfg(test)]
pub(crate) use explanation::explanation;

use crate::AppState;
use crate::refusal::Refusal;
use crate::security::set_cookie;
use crate::shell::{Language, Messages};
use crate::visit::{LANGUAGE, own_address};

/// A year, in seconds: how long a browser keeps its language.
const YEAR_S: u32 = 365 * 24 * 3600;

pub(crate) fn routes() -> Router<AppState> {
    Router::new()
        .route("/sign-in", get(sign_in::form).post(sign_in::sign_in))
        .route("/sign-out", post(sign_in::sign_out))
        .route("/language", get(language))
        .route("/account", get(own::shown))
        .route("/account/password", post(own::password))
        .route("/account/token", post(own::token))
        .route("/account/tokens/revoke", post(own::revoke_tokens))
        .route("/account/tokens/{id}/revoke", post(own::revoke_token))
        .route("/accounts", get(administration::shown).post(administration::add))
        .route("/accounts/{name}/{act}", post(administration::change))
        .merge(second_factor::routes())
}

#[derive(Deserialize)]
struct Switch {
    to: String,
    #[serde(default)]
    next: String,
}

async fn language(State(app): State<AppState>, Query(Switch { to, next }): Query<Switch>) -> Result<Response, Refusal> {
    let language = Language::from_key(&to).ok_or_else(|| Refusal::not_found(to))?;
    let mut response = Redirect::to(own_address(&next)).into_response();
    set_cookie(&mut response, &app, LANGUAGE, language.key(), Some(YEAR_S));
    Ok(response)
}
