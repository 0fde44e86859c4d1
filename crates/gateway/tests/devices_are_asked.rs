//! Reverse control over real sockets: a device played by hand, and the simulated fleet.

use std::sync::Arc;
use std::time::Duration;

use bilan_gateway::simulator::{Fault, Faults, SimulatedDevice};
use bilan_gateway::{
    Clock, ControlFault, FixedDirectory, Gateway, Outcome, Patience, Settings, SimulateOptions, serve, simulate,
};
use bilan_telemetry::{Device, Kind, Series, Store};
use hj212::{Event, ExecutionResult, Flag, History, Message, Mode, Request, RequestResult, packets};
use jiff::Timestamp;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

/// For devices that answer: longer than any machine is busy.
const PATIENT: Patience = Patience { answer: Duration::from_secs(60), execution: Duration::from_secs(60), resends: 2 };
/// For devices that stay silent.
const BRIEF: Patience =
    Patience { answer: Duration::from_millis(150), execution: Duration::from_millis(600), resends: 2 };

struct Bench {
    _folder: tempfile::TempDir,
    store: Store,
    gateway: Gateway,
    device: Device,
    other: Device,
}

fn clock() -> Clock {
    Arc::new(|| "2026-11-23T08:00:00Z".parse().expect("an instant"))
}

async fn start(clock: Clock) -> Bench {
    let folder = tempfile::tempdir().expect("a folder");
    let device = Device::new("M1", "123456", "W1", "圭塘河站", "water");
    let store = Store::open(&folder.path().join("observations.db"), Vec::new()).expect("opened");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let other = Device::new("M2", "123456", "W2", "龙王港站", "water");
    let directory = Arc::new(FixedDirectory::new([device.clone(), other.clone()]));
    let gateway = serve(listener, store.clone(), directory, Settings::default(), clock).expect("serving");
    Bench { _folder: folder, store, gateway, device, other }
}

impl Bench {
    async fn ask(&self, request: Request) -> Result<Outcome, ControlFault> {
        self.ask_with(PATIENT, request).await
    }

    async fn ask_with(&self, patience: Patience, request: Request) -> Result<Outcome, ControlFault> {
        let now = "2026-11-23T08:00:00Z".parse().expect("an instant");
        self.gateway.switchboard().ask(&self.device, &request, now, patience).await
    }

    /// A device that has reported once, so that it is known where to ask it.
    async fn device(&self) -> TcpStream {
        let mut line = TcpStream::connect(self.gateway.address()).await.expect("connected");
        line.write_all(&from_device("2011", "20261123160000000", 5, [("DataTime", "20261123160000")]))
            .await
            .expect("sent");
        assert_eq!(next(&mut line).await.map(|answer| answer.cn), Some("9014".to_owned()));
        line
    }
}

fn from_device<'a>(cn: &str, qn: &str, flag: u8, items: impl IntoIterator<Item = (&'a str, &'a str)>) -> Vec<u8> {
    let st = if cn.starts_with('9') { "91" } else { "21" };
    let message =
        Message { qn: Some(qn.to_owned()), pw: Some("123456".into()), ..Message::new(st, cn, "M1", Flag(flag)) };
    items.into_iter().fold(message, |message, item| message.group([item])).encode().expect("clean")
}

async fn next(stream: &mut TcpStream) -> Option<Message> {
    let mut bytes = Vec::new();
    let mut buffer = [0u8; 1024];
    loop {
        let length = timeout(Duration::from_secs(60), stream.read(&mut buffer)).await.ok()?.ok()?;
        bytes.extend_from_slice(&buffer[..length]);
        if length == 0 {
            return None;
        }
        if let Some(Event::Packet { packet, .. }) = packets(&bytes, Mode::Strict).next() {
            return Some(packet.to_message());
        }
    }
}

#[tokio::test]
async fn an_order_is_accepted_and_executed() {
    let bench = start(clock()).await;
    let mut line = bench.device().await;
    let play = async {
        let asked = next(&mut line).await.expect("asked");
        let qn = asked.qn.clone().expect("a number");
        assert_eq!((asked.st.as_str(), asked.cn.as_str(), asked.flag), ("21", "1062", Some(Flag(5))));
        assert_eq!(asked.cp, [[("RtdInterval".to_owned(), "30".to_owned())]]);
        line.write_all(&from_device("9011", &qn, 4, [("QnRtn", "1")])).await.expect("sent");
        line.write_all(&from_device("9012", &qn, 4, [("ExeRtn", "1")])).await.expect("sent");
    };
    let (outcome, ()) = tokio::join!(bench.ask(Request::SetRealtimeInterval { seconds: 30 }), play);
    let outcome = outcome.expect("done");
    assert_eq!((outcome.sent, outcome.execution, outcome.command), (1, Some(ExecutionResult::Success), "1062"));
    assert_eq!(outcome.qn, "20261123160000000");
}

