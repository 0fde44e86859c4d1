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

    /// One.
    pub const ONE: Self = Self { numerator: 1, denominator: 1 };

    /// A fraction; `None` for a denominator of zero.
    #[must_use]
    pub fn new(numerator: i128, denominator: i128) -> Option<Self> {
        if denominator == 1 {
            return Some(Self { numerator, denominator });
        }
        if denominator == 0 {
            return None;
        }
        let divisor = gcd(numerator.unsigned_abs(), denominator.unsigned_abs());
        let divisor = i128::try_from(divisor).ok()?.max(1) * denominator.signum();
        if divisor == 1 {
            return Some(Self { numerator, denominator });
        }
        Some(Self { numerator: numerator / divisor, denominator: denominator / divisor })
    }

    /// A whole number.
    #[must_use]
    pub fn whole(number: i64) -> Self {
        Self { numerator: number.into(), denominator: 1 }
    }

    /// A decimal given as a whole number of the last of its `digits` places: 1250 with two digits is 12.5.
    ///
    /// `None` if the denominator would be too large (more than 38 digits).
    #[must_use]
    pub fn scaled(units: i64, digits: u32) -> Option<Self> {
        Self::new(units.into(), 10i128.checked_pow(digits)?)
    }

    /// Whether it is zero, by which nothing can be divided.
    #[must_use]
    pub fn is_zero(self) -> bool {
        self.numerator == 0
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
    ///
    /// # Panics
    /// If the result is too large; numbers of unknown origin are rounded by [`Self::checked_rounded`].
    #[must_use]
    pub fn rounded(self, digits: u32) -> i128 {
        self.checked_rounded(digits).expect("a rounded number fits into 38 digits")
    }

    /// As [`Self::rounded`]; `None` on overflow.
    #[must_use]
    pub fn checked_rounded(self, digits: u32) -> Option<i128> {
        let scaled = self.numerator.checked_mul(10i128.checked_pow(digits)?)?;
        let (quotient, remainder) = divided(scaled, self.denominator);
        // The remainder is compared with what is left of the denominator, so that nothing has to be doubled.
        Some(match remainder.cmp(&(self.denominator - remainder)) {
            Ordering::Less => quotient,
            Ordering::Greater => quotient + 1,
            Ordering::Equal => quotient + quotient.rem_euclid(2),
        })
    }

    /// Rounded half to even, as decimal text with at most `digits` decimals and without trailing zeros:
    /// `62.2`, `-67`, `100`; never “-0”. `None` on overflow.
    #[must_use]
    pub fn short_text(self, digits: u32) -> Option<String> {
        let text = Fixed { units: self.checked_rounded(digits)?, digits }.to_string();
        Some(match text.contains('.') {
            true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
            false => text,
        })
    }

    /// Rounded to so many decimals, with all of them; `None` if it is absurdly large.
    #[must_use]
    pub fn fixed_text(self, digits: u32) -> Option<String> {
        Some(Fixed { units: self.checked_rounded(digits)?, digits }.to_string())
    }

    /// The smallest whole number that is not smaller.
    #[must_use]
    pub fn ceil(self) -> i128 {
        -divided(-self.numerator, self.denominator).0
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
        self.checked_add(other.checked_neg()?)
    }

    /// The number with the other sign; `None` on overflow.
    #[must_use]
    pub fn checked_neg(self) -> Option<Self> {
        Some(Self { numerator: self.numerator.checked_neg()?, ..self })
    }

    /// Product; `None` on overflow.
    #[must_use]
    pub fn checked_mul(self, other: Self) -> Option<Self> {
        Self::new(self.numerator.checked_mul(other.numerator)?, self.denominator.checked_mul(other.denominator)?)
    }

    /// Sum of many; zero of none, `None` on overflow.
    #[must_use]
    pub fn sum(values: impl IntoIterator<Item = Self>) -> Option<Self> {
        let mut sum = Sum::default();
        values.into_iter().try_for_each(|value| sum.add(value))?;
        sum.over(1)
    }

    /// Arithmetic mean; `None` of none or on overflow.
    #[must_use]
    pub fn mean(values: impl IntoIterator<Item = Self>) -> Option<Self> {
        let (mut sum, mut count) = (Sum::default(), 0);
        for value in values {
            sum.add(value)?;
            count += 1;
        }
        sum.over(count)
    }

    /// In hundredths: 1/4 becomes 25 (%); `None` on overflow.
    #[must_use]
    pub fn percent(self) -> Option<Self> {
        self.checked_mul(Self::whole(100))
    }

    /// Quotient; `None` for a divisor of zero or on overflow.
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
        let (negative, digits) = match text.trim().as_bytes() {
            [b'-', digits @ ..] => (true, digits),
            [b'+', digits @ ..] | digits => (false, digits),
        };
        // Eighteen digits are less than 2^63.
        let (mut number, mut count, mut places) = (0_i64, 0, None);
        for byte in digits {
            match byte {
                b'0'..=b'9' if count < 18 => {
                    number = number * 10 + i64::from(byte - b'0');
                    count += 1;
                    places = places.map(|places| places + 1);
                }
                b'.' if places.is_none() => places = Some(0),
                _ => return Err(fault()),
            }
        }
        if count == 0 {
            return Err(fault());
        }
        let (number, places) = (if negative { -number } else { number }, places.unwrap_or(0));
        Self::scaled(number, places).ok_or_else(fault)
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

/// A sum over one growing denominator: brought to lowest terms once, not at every step.
struct Sum {
    numerator: i128,
    denominator: i128,
}

impl Default for Sum {
    fn default() -> Self {
        Self { numerator: 0, denominator: 1 }
    }
}

impl Sum {
    fn add(&mut self, value: Rational) -> Option<()> {
        if value.denominator != self.denominator {
            let common = common_denominator(self.denominator, value.denominator)?;
            self.numerator = self.numerator.checked_mul(divided(common, self.denominator).0)?;
            self.denominator = common;
        }
        let part = value.numerator.checked_mul(divided(self.denominator, value.denominator).0)?;
        self.numerator = self.numerator.checked_add(part)?;
        Some(())
    }

    fn over(self, count: i128) -> Option<Rational> {
        Rational::new(self.numerator, self.denominator.checked_mul(count)?)
    }
}

/// The smallest denominator over which fractions of both can be written; `None` on overflow.
pub(crate) fn common_denominator(left: i128, right: i128) -> Option<i128> {
    if right == 1 || left == right {
        return Some(left);
    }
    let divisor = i128::try_from(gcd(left.unsigned_abs(), right.unsigned_abs())).ok()?.max(1);
    divided(left, divisor).0.checked_mul(right)
}

/// Quotient and remainder (never negative) by a positive divisor; in half the time where both are small, as they nearly always are.
pub(crate) fn divided(number: i128, divisor: i128) -> (i128, i128) {
    if divisor == 1 {
        return (number, 0);
    }
    if let (Ok(number), Ok(divisor)) = (i64::try_from(number), i64::try_from(divisor)) {
        return (number.div_euclid(divisor).into(), number.rem_euclid(divisor).into());
    }
    (number.div_euclid(divisor), number.rem_euclid(divisor))
}

fn gcd(mut a: u128, mut b: u128) -> u128 {
    while b != 0 {
        if let (Ok(mut small), Ok(mut smaller)) = (u64::try_from(a), u64::try_from(b)) {
            while smaller != 0 {
                (small, smaller) = (smaller, small % smaller);
            }
            return small.into();
        }
        (a, b) = (b, a % b);
    }
    a
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use test_case::test_case;

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
    fn zero_has_no_sign_and_nonsense_is_refused() {
        assert_eq!(half_even("-0.4", 0).unwrap(), "0");
        assert_eq!(half_even("-0.04", 1).unwrap(), "0.0");
        assert_eq!(half_even(Rational::new(-1, 3).unwrap(), 2).unwrap(), "-0.33");
        for nonsense in ["", "-", ".", "1e5", "NaN", "1.2.3", "１", "12345678901234567890"] {
            assert!(half_even(nonsense, 1).is_err(), "{nonsense}");
        }
    }

    #[test_case(2300, 37, 1, "62.2"; "closing rate")]
    #[test_case(-7500, 112, 0, "-67"; "change of all pieces")]
    #[test_case(-300, 6, 0, "-50"; "change of key pieces")]
    #[test_case(100, 1, 1, "100"; "no trailing zeros")]
    #[test_case(5, 2, 0, "2"; "half to the even below")]
    #[test_case(7, 2, 0, "4"; "half to the even above")]
    #[test_case(-5, 2, 0, "-2"; "negative half to even")]
    #[test_case(1, 20, 1, "0"; "a twentieth at one digit")]
    #[test_case(-1, 1000, 1, "0"; "no negative zero")]
    #[test_case(1005, 1000, 2, "1"; "exactly half in decimals")]
    #[test_case(100, 1, 0, "100"; "zeros before the point stay")]
    fn a_fraction_is_written_without_trailing_zeros(top: i128, bottom: i128, digits: u32, text: &str) {
        assert_eq!(Rational::new(top, bottom).unwrap().short_text(digits).unwrap(), text);
    }

    #[test]
    fn fractions_are_reckoned_exactly() {
        let of = |top, bottom| Rational::new(top, bottom).unwrap();
        assert_eq!(of(1, 3).checked_add(of(1, 6)), Some(of(1, 2)));
        assert_eq!(of(1, 3).checked_sub(of(1, 2)), Some(of(-1, 6)));
        assert_eq!(of(2, 3).checked_mul(of(-3, 4)), Some(of(-1, 2)));
        assert_eq!(of(1, 2).checked_div(of(1, 4)), Some(of(2, 1)));
        assert_eq!(of(3, 8).percent(), Some(of(75, 2)));
        assert_eq!(of(1, -2).checked_neg(), Some(of(1, 2)));
        assert_eq!(Rational::scaled(1250, 2), Some(of(25, 2)));
        assert_eq!(Rational::scaled(-7, 0), Some(Rational::whole(-7)));
    }

    #[test]
    fn sums_and_means_are_exact_whatever_the_denominators() {
        let of = |top, bottom| Rational::new(top, bottom).unwrap();
        assert_eq!(Rational::mean([of(1, 2), of(1, 3), of(1, 6), of(-1, 7)]), Some(of(3, 14)));
        assert_eq!(Rational::sum([of(1, 10), of(2, 10), of(3, 100)]), Some(of(33, 100)));
        assert_eq!((Rational::sum([]), Rational::mean([])), (Some(Rational::ZERO), None));
        assert_eq!(Rational::sum([of(i128::MAX, 1), of(1, 2)]), None);
    }

    #[test]
    fn nothing_is_divided_by_zero_and_what_is_too_large_is_refused() {
        let half = Rational::new(1, 2).unwrap();
        assert_eq!(Rational::new(1, 0), None);
        assert_eq!(half.checked_div(Rational::ZERO), None);
        assert!(Rational::ZERO.is_zero() && !half.is_zero());
        let largest = Rational::new(i128::MAX, 1).unwrap();
        assert_eq!(largest.checked_rounded(0), Some(i128::MAX));
        assert_eq!((largest.checked_rounded(1), largest.short_text(1)), (None, None));
        assert_eq!((largest.percent(), largest.checked_add(half)), (None, None));
        assert_eq!((Rational::scaled(1, 39), half.checked_rounded(39)), (None, None));
        let thinnest = Rational::new(i128::MAX - 1, i128::MAX).unwrap();
        assert_eq!(thinnest.checked_rounded(0), Some(1), "twice the remainder would be too large, the result is not");
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
