//! What was computed of the hours of a month, kept until one of them changes. Months that are over change only when a device sends late
//! or a person reviews; the month that runs changes every hour.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use jiff::civil::Date;

/// Months that are kept at most: ten years of eight stations. When there are more, all are computed anew.
const MOST: usize = 1_000;

/// Results by what they are of (a station, or the stations of a district) and the first day of their month.
#[derive(Debug)]
pub(crate) struct KeptMonths<V>(RwLock<HashMap<(String, Date), Kept<V>>>);

#[derive(Debug)]
struct Kept<V> {
    version: u64,
    value: Arc<V>,
}

impl<V> Default for KeptMonths<V> {
    fn default() -> Self {
        Self(RwLock::default())
    }
}

impl<V> KeptMonths<V> {
    /// The result for a month: the one that is kept if `version` is still the one that it was computed at.
    ///
    /// # Errors
    /// What `compute` says; nothing is kept then.
    pub(super) fn get<E>(
        &self,
        (of, month): (&str, Date),
        version: u64,
        compute: impl FnOnce() -> Result<V, E>,
    ) -> Result<Arc<V>, E> {
        let key = (of.to_owned(), month);
        let kept = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = kept.get(&key).filter(|known| known.version == version) {
            return Ok(Arc::clone(&known.value));
        }
        drop(kept);
        let value = Arc::new(compute()?);
        let mut kept = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= MOST && !kept.contains_key(&key) {
            kept.clear();
        }
        kept.insert(key, Kept { version, value: Arc::clone(&value) });
        Ok(value)
    }
}

/// First days of the months that `from..to` touches.
pub(super) fn months_of((from, to): (Date, Date)) -> impl Iterator<Item = Date> {
    let next = |month: &Date| month.last_of_month().tomorrow().ok();
    std::iter::successors(Some(from.first_of_month()), next).take_while(move |month| *month < to)
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_month_is_computed_again_only_when_it_has_changed() {
        let kept = KeptMonths::default();
        let computed = std::cell::Cell::new(0);
        let ask = |month, version| {
            let compute = || {
                computed.set(computed.get() + 1);
                Ok::<_, Infallible>(computed.get())
            };
            match kept.get(("A", month), version, compute) {
                Ok(value) => *value,
            }
        };
        let (may, june) = (date(2026, 5, 1), date(2026, 6, 1));
        assert_eq!([ask(may, 1), ask(may, 1), ask(june, 1), ask(may, 2), ask(may, 2)], [1, 1, 2, 3, 3]);
    }

    #[test]
    fn no_more_is_kept_than_fits() {
        let kept = KeptMonths::default();
        for year in 0..100 {
            for month in 1..=12 {
                let _ = kept.get(("A", date(2000 + year, month, 1)), 0, || Ok::<_, Infallible>(()));
            }
        }
        assert!(kept.0.read().unwrap().len() <= MOST);
    }

    #[test]
    fn months_of_a_span() {
        let months = |from, to| months_of((from, to)).map(|month| month.to_string()).collect::<Vec<_>>();
        assert_eq!(months(date(2026, 11, 20), date(2027, 1, 1)), ["2026-11-01", "2026-12-01"]);
        assert_eq!(months(date(2026, 11, 1), date(2026, 11, 2)), ["2026-11-01"]);
        assert!(months(date(2026, 11, 1), date(2026, 11, 1)).is_empty());
    }
}
