//! A row: its cells as texts, times and numbers.

use std::borrow::Cow;

use anyhow::{Result, anyhow, ensure};
use bilan_standards::cell;
use bilan_standards::rounding::Rational;
use csv::ByteRecord;
use encoding_rs::GB18030;
use jiff::ToSpan;
use jiff::civil::{Date, DateTime};

/// A row with its line in the file.
pub struct Row<'r> {
    pub(super) record: &'r ByteRecord,
    /// Line, from 1.
    pub line: u64,
}

impl Row<'_> {
    /// A cell as it stands, without the blanks around it.
    pub fn bytes(&self, at: usize) -> &[u8] {
        self.record.get(at).unwrap_or_default().trim_ascii()
    }

    /// A cell as text; what is not UTF-8 is taken for GB18030.
    pub fn text(&self, at: usize) -> Cow<'_, str> {
        text(self.bytes(at))
    }

    /// A cell as text; what is neither UTF-8 nor GB18030 is refused.
    fn legible(&self, at: usize) -> Result<Cow<'_, str>> {
        let (cell, line) = (self.bytes(at), self.line);
        let text = text(cell);
        if std::str::from_utf8(cell).is_err() {
            ensure!(
                !text.contains('\u{fffd}'),
                "line {line}: {text} holds bytes that are no text in UTF-8 or GB 18030: save the file as UTF-8"
            );
            // Characters of Big5 (長) fall into the area that GB 18030 leaves to its users.
            ensure!(
                !text.contains(|character: char| matches!(character, '\u{e000}'..='\u{f8ff}')),
                "line {line}: {text} is no text in GB 18030, the file seems to be written in Big5: save it as UTF-8"
            );
        }
        Ok(text)
    }

    /// The cell that names the station.
    pub fn station(&self, at: usize) -> Result<Cow<'_, str>> {
        let name = self.legible(at)?;
        let name = if name.is_ascii() { name } else { Cow::Owned(name.trim().to_owned()) };
        ensure!(!name.is_empty(), "line {}: the row names no station", self.line);
        Ok(name)
    }

    /// A cell that holds a time, of Beijing unless it names its offset.
    pub fn time(&self, at: usize) -> Result<DateTime> {
        let cell = self.bytes(at);
        ensure!(!cell.is_empty(), "line {}: the row names no time", self.line);
        match plain_time(cell) {
            Some(time) => Ok(time),
            None => cell::time(&text(cell)).map_err(|fault| anyhow!("line {}: {fault}", self.line)),
        }
    }

    /// A cell that holds the end of an hour, as the day and hour (0 to 23) that begins then.
    pub fn hour_ending(&self, at: usize) -> Result<(Date, i8)> {
        let end = self.time(at)?;
        ensure!(
            end.minute() == 0 && end.second() == 0,
            "line {}: {} is not the end of an hour: rows are means of hours, stamped at their end",
            self.line,
            self.text(at)
        );
        Ok(match end.hour() {
            0 => (end.date().yesterday()?, 23),
            hour => (end.date(), hour - 1),
        })
    }

    /// A cell that holds the end of an hour or of an interval within it: the end, and the day and hour in which the interval lies.
    pub fn interval_ending(&self, at: usize) -> Result<(DateTime, Date, i8)> {
        let end = self.time(at)?;
        let within = end.checked_sub(1.nanosecond())?;
        Ok((end, within.date(), within.hour()))
    }

    /// A cell that holds a number; `None` where it is empty or says that the value is missing.
    pub fn number(&self, at: usize, column: &str) -> Result<Option<Rational>> {
        let cell = self.bytes(at);
        if cell.is_empty() || cell == b"NA" {
            return Ok(None);
        }
        if cell.len() <= cell::SIGNIFICANT
            && let Some(number) = std::str::from_utf8(cell).ok().and_then(|cell| cell.parse().ok())
        {
            return Ok(Some(number));
        }
        cell::number(&text(cell)).map_err(|fault| anyhow!("line {}, column {column}: {fault}", self.line))
    }

    /// Whether a cell is a number of nines below zero (-99, -999.9), by which many programs say that a value is missing.
    pub fn is_sentinel(&self, at: usize) -> bool {
        let cell = self.text(at);
        let plain = cell::plain(&cell);
        let (whole, decimals) = plain.split_once('.').unwrap_or((&plain, ""));
        let nines = whole.strip_prefix('-').unwrap_or_default();
        nines.len() >= 2
            && nines.bytes().all(|digit| digit == b'9')
            && decimals.bytes().all(|digit| matches!(digit, b'9' | b'0'))
    }

    /// Whether every cell is blank, as a spreadsheet leaves them below a table.
    pub(super) fn is_blank(&self) -> bool {
        self.record.iter().all(|cell| cell.trim_ascii().is_empty())
    }
}

pub(super) fn text(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => GB18030.decode_without_bom_handling(bytes).0,
    }
}

