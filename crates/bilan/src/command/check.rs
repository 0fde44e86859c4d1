//! `bilan check`: the bureau's files, checked as a compiler would.

use std::path::PathBuf;

use anyhow::{Result, bail};
use bilan_records::{catalogue::unbounded, report};
use clap::Args;

use crate::bureau::{Bureau, files, load_calendar, load_catalogue, load_rules, operator};

/// Check registers, rules, figures, reports and district files.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  bilan check\n  bilan check --data demo-data --year 2020")]
pub struct Check {
    /// Folder of the bureau's files.
    dir: Option<PathBuf>,
    /// Also compute every figure of every report over these data: a figure without a value is a fault.
    #[arg(long, value_name = "DIR", requires = "year")]
    data: Option<PathBuf>,
    /// Year of the reports.
    #[arg(long, requires = "data")]
    year: Option<i16>,
}

impl Check {
    pub fn run(self) -> Result<()> {
        let folder = files(self.dir.as_deref())?;
        let rules = load_rules(&folder);
        let catalogue = match (load_catalogue(&folder), &rules) {
            (Err(records), Err(rules)) => bail!("{records}\n{rules}"),
            (Err(fault), _) => return Err(fault),
            (Ok(catalogue), _) => catalogue,
        };
        let rules = rules?;
        let (_, last_year) = load_calendar(&folder)?.years();
        println!(
            "ok {} registers, {} figures, {} reports, {} rules, {} grid cells, holidays until {last_year}",
            catalogue.registers.len(),
            catalogue.figures.len(),
            catalogue.reports.len(),
            rules.len(),
            catalogue.district.cells.len()
        );
        for field in catalogue.registers.values().flat_map(unbounded) {
            eprintln!("warning: {field}");
        }
        for lacking in &catalogue.without {
            eprintln!("warning: {lacking}");
        }
        match (self.data, self.year) {
            (Some(data), Some(year)) => reports_are_whole(&Bureau::open_existing(&data)?.with_observations()?, year),
            _ => Ok(()),
        }
    }
}

fn reports_are_whole(bureau: &Bureau, year: i16) -> Result<()> {
    let mut faults = Vec::new();
    for key in bureau.ledger.catalogue().reports.keys() {
        let filled = report::build(&bureau.ledger, &operator(), key, year, None)?;
        faults.extend(filled.gaps.iter().map(|(figure, why)| format!("reports/{key}: {figure} has no value: {why}")));
    }
    if faults.is_empty() {
        println!("ok every figure of every report of {year} has a value");
        return Ok(());
    }
    bail!("{}\n{} gaps in the reports of {year}", faults.join("\n"), faults.len())
}
