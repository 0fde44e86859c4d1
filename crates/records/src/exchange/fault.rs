//! What is wrong with the cells of a file.

use serde::Serialize;

use super::cell::column_letters;

/// One cell that is refused.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct ImportFault {
    /// Row, or line of a file of JSON, as a person counts it.
    pub row: u64,
    /// Heading of the column, or key of the line, as it stands in the file.
    pub column: String,
    /// It lies in a line of JSON, which has keys and no columns.
    #[serde(skip)]
    pub in_line: bool,
    /// The column counted from 1, where the fault lies in one that the file has.
    pub position: Option<usize>,
    /// What was found.
    pub found: String,
    /// Why it is refused and what is allowed, in English.
    pub why: String,
    /// The same in Chinese.
    pub why_zh: String,
}

impl ImportFault {
    /// The cell as a spreadsheet names it, such as `C7`.
    #[must_use]
    pub fn cell(&self) -> Option<String> {
        let column = self.position.filter(|_| !self.in_line)?.checked_sub(1)?;
        Some(format!("{}{}", column_letters(column), self.row))
    }
}

impl std::fmt::Display for ImportFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { row, column, found, why, .. } = self;
        if self.in_line {
            return write!(f, "line {row}, “{column}”: “{found}”: {why}");
        }
        write!(f, "row {row}, column “{column}”: “{found}”: {why}")
    }
}

/// Every fault of a file, up to [`ImportFaults::LISTED`] of them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct ImportFaults {
    /// The first faults.
    pub faults: Vec<ImportFault>,
    /// How many there are in all.
    pub total: u64,
    /// The row at which the reading ended, where there were too many to go on: what follows was not looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<u64>,
}

impl ImportFaults {
    /// Faults that are listed one by one; the others are only counted.
    pub const LISTED: usize = 1000;

    /// Characters of what was found that are kept.
    const SHOWN: usize = 80;

    /// Whether there are as many as are listed: nobody mends more at once, and a file of a million wrong rows would hold up others.
    pub(super) fn are_enough(&self) -> bool {
        self.faults.len() >= Self::LISTED
    }

    /// Takes back what was said of the blank cells that merged cells leave: they have one fault, which names them all.
    pub(super) fn forget_blanks(&mut self, (top, left): (u64, usize), (bottom, right): (u64, usize)) {
        let listed = self.faults.len();
        self.faults.retain(|fault| {
            let within = (top..=bottom).contains(&fault.row)
                && fault.position.is_some_and(|position| (left + 1..=right + 1).contains(&position));
            !(within && fault.found.is_empty())
        });
        self.total -= (listed - self.faults.len()) as u64;
    }

    pub(super) fn add(&mut self, mut fault: ImportFault) {
        self.total += 1;
        if self.faults.len() < Self::LISTED {
            for text in [&mut fault.found, &mut fault.column] {
                if text.chars().count() > Self::SHOWN {
                    *text = text.chars().take(Self::SHOWN - 1).chain(['…']).collect();
                }
            }
            self.faults.push(fault);
        }
    }
}

impl std::fmt::Display for ImportFaults {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for fault in &self.faults {
            writeln!(f, "{fault}")?;
        }
        let listed = self.faults.len() as u64;
        if self.total > listed {
            writeln!(f, "… and {} more", self.total - listed)?;
        }
        if let Some(row) = self.ended_at {
            writeln!(f, "the reading ended at row {row}: mend these first")?;
        }
        write!(f, "{} faults; nothing was imported", self.total)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_named_as_a_spreadsheet_names_it() {
        let cell = |position, row| ImportFault { row, position, ..ImportFault::default() }.cell();
        assert_eq!(cell(Some(3), 7).as_deref(), Some("C7"));
        assert_eq!(cell(Some(703), 2).as_deref(), Some("AAA2"));
        assert_eq!(cell(None, 2), None);
    }
}
