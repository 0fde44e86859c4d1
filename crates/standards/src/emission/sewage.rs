//! Limits of sewage plants (GB 18918-2002 tables 1 and 2, daily means, without later amendments).

use jiff::civil::{Date, date};
use serde::Serialize;

use super::limits::{EmissionLimit, limits};
use crate::rounding::Rational;

/// Grade of the limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub enum SewageGrade {
    /// 一级A.
    A1,
    /// 一级B.
    B1,
    /// 二级.
    Second,
    /// 三级.
    Third,
}

impl SewageGrade {
    fn key(self) -> &'static str {
        ["1A", "1B", "2", "3"][self as usize]
    }
}

/// What the limit of ammonia and phosphorus depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Effluent {
    /// Temperature of the water, °C.
    pub temperature: Rational,
    /// When the plant was built.
    pub built: Date,
}

/// The row that limits an item (`CODCr`, `NH3-N`, `TP`, `总汞`, …): ammonia by the temperature of the water (12 °C is cold), phosphorus by the year of building.
#[must_use]
pub fn sewage_limit(item: &str, grade: SewageGrade, effluent: Effluent) -> Option<&'static EmissionLimit> {
    let cold = effluent.temperature <= Rational::whole(12);
    let old = effluent.built < date(2006, 1, 1);
    let name = match (item, cold, old) {
        ("NH3-N", true, _) => "NH3-N (water <= 12 C)",
        ("NH3-N", false, _) => "NH3-N (water > 12 C)",
        ("TP", _, true) => "TP (built to 2005-12-31)",
        ("TP", _, false) => "TP (built from 2006)",
        (other, ..) => other,
    };
    let fits = |row: &&EmissionLimit| {
        row.standard == "GB 18918-2002" && [grade.key(), "all"].contains(&row.class.as_str()) && row.item == name
    };
    limits().iter().find(fits)
}

#[cfg(test)]
mod tests {
    use test_case::test_case;

    use super::super::limits::LimitValue;
    use super::*;

    fn limit(item: &str, grade: SewageGrade, temperature: &str, built: Date) -> LimitValue {
        let effluent = Effluent { temperature: temperature.parse().unwrap(), built };
        sewage_limit(item, grade, effluent).unwrap().value.clone()
    }

    #[test_case("CODCr", SewageGrade::A1, "50")]
    #[test_case("BOD5", SewageGrade::B1, "20")]
    #[test_case("LAS", SewageGrade::A1, "0.5")]
    #[test_case("总汞", SewageGrade::Third, "0.001"; "metals are the same for all")]
    fn items_have_their_limits(item: &str, grade: SewageGrade, expected: &str) {
        assert_eq!(limit(item, grade, "20", date(2015, 1, 1)), LimitValue::AtMost(expected.parse().unwrap()));
    }

    #[test_case("12.1", "5"; "warm water")]
    #[test_case("12", "8"; "at twelve degrees it is cold")]
    fn ammonia_depends_on_the_temperature(temperature: &str, expected: &str) {
        let found = limit("NH3-N", SewageGrade::A1, temperature, date(2015, 1, 1));
        assert_eq!(found, LimitValue::AtMost(expected.parse().unwrap()));
    }

    #[test_case(date(2005, 12, 31), "1")]
    #[test_case(date(2006, 1, 1), "0.5")]
    fn phosphorus_depends_on_the_year_of_building(built: Date, expected: &str) {
        assert_eq!(limit("TP", SewageGrade::A1, "20", built), LimitValue::AtMost(expected.parse().unwrap()));
    }

    #[test]
    fn some_items_have_a_range_none_or_must_not_be_found() {
        let of = |item, grade| limit(item, grade, "20", date(2015, 1, 1));
        assert_eq!(of("pH", SewageGrade::A1), LimitValue::Between(Rational::whole(6), Rational::whole(9)));
        assert_eq!(of("TN", SewageGrade::Second), LimitValue::None);
        assert_eq!(of("烷基汞", SewageGrade::A1), LimitValue::NotToBeFound);
        let effluent = Effluent { temperature: Rational::whole(20), built: date(2015, 1, 1) };
        assert!(sewage_limit("gold", SewageGrade::A1, effluent).is_none());
    }
}
