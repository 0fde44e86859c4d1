//! Rust types of fields: which types of the register files they read, and how a value is read and written.

use std::{fmt, marker::PhantomData};

use jiff::{Timestamp, civil::Date};
use serde_json::{Map, Value as Json};

use super::{NeededField, view::View};
use crate::value::Position;

/// What a field must be for a Rust type to read it.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    /// Types of register files that fit.
    pub kinds: &'static [&'static str],
    /// Every record must have a value: `required = true`.
    pub filled: bool,
    /// Register to which it must refer.
    pub to: Option<&'static str>,
    /// Choices that code names.
    pub choices: &'static [&'static str],
    /// Fields of its rows.
    pub rows: &'static [NeededField],
    /// How its value must be guarded.
    pub guard: Guard,
}

/// How a value must be guarded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Guard {
    /// As the register says.
    None,
    /// `personal = true`: encrypted at rest, masked on screens.
    Personal,
    /// `withheld = true`: shown to nobody.
    Withheld,
}

impl Shape {
    /// A value of one of these types that every record has.
    #[must_use]
    pub const fn of(kinds: &'static [&'static str]) -> Self {
        Self { kinds, filled: true, to: None, choices: &[], rows: &[], guard: Guard::None }
    }

    const fn may_be_empty(self) -> Self {
        Self { filled: false, ..self }
    }
}

/// Why a stored value cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// Field of the row in which it stands, from the outermost; empty for the field itself.
    pub within: String,
    /// What was found.
    pub why: String,
}

impl Unreadable {
    fn because(why: impl Into<String>) -> Self {
        Self { within: String::new(), why: why.into() }
    }

    fn wrong(json: &Json, wanted: &str) -> Self {
        Self::because(format!("{json} is no {wanted}"))
    }
}

/// A value of a field, read from the external form and written into it. What is missing or damaged is an error, never a default.
pub trait FieldValue: Sized {
    /// What the field must be.
    const SHAPE: Shape;

    /// Reads what stands in the record.
    ///
    /// # Errors
    /// What was found instead of a value.
    fn read(json: Option<&Json>) -> Result<Self, Unreadable>;

    /// The external form; null for nothing.
    fn write(&self) -> Json;
}

fn there(json: Option<&Json>) -> Result<&Json, Unreadable> {
    json.filter(|json| !json.is_null()).ok_or_else(|| Unreadable::because("there is no value"))
}

fn text(json: Option<&Json>) -> Result<&str, Unreadable> {
    let json = there(json)?;
    json.as_str().ok_or_else(|| Unreadable::wrong(json, "text"))
}

impl<T: FieldValue> FieldValue for Option<T> {
    const SHAPE: Shape = T::SHAPE.may_be_empty();

    fn read(json: Option<&Json>) -> Result<Self, Unreadable> {
        json.filter(|json| !json.is_null()).map(|json| T::read(Some(json))).transpose()
    }

    fn write(&self) -> Json {
        self.as_ref().map_or(Json::Null, T::write)
    }
}

impl FieldValue for String {
    const SHAPE: Shape = Shape::of(&["text", "long_text", "person", "phone"]);

    fn read(json: Option<&Json>) -> Result<Self, Unreadable> {
        text(json).map(str::to_owned)
    }

    fn write(&self) -> Json {
        Json::from(self.as_str())
    }
}

impl FieldValue for f64 {
    const SHAPE: Shape = Shape::of(&["decimal", "integer"]);

    fn read(json: Option<&Json>) -> Result<Self, Unreadable> {
        let json = there(json)?;
        json.as_f64().ok_or_else(|| Unreadable::wrong(json, "number"))
    }

    fn write(&self) -> Json {
        Json::from(*self)
    }
}

impl FieldValue for i64 {
    const SHAPE: Shape = Shape::of(&["integer"]);

    fn read(json: Option<&Json>) -> Result<Self, Unreadable> {
        let json = there(json)?;
        json.as_i64().ok_or_else(|| Unreadable::wrong(json, "whole number"))
    }

    fn write(&self) -> Json {
        Json::from(*self)
    }
}

impl FieldValue for bool {
    const SHAPE: Shape = Shape::of(&["yes_no"]);

    fn read(json: Option<&Json>) -> Result<Self, Unreadable> {
        let json = there(json)?;
        json.as_bool().ok_or_else(|| Unreadable::wrong(json, "yes or no"))
    }

    fn write(&self) -> Json {
        Json::from(*self)
    }
}

impl FieldValue for Timestamp {
    const SHAPE: Shape = Shape::of(&["datetime"]);

    fn read(json: Option<&Json>) -> Result<Self, Unreadable> {
        let text = text(json)?;
        text.parse().map_err(|_| Unreadable::because(format!("“{text}” is no instant")))
    }

    fn write(&self) -> Json {
        Json::from(self.to_string())
    }
}

impl FieldValue for Date {
    const SHAPE: Shape = Shape::of(&["date"]);

    fn read(json: Option<&Json>) -> Result<Self, Unreadable> {
        let text = text(json)?;
        text.parse().map_err(|_| Unreadable::because(format!("“{text}” is no day")))
    }

    fn write(&self) -> Json {
        Json::from(self.to_string())
    }
}

impl FieldValue for Position {
    const SHAPE: Shape = Shape::of(&["place"]);

