//! The journal of a record as a timeline: who did what when, each field before and after.

use bilan_records::catalogue::Register;
use bilan_records::journal::{Action, JournalEntry};
use bilan_records::value::beijing;
use serde_json::Value as Json;

use super::shown;
use crate::shell::{Language, Messages};

/// One entry.
pub(crate) struct Line {
    pub seq: i64,
    pub at: String,
    /// The same moment, for `as_of`.
    pub moment: String,
    pub actor: String,
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

pub(crate) fn line(entry: &JournalEntry, register: Option<&Register>, language: Language) -> Line {
    Line {
        seq: entry.seq,
        at: beijing(entry.at).strftime("%Y-%m-%d %H:%M:%S").to_string(),
        moment: entry.at.to_string(),
        actor: entry.actor.clone(),
        act: act(&entry.action, register, language),
        reason: entry.reason.clone().unwrap_or_default(),
        changes: entry
            .changes
            .iter()
            .map(|change| Change {
                label: label(&change.field, register, language),
                before: value(&change.field, &change.before, register, language),
                after: value(&change.field, &change.after, register, language),
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

fn label(field: &str, register: Option<&Register>, language: Language) -> String {
    match field {
        "state" => language.text("records.state").to_owned(),
        "reminder" => language.text("records.act.remind").to_owned(),
        _ => register
            .and_then(|register| register.fields.get(field))
            .map_or(field, |field| field.label.text(language))
            .to_owned(),
    }
}

fn value(field: &str, json: &Json, register: Option<&Register>, language: Language) -> String {
    if json.is_null() {
        return "—".to_owned();
    }
    if let Some(masked) = json.get("masked").and_then(Json::as_str) {
        return masked.to_owned();
    }
    if field == "state" {
        let state = json.as_str().unwrap_or_default();
        let known = register.and_then(|register| register.workflow.as_ref()?.states.get(state));
        return known.map_or_else(|| state.to_owned(), |state| state.label.text(language).to_owned());
    }
    match register.and_then(|register| register.fields.get(field)) {
        Some(field) => shown::text(field, json, language),
        None => json.as_str().map_or_else(|| json.to_string(), str::to_owned),
    }
}
