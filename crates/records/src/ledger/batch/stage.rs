//! Writing the rows of a batch in small turns, so that others write between them, and taking them away again.

use bilan_storage::commit;
use rusqlite::{Connection, OptionalExtension, params};

use super::{
    Scratch, ScratchRow,
    entries::{self, BatchRow},
    numbers::Numbers,
};
use crate::{
    actor::Actor,
    catalogue::{FieldKind, Register},
    exchange::ImportOutcome,
    ledger::{
        Ledger, Under, WriteError,
        codec::{Personal, stored_time},
        error::FieldFaults,
        given::day_of,
        layout,
        record::FieldChange,
        row::StoredRow,
        search,
        session::{Arrival, Prepared, Session},
    },
    naming,
};

/// Records and rows of their child tables that are written in one turn: some 50 ms, which is what others wait.
pub(crate) const TURN: u64 = 200;

/// Records taken away in one turn.
const TAKEN_AWAY: i64 = 500;

/// A batch on its way into the ledger.
pub(crate) struct Stage<'l> {
    pub ledger: &'l Ledger,
    pub actor: &'l Actor,
    pub register: &'l Register,
    pub scratch: &'l Scratch,
    pub arrival: Arrival,
    pub batch: BatchRow,
    pub numbers: Numbers,
    /// The key under which the batch is published, and what it is answered with when it is sent again.
    pub under: Option<(Under<'l>, &'l ImportOutcome)>,
}

/// The place of a batch in the ids of a register.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    /// The batch.
    pub id: i64,
    /// Id of its first record.
    pub first: i64,
}

/// Why a row cannot be entered, with the line of the file.
pub(crate) type RowFault = (u64, WriteError);

impl<'l> Stage<'l> {
    /// Reserves ids for the rows; nothing of them is seen from now on until they are published.
    pub(crate) fn begin(
        ledger: &'l Ledger,
        actor: &'l Actor,
        register: &'l Register,
        scratch: &'l Scratch,
        arrival: Arrival,
    ) -> Result<Self, WriteError> {
        let reader = ledger.reader()?;
        let numbers = Numbers::begin(&reader, register, scratch.numbers()?.into_iter())?;
        drop(reader);
        let mut connection = ledger.writer();
        let transaction = connection.begin()?;
        let rows = i64::try_from(scratch.rows()).unwrap_or(i64::MAX);
        let first = reserve_ids(&transaction, &naming::table(&register.key), rows)?;
        let (last, begun_at) = (first + rows - 1, stored_time(arrival.at));
        transaction.execute(
            "INSERT INTO import_batch (register, first, last, actor, begun_at) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![register.key, first, last, actor.name, begun_at],
        )?;
        let id = transaction.last_insert_rowid();
        commit(transaction)?;
        let batch = BatchRow {
            id,
            register: register.key.clone(),
            first,
            last,
            actor: actor.name.clone(),
            begun_at,
            published_at: None,
            seq: None,
        };
        Ok(Self { ledger, actor, register, scratch, arrival, batch, numbers, under: None })
    }

    /// Writes every row, turn by turn; gives the rows that can no longer be entered.
    pub(crate) fn write(&mut self) -> Result<Vec<RowFault>, WriteError> {
        let (mut position, mut faults) = (0, Vec::new());
        while position < self.scratch.rows() && faults.len() < FAULTS {
            let rows = self.rows_of_a_turn(position)?;
            position += rows.len() as u64;
            self.turn(|stage, session| {
                for (at, row) in &rows {
                    let day = day_of(stage.register, &row.values, stage.arrival.at);
                    let number = match &row.number {
                        Some(number) => number.clone(),
                        None => {
                            let (year, seq, number) = stage.numbers.next(day);
                            stage.scratch.assign(year, seq, *at)?;
                            number
                        }
                    };
                    match stage.composed(session, *at, row, &number) {
                        Ok(record) => {
                            session.store(stage.register, &record)?;
                            session.put(stage.register, &record, &stage.arrival_of(row))?;
                        }
                        Err(error @ (WriteError::Invalid { .. } | WriteError::Forbidden { .. })) => {
                            faults.push((row.line, error));
                        }
                        Err(error) => return Err(error),
                    }
                }
                Ok(())
            })?;
        }
        Ok(faults)
    }

    /// Gives a record of the batch another number.
    pub(crate) fn renumber(&mut self, session: &mut Session<'_>, position: u64) -> Result<i64, WriteError> {
        let row = self.scratch.row(position)?;
        let (year, seq, number) = self.numbers.next(day_of(self.register, &row.values, self.arrival.at));
        self.scratch.assign(year, seq, position)?;
        let record = self.composed(session, position, &row, &number)?;
        session.update(self.register, &record)?;
        delete_children(session.connection, self.register, record.id, record.id)?;
        session.store_children(self.register, &record)?;
        let shown = session.shown(self.register, &record, Personal::Journal)?;
        search::put(session.connection, self.register, &record)?;
        let changes: Vec<FieldChange> = shown
            .into_iter()
            .map(|(field, after)| FieldChange { field, before: serde_json::Value::Null, after })
            .collect();
        entries::put(session.connection, self.batch.id, &record, &changes)?;
        Ok(record.id)
    }

