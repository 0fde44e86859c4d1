//! The rows of one sheet, one after the other.

use std::{collections::BTreeSet, io::Read};

use quick_xml::events::{BytesStart, Event};
use serde_json::Value as Json;

use super::{
    super::{
        bounds::{self, Bound},
        cell::{Cell, CellFault, Epoch, column_letters},
        note::ImportNote,
        source::{MergedCells, Rows},
        unreadable::{Spot, Unreadable},
    },
    strings::{SharedTexts, unescaped},
    styles::Styles,
    xml::{Xml, add_text, attributes},
};

/// Merged cells of a sheet that are remembered.
const MERGED: usize = 10_000;

/// Ranges of hidden columns that are remembered; each cell is looked for in them.
const HIDDEN_RANGES: usize = 256;

/// Rows of a sheet while they are read.
pub(in super::super) struct SheetRows<'w, R: Read> {
    xml: Xml<R>,
    texts: &'w SharedTexts,
    styles: &'w Styles,
    epoch: Epoch,
    /// Row that was read last, from 1; 0 before the first.
    row: u64,
    /// Column of the next cell that does not say where it stands.
    column: usize,
    within_row: bool,
    merged: Vec<MergedCells>,
    /// Bytes of text that its cells may still have: a text that is kept once may stand in every cell.
    left: u64,
    /// Blank cells since the last that is filled.
    blank: u64,
    hidden: Hidden,
}

/// What the sheet has and does not show.
#[derive(Default)]
struct Hidden {
    /// The row that is being read is not shown.
    row: bool,
    /// Filled rows that are not shown, and the first of them.
    rows: u64,
    first: u64,
    /// First and last columns from 0 that are not shown.
    ranges: Vec<(usize, usize)>,
    /// Those of them that have a filled cell.
    columns: BTreeSet<usize>,
}

impl Hidden {
    fn add_range(&mut self, [min, max, hidden]: [Option<String>; 3]) {
        let number = |text: Option<String>| text?.parse::<usize>().ok()?.checked_sub(1);
        if is_yes(hidden.as_deref())
            && let (Some(first), Some(last)) = (number(min), number(max))
            && self.ranges.len() < HIDDEN_RANGES
        {
            self.ranges.push((first, last));
        }
    }

    fn add_cell(&mut self, column: usize) {
        if self.ranges.iter().any(|(first, last)| (*first..=*last).contains(&column)) {
            self.columns.insert(column);
        }
    }

    fn end_row(&mut self, row: u64) {
        if self.row {
            self.rows += 1;
            self.first = if self.rows == 1 { row } else { self.first };
        }
    }

    fn notes(&self) -> Vec<ImportNote> {
        let rows = (self.rows > 0).then_some(ImportNote::HiddenRows { count: self.rows, first: self.first });
        let columns: Vec<String> = self.columns.iter().map(|column| column_letters(*column)).collect();
        let columns = (!columns.is_empty()).then_some(ImportNote::HiddenColumns { columns });
        rows.into_iter().chain(columns).collect()
    }
}

fn is_yes(attribute: Option<&str>) -> bool {
    matches!(attribute, Some("1" | "true"))
}

/// A cell as the file writes it.
#[derive(Default)]
struct Written {
    kind: Option<String>,
    style: usize,
    value: Option<String>,
    formula: Option<String>,
}

impl<'w, R: Read> SheetRows<'w, R> {
    pub(super) fn of(xml: Xml<R>, texts: &'w SharedTexts, styles: &'w Styles, epoch: Epoch, left: u64) -> Self {
        let (merged, hidden) = (Vec::new(), Hidden::default());
        Self { xml, texts, styles, epoch, row: 0, column: 0, within_row: false, merged, left, blank: 0, hidden }
    }

