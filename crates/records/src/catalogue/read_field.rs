//! Fields of a register or of a child table.

use crate::catalogue::Code;
use indexmap::IndexMap;

use super::{
    Label, formula,
    read_register::check_field,
    reader::{At, Faults, TableReader, instead, place_in_text},
    register::{Checks, Field, FieldKind},
};

/// Every type that a field may have.
const TYPES: [&str; 23] = [
    "text",
    "long_text",
    "integer",
    "decimal",
    "money",
    "date",
    "datetime",
    "choice",
    "choices",
    "yes_no",
    "person",
    "phone",
    "credit_code",
    "waste_code",
    "manifest_number",
    "machine_code",
    "place",
    "line",
    "polygon",
    "reference",
    "table",
    "attachment",
    "computed",
];

/// Names that a field cannot have, because every record or row has such a column.
const TAKEN: [&str; 18] = [
    "id",
    "number",
    "state",
    "cell",
    "version",
    "created_at",
    "created_by",
    "changed_at",
    "changed_by",
    "simulated",
    "deleted_at",
    "parent",
    "position",
    "valid_from",
    "valid_to",
    "closed",
    "row",
    "rowid",
];

/// Largest attachment that a register may allow, in megabytes.
const LARGEST_MB: i64 = 100;

/// Reads `fields` of a register (`top`) or of a child table; `references` gathers the registers referred to.
pub(super) fn fields(
    table: &TableReader<'_, '_, '_>,
    top: bool,
    references: &mut Vec<At<String>>,
) -> IndexMap<String, Field> {
    if !table.has("fields") {
        table.missing("fields", "{ … }");
    }
    let mut fields = IndexMap::new();
    let mut formulas = Vec::new();
    let mut orders = Vec::new();
    for (key, reader) in table.named_tables("fields", "field") {
        if TAKEN.contains(&key.value.as_str()) {
            let message = format!("“{}” is the name of a column that every record has", key.value);
            reader.faults.add(&key.span, message, "choose another name for the field".to_owned());
        }
        match field(&key, &reader, top, references, &mut formulas) {
            Some(field) => {
                orders.extend(reader.names("after").into_iter().map(|other| (key.value.clone(), other)));
                fields.insert(key.value, field);
            }
            None => reader.faults.declared_with_a_fault(&key.value),
        }
    }
    for (key, other) in &orders {
        check_order(table.faults, key, other, &fields);
    }
    for formula in formulas {
        check_formula(table, &formula, &fields);
    }
    fields
}

fn field(
    key: &At<String>,
    reader: &TableReader<'_, '_, '_>,
    top: bool,
    references: &mut Vec<At<String>>,
    formulas: &mut Vec<At<String>>,
) -> Option<Field> {
    let kind = kind(reader, top, references, formulas);
    let personal = reader.flag("personal");
    // What people can read is searched, unless the file says otherwise.
    let withheld = reader.flag("withheld");
    let is_readable = !personal && !withheld && kind.as_ref().is_some_and(FieldKind::is_searchable);
    let field = Field {
        key: key.value.clone(),
        label: reader.needed_label("label"),
        hint: reader.label("hint"),
        required: reader.flag("required"),
        unique: reader.flag("unique"),
        personal,
        withheld,
        search: reader.flag_or("search", is_readable),
        read_only: reader.flag("read_only"),
        detail: reader.flag("detail"),
        checks: Checks {
            past: reader.flag("past"),
            after: reader.names("after").into_iter().map(|name| name.value).collect(),
            anywhere: reader.flag("anywhere"),
        },
        kind: kind?,
    };
    reader.finish();
    check_flags(&field, reader, top);
    Some(field)
}

