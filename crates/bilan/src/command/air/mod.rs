//! `bilan air`: hours and days judged by the index.

mod hours;
mod national;
mod periods;
mod rows;

use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

use anyhow::Result;
use bilan_standards::air::{Aqi, DayMeans, Edition, Item};
use clap::{Args, Subcommand, ValueEnum};
use jiff::civil::Date;

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
        after_help = "Example:\n  bilan air daily hourly.csv > daily.csv\n\nInput: station,time,pm2_5,pm10,so2,no2,o3,co with the time at the end of the hour; in a station, rows in the order of time. Chinese names, HJ 212 codes and units beside a name are read, other columns refused by name. An hour given twice counts once; with two values it is refused. Ozone above 800 (8 h) is judged by its largest hour (HJ 633-2012 table 1, note 2); from 2026 it counts 300."
    )]
    Daily(Input),
    /// A year of days: means, percentiles, good days, composite index, and whether each is valid.
    #[command(
        after_help = "Example:\n  bilan air stats hourly.csv\n\nInput: as for daily. Output: station,year,indicator,value,valid. In a year in which the edition changes, good days are also counted by each edition (good_days_2012, good_days_2026)."
    )]
    Stats(Judged),
    /// Each month, quarter and year of each station, as `stats` has the year.
    #[command(
        after_help = "Example:\n  bilan air periods hourly.csv --without sand_storms.tsv\n\nInput: as for daily. Output: station,period,indicator,value,valid with periods such as 2026-03, 2026Q1, 2026."
    )]
    Periods(Judged),
    /// Stations by their composite index in each month, quarter and year, the cleanest first.
    #[command(
        after_help = "Example:\n  bilan air rank hourly.csv\n\nInput: as for daily. Output: period,rank,station,composite_index,leading,valid. Who cannot be told apart in print shares a place."
    )]
    Rank(Judged),
    /// The real-time index of each hour.
    #[command(
        after_help = "Example:\n  bilan air hourly hourly.csv\n\nInput: as for daily. Where an item is missing the national network published the index of the others in about half of the hours (2017 to 2019): `--missing others` gives it in all of them, the default where the standard does. SO2 above 800 is judged by the column of 24 hours (HJ 633-2012 table 1, note 1); from 2026 it counts 200."
    )]
    Hourly(hours::Hourly),
    /// The real-time feed of the national network as hourly values: its field O3 is the largest value of 24 hours and O3_24h the hour.
    #[command(
        name = "from-national",
        after_help = "Example:\n  bilan air from-national feed.csv | bilan air hourly --missing others\n\nInput: CSV with the fields of the feed (StationCode, TimePoint, SO2, NO2, PM10, PM2_5, CO, O3, O3_24h, ...). Output: station,time,pm2_5,pm10,so2,no2,o3,co."
    )]
    FromNational(national::FromNational),
}

#[derive(Debug, Args)]
struct Input {
    /// CSV file; standard input if it is left out.
    file: Option<PathBuf>,
    /// Edition of the standards, instead of the one in force on the day.
    #[arg(long)]
    edition: Option<Year>,
    /// A column to pass over, by its head; may be given more than once.
    #[arg(long, value_name = "COLUMN")]
    ignore: Vec<String>,
}

/// Input that is judged over periods.
#[derive(Debug, Args)]
struct Judged {
    #[command(flatten)]
    input: Input,
    /// Days left out of evaluation: tab-separated, columns from, to, items (pm10+pm2_5), reason.
    #[arg(long, value_name = "FILE")]
    without: Option<PathBuf>,
    /// Weights of the composite index: equal, or those that HJ 663-2026 is said to have (unverified).
    #[arg(long, default_value = "equal")]
    weights: Heavy,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Heavy {
    /// One for each item.
    Equal,
    /// PM2.5 three, NO2 and ozone two; the text of the standard was not seen.
    #[value(name = "claimed-2026")]
    Claimed2026,
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
            What::Stats(judged) => periods::stats(&judged, &mut out)?,
            What::Periods(judged) => periods::periods(&judged, &mut out)?,
            What::Rank(judged) => periods::rank(&judged, &mut out)?,
            What::Hourly(hourly) => hourly.run(&mut out)?,
            What::FromNational(feed) => feed.run(&mut out)?,
        }
        Ok(out.flush()?)
    }
}

fn daily(input: &Input, out: &mut impl Write) -> Result<()> {
    writeln!(out, "station,date,so2,no2,co,o3_8h,pm10,pm2_5,aqi,level,primary")?;
    rows::each_day(input.file.as_deref(), &input.ignore, |station, date, means| {
        write_day(input, station, date, means, out)
    })
}

fn write_day(input: &Input, station: &str, date: Date, means: DayMeans, out: &mut impl Write) -> Result<()> {
    let judged = means.judge(input.edition(date));
    write!(out, "{},{date}", quoted(station))?;
    for item in Item::ALL {
        write!(out, ",{}", judged.statistics.get(item).map_or(String::new(), |value| value.text(item)))?;
    }
    writeln!(out, ",{}", verdict(judged.aqi.as_ref(), Aqi::primary_text_of_day))?;
    Ok(())
}

fn verdict(index: Option<&Aqi>, primary: impl Fn(&Aqi) -> String) -> String {
    index.map_or_else(|| ",,".to_owned(), |aqi| format!("{},{},{}", aqi.value, aqi.level.number, primary(aqi)))
}

/// A text as a CSV cell.
pub(super) fn quoted(text: &str) -> String {
    if text.contains(['"', ',', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}
