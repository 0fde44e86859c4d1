//! `bilan noise`: days and nights judged against their zone.

use std::collections::{BTreeMap, HashMap};
use std::io::{self, BufWriter, Read, Write};
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use bilan_standards::noise::{NightHours, NoiseDay, NoiseZone, Period};
use clap::{Args, Subcommand};
use jiff::ToSpan;
use jiff::civil::{Date, DateTime};

use super::air::quoted;
use super::water::source;

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
        levels(source(file.as_deref())?, zone, night, &mut out)?;
        Ok(out.flush()?)
    }
}

/// Days of a station that are not over: a night still lacks its morning.
struct Open {
    zone: NoiseZone,
    days: BTreeMap<Date, NoiseDay>,
}

fn levels(source: impl Read, otherwise: NoiseZone, night: NightHours, out: &mut impl Write) -> Result<()> {
    let mut reader = csv::Reader::from_reader(source);
    let heads = reader.headers()?.clone();
    let place = |name: &str| heads.iter().position(|head| head.trim_start_matches('\u{feff}').trim() == name);
    let needed = |name: &str| place(name).with_context(|| format!("the column {name} is missing"));
    let (station, time, leq, zoned) = (needed("station")?, needed("time")?, needed("leq")?, place("zone"));
    writeln!(out, "station,date,ld,ln,ldn,verdict,day_hours,night_hours")?;
    let mut stations: HashMap<String, Open> = HashMap::new();
    let mut order: Vec<String> = Vec::new();
    let mut row = csv::StringRecord::new();
    while reader.read_record(&mut row)? {
        let line = row.position().map_or(0, csv::Position::line);
        let text = row[time].trim();
        let ends: DateTime = text.parse().with_context(|| format!("line {line}: {text} is no time"))?;
        let begins = ends.checked_sub(1.hour())?;
        let date = night.date_of(begins.date(), begins.hour());
        let zone = match zoned.map(|at| row[at].trim()).filter(|cell| !cell.is_empty()) {
            Some(cell) => zone(cell).map_err(|why| anyhow::anyhow!("line {line}: {why}"))?,
            None => otherwise,
        };
        let open = stations.entry(row[station].to_owned()).or_insert_with(|| {
            order.push(row[station].to_owned());
            Open { zone, days: BTreeMap::new() }
        });
        if open.days.last_key_value().is_some_and(|(last, _)| date < *last) {
            bail!("line {line}: {text} comes after a later day of {}; sort the rows by time", &row[station]);
        }
        open.zone = zone;
        let day = open.days.entry(date).or_default();
        let cell = row[leq].trim();
        if !matches!(cell, "" | "NA") {
            let level: f64 = cell.parse().with_context(|| format!("line {line}: {cell} is no level"))?;
            if !(0.0..=200.0).contains(&level) {
                bail!("line {line}: {cell} dB(A) is no level that can be measured, 0 to 200");
            }
            day.add(night.period(begins.hour()), level);
        }
        while open.days.len() > 1 {
            let Some((date, day)) = open.days.pop_first() else { break };
            write_day(&row[station], open.zone, date, &day, out)?;
        }
    }
    for station in order {
        for (date, day) in &stations[&station].days {
            write_day(&station, stations[&station].zone, *date, day, out)?;
        }
    }
    Ok(())
}

fn write_day(station: &str, zone: NoiseZone, date: Date, day: &NoiseDay, out: &mut impl Write) -> Result<()> {
    let level = |level: Option<f64>| level.map(|level| format!("{level:.1}")).unwrap_or_default();
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
        levels(csv.as_bytes(), NoiseZone::Zone2, NightHours::default(), &mut out)?;
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
