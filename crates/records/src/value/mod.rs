//! Typed values: what a person, a file or another system hands in, checked against the field it is for.
//!
//! The external form is JSON (see [`Value::to_json`]); text is accepted wherever a form or a spreadsheet can only
//! give text. What comes out is canonical: the same value always looks the same, whoever gave it.

mod characters;
mod coordinates;
mod geometry;
mod number;
mod phone;
mod refusal;
mod text;
mod time;
mod wkt;

use indexmap::IndexMap;
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};

use crate::catalogue::{Field, FieldKind, Label};

pub(crate) use characters::{half_width, is_invisible, is_joiner};
pub(crate) use geometry::written as shape_in_a_cell;
pub use geometry::{Point, Position};
pub use number::Decimal;
pub use refusal::{CellRefusal, Refusal};
pub use time::{beijing, beijing_text, start_of_day, stored_time};

/// Language of a text for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash, Serialize, Deserialize)]
pub enum Language {
    /// 中文.
    #[default]
    #[serde(rename = "zh")]
    Chinese,
    /// English.
    #[serde(rename = "en")]
    English,
}

impl Language {
    /// Of two texts the one in this language.
    #[must_use]
    pub fn pick<'t>(self, zh: &'t str, en: &'t str) -> &'t str {
        match self {
            Self::Chinese => zh,
            Self::English => en,
        }
    }

    /// A unit as it stands behind a number: those of time are words in Chinese, the others are written alike.
    #[must_use]
    pub fn unit(self, unit: &str) -> &str {
        match (self, unit) {
            (Self::Chinese, "s") => "秒",
            (Self::Chinese, "min") => "分钟",
            (Self::Chinese, "h") => "小时",
            (Self::Chinese, "d") => "天",
            _ => unit,
        }
    }
}

impl Label {
    /// The text in one language.
    #[must_use]
    pub fn text(&self, language: Language) -> &str {
        language.pick(&self.zh, &self.en)
    }
}

/// A file that hangs on a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttachedFile {
    /// Name under which it was given.
    pub name: String,
    /// Digest under which its bytes are stored.
    pub sha: String,
}

/// A value that fits its field.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Text, long text, person, phone, credit code.
    Text(String),
    /// Whole number.
    Integer(i64),
    /// Number with decimals; money has two, a computed value as many as its field.
    Decimal(Decimal),
    /// Beijing calendar day.
    Date(Date),
    /// Instant.
    DateTime(Timestamp),
    /// Key of a choice.
    Choice(String),
    /// Keys of several choices, in the order of the field.
    Choices(Vec<String>),
    /// Yes or no.
    YesNo(bool),
    /// Point, address or both.
    Place(Position),
    /// Points of a line.
    Line(Vec<Point>),
    /// Rings of a polygon, each closed.
    Polygon(Vec<Vec<Point>>),
    /// Number of another record.
    Reference(String),
    /// Rows of a child table.
    Table(Vec<IndexMap<String, Value>>),
    /// Files.
    Files(Vec<AttachedFile>),
}

/// Whether nothing was given: null, blank text, an empty list or object.
#[must_use]
pub fn is_blank(json: &Json) -> bool {
    match json {
        Json::Null => true,
        Json::String(text) => text.trim().is_empty(),
        Json::Array(items) => items.is_empty(),
        Json::Object(map) => map.is_empty(),
        Json::Bool(_) | Json::Number(_) => false,
    }
}

impl Value {
    /// Reads a value that may be missing.
    ///
    /// # Errors
    /// Everything [`Value::from_json`] refuses, except that a blank is `None`.
    pub fn optional(field: &Field, json: &Json) -> Result<Option<Self>, Refusal> {
        if is_blank(json) { Ok(None) } else { Self::from_json(field, json).map(Some) }
    }

