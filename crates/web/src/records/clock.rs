//! Deadlines of a record, explained: start, days not counted, make-up days, pauses, law and clause.

use bilan_records::deadlines::{ClockState, DeadlineView, Explanation};
use bilan_records::value::beijing;
use bilan_standards::clock::beijing_day;
use bilan_standards::deadline::rule_on;
use jiff::civil::Date;

use crate::shell::{Language, Messages};

/// One clock as the page shows it.
pub(super) struct Clock {
    pub label: String,
    pub badge: &'static str,
    pub state: &'static str,
    pub due_on: String,
    pub days_left: String,
    pub law: String,
    pub started: String,
    pub stopped: String,
    pub unknown: String,
    /// Lines of the reckoning.
    pub budget: String,
    pub not_counted: Vec<(String, String)>,
    pub make_up: Vec<(String, String)>,
    pub pauses: Vec<String>,
    pub extensions: Vec<String>,
    pub moved: String,
    pub status: String,
    pub warnings: Vec<String>,
}

pub(super) fn clock(view: &DeadlineView, language: Language) -> Clock {
    let (badge, state) = match view.state {
        ClockState::Running => ("info", "records.clock.running"),
        ClockState::DueSoon => ("warn", "records.clock.due_soon"),
        ClockState::Overdue => ("bad", "records.clock.overdue"),
        ClockState::Suspended => ("neutral", "records.clock.suspended"),
        ClockState::Met => ("ok", "records.clock.met"),
        ClockState::Missed => ("bad", "records.clock.missed"),
    };
    let running = view.stopped_at.is_none();
    let days_left = view.days_left.filter(|_| running).map(|days| {
        let key = if days < 0 { "records.clock.days_over" } else { "records.clock.days_left" };
        language.fill(key, &[("days", &days.abs().to_string())])
    });
    let mut clock = Clock {
        label: view.label.text(language).to_owned(),
        badge,
        state: language.text(state),
        due_on: view.due_on.map(|day| day.to_string()).unwrap_or_default(),
        days_left: days_left.unwrap_or_default(),
        law: law(&view.rule, beijing_day(view.started_at), &view.law, language),
        started: beijing(view.started_at).strftime("%Y-%m-%d %H:%M").to_string(),
        stopped: view.stopped_at.map(|at| beijing(at).strftime("%Y-%m-%d %H:%M").to_string()).unwrap_or_default(),
        unknown: match (&view.unknown, language) {
            (None, _) => String::new(),
            (Some(_), Language::Chinese) => language.text("records.clock.unknown").to_owned(),
            (Some(why), Language::English) => format!("{} {why}", language.text("records.clock.unknown")),
        },
        budget: String::new(),
        not_counted: Vec::new(),
        make_up: Vec::new(),
        pauses: Vec::new(),
        extensions: Vec::new(),
        moved: String::new(),
        status: String::new(),
        warnings: Vec::new(),
    };
    if let Some(explanation) = &view.explanation {
        explain(&mut clock, explanation, language);
    }
    clock
}

/// Law and clause of a rule as it held on a day.
fn law(rule: &str, day: Date, zh: &str, language: Language) -> String {
    match (language, rule_on(rule, day)) {
        (Language::English, Ok(rule)) => rule.law_en.clone(),
        _ => zh.to_owned(),
    }
}

fn explain(clock: &mut Clock, explanation: &Explanation, language: Language) {
    let is_zh = language == Language::Chinese;
    let amount = |budget: &bilan_standards::deadline::Budget| {
        format!("{} {}", budget.amount, if is_zh { budget.unit.zh() } else { budget.unit.en() })
    };
    clock.budget = amount(&explanation.budget);
    let day = |day: &bilan_standards::deadline::NotCounted| {
        (day.date.to_string(), if is_zh { day.why.zh() } else { day.why.en() })
    };
    clock.not_counted = explanation.not_counted.iter().map(day).collect();
    clock.make_up = explanation.make_up_days.iter().map(day).collect();
    clock.pauses = explanation
        .pauses
        .iter()
        .map(|pause| {
            let until = pause
                .until
                .map(|day| day.to_string())
                .unwrap_or_else(|| language.text("records.clock.open").to_owned());
            format!("{} – {until} {}", pause.from, pause.reason)
        })
        .collect();
    clock.extensions = explanation
        .extensions
        .iter()
        .map(|extended| {
            let law = law(&extended.rule, extended.granted_on, &extended.law, language);
            format!("+{} ({}) {law} {}", amount(&extended.budget), extended.granted_on, extended.reason)
        })
        .collect();
    clock.moved = explanation
        .moved
        .as_ref()
        .map(|moved| {
            let why = if is_zh { moved.why.zh() } else { moved.why.en() };
            format!("{} → {} ({why})", moved.from, moved.to)
        })
        .unwrap_or_default();
    clock.status = if is_zh { explanation.status.zh() } else { explanation.status.en() }.to_owned();
    clock.warnings =
        explanation.warnings.iter().map(|warning| if is_zh { warning.zh() } else { warning.en() }).collect();
}
