//! Cells of tables as people and programs write them: numbers, times, heads of columns with their unit. What is not plain is refused, never guessed.

use std::borrow::Cow;
use std::fmt;

use jiff::civil::{Date, DateTime, date};
use jiff::{SignedDuration, Timestamp};

use crate::rounding::Rational;

/// Digits that a measured number keeps, as many as a spreadsheet shows: what a program adds behind them is noise of binary fractions.
pub const SIGNIFICANT: usize = 15;
/// Decimals that a measured number keeps.
const DECIMALS: i32 = 18;
/// How a missing value is written.
const MISSING: [&str; 16] =
    ["", "na", "n/a", "#n/a", "nan", "null", "none", "-", "--", "---", "—", "——", "/", "*", "缺测", "无数据"];
/// How an analysis that found nothing is written without its limit of detection.
const NOT_DETECTED: [&str; 8] = ["nd", "n.d.", "n.d", "未检出", "未检测出", "bdl", "<lod", "<dl"];

/// Why a cell cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CellFault {
    /// What stands in the cell.
    pub found: String,
    /// What is wrong with it.
    pub kind: CellFaultKind,
}

/// What is wrong with a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CellFaultKind {
    /// No number.
    NoNumber,
    /// A comma: a separator of thousands for one reader, of decimals for another.
    Comma,
    /// Not detected, without the limit of detection.
    NoLimit,
    /// Larger than anything that is measured.
    TooLarge,
    /// A character that nobody sees.
    Invisible(char),
    /// No time.
    NoTime,
}

impl fmt::Display for CellFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let found = &self.found;
        match self.kind {
            CellFaultKind::NoNumber => write!(f, "{found} is no number"),
            CellFaultKind::Comma => {
                write!(f, "{found} is no number: write it with a decimal point and without thousands separators")
            }
            CellFaultKind::NoLimit => write!(
                f,
                "{found} is no number and names no limit of detection: write <0.025 or 0.025L for what was not detected"
            ),
            CellFaultKind::TooLarge => write!(f, "{found} is too large for a measured value"),
            CellFaultKind::Invisible(character) => {
                write!(f, "“{found}” holds the invisible character U+{:04X}: delete it", u32::from(character))
            }
            CellFaultKind::NoTime => write!(f, "{found} is no time: write it like 2020-05-01T08:00"),
        }
    }
}

impl std::error::Error for CellFault {}

/// A text with full-width forms (１２．５) as ordinary ones, without blanks and byte order marks around it.
#[must_use]
pub fn plain(text: &str) -> Cow<'_, str> {
    let around = |character: char| character.is_whitespace() || character == '\u{feff}';
    let text = text.trim_matches(around);
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    let plain: String = text.chars().map(half_width).collect();
    Cow::Owned(plain.trim_matches(around).to_owned())
}

fn half_width(character: char) -> char {
    match character {
        '\u{3000}' | '\u{a0}' => ' ',
        '\u{2212}' => '-',
        // Full-width forms of ASCII lie in the order of ASCII.
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(character) - 0xfee0).unwrap_or(character),
        _ => character,
    }
}

