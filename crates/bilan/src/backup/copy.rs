//! Copies of databases, page by page, paced so that the disk has time for those who wait for their answers.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};

use super::moment::Snapshot;
use crate::data_folder::private_file;

/// Pages copied at once: some megabytes.
const PAGES: i32 = 1024;
/// Bytes after which what was written is put on disk. Otherwise the system gathers gigabytes, and the next commit of a device waits for all of them.
const ON_DISK: u64 = 16 * 1024 * 1024;
/// Room on the disk that is left to others.
const SPARED: u64 = 64 * 1024 * 1024;

/// Refuses before the disk is full: a back-up must not be what stops the bureau.
pub fn there_is_room(folder: &Path, needed: u64) -> Result<()> {
    #[cfg(unix)]
    {
        let known = rustix::fs::statvfs(folder).with_context(|| format!("cannot read {}", folder.display()))?;
        let free = known.f_bavail.saturating_mul(known.f_frsize);
        let needed = needed.saturating_add(SPARED);
        if free < needed {
            bail!(
                "there is no room in {}: a back-up needs {} MB while it is made, {} MB are free",
                folder.display(),
                needed / 1_000_000,
                free / 1_000_000
            );
        }
    }
    Ok(())
}

/// What the folders begin with in which copies have a name for a moment.
const PREFIX: &str = ".bilan-backup-";
/// A folder of so long ago was left by a back-up that was killed in that moment.
const LEFT_FOR: Duration = Duration::from_secs(60);

/// Takes away what back-ups left that were killed while a copy had a name: a folder with an empty file in it.
pub fn take_away_leftovers(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let is_left = |entry: &fs::DirEntry| -> io::Result<bool> {
            let known = entry.metadata()?;
            Ok(known.is_dir() && known.modified()?.elapsed().is_ok_and(|age| age > LEFT_FOR))
        };
        if !entry.file_name().to_string_lossy().starts_with(PREFIX) || !is_left(&entry).unwrap_or(false) {
            continue;
        }
        if let Err(error) = fs::remove_dir_all(entry.path()) {
            tracing::warn!("{} was left by a back-up and cannot be removed: {error}", entry.path().display());
        }
    }
}

/// Copies a database into a file in `folder` that has no name any more: it is gone when it is closed, however the program ends.
///
/// The view holds one transaction open all the time, so that the copy never begins anew, however many write meanwhile.
pub fn database(snapshot: Snapshot, folder: &Path) -> Result<(String, File)> {
    let Snapshot { name, view, .. } = snapshot;
    let place = tempfile::Builder::new().prefix(PREFIX).tempdir_in(folder)?;
    let path = private_file(place.path().join(&name))?;
    let copy = File::open(&path)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut target = Connection::open_with_flags(&path, flags)?;
    // Nobody else knows the file: no journal, no locks, and putting it on disk is our affair.
    target.execute_batch("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE; PRAGMA cache_size = -4000")?;
    fs::remove_file(&path)?;
    drop(place);
    let backup = Backup::new(&view, &mut target)?;
    let mut portions: u64 = 0;
    loop {
        match backup.step(PAGES)? {
            StepResult::Done => break,
            StepResult::More => {}
            // Only with a target that others use.
            _ => thread::sleep(Duration::from_millis(1)),
        }
        portions += 1;
        if portions.is_multiple_of(4) {
            copy.sync_data()?;
        }
    }
    drop(backup);
    // The writers of the database may begin its log anew from now on.
    drop(view);
    target.close().map_err(|(_, error)| error)?;
    Ok((name, copy))
}

/// Puts what is written on disk every now and then.
pub struct Paced<'f> {
    file: &'f File,
    waiting: u64,
}

impl<'f> Paced<'f> {
    pub fn new(file: &'f File) -> Self {
        Self { file, waiting: 0 }
    }
}

impl Write for Paced<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.waiting += written as u64;
        if self.waiting >= ON_DISK {
            self.file.sync_data()?;
            self.waiting = 0;
        }
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
