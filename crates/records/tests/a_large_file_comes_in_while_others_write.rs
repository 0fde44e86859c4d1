//! A file of more rows than fit into one turn comes in beside people who write, list and search.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod support;

use std::{
    collections::BTreeSet,
    fmt::Write as _,
    io::Cursor,
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use bilan_records::{
    exchange::{Format, ImportError, import},
    ledger::{ListQuery, Write},
};
use support::*;

const ROWS: u64 = 3_000;

fn file(last_row: &str) -> Vec<u8> {
    let mut csv = "received_at,类别,subject\n".to_owned();
    for n in 1..ROWS {
        writeln!(csv, "2020-03-01 22:15,噪声,文件第{n}行").unwrap();
    }
    csv.push_str(last_row);
    csv.into_bytes()
}

#[test]
fn others_go_on_writing_and_see_all_of_the_file_or_nothing() {
    let bureau = Bureau::new();
    let (ledger, done) = (&bureau.ledger, AtomicBool::new(false));
    let honest = thread::scope(|scope| {
        let desk = scope.spawn(|| {
            let mut honest = 0_u64;
            while !done.load(Ordering::Relaxed) {
                ledger.create(&handler(), "complaint", noise(), Write::default()).unwrap();
                honest += 1;
                let seen = ledger.count(&handler(), &ListQuery::of("complaint")).unwrap();
                assert!(seen == honest || seen == honest + ROWS, "{seen} of {honest} and {ROWS}");
                let words = ListQuery { search: Some("文件".into()), ..ListQuery::of("complaint") };
                let found = ledger.count(&handler(), &words).unwrap();
                assert!(found == 0 || found == ROWS, "{found}");
            }
            honest
        });
        let bytes = file("2020-03-01 22:15,噪声,最后的文件行\n");
        let outcome = import(ledger, &handler(), "complaint", Cursor::new(bytes), Format::Csv, false);
        done.store(true, Ordering::Relaxed);
        assert_eq!(outcome.unwrap().created, ROWS);
        desk.join().unwrap()
    });
    assert!(honest > 0);
    let query = ListQuery { limit: 100_000, ..ListQuery::of("complaint") };
    let records = ledger.list(&handler(), query).unwrap().records;
    let numbers: BTreeSet<&str> = records.iter().map(|record| record.number.as_str()).collect();
    let last = format!("TS2020{:05}", ROWS + honest);
    assert_eq!(
        (numbers.len() as u64, numbers.last().copied()),
        (ROWS + honest, Some(last.as_str())),
        "no number is left out"
    );
    ledger.verify().unwrap().unwrap();
}

#[test]
fn a_fault_in_the_last_row_leaves_nothing_and_takes_no_number() {
    let bureau = Bureau::new();
    let bytes = file("2020-13-01,噪声,坏\n");
    let refused = import(&bureau.ledger, &handler(), "complaint", Cursor::new(bytes), Format::Csv, false);
    let Err(ImportError::Faults(faults)) = refused else { panic!("{refused:?}") };
    assert_eq!((faults.total, faults.faults[0].row), (1, ROWS + 1));
    assert_eq!(bureau.ledger.count(&handler(), &ListQuery::of("complaint")).unwrap(), 0);
    let first = bureau.ledger.create(&handler(), "complaint", noise(), Write::default()).unwrap();
    assert_eq!(first.number, "TS202000001");
    assert_eq!(bureau.ledger.verify().unwrap().unwrap().entries, 1);
}

#[test]
fn a_dry_run_of_a_large_file_waits_for_nobody_and_keeps_nothing() {
    let bureau = Bureau::new();
    let bytes = file("2020-03-01 22:15,噪声,最后的文件行\n");
    let outcome = import(&bureau.ledger, &handler(), "complaint", Cursor::new(bytes), Format::Csv, true).unwrap();
    assert_eq!(outcome.created, ROWS);
    assert_eq!(bureau.ledger.verify().unwrap().unwrap().rows, 0);
}
