//! `bilan simulate`: a fleet of devices over real sockets.

use std::time::Duration;

use anyhow::{Result, bail};
use bilan_gateway::{SimulateOptions, simulate, simulator};
use clap::Args;

use crate::clock;

/// Play a fleet of devices against a gateway.
///
/// The gateway of `bilan demo` knows these devices; others know them only if they are entered as stations.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  bilan simulate --to 127.0.0.1:9212 --stations 100 --interval 5 --seconds 30")]
pub struct Simulate {
    /// Address of the gateway.
    #[arg(long, value_name = "ADDR")]
    to: String,
    /// Devices.
    #[arg(long, default_value_t = 10)]
    stations: u32,
    /// Seconds between two packets of a device.
    #[arg(long, default_value_t = 60.0)]
    interval: f64,
    /// Seconds to play; without end if it is left out.
    #[arg(long)]
    seconds: Option<f64>,
}

impl Simulate {
    pub fn run(self) -> Result<()> {
        if !(0.001..=86_400.0).contains(&self.interval) {
            bail!("--interval is between 0.001 and 86400 seconds");
        }
        let options = SimulateOptions {
            interval: Duration::from_secs_f64(self.interval),
            run_for: self.seconds.map(|seconds| Duration::from_secs_f64(seconds.clamp(0.0, 1e7))),
            ..SimulateOptions::new(self.to, simulator::fleet(self.stations), clock::for_devices())
        };
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        let report = runtime.block_on(simulate(options));
        println!(
            "sent {} acknowledged {} resent {} given_up {} p50_ms {} p99_ms {}",
            report.sent,
            report.acknowledged,
            report.resent,
            report.given_up,
            milliseconds(report.p50_ms),
            milliseconds(report.p99_ms)
        );
        if report.connected == 0 {
            bail!("no device could connect");
        }
        Ok(())
    }
}

fn milliseconds(time: Option<f64>) -> String {
    time.map_or_else(|| "-".to_owned(), |time| format!("{time:.2}"))
}
