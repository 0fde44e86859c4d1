//! What the factor codes of HJ 212 are called, and how their values are printed. A station's own list of factors goes first; this one
//! speaks where that is silent.

use bilan_records::catalogue::Label;
use bilan_standards::air::Item;
use bilan_standards::{noise, water};
use bilan_telemetry::quality::cannot_be_negative;

use super::verdict::exact;

/// A factor as a page shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Factor {
    /// HJ 212 code.
    pub(crate) code: &'static str,
    zh: &'static str,
    en: &'static str,
    /// Unit.
    pub(crate) unit: &'static str,
    /// Decimals of a printed value.
    pub(crate) digits: usize,
}

const fn factor(code: &'static str, zh: &'static str, en: &'static str, unit: &'static str, digits: usize) -> Factor {
    Factor { code, zh, en, unit, digits }
}

const FACTORS: &[Factor] = &[
    factor("a34004", "PM2.5", "PM2.5", "µg/m³", 0),
    factor("a34002", "PM10", "PM10", "µg/m³", 0),
    factor("a34001", "总悬浮颗粒物", "TSP", "µg/m³", 0),
    factor("a21026", "二氧化硫", "Sulphur dioxide", "µg/m³", 0),
    factor("a21004", "二氧化氮", "Nitrogen dioxide", "µg/m³", 0),
    factor("a21005", "一氧化碳", "Carbon monoxide", "mg/m³", 1),
    factor("a05024", "臭氧", "Ozone", "µg/m³", 0),
    factor("aqi", "空气质量指数", "AQI", "", 0),
    factor("aqi_24h", "24小时空气质量指数", "AQI of 24 hours", "", 0),
    factor("a01001", "气温", "Air temperature", "℃", 1),
    factor("a01002", "湿度", "Humidity", "%", 0),
    factor("a01006", "气压", "Air pressure", "kPa", 1),
    factor("a01007", "风速", "Wind speed", "m/s", 1),
    factor("a01008", "风向", "Wind direction", "°", 0),
    factor("w01001", "pH值", "pH", "", 2),
    factor("w01009", "溶解氧", "Dissolved oxygen", "mg/L", 2),
    factor("w01010", "水温", "Water temperature", "℃", 1),
    factor("w01014", "电导率", "Conductivity", "µS/cm", 0),
    factor("w01003", "浊度", "Turbidity", "NTU", 1),
    factor("w01019", "高锰酸盐指数", "Permanganate index", "mg/L", 2),
    factor("w01018", "化学需氧量", "COD", "mg/L", 1),
    factor("w21003", "氨氮", "Ammonia nitrogen", "mg/L", 3),
    factor("w21011", "总磷", "Total phosphorus", "mg/L", 3),
    factor("w21001", "总氮", "Total nitrogen", "mg/L", 2),
    factor("w00000", "流量", "Flow", "L/s", 1),
    factor("LA", "A声级", "A-weighted level", "dB(A)", 1),
    factor("Leq", "等效声级", "Equivalent level", "dB(A)", 1),
    factor("L10", "累计百分声级L10", "L10", "dB(A)", 1),
    factor("L50", "累计百分声级L50", "L50", "dB(A)", 1),
    factor("L90", "累计百分声级L90", "L90", "dB(A)", 1),
    factor("d20401", "产污设施电流", "Current of production", "A", 1),
    factor("d30401", "治污设施电流", "Current of treatment", "A", 1),
    factor("e701", "治污设施功率", "Power of treatment", "kW", 2),
];

impl Factor {
    /// The factor of a code.
    pub(crate) fn of(code: &str) -> Option<&'static Factor> {
        FACTORS.iter().find(|factor| factor.code == code)
    }

    /// Its name.
    pub(crate) fn label(&self) -> Label {
        Label { zh: self.zh.to_owned(), en: self.en.to_owned() }
    }
}

/// Name of a factor by its code; nothing for a code that is not known, or a pattern.
pub(crate) fn factor_label(code: &str) -> Option<Label> {
    Factor::of(code).map(Factor::label)
}

/// The unit in which values of a factor are stored and judged, where the program knows the factor by its HJ 212 code: that of its standard. What a station reports in another unit
/// is converted when it comes in; empty where the factor has none.
#[must_use]
pub fn unit_of_factor(code: &str) -> Option<&'static str> {
    Factor::of(code).map(|factor| factor.unit)
}

/// Place in the order in which factors are shown: that of the table, unknown ones last.
pub(crate) fn rank(code: &str) -> usize {
    FACTORS.iter().position(|factor| factor.code == code).unwrap_or(FACTORS.len())
}

/// The item of the air quality index that a factor code stands for.
pub(crate) fn air_item(code: &str) -> Option<Item> {
    Some(match code {
        "a21026" => Item::So2,
        "a21004" => Item::No2,
        "a21005" => Item::Co,
        "a05024" => Item::O3,
        "a34002" => Item::Pm10,
        "a34004" => Item::Pm25,
        _ => return None,
    })
}

/// Whether a level of noise: its means are means of energies.
pub(crate) fn is_level(code: &str) -> bool {
    code.starts_with('L')
}

/// Whether what the factor stands for can have this value. What cannot be is shown as it came and counts nowhere: a dead instrument must make no place
/// silent and no water clean.
pub(crate) fn is_possible(code: &str, value: f64) -> bool {
    if is_level(code) {
        return noise::is_possible(value);
    }
    if value < 0.0 {
        return !cannot_be_negative(code);
    }
    exact(value).is_none_or(|number| water::is_possible(code, number))
}

/// An item of the index as pages write it.
pub(crate) fn item_name(item: Item) -> &'static str {
    match item {
        Item::So2 => "SO₂",
        Item::No2 => "NO₂",
        Item::Co => "CO",
        Item::O3 => "O₃",
        Item::Pm10 => "PM10",
        Item::Pm25 => "PM2.5",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_counts_nowhere() {
        let broken = [("Leq", 0.0), ("LA", 999.0), ("a34004", -999.0), ("w01009", 9999.0), ("w21003", -1.0)];
        assert!(!broken.into_iter().any(|(code, value)| is_possible(code, value)), "{broken:?}");
        let sound =
            [("Leq", 38.2), ("a34004", 0.0), ("a01001", -12.0), ("w01010", -0.2), ("w21003", 0.02), ("d20401", 0.0)];
        assert!(sound.into_iter().all(|(code, value)| is_possible(code, value)), "{sound:?}");
    }

    #[test]
    fn every_item_of_the_index_is_a_factor() {
        let items: Vec<Item> = FACTORS.iter().filter_map(|factor| air_item(factor.code)).collect();
        for item in Item::ALL {
            assert!(items.contains(&item), "{}", item_name(item));
        }
        assert!(rank("a34004") < rank("unknown"));
    }
}
