//! Limits by standard, table, class and item: GB 13271-2014 (boilers), GB 41616-2022 (printing).

use std::sync::LazyLock;

use serde::Serialize;

use super::FlueGas;
use crate::{quantity::Quantity, rounding::Rational, status::Status, table::Table};

const LIMITS: &str = include_str!("../../data/emission_limits.tsv");

/// What a row limits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LimitValue {
    /// At most so much.
    AtMost(Rational),
    /// Between two values, both allowed.
    Between(Rational, Rational),
    /// 不得检出: must not be found at all.
    NotToBeFound,
    /// The standard has no limit here, or the number was not found in any source.
    None,
}

/// A row of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmissionLimit {
    /// `GB 13271-2014`.
    pub standard: String,
    /// Table and case: `Table 2 new`.
    pub table: String,
    /// Class of sources: 燃煤锅炉, 1A, 印刷.
    pub class: String,
    /// What is limited: 颗粒物, SO2, CODCr.
    pub item: String,
    /// The limit.
    pub value: LimitValue,
    /// The limit as written, with exceptions for regions.
    pub written: String,
    /// Unit or remark.
    pub note: String,
    /// How far the row was checked.
    pub status: Status,
}

static TABLE: LazyLock<Vec<EmissionLimit>> = LazyLock::new(|| {
    Table::read(LIMITS)
        .rows()
        .map(|row| EmissionLimit {
            standard: row.get("standard").to_owned(),
            table: row.get("table").to_owned(),
            class: row.get("class").to_owned(),
            item: row.get("item").to_owned(),
            value: read(row.get("limit")),
            written: row.get("limit").to_owned(),
            note: row.get("unit_or_note").to_owned(),
            status: Status::read(row.get("status")),
        })
        .collect()
});

/// `400 (550 in GX …)`, `<=1`, `6-9`, `不得检出`, `-`; of several numbers none is chosen.
fn read(written: &str) -> LimitValue {
    let first = written.split(' ').next().unwrap_or_default();
    if written == "不得检出" {
        return LimitValue::NotToBeFound;
    }
    if let Some((low, high)) = first.split_once('-')
        && let (Ok(low), Ok(high)) = (low.parse(), high.parse())
    {
        return LimitValue::Between(low, high);
    }
    let several = written.contains('/');
    let number = first.trim_start_matches("<=").parse().ok().filter(|_| !several);
    number.map_or(LimitValue::None, LimitValue::AtMost)
}

/// All rows.
#[must_use]
pub fn limits() -> &'static [EmissionLimit] {
    &TABLE
}

impl EmissionLimit {
    /// The largest value allowed, where there is one, with how far it was checked.
    #[must_use]
    pub fn at_most(&self) -> Option<(Rational, Status)> {
        match self.value {
            LimitValue::AtMost(limit) => Some((limit, self.status)),
            _ => None,
        }
    }
}

/// Fuel of a boiler.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Boiler {
    /// 燃煤锅炉.
    Coal,
    /// 燃油锅炉.
    Oil,
    /// 燃气锅炉.
    Gas,
}

impl Boiler {
    fn zh(self) -> &'static str {
        ["燃煤锅炉", "燃油锅炉", "燃气锅炉"][self as usize]
    }

    /// Oxygen at which concentrations are told, per cent (GB 13271-2014 table 6).
    #[must_use]
    pub fn reference_oxygen(self) -> Quantity<crate::quantity::Percent> {
        let tenths = if self == Self::Coal { 90 } else { 35 };
        // Two digits and one decimal are always a number.
        Quantity::of(Rational::scaled(tenths, 1).unwrap_or(Rational::ZERO))
    }
}

/// Which of the tables a boiler falls under.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BoilerTable {
    /// Table 1: in use before 2014-07-01.
    InUse,
    /// Table 2: built since.
    New,
    /// Table 3: special limits of key areas (in Changsha, Zhuzhou and Xiangtan since 2019-10-01, partly checked).
    Special,
}

/// Limit of a boiler for 颗粒物, SO2, NOx or 汞及其化合物 (GB 13271-2014 tables 1 to 3), with how far it was checked.
#[must_use]
pub fn boiler_limit(boiler: Boiler, table: BoilerTable, item: &str) -> Option<(FlueGas, Status)> {
    let table = ["Table 1", "Table 2", "Table 3"][table as usize];
    let row = TABLE.iter().find(|row| {
        row.standard == "GB 13271-2014" && row.table.starts_with(table) && row.class == boiler.zh() && row.item == item
    })?;
    row.at_most().map(|(limit, status)| (FlueGas::of(limit), status))
}

/// Goal of the low-NOx retrofit (低氮改造) of gas boilers in Changsha: not verified, so a bureau puts the number of its own notice.
#[must_use]
pub fn low_nox() -> Option<(FlueGas, Status)> {
    let row = TABLE.iter().find(|row| row.standard == "Changsha" && row.item == "NOx")?;
    row.at_most().map(|(limit, status)| (FlueGas::of(limit), status))
}

/// Rows for printing works (GB 41616-2022); of the provincial standard no number was found, so none is there.
pub fn printing_limits() -> impl Iterator<Item = &'static EmissionLimit> {
    TABLE.iter().filter(|row| row.class == "印刷" && row.value != LimitValue::None)
}

#[cfg(test)]
mod tests {
    use test_case::test_case;

    use super::*;

    #[test_case(Boiler::Coal, BoilerTable::InUse, "SO2", "400"; "with an exception for regions")]
    #[test_case(Boiler::Gas, BoilerTable::New, "NOx", "200")]
    #[test_case(Boiler::Gas, BoilerTable::Special, "NOx", "150")]
    #[test_case(Boiler::Oil, BoilerTable::Special, "颗粒物", "30")]
    #[test_case(Boiler::Coal, BoilerTable::New, "汞及其化合物", "0.05")]
    fn boilers_have_the_limits_of_their_table(boiler: Boiler, table: BoilerTable, item: &str, limit: &str) {
        let expected = (FlueGas::of(limit.parse().unwrap()), Status::Verified);
        assert_eq!(boiler_limit(boiler, table, item), Some(expected));
    }

    #[test_case("不得检出", LimitValue::NotToBeFound)]
    #[test_case("6-9", LimitValue::Between(Rational::whole(6), Rational::whole(9)))]
    #[test_case("<=1", LimitValue::AtMost(Rational::whole(1)))]
    #[test_case("200 / 200", LimitValue::None; "of two numbers none is chosen")]
    #[test_case("-", LimitValue::None)]
    #[test_case(
        "30 (retrofit goal; 50 for some existing) - check the local notice",
        LimitValue::AtMost(Rational::whole(30))
    )]
    fn limits_are_read_as_written(written: &str, value: LimitValue) {
        assert_eq!(read(written), value);
    }

    #[test]
    fn what_was_not_verified_is_marked() {
        assert_eq!(low_nox().map(|(_, status)| status), Some(Status::Unverified));
        let printing: Vec<_> = printing_limits().collect();
        assert!(printing.len() >= 4 && printing.iter().all(|row| row.status != Status::Verified));
        assert_eq!(limits().len(), TABLE.len());
        assert_eq!(boiler_limit(Boiler::Gas, BoilerTable::New, "CO"), None);
    }
}