fn invisible(text: &str) -> Option<char> {
    let unseen = |character: &char| {
        matches!(character, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{feff}')
            || (character.is_control() && *character != '\t')
    };
    text.chars().find(unseen)
}

/// A measured number: decimal or scientific (`3.5E+01`), rounded half to even to 15 significant digits and 18 decimals. `None` for an empty cell and the
/// words for a missing value (`NA`, `--`, `缺测`).
///
/// # Errors
/// [`CellFault`] for anything else.
pub fn number(text: &str) -> Result<Option<Rational>, CellFault> {
    let plain = plain(text);
    // Nearly every cell is a short decimal.
    if plain.len() <= SIGNIFICANT
        && let Ok(number) = plain.parse()
    {
        return Ok(Some(number));
    }
    let fault = |kind| CellFault { found: text.trim().to_owned(), kind };
    let lower = plain.to_ascii_lowercase();
    if MISSING.contains(&lower.as_str()) {
        return Ok(None);
    }
    if let Some(character) = invisible(&plain) {
        return Err(fault(CellFaultKind::Invisible(character)));
    }
    if NOT_DETECTED.contains(&lower.as_str()) {
        return Err(fault(CellFaultKind::NoLimit));
    }
    let digits = |text: &str| text.chars().all(|c| c.is_ascii_digit() || ",.+-eE ".contains(c));
    if plain.contains(',') && digits(&plain) {
        return Err(fault(CellFaultKind::Comma));
    }
    match decimal(&plain) {
        Some(Ok(number)) => Ok(Some(number)),
        Some(Err(TooLarge)) => Err(fault(CellFaultKind::TooLarge)),
        None => Err(fault(CellFaultKind::NoNumber)),
    }
}

struct TooLarge;

/// `None` for what is no number.
fn decimal(text: &str) -> Option<Result<Rational, TooLarge>> {
    let (negative, rest) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let (mantissa, exponent) = match rest.find(['e', 'E']) {
        Some(at) => (&rest[..at], exponent(&rest[at + 1..])?),
        None => (rest, 0),
    };
    let (mut units, mut kept, mut places, mut any) = (0_i64, 0, None, false);
    // The first digit that is cut off, and whether anything stands behind it.
    let (mut cut, mut beyond, mut dropped) = (None, false, 0_i32);
    for byte in mantissa.bytes() {
        match byte {
            b'.' if places.is_none() => {
                places = Some(0_i32);
                continue;
            }
            b'0'..=b'9' => any = true,
            _ => return None,
        }
        places = places.map(|places| places.saturating_add(1));
        let digit = i64::from(byte - b'0');
        if kept < SIGNIFICANT {
            units = units * 10 + digit;
            kept += usize::from(units > 0);
        } else {
            dropped = dropped.saturating_add(1);
            match cut {
                None => cut = Some(digit),
                Some(_) => beyond |= digit > 0,
            }
        }
    }
    if !any {
        return None;
    }
    let up = cut.is_some_and(|digit| digit > 5 || (digit == 5 && (beyond || units % 2 == 1)));
    let units = units + i64::from(up);
    // The value is `units` of the `scale`-th decimal.
    let scale = places.unwrap_or(0).saturating_sub(dropped).saturating_sub(exponent);
    Some(scaled(if negative { -units } else { units }, scale))
}

/// Nobody measures with larger ones; they are read so far that they are called too large, or nought.
fn exponent(text: &str) -> Option<i32> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let size = digits.parse().unwrap_or(9999).min(9999);
    Some(if text.starts_with('-') { -size } else { size })
}

fn scaled(units: i64, scale: i32) -> Result<Rational, TooLarge> {
    let beyond = scale.saturating_sub(DECIMALS);
    if units == 0 || beyond > DECIMALS {
        return Ok(Rational::ZERO);
    }
    if beyond > 0 {
        // Rounded to the last decimal that is kept.
        let exact = Rational::scaled(units, u32::try_from(beyond).unwrap_or(0)).ok_or(TooLarge)?;
        let kept = i64::try_from(exact.rounded(0)).map_err(|_| TooLarge)?;
        return scaled(kept, DECIMALS);
    }
    if let Ok(digits) = u32::try_from(scale) {
        return Rational::scaled(units, digits).ok_or(TooLarge);
    }
    let factor = 10_i64.checked_pow(scale.unsigned_abs()).ok_or(TooLarge)?;
    let whole = units.checked_mul(factor).filter(|whole| whole.abs() < 10_i64.pow(15)).ok_or(TooLarge)?;
    Ok(Rational::whole(whole))
}

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

/// The head of a column: what it names, and the unit beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// As it is written.
    pub text: String,
    /// Every way to read its name, the whole first: `氨氮(NH3-N)(mg/L)` is `氨氮nh3nmgl`, `氨氮nh3n`, `氨氮`. See [`key`].
    pub keys: Vec<String>,
    /// What stands in brackets, or behind the name, and is not the name.
    pub beside: Vec<String>,
}

