//! Dispatch orders of the year and the patrols that answered them.
//!
//! Orders follow the seasons of the air: particles in still winter weather, ozone in the heat, dust
//! when building picks up again in spring. Each order names how many patrols must go out.

use jiff::civil::{Date, date};
use serde_json::{Value, json};

use super::desk::{Desk, STREETS, Street, after, at, later, workday};
use super::patrols::{Errand, patrol};

/// A spell of bad or threatening air, with the orders it gave cause for.
struct Episode {
    first: Date,
    trigger: &'static str,
    level: &'static str,
    pollutants: &'static [&'static str],
    aqi: i64,
    /// Patrols required by each order, one order a day from the first on.
    orders: &'static [usize],
}

const fn episode(
    (month, day): (i8, i8),
    trigger: &'static str,
    level: &'static str,
    pollutants: &'static [&'static str],
    aqi: i64,
    orders: &'static [usize],
) -> Episode {
    Episode { first: date(2020, month, day), trigger, level, pollutants, aqi, orders }
}

const PARTICLES: &[&str] = &["pm2_5", "pm10"];
const OZONE: &[&str] = &["o3", "vocs"];
const DUST: &[&str] = &["pm10"];

const EPISODES: &[Episode] = &[
    episode((1, 4), "pollution_episode", "none", PARTICLES, 142, &[3, 3]),
    episode((1, 12), "heavy_pollution_warning", "yellow", PARTICLES, 187, &[4, 4, 3]),
    episode((1, 19), "pollution_episode", "none", PARTICLES, 126, &[3]),
    episode((2, 24), "high_value", "none", PARTICLES, 118, &[2]),
    episode((3, 17), "high_value", "none", DUST, 109, &[3, 2]),
    episode((4, 22), "night_construction", "none", DUST, 97, &[2]),
    episode((5, 12), "ozone", "none", OZONE, 121, &[2]),
    episode((6, 16), "ozone", "none", OZONE, 134, &[3]),
    episode((7, 28), "special_event", "none", OZONE, 112, &[2]),
    episode((8, 18), "ozone", "none", OZONE, 146, &[3, 3]),
    episode((9, 3), "ozone", "none", OZONE, 152, &[4, 2]),
    episode((9, 26), "special_event", "none", PARTICLES, 88, &[2]),
    episode((10, 13), "pollution_episode", "none", PARTICLES, 108, &[3, 2]),
    episode((10, 27), "night_construction", "none", DUST, 115, &[3, 2]),
    episode((11, 5), "pollution_episode", "none", PARTICLES, 131, &[3, 3]),
    episode((11, 13), "heavy_pollution_warning", "yellow", PARTICLES, 176, &[4, 4]),
    episode((11, 24), "high_value", "none", PARTICLES, 122, &[2]),
    episode((12, 2), "pollution_episode", "none", PARTICLES, 138, &[3, 2]),
    episode((12, 10), "heavy_pollution_warning", "yellow", PARTICLES, 193, &[4, 4, 3]),
    episode((12, 21), "pollution_episode", "none", PARTICLES, 147, &[3]),
    episode((12, 28), "heavy_pollution_warning", "yellow", PARTICLES, 181, &[3, 2]),
];

/// Enter the orders and every patrol made under one, with `heads[i]` people on the i-th patrol.
pub(super) fn enter(desk: &mut Desk<'_>, heads: &[i64]) {
    let mut heads = heads.iter().copied();
    for episode in EPISODES {
        for (offset, &patrols) in episode.orders.iter().enumerate() {
            let day = later(episode.first, i64::try_from(offset).unwrap_or(0));
            let (order, streets) = order(desk, episode, day, offset, patrols);
            for part in 0..patrols {
                let errand = Errand {
                    order: Some(&order),
                    day,
                    kind: kind_of(episode, part),
                    street: streets[part % streets.len()],
                    aqi: Some(episode.aqi + desk.between(-18, 22)),
                    heads: heads.next().unwrap_or(2),
                    medium: "air",
                };
                patrol(desk, &errand);
            }
        }
    }
}

