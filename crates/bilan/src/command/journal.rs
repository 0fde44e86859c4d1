//! `bilan verify`, `bilan backup`, `bilan restore`.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::Args;

use super::DataFolder;
use crate::bureau::Bureau;

/// Databases beside the records that belong to a backup.
const BESIDE: [&str; 2] = ["accounts.db", "observations.db"];

/// Walk the journal and say whether it is whole.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  bilan verify --data demo-data")]
pub struct Verify {
    #[command(flatten)]
    data: DataFolder,
}

impl Verify {
    pub fn run(self) -> Result<()> {
        let bureau = Bureau::open_existing(&self.data.path)?;
        match bureau.ledger.verify()? {
            Ok(verified) => {
                println!("ok {} entries", verified.entries);
                eprintln!(
                    "{} rows, {} earlier versions and {} files agree with them",
                    verified.rows, verified.versions, verified.files
                );
                Ok(())
            }
            Err(broken) => bail!("{broken}"),
        }
    }
}

/// Copy the data, also of a running system, into one file.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  bilan backup bilan-2020-12-31.tar\n\nThe file holds the key of the personal data: keep it as you keep the data folder."
)]
pub struct Backup {
    /// File to write; it must not be there yet.
    file: PathBuf,
    #[command(flatten)]
    data: DataFolder,
}

impl Backup {
    pub fn run(self) -> Result<()> {
        let bureau = Bureau::open_existing(&self.data.path)?;
        let beside = self.file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let copies = tempfile::tempdir_in(beside).with_context(|| format!("cannot write in {}", beside.display()))?;
        let mut names = vec!["records.db", "personal.key"];
        bureau.ledger.backup(&copies.path().join("records.db"))?;
        fs::copy(bureau.data.join("personal.key"), copies.path().join("personal.key"))?;
        for name in BESIDE {
            let source = bureau.data.join(name);
            if source.is_file() {
                copy_database(&source, &copies.path().join(name)).with_context(|| name.to_owned())?;
                names.push(name);
            }
        }
        let file = private(&self.file)?;
        let mut archive = tar::Builder::new(file);
        for name in names {
            archive.append_path_with_name(copies.path().join(name), name)?;
        }
        archive.into_inner()?.sync_all()?;
        println!("{}", self.file.display());
        Ok(())
    }
}

/// Put a backup into a data folder.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  bilan restore bilan-2020-12-31.tar --data restored")]
pub struct Restore {
    /// A file written by `bilan backup`.
    file: PathBuf,
    /// Put what is in the data folder now aside (into a folder beside it) instead of refusing.
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    data: DataFolder,
}

impl Restore {
    pub fn run(self) -> Result<()> {
        let target = &self.data.path;
        let occupied = target.exists() && fs::read_dir(target)?.next().is_some();
        if occupied && !self.force {
            bail!("{} is not empty; name an empty folder, or put its contents aside with --force", target.display());
        }
        let parent = target.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        fs::create_dir_all(parent)?;
        let fresh = tempfile::tempdir_in(parent).with_context(|| format!("cannot write in {}", parent.display()))?;
        let entries = unpack(&self.file, fresh.path())?;
        if occupied {
            let aside = aside(target);
            fs::rename(target, &aside)?;
            eprintln!("what was there is in {}", aside.display());
        } else if target.exists() {
            fs::remove_dir(target)?;
        }
        fs::rename(fresh.keep(), target)?;
        println!("ok {entries} entries");
        Ok(())
    }
}

/// Unpacks a backup into a folder and walks its journal before anybody relies on it.
fn unpack(file: &Path, folder: &Path) -> Result<u64> {
    let source = File::open(file).with_context(|| format!("cannot read {}", file.display()))?;
    let known = ["records.db", "personal.key"].iter().chain(&BESIDE);
    for entry in tar::Archive::new(source).entries().context("this is no backup")? {
        let mut entry = entry.with_context(|| format!("{} is no backup, or not whole", file.display()))?;
        let path = entry.path()?.into_owned();
        if !known.clone().any(|name| path == Path::new(name)) {
            bail!("{} is no backup: it holds {}", file.display(), path.display());
        }
        entry.unpack(folder.join(path)).with_context(|| format!("{} is not whole", file.display()))?;
    }
    let bureau = Bureau::open_existing(folder).with_context(|| format!("{} cannot be opened", file.display()))?;
    match bureau.ledger.verify()? {
        Ok(verified) => Ok(verified.entries),
        Err(broken) => bail!("{} is not to be trusted: {broken}", file.display()),
    }
}

fn copy_database(source: &Path, target: &Path) -> Result<()> {
    let from = rusqlite::Connection::open_with_flags(source, rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let mut to = rusqlite::Connection::open(target)?;
    rusqlite::backup::Backup::new(&from, &mut to)?.run_to_completion(
        2_000,
        std::time::Duration::from_millis(1),
        None,
    )?;
    Ok(to.pragma_update(None, "journal_mode", "DELETE")?)
}

/// A new file that only its owner may read.
fn private(path: &Path) -> Result<File> {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
        .open(path)
        .with_context(|| format!("cannot make {}; a backup is never written over another file", path.display()))
}

fn aside(target: &Path) -> PathBuf {
    let stamp = jiff::Timestamp::now().strftime("%Y%m%dT%H%M%SZ").to_string();
    let name = target.file_name().map_or_else(|| "data".to_owned(), |name| name.to_string_lossy().into_owned());
    target.with_file_name(format!("{name}.before-{stamp}"))
}
