//! A sealed chunk: the values of one series on one Beijing day, as a blob. Pure.
//!
//! Instants and numbers are compressed by `pco`; the number of decimals and the data marks, which hardly ever change, as runs. A number whose text
//! cannot be had back from value and decimals (`+1.0`, `1e3`) keeps its text. What goes in comes out, to the last character.

use pco::ChunkConfig;
use pco::standalone::{simple_compress, simple_decompress};

/// Milliseconds of a day.
const DAY: i64 = 86_400_000;

/// Beijing is eight hours ahead of UTC, all year.
const BEIJING: i64 = 8 * 3_600_000;

/// First byte of a chunk of this layout.
const LAYOUT: u8 = 1;

/// Decimals up to which numbers are kept as integers: 10^9 and 2^53 stay exact.
const MOST_DECIMALS: u8 = 9;

/// One value, as it was stored.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Entry {
    /// Milliseconds since 1970.
    pub at: i64,
    pub value: f64,
    /// As the device wrote it; `None` = as `value` prints.
    pub text: Option<String>,
    pub flag: Option<String>,
}

/// A blob that is no chunk, or was damaged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a sealed chunk of observations is damaged: {0}")]
pub(crate) struct Damaged(&'static str);

/// The Beijing day of an instant, counted from 1970-01-01.
pub(crate) fn day_of(at: i64) -> i64 {
    (at + BEIJING).div_euclid(DAY)
}

/// The first instant after a day.
pub(crate) fn end_of(day: i64) -> i64 {
    (day + 1) * DAY - BEIJING
}

impl Damaged {
    /// For code that speaks with the database.
    pub(crate) fn of_sqlite(self) -> rusqlite::Error {
        rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Blob, Box::new(self))
    }
}

/// Times and values alone, with whether each may be counted: what statistics need.
pub(crate) struct Numbers {
    pub times: Vec<i64>,
    pub values: Vec<f64>,
    pub valid: Vec<bool>,
}

/// Packs entries, which are in the order of their times.
pub(crate) fn encode(entries: &[Entry]) -> Vec<u8> {
    let config = ChunkConfig::default();
    let times: Vec<i64> = entries.iter().map(|entry| entry.at).collect();
    let decimals: Vec<Option<u8>> = entries.iter().map(decimals).collect();
    let mut out = vec![LAYOUT];
    put(&mut out, entries.len() as u64);
    put_bytes(&mut out, &compressed(simple_compress(&times, &config)));
    let most = decimals.iter().flatten().copied().max().unwrap_or(0);
    match integers(entries, most) {
        Some(integers) => {
            out.push(most);
            put_bytes(&mut out, &compressed(simple_compress(&integers, &config)));
        }
        None => {
            out.push(u8::MAX);
            let values: Vec<f64> = entries.iter().map(|entry| entry.value).collect();
            put_bytes(&mut out, &compressed(simple_compress(&values, &config)));
        }
    }
    let printed: Vec<u64> =
        decimals.iter().map(|decimals| decimals.map_or(0, |decimals| u64::from(decimals) + 1)).collect();
    put_runs(&mut out, &printed);
    let mut names: Vec<&Option<String>> = Vec::new();
    let marks: Vec<u64> = entries
        .iter()
        .map(|entry| {
            let known = names.iter().position(|name| **name == entry.flag);
            known.unwrap_or_else(|| {
                names.push(&entry.flag);
                names.len() - 1
            }) as u64
        })
        .collect();
    put(&mut out, names.len() as u64);
    for name in names {
        put_text(&mut out, name.as_deref());
    }
    put_runs(&mut out, &marks);
    for (entry, _) in entries.iter().zip(&decimals).filter(|(_, decimals)| decimals.is_none()) {
        put_text(&mut out, entry.text.as_deref());
    }
    let check = check(&out);
    out.extend_from_slice(&check.to_le_bytes());
    out
}

/// The entries of a chunk.
pub(crate) fn decode(blob: &[u8]) -> Result<Vec<Entry>, Damaged> {
    let mut read = Reader::new(blob)?;
    let (times, values) = read.columns()?;
    let printed = read.runs(times.len())?;
    let names = read.names()?;
    let marks = read.runs(times.len())?;
    let mut entries = Vec::with_capacity(times.len());
    for (index, (at, value)) in times.into_iter().zip(values).enumerate() {
        let text = match printed[index] {
            0 => read.text()?,
            decimals => {
                let text = format!("{value:.*}", decimals as usize - 1);
                Some(text).filter(|text| *text != value.to_string())
            }
        };
        let flag = names.get(marks[index] as usize).ok_or(Damaged("a mark has no name"))?.clone();
        entries.push(Entry { at, value, text, flag });
    }
    Ok(entries)
}

/// The numbers of a chunk, without making texts of them.
pub(crate) fn numbers(blob: &[u8]) -> Result<Numbers, Damaged> {
    let mut read = Reader::new(blob)?;
    let (times, values) = read.columns()?;
    read.runs(times.len())?;
    let counts: Vec<bool> =
        read.names()?.iter().map(|name| crate::observation::mark_is_valid(name.as_deref())).collect();
    let marks = read.runs(times.len())?;
    let valid = marks.iter().map(|mark| counts.get(*mark as usize).copied().unwrap_or(false)).collect();
    Ok(Numbers { times, values, valid })
}

