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
    let steps: IndexMap<String, Step> = table
        .named_tables("steps", "step")
        .into_iter()
        .filter_map(|(key, step)| read_step(key, &step, &states, fields))
        .collect();
    table.finish();
    let workflow = Workflow { initial: initial?.value, states, steps };
    check_ways(&table, &workflow, &spans);
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
    };
    Some((key.value, step))
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
