//! The state machine behind warnings. Shown observations and instants, it says what opens and what clears; it does nothing else.

mod everywhere;
mod gathering;
mod state;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use everywhere::Everywhere;
use state::{Facts, Heard, Reading, State, Watched, open, step};

use super::{Condition, District, Fact, Gathering, Reach, Rule, Scene, Warning};
use crate::{Device, Observation, Series};

/// Values that end longer ago than this are history: stored, but no cause for a warning now.
const FRESH: SignedDuration = SignedDuration::from_hours(3);

/// Rules at work.
#[derive(Debug, Default)]
pub struct Watch {
    rules: Vec<Rule>,
    /// Of every station that was heard, by the place of the rule.
    watched: HashMap<String, BTreeMap<usize, Watched>>,
    heard: HashMap<String, Heard>,
    /// Factors for whose values of the past an expression asks, and how far back.
    looks_back: HashMap<String, Reach>,
    /// What was at the stations, for those that ask.
    district: District,
    /// Open warnings of events that befall many stations.
    everywhere: Everywhere,
    /// The stations whose devices may report, once the register was read: of others no silence is noticed.
    registered: Option<HashSet<String>>,
    /// Since when anybody listens: silence before it is ours, not the stations'.
    listening: Option<Timestamp>,
}

impl Watch {
    /// Rules with nothing open yet.
    pub fn new(rules: Vec<Rule>) -> Watch {
        let mut looks_back = HashMap::new();
        for (factor, reach) in rules.iter().flat_map(Rule::looks_back_at) {
            let known = looks_back.entry(factor.clone()).or_insert(*reach);
            *known = *reach.max(known);
        }
        Watch { rules, looks_back, ..Watch::default() }
    }

    /// Takes up a warning that was open before a restart.
    pub fn restore(&mut self, warning: Warning) {
        // One whose rule is no more stays open until it is closed by hand.
        let Some(place) = self.rules.iter().position(|rule| rule.key == warning.rule) else { return };
        let (last, station) = (warning.opened_at, warning.station.clone());
        if let Some(Gathering { event, everywhere: true }) = &self.rules[place].gathering {
            self.everywhere.opened(event, &warning);
        }
        let state = Some(State::Open { warning: Box::new(warning), calm_since: None });
        self.watched.entry(station).or_default().insert(place, Watched { state, last });
    }

    /// How far back values of a factor are asked for.
    pub(crate) fn reach(&self, factor: &str) -> Option<Reach> {
        self.looks_back.get(factor).copied()
    }

    /// Takes up a value that was there before a restart, at its instant or at the end of its hour. The station must have been [`heard`](Watch::heard).
    pub(crate) fn remember(&self, series: &Series, value: (Timestamp, f64)) {
        if let Some(reach) = self.reach(&series.factor)
            && let Some(scene) = self.heard.get(&series.station).and_then(|heard| heard.scene.as_ref())
        {
            scene.remember(&series.factor, series.kind, value, reach);
        }
    }

    /// A station was heard, whatever it said.
    pub fn heard(&mut self, station: &str, name: &str, kind: &str, at: Timestamp) -> Vec<Warning> {
        match self.heard.get_mut(station) {
            Some(heard) if heard.name == name && heard.kind == kind => {
                heard.at = at;
                heard.maintained = false;
            }
            _ => self.meet(station, name, kind, at),
        }
        let mut told = Vec::new();
        let Some(watched) = self.watched.get_mut(station) else { return told };
        for (place, rule) in self.rules.iter().enumerate() {
            if !matches!(rule.condition, Condition::Silent { .. }) {
                continue;
            }
            if let Some(Watched { state: Some(State::Open { warning, .. }), .. }) = watched.remove(&place) {
                told.push(Warning { cleared_at: Some(at), ..*warning });
            }
        }
        self.gathered(told)
    }

