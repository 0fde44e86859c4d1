//! The files themselves: read from a folder, or handed in by a test.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// One file: where it is, seen from the folder of the bureau, and what it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Path below the bureau's folder, with `/`.
    pub path: String,
    /// Content.
    pub text: String,
}

impl Source {
    /// A file with this content.
    #[must_use]
    pub fn new(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.to_owned() }
    }

    /// The name of the file without folder and ending.
    #[must_use]
    pub fn stem(&self) -> &str {
        let name = self.path.rsplit('/').next().unwrap_or(&self.path);
        name.split('.').next().unwrap_or(name)
    }

    /// The folder directly above the file.
    pub(super) fn folder(&self) -> &str {
        self.path.rsplit('/').nth(1).unwrap_or_default()
    }

    /// Line and column of a byte, both counted from 1, the column in characters.
    #[must_use]
    pub fn position(&self, offset: usize) -> (usize, usize) {
        let mut offset = offset.min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        let before = &self.text[..offset];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
    }
}

/// Reads every file below `root` that a catalogue is made of, in the order of their names.
///
/// # Errors
/// The path and what the operating system says about it.
pub fn read_sources(root: &Path) -> Result<Vec<Source>, (PathBuf, io::Error)> {
    let mut sources = Vec::new();
    for (folder, depth, endings) in [
        ("registers", 1, &[".toml"][..]),
        ("figures", 1, &[".toml"][..]),
        ("reports", 2, &[".toml", ".md"][..]),
        ("districts", 2, &[".toml", ".geojson", ".tsv"][..]),
    ] {
        let path = root.join(folder);
        if path.is_dir() {
            gather(root, &path, depth, endings, &mut sources)?;
        }
    }
    Ok(sources)
}

fn gather(
    root: &Path,
    folder: &Path,
    depth: u8,
    endings: &[&str],
    sources: &mut Vec<Source>,
) -> Result<(), (PathBuf, io::Error)> {
    let at = |path: &Path| {
        let path = path.to_owned();
        move |error| (path, error)
    };
    let mut entries: Vec<PathBuf> = fs::read_dir(folder)
        .map_err(at(folder))?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()
        .map_err(at(folder))?;
    entries.sort();
    for path in entries {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if path.is_dir() {
            if depth > 1 {
                gather(root, &path, depth - 1, endings, sources)?;
            }
        } else if endings.iter().any(|ending| name.ends_with(ending)) && !name.starts_with('.') {
            let text = fs::read_to_string(&path).map_err(at(&path))?;
            let below = path.strip_prefix(root).unwrap_or(&path);
            let parts: Vec<&str> = below.iter().filter_map(|part| part.to_str()).collect();
            sources.push(Source { path: parts.join("/"), text });
        }
    }
    Ok(())
}
