//! What stands beside the map: a cell with its people and open matters, a record in a few facts. Each is a page of its
//! own; the map asks for the part alone.

use askama::Template;
use axum::extract::Path;
use axum::response::{Html, IntoResponse, Response};
use bilan_records::actor::Actor;
use bilan_records::catalogue::{Catalogue, FieldKind, Register};
use bilan_records::contract::{Condition, Kept, View};
use bilan_records::ledger::{ListQuery, ReadError, Record};
use bilan_records::value::{Value, is_blank};
use bilan_records::views::{StaffPost, StationRecord};
use serde::Deserialize;

use super::condition::{ConditionError, of_one};
use super::ground::{Layer, Whereabouts, is_personal, level_label, title};
use super::registered::{self, state_label};
use super::view::{StationRow, ask};
use crate::parameters::Query;
use crate::refusal::Refusal;
use crate::shell::{Language, Messages, Shell};
use crate::state::AppState;
use crate::visit::Visit;

/// Facts of a record beside the map.
const FACTS: usize = 9;
/// Open matters of a kind that are named.
const NAMED: u64 = 4;

/// Whether the part alone is asked for, and what is looked for.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Part {
    part: Option<String>,
    pub(super) q: String,
}

impl Part {
    pub(super) fn alone(&self) -> bool {
        self.part.is_some()
    }
}

/// A record in a row.
#[derive(Debug, Clone)]
pub(super) struct SimpleRow {
    pub(super) register: String,
    pub(super) number: String,
    pub(super) title: String,
    pub(super) state: String,
    pub(super) closed: bool,
    pub(super) date: String,
    pub(super) cell: String,
    pub(super) fly: String,
}

impl SimpleRow {
    pub(super) fn of(catalogue: &Catalogue, register: &Register, record: &Record, language: Language) -> Self {
        let state = record.state.as_deref().unwrap_or_default();
        let known = register.workflow.as_ref().and_then(|workflow| workflow.states.get(state));
        let date = record.date(register).unwrap_or_default();
        let cell = record.cell.as_deref().and_then(|code| catalogue.district.cells.get(code));
        Self {
            register: register.key.clone(),
            number: record.number.clone(),
            title: title(register, record),
            state: known.map(|state| state.label.text(language).to_owned()).unwrap_or_default(),
            closed: known.is_some_and(|state| state.closed),
            date: date.get(..10).unwrap_or(date).to_owned(),
            cell: cell.map(|cell| cell.name.text(language).to_owned()).unwrap_or_default(),
            fly: record.point(register).map(|[lon, lat]| format!("{lon},{lat}")).unwrap_or_default(),
        }
    }
}

/// Somebody who answers for a cell.
pub(super) struct Person {
    pub(super) number: String,
    pub(super) post: String,
    pub(super) kind: String,
    pub(super) holder: String,
}

/// Open matters of one register in a cell.
pub(super) struct Matter {
    pub(super) key: String,
    pub(super) label: String,
    pub(super) total: String,
    pub(super) rows: Vec<SimpleRow>,
}

/// A cell beside another: code, name.
pub(super) type Beside = (String, String);

/// Things in a cell: register, its name, how many.
pub(super) type Thing = (String, String, String);

/// A cell of the grid with what matters in it.
pub(super) struct CellView {
    pub(super) code: String,
    pub(super) name: String,
    pub(super) level: String,
    pub(super) above: Vec<Beside>,
    pub(super) below: Vec<Beside>,
    pub(super) people: Vec<Person>,
    pub(super) matters: Vec<Matter>,
    pub(super) things: Vec<Thing>,
}

impl CellView {
    /// The cell of a code, if there is one.
    pub(super) fn of(
        app: &AppState,
        actor: &Actor,
        code: &str,
        language: Language,
    ) -> Result<Option<Self>, ConditionError> {
        let district = &app.catalogue().district;
        let Some(cell) = district.cells.get(code) else { return Ok(None) };
        let beside =
            |cell: &bilan_records::catalogue::GridCell| (cell.code.clone(), cell.name.text(language).to_owned());
        let mut above: Vec<Beside> = district.path(code).into_iter().map(beside).collect();
        above.pop();
        Ok(Some(Self {
            code: cell.code.clone(),
            name: cell.name.text(language).to_owned(),
            level: level_label(cell.level).text(language).to_owned(),
            above,
            below: district.children(code).map(beside).collect(),
            people: people(app, actor, code, language)?,
            matters: matters(app, actor, code, language)?,
            things: things(app, actor, code, language)?,
        }))
    }
}

