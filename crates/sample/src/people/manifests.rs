//! Manifests of hazardous waste that left the district.

use serde_json::json;

use super::entry::{after, at, record};
use super::waste::{RECEIVERS, kinds};
use crate::SampleRecord;
use crate::calendar::{later, working_day};
use crate::kit::Kit;
use crate::world::World;

/// Loads of the year.
const LOADS: usize = 420;

pub(super) fn records(kit: &mut Kit, world: &mut World) -> Vec<SampleRecord> {
    let days = kit.spread_working_dates(LOADS, 2020, &[6, 2, 8, 9, 9, 9, 9, 9, 9, 8, 10, 9]);
    days.into_iter().enumerate().map(|(place, day)| {
        let (declaration, firm) = kit.pick(&world.declarations).clone();
        let (category, code, name, low, high) = *kit.pick(kinds(firm.industry));
        let sent_kg = ((kit.decimal(low, high, 3) * 400.0).round() as i64).max(5);
        let received_kg = sent_kg - i64::from(kit.chance(0.1));
        let issued = kit.working_time(day);
        let arrived = after(issued, kit.between(70, 260));
        let confirmed_on = working_day(later(day, kit.between(1, 4)));
        let confirmed = kit.working_time(confirmed_on);
        let receiver = *kit.pick(&RECEIVERS);
        let number = world.issue("LD", 2020, 4);
        let liquid = name.contains('油') || name.contains('液');
        record("waste_manifest", &number, json!({
            "manifest_no": format!("20204301{:06}", 1_200 + place * 3), "enterprise": firm.number, "declaration": declaration, "category": category, "code": code,
            "waste_name": name, "hazard": if liquid { ["T", "I"].as_slice() } else { ["T"].as_slice() }, "packing": if liquid { "drum" } else { "bag" },
            "pieces": kit.between(1, 24), "sent_t": sent_kg as f64 / 1000.0, "issued_at": at(issued), "carrier": kit.pick(&["湘荻危险货物运输有限公司", "浔原物流有限公司"]),
            "vehicle_no": format!("湘A{}{:04}", kit.pick(&["D", "F", "K", "M"]), kit.between(1, 9_999)), "driver": kit.person(), "phone": kit.phone(),
            "route": kit.pick(&["芙蓉南路—绕城高速", "书院路—湘府路—绕城高速", "暮云—南绕城"]), "receiver": receiver.0, "receiver_licence": receiver.1,
            "arrived_at": at(arrived), "received_t": received_kg as f64 / 1000.0, "confirmed_at": at(confirmed),
            "disposal": if liquid { "recycle" } else { "burn" }, "state": "confirmed",
        }))
    }).collect()
}
