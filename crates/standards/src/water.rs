//! Surface water (GB 3838-2002, in force since 2002-06-01): class by single factor, items that decide, times over a class.
//!
//! The worst item decides. Water temperature, total nitrogen and faecal coliforms are never evaluated (环办〔2011〕22号; the
//! list of excluded items is only partly verified).

mod automatic;
mod evaluation;
mod name;
mod practice;
mod source;
mod trend;

use std::{fmt, sync::LazyLock};

pub use automatic::{MEASURED_AT, StationDay, StationNeeds, month_mean};
pub use evaluation::{
    Change, RiverVerdict, Section, WaterQuality, city_index, evaluated_items, item_index, main_items, river,
    water_index,
};
pub use name::{Named, named};
pub use practice::{PhMean, mean_of, ph_mean, published_digits, published_text};
use serde::Serialize;
pub use source::{SourceItem, SourceVerdict, judge_source, source_item, source_item_named, source_items};
pub use trend::{Correlation, Trend, trend};

use crate::{rounding::Rational, status::Status, table::Table};

const TABLE_1: &str = include_str!("../data/gb3838_table1.tsv");

/// HJ 212 codes of the items of table 1 whose values are reported in mg/L.
const CODES: [(&str, &str); 16] = [
    ("w01001", "w01001"),
    ("w01009", "DO"),
    ("w01019", "CODMn"),
    ("w01018", "CODCr"),
    ("w01017", "BOD5"),
    ("w21003", "NH3-N"),
    ("w21011", "TP"),
    ("w21001", "TN"),
    ("w21017", "F-"),
    ("w21016", "CN"),
    ("w21019", "S2-"),
    ("w22001", "oil"),
    ("w23002", "phenol"),
    ("w19002", "LAS"),
    ("w02003", "F.coli"),
    ("w01010", "w_temp"),
];

/// Class of surface water, the best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum WaterClass {
    /// Ⅰ
    I,
    /// Ⅱ
    II,
    /// Ⅲ
    III,
    /// Ⅳ
    IV,
    /// Ⅴ
    V,
    /// 劣Ⅴ
    WorseThanV,
}

impl WaterClass {
    /// All classes from the best.
    pub const ALL: [Self; 6] = [Self::I, Self::II, Self::III, Self::IV, Self::V, Self::WorseThanV];

    /// As a Chinese page writes it.
    #[must_use]
    pub fn zh(self) -> &'static str {
        ["Ⅰ类", "Ⅱ类", "Ⅲ类", "Ⅳ类", "Ⅴ类", "劣Ⅴ类"][self as usize]
    }

    /// As an English page writes it.
    #[must_use]
    pub fn en(self) -> &'static str {
        ["I", "II", "III", "IV", "V", "worse than V"][self as usize]
    }
}

impl fmt::Display for WaterClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.en())
    }
}

/// What kind of water is judged: limits of phosphorus differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Body {
    /// River or stream.
    River,
    /// Lake or reservoir.
    Lake,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rule {
    AtMost,
    AtLeast,
    Range,
}

/// An item of table 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaterItem {
    /// Name in the table: `NH3-N`.
    pub key: String,
    /// Name, Chinese.
    pub zh: String,
    /// Unit.
    pub unit: String,
    /// Whether it has a part in the class.
    pub evaluated: bool,
    /// How far the row was checked.
    pub status: Status,
    rule: Rule,
    limits: Vec<Rational>,
}

static ITEMS: LazyLock<Vec<WaterItem>> = LazyLock::new(|| {
    Table::read(TABLE_1)
        .rows()
        .map(|row| {
            let word = row.get("rule");
            let rule = if word.starts_with(">=") {
                Rule::AtLeast
            } else if word == "range" {
                Rule::Range
            } else {
                Rule::AtMost
            };
            let limits = ["I", "II", "III", "IV", "V"].iter().filter_map(|class| row.get(class).parse().ok()).collect();
            WaterItem {
                key: row.get("key").to_owned(),
                zh: row.get("item_zh").to_owned(),
                unit: row.get("unit").to_owned(),
                evaluated: row.get("counts_in_2011_evaluation") == "yes",
                status: Status::read(row.get("status")),
                rule,
                limits,
            }
        })
        .collect()
});

