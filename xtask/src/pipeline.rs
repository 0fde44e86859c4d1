//! Which steps each pipeline has, in which order: what is quick and fails often comes first, and nothing is built twice.

use std::fmt::Write as _;

use anyhow::{Result, bail};

use crate::asked::{Asked, run};
use crate::step::Step;
use crate::{arrows, circles, dependencies, scripts, snapshots};

/// Steps under one name.
pub struct Pipeline {
    /// How it is asked for.
    pub name: &'static str,
    about: &'static str,
    steps: Vec<Step>,
    words: Words,
}

/// What the words behind the pipeline's name are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Words {
    /// Names of its steps: only these are run.
    Steps,
    /// For the one program that it runs.
    Program,
}

impl Pipeline {
    /// The steps to run, and the words that are for them.
    ///
    /// # Errors
    /// If a word should be the name of a step and is none.
    pub fn chosen(self, words: Vec<String>) -> Result<(Vec<Step>, Vec<String>)> {
        if self.words == Words::Program || words.is_empty() {
            return Ok((self.steps, words));
        }
        if let Some(unknown) = words.iter().find(|word| !self.steps.iter().any(|step| step.name == *word)) {
            bail!("“{unknown}” is no step of {}; its steps are {}", self.name, names(&self.steps));
        }
        let steps = self.steps.into_iter().filter(|step| words.iter().any(|word| word == step.name)).collect();
        Ok((steps, Vec::new()))
    }
}

/// Every pipeline.
pub fn all() -> Vec<Pipeline> {
    let quick = [FORMAT, DEPENDENCIES, ARROWS, CIRCLES, SNAPSHOTS, SCRIPTS, FRONT_END];
    let check = [&quick[..], &[LINTS, DOCUMENTATION, PRODUCT, PROGRAM, FILES]].concat();
    let test =
        [&quick[..], &[LINTS, DOCUMENTATION, PRODUCT, TESTS, EXAMPLES, PROGRAM, FILES, METRICS, BROWSER, API]].concat();
    let pipeline = |name, about, steps, words| Pipeline { name, about, steps, words };
    vec![
        pipeline(
            "fast",
            "what can be known within two minutes",
            [&quick[..], &[COMPILES, PURE]].concat(),
            Words::Steps,
        ),
        pipeline("check", "everything but the tests", check, Words::Steps),
        pipeline("test", "everything that must hold (./test installs what it needs)", test, Words::Steps),
        pipeline(
            "e2e",
            "walks in a browser, all or those whose name matches a word",
            vec![PROGRAM, BROWSER],
            Words::Program,
        ),
        pipeline("bench", "measurements: all, or one by its name", vec![BENCH], Words::Program),
    ]
}

/// What can be asked for.
pub fn usage() -> String {
    let mut text = "cargo xtask PIPELINE [STEP…]\n\n".to_owned();
    for pipeline in all() {
        let _ = writeln!(text, "  {:6} {}", pipeline.name, pipeline.about);
        let _ = writeln!(text, "  {:6}   {}", "", names(&pipeline.steps));
    }
    text
}

fn names(steps: &[Step]) -> String {
    steps.iter().map(|step| step.name).collect::<Vec<_>>().join(", ")
}

const FORMAT: Step = Step { name: "format", run: |asked| asked.cargo("fmt --all --check") };

const DEPENDENCIES: Step = Step { name: "dependencies", run: dependencies::check };

const ARROWS: Step = Step { name: "arrows", run: arrows::check };

const CIRCLES: Step = Step { name: "circles", run: circles::check };

const SNAPSHOTS: Step = Step { name: "snapshots", run: snapshots::check };

const SCRIPTS: Step = Step { name: "scripts", run: scripts::check };

/// Types and unit tests of the scripts of the pages, and types of the walks.
const FRONT_END: Step = Step { name: "front-end", run: |asked| run(&mut asked.command("scripts/front-end")) };

const COMPILES: Step =
    Step { name: "compiles", run: |asked| asked.cargo("check --locked --workspace --all-targets --quiet") };

/// Crates that stand on nothing heavy: their tests are built and run within a minute.
const PURE: Step = Step {
    name: "pure-crates",
    run: |asked| {
        asked.cargo(
            "nextest run --locked --package hj212 --package bilan-standards --package bilan-admission --package xtask",
        )
    },
};

