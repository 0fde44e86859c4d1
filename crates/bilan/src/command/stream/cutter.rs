//! Cutting a file into blocks of whole rows.

use std::io::Read;

use anyhow::{Context, Result, bail, ensure};
use bilan_records::exchange::Quotes;

use super::heads::{self, Found, Heads};
use super::{Block, encoding};

/// How much is read at once.
const BLOCK: usize = 1 << 20;
/// A row longer than this is none.
const LONGEST: usize = 16 << 20;

/// Cuts a file into blocks of whole rows.
pub(super) struct Cutter {
    source: Box<dyn Read + Send>,
    /// What was read and not given out.
    rest: Vec<u8>,
    line: u64,
    columns: usize,
    separator: u8,
}

impl Cutter {
    pub(super) fn of(source: Box<dyn Read + Send>) -> Result<Self> {
        Ok(Self { source: encoding::text_of(source)?, rest: Vec::new(), line: 1, columns: 0, separator: b',' })
    }

    /// Reads the names of the columns; what stands above them is passed over, and said.
    pub(super) fn heads(&mut self) -> Result<Heads> {
        while self.end_of_row().is_none() && self.fill()? {}
        let mark: &[u8] = b"\xef\xbb\xbf";
        if self.rest.starts_with(mark) {
            self.rest.drain(..mark.len());
        }
        let Found { heads, separator, end } = heads::find(&self.rest)?;
        let mut quotes = Quotes::new(separator, self.line);
        quotes.pass_all(&self.rest[..end]);
        Self::refuse_open(quotes)?;
        let above = line_breaks(self.rest[..end].trim_ascii_end());
        if above > 0 {
            heads.remarks.add(format!("{above} lines above the heads were passed over"));
        }
        self.line += line_breaks(&self.rest[..end]);
        self.rest.drain(..end);
        (self.columns, self.separator) = (heads.count(), separator);
        Ok(heads)
    }

    /// Reads on; `false` at the end of the file.
    fn fill(&mut self) -> Result<bool> {
        if self.rest.len() > LONGEST {
            let mut quotes = Quotes::new(self.separator, self.line);
            quotes.pass_all(&self.rest);
            Self::refuse_open(quotes)?;
        }
        ensure!(self.rest.len() <= LONGEST, "line {}: a row of more than {LONGEST} bytes", self.line);
        let before = self.rest.len();
        self.source.by_ref().take(BLOCK as u64).read_to_end(&mut self.rest).context("cannot read on")?;
        Ok(self.rest.len() > before)
    }

    /// The next whole rows; nothing at the end of the file.
    pub(super) fn next(&mut self) -> Result<Option<Block>> {
        let mut goes_on = self.fill()?;
        let end = loop {
            match self.end_of_row() {
                Some(end) => break end,
                None if !goes_on => {
                    let mut quotes = Quotes::new(self.separator, self.line);
                    quotes.pass_all(&self.rest);
                    Self::refuse_open(quotes)?;
                    break self.rest.len();
                }
                None => goes_on = self.fill()?,
            }
        };
        if end == 0 {
            return Ok(None);
        }
        let rest = self.rest.split_off(end);
        let bytes = std::mem::replace(&mut self.rest, rest);
        let line = self.line;
        self.line += line_breaks(&bytes);
        Ok(Some(Block { bytes, line, columns: self.columns, separator: self.separator }))
    }

    /// The end of the last whole row: after a line break that is not within quotation marks.
    fn end_of_row(&self) -> Option<usize> {
        if !self.rest.contains(&b'"') {
            return self.rest.iter().rposition(|byte| *byte == b'\n').map(|at| at + 1);
        }
        let (mut quotes, mut end) = (Quotes::new(self.separator, self.line), None);
        for (at, byte) in self.rest.iter().enumerate() {
            quotes.pass(*byte);
            if *byte == b'\n' && quotes.open().is_none() {
                end = Some(at + 1);
            }
        }
        end
    }

    /// Every row behind a quotation mark that is never closed would be a part of its cell.
    fn refuse_open(quotes: Quotes) -> Result<()> {
        match quotes.open() {
            Some((line, _)) => {
                bail!("line {line}: the quotation mark opened on line {line} is never closed: close or delete it")
            }
            None => Ok(()),
        }
    }
}

/// Line breaks in a piece of a file.
pub(super) fn line_breaks(bytes: &[u8]) -> u64 {
    bytes.iter().map(|byte| u64::from(*byte == b'\n')).sum()
}
