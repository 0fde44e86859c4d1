//! What was at all stations of the district, for expressions that ask for the others.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

use super::function::{Function, mean, most};
use super::past::{Answered, Past, lock};

/// For so long a number of the district is not reckoned anew.
const DISTRICT_STANDS: SignedDuration = SignedDuration::from_mins(1);

/// What was at every station that rules look back at.
#[derive(Debug, Clone, Default)]
pub struct District {
    stations: Arc<Mutex<HashMap<String, Arc<Mutex<Past>>>>>,
    /// Numbers over all stations, which each of them asks for: with when they were reckoned.
    standing: Arc<Mutex<HashMap<Asked, Answered>>>,
}

/// A number over all stations: function, factor, minutes.
type Asked = (Function, String, i64);

impl District {
    pub(super) fn of(&self, station: &str) -> Option<Arc<Mutex<Past>>> {
        self.stations.lock().unwrap_or_else(PoisonError::into_inner).get(station).cloned()
    }

    fn all(&self) -> Vec<Arc<Mutex<Past>>> {
        self.stations.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    /// A number over all stations, reckoned once a minute however many ask.
    pub(super) fn standing(&self, function: Function, factor: &str, at: Timestamp, minutes: i64) -> Option<f64> {
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
            mean(factor, &values)
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
