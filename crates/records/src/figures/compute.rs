//! The SQL behind a figure, and what is made of its answers.

use bilan_standards::rounding::{NotADecimal, Rational};
use rusqlite::Connection;
use sea_query::{Alias, Condition, Expr, ExprTrait, Func, Order, Query, SelectStatement, UnionType};

use super::{FigureError, FigureValue, Figures, Gap, Period};
use crate::{
    actor::{Act, Scope},
    catalogue::{Figure, FigurePeriod, FigureRule, RecordSet, Register},
    filter::{Filter, column},
    ledger::{
        batch::standing,
        child_rows_as_of,
        reach::{Reachable, confined},
        rows_as_of, run,
    },
    naming,
    value::{start_of_day, stored_time},
};

/// What a figure comes to before it is rounded.
struct Outcome {
    value: Result<Rational, Gap>,
    records: u64,
}

impl Figures<'_> {
    /// Computes one figure.
    ///
    /// # Errors
    /// See [`FigureError`].
    pub fn compute(&self, key: &str, period: &Period) -> Result<FigureValue, FigureError> {
        let figure = self.figure(key)?;
        let connection = self.ledger.reader()?;
        let snapshot = connection.unchecked_transaction()?;
        let outcome = self.outcome(&snapshot, figure, period)?;
        let rounded = outcome.value.and_then(|exact| {
            let text = exact.short_text(figure.digits.into()).ok_or(Gap::TooLarge)?;
            Ok((exact, text))
        });
        let (exact, value, gap) = match rounded {
            Ok((exact, text)) => (Some(exact), Some(text), None),
            Err(gap) => (None, None, Some(gap)),
        };
        let (key, label, unit) = (figure.key.clone(), figure.label.clone(), figure.unit.clone());
        let confined = self.confines(figure)?;
        Ok(FigureValue { key, label, value, unit, records: outcome.records, confined, gap, exact, bound: figure.bound })
    }

    /// Register and number of every record behind a figure, each once, in the order of their dates.
    ///
    /// A figure made of others gives the records of its first part, then those that only the second counts.
    ///
    /// They are the records that the figure counts for this reader: of one who is confined to a cell or an enterprise,
    /// those within it.
    ///
    /// # Errors
    /// See [`FigureError`].
    pub fn records_behind(&self, key: &str, period: &Period) -> Result<Vec<(String, String)>, FigureError> {
        let figure = self.figure(key)?;
        let connection = self.ledger.reader()?;
        let snapshot = connection.unchecked_transaction()?;
        let mut behind: Vec<(String, String)> = Vec::new();
        let mut seen = std::collections::HashSet::new();
        for (figure, records) in self.record_sets(figure)? {
            let (mut select, register) = self.select(figure, records, period)?;
            let table = naming::table(&register.key);
            select.expr(column(&table, "number")).distinct().expr(column(&table, &records.date));
            select.order_by((Alias::new(&table), Alias::new(&records.date)), Order::Asc);
            select.order_by((Alias::new(&table), Alias::new("number")), Order::Asc);
            let numbers: Vec<String> = run(&snapshot, &select, |row| row.get(0))?;
            let found = numbers.into_iter().map(|number| (register.key.clone(), number));
            behind.extend(found.filter(|record| seen.insert(record.clone())));
        }
        Ok(behind)
    }

    fn outcome(&self, connection: &Connection, figure: &Figure, period: &Period) -> Result<Outcome, FigureError> {
        match &figure.rule {
            FigureRule::Count(records) => {
                let count = self.count(connection, figure, records, period)?;
                Ok(Outcome { value: whole(count), records: count })
            }
            FigureRule::Distinct { records, field } => {
                let (mut select, register) = self.select(figure, records, period)?;
                let table = naming::table(&register.key);
                select.expr(column(&table, field).count_distinct()).expr(column(&table, "id").count());
                let (values, records) = one(connection, &select, |row| Ok((row.get(0)?, row.get(1)?)))?;
                Ok(Outcome { value: whole(values), records })
            }
            FigureRule::Sum { records, rows, field, stored_digits } => {
                let (mut select, register) = self.select(figure, records, period)?;
                let table = naming::table(&register.key);
                let from = rows.as_ref().map_or_else(|| table.clone(), |rows| naming::child_table(&register.key, rows));
                select
                    .expr(column(&from, field).sum())
                    .expr(column(&from, field).count())
                    .expr(column(&table, "id").count_distinct());
                let (sum, filled, records): (Option<i64>, u64, u64) =
                    one(connection, &select, |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
                let value = match filled == 0 && records > 0 {
                    true => Err(Gap::NoValues { field: field.clone(), records }),
                    false => Rational::scaled(sum.unwrap_or(0), (*stored_digits).into()).ok_or(Gap::TooLarge),
                };
                Ok(Outcome { value, records })
            }
            FigureRule::Ratio { of, to, percent } => {
                let value = self.divided(connection, of, to, period, *percent, Rational::checked_div)?;
                Ok(Outcome { value, records: self.records_of_parts(connection, figure, period)? })
            }
            FigureRule::Change { of, against, percent } => {
                let change = |of: Rational, against: Rational| of.checked_sub(against)?.checked_div(against);
                let value = self.divided(connection, of, against, period, *percent, change)?;
                Ok(Outcome { value, records: self.records_of_parts(connection, figure, period)? })
            }
            FigureRule::Observations { series, statistic } => {
                let found = self.observations.statistic(series, statistic, period.from, period.to);
                let found = found.map_err(FigureError::Observations)?;
                let value = match &found {
                    Some((text, _)) => {
                        Ok(text.parse().map_err(|error: NotADecimal| FigureError::Observations(error.to_string()))?)
                    }
                    None => Err(Gap::NoObservations { series: series.clone() }),
                };
                Ok(Outcome { value, records: 0 })
            }
        }
    }

    fn count(
        &self,
        connection: &Connection,
        figure: &Figure,
        records: &RecordSet,
        period: &Period,
    ) -> Result<u64, FigureError> {
        let (mut select, register) = self.select(figure, records, period)?;
        let id = column(&naming::table(&register.key), "id");
        // A sum over rows meets a record once for each of its rows.
        select.expr(if figure.rule.rows().is_some() { id.count_distinct() } else { id.count() });
        Ok(one(connection, &select, |row| row.get(0))?)
    }

    fn divided(
        &self,
        connection: &Connection,
        of: &str,
        by: &str,
        period: &Period,
        percent: bool,
        reckon: impl Fn(Rational, Rational) -> Option<Rational>,
    ) -> Result<Result<Rational, Gap>, FigureError> {
        let mut parts = Vec::with_capacity(2);
        for key in [of, by] {
            match self.outcome(connection, self.figure(key)?, period)?.value {
                Ok(value) => parts.push(value),
                Err(gap) => return Ok(Err(Gap::Part { part: key.to_owned(), why: gap.to_string() })),
            }
        }
        if parts[1].is_zero() {
            return Ok(Err(Gap::DivisionByZero { divisor: by.to_owned() }));
        }
        let value = reckon(parts[0], parts[1]).and_then(|value| if percent { value.percent() } else { Some(value) });
        Ok(value.ok_or(Gap::TooLarge))
    }

    /// How many records stand behind a figure that is made of others, each counted once.
    fn records_of_parts(&self, connection: &Connection, figure: &Figure, period: &Period) -> Result<u64, FigureError> {
        let mut by_register: indexmap::IndexMap<&str, SelectStatement> = indexmap::IndexMap::new();
        for (figure, records) in self.record_sets(figure)? {
            let (mut select, register) = self.select(figure, records, period)?;
            select.expr_as(column(&naming::table(&register.key), "id"), Alias::new("id"));
            match by_register.get_mut(register.key.as_str()) {
                Some(union) => _ = union.union(UnionType::Distinct, select),
                None => _ = by_register.insert(&register.key, select.distinct().take()),
            }
        }
        let mut records = 0;
        for ids in by_register.into_values() {
            let mut count = Query::select();
            count.expr(Func::count(Expr::col(Alias::new("id")))).from_subquery(ids, Alias::new("ids"));
            records += one(connection, &count, |row| row.get::<_, u64>(0))?;
        }
        Ok(records)
    }

    /// The sets of records of which a figure is made in the end.
    fn record_sets<'f>(&'f self, figure: &'f Figure) -> Result<Vec<(&'f Figure, &'f RecordSet)>, FigureError> {
        if let Some(records) = figure.rule.records() {
            return Ok(vec![(figure, records)]);
        }
        let mut sets = Vec::new();
        if let Some((of, by)) = figure.rule.parts() {
            for key in [of, by] {
                sets.extend(self.record_sets(self.figure(key)?)?);
            }
        }
        Ok(sets)
    }

    /// Whether this reader sees of a figure only a part: the own cell or enterprise instead of the whole district.
    fn confines(&self, figure: &Figure) -> Result<bool, FigureError> {
        let registers = &self.ledger.catalogue().registers;
        let is_whole = |register: &str| {
            registers.get(register).is_none_or(|register| self.actor.scope(register, Act::Read) == Scope::All)
        };
        Ok(self.record_sets(figure)?.into_iter().any(|(_, records)| {
            let referred = records.filter.iter().flat_map(Filter::referred);
            !std::iter::once(records.of.as_str()).chain(referred).all(is_whole)
        }))
    }

    /// The records of a figure within the reader's reach, without columns; the table has the name that
    /// [`naming::table`] gives it. The filter of the figure sees of other registers only what the reader may read.
    fn select(
        &self,
        figure: &Figure,
        records: &RecordSet,
        period: &Period,
    ) -> Result<(SelectStatement, &Register), FigureError> {
        let catalogue = self.ledger.catalogue();
        let register = self.ledger.register(&records.of)?;
        let scope = self.actor.scope(register, Act::Read);
        if scope == Scope::Nothing {
            return Err(FigureError::Forbidden { actor: self.actor.name.clone(), key: figure.key.clone() });
        }
        let table = naming::table(&register.key);
        let mut select = Query::select();
        match self.as_of {
            Some(_) => _ = select.from_subquery(rows_as_of(register, self.as_of), Alias::new(&table)),
            None => {
                select.from(Alias::new(&table)).and_where(Expr::cust(standing(&register.key, &table)));
            }
        }
        select.cond_where(confined(&table, register, &scope));
        if let Some(field) = figure.rule.rows().and_then(|rows| register.fields.get(rows)) {
            let rows = naming::child_table(&register.key, &field.key);
            let joined = Condition::all().add(column(&rows, "parent").equals((Alias::new(&table), Alias::new("id"))));
            match self.as_of {
                Some(_) => {
                    let source = child_rows_as_of(register, field, self.as_of);
                    select.join_subquery(sea_query::JoinType::InnerJoin, source, Alias::new(&rows), joined);
                }
                None => _ = select.inner_join(Alias::new(&rows), joined),
            }
        }
        if figure.period == FigurePeriod::Asked {
            select.cond_where(within(&table, register, records, period));
        }
        if let Some(filter) = &records.filter {
            select.cond_where(filter.condition_from(&Reachable { catalogue, actor: self.actor, as_of: self.as_of }));
        }
        Ok((select, register))
    }
}

/// The condition that a record's date lies in the period; an instant belongs to its Beijing day.
fn within(table: &str, register: &Register, records: &RecordSet, period: &Period) -> Condition {
    let date = || column(table, &records.date);
    if !records.dated_by_instant(register) {
        return Condition::all().add(date().gte(period.from.to_string())).add(date().lte(period.to.to_string()));
    }
    let mut condition = Condition::all();
    if let Some(from) = start_of_day(period.from) {
        condition = condition.add(date().gte(stored_time(from)));
    }
    if let Some(until) = period.to.tomorrow().ok().and_then(start_of_day) {
        condition = condition.add(date().lt(stored_time(until)));
    }
    condition
}

fn whole(number: u64) -> Result<Rational, Gap> {
    Rational::new(number.into(), 1).ok_or(Gap::TooLarge)
}

/// The single row of an aggregate.
fn one<T>(
    connection: &Connection,
    select: &SelectStatement,
    read: impl FnMut(&rusqlite::Row<'_>) -> Result<T, rusqlite::Error>,
) -> Result<T, rusqlite::Error> {
    run(connection, select, read)?.into_iter().next().ok_or(rusqlite::Error::QueryReturnedNoRows)
}
