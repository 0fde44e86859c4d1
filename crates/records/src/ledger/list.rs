//! Lists: which records match, in which order, how many there are; read page by page or one after another.

use std::{
    collections::HashSet,
    time::{Duration, Instant},
};

use bilan_storage::{check, watch};
use jiff::{Timestamp, civil::Date};
use rusqlite::{Connection, OptionalExtension, params_from_iter};
use sea_query::{Alias, Asterisk, Condition, Expr, ExprTrait, Func, Order, Query, SelectStatement, SqliteQueryBuilder};

use super::{
    Ledger,
    as_of::rows_as_of,
    batch::standing,
    codec::{Personal, beijing_day, stored_time},
    error::ReadError,
    layout,
    outward::external,
    reach::{Reachable, confined, forbidden},
    record::{ListQuery, Page, Record},
    row::{self, StoredRow},
    search::Words,
    statement::{bind, run},
};
use crate::{
    actor::{Act, Actor, Scope},
    catalogue::{Field, FieldKind, Register},
    filter::Filter,
    naming,
    value::start_of_day,
};

/// Counting stops when it has taken this long and the list is shown without waiting for its length.
const COUNTING: Duration = Duration::from_millis(20);

/// Words that stand in more records than these are looked for among the first records of the list.
const COMMON: u64 = 2_000;

impl Ledger {
    /// A page of a list.
    ///
    /// With `as_of`, records are those that stood then; the words of `search` are still looked up in today's texts.
    ///
    /// # Errors
    /// [`ReadError::Filter`] if the filter is wrong, [`ReadError::UnknownField`] for a sort that cannot be.
    pub fn list(&self, actor: &Actor, query: ListQuery) -> Result<Page, ReadError> {
        let register = self.register(&query.register)?;
        let limit = if query.limit == 0 { ListQuery::PAGE } else { query.limit };
        let mut connection = self.reader()?;
        let select = self.select(actor, register, &query)?;
        let mut page = select.clone();
        sort(&mut page, register, query.sort.as_ref())?;
        page.limit(limit).offset(query.offset);
        let records = {
            let snapshot = connection.unchecked_transaction()?;
            if let Some(nearby) = self.of_common_words(&snapshot, actor, register, &query, limit)? {
                page = nearby;
            }
            let rows = if let Some(at) = query.as_of.map(stored_time) {
                page.column(Asterisk);
                let mut rows = run(&snapshot, &page, row::read_row)?;
                for row in &mut rows {
                    row::add_children_as_of(&snapshot, register, row, &at)?;
                }
                rows
            } else {
                page.column(Alias::new("id"));
                by_ids(&snapshot, register, &run(&snapshot, &page, |row| row.get(0))?)?
            };
            rows.into_iter().map(|row| self.present(&snapshot, register, row)).collect::<Result<Vec<_>, _>>()?
        };
        let (shown, known) = (records.len() as u64, query.offset + records.len() as u64);
        let is_last = shown < limit && (query.offset == 0 || shown > 0);
        let total = if is_last { Some(known) } else { count(&mut connection, &select)? };
        let (total, total_is_capped) = total.map_or((known, true), |total| (total, false));
        Ok(Page { records, total, total_is_capped })
    }

