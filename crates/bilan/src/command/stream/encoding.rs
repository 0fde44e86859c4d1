//! What a file is written in: UTF-8 and GB18030 go on as they are, UTF-16 becomes UTF-8, lines that end in CR alone end in LF. What is no text is named.

use std::io::{self, Cursor, Read};

use anyhow::{Context, Result, bail};
use encoding_rs::{Decoder, Encoding, UTF_16BE, UTF_16LE};

/// As much of a file is looked at.
const LOOKED_AT: u64 = 64 << 10;

type Source = Box<dyn Read + Send>;

/// The bytes of a text file as the cutter takes them.
pub(super) fn text_of(source: Source) -> Result<Source> {
    let (first, source) = looked_at(source)?;
    refuse_what_is_no_text(&first)?;
    let source = match utf_16(&first)? {
        Some(encoding) => Box::new(Utf16::of(encoding, source)),
        None => source,
    };
    let (first, source) = looked_at(source)?;
    let of_carriage_returns = first.contains(&b'\r') && !first.contains(&b'\n');
    Ok(if of_carriage_returns { Box::new(LineFeeds(source)) } else { source })
}

/// The beginning of a file, and the whole file.
fn looked_at(mut source: Source) -> Result<(Vec<u8>, Source)> {
    let mut first = Vec::new();
    source.by_ref().take(LOOKED_AT).read_to_end(&mut first).context("cannot read the file")?;
    let whole = Cursor::new(first.clone()).chain(source);
    Ok((first, Box::new(whole)))
}

fn refuse_what_is_no_text(first: &[u8]) -> Result<()> {
    let text = first.strip_prefix(b"\xef\xbb\xbf").unwrap_or(first);
    if text.iter().all(u8::is_ascii_whitespace) {
        bail!("the file is empty");
    }
    if first.starts_with(b"PK\x03\x04") || first.starts_with(b"\xd0\xcf\x11\xe0") {
        bail!("this file is a workbook, not a CSV: open it and save the sheet as CSV (UTF-8)");
    }
    if first.starts_with(b"\x1f\x8b") {
        bail!("this file is compressed (gzip): unpack it first");
    }
    if first.starts_with(b"\xff\xfe\0\0") || first.starts_with(b"\0\0\xfe\xff") {
        bail!("this file is written in UTF-32: save it as UTF-8");
    }
    Ok(())
}

/// The order of bytes of a file in UTF-16, by its mark or, without one, by where the zeros of its separators and digits stand.
fn utf_16(first: &[u8]) -> Result<Option<&'static Encoding>> {
    match first {
        [0xff, 0xfe, ..] => return Ok(Some(UTF_16LE)),
        [0xfe, 0xff, ..] => return Ok(Some(UTF_16BE)),
        _ => {}
    }
    let zeros = |rest: usize| first.iter().enumerate().filter(|(at, byte)| at % 2 == rest && **byte == 0).count();
    match (zeros(0), zeros(1)) {
        (0, 0) => Ok(None),
        (even, odd) if odd > 4 * even => Ok(Some(UTF_16LE)),
        (even, odd) if even > 4 * odd => Ok(Some(UTF_16BE)),
        _ => bail!("this file holds bytes of zero: it is no text; save it as CSV (UTF-8)"),
    }
}

/// UTF-16 as UTF-8, a piece at a time.
struct Utf16 {
    source: Source,
    decoder: Decoder,
    ready: Vec<u8>,
    given: usize,
    ended: bool,
}

impl Utf16 {
    fn of(encoding: &'static Encoding, source: Source) -> Self {
        let decoder = encoding.new_decoder_with_bom_removal();
        Self { source, decoder, ready: Vec::new(), given: 0, ended: false }
    }
}

impl Read for Utf16 {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.given == self.ready.len() {
            if self.ended {
                return Ok(0);
            }
            let mut piece = [0; 8192];
            let read = self.source.read(&mut piece)?;
            self.ended = read == 0;
            let longest = self.decoder.max_utf8_buffer_length(read);
            let mut text = String::with_capacity(longest.unwrap_or(read * 3 + 16));
            let (_result, _read, _replaced) = self.decoder.decode_to_string(&piece[..read], &mut text, self.ended);
            (self.ready, self.given) = (text.into_bytes(), 0);
        }
        let waiting = &self.ready[self.given..];
        let count = waiting.len().min(into.len());
        into[..count].copy_from_slice(&waiting[..count]);
        self.given += count;
        Ok(count)
    }
}

/// Lines that end in CR end in LF.
struct LineFeeds(Source);

impl Read for LineFeeds {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.0.read(into)?;
        into[..read].iter_mut().filter(|byte| **byte == b'\r').for_each(|byte| *byte = b'\n');
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use test_case::test_case;

    use super::*;

    const TEXT: &str = "station,time\n北站一号,2020-05-01T01:00\n";

    fn read(bytes: Vec<u8>) -> Result<String> {
        let mut text = String::new();
        text_of(Box::new(Cursor::new(bytes)))?.read_to_string(&mut text)?;
        Ok(text)
    }

    fn utf_16_of(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(bytes).collect()
    }

    #[test]
    fn utf_16_is_read_with_and_without_its_mark() {
        for bytes in [u16::to_le_bytes, u16::to_be_bytes] {
            assert_eq!(read(utf_16_of(TEXT, bytes)).unwrap(), TEXT);
            assert_eq!(read(utf_16_of(&format!("\u{feff}{TEXT}"), bytes)).unwrap(), TEXT);
        }
        let long = TEXT.repeat(5000);
        assert_eq!(read(utf_16_of(&long, u16::to_le_bytes)).unwrap(), long, "in many pieces");
    }

    #[test]
    fn lines_of_old_spreadsheets_end() {
        assert_eq!(read(b"a,b\r1,2\r".to_vec()).unwrap(), "a,b\n1,2\n");
        assert_eq!(read(b"a,b\r\n1,2\r\n".to_vec()).unwrap(), "a,b\r\n1,2\r\n");
    }

    #[test_case(b"", "empty"; "nothing")]
    #[test_case(b"\xef\xbb\xbf\r\n", "empty"; "a mark and a line break")]
    #[test_case(b"PK\x03\x04rest", "workbook"; "a new workbook")]
    #[test_case(b"\xd0\xcf\x11\xe0\xa1", "workbook"; "an old workbook")]
    #[test_case(b"\x1f\x8b\x08", "gzip"; "packed")]
    #[test_case(b"\xff\xfe\0\0s\0\0\0", "UTF-32"; "four bytes a character")]
    #[test_case(b"a\0\0b\0\0\0c", "no text"; "zeros anywhere")]
    fn what_is_no_text_is_named(bytes: &[u8], named: &str) {
        assert!(read(bytes.to_vec()).unwrap_err().to_string().contains(named));
    }
}
