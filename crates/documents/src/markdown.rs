//! Markdown (CommonMark with tables), for places that take plain text.

use std::fmt::Write as _;

use crate::links::{away, printable};
use crate::numbering::{Numbering, depth};
use crate::tree::{Align, Bar, Block, Column, Document, Inline};

/// Print `document` as Markdown. Links are written only where they lead somewhere outside the site's own pages.
pub fn markdown(document: &Document) -> String {
    let mut out = String::new();
    if let Some(notice) = &document.notice {
        let _ = writeln!(out, "> **{}**\n", escape(notice));
    }
    let _ = writeln!(out, "# {}\n", escape(&document.title));
    for text in document.head_lines() {
        let _ = writeln!(out, "{}\n", start_of_line(&escape(text)));
    }
    let mut numbering = Numbering::new(document.scheme());
    for block in &document.blocks {
        print_block(&mut out, document, block, &mut numbering);
        out.push('\n');
    }
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}

/// Writing to a `String` cannot fail, so results of `write!` are dropped here and below.
fn print_block(out: &mut String, document: &Document, block: &Block, numbering: &mut Numbering) {
    match block {
        Block::Heading { level, inlines } => {
            let marks = &"#####"[..depth(*level) + 2];
            let number = numbering.next(*level).replace('.', "\\.");
            let _ = writeln!(out, "{marks} {number}{}", inlines_markdown(document, inlines));
        }
        Block::Paragraph(inlines) => {
            let _ = writeln!(out, "{}", start_of_line(&inlines_markdown(document, inlines)));
        }
        Block::List(items) => {
            for item in items {
                let _ = writeln!(out, "- {}", start_of_line(&inlines_markdown(document, item)));
            }
        }
        Block::Table { caption, columns, rows } => {
            if let Some(caption) = caption {
                let _ = writeln!(out, "**{}**\n", escape(caption));
            }
            print_table(out, document, columns, rows);
        }
        Block::BarChart { caption, unit, bars } => {
            print_chart(out, document, caption.as_deref(), unit.as_deref(), bars)
        }
        Block::Signature { unit, date } => {
            let _ = writeln!(out, "{}\n\n{}", start_of_line(&escape(unit)), start_of_line(&escape(date)));
        }
        Block::Addressee(name) => {
            let colon = if document.lang.starts_with("zh") { "：" } else { ":" };
            let _ = writeln!(out, "{}{colon}", start_of_line(&escape(name)));
        }
        Block::Attachments(names) => {
            let label = if document.lang.starts_with("zh") { "附件：" } else { "Attachments:" };
            let _ = writeln!(out, "{label}\n");
            for (index, name) in names.iter().enumerate() {
                let _ = writeln!(out, "{}. {}", index + 1, escape(name));
            }
        }
    }
}

fn print_table(out: &mut String, document: &Document, columns: &[Column], rows: &[Vec<Vec<Inline>>]) {
    for column in columns {
        let _ = write!(out, "| {} ", escape(&column.head));
    }
    out.push_str("|\n");
    for column in columns {
        out.push_str(match column.align {
            Align::Left => "| :-- ",
            Align::Center => "| :-: ",
            Align::Right => "| --: ",
        });
    }
    out.push_str("|\n");
    for row in rows {
        for index in 0..columns.len() {
            let cell = row.get(index).map(Vec::as_slice).unwrap_or_default();
            let _ = write!(out, "| {} ", inlines_markdown(document, cell));
        }
        out.push_str("|\n");
    }
}

/// Plain text has no bars: the chart becomes the table of its values.
fn print_chart(out: &mut String, document: &Document, caption: Option<&str>, unit: Option<&str>, bars: &[Bar]) {
    if let Some(caption) = caption {
        let _ = writeln!(out, "**{}**\n", escape(caption));
    }
    let (label, value) = if document.lang.starts_with("zh") { ("项目", "数值") } else { ("Item", "Value") };
    let head = unit.map(|unit| format!("{value}（{unit}）")).unwrap_or_else(|| value.to_owned());
    let columns = [Column::left(label), Column::right(head)];
    let rows: Vec<Vec<Vec<Inline>>> = bars
        .iter()
        .map(|bar| {
            let key = bar.key.clone().unwrap_or_default();
            let value = match bar.value {
                Some(_) => Inline::Figure { key, text: bar.text.clone(), href: bar.href.clone() },
                None => Inline::Gap { key, why: bar.text.clone() },
            };
            vec![vec![Inline::text(&bar.label)], vec![value]]
        })
        .collect();
    print_table(out, document, &columns, &rows);
}

fn inlines_markdown(document: &Document, inlines: &[Inline]) -> String {
    let mut out = String::new();
    for inline in inlines {
        match inline {
            Inline::Text(text) => out.push_str(&escape(text)),
            Inline::Strong(text) => {
                let _ = write!(out, "**{}**", escape(text.trim()));
            }
            Inline::Figure { text, href, .. } => {
                let text = escape(text);
                match href.as_deref().and_then(|href| away(href, document.base_url.as_deref())) {
                    Some(href) => {
                        let href = href.replace('<', "%3C").replace('>', "%3E");
                        let _ = write!(out, "[{text}](<{href}>)");
                    }
                    None => out.push_str(&text),
                }
            }
            Inline::Gap { why, .. } => {
                let _ = write!(out, "**{}**", escape(&document.gap_marker(why)));
            }
        }
    }
    out
}

/// Escape what has a meaning anywhere in a line. HTML is defused too: Markdown passes it through.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in printable(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '$' | '#' => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out
}

/// Escape what has a meaning only where a line begins: list marks, numbered items, rules, indented code.
fn start_of_line(text: &str) -> String {
    let text = text.trim_start_matches(' ');
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    match text.as_bytes().get(digits) {
        Some(b'-' | b'+' | b'=') if digits == 0 => format!("\\{text}"),
        Some(b'.' | b')') if digits > 0 => format!("{}\\{}", &text[..digits], &text[digits..]),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_start_of_a_line_makes_no_list() {
        for (given, printed) in [
            ("- a", "\\- a"),
            ("1. a", "1\\. a"),
            ("12) a", "12\\) a"),
            ("2020年", "2020年"),
            ("    code", "code"),
            ("=", "\\="),
        ] {
            assert_eq!(start_of_line(given), printed);
        }
    }
}
