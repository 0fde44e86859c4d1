//! What a clock's ledger comes to on the working calendar.

use bilan_standards::{
    calendar::WorkCalendar,
    deadline::{self, Deadline, Explanation},
};
use jiff::civil::Date;

use super::{ClockState, DeadlineView, clocks::StoredClock};
use crate::{
    catalogue::{DeadlineRule, Register},
    ledger::{beijing_day, row::StoredRow},
    naming,
};

/// Days before the due day from which a clock is shown as due soon.
const SOON: i32 = 3;

/// The clock as the standards know it, or why its rule gives no day.
fn deadline(clock: &StoredClock) -> Result<Deadline, String> {
    let starts = beijing_day(clock.started_at);
    let rule = deadline::rule_on(&clock.rule, starts).map_err(|error| error.to_string())?;
    let mut deadline = Deadline::by_rule(rule, starts).map_err(|error| error.to_string())?;
    let mut suspended: Option<(Date, String)> = None;
    for line in &clock.events {
        let (day, reason) = (beijing_day(line.at), line.reason.clone().unwrap_or_default());
        match line.kind.as_str() {
            "suspend" => suspended = Some((day, reason)),
            "resume" => {
                if let Some((from, reason)) = suspended.take() {
                    deadline = deadline.suspended(from, Some(day), &reason);
                }
            }
            _ => {
                let rule = deadline::rule_on(line.rule.as_deref().unwrap_or_default(), day)
                    .map_err(|error| error.to_string())?;
                deadline = deadline.extended(rule, day, &reason).map_err(|error| error.to_string())?;
            }
        }
    }
    Ok(match suspended {
        Some((from, reason)) => deadline.suspended(from, None, &reason),
        None => deadline,
    })
}

/// The due day of a clock, if its rule or its field gives one and it is not paused.
pub(super) fn due_on(
    register: &Register,
    rule: &DeadlineRule,
    record: &StoredRow,
    clock: &StoredClock,
    calendar: &WorkCalendar,
) -> Option<Date> {
    match &rule.due {
        Some(field) => day_of(register, field, record),
        None => deadline(clock).ok()?.explain(calendar).due_on,
    }
}

/// The day that stands in a date or date-time field.
fn day_of(register: &Register, field: &str, record: &StoredRow) -> Option<Date> {
    let text = record.text(&naming::column(register.fields.get(field)?))?;
    text.parse().ok().or_else(|| text.parse().ok().map(beijing_day))
}

/// The due day of a clock that started on a day and was never paused or extended.
pub(super) fn plain_due_on(rule: &str, started_on: Date, calendar: &WorkCalendar) -> Option<Date> {
    let rule = deadline::rule_on(rule, started_on).ok()?;
    Deadline::by_rule(rule, started_on).ok()?.explain(calendar).due_on
}

/// Everything that a page shows of a clock.
pub(super) fn view(
    register: &Register,
    rule: &DeadlineRule,
    record: &StoredRow,
    clock: &StoredClock,
    calendar: &WorkCalendar,
    today: Date,
) -> DeadlineView {
    let (explanation, unknown): (Option<Explanation>, Option<String>) = match deadline(clock) {
        _ if rule.due.is_some() => (None, None),
        Ok(deadline) => (Some(deadline.explain(calendar)), None),
        Err(why) => (None, Some(why)),
    };
    let due_on = match &rule.due {
        Some(field) => day_of(register, field, record),
        None => explanation.as_ref().and_then(|explanation| explanation.due_on),
    };
    let law = deadline::rule_on(&clock.rule, beijing_day(clock.started_at)).map(|rule| rule.law.clone());
    let days_left = due_on.map(|due_on| (due_on - today).get_days());
    let state = match (clock.stopped_at.map(beijing_day), days_left) {
        (Some(stopped), _) if due_on.is_some_and(|due_on| stopped > due_on) => ClockState::Missed,
        (Some(_), _) => ClockState::Met,
        (None, _) if clock.is_suspended() => ClockState::Suspended,
        (None, Some(left)) if left < 0 => ClockState::Overdue,
        (None, Some(left)) if left <= SOON => ClockState::DueSoon,
        (None, _) => ClockState::Running,
    };
    let title = register.fields.get(&register.title).filter(|field| !field.personal);
    let title = title.and_then(|field| record.text(&naming::column(field))).unwrap_or_default();
    DeadlineView {
        register: register.key.clone(),
        number: record.number().to_owned(),
        title: title.to_owned(),
        cell: record.text("cell").map(str::to_owned),
        key: rule.key.clone(),
        label: rule.label.clone(),
        rule: clock.rule.clone(),
        law: law.unwrap_or_default(),
        started_at: clock.started_at,
        stopped_at: clock.stopped_at,
        due_on,
        state,
        days_left,
        escalate_to: rule.escalate_to,
        explanation,
        unknown,
    }
}
