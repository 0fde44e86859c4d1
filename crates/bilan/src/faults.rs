//! Faults of what is done again and again: the log says when one begins and when it is over.

use std::collections::BTreeMap;
use std::fmt::Display;

use bilan_storage::{Lasting, Turn};
use tokio::task::JoinError;

/// The faults of one loop, by what could not be done.
#[derive(Default)]
pub(crate) struct Faults(BTreeMap<&'static str, Lasting>);

impl Faults {
    /// Takes note of an outcome. `what` says what could not be done: “deadlines could not be looked at”.
    pub fn note<T, E: Display>(&mut self, what: &'static str, outcome: &Result<T, E>) {
        match (self.0.entry(what).or_default().note(outcome), outcome) {
            (Some(Turn::Begins), Err(fault)) => tracing::error!("{what}: {fault:#}"),
            (Some(Turn::Ends), _) => tracing::info!("over: {what}"),
            _ => {}
        }
    }
}

/// What came of work on another thread: it may have failed, or broken off.
pub(crate) fn joined<T, E: Into<anyhow::Error>>(outcome: Result<Result<T, E>, JoinError>) -> anyhow::Result<T> {
    outcome?.map_err(Into::into)
}
