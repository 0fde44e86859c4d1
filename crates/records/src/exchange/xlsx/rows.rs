//! The rows of one sheet, one after the other.

use std::io::Read;

use quick_xml::events::Event;
use serde_json::Value as Json;

use super::{
    super::{
        bounds::{self, Bound},
        cell::{Cell, column_letters},
        note::ImportNote,
        source::{MergedCells, Rows},
        unreadable::{Spot, Unreadable},
    },
    hidden::{Hidden, is_yes},
    written::{Kind, Meanings, Written, shortened},
    xml::{Xml, attributes},
};

/// Merged cells of a sheet that are remembered: each is a fault, and far fewer are listed.
const MERGED: usize = 10_000;

/// Rows of a sheet while they are read.
pub(in super::super) struct SheetRows<'w, R: Read> {
    xml: Xml<R>,
    meanings: Meanings<'w>,
    /// Row that was read last, from 1; 0 before the first.
    row: u64,
    /// Column of the next cell that does not say where it stands.
    column: usize,
    within_row: bool,
    merged: Vec<MergedCells>,
    /// Bytes of text that its cells may still have: a text that is kept once may stand in every cell.
    left: u64,
    /// Bytes of text in the row.
    bytes: usize,
    /// Blank cells since the last that is filled.
    blank: u64,
    hidden: Hidden,
}

impl<'w, R: Read> SheetRows<'w, R> {
    pub(super) fn of(xml: Xml<R>, meanings: Meanings<'w>, left: u64) -> Self {
        let (merged, hidden) = (Vec::new(), Hidden::default());
        Self { xml, meanings, row: 0, column: 0, within_row: false, merged, left, bytes: 0, blank: 0, hidden }
    }

    /// Reads a cell to its end; gives its column from 0 and what it holds, or nothing if it is blank.
    fn cell(&mut self, column: usize, mut written: Written) -> Result<Option<Cell>, Unreadable> {
        if column >= bounds::COLUMNS {
            return Err(Unreadable::too_much(Spot::Row(self.row), Bound::Columns));
        }
        self.column = column + 1;
        let row = self.row;
        // As a person names it: `B7`.
        let name = || format!("{}{row}", column_letters(column));
        written.read(&mut self.xml, name)?;
        self.xml.progressed();
        let Some(cell) = written.meant(&self.meanings, name)? else {
            self.pass_over_blank()?;
            return Ok(None);
        };
        self.blank = 0;
        if let Cell::Given(Json::String(text)) = &cell {
            self.bytes += text.len();
            let left = self.left.checked_sub(text.len() as u64);
            self.left = left.ok_or_else(|| Unreadable::too_much(Spot::Row(self.row), Bound::Unpacked))?;
        }
        if self.bytes > bounds::ROW_BYTES {
            return Err(Unreadable::too_much(Spot::Row(self.row), Bound::RowBytes));
        }
        self.hidden.add_cell(column);
        Ok(Some(cell))
    }

    /// Counts a blank cell.
    fn pass_over_blank(&mut self) -> Result<(), Unreadable> {
        self.blank += 1;
        if self.blank > bounds::BLANK_CELLS {
            return Err(Unreadable::too_much(Spot::Row(self.row), Bound::BlankCells));
        }
        Ok(())
    }
}

impl<R: Read> Rows for SheetRows<'_, R> {
    fn next(&mut self, cells: &mut Vec<(usize, Cell)>) -> Result<Option<u64>, Unreadable> {
        cells.clear();
        self.bytes = 0;
        loop {
            match self.xml.next()? {
                Event::Start(element) => match element.local_name().into_inner() {
                    "row" => {
                        let [number, hidden] = attributes(&element, ["r", "hidden"])?;
                        self.hidden.row = is_yes(hidden.as_deref());
                        self.row = row_after(self.row, number.as_deref())?;
                        (self.column, self.within_row) = (0, true);
                        self.xml.progressed();
                    }
                    "c" if self.within_row => {
                        let [reference, style, kind] = attributes(&element, ["r", "s", "t"])?;
                        let column = place(reference.as_deref(), self.row, self.column)?;
                        let written = Written::begun(Kind::of(kind.as_deref()), style.as_deref());
                        cells.extend(self.cell(column, written)?.map(|cell| (column, cell)));
                    }
                    "col" => {
                        let range = attributes(&element, ["min", "max", "hidden"])?;
                        self.hidden.add_range(range.each_ref().map(Option::as_deref));
                    }
                    "mergeCell" if self.merged.len() < MERGED => {
                        let [reference] = attributes(&element, ["ref"])?;
                        self.merged.extend(reference.as_deref().and_then(merged_rows));
                    }
                    _ => {}
                },
                Event::End(element) if element.local_name().into_inner() == "row" => {
                    self.within_row = false;
                    if !cells.is_empty() {
                        self.hidden.end_row(self.row);
                        return Ok(Some(self.row));
                    }
                }
                Event::Eof => return Ok(None),
                _ => {}
            }
        }
    }

    fn notes(&self) -> Vec<ImportNote> {
        self.hidden.notes()
    }

    fn merged(&self) -> &[MergedCells] {
        &self.merged
    }
}

/// The number of a row behind another: as it says, or the next.
fn row_after(before: u64, number: Option<&str>) -> Result<u64, Unreadable> {
    let number = match number {
        Some(number) => number.parse().map_err(|_| Unreadable::workbook(format!("row “{}”", shortened(number))))?,
        None => before + 1,
    };
    if number > bounds::ROWS {
        return Err(Unreadable::too_much(Spot::Row(number), Bound::Rows));
    }
    if number <= before {
        return Err(Unreadable::workbook(format!("row {number} does not come after row {before}")));
    }
    Ok(number)
}

/// Where a cell of a row stands: its column from 0, as it says or the next.
fn place(reference: Option<&str>, row: u64, next: usize) -> Result<usize, Unreadable> {
    let Some(reference) = reference else { return Ok(next) };
    let wrong = || Unreadable::workbook(format!("there is no cell “{}”", shortened(reference)));
    let letters = reference.trim_end_matches(|character: char| character.is_ascii_digit());
    if letters.is_empty() || !letters.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        return Err(wrong());
    }
    let column = letters
        .bytes()
        .take(8)
        .fold(0_usize, |sum, letter| sum * 26 + usize::from(letter.to_ascii_uppercase() - b'A') + 1)
        .saturating_sub(1);
    if column >= bounds::COLUMNS {
        return Err(Unreadable::too_much(Spot::Cell(shortened(reference)), Bound::Columns));
    }
    if reference[letters.len()..].parse::<u64>().is_ok_and(|of| of != row) || column < next {
        return Err(wrong());
    }
    Ok(column)
}

/// Cells that are merged over several rows; nothing of a reference within one, or of none.
fn merged_rows(reference: &str) -> Option<MergedCells> {
    let place = |cell: &str| {
        let letters = cell.trim_end_matches(|character: char| character.is_ascii_digit());
        let column = letters.bytes().take(4).try_fold(0_usize, |sum, letter| {
            letter.is_ascii_alphabetic().then(|| sum * 26 + usize::from(letter.to_ascii_uppercase() - b'A') + 1)
        })?;
        Some((cell[letters.len()..].parse::<u64>().ok()?, column.checked_sub(1)?))
    };
    let (first, last) = reference.split_once(':')?;
    let ((top, column), (bottom, right)) = (place(first)?, place(last)?);
    (bottom > top).then(|| MergedCells { top, bottom, column, right, reference: shortened(reference) })
}
