//! Writing inside one transaction: a record and everything that goes with it — child rows, history, search, journal, clocks.
//!
//! [`Session::insert`], [`Session::change`] and [`Session::remove`] are the only ways in which a record changes;
//! the commands of the ledger and the import are made of them.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, types::Value as Sql};
use serde_json::Value as Json;

use super::{
    check, codec,
    codec::{Personal, References, place_of, stored_time},
    computed,
    error::{FieldFault, FieldFaults, ReadError, WriteError},
    layout, number,
    record::{FieldChange, JsonMap},
    resolve::Resolved,
    row::{self, Columns, StoredRow},
    search,
};
use crate::{
    actor::{Act, Actor, Scope},
    attachments,
    catalogue::{Catalogue, Field, FieldKind, Register},
    deadlines,
    journal::{Action, Chain, NewEntry},
    naming,
    personal::{Keyring, mask},
};

/// A transaction under way.
pub(crate) struct Session<'l> {
    pub connection: &'l Connection,
    pub catalogue: &'l Catalogue,
    pub keyring: &'l Keyring,
    pub actor: &'l Actor,
    pub now: Timestamp,
    pub chain: Chain,
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

impl References for Connection {
    fn number(&self, register: &str, id: i64) -> Result<Option<String>, rusqlite::Error> {
        let table = naming::table(register);
        self.prepare_cached(&format!("SELECT number FROM \"{table}\" WHERE id = ?1"))?
            .query_row([id], |row| row.get(0))
            .optional()
    }
}

