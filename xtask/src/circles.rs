//! Circles between the parts of a crate: `use crate::a` in `b`, and `use crate::b` in `a`, makes one part of two.
//!
//! Arrows that are known to close a circle stand in `xtask/circles.toml`; without them every crate must be free of circles.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, bail};

use crate::asked::Asked;
use crate::workspace::Workspace;

mod graph;
mod modules;
mod paths;

use graph::Graph;

/// By crate: the arrows that may close a circle, each as `from → to`.
type Known = BTreeMap<String, Vec<String>>;

/// Looks for circles in every crate of the workspace.
///
/// # Errors
/// With every circle that is not known, and every known arrow that closes none.
pub fn check(asked: &Asked) -> Result<()> {
    let file = asked.root().join("xtask/circles.toml");
    let text = std::fs::read_to_string(&file).with_context(|| format!("{} cannot be read", file.display()))?;
    let mut known: Known = toml::from_str(&text).with_context(|| format!("{} cannot be read", file.display()))?;
    let listed: usize = known.values().map(Vec::len).sum();
    let mut faults = Vec::new();
    for member in Workspace::ask(asked)?.members() {
        let graph = modules::Modules::read(&member.folder().join("src"))?.parts();
        faults.extend(faults_of(member.short(), &graph, &known.remove(member.short()).unwrap_or_default()));
    }
    faults.extend(known.keys().map(|name| format!("xtask/circles.toml: there is no crate “{name}”")));
    if !faults.is_empty() {
        bail!("{}", faults.join("\n"));
    }
    eprintln!("no circle but those that {listed} known arrows close");
    Ok(())
}

/// A line for each new circle of a crate, and for each known arrow that closes none.
fn faults_of(name: &str, graph: &Graph, known: &[String]) -> Vec<String> {
    let mut faults = Vec::new();
    let mut rest = graph.clone();
    for arrow in known {
        if rest.remove(arrow).is_none() {
            faults.push(format!("{name}: the known arrow {arrow} is gone: take it out of xtask/circles.toml"));
        }
    }
    for arrow in known {
        if let Some(uses) = graph.uses(arrow).filter(|_| rest.circle_with(arrow).is_none()) {
            let uses = uses.join(", ");
            faults.push(format!(
                "{name}: the known arrow {arrow} ({uses}) closes no circle any more: take it out of xtask/circles.toml"
            ));
        }
    }
    while let Some(circle) = rest.circle() {
        let way = circle.join(" → ");
        let arrow = rest.thinnest(&circle);
        let uses = rest.remove(&arrow).unwrap_or_default();
        faults.push(format!("{name}: {way} is a circle; its thinnest arrow is {arrow} ({})", uses.join(", ")));
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(arrows: &[(&str, &str)]) -> Graph {
        let mut graph = Graph::default();
        for (from, to) in arrows {
            graph.add(from, to, &format!("{from}.rs"));
        }
        graph
    }

    fn known(arrows: &[&str]) -> Vec<String> {
        arrows.iter().map(|arrow| (*arrow).to_owned()).collect()
    }

    #[test]
    fn arrows_one_way_hold() {
        assert_eq!(faults_of("web", &graph(&[("a", "b"), ("b", "c"), ("a", "c")]), &[]), Vec::<String>::new());
    }

    #[test]
    fn a_circle_is_named_with_the_arrow_that_is_used_least() {
        let circular = graph(&[("a", "b"), ("a", "b"), ("b", "a")]);
        assert_eq!(
            faults_of("web", &circular, &[]),
            ["web: a → b → a is a circle; its thinnest arrow is b → a (b.rs)"]
        );
    }

    #[test]
    fn a_circle_of_three_is_found() {
        let circular = graph(&[("a", "b"), ("b", "c"), ("b", "c"), ("c", "a"), ("c", "a")]);
        assert_eq!(faults_of("web", &circular, &[]).len(), 1);
    }

    #[test]
    fn a_known_circle_is_let_be_and_a_second_one_is_not() {
        let circular = graph(&[("a", "b"), ("b", "a"), ("c", "d"), ("d", "c")]);
        let faults = faults_of("web", &circular, &known(&["b → a"]));
        assert_eq!(faults.len(), 1);
        assert!(faults[0].starts_with("web: c → d → c is a circle"), "{faults:?}");
    }

    #[test]
    fn a_known_arrow_that_is_gone_or_closes_nothing_leaves_the_list() {
        let free = graph(&[("a", "b")]);
        assert_eq!(
            faults_of("web", &free, &known(&["b → a", "a → b"])),
            [
                "web: the known arrow b → a is gone: take it out of xtask/circles.toml",
                "web: the known arrow a → b (a.rs) closes no circle any more: take it out of xtask/circles.toml",
            ]
        );
    }
}
