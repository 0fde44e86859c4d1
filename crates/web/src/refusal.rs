//! What is refused, as a page in the visitor's language: what happened, and what to do.

use askama::Template;
use axum::http::StatusCode;
use axum::http::header::RETRY_AFTER;
use axum::response::{IntoResponse, Response};
use bilan_admission::Wait;
use bilan_records::catalogue::Catalogue;
use bilan_records::exchange::ExportError;
use bilan_records::figures::FigureError;
use bilan_records::ledger::{ReadError, WriteError};
use bilan_records::report::ReportError;
use bilan_records::value::beijing;
use bilan_telemetry::StoreError;
use jiff::{SignedDuration, Timestamp};

use crate::accounts::Duty;
use crate::api::problem::Problem;
use crate::service::is_disk_full;
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
    /// The account must do something else first.
    #[error("change the password, or set up the second factor, first")]
    First(Duty),
    /// Nothing of the request arrived for too long.
    #[error("the request did not arrive in time")]
    Stalled,
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
    /// No role of the account may do this with the register.
    #[error("may not {verb} {register}")]
    NoRight {
        /// What it may not do, as [`bilan_records::actor::Act::verb`] names it.
        verb: String,
        /// Key of the register.
        register: String,
    },
    /// No role of the account may see what a figure counts.
    #[error("may not see the figure {key}")]
    NoFigure {
        /// Key of the figure.
        key: String,
    },
    /// The address is there, but not for this method.
    #[error("the method is not supported here")]
    WrongMethod,
    /// A parameter of the address that nobody knows.
    #[error("there is no parameter {name}")]
    UnknownParameter {
        /// Its name, as far as it is repeated.
        name: String,
    },
    /// A parameter of the address says what it cannot be.
    #[error("the parameter {name} cannot be “{found}”")]
    WrongParameter {
        /// Its name.
        name: String,
        /// What it says, as far as it is repeated.
        found: String,
    },
    /// A parameter of the address cannot be read.
    #[error("a parameter of the address is wrong")]
    BadAddress,
    /// The form ended before it was whole, or is none.
    #[error("the form did not arrive whole")]
    Broken,
    /// The work took longer than any request may.
    #[error("the work took too long")]
    TooSlow,
    /// The request makes no sense.
    #[error("{why}")]
    Invalid {
        /// What is wrong and what to do.
        why: String,
    },
    /// A moment, a period or a day of the address that is none.
    #[error("“{found}” cannot be read")]
    Unreadable {
        /// Key of the message that says how to write it.
        message: &'static str,
        /// What was given.
        found: String,
    },
    /// The form was not made for this session, or is too old.
    #[error("the form is out of date")]
    Forged,
    /// The form of a record was made for another session; what was typed is kept.
    #[error("the form was made for another session")]
    OtherSession {
        /// Name under which it is kept.
        draft: String,
    },
    /// A parameter without which the address asks for nothing.
    #[error("the address lacks the parameter “{name}”")]
    MissingParameter {
        /// Its name.
        name: &'static str,
    },
    /// What the ledger refused, in the words of the interface.
    #[error("{}", .0.explanation(Language::English))]
    Told(Box<Problem>),
    /// More was sent than is taken.
    #[error("more than {limit_mb} MB were sent")]
    TooLarge {
        /// The limit.
        limit_mb: u64,
    },
    /// More records than a sheet of Excel holds.
    #[error("the records do not fit a sheet of Excel; export CSV or narrow the filter")]
    TooManyRows,
    /// Too often in too short a time.
    #[error("too many requests; the next one is taken at {}", .0.until)]
    TooOften(Wait),
    /// More sign in at once than can be checked; nothing was compared.
    #[error("too many sign in at the same moment")]
    Busy,
    /// A fault of the program or the machine; what it was stands in the log only.
    #[error("internal: {0}")]
    Internal(String),
}

