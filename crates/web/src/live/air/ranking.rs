//! Stations beside each other by their composite index, and the periods of a year of one place beside those of the year before.

use askama::Template;
use axum::response::Response;
use bilan_records::actor::Actor;
use bilan_records::value::beijing;
use bilan_standards::air::{self, EvaluationPeriod, Exclusions, Indicator};
use jiff::civil::Date;
use serde::Deserialize;

use super::days::{self, Place};
use super::periods::{CONCENTRATIONS, Judged, Summary};
use crate::live::condition::ConditionError;
use crate::live::factors::item_name;
use crate::live::view::ask;
use crate::parameters::{self, Query};
use crate::refusal::Refusal;
use crate::sheet::Sheet;
use crate::shell::Shell;
use crate::state::AppState;
use crate::visit::{Visit, encoded};

/// Which period is wanted: `2026`, `2026Q3` or `2026-11`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::live) struct WantedPeriod {
    period: String,
}

/// Whose year of periods is wanted.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::live) struct WantedYear {
    station: String,
    year: String,
}

/// A station with its place; `None` without a composite index.
struct Placed {
    rank: Option<usize>,
    number: String,
    name: String,
    summary: Summary,
}

#[derive(Template)]
#[template(path = "live/air_ranking.html")]
struct RankingPage {
    shell: Shell,
    period: EvaluationPeriod,
    choices: Vec<EvaluationPeriod>,
    heads: Vec<String>,
    placed: Vec<Placed>,
}

#[derive(Template)]
#[template(path = "live/air_periods.html")]
struct PeriodsPage {
    shell: Shell,
    chosen: String,
    name: Option<String>,
    stations: Vec<(String, String)>,
    years: (i16, i16, i16),
    query: String,
    heads: Vec<String>,
    rows: Vec<Summary>,
    exclusions: Vec<(Date, String)>,
}

/// Every period of a year, the year first.
fn periods(year: i16) -> Vec<EvaluationPeriod> {
    let quarters = (1..=4).map(|quarter| EvaluationPeriod::Quarter(year, quarter));
    let months = (1..=12).map(|month| EvaluationPeriod::Month(year, month));
    std::iter::once(EvaluationPeriod::Year(year)).chain(quarters).chain(months).collect()
}

/// Names of the concentrations: item and which percentile.
fn heads() -> Vec<String> {
    let name = |indicator: &Indicator| match indicator {
        Indicator::Percentile(item) => format!("{} P{}", item_name(*item), indicator.percent().unwrap_or(0)),
        Indicator::Mean(item) => item_name(*item).to_owned(),
        _ => String::new(),
    };
    CONCENTRATIONS.iter().map(name).collect()
}

async fn placed(visit: &Visit, wanted: &WantedPeriod) -> Result<(EvaluationPeriod, Vec<Placed>), Refusal> {
    let today = beijing(visit.app.ledger.now()).date();
    let period = parameters::value("period", &wanted.period, |text| text.parse().ok())?;
    let period = period.unwrap_or_else(|| EvaluationPeriod::month_of(today));
    let placed = ask(visit, move |app, actor| rank(app, actor, period, today)).await?;
    Ok((period, placed))
}

fn rank(app: &AppState, actor: &Actor, period: EvaluationPeriod, today: Date) -> Result<Vec<Placed>, ConditionError> {
    let exclusions = &app.catalogue().district.air_exclusions;
    let until = |period: EvaluationPeriod| period.last().tomorrow().unwrap_or(Date::MAX);
    let earlier = period.a_year_before();
    let before = days::of_each(app, actor, (earlier.first(), until(earlier)))?;
    let mut found = Vec::new();
    for (station, mut days) in days::of_each(app, actor, (period.first(), until(period)))? {
        if let Some((_, then)) = before.iter().find(|(other, _)| other.number == station.number) {
            days.extend(then);
        }
        let summary = Judged::of(&days, today).summary(period, exclusions, today);
        found.extend(summary.map(|summary| Placed { rank: None, number: station.number, name: station.name, summary }));
    }
    let places = found.iter().enumerate().map(|(at, placed)| (at, placed.summary.composite_statistic)).collect();
    for place in air::ranked(places) {
        found[place.who].rank = Some(place.rank);
    }
    found.sort_by_key(|placed| placed.rank.unwrap_or(usize::MAX));
    Ok(found)
}

