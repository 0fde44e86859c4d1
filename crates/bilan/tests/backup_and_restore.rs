//! Back-up, restore and the data folder of a running system, as an operator at the command line meets them.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod running;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use assert_cmd::Command;
use predicates::str::{contains, starts_with};
use running::Server;

fn bilan(data: &Path) -> Command {
    let mut command = Command::cargo_bin("bilan").unwrap();
    command.current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."));
    command.env_remove("BILAN_FILES").env("BILAN_DATA", data);
    command
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// Every file and folder below a folder, itself included.
fn below(folder: &Path) -> Vec<PathBuf> {
    let mut found = vec![folder.to_owned()];
    let mut next = 0;
    while next < found.len() {
        if found[next].is_dir() {
            let entries: Vec<PathBuf> =
                fs::read_dir(&found[next]).unwrap().map(|entry| entry.unwrap().path()).collect();
            found.extend(entries);
        }
        next += 1;
    }
    found
}

/// Writes the back-up anew without one of its files.
fn without(backup: &Path, name: &str, target: &Path) {
    let mut whole = tar::Archive::new(fs::File::open(backup).unwrap());
    let mut part = tar::Builder::new(fs::File::create(target).unwrap());
    for entry in whole.entries().unwrap().map(Result::unwrap) {
        let path = entry.path().unwrap().into_owned();
        if path != Path::new(name) {
            part.append(&entry.header().clone(), entry).unwrap();
        }
    }
    part.finish().unwrap();
}

#[test]
fn a_running_bureau_is_backed_up_whole_and_its_folder_is_nobody_elses() {
    let place = tempfile::tempdir().unwrap();
    let (data, file) = (place.path().join("data"), place.path().join("backup.tar"));
    let server = Server::start(&data);
    for path in below(&data) {
        assert_eq!(mode(&path), if path.is_dir() { 0o700 } else { 0o600 }, "{}", path.display());
    }

    // What only reads, or writes a record or an account, goes on beside.
    bilan(&data).args(["verify"]).assert().success();
    bilan(&data).args(["user", "add", "li.ming", "--role", "handler"]).assert().success();
    bilan(&data).arg("backup").arg(&file).assert().success().stdout(contains("backup.tar"));
    assert_eq!(mode(&file), 0o600);

    // A second server and a restore are told who serves the folder.
    let told = contains(format!("process {}, pages at {}", server.child.id(), server.pages));
    let mut second = bilan(&data);
    second.args(["demo", "--quiet-devices", "--http", "127.0.0.1:0", "--devices", "127.0.0.1:0", "--data"]).arg(&data);
    second.assert().code(1).stderr(told.clone());
    bilan(&data).arg("restore").arg(&file).assert().code(1).stderr(told.clone());
    bilan(&data).args(["restore", "--force"]).arg(&file).assert().code(1).stderr(told);
    drop(server);

    // A back-up or a folder from which a database is gone is not taken for a whole one.
    for missing in ["accounts.db", "observations.db"] {
        let part = place.path().join(format!("without-{missing}.tar"));
        without(&file, missing, &part);
        let other = place.path().join("other");
        bilan(&other).arg("restore").arg(&part).assert().code(1).stderr(contains(format!("{missing} is missing")));
        let aside = place.path().join(missing);
        fs::rename(data.join(missing), &aside).unwrap();
        bilan(&data).arg("verify").assert().code(1).stderr(contains(format!("{missing} is missing")));
        fs::rename(aside, data.join(missing)).unwrap();
    }

    // A server that was killed holds nothing any more.
    bilan(&data).arg("restore").arg(&file).assert().code(1).stderr(contains("not empty"));
    let restored = bilan(&data).args(["restore", "--force"]).arg(&file).assert().success().stdout(starts_with("ok "));
    assert!(String::from_utf8_lossy(&restored.get_output().stderr).contains("data.before-"));
    bilan(&data).args(["user", "list"]).assert().success().stdout(contains("li.ming"));
    for name in ["records.db", "observations.db", "accounts.db", "notices.db", "personal.key", "push.key"] {
        assert_eq!(mode(&data.join(name)), 0o600, "{name} is in the back-up");
    }
    assert_eq!(mode(&data), 0o700);
}

#[test]
fn a_damaged_database_in_a_back_up_is_found_before_anything_is_replaced() {
    let place = tempfile::tempdir().unwrap();
    let (data, file) = (place.path().join("data"), place.path().join("backup.tar"));
    bilan(&data).args(["demo", "--load-only", "--data"]).arg(&data).assert().success();
    bilan(&data).arg("backup").arg(&file).assert().success();
    let whole = fs::read(&file).unwrap();
    for name in ["records.db", "observations.db"] {
        let spoiled = place.path().join(format!("spoiled-{name}.tar"));
        let mut bytes = whole.clone();
        let mut archive = tar::Archive::new(&whole[..]);
        let entry =
            archive.entries().unwrap().map(Result::unwrap).find(|entry| entry.path().unwrap() == Path::new(name));
        let (from, size) = entry.map(|entry| (entry.raw_file_position() as usize, entry.size() as usize)).unwrap();
        // From the middle of a database: a run of pages is lost.
        let middle = from + size / 2 / 4096 * 4096;
        bytes[middle..middle + 8 * 4096].fill(0xA5);
        fs::write(&spoiled, bytes).unwrap();
        let refused = bilan(&data).args(["restore", "--force"]).arg(&spoiled).assert().code(1);
        assert!(String::from_utf8_lossy(&refused.get_output().stderr).contains("spoiled-"));
        bilan(&data).arg("verify").assert().success();
        let left: Vec<PathBuf> = fs::read_dir(place.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert!(
            left.iter().all(|path| path == &data || path.extension().is_some_and(|kind| kind == "tar")),
            "{left:?}"
        );
    }
}

#[test]
fn a_back_up_that_is_killed_leaves_nothing_behind() {
    let place = tempfile::tempdir().unwrap();
    let (data, target) = (place.path().join("data"), place.path().join("target"));
    fs::create_dir(&target).unwrap();
    bilan(&data).args(["demo", "--load-only", "--quiet-devices", "--data"]).arg(&data).assert().success();
    for round in 0..12 {
        let file = target.join(format!("{round}.tar"));
        let mut child = std::process::Command::new(assert_cmd::cargo::cargo_bin!("bilan"))
            .arg("backup")
            .arg(&file)
            .arg("--data")
            .arg(&data)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // Each round a little later: whenever it is killed, what is there is whole or nothing.
        std::thread::sleep(Duration::from_millis(15 * round));
        child.kill().unwrap();
        child.wait().unwrap();
        if file.exists() {
            bilan(&place.path().join(format!("restored-{round}"))).arg("restore").arg(&file).assert().success();
            fs::remove_file(&file).unwrap();
        }
        let left: u64 =
            below(&target).iter().filter(|path| path.is_file()).map(|path| path.metadata().unwrap().len()).sum();
        assert_eq!(left, 0, "after round {round}: {:?}", below(&target));
        // One that is killed in the moment in which a copy has a name leaves an empty folder; the next one takes it away.
        for left in fs::read_dir(&target).unwrap().map(|entry| entry.unwrap()) {
            assert!(left.file_name().to_string_lossy().starts_with(".bilan-backup-"), "after round {round}: {left:?}");
            fs::File::open(left.path()).unwrap().set_modified(std::time::UNIX_EPOCH).unwrap();
        }
    }
    bilan(&data).arg("backup").arg(target.join("whole.tar")).assert().success();
    let left: Vec<_> = fs::read_dir(&target).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["whole.tar"], "nothing else is left");
}

#[test]
fn a_restore_outside_a_bureau_says_what_is_wanted_and_one_that_was_killed_leaves_nothing_to_the_next() {
    let place = tempfile::tempdir().unwrap();
    let (data, file) = (place.path().join("data"), place.path().join("backup.tar"));
    bilan(&data).args(["demo", "--load-only", "--quiet-devices", "--data"]).arg(&data).assert().success();
    bilan(&data).arg("backup").arg(&file).assert().success();

    let (elsewhere, beside) = (place.path().join("elsewhere"), place.path().join("beside"));
    fs::create_dir(&elsewhere).unwrap();
    let outside =
        bilan(&beside.join("data")).env("BILAN_FILES", &elsewhere).arg("restore").arg(&file).assert().failure();
    let said = String::from_utf8(outside.get_output().stderr.clone()).unwrap();
    assert!(said.contains("holds no registers/ folder") && !said.contains("backup.tar"), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(!beside.exists(), "nothing is made");

    // Killed while it unpacked, killed before it had its lock, at work, and somebody else's.
    let folders = ["killed", "begun", "working"].map(|name| beside.join(format!(".bilan-restore-{name}")));
    let other = beside.join("restore-of-mine");
    for folder in folders.iter().chain([&other]) {
        fs::create_dir_all(folder).unwrap();
        fs::write(folder.join("records.db"), "half").unwrap();
    }
    fs::write(folders[0].join("in-use.lock"), "").unwrap();
    fs::File::open(&folders[1]).unwrap().set_modified(std::time::UNIX_EPOCH).unwrap();
    let lock = fs::File::create(folders[2].join("in-use.lock")).unwrap();
    lock.lock_shared().unwrap();
    let restored = bilan(&beside.join("data")).arg("restore").arg(&file).assert().success();
    let said = String::from_utf8(restored.get_output().stderr.clone()).unwrap();
    assert_eq!(said, "", "what it makes is its owner's alone from the start");
    let there = folders.each_ref().map(|folder| folder.exists());
    assert_eq!((there, other.exists()), ([false, false, true], true));
    assert!(beside.join("data/records.db").is_file());
}
