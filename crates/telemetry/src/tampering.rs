//! Signs that values of an enterprise were made up (弄虚作假线索). Pure: shown a day of one series, it says what no honest instrument would show.
//!
//! A sign is a reason to look, not a proof; the numbers it rests on stand beside it. The bounds are ours: no standard gives any.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::Observation;
use crate::intake::beijing;

/// Fewer values of a day say nothing.
const ENOUGH: usize = 100;
/// A step between neighbours that is smaller than this part of the mean is no noise of an instrument.
const SMOOTH: f64 = 0.000_5;
/// Values from this part of the limit up to it lie just under it.
const JUST_UNDER: f64 = 0.93;
/// Part of the values that must lie there.
const PINNED: f64 = 0.6;
/// Part of the values that must be those of the day before.
const REPEATED: f64 = 0.95;
/// Values above the limit before it is said when they were.
const CROSSINGS: usize = 20;
/// Spells of calibration or maintenance in a day that are too many.
const SPELLS: usize = 4;
/// A mark that begins so soon after high values hides them.
const HIDES: SignedDuration = SignedDuration::from_mins(15);

/// What no honest instrument shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SignKind {
    /// Changes without the noise that every instrument has.
    TooSmooth,
    /// Most values lie just under the limit, and none above.
    PinnedUnderLimit,
    /// The day is the day before again.
    RepeatedDay,
    /// Above the limit in the night only.
    NightOnly,
    /// Calibration or maintenance begins again and again, or just when values are high.
    CalibrationAbuse,
    /// Production runs and nothing comes out.
    OutOfStep,
}

impl SignKind {
    /// Name in snake case.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            SignKind::TooSmooth => "too_smooth",
            SignKind::PinnedUnderLimit => "pinned_under_limit",
            SignKind::RepeatedDay => "repeated_day",
            SignKind::NightOnly => "night_only",
            SignKind::CalibrationAbuse => "calibration_abuse",
            SignKind::OutOfStep => "out_of_step",
        }
    }
}

/// A sign with what it rests on.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Sign {
    /// Which.
    pub kind: SignKind,
    /// Values or spells that show it.
    pub shown: usize,
    /// Of so many.
    pub of: usize,
}

/// A day of one series as it was sent, the day before it, and the limit that holds there.
#[derive(Debug, Clone, Copy)]
pub struct Day<'a> {
    /// Values in the order of time.
    pub values: &'a [Observation],
    /// Those of the day before.
    pub before: &'a [Observation],
    /// Limit of the factor, if there is one.
    pub limit: Option<f64>,
}

/// The signs of a day.
#[must_use]
pub fn signs(day: Day<'_>) -> Vec<Sign> {
    let counted: Vec<&Observation> = day.values.iter().filter(|value| value.is_valid()).collect();
    let mut found = Vec::new();
    if counted.len() >= ENOUGH {
        found.extend(smooth(&counted));
        found.extend(repeated(&counted, day.before));
        if let Some(limit) = day.limit {
            found.extend(pinned(&counted, limit));
            found.extend(at_night(&counted, limit));
        }
    }
    found.extend(calibrated(day));
    found
}

fn smooth(values: &[&Observation]) -> Option<Sign> {
    let mean = values.iter().map(|value| value.value.abs()).sum::<f64>() / values.len() as f64;
    let still = values.windows(2).filter(|pair| (pair[1].value - pair[0].value).abs() <= SMOOTH * mean).count();
    let first = values.first()?.value;
    // A line that is flat is a fault of its own, and nothing is as smooth as nothing.
    let moves = mean > 0.0 && values.iter().any(|value| (value.value - first).abs() > 0.01 * mean);
    (moves && still * 100 >= (values.len() - 1) * 98).then_some(Sign {
        kind: SignKind::TooSmooth,
        shown: still,
        of: values.len() - 1,
    })
}

fn pinned(values: &[&Observation], limit: f64) -> Option<Sign> {
    let above = values.iter().any(|value| value.value > limit);
    let under = values.iter().filter(|value| value.value >= JUST_UNDER * limit).count();
    let many = under as f64 >= PINNED * values.len() as f64;
    (!above && many).then_some(Sign { kind: SignKind::PinnedUnderLimit, shown: under, of: values.len() })
}

fn repeated(values: &[&Observation], before: &[Observation]) -> Option<Sign> {
    let day = SignedDuration::from_hours(24);
    let (mut same, mut both) = (0, 0);
    for value in values {
        let then = value.at - day;
        if let Ok(place) = before.binary_search_by_key(&then, |other| other.at) {
            both += 1;
            same += usize::from(before[place].value == value.value);
        }
    }
    let first = values.first()?.value;
    // What stands still is the same every day.
    let moves = values.iter().filter(|value| value.value != first).count() * 4 >= values.len();
    (moves && both >= ENOUGH && same as f64 >= REPEATED * both as f64).then_some(Sign {
        kind: SignKind::RepeatedDay,
        shown: same,
        of: both,
    })
}

fn at_night(values: &[&Observation], limit: f64) -> Option<Sign> {
    let above: Vec<Timestamp> = values.iter().filter(|value| value.value > limit).map(|value| value.at).collect();
    let nightly = above.iter().filter(|at| !(6..22).contains(&beijing(**at).hour())).count();
    (above.len() >= CROSSINGS && nightly == above.len()).then_some(Sign {
        kind: SignKind::NightOnly,
        shown: nightly,
        of: above.len(),
    })
}

/// Whether a mark takes values out for work on the instrument: `C` calibration, `M` maintenance.
fn is_work(value: &Observation) -> bool {
    matches!(value.flag.as_deref(), Some("C" | "M"))
}

