//! What is wrong with a file: where, the offending text, why, and what to write instead.

use std::{fmt, ops::Range};

use codespan_reporting::{
    diagnostic::{Diagnostic as Shown, Label},
    files::SimpleFiles,
    term,
};
use serde::Serialize;

use super::source::Source;

/// One fault in one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// Path of the file below the bureau's folder.
    pub file: String,
    /// Line, counted from 1.
    pub line: usize,
    /// Column in characters, counted from 1.
    pub column: usize,
    /// The offending text.
    pub found: String,
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub remedy: Option<String>,
    /// Bytes of the offending text.
    #[serde(skip)]
    pub span: Range<usize>,
    /// Another fault of the file is its cause: it goes when that one is mended.
    #[serde(skip)]
    pub is_consequence: bool,
}

/// Files in the order in which one builds on the other: a fault of a register is the cause of faults in the figures that count it.
fn order_of(file: &str) -> usize {
    let folders = ["registers/", "districts/", "figures/", "reports/"];
    folders.iter().position(|folder| file.starts_with(folder)).unwrap_or(folders.len())
}

/// Every fault in the files of a bureau.
#[derive(Debug, Clone, Default)]
pub struct Diagnostics {
    /// The faults, causes before consequences: registers before the figures that count them, then file by file and in the order of the text; what
    /// follows from another fault of the same file comes after the others.
    pub faults: Vec<Diagnostic>,
    /// What the program knows how to use and the files do without; no fault.
    pub without: Vec<Diagnostic>,
    sources: Vec<Source>,
}

impl Diagnostics {
    pub(super) fn new(mut faults: Vec<Diagnostic>, sources: &[Source]) -> Self {
        let place =
            |fault: &Diagnostic| (order_of(&fault.file), fault.is_consequence, fault.file.clone(), fault.span.start);
        faults.sort_by_key(place);
        faults.dedup();
        let named = |source: &&Source| faults.iter().any(|fault| fault.file == source.path);
        Self { sources: sources.iter().filter(named).cloned().collect(), faults, without: Vec::new() }
    }

    pub(super) fn doing_without(self, without: Vec<Diagnostic>) -> Self {
        Self { without, ..self }
    }
}

/// `file:line:column: message`, one line a fault: for editors and logs.
impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: {}", self.file, self.line, self.column, self.message)?;
        match &self.remedy {
            Some(remedy) => write!(f, "; {remedy}"),
            None => Ok(()),
        }
    }
}

/// Each fault with an excerpt of its file.
impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut files = SimpleFiles::new();
        let ids: Vec<usize> =
            self.sources.iter().map(|source| files.add(source.path.as_str(), source.text.as_str())).collect();
        let config = term::Config::default();
        for fault in &self.faults {
            let place = self.sources.iter().position(|source| source.path == fault.file);
            let Some(&id) = place.and_then(|place| ids.get(place)) else {
                writeln!(f, "error: {fault}\n")?;
                continue;
            };
            let mut shown =
                Shown::error().with_message(&fault.message).with_labels(vec![Label::primary(id, fault.span.clone())]);
            if let Some(remedy) = &fault.remedy {
                shown = shown.with_note(remedy);
            }
            let text = term::emit_into_string(&config, &files, &shown).map_err(|_| fmt::Error)?;
            f.write_str(&text)?;
        }
        Ok(())
    }
}

impl std::error::Error for Diagnostics {}
