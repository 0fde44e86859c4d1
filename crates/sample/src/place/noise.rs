//! Functional zones for noise and the demonstration zones built up in them.

use jiff::civil::date;
use serde_json::json;

use super::desk::{Desk, STREETS, on};

/// Name, class, street, square kilometres, sources, bounds.
type Zone = (&'static str, &'static str, usize, f64, &'static [&'static str], &'static str);

const ZONES: [Zone; 15] = [
    ("湘府路行政居住片", "zone_1", 6, 3.42, &["traffic", "social"], "湘府中路以北、友谊路以南、芙蓉南路以东"),
    ("省植物园周边片", "zone_1", 9, 2.86, &["traffic"], "杉木冲西路以北、植物园围墙四周五百米"),
    ("天心生态公园片", "zone_1", 8, 2.17, &["traffic", "social"], "新韶西路以南、芙蓉南路以西"),
    (
        "坡子街商业混合片",
        "zone_2",
        0,
        2.35,
        &["social", "traffic", "construction"],
        "五一大道以南、城南西路以北、黄兴南路两侧",
    ),
    ("城南路文教片", "zone_2", 1, 2.61, &["traffic", "social"], "人民西路以南、白沙路以东"),
    ("裕南街居住片", "zone_2", 2, 2.78, &["construction", "traffic"], "书院路以东、南湖路两侧"),
    ("金盆岭文教居住片", "zone_2", 3, 3.05, &["traffic", "construction"], "劳动西路以南、黄土岭路两侧"),
    ("新开铺居住片", "zone_2", 4, 3.96, &["construction", "social"], "湘江以东、新开铺路以西"),
    ("青园居住片", "zone_2", 5, 3.31, &["traffic", "construction"], "友谊路以北、芙蓉南路以东"),
    ("文源居住片", "zone_2", 8, 3.12, &["construction"], "文源路两侧"),
    ("先锋新城片", "zone_2", 9, 5.48, &["construction", "traffic"], "新姚南路两侧"),
    ("暮云工业园片", "zone_3", 12, 6.74, &["industry", "traffic"], "芙蓉南路以东、伊莱克斯大道两侧"),
    ("大托物流片", "zone_3", 11, 4.19, &["industry", "traffic"], "中意路以西、绕城高速以北"),
    ("芙蓉南路交通干线两侧", "zone_4a", 10, 1.92, &["traffic"], "芙蓉南路红线外三十五米"),
    ("京广铁路两侧", "zone_4b", 9, 1.36, &["railway"], "铁路外轨中心线三十米外各三十五米"),
];

fn limits(class: &str) -> (i64, i64) {
    match class {
        "zone_1" => (55, 45),
        "zone_3" => (65, 55),
        "zone_4a" => (70, 55),
        "zone_4b" => (70, 60),
        _ => (60, 50),
    }
}

pub(super) fn zones(desk: &mut Desk<'_>) {
    for (place, (name, class, street, area, sources, bounds)) in ZONES.into_iter().enumerate() {
        let (day_limit, night_limit) = limits(class);
        let spot = desk.spot(STREETS[street].code, bounds);
        let values = json!({
            "code": format!("TX-S{:02}", place + 1),
            "name": name,
            "zone_class": class,
            "place": spot,
            "bounds_text": bounds,
            "area_km2": area,
            "day_limit": day_limit,
            "night_limit": night_limit,
            "basis": "长沙市声环境功能区划分（2019年调整，示例）",
            "effective_on": on(date(2019, 7, 1)),
            "sensitive_buildings": desk.between(40, 360),
            "population": desk.decimal(0.6, 6.2, 2),
            "main_sources": sources,
            "handler_name": desk.officer(),
            "state": "in_force",
        });
        let number = desk.book.enter("noise_zone", 2019, values);
        desk.noise_zones.push(number);
    }
}

/// One zone passed in the year, one still being built up, one quiet estate passed (another kind).
pub(super) fn demonstration(desk: &mut Desk<'_>) {
    let measures = json!([
        { "title": "临路住宅加装隔声窗三百二十户", "unit": "属地街道", "done_on": "2020-08-31" },
        { "title": "声屏障和低噪声路面", "unit": "区生态环境分局", "done_on": "2020-11-13" },
        { "title": "货车夜间禁行、全路段禁鸣", "unit": "交警大队", "done_on": "2020-06-01" },
        { "title": "夜间施工错峰和公告", "unit": "区住房和城乡建设局", "done_on": "2020-07-15" },
        { "title": "设置噪声显示屏和自动站", "unit": "区生态环境分局", "done_on": "2020-09-30" },
    ]);
    let place = desk.spot(STREETS[6].code, "湘府中路与友谊路之间");
    let values = json!({
        "name": "湘府路噪声控制示范区",
        "kind": "control_zone",
        "noise_zone": desk.noise_zones[0],
        "project": desk.projects.get("noise"),
        "place": place,
        "area_km2": 1.284,
        "households": 8_460,
        "applied_on": "2020-03-18",
        "lead_unit": "区生态环境分局",
        "measures": measures,
        "day_leq": 53.6,
        "night_leq": 44.2,
        "satisfaction": 93.5,
        "complaints_before": 41,
        "complaints_after": 12,
        "reviewed_on": "2020-12-04",
        "review_panel": "资料齐全，措施落实，昼夜等效声级达到1类功能区要求，居民满意率超过九成，同意通过评估。",
        "passed_on": "2020-12-11",
        "published_at": "2020-12-21T10:00:00+08:00",
        "handler_name": desk.officer(),
        "state": "published",
    });
    let number = desk.book.enter("noise_demo_zone", 2020, values);
    desk.passed_zones.push((number, "湘府路噪声控制示范区", date(2020, 12, 11)));
    let place = desk.spot(STREETS[7].code, "白沙花园小区");
    let values = json!({
        "name": "白沙花园安静小区",
        "kind": "quiet_estate",
        "noise_zone": desk.noise_zones[6],
        "place": place,
        "households": 1_120,
        "applied_on": "2020-04-22",
        "lead_unit": "赤岭路街道办事处",
        "measures": [{ "title": "小区水泵房减振隔声", "unit": "物业公司", "done_on": "2020-07-10" }, { "title": "广场舞公约", "unit": "社区", "done_on": "2020-05-20" }],
        "day_leq": 52.1,
        "night_leq": 43.4,
        "satisfaction": 95.8,
        "complaints_before": 9,
        "complaints_after": 2,
        "reviewed_on": "2020-10-15",
        "review_panel": "同意命名。",
        "passed_on": "2020-10-26",
        "published_at": "2020-11-02T10:00:00+08:00",
        "handler_name": desk.officer(),
        "state": "published",
    });
    let number = desk.book.enter("noise_demo_zone", 2020, values);
    desk.passed_zones.push((number, "白沙花园安静小区", date(2020, 10, 26)));
    let place = desk.spot(STREETS[9].code, "新姚南路片区");
    let values = json!({
        "name": "先锋新城噪声控制示范区",
        "kind": "control_zone",
        "noise_zone": desk.noise_zones[10],
        "place": place,
        "area_km2": 2.05,
        "households": 11_300,
        "applied_on": "2020-10-12",
        "lead_unit": "先锋街道办事处",
        "measures": [{ "title": "噪声地图与点位布设", "unit": "区生态环境分局" }],
        "complaints_before": 63,
        "handler_name": desk.officer(),
        "state": "building",
    });
    desk.book.enter("noise_demo_zone", 2020, values);
}
