//! Clocks on records (期限): a budget from the statutory rule and a ledger of pauses and extensions, never a bare target.
//!
//! What happens to a record starts, pauses, extends and stops its clocks ([`record_arrived`], [`record_changed`]).
//! The due day is reckoned from that ledger on the working calendar each time it is asked for, so a newly published
//! holiday list moves it. [`Ledger::tick`] sends each reminder exactly once, whenever it is called.

use jiff::{Timestamp, ToSpan, civil::Date, tz::TimeZone};
use rusqlite::{Connection, OptionalExtension, Row, TransactionBehavior, params};
use serde::Serialize;

mod reckon;

use crate::{
    actor::{Act, Actor, Scope},
    catalogue::{ClockEvent, DeadlineRule, FieldKind, Label, Register, Role},
    journal::Action,
    ledger::{
        FieldChange, Ledger, ReadError, WriteError, beijing_day, reach::reaches, row, row::StoredRow, session::Session,
        stored_time,
    },
    naming, workflow,
};
pub use bilan_standards::deadline::Explanation;

/// Tables of the clocks. A clock that is started anew (a case reopened) is a new row with the next `round`.
pub(crate) const DDL: &str = "
CREATE TABLE IF NOT EXISTS deadline (
  id INTEGER PRIMARY KEY,
  register TEXT NOT NULL, record INTEGER NOT NULL, key TEXT NOT NULL, round INTEGER NOT NULL,
  rule TEXT NOT NULL, started_at TEXT NOT NULL, stopped_at TEXT,
  UNIQUE (register, record, key, round)
);
CREATE INDEX IF NOT EXISTS deadline_running ON deadline (register, started_at) WHERE stopped_at IS NULL;
CREATE TABLE IF NOT EXISTS deadline_event (
  deadline INTEGER NOT NULL, kind TEXT NOT NULL, at TEXT NOT NULL, rule TEXT, reason TEXT
);
CREATE INDEX IF NOT EXISTS deadline_event_of ON deadline_event (deadline, at);
CREATE TABLE IF NOT EXISTS reminder (
  deadline INTEGER NOT NULL, days INTEGER NOT NULL, due_on TEXT NOT NULL, sent_at TEXT NOT NULL,
  PRIMARY KEY (deadline, days)
);
";

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

/// A clock as it is stored.
#[derive(Debug, Clone)]
pub(crate) struct StoredClock {
    pub id: i64,
    pub record: i64,
    pub key: String,
    pub rule: String,
    pub started_at: Timestamp,
    pub stopped_at: Option<Timestamp>,
    pub events: Vec<ClockLine>,
}

/// A line of a clock's ledger.
#[derive(Debug, Clone)]
pub(crate) struct ClockLine {
    pub kind: String,
    pub at: Timestamp,
    pub rule: Option<String>,
    pub reason: Option<String>,
}

impl StoredClock {
    fn read(row: &Row<'_>) -> Result<Self, rusqlite::Error> {
        let stopped: Option<String> = row.get("stopped_at")?;
        Ok(Self {
            id: row.get("id")?,
            record: row.get("record")?,
            key: row.get("key")?,
            rule: row.get("rule")?,
            started_at: instant(&row.get::<_, String>("started_at")?),
            stopped_at: stopped.as_deref().map(instant),
            events: Vec::new(),
        })
    }

    fn is_suspended(&self) -> bool {
        self.events.iter().rfind(|line| line.kind != "extend").is_some_and(|line| line.kind == "suspend")
    }
}

fn instant(text: &str) -> Timestamp {
    text.parse().unwrap_or_default()
}

