//! Monthly supervisory samples of the rivers and the warning letters that followed exceedances.

use jiff::civil::{Date, date};
use serde_json::{Value, json};

use super::desk::{Desk, STREETS, at, day_2020, later, on, rounded, weather, workday};
use super::rivers::{RIVERS, River};

const CLASSES: [&str; 6] = ["i", "ii", "iii", "iv", "v", "worse"];

/// Upper limits of classes I to V (GB 3838-2002, table 1, rivers): permanganate index, ammonia, total phosphorus.
const LIMITS: [(&str, [f64; 5]); 3] = [
    ("高锰酸盐指数", [2.0, 4.0, 6.0, 10.0, 15.0]),
    ("氨氮", [0.15, 0.5, 1.0, 1.5, 2.0]),
    ("总磷", [0.02, 0.1, 0.2, 0.3, 0.4]),
];
/// Lower limits of classes I to V for dissolved oxygen.
const OXYGEN: [f64; 5] = [7.5, 6.0, 5.0, 3.0, 2.0];

/// River and month of the samples that came out above the target, with the ammonia found.
const EXCEEDANCES: [(usize, i8, f64); 4] = [(1, 4, 1.86), (2, 8, 1.72), (4, 10, 1.31), (1, 12, 1.58)];

/// Class of a concentration: the first whose limit it does not pass.
fn class_below(value: f64, limits: &[f64; 5]) -> usize {
    limits.iter().position(|limit| value <= *limit).unwrap_or(5)
}

fn class_above(value: f64, limits: &[f64; 5]) -> usize {
    limits.iter().position(|limit| value >= *limit).unwrap_or(5)
}

fn target_place(river: &River) -> usize {
    CLASSES.iter().position(|class| *class == river.target).unwrap_or(2)
}

pub(super) fn enter(desk: &mut Desk<'_>) {
    let mut exceeded: Vec<(String, usize, Date, String)> = Vec::new();
    for month in 1_i8..=12 {
        for index in 0..RIVERS.len() {
            let planted = EXCEEDANCES
                .iter()
                .find(|(river, at_month, _)| *river == index && *at_month == month)
                .map(|(_, _, ammonia)| *ammonia);
            let (number, day, items) = sample(desk, index, month, planted);
            if planted.is_some() {
                exceeded.push((number, index, day, items));
            }
        }
    }
    // The last exceedance of the year was still being verified when the year closed: no letter yet.
    for (sample, index, day, items) in exceeded.into_iter().take(3) {
        letter(desk, &sample, index, day, &items);
    }
}

fn sample(desk: &mut Desk<'_>, index: usize, month: i8, ammonia: Option<f64>) -> (String, Date, String) {
    let river = &RIVERS[index];
    let target = target_place(river);
    let day = workday(day_2020(month, 4 + i8::try_from(index).unwrap_or(0)));
    let street = &STREETS[river.streets[river.streets.len() - 1]];
    let summer = matches!(month, 6..=9);
    // Clean samples stay a little inside the target class.
    let inside = |desk: &mut Desk<'_>, limits: &[f64; 5], digits| {
        desk.decimal(limits[target - 1] * 0.45, limits[target] * 0.93, digits)
    };
    let cod_mn = inside(desk, &LIMITS[0].1, 2).min(6.8);
    let found_ammonia = match ammonia {
        Some(value) => value,
        None => inside(desk, &LIMITS[1].1, 3),
    };
    let phosphorus = inside(desk, &LIMITS[2].1, 3);
    let oxygen = if summer { desk.decimal(5.2, 7.4, 2) } else { desk.decimal(6.4, 10.1, 2) };
    let values = [cod_mn, found_ammonia, phosphorus];
    let mut class = class_above(oxygen, &OXYGEN);
    let mut items: Vec<String> = Vec::new();
    for (value, (name, limits)) in values.iter().zip(&LIMITS) {
        class = class.max(class_below(*value, limits));
        if *value > limits[target] {
            items.push(format!("{name}（{:.2}倍）", value / limits[target] - 1.0));
        }
    }
    let items = items.join("、");
    let stations = ["TXW01", "TXW03", "TXW04", "TXW05", "TXW06"];
    let station = desk.stations.get(stations[index]).cloned();
    let reviewed = workday(later(day, 6));
    let published = workday(later(reviewed, 9));
    let open = month == 12 && ammonia.is_some();
    let place = desk.riverbank(river.code, street.code, &format!("{}河口断面", river.name));
    let record = json!({
        "river": desk.rivers[index].0,
        "station": if index == 0 || month >= 10 { station } else { None },
        "section_name": if index == 0 { "猴子石断面".to_owned() } else { format!("{}河口断面", river.name) },
        "purpose": if ammonia.is_some() || index > 0 || month % 3 != 0 { "supervisory" } else { "comparison" },
        "sampled_at": at(day.at(9, 20 + i8::try_from(index * 7).unwrap_or(0), 0, 0)),
        "sampler": desk.officer(),
        "lab": desk.pick(&["区环境监测站", "湘测检测有限公司"]),
        "place": place,
        "weather": weather(desk, day),
        "water_temp": match month { 12 | 1 | 2 => desk.decimal(7.5, 12.5, 1), 3..=5 => desk.decimal(13.0, 22.0, 1), 6..=9 => desk.decimal(24.0, 31.0, 1), _ => desk.decimal(14.0, 21.0, 1) },
        "ph": desk.decimal(7.05, 8.25, 2),
        "dissolved_oxygen": oxygen,
        "cod_mn": cod_mn,
        "cod": desk.decimal(8.0, 19.5, 1),
        "bod5": desk.decimal(1.1, 3.9, 1),
        "ammonia": rounded(found_ammonia, 3),
        "total_phosphorus": phosphorus,
        "total_nitrogen": rounded(found_ammonia + desk.decimal(0.9, 2.4, 2), 2),
        "petroleum": desk.decimal(0.01, 0.04, 3),
        "water_class": CLASSES[class],
        "target_class": river.target,
        "exceeded_items": if items.is_empty() { None } else { Some(&items) },
        "report_no": format!("TXHJ-S-2020-{:03}", desk.book.count("water_sample") + 1),
        "reviewed_at": at(reviewed.at(16, 0, 0, 0)),
        "published_at": if open { Value::Null } else { at(published.at(10, 0, 0, 0)) },
        "state": if open { "reviewed" } else { "published" },
    });
    let number = desk.book.enter("water_sample", 2020, record);
    desk.samples.push((number.clone(), index, day));
    (number, day, items)
}

