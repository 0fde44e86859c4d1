//! Warnings that rules opened in the course of the year, and the tasks they put on grid cells.

use jiff::civil::{DateTime, date};
use serde_json::json;

use super::desk::{Desk, STREETS, after, at};

/// Station, factor, its name, unit, value, threshold, level, rule, moment, street.
struct Alarm {
    station: &'static str,
    factor: (&'static str, &'static str, &'static str),
    value: f64,
    threshold: f64,
    level: &'static str,
    rule: &'static str,
    opened: DateTime,
    street: usize,
    cause: &'static str,
    result: &'static str,
}

const PM2_5: (&str, &str, &str) = ("a34004", "PM2.5", "µg/m³");
const PM10: (&str, &str, &str) = ("a34002", "PM10", "µg/m³");
const OZONE: (&str, &str, &str) = ("a05024", "臭氧", "µg/m³");
const AMMONIA: (&str, &str, &str) = ("w21003", "氨氮", "mg/L");
const PHOSPHORUS: (&str, &str, &str) = ("w21011", "总磷", "mg/L");
const OXYGEN: (&str, &str, &str) = ("w01009", "溶解氧", "mg/L");
const LEVEL: (&str, &str, &str) = ("LA", "A声级", "dB(A)");
const LINE: (&str, &str, &str) = ("", "在线状态", "分钟");

#[expect(clippy::too_many_arguments, reason = "a row of a table, written once below")]
const fn alarm(
    station: &'static str,
    factor: (&'static str, &'static str, &'static str),
    value: f64,
    threshold: f64,
    level: &'static str,
    rule: &'static str,
    opened: DateTime,
    street: usize,
    cause: &'static str,
    result: &'static str,
) -> Alarm {
    Alarm { station, factor, value, threshold, level, rule, opened, street, cause, result }
}

const fn t(month: i8, day: i8, hour: i8, minute: i8) -> DateTime {
    date(2020, month, day).at(hour, minute, 0, 0)
}

const ALARMS: [Alarm; 20] = [
    alarm(
        "TXA02",
        PM2_5,
        168.0,
        150.0,
        "alarm",
        "pm2_5_heavy",
        t(1, 12, 7, 0),
        11,
        "静稳天气叠加本地积累",
        "nothing_found",
    ),
    alarm(
        "TXA03",
        PM10,
        372.0,
        350.0,
        "warning",
        "pm10_heavy",
        t(1, 13, 22, 0),
        2,
        "渣土车夜间运输带泥",
        "source_found",
    ),
    alarm("TXN02", LEVEL, 78.4, 75.0, "info", "noise_high", t(4, 25, 23, 0), 0, "商业街音响超时", "rectified_on_spot"),
    alarm(
        "TXA02",
        OZONE,
        214.0,
        200.0,
        "warning",
        "ozone_hour_high",
        t(5, 12, 15, 0),
        11,
        "高温强辐射",
        "nothing_found",
    ),
    alarm("TXN01", LEVEL, 79.1, 75.0, "info", "noise_high", t(6, 18, 23, 30), 6, "道路铣刨施工", "source_found"),
    alarm(
        "TXD01",
        LINE,
        45.0,
        30.0,
        "info",
        "station_silent",
        t(6, 30, 16, 15),
        9,
        "工地临时停电",
        "rectified_on_spot",
    ),
    alarm(
        "TXN05",
        LEVEL,
        76.2,
        75.0,
        "info",
        "noise_high",
        t(7, 9, 22, 40),
        7,
        "小区外墙夜间抢修",
        "rectified_on_spot",
    ),
    alarm(
        "TXO02",
        LINE,
        62.0,
        30.0,
        "info",
        "station_silent",
        t(8, 6, 10, 20),
        4,
        "雷击致通信模块损坏",
        "equipment_fault",
    ),
    alarm(
        "TXA02",
        OZONE,
        231.0,
        200.0,
        "warning",
        "ozone_hour_high",
        t(8, 18, 14, 0),
        11,
        "区域性臭氧污染",
        "nothing_found",
    ),
    alarm(
        "TXW03",
        OXYGEN,
        1.7,
        2.0,
        "alarm",
        "dissolved_oxygen_crash",
        t(8, 29, 5, 0),
        4,
        "高温缺氧，藻类呼吸",
        "nothing_found",
    ),
    alarm("TXN03", LEVEL, 77.8, 75.0, "info", "noise_high", t(9, 3, 0, 10), 6, "夜间混凝土浇筑超时段", "source_found"),
    alarm("TXW04", AMMONIA, 2.31, 2.0, "warning", "ammonia_high", t(9, 16, 8, 0), 10, "雨后初期径流", "nothing_found"),
    alarm("TXA03", PM10, 361.0, 350.0, "warning", "pm10_heavy", t(10, 13, 21, 0), 2, "道路积尘", "rectified_on_spot"),
    alarm("TXW06", AMMONIA, 2.14, 2.0, "warning", "ammonia_high", t(10, 21, 12, 0), 13, "上游农田退水", "source_found"),
    alarm(
        "TXA02",
        PM10,
        388.0,
        350.0,
        "warning",
        "pm10_heavy",
        t(10, 28, 10, 45),
        11,
        "沟槽土方未覆盖",
        "rectified_on_spot",
    ),
    alarm(
        "TXW05",
        AMMONIA,
        2.6,
        2.0,
        "warning",
        "ammonia_high",
        t(11, 6, 16, 0),
        11,
        "仪器试剂过期，数据复核",
        "equipment_fault",
    ),
    alarm("TXA02", PM2_5, 163.0, 150.0, "alarm", "pm2_5_heavy", t(11, 13, 9, 0), 11, "污染过程传输", "nothing_found"),
    alarm("TXA04", PM2_5, 171.0, 150.0, "alarm", "pm2_5_heavy", t(11, 14, 20, 0), 12, "露天焚烧垃圾", "source_found"),
    alarm(
        "TXW03",
        PHOSPHORUS,
        0.46,
        0.4,
        "warning",
        "phosphorus_high",
        t(12, 2, 11, 30),
        4,
        "洗涤废水直排雨水口",
        "handed_over",
    ),
    alarm(
        "TXA02",
        PM2_5,
        187.0,
        150.0,
        "alarm",
        "pm2_5_heavy",
        t(12, 10, 8, 0),
        11,
        "静稳高湿重污染过程",
        "nothing_found",
    ),
];

pub(super) fn enter(desk: &mut Desk<'_>) {
    for alarm in &ALARMS {
        one(desk, alarm);
    }
}

/// Name of a rule, as `rules/` has it.
fn rule_name(rule: &str) -> &'static str {
    match rule {
        "pm2_5_heavy" => "PM2.5重度污染",
        "pm10_heavy" => "PM10高值",
        "ozone_hour_high" => "臭氧小时值超标",
        "noise_high" => "噪声持续高值",
        "station_silent" => "站点离线",
        "dissolved_oxygen_crash" => "溶解氧骤降",
        "ammonia_high" => "氨氮超Ⅴ类",
        "phosphorus_high" => "总磷超Ⅴ类",
        _ => "其他规则",
    }
}

fn one(desk: &mut Desk<'_>, alarm: &Alarm) {
    let street = &STREETS[alarm.street];
    let (code, factor, unit) = alarm.factor;
    let medium = match alarm.station.as_bytes()[2] {
        b'W' => "water",
        b'N' => "noise",
        b'O' => "outfall",
        _ => "air",
    };
    let name = super::stations::name(alarm.station);
    let beyond = if code == "w01009" { "低于" } else { "超过" };
    let subject = format!("{name}：{factor} {} {unit}，{beyond}阈值 {} {unit}", alarm.value, alarm.threshold);
    let station = desk.stations.get(alarm.station).cloned();
    let seen = after(alarm.opened, desk.between(2, 14));
    let cleared = after(alarm.opened, 60 * desk.between(3, 20));
    let place = desk.roadside(street);
    let unsaid = alarm.rule == "station_silent";
    let subject = if unsaid { format!("{name}已{}分钟没有数据", alarm.value) } else { subject };
    let peak = if code == "w01009" { alarm.value } else { alarm.value * 1.06 };
    let officer = desk.officer();
    let warning = json!({
        "subject": subject,
        "rule_key": alarm.rule,
        "rule_name": rule_name(alarm.rule),
        "rule_edition": "2020",
        "level": alarm.level,
        "medium": medium,
        "station": station,
        "factor": (!code.is_empty()).then_some(code),
        "factor_name": factor,
        "value": alarm.value,
        "threshold": alarm.threshold,
        "unit": unit,
        "peak": super::desk::rounded(peak, 3),
        "place": place.clone(),
        "opened_at": at(alarm.opened),
        "lasted_min": if medium == "noise" { 20 } else { 60 },
        "acknowledged_at": at(seen),
        "acknowledged_by": officer.clone(),
        "cleared_at": at(cleared),
        "cause": alarm.cause,
        "action_taken": "派单属地网格现场核查。",
        "state": if alarm.result == "equipment_fault" { "false_alarm" } else { "cleared" },
    });
    let number = desk.book.enter("warning", 2020, warning);
    let (post, holder) =
        desk.posts.get(street.code).cloned().map_or((None, None), |(post, holder)| (Some(post), Some(holder)));
    let sent = after(seen, 3);
    let accepted = after(sent, desk.between(3, 18));
    let arrived = after(accepted, desk.between(15, 45));
    let finished = after(arrived, desk.between(20, 70));
    let task = json!({
        "subject": format!("核查：{subject}"),
        "kind": "warning_check",
        "warning": number,
        "station": station,
        "urgency": if alarm.level == "alarm" { "critical" } else { "urgent" },
        "place": place,
        "grid_code": street.code,
        "post": post,
        "handler_name": holder,
        "instructions": if unsaid { "到站房检查供电和通信，恢复联网。".to_owned() } else { format!("到站点周边排查{factor}异常原因，拍照取证，能整改的当场整改。") },
        "opened_at": at(sent),
        "due_at": at(after(sent, 180)),
        "accepted_at": at(accepted),
        "arrived_at": at(arrived),
        "finished_at": at(finished),
        "result": alarm.result,
        "finding": format!("{}；{}。", alarm.cause, match alarm.result { "source_found" => "已锁定来源并责令整改", "rectified_on_spot" => "现场已整改", "equipment_fault" => "通知运维单位到场修复并比对", "handed_over" => "移交执法大队立案", _ => "周边三百米未发现明显污染源" }),
        "verified_by": officer,
        "verified_at": at(after(finished, 90)),
        "state": "verified",
    });
    desk.book.enter("task", 2020, task);
}
