//! The files inside a workbook, each read with a bound on what it may unpack to.
//!
//! Only what a workbook needs of the ZIP format is read (APPNOTE 6.3.10, 4.3): the directory at the end, stored and deflated
//! entries. A reader for archives at large takes memory by the counts that a file states, which a hostile one states as it likes.

use std::{
    collections::HashMap,
    io::{self, Read, Seek, SeekFrom, Take},
};

use flate2::{Crc, read::DeflateDecoder};

use super::super::{
    bounds::{self, Bound},
    unreadable::{Spot, Unreadable},
};

const END: &[u8; 4] = b"PK\x05\x06";
const END_64: &[u8; 4] = b"PK\x06\x06";
const LOCATOR_64: &[u8; 4] = b"PK\x06\x07";
const ENTRY: &[u8; 4] = b"PK\x01\x02";
const LOCAL: &[u8; 4] = b"PK\x03\x04";

/// What an old or locked workbook begins with: a compound file (MS-CFB 2.2).
const COMPOUND: &[u8; 8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";

/// A workbook's files by name.
pub(super) struct Package<R> {
    source: R,
    entries: HashMap<String, Entry>,
    /// Bytes that may still be unpacked, of all files together.
    left: u64,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    offset: u64,
    packed: u64,
    deflated: bool,
    crc: u32,
}

impl<R: Read + Seek> Package<R> {
    pub(super) fn open(mut source: R) -> Result<Self, Unreadable> {
        let size = source.seek(SeekFrom::End(0))?;
        let mut start = [0; 8];
        source.seek(SeekFrom::Start(0))?;
        let read = read_up_to(&mut source, &mut start)?;
        if read == 8 && start == *COMPOUND {
            return Err(Unreadable::OldOrLocked);
        }
        let (offset, length) = directory(&mut source, size)?;
        let mut bytes = vec![0; length];
        source.seek(SeekFrom::Start(offset))?;
        source.read_exact(&mut bytes).map_err(|_| Unreadable::workbook("its directory is cut off"))?;
        let entries = entries(&bytes)?;
        let left = (size.saturating_mul(bounds::UNPACKED_TIMES)).max(bounds::UNPACKED_LEAST);
        Ok(Self { source, entries, left })
    }

    /// Bytes that may still be unpacked.
    pub(super) fn left(&self) -> u64 {
        self.left
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.entries.contains_key(&plain_name(name))
    }

    /// A file by its name; what lies beyond the bound is an error of reading.
    pub(super) fn part(&mut self, name: &str) -> Result<Part<'_, R>, Unreadable> {
        let missing = || Unreadable::workbook(format!("it has no “{name}”"));
        let entry = *self.entries.get(&plain_name(name)).ok_or_else(missing)?;
        let mut head = [0; 30];
        self.source.seek(SeekFrom::Start(entry.offset))?;
        self.source.read_exact(&mut head).map_err(|_| missing())?;
        if head[..4] != *LOCAL {
            return Err(Unreadable::workbook(format!("“{name}” is not where the directory says")));
        }
        let data = entry.offset + 30 + u64::from(u16_at(&head, 26)) + u64::from(u16_at(&head, 28));
        self.source.seek(SeekFrom::Start(data))?;
        let packed = (&mut self.source).take(entry.packed);
        let data = if entry.deflated { Data::Deflated(DeflateDecoder::new(packed)) } else { Data::Stored(packed) };
        Ok(Part { name: name.to_owned(), data, crc: Crc::new(), expected: entry.crc, left: &mut self.left })
    }
}

/// One file of a workbook, unpacked while it is read.
pub(super) struct Part<'p, R> {
    name: String,
    data: Data<&'p mut R>,
    crc: Crc,
    expected: u32,
    left: &'p mut u64,
}

enum Data<R> {
    Stored(Take<R>),
    Deflated(DeflateDecoder<Take<R>>),
}

impl<R: Read> Read for Part<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = match &mut self.data {
            Data::Stored(data) => data.read(buffer)?,
            Data::Deflated(data) => data.read(buffer).map_err(|error| damaged(&self.name, &error))?,
        };
        *self.left = self
            .left
            .checked_sub(read as u64)
            .ok_or_else(|| io::Error::from(Unreadable::too_much(Spot::Part(self.name.clone()), Bound::Unpacked)))?;
        self.crc.update(&buffer[..read]);
        if read == 0 && !buffer.is_empty() && self.crc.sum() != self.expected {
            return Err(damaged(&self.name, &"its checksum does not fit"));
        }
        Ok(read)
    }
}

fn damaged(name: &str, why: &dyn std::fmt::Display) -> io::Error {
    Unreadable::workbook(format!("“{name}” is damaged: {why}")).into()
}

