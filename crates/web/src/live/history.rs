//! What stations measured over any span, beside each other: a chart that zooms from years to minutes, a table, a file.

use askama::Template;
use axum::Json;
use axum::extract::RawQuery;
use axum::response::{IntoResponse, Response};
use bilan_records::actor::Actor;
use bilan_records::value::beijing;
use bilan_telemetry::StoreError;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::condition::ConditionError;
use super::factors::{self, Factor};
use super::packets::moment;
use super::registered::{self, Station};
use super::view::{ask, shortest};
use super::window::{self, Grain, WindowPoint};
use crate::refusal::Refusal;
use crate::sheet::Sheet;
use crate::shell::{Language, Messages, Shell};
use crate::state::AppState;
use crate::visit::{Visit, encoded};

/// Stations that are compared at most: more lines cannot be told apart.
const COMPARED: usize = 6;
/// Lines of the table on the page; the file has all.
const ROWS: usize = 400;

/// What is asked for.
#[derive(Debug, Clone, Default)]
struct Wanted {
    stations: Vec<String>,
    factor: String,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    grain: Option<Grain>,
}

impl Wanted {
    fn read(query: &str) -> Result<Self, Refusal> {
        let mut wanted = Self::default();
        for (key, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*key {
                "station" if value.is_empty() || wanted.stations.len() >= COMPARED => {}
                "station" => wanted.stations.push(value.into_owned()),
                "factor" => wanted.factor = value.into_owned(),
                "from" => wanted.from = moment(&value)?,
                "to" => wanted.to = moment(&value)?,
                "grain" => wanted.grain = Grain::ALL.into_iter().find(|grain| grain.name() == value),
                other => crate::parameters::known(other, |_| false)?,
            }
        }
        wanted.stations.dedup();
        Ok(wanted)
    }
}

/// One station's line.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct Line {
    station: String,
    name: String,
    points: Vec<WindowPoint>,
}

/// What was found.
#[derive(Debug, Clone, Serialize)]
struct Found {
    grain: Grain,
    gap: i64,
    digits: usize,
    unit: String,
    factor: String,
    factor_name: String,
    from: i64,
    to: i64,
    lines: Vec<Line>,
    #[serde(skip)]
    all: Vec<Station>,
    /// Code and name of the factors of the chosen stations.
    #[serde(skip)]
    factors: Vec<(String, String)>,
}

fn find(app: &AppState, actor: &Actor, wanted: &Wanted, language: Language) -> Result<Found, ConditionError> {
    let all = registered::stations(&app.ledger, actor)?;
    let mut chosen: Vec<&Station> =
        wanted.stations.iter().filter_map(|number| all.iter().find(|station| station.number == *number)).collect();
    if chosen.is_empty() {
        chosen.extend(all.iter().find(|station| station.reports()));
    }
    let factors = factors_of(app, &chosen, language)?;
    let factor = factors
        .iter()
        .find(|(code, _)| *code == wanted.factor)
        .or_else(|| factors.first())
        .map(|(code, _)| code.clone())
        .unwrap_or_default();
    let now = app.ledger.now();
    let to = wanted.to.unwrap_or(now + SignedDuration::from_secs(1));
    let from = wanted.from.unwrap_or(to - SignedDuration::from_hours(7 * 24)).min(to);
    let grain = wanted.grain.unwrap_or_else(|| Grain::fitting(to.duration_since(from)));
    let mut lines = Vec::new();
    for station in &chosen {
        let points = window::points(&app.observations, station, &factor, (from, to), grain, now)?;
        lines.push(Line { station: station.number.clone(), name: station.name.clone(), points });
    }
    Ok(Found {
        grain,
        gap: grain.gap(),
        digits: Factor::of(&factor).map_or(2, |factor| factor.digits.max(1)),
        unit: chosen.first().map(|station| station.unit(&factor).to_owned()).unwrap_or_default(),
        factor_name: factors.iter().find(|(code, _)| *code == factor).map(|(_, name)| name.clone()).unwrap_or_default(),
        factor,
        from: from.as_second(),
        to: to.as_second(),
        lines,
        factors,
        all,
    })
}

fn factors_of(app: &AppState, stations: &[&Station], language: Language) -> Result<Vec<(String, String)>, StoreError> {
    let mut codes: Vec<(String, String)> = Vec::new();
    for station in stations {
        for series in app.observations.series_of(&station.number)? {
            if !codes.iter().any(|(code, _)| *code == series.factor) {
                codes.push((series.factor.clone(), station.factor_label(&series.factor).text(language).to_owned()));
            }
        }
    }
    codes.sort_by_key(|(code, _)| (factors::rank(code), code.clone()));
    Ok(codes)
}

/// A line of the table: the time, and a cell for each station.
struct TableRow {
    at: String,
    cells: Vec<Option<Cell>>,
}

struct Cell {
    value: String,
    span: Option<String>,
    valid: bool,
    note: Option<String>,
}

/// A station that can be compared.
struct Choice {
    number: String,
    name: String,
    chosen: bool,
}

#[derive(Template)]
#[template(path = "live/history.html")]
struct HistoryPage {
    shell: Shell,
    /// Kind, and its stations.
    kinds: Vec<(String, Vec<Choice>)>,
    /// Code, name, chosen.
    factors: Vec<(String, String, bool)>,
    from: String,
    to: String,
    grain_label: &'static str,
    unit: String,
    names: Vec<String>,
    rows: Vec<TableRow>,
    is_cut: bool,
    query: String,
}

