//! A batch (批次): many records that come in together, from a file.
//!
//! The rows are checked beside the writer, against a moment of the ledger that a reader holds, and laid aside in a
//! [`Scratch`]. Only a batch without a fault asks for the writer's turn.

mod scratch;

use serde_json::Value as Json;

use super::{
    check::Checked,
    codec::Personal,
    error::WriteError,
    record::JsonMap,
    row,
    session::{Arrival, Entered, Session},
};
use crate::catalogue::Register;

pub(crate) use self::scratch::{Scratch, ScratchRow};

/// Checks a row as if it were entered now and lays it aside. Nothing is written to the ledger.
///
/// `session` reads from a moment of the ledger; `scratch` holds the rows of the file before this one.
pub(crate) fn check_row(
    session: &Session<'_>,
    scratch: &Scratch,
    register: &Register,
    line: u64,
    given: &JsonMap,
    arrival: &Arrival,
) -> Result<Entered, WriteError> {
    let checked = Checked::of(register, given, arrival.with_past);
    if session.is_known(register, given, &checked, arrival)? {
        return Ok(Entered::Known);
    }
    let prepared = session.prepare(register, given, checked, arrival)?;
    // The number comes later; cell and enterprise, which say whether the actor may, do not hang on it.
    session.compose(register, &prepared, "", arrival)?;
    let row = ScratchRow {
        line,
        number: prepared.number,
        state: prepared.state,
        simulated: arrival.simulated,
        values: prepared.values,
    };
    scratch.push(register, &row)?;
    Ok(Entered::New)
}

impl Session<'_> {
    /// Whether a record of this number is there, in the ledger or among the rows before this one, with the same content.
    pub(crate) fn is_known(
        &self,
        register: &Register,
        given: &JsonMap,
        checked: &Checked,
        arrival: &Arrival,
    ) -> Result<bool, WriteError> {
        let number = given.get("number").and_then(Json::as_str).map(str::trim);
        let Some(number) = number.filter(|number| arrival.with_past && !number.is_empty()) else { return Ok(false) };
        if !checked.faults.is_empty() {
            return Ok(false);
        }
        let same =
            |shown: &JsonMap| checked.values.iter().all(|(key, value)| shown.get(key).unwrap_or(&Json::Null) == value);
        if let Some(standing) = row::by_number(self.connection, register, number)? {
            return Ok(same(&self.shown(register, &standing, Personal::Plain)?));
        }
        match self.beside.map(|scratch| scratch.position_of(number)).transpose()?.flatten() {
            Some(position) => Ok(self.beside.is_some_and(|scratch| {
                // A row that cannot be read back is no known row; it is a fault when it is entered.
                scratch.row(position).is_ok_and(|row| same(&row.values))
            })),
            None => Ok(false),
        }
    }
}
