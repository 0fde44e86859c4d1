//! `bilan demo`: the sample district, entered through the import and played by simulated devices.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use bilan_records::actor::Actor;
use bilan_records::exchange;
use bilan_records::ledger::Ledger;
use clap::Args;

use crate::bureau::Bureau;
use crate::configuration::Configuration;
use crate::running::{self, Plan};

/// Run the sample district with its simulated year 2020 and simulated devices.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  bilan demo --data /tmp/bilan --http 127.0.0.1:8080 --devices 127.0.0.1:9212")]
pub struct Demo {
    /// Data folder; the sample is entered into it on the first start.
    #[arg(long, value_name = "DIR", default_value = "./demo-data")]
    data: PathBuf,
    /// Address of the pages.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080")]
    http: String,
    /// Address to which devices connect.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:9212")]
    devices: String,
    /// Start no simulated devices.
    #[arg(long)]
    quiet_devices: bool,
    /// Enter the sample and exit.
    #[arg(long)]
    load_only: bool,
}

/// What a demonstration does beyond a bureau's own system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Demonstration {
    /// Whether devices are played.
    pub devices: bool,
}

impl Demo {
    pub fn run(self) -> Result<()> {
        if self.load_only {
            let bureau = Bureau::open(&self.data)?;
            return load_sample(&bureau);
        }
        if is_empty(&Bureau::open(&self.data)?.ledger)? {
            load_apart(&self.data)?;
        }
        let configuration =
            Configuration { data: self.data, http: self.http, devices: self.devices, ..Configuration::default() };
        running::run(Plan { configuration, demonstration: Some(Demonstration { devices: !self.quiet_devices }) })
    }
}

/// Enters the sample in a process of its own, whose memory ends with it: the demonstration stays as small as on its later starts.
fn load_apart(data: &Path) -> Result<()> {
    let program = std::env::current_exe().context("this program's own file cannot be found")?;
    let status = Command::new(program).args(["demo", "--load-only", "--data"]).arg(data).status()?;
    if !status.success() {
        bail!("the sample year could not be entered into {}", data.display());
    }
    Ok(())
}

/// Enters the sample year into an empty ledger, in one transaction; does nothing to one that is not empty.
pub fn load_sample(bureau: &Bureau) -> Result<()> {
    if !is_empty(&bureau.ledger)? {
        return Ok(());
    }
    let started = Instant::now();
    let path = bureau.files.join("districts/tianxin/cells.geojson");
    let cells = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let records = bilan_sample::year_2020(&cells)?;
    let records = records.into_iter().map(|record| (record.register.to_owned(), record.values));
    let outcome = exchange::load(&bureau.ledger, &Actor::system("sample"), records, true)
        .context("the sample year does not fit the registers")?;
    eprintln!("sample year entered: {} records in {:.1} s", outcome.created, started.elapsed().as_secs_f64());
    Ok(())
}

fn is_empty(ledger: &Ledger) -> Result<bool> {
    Ok(ledger.journal(&Actor::system("sample"), 1)?.is_empty())
}
