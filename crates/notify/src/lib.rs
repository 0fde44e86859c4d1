//! Who is called when a warning opens (通知): by the browser's push, by e-mail, by the robots of WeCom and DingTalk, by any address that takes JSON.
//!
//! - [`Notice`] is what there is to say; [`message`] writes it in the words of each way (pure).
//! - [`Outbox`] keeps every message until it has arrived, in a SQLite file of its own: a notice that was put in is sent, however often the program stops.
//!   The same notice goes to the same place once.
//! - [`dispatch`] sends what is due, and tries again with growing pauses for a day.
//!
//! Times come from the caller: nothing here reads a clock.

mod dispatch;
mod fault;
pub mod message;
mod notice;
mod outbox;
mod push;
mod send;
mod settings;

pub use dispatch::dispatch;
pub use fault::{NotSent, SendFault};
pub use notice::{Grade, Notice, Occasion};
pub use outbox::{MIGRATIONS, Message, Outbox, OutboxError, Way};
pub use push::{PushKey, PushKeyError, Subscription, SubscriptionFault};
pub use send::Sender;
pub use settings::{EmailSettings, NotifySettings, PushSettings, Webhook, WebhookKind};
