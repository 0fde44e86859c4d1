//! The writes that a person or the program asks for: create, edit, step, delete.

use bilan_storage::commit;
use jiff::Timestamp;
use rusqlite::OptionalExtension;
use serde_json::{Value as Json, json};

use super::{
    Ledger,
    check::Checked,
    codec::Personal,
    error::WriteError,
    key::{Asked, Content},
    outward::differences,
    reach::reaches,
    record::{FieldDifference, JsonMap, Record, Write},
    row::{self, StoredRow},
    session::{Arrival, Change, Session},
};
use crate::{
    actor::{Act, Actor, Scope},
    attachments::AcceptedFile,
    catalogue::{FieldKind, Register, Role},
    journal::Action,
    personal::without_digests,
    workflow,
};

impl Ledger {
    /// Enters a record. `number`, `state` and read-only fields may be given by an administrator only.
    ///
    /// # Errors
    /// [`WriteError::Invalid`] lists every fault of every field; nothing is stored then.
    pub fn create(&self, actor: &Actor, register: &str, values: JsonMap, write: Write) -> Result<Record, WriteError> {
        let known = self.register(register)?;
        let checked = Checked::entered(actor, known, &values, actor.is(Role::Admin));
        // A field that is left empty and one that is left out are the same here.
        let mut read = checked.as_read(&values);
        read.retain(|_, value| !value.is_null());
        let content = Content { read: Json::Object(read), typed: Json::Object(values.clone()) };
        self.write(actor, register, "create", content, &write, |session, register, files| {
            let arrival = Arrival {
                action: Action::Create,
                at: session.now,
                simulated: write.simulated,
                with_past: actor.is(Role::Admin),
            };
            let made = session.insert(register, &values, checked, &arrival)?;
            session.hang(register, made, files)
        })
    }

    /// Changes fields of a record; a value of null takes it away.
    ///
    /// # Errors
    /// [`WriteError::Stale`] if the record is no longer at `version`, with what changed since.
    pub fn edit(
        &self,
        actor: &Actor,
        register: &str,
        number: &str,
        version: i64,
        changes: JsonMap,
        write: Write,
    ) -> Result<Record, WriteError> {
        let known = self.register(register)?;
        let checked = Checked::changed(known, &changes, actor.is(Role::Admin));
        let content = Content { read: Json::Object(checked.as_read(&changes)), typed: Json::Object(changes.clone()) }
            .map(|changes| Json::from(vec![Json::from(number), Json::from(version), changes]));
        self.write(actor, register, "edit", content, &write, |session, register, files| {
            let before = session.find(register, number)?;
            session.allow(register, Act::Edit, &before)?;
            session.refuse_stale(register, &before, version, &changes)?;
            let before = session.hang(register, before, files)?;
            let change = Change {
                action: Action::Edit,
                at: session.now,
                state: None,
                needs: &[],
                reason: None,
                given: &changes,
            };
            let after = session.change(register, &before, checked, change)?;
            session.allow(register, Act::Edit, &after)?;
            Ok(after)
        })
    }

