//! Snapshots (`*.snap` of insta) without the test that makes them: nobody compares anything with them any more.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};

use crate::asked::Asked;
use crate::{files, source};

/// Looks at every snapshot of the sources.
///
/// # Errors
/// With every snapshot that no test makes, and every one that waits to be looked at.
pub fn check(asked: &Asked) -> Result<()> {
    let files = files::below(asked.root())?;
    let snapshots: Vec<_> = files.iter().filter(|file| is_snapshot(file)).collect();
    let faults: Vec<_> = snapshots.iter().filter_map(|file| fault(asked.root(), file)).collect();
    if !faults.is_empty() {
        bail!("{}", faults.join("\n"));
    }
    eprintln!("{} snapshots, each made by a test", snapshots.len());
    Ok(())
}

fn is_snapshot(file: &str) -> bool {
    file.ends_with(".snap") || file.ends_with(".snap.new")
}

/// What is wrong with a snapshot.
fn fault(root: &Path, file: &str) -> Option<String> {
    if file.ends_with(".snap.new") {
        return Some(format!("{file} waits to be looked at: cargo insta review"));
    }
    orphaned(root, file).unwrap_or_else(|fault| Some(format!("{file}: {fault:#}")))
}

/// Why no test makes a snapshot; none if one does.
fn orphaned(root: &Path, file: &str) -> Result<Option<String>> {
    let text = fs::read_to_string(root.join(file))?;
    let source = text.lines().find_map(|line| line.strip_prefix("source: ")).context("it names no source")?;
    if !root.join(source).is_file() {
        return Ok(Some(format!("{file} was made by {source}, which is gone")));
    }
    let stem = Path::new(file).file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let (module, name) = stem.rsplit_once("__").context("its name has no test behind “__”")?;
    let home = Path::new(source).file_stem().unwrap_or_default().to_string_lossy().into_owned();
    if !module.split("__").any(|part| part == home) {
        return Ok(Some(format!("{file} bears the name of another file than {source}")));
    }
    let code = fs::read_to_string(root.join(source))?;
    let made = makes(&code, name)
        || name.rsplit_once('-').is_some_and(|(name, number)| number.parse::<u32>().is_ok() && makes(&code, name));
    Ok((!made).then(|| format!("{file}: {source} has no test “{name}” that makes it")))
}

/// Whether a source has the test, or names the snapshot itself.
fn makes(text: &str, name: &str) -> bool {
    let code = source::code(text);
    let tokens = source::tokens(&code);
    let test = tokens
        .windows(2)
        .any(|pair| pair[0] == "fn" && (pair[1] == name || pair[1].strip_prefix("test_") == Some(name)));
    tokens.iter().any(|token| token.contains("snapshot")) && (test || text.contains(&format!("\"{name}\"")))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEST: &str = "#[test]\nfn html_is_whole() {\n    insta::assert_snapshot!(html());\n    insta::assert_snapshot!(\"named\", html());\n}\n";

    /// A crate with one test file and one snapshot of it.
    fn fault_of(snapshot: &str, source: &str) -> Option<String> {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("tests/snapshots")).unwrap();
        fs::write(root.path().join("tests/every_format.rs"), TEST).unwrap();
        let file = format!("tests/snapshots/{snapshot}");
        fs::write(root.path().join(&file), format!("---\nsource: {source}\nexpression: html()\n---\n<p>\n")).unwrap();
        fault(root.path(), &file)
    }

    #[test]
    fn a_snapshot_that_a_test_makes_holds() {
        for snapshot in
            ["every_format__html_is_whole.snap", "every_format__html_is_whole-2.snap", "every_format__named.snap"]
        {
            assert_eq!(fault_of(snapshot, "tests/every_format.rs"), None, "{snapshot}");
        }
    }

    #[test]
    fn a_snapshot_without_its_test_or_its_file_is_named() {
        for (snapshot, source, expected) in [
            (
                "every_format__html_was_half.snap",
                "tests/every_format.rs",
                "tests/every_format.rs has no test “html_was_half” that makes it",
            ),
            (
                "every_format__html_is_whole.snap",
                "tests/some_formats.rs",
                "was made by tests/some_formats.rs, which is gone",
            ),
            (
                "some_formats__html_is_whole.snap",
                "tests/every_format.rs",
                "bears the name of another file than tests/every_format.rs",
            ),
            ("every_format__html_is_whole.snap.new", "tests/every_format.rs", "waits to be looked at"),
            ("html_is_whole.snap", "tests/every_format.rs", "its name has no test behind"),
        ] {
            let fault = fault_of(snapshot, source).unwrap_or_default();
            assert!(fault.contains(expected), "{snapshot}: {fault}");
        }
    }
}
