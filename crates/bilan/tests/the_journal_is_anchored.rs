//! The head of the journal is kept outside of the data folder while the program serves, and `bilan verify --anchor` finds
//! what nothing in the folder itself can show.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use assert_cmd::Command;
use predicates::prelude::*;
use predicates::str::{contains, starts_with};

/// A data folder, and beside it the place where the anchors are kept.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        fs::create_dir(place.data()).unwrap();
        place
    }

    fn data(&self) -> PathBuf {
        self.0.path().join("data")
    }

    fn anchors(&self) -> PathBuf {
        self.0.path().join("anchors.txt")
    }

    fn bilan(&self, arguments: &[&str]) -> Command {
        bilan(&self.data(), arguments)
    }

    /// Enters complaints, one entry of the journal each.
    fn enter(&self, subjects: &[&str]) {
        let line = |subject: &&str| {
            serde_json::json!({
                "received_at": "2026-03-01T22:15:00+08:00", "source": "hotline12345", "category": "noise",
                "kind": "construction_night", "subject": subject, "content": "工地深夜浇筑混凝土",
                "place": { "address": "雨花亭街道" },
            })
            .to_string()
        };
        let file = self.0.path().join("complaints.jsonl");
        fs::write(&file, subjects.iter().map(line).collect::<Vec<_>>().join("\n")).unwrap();
        self.bilan(&["import", "complaint", file.to_str().unwrap()]).assert().success();
    }

    fn verify(&self) -> assert_cmd::assert::Assert {
        self.bilan(&["verify"]).assert()
    }

    fn verify_with(&self, anchors: &Path) -> assert_cmd::assert::Assert {
        self.bilan(&["verify", "--anchor", anchors.to_str().unwrap()]).assert()
    }

    fn serve(&self) -> Server {
        let settings = self.0.path().join("bilan.toml");
        let text = format!(
            "data = {:?}\nhttp = \"127.0.0.1:0\"\ndevices = \"127.0.0.1:0\"\n[anchor]\nfile = {:?}\nevery = 1\n",
            self.data(),
            self.anchors()
        );
        fs::write(&settings, text).unwrap();
        let mut child = std::process::Command::new(assert_cmd::cargo::cargo_bin!("bilan"))
            .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."))
            .env_remove("BILAN_FILES")
            .args(["serve", "--config", settings.to_str().unwrap()])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        let is_ready = lines.any(|line| line.starts_with("ready:"));
        Server { child, is_ready }
    }

    /// The anchors, once there are so many.
    fn written(&self, count: usize) -> Vec<String> {
        let end = Instant::now() + Duration::from_secs(120);
        loop {
            let text = fs::read_to_string(self.anchors()).unwrap_or_default();
            let lines: Vec<String> = text.lines().map(str::to_owned).collect();
            if lines.len() >= count && text.ends_with('\n') {
                return lines;
            }
            assert!(Instant::now() < end, "there is no anchor {count}: {lines:?}");
            std::thread::sleep(Duration::from_millis(200));
        }
    }
}

/// A program that serves; killed when dropped.
struct Server {
    child: Child,
    is_ready: bool,
}

impl Drop for Server {
    fn drop(&mut self) {
        // One that refused to start has ended by itself.
        let _ = self.child.kill();
        self.child.wait().unwrap();
    }
}

fn bilan(data: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::cargo_bin("bilan").unwrap();
    command.current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")).env_remove("BILAN_FILES");
    command.args(arguments).arg("--data").arg(data);
    command
}

fn copied(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_file() {
            fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
}

#[test]
fn anchors_are_written_while_it_serves_and_one_older_than_the_folder_is_fine() {
    let place = Place::new();
    place.enter(&["夜间施工", "餐饮油烟"]);
    let server = place.serve();
    assert!(server.is_ready);
    place.written(1);
    place.enter(&["河水发黑"]);
    let anchors = place.written(2);
    drop(server);
    let entry = |line: &String| line.split(' ').nth(1).unwrap().parse::<u64>().unwrap();
    assert!(entry(&anchors[0]) < entry(&anchors[1]), "{anchors:?}");
    place.verify_with(&place.anchors()).success().stderr(contains("2 anchors agree with the journal"));
    place.enter(&["垃圾焚烧"]);
    place.verify_with(&place.anchors()).success().stdout(starts_with("ok ")).stderr(contains("2 anchors agree"));
}

#[test]
fn a_journal_cut_short_is_whole_in_itself_and_named_by_the_anchor() {
    let place = Place::new();
    place.enter(&["夜间施工", "餐饮油烟"]);
    let before = place.0.path().join("before");
    copied(&place.data(), &before);
    place.enter(&["局长亲属的工地夜间施工"]);
    drop({
        let server = place.serve();
        place.written(1);
        server
    });
    // As if the last complaint had never been: every table of the folder says so.
    fs::remove_dir_all(place.data()).unwrap();
    copied(&before, &place.data());
    place.verify().success().stdout(starts_with("ok "));
    place.verify_with(&place.anchors()).code(1).stdout("").stderr(contains("the journal has no entry"));
    assert!(!place.serve().is_ready, "a journal that contradicts its last anchor is not served");
    // Work that goes on does not hide it: the entries that come in the place of those that were cut off are others.
    place.enter(&["扬尘", "渣土车"]);
    place.verify().success();
    place.verify_with(&place.anchors()).code(1).stderr(contains("has another hash"));
}

#[test]
fn a_journal_computed_anew_is_whole_in_itself_and_named_by_the_anchor() {
    let place = Place::new();
    place.enter(&["夜间施工", "餐饮油烟", "河水发黑"]);
    drop({
        let server = place.serve();
        place.written(1);
        server
    });
    place.verify_with(&place.anchors()).success();
    // The same program makes a journal in which one complaint was another, under the same key.
    let forged = Place::new();
    fs::copy(place.data().join("personal.key"), forged.data().join("personal.key")).unwrap();
    // It is the longer of the two, however much the program noted while it served: else the entry would be missing, not another.
    forged.enter(&["夜间施工", "没有油烟", "河水发黑"]);
    forged.enter(&["扬尘"; 20]);
    fs::remove_dir_all(place.data()).unwrap();
    copied(&forged.data(), &place.data());
    place.verify().success().stdout(starts_with("ok "));
    place.verify_with(&place.anchors()).code(1).stdout("").stderr(contains("has another hash"));
}

#[test]
fn anchors_of_another_folder_are_refused_and_called_so() {
    let (place, other) = (Place::new(), Place::new());
    for (bureau, subject) in [(&place, "夜间施工"), (&other, "餐饮油烟")] {
        bureau.enter(&[subject]);
        let server = bureau.serve();
        bureau.written(1);
        drop(server);
        bureau.verify_with(&bureau.anchors()).success();
    }
    let said = contains("none of the 1 anchors agrees").and(contains("another data folder"));
    place.verify_with(&other.anchors()).code(1).stdout("").stderr(said);
    fs::write(place.anchors(), "").unwrap();
    place.verify_with(&place.anchors()).code(1).stderr(contains("holds no anchor"));
}
