//! One rule as it is written, and what is wrong with it.

use std::ops::Range;

use jiff::SignedDuration;
use serde::Deserialize;
use toml::Spanned;

use super::{RuleFault, fault};
use crate::rules::{Comparison, Condition, Escalation, Expression, Gathering, Level, Quiet, Rule, Task, Text, Written};
use crate::{Kind, Statistic};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawRule {
    label: Text,
    stations: Spanned<String>,
    factor: Option<Spanned<String>>,
    factor_name: Option<Text>,
    unit: Option<String>,
    kind: Option<Kind>,
    statistic: Option<Statistic>,
    op: Option<Spanned<Comparison>>,
    threshold: Option<Spanned<f64>>,
    clear: Option<Spanned<f64>>,
    #[serde(rename = "for")]
    lasting: Option<Spanned<String>>,
    clear_for: Option<Spanned<String>>,
    silent_for: Option<Spanned<String>>,
    when: Option<Spanned<String>>,
    until: Option<Spanned<String>>,
    limit: Option<Spanned<String>>,
    quiet: Option<Spanned<String>>,
    event: Option<Spanned<String>>,
    event_everywhere: Option<Spanned<bool>>,
    escalate_after: Option<Spanned<String>>,
    escalate_to: Option<Spanned<Vec<String>>>,
    level: Level,
    message: Spanned<Text>,
    task: Option<RawTask>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawTask {
    register: String,
    title: Spanned<Text>,
    instructions: Spanned<Text>,
    due: Spanned<String>,
    urgency: Spanned<String>,
}

/// Kinds of stations that a rule may name.
const STATION_KINDS: [&str; 8] = ["air", "water", "noise", "power", "outfall", "dust", "weather", "*"];

/// Roles that may be told of a warning that nobody acknowledged.
const ROLES: [&str; 4] = ["duty", "analyst", "handler", "head"];

/// Places in texts that are filled in.
const PLACES: [&str; 5] = ["station", "value", "threshold", "unit", "minutes"];

/// FNV-1a over what the rule says: enough to tell editions apart.
fn edition(content: &str) -> String {
    let hash = content
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    format!("{hash:016x}")
}

pub(super) struct Reader<'a> {
    pub(super) file: &'a str,
    pub(super) text: &'a str,
    pub(super) whole: Range<usize>,
    pub(super) faults: &'a mut Vec<RuleFault>,
}

