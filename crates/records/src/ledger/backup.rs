//! A copy of a running ledger, page by page, without stopping anybody.

use std::{path::Path, time::Duration};

use rusqlite::{Connection, backup::Backup};

use super::Ledger;

/// Why a back-up could not be made.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The target is there already.
    #[error("{0} is there already; a back-up is never written over another file")]
    TargetExists(String),
    /// The database failed.
    #[error("the database failed: {0}")]
    Database(#[from] rusqlite::Error),
}

impl Ledger {
    /// Copies the database to `target` while it is in use; the copy is one consistent moment.
    ///
    /// # Errors
    /// [`BackupError::TargetExists`] rather than overwriting anything.
    pub fn backup(&self, target: &Path) -> Result<(), BackupError> {
        if target.exists() {
            return Err(BackupError::TargetExists(target.display().to_string()));
        }
        let source = self.reader()?;
        let mut copy = Connection::open(target)?;
        Backup::new(&source, &mut copy)?.run_to_completion(2_000, Duration::from_millis(1), None)?;
        // The copy is one file: whoever carries it away needs no WAL beside it.
        copy.pragma_update(None, "journal_mode", "DELETE")?;
        Ok(())
    }
}
