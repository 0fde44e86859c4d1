//! A browser that has gone ends the work behind its request: nothing half is left, and the next one finds the ledger free.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod support;

use std::{
    fmt::Write as _,
    io::{self, Cursor, Read, Seek, SeekFrom},
    path::PathBuf,
    sync::Arc,
};

use bilan_records::{
    exchange::{self, ExportError, Format, ImportError, ImportOptions},
    ledger::{Key, Ledger, ListQuery, Origin, ReadError, Write, WriteError},
    personal::Keyring,
};
use bilan_standards::clock::Clock;
use bilan_storage::Cancellation;
use jiff::Timestamp;
use rusqlite::{Connection, ErrorCode};
use support::*;

fn file(rows: u64) -> Vec<u8> {
    let mut csv = "received_at,类别,subject\n".to_owned();
    for n in 1..=rows {
        writeln!(csv, "2020-03-01 22:15,噪声,文件第{n}行").unwrap();
    }
    csv.into_bytes()
}

fn is_ended(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::OperationInterrupted)
}

/// A file that is left after the first piece of its rows; it is looked through once before, for its encoding.
struct Left {
    file: Cursor<Vec<u8>>,
    /// Bytes read since the last jump.
    read: u64,
    cancellation: Cancellation,
}

impl Read for Left {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let length = self.file.read(into)?;
        self.read += length as u64;
        if self.read > 1000 {
            self.cancellation.cancel();
        }
        Ok(length)
    }
}

impl Seek for Left {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.read = 0;
        self.file.seek(to)
    }
}

#[test]
fn a_file_that_is_checked_for_nobody_is_not_read_to_its_end() {
    let bureau = Bureau::new();
    let cancellation = Cancellation::default();
    let bytes = file(20_000);
    let whole = bytes.len() as u64;
    let mut source = Left { file: Cursor::new(bytes), read: 0, cancellation: cancellation.clone() };
    let checked =
        cancellation.over(|| exchange::import(&bureau.ledger, &handler(), "complaint", &mut source, Format::Csv, true));
    assert!(
        matches!(&checked, Err(ImportError::Refused(WriteError::Database(error))) if is_ended(error)),
        "{checked:?}"
    );
    assert!(source.read < whole, "{} of {whole} bytes", source.read);
    let next = bureau.ledger.create(&handler(), "complaint", noise(), Write::default()).unwrap();
    assert_eq!(next.number, "TS202000001");
}

/// A clock that is asked last when a batch is published, and notices then that nobody waits for it.
struct LeavesAtThePublication {
    path: PathBuf,
    cancellation: Cancellation,
}

impl Clock for LeavesAtThePublication {
    fn now(&self) -> Timestamp {
        let database = Connection::open(&self.path).unwrap();
        let coming = database
            .query_row("SELECT count(*) FROM import_batch WHERE published_at IS NULL", [], |row| row.get::<_, u64>(0));
        // The tables are not there when the ledger is opened.
        if coming.unwrap_or(0) > 0 {
            self.cancellation.cancel();
        }
        "2020-03-02T01:00:00Z".parse().unwrap()
    }
}

#[test]
fn a_batch_that_nobody_waits_for_is_taken_away_before_it_is_published_and_may_be_sent_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bilan.db");
    let cancellation = Cancellation::default();
    let clock = LeavesAtThePublication { path: path.clone(), cancellation: cancellation.clone() };
    let catalogue = catalogue(vec![enterprise(), complaint()]);
    let ledger = Ledger::open(&path, catalogue, Arc::new(clock), Keyring::new([7; 32])).unwrap();
    let key = Key::new(Origin::Import, "file");
    let send = || {
        let source = Cursor::new(file(500));
        let options = ImportOptions { key: Some(&key), ..ImportOptions::default() };
        exchange::import_with(&ledger, &handler(), "complaint", source, Format::Csv, options)
    };
    let left = cancellation.over(send);
    assert!(cancellation.is_cancelled(), "it came as far as the publication");
    assert!(matches!(&left, Err(ImportError::Refused(WriteError::Database(error))) if is_ended(error)), "{left:?}");
    assert_eq!(ledger.count(&handler(), &ListQuery::of("complaint")).unwrap(), 0);
    assert_eq!(exchange::imported_under(&ledger, &handler(), &key).unwrap(), None);
    let database = Connection::open(&path).unwrap();
    for table in ["import_batch", "import_entry", "r_complaint", "deadline"] {
        let rows: u64 = database.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap();
        assert_eq!(rows, 0, "{table}");
    }
    assert_eq!(send().unwrap().created, 500);
    assert_eq!(send().unwrap().created, 500, "answered");
    assert_eq!(ledger.count(&handler(), &ListQuery::of("complaint")).unwrap(), 500, "and entered once");
    ledger.verify().unwrap().unwrap();
}

