//! Clocks of devices that are wrong: what they say is stored right, waits, or is kept aside; it never hides what comes after it.

mod one_device;

use std::path::Path;
use std::sync::Arc;

use bilan_telemetry::{Device, Doubt, Kind, Receipt, Series, Stamped, Store, TimeFault};
use hj212::{Flag, Message};
use jiff::{SignedDuration, Timestamp};
use one_device::{append, device, submission};
use test_case::test_case;

/// 2026-11-24 08:00 in Beijing, and so many minutes later.
fn at(minutes: i64) -> Timestamp {
    "2026-11-24T00:00:00Z".parse::<Timestamp>().expect("an instant") + SignedDuration::from_mins(minutes)
}

const HIGH_AMMONIA: &str = r#"
[ammonia]
label = { zh = "氨氮偏高", en = "High ammonia" }
stations = "water"
when = "now.w21003 > 2.0"
factor = "w21003"
unit = "mg/L"
level = "alarm"
message = { zh = "{station}{value}", en = "{station} {value}" }

[oxygen_of_the_hour]
label = { zh = "溶解氧小时均值偏低", en = "Low oxygen of the hour" }
stations = "water"
factor = "w01009"
kind = "hour"
op = "<"
threshold = 2
level = "alarm"
message = { zh = "{station}{value}", en = "{station} {value}" }
"#;

fn open(folder: &Path) -> Store {
    one_device::open(folder, HIGH_AMMONIA)
}

/// A packet whose clock shows `shows` comes at `comes`.
fn send_as(store: &Store, cn: &str, shows: &str, items: &[(&str, &str)], comes: Timestamp, back_fill: bool) -> Receipt {
    let message =
        Message { qn: Some(format!("{}000", comes.as_second())), back_fill, ..Message::new("21", cn, "M1", Flag(5)) };
    let message = message.group([("DataTime", shows)]);
    let message = items.iter().fold(message, |message, item| message.group([*item]));
    append(store, &message, comes)
}

fn send(store: &Store, shows: Timestamp, oxygen: &str, comes: Timestamp) -> Receipt {
    let shows = bilan_telemetry::intake::data_time_text(shows);
    send_as(store, "2011", &shows, &[("w01009-Rtd", oxygen), ("w21003-Rtd", "0.4")], comes, false)
}

fn oxygen() -> Series {
    Series::main("W1", "w01009", Kind::Realtime)
}

fn newest(store: &Store) -> Option<(Timestamp, String)> {
    store.latest("W1").into_iter().find(|value| value.series == oxygen()).map(|value| (value.at, value.text))
}

fn values(store: &Store) -> Vec<String> {
    store.range(&oxygen(), Timestamp::MIN, Timestamp::MAX).expect("read").into_iter().map(|value| value.text).collect()
}

async fn tick(store: &Store, now: Timestamp) {
    store.tick(now).await.expect("taken");
    // Commands are done in their order: when this is on disk, the tick is.
    store.set_mark("ticked", 1).await.expect("written");
}

fn blocking<T>(ask: impl FnOnce() -> T) -> T {
    tokio::task::block_in_place(ask)
}

#[test_case(15; "a quarter of an hour")]
#[test_case(60; "an hour, as in summer time")]
#[test_case(1439; "a day")]
#[tokio::test(flavor = "multi_thread")]
async fn a_packet_from_ahead_waits_and_hides_nothing(minutes: i64) {
    let folder = tempfile::tempdir().expect("a folder");
    let mut store = open(folder.path());
    blocking(|| {
        send(&store, at(0), "7.1", at(0));
        let ahead = send(&store, at(1 + minutes), "1.0", at(1));
        assert_eq!((ahead.observations, ahead.quarantined), (2, None), "it is on disk and may be answered");
    });
    assert_eq!(newest(&store), Some((at(0), "7.1".to_owned())));
    assert!(store.open_warnings().expect("read").is_empty(), "no rule sees it");
    assert_eq!(values(&store), ["7.1"], "nor does any question");
    assert_eq!(store.ahead().expect("read")[0].values, 2);

    // What comes next counts at once, for pages and rules, through a restart too.
    blocking(|| send(&store, at(2), "1.5", at(2)));
    assert_eq!(newest(&store), Some((at(2), "1.5".to_owned())));
    assert_eq!(store.open_warnings().expect("read").len(), 1);
    drop(store);
    store = open(folder.path());
    tick(&store, at(3)).await;
    blocking(|| send(&store, at(4), "6.0", at(4)));
    assert_eq!(newest(&store), Some((at(4), "6.0".to_owned())));
    assert!(store.open_warnings().expect("read").is_empty(), "it cleared");

    // Its time has come: it is a value like any other, with a doubt.
    tick(&store, at(1 + minutes)).await;
    assert_eq!(newest(&store), Some((at(1 + minutes), "1.0".to_owned())));
    assert!(store.ahead().expect("read").is_empty());
    assert_eq!(store.open_warnings().expect("read").len(), 1, "and rules look at it now");
    let doubts = store.doubts("W1", at(0), at(2000)).expect("read");
    assert!(doubts.iter().any(|doubt| doubt.doubt == Doubt::InFuture && doubt.first == at(1 + minutes)), "{doubts:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_in_its_time_stands_before_what_came_ahead_of_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = open(folder.path());
    blocking(|| {
        send(&store, at(60), "1.0", at(0));
        send(&store, at(60), "7.3", at(60));
    });
    tick(&store, at(61)).await;
    assert_eq!(values(&store), ["7.3"]);
    let revised = store.revisions(&oxygen()).expect("read");
    assert_eq!(revised.iter().map(|value| value.text.as_str()).collect::<Vec<_>>(), ["1.0"], "what was said is kept");
}

#[test]
fn hours_and_days_from_ahead_wait_as_well() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = open(folder.path());
    for (cn, shows, kind) in [("2061", "20261124200000", Kind::Hour), ("2031", "20261125000000", Kind::Day)] {
        let receipt = send_as(&store, cn, shows, &[("w01009-Avg", "7")], at(0), false);
        assert_eq!((receipt.observations, receipt.quarantined), (1, None));
        assert!(store.latest_everywhere(kind).is_empty());
    }
}

