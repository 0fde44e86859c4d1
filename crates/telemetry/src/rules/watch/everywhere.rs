//! Open warnings of events that befall many stations at once, by when they opened: when a line fails, ten thousand are found silent in one tick, and
//! each asks to which event it belongs.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;

use crate::rules::{Level, Warning};

/// What an open warning says to those that follow it.
#[derive(Debug, Clone)]
pub(super) struct Earlier {
    /// The event that it belongs to.
    pub(super) event: String,
    level: Level,
    /// Somebody was called, by it or by one before.
    called: bool,
}

impl Earlier {
    pub(super) fn of(warning: &Warning) -> Earlier {
        let called = warning.task.is_some() || warning.joins();
        Earlier { event: warning.event.clone(), level: warning.level, called }
    }

    /// Whether somebody was called for something as grave.
    pub(super) fn has_called(&self, level: Level) -> bool {
        self.called && self.level >= level
    }
}

/// When a warning opened, and its id.
pub(super) type Place = (Timestamp, String);

pub(super) fn place(warning: &Warning) -> Place {
    (warning.opened_at, warning.id.clone())
}

/// By the name of the event.
#[derive(Debug, Default)]
pub(super) struct Everywhere(HashMap<String, BTreeMap<Place, Earlier>>);

impl Everywhere {
    pub(super) fn opened(&mut self, event: &str, warning: &Warning) {
        self.0.entry(event.to_owned()).or_default().insert(place(warning), Earlier::of(warning));
    }

    pub(super) fn cleared(&mut self, event: &str, warning: &Warning) {
        if let Some(open) = self.0.get_mut(event) {
            open.remove(&place(warning));
        }
    }

    /// Those that opened then or later, the oldest first.
    pub(super) fn since(&self, event: &str, from: Timestamp) -> impl Iterator<Item = (&Place, &Earlier)> {
        self.0.get(event).into_iter().flat_map(move |open| open.range((from, String::new())..))
    }
}
