//! XML of one part, event by event, with a bound on each event and on the depth.

use std::{
    borrow::Cow,
    io::{self, BufRead, BufReader, Read},
};

use quick_xml::{
    Reader,
    escape::unescape,
    events::{BytesStart, Event},
};

use super::super::{
    bounds::{self, Bound},
    unreadable::{Spot, Unreadable},
};

pub(super) struct Xml<R: Read> {
    reader: Reader<Metered<BufReader<R>>>,
    buffer: Vec<u8>,
    depth: usize,
    /// Events since the last that was of use.
    passed_over: u64,
    part: String,
}

impl<R: Read> Xml<R> {
    pub(super) fn of(part: R, name: &str) -> Self {
        let metered = Metered { source: BufReader::with_capacity(64 << 10, part), taken: 0, part: name.to_owned() };
        let mut reader = Reader::from_reader(metered);
        reader.config_mut().expand_empty_elements = true;
        Self { reader, buffer: Vec::new(), depth: 0, passed_over: 0, part: name.to_owned() }
    }

    /// The next event; [`Event::Eof`] at the end of a part whose elements are all closed.
    pub(super) fn next(&mut self) -> Result<Event<'_>, Unreadable> {
        self.buffer.clear();
        self.reader.get_mut().taken = 0;
        let event = self.reader.read_event_into(&mut self.buffer)?;
        match &event {
            Event::Start(_) => self.depth += 1,
            Event::End(_) => self.depth = self.depth.saturating_sub(1),
            Event::Eof if self.depth > 0 => {
                return Err(Unreadable::workbook(format!("“{}” is cut off", self.part)));
            }
            _ => {}
        }
        if self.depth > bounds::DEPTH {
            return Err(Unreadable::too_much(Spot::Part(self.part.clone()), Bound::Depth));
        }
        self.passed_over += 1;
        if self.passed_over > bounds::PASSED_OVER {
            return Err(Unreadable::too_much(Spot::Part(self.part.clone()), Bound::PassedOver));
        }
        Ok(event)
    }

    /// Says that what was read is of use: only what is passed over between two such places is bounded by its number.
    pub(super) fn progressed(&mut self) {
        self.passed_over = 0;
    }
}

/// Ends the reading within an event that is longer than any can be.
struct Metered<B> {
    source: B,
    taken: u64,
    part: String,
}

impl<B: BufRead> Read for Metered<B> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(buffer)?;
        self.consume(read);
        Ok(read)
    }
}

impl<B: BufRead> BufRead for Metered<B> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.taken > bounds::XML_EVENT_BYTES {
            return Err(Unreadable::too_much(Spot::Part(self.part.clone()), Bound::CellCharacters).into());
        }
        self.source.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        self.taken += amount as u64;
        self.source.consume(amount);
    }
}

/// The attributes that were asked for, by local name.
pub(super) fn attributes<'e, const N: usize>(
    element: &'e BytesStart<'_>,
    names: [&str; N],
) -> Result<[Option<Cow<'e, str>>; N], Unreadable> {
    let mut found = [const { None }; N];
    for attribute in element.attributes().with_checks(false) {
        let attribute = attribute.map_err(Unreadable::workbook)?;
        let name = attribute.key.local_name().into_inner();
        if let Some(at) = names.iter().position(|wanted| *wanted == name) {
            found[at] = Some(match attribute.value {
                Cow::Borrowed(value) => unescape(value).map_err(Unreadable::workbook)?,
                Cow::Owned(value) => Cow::Owned(unescape(&value).map_err(Unreadable::workbook)?.into_owned()),
            });
        }
    }
    Ok(found)
}
