//! A month of noise: days and nights of each station in colours, and the share of them that kept the limit by zone.

use std::collections::BTreeMap;

use askama::Template;
use axum::response::Response;
use bilan_records::actor::Actor;
use bilan_records::value::beijing;
use bilan_records::views::StationKind;
use bilan_standards::noise::{Compliance, DecibelA, NoiseDay, NoiseLimit, NoiseNeeds, NoiseVerdict, NoiseZone, Period};
use jiff::ToSpan;
use jiff::civil::Date;
use serde::Deserialize;

use super::days;
use crate::live::condition::ConditionError;
use crate::live::registered::{self, Station};
use crate::live::view::ask;
use crate::parameters::{self, Query};
use crate::refusal::Refusal;
use crate::sheet::Sheet;
use crate::shell::Shell;
use crate::state::AppState;
use crate::visit::Visit;

/// Which month is wanted: `2026-11`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::live) struct Wanted {
    month: String,
}

/// Day or night of a station on a day.
struct Cell {
    date: String,
    day: i8,
    /// Level and its look.
    level: Option<(String, &'static str)>,
    /// It is not over yet.
    is_later: bool,
}

struct Strip {
    number: String,
    name: String,
    /// Its days, then its nights.
    halves: [(&'static str, Vec<Cell>); 2],
    compliance: Compliance,
}

struct Zone {
    key: &'static str,
    limits: (u8, u8),
    judged: u32,
    /// Shares of days and of nights that kept their limit, with how many they are.
    shares: [(Option<String>, u32); 2],
    strips: Vec<Strip>,
}

#[derive(Template)]
#[template(path = "live/noise.html")]
struct NoisePage {
    shell: Shell,
    month: String,
    beside: (String, String),
    days: Vec<i8>,
    /// The day that runs, if it is one of them: the table opens where it is seen.
    today: Option<i8>,
    zones: Vec<Zone>,
    /// Stations that name no zone.
    unzoned: Vec<(String, String)>,
    has_later: bool,
}

/// A station with its judged days.
struct Known {
    station: Station,
    days: BTreeMap<Date, NoiseDay>,
}

struct Month {
    first: Date,
    /// The day that runs.
    running: Date,
    stations: Vec<Known>,
}

async fn read(visit: &Visit, wanted: &Wanted) -> Result<Month, Refusal> {
    let now = beijing(visit.app.ledger.now());
    let first = parameters::month(&wanted.month)?.unwrap_or_else(|| now.date().first_of_month());
    // After midnight the night of yesterday still runs.
    let running = visit.app.catalogue().district.night.date_of(now.date(), now.hour());
    ask(visit, move |app, actor| find(app, actor, first, running)).await
}

/// The days of the month that are over, their nights too: those before the one that runs.
fn find(app: &AppState, actor: &Actor, first: Date, running: Date) -> Result<Month, ConditionError> {
    let next = first.last_of_month().tomorrow().unwrap_or(first).min(running);
    let mut stations = Vec::new();
    for station in registered::stations(&app.ledger, actor)? {
        if station.kind == StationKind::Noise {
            let days = days::read(&app.observations, &station, (first, next.max(first)))?;
            let days: BTreeMap<_, _> = days.into_iter().map(|(date, hours)| (date, days::judged(&hours))).collect();
            // A station that was given up has nothing to show but its past.
            if station.reports() || !days.is_empty() {
                stations.push(Known { station, days });
            }
        }
    }
    Ok(Month { first, running, stations })
}

impl Known {
    fn verdicts(&self, zone: NoiseZone) -> impl Iterator<Item = (Date, NoiseVerdict)> {
        self.days.iter().filter_map(move |(date, day)| Some((*date, day.verdict(zone, NoiseNeeds::default())?)))
    }

    fn strip(&self, zone: NoiseZone, limit: &NoiseLimit, (first, running): (Date, Date)) -> Strip {
        let cells = |period: Period| {
            let dates = first.series(1.day()).take_while(|date| date.month() == first.month());
            let cell = |date: Date| {
                let day = self.days.get(&date);
                let level = day.and_then(|day| day.level(period));
                let judged = day.is_some_and(|day| day.count(period) >= NoiseNeeds::default().of(period));
                let tone = |level: DecibelA| match level.exceeds(limit.of(period)) {
                    // Too few hours have a level and no verdict.
                    _ if !judged => "noise-none",
                    true => "noise-over",
                    false => "noise-ok",
                };
                Cell {
                    date: date.to_string(),
                    day: date.day(),
                    level: level.map(|level| (level.to_string(), tone(level))),
                    is_later: date >= running,
                }
            };
            dates.map(cell).collect()
        };
        Strip {
            number: self.station.number.clone(),
            name: self.station.name.clone(),
            halves: [("live.noise.by_day", cells(Period::Day)), ("live.noise.by_night", cells(Period::Night))],
            compliance: Compliance::of(self.verdicts(zone).map(|(_, verdict)| verdict)),
        }
    }
}

/// `/noise?month=`
pub(in crate::live) async fn show(visit: Visit, Query(wanted): Query<Wanted>) -> Result<Response, Refusal> {
    let month = read(&visit, &wanted).await?;
    let first = month.first;
    let mut zones = Vec::new();
    for zone in NoiseZone::ALL {
        let Some(limit) = NoiseLimit::of_zone(zone) else { continue };
        let of_zone: Vec<&Known> = month.stations.iter().filter(|known| known.station.zone == Some(zone)).collect();
        if of_zone.is_empty() {
            continue;
        }
        let verdicts = of_zone.iter().flat_map(|known| known.verdicts(zone).map(|(_, verdict)| verdict));
        let compliance = Compliance::of(verdicts);
        zones.push(Zone {
            key: zone.key(),
            limits: (limit.day, limit.night),
            judged: compliance.judged,
            shares: [
                (compliance.share(Period::Day), compliance.days),
                (compliance.share(Period::Night), compliance.nights),
            ],
            strips: of_zone.iter().map(|known| known.strip(zone, limit, (first, month.running))).collect(),
        });
    }
    let unzoned = month.stations.iter().filter(|known| known.station.zone.is_none());
    let named = |date: Option<Date>| date.unwrap_or(first).strftime("%Y-%m").to_string();
    let page = NoisePage {
        shell: visit.shell(visit.text("live.noise.title")),
        month: named(Some(first)),
        beside: (named(first.yesterday().ok()), named(first.last_of_month().tomorrow().ok())),
        days: (1..=first.days_in_month()).collect(),
        today: (month.running.first_of_month() == first).then(|| month.running.day()),
        unzoned: unzoned.map(|known| (known.station.number.clone(), known.station.name.clone())).collect(),
        zones,
        has_later: month.running <= first.last_of_month(),
    };
    crate::render::page(&page)
}

/// `/noise/days.csv?month=`: the days as [`show`] has them.
pub(in crate::live) async fn csv(visit: Visit, Query(wanted): Query<Wanted>) -> Result<Response, Refusal> {
    let month = read(&visit, &wanted).await?;
    let mut sheet =
        Sheet::of(&["station", "name", "zone", "date", "ld", "ln", "ldn", "day_hours", "night_hours", "verdict"]);
    let level = |level: Option<DecibelA>| level.map(|level| level.to_string()).unwrap_or_default();
    for known in &month.stations {
        let zone = known.station.zone;
        for (date, day) in &known.days {
            sheet.put([
                known.station.number.clone(),
                known.station.name.clone(),
                zone.map(NoiseZone::key).unwrap_or_default().to_owned(),
                date.to_string(),
                level(day.level(Period::Day)),
                level(day.level(Period::Night)),
                level(day.day_night(NoiseNeeds::default())),
                day.count(Period::Day).to_string(),
                day.count(Period::Night).to_string(),
                zone.and_then(|zone| day.verdict(zone, NoiseNeeds::default()))
                    .map(NoiseVerdict::key)
                    .unwrap_or_default()
                    .to_owned(),
            ]);
        }
    }
    Ok(sheet.download(&format!("noise-{}.csv", month.first.strftime("%Y-%m"))))
}
