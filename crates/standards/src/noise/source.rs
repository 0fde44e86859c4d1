//! Noise of a source at its boundary (GB 12348-2008, GB 12523): background taken off, single events at night, rooms inside.

use serde::Serialize;

use super::{DecibelA, NoiseLimit, NoiseZone, Period};

/// Why a measured level is not a level of the source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BackgroundFault {
    /// The background must be lowered first.
    #[error(
        "the background is less than 3 dB(A) below the measured level: lower it and measure again (GB 12523 clause 5.7)"
    )]
    TooLoud,
}

/// The level of a source without its background, dB(A): the difference is rounded to a whole number first (GB 12523 clause 5.7).
///
/// # Errors
/// [`BackgroundFault`] where the difference is less than 3.
pub fn without_background(measured: DecibelA, background: DecibelA) -> Result<DecibelA, BackgroundFault> {
    let correction = match (measured.value() - background.value()).round() {
        difference if difference > 10.0 => 0.0,
        difference if difference >= 6.0 => 1.0,
        difference if difference >= 4.0 => 2.0,
        difference if difference >= 3.0 => 3.0,
        _ => return Err(BackgroundFault::TooLoud),
    };
    // A level that stands 3 dB above another is not below 3.
    DecibelA::new(measured.value() - correction).ok_or(BackgroundFault::TooLoud)
}

/// Whether noise may be measured: no rain, snow or thunder, wind below 5 m/s (GB 12348 clause 5.2.1, GB 12523 clause 5.2).
#[must_use]
pub fn weather_allows(precipitation: bool, thunder: bool, wind: f64) -> bool {
    !precipitation && !thunder && wind < 5.0
}

/// Whether a meter held its calibration over a measurement: at most 0.5 dB apart (GB 12348 clause 5.1.2).
#[must_use]
pub fn calibration_holds(before: DecibelA, after: DecibelA) -> bool {
    // Meters print tenths; a difference of floats is not exactly one.
    (before.value() - after.value()).abs() < 0.55
}

/// Where a single event of the night is heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SuddenNoise {
    /// 突发噪声 in a functional zone (GB 3096-2008, allowance unverified).
    Zone,
    /// 夜间频发噪声 of a factory (GB 12348 clause 4.1.2).
    FactoryFrequent,
    /// 夜间偶发噪声 of a factory (GB 12348 clause 4.1.3).
    FactoryOccasional,
    /// Of a building site (GB 12523 clause 4.2).
    Site,
}

impl SuddenNoise {
    /// The largest level that a single event of the night may reach: the limit of the night with its allowance.
    #[must_use]
    pub fn highest(self, limit: &NoiseLimit) -> u8 {
        let allowance = if self == Self::FactoryFrequent { 10 } else { 15 };
        limit.of(Period::Night) + allowance
    }
}

/// A room into which structure-borne noise comes (GB 12348-2008 table 2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub enum Room {
    /// A: bedrooms and the like.
    A,
    /// B: living rooms, offices.
    B,
}

/// Limit of structure-borne noise in a room, dB(A) (GB 12348-2008 table 2).
#[must_use]
pub fn indoor_limit(zone: NoiseZone, room: Room, period: Period) -> u8 {
    let (day, night) = match (zone, room) {
        (NoiseZone::Zone0, _) | (NoiseZone::Zone1, Room::A) => (40, 30),
        (NoiseZone::Zone1, Room::B) | (_, Room::A) => (45, 35),
        (_, Room::B) => (50, 40),
    };
    if period == Period::Day { day } else { night }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use test_case::test_case;

    use super::*;

    fn db(level: f64) -> DecibelA {
        DecibelA::new(level).unwrap()
    }

    #[test_case(70.0, 57.0, Ok(70.0); "13 below")]
    #[test_case(70.0, 59.4, Ok(70.0); "10.6 is 11")]
    #[test_case(70.0, 59.6, Ok(69.0); "10.4 is 10")]
    #[test_case(70.0, 64.0, Ok(69.0); "6 below")]
    #[test_case(70.0, 65.0, Ok(68.0); "5 below")]
    #[test_case(70.0, 66.0, Ok(68.0); "4 below")]
    #[test_case(70.0, 67.4, Ok(67.0); "2.6 is 3")]
    #[test_case(70.0, 67.6, Err(BackgroundFault::TooLoud); "2.4 is 2")]
    fn background_is_taken_off(measured: f64, background: f64, expected: Result<f64, BackgroundFault>) {
        let found = without_background(db(measured), db(background));
        assert_eq!(found.map(DecibelA::value), expected);
    }

    #[test]
    fn a_single_event_may_be_louder_by_its_allowance() {
        let site = NoiseLimit::of_site(date(2020, 1, 1)).unwrap();
        let factory = NoiseLimit::of_factory(NoiseZone::Zone2).unwrap();
        assert_eq!(SuddenNoise::Site.highest(site), 70);
        assert_eq!(
            [SuddenNoise::FactoryFrequent, SuddenNoise::FactoryOccasional].map(|kind| kind.highest(factory)),
            [60, 65]
        );
        assert_eq!(SuddenNoise::Zone.highest(NoiseLimit::of_zone(NoiseZone::Zone4b).unwrap()), 75);
    }

    #[test]
    fn rooms_have_the_limits_of_table_2() {
        let pair = |zone, room| [Period::Day, Period::Night].map(|period| indoor_limit(zone, room, period));
        assert_eq!([pair(NoiseZone::Zone0, Room::A), pair(NoiseZone::Zone0, Room::B)], [[40, 30], [40, 30]]);
        assert_eq!([pair(NoiseZone::Zone1, Room::A), pair(NoiseZone::Zone1, Room::B)], [[40, 30], [45, 35]]);
        for zone in [NoiseZone::Zone2, NoiseZone::Zone3, NoiseZone::Zone4a] {
            assert_eq!([pair(zone, Room::A), pair(zone, Room::B)], [[45, 35], [50, 40]]);
        }
    }

    #[test_case(false, false, 4.9, true)]
    #[test_case(false, false, 5.0, false; "wind at five")]
    #[test_case(true, false, 0.0, false; "rain")]
    #[test_case(false, true, 0.0, false; "thunder")]
    fn weather(rain: bool, thunder: bool, wind: f64, allowed: bool) {
        assert_eq!(weather_allows(rain, thunder, wind), allowed);
    }

    #[test]
    fn a_meter_may_drift_by_half_a_decibel() {
        let holds = |before, after| calibration_holds(db(before), db(after));
        assert!(holds(94.0, 93.5) && holds(93.8, 94.3) && !holds(94.0, 93.4));
    }
}
