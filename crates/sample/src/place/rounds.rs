//! Rounds of the three-level two-patrol scheme: one a month, each with its own theme and points.

use jiff::civil::Date;
use serde_json::{Value, json};

use super::desk::{Desk, at, day_2020, later, on, workday};

pub(super) fn enter(desk: &mut Desk<'_>) {
    const THEMES: [&str; 12] = [
        "春节前烟花爆竹禁放和工地停工",
        "复工复产防疫与扬尘",
        "春季裸土覆盖和道路积尘",
        "渣土运输和夜间施工",
        "臭氧前体物企业错峰生产",
        "高考期间静音护考",
        "夏季餐饮油烟和露天烧烤",
        "加油站油气回收和汽修喷涂",
        "国庆前空气质量保障",
        "秋季秸秆垃圾露天焚烧",
        "冬防启动工地“六个百分百”",
        "年末重污染天气应对",
    ];
    for (month, theme) in (1_i8..=12).zip(THEMES) {
        let day = workday(day_2020(month, 8 + (month * 5) % 13));
        let found = desk.between(6, 14);
        let open = if month == 12 { 1 } else { 0 };
        let points: Vec<Value> = (0..found).map(|place| point(desk, day, place, place < found - open)).collect();
        let leaders: Vec<String> = (0..5)
            .map(|_| {
                let street = desk.street();
                format!("{}街道{}", street.name, desk.officer())
            })
            .collect();
        let day_patrols = desk.between(8, 14);
        let night_patrols = desk.between(4, 8);
        let values = json!({
            "kind": "three_level_two_patrol",
            "subject": format!("{month}月“三级两巡”：{theme}"),
            "held_on": on(day),
            "ended_on": on(later(day, 1)),
            "district_leader": desk.staff.secretary.clone(),
            "street_leaders": leaders.join("、"),
            "community_units": "十四个街道所属社区（村）网格员按片参加",
            "day_patrols": day_patrols,
            "night_patrols": night_patrols,
            "head_count": (day_patrols + night_patrols) * 3 + desk.between(0, 9),
            "points": points,
            "problems_found": found,
            "problems_closed": found - open,
            "summary": format!("本轮围绕{theme}，日巡夜巡结合，共发现问题{found}个，已销号{}个。{}", found - open, desk.pick(&["问题主要集中在在建工地。", "城郊结合部反复问题仍需盯防。", "社区网格员发现问题占六成。", "夜间问题多于白天。"])),
            "reported_at": at(later(day, 3).at(17, 0, 0, 0)),
            "handler_name": desk.officer(),
            "state": if open == 0 { "closed" } else { "reported" },
        });
        desk.book.enter("patrol_round", 2020, values);
    }
}

fn point(desk: &mut Desk<'_>, day: Date, place: i64, done: bool) -> Value {
    let street = desk.street();
    let road = *desk.pick(&street.roads);
    let problem = *desk.pick(&[
        "工地出入口未冲洗，带泥上路",
        "裸露黄土约三百平方米未覆盖",
        "餐饮店油烟净化器未开启",
        "夜市烧烤使用散煤",
        "垃圾堆焚烧残留",
        "围挡喷淋损坏",
        "夜间连续施工未公示",
        "废品站露天切割",
        "道路积尘明显",
        "渣土车未密闭",
    ]);
    let due = later(day, 2 + place % 4);
    json!({
        "level": if place < 2 { "district" } else if place % 2 == 0 { "street" } else { "community" },
        "street": format!("{}街道", street.name),
        "spot": format!("{road}{}", desk.pick(&["与支路交叉口", "某在建项目", "农贸市场旁", "沿街门面", "桥下空间", "安置小区周边"])),
        "problem": problem,
        "unit": desk.pick(&["属地街道", "项目施工单位", "城管执法中队", "物业公司", "市政公司"]),
        "due_on": on(due),
        "done_on": if done { on(later(due, -1)) } else { Value::Null },
    })
}