impl Session<'_> {
    /// Enters a record.
    pub(crate) fn insert(
        &mut self,
        register: &Register,
        given: &JsonMap,
        arrival: &Arrival,
    ) -> Result<StoredRow, WriteError> {
        // Whoever may not enter anything is not told what would be missing.
        if self.actor.scope(register, Act::Create) == Scope::Nothing {
            return Err(self.forbidden(register, Act::Create.verb(), self.no_role()));
        }
        let (values, mut faults) = check::values(register, given, arrival.with_past);
        let number = self.given_number(register, given, arrival, &mut faults)?;
        let state = given_state(register, given, arrival, &mut faults);
        let mut record = StoredRow::default();
        let resolved = self.resolve(register, &values, 0, &mut faults)?;
        if !arrival.with_past {
            self.refuse_unknown_files(register, &values, &mut faults)?;
        }
        require(register, &values, &mut faults);
        if !faults.is_empty() {
            return Err(WriteError::Invalid { faults: FieldFaults(faults) });
        }
        let number = match number {
            Some(number) => {
                number::seen(self.connection, &register.key, &register.number, &number)?;
                number
            }
            None => {
                number::next(self.connection, &register.key, &register.number, day_of(register, &values, arrival.at))?
            }
        };
        record.set_text("number", &number);
        self.fill(register, &mut record, &values, &resolved)?;
        self.derive(register, &mut record, values)?;
        if let Some(state) = state {
            record.set_text("state", &state);
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
        record.id = self.store(register, &record.columns)?;
        self.store_children(register, &record)?;
        attachments::note_uses(self, register, &record)?;
        let shown = self.shown(register, &record, Personal::Journal)?;
        self.index(register, &record, &shown)?;
        let changes: Vec<FieldChange> =
            shown.into_iter().map(|(field, after)| FieldChange { field, before: Json::Null, after }).collect();
        self.journal(register, &record, arrival.action.clone(), arrival.at, &changes, None)?;
        deadlines::record_arrived(self, register, &record, arrival.at, arrival.with_past)?;
        Ok(record)
    }

    /// Enters a record unless one of its number is there with the same content: an import sent twice makes one record.
    pub(crate) fn enter(
        &mut self,
        register: &Register,
        given: &JsonMap,
        arrival: &Arrival,
    ) -> Result<Entered, WriteError> {
        if let Some(number) = given.get("number").and_then(Json::as_str).filter(|_| arrival.with_past)
            && let Some(standing) = row::by_number(self.connection, register, number.trim())?
        {
            let (values, faults) = check::values(register, given, true);
            let shown = self.shown(register, &standing, Personal::Plain)?;
            let same = |(key, value): (&String, &Json)| shown.get(key).unwrap_or(&Json::Null) == value;
            if faults.is_empty() && values.iter().all(same) {
                return Ok(Entered::Known);
            }
        }
        self.insert(register, given, arrival).map(|_| Entered::New)
    }

    /// Changes fields, and the state if `state` says so. Returns the record unchanged if nothing differs.
    pub(crate) fn change(
        &mut self,
        register: &Register,
        before: &StoredRow,
        given: &JsonMap,
        change: Change<'_>,
    ) -> Result<StoredRow, WriteError> {
        let given = self.without_masks(register, before, given)?;
        let (checked, mut faults) = check::values(register, &given, change.fills_read_only);
        let resolved = self.resolve(register, &checked, before.id, &mut faults)?;
        self.refuse_unknown_files(register, &checked, &mut faults)?;
        let mut values = self.shown(register, before, Personal::Plain)?;
        for (key, value) in &checked {
            if value.is_null() {
                values.remove(key)
            } else {
                values.insert(key.clone(), value.clone())
            };
        }
        require(register, &values, &mut faults);
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
        self.index(register, &after, &shown)?;
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
        let alters = !matches!(action, Action::Unmask | Action::Remind);
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

    /// All values of a record, with its state, as the journal and the search see them.
    pub(crate) fn shown(
        &self,
        register: &Register,
        record: &StoredRow,
        personal: Personal,
    ) -> Result<JsonMap, ReadError> {
        let mut values = external(self.connection, register, record, self.keyring, personal)?;
        if let (Personal::Journal, Some(state)) = (personal, record.text("state")) {
            values.insert("state".into(), Json::from(state));
        }
        Ok(values)
    }

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

    fn no_role(&self) -> String {
        format!("none of the roles {:?} may", self.actor.roles)
    }

    fn forbidden(&self, register: &Register, verb: &str, why: String) -> WriteError {
        WriteError::Forbidden {
            actor: self.actor.name.clone(),
            verb: verb.to_owned(),
            register: register.key.clone(),
            why,
        }
    }

    fn given_number(
        &self,
        register: &Register,
        given: &JsonMap,
        arrival: &Arrival,
        faults: &mut Vec<FieldFault>,
    ) -> Result<Option<String>, WriteError> {
        let Some(value) = given.get("number").filter(|value| !check::is_empty(value)) else { return Ok(None) };
        let Some(number) = value.as_str().map(str::trim).filter(|_| arrival.with_past) else {
            faults.push(check::fault("number", value, "is given by the system", "由系统编号"));
            return Ok(None);
        };
        let table = naming::table(&register.key);
        let taken = self
            .connection
            .prepare_cached(&format!("SELECT 1 FROM \"{table}\" WHERE number = ?1 AND deleted_at IS NULL"))?
            .exists([number])?;
        if taken {
            faults.push(check::fault(
                "number",
                value,
                "there is already a record with this number",
                "该编号的记录已存在",
            ));
        }
        Ok(Some(number.to_owned()))
    }

    fn fill(
        &self,
        register: &Register,
        record: &mut StoredRow,
        values: &JsonMap,
        resolved: &Resolved,
    ) -> Result<(), WriteError> {
        let number = record.number().to_owned();
        for (key, value) in values {
            let Some(field) = register.fields.get(key) else { continue };
            if let FieldKind::Table { fields } = &field.kind {
                let mut rows = Vec::new();
                for row in value.as_array().map(Vec::as_slice).unwrap_or_default() {
                    let mut columns = Columns::new();
                    for field in fields.values() {
                        if let Some(value) = row.get(&field.key) {
                            let place = place_of(&register.key, &number, &format!("{key}.{}", field.key));
                            encode_one(field, value, self.keyring, &place, resolved, &mut columns)?;
                        }
                    }
                    rows.push(columns);
                }
                if rows.is_empty() {
                    record.children.remove(key)
                } else {
                    record.children.insert(key.clone(), rows)
                };
                continue;
            }
            codec::clear(field, &mut record.columns);
            if !value.is_null() {
                let place = place_of(&register.key, &number, key);
                encode_one(field, value, self.keyring, &place, resolved, &mut record.columns)?;
            }
        }
        Ok(())
    }

    /// Fills what follows from other fields: computed fields and the grid cell.
    fn derive(&self, register: &Register, record: &mut StoredRow, mut values: JsonMap) -> Result<(), WriteError> {
        values.retain(|_, value| !value.is_null());
        computed::fill(register.fields.values(), &mut values);
        for field in register.fields.values().filter(|field| matches!(field.kind, FieldKind::Computed { .. })) {
            codec::clear(field, &mut record.columns);
            if let Some(value) = values.get(&field.key) {
                codec::encode(field, value, self.keyring, &field.key, &mut record.columns)?;
            }
        }
        if let Some(place) = register.place.as_ref().and_then(|place| values.get(place)) {
            let coordinate = |key: &str| place.get(key).and_then(Json::as_f64);
            let cell = match (coordinate("lon"), coordinate("lat")) {
                (Some(lon), Some(lat)) => self.catalogue.district.cell_at(lon, lat).map(|cell| cell.code.clone()),
                _ => None,
            };
            match cell {
                Some(cell) => record.set_text("cell", &cell),
                None => _ = record.columns.remove("cell"),
            }
        } else {
            record.columns.remove("cell");
        }
        Ok(())
    }

    /// A form sends back what it was shown: a masked value means that the person left it alone.
    fn without_masks(&self, register: &Register, before: &StoredRow, given: &JsonMap) -> Result<JsonMap, WriteError> {
        let mut real = given.clone();
        for field in register.fields.values().filter(|field| field.personal) {
            let (Some(Json::String(sent)), Some(Sql::Blob(sealed))) =
                (given.get(&field.key), before.columns.get(&naming::column(field)))
            else {
                continue;
            };
            let plain = self.keyring.open(&place_of(&register.key, before.number(), &field.key), sealed)?;
            if *sent == mask(field, &plain) {
                real.remove(&field.key);
            }
        }
        Ok(real)
    }

    /// Leaves out values that stand already, so that they are neither sealed anew nor journalled.
    fn only_changed(&self, register: &Register, before: &StoredRow, given: JsonMap) -> Result<JsonMap, WriteError> {
        let standing = self.shown(register, before, Personal::Plain)?;
        Ok(given
            .into_iter()
            .filter(|(key, value)| match standing.get(key) {
                Some(standing) => standing != value,
                None => !check::is_empty(value),
            })
            .collect())
    }

    fn index(&self, register: &Register, record: &StoredRow, shown: &JsonMap) -> Result<(), rusqlite::Error> {
        search::put(self.connection, register, record.id, &search::text_of(register, record.number(), shown))
    }
}

/// What a change does besides setting fields.
pub(crate) struct Change<'a> {
    pub action: Action,
    pub at: Timestamp,
    pub state: Option<&'a str>,
    pub needs: &'a [String],
    pub reason: Option<&'a str>,
    pub fills_read_only: bool,
}

