//! How keys and values of CP are written: what the standard writes, and what devices write in its place.
//!
//! Nothing here changes a packet: its items stay as they were sent. [`Item::measured`](crate::Item::measured) reads them as the standard spells them, so that one
//! factor is one series however a device writes it.

use std::borrow::Cow;

use crate::{Tolerance, Tolerances};

/// Letters with which codes of factors, states and parameters begin (HJ 524, HJ 525, HJ 212-2017 annex B), always small.
const LETTERS: &[u8] = b"ADEGINW";

/// Suffixes of measured values, as the editions spell them.
const MEASURED: [&str; 13] =
    ["Rtd", "Avg", "Min", "Max", "Cou", "ZsRtd", "ZsAvg", "ZsMin", "ZsMax", "ZsCou", "Data", "DayData", "NightData"];

/// Suffixes that stand beside measured values.
const BESIDE: [&str; 9] = ["Flag", "EFlag", "Info", "SN", "RS", "RT", "SampleTime", "Ala", "Date"];

/// What devices write where there is no value.
const NO_VALUE: [&str; 9] = ["-", "--", "---", "null", "nan", "none", "n/a", "na", "*"];

/// A code as the national tables have it: a letter and five digits, the letter small. Other codes stay as they are: those of 2005 (`B01`, `S03`) are written in capitals.
///
/// ```
/// assert_eq!(hj212::factor_code("W01001"), "w01001");
/// assert_eq!(hj212::factor_code("B01"), "B01");
/// ```
pub fn factor_code(code: &str) -> Cow<'_, str> {
    if is_upper_case_code(code.as_bytes()) { Cow::Owned(code.to_ascii_lowercase()) } else { Cow::Borrowed(code) }
}

fn is_upper_case_code(code: &[u8]) -> bool {
    matches!(code, [letter @ b'A'..=b'Z', digits @ ..] if digits.len() == 5 && LETTERS.contains(letter) && digits.iter().all(u8::is_ascii_digit))
}

/// A suffix as the editions spell it, whatever its case; `None` if they know none of that name.
pub(crate) fn suffix(text: &str) -> Option<&'static str> {
    MEASURED.iter().chain(&BESIDE).find(|known| known.eq_ignore_ascii_case(text)).copied()
}

/// Looks at an item that holds, and names what is written otherwise than the standard has it.
pub(crate) fn look(key: &[u8], value: &[u8], tolerated: &mut Tolerances) {
    let (factor, measured) = match usual(key) {
        Some((factor, measured)) => {
            if !measured && matches!(value, [b'a'..=b'z']) {
                tolerated.add(Tolerance::KeyCase);
            }
            (factor, measured)
        }
        None => match key.iter().rposition(|byte| *byte == b'-') {
            Some(at) => (&key[..at], is_measured(&key[at + 1..], tolerated)),
            None => return look_at_clock(key, value, tolerated),
        },
    };
    if is_upper_case_code(factor) {
        tolerated.add(Tolerance::UpperCaseFactor);
    }
    if measured && !is_plainly_a_number(value) {
        tolerated.extend(doubt_about(value));
    }
}

/// Factor, and whether a measured value stands behind it, of the suffixes that nearly all keys have: their last bytes are compared at once.
fn usual(key: &[u8]) -> Option<(&[u8], bool)> {
    match key {
        [factor @ .., b'-', b'R', b't', b'd']
        | [factor @ .., b'-', b'A', b'v', b'g']
        | [factor @ .., b'-', b'M', b'i', b'n']
        | [factor @ .., b'-', b'M', b'a', b'x']
        | [factor @ .., b'-', b'C', b'o', b'u'] => Some((factor, true)),
        [factor @ .., b'-', b'F', b'l', b'a', b'g'] => Some((factor, false)),
        _ => None,
    }
}

/// Whether a measured value stands behind this suffix; another case of its letters is named.
fn is_measured(written: &[u8], tolerated: &mut Tolerances) -> bool {
    let Some(known) = std::str::from_utf8(written).ok().and_then(suffix) else { return false };
    if known.as_bytes() != written {
        tolerated.add(Tolerance::KeyCase);
    }
    MEASURED.contains(&known)
}

fn look_at_clock(key: &[u8], value: &[u8], tolerated: &mut Tolerances) {
    if !key.eq_ignore_ascii_case(b"DataTime") {
        return;
    }
    if key != b"DataTime" {
        tolerated.add(Tolerance::KeyCase);
    }
    if !is_clock(value) {
        tolerated.add(Tolerance::OddDataTime);
    }
}

/// Digits, at most a point within them: what nearly every value is.
fn is_plainly_a_number(value: &[u8]) -> bool {
    let (mut digits, mut points) = (0, 0);
    for byte in value {
        match byte {
            b'0'..=b'9' => digits += 1,
            b'.' => points += 1,
            _ => return false,
        }
    }
    digits >= 1 && points <= 1 && value.len() <= 15
}

