//! Devices, good and bad, over real sockets.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bilan_gateway::simulator::{Fault, Faults, SimulatedDevice, WithFleet, fleet};
use bilan_gateway::{Clock, FixedDirectory, Gateway, Settings, SimulateOptions, serve, simulate};
use bilan_telemetry::{Device, Kind, Series, Store, rules};
use hj212::{Event, Flag, Message, Mode, Sm4Key, packets};
use jiff::Timestamp;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

const PACKETS: &str = include_str!("../../hj212/tests/data/packets.txt");

struct Bench {
    _folder: tempfile::TempDir,
    store: Store,
    gateway: Gateway,
}

fn clock() -> Clock {
    Arc::new(|| "2026-11-23T08:00:00Z".parse().expect("an instant"))
}

async fn start_with(settings: Settings, devices: Vec<Device>, clock: Clock) -> Bench {
    let folder = tempfile::tempdir().expect("a folder");
    let rules = rules::load(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../rules")).expect("good rules");
    let store = Store::open(&folder.path().join("observations.db"), rules).expect("opened");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let directory = Arc::new(WithFleet(FixedDirectory::new(devices)));
    let gateway = serve(listener, store.clone(), directory, settings, clock).expect("serving");
    Bench { _folder: folder, store, gateway }
}

async fn start(settings: Settings) -> Bench {
    start_with(settings, vec![Device::new("M1", "123456", "W1", "圭塘河站", "water")], clock()).await
}

fn reading(qn: u64, value: &str, flag: u8) -> Message {
    Message {
        qn: Some(format!("2026112316{qn:07}")),
        pw: Some("123456".into()),
        ..Message::new("21", "2011", "M1", Flag(flag))
    }
    .group([("DataTime", format!("20261123150{:03}", qn % 1000))])
    .group([("w01001-Rtd", value), ("w01001-Flag", "N")])
}

impl Bench {
    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.gateway.address()).await.expect("connected")
    }

    async fn values(&self) -> usize {
        let series = Series::main("W1", "w01001", Kind::Realtime);
        self.store.range(&series, Timestamp::MIN, Timestamp::MAX).expect("read").len()
    }
}

/// The next answer on the line; nothing if it ends, or if a minute is not enough.
async fn answer(stream: &mut TcpStream) -> Option<Message> {
    let mut bytes = Vec::new();
    let mut buffer = [0u8; 1024];
    loop {
        let length = timeout(Duration::from_secs(60), stream.read(&mut buffer)).await.ok()?.ok()?;
        if length == 0 {
            return None;
        }
        bytes.extend_from_slice(&buffer[..length]);
        if let Some(Event::Packet { packet, .. }) = packets(&bytes, Mode::Strict).next() {
            return Some(packet.to_message());
        }
    }
}

/// Whether nothing that was sent so far is answered: answers come in order, and that to a heartbeat is the first.
async fn is_not_answered(stream: &mut TcpStream) -> bool {
    let heartbeat = Message { cn: "9015".into(), cp: Vec::new(), ..reading(9_999_999, "7", 5) };
    stream.write_all(&heartbeat.encode().expect("clean")).await.expect("sent");
    answer(stream).await.is_some_and(|answer| answer.qn == heartbeat.qn)
}

