//! Records that the program carries out: what people enter in a register is done, and what came of it is entered by a step.

use std::sync::Arc;

use bilan_records::actor::Actor;
use bilan_records::ledger::{JsonMap, Ledger, ListQuery, Record, Write, WriteError};

/// Records looked at in one turn.
const AT_ONCE: u64 = 100;

/// The orders of one register.
#[derive(Clone)]
pub struct Orders {
    ledger: Arc<Ledger>,
    register: &'static str,
    actor: Actor,
}

impl Orders {
    /// Of this register; `by` stands in the journal.
    pub fn of(ledger: Arc<Ledger>, register: &'static str, by: &str) -> Self {
        Self { ledger, register, actor: Actor::system(by) }
    }

    /// The ledger in which they stand.
    pub fn ledger(&self) -> &Arc<Ledger> {
        &self.ledger
    }

    /// Whether the bureau has such a register: it may do without.
    pub fn are_taken(&self) -> bool {
        self.ledger.catalogue().registers.contains_key(self.register)
    }

    /// Those in a state, the oldest first.
    pub async fn waiting(&self, state: &'static str) -> Vec<Record> {
        self.found(format!(r#"state = "{state}""#)).await
    }

    /// Those in a state whose time, if they have one, has come: what is to be done later holds nobody up.
    pub async fn due(&self, state: &'static str, time: &str) -> Vec<Record> {
        let now = self.ledger.now();
        self.found(format!(r#"state = "{state}" and ({time} is empty or {time} <= "{now}")"#)).await
    }

    /// The first that fit a filter, the oldest first.
    async fn found(&self, filter: String) -> Vec<Record> {
        let found = self
            .blocking(move |orders| {
                let query = ListQuery {
                    filter: Some(filter),
                    sort: Some(("number".to_owned(), false)),
                    limit: AT_ONCE,
                    ..ListQuery::of(orders.register)
                };
                orders.ledger.list(&orders.actor, query).map(|page| page.records)
            })
            .await;
        match found {
            Some(Ok(records)) => records,
            Some(Err(error)) => {
                tracing::error!("{} could not be read: {error}", self.register);
                Vec::new()
            }
            None => Vec::new(),
        }
    }

    /// Takes a step, if nobody has changed the record in between; the record behind it.
    pub async fn step(&self, record: Record, step: &'static str, values: JsonMap) -> Option<Record> {
        let taken = self.blocking(move |orders| orders.take(&record.number, record.version, step, values)).await?;
        taken.inspect_err(|error| tracing::info!("a step of {} was not taken: {error}", self.register)).ok()
    }

    /// Takes a step from whatever version the record has by now: what was done is done.
    pub async fn step_now(&self, number: String, step: &'static str, values: JsonMap) {
        let shown = number.clone();
        let taken = self
            .blocking(move |orders| {
                let record = orders.ledger.record(&orders.actor, orders.register, &number, None)?;
                orders.take(&number, record.version, step, values)
            })
            .await;
        if let Some(Err(error)) = taken {
            tracing::error!("what came of {} {shown} could not be entered: {error}", self.register);
        }
    }

    fn take(&self, number: &str, version: i64, step: &str, values: JsonMap) -> Result<Record, WriteError> {
        self.ledger.step(&self.actor, self.register, number, version, step, values, None, Write::default())
    }

    async fn blocking<T: Send + 'static>(&self, ask: impl FnOnce(&Orders) -> T + Send + 'static) -> Option<T> {
        let orders = self.clone();
        let asked = tokio::task::spawn_blocking(move || ask(&orders)).await;
        asked.inspect_err(|error| tracing::error!("{} broke off: {error}", self.register)).ok()
    }
}
