//! Exact fractions, so that a figure is rounded once, from its true value.

use std::cmp::Ordering;

/// A fraction in lowest terms; the denominator is positive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exact {
    top: i128,
    bottom: i128,
}

impl Exact {
    /// `top / bottom`; nothing if `bottom` is zero.
    #[must_use]
    pub fn new(top: i128, bottom: i128) -> Option<Self> {
        let divisor = i128::try_from(common(top.unsigned_abs(), bottom.unsigned_abs())).ok()?;
        if bottom == 0 || divisor == 0 {
            return None;
        }
        let divisor = divisor * bottom.signum();
        Some(Self { top: top / divisor, bottom: bottom / divisor })
    }

    /// A number stored as a whole count of its last digit.
    #[must_use]
    pub fn scaled(number: i64, digits: u8) -> Option<Self> {
        Self::new(i128::from(number), 10_i128.checked_pow(u32::from(digits))?)
    }

    /// A number written with digits and at most one point.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let digits = u32::try_from(fraction.len()).ok()?;
        Self::new(format!("{whole}{fraction}").parse().ok()?, 10_i128.checked_pow(digits)?)
    }

    /// Whether it is zero.
    #[must_use]
    pub fn is_zero(self) -> bool {
        self.top == 0
    }

    /// Divided by another; nothing if that is zero or the result too large.
    #[must_use]
    pub fn over(self, other: Self) -> Option<Self> {
        Self::new(self.top.checked_mul(other.bottom)?, self.bottom.checked_mul(other.top)?)
    }

    /// Minus another.
    #[must_use]
    pub fn minus(self, other: Self) -> Option<Self> {
        let top = self.top.checked_mul(other.bottom)?.checked_sub(other.top.checked_mul(self.bottom)?)?;
        Self::new(top, self.bottom.checked_mul(other.bottom)?)
    }

    /// Times a hundred.
    #[must_use]
    pub fn percent(self) -> Option<Self> {
        Self::new(self.top.checked_mul(100)?, self.bottom)
    }

    /// Rounded half to even (GB/T 8170) to `digits` decimals, as text without trailing zeros: `62.2`, `-67`, `100`.
    #[must_use]
    pub fn rounded(self, digits: u8) -> Option<String> {
        let top = self.top.checked_mul(10_i128.checked_pow(u32::from(digits))?)?;
        let (floor, rest) = (top.div_euclid(self.bottom), top.rem_euclid(self.bottom));
        let up = match rest.checked_mul(2)?.cmp(&self.bottom) {
            Ordering::Less => 0,
            Ordering::Greater => 1,
            Ordering::Equal => floor.rem_euclid(2),
        };
        let number = floor + up;
        let sign = if number < 0 { "-" } else { "" };
        let width = usize::from(digits) + 1;
        let text = format!("{:0>width$}", number.unsigned_abs());
        let (whole, fraction) = text.split_at(text.len() - usize::from(digits));
        let fraction = fraction.trim_end_matches('0');
        Some(if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") })
    }
}

fn common(mut a: u128, mut b: u128) -> u128 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

#[cfg(test)]
mod tests {
    use test_case::test_case;

    use super::*;

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
    fn a_fraction_is_rounded_once_half_to_even(top: i128, bottom: i128, digits: u8, text: &str) {
        assert_eq!(Exact::new(top, bottom).unwrap().rounded(digits).unwrap(), text);
    }

    #[test]
    fn nothing_is_divided_by_zero() {
        assert_eq!(Exact::new(1, 0), None);
        assert_eq!(Exact::new(1, 2).unwrap().over(Exact::new(0, 5).unwrap()), None);
    }
}
