//! Declared dependencies that the sources of a crate lead into nowhere, or only its tests.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Result;

use crate::source;
use crate::workspace::{Need, Package, Workspace};

/// By member: dependencies that no path leads into, and why they are declared.
type Unnamed = BTreeMap<String, BTreeMap<String, String>>;

/// A line for each dependency that could go or is needed by tests alone.
///
/// # Errors
/// If sources cannot be read.
pub fn faults(workspace: &Workspace, unnamed: &Unnamed) -> Result<Vec<String>> {
    let mut faults = Vec::new();
    for member in workspace.members() {
        faults.extend(faults_of(member, &Sources::read(member.folder())?, unnamed.get(&member.name)));
    }
    let strangers = unnamed.keys().filter(|name| !workspace.members().any(|member| member.name == **name));
    faults.extend(strangers.map(|name| {
        format!("[unnamed] of xtask/dependencies.toml names “{name}”, which is no crate of the workspace")
    }));
    Ok(faults)
}

/// The code of a crate.
struct Sources {
    /// What is built for everybody who uses it.
    own: Vec<String>,
    /// Tests, examples and measurements.
    tests: Vec<String>,
}

impl Sources {
    fn read(folder: &Path) -> Result<Self> {
        let (own, tests): (Vec<_>, Vec<_>) = source::rust_files(folder)?
            .into_iter()
            .partition(|file| file.starts_with(folder.join("src")) || file.ends_with("build.rs"));
        let read =
            |files: Vec<_>| files.iter().map(|file: &std::path::PathBuf| source::code_of(file)).collect::<Result<_>>();
        Ok(Self { own: read(own)?, tests: read(tests)? })
    }
}

fn faults_of(member: &Package, sources: &Sources, unnamed: Option<&BTreeMap<String, String>>) -> Vec<String> {
    let words =
        |codes: &'_ [String], name: &str| codes.iter().any(|code| source::leads_into(&source::tokens(code), name));
    let mut faults = Vec::new();
    for dependency in &member.dependencies {
        let name = dependency.rename.as_ref().unwrap_or(&dependency.name).replace('-', "_");
        let (own, tests) = (words(&sources.own, &name), words(&sources.tests, &name));
        let excused = unnamed.is_some_and(|unnamed| unnamed.contains_key(&dependency.name));
        let fault = match (own, tests) {
            (true, _) if excused => {
                Some("is named by the sources now: take it out of [unnamed] in xtask/dependencies.toml")
            }
            (false, false) if !excused => Some("is declared, and no source leads into it"),
            (false, true) if dependency.kind == Need::Crate && !excused => {
                Some("is used by tests alone: it belongs to [dev-dependencies]")
            }
            _ => None,
        };
        faults.extend(fault.map(|fault| format!("{}: {} {fault}", member.name, dependency.name)));
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::tests::{package, workspace};

    fn faults_with(unnamed: &[&str]) -> Vec<String> {
        let declared =
            [("hex", None), ("tar", None), ("toml_edit", None), ("test-case", Some("dev")), ("insta", Some("dev"))];
        let workspace = workspace(&[package("bilan-web", "0.1.0", None, &declared)]);
        let sources = Sources {
            own: vec!["use hex::encode; let toml_edit = 1;".to_owned()],
            tests: vec!["use test_case::test_case; tar::Builder::new()".to_owned()],
        };
        let unnamed = unnamed.iter().map(|name| ((*name).to_owned(), "a reason".to_owned())).collect();
        faults_of(&workspace.packages()[0], &sources, Some(&unnamed))
    }

    #[test]
    fn what_no_source_leads_into_is_named_and_so_is_what_only_tests_use() {
        assert_eq!(
            faults_with(&[]),
            [
                "bilan-web: tar is used by tests alone: it belongs to [dev-dependencies]",
                "bilan-web: toml_edit is declared, and no source leads into it",
                "bilan-web: insta is declared, and no source leads into it",
            ]
        );
    }

    #[test]
    fn a_reason_excuses_only_as_long_as_it_is_needed() {
        assert_eq!(
            faults_with(&["tar", "toml_edit", "insta", "hex"]),
            ["bilan-web: hex is named by the sources now: take it out of [unnamed] in xtask/dependencies.toml"]
        );
    }
}
