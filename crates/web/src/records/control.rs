//! Controls of a form, made from the fields of a register; and what was entered, back into values.

use std::collections::BTreeMap;

use bilan_records::catalogue::{Field, FieldKind, Register};
use bilan_records::ledger::{FieldFaults, JsonMap, row_label};
use bilan_records::personal::is_mask;
use bilan_records::value::beijing;
use serde_json::{Value as Json, json};

use super::shown::{FileShown, file};
use crate::shell::{Language, Messages};
use crate::submission::Submission;

/// Empty rows offered below the filled ones of a child table.
const SPARE_ROWS: usize = 2;

/// One control.
pub(super) struct Control {
    /// Name under which it is sent.
    pub name: String,
    pub id: String,
    pub label: String,
    pub hint: String,
    /// What the template draws.
    pub kind: &'static str,
    pub value: String,
    /// Key, label, chosen.
    pub options: Vec<(String, String, bool)>,
    pub unit: String,
    pub step: String,
    pub lon: String,
    pub lat: String,
    pub address: String,
    /// Register that a reference chooses from.
    pub to: String,
    pub accept: String,
    pub many: bool,
    pub files: Vec<FileShown>,
    pub heads: Vec<String>,
    pub rows: Vec<Vec<Control>>,
    pub is_required: bool,
    pub faults: Vec<String>,
}

impl Control {
    /// Tells the ids of several forms on one page apart.
    pub fn prefix(&mut self, form: &str) {
        self.id = format!("{form}-{}", self.id);
        for control in self.rows.iter_mut().flatten() {
            control.prefix(form);
        }
    }
}

/// Whether a form offers the field.
pub(super) fn is_entered(field: &Field) -> bool {
    !field.read_only && !field.withheld && !matches!(field.kind, FieldKind::Computed { .. })
}

/// Controls of these fields, with their values and faults.
pub(super) fn controls(
    register: &Register,
    fields: &[&Field],
    values: &JsonMap,
    faults: &FieldFaults,
    language: Language,
) -> Vec<Control> {
    let own = |field: &Field| {
        let about = |fault: &&bilan_records::ledger::FieldFault| {
            fault.field.split(['[', '.']).next() == Some(field.key.as_str())
        };
        let text = |fault: &bilan_records::ledger::FieldFault| {
            let why = if language == Language::Chinese { &fault.why_zh } else { &fault.why };
            let between = language.pick("：", ": ");
            row_label(field, &fault.field, language).map_or_else(|| why.clone(), |row| format!("{row}{between}{why}"))
        };
        faults.0.iter().filter(about).map(text).collect::<Vec<_>>()
    };
    fields
        .iter()
        .map(|field| {
            let mut control = control(field, &field.key, values.get(&field.key).unwrap_or(&Json::Null), language);
            control.faults = own(field);
            if control.kind == "place" && register.place.as_ref() == Some(&field.key) {
                control.hint = language.text("records.place_hint").to_owned();
            }
            control
        })
        .collect()
}

fn control(field: &Field, name: &str, json: &Json, language: Language) -> Control {
    let mut control = Control {
        name: name.to_owned(),
        id: name.replace('.', "-"),
        label: field.label.text(language).to_owned(),
        hint: field.hint.as_ref().map(|hint| hint.text(language).to_owned()).unwrap_or_default(),
        kind: "text",
        value: entered(json),
        options: Vec::new(),
        unit: String::new(),
        step: String::new(),
        lon: String::new(),
        lat: String::new(),
        address: String::new(),
        to: String::new(),
        accept: String::new(),
        many: false,
        files: Vec::new(),
        heads: Vec::new(),
        rows: Vec::new(),
        is_required: field.required,
        faults: Vec::new(),
    };
    if field.personal && is_mask(field, &control.value) {
        // What is kept is masked here; an empty box leaves it as it is. What somebody just typed stays in the box.
        control.hint = language.fill("records.personal_hint", &[("masked", &control.value)]);
        control.value = String::new();
        control.is_required = false;
    }
    draw(&mut control, field, json, language);
    control
}