/// `2020-05-01T08:00` or `2020-05-01 08:00:00`, as nearly every file has it.
fn plain_time(cell: &[u8]) -> Option<DateTime> {
    let number = |range: std::ops::Range<usize>| {
        cell.get(range)?
            .iter()
            .try_fold(0_i16, |sum, digit| digit.is_ascii_digit().then(|| sum * 10 + i16::from(digit - b'0')))
    };
    let small = |range| number(range).and_then(|number| i8::try_from(number).ok());
    let marks = [(4, b"-"), (7, b"-"), (13, b":")];
    let plain =
        marks.iter().all(|(at, mark)| cell.get(*at) == Some(&mark[0])) && matches!(cell.get(10), Some(b'T' | b' '));
    let second = match (cell.len(), cell.get(16)) {
        (16, _) => 0,
        (19, Some(b':')) => small(17..19)?,
        _ => return None,
    };
    if !plain {
        return None;
    }
    DateTime::new(number(0..4)?, small(5..7)?, small(8..10)?, small(11..13)?, small(14..16)?, second, 0).ok()
}

#[cfg(test)]
mod tests {
    use test_case::test_case;

    use super::*;

    fn of(cell: &str) -> ByteRecord {
        ByteRecord::from(vec![cell])
    }

    #[test_case("2020-05-01T08:00" => Some("2020-05-01T08:00:00".to_owned()); "minutes")]
    #[test_case("2020-05-01 08:00:30" => Some("2020-05-01T08:00:30".to_owned()); "a blank and seconds")]
    #[test_case("2020-05-01T00:00Z" => Some("2020-05-01T08:00:00".to_owned()); "universal time")]
    #[test_case("2020-05-01T00:00:00+00:00" => Some("2020-05-01T08:00:00".to_owned()); "an offset")]
    #[test_case("2020-02-29" => Some("2020-02-29T00:00:00".to_owned()); "a leap day")]
    #[test_case("2020-05-01T24:00" => Some("2020-05-02T00:00:00".to_owned()); "hour 24")]
    #[test_case("2021-02-29T00:00" => None; "no leap day")]
    #[test_case("2020-05-01T08.00" => None; "marks")]
    #[test_case("2020-05-01T+8:00" => None; "a sign")]
    fn times_are_of_beijing(cell: &str) -> Option<String> {
        Row { record: &of(cell), line: 1 }.time(0).ok().map(|time| time.to_string())
    }

    #[test]
    fn an_hour_ends_on_the_hour_and_an_interval_within_it() {
        let hour =
            |cell: &str| Row { record: &of(cell), line: 7 }.hour_ending(0).map(|(day, hour)| format!("{day} {hour}"));
        assert_eq!(hour("2020-05-01T00:00").unwrap(), "2020-04-30 23");
        assert_eq!(hour("2020-04-30T24:00").unwrap(), "2020-04-30 23");
        assert!(
            hour("2020-05-01T01:30").unwrap_err().to_string().starts_with("line 7: 2020-05-01T01:30 is not the end")
        );
        let interval = |cell: &str| Row { record: &of(cell), line: 7 }.interval_ending(0).unwrap().2;
        assert_eq!(["2020-05-01T01:00", "2020-05-01T01:01", "2020-05-01T00:30"].map(interval), [0, 1, 0]);
    }

    #[test]
    fn a_station_in_another_encoding_is_refused_and_not_misread() {
        let named = |cell: &[u8]| {
            let record = ByteRecord::from(vec![cell]);
            Row { record: &record, line: 4 }.station(0).map(Cow::into_owned).map_err(|fault| fault.to_string())
        };
        assert_eq!(named(&GB18030.encode("长沙北站").0), Ok("长沙北站".to_owned()));
        let (big5, _, _) = encoding_rs::BIG5.encode("長沙");
        let refused = named(&big5).unwrap_err();
        assert!(refused.starts_with("line 4: ") && refused.contains("Big5"), "{refused}");
        let refused = named(b"A\xff\xff").unwrap_err();
        assert!(refused.contains("no text in UTF-8 or GB 18030"), "{refused}");
    }

    #[test]
    fn nines_below_zero_are_sentinels() {
        let sentinel = |cell: &str| Row { record: &of(cell), line: 1 }.is_sentinel(0);
        assert!(["-99", "-999", "-9999.0", "-99.99", "－９９９"].into_iter().all(sentinel));
        assert!(!["-9", "-9.9", "99", "-100", "-998", "-", "-999a"].into_iter().any(sentinel));
    }

    #[test]
    fn a_number_is_read_in_every_way_it_is_written() {
        let number = |cell: &str| {
            Row { record: &of(cell), line: 3 }.number(0, "co").map(|number| number.and_then(|n| n.short_text(3)))
        };
        for (cell, value) in
            [("0.5", Some("0.5")), ("5E-01", Some("0.5")), ("０．５", Some("0.5")), ("", None), ("--", None)]
        {
            assert_eq!(number(cell).unwrap().as_deref(), value, "{cell}");
        }
        assert_eq!(number("much").unwrap_err().to_string(), "line 3, column co: much is no number");
    }
}
