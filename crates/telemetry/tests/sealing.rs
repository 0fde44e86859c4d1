//! Sealing moves values and changes none: what was read before is read after, late and revised values included.

use std::path::Path;
use std::sync::Arc;

use bilan_telemetry::{Device, Kind, Observation, Sealed, Series, Statistic, Store, Submission, rules};
use hj212::{Flag, Message, Mode, packets};
use jiff::{SignedDuration, Timestamp};

/// Looks back: what is sealed is read at the start.
const ACID: &str = r#"
[acid]
label = { zh = "酸", en = "Acid" }
stations = "water"
factor = "w01001"
when = "mean('w01001', 2880) < 3.0 && now.w01001 < 3.0"
level = "info"
message = { zh = "{value}", en = "{value}" }
"#;

fn open(folder: &Path) -> Store {
    let rules = rules::parse("test.toml", ACID).expect("good rules");
    Store::open(&folder.join("observations.db"), rules).expect("opened")
}

fn midnight() -> Timestamp {
    "2024-06-01T00:00:00+08:00".parse().expect("an instant")
}

fn minute(minute: i64) -> Timestamp {
    midnight() + SignedDuration::from_mins(minute)
}

fn send(store: &Store, cn: &str, at: Timestamp, qn: i64, items: &[(&str, &str)]) {
    let device = Arc::new(Device { minute_interval: 1, ..Device::new("M1", "123456", "W1", "圭塘河站", "water") });
    let time = bilan_telemetry::intake::data_time_text(at);
    let message =
        Message { qn: Some(format!("{qn:017}")), pw: Some("123456".into()), ..Message::new("21", cn, "M1", Flag(5)) };
    let message = message.group([("DataTime", time)]).group(items.iter().copied());
    let bytes = message.encode().expect("clean");
    let Some(hj212::Event::Packet { packet, .. }) = packets(&bytes, Mode::Tolerant).next() else { panic!("good") };
    // Each period comes when it has ended.
    let received = at + SignedDuration::from_mins(if cn == "2061" { 60 } else { 1 }) + SignedDuration::from_secs(5);
    store.append_blocking(Submission::new(&packet, device, "127.0.0.1:1", received)).expect("stored");
}

fn ph() -> Series {
    Series { station: "W1".into(), factor: "w01001".into(), kind: Kind::Minute, statistic: Statistic::Avg }
}

fn all(store: &Store) -> Vec<Observation> {
    store.range(&ph(), Timestamp::MIN, Timestamp::MAX).expect("read")
}

/// A day and a half of minutes.
fn filled(folder: &Path) -> Store {
    let store = open(folder);
    for at in 0..2160 {
        let value = format!("{:.2}", 7.0 + f64::from(at as i32 % 37) * 0.01);
        let flag = if at % 500 == 499 { "M" } else { "N" };
        send(&store, "2051", minute(at), at, &[("w01001-Avg", &value), ("w01001-Flag", flag), ("w01009-Avg", "8.1")]);
    }
    store
}

#[test]
fn what_was_read_before_is_read_after() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = filled(folder.path());
    let before = all(&store);
    assert_eq!(before.len(), 2160);
    assert!(before.iter().any(|value| value.text == "7.10"), "trailing zeros are kept");
    let means = store.hourly_means(&ph(), minute(0), minute(2160)).expect("read");

    let sealed = store.seal_blocking(minute(2000)).expect("sealed");
    assert_eq!((sealed.values, sealed.chunks > 0), (4000, true));
    assert_eq!(all(&store), before);
    assert_eq!(store.hourly_means(&ph(), minute(0), minute(2160)).expect("read"), means);
    assert_eq!(store.seal_blocking(minute(2000)).expect("sealed"), Sealed::default(), "there is nothing left to seal");
    let part = store.range(&ph(), minute(1430), minute(1450)).expect("read");
    assert_eq!(part, before[1430..1450], "across midnight");
    let valid = store.valid_values(Some("W1"), Kind::Minute, minute(495), minute(505)).expect("read");
    assert_eq!(valid.iter().map(|(_, values)| values.len()).collect::<Vec<_>>(), [9, 10], "a mark that does not count");
    drop(store);
    assert_eq!(all(&open(folder.path())), before);
}

#[test]
fn hourly_means_are_those_of_the_values() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = filled(folder.path());
    store.seal_blocking(minute(700)).expect("sealed");
    let means = store.hourly_means(&ph(), minute(0), minute(1440)).expect("read");
    assert_eq!(means.len(), 24);
    for (hour, mean, count) in means {
        let values: Vec<f64> = store
            .range(&ph(), hour, hour + SignedDuration::from_hours(1))
            .expect("read")
            .iter()
            .filter(|value| value.is_valid())
            .map(|value| value.value)
            .collect();
        assert_eq!(values.len(), count as usize);
        let ions = values.iter().map(|value| 10f64.powf(-value)).sum::<f64>() / values.len() as f64;
        assert!((-ions.log10() - mean).abs() < 1e-12, "{hour}: pH by its ions");
    }
}

