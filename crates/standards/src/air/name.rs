//! Names of the six items in files: keys, names of the standards, HJ 212 codes, Chinese, in any case and with a unit beside them.

use super::Item;
use crate::cell::{Head, Scale, key, scale};

/// Names as [`key`] has them.
const NAMES: [(&str, Item); 21] = [
    ("so2", Item::So2),
    ("二氧化硫", Item::So2),
    ("a21026", Item::So2),
    ("no2", Item::No2),
    ("二氧化氮", Item::No2),
    ("a21004", Item::No2),
    ("co", Item::Co),
    ("一氧化碳", Item::Co),
    ("a21005", Item::Co),
    ("o3", Item::O3),
    ("臭氧", Item::O3),
    ("a05024", Item::O3),
    ("pm10", Item::Pm10),
    ("可吸入颗粒物", Item::Pm10),
    ("颗粒物pm10", Item::Pm10),
    ("颗粒物≤10um", Item::Pm10),
    ("a34002", Item::Pm10),
    ("pm25", Item::Pm25),
    ("细颗粒物", Item::Pm25),
    ("颗粒物pm25", Item::Pm25),
    ("a34004", Item::Pm25),
];
/// What stands in files of hours and is no hourly value of the six items, as [`key`] has it: other means, indexes, other pollutants, weather.
const NEVER_JUDGED: [&str; 48] = [
    "so224h",
    "no224h",
    "co24h",
    "o324h",
    "o38h",
    "o38h24h",
    "pm1024h",
    "pm2524h",
    "aqi",
    "primary",
    "primarypollutant",
    "首要污染物",
    "空气质量指数",
    "空气质量等级",
    "nox",
    "氮氧化物",
    "一氧化氮",
    "tsp",
    "a34001",
    "a21002",
    "a21003",
    "temp",
    "temperature",
    "气温",
    "温度",
    "pressure",
    "pres",
    "气压",
    "dewpoint",
    "dewp",
    "露点",
    "rain",
    "降水",
    "降雨量",
    "windspeed",
    "wspm",
    "风速",
    "winddir",
    "wd",
    "风向",
    "humidity",
    "rh",
    "湿度",
    "相对湿度",
    "a01001",
    "a01002",
    "a01006",
    "a01007",
];

/// What a head of a column says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NamedAir {
    /// An item in a unit that can be converted.
    Item(Item, Scale),
    /// An item with words beside it that are no unit of it.
    WrongUnit(Item),
    /// Not an hourly value of the six items.
    NeverJudged,
}

impl Item {
    /// The item that a head names, whatever its case, with a unit or another name of the item beside it; `None` for what is not known.
    #[must_use]
    pub fn named(head: &Head) -> Option<NamedAir> {
        for (at, name) in head.keys.iter().enumerate() {
            if let Some(item) = of_key(name) {
                let beside = &head.beside[..at.min(head.beside.len())];
                return Some(
                    scaled(item, beside).map_or(NamedAir::WrongUnit(item), |scale| NamedAir::Item(item, scale)),
                );
            }
            if NEVER_JUDGED.contains(&name.as_str()) {
                return Some(NamedAir::NeverJudged);
            }
        }
        None
    }
}

fn of_key(name: &str) -> Option<Item> {
    // `a34004-Avg` and `a34004-Rtd` are the value of the code.
    let code = name.strip_suffix("avg").or_else(|| name.strip_suffix("rtd")).filter(|code| code.starts_with('a'));
    let name = code.unwrap_or(name);
    NAMES.iter().find(|(known, _)| *known == name).map(|(_, item)| *item)
}

fn scaled(item: Item, beside: &[String]) -> Option<Scale> {
    let mut found = Scale::ONE;
    for words in beside {
        match scale(item.unit(), words) {
            Some(scale) => found = scale,
            None if of_key(&key(words)) == Some(item) || words.is_empty() => {}
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

    #[test_case("pm2_5", Item::Pm25, 1, 1; "the key")]
    #[test_case("PM2.5", Item::Pm25, 1, 1; "as the standards have it")]
    #[test_case("PM₂.₅（μg/m³）", Item::Pm25, 1, 1; "subscripts and a unit")]
    #[test_case("细颗粒物(PM2.5)", Item::Pm25, 1, 1; "two names")]
    #[test_case("A34004-Avg", Item::Pm25, 1, 1; "a code in upper case")]
    #[test_case("臭氧", Item::O3, 1, 1; "Chinese")]
    #[test_case("CO(mg/m3)", Item::Co, 1, 1; "carbon monoxide in its unit")]
    #[test_case("CO(μg/m³)", Item::Co, 1, 1000; "carbon monoxide in micrograms")]
    #[test_case("SO2 mg/m³", Item::So2, 1000, 1; "sulphur dioxide in milligrams")]
    fn an_item_is_known_by_every_name(head: &str, item: Item, top: i128, bottom: i128) {
        let Some(NamedAir::Item(found, scale)) = Item::named(&Head::read(head)) else { panic!("{head}") };
        assert_eq!((found, Some(scale.factor())), (item, Rational::new(top, bottom)));
    }

    #[test]
    fn other_units_are_named_and_other_heads_are_not_known() {
        let of = |head: &str| Item::named(&Head::read(head));
        assert_eq!(of("O3(ppb)"), Some(NamedAir::WrongUnit(Item::O3)));
        assert_eq!(["PM2_5_24h", "O3_8h", "气温(℃)", "NOx"].map(of), [Some(NamedAir::NeverJudged); 4]);
        assert_eq!(["pm", "PM2.5浓度", "ozone level", ""].map(of), [None; 4]);
    }
}
