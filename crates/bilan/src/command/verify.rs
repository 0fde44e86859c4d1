//! `bilan verify`: is everything in the data folder as the journal says?

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use bilan_records::contract::{Condition, View};
use bilan_records::ledger::{Ledger, ListQuery, ReadError, Verified};
use bilan_records::views::{ValueReview, ValueReviewState};
use bilan_storage::Migrations;
use bilan_telemetry::{Review, Whole};
use clap::Args;
use rusqlite::{Connection, OpenFlags};

use super::DataFolder;
use crate::anchor;
use crate::bridge::without_record;
use crate::bureau::{Bureau, operator};
use crate::reviewer;

/// Walk the journal, compare every record, account and sealed observation with it, and say whether all is whole.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  bilan verify --data demo-data\n  bilan verify --data data --anchor /mnt/anchor/bilan.txt\n\nWhat is damaged or altered is named: file, table, row. Anyone who may write the data folder can also compute a\nwhole new journal, or cut its end off: only a file of anchors kept elsewhere (setting anchor.file) shows that."
)]
pub struct Verify {
    #[command(flatten)]
    data: DataFolder,
    /// Heads of the journal that were kept outside of the data folder.
    #[arg(long, value_name = "FILE")]
    anchor: Option<PathBuf>,
}

impl Verify {
    pub fn run(self) -> Result<()> {
        // Before anything is opened: a ledger that lacks a table does not open.
        whole_schemas(&self.data.path)?;
        let bureau = Bureau::open_existing(&self.data.path)?;
        all_there(&bureau)?;
        let verified = records(&bureau)?;
        let anchors = self.anchor.as_deref().map(|file| anchor::compare(&bureau.ledger, file)).transpose()?;
        let accounts = accounts(&bureau)?;
        let whole = observations(&bureau)?;
        notices(&bureau.data.join("notices.db"))?;
        println!("ok {} entries", verified.entries);
        eprintln!(
            "{} rows, {} earlier versions, {} files, {} clocks, keys and numbers and {accounts} accounts agree with them",
            verified.rows, verified.versions, verified.files, verified.beside
        );
        eprintln!("{} records are found by their own words", verified.indexed);
        eprintln!(
            "{} values in {} chunks, {} packets in blocks and {} rows of observations are whole",
            whole.values, whole.chunks, whole.packets, whole.rows
        );
        if whole.without > 0 {
            eprintln!(
                "{} chunks and blocks of an earlier version are whole within; their rows carry no checksum",
                whole.without
            );
        }
        if let Some(anchors) = anchors {
            eprintln!("{anchors} anchors agree with the journal");
        }
        say_missing(&bureau)
    }
}

/// Says how many warnings have no record: a running system enters them within a minute, so that one that stays is a fault.
fn say_missing(bureau: &Bureau) -> Result<()> {
    if !bureau.data.join("observations.db").is_file() {
        return Ok(());
    }
    let missing = without_record(&bureau.ledger, &bureau.observations()?)?;
    eprintln!("{} warnings without a record", missing.len());
    for id in missing.iter().take(20) {
        eprintln!("  {id}");
    }
    Ok(())
}

/// Refuses a folder from which a whole database is gone, or a table of one: what is not there cannot be damaged, and would pass as sound.
///
/// A bureau that was served has every database, and the journal knows whether there are accounts; one that was only loaded has records alone.
///
/// # Errors
/// Names the database that is missing, or the table.
pub fn all_there(bureau: &Bureau) -> Result<()> {
    let is_there = |name: &str| bureau.data.join(name).is_file();
    let was_served = is_there("notices.db") || is_there("push.key");
    let has_accounts = bilan_web::accounts::are_known_to(&bureau.ledger)?;
    for (name, is_needed) in
        [("accounts.db", was_served || has_accounts), ("observations.db", was_served), ("notices.db", was_served)]
    {
        if is_needed && !is_there(name) {
            bail!("{name} is missing: restore the last backup");
        }
    }
    whole_schemas(&bureau.data)
}

/// The tables of every database.
const DATABASES: [Migrations; 4] = [
    bilan_records::ledger::MIGRATIONS,
    bilan_web::accounts::MIGRATIONS,
    bilan_telemetry::MIGRATIONS,
    bilan_notify::MIGRATIONS,
];

/// Refuses a folder with a database that lacks what its own migrations made.
fn whole_schemas(data: &Path) -> Result<()> {
    DATABASES.iter().try_for_each(|migrations| whole_schema(data, migrations))
}

