//! One station: what it says now, what the standards make of it, its charts, its last packets, what came of its warnings.

use askama::Template;
use axum::Json;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use bilan_records::actor::{Act, Actor, Scope};
use bilan_records::contract::{self, FieldOf};
use bilan_records::ledger::ReadError;
use bilan_records::views::{DeviceCommand, StationKind, TaskRecord, ValueReview};
use bilan_telemetry::{DeviceState, Doubts, Kind, Series};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use super::condition::{Condition, ConditionError, hour_of, of_one, printed};
use super::curve::{self, Span};
use super::deviation;
use super::factors;
use super::packet::PacketView;
use super::panel::SimpleRow;
use super::registered::{self, Station};
use super::streams::Topic;
use super::verdict::missing_items;
use super::view::{Moment, VerdictView, WarningRow, as_number, ask};
use crate::parameters::Query;
use crate::refusal::Refusal;
use crate::shell::{Language, Messages, Shell};
use crate::state::AppState;
use crate::visit::Visit;

/// Packets shown field by field.
const PACKETS: u32 = 4;
/// Hours in the table.
const HOURS: i64 = 24;
/// Tasks shown, and orders to the device.
const MATTERS: u64 = 6;

/// A factor now.
struct ValueRow {
    code: String,
    name: String,
    unit: String,
    text: String,
    at: Moment,
    flag: Option<String>,
    valid: bool,
    /// Mean of the running hour, and of how many values.
    mean: Option<(String, usize)>,
    /// The hour before.
    before: Option<String>,
}

/// An hour in the table.
struct HourRow {
    hour: String,
    cells: Vec<(String, bool)>,
}

/// What is known of the device.
struct DeviceRow {
    mn: String,
    peer: String,
    packets: i64,
    duplicates: i64,
    clock: Option<String>,
    tolerated: Vec<(String, i64)>,
}

impl DeviceRow {
    fn of(device: DeviceState, language: Language) -> Self {
        Self {
            clock: device.clock_behind_s.map(|seconds| deviation::off(seconds, language)),
            mn: device.mn,
            peer: device.peer,
            packets: device.packets,
            duplicates: device.duplicates,
            tolerated: deviation::counted(device.tolerated, language),
        }
    }
}

/// Values that our checks doubt.
struct DoubtRow {
    factor: String,
    why: &'static str,
    from: Moment,
    to: Moment,
    count: u32,
}

/// Everything on the page but its frame.
struct View {
    station: Station,
    condition: Condition,
    now: Timestamp,
    values: Vec<ValueRow>,
    columns: Vec<String>,
    hours: Vec<HourRow>,
    device: Option<DeviceRow>,
    packets: Vec<PacketView>,
    warnings: Vec<WarningRow>,
    tasks: Vec<SimpleRow>,
    doubts: Vec<DoubtRow>,
    /// What people say of values, as far as the visitor may see it, and where a new review is entered.
    reviews: Option<Vec<SimpleRow>>,
    review_form: Option<String>,
    /// The last orders to the device; `None` where the visitor may not see them.
    commands: Option<Vec<SimpleRow>>,
    /// Where a new order is entered; nothing where the visitor may not.
    command_form: Option<String>,
    missing: String,
}

#[derive(Template)]
#[template(path = "live/station.html")]
struct StationPage {
    shell: Shell,
    number: String,
    name: String,
    code: String,
    kind: String,
    kind_label: String,
    state: String,
    cell: Option<(String, String)>,
    point: Option<(f64, f64)>,
    silent: bool,
    reports: bool,
    heard: Option<Moment>,
    verdict: Option<VerdictView>,
    before: Option<VerdictView>,
    judged: bool,
    view: View,
    /// Code, name, chosen.
    factors: Vec<(String, String, bool)>,
    /// Name, label, chosen.
    spans: Vec<(&'static str, &'static str, bool)>,
}

/// What a link to the page may ask for.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
pub(super) struct StationQuery {
    /// Code of the factor whose curve is drawn first.
    factor: String,
}

/// `/stations/NUMBER?factor=CODE`
pub(super) async fn show(
    visit: Visit,
    Path(number): Path<String>,
    Query(asked): Query<StationQuery>,
) -> Result<Response, Refusal> {
    let language = visit.language;
    let view = ask(&visit, move |app, actor| view(app, actor, &number, language)).await?;
    let (station, condition) = (&view.station, &view.condition);
    // A station that has not sent an hour yet shows its instants.
    let first = if view.hours.is_empty() { Span::Hour } else { Span::Day };
    let shown = |verdict: &super::verdict::Verdict| VerdictView::of(verdict, language);
    let cell = station.cell.as_deref().and_then(|code| visit.app.catalogue().district.cells.get(code));
    let page = StationPage {
        shell: visit.shell(&station.name),
        number: station.number.clone(),
        name: station.name.clone(),
        code: station.code.clone(),
        kind: station.kind.key().to_owned(),
        kind_label: station.kind_label.text(language).to_owned(),
        state: station.state_label.text(language).to_owned(),
        cell: cell.map(|cell| (cell.code.clone(), cell.name.text(language).to_owned())),
        point: station.at.map(|[lon, lat]| (lon, lat)),
        silent: condition.silent,
        reports: station.reports(),
        heard: condition.last_heard.map(|heard| Moment::of(heard, view.now, language)),
        verdict: condition.verdict().map(shown),
        before: condition.before.as_ref().filter(|_| condition.now.is_some()).map(shown),
        judged: matches!(station.kind, StationKind::Air | StationKind::Water | StationKind::Noise),
        factors: charted(&view, &asked.factor, language),
        spans: Span::ALL
            .map(|span| (span.name(), language.text(&format!("live.span.{}", span.name())), span == first))
            .to_vec(),
        view,
    };
    crate::render::page(&page)
}

