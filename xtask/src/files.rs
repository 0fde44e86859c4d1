//! The files of the sources, without what is built, fetched or filled in beside them.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

/// Folders that hold nothing of the sources, wherever they are.
const LEFT_OUT: [&str; 5] = [".git", "target", "node_modules", "dist", "demo-data"];

/// The paths of all files below a root, in their order.
///
/// # Errors
/// If a folder cannot be read.
pub fn below(root: &Path) -> Result<Vec<String>> {
    let mut found = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = fs::read_dir(&folder).with_context(|| format!("{} cannot be read", folder.display()))?;
        for entry in entries {
            let entry = entry?;
            let kind = entry.file_type()?;
            if kind.is_dir() && !LEFT_OUT.iter().any(|name| entry.file_name() == *name) {
                folders.push(entry.path());
            } else if kind.is_file() {
                let path = entry.path();
                found.push(path.strip_prefix(root).unwrap_or(&path).to_string_lossy().into_owned());
            }
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_built_or_fetched_is_no_source() {
        let root = tempfile::tempdir().unwrap();
        for file in [
            "run",
            "e2e/lib/demo.sh",
            "e2e/node_modules/x/install.sh",
            "target/debug/run",
            ".git/hooks/pre-push",
            ".ci/run",
        ] {
            let path = root.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        assert_eq!(below(root.path()).unwrap(), [".ci/run", "e2e/lib/demo.sh", "run"]);
    }
}
