//! Characters that people did not mean to type: full width from a Chinese keyboard, invisible ones from a web page.

/// A full-width letter, digit or mark (全角) as the ASCII that it stands for; an ideographic blank is a blank.
pub(crate) fn half_width(character: char) -> char {
    match character {
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(character) - 0xFEE0).unwrap_or(character),
        '\u{3000}' => ' ',
        other => other,
    }
}

/// Whether a character takes no place on a screen, so that nobody sees that it is there.
///
/// Joiners within emoji and scripts are [`is_joiner`].
pub(crate) fn is_invisible(character: char) -> bool {
    matches!(
        character,
        '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{180E}' | '\u{200B}' | '\u{200E}' | '\u{200F}'
            | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}'
            | '\u{E0000}'..='\u{E007F}'
    )
}

/// Whether a character only joins or parts its neighbours: meant in a sentence, never in a number or a choice.
pub(crate) fn is_joiner(character: char) -> bool {
    matches!(character, '\u{200C}' | '\u{200D}')
}
