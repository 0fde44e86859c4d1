//! The state machine behind warnings. Shown observations and instants, it says what opens and what clears; it does nothing else.

use std::collections::{BTreeMap, HashMap};

use jiff::{SignedDuration, Timestamp};

use super::{Condition, Fact, Rule, Scene, Task, Text, Warning};
use crate::Observation;

/// Values that end longer ago than this are history: stored, but no cause for a warning now.
const FRESH: SignedDuration = SignedDuration::from_hours(3);

/// A pause longer than this breaks a run of values beyond the limit.
const LONGEST_PAUSE: SignedDuration = SignedDuration::from_hours(1);

#[derive(Debug, Clone)]
enum State {
    /// Beyond the limit since then, not yet long enough.
    Rising { since: Timestamp, peak: f64 },
    /// Warned; calm since then, not yet long enough.
    Open { warning: Box<Warning>, calm_since: Option<Timestamp> },
}

#[derive(Debug, Clone)]
struct Watched {
    state: Option<State>,
    last: Timestamp,
}

impl Watched {
    const NEW: Watched = Watched { state: None, last: Timestamp::MIN };
}

#[derive(Debug, Clone)]
struct Heard {
    name: String,
    kind: String,
    at: Timestamp,
    /// What expressions may ask; kept only where one does.
    scene: Option<Box<Scene>>,
    /// The station is being looked after: nothing opens.
    maintained: bool,
}

/// Rules at work.
#[derive(Debug, Default)]
pub struct Watch {
    rules: Vec<Rule>,
    watched: HashMap<(String, String), Watched>,
    heard: HashMap<String, Heard>,
    /// Whether an expression asks for values of the past.
    looks_back: bool,
    /// Since when anybody listens: silence before it is ours, not the stations'.
    listening: Option<Timestamp>,
}

impl Watch {
    /// Rules with nothing open yet.
    pub fn new(rules: Vec<Rule>) -> Watch {
        let looks_back = rules.iter().any(Rule::looks_back);
        Watch { rules, looks_back, ..Watch::default() }
    }

    /// Takes up a warning that was open before a restart.
    pub fn restore(&mut self, warning: Warning) {
        let key = (warning.rule.clone(), warning.station.clone());
        let last = warning.opened_at;
        self.watched
            .insert(key, Watched { state: Some(State::Open { warning: Box::new(warning), calm_since: None }), last });
    }

    /// A station was heard, whatever it said.
    pub fn heard(&mut self, station: &str, name: &str, kind: &str, at: Timestamp) -> Vec<Warning> {
        let known = self.heard.remove(station);
        let scene = known.and_then(|known| known.scene).or_else(|| self.is_written_for(kind).then(Box::default));
        let heard = Heard { name: name.to_owned(), kind: kind.to_owned(), at, scene, maintained: false };
        self.heard.insert(station.to_owned(), heard);
        let mut told = Vec::new();
        for rule in &self.rules {
            if !matches!(rule.condition, Condition::Silent { .. }) {
                continue;
            }
            if let Some(Watched { state: Some(State::Open { warning, .. }), .. }) =
                self.watched.remove(&(rule.key.clone(), station.to_owned()))
            {
                told.push(Warning { cleared_at: Some(at), ..*warning });
            }
        }
        told
    }

    /// Whether any expression watches stations of this kind.
    fn is_written_for(&self, kind: &str) -> bool {
        self.rules.iter().any(|rule| watches(rule, kind) && matches!(rule.condition, Condition::Expression(_)))
    }

    /// What the register says of a station that was [`heard`](Watch::heard).
    pub fn know(
        &mut self,
        station: &str,
        facts: &BTreeMap<String, Fact>,
        limits: &BTreeMap<String, f64>,
        maintained: bool,
    ) {
        let Some(heard) = self.heard.get_mut(station) else { return };
        heard.maintained = maintained;
        if let Some(scene) = &mut heard.scene {
            scene.know(facts, limits);
        }
    }

