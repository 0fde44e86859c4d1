//! Whether water grows better or worse over years (环办〔2011〕22号): rank correlation of values with time (Spearman), at least five periods.

use serde::Serialize;

use crate::rounding::Rational;

/// Critical values Wp of the rank correlation, one-sided at 0.05, by number of periods. The statistical table is common property; that the method takes this
/// one is not verified.
const CRITICAL: [(usize, i64); 15] = [
    (5, 900),
    (6, 829),
    (7, 714),
    (8, 643),
    (9, 600),
    (10, 564),
    (12, 506),
    (14, 456),
    (16, 425),
    (18, 399),
    (20, 377),
    (22, 359),
    (24, 343),
    (26, 329),
    (28, 317),
];

/// Direction of values over time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Trend {
    /// Values rise significantly.
    Rising,
    /// Values fall significantly.
    Falling,
    /// Neither.
    Steady,
}

/// A rank correlation judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Correlation {
    /// Coefficient, −1 to 1.
    pub coefficient: Rational,
    /// What it must reach.
    pub critical: Rational,
    /// What it comes to.
    pub trend: Trend,
}

/// Rank correlation of values in the order of time, 1 − 6Σd²/(N³−N); equal values share the mean of their ranks. `None` for fewer than five.
#[must_use]
pub fn trend(values: &[Rational]) -> Option<Correlation> {
    // Between two rows of the table the stricter one holds.
    let critical = CRITICAL.iter().rev().find(|(periods, _)| *periods <= values.len())?.1;
    let critical = Rational::scaled(critical, 3)?;
    // Twice the rank is whole, also where ranks are shared.
    let twice_rank = |value: &Rational| {
        let lower = values.iter().filter(|other| *other < value).count();
        let same = values.iter().filter(|other| *other == value).count();
        2 * lower + same + 1
    };
    let differences = values.iter().enumerate().map(|(at, value)| (2 * (at + 1)).abs_diff(twice_rank(value)));
    let squares: usize = differences.map(|twice| twice * twice).sum();
    let (n, squares) = (i128::try_from(values.len()).ok()?, i128::try_from(squares).ok()?);
    // 6·Σ(2d)²/4 over N³ − N.
    let lost = Rational::new(squares * 6, 4 * (n * n * n - n))?;
    let coefficient = Rational::whole(1).checked_sub(lost)?;
    let trend = match coefficient {
        rising if rising >= critical => Trend::Rising,
        falling if falling <= critical.checked_neg()? => Trend::Falling,
        _ => Trend::Steady,
    };
    Some(Correlation { coefficient, critical, trend })
}

#[cfg(test)]
mod tests {
    use test_case::test_case;

    use super::*;

    #[test_case(&[1, 2, 3, 4, 5], "1", Trend::Rising; "straight up")]
    #[test_case(&[5, 4, 3, 2, 1], "-1", Trend::Falling; "straight down")]
    #[test_case(&[1, 3, 2, 4, 5], "0.9", Trend::Rising; "at the critical value")]
    #[test_case(&[1, 3, 2, 5, 4], "0.8", Trend::Steady; "below it")]
    #[test_case(&[2, 2, 2, 2, 2], "0.5", Trend::Steady; "all the same")]
    #[test_case(&[1, 2, 3, 4, 5, 6, 7, 8, 10, 9, 11], "0.991", Trend::Rising; "eleven by the row of ten")]
    fn ranks_are_correlated_with_time(values: &[i64], coefficient: &str, expected: Trend) {
        let values: Vec<Rational> = values.iter().map(|value| Rational::whole(*value)).collect();
        let found = trend(&values).unwrap();
        assert_eq!((found.coefficient.short_text(3).as_deref(), found.trend), (Some(coefficient), expected));
    }

    #[test]
    fn four_periods_say_nothing() {
        assert_eq!(trend(&[1, 2, 3, 4].map(Rational::whole)), None);
    }
}
