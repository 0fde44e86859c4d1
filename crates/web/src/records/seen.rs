//! Personal fields that were just unmasked (查看): the page of the record shows them for a short while, to who asked alone,
//! so that Back and reload work without a second entry in the journal. They are kept in memory and nowhere else.

use jiff::SignedDuration;

use crate::kept::{Bounds, Keep, Kept};
use crate::refusal::Refusal;
use crate::visit::Visit;

/// One field in plain text.
#[derive(Clone)]
pub(crate) struct Seen {
    pub(super) register: String,
    pub(super) number: String,
    pub(super) field: String,
    pub(super) text: String,
}

impl Keep for Seen {
    const BOUNDS: Bounds =
        Bounds { each: 10, bytes: 64 * 1024, bytes_in_all: 8 * 1024 * 1024, lasts: SignedDuration::from_mins(2) };
}

/// What was unmasked a moment ago.
pub(crate) type Unmasked = Kept<Seen>;

impl Unmasked {
    /// Keeps a text for the session in which it was asked for; its name.
    pub(super) fn keep(&self, visit: &Visit, seen: Seen) -> Result<String, Refusal> {
        let bytes = seen.text.len();
        let kept = self.put(&visit.csrf, seen, bytes, visit.app.clock.now());
        kept.ok_or_else(|| Refusal::invalid(visit.text("records.unmask_full")))
    }

    /// Field and text, if they are of this record and session.
    pub(super) fn text_of(&self, visit: &Visit, name: &str, register: &str, number: &str) -> Option<(String, String)> {
        let seen = self.get(&visit.csrf, name, visit.app.clock.now())?;
        (seen.register == register && seen.number == number).then_some((seen.field, seen.text))
    }
}
