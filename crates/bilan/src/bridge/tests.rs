use bilan_notify::{Grade, NotifySettings, Outbox, PushKey, Sender, Subscription, Webhook, WebhookKind};
use bilan_records::ledger::{JsonMap, ListQuery, Origin};
use bilan_standards::clock::Clock as _;
use bilan_telemetry::rules::Escalation;
use bilan_telemetry::{Level, Text};
use bilan_web::accounts::Accounts;
use serde_json::{Value, json};

use super::*;
use crate::calling::CallingError;
use crate::trial::{MOMENT, Trial};

/// A bureau with the shipped registers, one air station, and a post for the community in which it stands.
struct Desk {
    bridge: Bridge,
    cell: String,
    trial: Trial,
}

impl Desk {
    fn new() -> Self {
        let trial = Trial::new();
        let [lon, lat] = trial.centre();
        let district = &trial.ledger.catalogue().district;
        let cell = district.cell_at(lon, lat).unwrap().code.clone();
        let above = district.path(&cell).into_iter().rev().nth(1).unwrap().code.clone();
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
        for (register, values) in records {
            trial.load(register, values);
        }
        let bridge = Bridge::new(Arc::clone(&trial.ledger), trial.observations.clone(), true);
        Self { bridge, cell, trial }
    }

    /// The same with a webhook, and browsers of the head and of a handler who wants to be told.
    fn with_calling(mut self) -> (Self, Calling, Arc<Outbox>) {
        let folder = self.trial.folder.path();
        let accounts = Accounts::open(&folder.join("accounts.db"), self.trial.clock.clone()).unwrap().with_quick_hash();
        accounts.seed_demonstration(&self.cell, "QY1").unwrap();
        let outbox = Arc::new(Outbox::open(&folder.join("notices.db")).unwrap());
        for account in ["head", "handler", "enterprise"] {
            let endpoint = format!("https://fcm.googleapis.com/{account}");
            let subscription = Subscription { endpoint, p256dh: String::new(), auth: String::new() };
            outbox.subscribe(account, &subscription, self.trial.clock.now()).unwrap();
        }
        let hook = Webhook {
            name: "值班群".into(),
            kind: WebhookKind::Generic,
            url: "http://127.0.0.1:9".into(),
            secret: None,
            grade: Grade::Warning,
        };
        let settings = NotifySettings { webhooks: vec![hook], ..NotifySettings::default() };
        let key = PushKey::open_or_create(&folder.join("push.key")).unwrap();
        let sender = Arc::new(Sender::new(settings, key));
        let ledger = Arc::clone(&self.bridge.ledger);
        let calling =
            Calling::new(ledger, Arc::new(accounts), Arc::clone(&outbox), sender, "https://bilan.example.cn/");
        self.bridge = self.bridge.calling(calling.clone());
        (self, calling, outbox)
    }

    fn all(&self, register: &str) -> Vec<Record> {
        self.bridge.ledger.list(&Actor::system("test"), ListQuery::of(register)).unwrap().records
    }
}

fn object(values: Value) -> JsonMap {
    let Value::Object(values) = values else { panic!("an object") };
    values
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
    assert_eq!(entered.external()["value"], json!(180.25));
    assert_eq!(entered.external()["rule_name"], json!("PM2.5重度污染"));
    assert!(entered.simulated);
    let [task] = desk.all("task").try_into().unwrap();
    assert_eq!(task.cell.as_deref(), Some(desk.cell.as_str()), "the task lies where the station stands");
    assert_eq!(task.external()["warning"], json!(entered.number));
    assert_eq!(
        task.external()["post"],
        json!("GW1"),
        "the post of the next larger area answers where the cell has none"
    );
    assert_eq!(task.external()["due_at"], json!("2026-05-04T12:00:00+08:00"), "two hours after it opened");
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
    assert_eq!(entered.external()["peak"], json!(201.0));
    let [task] = desk.all("task").try_into().unwrap();
    assert_eq!(task.state.as_deref(), Some("assigned"), "somebody still has to look");
}

