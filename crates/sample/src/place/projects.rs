//! Pollution-control projects with measures, money, milestones and acceptance.

use jiff::civil::{Date, date};
use serde_json::{Value, json};

use super::desk::{Desk, STREETS, later, on, rounded, workday};

/// One row of a project's measures.
#[derive(Clone, Default)]
struct Measure {
    kind: &'static str,
    object: String,
    enterprise: Option<String>,
    sites: Option<i64>,
    units: Option<i64>,
    roads: Option<i64>,
    length_m: Option<f64>,
    before: Option<f64>,
    after: Option<f64>,
    unit: Option<&'static str>,
}

/// What stands on the first page of a project's file.
struct Plan {
    key: &'static str,
    name: &'static str,
    medium: &'static str,
    kind: &'static str,
    street: usize,
    owner: &'static str,
    begun: Date,
    done: Option<Date>,
    /// Whole budget in ten thousand yuan.
    budget: i64,
    source: &'static str,
    effect: &'static str,
}

const fn d(year: i16, month: i8, day: i8) -> Date {
    date(year, month, day)
}

/// The projects of the sample, one a line: see the heading of the file for its columns.
const PLANS: &str = include_str!("../../data/projects.tsv");

/// The rows of [`PLANS`].
fn plans() -> impl Iterator<Item = Plan> {
    PLANS.lines().skip(1).map(|line| {
        let columns: Vec<&'static str> = line.split('\t').collect();
        let [key, name, medium, kind, street, owner, begun, done, budget, source, effect] = columns[..] else {
            panic!("projects.tsv: a line with {} columns: {line}", columns.len())
        };
        let day = |text: &str| text.parse::<Date>().expect("projects.tsv holds ISO days");
        Plan {
            key,
            name,
            medium,
            kind,
            street: street.parse().expect("projects.tsv names a street by its place in the list"),
            owner,
            begun: day(begun),
            done: (!done.is_empty()).then(|| day(done)),
            budget: budget.parse().expect("projects.tsv gives budgets in ten thousand yuan"),
            source,
            effect,
        }
    })
}

pub(super) fn enter(desk: &mut Desk<'_>) {
    for plan in plans() {
        let measures = measures(desk, plan.key);
        let number = record(desk, &plan, &measures);
        desk.projects.insert(plan.key, number);
    }
}

fn measures(desk: &mut Desk<'_>, key: &str) -> Vec<Measure> {
    match key {
        "printing_1" => printing(desk, 0, 6),
        "printing_2" => printing(desk, 6, 4),
        "boiler_1" => boilers(
            desk,
            32,
            &["某国际酒店", "商务宾馆", "洗浴中心", "温泉酒店", "会展酒店", "快捷酒店", "度假公寓", "写字楼供暖站"],
        ),
        "boiler_2" => boilers(
            desk,
            41,
            &[
                "综合医院",
                "中医院",
                "妇幼保健院",
                "高校后勤锅炉房",
                "职业学院",
                "寄宿制中学",
                "疗养院",
                "社区供热站",
                "干部休养所",
            ],
        ),
        "boiler_3" => boilers(
            desk,
            34,
            &["食品加工厂", "制药企业", "饮料企业", "纺织印染厂", "包装企业", "混凝土制品厂", "洗涤中心", "化妆品企业"],
        ),
        "fumes_1" => counted("catering_fumes", &[("太平街门店净化器", 38), ("解放西路门店净化器", 27)]),
        "fumes_2" => counted("catering_fumes", &[("重点餐饮单位在线监控", 46)]),
        "fumes_3" => counted("catering_fumes", &[("公共烟道净化装置", 12)]),
        "dust_1" => counted("dust_monitoring", &[("房建工地扬尘监测", 41), ("市政工地扬尘监测", 17)]),
        "dust_2" => counted("dust_monitoring", &[("消纳场雾炮与监测", 6), ("搅拌站料仓封闭", 5)]),
        "repair" => counted("repair_shop_vocs", &[("喷烤漆房治理", 24)]),
        "gas" => counted("gas_station", &[("加油站油气处理装置", 13)]),
        "vocs_watch" => counted("vocs_monitoring", &[("FID在线监测", 4)]),
        "power" => counted("vocs_monitoring", &[("用电监测终端", 22)]),
        "stations" => counted("water_station", &[("水质自动站", 4)]),
        "drain_1" => roads(desk, 0, 7_240),
        "drain_2" => roads(desk, 8, 8_560),
        "outfall" => vec![
            Measure { kind: "outfall_rectify", object: "截流井改造".into(), units: Some(7), ..Measure::default() },
            Measure {
                kind: "pipe_laying", object: "截污干管连通".into(), length_m: Some(800.0), ..Measure::default()
            },
        ],
        "noise" => vec![
            Measure {
                kind: "noise_barrier",
                object: "湘府中路北侧声屏障".into(),
                length_m: Some(620.0),
                before: Some(63.8),
                after: Some(56.9),
                unit: Some("dB(A)"),
                ..Measure::default()
            },
            Measure {
                kind: "low_noise_road",
                object: "湘府中路低噪声路面".into(),
                length_m: Some(1_150.0),
                before: Some(61.5),
                after: Some(54.6),
                unit: Some("dB(A)"),
                ..Measure::default()
            },
        ],
        "soil" => {
            vec![Measure { kind: "soil_cover", object: "阻隔层".into(), units: Some(1), ..Measure::default() }]
        }
        "pump" => vec![Measure {
            kind: "pipe_laying",
            object: "前池连接管".into(),
            length_m: Some(420.0),
            ..Measure::default()
        }],
        _ => counted("vocs_monitoring", &[("复合站监测设备", 9)]),
    }
}