fn letter(desk: &mut Desk<'_>, sample: &str, index: usize, day: Date, items: &str) {
    let river = &RIVERS[index];
    let street = &STREETS[river.streets[0]];
    let issued = workday(later(day, 10));
    let due = workday(later(issued, 15));
    let sequence = desk.book.count("warning_letter") + 1;
    let causes = ["截流井堵塞与雨污混接叠加", "沿线餐饮和洗车污水混接", "上游养殖尾水和农田退水集中排放"];
    let values = json!({
        "document_no": format!("天环警〔2020〕{sequence}号"),
        "medium": "water",
        "subject": format!("关于{}断面水质超标的警示函", river.name),
        "addressee": desk.agency(street.code),
        "copies": "区河长办、区住房和城乡建设局",
        "issued_on": on(issued),
        "cause": format!("{}月手工监测结果显示，{}河口断面{items}，未达到{}目标。", day.month(), river.name, if river.target == "iv" { "Ⅳ类" } else { "Ⅲ类" }),
        "facts": format!("监测记录{sample}；目标类别{}；超标项目：{items}。", river.target.to_uppercase()),
        "river": desk.rivers[index].0,
        "station": if day >= date(2020, 10, 1) { desk.stations.get("TXW06").cloned() } else { None },
        "water_sample": sample,
        "requirements": "一、立即组织排查沿线排口和支管混接情况；二、对发现的问题建立清单限期整改；三、加密巡河保洁；四、期限内书面回复整改情况。",
        "due_on": on(due),
        "issued_by": desk.staff.secretary.clone(),
        "handler_name": desk.officer(),
        "answered_on": on(workday(later(due, -3))),
        "answer": format!("经排查，主要原因为{}，已完成整改并建立长效巡查机制。", causes[(sequence - 1) % 3]),
        "checked_on": on(workday(later(due, 8))),
        "check_result": "复查断面水质已恢复至目标类别，同意销号。",
        "state": "closed",
    });
    desk.book.enter("warning_letter", 2020, values);
    if index == 2 {
        air_letter(desk);
    }
}

/// A letter of another medium, which the water figure must not count.
fn air_letter(desk: &mut Desk<'_>) {
    let sequence = desk.book.count("warning_letter") + 1;
    let street = &STREETS[9];
    let values = json!({
        "document_no": format!("天环警〔2020〕{sequence}号"),
        "medium": "air",
        "subject": "关于先锋街道在建工地扬尘问题突出的警示函",
        "addressee": desk.agency(street.code),
        "issued_on": "2020-11-17",
        "cause": "调度令巡查连续三次发现杉木冲西路片区工地裸土未覆盖、车辆带泥上路。",
        "facts": "站点PM10小时浓度连续四小时高于全市均值三成。",
        "station": desk.stations.get("TXD01").cloned(),
        "requirements": "三日内完成片区工地“六个百分百”自查整改，并报送前后对比照片。",
        "due_on": "2020-11-20",
        "issued_by": desk.staff.secretary.clone(),
        "handler_name": desk.officer(),
        "answered_on": "2020-11-20",
        "answer": "片区六处工地已整改到位，约谈项目经理三人。",
        "checked_on": "2020-11-24",
        "check_result": "复查合格，同意销号。",
        "state": "closed",
    });
    desk.book.enter("warning_letter", 2020, values);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn class_is_the_first_whose_limit_is_kept() {
        assert_eq!(CLASSES[class_below(1.0, &LIMITS[1].1)], "iii");
        assert_eq!(CLASSES[class_below(2.01, &LIMITS[1].1)], "worse");
        assert_eq!(CLASSES[class_above(7.5, &OXYGEN)], "i");
        assert_eq!(CLASSES[class_above(2.9, &OXYGEN)], "v");
    }
}