fn whole_schema(data: &Path, migrations: &Migrations) -> Result<()> {
    let name = migrations.database();
    let path = data.join(name);
    if !path.is_file() {
        return Ok(());
    }
    let unreadable = || format!("{name} cannot be read; restore the last backup");
    let connection = Connection::open_with_flags(&path, OpenFlags::SQLITE_OPEN_READ_ONLY).with_context(unreadable)?;
    match migrations.lacking(&connection).with_context(unreadable)? {
        None => Ok(()),
        Some(fault) => bail!("{name}: {}: {}; restore the last backup", fault.table, fault.what),
    }
}

/// The journal with everything that it covers in `records.db`.
pub fn records(bureau: &Bureau) -> Result<Verified> {
    match bureau.ledger.verify()? {
        Ok(verified) => Ok(verified),
        Err(broken) => bail!("records.db: {broken}"),
    }
}

fn accounts(bureau: &Bureau) -> Result<u64> {
    let path = bureau.data.join("accounts.db");
    if !path.is_file() {
        return Ok(0);
    }
    let verified = bilan_web::accounts::verify(&path, &bureau.ledger)
        .context("accounts.db cannot be read; restore the last backup")?;
    // What the chain says of an account says more than that its row was damaged.
    match verified {
        Ok(accounts) => sound(&path).map(|()| accounts),
        Err(broken) => bail!("accounts.db: {broken}"),
    }
}

/// Everything in `observations.db`, and the reviews of people against their records.
pub fn observations(bureau: &Bureau) -> Result<Whole> {
    let path = bureau.data.join("observations.db");
    if !path.is_file() {
        return Ok(Whole::default());
    }
    let whole = match bilan_telemetry::verify(&path)? {
        Ok(whole) => whole,
        Err(damage) => bail!("observations.db: {damage}; restore the last backup"),
    };
    reviews(&bureau.ledger, &whole.reviews)?;
    Ok(whole)
}

/// What people say of values stands in records, which the chain covers: the store must say the same.
fn reviews(ledger: &Ledger, stored: &[Review]) -> Result<()> {
    if ValueReview::register(ledger).is_none() {
        return Ok(());
    }
    for review in stored {
        let entered = match ValueReview::find(ledger, &operator(), &review.key) {
            Ok(record) => Some(record),
            Err(ReadError::NotFound { .. }) => None,
            Err(error) => return Err(error).context("records.db: a review cannot be read"),
        };
        if entered.as_ref().and_then(reviewer::review).as_ref() != Some(review) {
            bail!("observations.db: review {}: it is not what the record {} says", review.key, review.key);
        }
    }
    let keys: HashSet<&str> = stored.iter().map(|review| review.key.as_str()).collect();
    let applied = Condition::in_state(&[ValueReviewState::Applied]);
    let mut query: ListQuery = ValueReview::query().only(applied).at_most(1_000).into();
    loop {
        let page = ledger.list(&operator(), query.clone())?;
        for record in &page.records {
            if !keys.contains(record.number.as_str()) {
                bail!("observations.db: review {}: it was applied and is gone", record.number);
            }
        }
        query.offset += page.records.len() as u64;
        if (page.records.len() as u64) < query.limit {
            return Ok(());
        }
    }
}

fn notices(path: &Path) -> Result<()> {
    if path.is_file() { sound(path) } else { Ok(()) }
}

/// Whether SQLite finds nothing wrong with a file, and each row that has a checksum agrees with it.
pub fn sound(path: &Path) -> Result<()> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)
        .with_context(|| format!("{name} cannot be opened; restore the last backup"))?;
    let found = bilan_storage::integrity(&connection)
        .with_context(|| format!("{name} cannot be read; restore the last backup"))?;
    let guarded = bilan_storage::checksum::verify(&connection).map(Result::err);
    let fault = match found {
        None => guarded.with_context(|| format!("{name} cannot be read; restore the last backup"))?,
        found => found,
    };
    match fault {
        None => Ok(()),
        Some(fault) => bail!("{name}: {}: {}; restore the last backup", fault.table, fault.what),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trial::Trial;

    #[test]
    fn a_database_that_cannot_be_read_is_not_called_altered() {
        let trial = Trial::new();
        let moment = crate::trial::MOMENT.parse().unwrap();
        let review = Review {
            key: "SH202600001".into(),
            station: "ZD1".into(),
            factor: None,
            from: moment,
            to: moment,
            counts: true,
            reason: String::new(),
            by: "analyst".into(),
            at: moment,
        };
        let fault = || format!("{:#}", reviews(&trial.ledger, std::slice::from_ref(&review)).unwrap_err());
        assert!(fault().contains("it is not what the record"), "there is no such record: {}", fault());
        let beside = Connection::open(trial.folder.path().join("records.db")).unwrap();
        beside.execute_batch("ALTER TABLE r_value_review RENAME TO away").unwrap();
        assert!(fault().contains("cannot be read"), "{}", fault());
    }
}
