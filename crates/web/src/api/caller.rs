//! Who calls the API: the account of a token, of a name and password, or of a signed-in browser.

use axum::{
    extract::FromRequestParts,
    http::{Method, header, request::Parts},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bilan_records::{
    actor::Actor,
    ledger::{Ledger, WriteError},
};

use super::problem::Problem;
use crate::{
    AppState,
    accounts::{Account, Origin, SignInRefused},
    visit::{self, Visit},
    waiting,
};

/// An account that calls the API.
pub struct Caller {
    /// Who acts.
    pub actor: Actor,
    /// What it works with.
    pub app: AppState,
}

impl Caller {
    /// Asks the ledger where waiting does not hold up other requests; ended when nobody waits for the answer any longer.
    pub(super) async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Ledger, &Actor) -> T + Send + 'static,
    ) -> Result<T, Problem> {
        let (ledger, actor) = (self.app.ledger.clone(), self.actor.clone());
        waiting::while_asked(move || question(&ledger, &actor)).await.map_err(|error| Problem::internal(&error))
    }

    /// Writes to a register; a refusal names the fields as the register does.
    pub(super) async fn put<T: Send + 'static>(
        &self,
        register: &str,
        act: impl FnOnce(&Ledger, &Actor, &str) -> Result<T, WriteError> + Send + 'static,
    ) -> Result<T, Problem> {
        let register = register.to_owned();
        self.ask(move |ledger, actor| {
            act(ledger, actor, &register)
                .map_err(|error| Problem::of_write(error, ledger.catalogue().registers.get(&register)))
        })
        .await?
    }
}

/// What a request brings to say who it is.
enum Proof {
    Token(String),
    Password(String, String),
    Session,
    Unreadable,
}

fn proof(parts: &Parts) -> Proof {
    let Some(value) = parts.headers.get(header::AUTHORIZATION) else { return Proof::Session };
    let Some((scheme, rest)) = value.to_str().ok().and_then(|text| text.trim().split_once(' ')) else {
        return Proof::Unreadable;
    };
    let rest = rest.trim();
    if scheme.eq_ignore_ascii_case("bearer") {
        return Proof::Token(rest.to_owned());
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return Proof::Unreadable;
    }
    let pair = STANDARD.decode(rest).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    match pair.as_deref().and_then(|pair| pair.split_once(':')) {
        Some((name, password)) => Proof::Password(name.to_owned(), password.to_owned()),
        None => Proof::Unreadable,
    }
}

impl FromRequestParts<AppState> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, Problem> {
        let account = match proof(parts) {
            Proof::Token(token) => Some(by_token(app, token, origin(parts)).await?),
            Proof::Password(name, password) => Some(by_password(app, name, password, origin(parts)).await?),
            Proof::Session => return by_session(parts, app).await,
            Proof::Unreadable => None,
        };
        let account = account.ok_or_else(nobody)?;
        Ok(Self { actor: account.actor(), app: app.clone() })
    }
}

async fn blocking<T: Send + 'static>(ask: impl FnOnce() -> T + Send + 'static) -> Result<T, Problem> {
    waiting::to_the_end(ask).await.map_err(|error| Problem::internal(&error))
}

/// A program has no cookie; its address is all that tells it apart.
fn origin(parts: &Parts) -> Origin {
    Origin { from: visit::from(parts), prefix: visit::prefix(parts), browser: visit::cookie(parts, visit::BROWSER) }
}

async fn by_token(app: &AppState, token: String, origin: Origin) -> Result<Account, Problem> {
    let accounts = app.accounts.clone();
    let found = blocking(move || accounts.by_token_of_program(&token, &origin)).await?;
    found.map_err(|refused| unproven(refused, "令牌", "tokens"))
}

async fn by_password(app: &AppState, name: String, password: String, origin: Origin) -> Result<Account, Problem> {
    let accounts = app.accounts.clone();
    let found = blocking(move || accounts.by_password_of_program(&name, &password, origin)).await?;
    found.map_err(|refused| unproven(refused, "密码", "passwords"))
}

/// A browser writes only with the token of its session, which another site does not know.
async fn by_session(parts: &mut Parts, app: &AppState) -> Result<Caller, Problem> {
    let visit = Visit::from_request_parts(parts, app).await.map_err(|_| nobody())?;
    let reads = matches!(parts.method, Method::GET | Method::HEAD | Method::OPTIONS);
    let token = parts.headers.get("x-csrf-token").and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !reads && !bool::from(subtle::ConstantTimeEq::ct_eq(token.as_bytes(), visit.csrf.as_bytes())) {
        return Err(Problem::new(
            "csrf",
            "浏览器会话的写入须带 X-CSRF-Token；程序请使用令牌",
            "a write of a browser session carries X-CSRF-Token; programs use a token",
        ));
    }
    Ok(Caller { actor: visit.actor, app: visit.app })
}

/// Why a proof was not taken; `zh` and `en` are what was wrong too often.
fn unproven(refused: SignInRefused, zh: &str, en: &str) -> Problem {
    match refused {
        SignInRefused::Wrong | SignInRefused::WrongCode | SignInRefused::CodeNeeded(_) => nobody(),
        SignInRefused::Locked(wait) => Problem::too_many(wait, zh, en),
        SignInRefused::Busy => Problem::busy(),
        SignInRefused::Failed(error) => Problem::internal(&error),
    }
}

fn nobody() -> Problem {
    Problem::new(
        "unauthorized",
        "请以 Authorization: Bearer 令牌，或账号和密码（Basic）访问；启用双因素认证的账号只能用令牌",
        "send Authorization: Bearer TOKEN, or name and password of an account (Basic); accounts with a second factor use tokens",
    )
}
