//! `bilan user`: accounts of the staff.

use std::io::{self, BufRead, IsTerminal};
use std::path::PathBuf;

use anyhow::{Context, Result};
use bilan_records::catalogue::Role;
use bilan_web::accounts::{AccountRules, Accounts, NewAccount};
use clap::{Args, Subcommand};

use super::DataFolder;
use crate::bureau::Bureau;
use crate::configuration::Configuration;
use crate::pages::accounts;

/// Accounts of the staff.
#[derive(Debug, Args)]
pub struct User {
    /// Configuration file, of which the rules of passwords and tokens are taken.
    #[arg(long, value_name = "FILE", env = "BILAN_CONFIG", global = true)]
    config: Option<PathBuf>,
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
    /// Take away the second factor of an account whose telephone is lost; its sessions and tokens end.
    SecondFactor {
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

/// Who changes accounts here; stands in their history.
const BY: &str = "command line";

impl User {
    pub fn run(self) -> Result<()> {
        let rules = Configuration::read(self.config.as_deref(), std::env::vars())?.accounts;
        let open = |data: &DataFolder| open(data, &rules);
        match self.what {
            What::Add { name, roles, display_name, cell, enterprise, data } => {
                let roles = roles.iter().map(|key| role(key)).collect::<Result<Vec<_>>>()?;
                let accounts = open(&data)?;
                let (password, is_made_up) = password(&rules, &name)?;
                let display_name = display_name.unwrap_or_else(|| name.clone());
                accounts.create(
                    &NewAccount {
                        name: name.clone(),
                        display_name,
                        password: password.clone(),
                        roles,
                        cell,
                        enterprise,
                    },
                    BY,
                )?;
                say_password(&name, &password, is_made_up);
            }
            What::Password { name, data } => {
                let accounts = open(&data)?;
                let (password, is_made_up) = password(&rules, &name)?;
                accounts.set_password(&name, &password, BY)?;
                say_password(&name, &password, is_made_up);
            }
            What::SecondFactor { name, data } => open(&data)?.reset_second_factor(&name, BY)?,
            What::Disable { name, data } => open(&data)?.set_disabled(&name, true, BY)?,
            What::List { data } => list(&open(&data)?)?,
            What::Token { name, label, data } => println!("{}", open(&data)?.issue_token(&name, &label, BY)?),
        }
        Ok(())
    }
}

fn open(data: &DataFolder, rules: &AccountRules) -> Result<Accounts> {
    Ok(accounts(&Bureau::open(&data.path)?)?.with_rules(rules.clone()))
}

fn list(accounts: &Accounts) -> Result<()> {
    for account in accounts.list()? {
        let roles: Vec<&str> = account.roles.iter().map(|role| role.key()).collect();
        println!(
            "{}\t{}\t{}\t{}\t{}",
            account.name,
            roles.join(" "),
            account.cell.unwrap_or_default(),
            account.enterprise.unwrap_or_default(),
            if account.disabled { "disabled" } else { "active" }
        );
    }
    Ok(())
}

fn role(key: &str) -> Result<Role> {
    let known = || Role::ALL.map(Role::key).join(", ");
    Role::ALL
        .into_iter()
        .find(|role| role.key() == key)
        .with_context(|| format!("{key} is no role; there are {}", known()))
}

/// The password of standard input; at a terminal, or where nothing is given, one that is made up.
fn password(rules: &AccountRules, name: &str) -> Result<(String, bool)> {
    let input = io::stdin();
    let mut line = String::new();
    if !input.is_terminal() {
        input.lock().read_line(&mut line)?;
    }
    let given = line.trim_end_matches(['\r', '\n']);
    if !given.is_empty() {
        return Ok((given.to_owned(), false));
    }
    // Few that are made up break a rule: one holds no digit or no capital, one the name of the account.
    loop {
        let made = made_up(rules.least());
        if rules.check(name, &made).is_ok() {
            return Ok((made, true));
        }
    }
}

/// Sixteen characters, or as many as are asked for.
fn made_up(least: usize) -> String {
    // Without letters that look alike.
    const LETTERS: &[u8] = b"abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
    let mut rng = rand::rng();
    let letter = |_| char::from(LETTERS[rand::RngExt::random_range(&mut rng, 0..LETTERS.len())]);
    (0..least.max(16)).map(letter).collect()
}

fn say_password(name: &str, password: &str, is_made_up: bool) {
    if is_made_up {
        println!("{name} {password}");
    } else {
        println!("{name}");
    }
}
