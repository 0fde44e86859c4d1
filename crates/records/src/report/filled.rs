//! A filled report: a tree that knows nothing of HTML, Word or PDF.

use jiff::Timestamp;
use serde::Serialize;

use crate::{catalogue::Label, figures::Period};

/// A report with everything filled in.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Filled {
    /// Key of the report.
    pub key: String,
    /// Title.
    pub title: String,
    /// Line under the title.
    pub subtitle: Option<String>,
    /// Who issues it.
    pub issuer: Option<String>,
    /// Document number.
    pub document_number: Option<String>,
    /// To whom it is addressed.
    pub addressee: Option<String>,
    /// Other lines of the head and foot, by name.
    pub particulars: Vec<(String, String)>,
    /// The year reported on.
    pub year: i16,
    /// The moment at which the ledger was looked at, if not now.
    pub as_of: Option<Timestamp>,
    /// Some of its figures count only what lies within the reader's cell or enterprise: it is no report of the district.
    pub confined: bool,
    /// Some of the records behind it are made up.
    pub simulated: bool,
    /// The text.
    pub blocks: Vec<FilledBlock>,
    /// Figures without a value, and why.
    pub gaps: Vec<(String, String)>,
}

/// A block of a filled report.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "block", rename_all = "snake_case")]
pub enum FilledBlock {
    /// A heading, level 1 (一、) to 4 （1）.
    Heading {
        /// 1 to 4.
        level: u8,
        /// Words.
        text: Vec<FilledInline>,
    },
    /// A paragraph.
    Paragraph {
        /// Words.
        text: Vec<FilledInline>,
    },
    /// An item of a list.
    Item {
        /// Words.
        text: Vec<FilledInline>,
    },
    /// A table of records.
    Records {
        /// Title over the table.
        title: Option<String>,
        /// Register.
        register: String,
        /// Heads of the columns.
        heads: Vec<String>,
        /// Rows.
        rows: Vec<FilledRow>,
        /// Records that match but are not shown.
        more: u64,
    },
    /// A table of figures.
    Figures {
        /// Title over the table.
        title: Option<String>,
        /// The figures.
        figures: Vec<FilledFigure>,
    },
    /// A chart of figures.
    Chart {
        /// Title over the chart.
        title: Option<String>,
        /// `bar` or `pie`.
        kind: &'static str,
        /// The figures.
        figures: Vec<FilledFigure>,
    },
}

/// A record in a table.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FilledRow {
    /// Its number, for a link.
    pub number: String,
    /// Cells in the order of the heads.
    pub cells: Vec<String>,
}

/// A piece of a line.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "inline", rename_all = "snake_case")]
pub enum FilledInline {
    /// Words.
    Text {
        /// The words.
        text: String,
    },
    /// Words that stand out.
    Strong {
        /// What stands out.
        text: Vec<FilledInline>,
    },
    /// A figure.
    Figure(FilledFigure),
}

/// A figure in a report.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FilledFigure {
    /// Its key.
    pub key: String,
    /// Its name.
    pub label: String,
    /// As it is printed here.
    pub text: String,
    /// The number, if there is one.
    pub value: Option<String>,
    /// Unit.
    pub unit: String,
    /// The period it is about.
    pub period: Period,
    /// How many records it counts.
    pub records: u64,
    /// It has no value.
    pub gap: bool,
    /// Why it has none, for the reader.
    pub why: Option<Label>,
}

/// The words of a line without anything else.
#[must_use]
pub fn plain(inlines: &[FilledInline]) -> String {
    inlines
        .iter()
        .map(|inline| match inline {
            FilledInline::Text { text } => text.clone(),
            FilledInline::Strong { text } => plain(text),
            FilledInline::Figure(figure) => figure.text.clone(),
        })
        .collect()
}
