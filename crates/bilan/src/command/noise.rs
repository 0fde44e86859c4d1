//! `bilan noise`: days and nights judged against their zone.

use std::collections::{BTreeMap, HashMap};
use std::io::{self, BufWriter, Read, Write};
use std::path::PathBuf;

use anyhow::{Context, Result, anyhow, bail};
use bilan_standards::cell::Head;
use bilan_standards::noise::{
    DecibelA, HOUR_MINUTES, LOUDEST, NightHours, NoiseDay, NoiseNeeds, NoiseZone, Period, covered_minutes,
};
use clap::{Args, Subcommand};
use jiff::civil::{Date, DateTime};

use super::air::quoted;
use super::stream::{self, Block, Faults, Heads, Meaning, Remarks, Row};

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
        after_help = "Example:\n  bilan noise levels hourly.csv --zone 2\n\nInput: station,time,leq with the time at the end of the hour; a column `zone` (0, 1, 2, 3, 4a, 4b) goes before --zone. In a station, rows in the order of time.\nOutput: station,date,ld,ln,ldn,verdict,day_hours,night_hours. The night of a day runs into the next morning. The verdict is compliant, day_over, night_over or both_over; verdict and ldn are empty where day or night has too few hours. Intervals within an hour (minutes, seconds) are averaged to the hour, stamped at their end; an hour with fewer than 45 minutes of them is missing, and a row that stands alone in its hour is the hour only if it is stamped at its end (09:00, not 09:01). An hour given twice counts once, and is refused with two values."
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
        /// Hours of the 16 that a day needs to be judged; the default is a setting of the product.
        #[arg(long, default_value_t = NoiseNeeds::default().day, value_name = "HOURS")]
        day_hours: usize,
        /// Hours of the 8 that a night needs to be judged; the default is a setting of the product.
        #[arg(long, default_value_t = NoiseNeeds::default().night, value_name = "HOURS")]
        night_hours: usize,
        /// A column to pass over, by its head; may be given more than once.
        #[arg(long, value_name = "COLUMN")]
        ignore: Vec<String>,
    },
}

fn zone(text: &str) -> Result<NoiseZone, String> {
    NoiseZone::from_key(text).ok_or_else(|| format!("{text} is no zone; zones are 0, 1, 2, 3, 4a, 4b"))
}

impl Noise {
    pub fn run(self) -> Result<()> {
        let What::Levels { file, zone, night, day_hours, night_hours, ignore } = self.what;
        let night =
            NightHours::beginning_at(night).with_context(|| format!("{night} is no hour of the day, 0 to 23"))?;
        let terms = Terms { zone, night, needs: NoiseNeeds { day: day_hours, night: night_hours } };
        let mut out = BufWriter::new(io::stdout().lock());
        levels(stream::source(file.as_deref())?, &ignore, terms, &mut out)?;
        Ok(out.flush()?)
    }
}

/// By what days are judged.
#[derive(Debug, Clone, Copy)]
struct Terms {
    /// Zone of stations that name none.
    zone: NoiseZone,
    night: NightHours,
    needs: NoiseNeeds,
}

/// Days of a station that are not over: a night still lacks its morning.
struct Open {
    zone: NoiseZone,
    days: BTreeMap<Date, OpenDay>,
}

/// A day with the moments that are in it, so that none counts twice: the hour in which each lies, and its level.
#[derive(Default)]
struct OpenDay {
    moments: BTreeMap<DateTime, (i8, DecibelA)>,
}

impl OpenDay {
    /// The hours of which enough was measured.
    fn noise(&self, night: NightHours) -> NoiseDay {
        let mut noise = NoiseDay::default();
        let moments: Vec<_> = self.moments.iter().map(|(ends, (hour, level))| (*ends, *hour, *level)).collect();
        for of_hour in moments.chunk_by(|(_, one, _), (_, other, _)| one == other) {
            let ends: Vec<u16> = of_hour.iter().filter_map(|(ends, ..)| second_of_hour(*ends)).collect();
            if covered_minutes(&ends) >= HOUR_MINUTES {
                of_hour.iter().for_each(|(_, hour, level)| noise.add(*hour, night.period(*hour), *level));
            }
        }
        noise
    }
}

