//! `bilan config`: the settings in force.

use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, Subcommand};

use crate::configuration::Settings;

/// Check the settings, or show those in force.
#[derive(Debug, Args)]
pub struct Config {
    /// Configuration file.
    #[arg(long, value_name = "FILE", env = "BILAN_CONFIG", global = true)]
    config: Option<PathBuf>,
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Say whether `bilan serve` would take the file and the environment.
    #[command(after_help = "Example:\n  bilan config check --config bilan.toml")]
    Check,
    /// Print every setting with its value, where it comes from and its environment variable; secrets are masked.
    #[command(after_help = "Example:\n  BILAN_GATEWAY_IDLE_S=60 bilan config show --config bilan.toml")]
    Show,
}

impl Config {
    pub fn run(self) -> Result<()> {
        let settings = Settings::read(self.config.as_deref(), std::env::vars())?;
        match self.what {
            What::Check => println!(
                "ok: data in {}, pages on {}",
                settings.configuration.data.display(),
                settings.configuration.http
            ),
            What::Show => print!("{}", settings.shown()?),
        }
        Ok(())
    }
}
