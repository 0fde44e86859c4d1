//! Conditions written in CEL (Common Expression Language): over what a station says now, what it said lately, what is known of it, and the time of day.
//!
//! | name | is |
//! |---|---|
//! | `now.w21003` | newest instant of the factor, not older than an hour |
//! | `hour.a34004` | newest hour value, not older than three hours |
//! | `limit.w21003`, `limit.day`, `limit.night` | limits of this station: class, zone, permit |
//! | `station.kind`, `station.zone`… | what the register says of the station |
//! | `clock.hour`, `clock.minute`, `clock.weekday`, `clock.night` | Beijing time; Monday is 1; night is 22 to 6 (GB 3096-2008 3.4) |
//! | `mean("w21003", 60)`, `least(…)`, `most(…)` | over the instants of so many minutes |
//! | `change("w21003", 60)` | newest instant less the first one of so many minutes |
//! | `typical("d30401", 1.0)` | median of the instants of the last day above a limit: what is normal while it runs |
//! | `typical_days("d30401", 1.0, 30)` | the same of so many days (31 at most), one instant every ten minutes |
//! | `since_above("d20401", 10.0)`, `since_below(…)` | minutes for which it has been above, or at most at, a limit |
//! | `hours_mean("aqi_24h", 48)`, `hours_least(…)`, `hours_most(…)` | over the hour values of so many hours (100 at most), if three of four are known |
//! | `mean_at("ZD2020001", "w21003", 60)` | mean of the instants of another station |
//! | `district_most("a01020", 1440)` | largest instant of any station |
//! | `district_median("a34004", 60)` | median of the stations' means, if there are three |
//!
//! What is not known (a factor that was not sent, a limit that the station has not) makes a condition neither true nor false: it opens nothing and clears
//! nothing. `has(now.w21003)` asks whether it is known. Functions name their factor in quotation marks, so that nothing else need be remembered; of the
//! instants within twenty seconds they see the last. What is said of the whole district may be a minute old.

mod budget;
mod past;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use cel::{Context, Env, Program, Value};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

pub use past::District;
use past::Function;
use past::Past;
pub(crate) use past::Reach;

use crate::intake::beijing;
use crate::{Kind, Observation};

/// Instants that are older are not what the station says now.
const FRESH_INSTANT: SignedDuration = SignedDuration::from_hours(1);
/// Hours that ended longer ago are not the newest hour.
const FRESH_HOUR: SignedDuration = SignedDuration::from_hours(3);

/// Names that expressions may use.
const NAMES: [&str; 5] = ["now", "hour", "limit", "station", "clock"];

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

/// An expression that has been read.
#[derive(Clone)]
pub struct Expression {
    text: String,
    program: Arc<Program>,
    /// Which of [`NAMES`] it uses: only these are made ready for it.
    uses: [bool; NAMES.len()],
    functions: Vec<Function>,
    /// Whose past its functions ask for.
    factors: Vec<(String, Reach)>,
    /// Whether it goes through all that a name holds: no more than its steps were reckoned with.
    goes_through: bool,
}

/// Functions and operators of the language; making them ready costs more than most expressions.
static LANGUAGE: LazyLock<Arc<Env>> = LazyLock::new(|| Arc::new(Env::stdlib()));

impl std::fmt::Debug for Expression {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Expression({:?})", self.text)
    }
}

impl PartialEq for Expression {
    fn eq(&self, other: &Expression) -> bool {
        self.text == other.text
    }
}

