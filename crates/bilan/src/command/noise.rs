//! `bilan noise`: days and nights judged against their zone.

use std::collections::{BTreeMap, HashMap};
use std::io::{self, BufWriter, Read, Write};
use std::path::PathBuf;

use anyhow::{Context, Result, anyhow, bail};
use bilan_standards::noise::{DecibelA, NightHours, NoiseDay, NoiseZone, Period};
use clap::{Args, Subcommand};
use jiff::civil::Date;

use super::air::quoted;
use super::stream::{self, Block, Heads};

/// Noise by the standards.
#[derive(Debug, Args)]
pub struct Noise {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Ld, Ln and Ldn of each day, and how they stand against the functional zone.
    #[command(
        after_help = "Example:\n  bilan noise levels hourly.csv --zone 2\n\nInput: station,time,leq with the time at the end of the hour; a column `zone` (0, 1, 2, 3, 4a, 4b) goes before --zone. In a station, rows in the order of time.\nOutput: station,date,ld,ln,ldn,verdict,day_hours,night_hours. The night of a day runs into the next morning. The verdict is compliant, day_over, night_over or both_over; empty where day or night has no value."
    )]
    Levels {
        /// CSV file; standard input if it is left out.
        file: Option<PathBuf>,
        /// Functional zone of stations without one.
        #[arg(long, default_value = "2", value_parser = zone)]
        zone: NoiseZone,
        /// Hour at which the night begins, where the city moved it.
        #[arg(long, default_value_t = 22)]
        night: i8,
    },
}

fn zone(text: &str) -> Result<NoiseZone, String> {
    NoiseZone::from_key(text).ok_or_else(|| format!("{text} is no zone; zones are 0, 1, 2, 3, 4a, 4b"))
}

impl Noise {
    pub fn run(self) -> Result<()> {
        let What::Levels { file, zone, night } = self.what;
        let night =
            NightHours::beginning_at(night).with_context(|| format!("{night} is no hour of the day, 0 to 23"))?;
        let mut out = BufWriter::new(io::stdout().lock());
        levels(stream::source(file.as_deref())?, zone, night, &mut out)?;
        Ok(out.flush()?)
    }
}

/// Days of a station that are not over: a night still lacks its morning.
struct Open {
    zone: NoiseZone,
    days: BTreeMap<Date, NoiseDay>,
}

/// Where the columns stand.
struct Columns {
    station: usize,
    time: usize,
    leq: usize,
    zone: Option<usize>,
}

impl Columns {
    fn read(heads: &Heads) -> Result<Self> {
        let place = |name| heads.place(name);
        Ok(Self { station: place("station")?, time: place("time")?, leq: place("leq")?, zone: heads.find("zone") })
    }
}

/// An hour of a station.
struct Hour {
    line: u64,
    station: String,
    /// Its day and hour.
    begins: (Date, i8),
    zone: Option<NoiseZone>,
    level: Option<DecibelA>,
}

fn hours(columns: &Columns, block: &Block) -> Result<Vec<Hour>> {
    let mut hours = Vec::new();
    block.each(|row| {
        let line = row.line;
        let zone = match columns.zone.map(|at| row.text(at)).filter(|cell| !cell.is_empty()) {
            Some(cell) => Some(zone(&cell).map_err(|why| anyhow!("line {line}: {why}"))?),
            None => None,
        };
        let level =
            match row.number::<f64>(columns.leq, "leq")? {
                Some(level) => Some(DecibelA::new(level).with_context(|| {
                    format!("line {line}: {level} dB(A) is no level that can be measured, 0 to 200")
                })?),
                None => None,
            };
        let begins = row.hour_ending(columns.time)?;
        hours.push(Hour { line, station: row.text(columns.station).into_owned(), begins, zone, level });
        Ok(())
    })?;
    Ok(hours)
}

/// Stations in the order in which they come.
#[derive(Default)]
struct Stations {
    open: HashMap<String, Open>,
    order: Vec<String>,
}