/// How many decimals the text has, if value and decimals give the text back.
fn decimals(entry: &Entry) -> Option<u8> {
    let own;
    let text = match &entry.text {
        Some(text) => text.as_str(),
        None => {
            own = entry.value.to_string();
            own.as_str()
        }
    };
    let decimals = text.split_once('.').map_or(0, |(_, decimals)| decimals.len());
    let decimals = u8::try_from(decimals).ok().filter(|decimals| *decimals <= 20)?;
    (format!("{:.*}", usize::from(decimals), entry.value) == text).then_some(decimals)
}

/// Integers below it are the same as floating-point numbers.
const MOST_EXACT: u64 = 9_000_000_000_000_000;

/// The values as integers of 10^-decimals, if that is what they are.
fn integers(entries: &[Entry], decimals: u8) -> Option<Vec<i64>> {
    if decimals > MOST_DECIMALS {
        return None;
    }
    let scale = 10f64.powi(i32::from(decimals));
    entries
        .iter()
        .map(|entry| {
            let integer = (entry.value * scale).round() as i64;
            // Both are whole numbers below 2^53, so the division is rounded correctly: equal means equal to the last bit. No integer gives -0.0.
            let exact =
                integer.unsigned_abs() < MOST_EXACT && (integer as f64 / scale).to_bits() == entry.value.to_bits();
            exact.then_some(integer)
        })
        .collect()
}

/// A chunk of one day is far below the length that `pco` refuses.
fn compressed(result: pco::errors::PcoResult<Vec<u8>>) -> Vec<u8> {
    result.unwrap_or_default()
}

/// FNV-1a: tells a damaged blob from a whole one.
fn check(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}

fn put(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

fn put_text(out: &mut Vec<u8>, text: Option<&str>) {
    match text {
        None => put(out, 0),
        Some(text) => {
            put(out, text.len() as u64 + 1);
            out.extend_from_slice(text.as_bytes());
        }
    }
}

fn put_runs(out: &mut Vec<u8>, numbers: &[u64]) {
    for run in numbers.chunk_by(|one, next| one == next) {
        put(out, run[0]);
        put(out, run.len() as u64);
    }
}

struct Reader<'a> {
    rest: &'a [u8],
    count: usize,
}

impl<'a> Reader<'a> {
    fn new(blob: &'a [u8]) -> Result<Reader<'a>, Damaged> {
        let (body, sum) = blob.split_last_chunk::<4>().ok_or(Damaged("it is too short"))?;
        if check(body) != u32::from_le_bytes(*sum) {
            return Err(Damaged("its check does not match"));
        }
        let (layout, rest) = body.split_first().ok_or(Damaged("it is too short"))?;
        if *layout != LAYOUT {
            return Err(Damaged("its layout is that of a later version"));
        }
        let mut reader = Reader { rest, count: 0 };
        reader.count = usize::try_from(reader.number()?).map_err(|_| Damaged("its count is too large"))?;
        Ok(reader)
    }

    fn columns(&mut self) -> Result<(Vec<i64>, Vec<f64>), Damaged> {
        let times: Vec<i64> = simple_decompress(self.bytes()?).map_err(|_| Damaged("its times cannot be unpacked"))?;
        let unpacked = |_| Damaged("its values cannot be unpacked");
        let values: Vec<f64> = match self.byte()? {
            u8::MAX => simple_decompress(self.bytes()?).map_err(unpacked)?,
            decimals if decimals <= MOST_DECIMALS => {
                let scale = 10f64.powi(i32::from(decimals));
                let integers: Vec<i64> = simple_decompress(self.bytes()?).map_err(unpacked)?;
                integers.into_iter().map(|integer| integer as f64 / scale).collect()
            }
            _ => return Err(Damaged("its decimals make no sense")),
        };
        if times.len() != self.count || values.len() != self.count {
            return Err(Damaged("its columns differ in length"));
        }
        Ok((times, values))
    }

    fn names(&mut self) -> Result<Vec<Option<String>>, Damaged> {
        let count = self.number()?;
        if count > self.rest.len() as u64 {
            return Err(Damaged("it has more marks than bytes"));
        }
        (0..count).map(|_| self.text()).collect()
    }

    fn runs(&mut self, count: usize) -> Result<Vec<u64>, Damaged> {
        let mut numbers = Vec::with_capacity(count);
        while numbers.len() < count {
            let number = self.number()?;
            let length = usize::try_from(self.number()?).unwrap_or(usize::MAX);
            if length == 0 || length > count - numbers.len() {
                return Err(Damaged("a run is too long"));
            }
            numbers.resize(numbers.len() + length, number);
        }
        Ok(numbers)
    }

    fn byte(&mut self) -> Result<u8, Damaged> {
        let (byte, rest) = self.rest.split_first().ok_or(Damaged("it breaks off"))?;
        self.rest = rest;
        Ok(*byte)
    }

    fn number(&mut self) -> Result<u64, Damaged> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(Damaged("a number is too long"))
    }

    fn bytes(&mut self) -> Result<&'a [u8], Damaged> {
        let length = usize::try_from(self.number()?).unwrap_or(usize::MAX);
        let (bytes, rest) = self.rest.split_at_checked(length).ok_or(Damaged("it breaks off"))?;
        self.rest = rest;
        Ok(bytes)
    }

    fn text(&mut self) -> Result<Option<String>, Damaged> {
        let length = self.number()?;
        if length == 0 {
            return Ok(None);
        }
        let length = usize::try_from(length - 1).unwrap_or(usize::MAX);
        let (bytes, rest) = self.rest.split_at_checked(length).ok_or(Damaged("it breaks off"))?;
        self.rest = rest;
        Ok(Some(String::from_utf8(bytes.to_vec()).map_err(|_| Damaged("a text is not UTF-8"))?))
    }
}

#[cfg(test)]
mod tests;
