//! The command line, as scripts outside call it.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use predicates::prelude::*;
use predicates::str::contains;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn bilan() -> Command {
    let mut command = Command::cargo_bin("bilan").unwrap();
    command.current_dir(root()).env_remove("BILAN_DATA").env_remove("BILAN_FILES");
    command
}

/// A copy of the bureau's files that a test may break.
fn files() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for part in ["registers", "figures", "reports", "rules", "districts"] {
        copy(&root().join(part), &folder.path().join(part));
    }
    folder
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target)
        } else {
            drop(fs::copy(entry.path(), target))
        }
    }
}

#[test]
fn wrong_usage_is_told_apart_from_refused_input() {
    bilan().arg("figures").assert().code(2).stderr(contains("--year"));
    bilan().args(["figures", "--year", "2020", "--data", "no-such-folder"]).assert().code(1).stderr(contains("--data"));
    bilan().args(["figures", "--help"]).assert().success().stdout(contains("Examples:"));
}

#[test]
fn the_shipped_files_pass_the_check() {
    let passed = bilan().arg("check").assert().success();
    passed.stdout(contains("registers").and(contains("figures"))).stderr(contains("warning").not());
}

#[test]
fn a_measured_field_without_bounds_is_a_warning() {
    let folder = files();
    let path = folder.path().join("registers/water_sample.toml");
    fs::write(&path, fs::read_to_string(&path).unwrap().replacen("min = -5.0\nmax = 60.0\n", "", 1)).unwrap();
    let warning = "registers/water_sample.toml: fields.water_temp (℃) has no min and no max";
    bilan().arg("check").arg(folder.path()).assert().success().stderr(contains(warning));
}

#[test]
fn a_broken_register_is_shown_with_its_place_and_remedy() {
    let folder = files();
    let path = folder.path().join("registers/complaint.toml");
    let text = fs::read_to_string(&path).unwrap().replacen("type = \"datetime\"", "type = \"datetme\"", 1);
    let line = text.lines().position(|line| line.contains("datetme")).unwrap() + 1;
    fs::write(&path, text).unwrap();
    bilan()
        .arg("check")
        .arg(folder.path())
        .assert()
        .code(1)
        .stderr(contains(format!("complaint.toml:{line}:8")).and(contains("datetme")).and(contains("datetime")));
}

/// A copy of the bureau's files in which a register has another name for something, wherever it stands in its file.
fn renamed(register: &str, name: &str, to: &str) -> (tempfile::TempDir, usize) {
    let folder = files();
    let path = folder.path().join(format!("registers/{register}.toml"));
    let is_part = |character: char| character.is_ascii_alphanumeric() || character == '_';
    let text: String = fs::read_to_string(&path)
        .unwrap()
        .split_inclusive(|character| !is_part(character))
        .map(|word| {
            let (word, after) = word.split_at(word.trim_end_matches(|character| !is_part(character)).len());
            format!("{}{after}", if word == name { to } else { word })
        })
        .collect();
    let line = text.lines().position(|line| line.starts_with('[') && line.contains(to)).unwrap() + 1;
    fs::write(&path, text).unwrap();
    (folder, line)
}

#[test]
fn what_the_program_relies_on_is_missed_by_the_check_and_at_the_start() {
    for (register, name, to) in [
        ("warning", "clear", "clears"),
        ("warning", "lasted_min", "lasted_mins"),
        ("station", "noise_zone", "noise_zones"),
    ] {
        let (folder, line) = renamed(register, name, to);
        let place = format!("registers/{register}.toml:{line}:");
        let said = || contains(place.clone()).and(contains(format!("“{name}”"))).and(contains("without it: "));
        bilan().arg("check").arg(folder.path()).assert().code(1).stderr(said());
        let data = folder.path().join("data");
        let mut serve = bilan();
        serve.env("BILAN_FILES", folder.path()).env("BILAN_DATA", &data).arg("serve");
        serve.assert().code(1).stderr(said());
        assert!(!data.join("records.db").exists(), "nothing is opened before the files are right");
    }
}

#[test]
fn a_broken_rule_and_a_broken_register_are_told_together() {
    let folder = files();
    fs::write(folder.path().join("rules/air.toml"), "[a]\nlabel = 3\n").unwrap();
    fs::write(folder.path().join("registers/odd.toml"), "key = \"odd\"\n").unwrap();
    bilan().arg("check").arg(folder.path()).assert().code(1).stderr(contains("odd.toml").and(contains("air.toml")));
}

