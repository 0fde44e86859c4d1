//! Mobile machinery: codes given out, inspections on sites.

use jiff::civil::{Date, date};
use serde_json::{Value, json};

use super::entry::{after, at, handler, on, record, two_officers};
use crate::SampleRecord;
use crate::calendar::{later, working_day};
use crate::kit::Kit;
use crate::world::{SmokyMachine, World};

/// Machines given a code in 2020.
const CODED: usize = 1_517;
/// Machines that had theirs from the year before.
const CODED_BEFORE: usize = 126;
/// Applications still open or turned down at the end of the year.
const WITHOUT_CODE: usize = 31;
/// Inspections of the year, of which expelled and penalised.
const INSPECTED: usize = 684;
const EXPELLED: usize = 65;
const PENALISED: usize = 14;

/// Category, models, power from and to, share in a hundred.
const KINDS: [(&str, &[&str], f64, f64, usize); 9] = [
    ("W", &["LX215", "LX75", "XW335", "SK200"], 40.0, 230.0, 38),
    ("Z", &["ZL50", "ZL30", "CL856"], 60.0, 165.0, 17),
    ("C", &["CPC30", "CPCD50", "CPD25"], 20.0, 75.0, 16),
    ("Y", &["YZ22", "XS123"], 70.0, 140.0, 8),
    ("J", &["XR280", "SR155"], 150.0, 300.0, 8),
    ("T", &["TY160", "SD16"], 100.0, 180.0, 4),
    ("P", &["RP903", "SP90"], 100.0, 180.0, 2),
    ("Q", &["QY25", "QUY55"], 90.0, 220.0, 3),
    ("F", &["GF120", "LGY15"], 15.0, 160.0, 4),
];

struct Coded {
    number: String,
    code: String,
    category: &'static str,
    stage: &'static str,
}

pub(super) fn records(kit: &mut Kit, world: &mut World) -> Vec<SampleRecord> {
    let mut coded = Vec::new();
    let mut records = Vec::new();
    let before = kit.spread_working_dates(CODED_BEFORE, 2019, &[0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 4, 5]);
    let days = kit.spread_working_dates(CODED, 2020, &[60, 10, 150, 210, 220, 190, 150, 130, 130, 110, 100, 57]);
    for day in before.into_iter().chain(days) {
        records.push(machine(kit, world, day, "coded", &mut coded));
    }
    for at in 0..WITHOUT_CODE {
        let state = if at < 9 { "refused" } else { "applied" };
        let day = if at < 9 { date(2020, 6, 1) } else { date(2020, 12, 21) };
        let seen = working_day(later(day, kit.between(0, 9)));
        records.push(machine(kit, world, seen, state, &mut coded));
    }
    records.extend(inspections(kit, world, &coded));
    records
}

fn category(kit: &mut Kit) -> usize {
    let mut ticket = kit.rng_index(100);
    for (at, kind) in KINDS.iter().enumerate() {
        if ticket < kind.4 {
            return at;
        }
        ticket -= kind.4;
    }
    0
}

fn machine(kit: &mut Kit, world: &mut World, day: Date, state: &'static str, coded: &mut Vec<Coded>) -> SampleRecord {
    let (category, models, low, high, _) = KINDS[category(kit)];
    let stage = if category == "C" && kit.chance(0.3) {
        "D"
    } else {
        *kit.pick(&["3", "3", "3", "3", "2", "2", "2", "1", "X"])
    };
    let electric = stage == "D";
    let owner_is_unit = kit.chance(0.7);
    let firms = world.in_order(&["construction", "logistics", "concrete"]);
    let firm = kit.pick(&firms).clone();
    let number = world.issue("JX", day.year(), 5);
    let serial = world.issue("serial", 2020, 6);
    let code = format!("{stage}-NA{}", &serial[10..]);
    let owner = if owner_is_unit { firm.name.clone() } else { kit.person() };
    let power = kit.decimal(low, high, 1);
    let made: i16 = match stage {
        "X" => 2006,
        "1" => 2009,
        "2" => 2012,
        "3" => 2016,
        _ => 2018,
    };
    let applied = working_day(later(day, -kit.between(3, 8))).min(day);
    let has_code = state == "coded";
    let place = if owner_is_unit {
        firm.place()
    } else {
        let street = kit.street();
        kit.place(&street)
    };
    let entry = record(
        "machine",
        &number,
        json!({
            "code": has_code.then(|| code.clone()), "category": category, "maker": kit.pick(&["湘垚重工", "岭拓机械", "远桐工程机械", "川野株式会社", "北渊装备", "恒砚机械"]),
            "model": kit.pick(models), "serial_no": format!("{}{:07}", kit.pick(&["LX", "HT", "SY", "KB"]), kit.between(1, 9_999_999)),
            "engine_model": (!electric).then(|| *kit.pick(&["YD4102", "WP6G", "QSB6.7", "4JJ1", "D6114"])),
            "engine_no": (!electric).then(|| format!("E{:08}", kit.between(1, 99_999_999))), "power_kw": power,
            "fuel": if electric { "electric" } else { "diesel" }, "stage": stage,
            "smoke_class": (!electric).then_some(if matches!(stage, "3" | "4") { "ii" } else { "i" }),
            "made_on": on(date(made + kit.between(0, 2) as i16, kit.between(1, 12) as i8, 15)),
            "owner_kind": if owner_is_unit { "unit" } else { "person" }, "enterprise": owner_is_unit.then(|| firm.number.clone()),
            "owner_name": owner, "contact": if owner_is_unit { firm.contact.clone() } else { kit.person() }, "phone": kit.phone(), "place": place,
            "has_gps": kit.chance(0.35), "registered_on": on(applied), "code_issued_on": has_code.then(|| day.to_string()),
            "plate_fixed": has_code.then_some(true), "handler_name": handler(kit, world), "state": state,
        }),
    );
    if has_code {
        coded.push(Coded { number, code, category, stage });
    }
    entry
}