/// How many patrols the orders of the year require.
pub(super) fn patrols_required() -> usize {
    EPISODES.iter().flat_map(|episode| episode.orders).sum()
}

fn kind_of(episode: &Episode, part: usize) -> &'static str {
    match (episode.trigger, part) {
        ("ozone", 0) => "vocs",
        ("ozone", 1) => "catering",
        ("night_construction", _) => "night",
        (_, 0) => "dust",
        (_, 1) if episode.pollutants == PARTICLES => "open_burning",
        (_, 3) => "night",
        _ => "air",
    }
}

fn order(
    desk: &mut Desk<'_>,
    episode: &Episode,
    day: Date,
    offset: usize,
    patrols: usize,
) -> (String, Vec<&'static Street>) {
    let night = episode.trigger == "night_construction";
    let issued =
        day.at(if night { 16 } else { 8 + i8::try_from(offset % 2).unwrap_or(0) }, 10 + (day.day() % 5) * 9, 0, 0);
    let start = desk.between(0, 13) as usize;
    let streets: Vec<_> = (0..patrols.max(2)).map(|step| &STREETS[(start + step * 3) % STREETS.len()]).collect();
    let names = streets.iter().map(|street| format!("{}街道", street.name)).collect::<Vec<_>>().join("、");
    let sequence = desk.book.count("dispatch_order") + 1;
    let subject = match episode.trigger {
        "ozone" => format!("关于做好{}月{}日臭氧污染管控的调度令", day.month(), day.day()),
        "night_construction" => format!("关于加强{}月{}日夜间渣土和施工扬尘巡查的调度令", day.month(), day.day()),
        "high_value" => format!("关于核查{}片区颗粒物高值的调度令", streets[0].name),
        "special_event" => format!("关于{}月{}日重大活动空气质量保障的调度令", day.month(), day.day()),
        "heavy_pollution_warning" => {
            format!("关于落实重污染天气黄色预警措施的调度令（{}月{}日）", day.month(), day.day())
        }
        _ => format!("关于应对{}月{}日污染过程的调度令", day.month(), day.day()),
    };
    let content = content_of(episode, &names, desk);
    let receivers: Vec<Value> = streets
        .iter()
        .enumerate()
        .map(|(place, street)| {
            json!({
                "unit": desk.agency(street.code),
                "received_by": desk.officer(),
                "received_at": at(after(issued, 12 + 7 * i64::try_from(place).unwrap_or(0))),
            })
        })
        .collect();
    let place = desk.roadside(streets[0]);
    let due = if night { later(day, 1).at(9, 0, 0, 0) } else { day.at(20, 0, 0, 0) };
    let answered = after(due, -desk.between(25, 150));
    let station = match episode.trigger {
        "high_value" | "pollution_episode" | "ozone" => desk.stations.get("TXA01").cloned(),
        _ => None,
    };
    let source = match episode.trigger {
        "heavy_pollution_warning" => "city_headquarters",
        "high_value" | "night_construction" => "bureau",
        _ => "district_headquarters",
    };
    let answer = format!(
        "共派出{patrols}个巡查组，{}；发现问题均当场交办属地街道，{}。",
        desk.pick(&["重点检查工地、道路和涉气企业", "对国控站点周边三公里逐一排查", "对在建工地和裸露黄土逐处检查"]),
        desk.pick(&["责任单位已落实整改", "当日完成整改", "复查无反弹", "一处需持续跟踪"]),
    );
    let values = json!({
        "document_no": format!("天蓝调〔2020〕{sequence}号"),
        "subject": subject,
        "issued_at": at(issued),
        "trigger": episode.trigger,
        "source": source,
        "warning_level": episode.level,
        "pollutants": episode.pollutants,
        "aqi_at_issue": episode.aqi + desk.between(-9, 9),
        "station": station,
        "area": names,
        "place": place,
        "starts_at": at(after(issued, 60)),
        "due_at": at(due),
        "content": content,
        "key_points": key_points(episode),
        "patrols_required": patrols,
        "receivers": receivers,
        "issued_by": desk.staff.deputy.clone(),
        "handler_name": desk.officer(),
        "answered_at": at(answered),
        "answer": answer,
        "state": "closed",
    });
    let number = desk.book.enter("dispatch_order", 2020, values);
    desk.orders.push((day, episode.trigger, number.clone()));
    (number, streets)
}

