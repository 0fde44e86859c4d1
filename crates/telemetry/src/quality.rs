//! Automatic checks of measured values (自动质控). Pure: shown values in their order, it says which are doubtful and why.
//!
//! A doubt is ours; the device's own mark stands beside it, and neither changes the value. A doubtful value still counts until somebody has looked: only
//! the device's mark takes a value out of a statistic.

use std::collections::{BTreeMap, HashMap};

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::{Kind, Observation, Series};

/// The same value for so long is no measurement of anything that moves.
const FLAT: SignedDuration = SignedDuration::from_hours(6);

/// So many equal values at least: a device that reports twice a day is not flat.
const FLAT_VALUES: u32 = 30;

/// A jump is looked for between values no further apart than this.
const NEIGHBOURS: SignedDuration = SignedDuration::from_mins(30);

/// A step of more than this part of the instrument's range is a jump.
const JUMP: f64 = 0.5;

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
}

impl Doubt {
    /// All of them.
    pub const ALL: [Doubt; 6] =
        [Doubt::Negative, Doubt::OutOfRange, Doubt::Jump, Doubt::Flat, Doubt::PartAboveWhole, Doubt::OutOfOrder];

    /// Name in snake case.
    pub const fn name(self) -> &'static str {
        match self {
            Doubt::Negative => "negative",
            Doubt::OutOfRange => "out_of_range",
            Doubt::Jump => "jump",
            Doubt::Flat => "flat",
            Doubt::PartAboveWhole => "part_above_whole",
            Doubt::OutOfOrder => "out_of_order",
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
}

/// Remembers what it needs of the values before.
#[derive(Debug, Default)]
pub struct Checker {
    last: HashMap<i64, Last>,
}

impl Checker {
    /// Looks at the values of one packet, each with the number of its series, and says which are doubtful. Only instants and minutes are looked at, and only those
    /// that the device itself calls good. `back_fill` where the packet is one of the past.
    pub fn look(
        &mut self,
        values: &[(i64, &Observation)],
        ranges: &Ranges,
        back_fill: bool,
    ) -> Vec<(i64, Timestamp, Doubt)> {
        let mut found = Vec::new();
        for (series, observation) in values {
            if !matches!(observation.series.kind, Kind::Realtime | Kind::Minute) || !observation.is_valid() {
                continue;
            }
            let range = ranges.get(&observation.series.factor).copied();
            let of_itself = alone(observation, range).or_else(|| above_the_whole(observation, values));
            let among_others = self.among(*series, observation, range, back_fill);
            found.extend(of_itself.or(among_others).map(|doubt| (*series, observation.at, doubt)));
        }
        found
    }

