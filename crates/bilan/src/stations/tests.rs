//! A change of the registers reaches the gateway and the rules.

use std::time::Duration;

use bilan_records::actor::Actor;
use bilan_records::catalogue::Role;
use bilan_records::ledger::{JsonMap, Record, Write};
use serde_json::{Value, json};

use super::*;
use crate::trial::Trial;

/// A bureau with a noise station in a zone, at a site of an enterprise.
fn bureau() -> (Trial, StationDirectory) {
    let trial = Trial::new();
    let [lon, lat] = trial.centre();
    let place = json!({"lon": lon, "lat": lat, "address": "湘府中路"});
    trial.load("enterprise", enterprise(&place));
    trial.load("noise_zone", zone(&place));
    trial.load("station", station(&place));
    let directory = StationDirectory::open(Arc::clone(&trial.ledger)).unwrap();
    (trial, directory)
}

fn enterprise(place: &Value) -> Value {
    json!({
        "number": "QY1", "name": "长沙某建筑公司", "credit_code": "91430103MA4L1QXY0K", "industry": "construction",
        "legal_person": "张三", "contact": "李四", "phone": "13800000000", "place": place, "registered_on": "2025-01-01",
        "management": "none",
    })
}

fn zone(place: &Value) -> Value {
    json!({
        "number": "SG1", "code": "Z1", "name": "湘府路片区", "zone_class": "zone_2", "place": place, "bounds_text": "湘府路以南",
        "area_km2": 1.5, "day_limit": 60, "night_limit": 50, "basis": "长政办发", "effective_on": "2025-01-01", "state": "in_force",
    })
}

fn station(place: &Value) -> Value {
    json!({
        "number": "ZD1", "code": "S1", "name": "湘府路站", "kind": "noise", "ownership": "district", "state": "running",
        "place": place, "mn": "M1", "password": "123456", "noise_zone": "SG1", "enterprise": "QY1",
        "factors": [{"factor": "LA", "name": "瞬时声级", "unit": "dB(A)", "low": 30, "high": 130}],
    })
}

fn object(values: Value) -> JsonMap {
    let Value::Object(values) = values else { panic!("an object") };
    values
}

fn edit(trial: &Trial, register: &str, number: &str, values: Value) {
    let handler = Actor::new("handler", Role::Handler);
    let Record { version, .. } = trial.ledger.record(&handler, register, number, None).unwrap();
    trial.ledger.edit(&handler, register, number, version, object(values), Write::default()).unwrap();
}

fn device(directory: &StationDirectory, mn: &str) -> Arc<Device> {
    directory.refresh().unwrap();
    directory.device(mn).unwrap()
}

#[test]
fn a_changed_field_of_a_station_is_at_work_at_the_next_look() {
    let (trial, directory) = bureau();
    let before = device(&directory, "M1");
    assert_eq!((before.password.as_str(), before.limits["night"]), ("123456", 50.0));
    edit(&trial, "station", "ZD1", json!({"password": "654321"}));
    assert_eq!(device(&directory, "M1").password, "654321");
    edit(&trial, "station", "ZD1", json!({"name": "湘府路南站"}));
    assert_eq!(device(&directory, "M1").name, "湘府路南站");
    edit(
        &trial,
        "station",
        "ZD1",
        json!({"factors": [{"factor": "LA", "name": "瞬时声级", "unit": "dB(A)", "low": 20, "high": 140}]}),
    );
    assert_eq!(device(&directory, "M1").ranges["LA"], (20.0, 140.0));
    edit(&trial, "station", "ZD1", json!({"mn": "M2"}));
    assert_eq!(device(&directory, "M2").station, "ZD1");
    assert!(directory.device("M1").is_none(), "the old MN may not report any more");
}

#[test]
fn the_units_of_a_station_say_what_its_values_are_converted_by() {
    let (trial, directory) = bureau();
    let factors = json!([
        {"factor": "a34004", "name": "PM2.5", "unit": "mg/m3", "low": 0, "high": 1},
        {"factor": "a21005", "name": "CO", "unit": "mg/m³", "low": 0, "high": 50},
        {"factor": "A34002", "name": "PM10", "unit": "μg/m³", "low": 0, "high": 1000},
        {"factor": "w01001", "name": "pH", "unit": "无量纲"},
        {"factor": "a99999", "name": "自定", "unit": "mg/m³"},
    ]);
    edit(&trial, "station", "ZD1", json!({"factors": factors}));
    let device = device(&directory, "M1");
    assert_eq!(
        device.scales.iter().map(|(code, scale)| (code.as_str(), *scale)).collect::<Vec<_>>(),
        [("a34004", 1000.0)]
    );
    assert_eq!(device.ranges["a34004"], (0.0, 1000.0), "the range is that of what is stored");
    assert_eq!(device.ranges["a34002"], (0.0, 1000.0));
}

#[test]
fn a_step_of_a_station_is_at_work_at_the_next_look() {
    let (trial, directory) = bureau();
    let head = Actor::system("test");
    let take = |step: &str| {
        let record = trial.ledger.record(&head, "station", "ZD1", None).unwrap();
        trial
            .ledger
            .step(
                &head,
                "station",
                "ZD1",
                record.version,
                step,
                JsonMap::new(),
                Some("校准".to_owned()),
                Write::default(),
            )
            .unwrap();
    };
    take("maintain");
    assert!(device(&directory, "M1").maintained);
    take("restore");
    assert!(!device(&directory, "M1").maintained);
    take("retire");
    assert!(directory.refresh().unwrap());
    assert!(directory.device("M1").is_none(), "a retired station may not report");
}