fn check_flags(field: &Field, reader: &TableReader<'_, '_, '_>, top: bool) {
    let fault = |key: &str, why: &str| {
        reader.faults.add(&reader.key_span(key), format!("“{key}” cannot stand here: {why}"), "take it out".to_owned());
    };
    let kind = &field.kind;
    if field.personal
        && matches!(
            kind,
            FieldKind::Reference { .. }
                | FieldKind::Table { .. }
                | FieldKind::Computed { .. }
                | FieldKind::Attachment { .. }
        )
    {
        fault("personal", "only values written by people are encrypted");
    }
    if field.withheld && (!top || field.personal || field.required || !matches!(kind, FieldKind::Text { .. })) {
        fault(
            "withheld",
            "only a text of the record itself that is neither required nor personal is kept from everybody",
        );
    }
    if field.search && (field.is_hidden() || !kind.is_searchable()) {
        fault("search", "only text and choices that are neither personal nor withheld are searched");
    }
    if field.unique
        && (field.is_hidden()
            || !top
            || matches!(
                kind,
                FieldKind::Table { .. } | FieldKind::Attachment { .. } | FieldKind::Place | FieldKind::Computed { .. }
            ))
    {
        fault("unique", "only plain values of the record itself can be told apart");
    }
    if !is_dated(kind) {
        if field.checks.past {
            fault("past", "only a date or datetime field lies in the past or not");
        }
        if !field.checks.after.is_empty() {
            fault("after", "only a date or datetime field comes after another");
        }
    }
    if field.checks.anywhere && !matches!(kind, FieldKind::Place) {
        fault("anywhere", "only a place lies inside the district or not");
    }
    if field.required && matches!(kind, FieldKind::Computed { .. }) {
        fault("required", "a computed field fills itself");
    }
}

fn is_dated(kind: &FieldKind) -> bool {
    matches!(kind, FieldKind::Date | FieldKind::DateTime)
}

/// Reports a field that comes after one that is no date, after itself, or after one that comes after it.
fn check_order(faults: &Faults<'_>, key: &str, other: &At<String>, fields: &IndexMap<String, Field>) {
    check_field(faults, other, fields, "after", "a date or datetime field", is_dated);
    let mut seen = vec![other.value.as_str()];
    let mut at = 0;
    while let Some(name) = seen.get(at).copied() {
        if name == key {
            let message =
                format!("“{key}” comes after “{}”, which comes after “{key}”: no value could fulfil it", other.value);
            faults.add(&other.span, message, "take one of the two out".to_owned());
            return;
        }
        let before = fields.get(name).map(|field| field.checks.after.as_slice()).unwrap_or_default();
        for name in before {
            if !seen.contains(&name.as_str()) {
                seen.push(name);
            }
        }
        at += 1;
    }
}

fn kind(
    reader: &TableReader<'_, '_, '_>,
    top: bool,
    references: &mut Vec<At<String>>,
    formulas: &mut Vec<At<String>>,
) -> Option<FieldKind> {
    let name = reader.needed_text("type", "\"text\"")?;
    let unit = || reader.text("unit").map(|unit| unit.value);
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "read between the bounds just named")]
    let small = |key: &'static str, least: i64, most: i64| reader.integer_between(key, least, most).map(|n| n as u32);
    let kind = match name.value.as_str() {
        "text" => FieldKind::Text { max: small("max", 1, 4000).unwrap_or(200) as usize },
        "long_text" => FieldKind::LongText { max: small("max", 1, 100_000).unwrap_or(4000) as usize },
        "integer" => {
            let (min, max) = (reader.integer("min"), reader.integer("max"));
            check_bounds(reader, min.as_ref().map(|min| min.value), max.as_ref().map(|max| max.value));
            FieldKind::Integer { unit: unit(), min: min.map(|min| min.value), max: max.map(|max| max.value) }
        }
        "decimal" => {
            let (min, max) = (reader.number("min"), reader.number("max"));
            check_bounds(reader, min, max);
            FieldKind::Decimal { unit: unit(), digits: small("digits", 0, 9).unwrap_or(2) as u8, min, max }
        }
        "money" => FieldKind::Money,
        "date" => FieldKind::Date,
        "datetime" => FieldKind::DateTime,
        "choice" => FieldKind::Choice { choices: choices(reader) },
        "choices" => FieldKind::Choices { choices: choices(reader) },
        "yes_no" => FieldKind::YesNo,
        "person" => FieldKind::Person,
        "phone" => FieldKind::Phone,
        "place" => FieldKind::Place,
        "line" => FieldKind::Line,
        "polygon" => FieldKind::Polygon,
        "reference" => {
            let to = reader.needed_text("to", "\"enterprise\"")?;
            references.push(to.clone());
            FieldKind::Reference { to: to.value }
        }
        "table" if top => FieldKind::Table { fields: fields(reader, false, references) },
        "table" => {
            reader.faults.add(
                &name.span,
                "a child table cannot have child tables",
                "make it a register of its own, with a reference".to_owned(),
            );
            return None;
        }
        "attachment" => attachment(reader, top, &name)?,
        "computed" => {
            let formula = reader.needed_text("formula", "\"units * price\"")?;
            formulas.push(formula.clone());
            FieldKind::Computed {
                formula: formula.value,
                unit: unit(),
                digits: small("digits", 0, 9).unwrap_or(0) as u8,
            }
        }
        other if let Some(code) = Code::ALL.into_iter().find(|code| code.type_name() == other) => FieldKind::Code(code),
        other => {
            reader.faults.add(&name.span, format!("there is no field type “{other}”"), instead(other, TYPES));
            // The keys of a type that is not known cannot be judged; asking for them keeps further faults away.
            for key in
                ["unit", "min", "max", "digits", "choices", "to", "accept", "max_mb", "many", "formula", "fields"]
            {
                reader.has(key);
            }
            return None;
        }
    };
    Some(kind)
}

