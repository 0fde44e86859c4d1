//! One patrol: who went, how many, along which road, what was seen and what became of it.

use jiff::civil::{Date, DateTime};
use serde_json::{Value, json};

use super::desk::{Desk, Street, after, at, later, on, weather};

/// What a patrol was sent to do.
pub(super) struct Errand<'a> {
    pub(super) order: Option<&'a str>,
    pub(super) day: Date,
    pub(super) kind: &'static str,
    pub(super) street: &'static Street,
    pub(super) aqi: Option<i64>,
    pub(super) heads: i64,
    pub(super) medium: &'static str,
}

/// What may be found on a patrol of one kind: key of the finding, where, what, what was demanded.
type Sight = (&'static str, &'static str, &'static str, &'static str);

const DUST: &[Sight] = &[
    ("uncovered_soil", "某房建项目基坑东侧", "约六百平方米裸土未覆盖，防尘网破损", "当日覆盖到位"),
    ("muddy_road", "渣土车出入口", "冲洗设施未开启，出口三十米路面带泥", "立即冲洗路面并恢复洗车台"),
    ("no_spraying", "地铁附属工程围挡", "围挡喷淋停用，拆除作业未湿法", "停工整改，喷淋恢复后复工"),
    ("uncovered_soil", "市政管网开挖段", "沟槽土方堆放路边未苫盖", "两小时内清运覆盖"),
    ("muddy_road", "临时便道", "便道未硬化，车辆过后扬尘明显", "铺设碎石并定时洒水"),
    ("no_spraying", "旧房拆除地块", "破碎作业无雾炮", "增设雾炮后方可作业"),
];
const VOCS: &[Sight] = &[
    ("vocs_leak", "印刷车间", "调墨间门窗敞开，废气收集罩未覆盖印刷单元", "七日内完成密闭改造"),
    ("treatment_off", "喷烤漆房", "喷漆作业时活性炭吸附装置风机未开启", "立即停止喷涂，移交执法核查"),
    ("vocs_leak", "危废暂存间", "废墨桶未加盖，异味明显", "当场加盖并补充台账"),
    ("vocs_leak", "加油站卸油口", "卸油时油气回收管未连接", "当场纠正并约谈站长"),
    ("treatment_off", "覆膜工段", "活性炭更换记录缺三个月", "补齐记录，三日内更换活性炭"),
];
const CATERING: &[Sight] = &[
    ("fumes", "沿街餐馆", "油烟净化器断电，灶台正在使用", "立即开启，七日内提交清洗合同"),
    ("fumes", "夜市摊点", "露天烧烤无净化设施", "劝离并移交城管"),
    ("fumes", "商业综合体后场", "净化器极板积油，集烟罩滴油", "三日内清洗"),
];
const BURNING: &[Sight] = &[
    ("open_burning", "城郊结合部菜地", "焚烧秸秆和枯叶约两平方米", "当场扑灭，社区上门宣传"),
    ("open_burning", "待拆迁地块", "拾荒人员焚烧电线皮", "扑灭并移交派出所"),
    ("open_burning", "绿化带", "环卫工焚烧落叶", "当场制止，通报环卫公司"),
];
const NIGHT: &[Sight] = &[
    ("night_work", "深基坑项目", "二十三时仍在土方外运，未公示夜间施工证明", "立即停工，移交执法大队"),
    ("muddy_road", "渣土运输线路", "三台渣土车顶灯未亮、篷布未合拢", "通报运输公司并扣分"),
    ("smoke", "工地挖掘机", "挖掘机冒黑烟，未见环保编码", "停用并限期登记检测"),
    ("night_work", "混凝土浇筑现场", "持证作业但未设隔声屏", "增设移动隔声屏"),
];
const AIR: &[Sight] = &[
    ("smoke", "物流园装卸区", "两台叉车排烟明显", "停用送检"),
    ("other", "道路积尘", "非机动车道积尘负荷高", "增加机扫频次"),
    ("uncovered_soil", "储备用地", "临时堆土未覆盖", "三日内覆绿或覆网"),
    ("treatment_off", "混凝土搅拌站", "料仓顶部收尘器未运行", "立即开启，纳入用电监管"),
];
const NOISE: &[Sight] = &[
    ("night_work", "住宅小区旁工地", "夜间切割钢筋，居民楼前等效声级偏高", "停止作业，约谈项目经理"),
    ("other", "广场舞场地", "音响音量过大", "社区约定二十一时前结束"),
    ("other", "冷却塔", "楼顶冷却塔减振垫老化", "一个月内更换并复测"),
    ("night_work", "道路改造段", "铣刨作业超出证明时段", "立即停工并收回证明"),
];

