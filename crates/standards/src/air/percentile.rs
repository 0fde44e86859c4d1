//! Percentiles of days (HJ 663-2013 annex A, not confirmed in a copy of the text; see `data/air_validity.tsv`).

use crate::rounding::Rational;

/// How a percentile lies between two of the sorted values (HJ 663-2013 annex A, unverified): with k = 1 + (n-1)·p/100, between the k-th and the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interpolation {
    /// Place of the lower value among the sorted ones, from 1.
    pub place: usize,
    /// Hundredths of the way to the next one.
    pub hundredths: usize,
    /// The lower value.
    pub low: Rational,
    /// The next one; the same where there is none.
    pub high: Rational,
}

impl Interpolation {
    /// Of values in any order; `None` of none.
    #[must_use]
    pub fn of(values: &[Rational], percent: u32) -> Option<Self> {
        let mut sorted = values.to_vec();
        sorted.sort_unstable();
        let steps = sorted.len().checked_sub(1)? * usize::try_from(percent).ok()?;
        let below = steps / 100;
        let low = *sorted.get(below)?;
        let high = sorted.get(below + 1).copied().unwrap_or(low);
        Some(Self { place: below + 1, hundredths: steps % 100, low, high })
    }

    /// The percentile.
    #[must_use]
    pub fn value(self) -> Option<Rational> {
        let rise = self.high.checked_sub(self.low)?;
        let part = Rational::new(i128::try_from(self.hundredths).ok()?, 100)?;
        self.low.checked_add(rise.checked_mul(part)?)
    }
}

/// The value below which `percent` per cent lie, by [`Interpolation`].
#[must_use]
pub fn percentile(values: &[Rational], percent: u32) -> Option<Rational> {
    Interpolation::of(values, percent)?.value()
}

#[cfg(test)]
mod tests {
    use test_case::test_case;

    use super::*;

    #[test_case(90, "91"; "p90 of the example")]
    #[test_case(95, "95.5"; "p95 of the example")]
    #[test_case(98, "98.2"; "p98 of the example")]
    #[test_case(0, "10"; "the least")]
    #[test_case(100, "100"; "the largest")]
    fn percentiles_are_interpolated(percent: u32, expected: &str) {
        let values: Vec<Rational> = (1..=10).rev().map(|ten| Rational::whole(ten * 10)).collect();
        assert_eq!(percentile(&values, percent), Some(expected.parse().unwrap()));
        assert_eq!(percentile(&[], percent), None);
        assert_eq!(percentile(&values[..1], percent), Some(Rational::whole(100)));
    }
}
