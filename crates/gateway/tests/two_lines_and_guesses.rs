//! A device whose MN somebody else uses too: its commands stay where it is, and guesses of its password come to nothing.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use bilan_gateway::{FixedDirectory, Gateway, LineAlarmKind, Patience, Report, ReportFault, Settings, serve};
use bilan_telemetry::{Device, Store};
use hj212::{Decoder, Event, Flag, Message, Mode, Request};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::time::timeout;

const LONG: Duration = Duration::from_secs(30);

struct Bench {
    _folder: tempfile::TempDir,
    store: Store,
    gateway: Gateway,
    /// Seconds that the clock is ahead.
    ahead: Arc<AtomicI64>,
}

fn device() -> Device {
    Device::new("M1", "128336", "W1", "圭塘河站", "water")
}

async fn start(settings: Settings) -> Bench {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::open(&folder.path().join("observations.db"), Vec::new()).expect("opened");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let ahead = Arc::new(AtomicI64::new(0));
    let seconds = Arc::clone(&ahead);
    let begun: Timestamp = "2026-11-23T08:00:00Z".parse().expect("an instant");
    let clock = Arc::new(move || begun + SignedDuration::from_secs(seconds.load(Ordering::Relaxed)));
    let directory = Arc::new(FixedDirectory::new([device()]));
    let gateway = serve(listener, store.clone(), directory, settings, clock).expect("serving");
    Bench { _folder: folder, store, gateway, ahead }
}

/// A line of a device from one of the addresses of this machine.
struct Line {
    stream: TcpStream,
    decoder: Decoder,
    number: u64,
}

impl Bench {
    async fn line(&self, from: &str) -> Line {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.bind(SocketAddr::new(from.parse().expect("an address"), 0)).expect("bound");
        let stream = socket.connect(self.gateway.address()).await.expect("connected");
        Line { stream, decoder: Decoder::new(Mode::Tolerant), number: 0 }
    }

    fn pass(&self, seconds: i64) {
        self.ahead.fetch_add(seconds, Ordering::Relaxed);
    }

    /// Whether a command reaches this line: it is read there, or asking ends without anybody there having heard it.
    async fn command_reaches(&self, line: &mut Line) -> bool {
        let patience = Patience { answer: Duration::from_millis(300), execution: LONG, resends: 0 };
        let asking = async {
            let now = "2026-11-23T08:00:00Z".parse().expect("an instant");
            self.gateway.switchboard().ask(&device(), &Request::GetTime { pol_id: None }, now, patience).await
        };
        tokio::select! {
            biased;
            heard = line.next() => heard.is_some_and(|message| message.cn == "1011"),
            _ = asking => false,
        }
    }
}

impl Line {
    async fn send(&mut self, password: &str) {
        self.number += 1;
        let from = self.stream.local_addr().expect("an address").port();
        let message = Message {
            qn: Some(format!("202611231600{from:05}")),
            pw: Some(password.to_owned()),
            ..Message::new("21", "2011", "M1", Flag(5))
        };
        let time = format!("2026112315{:02}{:02}", self.number / 60, self.number % 60);
        let message = message.group([("DataTime", time.as_str())]).group([("w01001-Rtd", "7.1")]);
        self.stream.write_all(&message.encode().expect("clean")).await.expect("sent");
    }

    /// Sends a packet and waits for its answer.
    async fn speak(&mut self) {
        self.send("128336").await;
        let answer = timeout(LONG, self.next()).await.expect("an answer in time").expect("an answer");
        assert_eq!(answer.cn, "9014");
    }

    async fn next(&mut self) -> Option<Message> {
        let mut buffer = [0u8; 1024];
        loop {
            if let Some(Event::Packet { packet, .. }) = self.decoder.next_event() {
                return Some(packet.to_message());
            }
            let length = self.stream.read(&mut buffer).await.ok().filter(|length| *length > 0)?;
            self.decoder.feed(&buffer[..length]);
        }
    }
}

#[tokio::test]
async fn a_second_line_under_the_same_mn_is_given_no_command_and_is_said() {
    let bench = start(Settings::default()).await;
    let (mut first, mut second) = (bench.line("127.0.0.1").await, bench.line("127.0.0.2").await);
    let mut alarms = bench.gateway.alarms().subscribe();
    first.speak().await;
    second.speak().await;
    assert!(bench.command_reaches(&mut first).await, "the first line keeps the commands");
    bench.pass(10);
    first.speak().await;
    second.speak().await;
    let alarm = timeout(LONG, alarms.recv()).await.expect("in time").expect("an alarm");
    assert_eq!((alarm.kind, alarm.mn.as_deref()), (LineAlarmKind::Doubled, Some("M1")));
    assert!(alarm.from.starts_with("127.0.0.2:") && alarm.first.is_some_and(|first| first.starts_with("127.0.0.1:")));
    assert!(!bench.command_reaches(&mut second).await);
    assert_eq!(bench.gateway.counters().now().doubled_alarms, 1);

    // The first one goes, or falls silent: the other is all that there is.
    bench.pass(600);
    second.speak().await;
    assert!(bench.command_reaches(&mut second).await);
}

