//! Fugitive emission of volatile organic compounds (挥发性有机物无组织排放, GB 37822-2019; rows in `data/voc_gb37822.tsv`).

use serde::Serialize;

use super::FlueGas;
use crate::rounding::Rational;

/// Height of a stack at least, metres, unless safety or the process forbid it (clause 10.3.4).
pub const STACK_HEIGHT_M: u8 = 15;
/// Removal of a treatment that is required, per cent (clause 10.3.2).
pub const EFFICIENCY_PERCENT: u8 = 80;
/// Sealing points from which leaks are detected and repaired (LDAR, clause 8.1).
pub const LDAR_POINTS: u32 = 2000;
/// Days for the first try to repair a leak, and until it is repaired (clause 8.4.1).
pub const REPAIR_DAYS: (u8, u8) = (5, 15);
/// Years for which the ledger of treatment is kept at least (clause 10.4).
pub const LEDGER_KEPT_YEARS: u8 = 3;

/// Whether the special limits of key regions hold (重点地区特别排放限值).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum VocRegion {
    /// Everywhere else.
    General,
    /// A key region.
    Key,
}

/// How non-methane hydrocarbons in a plant are measured, 1 m outside of doors, windows and vents of the workshop (annex A.2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum InPlant {
    /// Mean of an hour.
    Hour,
    /// Any single value.
    Single,
}

/// What leaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Leaking {
    /// Gas or volatile liquid.
    GasOrVolatile,
    /// Another liquid with volatile organic compounds.
    OtherLiquid,
}

/// Limit of non-methane hydrocarbons in a plant (annex A, table A.1; the annex is informative: a province decides whether it holds).
#[must_use]
pub fn in_plant_limit(measured: InPlant, region: VocRegion) -> FlueGas {
    FlueGas::whole(match (measured, region) {
        (InPlant::Hour, VocRegion::General) => 10,
        (InPlant::Hour, VocRegion::Key) => 6,
        (InPlant::Single, VocRegion::General) => 30,
        (InPlant::Single, VocRegion::Key) => 20,
    })
}

/// Whether a collected stream must be treated: non-methane hydrocarbons of 3 kg/h, in key regions of 2 kg/h and more before treatment, unless materials of low
/// content are used (clause 10.3.2).
#[must_use]
pub fn treatment_required(kilograms_an_hour: Rational, region: VocRegion, low_content_materials: bool) -> bool {
    let from = if region == VocRegion::Key { 2 } else { 3 };
    kilograms_an_hour >= Rational::whole(from) && !low_content_materials
}

/// From how many µmol/mol a sealing point leaks (table 1).
#[must_use]
pub fn leak_from(what: Leaking, region: VocRegion) -> u32 {
    match (what, region) {
        (Leaking::GasOrVolatile, VocRegion::General) => 5000,
        (Leaking::GasOrVolatile, VocRegion::Key) | (Leaking::OtherLiquid, VocRegion::General) => 2000,
        (Leaking::OtherLiquid, VocRegion::Key) => 500,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{status::Status, table::Table};

    #[test]
    fn what_is_computed_stands_in_the_table() {
        let table = Table::read(include_str!("../../data/voc_gb37822.tsv"));
        let rule = |topic: &str| {
            let row = table.rows().find(|row| row.get("topic") == topic).unwrap();
            assert_eq!(Status::read(row.get("status")), Status::Verified, "{topic}");
            row.get("rule").to_owned()
        };
        let limits = |measured| {
            [VocRegion::General, VocRegion::Key].map(|region| in_plant_limit(measured, region).text(0).unwrap())
        };
        assert_eq!(rule("NMHC in plant, 1 h mean"), format!("{}; special limit {}", "10 mg/m3", "6 mg/m3"));
        assert_eq!(
            (limits(InPlant::Hour), limits(InPlant::Single)),
            (["10 mg/m³", "6 mg/m³"].map(String::from), ["30 mg/m³", "20 mg/m³"].map(String::from))
        );
        assert!(rule("NMHC in plant, any single value").starts_with("30 mg/m3; special limit 20"));
        assert!(rule("treatment required").contains(">= 3 kg/h (key regions >= 2 kg/h)"));
        assert!(rule("leak, gas or volatile liquid").starts_with("5000 umol/mol; key regions 2000"));
        assert!(rule("leak, other liquid").starts_with("2000 umol/mol; key regions 500"));
        let leaks = [Leaking::GasOrVolatile, Leaking::OtherLiquid]
            .map(|what| [VocRegion::General, VocRegion::Key].map(|region| leak_from(what, region)));
        assert_eq!(leaks, [[5000, 2000], [2000, 500]]);
    }

    #[test]
    fn a_stream_is_treated_from_its_rate_on() {
        let rate = |text: &str| text.parse::<Rational>().unwrap();
        assert!(treatment_required(rate("3"), VocRegion::General, false));
        assert!(!treatment_required(rate("2.99"), VocRegion::General, false));
        assert!(treatment_required(rate("2"), VocRegion::Key, false));
        assert!(!treatment_required(rate("9"), VocRegion::Key, true), "materials of low content");
    }
}
