//! Sources of drinking water (集中式饮用水水源地): table 1 to class III, tables 2 and 3 by their limits (GB 3838-2002).
//!
//! Which items count where is not verified (`data/water_evaluation.tsv`, drinking_source): total nitrogen and coliforms are left out here as in every class.

use std::sync::LazyLock;

use serde::Serialize;

use super::{Body, WaterClass, item};
use crate::cell::{Head, Scale, key, scale};
use crate::{rounding::Rational, status::Status, table::Table};

const TABLES: [(u8, &str); 2] =
    [(2, include_str!("../../data/gb3838_table2.tsv")), (3, include_str!("../../data/gb3838_table3.tsv"))];

/// An item of table 2 (5 items) or 3 (80 items).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceItem {
    /// 2 or 3.
    pub table: u8,
    /// Name, Chinese.
    pub zh: String,
    /// Largest value, mg/L.
    pub limit: Rational,
    /// How far the row was checked.
    pub status: Status,
}

static ITEMS: LazyLock<Vec<SourceItem>> = LazyLock::new(|| {
    let mut items = Vec::new();
    for (table, text) in TABLES {
        let read = |row: crate::table::Row<'_, '_>| {
            let (zh, status) = (row.get("item_zh").to_owned(), Status::read(row.get("status")));
            Some(SourceItem { table, zh, limit: row.get("limit").parse().ok()?, status })
        };
        items.extend(Table::read(text).rows().filter_map(read));
    }
    items
});

/// All items of tables 2 and 3.
#[must_use]
pub fn source_items() -> &'static [SourceItem] {
    &ITEMS
}

/// The item of tables 2 and 3 with a Chinese name, which may leave out what stands in brackets (硫酸盐 for 硫酸盐(以SO4计)).
#[must_use]
pub fn source_item(name: &str) -> Option<&'static SourceItem> {
    ITEMS.iter().find(|item| item.zh == name || item.zh.split('(').next() == Some(name))
}

/// The item of tables 2 and 3 that a head of a column names, with one of the head's unit in mg/L; no scale where the unit cannot be converted.
#[must_use]
pub fn source_item_named(head: &Head) -> Option<(&'static SourceItem, Option<Scale>)> {
    let of_key = |name: &String| {
        ITEMS
            .iter()
            .find(|item| key(&item.zh) == *name || item.zh.split('(').next().is_some_and(|short| key(short) == *name))
    };
    let (at, item) = head.keys.iter().enumerate().find_map(|(at, name)| Some((at, of_key(name)?)))?;
    let scales: Option<Vec<Scale>> = head.beside[..at].iter().map(|words| scale("mg/L", words)).collect();
    Some((item, scales.map(|scales| scales.last().copied().unwrap_or(Scale::ONE))))
}

/// How a source of drinking water stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SourceVerdict {
    /// Items over their limit, with how many times over ((C − S)/S; nothing for pH and oxygen).
    #[serde(skip)]
    pub over: Vec<(String, Option<Rational>)>,
    /// Items that were judged.
    pub judged: usize,
    /// Items that stand in no table or are not evaluated.
    pub passed_over: Vec<String>,
}

impl SourceVerdict {
    /// Whether the source keeps every limit (达标).
    #[must_use]
    pub fn complies(&self) -> bool {
        self.over.is_empty()
    }
}

/// Judges a sample; names of table 1 are those of [`super::classify`], of tables 2 and 3 the Chinese names. `None` if nothing can be judged.
#[must_use]
pub fn judge_source(values: &[(&str, Rational)], body: Body) -> Option<SourceVerdict> {
    let mut verdict = SourceVerdict { over: Vec::new(), judged: 0, passed_over: Vec::new() };
    for (name, value) in values {
        let first = item(name, body).filter(|item| item.evaluated);
        let further = source_item(name);
        let over = match (first, further) {
            (Some(item), _) => {
                let over = item.class(*value) > WaterClass::III;
                over.then(|| (item.zh.clone(), item.times_over(*value, WaterClass::III)))
            }
            (None, Some(item)) => {
                let over = value.checked_sub(item.limit).filter(|over| *over > Rational::ZERO);
                over.map(|over| (item.zh.clone(), over.checked_div(item.limit)))
            }
            (None, None) => {
                verdict.passed_over.push((*name).to_owned());
                continue;
            }
        };
        verdict.judged += 1;
        verdict.over.extend(over);
    }
    (verdict.judged > 0).then_some(verdict)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Rational {
        text.parse().unwrap()
    }

    #[test]
    fn tables_2_and_3_have_5_and_80_items() {
        let count = |table| source_items().iter().filter(|item| item.table == table).count();
        assert_eq!((count(2), count(3)), (5, 80));
    }

    #[test]
    fn items_are_known_with_a_unit_beside_them() {
        let of = |head: &str| {
            source_item_named(&Head::read(head)).map(|(item, scale)| (item.zh.as_str(), scale.map(Scale::factor)))
        };
        assert_eq!(of("锰（μg/L）"), Some(("锰", Rational::new(1, 1000))));
        assert_eq!(of("硫酸盐(mg/L)"), Some(("硫酸盐(以SO4计)", Rational::new(1, 1))));
        assert_eq!((of("锰(ppm)"), of("总锰")), (Some(("锰", None)), None));
    }

    #[test]
    fn a_source_is_judged_by_three_tables() {
        let values = [
            ("NH3-N", "1.0"),
            ("TP", "0.25"),
            ("锰", "0.1"),
            ("硫酸盐", "300"),
            ("苯", "0.01"),
            ("苯并(a)芘", "0.0000029"),
            ("TN", "9"),
            ("gold", "1"),
        ];
        let values: Vec<_> = values.iter().map(|(name, value)| (*name, number(value))).collect();
        let verdict = judge_source(&values, Body::River).unwrap();
        let over: Vec<_> =
            verdict.over.iter().map(|(name, times)| (name.as_str(), times.unwrap().fixed_text(2).unwrap())).collect();
        assert_eq!(over, [("总磷", "0.25".into()), ("硫酸盐(以SO4计)", "0.20".into()), ("苯并(a)芘", "0.04".into())]);
        assert_eq!((verdict.judged, verdict.passed_over.as_slice()), (6, &["TN".to_owned(), "gold".to_owned()][..]));
        assert!(!verdict.complies());
    }

    #[test]
    fn limits_may_be_reached_and_lakes_have_their_own() {
        let at = [("铁", number("0.3")), ("DO", number("5"))];
        assert!(judge_source(&at, Body::River).unwrap().complies());
        assert!(!judge_source(&[("TP", number("0.1"))], Body::Lake).unwrap().complies());
        assert_eq!(judge_source(&[("TN", number("1"))], Body::Lake), None);
    }
}
