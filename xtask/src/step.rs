//! Steps, one after the other, and the table of their times.

use std::fmt::Write as _;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::asked::Asked;

/// One thing that must hold.
#[derive(Clone, Copy)]
pub struct Step {
    /// What it is called in the table, and by whoever asks for it alone.
    pub name: &'static str,
    /// Does it.
    pub run: fn(&Asked) -> Result<()>,
}

/// How a step ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ending {
    Held(Duration),
    Failed(Duration),
    NotRun,
}

/// Runs the steps until one fails, then prints how long each took.
pub fn run(steps: &[Step], asked: &Asked) -> ExitCode {
    let endings = endings(steps, |step| {
        eprintln!("\n=== {}", step.name);
        (step.run)(asked).inspect_err(|fault| eprintln!("\n{}: {fault:#}", step.name))
    });
    let failed = endings.iter().any(|(_, ending)| matches!(ending, Ending::Failed(_)));
    eprint!("\n{}", table(&endings));
    if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn endings(steps: &[Step], mut run: impl FnMut(&Step) -> Result<()>) -> Vec<(&'static str, Ending)> {
    let mut failed = false;
    let mut end = |step: &Step| {
        if failed {
            return Ending::NotRun;
        }
        let start = Instant::now();
        let outcome = run(step);
        failed = outcome.is_err();
        if failed { Ending::Failed(start.elapsed()) } else { Ending::Held(start.elapsed()) }
    };
    steps.iter().map(|step| (step.name, end(step))).collect()
}

/// The steps with their seconds, and the whole.
fn table(endings: &[(&'static str, Ending)]) -> String {
    let width = endings.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0).max("all steps".len());
    let mut text = String::new();
    let mut whole = Duration::ZERO;
    for (name, ending) in endings {
        let (took, remark) = match ending {
            Ending::Held(took) => (Some(*took), ""),
            Ending::Failed(took) => (Some(*took), "  FAILED"),
            Ending::NotRun => (None, "not run"),
        };
        whole += took.unwrap_or_default();
        let seconds = took.map(|took| format!("{:8.1} s", took.as_secs_f64())).unwrap_or_default();
        // Writing into a string cannot fail.
        let _ = writeln!(text, "{name:width$} {seconds:>10}{remark}");
    }
    let _ = writeln!(text, "{:width$} {:8.1} s", "all steps", whole.as_secs_f64());
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEPS: [Step; 3] = [
        Step { name: "first", run: |_| Ok(()) },
        Step { name: "second", run: |_| Ok(()) },
        Step { name: "third", run: |_| Ok(()) },
    ];

    #[test]
    fn what_follows_a_failed_step_is_not_run_and_shown_as_such() {
        let mut run = Vec::new();
        let endings = endings(&STEPS, |step| {
            run.push(step.name);
            if step.name == "second" { anyhow::bail!("no") } else { Ok(()) }
        });
        assert_eq!(run, ["first", "second"]);
        assert!(matches!(endings[0].1, Ending::Held(_)));
        assert!(matches!(endings[1].1, Ending::Failed(_)));
        assert_eq!(endings[2].1, Ending::NotRun);
    }

    #[test]
    fn the_table_has_the_seconds_of_each_step_and_of_the_whole() {
        let endings = [
            ("format", Ending::Held(Duration::from_millis(1_250))),
            ("lints", Ending::Failed(Duration::from_secs(60))),
            ("tests", Ending::NotRun),
        ];
        assert_eq!(
            table(&endings),
            "format         1.2 s\nlints         60.0 s  FAILED\ntests               not run\nall steps     61.2 s\n"
        );
    }
}
