//! Words as the index sees them: the tokens of a text, and what a person's words ask for.
//!
//! Chinese has no spaces between words, so each character of it is a token of its own and a run of characters is asked
//! for as a phrase: 「噪声」 finds every text in which these two stand side by side.

use std::ops::Range;

use crate::value::{half_width, is_invisible};

/// Stands between two texts of a record in the index, so that no phrase runs from one into the next. Of private use, and
/// dropped from what people write, so that nobody can ask for it.
const BORDER: char = '\u{e000}';

/// Words that somebody looks for.
///
/// ```
/// use bilan_records::ledger::Words;
///
/// let words = Words::of("打桩 ＴＸＷ０５");
/// assert_eq!(words.marks("夜间打桩，见 TXW05 附近"), [6..12, 19..24]);
/// assert!(words.all_in(["夜间打桩", "txw05断面"]));
/// assert!(Words::of("…").is_empty());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words(Vec<Word>);

/// A run of tokens that must stand side by side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Word {
    /// As it was typed, in half width.
    typed: String,
    tokens: Vec<String>,
    /// The last token is only the beginning of what is meant: a number typed in part.
    is_open: bool,
}

impl Words {
    /// More words than these are passed over.
    pub const MOST: usize = 12;

    /// Characters of a line behind these are passed over: what a phrase costs grows with its length, and no text is looked for by more.
    pub const LONGEST: usize = 100;

    /// The words of a line that somebody typed.
    #[must_use]
    pub fn of(line: &str) -> Self {
        let end = line.char_indices().nth(Self::LONGEST).map_or(line.len(), |(at, _)| at);
        let words = line[..end].split_whitespace().filter_map(Word::of);
        let mut distinct: Vec<Word> = Vec::new();
        for word in words {
            if !distinct.iter().any(|known| known.tokens == word.tokens) {
                distinct.push(word);
            }
        }
        distinct.truncate(Self::MOST);
        Self(distinct)
    }

    /// Whether there is nothing to look for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Where the words stand in a text, as ranges of bytes in order; what overlaps or touches is one range.
    #[must_use]
    pub fn marks(&self, text: &str) -> Vec<Range<usize>> {
        let tokens = tokens(text);
        let mut marks: Vec<Range<usize>> = self.0.iter().flat_map(|word| word.places(&tokens)).collect();
        marks.sort_by_key(|mark| mark.start);
        let mut joined: Vec<Range<usize>> = Vec::with_capacity(marks.len());
        for mark in marks {
            match joined.last_mut() {
                Some(last) if mark.start <= last.end => last.end = last.end.max(mark.end),
                _ => joined.push(mark),
            }
        }
        joined
    }

    /// Whether each word stands in one of the texts.
    #[must_use]
    pub fn all_in<'t>(&self, texts: impl IntoIterator<Item = &'t str>) -> bool {
        let texts: Vec<Vec<Token>> = texts.into_iter().map(tokens).collect();
        self.0.iter().all(|word| texts.iter().any(|text| !word.places(text).is_empty()))
    }

    pub(super) fn each(&self) -> impl Iterator<Item = &Word> {
        self.0.iter()
    }

    /// The only word, if there is one alone.
    pub(super) fn alone(&self) -> Option<&Word> {
        match self.0.as_slice() {
            [word] => Some(word),
            _ => None,
        }
    }
}

impl Word {
    fn of(typed: &str) -> Option<Self> {
        let tokens: Vec<String> = tokens(typed).into_iter().map(|token| token.text).collect();
        let is_open = !tokens.last()?.starts_with(is_ideograph);
        Some(Self { typed: typed.chars().map(half_width).collect(), tokens, is_open })
    }

    pub(super) fn typed(&self) -> &str {
        &self.typed
    }

    /// The word as a phrase of the index.
    pub(super) fn phrase(&self) -> String {
        format!("{}{}", self.whole_phrase(), if self.is_open { "*" } else { "" })
    }

    /// The same, where its last token is not the beginning of a longer one.
    pub(super) fn whole_phrase(&self) -> String {
        // A token has letters and digits alone: no quotation mark can end the phrase.
        format!("\"{}\"", self.tokens.join(" "))
    }

    /// Whether it stands in a text.
    pub(super) fn is_in(&self, text: &str) -> bool {
        !self.places(&tokens(text)).is_empty()
    }

    /// Whether a text is this word and nothing else.
    pub(super) fn is_all_of(&self, text: &str) -> bool {
        tokens(text).iter().map(|token| &token.text).eq(&self.tokens)
    }