#[tokio::test]
async fn what_does_not_answer_is_asked_again_with_the_same_number() {
    let bench = start(clock()).await;
    let mut line = bench.device().await;
    let play = async {
        // The first question stays unanswered; how often it was asked before the answer came depends on how busy the machine is.
        let first = next(&mut line).await.expect("asked").qn;
        let second = next(&mut line).await.expect("asked again").qn.expect("a number");
        assert_eq!(first.as_ref(), Some(&second));
        line.write_all(&from_device("9012", &second, 4, [("ExeRtn", "5")])).await.expect("sent");
    };
    let asked_again = Patience { resends: 1000, ..BRIEF };
    let (outcome, ()) = tokio::join!(bench.ask_with(asked_again, Request::GetRealtimeInterval), play);
    let outcome = outcome.expect("answered");
    assert!(outcome.sent >= 2, "{outcome:?}");
    assert_eq!(outcome.execution, Some(ExecutionResult::Busy), "a device may leave 9011 out");

    let silent = bench.ask_with(BRIEF, Request::GetRealtimeInterval).await;
    assert_eq!(silent, Err(ControlFault::NoAnswer { mn: "M1".into(), sent: 3 }));
}

#[tokio::test]
async fn a_refusal_is_told_with_its_reason() {
    let bench = start(clock()).await;
    let mut line = bench.device().await;
    let play = async {
        let qn = next(&mut line).await.expect("asked").qn.expect("a number");
        line.write_all(&from_device("9011", &qn, 4, [("QnRtn", "8")])).await.expect("sent");
    };
    let (outcome, ()) = tokio::join!(bench.ask(Request::KeepSample), play);
    assert_eq!(outcome, Err(ControlFault::Refused { mn: "M1".into(), result: RequestResult::CnError }));
}

#[tokio::test]
async fn split_information_comes_back_as_one() {
    let bench = start(clock()).await;
    let mut line = bench.device().await;
    let request = Request::GetInformation { pol_id: "w01018".into(), info_id: "i13004".into(), begin: None, end: None };
    let play = async {
        let qn = next(&mut line).await.expect("asked").qn.expect("a number");
        line.write_all(&from_device("9011", &qn, 4, [("QnRtn", "1")])).await.expect("sent");
        for (pno, item) in [(2u16, ("i13005-Info", "12")), (1, ("i13004-Info", "168.0"))] {
            let part = Message {
                qn: Some(qn.clone()),
                pw: Some("123456".into()),
                packet_numbers: Some((2, pno)),
                ..Message::new("21", "3020", "M1", Flag(6))
            };
            line.write_all(&part.group([item]).encode().expect("clean")).await.expect("sent");
        }
        line.write_all(&from_device("9012", &qn, 4, [("ExeRtn", "1")])).await.expect("sent");
    };
    let (outcome, ()) = tokio::join!(bench.ask(request), play);
    let data = outcome.expect("done").data;
    assert_eq!(data.len(), 1);
    assert_eq!(data[0].cp.iter().map(|group| group[0].1.as_str()).collect::<Vec<_>>(), ["168.0", "12"]);
}

