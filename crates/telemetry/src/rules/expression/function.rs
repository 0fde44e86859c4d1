//! The functions by which expressions look back.

use std::sync::{Arc, Mutex};

use cel::{Context, Value};
use jiff::Timestamp;

use super::district::District;
use super::past::{Past, Reach, lock};
use crate::Averaging;

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
            Function::Least | Function::HoursLeast => |_, values| Some(least(values)),
            Function::Most | Function::HoursMost | Function::DistrictMost => |_, values| Some(most(values)),
            Function::Change => |_, values| Some(values[values.len() - 1] - values[0]),
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

/// What a function makes of the values of a factor in a span, of which there is at least one.
type Reckon = fn(&str, &[f64]) -> Option<f64>;

fn least(values: &[f64]) -> f64 {
    values.iter().copied().fold(f64::INFINITY, f64::min)
}

pub(super) fn most(values: &[f64]) -> f64 {
    values.iter().copied().fold(f64::NEG_INFINITY, f64::max)
}

/// The mean as statistics have it: of levels of noise by their energies, of pH by the ions.
pub(super) fn mean(factor: &str, values: &[f64]) -> Option<f64> {
    let averaging = Averaging::of(factor);
    let taken: Vec<f64> = values.iter().copied().filter(|value| averaging.takes(*value)).collect();
    averaging.mean(&taken)
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
                    said(mean(&factor, &values))
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
        said(find(&factor, span).filter(|values| !values.is_empty()).and_then(|values| reckon(&factor, &values)))
    })
}