/// Starts the clocks of a new record. One that comes with a past has them stopped where its fields say so.
pub(crate) fn record_arrived(
    session: &Session<'_>,
    register: &Register,
    record: &StoredRow,
    at: Timestamp,
    with_past: bool,
) -> Result<(), WriteError> {
    for clock in &register.deadlines {
        let start = match &clock.starts {
            ClockEvent::Field(field) => moment(register, record, field),
            ClockEvent::Step(step) if with_past => stamp_of(register, record, step),
            ClockEvent::Step(_) => None,
        };
        let Some(start) = start else { continue };
        let id = start_clock(session.connection, register, record.id, clock, start)?;
        let closed = match (&register.workflow, record.text("state")) {
            (Some(workflow), Some(state)) => workflow::is_closed(workflow, state),
            _ => false,
        };
        let stamped = clock.stops.iter().filter_map(|step| stamp_of(register, record, step)).max();
        if with_past && (closed || stamped.is_some()) {
            stop_clock(session.connection, id, stamped.unwrap_or(at).max(start))?;
        }
    }
    Ok(())
}

/// Lets a change of a record act on its clocks.
pub(crate) fn record_changed(
    session: &Session<'_>,
    register: &Register,
    before: &StoredRow,
    after: &StoredRow,
    action: &Action,
    reason: Option<&str>,
    at: Timestamp,
) -> Result<(), WriteError> {
    let connection = session.connection;
    for clock in &register.deadlines {
        let mut current = latest(connection, register, after.id, &clock.key)?;
        if let ClockEvent::Field(field) = &clock.starts {
            let (old, new) = (moment(register, before, field), moment(register, after, field));
            if let (true, Some(new)) = (old != new, new) {
                match current.as_ref().filter(|clock| clock.stopped_at.is_none()) {
                    Some(running) => {
                        _ = connection
                            .prepare_cached("UPDATE deadline SET started_at = ?2 WHERE id = ?1")?
                            .execute(params![running.id, stored_time(new)])?
                    }
                    None => _ = start_clock(connection, register, after.id, clock, new)?,
                }
                current = latest(connection, register, after.id, &clock.key)?;
            }
        }
        let Action::Step(step) = action else { continue };
        if clock.starts == ClockEvent::Step(step.clone())
            && current.as_ref().is_none_or(|clock| clock.stopped_at.is_some())
        {
            start_clock(connection, register, after.id, clock, at)?;
            current = latest(connection, register, after.id, &clock.key)?;
        }
        let Some(running) = current.filter(|clock| clock.stopped_at.is_none()) else { continue };
        if clock.stops.contains(step) {
            stop_clock(connection, running.id, at)?;
        } else if clock.suspends.contains(step) && !running.is_suspended() {
            line(connection, running.id, "suspend", at, None, reason)?;
        } else if clock.resumes.contains(step) && running.is_suspended() {
            line(connection, running.id, "resume", at, None, reason)?;
        }
        if let Some((_, rule)) = clock.extends.as_ref().filter(|(extends, _)| extends == step) {
            line(connection, running.id, "extend", at, Some(rule), reason)?;
        }
    }
    Ok(())
}

/// Stops the clocks of a deleted record.
pub(crate) fn record_removed(
    session: &Session<'_>,
    register: &Register,
    record: &StoredRow,
    at: Timestamp,
) -> Result<(), WriteError> {
    session
        .connection
        .prepare_cached(
            "UPDATE deadline SET stopped_at = ?3 WHERE register = ?1 AND record = ?2 AND stopped_at IS NULL",
        )?
        .execute(params![register.key, record.id, stored_time(at)])?;
    Ok(())
}

fn start_clock(
    connection: &Connection,
    register: &Register,
    record: i64,
    clock: &DeadlineRule,
    at: Timestamp,
) -> Result<i64, rusqlite::Error> {
    connection
        .prepare_cached(
            "INSERT INTO deadline (register, record, key, round, rule, started_at) VALUES (?1, ?2, ?3, \
             (SELECT 1 + coalesce(max(round), 0) FROM deadline WHERE register = ?1 AND record = ?2 AND key = ?3), ?4, ?5)",
        )?
        .execute(params![register.key, record, clock.key, clock.rule, stored_time(at)])?;
    Ok(connection.last_insert_rowid())
}

