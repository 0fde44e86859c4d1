//! Questions to the ledger: a record, a list, its timeline, what refers to it — now or at an earlier moment.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params_from_iter, types::Value as Sql};
use sea_query::{Alias, Asterisk, Condition, Expr, ExprTrait, Func, Order, Query, SelectStatement, SqliteQueryBuilder};

use super::{
    Ledger,
    as_of::{AsOf, rows_as_of},
    codec::{Personal, beijing_day, place_of, stored_time},
    error::ReadError,
    layout,
    record::{FieldChange, ListQuery, Page, Record, Related},
    resolve::referring,
    row::{self, StoredRow},
    search,
    session::{external, reaches},
    statement::{bind, run},
};
use crate::{
    actor::{Act, Actor, Scope, enterprise_field},
    catalogue::{Field, FieldKind, Register, Step},
    filter::Filter,
    journal::{self, Action, JournalEntry},
    naming, workflow,
};

/// Counting stops when it has taken this long and the list is shown without waiting for its length.
const COUNTING: Duration = Duration::from_millis(20);

impl Ledger {
    /// One record, as it stands or as it stood at an earlier moment; personal fields masked.
    ///
    /// # Errors
    /// [`ReadError::NotFound`] if there is none, or none within the actor's reach.
    pub fn record(
        &self,
        actor: &Actor,
        register: &str,
        number: &str,
        as_of: Option<Timestamp>,
    ) -> Result<Record, ReadError> {
        let register = self.register(register)?;
        let connection = self.reader()?;
        let stored = self.stored(&connection, actor, register, number, as_of)?;
        self.present(&connection, register, stored)
    }

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
            let rows = if let Some(at) = query.as_of.map(stored_time) {
                page.column(Asterisk);
                let mut rows = run(&snapshot, &page, row::read_row)?;
                for row in &mut rows {
                    row::add_children_as_of(&snapshot, register, row, &at)?;
                }
                rows
            } else {
                page.column(Alias::new("id"));
                by_ids(&snapshot, register, &page)?
            };
            rows.into_iter().map(|row| self.present(&snapshot, register, row)).collect::<Result<Vec<_>, _>>()?
        };
        let (shown, known) = (records.len() as u64, query.offset + records.len() as u64);
        let is_last = shown < limit && (query.offset == 0 || shown > 0);
        let total = if is_last { Some(known) } else { count(&mut connection, &select)? };
        let (total, total_is_capped) = total.map_or((known, true), |total| (total, false));
        Ok(Page { records, total, total_is_capped })
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

    /// First and last year in which a register has records, by the date that places them in time; nothing without any.
    ///
    /// # Errors
    /// [`ReadError::UnknownRegister`], or a failure of the database.
    pub fn years(&self, register: &str) -> Result<Option<(i16, i16)>, ReadError> {
        let register = self.register(register)?;
        let connection = self.reader()?;
        let (table, date) = (naming::table(&register.key), &register.date);
        let year = |order: &str| -> Result<Option<i16>, ReadError> {
            let sql = format!(
                "SELECT \"{date}\" FROM \"{table}\" WHERE deleted_at IS NULL AND \"{date}\" IS NOT NULL \
                 ORDER BY \"{date}\" {order} LIMIT 1"
            );
            let found: Option<String> = connection.prepare_cached(&sql)?.query_row([], |row| row.get(0)).optional()?;
            // A day begins with its year; an instant is stored in UTC and belongs to a Beijing day.
            let instant = found.as_deref().and_then(|text| text.parse::<Timestamp>().ok());
            Ok(match instant {
                Some(at) => Some(beijing_day(at).year()),
                None => found.and_then(|text| text.get(..4)?.parse().ok()),
            })
        };
        Ok(year("ASC")?.zip(year("DESC")?))
    }

    /// The journal of one record, oldest entry first.
    ///
    /// # Errors
    /// As [`Self::record`].
    pub fn timeline(&self, actor: &Actor, register: &str, number: &str) -> Result<Vec<JournalEntry>, ReadError> {
        let register = self.register(register)?;
        let connection = self.reader()?;
        let stored = self.stored(&connection, actor, register, number, None)?;
        Ok(journal::of_record(&connection, &register.key, stored.id)?)
    }

    /// The newest entries of the whole journal, for administrators and auditors.
    ///
    /// # Errors
    /// [`ReadError::Forbidden`] for everybody else.
    pub fn journal(&self, actor: &Actor, limit: u64) -> Result<Vec<JournalEntry>, ReadError> {
        use crate::catalogue::Role;
        if !actor.is(Role::Admin) && !actor.is(Role::Auditor) {
            return Err(forbidden(actor, "read the journal of", "all registers"));
        }
        let connection = self.reader()?;
        Ok(journal::newest(&connection, limit)?)
    }

    /// What refers to this record, register by register: of an enterprise its permits, complaints, inspections.
    ///
    /// # Errors
    /// As [`Self::record`].
    pub fn related(&self, actor: &Actor, register: &str, number: &str) -> Result<Vec<Related>, ReadError> {
        const FIRST: u64 = 5;
        let register = self.register(register)?;
        let mut connection = self.reader()?;
        let stored = self.stored(&connection, actor, register, number, None)?;
        let mut related = Vec::new();
        for (other, field) in referring(self.catalogue(), &register.key) {
            if actor.scope(other, Act::Read) == Scope::Nothing {
                continue;
            }
            let mut select = self.select(actor, other, &ListQuery::of(&other.key))?;
            select.and_where(Expr::col(Alias::new(naming::column(field))).eq(stored.id));
            let Some(total) = count(&mut connection, &select)?.filter(|total| *total > 0) else { continue };
            sort(&mut select, other, None)?;
            select.column(Alias::new("id")).limit(FIRST);
            let rows = by_ids(&connection, other, &select)?;
            let first =
                rows.into_iter().map(|row| self.present(&connection, other, row)).collect::<Result<Vec<_>, _>>()?;
            related.push(Related { register: other.key.clone(), field: field.key.clone(), total, first });
        }
        Ok(related)
    }

    /// Shows a personal field in plain text and journals who looked, and why.
    ///
    /// # Errors
    /// [`ReadError::Forbidden`] unless the register allows it; [`ReadError::ReasonMissing`] without a reason.
    pub fn unmask(
        &self,
        actor: &Actor,
        register: &str,
        number: &str,
        field: &str,
        reason: &str,
    ) -> Result<String, ReadError> {
        let register = self.register(register)?;
        let reason = reason.trim();
        if reason.is_empty() {
            return Err(ReadError::ReasonMissing("every look at personal data is journalled with one".into()));
        }
        let unknown = || ReadError::UnknownField { register: register.key.clone(), field: field.to_owned() };
        let known = register.fields.get(field).filter(|field| field.personal).ok_or_else(unknown)?;
        let mut connection = self.writer();
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let stored = self.stored(&transaction, actor, register, number, None)?;
        let scope = actor.scope(register, Act::Unmask);
        if !reaches(&transaction, register, &scope, &stored.columns)? {
            return Err(forbidden(actor, Act::Unmask.verb(), &register.key));
        }
        let Some(Sql::Blob(sealed)) = stored.columns.get(&naming::column(known)) else { return Ok(String::new()) };
        let plain = self.keyring().open(&place_of(&register.key, number, field), sealed)?;
        let mut session = self.session(&transaction, actor, None)?;
        let masked = serde_json::Value::from(crate::personal::mask(known, &plain));
        let seen = FieldChange { field: field.to_owned(), before: masked.clone(), after: masked };
        session
            .journal(register, &stored, Action::Unmask, session.now, &[seen], Some(reason))
            .map_err(|error| ReadError::Damaged { what: format!("journal of {number}"), why: error.to_string() })?;
        transaction.commit()?;
        Ok(plain)
    }

    /// Journals that somebody took personal data of a whole register away in a file.
    pub(crate) fn journal_export(&self, actor: &Actor, register: &Register, reason: &str) -> Result<(), ReadError> {
        let reason = reason.trim();
        if reason.is_empty() {
            return Err(ReadError::ReasonMissing("an export with personal data is journalled with one".into()));
        }
        let mut connection = self.writer();
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut chain = journal::Chain::end(&transaction)?;
        let entry = journal::NewEntry {
            at: self.now(),
            actor: &actor.name,
            action: Action::Unmask,
            register: &register.key,
            record: 0,
            number: "",
            version: 0,
            changes: &[],
            reason: Some(reason),
            row_digest: None,
        };
        chain.append(&transaction, &entry)?;
        transaction.commit()?;
        Ok(())
    }

    /// The steps that the actor may take on a record now.
    #[must_use]
    pub fn open_steps<'a>(&'a self, actor: &Actor, record: &Record) -> Vec<(&'a str, &'a Step)> {
        let Some(register) = self.catalogue().registers.get(&record.register) else { return Vec::new() };
        workflow::open_steps(register, record.state.as_deref(), actor)
            .into_iter()
            .filter(|(_, step)| match actor.step_scope(register, &step.roles) {
                Scope::Cell(cell) => record.cell.as_deref().is_some_and(|own| own.starts_with(&cell)),
                _ => true,
            })
            .collect()
    }

    /// The stored record, if the actor may read it.
    pub(crate) fn stored(
        &self,
        connection: &Connection,
        actor: &Actor,
        register: &Register,
        number: &str,
        as_of: Option<Timestamp>,
    ) -> Result<StoredRow, ReadError> {
        let scope = actor.scope(register, Act::Read);
        if scope == Scope::Nothing {
            return Err(forbidden(actor, Act::Read.verb(), &register.key));
        }
        let found = match as_of {
            None => row::by_number(connection, register, number)?,
            Some(at) => row::as_of(connection, register, number, &stored_time(at))?,
        };
        match found {
            Some(stored) if reaches(connection, register, &scope, &stored.columns)? => Ok(stored),
            _ => Err(ReadError::NotFound { register: register.key.clone(), number: number.to_owned() }),
        }
    }

    /// The record as it is shown.
    pub(crate) fn present(
        &self,
        connection: &Connection,
        register: &Register,
        stored: StoredRow,
    ) -> Result<Record, ReadError> {
        let values = external(connection, register, &stored, self.keyring(), Personal::Masked)?;
        let time = |column: &str| stored.text(column).and_then(|text| text.parse().ok()).unwrap_or_default();
        let text = |column: &str| stored.text(column).map(str::to_owned);
        Ok(Record {
            register: register.key.clone(),
            id: stored.id,
            number: stored.number().to_owned(),
            state: text("state"),
            cell: text("cell"),
            version: stored.version(),
            created_at: time("created_at"),
            created_by: text("created_by").unwrap_or_default(),
            changed_at: time("changed_at"),
            changed_by: text("changed_by").unwrap_or_default(),
            simulated: stored.integer("simulated") == Some(1),
            values,
        })
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

    /// The select of a list, without its columns and its order.
    fn select(&self, actor: &Actor, register: &Register, query: &ListQuery) -> Result<SelectStatement, ReadError> {
        let name = naming::table(&register.key);
        let mut select = Query::select();
        if query.as_of.is_some() {
            select.from_subquery(rows_as_of(register, query.as_of), Alias::new(&name));
        } else {
            select.from(Alias::new(&name)).and_where(column("deleted_at").is_null());
        }
        match actor.scope(register, Act::Read) {
            Scope::All => {}
            Scope::Nothing => return Err(forbidden(actor, Act::Read.verb(), &register.key)),
            Scope::Cell(cell) => _ = select.cond_where(self.below(&cell)),
            Scope::Enterprise(own) if register.key == "enterprise" => _ = select.and_where(column("number").eq(own)),
            Scope::Enterprise(own) => {
                let id = Query::select()
                    .column(Alias::new("id"))
                    .from(Alias::new(naming::table("enterprise")))
                    .and_where(column("number").eq(own))
                    .to_owned();
                if let Some(field) = enterprise_field(register) {
                    select.and_where(column(&naming::column(field)).in_subquery(id));
                }
            }
        }
        if let Some(cell) = &query.cell {
            select.cond_where(self.below(cell));
        }
        if let Some(filter) = query.filter.as_deref().filter(|filter| !filter.trim().is_empty()) {
            let filter = Filter::parse(filter, register, self.catalogue())
                .map_err(|error| ReadError::Filter(error.to_string()))?;
            match query.as_of {
                None => select.cond_where(filter.condition()),
                Some(at) => select.cond_where(filter.condition_from(&AsOf { catalogue: self.catalogue(), at })),
            };
        }
        if let Some(words) = query.search.as_deref().filter(|words| !words.trim().is_empty()) {
            let table = naming::search_table(&register.key);
            select.and_where(match search::question(words) {
                Some(question) => Expr::cust_with_values(
                    format!("\"id\" IN (SELECT rowid FROM \"{table}\" WHERE \"{table}\" MATCH ?)"),
                    [question],
                ),
                None => Expr::val(false),
            });
        }
        Ok(select)
    }
}

