//! Faults of values and files, over every shipped register: fields, states, choices and registers stand there by their names, never by their keys.

use std::collections::HashSet;
use std::io::Cursor;
use std::sync::Arc;

use bilan_records::actor::Actor;
use bilan_records::catalogue::{Field, FieldKind, Register};
use bilan_records::exchange::{self, Format, ImportError, ImportFault};
use bilan_records::ledger::{FieldFault, Ledger, path_label};
use bilan_records::personal::Keyring;
use bilan_records::value::Value;
use bilan_standards::clock::FixedClock;
use serde_json::{Value as Json, json};

use super::{Language, SHIPPED};

/// Keys of every register, and of the fields, states, steps and choices of this one.
fn keys(register: &Register) -> HashSet<&'static str> {
    let mut keys: HashSet<&'static str> = SHIPPED.registers.keys().map(String::as_str).collect();
    let mut gather = |field: &'static Field| {
        keys.insert(&field.key);
        if let FieldKind::Choice { choices } | FieldKind::Choices { choices } = &field.kind {
            keys.extend(choices.keys().map(String::as_str));
        }
    };
    for field in SHIPPED.registers[&register.key].fields.values() {
        gather(field);
        if let FieldKind::Table { fields } = &field.kind {
            fields.values().for_each(&mut gather);
        }
    }
    if let Some(workflow) = &SHIPPED.registers[&register.key].workflow {
        keys.extend(workflow.states.keys().chain(workflow.steps.keys()).map(String::as_str));
    }
    keys
}

/// Formats and coordinates are written in Latin letters in Chinese, too; `zzz` and `true` are what was given.
const WORDS: [&str; 4] = ["lon", "lat", "zzz", "true"];

#[track_caller]
fn says_no_key(text: &str, register: &Register) {
    let keys = keys(register);
    let words = text.split(|character: char| !(character.is_ascii_alphanumeric() || character == '_'));
    let found: Vec<&str> =
        words.filter(|word| word.len() > 1 && keys.contains(word) && !WORDS.contains(word)).collect();
    assert!(found.is_empty(), "{}: {found:?} in “{text}”", register.key);
    assert!(super::chinese(text), "{}: {text}", register.key);
}

fn wrong_values() -> [Json; 9] {
    let row = json!([{ "zzz": 1 }, "zzz"]);
    let point = json!({ "lon": 2.35, "lat": 48.86 });
    [json!("zzz"), json!("zzz\nzzz"), json!(-1e15), json!(1.234_567), json!([]), json!({}), json!(true), row, point]
}

#[test]
fn whatever_is_wrong_with_a_value_is_said_without_keys() {
    let mut refused = 0;
    for register in SHIPPED.registers.values() {
        let within = register.fields.values().filter_map(|field| match &field.kind {
            FieldKind::Table { fields } => Some(fields.values()),
            _ => None,
        });
        for field in register.fields.values().chain(within.flatten()) {
            for wrong in wrong_values() {
                let Err(refusal) = Value::from_json(field, &wrong) else { continue };
                refused += 1;
                says_no_key(&refusal.zh(), register);
                assert!(!super::chinese(&without_quoted_labels(&refusal.to_string(), field)), "{refusal}");
            }
        }
    }
    assert!(refused > 1000, "only {refused} values were refused");
}

/// An English sentence without what the register file itself says in English.
fn without_quoted_labels(text: &str, field: &Field) -> String {
    match &field.kind {
        FieldKind::Choice { choices } | FieldKind::Choices { choices } => {
            choices.values().fold(text.to_owned(), |text, label| text.replace(&label.en, ""))
        }
        _ => text.to_owned(),
    }
}

fn ledger() -> (tempfile::TempDir, Ledger) {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(FixedClock::new("2026-01-31T04:00:00Z".parse().unwrap()));
    let catalogue = Arc::new(SHIPPED.clone());
    let ledger = Ledger::open(&folder.path().join("records.db"), catalogue, clock, Keyring::new([7; 32])).unwrap();
    (folder, ledger)
}

