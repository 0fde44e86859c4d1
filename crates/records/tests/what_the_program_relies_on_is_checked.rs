//! Every name on which the program relies is missed when a bureau's files have another: with file, line and remedy.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::path::{Path, PathBuf};

use bilan_records::catalogue::{Catalogue, Diagnostic, Diagnostics, Source, check_against, read_sources};
use bilan_records::contract::NeededName;
use bilan_records::views::CONTRACTS;
use toml::{Table, Value};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The shipped registers: other files rely on them, not the program.
fn shipped() -> Vec<Source> {
    let mut sources = read_sources(&root()).unwrap();
    sources.retain(|source| source.path.starts_with("registers/"));
    sources
}

/// Faults of what the program relies on, and what the bureau does without.
fn missed(sources: &[Source]) -> (Vec<Diagnostic>, Vec<Diagnostic>) {
    match check_against(sources, CONTRACTS) {
        Ok(Catalogue { without, .. }) => (Vec::new(), without),
        Err(Diagnostics { faults, without, .. }) => {
            let of_contracts = |fault: &Diagnostic| fault.message.contains("without it: ");
            (faults.into_iter().filter(of_contracts).collect(), without)
        }
    }
}

/// The table at a path.
fn table<'d>(document: &'d mut Table, path: &[&str]) -> &'d mut Table {
    path.iter().fold(document, |table, key| table.get_mut(*key).and_then(Value::as_table_mut).unwrap())
}

/// The files in which one name is another.
fn renamed(register: &str, name: &NeededName, to: &str) -> Vec<Source> {
    let mut sources = shipped();
    let path = format!("registers/{register}.toml");
    let source = sources.iter_mut().find(|source| source.path == path).unwrap();
    let mut document: Table = source.text.parse().unwrap();
    match name.path.split_last() {
        None => {
            document.insert("key".to_owned(), Value::from(to));
            source.path = format!("registers/{to}.toml");
        }
        Some((&"roles", above)) => {
            let roles = table(&mut document, above).get_mut("roles").and_then(Value::as_array_mut).unwrap();
            roles.retain(|role| role.as_str() != Some(name.name));
            roles.push(Value::from(to));
        }
        Some((last, above)) => {
            let table = table(&mut document, above);
            let item = table.remove(*last).unwrap_or_else(|| panic!("{register} declares no {:?}", name.path));
            table.insert(to.to_owned(), item);
        }
    }
    source.text = toml::to_string(&document).unwrap();
    sources
}

#[test]
fn the_shipped_files_have_everything_that_the_program_relies_on() {
    let (faults, without) = missed(&shipped());
    assert_eq!((faults, without), (Vec::new(), Vec::new()));
}

#[test]
fn every_name_that_the_program_relies_on_is_missed_once_with_file_line_and_remedy() {
    let mut tried = 0;
    for contract in CONTRACTS {
        for name in contract.names() {
            let near = format!("{}x", name.name);
            let others = match name.path.last() {
                // A role that is none is a fault of its own; this one is a role, and no part of any contract.
                Some(&"roles") => vec!["integrator"],
                _ => vec![near.as_str(), "named_by_the_bureau"],
            };
            for other in &others {
                let (faults, without) = missed(&renamed(contract.register, &name, other));
                let said = format!("{}: {:?} as {other}: {faults:#?} {without:#?}", contract.register, name.path);
                let found: Vec<&Diagnostic> =
                    if name.optional { faults.iter().chain(&without).collect() } else { faults.iter().collect() };
                let [fault] = found.as_slice() else { panic!("{said}") };
                let own = [format!("registers/{}.toml", contract.register), format!("registers/{other}.toml")];
                assert!(own.contains(&fault.file) && fault.line > 0 && fault.column > 0, "{said}");
                assert!(fault.message.contains(&format!("“{}”", name.name)), "{said}");
                assert!(fault.remedy.as_ref().is_some_and(|remedy| remedy.contains(name.name)), "{said}");
            }
            tried += 1;
        }
    }
    let whole: usize = CONTRACTS.iter().map(|contract| contract.names().len()).sum();
    println!("{tried} names of {} registers renamed", CONTRACTS.len());
    assert_eq!(tried, whole);
    assert!(tried > 150, "the contract has shrunk to {tried} names");
}

/// The station's file with one line instead of another.
fn with(register: &str, line: &str, instead: &str) -> Vec<Source> {
    let mut sources = shipped();
    let path = format!("registers/{register}.toml");
    let source = sources.iter_mut().find(|source| source.path == path).unwrap();
    assert!(source.text.contains(line), "{line}");
    source.text = source.text.replacen(line, instead, 1);
    sources
}

#[test]
fn a_field_of_another_type_is_missed_where_its_type_stands() {
    let whole = "[fields.minute_interval]\ntype = \"integer\"";
    let (faults, _) = missed(&with("station", whole, "[fields.minute_interval]\ntype = \"text\""));
    let [fault] = faults.as_slice() else { panic!("{faults:#?}") };
    assert!(fault.message.contains("of type text, where the program reads integer"), "{fault}");
    assert_eq!(fault.remedy.as_deref(), Some("write type = \"integer\""));
}

#[test]
fn a_field_that_may_be_empty_or_is_shown_where_the_program_needs_otherwise_is_missed() {
    let filled = "label = { zh = \"站点编号\", en = \"Station code\" }\nrequired = true\n";
    let (faults, _) = missed(&with("station", filled, &filled.replace("required = true\n", "")));
    assert!(faults.len() == 1 && faults[0].remedy.as_deref() == Some("add required = true"), "{faults:#?}");
    let (faults, _) = missed(&with("complaint", "withheld = true\n", ""));
    assert!(faults.len() == 1 && faults[0].remedy.as_deref() == Some("add withheld = true"), "{faults:#?}");
}

#[test]
fn a_bureau_may_keep_the_register_of_an_earlier_version_and_is_told_what_it_does_without() {
    let whole = "[fields.rule_name]\ntype = \"text\"\nlabel = { zh = \"规则\", en = \"Rule\" }\n";
    let sources = with("warning", whole, "");
    let catalogue = check_against(&sources, CONTRACTS).unwrap_or_else(|faults| panic!("{faults}"));
    let [told] = catalogue.without.as_slice() else { panic!("{:#?}", catalogue.without) };
    assert!(told.file == "registers/warning.toml" && told.message.contains("rule_name"), "{told}");
}

#[test]
fn a_bureau_may_do_without_a_register_and_is_told_what_it_does_without() {
    let mut sources = shipped();
    sources.retain(|source| source.path != "registers/device_command.toml");
    let catalogue = check_against(&sources, CONTRACTS).unwrap_or_else(|faults| panic!("{faults}"));
    let [told] = catalogue.without.as_slice() else { panic!("{:#?}", catalogue.without) };
    assert!(told.message.contains("no command is sent to any device"), "{told}");
}
