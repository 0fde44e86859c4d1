//! PDF through the Typst compiler, in this process and without files.
//!
//! The template (`official.typ`) is fixed; the document is handed to it as JSON. No text of a record
//! is ever part of Typst source, so nothing typed into a form can be taken for markup or code.

use std::sync::LazyLock;

use serde_json::{Value, json};
use typst::diag::{FileError, FileResult, SourceDiagnostic};
use typst::foundations::{Bytes, Datetime, Duration};
use typst::syntax::{FileId, RootedPath, Source, VirtualPath, VirtualRoot};
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;
use typst::{Library, LibraryExt, World};
use typst_layout::PagedDocument;
use typst_pdf::PdfOptions;

use crate::fonts::{Fonts, Role};
use crate::links::{away, printable};
use crate::numbering::{Numbering, depth};
use crate::tree::{Align, Block, Document, Inline};

/// A document could not be set as PDF. This is a fault of the program, not of the document's text.
#[derive(Debug, thiserror::Error)]
pub enum PdfError {
    /// The typesetter refused the template with this document.
    #[error("the PDF of “{title}” could not be set: {messages}")]
    Typesetting {
        /// Title of the document.
        title: String,
        /// What the typesetter says.
        messages: String,
    },
}

static LIBRARY: LazyLock<LazyHash<Library>> = LazyLock::new(|| LazyHash::new(Library::default()));
static TEMPLATE: LazyLock<Source> =
    LazyLock::new(|| Source::new(file_id("official.typ"), include_str!("official.typ").to_owned()));
static DATA: LazyLock<FileId> = LazyLock::new(|| file_id("document.json"));

fn file_id(name: &str) -> FileId {
    // Both names are plain constants of this module.
    #[expect(clippy::expect_used, reason = "constant file names are valid paths")]
    let path = VirtualPath::new(name).expect("a plain file name is a path");
    FileId::new(RootedPath::new(VirtualRoot::Project, path))
}

/// Set `document` as PDF.
///
/// The same document and fonts give the same bytes.
///
/// # Errors
/// [`PdfError::Typesetting`] if the typesetter refuses; the document's text cannot cause it.
pub fn pdf(document: &Document, fonts: &Fonts) -> Result<Vec<u8>, PdfError> {
    let refused = |messages: String| PdfError::Typesetting { title: document.title.clone(), messages };
    let data = serde_json::to_vec(&sheet(document, fonts)).map_err(|error| refused(error.to_string()))?;
    let desk = Desk { fonts, data: Bytes::new(data) };
    let printed = typst::compile::<PagedDocument>(&desk)
        .output
        .and_then(|pages| typst_pdf::pdf(&pages, &PdfOptions::default()))
        .map_err(|faults| refused(messages(&faults)));
    // The compiler memoizes for the life of the process; keep only what the last few documents used.
    comemo::evict(3);
    printed
}

fn messages(faults: &[SourceDiagnostic]) -> String {
    let texts: Vec<&str> = faults.iter().map(|fault| fault.message.as_str()).collect();
    texts.join("; ")
}

/// What the compiler may see: the template, the document, the fonts. No file system, no network, no clock.
struct Desk<'a> {
    fonts: &'a Fonts,
    data: Bytes,
}

impl World for Desk<'_> {
    fn library(&self) -> &LazyHash<Library> {
        &LIBRARY
    }

    fn book(&self) -> &LazyHash<FontBook> {
        self.fonts.book()
    }

    fn main(&self) -> FileId {
        TEMPLATE.id()
    }

    fn source(&self, id: FileId) -> FileResult<Source> {
        if id == TEMPLATE.id() { Ok(TEMPLATE.clone()) } else { Err(FileError::AccessDenied) }
    }

    fn file(&self, id: FileId) -> FileResult<Bytes> {
        if id == *DATA { Ok(self.data.clone()) } else { Err(FileError::AccessDenied) }
    }

    fn font(&self, index: usize) -> Option<Font> {
        self.fonts.font(index)
    }

    fn today(&self, _: Option<Duration>) -> Option<Datetime> {
        None
    }
}