/// Oxygen of a period, which the device names by what it `shows`, comes at a moment.
fn send_period(store: &Store, device: &Device, cn: &str, shows: &str, oxygen: &str, comes: Timestamp) -> Receipt {
    let message = Message::new("21", cn, "M1", Flag(5)).group([("DataTime", shows)]).group([("w01009-Avg", oxygen)]);
    store.append_blocking(submission(&message, Arc::new(device.clone()), comes)).expect("stored")
}

#[test_case("2051", "20261124090000", Stamped::Start, 90, Kind::Minute; "half an hour")]
#[test_case("2061", "20261124090000", Stamped::Start, 120, Kind::Hour; "an hour")]
#[test_case("2061", "20261124100000", Stamped::End, 120, Kind::Hour; "an hour that is stamped at its end")]
#[test_case("2031", "20261124000000", Stamped::Start, 960, Kind::Day; "today")]
#[tokio::test(flavor = "multi_thread")]
async fn a_period_that_still_runs_waits_until_it_has_ended(
    cn: &str,
    shows: &str,
    stamped: Stamped,
    ends: i64,
    kind: Kind,
) {
    let folder = tempfile::tempdir().expect("a folder");
    let store = open(folder.path());
    let device = Device { stamped, minute_interval: 30, ..(*device()).clone() };
    // At 09:05.
    let receipt = blocking(|| send_period(&store, &device, cn, shows, "1.0", at(65)));
    assert_eq!((receipt.observations, receipt.quarantined), (1, None), "it is on disk and may be answered");
    let series = Series::main("W1", "w01009", kind);
    let stored = || store.range(&series, Timestamp::MIN, Timestamp::MAX).expect("read");
    for minute in [66, ends - 1] {
        tick(&store, at(minute)).await;
        assert!(store.latest("W1").is_empty() && stored().is_empty(), "minute {minute}");
        assert!(store.open_warnings().expect("read").is_empty(), "minute {minute}");
        assert_eq!(store.ahead().expect("read")[0].until, at(ends), "minute {minute}");
    }
    tick(&store, at(ends)).await;
    assert_eq!((stored().len(), stored()[0].end()), (1, at(ends)));
    assert!(store.ahead().expect("read").is_empty());
    assert_eq!(store.open_warnings().expect("read").len(), usize::from(kind == Kind::Hour), "rules look at it now");
    let doubts = store.doubts("W1", at(-960), at(2000)).expect("read");
    assert_eq!(doubts.iter().map(|doubts| doubts.doubt).collect::<Vec<_>>(), [Doubt::InFuture]);
}

#[test]
fn a_period_that_has_ended_counts_at_once_whichever_end_is_stamped() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = open(folder.path());
    for (stamped, shows) in [(Stamped::Start, "20261124080000"), (Stamped::End, "20261124100000")] {
        let device = Device { stamped, ..(*device()).clone() };
        let comes = if stamped == Stamped::Start { at(60) } else { at(120) };
        send_period(&store, &device, "2061", shows, "7.0", comes);
        assert_eq!(store.latest("W1")[0].end(), comes);
    }
    // The clock of the device is five minutes fast.
    send_period(&store, &device(), "2061", "20261124100000", "7.1", at(175));
    assert_eq!(store.latest("W1")[0].end(), at(180));
    assert!(store.ahead().expect("read").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_hour_that_comes_again_when_it_has_ended_is_not_doubted() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = open(folder.path());
    blocking(|| send_period(&store, &device(), "2061", "20261124090000", "6.0", at(65)));
    tick(&store, at(120)).await;
    blocking(|| send_period(&store, &device(), "2061", "20261124090000", "7.3", at(121)));
    let newest = store.latest("W1");
    assert_eq!(newest.iter().map(|value| value.text.as_str()).collect::<Vec<_>>(), ["7.3"]);
    assert!(store.doubts("W1", at(0), at(2000)).expect("read").is_empty());
    let revised = store.revisions(&Series::main("W1", "w01009", Kind::Hour)).expect("read");
    assert_eq!(revised.iter().map(|value| value.text.as_str()).collect::<Vec<_>>(), ["6.0"], "what was said is kept");
}

