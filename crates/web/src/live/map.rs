//! The one map (一张图): layers of everything that has a place, their GeoJSON, and the same as a list.

use std::sync::Arc;

use askama::Template;
use axum::Extension;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use bilan_records::actor::Actor;
use bilan_records::catalogue::{Register, SYSTEMS};
use bilan_records::contract::View;
use bilan_records::ledger::ListQuery;
use bilan_records::views::StationRecord;
use bilan_standards::clock::beijing_day;

use super::condition::{ConditionError, Desk};
use super::ground::{self, Layer, Wanted};
use super::panel::{CellView, SimpleRow};
use super::streams::{Sight, Topic};
use super::view::ask;
use crate::refusal::Refusal;
use crate::shell::{Language, Messages, Shell};
use crate::state::AppState;
use crate::visit::{Guest, Visit};

/// Records of a layer in the list beside the map.
const LISTED: u64 = 50;

/// What the address asks the map to show.
#[derive(Debug, Clone, Default)]
pub(super) struct Asked {
    layers: Vec<String>,
    wanted: Wanted,
    /// The address asked for anything at all.
    any: bool,
}

impl Asked {
    pub(super) fn read(query: Option<&str>) -> Result<Self, Refusal> {
        let mut asked = Self::default();
        for (name, value) in pairs(query.unwrap_or_default()) {
            asked.any = true;
            match name.as_str() {
                "layer" => asked.layers.extend(value.split(',').map(str::to_owned)),
                "cell" if !value.is_empty() => asked.wanted.cell = Some(value),
                "show" => asked.wanted.show = value,
                "period" if ground::is_period(&value) => asked.wanted.period = value,
                // The words of the search stand in the same form as the switches.
                other => crate::parameters::known(other, |name| ["cell", "period", "q"].contains(&name))?,
            }
        }
        Ok(asked)
    }

    fn has(&self, register: &Register) -> bool {
        if self.layers.is_empty() { register.map.first.is_some() } else { self.layers.contains(&register.key) }
    }
}

/// Names and values of a query.
fn pairs(query: &str) -> impl Iterator<Item = (String, String)> + '_ {
    query.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decoded(name), decoded(value))
    })
}

fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = |at: usize| bytes.get(at).and_then(|byte| char::from(*byte).to_digit(16));
        match (bytes[at], hex(at + 1), hex(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                out.push(u8::try_from(high * 16 + low).unwrap_or(b'?'));
                at += 2;
            }
            (b'+', ..) => out.push(b' '),
            (byte, ..) => out.push(byte),
        }
        at += 1;
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// A switch of the map.
pub(super) struct Switch {
    pub(super) key: String,
    pub(super) label: String,
    pub(super) colour: String,
    pub(super) mark: String,
    pub(super) on: bool,
    pub(super) count: String,
}

/// Switches of one system.
pub(super) struct SwitchGroup {
    pub(super) label: String,
    pub(super) open: bool,
    pub(super) switches: Vec<Switch>,
}

#[derive(Template)]
#[template(path = "live/map.html")]
struct MapPage {
    shell: Shell,
    groups: Vec<SwitchGroup>,
    bounds: String,
    cell: Option<CellView>,
    cell_code: String,
    show: String,
    period: String,
    years: Vec<i16>,
    query: String,
    illustrative: bool,
}

/// `/map`
pub(super) async fn show(visit: Visit, RawQuery(query): RawQuery) -> Result<Response, Refusal> {
    let asked = Asked::read(query.as_deref())?;
    let language = visit.language;
    let kept = asked.clone();
    let (groups, cell, years) = ask(&visit, move |app, actor| {
        let groups = switches(app, actor, &asked, language)?;
        let cell = match asked.wanted.cell.as_deref() {
            Some(code) => CellView::of(app, actor, code, language)?,
            None => None,
        };
        Ok((groups, cell, years(app, actor)?))
    })
    .await?;
    let catalogue = visit.app.catalogue();
    let page = MapPage {
        shell: visit.shell(visit.text("live.map.title")).wide(),
        groups,
        bounds: ground::bounds(catalogue).map(|edge| format!("{edge:.5}")).join(","),
        cell_code: cell.as_ref().map(|cell| cell.code.clone()).unwrap_or_default(),
        cell,
        show: kept.wanted.show,
        period: kept.wanted.period,
        years,
        query: if kept.any { format!("?{}", query.unwrap_or_default()) } else { String::new() },
        illustrative: catalogue.district.simulated_inner_lines,
    };
    crate::render::page(&page)
}

