//! Columns of a sheet: which field a heading means, and how a value looks in a cell.

use serde_json::Value as Json;

use crate::{
    catalogue::{Field, FieldKind, Label, Register},
    ledger::Record,
};

/// What a column holds.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Column<'r> {
    /// Number of the record.
    Number,
    /// State of the record.
    State,
    /// Whether the record is made up.
    Simulated,
    /// A column that the system fills itself; passed over.
    Derived,
    /// A field.
    Field(&'r Field),
}

/// Headings of columns that are not fields.
const SYSTEM: [(&str, &str, &str); 9] = [
    ("number", "编号", "Number"),
    ("state", "状态", "State"),
    ("cell", "网格", "Grid cell"),
    ("simulated", "模拟数据", "Simulated"),
    ("version", "版本", "Version"),
    ("created_at", "登记时间", "Created at"),
    ("created_by", "登记人", "Created by"),
    ("changed_at", "修改时间", "Changed at"),
    ("changed_by", "修改人", "Changed by"),
];

impl<'r> Column<'r> {
    /// The column that a heading names: by key, or by the Chinese or English label, with or without a unit or a star.
    pub(crate) fn by_heading(register: &'r Register, heading: &str) -> Option<Self> {
        let heading = plain(heading);
        let named = |key: &str, label: &Label| {
            heading == key.to_lowercase() || heading == plain(&label.zh) || heading == plain(&label.en)
        };
        if let Some(field) = register.fields.values().find(|field| named(&field.key, &field.label)) {
            return Some(match field.kind {
                FieldKind::Computed { .. } => Self::Derived,
                _ => Self::Field(field),
            });
        }
        let (key, ..) =
            SYSTEM.iter().find(|(key, zh, en)| heading == *key || heading == *zh || heading == plain(en))?;
        Some(match *key {
            "number" => Self::Number,
            "state" => Self::State,
            "simulated" => Self::Simulated,
            _ => Self::Derived,
        })
    }

    /// Key under which a value of this column goes into a record; `None` if it does not.
    pub(crate) fn key(&self) -> Option<&'r str> {
        match self {
            Self::Number => Some("number"),
            Self::State => Some("state"),
            Self::Simulated => Some("simulated"),
            Self::Derived => None,
            Self::Field(field) => Some(&field.key),
        }
    }

    /// The columns of an export, in order.
    pub(crate) fn of(register: &'r Register) -> Vec<Self> {
        let mut columns = vec![Self::Number];
        if register.workflow.is_some() {
            columns.push(Self::State);
        }
        columns.extend(register.fields.values().map(Self::Field));
        columns.push(Self::Simulated);
        columns
    }

    /// Heading for people.
    pub(crate) fn label(&self) -> &'r str {
        match self {
            Self::Number => "编号",
            Self::State => "状态",
            Self::Simulated => "模拟数据",
            Self::Derived => "",
            Self::Field(field) => &field.label.zh,
        }
    }

    /// The value of a record in this column.
    pub(crate) fn value(&self, record: &Record) -> Json {
        match self {
            Self::Number => Json::from(record.number.as_str()),
            Self::State => record.state.as_deref().map_or(Json::Null, Json::from),
            Self::Simulated => Json::from(record.simulated),
            Self::Derived => Json::Null,
            Self::Field(field) => record.values.get(&field.key).cloned().unwrap_or(Json::Null),
        }
    }
}

fn plain(heading: &str) -> String {
    let heading = heading.trim().trim_end_matches(['*', '＊']).trim();
    let end = heading.find(['（', '(']).filter(|at| *at > 0).unwrap_or(heading.len());
    heading[..end].trim().to_lowercase()
}

/// A value as text in a cell.
pub(crate) fn cell_text(value: &Json) -> String {
    match value {
        Json::Null => String::new(),
        Json::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Text of a cell as the value that was meant: structured fields are written as JSON.
pub(crate) fn meant(field: &Field, text: &str) -> Json {
    let structured = matches!(
        field.kind,
        FieldKind::Table { .. }
            | FieldKind::Place
            | FieldKind::Line
            | FieldKind::Polygon
            | FieldKind::Attachment { .. }
            | FieldKind::Choices { .. }
    );
    let text = text.trim();
    if structured
        && text.starts_with(['{', '['])
        && let Ok(value) = serde_json::from_str(text)
    {
        return value;
    }
    Json::from(text)
}
