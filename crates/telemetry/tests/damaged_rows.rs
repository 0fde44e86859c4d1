//! A row that was damaged on the disk costs what it says, and nothing else: not the start, not its neighbours in a commit,
//! not the work that comes round.

mod one_device;

use std::path::Path;
use std::sync::Arc;

use bilan_telemetry::{Device, Kind, Retention, Review, Series, Store};
use hj212::{Flag, Message};
use jiff::{SignedDuration, Timestamp};
use one_device::{append, device, open, submission};
use test_case::test_case;

/// Looks back, so that the past is read at the start.
const FELL: &str = r#"
[fell]
label = { zh = "降", en = "Fell" }
stations = "water"
factor = "w01001"
when = "mean('w01001', 2880) > 8.0 && now.w01001 < 5.0"
level = "info"
message = { zh = "{value}", en = "{value}" }
"#;

fn minute(minute: i64) -> Timestamp {
    let midnight: Timestamp = "2024-06-01T00:00:00+08:00".parse().expect("an instant");
    midnight + SignedDuration::from_mins(minute)
}

/// A packet with the oxygen and the pH of a minute.
fn packet(mn: &str, cn: &str, at: Timestamp, oxygen: &str) -> Message {
    let time = bilan_telemetry::intake::data_time_text(at);
    let message =
        Message { qn: Some(format!("{time}000")), pw: Some("123456".into()), ..Message::new("21", cn, mn, Flag(5)) };
    let items = match cn {
        "2011" => [("w01009-Rtd", oxygen), ("w01001-Rtd", "7.1")],
        _ => [("w01009-Avg", oxygen), ("w01001-Avg", "7.1")],
    };
    message.group([("DataTime", time)]).group(items)
}

fn send(store: &Store, cn: &str, at: i64, oxygen: &str) {
    // Each period comes when it has ended.
    let length = if cn == "2061" { 60 } else { 1 };
    append(store, &packet("M1", cn, minute(at), oxygen), minute(at + length) + SignedDuration::from_secs(5));
}

fn oxygen(kind: Kind) -> Series {
    Series::main("W1", "w01009", kind)
}

fn other(folder: &Path) -> rusqlite::Connection {
    rusqlite::Connection::open(folder.join("observations.db")).expect("opened")
}

fn damage(folder: &Path, sql: &str) {
    assert!(other(folder).execute(sql, []).expect("damaged") > 0, "{sql}");
}

fn wait<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().expect("a runtime").block_on(work)
}

/// A text that is none: half a character.
const NO_TEXT: &str = "CAST(x'e59c' AS TEXT)";

