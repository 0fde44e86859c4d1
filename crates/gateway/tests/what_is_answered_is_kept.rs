//! No packet that is answered is absent from the store and from quarantine, and none that is in quarantine was answered: over every way in which a device is answered.

use std::sync::Arc;
use std::time::Duration;

use bilan_gateway::{Clock, FixedDirectory, Gateway, Settings, serve};
use bilan_telemetry::{Device, Kind, Series, Store};
use hj212::{Decoder, Event, Flag, Message, crc};
use jiff::{SignedDuration, Timestamp};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

fn now() -> Timestamp {
    "2026-11-23T16:00:30+08:00".parse().expect("an instant")
}

struct Bench {
    _folder: tempfile::TempDir,
    store: Store,
    gateway: Gateway,
    line: TcpStream,
}

async fn start() -> Bench {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::open(&folder.path().join("observations.db"), Vec::new()).expect("opened");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let directory = Arc::new(FixedDirectory::new([Device::new("M1", "123456", "W1", "圭塘河站", "water")]));
    let clock: Clock = Arc::new(now);
    let gateway = serve(listener, store.clone(), directory, Settings::default(), clock).expect("serving");
    let line = TcpStream::connect(gateway.address()).await.expect("connected");
    Bench { _folder: folder, store, gateway, line }
}

/// What one packet is to the gateway.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Fate {
    /// In the store, and answered.
    Stored,
    /// A notice: answered, and nothing to keep.
    Noticed,
    /// In quarantine for this reason, and not answered.
    KeptAside(&'static str),
}

impl Bench {
    /// Sends packets, and a heartbeat behind them: when that is answered, they have been.
    async fn answers(&mut self, packets: &[Vec<u8>]) -> Vec<Message> {
        let heartbeat = message("9015", "20261123160029999").encode().expect("clean");
        for bytes in packets.iter().chain([&heartbeat]) {
            self.line.write_all(bytes).await.expect("sent");
        }
        let (mut decoder, mut buffer, mut answers) = (Decoder::default(), [0u8; 2048], Vec::new());
        loop {
            let length = timeout(Duration::from_secs(60), self.line.read(&mut buffer))
                .await
                .expect("in a minute")
                .expect("read");
            assert!(length > 0, "the gateway ended the connection");
            decoder.feed(&buffer[..length]);
            while let Some(event) = decoder.next_event() {
                let Event::Packet { packet, .. } = event else { panic!("{event:?}") };
                if packet.qn == Some("20261123160029999") {
                    return answers;
                }
                // What the gateway asks by itself is no answer.
                if packet.st == "91" {
                    answers.push(packet.to_message());
                }
            }
        }
    }

    fn is_stored(&self, bytes: &[u8]) -> bool {
        self.store.last_packets("M1", 1000).expect("read").iter().any(|kept| kept.raw == bytes)
    }

    fn reason(&self, bytes: &[u8]) -> Option<String> {
        self.store.quarantined(1000).expect("read").into_iter().find(|kept| kept.raw == bytes).map(|kept| kept.reason)
    }

    async fn meets(&mut self, what: &str, bytes: Vec<u8>, fate: Fate) {
        for again in [false, true] {
            let answered = self.answers(std::slice::from_ref(&bytes)).await.len();
            let found = match (self.is_stored(&bytes), self.reason(&bytes)) {
                (true, None) if answered == 1 => Fate::Stored,
                (false, None) if answered == 1 => Fate::Noticed,
                (false, Some(reason)) if answered == 0 => match fate {
                    Fate::KeptAside(expected) if expected == reason => fate,
                    _ => panic!("{what}: in quarantine for {reason}"),
                },
                other => panic!("{what}: {other:?} and {answered} answers"),
            };
            assert_eq!(found, fate, "{what}, sent again: {again}");
        }
    }
}

fn message(cn: &str, qn: &str) -> Message {
    Message { qn: Some(qn.into()), pw: Some("123456".into()), ..Message::new("21", cn, "M1", Flag(5)) }
}

fn data(cn: &str, time: &str, item: (&str, &str)) -> Vec<u8> {
    let message = message(cn, &format!("{time:0>17}").replace(|letter: char| !letter.is_ascii_digit(), "0"));
    message.group([("DataTime", time)]).group([item]).encode().expect("clean")
}

