//! Clocks of a register: which statutory rule, started, paused and stopped by which steps.

use indexmap::IndexMap;

use super::{
    ClockEvent, DeadlineRule, Workflow,
    read_register::{check_field, role},
    reader::{At, TableReader, instead},
    register::{Field, FieldKind},
};

pub(super) fn read(
    file: &TableReader<'_, '_, '_>,
    fields: &IndexMap<String, Field>,
    workflow: Option<&Workflow>,
) -> Vec<DeadlineRule> {
    file.named_tables("deadlines", "deadline")
        .into_iter()
        .filter_map(|(key, table)| deadline(key, &table, fields, workflow))
        .collect()
}

fn deadline(
    key: At<String>,
    table: &TableReader<'_, '_, '_>,
    fields: &IndexMap<String, Field>,
    workflow: Option<&Workflow>,
) -> Option<DeadlineRule> {
    let label = table.needed_label("label");
    let rule = table.needed_text("rule", "\"petition.handle\"");
    let due = table.text("due");
    if let Some(due) = &due {
        check_field(table.faults, due, fields, "due", "a date or datetime field", is_dated);
    }
    if let Some(rule) = &rule {
        check_rule(table, rule);
        check_days(table, rule, due.is_some(), fields);
    }
    if !table.has("starts") {
        table.missing("starts", "{ step = \"accept\" }");
    }
    let starts = table.table("starts").and_then(|starts| clock_event(&starts, fields, workflow));
    let steps = |key: &'static str| {
        let names = table.texts(key);
        for name in &names {
            check_step(table, name, workflow, key);
        }
        names.into_iter().map(|name| name.value).collect::<Vec<String>>()
    };
    let (stops, restarts) = (steps("stops"), steps("restarts"));
    let (suspends, resumes) = (steps("suspends"), steps("resumes"));
    if suspends.is_empty() != resumes.is_empty() {
        let key = if suspends.is_empty() { "resumes" } else { "suspends" };
        let message = "a clock that is paused must be able to run on, and the other way round";
        table.faults.add(&table.key_span(key), message, "name steps in both “suspends” and “resumes”".to_owned());
    }
    let extends = table.table("extends").and_then(|extends| {
        let step = extends.needed_text("step", "\"extend\"");
        let rule = extends.needed_text("rule", "\"petition.extend\"");
        extends.finish();
        let (step, rule) = (step?, rule?);
        check_step(&extends, &step, workflow, "extends");
        check_rule(&extends, &rule);
        if due.is_some() {
            let message = "a clock that takes its last day from a field is extended by writing a later day there";
            extends.faults.add(&extends.span, message, "take “extends” out".to_owned());
        }
        Some((step.value, rule.value))
    });
    let escalate_to = table.text("escalate_to").and_then(|name| role(table.faults, &name));
    let remind = table.integers("remind").into_iter().filter_map(|day| i32::try_from(day).ok()).collect();
    table.finish();
    let (key, rule) = (key.value, rule?.value);
    let due = due.map(|due| due.value);
    Some(DeadlineRule {
        key,
        label,
        rule,
        due,
        starts: starts?,
        restarts,
        stops,
        suspends,
        resumes,
        extends,
        remind,
        escalate_to,
    })
}

fn is_dated(kind: &FieldKind) -> bool {
    matches!(kind, FieldKind::Date | FieldKind::DateTime)
}

/// A clock has its last day from a number of days of its rule or from a field, and from one alone.
fn check_days(table: &TableReader<'_, '_, '_>, name: &At<String>, has_field: bool, fields: &IndexMap<String, Field>) {
    let Ok(rule) = bilan_standards::deadline::rule(&name.value) else { return };
    match (rule.budget(), has_field) {
        (Err(none), false) => {
            let message = format!(
                "the rule “{}” names no number of days (“{}”): its clock would never remind",
                none.rule, none.given
            );
            let dated =
                fields.values().find(|field| is_dated(&field.kind)).map_or("rectify_by", |field| field.key.as_str());
            let remedy =
                format!("name the field with the last day, due = \"{dated}\", or a rule with a number of days");
            table.faults.add(&name.span, message, remedy);
        }
        (Ok(_), true) => {
            let message =
                format!("the rule “{}” names its own number of days: a field cannot set another last day", name.value);
            table.faults.add(&table.key_span("due"), message, "take “due” out".to_owned());
        }
        _ => {}
    }
}

fn clock_event(
    table: &TableReader<'_, '_, '_>,
    fields: &IndexMap<String, Field>,
    workflow: Option<&Workflow>,
) -> Option<ClockEvent> {
    let (step, field) = (table.text("step"), table.text("field"));
    table.finish();
    match (step, field) {
        (Some(step), None) => {
            check_step(table, &step, workflow, "starts");
            Some(ClockEvent::Step(step.value))
        }
        (None, Some(field)) => {
            check_field(table.faults, &field, fields, "starts", "a date or datetime field", is_dated);
            Some(ClockEvent::Field(field.value))
        }
        _ => {
            let remedy = "write starts = { step = \"accept\" } or starts = { field = \"received_at\" }".to_owned();
            table.faults.add(&table.span, "a clock starts with one step or with one field", remedy);
            None
        }
    }
}

fn check_step(table: &TableReader<'_, '_, '_>, name: &At<String>, workflow: Option<&Workflow>, key: &str) {
    let known = || workflow.into_iter().flat_map(|workflow| workflow.steps.keys().map(String::as_str));
    if !known().any(|step| step == name.value) {
        let known: Vec<&str> = known().collect();
        let remedy = instead(&name.value, known.iter().copied());
        table.faults.add(&name.span, format!("“{key}” names “{}”, which is no step", name.value), remedy);
    }
}

fn check_rule(table: &TableReader<'_, '_, '_>, name: &At<String>) {
    let rules = bilan_standards::deadline::rules();
    if !rules.iter().any(|rule| rule.key == name.value) {
        let remedy = instead(&name.value, rules.iter().map(|rule| rule.key.as_str()));
        table.faults.add(&name.span, format!("there is no statutory rule “{}”", name.value), remedy);
    }
}
