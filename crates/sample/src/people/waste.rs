//! Hazardous waste: the survey of the year and the declarations.

use jiff::civil::{Date, date};
use serde_json::{Value, json};

use super::entry::{handler, on, record, two_officers};
use crate::SampleRecord;
use crate::calendar::{later, working_day};
use crate::kit::Kit;
use crate::world::{Enterprise, World};

/// Enterprises surveyed.
const SURVEYED: usize = 339;
/// Enterprises that declared hazardous and medical waste.
const HAZARDOUS: usize = 183;
const MEDICAL: usize = 16;
/// Disposers with an invented name.
pub(super) const RECEIVERS: [(&str, &str); 3] = [
    ("湘汀危险废物处置有限公司", "湘环（危）字第（201）号"),
    ("衡畈资源再生有限公司", "湘环（危）字第（317）号"),
    ("澧沐环保科技有限公司", "湘环（危）字第（122）号"),
];

/// Category, code and name of what an industry produces, with tonnes a year from and to.
pub(super) type Kind = (&'static str, &'static str, &'static str, f64, f64);

pub(super) fn kinds(industry: &str) -> &'static [Kind] {
    match industry {
        "printing" => &[
            ("HW12", "900-253-12", "废油墨", 0.1, 2.4),
            ("HW49", "900-041-49", "沾染油墨的包装桶和抹布", 0.1, 1.2),
            ("HW06", "900-402-06", "废洗车水", 0.1, 1.8),
        ],
        "car_repair" => &[
            ("HW08", "900-214-08", "废机油", 0.4, 6.5),
            ("HW49", "900-041-49", "废机油格", 0.05, 0.8),
            ("HW12", "900-252-12", "废漆渣", 0.02, 0.6),
        ],
        "electroplating" => &[("HW17", "336-054-17", "镀镍污泥", 6.0, 24.0), ("HW34", "900-300-34", "废酸", 2.0, 9.0)],
        "hospital" => {
            &[("HW01", "841-001-01", "感染性废物", 0.5, 60.0), ("HW01", "841-002-01", "损伤性废物", 0.1, 6.0)]
        }
        "sewage" => &[("污泥", "", "脱水污泥", 4200.0, 16_500.0)],
        "laboratory" | "school" => {
            &[("HW49", "900-047-49", "实验室废液", 0.1, 3.0), ("HW49", "900-041-49", "沾染试剂瓶", 0.05, 0.9)]
        }
        "petrol" => &[("HW08", "900-221-08", "清罐油泥", 0.1, 1.6)],
        "chemical" => &[("HW12", "900-299-12", "废涂料", 0.5, 5.0), ("HW49", "900-039-49", "废活性炭", 0.3, 2.2)],
        _ => &[("HW09", "900-006-09", "废乳化液", 0.2, 4.0), ("HW08", "900-249-08", "废液压油", 0.1, 2.0)],
    }
}

pub(super) fn records(kit: &mut Kit, world: &mut World) -> Vec<SampleRecord> {
    let mut firms = world.in_order(&[
        "printing",
        "car_repair",
        "electroplating",
        "machinery",
        "electronics",
        "laboratory",
        "petrol",
        "chemical",
        "hospital",
        "sewage",
        "furniture",
        "food",
        "school",
        "laundry",
        "logistics",
    ]);
    let declaring: Vec<Enterprise> =
        firms.iter().filter(|firm| !matches!(firm.industry, "hospital" | "sewage")).take(HAZARDOUS).cloned().collect();
    firms.truncate(SURVEYED);
    let mut records = surveys(kit, world, firms);
    let days = kit.spread_working_dates(HAZARDOUS, 2020, &[4, 3, 12, 9, 4, 2, 0, 0, 0, 0, 0, 0]);
    for (firm, day) in declaring.into_iter().zip(days) {
        records.push(declaration(kit, world, &firm, "hazardous", day, "accepted"));
    }
    for (at, firm) in world.in_order(&["hospital"]).into_iter().take(MEDICAL + 1).enumerate() {
        let state = if at == MEDICAL { "returned" } else { "accepted" };
        let day = working_day(date(2020, 3, 2 + i8::try_from(at).unwrap_or(0)));
        records.push(declaration(kit, world, &firm, "medical", day, state));
    }
    for firm in world.in_order(&["sewage"]) {
        records.push(declaration(kit, world, &firm, "sludge", working_day(date(2020, 3, 18)), "accepted"));
    }
    records
}

