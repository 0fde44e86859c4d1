//! Why a file cannot be read at all: one sentence in either language.

use std::{fmt, io, sync::Arc};

use super::bounds::Bound;

/// Where in a file something is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Spot {
    /// The file as a whole.
    File,
    /// A row of a sheet or a line of a file, from 1.
    Row(u64),
    /// A cell as a spreadsheet names it, such as `C7`.
    Cell(String),
    /// A file inside a workbook.
    Part(String),
    /// A text that a workbook keeps once for all its cells, by its first characters.
    Text(String),
}

impl Spot {
    fn en(&self) -> String {
        match self {
            Self::File => "the file".to_owned(),
            Self::Row(row) => format!("row {row}"),
            Self::Cell(cell) => format!("cell {cell}"),
            Self::Part(part) => format!("“{part}” in the workbook"),
            Self::Text(beginning) => format!("the text that begins with “{beginning}”"),
        }
    }

    fn zh(&self) -> String {
        match self {
            Self::File => "文件".to_owned(),
            Self::Row(row) => format!("第{row}行"),
            Self::Cell(cell) => format!("单元格{cell}"),
            Self::Part(part) => format!("工作簿中的“{part}”"),
            Self::Text(beginning) => format!("以“{beginning}”开头的文字"),
        }
    }
}

/// A file that cannot be read as what it is said to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unreadable {
    /// Nothing in it: no row has a filled cell.
    Empty,
    /// The Excel file is cut off, damaged or none.
    Workbook {
        /// What was found.
        detail: String,
    },
    /// An old `.xls` workbook, or one that is locked with a password.
    OldOrLocked,
    /// Two sheets with the headings of the register and rows below them.
    TwoSheets {
        /// Name of the first.
        first: String,
        /// Name of the second.
        second: String,
    },
    /// Bytes that are no text in the encoding that the file otherwise has.
    NotText {
        /// Line, from 1.
        line: u64,
        /// Name of the encoding.
        encoding: &'static str,
    },
    /// Text in an encoding that is not read.
    OtherEncoding {
        /// What it seems to be.
        name: &'static str,
    },
    /// A quotation mark that opens a cell and is never closed: every row behind it would be a part of the cell.
    QuoteOpen {
        /// Its line, from 1.
        line: u64,
    },
    /// A line that is no JSON.
    NotJson {
        /// Line, from 1.
        line: u64,
        /// What the reader of JSON says.
        detail: String,
    },
    /// A line that is JSON, but no object.
    NotAnObject {
        /// Line, from 1.
        line: u64,
    },
    /// A key that stands twice in a line.
    KeyTwice {
        /// Line, from 1.
        line: u64,
        /// The key.
        key: String,
    },
    /// More than a file may hold.
    TooMuch {
        /// Where.
        spot: Spot,
        /// Of what.
        bound: Bound,
    },
    /// The file cannot be read from the disk.
    Io {
        /// What the system says.
        detail: String,
    },
}

impl Unreadable {
    pub(super) fn too_much(spot: Spot, bound: Bound) -> Self {
        Self::TooMuch { spot, bound }
    }

    pub(super) fn workbook(detail: impl fmt::Display) -> Self {
        Self::Workbook { detail: detail.to_string() }
    }

    /// The same sentence in Chinese.
    #[must_use]
    pub fn zh(&self) -> String {
        match self {
            Self::Empty => "文件是空的：需有一行列标题".to_owned(),
            // What programs say of a file is English: it stands in the English sentence alone.
            Self::Workbook { .. } => "Excel文件无法读取，可能不完整或不是.xlsx文件：请用Excel打开后重新保存".to_owned(),
            Self::OldOrLocked => "这是旧版.xls文件或加了密码的工作簿，请去掉密码另存为.xlsx".to_owned(),
            Self::TwoSheets { first, second } => {
                format!("工作表“{first}”和“{second}”都有本台账的数据，请合并为一个表或分别导入")
            }
            Self::NotText { line, encoding } => {
                format!("第{line}行含有不是{encoding}文字的字节，请另存为UTF-8编码")
            }
            Self::OtherEncoding { name } => format!("文件似乎是{name}编码，无法读取，请另存为UTF-8编码"),
            Self::QuoteOpen { line } => {
                format!("第{line}行打开的引号“\"”一直没有关闭，其后的行都会算进这个单元格：请补上或删去该引号")
            }
            Self::NotJson { line, .. } => format!("第{line}行不是JSON对象：请检查引号、逗号和括号"),
            Self::NotAnObject { line } => format!("第{line}行不是JSON对象"),
            Self::KeyTwice { line, key } => format!("第{line}行的键“{key}”出现两次"),
            Self::TooMuch { spot, bound } => format!("{}：{}", spot.zh(), bound.zh()),
            Self::Io { .. } => "文件无法从磁盘读取：请重新上传".to_owned(),
        }
    }
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("the file is empty: a row must name the columns"),
            Self::Workbook { detail } => {
                write!(f, "the Excel file cannot be read, it may be cut off or no .xlsx file: {detail}")
            }
            Self::OldOrLocked => {
                f.write_str("this Excel file is an old .xls or locked with a password: save it as .xlsx without one")
            }
            Self::TwoSheets { first, second } => {
                write!(f, "the sheets “{first}” and “{second}” both hold records: put them into one, or into two files")
            }
            Self::NotText { line, encoding } => {
                write!(f, "line {line} has bytes that are no text in {encoding}: save the file as UTF-8")
            }
            Self::OtherEncoding { name } => {
                write!(f, "the file seems to be written in {name}, which is not read: save it as UTF-8")
            }
            Self::QuoteOpen { line } => write!(
                f,
                "the quotation mark opened on line {line} is never closed, the rows behind it would be part of its cell: close or delete it"
            ),
            Self::NotJson { line, detail } => write!(f, "line {line} is not a JSON object: {detail}"),
            Self::NotAnObject { line } => write!(f, "line {line} is not a JSON object"),
            Self::KeyTwice { line, key } => write!(f, "line {line} has the key “{key}” twice"),
            Self::TooMuch { spot, bound } => write!(f, "{}: {}", spot.en(), bound.en()),
            Self::Io { detail } => write!(f, "the file cannot be read: {detail}"),
        }
    }
}

impl std::error::Error for Unreadable {}

impl From<Unreadable> for io::Error {
    fn from(why: Unreadable) -> Self {
        Self::other(why)
    }
}

impl From<io::Error> for Unreadable {
    /// A reader below may have said already what is wrong.
    fn from(error: io::Error) -> Self {
        inner(&error).unwrap_or_else(|| Self::Io { detail: error.to_string() })
    }
}

impl From<quick_xml::Error> for Unreadable {
    fn from(error: quick_xml::Error) -> Self {
        match &error {
            quick_xml::Error::Io(io) => inner(&Arc::clone(io)).unwrap_or_else(|| Self::workbook(&error)),
            _ => Self::workbook(&error),
        }
    }
}

fn inner(error: &io::Error) -> Option<Unreadable> {
    error.get_ref().and_then(|inner| inner.downcast_ref::<Unreadable>()).cloned()
}
