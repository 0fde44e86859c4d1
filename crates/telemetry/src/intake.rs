//! From packet to observations. Pure.
//!
//! `DataTime` is Beijing time. Minute, hour and day data are stamped at the START of their period (HJ 212-2017); devices
//! that stamp the end are set back by one period here, and nowhere else. Seconds that do not belong there (hour data at 21:00:01) are cut off.

use hj212::{Item, Packet};
use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};

use crate::{Device, Kind, Observation, Series, Stamped, Statistic};

/// Beijing time: UTC+8 all year.
const BEIJING: Offset = Offset::constant(8);

/// The kind of data that a command uploads; `None` for commands without measured values.
pub fn kind_of_command(cn: &str) -> Option<Kind> {
    Some(match cn {
        "2011" | "2021" => Kind::Realtime,
        "2051" | "2111" => Kind::Minute,
        "2061" => Kind::Hour,
        "2031" | "2041" => Kind::Day,
        _ => return None,
    })
}

/// `YYYYMMDDhhmmss` in Beijing time; further digits are milliseconds that some devices add, and are left out.
pub fn data_time(text: &[u8]) -> Option<Timestamp> {
    let digits = text.get(..14).filter(|digits| digits.iter().all(u8::is_ascii_digit))?;
    let number =
        |from: usize, to: usize| digits[from..to].iter().fold(0i16, |n, digit| n * 10 + i16::from(digit - b'0'));
    let part = |from: usize| i8::try_from(number(from, from + 2)).ok();
    let time = DateTime::new(number(0, 4), part(4)?, part(6)?, part(8)?, part(10)?, part(12)?, 0).ok()?;
    BEIJING.to_timestamp(time).ok()
}

/// The observations of a packet, in its order. Values that are not numbers are left out (the raw packet is kept in the store); so is
/// everything before the first `DataTime`.
pub fn observations(packet: &Packet<'_>, device: &Device) -> Vec<Observation> {
    let Some(kind) = kind_of_command(packet.cn) else { return Vec::new() };
    let period = match kind {
        Kind::Realtime => 0,
        Kind::Minute => u32::from(device.minute_interval) * 60,
        Kind::Hour => 3600,
        Kind::Day => 86_400,
    };
    let mut at = None;
    let mut found = Vec::new();
    for group in packet.groups() {
        if let Some(time) = group.value("DataTime") {
            at = data_time(time).map(|time| start_of(time, kind, period, device.stamped));
        }
        let Some(at) = at else { continue };
        for item in group.items() {
            let Some((factor, statistic)) = measured(&item, kind) else { continue };
            let Some(value) = item.number().filter(|value| value.abs() < 1e15) else { continue };
            let flag = group
                .items()
                .find(|other| other.factor() == Some((factor, "Flag")))
                .map(|flag| flag.text().into_owned());
            found.push(Observation {
                series: Series { station: device.station.clone(), factor: factor.to_owned(), kind, statistic },
                at,
                period_s: period,
                value,
                text: item.text().trim().to_owned(),
                flag,
                reviewed: None,
            });
        }
    }
    found
}

/// Factor and statistic of an item. Keys without a factor (`FANSTATUS=1`) are taken as values of their own in real-time data.
fn measured<'a>(item: &Item<'a>, kind: Kind) -> Option<(&'a str, Statistic)> {
    match item.factor() {
        Some((factor, suffix)) => Some((factor, Statistic::from_suffix(suffix)?)),
        None if kind == Kind::Realtime
            && !matches!(item.key, "DataTime" | "PolId" | "QN" | "BeginTime" | "EndTime") =>
        {
            Some((item.key, Statistic::Rtd))
        }
        None => None,
    }
}

fn start_of(stamp: Timestamp, kind: Kind, period_s: u32, stamped: Stamped) -> Timestamp {
    let step = match kind {
        Kind::Realtime => return stamp,
        Kind::Minute => 60,
        Kind::Hour => 3600,
        Kind::Day => 86_400,
    };
    // A Beijing day begins at 16:00 UTC; whole hours and minutes are the same in both.
    let shift = if kind == Kind::Day { 8 * 3600 } else { 0 };
    let second = stamp.as_second() + shift;
    let start = second - second.rem_euclid(step) - shift;
    let back = if stamped == Stamped::End { i64::from(period_s) } else { 0 };
    Timestamp::from_second(start - back).unwrap_or(stamp)
}

