//! A back-up becomes a data folder again: unpacked beside it, examined, and only then put in its place.

use std::fs::{self, File};
use std::io;
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::unfinished::folder_of;
use crate::bureau::{self, Bureau, load_catalogue};
use crate::command::verify;
use crate::data_folder::{self, LOCKS};

/// What was restored.
#[derive(Debug)]
pub struct Restored {
    /// Entries of the journal.
    pub entries: u64,
    /// Where what was in the folder before is now.
    pub aside: Option<PathBuf>,
}

/// Puts a back-up into `target`. What is there is put aside with `force`, into a folder beside it.
///
/// # Errors
/// If somebody works in the folder, it is not empty, or the back-up is not whole. The folder is as it was then.
pub fn restore(file: &Path, target: &Path, force: bool) -> Result<Restored> {
    // A back-up is examined with the bureau's registers: that they are not here is no fault of the back-up.
    load_catalogue(&bureau::files(None)?)?;
    let parent = folder_of(target);
    fs::create_dir_all(parent).with_context(|| format!("cannot make {}", parent.display()))?;
    // Nobody begins to work in the folder from here until it has been replaced.
    let is_data_folder = LOCKS.iter().any(|lock| target.join(lock).exists());
    let mut alone = is_data_folder.then(|| data_folder::alone(target)).transpose()?;
    let occupied = is_occupied(target)?;
    if occupied && !force {
        bail!("{} is not empty; name an empty folder, or put its contents aside with --force", target.display());
    }
    if occupied && alone.is_none() {
        alone = Some(data_folder::alone(target)?);
    }
    take_away_leftovers(parent);
    let mut builder = tempfile::Builder::new();
    builder.prefix(PREFIX);
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
    let fresh = builder.tempdir_in(parent).with_context(|| format!("cannot write in {}", parent.display()))?;
    let at_work = data_folder::enter(fresh.path())?;
    unpack(file, fresh.path())?;
    let entries = examine(file, fresh.path())?;
    let aside = put_in_place(&fresh.keep(), target)?.filter(|aside| occupied || !is_taken_away(aside));
    File::open(parent)?.sync_all()?;
    drop((alone, at_work));
    Ok(Restored { entries, aside })
}

/// What the folders begin with in which back-ups are unpacked.
const PREFIX: &str = ".bilan-restore-";
/// A restore locks its folder as soon as it has made it; one without a lock for so long was left.
const LEFT_FOR: Duration = Duration::from_secs(60);

/// Takes away the folders of restores that were killed. One in which a restore works is locked and stays.
fn take_away_leftovers(parent: &Path) {
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        let folder = entry.path();
        if !entry.file_name().to_string_lossy().starts_with(PREFIX) || !is_left(&entry) {
            continue;
        }
        if let Err(error) = fs::remove_dir_all(&folder) {
            tracing::warn!("{} was left by a restore and cannot be removed: {error}", folder.display());
        }
    }
}

fn is_left(entry: &fs::DirEntry) -> bool {
    // What a link leads to is nobody's leftover.
    let Ok(known) = entry.metadata() else { return false };
    let was_locked = LOCKS.iter().any(|lock| entry.path().join(lock).exists());
    let is_old = known.modified().is_ok_and(|at| at.elapsed().is_ok_and(|age| age > LEFT_FOR));
    known.is_dir() && (was_locked || is_old) && data_folder::alone(&entry.path()).is_ok()
}

/// Gives a folder the name of another, which is put aside; says where that is. If it fails, the other has its name again.
fn put_in_place(fresh: &Path, target: &Path) -> Result<Option<PathBuf>> {
    let aside = target.exists().then(|| aside(target));
    if let Some(aside) = &aside {
        fs::rename(target, aside)
            .with_context(|| format!("{} cannot be put aside as {}", target.display(), aside.display()))?;
    }
    let renamed = fs::rename(fresh, target);
    if renamed.is_err()
        && let Some(aside) = &aside
    {
        fs::rename(aside, target).with_context(|| {
            format!("{} could not be replaced and is now {}: rename it", target.display(), aside.display())
        })?;
    }
    renamed.with_context(|| {
        format!("{} is restored in {} and could not be put in its place", target.display(), fresh.display())
    })?;
    Ok(aside)
}

/// Takes away a folder that holds nothing but locks; says whether it is gone.
fn is_taken_away(folder: &Path) -> bool {
    for lock in LOCKS {
        // One that is not there needs no taking away.
        let _ = fs::remove_file(folder.join(lock));
    }
    fs::remove_dir(folder).is_ok()
}