    /// One turn of the writer, after which others who wait come first.
    pub(crate) fn turn<T>(
        &mut self,
        act: impl FnOnce(&mut Self, &mut Session<'_>) -> Result<T, WriteError>,
    ) -> Result<T, WriteError> {
        let mut connection = self.ledger.writer();
        let transaction = connection.begin()?;
        let ours = BatchRow::coming_into(&transaction, &self.register.key)?.is_some_and(|it| it.id == self.batch.id);
        if !ours {
            let what = format!("the batch that was coming into “{}”", self.register.key);
            return Err(WriteError::Damaged { what, why: "another program took it away".to_owned() });
        }
        let mut session = Session {
            beside: Some(self.scratch),
            place: Some(Place { id: self.batch.id, first: self.batch.first }),
            ..self.ledger.session(&transaction, self.actor, Some(self.arrival.at))?
        };
        let done = act(self, &mut session)?;
        session.seal()?;
        commit(transaction)?;
        connection.hand_on();
        Ok(done)
    }

    fn arrival_of(&self, row: &ScratchRow) -> Arrival {
        Arrival { simulated: row.simulated, action: self.arrival.action.clone(), ..self.arrival }
    }

    fn composed(
        &self,
        session: &Session<'_>,
        position: u64,
        row: &ScratchRow,
        number: &str,
    ) -> Result<StoredRow, WriteError> {
        let mut faults = Vec::new();
        let resolved = session.refer_all(self.register, &row.values, None, &mut faults)?;
        if !faults.is_empty() {
            return Err(WriteError::Invalid { faults: FieldFaults(faults) });
        }
        let prepared =
            Prepared { values: row.values.clone(), number: row.number.clone(), state: row.state.clone(), resolved };
        let mut record = session.compose(self.register, &prepared, number, &self.arrival_of(row))?;
        record.id = self.batch.first + i64::try_from(position).unwrap_or(i64::MAX);
        Ok(record)
    }

    /// The rows that fit into one turn, read before it begins.
    fn rows_of_a_turn(&self, from: u64) -> Result<Vec<(u64, ScratchRow)>, WriteError> {
        let (mut rows, mut weight) = (Vec::new(), 0);
        for position in from..self.scratch.rows() {
            let row = self.scratch.row(position)?;
            weight += row.weight();
            rows.push((position, row));
            if weight >= TURN {
                break;
            }
        }
        Ok(rows)
    }
}

/// Faults after which a batch is given up.
const FAULTS: usize = 1_000;

/// The first of so many consecutive ids that no record has or will get.
fn reserve_ids(connection: &Connection, table: &str, rows: i64) -> Result<i64, rusqlite::Error> {
    let known = connection
        .query_row("SELECT seq FROM sqlite_sequence WHERE name = ?1", [table], |row| row.get(0))
        .optional()?;
    let last: i64 = known.unwrap_or(0);
    if known.is_some() {
        connection.execute("UPDATE sqlite_sequence SET seq = ?2 WHERE name = ?1", params![table, last + rows])?;
    } else {
        connection.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (?1, ?2)", params![table, rows])?;
    }
    Ok(last + 1)
}

/// Takes an unpublished batch away, turn by turn; nothing of it has been seen by anybody.
pub(crate) fn take_away(ledger: &Ledger, batch: &BatchRow) -> Result<(), rusqlite::Error> {
    let Some(register) = ledger.catalogue().registers.get(&batch.register) else { return Ok(()) };
    let actor = Actor::system("import");
    let mut from = batch.first;
    while from <= batch.last {
        let until = batch.last.min(from + TAKEN_AWAY - 1);
        let mut connection = ledger.writer();
        let transaction = connection.begin()?;
        delete_records(&transaction, register, batch.id, from, until)?;
        ledger.session(&transaction, &actor, None)?.seal()?;
        commit(transaction)?;
        connection.hand_on();
        from = until + 1;
    }
    let mut connection = ledger.writer();
    let transaction = connection.begin()?;
    if register.fields.values().any(|field| matches!(field.kind, FieldKind::Attachment { .. })) {
        transaction.execute(
            "DELETE FROM attachment_use WHERE register = ?1 AND record BETWEEN ?2 AND ?3",
            params![register.key, batch.first, batch.last],
        )?;
    }
    transaction.execute("DELETE FROM import_batch WHERE id = ?1 AND published_at IS NULL", [batch.id])?;
    ledger.session(&transaction, &actor, None)?.seal()?;
    commit(transaction)
}

fn delete_records(
    connection: &Connection,
    register: &Register,
    batch: i64,
    from: i64,
    until: i64,
) -> Result<(), rusqlite::Error> {
    delete_children(connection, register, from, until)?;
    let table = naming::table(&register.key);
    let mut found = connection.prepare_cached(&format!("SELECT id FROM \"{table}\" WHERE id BETWEEN ?1 AND ?2"))?;
    let ids = found.query_map([from, until], |row| row.get(0))?.collect::<Result<Vec<i64>, _>>()?;
    for id in ids {
        search::remove(connection, register, id)?;
    }
    connection
        .prepare_cached("DELETE FROM deadline WHERE register = ?1 AND record BETWEEN ?2 AND ?3")?
        .execute(params![register.key, from, until])?;
    connection
        .prepare_cached("DELETE FROM import_entry WHERE batch = ?1 AND record BETWEEN ?2 AND ?3")?
        .execute(params![batch, from, until])?;
    connection
        .prepare_cached(&format!("DELETE FROM \"{table}\" WHERE id BETWEEN ?1 AND ?2"))?
        .execute([from, until])?;
    Ok(())
}

fn delete_children(connection: &Connection, register: &Register, from: i64, until: i64) -> Result<(), rusqlite::Error> {
    for (field, _) in layout::child_tables(register) {
        let table = naming::child_table(&register.key, &field.key);
        connection
            .prepare_cached(&format!("DELETE FROM \"{table}\" WHERE parent BETWEEN ?1 AND ?2"))?
            .execute([from, until])?;
    }
    Ok(())
}
