use bilan_gateway::simulator::SimulatedDevice;
use bilan_gateway::{Gateway, Settings, SimulateOptions, simulate};
use bilan_records::actor::Actor;
use bilan_records::catalogue::Role;
use tokio::net::TcpListener;

use bilan_records::ledger::{Write, WriteError};

use super::*;
use crate::trial::{MOMENT, Trial};

/// The shipped registers, one water station, and a gateway to which its device may connect.
struct Desk {
    commander: Commander,
    gateway: Gateway,
    _trial: Trial,
}

impl Desk {
    async fn new() -> Self {
        let trial = Trial::new();
        let [lon, lat] = trial.centre();
        trial.load(
            "station",
            json!({
                "number": "ZD1", "code": "S1", "name": "圭塘河站", "kind": "water", "ownership": "district", "state": "running",
                "place": {"lon": lon, "lat": lat, "address": "湘府中路"}, "mn": "M1", "password": "123456",
            }),
        );
        let (ledger, store) = (Arc::clone(&trial.ledger), trial.observations.clone());
        let stations = Arc::new(StationDirectory::open(Arc::clone(&ledger)).unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let directory: Arc<dyn DeviceDirectory> = Arc::clone(&stations) as _;
        let settings = Settings { answer_s: 1, execution_s: 2, resends: 0, ..Settings::default() };
        let patience = settings.patience();
        let gateway = bilan_gateway::serve(listener, store, directory, settings, crate::clock::for_devices()).unwrap();
        let commander = Commander::new(ledger, stations, gateway.switchboard().clone(), patience);
        tokio::spawn(commander.clone().run());
        Self { commander, gateway, _trial: trial }
    }

    fn enter(&self, mut values: Value) -> Record {
        values["station"] = "ZD1".into();
        values["purpose"] = "核对设备".into();
        values["asked_at"] = MOMENT.into();
        let Value::Object(values) = values else { panic!("an object") };
        let duty = Actor::new("duty", Role::Duty);
        self.commander.orders.ledger().create(&duty, REGISTER, values, Write::default()).unwrap()
    }

    /// The record when it is closed.
    async fn closed(&self, record: &Record) -> Record {
        for _ in 0..100 {
            tokio::time::sleep(Duration::from_millis(100)).await;
            let now =
                self.commander.orders.ledger().record(&Actor::system("test"), REGISTER, &record.number, None).unwrap();
            if matches!(now.state.as_deref(), Some("done" | "failed")) {
                return now;
            }
        }
        panic!("{record:?} is not closed");
    }
}

fn told_of(record: &Record) -> (&str, &str) {
    (record.state.as_deref().unwrap_or_default(), text(record, "answer").unwrap_or_default())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_is_sent_when_it_is_entered_and_its_answer_is_entered_too() {
    let desk = Desk::new().await;
    let absent = desk.closed(&desk.enter(json!({"command": "get_time"}))).await;
    assert_eq!(told_of(&absent), ("failed", "设备不在线，恢复上报后再下发"));

    let device = SimulatedDevice { mn: "M1".into(), password: "123456".into(), kind: "water".into(), seed: 7 };
    let options = SimulateOptions {
        interval: Duration::from_millis(200),
        ..SimulateOptions::new(desk.gateway.address().to_string(), vec![device], crate::clock::for_devices())
    };
    let fleet = tokio::spawn(simulate(options));
    while !desk.gateway.switchboard().is_connected("M1") {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let read = desk.closed(&desk.enter(json!({"command": "get_time"}))).await;
    let (state, answer) = told_of(&read);
    assert!(state == "done" && answer.starts_with("执行成功（ExeRtn=1）；SystemTime=20"), "{answer}");
    assert_eq!(read.values["attempts"], 1);

    let incomplete = desk.closed(&desk.enter(json!({"command": "sample_now"}))).await;
    assert_eq!(told_of(&incomplete), ("failed", "指令缺少参数：仪表因子编码"));

    let history =
        json!({"command": "get_hours", "begin_at": "2026-05-02T00:00:00+08:00", "end_at": "2026-05-02T12:00:00+08:00"});
    let history = desk.closed(&desk.enter(history)).await;
    assert_eq!(told_of(&history), ("done", "执行成功（ExeRtn=1）；补传 12 组数据，已入库"));
    fleet.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_who_may_enters_commands_and_nobody_enters_answers() {
    let desk = Desk::new().await;
    let values = |extra: Value| {
        let mut values = json!({"station": "ZD1", "purpose": "核对", "asked_at": MOMENT, "command": "get_time"});
        values.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        values.as_object().unwrap().clone()
    };
    let enter = |role: Role, extra: Value| {
        desk.commander.orders.ledger().create(&Actor::new("x", role), REGISTER, values(extra), Write::default())
    };
    for role in [Role::Grid, Role::Handler, Role::Clerk, Role::Auditor, Role::Enterprise] {
        assert!(matches!(enter(role, json!({})), Err(WriteError::Forbidden { .. })), "{role:?}");
    }
    assert!(matches!(enter(Role::Duty, json!({"answer": "执行成功"})), Err(WriteError::Invalid { .. })));
    let scheduled = enter(Role::Analyst, json!({"asked_at": "2026-05-04T03:00:00Z"})).unwrap();
    tokio::time::sleep(Duration::from_millis(1500)).await;
    let waiting =
        desk.commander.orders.ledger().record(&Actor::system("test"), REGISTER, &scheduled.number, None).unwrap();
    assert_eq!(waiting.state.as_deref(), Some("asked"), "its time has not come");
}