fn inspections(kit: &mut Kit, world: &mut World, coded: &[Coded]) -> Vec<SampleRecord> {
    let mut outcomes: Vec<&'static str> = (0..INSPECTED)
        .map(|at| match at {
            at if at < PENALISED => "penalised",
            at if at < PENALISED + EXPELLED => "expelled",
            at if at < 150 => "warned",
            _ => "passed",
        })
        .collect();
    kit.shuffle(&mut outcomes);
    let days = kit.spread_working_dates(INSPECTED, 2020, &[3, 1, 6, 8, 9, 9, 9, 10, 11, 12, 13, 9]);
    outcomes
        .into_iter()
        .zip(days)
        .map(|(outcome, day)| inspection(kit, world, coded, outcome, day.min(date(2020, 12, 18))))
        .collect()
}

fn inspection(kit: &mut Kit, world: &mut World, coded: &[Coded], outcome: &'static str, day: Date) -> SampleRecord {
    let site = kit.pick(&world.sites).clone();
    let unregistered = outcome == "expelled" && kit.chance(0.6) || outcome == "warned" && kit.chance(0.3);
    let early = if day.month() < 4 {
        coded.len().min(CODED_BEFORE)
    } else {
        coded.len().min(CODED_BEFORE + 60 * usize::from(day.month().unsigned_abs()))
    };
    let machine = &coded[kit.rng_index(early.max(1))];
    let measured = machine.stage != "D" && (outcome != "passed" || kit.chance(0.6));
    let limit = if matches!(machine.stage, "3" | "4") { 0.8 } else { 1.61 };
    let bad = matches!(outcome, "penalised" | "expelled") && !unregistered;
    let smoke = if bad { kit.decimal(limit + 0.2, limit + 1.6, 2) } else { kit.decimal(0.15, limit - 0.05, 2) };
    let (measured, machine_stage_bad) = (measured || bad, bad);
    let finding = match outcome {
        "penalised" => format!("排气烟度光吸收系数{smoke}，超过限值{limit}，现场取证并移交立案。"),
        "expelled" if unregistered => "未编码登记擅自进场作业，责令当日退场。".to_owned(),
        "expelled" => "作业时冒可见黑烟，烟度超标，责令清退出场，维修合格后方可返场。".to_owned(),
        "warned" if unregistered => "未编码登记，责令三日内完成登记后方可使用。".to_owned(),
        "warned" => (*kit.pick(&[
            "号牌松动不清，责令重新固定。",
            "油品进货票据不全，责令补充台账。",
            "进出场登记缺项，责令整改。",
        ]))
        .to_owned(),
        _ => (*kit.pick(&[
            "编码与铭牌一致，排气无可见烟。",
            "烟度检测合格，油品票据齐全。",
            "进场登记完整，设备状况良好。",
            "电子标签可识读，检测合格。",
        ]))
        .to_owned(),
    };
    let number = world.issue("JC", 2020, 4);
    let moment = kit.working_time(day);
    let rectify = outcome == "warned";
    let contact = site.manager.clone();
    let sampled = kit.chance(0.2);
    let entry = record(
        "machine_inspection",
        &number,
        json!({
            "inspected_at": at(moment), "site_name": site.name, "enterprise": site.enterprise, "place": site.place,
            "machine": (!unregistered).then(|| machine.number.clone()), "plate_seen": (!unregistered).then(|| machine.code.clone()),
            "category": machine.category, "registered": !unregistered, "visible_smoke": machine_stage_bad,
            "ringelmann": measured.then_some(if machine_stage_bad { 2.0 } else { 0.5 }), "smoke_k": measured.then_some(smoke), "smoke_limit": measured.then_some(limit),
            "fuel_sampled": sampled, "sulphur": sampled.then(|| kit.decimal(3.0, 9.8, 1)), "low_emission_zone": true, "outcome": outcome,
            "finding": finding, "due_on": rectify.then(|| later(day, 3).to_string()), "rectified_on": rectify.then(|| working_day(later(day, 3)).to_string()),
            "inspectors": two_officers(kit, world), "site_contact": contact.0, "phone": contact.1, "handler_name": handler(kit, world), "state": "closed",
        }),
    );
    if outcome == "penalised" {
        world.smoky.push(SmokyMachine {
            inspection: number,
            machine: (!unregistered).then(|| machine.number.clone()),
            enterprise: site.enterprise,
            site: site.name,
            place: site.place as Value,
            day: after(moment, 0).date(),
            smoke: (smoke, limit),
        });
    }
    entry
}
