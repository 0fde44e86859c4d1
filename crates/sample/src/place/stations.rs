//! Automatic stations of every medium, with the credentials by which their devices are known.

use jiff::civil::{Date, date};
use serde_json::{Value, json};

use super::desk::{Desk, STREETS, later, on};

/// Factor code, name, unit and range.
type Factor = (&'static str, &'static str, &'static str, f64);

const AIR: &[Factor] = &[
    ("a34004", "PM2.5", "µg/m³", 1_000.0),
    ("a34002", "PM10", "µg/m³", 1_000.0),
    ("a21026", "二氧化硫", "µg/m³", 1_500.0),
    ("a21004", "二氧化氮", "µg/m³", 1_000.0),
    ("a05024", "臭氧", "µg/m³", 1_000.0),
    ("a21005", "一氧化碳", "mg/m³", 50.0),
    ("a01001", "气温", "℃", 60.0),
    ("a01002", "湿度", "%", 100.0),
    ("a01006", "气压", "kPa", 110.0),
    ("a01007", "风速", "m/s", 60.0),
    ("a01008", "风向", "°", 360.0),
];
const WATER: &[Factor] = &[
    ("w01001", "pH值", "", 14.0),
    ("w01009", "溶解氧", "mg/L", 20.0),
    ("w01010", "水温", "℃", 50.0),
    ("w01014", "电导率", "µS/cm", 2_000.0),
    ("w01003", "浊度", "NTU", 1_000.0),
    ("w01019", "高锰酸盐指数", "mg/L", 20.0),
    ("w21003", "氨氮", "mg/L", 10.0),
    ("w21011", "总磷", "mg/L", 2.0),
    ("w21001", "总氮", "mg/L", 20.0),
];
const NOISE: &[Factor] = &[
    ("LA", "A声级", "dB(A)", 130.0),
    ("Leq", "等效声级", "dB(A)", 130.0),
    ("L10", "累计百分声级L10", "dB(A)", 130.0),
    ("L50", "累计百分声级L50", "dB(A)", 130.0),
    ("L90", "累计百分声级L90", "dB(A)", 130.0),
];
const DUST: &[Factor] =
    &[("a34002", "PM10", "µg/m³", 2_000.0), ("a34001", "TSP", "µg/m³", 5_000.0), ("LA", "A声级", "dB(A)", 130.0)];
const OUTFALL: &[Factor] =
    &[("w00000", "流量", "L/s", 3_000.0), ("w01014", "电导率", "µS/cm", 3_000.0), ("w21003", "氨氮", "mg/L", 50.0)];
const POWER: &[Factor] = &[
    ("d20401", "产污设施电流", "A", 600.0),
    ("d30401", "治污设施电流", "A", 200.0),
    ("e701", "治污设施功率", "kW", 200.0),
];

/// A station as the register has it.
struct Station {
    code: &'static str,
    name: &'static str,
    kind: &'static str,
    ownership: &'static str,
    street: usize,
    /// Place in the list of rivers, for water stations.
    river: Option<usize>,
    section: &'static str,
    commissioned: Date,
    state: &'static str,
}

const fn station(
    code: &'static str,
    name: &'static str,
    kind: &'static str,
    ownership: &'static str,
    street: usize,
    commissioned: Date,
) -> Station {
    Station { code, name, kind, ownership, street, river: None, section: "", commissioned, state: "running" }
}

impl Station {
    const fn river(mut self, river: usize, section: &'static str) -> Self {
        self.river = Some(river);
        self.section = section;
        self
    }

    const fn state(mut self, state: &'static str) -> Self {
        self.state = state;
        self
    }
}

const STATIONS: &[Station] = &[
    station("TXA01", "天心生态园空气自动站", "air", "national", 8, date(2012, 12, 28)),
    station("TXA02", "天心区大气复合监测站", "air", "district", 11, date(2019, 12, 20)),
    station("TXA03", "裕南街空气微站", "air", "district", 2, date(2019, 6, 18)),
    station("TXA04", "暮云空气微站", "air", "district", 12, date(2019, 6, 18)),
    station("TXA05", "坡子街空气微站", "air", "district", 0, date(2019, 6, 18)).state("maintenance"),
    station("TXW01", "湘江猴子石水质自动站", "water", "city", 4, date(2016, 11, 30)).river(0, "猴子石"),
    station("TXW02", "湘江橘子洲水质自动站", "water", "provincial", 0, date(2018, 5, 16)).river(0, "橘子洲"),
    station("TXW03", "新开铺河水质自动站", "water", "district", 4, date(2020, 8, 26)).river(1, "新开铺河口"),
    station("TXW04", "黑石铺河水质自动站", "water", "district", 10, date(2020, 9, 10)).river(2, "黑石铺河口"),
    station("TXW05", "大托河水质自动站", "water", "district", 11, date(2020, 9, 28)).river(3, "大托河口"),
    station("TXW06", "暮云河水质自动站", "water", "district", 13, date(2020, 10, 15)).river(4, "暮云河口"),
    station("TXN01", "区政府噪声自动站", "noise", "district", 6, date(2018, 9, 12)),
    station("TXN02", "太平街噪声自动站", "noise", "district", 0, date(2018, 9, 12)),
    station("TXN03", "湘府路噪声自动站", "noise", "district", 6, date(2019, 5, 20)),
    station("TXN04", "暮云工业片噪声自动站", "noise", "district", 12, date(2019, 5, 20)),
    station("TXN05", "白沙花园噪声自动站", "noise", "city", 7, date(2017, 10, 31)),
    station("TXD01", "杉木冲西路房建工地扬尘监测点", "dust", "enterprise", 9, date(2020, 5, 14)),
    station("TXD02", "南湖路市政工地扬尘监测点", "dust", "enterprise", 2, date(2020, 5, 21)),
    station("TXD03", "大托搅拌站扬尘监测点", "dust", "enterprise", 11, date(2020, 8, 7)),
    station("TXO01", "湘江南湖路合流溢流口监测点", "outfall", "district", 2, date(2020, 7, 24)),
    station("TXO02", "新开铺河合流溢流口监测点", "outfall", "district", 4, date(2020, 7, 24)),
    station("TXO03", "黑石铺河合流溢流口监测点", "outfall", "district", 10, date(2020, 7, 30)),
    station("TXN09", "南门口噪声自动站", "noise", "city", 1, date(2013, 4, 8)).state("retired"),
];

/// Name of a station by its code.
pub(super) fn name(code: &str) -> &'static str {
    STATIONS.iter().find(|station| station.code == code).map_or("", |station| station.name)
}

