//! Measured quantities with their unit in the type, and what an analysis can say besides a number: not detected, not valid.
//!
//! A concentration in mg/m³ cannot be compared with a limit in µg/m³: it does not compile. Conversions that exist are written once ([`Converts`]).

use std::fmt;
use std::hash::Hash;
use std::marker::PhantomData;

use crate::cell::{self, CellFault};
use crate::rounding::Rational;

/// A unit of measurement.
pub trait Unit: fmt::Debug + Copy + Ord + Hash {
    /// As printed: `µg/m³`.
    const SYMBOL: &'static str;
}

/// A unit whose numbers can be told in another one by a factor.
pub trait Converts<To: Unit>: Unit {
    /// One of this unit in the other, as numerator and denominator.
    const FACTOR: (i128, i128);
}

macro_rules! units {
    ($($(#[$doc:meta])* $name:ident $symbol:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name;
        impl Unit for $name {
            const SYMBOL: &'static str = $symbol;
        }
    )*};
}

units! {
    /// Micrograms in a cubic metre: air.
    MicrogramPerCubicMetre "µg/m³";
    /// Milligrams in a cubic metre: carbon monoxide, flue gas.
    MilligramPerCubicMetre "mg/m³";
    /// Milligrams in a litre: water.
    MilligramPerLitre "mg/L";
    /// Micrograms in a litre: metals in water.
    MicrogramPerLitre "µg/L";
    /// Acidity, without a dimension.
    Ph "";
    /// Parts of a hundred: oxygen in flue gas.
    Percent "%";
    /// Absolute temperature.
    Kelvin "K";
    /// Pressure.
    HectoPascal "hPa";
    /// Light lost on a metre of exhaust gas: smoke of machinery.
    PerMetre "m⁻¹";
    /// Power of an engine.
    Kilowatt "kW";
    /// Volume: what a sewage plant lets go in an hour.
    CubicMetre "m³";
}

impl Converts<MicrogramPerCubicMetre> for MilligramPerCubicMetre {
    const FACTOR: (i128, i128) = (1000, 1);
}
impl Converts<MilligramPerCubicMetre> for MicrogramPerCubicMetre {
    const FACTOR: (i128, i128) = (1, 1000);
}
impl Converts<MilligramPerLitre> for MicrogramPerLitre {
    const FACTOR: (i128, i128) = (1, 1000);
}
impl Converts<MicrogramPerLitre> for MilligramPerLitre {
    const FACTOR: (i128, i128) = (1000, 1);
}

/// An exact number of a unit.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Quantity<U> {
    value: Rational,
    unit: PhantomData<U>,
}

impl<U: Unit> Quantity<U> {
    /// So much of the unit.
    #[must_use]
    pub const fn of(value: Rational) -> Self {
        Self { value, unit: PhantomData }
    }

    /// A whole number of the unit.
    #[must_use]
    pub fn whole(number: i64) -> Self {
        Self::of(Rational::whole(number))
    }

    /// The number.
    #[must_use]
    pub const fn value(self) -> Rational {
        self.value
    }

    /// The same in another unit; `None` on overflow.
    #[must_use]
    pub fn to<V: Unit>(self) -> Option<Quantity<V>>
    where
        U: Converts<V>,
    {
        let (top, bottom) = U::FACTOR;
        self.value.checked_mul(Rational::new(top, bottom)?).map(Quantity::of)
    }

    /// So many times as much; `None` on overflow.
    #[must_use]
    pub fn times(self, factor: Rational) -> Option<Self> {
        self.value.checked_mul(factor).map(Self::of)
    }

    /// How many times as much as another; `None` against zero.
    #[must_use]
    pub fn over(self, other: Self) -> Option<Rational> {
        self.value.checked_div(other.value)
    }

    /// Arithmetic mean; `None` of none.
    #[must_use]
    pub fn mean(values: impl IntoIterator<Item = Self>) -> Option<Self> {
        Rational::mean(values.into_iter().map(Self::value)).map(Self::of)
    }

    /// Rounded by GB/T 8170 to so many decimals, with its unit.
    #[must_use]
    pub fn text(self, digits: u32) -> Option<String> {
        Some(format!("{} {}", self.value.fixed_text(digits)?, U::SYMBOL).trim_end().to_owned())
    }
}

impl<U: Unit> fmt::Debug for Quantity<U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{} {}", self.value.numerator(), self.value.denominator(), U::SYMBOL)
    }
}

