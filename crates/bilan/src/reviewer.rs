//! From the ledger to the observations: what is entered in the register of reviews says which values count.

use std::sync::Arc;
use std::time::Duration;

use bilan_records::contract::{Changes, Kept, View};
use bilan_records::ledger::Ledger;
use bilan_records::views::{ReviewVerdict, ValueReview, ValueReviewState, ValueReviewStep};
use bilan_telemetry::{Review, Store};

use crate::orders::{Orders, Unread};

/// Between two looks for new ones.
const LOOK: Duration = Duration::from_secs(1);

/// Carries reviews over as they are entered.
#[derive(Clone)]
pub struct Reviewer {
    orders: Orders<ValueReview>,
    observations: Store,
}

impl Reviewer {
    /// From this register, into this store.
    pub fn new(ledger: Arc<Ledger>, observations: Store) -> Self {
        Self { orders: Orders::of(ledger, "reviews"), observations }
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
        for record in self.orders.waiting(ValueReviewState::Entered).await? {
            let review = match ValueReview::read(&record) {
                Ok(entered) => review(&entered),
                Err(error) => {
                    self.orders.complain(&record.number, &error);
                    continue;
                }
            };
            match review {
                Some(review) => {
                    if let Err(error) = self.observations.review(review).await {
                        self.orders.complain(&record.number, &error);
                        continue;
                    }
                    self.orders.step_now(record.number, ValueReviewStep::Apply, Changes::none()).await;
                }
                None => {
                    let why = "结束时间必须晚于起始时间，审核未生效。".to_owned();
                    let why = Changes::none().with(ValueReview::outcome(), &Some(why));
                    self.orders.step_now(record.number, ValueReviewStep::Refuse, why).await;
                }
            }
        }
        for record in self.orders.waiting(ValueReviewState::Withdrawing).await? {
            if let Err(error) = self.observations.withdraw_review(&record.number).await {
                self.orders.complain(&record.number, &error);
                continue;
            }
            self.orders.step_now(record.number, ValueReviewStep::Withdrawn, Changes::none()).await;
        }
        Ok(())
    }
}

/// What a record says; nothing if its span is none.
pub fn review(entered: &Kept<ValueReview>) -> Option<Review> {
    let (from, to) = (entered.begin_at, entered.end_at);
    let factor = entered.factor.as_deref().map(str::trim).filter(|factor| !factor.is_empty());
    (from < to).then(|| Review {
        key: entered.number.clone(),
        station: entered.station.number().to_owned(),
        factor: factor.map(str::to_owned),
        from,
        to,
        counts: entered.verdict == ReviewVerdict::Counts,
        reason: entered.explanation.clone(),
        by: entered.created_by.clone(),
        at: entered.created_at,
    })
}

#[cfg(test)]
mod tests;
