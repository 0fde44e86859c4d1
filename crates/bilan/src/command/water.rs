//! `bilan water`: samples classed.

use std::io::{self, BufWriter, Read, Write};
use std::path::PathBuf;

use anyhow::{Result, anyhow, bail, ensure};
use bilan_standards::cell::{self, Head, Scale};
use bilan_standards::quantity::{MilligramPerLitre, Reading};
use bilan_standards::rounding::Rational;
use bilan_standards::water::{self, Body, Classified, Named, WaterClass};
use clap::{Args, Subcommand, ValueEnum};

use super::air::quoted;
use super::stream::{self, Block, Column, Faults, Heads, Meaning, Remarks, Row};

/// Surface water by GB 3838-2002.
#[derive(Debug, Args)]
pub struct Water {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Class of each sample, the items that decide it, and the items over a target class.
    #[command(
        after_help = "Example:\n  bilan water classify samples.csv --target III\n\nInput: station,time, then a column an item, headed by its HJ 212 code (w21003) or its name in GB 3838 (NH3-N); values in the unit of the standard or in one that the head names (氨氮(μg/L)), `0.025L` or `<0.025` for less than a limit of detection (half of it counts). Case, Chinese names and units beside a name do not matter; a column that is not known is refused by name. The value decides as it is given: never round before.\nOutput: station,time,class,deciding,over; `over` lists item:times, without times for pH and dissolved oxygen."
    )]
    Classify {
        /// CSV file; standard input if it is left out.
        file: Option<PathBuf>,
        /// Target class.
        #[arg(long, default_value = "III")]
        target: Target,
        /// Kind of water: limits of phosphorus differ.
        #[arg(long, default_value = "river")]
        body: Kind,
        /// A column to pass over, by its head; may be given more than once.
        #[arg(long, value_name = "COLUMN")]
        ignore: Vec<String>,
    },
    /// Whether each sample of a source of drinking water keeps tables 1 (class III), 2 and 3.
    #[command(
        after_help = "Example:\n  bilan water source samples.csv --body lake\n\nInput: as for classify; items of tables 2 and 3 by their Chinese names (锰, 苯). Output: station,time,complies,over,judged."
    )]
    Source {
        /// CSV file; standard input if it is left out.
        file: Option<PathBuf>,
        /// Kind of water: limits of phosphorus differ.
        #[arg(long, default_value = "river")]
        body: Kind,
        /// A column to pass over, by its head; may be given more than once.
        #[arg(long, value_name = "COLUMN")]
        ignore: Vec<String>,
    },
}

/// What is asked of each sample.
#[derive(Debug, Clone, Copy)]
enum Question {
    /// Its class, against a target.
    Class(WaterClass),
    /// Whether it may be drunk.
    Source,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
#[value(rename_all = "UPPER")]
#[allow(clippy::upper_case_acronyms, reason = "Roman numerals, as the standard writes the classes")]
enum Target {
    I,
    II,
    III,
    IV,
    V,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Kind {
    River,
    Lake,
}

impl Water {
    pub fn run(self) -> Result<()> {
        let (file, question, body, ignored) = match self.what {
            What::Classify { file, target, body, ignore } => {
                (file, Question::Class(WaterClass::ALL[target as usize]), body, ignore)
            }
            What::Source { file, body, ignore } => (file, Question::Source, body, ignore),
        };
        let body = match body {
            Kind::River => Body::River,
            Kind::Lake => Body::Lake,
        };
        let mut out = BufWriter::new(io::stdout().lock());
        judge(stream::source(file.as_deref())?, &ignored, question, body, &mut out)?;
        Ok(out.flush()?)
    }
}

/// Where the columns stand.
struct Columns {
    station: usize,
    time: usize,
    /// Items by their name in the tables.
    items: Vec<Column<&'static str>>,
    remarks: Remarks,
}

impl Columns {
    fn read(heads: &Heads, ignored: &[String], question: Question, body: Body) -> Result<Self> {
        let (station, time) = (heads.station()?, heads.time()?);
        let items = heads.judged(&[station, time], ignored, |head| meaning(head, question, body))?;
        ensure!(!items.is_empty(), "no column is headed by an item of GB 3838, such as w21003 or NH3-N");
        Ok(Self { station, time, items, remarks: heads.remarks.clone() })
    }

