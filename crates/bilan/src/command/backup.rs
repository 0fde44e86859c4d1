//! `bilan backup`, `bilan restore`.

use std::path::PathBuf;

use anyhow::Result;
use bilan_records::value::beijing_text;
use clap::Args;

use super::DataFolder;
use crate::backup;

/// Copy the data, also of a running system, into one file.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  bilan backup bilan-2020-12-31.tar\n\nEverything in the file is of one moment. It appears under its name when it is whole, and only you may read it.\nIt holds the key of the personal data: keep it as you keep the data folder."
)]
pub struct Backup {
    /// File to write; it must not be there yet.
    file: PathBuf,
    #[command(flatten)]
    data: DataFolder,
}

impl Backup {
    pub fn run(self) -> Result<()> {
        // Devices and people come first: a back-up has time.
        #[cfg(unix)]
        if let Err(error) = rustix::process::nice(10) {
            tracing::debug!("the back-up runs as fast as everything else: {error}");
        }
        let begun = std::time::Instant::now();
        let written = backup::write(&self.data.path, &self.file)?;
        println!("{}", self.file.display());
        eprintln!(
            "{} databases and {} files as they stood at {}: {:.1} MB in {:.1} s",
            written.databases,
            written.files,
            beijing_text(written.at),
            written.bytes as f64 / 1e6,
            begun.elapsed().as_secs_f64()
        );
        Ok(())
    }
}

/// Put a backup into a data folder.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  bilan restore bilan-2020-12-31.tar --data restored\n\nThe back-up is unpacked beside the folder and examined whole before anything is replaced. A folder in which somebody works is never replaced."
)]
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
        let restored = backup::restore(&self.file, &self.data.path, self.force)?;
        if let Some(aside) = restored.aside {
            eprintln!("what was there is in {}", aside.display());
        }
        println!("ok {} entries", restored.entries);
        Ok(())
    }
}
