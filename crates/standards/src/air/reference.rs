//! Concentrations at the reference state (参比状态): 298.15 K and 1013.25 hPa for gases since the amendment of 2018 (GB 3095-2026 clause 3.14); particles as
//! they are at the temperature and pressure of the moment.

use jiff::civil::{Date, date};

use super::Item;
use crate::quantity::{HectoPascal, Kelvin, MicrogramPerCubicMetre, Quantity};
use crate::rounding::Rational;

/// State of the air in which a concentration is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AirState {
    /// Absolute temperature.
    pub temperature: Quantity<Kelvin>,
    /// Pressure.
    pub pressure: Quantity<HectoPascal>,
}

impl AirState {
    fn of(hundredths_of_kelvin: i64) -> Option<Self> {
        Some(Self {
            temperature: Quantity::of(Rational::scaled(hundredths_of_kelvin, 2)?),
            pressure: Quantity::of(Rational::scaled(101_325, 2)?),
        })
    }

    /// The state in which gases are told on a day: 273.15 K (标准状态) before 2018-09-01, since then 298.15 K.
    ///
    /// The day of the amendment is from memory; the reference gives the year alone.
    #[must_use]
    pub fn in_force_on(day: Date) -> Option<Self> {
        Self::of(if day < date(2018, 9, 1) { 27_315 } else { 29_815 })
    }
}

/// A concentration told in another state of the air, by the gas law; particles stay as they are. `None` for a temperature or pressure of zero.
#[must_use]
pub fn at_state(
    item: Item,
    measured: Quantity<MicrogramPerCubicMetre>,
    (from, to): (AirState, AirState),
) -> Option<Quantity<MicrogramPerCubicMetre>> {
    if matches!(item, Item::Pm10 | Item::Pm25) {
        return Some(measured);
    }
    measured.times(from.temperature.over(to.temperature)?)?.times(to.pressure.over(from.pressure)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gas_fills_more_room_when_it_is_warmer() {
        let state = |day| AirState::in_force_on(day).unwrap();
        let change = (state(date(2018, 8, 31)), state(date(2018, 9, 1)));
        let converted = |item| at_state(item, Quantity::whole(100), change).and_then(|value| value.text(2)).unwrap();
        assert_eq!(converted(Item::O3), "91.61 µg/m³", "273.15 over 298.15");
        assert_eq!(converted(Item::Pm25), "100.00 µg/m³");
    }

    #[test]
    fn a_measurement_on_a_mountain_is_told_at_the_pressure_of_the_sea() {
        let mountain = AirState {
            temperature: Quantity::of("298.15".parse().unwrap()),
            pressure: Quantity::of("810.6".parse().unwrap()),
        };
        let reference = AirState::in_force_on(date(2026, 1, 1)).unwrap();
        assert_eq!(at_state(Item::So2, Quantity::whole(80), (mountain, reference)), Some(Quantity::whole(100)));
        let nothing = AirState { pressure: Quantity::whole(0), ..mountain };
        assert_eq!(at_state(Item::So2, Quantity::whole(80), (nothing, reference)), None);
    }
}
