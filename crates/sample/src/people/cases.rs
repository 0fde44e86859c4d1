//! Enforcement cases: against machines from their inspections, against firms from complaints and checks.

use jiff::civil::{Date, date};
use serde_json::{Value, json};

use super::entry::{handler, on, record, two_officers};
use crate::SampleRecord;
use crate::calendar::{later, working_day, working_days_later};
use crate::kit::Kit;
use crate::world::World;

/// Cases against others than machines.
const OTHERS: usize = 27;

struct Case {
    subject: String,
    target: &'static str,
    cause: &'static str,
    source: &'static str,
    party: String,
    enterprise: String,
    machine: Option<String>,
    inspection: Option<String>,
    complaint: Option<String>,
    place: Value,
    found: Date,
    facts: String,
    law: &'static str,
    basis: &'static str,
    fine: i64,
}

pub(super) fn records(kit: &mut Kit, world: &mut World) -> Vec<SampleRecord> {
    let mut cases: Vec<Case> = world.smoky.iter().map(|smoky| against_machine(world, smoky)).collect();
    for at in 0..OTHERS {
        cases.push(against_firm(kit, world, at));
    }
    cases.sort_by_key(|case| case.found);
    cases.into_iter().enumerate().map(|(at, case)| entry(kit, world, at, case)).collect()
}

fn against_machine(world: &World, smoky: &crate::world::SmokyMachine) -> Case {
    let party = world
        .enterprises
        .iter()
        .find(|firm| firm.number == smoky.enterprise)
        .map_or_else(|| smoky.site.clone(), |firm| firm.name.clone());
    Case {
        subject: format!("{party}使用超标排放非道路移动机械案"),
        target: "machine",
        cause: "machine_smoke",
        source: "inspection",
        party,
        enterprise: smoky.enterprise.clone(),
        machine: smoky.machine.clone(),
        inspection: Some(smoky.inspection.clone()),
        complaint: None,
        place: smoky.place.clone(),
        found: smoky.day,
        facts: format!(
            "在{}工地使用的机械经检测排气烟度光吸收系数为{}，超过限值{}。",
            smoky.site, smoky.smoke.0, smoky.smoke.1
        ),
        law: "大气污染防治法第五十一条",
        basis: "大气污染防治法第一百一十四条第一款",
        fine: 5_000,
    }
}

