//! From `registers/KEY.toml` to a [`Register`], with every fault inside the file.
//!
//! What needs the other registers (references, filters) is left in the [`Draft`] for [`super::load`].

use std::ops::Range;

use indexmap::IndexMap;

use super::{
    PublicView, Register, SYSTEMS, read_deadline, read_field, read_map, read_workflow,
    reader::{At, Faults, TableReader, instead, parse},
    register::{Field, FieldKind, Permissions, Role, Workflow},
};

/// A register whose file is right in itself, with what has still to be looked up in other files.
pub(super) struct Draft {
    pub register: Register,
    /// Where its key stands.
    pub key: At<String>,
    /// Registers that its fields refer to.
    pub references: Vec<At<String>>,
    /// Filter of its public view.
    pub public_filter: Option<At<String>>,
    /// Reference by which its records are placed on the map.
    pub placed_at: Option<At<String>>,
    /// Where its place among the first layers of the map stands.
    pub first_layer: Range<usize>,
}

/// Names that stand for columns which every record has.
pub(super) const SYSTEM_COLUMNS: [&str; 8] =
    ["number", "state", "cell", "version", "created_at", "created_by", "changed_at", "changed_by"];

pub(super) fn read(faults: &Faults<'_>) -> Option<Draft> {
    let source = faults.source;
    let table = parse(source, faults);
    let file = TableReader::new(table.get_ref(), 0..0, "a register", faults);
    let key = file.needed_text("key", &format!("\"{}\"", source.stem()))?;
    if key.value != source.stem() {
        let remedy = format!("write key = \"{}\" or rename the file", source.stem());
        faults.add(&key.span, format!("the key “{}” is not the name of the file", key.value), remedy);
    }
    let system = read_system(&file);
    let label = file.needed_label("label");
    let description = file.label("description").unwrap_or_else(|| label.clone());
    let number = file.needed_text("number", "\"TS{yyyy}{seq:5}\"");
    if let Some(number) = &number {
        check_number(number, faults);
    }
    let mut references = Vec::new();
    let fields = read_field::fields(&file, true, &mut references);
    let workflow = read_workflow::read(&file, &fields);
    check_read_only(&file, &fields, workflow.as_ref());
    let deadlines = read_deadline::read(&file, &fields, workflow.as_ref());
    let (public, public_filter) = read_public(&file, &fields);
    let first_layer = file.table("map").map(|map| map.key_span("first")).unwrap_or_default();
    let (map, placed_at) = read_map::read(&file, &fields);
    let register = Register {
        key: key.value.clone(),
        system,
        label,
        description,
        number: number.map(|number| number.value).unwrap_or_default(),
        date: named_field(&file, "date", "\"received_at\"", &fields, "a date or datetime field", is_dated),
        title: named_field(&file, "title", "\"subject\"", &fields, "a field of one line", is_line),
        place: file.has("place").then(|| {
            named_field(&file, "place", "", &fields, "a place field", |kind| matches!(kind, FieldKind::Place))
        }),
        known_by: read_known_by(&file, &fields),
        list: read_list(&file, &fields, workflow.as_ref()),
        permissions: read_permissions(&file),
        fields,
        workflow,
        deadlines,
        public,
        map,
        case: file.flag("case"),
    };
    file.finish();
    Some(Draft { register, key, references, public_filter, placed_at, first_layer })
}

/// Every field that people may not write must be filled by a step.
fn check_read_only(file: &TableReader<'_, '_, '_>, fields: &IndexMap<String, Field>, workflow: Option<&Workflow>) {
    let steps = || workflow.into_iter().flat_map(|workflow| workflow.steps.values());
    let is_filled = |key: &String| {
        steps().any(|step| {
            let is_set = step.stamps.as_ref() == Some(key) || step.signs.as_ref() == Some(key);
            is_set || step.asks.contains(key) || step.needs.contains(key)
        })
    };
    for (key, reader) in file.named_tables("fields", "field") {
        if fields.get(&key.value).is_some_and(|field| field.read_only) && !is_filled(&key.value) {
            let message =
                format!("the field “{}” is read-only and no step fills it: it stays empty for ever", key.value);
            let remedy =
                format!("name it in the “asks” or “stamps” of a step, or take read_only out of “{}”", key.value);
            reader.faults.add(&reader.key_span("read_only"), message, remedy);
        }
    }
}

