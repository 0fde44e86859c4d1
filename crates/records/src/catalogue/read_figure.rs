//! From `figures/*.toml` to [`Figure`]s, checked against the registers.

use std::ops::Range;

use indexmap::IndexMap;

use super::{
    Bound, Figure, FigurePeriod, FigureRule, RecordSet, Register,
    read_register::{check_field, named_field, read_system},
    reader::{At, Faults, TableReader, instead, parse, place_in_text},
    register::{Field, FieldKind},
};
use crate::filter::Filter;

/// A figure and where its key stands; a faulty one is known by name, so that others may be judged.
pub(super) struct Draft {
    pub figure: Option<Figure>,
    pub key: At<String>,
    /// Where the figures stand of which it is made.
    pub parts: Vec<At<String>>,
    /// Where its place on the big screen stands.
    pub screen: Range<usize>,
}

/// Ways to compute a figure; each figure has exactly one.
const RULES: [&str; 6] = ["count", "distinct", "sum", "ratio", "change", "observations"];

/// Statistics that can be asked of observations.
const STATISTICS: [&str; 9] =
    ["mean", "min", "max", "sum", "count", "good_days", "good_day_rate", "percentile_90", "percentile_95"];

pub(super) fn read(faults: &Faults<'_>, registers: &IndexMap<String, Register>) -> Vec<Draft> {
    let table = parse(faults.source, faults);
    let file = TableReader::new(table.get_ref(), 0..0, "a figure file", faults);
    file.all_tables("figure").into_iter().map(|(key, table)| figure(key, &table, registers)).collect()
}

fn figure(key: At<String>, table: &TableReader<'_, '_, '_>, registers: &IndexMap<String, Register>) -> Draft {
    let system = read_system(table);
    let label = table.needed_label("label");
    let unit = table.needed_text("unit", "\"件\"").map(|unit| unit.value).unwrap_or_default();
    let bound =
        one_of(table, "bound", &[("exact", Bound::Exact), ("at_least", Bound::AtLeast), ("about", Bound::About)]);
    let period = one_of(table, "period", &[("year", FigurePeriod::Asked), ("all", FigurePeriod::All)]);
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "read between 0 and 9")]
    let digits = table.integer_between("digits", 0, 9).unwrap_or(0) as u8;
    let hidden = table.flag("hidden");
    let screen = table.integer_between("screen", 1, 99).and_then(|place| u32::try_from(place).ok());
    let mut parts = Vec::new();
    let rule = rule(table, &key, registers, &mut parts);
    table.finish();
    let name = key.value.clone();
    let figure =
        rule.map(|rule| Figure { key: name, system, label, unit, bound, digits, period, hidden, screen, rule });
    Draft { figure, key, parts, screen: table.key_span("screen") }
}

fn one_of<T: Copy + Default>(table: &TableReader<'_, '_, '_>, key: &'static str, known: &[(&str, T)]) -> T {
    let Some(found) = table.text(key) else { return T::default() };
    match known.iter().find(|(name, _)| *name == found.value) {
        Some((_, value)) => *value,
        None => {
            let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
            let remedy = instead(&found.value, names.iter().copied());
            table.faults.add(&found.span, format!("“{}” is not allowed for “{key}”", found.value), remedy);
            T::default()
        }
    }
}

fn rule(
    table: &TableReader<'_, '_, '_>,
    key: &At<String>,
    registers: &IndexMap<String, Register>,
    parts: &mut Vec<At<String>>,
) -> Option<FigureRule> {
    let given: Vec<&str> = RULES.into_iter().filter(|rule| table.has(rule)).collect();
    if given.len() != 1 {
        let message = match given.is_empty() {
            true => format!("the figure “{}” does not say how it is computed", key.value),
            false => format!("the figure “{}” is computed in {} ways at once", key.value, given.len()),
        };
        table.faults.add(&key.span, message, format!("write exactly one of {}", RULES.join(", ")));
        for rule in given {
            table.key_span(rule);
        }
        return None;
    }
    let reader = table.table(RULES.into_iter().find(|rule| given[0] == *rule)?)?;
    let rule = match given[0] {
        "count" => record_set(&reader, registers, None).map(|(records, _)| FigureRule::Count(records)),
        "distinct" => distinct(&reader, registers),
        "sum" => sum(&reader, registers),
        "observations" => observations(&reader),
        comparison => {
            let second = if comparison == "ratio" { "to" } else { "against" };
            let (of, to) = (reader.needed_text("of", "\"…\"")?, reader.needed_text(second, "\"…\"")?);
            let percent = reader.flag("percent");
            parts.extend([of.clone(), to.clone()]);
            Some(match comparison {
                "ratio" => FigureRule::Ratio { of: of.value, to: to.value, percent },
                _ => FigureRule::Change { of: of.value, against: to.value, percent },
            })
        }
    };
    reader.finish();
    rule
}

