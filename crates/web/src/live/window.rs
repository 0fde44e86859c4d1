//! Any span of a factor at a station, in about as many points as a screen can show: instants, minutes, hours or days, by how long the span is.

use bilan_telemetry::{Kind, Observation, Period, PeriodStatistic, Requirement, Series, Store, StoreError};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::factors::is_possible;
use super::registered::Station;

/// How fine the points are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Grain {
    /// Instants as they came.
    Instants,
    /// Minutes as they came; of instants the means of five minutes.
    Minutes,
    /// Hours.
    Hours,
    /// Days.
    Days,
}

impl Grain {
    /// All of them, the finest first.
    pub(super) const ALL: [Grain; 4] = [Grain::Instants, Grain::Minutes, Grain::Hours, Grain::Days];

    /// Name in addresses and texts.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Grain::Instants => "instants",
            Grain::Minutes => "minutes",
            Grain::Hours => "hours",
            Grain::Days => "days",
        }
    }

    /// The finest in which a span is not too much for a screen.
    pub(super) fn fitting(span: SignedDuration) -> Grain {
        match span.as_hours() {
            ..=3 => Grain::Instants,
            4..=72 => Grain::Minutes,
            73..=2400 => Grain::Hours,
            _ => Grain::Days,
        }
    }

    /// Longest distance of two points between which a line is drawn, seconds.
    pub(super) const fn gap(self) -> i64 {
        match self {
            Grain::Instants => 180,
            Grain::Minutes => 900,
            Grain::Hours => 2 * 3600,
            Grain::Days => 36 * 3600,
        }
    }
}

/// A point: a value, or what is known of a period.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct WindowPoint {
    /// Unix seconds under which it is shown: hours at their end, everything else at its begin.
    pub(super) at: i64,
    /// Unix seconds at which what it stands for ends: under this it leaves in files.
    #[serde(skip)]
    pub(super) ends: i64,
    /// Seconds that it stands for; 0 for an instant.
    #[serde(skip)]
    pub(super) period_s: i64,
    /// Value or mean.
    pub(super) value: f64,
    /// Least value of the period.
    pub(super) low: Option<f64>,
    /// Largest value of the period.
    pub(super) high: Option<f64>,
    /// Whether it counts.
    pub(super) valid: bool,
    /// The device's mark, or how much of the period was measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) note: Option<String>,
}

/// The points of a span, in order. An hour or a day that still runs at `now` is there with what it has, and does not count.
pub(super) fn points(
    store: &Store,
    station: &Station,
    factor: &str,
    (from, to): (Timestamp, Timestamp),
    grain: Grain,
    now: Timestamp,
) -> Result<Vec<WindowPoint>, StoreError> {
    let number = &station.number;
    let range = |kind| store.range(&Series::main(number, factor, kind), from, to);
    let period = match grain {
        Grain::Instants => {
            let instants = range(Kind::Realtime)?;
            let values = if instants.is_empty() { range(Kind::Minute)? } else { instants };
            return Ok(values.iter().map(single).collect());
        }
        Grain::Minutes => {
            let minutes = range(Kind::Minute)?;
            if minutes.is_empty() {
                return Ok(five_minutes(&range(Kind::Realtime)?, factor));
            }
            return Ok(minutes.iter().map(single).collect());
        }
        Grain::Hours => Period::Hour,
        Grain::Days => Period::Day,
    };
    let requirement = Requirement::of_station(station.kind.key());
    let known = store.statistics(number, factor, period, (from, to), requirement)?;
    Ok(known.iter().filter_map(|statistic| reckoned(statistic, period, now)).collect())
}

fn single(value: &Observation) -> WindowPoint {
    WindowPoint {
        at: value.at.as_second(),
        ends: value.end().as_second(),
        period_s: i64::from(value.period_s),
        value: value.value,
        low: None,
        high: None,
        valid: value.is_valid(),
        note: value.flag.clone().filter(|flag| flag != "N"),
    }
}

fn reckoned(statistic: &PeriodStatistic, period: Period, now: Timestamp) -> Option<WindowPoint> {
    let valid = statistic.valid && statistic.to <= now;
    let at = if period == Period::Hour { statistic.to } else { statistic.from };
    Some(WindowPoint {
        at: at.as_second(),
        ends: statistic.to.as_second(),
        period_s: statistic.to.as_second() - statistic.from.as_second(),
        value: statistic.mean?,
        low: statistic.min,
        high: statistic.max,
        valid,
        note: statistic.capture.filter(|_| !valid).map(|capture| format!("{:.0}%", capture * 100.0)),
    })
}

fn five_minutes(values: &[Observation], factor: &str) -> Vec<WindowPoint> {
    let step = |value: &Observation| value.at.as_second().div_euclid(300);
    values
        .chunk_by(|left, right| step(left) == step(right))
        .filter_map(|together| {
            let counted: Vec<f64> = together
                .iter()
                .filter(|value| value.is_valid() && is_possible(factor, value.value))
                .map(|value| value.value)
                .collect();
            Some(WindowPoint {
                at: step(together.first()?) * 300,
                ends: (step(together.first()?) + 1) * 300,
                period_s: 300,
                value: super::curve::mean(&counted, factor)?,
                low: counted.iter().copied().reduce(f64::min),
                high: counted.iter().copied().reduce(f64::max),
                valid: true,
                note: None,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use test_case::test_case;

    use super::*;

    #[test_case(1, Grain::Instants)]
    #[test_case(3, Grain::Instants)]
    #[test_case(24, Grain::Minutes)]
    #[test_case(72, Grain::Minutes)]
    #[test_case(7 * 24, Grain::Hours)]
    #[test_case(366 * 24, Grain::Days)]
    fn a_screen_shows_no_more_than_it_can(hours: i64, expected: Grain) {
        assert_eq!(Grain::fitting(SignedDuration::from_hours(hours)), expected);
    }
}
