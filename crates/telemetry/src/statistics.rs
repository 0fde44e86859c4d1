//! Statistics of hours, days and months that say how much was measured: every mean with its data capture (数据捕获率) and whether it is valid.
//!
//! They are reckoned from what is stored whenever they are asked for, so late data and reviews are in them at once. What retention has let go lives
//! on in the summaries of its hours.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp, civil::Date};

use crate::intake::beijing;
use crate::{Averaging, Kind, Observation, Series, Store, StoreError};

/// An instant stands for the time to the next one, but no longer than this.
const LONGEST_INSTANT: i64 = 300_000;

/// Milliseconds of an hour.
pub(crate) const HOUR: i64 = 3_600_000;

/// What a statistic is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Period {
    /// One hour.
    Hour,
    /// One Beijing day.
    Day,
    /// One Beijing month.
    Month,
}

/// How much must have been measured for a mean to be valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Requirement {
    /// Minutes of an hour.
    pub hour_minutes: u32,
    /// Valid hours of a day.
    pub day_hours: u32,
    /// Valid days of a month; in February two fewer.
    pub month_days: u32,
}

impl Requirement {
    /// What holds for a kind of station.
    ///
    /// Air: GB 3095-2012 and -2026, table 4 (45 minutes, 20 hours, 27 days, in February 25). Others: 45 minutes and 20 hours as HJ 75-2017 has it for
    /// emissions (not checked against its text). Surface water is measured every four hours: one value makes the hour, four of six the day (a setting
    /// of this product: HJ 915 was not seen).
    #[must_use]
    pub fn of_station(kind: &str) -> Requirement {
        match kind {
            "water" => Requirement { hour_minutes: 0, day_hours: 4, month_days: 27 },
            _ => Requirement { hour_minutes: 45, day_hours: 20, month_days: 27 },
        }
    }

    fn days_of(&self, month: Date) -> u32 {
        if month.month() == 2 { self.month_days.saturating_sub(2) } else { self.month_days }
    }
}

/// The statistic of one period.
#[derive(Debug, Clone, PartialEq)]
pub struct PeriodStatistic {
    /// First instant.
    pub from: Timestamp,
    /// The instant behind the last.
    pub to: Timestamp,
    /// Mean of the parts that count, as [`Averaging`] has it: of levels of noise by their energies, of pH by the ions. `None` if none counts.
    pub mean: Option<f64>,
    /// Least value.
    pub min: Option<f64>,
    /// Largest value.
    pub max: Option<f64>,
    /// Parts that count: values of an hour, valid hours of a day, valid days of a month.
    pub parts: u32,
    /// Part of the time that was measured and counts, 0 to 1; `None` where only the device's own mean of the hour is known.
    pub capture: Option<f64>,
    /// Whether enough was measured.
    pub valid: bool,
}

/// What is known of an hour of one series.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Hourly {
    pub sum: f64,
    /// Sum of what logarithms are averaged by ([`Averaging`]): of levels of noise 10^(L/10), of pH 10^−pH; 0 of anything else.
    pub energy: f64,
    pub min: f64,
    pub max: f64,
    pub count: u32,
    /// Values that do not count.
    pub marked: u32,
    pub covered_s: u32,
}

impl Hourly {
    const NOTHING: Hourly =
        Hourly { sum: 0.0, energy: 0.0, min: f64::INFINITY, max: f64::NEG_INFINITY, count: 0, marked: 0, covered_s: 0 };

    pub(crate) fn with(self, other: Hourly) -> Hourly {
        Hourly {
            sum: self.sum + other.sum,
            energy: self.energy + other.energy,
            min: self.min.min(other.min),
            max: self.max.max(other.max),
            count: self.count + other.count,
            marked: self.marked + other.marked,
            covered_s: (self.covered_s + other.covered_s).min(3600),
        }
    }

    pub(crate) fn mean(&self, averaging: Averaging) -> Option<f64> {
        let sum = if averaging == Averaging::Plain { self.sum } else { self.energy };
        (self.count > 0).then(|| averaging.value(sum / f64::from(self.count)))
    }

    /// An hour of pH of which an earlier version kept the plain sum alone: as if each of its values had been their mean.
    fn filled(self, averaging: Averaging) -> Hourly {
        if averaging != Averaging::Ions || self.count == 0 || self.energy > 0.0 {
            return self;
        }
        let count = f64::from(self.count);
        Hourly { energy: count * averaging.power(self.sum / count), ..self }
    }
}

/// Sums values that come nearly in the order of time into their hours.
pub(crate) struct Fold {
    averaging: Averaging,
    hours: BTreeMap<i64, Hourly>,
    running: Option<(i64, Hourly)>,
    /// The last valid instant: how long it stands for is known when the next one comes.
    pending: Option<i64>,
}

