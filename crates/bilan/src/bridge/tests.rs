use std::path::Path;

use bilan_records::exchange;
use bilan_records::personal::Keyring;
use bilan_standards::clock::FixedClock;
use bilan_telemetry::{Level, Text};

use super::*;

const MOMENT: &str = "2026-05-04T02:00:00Z";

/// A bureau with the shipped registers, one air station, and a post for the community in which it stands.
struct Desk {
    bridge: Bridge,
    cell: String,
    _folder: tempfile::TempDir,
}

impl Desk {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let files = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let catalogue = Arc::new(crate::bureau::load_catalogue(&files).unwrap());
        let [lon, lat] = catalogue.district.centre;
        let cell = catalogue.district.cell_at(lon, lat).unwrap().code.clone();
        let above = catalogue.district.path(&cell).into_iter().rev().nth(1).unwrap().code.clone();
        let clock = Arc::new(FixedClock::new(MOMENT.parse().unwrap()));
        let ledger = Ledger::open(&folder.path().join("records.db"), catalogue, clock, Keyring::new([7; 32])).unwrap();
        let place = json!({"lon": lon, "lat": lat, "address": "湘府中路"});
        let records = [
            (
                "agency",
                json!({"number": "DW1", "name": "天心分局", "short_name": "天心分局", "kind": "bureau", "listed_on": "2020-01-01", "exchange": "platform", "state": null}),
            ),
            (
                "staff_post",
                json!({
                    "number": "GW1", "name": "社区网格员", "level": "community", "grid_code": above, "kind": "member",
                    "holder": "李明", "agency": "DW1", "since_on": "2020-01-01",
                }),
            ),
            (
                "station",
                json!({
                    "number": "ZD1", "code": "A1", "name": "天心一站", "kind": "air", "ownership": "district", "place": place,
                    "state": "running",
                }),
            ),
        ];
        let records = records.into_iter().map(|(register, values)| (register.to_owned(), object(values)));
        exchange::load(&ledger, &Actor::system("test"), records, false).unwrap();
        let observations = Store::open(&folder.path().join("observations.db"), Vec::new()).unwrap();
        Self { bridge: Bridge::new(Arc::new(ledger), observations, true), cell, _folder: folder }
    }

    fn all(&self, register: &str) -> Vec<Record> {
        self.bridge.ledger.list(&Actor::system("test"), ListQuery::of(register)).unwrap().records
    }
}

fn warning() -> Warning {
    let text = |text: &str| Text { zh: text.to_owned(), en: text.to_owned() };
    Warning {
        id: "pm2_5_heavy@ZD1@1".to_owned(),
        rule: "pm2_5_heavy".to_owned(),
        edition: "0123456789abcdef".to_owned(),
        label: text("PM2.5重度污染"),
        level: Level::Alarm,
        event: String::new(),
        escalation: None,
        station: "ZD1".to_owned(),
        station_name: "天心一站".to_owned(),
        station_kind: "air".to_owned(),
        factor: "a34004".to_owned(),
        factor_name: text("PM2.5"),
        unit: "µg/m³".to_owned(),
        opened_at: MOMENT.parse().unwrap(),
        lasted_s: 300,
        cleared_at: None,
        value: 180.25,
        threshold: 150.0,
        peak: 180.25,
        message: text("天心一站PM2.5实时值 180.25"),
        task: Some(rules::Task {
            register: "task".to_owned(),
            title: text("周边排查"),
            instructions: text("排查上风向工地。"),
            due_s: 7200,
            urgency: "urgent".to_owned(),
        }),
    }
}

#[test]
fn a_warning_becomes_a_record_and_a_task_of_the_post_that_answers_for_the_cell() {
    let desk = Desk::new();
    desk.bridge.enter(&warning()).unwrap();

    let [entered] = desk.all("warning").try_into().unwrap();
    assert_eq!(entered.state.as_deref(), Some("open"));
    assert_eq!(entered.values["value"], json!(180.25));
    assert!(entered.simulated);
    let [task] = desk.all("task").try_into().unwrap();
    assert_eq!(task.cell.as_deref(), Some(desk.cell.as_str()), "the task lies where the station stands");
    assert_eq!(task.values["warning"], json!(entered.number));
    assert_eq!(task.values["post"], json!("GW1"), "the post of the next larger area answers where the cell has none");
    assert_eq!(task.values["due_at"], json!("2026-05-04T12:00:00+08:00"), "two hours after it opened");
}

#[test]
fn a_warning_told_twice_is_entered_once() {
    let desk = Desk::new();
    desk.bridge.enter(&warning()).unwrap();
    desk.bridge.enter(&warning()).unwrap();
    assert_eq!((desk.all("warning").len(), desk.all("task").len()), (1, 1));
}

#[test]
fn a_cleared_warning_is_closed_and_its_task_stays() {
    let desk = Desk::new();
    desk.bridge.enter(&warning()).unwrap();
    let cleared = Warning { cleared_at: Some("2026-05-04T03:00:00Z".parse().unwrap()), peak: 201.0, ..warning() };
    desk.bridge.enter(&cleared).unwrap();
    desk.bridge.enter(&cleared).unwrap();

    let [entered] = desk.all("warning").try_into().unwrap();
    assert_eq!(entered.state.as_deref(), Some("cleared"));
    assert_eq!(entered.values["peak"], json!(201.0));
    let [task] = desk.all("task").try_into().unwrap();
    assert_eq!(task.state.as_deref(), Some("assigned"), "somebody still has to look");
}

#[test]
fn a_station_of_no_register_opens_nothing() {
    let desk = Desk::new();
    desk.bridge.enter(&Warning { station: "SIM00001".to_owned(), ..warning() }).unwrap();
    assert_eq!(desk.all("warning").len() + desk.all("task").len(), 0);
}