/// Waits for what must come, however busy the machine is.
async fn until(what: &str, holds: impl Fn() -> bool) {
    let waited = timeout(Duration::from_secs(120), async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    assert!(waited.await.is_ok(), "not in two minutes: {what}");
}

async fn is_closed(stream: &mut TcpStream) -> bool {
    let mut buffer = [0u8; 1024];
    loop {
        match timeout(Duration::from_secs(60), stream.read(&mut buffer)).await {
            Err(_) => return false,
            Ok(Ok(0) | Err(_)) => return true,
            Ok(Ok(_)) => {}
        }
    }
}

#[tokio::test]
async fn what_is_acknowledged_is_stored_and_what_is_not_asked_is_not_answered() {
    let bench = start(Settings::default()).await;
    let mut line = bench.connect().await;
    line.write_all(&reading(1, "7.1", 5).encode().expect("clean")).await.expect("sent");
    let reply = answer(&mut line).await.expect("an answer");
    assert_eq!((reply.cn.as_str(), reply.st.as_str(), reply.flag), ("9014", "91", Some(Flag(4))));
    assert_eq!(reply.qn, reading(1, "7.1", 5).qn);
    assert_eq!(bench.values().await, 1);

    line.write_all(&reading(2, "7.2", 4).encode().expect("clean")).await.expect("sent");
    assert!(is_not_answered(&mut line).await);
    assert_eq!(bench.values().await, 2);
}

#[tokio::test]
async fn a_resent_packet_is_answered_again_and_stored_once() {
    let bench = start(Settings::default()).await;
    for _ in 0..3 {
        let mut line = bench.connect().await;
        line.write_all(&reading(1, "7.1", 5).encode().expect("clean")).await.expect("sent");
        assert!(answer(&mut line).await.is_some());
    }
    assert_eq!(bench.values().await, 1);
    assert_eq!(bench.gateway.counters().now().duplicates, 2);
}

#[tokio::test]
async fn packets_may_come_byte_by_byte_or_many_at_once() {
    let bench = start(Settings::default()).await;
    let mut line = bench.connect().await;
    for byte in reading(1, "7.1", 5).encode().expect("clean") {
        line.write_all(&[byte]).await.expect("sent");
        tokio::task::yield_now().await;
    }
    assert!(answer(&mut line).await.is_some());
    let many: Vec<u8> = (2..200)
        .flat_map(|qn| reading(qn, "7.2", 4).encode().expect("clean"))
        .chain(reading(200, "7", 5).encode().expect("clean"))
        .collect();
    line.write_all(&many).await.expect("sent");
    assert_eq!(answer(&mut line).await.and_then(|reply| reply.qn), reading(200, "7", 5).qn);
    assert_eq!(bench.gateway.counters().now().packets, 200);
}

#[tokio::test]
async fn a_packet_without_line_end_is_not_left_waiting() {
    let bench = start(Settings::default()).await;
    let mut line = bench.connect().await;
    let bytes = reading(1, "7.1", 5).encode().expect("clean");
    line.write_all(&bytes[..bytes.len() - 2]).await.expect("sent");
    assert!(answer(&mut line).await.is_some());
}

#[tokio::test]
async fn a_connection_killed_in_a_packet_leaves_nothing_behind() {
    let bench = start(Settings::default()).await;
    let mut line = bench.connect().await;
    let bytes = reading(1, "7.1", 5).encode().expect("clean");
    line.write_all(&bytes[..bytes.len() / 2]).await.expect("sent");
    drop(line);
    let mut line = bench.connect().await;
    line.write_all(&bytes).await.expect("sent");
    assert!(answer(&mut line).await.is_some());
    assert_eq!(bench.values().await, 1);
}

#[tokio::test]
async fn strangers_are_quarantined_and_not_answered() {
    let bench = start(Settings::default()).await;
    let mut line = bench.connect().await;
    let stranger = Message { mn: "M2".into(), ..reading(1, "7.1", 5) };
    let forger = Message { pw: Some("654321".into()), ..reading(2, "7.1", 5) };
    line.write_all(&stranger.encode().expect("clean")).await.expect("sent");
    line.write_all(&forger.encode().expect("clean")).await.expect("sent");
    assert!(is_not_answered(&mut line).await);
    let kept = bench.store.quarantined(10).expect("read");
    let reasons: Vec<_> = kept.iter().map(|kept| (kept.reason.as_str(), kept.mn.as_deref())).collect();
    assert_eq!(reasons, [("wrong_password", Some("M1")), ("unknown_device", Some("M2"))]);
    assert_eq!(kept[1].raw, stranger.encode().expect("clean"));
    line.write_all(&reading(3, "7.1", 5).encode().expect("clean")).await.expect("sent");
    assert!(answer(&mut line).await.is_some(), "the line itself is good");
    assert_eq!(bench.values().await, 1);
}

#[tokio::test]
async fn rubbish_costs_its_sender_the_connection_and_nobody_else() {
    let bench = start(Settings { max_faults: 5, ..Settings::default() }).await;
    let mut good = bench.connect().await;
    let mut bad = bench.connect().await;
    let mut noise = vec![0xAB; 200_000];
    noise.extend_from_slice(b"##9999");
    // The gateway may close before all is written.
    let _ = bad.write_all(&noise).await;
    assert!(is_closed(&mut bad).await);
    for round in 1..5 {
        good.write_all(&reading(round, "7.1", 5).encode().expect("clean")).await.expect("sent");
        assert!(answer(&mut good).await.is_some());
    }
    let counted = bench.gateway.counters().now();
    assert!(counted.faults >= 5 && counted.dropped == 1 && counted.open_connections == 1, "{counted:?}");
}

#[tokio::test]
async fn an_encrypted_packet_counts_if_the_device_has_a_key_and_is_kept_apart_if_not() {
    let key = Sm4Key::parse("msbE74gsiSHSEh5e").expect("a key");
    let sealed = reading(1, "7.1", 9).encode_encrypted(&key).expect("clean");
    for (known, values) in [(Some(key.clone()), 1), (None, 0), (Some(Sm4Key::new([0; 16])), 0)] {
        let device = Device { sm4_key: known, ..Device::new("M1", "123456", "W1", "圭塘河站", "water") };
        let bench = start_with(Settings::default(), vec![device], clock()).await;
        let mut line = bench.connect().await;
        line.write_all(&sealed).await.expect("sent");
        if values == 1 {
            assert!(answer(&mut line).await.is_some(), "it is stored");
        } else {
            assert!(is_not_answered(&mut line).await, "it is not stored");
        }
        assert_eq!(bench.values().await, values);
        if values == 0 {
            let kept = bench.store.quarantined(10).expect("read");
            assert!(kept.iter().any(|kept| kept.reason == "encrypted" && kept.mn.as_deref() == Some("M1")), "{kept:?}");
        }
    }
}

#[tokio::test]
async fn broken_packets_are_kept_with_the_reason_and_good_ones_between_them_count() {
    let bench = start(Settings::default()).await;
    let mut line = bench.connect().await;
    for round in 0..30 {
        let mut bytes = reading(round, "7.1", 5).encode().expect("clean");
        line.write_all(&bytes).await.expect("sent");
        assert!(answer(&mut line).await.is_some());
        bytes[60] ^= 1;
        line.write_all(&bytes).await.expect("sent");
    }
    line.write_all(&reading(40, "7", 5).encode().expect("clean")).await.expect("sent");
    assert!(answer(&mut line).await.is_some());
    assert_eq!(bench.values().await, 31);
    assert!(bench.store.quarantined(100).expect("read").iter().all(|kept| kept.mn.as_deref() == Some("M1")));
}

#[tokio::test]
async fn limits_hold_for_silent_stuck_and_too_many() {
    let bench = start(Settings { idle_s: 5, packet_s: 5, max_connections: 2, ..Settings::default() }).await;
    let mut silent = bench.connect().await;
    let mut stuck = bench.connect().await;
    stuck.write_all(b"##0100QN=2026").await.expect("sent");
    until("both are served", || bench.gateway.counters().now().open_connections == 2).await;
    let mut third = bench.connect().await;
    assert!(is_closed(&mut third).await);
    assert!(is_closed(&mut silent).await);
    assert!(is_closed(&mut stuck).await);
    let mut next = bench.connect().await;
    next.write_all(&reading(1, "7.1", 5).encode().expect("clean")).await.expect("sent");
    assert!(answer(&mut next).await.is_some());
    let counted = bench.gateway.counters().now();
    assert_eq!((counted.refused, counted.dropped), (1, 2), "{counted:?}");
}

#[tokio::test]
async fn packets_of_real_devices_go_through() {
    // Two device numbers of the collection were published with two passwords each: the first one counts.
    let mut devices: Vec<Device> = Vec::new();
    let (mut asked, mut known) = (0, 0);
    for line in PACKETS.lines() {
        let Some(Event::Packet { packet, .. }) = packets(line.as_bytes(), Mode::Tolerant).next() else { continue };
        let password = packet.pw.unwrap_or("");
        let same = devices.iter().find(|device| device.mn == packet.mn).map(|device| device.password == password);
        if same.is_none() {
            devices.push(Device::new(packet.mn, password, packet.mn, packet.mn, "water"));
        }
        if same != Some(false) {
            known += 1;
            asked += usize::from(hj212::acknowledgement(&packet).is_some());
        }
    }
    let bench = start_with(Settings::default(), devices, clock()).await;
    let mut line = bench.connect().await;
    for packet in PACKETS.lines() {
        line.write_all(format!("{packet}\r\n").as_bytes()).await.expect("sent");
    }
    line.shutdown().await.expect("closed");
    let mut answers = Vec::new();
    line.read_to_end(&mut answers).await.expect("read");
    let good = packets(&answers, Mode::Tolerant)
        .filter(|event| matches!(event, Event::Packet { packet, .. } if packet.st == "91"))
        .count();
    assert_eq!(good, asked);
    let counted = bench.gateway.counters().now();
    assert_eq!((counted.faults, counted.packets, counted.packets + counted.wrong_passwords), (6, known, 70));
    assert!(counted.observations > 400, "{counted:?}");
    let ph = bench.store.latest("ZLDSZ20210127");
    assert!(ph.iter().any(|value| value.series.factor == "w01001" && value.text == "8.33"));
}

#[tokio::test]
async fn heartbeats_are_answered_as_notices() {
    let bench = start(Settings::default()).await;
    let mut line = bench.connect().await;
    let heartbeat = Message { cn: "9015".into(), cp: Vec::new(), ..reading(1, "7", 9) };
    line.write_all(&heartbeat.encode().expect("clean")).await.expect("sent");
    let reply = answer(&mut line).await.expect("an answer");
    assert_eq!((reply.cn.as_str(), reply.flag), ("9013", Some(Flag(8))));
}

#[tokio::test]
async fn stopping_answers_what_was_sent() {
    let bench = start(Settings::default()).await;
    let mut line = bench.connect().await;
    line.write_all(&reading(1, "7.1", 5).encode().expect("clean")).await.expect("sent");
    assert!(answer(&mut line).await.is_some());
    timeout(Duration::from_secs(5), bench.gateway.stop()).await.expect("stopped");
    assert!(is_closed(&mut line).await);
}

fn real_time() -> Clock {
    Arc::new(Timestamp::now)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fleet_reports_its_history_and_is_acknowledged() {
    let bench = start_with(Settings::default(), Vec::new(), real_time()).await;
    let fleet = simulate(SimulateOptions {
        interval: Duration::from_millis(400),
        history_hours: 5,
        ..SimulateOptions::new(bench.gateway.address().to_string(), fleet(12), real_time())
    });
    let hours = |station: &str, factor: &str| {
        let series = Series::main(station, factor, Kind::Hour);
        bench.store.range(&series, Timestamp::MIN, Timestamp::MAX).expect("read").len()
    };
    let reported = until("twelve devices with their history", || {
        let counted = bench.gateway.counters().now();
        counted.connections == 12
            && counted.answered >= 12 * 7
            && hours("SIM00000", "a34004") == 5
            && hours("SIM00002", "Leq") == 5
    });
    tokio::select! {
        report = fleet => panic!("it has no end: {report:?}"),
        () = reported => {}
    }
    assert!(bench.store.open_warnings().expect("read").is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn faults_on_command_are_seen_and_survived() {
    let devices = vec![
        Device { minute_interval: 1, ..Device::new("AAAA0001", "123456", "W1", "圭塘河站", "water") },
        Device::new("AAAA0002", "123456", "W2", "浏阳河站", "water"),
        Device::new("AAAA0003", "123456", "W3", "捞刀河站", "water"),
    ];
    let simulated: Vec<SimulatedDevice> = devices.iter().map(SimulatedDevice::from).collect();
    // A clock that runs sixty times as fast: what lasts minutes is seen in seconds.
    let begun = (Timestamp::now(), std::time::Instant::now());
    let fast: Clock =
        Arc::new(move || begun.0 + jiff::SignedDuration::from_millis(begun.1.elapsed().as_millis() as i64 * 60));
    let bench = start_with(Settings::default(), devices, fast.clone()).await;
    let faults = Faults::default();
    faults.set("AAAA0001", Fault::Exceedance);
    faults.set("AAAA0002", Fault::Garbage);
    faults.set("AAAA0003", Fault::BrokenPacket);
    let fleet = simulate(SimulateOptions {
        interval: Duration::from_millis(200),
        faults,
        ..SimulateOptions::new(bench.gateway.address().to_string(), simulated, fast)
    });
    let seen = until("both warnings, and rubbish between good packets", || {
        let warnings = bench.store.open_warnings().expect("read");
        let is_open = |rule: &str| warnings.iter().any(|warning| warning.station == "W1" && warning.rule == rule);
        let counted = bench.gateway.counters().now();
        is_open("dissolved_oxygen_crash")
            && is_open("ammonia_high")
            && counted.faults > 10
            && counted.answered > 20
            && !bench.store.latest("W2").is_empty()
    });
    tokio::select! {
        report = fleet => panic!("it has no end: {report:?}"),
        () = seen => {}
    }
    let warnings = bench.store.open_warnings().expect("read");
    assert!(
        warnings.iter().all(|warning| warning.station == "W1" && !warning.message.zh.contains('{')),
        "{warnings:?}"
    );
    assert!(
        warnings.iter().any(|warning| warning.task.as_ref().is_some_and(|task| task.title.zh.starts_with("圭塘河站")))
    );
    assert!(bench.store.latest("W3").is_empty());
}

/// A line over which nothing can be read: whoever tries it panics.
struct Broken(TcpStream);

impl AsyncRead for Broken {
    fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, _: &mut ReadBuf<'_>) -> Poll<std::io::Result<()>> {
        panic!("a fault of the program")
    }
}

impl AsyncWrite for Broken {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

#[tokio::test]
async fn a_connection_whose_task_panicked_does_not_count_as_open() {
    let bench = start(Settings { max_connections: 1, ..Settings::default() }).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let line = TcpStream::connect(listener.local_addr().expect("an address")).await.expect("connected");
    assert!(bench.gateway.attach(Broken(line), "203.0.113.9:1".parse().expect("an address")));
    let open = || bench.gateway.counters().now().open_connections;
    until("the broken connection is gone", || open() == 0).await;
    let mut device = bench.connect().await;
    device.write_all(&reading(1, "7.1", 5).encode().expect("clean")).await.expect("sent");
    assert!(answer(&mut device).await.is_some(), "its place is free");
    assert_eq!(open(), 1);
}