/// The moment of a change: never before the last one, so that every version has a time of its own.
fn after_last(before: &StoredRow, at: Timestamp) -> Timestamp {
    let last: Timestamp = before.text("changed_at").and_then(|text| text.parse().ok()).unwrap_or_default();
    last.checked_add(jiff::SignedDuration::from_micros(1)).map_or(at, |next| at.max(next))
}

pub(super) fn encode_one(
    field: &Field,
    value: &Json,
    keyring: &Keyring,
    place: &str,
    resolved: &Resolved,
    columns: &mut Columns,
) -> Result<(), WriteError> {
    if let FieldKind::Reference { to } = &field.kind {
        let key = (to.clone(), value.as_str().unwrap_or_default().to_owned());
        if let Some(id) = resolved.get(&key) {
            columns.insert(naming::column(field), Sql::Integer(*id));
        }
        return Ok(());
    }
    Ok(codec::encode(field, value, keyring, place, columns)?)
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
        Scope::Enterprise(own) => match crate::actor::enterprise_field(register) {
            Some(field) => match row::integer(columns, &naming::column(field)) {
                Some(id) => connection.number("enterprise", id)?.as_deref() == Some(own),
                None => false,
            },
            None => false,
        },
    })
}

/// The external form of a stored record.
pub(crate) fn external(
    connection: &Connection,
    register: &Register,
    record: &StoredRow,
    keyring: &Keyring,
    personal: Personal,
) -> Result<JsonMap, ReadError> {
    let number = record.number();
    let place = |field: &Field| place_of(&register.key, number, &field.key);
    let mut values =
        codec::decode_all(register.fields.values(), &record.columns, keyring, place, personal, connection)?;
    for (field, fields) in layout::child_tables(register) {
        let Some(rows) = record.children.get(&field.key) else { continue };
        let mut list = Vec::with_capacity(rows.len());
        for row in rows {
            let place = |child: &Field| place_of(&register.key, number, &format!("{}.{}", field.key, child.key));
            let map = codec::decode_all(fields.values(), row, keyring, place, personal, connection)?;
            list.push(Json::Object(map));
        }
        values.insert(field.key.clone(), Json::Array(list));
    }
    Ok(values)
}

