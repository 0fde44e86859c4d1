//! Texts that a workbook keeps once for all its cells (sharedStrings.xml).

use std::io::Read;

use quick_xml::events::Event;

use super::{
    super::{
        bounds::{self, Bound},
        unreadable::{Spot, Unreadable},
    },
    text::CellText,
    xml::Xml,
};

/// One long text and where each of the shared ones ends in it.
#[derive(Default)]
pub(super) struct SharedTexts {
    text: String,
    ends: Vec<u32>,
}

impl SharedTexts {
    pub(super) fn read(part: impl Read, name: &str) -> Result<Self, Unreadable> {
        let mut xml = Xml::of(part, name);
        let (mut shared, mut piece) = (Self::default(), CellText::default());
        loop {
            let event = xml.next()?;
            if piece.add(&event)?.is_err() {
                let spot = piece.beginning().map_or_else(|| Spot::Part(name.to_owned()), Spot::Text);
                return Err(Unreadable::too_much(spot, Bound::CellCharacters));
            }
            match &event {
                Event::End(element) if element.local_name().into_inner() == "si" => {
                    if !shared.push(&unescaped(&piece.take())) {
                        return Err(Unreadable::too_much(Spot::Part(name.to_owned()), Bound::SharedTexts));
                    }
                    xml.progressed();
                }
                Event::Eof => return Ok(shared),
                _ => {}
            }
        }
    }

    /// Adds a text; `false` if there is no room for it.
    fn push(&mut self, text: &str) -> bool {
        self.text.push_str(text);
        let Ok(end) = u32::try_from(self.text.len()) else { return false };
        self.ends.push(end);
        self.ends.len() <= bounds::SHARED_TEXTS && self.text.len() <= bounds::SHARED_BYTES
    }

    pub(super) fn get(&self, at: usize) -> Option<&str> {
        let end = *self.ends.get(at)? as usize;
        let start = at.checked_sub(1).and_then(|before| self.ends.get(before)).map_or(0, |end| *end as usize);
        self.text.get(start..end)
    }
}

/// Characters that XML cannot hold stand in a workbook as `_x000D_` (ECMA-376 part 1, 22.9.2.19).
pub(super) fn unescaped(text: &str) -> std::borrow::Cow<'_, str> {
    if !text.contains("_x") {
        return text.into();
    }
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("_x") {
        plain.push_str(&rest[..at]);
        let code = rest.get(at + 2..at + 6).filter(|_| rest.as_bytes().get(at + 6) == Some(&b'_'));
        let character = code
            .filter(|code| code.bytes().all(|byte| byte.is_ascii_hexdigit()))
            .and_then(|code| u32::from_str_radix(code, 16).ok())
            .and_then(char::from_u32);
        match character {
            Some(character) => {
                plain.push(character);
                rest = &rest[at + 7..];
            }
            None => {
                plain.push_str("_x");
                rest = &rest[at + 2..];
            }
        }
    }
    plain.push_str(rest);
    plain.into()
}

#[cfg(test)]
mod tests {
    use test_case::test_case;

    use super::*;

    #[test]
    fn shared_texts_are_joined_from_their_runs_without_their_pronunciation() {
        let xml = "<sst><si><t>噪声</t></si><si><r><t>夜间</t></r><r><t xml:space=\"preserve\"> &amp;施工</t></r><rPh><t>yejian</t></rPh></si><si/></sst>";
        let shared = SharedTexts::read(xml.as_bytes(), "sharedStrings.xml").unwrap();
        assert_eq!([0, 1, 2, 3].map(|at| shared.get(at)), [Some("噪声"), Some("夜间 &施工"), Some(""), None]);
    }

    #[test_case("a_x000D_b" => "a\rb"; "a control character")]
    #[test_case("_x005F_x0041_" => "_x0041_"; "what looks like one")]
    #[test_case("_x12_x" => "_x12_x"; "what is none")]
    #[test_case("_x汉字汉字_" => "_x汉字汉字_"; "characters of several bytes")]
    fn escaped_characters_are_what_they_stand_for(text: &str) -> String {
        unescaped(text).into_owned()
    }
}
