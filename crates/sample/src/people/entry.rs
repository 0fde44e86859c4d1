//! Forms in which values are entered.

use jiff::civil::{Date, DateTime};
use serde_json::{Map, Value, json};

use crate::SampleRecord;
use crate::kit::Kit;
use crate::world::World;

/// A record with its number; members that are `null` are left out, in the rows of tables too.
pub(super) fn record(register: &'static str, number: &str, values: Value) -> SampleRecord {
    let mut map = Map::new();
    map.insert("number".into(), json!(number));
    if let Value::Object(members) = values {
        map.extend(members.into_iter().filter_map(|(name, value)| Some((name, filled(value)?))));
    }
    SampleRecord { register, values: map }
}

fn filled(value: Value) -> Option<Value> {
    match value {
        Value::Null => None,
        Value::Array(rows) => Some(rows.into_iter().filter_map(filled).collect()),
        Value::Object(members) => {
            Some(members.into_iter().filter_map(|(name, value)| Some((name, filled(value)?))).collect())
        }
        other => Some(other),
    }
}

/// A day in the external form.
pub(super) fn on(day: Date) -> Value {
    json!(day.to_string())
}

/// A Beijing moment in the external form.
pub(super) fn at(moment: DateTime) -> Value {
    json!(format!("{}+08:00", moment.strftime("%Y-%m-%dT%H:%M:%S")))
}

/// `minutes` after `moment`.
pub(super) fn after(moment: DateTime, minutes: i64) -> DateTime {
    moment.saturating_add(jiff::Span::new().minutes(minutes))
}

/// One of the bureau's case handlers.
pub(super) fn handler(kit: &mut Kit, world: &World) -> String {
    kit.pick(&world.handlers).clone()
}

/// Two of the bureau's officers, as a record of an inspection names them.
pub(super) fn two_officers(kit: &mut Kit, world: &World) -> String {
    let last = world.handlers.len() - 1;
    let first = kit.rng_index(last);
    format!("{}、{}", world.handlers[first], world.handlers[first + 1])
}

/// Name of a street by its code.
pub(super) fn street_name(code: &str) -> &'static str {
    include_str!("../../data/roads.tsv")
        .lines()
        .find(|line| line.starts_with(code))
        .and_then(|line| line.split('\t').nth(1))
        .unwrap_or("天心")
}