fn against_firm(kit: &mut Kit, world: &World, at: usize) -> Case {
    type Row = (&'static str, &'static [&'static str], &'static str, &'static str, &'static str, &'static str, i64);
    const ROWS: [Row; 8] = [
        (
            "fume",
            &["catering"],
            "未按规定使用油烟净化设施案",
            "现场检查时炒炉运行，油烟净化器未开启，集油盘积油外溢",
            "大气污染防治法第八十一条",
            "大气污染防治法第一百一十八条",
            8_000,
        ),
        (
            "night_work",
            &["construction"],
            "违规夜间施工案",
            "未取得夜间施工证明，于二十三时后进行混凝土浇筑作业",
            "环境噪声污染防治法第三十条",
            "环境噪声污染防治法第五十六条",
            20_000,
        ),
        (
            "vocs",
            &["printing", "furniture", "chemical"],
            "未在密闭空间使用挥发性有机物案",
            "印刷、喷涂工序门窗敞开，废气无组织排放",
            "大气污染防治法第四十五条",
            "大气污染防治法第一百零八条",
            30_000,
        ),
        (
            "hazardous_waste",
            &["car_repair", "machinery"],
            "未按规定贮存危险废物案",
            "废机油桶露天堆放，未设置识别标志",
            "固体废物污染环境防治法第七十七条",
            "固体废物污染环境防治法第一百一十二条",
            100_000,
        ),
        (
            "dust",
            &["concrete", "construction"],
            "未采取有效扬尘防治措施案",
            "砂石堆场未密闭覆盖，无喷淋措施",
            "大气污染防治法第七十二条",
            "大气污染防治法第一百一十七条",
            20_000,
        ),
        (
            "built_first",
            &["food", "laboratory", "car_repair"],
            "未批先建案",
            "建设项目未报批环评文件即开工建设",
            "环境影响评价法第二十五条",
            "环境影响评价法第三十一条",
            15_000,
        ),
        (
            "waste_water",
            &["laundry", "food"],
            "超标排放水污染物案",
            "总排口化学需氧量超过接管限值",
            "水污染防治法第十条",
            "水污染防治法第八十三条",
            100_000,
        ),
        (
            "fume",
            &["catering"],
            "未安装油烟净化设施案",
            "新开业餐饮场所未安装油烟净化设施即营业",
            "大气污染防治法第八十一条",
            "大气污染防治法第一百一十八条",
            6_000,
        ),
    ];
    let (cause, industries, title, facts, law, basis, fine) = ROWS[at % ROWS.len()];
    let firms: Vec<_> = world.of_industry(industries).cloned().collect();
    let firm = kit.pick(&firms);
    let category = match cause {
        "night_work" => "noise",
        "waste_water" => "waste_water",
        _ => "waste_gas",
    };
    let complaint = world
        .complaints
        .iter()
        .find(|(_, kind, enterprise)| *kind == category && enterprise.as_ref() == Some(&firm.number))
        .map(|(number, ..)| number.clone());
    let month = 3 + i8::try_from(at % 9).unwrap_or(0);
    Case {
        subject: format!("{}{title}", firm.name),
        target: if cause == "night_work" { "site" } else { "enterprise" },
        cause,
        source: match &complaint {
            Some(_) => "complaint",
            None => kit.pick::<&str>(&["patrol", "inspection"]),
        },
        party: firm.name.clone(),
        enterprise: firm.number.clone(),
        machine: None,
        inspection: None,
        complaint,
        place: firm.place(),
        found: working_day(date(2020, month, kit.between(1, 27) as i8)),
        facts: format!("{facts}。"),
        law,
        basis,
        fine,
    }
}

fn entry(kit: &mut Kit, world: &mut World, at: usize, case: Case) -> SampleRecord {
    let filed = working_days_later(case.found, kit.between(1, 3));
    let notified = working_days_later(filed, kit.between(14, 24));
    let decided = working_days_later(notified, kit.between(6, 12));
    let served = working_days_later(decided, kit.between(1, 4));
    let paid = later(served, kit.between(3, 14));
    let closed = working_days_later(paid, 4);
    let end = date(2020, 12, 31);
    let dropped = case.target == "enterprise" && at % 13 == 6;
    let state = if dropped {
        "dropped"
    } else if closed <= end {
        "closed"
    } else if served <= end {
        "served"
    } else if decided <= end {
        "decided"
    } else if notified <= end {
        "notified"
    } else {
        "filed"
    };
    let by = |day: Date| (!dropped && day <= end).then(|| day.to_string());
    let number = world.issue("AJ", 2020, 3);
    world.cases.push((number.clone(), Some(case.enterprise.clone())));
    record(
        "enforcement_case",
        &number,
        json!({
            "subject": case.subject, "target": case.target, "cause": case.cause, "source": case.source, "party_name": case.party, "enterprise": case.enterprise,
            "machine": case.machine, "machine_inspection": case.inspection, "complaint": case.complaint, "place": case.place, "found_on": on(case.found), "filed_on": on(filed),
            "facts": case.facts, "law": case.law, "penalty_basis": case.basis,
            "evidence": [{ "kind": "record", "name": "现场检查（勘察）笔录", "taken_on": case.found.to_string() }, { "kind": "photo", "name": "现场照片及执法记录仪视频", "taken_on": case.found.to_string() }, { "kind": "inquiry", "name": "调查询问笔录", "taken_on": working_days_later(filed, 3).to_string() }],
            "officers": two_officers(kit, world), "certificate_nos": format!("18010{:05}、18010{:05}", kit.between(1, 49_999), kit.between(50_000, 99_999)),
            "rectify_order_no": format!("天环责改〔2020〕{}号", at + 1), "rectify_due_on": on(later(case.found, 10)), "notified_on": by(notified),
            "statement": if kit.chance(0.2) { "当事人陈述已主动整改，请求从轻处罚，经复核予以采纳。" } else { "当事人未提出陈述申辩。" },
            "decided_on": by(decided), "document_no": by(decided).map(|_| format!("天环罚〔2020〕{}号", at + 1)),
            "penalty": by(decided).map(|_| vec!["fine"]), "fine": by(decided).map(|_| case.fine), "served_on": by(served), "paid_on": by(paid),
            "rectified_on": by(later(case.found, 9)), "closed_on": if dropped { Some(notified.to_string()) } else { by(closed) }, "published_on": by(working_days_later(served, 3)),
            "handler_name": handler(kit, world), "state": state,
        }),
    )
}
