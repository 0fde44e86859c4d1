//! Clocks on records (期限): a budget from the statutory rule and a ledger of pauses and extensions, never a bare target.
//!
//! What happens to a record starts, pauses, extends and stops its clocks (`clocks`).
//! The due day is reckoned from that ledger on the working calendar each time it is asked for (`reckon`), so a newly published
//! holiday list moves it. [`Ledger::tick`](crate::ledger::Ledger::tick) sends each reminder exactly once, whenever it is called.

mod clocks;
mod due;
mod reckon;
mod watch;

use jiff::{Timestamp, civil::Date};
use serde::Serialize;

pub use bilan_standards::deadline::Explanation;

pub(crate) use self::clocks::{record_arrived, record_changed, record_removed};
pub use self::due::{Due, DueSpan};
use crate::catalogue::{Label, Role};

/// Where a clock stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ClockState {
    /// Time is left.
    Running,
    /// The due day is today or within three days.
    DueSoon,
    /// The due day has passed.
    Overdue,
    /// Paused; the budget does not run down.
    Suspended,
    /// Stopped in time.
    Met,
    /// Stopped after the due day.
    Missed,
}

/// One clock of a record, with the reckoning that can be shown to anybody who asks why this day.
#[derive(Debug, Clone, Serialize)]
pub struct DeadlineView {
    /// Register of the record.
    pub register: String,
    /// Number of the record.
    pub number: String,
    /// Title of the record, if it is not personal.
    pub title: String,
    /// Grid cell of the record.
    pub cell: Option<String>,
    /// Name of the clock within the register.
    pub key: String,
    /// Name on screens.
    pub label: Label,
    /// Key of the statutory rule.
    pub rule: String,
    /// Law and clause.
    pub law: String,
    /// When it started.
    pub started_at: Timestamp,
    /// When it was stopped, if it was.
    pub stopped_at: Option<Timestamp>,
    /// Last day on which the act is in time; absent if the rule gives no number or the clock is paused.
    pub due_on: Option<Date>,
    /// Where it stands.
    pub state: ClockState,
    /// Calendar days left until the due day; negative once it has passed.
    pub days_left: Option<i32>,
    /// Role told when it is overdue.
    pub escalate_to: Option<Role>,
    /// Start, days not counted, make-up days, pauses, law and warnings.
    pub explanation: Option<Explanation>,
    /// Why no due day can be reckoned, if so.
    pub unknown: Option<String>,
}

/// A reminder or an escalation that has just been sent; it is not sent again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reminder {
    /// Register of the record.
    pub register: String,
    /// Number of the record.
    pub number: String,
    /// Name of the clock within the register.
    pub deadline: String,
    /// The day that it reminds of.
    pub due_on: Date,
    /// Days before (negative) or after (positive) the due day for which it was set.
    pub days: i32,
    /// Role told besides the person responsible, for a reminder after the due day.
    pub escalate_to: Option<Role>,
}
