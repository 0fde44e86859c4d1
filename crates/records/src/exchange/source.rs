//! Rows of a file one after the other, whatever its format.

use std::io::{BufRead, BufReader, Read, Seek};

use calamine::{DataRef, Reader as _, Xlsx};
use serde_json::Value as Json;

use super::{Format, encoding::Utf8Reader};

/// A file that cannot be read as what it is said to be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unreadable(pub String);

/// A row: its number as a person counts it, and its cells by heading.
pub(crate) struct SheetRow<'a> {
    pub row: u64,
    pub cells: &'a mut Vec<(usize, Json)>,
}

/// What goes through a file: first the headings, then each row.
pub(crate) trait Visitor {
    /// Headings of the columns; called once before rows (again for JSON lines when a new key comes up).
    fn headings(&mut self, headings: &[String]);
    /// One row; `false` ends the reading.
    fn row(&mut self, row: SheetRow<'_>) -> bool;
}

/// Reads the file through `visitor`.
pub(crate) fn read(source: impl Read + Seek, format: Format, visitor: &mut impl Visitor) -> Result<(), Unreadable> {
    match format {
        Format::Csv => read_csv(source, visitor),
        Format::Jsonl => read_jsonl(source, visitor),
        Format::Xlsx => read_xlsx(source, visitor),
    }
}

fn read_csv(source: impl Read + Seek, visitor: &mut impl Visitor) -> Result<(), Unreadable> {
    let unreadable = |error: &dyn std::fmt::Display| Unreadable(format!("the CSV file cannot be read: {error}"));
    let text = Utf8Reader::open(source).map_err(|error| unreadable(&error))?;
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text);
    let mut record = csv::StringRecord::new();
    let (mut first, mut cells) = (true, Vec::new());
    while reader.read_record(&mut record).map_err(|error| unreadable(&error))? {
        if first {
            first = false;
            let headings: Vec<String> = record.iter().map(str::to_owned).collect();
            visitor.headings(&headings);
            continue;
        }
        let row = record.position().map_or(0, csv::Position::line);
        cells.clear();
        cells.extend(
            record
                .iter()
                .enumerate()
                .filter(|(_, text)| !text.trim().is_empty())
                .map(|(at, text)| (at, Json::from(text))),
        );
        if !cells.is_empty() && !visitor.row(SheetRow { row, cells: &mut cells }) {
            break;
        }
    }
    if first { Err(Unreadable("the file is empty: the first line must name the columns".into())) } else { Ok(()) }
}

fn read_jsonl(source: impl Read + Seek, visitor: &mut impl Visitor) -> Result<(), Unreadable> {
    let text = Utf8Reader::open(source).map_err(|error| Unreadable(error.to_string()))?;
    let mut reader = BufReader::new(text);
    let mut headings: Vec<String> = Vec::new();
    let (mut line, mut row, mut cells) = (String::new(), 0, Vec::new());
    loop {
        line.clear();
        if reader.read_line(&mut line).map_err(|error| Unreadable(error.to_string()))? == 0 {
            return Ok(());
        }
        row += 1;
        if line.trim().is_empty() {
            continue;
        }
        let Json::Object(map) = serde_json::from_str(&line)
            .map_err(|error| Unreadable(format!("line {row} is not a JSON object: {error}")))?
        else {
            return Err(Unreadable(format!("line {row} is not a JSON object")));
        };
        let known = headings.len();
        cells.clear();
        for (key, value) in map {
            let at = headings.iter().position(|heading| *heading == key).unwrap_or_else(|| {
                headings.push(key);
                headings.len() - 1
            });
            cells.push((at, value));
        }
        if headings.len() > known {
            visitor.headings(&headings);
        }
        if !visitor.row(SheetRow { row, cells: &mut cells }) {
            return Ok(());
        }
    }
}

fn read_xlsx(source: impl Read + Seek, visitor: &mut impl Visitor) -> Result<(), Unreadable> {
    let unreadable = |error: calamine::XlsxError| {
        Unreadable(format!("the Excel file cannot be read, it may be cut off or no .xlsx file: {error}"))
    };
    let mut workbook = Xlsx::new(BufReader::new(source)).map_err(unreadable)?;
    let Some(sheet) = workbook.sheet_names().first().cloned() else {
        return Err(Unreadable("the Excel file has no sheet".into()));
    };
    let mut reader = workbook.worksheet_cells_reader(&sheet).map_err(unreadable)?;
    let mut headings: Option<Vec<String>> = None;
    let mut top: Vec<String> = Vec::new();
    let (mut current, mut cells) = (0_u32, Vec::new());
    loop {
        let cell = reader.next_cell().map_err(unreadable)?;
        let at = cell.as_ref().map(calamine::Cell::get_position);
        if headings.is_none() && at.is_none_or(|(row, _)| row > current && !top.is_empty()) {
            visitor.headings(&top);
            headings = Some(std::mem::take(&mut top));
        } else if headings.is_some() && at.is_none_or(|(row, _)| row > current) && !cells.is_empty() {
            let go_on = visitor.row(SheetRow { row: u64::from(current) + 1, cells: &mut cells });
            cells.clear();
            if !go_on {
                return Ok(());
            }
        }
        let Some(cell) = cell else { break };
        let (row, column) = cell.get_position();
        current = row;
        let Some(value) = value_of(cell.get_value()) else { continue };
        let column = column as usize;
        if headings.is_none() {
            if top.len() <= column {
                top.resize(column + 1, String::new());
            }
            top[column] = super::columns::cell_text(&value);
        } else {
            cells.push((column, value));
        }
    }
    if headings.is_none_or(|headings| headings.is_empty()) {
        return Err(Unreadable("the sheet is empty: its first row must name the columns".into()));
    }
    Ok(())
}

fn value_of(data: &DataRef<'_>) -> Option<Json> {
    let text = |text: &str| (!text.trim().is_empty()).then(|| Json::from(text));
    match data {
        DataRef::Empty => None,
        DataRef::Int(number) => Some(Json::from(*number)),
        DataRef::Float(number) if number.fract() == 0.0 && number.abs() < 9e15 => {
            #[allow(clippy::cast_possible_truncation, reason = "a whole number below 2^53")]
            let whole = *number as i64;
            Some(Json::from(whole))
        }
        DataRef::Float(number) => Some(Json::from(*number)),
        DataRef::String(string) => text(string),
        DataRef::SharedString(string) => text(string),
        DataRef::Bool(yes) => Some(Json::from(*yes)),
        DataRef::DateTime(moment) => {
            let (year, month, day, hour, minute, second, _) = moment.to_ymd_hms_milli();
            let day = format!("{year:04}-{month:02}-{day:02}");
            let midnight = hour == 0 && minute == 0 && second == 0;
            Some(Json::from(if midnight { day } else { format!("{day}T{hour:02}:{minute:02}:{second:02}") }))
        }
        DataRef::DateTimeIso(string) | DataRef::DurationIso(string) => text(string),
        DataRef::Error(error) => Some(Json::from(error.to_string())),
    }
}