#[test]
fn packets_are_decoded_from_a_stream() {
    let packet = "##0101QN=20160801085857223;ST=32;CN=1062;PW=100000;MN=010000A8900016F000169DC0;Flag=5;CP=&&RtdInterval=30&&1C80\r\n";
    let noise = "##0010QN=1;ST=32AAAA\r\n";
    let out = bilan().args(["hj212", "decode"]).write_stdin(format!("{packet}{noise}{packet}")).assert().success();
    let text = String::from_utf8(out.get_output().stdout.clone()).unwrap();
    let lines: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.iter().filter(|line| line["ok"] == true).count(), 2, "{text}");
    assert!(lines.iter().any(|line| line["ok"] == false), "{text}");
    assert_eq!(lines[0]["cp"], serde_json::json!([{"RtdInterval": "30"}]));
}

#[test]
fn hours_become_days() {
    let mut csv = "station,time,pm2_5,pm10,so2,no2,o3,co\n".to_owned();
    for hour in 1..24 {
        csv += &format!("A,2020-01-01T{hour:02}:00,80,120,10,40,30,1.2\n");
    }
    csv += "A,2020-01-02T00:00,80,120,10,40,30,1.2\n";
    bilan().args(["air", "daily"]).write_stdin(csv).assert().success().stdout(
        "station,date,so2,no2,co,o3_8h,pm10,pm2_5,aqi,level,primary\nA,2020-01-01,10,40,1.2,30,120,80,107,3,pm2_5\n",
    );
}

#[test]
fn days_become_years_and_a_short_year_is_not_valid() {
    let mut csv = "station,time,pm2_5,pm10,so2,no2,o3,co\n".to_owned();
    for day in 1..=2 {
        for hour in 1..24 {
            csv += &format!("A,2020-01-{day:02}T{hour:02}:00,{},120,10,40,30,1.2\n", 60 + 20 * day);
        }
    }
    let out = bilan().args(["air", "stats"]).write_stdin(csv).assert().success();
    let text = String::from_utf8(out.get_output().stdout.clone()).unwrap();
    assert!(text.starts_with("station,year,indicator,value,valid\n"), "{text}");
    for row in [
        "A,2020,pm2_5_mean,90,false",
        "A,2020,pm2_5_p95,99,false",
        "A,2020,index_days,2,false",
        "A,2020,good_days,0,false",
    ] {
        assert!(text.contains(row), "{row} is not in {text}");
    }
}

/// March 2026 of two stations, in which one day is a sand storm.
fn a_march() -> String {
    let mut csv = "station,time,pm2_5,pm10,so2,no2,o3,co\n".to_owned();
    for (station, fine) in [("北站", 30), ("南站", 45)] {
        for day in 1..=31 {
            let coarse = if day == 28 { 900 } else { 2 * fine };
            for hour in 1..24 {
                csv += &format!("{station},2026-03-{day:02} {hour:02}:00,{fine},{coarse},6,20,90,0.6\n");
            }
        }
    }
    csv
}

#[test]
fn days_become_months_and_quarters_with_and_without_a_sand_storm() {
    let folder = tempfile::tempdir().unwrap();
    let storm = folder.path().join("storm.tsv");
    fs::write(&storm, "from\tto\titems\treason\n2026-03-28\t2026-03-28\tpm10+pm2_5\t沙尘\n").unwrap();
    let printed = |arguments: &[&str]| {
        let out = bilan().args(arguments).arg("--without").arg(&storm).write_stdin(a_march()).assert().success();
        String::from_utf8(out.get_output().stdout.clone()).unwrap()
    };
    let with = bilan().args(["air", "periods"]).write_stdin(a_march()).assert().success();
    let with = String::from_utf8(with.get_output().stdout.clone()).unwrap();
    assert!(
        with.contains("北站,2026-03,pm10_mean,87,true\n") && with.contains("北站,2026-03,good_days,30,true\n"),
        "{with}"
    );
    let without = printed(&["air", "periods"]);
    assert!(without.contains("北站,2026-03,pm10_mean,60,true\n"), "{without}");
    assert!(without.contains("北站,2026-03,good_days,31,true\n"), "{without}");
    assert!(without.contains("北站,2026Q1,pm10_mean,60,false\n"), "a month is no quarter: {without}");
    fs::write(&storm, "from\tto\titems\treason\n28.3.\t\tpm10\t\n").unwrap();
    bilan()
        .args(["air", "stats", "--without"])
        .arg(&storm)
        .write_stdin(a_march())
        .assert()
        .code(1)
        .stderr(contains("line 2"));
}

#[test]
fn stations_are_ranked_by_period() {
    let out = bilan().args(["air", "rank"]).write_stdin(a_march()).assert().success();
    let text = String::from_utf8(out.get_output().stdout.clone()).unwrap();
    let months: Vec<&str> = text.lines().filter(|line| line.starts_with("2026-03")).collect();
    assert_eq!(months.len(), 2, "{text}");
    assert!(months[0].starts_with("2026-03,1,北站,") && months[1].starts_with("2026-03,2,南站,"), "{text}");
    let heavier = bilan().args(["air", "rank", "--weights", "claimed-2026"]).write_stdin(a_march()).assert().success();
    assert_ne!(String::from_utf8(heavier.get_output().stdout.clone()).unwrap(), text);
}