#[tokio::test]
async fn a_device_that_lost_its_network_is_asked_on_its_new_line() {
    let bench = start(Settings::default()).await;
    let (mut lost, mut again) = (bench.line("127.0.0.1").await, bench.line("127.0.0.1").await);
    lost.speak().await;
    again.speak().await;
    assert!(bench.command_reaches(&mut again).await, "the same address comes again");
    assert!(bench.gateway.alarms().newest().is_empty(), "that is no reason for an alarm");
    // But if the line that was thought to be lost speaks, there are two.
    lost.speak().await;
    assert!(bench.command_reaches(&mut lost).await, "the first line has the commands again");
    again.speak().await;
    assert!(!bench.command_reaches(&mut again).await);
    assert_eq!(bench.gateway.alarms().newest().len(), 1);
}

#[tokio::test]
async fn guesses_over_tcp_are_not_compared_and_the_open_line_of_the_device_goes_on() {
    let bench = start(Settings::default()).await;
    let (mut honest, mut guesser) = (bench.line("127.0.0.1").await, bench.line("127.0.0.2").await);
    honest.speak().await;
    for guess in 0..3000 {
        guesser.send(&format!("{guess:06}")).await;
    }
    // The right one at the end is not looked at: nothing comes back before the line ends.
    guesser.send("128336").await;
    guesser.stream.shutdown().await.expect("said that this is all");
    assert!(timeout(LONG, guesser.next()).await.expect("the line ends").is_none());
    honest.speak().await;
    bench.line("127.0.0.1").await.speak().await;
    let counted = bench.gateway.counters().now();
    assert_eq!((counted.wrong_passwords, counted.slowed, counted.packets), (10, 2991, 3));
    assert_eq!(counted.guessing_alarms, 1);
}

fn report(mn: &str, password: &str) -> Report {
    let report = json!({
        "mn": mn, "password": password, "time": "2026-11-23T15:59:00+08:00",
        "values": [{ "factor": "w01001", "value": "7.1" }],
    });
    serde_json::from_value(report).expect("a report")
}

#[tokio::test]
async fn guesses_over_http_and_mqtt_are_slowed_by_address_and_topic() {
    let bench = start(Settings::default()).await;
    let intake = bench.gateway.reports();
    for (guesser, honest) in [
        ("http 203.0.113.9:4711", "http 198.51.100.7:4711"),
        ("http 2001:db8:1:2::7", "http 2001:db8:9:9::1"),
        ("mqtt bilan/report/any", "mqtt bilan/report/M1"),
    ] {
        let mut compared = 0;
        for guess in 0..500 {
            match intake.take(&report("M1", &format!("{guess:06}")), b"{}", guesser).await {
                Err(ReportFault::Identity { .. }) => compared += 1,
                Err(ReportFault::Slowed { wait_s }) => assert!((1..=60).contains(&wait_s)),
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(compared, 10, "{guesser}");
        let refused = intake.take(&report("M1", "128336"), b"{}", guesser).await;
        assert!(matches!(refused, Err(ReportFault::Slowed { .. })), "{guesser}: the right one");
        intake.take(&report("M1", "128336"), b"{}", honest).await.expect("the device is heard");
    }
}

#[tokio::test]
async fn a_flood_of_strangers_fills_its_own_part_of_the_quarantine_only() {
    let bench = start(Settings::default()).await;
    let intake = bench.gateway.reports();
    for _ in 0..5 {
        let _ = intake.take(&report("NEW", "123456"), b"{}", "http 198.51.100.7:1").await;
    }
    for number in 0..3000 {
        let _ = intake.take(&report(&format!("X{number}"), "123456"), b"{}", "http 203.0.113.9:4711").await;
    }
    bench.store.set_mark("written", 1).await.expect("whatever was quarantined before is on disk as well");
    assert_eq!(bench.store.quarantined(10_000).expect("read").len(), 1005);
    let strangers = bench.store.strangers().expect("read");
    assert_eq!((strangers[0].mn.as_str(), strangers[0].packets), ("NEW", 5), "the page shows it first");
    assert_eq!(bench.gateway.counters().now().not_kept, 2000);
}

#[tokio::test]
async fn devices_behind_a_trusted_balancer_are_told_apart() {
    let trusted_proxies = bilan_admission::TrustedProxies::parse(["127.0.0.1"]).expect("an address");
    let bench = start(Settings { proxy_protocol: true, trusted_proxies, ..Settings::default() }).await;
    let mut first = bench.line("127.0.0.1").await;
    first.stream.write_all(b"PROXY TCP4 203.0.113.9 10.0.0.1 4711 9212\r\n").await.expect("sent");
    first.speak().await;
    assert_eq!(bench.store.devices().expect("read")[0].peer, "203.0.113.9:4711");
    // Another address that claims to be a balancer has sent rubbish before its packet.
    let mut other = bench.line("127.0.0.2").await;
    other.stream.write_all(b"PROXY TCP4 198.51.100.7 10.0.0.1 4711 9212\r\n").await.expect("sent");
    other.speak().await;
    assert!(bench.store.devices().expect("read")[0].peer.starts_with("127.0.0.2:"));
}

#[tokio::test]
async fn a_line_that_says_nothing_is_closed() {
    let bench = start(Settings { first_byte_s: 1, ..Settings::default() }).await;
    let mut silent = bench.line("127.0.0.1").await;
    assert!(timeout(LONG, silent.next()).await.expect("closed").is_none());
}