#[test_case("UPDATE device SET name = NO_TEXT"; "the name of a device")]
#[test_case("UPDATE device SET station = NO_TEXT"; "the station of a device")]
#[test_case("UPDATE device SET packets = 'many'"; "how many packets a device sent")]
#[test_case("UPDATE device SET last_heard = 'long ago'"; "when a device was heard")]
#[test_case("UPDATE device SET clock_behind_s = x'00'"; "the clock of a device")]
#[test_case("UPDATE warning SET body = NO_TEXT"; "a warning that is no text")]
#[test_case("UPDATE warning SET body = '{}'"; "a warning that is none")]
#[test_case("UPDATE series SET factor = NO_TEXT WHERE factor = 'w01001' AND kind = 'minute'"; "the factor of a series")]
#[test_case("UPDATE series SET period_s = 'long'"; "the period of a series")]
#[test_case("UPDATE latest SET text = NO_TEXT"; "the newest values")]
#[test_case("UPDATE hot SET flag = NO_TEXT"; "marks of minutes")]
#[test_case("UPDATE hot SET value = 'high'"; "values of minutes")]
#[test_case("UPDATE held SET flag = NO_TEXT"; "marks of hours")]
#[test_case("UPDATE arrival SET mn = NO_TEXT"; "the device of a packet")]
#[test_case("UPDATE arrival SET digest = x'00'"; "the digest of a packet")]
#[test_case("UPDATE review SET reason = NO_TEXT"; "what people say of values")]
#[test_case("UPDATE mark SET name = NO_TEXT WHERE name = 'latest_is_whole'"; "a mark")]
fn the_program_starts_and_stores_what_comes(sql: &str) {
    let folder = tempfile::tempdir().expect("a folder");
    {
        let store = open(folder.path(), FELL);
        (0..3).for_each(|at| send(&store, "2051", at, "1.0"));
        send(&store, "2061", 0, "8.0");
        send(&store, "2011", 3, "1.0");
        let (at, by) = (minute(3), "李".to_owned());
        let (key, station, reason) = ("R1".to_owned(), "W1".to_owned(), "校准".to_owned());
        let review = Review { key, station, factor: None, from: at, to: at, counts: false, reason, by, at };
        wait(store.review(review)).expect("kept");
        assert_eq!(store.open_warnings().expect("read").len(), 1);
    }
    damage(folder.path(), &sql.replace("NO_TEXT", NO_TEXT));
    let store = open(folder.path(), FELL);
    send(&store, "2051", 1, "1.5");
    send(&store, "2051", 5, "8.0");
    let newest = store.latest("W1");
    assert!(newest.iter().any(|value| value.series == oxygen(Kind::Minute) && value.at == minute(5)), "{newest:?}");
    assert_eq!(store.devices().expect("read").len(), 1);
    store.open_warnings().expect("those that can be read");
    store.range(&oxygen(Kind::Minute), minute(0), minute(10)).expect("what can be read");
}

#[test]
fn a_warning_that_cannot_be_read_leaves_the_rules_no_value_that_was_not_stored() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = open(folder.path(), FELL);
    send(&store, "2011", 0, "1.0");
    send(&store, "2011", 1, "8.0");
    damage(folder.path(), &format!("UPDATE warning SET body = {NO_TEXT}, cleared_at = NULL"));
    // A commit fails after its value has opened a warning.
    other(folder.path()).execute_batch("ALTER TABLE device RENAME TO gone").expect("renamed");
    let low = submission(&packet("M1", "2011", minute(2), "1.0"), device(), minute(2));
    store.append_blocking(low).expect_err("nothing can be written");
    other(folder.path()).execute_batch("ALTER TABLE gone RENAME TO device").expect("renamed");
    send(&store, "2011", 3, "1.0");
    assert_eq!(store.open_warnings().expect("read").len(), 1, "the one that is damaged is not among them");
}

#[test]
fn a_command_that_cannot_be_stored_is_refused_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = open(folder.path(), FELL);
    send(&store, "2051", 0, "8.0");
    let writer = other(folder.path());
    let trigger =
        "CREATE TRIGGER refused BEFORE INSERT ON arrival WHEN NEW.mn = 'M2' BEGIN SELECT RAISE(ABORT, 'no'); END";
    writer.execute_batch(trigger).expect("made");
    let stranger = Arc::new(Device::new("M2", "123456", "W2", "浏阳河站", "water"));
    // While another writes, what comes waits and becomes one group.
    writer.execute_batch("BEGIN IMMEDIATE").expect("locked");
    let answers = wait(async {
        let mut answers = Vec::new();
        for (at, mn) in [(1, "M1"), (2, "M2"), (3, "M1"), (4, "M2"), (5, "M1")] {
            let of = if mn == "M1" { device() } else { Arc::clone(&stranger) };
            let packet = submission(&packet(mn, "2051", minute(at), "8.0"), of, minute(at));
            answers.push(store.enqueue(packet).await.expect("taken"));
        }
        answers
    });
    writer.execute_batch("ROLLBACK").expect("released");
    let stored: Vec<bool> =
        answers.into_iter().map(|answer| answer.blocking_recv().expect("answered").is_ok()).collect();
    assert_eq!(stored, [true, false, true, false, true]);
    let values = store.range(&oxygen(Kind::Minute), minute(0), minute(10)).expect("read");
    assert_eq!(values.len(), 4);
    assert_eq!(store.devices().expect("read").len(), 1);
}

