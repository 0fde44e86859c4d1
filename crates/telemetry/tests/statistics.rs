//! Statistics know how much was measured; reviews and late data are in them at once; what is let go lives on in its hours.

use std::path::Path;
use std::sync::Arc;

use bilan_telemetry::{
    Device, Kind, Period, PeriodStatistic, Requirement, Retention, Review, Series, Store, Submission,
};
use hj212::{Flag, Message, Mode, packets};
use jiff::{SignedDuration, Timestamp};

const AIR: Requirement = Requirement { hour_minutes: 45, day_hours: 20, month_days: 27 };

fn open(folder: &Path) -> Store {
    Store::open(&folder.join("observations.db"), Vec::new()).expect("opened")
}

/// A minute of 2024-06-01 in Beijing, and of the days that follow.
fn minute(minute: i64) -> Timestamp {
    "2024-06-01T00:00:00+08:00".parse::<Timestamp>().expect("an instant") + SignedDuration::from_mins(minute)
}

fn send(store: &Store, cn: &str, at: i64, items: &[(&str, &str)]) {
    let device = Arc::new(Device { minute_interval: 1, ..Device::new("M1", "123456", "A1", "站", "air") });
    let time = bilan_telemetry::intake::data_time_text(minute(at));
    let qn = format!("{:017}", at * 10 + i64::from(cn == "2061"));
    let message = Message { qn: Some(qn), pw: Some("123456".into()), ..Message::new("31", cn, "M1", Flag(5)) };
    let message = message.group([("DataTime", time)]).group(items.iter().copied());
    let bytes = message.encode().expect("clean");
    let Some(hj212::Event::Packet { packet, .. }) = packets(&bytes, Mode::Tolerant).next() else { panic!("good") };
    // Each period comes when it has ended.
    let length = if cn == "2061" { 60 } else { 1 };
    let received = minute(at + length) + SignedDuration::from_secs(5);
    store.append_blocking(Submission::new(&packet, device, "127.0.0.1:1", received)).expect("stored");
}

fn minutes(store: &Store, span: std::ops::Range<i64>, value: &str, flag: &str) {
    for at in span {
        send(store, "2051", at, &[("a34004-Avg", value), ("a34004-Flag", flag)]);
    }
}

fn ask(store: &Store, period: Period, from: i64, to: i64) -> Vec<PeriodStatistic> {
    store.statistics("A1", "a34004", period, (minute(from), minute(to)), AIR).expect("read")
}