fn surveys(kit: &mut Kit, world: &mut World, mut firms: Vec<Enterprise>) -> Vec<SampleRecord> {
    kit.shuffle(&mut firms);
    let days = kit.spread_working_dates(firms.len(), 2020, &[0, 0, 2, 8, 14, 16, 14, 12, 10, 8, 4, 0]);
    let mut records = Vec::new();
    let mut again = Vec::new();
    for (firm, day) in firms.into_iter().zip(days) {
        let problems = if kit.chance(0.3) { kit.between(1, 3) } else { 0 };
        records.push(survey(kit, world, &firm, day, "first", problems));
        if problems > 1 && kit.chance(0.4) {
            again.push((firm, working_day(later(day, 35)).min(date(2020, 12, 28))));
        }
    }
    for (firm, day) in again {
        records.push(survey(kit, world, &firm, day, "again", 0));
    }
    records
}

fn survey(kit: &mut Kit, world: &mut World, firm: &Enterprise, day: Date, round: &str, problems: i64) -> SampleRecord {
    const FOUND: [&str; 6] = [
        "贮存间标识牌缺失",
        "废机油桶未加盖",
        "台账记录不连续",
        "地面防渗层破损",
        "处置合同即将到期",
        "不同种类混放未分区",
    ];
    let produces = !matches!(firm.industry, "logistics" | "laundry" | "food");
    let wastes: Vec<Value> = if produces {
        kinds(firm.industry).iter().map(|(category, code, name, low, high)| json!({ "category": category, "code": (!code.is_empty()).then_some(*code), "name": name, "yearly_t": kit.decimal(*low, *high, 3), "stored_t": kit.decimal(0.0, 0.3, 3) })).collect()
    } else {
        Vec::new()
    };
    let start = kit.rng_index(FOUND.len());
    let found: Vec<&str> =
        FOUND.iter().cycle().skip(start).take(usize::try_from(problems).unwrap_or(0)).copied().collect();
    let number = world.issue("WP", 2020, 4);
    let rectified =
        (problems > 0).then(|| working_day(later(day, kit.between(10, 28))).min(date(2020, 12, 30)).to_string());
    record(
        "waste_survey",
        &number,
        json!({
            "unit_name": firm.name, "enterprise": firm.number, "surveyed_on": on(day), "round": round, "place": firm.place(), "produces": produces, "wastes": wastes,
            "store_ok": !found.contains(&FOUND[3]), "labels_ok": !found.contains(&FOUND[0]), "ledger_ok": !found.contains(&FOUND[2]),
            "plan_filed": produces.then(|| kit.chance(0.95)), "contract_ok": produces.then(|| !found.contains(&FOUND[4])), "manifest_ok": produces.then_some(true),
            "receiver": produces.then(|| kit.pick(&RECEIVERS).0), "problems_found": problems,
            "problems": (problems > 0).then(|| format!("{}。", found.join("；"))), "due_on": (problems > 0).then(|| later(day, 30).to_string()),
            "rectified_on": rectified, "surveyors": two_officers(kit, world), "handler_name": handler(kit, world), "state": "closed",
        }),
    )
}

fn declaration(
    kit: &mut Kit,
    world: &mut World,
    firm: &Enterprise,
    class: &str,
    day: Date,
    state: &str,
) -> SampleRecord {
    let receiver = *kit.pick(&RECEIVERS);
    let mut thousandths = (0_i64, 0_i64);
    let wastes: Vec<Value> = kinds(firm.industry).iter().map(|(category, code, name, low, high)| {
        let produced = (kit.decimal(*low, *high, 3) * 1000.0).round() as i64;
        let moved = produced * kit.between(80, 100) / 100;
        thousandths = (thousandths.0 + produced, thousandths.1 + moved);
        json!({ "category": category, "code": (!code.is_empty()).then_some(*code), "name": name, "form": if name.contains('液') || name.contains('油') { "liquid" } else { "solid" },
            "produced_t": produced as f64 / 1000.0, "moved_t": moved as f64 / 1000.0, "receiver": receiver.0 })
    }).collect();
    let number = world.issue("WS", 2020, 4);
    let total = thousandths.0 as f64 / 1000.0;
    let entry = record(
        "waste_declaration",
        &number,
        json!({
            "unit_name": firm.name, "enterprise": firm.number, "place": firm.place(), "class": class, "declared_year": 2019, "declared_on": on(day), "wastes": wastes,
            "stored_before_t": kit.decimal(0.0, 0.6, 3), "produced_t": total, "used_t": 0.0, "moved_t": thousandths.1 as f64 / 1000.0,
            "class_of_management": if total >= 100.0 { "key" } else if total >= 10.0 { "simplified" } else { "registration" },
            "receiver_licence": receiver.1, "plan_filed_on": on(day), "reviewed_on": on(working_day(later(day, kit.between(2, 9)))),
            "review": if state == "accepted" { "数量与联单、合同核对一致。" } else { "转移量与联单不符，请核对后重新申报。" },
            "handler_name": handler(kit, world), "state": state,
        }),
    );
    if class == "hazardous" {
        world.declarations.push((number, firm.clone()));
    }
    entry
}
