//! Petitions of the inspection's return visit in 2020 and those of 2018 with which they are compared.

use jiff::civil::{Date, date};
use serde_json::{Value, json};

use super::entry::{handler, on, record, street_name};
use crate::SampleRecord;
use crate::calendar::{later, working_day};
use crate::kit::Kit;
use crate::world::World;

/// Kind, subject, finding, measure.
const MATTERS: [(&str, &str, &str, &str); 14] = [
    (
        "noise",
        "轨道站点夜间施工噪声扰民",
        "夜间确有成槽作业，证明齐全但围挡高度不足",
        "加高隔声围挡，夜间由街道驻点值守",
    ),
    ("waste_gas", "餐饮集中区油烟直排", "六家餐饮店中两家净化器失效", "更换净化设施并统一接入公共烟道"),
    ("dust", "在建项目裸土扬尘", "约两千平方米裸土覆盖破损", "补网、绿化并加装扬尘监测"),
    ("water", "支流港渠水体返黑", "上游雨污混接点两处", "改接污水管并清淤一百二十米"),
    ("waste", "城中村空地堆存建筑垃圾", "堆存约六百立方米，未见危险废物", "清运完毕并设置围挡监控"),
    ("noise", "商业街酒吧夜间音响", "三家店边界噪声夜间超标", "安装限音器并与公安联动巡查"),
    ("waste_gas", "印刷厂油墨异味", "集气效率不足，活性炭更换不及时", "完成密闭改造并更换治理设施"),
    ("other", "通信基站辐射疑虑", "监测结果低于控制限值", "公开监测结果并入户解释"),
    ("soil", "拆迁旧厂区遗留土堆气味", "已委托初步调查，未见超标", "覆盖管控并完成调查报告评审"),
    ("ecology", "滨江绿地被占用停车", "占用绿地约三百平方米", "恢复植被并设置隔离桩"),
    ("noise", "小区冷却塔低频噪声", "夜间噪声超二类区限值", "加装消声导流罩后复测达标"),
    ("water", "老旧小区化粪池外溢", "管道坍塌堵塞", "更换管道并移交物业日常清掏"),
    ("waste_gas", "汽修店露天喷涂", "未在密闭房内作业", "责令停止露天喷涂并立案查处"),
    ("dust", "渣土运输车辆抛洒", "夜间运输车辆密闭不严", "处罚运输企业并固定冲洗点"),
];

struct Round {
    key: &'static str,
    label: &'static str,
    year: i16,
    cut_off: Date,
}

pub(super) fn records(kit: &mut Kit, world: &mut World) -> Vec<SampleRecord> {
    let mut records = earlier_round(kit, world);
    records.extend(this_round(kit, world));
    records
}

/// 2018: fifteen days with 112 pieces, then two days more that a comparison of fifteen days leaves out.
fn earlier_round(kit: &mut Kit, world: &mut World) -> Vec<SampleRecord> {
    let round =
        Round { key: "review_2018", label: "2018年督察“回头看”", year: 2018, cut_off: date(2018, 12, 31) };
    let sizes = [6, 7, 8, 9, 8, 7, 8, 7, 8, 7, 8, 7, 8, 7, 7, 6, 5];
    let key_days = [1, 3, 6, 8, 11, 13, 15];
    let mut records = Vec::new();
    for (at, size) in sizes.into_iter().enumerate() {
        let day = later(date(2018, 10, 30), i64::try_from(at).unwrap_or(0));
        let batch = batch(kit, world, &round, at + 1, day, size, usize::from(key_days.contains(&at)), &mut records);
        for place in 0..size {
            let closed = Some(working_day(later(day, kit.between(5, 30))));
            records
                .push(piece(kit, world, &round, &batch, day, key_days.contains(&at) && place == 0, closed, "closed").1);
        }
    }
    records
}

/// 2020: thirteen batches, 37 pieces, of which 23 were closed by the cut-off day and some later.
fn this_round(kit: &mut Kit, world: &mut World) -> Vec<SampleRecord> {
    let round =
        Round { key: "review_2020", label: "2020年督察“回头看”", year: 2020, cut_off: date(2020, 10, 31) };
    let sizes = [2, 3, 4, 3, 2, 4, 3, 3, 2, 3, 4, 2, 2];
    let keys = [4, 16, 27];
    let mut records = Vec::new();
    let mut number = 0;
    let mut first = String::new();
    for (at, size) in sizes.into_iter().enumerate() {
        let day = later(date(2020, 9, 2), i64::try_from(at).unwrap_or(0));
        let key_count = (number..number + size).filter(|place| keys.contains(place)).count();
        let batch = batch(kit, world, &round, at + 1, day, size, key_count, &mut records);
        for _ in 0..size {
            // Long works are closed after the cut-off day or still go on at the end of the year.
            let (closed, state) = match number % 37 {
                3 | 9 | 15 | 21 | 26 | 32 => {
                    (Some(working_day(later(date(2020, 11, 5), i64::try_from(number).unwrap_or(0)))), "closed")
                }
                4 | 7 | 12 | 18 | 23 | 29 | 34 => (None, "rectifying"),
                36 => (None, "reported"),
                _ => (Some(working_day(later(day, kit.between(8, 26)))), "closed"),
            };
            let (piece, entry) = piece(kit, world, &round, &batch, day, keys.contains(&number), closed, state);
            if number == 4 {
                first = piece;
            }
            records.push(entry);
            number += 1;
        }
    }
    records.push(assignment(kit, world, &first));
    records
}

