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
//! Means are those of the statistics ([`Averaging`](crate::Averaging)): of levels of noise by their energies, of pH by the hydrogen ions.
//!
//! What is not known (a factor that was not sent, a limit that the station has not) makes a condition neither true nor false: it opens nothing and clears
//! nothing. `has(now.w21003)` asks whether it is known. Functions name their factor in quotation marks, so that nothing else need be remembered; of the
//! instants within twenty seconds they see the last. What is said of the whole district may be a minute old.

mod budget;
mod district;
mod function;
mod past;
mod scene;

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use cel::{Context, Env, Program, Value};
use jiff::Timestamp;

pub use district::District;
use function::Function;
pub(crate) use past::Reach;
pub use scene::{Fact, Scene};

use crate::intake::beijing;

/// Names that expressions may use.
const NAMES: [&str; 5] = ["now", "hour", "limit", "station", "clock"];

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
        if self.goes_through && scene.most_named() > budget::MOST_NAMED {
            return Err(format!(
                "the station says more than {} things: this expression goes through all of them",
                budget::MOST_NAMED
            ));
        }
        let mut context = Context::with_env(Arc::clone(&LANGUAGE));
        for (name, _) in NAMES.iter().zip(self.uses).filter(|(_, used)| *used) {
            let value = match *name {
                "now" => scene.fresh_instants(at),
                "hour" => scene.fresh_hours(at),
                "limit" => scene.limits.clone(),
                "station" => scene.facts.clone(),
                _ => clock(at),
            };
            context.add_variable_from_value(*name, value);
        }
        if !self.functions.is_empty() {
            function::look_back(&mut context, &self.functions, &scene.past, &scene.district, at)
                .map_err(|error| error.to_string())?;
        }
        self.program.execute(&context).map_err(|error| error.to_string())
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

#[cfg(test)]
mod tests;
