//! Export: the records of a list, one after the other, into CSV, JSON lines or Excel.

use std::io::{self, Seek, Write};

use jiff::Timestamp;
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format as CellFormat, Workbook, Worksheet, XlsxError};
use serde_json::Value as Json;

use super::{
    Format,
    bounds::CELL_CHARACTERS,
    cell::as_shown,
    columns::{Column, cell_text},
    formula::neutralised,
};
use crate::{
    actor::Actor,
    catalogue::{Catalogue, FieldKind, Label, Register},
    ledger::{JsonMap, Ledger, ListQuery, ReadError, Record},
    value::Language,
};

/// Rows that a sheet of Excel holds below its heading.
const SHEET_ROWS: u32 = 1_048_575;

/// Why nothing useful was exported.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The question cannot be answered.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The target cannot be written.
    #[error("the export cannot be written: {0}")]
    Io(#[from] io::Error),
    /// CSV.
    #[error("the export cannot be written: {0}")]
    Csv(#[from] csv::Error),
    /// Excel.
    #[error("the Excel file cannot be written: {0}")]
    Excel(#[from] XlsxError),
    /// A text that no cell of Excel holds.
    #[error(
        "“{column}” of {record} has more than {CELL_CHARACTERS} characters, the most that a cell of Excel holds; export CSV or JSON lines"
    )]
    CellTooLong {
        /// Number of the record.
        record: String,
        /// Label of the column.
        column: String,
    },
    /// More rows than a sheet holds.
    #[error("more than {SHEET_ROWS} records do not fit a sheet of Excel; export CSV or narrow the filter")]
    TooManyRows,
}

/// Exports the records of a query in the order in which they were entered; personal fields stay masked.
///
/// `limit` and `offset` of the query do not count: an export is the whole list. Returns the number of records.
///
/// # Errors
/// [`ExportError`] says what stopped it.
pub fn export(
    ledger: &Ledger,
    actor: &Actor,
    query: ListQuery,
    format: Format,
    out: &mut (impl Write + Seek + Send),
) -> Result<u64, ExportError> {
    write(ledger, actor, &query, format, out, false)
}

/// Exports with personal fields in plain text, so that the file can be imported elsewhere; journalled with the reason.
///
/// # Errors
/// [`ReadError::Forbidden`] unless the actor may unmask every record of the register.
pub fn export_with_personal(
    ledger: &Ledger,
    actor: &Actor,
    query: ListQuery,
    format: Format,
    out: &mut (impl Write + Seek + Send),
    reason: &str,
) -> Result<u64, ExportError> {
    ledger.journal_plain_reading(actor, &query.register, reason)?;
    write(ledger, actor, &query, format, out, true)
}

fn write(
    ledger: &Ledger,
    actor: &Actor,
    query: &ListQuery,
    format: Format,
    out: &mut (impl Write + Seek + Send),
    plain: bool,
) -> Result<u64, ExportError> {
    let register = ledger.register(&query.register)?;
    let columns = Column::of(register);
    match format {
        Format::Csv => {
            let mut writer = csv::Writer::from_writer(out);
            writer.write_record(columns.iter().filter_map(Column::key))?;
            let mut failed = None;
            let count = ledger.each(actor, query, plain, |record| {
                let cells = columns.iter().map(|column| match column.cell(&record) {
                    // A number is one, whatever its sign.
                    value @ (Json::Number(_) | Json::Null | Json::Bool(_)) => cell_text(&value),
                    value => neutralised(&cell_text(&value)).into_owned(),
                });
                writer.write_record(cells).map_err(|error| stop(&mut failed, error.into()))
            });
            let count = finished(count, failed)?;
            writer.flush()?;
            Ok(count)
        }
        Format::Jsonl => {
            let mut failed = None;
            let count = ledger.each(actor, query, plain, |record| {
                let map: JsonMap = columns
                    .iter()
                    .filter_map(|column| Some((column.key()?.to_owned(), column.value(&record))))
                    .filter(|(_, value)| !value.is_null())
                    .collect();
                writeln!(out, "{}", Json::Object(map)).map_err(|error| stop(&mut failed, error.into()))
            });
            let count = finished(count, failed)?;
            out.flush()?;
            Ok(count)
        }
        Format::Xlsx => write_xlsx(ledger, actor, query, register, &columns, out, plain),
    }
}