#[expect(clippy::too_many_arguments, reason = "the facts of one batch")]
fn batch(
    kit: &mut Kit,
    world: &mut World,
    round: &Round,
    at: usize,
    day: Date,
    size: usize,
    key: usize,
    records: &mut Vec<SampleRecord>,
) -> String {
    let number = world.issue("DP", round.year, 3);
    let assigned = working_day(day);
    let reported = working_day(later(day, kit.between(8, 12)));
    records.push(record(
        "petition_batch",
        &number,
        json!({
            "name": format!("{}第{at}批信访交办件", round.label), "inspection": round.key, "batch_no": at,
            "handed_on": on(day), "team": "省生态环境保护督察组", "through": "区迎检工作领导小组办公室",
            "document_no": format!("信访交办〔{}〕{at}批", round.year), "pieces_listed": size, "key_listed": key,
            "received_by": handler(kit, world), "assigned_on": on(assigned), "due_on": on(later(day, 10)),
            "reported_on": on(reported), "report": format!("本批{size}件均已分办，办理情况按时反馈。"),
            "handler_name": handler(kit, world), "state": "reported",
        }),
    ));
    number
}

#[expect(clippy::too_many_arguments, reason = "the facts of one petition")]
fn piece(
    kit: &mut Kit,
    world: &mut World,
    round: &Round,
    batch: &str,
    day: Date,
    key: bool,
    closed: Option<Date>,
    state: &str,
) -> (String, SampleRecord) {
    let (kind, subject, finding, measure) = *kit.pick(&MATTERS);
    let street = kit.street();
    let town = street_name(&street);
    let inspected = working_day(later(day, 1));
    let number = world.issue("XF", round.year, 4);
    let due = later(day, 60);
    let done = closed.unwrap_or(later(day, 90));
    let measures: Vec<Value> = vec![
        json!({ "measure": measure, "due_on": due.to_string(), "done_on": closed.map(|day| day.to_string()) }),
        json!({ "measure": "建立巡查回访机制，每周一次，连续四周", "due_on": later(due, 28).to_string() }),
    ];
    let entry = record(
        "petition_piece",
        &number,
        json!({
            "batch": batch, "piece_no": format!("{}{}", if round.year == 2018 { "X430000" } else { "D430000" }, &number[2..]),
            "inspection": round.key, "received_on": on(day), "key_piece": key, "repeat": kit.chance(0.15), "kind": kind,
            "subject": format!("{town}街道{subject}"),
            "content": format!("信访人反映{town}街道{}{subject}，{}", kit.pick(&["某路段", "小区旁", "学校附近"]),
                kit.pick(&["长期影响居民生活，要求彻底整改。", "多次反映未根治，请督察组督办。", "近期加重，希望公开处理结果。"])),
            "petitioner": kit.chance(0.6).then(|| kit.person()), "phone": kit.chance(0.6).then(|| kit.phone()),
            "place": kit.place(&street), "lead_unit": kit.pick(&["区生态环境分局", "区城管执法局", "区住建局", "区水利局"]),
            "assist_units": format!("{town}街道办事处"), "leader": kit.person(), "handler_name": handler(kit, world),
            "assigned_on": on(working_day(day)), "due_on": on(due), "cut_off_on": on(round.cut_off),
            "inspected_on": on(inspected), "verified": kit.pick(&["true", "true", "partly", "false"]),
            "finding": format!("经现场核查，{finding}。"), "rectification": format!("{measure}。"), "measures": measures,
            "fined": kit.chance(0.15).then(|| kit.between(2, 20) * 1000), "orders_to_rectify": kit.between(0, 2),
            "talks": kit.between(0, 2), "accountable": 0,
            "reported_on": (state != "rectifying").then(|| working_day(later(done, -2)).min(done).to_string()),
            "closed_on": closed.map(|day| day.to_string()),
            "published_on": closed.map(|day| later(day, 1).to_string()), "state": state,
        }),
    );
    (number, entry)
}

fn assignment(kit: &mut Kit, world: &mut World, piece: &str) -> SampleRecord {
    let number = world.issue("JB", 2020, 3);
    let place = kit.place("430103012");
    record(
        "petition_assignment",
        &number,
        json!({
            "subject": "港渠沿线雨污混接导致水体返黑专项整改", "document_no": "督交办〔2020〕7号",
            "assigned_by": "省生态环境保护督察组", "assigned_on": "2020-09-08", "petition_piece": piece, "place": place,
            "problem": "支流港渠局部雨污混接未根治，降雨后水体返黑，群众多次反映。",
            "requirement": "查清混接点位，限期改接，建立长效管护，结果向社会公开。", "goal": "旱季无污水入河，监测断面稳定达到四类",
            "lead_unit": "区生态环境分局", "assist_units": "区住建局、区水利局、属地街道", "leader": kit.person(),
            "handler_name": handler(kit, world), "due_on": "2021-06-30", "progress": 70,
            "actions": [
                { "done_on": "2020-09-14", "action": "完成两公里管网内窥检测，锁定混接点九处", "by": "区住建局" },
                { "done_on": "2020-10-27", "action": "完成六处混接改造", "by": "区住建局" },
                { "done_on": "2020-12-11", "action": "清淤一百二十米，恢复护坡绿化", "by": "区水利局" },
            ],
            "state": "working",
        }),
    )
}