    /// The values of a packet have been [observed](Watch::observe): expressions are looked at.
    pub fn reckon(&mut self, station: &str, at: Timestamp, now: Timestamp) -> Vec<Warning> {
        let Some(heard) = self.heard.get(station) else { return Vec::new() };
        let Some(scene) = &heard.scene else { return Vec::new() };
        if now.duration_since(at) > FRESH {
            return Vec::new();
        }
        let mut told = Vec::new();
        for rule in self.rules.iter().filter(|rule| watches(rule, &heard.kind)) {
            let Condition::Expression(written) = &rule.condition else { continue };
            let watched = self.watched.entry((rule.key.clone(), station.to_owned())).or_insert(Watched::NEW);
            if at <= watched.last {
                continue;
            }
            let holds = written.when.holds(scene, at);
            let over = match &written.until {
                Some(until) => until.holds(scene, at),
                None => holds.map(|holds| !holds),
            };
            let reading = Reading {
                at,
                end: at,
                value: scene.value_of(&written.factor).unwrap_or(0.0),
                threshold: written.limit.as_ref().and_then(|limit| limit.number(scene, at)).unwrap_or(0.0),
                holds: holds.unwrap_or(false),
                keeps: !over.unwrap_or(false),
                upward: true,
                factor: &written.factor,
                lasting: written.lasting,
                calm: written.calm,
            };
            told.extend(step(rule, watched, &reading, station, heard, now));
        }
        told
    }

    /// A value came in at `now`. The station must have been [`heard`](Watch::heard).
    pub fn observe(&mut self, observation: &Observation, now: Timestamp) -> Vec<Warning> {
        let station = &observation.series.station;
        let Some(heard) = self.heard.get_mut(station) else { return Vec::new() };
        if !observation.is_valid() || now.duration_since(observation.end()) > FRESH {
            return Vec::new();
        }
        if let Some(scene) = &mut heard.scene {
            scene.see(observation, self.looks_back);
        }
        let heard = &*heard;
        let mut told = Vec::new();
        for rule in &self.rules {
            let Condition::Limit { factor, kind, statistic, op, threshold, clear, lasting, calm } = &rule.condition
            else {
                continue;
            };
            let series = &observation.series;
            if *factor != series.factor
                || *kind != series.kind
                || *statistic != series.statistic
                || !watches(rule, &heard.kind)
            {
                continue;
            }
            let watched = self.watched.entry((rule.key.clone(), station.clone())).or_insert(Watched::NEW);
            if observation.at <= watched.last && !matches!(watched.state, Some(State::Open { .. })) {
                continue;
            }
            let reading = Reading {
                at: observation.at,
                end: observation.end(),
                value: observation.value,
                threshold: *threshold,
                holds: op.holds(observation.value, *threshold),
                keeps: op.holds(observation.value, *clear),
                upward: op.upward(),
                factor,
                lasting: *lasting,
                calm: *calm,
            };
            told.extend(step(rule, watched, &reading, station, heard, now));
        }
        told
    }

    /// Time has passed: silence is noticed. It counts from the first tick at the earliest, so that a program that was off for a night
    /// does not find all its stations silent.
    pub fn tick(&mut self, now: Timestamp) -> Vec<Warning> {
        let listening = *self.listening.get_or_insert(now);
        let mut told = Vec::new();
        for rule in &self.rules {
            let Condition::Silent { after } = rule.condition else { continue };
            for (station, heard) in &self.heard {
                let silent = now.duration_since(heard.at);
                let key = (rule.key.clone(), station.clone());
                if now.duration_since(heard.at.max(listening)) < after
                    || !watches(rule, &heard.kind)
                    || self.watched.contains_key(&key)
                {
                    continue;
                }
                let minutes = (silent.as_secs() / 60) as f64;
                let limit = (after.as_secs() / 60) as f64;
                let facts = Facts { value: minutes, threshold: limit, lasted: silent, factor: "" };
                let warning = open(rule, station, heard, &facts, now);
                told.push(warning.clone());
                let state = Some(State::Open { warning: Box::new(warning), calm_since: None });
                self.watched.insert(key, Watched { state, last: now });
            }
        }
        told.sort_by(|one, other| one.id.cmp(&other.id));
        told
    }
}

fn watches(rule: &Rule, kind: &str) -> bool {
    rule.stations == "*" || rule.stations == kind
}

/// What a rule is shown: a value and what it makes of it.
struct Reading<'a> {
    at: Timestamp,
    end: Timestamp,
    value: f64,
    threshold: f64,
    /// It opens.
    holds: bool,
    /// It keeps open what is open.
    keeps: bool,
    upward: bool,
    factor: &'a str,
    lasting: SignedDuration,
    calm: SignedDuration,
}

