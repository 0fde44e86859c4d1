//! Examples that really fit: what the description shows can be sent as it stands.

use bilan_records::catalogue::{Catalogue, Field, FieldKind, Register};
use indexmap::IndexMap;
use serde_json::{Map, Value as Json, json};

use super::fields::is_given;

/// A value that fits `field`; nothing for what nobody gives.
#[must_use]
pub fn example_of(catalogue: &Catalogue, field: &Field) -> Option<Json> {
    let label = &field.label.zh;
    Some(match &field.kind {
        FieldKind::Text { max } | FieldKind::LongText { max } => {
            Json::from(format!("示例{label}").chars().take(*max).collect::<String>())
        }
        FieldKind::Person => Json::from("李明"),
        FieldKind::Phone => Json::from("13800000000"),
        FieldKind::Code(code) => Json::from(code.example()),
        FieldKind::Integer { min, max, .. } => Json::from(1.max(min.unwrap_or(1)).min(max.unwrap_or(i64::MAX))),
        FieldKind::Decimal { min, max, .. } => {
            let number = 1.0_f64.max(min.unwrap_or(1.0)).min(max.unwrap_or(f64::MAX));
            Json::from(number)
        }
        FieldKind::Money => Json::from(1000),
        FieldKind::Date => Json::from("2020-07-15"),
        FieldKind::DateTime => Json::from("2020-07-15T09:30:00+08:00"),
        FieldKind::Choice { choices } => Json::from(choices.keys().next()?.as_str()),
        FieldKind::Choices { choices } => json!([choices.keys().next()?]),
        FieldKind::YesNo => Json::from(true),
        FieldKind::Place => {
            let [lon, lat] = catalogue.district.centre;
            json!({ "lon": lon, "lat": lat, "address": format!("{}某路1号", catalogue.district.name.zh) })
        }
        FieldKind::Line => {
            let [lon, lat] = catalogue.district.centre;
            json!([[lon, lat], [lon + 0.001, lat + 0.001]])
        }
        FieldKind::Polygon => {
            let [lon, lat] = catalogue.district.centre;
            json!([[[lon, lat], [lon + 0.001, lat], [lon, lat + 0.001], [lon, lat]]])
        }
        FieldKind::Reference { to } => Json::from(number_like(&catalogue.registers.get(to)?.number)),
        FieldKind::Table { fields } => json!([row(catalogue, fields)]),
        FieldKind::Attachment { .. } | FieldKind::Computed { .. } => return None,
    })
}

/// Values with which a record of `register` can be entered, references as numbers in the right form.
#[must_use]
pub fn example_values(catalogue: &Catalogue, register: &Register) -> Map<String, Json> {
    row(catalogue, &register.fields)
}

fn row(catalogue: &Catalogue, fields: &IndexMap<String, Field>) -> Map<String, Json> {
    fields
        .values()
        .filter(|field| field.required && is_given(field))
        .filter_map(|field| Some((field.key.clone(), example_of(catalogue, field)?)))
        .collect()
}

/// A number in the format of a register: `TS{yyyy}{seq:5}` gives `TS202000001`.
fn number_like(format: &str) -> String {
    let mut number = String::new();
    let mut rest = format;
    while let Some((before, after)) = rest.split_once('{') {
        number.push_str(before);
        let (name, after) = after.split_once('}').unwrap_or((after, ""));
        match name.split_once(':') {
            Some(("seq", digits)) => {
                let width = digits.parse().unwrap_or(1);
                number.push_str(&format!("{:0>width$}", 1));
            }
            _ if name == "yyyy" => number.push_str("2020"),
            _ if name == "mm" => number.push_str("07"),
            _ => number.push('1'),
        }
        rest = after;
    }
    number + rest
}

#[cfg(test)]
mod tests {
    use test_case::test_case;

    #[test_case("TS{yyyy}{seq:5}", "TS202000001"; "year and sequence")]
    #[test_case("QY{seq:4}", "QY0001"; "sequence alone")]
    #[test_case("天环〔{yyyy}〕{seq:1}号", "天环〔2020〕1号"; "document number")]
    fn a_number_is_made_in_the_format_of_its_register(format: &str, number: &str) {
        assert_eq!(super::number_like(format), number);
    }
}
