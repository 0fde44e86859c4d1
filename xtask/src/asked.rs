//! What a step works on: the root of the sources, the target folder, and the words behind the pipeline's name.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

/// The sources and what was asked of a pipeline.
pub struct Asked {
    root: PathBuf,
    target: PathBuf,
    arguments: Vec<String>,
}

impl Asked {
    /// The sources that this program was built from.
    pub fn new(arguments: Vec<String>) -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_owned).unwrap_or_default();
        let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| "target".into(), PathBuf::from);
        Self { target: root.join(target), root, arguments }
    }

    /// The root of the sources.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The product, as the tests build it.
    pub fn program(&self) -> PathBuf {
        self.target.join("debug/bilan")
    }

    /// The words behind the pipeline's name, for the steps that take any.
    pub fn arguments(&self) -> &[String] {
        &self.arguments
    }

    /// Runs cargo with words that hold no space themselves.
    ///
    /// # Errors
    /// If it cannot be started or fails.
    pub fn cargo(&self, words: &str) -> Result<()> {
        self.cargo_with(words, &[])
    }

    /// [`Self::cargo`] with variables of the environment.
    ///
    /// # Errors
    /// If it cannot be started or fails.
    pub fn cargo_with(&self, words: &str, variables: &[(&str, &str)]) -> Result<()> {
        // The variables of the cargo that started this program would make every crate new for the one started here.
        let mut cargo = self.command("cargo");
        for (name, _) in std::env::vars_os().filter(|(name, _)| set_by_cargo(name)) {
            cargo.env_remove(name);
        }
        run(cargo.envs(variables.iter().copied()).args(words.split_whitespace()))
    }

    /// A command that works at the root and finds the product under `BILAN_TEST_BINARY`.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.root).env("BILAN_TEST_BINARY", self.program());
        command
    }
}

/// Whether `cargo run` sets a variable for the program that it runs.
fn set_by_cargo(name: &OsStr) -> bool {
    name.to_str().is_some_and(|name| {
        ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_"].iter().any(|start| name.starts_with(start)) || name == "CARGO"
    })
}

/// Runs a command whose words go to the terminal.
///
/// # Errors
/// If it cannot be started or fails.
pub fn run(command: &mut Command) -> Result<()> {
    let shown = format!("{} {}", command.get_program().display(), shown(command));
    let status = command.status().with_context(|| format!("{shown} cannot be started"))?;
    if !status.success() {
        bail!("{shown} failed ({status})");
    }
    Ok(())
}

fn shown(command: &Command) -> String {
    command.get_args().map(OsStr::to_string_lossy).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_that_fails_is_named_with_its_words() {
        let fault = run(Command::new("false").arg("--of").arg("course")).unwrap_err();
        assert!(fault.to_string().starts_with("false --of course failed"), "{fault}");
    }

    #[test]
    fn a_command_that_is_not_there_is_named() {
        let fault = run(&mut Command::new("no-such-program")).unwrap_err();
        assert_eq!(fault.to_string(), "no-such-program  cannot be started");
    }
}
