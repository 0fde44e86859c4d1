//! Stored observations on the command line: rules tried on them, export as CSV and Parquet.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use assert_cmd::Command;
use bilan_telemetry::{Device, Store, Submission};
use hj212::{Flag, Message, Mode, packets};
use jiff::{SignedDuration, Timestamp};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::RowAccessor;
use predicates::str::contains;

fn bilan() -> Command {
    let mut command = Command::cargo_bin("bilan").unwrap();
    command
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."))
        .env_remove("BILAN_DATA")
        .env_remove("BILAN_FILES");
    command
}

/// The export of a series of the day.
fn export_of(series: &str) -> Command {
    let mut command = bilan();
    command.args(["observations", "export", "--series", series, "--from", "2026-05-04", "--to", "2026-05-05"]);
    command
}

/// The terminal of the enterprise sends a message.
fn sends(store: &Store, message: &Message, at: Timestamp) {
    let device = Arc::new(Device::new("P1", "123456", "P1", "一号企业", "power"));
    let bytes = message.encode().unwrap();
    let Some(hj212::Event::Packet { packet, .. }) = packets(&bytes, Mode::Tolerant).next() else { panic!("good") };
    store.append_blocking(Submission::new(&packet, device, "", at)).unwrap();
}

fn minute(minute: i64) -> Timestamp {
    "2026-05-04T10:00:00+08:00".parse::<Timestamp>().unwrap() + SignedDuration::from_mins(minute)
}

/// A bureau whose registers are empty, and an hour of an enterprise that switches its treatment off for twelve minutes; the first half is sealed.
fn bureau() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    bilan().args(["user", "add", "wang", "--role", "duty", "--data"]).arg(&data).write_stdin("").assert().success();
    let store = Store::open(&data.join("observations.db"), Vec::new()).unwrap();
    for at in 0..60 {
        let treatment = if (20..32).contains(&at) { "0.10" } else { "8.40" };
        let time = bilan_telemetry::intake::data_time_text(minute(at));
        let message = Message {
            qn: Some(format!("{time}000")),
            pw: Some("123456".into()),
            ..Message::new("44", "2011", "P1", Flag(9))
        }
        .group([("DataTime", time)])
        .group([("d20401-Rtd", "42.0"), ("d20401-Flag", "N")])
        .group([("d30401-Rtd", treatment), ("d30401-Flag", "N")]);
        sends(&store, &message, minute(at));
    }
    store.seal_blocking(minute(30)).unwrap();
    (folder, data)
}

#[test]
fn a_rule_is_tried_on_history() {
    let (folder, data) = bureau();
    let file = folder.path().join("power.toml");
    let rule = r#"
[treatment_off]
label = { zh = "治污停运", en = "Treatment off" }
stations = "*"
factor = "d30401"
unit = "A"
when = "now.d20401 > 10.0 && now.d30401 < 1.0"
limit = "1.0"
for = "3m"
clear_for = "3m"
level = "alarm"
message = { zh = "治污电流{value}{unit}已{minutes}分钟", en = "{value}" }
"#;
    std::fs::write(&file, rule).unwrap();
    let attempt = |to: &str| {
        let mut command = bilan();
        command.args(["rules", "try"]).arg(&file).args(["--from", "2026-05-04T10:00", "--to", to, "--data"]).arg(&data);
        command.assert()
    };
    let told = attempt("2026-05-04T12:00").success().stderr(contains("120 values, 1 warnings"));
    let text = String::from_utf8(told.get_output().stdout.clone()).unwrap();
    let line: Vec<&str> = text.lines().nth(1).unwrap().split('\t').collect();
    assert_eq!(line[0], "2026-05-04T10:23:00+08:00");
    assert_eq!(line[1], "2026-05-04T10:35:00+08:00");
    assert_eq!(line[2..], ["12", "alarm", "treatment_off", "P1", "0.1", "1", "8.4", "治污电流0.1A已3分钟"]);
    attempt("2026-05-04T10:20").success().stderr(contains("40 values, 0 warnings"));
    std::fs::write(&file, rule.replace("now.d20401", "jetzt.d20401")).unwrap();
    attempt("2026-05-04T12:00").code(1).stderr(contains("power.toml:7:8: “jetzt” is not known here"));
}

