//! `bilan water`: samples classed.

use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use bilan_standards::rounding::Rational;
use bilan_standards::water::{self, Body, Classified, WaterClass};
use clap::{Args, Subcommand, ValueEnum};

use super::air::quoted;

/// Surface water by GB 3838-2002.
#[derive(Debug, Args)]
pub struct Water {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Class of each sample, the items that decide it, and the items over a target class.
    #[command(
        after_help = "Example:\n  bilan water classify samples.csv --target III\n\nInput: station,time, then a column an item, headed by its HJ 212 code (w21003) or its name in GB 3838 (NH3-N); values in the unit of the standard.\nOutput: station,time,class,deciding,over; `over` lists item:times, without times for pH and dissolved oxygen."
    )]
    Classify {
        /// CSV file; standard input if it is left out.
        file: Option<PathBuf>,
        /// Target class.
        #[arg(long, default_value = "III")]
        target: Target,
        /// Kind of water: limits of phosphorus differ.
        #[arg(long, default_value = "river")]
        body: Kind,
    },
}

#[derive(Debug, Clone, Copy, ValueEnum)]
#[value(rename_all = "UPPER")]
#[allow(clippy::upper_case_acronyms, reason = "Roman numerals, as the standard writes the classes")]
enum Target {
    I,
    II,
    III,
    IV,
    V,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Kind {
    River,
    Lake,
}

impl Water {
    pub fn run(self) -> Result<()> {
        let What::Classify { file, target, body } = self.what;
        let target = WaterClass::ALL[target as usize];
        let body = match body {
            Kind::River => Body::River,
            Kind::Lake => Body::Lake,
        };
        let mut out = BufWriter::new(io::stdout().lock());
        classify(source(file.as_deref())?, target, body, &mut out)?;
        Ok(out.flush()?)
    }
}

/// The file, or standard input.
pub(super) fn source(file: Option<&Path>) -> Result<Box<dyn Read>> {
    Ok(match file {
        Some(path) => Box::new(File::open(path).with_context(|| format!("cannot read {}", path.display()))?),
        None => Box::new(io::stdin().lock()),
    })
}

fn classify(source: impl Read, target: WaterClass, body: Body, out: &mut impl Write) -> Result<()> {
    let mut reader = csv::Reader::from_reader(source);
    let heads: Vec<String> =
        reader.headers()?.iter().map(|head| head.trim_start_matches('\u{feff}').trim().to_owned()).collect();
    let place = |name: &str| {
        heads.iter().position(|head| head == name).with_context(|| format!("the column {name} is missing"))
    };
    let (station, time) = (place("station")?, place("time")?);
    let items: Vec<(usize, &str)> = heads
        .iter()
        .enumerate()
        .filter(|(_, head)| water::item(head, body).is_some())
        .map(|(at, head)| (at, head.as_str()))
        .collect();
    if items.is_empty() {
        bail!("no column is headed by an item of GB 3838 table 1, such as w21003 or NH3-N");
    }
    writeln!(out, "station,time,class,deciding,over")?;
    let mut row = csv::StringRecord::new();
    while reader.read_record(&mut row)? {
        let line = row.position().map_or(0, csv::Position::line);
        let mut values: Vec<(&str, Rational)> = Vec::with_capacity(items.len());
        for (at, head) in &items {
            let cell = row[*at].trim();
            if !matches!(cell, "" | "NA") {
                values.push((
                    head,
                    cell.parse().with_context(|| format!("line {line}, column {head}: {cell} is no number"))?,
                ));
            }
        }
        write!(out, "{},{},", quoted(&row[station]), &row[time])?;
        match water::classify(&values, body) {
            Some(verdict) => writeln!(out, "{},{},{}", verdict.class, deciding(&verdict), over(&verdict, target))?,
            None => writeln!(out, ",,")?,
        }
    }
    Ok(())
}

fn deciding(verdict: &Classified) -> String {
    verdict.deciding.iter().map(|item| item.key.as_str()).collect::<Vec<_>>().join("+")
}

fn over(verdict: &Classified, target: WaterClass) -> String {
    let named = verdict.over(target).into_iter().map(|(item, times)| match times {
        Some(times) => format!("{}:{}", item.key, two_digits(times)),
        None => item.key.clone(),
    });
    named.collect::<Vec<_>>().join("+")
}

fn two_digits(times: Rational) -> String {
    // A ratio of table values is always a number that can be rounded.
    bilan_standards::rounding::half_even(times, 2).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_is_classed_by_its_worst_item() {
        let csv = "station,time,w01009,w21003,TP\nA,2020-05-01T08:00,6.2,1.5,0.1\nB,2020-05-01T08:00,,,\n";
        let mut out = Vec::new();
        classify(csv.as_bytes(), WaterClass::III, Body::River, &mut out).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "station,time,class,deciding,over\nA,2020-05-01T08:00,IV,NH3-N,NH3-N:0.50\nB,2020-05-01T08:00,,,\n"
        );
    }

    #[test]
    fn a_wrong_cell_is_named() {
        let csv = "station,time,TP\nA,2020-05-01T08:00,much\n";
        let fault = classify(csv.as_bytes(), WaterClass::III, Body::River, &mut Vec::new()).unwrap_err();
        assert!(fault.to_string().contains("line 2, column TP: much"), "{fault}");
    }
}
