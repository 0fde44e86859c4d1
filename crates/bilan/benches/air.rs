//! Hours of air to days and years: a city's year in the library alone, then files of any size through `bilan air`, beside the same in pandas.
//!
//! `cargo bench --profile demo -p bilan --bench air [-- STATIONS YEARS]`; the second file has 60 stations and 10 years unless told. Pandas is compared where
//! `python3` has it.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use bilan_standards::air::{AirDay, AirPeriod, Edition, EvaluationPeriod, HourlyAir, Item};
use bilan_standards::rounding::Rational;
use jiff::ToSpan;
use jiff::civil::{Date, date};
use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};

/// Stations of a city.
const CITY: usize = 8;
const RUNS: usize = 5;

fn main() -> Result<(), Box<dyn Error>> {
    let wanted: Vec<usize> = std::env::args().filter_map(|word| word.parse().ok()).collect();
    let (stations, years) = (wanted.first().copied().unwrap_or(60), wanted.get(1).copied().unwrap_or(10));
    library();
    let folder = std::env::temp_dir().join(format!("bilan-air-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let result = files(&folder, stations, years);
    std::fs::remove_dir_all(&folder)?;
    result
}

/// A city's leap year, hours to yearly results, in one thread.
fn library() {
    let mut random = SmallRng::seed_from_u64(1);
    let mut city: Vec<Vec<(Date, HourlyAir)>> = Vec::new();
    for _ in 0..CITY {
        let day = |date| (date, HourlyAir::default());
        let mut days: Vec<_> = date(2016, 1, 1).series(1.day()).take(366).map(day).collect();
        for (_, hours) in &mut days {
            for item in Item::ALL {
                (0..24).for_each(|hour| hours.set(item, hour, Rational::whole(random.random_range(1..160))));
            }
        }
        city.push(days);
    }
    let mut times: Vec<f64> = (0..RUNS).map(|_| judged(&city)).collect();
    times.sort_by(f64::total_cmp);
    println!("a city's year, {CITY} stations x 8784 hours x 6 items, one thread: {:.1} ms", times[RUNS / 2] * 1e3);
}

fn judged(city: &[Vec<(Date, HourlyAir)>]) -> f64 {
    let began = Instant::now();
    for station in city {
        let days: Vec<AirDay> =
            station.iter().map(|(date, hours)| AirDay::of(*date, hours, Edition::on(*date))).collect();
        let year = AirPeriod::of(EvaluationPeriod::Year(2016), &days, Edition::E2012);
        std::hint::black_box(year.statistics());
    }
    began.elapsed().as_secs_f64()
}

fn files(folder: &Path, stations: usize, years: usize) -> Result<(), Box<dyn Error>> {
    let city = written(folder, CITY, 1)?;
    let ours = bilan("daily", &city.path, Stdio::from(File::create(folder.join("ours.csv"))?))?;
    println!("`air daily` of a city's year, file to file: {:.0} ms", ours.seconds * 1e3);
    match pandas(&city.path, &folder.join("theirs.csv"))? {
        Some(theirs) => {
            println!(
                "the same in pandas, without its start: {:.0} ms, {:.1} times ours",
                theirs * 1e3,
                theirs / ours.seconds
            );
            let differing = differing(&folder.join("ours.csv"), &folder.join("theirs.csv"))?;
            println!("days whose index pandas gets otherwise: {differing} of {}", CITY * 366);
        }
        None => println!("python3 has no pandas here: nothing to compare with"),
    }
    let long = written(folder, stations, years)?;
    for what in ["daily", "stats"] {
        let took = bilan(what, &long.path, Stdio::null())?;
        println!(
            "`air {what}` of {stations} stations x {years} years: {:.1} s, {:.1} million values/s, at most {} MB",
            took.seconds,
            long.values / took.seconds / 1e6,
            took.kilobytes / 1024
        );
    }
    if let Some(theirs) = pandas(&long.path, &folder.join("theirs.csv"))? {
        println!("the same days in pandas: {theirs:.1} s, {:.1} million values/s", long.values / theirs / 1e6);
    }
    Ok(())
}

struct Written {
    path: PathBuf,
    values: f64,
}

/// A file of hours in the shape of the contract, station by station.
fn written(folder: &Path, stations: usize, years: usize) -> Result<Written, Box<dyn Error>> {
    let mut random = SmallRng::seed_from_u64(2);
    let path = folder.join(format!("{stations}x{years}.csv"));
    let mut out = BufWriter::new(File::create(&path)?);
    writeln!(out, "station,time,pm2_5,pm10,so2,no2,o3,co")?;
    let mut values = 0.0;
    let until = date(2016 + i16::try_from(years)?, 1, 1).at(0, 0, 0, 0);
    for station in 0..stations {
        for end in date(2016, 1, 1).at(1, 0, 0, 0).series(1.hour()).take_while(|end| *end <= until) {
            let fine = random.random_range(5..150);
            let (coarse, so2, no2) =
                (fine + random.random_range(0..80), random.random_range(2..30), random.random_range(8..80));
            let (o3, co) = (random.random_range(5..200), random.random_range(2..18));
            let time = end.strftime("%Y-%m-%dT%H:%M");
            writeln!(out, "S{station:04},{time},{fine},{coarse},{so2},{no2},{o3},{}.{}", co / 10, co % 10)?;
            values += 6.0;
        }
    }
    out.flush()?;
    Ok(Written { path, values })
}

struct Took {
    seconds: f64,
    /// Largest memory of the process.
    kilobytes: u64,
}

fn bilan(what: &str, file: &Path, to: Stdio) -> Result<Took, Box<dyn Error>> {
    let began = Instant::now();
    let mut child = Command::new(env!("CARGO_BIN_EXE_bilan")).args(["air", what]).arg(file).stdout(to).spawn()?;
    let status = format!("/proc/{}/status", child.id());
    let mut kilobytes = 0;
    while child.try_wait()?.is_none() {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let peak =
            text.lines().find_map(|line| line.strip_prefix("VmHWM:")).and_then(|line| line.split_whitespace().next());
        kilobytes = peak.and_then(|peak| peak.parse().ok()).unwrap_or(kilobytes);
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    Ok(Took { seconds: began.elapsed().as_secs_f64(), kilobytes })
}

/// Seconds from file to file; `None` where there is no pandas.
fn pandas(from: &Path, to: &Path) -> Result<Option<f64>, Box<dyn Error>> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/air.py");
    if !Command::new("python3")
        .args(["-c", "import pandas"])
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
    {
        return Ok(None);
    }
    let out = Command::new("python3").arg(script).args([from, to]).stderr(Stdio::inherit()).output()?;
    Ok(Some(String::from_utf8(out.stdout)?.trim().parse()?))
}

/// Days in which the index of two files differs.
fn differing(ours: &Path, theirs: &Path) -> Result<usize, Box<dyn Error>> {
    let indexes = |path: &Path| -> Result<BTreeMap<(String, String), String>, Box<dyn Error>> {
        let mut reader = csv::Reader::from_path(path)?;
        let day =
            |row: csv::StringRecord| ((row[0].to_owned(), row[1].to_owned()), row[8].trim_end_matches(".0").to_owned());
        reader.records().map(|row| Ok(day(row?))).collect()
    };
    let (ours, theirs) = (indexes(ours)?, indexes(theirs)?);
    assert_eq!(ours.len(), theirs.len(), "both have every day");
    Ok(ours.iter().zip(&theirs).filter(|(ours, theirs)| ours != theirs).count())
}
