//! Hourly rows as days of stations, whatever the size of the file and however its rows are mixed.

use std::collections::HashMap;
use std::path::Path;

use anyhow::{Result, anyhow, bail, ensure};
use bilan_standards::air::{Concentration, DayMeans, HourlyAir, Item, NamedAir, TwoValues};
use bilan_standards::cell::{Head, Scale};
use bilan_standards::rounding::Rational;
use jiff::civil::Date;

use crate::command::stream::{self, Block, Column, Faults, Heads, Meaning, Remarks, Row};

/// Where the columns stand.
pub(super) struct Columns {
    pub(super) station: usize,
    pub(super) time: usize,
    items: Vec<Column<Item>>,
    remarks: Remarks,
}

impl Columns {
    pub(super) fn read(heads: &Heads, ignored: &[String]) -> Result<Self> {
        let (station, time) = (heads.station()?, heads.time()?);
        ensure!(
            heads.find("O3").is_none() || heads.find("O3_24h").is_none(),
            "the columns O3 and O3_24h stand beside one another, as in the national feed, where O3 is the largest value of 24 hours and O3_24h the hour: \
             convert it with `bilan air from-national`, or leave O3_24h out"
        );
        let items = heads.judged(&[station, time], ignored, meaning)?;
        ensure!(!items.is_empty(), "none of the columns pm2_5, pm10, so2, no2, o3, co is there");
        Ok(Self { station, time, items, remarks: heads.remarks.clone() })
    }

    /// The hour that a row speaks of, by its beginning: rows are stamped at the end of the hour.
    pub(super) fn begins(&self, row: &Row<'_>) -> Result<(Date, i8)> {
        row.hour_ending(self.time)
    }

    /// The measured values of a row; what is below zero is not valid.
    pub(super) fn values(&self, row: &Row<'_>, mut take: impl FnMut(Item, Rational) -> Result<()>) -> Result<()> {
        let mut faults = Faults::default();
        for column in &self.items {
            match row.number(column.at, &column.head) {
                Ok(None) => {}
                Ok(Some(value)) if value < Rational::ZERO => self.remarks.below_zero(row.line),
                Ok(Some(value)) => {
                    let taken = scaled(value, column, row.line).and_then(|value| take(column.item, value));
                    taken.err().into_iter().for_each(|fault| faults.add(&fault));
                }
                Err(fault) => faults.add(&fault),
            }
        }
        faults.into_result()
    }
}

/// What a head says to the commands of air.
pub(super) fn meaning(head: &Head) -> Meaning<Item> {
    match Item::named(head) {
        Some(NamedAir::Item(item, scale)) => Meaning::Judged(item, (scale != Scale::ONE).then(|| scale.factor())),
        Some(NamedAir::WrongUnit(item)) => {
            Meaning::Refused(format!("{} is given in a unit that is not {}: convert it", item.name(), item.unit()))
        }
        Some(NamedAir::NeverJudged) => Meaning::NotJudged,
        None => Meaning::Unknown,
    }
}

/// A value in the unit of its item.
fn scaled(value: Rational, column: &Column<Item>, line: u64) -> Result<Rational> {
    /// A value whose digits alone are fewer can be counted in any case.
    const SMALL: i128 = 100_000_000;
    let value = match column.scale {
        Some(scale) => value.checked_mul(scale),
        None => Some(value),
    };
    let countable =
        |value: &Rational| value.numerator() < SMALL || Concentration::rounded(column.item, *value).is_some();
    value
        .filter(countable)
        .ok_or_else(|| anyhow!("line {line}, column {}: the value is too large for a concentration", column.head))
}

/// Says which hour of which station has two values.
fn twice(station: &str, date: Date, line: u64, two: TwoValues) -> anyhow::Error {
    let (item, hour) = (two.item.key(), two.hour + 1);
    anyhow!(
        "line {line}: {station} has two different values of {item} for the hour of {date} that ends at {hour:02}:00; keep the right one"
    )
}

/// A day of a station as far as a block of rows has it.
struct Part {
    date: Date,
    /// Line of its first row.
    line: u64,
    air: Air,
}

/// A day that may go on in another block, or one that cannot: its neighbours stand in the same block.
enum Air {
    Open(Box<HourlyAir>),
    Whole(Box<DayMeans>),
}

/// A station's days in a block, in order.
struct Station {
    name: String,
    parts: Vec<Part>,
}