/// Field by field what differs between two sets of values.
pub(crate) fn differences(before: &JsonMap, after: &JsonMap) -> Vec<FieldChange> {
    let mut changes = Vec::new();
    for (field, old) in before {
        let new = after.get(field).unwrap_or(&Json::Null);
        if old != new {
            changes.push(FieldChange { field: field.clone(), before: old.clone(), after: new.clone() });
        }
    }
    for (field, new) in after.iter().filter(|(field, _)| !before.contains_key(*field)) {
        changes.push(FieldChange { field: field.clone(), before: Json::Null, after: new.clone() });
    }
    changes
}

fn given_state(
    register: &Register,
    given: &JsonMap,
    arrival: &Arrival,
    faults: &mut Vec<FieldFault>,
) -> Option<String> {
    let sent = given.get("state").filter(|value| !check::is_empty(value));
    let Some(workflow) = &register.workflow else {
        if let Some(value) = sent {
            faults.push(check::fault("state", value, "the register has no states", "该台账没有状态"));
        }
        return None;
    };
    let Some(value) = sent else { return Some(workflow.initial.clone()) };
    let text = value.as_str().unwrap_or_default().trim();
    let key = workflow
        .states
        .iter()
        .find(|(key, state)| *key == text || state.label.zh == text || state.label.en == text)
        .map(|(key, _)| key.clone());
    match key {
        Some(key) if arrival.with_past || key == workflow.initial => Some(key),
        Some(_) => {
            faults.push(check::fault("state", value, "is reached by steps, not by hand", "状态须经办理步骤变更"));
            None
        }
        None => {
            let known: Vec<&str> = workflow.states.keys().map(String::as_str).collect();
            faults.push(check::fault(
                "state",
                value,
                format!("is none of the states {}", known.join(", ")),
                format!("不是已有状态：{}", known.join("、")),
            ));
            None
        }
    }
}

/// Adds a fault for each required field that is empty; one that only the system fills is not asked of the person.
fn require(register: &Register, values: &JsonMap, faults: &mut Vec<FieldFault>) {
    for field in register.fields.values().filter(|field| field.required) {
        if matches!(field.kind, FieldKind::Computed { .. }) || field.read_only {
            continue;
        }
        let empty = values.get(&field.key).is_none_or(check::is_empty);
        if empty && !faults.iter().any(|fault| fault.field == field.key) {
            faults.push(check::missing(&field.key));
        }
    }
}

fn day_of(register: &Register, values: &JsonMap, at: Timestamp) -> jiff::civil::Date {
    let day = values.get(&register.date).and_then(Json::as_str).and_then(computed::calendar_day);
    day.unwrap_or_else(|| codec::beijing_day(at))
}
