//! The clocks as they are stored, and what happens to a record acting on them: started, paused, extended, stopped.

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::{
    catalogue::{ClockEvent, DeadlineRule, FieldKind, Register},
    journal::Action,
    ledger::{WriteError, row, row::StoredRow, session::Session, stored_time},
    naming, workflow,
};

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
    pub(super) fn read(row: &Row<'_>) -> Result<Self, rusqlite::Error> {
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

    pub(super) fn is_suspended(&self) -> bool {
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
        let starts = matches!(&clock.starts, ClockEvent::Step(start) if start == step) || clock.restarts.contains(step);
        if starts && current.as_ref().is_none_or(|clock| clock.stopped_at.is_some()) {
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

pub(super) fn latest(
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

pub(super) fn with_lines(connection: &Connection, mut clock: StoredClock) -> Result<StoredClock, rusqlite::Error> {
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
