//! Electricity use (用电监管): when production and treatment ran, and whether they ran together. Pure.
//!
//! There is no national limit: the technical guide stands at its draft for comment, provinces have rules of their own. The defaults of
//! [`Tolerances`] are those of the reference table `electricity_rules` (rules E1–E3, E6, E8), marked unverified there; a bureau sets its own by
//! what its installers found.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

/// A stretch of time, its end not in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Span {
    /// Its first instant.
    pub from: Timestamp,
    /// The first instant after it.
    pub to: Timestamp,
}

impl Span {
    /// From one instant to another; nothing where that is not later.
    #[must_use]
    pub fn new(from: Timestamp, to: Timestamp) -> Option<Self> {
        (from < to).then_some(Self { from, to })
    }

    /// How long it is.
    #[must_use]
    pub fn length(self) -> SignedDuration {
        self.to.duration_since(self.from)
    }

    /// What two have in common.
    #[must_use]
    pub fn common(self, other: Self) -> Option<Self> {
        Self::new(self.from.max(other.from), self.to.min(other.to))
    }
}

/// What is forgiven.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Tolerances {
    /// E1: production alone for no longer than this.
    pub alone: SignedDuration,
    /// E2: treatment may start so long after production.
    pub late: SignedDuration,
    /// E3: treatment runs on so long after production, to purge.
    pub purge: SignedDuration,
    /// E8: no data for no longer than this.
    pub gap: SignedDuration,
    /// E6: production while it is ordered to stop, for no longer than this.
    pub stop: SignedDuration,
}

impl Default for Tolerances {
    fn default() -> Self {
        let minutes = SignedDuration::from_mins;
        Self { alone: minutes(10), late: minutes(5), purge: minutes(10), gap: minutes(30), stop: minutes(30) }
    }
}

/// When equipment ran, and when nothing is known of it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Running {
    /// It ran.
    pub on: Vec<Span>,
    /// Nothing was measured.
    pub unknown: Vec<Span>,
}

impl Running {
    /// From measured current or power, in the order of time: on where it is above `threshold`. A value holds until the next one, but no longer
    /// than `gap`; beyond that nothing is known. Only what lies in `within` counts.
    #[must_use]
    pub fn read(samples: &[(Timestamp, f64)], threshold: f64, gap: SignedDuration, within: Span) -> Self {
        let mut running = Self::default();
        let mut known_until = within.from;
        for (place, (at, value)) in samples.iter().enumerate() {
            let next = samples.get(place + 1).map_or(within.to, |(next, _)| *next);
            let holds_until = next.min(at.saturating_add(gap).unwrap_or(next));
            if let Some(dark) = Span::new(known_until, *at).and_then(|dark| dark.common(within)) {
                add(&mut running.unknown, dark);
            }
            if let Some(span) = Span::new(*at, holds_until).and_then(|span| span.common(within))
                && *value > threshold
            {
                add(&mut running.on, span);
            }
            known_until = known_until.max(holds_until);
        }
        if let Some(dark) = Span::new(known_until, within.to) {
            add(&mut running.unknown, dark);
        }
        running
    }

    /// How long it ran.
    #[must_use]
    pub fn total(&self) -> SignedDuration {
        total(&self.on)
    }

    /// Whether anything is known.
    #[must_use]
    pub fn is_known(&self, within: Span) -> bool {
        total(&self.unknown) < within.length()
    }
}

fn add(spans: &mut Vec<Span>, span: Span) {
    match spans.last_mut() {
        Some(last) if last.to >= span.from => last.to = last.to.max(span.to),
        _ => spans.push(span),
    }
}

fn total(spans: &[Span]) -> SignedDuration {
    spans.iter().map(|span| span.length()).sum()
}

/// What is left of `spans` outside of `others`; both in order, each without overlaps.
fn without(spans: &[Span], others: &[Span]) -> Vec<Span> {
    let mut left = Vec::new();
    for span in spans {
        let mut from = span.from;
        for other in others.iter().filter(|other| span.common(**other).is_some()) {
            left.extend(Span::new(from, other.from));
            from = from.max(other.to);
        }
        left.extend(Span::new(from, span.to));
    }
    left
}

