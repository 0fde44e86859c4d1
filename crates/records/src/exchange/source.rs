//! Rows of a file one after the other, whatever its format: first the headings, which may stand below a title, then the rows.

use std::io::{BufRead, BufReader, Read, Seek};

use serde_json::Value as Json;

use super::{
    Format,
    cell::{Cell, CellFault},
    columns::cell_text,
    csv_rows::{CsvRows, separator},
    encoding::Utf8Reader,
    json_lines::JsonLines,
    note::ImportNote,
    unreadable::Unreadable,
    xlsx::{Sheet, Workbook},
};

/// Rows at the beginning of a sheet among which its headings are looked for.
pub(super) const HEADINGS_WITHIN: usize = 20;

/// A row: its number as a person counts it, and its cells by column.
pub(crate) struct SheetRow<'a> {
    pub row: u64,
    pub cells: &'a mut Vec<(usize, Cell)>,
}

/// Rows of a sheet or a text file, without those that are blank.
pub(super) trait Rows {
    /// The cells of the next row and its number; nothing at the end.
    fn next(&mut self, cells: &mut Vec<(usize, Cell)>) -> Result<Option<u64>, Unreadable>;

    /// What a person should know of the rows, once all of them were read.
    fn notes(&self) -> Vec<ImportNote> {
        Vec::new()
    }

    /// Cells that are merged, once all rows were read.
    fn merged(&self) -> &[MergedCells] {
        &[]
    }
}

/// Cells of a sheet that were merged into one.
#[derive(Debug, Clone)]
pub(super) struct MergedCells {
    /// First and last row, from 1.
    pub top: u64,
    pub bottom: u64,
    /// First and last column, from 0.
    pub column: usize,
    pub right: usize,
    /// As the sheet names them, such as `A3:A7`.
    pub reference: String,
}

/// What goes through a file: first the headings, then each row.
pub(crate) trait Visitor {
    /// How many columns a row would name if it were the headings.
    fn known(&self, headings: &[String]) -> usize;
    /// Whether these headings name everything that a record must have.
    fn complete(&self, headings: &[String]) -> bool;
    /// Headings of the columns and their row; called once before rows (again for JSON lines when a new key comes up).
    fn headings(&mut self, row: u64, headings: &[String]);
    /// One row; `false` ends the reading.
    fn row(&mut self, row: SheetRow<'_>) -> bool;
    /// A cell that cannot be taken, found when the rows were through.
    fn fault(&mut self, row: u64, column: usize, fault: &CellFault);
    /// Something that a person should know of how the file was read.
    fn note(&mut self, note: ImportNote);
}

/// Reads the file through `visitor`.
pub(crate) fn read(source: impl Read + Seek, format: Format, visitor: &mut impl Visitor) -> Result<(), Unreadable> {
    match format {
        Format::Csv => read_csv(source, visitor),
        Format::Jsonl => read_json_lines(source, visitor),
        Format::Xlsx => read_workbook(source, visitor),
    }
}

/// How much a file holds, read without a register.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Measured {
    /// Rows below the first that is filled.
    pub rows: u64,
    /// Filled cells in them.
    pub cells: u64,
}

/// Goes through a whole file: whether it can be read at all, and how much it holds.
///
/// # Errors
/// [`Unreadable`] where an import would refuse the file as a whole.
pub fn measure(source: impl Read + Seek, format: Format) -> Result<Measured, Unreadable> {
    let mut measured = Measured::default();
    read(source, format, &mut measured)?;
    Ok(measured)
}

impl Visitor for Measured {
    fn known(&self, _: &[String]) -> usize {
        0
    }

    fn complete(&self, _: &[String]) -> bool {
        false
    }

    fn headings(&mut self, _: u64, _: &[String]) {}

    fn row(&mut self, row: SheetRow<'_>) -> bool {
        self.rows += 1;
        self.cells += row.cells.len() as u64;
        true
    }

    fn fault(&mut self, _: u64, _: usize, _: &CellFault) {}

    fn note(&mut self, _: ImportNote) {}
}

fn read_csv(source: impl Read + Seek, visitor: &mut impl Visitor) -> Result<(), Unreadable> {
    let mut text = BufReader::with_capacity(64 << 10, Utf8Reader::open(source)?);
    let sample = text.fill_buf()?;
    let whole = std::str::from_utf8(sample).map_or_else(|error| error.valid_up_to(), str::len);
    let sample = std::str::from_utf8(&sample[..whole]).unwrap_or_default();
    // Excel itself writes and reads a first line that names the separator.
    let stated = sample.strip_prefix("sep=").and_then(|rest| rest.bytes().next()).filter(u8::is_ascii_punctuation);
    let by = stated.unwrap_or_else(|| separator(sample, |headings| visitor.known(headings)));
    let mut rows = CsvRows::of(text, by);
    if stated.is_some() {
        rows.next(&mut Vec::new())?;
    }
    read_rows(rows, visitor)
}

fn read_json_lines(source: impl Read + Seek, visitor: &mut impl Visitor) -> Result<(), Unreadable> {
    let mut lines = JsonLines::of(BufReader::new(Utf8Reader::open(source)?));
    let (mut cells, mut known) = (Vec::new(), 0);
    while let Some(row) = lines.next(&mut cells)? {
        if lines.headings.len() > known {
            known = lines.headings.len();
            visitor.headings(row, &lines.headings);
        }
        if !visitor.row(SheetRow { row, cells: &mut cells }) {
            break;
        }
    }
    Ok(())
}

