//! The data folder: closed to everybody but its owner, served by one process, replaced by none while somebody works in it.
//!
//! Two files in it carry locks of the operating system, which end with the process that holds them, however it ends. Who *serves* the folder (pages,
//! devices, clocks) holds the first alone. Everybody who works in it, a command as well, holds the second together with others; only a restore asks for it
//! alone. Commands that read or write records may run beside the server: the databases keep their writes apart, and the server hears of them
//! ([`bilan_records::ledger::Follower`]).

use std::fs::{self, File, Permissions, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use bilan_records::value::beijing_text;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Locked by the process that serves the folder; says which it is.
const SERVED: &str = "served.lock";
/// Locked by every process that works in the folder.
const IN_USE: &str = "in-use.lock";

/// Files of a data folder that hold no data.
pub const LOCKS: [&str; 2] = [SERVED, IN_USE];
/// Where uploads wait until they are entered; the only folder in a data folder.
pub const UPLOADS: &str = "uploads";

/// What a file of a data folder is, by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// A database.
    Database,
    /// The log of a database, its index, its journal.
    OfDatabase,
    /// A key.
    Key,
    /// A lock.
    Lock,
}

impl Part {
    /// Of a file that lies in the folder itself; nothing if it is none of ours.
    pub fn of(name: &str) -> Option<Self> {
        if LOCKS.contains(&name) {
            return Some(Self::Lock);
        }
        match Path::new(name).extension()?.to_str()? {
            "db" => Some(Self::Database),
            "db-wal" | "db-shm" | "db-journal" => Some(Self::OfDatabase),
            "key" => Some(Self::Key),
            _ => None,
        }
    }
}

/// Somebody works in the folder; ends when dropped.
#[derive(Debug)]
pub struct InUse {
    _lock: File,
}

/// This process alone serves the folder; ends when dropped.
#[derive(Debug)]
pub struct Served {
    lock: File,
    by: Server,
}

/// The folder is nobody else's for now; ends when dropped.
#[derive(Debug)]
pub struct Alone {
    _served: File,
    _in_use: File,
}

/// Who serves a folder, as it stands in the file of the lock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Server {
    pid: u32,
    /// Address of its pages.
    pages: Option<String>,
    since: Timestamp,
}

/// Makes the folder if it is not there, closes it and everything in it to others, and says that somebody works in it.
///
/// # Errors
/// If it cannot be made, or a back-up is being put into it.
pub fn enter(data: &Path) -> Result<InUse> {
    close(data)?;
    let lock = open(data, IN_USE)?;
    match lock.try_lock_shared() {
        Ok(()) => Ok(InUse { _lock: lock }),
        Err(TryLockError::WouldBlock) => {
            bail!("a back-up is being restored into {}: wait until that has ended", data.display())
        }
        Err(TryLockError::Error(error)) => Err(error).with_context(|| cannot_lock(data)),
    }
}

/// Takes the folder for a server.
///
/// # Errors
/// If another process serves it: that one is named.
pub fn serve(data: &Path) -> Result<Served> {
    close(data)?;
    let lock = served_alone(data)?;
    let mut served = Served { lock, by: Server { pid: std::process::id(), pages: None, since: Timestamp::now() } };
    served.write()?;
    Ok(served)
}

/// Takes a folder in which nobody may be at work, to replace it.
///
/// # Errors
/// If somebody is: a server is named.
pub fn alone(data: &Path) -> Result<Alone> {
    let served = served_alone(data)?;
    let in_use = open(data, IN_USE)?;
    match in_use.try_lock() {
        Ok(()) => Ok(Alone { _served: served, _in_use: in_use }),
        Err(TryLockError::WouldBlock) => {
            bail!("another command of bilan is at work in {}: wait until it has ended", data.display())
        }
        Err(TryLockError::Error(error)) => Err(error).with_context(|| cannot_lock(data)),
    }
}

impl Served {
    /// Says where the pages are, for whoever comes second.
    pub fn listens(&mut self, pages: SocketAddr) -> Result<()> {
        self.by.pages = Some(format!("http://{pages}/"));
        self.write()
    }

    fn write(&mut self) -> Result<()> {
        let text = serde_json::to_string(&self.by)?;
        self.lock.set_len(0)?;
        self.lock.rewind()?;
        Ok(self.lock.write_all(text.as_bytes())?)
    }
}

