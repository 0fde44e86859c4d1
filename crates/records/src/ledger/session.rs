//! Writing inside one transaction: a record and everything that goes with it — child rows, history, search, journal, clocks.
//!
//! [`Session::insert`], [`Session::change`] and [`Session::remove`] are the only ways in which a record changes;
//! the commands of the ledger and the import are made of them.

use jiff::Timestamp;
use rusqlite::{Connection, types::Value as Sql};
use serde_json::Value as Json;

use super::{
    batch::{Place, Scratch, entries},
    beside,
    check::{self, Checked},
    codec::{Personal, stored_time},
    error::{FieldFaults, WriteError},
    given::{day_of, given_state, require},
    layout, number,
    outward::differences,
    record::{FieldChange, JsonMap},
    resolve::Resolved,
    row::StoredRow,
    search,
};
use crate::{
    actor::{Act, Actor, Scope},
    attachments,
    catalogue::{Catalogue, Register},
    deadlines,
    journal::{Action, Chain, NewEntry},
    naming,
    personal::Keyring,
};

/// A transaction under way.
pub(crate) struct Session<'l> {
    pub connection: &'l Connection,
    pub catalogue: &'l Catalogue,
    pub keyring: &'l Keyring,
    pub actor: &'l Actor,
    pub now: Timestamp,
    pub chain: Chain,
    /// Rows of the same file that are not in the ledger yet.
    pub beside: Option<&'l Scratch>,
    /// The batch that is coming in, if the session writes one.
    pub place: Option<Place>,
}

/// What is known of a record before it has a number.
pub(crate) struct Prepared {
    /// Values in canonical form.
    pub values: JsonMap,
    /// Number that was given.
    pub number: Option<String>,
    /// State in which it begins.
    pub state: Option<String>,
    /// Ids of the records to which it refers.
    pub resolved: Resolved,
}

/// What became of a row of an import.
pub(crate) enum Entered {
    /// A record was made.
    New,
    /// A record of this number is there with the same content.
    Known,
}

/// How a record comes in.
pub(crate) struct Arrival {
    pub action: Action,
    /// Moment from which it counts.
    pub at: Timestamp,
    pub simulated: bool,
    /// It has a past: number, state and fields filled by the system may be given.
    pub with_past: bool,
}