#[test_case("20991231000000", TimeFault::Ahead; "another century")]
#[test_case("20261125090000", TimeFault::Ahead; "a day and an hour")]
#[test_case("19700101080000", TimeFault::LongPast; "a clock that was never set")]
#[test_case("20000101000000", TimeFault::LongPast; "a battery that is empty")]
#[test_case("soon", TimeFault::Missing; "no time")]
#[test_case("20261324080000", TimeFault::Missing; "no such month")]
fn a_time_that_cannot_be_is_kept_aside_and_not_acknowledged(shows: &str, fault: TimeFault) {
    let folder = tempfile::tempdir().expect("a folder");
    let store = open(folder.path());
    send(&store, at(0), "7.1", at(0));
    for again in 1..3 {
        let receipt = send_as(&store, "2011", shows, &[("w01009-Rtd", "1.0")], at(1), false);
        assert_eq!((receipt.quarantined, receipt.duplicate), (Some(fault), false), "time {again}");
    }
    assert_eq!(store.quarantined(10).expect("read")[0].reason, fault.name());
    assert_eq!((values(&store), newest(&store)), (vec!["7.1".to_owned()], Some((at(0), "7.1".to_owned()))));
    assert_eq!(
        store.last_packets("M1", 10).expect("read").len(),
        1,
        "the packet is in quarantine, not among the packets"
    );
    assert!(store.open_warnings().expect("read").is_empty());
}

#[test]
fn the_hour_24_is_the_next_day() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = open(folder.path());
    let receipt = send_as(&store, "2061", "20261123240000", &[("w01009-Avg", "7")], at(70), false);
    assert_eq!(receipt, Receipt::stored(1));
    assert_eq!(store.latest("W1")[0].at, "2026-11-24T00:00:00+08:00".parse().expect("an instant"));
}

#[test]
fn a_clock_that_stands_still_does_not_write_over_what_was_measured() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = open(folder.path());
    let mut kept_aside = 0;
    for minute in 0..60 {
        let receipt = send(&store, at(0), &format!("{:.2}", 7.0 + minute as f64 / 100.0), at(minute));
        kept_aside += usize::from(receipt.quarantined == Some(TimeFault::Taken));
    }
    assert_eq!(kept_aside, 49, "after ten minutes nobody can mean that instant any more");
    assert_eq!(values(&store).len(), 1);
    assert_eq!(store.devices().expect("read")[0].clock_behind_s, Some(59 * 60), "what the clock shows is said");
}

#[test]
fn a_clock_that_is_set_back_a_day_does_not_write_over_yesterday() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = open(folder.path());
    for minute in 0..10 {
        send(&store, at(minute), "7.1", at(minute));
    }
    let day = SignedDuration::from_hours(24);
    let back = send(&store, at(3), "3.3", at(3) + day);
    assert_eq!(back.quarantined, Some(TimeFault::Taken));
    assert_eq!(values(&store), ["7.1"; 10]);

    // A device that fills in what it kept says the same again, or marks it; both are taken.
    assert_eq!(send(&store, at(4), "7.1", at(4) + day).quarantined, None);
    let marked = bilan_telemetry::intake::data_time_text(at(5));
    assert_eq!(send_as(&store, "2011", &marked, &[("w01009-Rtd", "7.2")], at(5) + day, true).quarantined, None);
    // A gap is filled.
    assert_eq!(send(&store, at(30), "7.3", at(30) + day), Receipt::stored(2));
    assert_eq!(values(&store).len(), 11);
}

#[test]
fn expressions_see_nothing_from_ahead_either() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = open(folder.path());
    let ammonia = |shows: Timestamp, value: &str, comes: Timestamp| {
        let shows = bilan_telemetry::intake::data_time_text(shows);
        send_as(&store, "2011", &shows, &[("w21003-Rtd", value)], comes, false)
    };
    ammonia(at(300), "0.1", at(0));
    ammonia(at(1), "2.5", at(1));
    let open = store.open_warnings().expect("read");
    assert_eq!(open.iter().map(|warning| warning.rule.as_str()).collect::<Vec<_>>(), ["ammonia"]);
}

#[test]
fn a_clock_set_back_by_years_is_doubted_and_what_a_logger_kept_is_not() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = open(folder.path());
    send(&store, at(0), "6.9", at(0));
    let days = |days: i64| at(1 - days * 24 * 60);
    send(&store, days(200), "6.1", at(1));
    send(&store, days(400), "6.2", at(2));
    send_as(&store, "2011", "20200101000000", &[("w01009-Rtd", "6.3")], at(3), true);
    let doubts = store.doubts("W1", Timestamp::MIN, at(10)).expect("read");
    let doubts: Vec<_> = doubts.iter().filter(|doubts| doubts.series == oxygen()).collect();
    assert_eq!(doubts.len(), 1, "{doubts:?}");
    assert_eq!((doubts[0].doubt, doubts[0].first, doubts[0].count), (Doubt::OutOfOrder, days(400), 1));
}
