//! Text files as people save them: UTF-8 with or without a mark, or GB18030 from an older Excel.

use std::io::{self, Read, Seek, SeekFrom};

use encoding_rs::{CoderResult, Decoder, GB18030, UTF_8};

/// A reader that gives UTF-8 whatever the file was saved in.
pub(crate) struct Utf8Reader<R> {
    source: R,
    decoder: Decoder,
    raw: Vec<u8>,
    raw_at: usize,
    text: Vec<u8>,
    text_at: usize,
    ended: bool,
}

impl<R: Read + Seek> Utf8Reader<R> {
    /// Looks through the file once: what is not UTF-8 from beginning to end is taken for GB18030.
    pub(crate) fn open(mut source: R) -> io::Result<Self> {
        let encoding = if is_utf8(&mut source)? { UTF_8 } else { GB18030 };
        source.seek(SeekFrom::Start(0))?;
        Ok(Self {
            source,
            decoder: encoding.new_decoder_with_bom_removal(),
            raw: Vec::new(),
            raw_at: 0,
            text: Vec::new(),
            text_at: 0,
            ended: false,
        })
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
            let (result, read, written, _) =
                self.decoder.decode_to_utf8(&self.raw[self.raw_at..], &mut self.text, last);
            self.raw_at += read;
            self.text.truncate(written);
            self.text_at = 0;
            self.ended = last && result == CoderResult::InputEmpty;
        }
        Ok(())
    }
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
    }
}