/// The switches of every layer that the visitor may see, by system; nothing of what they may not.
fn switches(
    app: &AppState,
    actor: &Actor,
    asked: &Asked,
    language: Language,
) -> Result<Vec<SwitchGroup>, ConditionError> {
    let mut groups: Vec<SwitchGroup> = vec![SwitchGroup {
        label: language.text("live.map.first_layers").to_owned(),
        open: true,
        switches: Vec::new(),
    }];
    let mut layers = Layer::all(app.catalogue(), actor);
    layers.sort_by_key(|layer| SYSTEMS.iter().position(|system| *system == layer.register.system));
    for layer in layers {
        let register = layer.register;
        let first = register.map.first.is_some();
        let switch = switch(app, actor, &layer, asked, language)?;
        let label = if first { None } else { Some(crate::shell::systems::label(&register.system, language)) };
        match groups.iter_mut().find(|group| label.is_none() || label == Some(group.label.as_str())) {
            Some(group) => {
                group.open |= switch.on;
                group.switches.push(switch);
            }
            None => groups.push(SwitchGroup {
                label: label.unwrap_or_default().to_owned(),
                open: switch.on,
                switches: vec![switch],
            }),
        }
    }
    groups[0].switches.sort_by_key(|switch| app.catalogue().registers.get(&switch.key)?.map.first);
    Ok(groups)
}

fn switch(
    app: &AppState,
    actor: &Actor,
    layer: &Layer<'_>,
    asked: &Asked,
    language: Language,
) -> Result<Switch, ConditionError> {
    // The map shows every cell, whichever is chosen.
    let query = ListQuery { limit: 1, cell: None, ..asked.wanted.query(&app.ledger, layer.register) };
    let page = app.ledger.list(actor, query)?;
    Ok(Switch {
        key: layer.register.key.clone(),
        label: layer.register.label.text(language).to_owned(),
        colour: layer.colour.to_owned(),
        mark: layer.mark(language),
        on: asked.has(layer.register),
        count: if page.total_is_capped { "…".to_owned() } else { page.total.to_string() },
    })
}

/// Years of the complaints, which every bureau has, the newest first; at least the present one.
fn years(app: &AppState, actor: &Actor) -> Result<Vec<i16>, ConditionError> {
    let now = beijing_day(app.ledger.now()).year();
    let mut years = vec![now];
    for register in app.catalogue().first_layers() {
        if Layer::of(register, app.catalogue(), actor).is_none() {
            continue;
        }
        years.extend(app.ledger.years(&register.key)?.into_iter().filter(|year| (now - 9..=now).contains(year)));
    }
    years.sort_unstable_by(|left, right| right.cmp(left));
    years.dedup();
    Ok(years)
}

/// `/map/layers/KEY.geojson`: the grid and the rivers for anybody, records for whoever may read them.
pub(super) async fn layer(
    Path(name): Path<String>,
    guest: Guest,
    State(app): State<AppState>,
    Extension(desk): Extension<Arc<Desk>>,
    RawQuery(query): RawQuery,
) -> Result<Response, Refusal> {
    let unknown = || Refusal::NotFound { what: name.clone() };
    let key = name.strip_suffix(".geojson").ok_or_else(unknown)?.to_owned();
    match key.as_str() {
        "cells" => return Ok(geojson(&ground::cells(app.catalogue()), "private, max-age=3600")),
        "rivers" => return Ok(geojson(&ground::rivers(app.catalogue()), "private, max-age=3600")),
        _ => {}
    }
    let Some(visit) = guest.visit else { return Err(Refusal::SignIn { next: "/map".to_owned() }) };
    if !app.catalogue().registers.contains_key(&key) {
        return Err(unknown());
    }
    let asked = Asked::read(query.as_deref())?;
    let language = visit.language;
    let found = ask(&visit, move |app, actor| {
        let catalogue = app.catalogue();
        let Some(layer) = catalogue.registers.get(&key).and_then(|register| Layer::of(register, catalogue, actor))
        else {
            return Ok(None);
        };
        let snapshot =
            if key == StationRecord::REGISTER { Some(desk.snapshot(&app.ledger, &app.observations)?) } else { None };
        let language = language;
        Ok(Some(ground::features(&app.ledger, actor, &layer, &asked.wanted, language, snapshot.as_deref())?))
    })
    .await?;
    let features = found.ok_or(Refusal::Forbidden { what: name })?;
    Ok(geojson(&features, "private, no-cache"))
}