pub(super) fn read_system(file: &TableReader<'_, '_, '_>) -> String {
    let Some(system) = file.needed_text("system", "\"complaint\"") else { return String::new() };
    if !SYSTEMS.contains(&system.value.as_str()) {
        let remedy = instead(&system.value, SYSTEMS);
        file.faults.add(&system.span, format!("there is no system “{}”", system.value), remedy);
    }
    system.value
}

fn check_number(number: &At<String>, faults: &Faults<'_>) {
    let mut sequences = 0;
    let mut rest = number.value.as_str();
    while let Some(open) = rest.find('{') {
        let Some(length) = rest[open..].find('}') else {
            faults.add(
                &number.span,
                "a “{” in the number format is not closed",
                "write {yyyy}, {mm} or {seq:5}".to_owned(),
            );
            return;
        };
        let part = &rest[open + 1..open + length];
        let digits = part.strip_prefix("seq:").and_then(|digits| digits.parse::<u8>().ok());
        match digits {
            Some(1..=9) => sequences += 1,
            _ if matches!(part, "yyyy" | "mm") => {}
            _ => {
                let message = format!("“{{{part}}}” is no part of a number format");
                faults.add(&number.span, message, "write {yyyy}, {mm} or {seq:5}".to_owned());
            }
        }
        rest = &rest[open + length + 1..];
    }
    if sequences != 1 {
        let message = "a number format needs {seq:N} exactly once, or two records would share a number";
        faults.add(&number.span, message, "for example: TS{yyyy}{seq:5}".to_owned());
    }
}

fn is_dated(kind: &FieldKind) -> bool {
    matches!(kind, FieldKind::Date | FieldKind::DateTime)
}

fn is_line(kind: &FieldKind) -> bool {
    !matches!(kind, FieldKind::Table { .. } | FieldKind::Attachment { .. } | FieldKind::Line | FieldKind::Polygon)
}

/// A key of the file that must name a field of a certain type.
pub(super) fn named_field(
    file: &TableReader<'_, '_, '_>,
    key: &'static str,
    example: &str,
    fields: &IndexMap<String, Field>,
    wanted: &str,
    fits: impl Fn(&FieldKind) -> bool,
) -> String {
    let Some(name) = file.needed_text(key, example) else { return String::new() };
    check_field(file.faults, &name, fields, key, wanted, fits);
    name.value
}

/// Reports a name that is no field, or a field of another type than wanted.
pub(super) fn check_field(
    faults: &Faults<'_>,
    name: &At<String>,
    fields: &IndexMap<String, Field>,
    key: &str,
    wanted: &str,
    fits: impl Fn(&FieldKind) -> bool,
) {
    match fields.get(&name.value) {
        None => {
            let fitting = fields.values().filter(|field| fits(&field.kind)).map(|field| field.key.as_str());
            let remedy = instead(&name.value, fitting);
            let message = format!("“{key}” names “{}”, which is no field of this register", name.value);
            faults.unknown(&name.span, &name.value, message, remedy);
        }
        Some(field) if !fits(&field.kind) => {
            let fitting: Vec<&str> =
                fields.values().filter(|field| fits(&field.kind)).map(|field| field.key.as_str()).collect();
            let remedy = (!fitting.is_empty()).then(|| format!("fields that fit: {}", fitting.join(", ")));
            let kind = field.kind.name();
            faults.add(&name.span, format!("“{key}” needs {wanted}; “{}” is of type {kind}", name.value), remedy);
        }
        Some(field) if field.withheld => {
            let message = format!("“{key}” names “{}”, which is withheld: it is shown to nobody", name.value);
            faults.add(&name.span, message, format!("take it out of “{key}”"));
        }
        Some(_) => {}
    }
}