/// How far a device's clock runs behind ours, from a real-time packet.
pub fn clock_behind(packet: &Packet<'_>, received_at: Timestamp) -> Option<SignedDuration> {
    if packet.cn != "2011" || packet.back_fill {
        return None;
    }
    Some(received_at.duration_since(data_time(packet.value("DataTime")?)?))
}

/// The Beijing clock time of an instant.
pub fn beijing(at: Timestamp) -> DateTime {
    TimeZone::fixed(BEIJING).to_datetime(at)
}

/// The instant of a Beijing clock time.
pub(crate) fn instant_of(time: DateTime) -> Timestamp {
    // An offset without summer time makes every clock time one instant; those outside of the calendar's range are none.
    TimeZone::fixed(BEIJING).to_timestamp(time).unwrap_or(Timestamp::MIN)
}

/// An instant as `DataTime` has it.
pub fn data_time_text(at: Timestamp) -> String {
    beijing(at).strftime("%Y%m%d%H%M%S").to_string()
}

#[cfg(test)]
mod tests {
    use hj212::{Event, Flag, Message, Mode, packets};
    use test_case::test_case;

    use super::*;

    fn device(stamped: Stamped) -> Device {
        Device { stamped, ..Device::new("M1", "123456", "ZD2020001", "测试站", "water") }
    }

    fn read(message: &Message, device: &Device) -> Vec<Observation> {
        let bytes = message.encode().unwrap();
        match packets(&bytes, Mode::Tolerant).next() {
            Some(Event::Packet { packet, .. }) => observations(&packet, device),
            other => panic!("{other:?}"),
        }
    }

    #[test_case("2061", "20201129210001", Stamped::Start, "2020-11-29T13:00:00Z"; "hour with a stray second")]
    #[test_case("2061", "20201129210000", Stamped::End, "2020-11-29T12:00:00Z"; "hour stamped at its end")]
    #[test_case("2031", "20201129000000", Stamped::Start, "2020-11-28T16:00:00Z"; "a Beijing day")]
    #[test_case("2031", "20201129000000", Stamped::End, "2020-11-27T16:00:00Z"; "a Beijing day stamped at its end")]
    #[test_case("2051", "20201129211030", Stamped::Start, "2020-11-29T13:10:00Z"; "minutes")]
    #[test_case("2011", "20201129211030", Stamped::End, "2020-11-29T13:10:30Z"; "an instant is never moved")]
    fn stored_at_the_start_of_its_period(cn: &str, stamp: &str, stamped: Stamped, at: &str) {
        let message = Message::new("21", cn, "M1", Flag(5))
            .group([("DataTime", stamp)])
            .group([("w01001-Avg", "7.64"), ("w01001-Flag", "N")]);
        let found = read(&message, &device(stamped));
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].at.to_string(), at);
        assert_eq!(found[0].text, "7.64");
        assert_eq!(found[0].flag.as_deref(), Some("N"));
    }

    #[test]
    fn a_second_data_time_begins_a_new_block() {
        let message = Message::new("21", "2061", "M1", Flag(5))
            .group([("DataTime", "20240101000000")])
            .group([("w01001-Avg", "7"), ("w01001-Max", "8"), ("w01001-Flag", "D")])
            .group([("DataTime", "20240101010000")])
            .group([("w01001-Avg", "7.1"), ("w01009-Info", "text")]);
        let found = read(&message, &device(Stamped::Start));
        let read: Vec<_> =
            found.iter().map(|o| (o.series.statistic, o.value, o.flag.as_deref(), o.at.to_string())).collect();
        assert_eq!(
            read,
            [
                (Statistic::Avg, 7.0, Some("D"), "2023-12-31T16:00:00Z".to_owned()),
                (Statistic::Max, 8.0, Some("D"), "2023-12-31T16:00:00Z".to_owned()),
                (Statistic::Avg, 7.1, None, "2023-12-31T17:00:00Z".to_owned()),
            ]
        );
    }

    #[test_case(b"20240230000000"; "no such day")]
    #[test_case(b"2024010100000"; "too short")]
    #[test_case(b"2024x101000000"; "not digits")]
    #[test_case(b""; "empty")]
    fn rubbish_is_no_time(text: &[u8]) {
        assert_eq!(data_time(text), None);
    }

    #[test]
    fn time_goes_there_and_back() {
        let at = data_time(b"20240601085857223").unwrap();
        assert_eq!(data_time_text(at), "20240601085857");
        assert_eq!(at.to_string(), "2024-06-01T00:58:57Z");
    }
}
