//! `bilan air`: hours and days judged by the index.

use std::collections::HashMap;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use bilan_standards::air::{self, AirDay, AirYear, Aqi, Concentration, Edition, HourlyAir, Item, YearIndicator};
use bilan_standards::rounding::Rational;
use clap::{Args, Subcommand, ValueEnum};
use jiff::ToSpan;
use jiff::civil::{Date, DateTime};

/// Columns of the input and their items.
const COLUMNS: [(&str, Item); 6] = [
    ("pm2_5", Item::Pm25),
    ("pm10", Item::Pm10),
    ("so2", Item::So2),
    ("no2", Item::No2),
    ("o3", Item::O3),
    ("co", Item::Co),
];

/// Ambient air by the standards.
#[derive(Debug, Args)]
pub struct Air {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Daily means, ozone, index, level and primary pollutants of hourly values.
    #[command(
        after_help = "Example:\n  bilan air daily hourly.csv > daily.csv\n\nInput: station,time,pm2_5,pm10,so2,no2,o3,co with the time at the end of the hour; in a station, rows in the order of time."
    )]
    Daily(Input),
    /// A year of days: means, percentiles, good days, composite index, and whether each is valid.
    #[command(
        after_help = "Example:\n  bilan air stats hourly.csv\n\nInput: as for daily. Output: station,year,indicator,value,valid. In a year in which the edition changes, good days are also counted by each edition (good_days_2012, good_days_2026)."
    )]
    Stats(Input),
    /// The real-time index of each hour.
    #[command(after_help = "Example:\n  bilan air hourly hourly.csv")]
    Hourly(Input),
}