impl Fold {
    pub(crate) fn of(factor: &str) -> Fold {
        Fold { averaging: Averaging::of(factor), hours: BTreeMap::new(), running: None, pending: None }
    }

    /// Takes up a value: when it begins, and for how many seconds it stands (0 for an instant).
    pub(crate) fn add(&mut self, at: i64, value: f64, valid: bool, period_s: u32) {
        self.settle(at);
        let averaging = self.averaging;
        let energy = if averaging == Averaging::Plain { 0.0 } else { averaging.power(value) };
        let hour = self.hour(at.div_euclid(HOUR));
        if !valid || !averaging.takes(value) {
            hour.marked += 1;
            return;
        }
        hour.sum += value;
        hour.energy += energy;
        hour.min = hour.min.min(value);
        hour.max = hour.max.max(value);
        hour.count += 1;
        hour.covered_s = (hour.covered_s + period_s).min(3600);
        if period_s == 0 {
            self.pending = Some(at);
        }
    }

    /// The hour that is being summed; another one is put away first.
    fn hour(&mut self, hour: i64) -> &mut Hourly {
        if let Some((running, sums)) = self.running.take_if(|(running, _)| *running != hour) {
            self.put(running, sums);
        }
        &mut self.running.get_or_insert((hour, Hourly::NOTHING)).1
    }

    pub(crate) fn put(&mut self, hour: i64, sums: Hourly) {
        let sums = sums.filled(self.averaging);
        let known = self.hours.entry(hour).or_insert(Hourly::NOTHING);
        *known = known.with(sums);
    }

    /// The last instant stands until `next`.
    fn settle(&mut self, next: i64) {
        let Some(last) = self.pending.take() else { return };
        let covered = u32::try_from((next - last).clamp(0, LONGEST_INSTANT) / 1000).unwrap_or(0);
        let hour = self.hour(last.div_euclid(HOUR));
        hour.covered_s = (hour.covered_s + covered).min(3600);
    }

    pub(crate) fn finish(mut self) -> BTreeMap<i64, Hourly> {
        if let Some(last) = self.pending {
            self.settle(last + 60_000);
        }
        if let Some((running, sums)) = self.running.take() {
            self.put(running, sums);
        }
        self.hours
    }
}

/// An hour as days and months see it.
struct Hour {
    mean: Option<f64>,
    known: Hourly,
    capture: Option<f64>,
    valid: bool,
}

impl Store {
    /// Statistics of a factor at a station for every period that touches `from..to` and of which anything is known: the one that still runs with what
    /// it has.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn statistics(
        &self,
        station: &str,
        factor: &str,
        period: Period,
        (from, to): (Timestamp, Timestamp),
        requirement: Requirement,
    ) -> Result<Vec<PeriodStatistic>, StoreError> {
        let (from, to) = (start_of(period, from), end_of(period, to));
        let hours = self.hours_of(station, factor, from, to, requirement)?;
        let averaging = Averaging::of(factor);
        let hour = |hour: i64| Timestamp::from_millisecond(hour * HOUR).unwrap_or(Timestamp::MIN);
        if period == Period::Hour {
            let statistic = |(start, known): (&i64, &Hour)| of_hour(hour(*start), known);
            return Ok(hours.iter().map(statistic).collect());
        }
        let mut days: BTreeMap<Date, Vec<&Hour>> = BTreeMap::new();
        for (start, known) in &hours {
            days.entry(beijing(hour(*start)).date()).or_default().push(known);
        }
        let days: Vec<(Date, PeriodStatistic)> =
            days.into_iter().map(|(day, hours)| (day, of_day(day, &hours, averaging, requirement))).collect();
        if period == Period::Day {
            return Ok(days.into_iter().map(|(_, day)| day).collect());
        }
        let months = days.chunk_by(|(one, _), (other, _)| one.first_of_month() == other.first_of_month());
        Ok(months.map(|days| of_month(days, averaging, requirement)).collect())
    }

    /// Hours of a factor: minutes where there are any, else instants; the device's own mean where it is good, and where there is nothing else.
    fn hours_of(
        &self,
        station: &str,
        factor: &str,
        from: Timestamp,
        to: Timestamp,
        requirement: Requirement,
    ) -> Result<BTreeMap<i64, Hour>, StoreError> {
        let mut known = self.hourly(&Series::main(station, factor, Kind::Realtime), from, to)?;
        known.extend(self.hourly(&Series::main(station, factor, Kind::Minute), from, to)?);
        let mut sent: BTreeMap<i64, Observation> = BTreeMap::new();
        for hour in self.range(&Series::main(station, factor, Kind::Hour), from, to)? {
            if hour.is_valid() {
                sent.insert(hour.at.as_millisecond().div_euclid(HOUR), hour);
            }
        }
        let averaging = Averaging::of(factor);
        let mut hours: BTreeMap<i64, Hour> = BTreeMap::new();
        for (start, known) in known {
            let mean = sent.get(&start).map(|sent| sent.value).or(known.mean(averaging));
            let enough = known.covered_s >= requirement.hour_minutes * 60 && known.count > 0;
            let capture = Some(f64::from(known.covered_s) / 3600.0);
            hours.insert(start, Hour { mean, known, capture, valid: mean.is_some() && enough });
        }
        for (start, sent) in sent {
            let value = sent.value;
            let alone = Hourly { sum: value, min: value, max: value, count: 1, ..Hourly::NOTHING };
            hours.entry(start).or_insert(Hour { mean: Some(value), known: alone, capture: None, valid: true });
        }
        Ok(hours)
    }
}