    /// Takes a step of the workflow, filling the fields that its form asks for.
    ///
    /// # Errors
    /// [`WriteError::StepRefused`] if the step does not lead on from the record's state,
    /// [`WriteError::Invalid`] if a field is still empty that the step needs.
    #[allow(clippy::too_many_arguments, reason = "each says one thing that a step needs to be told")]
    pub fn step(
        &self,
        actor: &Actor,
        register: &str,
        number: &str,
        version: i64,
        step: &str,
        values: JsonMap,
        reason: Option<String>,
        write: Write,
    ) -> Result<Record, WriteError> {
        let known = self.register(register)?;
        let mut checked = Checked::changed(known, &values, true);
        let asked = |values: JsonMap, reason: Option<&str>| {
            Json::from(vec![
                Json::from(number),
                Json::from(version),
                Json::from(step),
                Json::Object(values),
                Json::from(reason),
            ])
        };
        let trimmed = reason.as_deref().map(str::trim).filter(|reason| !reason.is_empty());
        let content =
            Content { read: asked(checked.as_read(&values), trimmed), typed: asked(values.clone(), reason.as_deref()) };
        self.write(actor, register, "step", content, &write, |session, register, files| {
            let before = session.find(register, number)?;
            let refused = |why: String| WriteError::StepRefused {
                step: step.to_owned(),
                register: register.key.clone(),
                number: number.to_owned(),
                why,
            };
            let known = register.workflow.as_ref().and_then(|workflow| workflow.steps.get(step));
            let roles = known.map(|step| step.roles.as_slice()).unwrap_or_default();
            session.allow_scope(register, actor.step_scope(register, roles), "take this step on", &before)?;
            // A double click: the first one took the step, and the second is told as a stale edit, not as a wrong state.
            session.refuse_stale(register, &before, version, &values)?;
            let taken = workflow::find(register, before.text("state"), step).map_err(refused)?;
            let reason = reason.as_deref().map(str::trim).filter(|reason| !reason.is_empty());
            if taken.reason && reason.is_none() {
                return Err(WriteError::ReasonMissing(format!("the step “{}” asks for one", taken.label.en)));
            }
            let is_asked = |key: &String| taken.asks.contains(key) || taken.needs.contains(key);
            let asked = |key: &&String| is_asked(key) || taken.signs.as_ref() == Some(key) || actor.is(Role::Admin);
            if let Some(key) = values.keys().find(|key| !asked(key)) {
                let (zh, en) = (&taken.label.zh, &taken.label.en);
                let why = format!("is not asked for by the step “{en}”");
                return Err(WriteError::invalid(key, why, format!("办理“{zh}”时不填此项")));
            }
            if files.iter().any(|file| !taken.asks.iter().chain(&taken.needs).any(|asked| asked == file.field)) {
                // What the step does not ask for is hung on by who may change the record.
                session.allow(register, Act::Edit, &before)?;
            }
            let before = session.hang(register, before, files)?;
            if let Some(person) = actor.person.as_ref().filter(|_| taken.signs.is_some()) {
                sign(register, taken, person, &before, &mut checked);
            }
            for key in &taken.clears {
                checked.leave_alone(key);
                checked.values.insert(key.clone(), Json::Null);
            }
            if let Some(stamp) = &taken.stamps {
                let day = matches!(register.fields.get(stamp).map(|field| &field.kind), Some(FieldKind::Date));
                let moment =
                    if day { super::beijing_day(session.now).to_string() } else { super::shown_time(session.now) };
                checked.leave_alone(stamp);
                let stamped = Checked::of(register, &JsonMap::from_iter([(stamp.clone(), Json::from(moment))]), true);
                checked.values.extend(stamped.values);
                checked.faults.extend(stamped.faults);
            }
            let change = Change {
                action: Action::Step(step.to_owned()),
                at: session.now,
                state: Some(&taken.to),
                needs: &taken.needs,
                reason,
                given: &values,
            };
            session.change(register, &before, checked, change)
        })
    }

    /// Deletes a record; its history and journal stay, and its number can be used again by an import.
    ///
    /// # Errors
    /// [`WriteError::StillReferred`] if other records refer to it; [`WriteError::ReasonMissing`] without a reason.
    pub fn delete(
        &self,
        actor: &Actor,
        register: &str,
        number: &str,
        version: i64,
        reason: &str,
        write: Write,
    ) -> Result<(), WriteError> {
        let reason = reason.trim().to_owned();
        if reason.is_empty() {
            return Err(WriteError::ReasonMissing("a deletion is journalled with one".into()));
        }
        let content = Json::from(vec![Json::from(number), Json::from(version)]);
        let content = Content { read: content.clone(), typed: content };
        self.write(actor, register, "delete", content, &write, |session, register, _| {
            let before = session.find(register, number)?;
            session.allow(register, Act::Delete, &before)?;
            session.refuse_stale(register, &before, version, &JsonMap::new())?;
            session.remove(register, &before, &reason, session.now)?;
            Ok(before)
        })
        .map(|_| ())
    }

    /// One write in one transaction, answered from memory if its idempotency key was used for the same content.
    fn write(
        &self,
        actor: &Actor,
        register: &str,
        verb: &str,
        content: Content,
        write: &Write,
        act: impl FnOnce(&mut Session<'_>, &Register, &[AcceptedFile<'_>]) -> Result<StoredRow, WriteError>,
    ) -> Result<Record, WriteError> {
        let register = self.register(register)?;
        let files = write.files.iter().map(|file| file.accepted(register)).collect::<Result<Vec<_>, _>>()?;
        let key = write.key.as_ref();
        let content = if files.is_empty() {
            content
        } else {
            let hung: Vec<Json> = files.iter().map(|file| json!([file.field, file.name, file.sha])).collect();
            content.map(|content| Json::from(vec![content, Json::from(hung.clone())]))
        };
        let asked = Asked::new(key, &register.key, verb, &actor.name, &content);
        let mut connection = self.writer();
        let transaction = connection.begin()?;
        let mut session = self.session(&transaction, actor, write.at)?;
        if let Some(key) = key {
            if let Some(number) = session.answered(key, &asked)? {
                let row = session.find_even_deleted(register, &number)?;
                return self.present(&transaction, register, row).map_err(WriteError::from);
            }
            session.refuse_repeat(key, register, &asked)?;
        }
        let row = act(&mut session, register, &files)?;
        if let Some(key) = key {
            session.remember(key, &asked, row.number())?;
        }
        let record = self.present(&transaction, register, row)?;
        session.seal()?;
        commit(transaction)?;
        Ok(record)
    }
}

