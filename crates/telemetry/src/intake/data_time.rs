//! `DataTime` as devices write it: 14 digits of Beijing time by the text, and what they write in its place.

use jiff::civil::{Date, DateTime};
use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp};

use super::BEIJING;

/// Longest text that is looked at.
const LONGEST: usize = 40;

/// Reads `YYYYMMDDhhmmss` in Beijing time; further digits are milliseconds that some devices add, and are left out.
///
/// Read as well: separators (`2024-06-01 08:58:57`), seconds or minutes left out, the hour 24 (the next day's 00:00), and a zone behind the time: `CST` and `BJT`
/// are Beijing time, `Z`, `UTC` and `GMT` are UTC, `+0800` and `-0500` are what they say. `None` for anything else: a time that cannot be read for certain is none.
pub fn data_time(text: &[u8]) -> Option<Timestamp> {
    let text = std::str::from_utf8(text.get(..text.len().min(LONGEST))?).ok()?.trim();
    let (clock, offset) = split_zone(text)?;
    let digits = all_digits(clock)?;
    let number = |from: usize, to: usize| digits.get(from..to).map_or(Ok(0), str::parse::<i16>).ok();
    let small = |from: usize| number(from, from + 2).and_then(|number| i8::try_from(number).ok());
    if !matches!(digits.len(), 8 | 10 | 12 | 14..) {
        return None;
    }
    let date = Date::new(number(0, 4)?, small(4)?, small(6)?).ok()?;
    let (hour, minute, second) = (small(8)?, small(10)?, small(12)?);
    let ends_the_day = (hour, minute, second) == (24, 0, 0);
    let hour = if ends_the_day { 0 } else { hour };
    let time: DateTime = date.to_datetime(jiff::civil::Time::new(hour, minute, second, 0).ok()?);
    let at = offset.to_timestamp(time).ok()?;
    if ends_the_day { at.checked_add(SignedDuration::from_hours(24)).ok() } else { Some(at) }
}

/// Digits of a date with its time: a `-` behind so many begins a zone, one before is a separator.
const CLOCK_DIGITS: usize = 14;

/// Clock and zone.
fn split_zone(text: &str) -> Option<(&str, Offset)> {
    let digits = |text: &str| text.bytes().filter(u8::is_ascii_digit).count();
    let begins_zone = |(clock, zone): &(&str, &str)| digits(clock) >= CLOCK_DIGITS && matches!(digits(zone), 2 | 4);
    let west = text.rsplit_once('-').filter(begins_zone);
    let signed = text.split_once('+').map(|(clock, zone)| (clock, 1, zone));
    if let Some((clock, sign, zone)) = signed.or_else(|| west.map(|(clock, zone)| (clock, -1, zone))) {
        let digits: String = zone.chars().filter(|letter| *letter != ':').collect();
        let is_number = matches!(digits.len(), 2 | 4) && digits.bytes().all(|byte| byte.is_ascii_digit());
        let hours: i32 = digits.get(..2).filter(|_| is_number)?.parse().ok()?;
        let minutes: i32 = digits.get(2..4).map_or(Ok(0), str::parse).ok()?;
        return Some((clock.trim_end(), Offset::from_seconds(sign * (hours * 3600 + minutes * 60)).ok()?));
    }
    let letters = text.bytes().rev().take_while(u8::is_ascii_alphabetic).count();
    let (clock, zone) = text.split_at(text.len() - letters);
    let offset = match zone.to_ascii_uppercase().as_str() {
        "" | "CST" | "BJT" => BEIJING,
        "Z" | "UTC" | "GMT" => Offset::UTC,
        _ => return None,
    };
    Some((clock.trim_end(), offset))
}

