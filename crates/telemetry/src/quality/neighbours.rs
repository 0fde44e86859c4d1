//! Hour values of stations beside each other: air that one station breathes reaches the next.

use std::collections::{HashMap, VecDeque};

use jiff::{SignedDuration, Timestamp};

use super::{Doubt, Found};
use crate::Observation;

/// Stations whose values are compared: ambient air is one, building sites and outfalls are each their own.
const KIND: &str = "air";

/// With so many others a station can be told from them.
const OTHERS: usize = 3;

/// Values that one is compared with at most.
const COMPARED: usize = 50;

/// Hours whose values may still come.
const HOURS: SignedDuration = SignedDuration::from_hours(6);

/// So many times the median, or that part of it, is unlike.
const TIMES: f64 = 3.0;

/// And further from it than this part of the instrument's range.
const APART: f64 = 0.05;

/// What the stations say of an hour: number of the series, value, range of the instrument.
type Hour = VecDeque<(i64, f64, (f64, f64))>;

/// Values of the last hours, by factor and beginning of the hour.
#[derive(Debug, Default)]
pub(super) struct Neighbours(HashMap<(String, Timestamp), Hour>);

impl Neighbours {
    /// Looks at an hour's value; with the value that makes a neighbourhood, those before are looked at as well.
    pub(super) fn look(
        &mut self,
        series: i64,
        observation: &Observation,
        range: Option<(f64, f64)>,
        kind: &str,
        found: &mut Vec<Found>,
    ) {
        let Some(range) = range.filter(|_| kind == KIND) else { return };
        let at = observation.at;
        let hour = match self.0.get_mut(&(observation.series.factor.clone(), at)) {
            Some(hour) => hour,
            None => {
                self.0.retain(|(_, of), _| at.duration_since(*of) <= HOURS);
                self.0.entry((observation.series.factor.clone(), at)).or_default()
            }
        };
        hour.retain(|(known, ..)| *known != series);
        hour.push_back((series, observation.value, range));
        if hour.len() > COMPARED {
            hour.pop_front();
        }
        let first = if hour.len() == OTHERS + 1 { 0 } else { hour.len() - 1 };
        let unlike = (first..hour.len()).filter(|place| is_unlike(hour, *place));
        found.extend(unlike.map(|place| (hour[place].0, at, Doubt::UnlikeNeighbours)));
    }
}

fn is_unlike(hour: &Hour, place: usize) -> bool {
    let mut others: Vec<f64> =
        hour.iter().enumerate().filter(|(other, _)| *other != place).map(|(_, (_, value, _))| *value).collect();
    if others.len() < OTHERS {
        return false;
    }
    others.sort_by(f64::total_cmp);
    let median = others[others.len() / 2];
    let (_, value, (low, high)) = hour[place];
    (value > TIMES * median || value * TIMES < median) && (value - median).abs() > APART * (high - low)
}
