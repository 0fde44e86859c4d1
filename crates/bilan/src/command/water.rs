//! `bilan water`: samples classed.

use std::io::{self, BufWriter, Read, Write};
use std::path::PathBuf;

use anyhow::{Result, anyhow, ensure};
use bilan_standards::quantity::{MilligramPerLitre, Reading};
use bilan_standards::rounding::Rational;
use bilan_standards::water::{self, Body, Classified, WaterClass};
use clap::{Args, Subcommand, ValueEnum};

use super::air::quoted;
use super::stream::{self, Block, Faults, Heads};

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
        after_help = "Example:\n  bilan water classify samples.csv --target III\n\nInput: station,time, then a column an item, headed by its HJ 212 code (w21003) or its name in GB 3838 (NH3-N); values in the unit of the standard, `0.025L` or `<0.025` for less than a limit of detection (half of it counts).\nOutput: station,time,class,deciding,over; `over` lists item:times, without times for pH and dissolved oxygen."
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
        let (file, question, body) = match self.what {
            What::Classify { file, target, body } => (file, Question::Class(WaterClass::ALL[target as usize]), body),
            What::Source { file, body } => (file, Question::Source, body),
        };
        let body = match body {
            Kind::River => Body::River,
            Kind::Lake => Body::Lake,
        };
        let mut out = BufWriter::new(io::stdout().lock());
        judge(stream::source(file.as_deref())?, question, body, &mut out)?;
        Ok(out.flush()?)
    }
}

/// Where the columns stand.
struct Columns {
    station: usize,
    time: usize,
    items: Vec<(usize, String)>,
}

impl Columns {
    fn read(heads: &Heads) -> Result<Self> {
        let (station, time) = (heads.place("station")?, heads.place("time")?);
        let items: Vec<(usize, String)> = heads
            .names()
            .enumerate()
            .filter(|(_, head)| water::item(head, Body::River).is_some() || water::source_item(head).is_some())
            .map(|(at, head)| (at, head.to_owned()))
            .collect();
        ensure!(!items.is_empty(), "no column is headed by an item of GB 3838, such as w21003 or NH3-N");
        Ok(Self { station, time, items })
    }
}

fn judge(source: Box<dyn Read + Send>, question: Question, body: Body, out: &mut impl Write) -> Result<()> {
    match question {
        Question::Class(_) => writeln!(out, "station,time,class,deciding,over")?,
        Question::Source => writeln!(out, "station,time,complies,over,judged")?,
    }
    let judge = |columns: &Columns, block: &Block| {
        let mut lines = String::new();
        block.each(|row| {
            let mut values: Vec<(&str, Rational)> = Vec::with_capacity(columns.items.len());
            let mut faults = Faults::default();
            for (at, head) in &columns.items {
                let cell = row.text(*at);
                match Reading::<MilligramPerLitre>::parse(&cell) {
                    Ok(reading) => {
                        values.extend(reading.and_then(Reading::counted).map(|value| (head.as_str(), value.value())));
                    }
                    Err(_) => faults.add(&anyhow!("line {}, column {head}: {cell} is no number", row.line)),
                }
            }
            faults.into_result()?;
            let said = match question {
                Question::Class(target) => water::classify(&values, body)
                    .map(|verdict| format!("{},{},{}", verdict.class, deciding(&verdict), over(&verdict, target))),
                Question::Source => water::judge_source(&values, body).map(|verdict| {
                    format!("{},{},{}", verdict.complies(), quoted(&times_over(&verdict.over)), verdict.judged)
                }),
            };
            let said = said.unwrap_or_else(|| ",,".to_owned());
            lines += &format!("{},{},{said}\n", quoted(&row.text(columns.station)), row.text(columns.time));
            Ok(())
        })?;
        Ok(lines)
    };
    stream::blocks(source, Columns::read, judge, |_, lines| Ok(out.write_all(lines.as_bytes())?))
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
    use super::*;

    #[test]
    fn a_sample_is_classed_by_its_worst_item() {
        let csv = "station,time,w01009,w21003,TP\nA,2020-05-01T08:00,6.2,1.5,0.1\nB,2020-05-01T08:00,,,\n";
        let mut out = Vec::new();
        judge(Box::new(csv.as_bytes()), Question::Class(WaterClass::III), Body::River, &mut out).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "station,time,class,deciding,over\nA,2020-05-01T08:00,IV,NH3-N,NH3-N:0.50\nB,2020-05-01T08:00,,,\n"
        );
    }

    #[test]
    fn what_was_not_detected_counts_half_of_its_limit() {
        let csv = "station,time,w21003,Hg\nA,2020-05-01T08:00,0.3L,0.00004L\nB,2020-05-01T08:00,<0.4,0.0001\n";
        let mut out = Vec::new();
        judge(Box::new(csv.as_bytes()), Question::Class(WaterClass::III), Body::River, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert_eq!(text.lines().skip(1).collect::<Vec<_>>(), ["A,2020-05-01T08:00,I,,", "B,2020-05-01T08:00,III,Hg,"]);
    }

    #[test]
    fn a_source_of_drinking_water_is_judged_by_three_tables() {
        let csv = "station,time,w21003,锰,\"1,2-二氯乙烷\",note\nA,2020-05-01T08:00,0.9,0.2,0.06,x\nB,2020-05-01T08:00,,0.1,,x\n";
        let mut out = Vec::new();
        judge(Box::new(csv.as_bytes()), Question::Source, Body::River, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        let expected = "station,time,complies,over,judged\nA,2020-05-01T08:00,false,\"锰:1.00+1,2-二氯乙烷:1.00\",3\nB,2020-05-01T08:00,true,,1\n";
        assert_eq!(text, expected);
    }

    #[test]
    fn a_wrong_cell_is_named() {
        let csv = "station,time,TP\nA,2020-05-01T08:00,much\n";
        let fault = judge(Box::new(csv.as_bytes()), Question::Class(WaterClass::III), Body::River, &mut Vec::new())
            .unwrap_err();
        assert!(fault.to_string().contains("line 2, column TP: much"), "{fault}");
    }
}
