//! Publishing a batch: what others wrote while it came in is compared with it, then one short turn lets everybody see it.

use rusqlite::{Connection, OptionalExtension, params};

use super::{
    entries::{self, BatchRow, Groups},
    stage::{RowFault, Stage},
    standing::published,
};
use crate::{
    catalogue::{FieldKind, Register},
    journal::{Action, Chain, NewEntry},
    ledger::{
        WriteError, check,
        codec::stored_time,
        error::{FieldFault, FieldFaults},
        row,
        session::Session,
    },
    naming,
};

/// Entries of others that are compared with the batch in the turn that publishes it; more are compared before.
const IN_THE_TURN: i64 = 50;

/// What has been compared with the batch so far.
pub(crate) struct Publication {
    /// Last entry of the journal whose record has been compared.
    compared: i64,
    groups: Groups,
}

impl Publication {
    /// `since`: last entry of the journal when the rows were checked.
    pub(crate) fn begin(stage: &Stage<'_>, since: i64) -> Result<Self, WriteError> {
        let reader = stage.ledger.reader()?;
        Ok(Self { compared: since, groups: Groups::of(&reader, &stage.batch)? })
    }

    /// Compares what others wrote; at last, within one turn, the rest of it, and publishes. Gives the rows that what
    /// others wrote forbids; then nothing is published.
    pub(crate) fn publish(mut self, stage: &mut Stage<'_>) -> Result<Vec<RowFault>, WriteError> {
        loop {
            let reader = stage.ledger.reader()?;
            let faults = self.compare(stage, &reader)?;
            drop(reader);
            if !faults.is_empty() {
                return Ok(faults);
            }
            let publication = &mut self;
            let done = stage.turn(|stage, session| publication.finish(stage, session))?;
            if let Some(faults) = done {
                return Ok(faults);
            }
        }
    }

    /// `None`: too much has come up meanwhile for this turn.
    fn finish(
        &mut self,
        stage: &mut Stage<'_>,
        session: &mut Session<'_>,
    ) -> Result<Option<Vec<RowFault>>, WriteError> {
        let connection = session.connection;
        if Chain::end(connection)?.seq() - self.compared > IN_THE_TURN {
            return Ok(None);
        }
        let faults = self.compare(stage, connection)?;
        if !faults.is_empty() {
            return Ok(Some(faults));
        }
        for (year, first, last) in stage.numbers.taken_since(connection)? {
            stage.scratch.collide(year, first, last)?;
        }
        let collided = stage.scratch.collided(IN_THE_TURN)?;
        for position in &collided {
            let record = stage.renumber(session, *position)?;
            self.groups.renew(connection, &stage.batch, record)?;
        }
        if i64::try_from(collided.len()).unwrap_or(i64::MAX) >= IN_THE_TURN {
            return Ok(None);
        }
        stage.numbers.publish(connection)?;
        let now = stage.ledger.now().max(stage.arrival.at);
        let digest = self.groups.digest();
        let change = entries::publication(&stage.batch, &digest);
        let seq = session.chain.append(
            connection,
            &NewEntry {
                at: now,
                actor: &stage.actor.name,
                action: Action::Import,
                register: &stage.register.key,
                record: 0,
                number: "",
                version: 0,
                changes: &[change],
                reason: None,
                // Says, as of a row, what stands now; and lets parts that keep a copy of records hear of it.
                row_digest: Some(digest),
            },
        )?;
        connection
            .prepare_cached("UPDATE import_batch SET published_at = ?2, seq = ?3, digest = ?4 WHERE id = ?1")?
            .execute(params![stage.batch.id, stored_time(now), seq, digest])?;
        if let Some((under, outcome)) = stage.under {
            session.remember_import(under.key, under.asked, outcome)?;
        }
        Ok(Some(Vec::new()))
    }

