//! Digits however they are written, and what does not show between them.

/// A way of writing digits. Where it changes, a list mark or a footnote may touch a number: ①139…, 139…².
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Written {
    Plain,
    /// With a letter that looks like a digit; it may be none, where it stands in front.
    Letter,
    FullWidth,
    Chinese,
    /// Above or below the line.
    Raised,
    /// In circles, in brackets, with a dot.
    Marked,
    /// Of another script or alphabet, which begins at this character.
    Script(u32),
}

/// A character of a text, with the digit that it is or stands for.
pub(super) struct Read {
    pub at: usize,
    pub character: char,
    pub digit: Option<(u8, Written)>,
}

/// Reads a text: digits, letters written for digits (138O, l38), and the words of radio (洞幺两…) beside other Chinese digits.
/// What does not show is left out.
pub(super) fn read(text: &str) -> Vec<Read> {
    let shown = text.char_indices().filter(|(_, character)| !is_invisible(*character));
    let mut read: Vec<Read> = shown.map(|(at, character)| Read { at, character, digit: digit_of(character) }).collect();
    read_letters(&mut read);
    read_words(&mut read);
    read
}

/// Letters among digits: at least two of three characters of a run are digits, and no other letter touches it.
fn read_letters(read: &mut [Read]) {
    let mut from = 0;
    while from < read.len() {
        let rest = &read[from..];
        let length = rest.iter().take_while(|it| is_plain(it) || letter_for_digit(it.character).is_some()).count();
        if length == 0 {
            from += 1;
            continue;
        }
        let digits = rest[..length].iter().filter(|it| is_plain(it)).count();
        let touches = |at: Option<&Read>| at.is_some_and(|it| it.character.is_ascii_alphabetic());
        let check_letter = length == 17 && rest.get(length).is_some_and(|next| matches!(next.character, 'x' | 'X'));
        let apart = !touches(from.checked_sub(1).and_then(|before| read.get(before)))
            && (check_letter || !touches(rest.get(length)));
        if apart && length >= 3 && digits * 3 >= length * 2 {
            for it in &mut read[from..from + length] {
                it.digit = it.digit.or_else(|| letter_for_digit(it.character).map(|value| (value, Written::Letter)));
            }
        }
        from += length;
    }
}

fn is_plain(read: &Read) -> bool {
    matches!(read.digit, Some((_, Written::Plain | Written::FullWidth)))
}

/// The digit for which a letter is written that looks like it, of whichever alphabet.
fn letter_for_digit(letter: char) -> Option<u8> {
    match letter {
        'O' | 'o' | 'Ｏ' | 'ｏ' | 'О' | 'о' | 'Ο' | 'ο' => Some(0),
        'l' | 'I' | 'ｌ' | 'Ｉ' | 'І' | 'Ι' => Some(1),
        _ => None,
    }
}

/// The words for digits that are spoken over radio are words of every day, too: they count beside another Chinese digit.
fn read_words(read: &mut [Read]) {
    let is_chinese = |it: Option<&Read>| it.is_some_and(|it| matches!(it.digit, Some((_, Written::Chinese))));
    for at in 0..read.len() {
        let value = match read[at].character {
            '洞' => 0,
            '两' | '兩' => 2,
            '拐' => 7,
            '勾' => 9,
            _ => continue,
        };
        let beside = is_chinese(at.checked_sub(1).and_then(|before| read.get(before)));
        if beside || is_chinese(read.get(at + 1)) {
            read[at].digit = Some((value, Written::Chinese));
        }
    }
}

/// The value of a digit, and how it is written.
pub(super) fn digit_of(character: char) -> Option<(u8, Written)> {
    const CHINESE: [&str; 10] =
        ["〇零", "一幺壹", "二贰貳", "三叁參", "四肆", "五伍", "六陆陸", "七柒", "八捌", "九玖"];
    if let Some(value) = character.to_digit(10) {
        return u8::try_from(value).ok().map(|value| (value, Written::Plain));
    }
    let chinese = CHINESE.iter().position(|written| written.contains(character));
    if let Some(value) = chinese.and_then(|value| u8::try_from(value).ok()) {
        return Some((value, Written::Chinese));
    }
    let (first, value, _, written) =
        RUNS.iter().find(|(first, _, count, _)| (*first..*first + count).contains(&(character as u32)))?;
    u8::try_from((character as u32 - first + value) % 10).ok().map(|value| (value, *written))
}

/// Digits of other forms and scripts (Unicode): where a run begins, the value of its first, how many there are.
const RUNS: [(u32, u32, u32, Written); 28] = [
    (0xff10, 0, 10, Written::FullWidth),
    (0x00b2, 2, 2, Written::Raised), // superscripts
    (0x00b9, 1, 1, Written::Raised),
    (0x2070, 0, 1, Written::Raised),
    (0x2074, 4, 6, Written::Raised),
    (0x2080, 0, 10, Written::Raised), // subscripts
    (0x2460, 1, 9, Written::Marked),  // in circles
    (0x24ea, 0, 1, Written::Marked),
    (0x24f5, 1, 9, Written::Marked),
    (0x2776, 1, 9, Written::Marked),
    (0x2780, 1, 9, Written::Marked),
    (0x278a, 1, 9, Written::Marked),
    (0x2474, 1, 9, Written::Marked),            // in brackets
    (0x2488, 1, 9, Written::Marked),            // with a dot
    (0x3220, 1, 9, Written::Marked),            // Chinese in brackets
    (0x3280, 1, 9, Written::Marked),            // Chinese in circles
    (0x1d7ce, 0, 50, Written::Script(0x1d7ce)), // of mathematics: five alphabets of ten
    (0x0660, 0, 10, Written::Script(0x0660)),   // Arabic
    (0x06f0, 0, 10, Written::Script(0x06f0)),   // Persian and Uyghur
    (0x0966, 0, 10, Written::Script(0x0966)),   // Devanagari
    (0x09e6, 0, 10, Written::Script(0x09e6)),   // Bengali
    (0x0e50, 0, 10, Written::Script(0x0e50)),   // Thai
    (0x0f20, 0, 10, Written::Script(0x0f20)),   // Tibetan
    (0x1810, 0, 10, Written::Script(0x1810)),   // Mongolian
    (0x1fbf0, 0, 10, Written::Script(0x1fbf0)), // of seven segments
    (0x0ed0, 0, 10, Written::Script(0x0ed0)),   // Lao
    (0x1040, 0, 10, Written::Script(0x1040)),   // Myanmar
    (0x19d0, 0, 10, Written::Script(0x19d0)),   // New Tai Lue
];

/// Whether a character does not show, or only changes how the one before it looks (a keycap, a stroke through it).
pub(super) fn is_invisible(character: char) -> bool {
    matches!(
        character,
        '\u{ad}'
            | '\u{300}'..='\u{36f}'
            | '\u{61c}'
            | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{1ab0}'..='\u{1aff}'
            | '\u{1dc0}'..='\u{1dff}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{20d0}'..='\u{20ff}'
            | '\u{2800}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{fe20}'..='\u{fe2f}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e01ef}'
    )
}
