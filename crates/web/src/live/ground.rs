//! Layers of the map: which registers can be shown, how they look, and their records as GeoJSON.
//!
//! A feature carries number, title, state, date and cell of its record, and nothing else of it: personal data and addresses never go to the map.

use std::collections::{HashMap, HashSet};

use bilan_records::actor::{Act, Actor, Scope};
use bilan_records::catalogue::{Catalogue, CellLevel, Field, FieldKind, Label, Register};
use bilan_records::ledger::{Ledger, ListQuery, ReadError, Record};
use bilan_records::value::{Language, start_of_day};
use bilan_standards::clock::beijing_day;
use jiff::civil::date;
use serde_json::{Value as Json, json};

use super::condition::Snapshot;
use super::registered::state_label;

/// Features that a layer sends at most; the map says when there are more.
pub(crate) const FEATURES: u64 = 4000;

/// Where the records of a register are.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Whereabouts<'c> {
    /// They have a place.
    Place,
    /// They are where another record is.
    Through(&'c Field, &'c Register),
    /// They are lines or areas.
    Shape,
}

/// A register as a layer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Layer<'c> {
    /// The register.
    pub(crate) register: &'c Register,
    /// Where its records are.
    pub(crate) whereabouts: Whereabouts<'c>,
    /// Colour of its marks.
    pub(crate) colour: &'c str,
}

impl<'c> Layer<'c> {
    /// The layer of a register, if its records are anywhere and the actor may see any.
    pub(crate) fn of(register: &'c Register, catalogue: &'c Catalogue, actor: &Actor) -> Option<Self> {
        if actor.scope(register, Act::Read) == Scope::Nothing {
            return None;
        }
        let whereabouts = if register.place.is_some() {
            Whereabouts::Place
        } else if register.fields.values().any(is_shape) {
            Whereabouts::Shape
        } else {
            through(register, catalogue)?
        };
        Some(Self { register, whereabouts, colour: &register.map.colour })
    }

    /// Every layer that the actor may see, in the order of the registers.
    pub(crate) fn all(catalogue: &'c Catalogue, actor: &Actor) -> Vec<Self> {
        catalogue.registers.values().filter_map(|register| Self::of(register, catalogue, actor)).collect()
    }

    /// The character on its marks.
    pub(crate) fn mark(&self, language: Language) -> String {
        mark(self.register.map.mark.as_ref(), &self.register.label, language)
    }
}

/// The character of a mark: the one that the file gives, which is Chinese, or the first of the label.
fn mark(given: Option<&String>, label: &Label, language: Language) -> String {
    match (language, given) {
        (Language::Chinese, Some(mark)) => mark.clone(),
        _ => label.text(language).chars().next().map(String::from).unwrap_or_default(),
    }
}

fn is_shape(field: &Field) -> bool {
    !field.personal && matches!(field.kind, FieldKind::Line | FieldKind::Polygon)
}

fn through<'c>(register: &'c Register, catalogue: &'c Catalogue) -> Option<Whereabouts<'c>> {
    let field = register.fields.get(register.map.at.as_ref()?)?;
    let FieldKind::Reference { to } = &field.kind else { return None };
    catalogue.registers.get(to).map(|to| Whereabouts::Through(field, to))
}

/// What part of a layer is wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// `open` (unless said otherwise), `closed` or `all`.
    pub(crate) show: String,
    /// `all` (unless said otherwise), `month`, or a year.
    pub(crate) period: String,
    /// Cell and those below.
    pub(crate) cell: Option<String>,
}

