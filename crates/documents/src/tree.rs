//! The neutral tree of a document.
//!
//! Built by those who know the contents (a report over figures, a warning letter over a record) and
//! read by the renderers. All text in it is plain text: each renderer escapes for its own format.

use serde::{Deserialize, Serialize};

use crate::numbering::Scheme;

/// A document: its head, and its blocks from top to bottom.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Document {
    /// The title, printed centred.
    pub title: String,
    /// A line under the title, such as the district or the year.
    #[serde(default)]
    pub subtitle: Option<String>,
    /// The office that issues the document.
    #[serde(default)]
    pub issuer: Option<String>,
    /// Document number, such as `天环〔2020〕3号`. A document with a number gets the red head of its issuer.
    #[serde(default)]
    pub number: Option<String>,
    /// The day as it is printed, such as `2021年1月5日`.
    #[serde(default)]
    pub date_text: Option<String>,
    /// When the file was written, RFC 3339 in UTC (`2021-01-05T08:00:00Z`); office programs show it in the properties of a DOCX.
    #[serde(default)]
    pub written_at: Option<String>,
    /// Repeated at the head of every page, such as `模拟数据`.
    #[serde(default)]
    pub notice: Option<String>,
    /// BCP 47 language tag; decides numbering and the words of markers.
    pub lang: String,
    /// Put before relative links where a document leaves the site (DOCX, PDF, Markdown), such as
    /// `https://bilan.example`. Without it relative links are left out there.
    #[serde(default)]
    pub base_url: Option<String>,
    /// The contents.
    pub blocks: Vec<Block>,
}

impl Document {
    /// An empty Chinese document with a title.
    pub fn new(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            subtitle: None,
            issuer: None,
            number: None,
            date_text: None,
            written_at: None,
            notice: None,
            lang: "zh-CN".to_owned(),
            base_url: None,
            blocks: Vec::new(),
        }
    }

    /// How headings of this document are numbered: the Chinese office scheme, or decimal in other languages.
    pub fn scheme(&self) -> Scheme {
        if self.lang.starts_with("zh") { Scheme::Chinese } else { Scheme::Decimal }
    }

    /// Every gap of the document in reading order: what could not be computed, and why.
    ///
    /// A document with gaps may be looked at but should not be issued.
    pub fn gaps(&self) -> Vec<Gap> {
        let mut gaps = Vec::new();
        for block in &self.blocks {
            match block {
                Block::Heading { inlines, .. } | Block::Paragraph(inlines) => collect_gaps(inlines, &mut gaps),
                Block::List(items) => items.iter().for_each(|item| collect_gaps(item, &mut gaps)),
                Block::Table { rows, .. } => rows.iter().flatten().for_each(|cell| collect_gaps(cell, &mut gaps)),
                Block::BarChart { bars, .. } => gaps.extend(bars.iter().filter(|bar| bar.value.is_none()).map(|bar| {
                    Gap { key: bar.key.clone().unwrap_or_else(|| bar.label.clone()), why: bar.text.clone() }
                })),
                Block::Signature { .. } | Block::Addressee(_) | Block::Attachments(_) => {}
            }
        }
        gaps
    }

    pub(crate) fn gap_marker(&self, why: &str) -> String {
        if self.lang.starts_with("zh") { format!("【缺：{why}】") } else { format!("[missing: {why}]") }
    }

    /// Title, subtitle, number, issuer, date: the parts of the head that are there, for plain formats.
    pub(crate) fn head_lines(&self) -> impl Iterator<Item = &str> {
        [&self.subtitle, &self.number, &self.issuer, &self.date_text].into_iter().flatten().map(String::as_str)
    }
}

fn collect_gaps(inlines: &[Inline], gaps: &mut Vec<Gap>) {
    gaps.extend(inlines.iter().filter_map(|inline| match inline {
        Inline::Gap { key, why } => Some(Gap { key: key.clone(), why: why.clone() }),
        _ => None,
    }));
}

/// A value that a document lacks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// Key of the figure.
    pub key: String,
    /// Reason, as printed in the marker.
    pub why: String,
}

/// One block of a document.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Block {
    /// A numbered heading. `level` runs from 1 (一、) to 4 (（1）); others are drawn in to that range.
    Heading {
        /// 1 to 4.
        level: u8,
        /// The words, without number.
        inlines: Vec<Inline>,
    },
    /// A paragraph of running text.
    Paragraph(Vec<Inline>),
    /// Short items that belong together. On paper each is a paragraph of its own, as offices write them.
    List(Vec<Vec<Inline>>),
    /// A table with one row of column heads.
    Table {
        /// Printed above the table.
        caption: Option<String>,
        /// Heads and alignment of the columns.
        columns: Vec<Column>,
        /// Rows of cells; a short row is filled with empty cells.
        rows: Vec<Vec<Vec<Inline>>>,
    },
    /// A horizontal bar chart.
    BarChart {
        /// Printed above the chart.
        caption: Option<String>,
        /// Unit of the values, named in the caption line.
        unit: Option<String>,
        /// Bars from top to bottom.
        bars: Vec<Bar>,
    },
    /// Issuing office and day at the end, set to the right.
    Signature {
        /// The office or person that signs.
        unit: String,
        /// The day as printed.
        date: String,
    },
    /// To whom the document goes; the full-width colon is added.
    Addressee(String),
    /// Names of attachments, listed as 附件：1. …
    Attachments(Vec<String>),
}

impl Block {
    /// A heading of plain words.
    pub fn heading(level: u8, text: impl Into<String>) -> Self {
        Block::Heading { level, inlines: vec![Inline::text(text)] }
    }

    /// A paragraph of plain words.
    pub fn paragraph(text: impl Into<String>) -> Self {
        Block::Paragraph(vec![Inline::text(text)])
    }
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// What stands in the column.
    pub head: String,
    /// How its cells are set.
    pub align: Align,
}

impl Column {
    /// A column whose cells start at the left.
    pub fn left(head: impl Into<String>) -> Self {
        Self { head: head.into(), align: Align::Left }
    }

    /// A column of numbers.
    pub fn right(head: impl Into<String>) -> Self {
        Self { head: head.into(), align: Align::Right }
    }
}

/// Setting of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Align {
    /// Text.
    #[default]
    Left,
    /// Short marks, dates.
    Center,
    /// Numbers.
    Right,
}

/// A bar of a chart.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Bar {
    /// Key of the figure behind the bar, if it is one.
    pub key: Option<String>,
    /// What the bar stands for.
    pub label: String,
    /// Its length; `None` prints a gap, never a bar of zero length.
    pub value: Option<f64>,
    /// The value as printed, or the reason why there is none.
    pub text: String,
    /// The page of the records behind it.
    pub href: Option<String>,
}

/// A piece of running text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Inline {
    /// Plain words.
    Text(String),
    /// Stressed words.
    Strong(String),
    /// A computed figure.
    Figure {
        /// Key of the figure.
        key: String,
        /// The value as printed, with unit and bound words.
        text: String,
        /// The page of the records that it counts.
        href: Option<String>,
    },
    /// A figure that could not be computed: printed as a visible marker, never as zero.
    Gap {
        /// Key of the figure.
        key: String,
        /// Reason, for the reader.
        why: String,
    },
}

impl Inline {
    /// Plain words.
    pub fn text(text: impl Into<String>) -> Self {
        Inline::Text(text.into())
    }

    /// A figure without a page behind it.
    pub fn figure(key: impl Into<String>, text: impl Into<String>) -> Self {
        Inline::Figure { key: key.into(), text: text.into(), href: None }
    }
}
