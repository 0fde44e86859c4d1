//! Checks given values against a register: every fault is found, and what is left is in canonical external form.

use indexmap::IndexMap;
use serde_json::{Map, Value as Json};

use super::{computed, error::FieldFault, record::JsonMap};
use crate::{
    actor::Actor,
    catalogue::{Catalogue, Field, FieldKind, Register},
    value::Value,
};

/// Keys of a record that are not fields but may come with an import.
pub(crate) const SYSTEM_KEYS: [&str; 2] = ["number", "state"];

/// Keys that an export writes and an import passes over, because the system makes them.
pub(crate) const PASSED_OVER: [&str; 8] =
    ["cell", "version", "created_at", "created_by", "changed_at", "changed_by", "simulated", "id"];

/// Rows that a child table of one record may have. A month of hourly rows is 744 and a year of daily rows is 366; each
/// change of the record keeps and journals the whole table, so what is longer belongs in a register of its own.
pub(crate) const MOST_ROWS: usize = 2_000;

/// Files that one field of one record may have; each is looked up when the record is written.
pub(crate) const MOST_FILES: usize = 200;

/// Why a withheld field is not taken from anybody, in English and Chinese.
pub(crate) const WITHHELD: (&str, &str) =
    ("is made by the system and neither given nor changed by hand", "由系统生成，不能填写或更改");

/// Faults that are listed for one record; what comes after them is not looked at.
const MOST_FAULTS: usize = 1_000;

/// Given values that were checked against their register, before anything of the database was asked.
#[derive(Debug, Clone)]
pub(crate) struct Checked {
    /// Values in canonical form; `Json::Null` takes a value away.
    pub values: JsonMap,
    /// What is wrong with them.
    pub faults: Vec<FieldFault>,
}

impl Checked {
    /// Checks values without the database, so that it can be done before a writer's turn.
    pub(crate) fn of(register: &Register, given: &JsonMap, may_fill_read_only: bool) -> Self {
        let (values, faults) = values(register, given, may_fill_read_only);
        Self { values, faults }
    }

    /// Checks the values of a record that an actor enters, by whatever way: what is withheld is given by the program alone.
    pub(crate) fn entered(actor: &Actor, register: &Register, given: &JsonMap, may_fill_read_only: bool) -> Self {
        let mut checked = Self::of(register, given, may_fill_read_only);
        if !actor.is_program() {
            checked.refuse_withheld(register, given);
        }
        checked
    }

    /// Checks values by which a record is changed: what is withheld is changed by nobody.
    pub(crate) fn changed(register: &Register, given: &JsonMap, may_fill_read_only: bool) -> Self {
        let mut checked = Self::of(register, given, may_fill_read_only);
        checked.refuse_withheld(register, given);
        checked
    }

    /// Adds a fault for each withheld field that is given: its value is made by the program for somebody outside, and to
    /// set or empty it would shut that person out.
    fn refuse_withheld(&mut self, register: &Register, given: &JsonMap) {
        for field in register.fields.values().filter(|field| field.withheld) {
            if !given.contains_key(&field.key) {
                continue;
            }
            self.leave_alone(&field.key);
            // What was sent is not repeated: it may be somebody's code.
            self.faults.push(fault(&field.key, &Json::Null, WITHHELD.0, WITHHELD.1));
        }
    }

    /// What was given, in canonical form: what two writes that ask for the same have in common. With a fault nothing is written, and it is what it is.
    pub(crate) fn as_read(&self, given: &JsonMap) -> JsonMap {
        if !self.faults.is_empty() {
            return given.clone();
        }
        let named = SYSTEM_KEYS.iter().filter_map(|key| Some(((*key).to_owned(), given.get(*key)?.clone())));
        self.values.clone().into_iter().chain(named).collect()
    }

    /// Leaves a field as it stands: neither its value nor its faults count.
    pub(crate) fn leave_alone(&mut self, key: &str) {
        self.values.remove(key);
        self.faults.retain(|fault| {
            let rest = fault.field.strip_prefix(key);
            !rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['[', '.']))
        });
    }
}

/// Given values in canonical form; `Json::Null` takes a value away.
fn values(register: &Register, given: &JsonMap, may_fill_read_only: bool) -> (JsonMap, Vec<FieldFault>) {
    let mut faults = Vec::new();
    let mut checked = Map::new();
    for (key, value) in given {
        if SYSTEM_KEYS.contains(&key.as_str()) || PASSED_OVER.contains(&key.as_str()) {
            continue;
        }
        let Some(field) = register.fields.get(key) else {
            if faults.len() >= MOST_FAULTS {
                continue;
            }
            faults.push(fault(
                key,
                value,
                format!("“{}” has no such field", register.label.en),
                format!("“{}”没有这个字段", register.label.zh),
            ));
            continue;
        };
        if matches!(field.kind, FieldKind::Computed { .. }) {
            continue;
        }
        if field.read_only && !may_fill_read_only && !is_empty(value) {
            faults.push(fault(
                key,
                value,
                "is filled by the system or by a step, not by hand",
                "由系统或办理步骤填写，不能手工填写",
            ));
            continue;
        }
        checked.insert(key.clone(), one(field, value, key, &mut faults));
    }
    (checked, faults)
}