fn of_hour(from: Timestamp, hour: &Hour) -> PeriodStatistic {
    let some = hour.known.count > 0;
    PeriodStatistic {
        from,
        to: from + SignedDuration::from_hours(1),
        mean: hour.mean,
        min: some.then_some(hour.known.min),
        max: some.then_some(hour.known.max),
        parts: hour.known.count,
        capture: hour.capture,
        valid: hour.valid,
    }
}

fn of_day(day: Date, hours: &[&Hour], averaging: Averaging, requirement: Requirement) -> PeriodStatistic {
    let valid: Vec<&Hour> = hours.iter().copied().filter(|hour| hour.valid).collect();
    let means: Vec<f64> = valid.iter().filter_map(|hour| hour.mean).collect();
    let parts = u32::try_from(means.len()).unwrap_or(u32::MAX);
    let captured: f64 = hours.iter().map(|hour| hour.capture.unwrap_or(f64::from(u8::from(hour.valid)))).sum();
    let (from, to) = (midnight(day), midnight(day.tomorrow().unwrap_or(day)));
    let least = valid.iter().map(|hour| hour.known.min).fold(f64::INFINITY, f64::min);
    let most = valid.iter().map(|hour| hour.known.max).fold(f64::NEG_INFINITY, f64::max);
    PeriodStatistic {
        from,
        to,
        mean: averaging.mean(&means),
        min: (parts > 0).then_some(least),
        max: (parts > 0).then_some(most),
        parts,
        capture: Some(captured / 24.0),
        valid: parts > 0 && parts >= requirement.day_hours,
    }
}

fn of_month(days: &[(Date, PeriodStatistic)], averaging: Averaging, requirement: Requirement) -> PeriodStatistic {
    let first = days.first().map_or(Date::MIN, |(day, _)| day.first_of_month());
    let end = first.last_of_month().tomorrow().unwrap_or(first);
    let valid: Vec<&PeriodStatistic> = days.iter().map(|(_, day)| day).filter(|day| day.valid).collect();
    let means: Vec<f64> = valid.iter().filter_map(|day| day.mean).collect();
    let parts = u32::try_from(means.len()).unwrap_or(u32::MAX);
    let captured: f64 = days.iter().filter_map(|(_, day)| day.capture).sum();
    PeriodStatistic {
        from: midnight(first),
        to: midnight(end),
        mean: averaging.mean(&means),
        min: valid.iter().filter_map(|day| day.min).reduce(f64::min),
        max: valid.iter().filter_map(|day| day.max).reduce(f64::max),
        parts,
        capture: Some(captured / f64::from(first.days_in_month())),
        valid: parts > 0 && parts >= requirement.days_of(first),
    }
}

fn midnight(day: Date) -> Timestamp {
    crate::intake::instant_of(day.at(0, 0, 0, 0))
}

/// The end of the period in which the instant before lies.
fn end_of(period: Period, at: Timestamp) -> Timestamp {
    let last = start_of(period, at.saturating_sub(SignedDuration::from_millis(1)).unwrap_or(at));
    let after = match period {
        Period::Hour => return last.saturating_add(SignedDuration::from_hours(1)).unwrap_or(at),
        Period::Day => beijing(last).date().tomorrow(),
        Period::Month => beijing(last).date().last_of_month().tomorrow(),
    };
    after.map_or(at, midnight)
}

fn start_of(period: Period, at: Timestamp) -> Timestamp {
    let here = beijing(at);
    match period {
        Period::Hour => Timestamp::from_millisecond(at.as_millisecond().div_euclid(HOUR) * HOUR).unwrap_or(at),
        Period::Day => midnight(here.date()),
        Period::Month => midnight(here.date().first_of_month()),
    }
}
