//! Records that the program carries out: what people enter in a register is done, and what came of it is entered by a step.

use std::collections::HashSet;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bilan_records::actor::Actor;
use bilan_records::contract::{Changes, Condition, FieldOf, View};
use bilan_records::ledger::{Ledger, ListQuery, ReadError, Record, Write, WriteError};
use jiff::Timestamp;

/// Records read at once.
const PAGE: u64 = 1000;

/// The orders of one register.
pub struct Orders<V> {
    ledger: Arc<Ledger>,
    actor: Actor,
    said: Arc<Said>,
    of: PhantomData<fn() -> V>,
}

impl<V> Clone for Orders<V> {
    fn clone(&self) -> Self {
        Self {
            ledger: Arc::clone(&self.ledger),
            actor: self.actor.clone(),
            said: Arc::clone(&self.said),
            of: PhantomData,
        }
    }
}

/// What stands in the log already: an order that cannot be carried out is looked at every second.
#[derive(Default)]
struct Said {
    /// Numbers of orders.
    of: Mutex<HashSet<String>>,
    /// The register could not be read.
    is_unread: AtomicBool,
}

/// The orders could not be read; the log says so.
#[derive(Debug, thiserror::Error)]
pub enum Unread {
    /// The ledger could not be read.
    #[error(transparent)]
    Ledger(#[from] ReadError),
    /// Reading broke off.
    #[error(transparent)]
    BrokeOff(#[from] tokio::task::JoinError),
}

impl<V: View + 'static> Orders<V> {
    /// Of a register; `by` stands in the journal.
    pub fn of(ledger: Arc<Ledger>, by: &str) -> Self {
        Self { ledger, actor: Actor::system(by), said: Arc::default(), of: PhantomData }
    }

    /// The ledger in which they stand.
    pub fn ledger(&self) -> &Arc<Ledger> {
        &self.ledger
    }

    /// Whether the bureau has such a register: it may do without.
    pub fn are_taken(&self) -> bool {
        V::register(&self.ledger).is_some()
    }

    /// All in a state, the oldest first.
    pub async fn waiting(&self, state: V::State) -> Result<Vec<Record>, Unread> {
        self.found(Condition::in_state(&[state])).await
    }

    /// All in a state whose time, if they have one, has come: what is to be done later holds nobody up.
    pub async fn due(&self, state: V::State, time: FieldOf<V, Timestamp>) -> Result<Vec<Record>, Unread> {
        let has_come = time.is_empty().or(time.is_at_most(&self.ledger.now()));
        self.found(Condition::in_state(&[state]).and(has_come)).await
    }

    /// All that fit a filter, the oldest first: those that cannot be carried out hide none behind them.
    async fn found(&self, condition: Condition<V>) -> Result<Vec<Record>, Unread> {
        let found = match self.blocking(move |orders| orders.all(condition)).await {
            Ok(found) => found.map_err(Unread::from),
            Err(error) => Err(error.into()),
        };
        match &found {
            Ok(_) => self.said.is_unread.store(false, Ordering::Relaxed),
            Err(error) => {
                if !self.said.is_unread.swap(true, Ordering::Relaxed) {
                    tracing::error!("{} could not be read: {error}", V::REGISTER);
                }
            }
        }
        found
    }

    fn all(&self, condition: Condition<V>) -> Result<Vec<Record>, ReadError> {
        let mut query: ListQuery = V::query().only(condition).sorted_by_number().at_most(PAGE).into();
        let mut found = Vec::new();
        loop {
            let page = self.ledger.list(&self.actor, query.clone())?.records;
            let is_last = (page.len() as u64) < PAGE;
            query.offset += page.len() as u64;
            found.extend(page);
            if is_last {
                return Ok(found);
            }
        }
    }

    /// Takes a step, if nobody has changed the record in between; the record behind it.
    pub async fn step(&self, record: Record, step: V::Step, changes: Changes<V>) -> Option<Record> {
        let number = record.number.clone();
        let taken = self.blocking(move |orders| orders.take(&record.number, record.version, step, changes)).await;
        self.look_at(&number, taken)
    }

    /// Takes a step from whatever version the record has by now: what was done is done.
    pub async fn step_now(&self, number: String, step: V::Step, changes: Changes<V>) {
        let shown = number.clone();
        let taken = self
            .blocking(move |orders| {
                let record = orders.ledger.record(&orders.actor, V::REGISTER, &number, None)?;
                orders.take(&number, record.version, step, changes)
            })
            .await;
        self.look_at(&shown, taken);
    }

    fn look_at(
        &self,
        number: &str,
        taken: Result<Result<Record, WriteError>, tokio::task::JoinError>,
    ) -> Option<Record> {
        match taken {
            Ok(Ok(record)) => {
                self.said.of.lock().unwrap_or_else(PoisonError::into_inner).remove(number);
                return Some(record);
            }
            Ok(Err(error)) => self.complain(number, &error),
            Err(error) => self.complain(number, &error),
        }
        None
    }

    /// Says once what keeps an order from being carried out; it holds up no other.
    pub fn complain(&self, number: &str, error: &dyn std::fmt::Display) {
        if self.said.of.lock().unwrap_or_else(PoisonError::into_inner).insert(number.to_owned()) {
            tracing::error!("{} {number} could not be carried out: {error}", V::REGISTER);
        }
    }

    fn take(&self, number: &str, version: i64, step: V::Step, changes: Changes<V>) -> Result<Record, WriteError> {
        V::step(&self.ledger, &self.actor, (number, version), step, changes, Write::default())
    }

    async fn blocking<T: Send + 'static>(
        &self,
        ask: impl FnOnce(&Self) -> T + Send + 'static,
    ) -> Result<T, tokio::task::JoinError> {
        let orders = self.clone();
        tokio::task::spawn_blocking(move || ask(&orders)).await
    }
}
