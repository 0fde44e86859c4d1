//! Reading `rules/*.toml`. Every fault has its place; an unknown key is one.

mod reader;

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::path::Path;

use toml::Spanned;

use super::Rule;
use reader::{RawRule, Reader};

/// What is wrong with a rule file, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleFault {
    /// File.
    pub file: String,
    /// Line from 1.
    pub line: usize,
    /// Column from 1, in characters.
    pub column: usize,
    /// Bytes of the offending text in the file.
    pub span: Range<usize>,
    /// What is wrong and what to write instead.
    pub message: String,
}

impl fmt::Display for RuleFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: {}", self.file, self.line, self.column, self.message)
    }
}

impl std::error::Error for RuleFault {}

/// All rules of a folder, in the order of file names and keys.
///
/// # Errors
/// Every fault of every file. A folder that cannot be read is one, too.
pub fn load(folder: &Path) -> Result<Vec<Rule>, Vec<RuleFault>> {
    let unreadable = |path: &Path, error: std::io::Error| RuleFault {
        file: path.display().to_string(),
        line: 1,
        column: 1,
        span: 0..0,
        message: format!("cannot be read: {error}"),
    };
    let entries = std::fs::read_dir(folder).map_err(|error| vec![unreadable(folder, error)])?;
    let mut files: Vec<_> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .collect();
    files.sort();
    let (mut rules, mut faults) = (Vec::<Rule>::new(), Vec::new());
    for path in files {
        match std::fs::read_to_string(&path) {
            Err(error) => faults.push(unreadable(&path, error)),
            Ok(text) => match parse(&path.display().to_string(), &text) {
                Err(found) => faults.extend(found),
                Ok(found) => {
                    for rule in found {
                        if rules.iter().any(|known| known.key == rule.key) {
                            let at = text.find(&format!("[{}]", rule.key)).unwrap_or(0);
                            let span = at..at + rule.key.len() + 2;
                            let message =
                                format!("rule “{}” stands in another file already: give it another name", rule.key);
                            faults.push(fault(&path.display().to_string(), &text, span, message));
                        }
                        rules.push(rule);
                    }
                }
            },
        }
    }
    if faults.is_empty() { Ok(rules) } else { Err(faults) }
}

/// The rules of one file.
///
/// ```
/// let text = "[hot]\nlabel = { zh = '高温', en = 'Hot' }\nstations = 'air'\nfactor = 'a01001'\nop = '>'\ntreshold = 40\n";
/// let faults = bilan_telemetry::rules::parse("hot.toml", text).unwrap_err();
/// assert!(faults[0].to_string().starts_with("hot.toml:6:1: unknown field `treshold`"), "{}", faults[0]);
/// ```
///
/// # Errors
/// Every fault found; what is not TOML, or has an unknown key or a wrong type, ends with that one.
pub fn parse(file: &str, text: &str) -> Result<Vec<Rule>, Vec<RuleFault>> {
    let raw: BTreeMap<String, Spanned<RawRule>> = toml::from_str(text)
        .map_err(|error| vec![fault(file, text, error.span().unwrap_or(0..0), error.message().to_owned())])?;
    let mut faults = Vec::new();
    let rules = raw
        .into_iter()
        .filter_map(|(key, raw)| {
            let whole = raw.span();
            Reader { file, text, whole, faults: &mut faults }.rule(key, raw.into_inner())
        })
        .collect();
    if faults.is_empty() { Ok(rules) } else { Err(faults) }
}

fn fault(file: &str, text: &str, span: Range<usize>, message: String) -> RuleFault {
    let before = text.get(..span.start).unwrap_or("");
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    RuleFault {
        file: file.to_owned(),
        line: before.matches('\n').count() + 1,
        column: before[line_start..].chars().count() + 1,
        span,
        message,
    }
}

#[cfg(test)]
mod tests;