fn step(
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

struct Facts<'a> {
    value: f64,
    threshold: f64,
    lasted: SignedDuration,
    factor: &'a str,
}

fn open(rule: &Rule, station: &str, heard: &Heard, facts: &Facts<'_>, now: Timestamp) -> Warning {
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
        message: fill(&rule.message),
        task: rule.task.as_ref().map(|task| Task {
            title: fill(&task.title),
            instructions: fill(&task.instructions),
            ..task.clone()
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::parse;
    use crate::{Kind, Series};

    const RULES: &str = r#"
[low_oxygen]
label = { zh = "溶解氧偏低", en = "Low oxygen" }
stations = "water"
factor = "w01009"
unit = "mg/L"
op = "<"
threshold = 3.0
clear = 3.5
for = "10m"
clear_for = "5m"
level = "warning"
message = { zh = "{station}溶解氧{value}{unit}，低于{threshold}{unit}已{minutes}分钟", en = "{station}: {value}" }
[silent]
label = { zh = "离线", en = "Silent" }
stations = "*"
silent_for = "30m"
level = "info"
message = { zh = "{station}已{minutes}分钟无数据", en = "{station} silent" }
"#;

    fn minute(minute: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + minute * 60).unwrap()
    }

    struct Line(Watch);

    impl Line {
        fn new() -> Line {
            Line(Watch::new(parse("test.toml", RULES).unwrap()))
        }

        fn at(&mut self, at: i64, value: f64, flag: &str) -> Vec<(String, bool)> {
            let observation = Observation {
                series: Series::main("W1", "w01009", Kind::Realtime),
                at: minute(at),
                period_s: 0,
                value,
                text: value.to_string(),
                flag: Some(flag.to_owned()),
            };
            let mut told = self.0.heard("W1", "圭塘河站", "water", minute(at));
            told.extend(self.0.observe(&observation, minute(at)));
            told.into_iter().map(|warning| (warning.rule.clone(), warning.is_open())).collect()
        }
    }

    #[test]
    fn opens_after_its_time_and_clears_beyond_the_second_limit() {
        let mut line = Line::new();
        let opened = vec![("low_oxygen".to_owned(), true)];
        let cleared = vec![("low_oxygen".to_owned(), false)];
        for (at, value, told) in [
            (0, 2.9, vec![]),
            (5, 2.8, vec![]),
            (9, 2.7, vec![]),
            (10, 2.6, opened.clone()),
            (11, 2.5, vec![]),
            (12, 3.2, vec![]),
            (20, 3.6, vec![]),
            (22, 3.4, vec![]),
            (30, 3.6, vec![]),
            (35, 3.6, cleared),
            (36, 2.0, vec![]),
            (46, 2.0, opened),
        ] {
            assert_eq!(line.at(at, value, "N"), told, "minute {at}");
        }
    }

    #[test]
    fn a_short_dip_and_a_marked_value_open_nothing() {
        let mut line = Line::new();
        for (at, value, flag) in
            [(0, 2.0, "N"), (5, 4.0, "N"), (6, 2.0, "N"), (15, 2.0, "N"), (17, 2.0, "D"), (100, 2.0, "N")]
        {
            assert_eq!(line.at(at, value, flag), vec![], "minute {at}");
        }
    }

    #[test]
    fn history_opens_nothing() {
        let mut line = Line::new();
        line.0.heard("W1", "圭塘河站", "water", minute(1000));
        for at in [0, 20, 40] {
            let observation = Observation {
                series: Series::main("W1", "w01009", Kind::Realtime),
                at: minute(at),
                period_s: 0,
                value: 1.0,
                text: "1".into(),
                flag: None,
            };
            assert_eq!(line.0.observe(&observation, minute(1000)), vec![]);
        }
    }

    #[test]
    fn silence_is_told_once_and_ends_with_a_word() {
        let mut line = Line::new();
        line.at(-600, 7.0, "N");
        assert!(line.0.tick(minute(0)).is_empty(), "nobody listened before");
        line.at(0, 7.0, "N");
        assert!(line.0.tick(minute(29)).is_empty());
        let told = line.0.tick(minute(31));
        assert_eq!(told.len(), 1);
        assert_eq!(told[0].message.zh, "圭塘河站已31分钟无数据");
        assert!(line.0.tick(minute(40)).is_empty());
        assert_eq!(line.at(41, 7.0, "N"), vec![("silent".to_owned(), false)]);
        assert_eq!(line.0.tick(minute(72)).len(), 1);
    }

    #[test]
    fn an_open_warning_survives_a_restart() {
        let mut line = Line::new();
        line.at(0, 2.0, "N");
        line.0.heard("W1", "圭塘河站", "water", minute(10));
        let observation = Observation {
            series: Series::main("W1", "w01009", Kind::Realtime),
            at: minute(10),
            period_s: 0,
            value: 1.5,
            text: "1.5".into(),
            flag: None,
        };
        let warning = line.0.observe(&observation, minute(10)).remove(0);
        assert_eq!(warning.message.zh, "圭塘河站溶解氧1.5mg/L，低于3mg/L已10分钟");
        let mut after = Line::new();
        after.0.restore(warning);
        assert_eq!(after.at(11, 1.0, "N"), vec![], "it is open already");
        assert_eq!(after.at(12, 4.0, "N"), vec![]);
        assert_eq!(after.at(17, 4.0, "N"), vec![("low_oxygen".to_owned(), false)]);
    }

    const POWER: &str = r#"
[treatment_off]
label = { zh = "治污停运", en = "Treatment off" }
stations = "power"
factor = "d30401"
unit = "kW"
when = "now.d20401 > 5 && now.d30401 < 1"
limit = "limit.d30401"
for = "5m"
clear_for = "2m"
level = "alarm"
message = { zh = "{station}治污功率{value}，应不低于{threshold}", en = "{station}" }
"#;

    /// A power station whose production and treatment draw so many kilowatts.
    fn power(watch: &mut Watch, at: i64, production: f64, treatment: f64, maintained: bool) -> Vec<(String, bool)> {
        let mut told = watch.heard("P1", "一号企业", "power", minute(at));
        watch.know("P1", &BTreeMap::new(), &BTreeMap::from([("d30401".to_owned(), 3.0)]), maintained);
        for (factor, value) in [("d20401", production), ("d30401", treatment)] {
            let observation = Observation {
                series: Series::main("P1", factor, Kind::Realtime),
                at: minute(at),
                period_s: 0,
                value,
                text: value.to_string(),
                flag: None,
            };
            told.extend(watch.observe(&observation, minute(at)));
        }
        told.extend(watch.reckon("P1", minute(at), minute(at)));
        told.into_iter().map(|warning| (warning.message.zh.clone(), warning.is_open())).collect()
    }

    #[test]
    fn an_expression_opens_and_clears_over_two_series() {
        let mut watch = Watch::new(parse("power.toml", POWER).unwrap());
        let text = "一号企业治污功率0.2，应不低于3".to_owned();
        for (at, production, treatment, told) in [
            (0, 40.0, 9.0, vec![]),
            (1, 40.0, 0.2, vec![]),
            (5, 40.0, 0.2, vec![]),
            (6, 40.0, 0.2, vec![(text.clone(), true)]),
            (7, 40.0, 0.3, vec![]),
            (8, 0.0, 0.3, vec![]),
            (9, 40.0, 0.3, vec![]),
            (10, 40.0, 8.0, vec![]),
            (12, 40.0, 8.0, vec![(text, false)]),
        ] {
            assert_eq!(power(&mut watch, at, production, treatment, false), told, "minute {at}");
        }
    }

    #[test]
    fn nothing_opens_while_a_station_is_looked_after_or_in_quiet_hours() {
        let mut watch = Watch::new(parse("power.toml", POWER).unwrap());
        for at in 0..30 {
            assert_eq!(power(&mut watch, at, 40.0, 0.0, true), vec![], "minute {at}");
        }
        // 1,700,000,000 is 06:13 in Beijing on 15 November 2023.
        let quiet = POWER.replace("\nfor = ", "\nquiet = \"06:00-06:30\"\nfor = ");
        let mut watch = Watch::new(parse("power.toml", &quiet).unwrap());
        let opened: Vec<i64> = (0..30).filter(|at| !power(&mut watch, *at, 40.0, 0.0, false).is_empty()).collect();
        assert_eq!(opened, [17], "when the quiet is over, what lasted through it counts");
    }
}
