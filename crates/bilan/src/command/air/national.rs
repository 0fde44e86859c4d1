//! `bilan air from-national`: the real-time feed of the national network (全国城市空气质量实时发布平台) as hourly values.
//!
//! The names of its ozone fields are exchanged: O3 is the largest value of 24 hours, O3_24h the hour (measured on the feed: O3 is never below O3_24h, and
//! the published index follows from O3_24h).

use std::io::Write;
use std::path::PathBuf;

use anyhow::{Result, ensure};
use bilan_standards::rounding::Rational;
use clap::Args;

use super::quoted;
use crate::command::stream::{self, Block, Heads, Row};

#[derive(Debug, Args)]
pub(super) struct FromNational {
    /// CSV file; standard input if it is left out.
    file: Option<PathBuf>,
}

/// Fields of the feed in the order of the output; the hour of ozone stands in O3_24h.
const FIELDS: [&str; 6] = ["PM2_5", "PM10", "SO2", "NO2", "O3_24h", "CO"];

struct Fields {
    station: usize,
    time: usize,
    items: [usize; 6],
    largest_ozone: usize,
}

impl Fields {
    fn read(heads: &Heads) -> Result<Self> {
        let mut items = [0; 6];
        for (place, field) in items.iter_mut().zip(FIELDS) {
            *place = heads.place(field)?;
        }
        Ok(Self { station: heads.station()?, time: heads.time()?, items, largest_ozone: heads.place("O3")? })
    }

    fn line(&self, row: &Row<'_>) -> Result<String> {
        let mut line =
            format!("{},{}", quoted(&row.station(self.station)?), row.time(self.time)?.strftime("%Y-%m-%dT%H:%M"));
        for (place, field) in self.items.iter().zip(FIELDS) {
            let value = row.number(*place, field)?.filter(|value| *value >= Rational::ZERO);
            line += ",";
            line += &value.and_then(|value| value.short_text(6)).unwrap_or_default();
        }
        let [hour, largest] =
            [(self.items[4], "O3_24h"), (self.largest_ozone, "O3")].map(|(at, name)| row.number(at, name));
        if let (Some(hour), Some(largest)) = (hour?, largest?) {
            ensure!(
                hour <= largest,
                "line {}: O3_24h is above O3: in the national feed O3 is the largest value of 24 hours and O3_24h the hour; this file is another one",
                row.line
            );
        }
        Ok(line + "\n")
    }
}

impl FromNational {
    pub(super) fn run(&self, out: &mut impl Write) -> Result<()> {
        writeln!(out, "station,time,pm2_5,pm10,so2,no2,o3,co")?;
        let convert = |fields: &Fields, block: &Block| {
            let mut lines = String::new();
            block.each(|row| {
                lines += &fields.line(row)?;
                Ok(())
            })?;
            Ok(lines)
        };
        let source = stream::source(self.file.as_deref())?;
        stream::blocks(source, Fields::read, convert, |_, lines| Ok(out.write_all(lines.as_bytes())?))
    }
}
