//! Names of what a fault is about: a field, or a field of a row of a child table.

use crate::{
    catalogue::{Field, FieldKind, Register},
    value::Language,
};

/// The path of a fault (`measures[2].units`) as people read it: 采取措施 第2行 数量. A key that is no field of the register stays as it is.
#[must_use]
pub fn path_label(register: &Register, path: &str, language: Language) -> String {
    let key = path.split(['[', '.']).next().unwrap_or(path);
    let Some(field) = register.fields.get(key) else {
        return match (key, language) {
            ("number", Language::Chinese) => "编号".to_owned(),
            ("number", Language::English) => "Number".to_owned(),
            ("state", Language::Chinese) => "状态".to_owned(),
            ("state", Language::English) => "State".to_owned(),
            _ => path.to_owned(),
        };
    };
    let label = field.label.text(language);
    row_label(field, path, language).map_or_else(|| label.to_owned(), |row| format!("{label} {row}"))
}

/// The row and the field of it in the path of a fault of a child table: 第2行 数量.
#[must_use]
pub fn row_label(field: &Field, path: &str, language: Language) -> Option<String> {
    let (row, key) = path.split_once('[')?.1.split_once(']')?;
    let key = key.trim_start_matches('.');
    let label = match &field.kind {
        FieldKind::Table { fields } => fields.get(key).map_or(key, |field| field.label.text(language)),
        _ => key,
    };
    let text = match language {
        Language::Chinese => format!("第{row}行 {label}"),
        Language::English => format!("row {row} {label}"),
    };
    Some(text.trim_end().to_owned())
}