fn calibrated(day: Day<'_>) -> Option<Sign> {
    let mut spells = 0;
    let mut hiding = 0;
    let mut last: Option<&Observation> = None;
    for value in day.values {
        let began = is_work(value) && last.is_none_or(|last| !is_work(last));
        if began {
            spells += 1;
            let high = |before: &Observation| {
                let near = value.at.duration_since(before.at) <= HIDES;
                near && day.limit.is_some_and(|limit| before.value > 0.9 * limit)
            };
            hiding += usize::from(last.is_some_and(high));
        }
        last = Some(value);
    }
    (spells >= SPELLS || hiding >= 2).then_some(Sign {
        kind: SignKind::CalibrationAbuse,
        shown: hiding.max(spells),
        of: spells,
    })
}

/// Production ran for hours and what should come out of it did not: `emission` holds the values of a flow or concentration, `ran` says whether
/// production ran at an instant.
#[must_use]
pub fn out_of_step(emission: &[Observation], ran: impl Fn(Timestamp) -> bool) -> Option<Sign> {
    let counted: Vec<&Observation> = emission.iter().filter(|value| value.is_valid()).collect();
    let most = counted.iter().map(|value| value.value).fold(0.0, f64::max);
    let running: Vec<&&Observation> = counted.iter().filter(|value| ran(value.at)).collect();
    let nothing = running.iter().filter(|value| value.value <= 0.02 * most).count();
    let enough = running.len() >= ENOUGH && nothing * 2 >= running.len();
    enough.then_some(Sign { kind: SignKind::OutOfStep, shown: nothing, of: running.len() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Kind, Series};

    /// Ten-minute values of a day from midnight, as a function of their place says.
    fn day(number: i64, value: impl Fn(usize) -> (f64, &'static str)) -> Vec<Observation> {
        let midnight =
            "2024-06-03T00:00:00+08:00".parse::<Timestamp>().unwrap() + SignedDuration::from_hours(24 * number);
        (0..144)
            .map(|place| {
                let (value, flag) = value(place);
                Observation {
                    series: Series::main("P1", "w01018", Kind::Minute),
                    at: midnight + SignedDuration::from_mins(10 * place as i64),
                    period_s: 600,
                    value,
                    text: value.to_string(),
                    flag: Some(flag.to_owned()),
                    reviewed: None,
                }
            })
            .collect()
    }

    /// An instrument's noise: from -1 to 1, never the same again.
    fn noise(place: usize) -> f64 {
        ((place * 7919 + 13) % 1009) as f64 / 504.5 - 1.0
    }

    fn found(values: &[Observation], before: &[Observation]) -> Vec<SignKind> {
        signs(Day { values, before, limit: Some(50.0) }).into_iter().map(|sign| sign.kind).collect()
    }

    #[test]
    fn an_honest_day_shows_nothing() {
        let honest = |shift: usize| move |place: usize| (30.0 + 6.0 * noise(place + shift), "N");
        assert_eq!(found(&day(0, honest(0)), &day(-1, honest(500))), []);
        assert_eq!(found(&day(0, |_| (0.0, "N")), &day(-1, |_| (0.0, "N"))), [], "a plant that stands still");
        let dirty = |place: usize| (if place.is_multiple_of(9) { 55.0 } else { 30.0 + noise(place) }, "N");
        assert_eq!(found(&day(0, dirty), &[]), [], "above the limit by day and by night: found by the limit itself");
    }

    #[test]
    fn a_line_without_noise_is_found() {
        let drawn = |place: usize| (30.0 + 0.01 * place as f64, "N");
        assert_eq!(found(&day(0, drawn), &[]), [SignKind::TooSmooth]);
    }

    #[test]
    fn values_that_stop_just_under_the_limit_are_found() {
        let capped = |place: usize| (49.0 + 0.9 * noise(place), "N");
        assert_eq!(found(&day(0, capped), &[]), [SignKind::PinnedUnderLimit]);
    }

    #[test]
    fn a_day_that_was_there_before_is_found() {
        let same = |place: usize| (30.0 + 6.0 * noise(place), "N");
        assert_eq!(found(&day(0, same), &day(-1, same)), [SignKind::RepeatedDay]);
    }

    #[test]
    fn a_limit_that_is_crossed_only_at_night_is_found() {
        let nightly = |place: usize| (if place < 30 { 60.0 } else { 30.0 } + 3.0 * noise(place), "N");
        assert_eq!(found(&day(0, nightly), &[]), [SignKind::NightOnly]);
    }

    #[test]
    fn calibration_that_comes_when_values_rise_is_found() {
        let abused = |place: usize| match place % 60 {
            20..22 => (48.0, "N"),
            22..26 => (48.0, "C"),
            _ => (30.0 + 5.0 * noise(place), "N"),
        };
        assert_eq!(found(&day(0, abused), &[]), [SignKind::CalibrationAbuse]);
        let weekly = |place: usize| (30.0 + 5.0 * noise(place), if (60..66).contains(&place) { "C" } else { "N" });
        assert_eq!(found(&day(0, weekly), &[]), [], "once a day is upkeep");
    }

    #[test]
    fn production_without_emission_is_found() {
        let emission = day(0, |place| (if place < 12 { 40.0 } else { 0.1 }, "N"));
        let sign = out_of_step(&emission, |_| true).unwrap();
        assert_eq!((sign.kind, sign.shown, sign.of), (SignKind::OutOfStep, 132, 144));
        assert_eq!(out_of_step(&emission, |_| false), None, "nothing ran");
    }
}
