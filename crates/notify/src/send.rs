//! Sending one message. Blocking: to be called where waiting is allowed.

use std::time::Duration;

use jiff::Timestamp;
use lettre::message::{Mailbox, header::ContentType};
use lettre::{SmtpTransport, Transport as _};
use serde_json::Value;

use crate::push::KEPT;
use crate::{
    EmailSettings, Message, NotSent, NotifySettings, Outbox, OutboxError, PushKey, SendFault, Way, Webhook,
    WebhookKind, message,
};

/// A receiver that does not answer for so long is tried again later.
const PATIENCE: Duration = Duration::from_secs(15);
/// Characters of a robot's answer that are kept.
const WORDS: usize = 200;

/// Sends messages by the ways of the configuration.
pub struct Sender {
    settings: NotifySettings,
    key: PushKey,
    agent: ureq::Agent,
}

impl Sender {
    /// By these ways.
    #[must_use]
    pub fn new(settings: NotifySettings, key: PushKey) -> Sender {
        let agent = ureq::Agent::config_builder()
            .timeout_global(Some(PATIENCE))
            .http_status_as_error(false)
            // A receiver that sends us elsewhere could send us anywhere.
            .max_redirects(0)
            .build()
            .into();
        Sender { settings, key, agent }
    }

    /// What the ways are.
    #[must_use]
    pub fn settings(&self) -> &NotifySettings {
        &self.settings
    }

    /// The public key that browsers subscribe with.
    #[must_use]
    pub fn public_key(&self) -> String {
        self.key.public()
    }

    /// Where a notice of this grade goes by the configuration: mailboxes and webhooks. Browsers are chosen by who subscribed.
    #[must_use]
    pub fn places(&self, grade: crate::Grade) -> Vec<(Way, String)> {
        let email = self.settings.email.iter().filter(|email| email.grade <= grade);
        let mailboxes = email.flat_map(|email| email.to.iter().map(|to| (Way::Email, to.clone())));
        let hooks = self.settings.webhooks.iter().filter(|hook| hook.grade <= grade);
        mailboxes.chain(hooks.map(|hook| (Way::Webhook, hook.name.clone()))).collect()
    }

    /// Sends a message. A subscription that its service no longer knows is taken out of the outbox.
    ///
    /// # Errors
    /// Why it did not arrive.
    pub fn send(&self, outbox: &Outbox, message: &Message, now: Timestamp) -> Result<(), NotSent> {
        match message.way {
            Way::Email => match &self.settings.email {
                Some(email) => self.email(email, message),
                None => Err(NotSent::never(SendFault::NoEmail)),
            },
            Way::Webhook => match self.settings.webhooks.iter().find(|hook| hook.name == message.target) {
                Some(hook) => self.webhook(hook, message, now),
                None => Err(NotSent::never(SendFault::NoWebhook)),
            },
            Way::Push => self.push(outbox, message, now),
        }
    }

    fn email(&self, email: &EmailSettings, message: &Message) -> Result<(), NotSent> {
        let mailbox = |text: &str| -> Result<Mailbox, NotSent> {
            let not_one = |fault| NotSent::never(SendFault::NotAMailbox { text: text.to_owned() }).because(fault);
            text.parse().map_err(|fault: lettre::address::AddressError| not_one(fault))
        };
        let mail = lettre::Message::builder()
            .from(mailbox(&email.from)?)
            .to(mailbox(&message.target)?)
            .subject(message.notice.headline())
            .header(ContentType::TEXT_PLAIN)
            .body(message::email(&message.notice))
            .map_err(|fault| NotSent::never(SendFault::Unwritable).because(fault))?;
        let server = SmtpTransport::from_url(&email.server)
            .map_err(|_| NotSent::never(SendFault::NotAMailServer))?
            .timeout(Some(PATIENCE))
            .build();
        server.send(&mail).map(drop).map_err(|error| {
            let fault = SendFault::Mail { code: error.status().map(u16::from) };
            if error.is_permanent() { NotSent::never(fault) } else { NotSent::later(fault) }.because(error)
        })
    }

