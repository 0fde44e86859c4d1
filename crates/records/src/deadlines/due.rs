//! What is due (到期): the lines that a list shows and how many there are, without looking at every running clock.
//!
//! Of clocks by the same rule the one that starts later is due later or on the same day. So the clocks that are due in a
//! span of days are those that started in a span of days, which an index gives in order. Clocks that were paused or
//! extended are few and are looked at one by one.

use std::time::{Duration, Instant};

use bilan_storage::{check, watch};
use jiff::{Timestamp, ToSpan, civil::Date, tz::TimeZone};
use rusqlite::{Connection, OptionalExtension, params, params_from_iter, types::Value as Sql};

use super::{
    DeadlineView,
    clocks::{StoredClock, with_lines},
    reckon,
};
use crate::{
    actor::{Act, Actor, ENTERPRISES, Scope, enterprise_field},
    catalogue::{DeadlineRule, Field, FieldKind, Register},
    ledger::{Ledger, ReadError, batch::not_coming, beijing_day, row, stored_time},
    naming,
};

/// Counting stops when it has taken this long, and the count is then a least number.
const COUNTING: Duration = Duration::from_millis(10);

/// Farthest from its start that a clock is due: permits are valid for five years.
const LONGEST: i64 = 6 * 366;

/// Clocks that are due in a span of days.
#[derive(Debug, Clone, Default)]
pub struct Due {
    /// The first of them, in the order that was asked for.
    pub views: Vec<DeadlineView>,
    /// How many there are.
    pub total: u64,
    /// There are more than `total`: counting them would have taken too long.
    pub total_is_capped: bool,
}

/// Which due clocks are wanted.
#[derive(Debug, Clone, Copy)]
pub struct DueSpan {
    /// First due day; without it, however long ago.
    pub from: Option<Date>,
    /// Last due day.
    pub until: Date,
    /// The latest due day first.
    pub latest_first: bool,
    /// Clocks that are listed; the others are only counted.
    pub most: usize,
}

impl Ledger {
    /// Running clocks within the actor's reach that are due in a span of days.
    ///
    /// # Errors
    /// If the database fails.
    pub fn due_in(&self, actor: &Actor, span: DueSpan) -> Result<Due, ReadError> {
        let mut connection = self.reader()?;
        let mut due = Due::default();
        for register in self.catalogue().registers.values().filter(|register| !register.deadlines.is_empty()) {
            let scope = actor.scope(register, Act::Read);
            if scope == Scope::Nothing {
                continue;
            }
            for rule in &register.deadlines {
                let clocks = Clocks { ledger: self, register, rule, scope: &scope, span };
                clocks.add_to(&mut connection, &mut due)?;
            }
        }
        due.views.sort_by(|a, b| {
            let order = (a.due_on, &a.number).cmp(&(b.due_on, &b.number));
            if span.latest_first { order.reverse() } else { order }
        });
        due.views.truncate(span.most);
        Ok(due)
    }
}

/// The running clocks of one rule of a register.
struct Clocks<'a> {
    ledger: &'a Ledger,
    register: &'a Register,
    rule: &'a DeadlineRule,
    scope: &'a Scope,
    span: DueSpan,
}

/// All clocks.
const CLOCKS: &str = "deadline d";

/// A part of a statement with the values that its marks stand for, in their order.
struct Part {
    sql: String,
    values: Vec<Sql>,
}