/// After so many seconds who found no turn tries again.
pub(crate) const BUSY_S: u64 = 3;

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
            Self::SignIn { .. } | Self::First(_) => StatusCode::SEE_OTHER,
            Self::Stalled => StatusCode::REQUEST_TIMEOUT,
            Self::NotFound { .. } => StatusCode::NOT_FOUND,
            Self::Forbidden { .. }
            | Self::NoRight { .. }
            | Self::NoFigure { .. }
            | Self::Forged
            | Self::OtherSession { .. } => StatusCode::FORBIDDEN,
            Self::WrongMethod => StatusCode::METHOD_NOT_ALLOWED,
            Self::UnknownParameter { .. }
            | Self::MissingParameter { .. }
            | Self::WrongParameter { .. }
            | Self::BadAddress
            | Self::Broken => StatusCode::BAD_REQUEST,
            Self::TooSlow | Self::Busy => StatusCode::SERVICE_UNAVAILABLE,
            Self::Invalid { .. } | Self::Unreadable { .. } | Self::TooManyRows => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Told(problem) => problem.status(),
            Self::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooOften(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Internal(what) if is_disk_full(what) => StatusCode::INSUFFICIENT_STORAGE,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// Head and explanation of its page.
    pub(crate) fn told(&self, language: Language, catalogue: &Catalogue) -> (&'static str, String) {
        let plain = |title, text| (language.text(title), language.text(text).to_owned());
        let filled = |title, text, places: &[(&str, &str)]| (language.text(title), language.fill(text, places));
        match self {
            Self::SignIn { .. } => plain("shell.refusal.sign_in", "shell.refusal.sign_in_text"),
            Self::First(_) => plain("shell.refusal.first", "shell.refusal.first_text"),
            Self::Stalled => plain("shell.refusal.stalled", "shell.refusal.stalled_text"),
            Self::NotFound { what } => {
                filled("shell.refusal.not_found", "shell.refusal.not_found_text", &[("what", what)])
            }
            Self::Forbidden { what } => {
                filled("shell.refusal.forbidden", "shell.refusal.forbidden_text", &[("what", what)])
            }
            Self::NoRight { verb, register } => {
                let named =
                    catalogue.registers.get(register).map_or(register.as_str(), |known| language.label(&known.label));
                let places = [("verb", language.text(verb_message(verb))), ("register", named)];
                let what = language.fill("shell.refusal.no_right", &places);
                filled("shell.refusal.forbidden", "shell.refusal.forbidden_text", &[("what", &what)])
            }
            Self::NoFigure { key } => {
                let named = catalogue.figures.get(key).map_or(key.as_str(), |known| language.label(&known.label));
                let what = language.fill("shell.refusal.no_figure", &[("figure", named)]);
                filled("shell.refusal.forbidden", "shell.refusal.forbidden_text", &[("what", &what)])
            }
            Self::WrongMethod => plain("shell.refusal.method", "shell.refusal.method_text"),
            Self::UnknownParameter { name } => {
                filled("shell.refusal.invalid", "shell.refusal.parameter_text", &[("name", name)])
            }
            Self::WrongParameter { name, found } => {
                filled("shell.refusal.invalid", "shell.refusal.wrong_text", &[("name", name), ("found", found)])
            }
            Self::BadAddress => plain("shell.refusal.invalid", "shell.refusal.address_text"),
            Self::Broken => plain("shell.refusal.invalid", "shell.refusal.broken_text"),
            Self::TooSlow => plain("shell.refusal.slow", "shell.refusal.slow_text"),
            Self::Invalid { why } => (language.text("shell.refusal.invalid"), why.clone()),
            Self::Unreadable { message, found } => filled("shell.refusal.invalid", message, &[("found", found)]),
            Self::TooManyRows => plain("shell.refusal.invalid", "shell.refusal.too_many_rows"),
            Self::Forged => plain("shell.refusal.forged", "shell.refusal.forged_text"),
            Self::OtherSession { .. } => plain("shell.refusal.forged", "shell.refusal.other_session_text"),
            Self::MissingParameter { name } => {
                filled("shell.refusal.invalid", "shell.refusal.missing_text", &[("name", name)])
            }
            Self::Told(problem) => (problem.title(language), problem.on_page(language, catalogue)),
            Self::TooLarge { limit_mb } => {
                let limit = limit_mb.to_string();
                filled("shell.refusal.too_large", "shell.refusal.too_large_text", &[("limit", &limit)])
            }
            Self::TooOften(wait) => {
                let time = clock_time(wait.until);
                filled("shell.refusal.too_often", "shell.refusal.too_often_text", &[("time", &time)])
            }
            Self::Busy => plain("shell.refusal.busy", "shell.refusal.busy_text"),
            Self::Internal(what) if is_disk_full(what) => plain("shell.refusal.full", "shell.refusal.full_text"),
            Self::Internal(_) => plain("shell.refusal.internal", "shell.refusal.internal_text"),
        }
    }
}