fn review(key: &str, (from, to): (i64, i64), counts: bool) -> Review {
    Review {
        key: key.into(),
        station: "A1".into(),
        factor: Some("a34004".into()),
        from: minute(from),
        to: minute(to),
        counts,
        reason: "仪器校准".into(),
        by: "analyst".into(),
        at: minute(10_000),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_hour_needs_forty_five_minutes() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = open(folder.path());
    tokio::task::block_in_place(|| {
        minutes(&store, 0..45, "30", "N");
        minutes(&store, 45..60, "90", "D");
        minutes(&store, 60..104, "50", "N");
    });
    let hours = ask(&store, Period::Hour, 0, 120);
    let read: Vec<_> = hours.iter().map(|hour| (hour.mean, hour.parts, hour.capture, hour.valid)).collect();
    assert_eq!(
        read,
        [(Some(30.0), 45, Some(0.75), true), (Some(50.0), 44, Some(44.0 / 60.0), false)],
        "GB 3095 table 4: 45 minutes are enough, 44 are not; what the device marks does not count"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn people_say_what_counts_and_may_take_it_back() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = open(folder.path());
    tokio::task::block_in_place(|| {
        minutes(&store, 0..30, "30", "N");
        minutes(&store, 30..60, "90", "N");
        send(&store, "2061", 0, &[("a34004-Avg", "60"), ("a34004-Flag", "N")]);
    });
    let first = |store: &Store| ask(store, Period::Hour, 0, 60).remove(0);
    assert_eq!((first(&store).mean, first(&store).valid), (Some(60.0), true));

    store.review(review("SH1", (30, 60), false)).await.expect("written");
    let hour = first(&store);
    assert_eq!((hour.mean, hour.parts, hour.valid), (Some(30.0), 30, false), "half of the hour does not count");
    let series = Series::main("A1", "a34004", Kind::Minute);
    let values = store.range(&series, minute(0), minute(60)).expect("read");
    assert_eq!(values.len(), 60, "nothing is gone");
    assert_eq!((values[40].value, values[40].flag.as_deref(), values[40].reviewed), (90.0, Some("N"), Some(false)));
    let sent = store.range(&Series::main("A1", "a34004", Kind::Hour), minute(0), minute(60)).expect("read");
    assert!(!sent[0].is_valid(), "the device's hour holds the minutes that do not count");
    let running = store.valid_values(Some("A1"), Kind::Minute, minute(0), minute(60)).expect("read");
    assert_eq!(running[0].1.len(), 30);

    drop(store);
    let store = tokio::task::block_in_place(|| open(folder.path()));
    assert_eq!(first(&store).parts, 30, "a word outlasts the program");
    assert_eq!(store.reviews("A1", minute(0), minute(60))[0].reason, "仪器校准");
    store.withdraw_review("SH1").await.expect("written");
    assert_eq!((first(&store).mean, first(&store).parts), (Some(60.0), 60));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_needs_twenty_hours_and_late_data_make_it_whole() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = open(folder.path());
    tokio::task::block_in_place(|| {
        for hour in 0..19 {
            send(&store, "2061", hour * 60, &[("a34004-Avg", "40"), ("a34004-Flag", "N")]);
        }
    });
    let day = |store: &Store| ask(store, Period::Day, 0, 1440).remove(0);
    assert_eq!((day(&store).mean, day(&store).parts, day(&store).valid), (Some(40.0), 19, false));
    tokio::task::block_in_place(|| send(&store, "2061", 19 * 60, &[("a34004-Avg", "60"), ("a34004-Flag", "N")]));
    let whole = day(&store);
    assert_eq!((whole.mean, whole.parts, whole.valid), (Some(41.0), 20, true));
    assert_eq!((whole.min, whole.max), (Some(40.0), Some(60.0)));
    let month = ask(&store, Period::Month, 0, 40 * 1440).remove(0);
    assert_eq!((month.mean, month.parts, month.valid), (Some(41.0), 1, false));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_let_go_lives_on_in_its_hours() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = open(folder.path());
    tokio::task::block_in_place(|| {
        minutes(&store, 0..150, "30", "N");
        minutes(&store, 2880..2940, "50", "N");
    });
    let before = ask(&store, Period::Hour, 0, 2940);
    let retention = Retention { packets_days: 1, instants_days: 1, minutes_days: 1 };
    let retired = tokio::task::block_in_place(|| store.retire_blocking(retention, minute(2940))).expect("let go");
    assert_eq!((retired.chunks, retired.hours), (1, 3));
    let series = Series::main("A1", "a34004", Kind::Minute);
    assert_eq!(store.range(&series, minute(0), minute(150)).expect("read").len(), 0);
    assert_eq!(store.range(&series, minute(2880), minute(2940)).expect("read").len(), 60, "the day before stays");
    assert_eq!(ask(&store, Period::Hour, 0, 2940), before, "the hours say what they said");
    assert_eq!(store.hourly_means(&series, minute(0), minute(60)).expect("read")[0].1, 30.0);

    // Half an hour of the first day comes late, from a device that kept it.
    tokio::task::block_in_place(|| {
        minutes(&store, 150..180, "60", "N");
        store.retire_blocking(retention, minute(2940)).expect("let go");
    });
    let third = ask(&store, Period::Hour, 120, 180).remove(0);
    assert_eq!((third.mean, third.parts, third.capture), (Some(45.0), 60, Some(1.0)), "it is added to the sums");
    store.review(review("SH2", (0, 60), false)).await.expect("written");
    assert_eq!(ask(&store, Period::Hour, 0, 60), [], "an hour that was let go can still be set aside");
}