/// Seconds after the beginning of its hour at which an interval ended: the full hour ends the one before it.
fn second_of_hour(ends: DateTime) -> Option<u16> {
    let second = u16::try_from(ends.minute()).ok()? * 60 + u16::try_from(ends.second()).ok()?;
    Some(if second == 0 { 3600 } else { second })
}

/// Where the columns stand.
struct Columns {
    station: usize,
    time: usize,
    leq: usize,
    zone: Option<usize>,
    remarks: Remarks,
}

/// How a column of levels is headed, as files have it.
const LEVELS: [&str; 7] = ["leq", "laeq", "LEQ dB -A", "等效声级", "等效连续A声级", "声级", "LA"];

impl Columns {
    fn read(heads: &Heads, ignored: &[String]) -> Result<Self> {
        let (station, time) = (heads.station()?, heads.time()?);
        let leq = LEVELS.iter().find_map(|name| heads.find(name));
        let leq = leq.map_or_else(|| heads.place("leq"), Ok)?;
        let zone = ["zone", "声功能区", "功能区", "功能区类别"].iter().find_map(|name| heads.find(name));
        let known: Vec<usize> = [station, time, leq].into_iter().chain(zone).collect();
        // Statistical levels and weather are measured beside Leq and have no part in Ld and Ln.
        let meaning = |head: &Head| match head.keys[0].as_str() {
            "ld" | "ln" | "ldn" | "lmax" | "lmin" | "lafmax" | "sd" | "l5" | "l10" | "l50" | "l90" | "l95" | "风速"
            | "windspeed" => Meaning::NotJudged,
            _ => Meaning::<()>::Unknown,
        };
        heads.judged(&known, ignored, meaning)?;
        Ok(Self { station, time, leq, zone, remarks: heads.remarks.clone() })
    }

    /// The level of a row; a sentinel is missing.
    fn level(&self, row: &Row<'_>) -> Result<Option<DecibelA>> {
        let Some(number) = row.number(self.leq, "leq")? else { return Ok(None) };
        if row.is_sentinel(self.leq) {
            self.remarks.below_zero(row.line);
            return Ok(None);
        }
        let level = DecibelA::new(number.to_f64()).with_context(|| {
            let (line, cell) = (row.line, row.text(self.leq));
            format!("line {line}, column leq: {cell} dB(A) is no level that can be measured, 0 to {LOUDEST}")
        })?;
        if level.is_dead() {
            self.remarks.dead(row.line);
            return Ok(None);
        }
        Ok(Some(level))
    }
}

/// An hour of a station, or an interval within it.
struct Interval {
    line: u64,
    station: String,
    ends: DateTime,
    /// Day and hour in which it lies.
    hour: (Date, i8),
    zone: Option<NoiseZone>,
    level: Option<DecibelA>,
}

fn intervals(columns: &Columns, block: &Block) -> Result<Vec<Interval>> {
    let mut intervals = Vec::new();
    block.each(|row| {
        let line = row.line;
        let zone = match columns.zone.map(|at| row.text(at)).filter(|cell| !cell.is_empty()) {
            Some(cell) => Some(zone(&cell).map_err(|why| anyhow!("line {line}: {why}"))?),
            None => None,
        };
        let (ends, day, hour) = row.interval_ending(columns.time)?;
        let station = row.station(columns.station)?.into_owned();
        intervals.push(Interval { line, station, ends, hour: (day, hour), zone, level: columns.level(row)? });
        Ok(())
    })?;
    Ok(intervals)
}

/// Stations in the order in which they come.
#[derive(Default)]
struct Stations {
    open: HashMap<String, Open>,
    order: Vec<String>,
}

fn levels(source: Box<dyn Read + Send>, ignored: &[String], terms: Terms, out: &mut impl Write) -> Result<()> {
    writeln!(out, "station,date,ld,ln,ldn,verdict,day_hours,night_hours")?;
    let mut stations = Stations::default();
    let read = |heads: &Heads| Columns::read(heads, ignored);
    stream::blocks(source, read, intervals, |_, intervals| {
        let mut faults = Faults::default();
        for interval in intervals {
            match stations.take(interval, terms, out) {
                Err(fault) if fault.is::<io::Error>() => return Err(fault),
                taken => taken.err().into_iter().for_each(|fault| faults.add(&fault)),
            }
        }
        faults.into_result()
    })?;
    for station in &stations.order {
        for (date, day) in &stations.open[station].days {
            write_day(station, stations.open[station].zone, *date, &day.noise(terms.night), terms.needs, out)?;
        }
    }
    Ok(())
}

