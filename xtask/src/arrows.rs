//! Arrows between crates: ARCHITECTURE.md draws who uses whom, and the manifests must say the same.

use std::collections::BTreeSet;
use std::fmt;

use anyhow::{Context as _, Result, bail};

use crate::asked::Asked;
use crate::workspace::{Need, Workspace, short};

/// The heading under which the drawing stands.
const HEADING: &str = "## Crates: arrows one way";

/// That one crate uses another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Arrow {
    from: String,
    to: String,
    /// Whether only tests need it.
    tests: bool,
}

impl fmt::Display for Arrow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{} ──► {}", if self.tests { "tests of " } else { "" }, self.from, self.to)
    }
}

/// Holds the manifests to the drawing.
///
/// # Errors
/// With every arrow that stands in one of them alone.
pub fn check(asked: &Asked) -> Result<()> {
    let text =
        std::fs::read_to_string(asked.root().join("ARCHITECTURE.md")).context("ARCHITECTURE.md cannot be read")?;
    let (drawn, declared) = (drawn(&text)?, declared(&Workspace::ask(asked)?));
    let faults = differences(&drawn, &declared);
    if !faults.is_empty() {
        bail!("{}", faults.join("\n"));
    }
    eprintln!("{} arrows between crates, as ARCHITECTURE.md draws them", drawn.len());
    Ok(())
}

fn differences(drawn: &BTreeSet<Arrow>, declared: &BTreeSet<Arrow>) -> Vec<String> {
    let unknown = declared.difference(drawn).map(|arrow| {
        format!("{arrow} is declared by a Cargo.toml, and ARCHITECTURE.md does not draw it: may {} use it?", arrow.from)
    });
    let gone = drawn
        .difference(declared)
        .map(|arrow| format!("{arrow} is drawn in ARCHITECTURE.md, and no Cargo.toml declares it"));
    unknown.chain(gone).collect()
}

/// The arrows of the drawing: `web, bilan ──► records, standards (remark)`, one line for those that share theirs.
fn drawn(text: &str) -> Result<BTreeSet<Arrow>> {
    let (_, rest) = text.split_once(HEADING).with_context(|| format!("ARCHITECTURE.md has no heading “{HEADING}”"))?;
    let drawing = rest.split("```").nth(1).and_then(|block| block.strip_prefix("text\n"));
    let drawing = drawing.with_context(|| format!("no drawing (```text) stands under “{HEADING}”"))?;
    let mut arrows = BTreeSet::new();
    for line in drawing.lines().filter(|line| !line.trim().is_empty()) {
        let (from, to) = line.split_once('►').with_context(|| format!("“{line}” of the drawing has no arrow"))?;
        let to = to.split('(').next().unwrap_or_default();
        for from in names(from) {
            let (tests, from) = from.strip_prefix("tests of ").map_or((false, from), |from| (true, from));
            arrows.extend(names(to).map(|to| Arrow { from: from.to_owned(), to: to.to_owned(), tests }));
        }
    }
    Ok(arrows)
}

fn names(list: &str) -> impl Iterator<Item = &str> {
    list.split(',').map(|name| name.trim_matches([' ', '─'])).filter(|name| !name.is_empty())
}

/// The arrows of the manifests.
fn declared(workspace: &Workspace) -> BTreeSet<Arrow> {
    let members: BTreeSet<_> = workspace.members().map(|member| &member.name).collect();
    let of = |member: &crate::workspace::Package| {
        let inside = member.dependencies.iter().filter(|dependency| members.contains(&dependency.name));
        inside
            .map(|dependency| Arrow {
                from: member.short().to_owned(),
                to: short(&dependency.name).to_owned(),
                tests: dependency.kind == Need::Tests,
            })
            .collect::<Vec<_>>()
    };
    workspace.members().flat_map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::tests::{package, workspace};

    const DRAWING: &str = "# A\n\n## Crates: arrows one way\n\n```text\nbilan ─────► web, records\nweb ───────► records   (through its face)\n\
                           tests of web ──► sample\n```\n";

    fn manifests(of_records: &[(&str, Option<&str>)]) -> Workspace {
        workspace(&[
            package("bilan", "0.1.0", None, &[("bilan-web", None), ("bilan-records", None), ("hex", None)]),
            package("bilan-web", "0.1.0", None, &[("bilan-records", None), ("bilan-sample", Some("dev"))]),
            package("bilan-records", "0.1.0", None, of_records),
            package("bilan-sample", "0.1.0", None, &[]),
            package("hex", "0.4.3", Some("registry"), &[]),
        ])
    }

    #[test]
    fn manifests_that_say_what_is_drawn_hold() {
        assert_eq!(differences(&drawn(DRAWING).unwrap(), &declared(&manifests(&[]))), Vec::<String>::new());
    }

    #[test]
    fn an_arrow_that_is_not_drawn_and_one_that_is_gone_are_named() {
        let drawing =
            DRAWING.replace("(through", "telemetry (through").replace("records   telemetry", "records, telemetry");
        assert_eq!(
            differences(&drawn(&drawing).unwrap(), &declared(&manifests(&[("bilan-sample", None)]))),
            [
                "records ──► sample is declared by a Cargo.toml, and ARCHITECTURE.md does not draw it: may records use it?",
                "web ──► telemetry is drawn in ARCHITECTURE.md, and no Cargo.toml declares it",
            ]
        );
    }

    #[test]
    fn what_tests_need_is_no_arrow_of_the_crate() {
        let drawing = DRAWING.replace("tests of web", "web");
        assert_eq!(differences(&drawn(&drawing).unwrap(), &declared(&manifests(&[]))).len(), 2);
    }

    #[test]
    fn a_line_without_an_arrow_is_a_fault() {
        let fault = drawn(&DRAWING.replace("bilan ─────►", "bilan")).unwrap_err();
        assert_eq!(fault.to_string(), "“bilan web, records” of the drawing has no arrow");
        assert!(drawn("# no drawing").is_err());
    }
}
