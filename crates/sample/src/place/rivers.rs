//! The main river and its four tributaries, the drinking-water source, and the patrols along them.

use jiff::civil::{Date, date};
use serde_json::{Value, json};

use super::desk::{Desk, STREETS, after, at, later, on, weather, workday};

/// A river as the register has it.
pub(crate) struct River {
    pub(crate) code: &'static str,
    pub(crate) name: &'static str,
    kind: &'static str,
    length_km: f64,
    basin_km2: f64,
    pub(crate) target: &'static str,
    /// Streets it runs through, as places in [`STREETS`].
    pub(crate) streets: &'static [usize],
    begins: &'static str,
    ends: &'static str,
    about: &'static str,
    /// River-chief patrols in the sample year.
    patrols: usize,
}

pub(crate) const RIVERS: [River; 5] = [
    River {
        code: "xiangjiang",
        name: "湘江",
        kind: "main_river",
        length_km: 21.4,
        basin_km2: 74.0,
        target: "iii",
        streets: &[0, 2, 3, 4, 10, 11, 12, 13],
        begins: "五一大道橘子洲大桥",
        ends: "南托街道昭山交界",
        about: "区境西侧干流，沿线有饮用水水源保护区和城市风光带。",
        patrols: 24,
    },
    River {
        code: "xinkaipu",
        name: "新开铺河",
        kind: "tributary",
        length_km: 3.6,
        basin_km2: 8.2,
        target: "iv",
        streets: &[4, 7],
        begins: "省植物园西侧",
        ends: "新开铺街道入湘江",
        about: "城区雨洪通道，沿线合流溢流口较多，是排口整治重点。",
        patrols: 9,
    },
    River {
        code: "heishipu",
        name: "黑石铺河",
        kind: "tributary",
        length_km: 5.1,
        basin_km2: 12.6,
        target: "iv",
        streets: &[9, 10],
        begins: "先锋街道披塘",
        ends: "黑石铺街道入湘江",
        about: "上游经过城郊结合部，雨季面源影响明显。",
        patrols: 9,
    },
    River {
        code: "datuo",
        name: "大托河",
        kind: "tributary",
        length_km: 6.8,
        basin_km2: 19.5,
        target: "iv",
        streets: &[11],
        begins: "大托铺街道桂井村",
        ends: "大托铺街道入湘江",
        about: "流经村庄与物流园区，清淤后水质改善。",
        patrols: 8,
    },
    River {
        code: "muyun",
        name: "暮云河",
        kind: "tributary",
        length_km: 9.3,
        basin_km2: 33.7,
        target: "iii",
        streets: &[12, 13],
        begins: "暮云街道莲华村",
        ends: "南托街道入湘江",
        about: "上游为农田和水塘，下游接工业园区雨水。",
        patrols: 10,
    },
];

pub(super) fn enter(desk: &mut Desk<'_>) {
    for river in &RIVERS {
        let chief = desk.staff.secretary.clone();
        let chiefs: Vec<Value> = river.streets.iter().flat_map(|&street| chiefs(desk, street)).collect();
        let main = desk.rivers.first().map(|(number, _)| number.clone());
        let values = json!({
            "name": river.name,
            "code": river.code,
            "kind": river.kind,
            "flows_into": if river.kind == "tributary" { main } else { None },
            "listed_on": on(date(2017, 6, 30)),
            "course": super::courses::course(river.code),
            "length_km": river.length_km,
            "basin_km2": river.basin_km2,
            "source_text": river.begins,
            "mouth_text": river.ends,
            "target_class": river.target,
            "district_chief": chief,
            "chiefs": chiefs,
            "liaison_unit": desk.pick(&["区水利局", "区城市管理局", "区生态环境分局", "区农业农村局"]),
            "patrols_per_month": if river.kind == "main_river" { 2 } else { 1 },
            "signboards": river.streets.len() * 2,
            "description": river.about,
        });
        let number = desk.book.enter("river", 2017, values);
        desk.rivers.push((number, river));
    }
}

fn chiefs(desk: &mut Desk<'_>, street: usize) -> Vec<Value> {
    let name = STREETS[street].name;
    let (street_chief, community_chief) = (desk.kit.person(), desk.kit.person());
    vec![
        json!({ "level": "street", "name": street_chief, "post": format!("{name}街道党工委书记"), "section": format!("{name}街道段") }),
        json!({ "level": "community", "name": community_chief, "post": "社区党总支书记", "section": format!("{name}街道社区段") }),
    ]
}

