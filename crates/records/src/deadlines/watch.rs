//! Watching the clocks: those of one record, those that are due, and the reminders whose day has come.

use jiff::{Timestamp, ToSpan, civil::Date};
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};

use super::{
    DeadlineView, Reminder,
    clocks::{StoredClock, latest, with_lines},
    reckon,
};
use crate::{
    actor::{Act, Actor, Scope},
    catalogue::{DeadlineRule, Register},
    journal::Action,
    ledger::{
        FieldChange, Ledger, ReadError, WriteError, beijing_day, reach::reaches, row, row::StoredRow, stored_time,
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
                let due_on = reckon::due_on(register, rule, &record, &clock, &calendar);
                if let (Some(due_on), false) = (due_on, clock.is_suspended()) {
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
        session.seal()?;
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