    fn read(json: Option<&Json>) -> Result<Self, Unreadable> {
        let json = there(json)?;
        Self::from_json(json).map_err(|_| Unreadable::wrong(json, "place"))
    }

    fn write(&self) -> Json {
        self.to_json()
    }
}

/// Number of a record of the register of `V`.
pub struct Refers<V>(String, PhantomData<fn() -> V>);

impl<V> Refers<V> {
    /// To the record of this number.
    #[must_use]
    pub fn to(number: impl Into<String>) -> Self {
        Self(number.into(), PhantomData)
    }

    /// The number.
    #[must_use]
    pub fn number(&self) -> &str {
        &self.0
    }

    /// The number.
    #[must_use]
    pub fn into_number(self) -> String {
        self.0
    }
}

impl<V> Clone for Refers<V> {
    fn clone(&self) -> Self {
        Self::to(self.0.clone())
    }
}

impl<V> fmt::Debug for Refers<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<V> PartialEq for Refers<V> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<V: View> FieldValue for Refers<V> {
    const SHAPE: Shape = Shape { to: Some(V::REGISTER), ..Shape::of(&["reference"]) };

    fn read(json: Option<&Json>) -> Result<Self, Unreadable> {
        text(json).map(Self::to)
    }

    fn write(&self) -> Json {
        Json::from(self.0.as_str())
    }
}

/// Key of a choice of which code names none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnyChoice(pub String);

impl FieldValue for AnyChoice {
    const SHAPE: Shape = Shape::of(&["choice"]);

    fn read(json: Option<&Json>) -> Result<Self, Unreadable> {
        text(json).map(|text| Self(text.to_owned()))
    }

    fn write(&self) -> Json {
        Json::from(self.0.as_str())
    }
}

/// A text that is encrypted at rest and masked on screens; in plain only where the ledger was asked for it with a reason.
#[derive(Clone, PartialEq, Eq)]
pub struct Personal(pub String);

impl fmt::Debug for Personal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Personal(…)")
    }
}

impl FieldValue for Personal {
    const SHAPE: Shape = Shape { guard: Guard::Personal, ..Shape::of(&["text", "person", "phone"]) };

    fn read(json: Option<&Json>) -> Result<Self, Unreadable> {
        text(json).map(|text| Self(text.to_owned()))
    }

    fn write(&self) -> Json {
        Json::from(self.0.as_str())
    }
}

/// A text that is kept to be compared with and shown to nobody: a record that is read has none.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Withheld(pub Option<String>);

impl fmt::Debug for Withheld {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Withheld(…)")
    }
}

impl FieldValue for Withheld {
    const SHAPE: Shape = Shape { guard: Guard::Withheld, ..Shape::of(&["text"]).may_be_empty() };

    fn read(_: Option<&Json>) -> Result<Self, Unreadable> {
        Ok(Self(None))
    }

    fn write(&self) -> Json {
        self.0.as_deref().map_or(Json::Null, Json::from)
    }
}

/// Names of the files that hang on a record. They are hung on with [`crate::attachments::NewFile`], not written.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Files(pub Vec<String>);

impl FieldValue for Files {
    const SHAPE: Shape = Shape::of(&["attachment"]).may_be_empty();

    fn read(json: Option<&Json>) -> Result<Self, Unreadable> {
        let Some(json) = json.filter(|json| !json.is_null()) else { return Ok(Self::default()) };
        let name = |file: &Json| file.get("name")?.as_str().map(str::to_owned);
        let names = json.as_array().and_then(|files| files.iter().map(name).collect());
        names.map(Self).ok_or_else(|| Unreadable::wrong(json, "list of files"))
    }

    fn write(&self) -> Json {
        Json::Null
    }
}

/// A row below a record.
pub trait Row: Sized {
    /// Its fields.
    const FIELDS: &'static [NeededField];

    /// Reads a row.
    ///
    /// # Errors
    /// The field that cannot be read, and what was found.
    fn of(row: &Map<String, Json>) -> Result<Self, Unreadable>;

    /// Its values.
    fn values(&self) -> Map<String, Json>;
}

impl<R: Row> FieldValue for Vec<R> {
    const SHAPE: Shape = Shape { rows: R::FIELDS, ..Shape::of(&["table"]).may_be_empty() };

    fn read(json: Option<&Json>) -> Result<Self, Unreadable> {
        let Some(json) = json.filter(|json| !json.is_null()) else { return Ok(Self::new()) };
        let rows = json.as_array().ok_or_else(|| Unreadable::wrong(json, "list of rows"))?;
        let row = |row: &Json| R::of(row.as_object().ok_or_else(|| Unreadable::wrong(row, "row"))?);
        rows.iter().map(row).collect()
    }

    fn write(&self) -> Json {
        if self.is_empty() { Json::Null } else { self.iter().map(|row| Json::Object(row.values())).collect() }
    }
}

/// One field out of the values of a record or of a row.
pub(crate) fn read<T: FieldValue>(values: &Map<String, Json>, name: &str) -> Result<T, Unreadable> {
    T::read(values.get(name)).map_err(|fault| Unreadable {
        within: if fault.within.is_empty() { name.to_owned() } else { format!("{name}.{}", fault.within) },
        why: fault.why,
    })
}

/// One field among the values of a record or of a row.
pub(crate) fn write(values: &mut Map<String, Json>, name: &str, value: &impl FieldValue) {
    let value = value.write();
    if !value.is_null() {
        values.insert(name.to_owned(), value);
    }
}