    /// The page of a list whose words stand in very many records: the first records of the list without the words nearly
    /// always hold enough that have them, and then only these are looked up in the index. Nothing where that is not so.
    fn of_common_words(
        &self,
        connection: &Connection,
        actor: &Actor,
        register: &Register,
        query: &ListQuery,
        limit: u64,
    ) -> Result<Option<SelectStatement>, ReadError> {
        let Some(words) = query.search.as_deref().map(Words::of) else { return Ok(None) };
        if query.as_of.is_some()
            || query.offset.saturating_add(limit) > COMMON
            || !self.is_common(connection, actor, register, &words, COMMON)?
        {
            return Ok(None);
        }
        let ordered = |select: &SelectStatement, limit: u64, offset: u64| {
            let mut ordered = select.clone();
            sort(&mut ordered, register, query.sort.as_ref())?;
            ordered.limit(limit).offset(offset);
            Ok::<_, ReadError>(ordered)
        };
        let ids = |mut select: SelectStatement| run(connection, select.column(Alias::new("id")), |row| row.get(0));
        let without = self.select(actor, register, &ListQuery { search: None, ..query.clone() })?;
        let first: HashSet<i64> = ids(ordered(&without, COMMON, 0)?)?.into_iter().collect();
        let (Some(low), Some(high)) = (first.iter().min(), first.iter().max()) else { return Ok(None) };
        let mut among = without;
        among.cond_where(self.holding_among(connection, actor, register, &words, (*low, *high))?);
        let page = ordered(&among, limit, query.offset)?;
        // Others between these ids come behind the first of the list: a page that holds none of them is the page.
        let found = ids(page.clone())?;
        let is_whole = found.len() as u64 == limit && found.iter().all(|id| first.contains(id));
        Ok(is_whole.then_some(page))
    }

    /// Every matching record at one moment, in the order of the list: for questions whose answer is short because the
    /// filter makes it so. `limit` and `offset` of the query do not count.
    ///
    /// # Errors
    /// As [`Self::list`].
    pub fn list_all(&self, actor: &Actor, query: ListQuery) -> Result<Vec<Record>, ReadError> {
        let mut records = Vec::new();
        let newest_first = (self.register(&query.register)?.date.clone(), true);
        let sort = query.sort.clone().or(Some(newest_first));
        self.each(actor, &ListQuery { sort, ..query }, false, |record| {
            records.push(record);
            Ok(())
        })?;
        Ok(records)
    }

    /// How many records match, however long counting takes.
    ///
    /// # Errors
    /// As [`Self::list`].
    pub fn count(&self, actor: &Actor, query: &ListQuery) -> Result<u64, ReadError> {
        let register = self.register(&query.register)?;
        let mut select = self.select(actor, register, query)?;
        select.expr(Func::count(Expr::col(Asterisk)));
        let connection = self.reader()?;
        Ok(run(&connection, &select, |row| row.get(0))?.first().copied().unwrap_or(0))
    }

    /// How many records match, and whether there are more than the `most` that are counted: a page that shows many
    /// counts does not wait for the largest.
    ///
    /// # Errors
    /// As [`Self::list`].
    pub fn count_up_to(&self, actor: &Actor, query: &ListQuery, most: u64) -> Result<(u64, bool), ReadError> {
        let register = self.register(&query.register)?;
        let matching = self.select(actor, register, query)?;
        let connection = self.reader()?;
        let counted = count_up_to(&connection, matching, most.saturating_add(1))?;
        Ok((Ord::min(counted, most), counted > most))
    }

    /// Every matching record in turn, without holding them all: for exports.
    pub(crate) fn each(
        &self,
        actor: &Actor,
        query: &ListQuery,
        plain: bool,
        mut take: impl FnMut(Record) -> Result<(), ReadError>,
    ) -> Result<u64, ReadError> {
        let register = self.register(&query.register)?;
        let connection = self.reader()?;
        let snapshot = connection.unchecked_transaction()?;
        let mut select = self.select(actor, register, query)?;
        select.column(Asterisk);
        if query.sort.is_some() {
            sort(&mut select, register, query.sort.as_ref())?;
        } else {
            select.order_by(Alias::new("id"), Order::Asc);
        }
        let (sql, values) = select.build(SqliteQueryBuilder);
        let mut statement = snapshot.prepare_cached(&sql)?;
        let mut rows = statement.query(params_from_iter(bind(values)))?;
        let mut count = 0;
        while let Some(found) = rows.next()? {
            check().map_err(rusqlite::Error::from)?;
            let mut stored = row::read_row(found)?;
            match query.as_of {
                None => row::add_children(&snapshot, register, &mut stored)?,
                Some(at) => row::add_children_as_of(&snapshot, register, &mut stored, &stored_time(at))?,
            }
            let mut record = self.present(&snapshot, register, stored.clone())?;
            if plain {
                record.values = external(&snapshot, register, &stored, self.keyring(), Personal::Plain)?;
            }
            take(record)?;
            count += 1;
        }
        Ok(count)
    }

