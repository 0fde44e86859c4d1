//! `bilan observations`: what stations sent, as CSV or Parquet.

use std::io::{self, BufWriter};
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result};
use bilan_records::exchange::neutralised;
use bilan_records::value::beijing_text;
use bilan_telemetry::{Observation, Series, SeriesPattern, Store};
use clap::{Args, Subcommand, ValueEnum};
use jiff::civil::DateTime;
use jiff::{SignedDuration, Timestamp, tz::TimeZone};

use super::DataFolder;
use super::parquet::ParquetFile;
use crate::bureau::Bureau;

/// Stored observations.
#[derive(Debug, Args)]
pub struct Observations {
    #[command(subcommand)]
    what: What,
}

/// The rule of all files with values: `time` is the end of what a value stands for.
const EXPORT_HELP: &str = "Times:
  time is the instant of a value or, for minutes, hours and days alike, the END of its period, as the national air network stamps its hours; the period began
  period_s seconds before. The hour from 09:00 to 10:00 is stamped 10:00, a day the 00:00 that ends it.
  --from and --to choose periods by their beginning: a day has its 24 hours, stamped 01:00 to 00:00.

Example:
  bilan observations export --series '*:a34004:*' --from 2026-01-01 --to 2026-01-02";

#[derive(Debug, Subcommand)]
enum What {
    /// Export observations as CSV (`series,time,period_s,value,flag`) or Parquet (the same, with `value` as a number and `text` as the device wrote it).
    #[command(after_help = EXPORT_HELP)]
    Export(Export),
}

/// What a file of observations looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Text.
    Csv,
    /// Columns, compressed.
    Parquet,
}

/// Values are read in portions of this length.
const PORTION: SignedDuration = SignedDuration::from_hours(30 * 24);

#[derive(Debug, Args)]
struct Export {
    /// Series, `station:factor:kind[:statistic]`, with `*` for anything.
    #[arg(long, default_value = "*")]
    series: SeriesPattern,
    /// From this moment, at which a period begins.
    #[arg(long)]
    from: String,
    /// To this moment (what begins then does not belong to it).
    #[arg(long)]
    to: String,
    /// Format.
    #[arg(long, value_enum, default_value_t = Format::Csv)]
    format: Format,
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
        let (from, to) = (moment(&self.from)?, moment(&self.to)?);
        let store = Bureau::open_existing(&self.data.path)?.observations()?;
        let out: Box<dyn io::Write + Send> = match &self.output {
            Some(path) => {
                Box::new(std::fs::File::create(path).with_context(|| format!("cannot write {}", path.display()))?)
            }
            None => Box::new(io::stdout()),
        };
        let mut sink = Sink::begin(self.format, BufWriter::new(out))?;
        let mut stations: Vec<String> = store.devices()?.into_iter().map(|device| device.station).collect();
        stations.sort();
        stations.dedup();
        for station in stations {
            for series in store.series_of(&station)? {
                if self.series.fits(&series) {
                    export(&store, &series, &series.key().into(), from..to, &mut sink)?;
                }
            }
        }
        sink.finish()
    }
}

/// Where observations go.
enum Sink<W: io::Write + Send> {
    Csv(Box<csv::Writer<W>>),
    Parquet(Box<ParquetFile<W>>),
}

impl<W: io::Write + Send> Sink<W> {
    fn begin(format: Format, out: W) -> Result<Self> {
        Ok(match format {
            Format::Csv => {
                let mut csv = csv::Writer::from_writer(out);
                csv.write_record(["series", "time", "period_s", "value", "flag"])?;
                Self::Csv(Box::new(csv))
            }
            Format::Parquet => Self::Parquet(Box::new(ParquetFile::begin(out)?)),
        })
    }

    fn put(&mut self, series: &Arc<str>, seen: Observation) -> Result<()> {
        match self {
            Self::Csv(csv) => {
                let (time, period) = (beijing_text(seen.end()), seen.period_s.to_string());
                let flag = neutralised(seen.flag.as_deref().unwrap_or(""));
                Ok(csv.write_record([&neutralised(series), &*time, &period, &neutralised(&seen.text), &flag])?)
            }
            Self::Parquet(parquet) => parquet.put(series, seen),
        }
    }

    fn finish(self) -> Result<()> {
        match self {
            Self::Csv(mut csv) => Ok(csv.flush()?),
            Self::Parquet(parquet) => parquet.finish(),
        }
    }
}

/// A series in portions of a month, so that memory stays small however long it is.
fn export<W: io::Write + Send>(
    store: &Store,
    series: &Series,
    name: &Arc<str>,
    span: Range<Timestamp>,
    sink: &mut Sink<W>,
) -> Result<()> {
    let mut begin = span.start;
    while begin < span.end {
        let end = begin.checked_add(PORTION).unwrap_or(span.end).min(span.end);
        for seen in store.range(series, begin, end)? {
            sink.put(name, seen)?;
        }
        begin = end;
    }
    Ok(())
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
    fn a_time_without_offset_is_beijing_time() {
        assert_eq!(moment("2026-01-01T08:00").unwrap(), "2026-01-01T00:00:00Z".parse().unwrap());
        assert_eq!(moment("2026-01-01").unwrap(), "2025-12-31T16:00:00Z".parse().unwrap());
        assert!(moment("soon").is_err());
    }
}