    fn begin_row(&mut self, number: Option<String>) -> Result<(), Unreadable> {
        let number = match number {
            Some(number) => number.parse().map_err(|_| Unreadable::workbook(format!("row “{number}”")))?,
            None => self.row + 1,
        };
        if number > bounds::ROWS {
            return Err(Unreadable::too_much(Spot::Row(number), Bound::Rows));
        }
        if number <= self.row {
            return Err(Unreadable::workbook(format!("row {number} does not come after row {}", self.row)));
        }
        (self.row, self.column, self.within_row) = (number, 0, true);
        Ok(())
    }

    /// Where a cell stands: its column from 0.
    fn place(&self, reference: Option<&str>) -> Result<usize, Unreadable> {
        let Some(reference) = reference else { return Ok(self.column) };
        let wrong = || Unreadable::workbook(format!("there is no cell “{reference}”"));
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
        if reference[letters.len()..].parse::<u64>().is_ok_and(|row| row != self.row) || column < self.column {
            return Err(wrong());
        }
        Ok(column)
    }

    fn written(&mut self, kind: Option<String>, style: Option<String>, column: usize) -> Result<Written, Unreadable> {
        let mut written =
            Written { kind, style: style.and_then(|style| style.parse().ok()).unwrap_or(0), ..Written::default() };
        let mut text = String::new();
        let (mut within, mut spoken) = (false, false);
        loop {
            let event = self.xml.next()?;
            match &event {
                Event::Start(element) => match element.local_name().into_inner() {
                    "v" | "f" => {
                        within = true;
                        text.clear();
                    }
                    "t" => within = !spoken,
                    "rPh" => spoken = true,
                    _ => {}
                },
                Event::End(element) => match element.local_name().into_inner() {
                    "v" => {
                        within = false;
                        written.value = Some(std::mem::take(&mut text));
                    }
                    "f" => {
                        within = false;
                        written.formula = Some(std::mem::take(&mut text));
                    }
                    "t" => within = false,
                    "rPh" => spoken = false,
                    "is" => written.value = Some(unescaped(&std::mem::take(&mut text)).into_owned()),
                    "c" => return Ok(written),
                    _ => {}
                },
                Event::Eof => return Err(Unreadable::workbook("a cell is cut off")),
                _ if within => add_text(&event, &mut text)?,
                _ => {}
            }
            if text.len() > bounds::CELL_CHARACTERS && text.chars().count() > bounds::CELL_CHARACTERS {
                return Err(Unreadable::too_much(Spot::Cell(self.name(column)), Bound::CellCharacters));
            }
        }
    }

    /// The cell as a person names it: `B7`.
    fn name(&self, column: usize) -> String {
        format!("{}{}", column_letters(column), self.row)
    }

    /// Counts a blank cell.
    fn pass_over_blank(&mut self) -> Result<(), Unreadable> {
        self.blank += 1;
        if self.blank > bounds::BLANK_CELLS {
            return Err(Unreadable::too_much(Spot::Row(self.row), Bound::BlankCells));
        }
        Ok(())
    }

    /// The cell that was meant; nothing if it is blank.
    fn meant(&self, written: Written, column: usize) -> Result<Option<Cell>, Unreadable> {
        let Written { kind, style, value, formula } = written;
        let given = |text: &str| (!text.trim().is_empty()).then(|| Cell::Given(Json::from(text)));
        let kind = kind.as_deref().unwrap_or("n");
        let value = match (value.filter(|value| kind == "str" || !value.trim().is_empty()), formula) {
            (Some(value), _) => value,
            (None, Some(formula)) if kind != "str" => {
                let formula = format!("={}", formula.chars().take(60).collect::<String>());
                return Ok(Some(Cell::Faulty(CellFault::FormulaWithoutValue(formula))));
            }
            (None, _) => return Ok(None),
        };
        let wrong = |what: &str| {
            Unreadable::workbook(format!("cell {}: “{}” is no {what}", self.name(column), shortened(&value)))
        };
        match kind {
            "s" => {
                let at = value.trim().parse().map_err(|_| wrong("number of a text"))?;
                Ok(given(self.texts.get(at).ok_or_else(|| wrong("text of the workbook"))?))
            }
            "str" => Ok(given(&unescaped(&value))),
            "inlineStr" | "d" => Ok(given(&value)),
            "b" => Ok(Some(Cell::Given(Json::from(matches!(value.trim(), "1" | "true"))))),
            "e" => Ok(Some(Cell::Faulty(CellFault::ErrorValue(shortened(&value))))),
            _ => {
                let number: f64 = value.trim().parse().map_err(|_| wrong("number"))?;
                if !number.is_finite() {
                    return Err(wrong("number"));
                }
                let moment = self.epoch.moment(number).filter(|_| self.styles.is_date(style));
                // A 5 typed into a cell for days shows as 1900-01-05.
                let moment = moment.filter(|moment| !is_day_before(moment, 1920));
                Ok(Some(match moment {
                    Some(moment) => Cell::Given(Json::from(moment)),
                    None => Cell::Number { number, epoch: self.epoch },
                }))
            }
        }
    }