#[test]
fn sealed_and_open_values_leave_as_csv_and_as_parquet() {
    let (folder, data) = bureau();
    let export = |format: &str, file: &Path| {
        let mut command = export_of("P1:d30401:*");
        command.args(["--format", format, "-o"]).arg(file).arg("--data").arg(&data).assert().success();
    };
    let (csv, parquet) = (folder.path().join("a.csv"), folder.path().join("a.parquet"));
    export("csv", &csv);
    export("parquet", &parquet);
    let text = std::fs::read_to_string(csv).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!((lines.len(), lines[1]), (61, "P1:d30401:realtime:rtd,2026-05-04T10:00:00+08:00,0,8.40,N"));
    let reader = SerializedFileReader::new(std::fs::File::open(parquet).unwrap()).unwrap();
    let rows: Vec<_> = reader.get_row_iter(None).unwrap().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 60);
    for (row, line) in rows.iter().zip(&lines[1..]) {
        let parts: Vec<&str> = line.split(',').collect();
        let time = Timestamp::from_millisecond(row.get_timestamp_millis(1).unwrap()).unwrap();
        assert_eq!(row.get_string(0).unwrap(), parts[0]);
        assert_eq!(time, parts[1].parse::<Timestamp>().unwrap());
        assert_eq!(row.get_double(3).unwrap(), parts[3].parse::<f64>().unwrap());
        assert_eq!((row.get_string(4).unwrap().as_str(), row.get_string(5).unwrap().as_str()), (parts[3], parts[4]));
    }
}

/// One rule for minutes, hours and days: the end of the period; it began `period_s` seconds before.
#[test]
fn periods_are_stamped_at_their_end_whatever_their_length() {
    let (folder, data) = bureau();
    {
        let store = Store::open(&data.join("observations.db"), Vec::new()).unwrap();
        for (cn, begins) in [("2051", "20260504100000"), ("2061", "20260504090000"), ("2031", "20260504000000")] {
            let message = Message { qn: Some(format!("{begins}000")), ..Message::new("44", cn, "P1", Flag(9)) };
            let message = message.group([("DataTime", begins)]).group([("e701-Avg", "9.4")]);
            sends(&store, &message, minute(24 * 60));
        }
    }
    let told = export_of("P1:e701").arg("--data").arg(&data).assert().success();
    let text = String::from_utf8(told.get_output().stdout.clone()).unwrap();
    let mut lines: Vec<&str> = text.lines().skip(1).collect();
    lines.sort_unstable();
    assert_eq!(
        lines,
        [
            "P1:e701:day:avg,2026-05-05T00:00:00+08:00,86400,9.4,",
            "P1:e701:hour:avg,2026-05-04T10:00:00+08:00,3600,9.4,",
            "P1:e701:minute:avg,2026-05-04T10:10:00+08:00,600,9.4,",
        ]
    );
    let parquet = folder.path().join("periods.parquet");
    let mut export = export_of("P1:e701");
    export.args(["--format", "parquet", "-o"]).arg(&parquet).arg("--data").arg(&data).assert().success();
    let reader = SerializedFileReader::new(std::fs::File::open(parquet).unwrap()).unwrap();
    let mut rows: Vec<(String, i64)> = reader
        .get_row_iter(None)
        .unwrap()
        .map(Result::unwrap)
        .map(|row| (row.get_string(0).unwrap().clone(), row.get_timestamp_millis(1).unwrap()))
        .collect();
    rows.sort_unstable();
    for ((_, time), line) in rows.iter().zip(&lines) {
        let expected: Timestamp = line.split(',').nth(1).unwrap().parse().unwrap();
        assert_eq!(*time, expected.as_millisecond(), "the same in both formats");
    }
    bilan().args(["observations", "export", "--help"]).assert().success().stdout(contains("END of its period"));
}