fn draw(control: &mut Control, field: &Field, json: &Json, language: Language) {
    let choose = |choices: &indexmap::IndexMap<String, bilan_records::catalogue::Label>,
                  chosen: &dyn Fn(&str) -> bool| {
        choices.iter().map(|(key, label)| (key.clone(), label.text(language).to_owned(), chosen(key))).collect()
    };
    let shown_unit =
        |unit: &Option<String>| unit.as_deref().map(|unit| language.unit(unit)).unwrap_or_default().to_owned();
    match &field.kind {
        FieldKind::Text { .. } | FieldKind::Person | FieldKind::Code(_) | FieldKind::Computed { .. } => {}
        FieldKind::LongText { .. } => control.kind = "long",
        FieldKind::Phone => control.kind = "phone",
        FieldKind::Integer { unit, .. } => {
            (control.kind, control.step, control.unit) = ("number", "1".to_owned(), shown_unit(unit));
        }
        FieldKind::Decimal { unit, digits, .. } => {
            (control.kind, control.step, control.unit) = ("number", step(*digits), shown_unit(unit));
        }
        FieldKind::Money => (control.kind, control.step, control.unit) = ("number", step(2), "元".to_owned()),
        FieldKind::Date => control.kind = "date",
        FieldKind::DateTime => {
            control.kind = "datetime";
            if let Ok(at) = control.value.parse::<jiff::Timestamp>() {
                control.value = beijing(at).strftime("%Y-%m-%dT%H:%M").to_string();
            }
        }
        FieldKind::Choice { choices } => {
            control.kind = "choice";
            control.options = choose(choices, &|key| key == control.value);
        }
        FieldKind::Choices { choices } => {
            control.kind = "choices";
            let chosen: Vec<&str> = json.as_array().into_iter().flatten().filter_map(Json::as_str).collect();
            control.options = choose(choices, &|key| chosen.contains(&key));
        }
        FieldKind::YesNo => {
            control.kind = "choice";
            control.options = ["true", "false"]
                .map(|key| {
                    (
                        key.to_owned(),
                        language.text(if key == "true" { "records.yes" } else { "records.no" }).to_owned(),
                        key == control.value,
                    )
                })
                .to_vec();
        }
        FieldKind::Place => {
            control.kind = "place";
            let part = |key: &str| json.get(key).map(entered).unwrap_or_default();
            (control.lon, control.lat, control.address) = (part("lon"), part("lat"), part("address"));
        }
        FieldKind::Line | FieldKind::Polygon => control.kind = "shape",
        FieldKind::Reference { to } => (control.kind, control.to) = ("reference", to.clone()),
        FieldKind::Table { fields } => table(control, fields, json, language),
        FieldKind::Attachment { accept, many, .. } => {
            (control.kind, control.accept, control.many) = ("files", accept.join(","), *many);
            control.files = json.as_array().into_iter().flatten().filter_map(file).collect();
        }
    }
}

fn table(control: &mut Control, fields: &indexmap::IndexMap<String, Field>, json: &Json, language: Language) {
    control.kind = "table";
    control.heads = fields.values().map(|field| field.label.text(language).to_owned()).collect();
    let filled = json.as_array().map_or(0, Vec::len);
    let name = control.name.clone();
    control.rows = (0..filled + SPARE_ROWS)
        .map(|row| {
            let cell = |field: &Field| {
                let value = json.get(row).and_then(|row| row.get(&field.key)).unwrap_or(&Json::Null);
                let mut cell = self::control(field, &format!("{name}.{row}.{}", field.key), value, language);
                // A spare row may stay empty.
                cell.is_required &= row < filled;
                cell
            };
            fields.values().map(cell).collect()
        })
        .collect();
}

fn step(digits: u8) -> String {
    if digits == 0 { "1".to_owned() } else { format!("0.{}1", "0".repeat(usize::from(digits) - 1)) }
}

