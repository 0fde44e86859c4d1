//! What a report (文书、总结) is: a text in which figures stand by name.

use std::ops::Range;

use crate::catalogue::Label;

/// One report as its files describe it.
#[derive(Debug, Clone)]
pub struct Report {
    /// Name on the command line (`annual`).
    pub key: String,
    /// Name on screens.
    pub label: Label,
    /// Title; `{year}`, `{next_year}`, `{bureau}` and `{district}` may stand in it.
    pub title: String,
    /// Line under the title.
    pub subtitle: Option<String>,
    /// Who issues it.
    pub issuer: Option<String>,
    /// Document number (发文字号).
    pub document_number: Option<String>,
    /// To whom it is addressed (主送机关).
    pub addressee: Option<String>,
    /// Any other line of the head or foot, by name.
    pub particulars: Vec<(String, String)>,
    /// The text.
    pub blocks: Vec<Block>,
}

impl Report {
    /// Keys of the figures that stand in it, in the order of the text.
    #[must_use]
    pub fn figures(&self) -> Vec<&str> {
        fn within<'r>(text: &'r [Inline], keys: &mut Vec<&'r str>) {
            for inline in text {
                match inline {
                    Inline::Figure { key, .. } => keys.push(key),
                    Inline::Strong(inner) => within(inner, keys),
                    _ => {}
                }
            }
        }
        let mut all = Vec::new();
        for block in &self.blocks {
            match block {
                Block::Title(text) | Block::Heading { text, .. } | Block::Paragraph(text) | Block::Item(text) => {
                    within(text, &mut all);
                }
                Block::Figures { keys, .. } | Block::Chart { keys, .. } => all.extend(keys.iter().map(String::as_str)),
                Block::Records(_) => {}
            }
        }
        all
    }
}

/// A block of a report's text.
#[derive(Debug, Clone, PartialEq)]
pub enum Block {
    /// The title inside the text; the renderer shows it instead of [`Report::title`].
    Title(Vec<Inline>),
    /// A heading; level 1 is numbered 一、, level 2 （一）, level 3 1., level 4 （1）.
    Heading {
        /// 1 to 4.
        level: u8,
        /// Its words.
        text: Vec<Inline>,
    },
    /// A paragraph.
    Paragraph(Vec<Inline>),
    /// An item of a list.
    Item(Vec<Inline>),
    /// A table of records.
    Records(RecordsTable),
    /// A table of figures.
    Figures {
        /// Title over the table.
        title: Option<String>,
        /// Figure keys.
        keys: Vec<String>,
    },
    /// A chart of figures.
    Chart {
        /// Title over the chart.
        title: Option<String>,
        /// Kind of chart.
        kind: ChartKind,
        /// Figure keys.
        keys: Vec<String>,
    },
}

/// Which records a table in a report shows.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordsTable {
    /// Title over the table.
    pub title: Option<String>,
    /// Register.
    pub register: String,
    /// Filter with `{year}` and `{next_year}` still in it.
    pub filter: Option<String>,
    /// Fields and system columns.
    pub columns: Vec<String>,
}

/// Kind of a chart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChartKind {
    /// Bars.
    Bar,
    /// Parts of a whole.
    Pie,
}

/// A piece of a line.
#[derive(Debug, Clone, PartialEq)]
pub enum Inline {
    /// Words.
    Text(String),
    /// Words that stand out.
    Strong(Vec<Inline>),
    /// A figure by its key.
    Figure {
        /// Figure key.
        key: String,
        /// What of it is printed.
        form: FigureForm,
        /// Where it stands in the file, for messages.
        span: Range<usize>,
    },
    /// The year reported on.
    Year,
    /// The year after it.
    NextYear,
    /// Name of the bureau.
    Bureau,
    /// Name of the district.
    District,
}

/// What of a figure is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FigureForm {
    /// Value and unit with the words of its bound: 350余人次.
    Full,
    /// The number alone.
    Value,
    /// Without its sign, with its unit: 67%.
    Magnitude,
    /// With its direction in words: 下降67%.
    Change,
}
