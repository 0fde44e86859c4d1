//! A back-up (备份): everything in a data folder in one file, as it stood at one moment, also of a running system.

mod copy;
mod moment;
mod restore;
mod unfinished;

use std::fs::{self, File};
use std::io::{self, Seek as _};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use jiff::Timestamp;

use crate::data_folder::Part;
pub use restore::restore;
use unfinished::Unfinished;

/// What a back-up holds.
#[derive(Debug, Clone, Copy)]
pub struct Written {
    /// The moment at which everything stood as it is in the file.
    pub at: Timestamp,
    /// Databases.
    pub databases: usize,
    /// Other files: keys.
    pub files: usize,
    /// Size of the back-up, bytes.
    pub bytes: u64,
}

/// Writes a data folder into `target`, which appears under its name when it is whole and on disk, and which only its owner may read.
///
/// # Errors
/// If `target` is there already, there is no room for it, or the folder cannot be read. Nothing is left behind then.
pub fn write(data: &Path, target: &Path) -> Result<Written> {
    if target.exists() {
        bail!(
            "cannot make {}: it is there already, and a back-up is never written over another file",
            target.display()
        );
    }
    let found = contents(data)?;
    if !found.databases.iter().any(|name| name == "records.db") {
        bail!("{} holds no records: name the data folder with --data", data.display());
    }
    let parent = unfinished::folder_of(target);
    copy::take_away_leftovers(parent);
    let mut unfinished = Unfinished::beside(target)?;
    let snapshots = moment::of(data, &found.databases)?;
    let at = Timestamp::now();
    let bytes: u64 = snapshots.iter().map(moment::Snapshot::bytes).sum();
    copy::there_is_room(parent, bytes.saturating_mul(2))?;
    // Every snapshot is let go as soon as it is copied: as long as one stands, the log of its database grows.
    let copies = snapshots
        .into_iter()
        .map(|snapshot| copy::database(snapshot, parent))
        .collect::<Result<Vec<(String, File)>>>()?;
    let mut archive = tar::Builder::new(copy::Paced::new(unfinished.file()));
    let databases = copies.len();
    for (name, mut copy) in copies {
        copy.rewind()?;
        append(&mut archive, Path::new(&name), copy)?;
    }
    let mut files = 0;
    for name in found.files {
        let path = data.join(&name);
        let file = File::open(&path).with_context(|| format!("cannot read {}", path.display()))?;
        append(&mut archive, &name, file)?;
        files += 1;
    }
    archive.into_inner()?;
    let bytes = unfinished.finish()?;
    Ok(Written { at, databases, files, bytes })
}

fn append(archive: &mut tar::Builder<impl io::Write>, name: &Path, file: File) -> Result<()> {
    let known = file.metadata()?;
    let mut header = tar::Header::new_gnu();
    header.set_mode(0o600);
    header.set_size(known.len());
    let changed = known.modified().ok().and_then(|at| Timestamp::try_from(at).ok());
    header.set_mtime(changed.map_or(0, |at| u64::try_from(at.as_second()).unwrap_or_default()));
    // A file that grows while it is read is cut at the size in its header.
    archive
        .append_data(&mut header, name, io::Read::take(file, known.len()))
        .with_context(|| format!("{} could not be put into the back-up", name.display()))
}

/// What a data folder holds.
#[derive(Debug, Default)]
struct Contents {
    /// Names of the databases.
    databases: Vec<String>,
    /// Every other file, as seen from the folder.
    files: Vec<PathBuf>,
}

/// Everything that belongs to the data: no locks, no logs of databases, which are in the snapshots, and no uploads, which
/// wait for an hour at most and would bring personal data of an unfinished import into every back-up.
fn contents(data: &Path) -> Result<Contents> {
    let mut found = Contents::default();
    for entry in entries(data)? {
        let name = entry.file_name();
        match name.to_str().and_then(Part::of) {
            Some(Part::Database) => found.databases.push(name.to_string_lossy().into_owned()),
            Some(Part::Key) => found.files.push(name.into()),
            Some(Part::OfDatabase | Part::Lock) | None => {}
        }
    }
    found.databases.sort();
    found.files.sort();
    Ok(found)
}

fn entries(folder: &Path) -> Result<Vec<fs::DirEntry>> {
    let entries = fs::read_dir(folder).and_then(Iterator::collect);
    entries.with_context(|| format!("cannot read {}", folder.display()))
}

#[cfg(test)]
mod tests;
