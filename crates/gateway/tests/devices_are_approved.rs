//! A device that nobody knows is held apart, and loses nothing when it is approved.

use bilan_gateway::{FixedDirectory, readmit};
use bilan_telemetry::{Device, Store};
use hj212::{Flag, Message};
use jiff::{SignedDuration, Timestamp};

fn packet(mn: &str, minute: i8, value: &str) -> Vec<u8> {
    let time = format!("2026050410{minute:02}00");
    let message = Message {
        qn: Some(format!("{time}000")),
        pw: Some("123456".into()),
        ..Message::new("22", "2011", mn, Flag(5))
    };
    message.group([("DataTime", time.as_str())]).group([("a34004-Rtd", value)]).encode().expect("clean")
}

#[tokio::test]
async fn what_it_sent_before_is_stored_as_of_when_it_came() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::open(&folder.path().join("observations.db"), Vec::new()).expect("opened");
    let came: Timestamp = "2026-05-04T10:00:05+08:00".parse().expect("an instant");
    for minute in 0..3 {
        for mn in ["M1", "M2", "M3"] {
            let raw = packet(mn, minute, &format!("3{minute}"));
            let at = came + SignedDuration::from_mins(i64::from(minute));
            store.quarantine(raw, "unknown_device", Some(mn), "10.0.0.9:1", at).await.expect("kept");
        }
    }
    store.quarantine(b"rubbish".to_vec(), "unknown_device", Some("M1"), "10.0.0.9:1", came).await.expect("kept");
    // Quarantine is written without waiting: the next answer says that it is done.
    store.set_mark("done", 1).await.expect("written");
    let strangers = store.strangers().expect("read");
    assert_eq!(strangers.iter().map(|stranger| stranger.packets).sum::<i64>(), 10);

    let directory = FixedDirectory::new([
        Device::new("M1", "123456", "A1", "一站", "air"),
        Device::new("M2", "another", "A2", "二站", "air"),
    ]);
    assert_eq!(readmit(&store, &directory).await.expect("stored"), 3);
    assert_eq!(readmit(&store, &directory).await.expect("stored"), 0, "once");
    let newest = store.latest("A1");
    assert_eq!((newest[0].text.as_str(), store.latest("A2").len()), ("32", 0), "a wrong password opens nothing");
    let packets = store.last_packets("M1", 8).expect("read");
    assert_eq!(packets[0].received_at, came + SignedDuration::from_mins(2));
    let left: Vec<_> = store.strangers().expect("read").into_iter().map(|left| (left.mn, left.packets)).collect();
    assert_eq!(left.len(), 3, "{left:?}");
    assert!(left.contains(&("M1".to_owned(), 1)), "what is no packet stays: {left:?}");
}