impl Stations {
    /// Enters an interval and writes the days that it ends.
    fn take(&mut self, interval: Interval, terms: Terms, out: &mut impl Write) -> Result<()> {
        let Interval { line, station, ends, hour: (day, hour), zone, level } = interval;
        let date = terms.night.date_of(day, hour);
        let zone = zone.unwrap_or(terms.zone);
        if !self.open.contains_key(&station) {
            self.order.push(station.clone());
        }
        let open = self.open.entry(station.clone()).or_insert_with(|| Open { zone, days: BTreeMap::new() });
        if open.days.last_key_value().is_some_and(|(last, _)| date < *last) {
            bail!("line {line}: a row of {day} comes after a later day of {station}; sort the rows by time");
        }
        open.zone = zone;
        let day = open.days.entry(date).or_default();
        if let Some(level) = level {
            match day.moments.insert(ends, (hour, level)) {
                None => {}
                Some((_, known)) if known == level => {}
                Some((_, known)) => bail!(
                    "line {line}: {station} has two different levels for {ends}, {} and {}; keep the right one",
                    known.value(),
                    level.value()
                ),
            }
        }
        while open.days.len() > 1 {
            let Some((date, day)) = open.days.pop_first() else { break };
            write_day(&station, open.zone, date, &day.noise(terms.night), terms.needs, out)?;
        }
        Ok(())
    }
}

