//! How long somebody who enters one complaint waits while a large file is checked, imported, and taken back.
//!
//! `cargo bench -p bilan-records --bench waiting [-- ROWS]`; the database lies in a temporary folder.
#![allow(clippy::unwrap_used, reason = "a benchmark that cannot go on should stop")]

#[path = "../tests/support/mod.rs"]
mod support;

use std::{
    fmt::Write as _,
    io::Cursor,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

use bilan_records::{
    exchange::{Format, ImportError, ImportOutcome, import},
    ledger::Write,
};
use serde_json::json;
use support::*;

fn main() {
    let rows = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(200_000);
    let bureau = Bureau::new();
    let plain = file(rows, "");
    for (what, dry_run) in [("dry run", true), ("import", false)] {
        measure(&bureau, what, || {
            import(&bureau.ledger, &system(), "complaint", Cursor::new(&plain), Format::Csv, dry_run)
        });
    }
    let refused = file(rows, "2020-13-45,噪声,坏,\n");
    measure(&bureau, "refused", || {
        import(&bureau.ledger, &system(), "complaint", Cursor::new(&refused), Format::Csv, false)
    });
    let disputed = file(rows, "2020-03-01 22:15,噪声,争,TS202099999\n");
    measure(&bureau, "undone", || {
        thread::scope(|scope| {
            scope.spawn(|| dispute(&bureau));
            import(&bureau.ledger, &system(), "complaint", Cursor::new(&disputed), Format::Csv, false)
        })
    });
    bureau.ledger.verify().unwrap().unwrap();
}

/// Enters the last number of the file as soon as the file is being written, so that its publication is refused.
fn dispute(bureau: &Bureau) {
    let connection = rusqlite::Connection::open(bureau.path()).unwrap();
    let coming = "SELECT count(*) FROM import_batch WHERE published_at IS NULL";
    while connection.query_row(coming, [], |row| row.get::<_, i64>(0)).unwrap() == 0 {
        thread::sleep(Duration::from_millis(20));
    }
    let mut values = noise();
    values.insert("number".into(), json!("TS202099999"));
    bureau.ledger.create(&system(), "complaint", values, Write::default()).unwrap();
}

fn file(rows: u64, last: &str) -> Vec<u8> {
    let mut csv = "received_at,类别,subject,number\n".to_owned();
    for n in 0..rows {
        writeln!(csv, "2020-03-01 22:15,噪声,夜间施工第{n}号，工地深夜浇筑混凝土,").unwrap();
    }
    csv.push_str(last);
    csv.into_bytes()
}

/// Runs `act` while a desk enters a complaint every 10 ms; prints how long the desk waited.
fn measure(bureau: &Bureau, what: &str, act: impl FnOnce() -> Result<ImportOutcome, ImportError>) {
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let desk = scope.spawn(|| {
            let mut waits = Vec::new();
            while !done.load(Ordering::Relaxed) {
                let began = Instant::now();
                bureau.ledger.create(&handler(), "complaint", noise(), Write::default()).unwrap();
                waits.push(began.elapsed());
                thread::sleep(Duration::from_millis(10));
            }
            waits
        });
        let began = Instant::now();
        let outcome = act();
        let took = began.elapsed();
        done.store(true, Ordering::Relaxed);
        let mut waits = desk.join().unwrap();
        waits.sort();
        let at = |part: usize| waits[(waits.len() - 1) * part / 100];
        let (writes, p99, worst) = (waits.len(), at(99), at(100));
        let said = outcome.map_or_else(|error| error.to_string(), |outcome| format!("{} rows", outcome.created));
        let said: String = said.lines().next().unwrap_or_default().chars().take(60).collect();
        println!(
            "{what:8} {took:>8.1?}  {writes} writes beside it: median {:.1?}, p99 {p99:.1?}, worst {worst:.1?}  ({said})",
            at(50)
        );
    });
}
