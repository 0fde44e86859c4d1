//! How the national platform of automatic stations prints its values, and the mean of pH (rows in `data/surface_water_practice.tsv`).
//!
//! The class follows from the value as it was measured, never from the printed one: of 76 samples whose printed values have another class, the platform gave
//! that of the measured ones to all.

use crate::{cell, rounding::Rational, status::Status};

/// Decimals with which the platform prints an item of the table (`DO`) or another parameter (`temp`, `conductivity`, `turbidity`) of an hour.
#[must_use]
pub fn published_digits(item: &str) -> Option<u32> {
    Some(match item {
        "w_temp" | "temp" | "conductivity" | "turbidity" => 1,
        "w01001" | "DO" | "CODMn" | "TN" => 2,
        "NH3-N" | "TP" | "TP_lake" => 3,
        _ => return None,
    })
}

/// A value as the platform prints it: half to even, and with one significant digit where it would be zero (总站水字〔2018〕87号, from one secondary source).
/// `None` where it is too large.
#[must_use]
pub fn published_text(value: Rational, digits: u32) -> Option<String> {
    let rounded = value.checked_rounded(digits)?;
    if rounded != 0 || value.is_zero() {
        return value.fixed_text(digits);
    }
    let shows_a_digit = |digits: &u32| {
        let power = Rational::scaled(1, *digits);
        power.is_some_and(|last| value >= last || value.checked_neg().is_some_and(|value| value >= last))
    };
    (digits + 1..=18).find(shows_a_digit).and_then(|digits| value.fixed_text(digits))
}

/// A mean of pH.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PhMean {
    /// To six decimals: a class follows from what was measured, never from what is printed.
    pub value: Rational,
    /// How far the rule was checked: one secondary source.
    pub status: Status,
}

/// The mean of values of an item of the table (`w01001`, `NH3-N`), or of a parameter by its HJ 212 code: of pH that of its hydrogen ions ([`ph_mean`]), of anything
/// else the arithmetic one. `None` of nothing, or of a pH that is none.
#[must_use]
pub fn mean_of(item: &str, values: impl IntoIterator<Item = Rational>) -> Option<Rational> {
    if item == PH { ph_mean(values).map(|mean| mean.value) } else { Rational::mean(values) }
}

/// Key of pH in the table, and its HJ 212 code.
const PH: &str = "w01001";

/// Mean of pH by the concentration of hydrogen ions: −log₁₀ of the mean of 10^−pH (环办监测函〔2020〕82号 and 总站水字〔2020〕90号 as one public library has them; the
/// documents were not seen). `None` of nothing or of what is no pH.
#[must_use]
pub fn ph_mean(values: impl IntoIterator<Item = Rational>) -> Option<PhMean> {
    let (mut sum, mut count) = (0.0, 0_u32);
    for value in values {
        if value < Rational::ZERO || value > Rational::whole(14) {
            return None;
        }
        sum += 10_f64.powf(-value.to_f64());
        count += 1;
    }
    if count == 0 {
        return None;
    }
    let mean = -(sum / f64::from(count)).log10();
    // A mean of powers has no exact decimal.
    let value = cell::number(&format!("{mean:.6}")).ok().flatten()?;
    Some(PhMean { value, status: Status::Partly })
}

#[cfg(test)]
mod tests {
    use test_case::test_case;

    use super::*;

    #[test_case("8.675", 2, "8.68"; "half to the even above")]
    #[test_case("8.665", 2, "8.66"; "half to the even below")]
    #[test_case("0.0005", 3, "0.0005"; "one digit in the place of zero")]
    #[test_case("0.00336", 2, "0.003"; "one digit, rounded")]
    #[test_case("0.00025", 3, "0.0002"; "one digit, half to even")]
    #[test_case("0.0000063", 3, "0.000006"; "its own first digit")]
    #[test_case("0", 3, "0.000"; "zero is zero")]
    fn values_are_printed_as_the_platform_does(value: &str, digits: u32, text: &str) {
        assert_eq!(published_text(value.parse().unwrap(), digits).as_deref(), Some(text));
    }

    #[test]
    fn the_mean_of_ph_is_that_of_the_ions() {
        let mean = |values: &[&str]| ph_mean(values.iter().map(|value| value.parse().unwrap()));
        let of = |values: &[&str]| mean(values).and_then(|mean| mean.value.fixed_text(2));
        assert_eq!(of(&["7", "7", "7"]).as_deref(), Some("7.00"));
        assert_eq!(of(&["6", "8"]).as_deref(), Some("6.30"), "the arithmetic mean would be 7");
        assert_eq!(mean(&["6", "8"]).map(|mean| mean.status), Some(Status::Partly));
        assert_eq!((of(&[]), of(&["7", "15"])), (None, None));
        let six = |values: &[&str]| mean(values).and_then(|mean| mean.value.fixed_text(6));
        assert_eq!(six(&["6", "6", "6"]).as_deref(), Some("6.000000"), "at the edge of its classes");
        assert_eq!(six(&["5.99999", "5.99999"]).as_deref(), Some("5.999990"), "just below it");
    }

    #[test]
    fn every_rule_of_the_table_says_how_far_it_was_checked() {
        let table = crate::table::Table::read(include_str!("../../data/surface_water_practice.tsv"));
        let status =
            |topic: &str| table.rows().find(|row| row.get("topic") == topic).map(|row| Status::read(row.get("status")));
        assert_eq!(status("which value is compared"), Some(Status::Verified));
        assert_eq!(status("rounding of published values"), Some(Status::Verified));
        assert_eq!(status("pH mean"), Some(Status::Partly));
    }
}
