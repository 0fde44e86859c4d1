//! Fonts, sizes and named styles of an official document.

use docx_rs::{
    AlignmentType, Docx, LineSpacing, LineSpacingType, Paragraph, Run, RunFonts, SpecialIndentType, Style, StyleType,
};

use crate::links::printable;
use crate::tree::Document;

pub(super) const TITLE: &str = "方正小标宋简体";
pub(super) const BODY: &str = "仿宋_GB2312";
pub(super) const KAI: &str = "楷体_GB2312";
pub(super) const HEI: &str = "黑体";
pub(super) const SONG: &str = "宋体";
pub(super) const RED: &str = "C4161C";

/// Font sizes in half points.
pub(super) const SIZE_TITLE: usize = 44; // 2号
pub(super) const SIZE_BODY: usize = 32; // 3号
pub(super) const SIZE_PAGE: usize = 28; // 4号
pub(super) const SIZE_TABLE: usize = 24; // 小4号
/// Fixed line pitch of the text, in twentieths of a point (29 pt: 22 lines a page).
pub(super) const PITCH: i32 = 580;
/// Width of the type area, 156 mm, in twentieths of a point.
pub(super) const AREA: usize = 8845;

pub(super) fn fonts(name: &str) -> RunFonts {
    RunFonts::new().east_asia(name).ascii(name).hi_ansi(name).cs(name)
}

pub(super) fn run(text: &str, font: &str, size: usize) -> Run {
    Run::new().add_text(printable(text)).fonts(fonts(font)).size(size)
}

pub(super) fn exact(line: i32) -> LineSpacing {
    LineSpacing::new().line(line).line_rule(LineSpacingType::Exact).before(0).after(0)
}

/// Keys of the styles that office programs show in their list.
pub(super) mod key {
    /// Text of the document (正文).
    pub(crate) const BODY: &str = "BodyText";
    /// Its title.
    pub(crate) const TITLE: &str = "Title";
    /// What stands in the middle under the title: subtitle, office, day, number.
    pub(crate) const SUBTITLE: &str = "Subtitle";
    /// Head of a table or chart.
    pub(crate) const CAPTION: &str = "Caption";
    /// Text in the cell of a table.
    pub(crate) const TABLE: &str = "TableText";
    /// Office and day at the end (落款).
    pub(crate) const SIGNATURE: &str = "Signature";
    /// Header of the page.
    pub(crate) const HEADER: &str = "Header";
    /// Footer of the page.
    pub(crate) const FOOTER: &str = "Footer";
}

/// Puts every style that paragraphs of this module name into the file.
pub(super) fn add_styles(file: Docx) -> Docx {
    let headings = [HEI, KAI, BODY, BODY].into_iter().enumerate().map(|(index, font)| heading_style(index, font));
    let named = [
        (key::BODY, "Body Text", BODY, SIZE_BODY),
        (key::TITLE, "Title", TITLE, SIZE_TITLE),
        (key::SUBTITLE, "Subtitle", KAI, SIZE_BODY),
        (key::CAPTION, "caption", HEI, SIZE_PAGE),
        (key::TABLE, "Table Text", BODY, SIZE_TABLE),
        (key::SIGNATURE, "Signature", BODY, SIZE_BODY),
        (key::HEADER, "header", HEI, SIZE_TABLE),
        (key::FOOTER, "footer", SONG, SIZE_PAGE),
    ];
    let named = named.into_iter().map(|(key, name, font, size)| {
        let style = Style::new(key, StyleType::Paragraph).name(name).based_on("Normal").fonts(fonts(font)).size(size);
        if key == key::TABLE { style } else { style.line_spacing(exact(PITCH)).q_format(true) }
    });
    headings.chain(named).fold(file, Docx::add_style)
}

/// A paragraph of the text: fixed pitch, first line two characters in.
pub(super) fn body_paragraph(document: &Document) -> Paragraph {
    let paragraph = Paragraph::new().style(key::BODY).align(AlignmentType::Both).line_spacing(exact(PITCH));
    if document.lang.starts_with("zh") { two_characters_in(paragraph) } else { paragraph }
}

/// First line two characters of 16 pt in.
pub(super) fn two_characters_in(paragraph: Paragraph) -> Paragraph {
    paragraph.indent(None, Some(SpecialIndentType::FirstLine(640)), None, None)
}

pub(super) fn heading_style(index: usize, font: &str) -> Style {
    Style::new(format!("Heading{}", index + 1), StyleType::Paragraph)
        .name(format!("heading {}", index + 1))
        .based_on("Normal")
        .fonts(fonts(font))
        .size(SIZE_BODY)
        .line_spacing(exact(PITCH))
        .outline_lvl(index)
        .q_format(true)
}