    fn webhook(&self, hook: &Webhook, message: &Message, now: Timestamp) -> Result<(), NotSent> {
        let notice = &message.notice;
        let (body, mut url) = match hook.kind {
            WebhookKind::Wecom => (message::wecom(notice), hook.url.clone()),
            WebhookKind::Dingtalk => (message::dingtalk(notice), hook.url.clone()),
            WebhookKind::Generic => (message::generic(notice), hook.url.clone()),
        };
        let body = body.to_string();
        if let (WebhookKind::Dingtalk, Some(secret)) = (hook.kind, &hook.secret) {
            let mark = if url.contains('?') { '&' } else { '?' };
            url = format!("{url}{mark}{}", message::dingtalk_signature(secret, now));
        }
        let mut request = self.agent.post(&url).header("Content-Type", "application/json; charset=utf-8");
        if let (WebhookKind::Generic, Some(secret)) = (hook.kind, &hook.secret) {
            request = request.header("X-Bilan-Signature", message::body_signature(secret, body.as_bytes()));
        }
        let mut answer = request.send(body.as_bytes()).map_err(|fault| unreached(&fault))?;
        judged(answer.status().as_u16())?;
        if hook.kind == WebhookKind::Generic {
            return Ok(());
        }
        // Robots answer 200 and say in the body whether they took it.
        let text = answer.body_mut().with_config().limit(64 * 1024).read_to_string().unwrap_or_default();
        let said: Value = serde_json::from_str(&text).unwrap_or_default();
        match said.get("errcode").and_then(Value::as_i64) {
            Some(0) => Ok(()),
            Some(code) => {
                let words = said.get("errmsg").and_then(Value::as_str).unwrap_or_default();
                Err(NotSent::later(SendFault::Robot { code, said: words.chars().take(WORDS).collect() }))
            }
            None => Err(NotSent::later(SendFault::NoErrcode)),
        }
    }

    fn push(&self, outbox: &Outbox, message: &Message, now: Timestamp) -> Result<(), NotSent> {
        let failed = |error: OutboxError| NotSent::later(SendFault::Outbox).because(error);
        let known = outbox.subscription(&message.target).map_err(failed)?;
        let Some(subscription) = known else {
            return Err(NotSent::never(SendFault::Unsubscribed));
        };
        let never = |fault: crate::SubscriptionFault| NotSent::never(fault);
        subscription.check(&self.settings.push.hosts).map_err(never)?;
        let body = subscription.encrypt(message::push(&message.notice).to_string().as_bytes()).map_err(never)?;
        let signed = self.key.authorization(&subscription.endpoint, &self.settings.push.contact, now);
        let urgency = if message.notice.grade == crate::Grade::Alarm { "high" } else { "normal" };
        let answer = self
            .agent
            .post(&subscription.endpoint)
            .header("TTL", KEPT.as_secs().to_string())
            .header("Urgency", urgency)
            .header("Content-Encoding", "aes128gcm")
            .header("Content-Type", "application/octet-stream")
            .header("Authorization", signed)
            .send(&body)
            .map_err(|fault| unreached(&fault))?;
        let status = answer.status().as_u16();
        // RFC 8030, clause 7.3: the subscription is gone.
        if matches!(status, 404 | 410) {
            outbox.unsubscribe(None, &message.target).map_err(failed)?;
            return Err(NotSent::never(SendFault::Forgotten));
        }
        judged(status)
    }
}

/// The address of a webhook is a secret: what is told of a failure does not hold it.
fn unreached(error: &ureq::Error) -> NotSent {
    match error {
        ureq::Error::Timeout(_) => NotSent::later(SendFault::Timeout),
        ureq::Error::HostNotFound => NotSent::later(SendFault::UnknownHost),
        ureq::Error::BadUri(_) => NotSent::later(SendFault::BadAddress),
        ureq::Error::Io(error) => NotSent::later(SendFault::Unreachable).because(error),
        other => {
            let words = other.to_string();
            NotSent::later(SendFault::Unreachable).because(words.split("http").next().unwrap_or_default())
        }
    }
}

fn judged(status: u16) -> Result<(), NotSent> {
    match status {
        200..=299 => Ok(()),
        408 | 425 | 429 | 500.. => Err(NotSent::later(SendFault::Status { status })),
        _ => Err(NotSent::never(SendFault::Status { status })),
    }
}
