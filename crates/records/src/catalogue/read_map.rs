//! `[map]` of a register file: mark, colour, whether its layer is on at first, and by which reference its records are placed.

use indexmap::IndexMap;

use super::{
    MapLayer,
    read_register::check_field,
    reader::{At, TableReader, instead},
    register::{Field, FieldKind},
};

/// What the file says; the reference by which records are placed is left to be looked up in the other files.
pub(super) fn read(file: &TableReader<'_, '_, '_>, fields: &IndexMap<String, Field>) -> (MapLayer, Option<At<String>>) {
    let Some(table) = file.table("map") else { return (MapLayer::default(), None) };
    let mut layer =
        MapLayer { mark: table.text("mark").and_then(|mark| character(&table, mark)), ..MapLayer::default() };
    if let Some(colour) = table.text("colour") {
        if is_colour(&colour.value) {
            layer.colour = colour.value;
        } else {
            let message = format!("“{}” is no colour", colour.value);
            table.faults.add(&colour.span, message, "write it as \"#1769aa\"".to_owned());
        }
    }
    layer.first = table.integer_between("first", 1, 99).and_then(|place| u32::try_from(place).ok());
    let at = table.text("at");
    if let Some(at) = &at {
        check_field(table.faults, at, fields, "at", "a reference to a register with a place", |kind| {
            matches!(kind, FieldKind::Reference { .. })
        });
        layer.at = Some(at.value.clone());
    }
    let by = table.text("mark_by");
    if let Some(by) = &by {
        check_field(table.faults, by, fields, "mark_by", "a choice", |kind| matches!(kind, FieldKind::Choice { .. }));
        layer.mark_by = Some(by.value.clone());
    }
    if let Some(marks) = table.table("marks") {
        layer.marks = read_marks(&table, &marks, by.as_ref(), fields);
    }
    table.finish();
    (layer, at)
}

fn read_marks(
    table: &TableReader<'_, '_, '_>,
    marks: &TableReader<'_, '_, '_>,
    by: Option<&At<String>>,
    fields: &IndexMap<String, Field>,
) -> IndexMap<String, String> {
    let Some(by) = by else {
        table.faults.add(
            &marks.span,
            "“marks” needs “mark_by”",
            "add: mark_by = \"kind\", the choice that has them".to_owned(),
        );
        return IndexMap::new();
    };
    let choices = match fields.get(&by.value).map(|field| &field.kind) {
        Some(FieldKind::Choice { choices }) => choices.clone(),
        _ => IndexMap::new(),
    };
    let mut read = IndexMap::new();
    for (key, mark) in marks.all_texts() {
        if !choices.contains_key(&key.value) {
            let remedy = instead(&key.value, choices.keys().map(String::as_str));
            let message = format!("“{}” is no choice of “{}”", key.value, by.value);
            table.faults.add(&key.span, message, remedy);
        }
        if let Some(mark) = character(table, mark) {
            read.insert(key.value, mark);
        }
    }
    read
}

fn character(table: &TableReader<'_, '_, '_>, mark: At<String>) -> Option<String> {
    if mark.value.chars().count() == 1 {
        return Some(mark.value);
    }
    let message = format!("“{}” does not fit on a mark", mark.value);
    table.faults.add(&mark.span, message, "write one character, for example \"警\"".to_owned());
    None
}

fn is_colour(text: &str) -> bool {
    text.strip_prefix('#')
        .is_some_and(|digits| digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
}