impl Session<'_> {
    /// Enters a record: `given` are the values as they came, `checked` the same after [`Checked::of`].
    pub(crate) fn insert(
        &mut self,
        register: &Register,
        given: &JsonMap,
        checked: Checked,
        arrival: &Arrival,
    ) -> Result<StoredRow, WriteError> {
        let prepared = self.prepare(register, given, checked, arrival)?;
        let number = match &prepared.number {
            Some(number) => {
                number::seen(self.connection, &register.key, &register.number, number)?;
                number.clone()
            }
            None => {
                let day = day_of(register, &prepared.values, arrival.at);
                number::next(self.connection, &register.key, &register.number, day)?
            }
        };
        let mut record = self.compose(register, &prepared, &number, arrival)?;
        record.id = self.store(register, &record)?;
        self.put(register, &record, arrival)?;
        Ok(record)
    }

    /// Whether a record may be entered as it is given: everything that can be found out without writing.
    pub(crate) fn prepare(
        &self,
        register: &Register,
        given: &JsonMap,
        checked: Checked,
        arrival: &Arrival,
    ) -> Result<Prepared, WriteError> {
        // Whoever may not enter anything is not told what would be missing.
        if self.actor.scope(register, Act::Create) == Scope::Nothing {
            return Err(self.forbidden(register, Act::Create.verb(), self.no_role()));
        }
        let Checked { values, mut faults } = checked;
        let number = self.given_number(register, given, arrival, &mut faults)?;
        let state = given_state(register, given, arrival, &mut faults);
        let resolved = self.resolve(register, &values, None, &mut faults)?;
        if !arrival.with_past {
            self.refuse_foreign_files(register, &values, None, &mut faults)?;
        }
        require(register, &values, &mut faults);
        self.judge(register, &values, &values, false, &mut faults);
        self.confine(register, Act::Create, &values, &resolved, &mut faults)?;
        if !faults.is_empty() {
            return Err(WriteError::Invalid { faults: FieldFaults(faults) });
        }
        Ok(Prepared { values, number, state, resolved })
    }

    /// The row that a record becomes under its number, if the actor may enter it there.
    pub(crate) fn compose(
        &self,
        register: &Register,
        prepared: &Prepared,
        number: &str,
        arrival: &Arrival,
    ) -> Result<StoredRow, WriteError> {
        let mut record = StoredRow::default();
        record.set_text("number", number);
        self.fill(register, &mut record, &prepared.values, &prepared.resolved)?;
        self.derive(register, &mut record, prepared.values.clone())?;
        if let Some(state) = &prepared.state {
            record.set_text("state", state);
        }
        let at = stored_time(arrival.at);
        for (column, value) in [("created_at", at.as_str()), ("changed_at", &at)] {
            record.set_text(column, value);
        }
        for column in ["created_by", "changed_by"] {
            record.set_text(column, &self.actor.name);
        }
        record.columns.insert("version".into(), Sql::Integer(1));
        record.columns.insert("simulated".into(), Sql::Integer(i64::from(arrival.simulated)));
        self.allow(register, Act::Create, &record)?;
        Ok(record)
    }

    /// Writes everything that goes with a row that has just been stored.
    pub(crate) fn put(&mut self, register: &Register, record: &StoredRow, arrival: &Arrival) -> Result<(), WriteError> {
        self.store_children(register, record)?;
        attachments::note_uses(self, register, record)?;
        let shown = self.shown(register, record, Personal::Journal)?;
        search::put(self.connection, register, record)?;
        let changes: Vec<FieldChange> =
            shown.into_iter().map(|(field, after)| FieldChange { field, before: Json::Null, after }).collect();
        self.journal(register, record, arrival.action.clone(), arrival.at, &changes, None)?;
        deadlines::record_arrived(self, register, record, arrival.at, arrival.with_past)
    }

    /// Enters a record unless one of its number is there with the same content: an import sent twice makes one record.
    pub(crate) fn enter(
        &mut self,
        register: &Register,
        given: &JsonMap,
        checked: Checked,
        arrival: &Arrival,
    ) -> Result<Entered, WriteError> {
        if self.is_known(register, given, &checked, arrival)? {
            return Ok(Entered::Known);
        }
        self.insert(register, given, checked, arrival).map(|_| Entered::New)
    }

    /// Changes fields, and the state if `change` says so. Returns the record unchanged if nothing differs.
    pub(crate) fn change(
        &mut self,
        register: &Register,
        before: &StoredRow,
        mut checked: Checked,
        change: Change<'_>,
    ) -> Result<StoredRow, WriteError> {
        self.leave_masks(register, before, change.given, &mut checked)?;
        let Checked { values: checked, mut faults } = checked;
        let resolved = self.resolve(register, &checked, Some(before), &mut faults)?;
        // An upload brings its own bytes; every other change must show a right to the files that it names.
        if change.action != Action::Attach {
            self.refuse_foreign_files(register, &checked, Some(before), &mut faults)?;
        }
        let mut values = self.shown(register, before, Personal::Plain)?;
        // A form sends back what it was shown; only what differs is judged anew.
        let differs = |(key, value): &(&String, &Json)| values.get(*key).unwrap_or(&Json::Null) != *value;
        let changed: JsonMap =
            checked.iter().filter(differs).map(|(key, value)| (key.clone(), value.clone())).collect();
        for (key, value) in &checked {
            if value.is_null() {
                values.remove(key)
            } else {
                values.insert(key.clone(), value.clone())
            };
        }
        require(register, &values, &mut faults);
        self.judge(register, &values, &changed, change.state.is_some(), &mut faults);
        if change.action == Action::Edit {
            self.confine(register, Act::Edit, &values, &resolved, &mut faults)?;
        }
        for need in change.needs {
            if values.get(need).is_none_or(check::is_empty) && !faults.iter().any(|fault| fault.field == *need) {
                faults.push(check::missing(need));
            }
        }
        if !faults.is_empty() {
            return Err(WriteError::Invalid { faults: FieldFaults(faults) });
        }
        let mut after = before.clone();
        let real: JsonMap = self.only_changed(register, before, checked)?;
        self.fill(register, &mut after, &real, &resolved)?;
        self.derive(register, &mut after, values)?;
        if let Some(state) = change.state {
            after.set_text("state", state);
        }
        if after == *before && matches!(change.action, Action::Edit | Action::Attach) {
            return Ok(after);
        }
        let at = after_last(before, change.at);
        self.keep(register, before, at)?;
        after.set_text("changed_at", &stored_time(at));
        after.set_text("changed_by", &self.actor.name);
        after.columns.insert("version".into(), Sql::Integer(before.version() + 1));
        self.update(register, &after)?;
        if after.children != before.children {
            for (field, _) in layout::child_tables(register) {
                let table = naming::child_table(&register.key, &field.key);
                self.connection
                    .prepare_cached(&format!("DELETE FROM \"{table}\" WHERE parent = ?1"))?
                    .execute([after.id])?;
            }
            self.store_children(register, &after)?;
        }
        attachments::note_uses(self, register, &after)?;
        let shown = self.shown(register, &after, Personal::Journal)?;
        search::put(self.connection, register, &after)?;
        let changes = differences(&self.shown(register, before, Personal::Journal)?, &shown);
        self.journal(register, &after, change.action.clone(), at, &changes, change.reason)?;
        deadlines::record_changed(self, register, before, &after, &change.action, change.reason, at)?;
        Ok(after)
    }

    /// Deletes a record: it leaves lists and figures, its history and journal stay.
    pub(crate) fn remove(
        &mut self,
        register: &Register,
        before: &StoredRow,
        reason: &str,
        at: Timestamp,
    ) -> Result<(), WriteError> {
        self.refuse_if_referred(register, before)?;
        let at = after_last(before, at);
        self.keep(register, before, at)?;
        let mut after = before.clone();
        for column in ["changed_at", "deleted_at"] {
            after.set_text(column, &stored_time(at));
        }
        after.set_text("changed_by", &self.actor.name);
        after.columns.insert("version".into(), Sql::Integer(before.version() + 1));
        self.update(register, &after)?;
        search::remove(self.connection, register, after.id)?;
        self.journal(register, &after, Action::Delete, at, &[], Some(reason))?;
        deadlines::record_removed(self, register, &after, at)?;
        Ok(())
    }

    /// Appends a journal entry about a record as it now stands.
    pub(crate) fn journal(
        &mut self,
        register: &Register,
        record: &StoredRow,
        action: Action,
        at: Timestamp,
        changes: &[FieldChange],
        reason: Option<&str>,
    ) -> Result<i64, WriteError> {
        if let Some(place) = self.place {
            entries::put(self.connection, place.id, record, changes)?;
            return Ok(0);
        }
        let alters = !matches!(action, Action::Unmask | Action::Remind | Action::Release);
        let entry = NewEntry {
            at,
            actor: &self.actor.name,
            action,
            register: &register.key,
            record: record.id,
            number: record.number(),
            version: record.version(),
            changes,
            reason,
            row_digest: alters.then(|| record.digest()),
        };
        Ok(self.chain.append(self.connection, &entry)?)
    }

    /// Puts what this transaction wrote beside the records under its last entry; called before each commit.
    pub(crate) fn seal(&mut self) -> Result<(), rusqlite::Error> {
        beside::seal(self.connection, &mut self.chain, &self.actor.name, self.now)
    }
}

/// What a change does besides setting fields.
pub(crate) struct Change<'a> {
    pub action: Action,
    pub at: Timestamp,
    pub state: Option<&'a str>,
    pub needs: &'a [String],
    pub reason: Option<&'a str>,
    /// The values as they came.
    pub given: &'a JsonMap,
}

/// The moment of a change: never before the last one, so that every version has a time of its own.
fn after_last(before: &StoredRow, at: Timestamp) -> Timestamp {
    let last: Timestamp = before.text("changed_at").and_then(|text| text.parse().ok()).unwrap_or_default();
    last.checked_add(jiff::SignedDuration::from_micros(1)).map_or(at, |next| at.max(next))
}
