//! Whether a record lies within the reach of whoever reads or writes it, and the sentences that refuse it.

use rusqlite::Connection;

use super::{
    codec::References,
    error::{ReadError, WriteError},
    row::{self, Columns, StoredRow},
    session::Session,
};
use crate::{
    actor::{Act, Actor, Scope, enterprise_field},
    catalogue::Register,
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
        Scope::Enterprise(own) if register.key == "enterprise" => row::text(columns, "number") == Some(own),
        Scope::Enterprise(own) => match enterprise_field(register) {
            Some(field) => match row::integer(columns, &naming::column(field)) {
                Some(id) => connection.number("enterprise", id)?.as_deref() == Some(own),
                None => false,
            },
            None => false,
        },
    })
}

/// The refusal of a read.
pub(super) fn forbidden(actor: &Actor, verb: &str, register: &str) -> ReadError {
    ReadError::Forbidden { actor: actor.name.clone(), verb: verb.to_owned(), register: register.to_owned() }
}
