//! Text files as people save them: UTF-8 or UTF-16 with or without a mark, or GB18030 from an older Excel.

use std::io::{self, Read, Seek, SeekFrom};

use encoding_rs::{Decoder, DecoderResult, Encoding, GB18030, UTF_8, UTF_16BE, UTF_16LE};

use super::{lines::Lines, unreadable::Unreadable};

/// A reader that gives UTF-8 whatever the file was saved in; bytes that are no text are an error that names the line.
pub struct Utf8Reader<R> {
    source: R,
    decoder: Decoder,
    raw: Vec<u8>,
    raw_at: usize,
    text: Vec<u8>,
    text_at: usize,
    /// Lines that were decoded.
    lines: Lines,
    ended: bool,
    /// Characters beyond ASCII so far, and how many of them no table of a bureau has.
    beyond: u64,
    unlikely: u64,
}

impl<R: Read + Seek> Utf8Reader<R> {
    /// Looks through the file once: what has no mark and is not UTF-8 from beginning to end is taken for GB18030.
    ///
    /// # Errors
    /// What the source itself says.
    pub fn open(mut source: R) -> io::Result<Self> {
        let encoding = encoding_of(&mut source)?;
        source.seek(SeekFrom::Start(0))?;
        Ok(Self {
            source,
            decoder: encoding.new_decoder_with_bom_removal(),
            raw: Vec::new(),
            raw_at: 0,
            text: Vec::new(),
            text_at: 0,
            lines: Lines::new(),
            ended: false,
            beyond: 0,
            unlikely: 0,
        })
    }

    /// The encoding in which the file was saved.
    #[must_use]
    pub fn encoding(&self) -> &'static Encoding {
        self.decoder.encoding()
    }

    fn refill(&mut self) -> io::Result<()> {
        while self.text_at == self.text.len() && !self.ended {
            if self.raw_at == self.raw.len() {
                self.raw.resize(BLOCK, 0);
                let read = self.source.read(&mut self.raw)?;
                self.raw.truncate(read);
                self.raw_at = 0;
            }
            let last = self.raw.is_empty();
            self.text.resize(BLOCK * 3, 0);
            let (result, read, written) =
                self.decoder.decode_to_utf8_without_replacement(&self.raw[self.raw_at..], &mut self.text, last);
            self.raw_at += read;
            self.text.truncate(written);
            self.text_at = 0;
            self.lines.pass(&self.text);
            if let DecoderResult::Malformed(..) = result {
                return Err(Unreadable::NotText { line: self.lines.line, encoding: self.encoding().name() }.into());
            }
            self.refuse_big5()?;
            self.ended = last && result == DecoderResult::InputEmpty;
        }
        Ok(())
    }
}

impl<R> Utf8Reader<R> {
    /// Nearly all bytes of Big5 are characters of GB 18030, but others: so many of them rare or of its users that no text has them.
    fn refuse_big5(&mut self) -> Result<(), Unreadable> {
        if self.decoder.encoding() != GB18030 {
            return Ok(());
        }
        let text = std::str::from_utf8(&self.text).unwrap_or_default();
        for character in text.chars().filter(|character| !character.is_ascii()) {
            self.beyond += 1;
            self.unlikely += u64::from(is_of_none(character));
        }
        if self.unlikely * 10 >= self.beyond && self.unlikely > 0 {
            return Err(Unreadable::OtherEncoding { name: "Big5" });
        }
        Ok(())
    }
}

/// Characters that no table of a bureau has in number: of the users of GB 18030, Japanese, Cyrillic, sounds. Greek it has: `μg/L`.
fn is_of_none(character: char) -> bool {
    matches!(character, '\u{e000}'..='\u{f8ff}' | '\u{3040}'..='\u{312f}' | '\u{400}'..='\u{4ff}')
}

const BLOCK: usize = 16 * 1024;

impl<R: Read + Seek> Read for Utf8Reader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.refill()?;
        let count = buffer.len().min(self.text.len() - self.text_at);
        buffer[..count].copy_from_slice(&self.text[self.text_at..self.text_at + count]);
        self.text_at += count;
        Ok(count)
    }
}

fn encoding_of(source: &mut (impl Read + Seek)) -> io::Result<&'static Encoding> {
    let mut start = Vec::new();
    source.by_ref().take(BLOCK as u64).read_to_end(&mut start)?;
    if is_utf_32(&start) {
        return Err(Unreadable::OtherEncoding { name: "UTF-32" }.into());
    }
    if let Some(encoding) = marked_or_wide(&start) {
        return Ok(encoding);
    }
    source.seek(SeekFrom::Start(0))?;
    Ok(if is_utf8(source)? { UTF_8 } else { GB18030 })
}