    /// Reads a value that is there.
    ///
    /// # Errors
    /// A [`Refusal`] naming what was found and what is allowed.
    pub fn from_json(field: &Field, json: &Json) -> Result<Self, Refusal> {
        if is_blank(json) {
            return Err(Refusal::Empty);
        }
        match &field.kind {
            FieldKind::Text { max } => text::line(json, *max).map(Self::Text),
            FieldKind::LongText { max } => text::paragraphs(json, *max).map(Self::Text),
            FieldKind::Person => text::line(json, text::LONGEST_NAME).map(Self::Text),
            FieldKind::Phone => phone::phone(json).map(Self::Text),
            FieldKind::Code(code) => text::code(json, *code).map(Self::Text),
            FieldKind::Integer { min, max, .. } => number::integer(json, *min, *max).map(Self::Integer),
            FieldKind::Decimal { digits, min, max, .. } => {
                number::decimal(json, *digits, *min, *max).map(Self::Decimal)
            }
            FieldKind::Money => number::decimal(json, 2, None, None).map(Self::Decimal),
            FieldKind::Computed { .. } => Err(Refusal::Computed),
            FieldKind::Date => time::date(json).map(Self::Date),
            FieldKind::DateTime => time::instant(json).map(Self::DateTime),
            FieldKind::Choice { choices } => {
                text::choice(json.as_str().ok_or_else(|| Refusal::wrong_type("one of a list", json))?, choices)
                    .map(Self::Choice)
            }
            FieldKind::Choices { choices } => text::choices(json, choices).map(Self::Choices),
            FieldKind::YesNo => text::yes_no(json).map(Self::YesNo),
            FieldKind::Place => geometry::position(json).map(Self::Place),
            FieldKind::Line => geometry::line(json).map(Self::Line),
            FieldKind::Polygon => geometry::polygon(json).map(Self::Polygon),
            FieldKind::Reference { .. } => text::line(json, 80).map(Self::Reference),
            FieldKind::Table { fields } => rows(fields, json).map(Self::Table),
            FieldKind::Attachment { many, .. } => files(json, *many).map(Self::Files),
        }
    }

    /// The external form.
    #[must_use]
    pub fn to_json(&self) -> Json {
        match self {
            Self::Text(text) | Self::Choice(text) | Self::Reference(text) => Json::from(text.as_str()),
            Self::Integer(number) => Json::from(*number),
            Self::Decimal(number) => number.to_json(),
            Self::Date(date) => Json::from(date.to_string()),
            Self::DateTime(at) => Json::from(beijing_text(*at)),
            Self::Choices(keys) => json!(keys),
            Self::YesNo(yes) => Json::from(*yes),
            Self::Place(position) => position.to_json(),
            Self::Line(points) => json!(points),
            Self::Polygon(rings) => json!(rings),
            Self::Table(rows) => rows
                .iter()
                .map(|row| Json::Object(row.iter().map(|(key, value)| (key.clone(), value.to_json())).collect()))
                .collect(),
            Self::Files(files) => json!(files),
        }
    }

