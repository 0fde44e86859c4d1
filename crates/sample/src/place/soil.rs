//! Suspected contaminated plots and heavy-metal sources.

use jiff::civil::{Date, date};
use serde_json::{Value, json};

use super::desk::{Desk, STREETS, later, on, workday};

/// Name, former use, planned use, street, square metres, pollutants, risk, state.
type Plot = (&'static str, &'static str, &'static str, usize, f64, &'static [&'static str], &'static str, &'static str);

const PLOTS: [Plot; 11] = [
    (
        "原某机械厂地块",
        "machinery",
        "residential",
        10,
        48_620.0,
        &["lead", "petroleum", "nickel"],
        "medium",
        "controlled",
    ),
    ("原新开铺电镀车间地块", "electroplating", "green", 4, 9_870.0, &["chromium_vi", "nickel"], "high", "assessing"),
    (
        "黑石铺老化工仓库地块",
        "chemical",
        "commercial",
        10,
        31_240.0,
        &["benzo_a_pyrene", "petroleum"],
        "medium",
        "detailed",
    ),
    ("南站货场油库地块", "storage", "public_service", 2, 22_150.0, &["petroleum"], "low", "preliminary"),
    ("大托砂石堆场地块", "other", "industrial", 11, 60_300.0, &["arsenic"], "low", "cleared"),
    ("暮云老砖厂地块", "other", "residential", 12, 41_760.0, &["cadmium", "arsenic"], "low", "cleared"),
    ("披塘填埋场地块", "landfill", "green", 10, 27_900.0, &["lead", "mercury"], "unknown", "suspected"),
    ("金盆岭印染厂地块", "chemical", "residential", 3, 18_430.0, &["chromium_vi"], "medium", "preliminary"),
    ("先锋汽修集中区地块", "machinery", "commercial", 9, 12_580.0, &["petroleum", "lead"], "low", "cleared"),
    ("桂井村转用农用地地块", "farmland", "public_service", 11, 75_020.0, &["cadmium"], "low", "cleared"),
    (
        "南托冶炼试验场地块",
        "metallurgy",
        "undecided",
        13,
        15_660.0,
        &["arsenic", "cadmium", "lead"],
        "unknown",
        "suspected",
    ),
];

/// How far along the stages of an investigation a state is.
fn depth(state: &str) -> usize {
    match state {
        "suspected" => 0,
        "preliminary" | "cleared" => 1,
        "detailed" => 2,
        _ => 3,
    }
}

pub(super) fn enter(desk: &mut Desk<'_>) {
    for (place, plot) in PLOTS.iter().enumerate() {
        let (name, former, planned, street, area, pollutants, risk, state) = *plot;
        let listed = workday(later(date(2018, 5, 20), i64::try_from(place).unwrap_or(0) * 73));
        let spot = desk.spot(STREETS[street].code, &format!("{}街道{name}", STREETS[street].name));
        let investigations = investigations(desk, listed, depth(state), state);
        let values = json!({
            "code": format!("430103-DK-{:03}", place + 1),
            "name": name,
            "place": spot,
            "area_m2": area,
            "former_use": former,
            "former_user": format!("{}原使用单位", name.trim_start_matches('原').trim_end_matches("地块")),
            "planned_use": planned,
            "owner_unit": desk.pick(&["区土地储备中心", "市轨道集团", "区城建投资公司", "村集体经济组织"]),
            "contact": desk.kit.person(),
            "phone": desk.kit.phone(),
            "listed_on": on(listed),
            "pollutants": pollutants,
            "risk": risk,
            "investigations": investigations,
            "control_measures": (state == "controlled").then_some("设置围挡和标识牌，地下水每季度监测，阻隔层施工中，完工前不得开工建设。"),
            "reused_on": (state == "cleared").then(|| later(listed, 300).min(date(2020, 12, 20)).to_string()),
            "handler_name": desk.officer(),
            "remark": match state { "cleared" => Some("调查结论未超过相应用地筛选值，可按规划用途利用。"), "suspected" => Some("已纳入管控，未经调查不得办理用途变更。"), _ => None },
            "state": state,
        });
        let number = desk.book.enter("plot", listed.year(), values);
        desk.plots.push(number);
    }
    sources(desk);
}

fn investigations(desk: &mut Desk<'_>, listed: Date, depth: usize, state: &str) -> Vec<Value> {
    const STAGES: [&str; 3] = ["preliminary", "detailed", "risk_assessment"];
    STAGES
        .iter()
        .take(depth)
        .zip(0_i64..)
        .map(|(stage, place)| {
            let points = desk.between(8, 46);
            let exceeded = if state == "cleared" { 0 } else { desk.between(1, points / 3) };
            json!({
                "stage": stage,
                "unit": desk.pick(&["湘土环境调查有限公司", "省地质环境监测院（示例）", "净源环保咨询有限公司"]),
                "report_no": format!("TDC-{}-{:03}", listed.year(), desk.between(1, 220)),
                "reviewed_on": on(workday(later(listed, 120 + place * 130)).min(date(2020, 12, 15))),
                "points": points,
                "exceeded_points": exceeded,
                "conclusion": if exceeded == 0 { "各点位均低于第一类用地筛选值，无需开展详细调查。".to_owned() } else { format!("{exceeded}个点位超过筛选值，{}", ["需开展详细调查。", "污染范围已查明，需开展风险评估。", "存在不可接受风险，需采取管控或修复措施。"][usize::try_from(place).unwrap_or(0)]) },
            })
        })
        .collect()
}

/// Name, kind, metals, street, risk, state, place of its plot.
type Source = (&'static str, &'static str, &'static [&'static str], usize, &'static str, &'static str, Option<usize>);

const SOURCES: [Source; 8] = [
    ("新开铺电镀车间遗留槽渣", "residue", &["chromium", "nickel"], 4, "high", "rectifying", Some(1)),
    ("南托冶炼试验场废渣堆", "residue", &["arsenic", "cadmium", "lead"], 13, "high", "rectifying", Some(10)),
    ("暮云表面处理企业", "in_production", &["nickel", "chromium"], 12, "medium", "verified", None),
    ("大托蓄电池维修站", "closed_enterprise", &["lead"], 11, "medium", "removed", None),
    ("黑石铺河底泥", "sediment", &["cadmium"], 10, "low", "removed", None),
    ("桂井村灌溉水渠", "irrigation", &["cadmium"], 11, "low", "removed", Some(9)),
    ("披塘填埋场渗滤液", "residue", &["lead", "mercury"], 10, "medium", "listed", Some(6)),
    ("先锋线路板作坊旧址", "closed_enterprise", &["nickel", "lead"], 9, "medium", "removed", None),
];

fn sources(desk: &mut Desk<'_>) {
    for (place, (name, kind, metals, street, risk, state, plot)) in SOURCES.into_iter().enumerate() {
        let surveyed = later(date(2020, 3, 11), i64::try_from(place).unwrap_or(0) * 17);
        let spot = desk.spot(STREETS[street].code, &format!("{}街道{name}", STREETS[street].name));
        let done = matches!(state, "removed" | "verified");
        let samples: Vec<Value> = metals
            .iter()
            .map(|metal| {
                let (element, low, high, limit) = match *metal {
                    "cadmium" => ("镉", 0.05, 0.28, "0.3 mg/kg"),
                    "arsenic" => ("砷", 8.0, 24.0, "30 mg/kg"),
                    "lead" => ("铅", 22.0, 71.0, "80 mg/kg"),
                    "nickel" => ("镍", 18.0, 55.0, "60 mg/kg"),
                    "mercury" => ("汞", 0.04, 0.4, "0.5 mg/kg"),
                    _ => ("铬", 40.0, 140.0, "150 mg/kg"),
                };
                let factor = if done { 1.0 } else { desk.decimal(1.4, 3.8, 2) };
                let result = desk.decimal(low * factor, high * factor, 3);
                json!({ "sampled_on": on(later(surveyed, 12)), "medium": "soil", "metal": element, "result": result, "unit": "mg/kg", "limit_text": limit })
            })
            .collect();
        let firm = if kind == "in_production" {
            desk.firms_of("electroplating").first().map(|firm| firm.number.clone())
        } else {
            None
        };
        let values = json!({
            "name": name,
            "kind": kind,
            "enterprise": firm,
            "plot": plot.and_then(|at| desk.plots.get(at).cloned()),
            "place": spot,
            "metals": metals,
            "surveyed_on": on(surveyed),
            "amount_t": if kind == "residue" { json!(desk.decimal(35.0, 620.0, 1)) } else { Value::Null },
            "area_m2": desk.decimal(120.0, 5_400.0, 1),
            "farmland_distance_m": desk.between(40, 1_800),
            "pathway": if kind == "residue" { json!(["runoff", "leachate"]) } else { json!(["wastewater"]) },
            "risk": risk,
            "samples": samples,
            "measures": match kind { "residue" => "清运处置、原位覆盖防雨、截排水沟", "sediment" => "底泥清淤并检测后外运", "irrigation" => "更换灌溉水源、渠底清淤", _ => "设施拆除、残留物按危险废物处置" },
            "due_on": on(later(surveyed, 270)),
            "rectified_on": done.then(|| later(surveyed, 165).to_string()),
            "owner_unit": format!("{}街道办事处", STREETS[street].name),
            "handler_name": desk.officer(),
            "state": state,
        });
        desk.book.enter("soil_source", 2020, values);
    }
}