impl Reader<'_> {
    pub(super) fn rule(mut self, key: String, raw: RawRule) -> Option<Rule> {
        let before = self.faults.len();
        if !STATION_KINDS.contains(&raw.stations.get_ref().as_str()) {
            let message = format!(
                "“{}” is no kind of station: write one of {}",
                raw.stations.get_ref(),
                STATION_KINDS.join(", ")
            );
            self.say(raw.stations.span(), message);
        }
        self.places(&raw.message);
        let condition = match (&raw.silent_for, &raw.when) {
            (Some(silent), None) => self.silent(&raw, silent),
            (None, Some(when)) => self.written(&raw, when),
            (None, None) => self.limit(&raw),
            (Some(silent), Some(_)) => {
                self.say(silent.span(), "a rule has silent_for or when, not both: make two rules of it".to_owned());
                None
            }
        };
        let quiet = raw.quiet.as_ref().map(|quiet| self.quiet(quiet));
        let gathering = self.gathering(&raw);
        let escalation = self.escalation(&raw);
        let task = raw.task.and_then(|task| self.task(task));
        let (None, true) = (self.faults.get(before), condition.is_some()) else { return None };
        let rule = Rule {
            factor_name: raw.factor_name.unwrap_or_else(|| {
                let name = raw.factor.map_or(String::new(), Spanned::into_inner);
                Text { zh: name.clone(), en: name }
            }),
            key,
            edition: String::new(),
            label: raw.label,
            stations: raw.stations.into_inner(),
            unit: raw.unit.unwrap_or_default(),
            condition: condition?,
            quiet: quiet.flatten(),
            gathering,
            escalation,
            level: raw.level,
            message: raw.message.into_inner(),
            task,
        };
        Some(Rule { edition: edition(&format!("{rule:?}")), ..rule })
    }

    fn silent(&mut self, raw: &RawRule, silent: &Spanned<String>) -> Option<Condition> {
        let misplaced = [
            raw.factor.as_ref().map(Spanned::span),
            raw.op.as_ref().map(Spanned::span),
            raw.threshold.as_ref().map(Spanned::span),
            raw.clear.as_ref().map(Spanned::span),
            raw.lasting.as_ref().map(Spanned::span),
        ];
        for span in misplaced.into_iter().flatten() {
            self.say(span, "a rule with silent_for looks at no values: leave this out".to_owned());
        }
        Some(Condition::Silent { after: self.duration(silent)? })
    }

    fn written(&mut self, raw: &RawRule, when: &Spanned<String>) -> Option<Condition> {
        let misplaced = [
            raw.op.as_ref().map(Spanned::span),
            raw.threshold.as_ref().map(Spanned::span),
            raw.clear.as_ref().map(Spanned::span),
        ];
        for span in misplaced.into_iter().flatten() {
            self.say(
                span,
                "a rule with when says its limits there: leave this out, or use limit for the message".to_owned(),
            );
        }
        let lasting = raw.lasting.as_ref().map_or(Some(SignedDuration::ZERO), |text| self.duration(text));
        let calm = raw.clear_for.as_ref().map_or(Some(SignedDuration::ZERO), |text| self.duration(text));
        let until = raw.until.as_ref().map(|until| self.expression(until));
        let limit = raw.limit.as_ref().map(|limit| self.expression(limit));
        Some(Condition::Expression(Box::new(Written {
            when: self.expression(when)?,
            until: until.flatten(),
            factor: raw.factor.as_ref().map(|factor| factor.get_ref().clone()).unwrap_or_default(),
            limit: limit.flatten(),
            lasting: lasting?,
            calm: calm?,
        })))
    }

    fn expression(&mut self, text: &Spanned<String>) -> Option<Expression> {
        match Expression::parse(text.get_ref()) {
            Ok(expression) => Some(expression),
            Err(message) => {
                self.say(text.span(), message);
                None
            }
        }
    }

    /// `22:00-06:00`.
    fn quiet(&mut self, text: &Spanned<String>) -> Option<Quiet> {
        let minute = |text: &str| {
            let (hour, minute) = text.split_once(':')?;
            let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
            (hour <= 24 && minute < 60 && hour * 60 + minute <= 1440).then_some(hour * 60 + minute)
        };
        let read = text
            .get_ref()
            .split_once('-')
            .and_then(|(from, to)| Some(Quiet { from: minute(from.trim())?, to: minute(to.trim())? }));
        if read.is_none() {
            let message = format!("“{}” are no hours: write such as 22:00-06:00", text.get_ref());
            self.say(text.span(), message);
        }
        read
    }

    fn gathering(&mut self, raw: &RawRule) -> Option<Gathering> {
        match (&raw.event, &raw.event_everywhere) {
            (Some(event), everywhere) => Some(Gathering {
                event: event.get_ref().clone(),
                everywhere: everywhere.as_ref().is_some_and(|everywhere| *everywhere.get_ref()),
            }),
            (None, Some(everywhere)) => {
                self.say(everywhere.span(), "which event is it? Give it a name with event = \"…\"".to_owned());
                None
            }
            (None, None) => None,
        }
    }

    fn escalation(&mut self, raw: &RawRule) -> Option<Escalation> {
        let (after, roles) = match (&raw.escalate_after, &raw.escalate_to) {
            (Some(after), Some(roles)) => (after, roles),
            (None, None) => return None,
            (Some(one), None) => {
                self.say(one.span(), "to whom? Add escalate_to = [\"head\"]".to_owned());
                return None;
            }
            (None, Some(one)) => {
                self.say(one.span(), "after how long? Add escalate_after = \"30m\"".to_owned());
                return None;
            }
        };
        if let Some(unknown) = roles.get_ref().iter().find(|role| !ROLES.contains(&role.as_str())) {
            self.say(roles.span(), format!("“{unknown}” is no role: write {}", ROLES.join(", ")));
        }
        Some(Escalation { after_s: self.duration(after)?.as_secs(), roles: roles.get_ref().clone() })
    }

    fn limit(&mut self, raw: &RawRule) -> Option<Condition> {
        let whole = self.whole.clone();
        let (Some(factor), Some(op), Some(threshold)) = (&raw.factor, &raw.op, &raw.threshold) else {
            let missing: Vec<_> =
                [("factor", raw.factor.is_none()), ("op", raw.op.is_none()), ("threshold", raw.threshold.is_none())]
                    .into_iter()
                    .filter_map(|(name, missing)| missing.then_some(name))
                    .collect();
            self.say(
                whole,
                format!("{} missing: a rule has factor, op and threshold, or when, or silent_for", missing.join(", ")),
            );
            return None;
        };
        for span in [&raw.until, &raw.limit].into_iter().flatten().map(Spanned::span) {
            self.say(span, "this belongs to a rule with when: leave it out".to_owned());
        }
        let kind = raw.kind.unwrap_or(Kind::Realtime);
        let (op, limit) = (*op.get_ref(), *threshold.get_ref());
        if let Some(clear) = &raw.clear
            && (if op.upward() { *clear.get_ref() > limit } else { *clear.get_ref() < limit })
        {
            let side = if op.upward() { "at or below" } else { "at or above" };
            self.say(
                clear.span(),
                format!("clear must be {side} the threshold {limit}, or the warning clears while it holds"),
            );
        }
        let lasting = raw.lasting.as_ref().map_or(Some(SignedDuration::ZERO), |text| self.duration(text));
        let calm = raw.clear_for.as_ref().map_or(Some(SignedDuration::ZERO), |text| self.duration(text));
        Some(Condition::Limit {
            factor: hj212::factor_code(factor.get_ref()).into_owned(),
            kind,
            statistic: raw.statistic.unwrap_or(kind.main_statistic()),
            op,
            threshold: limit,
            clear: raw.clear.as_ref().map_or(limit, |clear| *clear.get_ref()),
            lasting: lasting?,
            calm: calm?,
        })
    }

    fn task(&mut self, raw: RawTask) -> Option<Task> {
        self.places(&raw.title);
        self.places(&raw.instructions);
        if !["normal", "urgent", "critical"].contains(&raw.urgency.get_ref().as_str()) {
            self.say(
                raw.urgency.span(),
                format!("“{}” is no urgency: write normal, urgent or critical", raw.urgency.get_ref()),
            );
        }
        let due = self.duration(&raw.due)?;
        Some(Task {
            register: raw.register,
            title: raw.title.into_inner(),
            instructions: raw.instructions.into_inner(),
            due_s: due.as_secs(),
            urgency: raw.urgency.into_inner(),
        })
    }

    /// `90s`, `10m`, `2h`, `1d`.
    fn duration(&mut self, text: &Spanned<String>) -> Option<SignedDuration> {
        let read = |text: &str| {
            let unit = match text.chars().last()? {
                's' => 1,
                'm' => 60,
                'h' => 3600,
                'd' => 86_400,
                _ => return None,
            };
            let number: i64 = text[..text.len() - 1].parse().ok()?;
            (1..=10_000).contains(&number).then(|| SignedDuration::from_secs(number * unit))
        };
        let found = read(text.get_ref());
        if found.is_none() {
            self.say(
                text.span(),
                format!("“{}” is no duration: write a number and s, m, h or d, such as 10m", text.get_ref()),
            );
        }
        found
    }

    fn places(&mut self, text: &Spanned<Text>) {
        for part in [&text.get_ref().zh, &text.get_ref().en] {
            for place in part.split('{').skip(1).filter_map(|rest| rest.split_once('}').map(|(place, _)| place)) {
                if !PLACES.contains(&place) {
                    let message =
                        format!("“{{{place}}}” cannot be filled in: write one of {{{}}}", PLACES.join("}, {"));
                    self.say(text.span(), message);
                }
            }
        }
    }

    fn say(&mut self, span: Range<usize>, message: String) {
        self.faults.push(fault(self.file, self.text, span, message));
    }
}