#[test]
fn a_station_of_no_register_opens_nothing() {
    let desk = Desk::new();
    desk.bridge.enter(&Warning { station: "SIM00001".to_owned(), ..warning() }).unwrap();
    assert_eq!(desk.all("warning").len() + desk.all("task").len(), 0);
}

/// Where notices wait to go, the oldest first: the way and the last part of the address.
fn waiting(outbox: &Outbox) -> Vec<String> {
    let mut messages = outbox.newest(50).unwrap();
    messages.reverse();
    let said = |message: bilan_notify::Message| {
        let target = message.target.rsplit('/').next().unwrap_or_default().to_owned();
        format!("{:?} {target}", message.notice.occasion)
    };
    messages.into_iter().map(said).collect()
}

#[test]
fn whoever_may_see_a_warning_is_called_once_when_it_opens_and_when_it_clears() {
    let (desk, _, outbox) = Desk::new().with_calling();
    desk.bridge.enter(&warning()).unwrap();
    desk.bridge.enter(&warning()).unwrap();
    assert_eq!(
        waiting(&outbox),
        ["Opened 值班群", "Opened handler", "Opened head"],
        "not the enterprise: it may not see it"
    );
    let cleared = Warning { cleared_at: Some(desk.trial.clock.now()), ..warning() };
    desk.bridge.enter(&cleared).unwrap();
    assert_eq!(waiting(&outbox)[3..], ["Cleared 值班群", "Cleared handler", "Cleared head"]);
    let number = &desk.all("warning")[0].number;
    assert_eq!(outbox.newest(1).unwrap()[0].notice.link, format!("https://bilan.example.cn/records/warning/{number}"));
}

#[test]
fn what_goes_on_an_event_names_it_and_calls_nobody() {
    let (desk, _, outbox) = Desk::new().with_calling();
    desk.bridge.enter(&warning()).unwrap();
    let more = Warning { id: "pm10_heavy@ZD1@2".into(), event: warning().id, task: None, ..warning() };
    desk.bridge.enter(&more).unwrap();
    let entered = desk.all("warning");
    let began = entered.iter().find(|record| !record.external().contains_key("event")).unwrap();
    assert!(entered.iter().any(|record| record.external().get("event") == Some(&json!(began.number))));
    assert_eq!(waiting(&outbox).len(), 3, "only for the first");
}

/// Refuses what is put into the outbox, as a full disk does.
fn fill_the_disk_of_notices(desk: &Desk) -> rusqlite::Connection {
    let notices = rusqlite::Connection::open(desk.trial.folder.path().join("notices.db")).unwrap();
    notices
        .execute_batch(
            "CREATE TRIGGER no_room BEFORE INSERT ON message BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END",
        )
        .unwrap();
    notices
}

#[test]
fn a_call_that_found_no_room_in_the_outbox_is_made_when_there_is_room_and_only_once() {
    let (desk, _, outbox) = Desk::new().with_calling();
    let notices = fill_the_disk_of_notices(&desk);
    left_in_the_store(&desk, &warning());
    desk.bridge.enter(&warning()).unwrap();
    let cleared = Warning { cleared_at: Some(desk.trial.clock.now()), ..warning() };
    left_in_the_store(&desk, &cleared);
    desk.bridge.enter(&cleared).unwrap();
    desk.bridge.repair().unwrap();
    assert_eq!(desk.all("warning").len(), 1, "the record stands");
    assert_eq!((waiting(&outbox).len(), desk.bridge.repairs().calls_missing()), (0, 2));

    // However long the disk was full: what is made up was news when it happened.
    desk.trial.clock.advance(SignedDuration::from_hours(5));
    notices.execute_batch("DROP TRIGGER no_room").unwrap();
    desk.bridge.repair().unwrap();
    let called =
        ["Opened 值班群", "Opened handler", "Opened head", "Cleared 值班群", "Cleared handler", "Cleared head"];
    assert_eq!(waiting(&outbox), called);
    desk.bridge.repair().unwrap();
    assert_eq!((waiting(&outbox).len(), desk.bridge.repairs().calls_missing()), (6, 0));
}

