//! States and steps of a register, and whether every state can be reached and left.

use std::{collections::BTreeSet, ops::Range};

use indexmap::IndexMap;

use super::{
    State, Step, Workflow,
    read_register::{check_field, read_roles},
    reader::{At, TableReader, instead},
    register::{Field, FieldKind},
};

pub(super) fn read(file: &TableReader<'_, '_, '_>, fields: &IndexMap<String, Field>) -> Option<Workflow> {
    let table = file.table("workflow")?;
    let mut spans = IndexMap::new();
    let mut states = IndexMap::new();
    if !table.has("states") {
        table.missing("states", "{ received = { label = { zh = \"已受理\", en = \"Received\" } } }");
    }
    for (key, state) in table.named_tables("states", "state") {
        spans.insert(key.value.clone(), key.span);
        states.insert(key.value, State { label: state.needed_label("label"), closed: state.flag("closed") });
        state.finish();
    }
    let initial = table.needed_text("initial", "\"received\"");
    if let Some(initial) = &initial {
        check_state(&table, initial, &states, "initial");
    }
    let mut step_spans = IndexMap::new();
    let steps: IndexMap<String, Step> = table
        .named_tables("steps", "step")
        .into_iter()
        .filter_map(|(key, step)| {
            step_spans.insert(key.value.clone(), key.span.clone());
            read_step(key, &step, &states, fields)
        })
        .collect();
    table.finish();
    let workflow = Workflow { initial: initial?.value, states, steps };
    check_ways(&table, &workflow, &spans);
    check_steps_back(&table, &workflow, &step_spans);
    Some(workflow)
}

fn read_step(
    key: At<String>,
    step: &TableReader<'_, '_, '_>,
    states: &IndexMap<String, State>,
    fields: &IndexMap<String, Field>,
) -> Option<(String, Step)> {
    let label = step.needed_label("label");
    let from = step.texts("from");
    if !step.has("from") {
        step.missing("from", "[\"received\"]");
    }
    for state in &from {
        check_state(step, state, states, "from");
    }
    let to = step.needed_text("to", "\"closed\"");
    if let Some(to) = &to {
        check_state(step, to, states, "to");
    }
    let roles = read_roles(step, "roles");
    if !step.has("roles") {
        step.missing("roles", "[\"handler\"]");
    }
    let named = |key: &'static str| {
        let names = step.texts(key);
        for name in &names {
            check_field(step.faults, name, fields, key, "a field that people fill", |kind| {
                !matches!(kind, FieldKind::Computed { .. })
            });
        }
        names.into_iter().map(|name| name.value).collect::<Vec<String>>()
    };
    let (needs, asks) = (named("needs"), named("asks"));
    let stamps = step.text("stamps");
    if let Some(stamps) = &stamps {
        check_field(step.faults, stamps, fields, "stamps", "a date or datetime field", |kind| {
            matches!(kind, FieldKind::Date | FieldKind::DateTime)
        });
    }
    let signs = step.text("signs");
    if let Some(signs) = &signs {
        check_field(step.faults, signs, fields, "signs", "a person field", |kind| matches!(kind, FieldKind::Person));
    }
    let (clears, keeps) = (read_clears(step, fields, &asks), named("keeps"));
    let reason = step.flag("reason");
    step.finish();
    let step = Step {
        label,
        from: from.into_iter().map(|state| state.value).collect(),
        to: to?.value,
        roles,
        needs,
        asks,
        reason,
        stamps: stamps.map(|stamps| stamps.value),
        signs: signs.map(|signs| signs.value),
        clears,
        keeps,
    };
    Some((key.value, step))
}

/// What a step empties: nothing that it asks for, and nothing that must be filled.
fn read_clears(step: &TableReader<'_, '_, '_>, fields: &IndexMap<String, Field>, asks: &[String]) -> Vec<String> {
    let names = step.texts("clears");
    for name in &names {
        check_field(step.faults, name, fields, "clears", "a field that people fill", |kind| {
            !matches!(kind, FieldKind::Computed { .. })
        });
        let why = match fields.get(&name.value) {
            Some(field) if field.required => "every record must have",
            _ if asks.contains(&name.value) => "the form of this step asks for",
            _ => continue,
        };
        let message = format!("“clears” names “{}”, which {why}", name.value);
        step.faults.add(&name.span, message, "take it out of “clears”".to_owned());
    }
    names.into_iter().map(|name| name.value).collect()
}

fn check_state(table: &TableReader<'_, '_, '_>, name: &At<String>, states: &IndexMap<String, State>, key: &str) {
    if !states.contains_key(&name.value) {
        let remedy = instead(&name.value, states.keys().map(String::as_str));
        table.faults.add(&name.span, format!("“{key}” names “{}”, which is no state", name.value), remedy);
    }
}

