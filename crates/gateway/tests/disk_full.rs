//! The disk is full: what cannot be stored is not acknowledged, and when there is room again the line goes on by itself.
//!
//! The limit is that of file sizes (`ulimit -f`), which SQLite meets as it meets a full disk; the test starts itself again under it.
#![cfg(unix)]

use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use bilan_gateway::{Clock, FixedDirectory, Gateway, Settings, serve};
use bilan_telemetry::{Device, Kind, Series, Store};
use hj212::{Decoder, Event, Flag, Message};
use jiff::{SignedDuration, Timestamp};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

/// Kilobytes that a file may have.
const LIMIT_KB: u32 = 4000;
/// Says to the test that it runs under the limit.
const LIMITED: &str = "BILAN_TEST_UNDER_A_LIMIT";

#[test]
fn what_cannot_be_stored_is_not_acknowledged_and_the_line_goes_on_by_itself() {
    if std::env::var_os(LIMITED).is_some() {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        return runtime.block_on(under_the_limit());
    }
    let own = std::env::current_exe().expect("this test");
    // Writing beyond the limit is to be an error, not the end of the process.
    let script = format!("trap '' XFSZ; ulimit -S -f {LIMIT_KB}; exec \"$0\" --nocapture");
    let ran = Command::new("bash").args(["-c", &script]).arg(own).env(LIMITED, "1").output().expect("bash");
    let said = String::from_utf8_lossy(&ran.stdout);
    assert!(ran.status.success(), "{said}\n{}", String::from_utf8_lossy(&ran.stderr));
    assert!(said.contains("1 passed"), "{said}");
}

fn at(number: i64) -> Timestamp {
    "2026-05-04T10:00:00+08:00".parse::<Timestamp>().expect("an instant") + SignedDuration::from_secs(number)
}

/// A packet of a hundred values.
fn packet(number: i64) -> Vec<u8> {
    let time = bilan_telemetry::intake::data_time_text(at(number));
    let message = Message {
        qn: Some(format!("{number:017}")),
        pw: Some("123456".into()),
        ..Message::new("22", "2011", "M1", Flag(5))
    };
    let values = (0..60).map(|factor| (format!("a{factor:05}-Rtd"), format!("{}.{number}", factor * 7)));
    message.group([("DataTime", time)]).group(values).encode().expect("clean")
}

struct Line {
    stream: TcpStream,
    decoder: Decoder,
}

impl Line {
    /// Sends a packet; whether it was acknowledged. That it was not is known when the gateway has counted it as not stored.
    async fn send(&mut self, gateway: &Gateway, number: i64) -> bool {
        let not_stored = || gateway.counters().now().not_stored;
        let before = not_stored();
        self.stream.write_all(&packet(number)).await.expect("sent");
        let expected = format!("{number:017}");
        let answered = async {
            let mut buffer = [0; 1024];
            loop {
                if let Some(Event::Packet { packet, .. }) = self.decoder.next_event() {
                    assert_eq!((packet.cn, packet.qn), ("9014", Some(expected.as_str())));
                    return true;
                }
                let length = self.stream.read(&mut buffer).await.expect("the line stands");
                assert!(length > 0, "the line stands");
                self.decoder.feed(&buffer[..length]);
            }
        };
        let refused = async {
            while not_stored() == before {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            false
        };
        let either = async {
            tokio::select! {
                acknowledged = answered => acknowledged,
                acknowledged = refused => acknowledged,
            }
        };
        timeout(Duration::from_secs(60), either).await.expect("stored or not, it is known within a minute")
    }
}

async fn under_the_limit() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::open(&folder.path().join("observations.db"), Vec::new()).expect("opened");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let directory = Arc::new(FixedDirectory::new([Device::new("M1", "123456", "A1", "天心一站", "air")]));
    let clock: Clock = Arc::new(|| at(5000));
    let gateway = serve(listener, store.clone(), directory, Settings::default(), clock).expect("serving");
    let stream = TcpStream::connect(gateway.address()).await.expect("connected");
    let mut line = Line { stream, decoder: Decoder::default() };

    let mut acknowledged = Vec::new();
    let mut refused = None;
    for number in 0..4000 {
        if line.send(&gateway, number).await {
            acknowledged.push(number);
        } else {
            refused = Some(number);
            break;
        }
    }
    let refused = refused.expect("the disk is full before four thousand packets");
    assert!(acknowledged.len() > 50, "{} packets fit", acknowledged.len());
    assert!(!line.send(&gateway, refused).await, "still full, still refused, and the line stands");
    assert!(gateway.counters().now().not_stored >= 2);

    let lifted = Command::new("prlimit").args(["--fsize=unlimited", "--pid", &std::process::id().to_string()]).status();
    assert!(lifted.expect("prlimit").success());
    assert!(line.send(&gateway, refused).await, "there is room again");
    acknowledged.push(refused);
    let kept = store.packets("M1", Timestamp::MIN, Timestamp::MAX, 10_000).expect("read");
    assert_eq!(kept.len(), acknowledged.len(), "each acknowledged packet once, and nothing else");
    let values = store.range(&Series::main("A1", "a00001", Kind::Realtime), Timestamp::MIN, Timestamp::MAX);
    assert_eq!(values.expect("read").len(), acknowledged.len());
}
