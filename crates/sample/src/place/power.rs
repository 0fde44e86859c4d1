//! Electricity meters on production and treatment equipment, one installation an enterprise.

use jiff::civil::{Date, date};
use serde_json::{Value, json};

use super::desk::{Desk, Firm, after, at, later, on, rounded, workday};

/// Enterprises with an accepted installation by the end of the year.
const ACCEPTED: usize = 22;
/// Installed and online, not yet accepted.
const PENDING: usize = 2;

/// Industries metered, those that pollute most first.
const INDUSTRIES: [&str; 8] =
    ["printing", "electroplating", "concrete", "furniture", "chemical", "machinery", "car_repair", "food"];

/// Production unit, the treatment unit that belongs to it, and their rated powers in kilowatts.
type Pair = (&'static str, f64, &'static str, f64);

fn pairs(industry: &str) -> &'static [Pair] {
    match industry {
        "printing" => &[("胶印机组", 75.0, "活性炭吸附风机", 15.0), ("覆膜机", 22.0, "催化燃烧装置", 37.0)],
        "car_repair" => &[("喷烤漆房", 18.5, "漆雾过滤与活性炭风机", 7.5)],
        "concrete" => &[("搅拌主机", 110.0, "料仓脉冲除尘器", 30.0), ("骨料输送带", 45.0, "喷淋抑尘泵", 11.0)],
        "electroplating" => &[("电镀生产线", 160.0, "酸雾净化塔", 22.0), ("前处理线", 55.0, "废水处理提升泵", 15.0)],
        "furniture" => &[("喷漆线", 45.0, "水帘柜与活性炭装置", 30.0)],
        "chemical" => &[("反应搅拌釜组", 75.0, "碱喷淋与活性炭装置", 18.5)],
        "machinery" => &[("抛丸机", 37.0, "滤筒除尘器", 15.0), ("喷粉线", 30.0, "旋风与滤芯回收装置", 11.0)],
        "food" => &[("油炸生产线", 60.0, "静电油烟净化器", 11.0)],
        _ => &[("主生产线", 90.0, "废气治理风机", 22.0)],
    }
}

pub(super) fn enter(desk: &mut Desk<'_>) {
    let mut firms: Vec<Firm> = Vec::new();
    for industry in INDUSTRIES {
        firms.extend(desk.firms_of(industry).into_iter().take(6));
    }
    let chosen: Vec<String> = firms.iter().map(|firm| firm.number.clone()).collect();
    firms.extend(desk.firms.iter().filter(|firm| !chosen.contains(&firm.number)).cloned());
    for (place, firm) in firms.into_iter().take(ACCEPTED + PENDING).enumerate() {
        let installed = workday(later(date(2020, 5, 8), i64::try_from(place).unwrap_or(0) * 7));
        let number = installation(desk, &firm, installed, place < ACCEPTED);
        desk.installations.push((number, firm));
    }
}

fn installation(desk: &mut Desk<'_>, firm: &Firm, installed: Date, accepted: bool) -> String {
    let pairs = pairs(&firm.industry);
    let mut points = vec![point(desk, "P00", "total", "总进线柜", 400.0, None)];
    for (place, (production, rated, treatment, fan)) in pairs.iter().enumerate() {
        let (made, treated) = (format!("P{:02}", place * 2 + 1), format!("P{:02}", place * 2 + 2));
        points.push(point(desk, &made, "production_unit", production, *rated, Some(&treated)));
        points.push(point(desk, &treated, "treatment_unit", treatment, *fan, Some(&made)));
    }
    let online = after(installed.at(15, 20, 0, 0), 60 * 24 * desk.between(2, 6));
    let accepted_on = workday(later(installed, desk.between(14, 28)));
    let values = json!({
        "name": format!("{}用电监测", firm.name),
        "enterprise": firm.number,
        "place": firm.place,
        "vendor": desk.pick(&["湘电智联科技有限公司", "云表计量技术有限公司", "绿测物联有限公司"]),
        "installed_on": on(installed),
        "online_at": at(online),
        "accepted_on": accepted.then(|| accepted_on.to_string()),
        "production_points": pairs.len(),
        "treatment_points": pairs.len(),
        "points": points,
        "tolerance_min": desk.pick(&[5, 10, 10, 15]),
        "performance_grade": desk.pick(&["b", "c", "c", "d"]),
        "response_measures": format!("黄色预警：{}限产三成；橙色及以上预警：停产，治污设施保持运行至清空。", pairs[0].0),
        "handler_name": desk.officer(),
        "state": if accepted { "accepted" } else { "online" },
    });
    desk.book.enter("power_installation", 2020, values)
}

fn point(desk: &mut Desk<'_>, number: &str, kind: &str, name: &str, rated: f64, paired: Option<&str>) -> Value {
    let mut row = json!({
        "point_no": number,
        "kind": kind,
        "name": name,
        "meter_no": format!("DB{:08}", desk.between(10_000_000, 99_999_999)),
        "rated_kw": rated,
        "on_threshold_kw": rounded(rated * 0.1, 2),
    });
    if let Some(paired) = paired {
        row["paired_with"] = json!(paired);
    }
    row
}
