//! The book in which the records of the year are entered: gives out numbers in the form that each
//! register asks for and keeps the order of entry, so that a reference always points backwards.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::SampleRecord;

/// Prefix and digits of the record numbers of each register, as its file in `registers/` says.
const FORMATS: &[(&str, &str, usize)] = &[
    ("activity", "HD", 4),
    ("agency", "BM", 3),
    ("data_share", "GX", 3),
    ("dispatch_order", "DD", 4),
    ("drain_node", "GW", 4),
    ("drinking_source", "SY", 3),
    ("duty", "ZR", 4),
    ("media_report", "XW", 4),
    ("meeting", "HY", 4),
    ("noise_demo_zone", "SF", 3),
    ("noise_zone", "SG", 3),
    ("notice", "GG", 4),
    ("outfall", "PK", 3),
    ("overflow_event", "YL", 4),
    ("patrol", "XC", 4),
    ("patrol_round", "SL", 3),
    ("plan_item", "JH", 3),
    ("plot", "DK", 3),
    ("pollution_response", "YX", 3),
    ("power_installation", "YD", 3),
    ("project", "XM", 3),
    ("river", "HL", 3),
    ("river_patrol", "XH", 4),
    ("soil_source", "ZJ", 3),
    ("source_patrol", "SX", 4),
    ("staff_post", "GWZ", 4),
    ("station", "ZD", 3),
    ("task", "RW", 5),
    ("warning", "YJ", 5),
    ("warning_letter", "JS", 3),
    ("water_sample", "SZ", 4),
];

/// Records entered so far and the numbers given out.
#[derive(Debug, Default)]
pub(crate) struct Book {
    entries: Vec<SampleRecord>,
    issued: BTreeMap<(&'static str, i16), u32>,
}

impl Book {
    /// Enter a record under the next number of `year` and return that number.
    ///
    /// `values` is an object in the external form; empty (`null`) members are left out.
    pub(crate) fn enter(&mut self, register: &'static str, year: i16, values: Value) -> String {
        let (_, prefix, digits) = FORMATS
            .iter()
            .find(|(name, _, _)| *name == register)
            .unwrap_or_else(|| unreachable!("register {register} has no number format here"));
        let sequence = self.issued.entry((register, year)).or_insert(0);
        *sequence += 1;
        let number = format!("{prefix}{year}{sequence:0digits$}");
        let mut record = Map::new();
        record.insert("number".into(), Value::String(number.clone()));
        if let Value::Object(values) = values {
            record.extend(values.into_iter().filter_map(|(name, value)| Some((name, filled(value)?))));
        }
        self.entries.push(SampleRecord { register, values: record });
        number
    }

    /// How many records of a register have been entered.
    pub(crate) fn count(&self, register: &str) -> usize {
        self.entries.iter().filter(|entry| entry.register == register).count()
    }

    /// Everything entered, in order.
    pub(crate) fn close(self) -> Vec<SampleRecord> {
        self.entries
    }
}

/// `value` without empty members in the rows of a table; nothing if nothing is left.
fn filled(value: Value) -> Option<Value> {
    match value {
        Value::Null => None,
        Value::Array(rows) if rows.is_empty() => None,
        Value::Array(rows) => Some(rows.into_iter().filter_map(filled).collect()),
        Value::Object(members) => {
            Some(members.into_iter().filter_map(|(name, value)| Some((name, filled(value)?))).collect())
        }
        other => Some(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_the_form_that_the_register_file_asks_for() {
        for (register, prefix, digits) in FORMATS {
            let path = format!("{}/../../registers/{register}.toml", env!("CARGO_MANIFEST_DIR"));
            let file = std::fs::read_to_string(&path).expect(&path);
            let expected = format!("number = \"{prefix}{{yyyy}}{{seq:{digits}}}\"");
            assert!(file.contains(&expected), "{path} does not say {expected}");
        }
    }

    #[test]
    fn numbers_count_by_register_and_year() {
        let mut book = Book::default();
        let numbers = [
            book.enter("patrol", 2020, serde_json::json!({ "kind": "dust", "note": null })),
            book.enter("patrol", 2020, serde_json::json!({})),
            book.enter("patrol", 2021, serde_json::json!({})),
            book.enter("river", 2020, serde_json::json!({})),
        ];
        assert_eq!(numbers, ["XC20200001", "XC20200002", "XC20210001", "HL2020001"]);
        assert!(!book.close()[0].values.contains_key("note"));
    }
}
