//! Outfalls along the rivers, the drain nodes above them, and the overflows of the year.

use jiff::civil::{DateTime, date};
use serde_json::{Value, json};

use super::desk::{Desk, STREETS, Street, after, at, later, on, rounded};
use super::rivers::RIVERS;

/// Outfalls on each river, in the order of [`RIVERS`].
const OUTFALLS: [usize; 5] = [22, 6, 6, 5, 7];
/// Outfalls for which the drain network upstream was surveyed node by node.
const SURVEYED_EVERY: usize = 5;

/// Places on the bank by which people know the outfalls of a street, in the order of [`STREETS`].
const BANK: [[&str; 3]; 14] = [
    ["西湖路", "下河街", "橘子洲大桥南"],
    ["城南西路", "天心路", "白沙路"],
    ["南湖路", "西湖桥", "碧沙湖"],
    ["劳动西路", "黄土岭路", "天剑路"],
    ["猴子石", "石人路", "新开铺路"],
    ["友谊路", "井湾路", "青园路"],
    ["湘府西路", "新姚北路", "桂花坪路"],
    ["赤岭路", "南大桥", "书院南路"],
    ["新韶西路", "文源路", "状元坡"],
    ["披塘桥", "杉木冲西路", "新姚南路"],
    ["黑石铺大桥北", "一力路", "黑石渡"],
    ["大托渡口", "解放垸", "兴隆桥"],
    ["暮云渡口", "许兴桥", "三兴路"],
    ["滨洲路", "沿江路", "牛角塘"],
];

pub(super) fn enter(desk: &mut Desk<'_>) {
    let mut total = 0;
    for (index, count) in OUTFALLS.into_iter().enumerate() {
        for place in 0..count {
            total += 1;
            outfall(desk, index, place, total);
        }
    }
}

fn outfall(desk: &mut Desk<'_>, index: usize, place: usize, total: usize) {
    let river = &RIVERS[index];
    let street = &STREETS[river.streets[place % river.streets.len()]];
    let road = BANK[river.streets[place % river.streets.len()]][place / river.streets.len() % 3];
    let kind = match (index, place % 6) {
        (_, 1) => "combined",
        (0, 3) => "pumping_station",
        (4, 4) => "sewage_plant",
        (2 | 3, 5) => "farm",
        _ => "rainwater",
    };
    let word = match kind {
        "combined" => "合流溢流口",
        "pumping_station" => "泵站排口",
        "sewage_plant" => "净水厂排口",
        "farm" => "农田退水口",
        _ => "雨水排口",
    };
    let name = format!("{}{road}{word}", river.name);
    let name = if desk.outfalls.iter().any(|outfall| outfall.3 == name) {
        format!("{name}{}号", place / 3 + 1)
    } else {
        name
    };
    let node = if total % SURVEYED_EVERY == 1 { Some(chain(desk, street, total)) } else { None };
    let sealed = place == OUTFALLS[index] - 1 && index > 0;
    let place_value = desk.riverbank(river.code, street.code, &format!("{}街道{}岸边", street.name, road));
    let works = if kind == "combined" {
        json!([{ "done_on": "2020-07-24", "measure": "截流井改造、加装拍门与液位计", "unit": "区水利局", "effect": "旱天污水全部截流" }])
    } else if sealed {
        json!([{ "done_on": "2020-05-15", "measure": "混接污水接入市政管网后封堵", "unit": "市政排水公司", "effect": "已封堵" }])
    } else {
        Value::Null
    };
    let found = later(date(2019, 4, 9), i64::try_from(total).unwrap_or(0) * 4);
    let values = json!({
        "code": format!("HN430103{}{:03}", ["XJ", "XK", "HS", "DT", "MY"][index], place + 1),
        "name": name,
        "river": desk.rivers[index].0,
        "kind": kind,
        "bank": if index == 0 { "right" } else { *desk.pick(&["left", "right"]) },
        "place": place_value,
        "found_on": on(found),
        "shape": desk.pick(&["round", "round", "box", "channel"]),
        "diameter_mm": desk.pick(&[600, 800, 1_000, 1_200, 1_500, 2_000]),
        "drain_node": node.as_ref().map(|nodes| nodes[0].clone()),
        "catchment_km2": desk.decimal(0.1, 3.2, 2),
        "has_gate": matches!(kind, "combined" | "pumping_station"),
        "dry_flow": if kind == "sewage_plant" { "clean" } else { *desk.pick(&["none", "none", "none", "clean"]) },
        "owner_unit": desk.pick(&["市政排水公司", "区水利局", "属地街道", "区住房和城乡建设局"]),
        "responsible_unit": format!("{}街道办事处", street.name),
        "handler_name": desk.kit.person(),
        "inspections_per_month": if kind == "combined" { 8 } else { 4 },
        "works": works,
        "rectified_on": if kind == "combined" { json!("2020-07-24") } else if sealed { json!("2020-05-15") } else { Value::Null },
        "state": if sealed { "sealed" } else { "watched" },
    });
    let number = desk.book.enter("outfall", found.year(), values);
    if let Some(nodes) = node {
        desk.traced.push((number.clone(), nodes));
    }
    if !sealed {
        desk.outfalls.push((number, index, street, name));
    }
}

