//! From rows of a file to values of records: which field each column holds, and what its cells mean.

use std::collections::{HashMap, HashSet};

use serde_json::Value as Json;

use super::{
    cell::{Cell, CellFault, Epoch, as_shown, column_letters},
    columns::{Column, ColumnNames, cell_text, meant},
    fault::{ImportFault, ImportFaults},
    note::{ImportNote, Place},
    source::SheetRow,
    xlsx::is_day_before,
};
use crate::{
    catalogue::{FieldKind, Label, Register, closest_label, listed},
    ledger::{FieldFault, JsonMap, check::WITHHELD, row_label},
    value::{Language, is_invisible, is_joiner},
};

/// The columns of a file on its way into a register.
pub(super) struct Places<'r> {
    register: &'r Register,
    /// The file has lines of JSON: keys, and no columns that a person could count.
    pub are_lines: bool,
    names: ColumnNames<'r>,
    headings: Vec<String>,
    columns: Vec<Option<Column<'r>>>,
    /// Where the column of a key stands.
    by_key: HashMap<&'r str, usize>,
    /// Row of the first headings.
    head: u64,
    /// Fields that must be filled and have no column: said once of the file.
    absent: HashSet<String>,
}

/// What a row gives for a record.
pub(super) struct Entry {
    /// Row of the file.
    pub row: u64,
    /// Values in the external form.
    pub values: JsonMap,
    /// It is made up.
    pub simulated: bool,
    /// Keys whose cells had a fault that was noted already.
    faulty: HashSet<String>,
}

impl Entry {
    /// A row that was read before and of which only its place in the file is still needed.
    pub(super) fn of_row(row: u64) -> Self {
        Self { row, values: JsonMap::new(), simulated: false, faulty: HashSet::new() }
    }
}

impl<'r> Places<'r> {
    pub(super) fn of(register: &'r Register, are_lines: bool) -> Self {
        let names = ColumnNames::of(register);
        Self {
            register,
            are_lines,
            names,
            headings: Vec::new(),
            columns: Vec::new(),
            by_key: HashMap::new(),
            head: 0,
            absent: HashSet::new(),
        }
    }

    /// How many columns of the register these headings name.
    pub(super) fn known(&self, headings: &[String]) -> usize {
        self.keys(headings).len()
    }

    /// Whether these headings name every field that must be filled.
    pub(super) fn complete(&self, headings: &[String]) -> bool {
        let keys = self.keys(headings);
        let mut needed = self.register.fields.values().filter(|field| field.required && !field.read_only).peekable();
        needed.peek().is_some() && needed.all(|field| keys.contains(field.key.as_str()))
    }

