//! What was at a station: instants of the last day and hours of the last days.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};

use crate::Kind;

/// Minutes that functions may look back over instants.
const LOOK_BACK: i64 = 24 * 60;
/// Of the instants within so many seconds the last one is remembered: as many as a device sends that reports twice a minute.
const STEP_S: i64 = 20;
/// Hours that are remembered.
const HOURS: usize = 100;
/// Where a month is asked for, of the instants within ten minutes one is remembered so long.
const MONTH_STEP_S: i64 = 600;
/// Days of it.
const MONTH: i64 = 31;
/// For so long what is typical of a month is not reckoned anew.
const TYPICAL_STANDS: SignedDuration = SignedDuration::from_hours(1);

/// How far back a factor is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Reach {
    /// A day of instants, four days of hours.
    Day,
    /// That, and a month of instants.
    Month,
}

impl Reach {
    /// How far back values of a kind are asked for; `None` if they are not.
    pub(crate) const fn of(self, kind: Kind) -> Option<SignedDuration> {
        match (kind, self) {
            (Kind::Realtime, Reach::Day) => Some(SignedDuration::from_mins(LOOK_BACK)),
            (Kind::Realtime, Reach::Month) => Some(SignedDuration::from_hours(24 * MONTH)),
            (Kind::Hour, _) => Some(SignedDuration::from_hours(HOURS as i64)),
            (Kind::Minute | Kind::Day, _) => None,
        }
    }
}

/// Instants of the last day and hours of the last days, by factor; a month of instants where one is asked for.
#[derive(Debug, Default)]
pub struct Past {
    instants: HashMap<String, Values>,
    hours: HashMap<String, Values>,
    months: HashMap<String, Values>,
    /// What is typical of days, with when it was reckoned: by factor, limit (its bits) and days.
    typical: HashMap<(String, u64, i64), Answered>,
}

/// When it was reckoned, and what came of it.
pub(super) type Answered = (Timestamp, Option<f64>);

/// Values in the order of time.
type Values = VecDeque<(Timestamp, f64)>;

impl Past {
    /// A value came in. Instants count at their time, hours at their end.
    pub(super) fn put(&mut self, factor: &str, kind: Kind, (at, value): (Timestamp, f64), reach: Reach) {
        match kind {
            Kind::Realtime => {
                put(&mut self.instants, factor, (at, value), STEP_S, SignedDuration::from_mins(LOOK_BACK));
                if reach == Reach::Month {
                    put(&mut self.months, factor, (at, value), MONTH_STEP_S, SignedDuration::from_hours(24 * MONTH));
                }
            }
            Kind::Hour => put(&mut self.hours, factor, (at, value), 0, SignedDuration::from_hours(HOURS as i64)),
            Kind::Minute | Kind::Day => {}
        }
    }

    pub(super) fn since(&self, factor: &str, at: Timestamp, minutes: i64) -> Vec<f64> {
        between(self.instants.get(factor), at, minutes.clamp(0, LOOK_BACK))
    }

    /// Hours that ended in the last so many, if at least three of four are known.
    pub(super) fn hours(&self, factor: &str, at: Timestamp, hours: i64) -> Option<Vec<f64>> {
        let hours = hours.clamp(1, HOURS as i64);
        // The hour that ends when the span begins is not in it.
        let values = between(self.hours.get(factor), at, hours * 60 - 1);
        (values.len() as i64 * 4 >= hours * 3).then_some(values)
    }

    /// Median of the instants of the last day above a limit: what is normal while it runs.
    pub(super) fn typical(&self, factor: &str, at: Timestamp, above: f64) -> Option<f64> {
        median_above(self.since(factor, at, LOOK_BACK), above)
    }

    /// The same of so many days.
    pub(super) fn typical_of_days(&mut self, factor: &str, at: Timestamp, above: f64, days: i64) -> Option<f64> {
        let asked = (factor.to_owned(), above.to_bits(), days);
        if let Some((when, median)) = self.typical.get(&asked)
            && at.duration_since(*when).abs() < TYPICAL_STANDS
        {
            return *median;
        }
        let median = median_above(between(self.months.get(factor), at, days.clamp(1, MONTH) * LOOK_BACK), above);
        self.typical.insert(asked, (at, median));
        median
    }

    /// Minutes for which the newest instants have all been above (or at most at) a limit; 0 if the newest is not.
    pub(super) fn standing(&self, factor: &str, at: Timestamp, limit: f64, above: bool) -> Option<f64> {
        let values = self.instants.get(factor)?;
        let known = values.partition_point(|(when, _)| *when <= at);
        let mut since = None;
        for (when, value) in values.range(..known).rev() {
            if (*value > limit) != above {
                break;
            }
            since = Some(*when);
        }
        (known > 0).then(|| since.map_or(0.0, |since| at.duration_since(since).as_secs_f64() / 60.0))
    }
}

/// Puts a value where it belongs; the last one within a step stands for it, and what is too old goes.
fn put(
    all: &mut HashMap<String, Values>,
    factor: &str,
    (at, value): (Timestamp, f64),
    step_s: i64,
    longest: SignedDuration,
) {
    let values = match all.get_mut(factor) {
        Some(values) => values,
        None => all.entry(factor.to_owned()).or_default(),
    };
    let slot = |at: Timestamp| at.as_second().checked_div(step_s);
    match values.back_mut() {
        Some(last) if last.0 <= at && slot(at).is_some_and(|slot_of_it| slot(last.0) == Some(slot_of_it)) => {
            *last = (at, value);
        }
        _ => {
            let place = values.partition_point(|(known, _)| *known <= at);
            values.insert(place, (at, value));
        }
    }
    while values.front().is_some_and(|first| at.duration_since(first.0) > longest) {
        values.pop_front();
    }
}

fn median_above(values: Vec<f64>, limit: f64) -> Option<f64> {
    let mut above: Vec<f64> = values.into_iter().filter(|value| *value > limit).collect();
    let middle = above.len() / 2;
    (!above.is_empty()).then(|| *above.select_nth_unstable_by(middle, f64::total_cmp).1)
}

fn between(values: Option<&Values>, at: Timestamp, minutes: i64) -> Vec<f64> {
    let Some(values) = values else { return Vec::new() };
    let from = at - SignedDuration::from_mins(minutes);
    let begin = values.partition_point(|(known, _)| *known < from);
    let end = values.partition_point(|(known, _)| *known <= at);
    values.range(begin..end.max(begin)).map(|(_, value)| *value).collect()
}

pub(super) fn lock(past: &Arc<Mutex<Past>>) -> MutexGuard<'_, Past> {
    past.lock().unwrap_or_else(PoisonError::into_inner)
}
