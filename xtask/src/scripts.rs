//! Shell scripts: shellcheck finds nothing in any of them.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use anyhow::{Result, ensure};

use crate::asked::{Asked, run};
use crate::files;

/// Looks at every script of the sources.
///
/// # Errors
/// If shellcheck is not there or finds something.
pub fn check(asked: &Asked) -> Result<()> {
    let scripts: Vec<_> =
        files::below(asked.root())?.into_iter().filter(|file| is_script(&asked.root().join(file))).collect();
    ensure!(!scripts.is_empty(), "no shell scripts were found");
    shellcheck(asked, &scripts)?;
    eprintln!("{} scripts", scripts.len());
    Ok(())
}

fn shellcheck(asked: &Asked, scripts: &[String]) -> Result<()> {
    run(asked.command("shellcheck").args(["--external-sources", "--source-path=SCRIPTDIR"]).args(scripts))
}

/// Whether a file is for a shell: by its ending, or by its first line.
fn is_script(file: &Path) -> bool {
    if file.extension().is_some_and(|ending| ending == "sh" || ending == "bash") {
        return true;
    }
    let mut start = [0; 64];
    let read = File::open(file).and_then(|mut file| file.read(&mut start)).unwrap_or(0);
    let start = String::from_utf8_lossy(&start[..read]);
    start.strip_prefix("#!").and_then(|rest| rest.lines().next()).is_some_and(|line| line.ends_with("sh"))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_script_that_splits_what_it_was_given_fails() {
        let folder = tempfile::tempdir().unwrap();
        let checked = |text: &str| {
            let file = folder.path().join("run");
            fs::write(&file, text).unwrap();
            shellcheck(&Asked::new(Vec::new()), &[file.display().to_string()])
        };
        checked("#!/usr/bin/env bash\nrm -- \"$1\"\n").expect("shellcheck is installed: ./test installs it");
        assert!(checked("#!/usr/bin/env bash\nrm -- $1\n").is_err());
    }

    #[test]
    fn a_script_is_known_by_its_first_line_or_its_ending() {
        let folder = tempfile::tempdir().unwrap();
        for (name, text, expected) in [
            ("run", "#!/usr/bin/env bash\nset -e\n", true),
            ("old", "#!/bin/sh\n", true),
            ("lib.sh", "# to be sourced\n", true),
            ("count", "#!/usr/bin/env python3\n", false),
            ("notes", "bash\n", false),
            ("empty", "", false),
        ] {
            let file = folder.path().join(name);
            fs::write(&file, text).unwrap();
            assert_eq!(is_script(&file), expected, "{name}");
        }
    }
}
