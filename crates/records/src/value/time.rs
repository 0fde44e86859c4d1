//! Days and instants: a time without an offset is Beijing time.

use jiff::{
    Timestamp, ZonedDateTime,
    civil::{Date, DateTime, Time},
    fmt::temporal::DateTimePrinter,
    tz::{TimeZone, offset},
};
use serde_json::Value as Json;

use super::{
    refusal::{Refusal, shown},
    text,
};

/// An instant on the clock of Beijing.
#[must_use]
pub fn beijing(at: Timestamp) -> ZonedDateTime {
    at.to_zoned_datetime(TimeZone::fixed(offset(8)))
}

/// An instant in the external form: Beijing time with its offset, to the second.
#[must_use]
pub fn beijing_text(at: Timestamp) -> String {
    beijing(at).strftime("%Y-%m-%dT%H:%M:%S+08:00").to_string()
}

/// An instant as it is stored: UTC with microseconds, so that text sorts as time.
#[must_use]
pub fn stored_time(at: Timestamp) -> String {
    DateTimePrinter::new().precision(Some(6)).timestamp_to_string(&at)
}

/// The instant at which a day begins in Beijing; nothing at the end of the calendar.
#[must_use]
pub fn start_of_day(day: Date) -> Option<Timestamp> {
    TimeZone::fixed(offset(8)).to_timestamp(day.at(0, 0, 0, 0)).ok()
}

pub(super) fn date(json: &Json) -> Result<Date, Refusal> {
    let wrong = || Refusal::NotADate { found: shown(json) };
    let text = written(json).ok_or_else(wrong)??;
    if let Some(date) = day(&text) {
        return in_range(date);
    }
    // 24:00 is midnight, too, but of the next day: it is a time of day.
    let own_day = parted(&text).and_then(|(date, _)| day(date.trim()));
    match moment(&text) {
        Some(moment) if moment.time() == Time::midnight() && own_day == Some(moment.date()) => in_range(moment.date()),
        Some(_) => Err(Refusal::TimeInDate { found: shown(json) }),
        None => Err(wrong()),
    }
}

pub(super) fn instant(json: &Json) -> Result<Timestamp, Refusal> {
    let wrong = || Refusal::NotAnInstant { found: shown(json) };
    let text = written(json).ok_or_else(wrong)??;
    let at = match text.parse::<Timestamp>() {
        Ok(at) => at,
        Err(_) => {
            let text = text.strip_suffix("+08:00").unwrap_or(&text);
            let moment = day(text).map(|day| day.at(0, 0, 0, 0)).or_else(|| moment(text)).ok_or_else(wrong)?;
            moment.to_zoned_datetime(TimeZone::fixed(offset(8))).map_err(|_| wrong())?.timestamp()
        }
    };
    in_range(beijing(at).date())?;
    Ok(at)
}

/// The text of a day or time; whole digits alone may come as a number.
fn written(json: &Json) -> Option<Result<String, Refusal>> {
    match json {
        Json::String(text) => Some(text::typed(text)),
        Json::Number(number) => number.as_u64().map(|number| Ok(number.to_string())),
        _ => None,
    }
}

fn in_range(date: Date) -> Result<Date, Refusal> {
    if (1900..=2200).contains(&date.year()) { Ok(date) } else { Err(Refusal::YearOutOfRange { found: date.year() }) }
}

/// `2020-03-01`, `2020/3/1`, `2020.3.1`, `2020年3月1日` or `20200301`.
fn day(text: &str) -> Option<Date> {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if text.len() == 8 && digits(text) {
        return Date::new(text[..4].parse().ok()?, text[4..6].parse().ok()?, text[6..].parse().ok()?).ok();
    }
    let text = text.strip_suffix(['日', '号']).unwrap_or(text);
    let mut parts = text.split(['-', '/', '.', '年', '月']).map(str::trim);
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    let plain = digits(year) && year.len() == 4 && [month, day].into_iter().all(|part| digits(part) && part.len() <= 2);
    if parts.next().is_some() || !plain {
        return None;
    }
    Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()
}

/// A day and a time of day, parted by a `T`, a blank or `日`; 24:00 is the end of the day. Or both in 12 or 14 digits.
fn moment(text: &str) -> Option<DateTime> {
    if matches!(text.len(), 12 | 14) && text.bytes().all(|byte| byte.is_ascii_digit()) {
        let number = |at: usize| text.get(at..at + 2).map_or(Some(0), |digits| digits.parse().ok());
        return Some(day(&text[..8])?.to_datetime(Time::new(number(8)?, number(10)?, number(12)?, 0).ok()?));
    }
    let (date, time) = parted(text)?;
    let date = day(date.trim())?;
    let (hour, minute, second) = time_of_day(time.trim())?;
    match (hour, minute, second) {
        (24, 0, 0) => Some(date.tomorrow().ok()?.at(0, 0, 0, 0)),
        _ => Some(date.to_datetime(Time::new(hour, minute, second, 0).ok()?)),
    }
}

fn parted(text: &str) -> Option<(&str, &str)> {
    if let Some((date, time)) = text.split_once(['日', '号']) {
        return Some((date, time.trim_start_matches(['T', ' '])));
    }
    text.split_once(['T', ' '])
}

/// `22:15`, `22:15:30.5`, `22时15分30秒`, `22点半`, `下午10:15`, `10:15 PM`; an hour alone only where it says so.
fn time_of_day(text: &str) -> Option<(i8, i8, i8)> {
    let (half, text) = half_of_day(text);
    let (hour, rest) = text.split_once([':', '时', '点'])?;
    let rest = rest.trim_end_matches('整').trim();
    let (minute, rest) = if rest == "半" { ("30", "") } else { rest.split_once([':', '分']).unwrap_or((rest, "")) };
    let second = rest.trim_end_matches('秒').split('.').next().unwrap_or_default();
    let number = |part: &str| if part.trim().is_empty() { Some(0) } else { part.trim().parse::<i8>().ok() };
    let hour: i8 = hour.trim().parse().ok()?;
    let hour = match (half, hour) {
        (None, hour) => hour,
        (Some(Half::First), 0..=12) => hour % 12,
        (Some(Half::Second), 0..=11) => hour + 12,
        (Some(Half::Second), 12..=23) => hour,
        _ => return None,
    };
    Some((hour, number(minute)?, number(second)?))
}

/// Before or after noon.
enum Half {
    First,
    Second,
}

fn half_of_day(text: &str) -> (Option<Half>, &str) {
    for (word, half) in [("上午", Half::First), ("凌晨", Half::First), ("早上", Half::First)] {
        if let Some(rest) = text.strip_prefix(word) {
            return (Some(half), rest.trim());
        }
    }
    for word in ["下午", "晚上", "傍晚", "夜间"] {
        if let Some(rest) = text.strip_prefix(word) {
            return (Some(Half::Second), rest.trim());
        }
    }
    let lower = text.to_ascii_lowercase();
    match lower.get(lower.len().saturating_sub(2)..) {
        Some("am") => (Some(Half::First), text[..text.len() - 2].trim()),
        Some("pm") => (Some(Half::Second), text[..text.len() - 2].trim()),
        _ => (None, text),
    }
}