    /// When a sample was taken: a time or a month as it stands, the day number of a spreadsheet as its day.
    fn time(&self, row: &Row<'_>) -> Result<String> {
        let cell = row.text(self.time);
        if is_month(&cell) {
            return Ok(cell.into_owned());
        }
        let time = row.time(self.time)?;
        if !is_day_number(&cell) {
            return Ok(cell.into_owned());
        }
        let is_day = time.time() == jiff::civil::Time::midnight();
        Ok(if is_day { time.date().to_string() } else { time.strftime("%Y-%m-%dT%H:%M:%S").to_string() })
    }

    /// The values of a sample by the names of their items.
    fn values(&self, row: &Row<'_>) -> Result<Vec<(&'static str, Rational)>> {
        let mut values = Vec::with_capacity(self.items.len());
        let mut faults = Faults::default();
        for column in &self.items {
            match self.value(row, column) {
                Ok(value) => values.extend(value.map(|value| (column.item, value))),
                Err(fault) => faults.add(&fault),
            }
        }
        faults.into_result()?;
        Ok(values)
    }

    fn value(&self, row: &Row<'_>, column: &Column<&'static str>) -> Result<Option<Rational>> {
        let (cell, at) = (row.text(column.at), format!("line {}, column {}", row.line, column.head));
        let reading = Reading::<MilligramPerLitre>::parse(&cell).map_err(|fault| anyhow!("{at}: {fault}"))?;
        let Some(value) = reading.and_then(Reading::counted).map(|value| value.value()) else { return Ok(None) };
        if value < Rational::ZERO {
            // A sentinel is missing; another value below zero would be the best class.
            ensure!(
                row.is_sentinel(column.at),
                "{at}: {cell} is below zero: leave the cell empty where nothing was measured"
            );
            self.remarks.below_zero(row.line);
            return Ok(None);
        }
        let scaled = column.scale.map_or(Some(value), |scale| value.checked_mul(scale));
        let value = scaled.ok_or_else(|| anyhow!("{at}: {cell} is too large"))?;
        if let Some(largest) = water::largest(column.item).filter(|largest| value > Rational::whole(*largest)) {
            bail!(
                "{at}: {cell} cannot be: no more than {largest} is possible; look at the unit, and leave the cell empty where nothing was measured"
            );
        }
        Ok(Some(value))
    }
}

/// Both of two, or the faults of both.
fn both<A, B>(one: Result<A>, other: Result<B>) -> Result<(A, B)> {
    match (one, other) {
        (Ok(one), Ok(other)) => Ok((one, other)),
        (one, other) => {
            let mut faults = Faults::default();
            one.err().into_iter().chain(other.err()).for_each(|fault| faults.add(&fault));
            Err(faults.into())
        }
    }
}

/// Whether a cell that holds a time holds it as a spreadsheet counts days: five digits and a fraction.
fn is_day_number(cell: &str) -> bool {
    let plain = cell::plain(cell);
    let whole = plain.split('.').next().map_or(0, str::len);
    whole == 5 && plain.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
}

/// Whether a cell names a month (`2020-05`, `2020年5月`): means of a month are classed as samples are.
fn is_month(cell: &str) -> bool {
    let plain = cell::plain(cell);
    let Some((year, month)) = plain.split_once(['-', '/', '.', '年']) else { return false };
    let number =
        |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse::<u16>().ok()).flatten();
    let month = month.strip_suffix('月').unwrap_or(month);
    year.len() == 4
        && number(year).is_some_and(|year| year >= 1900)
        && number(month).is_some_and(|month| (1..=12).contains(&month))
}

/// What a head says to a question.
fn meaning(head: &Head, question: Question, body: Body) -> Meaning<&'static str> {
    let judged =
        |name: &'static str, scale: Scale| Meaning::Judged(name, (scale != Scale::ONE).then(|| scale.factor()));
    let wrong = |name: &str| {
        Meaning::Refused(format!("{name} is given in a unit that cannot be converted: convert it to mg/L"))
    };
    match (water::named(head, body), water::source_item_named(head), question) {
        (Some(Named::NeverJudged), ..) | (None, Some(_), Question::Class(_)) => Meaning::NotJudged,
        (Some(Named::Item(item, _) | Named::WrongUnit(item)), ..) if !item.evaluated => Meaning::NotJudged,
        (Some(Named::Item(item, scale)), ..) => judged(&item.key, scale),
        (Some(Named::WrongUnit(item)), ..) => wrong(&item.zh),
        (None, Some((item, Some(scale))), Question::Source) => judged(&item.zh, scale),
        (None, Some((item, None)), Question::Source) => wrong(&item.zh),
        (None, None, _) => Meaning::Unknown,
    }
}

