//! DOCX in the layout of GB/T 9704, to be worked on in an office program.
//!
//! Fonts are named as government offices have them (仿宋_GB2312 and so on); a machine without them
//! replaces them by its own.

use std::io::Cursor;

use docx_rs::{
    AlignmentType, BorderType, Docx, FieldCharType, Footer, Header, Hyperlink, HyperlinkType, InstrText, LineSpacing,
    LineSpacingType, PageMargin, Paragraph, Run, RunFonts, Shading, SpecialIndentType, Style, StyleType, Table,
    TableAlignmentType, TableCell, TableLayoutType, TableRow, TextBorder, VAlignType, WidthType,
};

use crate::links::{away, printable};
use crate::numbering::{Numbering, depth};
use crate::pdf::{column_weight, half_characters};
use crate::tree::{Align, Bar, Block, Column, Document, Inline};

/// A document could not be packed as DOCX.
#[derive(Debug, thiserror::Error)]
#[error("the DOCX of “{title}” could not be packed: {reason}")]
pub struct DocxError {
    /// Title of the document.
    pub title: String,
    /// What the packer says.
    pub reason: String,
}

const TITLE: &str = "方正小标宋简体";
const BODY: &str = "仿宋_GB2312";
const KAI: &str = "楷体_GB2312";
const HEI: &str = "黑体";
const SONG: &str = "宋体";
const RED: &str = "C4161C";

/// Font sizes in half points.
const SIZE_TITLE: usize = 44; // 2号
const SIZE_BODY: usize = 32; // 3号
const SIZE_PAGE: usize = 28; // 4号
const SIZE_TABLE: usize = 24; // 小4号
/// Fixed line pitch of the text, in twentieths of a point (29 pt: 22 lines a page).
const PITCH: i32 = 580;
/// Width of the type area, 156 mm, in twentieths of a point.
const AREA: usize = 8845;

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
    for (index, font) in [HEI, KAI, BODY, BODY].into_iter().enumerate() {
        file = file.add_style(heading_style(index, font));
    }
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
    file.pack(&mut bytes).map_err(|error| DocxError { title: document.title.clone(), reason: error.to_string() })?;
    Ok(bytes.into_inner())
}

fn fonts(name: &str) -> RunFonts {
    RunFonts::new().east_asia(name).ascii(name).hi_ansi(name).cs(name)
}

fn run(text: &str, font: &str, size: usize) -> Run {
    Run::new().add_text(printable(text)).fonts(fonts(font)).size(size)
}

fn exact(line: i32) -> LineSpacing {
    LineSpacing::new().line(line).line_rule(LineSpacingType::Exact).before(0).after(0)
}

/// A paragraph of the text: fixed pitch, first line two characters in.
fn body_paragraph(document: &Document) -> Paragraph {
    let paragraph = Paragraph::new().align(AlignmentType::Both).line_spacing(exact(PITCH));
    if document.lang.starts_with("zh") { two_characters_in(paragraph) } else { paragraph }
}

/// First line two characters of 16 pt in.
fn two_characters_in(paragraph: Paragraph) -> Paragraph {
    paragraph.indent(None, Some(SpecialIndentType::FirstLine(640)), None, None)
}

fn heading_style(index: usize, font: &str) -> Style {
    Style::new(format!("Heading{}", index + 1), StyleType::Paragraph)
        .name(format!("heading {}", index + 1))
        .fonts(fonts(font))
        .size(SIZE_BODY)
        .line_spacing(exact(PITCH))
        .outline_lvl(index)
        .q_format(true)
}

fn header(notice: &str) -> Header {
    let border = TextBorder::new().border_type(BorderType::Single).size(6).space(4).color(RED);
    let mark = run(notice, HEI, SIZE_TABLE).color(RED).text_border(border);
    Header::new().add_paragraph(Paragraph::new().align(AlignmentType::Right).add_run(mark))
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
    let paragraph = Paragraph::new().align(side).indent(Some(280), None, Some(280), None).add_run(number);
    Footer::new().add_paragraph(paragraph)
}

fn centred(run: Run) -> Paragraph {
    Paragraph::new().align(AlignmentType::Center).line_spacing(exact(PITCH)).add_run(run)
}

fn empty_line() -> Paragraph {
    Paragraph::new().line_spacing(exact(PITCH))
}

