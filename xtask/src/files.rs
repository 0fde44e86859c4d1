//! The files of the sources: what git knows, and what is new and not left out.

use anyhow::{Context as _, Result, bail};

use crate::asked::Asked;

/// The paths of all files below the root, each with `/`.
///
/// # Errors
/// If git does not answer.
pub fn known(asked: &Asked) -> Result<Vec<String>> {
    let mut git = asked.command("git");
    git.args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
    let output = git.output().context("git cannot be started")?;
    if !output.status.success() {
        bail!("git ls-files failed: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    let names = String::from_utf8_lossy(&output.stdout);
    let there = names.split('\0').filter(|name| !name.is_empty() && asked.root().join(name).is_file());
    Ok(there.map(str::to_owned).collect())
}