/// The drinking-water source on the main river.
pub(super) fn source(desk: &mut Desk<'_>) {
    let place = desk.riverbank(RIVERS[0].code, STREETS[4].code, "湘江大道南段猴子石取水口");
    let risks: Vec<Value> = [
        ("猴子石大桥", "bridge", 620, "桥面径流收集池、限速警示"),
        ("上游砂石码头", "wharf", 2_400, "退出作业，岸线复绿"),
        ("过往船舶", "ship", 300, "划定禁停水域"),
    ]
    .iter()
    .map(
        |(name, kind, metres, measure)| json!({ "name": name, "kind": kind, "distance_m": metres, "measure": measure }),
    )
    .collect();
    let values = json!({
        "name": "湘江猴子石饮用水水源保护区（天心段）",
        "code": "HA430103R01",
        "kind": "river",
        "level": "city",
        "river": desk.rivers[0].0,
        "place": place,
        "waterworks": "市供水公司第八水厂",
        "daily_supply": 50.0,
        "population": 96.5,
        "approved_on": on(date(2016, 12, 30)),
        "approval_no": "湘环函〔2016〕示例号",
        "target_class": "ii",
        "primary_km2": 0.842,
        "secondary_km2": 3.716,
        "boundary_markers": 46,
        "fence_m": 3_850,
        "cameras": 12,
        "risks": risks,
        "handler_name": desk.officer(),
        "state": "in_use",
    });
    let source = desk.book.enter("drinking_source", 2016, values);
    for week in 0..50 {
        source_patrol(desk, &source, week);
    }
}

fn source_patrol(desk: &mut Desk<'_>, source: &str, week: i64) {
    const CHECKS: [&str; 6] =
        ["界标与隔离防护完好", "无新增排污口", "水面无油膜漂浮物", "无垂钓游泳", "视频监控在线", "岸坡无堆存"];
    const TROUBLES: [(&str, &str, &str); 6] = [
        ("猴子石大桥下岸坡", "两名市民垂钓", "属地街道"),
        ("一级保护区北端", "隔离网破损一处约两米", "市供水公司"),
        ("湘江风光带步道", "烧烤残留和生活垃圾", "城管执法中队"),
        ("取水口上游岸线", "枯水期搁浅小船一艘", "海事部门"),
        ("二级保护区滩地", "新开菜地约四十平方米", "属地街道"),
        ("监控杆07号", "摄像机离线", "运维单位"),
    ];
    let day = workday(later(date(2020, 1, 6), week * 7 + week % 3));
    let begun = day.at(i8::try_from(8 + week % 3).unwrap_or(8), 30, 0, 0);
    let trouble = desk.chance(0.3).then(|| *desk.pick(&TROUBLES));
    let team = desk.officers(2 + usize::from(week % 4 == 0));
    let findings: Vec<Value> = trouble
        .iter()
        .map(|(spot, what, unit)| json!({ "spot": spot, "description": what, "unit": unit, "due_on": on(later(day, 5)), "done_on": on(later(day, 3)) }))
        .collect();
    let failed = desk.between(0, 5) as usize;
    let checks: Vec<Value> = CHECKS
        .iter()
        .enumerate()
        .map(|(place, item)| json!({ "item": item, "passed": trouble.is_none() || place != failed }))
        .collect();
    let place = desk.riverbank(RIVERS[0].code, STREETS[4].code, "湘江大道南段水源保护区巡查点");
    let look = if matches!(day.month(), 6..=8) {
        "turbid"
    } else if desk.chance(0.7) {
        "clear"
    } else {
        "slightly_turbid"
    };
    let values = json!({
        "drinking_source": source,
        "zone": if week % 3 == 2 { "secondary" } else { "primary" },
        "held_at": at(begun),
        "ended_at": at(after(begun, 95)),
        "leader": team[0],
        "members": team.join("、"),
        "head_count": team.len(),
        "place": place,
        "route_text": desk.pick(&["猴子石大桥—取水口—新开铺河口", "风光带步道全线", "水上巡查：橘子洲南端至取水口", "取水口上下游各一千米"]),
        "weather": weather(desk, day),
        "water_look": look,
        "checks": checks,
        "problems_found": findings.len(),
        "findings": findings,
        "conclusion": if trouble.is_some() { "问题已交办，复查销号。" } else { "保护区秩序良好，未发现异常。" },
        "closed_at": at(after(begun, 60 * 24 * 4)),
        "state": "closed",
    });
    desk.book.enter("source_patrol", 2020, values);
}

