//! The big screen (大屏): the district's state for a wall that nobody touches. It follows events and renews itself.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use askama::Template;
use axum::Extension;
use axum::response::Response;
use bilan_records::actor::Actor;
use bilan_records::catalogue::Figure;
use bilan_records::contract::{self, View as _};
use bilan_records::deadlines::DueSpan;
use bilan_records::figures::{self, Period};
use bilan_records::views::{ComplaintRecord, TaskRecord};
use bilan_standards::clock::beijing_day;
use bilan_telemetry::{Kind, Series, Warning};
use jiff::civil::Date;

use super::condition::{Condition, ConditionError, Desk, Snapshot};
use super::ground::{self, Layer};
use super::panel::SimpleRow;
use super::view::{StationRow, VerdictView, WarningRow, ask, visible};
use crate::refusal::Refusal;
use crate::shell::{Language, Messages, Shell};
use crate::state::AppState;
use crate::visit::Visit;

/// Warnings and tasks that fit.
const LISTED: usize = 6;
/// Figures of a year change slowly; reckoned again after this time.
const FIGURES_STAND: Duration = Duration::from_secs(50);

/// A figure of the year.
#[derive(Clone)]
struct FigureView {
    key: String,
    label: String,
    text: String,
}

/// Figures that were reckoned.
#[derive(Default)]
pub(super) struct Reckoned(std::sync::Mutex<Vec<Known>>);

/// Figures of a year, for whom, and when they were reckoned.
struct Known {
    actor: Actor,
    language: Language,
    year: i16,
    at: Instant,
    figures: Vec<FigureView>,
}

/// A layer that the map of the screen shows.
struct Shown {
    key: String,
    colour: String,
    mark: String,
}

/// A number with what it counts.
#[derive(Default)]
struct Counts {
    reporting: usize,
    online: usize,
    exceeded: usize,
    due_today: u64,
    overdue: u64,
    open_tasks: u64,
}

/// What the screen shows.
struct View {
    district: Option<VerdictView>,
    air: Vec<StationRow>,
    water: Vec<StationRow>,
    noise: Vec<StationRow>,
    warnings: Vec<WarningRow>,
    warnings_open: usize,
    tasks: Vec<SimpleRow>,
    counts: Counts,
    figures: Vec<FigureView>,
    year: i16,
    layers: Vec<Shown>,
    now: i64,
}

#[derive(Template)]
#[template(path = "live/screen.html")]
struct ScreenPage {
    shell: Shell,
    bounds: String,
    name: String,
    view: View,
}

/// `/map/screen`
pub(super) async fn show(
    visit: Visit,
    Extension(desk): Extension<Arc<Desk>>,
    Extension(reckoned): Extension<Arc<Reckoned>>,
) -> Result<Response, Refusal> {
    let language = visit.language;
    let view = ask(&visit, move |app, actor| view(&desk, &reckoned, app, actor, language)).await?;
    let district = &visit.app.catalogue().district;
    let page = ScreenPage {
        bounds: ground::bounds(visit.app.catalogue()).map(|edge| format!("{edge:.5}")).join(","),
        name: district.name.text(language).to_owned(),
        shell: visit.shell(visit.text("live.screen.title")).dark(),
        view,
    };
    crate::render::page(&page)
}

fn view(
    desk: &Desk,
    reckoned: &Reckoned,
    app: &AppState,
    actor: &Actor,
    language: Language,
) -> Result<View, ConditionError> {
    let (snapshot, numbers) = visible(desk, app, actor)?;
    let numbers: HashSet<String> = numbers.into_iter().collect();
    let now = app.ledger.now();
    let open: Vec<_> =
        app.observations.open_warnings()?.into_iter().filter(|warning| numbers.contains(&warning.station)).collect();
    let rows = rows(app, &snapshot, &numbers, &open, language);
    let of = |kind: &str| rows.iter().filter(|row| row.kind == kind && row.running).cloned().collect::<Vec<_>>();
    let mut gravest: Vec<_> = open.iter().collect();
    gravest.sort_by_key(|warning| std::cmp::Reverse((warning.level, warning.opened_at)));
    let warnings = gravest
        .into_iter()
        .take(LISTED)
        .map(|warning| WarningRow::of(warning, &app.ledger, actor, now, language))
        .collect::<Result<_, _>>()?;
    let (tasks, open_tasks) = tasks(app, actor, language)?;
    let today = beijing_day(now);
    let due = |from: Option<Date>, until: Date| {
        let span = DueSpan { from, until, latest_first: false, most: 0 };
        app.ledger.due_in(actor, span).map(|due| due.total)
    };
    let year = app
        .ledger
        .years(ComplaintRecord::REGISTER)
        .ok()
        .and_then(|years| years.last().copied())
        .map_or(today.year(), |last| last.min(today.year()));
    Ok(View {
        district: snapshot.district.as_ref().map(|verdict| VerdictView::of(verdict, language)),
        counts: Counts {
            reporting: rows.iter().filter(|row| row.running).count(),
            online: rows.iter().filter(|row| row.running && !row.silent).count(),
            exceeded: rows.iter().filter(|row| row.verdict.as_ref().is_some_and(|verdict| verdict.exceeded)).count(),
            due_today: due(Some(today), today)?,
            overdue: due(None, today.yesterday().unwrap_or(today))?,
            open_tasks,
        },
        air: of("air"),
        water: of("water"),
        noise: of("noise"),
        warnings,
        warnings_open: open.len(),
        tasks,
        figures: reckoned.of_year(app, actor, year, language),
        year,
        layers: layers(app, actor, language),
        now: now.as_second(),
    })
}

