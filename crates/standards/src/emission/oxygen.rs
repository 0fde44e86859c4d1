//! Conversion to the reference oxygen: dilution must not help (GB 13271-2014 clause 5.2, formula 1).

use super::FlueGas;
use crate::quantity::{Percent, Quantity};
use crate::rounding::Rational;

/// Oxygen of the air, per cent, as the formula takes it.
const AIR: i64 = 21;

/// From which measured oxygen a conversion is not to be believed: near 21 % the factor explodes, when a boiler starts, stops or does not burn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OxygenGuard {
    /// The highest oxygen that is converted with; above it, with this.
    pub highest: Quantity<Percent>,
}

impl Default for OxygenGuard {
    /// 19 %: a setting of the product, not of the standard.
    fn default() -> Self {
        Self { highest: Quantity::whole(19) }
    }
}

/// A converted concentration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Converted {
    /// At the reference oxygen.
    pub value: FlueGas,
    /// The measured oxygen was above the guard, so the value is not one to judge by.
    pub clamped: bool,
}

/// C · (21 − reference) / (21 − measured); `None` where the guard itself is at 21 % or above.
#[must_use]
pub fn at_reference_oxygen(
    measured: FlueGas,
    oxygen: Quantity<Percent>,
    reference: Quantity<Percent>,
    guard: OxygenGuard,
) -> Option<Converted> {
    let clamped = oxygen > guard.highest;
    let oxygen = oxygen.min(guard.highest);
    let left = |oxygen: Quantity<Percent>| Rational::whole(AIR).checked_sub(oxygen.value());
    let rest = left(oxygen).filter(|rest| *rest > Rational::ZERO)?;
    Some(Converted { value: measured.times(left(reference)?.checked_div(rest)?)?, clamped })
}

#[cfg(test)]
mod tests {
    use test_case::test_case;

    use super::super::Boiler;
    use super::*;

    #[test_case(Boiler::Gas, "60", "6.0", "70.00", false; "the example of the reference for gas")]
    #[test_case(Boiler::Coal, "20", "12", "26.67", false; "the example of the reference for coal")]
    #[test_case(Boiler::Gas, "60", "3.5", "60.00", false; "at the reference nothing changes")]
    #[test_case(Boiler::Gas, "10", "19", "87.50", false; "at the guard")]
    #[test_case(Boiler::Gas, "10", "20.5", "87.50", true; "near the oxygen of air")]
    #[test_case(Boiler::Gas, "10", "21", "87.50", true; "no combustion")]
    fn dilution_does_not_help(boiler: Boiler, measured: &str, oxygen: &str, expected: &str, clamped: bool) {
        let (measured, oxygen) = (FlueGas::of(measured.parse().unwrap()), Quantity::of(oxygen.parse().unwrap()));
        let found = at_reference_oxygen(measured, oxygen, boiler.reference_oxygen(), OxygenGuard::default()).unwrap();
        assert_eq!(found.value.text(2).unwrap(), format!("{expected} mg/m³"));
        assert_eq!(found.clamped, clamped);
    }

    #[test]
    fn a_guard_at_the_oxygen_of_air_guards_nothing() {
        let guard = OxygenGuard { highest: Quantity::whole(21) };
        assert_eq!(at_reference_oxygen(FlueGas::whole(1), Quantity::whole(21), Quantity::whole(9), guard), None);
    }
}
