//! Where the words stand in a record: the field, and a piece of its text around them.

use std::ops::Range;

use super::{texts::FieldText, words::Words};
use crate::{
    catalogue::{Field, Label},
    value::Language,
};

/// A piece of a text, as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Its characters.
    pub text: String,
    /// It is one of the words.
    pub is_marked: bool,
}

/// A text of a record in which words stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passage {
    /// Key of the field.
    pub key: String,
    /// Name of the field.
    pub field: String,
    /// The text around the words, cut where it is long.
    pub parts: Vec<Part>,
}

/// Characters that stand before the first word of a passage.
const BEFORE: usize = 18;
/// Characters of a passage.
const LONGEST: usize = 72;

/// A whole text with the words marked.
///
/// ```
/// use bilan_records::ledger::{Words, parts};
///
/// let parts = parts("夜间打桩扰民", &Words::of("打桩"));
/// assert_eq!(parts.iter().map(|part| part.is_marked).collect::<Vec<_>>(), [false, true, false]);
/// ```
#[must_use]
pub fn parts(text: &str, words: &Words) -> Vec<Part> {
    cut(text, &words.marks(text), 0..text.len())
}

/// The passage of a text, if one of the words stands in it.
pub(super) fn passage(text: &FieldText<'_>, words: &Words, language: Language) -> Option<Passage> {
    let field = || label(text.field, text.column, language);
    around(&text.text, words).map(|parts| Passage { key: text.field.key.clone(), field: field(), parts })
}

/// A text around the first of the words in it.
pub(super) fn around(text: &str, words: &Words) -> Option<Vec<Part>> {
    let marks = words.marks(text);
    let first = marks.first()?;
    let start = text[..first.start].char_indices().rev().nth(BEFORE - 1).map_or(0, |(at, _)| at);
    let end = text[start..].char_indices().nth(LONGEST).map_or(text.len(), |(at, _)| start + at);
    // A word longer than a passage is shown whole.
    let end = end.max(first.end);
    let mut parts = cut(text, &marks, start..end);
    let dots = || Part { text: "…".to_owned(), is_marked: false };
    if start > 0 {
        parts.insert(0, dots());
    }
    if end < text.len() {
        parts.push(dots());
    }
    Some(parts)
}

/// Name of a field, behind that of its table.
pub(super) fn label(field: &Field, column: Option<&Field>, language: Language) -> String {
    let text = |label: &Label| label.text(language).to_owned();
    column.map_or_else(|| text(&field.label), |column| format!("{} · {}", text(&field.label), text(&column.label)))
}

fn cut(text: &str, marks: &[Range<usize>], shown: Range<usize>) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut part = |from: usize, to: usize, is_marked: bool| {
        let (from, to) = (from.max(shown.start), to.min(shown.end));
        if from < to {
            parts.push(Part { text: text[from..to].to_owned(), is_marked });
        }
    };
    let mut end = 0;
    for mark in marks {
        part(end, mark.start, false);
        part(mark.start, mark.end, true);
        end = mark.end;
    }
    part(end, text.len(), false);
    parts
}

#[cfg(test)]
mod tests {
    use test_case::test_case;

    use super::*;

    fn shown(text: &str, words: &str) -> String {
        let parts = around(text, &Words::of(words)).unwrap_or_default();
        parts.iter().map(|part| if part.is_marked { format!("[{}]", part.text) } else { part.text.clone() }).collect()
    }

    #[test_case("夜间打桩扰民", "打桩", "夜间[打桩]扰民"; "a short text is whole")]
    #[test_case("夜间打桩扰民", "油烟", ""; "nothing without a word")]
    #[test_case("打桩", "打桩", "[打桩]"; "nothing but the word")]
    fn a_passage_shows_the_word_in_its_text(text: &str, words: &str, expected: &str) {
        assert_eq!(shown(text, words), expected);
    }

    #[test]
    fn a_long_text_is_cut_on_both_sides_between_characters() {
        let text = format!("{}打桩{}", "前".repeat(200), "后".repeat(200));
        assert_eq!(shown(&text, "打桩"), format!("…{}[打桩]{}…", "前".repeat(18), "后".repeat(52)));
        let late = format!("{}打桩", "前".repeat(200));
        assert_eq!(shown(&late, "打桩"), format!("…{}[打桩]", "前".repeat(18)));
        let long = "a".repeat(300);
        assert_eq!(shown(&long, "aaa"), format!("[{long}]"));
    }
}
