//! Discharge registrations of small sources.

use serde_json::json;

use super::entry::{on, record};
use crate::SampleRecord;
use crate::calendar::later;
use crate::kit::Kit;
use crate::world::World;

/// Registrations of the year.
const REGISTERED: usize = 216;

pub(super) fn records(kit: &mut Kit, world: &mut World) -> Vec<SampleRecord> {
    let mut firms =
        world.in_order(&["car_repair", "machinery", "food", "furniture", "laundry", "electronics", "concrete"]);
    firms.extend(world.in_order(&["printing"]).into_iter().skip(3));
    firms.truncate(REGISTERED);
    kit.shuffle(&mut firms);
    // The national clean-up of fixed sources made spring and summer of 2020 the busy season.
    let days = kit.spread_working_dates(REGISTERED, 2020, &[4, 3, 14, 34, 38, 30, 24, 20, 18, 12, 10, 9]);
    firms.into_iter().zip(days).map(|(firm, day)| {
        let (product, unit, gas, water) = match firm.industry {
            "car_repair" => ("汽车维修", "台", "喷漆房过滤棉＋活性炭", "隔油沉淀后接管"),
            "printing" => ("印刷品", "万印", "集气罩＋活性炭", "不产生生产废水"),
            "food" => ("食品", "吨", "油烟净化器", "隔油、生化后接管"),
            "furniture" => ("家具", "套", "布袋除尘＋活性炭", "水帘废水循环使用"),
            "laundry" => ("洗涤布草", "吨", "蒸汽锅炉低氮燃烧", "沉淀过滤后接管"),
            "concrete" => ("预拌混凝土", "万立方米", "脉冲布袋除尘", "砂石分离循环使用"),
            _ => ("机电零部件", "万件", "焊烟净化器", "切削液作危险废物"),
        };
        let number = world.issue("DJ", 2020, 4);
        let checked = kit.chance(0.12);
        record("discharge_registration", &number, json!({
            "unit_name": firm.name, "enterprise": firm.number, "kind": kit.pick(&["first", "first", "first", "first", "change"]),
            "registration_no": format!("{}001{}", firm.credit_code, kit.pick(&["W", "X", "Y", "Z"])), "industry_code": super::firms::industry_text(firm.industry), "place": firm.place(),
            "contact": firm.contact, "phone": firm.phone, "products": [{ "name": product, "amount": kit.decimal(0.5, 900.0, 2), "unit_text": unit }],
            "fuel": kit.pick(&["none", "electric", "gas"]), "gas_treatment": gas, "water_treatment": water, "water_goes_to": "sewage_works",
            "solid_waste": "一般固废回收利用，危险废物委托有资质单位处置", "noise_measures": "减振、隔声，夜间不生产",
            "filed_on": on(day), "expires_on": on(later(day, 1825)), "checked_on": checked.then(|| day.to_string()),
            "check_result": checked.then_some("ok"), "state": "registered",
        }))
    }).collect()
}
