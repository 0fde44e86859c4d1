//! Names of the items of table 1: as the table has them, HJ 212 codes, Chinese, in any case and with a unit beside them.

use super::{Body, CODES, WaterItem, item, items};
use crate::cell::{Head, Scale, key, scale};

/// Names beside those of the table and the codes, as [`key`] has them.
const OTHERS: [(&str, &str); 20] = [
    ("ph", "w01001"),
    ("ph值", "w01001"),
    ("高锰酸盐指数", "CODMn"),
    ("cod", "CODCr"),
    ("bod", "BOD5"),
    ("生化需氧量", "BOD5"),
    ("五日生化需氧量", "BOD5"),
    ("nh3", "NH3-N"),
    ("氨氮以n计", "NH3-N"),
    ("总磷以p计", "TP"),
    ("总氮", "TN"),
    ("总氮以n计", "TN"),
    ("六价铬", "Cr6"),
    ("cr6+", "Cr6"),
    ("crvi", "Cr6"),
    ("氟化物以f计", "F-"),
    ("挥发性酚", "phenol"),
    ("水温", "w_temp"),
    ("watertemp", "w_temp"),
    ("temp", "w_temp"),
];
/// Items of national stations that have no part in any class, as [`key`] has them: turbidity, conductivity, algae, transparency and the like.
const NEVER_JUDGED: [&str; 22] = [
    "w01003",
    "w01014",
    "w01012",
    "浊度",
    "浑浊度",
    "turbidity",
    "turb",
    "电导率",
    "conductivity",
    "cond",
    "叶绿素a",
    "叶绿素",
    "chlorophyll",
    "chla",
    "藻密度",
    "algae",
    "透明度",
    "氧化还原电位",
    "悬浮物",
    "流量",
    "水位",
    "色度",
];

/// What a head of a column says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Named {
    /// An item of table 1 in a unit that can be converted.
    Item(&'static WaterItem, Scale),
    /// An item of table 1 with words beside it that are no unit of it.
    WrongUnit(&'static WaterItem),
    /// Measured, and never classed.
    NeverJudged,
}

/// The item that a head names, whatever its case, with a unit or another name of the same item beside it; `None` for what is not known.
#[must_use]
pub fn named(head: &Head, body: Body) -> Option<Named> {
    for (at, name) in head.keys.iter().enumerate() {
        if let Some(item) = of_key(name, body) {
            return Some(match scaled(item, &head.beside[..at.min(head.beside.len())], body) {
                Some(scale) => Named::Item(item, scale),
                None => Named::WrongUnit(item),
            });
        }
        if NEVER_JUDGED.contains(&name.as_str()) {
            return Some(Named::NeverJudged);
        }
    }
    None
}

fn of_key(name: &str, body: Body) -> Option<&'static WaterItem> {
    // `w21003-Avg` and `w21003-Rtd` are the value of the code.
    let code = name.strip_suffix("avg").or_else(|| name.strip_suffix("rtd")).unwrap_or(name);
    if CODES.iter().any(|(known, _)| *known == code) {
        return item(code, body);
    }
    if let Some((_, of_table)) = OTHERS.iter().find(|(other, _)| *other == name) {
        return item(of_table, body);
    }
    let named = |item: &&WaterItem| key(&item.key) == name || key(&item.zh) == name;
    let found = items().iter().find(named)?;
    // Lakes have a line of their own in the table, not in a file.
    item(found.key.trim_end_matches("_lake"), body)
}

/// The scale of what stands beside a name: a unit, or another name of the item.
fn scaled(item: &'static WaterItem, beside: &[String], body: Body) -> Option<Scale> {
    let mut found = Scale::ONE;
    for words in beside {
        match scale(&item.unit, words) {
            Some(scale) => found = scale,
            None if of_key(&key(words), body) == Some(item) || words.is_empty() => {}
            None => return None,
        }
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use test_case::test_case;

    use super::*;
    use crate::rounding::Rational;

    #[test_case("w21003", "NH3-N", 1, 1; "a code")]
    #[test_case("W21003", "NH3-N", 1, 1; "a code in upper case")]
    #[test_case("w21003-Avg", "NH3-N", 1, 1; "a mean of a code")]
    #[test_case("氨氮(mg/L)", "NH3-N", 1, 1; "Chinese with its unit")]
    #[test_case("氨氮（NH₃-N）", "NH3-N", 1, 1; "two names")]
    #[test_case("nh3-n mg/l", "NH3-N", 1, 1; "a unit behind a blank")]
    #[test_case("氨氮(μg/L)", "NH3-N", 1, 1000; "micrograms")]
    #[test_case("汞（ug/L）", "Hg", 1, 1000; "micrograms of a metal")]
    #[test_case("pH(无量纲)", "w01001", 1, 1; "without a dimension")]
    #[test_case("PH", "w01001", 1, 1; "in upper case")]
    #[test_case("溶解氧", "DO", 1, 1; "Chinese")]
    #[test_case("高锰酸盐指数", "CODMn", 1, 1; "the index as it is called")]
    #[test_case("COD(Mn)", "CODMn", 1, 1; "brackets of the name")]
    #[test_case("铬(六价)", "Cr6", 1, 1; "as the table has it")]
    #[test_case("六价铬", "Cr6", 1, 1; "as others have it")]
    #[test_case("总磷(以P计)", "TP", 1, 1; "counted as phosphorus")]
    fn an_item_is_known_by_every_name(head: &str, item: &str, top: i128, bottom: i128) {
        match named(&Head::read(head), Body::River) {
            Some(Named::Item(found, scale)) => {
                assert_eq!((found.key.as_str(), Some(scale.factor())), (item, Rational::new(top, bottom)));
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_lake_has_its_own_phosphorus() {
        let found = |head: &str| match named(&Head::read(head), Body::Lake) {
            Some(Named::Item(item, _)) => item.key.clone(),
            other => panic!("{other:?}"),
        };
        assert_eq!(["TP", "总磷", "总磷(湖库)", "w21011"].map(found), ["TP_lake"; 4]);
    }

    #[test]
    fn other_units_are_named_and_other_heads_are_not_known() {
        let of = |head: &str| named(&Head::read(head), Body::River);
        assert!(matches!(of("氨氮(ppm)"), Some(Named::WrongUnit(item)) if item.key == "NH3-N"));
        assert!(matches!(of("电导率(μS/cm)"), Some(Named::NeverJudged)));
        assert_eq!(["总铬", "氨氮浓度", "w20122", "x", ""].map(of), [None; 5]);
    }
}
