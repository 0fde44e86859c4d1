//! Work that nobody waits for any longer (取消): a browser has gone, or a page took too long.
//!
//! A thread that works for a request does so under a [`Cancellation`]. The one that answers the request keeps the other half;
//! when it is dropped, statements of SQLite that the thread runs on a connection under [`watch`] end with
//! [`Cancelled`], loops that ask [`check`] do, and a transaction that is committed with [`commit`] is rolled back. What was
//! committed before stays. Work without a cancellation is never cancelled.
//!
//! ```
//! use bilan_storage::{Cancellation, Cancelled, check};
//!
//! let cancellation = Cancellation::default();
//! assert_eq!(cancellation.over(check), Ok(()));
//! drop(cancellation.when_dropped());
//! assert_eq!(cancellation.over(check), Err(Cancelled));
//! assert_eq!(check(), Ok(()), "nobody cancels what works for no request");
//! ```

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rusqlite::{Connection, Transaction, ffi};

/// Instructions of a statement between two looks at the cancellation: less than a millisecond.
const INSTRUCTIONS: std::ffi::c_int = 10_000;

thread_local! {
    /// The cancellation of the work that this thread does.
    static CURRENT: RefCell<Option<Cancellation>> = const { RefCell::new(None) };
}

/// Whether somebody still waits for a piece of work. Clones are the same one.
#[derive(Debug, Clone, Default)]
pub struct Cancellation(Arc<AtomicBool>);

/// The work was given up because nobody waits for it any longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("nobody waits for the answer any longer")]
pub struct Cancelled;

/// As SQLite says it of a statement that was interrupted.
impl From<Cancelled> for rusqlite::Error {
    fn from(cancelled: Cancelled) -> Self {
        Self::SqliteFailure(ffi::Error::new(ffi::SQLITE_INTERRUPT), Some(cancelled.to_string()))
    }
}

/// Cancels the work when it is dropped.
#[derive(Debug)]
pub struct CancelWhenDropped(Cancellation);

impl Drop for CancelWhenDropped {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

impl Cancellation {
    /// The cancellation under which this thread works, if it works for a request.
    #[must_use]
    pub fn current() -> Option<Self> {
        CURRENT.with_borrow(Clone::clone)
    }

    /// Ends the work as soon as it looks.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether the work is to end.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// The half of who waits for the work.
    #[must_use]
    pub fn when_dropped(&self) -> CancelWhenDropped {
        CancelWhenDropped(self.clone())
    }

    /// Works under this cancellation.
    pub fn over<T>(&self, work: impl FnOnce() -> T) -> T {
        under(Some(self.clone()), work)
    }
}

/// Works to the end, whether or not somebody waits: for what would be left half done, and for tidying up.
pub fn to_the_end<T>(work: impl FnOnce() -> T) -> T {
    under(None, work)
}

fn under<T>(cancellation: Option<Cancellation>, work: impl FnOnce() -> T) -> T {
    /// Puts the cancellation of before back, after a panic as well: threads work for one request after the other.
    struct Before(Option<Cancellation>);
    impl Drop for Before {
        fn drop(&mut self) {
            CURRENT.set(self.0.take());
        }
    }
    let _before = Before(CURRENT.replace(cancellation));
    work()
}

/// Whether somebody still waits for what this thread does; asked between rows and portions.
///
/// # Errors
/// [`Cancelled`] if nobody does.
pub fn check() -> Result<(), Cancelled> {
    match Cancellation::current() {
        Some(cancellation) if cancellation.is_cancelled() => Err(Cancelled),
        _ => Ok(()),
    }
}

/// Lets the statements of a connection end when the work of this thread is cancelled, and when `is_late` says so. Without
/// either they run to their end. Called when a connection is taken for a piece of work, and when it is given back.
///
/// # Errors
/// If there is no memory.
pub fn watch(connection: &mut Connection, is_late: Option<Box<dyn Fn() -> bool + Send>>) -> rusqlite::Result<()> {
    let cancellation = Cancellation::current();
    if cancellation.is_none() && is_late.is_none() {
        return connection.progress_handler(0, None::<fn() -> bool>);
    }
    let is_over = move || {
        cancellation.as_ref().is_some_and(Cancellation::is_cancelled) || is_late.as_ref().is_some_and(|late| late())
    };
    connection.progress_handler(INSTRUCTIONS, Some(is_over))
}

/// Commits, if somebody still waits for it; else rolls back.
///
/// # Errors
/// [`Cancelled`] as an interruption of SQLite; or the database failed. Nothing was written then.
pub fn commit(transaction: Transaction<'_>) -> rusqlite::Result<()> {
    check()?;
    transaction.commit()
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use rusqlite::ErrorCode;

    use super::*;

    const ENDLESS: &str =
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n WHERE i < 0";

    fn code(error: &rusqlite::Error) -> Option<ErrorCode> {
        error.sqlite_error_code()
    }

    #[test]
    fn a_statement_without_an_end_ends_when_nobody_waits_for_it() {
        let cancellation = Cancellation::default();
        let waits = cancellation.when_dropped();
        let (begun, has_begun) = mpsc::channel();
        let work = std::thread::spawn(move || {
            cancellation.over(|| {
                let mut connection = Connection::open_in_memory().unwrap();
                watch(&mut connection, None).unwrap();
                begun.send(()).unwrap();
                connection.query_row(ENDLESS, [], |row| row.get::<_, i64>(0)).unwrap_err()
            })
        });
        has_begun.recv().unwrap();
        drop(waits);
        assert_eq!(code(&work.join().unwrap()), Some(ErrorCode::OperationInterrupted));
    }

    #[test]
    fn what_was_not_committed_when_nobody_waits_any_longer_is_rolled_back_and_what_was_stays() {
        let mut connection = Connection::open_in_memory().unwrap();
        connection.execute_batch("CREATE TABLE t (a); INSERT INTO t VALUES (1)").unwrap();
        let cancellation = Cancellation::default();
        let written = cancellation.over(|| {
            let transaction = connection.transaction().unwrap();
            transaction.execute("INSERT INTO t VALUES (2)", []).unwrap();
            cancellation.cancel();
            commit(transaction)
        });
        assert_eq!(code(&written.unwrap_err()), Some(ErrorCode::OperationInterrupted));
        let count = |connection: &Connection| connection.query_row("SELECT count(*) FROM t", [], |row| row.get(0));
        assert_eq!(count(&connection), Ok(1));
        let transaction = connection.transaction().unwrap();
        transaction.execute("INSERT INTO t VALUES (3)", []).unwrap();
        commit(transaction).unwrap();
        assert_eq!(count(&connection), Ok(2));
    }

    #[test]
    fn a_connection_that_is_given_back_serves_the_next_piece_of_work_to_its_end() {
        let mut connection = Connection::open_in_memory().unwrap();
        let cancellation = Cancellation::default();
        cancellation.over(|| watch(&mut connection, None)).unwrap();
        cancellation.cancel();
        watch(&mut connection, None).unwrap();
        let long =
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 100000) SELECT count(*) FROM n";
        assert_eq!(connection.query_row(long, [], |row| row.get(0)), Ok(100_000));
    }

    #[test]
    fn a_panic_leaves_no_cancellation_behind_and_tidying_up_is_never_cancelled() {
        let cancellation = Cancellation::default();
        cancellation.cancel();
        assert_eq!(cancellation.over(|| to_the_end(check)), Ok(()));
        let panicked = std::panic::catch_unwind(|| cancellation.over(|| panic!("as meant")));
        assert!(panicked.is_err());
        assert!(Cancellation::current().is_none());
    }
}
