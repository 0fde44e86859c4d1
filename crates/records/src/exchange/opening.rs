//! The first rows of a sheet or a text, among which its headings stand, and the rows behind them.

use std::cmp::Ordering;

use serde_json::Value as Json;

use super::{
    cell::{Cell, CellFault, as_shown},
    columns::cell_text,
    note::ImportNote,
    source::{HEADINGS_WITHIN, MergedCells, Rows, SheetRow, Visitor},
    unreadable::Unreadable,
};

/// The first rows of a sheet.
pub(super) struct Opening {
    pub(super) rows: Vec<(u64, Vec<(usize, Cell)>)>,
    /// What is to be said at the end, where there are no more rows.
    end: Option<End>,
}

/// What is known of a sheet once all its rows were read.
struct End {
    notes: Vec<ImportNote>,
    merged: Vec<MergedCells>,
}

impl Opening {
    pub(super) fn read(rows: &mut impl Rows) -> Result<Self, Unreadable> {
        let mut opening = Vec::new();
        while opening.len() < HEADINGS_WITHIN {
            let mut cells = Vec::new();
            let Some(row) = rows.next(&mut cells)? else {
                return Ok(Self { rows: opening, end: Some(End::of(rows)) });
            };
            opening.push((row, cells));
        }
        Ok(Self { rows: opening, end: None })
    }

    /// Whether the sheet has no more rows than these.
    pub(super) fn is_whole(&self) -> bool {
        self.end.is_some()
    }

    /// Which of the rows holds the headings: the first of those that name most, or the very first.
    pub(super) fn headings(&self, visitor: &impl Visitor) -> usize {
        let known = |(_, cells): &(u64, Vec<(usize, Cell)>)| visitor.known(&texts(cells));
        let counts: Vec<usize> = self.rows.iter().map(known).collect();
        let most = counts.iter().max().copied().unwrap_or(0);
        counts.iter().position(|count| *count == most).unwrap_or(0)
    }

    /// Hands these rows on; gives the row of the headings, or nothing where the visitor ends the reading.
    fn hand_on(rows: Vec<(u64, Vec<(usize, Cell)>)>, at: usize, visitor: &mut impl Visitor) -> Option<u64> {
        let mut heading_row = 0;
        for (position, (row, mut cells)) in rows.into_iter().enumerate() {
            match position.cmp(&at) {
                Ordering::Less => {
                    let text = texts(&cells).join(" ").trim().to_owned();
                    visitor.note(ImportNote::RowPassedOver { row, text });
                }
                Ordering::Equal => {
                    heading_row = row;
                    visitor.headings(row, &texts(&cells));
                }
                Ordering::Greater if visitor.row(SheetRow { row, cells: &mut cells }) => {}
                Ordering::Greater => return None,
            }
        }
        Some(heading_row)
    }
}

impl End {
    fn of(rows: &impl Rows) -> Self {
        Self { notes: rows.notes(), merged: rows.merged().to_vec() }
    }

    fn hand_on(self, heading_row: u64, visitor: &mut impl Visitor) {
        self.notes.into_iter().for_each(|note| visitor.note(note));
        for merged in self.merged.iter().filter(|merged| merged.top > heading_row && merged.bottom > merged.top) {
            let fault = CellFault::Merged { reference: merged.reference.clone(), last: (merged.bottom, merged.right) };
            visitor.fault(merged.top, merged.column, &fault);
        }
    }
}

/// Reads rows from the first of them through `visitor`.
pub(super) fn read_rows(mut rows: impl Rows, visitor: &mut impl Visitor) -> Result<(), Unreadable> {
    let opening = Opening::read(&mut rows)?;
    read_on(opening, Some(rows), visitor)
}

/// Hands an opening on, and the rows behind it where it is not whole.
pub(super) fn read_on(opening: Opening, rest: Option<impl Rows>, visitor: &mut impl Visitor) -> Result<(), Unreadable> {
    if opening.rows.is_empty() {
        return Err(Unreadable::Empty);
    }
    let at = opening.headings(visitor);
    let Opening { rows, end } = opening;
    let Some(heading_row) = Opening::hand_on(rows, at, visitor) else { return Ok(()) };
    let end = match (end, rest) {
        (None, Some(mut rest)) => {
            let mut cells = Vec::new();
            while let Some(row) = rest.next(&mut cells)? {
                if !visitor.row(SheetRow { row, cells: &mut cells }) {
                    return Ok(());
                }
            }
            Some(End::of(&rest))
        }
        (end, _) => end,
    };
    if let Some(end) = end {
        end.hand_on(heading_row, visitor);
    }
    Ok(())
}

/// The cells of a row as texts by column, blank where there is none.
pub(super) fn texts(cells: &[(usize, Cell)]) -> Vec<String> {
    let width = cells.iter().map(|(at, _)| at + 1).max().unwrap_or(0);
    let mut texts = vec![String::new(); width];
    for (at, cell) in cells {
        texts[*at] = match cell {
            Cell::Given(Json::String(text)) => text.clone(),
            Cell::FormulaText(text) => text.clone(),
            Cell::Given(value) => cell_text(value),
            Cell::Moment(text) => text.clone(),
            Cell::Number { number, .. } => as_shown(*number).to_string(),
            Cell::Faulty(fault) => fault.found().to_owned(),
        };
    }
    texts
}