/// Factors that can be charted: what comes in, in the order of the table. Chosen is the one that was asked for, else the one that an open
/// warning is about, else the most telling.
fn charted(view: &View, asked: &str, language: Language) -> Vec<(String, String, bool)> {
    let mut codes: Vec<&str> = view.values.iter().map(|value| value.code.as_str()).collect();
    codes.extend(view.condition.complete.means.iter().map(|mean| mean.factor.as_str()));
    codes.sort_by_key(|code| (factors::rank(code), *code));
    codes.dedup();
    let name = |code: &str| {
        let name = view.station.factor_label(code).text(language).to_owned();
        let unit = view.station.unit(code);
        if unit.is_empty() { name } else { format!("{name} ({unit})") }
    };
    let warned = view.warnings.iter().filter_map(|warning| warning.factor.as_deref());
    let usual =
        if view.station.kind == StationKind::Noise { "Leq" } else { codes.first().copied().unwrap_or_default() };
    let wanted = std::iter::once(asked).chain(warned).find(|code| codes.contains(code));
    let chosen = wanted.unwrap_or(usual);
    codes.iter().map(|code| ((*code).to_owned(), name(code), *code == chosen)).collect()
}

fn view(app: &AppState, actor: &Actor, number: &str, language: Language) -> Result<View, ConditionError> {
    let station = registered::station(&app.ledger, actor, number)?;
    let (store, now) = (&app.observations, app.ledger.now());
    let condition = of_one(store, &station, now)?;
    let device = store.device_of(number)?;
    let packets = match &device {
        Some(device) => store.last_packets(&device.mn, PACKETS)?,
        None => Vec::new(),
    };
    let mut warnings = Vec::new();
    for warning in store.open_warnings()?.iter().filter(|warning| warning.station == number) {
        warnings.push(WarningRow::of(warning, &app.ledger, actor, now, language)?);
    }
    let (columns, hours) = hours(app, &station, now, language)?;
    let items = super::verdict::air_items(&condition.running);
    let missing = missing_items(&items).into_iter().map(factors::item_name).collect::<Vec<_>>().join("、");
    Ok(View {
        values: values(&station, &condition, now, language),
        columns,
        hours,
        packets: packets
            .iter()
            .map(|packet| PacketView::read(&packet.raw, packet.received_at, now, &station, language))
            .collect(),
        device: device.map(|device| DeviceRow::of(device, language)),
        warnings,
        doubts: doubts(app, &station, now, language)?,
        tasks: of_the_station(app, actor, TaskRecord::station(), number, language)?.unwrap_or_default(),
        reviews: of_the_station(app, actor, ValueReview::station(), number, language)?,
        review_form: form(
            app,
            actor,
            ValueReview::station(),
            &station,
            &[(ValueReview::begin_at(), now - SignedDuration::from_hours(1)), (ValueReview::end_at(), now)],
        ),
        commands: of_the_station(app, actor, DeviceCommand::station(), number, language)?,
        command_form: form(app, actor, DeviceCommand::station(), &station, &[(DeviceCommand::asked_at(), now)])
            .filter(|_| station.reports()),
        missing: if station.kind == StationKind::Air { missing } else { String::new() },
        station,
        condition,
        now,
    })
}

fn values(station: &Station, condition: &Condition, now: Timestamp, language: Language) -> Vec<ValueRow> {
    let mut latest: Vec<_> = condition.latest.iter().collect();
    latest.sort_by_key(|value| (factors::rank(&value.series.factor), value.series.factor.clone()));
    let mean = |hour: &super::verdict::Hour, code: &str| {
        let mean = hour.means.iter().find(|mean| mean.factor == code)?;
        Some((printed(code, mean.mean), mean.samples))
    };
    latest
        .into_iter()
        .map(|value| {
            let code = value.series.factor.clone();
            ValueRow {
                name: station.factor_label(&code).text(language).to_owned(),
                unit: station.unit(&code).to_owned(),
                text: as_number(value),
                at: Moment::of(value.at, now, language),
                flag: value.flag.clone(),
                valid: value.is_valid(),
                mean: mean(&condition.running, &code),
                before: mean(&condition.complete, &code).map(|(mean, _)| mean),
                code,
            }
        })
        .collect()
}

