//! What an act left to say (回执), at an address of its own: after a form was sent the browser is led there, so that Back
//! and reload send nothing again. Kept in memory, for the session that sent the form.

use jiff::SignedDuration;

use crate::kept::{Bounds, Keep, Kept};
use crate::visit::Visit;

/// What is said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Receipt {
    /// A new token of the account, in plain text.
    Token(String),
    /// All tokens of the account were taken back.
    TokensRevoked,
    /// The journal was checked.
    Verified {
        /// It is whole.
        is_whole: bool,
        /// What was found.
        said: String,
    },
    /// A file was entered: records made, rows known before.
    Imported {
        /// Records made.
        created: u64,
        /// Rows whose record was there already.
        known: u64,
        /// Rows of work that was known already by its number elsewhere, which were passed over.
        repeated: u64,
        /// The same file had been entered under this key before.
        again: bool,
    },
}

impl Keep for Receipt {
    const BOUNDS: Bounds =
        Bounds { each: 10, bytes: 64 * 1024, bytes_in_all: 8 * 1024 * 1024, lasts: SignedDuration::from_mins(10) };
}

/// The receipts of all sessions.
pub(crate) type Receipts = Kept<Receipt>;

impl Receipts {
    /// Keeps a receipt; the address of the page with its name, or the page alone where there is no room.
    pub fn address(&self, visit: &Visit, page: &str, receipt: Receipt) -> String {
        let bytes = match &receipt {
            Receipt::Token(text) | Receipt::Verified { said: text, .. } => text.len(),
            Receipt::TokensRevoked | Receipt::Imported { .. } => 0,
        };
        match self.put(&visit.csrf, receipt, bytes, visit.app.clock.now()) {
            Some(name) => format!("{page}?receipt={name}"),
            None => page.to_owned(),
        }
    }

    /// The receipt of a name, if it is of this session and not too old.
    pub fn of(&self, visit: &Visit, name: &str) -> Option<Receipt> {
        self.get(&visit.csrf, name, visit.app.clock.now())
    }
}
