//! A condition as people write it, with the names that stand on the pages: 污染类别 = "噪声" is `category = "noise"`.
//!
//! Files (figures, public views) are written in keys alone, which outlive a change of names.

use indexmap::IndexMap;

use super::syntax::{Expression, How, Literal, LiteralValue, Test};
use crate::{
    catalogue::{Field, FieldKind, Label, Register},
    exchange::SYSTEM_HEADINGS,
    value::Language,
};

/// System columns that can be asked for by the heading of their column.
const ASKED: [&str; 8] = ["number", "state", "cell", "version", "created_at", "created_by", "changed_at", "changed_by"];

/// The word by which a field is asked for: its name, where that is one word and means no other field, else its key.
#[must_use]
pub fn written<'f>(fields: &'f IndexMap<String, Field>, field: &'f Field, language: Language) -> &'f str {
    let label = field.label.text(language);
    let is_word = label.starts_with(char::is_alphabetic) && label.chars().all(|c| c.is_alphanumeric() || c == '_');
    let is_keyword = ["and", "or", "not", "in", "is", "contains", "true", "false", "是", "否"].contains(&label);
    let means_it = field_of(fields, label).is_some_and(|found| found.key == field.key);
    if is_word && !is_keyword && means_it && system(label).is_none() { label } else { &field.key }
}

/// The field of a key, else of a name that no other field has.
fn field_of<'f>(fields: &'f IndexMap<String, Field>, name: &str) -> Option<&'f Field> {
    fields.get(name).or_else(|| {
        let mut named = fields.values().filter(|field| is_label(&field.label, name));
        named.next().filter(|_| named.next().is_none())
    })
}

fn is_label(label: &Label, text: &str) -> bool {
    label.zh == text || label.en == text
}

fn system(name: &str) -> Option<&'static str> {
    let found = SYSTEM_HEADINGS.iter().find(|(key, zh, en)| ASKED.contains(key) && (*zh == name || *en == name));
    found.map(|(key, ..)| *key)
}

/// The same condition in keys; what is no name of anything stays as it was written.
pub(super) fn in_keys(
    expression: Expression,
    register: &Register,
    registers: &IndexMap<String, Register>,
) -> Expression {
    let each = |parts: Vec<Expression>| parts.into_iter().map(|part| in_keys(part, register, registers)).collect();
    match expression {
        Expression::And(parts) => Expression::And(each(parts)),
        Expression::Or(parts) => Expression::Or(each(parts)),
        Expression::Not(inner) => Expression::Not(Box::new(in_keys(*inner, register, registers))),
        Expression::Test(test) => Expression::Test(test_in_keys(test, register, registers)),
    }
}

fn test_in_keys(mut test: Test, register: &Register, registers: &IndexMap<String, Register>) -> Test {
    let (name, choices) = match test.name.split_once('.') {
        None => name_in(register, &test.name),
        Some((first, rest)) => match field_of(&register.fields, first) {
            Some(Field { key, kind: FieldKind::Reference { to }, .. }) if registers.contains_key(to) => {
                let (rest, choices) = name_in(&registers[to.as_str()], rest);
                (format!("{key}.{rest}"), choices)
            }
            Some(Field { key, kind: FieldKind::Table { fields }, .. }) => match field_of(fields, rest) {
                Some(field) => (format!("{key}.{}", field.key), choices_of(field)),
                None => (format!("{key}.{rest}"), Vec::new()),
            },
            _ => (test.name.clone(), Vec::new()),
        },
    };
    test.name = name;
    let key = |literal: &mut Literal| {
        let LiteralValue::Text(text) = &literal.value else { return };
        let is_key = choices.iter().any(|(key, _)| key == text);
        if let Some((key, _)) = choices.iter().find(|(_, label)| !is_key && is_label(label, text)) {
            literal.value = LiteralValue::Text((*key).to_owned());
        }
    };
    match &mut test.how {
        How::Compare(_, literal) | How::Contains(literal) => key(literal),
        How::In(literals) => literals.iter_mut().for_each(key),
        How::Empty | How::Filled | How::Bare => {}
    }
    test
}

type Choices<'r> = Vec<(&'r str, &'r Label)>;

/// The key of a name within a register, and what its values are called.
fn name_in<'r>(register: &'r Register, name: &str) -> (String, Choices<'r>) {
    let states = || register.workflow.iter().flat_map(|workflow| &workflow.states);
    match (field_of(&register.fields, name), system(name).unwrap_or(name)) {
        (Some(field), _) => (field.key.clone(), choices_of(field)),
        (None, "state") => ("state".to_owned(), states().map(|(key, state)| (key.as_str(), &state.label)).collect()),
        (None, name) => (name.to_owned(), Vec::new()),
    }
}

fn choices_of(field: &Field) -> Choices<'_> {
    match &field.kind {
        FieldKind::Choice { choices } | FieldKind::Choices { choices } => {
            choices.iter().map(|(key, label)| (key.as_str(), label)).collect()
        }
        _ => Vec::new(),
    }
}
