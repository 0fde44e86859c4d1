use bilan_gateway::simulator::SimulatedDevice;
use bilan_gateway::{Gateway, Settings, SimulateOptions, simulate};
use bilan_records::actor::Actor;
use bilan_records::catalogue::Role;
use tokio::net::TcpListener;

use bilan_records::ledger::{Write, WriteError};
use bilan_web::every_kind;
use hj212::EncodeError;
use serde_json::{Value, json};

use super::*;
use crate::trial::{MOMENT, Trial};

/// The shipped registers, one water station, and a gateway to which its device may connect.
struct Desk {
    commander: Commander,
    gateway: Gateway,
    trial: Trial,
}

impl Desk {
    async fn new() -> Self {
        let desk = Self::idle().await;
        tokio::spawn(desk.commander.clone().run());
        desk
    }

    /// One that carries out nothing yet.
    async fn idle() -> Self {
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
        let settings = Settings { answer_s: 60, execution_s: 60, resends: 0, ..Settings::default() };
        let patience = settings.patience();
        let gateway = bilan_gateway::serve(listener, store, directory, settings, crate::clock::for_devices()).unwrap();
        let commander = Commander::new(ledger, stations, gateway.switchboard().clone(), patience);
        Self { commander, gateway, trial }
    }

    /// A command that was being sent when the program ended.
    async fn interrupted(&self) -> Record {
        let record = self.enter(json!({"command": "get_time"}));
        self.commander.begin(record).await.unwrap()
    }

    fn state(&self, record: &Record) -> String {
        let ledger = self.commander.orders.ledger();
        ledger
            .record(&Actor::system("test"), DeviceCommand::REGISTER, &record.number, None)
            .unwrap()
            .state
            .unwrap_or_default()
    }

    /// Changes the file of the ledger from beside.
    fn beside(&self, sql: &str) {
        let file = rusqlite::Connection::open(self.trial.folder.path().join("records.db")).unwrap();
        file.busy_timeout(Duration::from_secs(60)).unwrap();
        file.execute_batch(sql).unwrap();
    }

    fn enter(&self, values: Value) -> Record {
        self.enter_for(values, MOMENT)
    }

    fn enter_for(&self, mut values: Value, at: &str) -> Record {
        values["station"] = "ZD1".into();
        values["purpose"] = "核对设备".into();
        values["asked_at"] = at.into();
        let Value::Object(values) = values else { panic!("an object") };
        let duty = Actor::new("duty", Role::Duty);
        self.commander.orders.ledger().create(&duty, DeviceCommand::REGISTER, values, Write::default()).unwrap()
    }

    /// The record when it is closed.
    async fn closed(&self, record: &Record) -> Record {
        // Two minutes: a busy machine takes its time.
        for _ in 0..1200 {
            tokio::time::sleep(Duration::from_millis(100)).await;
            let now = self
                .commander
                .orders
                .ledger()
                .record(&Actor::system("test"), DeviceCommand::REGISTER, &record.number, None)
                .unwrap();
            if matches!(now.state.as_deref(), Some("done" | "failed")) {
                return now;
            }
        }
        panic!("{record:?} is not closed");
    }
}

fn said(state: &str, answer: &str) -> (String, String) {
    (state.to_owned(), answer.to_owned())
}