/// Sets the field that a step signs to the name of who takes it. What its form asks for stands as it was given.
fn sign(register: &Register, taken: &crate::catalogue::Step, person: &str, before: &StoredRow, checked: &mut Checked) {
    let Some(signs) = &taken.signs else { return };
    if taken.asks.contains(signs) {
        let given = checked.values.get(signs);
        let stands = match given {
            Some(given) => !given.is_null(),
            None => before.text(signs).is_some(),
        };
        let is_faulty = checked.faults.iter().any(|fault| fault.field == *signs);
        if stands || is_faulty {
            return;
        }
    }
    checked.leave_alone(signs);
    let signed = Checked::of(register, &JsonMap::from_iter([(signs.clone(), Json::from(person))]), true);
    checked.values.extend(signed.values);
    checked.faults.extend(signed.faults);
}

impl Session<'_> {
    /// The live record of this number, if the actor may read it.
    pub(crate) fn find(&self, register: &Register, number: &str) -> Result<StoredRow, WriteError> {
        let missing = || WriteError::NotFound { register: register.key.clone(), number: number.to_owned() };
        let record = row::by_number(self.connection, register, number)?.ok_or_else(missing)?;
        if self.is_found(register, &record)? { Ok(record) } else { Err(missing()) }
    }

    /// Whether the actor may know that a record is there: it lies within what the account reads or, where the register
    /// names no such reader, within what the account changes, deletes or takes a step on.
    fn is_found(&self, register: &Register, record: &StoredRow) -> Result<bool, WriteError> {
        let read = self.actor.scope(register, Act::Read);
        let scopes = if read == Scope::Nothing {
            let steps = register.workflow.iter().flat_map(|workflow| workflow.steps.values());
            let by_step = steps.map(|step| self.actor.step_scope(register, &step.roles));
            [Act::Edit, Act::Delete].map(|act| self.actor.scope(register, act)).into_iter().chain(by_step).collect()
        } else {
            vec![read]
        };
        for scope in scopes {
            if reaches(self.connection, register, &scope, &record.columns)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn find_even_deleted(&self, register: &Register, number: &str) -> Result<StoredRow, WriteError> {
        if let Some(record) = row::by_number(self.connection, register, number)? {
            return Ok(record);
        }
        let table = crate::naming::table(&register.key);
        let sql = format!("SELECT * FROM \"{table}\" WHERE number = ?1 ORDER BY id DESC LIMIT 1");
        self.connection
            .prepare_cached(&sql)?
            .query_row([number], row::read_row)
            .optional()?
            .ok_or_else(|| WriteError::NotFound { register: register.key.clone(), number: number.to_owned() })
    }

    pub(super) fn refuse_stale(
        &self,
        register: &Register,
        current: &StoredRow,
        version: i64,
        wanted: &JsonMap,
    ) -> Result<(), WriteError> {
        if current.version() == version {
            return Ok(());
        }
        let now = self.shown(register, current, Personal::Journal)?;
        let base = match row::past_version(self.connection, register, current.id, version)? {
            Some(base) => self.shown(register, &base, Personal::Journal)?,
            None => now.clone(),
        };
        let by = current.text("changed_by").unwrap_or_default().to_owned();
        let at: Timestamp = current.text("changed_at").and_then(|text| text.parse().ok()).unwrap_or_default();
        let theirs = differences(&base, &now)
            .into_iter()
            .map(|change| FieldDifference {
                yours: wanted.get(&change.field).cloned(),
                field: change.field,
                base: without_digests(change.before),
                theirs: without_digests(change.after),
                by: by.clone(),
                at,
            })
            .collect();
        let number = current.number().to_owned();
        Err(WriteError::Stale { number, yours: version, current: current.version(), theirs })
    }
}