#[test]
fn a_small_file_that_nobody_waits_for_leaves_no_row() {
    let bureau = Bureau::new();
    let cancellation = Cancellation::default();
    let mut source = Left { file: Cursor::new(file(60)), read: 0, cancellation: cancellation.clone() };
    let left = cancellation
        .over(|| exchange::import(&bureau.ledger, &handler(), "complaint", &mut source, Format::Csv, false));
    assert!(left.is_err());
    assert_eq!(bureau.ledger.count(&handler(), &ListQuery::of("complaint")).unwrap(), 0);
}

#[test]
fn a_write_that_nobody_waits_for_leaves_nothing_and_the_same_write_sent_again_is_entered() {
    let bureau = Bureau::new();
    let cancellation = Cancellation::default();
    cancellation.cancel();
    let write = || Write::under(Key::new(Origin::Page, "form"));
    let left = cancellation.over(|| bureau.ledger.create(&handler(), "complaint", noise(), write()));
    assert!(matches!(&left, Err(WriteError::Database(error)) if is_ended(error)), "{left:?}");
    let entered = bureau.ledger.create(&handler(), "complaint", noise(), write()).unwrap();
    assert_eq!(entered.number, "TS202000001");
    assert_eq!(bureau.ledger.verify().unwrap().unwrap().entries, 1);
}

/// A download that goes away after its first piece.
struct LeftDownload {
    taken: Cursor<Vec<u8>>,
    cancellation: Cancellation,
}

impl io::Write for LeftDownload {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.cancellation.cancel();
        self.taken.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Seek for LeftDownload {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.taken.seek(to)
    }
}

#[test]
fn an_export_that_nobody_waits_for_stops_between_two_records() {
    let bureau = Bureau::new();
    exchange::import(&bureau.ledger, &handler(), "complaint", Cursor::new(file(600)), Format::Csv, false).unwrap();
    for format in [Format::Csv, Format::Jsonl] {
        let mut whole = Cursor::new(Vec::new());
        let query = || ListQuery::of("complaint");
        exchange::export(&bureau.ledger, &handler(), query(), format, &mut whole).unwrap();
        let cancellation = Cancellation::default();
        let mut download = LeftDownload { taken: Cursor::new(Vec::new()), cancellation: cancellation.clone() };
        let left = cancellation.over(|| exchange::export(&bureau.ledger, &handler(), query(), format, &mut download));
        assert!(
            matches!(&left, Err(ExportError::Read(ReadError::Database(error))) if is_ended(error)),
            "{format:?}: {left:?}"
        );
        assert!(download.taken.get_ref().len() < whole.get_ref().len() / 2);
    }
}

#[test]
fn reminders_that_a_stop_ends_are_sent_at_the_next_start() {
    let bureau = Bureau::new();
    let record = bureau.ledger.create(&handler(), "complaint", noise(), Write::default()).unwrap();
    let named = map(serde_json::json!({ "handler_name": "李强" }));
    let step = ("complaint", record.number.as_str(), record.version, "accept");
    bureau.ledger.step(&handler(), step.0, step.1, step.2, step.3, named, None, Write::default()).unwrap();
    bureau.at("2021-03-02T01:00:00Z");
    let cancellation = Cancellation::default();
    cancellation.cancel();
    let ended = cancellation.over(|| bureau.ledger.tick(bureau.ledger.now()));
    assert!(matches!(&ended, Err(WriteError::Database(error)) if is_ended(error)), "{ended:?}");
    assert_eq!(bureau.ledger.tick(bureau.ledger.now()).unwrap().len(), 1, "the newest of those whose day has come");
}

#[test]
fn a_check_of_the_journal_that_nobody_waits_for_finds_no_damage() {
    let bureau = Bureau::new();
    bureau.ledger.create(&handler(), "complaint", noise(), Write::default()).unwrap();
    let cancellation = Cancellation::default();
    cancellation.cancel();
    let left = cancellation.over(|| bureau.ledger.verify());
    assert!(matches!(&left, Err(ReadError::Database(error)) if is_ended(error)), "{left:?}");
    bureau.ledger.verify().unwrap().unwrap();
}