/// The digits of a clock time: as they are, or with the separators of date and time taken out and one-digit parts filled up.
fn all_digits(clock: &str) -> Option<String> {
    let is_separator = |letter: char| matches!(letter, '-' | '/' | '.' | ':' | ' ' | 'T' | 't');
    if clock.is_empty() || !clock.chars().all(|letter| letter.is_ascii_digit() || is_separator(letter)) {
        return None;
    }
    let parts: Vec<&str> = clock.split(is_separator).filter(|part| !part.is_empty()).collect();
    match parts.as_slice() {
        // Date and time, or the whole with milliseconds behind it.
        [begin, ..] if begin.len() >= 8 => Some(parts.concat()),
        [year, rest @ ..] if year.len() == 4 && (2..=6).contains(&rest.len()) => {
            let mut digits = (*year).to_owned();
            for part in rest.iter().take(5) {
                match part.len() {
                    1 => digits.extend(['0', part.chars().next()?]),
                    2 => digits.push_str(part),
                    _ => return None,
                }
            }
            Some(digits)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use test_case::test_case;

    use super::*;
    use crate::intake::data_time_text;

    #[test_case("20240601085857", "2024-06-01T00:58:57Z")]
    #[test_case("20240601085857223", "2024-06-01T00:58:57Z"; "milliseconds")]
    #[test_case("2024-06-01 08:58:57", "2024-06-01T00:58:57Z")]
    #[test_case("2024-06-01 08:58:57.223", "2024-06-01T00:58:57Z"; "separators and milliseconds")]
    #[test_case("2024/6/1 8:58", "2024-06-01T00:58:00Z")]
    #[test_case("2024-06-01T08:58:57+08:00", "2024-06-01T00:58:57Z")]
    #[test_case("20240601 085857", "2024-06-01T00:58:57Z")]
    #[test_case("20240601085857CST", "2024-06-01T00:58:57Z"; "China standard time")]
    #[test_case("20240601005857Z", "2024-06-01T00:58:57Z"; "UTC")]
    #[test_case("20240601085857+0900", "2024-05-31T23:58:57Z"; "another zone, said so")]
    #[test_case("20240601085857-0500", "2024-06-01T13:58:57Z"; "a zone west of Greenwich")]
    #[test_case("2024-06-01 08:58:57-05", "2024-06-01T13:58:57Z"; "its hours alone")]
    #[test_case("2024-06-01T08:58:57-05:00", "2024-06-01T13:58:57Z"; "with a colon")]
    #[test_case("2024-06-01-08-58-57", "2024-06-01T00:58:57Z"; "nothing but hyphens")]
    #[test_case("202406010858", "2024-06-01T00:58:00Z"; "no seconds")]
    #[test_case("2024060108", "2024-06-01T00:00:00Z"; "no minutes")]
    #[test_case("20240601", "2024-05-31T16:00:00Z"; "a day")]
    #[test_case("20240601240000", "2024-06-01T16:00:00Z"; "the hour 24")]
    #[test_case("20241231240000", "2024-12-31T16:00:00Z"; "the hour 24 of a year")]
    #[test_case("2024-06-01 24:00:00", "2024-06-01T16:00:00Z"; "the hour 24 with separators")]
    #[test_case("20991231000000", "2099-12-30T16:00:00Z"; "read, to be doubted elsewhere")]
    fn times_of_devices_are_read(text: &str, at: &str) {
        assert_eq!(data_time(text.as_bytes()), Some(at.parse().unwrap()));
    }

    #[test_case(b"20240230000000"; "no such day")]
    #[test_case(b"2024010100000"; "thirteen digits")]
    #[test_case(b"2024x101000000"; "not digits")]
    #[test_case(b""; "empty")]
    #[test_case(b"20240601240100"; "a minute after 24")]
    #[test_case(b"20240601250000"; "the hour 25")]
    #[test_case(b"1617937761"; "seconds of Unix")]
    #[test_case(b"20240601085857EST"; "a zone that nobody here has")]
    #[test_case(b"20240601085857+8x"; "half a zone")]
    #[test_case(b"2024-06"; "a month")]
    #[test_case(b"\xff\xfe0240601085857"; "no text")]
    fn rubbish_is_no_time(text: &[u8]) {
        assert_eq!(data_time(text), None);
    }

    #[test]
    fn time_goes_there_and_back() {
        let at = data_time(b"20240601085857223").unwrap();
        assert_eq!(data_time_text(at), "20240601085857");
        assert_eq!(at.to_string(), "2024-06-01T00:58:57Z");
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "[-0-9T:+ ./zZ]{0,45}", bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..50)) {
            let _ = (data_time(text.as_bytes()), data_time(&bytes));
        }
    }
}
