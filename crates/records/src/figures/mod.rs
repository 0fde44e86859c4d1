//! Figures (指标): counts, sums, ratios and changes over the records of a period, each open to the records behind it.
//!
//! A figure is defined in `figures/*.toml` and computed here with SQL over the ledger's tables, now or as they stood
//! at an earlier moment. What cannot be computed is a gap with its reason, never a zero. A reader who is confined to a
//! cell or an enterprise is given the figures of that part: a number of the whole district, compared before and after,
//! would say what was entered out of reach.

mod compute;
mod period;
mod print;

use std::{
    num::NonZero,
    panic::resume_unwind,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use bilan_standards::rounding::Rational;
use bilan_storage::Cancellation;
use jiff::Timestamp;
use serde::Serialize;

pub use period::{Period, PeriodError};

use crate::{
    actor::Actor,
    catalogue::{Bound, Figure, Label},
    ledger::{Ledger, ReadError},
    observations::ObservationStatistics,
};

/// More readers than this only wait for each other's pages.
const MOST_THREADS: usize = 4;

/// A computed figure.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FigureValue {
    /// Its key.
    pub key: String,
    /// Its name; stands where it has no value.
    #[serde(skip)]
    pub label: Label,
    /// The value as it is printed, rounded, without unit and without words of its bound; absent in a gap.
    pub value: Option<String>,
    /// Unit.
    pub unit: String,
    /// How many records it counts.
    pub records: u64,
    /// It counts only what lies within the reader's cell or enterprise, not the whole district.
    pub confined: bool,
    /// Why there is no value.
    pub gap: Option<Gap>,
    /// The value before rounding.
    #[serde(skip)]
    pub exact: Option<Rational>,
    #[serde(skip)]
    bound: Bound,
}

/// Why a figure has no value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(tag = "gap", rename_all = "snake_case")]
pub enum Gap {
    /// The divisor of a ratio or the basis of a change is zero.
    #[error("“{divisor}” is zero, so nothing can be divided by it")]
    DivisionByZero {
        /// The figure that is zero.
        divisor: String,
    },
    /// A figure that this one is made of has a gap.
    #[error("“{part}” has no value: {why}")]
    Part {
        /// The figure without a value.
        part: String,
        /// Its own reason.
        why: String,
    },
    /// There are records, but none has the field filled.
    #[error("none of the {records} records has “{field}” filled")]
    NoValues {
        /// The field.
        field: String,
        /// How many records there are.
        records: u64,
    },
    /// There are no observations in the period.
    #[error("there are no observations of “{series}” in the period")]
    NoObservations {
        /// Series pattern.
        series: String,
    },
    /// The number is larger than can be reckoned with exactly.
    #[error("the value is too large to be exact")]
    TooLarge,
}

/// A question about figures that could not be answered.
#[derive(Debug, thiserror::Error)]
pub enum FigureError {
    /// No such figure.
    #[error("there is no figure “{key}”{}", .closest.as_ref().map(|closest| format!("; did you mean “{closest}”?")).unwrap_or_default())]
    Unknown {
        /// What was asked for.
        key: String,
        /// The key that looks most like it.
        closest: Option<String>,
    },
    /// The actor may not see the records behind it.
    #[error("{actor} may not see the figure “{key}”")]
    Forbidden {
        /// Who asked.
        actor: String,
        /// The figure.
        key: String,
    },
    /// Observations could not be read.
    #[error("observations could not be read: {0}")]
    Observations(String),
    /// The ledger could not answer.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The database failed.
    #[error("the database failed: {0}")]
    Database(#[from] rusqlite::Error),
}

/// Computes figures for one reader at one moment.
pub struct Figures<'l> {
    ledger: &'l Ledger,
    actor: &'l Actor,
    as_of: Option<Timestamp>,
    observations: Arc<dyn ObservationStatistics>,
}

