//! Export: the records of a list, one after the other, into CSV, JSON lines or Excel.

use std::io::{self, Seek, Write};

use rust_xlsxwriter::{Format as CellFormat, Workbook, XlsxError};
use serde_json::Value as Json;

use super::{
    Format,
    columns::{Column, cell_text},
};
use crate::{
    actor::{Act, Actor, Scope},
    catalogue::{FieldKind, Label, Register},
    ledger::{JsonMap, Ledger, ListQuery, ReadError, Record},
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
    let register = ledger.register(&query.register)?;
    let personal = register.fields.values().any(|field| field.personal || has_personal_rows(&field.kind));
    if personal {
        if actor.scope(register, Act::Unmask) != Scope::All {
            return Err(ExportError::Read(ReadError::Forbidden {
                actor: actor.name.clone(),
                verb: Act::Unmask.verb().to_owned(),
                register: register.key.clone(),
            }));
        }
        ledger.journal_export(actor, register, reason)?;
    }
    write(ledger, actor, &query, format, out, true)
}

fn has_personal_rows(kind: &FieldKind) -> bool {
    matches!(kind, FieldKind::Table { fields } if fields.values().any(|field| field.personal))
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
                let cells = columns.iter().map(|column| cell_text(&column.value(&record)));
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
    let bold = CellFormat::new().set_bold();
    let sheet = workbook.add_worksheet_with_constant_memory()?;
    sheet.set_name(sheet_name(&register.label.zh))?;
    sheet.set_freeze_panes(1, 0)?;
    for (at, column) in (0..).zip(columns) {
        sheet.set_column_width(at, 18)?;
        sheet.write_string_with_format(0, at, column.label(), &bold)?;
    }
    let (mut row, mut failed) = (0_u32, None);
    let count = ledger.each(actor, query, plain, |record| {
        row += 1;
        if row > SHEET_ROWS {
            return Err(stop(&mut failed, ExportError::TooManyRows));
        }
        write_row(sheet, row, columns, &record, register).map_err(|error| stop(&mut failed, error.into()))
    });
    let count = finished(count, failed)?;
    workbook.save_to_writer(out)?;
    Ok(count)
}

fn write_row(
    sheet: &mut rust_xlsxwriter::Worksheet,
    row: u32,
    columns: &[Column<'_>],
    record: &Record,
    register: &Register,
) -> Result<(), XlsxError> {
    for (at, column) in (0..).zip(columns) {
        match (column, column.value(record)) {
            (_, Json::Null) => {}
            (Column::State, Json::String(key)) => {
                let label = register.workflow.as_ref().and_then(|workflow| workflow.states.get(&key));
                sheet.write_string(row, at, label.map_or(key.as_str(), |state| state.label.zh.as_str()))?;
            }
            (Column::Field(field), Json::String(key)) => {
                let text = match &field.kind {
                    FieldKind::Choice { choices } => choices.get(&key).map_or(key.as_str(), |label| label.zh.as_str()),
                    _ => key.as_str(),
                };
                sheet.write_string(row, at, text)?;
            }
            (_, Json::Number(number)) => {
                sheet.write_number(row, at, number.as_f64().unwrap_or_default())?;
            }
            (_, Json::Bool(yes)) => {
                sheet.write_string(row, at, if yes { "是" } else { "否" })?;
            }
            (_, value) => {
                sheet.write_string(row, at, cell_text(&value))?;
            }
        }
    }
    Ok(())
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
