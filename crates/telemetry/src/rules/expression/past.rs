//! What was: instants of the last day and hours of the last days, of this station and of the others, for the functions of expressions.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use cel::{Context, Value};
use jiff::{SignedDuration, Timestamp};

use crate::{Kind, Observation};

/// Minutes that functions may look back over instants.
const LOOK_BACK: i64 = 24 * 60;
/// Instants of a factor that are remembered.
const REMEMBERED: usize = 3000;
/// Hours that are remembered.
const HOURS: usize = 100;

/// A function that looks back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Function {
    Mean,
    Least,
    Most,
    Change,
    Typical,
    SinceAbove,
    SinceBelow,
    HoursMean,
    HoursLeast,
    HoursMost,
    MeanAt,
    DistrictMost,
    DistrictMedian,
}

impl Function {
    pub(super) const ALL: [Function; 13] = [
        Function::Mean,
        Function::Least,
        Function::Most,
        Function::Change,
        Function::Typical,
        Function::SinceAbove,
        Function::SinceBelow,
        Function::HoursMean,
        Function::HoursLeast,
        Function::HoursMost,
        Function::MeanAt,
        Function::DistrictMost,
        Function::DistrictMedian,
    ];

    /// Name in expressions.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Function::Mean => "mean",
            Function::Least => "least",
            Function::Most => "most",
            Function::Change => "change",
            Function::Typical => "typical",
            Function::SinceAbove => "since_above",
            Function::SinceBelow => "since_below",
            Function::HoursMean => "hours_mean",
            Function::HoursLeast => "hours_least",
            Function::HoursMost => "hours_most",
            Function::MeanAt => "mean_at",
            Function::DistrictMost => "district_most",
            Function::DistrictMedian => "district_median",
        }
    }

    /// What it makes of the values that it finds; of those that find one value, that value.
    fn reckon(self) -> Reckon {
        match self {
            Function::Least | Function::HoursLeast => least,
            Function::Most | Function::HoursMost | Function::DistrictMost => most,
            Function::Change => |values| values[values.len() - 1] - values[0],
            _ => mean,
        }
    }

    /// Whether it looks at hours alone.
    pub(super) const fn is_of_hours(self) -> bool {
        matches!(self, Function::HoursMean | Function::HoursLeast | Function::HoursMost)
    }
}

/// What a function makes of the values of a span, of which there is at least one.
type Reckon = fn(&[f64]) -> f64;

fn least(values: &[f64]) -> f64 {
    values.iter().copied().fold(f64::INFINITY, f64::min)
}

fn most(values: &[f64]) -> f64 {
    values.iter().copied().fold(f64::NEG_INFINITY, f64::max)
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// Nothing is no number: a comparison with it cannot be said.
fn said(value: Option<f64>) -> Value {
    value.map_or(Value::Null, Value::Float)
}

/// Puts the functions that an expression uses into its context.
pub(super) fn look_back(
    context: &mut Context<'_, '_>,
    used: &[Function],
    own: &Arc<Mutex<Past>>,
    district: &District,
    at: Timestamp,
) -> Result<(), cel::DeclarationError> {
    for function in used {
        let (past, others) = (Arc::clone(own), district.clone());
        let name = function.name();
        match function {
            Function::Mean | Function::Least | Function::Most | Function::Change => {
                let find = move |factor: &str, minutes| Some(lock(&past).since(factor, at, minutes));
                over(context, name, find, function.reckon())
            }
            Function::HoursMean | Function::HoursLeast | Function::HoursMost => {
                over(context, name, move |factor: &str, hours| lock(&past).hours(factor, at, hours), function.reckon())
            }
            Function::Typical => context.add_function(name, move |factor: Arc<String>, above: f64| {
                said(lock(&past).typical(&factor, at, above))
            }),
            Function::SinceAbove | Function::SinceBelow => {
                let above = *function == Function::SinceAbove;
                context.add_function(name, move |factor: Arc<String>, limit: f64| {
                    said(lock(&past).standing(&factor, at, limit, above))
                })
            }
            Function::MeanAt => {
                context.add_function(name, move |station: Arc<String>, factor: Arc<String>, minutes: i64| {
                    let past = others.of(&station);
                    let values = past.map(|past| lock(&past).since(&factor, at, minutes)).unwrap_or_default();
                    said((!values.is_empty()).then(|| mean(&values)))
                })
            }
            Function::DistrictMost => context.add_function(name, move |factor: Arc<String>, minutes: i64| {
                let values: Vec<f64> =
                    others.all().iter().flat_map(|past| lock(past).since(&factor, at, minutes)).collect();
                said((!values.is_empty()).then(|| most(&values)))
            }),
            Function::DistrictMedian => context
                .add_function(name, move |factor: Arc<String>, minutes: i64| said(others.median(&factor, at, minutes))),
        }?;
    }
    Ok(())
}

/// A function over values of a factor in a span, wherever `find` looks for them.
fn over(
    context: &mut Context<'_, '_>,
    name: &'static str,
    find: impl Fn(&str, i64) -> Option<Vec<f64>> + Send + Sync + 'static,
    reckon: Reckon,
) -> Result<(), cel::DeclarationError> {
    context.add_function(name, move |factor: Arc<String>, span: i64| {
        said(find(&factor, span).filter(|values| !values.is_empty()).map(|values| reckon(&values)))
    })
}

fn lock(past: &Arc<Mutex<Past>>) -> std::sync::MutexGuard<'_, Past> {
    past.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What was at every station that rules look back at.
#[derive(Debug, Clone, Default)]
pub struct District(Arc<Mutex<HashMap<String, Arc<Mutex<Past>>>>>);

impl District {
    fn of(&self, station: &str) -> Option<Arc<Mutex<Past>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(station).cloned()
    }

    fn all(&self) -> Vec<Arc<Mutex<Past>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    /// Median of the stations' means; with fewer than three there are no neighbours to speak of.
    fn median(&self, factor: &str, at: Timestamp, minutes: i64) -> Option<f64> {
        let of = |past: &Arc<Mutex<Past>>| {
            let values = lock(past).since(factor, at, minutes);
            (!values.is_empty()).then(|| mean(&values))
        };
        let mut means: Vec<f64> = self.all().iter().filter_map(of).collect();
        means.sort_by(f64::total_cmp);
        (means.len() >= 3).then(|| means[means.len() / 2])
    }

    /// The past of a station, to be filled.
    pub(super) fn join(&self, station: &str) -> Arc<Mutex<Past>> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(known.entry(station.to_owned()).or_default())
    }
}

