//! A file that has no name until it is whole: a program that is killed leaves nothing behind.

use std::fs::File;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use tempfile::NamedTempFile;

/// A file on its way to `target`.
pub struct Unfinished {
    target: PathBuf,
    way: Way,
}

enum Way {
    /// Linux: a file without a name, which is linked to its name in the end.
    #[cfg(target_os = "linux")]
    Unnamed(File),
    /// Where the file system knows no such files: under another name, renamed in the end.
    Named(NamedTempFile),
}

/// The folder in which a file is.
pub fn folder_of(target: &Path) -> &Path {
    target.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

impl Unfinished {
    /// Begins; only the owner may read it.
    pub fn beside(target: &Path) -> Result<Self> {
        let folder = folder_of(target);
        let way = begin(folder).with_context(|| format!("cannot write in {}", folder.display()))?;
        Ok(Self { target: target.to_owned(), way })
    }

    /// To write into.
    pub fn file(&mut self) -> &File {
        match &self.way {
            #[cfg(target_os = "linux")]
            Way::Unnamed(file) => file,
            Way::Named(file) => file.as_file(),
        }
    }

    /// On disk and under its name; says how large it is. Never over another file.
    pub fn finish(mut self) -> Result<u64> {
        self.file().sync_all()?;
        let bytes = self.file().metadata()?.len();
        let cannot = || format!("cannot make {}; a back-up is never written over another file", self.target.display());
        match self.way {
            #[cfg(target_os = "linux")]
            Way::Unnamed(ref file) => link(file, &self.target).with_context(cannot)?,
            Way::Named(file) => {
                let target = &self.target;
                file.persist_noclobber(target).map_err(|error| error.error).with_context(|| {
                    format!("cannot make {}; a back-up is never written over another file", target.display())
                })?;
            }
        }
        // The name is on disk when its folder is.
        File::open(folder_of(&self.target))?.sync_all()?;
        Ok(bytes)
    }
}

#[cfg(target_os = "linux")]
fn begin(folder: &Path) -> std::io::Result<Way> {
    use rustix::fs::{CWD, Mode, OFlags, openat};
    let flags = OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC;
    let unnamed = openat(CWD, folder, flags, Mode::RUSR | Mode::WUSR);
    match unnamed {
        Ok(file) if Path::new("/proc/self/fd").exists() => Ok(Way::Unnamed(File::from(file))),
        _ => named(folder),
    }
}

#[cfg(not(target_os = "linux"))]
fn begin(folder: &Path) -> std::io::Result<Way> {
    named(folder)
}

fn named(folder: &Path) -> std::io::Result<Way> {
    Ok(Way::Named(tempfile::Builder::new().prefix(".bilan-backup-").tempfile_in(folder)?))
}

#[cfg(target_os = "linux")]
fn link(file: &File, target: &Path) -> std::io::Result<()> {
    use rustix::fs::{AtFlags, CWD, linkat};
    use std::os::fd::AsRawFd as _;
    let own = format!("/proc/self/fd/{}", file.as_raw_fd());
    Ok(linkat(CWD, own, CWD, target, AtFlags::SYMLINK_FOLLOW)?)
}