impl Clocks<'_> {
    fn add_to(&self, connection: &mut Connection, due: &mut Due) -> Result<(), ReadError> {
        if let Some(field) = self.rule.due.as_ref().and_then(|key| self.register.fields.get(key)) {
            return self.add_by_field(connection, field, due);
        }
        let changed = self.changed(connection)?;
        for statutory in self.statutory_rules(connection)? {
            let Some((from, until)) = self.starts(&statutory) else { continue };
            let is_inside = |clock: &&StoredClock| {
                clock.rule == statutory && from.is_none_or(|from| clock.started_at >= from) && clock.started_at < until
            };
            let inside: Vec<i64> = changed.iter().filter(is_inside).map(|clock| clock.id).collect();
            let running = self.running(&statutory, from, until);
            let order = if self.span.latest_first { "DESC" } else { "ASC" };
            let most = i64::try_from(self.span.most.saturating_add(inside.len())).unwrap_or(i64::MAX);
            let sql =
                format!("SELECT d.* {} ORDER BY d.started_at {order}, d.record {order} LIMIT {most}", running.sql);
            let clocks = read(connection, &sql, &running.values)?;
            for clock in clocks.into_iter().filter(|clock| !inside.contains(&clock.id)) {
                due.views.extend(self.view(connection, clock)?);
            }
            let (counted, is_capped) = count(connection, &running)?;
            due.total += counted.saturating_sub(inside.len() as u64);
            due.total_is_capped |= is_capped;
        }
        for clock in changed {
            let view = self.view(connection, with_lines(connection, clock)?)?.filter(|view| {
                view.due_on.is_some_and(|day| day <= self.span.until && self.span.from.is_none_or(|from| day >= from))
            });
            due.total += u64::from(view.is_some());
            due.views.extend(view);
        }
        Ok(())
    }

    /// Adds the clocks whose last day stands in a field of their records.
    fn add_by_field(&self, connection: &mut Connection, field: &Field, due: &mut Due) -> Result<(), ReadError> {
        let is_day = matches!(field.kind, FieldKind::Date);
        let bound = |day: Date| if is_day { Some(day.to_string()) } else { midnight(day).map(stored_time) };
        let column = format!("r.\"{}\"", naming::column(field));
        let mut condition = format!(" AND {column} < ?");
        let mut values: Vec<Sql> = self.span.until.tomorrow().ok().and_then(bound).map(Sql::Text).into_iter().collect();
        if let Some(from) = self.span.from.and_then(bound) {
            condition.push_str(&format!(" AND {column} >= ?"));
            values.push(Sql::Text(from));
        }
        // A paused clock is not due; the last event that is no extension says whether one is paused.
        condition.push_str(
            " AND coalesce((SELECT e.kind FROM deadline_event e WHERE e.deadline = d.id AND e.kind <> 'extend' \
             ORDER BY e.at DESC, e.rowid DESC LIMIT 1), '') <> 'suspend'",
        );
        let mut running = self.clocks(CLOCKS, &condition, true);
        drop(running.values.splice(2..2, values));
        let order = if self.span.latest_first { "DESC" } else { "ASC" };
        let most = i64::try_from(self.span.most).unwrap_or(i64::MAX);
        let sql = format!("SELECT d.* {} ORDER BY {column} {order}, d.record {order} LIMIT {most}", running.sql);
        for clock in read(connection, &sql, &running.values)? {
            due.views.extend(self.view(connection, with_lines(connection, clock)?)?);
        }
        let (counted, is_capped) = count(connection, &running)?;
        due.total += counted;
        due.total_is_capped |= is_capped;
        Ok(())
    }

    /// Running clocks within reach that were paused or extended.
    fn changed(&self, connection: &Connection) -> Result<Vec<StoredClock>, rusqlite::Error> {
        // The table of those that were changed is read first, however many others run.
        let changed = "deadline_changed c CROSS JOIN deadline d \
             ON d.id = c.deadline AND c.register = d.register AND c.key = d.key";
        let running = self.clocks(changed, "", false);
        read(connection, &format!("SELECT d.* {}", running.sql), &running.values)
    }

    /// The statutory rules by which clocks of this rule run; a register file may have named another one before.
    fn statutory_rules(&self, connection: &Connection) -> Result<Vec<String>, rusqlite::Error> {
        let mut next = connection.prepare_cached(
            "SELECT rule FROM deadline WHERE register = ?1 AND key = ?2 AND rule > ?3 AND stopped_at IS NULL \
             ORDER BY rule LIMIT 1",
        )?;
        let mut rules: Vec<String> = Vec::new();
        loop {
            let last = rules.last().map_or("", String::as_str);
            let found = next.query_row(params![self.register.key, self.rule.key, last], |row| row.get(0)).optional()?;
            let Some(rule) = found else { return Ok(rules) };
            rules.push(rule);
        }
    }

    /// From when (nothing: however long ago) and before when a clock started that is due in the span.
    fn starts(&self, statutory: &str) -> Option<(Option<Timestamp>, Timestamp)> {
        let until = self.last_start(statutory, self.span.until)?;
        let before = self.span.from.and_then(|from| from.yesterday().ok());
        let from = before.and_then(|before| self.last_start(statutory, before));
        let next_day = |day: Date| day.tomorrow().ok().and_then(midnight);
        Some((from.and_then(next_day), next_day(until)?))
    }

    /// The last day on which a clock can start that is due on `day` or before.
    fn last_start(&self, statutory: &str, day: Date) -> Option<Date> {
        let calendar = self.ledger.calendar();
        let is_due = |offset: i64| {
            let start = day.checked_add(offset.days()).ok()?;
            Some(reckon::plain_due_on(statutory, start, &calendar)? <= day)
        };
        // Some acts are due before the day from which they count.
        let (mut due, mut not_due) = (-LONGEST, LONGEST);
        if !is_due(due)? {
            return None;
        }
        while not_due - due > 1 {
            let middle = i64::midpoint(due, not_due);
            if is_due(middle)? { due = middle } else { not_due = middle }
        }
        day.checked_add(due.days()).ok()
    }

    /// The clocks of one statutory rule that started in a span of time.
    fn running(&self, statutory: &str, from: Option<Timestamp>, until: Timestamp) -> Part {
        let mut condition = " AND d.rule = ? AND d.started_at < ?".to_owned();
        let mut values = vec![Sql::Text(statutory.to_owned()), Sql::Text(stored_time(until))];
        if let Some(from) = from {
            condition.push_str(" AND d.started_at >= ?");
            values.push(Sql::Text(stored_time(from)));
        }
        let mut clocks = self.clocks(CLOCKS, &condition, false);
        // Behind the register and the key, before what says how far the actor reaches.
        drop(clocks.values.splice(2..2, values));
        clocks
    }

    /// What running clocks within reach, `d` of `from`, are read with, and a further condition; `with_records` joins their
    /// records as `r`.
    fn clocks(&self, from: &str, condition: &str, with_records: bool) -> Part {
        let register = self.register;
        let table = naming::table(&register.key);
        let mut values = vec![Sql::Text(register.key.clone()), Sql::Text(self.rule.key.clone())];
        let reach = match self.scope {
            Scope::All | Scope::Nothing => with_records.then(|| "1".to_owned()),
            Scope::Cell(cell) => {
                values.extend([Sql::Text(cell.clone()), Sql::Text(format!("{cell}\u{10ffff}"))]);
                Some("r.cell >= ? AND r.cell < ?".to_owned())
            }
            Scope::Enterprise(own) if register.key == ENTERPRISES => {
                values.push(Sql::Text(own.clone()));
                Some("r.number = ?".to_owned())
            }
            Scope::Enterprise(own) => Some(match enterprise_field(register) {
                Some(field) => {
                    values.push(Sql::Text(own.clone()));
                    let (column, enterprises) = (naming::column(field), naming::table(ENTERPRISES));
                    format!("r.\"{column}\" IN (SELECT id FROM \"{enterprises}\" WHERE number = ?)")
                }
                None => "0".to_owned(),
            }),
        };
        let (join, reach) = match reach {
            None => (String::new(), String::new()),
            Some(reach) => {
                let join = format!(" JOIN \"{table}\" r ON r.id = d.record AND r.deleted_at IS NULL");
                (join, format!(" AND {reach}"))
            }
        };
        let coming = not_coming(&register.key, "d.record");
        let sql = format!(
            "FROM {from}{join} WHERE d.register = ? AND d.key = ? AND d.stopped_at IS NULL{condition} \
             AND {coming}{reach}"
        );
        Part { sql, values }
    }

    fn view(&self, connection: &Connection, clock: StoredClock) -> Result<Option<DeadlineView>, rusqlite::Error> {
        let table = naming::table(&self.register.key);
        let record = connection
            .prepare_cached(&format!("SELECT * FROM \"{table}\" WHERE id = ?1 AND deleted_at IS NULL"))?
            .query_row([clock.record], row::read_row)
            .optional()?;
        let (calendar, today) = (self.ledger.calendar(), beijing_day(self.ledger.now()));
        Ok(record.map(|record| reckon::view(self.register, self.rule, &record, &clock, &calendar, today)))
    }
}