/// Red head where there is a number, title, and under the title subtitle, office and day.
fn head(document: &Document) -> Vec<Paragraph> {
    let mut paragraphs = Vec::new();
    if let Some(number) = &document.number {
        if let Some(issuer) = &document.issuer {
            let mark = run(issuer, TITLE, 64).color(RED);
            paragraphs.push(Paragraph::new().align(AlignmentType::Center).line_spacing(exact(900)).add_run(mark));
            paragraphs.push(empty_line());
        }
        let rule = docx_rs::ParagraphBorder::new(docx_rs::ParagraphBorderPosition::Bottom)
            .val(BorderType::Single)
            .size(12)
            .space(11)
            .color(RED);
        let borders = docx_rs::ParagraphBorders::with_empty().set(rule);
        let mut line = centred(run(number, BODY, SIZE_BODY));
        line.property = line.property.set_borders(borders);
        paragraphs.push(line);
        paragraphs.push(empty_line());
    }
    let side = title_indent(&document.title);
    let title = Paragraph::new()
        .align(AlignmentType::Center)
        .line_spacing(exact(680))
        .indent(Some(side), None, Some(side), None)
        .add_run(run(&document.title, TITLE, SIZE_TITLE));
    paragraphs.push(title);
    if let Some(subtitle) = &document.subtitle {
        paragraphs.push(centred(run(subtitle, KAI, SIZE_BODY)));
    }
    if document.number.is_none() {
        if let Some(issuer) = &document.issuer {
            paragraphs.push(centred(run(issuer, KAI, SIZE_BODY)));
        }
        if let Some(date) = &document.date_text {
            paragraphs.push(centred(run(&format!("（{date}）"), KAI, SIZE_BODY)));
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
            file.add_table(table(document, columns, rows)).add_paragraph(empty_line())
        }
        Block::BarChart { caption, unit, bars } => {
            let unit = unit.as_deref().map(|unit| format!("（单位：{unit}）")).unwrap_or_default();
            let caption = format!("{}{unit}", caption.as_deref().unwrap_or_default());
            let file = add_caption(file, (!caption.is_empty()).then_some(caption.as_str()));
            file.add_table(chart(document, bars)).add_paragraph(empty_line())
        }
        Block::Signature { unit, date } => {
            let (unit_in, date_in) = signature_indents(unit, date);
            let line = |text: &str, right: i32| {
                Paragraph::new()
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
            file.add_paragraph(Paragraph::new().line_spacing(exact(PITCH)).add_run(words))
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
        Some(caption) => file.add_paragraph(centred(run(caption, HEI, SIZE_PAGE)).keep_next(true)),
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

fn cell_paragraph(align: Align) -> Paragraph {
    let side = match align {
        Align::Left => AlignmentType::Left,
        Align::Center => AlignmentType::Center,
        Align::Right => AlignmentType::Right,
    };
    Paragraph::new()
        .align(side)
        .line_spacing(LineSpacing::new().line(340).line_rule(LineSpacingType::AtLeast).before(40).after(40))
}

fn table(document: &Document, columns: &[Column], rows: &[Vec<Vec<Inline>>]) -> Table {
    let weights: Vec<usize> =
        columns.iter().enumerate().map(|(index, column)| column_weight(&column.head, rows, index)).collect();
    let whole: usize = weights.iter().sum::<usize>().max(1);
    let widths: Vec<usize> = weights.iter().map(|weight| AREA * weight / whole).collect();
    let cell = |paragraph: Paragraph, width: usize| {
        TableCell::new().width(width, WidthType::Dxa).vertical_align(VAlignType::Center).add_paragraph(paragraph)
    };
    let heads = columns
        .iter()
        .zip(&widths)
        .map(|(column, width)| cell(cell_paragraph(Align::Center).add_run(run(&column.head, HEI, SIZE_TABLE)), *width));
    let mut lines = vec![TableRow::new(heads.collect()).cant_split()];
    for row in rows {
        let cells = columns.iter().zip(&widths).enumerate().map(|(index, (column, width))| {
            let words = row.get(index).map(Vec::as_slice).unwrap_or_default();
            cell(add_inlines(cell_paragraph(column.align), document, words, BODY, SIZE_TABLE), *width)
        });
        lines.push(TableRow::new(cells.collect()).cant_split());
    }
    Table::new(lines)
        .set_grid(widths)
        .layout(TableLayoutType::Fixed)
        .width(AREA, WidthType::Dxa)
        .align(TableAlignmentType::Center)
}

/// Bars as shaded cells: each row is label, bar, rest; so the chart needs no picture and stays editable.
fn chart(document: &Document, bars: &[Bar]) -> Table {
    const LABEL: usize = 2600;
    const STEPS: usize = 40;
    const STEP: usize = (AREA - LABEL) / (STEPS + 20);
    let largest = bars.iter().filter_map(|bar| bar.value).map(f64::abs).fold(0.0, f64::max);
    let mut grid = vec![LABEL];
    grid.extend([STEP; STEPS + 20]);
    let rows = bars.iter().map(|bar| {
        let label = cell_paragraph(Align::Right).add_run(run(&bar.label, BODY, SIZE_TABLE));
        let mut cells = vec![TableCell::new().width(LABEL, WidthType::Dxa).clear_all_border().add_paragraph(label)];
        let length = match bar.value {
            Some(value) if largest > 0.0 => (value.abs() / largest * STEPS as f64).round() as usize,
            _ => 0,
        };
        if length > 0 {
            let fill = if bar.value.is_some_and(|value| value < 0.0) { "9AA5AE" } else { "2F7F7F" };
            cells.push(
                TableCell::new()
                    .width(STEP * length, WidthType::Dxa)
                    .grid_span(length)
                    .clear_all_border()
                    .shading(Shading::new().fill(fill))
                    .add_paragraph(cell_paragraph(Align::Left)),
            );
        }
        let inline = match bar.value {
            Some(_) => Inline::Figure {
                key: bar.key.clone().unwrap_or_default(),
                text: bar.text.clone(),
                href: bar.href.clone(),
            },
            None => Inline::Gap { key: bar.key.clone().unwrap_or_default(), why: bar.text.clone() },
        };
        let rest = STEPS + 20 - length;
        let value = add_inlines(cell_paragraph(Align::Left), document, &[inline], BODY, SIZE_TABLE);
        cells.push(
            TableCell::new().width(STEP * rest, WidthType::Dxa).grid_span(rest).clear_all_border().add_paragraph(value),
        );
        TableRow::new(cells).cant_split()
    });
    Table::without_borders(rows.collect()).set_grid(grid).layout(TableLayoutType::Fixed).width(AREA, WidthType::Dxa)
}
