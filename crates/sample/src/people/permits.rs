//! Discharge permits, pre-reviews for the city, notices to rectify, radiation licences.

use jiff::civil::date;
use serde_json::{Value, json};

use super::entry::{handler, on, record};
use crate::SampleRecord;
use crate::calendar::{later, working_day, working_days_later};
use crate::kit::Kit;
use crate::world::{Enterprise, World};

/// Permits issued in the year.
const ISSUED: usize = 28;
/// Notices to rectify.
const NOTICES: usize = 7;

pub(super) fn records(kit: &mut Kit, world: &mut World) -> Vec<SampleRecord> {
    let mut records = issued(kit, world);
    records.extend(prereviews(kit, world));
    records.extend(notices(kit, world));
    records.extend(radiation(kit, world));
    records
}

fn holders(world: &World) -> Vec<Enterprise> {
    let shares =
        [("electroplating", 3), ("sewage", 2), ("chemical", 4), ("printing", 3), ("hospital", 6), ("petrol", 10)];
    shares.into_iter().flat_map(|(industry, count)| world.in_order(&[industry]).into_iter().take(count)).collect()
}

fn issued(kit: &mut Kit, world: &mut World) -> Vec<SampleRecord> {
    let days = kit.spread_working_dates(ISSUED + 2, 2020, &[0, 0, 2, 3, 4, 5, 6, 5, 3, 0, 0, 0]);
    let mut firms = holders(world);
    firms.extend(world.in_order(&["petrol"]).into_iter().skip(10).take(2));
    firms.into_iter().zip(days).enumerate().map(|(at, (firm, received))| {
        let key = matches!(firm.industry, "electroplating" | "sewage");
        let accepted = working_days_later(received, 2);
        let decided = working_days_later(accepted, kit.between(8, 17));
        let refused = at >= ISSUED;
        let number = world.issue("PW", 2020, 3);
        let (factor, limit, unit): (&str, f64, &str) = match firm.industry {
            "electroplating" => ("总铬", 1.0, "mg/L"),
            "sewage" => ("化学需氧量", 30.0, "mg/L"),
            "hospital" => ("粪大肠菌群", 500.0, "MPN/L"),
            _ => ("非甲烷总烃", 50.0, "mg/m³"),
        };
        let water = unit.ends_with('L');
        let outlet = if water { "DW001" } else { "DA001" };
        let permit_from = (!refused).then(|| decided.to_string());
        record("discharge_permit", &number, json!({
            "unit_name": firm.name, "enterprise": firm.number, "kind": "first", "management": if key { "key" } else { "simplified" },
            "industry_code": super::firms::industry_text(firm.industry), "place": firm.place(), "received_on": on(received), "accepted_on": on(accepted),
            "site_checked_on": on(working_days_later(accepted, 4)),
            "review": if refused { "申请材料与现场不符，排放口未规范化，不符合核发条件。" } else { "材料齐全，许可限值核定准确，自行监测方案符合要求。" },
            "outlets": [{ "code": outlet, "medium": if water { "water" } else { "gas" }, "name": if water { "废水总排口" } else { "有机废气排气筒" },
                "height_m": (!water).then_some(15.0), "goes_to": if water { "城镇污水管网" } else { "环境空气" } }],
            "pollutants": [{ "outlet": outlet, "factor": factor, "limit": limit, "unit_text": unit, "annual_t": kit.decimal(0.02, 3.5, 3) }],
            "self_monitoring": if key { "每季度一次，主要指标自动监测" } else { "每年一次" }, "report_frequency": if key { "quarter" } else { "year" },
            "permit_no": (!refused).then(|| format!("{}001{}", firm.credit_code, if key { "P" } else { "Q" })),
            "decided_on": on(decided), "permit_from": permit_from,
            "permit_until": (!refused).then(|| later(decided, 1095 - 1).to_string()),
            "handler_name": handler(kit, world), "state": if refused { "refused" } else { "issued" },
        }))
    }).collect()
}

fn prereviews(kit: &mut Kit, world: &mut World) -> Vec<SampleRecord> {
    let firms: Vec<Enterprise> = ["electroplating", "sewage", "chemical"]
        .into_iter()
        .filter_map(|key| world.of_industry(&[key]).last().cloned())
        .collect();
    let days = [date(2020, 5, 12), date(2020, 6, 17), date(2020, 8, 11)];
    firms.into_iter().zip(days).map(|(firm, received)| {
        let reviewed = working_days_later(received, kit.between(4, 7));
        let number = world.issue("YSH", 2020, 3);
        let problem = *kit.pick(&["自行监测频次偏低", "许可排放量核算依据不足", "危险废物贮存信息缺失"]);
        record("discharge_prereview", &number, json!({
            "unit_name": firm.name, "enterprise": firm.number, "management": "key", "entrusted_by": "市生态环境局行政审批处",
            "document_no": format!("市环审委〔2020〕{}号", kit.between(11, 96)), "received_on": on(received), "due_on": on(working_days_later(received, 10)),
            "materials": "申请表、承诺书、自行监测方案、排污口规范化说明", "site_checked_on": on(working_days_later(received, 2)),
            "problems": [{ "item": "申请表第三章", "problem": problem, "corrected": true }, { "item": "附图", "problem": "雨水排口未标注", "corrected": true }],
            "opinion": "correct", "opinion_text": format!("{problem}，企业已补充修改，建议上报核发。"),
            "reviewed_on": on(reviewed), "submitted_on": on(working_days_later(reviewed, 1)),
            "handler_name": handler(kit, world), "state": "submitted",
        }))
    }).collect()
}

