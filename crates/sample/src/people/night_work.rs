//! Night-work permits: few in the weeks of the epidemic, many from May on.

use jiff::civil::date;
use serde_json::json;

use super::entry::{after, at, handler, on, record};
use crate::SampleRecord;
use crate::calendar::{later, working_day};
use crate::kit::Kit;
use crate::world::World;

/// Permits granted in the year.
const GRANTED: usize = 590;
/// Applications turned down.
const REFUSED: usize = 11;
const MONTHS: [u32; 12] = [30, 4, 34, 50, 58, 60, 56, 58, 62, 64, 62, 50];

pub(super) fn records(kit: &mut Kit, world: &mut World) -> Vec<SampleRecord> {
    let days = kit.spread_working_dates(GRANTED + REFUSED, 2020, &MONTHS);
    let mut refused: Vec<bool> = (0..days.len()).map(|place| place < REFUSED).collect();
    kit.shuffle(&mut refused);
    let mut certificate = 0;
    let mut records = Vec::with_capacity(days.len());
    for (day, refused) in days.into_iter().zip(refused) {
        let site = kit.pick(&world.sites).clone();
        let (reason, part, machinery) = match site.kind {
            "road" => ("traffic", "路面铣刨与沥青摊铺", "铣刨机、摊铺机、压路机"),
            "metro" => ("pile", "围护结构地下连续墙", "成槽机、履带吊、混凝土罐车"),
            "drain" => ("traffic", "过街顶管及井室施工", "挖掘机、顶管机"),
            "utility" => ("traffic", "过街电缆管沟开挖", "挖掘机、切割机"),
            _ => *kit.pick(&[
                ("concrete", "地下室底板混凝土连续浇筑", "泵车、罐车、振捣棒"),
                ("concrete", "主体结构楼层混凝土浇筑", "天泵、罐车"),
                ("pile", "旋挖桩成孔与灌注", "旋挖钻机、汽车吊"),
                ("lifting", "大型钢构件吊装", "汽车吊"),
                ("rescue", "基坑险情抢险加固", "注浆机、挖掘机"),
            ]),
        };
        let nights = if reason == "concrete" { kit.between(1, 2) } else { kit.between(2, 7) };
        let applied = working_day(later(day, -kit.between(1, 3)));
        let applied = if applied > day { day } else { applied };
        let begins = day.at(22, 0, 0, 0);
        let checked = !refused && kit.chance(0.18);
        let number = world.issue("YS", 2020, 4);
        let document = (!refused).then(|| {
            certificate += 1;
            format!("天环夜证〔2020〕{certificate:03}号")
        });
        let state = if refused {
            "refused"
        } else if day > date(2020, 12, 24) {
            "approved"
        } else {
            "ended"
        };
        records.push(record("night_work_permit", &number, json!({
            "site_name": site.name, "site_kind": site.kind, "enterprise": site.enterprise, "builder": site.builder,
            "place": site.place, "reason": reason, "part": part,
            "volume_m3": (reason == "concrete").then(|| kit.decimal(180.0, 2600.0, 1)),
            "applied_on": on(applied), "accepted_on": on(applied), "work_from": at(begins),
            "work_until": at(after(begins, 60 * (8 + 24 * (nights - 1)))), "nights": nights, "machinery": machinery,
            "nearest_home_m": site.nearest_home_m,
            "housing_opinion": if refused { "工序可安排在日间完成，不予推荐。" } else { "确属工艺连续性要求，同意夜间作业。" },
            "measures": format!("{}；{}；{}。",
                kit.pick(&["泵车、罐车远离住宅一侧停放", "设备加装隔声罩", "固定声源移至场地中部"]),
                kit.pick(&["禁止鸣笛和抛掷金属件", "钢筋、模板日间备料到位", "限定车辆进出口和车速"]),
                kit.pick(&["沿住宅侧设置三米隔声围挡", "安排专人值守并接听居民来电", "二十四时后停止振捣以外的高噪声作业"])),
            "announced_on": (!refused).then(|| day.to_string()), "contact": site.manager.0, "phone": site.manager.1,
            "document_no": document, "decided_on": on(day), "handler_name": handler(kit, world),
            "checked_on": checked.then(|| day.to_string()),
            "check_leq": checked.then(|| kit.decimal(51.0, 63.5, 1)), "state": state,
        })));
    }
    records
}
