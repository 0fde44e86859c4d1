//! The rows of a CSV file, cut with a bound on columns and on the text of a row.

use std::io::BufRead;

use csv_core::{ReadRecordResult, Reader, ReaderBuilder};
use serde_json::Value as Json;

use super::{
    bounds::{self, Bound},
    cell::{Cell, column_letters, formula_text},
    formula::restored,
    lines::Lines,
    note::ImportNote,
    quotes::{Quotes, holds_rows},
    source::Rows,
    unreadable::{Spot, Unreadable},
};

/// Rows of UTF-8 text whose cells are parted by one byte.
pub(super) struct CsvRows<B> {
    source: B,
    cutter: Reader,
    text: Vec<u8>,
    ends: Vec<usize>,
    lines: Lines,
    rows: u64,
    separator: u8,
    /// Cells of the widest row.
    widest: usize,
    notes: Vec<ImportNote>,
}

impl<B: BufRead> CsvRows<B> {
    pub(super) fn of(source: B, separator: u8) -> Self {
        let cutter = ReaderBuilder::new().delimiter(separator).build();
        let (text, ends) = (vec![0; 4096], vec![0; 128]);
        Self { source, cutter, text, ends, lines: Lines::new(), rows: 0, separator, widest: 0, notes: Vec::new() }
    }

    /// Passes over line breaks before a row, so that its line is that of its first character.
    fn pass_over_breaks(&mut self) -> Result<(), Unreadable> {
        loop {
            let bytes = self.source.fill_buf()?;
            let breaks = bytes.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
            if breaks == 0 {
                return Ok(());
            }
            self.lines.pass(&bytes[..breaks]);
            self.source.consume(breaks);
        }
    }

    /// Goes past a row without looking at its cells; gives whether there was one.
    pub(super) fn pass_over_row(&mut self) -> Result<bool, Unreadable> {
        Ok(self.row()?.is_some())
    }

    /// Cuts a row and counts it; gives its line and the number of its cells, or nothing at the end.
    fn row(&mut self) -> Result<Option<(u64, usize)>, Unreadable> {
        self.pass_over_breaks()?;
        let line = self.lines.line;
        let Some(cells) = self.cut(line)? else { return Ok(None) };
        self.rows += 1;
        if self.rows > bounds::ROWS {
            return Err(Unreadable::too_much(Spot::Row(line), Bound::Rows));
        }
        Ok(Some((line, cells)))
    }

    /// Cuts the row that begins on this line; gives the number of its cells, or nothing at the end.
    fn cut(&mut self, line: u64) -> Result<Option<usize>, Unreadable> {
        let (mut written, mut cells) = (0, 0);
        let mut quotes = Quotes::new(self.separator, line);
        loop {
            let bytes = self.source.fill_buf()?;
            let at_the_end = bytes.is_empty();
            let (result, read, wrote, ended) =
                self.cutter.read_record(bytes, &mut self.text[written..], &mut self.ends[cells..]);
            self.lines.pass(&bytes[..read]);
            quotes.pass_all(&bytes[..read]);
            self.source.consume(read);
            if let Some((line, lines)) = quotes.open() {
                let too_long = result == ReadRecordResult::OutputFull && self.text.len() >= bounds::ROW_BYTES;
                if at_the_end || (too_long && lines > 0) {
                    return Err(Unreadable::QuoteOpen { line });
                }
            }
            (written, cells) = (written + wrote, cells + ended);
            match result {
                ReadRecordResult::Record => return Ok(Some(cells)),
                ReadRecordResult::End => return Ok(None),
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull if self.text.len() < bounds::ROW_BYTES => {
                    self.text.resize((self.text.len() * 2).min(bounds::ROW_BYTES), 0);
                }
                ReadRecordResult::OutputFull => return Err(Unreadable::too_much(Spot::Row(line), Bound::RowBytes)),
                ReadRecordResult::OutputEndsFull if self.ends.len() < bounds::COLUMNS => {
                    self.ends.resize((self.ends.len() * 2).min(bounds::COLUMNS), 0);
                }
                ReadRecordResult::OutputEndsFull => {
                    return Err(Unreadable::too_much(Spot::Row(line), Bound::Columns));
                }
            }
        }
    }
}

impl<B: BufRead> Rows for CsvRows<B> {
    fn next(&mut self, cells: &mut Vec<(usize, Cell)>) -> Result<Option<u64>, Unreadable> {
        loop {
            cells.clear();
            let Some((line, count)) = self.row()? else { return Ok(None) };
            self.widest = self.widest.max(count);
            let mut start = 0;
            for (at, end) in self.ends[..count].iter().enumerate() {
                let not_text = |_| Unreadable::NotText { line, encoding: "UTF-8" };
                let text = std::str::from_utf8(&self.text[start..*end]).map_err(not_text)?;
                start = *end;
                if self.notes.len() < ImportNote::LISTED && holds_rows(text.as_bytes(), self.separator, self.widest) {
                    let (cell, lines) = (format!("{}{line}", column_letters(at)), text.lines().count());
                    self.notes.push(ImportNote::RowsInCell { cell, lines });
                }
                cells.extend(cell_of(text).map(|cell| (at, cell)));
            }
            if !cells.is_empty() {
                return Ok(Some(line));
            }
        }
    }

    fn notes(&self) -> Vec<ImportNote> {
        self.notes.clone()
    }
}

/// What stands in a cell; nothing if it is blank.
fn cell_of(text: &str) -> Option<Cell> {
    if text.trim().is_empty() {
        return None;
    }
    match formula_text(text) {
        Some(text) if text.trim().is_empty() => None,
        Some(text) => Some(Cell::FormulaText(text)),
        None => Some(Cell::Given(Json::from(restored(text)))),
    }
}

/// Bytes that part the cells of a CSV file.
const SEPARATORS: [u8; 4] = [b',', b'\t', b';', b'|'];

/// The byte that parts the cells of a text, judged by its first rows: the one by which `known` finds most in one of them.
///
/// `sample` may end anywhere. Without anything known it is the separator that stands most often on a line, or else the comma.
#[must_use]
pub fn separator(sample: &str, known: impl Fn(&[String]) -> usize) -> u8 {
    let best_of = |judge: &dyn Fn(u8) -> usize| {
        let judged = SEPARATORS.map(|separator| (separator, judge(separator)));
        // The first of equals.
        judged.into_iter().rev().max_by_key(|(_, count)| *count).filter(|(_, count)| *count > 0)
    };
    let by_known = best_of(&|separator| {
        let mut rows = CsvRows::of(sample.as_bytes(), separator);
        let (mut cells, mut best) = (Vec::new(), 0);
        for _ in 0..super::source::HEADINGS_WITHIN {
            let Ok(Some(_)) = rows.next(&mut cells) else { break };
            best = best.max(known(&super::opening::texts(&cells)));
        }
        // One name alone may be a whole line that was not cut.
        if best > 1 { best } else { 0 }
    });
    let by_count = || {
        best_of(&|separator| {
            let marks = |line: &str| {
                let mut quoted = false;
                let counted = line.bytes().filter(|byte| {
                    quoted ^= *byte == b'"';
                    !quoted && *byte == separator
                });
                counted.count()
            };
            sample.lines().take(super::source::HEADINGS_WITHIN).map(marks).max().unwrap_or(0)
        })
    };
    by_known.or_else(by_count).map_or(b',', |(separator, _)| separator)
}