fn stop_clock(connection: &Connection, id: i64, at: Timestamp) -> Result<(), rusqlite::Error> {
    connection
        .prepare_cached("UPDATE deadline SET stopped_at = ?2 WHERE id = ?1")?
        .execute(params![id, stored_time(at)])?;
    Ok(())
}

fn line(
    connection: &Connection,
    id: i64,
    kind: &str,
    at: Timestamp,
    rule: Option<&str>,
    reason: Option<&str>,
) -> Result<(), rusqlite::Error> {
    connection
        .prepare_cached("INSERT INTO deadline_event (deadline, kind, at, rule, reason) VALUES (?1, ?2, ?3, ?4, ?5)")?
        .execute(params![id, kind, stored_time(at), rule, reason])?;
    Ok(())
}

fn latest(
    connection: &Connection,
    register: &Register,
    record: i64,
    key: &str,
) -> Result<Option<StoredClock>, rusqlite::Error> {
    let clock = connection
        .prepare_cached(
            "SELECT * FROM deadline WHERE register = ?1 AND record = ?2 AND key = ?3 ORDER BY round DESC LIMIT 1",
        )?
        .query_row(params![register.key, record, key], StoredClock::read)
        .optional()?;
    clock.map(|clock| with_lines(connection, clock)).transpose()
}

fn with_lines(connection: &Connection, mut clock: StoredClock) -> Result<StoredClock, rusqlite::Error> {
    clock.events = connection
        .prepare_cached("SELECT kind, at, rule, reason FROM deadline_event WHERE deadline = ?1 ORDER BY at, rowid")?
        .query_map([clock.id], |row| {
            Ok(ClockLine {
                kind: row.get(0)?,
                at: instant(&row.get::<_, String>(1)?),
                rule: row.get(2)?,
                reason: row.get(3)?,
            })
        })?
        .collect::<Result<_, _>>()?;
    Ok(clock)
}

/// The moment that a date or date-time field names; a day begins at midnight in Beijing.
fn moment(register: &Register, record: &StoredRow, field: &str) -> Option<Timestamp> {
    let field = register.fields.get(field)?;
    let text = row::text(&record.columns, &naming::column(field))?;
    match field.kind {
        FieldKind::Date => {
            let day: Date = text.parse().ok()?;
            Some(day.to_zoned_datetime(TimeZone::fixed(jiff::tz::offset(8))).ok()?.timestamp())
        }
        _ => text.parse().ok(),
    }
}

/// When a step was taken, as far as the field tells that the step stamps.
fn stamp_of(register: &Register, record: &StoredRow, step: &str) -> Option<Timestamp> {
    let stamp = register.workflow.as_ref()?.steps.get(step)?.stamps.as_ref()?;
    moment(register, record, stamp)
}

impl Ledger {
    /// The clocks of one record, the latest round of each.
    ///
    /// # Errors
    /// As [`Ledger::record`].
    pub fn deadlines(&self, actor: &Actor, register: &str, number: &str) -> Result<Vec<DeadlineView>, ReadError> {
        let register = self.register(register)?;
        let connection = self.reader()?;
        let record = self.stored(&connection, actor, register, number, None)?;
        let (today, calendar) = (beijing_day(self.now()), self.calendar());
        let mut views = Vec::new();
        for rule in &register.deadlines {
            if let Some(clock) = latest(&connection, register, record.id, &rule.key)? {
                views.push(reckon::view(register, rule, &record, &clock, &calendar, today));
            }
        }
        Ok(views)
    }

