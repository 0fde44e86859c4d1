//! The log of what was committed goes into the file beside the writer, so that no commit waits for it.

use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;

use rusqlite::{Connection, OpenFlags};

/// Values after which the log is copied: some megabytes of it.
const VALUES: usize = 20_000;

/// Copies the log while the writer goes on. What it leaves, the writer's own connection copies at a longer log ([`crate::schema::prepare`]); then the log
/// begins anew.
pub(crate) struct LogCopier {
    ask: Option<SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
    grown: usize,
}

impl LogCopier {
    pub(crate) fn start(path: &Path) -> rusqlite::Result<LogCopier> {
        let connection =
            Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
        connection.pragma_update(None, "synchronous", "full")?;
        let (ask, asked) = sync_channel(1);
        let thread = std::thread::Builder::new().name("observations-log".to_owned()).spawn(move || {
            copy_when_asked(&connection, &asked);
        });
        if let Err(error) = &thread {
            tracing::warn!(%error, "the log of observations is copied by the writer itself, which is slower");
        }
        Ok(LogCopier { ask: Some(ask), thread: thread.ok(), grown: 0 })
    }

    /// So many values were committed.
    pub(crate) fn grew(&mut self, values: usize) {
        self.grown += values;
        if self.grown < VALUES {
            return;
        }
        if let Some(ask) = &self.ask
            && !matches!(ask.try_send(()), Err(TrySendError::Full(())))
        {
            self.grown = 0;
        }
    }

    /// Waits until the last copy is done and closes the file.
    pub(crate) fn end(&mut self) {
        self.ask = None;
        if let Some(thread) = self.thread.take() {
            // A copy that broke off lost nothing: the log is whole until it was copied.
            let _ = thread.join();
        }
    }
}

fn copy_when_asked(connection: &Connection, asked: &Receiver<()>) {
    while asked.recv().is_ok() {
        // Passive: it waits for nobody, and nobody waits for it.
        let copied = connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
        if let Err(error) = copied {
            tracing::debug!(%error, "the log of observations was not copied; it is tried again");
        }
    }
}
