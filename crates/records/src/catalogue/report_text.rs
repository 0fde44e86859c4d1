//! The text of a report: a small Markdown with figures by name.
//!
//! `# title`, `## ` to `##### ` headings, paragraphs, `- ` items, `**strong**`, `{figure}`, `{figure|value}`,
//! `{figure|abs}`, `{figure|change}`, `{year}`, `{next_year}`, `{bureau}`, `{district}`, and blocks of one line `::: records … :::`.

use std::ops::Range;

use super::{
    Block, ChartKind, FigureForm, Inline, RecordsTable,
    reader::{At, Faults, instead},
};

/// What a text names, to be looked up once everything is read.
#[derive(Default)]
pub(super) struct Names {
    pub figures: Vec<At<String>>,
    /// Key of a system whose figures are shown.
    pub systems: Vec<At<String>>,
    /// Tables of records with the places of register, filter and columns.
    pub tables: Vec<TableNames>,
}

pub(super) struct TableNames {
    pub register: At<String>,
    pub filter: Option<At<String>>,
    pub columns: Vec<At<String>>,
}

/// A block before the figures of a whole system are filled in.
pub(super) fn read(faults: &Faults<'_>, names: &mut Names) -> Vec<Block> {
    let text = faults.source.text.as_str();
    let mut reader = Reader { text, faults, names };
    let mut blocks = Vec::new();
    let mut paragraph: Option<Range<usize>> = None;
    let mut at = 0;
    while at < text.len() {
        let end = text[at..].find('\n').map_or(text.len(), |length| at + length);
        let line = text[at..end].trim_end();
        let start = at + (line.len() - line.trim_start().len());
        let line_end = at + line.len();
        let line = line.trim_start();
        let mut next = end + 1;
        let plain = !line.is_empty() && !line.starts_with('#') && !line.starts_with(":::") && !line.starts_with("- ");
        if plain {
            paragraph = Some(paragraph.map_or(start, |range| range.start)..line_end);
            at = next;
            continue;
        }
        if let Some(range) = paragraph.take() {
            blocks.push(Block::Paragraph(reader.inlines(range)));
        }
        if line.starts_with('#') {
            blocks.extend(reader.heading(line, start, line_end));
        } else if line.starts_with("- ") {
            blocks.push(Block::Item(reader.inlines(start + 2..line_end)));
        } else if line.starts_with(":::") {
            let close = text[start + 3..].find(":::").map(|length| start + 3 + length);
            match close {
                Some(close) => {
                    blocks.extend(reader.directive(start + 3..close));
                    next = text[close..].find('\n').map_or(text.len(), |length| close + length + 1);
                }
                None => reader.faults.add(&(start..line_end), "the block is not closed", "end it with :::".to_owned()),
            }
        }
        at = next;
    }
    if let Some(range) = paragraph {
        blocks.push(Block::Paragraph(reader.inlines(range)));
    }
    blocks
}

struct Reader<'r, 's> {
    text: &'s str,
    faults: &'r Faults<'s>,
    names: &'r mut Names,
}

impl Reader<'_, '_> {
    fn heading(&mut self, line: &str, start: usize, end: usize) -> Option<Block> {
        let marks = line.len() - line.trim_start_matches('#').len();
        let words = start + marks..end;
        if !self.text[words.clone()].starts_with(' ') {
            self.faults.add(&(start..end), "a heading needs a space after its marks", "write “## …”".to_owned());
        }
        let text = self.inlines(words);
        match marks {
            1 => Some(Block::Title(text)),
            2..=5 => Some(Block::Heading { level: u8::try_from(marks - 1).unwrap_or(4), text }),
            _ => {
                self.faults.add(&(start..end), "headings go four levels deep (##### is the last)", None);
                None
            }
        }
    }

