//! What of a text may be published (脱敏): telephone and identity numbers never, names and accounts only after a person has looked.
//!
//! A text that people typed may hold the personal data of others although no field of it is personal: a subject with
//! the number of the caller, a reply that begins with a name. [`redact`] takes the numbers out whatever they are
//! written like; [`names`] finds what looks like the name of a private person, which no program can decide, and
//! [`accounts`] what looks like a bank card or an account of QQ or WeChat, so that a text with one waits for a person's eye ([`Ledger::release`](crate::ledger::Ledger::release)).

mod accounts;
mod digits;
mod names;
mod numbers;

pub use accounts::accounts;
pub use names::names;
pub use numbers::numbers;

/// Stands in a published text where a number was.
pub const MARK: &str = "〔号码已隐去〕";

/// The text with every telephone and identity number replaced by [`MARK`].
#[must_use]
pub fn redact(text: &str) -> String {
    let mut redacted = String::with_capacity(text.len());
    let mut end = 0;
    for number in numbers(text) {
        redacted.push_str(&text[end..number.start]);
        redacted.push_str(MARK);
        end = number.end;
    }
    redacted.push_str(&text[end..]);
    redacted
}