/// Who answers for exactly this cell; nothing where the visitor may not see posts.
fn people(app: &AppState, actor: &Actor, code: &str, language: Language) -> Result<Vec<Person>, ConditionError> {
    let Some(register) = StaffPost::register(&app.ledger) else { return Ok(Vec::new()) };
    let query = StaffPost::query()
        .only(StaffPost::grid_code().is(&code))
        .only(Condition::is_open())
        .sorted_by_number()
        .at_most(20);
    let records = match StaffPost::list(&app.ledger, actor, query) {
        Ok(page) => page.records,
        Err(ReadError::Forbidden { .. }) => return Ok(Vec::new()),
        Err(error) => return Err(error.into()),
    };
    let person = |post: Kept<StaffPost>| Person {
        kind: registered::choice_label(register, StaffPost::kind().name(), &post.kind.0).text(language).to_owned(),
        number: post.number,
        post: post.fields.name,
        holder: post.fields.holder,
    };
    Ok(records.into_iter().map(person).collect())
}

/// Whether open records of a register wait for somebody; those of others (enterprises, permits) are simply there.
fn is_matter(register: &Register) -> bool {
    register.workflow.is_some() && (!register.deadlines.is_empty() || register.case)
}

/// What is in a cell and below it without waiting for anybody: register, name, number.
fn things(app: &AppState, actor: &Actor, code: &str, language: Language) -> Result<Vec<Thing>, ConditionError> {
    let mut things = Vec::new();
    for layer in Layer::all(app.catalogue(), actor) {
        let register = layer.register;
        if is_matter(register)
            || !matches!(layer.whereabouts, Whereabouts::Place)
            || register.key == StaffPost::REGISTER
        {
            continue;
        }
        let filter = register.workflow.as_ref().map(|_| "closed = false".to_owned());
        let query = ListQuery { filter, cell: Some(code.to_owned()), limit: 1, ..ListQuery::of(&register.key) };
        let page = app.ledger.list(actor, query)?;
        if !page.records.is_empty() {
            let total = if page.total_is_capped { "…".to_owned() } else { page.total.to_string() };
            things.push((register.key.clone(), register.label.text(language).to_owned(), total));
        }
    }
    Ok(things)
}

/// Open matters in a cell and below it.
fn matters(app: &AppState, actor: &Actor, code: &str, language: Language) -> Result<Vec<Matter>, ConditionError> {
    let mut matters = Vec::new();
    for layer in Layer::all(app.catalogue(), actor) {
        let register = layer.register;
        if !is_matter(register) || !matches!(layer.whereabouts, Whereabouts::Place) {
            continue;
        }
        let query = ListQuery {
            filter: Some("closed = false".to_owned()),
            cell: Some(code.to_owned()),
            limit: NAMED,
            ..ListQuery::of(&register.key)
        };
        let page = app.ledger.list(actor, query)?;
        if page.records.is_empty() {
            continue;
        }
        let row = |record: &Record| SimpleRow::of(app.catalogue(), register, record, language);
        matters.push(Matter {
            key: register.key.clone(),
            label: register.label.text(language).to_owned(),
            total: if page.total_is_capped { format!("{}+", page.total) } else { page.total.to_string() },
            rows: page.records.iter().map(row).collect(),
        });
    }
    // What presses comes first; stations wait for nobody.
    let pressing = |matter: &Matter| {
        let register = app.catalogue().registers.get(&matter.key);
        register.filter(|register| register.key != StationRecord::REGISTER)?.map.first
    };
    matters.sort_by_key(|matter| pressing(matter).unwrap_or(u32::MAX));
    Ok(matters)
}

#[derive(Template)]
#[template(path = "live/cell_part.html")]
struct CellPart {
    language: Language,
    cell: CellView,
}

#[derive(Template)]
#[template(path = "live/cell.html")]
struct CellPage {
    shell: Shell,
    language: Language,
    cell: CellView,
}