    /// Reads a line; `range` may span several, which are joined.
    fn inlines(&mut self, range: Range<usize>) -> Vec<Inline> {
        let mut inlines = Vec::new();
        let mut strong: Option<(usize, Vec<Inline>)> = None;
        let mut words = String::new();
        let mut at = range.start;
        while at < range.end {
            let rest = &self.text[at..range.end];
            let piece = if rest.starts_with("**") {
                at += 2;
                None
            } else if rest.starts_with('{') {
                let length = rest.find('}').map_or(rest.len(), |length| length + 1);
                let span = at..at + length;
                at += length;
                Some(self.named(span))
            } else {
                let character = rest.chars().next().unwrap_or(' ');
                at += character.len_utf8();
                push_character(&mut words, character);
                continue;
            };
            let target = strong.as_mut().map_or(&mut inlines, |(_, inner)| inner);
            end_line(&mut words, true);
            if !words.is_empty() {
                target.push(Inline::Text(std::mem::take(&mut words)));
            }
            match (piece, strong.take()) {
                (Some(piece), Some((start, mut inner))) => {
                    inner.extend(piece);
                    strong = Some((start, inner));
                }
                (Some(piece), None) => inlines.extend(piece),
                (None, Some((_, inner))) => inlines.push(Inline::Strong(inner)),
                (None, None) => strong = Some((at - 2, Vec::new())),
            }
        }
        let words = words.trim_end().to_owned();
        if let Some((start, mut inner)) = strong {
            self.faults.add(&(start..start + 2), "the strong words are not closed", "end them with **".to_owned());
            inner.push(Inline::Text(words));
            inlines.push(Inline::Strong(inner));
        } else if !words.is_empty() {
            inlines.push(Inline::Text(words));
        }
        if let Some(Inline::Text(first)) = inlines.first_mut() {
            *first = first.trim_start().to_owned();
        }
        inlines
    }

    fn named(&mut self, span: Range<usize>) -> Option<Inline> {
        let written = &self.text[span.clone()];
        let Some(inner) = written.strip_prefix('{').and_then(|inner| inner.strip_suffix('}')) else {
            self.faults.add(&span, "the name is not closed", "end it with }".to_owned());
            return None;
        };
        let (name, form) = inner.split_once('|').map_or((inner, None), |(name, form)| (name, Some(form)));
        let (name, form) = (name.trim(), form.map(str::trim));
        match (name, form) {
            ("year", None) => return Some(Inline::Year),
            ("next_year", None) => return Some(Inline::NextYear),
            ("bureau", None) => return Some(Inline::Bureau),
            ("district", None) => return Some(Inline::District),
            _ => {}
        }
        let form = match form {
            None => FigureForm::Full,
            Some("value") => FigureForm::Value,
            Some("abs") => FigureForm::Magnitude,
            Some("change") => FigureForm::Change,
            Some(other) => {
                let message = format!("“{other}” is no form of a figure");
                self.faults.add(
                    &span,
                    message,
                    format!("write {{{name}}}, {{{name}|value}}, {{{name}|abs}} or {{{name}|change}}"),
                );
                FigureForm::Full
            }
        };
        self.names.figures.push(At { value: name.to_owned(), span: span.start + 1..span.start + 1 + name.len() });
        Some(Inline::Figure { key: name.to_owned(), form, span })
    }

    fn directive(&mut self, range: Range<usize>) -> Option<Block> {
        let mut attributes = self.attributes(range.clone())?;
        let kind = attributes.kind.clone();
        let block = match kind.value.as_str() {
            "records" => self.records(&mut attributes, &kind),
            "figures" => {
                let system = attributes.take("system");
                let keys = attributes.take("keys").or_else(|| attributes.take("figures"));
                let keys = keys.map(|keys| self.figure_keys(&keys));
                if let (Some(system), None) = (&system, &keys) {
                    self.names.systems.push(system.clone());
                }
                match (keys, system) {
                    // Replaced by the figures of the system once they are all known.
                    (None, Some(system)) => Some(Block::Figures {
                        title: attributes.title(),
                        keys: vec![format!("system:{}", system.value)],
                    }),
                    (Some(keys), None) => Some(Block::Figures { title: attributes.title(), keys }),
                    _ => {
                        let remedy =
                            "write ::: figures system=\"permit\" ::: or ::: figures keys=\"a,b\" :::".to_owned();
                        self.faults.add(&kind.span, "a table of figures needs either a system or keys", remedy);
                        None
                    }
                }
            }
            "chart" => self.chart(&mut attributes, &kind),
            other => {
                let remedy = instead(other, ["records", "figures", "chart"]);
                self.faults.add(&kind.span, format!("there is no block “{other}”"), remedy);
                return None;
            }
        };
        for (name, _) in attributes.list.iter().filter(|(name, _)| name.value != "title") {
            let message = format!("a block “{}” has no “{}”", kind.value, name.value);
            self.faults.add(&name.span, message, "take it out".to_owned());
        }
        block
    }

