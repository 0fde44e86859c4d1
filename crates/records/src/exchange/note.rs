//! What a person should know of how a file was read.

use std::fmt;

/// Something that was passed over; it is no fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ImportNote {
    /// A row above the headings, such as a title.
    RowPassedOver {
        /// Row, from 1.
        row: u64,
        /// Its text, shortened.
        text: String,
    },
    /// A sheet beside the one that was read.
    SheetPassedOver {
        /// Name of the sheet.
        name: String,
        /// Not shown by Excel.
        hidden: bool,
        /// The sheet that was read.
        taken: String,
    },
    /// A row whose piece of work is known already; it is not entered unless asked.
    Repeat {
        /// Row, from 1.
        row: u64,
        /// Its number where it came from.
        work: String,
        /// The record that it repeats, if the reader may know.
        number: Option<String>,
        /// The row of the same file that it repeats.
        earlier: Option<u64>,
    },
    /// A cell of a text file holds lines that look like rows: a quotation mark opens too early or closes too late.
    RowsInCell {
        /// The cell as a spreadsheet names it.
        cell: String,
        /// Lines in it.
        lines: usize,
    },
    /// Rows that the sheet hides, by hand or by a filter, were read as well.
    HiddenRows {
        /// How many.
        count: u64,
        /// The first of them, from 1.
        first: u64,
    },
    /// Columns that the sheet hides were read as well.
    HiddenColumns {
        /// As a spreadsheet names them.
        columns: Vec<String>,
    },
    /// A character that nobody sees was taken out of a cell.
    InvisibleCharacter {
        /// Where it stood.
        place: Place,
        /// Its code point.
        code: u32,
    },
    /// A text written as a formula, such as `="00123"`, was read as its text.
    FormulaText {
        /// Where it stands.
        place: Place,
        /// The text.
        text: String,
    },
}

/// Where a value stands in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A cell as a spreadsheet names it, such as `B2`.
    Cell(String),
    /// A line of JSON.
    Line {
        /// The line, from 1.
        line: u64,
        /// The key in it.
        key: String,
    },
}

impl Place {
    /// The place in Chinese.
    #[must_use]
    pub fn zh(&self) -> String {
        match self {
            Self::Cell(cell) => format!("单元格{cell}"),
            Self::Line { line, key } => format!("第{line}行“{key}”"),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cell(cell) => write!(f, "cell {cell}"),
            Self::Line { line, key } => write!(f, "“{key}” in line {line}"),
        }
    }
}

impl ImportNote {
    /// Notes that are kept of one file.
    pub(super) const LISTED: usize = 1000;

    /// The note in Chinese.
    #[must_use]
    pub fn zh(&self) -> String {
        match self {
            Self::RowPassedOver { row, text } => format!("第{row}行“{}”在列标题之上，已略过", shortened(text)),
            Self::SheetPassedOver { name, hidden: true, taken } => {
                format!("读取的是工作表“{taken}”；隐藏的工作表“{name}”已略过")
            }
            Self::SheetPassedOver { name, hidden: false, taken } => {
                format!("读取的是工作表“{taken}”；工作表“{name}”已略过")
            }
            Self::Repeat { row, work, number: Some(number), .. } => {
                format!("第{row}行的“{work}”已登记为{number}（重复）")
            }
            Self::Repeat { row, work, earlier: Some(earlier), .. } => {
                format!("第{row}行的“{work}”与第{earlier}行相同（重复）")
            }
            Self::Repeat { row, work, .. } => format!("第{row}行的“{work}”已登记过（重复）"),
            Self::HiddenRows { count, first } => {
                format!("工作表中有{count}行被隐藏或筛选掉（自第{first}行起），这些行也已读取")
            }
            Self::HiddenColumns { columns } => format!("工作表中隐藏的列{}也已读取", columns.join("、")),
            Self::RowsInCell { cell, lines } => {
                format!("单元格{cell}含有{lines}行文字，其中有像数据行的内容：请核对引号是否配对")
            }
            Self::InvisibleCharacter { place, code } => format!("{}中的不可见字符U+{code:04X}已去掉", place.zh()),
            Self::FormulaText { place, text } => {
                let text = shortened(text);
                format!("{}写作=\"{text}\"，已按文本“{text}”读取", place.zh())
            }
        }
    }
}

impl fmt::Display for ImportNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RowPassedOver { row, text } => {
                write!(f, "row {row} “{}” stands above the headings and was passed over", shortened(text))
            }
            Self::SheetPassedOver { name, hidden, taken } => {
                let hidden = if *hidden { "hidden " } else { "" };
                write!(f, "the sheet “{taken}” was read; the {hidden}sheet “{name}” was passed over")
            }
            Self::Repeat { row, work, number: Some(number), .. } => {
                write!(f, "row {row} repeats {number}: “{work}” is known already")
            }
            Self::Repeat { row, work, earlier: Some(earlier), .. } => {
                write!(f, "row {row} repeats row {earlier}: both are “{work}”")
            }
            Self::Repeat { row, work, .. } => write!(f, "row {row} is a repeat: “{work}” is known already"),
            Self::HiddenRows { count, first } => {
                write!(
                    f,
                    "{count} rows that the sheet hides or filters out, the first is row {first}, were read as well"
                )
            }
            Self::HiddenColumns { columns } => {
                write!(f, "the columns {}, which the sheet hides, were read as well", columns.join(", "))
            }
            Self::RowsInCell { cell, lines } => {
                write!(
                    f,
                    "cell {cell} holds {lines} lines, of which some look like rows: see whether its quotation marks are in place"
                )
            }
            Self::InvisibleCharacter { place, code } => {
                write!(f, "the invisible character U+{code:04X} was taken out of {place}")
            }
            Self::FormulaText { place, text } => {
                let text = shortened(text);
                write!(f, "{place} says =\"{text}\" and was read as the text “{text}”")
            }
        }
    }
}

fn shortened(text: &str) -> String {
    if text.chars().count() > 60 { text.chars().take(59).chain(['…']).collect() } else { text.to_owned() }
}