    /// The years in which a register has records, by the date that places them in time, the first of them first.
    ///
    /// # Errors
    /// [`ReadError::UnknownRegister`], or a failure of the database.
    pub fn years(&self, register: &str) -> Result<Vec<i16>, ReadError> {
        let register = self.register(register)?;
        let connection = self.reader()?;
        let (table, date) = (naming::table(&register.key), &register.date);
        let seen = standing(&register.key, &table);
        // From year to year along the index of dates: a question for each year that has records.
        let mut next = connection.prepare_cached(&format!(
            "SELECT \"{date}\" FROM \"{table}\" WHERE {seen} AND \"{date}\" >= ?1 ORDER BY \"{date}\" LIMIT 1"
        ))?;
        let is_day = matches!(register.fields.get(date).map(|field| &field.kind), Some(FieldKind::Date));
        let (mut years, mut from) = (Vec::new(), String::new());
        while let Some(found) = next.query_row([&from], |row| row.get::<_, String>(0)).optional()? {
            let Some(year) = year_of(&found).filter(|year| years.last() < Some(year)) else { break };
            years.push(year);
            let Some(beginning) = year.checked_add(1).and_then(|next| beginning_of(next, is_day)) else { break };
            from = beginning;
        }
        Ok(years)
    }

    /// The select of a list, without its columns and its order.
    pub(super) fn select(
        &self,
        actor: &Actor,
        register: &Register,
        query: &ListQuery,
    ) -> Result<SelectStatement, ReadError> {
        let name = naming::table(&register.key);
        let mut select = Query::select();
        if query.as_of.is_some() {
            select.from_subquery(rows_as_of(register, query.as_of), Alias::new(&name));
        } else {
            select.from(Alias::new(&name)).and_where(Expr::cust(standing(&register.key, &name)));
        }
        match actor.scope(register, Act::Read) {
            Scope::All => {}
            Scope::Nothing => return Err(forbidden(actor, Act::Read.verb(), &register.key)),
            Scope::Cell(cell) => _ = select.cond_where(self.below(&cell)),
            scope @ Scope::Enterprise(_) => _ = select.cond_where(confined(&name, register, &scope)),
        }
        if let Some(cell) = &query.cell {
            select.cond_where(self.below(cell));
        }
        if let Some(filter) = query.filter.as_deref().filter(|filter| !filter.trim().is_empty()) {
            let filter =
                Filter::typed(filter, register, self.catalogue()).map_err(|error| ReadError::Filter(error.into()))?;
            let reachable = Reachable { catalogue: self.catalogue(), actor, as_of: query.as_of };
            select.cond_where(filter.condition_from(&reachable));
        }
        if let Some(words) = query.search.as_deref().filter(|words| !words.trim().is_empty()) {
            let connection = self.reader()?;
            select.cond_where(self.holding(&connection, actor, register, &Words::of(words))?);
        }
        Ok(select)
    }

    /// Cells that begin with `prefix`: a range in the index of cells if they are few of the district, else a condition
    /// that leaves the index of dates to the sorting, where the next match is never far.
    fn below(&self, prefix: &str) -> Condition {
        const FEW: usize = 10;
        let cells = &self.catalogue().district.cells;
        let inside = cells.keys().filter(|code| code.starts_with(prefix)).count();
        let last = format!("{prefix}\u{10ffff}");
        if inside * FEW <= cells.len() {
            return Condition::all().add(column("cell").gte(prefix)).add(column("cell").lt(last));
        }
        let unindexed =
            |operator: &str, value: String| Expr::cust_with_values(format!("+\"cell\" {operator} ?"), [value]);
        Condition::all().add(unindexed(">=", prefix.to_owned())).add(unindexed("<", last))
    }
}

