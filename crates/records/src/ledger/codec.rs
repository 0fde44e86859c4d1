//! Between the external form of a value (JSON) and the columns it is stored in.
//!
//! Values come here after they have been checked (see [`crate::value`]); what does not fit is damage, not bad input.

use jiff::{Timestamp, fmt::temporal::DateTimePrinter, tz::TimeZone};
use rusqlite::types::Value as Sql;
use serde_json::{Value as Json, json};

use super::{error::ReadError, record::JsonMap, row, row::Columns};
use crate::{
    catalogue::{Field, FieldKind},
    naming,
    personal::{Keyring, mask},
};

/// How personal fields are shown; withheld ones are left out of what is masked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Personal {
    /// As they are; only inside the ledger.
    Plain,
    /// Masked.
    Masked,
    /// Masked, with the keyed digest: for the journal and for telling whether a value differs; never handed out.
    Journal,
}

/// Looks up the other end of references.
pub(crate) trait References {
    /// Number of the record `id` of `register`.
    fn number(&self, register: &str, id: i64) -> Result<Option<String>, rusqlite::Error>;
}

/// An instant as it is stored: UTC with microseconds, so that text sorts as time.
#[must_use]
pub fn stored_time(at: Timestamp) -> String {
    DateTimePrinter::new().precision(Some(6)).timestamp_to_string(&at)
}

/// An instant as it is shown: Beijing time with its offset, to the second.
#[must_use]
pub(crate) fn shown_time(at: Timestamp) -> String {
    let zoned = at.to_zoned_datetime(TimeZone::fixed(jiff::tz::offset(8)));
    zoned.strftime("%Y-%m-%dT%H:%M:%S+08:00").to_string()
}

/// The Beijing calendar day of an instant.
#[must_use]
pub(crate) fn beijing_day(at: Timestamp) -> jiff::civil::Date {
    at.to_zoned_datetime(TimeZone::fixed(jiff::tz::offset(8))).date()
}

/// Stores a checked value of a field that is neither a reference nor a child table.
pub(crate) fn encode(
    field: &Field,
    value: &Json,
    keyring: &Keyring,
    place: &str,
    columns: &mut Columns,
) -> Result<(), ReadError> {
    let name = naming::column(field);
    let damaged = || ReadError::Damaged { what: place.to_owned(), why: format!("{value} is no value for its type") };
    if field.personal {
        let plain = plain_text(value);
        columns.insert(name, Sql::Blob(keyring.seal(place, &plain)?));
        return Ok(());
    }
    let sql = match &field.kind {
        FieldKind::Integer { .. } => Sql::Integer(value.as_i64().ok_or_else(damaged)?),
        FieldKind::Decimal { digits, .. } | FieldKind::Computed { digits, .. } => {
            Sql::Integer(scaled(value, *digits).ok_or_else(damaged)?)
        }
        FieldKind::Money => Sql::Integer(scaled(value, 2).ok_or_else(damaged)?),
        FieldKind::YesNo => Sql::Integer(i64::from(value.as_bool().ok_or_else(damaged)?)),
        FieldKind::DateTime => {
            let at: Timestamp = value.as_str().and_then(|text| text.parse().ok()).ok_or_else(damaged)?;
            Sql::Text(stored_time(at))
        }
        FieldKind::Place => {
            let number = |key: &str| value.get(key).and_then(Json::as_f64);
            if let (Some(lon), Some(lat)) = (number("lon"), number("lat")) {
                columns.insert(format!("{name}_lon"), Sql::Real(lon));
                columns.insert(format!("{name}_lat"), Sql::Real(lat));
            }
            if let Some(address) = value.get("address").and_then(Json::as_str).filter(|text| !text.is_empty()) {
                columns.insert(format!("{name}_address"), Sql::Text(address.to_owned()));
            }
            return Ok(());
        }
        FieldKind::Choices { .. } | FieldKind::Line | FieldKind::Polygon | FieldKind::Attachment { .. } => {
            Sql::Text(value.to_string())
        }
        FieldKind::Reference { .. } | FieldKind::Table { .. } => return Err(damaged()),
        _ => Sql::Text(value.as_str().ok_or_else(damaged)?.to_owned()),
    };
    columns.insert(name, sql);
    Ok(())
}

