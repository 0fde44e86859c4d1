//! Columns of a register as a list shows them: heads and cells in one language, choices and references by their names.

use std::collections::HashMap;

use bilan_records::{
    actor::Actor,
    catalogue::{FieldKind, Register},
    ledger::{Ledger, Record},
    value::{Language, Value, beijing},
};
use jiff::Timestamp;

/// Head of a column: a field, or `number`, `state`, `cell`.
#[must_use]
pub fn head(register: &Register, column: &str, language: Language) -> String {
    let own = match (column, language) {
        ("number", Language::Chinese) => "编号",
        ("number", Language::English) => "Number",
        ("state", Language::Chinese) => "状态",
        ("state", Language::English) => "State",
        ("cell", Language::Chinese) => "所在网格",
        ("cell", Language::English) => "Cell",
        _ => {
            return register.fields.get(column).map_or(column, |field| field.label.text(language)).to_owned();
        }
    };
    own.to_owned()
}

/// Writes the cells of records as one reader sees them at one moment.
pub struct Cells<'l> {
    ledger: &'l Ledger,
    actor: &'l Actor,
    as_of: Option<Timestamp>,
    language: Language,
    /// Titles of records referred to, so that a page asks for each once.
    titles: HashMap<(String, String), Option<String>>,
}

impl<'l> Cells<'l> {
    /// Cells for `actor`, in `language`, as of a moment or now.
    #[must_use]
    pub fn new(ledger: &'l Ledger, actor: &'l Actor, as_of: Option<Timestamp>, language: Language) -> Self {
        Self { ledger, actor, as_of, language, titles: HashMap::new() }
    }

    /// The cell of `record` in `column`; empty if there is no value.
    pub fn cell(&mut self, register: &Register, record: &Record, column: &str) -> String {
        match column {
            "number" => return record.number.clone(),
            "state" => {
                let state = record.state.as_deref().unwrap_or_default();
                let states = register.workflow.as_ref().map(|workflow| &workflow.states);
                let label = states.and_then(|states| Some(states.get(state)?.label.text(self.language)));
                return label.unwrap_or(state).to_owned();
            }
            "cell" => {
                let code = record.cell.as_deref().unwrap_or_default();
                let cells = &self.ledger.catalogue().district.cells;
                return cells.get(code).map_or(code, |cell| cell.name.text(self.language)).to_owned();
            }
            "created_at" | "changed_at" => {
                let at = if column == "created_at" { record.created_at } else { record.changed_at };
                return beijing(at).strftime("%Y-%m-%d %H:%M").to_string();
            }
            _ => {}
        }
        let Some(field) = register.fields.get(column) else { return String::new() };
        let Some(json) = record.value(field) else { return String::new() };
        if let (FieldKind::Reference { to }, Some(number)) = (&field.kind, json.as_str()) {
            return self.title(to, number).unwrap_or_else(|| number.to_owned());
        }
        match Value::from_json(field, json) {
            Ok(Value::Place(place)) => place.address.clone().unwrap_or_else(|| place.to_string()),
            Ok(value) => value.display(field, self.language),
            // Masked and computed values are shown as they come.
            Err(_) => json.as_str().map_or_else(|| json.to_string(), str::to_owned),
        }
    }

    fn title(&mut self, register: &str, number: &str) -> Option<String> {
        let (ledger, actor, as_of) = (self.ledger, self.actor, self.as_of);
        let found = self.titles.entry((register.to_owned(), number.to_owned()));
        let title = found.or_insert_with(|| {
            let known = ledger.catalogue().registers.get(register)?;
            let record = ledger.record(actor, register, number, as_of).ok()?;
            record.title(known).map(str::to_owned)
        });
        title.clone()
    }
}