/// Something wrong in a day of a process line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "fault")]
pub enum PowerFault {
    /// E1: production ran and no treatment did.
    Alone(Span),
    /// E2: treatment started so long after production.
    LateStart(Span),
    /// E3: treatment ended before production, or ran on shorter than it should: what is missing.
    EarlyStop(Span),
    /// E6: production ran although it was to stand still.
    InStop(Span),
    /// E8: no data.
    Missing(Span),
}

impl PowerFault {
    /// The rule in the reference table.
    #[must_use]
    pub fn rule(self) -> &'static str {
        match self {
            Self::Alone(_) => "E1",
            Self::LateStart(_) => "E2",
            Self::EarlyStop(_) => "E3",
            Self::InStop(_) => "E6",
            Self::Missing(_) => "E8",
        }
    }

    /// When.
    #[must_use]
    pub fn span(self) -> Span {
        match self {
            Self::Alone(span)
            | Self::LateStart(span)
            | Self::EarlyStop(span)
            | Self::InStop(span)
            | Self::Missing(span) => span,
        }
    }
}

/// How a day of a process line stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PowerVerdict {
    /// Treatment ran with production.
    Synchronous,
    /// Production did not run.
    Idle,
    /// Data are missing.
    Incomplete,
    /// Treatment started late or ended early.
    OutOfStep,
    /// Production ran without treatment, or against an order to stop.
    Violated,
}

/// Judges a stretch of a process line: production against treatment, and against orders to stop.
///
/// `within` is the stretch that was read, `now` the present. Nothing is judged beyond now: that treatment did not run on after production is said when
/// the time for which it should have run on has passed. What still goes on at the end of the stretch has no end yet. Where nothing is known of the
/// treatment, production is not said to have run alone.
#[must_use]
pub fn judge(
    production: &Running,
    treatment: &Running,
    ordered_to_stop: &[Span],
    tolerances: Tolerances,
    (within, now): (Span, Timestamp),
) -> (PowerVerdict, Vec<PowerFault>) {
    let read_to = within.to.min(now);
    let mut faults = Vec::new();
    let alone = without(&without(&production.on, &treatment.on), &treatment.unknown);
    for span in &alone {
        let begins_production = production.on.iter().any(|on| on.from == span.from);
        let ends_production = span.to < read_to && production.on.iter().any(|on| on.to == span.to);
        if span.length() > tolerances.alone {
            faults.push(PowerFault::Alone(*span));
        } else if begins_production && span.length() > tolerances.late {
            faults.push(PowerFault::LateStart(*span));
        } else if ends_production {
            faults.push(PowerFault::EarlyStop(*span));
        }
    }
    for on in &production.on {
        faults.extend(purged_too_short(*on, production, treatment, tolerances.purge, (read_to, now)));
    }
    for order in ordered_to_stop {
        let against = production.on.iter().filter_map(|on| on.common(*order));
        faults.extend(against.filter(|span| span.length() > tolerances.stop).map(PowerFault::InStop));
    }
    let mut dark: Vec<Span> = production.unknown.iter().chain(&treatment.unknown).copied().collect();
    dark.sort_unstable();
    dark.dedup();
    faults.extend(dark.into_iter().filter(|span| span.length() > tolerances.gap).map(PowerFault::Missing));
    faults.sort_by_key(|fault| fault.span());
    (verdict(production, &faults), faults)
}

/// Treatment that ran to the end of production and then stopped before the purge was over.
fn purged_too_short(
    on: Span,
    production: &Running,
    treatment: &Running,
    purge: SignedDuration,
    (read_to, now): (Timestamp, Timestamp),
) -> Option<PowerFault> {
    let running = treatment.on.iter().find(|running| running.from < on.to && running.to >= on.to)?;
    let wanted = on.to.saturating_add(purge).ok()?;
    let missing = Span::new(running.to, wanted.min(read_to))?;
    // The end of what is known is no end of the treatment.
    let in_the_dark =
        treatment.unknown.iter().chain(&production.unknown).any(|dark| dark.from <= running.to && dark.to > running.to);
    (wanted <= now && !in_the_dark).then_some(PowerFault::EarlyStop(missing))
}