    fn keys(&self, headings: &[String]) -> HashSet<&'r str> {
        headings.iter().filter_map(|heading| self.names.find(heading)?.key()).collect()
    }

    /// Takes the headings beyond those that it has.
    pub(super) fn add(&mut self, row: u64, headings: &[String], faults: &mut ImportFaults) {
        if self.columns.is_empty() {
            self.head = row;
        }
        for heading in &headings[self.columns.len().min(headings.len())..] {
            if faults.are_enough() {
                break;
            }
            let column = self.names.find(heading);
            let withheld = matches!(column, Some(Column::Field(field)) if field.withheld);
            let key = column.as_ref().and_then(Column::key);
            let at = self.columns.len();
            let twice = key.is_some_and(|key| self.by_key.contains_key(key));
            let why = match &column {
                _ if withheld => Some((WITHHELD.0.to_owned(), WITHHELD.1.to_owned())),
                _ if twice => Some(field_twice()),
                None if !heading.trim().is_empty() => Some(self.no_such_field(heading)),
                column => column.and_then(|column| column.other_unit(heading)).map(|other| (other.en(), other.zh())),
            };
            if let (Some(key), false) = (key, twice) {
                self.by_key.insert(key, at);
            }
            if let Some((why, why_zh)) = why {
                let (column, found) = (heading.clone(), heading.clone());
                let (position, in_line) = (Some(at + 1), self.are_lines);
                faults.add(ImportFault { row, column, in_line, position, found, why, why_zh });
            }
            // Of a value that the system makes not even a fault repeats what the cell says.
            self.columns.push(column.filter(|_| !withheld));
            self.headings.push(heading.clone());
        }
    }

    fn no_such_field(&self, heading: &str) -> (String, String) {
        let register = self.register;
        let known = register.fields.values().filter(|field| !field.withheld);
        let names: Vec<(&str, &Label)> = known.map(|field| (field.key.as_str(), &field.label)).collect();
        let near = closest_label(heading, &names);
        let near_en = near.map(|near| format!("did you mean “{}”? ", near.en)).unwrap_or_default();
        let near_zh = near.map(|near| format!("是否应为“{}”？", near.zh)).unwrap_or_default();
        let known = listed(names.iter().map(|(_, label)| *label));
        (
            format!("“{}” has no field of this name. {near_en}Its fields: {}", register.label.en, known.en),
            format!("“{}”没有这个字段。{near_zh}字段有：{}", register.label.zh, known.zh),
        )
    }

    /// The values that a row gives; a cell that gives none is a fault.
    pub(super) fn entry(&self, row: SheetRow<'_>, faults: &mut ImportFaults, notes: &mut Vec<ImportNote>) -> Entry {
        let mut entry = Entry { row: row.row, values: JsonMap::new(), simulated: false, faulty: HashSet::new() };
        for (at, cell) in row.cells.drain(..) {
            let cell = match self.mangled(at, &cell) {
                Some(found) => Cell::Faulty(CellFault::Mangled(found)),
                None => cell,
            };
            let cell = match cell {
                Cell::Given(Json::String(text)) => {
                    CellFault::of_text(&text).map_or_else(|| Cell::Given(Json::from(text)), Cell::Faulty)
                }
                cell => cell,
            };
            let value = match cell {
                Cell::Given(Json::String(text)) => Json::from(self.without_invisible(row.row, at, text, notes)),
                Cell::FormulaText(text) => {
                    if notes.len() < ImportNote::LISTED {
                        notes.push(ImportNote::FormulaText { place: self.place(row.row, at), text: text.clone() });
                    }
                    Json::from(self.without_invisible(row.row, at, text, notes))
                }
                Cell::Faulty(fault) => {
                    if let Some(Some(column)) = self.columns.get(at) {
                        entry.faulty.extend(column.key().map(str::to_owned));
                    }
                    faults.add(self.cell_fault(row.row, at, &fault));
                    continue;
                }
                Cell::Given(value) => value,
                Cell::Moment(text) => Json::from(text),
                Cell::Number { number, epoch, digits } => self.number(at, number, epoch, digits),
            };
            match self.columns.get(at) {
                Some(Some(Column::Field(field))) => {
                    let value = match value {
                        Json::String(text) => meant(field, &text),
                        other => other,
                    };
                    entry.values.insert(field.key.clone(), value);
                }
                Some(Some(Column::Simulated)) => {
                    entry.simulated = matches!(cell_text(&value).to_lowercase().as_str(), "true" | "1" | "是" | "yes");
                }
                Some(Some(column)) => {
                    if let Some(key) = column.key() {
                        entry.values.insert(key.to_owned(), Json::from(cell_text(&value)));
                    }
                }
                // A heading that names nothing is a fault of its own.
                Some(None) if !self.headings[at].trim().is_empty() => {}
                _ => faults.add(self.without_heading(row.row, at, &value)),
            }
        }
        entry
    }

    /// A text without the characters that nobody sees, where they mean nothing; each is noted.
    fn without_invisible(&self, row: u64, at: usize, text: String, notes: &mut Vec<ImportNote>) -> String {
        let sentence = match self.columns.get(at) {
            Some(Some(Column::Field(field))) => field.kind.is_sentence(),
            _ => false,
        };
        let hidden = |character: &char| is_invisible(*character) || (!sentence && is_joiner(*character));
        let Some(first) = text.chars().find(hidden) else { return text };
        if notes.len() < ImportNote::LISTED {
            notes.push(ImportNote::InvisibleCharacter { place: self.place(row, at), code: u32::from(first) });
        }
        text.chars().filter(|character| !hidden(character)).collect()
    }

    /// Where a value stands.
    fn place(&self, row: u64, at: usize) -> Place {
        match self.headings.get(at).filter(|_| self.are_lines) {
            Some(key) => Place::Line { line: row, key: key.clone() },
            None => Place::Cell(format!("{}{row}", column_letters(at))),
        }
    }

    /// What a spreadsheet left of the number by which a piece of work is known.
    fn mangled(&self, at: usize, cell: &Cell) -> Option<String> {
        match self.columns.get(at) {
            Some(Some(Column::Field(field)))
                if !self.are_lines
                    && matches!(field.kind, FieldKind::Text { .. })
                    && self.register.known_by.contains(&field.key) =>
            {
                cell.mangled()
            }
            _ => None,
        }
    }

    /// A number of a workbook: a day or moment where the column holds such, a text with the zeros that the cell shows where it holds texts.
    fn number(&self, at: usize, number: f64, epoch: Epoch, digits: u8) -> Json {
        match self.columns.get(at) {
            Some(Some(Column::Field(field))) if matches!(field.kind, FieldKind::Date | FieldKind::DateTime) => {
                // A small number without the form of a day is a mistake, and no day of the last century.
                let moment = epoch.moment(number).filter(|moment| !is_day_before(moment, 1970));
                moment.map_or_else(|| as_shown(number), Json::from)
            }
            Some(Some(Column::Field(field)))
                if digits > 0
                    && number >= 0.0
                    && number.fract() == 0.0
                    && matches!(field.kind, FieldKind::Text { .. }) =>
            {
                Json::from(format!("{:0>width$}", cell_text(&as_shown(number)), width = usize::from(digits)))
            }
            _ => as_shown(number),
        }
    }

    fn without_heading(&self, row: u64, at: usize, value: &Json) -> ImportFault {
        ImportFault {
            row,
            column: column_letters(at),
            in_line: self.are_lines,
            position: Some(at + 1),
            found: cell_text(value),
            why: "the column of this cell has no heading".to_owned(),
            why_zh: "该单元格所在的列没有列标题".to_owned(),
        }
    }

    /// A cell without a value that could be taken.
    pub(super) fn cell_fault(&self, row: u64, at: usize, fault: &CellFault) -> ImportFault {
        ImportFault {
            row,
            column: self.headings.get(at).cloned().unwrap_or_default(),
            in_line: self.are_lines,
            position: Some(at + 1),
            found: fault.found().to_owned(),
            why: fault.en().to_owned(),
            why_zh: fault.zh().to_owned(),
        }
    }

    /// A fault of a field as one of the file's cells; nothing where the cell itself was at fault.
    ///
    /// A field that must be filled and has no column in a sheet is a fault of the file, said once at its headings and not of every row.
    pub(super) fn field_fault(&mut self, entry: &Entry, fault: FieldFault) -> Option<ImportFault> {
        let key = fault.field.split(['[', '.']).next().unwrap_or(&fault.field);
        if entry.faulty.contains(key) {
            return None;
        }
        let position = self.by_key.get(key).copied();
        if position.is_none() && !self.are_lines && self.register.fields.get(key).is_some_and(|field| field.required) {
            return self.absent.insert(key.to_owned()).then(|| ImportFault {
                row: self.head,
                column: key.to_owned(),
                why: "the file has no column for this field, which must be filled in every row".to_owned(),
                why_zh: "文件中没有这一列，而每一行都必须填写".to_owned(),
                ..ImportFault::default()
            });
        }
        let column = match position {
            Some(at) if key == fault.field => self.headings[at].clone(),
            Some(at) => format!("{} {}", self.headings[at], &fault.field[key.len()..]),
            None => fault.field.clone(),
        };
        Some(ImportFault {
            row: entry.row,
            column,
            in_line: self.are_lines,
            position: position.map(|at| at + 1),
            found: fault.found,
            why: fault.why,
            why_zh: fault.why_zh,
        })
    }
}

/// A column of a fault as people read it: a heading of the file as it stands there, a key by the field's label, a field of a child table
/// with its row and label.
#[must_use]
pub fn column_label(register: &Register, column: &str, language: Language) -> String {
    let heading = column.split('[').next().unwrap_or(column).trim();
    let field = match ColumnNames::of(register).find(heading) {
        Some(Column::Field(field)) => field,
        Some(found) if found.key() == Some(heading) => return found.label(language).to_owned(),
        _ => return column.to_owned(),
    };
    let named = if heading == field.key { field.label.text(language) } else { heading };
    row_label(field, column, language).map_or_else(|| named.to_owned(), |row| format!("{named} {row}"))
}

fn field_twice() -> (String, String) {
    ("this field has a column already".to_owned(), "该字段已有一列".to_owned())
}
