//! The texts of a stored record under which it is found, field by field. Personal fields are not among them: their columns
//! hold ciphertext, and are passed over by their description.

use std::iter;

use indexmap::IndexMap;

use crate::{
    catalogue::{Field, FieldKind, Label, Register},
    ledger::row::{self, Columns, StoredRow},
    naming,
    value::Language,
};

/// A text of a record.
pub(super) struct FieldText<'r> {
    pub field: &'r Field,
    /// Column of the child table `field`.
    pub column: Option<&'r Field>,
    /// Language in which it stands, for the name of a choice.
    pub language: Option<Language>,
    pub text: String,
}

/// Whether a register's index holds a field.
pub(super) fn is_indexed(register: &Register, field: &Field) -> bool {
    !field.is_hidden() && (field.search || field.key == register.title)
}

/// Whether records of a register are called by a field: its title, its codes, the number where it came from.
pub(super) fn is_name(register: &Register, field: &Field) -> bool {
    let is_code = matches!(field.kind, FieldKind::Code(_))
        || (field.kind.is_text() && (field.unique || register.known_by.contains(&field.key)));
    is_indexed(register, field) && (is_code || field.key == register.title)
}

/// Whether a field holds a code by which one record is meant, and not words that many may share.
pub(super) fn is_code(register: &Register, field: &Field) -> bool {
    is_name(register, field) && (field.key != register.title || field.unique)
}

/// Every indexed text of a record but its number, in the order of the register.
pub(super) fn texts<'r>(register: &'r Register, record: &StoredRow) -> Vec<FieldText<'r>> {
    let mut texts = Vec::new();
    for field in register.fields.values() {
        match &field.kind {
            FieldKind::Table { fields } => {
                for row in record.children.get(&field.key).into_iter().flatten() {
                    texts.extend(row_texts(field, fields, row));
                }
            }
            _ if is_indexed(register, field) => texts.extend(field_texts(field, None, &record.columns)),
            _ => {}
        }
    }
    texts
}

fn row_texts<'r>(table: &'r Field, fields: &'r IndexMap<String, Field>, row: &Columns) -> Vec<FieldText<'r>> {
    let indexed = fields.values().filter(|field| field.search && !field.personal);
    indexed.flat_map(|field| field_texts(table, Some(field), row)).collect()
}

fn field_texts<'r>(field: &'r Field, column: Option<&'r Field>, columns: &Columns) -> Vec<FieldText<'r>> {
    let held = column.unwrap_or(field);
    let name = naming::column(held);
    let plain = |text: &str| FieldText { field, column, language: None, text: text.to_owned() };
    match &held.kind {
        FieldKind::Place => row::text(columns, &format!("{name}_address")).map(plain).into_iter().collect(),
        FieldKind::Choice { choices } => row::text(columns, &name)
            .and_then(|key| choices.get(key))
            .map(|label| named(field, column, iter::once(label)))
            .unwrap_or_default(),
        FieldKind::Choices { choices } => {
            let keys: Vec<String> =
                row::text(columns, &name).and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
            named(field, column, keys.iter().filter_map(|key| choices.get(key)))
        }
        _ => row::text(columns, &name).map(plain).into_iter().collect(),
    }
}

/// The names of what was chosen, in both languages.
fn named<'r, 'l>(
    field: &'r Field,
    column: Option<&'r Field>,
    labels: impl Iterator<Item = &'l Label>,
) -> Vec<FieldText<'r>> {
    let labels: Vec<&Label> = labels.collect();
    if labels.is_empty() {
        return Vec::new();
    }
    let of = |language: Language| {
        let names: Vec<&str> = labels.iter().map(|label| label.text(language)).collect();
        FieldText { field, column, language: Some(language), text: names.join(language.pick("、", ", ")) }
    };
    vec![of(Language::Chinese), of(Language::English)]
}