impl Station {
    /// The day of a row; the one before it is over.
    fn day(&mut self, date: Date, line: u64) -> Result<&mut HourlyAir> {
        let last = self.parts.last().map(|part| part.date);
        if last != Some(date) {
            in_order(&self.name, last, date, line)?;
            self.close_last();
            self.parts.push(Part { date, line, air: Air::Open(Box::default()) });
        }
        match self.parts.last_mut().map(|part| &mut part.air) {
            Some(Air::Open(air)) => Ok(air),
            // The last day is open until another one follows it.
            _ => unreachable!("the last day of a station in a block is open"),
        }
    }

    fn close_last(&mut self) {
        let first = self.parts.len() <= 1;
        if let Some(part) = self.parts.last_mut().filter(|_| !first)
            && let Air::Open(air) = &part.air
        {
            part.air = Air::Whole(Box::new(air.means()));
        }
    }
}

fn in_order(station: &str, last: Option<Date>, date: Date, line: u64) -> Result<()> {
    if last.is_some_and(|last| date < last) {
        bail!("line {line}: a row of {date} comes after a later day of {station}; sort the rows by time");
    }
    Ok(())
}

/// The stations of a block, in the order in which they come.
fn stations(columns: &Columns, block: &Block) -> Result<Vec<Station>> {
    let mut places: HashMap<Vec<u8>, usize> = HashMap::new();
    let mut stations: Vec<Station> = Vec::new();
    let mut last: (Vec<u8>, usize) = (Vec::new(), usize::MAX);
    block.each(|row| {
        let name = row.bytes(columns.station);
        if last.0 != name || stations.is_empty() {
            let station = row.station(columns.station)?;
            let place = *places.entry(name.to_vec()).or_insert_with(|| {
                stations.push(Station { name: station.into_owned(), parts: Vec::new() });
                stations.len() - 1
            });
            last = (name.to_vec(), place);
        }
        let (date, hour) = columns.begins(row)?;
        let air = stations[last.1].day(date, row.line)?;
        let hour = usize::try_from(hour)?;
        let mut two = None;
        columns.values(row, |item, value| {
            two = two.or(air.enter(item, hour, value).err());
            Ok(())
        })?;
        two.map_or(Ok(()), |two| Err(twice(&stations[last.1].name, date, row.line, two)))
    })?;
    Ok(stations)
}

/// Hands on each day of each station when it is over.
pub(super) fn each_day(
    file: Option<&Path>,
    ignored: &[String],
    mut take: impl FnMut(&str, Date, DayMeans) -> Result<()>,
) -> Result<()> {
    let mut places: HashMap<String, usize> = HashMap::new();
    let mut open: Vec<Open> = Vec::new();
    let read = |heads: &Heads| Columns::read(heads, ignored);
    stream::blocks(stream::source(file)?, read, stations, |_, stations| {
        for Station { name, parts } in stations {
            let place = *places.entry(name.clone()).or_insert(open.len());
            if place == open.len() {
                open.push(Open { name, day: None });
            }
            parts.into_iter().try_for_each(|part| open[place].take(part, &mut take))?;
        }
        Ok(())
    })?;
    open.iter_mut().try_for_each(|station| station.close(&mut take))
}

/// A station with its day that is not over.
struct Open {
    name: String,
    day: Option<(Date, Box<HourlyAir>)>,
}

impl Open {
    fn take(&mut self, part: Part, take: &mut impl FnMut(&str, Date, DayMeans) -> Result<()>) -> Result<()> {
        let date = self.day.as_ref().map(|(date, _)| *date);
        in_order(&self.name, date, part.date, part.line)?;
        if date != Some(part.date) {
            self.close(take)?;
        }
        match (part.air, &mut self.day) {
            (Air::Whole(means), _) => take(&self.name, part.date, *means)?,
            (Air::Open(air), Some((_, known))) => {
                if let Some(two) = known.differing(&air) {
                    return Err(twice(&self.name, part.date, part.line, two));
                }
                known.merge(&air);
            }
            (Air::Open(air), none) => *none = Some((part.date, air)),
        }
        Ok(())
    }

    fn close(&mut self, take: &mut impl FnMut(&str, Date, DayMeans) -> Result<()>) -> Result<()> {
        match self.day.take() {
            Some((date, air)) => take(&self.name, date, air.means()),
            None => Ok(()),
        }
    }
}