/// A name as it is compared: full-width forms and subscripts as ordinary letters, in lower case, without blanks, hyphens, underlines, points and brackets.
#[must_use]
pub fn key(name: &str) -> String {
    let letter = |character: char| match half_width(character) {
        subscript @ '₀'..='₉' => char::from_digit(u32::from(subscript) - 0x2080, 10).unwrap_or(subscript),
        '³' => '3',
        'µ' | 'μ' => 'u',
        other => other,
    };
    let unseen = |character: &char| {
        !matches!(character, '-' | '_' | '.' | '(' | ')' | '[' | ']' | '{' | '}' | '\u{feff}' | '⁻' | '–')
            && !character.is_whitespace()
    };
    name.chars().map(letter).filter(unseen).flat_map(char::to_lowercase).collect()
}

impl Head {
    /// Reads a head: brackets behind the name, or words behind a blank, are taken off one by one.
    #[must_use]
    pub fn read(text: &str) -> Self {
        let written = plain(text);
        let (mut keys, mut beside) = (vec![key(&written)], Vec::new());
        let mut name = written.as_ref();
        while let Some((before, behind)) = parted(name) {
            keys.push(key(before));
            beside.push(behind.to_owned());
            name = before;
        }
        Self { text: written.into_owned(), keys, beside }
    }
}

/// A name and what stands behind it: in brackets, or behind a blank or an oblique stroke.
fn parted(name: &str) -> Option<(&str, &str)> {
    let name = name.trim_end();
    if let Some(inner) = name.strip_suffix([')', ']']) {
        // The bracket that belongs to it: `dB(A)` may stand in brackets itself.
        let (mut depth, mut opens) = (1, None);
        for (at, character) in inner.char_indices().rev() {
            match character {
                ')' | ']' => depth += 1,
                '(' | '[' => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                opens = Some(at);
                break;
            }
        }
        let at = opens.filter(|at| *at > 0)?;
        return Some((name[..at].trim_end(), inner[at + 1..].trim()));
    }
    let at = name.find([' ', '/', ',']).filter(|at| *at > 0)?;
    Some((name[..at].trim_end(), name[at + 1..].trim()))
}

/// One of the unit of a column in the unit of its item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scale(Rational);

impl Scale {
    /// The same unit.
    pub const ONE: Self = Self(Rational::ONE);

    /// The factor.
    #[must_use]
    pub fn factor(self) -> Rational {
        self.0
    }
}