fn content_of(episode: &Episode, names: &str, desk: &mut Desk<'_>) -> String {
    let outlook = match episode.trigger {
        "ozone" => "受持续高温、强辐射影响，午后臭氧浓度快速上升，日最大八小时均值有超标风险",
        "night_construction" => "近期夜间PM10小时浓度在二十二时至次日二时明显抬升，与渣土运输和土方作业时段重合",
        "high_value" => "站点小时浓度连续三小时高于全市平均值三成以上，疑有局地源影响",
        "special_event" => "重大活动期间需确保空气质量稳定",
        "heavy_pollution_warning" => "市里已发布重污染天气黄色预警，启动Ⅲ级应急响应",
        _ => "静稳高湿，扩散条件转差，预计未来二十四小时PM2.5为首要污染物",
    };
    let demand = match episode.trigger {
        "ozone" => "十一时至十八时涉VOCs企业和汽修喷涂错峰作业，加油站错时卸油，餐饮油烟净化设施正常运行",
        "night_construction" => "夜间施工须持证，土方作业湿法进行，出场车辆冲洗干净，渣土车全密闭",
        "heavy_pollution_warning" => {
            "工地停止土石方和拆除作业，应急清单企业按“一厂一策”减排，加密道路冲洗，严禁露天焚烧和燃放烟花爆竹"
        }
        _ => "落实工地“六个百分百”，国省道和次干道增加洒水频次，严查露天焚烧和散煤使用",
    };
    format!(
        "{outlook}。请{names}立即组织力量开展巡查：{demand}。{}",
        desk.pick(&["巡查情况按时报区蓝天办。", "发现问题立查立改，并附前后对比照片。", "对拒不落实的移交执法大队。"])
    )
}

fn key_points(episode: &Episode) -> &'static str {
    match (episode.level, episode.trigger) {
        ("yellow", _) => "应急减排清单企业停限产、工地停工、非道路移动机械停用、道路保洁频次",
        (_, "ozone") => "印刷、汽修喷涂、加油站、餐饮油烟",
        _ => "裸土覆盖、车辆冲洗、道路积尘、露天焚烧、餐饮油烟",
    }
}

/// Patrols without an order: routine air patrols with the head-counts given, and noise patrols by night.
pub(super) fn routine(desk: &mut Desk<'_>, heads: &[i64]) {
    const KINDS: [&str; 6] = ["dust", "vocs", "catering", "air", "night", "open_burning"];
    let count = i64::try_from(heads.len()).unwrap_or(1);
    for (place, &heads) in (0_i64..).zip(heads) {
        let day = workday(later(date(2020, 1, 6), place * 350 / count));
        let street = desk.street();
        let errand =
            Errand { order: None, day, kind: KINDS[place as usize % 6], street, aqi: None, heads, medium: "air" };
        patrol(desk, &errand);
    }
    for place in 0..24 {
        // Noise patrols crowd into the warm months and the weeks of the school examinations.
        let day = later(date(2020, 4, 18), place * 7 + desk.between(0, 4));
        let street = desk.street();
        let heads = desk.between(2, 4);
        let errand = Errand { order: None, day, kind: "noise", street, aqi: None, heads, medium: "noise" };
        patrol(desk, &errand);
    }
}
