//! Rules over observations: what counts as trouble, for how long, when it is over, and what it asks of whom.
//!
//! A rule is a table in a file of `rules/`; [`load`] reads and checks them. [`Watch`] runs them: a pure state machine that is
//! shown observations and instants and says which warnings open and clear. Each rule has at most one open warning for a station.

mod expression;
mod file;
mod watch;

use serde::{Deserialize, Serialize};

use jiff::{SignedDuration, Timestamp};

use crate::{Kind, Statistic};

pub(crate) use expression::Reach;
pub use expression::{District, Expression, Fact, Scene};
pub use file::{RuleFault, load, parse};
pub use watch::Watch;

/// A text in both languages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Text {
    /// Chinese.
    pub zh: String,
    /// English.
    pub en: String,
}

/// How grave a warning is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// To be known.
    Info,
    /// To be looked at.
    Warning,
    /// To be acted upon at once.
    Alarm,
}

impl Level {
    /// Name as in the register of warnings.
    pub fn name(self) -> &'static str {
        match self {
            Level::Info => "info",
            Level::Warning => "warning",
            Level::Alarm => "alarm",
        }
    }
}

/// Comparison of a value with a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Comparison {
    /// `>`
    #[serde(rename = ">")]
    Above,
    /// `>=`
    #[serde(rename = ">=")]
    AtLeast,
    /// `<`
    #[serde(rename = "<")]
    Below,
    /// `<=`
    #[serde(rename = "<=")]
    AtMost,
}

impl Comparison {
    /// Whether `value` stands so to `limit`.
    pub fn holds(self, value: f64, limit: f64) -> bool {
        match self {
            Comparison::Above => value > limit,
            Comparison::AtLeast => value >= limit,
            Comparison::Below => value < limit,
            Comparison::AtMost => value <= limit,
        }
    }

    /// Whether large values are the bad ones.
    pub fn upward(self) -> bool {
        matches!(self, Comparison::Above | Comparison::AtLeast)
    }
}

/// When a rule holds.
#[derive(Debug, Clone, PartialEq)]
pub enum Condition {
    /// A value beyond a limit.
    Limit {
        /// Factor code.
        factor: String,
        /// Period of the values looked at.
        kind: Kind,
        /// Statistic of the values looked at.
        statistic: Statistic,
        /// Comparison.
        op: Comparison,
        /// Limit that opens.
        threshold: f64,
        /// Limit that clears: on the calm side of `threshold`, so that a value swinging about it does not open and clear for ever.
        clear: f64,
        /// How long the values must be beyond the limit.
        lasting: SignedDuration,
        /// How long they must be calm again.
        calm: SignedDuration,
    },
    /// An expression over everything that is known of the station.
    Expression(Box<Written>),
    /// Nothing heard from a station that was heard before.
    Silent {
        /// For how long.
        after: SignedDuration,
    },
}

/// A condition written as an expression.
#[derive(Debug, Clone, PartialEq)]
pub struct Written {
    /// When it opens.
    pub when: Expression,
    /// When it is over; if there is none, when `when` does not hold.
    pub until: Option<Expression>,
    /// Factor whose value stands in messages; empty if none does.
    pub factor: String,
    /// The limit that stands in messages.
    pub limit: Option<Expression>,
    /// How long it must hold.
    pub lasting: SignedDuration,
    /// How long it must be over.
    pub calm: SignedDuration,
}

impl Written {
    /// Whether anything of it can change with an instant.
    pub(crate) fn is_of_instants(&self) -> bool {
        self.when.is_of_instants() || self.until.as_ref().is_some_and(Expression::is_of_instants)
    }
}

/// Hours of the day in which a rule opens nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quiet {
    /// Minute of the Beijing day from which it is quiet.
    pub from: u16,
    /// Minute at which that ends; before `from` if midnight lies between.
    pub to: u16,
}

impl Quiet {
    /// Whether an instant lies in it.
    pub fn covers(self, at: Timestamp) -> bool {
        let time = crate::intake::beijing(at);
        // At most 24 × 60.
        let minute = time.hour() as u16 * 60 + time.minute() as u16;
        if self.from <= self.to {
            (self.from..self.to).contains(&minute)
        } else {
            minute >= self.from || minute < self.to
        }
    }
}

