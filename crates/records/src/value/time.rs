//! Days and instants: a time without an offset is Beijing time.

use jiff::{
    Timestamp, ZonedDateTime,
    civil::{Date, DateTime, Time},
    fmt::temporal::DateTimePrinter,
    tz::{TimeZone, offset},
};
use serde_json::Value as Json;

use super::refusal::{Refusal, shown};

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
    let text = json.as_str().ok_or_else(wrong)?.trim();
    if let Some(date) = day(text) {
        return in_range(date);
    }
    match civil(text) {
        Some(moment) if moment.time() == Time::midnight() => in_range(moment.date()),
        Some(_) => Err(Refusal::TimeInDate { found: shown(json) }),
        None => Err(wrong()),
    }
}

pub(super) fn instant(json: &Json) -> Result<Timestamp, Refusal> {
    let wrong = || Refusal::NotAnInstant { found: shown(json) };
    let text = json.as_str().ok_or_else(wrong)?.trim();
    let at = match text.parse::<Timestamp>() {
        Ok(at) => at,
        Err(_) => {
            let moment = day(text).map(|day| day.at(0, 0, 0, 0)).or_else(|| civil(text)).ok_or_else(wrong)?;
            moment.to_zoned_datetime(TimeZone::fixed(offset(8))).map_err(|_| wrong())?.timestamp()
        }
    };
    in_range(beijing(at).date())?;
    Ok(at)
}

fn in_range(date: Date) -> Result<Date, Refusal> {
    if (1900..=2200).contains(&date.year()) { Ok(date) } else { Err(Refusal::YearOutOfRange { found: date.year() }) }
}

/// `2020-03-01`, `2020/3/1`, `2020.3.1` or `2020年3月1日`.
fn day(text: &str) -> Option<Date> {
    let text = text.strip_suffix('日').unwrap_or(text);
    let mut parts = text.split(['-', '/', '.', '年', '月']);
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    let number = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if parts.next().is_some() || year.len() != 4 || ![year, month, day].into_iter().all(number) {
        return None;
    }
    Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()
}

/// A day and a time of day between which stands a `T` or a space.
fn civil(text: &str) -> Option<DateTime> {
    let (date, time) = text.split_once(['T', ' '])?;
    let mut parts = time.trim().splitn(3, ':');
    let hour: i8 = parts.next()?.parse().ok()?;
    let minute: i8 = parts.next()?.parse().ok()?;
    let seconds = parts.next().unwrap_or("0");
    let second: i8 = seconds.split('.').next()?.parse().ok()?;
    let date = day(date)?;
    Some(date.to_datetime(Time::new(hour, minute, second, 0).ok()?))
}