/// The last hours as the device sent them, the newest first, with the factors as columns.
fn hours(
    app: &AppState,
    station: &Station,
    now: Timestamp,
    language: Language,
) -> Result<(Vec<String>, Vec<HourRow>), ConditionError> {
    let store = &app.observations;
    let to = hour_of(now);
    let from = to - SignedDuration::from_hours(HOURS);
    let mut series: Vec<Series> = store
        .series_of(&station.number)?
        .into_iter()
        .filter(|series| *series == Series::main(&station.number, &series.factor, Kind::Hour))
        .collect();
    series.sort_by_key(|series| factors::rank(&series.factor));
    series.truncate(11);
    let mut found = Vec::new();
    for series in &series {
        found.push(store.range(series, from, to)?);
    }
    let mut rows = Vec::new();
    for back in 0..HOURS {
        let begins = to - SignedDuration::from_hours(back + 1);
        let cells: Vec<(String, bool)> = found
            .iter()
            .map(|values| {
                let value = values.iter().find(|value| value.at == begins);
                value.map_or((String::new(), true), |value| (as_number(value), value.is_valid()))
            })
            .collect();
        if cells.iter().any(|(text, _)| !text.is_empty()) {
            let ends = bilan_records::value::beijing(begins + SignedDuration::from_hours(1));
            rows.push(HourRow { hour: ends.strftime("%m-%d %H:00").to_string(), cells });
        }
    }
    let columns = series
        .iter()
        .map(|series| {
            let name = station.factor_label(&series.factor).text(language).to_owned();
            let unit = station.unit(&series.factor);
            if unit.is_empty() { name } else { format!("{name} {unit}") }
        })
        .collect();
    Ok((columns, rows))
}

/// Doubts of the last day, by factor and reason, the newest first.
fn doubts(
    app: &AppState,
    station: &Station,
    now: Timestamp,
    language: Language,
) -> Result<Vec<DoubtRow>, ConditionError> {
    let found = app.observations.doubts(&station.number, now - SignedDuration::from_hours(HOURS), now)?;
    let row = |doubts: Doubts| DoubtRow {
        factor: station.factor_label(&doubts.series.factor).text(language).to_owned(),
        why: language.text(&format!("live.doubt.{}", doubts.doubt.name())),
        from: Moment::of(doubts.first, now, language),
        to: Moment::of(doubts.last, now, language),
        count: doubts.count,
    };
    Ok(found.into_iter().map(row).collect())
}

/// Records of a register that name the station, the newest first; nothing where the visitor may not see them.
fn of_the_station<V: contract::View, T>(
    app: &AppState,
    actor: &Actor,
    station: FieldOf<V, T>,
    number: &str,
    language: Language,
) -> Result<Option<Vec<SimpleRow>>, ConditionError> {
    let Some(register) = V::register(&app.ledger) else { return Ok(None) };
    let query = V::query().only(station.is(&number)).at_most(MATTERS);
    match app.ledger.list(actor, query.into()) {
        Ok(page) => {
            let row = |record| SimpleRow::of(app.catalogue(), register, record, language);
            Ok(Some(page.records.iter().map(row).collect()))
        }
        Err(ReadError::Forbidden { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The form of a new record about this station, filled in as far as the page knows; nothing where the visitor may not enter one.
fn form<V: contract::View, T>(
    app: &AppState,
    actor: &Actor,
    field: FieldOf<V, T>,
    station: &Station,
    times: &[(FieldOf<V, Timestamp>, Timestamp)],
) -> Option<String> {
    let register = V::register(&app.ledger)?;
    if actor.scope(register, Act::Create) == Scope::Nothing {
        return None;
    }
    let mut address =
        format!("/records/{}/new?{}={}", register.key, field.name(), crate::visit::encoded(&station.number));
    for (field, at) in times {
        let at = bilan_records::value::beijing(*at).strftime("%Y-%m-%dT%H:%M").to_string();
        address.push_str(&format!("&{}={}", field.name(), crate::visit::encoded(&at)));
    }
    Some(address)
}

/// Which curve is wanted.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Wanted {
    factor: String,
    span: String,
}

/// `/stations/NUMBER/series.json?factor=&span=`
pub(super) async fn series(
    visit: Visit,
    Path(number): Path<String>,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Refusal> {
    let span = Span::from_name(if wanted.span.is_empty() { "day" } else { &wanted.span })
        .ok_or_else(|| Refusal::NotFound { what: wanted.span.clone() })?;
    let language = visit.language;
    let curve = ask(&visit, move |app, actor| {
        let station = registered::station(&app.ledger, actor, &number)?;
        Ok(curve::of(&app.observations, &station, &wanted.factor, span, app.ledger.now(), language)?)
    })
    .await?;
    Ok(Json(curve).into_response())
}

/// `/stations/NUMBER/events`: what comes in, as it comes.
pub(super) async fn events(visit: Visit, Path(number): Path<String>) -> Result<Response, Refusal> {
    let asked = number.clone();
    ask(&visit, move |app, actor| Ok(registered::station(&app.ledger, actor, &asked)?)).await?;
    super::events::open(&visit, Topic::Station(number)).await
}
