//! The reach (可见范围) of an account: which records it may read, as a condition on any table that a question touches,
//! and whether one record lies within it.

use jiff::Timestamp;
use rusqlite::Connection;
use sea_query::{Alias, Asterisk, Condition, Expr, ExprTrait, Query, SelectStatement};
use serde_json::Value as Json;

use super::{
    as_of::{child_rows_as_of, rows_as_of},
    check,
    codec::References,
    error::{FieldFault, ReadError, WriteError},
    record::JsonMap,
    resolve::Resolved,
    row::{self, Columns, StoredRow},
    session::Session,
};
use crate::{
    actor::{Act, Actor, ENTERPRISES, Scope, enterprise_field},
    catalogue::{Catalogue, Register},
    filter::{Sources, column},
    naming,
};

impl Session<'_> {
    /// Refuses an act on a record outside the actor's reach.
    pub(crate) fn allow(&self, register: &Register, act: Act, record: &StoredRow) -> Result<(), WriteError> {
        self.allow_scope(register, self.actor.scope(register, act), act.verb(), record)
    }

    pub(crate) fn allow_scope(
        &self,
        register: &Register,
        scope: Scope,
        verb: &str,
        record: &StoredRow,
    ) -> Result<(), WriteError> {
        let why = match &scope {
            Scope::Nothing => self.no_role(),
            _ if reaches(self.connection, register, &scope, &record.columns)? => return Ok(()),
            Scope::Cell(cell) => format!("the record does not lie in the cell {cell}"),
            _ => "the record belongs to another enterprise".to_owned(),
        };
        Err(self.forbidden(register, verb, why))
    }

    /// Adds a fault to the field that confines an account, where what is entered there lies outside its reach.
    ///
    /// A fault of the values, and not a refusal of the act: the account may enter records here, only not with this value.
    /// So a form comes back as it was filled and the API answers 422 with the field. It is found out from the account and
    /// the value alone, and says nothing of any record.
    pub(super) fn confine(
        &self,
        register: &Register,
        act: Act,
        values: &JsonMap,
        resolved: &Resolved,
        faults: &mut Vec<FieldFault>,
    ) -> Result<(), rusqlite::Error> {
        let (field, why, why_zh) = match self.actor.scope(register, act) {
            Scope::Cell(own) => {
                let Some(field) = register.place.as_ref() else { return Ok(()) };
                if self.cell_of(register, values).is_some_and(|cell| cell.starts_with(&own)) {
                    return Ok(());
                }
                let name = self.catalogue.district.cells.get(&own).map(|cell| &cell.name);
                let (zh, en) = name.map_or((own.as_str(), own.as_str()), |name| (name.zh.as_str(), name.en.as_str()));
                (
                    field,
                    format!(
                        "this place lies outside your own cell ({en}): choose a place within it, or hand the matter to the duty desk"
                    ),
                    format!("该地点不在您负责的网格（{zh}）内：请选择本网格内的地点，或转交值班室登记"),
                )
            }
            Scope::Enterprise(own) if register.key != ENTERPRISES => {
                let Some(field) = enterprise_field(register) else { return Ok(()) };
                let given = values.get(&field.key).and_then(Json::as_str).unwrap_or_default();
                let id = resolved.get(&(ENTERPRISES.to_owned(), given.to_owned()));
                let number = id.map(|id| self.connection.number(ENTERPRISES, *id)).transpose()?.flatten();
                if given == own || number.as_deref() == Some(own.as_str()) {
                    return Ok(());
                }
                (
                    &field.key,
                    "is not your own enterprise: choose your own, or hand the matter to the duty desk".to_owned(),
                    "不是您所在的企业：请选择本企业，或转交值班室登记".to_owned(),
                )
            }
            _ => return Ok(()),
        };
        if !faults.iter().any(|fault| fault.field == *field) {
            let found = values.get(field).unwrap_or(&Json::Null);
            faults.push(check::fault(field, found, why, why_zh));
        }
        Ok(())
    }

    pub(super) fn no_role(&self) -> String {
        format!("none of the roles {:?} may", self.actor.roles)
    }

    pub(super) fn forbidden(&self, register: &Register, verb: &str, why: String) -> WriteError {
        WriteError::Forbidden {
            actor: self.actor.name.clone(),
            verb: verb.to_owned(),
            register: register.key.clone(),
            why,
        }
    }
}