/// Takes a field's columns away.
pub(crate) fn clear(field: &Field, columns: &mut Columns) {
    let name = naming::column(field);
    if matches!(field.kind, FieldKind::Place) && !field.personal {
        for part in ["lon", "lat", "address"] {
            columns.remove(&format!("{name}_{part}"));
        }
    }
    columns.remove(&name);
}

/// Reads a field that is not a child table back into its external form.
pub(crate) fn decode(
    field: &Field,
    columns: &Columns,
    keyring: &Keyring,
    place: &str,
    personal: Personal,
    references: &dyn References,
) -> Result<Option<Json>, ReadError> {
    let name = naming::column(field);
    let damaged = |why: &str| ReadError::Damaged { what: place.to_owned(), why: why.to_owned() };
    if matches!(field.kind, FieldKind::Place) && !field.personal {
        return Ok(decode_place(&name, columns));
    }
    let Some(stored) = columns.get(&name) else { return Ok(None) };
    if field.personal {
        let Sql::Blob(sealed) = stored else { return Err(damaged("a personal field is not encrypted")) };
        let plain = keyring.open(place, sealed)?;
        return Ok(Some(match personal {
            Personal::Plain => external_of_plain(field, plain),
            Personal::Masked => Json::from(mask(field, &plain)),
            Personal::Journal => crate::personal::journal_form(keyring, field, place, &plain),
        }));
    }
    if field.withheld && personal != Personal::Plain {
        let Sql::Text(plain) = stored else { return Err(damaged("stored with another type")) };
        let for_journal = || crate::personal::journal_form(keyring, field, place, plain);
        return Ok((personal == Personal::Journal).then(for_journal));
    }
    let value = match (&field.kind, stored) {
        (FieldKind::Decimal { digits, .. } | FieldKind::Computed { digits, .. }, Sql::Integer(number)) => {
            unscaled(*number, *digits)
        }
        (FieldKind::Money, Sql::Integer(fen)) => unscaled(*fen, 2),
        (FieldKind::YesNo, Sql::Integer(number)) => Json::from(*number != 0),
        (FieldKind::Reference { to }, Sql::Integer(id)) => match references.number(to, *id)? {
            Some(number) => Json::from(number),
            None => return Err(damaged("it refers to a record that is not there")),
        },
        (FieldKind::DateTime, Sql::Text(text)) => {
            let at: Timestamp = text.parse().map_err(|_| damaged("not an instant"))?;
            Json::from(shown_time(at))
        }
        (
            FieldKind::Choices { .. } | FieldKind::Line | FieldKind::Polygon | FieldKind::Attachment { .. },
            Sql::Text(text),
        ) => serde_json::from_str(text).map_err(|error| damaged(&error.to_string()))?,
        (_, Sql::Integer(number)) => Json::from(*number),
        (_, Sql::Text(text)) => Json::from(text.as_str()),
        _ => return Err(damaged("stored with another type")),
    };
    Ok(Some(value))
}

/// Where a personal value is stored; its ciphertext opens nowhere else.
pub(crate) fn place_of(register: &str, number: &str, field: &str) -> String {
    format!("{register}/{number}/{field}")
}

/// Reads all fields of a set of columns.
pub(crate) fn decode_all<'f>(
    fields: impl Iterator<Item = &'f Field>,
    columns: &Columns,
    keyring: &Keyring,
    place: impl Fn(&Field) -> String,
    personal: Personal,
    references: &dyn References,
) -> Result<JsonMap, ReadError> {
    let mut values = JsonMap::new();
    for field in fields.filter(|field| !matches!(field.kind, FieldKind::Table { .. })) {
        if let Some(value) = decode(field, columns, keyring, &place(field), personal, references)? {
            values.insert(field.key.clone(), value);
        }
    }
    Ok(values)
}

