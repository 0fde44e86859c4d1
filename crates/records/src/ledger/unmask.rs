//! Personal data in plain text: shown or taken away only with permission and a reason, and journalled each time.

use bilan_storage::commit;
use rusqlite::types::Value as Sql;

use super::{
    Ledger,
    codec::place_of,
    error::ReadError,
    reach::{forbidden, reaches},
    record::FieldChange,
};
use crate::{
    actor::{Act, Actor},
    catalogue::Register,
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

    /// Journals that somebody took personal data of a whole register away in a file.
    pub(crate) fn journal_export(&self, actor: &Actor, register: &Register, reason: &str) -> Result<(), ReadError> {
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