fn read(connection: &Connection, sql: &str, values: &[Sql]) -> Result<Vec<StoredClock>, rusqlite::Error> {
    connection.prepare_cached(sql)?.query_map(params_from_iter(values), StoredClock::read)?.collect()
}

/// How many there are, or how many at least.
fn count(connection: &mut Connection, running: &Part) -> Result<(u64, bool), rusqlite::Error> {
    let end = Instant::now() + COUNTING;
    watch(connection, Some(Box::new(move || Instant::now() > end)))?;
    let sql = format!("SELECT count(*) {}", running.sql);
    let counted = connection
        .prepare_cached(&sql)
        .and_then(|mut statement| statement.query_row(params_from_iter(&running.values), |row| row.get(0)));
    watch(connection, None)?;
    check()?;
    match counted {
        Ok(counted) => Ok((counted, false)),
        Err(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::OperationInterrupted) => {
            let sql = format!("SELECT count(*) FROM (SELECT 1 {} LIMIT {AT_LEAST})", running.sql);
            let counted =
                connection.prepare_cached(&sql)?.query_row(params_from_iter(&running.values), |row| row.get(0))?;
            Ok((counted, true))
        }
        Err(error) => Err(error),
    }
}

/// What is counted when counting all would take too long.
const AT_LEAST: u64 = 1_000;

fn midnight(day: Date) -> Option<Timestamp> {
    Some(day.to_zoned_datetime(TimeZone::fixed(jiff::tz::offset(8))).ok()?.timestamp())
}

#[cfg(test)]
mod tests {
    use bilan_standards::{calendar::WorkCalendar, deadline};
    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_clock_that_starts_later_is_never_due_earlier() {
        let calendar = WorkCalendar::published();
        for rule in deadline::rules() {
            let mut day = date(2019, 6, 1);
            let mut last = None;
            while day < date(2024, 1, 1) {
                let due = reckon::plain_due_on(&rule.key, day, calendar);
                if let (Some(last), Some(due)) = (last, due) {
                    assert!(last <= due, "{} starting on {day}", rule.key);
                }
                last = due.or(last);
                day = day.tomorrow().unwrap_or(day);
            }
        }
    }
}