    fn merge(&mut self, element_reference: Option<String>) {
        let Some(reference) = element_reference else { return };
        let place = |cell: &str| {
            let letters = cell.trim_end_matches(|character: char| character.is_ascii_digit());
            let column = letters.bytes().take(4).try_fold(0_usize, |sum, letter| {
                letter.is_ascii_alphabetic().then(|| sum * 26 + usize::from(letter.to_ascii_uppercase() - b'A') + 1)
            })?;
            Some((cell[letters.len()..].parse::<u64>().ok()?, column.checked_sub(1)?))
        };
        if let Some((first, last)) = reference.split_once(':')
            && let (Some((top, column)), Some((bottom, right))) = (place(first), place(last))
            && self.merged.len() < MERGED
        {
            self.merged.push(MergedCells { top, bottom, column, right, reference: shortened(&reference) });
        }
    }
}

impl<R: Read> Rows for SheetRows<'_, R> {
    fn next(&mut self, cells: &mut Vec<(usize, Cell)>) -> Result<Option<u64>, Unreadable> {
        cells.clear();
        let mut bytes = 0;
        loop {
            match self.xml.next()? {
                Event::Start(element) => match element.local_name().into_inner() {
                    "row" => {
                        let [number, hidden] = attributes(&element, ["r", "hidden"])?;
                        self.begin_row(number)?;
                        self.hidden.row = is_yes(hidden.as_deref());
                    }
                    "c" if self.within_row => {
                        let [reference, style, kind] = cell_attributes(&element)?;
                        let column = self.place(reference.as_deref())?;
                        if column >= bounds::COLUMNS {
                            return Err(Unreadable::too_much(Spot::Row(self.row), Bound::Columns));
                        }
                        self.column = column + 1;
                        let written = self.written(kind, style, column)?;
                        let Some(cell) = self.meant(written, column)? else {
                            self.pass_over_blank()?;
                            continue;
                        };
                        self.blank = 0;
                        if let Cell::Given(Json::String(text)) = &cell {
                            bytes += text.len();
                            self.left = self
                                .left
                                .checked_sub(text.len() as u64)
                                .ok_or_else(|| Unreadable::too_much(Spot::Row(self.row), Bound::Unpacked))?;
                        }
                        if bytes > bounds::ROW_BYTES {
                            return Err(Unreadable::too_much(Spot::Row(self.row), Bound::RowBytes));
                        }
                        self.hidden.add_cell(column);
                        cells.push((column, cell));
                    }
                    "col" => self.hidden.add_range(attributes(&element, ["min", "max", "hidden"])?),
                    "mergeCell" => {
                        let [reference] = attributes(&element, ["ref"])?;
                        self.merge(reference);
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

/// Whether a moment is one of a day before a year.
pub(in super::super) fn is_day_before(moment: &str, year: i16) -> bool {
    moment.get(..4).and_then(|digits| digits.parse::<i16>().ok()).is_some_and(|found| found < year)
}

fn cell_attributes(element: &BytesStart<'_>) -> Result<[Option<String>; 3], Unreadable> {
    attributes(element, ["r", "s", "t"])
}

fn shortened(text: &str) -> String {
    text.chars().take(40).collect()
}
