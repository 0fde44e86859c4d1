//! What one rule does with one value of a station: it rises, opens, keeps open, clears.

use jiff::{SignedDuration, Timestamp};

use crate::Warning;
use crate::rules::{Rule, Scene, Task, Text};

/// A pause longer than this breaks a run of values beyond the limit.
const LONGEST_PAUSE: SignedDuration = SignedDuration::from_hours(1);

#[derive(Debug, Clone)]
pub(super) enum State {
    /// Beyond the limit since then, not yet long enough.
    Rising { since: Timestamp, peak: f64 },
    /// Warned; calm since then, not yet long enough.
    Open { warning: Box<Warning>, calm_since: Option<Timestamp> },
}

#[derive(Debug, Clone)]
pub(super) struct Watched {
    pub state: Option<State>,
    pub last: Timestamp,
}

impl Watched {
    pub(super) const NEW: Watched = Watched { state: None, last: Timestamp::MIN };
}

#[derive(Debug, Clone)]
pub(super) struct Heard {
    pub name: String,
    pub kind: String,
    pub at: Timestamp,
    /// What expressions may ask; kept only where one does.
    pub scene: Option<Box<Scene>>,
    /// The station is being looked after: nothing opens.
    pub maintained: bool,
}

/// What a rule is shown: a value and what it makes of it.
pub(super) struct Reading<'a> {
    pub at: Timestamp,
    pub end: Timestamp,
    pub value: f64,
    pub threshold: f64,
    /// It opens.
    pub holds: bool,
    /// It keeps open what is open.
    pub keeps: bool,
    pub upward: bool,
    pub factor: &'a str,
    pub lasting: SignedDuration,
    pub calm: SignedDuration,
}

pub(super) fn step(
    rule: &Rule,
    watched: &mut Watched,
    reading: &Reading<'_>,
    station: &str,
    heard: &Heard,
    now: Timestamp,
) -> Option<Warning> {
    let &Reading { at, end, value, threshold, holds, keeps, upward, factor, lasting, calm } = reading;
    let paused = watched.last != Timestamp::MIN && at.duration_since(watched.last) > LONGEST_PAUSE.max(lasting);
    watched.last = at.max(watched.last);
    let worse = |peak: f64| if upward { peak.max(value) } else { peak.min(value) };
    match watched.state.take() {
        Some(State::Open { mut warning, calm_since }) => {
            warning.peak = worse(warning.peak);
            if keeps {
                watched.state = Some(State::Open { warning, calm_since: None });
                return None;
            }
            let since = calm_since.unwrap_or(at);
            if end.duration_since(since) >= calm {
                warning.cleared_at = Some(now);
                return Some(*warning);
            }
            watched.state = Some(State::Open { warning, calm_since: Some(since) });
            None
        }
        rising => {
            if !holds || heard.maintained {
                return None;
            }
            let (since, peak) = match rising {
                Some(State::Rising { since, peak }) if !paused => (since, worse(peak)),
                _ => (at, value),
            };
            let lasted = end.duration_since(since);
            if lasted < lasting || rule.quiet.is_some_and(|quiet| quiet.covers(at)) {
                watched.state = Some(State::Rising { since, peak });
                return None;
            }
            let facts = Facts { value, threshold, lasted, factor };
            let mut warning = open(rule, station, heard, &facts, now);
            warning.peak = peak;
            watched.state = Some(State::Open { warning: Box::new(warning.clone()), calm_since: None });
            Some(warning)
        }
    }
}

pub(super) struct Facts<'a> {
    pub value: f64,
    pub threshold: f64,
    pub lasted: SignedDuration,
    pub factor: &'a str,
}

pub(super) fn open(rule: &Rule, station: &str, heard: &Heard, facts: &Facts<'_>, now: Timestamp) -> Warning {
    let fill = |text: &Text| {
        let one = |text: &str| {
            text.replace("{station}", &heard.name)
                .replace("{value}", &facts.value.to_string())
                .replace("{threshold}", &facts.threshold.to_string())
                .replace("{unit}", &rule.unit)
                .replace("{minutes}", &(facts.lasted.as_secs() / 60).to_string())
        };
        Text { zh: one(&text.zh), en: one(&text.en) }
    };
    Warning {
        id: format!("{}@{station}@{}", rule.key, now.as_millisecond()),
        rule: rule.key.clone(),
        edition: rule.edition.clone(),
        label: rule.label.clone(),
        level: rule.level,
        station: station.to_owned(),
        station_name: heard.name.clone(),
        station_kind: heard.kind.clone(),
        factor: facts.factor.to_owned(),
        factor_name: rule.factor_name.clone(),
        unit: rule.unit.clone(),
        opened_at: now,
        lasted_s: facts.lasted.as_secs(),
        cleared_at: None,
        value: facts.value,
        threshold: facts.threshold,
        peak: facts.value,
        event: String::new(),
        escalation: rule.escalation.clone(),
        message: fill(&rule.message),
        task: rule.task.as_ref().map(|task| Task {
            title: fill(&task.title),
            instructions: fill(&task.instructions),
            ..task.clone()
        }),
    }
}
