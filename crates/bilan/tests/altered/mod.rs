//! A data folder that holds something of everything, for tests that damage it.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use assert_cmd::Command;
use bilan_notify::{Grade, Notice, Occasion, Outbox, Subscription, Way};
use bilan_telemetry::{Device, Store, Submission};
use hj212::{Flag, Message, Mode, packets};
use jiff::{SignedDuration, Timestamp};
use rusqlite::Connection;

pub const DATABASES: [&str; 4] = ["records.db", "accounts.db", "observations.db", "notices.db"];

pub fn bilan(data: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::cargo_bin("bilan").unwrap();
    command
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."))
        .env_remove("BILAN_FILES")
        .args(arguments)
        .arg("--data")
        .arg(data);
    command
}

/// A data folder with accounts and a token, complaints, notices, observations that are sealed and some that are not, packed
/// packets, and a warning.
pub fn filled() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    for (name, role) in [("li.ming", "handler"), ("zhou.jian", "auditor")] {
        bilan(data, &["user", "add", name, "--role", role]).write_stdin("a quiet Tuesday\n").assert().success();
    }
    bilan(data, &["user", "token", "li.ming", "--label", "export"]).assert().success();
    let lines: Vec<String> = (0..120).map(complaint).collect();
    let file = data.with_extension("jsonl");
    fs::write(&file, lines.join("\n")).unwrap();
    bilan(data, &["import", "complaint", file.to_str().unwrap()]).assert().success();
    fs::remove_file(file).unwrap();
    observe(&data.join("observations.db"));
    call(&data.join("notices.db"));
    // The first look covers what is there; afterwards the log of each database goes into its file.
    bilan(data, &["verify"]).assert().success().stdout(predicates::str::starts_with("ok "));
    for name in DATABASES {
        let connection = Connection::open(data.join(name)).unwrap();
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    }
    folder
}

fn complaint(number: usize) -> String {
    let day = number % 28 + 1;
    serde_json::json!({
        "received_at": format!("2020-03-{day:02}T22:15:00+08:00"), "source": "hotline12345", "category": "noise",
        "kind": "construction_night", "subject": format!("夜间施工噪声第{number}件"),
        "content": format!("工地深夜浇筑混凝土，影响休息，已是第{number}次反映，请尽快处理并回复。"),
        "complainant": "王小明", "phone": "13800001234", "confidential": false,
        "place": { "address": format!("雨花亭街道{number}号") },
    })
    .to_string()
}

fn observe(path: &Path) {
    let rules = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../rules");
    let store = Store::open(path, bilan_telemetry::rules::load(&rules).unwrap()).unwrap();
    let begin: Timestamp = "2024-06-21T00:00:00Z".parse().unwrap();
    let device = Arc::new(Device::new("M1", "123456", "W1", "圭塘河站", "water"));
    let send = |minute: i64, cn: &str, key: &str, value: String| {
        let at = begin + SignedDuration::from_mins(minute);
        let time = bilan_telemetry::intake::data_time_text(at);
        let message = Message { qn: Some(format!("{time}000")), ..Message::new("21", cn, "M1", Flag(5)) };
        let bytes = message.group([("DataTime", time)]).group([(key, value)]).encode().unwrap();
        let Some(hj212::Event::Packet { packet, .. }) = packets(&bytes, Mode::Tolerant).next() else {
            panic!("a good packet")
        };
        // An hour comes when it has ended.
        let comes = if cn == "2061" { at + SignedDuration::from_hours(1) } else { at };
        store.append_blocking(Submission::new(&packet, Arc::clone(&device), "127.0.0.1:1", comes)).unwrap();
    };
    for minute in 0..1100 {
        send(minute, "2011", "w01009-Rtd", format!("{}.{}", 5 + minute % 4, minute % 10));
    }
    let sealed = store.seal_blocking(begin + SignedDuration::from_hours(24)).unwrap();
    assert!(sealed.chunks > 0 && sealed.packets == 1000, "{sealed:?}");
    // Of the next day nothing is sealed yet: values, hours, one that is corrected, and a river without oxygen.
    for minute in 1500..1620 {
        send(minute, "2011", "w01009-Rtd", if minute < 1600 { format!("6.{minute}") } else { "1.25".to_owned() });
    }
    for (hour, value) in [(25, "6.5"), (26, "6.25"), (26, "6.75")] {
        send(hour * 60, "2061", "w01009-Avg", value.to_owned());
    }
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(store.quarantine(b"##0012nonsense".to_vec(), "no frame", None, "127.0.0.1:2", begin)).unwrap();
    drop(store);
    let connection = Connection::open(path).unwrap();
    for table in ["hot", "held", "latest", "revision", "warning", "quarantine", "device", "arrival", "packet"] {
        let rows: i64 = connection.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap();
        assert!(rows > 0, "there is something in {table}");
    }
}

/// Two notices to two places, and a browser that wants to hear of them.
fn call(path: &Path) {
    let outbox = Outbox::open(path).unwrap();
    let at: Timestamp = "2024-06-22T02:45:00Z".parse().unwrap();
    for about in ["W1/dissolved_oxygen_crash", "W2/ammonia_high"] {
        let notice = Notice {
            about: about.to_owned(),
            occasion: Occasion::Opened,
            grade: Grade::Alarm,
            title: "溶解氧骤降".to_owned(),
            text: "圭塘河站溶解氧 1.25 mg/L，低于Ⅴ类限值 2 mg/L 已 2 分钟".to_owned(),
            place: "圭塘河站".to_owned(),
            at,
            link: "/warnings".to_owned(),
        };
        let places = [(Way::Webhook, "值班群".to_owned()), (Way::Email, "duty@example.cn".to_owned())];
        assert_eq!(outbox.put(&notice, &places, at).unwrap(), 2);
    }
    let subscription = Subscription {
        endpoint: "https://push.example.cn/1".to_owned(),
        p256dh: "BPubl1cKey".to_owned(),
        auth: "s3cret".to_owned(),
    };
    outbox.subscribe("li.ming", &subscription, at).unwrap();
}