/// Why a value does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Invalidity {
    /// The instrument was being looked after or calibrated (维护, 校准).
    Maintenance,
    /// The instrument was out of order (故障).
    Fault,
    /// Above what the instrument can measure (超量程).
    OverRange,
    /// The source stood still (停运): nothing to judge.
    Stopped,
    /// Too few values for the period.
    TooFew,
    /// Measured in rain, snow, thunder or a wind of 5 m/s and more (noise).
    Weather,
}

/// What a measurement says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading<U: Unit> {
    /// So much.
    Measured(Quantity<U>),
    /// 未检出: less than the method can find.
    NotDetected {
        /// Limit of detection.
        limit: Quantity<U>,
    },
    /// Not valid: it is kept, and never counts.
    NotValid(Invalidity),
}

impl<U: Unit> Reading<U> {
    /// What goes into means and indexes: the value, half of the limit of detection (环办〔2011〕22号, unverified), or nothing.
    #[must_use]
    pub fn counted(self) -> Option<Quantity<U>> {
        match self {
            Self::Measured(value) => Some(value),
            Self::NotDetected { limit } => limit.times(Rational::new(1, 2)?),
            Self::NotValid(_) => None,
        }
    }

    /// Whether it is above a limit. What was not detected is not.
    #[must_use]
    pub fn exceeds(self, limit: Quantity<U>) -> Option<bool> {
        match self {
            Self::Measured(value) => Some(value > limit),
            Self::NotDetected { .. } => Some(false),
            Self::NotValid(_) => None,
        }
    }

    /// Reads a laboratory's cell: `0.42`; `0.025L` or `<0.025` for less than a limit of detection; nothing for an empty cell or a word for a missing
    /// value (see [`cell::number`]).
    ///
    /// # Errors
    /// [`CellFault`] for anything else, `ND` without its limit among them.
    pub fn parse(text: &str) -> Result<Option<Self>, CellFault> {
        let plain = cell::plain(text);
        let below = plain.strip_suffix(['L', 'l']).or_else(|| plain.strip_prefix('<'));
        if let Some(limit) = below.and_then(|limit| cell::number(limit).ok().flatten()) {
            return Ok(Some(Self::NotDetected { limit: Quantity::of(limit) }));
        }
        Ok(cell::number(text)?.map(|value| Self::Measured(Quantity::of(value))))
    }
}

#[cfg(test)]
mod tests {
    use test_case::test_case;

    use super::*;

    type Water = Reading<MilligramPerLitre>;

    fn of<U: Unit>(text: &str) -> Quantity<U> {
        Quantity::of(text.parse().unwrap())
    }

    #[test]
    fn units_convert_where_they_can() {
        let carbon_monoxide: Quantity<MilligramPerCubicMetre> = of("1.25");
        assert_eq!(carbon_monoxide.to::<MicrogramPerCubicMetre>(), Some(Quantity::whole(1250)));
        assert_eq!(of::<MicrogramPerLitre>("50").to(), Some(of::<MilligramPerLitre>("0.05")));
        assert_eq!(of::<MilligramPerLitre>("0.21").over(of("0.2")), Rational::new(21, 20));
        assert_eq!(carbon_monoxide.text(1).as_deref(), Some("1.2 mg/m³"), "half to even");
        assert_eq!(of::<Ph>("7.25").text(1).as_deref(), Some("7.2"));
    }

    #[test_case("0.42", Some("0.42"), Some(false); "measured")]
    #[test_case("0.5", Some("0.5"), Some(false); "at the limit")]
    #[test_case("0.51", Some("0.51"), Some(true); "above")]
    #[test_case("0.025L", Some("0.0125"), Some(false); "below detection as laboratories write it")]
    #[test_case("<2", Some("1"), Some(false); "below a detection that is above the limit")]
    fn a_cell_is_read(cell: &str, counted: Option<&str>, exceeds: Option<bool>) {
        let reading = Water::parse(cell).unwrap().unwrap();
        assert_eq!(reading.counted(), counted.map(of));
        assert_eq!(reading.exceeds(of("0.5")), exceeds);
    }

    #[test]
    fn what_is_not_valid_counts_for_nothing() {
        let reading = Water::NotValid(Invalidity::Fault);
        assert_eq!((reading.counted(), reading.exceeds(of("0.5"))), (None, None));
        assert_eq!((Water::parse(" "), Water::parse("NA")), (Ok(None), Ok(None)));
        assert_eq!(Water::parse("＜０．４").unwrap().and_then(Water::counted), Some(of("0.2")), "full width");
        for nonsense in ["L", "<", "ND", "<LOD", ">20", "0.1 mg", "NAL"] {
            assert!(Water::parse(nonsense).is_err(), "{nonsense}");
        }
    }
}