#[tokio::test]
async fn nobody_is_asked_who_is_not_there_or_busy_or_not_meant() {
    let bench = start(clock()).await;
    let absent = ControlFault::NotConnected { mn: "M1".into() };
    assert_eq!(bench.ask(Request::KeepSample).await, Err(absent.clone()));
    let mut line = bench.device().await;
    let both = tokio::join!(bench.ask_with(BRIEF, Request::KeepSample), bench.ask(Request::KeepSample));
    assert!(matches!(both.0, Err(ControlFault::NoAnswer { .. })));
    assert_eq!(both.1, Err(ControlFault::Busy { mn: "M1".into() }));
    // An answer to another question is none to this one.
    let play = async {
        while let Some(asked) = next(&mut line).await {
            if asked.cn == "1061" {
                let reply = from_device("9012", "20200101000000000", 4, [("ExeRtn", "1")]);
                line.write_all(&reply).await.expect("sent");
                return;
            }
        }
    };
    let (outcome, ()) = tokio::join!(bench.ask_with(BRIEF, Request::GetRealtimeInterval), play);
    assert!(matches!(outcome, Err(ControlFault::NoAnswer { .. })), "{outcome:?}");
    drop(line);
    while bench.gateway.switchboard().is_connected("M1") {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(bench.ask(Request::KeepSample).await, Err(absent));
}

#[tokio::test]
async fn a_device_that_asks_for_the_time_is_given_it() {
    let bench = start(clock()).await;
    let mut line = bench.device().await;
    line.write_all(&from_device("1013", "20261123150000000", 5, [("PolId", "w01018")])).await.expect("sent");
    let (mut bytes, mut buffer, mut heard) = (Vec::new(), [0u8; 1024], Vec::new());
    while heard.len() < 2 {
        let length = timeout(Duration::from_secs(60), line.read(&mut buffer)).await.expect("in time").expect("read");
        bytes.extend_from_slice(&buffer[..length]);
        heard = packets(&bytes, Mode::Strict)
            .map(|event| match event {
                Event::Packet { packet, .. } => packet.to_message(),
                Event::Fault(fault) => panic!("{fault:?}"),
            })
            .collect();
    }
    heard.sort_by(|one, other| one.cn.cmp(&other.cn));
    assert_eq!((heard[0].cn.as_str(), heard[1].cn.as_str()), ("1012", "9013"));
    let named = [("PolId", "w01018"), ("SystemTime", "20261123160000")];
    assert_eq!(
        heard[0].cp,
        named.map(|(key, value)| vec![(key.to_owned(), value.to_owned())]),
        "of the instrument that it named"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_simulated_fleet_does_what_it_is_asked() {
    let bench = start(Arc::new(Timestamp::now)).await;
    let faults = Faults::default();
    faults.set("M1", Fault::ClockOff(-900));
    let fleet = tokio::spawn(simulate(SimulateOptions {
        interval: Duration::from_millis(100),
        faults: faults.clone(),
        ..SimulateOptions::new(
            bench.gateway.address().to_string(),
            vec![SimulatedDevice::from(&bench.device), SimulatedDevice::from(&bench.other)],
            Arc::new(Timestamp::now),
        )
    }));
    let connected = timeout(Duration::from_secs(60), async {
        while !bench.gateway.switchboard().is_connected("M1") {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    connected.await.expect("connected within a minute");
    let ask = async |request: Request| {
        let patience = Patience { resends: 0, ..PATIENT };
        bench.gateway.switchboard().ask(&bench.device, &request, Timestamp::now(), patience).await
    };
    let time = ask(Request::GetTime { pol_id: None }).await.expect("told");
    assert_eq!(time.data.len(), 1);
    assert!(time.data[0].cp[0][0].0 == "SystemTime" && time.execution == Some(ExecutionResult::Success), "{time:?}");
    ask(Request::SetTime { pol_id: None, time: "20261123160000".into() }).await.expect("set");
    assert_eq!(faults.of("M1"), None, "its clock is right now");

    let history =
        Request::GetHistory { history: History::Hour, begin: "20240601000000".into(), end: "20240602000000".into() };
    let history = ask(history).await.expect("sent");
    assert_eq!(history.data.len(), 24);
    let stored = bench.store.range(&Series::main("W1", "w01009", Kind::Hour), Timestamp::MIN, Timestamp::MAX);
    assert_eq!(stored.expect("read").len(), 24, "what was asked for is stored like what comes by itself");

    ask(Request::StopRealtime).await.expect("stopped");
    // What it said before it stopped is in when it has answered once more.
    ask(Request::GetRealtimeInterval).await.expect("told");
    let packets = |mn: &str| {
        let devices = bench.store.devices().expect("read");
        devices.iter().find(|device| device.mn == mn).map_or(0, |device| device.packets)
    };
    let reports = async |mn: &str, more: i64| {
        let before = packets(mn);
        let reported = timeout(Duration::from_secs(60), async {
            while packets(mn) < before + more {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        });
        reported.await.expect("it reports within a minute");
    };
    let before = packets("M1");
    // The other one reports as often as this one did, and was not asked to stop.
    reports("M2", 6).await;
    assert_eq!(packets("M1"), before, "silent while the other one reported six times");
    ask(Request::StartRealtime).await.expect("started");
    reports("M1", 2).await;
    let refused = ask(Request::SetPassword { password: "654321".into() }).await;
    assert_eq!(refused, Err(ControlFault::Refused { mn: "M1".into(), result: RequestResult::CnError }));
    fleet.abort();
}
