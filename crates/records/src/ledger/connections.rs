//! One writer behind a mutex and a pool of readers on one SQLite file in WAL mode: reading never waits for writing.

use std::{
    ops::{Deref, DerefMut},
    path::{Path, PathBuf},
    time::Duration,
};

use bilan_storage::{Cancellation, check, watch};
use parking_lot::{Mutex, MutexGuard};
use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};

/// The connections of one database file.
pub(crate) struct Connections {
    path: PathBuf,
    writer: Mutex<Connection>,
    readers: Mutex<Vec<Connection>>,
}

/// Readers kept open between questions; more are opened when needed and closed afterwards.
const IDLE_READERS: usize = 8;

/// So long a try to write waits for its turn.
const TURN: Duration = Duration::from_secs(1);

impl Connections {
    /// Opens (or creates) the database file.
    pub(crate) fn open(path: &Path) -> Result<Self, rusqlite::Error> {
        let writer = Connection::open(path)?;
        writer.pragma_update(None, "journal_mode", "WAL")?;
        // In WAL mode NORMAL survives a crash of the program; FULL also survives a power cut after the answer was given.
        writer.pragma_update(None, "synchronous", "FULL")?;
        writer.pragma_update(None, "cache_size", -32_768)?;
        writer.pragma_update(None, "wal_autocheckpoint", 4000)?;
        writer.pragma_update(None, "journal_size_limit", 67_108_864)?;
        prepare(&writer)?;
        Ok(Self { path: path.to_owned(), writer: Mutex::new(writer), readers: Mutex::new(Vec::new()) })
    }

    /// The writer; a panic in another writer rolled its transaction back, so the connection is sound.
    pub(crate) fn writer(&self) -> Writer<'_> {
        Writer { connection: Some(self.writer.lock()), is_watched: false }
    }

    /// Tries to write. While somebody else's turn lasts, that one finds out.
    pub(crate) fn try_writing(&self) -> Result<(), rusqlite::Error> {
        self.writer.try_lock_for(TURN).map_or(Ok(()), |writer| bilan_storage::try_writing(&writer))
    }

    /// A reader, given back when dropped. Its statements end when nobody waits for them any longer.
    pub(crate) fn reader(&self) -> Result<Reader<'_>, rusqlite::Error> {
        check()?;
        let idle = self.readers.lock().pop();
        match idle {
            Some(connection) => self.watched(connection),
            None => self.new_reader(),
        }
    }

    fn watched(&self, mut connection: Connection) -> Result<Reader<'_>, rusqlite::Error> {
        let is_watched = Cancellation::current().is_some();
        if is_watched {
            watch(&mut connection, None)?;
        }
        Ok(Reader { pool: self, connection: Some(connection), is_watched })
    }

    /// A reader that has read nothing yet. The full-text index remembers its segments from one check of its soundness to
    /// the next, and takes those that others have merged meanwhile for damage.
    pub(crate) fn new_reader(&self) -> Result<Reader<'_>, rusqlite::Error> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.path, flags)?;
        connection.pragma_update(None, "cache_size", -8_192)?;
        prepare(&connection)?;
        self.watched(connection)
    }
}

fn prepare(connection: &Connection) -> Result<(), rusqlite::Error> {
    connection.busy_timeout(Duration::from_secs(10))?;
    connection.pragma_update(None, "foreign_keys", "ON")?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.set_prepared_statement_cache_capacity(256);
    Ok(())
}

/// The turn of the writer; others wait until it is dropped.
pub(crate) struct Writer<'a> {
    connection: Option<MutexGuard<'a, Connection>>,
    is_watched: bool,
}

impl Writer<'_> {
    /// Begins to write, if somebody still waits for it after the wait for this turn.
    pub(crate) fn begin(&mut self) -> Result<Transaction<'_>, rusqlite::Error> {
        check()?;
        if Cancellation::current().is_some() {
            self.is_watched = true;
            watch(self, None)?;
        }
        self.transaction_with_behavior(TransactionBehavior::Immediate)
    }

    /// Ends the turn; who waits for one comes first.
    pub(crate) fn hand_on(mut self) {
        self.leave();
        if let Some(connection) = self.connection.take() {
            MutexGuard::unlock_fair(connection);
        }
    }

    /// The next turn is not ended by who waited for this one.
    fn leave(&mut self) {
        if std::mem::take(&mut self.is_watched) {
            // Taking a handler away needs no memory, which is the only way in which it fails.
            drop(self.progress_handler(0, None::<fn() -> bool>));
        }
    }
}

impl Deref for Writer<'_> {
    type Target = Connection;

    #[allow(clippy::expect_used, reason = "the connection is taken out only when the turn ends")]
    fn deref(&self) -> &Connection {
        self.connection.as_ref().expect("present until the turn ends")
    }
}

impl DerefMut for Writer<'_> {
    #[allow(clippy::expect_used, reason = "the connection is taken out only when the turn ends")]
    fn deref_mut(&mut self) -> &mut Connection {
        self.connection.as_mut().expect("present until the turn ends")
    }
}

impl Drop for Writer<'_> {
    fn drop(&mut self) {
        if self.connection.is_some() {
            self.leave();
        }
    }
}

/// A connection that only reads.
pub struct Reader<'a> {
    pool: &'a Connections,
    connection: Option<Connection>,
    is_watched: bool,
}

impl Deref for Reader<'_> {
    type Target = Connection;

    #[allow(clippy::expect_used, reason = "the connection is taken out only when the reader is dropped")]
    fn deref(&self) -> &Connection {
        self.connection.as_ref().expect("present until dropped")
    }
}

impl DerefMut for Reader<'_> {
    #[allow(clippy::expect_used, reason = "the connection is taken out only when the reader is dropped")]
    fn deref_mut(&mut self) -> &mut Connection {
        self.connection.as_mut().expect("present until dropped")
    }
}

impl Drop for Reader<'_> {
    fn drop(&mut self) {
        if let Some(mut connection) = self.connection.take() {
            if self.is_watched && connection.progress_handler(0, None::<fn() -> bool>).is_err() {
                return;
            }
            let mut idle = self.pool.readers.lock();
            if idle.len() < IDLE_READERS {
                idle.push(connection);
            }
        }
    }
}
