//! The rows of a file on their way into a register: each is read, looked up among what is known, and checked beside the writer.

use bilan_storage::check;

use super::{
    cell::CellFault,
    fault::{ImportFault, ImportFaults},
    import::{ImportError, ImportOutcome},
    note::ImportNote,
    reading::{Entry, Places},
    repeat::Repeats,
    source::{SheetRow, Visitor},
};
use crate::{
    catalogue::Register,
    journal::Action,
    ledger::{
        WriteError,
        batch::{Scratch, check_row},
        session::{Arrival, Entered, Session},
    },
};

/// The rows of a file on their way into a register.
pub(super) struct Intake<'m, 'l> {
    /// Reads the ledger as it stood when the file began to be read.
    pub session: Session<'m>,
    pub scratch: &'m Scratch,
    pub register: &'l Register,
    /// Numbers, states and fields that the system fills are taken from the file.
    pub with_past: bool,
    pub repeats: Repeats<'l>,
    pub enter_repeats: bool,
    pub found: Found<'l>,
    /// What is no fault of a row and ended the reading.
    pub failed: Option<WriteError>,
}

/// What was found in a file.
pub(super) struct Found<'l> {
    pub places: Places<'l>,
    pub faults: ImportFaults,
    pub outcome: ImportOutcome,
}

impl Intake<'_, '_> {
    /// How its records come in.
    fn arrival(&self, simulated: bool) -> Arrival {
        Arrival { action: Action::Import, at: self.session.now, simulated, with_past: self.with_past }
    }
}

impl Found<'_> {
    /// Refuses the whole file if anything in it is wrong.
    pub(super) fn refuse_faults(&mut self) -> Result<(), ImportError> {
        if self.faults.total == 0 { Ok(()) } else { Err(ImportError::Faults(std::mem::take(&mut self.faults))) }
    }

    /// Notes what is wrong with a row, cell by cell.
    ///
    /// # Errors
    /// What is no fault of the row and ends the import.
    pub(super) fn note_row(&mut self, entry: &Entry, entered: Result<Entered, WriteError>) -> Result<(), WriteError> {
        match entered {
            Ok(_) => {}
            Err(WriteError::Invalid { faults }) => {
                for fault in faults.0 {
                    if let Some(fault) = self.places.field_fault(entry, fault) {
                        self.faults.add(fault);
                    }
                }
            }
            Err(WriteError::Forbidden { why, .. }) => self.faults.add(ImportFault {
                row: entry.row,
                in_line: self.places.are_lines,
                why_zh: "无权登记该记录".to_owned(),
                why,
                ..ImportFault::default()
            }),
            Err(error) => return Err(error),
        }
        Ok(())
    }
}

impl Visitor for Intake<'_, '_> {
    fn known(&self, headings: &[String]) -> usize {
        self.found.places.known(headings)
    }

    fn complete(&self, headings: &[String]) -> bool {
        self.found.places.complete(headings)
    }

    fn headings(&mut self, row: u64, headings: &[String]) {
        self.found.places.add(row, headings, &mut self.found.faults);
    }

    fn fault(&mut self, row: u64, column: usize, fault: &CellFault) {
        if let CellFault::Merged { last, .. } = fault {
            self.found.faults.forget_blanks((row, column), *last);
        }
        self.found.faults.add(self.found.places.cell_fault(row, column, fault));
    }

    fn note(&mut self, note: ImportNote) {
        if self.found.outcome.notes.len() < ImportNote::LISTED {
            self.found.outcome.notes.push(note);
        }
    }

    fn row(&mut self, row: SheetRow<'_>) -> bool {
        if let Err(cancelled) = check() {
            self.failed = Some(rusqlite::Error::from(cancelled).into());
            return false;
        }
        if self.found.faults.are_enough() {
            self.found.faults.ended_at = Some(row.row);
            return false;
        }
        let entry = self.found.places.entry(row, &mut self.found.faults, &mut self.found.outcome.notes);
        if !self.enter_repeats {
            match self.repeats.find(self.session.connection, entry.row, &entry.values) {
                Ok(None) => {}
                Ok(Some(repeat)) => {
                    self.found.outcome.repeated += 1;
                    Visitor::note(self, repeat);
                    return true;
                }
                Err(error) => {
                    self.failed = Some(error.into());
                    return false;
                }
            }
        }
        let arrival = self.arrival(entry.simulated);
        let checked = check_row(&self.session, self.scratch, self.register, entry.row, &entry.values, &arrival);
        match checked {
            Ok(Entered::New) => self.found.outcome.created += 1,
            Ok(Entered::Known) => self.found.outcome.replayed += 1,
            Err(_) => {}
        }
        match self.found.note_row(&entry, checked) {
            Ok(()) => true,
            Err(error) => {
                self.failed = Some(error);
                false
            }
        }
    }
}