#[test]
fn a_changed_zone_changes_the_limits_of_its_stations() {
    let (trial, directory) = bureau();
    edit(&trial, "noise_zone", "SG1", json!({"zone_class": "zone_1", "day_limit": 55, "night_limit": 45}));
    let device = device(&directory, "M1");
    assert_eq!((device.limits["day"], device.limits["night"]), (55.0, 45.0));
    assert_eq!(device.facts["zone"], Fact::Word("1".to_owned()));
}

#[test]
fn a_night_permit_holds_from_the_look_after_it_was_granted_until_it_ends() {
    let (trial, directory) = bureau();
    let [lon, lat] = trial.centre();
    let may_work = |device: &Device| device.facts["night_permit"] == Fact::Yes(true);
    assert!(!may_work(&device(&directory, "M1")));
    let from: Timestamp = crate::trial::MOMENT.parse().unwrap();
    let until = from + jiff::SignedDuration::from_hours(8);
    trial.load(
        "night_work_permit",
        json!({
            "number": "YS1", "site_name": "湘府路工地", "builder": "某公司", "reason": "concrete", "enterprise": "QY1", "nights": 1,
            "place": {"lon": lon, "lat": lat, "address": "湘府中路"}, "applied_on": "2026-05-03", "decided_on": "2026-05-03",
            "work_from": from.to_string(), "work_until": until.to_string(), "measures": "隔声屏", "state": "approved",
        }),
    );
    assert!(may_work(&device(&directory, "M1")));
    trial.clock.set(until);
    assert!(!may_work(&device(&directory, "M1")), "it has ended, though no record changed");
}

#[test]
fn a_permit_and_an_order_in_force_are_found_behind_hundreds_that_have_ended() {
    let (trial, directory) = bureau();
    let [lon, lat] = trial.centre();
    let place = json!({"lon": lon, "lat": lat, "address": "湘府中路"});
    let now: Timestamp = crate::trial::MOMENT.parse().unwrap();
    let hours = jiff::SignedDuration::from_hours;
    let permit = |number: usize, decided_on: &str, from: Timestamp, until: Timestamp| {
        json!({
            "number": format!("YS{number}"), "site_name": "湘府路工地", "builder": "某公司", "reason": "concrete",
            "enterprise": "QY1", "nights": 1, "place": place, "applied_on": decided_on, "decided_on": decided_on,
            "work_from": from.to_string(), "work_until": until.to_string(), "measures": "隔声屏", "state": "approved",
        })
    };
    let response = |number: usize, started_at: Timestamp, ended_at: Option<Timestamp>| {
        json!({
            "number": format!("YX{number}"), "subject": "重污染天气", "level": "yellow", "issued_by": "区指挥部",
            "started_at": started_at.to_string(), "ended_at": ended_at.map(|at| at.to_string()), "primary_pollutant": "pm2_5",
            "measures": "停产", "enterprises_listed": 1, "violations": 0, "handler_name": "李强",
            "state": if ended_at.is_some() { "lifted" } else { "responding" },
            "checks": [{"enterprise": "QY1", "measure": "stop", "checked_at": started_at.to_string(), "verdict": "complied"}],
        })
    };
    let mut records = vec![("night_work_permit", permit(1, "2026-04-01", now - hours(1), now + hours(8)))];
    records.push(("pollution_response", response(1, now - hours(2000), None)));
    for number in 2..=502 {
        let ended = now - hours(1);
        records.push(("night_work_permit", permit(number, "2026-05-03", ended - hours(8), ended)));
    }
    for number in 2..=202 {
        records.push(("pollution_response", response(number, now - hours(20), Some(now - hours(10)))));
    }
    let records = records.into_iter().map(|(register, values)| (register.to_owned(), object(values)));
    bilan_records::exchange::load(&trial.ledger, &Actor::system("test"), records, false).unwrap();
    let device = device(&directory, "M1");
    assert_eq!((&device.facts["night_permit"], &device.facts["stopped"]), (&Fact::Yes(true), &Fact::Yes(true)));
}

#[test]
fn what_does_not_concern_the_stations_leaves_them_alone() {
    let (trial, directory) = bureau();
    assert!(!directory.refresh().unwrap(), "reading the passwords leaves an entry, but changes nothing");
    edit(&trial, "enterprise", "QY1", json!({"name": "长沙某建设公司"}));
    assert!(!directory.refresh().unwrap());
    edit(&trial, "station", "ZD1", json!({"name": "湘府路北站"}));
    assert!(directory.refresh().unwrap());
    assert!(!directory.refresh().unwrap());
}

#[tokio::test(start_paused = true)]
async fn a_change_is_heard_without_being_asked_for() {
    let (trial, directory) = bureau();
    let directory = Arc::new(directory);
    let following = tokio::spawn(follow(Arc::clone(&directory), trial.observations.clone(), Readmission::default()));
    edit(&trial, "station", "ZD1", json!({"password": "654321"}));
    let begun = tokio::time::Instant::now();
    while directory.device("M1").unwrap().password != "654321" {
        assert!(begun.elapsed() < Duration::from_secs(60), "at work within a minute");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    following.abort();
}