    fn records(&mut self, attributes: &mut Attributes, kind: &At<String>) -> Option<Block> {
        let (of, filter, columns) = (attributes.take("of"), attributes.take("where"), attributes.take("columns"));
        let (Some(of), Some(columns)) = (of, columns) else {
            let remedy = "write ::: records of=\"plan_item\" columns=\"title,owner\" :::".to_owned();
            self.faults.add(&kind.span, "a table of records needs “of” and “columns”", remedy);
            return None;
        };
        let columns = parts(&columns);
        let table = RecordsTable {
            title: attributes.title(),
            register: of.value.clone(),
            filter: filter.as_ref().map(|filter| filter.value.clone()),
            columns: columns.iter().map(|column| column.value.clone()).collect(),
        };
        self.names.tables.push(TableNames { register: of, filter, columns });
        Some(Block::Records(table))
    }

    fn chart(&mut self, attributes: &mut Attributes, kind: &At<String>) -> Option<Block> {
        let (shape, figures) = (attributes.take("kind"), attributes.take("figures"));
        let (Some(shape), Some(figures)) = (shape, figures) else {
            let remedy = "write ::: chart kind=\"bar\" figures=\"a,b\" :::".to_owned();
            self.faults.add(&kind.span, "a chart needs “kind” and “figures”", remedy);
            return None;
        };
        let shown = match shape.value.as_str() {
            "bar" => ChartKind::Bar,
            "pie" => ChartKind::Pie,
            other => {
                self.faults.add(&shape.span, format!("there is no chart “{other}”"), instead(other, ["bar", "pie"]));
                ChartKind::Bar
            }
        };
        let keys = self.figure_keys(&figures);
        Some(Block::Chart { title: attributes.title(), kind: shown, keys })
    }

    fn figure_keys(&mut self, list: &At<String>) -> Vec<String> {
        let keys = parts(list);
        self.names.figures.extend(keys.iter().cloned());
        keys.into_iter().map(|key| key.value).collect()
    }

    fn attributes(&self, range: Range<usize>) -> Option<Attributes> {
        let text = &self.text[range.clone()];
        let start = range.start + text.len() - text.trim_start().len();
        let kind = text.split_whitespace().next().unwrap_or_default();
        let kind = At { value: kind.to_owned(), span: start..start + kind.len() };
        let mut list = Vec::new();
        let mut at = kind.span.end;
        loop {
            let rest = &self.text[at..range.end];
            at += rest.len() - rest.trim_start().len();
            let rest = rest.trim_start();
            if rest.is_empty() {
                return Some(Attributes { kind, list });
            }
            let name_end = rest.find('=').unwrap_or(rest.len());
            let quote = rest[name_end..].chars().nth(1).filter(|quote| matches!(quote, '"' | '\''));
            let close = quote.and_then(|quote| rest[name_end + 2..].find(quote).map(|length| name_end + 2 + length));
            let Some(close) = close else {
                self.faults.add(&(at..range.end), "a block is written with name=\"value\"", None);
                return None;
            };
            let name = At { value: rest[..name_end].to_owned(), span: at..at + name_end };
            let value = At { value: rest[name_end + 2..close].to_owned(), span: at + name_end + 2..at + close };
            list.push((name, value));
            at += close + 1;
        }
    }
}

/// Name and attributes of a block.
struct Attributes {
    kind: At<String>,
    list: Vec<(At<String>, At<String>)>,
}

impl Attributes {
    fn take(&mut self, name: &str) -> Option<At<String>> {
        let at = self.list.iter().position(|(key, _)| key.value == name)?;
        Some(self.list.remove(at).1)
    }

    fn title(&mut self) -> Option<String> {
        self.take("title").map(|title| title.value)
    }
}

/// The parts of a list with commas, each with its place.
fn parts(list: &At<String>) -> Vec<At<String>> {
    let mut at = list.span.start;
    let mut parts = Vec::new();
    for part in list.value.split(',') {
        let start = at + part.len() - part.trim_start().len();
        let word = part.trim();
        if !word.is_empty() {
            parts.push(At { value: word.to_owned(), span: start..start + word.len() });
        }
        at += part.len() + 1;
    }
    parts
}

/// Lines of a paragraph are joined: between Chinese characters nothing, otherwise a space.
fn push_character(words: &mut String, character: char) {
    if !matches!(character, '\n' | '\r' | ' ' | '\t') {
        end_line(words, character.is_ascii());
        words.push(character);
    } else if character == '\n' {
        while words.ends_with(' ') {
            words.pop();
        }
        words.push('\n');
    } else if character != '\r' && !words.ends_with('\n') {
        words.push(character);
    }
}

/// Ends a line before what comes next, which is a character or a figure.
fn end_line(words: &mut String, ascii_follows: bool) {
    if words.ends_with('\n') {
        words.pop();
        if ascii_follows && words.ends_with(|last: char| last.is_ascii()) {
            words.push(' ');
        }
    }
}
