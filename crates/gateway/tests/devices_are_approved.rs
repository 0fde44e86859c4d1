//! A device that nobody knows is held apart, and loses nothing when it is approved.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bilan_gateway::{DeviceDirectory, FixedDirectory, Readmission};
use bilan_telemetry::{Device, Store};
use hj212::{Flag, Message};
use jiff::{SignedDuration, Timestamp};

fn packet(mn: &str, minute: i8, value: &str) -> Vec<u8> {
    packet_with(mn, "123456", minute, value)
}

fn packet_with(mn: &str, password: &str, minute: i8, value: &str) -> Vec<u8> {
    let time = format!("2026050410{minute:02}00");
    let message = Message {
        qn: Some(format!("{time}000")),
        pw: Some(password.to_owned()),
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
    let readmission = Readmission::default();
    assert_eq!(readmission.run(&store, &directory).await.expect("stored"), 3);
    assert_eq!(readmission.run(&store, &directory).await.expect("stored"), 0, "once");
    let newest = store.latest("A1");
    assert_eq!((newest[0].text.as_str(), store.latest("A2").len()), ("32", 0), "a wrong password opens nothing");
    let packets = store.last_packets("M1", 8).expect("read");
    assert_eq!(packets[0].received_at, came + SignedDuration::from_mins(2));
    let left: Vec<_> = store.strangers().expect("read").into_iter().map(|left| (left.mn, left.packets)).collect();
    assert_eq!(left.len(), 3, "{left:?}");
    assert!(left.contains(&("M1".to_owned(), 1)), "what is no packet stays: {left:?}");
}

#[tokio::test]
async fn passwords_guessed_before_a_device_is_approved_open_nothing_and_hold_nothing_up() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::open(&folder.path().join("observations.db"), Vec::new()).expect("opened");
    let came: Timestamp = "2026-05-04T10:59:05+08:00".parse().expect("an instant");
    let keep = async |raw: Vec<u8>, peer: &str| {
        store.quarantine(raw, "unknown_device", Some("M1"), peer, came).await.expect("kept");
    };
    for number in 0..700 {
        let password = format!("{:06}", 123_000 + number);
        keep(packet_with("M1", &password, i8::try_from(number % 50).expect("small"), "99"), "203.0.113.9:4711").await;
    }
    keep(packet("M1", 55, "31"), "10.0.0.9:1").await;
    store.set_mark("done", 1).await.expect("written");
    let directory = FixedDirectory::new([Device::new("M1", "123456", "A1", "一站", "air")]);
    let stored = Readmission::default().run(&store, &directory).await.expect("stored");
    assert_eq!(stored, 1, "the packet of the device, behind all guesses");
    assert_eq!(store.latest("A1")[0].text, "31");
}

#[tokio::test]
async fn what_stays_in_quarantine_is_looked_at_again_only_when_that_can_change_something() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::open(&folder.path().join("observations.db"), Vec::new()).expect("opened");
    let came: Timestamp = "2026-05-04T10:59:05+08:00".parse().expect("an instant");
    let keep = async |raw: Vec<u8>| {
        store.quarantine(raw, "unknown_device", Some("M1"), "10.0.0.9:1", came).await.expect("kept");
        store.set_mark("done", 1).await.expect("written");
    };
    let readmission = Readmission::default();
    // How many packets were stored, and whether any was compared with the register.
    let run = async |password: &str| {
        let device = Device::new("M1", password, "A1", "一站", "air");
        let directory = Counted { directory: FixedDirectory::new([device]), asked: AtomicUsize::new(0) };
        let stored = readmission.run(&store, &directory).await.expect("stored");
        (stored, directory.asked.load(Ordering::Relaxed) > 1)
    };
    keep(packet_with("M1", "mended", 1, "31")).await;
    assert_eq!(run("123456").await, (0, true));
    assert_eq!(run("123456").await, (0, false), "nothing has changed");
    keep(packet("M1", 2, "32")).await;
    assert_eq!(run("123456").await, (1, true), "more was held");
    run("123456").await;
    assert_eq!(run("123456").await, (0, false));
    assert_eq!(run("mended").await, (1, true), "the register has another password");
}

/// A register that counts how often it is asked.
struct Counted {
    directory: FixedDirectory,
    asked: AtomicUsize,
}

impl DeviceDirectory for Counted {
    fn device(&self, mn: &str) -> Option<Arc<Device>> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        self.directory.device(mn)
    }
}

#[tokio::test]
async fn what_goes_into_quarantine_again_is_not_counted_as_stored() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::open(&folder.path().join("observations.db"), Vec::new()).expect("opened");
    // It came two days before the time that it names.
    let came: Timestamp = "2026-05-02T10:00:05+08:00".parse().expect("an instant");
    store.quarantine(packet("M1", 0, "30"), "unknown_device", Some("M1"), "10.0.0.9:1", came).await.expect("kept");
    let directory = FixedDirectory::new([Device::new("M1", "123456", "A1", "一站", "air")]);
    assert_eq!(Readmission::default().run(&store, &directory).await.expect("read"), 0);
    let left = store.quarantined(10).expect("read");
    assert_eq!(left.iter().map(|left| left.reason.as_str()).collect::<Vec<_>>(), ["time_in_future"]);
}