fn read_known_by(file: &TableReader<'_, '_, '_>, fields: &IndexMap<String, Field>) -> Vec<String> {
    let names = file.names("known_by");
    for name in &names {
        check_field(file.faults, name, fields, "known_by", "a text, choice or code field", |kind| {
            matches!(kind, FieldKind::Text { .. } | FieldKind::Choice { .. } | FieldKind::Code(_))
        });
        if fields.get(&name.value).is_some_and(|field| field.personal) {
            let message = format!("“known_by” names “{}”, which is encrypted and cannot be looked up", name.value);
            file.faults.add(&name.span, message, "take it out of “known_by”".to_owned());
        }
    }
    names.into_iter().map(|name| name.value).collect()
}

fn read_list(
    file: &TableReader<'_, '_, '_>,
    fields: &IndexMap<String, Field>,
    workflow: Option<&Workflow>,
) -> Vec<String> {
    if !file.has("list") {
        file.missing("list", "[\"number\", \"state\"]");
    }
    let names = file.texts("list");
    for name in &names {
        if name.value == "state" && workflow.is_none() {
            file.faults.add(&name.span, "the list shows “state”, but the register has no workflow", None);
        } else if !SYSTEM_COLUMNS.contains(&name.value.as_str()) {
            check_field(file.faults, name, fields, "list", "a field that fits into a list", |kind| {
                !matches!(kind, FieldKind::Table { .. })
            });
        }
    }
    names.into_iter().map(|name| name.value).collect()
}

pub(super) fn read_roles(table: &TableReader<'_, '_, '_>, key: &'static str) -> Vec<Role> {
    table.texts(key).iter().filter_map(|name| role(table.faults, name)).collect()
}

pub(super) fn role(faults: &Faults<'_>, name: &At<String>) -> Option<Role> {
    let found = Role::ALL.into_iter().find(|role| role.key() == name.value);
    if found.is_none() {
        let remedy = instead(&name.value, Role::ALL.map(Role::key));
        faults.add(&name.span, format!("there is no role “{}”", name.value), remedy);
    }
    found
}

fn read_permissions(file: &TableReader<'_, '_, '_>) -> Permissions {
    let Some(table) = file.table("permissions") else {
        file.missing("permissions", "{ create = [\"handler\"], edit = [\"handler\"], delete = [\"head\"] }");
        return Permissions::default();
    };
    let permissions = Permissions {
        read: read_roles(&table, "read"),
        create: read_roles(&table, "create"),
        edit: read_roles(&table, "edit"),
        delete: read_roles(&table, "delete"),
        unmask: read_roles(&table, "unmask"),
    };
    table.finish();
    permissions
}

fn read_public(
    file: &TableReader<'_, '_, '_>,
    fields: &IndexMap<String, Field>,
) -> (Option<PublicView>, Option<At<String>>) {
    let Some(table) = file.table("public") else { return (None, None) };
    let show = table.texts("show");
    for name in &show {
        if SYSTEM_COLUMNS.contains(&name.value.as_str()) {
            continue;
        }
        check_field(table.faults, name, fields, "show", "a field", |_| true);
        if fields.get(&name.value).is_some_and(|field| field.personal) {
            let message = format!("“{}” is personal and may not be shown to the public", name.value);
            table.faults.add(&name.span, message, "take it out of “show”".to_owned());
        }
    }
    if !table.has("show") {
        table.missing("show", "[\"number\", \"state\"]");
    }
    let filter = table.text("filter");
    table.finish();
    let view = PublicView {
        show: show.into_iter().map(|name| name.value).collect(),
        filter: filter.as_ref().map(|filter| filter.value.clone()),
    };
    (Some(view), filter)
}