    fn places(&self, text: &[Token]) -> Vec<Range<usize>> {
        let last = self.tokens.len() - 1;
        let fits = |window: &&[Token]| {
            window.iter().zip(&self.tokens).enumerate().all(|(at, (there, asked))| {
                if at == last && self.is_open { there.text.starts_with(asked) } else { there.text == *asked }
            })
        };
        let range = |window: &[Token]| window[0].at.start..window[last].at.end;
        text.windows(self.tokens.len()).filter(fits).map(range).collect()
    }
}

/// A token and the bytes of the text in which it stands.
struct Token {
    text: String,
    at: Range<usize>,
}

fn tokens(text: &str) -> Vec<Token> {
    let mut tokens: Vec<Token> = Vec::new();
    let mut is_open = false;
    for (start, character) in text.char_indices() {
        let at = start..start + character.len_utf8();
        let character = half_width(character);
        if is_invisible(character) {
            continue;
        }
        if is_ideograph(character) {
            tokens.push(Token { text: character.to_string(), at });
            is_open = false;
        } else if !character.is_alphanumeric() {
            is_open = false;
        } else if let Some(token) = tokens.last_mut().filter(|_| is_open) {
            token.text.extend(character.to_lowercase());
            token.at.end = at.end;
        } else {
            tokens.push(Token { text: character.to_lowercase().collect(), at });
            is_open = true;
        }
    }
    tokens
}

/// Texts as a column of the index holds them: tokens apart, texts behind borders.
pub(super) fn indexed<'t>(texts: impl Iterator<Item = &'t str>) -> String {
    let mut column = String::new();
    for text in texts {
        if !column.is_empty() {
            column.push(BORDER);
            column.push(' ');
        }
        for token in tokens(text) {
            column.push_str(&token.text);
            column.push(' ');
        }
    }
    column
}

fn is_ideograph(character: char) -> bool {
    matches!(character, '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{323af}')
}

#[cfg(test)]
mod tests {
    use test_case::test_case;

    use super::*;

    fn phrases(line: &str) -> Vec<String> {
        Words::of(line).each().map(Word::phrase).collect()
    }

    #[test_case("噪声", &["\"噪 声\""]; "two characters are a phrase")]
    #[test_case("施工 噪声", &["\"施 工\"", "\"噪 声\""]; "two words")]
    #[test_case("TS2020", &["\"ts2020\"*"]; "a number by its beginning")]
    #[test_case("358号", &["\"358 号\""]; "a number that is ended by a character is whole")]
    #[test_case("A区\"", &["\"a 区\""]; "quotes cannot break the question")]
    #[test_case("ＴＸＷ０５", &["\"txw05\"*"]; "full width is half width")]
    #[test_case("噪声 噪声", &["\"噪 声\""]; "the same word twice is one")]
    #[test_case("\u{e000}", &[]; "nobody asks for the border between texts")]
    #[test_case("…", &[]; "nothing to look for")]
    fn words_become_phrases(line: &str, expected: &[&str]) {
        assert_eq!(phrases(line), expected);
    }

    #[test]
    fn marks_stand_on_the_characters_of_the_text_whatever_their_width() {
        let marked = |words: &str, text: &'static str| -> Vec<&str> {
            Words::of(words).marks(text).into_iter().map(|mark| &text[mark]).collect()
        };
        assert_eq!(marked("打桩", "夜间打桩，再打 桩"), ["打桩", "打 桩"]);
        assert_eq!(marked("txw05", "ＴＸＷ０５号站"), ["ＴＸＷ０５"]);
        assert_eq!(marked("TS2020", "TS202000012"), ["TS202000012"]);
        assert_eq!(marked("施工 工地", "施工地"), ["施工地"], "what overlaps is one mark");
        assert!(marked("58号", "358号").is_empty());
    }

    #[test]
    fn texts_are_parted_by_a_border_in_the_index() {
        assert_eq!(indexed(["夜间A1", "号"].into_iter()), "夜 间 a1 \u{e000} 号 ");
    }

    #[test]
    fn a_line_costs_no_more_than_its_first_characters() {
        let long = "公".repeat(7000);
        assert_eq!(Words::of(&long), Words::of(&"公".repeat(Words::LONGEST)));
        let behind = format!("{} 噪声", " ".repeat(Words::LONGEST));
        assert!(Words::of(&behind).is_empty());
    }
}
