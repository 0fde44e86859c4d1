//! Automatic checks of measured values (自动质控). Pure: shown values in their order, it says which are doubtful and why.
//!
//! A doubt is ours; the device's own mark stands beside it, and neither changes the value. A doubtful value still counts until somebody has looked: only
//! the device's mark takes a value out of a statistic.

use std::collections::{BTreeMap, HashMap};

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::{Kind, Observation, Series};

mod neighbours;

use neighbours::Neighbours;

use crate::submission::AHEAD;

/// The same value for so long is no measurement of anything that moves.
const FLAT: SignedDuration = SignedDuration::from_hours(6);

/// So many equal values at least: a device that reports twice a day is not flat.
const FLAT_VALUES: u32 = 30;

/// A jump is looked for between values no further apart than this.
const NEIGHBOURS: SignedDuration = SignedDuration::from_mins(30);

/// A step of more than this part of the instrument's range is a jump.
const JUMP: f64 = 0.5;

/// A step of more than this part of the range, and back with the next value, is a spike.
const SPIKE: f64 = 0.25;

/// Values before and after a spike differ by this part of the range at most.
const BACK: f64 = 0.1;

/// A device that brings the same instant again and again for so long has a clock that stands still.
const STUCK: SignedDuration = SignedDuration::from_mins(10);

/// So many times at least: a packet that was not answered is sent three times more.
const STUCK_TIMES: u32 = 5;

/// PM2.5 is a part of PM10.
const PM2_5: &str = "a34004";
const PM10: &str = "a34002";

/// North lies at both ends of its range.
const WIND_DIRECTION: &str = "a01008";

/// Why a value is doubtful.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Doubt {
    /// A concentration or a level below zero.
    Negative,
    /// Outside of the range of the instrument, as the register of stations has it.
    OutOfRange,
    /// A step of more than half of the instrument's range from one value to the next.
    Jump,
    /// The same value for six hours.
    Flat,
    /// PM2.5 above PM10.
    PartAboveWhole,
    /// Before the value that came last, though not back-filled.
    OutOfOrder,
    /// A step of more than a quarter of the range, and back with the next value.
    Spike,
    /// An hour's value three times that of the stations around, or a third of it.
    UnlikeNeighbours,
    /// Sent before its instant had come, or before its period had ended.
    InFuture,
    /// Of an instant that the device brings again and again: its clock stands still.
    StuckClock,
}

impl Doubt {
    /// All of them.
    pub const ALL: [Doubt; 10] = [
        Doubt::Negative,
        Doubt::OutOfRange,
        Doubt::Jump,
        Doubt::Flat,
        Doubt::PartAboveWhole,
        Doubt::OutOfOrder,
        Doubt::Spike,
        Doubt::UnlikeNeighbours,
        Doubt::InFuture,
        Doubt::StuckClock,
    ];

    /// Name in snake case.
    pub const fn name(self) -> &'static str {
        match self {
            Doubt::Negative => "negative",
            Doubt::OutOfRange => "out_of_range",
            Doubt::Jump => "jump",
            Doubt::Flat => "flat",
            Doubt::PartAboveWhole => "part_above_whole",
            Doubt::OutOfOrder => "out_of_order",
            Doubt::Spike => "spike",
            Doubt::UnlikeNeighbours => "unlike_neighbours",
            Doubt::InFuture => "in_future",
            Doubt::StuckClock => "stuck_clock",
        }
    }

    pub(crate) fn from_name(name: &str) -> Option<Doubt> {
        Doubt::ALL.into_iter().find(|doubt| doubt.name() == name)
    }
}

/// Doubtful values of one series, for one reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Doubts {
    /// The series.
    pub series: Series,
    /// Why.
    pub doubt: Doubt,
    /// The first of them.
    pub first: Timestamp,
    /// The last.
    pub last: Timestamp,
    /// How many.
    pub count: u32,
}

/// Ranges of the instruments of a station by factor: least and largest value that they can show.
pub type Ranges = BTreeMap<String, (f64, f64)>;

#[derive(Debug, Clone, Copy)]
struct Last {
    at: Timestamp,
    value: f64,
    same_since: Timestamp,
    same: u32,
    /// When this instant came first, and how often it came again.
    received_at: Timestamp,
    again: u32,
    /// The value before it, where that one lies near and it is no spike itself.
    before: Option<f64>,
}

impl Last {
    fn new(at: Timestamp, value: f64, received_at: Timestamp) -> Last {
        Last { at, value, same_since: at, same: 1, received_at, again: 0, before: None }
    }
}

/// Where the values of a packet come from.
#[derive(Debug, Clone, Copy)]
pub struct Origin<'a> {
    /// Kind of the station: only stations of one kind are neighbours.
    pub kind: &'a str,
    /// Ranges of its instruments.
    pub ranges: &'a Ranges,
    /// Whether the packet is one of the past.
    pub back_fill: bool,
    /// When it came.
    pub received_at: Timestamp,
}

/// A doubt about the value of a series (by number) at an instant.
pub type Found = (i64, Timestamp, Doubt);