/// River-chief patrols of the year; after the outfalls, which problems may name.
pub(super) fn patrols(desk: &mut Desk<'_>) {
    let mut errands: Vec<(Date, usize, usize)> = Vec::new();
    for (place, river) in RIVERS.iter().enumerate() {
        for turn in 0..river.patrols {
            let step = 350 * i64::try_from(turn).unwrap_or(0) / i64::try_from(river.patrols).unwrap_or(1);
            let day = workday(later(date(2020, 1, 7), step + i64::try_from(place).unwrap_or(0)));
            errands.push((day, place, turn));
        }
    }
    errands.sort_unstable();
    for (day, river, turn) in errands {
        river_patrol(desk, day, river, turn);
    }
}

fn river_patrol(desk: &mut Desk<'_>, day: Date, index: usize, turn: usize) {
    const TROUBLES: [(&str, &str, &str); 9] = [
        ("floating", "水面漂浮枯枝和泡沫约十平方米", "河道保洁公司"),
        ("bank_waste", "岸坡堆有建筑垃圾约两立方米", "属地街道"),
        ("fishing", "三人在禁钓河段垂钓", "属地街道"),
        ("farming", "护坡开垦菜地", "属地社区"),
        ("facility", "河长公示牌电话脱落", "区河长办"),
        ("outfall", "晴天有少量清水流出，需核实来源", "区生态环境分局"),
        ("encroachment", "施工围挡占用巡河通道", "项目施工单位"),
        ("floating", "水葫芦零星聚集", "河道保洁公司"),
        ("outfall", "拍门卡有垃圾，关闭不严", "市政排水公司"),
    ];
    let river = &RIVERS[index];
    let street = &STREETS[river.streets[turn % river.streets.len()]];
    let (level, post) = match turn % 4 {
        0 => ("district", "区级河长"),
        1 | 3 => ("street", "街道级河长"),
        _ => ("community", "社区级河长"),
    };
    let chief = if level == "district" { desk.staff.secretary.clone() } else { desk.kit.person() };
    let begun = day.at(if turn.is_multiple_of(3) { 15 } else { 9 }, 10 * (i8::try_from(turn % 6).unwrap_or(0)), 0, 0);
    let found = if desk.chance(0.55) { desk.between(1, 2) } else { 0 };
    let near: Vec<(String, String)> = desk
        .outfalls
        .iter()
        .filter(|outfall| outfall.1 == index)
        .map(|outfall| (outfall.0.clone(), outfall.3.clone()))
        .collect();
    let first = desk.between(0, 50);
    let problems: Vec<Value> = (0..found)
        .map(|turn| {
            let (kind, what, unit) = TROUBLES[usize::try_from(first + turn).unwrap_or(0) % TROUBLES.len()];
            let outfall = if kind == "outfall" && !near.is_empty() { Some(desk.pick(&near).clone()) } else { None };
            let spot = outfall.as_ref().map_or_else(|| format!("{}街道{}段", street.name, river.name), |(_, name)| name.clone());
            let mut row = json!({ "kind": kind, "spot": spot, "description": what, "unit": unit, "due_on": on(later(day, 7)), "done_on": on(later(day, 4)) });
            if let Some((number, _)) = outfall {
                row["outfall"] = json!(number);
            }
            row
        })
        .collect();
    let length = desk.decimal(1.2, 4.8, 2);
    let minutes = desk.between(45, 120);
    let place = desk.riverbank(river.code, street.code, &format!("{}街道{}段", street.name, river.name));
    let look = if problems.iter().any(|problem| problem["kind"] == "floating") { "floating" } else { "clean" };
    let values = json!({
        "river": desk.rivers[index].0,
        "chief_level": level,
        "chief": chief,
        "post": post,
        "held_at": at(begun),
        "ended_at": at(after(begun, minutes)),
        "head_count": desk.between(2, 6),
        "companions": desk.pick(&["街道城管办、社区河长、护河员", "区水利局、区生态环境分局、街道分管负责人", "社区网格员、志愿者", "区河长办、市政排水公司"]),
        "reach": format!("{}{}街道段", river.name, street.name),
        "place": place,
        "end_text": river.ends,
        "length_km": length,
        "weather": weather(desk, day),
        "water_look": look,
        "problems_found": problems.len(),
        "problems": problems,
        "summary": if found == 0 { *desk.pick(&["水面清洁，岸坡整洁，未发现新增排口。", "沿线保洁到位，公示牌完好。", "水质感官良好，无异味。"]) } else { *desk.pick(&["问题现场交办，限期一周销号。", "已通知责任单位，护河员跟踪。", "问题拍照上传，下次巡河复核。"]) },
        "rectified_at": if found > 0 { at(after(begun, 60 * 24 * 4)) } else { Value::Null },
        "handler_name": desk.officer(),
        "state": "closed",
    });
    desk.book.enter("river_patrol", 2020, values);
}
