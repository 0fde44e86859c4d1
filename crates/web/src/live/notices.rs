//! Notices (通知): which were sent, which did not arrive; and this browser's wish to be told.

use std::sync::Arc;

use askama::Template;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use bilan_notify::{Message, Outbox, OutboxError, SendFault, Subscription, SubscriptionFault, Way};
use bilan_records::catalogue::Role;
use jiff::Timestamp;
use serde_json::json;

use super::view::Moment;
use crate::refusal::Refusal;
use crate::shell::{Language, Messages, Shell};
use crate::state::AppState;
use crate::submission::Submission;
use crate::visit::Visit;
use crate::waiting;

/// Messages shown.
const SHOWN: u32 = 200;

/// What the pages know of the ways in which people are called.
#[derive(Clone)]
pub struct Notices {
    /// Messages and subscriptions.
    pub outbox: Arc<Outbox>,
    /// Public key that browsers subscribe with.
    pub public_key: String,
    /// Hosts of push services besides those of the browsers' makers.
    pub push_hosts: Vec<String>,
}

/// A message in the list.
struct MessageRow {
    put: Moment,
    way: &'static str,
    target: String,
    headline: String,
    link: String,
    state: &'static str,
    badge: &'static str,
    tries: u32,
    fault: Option<String>,
}

#[derive(Template)]
#[template(path = "live/notices.html")]
struct NoticesPage {
    shell: Shell,
    rows: Vec<MessageRow>,
    waiting: usize,
    given_up: usize,
}

/// `/notices`
pub(super) async fn list(visit: Visit) -> Result<Response, Refusal> {
    let title = visit.text("live.notices.title");
    if ![Role::Admin, Role::Auditor, Role::Head, Role::Duty].iter().any(|role| visit.is(*role)) {
        return Err(Refusal::Forbidden { what: title.to_owned() });
    }
    let messages = match visit.app.notices.clone() {
        Some(notices) => asked(move || notices.outbox.newest(SHOWN)).await?,
        None => Vec::new(),
    };
    let now = visit.app.ledger.now();
    let count = |settled: fn(&Message) -> bool| messages.iter().filter(|message| settled(message)).count();
    let page = NoticesPage {
        shell: visit.shell(title),
        waiting: count(|message| message.next_at.is_some()),
        given_up: count(|message| message.next_at.is_none() && message.sent_at.is_none()),
        rows: messages.into_iter().map(|message| row(message, now, visit.language)).collect(),
    };
    crate::render::page(&page)
}

fn row(message: Message, now: Timestamp, language: Language) -> MessageRow {
    let (state, badge) = match (message.sent_at, message.next_at) {
        (Some(_), _) => ("live.notices.sent", "badge-good"),
        (None, Some(_)) => ("live.notices.waiting", "badge-warn"),
        (None, None) => ("live.notices.given_up", "badge-bad"),
    };
    // An endpoint is as good as a password for the browser's notices: its host is enough to be told.
    let target = match message.way {
        Way::Push => message.target.split('/').nth(2).unwrap_or_default().to_owned(),
        Way::Email | Way::Webhook => message.target,
    };
    MessageRow {
        put: Moment::of(message.put_at, now, language),
        way: language.text(&format!("live.notices.way.{}", message.way.name())),
        target,
        headline: message.notice.headline(),
        link: message.notice.link.find("/records/").map_or_else(String::new, |at| message.notice.link[at..].to_owned()),
        state: language.text(state),
        badge,
        tries: message.tries,
        fault: message.fault.map(|fault| send_fault(&fault, language)),
    }
}