/// All items of table 1.
#[must_use]
pub fn items() -> &'static [WaterItem] {
    &ITEMS
}

/// The item of a name (`NH3-N`) or of an HJ 212 code (`w21003`); metals only by name, their codes differ in unit.
#[must_use]
pub fn item(name: &str, body: Body) -> Option<&'static WaterItem> {
    let key = CODES.iter().find(|(code, _)| *code == name).map_or(name, |(_, key)| *key);
    let key = if key == "TP" && body == Body::Lake { "TP_lake" } else { key };
    ITEMS.iter().find(|item| item.key == key)
}

/// The largest value that an item (by its key) can have, where nature knows one: the scale of pH, and the oxygen that water of 0 °C dissolves from pure
/// oxygen (mg/L). More would be the best class.
pub fn largest(key: &str) -> Option<i64> {
    match key {
        "w01001" => Some(14),
        "DO" => Some(70),
        _ => None,
    }
}

/// Whether water can have this value of an item, named as for [`classify`]: none lies below zero, some have a [`largest`].
///
/// ```
/// use bilan_standards::{rounding::Rational, water};
///
/// assert!(!water::is_possible("w01009", Rational::whole(9999)));
/// assert!(!water::is_possible("w21003", Rational::whole(-1)));
/// assert!(water::is_possible("w21003", Rational::whole(9999)));
/// ```
pub fn is_possible(name: &str, value: Rational) -> bool {
    let Some(item) = item(name, Body::River) else { return true };
    value >= Rational::ZERO && largest(&item.key).is_none_or(|largest| value <= Rational::whole(largest))
}

/// The items that HJ 212 has a code for, with it.
pub fn coded_items(body: Body) -> impl Iterator<Item = (&'static str, &'static WaterItem)> {
    CODES.iter().filter_map(move |(code, _)| Some((*code, item(code, body)?)))
}

impl WaterItem {
    /// Limit of a class, where the item has one.
    #[must_use]
    pub fn limit(&self, class: WaterClass) -> Option<Rational> {
        self.limits.get(class as usize).copied()
    }

    /// The best class that a value meets; a pH outside 6 to 9 is worse than V.
    #[must_use]
    pub fn class(&self, value: Rational) -> WaterClass {
        let meets = |limit: &Rational| match self.rule {
            Rule::AtMost => value <= *limit,
            Rule::AtLeast => value >= *limit,
            Rule::Range => false,
        };
        if self.rule == Rule::Range {
            let inside = value >= Rational::whole(6) && value <= Rational::whole(9);
            return if inside { WaterClass::I } else { WaterClass::WorseThanV };
        }
        let at = self.limits.iter().position(meets).unwrap_or(5);
        WaterClass::ALL[at]
    }

    /// How many times a value lies over the limit of a class, (C − S)/S; `None` where it does not, and for pH and dissolved
    /// oxygen, which have no multiple.
    #[must_use]
    pub fn times_over(&self, value: Rational, class: WaterClass) -> Option<Rational> {
        let limit = self.limit(class)?;
        if self.rule != Rule::AtMost || value <= limit {
            return None;
        }
        value.checked_sub(limit)?.checked_div(limit)
    }
}

/// Verdict on a sample.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Classified {
    /// Class of the sample: the worst of its items.
    pub class: WaterClass,
    /// The items that decide: all of the worst class, unless that is class I.
    pub deciding: Vec<&'static WaterItem>,
    /// Every evaluated item with its class, in the order given.
    pub items: Vec<(&'static WaterItem, Rational, WaterClass)>,
}

impl Classified {
    /// Items over a target class with their multiple (`None` for pH and dissolved oxygen).
    #[must_use]
    pub fn over(&self, target: WaterClass) -> Vec<(&'static WaterItem, Option<Rational>)> {
        self.items
            .iter()
            .filter(|(_, _, class)| *class > target)
            .map(|(item, value, _)| (*item, item.times_over(*value, target)))
            .collect()
    }
}

