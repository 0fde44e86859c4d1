//! Cells of tables as people and programs write them: numbers, times, heads of columns with their unit. What is not plain is refused, never guessed.

mod head;
mod number;
mod time;

use std::borrow::Cow;
use std::fmt;

pub use head::{Head, Scale, key, scale};
pub use number::{SIGNIFICANT, number};
pub use time::time;

/// Why a cell cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CellFault {
    /// What stands in the cell.
    pub found: String,
    /// What is wrong with it.
    pub kind: CellFaultKind,
}

/// What is wrong with a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CellFaultKind {
    /// No number.
    NoNumber,
    /// A comma: a separator of thousands for one reader, of decimals for another.
    Comma,
    /// Not detected, without the limit of detection.
    NoLimit,
    /// Larger than anything that is measured.
    TooLarge,
    /// A character that nobody sees.
    Invisible(char),
    /// No time.
    NoTime,
}

impl fmt::Display for CellFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let found = &self.found;
        match self.kind {
            CellFaultKind::NoNumber => write!(f, "{found} is no number"),
            CellFaultKind::Comma => {
                write!(f, "{found} is no number: write it with a decimal point and without thousands separators")
            }
            CellFaultKind::NoLimit => write!(
                f,
                "{found} is no number and names no limit of detection: write <0.025 or 0.025L for what was not detected"
            ),
            CellFaultKind::TooLarge => write!(f, "{found} is too large for a measured value"),
            CellFaultKind::Invisible(character) => {
                write!(f, "“{found}” holds the invisible character U+{:04X}: delete it", u32::from(character))
            }
            CellFaultKind::NoTime => write!(f, "{found} is no time: write it like 2020-05-01T08:00"),
        }
    }
}

impl std::error::Error for CellFault {}

/// A text with full-width forms (１２．５) as ordinary ones, without blanks and byte order marks around it.
#[must_use]
pub fn plain(text: &str) -> Cow<'_, str> {
    let around = |character: char| character.is_whitespace() || character == '\u{feff}';
    let text = text.trim_matches(around);
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    let plain: String = text.chars().map(half_width).collect();
    Cow::Owned(plain.trim_matches(around).to_owned())
}

fn half_width(character: char) -> char {
    match character {
        '\u{3000}' | '\u{a0}' => ' ',
        '\u{2212}' => '-',
        // Full-width forms of ASCII lie in the order of ASCII.
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(character) - 0xfee0).unwrap_or(character),
        _ => character,
    }
}

fn invisible(text: &str) -> Option<char> {
    let unseen = |character: &char| {
        matches!(character, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{feff}')
            || (character.is_control() && *character != '\t')
    };
    text.chars().find(unseen)
}

#[cfg(test)]
mod tests;
