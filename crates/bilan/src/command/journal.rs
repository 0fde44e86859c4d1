//! `bilan verify`.

use anyhow::{Result, bail};
use clap::Args;

use super::DataFolder;
use crate::bureau::Bureau;

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