#[test]
fn calls_that_wait_are_given_up_for_this_turn_where_none_can_be_made_and_made_some_at_a_time() {
    let repairs = Repairs::default();
    for number in 0..600 {
        repairs.uncalled(&Warning { id: format!("{number:04}"), ..warning() }, format!("YJ{number}"));
    }
    let tried = |fault: &dyn Fn() -> CallingError| {
        let mut tried = 0;
        repairs.make_up(|_, _| {
            tried += 1;
            Err(fault())
        });
        tried
    };
    assert_eq!(
        tried(&|| CallingError::Outbox(rusqlite::Error::InvalidQuery.into())),
        1,
        "a full disk refuses them all"
    );
    let gone = || ReadError::NotFound { register: "warning".into(), number: "YJ1".into() };
    assert_eq!(tried(&|| CallingError::Read(gone())), 600, "a record that is gone holds up no other");
    repairs.make_up(|_, _| Ok(()));
    assert_eq!(repairs.calls_missing(), 100, "the bridge goes on in between");
    repairs.make_up(|_, _| Ok(()));
    assert_eq!(repairs.calls_missing(), 0);
}

#[test]
fn a_call_beyond_those_that_can_wait_is_said_to_be_lost() {
    let repairs = Repairs::default();
    let uncalled = |number: usize| repairs.uncalled(&Warning { id: number.to_string(), ..warning() }, String::new());
    assert_eq!((uncalled(0), uncalled(0)), (Uncalled::Waits, Uncalled::Known));
    (1..10_000).for_each(|number| assert_eq!(uncalled(number), Uncalled::Waits));
    assert_eq!((uncalled(10_000), repairs.calls_missing()), (Uncalled::Lost, 10_000));
}

#[test]
fn nobody_is_called_for_what_is_long_past() {
    let (desk, _, outbox) = Desk::new().with_calling();
    desk.trial.clock.advance(SignedDuration::from_hours(3));
    desk.bridge.enter(&warning()).unwrap();
    assert_eq!(waiting(&outbox), [] as [String; 0]);
}

#[test]
fn a_warning_that_nobody_acknowledges_goes_to_the_head() {
    let (desk, calling, outbox) = Desk::new().with_calling();
    let open = Warning { escalation: Some(Escalation { after_s: 1800, roles: vec!["head".into()] }), ..warning() };
    desk.bridge.enter(&open).unwrap();
    desk.trial.clock.advance(SignedDuration::from_mins(29));
    calling.escalate(std::slice::from_ref(&open)).unwrap();
    assert_eq!(waiting(&outbox).len(), 3, "there is a minute left");
    desk.trial.clock.advance(SignedDuration::from_mins(1));
    for _ in 0..2 {
        calling.escalate(std::slice::from_ref(&open)).unwrap();
    }
    assert_eq!(waiting(&outbox)[3..], ["Escalated 值班群", "Escalated head"]);
    let [record] = desk.all("warning").try_into().unwrap();
    assert_eq!(record.state.as_deref(), Some("escalated"));
    assert_eq!(record.external()["escalated_at"], json!("2026-05-04T10:30:00+08:00"));
}

#[test]
fn a_warning_whose_record_was_deleted_holds_up_no_other() {
    let (desk, calling, outbox) = Desk::new().with_calling();
    let escalation = Some(Escalation { after_s: 1800, roles: vec!["head".into()] });
    let open = Warning { escalation: escalation.clone(), ..warning() };
    let gone = Warning { id: format!("{}-gone", open.id), escalation, ..warning() };
    desk.bridge.enter(&gone).unwrap();
    let [record] = desk.all("warning").try_into().unwrap();
    let system = Actor::system("test");
    for (register, record) in desk.all("task").into_iter().map(|task| ("task", task)).chain([("warning", record)]) {
        let write = Write::default();
        desk.bridge.ledger.delete(&system, register, &record.number, record.version, "误报", write).unwrap();
    }
    desk.bridge.enter(&open).unwrap();
    desk.trial.clock.advance(SignedDuration::from_hours(1));
    calling.escalate(&[gone, open]).unwrap();
    let escalated = waiting(&outbox).into_iter().filter(|notice| notice.starts_with("Escalated"));
    assert_eq!(escalated.collect::<Vec<_>>(), ["Escalated 值班群", "Escalated head"]);
}