/// Instants of the last day and hours of the last days, by factor.
#[derive(Debug, Default)]
pub struct Past {
    instants: HashMap<String, VecDeque<(Timestamp, f64)>>,
    hours: HashMap<String, VecDeque<(Timestamp, f64)>>,
}

impl Past {
    pub(super) fn put(&mut self, observation: &Observation) {
        let (map, at, most, longest) = match observation.series.kind {
            Kind::Realtime => (&mut self.instants, observation.at, REMEMBERED, LOOK_BACK),
            Kind::Hour => (&mut self.hours, observation.end(), HOURS, HOURS as i64 * 60),
            Kind::Minute | Kind::Day => return,
        };
        let values = match map.get_mut(&observation.series.factor) {
            Some(values) => values,
            None => map.entry(observation.series.factor.clone()).or_default(),
        };
        let place = values.partition_point(|(known, _)| *known <= at);
        values.insert(place, (at, observation.value));
        let too_old = |first: &(Timestamp, f64)| at.duration_since(first.0) > SignedDuration::from_mins(longest);
        while values.len() > most || values.front().is_some_and(too_old) {
            values.pop_front();
        }
    }

    fn since(&self, factor: &str, at: Timestamp, minutes: i64) -> Vec<f64> {
        between(self.instants.get(factor), at, minutes.clamp(0, LOOK_BACK))
    }

    /// Hours that ended in the last so many, if at least three of four are known.
    fn hours(&self, factor: &str, at: Timestamp, hours: i64) -> Option<Vec<f64>> {
        let hours = hours.clamp(1, HOURS as i64);
        // The hour that ends when the span begins is not in it.
        let values = between(self.hours.get(factor), at, hours * 60 - 1);
        (values.len() as i64 * 4 >= hours * 3).then_some(values)
    }

    /// Median of the instants of the last day above a limit: what is normal while it runs.
    fn typical(&self, factor: &str, at: Timestamp, above: f64) -> Option<f64> {
        let mut running: Vec<f64> =
            self.since(factor, at, LOOK_BACK).into_iter().filter(|value| *value > above).collect();
        running.sort_by(f64::total_cmp);
        running.get(running.len() / 2).copied()
    }

    /// Minutes for which the newest instants have all been above (or at most at) a limit; 0 if the newest is not.
    fn standing(&self, factor: &str, at: Timestamp, limit: f64, above: bool) -> Option<f64> {
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

fn between(values: Option<&VecDeque<(Timestamp, f64)>>, at: Timestamp, minutes: i64) -> Vec<f64> {
    let Some(values) = values else { return Vec::new() };
    let from = at - SignedDuration::from_mins(minutes);
    let begin = values.partition_point(|(known, _)| *known < from);
    let end = values.partition_point(|(known, _)| *known <= at);
    values.range(begin..end.max(begin)).map(|(_, value)| *value).collect()
}
