//! Records that hold the words, ledger by ledger, the best fit first.

use bilan_records::actor::{Act, Actor, Scope};
use bilan_records::catalogue::Register;
use bilan_records::contract::View;
use bilan_records::ledger::{Fit, Hit, Ledger, Part, Passage, Words, parts};
use bilan_records::views::StationRecord;

use crate::records::{address, badge};
use crate::refusal::Refusal;
use crate::shell::Language;
use crate::visit::encoded;

/// Hits shown of each ledger.
const HITS: u64 = 5;

/// What was found in a ledger.
pub(super) struct Group {
    pub key: String,
    pub label: String,
    /// How many, `+` behind it where counting stopped.
    pub total: String,
    /// The list of all of them.
    pub address: String,
    pub hits: Vec<Line>,
    fit: Fit,
    newest: String,
}

/// A hit as it is shown.
pub(super) struct Line {
    pub number: Vec<Part>,
    pub title: Vec<Part>,
    pub state: String,
    pub look: &'static str,
    pub address: String,
    /// The record of what has a page of its own.
    pub record: Option<String>,
    /// Name of the title's field, where words stand in it.
    pub titled: Option<String>,
    /// Name of another field, and the text in it around the words.
    pub passages: Vec<(String, Vec<Part>)>,
}

/// The ledgers in which the words were found: those with the best fit first, the newest first among equals.
pub(super) fn found(
    ledger: &Ledger,
    actor: &Actor,
    words: &Words,
    typed: &str,
    language: Language,
) -> Result<Vec<Group>, Refusal> {
    let mut groups = Vec::new();
    for register in ledger.catalogue().registers.values() {
        if actor.scope(register, Act::Read) == Scope::Nothing {
            continue;
        }
        let found = ledger.find(actor, &register.key, words, HITS, language)?;
        let Some(best) = found.hits.first() else { continue };
        groups.push(Group {
            key: register.key.clone(),
            label: register.label.text(language).to_owned(),
            total: format!("{}{}", found.total, if found.total_is_capped { "+" } else { "" }),
            address: format!("/records/{}?q={}", register.key, encoded(typed)),
            fit: best.fit,
            newest: day(register, best),
            hits: found.hits.iter().map(|hit| line(register, hit, words, language)).collect(),
        });
    }
    groups.sort_by(|one, other| one.fit.cmp(&other.fit).then_with(|| other.newest.cmp(&one.newest)));
    Ok(groups)
}

/// The day of a record, as text that sorts.
fn day(register: &Register, hit: &Hit) -> String {
    let date = hit.record.date(register);
    date.unwrap_or_default().chars().take(10).collect()
}

fn line(register: &Register, hit: &Hit, words: &Words, language: Language) -> Line {
    let record = &hit.record;
    let state = record.state.as_deref().and_then(|state| register.workflow.as_ref()?.states.get(state));
    let (titled, others): (Vec<&Passage>, Vec<&Passage>) =
        hit.passages.iter().partition(|passage| passage.key == register.title);
    let titled = titled.first();
    let title = titled.map(|passage| passage.parts.clone()).unwrap_or_else(|| {
        let text = record.title(register).unwrap_or_default();
        parts(&text.chars().take(80).collect::<String>(), words)
    });
    let own = address(&register.key, &record.number);
    // A station is looked at on its page; its record is one step further.
    let station = (register.key == StationRecord::REGISTER).then(|| format!("/stations/{}", encoded(&record.number)));
    Line {
        number: parts(&record.number, words),
        title,
        state: state.map(|state| state.label.text(language).to_owned()).unwrap_or_default(),
        look: badge(register, record.state.as_deref()),
        record: station.is_some().then(|| own.clone()),
        address: station.unwrap_or(own),
        titled: titled.map(|passage| passage.field.clone()),
        passages: others.into_iter().map(|passage| (passage.field.clone(), passage.parts.clone())).collect(),
    }
}
