//! `bilan figures`: values and the records behind them.

use std::io::{self, BufWriter, Write};

use anyhow::{Result, bail};
use bilan_records::catalogue::closest;
use bilan_records::figures::{self, FigureValue, Period};
use clap::{Args, ValueEnum};
use jiff::Timestamp;

use super::DataFolder;
use crate::bureau::{Bureau, operator};

/// Compute the figures of a year, or list the records behind one.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  bilan figures --year 2020\n  bilan figures --year 2020 --figure complaints --records"
)]
pub struct Figures {
    /// Year.
    #[arg(long)]
    year: i16,
    /// Only this figure.
    #[arg(long, value_name = "KEY")]
    figure: Option<String>,
    /// The numbers of the records that the figure counts, one a line.
    #[arg(long, requires = "figure")]
    records: bool,
    /// As it stood at an earlier moment.
    #[arg(long, value_name = "TIME")]
    as_of: Option<Timestamp>,
    /// Format.
    #[arg(long, default_value = "tsv")]
    format: Shape,
    #[command(flatten)]
    data: DataFolder,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Shape {
    Tsv,
    Json,
}

impl Figures {
    pub fn run(self) -> Result<()> {
        let bureau = Bureau::open_existing(&self.data.path)?.with_observations()?;
        let period = Period::year(self.year);
        let actor = operator();
        let mut out = BufWriter::new(io::stdout().lock());
        if let Some(key) = &self.figure {
            let known = &bureau.ledger.catalogue().figures;
            if !known.contains_key(key) {
                let near = closest(key, known.keys().map(String::as_str));
                bail!(
                    "there is no figure {key}{}",
                    near.map(|near| format!("; did you mean {near}?")).unwrap_or_default()
                );
            }
            if self.records {
                for (_, number) in figures::records_behind(&bureau.ledger, &actor, key, &period, self.as_of)? {
                    writeln!(out, "{number}")?;
                }
                return Ok(out.flush()?);
            }
        }
        let values = match &self.figure {
            Some(key) => vec![figures::compute(&bureau.ledger, &actor, key, &period, self.as_of)?],
            None => figures::all(&bureau.ledger, &actor, &period, self.as_of)?,
        };
        self.format.write(&values, &mut out)?;
        out.flush()?;
        gaps(&values)
    }
}

impl Shape {
    fn write(self, values: &[FigureValue], out: &mut impl Write) -> Result<()> {
        match self {
            Self::Tsv => {
                writeln!(out, "key\tvalue\tunit\trecords")?;
                for value in values {
                    writeln!(out, "{}\t{}\t{}\t{}", value.key, printed(value), value.unit, value.records)?;
                }
            }
            Self::Json => {
                let rows: Vec<_> = values
                    .iter()
                    .map(|value| {
                        serde_json::json!({
                            "key": value.key, "value": value.value, "unit": value.unit, "records": value.records,
                            "gap": value.gap.as_ref().map(ToString::to_string),
                        })
                    })
                    .collect();
                writeln!(out, "{}", serde_json::to_string_pretty(&rows)?)?;
            }
        }
        Ok(())
    }
}

fn printed(value: &FigureValue) -> &str {
    value.value.as_deref().unwrap_or_default()
}

fn gaps(values: &[FigureValue]) -> Result<()> {
    for value in values {
        if let Some(gap) = &value.gap {
            eprintln!("{}: {}", value.key, gap);
        }
    }
    Ok(())
}