/// `/history?station=&station=&factor=&from=&to=`
pub(super) async fn show(visit: Visit, RawQuery(query): RawQuery) -> Result<Response, Refusal> {
    let wanted = Wanted::read(query.as_deref().unwrap_or_default())?;
    let language = visit.language;
    let found = ask(&visit, move |app, actor| find(app, actor, &wanted, language)).await?;
    let typed = |at: i64| beijing(second(at)).strftime("%Y-%m-%dT%H:%M").to_string();
    let mut rows = table(&found);
    let is_cut = rows.len() > ROWS;
    rows.truncate(ROWS);
    let page = HistoryPage {
        shell: visit.shell(visit.text("live.history.title")),
        kinds: by_kind(&found, language),
        factors: found.factors.iter().map(|(code, name)| (code.clone(), name.clone(), *code == found.factor)).collect(),
        from: typed(found.from),
        to: typed(found.to),
        grain_label: language.text(&format!("live.history.grain.{}", found.grain.name())),
        unit: found.unit.clone(),
        names: found.lines.iter().map(|line| line.name.clone()).collect(),
        rows,
        is_cut,
        query: address(&found),
    };
    crate::render::page(&page)
}

fn by_kind(found: &Found, language: Language) -> Vec<(String, Vec<Choice>)> {
    let mut kinds: Vec<(String, Vec<Choice>)> = Vec::new();
    for station in found.all.iter().filter(|station| station.reports()) {
        let label = station.kind_label.text(language).to_owned();
        let chosen = found.lines.iter().any(|line| line.station == station.number);
        let entry = Choice { number: station.number.clone(), name: station.name.clone(), chosen };
        match kinds.iter_mut().find(|(kind, _)| *kind == label) {
            Some((_, stations)) => stations.push(entry),
            None => kinds.push((label, vec![entry])),
        }
    }
    kinds
}

/// Lines by time, the newest first.
fn table(found: &Found) -> Vec<TableRow> {
    let mut times: Vec<i64> = found.lines.iter().flat_map(|line| line.points.iter().map(|point| point.at)).collect();
    times.sort_unstable();
    times.dedup();
    let format = match found.grain {
        Grain::Instants => "%m-%d %H:%M:%S",
        Grain::Minutes | Grain::Hours => "%Y-%m-%d %H:%M",
        Grain::Days => "%Y-%m-%d",
    };
    let cell = |line: &Line, at: i64| {
        let point = line.points.binary_search_by_key(&at, |point| point.at).ok().map(|at| &line.points[at])?;
        let span = point.low.zip(point.high).map(|(low, high)| format!("{}–{}", shortest(low), shortest(high)));
        let value = format!("{:.*}", found.digits, point.value);
        Some(Cell { value, span, valid: point.valid, note: point.note.clone() })
    };
    times
        .into_iter()
        .rev()
        .map(|at| TableRow {
            at: beijing(second(at)).strftime(format).to_string(),
            cells: found.lines.iter().map(|line| cell(line, at)).collect(),
        })
        .collect()
}

fn second(at: i64) -> Timestamp {
    Timestamp::from_second(at).unwrap_or_default()
}

/// The query that asks for the same again.
fn address(found: &Found) -> String {
    let typed = |at: i64| encoded(&beijing(second(at)).strftime("%Y-%m-%dT%H:%M:%S").to_string());
    let stations: String = found.lines.iter().map(|line| format!("station={}&", encoded(&line.station))).collect();
    format!("{stations}factor={}&from={}&to={}", encoded(&found.factor), typed(found.from), typed(found.to))
}

/// `/history/series.json`, with the same query: what the chart draws, in the grain that fits the span.
pub(super) async fn series(visit: Visit, RawQuery(query): RawQuery) -> Result<Response, Refusal> {
    let wanted = Wanted::read(query.as_deref().unwrap_or_default())?;
    let language = visit.language;
    let found = ask(&visit, move |app, actor| find(app, actor, &wanted, language)).await?;
    Ok(Json(found).into_response())
}

/// `/history/values.csv`, with the same query. `time` is the instant, or the end of the period, as in every file with values.
pub(super) async fn csv(visit: Visit, RawQuery(query): RawQuery) -> Result<Response, Refusal> {
    let wanted = Wanted::read(query.as_deref().unwrap_or_default())?;
    let language = visit.language;
    let found = ask(&visit, move |app, actor| find(app, actor, &wanted, language)).await?;
    let mut sheet =
        Sheet::of(&["station", "name", "factor", "unit", "time", "period_s", "value", "min", "max", "valid", "note"]);
    for line in &found.lines {
        for point in &line.points {
            let number = |value: Option<f64>| value.map(|value| value.to_string()).unwrap_or_default();
            sheet.put([
                line.station.clone(),
                line.name.clone(),
                found.factor.clone(),
                found.unit.clone(),
                bilan_records::value::beijing_text(second(point.ends)),
                point.period_s.to_string(),
                point.value.to_string(),
                number(point.low),
                number(point.high),
                point.valid.to_string(),
                point.note.clone().unwrap_or_default(),
            ]);
        }
    }
    Ok(sheet.download(&format!("{}-{}.csv", found.factor, found.grain.name())))
}
