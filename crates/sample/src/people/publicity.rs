//! Breaches made public and leads handed over.

use jiff::civil::date;
use serde_json::json;

use super::entry::{handler, on, record};
use crate::SampleRecord;
use crate::calendar::{later, working_day, working_days_later};
use crate::kit::Kit;
use crate::world::World;

/// Exposures and hand-overs of the year.
const EXPOSED: usize = 12;
const HANDED_OVER: usize = 24;

pub(super) fn records(kit: &mut Kit, world: &mut World) -> Vec<SampleRecord> {
    let mut records = Vec::new();
    for at in 0..EXPOSED {
        let month = i8::try_from(at).unwrap_or(0) + 1;
        let day = working_day(date(2020, month, if month == 1 { 9 } else { 16 }));
        let (problem, title, content, fixed) = *kit.pick(&[
            (
                "dust",
                "工地裸土长期未覆盖",
                "巡查发现大面积裸土未覆盖，出入口冲洗设施停用，道路积尘明显",
                "已全部覆盖并恢复冲洗，加装喷淋",
            ),
            (
                "noise",
                "超时段夜间施工",
                "持证施工单位超出许可时段作业，居民多次反映",
                "项目部公开致歉，调整工序并接受处罚",
            ),
            (
                "gas",
                "油烟净化设施形同虚设",
                "抽查的餐饮店净化器未通电运行，排口油污严重",
                "已清洗更换设施并上传清洗台账",
            ),
            ("machine", "黑烟机械带病作业", "现场两台挖掘机冒黑烟作业，未落实进场核验", "机械已清退，补建进场核验制度"),
            ("water", "沿街门店污水倒入雨水井", "洗涤污水直接倒入雨水井，流向港渠", "完成雨污改接并设置警示牌"),
        ]);
        let site = kit.pick(&world.sites).clone();
        let case = (at % 3 == 0).then(|| kit.pick(&world.cases).clone());
        let number = world.issue("BG", 2020, 3);
        let pending = at == EXPOSED - 1;
        records.push(record("exposure", &number, json!({
            "title": format!("{}：{title}", site.name), "exposed_on": on(day), "channel": kit.pick(&["wechat", "website", "tv", "notice", "newspaper"]), "enterprise": site.enterprise,
            "enforcement_case": case.map(|(number, _)| number), "place": site.place, "problem": problem, "content": format!("{content}。现予公开曝光，责令限期整改。"), "approved_by": world.handlers[0],
            "views": kit.between(300, 9_000), "due_on": on(later(day, 10)), "rectification": (!pending).then(|| format!("{fixed}。")),
            "rectified_on": (!pending).then(|| working_day(later(day, kit.between(4, 10))).to_string()), "handler_name": handler(kit, world), "state": if pending { "exposed" } else { "rectified" },
        })));
    }
    for at in 0..HANDED_OVER {
        let (complaint, category, enterprise) = world.complaints[(at * 16 + 5) % world.complaints.len()].clone();
        let kind = match category {
            "noise" => "noise",
            "waste_gas" => "gas",
            "waste_water" => "water",
            _ => "waste",
        };
        let day = working_day(date(2020, 1 + i8::try_from(at / 2).unwrap_or(0), 20));
        let received = working_days_later(day, 1);
        let answered = working_days_later(received, kit.between(5, 14));
        let open = answered > date(2020, 12, 31);
        let result = *kit.pick(&["filed", "corrected", "corrected", "none"]);
        let case = world
            .cases
            .iter()
            .find(|(_, firm)| firm.is_some() && *firm == enterprise)
            .map(|(number, _)| number.clone());
        let smoky = (at % 6 == 0).then(|| world.smoky.get(at / 6).cloned()).flatten();
        let number = world.issue("YJX", 2020, 3);
        let street = kit.street();
        records.push(record("handover", &number, json!({
            "subject": if smoky.is_some() { "超标排放机械违法线索".to_owned() } else { format!("投诉{complaint}核查发现的违法线索") },
            "kind": if smoky.is_some() { "machine" } else { kind }, "to_unit": if smoky.is_some() { "squad" } else { *kit.pick(&["squad", "squad", "urban", "housing"]) },
            "handed_on": on(day), "enterprise": smoky.as_ref().map_or(enterprise, |smoky| Some(smoky.enterprise.clone())),
            "complaint": smoky.is_none().then_some(complaint), "machine_inspection": smoky.as_ref().map(|smoky| smoky.inspection.clone()),
            "rectification_notice": (at == 9).then(|| world.notices.first().map(|(number, _)| number.clone())), "enforcement_case": (result == "filed" && !open).then_some(case),
            "place": kit.place(&street), "facts": kit.pick(&["现场核查发现涉嫌违法排污，需立案调查。", "责令改正后复查仍未整改到位。", "情况属实且属于处罚职责范围，移交查处。"]),
            "materials": "现场检查记录、照片、监测数据", "handler_name": handler(kit, world), "received_by": kit.person(), "received_on": on(received), "due_on": on(working_days_later(day, 15)),
            "result": (!open).then_some(result), "answer": (!open).then_some(match result { "filed" => "已立案调查，案号见附。", "none" => "现场复核未发现违法行为。", _ => "已责令改正并复查合格。" }),
            "answered_on": (!open).then(|| answered.to_string()), "state": if open { "received" } else { "answered" },
        })));
    }
    records
}
