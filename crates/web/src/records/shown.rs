//! Values as a record's page shows them.

use bilan_records::actor::{Act, Actor, Scope};
use bilan_records::catalogue::{Field, FieldKind, Register};
use bilan_records::ledger::{Ledger, Record};
use bilan_records::value::Value;
use jiff::Timestamp;
use serde_json::Value as Json;

use super::address;
use crate::people::People;
use crate::shell::Language;

/// A field with its value.
pub(super) struct Shown {
    pub key: String,
    pub label: String,
    /// What the template does with it: `text`, `long`, `place`, `shape`, `files`, `table`, `link`, `personal`.
    pub kind: &'static str,
    pub text: String,
    pub address: String,
    pub lon: String,
    pub lat: String,
    pub shape: String,
    pub files: Vec<FileShown>,
    pub heads: Vec<String>,
    pub rows: Vec<Vec<String>>,
    pub may_unmask: bool,
    /// Shown folded away.
    pub is_detail: bool,
}

/// A file of a record.
pub(super) struct FileShown {
    pub name: String,
    pub sha: String,
    pub is_image: bool,
}

/// Look of a state: closed ones are calm, the first one calls.
pub(crate) fn badge(register: &Register, state: Option<&str>) -> &'static str {
    let Some((workflow, state)) = register.workflow.as_ref().zip(state) else { return "neutral" };
    match workflow.states.get(state) {
        Some(found) if found.closed => "ok",
        Some(_) if workflow.initial == state => "warn",
        Some(_) => "info",
        None => "neutral",
    }
}

/// Every filled field of a record, in the order of the register.
pub(super) fn fields(
    ledger: &Ledger,
    actor: &Actor,
    register: &Register,
    record: &Record,
    as_of: Option<Timestamp>,
    people: &People,
) -> Vec<Shown> {
    let may_unmask = as_of.is_none() && actor.scope(register, Act::Unmask) != Scope::Nothing;
    let filled = register.fields.values().filter_map(|field| Some((field, record.value(field)?)));
    let filled = filled.filter(|(_, json)| !bilan_records::value::is_blank(json));
    filled.map(|(field, json)| shown(ledger, actor, field, json, as_of, people, may_unmask)).collect()
}

fn shown(
    ledger: &Ledger,
    actor: &Actor,
    field: &Field,
    json: &Json,
    as_of: Option<Timestamp>,
    people: &People,
    may_unmask: bool,
) -> Shown {
    let language = people.language;
    let mut shown = Shown {
        key: field.key.clone(),
        label: field.label.text(language).to_owned(),
        kind: "text",
        text: named(field, json, people),
        address: String::new(),
        lon: String::new(),
        lat: String::new(),
        shape: String::new(),
        files: Vec::new(),
        heads: Vec::new(),
        rows: Vec::new(),
        may_unmask: field.personal && may_unmask,
        is_detail: field.detail,
    };
    if field.personal {
        shown.kind = "personal";
        shown.text = json.as_str().map_or_else(|| "***".to_owned(), str::to_owned);
        return shown;
    }
    match &field.kind {
        FieldKind::LongText { .. } => shown.kind = "long",
        FieldKind::Reference { to } => {
            let number = json.as_str().unwrap_or_default();
            shown.kind = "link";
            shown.address = address(to, number);
            shown.text = title(ledger, actor, to, number, as_of);
        }
        FieldKind::Place => {
            shown.kind = "place";
            let part = |key: &str| {
                json.get(key).filter(|value| value.is_number()).map(ToString::to_string).unwrap_or_default()
            };
            (shown.lon, shown.lat) = (part("lon"), part("lat"));
            shown.text = json.get("address").and_then(Json::as_str).unwrap_or_default().to_owned();
        }
        FieldKind::Line | FieldKind::Polygon => {
            shown.kind = "shape";
            shown.shape = json.to_string();
        }
        FieldKind::Attachment { .. } => {
            shown.kind = "files";
            shown.files = json.as_array().into_iter().flatten().filter_map(file).collect();
        }
        FieldKind::Table { fields } => {
            shown.kind = "table";
            shown.heads = fields.values().map(|field| field.label.text(language).to_owned()).collect();
            let row = |row: &Json| {
                fields
                    .values()
                    .map(|field| row.get(&field.key).map_or_else(String::new, |cell| text(field, cell, language)))
                    .collect()
            };
            shown.rows = json.as_array().into_iter().flatten().map(row).collect();
        }
        _ => {}
    }
    shown
}

pub(super) fn file(json: &Json) -> Option<FileShown> {
    let name = json.get("name")?.as_str()?.to_owned();
    let ending = name.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
    Some(FileShown {
        sha: json.get("sha")?.as_str()?.to_owned(),
        is_image: matches!(ending.as_str(), "jpg" | "jpeg" | "png" | "gif" | "webp"),
        name,
    })
}

/// A value as text; an account that stands for a person by the person's name.
pub(super) fn named(field: &Field, json: &Json, people: &People) -> String {
    match (&field.kind, json.as_str()) {
        (FieldKind::Person, Some(person)) if !field.personal => people.name(person).to_owned(),
        _ => text(field, json, people.language),
    }
}

/// A value as text.
pub(super) fn text(field: &Field, json: &Json, language: Language) -> String {
    if bilan_records::value::is_blank(json) {
        return String::new();
    }
    match Value::from_json(field, json) {
        Ok(value) => value.display(field, language),
        // Masked and computed values are shown as they come.
        Err(_) => json.as_str().map_or_else(|| plain(field, json, language), str::to_owned),
    }
}

fn plain(field: &Field, json: &Json, language: Language) -> String {
    let unit = match &field.kind {
        FieldKind::Computed { unit: Some(unit), .. } => format!(" {}", language.unit(unit)),
        _ => String::new(),
    };
    format!("{json}{unit}")
}

/// Number and title of a record that is referred to.
fn title(ledger: &Ledger, actor: &Actor, register: &str, number: &str, as_of: Option<Timestamp>) -> String {
    let Some(known) = ledger.catalogue().registers.get(register) else { return number.to_owned() };
    match ledger.record(actor, register, number, as_of) {
        Ok(record) => match record.title(known) {
            Some(title) => format!("{title}（{number}）"),
            None => number.to_owned(),
        },
        Err(_) => number.to_owned(),
    }
}