fn counted(kind: &'static str, rows: &[(&str, i64)]) -> Vec<Measure> {
    rows.iter()
        .map(|(object, units)| Measure { kind, object: (*object).into(), units: Some(*units), ..Measure::default() })
        .collect()
}

/// Printers treated, `count` of them from the `skip`-th on: fugitive non-methane hydrocarbons before and after.
fn printing(desk: &mut Desk<'_>, skip: usize, count: usize) -> Vec<Measure> {
    let firms: Vec<(String, Option<String>)> = desk
        .firms_of("printing")
        .into_iter()
        .skip(skip)
        .take(count)
        .map(|firm| (firm.name, Some(firm.number)))
        .collect();
    let missing = count - firms.len();
    let unnamed = (0..missing).map(|place| (format!("印刷作坊整治点{}", skip + place + 1), None));
    firms
        .into_iter()
        .chain(unnamed)
        .map(|(object, enterprise)| {
            let before = desk.decimal(4.2, 9.8, 2);
            Measure {
                kind: "printing_vocs",
                object,
                enterprise,
                sites: Some(1),
                before: Some(before),
                after: Some(rounded(before * desk.decimal(0.18, 0.38, 3), 2)),
                unit: Some("mg/m³"),
                ..Measure::default()
            }
        })
        .collect()
}

/// `total` boilers shared among places of the kinds given.
fn boilers(desk: &mut Desk<'_>, total: i64, places: &[&str]) -> Vec<Measure> {
    let shares = desk.shares(places.len(), total, 1, 7);
    places
        .iter()
        .zip(shares)
        .map(|(place, units)| Measure {
            kind: "boiler_low_nox",
            object: (*place).into(),
            units: Some(units),
            before: Some(desk.decimal(88.0, 165.0, 1)),
            after: Some(desk.decimal(18.0, 29.0, 1)),
            unit: Some("mg/m³"),
            ..Measure::default()
        })
        .collect()
}

/// Eight roads from the `skip`-th on whose drains were rebuilt, `total` metres in all.
fn roads(desk: &mut Desk<'_>, skip: usize, total: i64) -> Vec<Measure> {
    const ROADS: [&str; 16] = [
        "南湖路",
        "向东南路",
        "书院路（南湖路至劳动西路）",
        "黄土岭路",
        "天剑路",
        "新开铺路",
        "书香路",
        "赤岭路",
        "新姚北路",
        "杉木冲西路",
        "黑石铺路",
        "中意路",
        "桂井路",
        "暮云路",
        "南托路",
        "滨洲路",
    ];
    let shares = desk.shares(8, total / 20, 20, 80);
    ROADS[skip..skip + 8]
        .iter()
        .zip(shares)
        .map(|(road, share)| Measure {
            kind: "drain_upgrade",
            object: (*road).into(),
            roads: Some(1),
            length_m: Some((share * 20) as f64),
            ..Measure::default()
        })
        .collect()
}