pub(super) fn enter(desk: &mut Desk<'_>) {
    for (place, station) in STATIONS.iter().enumerate() {
        let number = record(desk, place, station);
        desk.stations.insert(station.code, number);
    }
    for place in 0..desk.installations.len().min(8) {
        power_terminal(desk, place);
    }
}

/// The number that a device sends with each packet: district code, kind, then its place, 24 characters.
fn mn(kind: &str, place: usize) -> String {
    let medium = match kind {
        "air" => "A1",
        "water" => "B2",
        "noise" => "C3",
        "dust" => "D4",
        "outfall" => "E5",
        _ => "F6",
    };
    // A device's own part looks like a serial number; the multiplier only scatters it.
    let serial = (u64::try_from(place).unwrap_or(0) + 1) * 0x9E37_79B9 % 0x1_0000_0000;
    format!("430103{medium}2020{serial:08X}{:04X}", place + 1)
}

fn factors(kind: &str) -> &'static [Factor] {
    match kind {
        "air" => AIR,
        "water" => WATER,
        "noise" => NOISE,
        "dust" => DUST,
        "outfall" => OUTFALL,
        _ => POWER,
    }
}

fn instrument(kind: &str) -> &'static str {
    match kind {
        "air" => "紫外/化学发光/β射线组合分析仪",
        "water" => "五参数探头与湿化学分析仪",
        "noise" => "1级户外噪声监测单元",
        "dust" => "β射线颗粒物与噪声一体机",
        "outfall" => "雷达流量计与离子选择电极",
        _ => "三相多回路电能采集终端",
    }
}

fn rows(kind: &str) -> Vec<Value> {
    factors(kind)
        .iter()
        .map(|(code, name, unit, high)| json!({ "factor": code, "name": name, "unit": if unit.is_empty() { "无量纲" } else { unit }, "low": if *code == "a01001" { -40 } else { 0 }, "high": high, "instrument": instrument(kind) }))
        .collect()
}

