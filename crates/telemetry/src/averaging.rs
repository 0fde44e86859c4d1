//! How values of a factor are averaged, in every statistic: of hours, days and months, and in the expressions of rules.
//!
//! Most are averaged as they are. Two are logarithms, and the mean of a logarithm is that of what it stands for:
//!
//! - **levels of noise**: Leq = 10 lg (1/n · Σ 10^(0.1 L)), GB 12348-2008 clause 3.3 and GB 12523-2025 clause 3.4;
//! - **pH**: −lg (1/n · Σ 10^−pH), the mean of the hydrogen ions, 环办监测函〔2020〕82号 and 总站水字〔2020〕90号 as one public library has them (the documents
//!   were not seen: checked in part). `bilan_standards::water::ph_mean` is the same in exact numbers.
//!
//! What the device itself calls the mean of a period stays what it says.

/// How values of a factor are averaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Averaging {
    /// Their sum by their number.
    Plain,
    /// Levels in dB: by their energies.
    Levels,
    /// pH: by the hydrogen ions.
    Ions,
}

/// pH of water.
const PH: &str = "w01001";

impl Averaging {
    /// How the values of a factor (HJ 212 code) are averaged.
    #[must_use]
    pub fn of(factor: &str) -> Averaging {
        match factor {
            PH => Averaging::Ions,
            _ if factor.starts_with('L') => Averaging::Levels,
            _ => Averaging::Plain,
        }
    }

    /// The mean; `None` of nothing.
    #[must_use]
    pub fn mean(self, values: &[f64]) -> Option<f64> {
        let count = values.len() as f64;
        (!values.is_empty()).then(|| self.value(values.iter().map(|value| self.power(*value)).sum::<f64>() / count))
    }

    /// Whether a value can enter a mean. pH has a scale: a dead instrument that says −3 would alone be the mean of its hour.
    pub(crate) fn takes(self, value: f64) -> bool {
        self != Averaging::Ions || (0.0..=14.0).contains(&value)
    }

    /// What is summed for a value.
    pub(crate) fn power(self, value: f64) -> f64 {
        match self {
            Averaging::Plain => value,
            Averaging::Levels => 10f64.powf(value / 10.0),
            Averaging::Ions => 10f64.powf(-value),
        }
    }

    /// The value for a mean of what was summed.
    pub(crate) fn value(self, power: f64) -> f64 {
        match self {
            Averaging::Plain => power,
            Averaging::Levels => 10.0 * power.log10(),
            Averaging::Ions => -power.log10(),
        }
    }
}

#[cfg(test)]
mod tests {
    use test_case::test_case;

    use super::*;

    #[test_case("a34004", &[5.0, 7.0, 5.0, 7.0], 6.0; "a concentration")]
    #[test_case("w01001", &[5.0, 7.0, 5.0, 7.0], 5.2967; "of pH the ions")]
    #[test_case("w01001", &[7.4, 7.4], 7.4; "the same pH again and again")]
    #[test_case("Leq", &[60.0, 60.0, 70.0], 66.0206; "of levels the energies")]
    fn what_is_a_logarithm_is_averaged_by_what_it_stands_for(factor: &str, values: &[f64], mean: f64) {
        let found = Averaging::of(factor).mean(values).unwrap();
        assert!((found - mean).abs() < 0.0001, "{found}");
        assert_eq!(Averaging::of(factor).mean(&[]), None);
    }
}