fn sights(kind: &str) -> &'static [Sight] {
    match kind {
        "dust" => DUST,
        "vocs" => VOCS,
        "catering" => CATERING,
        "open_burning" => BURNING,
        "night" => NIGHT,
        "noise" => NOISE,
        _ => AIR,
    }
}

fn begin(desk: &mut Desk<'_>, errand: &Errand<'_>) -> DateTime {
    let hour = match errand.kind {
        "night" => desk.between(21, 23),
        "noise" => desk.between(20, 23),
        "catering" => desk.between(17, 19),
        "vocs" => desk.between(11, 15),
        _ => desk.between(9, 16),
    };
    let minute = desk.between(0, 11) * 5;
    errand.day.at(i8::try_from(hour).unwrap_or(9), i8::try_from(minute).unwrap_or(0), 0, 0)
}

/// Enter one patrol, closed, with what it found.
pub(super) fn patrol(desk: &mut Desk<'_>, errand: &Errand<'_>) -> String {
    let begun = begin(desk, errand);
    let length = desk.between(70, 210);
    let found = if desk.chance(0.45) { if desk.chance(0.25) { 2 } else { 1 } } else { 0 };
    let first = desk.between(0, 20);
    let findings: Vec<Value> = (0..found).map(|turn| finding(desk, errand, first + turn)).collect();
    let team = desk.officers(usize::try_from(errand.heads).unwrap_or(1));
    let roads = errand.street.roads;
    let route = match desk.between(0, 3) {
        0 => format!("{}—{}—{}", roads[0], roads[1], roads[2]),
        1 => format!("{}沿线至{}", roads[1], roads[2]),
        2 => format!("{}街道全域，重点{}", errand.street.name, roads[0]),
        _ => format!("{}、{}周边", roads[2], roads[0]),
    };
    let enterprises = if matches!(errand.kind, "vocs" | "catering") { desk.between(3, 9) } else { desk.between(0, 3) };
    let sites = if matches!(errand.kind, "dust" | "night" | "noise") { desk.between(2, 7) } else { desk.between(0, 2) };
    let conclusion = conclusion(desk, errand.kind, found, enterprises, sites);
    let place = desk.roadside(errand.street);
    let sky = weather(desk, errand.day);
    let closed = after(begun, length + desk.between(40, if found > 0 { 4000 } else { 300 }));
    let values = json!({
        "medium": errand.medium,
        "kind": errand.kind,
        "dispatch_order": errand.order,
        "held_at": at(begun),
        "ended_at": at(after(begun, length)),
        "leader": team[0],
        "members": team.join("、"),
        "head_count": errand.heads,
        "vehicles": 1 + errand.heads / 4,
        "weather": sky,
        "aqi": errand.aqi,
        "place": place,
        "route_text": route,
        "enterprises_checked": enterprises,
        "sites_checked": sites,
        "findings": findings,
        "conclusion": conclusion,
        "closed_at": at(closed),
        "state": "closed",
    });
    desk.book.enter("patrol", 2020, values)
}

fn finding(desk: &mut Desk<'_>, errand: &Errand<'_>, turn: i64) -> Value {
    let sights = sights(errand.kind);
    let (kind, spot, description, demand) = sights[usize::try_from(turn).unwrap_or(0) % sights.len()];
    let road = *desk.pick(&errand.street.roads);
    let due = later(errand.day, desk.between(0, 7));
    json!({
        "kind": kind,
        "spot": format!("{road}{spot}"),
        "description": description,
        "demand": demand,
        "due_on": on(due),
        "done_on": on(due),
    })
}

fn conclusion(desk: &mut Desk<'_>, kind: &str, found: i64, enterprises: i64, sites: i64) -> String {
    let looked = match (enterprises, sites) {
        (0, 0) => "沿线巡查".to_owned(),
        (0, sites) => format!("检查工地{sites}处"),
        (enterprises, 0) => format!("检查企业门店{enterprises}家"),
        (enterprises, sites) => format!("检查企业门店{enterprises}家、工地{sites}处"),
    };
    let outcome = if found == 0 {
        *desk.pick(&[
            "未发现明显问题。",
            "总体情况良好，提醒继续保持。",
            "管控措施落实到位。",
            "扬尘防治设施运行正常，台账齐全。",
        ])
    } else {
        *desk.pick(&[
            "问题已当场交办并落实整改。",
            "已下达整改要求，复查合格。",
            "移交属地街道跟进，现已整改。",
            "责任单位连夜整改，次日复查通过。",
        ])
    };
    let advice = match kind {
        "night" => "建议继续加密夜间渣土线路抽查。",
        "vocs" => "建议午后时段错峰生产。",
        "noise" => "已提醒施工单位提前公告周边居民。",
        "open_burning" => "社区已增设巡查点。",
        _ => "",
    };
    format!("{looked}，{outcome}{advice}")
}
