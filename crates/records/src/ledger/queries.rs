//! Questions about one record: how it stands or stood, its timeline, what refers to it, which steps are open.

use jiff::Timestamp;
use rusqlite::Connection;
use sea_query::{Alias, Expr, ExprTrait};

use super::{
    Ledger, batch,
    codec::{Personal, stored_time},
    error::ReadError,
    list::{by_ids, count, sort},
    outward::external,
    reach::{forbidden, reaches},
    record::{ListQuery, Record, Related},
    resolve::referring,
    row::{self, StoredRow},
    statement::run,
    withheld,
};
use crate::{
    actor::{Act, Actor, Scope},
    catalogue::{Register, Step},
    journal::{self, JournalEntry},
    naming, workflow,
};

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

    /// The journal of one record, oldest entry first.
    ///
    /// # Errors
    /// As [`Self::record`].
    pub fn timeline(&self, actor: &Actor, register: &str, number: &str) -> Result<Vec<JournalEntry>, ReadError> {
        let register = self.register(register)?;
        let connection = self.reader()?;
        let stored = self.stored(&connection, actor, register, number, None)?;
        let mut entries = journal::of_record(&connection, &register.key, stored.id)?;
        if let Some(arrival) = batch::entries::of_record(&connection, &register.key, stored.id)? {
            entries.insert(0, arrival);
        }
        Ok(withheld::masked(entries, self.catalogue()))
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
            let rows = by_ids(&connection, other, &run(&connection, &select, |row| row.get(0))?)?;
            let first =
                rows.into_iter().map(|row| self.present(&connection, other, row)).collect::<Result<Vec<_>, _>>()?;
            related.push(Related { register: other.key.clone(), field: field.key.clone(), total, first });
        }
        Ok(related)
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
}