fn column(name: &str) -> Expr {
    Expr::col(Alias::new(name))
}

fn forbidden(actor: &Actor, verb: &str, register: &str) -> ReadError {
    ReadError::Forbidden { actor: actor.name.clone(), verb: verb.to_owned(), register: register.to_owned() }
}

fn sort(select: &mut SelectStatement, register: &Register, wanted: Option<&(String, bool)>) -> Result<(), ReadError> {
    let (key, descending) = wanted.map_or((register.date.as_str(), true), |(key, descending)| (key, *descending));
    let sortable =
        |field: &&Field| !field.personal && !matches!(field.kind, FieldKind::Table { .. } | FieldKind::Place);
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

/// Fetches the rows whose ids a select gives, in its order: skipping over pages then touches only the index.
fn by_ids(connection: &Connection, register: &Register, ids: &SelectStatement) -> Result<Vec<StoredRow>, ReadError> {
    let ids: Vec<i64> = run(connection, ids, |row| row.get(0))?;
    let table = naming::table(&register.key);
    let mut statement = connection.prepare_cached(&format!("SELECT * FROM \"{table}\" WHERE id = ?1"))?;
    let mut rows = Vec::with_capacity(ids.len());
    for id in ids {
        let mut stored = statement.query_row([id], row::read_row)?;
        row::add_children(connection, register, &mut stored)?;
        rows.push(stored);
    }
    Ok(rows)
}

/// Counts the rows of a select; `None` if that takes longer than [`COUNTING`].
fn count(connection: &mut Connection, select: &SelectStatement) -> Result<Option<u64>, rusqlite::Error> {
    let mut select = select.clone();
    select.expr(Func::count(Expr::col(Asterisk)));
    let end = Instant::now() + COUNTING;
    connection.progress_handler(20_000, Some(move || Instant::now() > end))?;
    let counted = run(connection, &select, |row| row.get(0));
    connection.progress_handler(0, None::<fn() -> bool>)?;
    match counted {
        Ok(rows) => Ok(rows.first().copied()),
        Err(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::OperationInterrupted) => Ok(None),
        Err(error) => Err(error),
    }
}
