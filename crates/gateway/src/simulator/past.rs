//! What simulated stations measured before anybody listened, as hours: so that a demonstration has a year to look back on. Pure.

use bilan_telemetry::{Device, Kind, Observation, Series};
use jiff::{SignedDuration, Timestamp};

use super::SimulatedDevice;
use super::profile::{Factor, factors};

/// Hours from one value to the next, by kind of station: rivers are sampled every four hours. Kinds of which nobody asks for a year have none.
fn step(kind: &str) -> Option<i64> {
    match kind {
        "air" | "noise" => Some(1),
        "water" => Some(4),
        _ => None,
    }
}

/// Whether a factor of the past is kept: what stations are judged by.
fn is_judged(kind: &str, factor: &Factor) -> bool {
    match kind {
        "air" => !factor.code.starts_with("a01"),
        "noise" => factor.code == "Leq",
        _ => true,
    }
}

/// The hours `from..to` of a station, in the order of time; `from` is a full hour.
pub fn past(device: &Device, (from, to): (Timestamp, Timestamp)) -> impl Iterator<Item = Observation> {
    let simulated = SimulatedDevice::from(device);
    let (kind, station) = (device.kind.clone(), device.station.clone());
    let step = step(&kind).map_or(SignedDuration::MAX, SignedDuration::from_hours);
    let beginning = (step != SignedDuration::MAX).then_some(from);
    let instants = std::iter::successors(beginning, move |at| at.checked_add(step).ok());
    instants.take_while(move |at| *at < to).flat_map(move |at| {
        let judged = factors(&kind).iter().filter(|factor| is_judged(&kind, factor));
        let middle = at.saturating_add(SignedDuration::from_mins(30)).unwrap_or(at);
        let hour = |factor: &Factor| {
            let text = factor.value(simulated.seed, middle, false);
            let value = text.parse().ok()?;
            let series = Series::main(&station, factor.code, Kind::Hour);
            Some(Observation { series, at, period_s: 3600, value, text, flag: Some("N".to_owned()), reviewed: None })
        };
        judged.filter_map(hour).collect::<Vec<_>>()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_back_has_what_each_kind_is_judged_by() {
        let from: Timestamp = "2026-01-01T00:00:00+08:00".parse().unwrap();
        let span = (from, from + SignedDuration::from_hours(24));
        for (kind, values) in [("air", 6 * 24), ("noise", 24), ("water", 9 * 6), ("power", 0)] {
            let device = Device::new("MN", "123456", "ZD-1", "站", kind);
            let hours: Vec<_> = past(&device, span).collect();
            assert_eq!(hours.len(), values, "{kind}");
            assert!(hours.iter().all(|hour| hour.at >= span.0 && hour.at < span.1 && hour.is_valid()));
        }
    }
}
