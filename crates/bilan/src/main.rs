//! `bilan`: configuration, command line and demonstration of the platform. `bilan --help` lists what it does.

mod alarms;
mod anchor;
mod backup;
mod bridge;
mod bureau;
mod calling;
mod clock;
mod command;
mod commander;
mod configuration;
mod data_folder;
mod demonstration;
mod faults;
mod http;
mod jobs;
mod orders;
mod pages;
mod parts;
mod reports;
mod reviewer;
mod room;
mod running;
mod stations;
mod suspicion;
#[cfg(test)]
mod trial;
mod unwritable;
mod uploads;

use std::io::IsTerminal as _;
use std::process::ExitCode;

use clap::Parser;
use tracing_subscriber::EnvFilter;

/// A packet is a few dozen small allocations on one thread, freed on another: what the system's own allocator is slowest at.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let asked = command::CommandLine::parse();
    let filter = EnvFilter::try_from_env("BILAN_LOG").unwrap_or_else(|_| EnvFilter::new("warn,bilan=info"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_target(false)
        .init();
    match command::run(asked) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if command::is_closed_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{}", command::with_causes(&error));
            ExitCode::FAILURE
        }
    }
}
