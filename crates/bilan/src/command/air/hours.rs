//! `bilan air hourly`: the real-time index of each hour, in the order of the file.

use std::collections::HashMap;
use std::io::Write;

use anyhow::{Result, anyhow};
use bilan_standards::air::{self, Aqi, Concentration, Edition, Item};
use clap::{Args, ValueEnum};
use jiff::civil::Date;

use super::rows::Columns;
use super::{Input, quoted, verdict};
use crate::command::stream::{self, Block, Faults, Heads};

#[derive(Debug, Args)]
pub(super) struct Hourly {
    #[command(flatten)]
    input: Input,
    /// What an hour has in which an item is missing.
    #[arg(long, default_value = "standard")]
    missing: Missing,
}

/// The index of an hour in which an item is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Missing {
    /// As the standard and the practice of its time have it.
    Standard,
    /// The index of the items that are there.
    Others,
}

/// The hours of a block.
struct Judged {
    stations: Vec<String>,
    hours: Vec<Hour>,
    text: String,
}

/// An hour with what is printed of it.
struct Hour {
    /// Its station's place in the block.
    station: usize,
    begins: (Date, i8),
    line: u64,
    digest: u32,
    /// Where its line of the text ends.
    ends: usize,
}

impl Hourly {
    pub(super) fn run(&self, out: &mut impl Write) -> Result<()> {
        writeln!(out, "station,time,aqi,level,primary")?;
        let mut seen = Seen::default();
        let read = |heads: &Heads| Columns::read(heads, &self.input.ignore);
        let judge = |columns: &Columns, block: &Block| self.judge(columns, block);
        stream::blocks(stream::source(self.input.file.as_deref())?, read, judge, |_, judged| seen.write(&judged, out))
    }

    fn judge(&self, columns: &Columns, block: &Block) -> Result<Judged> {
        let mut places: HashMap<String, usize> = HashMap::new();
        let mut judged = Judged { stations: Vec::new(), hours: Vec::new(), text: String::new() };
        block.each(|row| {
            let name = row.station(columns.station)?;
            let station = match places.get(name.as_ref()) {
                Some(place) => *place,
                None => {
                    judged.stations.push(name.clone().into_owned());
                    places.insert(name.clone().into_owned(), judged.stations.len() - 1);
                    judged.stations.len() - 1
                }
            };
            let begins = columns.begins(row)?;
            let mut values: Vec<(Item, Concentration)> = Vec::with_capacity(Item::ALL.len());
            columns.values(row, |item, value| {
                values.extend(Concentration::rounded(item, value).map(|value| (item, value)));
                Ok(())
            })?;
            let index = self.index(&values, self.input.edition(begins.0));
            let line = format!(
                "{},{},{}\n",
                quoted(&name),
                row.text(columns.time),
                verdict(index.as_ref(), Aqi::primary_text)
            );
            judged.text += &line;
            judged.hours.push(Hour {
                station,
                begins,
                line: row.line,
                digest: digest(&values),
                ends: judged.text.len(),
            });
            Ok(())
        })?;
        Ok(judged)
    }

    fn index(&self, values: &[(Item, Concentration)], edition: Edition) -> Option<Aqi> {
        match self.missing {
            Missing::Standard => air::hourly(values, edition),
            Missing::Others => air::hourly_of_the_others(values, edition),
        }
    }
}

/// A number for the values of an hour, never 0: equal values have equal ones.
fn digest(values: &[(Item, Concentration)]) -> u32 {
    // FNV-1a.
    let mix = |hash: u32, part: u32| (hash ^ part).wrapping_mul(0x0100_0193);
    values.iter().fold(0x811c_9dc5, |hash, (item, value)| mix(mix(hash, *item as u32 + 1), value.units())).max(1)
}

/// The hours of each station that were written: an hour counts once.
#[derive(Default)]
struct Seen {
    places: HashMap<String, usize>,
    stations: Vec<HashMap<Date, [u32; 24]>>,
}

impl Seen {
    fn write(&mut self, judged: &Judged, out: &mut impl Write) -> Result<()> {
        let places: Vec<usize> = judged.stations.iter().map(|name| self.place(name)).collect();
        let mut faults = Faults::default();
        let mut from = 0;
        for hour in &judged.hours {
            let text = &judged.text[from..hour.ends];
            from = hour.ends;
            let (date, begins) = hour.begins;
            let known = &mut self.stations[places[hour.station]].entry(date).or_default()[usize::try_from(begins)?];
            match *known {
                0 => {
                    *known = hour.digest;
                    out.write_all(text.as_bytes())?;
                }
                same if same == hour.digest => {}
                _ => faults.add(&two_values(&judged.stations[hour.station], hour)),
            }
        }
        faults.into_result()
    }

    fn place(&mut self, station: &str) -> usize {
        if let Some(place) = self.places.get(station) {
            return *place;
        }
        self.stations.push(HashMap::new());
        self.places.insert(station.to_owned(), self.stations.len() - 1);
        self.stations.len() - 1
    }
}

fn two_values(station: &str, hour: &Hour) -> anyhow::Error {
    let (date, ends) = (hour.begins.0, hour.begins.1 + 1);
    let line = hour.line;
    anyhow!(
        "line {line}: {station} has different values in another row of the hour of {date} that ends at {ends:02}:00; keep the right one"
    )
}