/// A value as it stands in a box.
fn entered(json: &Json) -> String {
    match json {
        Json::Null => String::new(),
        Json::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// What a form says about these fields; a field that it does not hold is left out. Files are taken apart.
pub(super) fn values(fields: &[&Field], form: &Submission) -> JsonMap {
    let mut values = JsonMap::new();
    for field in fields {
        if let Some(value) = value(field, &field.key, form) {
            values.insert(field.key.clone(), value);
        }
    }
    values
}

fn value(field: &Field, name: &str, form: &Submission) -> Option<Json> {
    let text =
        |name: &str| form.get(name).map(|text| if text.trim().is_empty() { Json::Null } else { Json::from(text) });
    match &field.kind {
        FieldKind::Computed { .. } | FieldKind::Attachment { .. } => None,
        _ if field.personal => text(name).filter(|value| !value.is_null()),
        FieldKind::Choices { .. } => {
            // A box that is not ticked is not sent; the marker says that the boxes were there.
            form.get(&format!("{name}.offered"))?;
            Some(json!(form.all(name)))
        }
        FieldKind::Place => place(name, form),
        FieldKind::Line | FieldKind::Polygon => {
            let text = form.get(name)?.trim();
            Some(if text.is_empty() {
                Json::Null
            } else {
                serde_json::from_str(text).unwrap_or_else(|_| Json::from(text))
            })
        }
        FieldKind::Table { fields } => Some(rows(fields, name, form)),
        _ => text(name),
    }
}

fn place(name: &str, form: &Submission) -> Option<Json> {
    let part = |part: &str| form.get(&format!("{name}.{part}")).map(str::trim);
    let (lon, lat, address) = (part("lon")?, part("lat")?, part("address").unwrap_or_default());
    if lon.is_empty() && lat.is_empty() && address.is_empty() {
        return Some(Json::Null);
    }
    let mut place = JsonMap::new();
    for (key, text) in [("lon", lon), ("lat", lat)] {
        if !text.is_empty() {
            // What is no number is refused with its text by the ledger.
            let number = text.parse::<f64>().ok().and_then(serde_json::Number::from_f64);
            place.insert(key.to_owned(), number.map_or_else(|| Json::from(text), Json::Number));
        }
    }
    if !address.is_empty() {
        place.insert("address".to_owned(), Json::from(address));
    }
    Some(Json::Object(place))
}

/// Rows of a child table: `name.ROW.field`; rows without any text are left out.
fn rows(fields: &indexmap::IndexMap<String, Field>, name: &str, form: &Submission) -> Json {
    let start = format!("{name}.");
    let mut numbers: BTreeMap<usize, ()> = BTreeMap::new();
    for (key, text) in &form.fields {
        let row = key.strip_prefix(&start).and_then(|rest| rest.split('.').next()?.parse().ok());
        if let Some(row) = row.filter(|_| !text.trim().is_empty()) {
            numbers.insert(row, ());
        }
    }
    let row = |row: usize| -> JsonMap {
        let cells = fields
            .values()
            .filter_map(|field| Some((field.key.clone(), value(field, &format!("{name}.{row}.{}", field.key), form)?)));
        cells.filter(|(_, value)| !value.is_null()).collect()
    };
    numbers.keys().map(|number| Json::Object(row(*number))).collect()
}

#[cfg(test)]
mod tests {
    use bilan_records::catalogue::Label;

    use super::*;

    fn field(key: &str, kind: FieldKind) -> Field {
        Field {
            key: key.to_owned(),
            label: Label { zh: key.to_owned(), en: key.to_owned() },
            hint: None,
            kind,
            required: false,
            unique: false,
            personal: false,
            withheld: false,
            search: false,
            read_only: false,
            detail: false,
            checks: bilan_records::catalogue::Checks::default(),
        }
    }

    fn form(pairs: &[(&str, &str)]) -> Submission {
        let fields = pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        Submission { fields, files: Vec::new() }
    }

    #[test]
    fn a_place_is_read_from_its_three_boxes() {
        let place = field("place", FieldKind::Place);
        let given =
            values(&[&place], &form(&[("place.lon", "112.98"), ("place.lat", "28.1"), ("place.address", "湘府路")]));
        assert_eq!(Json::Object(given), json!({"place": {"lon": 112.98, "lat": 28.1, "address": "湘府路"}}));
        let wrong = values(&[&place], &form(&[("place.lon", "east"), ("place.lat", "")]));
        assert_eq!(Json::Object(wrong), json!({"place": {"lon": "east"}}), "the ledger says what is wrong with it");
        assert_eq!(values(&[&place], &form(&[])), JsonMap::new(), "a form without the boxes says nothing about it");
    }

    #[test]
    fn rows_of_a_table_keep_their_order_and_lose_the_empty_ones() {
        let fields = [
            field("kind", FieldKind::Text { max: 20 }),
            field("units", FieldKind::Integer { unit: None, min: None, max: None }),
        ];
        let table = field(
            "measures",
            FieldKind::Table { fields: fields.into_iter().map(|field| (field.key.clone(), field)).collect() },
        );
        let sent = form(&[
            ("measures.10.kind", "b"),
            ("measures.2.kind", "a"),
            ("measures.2.units", "3"),
            ("measures.11.kind", " "),
        ]);
        let given = values(&[&table], &sent);
        assert_eq!(Json::Object(given), json!({"measures": [{"kind": "a", "units": "3"}, {"kind": "b"}]}));
    }

    #[test]
    fn an_empty_personal_box_changes_nothing() {
        let mut person = field("complainant", FieldKind::Person);
        person.personal = true;
        assert!(values(&[&person], &form(&[("complainant", "")])).is_empty());
    }
}
