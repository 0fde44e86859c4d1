//! Tables of records in a report.

use super::{FilledBlock, FilledRow, ReportError, fill::Filler};
use crate::{
    catalogue::{FieldKind, RecordsTable, Register, with_years},
    ledger::{ListQuery, Record},
    value::{Language, Value},
};

/// Rows of a table of records; a longer one belongs into an annex, not into a report.
const LONGEST_TABLE: u64 = 300;

impl Filler<'_> {
    pub(super) fn records(&mut self, table: &RecordsTable) -> Result<FilledBlock, ReportError> {
        let register = self.ledger.register(&table.register)?;
        self.registers.insert(register.key.clone());
        let page = self.ledger.list(
            self.actor,
            ListQuery {
                filter: table.filter.as_deref().map(|filter| with_years(filter, self.year)),
                sort: Some(("number".to_owned(), false)),
                limit: LONGEST_TABLE,
                as_of: self.as_of,
                ..ListQuery::of(&register.key)
            },
        )?;
        let rows: Vec<FilledRow> = page
            .records
            .iter()
            .map(|record| FilledRow {
                number: record.number.clone(),
                cells: table.columns.iter().map(|column| self.cell(register, record, column)).collect(),
            })
            .collect();
        Ok(FilledBlock::Records {
            title: table.title.as_deref().map(|title| self.template(title)),
            register: register.key.clone(),
            heads: table.columns.iter().map(|column| head(register, column)).collect(),
            more: page.total.saturating_sub(rows.len() as u64),
            rows,
        })
    }

    fn cell(&self, register: &Register, record: &Record, column: &str) -> String {
        let cells = &self.ledger.catalogue().district.cells;
        match column {
            "number" => return record.number.clone(),
            "state" => {
                let states = register.workflow.as_ref().map(|workflow| &workflow.states);
                let state = record.state.as_deref().and_then(|state| states?.get(state));
                return state.map(|state| state.label.zh.clone()).unwrap_or_default();
            }
            "cell" => {
                let cell = record.cell.as_deref().unwrap_or_default();
                return cells.get(cell).map_or_else(|| cell.to_owned(), |cell| cell.name.zh.clone());
            }
            _ => {}
        }
        let (Some(field), Some(json)) = (register.fields.get(column), record.values.get(column)) else {
            return String::new();
        };
        if let (FieldKind::Reference { to }, Some(number)) = (&field.kind, json.as_str()) {
            return self.title_of(to, number).unwrap_or_else(|| number.to_owned());
        }
        match Value::from_json(field, json) {
            Ok(value) => value.display(field, Language::Chinese),
            // Computed values come as numbers and are shown as they are.
            Err(_) => json.as_str().map_or_else(|| json.to_string(), str::to_owned),
        }
    }

    /// The title of a record that is referred to.
    fn title_of(&self, register: &str, number: &str) -> Option<String> {
        let title = &self.ledger.catalogue().registers.get(register)?.title;
        let record = self.ledger.record(self.actor, register, number, self.as_of).ok()?;
        record.values.get(title)?.as_str().map(str::to_owned)
    }
}

fn head(register: &Register, column: &str) -> String {
    match column {
        "number" => "编号".to_owned(),
        "state" => "状态".to_owned(),
        "cell" => "所在网格".to_owned(),
        _ => register.fields.get(column).map_or_else(|| column.to_owned(), |field| field.label.zh.clone()),
    }
}
