//! Import and export (导入导出): CSV, JSON lines and Excel, row by row, never a whole file in memory.
//!
//! Either every row of an import is entered, or none is and every fault is listed by row and column.
//! What [`export`] writes, [`import`] reads back into the same records.

mod bounds;
mod cell;
mod columns;
pub(crate) use columns::SYSTEM as SYSTEM_HEADINGS;
mod csv_rows;
mod encoding;
mod export;
mod fault;
mod formula;
mod import;
mod intake;
mod json_lines;
mod lines;
mod load;
mod note;
mod opening;
mod quotes;
mod reading;
mod repeat;
mod sheets;
mod source;
mod template;
mod unreadable;
mod xlsx;

pub use self::{
    bounds::{Bound, CELL_CHARACTERS, COLUMNS, KEYS, ROW_BYTES, ROWS},
    csv_rows::separator,
    encoding::Utf8Reader,
    export::{ExportError, export, export_with_personal},
    fault::{ImportFault, ImportFaults},
    formula::{neutralised, restored},
    import::{ImportError, ImportOptions, ImportOutcome, import, import_with, imported_before, imported_under},
    load::load,
    note::{ImportNote, Place},
    quotes::{Quotes, holds_rows},
    reading::column_label,
    source::{Measured, measure},
    template::{TemplateError, template},
    unreadable::{Spot, Unreadable},
};

/// The form of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Comma-separated values, UTF-8 (GB18030 is read as well).
    Csv,
    /// One JSON object a line.
    Jsonl,
    /// Excel workbook.
    Xlsx,
}

impl Format {
    /// The format that a file name's ending or a command's word names.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        let ending = name.rsplit('.').next().unwrap_or(name).to_ascii_lowercase();
        match ending.as_str() {
            "csv" => Some(Self::Csv),
            "jsonl" | "ndjson" => Some(Self::Jsonl),
            "xlsx" => Some(Self::Xlsx),
            _ => None,
        }
    }

    /// Media type for downloads.
    #[must_use]
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8",
            Self::Jsonl => "application/x-ndjson",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        }
    }

    /// Ending of file names.
    #[must_use]
    pub fn ending(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Jsonl => "jsonl",
            Self::Xlsx => "xlsx",
        }
    }
}