/// `/notices/key`: the public key that a browser subscribes with; none where nobody is called.
pub(super) async fn key(visit: Visit) -> Response {
    match &visit.app.notices {
        Some(notices) => Json(json!({ "key": notices.public_key })).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// `POST /notices/subscription`: this browser wants to be told of warnings that its account may see.
pub(super) async fn subscribe(visit: Visit, submission: Submission) -> Result<Response, Refusal> {
    let notices = wanted(&visit.app)?;
    let text = |name: &str| submission.filled(name).unwrap_or_default().to_owned();
    let subscription = Subscription { endpoint: text("endpoint"), p256dh: text("p256dh"), auth: text("auth") };
    if let Err(fault) = subscription.check(&notices.push_hosts) {
        tracing::info!(account = %visit.actor.name, "a subscription was not taken: {fault}");
        return Ok((
            StatusCode::UNPROCESSABLE_ENTITY,
            Json(json!({ "detail": subscription_fault(&fault, visit.language) })),
        )
            .into_response());
    }
    let (account, now) = (visit.actor.name.clone(), visit.app.ledger.now());
    asked(move || notices.outbox.subscribe(&account, &subscription, now)).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Why a browser cannot be called, in the visitor's language.
pub(crate) fn subscription_fault(fault: &SubscriptionFault, language: Language) -> String {
    match fault {
        SubscriptionFault::UnknownService(service) => {
            language.fill("live.notices.unknown_service", &[("service", service)])
        }
        SubscriptionFault::BadKeys => language.text("live.notices.bad_keys").to_owned(),
    }
}

/// Why a message did not arrive, in the reader's language.
pub(crate) fn send_fault(fault: &SendFault, language: Language) -> String {
    let filled = |key, places: &[(&str, &str)]| language.fill(key, places);
    let key = match fault {
        SendFault::NotAMailbox { text } => return filled("live.notices.fault.mailbox", &[("text", text)]),
        SendFault::Mail { code: Some(code) } => {
            return filled("live.notices.fault.mail_code", &[("code", &code.to_string())]);
        }
        SendFault::Robot { code, said } => {
            return filled("live.notices.fault.robot", &[("code", &code.to_string()), ("said", said)]);
        }
        SendFault::UnknownService { host } => return filled("live.notices.unknown_service", &[("service", host)]),
        SendFault::Status { status } => {
            return filled("live.notices.fault.status", &[("status", &status.to_string())]);
        }
        SendFault::NoEmail => "live.notices.fault.no_email",
        SendFault::NoWebhook => "live.notices.fault.no_webhook",
        SendFault::Unwritable => "live.notices.fault.unwritable",
        SendFault::NotAMailServer => "live.notices.fault.server",
        SendFault::Mail { code: None } => "live.notices.fault.mail",
        SendFault::NoErrcode => "live.notices.fault.no_errcode",
        SendFault::Unsubscribed => "live.notices.fault.unsubscribed",
        SendFault::Forgotten => "live.notices.fault.forgotten",
        SendFault::BadKeys => "live.notices.bad_keys",
        SendFault::Timeout => "live.notices.fault.timeout",
        SendFault::UnknownHost => "live.notices.fault.host",
        SendFault::BadAddress => "live.notices.fault.address",
        SendFault::Unreachable => "live.notices.fault.unreachable",
        SendFault::Unreadable { .. } => "live.notices.fault.unreadable",
        SendFault::Outbox => "live.notices.fault.outbox",
        SendFault::Other => "live.notices.fault.other",
    };
    language.text(key).to_owned()
}

/// `POST /notices/subscription/end`: this browser wants to be left alone.
pub(super) async fn unsubscribe(
    State(app): State<AppState>,
    visit: Visit,
    submission: Submission,
) -> Result<Response, Refusal> {
    let notices = wanted(&app)?;
    let endpoint = submission.filled("endpoint").unwrap_or_default().to_owned();
    let account = visit.actor.name.clone();
    asked(move || notices.outbox.unsubscribe(Some(&account), &endpoint)).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

fn wanted(app: &AppState) -> Result<Notices, Refusal> {
    app.notices.clone().ok_or_else(|| Refusal::NotFound { what: "/notices".to_owned() })
}

async fn asked<T: Send + 'static>(ask: impl FnOnce() -> Result<T, OutboxError> + Send + 'static) -> Result<T, Refusal> {
    waiting::to_the_end(ask).await?.map_err(|fault| Refusal::Internal(fault.to_string()))
}
