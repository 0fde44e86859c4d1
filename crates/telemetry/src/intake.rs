//! From packet to observations. Pure.
//!
//! `DataTime` is Beijing time. Minute, hour and day data are stamped at the START of their period (HJ 212-2017); devices
//! that stamp the end are set back by one period here, and nowhere else. Seconds that do not belong there (hour data at 21:00:01) are cut off.

mod data_time;

use std::borrow::Cow;

pub use data_time::data_time;
use hj212::{Group, Item, Packet};
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

/// What a packet says.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Reading {
    /// Its values, in its order.
    pub observations: Vec<Observation>,
    /// Values that have no time, or one that cannot be read: there is nowhere to store them.
    pub timeless: usize,
}

/// The values of a packet. Those that are not numbers are left out: the packet is kept, and says by its tolerances that it holds such.
///
/// `begun` is the `DataTime` of the message that the packet is a later part of (PNO 2…): some devices write it in the first part alone.
pub fn read(packet: &Packet<'_>, device: &Device, begun: Option<Timestamp>) -> Reading {
    let Some(kind) = kind_of_command(packet.cn) else { return Reading::default() };
    let period = match kind {
        Kind::Realtime => 0,
        Kind::Minute => u32::from(device.minute_interval) * 60,
        Kind::Hour => 3600,
        Kind::Day => 86_400,
    };
    let start = |stamp: Timestamp| start_of(stamp, kind, period, device.stamped);
    let mut at = begun.map(start);
    let mut reading = Reading::default();
    for group in packet.groups() {
        if let Some(time) = group.value("DataTime") {
            at = data_time(time).map(start);
        }
        for item in group.items() {
            let Some((factor, statistic)) = measured(&item, kind) else { continue };
            let Some(value) = item.number() else { continue };
            at = at.or_else(|| the_only_time(packet).map(start));
            let Some(at) = at else {
                reading.timeless += 1;
                continue;
            };
            let flag = flag_of(group, &item);
            let scale = device.scales.get(&*factor).filter(|_| statistic.has_the_unit());
            let (value, text) = match scale {
                Some(scale) => converted(value, *scale),
                None => (value, item.text().trim().to_owned()),
            };
            reading.observations.push(Observation {
                series: Series { station: device.station.clone(), factor: factor.into_owned(), kind, statistic },
                at,
                period_s: period,
                value,
                text,
                flag,
                reviewed: None,
            });
        }
    }
    reading
}

/// A value in the unit in which its factor is stored. Twelve digits are more than an instrument has: what binary fractions add behind them goes.
fn converted(value: f64, scale: f64) -> (f64, String) {
    let value = value * scale;
    let value = format!("{value:.11e}").parse().unwrap_or(value);
    (value, value.to_string())
}

/// The one `DataTime` of a packet, which some devices write behind the values; `None` where there are several, or none that can be read.
fn the_only_time(packet: &Packet<'_>) -> Option<Timestamp> {
    let mut times = packet.groups().filter_map(|group| group.value("DataTime"));
    let only = times.next()?;
    data_time(only).filter(|_| times.next().is_none())
}

/// The mark that stands beside a value in its group.
fn flag_of(group: Group<'_>, item: &Item<'_>) -> Option<String> {
    let factor = item.factor().map_or(item.key, |(factor, _)| factor);
    let of_it = |other: &Item<'_>| {
        other
            .factor()
            .is_some_and(|(of, suffix)| of.eq_ignore_ascii_case(factor) && suffix.eq_ignore_ascii_case("Flag"))
    };
    group.items().find(of_it).map(|flag| {
        let mark = flag.text().trim().to_owned();
        // Marks are single capitals; a small one means the same.
        if mark.len() == 1 { mark.to_ascii_uppercase() } else { mark }
    })
}