fn served_alone(data: &Path) -> Result<File> {
    let mut lock = open(data, SERVED)?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => {
            let mut text = String::new();
            let by: Option<Server> = lock.read_to_string(&mut text).ok().and_then(|_| serde_json::from_str(&text).ok());
            let by = by.map_or_else(|| "another process".to_owned(), |by| by.to_string());
            bail!(
                "{} is served by {by}: stop that one first, or name another folder; the folder of a running server is never replaced",
                data.display()
            )
        }
        Err(TryLockError::Error(error)) => Err(error).with_context(|| cannot_lock(data)),
    }
}

impl std::fmt::Display for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "process {}", self.pid)?;
        if let Some(pages) = &self.pages {
            write!(f, ", pages at {pages}")?;
        }
        write!(f, ", since {}", beijing_text(self.since))
    }
}

fn cannot_lock(data: &Path) -> String {
    format!("{} cannot be locked: the file system of a data folder must know locks", data.display())
}

fn open(data: &Path, name: &str) -> Result<File> {
    let path = data.join(name);
    let mut options = File::options();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(&path).with_context(|| format!("cannot open {}", path.display()))?;
    give_to_owner_of(data, &file);
    Ok(file)
}

/// A command that the administrator of the machine runs leaves no file that the service may not open: it goes to the owner of the folder, as SQLite's logs do.
#[cfg(unix)]
fn give_to_owner_of(folder: &Path, file: &File) {
    use std::os::unix::fs::{MetadataExt as _, fchown};
    let (Ok(folder), Ok(own)) = (fs::metadata(folder), file.metadata()) else { return };
    if rustix::process::geteuid().is_root()
        && own.uid() != folder.uid()
        && let Err(error) = fchown(file, Some(folder.uid()), Some(folder.gid()))
    {
        tracing::warn!("a file of the data folder could not be given to the folder's owner: {error}");
    }
}

#[cfg(not(unix))]
fn give_to_owner_of(_: &Path, _: &File) {}

/// Makes the folder if it is not there; takes from group and others whatever they may do with it and with its data. What else may lie there is left alone.
#[cfg(unix)]
fn close(data: &Path) -> Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true).mode(0o700);
    builder.create(data).with_context(|| format!("cannot make the data folder {}", data.display()))?;
    // The folder that was named may be a link: what it leads to is the folder.
    restrict(&data.canonicalize().with_context(|| format!("cannot read {}", data.display()))?);
    for path in files(data)? {
        restrict(&path);
    }
    let mut folders = vec![data.join(UPLOADS)];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        restrict(&folder);
        for entry in entries.flatten() {
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => folders.push(entry.path()),
                Ok(kind) if kind.is_file() => restrict(&entry.path()),
                _ => {}
            }
        }
    }
    Ok(())
}

#[cfg(not(unix))]
fn close(data: &Path) -> Result<()> {
    fs::create_dir_all(data).with_context(|| format!("cannot make the data folder {}", data.display()))
}

/// The files of the folder itself that are data or belong to them.
#[cfg(unix)]
fn files(data: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(data).with_context(|| format!("cannot read {}", data.display()))?;
    let ours = |entry: &fs::DirEntry| entry.file_name().to_str().and_then(Part::of).is_some();
    Ok(entries.flatten().filter(ours).map(|entry| entry.path()).collect())
}

/// Takes away what group and others may do. A file of somebody else stays as it is, and so does what a link leads to: it may be anything. The log says so.
#[cfg(unix)]
fn restrict(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    // A file that is gone by now needs no closing.
    let Ok(known) = fs::symlink_metadata(path) else { return };
    if known.is_symlink() {
        tracing::info!("{} is a link: who may read what it leads to is not looked after here", path.display());
        return;
    }
    let mode = known.permissions().mode();
    if mode & 0o077 == 0 {
        return;
    }
    match fs::set_permissions(path, Permissions::from_mode(mode & !0o077)) {
        Ok(()) => tracing::info!("{} was open to others; it is its owner's alone now", path.display()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => tracing::warn!("{} is open to others and cannot be closed: {error}", path.display()),
    }
}

/// Makes an empty file of one's own if there is none, so that SQLite makes neither it nor what belongs to it open to others.
///
/// # Errors
/// If it cannot be made.
pub fn private_file(path: PathBuf) -> Result<PathBuf> {
    let mut options = File::options();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(&path).with_context(|| format!("cannot open {}", path.display()))?;
    if let Some(folder) = path.parent() {
        give_to_owner_of(folder, &file);
    }
    Ok(path)
}

#[cfg(test)]
mod tests;