/// The document as the template reads it: numbers given, markers worded, links decided.
fn sheet(document: &Document, fonts: &Fonts) -> Value {
    let zh = document.lang.starts_with("zh");
    let mut numbering = Numbering::new(document.scheme());
    let text = |text: &Option<String>| text.as_deref().map(printable);
    let inlines = |inlines: &[Inline]| inlines_json(document, inlines);
    let blocks: Vec<Value> = document
        .blocks
        .iter()
        .map(|block| match block {
            Block::Heading { level, inlines: words } => json!({
                "kind": "heading", "level": depth(*level) + 1, "number": numbering.next(*level), "inlines": inlines(words),
            }),
            Block::Paragraph(words) => json!({ "kind": "paragraph", "inlines": inlines(words) }),
            Block::List(items) => {
                json!({ "kind": "list", "items": items.iter().map(|item| inlines(item)).collect::<Vec<_>>() })
            }
            Block::Table { caption, columns, rows } => json!({
                "kind": "table",
                "caption": text(caption),
                "heads": columns.iter().map(|column| printable(&column.head)).collect::<Vec<_>>(),
                "align": columns.iter().map(|column| align_name(column.align)).collect::<Vec<_>>(),
                // A column of text takes the room that is left, in proportion to its longest cell.
                "weights": (0..columns.len()).map(|index| column_weight(columns[index].head.as_str(), rows, index)).collect::<Vec<_>>(),
                "rows": rows.iter().map(|row| (0..columns.len()).map(|index| {
                    inlines(row.get(index).map(Vec::as_slice).unwrap_or_default())
                }).collect::<Vec<_>>()).collect::<Vec<_>>(),
            }),
            Block::BarChart { caption, unit, bars } => {
                let largest = bars.iter().filter_map(|bar| bar.value).map(f64::abs).fold(0.0, f64::max);
                json!({
                    "kind": "chart",
                    "caption": text(caption),
                    "unit": unit.as_deref().map(|unit| if zh { format!("（单位：{}）", printable(unit)) } else { format!(" ({})", printable(unit)) }),
                    "bars": bars.iter().map(|bar| json!({
                        "label": printable(&bar.label),
                        "text": match bar.value { Some(_) => printable(&bar.text), None => document.gap_marker(&printable(&bar.text)) },
                        "gap": bar.value.is_none(),
                        "negative": bar.value.is_some_and(|value| value < 0.0),
                        "share": bar.value.map_or(0.0, |value| if largest > 0.0 { value.abs() / largest } else { 0.0 }),
                        "href": bar.href.as_deref().and_then(|href| away(href, document.base_url.as_deref())),
                    })).collect::<Vec<_>>(),
                })
            }
            Block::Signature { unit, date } => json!({ "kind": "signature", "unit": printable(unit), "date": printable(date) }),
            Block::Addressee(name) => {
                json!({ "kind": "addressee", "text": format!("{}{}", printable(name), if zh { "：" } else { ":" }) })
            }
            Block::Attachments(names) => json!({
                "kind": "attachments",
                "label": if zh { "附件：" } else { "Attachments: " },
                "names": names.iter().map(|name| printable(name)).collect::<Vec<_>>(),
            }),
        })
        .collect();
    json!({
        "title": printable(&document.title),
        "subtitle": text(&document.subtitle),
        "issuer": text(&document.issuer),
        "number": text(&document.number),
        "date": text(&document.date_text),
        "notice": text(&document.notice),
        "lang": if zh { "zh" } else { "en" },
        "fonts": {
            "title": fonts.families(Role::Title),
            "body": fonts.families(Role::Body),
            "kai": fonts.families(Role::Kai),
            "hei": fonts.families(Role::Hei),
            "song": fonts.families(Role::Song),
        },
        "blocks": blocks,
    })
}

fn inlines_json(document: &Document, inlines: &[Inline]) -> Vec<Value> {
    inlines
        .iter()
        .map(|inline| match inline {
            Inline::Text(text) => json!({ "kind": "text", "text": printable(text) }),
            Inline::Strong(text) => json!({ "kind": "strong", "text": printable(text) }),
            Inline::Figure { text, href, .. } => json!({
                "kind": "figure",
                "text": printable(text),
                "href": href.as_deref().and_then(|href| away(href, document.base_url.as_deref())),
            }),
            Inline::Gap { why, .. } => json!({ "kind": "gap", "text": document.gap_marker(&printable(why)) }),
        })
        .collect()
}

fn align_name(align: Align) -> &'static str {
    match align {
        Align::Left => "left",
        Align::Center => "center",
        Align::Right => "right",
    }
}

/// Width that a column would like, in half characters, within bounds that keep the others readable.
pub(crate) fn column_weight(head: &str, rows: &[Vec<Vec<Inline>>], index: usize) -> usize {
    let cells = rows.iter().filter_map(|row| row.get(index)).map(|cell| {
        cell.iter()
            .map(|inline| match inline {
                Inline::Text(text) | Inline::Strong(text) | Inline::Figure { text, .. } => half_characters(text),
                Inline::Gap { why, .. } => half_characters(why) + 8,
            })
            .sum::<usize>()
    });
    cells.chain([half_characters(head)]).max().unwrap_or(0).clamp(6, 40) + 4
}

/// Width of `text` in half characters: a Chinese character is two, others about one.
pub(crate) fn half_characters(text: &str) -> usize {
    text.chars().map(|c| if c.is_ascii() { 1 } else { 2 }).sum()
}
