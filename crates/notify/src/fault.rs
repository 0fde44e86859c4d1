//! Why a message did not arrive: a kind with its facts, which a page words in the language of its reader.

use serde::{Deserialize, Serialize};

use crate::SubscriptionFault;

/// Why a message did not arrive. What other programs said of it goes to the log alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "fault", rename_all = "snake_case")]
pub enum SendFault {
    /// The way is not in the configuration any more.
    #[error("there is no e-mail in the configuration any more")]
    NoEmail,
    /// The webhook is not in the configuration any more.
    #[error("this webhook is not in the configuration any more")]
    NoWebhook,
    /// A sender or receiver that is no mailbox.
    #[error("“{text}” is no mailbox")]
    NotAMailbox {
        /// What stands there.
        text: String,
    },
    /// The letter could not be written.
    #[error("the letter could not be written")]
    Unwritable,
    /// The configured address is not that of a mail server.
    #[error("the server of [notify.email] is no address of a mail server")]
    NotAMailServer,
    /// The mail server could not be spoken with, or did not take the letter.
    #[error("the mail server did not take it{}", .code.map(|code| format!(" (code {code})")).unwrap_or_default())]
    Mail {
        /// Code of its answer (RFC 5321), if it answered.
        code: Option<u16>,
    },
    /// A robot did not take it.
    #[error("the robot answered {code}: {said}")]
    Robot {
        /// Its code.
        code: i64,
        /// Its words.
        said: String,
    },
    /// A robot did not answer as robots do.
    #[error("the robot's answer has no errcode")]
    NoErrcode,
    /// The browser has unsubscribed.
    #[error("the browser has unsubscribed")]
    Unsubscribed,
    /// The push service no longer knows the browser.
    #[error("the browser's push service no longer knows it")]
    Forgotten,
    /// A push service that is not called from here.
    #[error("“{host}” is no push service that is known here: an administrator can add it to [notify.push] hosts")]
    UnknownService {
        /// Its host.
        host: String,
    },
    /// The keys of the subscription cannot be.
    #[error("the keys of the subscription are none: subscribe again")]
    BadKeys,
    /// No answer within the time that is waited.
    #[error("no answer in time")]
    Timeout,
    /// Nobody knows the host.
    #[error("the host is not known")]
    UnknownHost,
    /// The address is none.
    #[error("the address is none")]
    BadAddress,
    /// The receiver could not be reached.
    #[error("not reached")]
    Unreachable,
    /// The receiver answered that it does not take it.
    #[error("answered with status {status}")]
    Status {
        /// Status of HTTP.
        status: u16,
    },
    /// What was put in cannot be read.
    #[error("the notice cannot be read: {why}")]
    Unreadable {
        /// What the reader met, for who looks into the file.
        why: String,
    },
    /// The outbox failed while it was sent.
    #[error("the outbox failed")]
    Outbox,
    /// An older file holds a sentence that this version does not know.
    #[error("it did not arrive")]
    Other,
}

impl SendFault {
    /// As it stands in the outbox.
    pub(crate) fn stored(&self) -> String {
        // Names, numbers and texts: there is nothing in it that JSON cannot hold.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// From the outbox; older files hold an English sentence.
    pub(crate) fn read(stored: &str) -> Self {
        serde_json::from_str(stored).unwrap_or_else(|_| Self::of_sentence(stored))
    }

    fn of_sentence(sentence: &str) -> Self {
        let status = |text: &str| text.parse().ok().map(|status| Self::Status { status });
        let quoted = |text: &str| text.strip_prefix('“')?.split_once('”').map(|(quoted, _)| quoted.to_owned());
        let robot = |text: &str| {
            let (code, said) = text.split_once(": ")?;
            Some(Self::Robot { code: code.parse().ok()?, said: said.to_owned() })
        };
        let with_facts = (sentence.strip_prefix("answered with status ").and_then(status))
            .or_else(|| sentence.strip_prefix("refused with status ").and_then(status))
            .or_else(|| sentence.strip_prefix("the robot answered ").and_then(robot));
        let plain = [
            Self::NoEmail,
            Self::NoWebhook,
            Self::NotAMailServer,
            Self::NoErrcode,
            Self::Unsubscribed,
            Self::Forgotten,
            Self::BadKeys,
            Self::Timeout,
            Self::UnknownHost,
            Self::BadAddress,
        ];
        let plain = || plain.into_iter().find(|fault| fault.to_string() == sentence);
        let named = || match (quoted(sentence), sentence) {
            (Some(text), sentence) if sentence.contains("is no mailbox") => Some(Self::NotAMailbox { text }),
            (Some(host), sentence) if sentence.contains("is no push service") => Some(Self::UnknownService { host }),
            (None, sentence) if sentence.starts_with("not reached") => Some(Self::Unreachable),
            _ => None,
        };
        with_facts.or_else(plain).or_else(named).unwrap_or(Self::Other)
    }
}

impl From<SubscriptionFault> for SendFault {
    fn from(fault: SubscriptionFault) -> Self {
        match fault {
            SubscriptionFault::UnknownService(host) => Self::UnknownService { host },
            SubscriptionFault::BadKeys => Self::BadKeys,
        }
    }
}

/// A message that was not sent.
#[derive(Debug, thiserror::Error)]
#[error("{fault}{}", .detail.as_ref().map(|detail| format!(": {detail}")).unwrap_or_default())]
pub struct NotSent {
    /// Why.
    pub fault: SendFault,
    /// It never will arrive; otherwise it may later.
    pub for_good: bool,
    /// What other programs said of it, for the log.
    detail: Option<String>,
}

impl NotSent {
    /// It may arrive later.
    pub(crate) fn later(fault: SendFault) -> Self {
        Self { fault, for_good: false, detail: None }
    }

    /// It never will arrive.
    pub(crate) fn never(fault: impl Into<SendFault>) -> Self {
        Self { fault: fault.into(), for_good: true, detail: None }
    }

    /// With what another program said.
    pub(crate) fn because(self, detail: impl std::fmt::Display) -> Self {
        Self { detail: Some(detail.to_string()), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use test_case::test_case;

    #[test_case("answered with status 503" => SendFault::Status { status: 503 })]
    #[test_case("refused with status 404" => SendFault::Status { status: 404 })]
    #[test_case("the robot answered 45009: too many: slow down" => SendFault::Robot { code: 45009, said: "too many: slow down".into() })]
    #[test_case("“nobody” is no mailbox: Missing domain or user" => SendFault::NotAMailbox { text: "nobody".into() })]
    #[test_case("“push.example” is no push service that is known here: an administrator can add it to [notify.push] hosts" => SendFault::UnknownService { host: "push.example".into() })]
    #[test_case("no answer in time" => SendFault::Timeout)]
    #[test_case("not reached: " => SendFault::Unreachable)]
    #[test_case("Connection refused (os error 111)" => SendFault::Other)]
    fn a_sentence_that_an_earlier_version_stored_is_known_again(sentence: &str) -> SendFault {
        SendFault::read(sentence)
    }

    #[test]
    fn what_is_stored_is_read_as_it_was() {
        for fault in [
            SendFault::Mail { code: Some(550) },
            SendFault::Robot { code: -1, said: "系统繁忙".into() },
            SendFault::NotAMailbox { text: "\"".into() },
            SendFault::Unreachable,
        ] {
            assert_eq!(SendFault::read(&fault.stored()), fault);
        }
    }
}
