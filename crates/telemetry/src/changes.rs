//! Which months of which stations have changed since the start: whoever keeps what was computed of past hours asks here whether it still holds.

use std::collections::HashMap;
use std::sync::PoisonError;

use jiff::civil::Date;
use jiff::tz::offset;

use crate::{Kind, Observation, Store};

/// Counts of changed hourly values by station and Beijing month, and of changed reviews.
#[derive(Debug, Default)]
pub(crate) struct HourChanges {
    months: HashMap<String, HashMap<i32, u64>>,
    reviews: u64,
}

impl HourChanges {
    /// An hourly value was stored or replaced.
    pub(crate) fn stored(&mut self, observation: &Observation) {
        if observation.series.kind != Kind::Hour {
            return;
        }
        let month = month_of(offset(8).to_datetime(observation.at).date());
        let station = &observation.series.station;
        if !self.months.contains_key(station) {
            self.months.insert(station.clone(), HashMap::new());
        }
        if let Some(months) = self.months.get_mut(station) {
            *months.entry(month).or_default() += 1;
        }
    }

    /// A review was entered or withdrawn: it may touch any span.
    pub(crate) fn reviewed(&mut self) {
        self.reviews += 1;
    }

    fn version(&self, station: &str, month: i32) -> u64 {
        let changes = self.months.get(station).and_then(|months| months.get(&month)).copied();
        changes.unwrap_or(0) + self.reviews
    }
}

/// Months are counted from the year 0.
fn month_of(day: Date) -> i32 {
    i32::from(day.year()) * 12 + i32::from(day.month())
}

impl Store {
    /// A number that grows whenever an hourly value of the station in the Beijing month of `day` is stored or replaced, or a review
    /// changes. Ask before reading: what was read then holds as long as the number stays. It begins anew with every start.
    #[must_use]
    pub fn hours_version(&self, station: &str, day: Date) -> u64 {
        self.hour_changes().read().unwrap_or_else(PoisonError::into_inner).version(station, month_of(day))
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::Series;

    fn value(station: &str, kind: Kind, at: &str) -> Observation {
        let at: Timestamp = at.parse().unwrap();
        let series = Series::main(station, "a34004", kind);
        Observation { series, at, period_s: 3600, value: 1.0, text: "1".into(), flag: None, reviewed: None }
    }

    #[test]
    fn only_hours_of_the_station_and_month_count() {
        let mut changes = HourChanges::default();
        // 2026-11-30 23:00 in Beijing.
        changes.stored(&value("A", Kind::Hour, "2026-11-30T15:00:00Z"));
        changes.stored(&value("A", Kind::Realtime, "2026-11-30T15:00:00Z"));
        // 2026-12-01 00:00 in Beijing.
        changes.stored(&value("A", Kind::Hour, "2026-11-30T16:00:00Z"));
        let version = |station, month: i32| changes.version(station, 2026 * 12 + month);
        assert_eq!((version("A", 11), version("A", 12), version("A", 10), version("B", 11)), (1, 1, 0, 0));
    }
}