#[test]
fn a_value_that_waits_and_is_damaged_keeps_back_no_other() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = open(folder.path(), FELL);
    let ahead = packet("M1", "2011", minute(30), "1.0");
    append(&store, &ahead, minute(0));
    let series = "(SELECT id FROM series WHERE factor = 'w01001' AND kind = 'realtime')";
    damage(folder.path(), &format!("UPDATE waiting SET flag = {NO_TEXT} WHERE series = {series}"));
    wait(store.tick(minute(40))).expect("taken");
    store.try_writing().expect("the tick is done");
    let come = store.range(&oxygen(Kind::Realtime), minute(0), minute(60)).expect("read");
    assert_eq!(come.len(), 1);
    assert_eq!(store.open_warnings().expect("read").len(), 1, "and the rules see it");
}

#[test]
fn a_damaged_chunk_stays_and_what_else_is_old_goes() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = open(folder.path(), FELL);
    for day in 0..3 {
        (0..60).for_each(|at| send(&store, "2051", day * 1440 + at, "8.0"));
    }
    store.seal_blocking(minute(10 * 1440)).expect("sealed");
    let first = "(SELECT min(day) FROM chunk)";
    let series = "(SELECT min(series) FROM chunk)";
    damage(folder.path(), &format!("UPDATE chunk SET blob = x'00' WHERE day = {first} AND series = {series}"));
    let retention = Retention { packets_days: 1, instants_days: 1, minutes_days: 1 };
    let retired = store.retire_blocking(retention, minute(10 * 1440)).expect("let go");
    assert_eq!(retired.chunks, 5, "all but the one that cannot be summed up");
    assert_eq!(store.packets("M1", Timestamp::MIN, Timestamp::MAX, 10).expect("read").len(), 0);
    assert_eq!(store.retire_blocking(retention, minute(11 * 1440)).expect("once more").chunks, 0);
}

#[test]
fn a_damaged_row_that_is_not_sealed_yet_keeps_no_other_from_being_sealed() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = open(folder.path(), FELL);
    (0..90).for_each(|at| send(&store, "2051", at, "8.0"));
    let series = "(SELECT id FROM series WHERE factor = 'w01001')";
    let at = minute(10).as_millisecond();
    damage(folder.path(), &format!("UPDATE hot SET text = {NO_TEXT} WHERE series = {series} AND ts = {at}"));
    assert_eq!(store.seal_blocking(minute(200)).expect("sealed").values, 179);
    assert_eq!(store.range(&oxygen(Kind::Minute), minute(0), minute(90)).expect("read").len(), 90);
}

#[test]
fn damaged_packets_keep_no_others_from_being_packed_and_handed_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = open(folder.path(), FELL);
    (0..2100).for_each(|at| send(&store, "2051", at, "8.0"));
    damage(folder.path(), &format!("UPDATE arrival SET mn = {NO_TEXT} WHERE id = 7"));
    damage(folder.path(), "UPDATE arrival SET received_at = 'then' WHERE id = 9");
    assert_eq!(store.seal_blocking(minute(5000)).expect("sealed").packets, 2000);
    damage(folder.path(), "UPDATE packet_block SET blob = x'00' WHERE first = 1");
    let next = store.packets_after(0, 10).expect("read");
    assert_eq!(next.iter().map(|(id, _)| *id).collect::<Vec<_>>(), (1001..1011).collect::<Vec<_>>());
    damage(folder.path(), &format!("UPDATE arrival SET mn = {NO_TEXT} WHERE id = 2001"));
    let last = store.packets_after(2000, 10).expect("read");
    assert_eq!(last.iter().map(|(id, _)| *id).collect::<Vec<_>>(), (2002..2011).collect::<Vec<_>>());
}