fn levels(source: Box<dyn Read + Send>, otherwise: NoiseZone, night: NightHours, out: &mut impl Write) -> Result<()> {
    writeln!(out, "station,date,ld,ln,ldn,verdict,day_hours,night_hours")?;
    let mut stations = Stations::default();
    stream::blocks(source, Columns::read, hours, |_, hours| {
        hours.into_iter().try_for_each(|hour| stations.take(hour, otherwise, night, out))
    })?;
    for station in &stations.order {
        for (date, day) in &stations.open[station].days {
            write_day(station, stations.open[station].zone, *date, day, out)?;
        }
    }
    Ok(())
}

impl Stations {
    /// Enters an hour and writes the days that it ends.
    fn take(&mut self, hour: Hour, otherwise: NoiseZone, night: NightHours, out: &mut impl Write) -> Result<()> {
        let (line, (day, begins)) = (hour.line, hour.begins);
        let date = night.date_of(day, begins);
        let zone = hour.zone.unwrap_or(otherwise);
        if !self.open.contains_key(&hour.station) {
            self.order.push(hour.station.clone());
        }
        let open = self.open.entry(hour.station.clone()).or_insert_with(|| Open { zone, days: BTreeMap::new() });
        if open.days.last_key_value().is_some_and(|(last, _)| date < *last) {
            bail!("line {line}: a row of {day} comes after a later day of {}; sort the rows by time", hour.station);
        }
        open.zone = zone;
        let day = open.days.entry(date).or_default();
        if let Some(level) = hour.level {
            day.add(night.period(begins), level);
        }
        while open.days.len() > 1 {
            let Some((date, day)) = open.days.pop_first() else { break };
            write_day(&hour.station, open.zone, date, &day, out)?;
        }
        Ok(())
    }
}

fn write_day(station: &str, zone: NoiseZone, date: Date, day: &NoiseDay, out: &mut impl Write) -> Result<()> {
    let level = |level: Option<DecibelA>| level.map(|level| level.to_string()).unwrap_or_default();
    writeln!(
        out,
        "{},{date},{},{},{},{},{},{}",
        quoted(station),
        level(day.level(Period::Day)),
        level(day.level(Period::Night)),
        level(day.day_night()),
        day.verdict(zone).map_or("", |verdict| verdict.key()),
        day.count(Period::Day),
        day.count(Period::Night)
    )?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(csv: &str) -> Result<String> {
        let mut out = Vec::new();
        levels(Box::new(std::io::Cursor::new(csv.to_owned())), NoiseZone::Zone2, NightHours::default(), &mut out)?;
        Ok(String::from_utf8(out).unwrap())
    }

    #[test]
    fn a_night_belongs_to_the_day_on_which_it_begins() {
        let mut csv = "station,time,leq\n".to_owned();
        for hour in 7..=22 {
            csv += &format!("N1,2020-07-01T{hour:02}:00,58\n");
        }
        csv += "N1,2020-07-01T23:00,50\n";
        for hour in 0..=6 {
            csv += &format!("N1,2020-07-02T{hour:02}:00,50\n");
        }
        csv += "N1,2020-07-02T07:00,66\n";
        let expected = "station,date,ld,ln,ldn,verdict,day_hours,night_hours\n\
            N1,2020-07-01,58.0,50.0,58.8,compliant,16,8\nN1,2020-07-02,66.0,,,,1,0\n";
        assert_eq!(printed(&csv).unwrap(), expected);
    }

    #[test]
    fn a_zone_of_its_own_and_faults_are_read() {
        let rows = "station,time,leq,zone\nN1,2020-07-01T12:00,56,1\nN1,2020-07-01T23:00,44,1\n";
        assert!(printed(rows).unwrap().contains(",day_over,1,1"));
        for (rows, named) in [
            ("station,time\n", "leq"),
            ("station,time,leq\nN1,noon,50\n", "noon"),
            ("station,time,leq\nN1,2020-07-01T12:00,500\n", "line 2"),
            ("station,time,leq,zone\nN1,2020-07-01T12:00,50,9\n", "no zone"),
            ("station,time,leq\nN1,2020-07-02T12:00,50\nN1,2020-07-01T12:00,50\n", "sort"),
        ] {
            let fault = format!("{:#}", printed(rows).unwrap_err());
            assert!(fault.contains(named), "{fault}");
        }
    }
}