/// The time on a clock in Beijing from which on something is allowed again.
pub(crate) fn clock_time(until: Timestamp) -> String {
    let rounded_up = until.saturating_add(SignedDuration::from_millis(999)).unwrap_or(until);
    beijing(rounded_up).strftime("%H:%M:%S").to_string()
}

fn verb_message(verb: &str) -> &'static str {
    match verb {
        "read" => "shell.act.read",
        "create" => "shell.act.create",
        "edit" => "shell.act.edit",
        "delete" => "shell.act.delete",
        "import" => "shell.act.import",
        "see personal data of" => "shell.act.unmask",
        "take this step on" => "shell.act.step",
        _ => "shell.act.other",
    }
}

#[derive(Template)]
#[template(path = "shell/refusal.html")]
struct RefusalPage<'r> {
    shell: Shell,
    status: u16,
    text: String,
    /// Number of the request, where the fault is ours and stands in the log.
    request: Option<&'r str>,
    /// How a resident who is sent away reaches the bureau all the same.
    otherwise: Option<String>,
    /// Address of the form with what was typed.
    typed: Option<String>,
}

impl Refusal {
    /// Says in the head of an answer when to come again.
    pub(crate) fn with_headers(&self, mut response: Response) -> Response {
        let seconds = match self {
            Self::TooOften(wait) => wait.seconds,
            Self::Busy => BUSY_S,
            _ => return response,
        };
        response.headers_mut().insert(RETRY_AFTER, seconds.into());
        response
    }

    /// The page of this refusal; `request` names the request in the log.
    pub(crate) fn page(&self, shell: Shell, catalogue: &Catalogue, telephone: &str, request: &str) -> Response {
        let (title, text) = self.told(shell.language, catalogue);
        let status = self.status();
        let request = status.is_server_error().then_some(request);
        let called = |key| shell.fill(key, &[("telephone", telephone)]);
        let is_sent_away = shell.is_public && matches!(self, Self::TooOften(_) | Self::TooSlow | Self::Internal(_));
        let otherwise = is_sent_away.then(|| called("public.refused.otherwise"));
        let typed = match self {
            Self::OtherSession { draft } => Some(format!("/resume/{draft}")),
            _ => None,
        };
        let shell = Shell { title: title.to_owned(), ..shell };
        match (RefusalPage { shell, status: status.as_u16(), text, request, otherwise, typed }).render() {
            Ok(html) => self.with_headers((status, axum::response::Html(html)).into_response()),
            Err(error) => {
                tracing::error!("the page of a refusal could not be made: {error}");
                status.into_response()
            }
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        if let Self::Internal(what) = &self {
            tracing::error!("{what}");
        }
        let mut response = self.status().into_response();
        response.extensions_mut().insert(Refused::from(self));
        response
    }
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        Self(std::sync::Arc::new(refusal))
    }
}

impl From<Wait> for Refusal {
    fn from(wait: Wait) -> Self {
        Self::TooOften(wait)
    }
}

impl From<ReadError> for Refusal {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::UnknownRegister(key) => Self::NotFound { what: key },
            ReadError::NotFound { number, .. } => Self::NotFound { what: number },
            ReadError::Forbidden { verb, register, .. } => Self::NoRight { verb, register },
            error @ (ReadError::UnknownField { .. } | ReadError::Filter(_) | ReadError::ReasonMissing(_)) => {
                Self::Told(Box::new(error.into()))
            }
            other => Self::Internal(other.to_string()),
        }
    }
}

impl From<WriteError> for Refusal {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::Database(_) => Self::Internal(error.to_string()),
            WriteError::NotFound { number, .. } => Self::NotFound { what: number },
            WriteError::Forbidden { verb, register, .. } => Self::NoRight { verb, register },
            other => Self::Told(Box::new(Problem::of_write(other, None))),
        }
    }
}

impl From<ExportError> for Refusal {
    fn from(error: ExportError) -> Self {
        match error {
            ExportError::Read(error) => error.into(),
            ExportError::TooManyRows => Self::TooManyRows,
            other => Self::Internal(other.to_string()),
        }
    }
}

impl From<FigureError> for Refusal {
    fn from(error: FigureError) -> Self {
        match error {
            FigureError::Unknown { key, .. } => Self::NotFound { what: key },
            FigureError::Forbidden { key, .. } => Self::NoFigure { key },
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

internal!(StoreError, askama::Error, std::io::Error, tokio::task::JoinError, crate::accounts::AccountsError);

#[cfg(test)]
mod tests;
