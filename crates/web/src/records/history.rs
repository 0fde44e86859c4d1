//! The journal of a record as a timeline: who did what when, each field before and after.

use bilan_records::catalogue::Register;
use bilan_records::journal::{Action, JournalEntry};
use bilan_records::value::beijing;
use serde_json::Value as Json;

use super::shown;
use crate::accounts::event_message;
use crate::people::People;
use crate::shell::{Language, Messages};

/// One entry.
pub(crate) struct Line {
    pub seq: i64,
    pub at: String,
    /// The same moment, for `as_of`.
    pub moment: String,
    /// Who, by the name of the person or of the part of the program.
    pub actor: String,
    /// Name in the journal.
    pub account: String,
    pub act: String,
    pub reason: String,
    pub changes: Vec<Change>,
}

/// A field before and after.
pub(crate) struct Change {
    pub label: String,
    pub before: String,
    pub after: String,
}

pub(crate) fn line(entry: &JournalEntry, register: Option<&Register>, people: &People) -> Line {
    let language = people.language;
    Line {
        seq: entry.seq,
        at: beijing(entry.at).strftime("%Y-%m-%d %H:%M:%S").to_string(),
        moment: entry.at.to_string(),
        actor: people.name(&entry.actor).to_owned(),
        account: entry.actor.clone(),
        act: act(&entry.action, register, language),
        reason: reason(entry, language),
        changes: entry
            .changes
            .iter()
            .map(|change| Change {
                label: label(&change.field, register, language),
                before: value(&change.field, &change.before, register, people),
                after: value(&change.field, &change.after, register, people),
            })
            .collect(),
    }
}

fn act(action: &Action, register: Option<&Register>, language: Language) -> String {
    let key = match action {
        Action::Create => "records.act.create",
        Action::Import => "records.act.import",
        Action::Edit => "records.act.edit",
        Action::Delete => "records.act.delete",
        Action::Unmask => "records.act.unmask",
        Action::Attach => "records.act.attach",
        Action::Remind => "records.act.remind",
        Action::Release => "records.act.release",
        Action::Account => "records.act.account",
        Action::Seal => "records.act.seal",
        Action::Step(step) => {
            let known = register.and_then(|register| register.workflow.as_ref()?.steps.get(step));
            return known.map_or_else(|| step.clone(), |step| step.label.text(language).to_owned());
        }
    };
    language.text(key).to_owned()
}

/// The reason that was given; of an account, what was done to it.
fn reason(entry: &JournalEntry, language: Language) -> String {
    let given = entry.reason.as_deref().unwrap_or_default();
    match entry.action {
        Action::Account => language.text(event_message(given)).to_owned(),
        _ => given.to_owned(),
    }
}

fn label(field: &str, register: Option<&Register>, language: Language) -> String {
    match field {
        "state" => language.text("records.state").to_owned(),
        "reminder" => language.text("records.act.remind").to_owned(),
        BATCH => language.text("records.batch").to_owned(),
        _ => register
            .and_then(|register| register.fields.get(field))
            .map_or(field, |field| field.label.text(language))
            .to_owned(),
    }
}

/// What an import changed, which came in beside the others.
const BATCH: &str = "batch";

fn value(field: &str, json: &Json, register: Option<&Register>, people: &People) -> String {
    let language = people.language;
    if json.is_null() {
        return "—".to_owned();
    }
    if let Some(masked) = json.get("masked").and_then(Json::as_str) {
        return masked.to_owned();
    }
    if field == BATCH {
        let records = json.get("records").map(Json::to_string).unwrap_or_default();
        return language.fill("records.batch_records", &[("records", &records)]);
    }
    if field == "reminder" {
        return reminder(json, register, language);
    }
    if field == "state" {
        let state = json.as_str().unwrap_or_default();
        let known = register.and_then(|register| register.workflow.as_ref()?.states.get(state));
        return known.map_or_else(|| state.to_owned(), |state| state.label.text(language).to_owned());
    }
    match register.and_then(|register| register.fields.get(field)) {
        Some(field) => shown::named(field, json, people),
        None => json.as_str().map_or_else(|| json.to_string(), str::to_owned),
    }
}

/// Which deadline a reminder was about, and how far off it was.
fn reminder(json: &Json, register: Option<&Register>, language: Language) -> String {
    let text = |key: &str| json.get(key).and_then(Json::as_str).unwrap_or_default();
    let known = register.and_then(|register| register.deadlines.iter().find(|rule| rule.key == text("deadline")));
    let label = known.map_or_else(|| text("deadline"), |rule| rule.label.text(language));
    let days = json.get("days").and_then(Json::as_i64).unwrap_or_default();
    let key = if days > 0 { "records.clock.days_over" } else { "records.clock.days_left" };
    let days = language.fill(key, &[("days", &days.abs().to_string())]);
    let places = [("deadline", label), ("due_on", text("due_on")), ("days", &days)];
    language.fill("records.reminder", &places)
}