fn check_bounds<T: PartialOrd>(reader: &TableReader<'_, '_, '_>, min: Option<T>, max: Option<T>) {
    if let (Some(min), Some(max)) = (min, max)
        && min > max
    {
        reader.faults.add(&reader.key_span("min"), "“min” is greater than “max”, so no value fits", None);
    }
}

fn attachment(reader: &TableReader<'_, '_, '_>, top: bool, name: &At<String>) -> Option<FieldKind> {
    if !top {
        reader.faults.add(
            &name.span,
            "a row of a child table cannot carry files",
            "put the attachment on the record".to_owned(),
        );
        return None;
    }
    let accept = reader.texts("accept");
    if !reader.has("accept") {
        reader.missing("accept", "[\"image/jpeg\", \"image/png\", \"application/pdf\"]");
    }
    for media_type in accept.iter().filter(|media_type| media_type.value.split('/').count() != 2) {
        let message = format!("“{}” is not a media type", media_type.value);
        reader.faults.add(&media_type.span, message, "write it like image/jpeg or application/pdf".to_owned());
    }
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "read between 1 and 100")]
    let max_mb = reader.integer_between("max_mb", 1, LARGEST_MB).unwrap_or(10) as u32;
    let accept = accept.into_iter().map(|media_type| media_type.value).collect();
    Some(FieldKind::Attachment { accept, max_mb, many: reader.flag("many") })
}

fn choices(reader: &TableReader<'_, '_, '_>) -> IndexMap<String, Label> {
    if !reader.has("choices") {
        reader.missing("choices", "{ noise = { zh = \"噪声\", en = \"Noise\" } }");
    }
    let mut choices = IndexMap::new();
    for (key, table) in reader.named_tables("choices", "choice") {
        let zh = table.needed_text("zh", "\"…\"");
        let en = table.needed_text("en", "\"…\"");
        table.finish();
        if let (Some(zh), Some(en)) = (zh, en) {
            choices.insert(key.value, Label { zh: zh.value, en: en.value });
        }
    }
    if choices.is_empty() && reader.has("choices") {
        reader.faults.add(&reader.key_span("choices"), "a list of choices needs at least one", None);
    }
    choices
}

fn check_formula(table: &TableReader<'_, '_, '_>, formula: &At<String>, fields: &IndexMap<String, Field>) {
    let faults = table.faults;
    let place = |span: &std::ops::Range<usize>| {
        place_in_text(faults.source, &formula.span, span.start)..place_in_text(faults.source, &formula.span, span.end)
    };
    let names = match formula::names(&formula.value) {
        Ok(names) => names,
        Err(error) => return faults.add(&place(&error.span), error.message, None),
    };
    for name in names {
        let fits = |kind: &FieldKind| match kind {
            FieldKind::Date | FieldKind::DateTime => name.date,
            FieldKind::Integer { .. } | FieldKind::Decimal { .. } | FieldKind::Money => !name.date,
            _ => false,
        };
        let wanted = if name.date { "a date field" } else { "a number field" };
        match fields.get(&name.name) {
            Some(field) if fits(&field.kind) && !field.personal => {}
            Some(field) => {
                let message = format!("the formula needs {wanted}; “{}” is of type {}", name.name, field.kind.name());
                faults.add(&place(&name.span), message, None);
            }
            None => {
                let known = fields.values().filter(|field| fits(&field.kind)).map(|field| field.key.as_str());
                let message = format!("the formula names “{}”, which is no field here", name.name);
                faults.unknown(&place(&name.span), &name.name, message, instead(&name.name, known));
            }
        }
    }
}
