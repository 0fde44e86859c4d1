//! `bilan user`: accounts of the staff.

use std::io::{self, BufRead, IsTerminal};

use anyhow::{Context, Result, bail};
use bilan_records::catalogue::Role;
use bilan_web::accounts::{Accounts, NewAccount};
use clap::{Args, Subcommand};

use super::DataFolder;
use crate::bureau::{Bureau, accounts};

/// Accounts of the staff.
#[derive(Debug, Args)]
pub struct User {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Add an account. The password is read from standard input; without one, it is made up and printed.
    #[command(
        after_help = "Example:\n  bilan user add li.ming --role handler --data data\n  bilan user add wang.fang --role grid --cell 430103005001 --data data"
    )]
    Add {
        /// Name for signing in.
        name: String,
        /// Role: admin, auditor, head, duty, grid, handler, clerk, analyst, enterprise or integrator. May be given more than once.
        #[arg(long = "role", required = true)]
        roles: Vec<String>,
        /// Name of the person.
        #[arg(long)]
        display_name: Option<String>,
        /// Grid cell that a grid member looks after.
        #[arg(long)]
        cell: Option<String>,
        /// Number of the enterprise to which the account belongs.
        #[arg(long)]
        enterprise: Option<String>,
        #[command(flatten)]
        data: DataFolder,
    },
    /// Set a new password, read from standard input or made up and printed.
    Password {
        /// Name for signing in.
        name: String,
        #[command(flatten)]
        data: DataFolder,
    },
    /// Shut an account out; its records stay.
    Disable {
        /// Name for signing in.
        name: String,
        #[command(flatten)]
        data: DataFolder,
    },
    /// List the accounts: name, roles, cell, enterprise, state.
    List {
        #[command(flatten)]
        data: DataFolder,
    },
    /// Print a new token for programs that use the JSON API.
    Token {
        /// Name for signing in.
        name: String,
        /// What it is for.
        #[arg(long, default_value = "command line")]
        label: String,
        #[command(flatten)]
        data: DataFolder,
    },
}