#[test]
fn late_data_open_the_chunk_again_and_what_they_replace_is_kept() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = filled(folder.path());
    store.seal_blocking(minute(2000)).expect("sealed");
    // A minute that was missing, one that says the same, one that says otherwise.
    send(&store, "2051", minute(-10), 9001, &[("w01001-Avg", "6.50"), ("w01001-Flag", "N")]);
    send(&store, "2051", minute(100), 9002, &[("w01001-Avg", "7.26"), ("w01001-Flag", "N")]);
    send(&store, "2051", minute(101), 9003, &[("w01001-Avg", "9.99"), ("w01001-Flag", "N")]);
    let check = |store: &Store| {
        let values = all(store);
        assert_eq!(values.len(), 2161);
        assert_eq!(
            (values[0].text.as_str(), values[101].text.as_str(), values[102].text.as_str()),
            ("6.50", "7.26", "9.99")
        );
        let revised = store.revisions(&ph()).expect("read");
        assert_eq!(
            revised.iter().map(|value| (value.at, value.text.as_str())).collect::<Vec<_>>(),
            [(minute(101), "7.27")]
        );
        let hour = store.hourly_means(&ph(), minute(60), minute(120)).expect("read");
        assert_eq!(hour[0].2, 60, "each minute counts once");
    };
    check(&store);
    store.seal_blocking(minute(2000)).expect("sealed");
    check(&store);
    drop(store);
    check(&open(folder.path()));
}

#[test]
fn the_newest_values_are_found_after_a_crash() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = filled(folder.path());
    send(&store, "2061", minute(60), 5000, &[("w01001-Avg", "7.77")]);
    // As a crash leaves the files: not closed, the table of newest values behind.
    let crashed = tempfile::tempdir().expect("a folder");
    for name in ["observations.db", "observations.db-wal"] {
        std::fs::copy(folder.path().join(name), crashed.path().join(name)).expect("copied");
    }
    let after = open(crashed.path());
    assert_eq!(after.latest("W1"), store.latest("W1"));
    let newest = after.latest("W1");
    let find = |kind: Kind| newest.iter().find(|value| value.series == Series { kind, ..ph() }).expect("there");
    assert_eq!((find(Kind::Minute).at, find(Kind::Hour).text.as_str()), (minute(2159), "7.77"));
}

#[test]
fn a_file_of_the_first_version_is_taken_over() {
    let folder = tempfile::tempdir().expect("a folder");
    drop(filled(folder.path()));
    let old = rusqlite::Connection::open(folder.path().join("observations.db")).expect("opened");
    old.execute_batch(
        "CREATE TABLE old (id INTEGER PRIMARY KEY, mn TEXT NOT NULL, digest BLOB NOT NULL, qn TEXT, cn TEXT NOT NULL, pno INTEGER,
             received_at INTEGER NOT NULL, raw BLOB NOT NULL, UNIQUE (mn, digest));
         INSERT INTO old SELECT a.id, a.mn, a.digest, NULL, '2051', NULL, a.received_at, p.raw FROM arrival a JOIN packet p ON p.id = a.id;
         DROP TABLE packet; DROP TABLE arrival; DROP TABLE packet_block; DROP TABLE chunk; DROP TABLE mark; DROP TABLE doubt; DROP TABLE review; DROP TABLE summary; DROP TABLE waiting;
         ALTER TABLE series DROP COLUMN checksum; ALTER TABLE hot DROP COLUMN checksum; ALTER TABLE held DROP COLUMN checksum;
         ALTER TABLE latest DROP COLUMN checksum; ALTER TABLE revision DROP COLUMN checksum;
         ALTER TABLE device DROP COLUMN checksum; ALTER TABLE device_tolerance DROP COLUMN checksum;
         ALTER TABLE quarantine DROP COLUMN checksum; ALTER TABLE warning DROP COLUMN checksum;
         ALTER TABLE old RENAME TO packet; CREATE INDEX packet_received ON packet (received_at); PRAGMA user_version = 1;",
    )
    .expect("made old");
    drop(old);
    let store = open(folder.path());
    assert_eq!((all(&store).len(), store.latest("W1").len()), (2160, 2));
    assert_eq!(store.seal_blocking(minute(2160)).expect("sealed").values, 4320);
    assert_eq!(store.packets("M1", minute(0), minute(3000), 10_000).expect("read").len(), 2160);
}

