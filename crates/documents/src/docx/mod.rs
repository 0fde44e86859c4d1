//! DOCX in the layout of GB/T 9704, to be worked on in an office program.
//!
//! Fonts are named as government offices have them (仿宋_GB2312 and so on); a machine without them
//! replaces them by its own.

use std::io::Cursor;

mod package;
mod style;
mod table;

use docx_rs::{
    AlignmentType, BorderType, Docx, FieldCharType, Footer, Header, Hyperlink, HyperlinkType, InstrText, LineSpacing,
    LineSpacingType, PageMargin, Paragraph, Run, TextBorder,
};
use style::{
    AREA, BODY, HEI, KAI, PITCH, RED, SIZE_BODY, SIZE_PAGE, SIZE_TABLE, SIZE_TITLE, SONG, TITLE, body_paragraph, exact,
    fonts, key, run,
};

use crate::links::away;
use crate::numbering::{Numbering, depth};
use crate::pdf::half_characters;
use crate::tree::{Block, Document, Inline};

/// A document could not be packed as DOCX.
#[derive(Debug, thiserror::Error)]
#[error("the DOCX of “{title}” could not be packed: {reason}")]
pub struct DocxError {
    /// Title of the document.
    pub title: String,
    /// What the packer says.
    pub reason: String,
}

/// Millimetres in twentieths of a point.
const fn mm(millimetres: i32) -> i32 {
    millimetres * 14400 / 254
}

/// Write `document` as DOCX.
///
/// # Errors
/// [`DocxError`] if the archive cannot be packed.
pub fn docx(document: &Document) -> Result<Vec<u8>, DocxError> {
    let mut file = Docx::new()
        .page_size(mm(210) as u32, mm(297) as u32)
        .page_margin(
            PageMargin::new()
                .top(mm(37))
                .bottom(mm(35))
                .left(mm(28))
                .right(mm(26))
                .header(mm(20))
                .footer(mm(23))
                .gutter(0),
        )
        .default_fonts(fonts(BODY))
        .default_size(SIZE_BODY)
        .default_line_spacing(LineSpacing::new().line(PITCH).line_rule(LineSpacingType::Exact))
        .footer(footer(AlignmentType::Right))
        .even_footer(footer(AlignmentType::Left));
    file = style::add_styles(file);
    if let Some(notice) = &document.notice {
        file = file.header(header(notice)).even_header(header(notice));
    }
    for paragraph in head(document) {
        file = file.add_paragraph(paragraph);
    }
    let mut numbering = Numbering::new(document.scheme());
    for block in &document.blocks {
        file = add_block(file, document, block, &mut numbering);
    }
    let mut bytes = Cursor::new(Vec::new());
    package::completed(file.build(), document)
        .pack(&mut bytes)
        .map_err(|error| DocxError { title: document.title.clone(), reason: error.to_string() })?;
    Ok(bytes.into_inner())
}

fn header(notice: &str) -> Header {
    let border = TextBorder::new().border_type(BorderType::Single).size(6).space(4).color(RED);
    let mark = run(notice, HEI, SIZE_TABLE).color(RED).text_border(border);
    Header::new().add_paragraph(Paragraph::new().style(key::HEADER).align(AlignmentType::Right).add_run(mark))
}

/// Page number between dashes, one character in from the outer edge.
fn footer(side: AlignmentType) -> Footer {
    let number = Run::new()
        .fonts(fonts(SONG))
        .size(SIZE_PAGE)
        .add_text("— ")
        .add_field_char(FieldCharType::Begin, false)
        .add_instr_text(InstrText::PAGE(docx_rs::InstrPAGE::new()))
        .add_field_char(FieldCharType::Separate, false)
        .add_text("1")
        .add_field_char(FieldCharType::End, false)
        .add_text(" —");
    let paragraph =
        Paragraph::new().style(key::FOOTER).align(side).indent(Some(280), None, Some(280), None).add_run(number);
    Footer::new().add_paragraph(paragraph)
}

fn centred(style: &str, run: Run) -> Paragraph {
    Paragraph::new().style(style).align(AlignmentType::Center).line_spacing(exact(PITCH)).add_run(run)
}

fn empty_line() -> Paragraph {
    Paragraph::new().style(key::BODY).line_spacing(exact(PITCH))
}

/// Red head where there is a number, title, and under the title subtitle, office and day.
fn head(document: &Document) -> Vec<Paragraph> {
    let mut paragraphs = Vec::new();
    if let Some(number) = &document.number {
        if let Some(issuer) = &document.issuer {
            let mark = run(issuer, TITLE, 64).color(RED);
            paragraphs.push(
                Paragraph::new()
                    .style(key::SUBTITLE)
                    .align(AlignmentType::Center)
                    .line_spacing(exact(900))
                    .add_run(mark),
            );
            paragraphs.push(empty_line());
        }
        let rule = docx_rs::ParagraphBorder::new(docx_rs::ParagraphBorderPosition::Bottom)
            .val(BorderType::Single)
            .size(12)
            .space(11)
            .color(RED);
        let borders = docx_rs::ParagraphBorders::with_empty().set(rule);
        let mut line = centred(key::SUBTITLE, run(number, BODY, SIZE_BODY));
        line.property = line.property.set_borders(borders);
        paragraphs.push(line);
        paragraphs.push(empty_line());
    }
    let side = title_indent(&document.title);
    let title = Paragraph::new()
        .style(key::TITLE)
        .align(AlignmentType::Center)
        .line_spacing(exact(680))
        .indent(Some(side), None, Some(side), None)
        .add_run(run(&document.title, TITLE, SIZE_TITLE));
    paragraphs.push(title);
    if let Some(subtitle) = &document.subtitle {
        paragraphs.push(centred(key::SUBTITLE, run(subtitle, KAI, SIZE_BODY)));
    }
    if document.number.is_none() {
        if let Some(issuer) = &document.issuer {
            paragraphs.push(centred(key::SUBTITLE, run(issuer, KAI, SIZE_BODY)));
        }
        if let Some(date) = &document.date_text {
            paragraphs.push(centred(key::SUBTITLE, run(&format!("（{date}）"), KAI, SIZE_BODY)));
        }
    }
    paragraphs.push(empty_line());
    paragraphs
}