fn write_xlsx(
    ledger: &Ledger,
    actor: &Actor,
    query: &ListQuery,
    register: &Register,
    columns: &[Column<'_>],
    out: &mut (impl Write + Seek + Send),
    plain: bool,
) -> Result<u64, ExportError> {
    let mut workbook = Workbook::new();
    workbook.set_properties(&properties(register, ledger.catalogue(), Some(ledger.now())));
    let bold = CellFormat::new().set_bold();
    let sheet = workbook.add_worksheet_with_constant_memory()?;
    sheet.set_name(sheet_name(&register.label.zh))?;
    sheet.set_freeze_panes(1, 0)?;
    let text = column_format(None);
    let mut formats = Vec::with_capacity(columns.len());
    for (at, column) in (0..).zip(columns) {
        sheet.set_column_width(at, 18)?;
        sheet.write_string_with_format(0, at, column.label(Language::Chinese), &bold)?;
        formats.push(column_format(match column {
            Column::Field(field) => Some(&field.kind),
            _ => None,
        }));
    }
    let (mut row, mut failed) = (0_u32, None);
    let count = ledger.each(actor, query, plain, |record| {
        row += 1;
        if row > SHEET_ROWS {
            return Err(stop(&mut failed, ExportError::TooManyRows));
        }
        let mut written = Row { sheet, row, formats: &formats, text: &text };
        written.write(columns, &record, register).map_err(|error| stop(&mut failed, error))
    });
    let count = finished(count, failed)?;
    workbook.save_to_writer(out)?;
    Ok(count)
}

/// How a column of this type is shown in a workbook, of an export as of a template: days as days, decimals with their digits,
/// words and codes as text, so that a spreadsheet neither shortens nor rounds them.
pub(super) fn column_format(kind: Option<&FieldKind>) -> CellFormat {
    let code = match kind {
        Some(FieldKind::Date) => "yyyy-mm-dd".to_owned(),
        Some(FieldKind::DateTime) => "yyyy-mm-dd hh:mm".to_owned(),
        Some(FieldKind::Integer { .. }) => "0".to_owned(),
        Some(FieldKind::Decimal { digits: 0, .. } | FieldKind::Computed { digits: 0, .. }) => "0".to_owned(),
        Some(FieldKind::Decimal { digits, .. } | FieldKind::Computed { digits, .. }) => {
            format!("0.{}", "0".repeat(usize::from(*digits)))
        }
        Some(FieldKind::Money) => "0.00".to_owned(),
        _ => "@".to_owned(),
    };
    CellFormat::new().set_num_format(code)
}

/// A row of the sheet that is being written.
struct Row<'s> {
    sheet: &'s mut Worksheet,
    row: u32,
    formats: &'s [CellFormat],
    text: &'s CellFormat,
}

