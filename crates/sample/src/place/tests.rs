//! What the records of this side must add up to, and that they hang together.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{desk::STREETS, records};
use crate::{Kit, SampleRecord, World, world::Enterprise};

/// A grid of squares: fourteen streets, each with one community and one cell.
fn grid() -> String {
    let features: Vec<Value> = STREETS
        .iter()
        .enumerate()
        .flat_map(|(place, street)| {
            let south = 28.18 - 0.015 * f64::from(u8::try_from(place).unwrap());
            let ring =
                [[112.95, south], [113.01, south], [113.01, south + 0.014], [112.95, south + 0.014], [112.95, south]];
            ["street", "community", "cell"].map(|level| {
                let code = match level {
                    "street" => street.code.to_owned(),
                    "community" => format!("{}001", street.code),
                    _ => format!("{}001-01", street.code),
                };
                json!({
                    "type": "Feature",
                    "properties": { "code": code, "name": street.name, "level": level },
                    "geometry": { "type": "Polygon", "coordinates": [ring] },
                })
            })
        })
        .collect();
    json!({ "type": "FeatureCollection", "features": features }).to_string()
}

fn year() -> Vec<SampleRecord> {
    let mut kit = Kit::new(1, &grid()).unwrap();
    let mut world = World::default();
    for place in 0..40_usize {
        let industry = ["printing", "concrete", "car_repair", "other"][place % 4];
        world.enterprises.push(Enterprise {
            number: format!("QY2019{place:04}"),
            name: format!("企业{place}"),
            industry,
            credit_code: String::new(),
            street: STREETS[place % 14].code.to_owned(),
            lon: 112.98,
            lat: 28.1,
            address: "天心区".to_owned(),
            contact: "某".to_owned(),
            phone: "13000000000".to_owned(),
        });
    }
    records(&mut kit, &mut world)
}

fn of<'a>(year: &'a [SampleRecord], register: &str) -> Vec<&'a SampleRecord> {
    year.iter().filter(|record| record.register == register).collect()
}

fn where_is(records: &[&SampleRecord], field: &str, value: &str) -> usize {
    records.iter().filter(|record| record.values.get(field).and_then(Value::as_str) == Some(value)).count()
}

fn text<'a>(record: &'a SampleRecord, field: &str) -> &'a str {
    record.values.get(field).and_then(Value::as_str).unwrap_or("")
}

fn whole(value: Option<&Value>) -> i64 {
    value.and_then(Value::as_i64).unwrap_or(0)
}

#[test]
fn the_year_adds_up() {
    let year = year();
    let meetings = of(&year, "meeting");
    for (kind, count) in [("theme_day", 12), ("committee", 12), ("assembly", 4), ("lecture", 3)] {
        assert_eq!(where_is(&meetings, "kind", kind), count, "{kind}");
    }
    let patrols = of(&year, "patrol");
    let air: Vec<_> = patrols.iter().filter(|patrol| patrol.values["medium"] == "air").collect();
    assert_eq!(air.iter().filter(|patrol| patrol.values.contains_key("dispatch_order")).count(), 100);
    assert_eq!(air.iter().map(|patrol| whole(patrol.values.get("head_count"))).sum::<i64>(), 350);
    assert_eq!(of(&year, "patrol_round").len(), 12);
    assert_eq!(of(&year, "river_patrol").len(), 60);
    assert_eq!(where_is(&of(&year, "warning_letter"), "medium", "water"), 3);
    let activities = of(&year, "activity");
    assert_eq!((where_is(&activities, "mode", "offline"), where_is(&activities, "mode", "online")), (69, 20));
    let reports = of(&year, "media_report");
    assert_eq!((reports.len(), where_is(&reports, "level", "district")), (41, 7));
    let stations = of(&year, "station");
    let new = stations.iter().filter(|station| {
        station.values["kind"] == "water" && station.values["commissioned_on"].as_str().unwrap().starts_with("2020")
    });
    assert_eq!(new.count(), 4);
    let metered: BTreeSet<&str> = of(&year, "power_installation")
        .iter()
        .filter(|installation| installation.values["state"] == "accepted")
        .map(|installation| text(installation, "enterprise"))
        .collect();
    assert_eq!(metered.len(), 22);
}

#[test]
fn quantities_of_the_projects_add_up() {
    let year = year();
    let done: Vec<_> = of(&year, "project")
        .into_iter()
        .filter(|project| {
            project.values.get("completed_on").and_then(Value::as_str).is_some_and(|day| day.starts_with("2020"))
        })
        .collect();
    assert_eq!((where_is(&done, "medium", "air"), where_is(&done, "medium", "noise")), (13, 1));
    let rows: Vec<&Value> = done.iter().flat_map(|project| project.values["measures"].as_array().unwrap()).collect();
    let sum = |kinds: &[&str], field: &str| -> f64 {
        let rows = rows.iter().filter(|row| kinds.contains(&row["kind"].as_str().unwrap()));
        rows.filter_map(|row| row[field].as_f64()).sum()
    };
    assert_eq!(sum(&["printing_vocs"], "sites"), 10.0);
    assert_eq!(sum(&["boiler_low_nox"], "units"), 107.0);
    assert_eq!(sum(&["drain_upgrade"], "roads"), 16.0);
    assert_eq!(sum(&["drain_upgrade", "pipe_laying"], "length_m"), 16_600.0);
}

#[test]
fn leaflets_and_overflows() {
    let year = year();
    let leaflets: i64 = of(&year, "activity")
        .iter()
        .filter_map(|activity| activity.values.get("materials")?.as_array())
        .flatten()
        .filter(|row| row["kind"] == "leaflet")
        .map(|row| whole(row.get("copies")))
        .sum();
    assert_eq!(leaflets, 10_000);
    let rivers: BTreeMap<&str, &str> =
        of(&year, "river").iter().map(|river| (text(river, "number"), text(river, "kind"))).collect();
    let events = of(&year, "overflow_event");
    let dry: Vec<_> = events.iter().filter(|event| event.values["kind"] == "dry").collect();
    assert!(!dry.is_empty());
    assert!(dry.iter().all(|event| rivers[text(event, "river")] != "main_river"));
}

#[test]
fn numbers_are_unique_and_patrols_answer_orders_that_were_sent() {
    let year = year();
    let mut numbers = BTreeSet::new();
    for record in &year {
        let number = record.values["number"].as_str().unwrap();
        assert!(numbers.insert((record.register, number)), "{} {number}", record.register);
    }
    let orders: BTreeMap<&str, i64> = of(&year, "dispatch_order")
        .iter()
        .map(|order| (text(order, "number"), whole(order.values.get("patrols_required"))))
        .collect();
    let mut answered: BTreeMap<&str, i64> = BTreeMap::new();
    for patrol in of(&year, "patrol") {
        if let Some(order) = patrol.values.get("dispatch_order").and_then(Value::as_str) {
            *answered.entry(order).or_insert(0) += 1;
        }
    }
    assert_eq!(orders, answered);
}

#[test]
fn every_unit_of_the_grid_has_a_post() {
    let year = year();
    let posts = of(&year, "staff_post");
    let covered: BTreeSet<&str> = posts.iter().filter_map(|post| post.values["grid_code"].as_str()).collect();
    for street in &STREETS {
        for code in [street.code.to_owned(), format!("{}001", street.code), format!("{}001-01", street.code)] {
            assert!(covered.contains(code.as_str()), "{code} has nobody");
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_year() {
    assert_eq!(year(), year());
}
