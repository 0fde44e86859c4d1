//! Quotation marks of CSV (RFC 4180): which of them open a cell, and whether one stays open.

/// Goes through CSV byte by byte and knows whether it stands within quotation marks, as the `csv` crates do.
///
/// A mark opens a cell only as its first character; within one, two are a mark of the text.
#[derive(Debug, Clone, Copy)]
pub struct Quotes {
    separator: u8,
    at: At,
    line: u64,
    opened: u64,
    /// The last byte was a carriage return, which ends a line with or without a line feed behind it.
    after_return: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    /// Before the first character of a cell.
    Beginning,
    /// In a cell without marks, or behind the mark that closed one.
    Plain,
    Within,
    /// Behind a mark within marks: the end, or the first of two.
    MarkWithin,
}

impl Quotes {
    /// At the beginning of a row that stands on `line`.
    #[must_use]
    pub fn new(separator: u8, line: u64) -> Self {
        Self { separator, at: At::Beginning, line, opened: line, after_return: false }
    }

    /// Goes past a byte.
    pub fn pass(&mut self, byte: u8) {
        self.at = match (self.at, byte) {
            (At::Beginning, b'"') => {
                self.opened = self.line;
                At::Within
            }
            (At::Within, b'"') => At::MarkWithin,
            (At::Within, _) | (At::MarkWithin, b'"') => At::Within,
            (_, b'\n' | b'\r') => At::Beginning,
            (_, byte) if byte == self.separator => At::Beginning,
            _ => At::Plain,
        };
        self.line += u64::from(byte == b'\r' || (byte == b'\n' && !self.after_return));
        self.after_return = byte == b'\r';
    }

    /// Goes past several bytes.
    pub fn pass_all(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.pass(*byte));
    }

    /// The line of the mark that is still open, and the lines since then.
    #[must_use]
    pub fn open(&self) -> Option<(u64, u64)> {
        (self.at == At::Within).then_some((self.opened, self.line - self.opened))
    }
}

/// Whether a line within a cell looks like a row of a table of so many columns: a mark that was left open before it closed behind it.
#[must_use]
pub fn holds_rows(cell: &[u8], separator: u8, columns: usize) -> bool {
    let separators = |line: &[u8]| line.iter().filter(|byte| **byte == separator).count();
    let needed = columns.saturating_sub(1).max(2);
    let is_break = |byte: &u8| matches!(byte, b'\n' | b'\r');
    cell.iter().any(is_break) && cell.split(is_break).skip(1).any(|line| separators(line) >= needed)
}

#[cfg(test)]
mod tests {
    use test_case::test_case;

    use super::*;

    #[test_case("a,\"b\",c\n" => None; "closed")]
    #[test_case("a,b\nc,\"d\ne,f\n" => Some((2, 2)); "never closed")]
    #[test_case("a,\"say \"\"no\"\"\"\n" => None; "marks of the text")]
    #[test_case("a,5\" pipe\nb,c\n" => None; "a mark within a plain cell")]
    #[test_case("a,\"b\"c\"\nd" => None; "marks behind the one that closed")]
    #[test_case("a,\"b\"\rc,\"d\re,f\r" => Some((2, 2)); "never closed, behind carriage returns")]
    #[test_case("a,\"b\"\r\nc,\"d\r\ne,f\r\n" => Some((2, 2)); "never closed, behind both")]
    #[test_case("\"" => Some((1, 0)); "alone")]
    #[test_case("a;\"b" => None; "behind a mark that parts nothing")]
    fn a_mark_that_stays_open_is_known_by_its_line(csv: &str) -> Option<(u64, u64)> {
        let mut quotes = Quotes::new(b',', 1);
        quotes.pass_all(csv.as_bytes());
        quotes.open()
    }

    #[test_case("夜间施工，\n扰民" => false; "a text of two lines")]
    #[test_case("x\nA,2020-05-01,1,2\nB" => true; "rows within")]
    #[test_case("x\rA,2020-05-01,1,2\rB" => true; "rows within that end with carriage returns")]
    #[test_case("A,2020-05-01,1,2" => false; "one line")]
    fn rows_within_a_cell_are_seen(cell: &str) -> bool {
        holds_rows(cell.as_bytes(), b',', 4)
    }
}
