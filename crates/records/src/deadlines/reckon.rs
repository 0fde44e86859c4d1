//! What a clock's ledger comes to on the working calendar.
use super::{ClockState, DeadlineView, StoredClock};
use crate::{
    catalogue::{DeadlineRule, Register},
    ledger::row::StoredRow,
};
use jiff::civil::Date;
/// How a due day was reckoned.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Explanation {
    /// Due day.
    pub due_on: Date,
}
pub(super) fn due_on(_clock: &StoredClock) -> Option<Date> {
    None
}
pub(super) fn view(
    register: &Register,
    rule: &DeadlineRule,
    record: &StoredRow,
    clock: &StoredClock,
    _today: Date,
) -> DeadlineView {
    DeadlineView {
        register: register.key.clone(),
        number: record.number().into(),
        title: String::new(),
        key: rule.key.clone(),
        label: rule.label.clone(),
        rule: rule.rule.clone(),
        law: String::new(),
        started_at: clock.started_at,
        stopped_at: clock.stopped_at,
        due_on: None,
        state: ClockState::Running,
        days_left: None,
        escalate_to: rule.escalate_to,
        explanation: None,
        unknown: None,
    }
}