    /// Every running clock within the actor's reach that is due on `until` or earlier, the most urgent first.
    ///
    /// # Errors
    /// If the database fails.
    pub fn due(&self, actor: &Actor, until: Date) -> Result<Vec<DeadlineView>, ReadError> {
        let connection = self.reader()?;
        let (today, calendar) = (beijing_day(self.now()), self.calendar());
        let mut views = Vec::new();
        for register in self.catalogue().registers.values().filter(|register| !register.deadlines.is_empty()) {
            let scope = actor.scope(register, Act::Read);
            if scope == Scope::Nothing {
                continue;
            }
            each_running(&connection, register, |record, rule, clock| {
                let view = reckon::view(register, rule, &record, &clock, &calendar, today);
                let due = view.due_on.is_some_and(|due_on| due_on <= until);
                if due && reaches(&connection, register, &scope, &record.columns)? {
                    views.push(view);
                }
                Ok(())
            })?;
        }
        views.sort_by(|a, b| (a.due_on, &a.number).cmp(&(b.due_on, &b.number)));
        Ok(views)
    }

    /// Sends every reminder whose day has come and that was not sent before; safe to call at any time, any number of times.
    ///
    /// A reminder that was missed while the program stood still is sent at the next call; one whose day had passed
    /// before its clock was started is sent as well, because the act is still to be done.
    ///
    /// # Errors
    /// If the database fails; nothing is marked as sent then.
    pub fn tick(&self, now: Timestamp) -> Result<Vec<Reminder>, WriteError> {
        let actor = Actor::system("clock");
        let (today, calendar) = (beijing_day(now), self.calendar());
        let mut connection = self.writer();
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut session = self.session(&transaction, &actor, Some(now))?;
        let mut sent = Vec::new();
        for register in self.catalogue().registers.values().filter(|register| !register.deadlines.is_empty()) {
            let mut due = Vec::new();
            each_running(&transaction, register, |record, rule, clock| {
                if let (Some(due_on), false) = (reckon::due_on(&clock, &calendar), clock.is_suspended()) {
                    let come = |days: &&i32| due_on.saturating_add((**days).days()) <= today;
                    for days in rule.remind.iter().filter(come) {
                        due.push((record.clone(), rule, clock.id, due_on, *days));
                    }
                }
                Ok(())
            })?;
            for (record, rule, clock, due_on, days) in due {
                let new = transaction
                    .prepare_cached(
                        "INSERT OR IGNORE INTO reminder (deadline, days, due_on, sent_at) VALUES (?1, ?2, ?3, ?4)",
                    )?
                    .execute(params![clock, days, due_on.to_string(), stored_time(now)])?;
                if new == 0 {
                    continue;
                }
                let escalate_to = if days > 0 { rule.escalate_to } else { None };
                let told = serde_json::json!({ "deadline": rule.key, "due_on": due_on.to_string(), "days": days });
                let change = FieldChange { field: "reminder".into(), before: serde_json::Value::Null, after: told };
                session.journal(register, &record, Action::Remind, now, &[change], None)?;
                sent.push(Reminder {
                    register: register.key.clone(),
                    number: record.number().to_owned(),
                    deadline: rule.key.clone(),
                    due_on,
                    days,
                    escalate_to,
                });
            }
        }
        transaction.commit()?;
        Ok(sent)
    }
}

/// Goes through the running clocks of a register with the records they belong to.
fn each_running<'r>(
    connection: &Connection,
    register: &'r Register,
    mut take: impl FnMut(StoredRow, &'r DeadlineRule, StoredClock) -> Result<(), rusqlite::Error>,
) -> Result<(), rusqlite::Error> {
    let clocks: Vec<StoredClock> = connection
        .prepare_cached("SELECT * FROM deadline WHERE register = ?1 AND stopped_at IS NULL ORDER BY started_at")?
        .query_map([&register.key], StoredClock::read)?
        .collect::<Result<_, _>>()?;
    let table = naming::table(&register.key);
    let mut find =
        connection.prepare_cached(&format!("SELECT * FROM \"{table}\" WHERE id = ?1 AND deleted_at IS NULL"))?;
    for clock in clocks {
        let Some(rule) = register.deadlines.iter().find(|rule| rule.key == clock.key) else { continue };
        if let Some(record) = find.query_row([clock.record], row::read_row).optional()? {
            take(record, rule, with_lines(connection, clock)?)?;
        }
    }
    Ok(())
}