fn record(desk: &mut Desk<'_>, plan: &Plan, measures: &[Measure]) -> String {
    let street = &STREETS[plan.street];
    let due = plan.done.map_or(d(2021, 5, 31), |done| later(done, 12));
    let budget = plan.budget * 10_000;
    let spent = plan.done.map_or(budget / 100 * 45, |_| budget / 1000 * desk.between(942, 998));
    let own = if plan.source == "enterprise" { 0 } else { budget / 10 * desk.between(1, 3) };
    let mut funding = vec![json!({ "source": plan.source, "amount": budget - own })];
    if own > 0 {
        let source = if plan.source == "district" { "enterprise" } else { "district" };
        funding.push(json!({ "source": source, "amount": own }));
    }
    let rows: Vec<Value> = measures.iter().map(|measure| row(measure, plan.done)).collect();
    let place = desk.roadside(street);
    let year = plan.begun.year();
    let values = json!({
        "name": plan.name,
        "code": format!("430103-{}-{}", year, plan.key.replace('_', "-").to_uppercase()),
        "medium": plan.medium,
        "kind": plan.kind,
        "place": place,
        "owner_unit": plan.owner,
        "contractor": desk.pick(&["湘环工程建设有限公司", "清源环境科技有限公司", "中部市政建设集团", "蓝野环保设备有限公司", "华韵声学工程有限公司"]),
        "river": if matches!(plan.key, "outfall" | "drain_1") { desk.rivers.first().map(|(number, _)| number.clone()) } else { None },
        "noise_zone": if plan.medium == "noise" { desk.noise_zones.first().cloned() } else { None },
        "approval_no": format!("天发改〔{year}〕{}号", desk.between(11, 188)),
        "started_on": on(plan.begun),
        "due_on": on(due),
        "completed_on": plan.done.map(|done| done.to_string()),
        "accepted_on": plan.done.filter(|done| *done < d(2020, 12, 1)).map(|done| workday(later(done, 18)).to_string()),
        "budget": budget,
        "spent": spent,
        "funding": funding,
        "measures": rows,
        "milestones": milestones(plan, due),
        "progress": if plan.done.is_some() { 100 } else { desk.between(35, 60) },
        "effect": plan.effect,
        "handler_name": desk.officer(),
        "state": match plan.done {
            None => "building",
            Some(done) if done < d(2020, 12, 1) => "accepted",
            Some(_) => "completed",
        },
    });
    desk.book.enter("project", year, values)
}

fn row(measure: &Measure, done: Option<Date>) -> Value {
    let mut row = json!({ "kind": measure.kind, "object": measure.object });
    let parts = [
        ("enterprise", measure.enterprise.as_ref().map(|number| json!(number))),
        ("sites", measure.sites.map(|count| json!(count))),
        ("units", measure.units.map(|count| json!(count))),
        ("roads", measure.roads.map(|count| json!(count))),
        ("length_m", measure.length_m.map(|length| json!(length))),
        ("before", measure.before.map(|value| json!(value))),
        ("after", measure.after.map(|value| json!(value))),
        ("measure_unit", measure.unit.map(|unit| json!(unit))),
        ("done_on", done.map(on)),
    ];
    for (name, value) in parts {
        if let Some(value) = value {
            row[name] = value;
        }
    }
    row
}

fn milestones(plan: &Plan, due: Date) -> Vec<Value> {
    let steps = ["完成立项和招标", "进场施工", "主体完成", "调试与检测", "验收销号"];
    let days = i64::from((due - plan.begun).get_days());
    steps
        .iter()
        .zip(0_i64..)
        .map(|(title, place)| {
            let planned = later(plan.begun, days * place / 4);
            let reached =
                plan.done.is_some_and(|done| place < 4 || done < d(2020, 12, 1)) || (plan.done.is_none() && place < 2);
            let slip = (place * 3) % 5;
            json!({
                "title": title,
                "due_on": on(planned),
                "done_on": if reached { on(later(planned, if place == 4 { 6 } else { slip })) } else { Value::Null },
            })
        })
        .collect()
}