fn read_workbook(source: impl Read + Seek, visitor: &mut impl Visitor) -> Result<(), Unreadable> {
    let mut workbook = Workbook::open(source)?;
    let sheets = workbook.sheets.clone();
    let all_hidden = sheets.iter().all(|sheet| sheet.hidden);
    let (looked_at, mut passed_over): (Vec<usize>, Vec<usize>) =
        (0..sheets.len()).partition(|at| all_hidden || !sheets[*at].hidden);
    if let [only] = looked_at[..] {
        // Nothing is to be chosen: a large sheet is read through once.
        note_passed_over(&sheets, passed_over, only, visitor);
        return read_rows(workbook.rows(&sheets[only])?, visitor);
    }
    let mut best: Option<(usize, Judged)> = None;
    for (at, sheet) in looked_at.into_iter().map(|at| (at, &sheets[at])) {
        let judged = judge(&Opening::read(&mut workbook.rows(sheet)?)?, visitor);
        if judged.filled == 0 {
            continue;
        }
        match &best {
            Some((other, before)) if before.is_ledger && judged.is_ledger => {
                let (first, second) = (sheets[*other].name.clone(), sheet.name.clone());
                return Err(Unreadable::TwoSheets { first, second });
            }
            Some((_, before)) if before.worth() >= judged.worth() => passed_over.push(at),
            before => {
                passed_over.extend(before.iter().map(|(other, _)| *other));
                best = Some((at, judged));
            }
        }
    }
    let Some((taken, _)) = best else { return Err(Unreadable::Empty) };
    passed_over.sort_unstable();
    note_passed_over(&sheets, passed_over, taken, visitor);
    read_rows(workbook.rows(&sheets[taken])?, visitor)
}

fn note_passed_over(sheets: &[Sheet], passed_over: Vec<usize>, taken: usize, visitor: &mut impl Visitor) {
    for sheet in passed_over.into_iter().map(|at| &sheets[at]) {
        visitor.note(ImportNote::SheetPassedOver {
            name: sheet.name.clone(),
            hidden: sheet.hidden,
            taken: sheets[taken].name.clone(),
        });
    }
}

/// What the first rows of a sheet say of it.
struct Judged {
    /// Rows that are not blank.
    filled: usize,
    /// Headings that are known.
    known: usize,
    /// It names everything that a record must have, and has rows.
    is_ledger: bool,
}

impl Judged {
    fn worth(&self) -> (bool, usize) {
        (self.is_ledger, self.known)
    }
}

fn judge(opening: &Opening, visitor: &impl Visitor) -> Judged {
    let at = opening.headings(visitor);
    let headings = opening.rows.get(at).map(|(_, cells)| texts(cells)).unwrap_or_default();
    let filled = opening.rows.len();
    Judged { filled, known: visitor.known(&headings), is_ledger: visitor.complete(&headings) && filled > at + 1 }
}

/// The first rows of a sheet.
struct Opening {
    rows: Vec<(u64, Vec<(usize, Cell)>)>,
}

impl Opening {
    fn read(rows: &mut impl Rows) -> Result<Self, Unreadable> {
        let mut opening = Vec::new();
        while opening.len() < HEADINGS_WITHIN {
            let mut cells = Vec::new();
            let Some(row) = rows.next(&mut cells)? else { break };
            opening.push((row, cells));
        }
        Ok(Self { rows: opening })
    }

    /// Which of the rows holds the headings: the first of those that name most, or the very first.
    fn headings(&self, visitor: &impl Visitor) -> usize {
        let known = |(_, cells): &(u64, Vec<(usize, Cell)>)| visitor.known(&texts(cells));
        let counts: Vec<usize> = self.rows.iter().map(known).collect();
        let most = counts.iter().max().copied().unwrap_or(0);
        counts.iter().position(|count| *count == most).unwrap_or(0)
    }
}

fn read_rows(mut rows: impl Rows, visitor: &mut impl Visitor) -> Result<(), Unreadable> {
    let opening = Opening::read(&mut rows)?;
    if opening.rows.is_empty() {
        return Err(Unreadable::Empty);
    }
    let at = opening.headings(visitor);
    let mut heading_row = 0;
    for (position, (row, mut cells)) in opening.rows.into_iter().enumerate() {
        let go_on = match position.cmp(&at) {
            std::cmp::Ordering::Less => {
                visitor.note(ImportNote::RowPassedOver { row, text: texts(&cells).join(" ").trim().to_owned() });
                true
            }
            std::cmp::Ordering::Equal => {
                heading_row = row;
                visitor.headings(row, &texts(&cells));
                true
            }
            std::cmp::Ordering::Greater => visitor.row(SheetRow { row, cells: &mut cells }),
        };
        if !go_on {
            return Ok(());
        }
    }
    let mut cells = Vec::new();
    while let Some(row) = rows.next(&mut cells)? {
        if !visitor.row(SheetRow { row, cells: &mut cells }) {
            return Ok(());
        }
    }
    rows.notes().into_iter().for_each(|note| visitor.note(note));
    for merged in rows.merged().iter().filter(|merged| merged.top > heading_row && merged.bottom > merged.top) {
        let fault = CellFault::Merged { reference: merged.reference.clone(), last: (merged.bottom, merged.right) };
        visitor.fault(merged.top, merged.column, &fault);
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
            Cell::Number { number, .. } => super::cell::as_shown(*number).to_string(),
            Cell::Faulty(fault) => fault.found().to_owned(),
        };
    }
    texts
}