fn doubt_about(value: &[u8]) -> Option<Tolerance> {
    let text = std::str::from_utf8(value).unwrap_or("?").trim();
    if text.is_empty() || NO_VALUE.iter().any(|none| none.eq_ignore_ascii_case(text)) || is_nines_below_zero(text) {
        return Some(Tolerance::MissingValue);
    }
    measured_number(text).is_none().then_some(Tolerance::NotANumber)
}

/// `-99`, `-999`, `-9999.0`, `-99.9`: what many loggers write where nothing was measured. Taken as a value it would be the best of all.
fn is_nines_below_zero(text: &str) -> bool {
    let Some(nines) = text.strip_prefix('-') else { return false };
    let (whole, decimals) = nines.split_once('.').unwrap_or((nines, ""));
    whole.len() >= 2
        && whole.bytes().all(|digit| digit == b'9')
        && decimals.bytes().all(|digit| matches!(digit, b'9' | b'0'))
}

/// A number that an instrument can have shown: finite, not beyond what 15 digits write, and not what stands for no value.
pub(crate) fn measured_number(text: &str) -> Option<f64> {
    let text = text.trim();
    text.parse().ok().filter(|number: &f64| number.abs() < 1e15 && !is_nines_below_zero(text))
}

/// `YYYYMMDDhhmmss`, with milliseconds behind it or not, of an hour before 24.
fn is_clock(value: &[u8]) -> bool {
    (14..=17).contains(&value.len()) && value.iter().all(u8::is_ascii_digit) && &value[8..10] < b"24".as_slice()
}

#[cfg(test)]
mod tests {
    use test_case::test_case;

    use super::*;

    #[test_case("W01001", "w01001")]
    #[test_case("A34004", "a34004")]
    #[test_case("w01001", "w01001")]
    #[test_case("S01", "S01"; "oxygen of 2005")]
    #[test_case("B01001", "B01001"; "no letter of the tables")]
    #[test_case("Leq", "Leq"; "noise")]
    #[test_case("W0100A", "W0100A"; "no code")]
    fn codes_are_small(written: &str, meant: &str) {
        assert_eq!(factor_code(written), meant);
    }

    #[test_case("w01001-Rtd", "7.21", &[])]
    #[test_case("w01001-Rtd", "-0.5", &[])]
    #[test_case("w01001-Rtd", "+1.0", &[]; "a sign")]
    #[test_case("w01001-Rtd", "1e3", &[]; "scientific")]
    #[test_case("w01001-Rtd", "235.28184240990412", &[]; "more digits than are plain")]
    #[test_case("W01001-Rtd", "7.21", &[Tolerance::UpperCaseFactor])]
    #[test_case("w01001-RTD", "7.21", &[Tolerance::KeyCase])]
    #[test_case("w01001-flag", "N", &[Tolerance::KeyCase])]
    #[test_case("w01001-Avg", "", &[Tolerance::MissingValue])]
    #[test_case("w01001-Avg", "-", &[Tolerance::MissingValue])]
    #[test_case("w01001-Avg", "NaN", &[Tolerance::MissingValue])]
    #[test_case("w21003-Rtd", "-999", &[Tolerance::MissingValue])]
    #[test_case("w21003-Rtd", "-9999.0", &[Tolerance::MissingValue])]
    #[test_case("w21003-Rtd", "-99.9", &[Tolerance::MissingValue])]
    #[test_case("w21003-Rtd", "-9", &[]; "nine below zero")]
    #[test_case("w21003-Flag", "n", &[Tolerance::KeyCase]; "a mark in small letters")]
    #[test_case("w01001-Avg", "7.2mg/L", &[Tolerance::NotANumber])]
    #[test_case("w01001-Avg", "inf", &[Tolerance::NotANumber])]
    #[test_case("w01001-Avg", "1e300", &[Tolerance::NotANumber])]
    #[test_case("w01001-Avg", ".", &[Tolerance::NotANumber])]
    #[test_case("w01001-Info", "text", &[])]
    #[test_case("DataTime", "20240601085857", &[])]
    #[test_case("DataTime", "20240601085857223", &[]; "with milliseconds")]
    #[test_case("datatime", "20240601085857", &[Tolerance::KeyCase])]
    #[test_case("DataTime", "2024-06-01 08:58:57", &[Tolerance::OddDataTime])]
    #[test_case("DataTime", "202406010858", &[Tolerance::OddDataTime])]
    #[test_case("DataTime", "20240601240000", &[Tolerance::OddDataTime])]
    fn what_differs_is_named(key: &str, value: &str, expected: &[Tolerance]) {
        let mut tolerated = Tolerances::NONE;
        look(key.as_bytes(), value.as_bytes(), &mut tolerated);
        assert_eq!(tolerated.iter().collect::<Vec<_>>(), expected);
    }
}