/// Factor and statistic of an item. Keys without a suffix (`FANSTATUS=1`) are taken as values of their own in real-time data.
fn measured<'a>(item: &Item<'a>, kind: Kind) -> Option<(Cow<'a, str>, Statistic)> {
    match item.measured() {
        Some((factor, suffix)) => Some((factor, Statistic::from_suffix(suffix)?)),
        None if kind == Kind::Realtime
            && !["DataTime", "PolId", "QN", "BeginTime", "EndTime"]
                .iter()
                .any(|name| name.eq_ignore_ascii_case(item.key)) =>
        {
            Some((hj212::factor_code(item.key), Statistic::Rtd))
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
    use std::collections::BTreeMap;

    use hj212::{Event, Flag, Message, Mode, packets};
    use test_case::test_case;

    use super::*;

    fn device(stamped: Stamped) -> Device {
        Device { stamped, ..Device::new("M1", "123456", "ZD2020001", "测试站", "water") }
    }

    fn values(message: &Message, device: &Device) -> Vec<Observation> {
        let bytes = message.encode().unwrap();
        match packets(&bytes, Mode::Tolerant).next() {
            Some(Event::Packet { packet, .. }) => super::read(&packet, device, None).observations,
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
        let found = values(&message, &device(stamped));
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].at.to_string(), at);
        assert_eq!(found[0].text, "7.64");
        assert_eq!(found[0].flag.as_deref(), Some("N"));
    }

    #[test]
    fn a_value_is_stored_in_the_unit_of_its_factor() {
        let device = Device {
            scales: BTreeMap::from([("a34004".to_owned(), 1000.0), ("a21005".to_owned(), 0.001)]),
            ..device(Stamped::Start)
        };
        let message = Message::new("22", "2061", "M1", Flag(5)).group([("DataTime", "20240601080000")]).group([
            ("a34004-Avg", "0.0351"),
            ("a34004-Cou", "12.5"),
            ("a21005-Avg", "700"),
            ("a34002-Avg", "62.0"),
        ]);
        let found = values(&message, &device);
        let seen: Vec<_> = found.iter().map(|value| (value.value, value.text.as_str())).collect();
        assert_eq!(
            seen,
            [(35.1, "35.1"), (12.5, "12.5"), (0.7, "0.7"), (62.0, "62.0")],
            "totals have units of their own"
        );
    }

    #[test]
    fn a_second_data_time_begins_a_new_block() {
        let message = Message::new("21", "2061", "M1", Flag(5))
            .group([("DataTime", "20240101000000")])
            .group([("w01001-Avg", "7"), ("w01001-Max", "8"), ("w01001-Flag", "D")])
            .group([("DataTime", "20240101010000")])
            .group([("w01001-Avg", "7.1"), ("w01009-Info", "text")]);
        let found = values(&message, &device(Stamped::Start));
        let seen: Vec<_> =
            found.iter().map(|o| (o.series.statistic, o.value, o.flag.as_deref(), o.at.to_string())).collect();
        assert_eq!(
            seen,
            [
                (Statistic::Avg, 7.0, Some("D"), "2023-12-31T16:00:00Z".to_owned()),
                (Statistic::Max, 8.0, Some("D"), "2023-12-31T16:00:00Z".to_owned()),
                (Statistic::Avg, 7.1, None, "2023-12-31T17:00:00Z".to_owned()),
            ]
        );
    }

    fn sent(groups: &[&[(&str, &str)]]) -> Message {
        groups
            .iter()
            .fold(Message::new("21", "2011", "M1", Flag(5)), |message, group| message.group(group.iter().copied()))
    }

    #[test]
    fn one_factor_is_one_series_however_it_is_written() {
        let message = sent(&[
            &[("datatime", "2024-06-01 08:00:00")],
            &[("W01001-RTD", "7.2"), ("W01001-FLAG", "D")],
            &[("W21003", "0.4")],
        ]);
        let found = values(&message, &device(Stamped::Start));
        let seen: Vec<_> = found
            .iter()
            .map(|o| (o.series.factor.as_str(), o.series.statistic, o.text.as_str(), o.flag.as_deref()))
            .collect();
        assert_eq!(seen, [("w01001", Statistic::Rtd, "7.2", Some("D")), ("w21003", Statistic::Rtd, "0.4", None)]);
    }

    #[test]
    fn nines_below_zero_are_no_value_and_a_small_mark_is_a_mark() {
        let message = sent(&[
            &[("DataTime", "20240601080000")],
            &[("w21003-Rtd", "-999"), ("w21003-Flag", "N")],
            &[("w01001-Rtd", "7.2"), ("w01001-Flag", "n")],
        ]);
        let found = values(&message, &device(Stamped::Start));
        let seen: Vec<_> = found.iter().map(|o| (o.series.factor.as_str(), o.flag.as_deref(), o.is_valid())).collect();
        assert_eq!(seen, [("w01001", Some("N"), true)]);
    }

    #[test]
    fn values_without_a_time_are_counted() {
        let timeless = |message: &Message, begun| {
            let bytes = message.encode().unwrap();
            let Some(Event::Packet { packet, .. }) = packets(&bytes, Mode::Tolerant).next() else { panic!("good") };
            let reading = super::read(&packet, &device(Stamped::Start), begun);
            (reading.observations.len(), reading.timeless)
        };
        let lost = sent(&[&[("DataTime", "soon")], &[("w01001-Rtd", "7.2")], &[("w01009-Rtd", "-")]]);
        assert_eq!(timeless(&lost, None), (0, 1));
        let behind = sent(&[&[("w01001-Rtd", "7.2")], &[("DataTime", "20240601080000")]]);
        assert_eq!(timeless(&behind, None), (1, 0), "its time stands behind it");
        let part = sent(&[&[("w01001-Rtd", "7.2")], &[("w01009-Rtd", "6.9")]]);
        assert_eq!(timeless(&part, None), (0, 2));
        assert_eq!(timeless(&part, Some("2024-06-01T00:00:00Z".parse().unwrap())), (2, 0), "a later part of a message");
    }
}
