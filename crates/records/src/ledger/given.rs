//! What a person gave, before it becomes columns: number and state, what is required, what was left as it stood.

use jiff::Timestamp;
use rusqlite::types::Value as Sql;
use serde_json::Value as Json;

use super::{
    batch::standing,
    check::{self, Checked},
    codec,
    codec::{Personal, place_of},
    computed,
    error::{FieldFault, WriteError},
    record::JsonMap,
    row::StoredRow,
    session::{Arrival, Session},
};
use crate::{
    catalogue::{FieldKind, Register, listed},
    naming,
    personal::mask,
};

impl Session<'_> {
    pub(super) fn given_number(
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
            .prepare_cached(&format!(
                "SELECT 1 FROM \"{table}\" WHERE number = ?1 AND {}",
                standing(&register.key, &table)
            ))?
            .exists([number])?;
        let beside = self.beside.map(|scratch| scratch.position_of(number)).transpose()?.flatten();
        if taken || beside.is_some() {
            faults.push(check::fault(
                "number",
                value,
                "there is already a record with this number",
                "该编号的记录已存在",
            ));
        }
        Ok(Some(number.to_owned()))
    }

    /// A form sends back what it was shown: a masked value means that the person left it alone.
    pub(super) fn leave_masks(
        &self,
        register: &Register,
        before: &StoredRow,
        given: &JsonMap,
        checked: &mut Checked,
    ) -> Result<(), WriteError> {
        for field in register.fields.values().filter(|field| field.personal) {
            let (Some(Json::String(sent)), Some(Sql::Blob(sealed))) =
                (given.get(&field.key), before.columns.get(&naming::column(field)))
            else {
                continue;
            };
            let plain = self.keyring.open(&place_of(&register.key, before.number(), &field.key), sealed)?;
            if *sent == mask(field, &plain) {
                checked.leave_alone(&field.key);
            }
        }
        Ok(())
    }

    /// Leaves out values that stand already, so that they are neither sealed anew nor journalled.
    pub(super) fn only_changed(
        &self,
        register: &Register,
        before: &StoredRow,
        given: JsonMap,
    ) -> Result<JsonMap, WriteError> {
        let standing = self.shown(register, before, Personal::Plain)?;
        Ok(given
            .into_iter()
            .filter(|(key, value)| match standing.get(key) {
                Some(standing) => standing != value,
                None => !check::is_empty(value),
            })
            .collect())
    }
}

pub(super) fn given_state(
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
            let known = listed(workflow.states.values().map(|state| &state.label));
            faults.push(check::fault(
                "state",
                value,
                format!("is none of the states {}", known.en),
                format!("不是已有状态，可填：{}", known.zh),
            ));
            None
        }
    }
}

/// Adds a fault for each required field that is empty; one that only the system fills is not asked of the person.
pub(super) fn require(register: &Register, values: &JsonMap, faults: &mut Vec<FieldFault>) {
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

pub(super) fn day_of(register: &Register, values: &JsonMap, at: Timestamp) -> jiff::civil::Date {
    let day = values.get(&register.date).and_then(Json::as_str).and_then(computed::calendar_day);
    day.unwrap_or_else(|| codec::beijing_day(at))
}