/// Space at both sides of a long title that makes its lines about equally long.
fn title_indent(title: &str) -> i32 {
    // Half a character of 22 pt is 220 twentieths of a point.
    let width = half_characters(title) * 220;
    let lines = width.div_ceil(AREA).max(1);
    if lines == 1 { 0 } else { (AREA.saturating_sub(width / lines + 500) / 2) as i32 }
}

/// Right indents of office and day: the day four characters in, the office centred over it.
fn signature_indents(unit: &str, date: &str) -> (i32, i32) {
    const FOUR_CHARACTERS: i32 = 1280;
    let wider = (half_characters(unit) as i32 - half_characters(date) as i32) * 160;
    ((FOUR_CHARACTERS - wider / 2).max(0), FOUR_CHARACTERS)
}

fn add_block(file: Docx, document: &Document, block: &Block, numbering: &mut Numbering) -> Docx {
    match block {
        Block::Heading { level, inlines } => {
            let index = depth(*level);
            let font = [HEI, KAI, BODY, BODY][index];
            let paragraph = body_paragraph(document)
                .style(&format!("Heading{}", index + 1))
                .keep_next(true)
                .add_run(run(&numbering.next(*level), font, SIZE_BODY));
            file.add_paragraph(add_inlines(paragraph, document, inlines, font, SIZE_BODY))
        }
        Block::Paragraph(inlines) => {
            file.add_paragraph(add_inlines(body_paragraph(document), document, inlines, BODY, SIZE_BODY))
        }
        Block::List(items) => items.iter().fold(file, |file, item| {
            file.add_paragraph(add_inlines(body_paragraph(document), document, item, BODY, SIZE_BODY))
        }),
        Block::Table { caption, columns, rows } => {
            let file = add_caption(file, caption.as_deref());
            // The empty line keeps what follows, another table above all, apart.
            file.add_table(table::table(document, columns, rows)).add_paragraph(empty_line())
        }
        Block::BarChart { caption, unit, bars } => {
            let unit = unit.as_deref().map(|unit| format!("（单位：{unit}）")).unwrap_or_default();
            let caption = format!("{}{unit}", caption.as_deref().unwrap_or_default());
            let file = add_caption(file, (!caption.is_empty()).then_some(caption.as_str()));
            file.add_table(table::chart(document, bars)).add_paragraph(empty_line())
        }
        Block::Signature { unit, date } => {
            let (unit_in, date_in) = signature_indents(unit, date);
            let line = |text: &str, right: i32| {
                Paragraph::new()
                    .style(key::SIGNATURE)
                    .align(AlignmentType::Right)
                    .line_spacing(exact(PITCH))
                    .indent(None, None, Some(right), None)
                    .add_run(run(text, BODY, SIZE_BODY))
            };
            file.add_paragraph(empty_line())
                .add_paragraph(line(unit, unit_in).keep_next(true))
                .add_paragraph(line(date, date_in))
        }
        Block::Addressee(name) => {
            let colon = if document.lang.starts_with("zh") { "：" } else { ":" };
            let words = run(&format!("{name}{colon}"), BODY, SIZE_BODY);
            file.add_paragraph(Paragraph::new().style(key::BODY).line_spacing(exact(PITCH)).add_run(words))
        }
        Block::Attachments(names) => {
            let mut file = file.add_paragraph(empty_line());
            let label = if document.lang.starts_with("zh") { "附件：" } else { "Attachments: " };
            for (index, name) in names.iter().enumerate() {
                // Later names stand under the first one: the label is three characters wide.
                let (start, words) = match index {
                    0 => (640, format!("{label}1. {name}")),
                    _ => (1600, format!("{}. {name}", index + 1)),
                };
                let paragraph = Paragraph::new()
                    .style(key::BODY)
                    .line_spacing(exact(PITCH))
                    .indent(Some(start), None, None, None)
                    .add_run(run(&words, BODY, SIZE_BODY));
                file = file.add_paragraph(paragraph);
            }
            file
        }
    }
}

fn add_caption(file: Docx, caption: Option<&str>) -> Docx {
    match caption {
        Some(caption) => file.add_paragraph(centred(key::CAPTION, run(caption, HEI, SIZE_PAGE)).keep_next(true)),
        None => file,
    }
}

fn add_inlines(
    mut paragraph: Paragraph,
    document: &Document,
    inlines: &[Inline],
    font: &str,
    size: usize,
) -> Paragraph {
    for inline in inlines {
        paragraph = match inline {
            Inline::Text(text) => paragraph.add_run(run(text, font, size)),
            Inline::Strong(text) => paragraph.add_run(run(text, HEI, size)),
            Inline::Figure { text, href, .. } => {
                let words = run(text, font, size);
                match href.as_deref().and_then(|href| away(href, document.base_url.as_deref())) {
                    Some(href) => paragraph.add_hyperlink(Hyperlink::new(href, HyperlinkType::External).add_run(words)),
                    None => paragraph.add_run(words),
                }
            }
            Inline::Gap { why, .. } => {
                let marker = document.gap_marker(why);
                paragraph.add_run(run(&marker, HEI, size).highlight("yellow"))
            }
        };
    }
    paragraph
}