/// Every state must be reachable from the initial one, and every state that is not closed must have a way out.
fn check_ways(table: &TableReader<'_, '_, '_>, workflow: &Workflow, spans: &IndexMap<String, Range<usize>>) {
    let reached = reached(workflow);
    // A way that begins nowhere reaches nothing; that it does has been said.
    let begins = workflow.states.contains_key(&workflow.initial);
    for (key, state) in &workflow.states {
        let Some(span) = spans.get(key) else { continue };
        if begins && !reached.contains(key.as_str()) {
            let (message, from) = match workflow.steps.values().any(|step| step.to == *key && !step.from.contains(key))
            {
                false => (format!("no step leads to the state “{key}”"), ""),
                true => (
                    format!("no way leads from “{}” to the state “{key}”", workflow.initial),
                    " from a state that is reached",
                ),
            };
            table.faults.add(span, message, format!("add a step with to = \"{key}\"{from}, or remove the state"));
        }
        let leaves = workflow.steps.values().any(|step| step.from.contains(key) && step.to != *key);
        if !state.closed && !leaves {
            let remedy = format!("add a step with from = [\"{key}\"], or mark it closed = true");
            table.faults.add(span, format!("the state “{key}” is not closed and no step leads out of it"), remedy);
        }
    }
}

/// A step that leads back must say of every moment that later steps stamped whether it goes: a moment of closing that
/// stays says of an open record that it is closed, and the dates of the next round would contradict it.
fn check_steps_back(table: &TableReader<'_, '_, '_>, workflow: &Workflow, spans: &IndexMap<String, Range<usize>>) {
    for (key, step) in &workflow.steps {
        let left: Vec<&str> = stamped_on_the_way(workflow, step)
            .into_iter()
            .filter(|stamp| !step.clears.iter().chain(&step.keeps).any(|said| said == stamp))
            .collect();
        let (Some(span), false) = (spans.get(key), left.is_empty()) else { continue };
        let message = format!(
            "the step “{key}” leads back to “{}” and leaves what later steps had stamped: {}",
            step.to,
            left.join(", ")
        );
        let names = left.iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ");
        table.faults.add(span, message, format!("add clears = [{names}], or keeps = [{names}] if it is to stand"));
    }
}

/// The fields stamped by the steps that lead from where a step leads back to, to where it is taken. Back is against the
/// order in which the states stand in the file.
fn stamped_on_the_way<'w>(workflow: &'w Workflow, back: &Step) -> Vec<&'w str> {
    let place = |state: &str| workflow.states.get_index_of(state);
    let onward: Vec<(&str, &Step)> = workflow
        .steps
        .values()
        .flat_map(|step| step.from.iter().map(move |from| (from.as_str(), step)))
        .filter(|(from, step)| place(from) < place(&step.to))
        .collect();
    let reached_from = |start: &'w str| {
        let mut reached = BTreeSet::from([start]);
        loop {
            let more: Vec<&str> = onward
                .iter()
                .filter(|(from, step)| reached.contains(from) && !reached.contains(step.to.as_str()))
                .map(|(_, step)| step.to.as_str())
                .collect();
            if more.is_empty() {
                return reached;
            }
            reached.extend(more);
        }
    };
    let Some((start, _)) = workflow.states.get_key_value(&back.to) else { return Vec::new() };
    let begun = reached_from(start);
    let ends: Vec<&str> = back.from.iter().map(String::as_str).filter(|from| place(from) > place(&back.to)).collect();
    let mut stamped: Vec<&str> = Vec::new();
    for (from, step) in &onward {
        let reached = reached_from(&step.to);
        let leads = begun.contains(from) && ends.iter().any(|end| reached.contains(end));
        let stamp = step.stamps.as_deref().filter(|stamp| back.stamps.as_deref() != Some(stamp));
        if let Some(stamp) = stamp.filter(|stamp| leads && !stamped.contains(stamp)) {
            stamped.push(stamp);
        }
    }
    stamped
}

/// The initial state and every state to which steps lead from there.
fn reached(workflow: &Workflow) -> BTreeSet<&str> {
    let mut reached: BTreeSet<&str> = BTreeSet::from([workflow.initial.as_str()]);
    loop {
        let from_there =
            workflow.steps.values().filter(|step| step.from.iter().any(|from| reached.contains(from.as_str())));
        let more: Vec<&str> = from_there.map(|step| step.to.as_str()).filter(|to| !reached.contains(to)).collect();
        if more.is_empty() {
            return reached;
        }
        reached.extend(more);
    }
}