fn geojson(value: &serde_json::Value, keep: &'static str) -> Response {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/geo+json"));
    headers.insert(header::CACHE_CONTROL, header::HeaderValue::from_static(keep));
    (headers, value.to_string()).into_response()
}

/// A layer as a table.
struct LayerTable {
    key: String,
    label: String,
    /// How many there are; with a sign where counting all would take too long.
    total: String,
    /// Only the newest are in the table.
    is_part: bool,
    rows: Vec<SimpleRow>,
}

#[derive(Template)]
#[template(path = "live/map_list.html")]
struct ListPage {
    shell: Shell,
    tables: Vec<LayerTable>,
    cell: Option<CellView>,
    query: String,
}

/// `/map/list`: what the map shows, as tables.
pub(super) async fn list(visit: Visit, RawQuery(query): RawQuery) -> Result<Response, Refusal> {
    let asked = Asked::read(query.as_deref())?;
    let language = visit.language;
    let (tables, cell) = ask(&visit, move |app, actor| {
        let mut tables = Vec::new();
        for layer in Layer::all(app.catalogue(), actor) {
            if asked.has(layer.register) {
                tables.push(table(app, actor, layer.register, &asked.wanted, language)?);
            }
        }
        let cell = match asked.wanted.cell.as_deref() {
            Some(code) => CellView::of(app, actor, code, language)?,
            None => None,
        };
        Ok((tables, cell))
    })
    .await?;
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    crate::render::page(&ListPage { shell: visit.shell(visit.text("live.map.list_title")), tables, cell, query })
}

fn table(
    app: &AppState,
    actor: &Actor,
    register: &Register,
    wanted: &Wanted,
    language: Language,
) -> Result<LayerTable, ConditionError> {
    let query = ListQuery { limit: LISTED, ..wanted.query(&app.ledger, register) };
    let page = app.ledger.list(actor, query)?;
    Ok(LayerTable {
        key: register.key.clone(),
        label: register.label.text(language).to_owned(),
        total: if page.total_is_capped { format!("{}+", page.total) } else { page.total.to_string() },
        is_part: page.total_is_capped || page.total > page.records.len() as u64,
        rows: page.records.iter().map(|record| SimpleRow::of(app.catalogue(), register, record, language)).collect(),
    })
}

/// `/map/events`: which stations said something, and warnings.
pub(super) async fn events(visit: Visit) -> Result<Response, Refusal> {
    super::events::open(&visit, Topic::Stations(Sight::of(&visit.actor))).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_says_what_is_shown() {
        let asked =
            Asked::read(Some("layer=complaint&layer=task,station&cell=430103005&show=all&period=2020&q=%E5%A4%A9"))
                .unwrap();
        assert_eq!(asked.layers, ["complaint", "task", "station"]);
        assert_eq!(asked.wanted, Wanted { show: "all".into(), period: "2020".into(), cell: Some("430103005".into()) });
        let files = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let shipped = bilan_records::catalogue::load(&files).unwrap_or_else(|faults| panic!("{faults}")).registers;
        assert!(asked.has(&shipped["task"]) && !asked.has(&shipped["warning"]));
        let unsaid = Asked::read(None).unwrap();
        assert!(unsaid.has(&shipped["warning"]) && !unsaid.has(&shipped["patrol"]));
        assert_eq!(Asked::read(Some("period=2020' or 1")).unwrap().wanted.period, "");
        assert_eq!(decoded("a%20b+c%E5%A4%A9%zz"), "a b c天%zz");
    }
}