fn notices(kit: &mut Kit, world: &mut World) -> Vec<SampleRecord> {
    let firms: Vec<Enterprise> =
        world.in_order(&["petrol", "printing", "hospital"]).into_iter().skip(14).step_by(9).take(NOTICES).collect();
    let mut records = Vec::new();
    for (at, firm) in firms.into_iter().enumerate() {
        let issued = working_day(date(2020, 4 + i8::try_from(at / 2).unwrap_or(0), 8 + i8::try_from(at).unwrap_or(0)));
        let months = *kit.pick(&[3, 6, 6]);
        let due = later(issued, months * 30);
        let done = at < 5;
        let rectified = done.then(|| working_day(later(issued, months * 30 - 16)).to_string());
        let (kind, problem, measure) = *kit.pick(&[
            ("no_procedure", "建设项目未办理环评手续", "补办环评并完成自主验收"),
            ("not_up_to_standard", "废气治理设施不能稳定达标", "更换高效治理设施并委托监测"),
            ("not_up_to_standard", "废水消毒设施余氯不达标", "更换加药装置并建立台账"),
        ]);
        let number = world.issue("ZG", 2020, 3);
        records.push(record("rectification_notice", &number, json!({
            "unit_name": firm.name, "enterprise": firm.number, "place": firm.place(), "kind": kind,
            "document_no": format!("天环限改〔2020〕{}号", at + 1), "issued_on": on(issued),
            "problems": [{ "problem": problem, "measure": measure, "due_on": due.to_string(), "done_on": rectified }],
            "months": months, "due_on": on(due), "interim": "整改期间按承诺控制排放，每月报送进度，不得新增产能。",
            "answer": done.then(|| format!("已{measure}，监测结果达标。")), "answered_on": rectified,
            "checked_on": rectified, "check_result": done.then_some("现场核查整改到位。"), "rectified_on": rectified,
            "handler_name": handler(kit, world), "issued_by": world.handlers[0], "state": if done { "closed" } else { "issued" },
        })));
        world.notices.push((number, firm.number));
    }
    records
}

fn radiation(kit: &mut Kit, world: &mut World) -> Vec<SampleRecord> {
    let firms: Vec<Enterprise> = world.in_order(&["hospital"]).into_iter().skip(6).step_by(5).take(4).collect();
    let rows = [
        ("new", date(2020, 4, 21), "口腔CT", "granted"),
        ("change", date(2020, 7, 14), "数字X线摄影机", "granted"),
        ("new", date(2020, 9, 24), "全景牙片机", "granted"),
        ("new", date(2020, 12, 16), "移动式C形臂", "accepted"),
    ];
    firms.into_iter().zip(rows).map(|(firm, (kind, received, device, state))| {
        let accepted = working_days_later(received, 2);
        let decided = working_days_later(accepted, kit.between(7, 15));
        let granted = state == "granted";
        let number = world.issue("FS", 2020, 3);
        let devices: Vec<Value> = vec![json!({ "name": device, "model": format!("DX-{}", kit.between(100, 900)), "category": "iii", "amount": 1, "room": "放射科一室" })];
        record("radiation_licence", &number, json!({
            "unit_name": firm.name, "enterprise": firm.number, "kind": kind, "scope": "使用Ⅲ类射线装置", "place": firm.place(),
            "received_on": on(received), "accepted_on": on(accepted), "devices": devices, "safety_officer": firm.contact, "officer_phone": firm.phone,
            "trained": kit.between(2, 5), "dosimeters": true, "shielding": "四周墙体和防护门铅当量满足要求，设工作指示灯和门机联锁。",
            "site_checked_on": granted.then(|| working_days_later(accepted, 4).to_string()), "finding": granted.then_some("屏蔽与管理制度符合许可条件。"),
            "licence_no": granted.then(|| format!("湘环辐证[A{:04}]", kit.between(1000, 9999))), "decided_on": granted.then(|| decided.to_string()),
            "valid_until": granted.then(|| later(decided, 1825).to_string()), "handler_name": handler(kit, world), "state": state,
        }))
    }).collect()
}