    /// What the values before say of it.
    fn among(
        &mut self,
        series: i64,
        observation: &Observation,
        range: Option<(f64, f64)>,
        back_fill: bool,
    ) -> Option<Doubt> {
        let (at, value) = (observation.at, observation.value);
        let Some(last) = self.last.get_mut(&series) else {
            self.last.insert(series, Last { at, value, same_since: at, same: 1 });
            return None;
        };
        if at <= last.at {
            return (at < last.at && !back_fill).then_some(Doubt::OutOfOrder);
        }
        let near = at.duration_since(last.at) <= NEIGHBOURS;
        let jumped = observation.series.factor != WIND_DIRECTION
            && range.is_some_and(|(low, high)| near && (value - last.value).abs() > JUMP * (high - low));
        if value == last.value {
            last.same += 1;
        } else {
            (last.same_since, last.same) = (at, 1);
        }
        (last.at, last.value) = (at, value);
        // Nothing flows, nothing runs: zero may stand for hours.
        let flat = value != 0.0 && last.same >= FLAT_VALUES && at.duration_since(last.same_since) >= FLAT;
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

/// Concentrations, flows, levels of noise. Temperatures and other weather (`a01…`, `w01010`) and redox potentials (`w01012`) may be below zero, and so may what we do not know.
fn cannot_be_negative(factor: &str) -> bool {
    let known = ["a2", "a3", "a05", "w0", "w1", "w2", "w3", "L", "d"].iter().any(|begin| factor.starts_with(begin));
    known && !matches!(factor, "w01010" | "w01012")
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
mod tests {
    use test_case::test_case;

    use super::*;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + minute * 60).unwrap()
    }

    fn value(factor: &str, minute: i64, value: f64) -> Observation {
        Observation {
            series: Series::main("A1", factor, Kind::Realtime),
            at: at(minute),
            period_s: 0,
            value,
            text: value.to_string(),
            flag: Some("N".into()),
            reviewed: None,
        }
    }

    fn ranges() -> Ranges {
        BTreeMap::from([
            ("a34004".to_owned(), (0.0, 1000.0)),
            ("w21003".to_owned(), (0.0, 10.0)),
            ("a01001".to_owned(), (-40.0, 60.0)),
        ])
    }

    fn look(checker: &mut Checker, observations: &[Observation]) -> Vec<Doubt> {
        let values: Vec<(i64, &Observation)> = (1..).zip(observations).collect();
        checker.look(&values, &ranges(), false).into_iter().map(|(.., doubt)| doubt).collect()
    }

    #[test_case("w21003", -0.1, Some(Doubt::Negative))]
    #[test_case("w21003", 0.0, None)]
    #[test_case("w21003", 10.0, None; "at the end of the range")]
    #[test_case("w21003", 10.1, Some(Doubt::OutOfRange))]
    #[test_case("a01001", -12.0, None; "a cold day")]
    #[test_case("a01001", -41.0, Some(Doubt::OutOfRange))]
    #[test_case("w01012", -120.0, None; "a redox potential")]
    #[test_case("zz999", -1.0, None; "nobody knows what it is")]
    fn a_value_alone(factor: &str, number: f64, expected: Option<Doubt>) {
        assert_eq!(look(&mut Checker::default(), &[value(factor, 0, number)]), Vec::from_iter(expected));
    }

    #[test]
    fn a_part_is_not_more_than_the_whole() {
        let both = |part, whole| vec![value("a34004", 0, part), value("a34002", 0, whole)];
        assert_eq!(look(&mut Checker::default(), &both(60.0, 50.0)), [Doubt::PartAboveWhole]);
        assert_eq!(look(&mut Checker::default(), &both(50.0, 50.0)), []);
        let mut marked = both(60.0, 50.0);
        marked[1].flag = Some("D".into());
        assert_eq!(look(&mut Checker::default(), &marked), [], "a PM10 that is not good says nothing of PM2.5");
    }

    #[test]
    fn steps_are_judged_by_the_range_and_the_time_between() {
        let mut checker = Checker::default();
        let mut told = |minute, number| look(&mut checker, &[value("w21003", minute, number)]);
        assert_eq!(told(0, 1.0), []);
        assert_eq!(told(5, 6.0), [], "half of the range is no jump");
        assert_eq!(told(10, 0.9), [Doubt::Jump]);
        assert_eq!(told(60, 8.0), [], "much may happen in fifty minutes");
        assert_eq!(told(50, 7.0), [Doubt::OutOfOrder]);
        assert_eq!(told(60, 7.0), [], "the same instant again is a revision");
    }

    #[test]
    fn what_stands_still_for_six_hours_is_flat_unless_it_is_zero() {
        let flat_from = |number: f64, step: i64| {
            let mut checker = Checker::default();
            (0..200)
                .map(|turn| turn * step)
                .find(|minute| !look(&mut checker, &[value("w21003", *minute, number)]).is_empty())
        };
        assert_eq!(flat_from(1.25, 5), Some(360));
        assert_eq!(flat_from(0.0, 5), None);
        assert_eq!(flat_from(1.25, 60), Some(29 * 60), "thirty values at least");
    }

    #[test]
    fn back_fill_is_not_out_of_order() {
        let mut checker = Checker::default();
        let (new, old) = (value("w21003", 10, 1.0), value("w21003", 0, 1.0));
        checker.look(&[(1, &new)], &ranges(), false);
        assert_eq!(checker.look(&[(1, &old)], &ranges(), true), []);
        assert_eq!(checker.look(&[(1, &old)], &ranges(), false).len(), 1);
    }
}
