//! Files that were checked and wait to be entered (待导入文件), and what else lies in the folder of uploads. Everything
//! here waits for the disk: requests come here by way of `waiting`.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use bilan_records::actor::Actor;
use bilan_records::exchange::{self, Format, ImportError, ImportNote, ImportOutcome};
use bilan_records::ledger::Ledger;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::submission::Upload;

/// How long a checked file waits to be entered, and how long an upload may stand still before its rest is let go.
pub const WAITS: Duration = Duration::from_secs(3600);
/// Checked files of one account; of one more the oldest gives way.
const EACH: usize = 5;
/// Notes of a file that are shown.
const NOTES_SHOWN: usize = 50;
/// Folder of the checked files in that of the uploads.
const CHECKED: &str = "checked";
/// How names of uploads begin that are still being sent or looked at.
const UNFINISHED: &str = ".tmp";

/// What the check of a file found, kept beside it.
#[derive(Serialize, Deserialize)]
pub(super) struct About {
    pub name: String,
    pub created: u64,
    pub known: u64,
    pub repeated: u64,
    /// What is to be said of the file, in Chinese and in English.
    pub notes: Vec<(String, String)>,
    /// SHA-256 of the file, as hexadecimal text.
    pub digest: String,
}

/// Goes through a whole file without entering anything.
pub(super) fn check(
    ledger: &Ledger,
    actor: &Actor,
    register: &str,
    upload: Upload,
    format: Format,
) -> io::Result<(Result<ImportOutcome, ImportError>, Upload)> {
    let file = upload.file.reopen()?;
    Ok((exchange::import(ledger, actor, register, file, format, true), upload))
}

/// Where the checked files of an account lie.
pub(super) fn folder(uploads: &Path, account: &str) -> PathBuf {
    let account = hex::encode(Sha256::digest(account.as_bytes()));
    uploads.join(CHECKED).join(&account[..16])
}

/// Keeps a file that can be entered under a name that only its account knows.
pub(super) fn keep(
    folder: &Path,
    upload: Upload,
    format: Format,
    outcome: &ImportOutcome,
    is_under_way: impl Fn(&Path) -> bool,
) -> io::Result<String> {
    let note = |note: &ImportNote| (note.zh(), note.to_string());
    let about = About {
        name: upload.name.clone(),
        created: outcome.created,
        known: outcome.replayed,
        repeated: outcome.repeated,
        notes: outcome.notes.iter().take(NOTES_SHOWN).map(note).collect(),
        digest: digest(&upload)?,
    };
    fs::create_dir_all(folder)?;
    make_room(folder, is_under_way)?;
    let name = format!("{}.{}", &crate::accounts::secret()[..32], format.ending());
    let path = folder.join(&name);
    fs::write(about_path(&path), serde_json::to_vec(&about)?)?;
    if let Err(error) = upload.file.persist(&path) {
        let_go(&path);
        return Err(error.error);
    }
    Ok(name)
}

/// Lets go of the oldest files until there is room for one more.
fn make_room(folder: &Path, is_under_way: impl Fn(&Path) -> bool) -> io::Result<()> {
    let mut waiting: Vec<(SystemTime, PathBuf)> = fs::read_dir(folder)?
        .flatten()
        .map(|entry| (changed_at(&entry).unwrap_or(SystemTime::UNIX_EPOCH), entry.path()))
        .filter(|(_, path)| path.extension().is_some_and(|ending| ending != "about"))
        .collect();
    waiting.sort_unstable();
    let too_many = (waiting.len() + 1).saturating_sub(EACH);
    waiting
        .into_iter()
        .take(too_many)
        .map(|(_, path)| path)
        .filter(|path| !is_under_way(path))
        .for_each(|path| let_go(&path));
    Ok(())
}

fn about_path(path: &Path) -> PathBuf {
    path.with_extension("about")
}

/// What the check of a waiting file found; an error if the file no longer waits.
pub(super) fn about(path: &Path) -> io::Result<About> {
    fs::metadata(path)?;
    Ok(serde_json::from_slice(&fs::read(about_path(path))?)?)
}

/// A waiting file.
pub(super) fn open(path: &Path) -> io::Result<File> {
    File::open(path)
}

/// Lets go of a file and of what was kept beside it.
pub(super) fn let_go(path: &Path) {
    for file in [path.to_owned(), about_path(path)] {
        match fs::remove_file(&file) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                tracing::warn!("a file that was checked could not be let go: {error}");
            }
            _ => {}
        }
    }
}

fn digest(upload: &Upload) -> io::Result<String> {
    let mut hasher = Sha256::new();
    let mut file = upload.file.reopen()?;
    let mut buffer = vec![0; 64 * 1024];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hex::encode(hasher.finalize())),
            length => hasher.update(&buffer[..length]),
        }
    }
}

