//! What expressions may ask of a station: its newest values, its past, and what the register says of it.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use cel::Value;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::district::District;
use super::past::{Past, Reach};
use crate::{Kind, Observation};

/// Instants that are older are not what the station says now.
const FRESH_INSTANT: SignedDuration = SignedDuration::from_hours(1);
/// Hours that ended longer ago are not the newest hour.
const FRESH_HOUR: SignedDuration = SignedDuration::from_hours(3);

/// Something that the register knows of a station, for rules to ask.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Fact {
    /// Yes or no.
    Yes(bool),
    /// A number.
    Number(f64),
    /// A word.
    Word(String),
}

impl From<&Fact> for Value {
    fn from(fact: &Fact) -> Value {
        match fact {
            Fact::Yes(yes) => Value::Bool(*yes),
            Fact::Number(number) => Value::Float(*number),
            Fact::Word(word) => Value::from(word.as_str()),
        }
    }
}

/// What is known of a station when a condition is looked at.
#[derive(Debug, Clone)]
pub struct Scene {
    /// Newest instant of each factor.
    pub(super) now: BTreeMap<String, (Timestamp, f64)>,
    /// Newest hour of each factor, by its end.
    hour: BTreeMap<String, (Timestamp, f64)>,
    pub(super) past: Arc<Mutex<Past>>,
    /// What was elsewhere.
    pub(super) district: District,
    /// Limits of the station, as expressions see them.
    pub(super) limits: Value,
    /// What the register says of it, as expressions see it.
    pub(super) facts: Value,
    known: (BTreeMap<String, Fact>, BTreeMap<String, f64>),
}

impl Default for Scene {
    fn default() -> Scene {
        let nothing = || Value::from(HashMap::<String, Value>::new());
        Scene {
            now: BTreeMap::new(),
            hour: BTreeMap::new(),
            past: Arc::default(),
            district: District::default(),
            limits: nothing(),
            facts: nothing(),
            known: (BTreeMap::new(), BTreeMap::new()),
        }
    }
}

impl Scene {
    /// The scene of a station of a district, whose rules may look at the others.
    pub fn in_district(district: &District, station: &str) -> Scene {
        Scene { past: district.join(station), district: district.clone(), ..Scene::default() }
    }

    /// What the register says of the station, and the limits that hold there.
    pub fn know(&mut self, facts: &BTreeMap<String, Fact>, limits: &BTreeMap<String, f64>) {
        if self.known.0 != *facts {
            let values = facts.iter().map(|(key, fact)| (key.clone(), Value::from(fact)));
            self.facts = Value::from(values.collect::<HashMap<String, Value>>());
            self.known.0.clone_from(facts);
        }
        if self.known.1 != *limits {
            let values = limits.iter().map(|(key, limit)| (key.clone(), Value::Float(*limit)));
            self.limits = Value::from(values.collect::<HashMap<String, Value>>());
            self.known.1.clone_from(limits);
        }
    }

    /// A valid value of the station came in; it is remembered where a rule looks back at the factor.
    pub(crate) fn see(&mut self, observation: &Observation, reach: Option<Reach>) {
        let series = &observation.series;
        if series.statistic != crate::Series::main("", &series.factor, series.kind).statistic {
            return;
        }
        let (map, at) = match series.kind {
            Kind::Realtime => (&mut self.now, observation.at),
            Kind::Hour => (&mut self.hour, observation.end()),
            Kind::Minute | Kind::Day => return,
        };
        match map.get_mut(&series.factor) {
            Some(known) if known.0 > at => {}
            Some(known) => *known = (at, observation.value),
            None => {
                map.insert(series.factor.clone(), (at, observation.value));
            }
        }
        if let Some(reach) = reach {
            self.remember(&series.factor, series.kind, (at, observation.value), reach);
        }
    }

    /// A value of the past, at its instant or at the end of its hour.
    pub(crate) fn remember(&self, factor: &str, kind: Kind, value: (Timestamp, f64), reach: Reach) {
        self.past.lock().unwrap_or_else(PoisonError::into_inner).put(factor, kind, value, reach);
    }

    /// The newest instant of a factor, else its newest hour.
    pub fn value_of(&self, factor: &str) -> Option<f64> {
        self.now.get(factor).or_else(|| self.hour.get(factor)).map(|(_, value)| *value)
    }

    /// The end of the newest hour of any factor.
    pub(crate) fn newest_hour(&self) -> Option<Timestamp> {
        self.hour.values().map(|(end, _)| *end).max()
    }

    /// What the station says now.
    pub(super) fn fresh_instants(&self, at: Timestamp) -> Value {
        fresh(&self.now, FRESH_INSTANT, at)
    }

    /// Its newest hours.
    pub(super) fn fresh_hours(&self, at: Timestamp) -> Value {
        fresh(&self.hour, FRESH_HOUR, at)
    }

    /// The most things that one of its names holds.
    pub(super) fn most_named(&self) -> usize {
        let (facts, limits) = &self.known;
        [self.now.len(), self.hour.len(), facts.len(), limits.len()].into_iter().max().unwrap_or(0)
    }
}

fn fresh(values: &BTreeMap<String, (Timestamp, f64)>, limit: SignedDuration, at: Timestamp) -> Value {
    let fresh = |(factor, (when, value)): (&String, &(Timestamp, f64))| {
        (at.duration_since(*when) <= limit).then(|| (factor.clone(), Value::Float(*value)))
    };
    Value::from(values.iter().filter_map(fresh).collect::<HashMap<String, Value>>())
}