/// Which warnings are one event (归并): while one of them is open, those that follow belong to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gathering {
    /// Name that the rules of one event share.
    pub event: String,
    /// Whether warnings of all stations are one, as when a line fails; otherwise those of one station.
    pub everywhere: bool,
}

/// What happens when nobody has acknowledged a warning (升级).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Escalation {
    /// Seconds after the opening.
    pub after_s: i64,
    /// Roles that are told then.
    pub roles: Vec<String>,
}

/// A task that a warning asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// Register that takes it.
    pub register: String,
    /// What it is called, with the facts filled in.
    pub title: Text,
    /// What is to be done.
    pub instructions: Text,
    /// Seconds from the opening of the warning to the deadline.
    pub due_s: i64,
    /// `normal`, `urgent` or `critical`.
    pub urgency: String,
}

/// A rule as read from its file.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// Its name in the file.
    pub key: String,
    /// Sixteen hex digits over its content: which edition of the rule spoke.
    pub edition: String,
    /// What it is called.
    pub label: Text,
    /// Kind of stations that it watches; `*` = all.
    pub stations: String,
    /// What the factor is called.
    pub factor_name: Text,
    /// Unit of value and limit.
    pub unit: String,
    /// When it holds.
    pub condition: Condition,
    /// When it opens nothing.
    pub quiet: Option<Quiet>,
    /// With which other warnings it is one event; alone if there is none.
    pub gathering: Option<Gathering>,
    /// What happens when nobody acknowledges it.
    pub escalation: Option<Escalation>,
    /// How grave.
    pub level: Level,
    /// Message with `{station}`, `{value}`, `{threshold}`, `{unit}`, `{minutes}`.
    pub message: Text,
    /// Task with the same places to fill.
    pub task: Option<Task>,
}

impl Rule {
    /// Factors for whose values of the past it asks, and how far back.
    pub(crate) fn looks_back_at(&self) -> impl Iterator<Item = &(String, Reach)> {
        let expressions = match &self.condition {
            Condition::Expression(written) => [Some(&written.when), written.until.as_ref(), written.limit.as_ref()],
            Condition::Limit { .. } | Condition::Silent { .. } => [None; 3],
        };
        expressions.into_iter().flatten().flat_map(Expression::looks_back_at)
    }
}

/// A warning that was opened, or cleared where `cleared_at` is set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Warning {
    /// `rule@station@milliseconds`: one warning, one id; fit as an idempotency key.
    pub id: String,
    /// Key of the rule.
    pub rule: String,
    /// Edition of the rule.
    pub edition: String,
    /// What the rule is called.
    pub label: Text,
    /// How grave.
    pub level: Level,
    /// Number of the station.
    pub station: String,
    /// Name of the station.
    pub station_name: String,
    /// Kind of the station.
    pub station_kind: String,
    /// Factor code; empty for silence.
    pub factor: String,
    /// What the factor is called.
    pub factor_name: Text,
    /// Unit.
    pub unit: String,
    /// When it opened.
    pub opened_at: Timestamp,
    /// Seconds for which the condition had held then.
    pub lasted_s: i64,
    /// When it cleared.
    pub cleared_at: Option<Timestamp>,
    /// Value that opened it; for silence the minutes.
    pub value: f64,
    /// Limit.
    pub threshold: f64,
    /// Worst value while it was open.
    pub peak: f64,
    /// What happened, with the facts filled in.
    pub message: Text,
    /// The task it asks for.
    pub task: Option<Task>,
    /// Id of the warning with which the event began; its own if it began it.
    #[serde(default)]
    pub event: String,
    /// What happens when nobody acknowledges it.
    #[serde(default)]
    pub escalation: Option<Escalation>,
}

impl Warning {
    /// Whether it only goes on what another began: nobody is called for it again.
    pub fn joins(&self) -> bool {
        !self.event.is_empty() && self.event != self.id
    }

    /// Whether it is still open.
    pub fn is_open(&self) -> bool {
        self.cleared_at.is_none()
    }
}