/// A chain of drain nodes from the mouth upwards; returns their numbers, mouth first.
fn chain(desk: &mut Desk<'_>, street: &'static Street, total: usize) -> Vec<String> {
    let length = 6 + total % 4;
    let mut numbers: Vec<String> = Vec::new();
    let mut invert = desk.decimal(27.5, 30.0, 2);
    for step in 0..length {
        let road = street.roads[(total + step / 3) % 3];
        let (kind, word) = match step {
            0 => ("mouth", "排放口"),
            1 if total.is_multiple_of(2) => ("gate", "截流闸"),
            1 => ("interceptor", "截流井"),
            step if step + 1 == length => ("septic", "化粪池"),
            _ => ("manhole", "检查井"),
        };
        invert += desk.decimal(0.08, 0.35, 2);
        let ground = invert + desk.decimal(2.2, 4.6, 2);
        let place = desk.spot(street.code, &format!("{}街道{road}", street.name));
        let values = json!({
            "code": format!("{}-{:03}-{:02}", &street.code[6..], total, step),
            "name": format!("{road}{word}{}", step + 1),
            "kind": kind,
            "drain_system": if step == 0 { "rain" } else { *desk.pick(&["combined", "rain", "sewage"]) },
            "place": place,
            "road": road,
            "surveyed_on": on(later(date(2019, 3, 5), i64::try_from(total * 3 + step).unwrap_or(0))),
            "ground_m": rounded(ground, 2),
            "invert_m": rounded(invert, 2),
            "diameter_mm": desk.pick(&[400, 500, 600, 800, 1_000]),
            "downstream": numbers.last(),
            "pipe_length_m": if step > 0 { json!(desk.decimal(28.0, 96.0, 1)) } else { Value::Null },
            "owner_unit": "市政排水公司",
            "condition": desk.pick(&["good", "good", "fair", "misconnected", "damaged"]),
            "dredged_on": on(later(date(2020, 3, 1), desk.between(0, 200))),
        });
        numbers.push(desk.book.enter("drain_node", 2019, values));
    }
    numbers
}

