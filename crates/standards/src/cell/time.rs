//! Times in cells.

use jiff::civil::{Date, DateTime, date};
use jiff::{SignedDuration, Timestamp};

use super::{CellFault, CellFaultKind, invisible, number, plain};
use crate::rounding::Rational;

/// A time of Beijing: ISO 8601 with or without an offset, `2020/5/1 1:00`, `2020.5.1 1:00`, `2020年5月1日1时`, `2020050101`, the day number of a
/// spreadsheet (`43952.0416666667`); hour 24 is hour 0 of the next day.
///
/// # Errors
/// [`CellFault`] for anything else, a day before its month among them (`5/1/2020` has two meanings).
pub fn time(text: &str) -> Result<DateTime, CellFault> {
    let plain = plain(text);
    let fault = |kind| CellFault { found: text.trim().to_owned(), kind };
    if let Some(character) = invisible(&plain) {
        return Err(fault(CellFaultKind::Invisible(character)));
    }
    let standard = || {
        let of_offset = plain.parse::<Timestamp>().ok().map(|at| jiff::tz::offset(8).to_datetime(at));
        of_offset.or_else(|| plain.parse().ok())
    };
    written(&plain)
        .or_else(|| compact(&plain))
        .or_else(|| day_number(&plain))
        .or_else(standard)
        .ok_or_else(|| fault(CellFaultKind::NoTime))
}

/// Year, month, day and time with marks between them.
fn written(text: &str) -> Option<DateTime> {
    let mut rest = Rest(text);
    let year = rest.number(4, 4)?;
    let mark = rest.one_of("-/.年")?;
    let month = rest.number(1, 2)?;
    rest.one_of(if mark == '年' { "月" } else { "-/." }).filter(|second| mark == '年' || *second == mark)?;
    let day = rest.number(1, 2)?;
    if mark == '年' {
        rest.one_of("日")?;
    }
    let day = Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()?;
    if rest.one_of("Tt").is_none() {
        rest.blanks();
    }
    if rest.0.is_empty() {
        return Some(day.at(0, 0, 0, 0));
    }
    let hour = rest.number(1, 2)?;
    let (mut minute, mut second) = (0, 0);
    if rest.one_of(":时点").is_some() && !rest.0.is_empty() {
        minute = rest.number(1, 2)?;
        if rest.one_of(":分").is_some() && !rest.0.is_empty() {
            second = rest.number(1, 2)?;
            rest.one_of("秒");
            if rest.one_of(".").is_some() {
                // Nothing is measured by fractions of a second.
                rest.number(1, 4)?;
            }
        }
    }
    if rest.0.is_empty() { at(day, hour, minute, second) } else { None }
}

/// `yyyymmddhh`, `yyyymmddhhmm`, `yyyymmddhhmmss`, `yyyymmdd`, with a blank or a `T` before the hours.
fn compact(text: &str) -> Option<DateTime> {
    let digits: String = text.chars().filter(|character| !matches!(character, 'T' | ' ' | ':')).collect();
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) || !matches!(digits.len(), 8 | 10 | 12 | 14) {
        return None;
    }
    let mut rest = Rest(&digits);
    let (year, month, day) = (rest.number(4, 4)?, rest.number(2, 2)?, rest.number(2, 2)?);
    let day = Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()?;
    let mut next = || rest.number(2, 2).unwrap_or(0);
    at(day, next(), next(), next())
}

fn at(day: Date, hour: i16, minute: i16, second: i16) -> Option<DateTime> {
    let [hour, minute, second] = [hour, minute, second].map(|number| i8::try_from(number).ok());
    match (hour?, minute?, second?) {
        (24, 0, 0) => Some(day.tomorrow().ok()?.at(0, 0, 0, 0)),
        (hour, minute, second) => DateTime::new(day.year(), day.month(), day.day(), hour, minute, second, 0).ok(),
    }
}

/// Days since 1899-12-30, as spreadsheets count them, to the nearest second; from 1954 to 2119.
fn day_number(text: &str) -> Option<DateTime> {
    if !text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
        return None;
    }
    let days = number(text).ok()??;
    if days < Rational::whole(20_000) || days >= Rational::whole(80_000) {
        return None;
    }
    let seconds = days.checked_mul(Rational::whole(86_400))?.checked_rounded(0)?;
    let first = date(1899, 12, 30).at(0, 0, 0, 0);
    first.checked_add(SignedDuration::from_secs(i64::try_from(seconds).ok()?)).ok()
}

/// What is left of a text.
struct Rest<'t>(&'t str);

impl Rest<'_> {
    /// A number of so many digits.
    fn number(&mut self, least: usize, most: usize) -> Option<i16> {
        let digits = self.0.bytes().take(most).take_while(u8::is_ascii_digit).count();
        let (number, rest) = self.0.split_at(digits);
        if digits < least {
            return None;
        }
        self.0 = rest;
        number.parse().ok()
    }

    fn one_of(&mut self, marks: &str) -> Option<char> {
        let first = self.0.chars().next().filter(|first| marks.contains(*first))?;
        self.0 = &self.0[first.len_utf8()..];
        Some(first)
    }

    fn blanks(&mut self) {
        self.0 = self.0.trim_start();
    }
}