fn record(desk: &mut Desk<'_>, place: usize, station: &Station) -> String {
    let street = &STREETS[station.street];
    let road = street.roads[place % 3];
    let address = format!("天心区{}街道{road}", street.name);
    let near = match station.code {
        "TXO01" => Some(0),
        "TXO02" => Some(1),
        "TXO03" => Some(2),
        _ => station.river,
    };
    let spot = match near {
        Some(river) => desk.riverbank(super::rivers::RIVERS[river].code, street.code, &address),
        None => desk.spot(street.code, &address),
    };
    let river = station.river.map(|index| desk.rivers[index].clone());
    let outfall = near.filter(|_| station.kind == "outfall").and_then(|wanted| {
        let outfall = desk.outfalls.iter().find(|outfall| outfall.1 == wanted && outfall.3.contains("合流"));
        outfall.map(|outfall| outfall.0.clone())
    });
    let zone = (station.kind == "noise")
        .then(|| desk.noise_zones.get(station.street % desk.noise_zones.len().max(1)).cloned())
        .flatten();
    let live = station.state != "retired";
    let target = river.as_ref().map(|(_, river)| river.target);
    let project = match station.code {
        "TXA02" => desk.projects.get("air_station"),
        "TXW03" | "TXW04" | "TXW05" | "TXW06" => desk.projects.get("stations"),
        "TXO01" => desk.projects.get("outfall"),
        _ => None,
    }
    .cloned();
    let values = json!({
        "code": station.code,
        "name": station.name,
        "kind": station.kind,
        "ownership": station.ownership,
        "place": spot,
        "elevation_m": match station.kind { "air" => json!(15.0), "noise" => json!(4.0), "dust" => json!(3.0), _ => Value::Null },
        "river": river.map(|(number, _)| number),
        "section_name": station.river.map(|_| station.section),
        "target_class": target,
        "noise_zone": zone,
        "outfall": outfall,
        "factors": rows(station.kind),
        "mn": live.then(|| mn(station.kind, place)),
        "password": live.then(|| format!("{:06}", 120_417 + place * 7_919 % 870_000)),
        "protocol": live.then_some("hj212_2017"),
        "interval_s": if live { json!(30) } else { Value::Null },
        "minute_interval": if live { json!(10) } else { Value::Null },
        "stamped": live.then_some("start"),
        "vendor": desk.pick(&["碧测仪器有限公司", "中环探测技术有限公司", "源水自动化有限公司", "声谱科技有限公司"]),
        "operator_unit": desk.pick(&["湘测运维服务有限公司", "蓝盾环境监测有限公司"]),
        "operator_phone": desk.kit.phone(),
        "built_on": on(later(station.commissioned, -45)),
        "commissioned_on": on(station.commissioned),
        "retired_on": if live { Value::Null } else { json!("2019-12-31") },
        "project": project,
        "state": station.state,
    });
    desk.book.enter("station", station.commissioned.year(), values)
}

/// The terminal that sends an installation's readings: a station of kind power.
fn power_terminal(desk: &mut Desk<'_>, place: usize) {
    let (installation, firm) = desk.installations[place].clone();
    let commissioned = later(date(2020, 6, 1), i64::try_from(place).unwrap_or(0) * 7);
    let values = json!({
        "code": format!("TXP{:02}", place + 1),
        "name": format!("{}用电监测终端", firm.name),
        "kind": "power",
        "ownership": "district",
        "place": firm.place,
        "enterprise": firm.number,
        "power_installation": installation,
        "factors": rows("power"),
        "mn": mn("power", 100 + place),
        "password": format!("{:06}", 340_127 + place * 6_151),
        "protocol": "hj212_2017",
        "interval_s": 60,
        "minute_interval": 10,
        "stamped": "start",
        "vendor": "湘电智联科技有限公司",
        "operator_unit": "湘电智联科技有限公司",
        "operator_phone": desk.kit.phone(),
        "built_on": on(later(commissioned, -10)),
        "commissioned_on": on(commissioned),
        "project": desk.projects.get("power"),
        "state": "running",
    });
    desk.book.enter("station", commissioned.year(), values);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn device_numbers_are_24_hex_digits_and_differ() {
        let mut seen = std::collections::BTreeSet::new();
        for (place, station) in STATIONS.iter().enumerate() {
            let number = mn(station.kind, place);
            assert_eq!(number.len(), 24, "{number}");
            assert!(number.bytes().all(|byte| byte.is_ascii_digit() || (b'A'..=b'F').contains(&byte)), "{number}");
            assert!(seen.insert(number));
        }
    }
}