fn framed(segment: &str) -> Vec<u8> {
    format!("##{:04}{segment}{:04X}\r\n", segment.len(), crc(segment.as_bytes())).into_bytes()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_packet_is_where_its_answer_says() {
    let mut bench = start().await;
    let rtd = ("w01001-Rtd", "7.21");
    let avg = ("w01001-Avg", "7.21");
    let stored = Fate::Stored;
    for (what, bytes, fate) in [
        ("an instant", data("2011", "20261123160000", rtd), stored),
        ("a state of equipment", data("2021", "20261123160000", ("SB1-RS", "1")), stored),
        ("minutes", data("2051", "20261123155000", avg), stored),
        ("an hour", data("2061", "20261123150000", avg), stored),
        ("a day", data("2031", "20261122000000", avg), stored),
        ("running hours", data("2041", "20261122000000", ("SB1-RT", "8")), stored),
        ("the start of a logger", message("2081", "20261123160001000").encode().expect("clean"), stored),
        (
            "parameters",
            message("3020", "20261123160002000").group([("i13004-Info", "1.0")]).encode().expect("clean"),
            stored,
        ),
        (
            "its clock",
            message("1011", "20261123160003000").group([("SystemTime", "20261123160003")]).encode().expect("clean"),
            stored,
        ),
        ("a request for the time", message("1013", "20261123160004000").encode().expect("clean"), stored),
        ("a login", message("9021", "20261123160005000").encode().expect("clean"), Fate::Noticed),
        ("the hour 24", data("2061", "20261122240000", avg), stored),
        ("separators", data("2011", "2026-11-23 16:00:10", rtd), stored),
        ("an hour ahead", data("2011", "20261123170000", rtd), stored),
        ("a day and an hour ahead", data("2011", "20261124170100", rtd), Fate::KeptAside("time_in_future")),
        ("another century", data("2061", "20991231000000", avg), Fate::KeptAside("time_in_future")),
        ("1970", data("2011", "19700101080000", rtd), Fate::KeptAside("time_long_past")),
        ("no such day", data("2031", "20260230000000", avg), Fate::KeptAside("time_missing")),
        (
            "no time",
            message("2011", "20261123160006000").group([rtd]).encode().expect("clean"),
            Fate::KeptAside("time_missing"),
        ),
        ("a year ago", data("2061", "20251123150000", avg), stored),
        (
            "back-filled",
            Message { back_fill: true, ..message("2011", "20261123160007000") }
                .group([("DataTime", "20261101080000")])
                .group([rtd])
                .encode()
                .expect("clean"),
            stored,
        ),
        (
            "no values",
            message("2011", "20261123160008000").group([("DataTime", "20261123160008")]).encode().expect("clean"),
            stored,
        ),
        (
            "an odd request number",
            framed(
                "QN=20261123160009CST;ST=21;CN=2011;PW=123456;MN=M1;Flag=5;CP=&&DataTime=20261123160009;w01001-Rtd=7.2&&",
            ),
            stored,
        ),
        (
            "a wrong password",
            Message { pw: Some("654321".into()), ..message("2011", "20261123160010000") }
                .group([rtd])
                .encode()
                .expect("clean"),
            Fate::KeptAside("wrong_password"),
        ),
    ] {
        bench.meets(what, bytes, fate).await;
    }
    let broken = framed(
        "QN=20261123160009000;ST=21;CN=2011;PW=123456;MN=M1;Flag=5;CP=&&DataTime=20261123160009;w01001-Rtd=7,2&&",
    );
    bench.meets("a comma for a point", broken, Fate::KeptAside("bad_item")).await;
    let counted = bench.gateway.counters().now();
    assert_eq!(counted.disbelieved_times, 2 * 5, "{counted:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parts_of_a_message_have_the_time_of_its_first() {
    let mut bench = start().await;
    let part = |qn: &str, number: u16, groups: &[(&str, &str)]| {
        let message = Message { packet_numbers: Some((3, number)), flag: Some(Flag(7)), ..message("2061", qn) };
        groups.iter().fold(message, |message, item| message.group([*item])).encode().expect("clean")
    };
    let parts = [
        part("20261123160000001", 1, &[("DataTime", "20261123150000"), ("w01001-Avg", "7.2")]),
        part("20261123160000001", 2, &[("w01009-Avg", "6.9")]),
        part("20261123160000002", 3, &[("w21003-Avg", "0.4")]),
    ];
    assert_eq!(bench.answers(&parts).await.len(), 3, "each part is answered");
    assert!(parts.iter().all(|part| bench.is_stored(part)));
    for factor in ["w01001", "w01009", "w21003"] {
        let hours =
            bench.store.range(&Series::main("W1", factor, Kind::Hour), Timestamp::MIN, Timestamp::MAX).expect("read");
        assert_eq!(hours.len(), 1, "{factor}");
        assert_eq!(hours[0].end(), now() - SignedDuration::from_secs(30), "{factor}");
    }
    // A part whose beginning did not come has no time: it is not answered, so the device sends it again.
    let lost = part("20261123170000001", 2, &[("w01009-Avg", "6.9")]);
    assert_eq!(bench.answers(std::slice::from_ref(&lost)).await.len(), 0);
    assert_eq!(bench.reason(&lost).as_deref(), Some("time_missing"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_factor_is_one_series_over_the_line() {
    let mut bench = start().await;
    for (time, key) in
        [("20261123160000", "w01001-Rtd"), ("20261123160010", "W01001-Rtd"), ("20261123160020", "w01001-RTD")]
    {
        assert_eq!(bench.answers(&[data("2011", time, (key, "7.21"))]).await.len(), 1);
    }
    let series = bench.store.series_of("W1").expect("read");
    assert_eq!(series, [Series::main("W1", "w01001", Kind::Realtime)]);
    let tolerated = &bench.store.devices().expect("read")[0].tolerated;
    assert!(
        tolerated.contains(&("upper_case_factor".to_owned(), 1)) && tolerated.contains(&("key_case".to_owned(), 1)),
        "{tolerated:?}"
    );
}