/// UTF-32 by its mark, or by the two or three zeros of each of its characters.
fn is_utf_32(start: &[u8]) -> bool {
    let marked = start.starts_with(b"\xff\xfe\0\0") || start.starts_with(b"\0\0\xfe\xff");
    let zeros = |from: usize| start.iter().skip(from).step_by(4).filter(|byte| **byte == 0).count() * 4;
    // The highest byte is always zero, the next nearly always.
    let whole = start.len() / 4 * 4;
    let of_pair = |high: usize, next: usize| zeros(high) >= whole && zeros(next) >= whole;
    marked || (whole >= 8 && (of_pair(0, 1) || of_pair(3, 2)))
}

/// The encoding that the beginning of a file shows by its mark, or by a zero beside every Latin character: UTF-16.
///
/// Nothing where that is not to be seen; the file is UTF-8 then, or else GB18030.
#[must_use]
pub fn marked_or_wide(start: &[u8]) -> Option<&'static Encoding> {
    if let Some((encoding, _)) = Encoding::for_bom(start) {
        return Some(encoding);
    }
    let zeros = |parity: usize| start.iter().skip(parity).step_by(2).filter(|byte| **byte == 0).count();
    let (even, odd) = (zeros(0), zeros(1));
    // A comma or a line break has one; a file of the other encodings has none at all.
    match (even, odd) {
        (0, odd) if odd >= 2 => Some(UTF_16LE),
        (even, 0) if even >= 2 => Some(UTF_16BE),
        _ => None,
    }
}

fn is_utf8(source: &mut impl Read) -> io::Result<bool> {
    let mut block = vec![0; BLOCK];
    let mut kept = 0;
    loop {
        let read = source.read(&mut block[kept..])?;
        let filled = kept + read;
        match std::str::from_utf8(&block[..filled]) {
            Ok(_) => kept = 0,
            Err(error) if error.error_len().is_some() => return Ok(false),
            Err(error) if read == 0 => return Ok(error.valid_up_to() == filled),
            Err(error) => {
                block.copy_within(error.valid_up_to()..filled, 0);
                kept = filled - error.valid_up_to();
            }
        }
        if read == 0 {
            return Ok(true);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use test_case::test_case;

    use super::*;

    fn read(bytes: Vec<u8>) -> String {
        let mut text = String::new();
        Utf8Reader::open(Cursor::new(bytes)).unwrap().read_to_string(&mut text).unwrap();
        text
    }

    #[test_case(1; "a short file")]
    #[test_case(20_000; "a file of several blocks, with characters across their edges")]
    fn chinese_reads_the_same_in_every_encoding(times: usize) {
        let text = "编号,内容a\n夜间施工噪声扰民\n".repeat(times);
        assert_eq!(read(text.clone().into_bytes()), text);
        assert_eq!(read([b"\xef\xbb\xbf", text.as_bytes()].concat()), text, "with a byte order mark");
        assert_eq!(read(GB18030.encode(&text).0.into_owned()), text, "as GB18030");
        let wide: Vec<u16> = text.encode_utf16().collect();
        let (little, big): (Vec<u8>, Vec<u8>) = (
            wide.iter().flat_map(|unit| unit.to_le_bytes()).collect(),
            wide.iter().flat_map(|unit| unit.to_be_bytes()).collect(),
        );
        assert_eq!(read([b"\xff\xfe", little.as_slice()].concat()), text, "as UTF-16 with a mark");
        assert_eq!(read([b"\xfe\xff", big.as_slice()].concat()), text, "as UTF-16, big end first, with a mark");
        assert_eq!(read(little), text, "as UTF-16 without a mark");
        assert_eq!(read(big), text, "as UTF-16, big end first, without a mark");
    }

    #[test]
    fn another_encoding_is_named() {
        let text = "编号,内容a\n夜间施工噪声扰民\n";
        let refused = |bytes: Vec<u8>| {
            let opened = Utf8Reader::open(Cursor::new(bytes));
            opened.and_then(|mut reader| reader.read_to_string(&mut String::new())).unwrap_err().to_string()
        };
        let wide = |bytes: fn(u32) -> [u8; 4], mark: &str| -> Vec<u8> {
            format!("{mark}{text}").chars().flat_map(|character| bytes(u32::from(character))).collect()
        };
        for mark in ["", "\u{feff}"] {
            assert!(refused(wide(u32::to_le_bytes, mark)).contains("UTF-32"));
            assert!(refused(wide(u32::to_be_bytes, mark)).contains("UTF-32"));
        }
        let (big5, _, _) = encoding_rs::BIG5.encode("長沙市環境監測站,噪聲\n長沙北站,施工噪聲擾民\n");
        assert!(refused(big5.into_owned()).contains("Big5"));
    }

    #[test]
    fn bytes_that_are_no_text_are_named_by_their_line() {
        let bytes = [GB18030.encode("编号\n噪声\n").0.as_ref(), b"\xff\xff\n"].concat();
        let error = Utf8Reader::open(Cursor::new(bytes)).unwrap().read_to_string(&mut String::new()).unwrap_err();
        assert_eq!(error.to_string(), "line 3 has bytes that are no text in gb18030: save the file as UTF-8");
    }
}