/// River (place in [`RIVERS`]), beginning, kind, rain of the day before in millimetres, hours, cause, words.
type Overflow = (usize, DateTime, &'static str, f64, f64, &'static str, &'static str);

const EVENTS: [Overflow; 12] = [
    (1, date(2020, 3, 27).at(6, 40, 0, 0), "wet", 41.5, 3.5, "heavy_rain", "雨停后截流井恢复，河面垃圾已打捞"),
    (
        4,
        date(2020, 4, 18).at(11, 15, 0, 0),
        "dry",
        0.0,
        1.8,
        "blocked_pipe",
        "管道被建筑垃圾堵塞致污水由雨水口溢出，疏通后恢复，责令工地赔偿并清淤",
    ),
    (0, date(2020, 5, 29).at(19, 20, 0, 0), "wet", 63.0, 4.2, "heavy_rain", "泵站全力抽排，溢流停止后采样复测达标"),
    (2, date(2020, 6, 3).at(4, 10, 0, 0), "wet", 55.5, 5.0, "heavy_rain", "启用调蓄池，雨后清理格栅"),
    (1, date(2020, 6, 9).at(22, 30, 0, 0), "wet", 72.0, 6.1, "heavy_rain", "属地街道转移沿线停放车辆，雨后冲洗河岸"),
    (0, date(2020, 7, 4).at(3, 50, 0, 0), "wet", 88.5, 7.4, "heavy_rain", "外河高水位，泵站强排；退水后清淤"),
    (3, date(2020, 7, 10).at(9, 5, 0, 0), "wet", 47.0, 2.6, "pump_failure", "一台水泵跳闸，抢修两小时恢复，增配备用泵"),
    (4, date(2020, 7, 26).at(16, 45, 0, 0), "wet", 38.5, 2.2, "heavy_rain", "截流倍数不足，列入管网改造"),
    (
        2,
        date(2020, 8, 21).at(14, 0, 0, 0),
        "dry",
        0.4,
        2.5,
        "misconnection",
        "沿管网逐井溯源，查实沿街洗车场污水混接，已改接并立案",
    ),
    (0, date(2020, 9, 15).at(5, 30, 0, 0), "wet", 52.0, 3.1, "heavy_rain", "溢流期间加密监测，水质四小时内恢复"),
    (1, date(2020, 9, 18).at(20, 10, 0, 0), "wet", 44.5, 2.9, "heavy_rain", "雨前预腾空管道，溢流时长较六月缩短过半"),
    (3, date(2020, 10, 6).at(7, 25, 0, 0), "wet", 29.0, 1.4, "heavy_rain", "拍门关闭不严致倒灌，已更换密封"),
];

/// Overflows of the year; in dry weather only on tributaries.
pub(super) fn overflows(desk: &mut Desk<'_>) {
    for (index, begun, kind, rain, hours, cause, measures) in EVENTS {
        let candidates: Vec<(String, String)> = desk
            .outfalls
            .iter()
            .filter(|outfall| outfall.1 == index)
            .map(|outfall| (outfall.0.clone(), outfall.3.clone()))
            .collect();
        let traced: Vec<(String, Vec<String>)> = desk
            .traced
            .iter()
            .filter(|(number, _)| candidates.iter().any(|candidate| candidate.0 == *number))
            .cloned()
            .collect();
        let chosen =
            if kind == "dry" && !traced.is_empty() { traced[0].0.clone() } else { desk.pick(&candidates).0.clone() };
        let name =
            candidates.iter().find(|candidate| candidate.0 == chosen).map_or("", |candidate| candidate.1.as_str());
        let nodes = desk
            .traced
            .iter()
            .find(|(number, _)| *number == chosen)
            .map(|(_, nodes)| nodes.clone())
            .unwrap_or_default();
        let traces = traces(desk, &nodes, begun, kind);
        let minutes = (hours * 60.0) as i64;
        let (ammonia, cod) = if kind == "dry" {
            (desk.decimal(12.0, 28.0, 2), desk.decimal(90.0, 210.0, 1))
        } else {
            (desk.decimal(1.8, 6.5, 2), desk.decimal(32.0, 78.0, 1))
        };
        let values = json!({
            "subject": format!("{name}{}", if kind == "dry" { "旱天污水溢流" } else { "雨天溢流" }),
            "outfall": chosen,
            "river": desk.rivers[index].0,
            "kind": kind,
            "started_at": at(begun),
            "ended_at": at(after(begun, minutes)),
            "duration_h": hours,
            "rain_24h_mm": rain,
            "reported_through": desk.pick(&["monitor", "patrol", "monitor", "complaint", "river_chief"]),
            "volume_m3": desk.between(80, 2_400),
            "ammonia": ammonia,
            "cod": cod,
            "cause": cause,
            "traces": traces,
            "measures": measures,
            "handler_name": desk.officer(),
            "reported_at": at(after(begun, desk.between(8, 55))),
            "closed_at": at(after(begun, minutes + 60 * desk.between(20, 90))),
            "state": "closed",
        });
        desk.book.enter("overflow_event", 2020, values);
    }
}

/// Readings from the mouth upwards: high until the node where the sewage enters.
fn traces(desk: &mut Desk<'_>, nodes: &[String], begun: DateTime, kind: &str) -> Vec<Value> {
    if kind != "dry" {
        return Vec::new();
    }
    let source = nodes.len().saturating_sub(2);
    nodes
        .iter()
        .enumerate()
        .map(|(step, node)| {
            let dirty = step <= source;
            json!({
                "drain_node": node,
                "checked_at": at(after(begun, 35 + 20 * i64::try_from(step).unwrap_or(0))),
                "ammonia": if dirty { desk.decimal(10.0, 32.0, 2) } else { desk.decimal(0.3, 1.4, 2) },
                "conductivity": if dirty { desk.between(680, 1_150) } else { desk.between(210, 340) },
                "verdict": if step == source { "污水由本井支管汇入" } else if dirty { "有污水，继续上溯" } else { "清水，排除" },
            })
        })
        .collect()
}