fn observations(reader: &TableReader<'_, '_, '_>) -> Option<FigureRule> {
    let series = reader.needed_text("series", "\"*/a34004\"");
    let statistic = reader.needed_text("statistic", "\"mean\"")?;
    if !STATISTICS.contains(&statistic.value.as_str()) {
        let remedy = instead(&statistic.value, STATISTICS);
        reader.faults.add(&statistic.span, format!("there is no statistic “{}”", statistic.value), remedy);
    }
    Some(FigureRule::Observations { series: series?.value, statistic: statistic.value })
}

fn record_set<'r>(
    reader: &TableReader<'_, '_, '_>,
    registers: &'r IndexMap<String, Register>,
    rows: Option<&str>,
) -> Option<(RecordSet, &'r Register)> {
    // Asked for here so that an unknown register does not make its other keys look unknown too.
    for key in ["where", "date"] {
        reader.has(key);
    }
    let of = reader.needed_text("of", "\"complaint\"")?;
    let Some(register) = registers.get(&of.value) else {
        let remedy = instead(&of.value, registers.keys().map(String::as_str));
        reader.faults.add(&of.span, format!("there is no register “{}”", of.value), remedy);
        return None;
    };
    let date = match reader.has("date") {
        true => named_field(reader, "date", "", &register.fields, "a date or datetime field", |kind| {
            matches!(kind, FieldKind::Date | FieldKind::DateTime)
        }),
        false => register.date.clone(),
    };
    let filter = match reader.text("where") {
        Some(text) => Some(check_filter(reader.faults, &text, register, rows, registers)?),
        None => None,
    };
    Some((RecordSet { of: of.value, filter, date }, register))
}

/// Reads a filter that stands in a file and reports its fault at the very place.
pub(super) fn check_filter(
    faults: &Faults<'_>,
    text: &At<String>,
    register: &Register,
    rows: Option<&str>,
    registers: &IndexMap<String, Register>,
) -> Option<Filter> {
    match Filter::over(&text.value, register, rows, registers) {
        Ok(filter) => Some(filter),
        Err(error) => {
            let place = |offset: usize| place_in_text(faults.source, &text.span, offset);
            let span: Range<usize> = place(error.span.start)..place(error.span.end);
            faults.add(&span, error.message.en, error.remedy.map(|remedy| remedy.en));
            None
        }
    }
}

fn distinct(reader: &TableReader<'_, '_, '_>, registers: &IndexMap<String, Register>) -> Option<FigureRule> {
    reader.has("field");
    let (records, register) = record_set(reader, registers, None)?;
    let field =
        named_field(reader, "field", "\"enterprise\"", &register.fields, "a field with one plain value", |kind| {
            !matches!(
                kind,
                FieldKind::Table { .. }
                    | FieldKind::Attachment { .. }
                    | FieldKind::Place
                    | FieldKind::Line
                    | FieldKind::Polygon
                    | FieldKind::Choices { .. }
            )
        });
    if register.fields.get(&field).is_some_and(Field::is_hidden) {
        let message = format!("“{field}” is personal or withheld, so its values cannot be told apart");
        reader.faults.add(&reader.key_span("field"), message, None);
    }
    Some(FigureRule::Distinct { records, field })
}

fn sum(reader: &TableReader<'_, '_, '_>, registers: &IndexMap<String, Register>) -> Option<FigureRule> {
    reader.has("field");
    let rows = reader.text("rows");
    let (records, register) = record_set(reader, registers, rows.as_ref().map(|rows| rows.value.as_str()))?;
    let fields: &IndexMap<String, Field> = match &rows {
        None => &register.fields,
        Some(rows) => {
            check_field(reader.faults, rows, &register.fields, "rows", "a table field", |kind| {
                matches!(kind, FieldKind::Table { .. })
            });
            match &register.fields.get(&rows.value)?.kind {
                FieldKind::Table { fields } => fields,
                _ => return None,
            }
        }
    };
    let field =
        named_field(reader, "field", "\"units\"", fields, "a number field", |kind| stored_digits(kind).is_some());
    let stored_digits = fields.get(&field).and_then(|field| stored_digits(&field.kind))?;
    Some(FigureRule::Sum { records, rows: rows.map(|rows| rows.value), field, stored_digits })
}

/// Decimals with which a number field is stored; nothing for other fields.
fn stored_digits(kind: &FieldKind) -> Option<u8> {
    match kind {
        FieldKind::Integer { .. } => Some(0),
        FieldKind::Decimal { digits, .. } | FieldKind::Computed { digits, .. } => Some(*digits),
        FieldKind::Money => Some(2),
        _ => None,
    }
}
