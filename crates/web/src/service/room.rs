//! Room on the disk on which the data are (磁盘余量): enough, low, or none.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

/// With less than this a commit may find no room for its log: nothing can be relied on to be written.
const FULL: u64 = 8 * 1024 * 1024;
/// Below this part of the disk somebody should act…
const LOW_PART: u64 = 20;
/// …though never while so much is free, however large the disk.
const LOW_AT_MOST: u64 = 2 * 1024 * 1024 * 1024;

/// Room on a disk, bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// What this program may still use.
    pub free: u64,
    /// All of it.
    pub size: u64,
}

/// What room there is means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RoomState {
    /// Nobody need do anything.
    Enough,
    /// It works, but somebody should make room.
    Low,
    /// Nothing can be written.
    Full,
}

impl Room {
    /// On the disk of a path; of the folder above it where there is nothing yet.
    ///
    /// # Errors
    /// If the disk cannot be asked.
    pub fn at(path: &Path) -> io::Result<Self> {
        let there = path.ancestors().find(|path| path.exists()).unwrap_or(Path::new("."));
        Self::of(there)
    }

    #[cfg(unix)]
    fn of(path: &Path) -> io::Result<Self> {
        let known = rustix::fs::statvfs(path)?;
        let bytes = |blocks: u64| blocks.saturating_mul(known.f_frsize);
        Ok(Self { free: bytes(known.f_bavail), size: bytes(known.f_blocks) })
    }

    #[cfg(not(unix))]
    fn of(_: &Path) -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// What it means.
    #[must_use]
    pub fn state(self) -> RoomState {
        match self.free {
            free if free < FULL => RoomState::Full,
            free if free < (self.size / LOW_PART).min(LOW_AT_MOST) => RoomState::Low,
            _ => RoomState::Enough,
        }
    }
}

/// Whether what a database or the system says of a failed write is that the disk is full.
pub(crate) fn is_disk_full(fault: &str) -> bool {
    // SQLITE_FULL, and ENOSPC and EDQUOT of files beside the databases: the words come through every layer, the codes do not.
    ["database or disk is full", "No space left on device", "Disk quota exceeded"]
        .iter()
        .any(|words| fault.contains(words))
}

/// Where the data lie: the folder of the uploads, and wherever the databases beside it lead to.
pub(super) fn folders(uploads: &Path) -> BTreeSet<PathBuf> {
    let mut folders = BTreeSet::from([uploads.to_owned()]);
    let beside = uploads.parent().and_then(|data| std::fs::read_dir(data).ok()).into_iter().flatten().flatten();
    let databases = beside.map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|end| end == "db"));
    let places = databases.filter_map(|path| path.canonicalize().ok());
    folders.extend(places.filter_map(|path| path.parent().map(Path::to_owned)));
    folders
}

#[cfg(test)]
mod tests {
    use super::*;
    use test_case::test_case;

    const MB: u64 = 1024 * 1024;
    const GB: u64 = 1024 * MB;

    #[test_case(0, 40 * GB, RoomState::Full)]
    #[test_case(8 * MB - 1, 40 * GB, RoomState::Full)]
    #[test_case(8 * MB, 40 * GB, RoomState::Low)]
    #[test_case(2 * GB - 1, 40 * GB, RoomState::Low; "a twentieth of a small disk")]
    #[test_case(2 * GB, 40 * GB, RoomState::Enough)]
    #[test_case(2 * GB, 4000 * GB, RoomState::Enough; "a twentieth of a large disk is more than anybody needs")]
    #[test_case(30 * MB, 64 * MB, RoomState::Enough; "a small file system that is half empty")]
    fn room_is_enough_low_or_none(free: u64, size: u64, state: RoomState) {
        assert_eq!(Room { free, size }.state(), state);
    }

    #[test]
    fn a_full_disk_is_told_from_other_faults() {
        let error = rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_FULL), None);
        assert!(is_disk_full(&error.to_string()), "{error}");
        assert!(is_disk_full(&io::Error::from_raw_os_error(28).to_string()));
        assert!(!is_disk_full("disk I/O error"));
    }
}