/// Classes a sample by table 1; `None` if no value belongs to an evaluated item.
///
/// Names are those of the table or HJ 212 codes; values are in the unit of the table.
#[must_use]
pub fn classify(values: &[(&str, Rational)], body: Body) -> Option<Classified> {
    let items: Vec<_> = values
        .iter()
        .filter_map(|(name, value)| {
            let item = item(name, body).filter(|item| item.evaluated)?;
            Some((item, *value, item.class(*value)))
        })
        .collect();
    let class = items.iter().map(|(_, _, class)| *class).max()?;
    let decides = |entry: &&(&'static WaterItem, Rational, WaterClass)| entry.2 == class && class > WaterClass::I;
    let deciding = items.iter().filter(decides).map(|(item, _, _)| *item).collect();
    Some(Classified { class, deciding, items })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use test_case::test_case;

    use super::*;

    fn sample(values: &[(&str, &str)], body: Body) -> Classified {
        let values: Vec<_> = values.iter().map(|(name, value)| (*name, value.parse().unwrap())).collect();
        classify(&values, body).unwrap()
    }

    #[test]
    fn the_example_of_the_reference_is_class_three() {
        let values = [("w01009", "5.5"), ("w01019", "4.2"), ("w21003", "0.62"), ("w21011", "0.09"), ("TN", "9")];
        let verdict = sample(&values, Body::River);
        assert_eq!(verdict.class, WaterClass::III);
        let deciding: Vec<&str> = verdict.deciding.iter().map(|item| item.key.as_str()).collect();
        assert_eq!(deciding, ["DO", "CODMn", "NH3-N"]);
        assert!(verdict.over(WaterClass::III).is_empty());
    }

    #[test]
    fn phosphorus_of_021_is_five_hundredths_over_class_three() {
        let verdict = sample(&[("TP", "0.21")], Body::River);
        assert_eq!(verdict.class, WaterClass::IV);
        let over = verdict.over(WaterClass::III);
        assert_eq!(over[0].1, Rational::new(1, 20));
        assert_eq!(sample(&[("TP", "0.21")], Body::Lake).class, WaterClass::WorseThanV);
    }

    #[test_case("w01001", "6", WaterClass::I; "lower edge of pH")]
    #[test_case("w01001", "9.01", WaterClass::WorseThanV; "pH above nine")]
    #[test_case("DO", "7.5", WaterClass::I; "oxygen on the edge of I")]
    #[test_case("DO", "1.9", WaterClass::WorseThanV; "hardly any oxygen")]
    #[test_case("NH3-N", "2.0", WaterClass::V; "ammonia on the edge of V")]
    #[test_case("NH3-N", "2.01", WaterClass::WorseThanV; "ammonia over V")]
    #[test_case("CODCr", "15", WaterClass::I; "where I and II are the same the better one")]
    fn edges(name: &str, value: &str, class: WaterClass) {
        assert_eq!(sample(&[(name, value)], Body::River).class, class);
    }

    #[test]
    fn nitrogen_and_coliforms_alone_class_nothing() {
        assert_eq!(classify(&[("TN", Rational::whole(9)), ("F.coli", Rational::whole(99_999))], Body::River), None);
    }

    #[test]
    fn every_item_has_five_limits_or_a_rule_of_its_own() {
        for item in items() {
            assert!(item.limits.len() == 5 || ["w_temp", "w01001"].contains(&item.key.as_str()), "{}", item.key);
        }
    }

    proptest! {
        #[test]
        fn more_of_a_pollutant_is_never_a_better_class(low in 0i128..5000, more in 0i128..5000) {
            for item in items().iter().filter(|item| item.evaluated && item.rule == Rule::AtMost) {
                let class = |value| item.class(Rational::new(value, 1000).unwrap());
                prop_assert!(class(low) <= class(low + more));
            }
        }
    }
}
