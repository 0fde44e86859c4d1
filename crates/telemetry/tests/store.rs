//! What the store promises: durable when it says so, each packet once, nothing overwritten without a trace, warnings with their values.

mod one_device;

use std::path::Path;
use std::sync::Arc;

use bilan_telemetry::{Device, Event, Kind, Receipt, Series, Store};
use hj212::{Flag, Message};
use jiff::{SignedDuration, Timestamp};
use one_device::{append, device, submission};

fn now() -> Timestamp {
    "2024-06-01T00:00:30Z".parse().expect("an instant")
}

fn message(cn: &str, time: &str, items: &[(&str, &str)]) -> Message {
    let message =
        Message { qn: Some(format!("{time}000")), pw: Some("123456".into()), ..Message::new("21", cn, "M1", Flag(5)) };
    items.iter().fold(message.group([("DataTime", time)]), |message, (factor, value)| {
        message.group([
            (factor.to_string(), value.to_string()),
            (format!("{}-Flag", factor.split('-').next().unwrap_or("")), "N".to_string()),
        ])
    })
}

const SILENT: &str = r#"
[silent]
label = { zh = "离线", en = "Silent" }
stations = "*"
silent_for = "30m"
level = "info"
message = { zh = "{station}{minutes}", en = "{station}" }
"#;

fn open(folder: &Path) -> Store {
    one_device::open(folder, SILENT)
}

#[test]
fn values_come_back_as_sent_after_a_restart() {
    let folder = tempfile::tempdir().expect("a folder");
    let receipt = append(
        &open(folder.path()),
        &message("2061", "20240601070000", &[("w01001-Avg", "7.10"), ("w01009-Avg", "8.234567890123456789")]),
        now(),
    );
    assert_eq!(receipt, Receipt::stored(2));

    let store = open(folder.path());
    let latest = store.latest("W1");
    assert_eq!(latest.len(), 2);
    assert_eq!((latest[0].text.as_str(), latest[0].value, latest[0].flag.as_deref()), ("7.10", 7.1, Some("N")));
    assert_eq!(latest[1].text, "8.234567890123456789");
    assert_eq!(latest[0].at.to_string(), "2024-05-31T23:00:00Z");
    assert_eq!(latest[0].shown_at().to_string(), "2024-06-01T00:00:00Z");
    let series = Series::main("W1", "w01001", Kind::Hour);
    assert_eq!(store.range(&series, latest[0].at, now()).expect("read").len(), 1);
    assert_eq!(store.range(&series, now(), now() + SignedDuration::from_hours(1)).expect("read").len(), 0);
    assert_eq!(store.series_of("W1").expect("read").len(), 2);
    assert_eq!(store.latest_everywhere(Kind::Hour).len(), 2);
}

#[test]
fn a_resent_packet_is_stored_once_and_a_changed_one_leaves_a_revision() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = open(folder.path());
    let first = message("2011", "20240601080000", &[("w01001-Rtd", "7.1")]);
    assert!(!append(&store, &first, now()).duplicate);
    assert!(append(&store, &first, now()).duplicate);
    let changed = message("2011", "20240601080000", &[("w01001-Rtd", "7.3")]);
    assert!(!append(&store, &changed, now()).duplicate);

    let series = Series::main("W1", "w01001", Kind::Realtime);
    let values: Vec<_> =
        store.range(&series, Timestamp::UNIX_EPOCH, now()).expect("read").iter().map(|o| o.value).collect();
    assert_eq!(values, [7.3]);
    let before: Vec<_> = store.revisions(&series).expect("read").iter().map(|o| o.value).collect();
    assert_eq!(before, [7.1]);
    let state = &store.devices().expect("read")[0];
    assert_eq!((state.packets, state.duplicates, state.clock_behind_s), (2, 1, Some(30)));
}

#[test]
fn late_history_does_not_replace_the_latest_value() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = open(folder.path());
    append(&store, &message("2061", "20240601070000", &[("w01001-Avg", "7.5")]), now());
    append(&store, &message("2061", "20240530070000", &[("w01001-Avg", "6.5")]), now());
    assert_eq!(store.latest("W1")[0].value, 7.5);
    let series = Series::main("W1", "w01001", Kind::Hour);
    assert_eq!(store.range(&series, Timestamp::UNIX_EPOCH, now()).expect("read").len(), 2);
}

#[test]
fn valid_values_of_a_span_are_gathered_by_series() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = open(folder.path());
    for (time, value) in [("20240601075900", "7.0"), ("20240601080000", "7.1"), ("20240601080010", "7.3")] {
        append(&store, &message("2011", time, &[("w01001-Rtd", value)]), now());
    }
    let broken = Message::new("21", "2011", "M1", Flag(5))
        .group([("DataTime", "20240601080020")])
        .group([("w01001-Rtd", "99"), ("w01001-Flag", "D")]);
    append(&store, &broken, now());
    append(&store, &message("2061", "20240601070000", &[("w01001-Avg", "6.9")]), now());

    let hour = now() - SignedDuration::from_secs(30);
    let rows = store.valid_values(Some("W1"), Kind::Realtime, hour, now()).expect("read");
    assert_eq!(rows, [(Series::main("W1", "w01001", Kind::Realtime), vec![7.1, 7.3])]);
    assert!(store.valid_values(Some("W2"), Kind::Realtime, hour, now()).expect("read").is_empty());
    let hours = store.valid_values(None, Kind::Hour, hour - SignedDuration::from_hours(1), hour).expect("read");
    assert_eq!(hours, [(Series::main("W1", "w01001", Kind::Hour), vec![6.9])]);
}

