//! GB/T 8170: half to even, once, on the exact value; never on a binary fraction.

use std::{cmp::Ordering, fmt, str::FromStr};

/// An exact fraction with a positive denominator, in lowest terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rational {
    numerator: i128,
    denominator: i128,
}

/// A text that is no decimal number, or one of more digits than can be counted exactly.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("“{found}” is not a decimal number of at most 18 digits, like 12.5")]
pub struct NotADecimal {
    /// What was given.
    pub found: String,
}

impl Rational {
    /// Nought.
    pub const ZERO: Self = Self { numerator: 0, denominator: 1 };

    /// A fraction; `None` for a denominator of nought.
    #[must_use]
    pub fn new(numerator: i128, denominator: i128) -> Option<Self> {
        if denominator == 0 {
            return None;
        }
        let divisor = gcd(numerator.unsigned_abs(), denominator.unsigned_abs());
        let divisor = i128::try_from(divisor).ok()?.max(1) * denominator.signum();
        Some(Self { numerator: numerator / divisor, denominator: denominator / divisor })
    }

    /// A whole number.
    #[must_use]
    pub fn whole(number: i64) -> Self {
        Self { numerator: number.into(), denominator: 1 }
    }

    /// Numerator.
    #[must_use]
    pub fn numerator(self) -> i128 {
        self.numerator
    }

    /// Denominator, positive.
    #[must_use]
    pub fn denominator(self) -> i128 {
        self.denominator
    }

    /// The nearest number with `digits` decimals as a whole number of its last place, half to even.
    #[must_use]
    pub fn rounded(self, digits: u32) -> i128 {
        let scaled = self.numerator * 10i128.pow(digits);
        let (quotient, remainder) = (scaled.div_euclid(self.denominator), scaled.rem_euclid(self.denominator));
        match (2 * remainder).cmp(&self.denominator) {
            Ordering::Less => quotient,
            Ordering::Greater => quotient + 1,
            Ordering::Equal => quotient + quotient.rem_euclid(2),
        }
    }

    /// The smallest whole number that is not smaller.
    #[must_use]
    pub fn ceil(self) -> i128 {
        -(-self.numerator).div_euclid(self.denominator)
    }

    /// Nearest binary fraction, for drawing only.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "for drawing")]
    pub fn to_f64(self) -> f64 {
        self.numerator as f64 / self.denominator as f64
    }

    /// Sum; `None` on overflow.
    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        let left = self.numerator.checked_mul(other.denominator)?;
        let right = other.numerator.checked_mul(self.denominator)?;
        Self::new(left.checked_add(right)?, self.denominator.checked_mul(other.denominator)?)
    }

    /// Difference; `None` on overflow.
    #[must_use]
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.checked_add(Self { numerator: other.numerator.checked_neg()?, ..other })
    }

    /// Quotient; `None` for a divisor of nought or on overflow.
    #[must_use]
    pub fn checked_div(self, other: Self) -> Option<Self> {
        Self::new(self.numerator.checked_mul(other.denominator)?, self.denominator.checked_mul(other.numerator)?)
    }
}

impl PartialOrd for Rational {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Rational {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.numerator * other.denominator).cmp(&(other.numerator * self.denominator))
    }
}

impl FromStr for Rational {
    type Err = NotADecimal;

    /// Reads decimal text: sign, digits, point, digits; at most eighteen digits.
    fn from_str(text: &str) -> Result<Self, NotADecimal> {
        let fault = || NotADecimal { found: text.to_owned() };
        let trimmed = text.trim();
        let digits = trimmed.strip_prefix(['-', '+']).unwrap_or(trimmed);
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let count = whole.len() + fraction.len();
        if count == 0 || count > 18 || !whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit()) {
            return Err(fault());
        }
        let number: i128 = format!("{whole}{fraction}").parse().map_err(|_| fault())?;
        let sign = if trimmed.starts_with('-') { -1 } else { 1 };
        let places = u32::try_from(fraction.len()).map_err(|_| fault())?;
        Self::new(sign * number, 10i128.pow(places)).ok_or_else(fault)
    }
}

/// A number that can be rounded exactly: a [`Rational`], or decimal text.
pub trait Exact {
    /// The exact value.
    ///
    /// # Errors
    /// [`NotADecimal`] for text that is no decimal number.
    fn exact(&self) -> Result<Rational, NotADecimal>;
}

impl Exact for Rational {
    fn exact(&self) -> Result<Rational, NotADecimal> {
        Ok(*self)
    }
}

impl Exact for str {
    fn exact(&self) -> Result<Rational, NotADecimal> {
        self.parse()
    }
}

impl Exact for &str {
    fn exact(&self) -> Result<Rational, NotADecimal> {
        self.parse()
    }
}

/// A number rounded half to even (GB/T 8170), as decimal text with exactly `digits` decimals; never “-0”.
///
/// # Errors
/// [`NotADecimal`] for text that is no decimal number.
pub fn half_even(value: impl Exact, digits: u32) -> Result<String, NotADecimal> {
    Ok(Fixed { units: value.exact()?.rounded(digits), digits }.to_string())
}

/// A whole number of the last of `digits` decimals, written as a decimal.
pub(crate) struct Fixed {
    pub(crate) units: i128,
    pub(crate) digits: u32,
}

impl fmt::Display for Fixed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.units < 0 { "-" } else { "" };
        let (scale, units) = (10u128.pow(self.digits), self.units.unsigned_abs());
        if self.digits == 0 {
            return write!(f, "{sign}{units}");
        }
        write!(f, "{sign}{}.{:0width$}", units / scale, units % scale, width = self.digits as usize)
    }
}

fn gcd(mut a: u128, mut b: u128) -> u128 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::table::Table;

    #[test]
    fn the_examples_of_gbt_8170_hold() {
        let table = Table::read(include_str!("../data/gbt8170_examples.tsv"));
        assert_eq!(table.rows().count(), 10);
        for row in table.rows() {
            let digits = row.get("places").parse().unwrap();
            assert_eq!(half_even(row.get("input"), digits).unwrap(), row.get("output"), "{}", row.get("input"));
        }
    }

    #[test]
    fn nought_has_no_sign_and_nonsense_is_refused() {
        assert_eq!(half_even("-0.4", 0).unwrap(), "0");
        assert_eq!(half_even("-0.04", 1).unwrap(), "0.0");
        assert_eq!(half_even(Rational::new(-1, 3).unwrap(), 2).unwrap(), "-0.33");
        for nonsense in ["", "-", ".", "1e5", "NaN", "1.2.3", "１", "12345678901234567890"] {
            assert!(half_even(nonsense, 1).is_err(), "{nonsense}");
        }
    }

    proptest! {
        #[test]
        fn rounding_is_idempotent_and_off_by_half_at_most(units in -10_000_000i64..10_000_000, digits in 0u32..4) {
            let value = Rational::new(units.into(), 10_000).unwrap();
            let once = half_even(value, digits).unwrap();
            prop_assert_eq!(&half_even(once.as_str(), digits).unwrap(), &once);
            let off = once.parse::<Rational>().unwrap().checked_sub(value).unwrap();
            prop_assert!(2 * off.numerator().abs() * 10i128.pow(digits) <= off.denominator());
        }

        #[test]
        fn rounding_keeps_the_order(a in -100_000i64..100_000, b in -100_000i64..100_000) {
            let (low, high) = (a.min(b), a.max(b));
            let round = |units: i64| Rational::new(units.into(), 1000).unwrap().rounded(1);
            prop_assert!(round(low) <= round(high));
        }
    }
}
