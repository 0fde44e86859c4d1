//! The sample year from an empty folder to a restored backup, as a person at the command line goes through it.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use predicates::prelude::*;
use predicates::str::{contains, starts_with};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn bilan(data: &Path) -> Command {
    let mut command = Command::cargo_bin("bilan").unwrap();
    command.current_dir(root()).env_remove("BILAN_FILES").env("BILAN_DATA", data);
    command
}

fn stdout(command: &mut Command) -> String {
    String::from_utf8(command.assert().success().get_output().stdout.clone()).unwrap()
}

/// Values and units by key, of `bilan figures --year 2020`.
fn figures(data: &Path) -> BTreeMap<String, (String, String)> {
    let text = stdout(bilan(data).args(["figures", "--year", "2020"]));
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("key\tvalue\tunit\trecords"));
    lines
        .map(|line| {
            let cells: Vec<&str> = line.split('\t').collect();
            (cells[0].to_owned(), (cells[1].to_owned(), cells[2].to_owned()))
        })
        .collect()
}

/// The published year of the mission.
fn published() -> BTreeMap<String, (String, String)> {
    let text = include_str!("../../sample/tests/figures_2020.tsv");
    text.lines()
        .skip(1)
        .map(|line| {
            let cells: Vec<&str> = line.split('\t').collect();
            (cells[0].to_owned(), (cells[3].to_owned(), cells[4].to_owned()))
        })
        .collect()
}

#[test]
fn the_sample_year_is_counted_printed_kept_and_carried_away() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    bilan(&data).args(["demo", "--load-only", "--data"]).arg(&data).assert().success();

    let counted = figures(&data);
    for (key, value) in published() {
        assert_eq!(counted.get(&key), Some(&value), "{key} of the published year follows from the records");
    }
    bilan(&data).args(["check", "--year", "2020", "--data"]).arg(&data).assert().success();
    bilan(&data).arg("verify").assert().success().stdout(starts_with("ok "));

    every_figure_is_in_the_report(&data);
    records_behind_a_figure_are_as_many_as_it_says(&data);
    registers_go_out_and_come_back(&data, folder.path());
    a_backup_is_the_same_year(&data, folder.path());
    a_row_altered_behind_the_ledger_is_named(&data);
}

fn every_figure_is_in_the_report(data: &Path) {
    let html = stdout(bilan(data).args(["report", "annual", "--year", "2020", "--format", "html"]));
    for key in published().keys() {
        assert!(html.contains(&format!("/figures/{key}/records")), "the report does not open {key}");
    }
    assert!(html.contains("模拟数据"), "simulated data are labelled");
    let markdown = stdout(bilan(data).args(["report", "annual", "--year", "2020", "--format", "md"]));
    assert!(markdown.contains("# "), "{markdown}");
}

fn records_behind_a_figure_are_as_many_as_it_says(data: &Path) {
    let key = "party_theme_days";
    let text = stdout(bilan(data).args(["figures", "--year", "2020", "--figure", key, "--records"]));
    let row = stdout(bilan(data).args(["figures", "--year", "2020", "--figure", key]));
    let count = row.lines().nth(1).and_then(|line| line.rsplit('\t').next()).unwrap();
    assert_eq!(text.lines().count().to_string(), count);
}

fn registers_go_out_and_come_back(data: &Path, folder: &Path) {
    let second = folder.join("second");
    for (register, format) in [("agency", "csv"), ("staff_post", "xlsx"), ("meeting", "jsonl")] {
        let file = folder.join(format!("{register}.{format}"));
        bilan(data).args(["export", register, "-o"]).arg(&file).assert().success();
        bilan(&second).args(["import", register]).arg(&file).assert().success();
        let again = folder.join(format!("{register}.again.{format}"));
        bilan(&second).args(["export", register, "-o"]).arg(&again).assert().success();
        if format != "xlsx" {
            assert_eq!(fs::read(&file).unwrap(), fs::read(&again).unwrap(), "{register} is the same after a journey");
        }
    }
}

fn a_backup_is_the_same_year(data: &Path, folder: &Path) {
    let file = folder.join("backup.tar");
    bilan(data).arg("backup").arg(&file).assert().success();
    bilan(data).arg("backup").arg(&file).assert().code(1).stderr(contains("backup.tar"));
    let restored = folder.join("restored");
    bilan(&restored).arg("restore").arg(&file).assert().success().stdout(starts_with("ok "));
    bilan(&restored).arg("restore").arg(&file).assert().code(1).stderr(contains("not empty"));
    assert_eq!(figures(&restored), figures(data));

    let half = folder.join("half.tar");
    let bytes = fs::read(&file).unwrap();
    fs::write(&half, &bytes[..bytes.len() / 2]).unwrap();
    let empty = folder.join("empty");
    bilan(&empty).arg("restore").arg(&half).assert().code(1).stderr(contains("half.tar"));
    assert!(!empty.exists() || fs::read_dir(&empty).unwrap().next().is_none(), "nothing is half restored");
}

fn a_row_altered_behind_the_ledger_is_named(data: &Path) {
    let database = rusqlite::Connection::open(data.join("records.db")).unwrap();
    let number: String =
        database.query_row("SELECT number FROM r_complaint ORDER BY id LIMIT 1", [], |row| row.get(0)).unwrap();
    database.execute("UPDATE r_complaint SET subject = subject || '?' WHERE number = ?1", [&number]).unwrap();
    bilan(data).arg("verify").assert().code(1).stderr(contains(number).and(contains("complaint")));
}
