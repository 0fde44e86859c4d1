//! Whose turn it is among large imports: of this program's by a mutex, of every program's by a lock on a file beside the database.
//!
//! A batch that nobody brings in any more is taken away. Without the lock a server would take away what `bilan import` beside it is still
//! bringing in. The lock ends with its program, also when that is killed.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io,
    path::Path,
    time::Duration,
};

use bilan_storage::check;
use parking_lot::{Mutex, MutexGuard};

use crate::ledger::error::{ReadError, WriteError};

/// Where large imports into one database take turns.
#[derive(Debug)]
pub(crate) struct Imports {
    within: Mutex<()>,
    between: File,
}

/// The turn; ends when dropped.
#[derive(Debug)]
pub(crate) struct Turn<'i> {
    between: &'i File,
    _within: MutexGuard<'i, ()>,
}

/// What is damaged where it cannot be locked.
const LOCK: &str = "the lock of large imports";

/// How long to wait before it is asked again whether anybody waits for the import.
const LOOKS: Duration = Duration::from_millis(100);

impl Imports {
    /// For the database at `path`.
    ///
    /// # Errors
    /// If the file of the lock cannot be made beside it.
    pub(crate) fn of(path: &Path) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let between = options.open(path.with_extension("importing"))?;
        Ok(Self { within: Mutex::new(()), between })
    }

    /// The turn, as soon as nobody else has it and while somebody waits for it.
    ///
    /// # Errors
    /// [`WriteError::Database`] if nobody waits for it any more, [`WriteError::Damaged`] if the file cannot be locked.
    pub(crate) fn turn(&self) -> Result<Turn<'_>, WriteError> {
        let within = loop {
            check().map_err(rusqlite::Error::from)?;
            if let Some(within) = self.within.try_lock_for(LOOKS) {
                break within;
            }
        };
        loop {
            check().map_err(rusqlite::Error::from)?;
            if self.lock_between().map_err(|why| WriteError::Damaged { what: LOCK.to_owned(), why: why.to_string() })? {
                return Ok(Turn { between: &self.between, _within: within });
            }
            std::thread::sleep(LOOKS);
        }
    }

    /// The turn, if nobody has it now.
    ///
    /// # Errors
    /// [`ReadError::Damaged`] if the file cannot be locked.
    pub(crate) fn turn_at_once(&self) -> Result<Option<Turn<'_>>, ReadError> {
        let Some(within) = self.within.try_lock() else { return Ok(None) };
        let ours = self.lock_between();
        let ours = ours.map_err(|why| ReadError::Damaged { what: LOCK.to_owned(), why: why.to_string() })?;
        Ok(ours.then(|| Turn { between: &self.between, _within: within }))
    }

    fn lock_between(&self) -> io::Result<bool> {
        match self.between.try_lock() {
            Ok(()) => Ok(true),
            Err(TryLockError::WouldBlock) => Ok(false),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        // What cannot be unlocked is unlocked when the program ends.
        let _ = self.between.unlock();
    }
}