#[test]
fn a_refused_file_has_every_fault_told() {
    let csv = "station,time,pm2_5,o3\nA,2020-01-01T01:00,much,more\nA,noon,5,5\nA,2020-01-02T01:00,5,5\nA,2020-01-01T05:00,5,5\nA,6\n";
    let refused = bilan().args(["air", "daily"]).write_stdin(csv).assert().code(1);
    let told = String::from_utf8(refused.get_output().stderr.clone()).unwrap();
    for fault in [
        "line 2, column pm2_5: much is no number",
        "line 2, column o3: more is no number",
        "line 3: noon is no time",
        "line 5: a row of 2020-01-01",
        "line 6: 2 cells",
    ] {
        assert!(told.contains(fault), "{fault}: {told}");
    }
}

#[test]
fn a_file_of_an_older_spreadsheet_and_times_with_an_offset_are_read() {
    let (csv, _, _) = encoding_rs::GB18030.encode("station,time,leq\n北站,2020-07-01T04:00:00Z,58\n");
    bilan()
        .args(["noise", "levels"])
        .write_stdin(csv.into_owned())
        .assert()
        .success()
        .stdout(contains("北站,2020-07-01,58.0"));
}

#[test]
fn a_new_holiday_list_is_a_file_and_a_broken_one_is_named() {
    let folder = files();
    let check = || {
        let mut command = bilan();
        command.args(["check"]).arg(folder.path());
        command.assert()
    };
    check().success().stdout(contains("holidays until 2026"));
    fs::create_dir(folder.path().join("holidays")).unwrap();
    let list = folder.path().join("holidays/2027.tsv");
    fs::write(&list, "date\tkind\tfestival\n2027-01-01\tholiday\t元旦\n2027-10-01\tholiday\t国庆节\n").unwrap();
    check().success().stdout(contains("holidays until 2027"));
    fs::write(&list, "date\tkind\tfestival\n2027-10-01\tfree\t国庆节\n").unwrap();
    check().code(1).stderr(contains("2027.tsv").and(contains("line 2")).and(contains("“free”")));
}

#[test]
fn an_encrypted_packet_opens_with_its_key() {
    let vectors = fs::read_to_string(root().join("crates/hj212/tests/data/sm4_vectors.tsv")).unwrap();
    let cells: Vec<&str> = vectors.lines().nth(1).unwrap().split('\t').collect();
    let sealed: Vec<u8> = cells[3]
        .as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect();
    let decode = |more: &[&str]| {
        let out = bilan().args(["hj212", "decode"]).args(more).write_stdin(sealed.clone()).assert().success();
        serde_json::from_slice::<serde_json::Value>(&out.get_output().stdout).unwrap()
    };
    let closed = decode(&[]);
    assert_eq!((&closed["ok"], &closed["error"]), (&false.into(), &"encrypted".into()));
    let opened = decode(&["--sm4-key", cells[1]]);
    assert_eq!((&opened["ok"], &opened["encrypted"]), (&true.into(), &true.into()));
    assert_eq!(opened["cp"][0]["DataTime"], "20240520210600");
}

#[test]
fn passwords_given_on_the_command_line_obey_the_rules_of_the_configuration() {
    let folder = tempfile::tempdir().unwrap();
    let (data, config) = (folder.path().join("data"), folder.path().join("bilan.toml"));
    fs::write(&config, "[accounts]\npassword_length = 20\npassword_complexity = true\n").unwrap();
    let user = |arguments: &[&str], input: &str| {
        let mut command = bilan();
        command.arg("user").args(arguments).arg("--data").arg(&data).arg("--config").arg(&config);
        command.write_stdin(input.to_owned()).assert()
    };
    let add = ["add", "zhang", "--role", "duty"];
    user(&add, "Zwölf Zeichen 1\n").failure().stderr(contains("20"));
    user(&add, "twenty small letters and more\n").failure();
    user(&["list"], "").success().stdout(contains("zhang").not());
    user(&add, "Twenty Letters and 1 Figure\n").success();
    user(&["password", "zhang"], "too short 1A\n").failure();
    let made_up = user(&["password", "zhang"], "").success();
    let printed = String::from_utf8(made_up.get_output().stdout.clone()).unwrap();
    let password = printed.trim().strip_prefix("zhang ").unwrap();
    assert!(password.len() >= 20 && password.contains(char::is_uppercase), "{password}");
    // A setting of the environment counts as well.
    let mut by_environment = bilan();
    by_environment.args(["user", "add", "wang", "--role", "duty", "--data"]).arg(&data);
    by_environment.env("BILAN_ACCOUNTS_PASSWORD_LENGTH", "30").write_stdin("a quiet Tuesday\n").assert().failure();
}
