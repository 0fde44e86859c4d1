//! Checks given values against a register: every fault is found, and what is left is in canonical external form.

use indexmap::IndexMap;
use serde_json::{Map, Value as Json};

use super::{computed, error::FieldFault, record::JsonMap};
use crate::{
    catalogue::{Field, FieldKind, Register},
    value::Value,
};

/// Keys of a record that are not fields but may come with an import.
pub(crate) const SYSTEM_KEYS: [&str; 2] = ["number", "state"];

/// Keys that an export writes and an import passes over, because the system makes them.
pub(crate) const PASSED_OVER: [&str; 8] =
    ["cell", "version", "created_at", "created_by", "changed_at", "changed_by", "simulated", "id"];

/// Given values in canonical form; `Json::Null` takes a value away.
pub(crate) fn values(register: &Register, given: &JsonMap, may_fill_read_only: bool) -> (JsonMap, Vec<FieldFault>) {
    let mut faults = Vec::new();
    let mut checked = Map::new();
    for (key, value) in given {
        if SYSTEM_KEYS.contains(&key.as_str()) || PASSED_OVER.contains(&key.as_str()) {
            continue;
        }
        let Some(field) = register.fields.get(key) else {
            faults.push(fault(
                key,
                value,
                format!("the register “{}” has no such field", register.key),
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
    if let FieldKind::Table { fields } = &field.kind {
        return table(fields, value, path, faults);
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
    let mut checked = Vec::with_capacity(rows.len());
    for (index, row) in rows.iter().enumerate() {
        let path = format!("{path}[{}]", index + 1);
        let Json::Object(row) = row else {
            faults.push(fault(&path, row, "must be a row with fields", "应为含字段的一行"));
            continue;
        };
        let mut map = Map::new();
        for (key, value) in row {
            match fields.get(key) {
                Some(field) if matches!(field.kind, FieldKind::Computed { .. }) => {}
                None => faults.push(fault(&format!("{path}.{key}"), value, "there is no such field", "没有这个字段")),
                Some(field) => {
                    let value = one(field, value, &format!("{path}.{key}"), faults);
                    if !value.is_null() {
                        map.insert(key.clone(), value);
                    }
                }
            }
        }
        computed::fill(fields.values(), &mut map);
        for field in fields.values().filter(|field| field.required && !map.contains_key(&field.key)) {
            let path = format!("{path}.{}", field.key);
            if !faults.iter().any(|fault| fault.field == path) {
                faults.push(missing(&path));
            }
        }
        checked.push(Json::Object(map));
    }
    Json::Array(checked)
}

/// A value that must be there and is not.
pub(crate) fn missing(path: &str) -> FieldFault {
    FieldFault {
        field: path.to_owned(), found: String::new(), why: "must be filled".into(), why_zh: "必须填写".into()
    }
}

/// A fault with what was found, shortened so that a message stays a message.
pub(crate) fn fault(path: &str, found: &Json, why: impl Into<String>, why_zh: impl Into<String>) -> FieldFault {
    let text =
        found.as_str().map_or_else(|| if found.is_null() { String::new() } else { found.to_string() }, str::to_owned);
    let found = if text.chars().count() > 80 { text.chars().take(79).chain(['…']).collect() } else { text };
    FieldFault { field: path.to_owned(), found, why: why.into(), why_zh: why_zh.into() }
}
