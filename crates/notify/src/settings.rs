//! Whom to call, and how: the part `[notify]` of the configuration.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Grade;

/// Ways of calling people. Without any, notices are only on the pages.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct NotifySettings {
    /// E-mail.
    pub email: Option<EmailSettings>,
    /// Robots and other addresses that take JSON.
    pub webhooks: Vec<Webhook>,
    /// Push to browsers.
    pub push: PushSettings,
}

/// E-mail through one server.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EmailSettings {
    /// Server, such as `smtps://user:password@mail.example.cn` (TLS), `smtp://user:password@mail.example.cn:587?tls=required` (STARTTLS) or `smtp://127.0.0.1:25`.
    #[schemars(extend("secret" = true))]
    pub server: String,
    /// Sender, such as `碧蓝 <bilan@example.cn>`.
    pub from: String,
    /// Who gets it.
    pub to: Vec<String>,
    /// From which grade on.
    #[serde(default = "warning")]
    pub grade: Grade,
}

// The password stands in the address of the server.
impl std::fmt::Debug for EmailSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EmailSettings").field("from", &self.from).field("to", &self.to).finish_non_exhaustive()
    }
}

/// What an address takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WebhookKind {
    /// A robot of WeCom (企业微信群机器人).
    Wecom,
    /// A robot of DingTalk (钉钉群机器人); `secret` where it asks for signatures (加签).
    Dingtalk,
    /// The notice as JSON; with a `secret`, the header `X-Bilan-Signature` holds `sha256=` and the HMAC-SHA256 of the body in hex.
    Generic,
}

/// An address to which notices are posted.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Webhook {
    /// What it is called on the page of notices.
    pub name: String,
    /// What it takes.
    pub kind: WebhookKind,
    /// Address. It is a secret: whoever knows it can post.
    #[schemars(extend("secret" = true))]
    pub url: String,
    /// Secret for signatures.
    #[schemars(extend("secret" = true))]
    pub secret: Option<String>,
    /// From which grade on.
    #[serde(default = "warning")]
    pub grade: Grade,
}

impl std::fmt::Debug for Webhook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Webhook").field("name", &self.name).field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// Push to browsers (RFC 8030).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PushSettings {
    /// Whom a push service may write to when something is wrong: `mailto:…`.
    pub contact: String,
    /// Hosts of push services besides those of the browsers' makers. A browser names its service itself: nothing is sent to any other host. `push.example.cn` is called
    /// over HTTPS on port 443; another port is named with the host, such as `push.example.cn:8443`.
    pub hosts: Vec<String>,
    /// From which grade on.
    pub grade: Grade,
}

impl Default for PushSettings {
    fn default() -> Self {
        Self { contact: "mailto:bilan@localhost".to_owned(), hosts: Vec::new(), grade: Grade::Warning }
    }
}

const fn warning() -> Grade {
    Grade::Warning
}