fn write_day(
    station: &str,
    zone: NoiseZone,
    date: Date,
    day: &NoiseDay,
    needs: NoiseNeeds,
    out: &mut impl Write,
) -> Result<()> {
    let level = |level: Option<DecibelA>| level.map(|level| level.to_string()).unwrap_or_default();
    writeln!(
        out,
        "{},{date},{},{},{},{},{},{}",
        quoted(station),
        level(day.level(Period::Day)),
        level(day.level(Period::Night)),
        level(day.day_night(needs)),
        day.verdict(zone, needs).map_or("", |verdict| verdict.key()),
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
        let terms = Terms { zone: NoiseZone::Zone2, night: NightHours::default(), needs: NoiseNeeds::default() };
        levels(Box::new(std::io::Cursor::new(csv.to_owned())), &[], terms, &mut out)?;
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

    /// Hours of a day and of the night that begins on it, each stamped at its end.
    fn hours(day: u8, night: u8) -> String {
        let mut csv = "station,time,leq\n".to_owned();
        for hour in 7..7 + day {
            csv += &format!("N1,2020-07-01T{hour:02}:00,50\n");
        }
        for hour in 0..night {
            let (day, hour) = if hour < 2 { (1, 23 + hour) } else { (2, hour - 1) };
            csv += &format!("N1,2020-07-{day:02}T{hour:02}:00,30\n");
        }
        csv
    }

    #[test]
    fn a_night_without_enough_hours_has_no_verdict() {
        for (day, night, verdict) in
            [(16, 1, ",,16,1"), (16, 5, ",,16,5"), (16, 6, ",compliant,16,6"), (11, 8, ",,11,8")]
        {
            let text = printed(&hours(day, night)).unwrap();
            assert!(text.trim_end().ends_with(verdict), "{text}");
        }
    }

    #[test]
    fn hours_of_exactly_zero_are_of_a_dead_instrument_and_missing() {
        let dead = hours(16, 8).replace(",50\n", ",0\n").replace(",30\n", ",0.0\n");
        let text = printed(&dead).unwrap();
        assert_eq!(text.lines().nth(1), Some("N1,2020-07-01,,,,,0,0"), "{text}");
        let half = hours(16, 8).replacen(",50\n", ",0\n", 5);
        assert!(printed(&half).unwrap().trim_end().ends_with("50.0,30.0,,,11,8"), "eleven hours are left of sixteen");
    }

    #[test]
    fn an_hour_counts_once_and_two_levels_for_it_are_refused() {
        let once = printed("station,time,leq\nN,2020-05-01T10:00,50\nN,2020-05-01 10:00,50.0\n").unwrap();
        assert!(once.contains("N,2020-05-01,50.0,,,,1,0"), "{once}");
        let fault = printed("station,time,leq\nN,2020-05-01T10:00,50\nN,2020-05-01T10:00,90\n").unwrap_err();
        assert!(
            fault.to_string().starts_with("line 3: N has two different levels for 2020-05-01T10:00:00, 50 and 90"),
            "{fault}"
        );
    }

    #[test]
    fn minutes_are_averaged_to_the_hour_in_which_they_lie() {
        let mut csv = "station,datetime,LEQ dB -A\n".to_owned();
        for minute in 0..60 {
            csv += &format!("N,2020-05-01 09:{minute:02}:30,{}\n", if minute < 30 { 60 } else { 40 });
        }
        csv += "N,2020-05-01 10:00,40\nN,2020-05-01 10:00:30,70\n";
        let text = printed(&csv).unwrap();
        assert!(text.contains("N,2020-05-01,57.0,,,,1,0"), "of the hour after ten half a minute is known: {text}");
    }

    #[test]
    fn a_night_is_not_judged_by_one_minute_of_each_hour() {
        // The sixteen hours of a day and the eight of its night, each measured in these minutes.
        let measured = |minutes: &[i32]| {
            let hours = (6..24).map(|hour| (1, hour)).chain((0..6).map(|hour| (2, hour)));
            let rows = hours.flat_map(|(day, hour)| minutes.iter().map(move |minute| (day, hour, minute)));
            let rows = rows.map(|(day, hour, minute)| format!("N,2020-07-{day:02}T{hour:02}:{minute:02},45\n"));
            printed(&format!("station,time,leq\n{}", rows.collect::<String>())).unwrap()
        };
        let missing = "N,2020-07-01,,,,,0,0";
        assert_eq!(measured(&[1]).lines().nth(1), Some(missing), "one minute of each hour");
        let ten: Vec<i32> = (1..=10).collect();
        assert_eq!(measured(&ten).lines().nth(1), Some(missing), "ten minutes of each hour");
        assert!(measured(&[5, 20, 35, 50]).contains(",compliant,16,8"), "quarters of an hour are the hour");
        assert!(measured(&[5, 20, 35]).contains(",compliant,16,8"), "three of them are three quarters");
        assert!(!measured(&[5, 20]).contains(",compliant,16,8"), "two are not enough");
    }

    #[test]
    fn levels_are_read_however_they_are_written_and_sentinels_are_missing() {
        let text = printed(
            "站点;时间;等效声级(dB(A))\nN;2020/5/1 10:00;5.0E+01\nN;2020/5/1 24:00;-99.9\nN;2020/5/1 11:00;５０\n",
        )
        .unwrap();
        assert!(text.contains("N,2020-05-01,50.0,,,,2,0"), "{text}");
    }

    #[test]
    fn a_zone_of_its_own_and_faults_are_read() {
        let rows = hours(16, 8).replace("leq\n", "leq,zone\n").replace(",50\n", ",56,1\n").replace(",30\n", ",44,1\n");
        assert!(printed(&rows).unwrap().contains(",day_over,16,8"));
        for (rows, named) in [
            ("station,time\n", "leq"),
            ("station,time,leq\nN1,noon,50\n", "noon"),
            ("station,time,leq\nN1,2020-07-01T12:00,500\n", "line 2, column leq: 500"),
            ("station,time,leq\nN1,2020-07-01T12:00,-5\n", "line 2, column leq: -5"),
            ("station,time,leq,Leq2\nN1,2020-07-01T12:00,50,60\n", "column 4 (Leq2) is not known"),
            ("station,time,leq\n,2020-07-01T12:00,50\n", "line 2: the row names no station"),
            ("station,time,leq,zone\nN1,2020-07-01T12:00,50,9\n", "no zone"),
            ("station,time,leq\nN1,2020-07-02T12:00,50\nN1,2020-07-01T12:00,50\n", "sort"),
        ] {
            let fault = format!("{:#}", printed(rows).unwrap_err());
            assert!(fault.contains(named), "{fault}");
        }
    }
}
