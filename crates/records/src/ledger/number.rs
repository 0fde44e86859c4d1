//! Record numbers: `TS{yyyy}{seq:5}` counts from 1 each year, without gaps from refused writes.

use jiff::civil::Date;
use rusqlite::{Connection, params};

/// Gives the next number of a register for the year of `day`; part of the caller's transaction.
pub(crate) fn next(
    connection: &Connection,
    register: &str,
    format: &str,
    day: Date,
) -> Result<String, rusqlite::Error> {
    let year = year(format, day);
    let seq: i64 = connection
        .prepare_cached(
            "INSERT INTO number_sequence (register, year, last) VALUES (?1, ?2, 1) \
             ON CONFLICT (register, year) DO UPDATE SET last = last + 1 RETURNING last",
        )?
        .query_row(params![register, year], |row| row.get(0))?;
    Ok(print(format, day, seq))
}

/// Takes note of a number that came with an import, so that the sequence goes on behind it.
pub(crate) fn seen(connection: &Connection, register: &str, format: &str, number: &str) -> Result<(), rusqlite::Error> {
    let Some((year, seq)) = read(format, number) else { return Ok(()) };
    connection
        .prepare_cached(
            "INSERT INTO number_sequence (register, year, last) VALUES (?1, ?2, ?3) \
             ON CONFLICT (register, year) DO UPDATE SET last = max(last, excluded.last)",
        )?
        .execute(params![register, year, seq])?;
    Ok(())
}

/// The year whose sequence a record of `day` is numbered in: 0 if the format names none.
pub(super) fn year(format: &str, day: Date) -> i16 {
    if format.contains("{yyyy}") { day.year() } else { 0 }
}

enum Part<'a> {
    Literal(&'a str),
    Year,
    Month,
    Sequence(usize),
}

fn parts(format: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut rest = format;
    while let Some(open) = rest.find('{') {
        let Some(close) = rest[open..].find('}').map(|at| at + open) else { break };
        if open > 0 {
            parts.push(Part::Literal(&rest[..open]));
        }
        parts.push(match &rest[open + 1..close] {
            "yyyy" => Part::Year,
            "mm" => Part::Month,
            name => match name.strip_prefix("seq:").and_then(|digits| digits.parse().ok()) {
                Some(digits) => Part::Sequence(digits),
                None => Part::Literal(&rest[open..=close]),
            },
        });
        rest = &rest[close + 1..];
    }
    if !rest.is_empty() {
        parts.push(Part::Literal(rest));
    }
    parts
}

/// The number at a place of the sequence, for a record of `day`.
pub(super) fn print(format: &str, day: Date, seq: i64) -> String {
    parts(format)
        .iter()
        .map(|part| match part {
            Part::Literal(text) => (*text).to_owned(),
            Part::Year => format!("{:04}", day.year()),
            Part::Month => format!("{:02}", day.month()),
            Part::Sequence(digits) => format!("{seq:0digits$}", digits = *digits),
        })
        .collect()
}

/// Digits by which a sequence may outgrow its format. A number with more was not counted by it, and would leave no room to count on behind it.
const OUTGROWN: usize = 3;

/// Digits of which a sequence consists at most, so that counting on behind it never overflows.
const LONGEST: usize = 17;

/// Year (0 if the format has none) and sequence of a number that was made by `format`.
pub(super) fn read(format: &str, number: &str) -> Option<(i16, i64)> {
    let (mut year, mut seq, mut rest) = (0, None, number);
    for part in parts(format) {
        match part {
            Part::Literal(text) => rest = rest.strip_prefix(text)?,
            Part::Year => {
                year = rest.get(..4)?.parse().ok()?;
                rest = &rest[4..];
            }
            Part::Month => rest = rest.get(2..)?,
            Part::Sequence(digits) => {
                let end = rest.find(|character: char| !character.is_ascii_digit()).unwrap_or(rest.len());
                if end > (digits + OUTGROWN).min(LONGEST) {
                    return None;
                }
                seq = Some(rest[..end].parse().ok()?);
                rest = &rest[end..];
            }
        }
    }
    if rest.is_empty() { seq.map(|seq| (year, seq)) } else { None }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_number_is_printed_and_read_by_its_format() {
        let day = date(2020, 3, 1);
        assert_eq!(print("TS{yyyy}{seq:5}", day, 42), "TS202000042");
        assert_eq!(read("TS{yyyy}{seq:5}", "TS202000042"), Some((2020, 42)));
        assert_eq!(print("长环天（{yyyy}）{mm}-{seq:3}号", day, 7), "长环天（2020）03-007号");
        assert_eq!(read("长环天（{yyyy}）{mm}-{seq:3}号", "长环天（2020）03-007号"), Some((2020, 7)));
        assert_eq!(read("TS{yyyy}{seq:5}", "older-17"), None);
        assert_eq!(print("ENT-{seq:4}", day, 12345), "ENT-12345", "a sequence may outgrow its digits");
        assert_eq!(read("ENT-{seq:4}", "ENT-1234567"), Some((0, 1_234_567)));
    }

    #[test]
    fn a_number_longer_than_its_format_can_have_counted_moves_no_sequence() {
        assert_eq!(read("TS{yyyy}{seq:5}", "TS20209223372036854775807"), None);
        assert_eq!(read("TS{yyyy}{seq:5}", "TS2020123456789"), None);
        assert_eq!(read("X{seq:19}", "X9223372036854775807"), None);
    }
}
