//! `bilan observations`: what stations sent.

use std::io::{self, BufWriter};
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use bilan_records::value::beijing_text;
use bilan_telemetry::Series;
use clap::{Args, Subcommand};
use jiff::civil::DateTime;
use jiff::{Timestamp, tz::TimeZone};

use super::DataFolder;
use crate::bureau::Bureau;

/// Stored observations.
#[derive(Debug, Args)]
pub struct Observations {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Export observations as CSV: `series,time,period_s,value,flag`.
    #[command(
        after_help = "Example:\n  bilan observations export --series '*:a34004:*' --from 2026-01-01 --to 2026-01-02"
    )]
    Export(Export),
}

#[derive(Debug, Args)]
struct Export {
    /// Series, `station:factor:kind[:statistic]`, with `*` for anything.
    #[arg(long, default_value = "*")]
    series: String,
    /// From this moment.
    #[arg(long)]
    from: String,
    /// To this moment (it does not belong to it).
    #[arg(long)]
    to: String,
    /// Format. Only csv is there.
    #[arg(long, default_value = "csv")]
    format: String,
    /// File to write; standard output if it is left out.
    #[arg(short, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    data: DataFolder,
}

impl Observations {
    pub fn run(self) -> Result<()> {
        let What::Export(export) = self.what;
        export.run()
    }
}

impl Export {
    fn run(self) -> Result<()> {
        if self.format != "csv" {
            bail!("{}: only csv is there", self.format);
        }
        let (from, to) = (moment(&self.from)?, moment(&self.to)?);
        let store = Bureau::open_existing(&self.data.path)?.observations()?;
        let out: Box<dyn io::Write> = match &self.output {
            Some(path) => {
                Box::new(std::fs::File::create(path).with_context(|| format!("cannot write {}", path.display()))?)
            }
            None => Box::new(io::stdout().lock()),
        };
        let mut out = csv::Writer::from_writer(BufWriter::new(out));
        out.write_record(["series", "time", "period_s", "value", "flag"])?;
        let mut stations: Vec<String> = store.devices()?.into_iter().map(|device| device.station).collect();
        stations.sort();
        stations.dedup();
        for station in stations {
            for series in store.series_of(&station)? {
                if matches(&self.series, &named(&series)) {
                    rows(&store, &series, from, to, &mut out)?;
                }
            }
        }
        Ok(out.flush()?)
    }
}

fn rows<W: io::Write>(
    store: &bilan_telemetry::Store,
    series: &Series,
    from: Timestamp,
    to: Timestamp,
    out: &mut csv::Writer<W>,
) -> Result<()> {
    for seen in store.range(series, from, to)? {
        let time = beijing_text(seen.shown_at());
        let (name, period) = (named(series), seen.period_s.to_string());
        out.write_record([name.as_str(), &time, &period, &seen.text, seen.flag.as_deref().unwrap_or("")])?;
    }
    Ok(())
}

fn named(series: &Series) -> String {
    format!("{}:{}:{}:{}", series.station, series.factor, series.kind.name(), series.statistic.name())
}

/// Whether a name fits a pattern in which `*` stands for any text; a pattern may leave the last parts out.
fn matches(pattern: &str, name: &str) -> bool {
    let mut wanted = pattern.split(':');
    let mut found = name.split(':');
    wanted.all(|part| found.next().is_some_and(|text| fits(part, text)))
}

fn fits(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((head, tail)) => text.strip_prefix(head).is_some_and(|rest| {
            tail.is_empty()
                || (0..=rest.len()).filter(|&at| rest.is_char_boundary(at)).any(|at| fits(tail, &rest[at..]))
        }),
    }
}

/// A moment as it is typed: without an offset it is Beijing time.
pub(super) fn moment(text: &str) -> Result<Timestamp> {
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Ok(moment);
    }
    let local: DateTime =
        text.parse().with_context(|| format!("{text} is no time: write 2026-01-31T08:00 (Beijing time)"))?;
    Ok(TimeZone::fixed(jiff::tz::offset(8)).to_timestamp(local)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_takes_parts_and_stars() {
        for (pattern, name, fit) in [
            ("*", "S1:a34004:hour:avg", true),
            ("S1", "S1:a34004:hour:avg", true),
            ("S1:*:hour", "S1:a34004:hour:avg", true),
            ("*:a34*:*:avg", "S1:a34004:hour:avg", true),
            ("S2:*", "S1:a34004:hour:avg", false),
            ("S1:a34004:hour:avg:more", "S1:a34004:hour:avg", false),
        ] {
            assert_eq!(matches(pattern, name), fit, "{pattern} on {name}");
        }
    }

    #[test]
    fn a_time_without_offset_is_beijing_time() {
        assert_eq!(moment("2026-01-01T08:00").unwrap(), "2026-01-01T00:00:00Z".parse().unwrap());
        assert_eq!(moment("2026-01-01").unwrap(), "2025-12-31T16:00:00Z".parse().unwrap());
        assert!(moment("soon").is_err());
    }
}
