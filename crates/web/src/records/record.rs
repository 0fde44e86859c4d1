//! One record: its fields, its way, its deadlines, its history, and who refers to it.

use askama::Template;
use axum::Router;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bilan_records::actor::{Act, Actor, Scope};
use bilan_records::catalogue::{Register, Step};
use bilan_records::ledger::{FieldFaults, JsonMap, Ledger, Record};
use bilan_records::value::beijing;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value as Json;

use super::clock::{Clock, clock};
use super::control::{Control, controls};
use super::form::SAVED;
use super::history::{Line, line};
use super::shown::{Shown, badge, fields};
use super::{address, register};
use crate::AppState;
use crate::parameters::Query;
use crate::people::People;
use crate::refusal::Refusal;
use crate::render::page;
use crate::security::set_cookie;
use crate::shell::{Language, Messages, Shell};
use crate::visit::{Cookies, Visit, encoded};

pub(super) fn routes() -> Router<AppState> {
    Router::new().route("/records/{register}/{number}", get(show))
}

#[derive(Template)]
#[template(path = "records/record.html")]
struct RecordPage {
    shell: Shell,
    key: String,
    ledger_label: String,
    title: String,
    record: Record,
    address: String,
    state: Option<(String, &'static str)>,
    way: Vec<WayState>,
    fields: Vec<Shown>,
    has_details: bool,
    steps: Vec<StepForm>,
    clocks: Vec<Clock>,
    lines: Vec<Line>,
    related: Vec<RelatedGroup>,
    cell: String,
    created: String,
    changed: String,
    as_of: String,
    fault: Option<String>,
    notice: Option<String>,
    may_edit: bool,
    may_delete: bool,
}

/// A state of the workflow on the way of the record.
struct WayState {
    label: String,
    is_here: bool,
    was_passed: bool,
}

/// A step that can be taken now.
struct StepForm {
    key: String,
    label: String,
    controls: Vec<Control>,
    needs_reason: bool,
    reason: String,
    is_open: bool,
    fault: Option<String>,
    has_files: bool,
}

struct RelatedGroup {
    label: String,
    field: String,
    total: u64,
    address: String,
    records: Vec<(String, String, String, &'static str, String)>,
}

/// What a page of a record shows besides the record.
#[derive(Default)]
pub(super) struct Extra {
    /// A step that was refused: its key, what was entered, its faults, and the refusal in words.
    pub step: Option<RefusedStep>,
    /// A refusal that belongs to no step.
    pub fault: Option<String>,
    /// Something to know that is no refusal.
    pub notice: Option<String>,
    /// A personal field in plain text.
    pub plain: Option<(String, String)>,
}

/// A step that was refused.
pub(super) struct RefusedStep {
    pub key: String,
    pub values: JsonMap,
    pub faults: FieldFaults,
    pub reason: String,
    pub why: Option<String>,
}

#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    as_of: String,
    /// Names a personal field that was just unmasked.
    #[serde(default)]
    seen: String,
}

async fn show(
    visit: Visit,
    Path((key, number)): Path<(String, String)>,
    Query(asked): Query<Asked>,
    cookies: Cookies,
) -> Result<Response, Refusal> {
    let as_of = crate::figures::read_moment(&asked.as_of)?;
    let was_saved = cookies.get(SAVED).is_some_and(|of| of == encoded(&number));
    let extra = Extra {
        plain: visit.app.seen.text_of(&visit, &asked.seen, &key, &number),
        notice: was_saved.then(|| visit.language.fill("records.same", &[("number", &number)])),
        ..Extra::default()
    };
    let app = visit.app.clone();
    let mut response = shown(visit, key, number, as_of, extra, StatusCode::OK).await?;
    if was_saved {
        set_cookie(&mut response, &app, SAVED, "", Some(0));
    }
    Ok(response)
}

/// The page of a record, with what an act on it left to say.
pub(super) async fn shown(
    visit: Visit,
    key: String,
    number: String,
    as_of: Option<Timestamp>,
    extra: Extra,
    status: StatusCode,
) -> Result<Response, Refusal> {
    register(&visit, &key)?;
    let made = visit.clone();
    let shown = visit.read(move |ledger, actor| collect(&made, ledger, actor, &key, &number, as_of, extra)).await??;
    Ok((status, page(&shown)?).into_response())
}

fn collect(
    visit: &Visit,
    ledger: &Ledger,
    actor: &Actor,
    key: &str,
    number: &str,
    as_of: Option<Timestamp>,
    extra: Extra,
) -> Result<RecordPage, Refusal> {
    let language = visit.language;
    let people = People::of(&visit.app, language)?;
    let register = register(visit, key)?;
    let record = ledger.record(actor, key, number, as_of)?;
    let timeline = ledger.timeline(actor, key, number)?;
    let timeline = timeline.iter().filter(|entry| as_of.is_none_or(|moment| entry.at <= moment));
    let lines: Vec<Line> = timeline.map(|entry| line(entry, Some(register), &people)).collect();
    let mut shown_fields = fields(ledger, actor, register, &record, as_of, &people);
    if let Some((key, text)) = extra.plain
        && let Some(field) = shown_fields.iter_mut().find(|field| field.key == key)
    {
        (field.kind, field.text) = ("plain", text);
    }
    let now = as_of.is_none();
    let may = |act| now && actor.scope(register, act) != Scope::Nothing;
    let title = record.title(register).unwrap_or(number).to_owned();
    Ok(RecordPage {
        shell: visit.shell(format!("{title} {number}")),
        key: key.to_owned(),
        ledger_label: register.label.text(language).to_owned(),
        address: address(key, number),
        state: record
            .state
            .as_deref()
            .map(|state| (state_label(register, state, language), badge(register, Some(state)))),
        way: way(register, &record, &lines, language),
        has_details: shown_fields.iter().any(|field| field.is_detail),
        fields: shown_fields,
        steps: if now { steps(ledger, actor, register, &record, extra.step, language) } else { Vec::new() },
        clocks: if now {
            ledger.deadlines(actor, key, number)?.iter().map(|view| clock(view, language)).collect()
        } else {
            Vec::new()
        },
        lines,
        related: if now { related(ledger, actor, register, number, language)? } else { Vec::new() },
        cell: cell(visit, &record),
        created: format!("{} {}", moment(record.created_at), people.name(&record.created_by)),
        changed: format!("{} {}", moment(record.changed_at), people.name(&record.changed_by)),
        as_of: as_of.map(moment).unwrap_or_default(),
        fault: extra.fault,
        notice: extra.notice,
        may_edit: may(Act::Edit),
        may_delete: may(Act::Delete),
        title,
        record,
    })
}

fn moment(at: Timestamp) -> String {
    beijing(at).strftime("%Y-%m-%d %H:%M").to_string()
}

fn state_label(register: &Register, state: &str, language: Language) -> String {
    let known = register.workflow.as_ref().and_then(|workflow| workflow.states.get(state));
    known.map_or_else(|| state.to_owned(), |state| state.label.text(language).to_owned())
}

/// Names of the cell and those above it, from the district down.
fn cell(visit: &Visit, record: &Record) -> String {
    let path = record.cell.as_deref().map(|code| visit.app.catalogue().district.path(code)).unwrap_or_default();
    path.iter().map(|cell| cell.name.text(visit.language)).collect::<Vec<_>>().join(" › ")
}

fn way(register: &Register, record: &Record, lines: &[Line], language: Language) -> Vec<WayState> {
    let (Some(workflow), Some(here)) = (&register.workflow, record.state.as_deref()) else { return Vec::new() };
    let named = language.text("records.state");
    let passed = |label: &str| {
        lines.iter().flat_map(|line| &line.changes).any(|change| change.label == named && change.after == label)
    };
    workflow
        .states
        .iter()
        .map(|(key, state)| {
            let label = state.label.text(language).to_owned();
            WayState { is_here: key == here, was_passed: key != here && passed(&label), label }
        })
        .collect()
}

fn steps(
    ledger: &Ledger,
    actor: &Actor,
    register: &Register,
    record: &Record,
    mut refused: Option<RefusedStep>,
    language: Language,
) -> Vec<StepForm> {
    let open = ledger.open_steps(actor, record);
    let only = open.len() == 1;
    open.into_iter()
        .map(|(key, step)| {
            let refused = refused.take_if(|refused| refused.key == key);
            let asked = step.asked(register);
            let (values, faults, reason, why) = match refused {
                Some(refused) => (refused.values, refused.faults, refused.reason, refused.why),
                None => (proposed(step, record, actor), FieldFaults(Vec::new()), String::new(), None),
            };
            let is_open = only || why.is_some() || !faults.0.is_empty();
            let mut controls = controls(register, &asked, &values, &faults, language);
            for control in &mut controls {
                control.is_required |= step.needs.contains(&control.name);
                control.prefix(key);
            }
            StepForm {
                key: key.to_owned(),
                label: step.label.text(language).to_owned(),
                has_files: controls.iter().any(|control| control.kind == "files"),
                controls,
                needs_reason: step.reason,
                reason,
                is_open,
                fault: why,
            }
        })
        .collect()
}

/// The values of a record as the form of a step shows them: who takes it is proposed as who signs it.
fn proposed(step: &Step, record: &Record, actor: &Actor) -> JsonMap {
    let mut values = record.external();
    if let (Some(signs), Some(person)) = (&step.signs, &actor.person)
        && values.get(signs).is_none_or(Json::is_null)
    {
        values.insert(signs.clone(), person.as_str().into());
    }
    values
}

fn related(
    ledger: &Ledger,
    actor: &Actor,
    register: &Register,
    number: &str,
    language: Language,
) -> Result<Vec<RelatedGroup>, Refusal> {
    let registers = &ledger.catalogue().registers;
    let groups = ledger.related(actor, &register.key, number)?;
    let groups = groups.into_iter().filter_map(|related| {
        let other = registers.get(&related.register)?;
        let filter = format!("{} = \"{number}\"", related.field);
        let record = |record: &Record| {
            let title = record.title(other).unwrap_or_default();
            let state = record.state.as_deref();
            (
                record.number.clone(),
                title.to_owned(),
                state.map(|state| state_label(other, state, language)).unwrap_or_default(),
                badge(other, state),
                address(&other.key, &record.number),
            )
        };
        Some(RelatedGroup {
            label: other.label.text(language).to_owned(),
            field: other
                .fields
                .get(&related.field)
                .map(|field| field.label.text(language).to_owned())
                .unwrap_or_default(),
            total: related.total,
            address: format!("/records/{}?filter={}", other.key, crate::visit::encoded(&filter)),
            records: related.first.iter().map(record).collect(),
        })
    });
    Ok(groups.collect())
}