fn judge(
    source: Box<dyn Read + Send>,
    ignored: &[String],
    question: Question,
    body: Body,
    out: &mut impl Write,
) -> Result<()> {
    match question {
        Question::Class(_) => writeln!(out, "station,time,class,deciding,over")?,
        Question::Source => writeln!(out, "station,time,complies,over,judged")?,
    }
    let judge = |columns: &Columns, block: &Block| {
        let mut lines = String::new();
        block.each(|row| {
            let (station, time) = (row.station(columns.station)?, columns.time(row));
            let (time, values) = both(time, columns.values(row))?;
            let said = match question {
                Question::Class(target) => water::classify(&values, body)
                    .map(|verdict| format!("{},{},{}", verdict.class, deciding(&verdict), over(&verdict, target))),
                Question::Source => water::judge_source(&values, body).map(|verdict| {
                    format!("{},{},{}", verdict.complies(), quoted(&times_over(&verdict.over)), verdict.judged)
                }),
            };
            let said = said.unwrap_or_else(|| ",,".to_owned());
            lines += &format!("{},{},{said}\n", quoted(&station), quoted(&time));
            Ok(())
        })?;
        Ok(lines)
    };
    let read = |heads: &Heads| Columns::read(heads, ignored, question, body);
    stream::blocks(source, read, judge, |_, lines| Ok(out.write_all(lines.as_bytes())?))
}

fn deciding(verdict: &Classified) -> String {
    verdict.deciding.iter().map(|item| item.key.as_str()).collect::<Vec<_>>().join("+")
}

fn over(verdict: &Classified, target: WaterClass) -> String {
    let named = verdict.over(target).into_iter().map(|(item, times)| (item.key.clone(), times));
    times_over(&named.collect::<Vec<_>>())
}

/// Items with how many times they are over, where they have one: `NH3-N:0.50+DO`.
fn times_over(items: &[(String, Option<Rational>)]) -> String {
    let named = items.iter().map(|(name, times)| match times {
        Some(times) => format!("{name}:{}", two_digits(*times)),
        None => name.clone(),
    });
    named.collect::<Vec<_>>().join("+")
}

