//! Personal data in plain text: shown or taken away only with permission and a reason, and journalled each time.

use bilan_storage::commit;
use rusqlite::types::Value as Sql;

use super::{
    Ledger,
    codec::place_of,
    error::ReadError,
    reach::{forbidden, reaches},
    record::{FieldChange, ListQuery, Record},
};
use crate::{
    actor::{Act, Actor, Scope},
    catalogue::{FieldKind, Register},
    journal::{self, Action},
    naming,
};

impl Ledger {
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
        let transaction = connection.begin()?;
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
        commit(transaction)?;
        Ok(plain)
    }

    /// Every record that matches, in the order in which they were entered, with personal fields in plain text; journalled with the reason.
    ///
    /// # Errors
    /// [`ReadError::Forbidden`] unless the actor may unmask every record of the register; [`ReadError::ReasonMissing`].
    pub fn list_all_in_plain(&self, actor: &Actor, query: &ListQuery, reason: &str) -> Result<Vec<Record>, ReadError> {
        self.journal_plain_reading(actor, &query.register, reason)?;
        let mut records = Vec::new();
        self.each(actor, query, true, |record| {
            records.push(record);
            Ok(())
        })?;
        Ok(records)
    }

    /// Journals that personal data of a whole register are read, if it has any.
    pub(crate) fn journal_plain_reading(&self, actor: &Actor, register: &str, reason: &str) -> Result<(), ReadError> {
        let register = self.register(register)?;
        if !register.fields.values().any(|field| field.personal || has_personal_rows(&field.kind)) {
            return Ok(());
        }
        if actor.scope(register, Act::Unmask) != Scope::All {
            return Err(forbidden(actor, Act::Unmask.verb(), &register.key));
        }
        self.journal_export(actor, register, reason)
    }

    /// Journals that somebody took personal data of a whole register away.
    fn journal_export(&self, actor: &Actor, register: &Register, reason: &str) -> Result<(), ReadError> {
        let reason = reason.trim();
        if reason.is_empty() {
            return Err(ReadError::ReasonMissing("an export with personal data is journalled with one".into()));
        }
        let mut connection = self.writer();
        let transaction = connection.begin()?;
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
        commit(transaction)?;
        Ok(())
    }
}

fn has_personal_rows(kind: &FieldKind) -> bool {
    matches!(kind, FieldKind::Table { fields } if fields.values().any(|field| field.personal))
}