    /// Compares the records that others changed since the last comparison.
    fn compare(&mut self, stage: &Stage<'_>, connection: &Connection) -> Result<Vec<RowFault>, WriteError> {
        let end = Chain::end(connection)?.seq();
        let mut changed = connection.prepare_cached(
            "SELECT DISTINCT register, record, action FROM journal WHERE seq > ?1 AND seq <= ?2 AND record > 0",
        )?;
        let changed = changed
            .query_map([self.compared, end], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
            .collect::<Result<Vec<(String, i64, String)>, _>>()?;
        let mut faults = Vec::new();
        for (register, record, action) in changed {
            if register == stage.register.key {
                shared(stage, connection, record, &mut faults)?;
            }
            if action == "delete" {
                orphaned(stage, connection, &register, record, &mut faults)?;
            }
        }
        self.compared = end;
        Ok(faults)
    }
}

/// Rows of the batch that share a number or a unique value with a record that somebody wrote meanwhile.
fn shared(
    stage: &Stage<'_>,
    connection: &Connection,
    record: i64,
    faults: &mut Vec<RowFault>,
) -> Result<(), WriteError> {
    let register = stage.register;
    let (table, seen) = (naming::table(&register.key), published(&register.key, &naming::table(&register.key)));
    let sql = format!("SELECT * FROM \"{table}\" WHERE id = ?1 AND deleted_at IS NULL AND {seen}");
    let Some(other) = connection.prepare_cached(&sql)?.query_row([record], row::read_row).optional()? else {
        return Ok(());
    };
    if let Some(position) = stage.scratch.position_of(other.number())? {
        let fault = check::fault(
            "number",
            &other.number().into(),
            "there is already a record with this number",
            "该编号的记录已存在",
        );
        add(stage, position, fault, faults)?;
    }
    for field in register.fields.values().filter(|field| field.unique && !field.personal) {
        let column = naming::column(field);
        let Some(value) = other.columns.get(&column) else { continue };
        if let Some(position) = in_batch(connection, &table, &column, value, &stage.batch)? {
            let number = other.number();
            let fault = check::fault(
                &field.key,
                stage.scratch.row(position)?.values.get(&field.key).unwrap_or(&serde_json::Value::Null),
                format!("the record {number} already has this value"),
                format!("记录{number}已有相同的值"),
            );
            add(stage, position, fault, faults)?;
        }
    }
    Ok(())
}

/// Rows of the batch that refer to a record that somebody deleted meanwhile.
fn orphaned(
    stage: &Stage<'_>,
    connection: &Connection,
    deleted_from: &str,
    record: i64,
    faults: &mut Vec<RowFault>,
) -> Result<(), WriteError> {
    let register: &Register = stage.register;
    let table = naming::table(&register.key);
    for field in register.fields.values() {
        if !matches!(&field.kind, FieldKind::Reference { to } if to == deleted_from) {
            continue;
        }
        let value = rusqlite::types::Value::Integer(record);
        if let Some(position) = in_batch(connection, &table, &naming::column(field), &value, &stage.batch)? {
            let row = stage.scratch.row(position)?;
            let value = row.values.get(&field.key).unwrap_or(&serde_json::Value::Null);
            let fault = check::no_such_record(stage.ledger.catalogue(), deleted_from, &field.key, value);
            add(stage, position, fault, faults)?;
        }
    }
    Ok(())
}

/// Position of a row of the batch that has a value in a column.
fn in_batch(
    connection: &Connection,
    table: &str,
    column: &str,
    value: &rusqlite::types::Value,
    batch: &BatchRow,
) -> Result<Option<u64>, rusqlite::Error> {
    let sql = format!(
        "SELECT id FROM \"{table}\" WHERE \"{column}\" = ?1 AND deleted_at IS NULL AND id BETWEEN ?2 AND ?3 LIMIT 1"
    );
    let id: Option<i64> = connection
        .prepare_cached(&sql)?
        .query_row(params![value, batch.first, batch.last], |row| row.get(0))
        .optional()?;
    Ok(id.and_then(|id| u64::try_from(id - batch.first).ok()))
}

fn add(stage: &Stage<'_>, position: u64, fault: FieldFault, faults: &mut Vec<RowFault>) -> Result<(), WriteError> {
    let line = stage.scratch.row(position)?.line;
    faults.push((line, WriteError::Invalid { faults: FieldFaults(vec![fault]) }));
    Ok(())
}