fn is_occupied(target: &Path) -> Result<bool> {
    if !target.exists() {
        return Ok(false);
    }
    let entries = fs::read_dir(target).with_context(|| format!("cannot read {}", target.display()))?;
    for entry in entries {
        let name = entry?.file_name();
        if !LOCKS.iter().any(|lock| name == **lock) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn unpack(file: &Path, folder: &Path) -> Result<()> {
    let not_whole = || format!("{} is no back-up, or not whole", file.display());
    let source = File::open(file).with_context(|| format!("cannot read {}", file.display()))?;
    for entry in tar::Archive::new(source).entries().with_context(not_whole)? {
        let mut entry = entry.with_context(not_whole)?;
        let name = entry.path().with_context(not_whole)?.into_owned();
        let is_plain = name.components().all(|part| matches!(part, Component::Normal(_)));
        if !is_plain || !entry.header().entry_type().is_file() || name.as_os_str().is_empty() {
            bail!("{} is no back-up: it holds {}", file.display(), name.display());
        }
        let path = folder.join(&name);
        fs::create_dir_all(folder_of(&path))?;
        // Made here and not by the archive: it says nothing of who may read a file.
        let size = entry.size();
        let mut out = private(&path).with_context(|| format!("{} twice in the back-up", name.display()))?;
        let written = io::copy(&mut entry, &mut out).with_context(not_whole)?;
        if written != size {
            bail!("{}: {} ends early", not_whole(), name.display());
        }
        out.sync_all()?;
    }
    for needed in ["records.db", "personal.key"] {
        if !folder.join(needed).is_file() {
            bail!("{}: it holds no {needed}", not_whole());
        }
    }
    Ok(())
}

/// A new file that only its owner may read.
fn private(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Examines every database and walks the journal before anybody relies on them; gives the count of entries.
///
/// Accounts are not compared with the journal: their entry follows a change, and the moment of a back-up may lie between the two. `bilan verify` names such an
/// account, and making the change again mends it.
fn examine(file: &Path, folder: &Path) -> Result<u64> {
    let not_trusted = || format!("{} is not to be trusted", file.display());
    for name in super::contents(folder)?.databases {
        verify::sound(&folder.join(&name)).with_context(not_trusted)?;
    }
    let bureau = Bureau::open_existing(folder).with_context(|| format!("{} cannot be opened", file.display()))?;
    verify::all_there(&bureau).with_context(not_trusted)?;
    let verified = verify::records(&bureau).with_context(not_trusted)?;
    verify::observations(&bureau).with_context(not_trusted)?;
    Ok(verified.entries)
}

fn aside(target: &Path) -> PathBuf {
    let stamp = jiff::Timestamp::now().strftime("%Y%m%dT%H%M%SZ").to_string();
    let name = target.file_name().map_or_else(|| "data".to_owned(), |name| name.to_string_lossy().into_owned());
    target.with_file_name(format!("{name}.before-{stamp}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_cannot_be_replaced_is_as_it_was() {
        let place = tempfile::tempdir().unwrap();
        let target = place.path().join("data");
        fs::create_dir(&target).unwrap();
        fs::write(target.join("records.db"), "as it was").unwrap();
        // The second rename fails: there is nothing to put in the place of the folder.
        let fault = put_in_place(&place.path().join("gone"), &target).unwrap_err().to_string();
        assert!(fault.contains("could not be put in its place"), "{fault}");
        assert_eq!(fs::read_to_string(target.join("records.db")).unwrap(), "as it was");
        assert_eq!(fs::read_dir(place.path()).unwrap().count(), 1, "nothing lies beside it");
    }

    #[test]
    fn a_folder_that_is_replaced_is_put_aside() {
        let place = tempfile::tempdir().unwrap();
        let (target, fresh) = (place.path().join("data"), place.path().join("fresh"));
        for (folder, text) in [(&target, "before"), (&fresh, "after")] {
            fs::create_dir(folder).unwrap();
            fs::write(folder.join("records.db"), text).unwrap();
        }
        let aside = put_in_place(&fresh, &target).unwrap().unwrap();
        assert_eq!(fs::read_to_string(aside.join("records.db")).unwrap(), "before");
        assert_eq!(fs::read_to_string(target.join("records.db")).unwrap(), "after");
    }
}