/// `/map/cells/CODE`: a cell, its people, what is open in it, the cells below.
pub(super) async fn cell(
    visit: Visit,
    Path(code): Path<String>,
    Query(part): Query<Part>,
) -> Result<Response, Refusal> {
    let language = visit.language;
    let asked = code.clone();
    let cell = ask(&visit, move |app, actor| CellView::of(app, actor, &asked, language)).await?;
    let cell = cell.ok_or(Refusal::NotFound { what: code })?;
    if part.alone() {
        return rendered(&CellPart { language, cell });
    }
    crate::render::page(&CellPage { shell: visit.shell(&cell.name), language, cell })
}

/// A fragment as it is.
pub(super) fn rendered(part: &impl Template) -> Result<Response, Refusal> {
    Ok(Html(part.render()?).into_response())
}

/// A record in a few facts.
pub(super) struct RecordView {
    register: String,
    register_label: String,
    number: String,
    title: String,
    state: String,
    closed: bool,
    /// Label, text, and the record that the text is the number of.
    facts: Vec<(String, String, Option<String>)>,
    fly: String,
    /// A station as it is now.
    station: Option<StationRow>,
}

#[derive(Template)]
#[template(path = "live/record_part.html")]
struct RecordPart {
    language: Language,
    record: RecordView,
}

/// `/map/panel/KEY/NUMBER`: a record beside the map; as a page of its own it is the record's page.
pub(super) async fn record(
    visit: Visit,
    Path((register, number)): Path<(String, String)>,
    Query(part): Query<Part>,
) -> Result<Response, Refusal> {
    if !part.alone() {
        let number = crate::visit::encoded(&number);
        return Ok(axum::response::Redirect::to(&format!("/records/{register}/{number}")).into_response());
    }
    let language = visit.language;
    let record = ask(&visit, move |app, actor| view(app, actor, &register, &number, language)).await?;
    rendered(&RecordPart { language, record })
}

fn view(
    app: &AppState,
    actor: &Actor,
    key: &str,
    number: &str,
    language: Language,
) -> Result<RecordView, ConditionError> {
    let record = app.ledger.record(actor, key, number, None)?;
    let register = app.catalogue().registers.get(key).ok_or_else(|| ReadError::UnknownRegister(key.to_owned()))?;
    let state = record.state.as_deref().unwrap_or_default();
    let workflow = register.workflow.as_ref();
    let station = if key == StationRecord::REGISTER {
        let station = registered::station(&app.ledger, actor, number)?;
        let condition = of_one(&app.observations, &station, app.ledger.now())?;
        Some(StationRow::of(&station, &condition, app.ledger.now(), language))
    } else {
        None
    };
    Ok(RecordView {
        register: key.to_owned(),
        register_label: register.label.text(language).to_owned(),
        number: record.number.clone(),
        title: title(register, &record),
        state: if workflow.is_some() { state_label(register, state).text(language).to_owned() } else { String::new() },
        closed: workflow.and_then(|workflow| workflow.states.get(state)).is_some_and(|state| state.closed),
        facts: facts(register, &record, language),
        fly: record.point(register).map(|[lon, lat]| format!("{lon},{lat}")).unwrap_or_default(),
        station,
    })
}

/// The first filled fields of a record that fit into a line and name nobody.
fn facts(register: &Register, record: &Record, language: Language) -> Vec<(String, String, Option<String>)> {
    let fits = |kind: &FieldKind| {
        !matches!(
            kind,
            FieldKind::Table { .. }
                | FieldKind::Attachment { .. }
                | FieldKind::Line
                | FieldKind::Polygon
                | FieldKind::Place
                | FieldKind::LongText { .. }
        )
    };
    let shown = register.fields.values().filter(|field| {
        field.key != register.title
            && !is_personal(field)
            && fits(&field.kind)
            && field.key != StationRecord::mn().name()
    });
    shown
        .filter_map(|field| {
            let json = record.value(field).filter(|json| !is_blank(json))?;
            let value = Value::from_json(field, json).ok()?;
            let to = match &field.kind {
                FieldKind::Reference { to } => Some(to.clone()),
                _ => None,
            };
            Some((field.label.text(language).to_owned(), value.display(field, language), to))
        })
        .take(FACTS)
        .collect()
}
