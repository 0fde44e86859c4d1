//! The text of a cell, put together from its runs (ECMA-376 part 1, 18.4.4 and 18.4.12), with a bound on both.

use quick_xml::events::{BytesRef, Event};

use super::super::{bounds::CELL_CHARACTERS, unreadable::Unreadable};

/// The text of one cell while it is read. Inside `t` it counts, but not inside `rPh`, where it says how the other is pronounced.
#[derive(Default)]
pub(super) struct CellText {
    text: String,
    characters: usize,
    pieces: usize,
    within: bool,
    spoken: bool,
}

/// What a cell of Excel cannot have: more characters than [`CELL_CHARACTERS`], or more pieces, of which each has a character.
pub(super) struct TooLong;

impl CellText {
    /// Takes what an event adds.
    pub(super) fn add(&mut self, event: &Event<'_>) -> Result<Result<(), TooLong>, Unreadable> {
        match event {
            Event::Start(element) => match element.local_name().into_inner() {
                "t" if !self.spoken => self.open(),
                "rPh" => self.spoken = true,
                _ => {}
            },
            Event::End(element) => match element.local_name().into_inner() {
                "t" => self.within = false,
                "rPh" => self.spoken = false,
                _ => {}
            },
            _ if self.within => self.add_text(event)?,
            _ => {}
        }
        let most = self.characters.max(self.pieces);
        Ok(if most > CELL_CHARACTERS { Err(TooLong) } else { Ok(()) })
    }

    /// What comes next counts.
    pub(super) fn open(&mut self) {
        self.within = true;
        self.pieces += 1;
    }

    /// The text so far; the next begins behind it.
    pub(super) fn take(&mut self) -> String {
        std::mem::take(self).text
    }

    /// Its first characters, by which a person finds it; nothing if it has none.
    pub(super) fn beginning(&self) -> Option<String> {
        let beginning: String = self.text.trim().chars().take(20).collect();
        (!beginning.is_empty()).then_some(beginning)
    }

    fn add_text(&mut self, event: &Event<'_>) -> Result<(), Unreadable> {
        let piece = match event {
            Event::Text(piece) => piece.xml10_content(),
            Event::CData(piece) => piece.xml10_content(),
            Event::GeneralRef(reference) => {
                self.text.push(character(reference)?);
                self.characters += 1;
                return Ok(());
            }
            _ => return Ok(()),
        };
        self.text.push_str(&piece);
        // Counted once each: to count the whole anew for every piece would take the square of them.
        self.characters += piece.chars().count();
        Ok(())
    }
}

fn character(reference: &BytesRef<'_>) -> Result<char, Unreadable> {
    if let Some(character) = reference.resolve_char_ref()? {
        return Ok(character);
    }
    match &**reference {
        "lt" => Ok('<'),
        "gt" => Ok('>'),
        "amp" => Ok('&'),
        "quot" => Ok('"'),
        "apos" => Ok('\''),
        other => Err(Unreadable::workbook(format!("“&{other};” stands for nothing"))),
    }
}