    /// The value as people read it, with labels instead of keys and with its unit.
    #[must_use]
    pub fn display(&self, field: &Field, language: Language) -> String {
        let with_unit = |number: String| match &field.kind {
            FieldKind::Integer { unit: Some(unit), .. }
            | FieldKind::Decimal { unit: Some(unit), .. }
            | FieldKind::Computed { unit: Some(unit), .. } => format!("{number} {}", language.unit(unit)),
            FieldKind::Money if language == Language::Chinese => format!("{number} 元"),
            FieldKind::Money => format!("CNY {number}"),
            _ => number,
        };
        let label = |key: &str| match &field.kind {
            FieldKind::Choice { choices } | FieldKind::Choices { choices } => {
                choices.get(key).map_or(key, |label| label.text(language)).to_owned()
            }
            _ => key.to_owned(),
        };
        match self {
            Self::Text(text) | Self::Reference(text) => text.clone(),
            Self::Choice(key) => label(key),
            Self::Choices(keys) => {
                let labels: Vec<String> = keys.iter().map(|key| label(key)).collect();
                labels.join(if language == Language::Chinese { "、" } else { ", " })
            }
            Self::Integer(number) => with_unit(number.to_string()),
            Self::Decimal(number) => with_unit(number.to_string()),
            Self::Date(date) => date.to_string(),
            Self::DateTime(at) => beijing(*at).strftime("%Y-%m-%d %H:%M").to_string(),
            Self::YesNo(yes) => match (yes, language) {
                (true, Language::Chinese) => "是".into(),
                (false, Language::Chinese) => "否".into(),
                (true, Language::English) => "yes".into(),
                (false, Language::English) => "no".into(),
            },
            Self::Place(position) => position.to_string(),
            Self::Line(points) => counted(points.len(), "个点", "points", language),
            Self::Polygon(rings) => counted(rings.iter().map(Vec::len).sum(), "个点", "points", language),
            Self::Table(rows) => counted(rows.len(), "行", "rows", language),
            Self::Files(files) => files.iter().map(|file| file.name.as_str()).collect::<Vec<_>>().join(", "),
        }
    }
}

fn counted(count: usize, zh: &str, en: &str, language: Language) -> String {
    match language {
        Language::Chinese => format!("{count}{zh}"),
        Language::English => format!("{count} {en}"),
    }
}

fn rows(fields: &IndexMap<String, Field>, json: &Json) -> Result<Vec<IndexMap<String, Value>>, Refusal> {
    let Json::Array(given) = json else { return Err(Refusal::wrong_type("a list of rows", json)) };
    let mut rows = Vec::with_capacity(given.len());
    let mut faults = Vec::new();
    for (index, row) in given.iter().enumerate() {
        let mut fault = |field: &str, refusal| {
            let name = || Label { zh: field.to_owned(), en: field.to_owned() };
            let field = fields.get(field).map_or_else(name, |field| field.label.clone());
            faults.push(CellRefusal { row: index + 1, field, refusal: Box::new(refusal) });
        };
        let Json::Object(cells) = row else {
            fault("", Refusal::wrong_type("a row", row));
            continue;
        };
        for (key, found) in cells.iter().filter(|(key, _)| !fields.contains_key(*key)) {
            fault(key, Refusal::NoSuchField { found: refusal::shown(found) });
        }
        rows.push(checked_row(fields, cells, &mut fault));
    }
    if faults.is_empty() { Ok(rows) } else { Err(Refusal::Rows(faults)) }
}

fn checked_row(
    fields: &IndexMap<String, Field>,
    cells: &Map<String, Json>,
    fault: &mut impl FnMut(&str, Refusal),
) -> IndexMap<String, Value> {
    let mut row = IndexMap::new();
    for field in fields.values().filter(|field| !matches!(field.kind, FieldKind::Computed { .. })) {
        match Value::optional(field, cells.get(&field.key).unwrap_or(&Json::Null)) {
            Ok(Some(value)) => {
                row.insert(field.key.clone(), value);
            }
            Ok(None) if field.required => fault(&field.key, Refusal::Empty),
            Ok(None) => {}
            Err(refusal) => fault(&field.key, refusal),
        }
    }
    row
}

fn files(json: &Json, many: bool) -> Result<Vec<AttachedFile>, Refusal> {
    let files: Vec<AttachedFile> = match json {
        Json::Array(items) => items.iter().map(|item| serde_json::from_value(item.clone())).collect::<Result<_, _>>(),
        single => serde_json::from_value(single.clone()).map(|file| vec![file]),
    }
    .map_err(|_| Refusal::wrong_type("a list of uploaded files, each with “name” and “sha”", json))?;
    for file in &files {
        if file.sha.len() != 64 || !file.sha.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(Refusal::wrong_type("the digest of an uploaded file", json));
        }
    }
    if !many && files.len() > 1 {
        return Err(Refusal::OneFile { found: files.len() });
    }
    Ok(files)
}

#[cfg(test)]
mod tests;
