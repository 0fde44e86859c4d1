//! Rules that look back know after a restart what they knew before it: instants not sealed yet, instants sealed long ago, hours.

use std::path::Path;
use std::sync::Arc;

use bilan_telemetry::{Device, Store, Submission, rules};
use hj212::{Flag, Message, Mode, packets};
use jiff::{SignedDuration, Timestamp};

const RULES: &str = r#"
[fell]
label = { zh = "降", en = "Fell" }
stations = "water"
factor = "w01009"
when = "mean('w01009', 120) > 5.0 && now.w01009 < 4.0"
level = "info"
message = { zh = "{value}", en = "{value}" }
[fell_within_the_month]
label = { zh = "降", en = "Fell" }
stations = "water"
factor = "w01009"
when = "typical_days('w01009', 1.0, 30) > 7.5 && now.w01009 < 4.0"
level = "info"
message = { zh = "{value}", en = "{value}" }
[fell_after_good_hours]
label = { zh = "降", en = "Fell" }
stations = "water"
factor = "w01009"
when = "hours_least('w01009', 4) > 5.5 && now.w01009 < 4.0"
level = "info"
message = { zh = "{value}", en = "{value}" }
"#;

fn open(folder: &Path) -> Store {
    Store::open(&folder.join("observations.db"), rules::parse("test.toml", RULES).expect("good rules")).expect("opened")
}

fn say(store: &Store, cn: &str, at: Timestamp, key: &str, value: &str) {
    let time = bilan_telemetry::intake::data_time_text(at);
    let message = Message { qn: Some(format!("{time}000")), ..Message::new("21", cn, "M1", Flag(5)) };
    let bytes = message.group([("DataTime", time)]).group([(key, value)]).encode().expect("a clean message");
    let Some(hj212::Event::Packet { packet, .. }) = packets(&bytes, Mode::Tolerant).next() else {
        panic!("a good packet")
    };
    let device = Arc::new(Device::new("M1", "123456", "W1", "圭塘河站", "water"));
    // An hour comes when it has ended.
    let comes = if cn == "2061" { at + SignedDuration::from_hours(1) } else { at };
    store.append_blocking(Submission::new(&packet, device, "127.0.0.1:1", comes)).expect("stored");
}

#[test]
fn the_past_is_known_after_a_restart() {
    let folder = tempfile::tempdir().expect("a folder");
    let now: Timestamp = "2024-06-21T04:00:00Z".parse().expect("an instant");
    let ago = |minutes: i64| now - SignedDuration::from_mins(minutes);
    {
        let store = open(folder.path());
        // Twenty days ago it was 8 for a day; it has been 6 for two hours.
        for step in 0..144 {
            say(&store, "2011", ago(20 * 1440 - step * 10), "w01009-Rtd", "8.0");
        }
        for hour in (1..=6).rev() {
            say(&store, "2061", ago(hour * 60), "w01009-Avg", "6.0");
        }
        for step in (1..=12).rev() {
            say(&store, "2011", ago(step * 10), "w01009-Rtd", "6.0");
        }
        store.seal_blocking(ago(1440)).expect("sealed");
        assert!(store.open_warnings().expect("read").is_empty());
    }
    let store = open(folder.path());
    say(&store, "2011", now, "w01009-Rtd", "3.0");
    let mut opened: Vec<String> = store.open_warnings().expect("read").into_iter().map(|one| one.rule).collect();
    opened.sort();
    assert_eq!(opened, ["fell", "fell_after_good_hours", "fell_within_the_month"]);
}