impl<'l> Figures<'l> {
    /// Figures as `actor` sees them, at `as_of` or now.
    #[must_use]
    pub fn of(ledger: &'l Ledger, actor: &'l Actor, as_of: Option<Timestamp>) -> Self {
        Self { ledger, actor, as_of, observations: ledger.observations() }
    }

    fn figure(&self, key: &str) -> Result<&'l Figure, FigureError> {
        let figures = &self.ledger.catalogue().figures;
        figures.get(key).ok_or_else(|| FigureError::Unknown {
            key: key.to_owned(),
            closest: crate::catalogue::closest(key, figures.keys().map(String::as_str)).map(str::to_owned),
        })
    }

    /// Every figure that is not hidden, in the order of the files.
    ///
    /// # Errors
    /// The first figure that could not be computed for a reason other than a gap; figures the actor may not see are left out.
    pub fn all(&self, period: &Period) -> Result<Vec<FigureValue>, FigureError> {
        let figures: Vec<&Figure> = self.ledger.catalogue().figures.values().filter(|figure| !figure.hidden).collect();
        let mut values = Vec::with_capacity(figures.len());
        for computed in self.side_by_side(&figures, period) {
            match computed {
                Err(FigureError::Forbidden { .. }) => {}
                computed => values.push(computed?),
            }
        }
        Ok(values)
    }

    /// Computes figures on as many threads as there are processors, each with a reader of its own; in the order given.
    fn side_by_side(&self, figures: &[&Figure], period: &Period) -> Vec<Result<FigureValue, FigureError>> {
        let threads = thread::available_parallelism().map_or(1, NonZero::get).min(MOST_THREADS).min(figures.len());
        let next = AtomicUsize::new(0);
        let work = || {
            let mut done = Vec::new();
            while let Some((at, figure)) = take(&next, figures) {
                done.push((at, self.compute(&figure.key, period)));
            }
            done
        };
        let asked = Cancellation::current();
        let beside = || match &asked {
            Some(cancellation) => cancellation.over(work),
            None => work(),
        };
        let mut computed: Vec<_> = thread::scope(|scope| {
            let others: Vec<_> = (1..threads).map(|_| scope.spawn(beside)).collect();
            let own = work();
            let rest = others.into_iter().flat_map(|other| other.join().unwrap_or_else(|panic| resume_unwind(panic)));
            own.into_iter().chain(rest).collect()
        });
        computed.sort_by_key(|(at, _)| *at);
        computed.into_iter().map(|(_, value)| value).collect()
    }
}

/// The next figure that nobody has taken, with its place.
fn take<'f>(next: &AtomicUsize, figures: &[&'f Figure]) -> Option<(usize, &'f Figure)> {
    let at = next.fetch_add(1, Ordering::Relaxed);
    figures.get(at).map(|figure| (at, *figure))
}

/// Computes one figure.
///
/// # Errors
/// See [`FigureError`]; a figure that has no value is no error but a [`Gap`].
pub fn compute(
    ledger: &Ledger,
    actor: &Actor,
    key: &str,
    period: &Period,
    as_of: Option<Timestamp>,
) -> Result<FigureValue, FigureError> {
    Figures::of(ledger, actor, as_of).compute(key, period)
}

/// Computes every figure that is listed.
///
/// # Errors
/// See [`Figures::all`].
pub fn all(
    ledger: &Ledger,
    actor: &Actor,
    period: &Period,
    as_of: Option<Timestamp>,
) -> Result<Vec<FigureValue>, FigureError> {
    Figures::of(ledger, actor, as_of).all(period)
}

/// Register and number of every record behind a figure.
///
/// # Errors
/// See [`FigureError`].
pub fn records_behind(
    ledger: &Ledger,
    actor: &Actor,
    key: &str,
    period: &Period,
    as_of: Option<Timestamp>,
) -> Result<Vec<(String, String)>, FigureError> {
    Figures::of(ledger, actor, as_of).records_behind(key, period)
}