fn two_digits(times: Rational) -> String {
    // A ratio of table values is always a number that can be rounded.
    bilan_standards::rounding::half_even(times, 2).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use test_case::test_case;

    use super::*;

    fn classed(csv: &str) -> Result<String> {
        let mut out = Vec::new();
        let source = Box::new(std::io::Cursor::new(csv.to_owned()));
        judge(
            source,
            &["旧列".to_owned()][..usize::from(csv.contains("旧列"))],
            Question::Class(WaterClass::III),
            Body::River,
            &mut out,
        )?;
        Ok(String::from_utf8(out).unwrap())
    }

    /// Class, items that decide and items over, of a file of one sample.
    fn class(heads: &str, cells: &str) -> String {
        let text = classed(&format!("station,time,{heads}\nA,2020-05-01T08:00,{cells}\n")).unwrap();
        text.lines().nth(1).unwrap().replace("A,2020-05-01T08:00,", "")
    }

    #[test]
    fn a_sample_is_classed_by_its_worst_item() {
        let csv = "station,time,w01009,w21003,TP\nA,2020-05-01T08:00,6.2,1.5,0.1\nB,2020-05-01T08:00,,,\n";
        assert_eq!(
            classed(csv).unwrap(),
            "station,time,class,deciding,over\nA,2020-05-01T08:00,IV,NH3-N,NH3-N:0.50\nB,2020-05-01T08:00,,,\n"
        );
    }

    #[test_case("w01009,W21003", "8.0,5.0"; "a code in upper case")]
    #[test_case("w01009,氨氮(mg/L)", "8.0,5.0"; "Chinese with its unit")]
    #[test_case("溶解氧（mg/L）,氨氮（NH3-N）", "8.0,5.0"; "Chinese in full-width brackets")]
    #[test_case("DO,氨氮(μg/L)", "8.0,5000"; "micrograms")]
    #[test_case("DO,NH3-N", "8.0,5E+00"; "scientific")]
    #[test_case("DO,NH3-N", "８.０,５.０"; "full width")]
    #[test_case("DO,NH3-N,电导率(μS/cm),备注,", "8.0,5.0,312,x,"; "what is never judged, and a separator at the end")]
    #[test_case("DO,NH3-N,旧列", "8.0,5.0,7"; "a column that is to be passed over")]
    fn an_item_is_read_however_it_is_headed_and_written(heads: &str, cells: &str) {
        assert_eq!(class(heads, cells), "worse than V,NH3-N,NH3-N:4.00");
    }

    #[test_case("DO,氨氮浓度", "8.0,5.0", "column 4 (氨氮浓度) is not known"; "a column that is not known")]
    #[test_case("DO,w20122", "8.0,5.0", "column 4 (w20122) is not known"; "a code without a limit")]
    #[test_case("DO,氨氮(ppm)", "8.0,5.0", "column 4 (氨氮(ppm))"; "a unit that cannot be converted")]
    #[test_case("w21003,氨氮", "0.1,5.0", "columns 3 (w21003) and 4 (氨氮)"; "an item twice")]
    #[test_case("DO,,NH3-N", "8.0,1,5.0", "column 4 has no head"; "a column without a head")]
    #[test_case("DO,NH3-N", "8.0,ND", "line 2, column NH3-N: ND"; "not detected without a limit")]
    #[test_case("DO,NH3-N", "8.0,-0.5", "line 2, column NH3-N: -0.5 is below zero"; "below zero")]
    #[test_case("DO,NH3-N", "8.0,\"1,000\"", "line 2, column NH3-N: 1,000"; "thousands")]
    #[test_case("DO,NH3-N", "9999,0.1", "line 2, column DO: 9999"; "oxygen that cannot be")]
    #[test_case("TP", "much", "line 2, column TP: much"; "a word")]
    fn what_cannot_be_read_is_refused_by_name_and_never_the_best_class(heads: &str, cells: &str, named: &str) {
        let fault = classed(&format!("station,time,{heads}\nA,2020-05-01T08:00,{cells}\n")).unwrap_err();
        assert!(fault.to_string().contains(named), "{fault}");
    }

    #[test_case("not a time", "not a time is no time"; "words")]
    #[test_case("", "the row names no time"; "nothing")]
    #[test_case("99999999", "99999999 is no time"; "a number that is no day")]
    #[test_case("2020-13", "2020-13 is no time"; "a month that is none")]
    fn a_sample_without_a_time_is_refused_by_its_line(time: &str, named: &str) {
        let fault = classed(&format!("station,time,DO\nA,2020-05-01,8.0\nA,{time},8.0\n")).unwrap_err().to_string();
        assert_eq!(fault.lines().count(), 1, "{fault}");
        assert!(fault.starts_with(&format!("line 3: {named}")), "{fault}");
    }

    #[test]
    fn the_time_and_the_value_of_a_row_are_refused_together() {
        let fault = classed("station,time,DO\nA,noon,9999\n").unwrap_err().to_string();
        assert!(fault.contains("noon") && fault.contains("9999"), "{fault}");
    }

    #[test_case("43952" => "2020-05-01"; "a day number")]
    #[test_case("43952.5" => "2020-05-01T12:00:00"; "a day number with its time")]
    #[test_case("2020/5/1 8:00" => "2020/5/1 8:00"; "as it stands")]
    #[test_case("20200501" => "20200501"; "without marks, as it stands")]
    #[test_case("2020年5月" => "2020年5月"; "a month")]
    fn the_time_of_a_sample_is_printed(time: &str) -> String {
        let text = classed(&format!("station,time,DO\nA,{time},8.0\n")).unwrap();
        text.lines().nth(1).unwrap().split(',').nth(1).unwrap().to_owned()
    }

    #[test]
    fn a_sentinel_is_missing() {
        assert_eq!(class("DO,NH3-N", "8.0,-999"), "I,,");
        assert_eq!(class("NH3-N", "-9999.0"), ",,");
    }

    #[test]
    fn what_was_not_detected_counts_half_of_its_limit() {
        let csv = "station,time,w21003,Hg\nA,2020-05-01T08:00,0.3L,0.00004L\nB,2020-05-01T08:00,<0.4,0.0001\n";
        let text = classed(csv).unwrap();
        assert_eq!(text.lines().skip(1).collect::<Vec<_>>(), ["A,2020-05-01T08:00,I,,", "B,2020-05-01T08:00,III,Hg,"]);
    }

    #[test]
    fn a_source_of_drinking_water_is_judged_by_three_tables() {
        let csv = "station,time,w21003,锰,\"1,2-二氯乙烷\",note\nA,2020-05-01T08:00,0.9,0.2,0.06,x\nB,2020-05-01T08:00,,0.1,,x\n";
        let mut out = Vec::new();
        judge(Box::new(csv.as_bytes()), &[], Question::Source, Body::River, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        let expected = "station,time,complies,over,judged\nA,2020-05-01T08:00,false,\"锰:1.00+1,2-二氯乙烷:1.00\",3\nB,2020-05-01T08:00,true,,1\n";
        assert_eq!(text, expected);
    }
}