impl Expression {
    /// Reads an expression.
    ///
    /// # Errors
    /// What is wrong with it and what to write instead.
    pub fn parse(text: &str) -> Result<Expression, String> {
        if text.len() > budget::LONGEST {
            return Err(format!(
                "this expression has {} characters, and {} are the most: make several rules of it",
                text.len(),
                budget::LONGEST
            ));
        }
        let program = Program::compile(text).map_err(|faults| {
            let told = faults.errors.first().map_or_else(
                || faults.to_string(),
                |fault| format!("{} (column {} of the expression)", fault.msg, fault.pos.1),
            );
            format!("this is no expression: {told}")
        })?;
        let steps = budget::steps(program.expression());
        if steps > budget::MOST_STEPS {
            let steps = if steps == u64::MAX { "endlessly many".to_owned() } else { steps.to_string() };
            return Err(format!(
                "this expression may take {steps} steps, and {} are the most: a loop within a loop goes through everything for each thing; ask for what is \
                 meant by its name",
                budget::MOST_STEPS
            ));
        }
        let of_loops = budget::loop_variables(program.expression());
        let goes_through = !of_loops.is_empty();
        let references = program.references();
        if let Some(unknown) =
            references.variables().into_iter().find(|name| !NAMES.contains(name) && !of_loops.contains(name))
        {
            return Err(format!("“{unknown}” is not known here: write {}", NAMES.join(", ")));
        }
        let functions: Vec<Function> =
            Function::ALL.into_iter().filter(|function| references.has_function(function.name())).collect();
        let mut factors = Vec::new();
        for function in &functions {
            factors.extend(function.factors(text)?.into_iter().map(|factor| (factor, function.reach())));
        }
        let uses = NAMES.map(|name| references.has_variable(name));
        let expression =
            Expression { text: text.to_owned(), program: Arc::new(program), uses, functions, factors, goes_through };
        // An empty station shows what depends on no value: unknown functions, wrong counts of arguments.
        match expression.evaluate(&Scene::default(), Timestamp::UNIX_EPOCH) {
            Err(fault) if fault.contains("ndeclared reference") || fault.contains("nvalid argument") => Err(fault),
            _ => Ok(expression),
        }
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Factors whose values of the past are needed, and how far back.
    pub(crate) fn looks_back_at(&self) -> &[(String, Reach)] {
        &self.factors
    }

    /// Whether it can change with an instant: otherwise hours are all that it asks for.
    pub(crate) fn is_of_instants(&self) -> bool {
        let [now, _, _, _, clock] = self.uses;
        now || clock || self.functions.iter().any(|function| !function.is_of_hours())
    }

    /// Whether it holds at `at`; `None` if that cannot be said.
    pub fn holds(&self, scene: &Scene, at: Timestamp) -> Option<bool> {
        match self.evaluate(scene, at) {
            Ok(Value::Bool(holds)) => Some(holds),
            _ => None,
        }
    }

    /// The number that it gives; `None` if it gives none.
    pub fn number(&self, scene: &Scene, at: Timestamp) -> Option<f64> {
        match self.evaluate(scene, at) {
            Ok(Value::Float(number)) => Some(number),
            Ok(Value::Int(number)) => Some(number as f64),
            _ => None,
        }
    }

    fn evaluate(&self, scene: &Scene, at: Timestamp) -> Result<Value, String> {
        let named = [scene.now.len(), scene.hour.len(), scene.known.0.len(), scene.known.1.len()];
        if self.goes_through && named.into_iter().any(|count| count > budget::MOST_NAMED) {
            return Err(format!(
                "the station says more than {} things: this expression goes through all of them",
                budget::MOST_NAMED
            ));
        }
        let mut context = Context::with_env(Arc::clone(&LANGUAGE));
        for (name, _) in NAMES.iter().zip(self.uses).filter(|(_, used)| *used) {
            let value = match *name {
                "now" => scene.fresh(&scene.now, FRESH_INSTANT, at),
                "hour" => scene.fresh(&scene.hour, FRESH_HOUR, at),
                "limit" => scene.limits.clone(),
                "station" => scene.facts.clone(),
                _ => clock(at),
            };
            context.add_variable_from_value(*name, value);
        }
        if !self.functions.is_empty() {
            past::look_back(&mut context, &self.functions, &scene.past, &scene.district, at)
                .map_err(|error| error.to_string())?;
        }
        self.program.execute(&context).map_err(|error| error.to_string())
    }
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

fn clock(at: Timestamp) -> Value {
    let time = beijing(at);
    Value::from(HashMap::from([
        ("hour", Value::Int(i64::from(time.hour()))),
        ("minute", Value::Int(i64::from(time.minute()))),
        ("weekday", Value::Int(i64::from(time.weekday().to_monday_one_offset()))),
        ("night", Value::Bool(!(6..22).contains(&time.hour()))),
    ]))
}

/// What is known of a station when a condition is looked at.
#[derive(Debug, Clone)]
pub struct Scene {
    /// Newest instant of each factor.
    now: BTreeMap<String, (Timestamp, f64)>,
    /// Newest hour of each factor, by its end.
    hour: BTreeMap<String, (Timestamp, f64)>,
    past: Arc<Mutex<Past>>,
    /// What was elsewhere.
    district: District,
    /// Limits of the station, as expressions see them.
    limits: Value,
    /// What the register says of it, as expressions see it.
    facts: Value,
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

    fn fresh(&self, values: &BTreeMap<String, (Timestamp, f64)>, limit: SignedDuration, at: Timestamp) -> Value {
        let fresh = |(factor, (when, value)): (&String, &(Timestamp, f64))| {
            (at.duration_since(*when) <= limit).then(|| (factor.clone(), Value::Float(*value)))
        };
        Value::from(values.iter().filter_map(fresh).collect::<HashMap<String, Value>>())
    }
}

#[cfg(test)]
mod tests {
    use test_case::test_case;

    use super::*;
    use crate::Series;

    /// 2024-06-01 23:30 in Beijing, a Saturday.
    fn at(minute: i64) -> Timestamp {
        "2024-06-01T23:30:00+08:00".parse::<Timestamp>().unwrap() + SignedDuration::from_mins(minute)
    }

    fn scene() -> Scene {
        let mut scene = Scene::default();
        scene.know(
            &BTreeMap::from([("zone".to_owned(), Fact::Word("2".into())), ("permitted".to_owned(), Fact::Yes(false))]),
            &BTreeMap::from([("night".to_owned(), 50.0), ("w21003".to_owned(), 1.0)]),
        );
        for (minute, value) in [(-90, 0.4), (-50, 0.5), (-20, 0.9), (0, 1.6)] {
            let series = Series::main("W1", "w21003", Kind::Realtime);
            let value = Observation {
                series,
                at: at(minute),
                period_s: 0,
                value,
                text: value.to_string(),
                flag: None,
                reviewed: None,
            };
            scene.see(&value, Some(Reach::Day));
        }
        scene
    }

    #[test_case(8, 10; "ten things in eight loops")]
    #[test_case(3, 100; "a hundred things in three")]
    #[test_case(60, 2; "two things in sixty")]
    fn loops_in_loops_are_refused_before_anything_is_evaluated(depth: usize, things: usize) {
        let list = format!("[{}]", vec!["1"; things].join(","));
        let text = (0..depth).fold("true".to_owned(), |inner, level| format!("{list}.all(x{level}, {inner})"));
        let fault = Expression::parse(&text).unwrap_err();
        assert!(fault.contains("steps") || fault.contains("recursion"), "{fault}");
    }

    #[test_case("now.all(a, now.all(b, now[a] >= now[b]))"; "everything beside everything")]
    #[test_case("['a'].map(x, x + x).map(x, x + x).map(x, x + x).map(x, x + x).map(x, x + x).map(x, x + x).map(x, x + x).map(x, x + x).map(x, x + x).map(x, x + x).map(x, x + x).map(x, x + x).map(x, x + x).map(x, x + x).map(x, x + x).map(x, x + x).map(x, x + x).map(x, x + x).map(x, x + x).map(x, x + x).map(x, x + x).map(x, x + x).map(x, x + x).map(x, x + x).map(x, x + x).size() == 1"; "text that doubles")]
    fn what_grows_is_refused(text: &str) {
        let fault = Expression::parse(text).unwrap_err();
        assert!(fault.contains("steps") || fault.contains("recursion"), "{fault}");
    }

    #[test]
    fn an_endless_text_is_refused_unread() {
        let text = format!("true{}", " && true".repeat(1000));
        assert!(Expression::parse(&text).unwrap_err().contains("characters"));
        assert!(
            Expression::parse(&format!("{}true{}", "(".repeat(1900), ")".repeat(1900))).is_err(),
            "nor one that is deep"
        );
    }

    #[test_case("now.all(factor, now[factor] > 0.1)", Some(true); "each once")]
    #[test_case("now.exists(factor, now[factor] > 100.0)", Some(false))]
    #[test_case("['w21003', 'w21011'].exists(factor, factor in now && now[factor] > 1.0)", Some(true))]
    fn loops_that_end_soon_are_allowed(text: &str, expected: Option<bool>) {
        assert_eq!(Expression::parse(text).unwrap().holds(&scene(), at(0)), expected);
    }

    #[test]
    fn a_station_that_says_endlessly_much_holds_nobody_up() {
        let mut scene = scene();
        for number in 0..=budget::MOST_NAMED {
            scene.now.insert(format!("x{number}"), (at(0), 1.0));
        }
        assert_eq!(Expression::parse("now.all(factor, now[factor] > 0.1)").unwrap().holds(&scene, at(0)), None);
        assert_eq!(
            Expression::parse("now.w21003 > 1.5").unwrap().holds(&scene, at(0)),
            Some(true),
            "by its name it is known"
        );
    }

    #[test_case("now.w21003 > 1.5", Some(true))]
    #[test_case("now.w21003 > limit.w21003 * 1.5 && clock.night", Some(true))]
    #[test_case("now.w21003 > 2", Some(false); "a whole number beside a decimal")]
    #[test_case("clock.hour == 23 && clock.minute == 30 && clock.weekday == 6", Some(true))]
    #[test_case("station.zone == '2' && !station.permitted", Some(true))]
    #[test_case("change('w21003', 60) > 1.0", Some(true); "from 0.5 to 1.6")]
    #[test_case("mean('w21003', 60) == 1.0", Some(true))]
    #[test_case("most('w21003', 100) == 1.6 && least('w21003', 100) == 0.4", Some(true))]
    #[test_case("now.w01009 < 2.0", None; "never sent")]
    #[test_case("mean('w01009', 60) > 1.0", None; "nothing to look back at")]
    #[test_case("has(now.w01009) && now.w01009 < 2.0", Some(false); "asked for first")]
    #[test_case("now.w21003", None; "a number is no yes")]
    fn conditions_hold_or_not_or_cannot_be_said(text: &str, expected: Option<bool>) {
        let expression = Expression::parse(text).unwrap();
        assert_eq!(expression.holds(&scene(), at(0)), expected);
    }

    /// A station whose production began at -40 and whose treatment began at -20 minutes, read every ten.
    fn line() -> (District, Scene) {
        let district = District::default();
        let mut scene = Scene::in_district(&district, "P1");
        for minute in -6..=0 {
            for (factor, begins, running) in [("d20401", -40, 60.0), ("d30401", -20, 18.0)] {
                let series = Series::main("P1", factor, Kind::Realtime);
                let value = if minute * 10 >= begins { running } else { 0.2 };
                let (at, text) = (at(minute * 10), value.to_string());
                scene.see(
                    &Observation { series, at, period_s: 0, value, text, flag: None, reviewed: None },
                    Some(Reach::Month),
                );
            }
        }
        for hour in 0..48 {
            let series = Series::main("P1", "aqi_24h", Kind::Hour);
            let value = if hour < 12 { 140.0 } else { 160.0 };
            let at = at(-60 * (48 - hour));
            scene.see(
                &Observation { series, at, period_s: 3600, value, text: String::new(), flag: None, reviewed: None },
                Some(Reach::Day),
            );
        }
        (district, scene)
    }

    #[test_case("since_above('d20401', 10.0) == 40.0 && since_above('d30401', 1.0) == 20.0", Some(true))]
    #[test_case("since_below('d20401', 10.0) == 0.0", Some(true); "it runs")]
    #[test_case("since_above('d20499', 10.0) > 0.0", None; "never sent")]
    #[test_case("typical('d30401', 1.0) == 18.0", Some(true); "what is off does not count")]
    #[test_case("typical_days('d30401', 1.0, 30) == 18.0", Some(true))]
    #[test_case("typical_days('d30499', 1.0, 30) > 0.0", None; "a month of nothing")]
    #[test_case("hours_least('aqi_24h', 36) > 150.0", Some(true))]
    #[test_case("hours_least('aqi_24h', 48) > 150.0", Some(false))]
    #[test_case("hours_least('aqi_24h', 72) > 150.0", None; "two thirds of the hours are not enough")]
    #[test_case("mean_at('P1', 'd30401', 20) == 18.0", Some(true))]
    #[test_case("mean_at('P2', 'd30401', 20) > 1.0", None; "no such station")]
    #[test_case("district_most('d20401', 60) == 60.0", Some(true))]
    fn the_past_can_be_asked_for(text: &str, expected: Option<bool>) {
        let (_district, scene) = line();
        assert_eq!(Expression::parse(text).unwrap().holds(&scene, at(0)), expected);
    }

    #[test]
    fn other_stations_can_be_asked() {
        let (district, _own) = line();
        let other = Scene::in_district(&district, "W1");
        let asked = Expression::parse("district_most('d20401', 60) > 50.0 && mean_at('P1', 'd20401', 10) > 50.0");
        assert_eq!(asked.unwrap().holds(&other, at(0)), Some(true));
    }

    #[test]
    fn what_is_old_is_not_now() {
        let expression = Expression::parse("now.w21003 > 1.5").unwrap();
        assert_eq!(expression.holds(&scene(), at(60)), Some(true));
        assert_eq!(expression.holds(&scene(), at(61)), None);
    }

    #[test]
    fn a_limit_may_be_an_expression() {
        assert_eq!(Expression::parse("limit.night + 5.0").unwrap().number(&scene(), at(0)), Some(55.0));
        assert_eq!(Expression::parse("limit.day").unwrap().number(&scene(), at(0)), None);
    }

    #[test_case("now.w21003 >", "this is no expression")]
    #[test_case("then.w21003 > 1", "“then” is not known here: write now, hour, limit, station, clock")]
    #[test_case("median('w21003', 60) > 1.0", "median"; "unknown function")]
    #[test_case("mean(station.factor, 60) > 1.0", "mean() needs its factor written out"; "a factor that is reckoned")]
    #[test_case("mean_at('P1', station.factor, 60) > 1.0", "mean_at() needs its factor written out")]
    fn faults_are_told(text: &str, expected: &str) {
        let fault = Expression::parse(text).unwrap_err();
        assert!(fault.contains(expected), "{fault}");
    }
}
