//! Lines of a text file as an editor counts them: a line ends with a line feed, with a carriage return (old programs for the
//! Macintosh), or with both.

/// Counts the lines of a text that comes in pieces, cut anywhere.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lines {
    /// Line on which the next byte stands, from 1.
    pub(super) line: u64,
    /// The last byte was a carriage return: a line feed that follows ends no other line.
    after_return: bool,
}

impl Lines {
    /// At the beginning of a file.
    pub(super) fn new() -> Self {
        Self { line: 1, after_return: false }
    }

    /// Goes past a piece of the text.
    pub(super) fn pass(&mut self, bytes: &[u8]) {
        let (Some(first), Some(last)) = (bytes.first(), bytes.last()) else { return };
        let count = |wanted: u8| bytes.iter().map(|byte| u64::from(*byte == wanted)).sum::<u64>();
        self.line += count(b'\n');
        // Nearly no file has carriage returns alone, and many have none at all.
        if self.after_return || bytes.contains(&b'\r') {
            let pairs = bytes.iter().zip(&bytes[1..]).filter(|pair| *pair == (&b'\r', &b'\n')).count() as u64;
            self.line += count(b'\r');
            self.line -= pairs + u64::from(self.after_return && *first == b'\n');
        }
        self.after_return = *last == b'\r';
    }
}

#[cfg(test)]
mod tests {
    use test_case::test_case;

    use super::*;

    #[test_case("a\nb\n" => 3; "line feeds")]
    #[test_case("a\rb\r" => 3; "carriage returns")]
    #[test_case("a\r\nb\r\n" => 3; "both")]
    #[test_case("a\r\r\nb\n\r\n" => 5; "blank lines")]
    #[test_case("" => 1; "nothing")]
    fn lines_are_counted_wherever_the_text_is_cut(text: &str) -> u64 {
        let mut whole = Lines::new();
        whole.pass(text.as_bytes());
        for cut in 0..=text.len() {
            let mut lines = Lines::new();
            lines.pass(&text.as_bytes()[..cut]);
            lines.pass(&text.as_bytes()[cut..]);
            assert_eq!(lines.line, whole.line, "cut at {cut}");
        }
        whole.line
    }
}
