//! Doubled crates: two versions that cannot stand for each other cost time to build and room, and need a reason.

use std::collections::{BTreeMap, BTreeSet};

use super::Doubled;
use crate::workspace::Workspace;

/// A line for each crate that is there twice without a reason, or has a reason and is there once.
pub fn faults(workspace: &Workspace, reasons: &[Doubled]) -> Vec<String> {
    let mut lines: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for package in workspace.packages() {
        lines.entry(&package.name).or_default().insert(compatible(&package.version));
    }
    lines.retain(|_, versions| versions.len() > 1);
    let listed: BTreeSet<&str> = reasons.iter().flat_map(|reason| &reason.crates).map(String::as_str).collect();
    let unlisted = lines.iter().filter(|(name, _)| !listed.contains(*name)).map(|(name, versions)| {
        let versions = versions.iter().copied().collect::<Vec<_>>().join(" and ");
        format!("{name} is built in versions {versions}; choose one, or give the reason in xtask/dependencies.toml")
    });
    let single = listed.iter().filter(|name| !lines.contains_key(*name)).map(|name| {
        format!("{name} is there in one version now: take it out of [[doubled]] in xtask/dependencies.toml")
    });
    let silent = reasons
        .iter()
        .filter(|reason| reason.because.trim().is_empty())
        .map(|reason| format!("the crates {} of [[doubled]] have no reason", reason.crates.join(", ")));
    unlisted.chain(single).chain(silent).collect()
}

/// What of a version says with which others it is compatible: `1`, `0.42`, `0.0.8`.
fn compatible(version: &str) -> &str {
    let mut end = 0;
    for part in version.split(['.', '-', '+']).take(3) {
        end += part.len() + usize::from(end > 0);
        if part != "0" {
            break;
        }
    }
    &version[..end]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::tests::{package, workspace};

    #[test]
    fn versions_are_compatible_up_to_their_first_number_that_counts() {
        for (version, expected) in [
            ("1.2.3", "1"),
            ("0.42.0", "0.42"),
            ("0.0.8", "0.0.8"),
            ("10.0.1-rc.1", "10"),
            ("1.2.1+spec-1.1.0", "1"),
            ("0.0.0", "0.0.0"),
        ] {
            assert_eq!(compatible(version), expected, "{version}");
        }
    }

    #[test]
    fn a_crate_that_is_there_twice_needs_a_reason_and_a_reason_a_crate_that_is_there_twice() {
        let from = Some("registry");
        let workspace = workspace(&[
            package("hmac", "0.12.1", from, &[]),
            package("hmac", "0.13.0", from, &[]),
            package("rand", "0.8.8", from, &[]),
            package("rand", "0.10.4", from, &[]),
            package("toml", "1.2.1", from, &[]),
            package("hex", "0.4.2", from, &[]),
            package("hex", "0.4.3", from, &[]),
        ]);
        let reasons =
            [Doubled { because: "one part is late".to_owned(), crates: vec!["rand".to_owned(), "toml".to_owned()] }];
        assert_eq!(
            faults(&workspace, &reasons),
            [
                "hmac is built in versions 0.12 and 0.13; choose one, or give the reason in xtask/dependencies.toml",
                "toml is there in one version now: take it out of [[doubled]] in xtask/dependencies.toml",
            ]
        );
    }

    #[test]
    fn an_empty_reason_is_none() {
        let reasons = [Doubled { because: " ".to_owned(), crates: vec![] }];
        assert_eq!(faults(&workspace(&[]), &reasons).len(), 1);
    }
}