fn verdict(production: &Running, faults: &[PowerFault]) -> PowerVerdict {
    let of = |fault: &PowerFault| match fault {
        PowerFault::Alone(_) | PowerFault::InStop(_) => PowerVerdict::Violated,
        PowerFault::LateStart(_) | PowerFault::EarlyStop(_) => PowerVerdict::OutOfStep,
        PowerFault::Missing(_) => PowerVerdict::Incomplete,
    };
    let sound = if production.on.is_empty() { PowerVerdict::Idle } else { PowerVerdict::Synchronous };
    faults.iter().map(of).chain([sound]).max().unwrap_or(sound)
}

#[cfg(test)]
mod tests {
    use test_case::test_case;

    use super::*;

    fn at(minute: i64) -> Timestamp {
        "2026-05-04T00:00:00+08:00".parse::<Timestamp>().unwrap() + SignedDuration::from_mins(minute)
    }

    fn day() -> Span {
        Span { from: at(0), to: at(1440) }
    }

    fn spans(minutes: &[(i64, i64)]) -> Vec<Span> {
        minutes.iter().map(|(from, to)| Span { from: at(*from), to: at(*to) }).collect()
    }

    fn running(on: &[(i64, i64)]) -> Running {
        Running { on: spans(on), unknown: Vec::new() }
    }

    fn told(faults: &[PowerFault]) -> Vec<(&'static str, i64, i64)> {
        let minute = |time: Timestamp| time.duration_since(at(0)).as_mins();
        faults.iter().map(|fault| (fault.rule(), minute(fault.span().from), minute(fault.span().to))).collect()
    }

    #[test]
    fn values_become_stretches() {
        let samples: Vec<(Timestamp, f64)> = (0..60)
            .filter(|minute| !(20..30).contains(minute))
            .map(|minute| (at(minute), if minute < 40 { 12.0 } else { 0.4 }))
            .collect();
        let hour = Span { from: at(0), to: at(60) };
        let read = Running::read(&samples, 1.0, SignedDuration::from_mins(2), hour);
        assert_eq!(read.on, spans(&[(0, 21), (30, 40)]));
        assert_eq!(read.unknown, spans(&[(21, 30)]), "the last value before a gap holds for two minutes");
        let nothing = Running::read(&[], 1.0, SignedDuration::from_mins(2), hour);
        assert!(nothing.unknown == [hour] && !nothing.is_known(hour));
    }

    #[test_case(&[(480, 1080)], &[(475, 1095)], PowerVerdict::Synchronous, &[]; "treatment first and last")]
    #[test_case(&[(480, 1080)], &[(484, 1095)], PowerVerdict::Synchronous, &[]; "four minutes late")]
    #[test_case(&[(480, 1080)], &[(485, 1095)], PowerVerdict::Synchronous, &[]; "exactly the tolerance")]
    #[test_case(&[(480, 1080)], &[(486, 1095)], PowerVerdict::OutOfStep, &[("E2", 480, 486)]; "six minutes late")]
    #[test_case(&[(480, 1080)], &[(490, 1095)], PowerVerdict::OutOfStep, &[("E2", 480, 490)]; "ten minutes late")]
    #[test_case(&[(480, 1080)], &[(491, 1095)], PowerVerdict::Violated, &[("E1", 480, 491)]; "eleven minutes alone")]
    #[test_case(&[(480, 1080)], &[(475, 1076)], PowerVerdict::OutOfStep, &[("E3", 1076, 1080)]; "treatment ends first")]
    #[test_case(&[(480, 600), (700, 800)], &[(475, 604), (695, 815)], PowerVerdict::OutOfStep, &[("E3", 604, 610)]; "purged too short")]
    #[test_case(&[(480, 1080)], &[(475, 600), (640, 1095)], PowerVerdict::Violated, &[("E1", 600, 640)]; "stopped in between")]
    #[test_case(&[(480, 1080)], &[(475, 600), (608, 1095)], PowerVerdict::Synchronous, &[]; "a short stop in between")]
    #[test_case(&[], &[(475, 600)], PowerVerdict::Idle, &[]; "no production")]
    #[test_case(&[(480, 1080)], &[], PowerVerdict::Violated, &[("E1", 480, 1080)]; "no treatment at all")]
    fn production_and_treatment(
        production: &[(i64, i64)],
        treatment: &[(i64, i64)],
        verdict: PowerVerdict,
        faults: &[(&str, i64, i64)],
    ) {
        let (found, why) =
            judge(&running(production), &running(treatment), &[], Tolerances::default(), (day(), at(2000)));
        assert_eq!((found, told(&why).as_slice()), (verdict, faults));
    }