fn decode_place(name: &str, columns: &Columns) -> Option<Json> {
    let real = |part: &str| match columns.get(&format!("{name}_{part}")) {
        Some(Sql::Real(number)) => Some(*number),
        _ => None,
    };
    let address = row::text(columns, &format!("{name}_address"));
    match (real("lon"), real("lat"), address) {
        (Some(lon), Some(lat), Some(address)) => Some(json!({ "lon": lon, "lat": lat, "address": address })),
        (Some(lon), Some(lat), None) => Some(json!({ "lon": lon, "lat": lat })),
        (_, _, Some(address)) => Some(json!({ "address": address })),
        _ => None,
    }
}

fn plain_text(value: &Json) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn external_of_plain(field: &Field, plain: String) -> Json {
    let textual = matches!(
        field.kind,
        FieldKind::Text { .. }
            | FieldKind::LongText { .. }
            | FieldKind::Person
            | FieldKind::Phone
            | FieldKind::Code(_)
            | FieldKind::Date
            | FieldKind::DateTime
            | FieldKind::Choice { .. }
    );
    if textual { Json::from(plain) } else { serde_json::from_str(&plain).unwrap_or(Json::from(plain)) }
}

/// A decimal number as a whole count of its last digit; `None` if it has more digits than the field.
pub(crate) fn scaled(value: &Json, digits: u8) -> Option<i64> {
    let text = match value {
        Json::Number(number) => number.to_string(),
        Json::String(text) => text.clone(),
        _ => return None,
    };
    let text = if text.contains(['e', 'E']) { format!("{}", text.parse::<f64>().ok()?) } else { text };
    let (negative, text) = text.strip_prefix('-').map_or((false, text.as_str()), |rest| (true, rest));
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let fraction = fraction.trim_end_matches('0');
    if fraction.len() > usize::from(digits) {
        return None;
    }
    let padded = format!("{whole}{fraction:0<width$}", width = usize::from(digits));
    let number: i64 = padded.parse().ok()?;
    Some(if negative { -number } else { number })
}

/// The number that [`scaled`] stored.
pub(crate) fn unscaled(number: i64, digits: u8) -> Json {
    if digits == 0 {
        return Json::from(number);
    }
    let sign = if number < 0 { "-" } else { "" };
    let unit = 10_u64.saturating_pow(u32::from(digits));
    let (whole, fraction) = (number.unsigned_abs() / unit, number.unsigned_abs() % unit);
    let text = format!("{sign}{whole}.{fraction:0>width$}", width = usize::from(digits));
    text.parse::<f64>().map_or(Json::Null, Json::from)
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use test_case::test_case;

    use super::*;

    #[test_case(json!(62.1), 1, Some(621); "one digit")]
    #[test_case(json!(62), 1, Some(620); "a whole number in a decimal field")]
    #[test_case(json!(-0.05), 2, Some(-5); "negative below one")]
    #[test_case(json!(0.125), 2, None; "more digits than the field has")]
    #[test_case(json!(1e3), 0, Some(1000); "written as a power")]
    fn a_decimal_is_stored_exactly(value: Json, digits: u8, stored: Option<i64>) {
        assert_eq!(scaled(&value, digits), stored);
    }

    #[test]
    fn a_stored_decimal_reads_as_it_was_given() {
        for (number, digits) in [(621, 1), (-5, 2), (123_456_789, 3), (7, 0), (10, 1)] {
            assert_eq!(scaled(&unscaled(number, digits), digits), Some(number));
        }
    }

    #[test]
    fn stored_instants_sort_as_text() {
        let early: Timestamp = "2020-03-01T14:15:00Z".parse().unwrap();
        let later: Timestamp = "2020-03-01T14:15:00.5Z".parse().unwrap();
        assert!(stored_time(early) < stored_time(later));
        assert_eq!(stored_time(early), "2020-03-01T14:15:00.000000Z");
        assert_eq!(shown_time(early), "2020-03-01T22:15:00+08:00");
    }
}
