//! What is refused, as a page in the visitor's language: what happened, and what to do.

use askama::Template;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use bilan_records::exchange::ExportError;
use bilan_records::figures::FigureError;
use bilan_records::ledger::{ReadError, WriteError};
use bilan_records::report::ReportError;
use bilan_telemetry::StoreError;

use crate::shell::{Language, Messages, Shell};

/// Why a request is not answered with what it asked for.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// Nobody is signed in; the page after signing in is named.
    #[error("sign in first")]
    SignIn {
        /// Address to go on to.
        next: String,
    },
    /// There is no such thing, or none that this person may see.
    #[error("there is no {what}")]
    NotFound {
        /// What was asked for.
        what: String,
    },
    /// The account may not do this.
    #[error("{what}")]
    Forbidden {
        /// What it may not do.
        what: String,
    },
    /// The request makes no sense.
    #[error("{why}")]
    Invalid {
        /// What is wrong and what to do.
        why: String,
    },
    /// The form was not made for this session, or is too old.
    #[error("the form is out of date")]
    Forged,
    /// Somebody else changed the record meanwhile.
    #[error("{why}")]
    Conflict {
        /// What happened.
        why: String,
    },
    /// More was sent than is taken.
    #[error("more than {limit_mb} MB were sent")]
    TooLarge {
        /// The limit.
        limit_mb: u64,
    },
    /// Too often in too short a time.
    #[error("too many requests")]
    TooOften {
        /// Seconds to wait.
        wait_s: u64,
    },
    /// A fault of the program or the machine; what it was stands in the log only.
    #[error("internal: {0}")]
    Internal(String),
}

/// A refusal on its way out: the outermost layer turns it into a page when it knows the language.
#[derive(Clone)]
pub(crate) struct Refused(pub std::sync::Arc<Refusal>);

impl Refusal {
    /// There is no such thing, or none that this person may see.
    pub fn not_found(what: impl Into<String>) -> Self {
        Self::NotFound { what: what.into() }
    }

    /// The request makes no sense.
    pub fn invalid(why: impl Into<String>) -> Self {
        Self::Invalid { why: why.into() }
    }

    /// Status of the answer.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self {
            Self::SignIn { .. } => StatusCode::SEE_OTHER,
            Self::NotFound { .. } => StatusCode::NOT_FOUND,
            Self::Forbidden { .. } | Self::Forged => StatusCode::FORBIDDEN,
            Self::Invalid { .. } => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Conflict { .. } => StatusCode::CONFLICT,
            Self::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooOften { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// Head and explanation of its page.
    pub(crate) fn told(&self, language: Language) -> (&'static str, String) {
        let (title, text) = match self {
            Self::SignIn { .. } => ("shell.refusal.sign_in", language.text("shell.refusal.sign_in_text").to_owned()),
            Self::NotFound { what } => {
                ("shell.refusal.not_found", language.fill("shell.refusal.not_found_text", &[("what", what)]))
            }
            Self::Forbidden { what } => {
                ("shell.refusal.forbidden", language.fill("shell.refusal.forbidden_text", &[("what", what)]))
            }
            Self::Invalid { why } => ("shell.refusal.invalid", why.clone()),
            Self::Forged => ("shell.refusal.forged", language.text("shell.refusal.forged_text").to_owned()),
            Self::Conflict { why } => ("shell.refusal.conflict", why.clone()),
            Self::TooLarge { limit_mb } => (
                "shell.refusal.too_large",
                language.fill("shell.refusal.too_large_text", &[("limit", &limit_mb.to_string())]),
            ),
            Self::TooOften { wait_s } => (
                "shell.refusal.too_often",
                language.fill("shell.refusal.too_often_text", &[("seconds", &wait_s.to_string())]),
            ),
            Self::Internal(_) => ("shell.refusal.internal", language.text("shell.refusal.internal_text").to_owned()),
        };
        (language.text(title), text)
    }
}

#[derive(Template)]
#[template(path = "shell/refusal.html")]
struct RefusalPage {
    shell: Shell,
    status: u16,
    text: String,
}

impl Refusal {
    /// The page of this refusal.
    pub(crate) fn page(&self, language: Language, demo: bool) -> Response {
        if let Self::SignIn { next } = self {
            return Redirect::to(&format!("/sign-in?next={}", crate::visit::encoded(next))).into_response();
        }
        let (title, text) = self.told(language);
        let page = RefusalPage { shell: Shell::bare(title, language, demo), status: self.status().as_u16(), text };
        match page.render() {
            Ok(html) => (self.status(), axum::response::Html(html)).into_response(),
            Err(error) => {
                tracing::error!("the page of a refusal could not be made: {error}");
                self.status().into_response()
            }
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        if let Self::Internal(what) = &self {
            tracing::error!("{what}");
        }
        let status = self.status();
        let mut response = status.into_response();
        response.extensions_mut().insert(Refused(std::sync::Arc::new(self)));
        response
    }
}

impl From<ReadError> for Refusal {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::UnknownRegister(key) => Self::NotFound { what: key },
            ReadError::NotFound { number, .. } => Self::NotFound { what: number },
            ReadError::UnknownField { field, .. } => Self::NotFound { what: field },
            ReadError::Forbidden { .. } => Self::Forbidden { what: error.to_string() },
            ReadError::Filter(_) | ReadError::ReasonMissing(_) => Self::Invalid { why: error.to_string() },
            other => Self::Internal(other.to_string()),
        }
    }
}

impl From<WriteError> for Refusal {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::Database(_) => Self::Internal(error.to_string()),
            WriteError::NotFound { number, .. } => Self::NotFound { what: number },
            WriteError::Forbidden { .. } => Self::Forbidden { what: error.to_string() },
            WriteError::Stale { .. } | WriteError::KeyReused { .. } => Self::Conflict { why: error.to_string() },
            other => Self::Invalid { why: other.to_string() },
        }
    }
}

impl From<FigureError> for Refusal {
    fn from(error: FigureError) -> Self {
        match error {
            FigureError::Unknown { key, .. } => Self::NotFound { what: key },
            FigureError::Forbidden { .. } => Self::Forbidden { what: error.to_string() },
            FigureError::Read(error) => error.into(),
            other => Self::Internal(other.to_string()),
        }
    }
}

impl From<ReportError> for Refusal {
    fn from(error: ReportError) -> Self {
        match error {
            ReportError::Unknown { key, .. } => Self::NotFound { what: key },
            ReportError::Figure(error) => error.into(),
            ReportError::Read(error) => error.into(),
            other => Self::Internal(other.to_string()),
        }
    }
}

macro_rules! internal {
    ($($error:ty),+) => {$(
        impl From<$error> for Refusal {
            fn from(error: $error) -> Self {
                Self::Internal(error.to_string())
            }
        }
    )+};
}

internal!(
    StoreError,
    ExportError,
    askama::Error,
    std::io::Error,
    tokio::task::JoinError,
    crate::accounts::AccountsError
);
