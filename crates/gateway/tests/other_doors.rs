//! Reports in JSON, and the raw stream handed on to a second platform.

use std::sync::Arc;
use std::time::Duration;

use bilan_gateway::{Clock, FixedDirectory, ForwardSettings, Gateway, Report, ReportFault, Settings, forward, serve};
use bilan_telemetry::{Device, Kind, Series, Store, Submission};
use hj212::{Decoder, Event, Flag, Message, Mode, packets};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::time::timeout;

fn now() -> Timestamp {
    "2026-05-04T10:00:30+08:00".parse().expect("an instant")
}

fn clock() -> Clock {
    Arc::new(now)
}

fn device() -> Device {
    Device::new("M1", "123456", "A1", "天心一站", "air")
}

async fn start() -> (tempfile::TempDir, Store, Gateway) {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::open(&folder.path().join("observations.db"), Vec::new()).expect("opened");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let directory = Arc::new(FixedDirectory::new([device()]));
    let gateway = serve(listener, store.clone(), directory, Settings::default(), clock()).expect("serving");
    (folder, store, gateway)
}

fn report(changed: serde_json::Value) -> Report {
    let mut report = json!({
        "mn": "M1", "password": "123456", "time": "2026-05-04T10:00:00+08:00",
        "values": [{ "factor": "a34004", "value": "35.0" }, { "factor": "a34002", "value": 62, "flag": "M" }],
    });
    report.as_object_mut().expect("an object").extend(changed.as_object().expect("an object").clone());
    serde_json::from_value(report).expect("a report")
}

#[tokio::test]
async fn a_report_is_stored_like_a_packet_and_once() {
    let (_folder, store, gateway) = start().await;
    let receipt = gateway.door().take(&report(json!({})), b"{}", "here").await.expect("taken");
    assert_eq!((receipt.duplicate, receipt.observations), (false, 2));
    assert!(gateway.door().take(&report(json!({})), b"{}", "here").await.expect("taken").duplicate);
    let newest = store.latest("A1");
    assert_eq!(
        newest
            .iter()
            .map(|value| (value.series.factor.as_str(), value.text.as_str(), value.is_valid()))
            .collect::<Vec<_>>(),
        [("a34002", "62", false), ("a34004", "35.0", true)]
    );
    let hour = report(json!({ "kind": "hour", "time": "20260504090000" }));
    gateway.door().take(&hour, b"{}", "here").await.expect("taken");
    let hours = store.range(&Series::main("A1", "a34004", Kind::Hour), Timestamp::MIN, Timestamp::MAX).expect("read");
    assert_eq!(hours[0].shown_at(), "2026-05-04T10:00:00+08:00".parse::<Timestamp>().expect("an instant"));
    assert_eq!(store.last_packets("M1", 8).expect("read").len(), 2, "kept as packets of HJ 212");
}

#[tokio::test]
async fn what_is_wrong_with_a_report_is_told_and_strangers_are_kept_apart() {
    let (_folder, store, gateway) = start().await;
    let take =
        async |changed| gateway.door().take(&report(changed), b"{\"raw\":1}", "here").await.expect_err("refused");
    assert!(matches!(take(json!({ "password": "654321" })).await, ReportFault::Identity { .. }));
    assert!(matches!(take(json!({ "mn": "M2" })).await, ReportFault::Identity { .. }));
    for (changed, told) in [
        (json!({ "time": "soon" }), "time is “soon”: write 2026-05-04T10:00:00+08:00 or 20260504100000"),
        (json!({ "values": [] }), "values is empty"),
        (json!({ "values": [{ "factor": "a34004", "value": "much" }] }), "value of a34004 is “much”: write a number"),
        (json!({ "values": [{ "factor": "a;b", "value": 1 }] }), "CP item a;b-Rtd=1"),
    ] {
        let fault = take(changed).await.to_string();
        assert!(fault.starts_with(told), "{fault}");
    }
    assert!(store.latest("A1").is_empty());
    store.set_mark("written", 1).await.expect("whatever was quarantined before is on disk as well");
    let kept = store.quarantined(10).expect("read");
    assert_eq!(kept.iter().map(|kept| kept.reason.as_str()).collect::<Vec<_>>(), ["unknown_device", "wrong_password"]);
}

async fn append(store: &Store, from: i64, to: i64) {
    for number in from..to {
        let time = bilan_telemetry::intake::data_time_text(now() + SignedDuration::from_secs(number));
        let message = Message {
            qn: Some(format!("{number:017}")),
            pw: Some("123456".into()),
            ..Message::new("22", "2011", "M1", Flag(if number % 10 == 9 { 4 } else { 5 }))
        };
        let bytes = message.group([("DataTime", time)]).group([("a34004-Rtd", "35")]).encode().expect("clean");
        let Some(Event::Packet { packet, .. }) = packets(&bytes, Mode::Strict).next() else { panic!("good") };
        store.append(Submission::new(&packet, Arc::new(device()), "", now())).await.expect("stored");
    }
}

/// A second platform: takes so many packets on a line, then breaks it; answers all but those that it breaks at.
async fn platform(listener: TcpListener, lines: &[usize]) -> Vec<i64> {
    let mut heard = Vec::new();
    for most in lines {
        let (mut line, _) = listener.accept().await.expect("a line");
        let (mut decoder, mut buffer, mut count) = (Decoder::default(), [0u8; 2048], 0);
        'line: loop {
            let Ok(Ok(length)) = timeout(Duration::from_secs(4), line.read(&mut buffer)).await else { break };
            if length == 0 {
                break;
            }
            decoder.feed(&buffer[..length]);
            let mut answers = Vec::new();
            while let Some(event) = decoder.next_event() {
                let Event::Packet { packet, .. } = event else { panic!("{event:?}") };
                if count == *most {
                    break 'line;
                }
                count += 1;
                heard.push(packet.qn.expect("a number").parse().expect("a number"));
                answers.extend(hj212::acknowledgement(&packet).map(|answer| answer.encode().expect("clean")));
            }
            line.write_all(&answers.concat()).await.expect("answered");
        }
    }
    heard
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_raw_stream_reaches_a_second_platform_through_breaks() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::open(&folder.path().join("observations.db"), Vec::new()).expect("opened");
    append(&store, 0, 5).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let settings = ForwardSettings {
        to: listener.local_addr().expect("an address").to_string(),
        window: 40,
        answer_s: 2,
        look_s: 1,
        retry_s: 1,
    };
    let forwarding = tokio::spawn(forward(store.clone(), settings.clone()));
    while store.mark("forwarded").expect("read").is_none() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    append(&store, 5, 1305).await;
    // Packed while it is waiting to be handed on.
    let sealing = store.clone();
    let sealed = tokio::task::spawn_blocking(move || sealing.seal_blocking(now() + SignedDuration::from_hours(9)));
    assert_eq!(sealed.await.expect("done").expect("sealed").packets, 1000);
    let heard = timeout(Duration::from_secs(40), platform(listener, &[100, 333, usize::MAX])).await.expect("in time");
    let mut once = heard.clone();
    once.sort_unstable();
    once.dedup();
    assert_eq!(once, (5..1305).collect::<Vec<i64>>(), "what was there before is not sent, nothing after is left out");
    assert!(heard.len() < once.len() + 2 * 40 + 1, "at most a window is sent again after a break: {}", heard.len());
    assert_eq!(store.mark("forwarded").expect("read"), Some(1305));
    forwarding.abort();
}
