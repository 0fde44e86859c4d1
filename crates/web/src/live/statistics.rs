//! Statistics of what stations measured, for figures over observations: `station/factor`, with `*` for any, over the hourly means of a span of
//! Beijing days. Good days follow HJ 633 for the district: each hour's mean over the stations, then the day.

use std::collections::HashSet;
use std::sync::Arc;

use bilan_records::observations::ObservationStatistics;
use bilan_records::value::start_of_day;
use bilan_standards::air::{self, Edition, percentile};
use bilan_standards::rounding::Rational;
use bilan_telemetry::{Averaging, Kind, Observation, Store, StoreError};
use jiff::civil::Date;

use super::air::HourMeans;
use super::factors::{air_item, is_possible};
use super::verdict::{exact, mean_of};

/// Decimals of a statistic before the figure rounds it.
const DIGITS: u32 = 6;

/// Asks the store of observations.
#[derive(Clone)]
pub struct StationStatistics(Store);

impl StationStatistics {
    /// Over the observations of a store.
    #[must_use]
    pub fn of(store: Store) -> Arc<Self> {
        Arc::new(Self(store))
    }

    /// Valid hourly means of the series that fit, with their factor and the hour in which they were measured.
    fn hours(&self, pattern: &str, from: Date, to: Date) -> Result<Vec<(String, Observation)>, StoreError> {
        let (station, factor) = pattern.split_once('/').unwrap_or((pattern, "*"));
        let (Some(begins), Some(ends)) = (start_of_day(from), to.tomorrow().ok().and_then(start_of_day)) else {
            return Ok(Vec::new());
        };
        let mut stations: Vec<String> = self.0.devices()?.into_iter().map(|device| device.station).collect();
        stations.sort_unstable();
        stations.dedup();
        let mut hours = Vec::new();
        for station in stations.iter().filter(|known| station == "*" || station == known.as_str()) {
            for series in self.0.series_of(station)? {
                let is_mean = series.kind == Kind::Hour && series.statistic == Kind::Hour.main_statistic();
                if is_mean && (factor == "*" || factor == series.factor) {
                    let found = self.0.range(&series, begins, ends)?;
                    let counts = |hour: &Observation| hour.is_valid() && is_possible(&series.factor, hour.value);
                    let valid = found.into_iter().filter(counts);
                    hours.extend(valid.map(|hour| (series.factor.clone(), hour)));
                }
            }
        }
        Ok(hours)
    }

    /// Days with an index of the district, and those of them that are good.
    fn days(&self, pattern: &str, from: Date, to: Date) -> Result<(u64, u64), StoreError> {
        let mut hours = HourMeans::default();
        let mut stations = HashSet::new();
        for (factor, hour) in self.hours(pattern, from, to)? {
            if let Some(item) = air_item(&factor) {
                if stations.insert((hour.series.station.clone(), item)) {
                    hours.station(item);
                }
                hours.add(item, hour.at, exact(hour.value));
            }
        }
        let days = hours.days();
        let indexes = days.iter().filter_map(|(day, air)| air::daily(air, Edition::on(*day)).aqi);
        Ok(indexes.fold((0, 0), |(all, good), aqi| (all + 1, good + u64::from(aqi.value <= air::GOOD))))
    }
}

impl ObservationStatistics for StationStatistics {
    fn statistic(&self, series: &str, statistic: &str, from: Date, to: Date) -> Result<Option<(String, u64)>, String> {
        let failed = |error: StoreError| error.to_string();
        if matches!(statistic, "good_days" | "good_day_rate") {
            let (all, good) = self.days(series, from, to).map_err(failed)?;
            let value = match statistic {
                "good_days" => Some(Rational::whole(i64::try_from(good).unwrap_or(i64::MAX))),
                _ => Rational::new(i128::from(good) * 100, i128::from(all)),
            };
            return Ok(value.filter(|_| all > 0).and_then(text).map(|text| (text, all)));
        }
        let hours = self.hours(series, from, to).map_err(failed)?;
        let values: Vec<f64> = hours.iter().map(|(_, hour)| hour.value).collect();
        let exactly: Vec<Rational> = values.iter().filter_map(|value| exact(*value)).collect();
        let value = match statistic {
            "mean" => mean_of_factors(&hours),
            "min" => exactly.iter().min().copied(),
            "max" => exactly.iter().max().copied(),
            "sum" => exactly.iter().try_fold(Rational::ZERO, |sum, value| sum.checked_add(*value)),
            "count" => Some(Rational::whole(i64::try_from(values.len()).unwrap_or(i64::MAX))),
            "percentile_90" => percentile(&exactly, 90),
            "percentile_95" => percentile(&exactly, 95),
            other => return Err(format!("there is no statistic “{other}” of observations")),
        };
        Ok(value.filter(|_| !values.is_empty()).and_then(text).map(|text| (text, values.len() as u64)))
    }
}

/// The mean of the hours of one factor as every page has it; over several factors (`*`) that are not averaged in one way there is none.
fn mean_of_factors(hours: &[(String, Observation)]) -> Option<Rational> {
    let (first, _) = hours.first()?;
    let averaging = Averaging::of(first);
    let values: Vec<f64> = hours.iter().map(|(_, hour)| hour.value).collect();
    hours.iter().all(|(factor, _)| Averaging::of(factor) == averaging).then(|| mean_of(first, &values)).flatten()
}

fn text(value: Rational) -> Option<String> {
    value.short_text(DIGITS)
}