/// The Beijing year of a stored date: a day begins with it, an instant is stored in UTC.
fn year_of(stored: &str) -> Option<i16> {
    match stored.parse::<Timestamp>() {
        Ok(at) => Some(beijing_day(at).year()),
        Err(_) => stored.get(..4)?.parse().ok(),
    }
}

/// The first moment of a Beijing year as it would be stored.
fn beginning_of(year: i16, is_day: bool) -> Option<String> {
    let day = Date::new(year, 1, 1).ok()?;
    if is_day { Some(day.to_string()) } else { start_of_day(day).map(stored_time) }
}

fn column(name: &str) -> Expr {
    Expr::col(Alias::new(name))
}

/// What a list of `register` may be sorted by: its own columns, and fields that are neither hidden nor without an order.
pub fn sort_keys(register: &Register) -> impl Iterator<Item = &str> {
    let fields = register.fields.values().filter(sortable).map(|field| field.key.as_str());
    layout::RECORD_COLUMNS.into_iter().filter(|key| !register.fields.contains_key(*key)).chain(fields)
}

fn sortable(field: &&Field) -> bool {
    !field.is_hidden() && !matches!(field.kind, FieldKind::Table { .. } | FieldKind::Place)
}

pub(super) fn sort(
    select: &mut SelectStatement,
    register: &Register,
    wanted: Option<&(String, bool)>,
) -> Result<(), ReadError> {
    let (key, descending) = wanted.map_or((register.date.as_str(), true), |(key, descending)| (key, *descending));
    let column = match register.fields.get(key).filter(sortable) {
        Some(field) => naming::column(field),
        None if layout::RECORD_COLUMNS.contains(&key) => key.to_owned(),
        None => {
            return Err(ReadError::UnknownField { register: register.key.clone(), field: key.to_owned() });
        }
    };
    let order = if descending { Order::Desc } else { Order::Asc };
    select.order_by(Alias::new(column), order.clone()).order_by(Alias::new("id"), order);
    Ok(())
}

/// Fetches the rows of ids, in their order: a select that gives ids alone touches only the index while it skips pages.
pub(super) fn by_ids(connection: &Connection, register: &Register, ids: &[i64]) -> Result<Vec<StoredRow>, ReadError> {
    let table = naming::table(&register.key);
    let mut statement = connection.prepare_cached(&format!("SELECT * FROM \"{table}\" WHERE id = ?1"))?;
    let mut rows = Vec::with_capacity(ids.len());
    for id in ids {
        let mut stored = statement.query_row([*id], row::read_row)?;
        row::add_children(connection, register, &mut stored)?;
        rows.push(stored);
    }
    Ok(rows)
}

/// Counts the rows of a select, at most so many.
pub(super) fn count_up_to(
    connection: &Connection,
    mut matching: SelectStatement,
    most: u64,
) -> Result<u64, rusqlite::Error> {
    matching.expr(Expr::val(1)).limit(most);
    let mut select = Query::select();
    select.expr(Func::count(Expr::col(Asterisk))).from_subquery(matching, Alias::new("matching"));
    Ok(run(connection, &select, |row| row.get(0))?.first().copied().unwrap_or(0))
}

/// Counts the rows of a select; `None` if that takes longer than [`COUNTING`].
pub(super) fn count(connection: &mut Connection, select: &SelectStatement) -> Result<Option<u64>, rusqlite::Error> {
    let mut select = select.clone();
    select.expr(Func::count(Expr::col(Asterisk)));
    let end = Instant::now() + COUNTING;
    watch(connection, Some(Box::new(move || Instant::now() > end)))?;
    let counted = run(connection, &select, |row| row.get(0));
    watch(connection, None)?;
    check()?;
    match counted {
        Ok(rows) => Ok(rows.first().copied()),
        Err(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::OperationInterrupted) => Ok(None),
        Err(error) => Err(error),
    }
}