#[test]
fn an_acknowledged_warning_goes_no_higher() {
    let (desk, calling, outbox) = Desk::new().with_calling();
    let open = Warning { escalation: Some(Escalation { after_s: 1800, roles: vec!["head".into()] }), ..warning() };
    desk.bridge.enter(&open).unwrap();
    let [record] = desk.all("warning").try_into().unwrap();
    let by = object(json!({ "acknowledged_by": "王值班" }));
    let (duty, write) = (Actor::system("test"), Write::default());
    desk.bridge.ledger.step(&duty, "warning", &record.number, record.version, "acknowledge", by, None, write).unwrap();
    desk.trial.clock.advance(SignedDuration::from_hours(1));
    calling.escalate(&[open]).unwrap();
    assert_eq!(waiting(&outbox).len(), 3);
}

/// Puts a warning into the store as its writer does, without a notice to anybody: the program was killed before the
/// bridge had written.
fn left_in_the_store(desk: &Desk, warning: &Warning) {
    let store = rusqlite::Connection::open(desk.trial.folder.path().join("observations.db")).unwrap();
    let body = serde_json::to_string(warning).unwrap();
    let (opened, cleared) = (warning.opened_at.as_millisecond(), warning.cleared_at.map(|at| at.as_millisecond()));
    store
        .execute(
            "INSERT OR REPLACE INTO warning (id, station, rule, opened_at, cleared_at, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            rusqlite::params![warning.id, warning.station, warning.rule, opened, cleared, body],
        )
        .unwrap();
}

#[test]
fn a_warning_without_its_record_is_counted_and_given_one_with_its_task() {
    let desk = Desk::new();
    left_in_the_store(&desk, &warning());
    let long_ago = Warning {
        id: "pm2_5_heavy@ZD1@0".into(),
        opened_at: "2024-01-01T00:00:00Z".parse().unwrap(),
        cleared_at: Some("2024-01-01T02:00:00Z".parse().unwrap()),
        ..warning()
    };
    left_in_the_store(&desk, &long_ago);
    left_in_the_store(&desk, &Warning { id: "x@SIM1@1".into(), station: "SIM00001".into(), ..warning() });
    let missing = || without_record(&desk.bridge.ledger, &desk.trial.observations).unwrap();
    assert_eq!(missing(), [long_ago.id.as_str(), warning().id.as_str()], "not that of a device of a load test");

    desk.bridge.repair().unwrap();
    assert_eq!(missing(), [] as [String; 0]);
    assert_eq!((desk.all("warning").len(), desk.all("task").len()), (2, 2));
    desk.bridge.repair().unwrap();
    assert_eq!(desk.all("warning").len(), 2, "what has a record is left alone");
    assert_eq!(desk.bridge.repairs().missing(), 0);
}

#[test]
fn a_warning_that_cleared_while_nobody_listened_has_its_record_closed() {
    let desk = Desk::new();
    left_in_the_store(&desk, &warning());
    desk.bridge.repair().unwrap();
    left_in_the_store(&desk, &Warning { cleared_at: Some("2026-05-04T03:00:00Z".parse().unwrap()), ..warning() });
    desk.bridge.repair().unwrap();
    assert_eq!(desk.all("warning")[0].state.as_deref(), Some("cleared"));
}

#[test]
fn a_warning_whose_key_somebody_has_claimed_before_is_entered_all_the_same() {
    let desk = Desk::new();
    let station = desk.all("station").remove(0);
    let handler = Actor::system("handler");
    for origin in [Origin::Page, Origin::Api, Origin::Portal, Origin::Import, Origin::Program] {
        for part in ["warning", "task"] {
            let claim = Key::new(origin, format!("{part}:{}", warning().id));
            let (nothing, write) = (JsonMap::new(), Write::under(claim));
            desk.bridge.ledger.edit(&handler, "station", "ZD1", station.version, nothing, write).unwrap();
        }
    }
    left_in_the_store(&desk, &warning());
    assert_eq!(without_record(&desk.bridge.ledger, &desk.trial.observations).unwrap(), [warning().id]);
    desk.bridge.repair().unwrap();
    assert_eq!((desk.all("warning").len(), desk.all("task").len()), (1, 1));
}

