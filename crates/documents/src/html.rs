//! HTML: a semantic article for the web pages, or a file that stands alone.
//!
//! The article holds no script and no style attribute, so it may be shown under a content security
//! policy that forbids both; its looks come from [`STYLESHEET`].

use std::fmt::Write as _;

use crate::links::on_site;
use crate::numbering::{Numbering, depth};
use crate::tree::{Align, Bar, Block, Column, Document, Inline};

/// The style sheet of the article's classes, to be served or embedded.
pub const STYLESHEET: &str = include_str!("document.css");

/// How the HTML is wrapped.
#[derive(Debug, Clone, Default)]
pub struct HtmlOptions {
    /// A whole file with head and embedded style sheet, instead of the bare `<article>`.
    pub standalone: bool,
    /// In a standalone file, link the style sheet at this address instead of embedding it.
    pub stylesheet: Option<String>,
}

/// Print `document` as HTML.
pub fn html(document: &Document, options: &HtmlOptions) -> String {
    let article = article(document);
    if !options.standalone {
        return article;
    }
    let style = match options.stylesheet.as_deref().and_then(on_site) {
        Some(href) => format!("<link rel=\"stylesheet\" href=\"{}\">", escape(href)),
        None => format!("<style>\n{STYLESHEET}</style>"),
    };
    format!(
        "<!doctype html>\n<html lang=\"{lang}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{title}</title>\n{style}\n</head>\n\
         <body class=\"document-page\">\n{article}</body>\n</html>\n",
        lang = escape(&document.lang),
        title = escape(&document.title),
    )
}

fn article(document: &Document) -> String {
    let mut out = format!("<article class=\"document\" lang=\"{}\">\n", escape(&document.lang));
    if let Some(notice) = &document.notice {
        line(&mut out, "p", "document-notice", notice);
    }
    out.push_str("<header class=\"document-head\">\n");
    if let Some(number) = &document.number {
        if let Some(issuer) = &document.issuer {
            line(&mut out, "p", "document-letterhead", issuer);
        }
        line(&mut out, "p", "document-number", number);
    }
    let _ = writeln!(out, "<h1 class=\"document-title\">{}</h1>", with_years_whole(&document.title));
    if let Some(subtitle) = &document.subtitle {
        line(&mut out, "p", "document-subtitle", subtitle);
    }
    if document.number.is_none() {
        if let Some(issuer) = &document.issuer {
            line(&mut out, "p", "document-issuer", issuer);
        }
        if let Some(date) = &document.date_text {
            line(&mut out, "p", "document-date", date);
        }
    }
    out.push_str("</header>\n");
    let mut numbering = Numbering::new(document.scheme());
    for block in &document.blocks {
        print_block(&mut out, document, block, &mut numbering);
    }
    out.push_str("</article>\n");
    out
}

/// Writing to a `String` cannot fail, so results of `write!` are dropped here and below.
fn line(out: &mut String, tag: &str, class: &str, text: &str) {
    let _ = writeln!(out, "<{tag} class=\"{class}\">{}</{tag}>", escape(text));
}

/// A title in which no line ends between a year and its 年.
fn with_years_whole(title: &str) -> String {
    let mut out = String::new();
    let mut rest = title;
    while let Some(at) = rest.find('年') {
        let (before, behind) = rest.split_at(at);
        let text = before.trim_end_matches(|character: char| character.is_ascii_digit());
        let year = &before[text.len()..];
        out.push_str(&escape(text));
        let _ =
            if year.is_empty() { write!(out, "年") } else { write!(out, "<span class=\"whole\">{year}年</span>") };
        rest = &behind['年'.len_utf8()..];
    }
    out.push_str(&escape(rest));
    out
}