/// Whether a record lies within a scope.
pub(crate) fn reaches(
    connection: &Connection,
    register: &Register,
    scope: &Scope,
    columns: &Columns,
) -> Result<bool, rusqlite::Error> {
    Ok(match scope {
        Scope::All => true,
        Scope::Nothing => false,
        Scope::Cell(prefix) => row::text(columns, "cell").is_some_and(|cell| cell.starts_with(prefix.as_str())),
        Scope::Enterprise(own) if register.key == ENTERPRISES => row::text(columns, "number") == Some(own),
        Scope::Enterprise(own) => match enterprise_field(register) {
            Some(field) => match row::integer(columns, &naming::column(field)) {
                Some(id) => connection.number(ENTERPRISES, id)?.as_deref() == Some(own),
                None => false,
            },
            None => false,
        },
    })
}

/// The condition that a row of the register, read under the name `table`, lies within a scope.
pub(crate) fn confined(table: &str, register: &Register, scope: &Scope) -> Condition {
    let never = || Condition::all().add(Expr::val(1).eq(0));
    match scope {
        Scope::All => Condition::all(),
        Scope::Nothing => never(),
        Scope::Cell(cell) => {
            let last = format!("{cell}\u{10FFFF}");
            Condition::all().add(column(table, "cell").gte(cell.as_str())).add(column(table, "cell").lt(last))
        }
        Scope::Enterprise(own) if register.key == ENTERPRISES => {
            Condition::all().add(column(table, "number").eq(own.as_str()))
        }
        Scope::Enterprise(own) => match enterprise_field(register) {
            Some(field) => {
                let enterprise = "own_enterprise";
                let id = Query::select()
                    .expr(column(enterprise, "id"))
                    .from_as(Alias::new(naming::table(ENTERPRISES)), Alias::new(enterprise))
                    .and_where(column(enterprise, "number").eq(own.as_str()))
                    .to_owned();
                Condition::all().add(column(table, &naming::column(field)).in_subquery(id))
            }
            None => never(),
        },
    }
}

/// The records that an actor may read, now or as they stood at a moment: what a filter sees of other registers.
///
/// A reference that leads out of reach is to a filter as if it were empty, so that no question tells what is behind it.
pub(crate) struct Reachable<'c> {
    pub catalogue: &'c Catalogue,
    pub actor: &'c Actor,
    pub as_of: Option<Timestamp>,
}

impl Sources for Reachable<'_> {
    fn records(&self, register: &str) -> Option<SelectStatement> {
        let register = self.catalogue.registers.get(register)?;
        let scope = self.actor.scope(register, Act::Read);
        let rows = rows_as_of(register, self.as_of);
        if scope == Scope::All {
            return self.as_of.map(|_| rows);
        }
        let table = "within_reach";
        let mut reachable = Query::select();
        reachable.column(Asterisk).from_subquery(rows, Alias::new(table));
        reachable.cond_where(confined(table, register, &scope));
        Some(reachable)
    }

    fn rows(&self, register: &str, table: &str) -> Option<SelectStatement> {
        let register = self.catalogue.registers.get(register)?;
        self.as_of?;
        register.fields.get(table).map(|field| child_rows_as_of(register, field, self.as_of))
    }
}

/// The refusal of a read.
pub(super) fn forbidden(actor: &Actor, verb: &str, register: &str) -> ReadError {
    ReadError::Forbidden { actor: actor.name.clone(), verb: verb.to_owned(), register: register.to_owned() }
}