impl Row<'_> {
    fn write(&mut self, columns: &[Column<'_>], record: &Record, register: &Register) -> Result<(), ExportError> {
        for (at, column) in (0_u16..).zip(columns) {
            match (column, column.cell(record)) {
                (_, Json::Null) => {}
                (Column::State, Json::String(key)) => {
                    let label = register.workflow.as_ref().and_then(|workflow| workflow.states.get(&key));
                    self.text(at, label.map_or(key.as_str(), |state| state.label.zh.as_str()))?;
                }
                (Column::Field(field), Json::String(text)) => match &field.kind {
                    FieldKind::Date | FieldKind::DateTime => match excel_moment(&text) {
                        Some(moment) => {
                            let format = &self.formats[usize::from(at)];
                            self.sheet.write_datetime_with_format(self.row, at, &moment, format)?;
                        }
                        None => self.text(at, &text)?,
                    },
                    FieldKind::Choice { choices } => {
                        self.text(at, choices.get(&text).map_or(text.as_str(), |label| label.zh.as_str()))?;
                    }
                    _ => self.named_text(at, &text, record, column)?,
                },
                (_, Json::Number(number)) => {
                    match in_a_cell(&number) {
                        Some(float) => {
                            let format = &self.formats[usize::from(at)];
                            self.sheet.write_number_with_format(self.row, at, float, format)?;
                        }
                        // A number of more digits than a cell keeps.
                        None => self.text(at, &number.to_string())?,
                    }
                }
                (_, Json::Bool(yes)) => self.text(at, if yes { "是" } else { "否" })?,
                (_, value) => self.named_text(at, &cell_text(&value), record, column)?,
            }
        }
        Ok(())
    }

    fn text(&mut self, at: u16, text: &str) -> Result<(), ExportError> {
        self.sheet.write_string_with_format(self.row, at, text, self.text)?;
        Ok(())
    }

    /// A text that may be longer than a cell is; the record and the column are named then.
    fn named_text(&mut self, at: u16, text: &str, record: &Record, column: &Column<'_>) -> Result<(), ExportError> {
        if text.chars().map(char::len_utf16).sum::<usize>() > CELL_CHARACTERS {
            return Err(ExportError::CellTooLong {
                record: record.number.clone(),
                column: column.label(Language::Chinese).to_owned(),
            });
        }
        self.text(at, text)
    }
}

/// A number as a cell keeps it, unless it has more digits than a cell does.
fn in_a_cell(number: &serde_json::Number) -> Option<f64> {
    // 2^53: above it not every whole number is a binary fraction.
    let is_exact = number.as_i64().map_or(!number.is_u64(), |whole| whole.unsigned_abs() < 1 << 53);
    number.as_f64().filter(|float| is_exact && as_shown(*float).as_f64() == Some(*float))
}

/// Title, author, language and day of a workbook, as an office program shows them of a file.
pub(super) fn properties(register: &Register, catalogue: &Catalogue, made: Option<Timestamp>) -> DocProperties {
    let bureau = catalogue.district.bureau.zh.as_str();
    let properties = DocProperties::new()
        .set_title(register.label.zh.as_str())
        .set_author(bureau)
        .set_company(bureau)
        .set_custom_property("Language", "zh-CN");
    match made.and_then(|made| ExcelDateTime::from_timestamp(made.as_second()).ok()) {
        Some(made) => properties.set_creation_datetime(&made),
        None => properties,
    }
}

/// A day or moment of the external form as Excel counts it; nothing before 1901, where its calendar has a day that never was.
fn excel_moment(text: &str) -> Option<ExcelDateTime> {
    let (day, time) = text.split_once('T').unwrap_or((text, "00:00:00"));
    let day: jiff::civil::Date = day.parse().ok().filter(|day: &jiff::civil::Date| day.year() >= 1901)?;
    let time: jiff::civil::Time = time.strip_suffix("+08:00").unwrap_or(time).parse().ok()?;
    let number = |number: i8| u8::try_from(number).ok();
    ExcelDateTime::from_ymd(u16::try_from(day.year()).ok()?, number(day.month())?, number(day.day())?)
        .and_then(|date| {
            date.and_hms(
                number(time.hour()).unwrap_or(0).into(),
                number(time.minute()).unwrap_or(0),
                number(time.second()).unwrap_or(0),
            )
        })
        .ok()
}

/// A sheet name as Excel allows it.
pub(super) fn sheet_name(label: &str) -> String {
    label.chars().filter(|character| !"[]:*?/\\'".contains(*character)).take(31).collect()
}

/// Keeps the writer's error and ends the reading.
fn stop(failed: &mut Option<ExportError>, error: ExportError) -> ReadError {
    *failed = Some(error);
    ReadError::Filter(Label { zh: "导出已停止".into(), en: "the export was stopped".into() })
}

fn finished(count: Result<u64, ReadError>, failed: Option<ExportError>) -> Result<u64, ExportError> {
    match failed {
        Some(error) => Err(error),
        None => Ok(count?),
    }
}
