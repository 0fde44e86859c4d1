//! Code names registers, fields and steps in their views and nowhere else.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::fs;
use std::path::{Path, PathBuf};

/// Beginnings of what asks a register, a field or a step by its name as text.
const ASKS: [&str; 14] = [
    "registers.get(",
    "registers.contains_key(",
    "registers[",
    "register.fields.get(",
    "register.fields.contains_key(",
    "register.fields[",
    "ListQuery::of(",
    ".bridged(",
    "ledger.record(",
    "ledger.create(",
    "ledger.edit(",
    "ledger.step(",
    "ledger.timeline(",
    "ledger.years(",
];

/// Files of pages that are the same for every register: they fill forms and answers with all values of a record.
const GENERIC: [&str; 3] = ["web/src/records/form.rs", "web/src/records/record.rs", "web/src/api/records.rs"];

/// Sources without their tests: path below `crates`, and text.
fn sources() -> Vec<(String, String)> {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut folders: Vec<PathBuf> = vec![crates.join("bilan/src"), crates.join("web/src")];
    let mut sources = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(&crates).unwrap().to_string_lossy().into_owned();
            if path.is_dir() {
                folders.push(path);
            } else if name.ends_with(".rs") && !name.contains("tests") && !name.ends_with("trial.rs") {
                let text = fs::read_to_string(&path).unwrap();
                sources.push((name, text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default().to_owned()));
            }
        }
    }
    sources
}

/// What stands between the bracket that opens before `rest` and the one that closes it.
fn asked(rest: &str) -> &str {
    let mut depth = 1;
    let end = rest.char_indices().find(|(_, character)| {
        depth += match character {
            '(' | '[' => 1,
            ')' | ']' => -1,
            _ => 0,
        };
        depth == 0
    });
    &rest[..end.map_or(rest.len(), |(at, _)| at)]
}

#[test]
fn no_register_field_or_step_is_asked_for_by_its_name_as_text() {
    let sources = sources();
    assert!(sources.len() > 150, "{} sources", sources.len());
    let mut found = Vec::new();
    for (name, text) in &sources {
        for asks in ASKS {
            for (at, _) in text.match_indices(asks) {
                let what = asked(&text[at + asks.len()..]);
                if what.contains('"') {
                    found.push(format!("{name}: {asks}{what}"));
                }
            }
        }
    }
    assert!(found.is_empty(), "declare a view in records/src/views:\n{}", found.join("\n"));
}

#[test]
fn only_pages_that_are_the_same_for_every_register_take_all_values_of_a_record() {
    let takes = |(_, text): &&(String, String)| text.contains(".external()");
    let mut found: Vec<String> = sources().iter().filter(takes).map(|(name, _)| name.clone()).collect();
    found.sort_unstable();
    let mut known = GENERIC.map(str::to_owned).to_vec();
    known.sort_unstable();
    assert_eq!(found, known, "name the field in a view of records/src/views instead");
}
