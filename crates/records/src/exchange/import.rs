//! Import: every row of a file through the same door as a record from a form, all in one transaction.

use std::io::{Read, Seek};

use rusqlite::TransactionBehavior;
use serde::Serialize;
use serde_json::Value as Json;

use super::{
    Format,
    columns::{Column, cell_text, meant},
    source::{self, SheetRow, Unreadable, Visitor},
};
use crate::{
    actor::{Act, Actor, Scope},
    catalogue::{Register, Role},
    journal::Action,
    ledger::{
        JsonMap, Ledger, ReadError, WriteError,
        session::{Arrival, Entered, Session},
    },
};

/// What an import did (or, as a dry run, would do).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ImportOutcome {
    /// Records entered.
    pub created: u64,
    /// Rows whose record was there already with the same content; passed over.
    pub replayed: u64,
}

/// One cell that is refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ImportFault {
    /// Row as a person counts it in the file.
    pub row: u64,
    /// Heading of the column as it stands in the file.
    pub column: String,
    /// The column counted from 1, where the fault lies in one that the file has.
    pub position: Option<usize>,
    /// What was found.
    pub found: String,
    /// Why it is refused and what is allowed, in English.
    pub why: String,
    /// The same in Chinese.
    pub why_zh: String,
}

impl ImportFault {
    /// The cell as a spreadsheet names it, such as `C7`.
    #[must_use]
    pub fn cell(&self) -> Option<String> {
        let mut left = self.position?;
        let mut letters = Vec::new();
        while left > 0 {
            left -= 1;
            // The remainder is below 26.
            letters.push(char::from(b'A' + u8::try_from(left % 26).unwrap_or_default()));
            left /= 26;
        }
        Some(letters.iter().rev().chain(self.row.to_string().chars().collect::<Vec<_>>().iter()).collect())
    }
}

impl std::fmt::Display for ImportFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "row {}, column “{}”: “{}”: {}", self.row, self.column, self.found, self.why)
    }
}

/// Every fault of a file, up to [`ImportFaults::LISTED`] of them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct ImportFaults {
    /// The first faults.
    pub faults: Vec<ImportFault>,
    /// How many there are in all.
    pub total: u64,
}

impl ImportFaults {
    /// Faults that are listed one by one; the others are only counted.
    pub const LISTED: usize = 1000;

    fn add(&mut self, fault: ImportFault) {
        self.total += 1;
        if self.faults.len() < Self::LISTED {
            self.faults.push(fault);
        }
    }
}

impl std::fmt::Display for ImportFaults {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for fault in &self.faults {
            writeln!(f, "{fault}")?;
        }
        let listed = self.faults.len() as u64;
        if self.total > listed {
            writeln!(f, "… and {} more", self.total - listed)?;
        }
        write!(f, "{} faults; nothing was imported", self.total)
    }
}

/// Why nothing was imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// Cells are wrong.
    #[error("{0}")]
    Faults(ImportFaults),
    /// The file cannot be read at all.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// The actor may not enter records, or the database failed.
    #[error(transparent)]
    Refused(#[from] WriteError),
}

impl From<ReadError> for ImportError {
    fn from(error: ReadError) -> Self {
        Self::Refused(error.into())
    }
}

impl From<rusqlite::Error> for ImportError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Refused(error.into())
    }
}

/// Imports a file into a register: whole, or not at all. With `dry_run` everything is checked and nothing kept.
///
/// Numbers, states and fields that the system fills are accepted from an administrator, so that history can be
/// brought in as it was; anybody else who may create records imports new ones.
///
/// # Errors
/// [`ImportError::Faults`] with every wrong cell; [`ImportError::Unreadable`] for a broken file.
pub fn import(
    ledger: &Ledger,
    actor: &Actor,
    register: &str,
    source: impl Read + Seek,
    format: Format,
    dry_run: bool,
) -> Result<ImportOutcome, ImportError> {
    let register = ledger.register(register)?;
    if actor.scope(register, Act::Create) == Scope::Nothing {
        return Err(ImportError::Refused(WriteError::Forbidden {
            actor: actor.name.clone(),
            verb: Act::Create.verb().to_owned(),
            register: register.key.clone(),
            why: "none of its roles may".to_owned(),
        }));
    }
    let mut connection = ledger.writer();
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut intake = Intake {
        session: ledger.session(&transaction, actor, None)?,
        register,
        with_past: actor.is(Role::Admin),
        headings: Vec::new(),
        columns: Vec::new(),
        faults: ImportFaults::default(),
        outcome: ImportOutcome { created: 0, replayed: 0 },
        failed: None,
    };
    source::read(source, format, &mut intake)?;
    let Intake { faults, outcome, failed, .. } = intake;
    if let Some(error) = failed {
        return Err(ImportError::Refused(error));
    }
    if faults.total > 0 {
        return Err(ImportError::Faults(faults));
    }
    if !dry_run {
        transaction.commit()?;
    }
    Ok(outcome)
}

