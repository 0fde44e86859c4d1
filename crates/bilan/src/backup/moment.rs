//! One moment of several databases: every writer is held for some milliseconds while a view of each database is opened.
//!
//! The lock is SQLite's own, so that it holds writers of other processes as well. A view of a database in WAL mode stays as it is while others write on.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rusqlite::{Connection, ErrorCode, OpenFlags};

/// Written to by long transactions (an import): waited for with nothing held.
const SLOWEST: &str = "records.db";
/// Written to all the time by short ones: taken last, so that devices wait least.
const BUSIEST: &str = "observations.db";
/// How long the writer of the slowest is waited for.
const FIRST: Duration = Duration::from_secs(600);
/// How long the others are waited for while the slowest is held. Then all are let go, so that nobody waits longer, and it begins anew.
const OTHERS: Duration = Duration::from_millis(200);
/// Between two tries to take a lock: a busy writer lets go of it for part of a millisecond.
const TRY: Duration = Duration::from_micros(100);
/// Between two beginnings.
const PAUSE: Duration = Duration::from_millis(100);

/// A database as it stood at the moment.
pub struct Snapshot {
    /// Name of its file.
    pub name: String,
    /// Holds the view open.
    pub view: Connection,
    pages: u64,
    page_size: u64,
}

impl Snapshot {
    /// Size of the database, bytes.
    pub fn bytes(&self) -> u64 {
        self.pages * self.page_size
    }
}

/// Views of these databases of a folder, all of one moment; the busiest first, which is to be copied first.
///
/// # Errors
/// If one cannot be opened, or is written to without a pause for ten minutes.
pub fn of(data: &Path, names: &[String]) -> Result<Vec<Snapshot>> {
    let mut names: Vec<&str> = names.iter().map(String::as_str).collect();
    names.sort_by_key(|name| (*name == BUSIEST, *name != SLOWEST, *name));
    let begun = Instant::now();
    loop {
        match hold(data, &names) {
            Ok(Held::All(locks)) => {
                let mut snapshots = names.iter().map(|name| view(data, name)).collect::<Result<Vec<Snapshot>>>()?;
                drop(locks);
                snapshots.reverse();
                return Ok(snapshots);
            }
            Ok(Held::NotAll { busy }) if begun.elapsed() > FIRST => {
                bail!("{busy} is written to without a pause: try again when what writes to it (an import?) has ended")
            }
            Ok(Held::NotAll { .. }) => thread::sleep(PAUSE),
            Err(error) => return Err(error),
        }
    }
}

enum Held {
    /// Nobody writes while these live.
    All(Vec<Connection>),
    /// One was written to all the time.
    NotAll { busy: String },
}

fn hold(data: &Path, names: &[&str]) -> Result<Held> {
    let mut locks = Vec::with_capacity(names.len());
    for (place, name) in names.iter().enumerate() {
        let path = data.join(name);
        let lock =
            Connection::open_with_flags(&path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)
                .with_context(|| format!("cannot open {}", path.display()))?;
        lock.busy_timeout(Duration::ZERO)?;
        let patience = if place == 0 { FIRST } else { OTHERS };
        if !take(&lock, patience).with_context(|| format!("cannot read {}", path.display()))? {
            return Ok(Held::NotAll { busy: (*name).to_owned() });
        }
        locks.push(lock);
    }
    Ok(Held::All(locks))
}

/// Takes the write lock of a database; the transaction ends when the connection is dropped, and writes nothing.
fn take(lock: &Connection, patience: Duration) -> rusqlite::Result<bool> {
    let begun = Instant::now();
    loop {
        match lock.execute_batch("BEGIN IMMEDIATE") {
            Ok(()) => return Ok(true),
            Err(error) if !is_busy(&error) => return Err(error),
            Err(_) if begun.elapsed() > patience => return Ok(false),
            Err(_) => thread::sleep(TRY),
        }
    }
}

fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
}

fn view(data: &Path, name: &str) -> Result<Snapshot> {
    let path = data.join(name);
    let open = || -> rusqlite::Result<Snapshot> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let view = Connection::open_with_flags(&path, flags)?;
        view.busy_timeout(Duration::from_secs(10))?;
        // A transaction that reads begins with its first look.
        view.execute_batch("BEGIN; SELECT count(*) FROM sqlite_schema")?;
        let pages = view.query_row("PRAGMA page_count", [], |row| row.get(0))?;
        let page_size = view.query_row("PRAGMA page_size", [], |row| row.get(0))?;
        Ok(Snapshot { name: name.to_owned(), view, pages, page_size })
    };
    open().with_context(|| format!("cannot read {}", path.display()))
}
