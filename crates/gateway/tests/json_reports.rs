//! Reports in JSON.

use std::sync::Arc;

use bilan_gateway::{Clock, FixedDirectory, Gateway, Readmission, Report, ReportFault, Settings, serve};
use bilan_telemetry::{Device, Kind, Series, Store};
use jiff::Timestamp;
use serde_json::json;
use tokio::net::TcpListener;

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
    let receipt = gateway.reports().take(&report(json!({})), b"{}", "here").await.expect("taken");
    assert_eq!((receipt.duplicate, receipt.observations), (false, 2));
    assert!(gateway.reports().take(&report(json!({})), b"{}", "here").await.expect("taken").duplicate);
    let newest = store.latest("A1");
    assert_eq!(
        newest
            .iter()
            .map(|value| (value.series.factor.as_str(), value.text.as_str(), value.is_valid()))
            .collect::<Vec<_>>(),
        [("a34002", "62", false), ("a34004", "35.0", true)]
    );
    let hour = report(json!({ "kind": "hour", "time": "20260504090000" }));
    gateway.reports().take(&hour, b"{}", "here").await.expect("taken");
    let hours = store.range(&Series::main("A1", "a34004", Kind::Hour), Timestamp::MIN, Timestamp::MAX).expect("read");
    assert_eq!(hours[0].shown_at(), "2026-05-04T10:00:00+08:00".parse::<Timestamp>().expect("an instant"));
    assert_eq!(store.last_packets("M1", 8).expect("read").len(), 2, "kept as packets of HJ 212");
}

#[tokio::test]
async fn a_report_of_a_period_that_still_runs_is_no_value_yet() {
    let (_folder, store, gateway) = start().await;
    for (kind, time) in [("hour", "20260504100000"), ("day", "20260504000000")] {
        let running = report(json!({ "kind": kind, "time": time }));
        let receipt = gateway.reports().take(&running, b"{}", "here").await.expect("taken");
        assert_eq!((receipt.duplicate, receipt.observations), (false, 2), "{kind}");
    }
    assert!(store.latest("A1").is_empty());
    let ahead = store.ahead().expect("read");
    assert_eq!((ahead[0].values, ahead[0].until), (4, "2026-05-05T00:00:00+08:00".parse().expect("an instant")));
}

#[tokio::test]
async fn what_is_wrong_with_a_report_is_told_and_strangers_are_kept_apart() {
    let (_folder, store, gateway) = start().await;
    let take =
        async |changed| gateway.reports().take(&report(changed), b"{\"raw\":1}", "here").await.expect_err("refused");
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
    let kept = store.quarantined(10).expect("read");
    let reasons: Vec<_> = kept.iter().rev().map(|kept| kept.reason.as_str()).collect();
    let bad = ["bad_report"; 4];
    assert_eq!(reasons, ["wrong_password", "unknown_device"].into_iter().chain(bad).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_report_whose_time_is_not_believed_is_refused_and_kept_aside() {
    let (_folder, store, gateway) = start().await;
    for (time, reason) in
        [("2099-12-31T00:00:00+08:00", "time_in_future"), ("1970-01-01T08:00:00+08:00", "time_long_past")]
    {
        let refused =
            gateway.reports().take(&report(json!({ "time": time })), b"{}", "here").await.expect_err("refused");
        assert!(matches!(refused, ReportFault::Clock(fault) if fault.name() == reason), "{refused}");
        assert_eq!(store.quarantined(1).expect("read")[0].reason, reason);
    }
    assert!(store.latest("A1").is_empty());
}

#[tokio::test]
async fn what_is_no_report_at_all_is_kept_before_a_broker_is_answered() {
    let (_folder, store, gateway) = start().await;
    gateway.reports().refuse(b"{ not json", "mqtt bilan/report/1").await.expect("kept");
    let kept = store.quarantined(1).expect("read");
    assert_eq!((kept[0].reason.as_str(), kept[0].raw.as_slice()), ("bad_report", &b"{ not json"[..]));
}

#[tokio::test]
async fn one_factor_is_one_series_over_this_way_too() {
    let (_folder, store, gateway) = start().await;
    let upper = report(json!({ "values": [{ "factor": "A34004", "value": 35 }] }));
    gateway.reports().take(&upper, b"{}", "here").await.expect("taken");
    assert_eq!(store.latest("A1").iter().map(|value| value.series.factor.as_str()).collect::<Vec<_>>(), ["a34004"]);
    assert_eq!(store.devices().expect("read")[0].tolerated, [("upper_case_factor".to_owned(), 1)]);
}

#[tokio::test]
async fn reports_of_a_device_that_is_approved_come_out_of_quarantine() {
    let (_folder, store, gateway) = start().await;
    let stranger = json!({
        "mn": "M2", "password": "654321", "time": "2026-05-04T10:00:00+08:00", "values": [{ "factor": "a34004", "value": 35 }],
    });
    let raw = stranger.to_string();
    let read: Report = serde_json::from_str(&raw).expect("a report");
    gateway.reports().take(&read, raw.as_bytes(), "here").await.expect_err("unknown");
    let approved = FixedDirectory::new([Device::new("M2", "654321", "A2", "天心二站", "air")]);
    assert_eq!(Readmission::default().run(&store, &approved).await.expect("stored"), 1);
    assert_eq!(store.latest("A2").len(), 1);
    assert!(store.strangers().expect("read").is_empty());
}
