//! Sending one message. Blocking: to be called where waiting is allowed.

use std::time::Duration;

use jiff::Timestamp;
use lettre::message::{Mailbox, header::ContentType};
use lettre::{SmtpTransport, Transport as _};
use serde_json::Value;

use crate::push::KEPT;
use crate::{EmailSettings, Message, NotifySettings, Outbox, PushKey, Way, Webhook, WebhookKind, message};

/// A receiver that does not answer for so long is tried again later.
const PATIENCE: Duration = Duration::from_secs(15);

/// Why a message did not arrive.
#[derive(Debug, thiserror::Error)]
pub enum SendFault {
    /// It may arrive later.
    #[error("{0}")]
    Later(String),
    /// It never will.
    #[error("{0}")]
    Never(String),
}

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
    pub fn send(&self, outbox: &Outbox, message: &Message, now: Timestamp) -> Result<(), SendFault> {
        match message.way {
            Way::Email => match &self.settings.email {
                Some(email) => self.email(email, message),
                None => Err(SendFault::Never("there is no e-mail in the configuration any more".to_owned())),
            },
            Way::Webhook => match self.settings.webhooks.iter().find(|hook| hook.name == message.target) {
                Some(hook) => self.webhook(hook, message, now),
                None => Err(SendFault::Never("this webhook is not in the configuration any more".to_owned())),
            },
            Way::Push => self.push(outbox, message, now),
        }
    }

    fn email(&self, email: &EmailSettings, message: &Message) -> Result<(), SendFault> {
        let mailbox = |text: &str| -> Result<Mailbox, SendFault> {
            text.parse().map_err(|fault| SendFault::Never(format!("“{text}” is no mailbox: {fault}")))
        };
        let mail = lettre::Message::builder()
            .from(mailbox(&email.from)?)
            .to(mailbox(&message.target)?)
            .subject(message.notice.headline())
            .header(ContentType::TEXT_PLAIN)
            .body(message::email(&message.notice))
            .map_err(|fault| SendFault::Never(fault.to_string()))?;
        let server = SmtpTransport::from_url(&email.server)
            .map_err(|_| SendFault::Never("the server of [notify.email] is no address of a mail server".to_owned()))?
            .timeout(Some(PATIENCE))
            .build();
        match server.send(&mail) {
            Ok(_) => Ok(()),
            Err(fault) if fault.is_permanent() => Err(SendFault::Never(fault.to_string())),
            Err(fault) => Err(SendFault::Later(fault.to_string())),
        }
    }

    fn webhook(&self, hook: &Webhook, message: &Message, now: Timestamp) -> Result<(), SendFault> {
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
                let told = said.get("errmsg").and_then(Value::as_str).unwrap_or_default();
                Err(SendFault::Later(format!("the robot answered {code}: {told}")))
            }
            None => Err(SendFault::Later("the robot's answer has no errcode".to_owned())),
        }
    }

    fn push(&self, outbox: &Outbox, message: &Message, now: Timestamp) -> Result<(), SendFault> {
        let known = outbox.subscription(&message.target).map_err(|fault| SendFault::Later(fault.to_string()))?;
        let Some(subscription) = known else {
            return Err(SendFault::Never("the browser has unsubscribed".to_owned()));
        };
        let never = |fault: crate::SubscriptionFault| SendFault::Never(fault.to_string());
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
            outbox.unsubscribe(None, &message.target).map_err(|fault| SendFault::Later(fault.to_string()))?;
            return Err(SendFault::Never("the browser's push service no longer knows it".to_owned()));
        }
        judged(status)
    }
}

/// The address of a webhook is a secret: what is told of a failure does not hold it.
fn unreached(fault: &ureq::Error) -> SendFault {
    SendFault::Later(match fault {
        ureq::Error::Timeout(_) => "no answer in time".to_owned(),
        ureq::Error::HostNotFound => "the host is not known".to_owned(),
        ureq::Error::Io(error) => error.to_string(),
        ureq::Error::BadUri(_) => "the address is none".to_owned(),
        other => format!("not reached: {}", other.to_string().split("http").next().unwrap_or_default()),
    })
}

fn judged(status: u16) -> Result<(), SendFault> {
    match status {
        200..=299 => Ok(()),
        408 | 425 | 429 | 500.. => Err(SendFault::Later(format!("answered with status {status}"))),
        _ => Err(SendFault::Never(format!("refused with status {status}"))),
    }
}