fn print_block(out: &mut String, document: &Document, block: &Block, numbering: &mut Numbering) {
    match block {
        Block::Heading { level, inlines } => {
            let tag = depth(*level) + 2;
            let _ = writeln!(
                out,
                "<h{tag} class=\"document-heading\"><span class=\"heading-number\">{}</span>{}</h{tag}>",
                escape(&numbering.next(*level)),
                inlines_html(document, inlines)
            );
        }
        Block::Paragraph(inlines) => {
            let _ = writeln!(out, "<p>{}</p>", inlines_html(document, inlines));
        }
        Block::List(items) => {
            out.push_str("<ul class=\"document-list\">\n");
            for item in items {
                let _ = writeln!(out, "<li>{}</li>", inlines_html(document, item));
            }
            out.push_str("</ul>\n");
        }
        Block::Table { caption, columns, rows } => print_table(out, document, caption.as_deref(), columns, rows),
        Block::BarChart { caption, unit, bars } => {
            print_chart(out, document, caption.as_deref(), unit.as_deref(), bars);
        }
        Block::Signature { unit, date } => {
            out.push_str("<footer class=\"document-signature\">\n");
            line(out, "p", "signature-unit", unit);
            line(out, "p", "signature-date", date);
            out.push_str("</footer>\n");
        }
        Block::Addressee(name) => {
            let colon = if document.lang.starts_with("zh") { "：" } else { ":" };
            line(out, "p", "document-addressee", &format!("{name}{colon}"));
        }
        Block::Attachments(names) => {
            let label = if document.lang.starts_with("zh") { "附件：" } else { "Attachments:" };
            let _ = writeln!(out, "<section class=\"document-attachments\"><p>{label}</p>\n<ol>");
            for name in names {
                let _ = writeln!(out, "<li>{}</li>", escape(name));
            }
            out.push_str("</ol></section>\n");
        }
    }
}

fn inlines_html(document: &Document, inlines: &[Inline]) -> String {
    let mut out = String::new();
    for inline in inlines {
        match inline {
            Inline::Text(text) => out.push_str(&escape(text)),
            Inline::Strong(text) => {
                let _ = write!(out, "<strong>{}</strong>", escape(text));
            }
            Inline::Figure { key, text, href } => match href.as_deref().and_then(on_site) {
                Some(href) => {
                    let _ = write!(
                        out,
                        "<a class=\"figure\" data-figure=\"{}\" href=\"{}\">{}</a>",
                        escape(key),
                        escape(href),
                        escape(text)
                    );
                }
                None => {
                    let _ =
                        write!(out, "<span class=\"figure\" data-figure=\"{}\">{}</span>", escape(key), escape(text));
                }
            },
            Inline::Gap { key, why } => {
                let _ = write!(
                    out,
                    "<mark class=\"gap\" data-figure=\"{}\">{}</mark>",
                    escape(key),
                    escape(&document.gap_marker(why))
                );
            }
        }
    }
    out
}

fn align_class(align: Align) -> &'static str {
    match align {
        Align::Left => "align-left",
        Align::Center => "align-center",
        Align::Right => "align-right",
    }
}

