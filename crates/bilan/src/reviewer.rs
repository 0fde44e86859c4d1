//! From the ledger to the observations: what is entered in the register of reviews says which values count.

use std::sync::Arc;
use std::time::Duration;

use bilan_records::ledger::{JsonMap, Ledger, Record};
use bilan_telemetry::{Review, Store};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::orders::{Orders, Unread};

/// Register of the reviews.
pub const REGISTER: &str = "value_review";
/// Between two looks for new ones.
const LOOK: Duration = Duration::from_secs(1);

/// Carries reviews over as they are entered.
#[derive(Clone)]
pub struct Reviewer {
    orders: Orders,
    observations: Store,
}

impl Reviewer {
    /// From this register, into this store.
    pub fn new(ledger: Arc<Ledger>, observations: Store) -> Self {
        Self { orders: Orders::of(ledger, REGISTER, "reviews"), observations }
    }

    /// Looks every second; never ends. Both directions can be repeated: a stop in between does no harm.
    pub async fn run(self) {
        if !self.orders.are_taken() {
            return;
        }
        let mut turns = tokio::time::interval(LOOK);
        turns.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            turns.tick().await;
            // What cannot be read now is read by the next look.
            let _ = self.look().await;
        }
    }

    /// One that the store refuses stays as it is and holds up no other.
    async fn look(&self) -> Result<(), Unread> {
        for record in self.orders.waiting("entered").await? {
            match review(&record) {
                Some(review) => {
                    if let Err(error) = self.observations.review(review).await {
                        self.orders.complain(&record.number, &error);
                        continue;
                    }
                    self.orders.step_now(record.number, "apply", JsonMap::new()).await;
                }
                None => {
                    let why = json!({ "outcome": "结束时间必须晚于起始时间，审核未生效。" });
                    let Value::Object(why) = why else { continue };
                    self.orders.step_now(record.number, "refuse", why).await;
                }
            }
        }
        for record in self.orders.waiting("withdrawing").await? {
            if let Err(error) = self.observations.withdraw_review(&record.number).await {
                self.orders.complain(&record.number, &error);
                continue;
            }
            self.orders.step_now(record.number, "withdrawn", JsonMap::new()).await;
        }
        Ok(())
    }
}

/// What a record says; nothing if its span is none.
pub fn review(record: &Record) -> Option<Review> {
    let text = |field: &str| record.values.get(field).and_then(Value::as_str);
    let at = |field: &str| text(field)?.parse::<Timestamp>().ok();
    let (from, to) = (at("begin_at")?, at("end_at")?);
    (from < to).then(|| Review {
        key: record.number.clone(),
        station: text("station").unwrap_or_default().to_owned(),
        factor: text("factor").map(str::trim).filter(|factor| !factor.is_empty()).map(str::to_owned),
        from,
        to,
        counts: text("verdict") == Some("counts"),
        reason: text("explanation").unwrap_or_default().to_owned(),
        by: record.created_by.clone(),
        at: record.created_at,
    })
}

#[cfg(test)]
mod tests;