#[test]
fn packets_are_packed_and_found_by_device_and_time() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = filled(folder.path());
    let all = store.packets("M1", Timestamp::MIN, Timestamp::MAX, 10_000).expect("read");
    let hour = store.packets("M1", minute(600), minute(660), 10_000).expect("read");
    let last = store.last_packets("M1", 4).expect("read");
    assert_eq!((all.len(), hour.len(), last.len()), (2160, 60, 4));
    assert!(all.windows(2).all(|pair| pair[0].received_at > pair[1].received_at), "the newest first");

    assert_eq!(store.seal_blocking(minute(5000)).expect("sealed").packets, 2000);
    assert_eq!(store.packets("M1", Timestamp::MIN, Timestamp::MAX, 10_000).expect("read"), all);
    assert_eq!(store.packets("M1", minute(600), minute(660), 10_000).expect("read"), hour);
    assert_eq!(store.packets("M2", Timestamp::MIN, Timestamp::MAX, 10).expect("read"), []);
    drop(store);
    let store = open(folder.path());
    assert_eq!(store.last_packets("M1", 4).expect("read"), last);
    send(&store, "2051", minute(3), 3, &[("w01001-Avg", "7.03"), ("w01001-Flag", "N"), ("w01009-Avg", "8.1")]);
    assert_eq!(
        store.packets("M1", Timestamp::MIN, Timestamp::MAX, 10_000).expect("read").len(),
        2160,
        "it came before"
    );
    assert_eq!(store.devices().expect("read")[0].duplicates, 1);
}

#[test]
fn a_damaged_chunk_is_said_to_be_and_nothing_is_made_up() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = filled(folder.path());
    store.seal_blocking(minute(2000)).expect("sealed");
    let other = rusqlite::Connection::open(folder.path().join("observations.db")).expect("opened");
    other.execute("UPDATE chunk SET blob = substr(blob, 1, length(blob) - 7)", []).expect("damaged");
    let refused = store.range(&ph(), minute(0), minute(10)).expect_err("damaged");
    assert!(refused.to_string().contains("damaged"), "{refused}");
    let refused = store.hourly_means(&ph(), minute(0), minute(60)).expect_err("damaged");
    assert!(refused.to_string().contains("damaged"), "{refused}");
    let unsealed = store.range(&ph(), minute(2100), minute(2160)).expect("the same day, where nothing was sealed");
    assert_eq!(unsealed.len(), 60);
}

/// Damages the chunk of the pH of the first day.
fn damage(folder: &Path) {
    let other = rusqlite::Connection::open(folder.join("observations.db")).expect("opened");
    let series = "(SELECT id FROM series WHERE factor = 'w01001')";
    let sql = format!("UPDATE chunk SET blob = x'00' WHERE series = {series} AND day = (SELECT min(day) FROM chunk)");
    assert_eq!(other.execute(&sql, []).expect("damaged"), 1);
}

#[test]
fn a_damaged_chunk_holds_up_neither_what_comes_late_nor_the_sealing_of_others_nor_the_next_start() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = filled(folder.path());
    store.seal_blocking(minute(2000)).expect("sealed");
    damage(folder.path());
    // Of the damaged day: pH once more, and another factor that is whole.
    send(&store, "2051", minute(100), 9001, &[("w01001-Avg", "6.50"), ("w01009-Avg", "7.9")]);
    let sealed = store.seal_blocking(minute(2160)).expect("sealed");
    assert_eq!(sealed.values, 160 * 2 + 1, "all but the late pH, which stays where it is read");
    drop(store);
    let store = open(folder.path());
    let late = |factor: &str| {
        let series = Series { factor: factor.into(), ..ph() };
        store.range(&series, minute(100), minute(101)).expect("read").into_iter().map(|value| value.value).collect()
    };
    let dissolved: Vec<f64> = late("w01009");
    assert_eq!(dissolved, [7.9]);
    assert_eq!(late("w01001"), [6.5], "what was acknowledged is read, though the rest of its day is lost");
    let hour = store.hourly_means(&ph(), minute(60), minute(120)).expect("read");
    assert_eq!(hour.iter().map(|(_, mean, count)| (*mean, *count)).collect::<Vec<_>>(), [(6.5, 1)]);
    let valid = store.valid_values(Some("W1"), Kind::Minute, minute(100), minute(101)).expect("read");
    assert_eq!(valid.iter().map(|(_, values)| values[0]).collect::<Vec<_>>(), [6.5, 7.9]);
    let rest = store.range(&ph(), minute(1440), Timestamp::MAX).expect("read");
    assert_eq!(rest.len(), 720, "the day after is whole");
}

#[test]
fn two_sealings_at_once_lose_nothing_that_came_late() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = filled(folder.path());
    for turn in 0..8 {
        let late = minute(turn * 10);
        send(&store, "2051", late, 9000 + turn, &[("w01001-Avg", "5.55"), ("w01009-Avg", "7.9")]);
        let before = all(&store);
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| store.seal_blocking(minute(2000)).expect("sealed"));
            }
        });
        assert_eq!(all(&store), before);
    }
}

#[test]
fn a_store_whose_last_commits_failed_still_closes() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = open(folder.path());
    send(&store, "2051", minute(0), 1, &[("w01001-Avg", "7.1")]);
    let other = rusqlite::Connection::open(folder.path().join("observations.db")).expect("opened");
    other.execute_batch("ALTER TABLE latest RENAME TO gone").expect("renamed");
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(store.tick(minute(2))).expect("taken");
    let kept = store.try_writing();
    drop(store);
    assert!(kept.is_err(), "the table of newest values cannot follow");
}
