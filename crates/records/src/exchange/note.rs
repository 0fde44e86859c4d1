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
    /// A character that nobody sees was taken out of a cell.
    InvisibleCharacter {
        /// The cell as a spreadsheet names it.
        cell: String,
        /// Its code point.
        code: u32,
    },
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
            Self::InvisibleCharacter { cell, code } => format!("单元格{cell}中的不可见字符U+{code:04X}已去掉"),
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
            Self::InvisibleCharacter { cell, code } => {
                write!(f, "the invisible character U+{code:04X} was taken out of cell {cell}")
            }
        }
    }
}

fn shortened(text: &str) -> String {
    if text.chars().count() > 60 { text.chars().take(59).chain(['…']).collect() } else { text.to_owned() }
}
