//! A back-up is whole, of one moment, and in nobody's way.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::atomic::{AtomicBool, Ordering};

use rusqlite::Connection;

use super::*;

/// A data folder of the kind that a bureau has, with two databases that count.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in ["records.db", "observations.db", "accounts.db", "notices.db"] {
        let database = Connection::open(folder.path().join(name)).unwrap();
        database
            .execute_batch(
                "PRAGMA journal_mode = WAL; CREATE TABLE count (n INTEGER); INSERT INTO count VALUES (0);
                 CREATE TABLE body (bytes BLOB); INSERT INTO body VALUES (zeroblob(20000000))",
            )
            .unwrap();
    }
    for name in ["personal.key", "push.key", "uploads/checked/a/1.xlsx", SERVED] {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, name).unwrap();
    }
    folder
}

const SERVED: &str = "served.lock";

fn unpacked(file: &Path) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    tar::Archive::new(File::open(file).unwrap()).unpack(folder.path()).unwrap();
    folder
}

fn count(folder: &Path, name: &str) -> i64 {
    Connection::open(folder.join(name)).unwrap().query_row("SELECT n FROM count", [], |row| row.get(0)).unwrap()
}

/// Counts one up in the records, then in the observations, again and again, until it is dropped.
struct Counting<'s> {
    stop: &'s AtomicBool,
}

impl Drop for Counting<'_> {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

fn keep_counting(data: &Path, stop: &AtomicBool) {
    let open = |name: &str| {
        let database = Connection::open(data.join(name)).unwrap();
        database.busy_timeout(std::time::Duration::from_secs(60)).unwrap();
        database.execute_batch("PRAGMA synchronous = OFF").unwrap();
        database
    };
    let (records, observations) = (open("records.db"), open("observations.db"));
    while !stop.load(Ordering::Relaxed) {
        records.execute("UPDATE count SET n = n + 1", []).unwrap();
        observations.execute("UPDATE count SET n = n + 1", []).unwrap();
    }
}

#[test]
fn everything_is_in_it_and_nobody_else_may_read_it() {
    let data = folder();
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("backup.tar");
    let written = write(data.path(), &file).unwrap();
    assert_eq!((written.databases, written.files), (4, 2));
    assert_eq!(written.bytes, file.metadata().unwrap().len());
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::read_dir(place.path()).unwrap().count(), 1, "nothing is left beside it");
    let names: BTreeSet<String> = tar::Archive::new(File::open(&file).unwrap())
        .entries()
        .unwrap()
        .map(|entry| entry.unwrap().path().unwrap().display().to_string())
        .collect();
    let expected = ["accounts.db", "notices.db", "observations.db", "personal.key", "push.key", "records.db"];
    assert_eq!(
        names.iter().map(String::as_str).collect::<Vec<_>>(),
        expected,
        "neither the lock nor what waits to be entered is in it"
    );
    assert!(write(data.path(), &file).unwrap_err().to_string().contains("backup.tar"), "never over another file");
}

#[test]
fn it_ends_though_writers_never_pause_and_all_databases_are_of_one_moment() {
    let data = folder();
    let place = tempfile::tempdir().unwrap();
    let stop = AtomicBool::new(false);
    std::thread::scope(|threads| {
        let _counting = Counting { stop: &stop };
        threads.spawn(|| keep_counting(data.path(), &stop));
        for round in 0..5 {
            let file = place.path().join(format!("{round}.tar"));
            let before = count(data.path(), "records.db");
            write(data.path(), &file).unwrap();
            let copy = unpacked(&file);
            let (records, observations) = (count(copy.path(), "records.db"), count(copy.path(), "observations.db"));
            assert!(records >= before, "not older than its beginning");
            assert!(
                (0..=1).contains(&(records - observations)),
                "{records} and {observations} were never true together"
            );
        }
    });
}

#[test]
fn a_writer_that_does_not_let_go_is_waited_for() {
    let data = folder();
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("backup.tar");
    let import = Connection::open(data.path().join("records.db")).unwrap();
    import.execute_batch("BEGIN IMMEDIATE; UPDATE count SET n = 7").unwrap();
    std::thread::scope(|threads| {
        let writing = threads.spawn(|| write(data.path(), &file));
        let devices = Connection::open(data.path().join("observations.db")).unwrap();
        for _ in 0..50 {
            devices.execute("UPDATE count SET n = n + 1", []).unwrap();
        }
        assert!(!writing.is_finished(), "nothing is copied while the import is half done");
        import.execute_batch("COMMIT").unwrap();
        writing.join().unwrap().unwrap();
    });
    let copy = unpacked(&file);
    assert_eq!((count(copy.path(), "records.db"), count(copy.path(), "observations.db")), (7, 50));
}

#[test]
fn a_name_that_leads_out_of_the_folder_is_no_back_up() {
    let place = tempfile::tempdir().unwrap();
    for name in ["../outside.db", "/tmp/outside.db"] {
        let file = place.path().join("evil.tar");
        let mut header = tar::Header::new_gnu();
        header.set_size(1);
        // The library refuses such a name; whoever forges an archive does not use the library.
        header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_cksum();
        let mut archive = tar::Builder::new(File::create(&file).unwrap());
        archive.append(&header, &b"x"[..]).unwrap();
        archive.finish().unwrap();
        let target = place.path().join("restored");
        let refused = restore(&file, &target, false).unwrap_err().to_string();
        assert!(refused.contains("is no back-up"), "{refused}");
        assert!(!target.exists());
        assert_eq!(fs::read_dir(place.path()).unwrap().count(), 1, "nothing but the archive");
    }
}

#[test]
fn what_a_back_up_left_that_was_killed_is_taken_away_by_the_next_one() {
    let (data, place) = (folder(), tempfile::tempdir().unwrap());
    let left = |name: &str| {
        let left = place.path().join(name);
        fs::create_dir(&left).unwrap();
        File::create(left.join("records.db")).unwrap();
        left
    };
    let (old, young, other) = (left(".bilan-backup-1"), left(".bilan-backup-2"), left("other"));
    let long_ago = std::time::SystemTime::now() - std::time::Duration::from_secs(3600);
    for folder in [&old, &other] {
        File::open(folder).unwrap().set_modified(long_ago).unwrap();
    }
    write(data.path(), &place.path().join("backup.tar")).unwrap();
    assert!(!old.exists());
    assert!(young.exists() && other.exists(), "another back-up may be at work, and what is not ours stays");
}
