//! What a sheet has and does not show: it is read as well, and said.

use std::collections::BTreeSet;

use super::super::{cell::column_letters, note::ImportNote};

/// Ranges of hidden columns that are remembered; each cell is looked for in them.
const RANGES: usize = 256;

/// Rows and columns that are not shown.
#[derive(Default)]
pub(super) struct Hidden {
    /// The row that is being read is not shown.
    pub(super) row: bool,
    /// Filled rows that are not shown, and the first of them.
    rows: u64,
    first: u64,
    /// First and last columns from 0 that are not shown.
    ranges: Vec<(usize, usize)>,
    /// Those of them that have a filled cell.
    columns: BTreeSet<usize>,
}

impl Hidden {
    /// Notes the columns of which the attributes `min`, `max` and `hidden` speak.
    pub(super) fn add_range(&mut self, [min, max, hidden]: [Option<&str>; 3]) {
        let number = |text: Option<&str>| text?.parse::<usize>().ok()?.checked_sub(1);
        if is_yes(hidden)
            && let (Some(first), Some(last)) = (number(min), number(max))
            && self.ranges.len() < RANGES
        {
            self.ranges.push((first, last));
        }
    }

    pub(super) fn add_cell(&mut self, column: usize) {
        if self.ranges.iter().any(|(first, last)| (*first..=*last).contains(&column)) {
            self.columns.insert(column);
        }
    }

    pub(super) fn end_row(&mut self, row: u64) {
        if self.row {
            self.rows += 1;
            self.first = if self.rows == 1 { row } else { self.first };
        }
    }

    pub(super) fn notes(&self) -> Vec<ImportNote> {
        let rows = (self.rows > 0).then_some(ImportNote::HiddenRows { count: self.rows, first: self.first });
        let columns: Vec<String> = self.columns.iter().map(|column| column_letters(*column)).collect();
        let columns = (!columns.is_empty()).then_some(ImportNote::HiddenColumns { columns });
        rows.into_iter().chain(columns).collect()
    }
}

pub(super) fn is_yes(attribute: Option<&str>) -> bool {
    matches!(attribute, Some("1" | "true"))
}