/// Enters records of several registers in one transaction, in the order given: for a sample district or a migration.
///
/// # Errors
/// [`ImportError::Faults`] names each wrong value; `row` counts records from 1 and `column` is `register.field`.
pub fn load(
    ledger: &Ledger,
    actor: &Actor,
    records: impl IntoIterator<Item = (String, JsonMap)>,
    simulated: bool,
) -> Result<ImportOutcome, ImportError> {
    let mut connection = ledger.writer();
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut session = ledger.session(&transaction, actor, None)?;
    let mut faults = ImportFaults::default();
    let mut outcome = ImportOutcome { created: 0, replayed: 0 };
    let arrival = Arrival { action: Action::Import, at: session.now, simulated, with_past: actor.is(Role::Admin) };
    for (index, (register, values)) in records.into_iter().enumerate() {
        let register = ledger.register(&register)?;
        match session.enter(register, &values, &arrival) {
            Ok(Entered::New) => outcome.created += 1,
            Ok(Entered::Known) => outcome.replayed += 1,
            Err(WriteError::Invalid { faults: wrong }) => {
                for wrong in wrong.0 {
                    faults.add(ImportFault {
                        row: index as u64 + 1,
                        column: format!("{}.{}", register.key, wrong.field),
                        position: None,
                        found: wrong.found,
                        why: wrong.why,
                        why_zh: wrong.why_zh,
                    });
                }
            }
            Err(error) => return Err(error.into()),
        }
    }
    if faults.total > 0 {
        return Err(ImportError::Faults(faults));
    }
    transaction.commit()?;
    Ok(outcome)
}

/// The rows of a file on their way into a register.
struct Intake<'l> {
    session: Session<'l>,
    register: &'l Register,
    with_past: bool,
    headings: Vec<String>,
    columns: Vec<Option<Column<'l>>>,
    faults: ImportFaults,
    outcome: ImportOutcome,
    failed: Option<WriteError>,
}

impl Intake<'_> {
    /// Which column holds a field.
    fn position_of(&self, field: &str) -> Option<usize> {
        let key = field.split(['[', '.']).next().unwrap_or(field);
        self.columns.iter().position(|column| column.as_ref().and_then(Column::key) == Some(key))
    }

    fn heading_of(&self, field: &str) -> String {
        let key = field.split(['[', '.']).next().unwrap_or(field);
        match self.position_of(field) {
            Some(at) if key == field => self.headings[at].clone(),
            Some(at) => format!("{} {}", self.headings[at], &field[key.len()..]),
            None => field.to_owned(),
        }
    }
}

impl Visitor for Intake<'_> {
    fn headings(&mut self, headings: &[String]) {
        let register = self.register;
        for heading in &headings[self.columns.len().min(headings.len())..] {
            let column = Column::by_heading(register, heading);
            let key = column.as_ref().and_then(Column::key);
            let twice = key.is_some() && self.columns.iter().flatten().any(|other| other.key() == key);
            if twice || (column.is_none() && !heading.trim().is_empty()) {
                let known: Vec<&str> = register.fields.keys().map(String::as_str).collect();
                let (why, why_zh) = if twice {
                    ("this field has a column already".to_owned(), "该字段已有一列".to_owned())
                } else {
                    (
                        format!("no field of “{}” has this name; its fields are {}", register.key, known.join(", ")),
                        format!("“{}”没有这个字段，字段有：{}", register.label.zh, known.join("、")),
                    )
                };
                let position = Some(self.columns.len() + 1);
                let (column, found) = (heading.clone(), heading.clone());
                self.faults.add(ImportFault { row: 1, column, position, found, why, why_zh });
            }
            self.columns.push(column);
            self.headings.push(heading.clone());
        }
    }

    fn row(&mut self, row: SheetRow<'_>) -> bool {
        let mut values = JsonMap::new();
        let mut simulated = false;
        for (at, value) in row.cells.drain(..) {
            match self.columns.get(at) {
                Some(Some(Column::Field(field))) => {
                    let value = match value {
                        Json::String(text) => meant(field, &text),
                        other => other,
                    };
                    values.insert(field.key.clone(), value);
                }
                Some(Some(Column::Simulated)) => {
                    simulated = matches!(cell_text(&value).to_lowercase().as_str(), "true" | "1" | "是" | "yes");
                }
                Some(Some(column)) => {
                    if let Some(key) = column.key() {
                        values.insert(key.to_owned(), Json::from(cell_text(&value)));
                    }
                }
                Some(None) => {}
                None => self.faults.add(ImportFault {
                    row: row.row,
                    column: format!("{}", at + 1),
                    position: Some(at + 1),
                    found: cell_text(&value),
                    why: "this cell lies to the right of the last heading".to_owned(),
                    why_zh: "该单元格在最后一个列标题之外".to_owned(),
                }),
            }
        }
        let arrival = Arrival { action: Action::Import, at: self.session.now, simulated, with_past: self.with_past };
        match self.session.enter(self.register, &values, &arrival) {
            Ok(Entered::New) => self.outcome.created += 1,
            Ok(Entered::Known) => self.outcome.replayed += 1,
            Err(WriteError::Invalid { faults }) => {
                for fault in faults.0 {
                    self.faults.add(ImportFault {
                        row: row.row,
                        column: self.heading_of(&fault.field),
                        position: self.position_of(&fault.field).map(|at| at + 1),
                        found: fault.found,
                        why: fault.why,
                        why_zh: fault.why_zh,
                    });
                }
            }
            Err(WriteError::Forbidden { why, .. }) => self.faults.add(ImportFault {
                row: row.row,
                column: String::new(),
                position: None,
                found: String::new(),
                why_zh: "无权登记该记录".to_owned(),
                why,
            }),
            Err(error) => {
                self.failed = Some(error);
                return false;
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_named_as_a_spreadsheet_names_it() {
        let cell = |position, row| {
            let text = String::new;
            ImportFault { row, column: text(), position, found: text(), why: text(), why_zh: text() }.cell()
        };
        assert_eq!(cell(Some(3), 7).as_deref(), Some("C7"));
        assert_eq!(cell(Some(26), 1).as_deref(), Some("Z1"));
        assert_eq!(cell(Some(27), 12).as_deref(), Some("AA12"));
        assert_eq!(cell(Some(703), 2).as_deref(), Some("AAA2"));
        assert_eq!(cell(None, 2), None);
    }
}
