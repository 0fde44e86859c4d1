//! Complaints of the year, all handled and replied to.

use jiff::civil::{Date, date};
use serde_json::{Value, json};

use super::complaint_words::{KINDS, Kind};
use super::entry::{after, at, handler, record, street_name};
use crate::SampleRecord;
use crate::calendar::{later, working_day};
use crate::kit::Kit;
use crate::world::World;

/// Last day on which the sample year still receives a complaint, so that all are answered within the year.
const LAST: Date = date(2020, 12, 22);

struct Draft {
    day: Date,
    kind: &'static Kind,
}

pub(super) fn records(kit: &mut Kit, world: &mut World) -> Vec<SampleRecord> {
    let mut drafts = Vec::new();
    for kind in &KINDS {
        let days = kit.spread_dates(kind.count, 2020, &kind.months);
        drafts.extend(days.into_iter().map(|day| Draft { day: day.min(LAST), kind }));
    }
    drafts.sort_by_key(|draft| draft.day);
    let mut earlier: Vec<(String, &'static str, Value, Option<String>, String)> = Vec::new();
    let mut records = Vec::new();
    for draft in drafts {
        let repeat = if kit.chance(0.07) {
            earlier.iter().rev().find(|(_, kind, ..)| *kind == draft.kind.key).cloned()
        } else {
            None
        };
        records.push(one(kit, world, &draft, repeat, &mut earlier));
    }
    records
}

/// Where it is, of whom it complains.
fn target(kit: &mut Kit, world: &World, kind: &Kind) -> (Value, Option<String>, String) {
    if kind.industries.first() == Some(&"construction") {
        let site = kit.pick(&world.sites).clone();
        return (site.place, Some(site.enterprise), site.name);
    }
    let firms: Vec<_> = world.of_industry(kind.industries).cloned().collect();
    if !firms.is_empty() && kit.chance(0.85) {
        let firm = kit.pick(&firms);
        return (firm.place(), Some(firm.number.clone()), firm.name.clone());
    }
    let street = kit.street();
    let place = kit.place(&street);
    (place, None, format!("{}街道辖区", street_name(&street)))
}

fn one(
    kit: &mut Kit,
    world: &mut World,
    draft: &Draft,
    repeat: Option<(String, &'static str, Value, Option<String>, String)>,
    earlier: &mut Vec<(String, &'static str, Value, Option<String>, String)>,
) -> SampleRecord {
    let kind = draft.kind;
    let (place, enterprise, against) = match &repeat {
        Some((_, _, place, enterprise, against)) => (place.clone(), enterprise.clone(), against.clone()),
        None => target(kit, world, kind),
    };
    let night = kit.chance(kind.at_night);
    let received = if night {
        if kit.chance(0.7) { kit.time_between(draft.day, 21, 24) } else { kit.time_between(draft.day, 0, 2) }
    } else {
        kit.time_between(draft.day, 8, 20)
    };
    let office = working_day(if received.hour() >= 17 { later(draft.day, 1) } else { draft.day });
    let accepted = kit.time_between(office, 8, 10).max(after(received, 10));
    let assigned = after(accepted, kit.between(12, 90));
    let inspected =
        if night && kit.chance(0.6) { kit.time_between(office, 22, 24) } else { after(assigned, kit.between(70, 420)) };
    let handled_on = working_day(later(inspected.date(), kit.between(1, 3)));
    let handled = kit.working_time(handled_on).max(after(inspected, 30));
    let replied = after(handled, kit.between(20, 200));
    let closed_on = working_day(later(replied.date(), kit.between(1, 2)));
    let closed = kit.working_time(closed_on).max(after(replied, 30));
    let subject_words = *kit.pick(kind.subjects);
    let story = *kit.pick(kind.stories);
    let finding = *kit.pick(kind.findings);
    let measure = *kit.pick(kind.measures);
    let source = *kit.pick(&[
        "hotline12345",
        "hotline12345",
        "hotline12345",
        "hotline12369",
        "wechat",
        "phone",
        "portal",
        "transfer",
        "visit",
        "letter",
    ]);
    let person = kit.chance(0.88);
    let address = place["address"].as_str().unwrap_or_default().to_owned();
    let opening = *kit.pick(&["市民来电反映：", "投诉人称，", "网民留言：", "来访群众反映，", "居民代表反映："]);
    let demand = *kit.pick(&[
        "希望尽快核实处理并回复。",
        "请求有关部门到现场看一看。",
        "要求依法查处。",
        "盼望给一个安静的环境。",
        "希望能长效解决，不要反弹。",
    ]);
    let again = if repeat.is_some() { "此前已反映过一次，近日问题反弹。" } else { "" };
    let noise = kind.category == "noise" && kit.chance(0.7);
    let limit = if night { 50.0 } else { 60.0 };
    let verified = if finding.contains("正常运行")
        || finding.contains("未闻")
        || finding.contains("低于")
        || finding.contains("齐全")
    {
        "false"
    } else {
        *kit.pick(&["true", "true", "true", "partly"])
    };
    let number = world.issue("TS", 2020, 5);
    let code: String = (0..8)
        .map(|_| *kit.pick(&['2', '3', '4', '6', '7', '8', '9', 'A', 'C', 'E', 'H', 'K', 'M', 'P', 'R', 'T', 'X']))
        .collect();
    let values = json!({
        "received_at": at(received), "source": source,
        "source_no": source.starts_with("hotline").then(|| format!("{}{:06}", draft.day.strftime("%Y%m%d"), kit.between(1, 999_999))),
        "tracking_code": code, "category": kind.category, "kind": kind.key,
        "subject": format!("{against}{subject_words}"),
        "content": format!("{opening}{address}附近（{against}），{story}。{again}{demand}"),
        "complainant": person.then(|| kit.person()), "phone": person.then(|| kit.phone()),
        "confidential": kit.chance(0.2), "place": place, "against": against, "enterprise": enterprise,
        "happens_at_night": night, "repeat_of": repeat.as_ref().map(|(number, ..)| number.clone()),
        "repeat_count": i64::from(repeat.is_some()),
        "accepted_at": at(accepted), "assigned_at": at(assigned), "handler_name": handler(kit, world),
        "assist_unit": kit.chance(0.25).then(|| *kit.pick(&["属地街道办事处", "区城管执法局", "区住建局", "辖区派出所", "社区居委会"])),
        "inspected_at": at(inspected), "leq": noise.then(|| kit.decimal(limit - 4.0, limit + 14.0, 1)),
        "limit": noise.then_some(limit), "verified": verified,
        "finding": format!("{}到{address}核查：{finding}。", inspected.strftime("%-m月%-d日%-H时")),
        "measures": format!("{measure}。"), "handled_at": at(handled),
        "reply": format!("您好，您反映的{subject_words}问题已核查。{finding}，我局{measure}。{}",
            kit.pick(&["感谢您对生态环境工作的监督。", "如问题反弹请随时拨打12369。", "后续我们将继续回访。", "感谢您的理解与支持。"])),
        "replied_at": at(replied), "reply_by": kit.pick(&["phone", "phone", "phone", "sms", "platform", "visit"]),
        "satisfaction": kit.pick(&["very", "very", "yes", "yes", "yes", "basic", "no", "unreached"]),
        "closed_at": at(closed), "state": "closed",
    });
    world.complaints.push((number.clone(), kind.category, enterprise.clone()));
    earlier.push((number.clone(), kind.key, place, enterprise, against));
    record("complaint", &number, values)
}