/// The state of a record, and its answer in Chinese; that in English stands in the line below.
fn told_of(record: &Record) -> (String, String) {
    let answer = DeviceCommand::read(record).unwrap().fields.answer.unwrap_or_default();
    let (zh, en) = answer.split_once('\n').expect("both languages");
    assert!(en.is_ascii() && !en.is_empty(), "{en}");
    (record.state.clone().unwrap_or_default(), zh.to_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commands_for_later_hold_up_none_that_is_due() {
    let desk = Desk::new().await;
    let later = || desk.enter_for(json!({"command": "get_time"}), "2099-01-01T00:00:00+08:00");
    let later: Vec<Record> = (0..101).map(|_| later()).collect();
    desk.closed(&desk.enter(json!({"command": "get_time"}))).await;
    assert!(later.iter().all(|record| desk.state(record) == "asked"), "their time has not come");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commands_that_cannot_be_begun_hold_up_none_that_can_be() {
    let desk = Desk::idle().await;
    let stuck: Vec<Record> = (0..101).map(|_| desk.enter(json!({"command": "get_time"}))).collect();
    let good = desk.enter(json!({"command": "get_time"}));
    desk.beside(&format!(
        "CREATE TRIGGER stuck BEFORE UPDATE ON r_device_command WHEN OLD.number < '{}' BEGIN SELECT RAISE(FAIL, 'stuck'); END",
        good.number
    ));
    tokio::spawn(desk.commander.clone().run());
    desk.closed(&good).await;
    assert!(stuck.iter().all(|record| desk.state(record) == "asked"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_was_being_sent_is_closed_at_the_start_beside_what_cannot_be() {
    let desk = Desk::idle().await;
    let mut sent = Vec::new();
    for _ in 0..102 {
        sent.push(desk.interrupted().await);
    }
    let (last, stuck) = sent.split_last().unwrap();
    desk.beside(&format!(
        "CREATE TRIGGER stuck BEFORE UPDATE ON r_device_command WHEN OLD.number < '{}' BEGIN SELECT RAISE(FAIL, 'stuck'); END",
        last.number
    ));
    desk.commander.close_interrupted().await.unwrap();
    assert_eq!(desk.state(last), "failed");
    desk.beside("DROP TRIGGER stuck");
    desk.commander.close_interrupted().await.unwrap();
    assert!(stuck.iter().all(|record| desk.state(record) == "failed"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_being_sent_is_closed_although_the_register_could_not_be_read_at_first() {
    let desk = Desk::idle().await;
    let sent = desk.interrupted().await;
    desk.beside("ALTER TABLE r_device_command RENAME TO away");
    assert!(desk.commander.close_interrupted().await.is_err(), "not read is not none");
    tokio::spawn(desk.commander.clone().run());
    // The first look comes at once; whether it has been by now or not, the next ones close it.
    tokio::task::yield_now().await;
    desk.beside("ALTER TABLE away RENAME TO r_device_command");
    assert_eq!(told_of(&desk.closed(&sent).await).0, "failed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_is_sent_when_it_is_entered_and_its_answer_is_entered_too() {
    let desk = Desk::new().await;
    let absent = desk.closed(&desk.enter(json!({"command": "get_time"}))).await;
    assert_eq!(told_of(&absent), said("failed", "设备不在线，恢复上报后再下发"));

    let device = SimulatedDevice::from(&bilan_telemetry::Device::new("M1", "123456", "W1", "", "water"));
    let options = SimulateOptions {
        interval: Duration::from_millis(200),
        ..SimulateOptions::new(desk.gateway.address().to_string(), vec![device], crate::clock::for_devices())
    };
    let fleet = tokio::spawn(simulate(options));
    let connected = tokio::time::timeout(Duration::from_secs(60), async {
        while !desk.gateway.switchboard().is_connected("M1") {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    connected.await.expect("connected within a minute");
    let read = desk.closed(&desk.enter(json!({"command": "get_time"}))).await;
    let (state, answer) = told_of(&read);
    assert!(state == "done" && answer.starts_with("执行成功（ExeRtn=1）；SystemTime=20"), "{answer}");
    assert_eq!(read.external()["attempts"], 1);

    let incomplete = desk.closed(&desk.enter(json!({"command": "sample_now"}))).await;
    assert_eq!(told_of(&incomplete), said("failed", "指令缺少参数：仪表因子编码"));

    let history =
        json!({"command": "get_hours", "begin_at": "2026-05-02T00:00:00+08:00", "end_at": "2026-05-02T12:00:00+08:00"});
    let history = desk.closed(&desk.enter(history)).await;
    let (state, answer) = told_of(&history);
    let begins = "执行成功（ExeRtn=1）；收到 12 个报文、";
    let ends = " 个数据；数据时间 20260502000000 至 20260502110000";
    assert!(state == "done" && answer.starts_with(begins) && answer.ends_with(ends), "{answer}");
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
        desk.commander.orders.ledger().create(
            &Actor::new("x", role),
            DeviceCommand::REGISTER,
            values(extra),
            Write::default(),
        )
    };
    for role in [Role::Grid, Role::Handler, Role::Clerk, Role::Auditor, Role::Enterprise] {
        assert!(matches!(enter(role, json!({})), Err(WriteError::Forbidden { .. })), "{role:?}");
    }
    assert!(matches!(enter(Role::Duty, json!({"answer": "执行成功"})), Err(WriteError::Invalid { .. })));
    let scheduled = enter(Role::Analyst, json!({"asked_at": "2026-05-04T03:00:00Z"})).unwrap();
    // One that is due is closed by the same look that leaves the other alone.
    desk.closed(&desk.enter(json!({"command": "get_time"}))).await;
    let waiting = desk
        .commander
        .orders
        .ledger()
        .record(&Actor::system("test"), DeviceCommand::REGISTER, &scheduled.number, None)
        .unwrap();
    assert_eq!(waiting.state.as_deref(), Some("asked"), "its time has not come");
}

/// A device that keeps a clock for each instrument: it refuses to be asked without one, and asks for the time with one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_instrument_is_asked_for_where_a_device_wants_it() {
    use hj212::{Decoder, Event, Flag, Message, Reply};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    let desk = Desk::new().await;
    let mut line = tokio::net::TcpStream::connect(desk.gateway.address()).await.unwrap();
    let asks = Message {
        qn: Some("20260504100000000".into()),
        pw: Some("123456".into()),
        ..Message::new("21", "1013", "M1", Flag(5))
    };
    line.write_all(&asks.group([("PolId", "w01018")]).encode().unwrap()).await.unwrap();
    let (given, gave) = tokio::sync::oneshot::channel();
    let device = tokio::spawn(async move {
        let (mut decoder, mut buffer, mut given) = (Decoder::default(), [0u8; 1024], Some(given));
        loop {
            let length = line.read(&mut buffer).await.unwrap();
            decoder.feed(&buffer[..length]);
            let mut answers = Vec::new();
            while let Some(event) = decoder.next_event() {
                let Event::Packet { packet, .. } = event else { panic!("{event:?}") };
                if Reply::read(&packet).is_some() {
                    continue;
                }
                let named = packet.value("PolId").is_some();
                let result = if named { RequestResult::Accepted } else { RequestResult::Refused };
                answers.push(hj212::request_reply(&packet, result));
                if named {
                    answers.push(hj212::execution_result(&packet, ExecutionResult::Success));
                }
                if packet.cn == "1012"
                    && let Some(given) = given.take()
                {
                    let _ = given.send(packet.value("PolId").map(<[u8]>::to_vec));
                }
            }
            for answer in answers {
                line.write_all(&answer.encode().unwrap()).await.unwrap();
            }
        }
    });
    assert_eq!(
        tokio::time::timeout(Duration::from_secs(60), gave).await.expect("within a minute").unwrap().as_deref(),
        Some(&b"w01018"[..]),
        "1013 of an instrument is answered by 1012 for it"
    );
    // The device may still be at the clock that the gateway has just given it.
    let free = tokio::time::timeout(Duration::from_secs(60), async {
        loop {
            let closed = desk.closed(&desk.enter(json!({"command": "get_time"}))).await;
            if !told_of(&closed).1.contains("正在执行另一条指令") {
                return closed;
            }
        }
    });
    let without = free.await.expect("the device is free within a minute");
    let (state, answer) = told_of(&without);
    assert!(state == "failed" && answer.contains("QnRtn=2") && answer.contains("PolId"), "{answer}");
    let with = desk.closed(&desk.enter(json!({"command": "get_time", "factor": "W01018"}))).await;
    assert_eq!(told_of(&with), said("done", "执行成功（ExeRtn=1）"));
    device.abort();
}

every_kind!(every_reason of NotDone:
    NotDone::Missing(_), NotDone::NoDevice(_), NotDone::Interrupted, NotDone::Unreadable(_), NotDone::Control(ControlFault::NotConnected { .. }),
    NotDone::Control(ControlFault::Busy { .. }), NotDone::Control(ControlFault::Refused { .. }),
    NotDone::Control(ControlFault::NoAnswer { .. }), NotDone::Control(ControlFault::Gone { .. }),
    NotDone::Control(ControlFault::Unwritable(_)));
every_kind!(every_result of RequestResult:
    RequestResult::Accepted, RequestResult::Refused, RequestResult::PasswordError, RequestResult::MnError,
    RequestResult::StError, RequestResult::FlagError, RequestResult::QnError, RequestResult::CnError,
    RequestResult::CrcError, RequestResult::Unknown, RequestResult::Other(_));
every_kind!(every_unwritable_packet of EncodeError:
    EncodeError::Header { .. }, EncodeError::Item { .. }, EncodeError::EmptyGroup { .. }, EncodeError::TooLong { .. });

/// Words of Latin letters that a Chinese answer may hold: names of the protocol.
const OF_THE_PROTOCOL: [&str; 6] = ["MN", "PW", "QnRtn", "PolId", "InfoId", "a34004"];

#[test]
fn every_reason_why_a_command_is_not_done_is_given_in_both_languages_and_none_repeats_the_password() {
    let mn = || "M1".to_owned();
    let results: Vec<RequestResult> =
        [1, 2, 3, 4, 5, 6, 7, 8, 9, 100, 7777].map(RequestResult::from_number).into_iter().collect();
    every_result(&results);
    let packets = vec![
        EncodeError::Header { field: "PW", value: "geheim;".into(), wanted: "no separators" },
        EncodeError::Item { key: "a34004".into(), value: "1;2".into() },
        EncodeError::EmptyGroup { position: 0 },
        EncodeError::TooLong { length: 10_000 },
    ];
    every_unwritable_packet(&packets);
    let parameters = [FACTOR, INFO, INTERVAL, BEGIN, END, VALUE, COMMAND].map(NotDone::Missing);
    let refused = results.into_iter().map(|result| NotDone::Control(ControlFault::Refused { mn: mn(), result }));
    let unwritable = packets.into_iter().map(|fault| NotDone::Control(ControlFault::Unwritable(fault)));
    let reasons: Vec<NotDone> = [
        NotDone::NoDevice("202000001".into()),
        NotDone::Interrupted,
        NotDone::Unreadable(ReadError::Damaged {
            what: "“station” of the record FK1".into(),
            why: "there is no value".into(),
        }),
        NotDone::Control(ControlFault::NotConnected { mn: mn() }),
        NotDone::Control(ControlFault::Busy { mn: mn() }),
        NotDone::Control(ControlFault::NoAnswer { mn: mn(), sent: 3 }),
        NotDone::Control(ControlFault::Gone { mn: mn() }),
    ]
    .into_iter()
    .chain(parameters)
    .chain(refused)
    .chain(unwritable)
    .collect();
    every_reason(&reasons);
    for reason in &reasons {
        let Said(zh, en) = explanation(reason, false, true);
        let words = zh.split(|character: char| !character.is_ascii_alphanumeric());
        let foreign = words.filter(|word| word.parse::<u32>().is_err() && word.len() > 1);
        let foreign: Vec<&str> = foreign.filter(|word| !OF_THE_PROTOCOL.contains(word)).collect();
        assert!(foreign.is_empty() && !zh.is_ascii(), "{foreign:?} in {zh}");
        assert!(en.chars().all(|character| character.is_ascii() || "“”".contains(character)), "{en}");
        assert!(!zh.contains("geheim") && !en.contains("geheim"), "{zh} / {en}");
    }
}