#[derive(Debug, Args)]
struct Input {
    /// CSV file; standard input if it is left out.
    file: Option<PathBuf>,
    /// Edition of the standards, instead of the one in force on the day.
    #[arg(long)]
    edition: Option<Year>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Year {
    #[value(name = "2012")]
    E2012,
    #[value(name = "2026")]
    E2026,
    #[value(name = "2031")]
    E2031,
}

impl Input {
    fn edition(&self, day: Date) -> Edition {
        match self.edition {
            None => Edition::on(day),
            Some(Year::E2012) => Edition::E2012,
            Some(Year::E2026) => Edition::E2026,
            Some(Year::E2031) => Edition::E2031,
        }
    }
}

impl Air {
    pub fn run(self) -> Result<()> {
        let mut out = BufWriter::new(io::stdout().lock());
        match self.what {
            What::Daily(input) => daily(&input, &mut out)?,
            What::Stats(input) => stats(&input, &mut out)?,
            What::Hourly(input) => hourly(&input, &mut out)?,
        }
        Ok(out.flush()?)
    }
}

/// One row of the input.
struct Hour {
    line: u64,
    station: String,
    /// The time as written.
    time: String,
    begins: DateTime,
    values: Vec<(Item, Rational)>,
}

fn each_hour(input: &Input, mut take: impl FnMut(Hour) -> Result<()>) -> Result<()> {
    let mut reader =
        csv::ReaderBuilder::new().flexible(false).from_reader(super::water::source(input.file.as_deref())?);
    let heads = reader.headers()?.clone();
    let column = |name: &str| heads.iter().position(|head| head.trim_start_matches('\u{feff}').trim() == name);
    let needed = |name: &str| column(name).with_context(|| format!("the column {name} is missing"));
    let (station, time) = (needed("station")?, needed("time")?);
    let items = COLUMNS.map(|(name, item)| (name, item, column(name)));
    if items.iter().all(|(_, _, column)| column.is_none()) {
        bail!("none of the columns pm2_5, pm10, so2, no2, o3, co is there");
    }
    let mut row = csv::StringRecord::new();
    while reader.read_record(&mut row)? {
        let line = row.position().map_or(0, csv::Position::line);
        let text = row[time].trim();
        let ends: DateTime = text.parse().with_context(|| format!("line {line}: {text} is no time"))?;
        let mut values = Vec::with_capacity(6);
        for (name, item, column) in &items {
            let cell = column.map_or("", |column| row[column].trim());
            if !matches!(cell, "" | "NA") {
                let value = cell.parse().with_context(|| format!("line {line}, column {name}: {cell} is no number"))?;
                values.push((*item, value));
            }
        }
        let begins = ends.checked_sub(1.hour())?;
        take(Hour { line, station: row[station].to_owned(), time: text.to_owned(), begins, values })?;
    }
    Ok(())
}

fn daily(input: &Input, out: &mut impl Write) -> Result<()> {
    writeln!(out, "station,date,so2,no2,co,o3_8h,pm10,pm2_5,aqi,level,primary")?;
    each_day(input, |station, date, air| write_day(input, station, date, air, out))
}

/// Hands on each day of each station when it is over.
fn each_day(input: &Input, mut take: impl FnMut(&str, Date, &HourlyAir) -> Result<()>) -> Result<()> {
    let mut open: HashMap<String, (Date, HourlyAir)> = HashMap::new();
    let mut order: Vec<String> = Vec::new();
    each_hour(input, |hour| {
        let day = hour.begins.date();
        let (date, air) = open.entry(hour.station.clone()).or_insert_with(|| {
            order.push(hour.station.clone());
            (day, HourlyAir::default())
        });
        if day < *date {
            bail!(
                "line {}: {} comes after a later day of {}; sort the rows by time",
                hour.line,
                hour.time,
                hour.station
            );
        }
        if day > *date {
            take(&hour.station, *date, air)?;
            (*date, *air) = (day, HourlyAir::default());
        }
        for (item, value) in hour.values {
            if value >= Rational::ZERO {
                air.set(item, usize::try_from(hour.begins.hour())?, value);
            }
        }
        Ok(())
    })?;
    for station in order {
        let (date, air) = &open[&station];
        take(&station, *date, air)?;
    }
    Ok(())
}

fn stats(input: &Input, out: &mut impl Write) -> Result<()> {
    writeln!(out, "station,year,indicator,value,valid")?;
    let mut years: HashMap<String, StationYear> = HashMap::new();
    let mut order: Vec<String> = Vec::new();
    each_day(input, |station, date, air| {
        let open = years.entry(station.to_owned()).or_insert_with(|| {
            order.push(station.to_owned());
            StationYear::default()
        });
        if open.days.first().is_some_and(|first| first.date.year() != date.year()) {
            open.write(input, station, out)?;
            *open = StationYear::default();
        }
        open.days.push(AirDay::of(date, air, input.edition(date)));
        for (edition, good) in &mut open.good {
            let index = air::daily(air, *edition).aqi;
            *good += usize::from(index.is_some_and(|index| index.value <= 100));
        }
        Ok(())
    })?;
    for station in order {
        years[&station].write(input, &station, out)?;
    }
    Ok(())
}

/// The days of a station's year, and its good days by each edition.
struct StationYear {
    days: Vec<AirDay>,
    good: [(Edition, usize); 2],
}

impl Default for StationYear {
    fn default() -> Self {
        Self { days: Vec::with_capacity(366), good: [(Edition::E2012, 0), (Edition::E2026, 0)] }
    }
}

impl StationYear {
    fn write(&self, input: &Input, station: &str, out: &mut impl Write) -> Result<()> {
        let (Some(first), Some(last)) = (self.days.first(), self.days.last()) else { return Ok(()) };
        let (station, year) = (quoted(station), first.date.year());
        let statistics = AirYear::of(&self.days, input.edition(last.date)).statistics();
        for statistic in &statistics {
            let value = statistic.text().unwrap_or_default();
            writeln!(out, "{station},{year},{},{value},{}", statistic.indicator.key(), statistic.valid)?;
        }
        // A count across a change of edition says nothing unless both series stand beside it.
        if input.edition(first.date) != input.edition(last.date) {
            let valid = statistics.iter().any(|one| one.indicator == YearIndicator::GoodDays && one.valid);
            for ((_, good), edition) in self.good.iter().zip(["2012", "2026"]) {
                writeln!(out, "{station},{year},good_days_{edition},{good},{valid}")?;
            }
        }
        Ok(())
    }
}

fn write_day(input: &Input, station: &str, date: Date, hours: &HourlyAir, out: &mut impl Write) -> Result<()> {
    let judged = air::daily(hours, input.edition(date));
    write!(out, "{},{date}", quoted(station))?;
    for item in Item::ALL {
        write!(out, ",{}", judged.statistics.get(item).map_or(String::new(), |value| value.text(item)))?;
    }
    writeln!(out, ",{}", verdict(judged.aqi.as_ref(), Aqi::primary_text_of_day))?;
    Ok(())
}

fn hourly(input: &Input, out: &mut impl Write) -> Result<()> {
    writeln!(out, "station,time,aqi,level,primary")?;
    each_hour(input, |hour| {
        let values: Vec<(Item, Concentration)> = hour
            .values
            .iter()
            .filter(|(_, value)| *value >= Rational::ZERO)
            .filter_map(|(item, value)| Some((*item, Concentration::rounded(*item, *value)?)))
            .collect();
        let index = air::hourly(&values, input.edition(hour.begins.date()));
        writeln!(out, "{},{},{}", quoted(&hour.station), hour.time, verdict(index.as_ref(), Aqi::primary_text))?;
        Ok(())
    })
}

fn verdict(index: Option<&Aqi>, primary: impl Fn(&Aqi) -> String) -> String {
    index.map_or_else(|| ",,".to_owned(), |aqi| format!("{},{},{}", aqi.value, aqi.level.number, primary(aqi)))
}

/// A text as a CSV cell.
pub(super) fn quoted(text: &str) -> String {
    if text.contains(['"', ',', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}
