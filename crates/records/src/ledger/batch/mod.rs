//! A batch (批次): many records that come in together, from a file.
//!
//! The rows are checked beside the writer, against a moment of the ledger that a reader holds, and laid aside in a
//! [`Scratch`]. Only a batch without a fault asks for the writer's turn. One that fits into a turn is entered like single
//! records. A larger one is written in many short turns into the tables of its register, where nothing of it is seen
//! ([`standing`]); one more short turn publishes it. What is not published when the program ends is taken away.
//! How the journal carries it: [`entries`]; how it is numbered: [`numbers`].

pub(crate) mod entries;
mod numbers;
mod publish;
mod scratch;
mod stage;
mod standing;
#[cfg(test)]
mod tests;
mod turn;

use bilan_storage::{check, to_the_end};
use serde_json::Value as Json;

use super::{
    Ledger,
    check::{self, Checked},
    codec::Personal,
    error::{FieldFaults, ReadError, WriteError},
    key::Under,
    record::JsonMap,
    resolve::Resolved,
    row,
    session::{Arrival, Entered, Session},
};
use crate::{actor::Actor, catalogue::Register, exchange::ImportOutcome};

use self::{
    entries::BatchRow,
    publish::Publication,
    stage::{Stage, take_away},
};
pub(crate) use self::{
    scratch::{Scratch, ScratchRow},
    stage::{Place, RowFault, TURN},
    standing::{not_coming, published, published_by, standing},
    turn::Imports,
};

/// Brings the rows of a file in: everybody sees all of them at once, or nobody any. Gives the rows that what others
/// wrote since they were checked forbids; then none is entered.
///
/// `since`: last entry of the journal when the rows were checked; `under`: the key that is kept with the publication.
pub(crate) fn bring_in(
    ledger: &Ledger,
    actor: &Actor,
    register: &Register,
    scratch: &Scratch,
    arrival: Arrival,
    since: i64,
    under: Option<(Under<'_>, &ImportOutcome)>,
) -> Result<Vec<RowFault>, WriteError> {
    let _turn = ledger.imports.turn()?;
    to_the_end(|| sweep(ledger))?;
    let (faults, since) = recheck(ledger, actor, register, scratch, since)?;
    if !faults.is_empty() {
        return Ok(faults);
    }
    let mut stage = Stage::begin(ledger, actor, register, scratch, arrival)?;
    stage.under = under;
    let done = stage.write().and_then(|faults| {
        if faults.is_empty() { Publication::begin(&stage, since)?.publish(&mut stage) } else { Ok(faults) }
    });
    if !matches!(&done, Ok(faults) if faults.is_empty()) {
        to_the_end(|| take_away(ledger, &stage.batch))?;
    }
    done
}

/// Another batch that was published since the rows were checked has one entry in the journal for all its records; the
/// rows are compared with the register once more then. Gives the last entry of the journal that they were compared with.
fn recheck(
    ledger: &Ledger,
    actor: &Actor,
    register: &Register,
    scratch: &Scratch,
    since: i64,
) -> Result<(Vec<RowFault>, i64), WriteError> {
    let reader = ledger.reader()?;
    let moment = reader.unchecked_transaction()?;
    let newer = moment
        .prepare_cached("SELECT 1 FROM import_batch WHERE register = ?1 AND seq > ?2")?
        .exists(rusqlite::params![register.key, since])?;
    if !newer {
        return Ok((Vec::new(), since));
    }
    let session = ledger.session(&moment, actor, None)?;
    let mut found = Vec::new();
    for position in 0..scratch.rows() {
        check().map_err(rusqlite::Error::from)?;
        let row = scratch.row(position)?;
        let mut faults = Vec::new();
        if let Some(number) = &row.number
            && row::by_number(&moment, register, number)?.is_some()
        {
            let why = ("there is already a record with this number", "该编号的记录已存在");
            faults.push(check::fault("number", &number.as_str().into(), why.0, why.1));
        }
        session.refuse_taken(register, &row.values, 0, &Resolved::new(), &mut faults)?;
        if !faults.is_empty() {
            found.push((row.line, WriteError::Invalid { faults: FieldFaults(faults) }));
        }
    }
    Ok((found, session.chain.seq()))
}

/// Takes away every batch that is not published, while no import is under way.
fn sweep(ledger: &Ledger) -> Result<u64, rusqlite::Error> {
    let reader = ledger.reader()?;
    let unpublished = BatchRow::unpublished(&reader)?;
    drop(reader);
    for batch in &unpublished {
        take_away(ledger, batch)?;
    }
    Ok(unpublished.len() as u64)
}

impl Ledger {
    /// Takes away what large imports left in the tables that ended before they were published, because the program was
    /// killed. Nobody has seen anything of it. Gives how many imports there were; none while an import is under way.
    ///
    /// # Errors
    /// If the database fails.
    pub fn sweep_imports(&self) -> Result<u64, ReadError> {
        let Some(_turn) = self.imports.turn_at_once()? else { return Ok(0) };
        Ok(sweep(self)?)
    }
}

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
    let checked = Checked::entered(session.actor, register, given, arrival.with_past);
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