/// What is wrong with a file of JSON lines.
fn faults_of_file(ledger: &Ledger, register: &str, lines: &str) -> Vec<ImportFault> {
    let (actor, source) = (Actor::system("test"), Cursor::new(lines.as_bytes().to_vec()));
    match exchange::import(ledger, &actor, register, source, Format::Jsonl, true) {
        Err(ImportError::Faults(faults)) => faults.faults,
        other => panic!("{register}: {other:?}"),
    }
}

#[test]
fn whatever_is_wrong_with_a_file_is_said_without_keys() {
    let (_folder, ledger) = ledger();
    for register in SHIPPED.registers.values() {
        let wrong = |field: &Field| match field.kind {
            FieldKind::Table { .. } => json!([{ "zzz": 1 }]),
            _ => json!("zzz"),
        };
        let entered = register.fields.values().filter(|field| !field.read_only);
        let mut row: serde_json::Map<String, Json> = entered.map(|field| (field.key.clone(), wrong(field))).collect();
        row.insert("state".into(), json!("zzz"));
        let text = format!("{}\n{}\n", Json::from(row), json!({ "zzz": 1 }));
        let faults = faults_of_file(&ledger, &register.key, &text);
        for fault in &faults {
            says_no_key(&fault.why_zh, register);
            let column = exchange::column_label(register, &fault.column, Language::Chinese);
            assert!(!keys(register).contains(column.as_str()), "{}: {column}", register.key);
        }
        let why = |words: &str| faults.iter().any(|fault| fault.why_zh.contains(words));
        assert_eq!(why("不是已有状态"), register.workflow.is_some(), "{}: {faults:?}", register.key);
        let refers = |field: &&Field| matches!(field.kind, FieldKind::Reference { .. });
        assert_eq!(why("中没有该编号的记录"), register.fields.values().any(|field| refers(&field)), "{}", register.key);
    }
}

#[test]
fn a_fault_lists_ten_names_and_counts_the_others() {
    let (_folder, ledger) = ledger();
    let columns = faults_of_file(&ledger, "complaint", "{\"zzz\": 1}\n");
    let (zh, en) = (&columns[0].why_zh, &columns[0].why);
    // A withheld field is filled by nobody.
    let fields = SHIPPED.registers["complaint"].fields.values().filter(|field| !field.withheld).count();
    assert!(zh.ends_with(&format!("等{fields}项")) && en.ends_with(&format!("({fields} in all)")), "{zh} / {en}");
    let near = faults_of_file(&ledger, "complaint", "{\"subjekt\": 1}\n");
    let label = &SHIPPED.registers["complaint"].fields["subject"].label;
    assert!(near[0].why_zh.contains(&format!("是否应为“{}”？", label.zh)), "{}", near[0].why_zh);
    assert!(near[0].why.contains(&format!("did you mean “{}”?", label.en)), "{}", near[0].why);
}

#[test]
fn a_fault_within_a_table_names_its_row_and_field() {
    let register = SHIPPED
        .registers
        .values()
        .find(|register| register.fields.values().any(|field| matches!(field.kind, FieldKind::Table { .. })));
    let register = register.expect("a shipped register has a child table");
    let Some((field, fields)) = register.fields.values().find_map(|field| match &field.kind {
        FieldKind::Table { fields } => Some((field, fields)),
        _ => None,
    }) else {
        panic!("just found");
    };
    let inner = fields.values().next().expect("a table has fields");
    let fault = FieldFault {
        field: format!("{}[2].{}", field.key, inner.key),
        found: String::new(),
        why: "must be filled".into(),
        why_zh: "必须填写".into(),
    };
    let label = path_label(register, &fault.field, Language::Chinese);
    assert_eq!(label, format!("{} 第2行 {}", field.label.zh, inner.label.zh));
    let label = path_label(register, &fault.field, Language::English);
    assert_eq!(label, format!("{} row 2 {}", field.label.en, inner.label.en));
}