pub(crate) use crate::value::is_blank as is_empty;

fn one(field: &Field, value: &Json, path: &str, faults: &mut Vec<FieldFault>) -> Json {
    if is_empty(value) {
        return Json::Null;
    }
    match (&field.kind, value) {
        (FieldKind::Table { fields }, _) => return table(fields, value, path, faults),
        (FieldKind::Attachment { .. }, Json::Array(files)) if files.len() > MOST_FILES => {
            faults.push(too_many(path, files.len(), MOST_FILES, ("files", "个文件")));
            return Json::Null;
        }
        _ => {}
    }
    match Value::from_json(field, value) {
        Ok(checked) => checked.to_json(),
        Err(why) => {
            faults.push(fault(path, value, why.to_string(), why.zh()));
            Json::Null
        }
    }
}

fn table(fields: &IndexMap<String, Field>, value: &Json, path: &str, faults: &mut Vec<FieldFault>) -> Json {
    let Json::Array(rows) = value else {
        faults.push(fault(path, value, "must be a list of rows", "应为行的列表"));
        return Json::Null;
    };
    if rows.len() > MOST_ROWS {
        faults.push(too_many(path, rows.len(), MOST_ROWS, ("rows", "行")));
        return Json::Null;
    }
    let mut checked = Vec::with_capacity(rows.len());
    for (index, row) in rows.iter().enumerate() {
        if faults.len() >= MOST_FAULTS {
            break;
        }
        let path = format!("{path}[{}]", index + 1);
        match row {
            Json::Object(row) => checked.push(Json::Object(table_row(fields, row, &path, faults))),
            _ => faults.push(fault(&path, row, "must be a row with fields", "应为含字段的一行")),
        }
    }
    Json::Array(checked)
}

fn table_row(fields: &IndexMap<String, Field>, row: &JsonMap, path: &str, faults: &mut Vec<FieldFault>) -> JsonMap {
    // Only the faults of this row are looked through: a table of many wrong rows would cost the square of them.
    let of_other_rows = faults.len();
    let mut checked = Map::new();
    for (key, value) in row {
        if faults.len() >= MOST_FAULTS {
            break;
        }
        match fields.get(key) {
            Some(field) if matches!(field.kind, FieldKind::Computed { .. }) => {}
            None => faults.push(fault(&format!("{path}.{key}"), value, "there is no such field", "没有这个字段")),
            Some(field) => {
                let value = one(field, value, &format!("{path}.{key}"), faults);
                if !value.is_null() {
                    checked.insert(key.clone(), value);
                }
            }
        }
    }
    computed::fill(fields.values(), &mut checked);
    for field in fields.values().filter(|field| field.required && !checked.contains_key(&field.key)) {
        let path = format!("{path}.{}", field.key);
        if !faults[of_other_rows..].iter().any(|fault| fault.field == path) {
            faults.push(missing(&path));
        }
    }
    checked
}

fn too_many(path: &str, found: usize, most: usize, (what, what_zh): (&str, &str)) -> FieldFault {
    FieldFault {
        field: path.to_owned(),
        found: found.to_string(),
        why: format!("has {found} {what}; one record may have {most} here, split it into several records"),
        why_zh: format!("有{found}{what_zh}；一条记录此处至多{most}{what_zh}，请分成几条记录"),
    }
}

/// A value that must be there and is not.
pub(crate) fn missing(path: &str) -> FieldFault {
    FieldFault {
        field: path.to_owned(), found: String::new(), why: "must be filled".into(), why_zh: "必须填写".into()
    }
}

/// A number that no record of the register has, or none that may be referred to.
pub(crate) fn no_such_record(catalogue: &Catalogue, register: &str, path: &str, number: &Json) -> FieldFault {
    let label = catalogue.registers.get(register).map(|register| &register.label);
    let (zh, en) = label.map_or((register, register), |label| (label.zh.as_str(), label.en.as_str()));
    fault(path, number, format!("there is no record with this number in “{en}”"), format!("“{zh}”中没有该编号的记录"))
}

/// A fault with what was found, shortened so that a message stays a message.
pub(crate) fn fault(path: &str, found: &Json, why: impl Into<String>, why_zh: impl Into<String>) -> FieldFault {
    let text =
        found.as_str().map_or_else(|| if found.is_null() { String::new() } else { found.to_string() }, str::to_owned);
    let found = if text.chars().count() > 80 { text.chars().take(79).chain(['…']).collect() } else { text };
    FieldFault { field: path.to_owned(), found, why: why.into(), why_zh: why_zh.into() }
}
