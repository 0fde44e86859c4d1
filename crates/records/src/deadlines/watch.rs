//! Watching the clocks: those of one record, those that are due, and the reminders whose day has come.

use std::collections::HashMap;

use bilan_storage::commit;
use jiff::{Timestamp, ToSpan, civil::Date};
use rusqlite::{Connection, OptionalExtension, params};

use super::{
    DeadlineView, DueSpan, Reminder,
    clocks::{StoredClock, latest, with_lines},
    reckon,
};
use crate::{
    actor::Actor,
    catalogue::{DeadlineRule, Register},
    journal::Action,
    ledger::{
        FieldChange, Ledger, ReadError, WriteError,
        batch::{not_coming, standing},
        beijing_day, row,
        row::StoredRow,
        stored_time,
    },
    naming,
};

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
        let span = DueSpan { from: None, until, latest_first: false, most: usize::MAX };
        Ok(self.due_in(actor, span)?.views)
    }

    /// Sends every reminder whose day has come and that was not sent before; safe to call at any time, any number of times.
    ///
    /// A reminder that was missed while the program stood still is sent at the next call, and so is one whose day had
    /// passed before its clock was started, because the act is still to be done. Of several of one clock the newest is
    /// sent alone.
    ///
    /// # Errors
    /// If the database fails; nothing is marked as sent then.
    pub fn tick(&self, now: Timestamp) -> Result<Vec<Reminder>, WriteError> {
        let come = self.reminders_come(now)?;
        let mut sent = Vec::new();
        for some in come.chunks(REMINDERS_A_TURN) {
            sent.extend(self.send(some, now)?);
        }
        Ok(sent)
    }

    /// The reminders whose day has come and that were not sent, found out beside the writer.
    fn reminders_come(&self, now: Timestamp) -> Result<Vec<Come<'_>>, ReadError> {
        let (today, calendar) = (beijing_day(now), self.calendar());
        let connection = self.reader()?;
        let mut was_sent = connection.prepare("SELECT 1 FROM reminder WHERE deadline = ?1 AND days = ?2")?;
        let mut come = Vec::new();
        // Clocks that were never paused or extended and started on one day are due on one day.
        let mut plain: HashMap<(String, Date), Option<Date>> = HashMap::new();
        for register in self.catalogue().registers.values().filter(|register| !register.deadlines.is_empty()) {
            each_running(&connection, register, |rule, clock| {
                let due_on = if rule.due.is_some() {
                    let record = running_record(&connection, register, clock.id, clock.record)?;
                    record.and_then(|record| reckon::due_on(register, rule, &record, &clock, &calendar))
                } else if clock.events.is_empty() {
                    let started_on = beijing_day(clock.started_at);
                    *plain
                        .entry((clock.rule.clone(), started_on))
                        .or_insert_with(|| reckon::plain_due_on(&clock.rule, started_on, &calendar))
                } else {
                    reckon::due_on(register, rule, &StoredRow::default(), &clock, &calendar)
                };
                let Some(due_on) = due_on.filter(|_| !clock.is_suspended()) else { return Ok(()) };
                let mut unsent = Vec::new();
                for days in &rule.remind {
                    let is_come = due_on.saturating_add(days.days()) <= today;
                    if is_come && !was_sent.exists(params![clock.id, days])? {
                        unsent.push(*days);
                    }
                }
                unsent.sort_unstable();
                if let Some(days) = unsent.pop() {
                    let (clock, record) = (clock.id, clock.record);
                    come.push(Come { register, rule, clock, record, due_on, days, passed: unsent });
                }
                Ok(())
            })?;
        }
        Ok(come)
    }

    /// Sends reminders in one turn of the writer; a clock that has stopped meanwhile reminds nobody.
    fn send(&self, come: &[Come<'_>], now: Timestamp) -> Result<Vec<Reminder>, WriteError> {
        let actor = Actor::system("clock");
        let mut connection = self.writer();
        let transaction = connection.begin()?;
        let mut session = self.session(&transaction, &actor, Some(now))?;
        let mut sent = Vec::new();
        for Come { register, rule, clock, record, due_on, days, passed } in come {
            let Some(record) = running_record(&transaction, register, *clock, *record)? else { continue };
            let mut remember = transaction.prepare_cached(
                "INSERT OR IGNORE INTO reminder (deadline, days, due_on, sent_at) VALUES (?1, ?2, ?3, ?4)",
            )?;
            let mut new = 0;
            // The newest says all that the earlier ones would have said.
            for days in passed.iter().chain([days]) {
                new = remember.execute(params![clock, days, due_on.to_string(), stored_time(now)])?;
            }
            drop(remember);
            if new == 0 {
                continue;
            }
            let escalate_to = if *days > 0 { rule.escalate_to } else { None };
            let said = serde_json::json!({ "deadline": rule.key, "due_on": due_on.to_string(), "days": days });
            let change = FieldChange { field: "reminder".into(), before: serde_json::Value::Null, after: said };
            session.journal(register, &record, Action::Remind, now, &[change], None)?;
            sent.push(Reminder {
                register: register.key.clone(),
                number: record.number().to_owned(),
                deadline: rule.key.clone(),
                due_on: *due_on,
                days: *days,
                escalate_to,
            });
        }
        session.seal()?;
        commit(transaction)?;
        Ok(sent)
    }
}

/// Reminders that are sent in one turn of the writer.
const REMINDERS_A_TURN: usize = 200;

/// A reminder whose day has come.
struct Come<'c> {
    register: &'c Register,
    rule: &'c DeadlineRule,
    clock: i64,
    record: i64,
    due_on: Date,
    days: i32,
    /// Earlier reminders of the clock that were missed: this one takes their place.
    passed: Vec<i32>,
}

/// The record of a clock, if both are as they were: it stands and the clock runs.
fn running_record(
    connection: &Connection,
    register: &Register,
    clock: i64,
    record: i64,
) -> Result<Option<StoredRow>, rusqlite::Error> {
    let table = naming::table(&register.key);
    let seen = standing(&register.key, &table);
    let sql = format!(
        "SELECT * FROM \"{table}\" WHERE id = ?1 AND {seen} \
         AND EXISTS (SELECT 1 FROM deadline WHERE deadline.id = ?2 AND deadline.stopped_at IS NULL)"
    );
    connection.prepare_cached(&sql)?.query_row([record, clock], row::read_row).optional()
}

/// Goes through the running clocks of a register, one after the other.
fn each_running<'r>(
    connection: &Connection,
    register: &'r Register,
    mut take: impl FnMut(&'r DeadlineRule, StoredClock) -> Result<(), rusqlite::Error>,
) -> Result<(), rusqlite::Error> {
    let sql = format!(
        "SELECT * FROM deadline WHERE register = ?1 AND stopped_at IS NULL AND {} ORDER BY key, rule, started_at",
        not_coming(&register.key, "record")
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let mut clocks = statement.query([&register.key])?;
    while let Some(row) = clocks.next()? {
        let clock = StoredClock::read(row)?;
        let Some(rule) = register.deadlines.iter().find(|rule| rule.key == clock.key) else { continue };
        take(rule, with_lines(connection, clock)?)?;
    }
    Ok(())
}