    #[test_case(&[(480, 600)], &[(475, 604)], 604, &[]; "treatment still runs")]
    #[test_case(&[(480, 600)], &[(475, 604)], 609, &[]; "the time to run on has not passed")]
    #[test_case(&[(480, 600)], &[(475, 604)], 610, &[("E3", 604, 610)]; "it has passed")]
    #[test_case(&[(480, 600)], &[(475, 600)], 600, &[]; "both still run")]
    #[test_case(&[(480, 600)], &[(475, 597)], 600, &[]; "a short stop while production goes on")]
    #[test_case(&[(480, 600)], &[(475, 597)], 601, &[("E3", 597, 600)]; "treatment ended before production")]
    #[test_case(&[(480, 500)], &[], 483, &[]; "treatment may still start")]
    #[test_case(&[(480, 491)], &[], 491, &[("E1", 480, 491)]; "production alone for too long already")]
    fn nothing_is_judged_beyond_now(
        production: &[(i64, i64)],
        treatment: &[(i64, i64)],
        now: i64,
        faults: &[(&str, i64, i64)],
    ) {
        let within = Span { from: at(0), to: at(now) };
        let clipped =
            |on: &[(i64, i64)]| running(&on.iter().map(|(from, to)| (*from, (*to).min(now))).collect::<Vec<_>>());
        let judged = judge(&clipped(production), &clipped(treatment), &[], Tolerances::default(), (within, at(now)));
        assert_eq!(told(&judged.1).as_slice(), faults);
        assert!(judged.1.iter().all(|fault| fault.span().to <= at(now)));
    }

    #[test]
    fn a_purge_that_midnight_cuts_is_judged_when_it_has_passed() {
        let judged = |treatment: (i64, i64), now: i64| {
            let (production, treatment) = (running(&[(1300, 1435)]), running(&[treatment]));
            told(&judge(&production, &treatment, &[], Tolerances::default(), (day(), at(now))).1)
        };
        assert_eq!(judged((1290, 1438), 1444), [], "five minutes after production");
        assert_eq!(judged((1290, 1438), 1445), [("E3", 1438, 1440)]);
        assert_eq!(judged((1290, 1440), 1445), [], "it runs on into the next day");
    }

    #[test]
    fn an_order_to_stop_is_kept_or_not() {
        let order = spans(&[(0, 1440)]);
        let judged = |production: &[(i64, i64)]| {
            judge(&running(production), &running(&[(0, 1440)]), &order, Tolerances::default(), (day(), at(2000)))
        };
        assert_eq!(judged(&[(480, 510)]).0, PowerVerdict::Synchronous, "thirty minutes to run down");
        assert_eq!(told(&judged(&[(480, 511)]).1), [("E6", 480, 511)]);
    }

    #[test]
    fn what_is_not_known_is_no_violation() {
        let treatment = Running { on: spans(&[(475, 600)]), unknown: spans(&[(600, 700)]) };
        let (verdict, faults) =
            judge(&running(&[(480, 700)]), &treatment, &[], Tolerances::default(), (day(), at(2000)));
        assert_eq!((verdict, told(&faults).as_slice()), (PowerVerdict::Incomplete, [("E8", 600, 700)].as_slice()));
        assert!(treatment.is_known(day()));
    }
}
