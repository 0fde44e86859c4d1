//! `bilan demo`: the sample district on this machine.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use jiff::Timestamp;

use crate::bureau::Bureau;
use crate::configuration::Configuration;
use crate::data_folder;
use crate::demonstration::{self, Demonstration};
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

impl Demo {
    pub fn run(self) -> Result<()> {
        if self.load_only {
            let bureau = Bureau::open(&self.data)?;
            let fresh = demonstration::is_empty(&bureau.ledger)?;
            demonstration::load_sample(&bureau)?;
            return if fresh && !self.quiet_devices {
                demonstration::fill_past(&bureau, Timestamp::now())
            } else {
                Ok(())
            };
        }
        let served = data_folder::serve(&self.data)?;
        if demonstration::is_empty(&Bureau::open(&self.data)?.ledger)? {
            demonstration::load_apart(&self.data, self.quiet_devices)?;
        }
        let configuration =
            Configuration { data: self.data, http: self.http, devices: self.devices, ..Configuration::default() };
        let demonstration = Some(Demonstration { devices: !self.quiet_devices });
        running::run(Plan { configuration, demonstration }, served)
    }
}
