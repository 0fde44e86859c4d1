//! Sound levels: printed to a tenth, averaged as energies, never as numbers.

use std::fmt;

use crate::rounding::half_even;

/// The loudest sound that air of one atmosphere carries, dB: its pressure swings between nothing and two atmospheres, 20·lg(101 325 Pa / 20 µPa) = 194.1.
///
/// The standards that were read state no range of instruments; this is the bound of nature.
pub const LOUDEST: f64 = 194.0;

/// Whether a place can have this level, dB(A): above zero, where even a silent one has the noise of the instrument itself, and no more than [`LOUDEST`].
#[must_use]
pub fn is_possible(level: f64) -> bool {
    level > 0.0 && level <= LOUDEST
}

/// A sound level weighted by curve A (A声级), dB(A): 0 to [`LOUDEST`].
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct DecibelA(f64);

impl DecibelA {
    /// A level; `None` for what cannot be measured: below 0, above [`LOUDEST`], no number.
    #[must_use]
    pub fn new(level: f64) -> Option<Self> {
        (0.0..=LOUDEST).contains(&level).then_some(Self(level))
    }

    /// Whether this is what a dead instrument says: exactly 0 dB(A), where even a silent place has the noise of the instrument itself.
    #[must_use]
    pub fn is_dead(self) -> bool {
        self.0 == 0.0
    }

    /// The number.
    #[must_use]
    pub fn value(self) -> f64 {
        self.0
    }

    /// Its energy, relative to that of zero: 10^(0.1·L).
    #[must_use]
    pub fn energy(self) -> f64 {
        10_f64.powf(self.0 / 10.0)
    }

    /// The level of an energy.
    #[must_use]
    pub fn of_energy(energy: f64) -> Option<Self> {
        Self::new(10.0 * energy.log10())
    }

    /// As printed, to a tenth, half to even (GB/T 8170). A mean of energies has no exact decimal: what lies within a thousand-millionth of one is that decimal.
    #[must_use]
    pub fn printed(self) -> Self {
        let exact = format!("{:.9}", self.0);
        Self(half_even(exact.as_str(), 1).ok().and_then(|tenth| tenth.parse().ok()).unwrap_or(self.0))
    }

    /// Whether it is above a limit, compared as printed; a level at its limit keeps it.
    #[must_use]
    pub fn exceeds(self, limit: u8) -> bool {
        self.printed().0 > f64::from(limit)
    }
}

impl fmt::Display for DecibelA {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.1}", self.printed().0)
    }
}

/// Energy mean of levels (等效声级, GB 12348 clause 3.3); `None` of nothing.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "no more than a day of samples")]
pub fn energy_mean(levels: &[DecibelA]) -> Option<DecibelA> {
    let energy: f64 = levels.iter().map(|level| level.energy()).sum();
    if levels.is_empty() { None } else { DecibelA::of_energy(energy / levels.len() as f64) }
}

/// Day-night level: sixteen hours of day and eight of night, the night 10 dB heavier (formula not verified).
#[must_use]
pub fn day_night(day: DecibelA, night: DecibelA) -> Option<DecibelA> {
    DecibelA::of_energy((16.0 * day.energy() + 8.0 * 10.0 * night.energy()) / 24.0)
}

/// The level exceeded in `percent` per cent of equal intervals (L10, L50, L90): of n levels from loud to quiet the ⌈percent·n/100⌉-th
/// (counting rule not verified). `None` of nothing, or outside 1 to 100.
#[must_use]
pub fn exceeded_level(levels: &[DecibelA], percent: usize) -> Option<DecibelA> {
    if !(1..=100).contains(&percent) {
        return None;
    }
    let mut sorted = levels.to_vec();
    sorted.sort_unstable_by(|left, right| right.0.total_cmp(&left.0));
    sorted.get((sorted.len() * percent).div_ceil(100).checked_sub(1)?).copied()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use test_case::test_case;

    use super::*;

    fn levels(levels: &[f64]) -> Vec<DecibelA> {
        levels.iter().map(|level| DecibelA::new(*level).unwrap()).collect()
    }

    #[test]
    fn levels_are_averaged_as_energies() {
        let mean = energy_mean(&levels(&[60.0, 60.0, 70.0])).unwrap();
        assert!((mean.value() - 66.02).abs() < 0.005, "the example of the reference");
        assert!((day_night(levels(&[58.0])[0], levels(&[50.0])[0]).unwrap().value() - 58.77).abs() < 0.005);
        assert_eq!(energy_mean(&[]), None);
    }

    #[test]
    fn statistical_levels_count_from_the_loudest() {
        let all = levels(&(1..=100).map(f64::from).collect::<Vec<_>>());
        let found = [10, 50, 90].map(|percent| exceeded_level(&all, percent).map(DecibelA::value));
        assert_eq!(found, [Some(91.0), Some(51.0), Some(11.0)]);
        assert_eq!(exceeded_level(&[], 10), None);
        assert_eq!(exceeded_level(&levels(&[60.0]), 90).map(DecibelA::value), Some(60.0));
        assert_eq!(exceeded_level(&all, 0), None);
    }

    #[test_case(58.25, "58.2"; "half to even below")]
    #[test_case(58.35, "58.4"; "half to even above")]
    #[test_case(60.04, "60.0"; "less than half")]
    #[test_case(0.0, "0.0"; "silence")]
    fn a_level_is_printed_to_a_tenth(level: f64, printed: &str) {
        assert_eq!(DecibelA::new(level).unwrap().to_string(), printed);
    }

    #[test]
    fn what_cannot_be_measured_is_no_level() {
        assert!([-0.1, 194.1, 9999.0, f64::NAN, f64::INFINITY].iter().all(|level| DecibelA::new(*level).is_none()));
        let at = |level| DecibelA::new(level).unwrap().exceeds(60);
        assert_eq!([at(60.0), at(60.04), at(60.06)], [false, false, true]);
    }

    #[test]
    fn no_place_has_the_level_of_a_dead_instrument_or_one_louder_than_air_can_carry() {
        assert!([0.1, 58.0, 140.0, 194.0].into_iter().all(is_possible));
        assert!(![0.0, -99.0, 194.1, 999.0, f64::NAN].into_iter().any(is_possible));
    }

    proptest! {
        #[test]
        fn a_mean_lies_between_the_levels_and_equal_levels_are_their_mean(low in 0_u32..1000, more in 0_u32..900) {
            let (low, high) = (f64::from(low) / 10.0, f64::from(low + more) / 10.0);
            let mean = energy_mean(&levels(&[low, high])).unwrap().value();
            prop_assert!(mean >= low - 1e-9 && mean <= high + 1e-9);
            let same = energy_mean(&levels(&[low; 16])).unwrap();
            prop_assert_eq!(same.to_string(), DecibelA::new(low).unwrap().to_string());
        }
    }
}