const LINTS: Step =
    Step { name: "lints", run: |asked| asked.cargo("clippy --locked --workspace --all-targets -- -D warnings") };

/// Without the features that only tests ask for, as `./run` builds it.
const PRODUCT: Step = Step { name: "product", run: |asked| asked.cargo("check --locked --package bilan") };

/// With the examples, because cargo takes the features of the tests then: what the lints have checked is not checked again.
const DOCUMENTATION: Step = Step {
    name: "documentation",
    run: |asked| {
        asked.cargo_with(
            "doc --locked --workspace --no-deps --keep-going --lib --bins --examples",
            &[("RUSTDOCFLAGS", "-D warnings")],
        )
    },
};

const TESTS: Step = Step { name: "tests", run: |asked| asked.cargo("nextest run --locked --workspace") };

const EXAMPLES: Step = Step { name: "examples", run: |asked| asked.cargo("test --locked --workspace --doc --quiet") };

/// The product as the tests have it: with one of them, because cargo takes their features then and builds nothing again.
const PROGRAM: Step =
    Step { name: "program", run: |asked| asked.cargo("build --locked --workspace --bin bilan --test command_line") };

const FILES: Step = Step { name: "files", run: |asked| run(asked.command(asked.program()).arg("check")) };

/// What `/metrics` of a running demo says, in the eyes of Prometheus.
const METRICS: Step = Step { name: "metrics", run: |asked| run(&mut asked.command("e2e/metrics/run")) };

const BROWSER: Step = Step { name: "browser", run: |asked| run(asked.command("e2e/run").args(asked.arguments())) };

const API: Step = Step { name: "api", run: |asked| run(&mut asked.command("e2e/api/run")) };

const BENCH: Step = Step { name: "bench", run: bench };

/// The measurements by name, and how cargo is asked for each.
const BENCHES: [(&str, &str); 6] = [
    ("district", "bench --package bilan-sample --bench district"),
    ("million", "bench --package bilan-records --bench million"),
    ("waiting", "bench --package bilan-records --bench waiting"),
    ("store", "bench --package bilan-telemetry --bench store"),
    ("air", "bench --profile demo --package bilan --bench air"),
    ("ingest", "run --profile demo --package bilan-gateway --example ingest -- 1000 8"),
];

fn bench(asked: &Asked) -> Result<()> {
    let names = asked.arguments();
    if let Some(unknown) = names.iter().find(|name| !BENCHES.iter().any(|(known, _)| known == name)) {
        let known = BENCHES.map(|(name, _)| name).join(", ");
        bail!("“{unknown}” is no measurement; there are {known}");
    }
    for (name, words) in BENCHES.iter().filter(|(name, _)| names.is_empty() || names.iter().any(|asked| asked == name))
    {
        eprintln!("\n--- {name}");
        asked.cargo(words)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pipeline(name: &str) -> Pipeline {
        all().into_iter().find(|pipeline| pipeline.name == name).unwrap()
    }

    #[test]
    fn a_step_is_run_alone_by_its_name() {
        let (steps, rest) = pipeline("test").chosen(vec!["lints".to_owned()]).unwrap();
        assert_eq!((names(&steps), rest.len()), ("lints".to_owned(), 0));
    }

    #[test]
    fn a_word_that_is_no_step_is_refused_with_the_steps_there_are() {
        let fault = pipeline("check").chosen(vec!["lint".to_owned()]).err().unwrap().to_string();
        assert!(fault.starts_with("“lint” is no step of check; its steps are format, "), "{fault}");
    }

    #[test]
    fn the_whole_has_every_step_of_the_check() {
        let test = pipeline("test").steps;
        let missing: Vec<_> = pipeline("check")
            .steps
            .iter()
            .map(|step| step.name)
            .filter(|name| !test.iter().any(|step| step.name == *name))
            .collect();
        assert_eq!(missing, Vec::<&str>::new());
    }

    #[test]
    fn what_is_asked_of_the_walks_goes_to_the_walks() {
        let (steps, rest) = pipeline("e2e").chosen(vec!["language".to_owned()]).unwrap();
        assert_eq!((names(&steps), rest), ("program, browser".to_owned(), vec!["language".to_owned()]));
    }
}