#[test]
fn a_warning_that_the_ledger_refuses_stays_counted() {
    let desk = Desk::new();
    let refused = Warning { task: None, message: Text { zh: String::new(), en: String::new() }, ..warning() };
    left_in_the_store(&desk, &refused);
    desk.bridge.repair().unwrap();
    assert_eq!(desk.bridge.repairs().missing(), 1);
    left_in_the_store(&desk, &warning());
    desk.bridge.repair().unwrap();
    assert_eq!((desk.bridge.repairs().missing(), desk.all("warning").len()), (0, 1));
}

/// Enters the station of a load test after all.
fn register(desk: &Desk, number: &str) {
    let [lon, lat] = desk.trial.centre();
    let station = json!({
        "number": number, "code": number, "name": "天心二站", "kind": "air", "ownership": "district", "state": "running",
        "place": {"lon": lon, "lat": lat, "address": "湘府中路"},
    });
    desk.trial.load("station", station);
}

fn of_unknown_station(id: &str, opened_at: &str) -> Warning {
    Warning { id: id.into(), station: "ZD2".into(), opened_at: opened_at.parse().unwrap(), ..warning() }
}

#[test]
fn warnings_of_a_station_that_is_registered_later_are_entered_then_however_old_they_are() {
    let desk = Desk::new();
    let over = Some("2026-01-01T02:00:00Z".parse().unwrap());
    left_in_the_store(
        &desk,
        &Warning { cleared_at: over, ..of_unknown_station("pm2_5_heavy@ZD2@1", "2026-01-01T00:00:00Z") },
    );
    left_in_the_store(&desk, &of_unknown_station("pm2_5_heavy@ZD2@2", MOMENT));
    for _ in 0..2 {
        desk.bridge.repair().unwrap();
    }
    assert_eq!((desk.all("warning").len(), desk.bridge.repairs().missing()), (0, 0));
    register(&desk, "ZD2");
    desk.bridge.repair().unwrap();
    assert_eq!((desk.all("warning").len(), desk.bridge.repairs().missing()), (2, 0));
    assert_eq!(without_record(&desk.bridge.ledger, &desk.trial.observations).unwrap(), [] as [String; 0]);
}

#[test]
fn an_old_warning_that_the_ledger_refuses_stays_counted_and_is_entered_when_it_can_be() {
    let desk = Desk::new();
    let old = Warning {
        task: None,
        opened_at: "2026-01-01T00:00:00Z".parse().unwrap(),
        cleared_at: Some("2026-01-01T02:00:00Z".parse().unwrap()),
        message: Text { zh: String::new(), en: String::new() },
        ..warning()
    };
    left_in_the_store(&desk, &old);
    for look in 0..3 {
        desk.bridge.repair().unwrap();
        assert_eq!(desk.bridge.repairs().missing(), 1, "look {look}");
    }
    left_in_the_store(&desk, &Warning { message: warning().message, ..old });
    desk.bridge.repair().unwrap();
    assert_eq!((desk.bridge.repairs().missing(), desk.all("warning").len()), (0, 1));
}

#[test]
fn after_the_first_look_only_the_last_week_is_read_even_if_nothing_happened_in_it() {
    let desk = Desk::new();
    let over = Some("2026-01-01T02:00:00Z".parse().unwrap());
    desk.bridge.repair().unwrap();
    // Nothing puts a warning so far back but this test, which sees by it what is read.
    let opened_at = "2026-01-01T00:00:00Z".parse().unwrap();
    left_in_the_store(&desk, &Warning { opened_at, cleared_at: over, ..warning() });
    desk.bridge.repair().unwrap();
    assert_eq!(desk.all("warning").len(), 0);
}