/// `/air/ranking?period=`
pub(in crate::live) async fn show(visit: Visit, Query(wanted): Query<WantedPeriod>) -> Result<Response, Refusal> {
    let (period, placed) = placed(&visit, &wanted).await?;
    let page = RankingPage {
        shell: visit.shell(visit.text("live.air.ranking.title")),
        choices: periods(period.year()),
        period,
        heads: heads(),
        placed,
    };
    crate::render::page(&page)
}

/// `/air/ranking.csv?period=`: the places as [`show`] has them.
pub(in crate::live) async fn csv(visit: Visit, Query(wanted): Query<WantedPeriod>) -> Result<Response, Refusal> {
    let (period, placed) = placed(&visit, &wanted).await?;
    let mut sheet = sheet(&["rank", "station", "name"]);
    for Placed { rank, number, name, summary } in &placed {
        let rank = rank.map(|rank| rank.to_string()).unwrap_or_default();
        sheet.put([rank, number.clone(), name.clone()].into_iter().chain(cells(summary)));
    }
    Ok(sheet.download(&format!("air-ranking-{period}.csv")))
}

fn sheet(first: &[&str]) -> Sheet {
    let keys: Vec<String> = CONCENTRATIONS.iter().map(|indicator| indicator.key()).collect();
    let mut columns: Vec<&str> = first.to_vec();
    columns.push("period");
    columns.extend(keys.iter().map(String::as_str));
    columns.extend(["composite_index", "composite_change_percent", "leading", "good_days", "index_days", "valid"]);
    Sheet::of(&columns)
}

fn cells(summary: &Summary) -> impl Iterator<Item = String> + '_ {
    let concentrations = summary.concentrations.iter().map(|compared| compared.now.clone());
    let last = [
        summary.composite.now.clone(),
        summary.composite.change.clone(),
        summary.leading.map(|item| item.key().to_owned()).unwrap_or_default(),
        summary.good.good.to_string(),
        summary.good.indexed.to_string(),
        summary.valid.to_string(),
    ];
    std::iter::once(summary.period.to_string()).chain(concentrations).chain(last)
}

struct Year {
    year: i16,
    place: Place,
    rows: Vec<Summary>,
    exclusions: Exclusions,
}

async fn year(visit: &Visit, wanted: &WantedYear) -> Result<Year, Refusal> {
    let today = beijing(visit.app.ledger.now()).date();
    let year = parameters::year(&wanted.year)?.unwrap_or(today.year());
    let station = wanted.station.clone();
    ask(visit, move |app, actor| {
        let first = |year: i16| EvaluationPeriod::Year(year).first();
        let (place, days) = Place::read(app, actor, &station, (first(year - 1), first(year + 1)))?;
        let judged = Judged::of(&days, today);
        let exclusions = app.catalogue().district.air_exclusions.clone();
        let mut rows: Vec<Summary> =
            periods(year).into_iter().filter_map(|period| judged.summary(period, &exclusions, today)).collect();
        // Months first, then quarters, then the year.
        rows.sort_by_key(|row| row.period);
        Ok(Year { year, place, rows, exclusions })
    })
    .await
}

/// `/air/periods?station=&year=`
pub(in crate::live) async fn show_periods(visit: Visit, Query(wanted): Query<WantedYear>) -> Result<Response, Refusal> {
    let Year { year, place, rows, exclusions } = year(&visit, &wanted).await?;
    let of_year = exclusions.days().filter(|day| day.year() == year);
    let page = PeriodsPage {
        shell: visit.shell(visit.text("live.air.periods.title")),
        name: place.name().map(str::to_owned),
        query: format!("station={}&year={year}", encoded(&place.chosen)),
        exclusions: of_year.map(|day| (day, exclusions.reason(day).unwrap_or_default().to_owned())).collect(),
        chosen: place.chosen,
        stations: place.stations,
        years: (year - 1, year, year + 1),
        heads: heads(),
        rows,
    };
    crate::render::page(&page)
}

/// `/air/periods.csv?station=&year=`: the periods as [`show_periods`] has them.
pub(in crate::live) async fn periods_csv(visit: Visit, Query(wanted): Query<WantedYear>) -> Result<Response, Refusal> {
    let Year { year, place, rows, .. } = year(&visit, &wanted).await?;
    let mut sheet = sheet(&[]);
    rows.iter().for_each(|summary| sheet.put(cells(summary)));
    let whose = if place.chosen.is_empty() { "district" } else { &place.chosen };
    Ok(sheet.download(&format!("air-periods-{whose}-{year}.csv")))
}
