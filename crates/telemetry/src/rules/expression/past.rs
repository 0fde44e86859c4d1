//! What was: instants of the last day and hours of the last days, of this station and of the others, for the functions of expressions.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use cel::{Context, Value};
use jiff::{SignedDuration, Timestamp};

use crate::Kind;

/// Minutes that functions may look back over instants.
const LOOK_BACK: i64 = 24 * 60;
/// Of the instants within so many seconds the last one is remembered: as many as a device sends that reports twice a minute.
const STEP_S: i64 = 20;
/// For so long a number of the district is not reckoned anew.
const DISTRICT_STANDS: SignedDuration = SignedDuration::from_mins(1);
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

/// A function that looks back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Function {
    Mean,
    Least,
    Most,
    Change,
    Typical,
    TypicalDays,
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
    pub(super) const ALL: [Function; 14] = [
        Function::Mean,
        Function::Least,
        Function::Most,
        Function::Change,
        Function::Typical,
        Function::TypicalDays,
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
            Function::TypicalDays => "typical_days",
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

    /// The factors that its calls in an expression name.
    ///
    /// # Errors
    /// If a call does not write its factor out: what is to be remembered would not be known.
    pub(super) fn factors(self, text: &str) -> Result<Vec<String>, String> {
        let (name, place) = (self.name(), usize::from(self == Function::MeanAt));
        let begins = |at: usize| !text[..at].ends_with(|before: char| before.is_alphanumeric() || before == '_');
        let calls = text.match_indices(name).filter(|(at, _)| begins(*at));
        let arguments = calls.filter_map(|(at, _)| text[at + name.len()..].trim_start().strip_prefix('('));
        arguments
            .map(|arguments| {
                let factor = arguments.split(',').nth(place).unwrap_or_default().trim();
                let written = factor.strip_prefix(['\'', '"']).and_then(|factor| factor.strip_suffix(['\'', '"']));
                written.map(str::to_owned).ok_or(format!("{name}() needs its factor written out, in quotation marks"))
            })
            .collect()
    }

    /// How far back it looks.
    pub(super) const fn reach(self) -> Reach {
        if matches!(self, Function::TypicalDays) { Reach::Month } else { Reach::Day }
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
            Function::TypicalDays => context.add_function(name, move |factor: Arc<String>, above: f64, days: i64| {
                said(lock(&past).typical_of_days(&factor, at, above, days))
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
            Function::DistrictMost | Function::DistrictMedian => {
                let function = *function;
                context.add_function(name, move |factor: Arc<String>, minutes: i64| {
                    said(others.standing(function, &factor, at, minutes))
                })
            }
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
pub struct District {
    stations: Arc<Mutex<HashMap<String, Arc<Mutex<Past>>>>>,
    /// Numbers over all stations, which each of them asks for: with when they were reckoned.
    standing: Arc<Mutex<HashMap<Asked, Answered>>>,
}

/// A number over all stations: function, factor, minutes.
type Asked = (Function, String, i64);

/// When it was reckoned, and what came of it.
type Answered = (Timestamp, Option<f64>);

impl District {
    fn of(&self, station: &str) -> Option<Arc<Mutex<Past>>> {
        self.stations.lock().unwrap_or_else(PoisonError::into_inner).get(station).cloned()
    }

    fn all(&self) -> Vec<Arc<Mutex<Past>>> {
        self.stations.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    /// A number over all stations, reckoned once a minute however many ask.
    fn standing(&self, function: Function, factor: &str, at: Timestamp, minutes: i64) -> Option<f64> {
        let asked = (function, factor.to_owned(), minutes);
        let mut standing = self.standing.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((when, number)) = standing.get(&asked)
            && at.duration_since(*when).abs() < DISTRICT_STANDS
        {
            return *number;
        }
        let number = match function {
            Function::DistrictMedian => self.median(factor, at, minutes),
            _ => self.most(factor, at, minutes),
        };
        standing.insert(asked, (at, number));
        number
    }

    /// The largest instant of any station.
    fn most(&self, factor: &str, at: Timestamp, minutes: i64) -> Option<f64> {
        let values: Vec<f64> = self.all().iter().flat_map(|past| lock(past).since(factor, at, minutes)).collect();
        (!values.is_empty()).then(|| most(&values))
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
        let mut known = self.stations.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(known.entry(station.to_owned()).or_default())
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
        median_above(self.since(factor, at, LOOK_BACK), above)
    }

    /// The same of so many days.
    fn typical_of_days(&mut self, factor: &str, at: Timestamp, above: f64, days: i64) -> Option<f64> {
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
