//! `bilan`: configuration, command line and demonstration of the platform. `bilan --help` lists what it does.

// What serves must not print: a full disk would end it. See `logging`.
#![warn(clippy::print_stdout, clippy::print_stderr)]

mod alarms;
mod anchor;
mod backup;
mod bridge;
mod bureau;
mod calling;
mod clock;
#[allow(clippy::print_stdout, clippy::print_stderr, reason = "a command prints and ends")]
mod command;
mod commander;
mod configuration;
mod data_folder;
mod demonstration;
mod faults;
mod http;
mod jobs;
mod logging;
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

use std::process::ExitCode;

use clap::Parser;

/// A packet is a few dozen small allocations on one thread, freed on another: what the system's own allocator is slowest at.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let asked = command::CommandLine::parse();
    logging::start();
    match command::run(asked) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if command::is_closed_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            logging::remark(command::with_causes(&error));
            ExitCode::FAILURE
        }
    }
}