fn rows(
    app: &AppState,
    snapshot: &Snapshot,
    numbers: &HashSet<String>,
    open: &[Warning],
    language: Language,
) -> Vec<StationRow> {
    snapshot
        .stations
        .iter()
        .filter(|(station, _)| numbers.contains(&station.number))
        .map(|(station, condition)| StationRow {
            warned: warned(app, &station.number, condition, open, language),
            ..StationRow::of(station, condition, snapshot.at, language)
        })
        .collect()
}

/// Why a warning is open where what is shown is within the limits: it lasts until its values have been calm for long enough.
fn warned(
    app: &AppState,
    station: &str,
    condition: &Condition,
    open: &[Warning],
    language: Language,
) -> Option<String> {
    if condition.verdict().is_none_or(|verdict| verdict.exceeded) {
        return None;
    }
    let warning = open.iter().find(|warning| warning.station == station && !warning.factor.is_empty())?;
    let of_the_hour = Series::main(station, &warning.factor, Kind::Hour);
    let hour = app.observations.latest(station).into_iter().find(|value| value.series == of_the_hour);
    Some(match hour {
        Some(hour) => format!("{} {}", language.text("live.screen.warned_hour"), hour.text),
        None => format!("{} {}", language.text("live.screen.warned"), warning.value),
    })
}

/// Open tasks, the newest first, and how many there are.
fn tasks(app: &AppState, actor: &Actor, language: Language) -> Result<(Vec<SimpleRow>, u64), ConditionError> {
    let Some(register) = TaskRecord::register(&app.ledger) else { return Ok((Vec::new(), 0)) };
    if Layer::of(register, app.catalogue(), actor).is_none() {
        return Ok((Vec::new(), 0));
    }
    let query = TaskRecord::query().only(contract::Condition::is_open()).at_most(LISTED as u64);
    let page = app.ledger.list(actor, query.into())?;
    let rows = page.records.iter().map(|record| SimpleRow::of(app.catalogue(), register, record, language)).collect();
    Ok((rows, page.total))
}

fn layers(app: &AppState, actor: &Actor, language: Language) -> Vec<Shown> {
    let layer = |register| {
        let layer = Layer::of(register, app.catalogue(), actor)?;
        Some(Shown { key: register.key.clone(), colour: layer.colour.to_owned(), mark: layer.mark(language) })
    };
    app.catalogue().first_layers().into_iter().filter_map(layer).collect()
}

impl Reckoned {
    /// The figures of a year for an actor; one that cannot be reckoned or may not be seen is left out.
    fn of_year(&self, app: &AppState, actor: &Actor, year: i16, language: Language) -> Vec<FigureView> {
        let mut known = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        known.retain(|known| known.at.elapsed() < FIGURES_STAND);
        let mine = |known: &&Known| known.actor == *actor && known.language == language && known.year == year;
        if let Some(known) = known.iter().find(mine) {
            return known.figures.clone();
        }
        let period = Period::year(year);
        let figure = |figure: &Figure| {
            let value = figures::compute(&app.ledger, actor, &figure.key, &period, None).ok()?;
            value.value.as_ref()?;
            let label = figure.label.text(language).to_owned();
            Some(FigureView { key: figure.key.clone(), label, text: value.full(language) })
        };
        let figures: Vec<FigureView> = app.catalogue().screen_figures().into_iter().filter_map(figure).collect();
        known.push(Known { actor: actor.clone(), language, year, at: Instant::now(), figures: figures.clone() });
        figures
    }
}
