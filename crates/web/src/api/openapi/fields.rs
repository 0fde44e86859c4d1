//! A field of a register as a JSON schema.

use bilan_records::catalogue::{Catalogue, Field, FieldKind, Label, Register, Step};
use indexmap::IndexMap;
use serde_json::{Map, Value as Json, json};

use super::{example::example_of, schema_ref};

/// From which side values are seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// As the API hands them out.
    Read,
    /// As a new record is given.
    Create,
    /// As changes are given: nothing is required and null takes a value away.
    Change,
}

/// The values of a record of `register`.
pub(super) fn record_values(catalogue: &Catalogue, register: &Register, side: Side) -> Json {
    object(catalogue, &register.fields, side)
}

/// The values that a step takes: what its form asks for and what it needs.
pub(super) fn step_values(catalogue: &Catalogue, register: &Register, step: &Step) -> Json {
    let taken = |key: &String| step.asks.contains(key) || step.needs.contains(key);
    let fields = register.fields.iter().filter(|(key, field)| taken(key) && is_given(field));
    let properties: Map<String, Json> =
        fields.map(|(key, field)| (key.clone(), schema(catalogue, field, Side::Change))).collect();
    json!({ "type": "object", "properties": properties, "additionalProperties": false, "description": "Fields that the step asks for" })
}

fn object(catalogue: &Catalogue, fields: &IndexMap<String, Field>, side: Side) -> Json {
    let shown = fields.values().filter(|field| if side == Side::Read { !field.withheld } else { is_given(field) });
    let properties: Map<String, Json> =
        shown.clone().map(|field| (field.key.clone(), schema(catalogue, field, side))).collect();
    let mut schema = json!({ "type": "object", "properties": properties });
    if side != Side::Read {
        schema["additionalProperties"] = Json::from(false);
    }
    let required: Vec<&str> = shown.filter(|field| field.required).map(|field| field.key.as_str()).collect();
    if side == Side::Create && !required.is_empty() {
        schema["required"] = json!(required);
    }
    schema
}

/// Whether people and other systems give it; the rest is made by the system or by an upload.
pub(super) fn is_given(field: &Field) -> bool {
    !field.read_only
        && !field.withheld
        && !matches!(field.kind, FieldKind::Computed { .. } | FieldKind::Attachment { .. })
}

/// The schema of one field.
fn schema(catalogue: &Catalogue, field: &Field, side: Side) -> Json {
    let mut schema = kind_schema(catalogue, field, side);
    if side == Side::Change {
        nullable(&mut schema);
    }
    schema["title"] = Json::from(field.label.zh.as_str());
    schema["description"] = Json::from(words(field));
    if !is_given(field) {
        schema["readOnly"] = Json::from(true);
    }
    if let Some(example) = example_of(catalogue, field) {
        schema["examples"] = json!([example]);
    }
    schema
}

fn words(field: &Field) -> String {
    let mut words = field.label.en.clone();
    if let Some(hint) = &field.hint {
        words = format!("{words}. {}", hint.en);
    }
    if field.personal {
        words.push_str(". Personal: masked when read");
    }
    words
}

fn kind_schema(catalogue: &Catalogue, field: &Field, side: Side) -> Json {
    match &field.kind {
        FieldKind::Text { max } | FieldKind::LongText { max } => json!({ "type": "string", "maxLength": max }),
        FieldKind::Person => json!({ "type": "string", "maxLength": 60 }),
        FieldKind::Phone => json!({ "type": "string", "x-kind": "phone" }),
        // Masked on the way out, so its form can be promised only on the way in.
        FieldKind::Code(_) if side == Side::Read => json!({ "type": "string" }),
        FieldKind::Code(code) => json!({ "type": "string", "pattern": code.pattern() }),
        FieldKind::Integer { unit, min, max } => bounded(json!({ "type": "integer" }), unit, *min, *max),
        FieldKind::Decimal { unit, min, max, .. } => bounded(json!({ "type": "number" }), unit, *min, *max),
        FieldKind::Computed { unit, .. } => bounded::<f64>(json!({ "type": "number" }), unit, None, None),
        FieldKind::Money => json!({ "type": "number", "x-unit": "CNY" }),
        FieldKind::Date => json!({ "type": "string", "format": "date" }),
        FieldKind::DateTime => json!({ "type": "string", "format": "date-time" }),
        FieldKind::Choice { choices } => choice(choices),
        FieldKind::Choices { choices } => json!({ "type": "array", "items": choice(choices), "uniqueItems": true }),
        FieldKind::YesNo => json!({ "type": "boolean" }),
        FieldKind::Place => json!({ "allOf": [schema_ref("Place")] }),
        FieldKind::Line => json!({ "type": "array", "items": schema_ref("Point"), "minItems": 2 }),
        FieldKind::Polygon => json!({
            "type": "array", "items": { "type": "array", "items": schema_ref("Point"), "minItems": 4 },
        }),
        FieldKind::Reference { to } => json!({ "type": "string", "x-refers-to": to }),
        FieldKind::Table { fields } => json!({ "type": "array", "items": object(catalogue, fields, row_side(side)) }),
        FieldKind::Attachment { .. } => json!({ "type": "array", "items": schema_ref("File") }),
    }
}

/// A table is always given as a whole, so its rows are given as new ones.
fn row_side(side: Side) -> Side {
    if side == Side::Change { Side::Create } else { side }
}

fn choice(choices: &IndexMap<String, Label>) -> Json {
    json!({
        "type": "string",
        "enum": choices.keys().collect::<Vec<_>>(),
        "x-labels": choices,
    })
}

fn bounded<N: Into<Json>>(mut schema: Json, unit: &Option<String>, min: Option<N>, max: Option<N>) -> Json {
    if let Some(min) = min {
        schema["minimum"] = min.into();
    }
    if let Some(max) = max {
        schema["maximum"] = max.into();
    }
    if let Some(unit) = unit {
        schema["x-unit"] = Json::from(unit.as_str());
    }
    schema
}

/// Allows null beside the type; a choice is allowed it by name too.
fn nullable(schema: &mut Json) {
    if schema.get("allOf").is_some() {
        let whole = schema.take();
        *schema = json!({ "oneOf": [whole, { "type": "null" }] });
        return;
    }
    if let Some(one) = schema.get("type").and_then(Json::as_str).map(str::to_owned) {
        schema["type"] = json!([one, "null"]);
    }
    if let Some(Json::Array(keys)) = schema.get_mut("enum") {
        keys.push(Json::Null);
    }
}