/// Remembers what it needs of the values before.
#[derive(Debug, Default)]
pub struct Checker {
    last: HashMap<i64, Last>,
    neighbours: Neighbours,
}

impl Checker {
    /// Looks at the values of one packet, each with the number of its series, and says which are doubtful, of these and of those before. Only instants and
    /// minutes are looked at, and hours beside those of the neighbours; and only what the device itself calls good.
    pub fn look(&mut self, values: &[(i64, &Observation)], origin: Origin<'_>) -> Vec<Found> {
        let mut found = Vec::new();
        for (series, observation) in values.iter().filter(|(_, observation)| observation.is_valid()) {
            let range = origin.ranges.get(&observation.series.factor).copied();
            match observation.series.kind {
                Kind::Realtime | Kind::Minute => {
                    let of_itself = alone(observation, range).or_else(|| above_the_whole(observation, values));
                    let among_others = self.among(*series, observation, range, origin, &mut found);
                    found.extend(of_itself.or(among_others).map(|doubt| (*series, observation.at, doubt)));
                }
                Kind::Hour => self.neighbours.look(*series, observation, range, origin.kind, &mut found),
                Kind::Day => {}
            }
        }
        found
    }

    /// What the values before say of it; a spike that it shows to be one is `found`.
    fn among(
        &mut self,
        series: i64,
        observation: &Observation,
        range: Option<(f64, f64)>,
        origin: Origin<'_>,
        found: &mut Vec<Found>,
    ) -> Option<Doubt> {
        let (at, value) = (observation.at, observation.value);
        if at.duration_since(origin.received_at) > AHEAD {
            return Some(Doubt::InFuture);
        }
        let Some(last) = self.last.get_mut(&series) else {
            self.last.insert(series, Last::new(at, value, origin.received_at));
            return None;
        };
        if at == last.at && !origin.back_fill {
            last.again += 1;
            let stuck = last.again >= STUCK_TIMES && origin.received_at.duration_since(last.received_at) >= STUCK;
            return stuck.then_some(Doubt::StuckClock);
        }
        if at <= last.at {
            return (at < last.at && !origin.back_fill).then_some(Doubt::OutOfOrder);
        }
        let near = at.duration_since(last.at) <= NEIGHBOURS;
        let width = range.filter(|_| near && observation.series.factor != WIND_DIRECTION).map(|(low, high)| high - low);
        let step = value - last.value;
        let spike = last.before.filter(|_| is_of_matter(&observation.series.factor)).zip(width).is_some_and(
            |(before, width)| {
                let there = last.value - before;
                there.abs().min(step.abs()) > SPIKE * width
                    && there * step < 0.0
                    && (value - before).abs() <= BACK * width
            },
        );
        if spike {
            found.push((series, last.at, Doubt::Spike));
        }
        let jumped = !spike && width.is_some_and(|width| step.abs() > JUMP * width);
        if value == last.value {
            last.same += 1;
        } else {
            (last.same_since, last.same) = (at, 1);
        }
        // Nothing flows, nothing runs: zero may stand for hours.
        let flat = value != 0.0 && last.same >= FLAT_VALUES && at.duration_since(last.same_since) >= FLAT;
        *last = Last {
            at,
            value,
            received_at: origin.received_at,
            again: 0,
            before: (near && !spike).then_some(last.value),
            ..*last
        };
        if jumped { Some(Doubt::Jump) } else { flat.then_some(Doubt::Flat) }
    }
}

/// What can be said of a value without any other.
fn alone(observation: &Observation, range: Option<(f64, f64)>) -> Option<Doubt> {
    let value = observation.value;
    if value < 0.0 && cannot_be_negative(&observation.series.factor) {
        return Some(Doubt::Negative);
    }
    range.is_some_and(|(low, high)| value < low || value > high).then_some(Doubt::OutOfRange)
}

/// What is in air and water goes as it comes; noise and currents leap by nature.
fn is_of_matter(factor: &str) -> bool {
    ["a2", "a3", "a05", "w0", "w1", "w2", "w3"].iter().any(|begin| factor.starts_with(begin))
}

/// Concentrations, flows, levels of noise. Temperatures and other weather (`a01…`, `w01010`) and redox potentials (`w01012`) may be below zero, and so may what we do not know.
pub fn cannot_be_negative(factor: &str) -> bool {
    (is_of_matter(factor) || factor.starts_with(['L', 'd'])) && !matches!(factor, "w01010" | "w01012")
}

fn above_the_whole(observation: &Observation, values: &[(i64, &Observation)]) -> Option<Doubt> {
    if observation.series.factor != PM2_5 {
        return None;
    }
    let whole = values.iter().map(|(_, other)| other).find(|other| {
        other.series.factor == PM10
            && other.series.kind == observation.series.kind
            && other.series.statistic == observation.series.statistic
            && other.at == observation.at
            && other.is_valid()
    })?;
    (observation.value > whole.value).then_some(Doubt::PartAboveWhole)
}

#[cfg(test)]
mod tests;