/// Lets go of checked files that nobody entered within an hour, and of what is left of uploads that stood still for
/// `unfinished`: at the start nothing that was left there goes on. Says how many files these were.
///
/// # Errors
/// If the folder cannot be read; one that is not there is empty.
pub fn sweep_uploads(uploads: &Path, unfinished: Duration) -> io::Result<usize> {
    let is_unfinished = |name: &str| name.starts_with(UNFINISHED);
    let mut gone = sweep(uploads, unfinished, is_unfinished)?;
    for account in entries(&uploads.join(CHECKED))? {
        if account.file_type()?.is_dir() {
            gone += sweep(&account.path(), WAITS, |_| true)?;
        }
    }
    Ok(gone)
}

/// How far a file may lie ahead of the clock and still be under way.
const AHEAD: Duration = Duration::from_secs(60 * 60);

fn sweep(folder: &Path, longest: Duration, is_meant: impl Fn(&str) -> bool) -> io::Result<usize> {
    let now = SystemTime::now();
    let mut gone = 0;
    for entry in entries(folder)? {
        if !entry.file_name().to_str().is_some_and(&is_meant) {
            continue;
        }
        // Another request may let go of a file while this looks at it.
        let removed = match entry.file_type() {
            Ok(kind) if kind.is_file() && is_over(changed_at(&entry), now, longest) => fs::remove_file(entry.path()),
            Ok(_) => continue,
            Err(error) => Err(error),
        };
        match removed {
            Ok(()) => gone += 1,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(gone)
}

/// Whether a file changed at this time has lain for `longest`. One of unknown age may be an upload under way, and so may
/// one a little ahead of the clock; what lies further ahead was left by a clock that has been set back since.
fn is_over(changed: Option<SystemTime>, now: SystemTime, longest: Duration) -> bool {
    let Some(changed) = changed else { return false };
    match now.duration_since(changed) {
        Ok(age) => age >= longest,
        Err(ahead) => ahead.duration() > AHEAD,
    }
}

fn entries(folder: &Path) -> io::Result<Vec<fs::DirEntry>> {
    match fs::read_dir(folder) {
        Ok(entries) => entries.collect(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

fn changed_at(entry: &fs::DirEntry) -> Option<SystemTime> {
    entry.metadata().and_then(|about| about.modified()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(path: &Path, age: Duration) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let file = File::create(path).unwrap();
        file.set_modified(SystemTime::now() - age).unwrap();
    }

    fn left(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> = entries(folder)
            .unwrap()
            .into_iter()
            .filter(|entry| entry.path().is_file())
            .map(|entry| entry.file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn what_nobody_entered_and_what_a_killed_process_left_is_let_go_of_every_account() {
        let folder = tempfile::tempdir().unwrap();
        let uploads = folder.path();
        assert_eq!(sweep_uploads(&uploads.join("none"), Duration::ZERO).unwrap(), 0, "there is no folder yet");
        for account in ["a", "b"] {
            put(&uploads.join(CHECKED).join(account).join("old.xlsx"), 61 * MINUTE);
            put(&uploads.join(CHECKED).join(account).join("old.about"), 61 * MINUTE);
            put(&uploads.join(CHECKED).join(account).join("new.xlsx"), 59 * MINUTE);
        }
        put(&uploads.join(".tmpAbCdEf"), 61 * MINUTE);
        put(&uploads.join(".tmpGhIjKl"), MINUTE);
        put(&uploads.join("somebody's notes"), 600 * MINUTE);
        assert_eq!(sweep_uploads(uploads, WAITS).unwrap(), 5);
        for account in ["a", "b"] {
            assert_eq!(left(&uploads.join(CHECKED).join(account)), ["new.xlsx"]);
        }
        assert_eq!(left(uploads), [".tmpGhIjKl", "somebody's notes"]);
        assert_eq!(sweep_uploads(uploads, Duration::ZERO).unwrap(), 1, "at a start");
        assert_eq!(left(uploads), ["somebody's notes"]);
    }

    #[test]
    fn a_file_of_unknown_age_or_a_little_ahead_of_the_clock_stays() {
        let now = SystemTime::now();
        assert!(!is_over(None, now, Duration::ZERO));
        assert!(!is_over(Some(now + MINUTE), now, Duration::ZERO));
        assert!(is_over(Some(now + 61 * MINUTE), now, WAITS), "it was left by a clock that has been set back");
        assert!(is_over(Some(now - WAITS), now, WAITS));
        assert!(!is_over(Some(now - MINUTE), now, WAITS));
    }

    #[test]
    fn the_oldest_of_five_files_gives_way_unless_it_is_being_entered() {
        let folder = tempfile::tempdir().unwrap();
        for number in 0..5_u32 {
            put(&folder.path().join(format!("{number}.csv")), MINUTE * (50 - number));
            put(&folder.path().join(format!("{number}.about")), MINUTE * (50 - number));
        }
        make_room(folder.path(), |path| path.ends_with("0.csv")).unwrap();
        assert_eq!(left(folder.path()).len(), 10, "the oldest is being entered");
        make_room(folder.path(), |_| false).unwrap();
        assert_eq!(left(folder.path())[..2], ["1.about", "1.csv"]);
        make_room(folder.path(), |_| false).unwrap();
        assert_eq!(left(folder.path()).len(), 8, "there is room for one more");
    }
}
