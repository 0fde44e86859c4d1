//! Licences: every part is under one that the list allows.

use crate::workspace::Workspace;

/// A line for each package whose licence is not allowed or not known.
pub fn faults(workspace: &Workspace, allowed: &[String]) -> Vec<String> {
    let fault = |package: &crate::workspace::Package| match &package.license {
        Some(licence) if is_allowed(licence, allowed) => None,
        Some(licence) => Some(format!(
            "{} {} is under “{licence}”, which the list of licences does not allow",
            package.name, package.version
        )),
        None => Some(format!("{} {} names no licence", package.name, package.version)),
    };
    workspace.packages().iter().filter_map(fault).collect()
}

/// Whether one may choose allowed licences for all parts of an SPDX expression; `/` is the former way to write `OR`.
fn is_allowed(expression: &str, allowed: &[String]) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let mut words = spaced.split_whitespace().peekable();
    either(&mut words, allowed) && words.next().is_none()
}

type Words<'a> = std::iter::Peekable<std::str::SplitWhitespace<'a>>;

fn either(words: &mut Words<'_>, allowed: &[String]) -> bool {
    let mut one = both(words, allowed);
    while words.next_if_eq(&"OR").is_some() {
        one |= both(words, allowed);
    }
    one
}

fn both(words: &mut Words<'_>, allowed: &[String]) -> bool {
    let mut all = single(words, allowed);
    while words.next_if_eq(&"AND").is_some() {
        all &= single(words, allowed);
    }
    all
}

fn single(words: &mut Words<'_>, allowed: &[String]) -> bool {
    match words.next() {
        Some("(") => either(words, allowed) & words.next().is_some_and(|word| word == ")"),
        Some(name) if words.next_if_eq(&"WITH").is_some() => {
            let exception = words.next().unwrap_or_default();
            allowed.contains(&format!("{name} WITH {exception}"))
        }
        Some(name) => allowed.iter().any(|known| known == name),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::workspace::tests::{package, workspace};

    #[test]
    fn an_expression_is_allowed_if_one_may_choose_so() {
        let allowed = ["MIT", "BSD-3-Clause", "Apache-2.0 WITH LLVM-exception"].map(str::to_owned);
        for (expression, expected) in [
            ("MIT", true),
            ("GPL-3.0-only", false),
            ("MIT OR GPL-3.0-only", true),
            ("MIT/Apache-2.0", true),
            ("MIT AND GPL-3.0-only", false),
            ("(MIT OR GPL-3.0-only) AND BSD-3-Clause", true),
            ("(MIT OR GPL-3.0-only) AND Unicode-3.0", false),
            ("GPL-3.0-only OR MIT AND BSD-3-Clause", true),
            ("Apache-2.0 WITH LLVM-exception", true),
            ("Apache-2.0", false),
            ("MIT WITH LLVM-exception", false),
            ("MIT BSD-3-Clause", false),
            ("(MIT", false),
            ("", false),
        ] {
            assert_eq!(is_allowed(expression, &allowed), expected, "{expression}");
        }
    }

    #[test]
    fn a_package_under_another_licence_and_one_without_are_named() {
        let mut foreign = package("strings-attached", "1.2.0", Some("registry"), &[]);
        foreign["license"] = json!("AGPL-3.0-only");
        let mut silent = package("silent", "0.1.0", Some("registry"), &[]);
        silent["license"] = json!(null);
        let workspace = workspace(&[package("fine", "1.0.0", Some("registry"), &[]), foreign, silent]);
        assert_eq!(
            faults(&workspace, &["MIT".to_owned()]),
            [
                "strings-attached 1.2.0 is under “AGPL-3.0-only”, which the list of licences does not allow",
                "silent 0.1.0 names no licence",
            ]
        );
    }
}