    /// A station is heard for the first time, or under another name.
    fn meet(&mut self, station: &str, name: &str, kind: &str, at: Timestamp) {
        let scene = self.heard.remove(station).and_then(|known| known.scene).or_else(|| {
            let needed = !self.looks_back.is_empty() || self.is_written_for(kind);
            needed.then(|| Box::new(Scene::in_district(&self.district, station)))
        });
        let heard = Heard { name: name.to_owned(), kind: kind.to_owned(), at, scene, maintained: false };
        self.heard.insert(station.to_owned(), heard);
        self.watched.entry(station.to_owned()).or_default();
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

    /// These devices may report from now on, and this is what the register says of their stations: also of those that are silent.
    pub fn register(&mut self, devices: &[Arc<Device>]) {
        for device in devices {
            if let Some(heard) = self.heard.get_mut(&device.station)
                && heard.name != device.name
            {
                heard.name.clone_from(&device.name);
            }
            self.know(&device.station, &device.facts, &device.limits, device.maintained);
        }
        self.registered = Some(devices.iter().map(|device| device.station.clone()).collect());
    }

    /// The values of a packet have been [observed](Watch::observe): expressions are looked at.
    pub fn reckon(&mut self, station: &str, at: Timestamp, now: Timestamp) -> Vec<Warning> {
        let Some(heard) = self.heard.get(station) else { return Vec::new() };
        let Some(scene) = &heard.scene else { return Vec::new() };
        if now.duration_since(at) > FRESH {
            return Vec::new();
        }
        let mut told = Vec::new();
        let Some(all) = self.watched.get_mut(station) else { return told };
        for (place, rule) in self.rules.iter().enumerate().filter(|(_, rule)| watches(rule, &heard.kind)) {
            let Condition::Expression(written) = &rule.condition else { continue };
            // What asks for hours alone is looked at when there is a new one.
            let at = if written.is_of_instants() { Some(at) } else { scene.newest_hour() };
            let Some(at) = at else { continue };
            let watched = all.entry(place).or_insert(Watched::NEW);
            if at <= watched.last {
                continue;
            }
            // Only what matters now is reckoned: nearly always nothing is open and nothing opens.
            let open = matches!(watched.state, Some(State::Open { .. }));
            let holds = if open && written.until.is_some() { None } else { written.when.holds(scene, at) };
            let over = match &written.until {
                Some(until) if open => until.holds(scene, at),
                _ => holds.map(|holds| !holds),
            };
            let limit = written.limit.as_ref().filter(|_| holds == Some(true));
            let reading = Reading {
                at,
                end: at,
                value: scene.value_of(&written.factor).unwrap_or(0.0),
                threshold: limit.and_then(|limit| limit.number(scene, at)).unwrap_or(0.0),
                holds: holds.unwrap_or(false),
                keeps: !over.unwrap_or(false),
                upward: true,
                factor: &written.factor,
                lasting: written.lasting,
                calm: written.calm,
            };
            told.extend(step(rule, watched, &reading, station, heard, now));
        }
        self.gathered(told)
    }

    /// A value came in at `now`. The station must have been [`heard`](Watch::heard).
    pub fn observe(&mut self, observation: &Observation, now: Timestamp) -> Vec<Warning> {
        let station = &observation.series.station;
        let Some(heard) = self.heard.get_mut(station) else { return Vec::new() };
        if !observation.is_valid() || now.duration_since(observation.end()) > FRESH {
            return Vec::new();
        }
        if let Some(scene) = &mut heard.scene {
            scene.see(observation, self.looks_back.get(&observation.series.factor).copied());
        }
        let heard = &*heard;
        let mut told = Vec::new();
        let Some(all) = self.watched.get_mut(station) else { return told };
        for (place, rule) in self.rules.iter().enumerate() {
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
            let watched = all.entry(place).or_insert(Watched::NEW);
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
        self.gathered(told)
    }

    /// Time has passed: silence is noticed. It counts from the first tick at the earliest, so that a program that was off for a night
    /// does not find all its stations silent.
    pub fn tick(&mut self, now: Timestamp) -> Vec<Warning> {
        let listening = *self.listening.get_or_insert(now);
        let mut told = Vec::new();
        for (place, rule) in self.rules.iter().enumerate() {
            let Condition::Silent { after } = rule.condition else { continue };
            for (station, heard) in &self.heard {
                let is_gone = self.registered.as_ref().is_some_and(|registered| !registered.contains(station));
                if is_gone || heard.maintained {
                    continue;
                }
                let silent = now.duration_since(heard.at);
                let is_known = || self.watched.get(station).is_some_and(|watched| watched.contains_key(&place));
                if now.duration_since(heard.at.max(listening)) < after || !watches(rule, &heard.kind) || is_known() {
                    continue;
                }
                let minutes = (silent.as_secs() / 60) as f64;
                let limit = (after.as_secs() / 60) as f64;
                let facts = Facts { value: minutes, threshold: limit, lasted: silent, factor: "" };
                let warning = open(rule, station, heard, &facts, now);
                told.push(warning.clone());
                let state = Some(State::Open { warning: Box::new(warning), calm_since: None });
                self.watched.entry(station.clone()).or_default().insert(place, Watched { state, last: now });
            }
        }
        told.sort_by(|one, other| one.id.cmp(&other.id));
        self.gathered(told)
    }
}

fn watches(rule: &Rule, kind: &str) -> bool {
    rule.stations == "*" || rule.stations == kind
}

#[cfg(test)]
mod tests;