impl Wanted {
    /// The query for a layer, at the time of the ledger.
    pub(crate) fn query(&self, ledger: &Ledger, register: &Register) -> ListQuery {
        let mut conditions = Vec::new();
        if register.workflow.is_some() {
            match self.show.as_str() {
                "all" => {}
                "closed" => conditions.push("closed = true".to_owned()),
                _ => conditions.push("closed = false".to_owned()),
            }
        }
        let today = beijing_day(ledger.now());
        let span = match self.period.as_str() {
            "month" => today.checked_sub(jiff::Span::new().days(30)).ok().map(|from| (from, None)),
            "year" => Some((date(today.year(), 1, 1), None)),
            year => year
                .parse::<i16>()
                .ok()
                .filter(|year| (1990..2100).contains(year))
                .map(|year| (date(year, 1, 1), Some(date(year + 1, 1, 1)))),
        };
        if let Some((from, to)) = span {
            conditions.push(format!(r#"{} >= "{from}""#, register.date));
            conditions.extend(to.map(|to| format!(r#"{} < "{to}""#, register.date)));
        }
        let filter = Some(conditions.join(" and ")).filter(|filter| !filter.is_empty());
        ListQuery { filter, cell: self.cell.clone(), limit: FEATURES, ..ListQuery::of(&register.key) }
    }
}

/// A layer's records as GeoJSON, as far as the actor may see them. The state of stations comes from `snapshot`.
pub(crate) fn features(
    ledger: &Ledger,
    actor: &Actor,
    layer: &Layer<'_>,
    wanted: &Wanted,
    language: Language,
    snapshot: Option<&Snapshot>,
) -> Result<Json, ReadError> {
    let page = ledger.list(actor, wanted.query(ledger, layer.register))?;
    let elsewhere = match layer.whereabouts {
        Whereabouts::Through(field, to) => {
            places_of(ledger, actor, to, page.records.iter().filter_map(|record| record.text(field)))?
        }
        _ => HashMap::new(),
    };
    let mut features = Vec::with_capacity(page.records.len());
    for record in &page.records {
        let mut properties = properties(layer.register, record, language);
        if let Some(snapshot) = snapshot {
            add_condition(&mut properties, layer.register, snapshot, &record.number, language);
        }
        let at = match layer.whereabouts {
            Whereabouts::Through(field, _) => record.text(field).and_then(|number| elsewhere.get(number).copied()),
            _ => record.point(layer.register),
        };
        if let Some(at) = at {
            features.push(feature(&properties, json!({ "type": "Point", "coordinates": at })));
        }
        for field in layer.register.fields.values().filter(|field| is_shape(field)) {
            let Some(coordinates) = record.value(field).filter(|shape| shape.is_array()) else { continue };
            let kind = if matches!(field.kind, FieldKind::Line) { "LineString" } else { "Polygon" };
            features.push(feature(&properties, json!({ "type": kind, "coordinates": coordinates })));
        }
    }
    let shown = page.records.len() as u64;
    Ok(json!({
        "type": "FeatureCollection",
        "features": features,
        "total": page.total,
        "truncated": page.total_is_capped || page.total > shown,
    }))
}

fn feature(properties: &Json, geometry: Json) -> Json {
    json!({ "type": "Feature", "properties": properties, "geometry": geometry })
}

/// What a feature says of its record.
fn properties(register: &Register, record: &Record, language: Language) -> Json {
    let state = record.state.as_deref().map(|state| state_label(register, state).text(language).to_owned());
    json!({
        "register": register.key,
        "number": record.number,
        "title": title(register, record),
        "state": state,
        "date": record.date(register).map(|date| date.get(..10).unwrap_or(date)),
        "cell": record.cell,
    })
}

/// The title of a record where it names no person, else its number.
pub(crate) fn title(register: &Register, record: &Record) -> String {
    let named = register.fields.get(&register.title).filter(|field| !is_personal(field));
    named.and_then(|field| record.text(field)).unwrap_or(&record.number).to_owned()
}

/// Whether a field tells of a natural person.
pub(crate) fn is_personal(field: &Field) -> bool {
    field.personal || matches!(field.kind, FieldKind::Person | FieldKind::Phone)
}

fn add_condition(properties: &mut Json, register: &Register, snapshot: &Snapshot, number: &str, language: Language) {
    let Some((station, condition)) = snapshot.get(number) else { return };
    properties["kind"] = json!(station.kind.key());
    let (colour, short, word) = match condition.verdict() {
        Some(verdict) => (verdict.colour.as_str(), verdict.short.clone(), verdict.word.text(language)),
        None if condition.silent => ("#8a949c", "—".to_owned(), ""),
        None => {
            let own = register.map.marks.get(station.kind.key());
            ("#2b7a9b", mark(own, &station.kind_label, language), "")
        }
    };
    let dark = condition.verdict().is_some_and(|verdict| verdict.dark_ink);
    properties["colour"] = json!(colour);
    properties["ink"] = json!(if dark { "#1a1a1a" } else { "#ffffff" });
    properties["verdict"] = json!(word);
    properties["silent"] = json!(condition.silent);
    properties["short"] = json!(short);
}

/// Points of records of a register by number, as far as the actor may see them.
fn places_of<'r>(
    ledger: &Ledger,
    actor: &Actor,
    register: &Register,
    numbers: impl Iterator<Item = &'r str>,
) -> Result<HashMap<String, [f64; 2]>, ReadError> {
    let mut places = HashMap::new();
    for number in numbers.collect::<HashSet<_>>() {
        match ledger.record(actor, &register.key, number, None) {
            Ok(record) => places.extend(record.point(register).map(|at| (record.number, at))),
            Err(ReadError::NotFound { .. } | ReadError::Forbidden { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(places)
}

/// The grid as GeoJSON.
pub(crate) fn cells(catalogue: &Catalogue) -> Json {
    let features: Vec<Json> = catalogue
        .district
        .cells
        .values()
        .map(|cell| {
            let properties = json!({
                "code": cell.code,
                "name": cell.name.zh,
                "name_en": cell.name.en,
                "level": level_name(cell.level),
                "parent": cell.parent,
            });
            feature(&properties, json!({ "type": "MultiPolygon", "coordinates": cell.polygons }))
        })
        .collect();
    json!({ "type": "FeatureCollection", "features": features })
}

/// The rivers as GeoJSON; the longest is the main one.
pub(crate) fn rivers(catalogue: &Catalogue) -> Json {
    let rivers = &catalogue.district.rivers;
    let points = |lines: &Vec<Vec<[f64; 2]>>| lines.iter().map(Vec::len).sum::<usize>();
    let longest = rivers.iter().map(|river| points(&river.lines)).max().unwrap_or(0);
    let features: Vec<Json> = rivers
        .iter()
        .map(|river| {
            let main = points(&river.lines) == longest;
            let properties =
                json!({ "code": river.code, "name": river.name.zh, "name_en": river.name.en, "main": main });
            feature(&properties, json!({ "type": "MultiLineString", "coordinates": river.lines }))
        })
        .collect();
    json!({ "type": "FeatureCollection", "features": features })
}

/// Name of a level in GeoJSON.
pub(crate) fn level_name(level: CellLevel) -> &'static str {
    match level {
        CellLevel::District => "district",
        CellLevel::Street => "street",
        CellLevel::Community => "community",
        CellLevel::Cell => "cell",
    }
}

/// What a level is called.
pub(crate) fn level_label(level: CellLevel) -> Label {
    let (zh, en) = match level {
        CellLevel::District => ("区", "District"),
        CellLevel::Street => ("街道", "Subdistrict"),
        CellLevel::Community => ("社区（村）", "Community"),
        CellLevel::Cell => ("网格", "Cell"),
    };
    Label { zh: zh.to_owned(), en: en.to_owned() }
}

/// West, south, east, north of the district, or of what lies about its centre if it has no cells.
pub(crate) fn bounds(catalogue: &Catalogue) -> [f64; 4] {
    let [lon, lat] = catalogue.district.centre;
    let whole = catalogue.district.cells.values().find(|cell| cell.level == CellLevel::District);
    whole.map_or([lon - 0.1, lat - 0.1, lon + 0.1, lat + 0.1], |cell| cell.bounds())
}

/// Whether a text is a period that [`Wanted`] understands.
pub(crate) fn is_period(text: &str) -> bool {
    matches!(text, "all" | "month" | "year")
        || text.parse::<i16>().is_ok_and(|year| start_of_day(date(year.clamp(1990, 2100), 1, 1)).is_some())
}
