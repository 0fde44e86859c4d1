//! The command line: one module a family of commands.

mod accounts;
mod air;
mod backup;
mod check;
mod config;
mod demo;
mod exchange;
mod figures;
mod hj212;
mod noise;
mod observations;
mod parquet;
mod report;
mod rules;
mod serve;
mod simulate;
mod stream;
pub mod verify;
mod water;

use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, Parser, Subcommand};

use crate::configuration::environment;

/// Environmental supervision of a district: records, stations, figures and reports in one program.
#[derive(Debug, Parser)]
#[command(name = "bilan", version, about, long_about = None, propagate_version = true)]
pub struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

/// Where the data are.
#[derive(Debug, Clone, Args)]
pub struct DataFolder {
    /// Data folder.
    #[arg(long = "data", value_name = "DIR", default_value = "./demo-data", env = "BILAN_DATA")]
    pub path: PathBuf,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the sample district with its simulated year 2020 and simulated devices.
    Demo(demo::Demo),
    /// Run a bureau by its configuration file.
    Serve(serve::Serve),
    /// Check the settings, or show those in force.
    Config(config::Config),
    /// Check registers, rules, figures, reports and district files.
    Check(check::Check),
    /// Compute the figures of a year, or list the records behind one.
    Figures(figures::Figures),
    /// Write a report as HTML, Markdown, DOCX or PDF.
    Report(report::Report),
    /// Write the Excel template of a register.
    Template(exchange::Template),
    /// Import an Excel, CSV or JSON-lines file into a register.
    Import(exchange::Import),
    /// Export a register as Excel, CSV or JSON lines.
    Export(exchange::Export),
    /// Walk the journal and say whether it is whole.
    Verify(verify::Verify),
    /// Copy the data, also of a running system, into one file.
    Backup(backup::Backup),
    /// Put a backup into a data folder.
    Restore(backup::Restore),
    /// Accounts of the staff.
    User(accounts::User),
    /// Packets of HJ 212: decode them, or measure how fast.
    Hj212(hj212::Hj212),
    /// Play a fleet of devices against a gateway.
    Simulate(simulate::Simulate),
    /// Stored observations.
    Observations(observations::Observations),
    /// Warning rules: try them on what was stored.
    Rules(rules::Rules),
    /// Ambient air by the standards: index of hours and days.
    Air(air::Air),
    /// Surface water by the standards: classes of samples.
    Water(water::Water),
    /// Noise by the standards: levels of days and nights.
    Noise(noise::Noise),
}

/// Does what was asked.
pub fn run(asked: CommandLine) -> Result<()> {
    environment::check(std::env::vars_os().filter_map(|(name, _)| name.into_string().ok()))?;
    match asked.command {
        Command::Demo(command) => command.run(),
        Command::Serve(command) => command.run(),
        Command::Config(command) => command.run(),
        Command::Check(command) => command.run(),
        Command::Figures(command) => command.run(),
        Command::Report(command) => command.run(),
        Command::Template(command) => command.run(),
        Command::Import(command) => command.run(),
        Command::Export(command) => command.run(),
        Command::Verify(command) => command.run(),
        Command::Backup(command) => command.run(),
        Command::Restore(command) => command.run(),
        Command::User(command) => command.run(),
        Command::Hj212(command) => command.run(),
        Command::Simulate(command) => command.run(),
        Command::Observations(command) => command.run(),
        Command::Rules(command) => command.run(),
        Command::Air(command) => command.run(),
        Command::Water(command) => command.run(),
        Command::Noise(command) => command.run(),
    }
}

/// The error and its causes, each on a line of its own, none said twice.
pub fn with_causes(error: &anyhow::Error) -> String {
    let mut lines: Vec<String> = Vec::new();
    for cause in error.chain() {
        let text = cause.to_string();
        if lines.last().is_none_or(|last| !last.ends_with(&text)) {
            lines.push(text);
        }
    }
    lines.join("\n  because: ")
}

/// Whether the reader of our output went away, as `head` does: no fault of anybody.
pub fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        cause.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
    })
}