fn print_table(
    out: &mut String,
    document: &Document,
    caption: Option<&str>,
    columns: &[Column],
    rows: &[Vec<Vec<Inline>>],
) {
    out.push_str("<div class=\"document-table\"><table>\n");
    if let Some(caption) = caption {
        let _ = writeln!(out, "<caption>{}</caption>", escape(caption));
    }
    out.push_str("<thead><tr>");
    for column in columns {
        let _ = write!(out, "<th scope=\"col\" class=\"{}\">{}</th>", align_class(column.align), escape(&column.head));
    }
    out.push_str("</tr></thead>\n<tbody>\n");
    for row in rows {
        out.push_str("<tr>");
        for (index, column) in columns.iter().enumerate() {
            let cell = row.get(index).map(Vec::as_slice).unwrap_or_default();
            let _ = write!(out, "<td class=\"{}\">{}</td>", align_class(column.align), inlines_html(document, cell));
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody></table></div>\n");
}

/// Widths in user units of the drawing; the label column grows with the longest label.
const CHART_WIDTH: f64 = 640.0;
const ROW_HEIGHT: f64 = 30.0;
const GLYPH: f64 = 14.0;

fn print_chart(out: &mut String, document: &Document, caption: Option<&str>, unit: Option<&str>, bars: &[Bar]) {
    let longest = |texts: &mut dyn Iterator<Item = &str>| texts.map(text_width).fold(0.0, f64::max);
    let labels = (longest(&mut bars.iter().map(|bar| bar.label.as_str())) + 12.0).min(CHART_WIDTH * 0.4);
    let values = (longest(&mut bars.iter().map(|bar| bar.text.as_str())) + 16.0).min(CHART_WIDTH * 0.3);
    let room = CHART_WIDTH - labels - values;
    let largest = bars.iter().filter_map(|bar| bar.value).map(f64::abs).fold(0.0, f64::max);
    let height = ROW_HEIGHT * bars.len() as f64 + 4.0;

    out.push_str("<figure class=\"document-chart\">\n");
    let unit_text = unit
        .map(|unit| if document.lang.starts_with("zh") { format!("（单位：{unit}）") } else { format!(" ({unit})") });
    if caption.is_some() || unit_text.is_some() {
        let _ = writeln!(
            out,
            "<figcaption>{}{}</figcaption>",
            escape(caption.unwrap_or_default()),
            escape(unit_text.as_deref().unwrap_or_default())
        );
    }
    let _ = writeln!(
        out,
        "<svg viewBox=\"0 0 {CHART_WIDTH} {height}\" role=\"group\" aria-label=\"{}\" preserveAspectRatio=\"xMinYMin meet\">",
        escape(caption.unwrap_or(&document.title))
    );
    for (row, bar) in bars.iter().enumerate() {
        let top = ROW_HEIGHT * row as f64 + 2.0;
        let middle = top + ROW_HEIGHT / 2.0;
        let href = bar.href.as_deref().and_then(on_site);
        if let Some(href) = href {
            let key = bar.key.as_deref().map(|key| format!(" data-figure=\"{}\"", escape(key))).unwrap_or_default();
            let _ = write!(out, "<a class=\"figure\"{key} href=\"{}\">", escape(href));
        }
        let _ = write!(
            out,
            "<text class=\"chart-label\" x=\"{:.1}\" y=\"{middle:.1}\" text-anchor=\"end\" dominant-baseline=\"central\">{}</text>",
            labels - 8.0,
            escape(&bar.label)
        );
        match bar.value {
            Some(value) => {
                let length = if largest > 0.0 { room * value.abs() / largest } else { 0.0 };
                let class = if value < 0.0 { "chart-bar negative" } else { "chart-bar" };
                let _ = write!(
                    out,
                    "<rect class=\"{class}\" x=\"{labels:.1}\" y=\"{:.1}\" width=\"{length:.1}\" height=\"{:.1}\"/>\
                     <text class=\"chart-value\" x=\"{:.1}\" y=\"{middle:.1}\" dominant-baseline=\"central\">{}</text>",
                    top + 6.0,
                    ROW_HEIGHT - 12.0,
                    labels + length + 6.0,
                    escape(&bar.text)
                );
            }
            None => {
                let _ = write!(
                    out,
                    "<text class=\"gap\" x=\"{:.1}\" y=\"{middle:.1}\" dominant-baseline=\"central\">{}</text>",
                    labels + 6.0,
                    escape(&document.gap_marker(&bar.text))
                );
            }
        }
        out.push_str(if href.is_some() { "</a>\n" } else { "\n" });
    }
    out.push_str("</svg>\n</figure>\n");
}

/// Rough width of a label: a Chinese character is as wide as it is high, others half of it.
fn text_width(text: &str) -> f64 {
    text.chars().map(|c| if c.is_ascii() { GLYPH * 0.56 } else { GLYPH }).sum()
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\0' => {}
            c => out.push(c),
        }
    }
    out
}