/// Where the directory of the archive lies, and its length.
fn directory(source: &mut (impl Read + Seek), size: u64) -> Result<(u64, usize), Unreadable> {
    let none = || Unreadable::workbook("it has no directory of its parts");
    // The record at the end is 22 bytes and a comment of at most 65,535; before it may lie the locator of the larger form.
    let begin = size.saturating_sub(22 + 65_535 + 20);
    source.seek(SeekFrom::Start(begin))?;
    let mut tail = Vec::new();
    source.by_ref().take(size - begin).read_to_end(&mut tail)?;
    let at = tail.windows(22).rposition(|record| record.starts_with(END)).ok_or_else(none)?;
    let end = &tail[at..];
    let (mut count, mut length, mut offset) =
        (u64::from(u16_at(end, 10)), u64::from(u32_at(end, 12)), u64::from(u32_at(end, 16)));
    if let Some(locator) =
        at.checked_sub(20).map(|locator| &tail[locator..at]).filter(|bytes| bytes[..4] == *LOCATOR_64)
    {
        let mut record = [0; 56];
        source.seek(SeekFrom::Start(u64_at(locator, 8)))?;
        source.read_exact(&mut record).map_err(|_| none())?;
        if record[..4] != *END_64 {
            return Err(none());
        }
        (count, length, offset) = (u64_at(&record, 32), u64_at(&record, 40), u64_at(&record, 48));
    }
    if count > bounds::PARTS as u64 || length > bounds::DIRECTORY_BYTES {
        return Err(Unreadable::too_much(Spot::File, Bound::Parts));
    }
    // Bounded just above.
    Ok((offset, usize::try_from(length).unwrap_or_default()))
}

fn entries(mut bytes: &[u8]) -> Result<HashMap<String, Entry>, Unreadable> {
    let cut = || Unreadable::workbook("its directory is damaged");
    let mut entries = HashMap::new();
    while bytes.len() >= 46 && bytes[..4] == *ENTRY {
        let (name, extra) = (usize::from(u16_at(bytes, 28)), usize::from(u16_at(bytes, 30)));
        let whole = 46 + name + extra + usize::from(u16_at(bytes, 32));
        if bytes.len() < whole {
            return Err(cut());
        }
        let deflated = match (u16_at(bytes, 8) & 1, u16_at(bytes, 10)) {
            (1, _) => return Err(Unreadable::OldOrLocked),
            (_, 0) => false,
            (_, 8) => true,
            (_, method) => return Err(Unreadable::workbook(format!("packed by method {method}"))),
        };
        let (packed, offset) = long_sizes(bytes, &bytes[46 + name..46 + name + extra]);
        let name = String::from_utf8_lossy(&bytes[46..46 + name]);
        let entry = Entry { offset, packed, deflated, crc: u32_at(bytes, 16) };
        entries.insert(plain_name(&name), entry);
        if entries.len() > bounds::PARTS {
            return Err(Unreadable::too_much(Spot::File, Bound::Parts));
        }
        bytes = &bytes[whole..];
    }
    if entries.is_empty() { Err(cut()) } else { Ok(entries) }
}

/// Packed size and offset of an entry; where 32 bits do not hold them they stand in the extra field 1, in this order after the
/// unpacked size (APPNOTE 4.5.3).
fn long_sizes(entry: &[u8], mut extra: &[u8]) -> (u64, u64) {
    let (mut packed, mut offset) = (u64::from(u32_at(entry, 20)), u64::from(u32_at(entry, 42)));
    let unpacked_is_long = u32_at(entry, 24) == u32::MAX;
    while extra.len() >= 4 {
        let (kind, length) = (u16_at(extra, 0), usize::from(u16_at(extra, 2)));
        let field = extra.get(4..4 + length).unwrap_or_default();
        if kind == 1 {
            let mut numbers = field.chunks_exact(8).map(|bytes| u64_at(bytes, 0)).skip(usize::from(unpacked_is_long));
            if packed == u64::from(u32::MAX) {
                packed = numbers.next().unwrap_or(packed);
            }
            if offset == u64::from(u32::MAX) {
                offset = numbers.next().unwrap_or(offset);
            }
        }
        extra = extra.get(4 + length..).unwrap_or_default();
    }
    (packed, offset)
}

/// Names of parts are compared without case, and some writers put a backslash or a slash before them.
fn plain_name(name: &str) -> String {
    name.replace('\\', "/").trim_start_matches('/').to_lowercase()
}

fn read_up_to(source: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match source.read(&mut buffer[filled..])? {
            0 => break,
            read => filled += read,
        }
    }
    Ok(filled)
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    bytes.get(at..at + 2).and_then(|bytes| bytes.try_into().ok()).map(u16::from_le_bytes).unwrap_or_default()
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..at + 4).and_then(|bytes| bytes.try_into().ok()).map(u32::from_le_bytes).unwrap_or_default()
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    bytes.get(at..at + 8).and_then(|bytes| bytes.try_into().ok()).map(u64::from_le_bytes).unwrap_or_default()
}
