//! Columns of a sheet: which field a heading means, and how a value looks in a cell.

use std::collections::HashMap;

use bilan_standards::unit::{Said, said};
use serde_json::Value as Json;

use crate::{
    catalogue::{Field, FieldKind, Register},
    ledger::Record,
    value::{Language, half_width, is_invisible, shape_in_a_cell},
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
pub(crate) const SYSTEM: [(&str, &str, &str); 9] = [
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

/// The columns of a register by what a heading may call them: key, Chinese or English label, with or without a unit or a star.
pub(crate) struct ColumnNames<'r>(HashMap<String, Column<'r>>);

impl<'r> ColumnNames<'r> {
    pub(crate) fn of(register: &'r Register) -> Self {
        let mut names = HashMap::new();
        // The first that is put in stays: a field's key is surer than another's label.
        let mut put = |name: &str, column: Column<'r>| {
            names.entry(plain(name)).or_insert(column);
        };
        let column = |field: &'r Field| match field.kind {
            FieldKind::Computed { .. } => Column::Derived,
            _ => Column::Field(field),
        };
        for field in register.fields.values() {
            put(&field.key, column(field));
        }
        for field in register.fields.values() {
            for name in [field.label.zh.as_str(), &field.label.en] {
                put(name, column(field));
            }
        }
        for (key, zh, en) in SYSTEM {
            for name in [key, zh, en] {
                let column = match key {
                    "number" => Column::Number,
                    "state" => Column::State,
                    "simulated" => Column::Simulated,
                    _ => Column::Derived,
                };
                put(name, column);
            }
        }
        Self(names)
    }

    /// The column that a heading names.
    pub(crate) fn find(&self, heading: &str) -> Option<Column<'r>> {
        // No name is so long; what is need not be made plain.
        if heading.len() > 1024 {
            return None;
        }
        self.0.get(&plain(heading)).copied()
    }
}

impl<'r> Column<'r> {
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
        columns.extend(register.fields.values().filter(|field| !field.withheld).map(Self::Field));
        columns.push(Self::Simulated);
        columns
    }

    /// Heading for people.
    pub(crate) fn label(&self, language: Language) -> &'r str {
        let (zh, en) = match self {
            Self::Number => ("编号", "Number"),
            Self::State => ("状态", "State"),
            Self::Simulated => ("模拟数据", "Simulated"),
            Self::Derived => ("", ""),
            Self::Field(field) => return field.label.text(language),
        };
        if language == Language::Chinese { zh } else { en }
    }

    /// The unit that a heading says and that is not the one in which the field is kept.
    pub(crate) fn other_unit(&self, heading: &str) -> Option<OtherUnit<'r>> {
        let Self::Field(field) = self else { return None };
        let kept = match &field.kind {
            FieldKind::Integer { unit, .. } | FieldKind::Decimal { unit, .. } => unit.as_deref(),
            FieldKind::Money => Some("元"),
            _ => return None,
        };
        let said = beside(heading).into_iter().find(|beside| said(beside, kept) == Said::Other)?;
        Some(OtherUnit { field, kept, said })
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

impl Column<'_> {
    /// The value of a record as a cell has it: a place, a line or an area as text that people and programs for maps read.
    pub(crate) fn cell(&self, record: &Record) -> Json {
        let value = self.value(record);
        match self {
            Self::Field(field) if value.is_object() || value.is_array() => {
                shape_in_a_cell(&field.kind, &value).map_or(value, Json::from)
            }
            _ => value,
        }
    }
}

/// A heading that says another unit than its field has: taken as it stands, every value would be another.
pub(crate) struct OtherUnit<'r> {
    field: &'r Field,
    kept: Option<&'r str>,
    said: String,
}

impl OtherUnit<'_> {
    pub(crate) fn en(&self) -> String {
        let (label, said) = (&self.field.label.en, &self.said);
        match self.kept.map(|unit| Language::English.unit(unit)) {
            Some(unit) => format!("“{label}” is kept in {unit}, the heading says {said}: convert the values to {unit}"),
            None => format!("“{label}” has no unit, the heading says {said}: see whether it is the right column"),
        }
    }

    pub(crate) fn zh(&self) -> String {
        let (label, said) = (&self.field.label.zh, &self.said);
        match self.kept.map(|unit| Language::Chinese.unit(unit)) {
            Some(unit) => format!("“{label}”的单位是{unit}，列标题写的是{said}：请把数值换算为{unit}"),
            None => format!("“{label}”没有单位，列标题写的是{said}：请核对是否为该列"),
        }
    }
}

/// What stands beside the name in a heading: in brackets, and behind them.
fn beside(heading: &str) -> Vec<String> {
    let (mut found, mut piece, mut depth) = (Vec::new(), String::new(), 0_usize);
    let half = heading.chars().map(half_width).filter(|character| !is_invisible(*character));
    for character in half.skip_while(|character| *character != '(') {
        match character {
            '(' if depth == 0 => found.push(std::mem::take(&mut piece)),
            ')' if depth == 1 => found.push(std::mem::take(&mut piece)),
            other => piece.push(other),
        }
        match character {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    found.push(piece);
    found.retain(|piece| !piece.trim_matches(['*', ':', ' ']).is_empty());
    found
}

/// A heading without what people and programs add to it: a star, a unit in brackets, blanks, invisible characters, full width.
fn plain(heading: &str) -> String {
    let heading: String = heading
        .chars()
        .map(half_width)
        .filter(|character| !character.is_whitespace() && !is_invisible(*character))
        .collect();
    let heading = heading.trim_end_matches([':', '*']).trim_start_matches('*');
    let end = heading.find('(').filter(|at| *at > 0).unwrap_or(heading.len());
    heading[..end].trim_end_matches('*').to_lowercase()
}

/// A value as text in a cell.
pub(crate) fn cell_text(value: &Json) -> String {
    match value {
        Json::Null => String::new(),
        Json::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Text of a cell as the value that was meant: structured fields may be written as JSON.
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