#[test]
fn values_from_the_future_are_quarantined() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = open(folder.path());
    let receipt = append(&store, &message("2011", "20991231000000", &[("w01001-Rtd", "7.5")]), now());
    assert_eq!(receipt.observations, 0);
    assert!(store.latest("W1").is_empty());
    let kept = store.quarantined(10).expect("read");
    assert_eq!((kept[0].reason.as_str(), kept[0].mn.as_deref()), ("time_in_future", Some("M1")));
}

#[tokio::test]
async fn subscribers_are_told_and_a_warning_is_kept_with_its_value() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = open(folder.path());
    let mut events = store.subscribe();
    for (time, value, at) in
        [("20240601080000", "1.5", now()), ("20240601080100", "6.5", now() + SignedDuration::from_mins(1))]
    {
        let message = message("2011", time, &[("w01009-Rtd", value)]);
        store.append(submission(&message, device(), at)).await.expect("stored");
    }
    let mut told = Vec::new();
    // The receipt comes first: subscribers are told a moment after it.
    while told.len() < 4 {
        let event = events.recv().await.expect("an event");
        told.push(match event {
            Event::Observed(update) => format!("{} {}", update.station, update.observations[0].text),
            Event::Warning(warning) => format!("{} {} open={}", warning.rule, warning.message.zh, warning.is_open()),
        });
    }
    assert_eq!(told, ["W1 1.5", "low_oxygen 圭塘河站1.5 open=true", "W1 6.5", "low_oxygen 圭塘河站1.5 open=false"]);
    assert!(store.open_warnings().expect("read").is_empty());
    let kept = store.warnings(now(), now() + SignedDuration::from_hours(1)).expect("read");
    assert_eq!(kept.len(), 1);
    assert_eq!((kept[0].value, kept[0].threshold), (1.5, 2.0));
}

#[tokio::test]
async fn silence_is_noticed_after_a_restart_too() {
    let folder = tempfile::tempdir().expect("a folder");
    {
        let store = open(folder.path());
        let message = message("2011", "20240601080000", &[("w01009-Rtd", "6")]);
        store.append(submission(&message, device(), now())).await.expect("stored");
    }
    let store = open(folder.path());
    let mut events = store.subscribe();
    store.tick(now() + SignedDuration::from_mins(10)).await.expect("taken");
    store.tick(now() + SignedDuration::from_mins(45)).await.expect("taken");
    let Ok(Event::Warning(warning)) = events.recv().await else { panic!("a warning") };
    assert_eq!((warning.rule.as_str(), warning.station.as_str(), warning.value), ("silent", "W1", 45.0));
    assert_eq!(store.open_warnings().expect("read").len(), 1);
}

#[tokio::test]
async fn what_the_register_says_of_silent_stations_reaches_the_rules() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = open(folder.path());
    for (mn, station) in [("M1", "W1"), ("M2", "W2"), ("M3", "W3")] {
        let message = Message { mn: mn.to_owned(), ..message("2011", "20240601080000", &[("w01009-Rtd", "6")]) };
        let device = Arc::new(Device::new(mn, "123456", station, "旧名", "water"));
        store.append(submission(&message, device, now())).await.expect("stored");
    }
    let known = |mn: &str, station: &str, maintained: bool| {
        Arc::new(Device { maintained, ..Device::new(mn, "123456", station, "新名", "water") })
    };
    store.tick(now()).await.expect("taken");
    let mut warnings = store.subscribe_to_warnings();
    // W2 is being looked after, W3 is out of the register.
    store.register(vec![known("M1", "W1", false), known("M2", "W2", true)]).await.expect("taken");
    store.tick(now() + SignedDuration::from_mins(45)).await.expect("taken");
    let warning = warnings.recv().await.expect("a warning");
    assert_eq!((warning.station.as_str(), warning.message.zh.as_str()), ("W1", "新名45"));
    store.set_mark("after the tick", 1).await.expect("written");
    assert_eq!(store.open_warnings().expect("read").len(), 1, "and no other");
}

#[tokio::test]
async fn a_slow_subscriber_loses_the_oldest_and_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = open(folder.path());
    let mut events = store.subscribe();
    let mut last = None;
    for number in 0..1100 {
        let time = format!("2024053108{:02}{:02}", number / 60 % 60, number % 60);
        let message = message("2011", &time, &[("w01001-Rtd", "7")]);
        last = Some(store.enqueue(submission(&message, device(), now())).await.expect("taken"));
    }
    last.expect("one").await.expect("answered").expect("stored");
    assert!(matches!(events.recv().await, Err(tokio::sync::broadcast::error::RecvError::Lagged(lost)) if lost > 0));
}

#[test]
fn a_file_of_a_later_version_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("observations.db");
    rusqlite::Connection::open(&path).expect("a file").pragma_update(None, "user_version", 99).expect("set");
    let refused = Store::open(&path, Vec::new()).expect_err("refused");
    assert!(refused.to_string().contains("version 99"), "{refused}");
}
