//! Statutory clocks (期限): a budget from a named rule and a ledger of suspensions and extensions, reckoned on a calendar.
//!
//! How it is counted: the start day is not counted; working-day budgets count working days (make-up weekends are, days
//! off in lieu are not); the last day of a budget in calendar days, months or years moves to the next working day if it
//! is a rest day; the days of a suspension, from the day it begins until the day before it ends, are not counted; an
//! extension runs on from the last day of the budget. The rules and their sources stand in `data/deadlines.tsv` and
//! `data/deadline_counting.tsv`.

mod explain;
mod rule;

use jiff::civil::Date;
use serde::Serialize;

pub use explain::{Explanation, Extended, Moved, NotCounted, Pause, Warning, WhyNotCounted};
pub use rule::{CountingRule, Direction, NoSuchRule, StatutoryRule, Unit, counting_rules, rule, rule_on, rules};

/// An amount of time that a rule allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Budget {
    /// How many.
    pub amount: u32,
    /// Of what.
    pub unit: Unit,
    /// Counted forwards from the start or backwards before it.
    pub direction: Direction,
}

/// A pause of the clock (中止). The day it begins is not counted, the day it ends is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Suspension {
    /// First day not counted.
    pub from: Date,
    /// The day on which the clock runs on; absent while it stands.
    pub until: Option<Date>,
    /// Why.
    pub reason: String,
}

/// A lengthening of the budget (延长) by a rule that allows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Extension {
    /// Key of the rule that allows it.
    pub rule: String,
    /// By how much.
    pub budget: Budget,
    /// Law and clause.
    pub law: String,
    /// The day it was granted.
    pub granted_on: Date,
    /// Why.
    pub reason: String,
}

/// A clock: what may be used up, since when, and what happened to it on the way. Never a bare target day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Deadline {
    /// The rule it follows.
    pub rule: String,
    /// Law and clause of the rule.
    pub law: String,
    /// How far the rule was checked.
    pub status: crate::status::Status,
    /// What may be used up.
    pub budget: Budget,
    /// The day of the event that starts it; not itself counted.
    pub starts: Date,
    /// Pauses, in any order; overlapping ones count once.
    pub suspensions: Vec<Suspension>,
    /// Extensions in the order granted.
    pub extensions: Vec<Extension>,
}

/// A rule that names no number of days cannot start a clock by itself.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the rule “{rule}” ({event}) gives no number of days but “{given}”: enter the day by hand")]
pub struct NoFixedAmount {
    /// Key of the rule.
    pub rule: String,
    /// What it is about, Chinese.
    pub event: String,
    /// What it says instead.
    pub given: String,
}

impl Deadline {
    /// A clock by a rule, started on a day.
    ///
    /// # Errors
    /// [`NoFixedAmount`] for a rule whose amount is set locally or in the document itself.
    pub fn by_rule(rule: &StatutoryRule, starts: Date) -> Result<Self, NoFixedAmount> {
        Ok(Self {
            rule: rule.key.clone(),
            law: rule.law.clone(),
            status: rule.status,
            budget: rule.budget()?,
            starts,
            suspensions: Vec::new(),
            extensions: Vec::new(),
        })
    }

    /// Pauses the clock from a day until the day on which it runs on.
    #[must_use]
    pub fn suspended(mut self, from: Date, until: Option<Date>, reason: &str) -> Self {
        self.suspensions.push(Suspension { from, until, reason: reason.to_owned() });
        self
    }

    /// Extends the clock by a rule.
    ///
    /// # Errors
    /// [`NoFixedAmount`] as [`Deadline::by_rule`].
    pub fn extended(mut self, rule: &StatutoryRule, granted_on: Date, reason: &str) -> Result<Self, NoFixedAmount> {
        self.extensions.push(Extension {
            rule: rule.key.clone(),
            budget: rule.budget()?,
            law: rule.law.clone(),
            granted_on,
            reason: reason.to_owned(),
        });
        Ok(self)
    }
}