/// One of the unit `found` in `unit`; `None` where it is no unit, or cannot be converted.
#[must_use]
pub fn scale(unit: &str, found: &str) -> Option<Scale> {
    /// Units by the quantity that they measure, in thousandths of the one before.
    const LADDERS: [&[&str]; 2] = [&["mg/l", "ug/l", "ng/l"], &["mg/m3", "ug/m3"]];
    /// Ways to say that a number has no dimension.
    const WITHOUT: [&str; 4] = ["无量纲", "dimensionless", "1", "ph"];
    let (unit, found) = (key(unit).replace('^', ""), key(found).replace('^', ""));
    if unit == found || (unit.is_empty() && WITHOUT.contains(&found.as_str())) {
        return Some(Scale::ONE);
    }
    let ladder = LADDERS.iter().find(|ladder| ladder.contains(&unit.as_str()))?;
    let step = |unit: &str| ladder.iter().position(|other| *other == unit);
    let (from, to) = (step(&found)?, step(&unit)?);
    let thousand = |steps: usize| 1000_i128.checked_pow(u32::try_from(steps).ok()?);
    let factor =
        if from < to { Rational::new(thousand(to - from)?, 1) } else { Rational::new(1, thousand(from - to)?) };
    factor.map(Scale)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use test_case::test_case;

    use super::*;

    #[test_case("12.5" => Some("12.5".into()); "a decimal")]
    #[test_case(" +.5 " => Some("0.5".into()); "a sign and no digit before the point")]
    #[test_case("3.5E+01" => Some("35".into()); "scientific")]
    #[test_case("4E-05" => Some("0.00004".into()); "scientific and small")]
    #[test_case("1e2" => Some("100".into()); "scientific without a point")]
    #[test_case("-999" => Some("-999".into()); "negative")]
    #[test_case("−3" => Some("-3".into()); "a typographic minus")]
    #[test_case("１２．５" => Some("12.5".into()); "full width")]
    #[test_case("\u{3000}7\u{a0}" => Some("7".into()); "blanks that are not of ASCII")]
    #[test_case("62.099999999999994" => Some("62.1".into()); "noise of binary fractions")]
    #[test_case("0.30000000000000004" => Some("0.3".into()); "noise behind a nought")]
    #[test_case("0.1000000000000000055511151231257827" => Some("0.1".into()); "more digits than a number has")]
    #[test_case("000000000000000000012" => Some("12".into()); "noughts before")]
    #[test_case("12.000000000000000000000" => Some("12".into()); "noughts behind")]
    #[test_case("1e-400" => Some("0".into()); "smaller than anything")]
    fn numbers(cell: &str) -> Option<String> {
        number(cell).unwrap().and_then(|number| number.short_text(6))
    }

    #[test]
    fn words_for_a_missing_value_are_no_value() {
        for cell in ["", " ", "NA", "n/a", "NaN", "NULL", "-", "--", "—", "*", "/", "缺测", "－", "#N/A"] {
            assert_eq!(number(cell), Ok(None), "{cell}");
        }
    }

    #[test_case("much", CellFaultKind::NoNumber; "a word")]
    #[test_case("1.2.3", CellFaultKind::NoNumber; "two points")]
    #[test_case("1e", CellFaultKind::NoNumber; "no exponent")]
    #[test_case("e5", CellFaultKind::NoNumber; "no digits")]
    #[test_case(".", CellFaultKind::NoNumber; "a point alone")]
    #[test_case("inf", CellFaultKind::NoNumber; "infinity")]
    #[test_case("0x10", CellFaultKind::NoNumber; "hexadecimal")]
    #[test_case("12 mg/L", CellFaultKind::NoNumber; "a unit")]
    #[test_case("1,234.5", CellFaultKind::Comma; "thousands")]
    #[test_case("0,5", CellFaultKind::Comma; "a decimal comma")]
    #[test_case("ND", CellFaultKind::NoLimit; "not detected")]
    #[test_case("未检出", CellFaultKind::NoLimit; "not detected in Chinese")]
    #[test_case("1e15", CellFaultKind::TooLarge; "too large")]
    #[test_case("12345678901234567890", CellFaultKind::TooLarge; "a long number")]
    #[test_case("1\u{200b}2", CellFaultKind::Invisible('\u{200b}'); "an invisible character")]
    fn other_numbers_are_refused_with_the_reason(cell: &str, kind: CellFaultKind) {
        let fault = number(cell).unwrap_err();
        assert_eq!((fault.kind, fault.found.as_str()), (kind, cell));
        assert!(fault.to_string().contains(cell));
    }

    #[test_case("2020-05-01T08:00" => "2020-05-01T08:00:00"; "as the contract has it")]
    #[test_case("2020-05-01 08:00:30" => "2020-05-01T08:00:30"; "seconds")]
    #[test_case("2020/5/1 1:00" => "2020-05-01T01:00:00"; "as a spreadsheet shows it")]
    #[test_case("2020/5/1" => "2020-05-01T00:00:00"; "a day of a spreadsheet")]
    #[test_case("2020.5.1 13:05:09" => "2020-05-01T13:05:09"; "points")]
    #[test_case("2020-12-31T24:00" => "2021-01-01T00:00:00"; "hour 24")]
    #[test_case("2020/2/28 24:00:00" => "2020-02-29T00:00:00"; "hour 24 of a spreadsheet")]
    #[test_case("2020123124" => "2021-01-01T00:00:00"; "hour 24 without marks")]
    #[test_case("2020年3月1日 22时15分" => "2020-03-01T22:15:00"; "Chinese")]
    #[test_case("2020年3月1日8时" => "2020-03-01T08:00:00"; "Chinese, an hour")]
    #[test_case("2020年3月1日" => "2020-03-01T00:00:00"; "Chinese, a day")]
    #[test_case("２０２０－０３－０１　０８：００" => "2020-03-01T08:00:00"; "full width")]
    #[test_case("20200301" => "2020-03-01T00:00:00"; "a day without marks")]
    #[test_case("2020030108" => "2020-03-01T08:00:00"; "an hour without marks")]
    #[test_case("20200301080000" => "2020-03-01T08:00:00"; "as devices write it")]
    #[test_case("43952.0416666667" => "2020-05-01T01:00:00"; "a day number")]
    #[test_case("43952" => "2020-05-01T00:00:00"; "a whole day number")]
    #[test_case("2020-05-01T00:00Z" => "2020-05-01T08:00:00"; "universal time")]
    #[test_case("2020-05-01T08:00+08:00" => "2020-05-01T08:00:00"; "an offset")]
    #[test_case("2020-05-01T08:00:00.000" => "2020-05-01T08:00:00"; "thousandths")]
    fn times(cell: &str) -> String {
        time(cell).unwrap().to_string()
    }

    #[test]
    fn what_is_no_time_or_has_two_meanings_is_refused() {
        for cell in [
            "",
            "noon",
            "5/1/2020 1:00",
            "2020-5/1 1:00",
            "2021-02-29T00:00",
            "2020-05-01T24:30",
            "2020-05-01T25:00",
            "2020-13-01",
            "08:00",
            "2020-05-01T08.00",
            "12",
            "2020/5/1 下午1:00",
            "2020-05-01T+8:00",
            "99999",
        ] {
            assert_eq!(time(cell).map_err(|fault| fault.kind), Err(CellFaultKind::NoTime), "{cell}");
        }
        assert_eq!(time("2020-05-01\u{200b}").unwrap_err().kind, CellFaultKind::Invisible('\u{200b}'));
    }

    #[test_case("w21003", &["w21003"], &[]; "a code")]
    #[test_case("W21003 ", &["w21003"], &[]; "in upper case")]
    #[test_case("氨氮(mg/L)", &["氨氮mg/l", "氨氮"], &["mg/L"]; "a unit")]
    #[test_case("氨氮（ＮＨ３－Ｎ）（ｍｇ／Ｌ）", &["氨氮nh3nmg/l", "氨氮nh3n", "氨氮"], &["mg/L", "NH3-N"]; "full width, two brackets")]
    #[test_case("铬(六价)", &["铬六价", "铬"], &["六价"]; "brackets of the name")]
    #[test_case("PM₂.₅ μg/m³", &["pm25ug/m3", "pm25"], &["μg/m³"]; "subscripts and a unit behind")]
    #[test_case("Leq(dB(A))", &["leqdba", "leq"], &["dB(A)"]; "brackets within brackets")]
    #[test_case("氨氮/mg/L", &["氨氮/mg/l", "氨氮"], &["mg/L"]; "an oblique stroke")]
    fn heads(text: &str, keys: &[&str], beside: &[&str]) {
        let head = Head::read(text);
        assert_eq!(
            (head.keys, head.beside),
            (keys.iter().map(ToString::to_string).collect(), beside.iter().map(ToString::to_string).collect())
        );
    }

    proptest! {
        #[test]
        fn a_number_is_read_as_it_was_written(units in -999_999_999_999_999_i64..=999_999_999_999_999, digits in 0_u32..=15) {
            let exact = Rational::scaled(units, digits).unwrap();
            let text = exact.fixed_text(digits).unwrap();
            prop_assert_eq!(number(&text), Ok(Some(exact)));
            prop_assert_eq!(number(&format!("{units}E-{digits}")), Ok(Some(exact)));
        }

        #[test]
        fn any_text_is_read_or_refused(text in ".{0,40}") {
            let _number = number(&text);
            let _time = time(&text);
            let _head = Head::read(&text);
        }

        #[test]
        fn a_time_is_read_as_it_was_written(second in 0_i64..4_000_000_000) {
            let time = date(1970, 1, 1).at(0, 0, 0, 0) + SignedDuration::from_secs(second);
            prop_assert_eq!(super::time(&time.to_string()), Ok(time));
            prop_assert_eq!(super::time(&time.strftime("%Y/%-m/%-d %-H:%M:%S").to_string()), Ok(time));
            prop_assert_eq!(super::time(&time.strftime("%Y年%-m月%-d日%-H时%M分%S秒").to_string()), Ok(time));
            prop_assert_eq!(super::time(&time.strftime("%Y%m%d%H%M%S").to_string()), Ok(time));
        }
    }
}
