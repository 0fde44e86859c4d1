//! Electricity use (用电监管) of a day: each enterprise with its process lines, when production and treatment ran, whether they ran together, and
//! whether orders to stop were kept.

use std::collections::HashMap;

use askama::Template;
use axum::response::Response;
use bilan_records::actor::Actor;
use bilan_records::contract::{Kept, Refers, View};
use bilan_records::ledger::{Ledger, ReadError};
use bilan_records::value::beijing_text;
use bilan_records::views::{
    CurtailmentMeasure, EnterpriseRecord, PollutionResponse, PowerInstallation, StationKind, StationRecord,
};
use bilan_standards::power::{PowerFault, PowerVerdict, Running, Span, Tolerances, judge};
use bilan_telemetry::{Kind, Observation, Series, Store, StoreError};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use super::condition::ConditionError;
use super::view::ask;
use crate::parameters::Query;
use crate::refusal::Refusal;
use crate::shell::{Language, Messages, Shell};
use crate::state::AppState;
use crate::visit::Visit;

/// Current above which production counts as running, in A; as in `rules/power.toml`.
const PRODUCTION_ON: f64 = 10.0;
/// Current above which treatment counts as running, in A.
const TREATMENT_ON: f64 = 1.0;
/// A value holds for so long when no other follows.
const HOLDS: SignedDuration = SignedDuration::from_mins(10);
/// More installations than this no district has.
const INSTALLATIONS: u64 = 2000;

/// Which day is wanted.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Wanted {
    day: String,
}

/// A stretch in a bar: from, width, in minutes of the day.
struct Bar {
    from: i64,
    width: i64,
}

/// A process line: production and the treatment that belongs to it.
struct Line {
    name: String,
    production: Vec<Bar>,
    treatment: Vec<Bar>,
    dark: Vec<Bar>,
    faults: Vec<Bar>,
    /// Hours on, of production and of treatment.
    hours: (String, String),
    /// What they draw now, in A, and whether that counts as running.
    now: Option<[(String, bool); 2]>,
    verdict: PowerVerdict,
    why: Vec<String>,
}

impl Line {
    fn badge(&self) -> &'static str {
        badge(self.verdict)
    }
}

/// An enterprise that is watched.
struct Row {
    number: String,
    name: String,
    enterprise: Option<(String, String)>,
    station: Option<(String, String)>,
    lines: Vec<Line>,
    ordered: bool,
}

impl Row {
    fn verdict(&self) -> Option<PowerVerdict> {
        self.lines.iter().map(|line| line.verdict).max()
    }

    /// Badge and message of the verdict.
    fn shown(&self) -> Option<(&'static str, &'static str)> {
        self.verdict().map(|verdict| (badge(verdict), verdict_key(verdict)))
    }
}

#[derive(Template)]
#[template(path = "live/power.html")]
struct PowerPage {
    shell: Shell,
    day: String,
    before: String,
    after: Option<String>,
    is_today: bool,
    /// Minute of the day that it is now.
    minute: Option<i64>,
    rows: Vec<Row>,
    watched: usize,
    online: usize,
    violated: usize,
    out_of_step: usize,
    ordered: usize,
    obeyed: usize,
}

fn badge(verdict: PowerVerdict) -> &'static str {
    match verdict {
        PowerVerdict::Synchronous => "badge-ok",
        PowerVerdict::Idle => "badge-neutral",
        PowerVerdict::Incomplete => "badge-info",
        PowerVerdict::OutOfStep => "badge-warn",
        PowerVerdict::Violated => "badge-bad",
    }
}

fn verdict_key(verdict: PowerVerdict) -> &'static str {
    match verdict {
        PowerVerdict::Synchronous => "live.power.synchronous",
        PowerVerdict::Idle => "live.power.idle",
        PowerVerdict::Incomplete => "live.power.incomplete",
        PowerVerdict::OutOfStep => "live.power.out_of_step",
        PowerVerdict::Violated => "live.power.violated",
    }
}

/// `/power?day=2026-01-31`
pub(super) async fn show(visit: Visit, Query(wanted): Query<Wanted>) -> Result<Response, Refusal> {
    let language = visit.language;
    let today = bilan_records::value::beijing(visit.app.ledger.now()).date();
    let day = match wanted.day.trim() {
        "" => today,
        text => text
            .parse::<Date>()
            .map_err(|_| Refusal::Unreadable { message: "shell.refusal.day_text", found: text.to_owned() })?,
    };
    let rows = ask(&visit, move |app, actor| rows(app, actor, day, language)).await?;
    let count = |test: &dyn Fn(&Row) -> bool| rows.iter().filter(|row| test(row)).count();
    let against = |row: &Row| row.lines.iter().any(|line| line.why.iter().any(|why| why.starts_with("E6")));
    let now = bilan_records::value::beijing(visit.app.ledger.now());
    let page = PowerPage {
        shell: visit.shell(visit.text("live.power.title")),
        day: day.to_string(),
        before: day.yesterday().unwrap_or(day).to_string(),
        after: day.tomorrow().ok().filter(|next| *next <= today).map(|next| next.to_string()),
        is_today: day == today,
        minute: (day == today).then(|| i64::from(now.hour()) * 60 + i64::from(now.minute())),
        watched: rows.len(),
        online: count(&|row| row.lines.iter().any(|line| line.now.is_some())),
        violated: count(&|row| row.verdict() == Some(PowerVerdict::Violated)),
        out_of_step: count(&|row| row.verdict() == Some(PowerVerdict::OutOfStep)),
        ordered: count(&|row| row.ordered),
        obeyed: count(&|row| row.ordered && !row.lines.is_empty() && !against(row)),
        rows,
    };
    crate::render::page(&page)
}

fn rows(app: &AppState, actor: &Actor, day: Date, language: Language) -> Result<Vec<Row>, ConditionError> {
    let ledger = &app.ledger;
    let query = PowerInstallation::query().sorted_by_number().at_most(INSTALLATIONS);
    let installations = PowerInstallation::list(ledger, actor, query)?.records;
    let stations = stations(ledger, actor)?;
    let within = day_span(day);
    let until = within.to.min(ledger.now()).max(within.from);
    let orders = stop_orders(ledger, actor, within)?;
    let mut rows = Vec::new();
    for record in installations {
        let station = stations.get(&record.number).cloned();
        let number = record.enterprise.number();
        let name = EnterpriseRecord::find(ledger, actor, number).map(|enterprise| enterprise.fields.name);
        let enterprise = Some((number.to_owned(), name.unwrap_or_else(|_| number.to_owned())));
        let order = orders.iter().find(|(known, _)| {
            *known == record.number || enterprise.as_ref().is_some_and(|(number, _)| known == number)
        });
        let lines = match (&station, Span::new(within.from, until)) {
            (Some((number, _)), Some(known)) => {
                let stops: Vec<Span> = order.iter().filter_map(|(_, span)| span.common(known)).collect();
                lines(&app.observations, number, known, &stops, ledger.now(), language)?
            }
            _ => Vec::new(),
        };
        rows.push(Row {
            number: record.number,
            name: record.fields.name,
            enterprise,
            station,
            lines,
            ordered: order.is_some(),
        });
    }
    rows.sort_by_key(|row| (std::cmp::Reverse(row.verdict()), row.number.clone()));
    Ok(rows)
}

/// A Beijing day.
fn day_span(day: Date) -> Span {
    let midnight = |day: Date| {
        let zone = jiff::tz::TimeZone::fixed(jiff::tz::offset(8));
        zone.to_timestamp(day.at(0, 0, 0, 0)).unwrap_or(Timestamp::UNIX_EPOCH)
    };
    let from = midnight(day);
    Span { from, to: from.saturating_add(SignedDuration::from_hours(24)).unwrap_or(Timestamp::MAX) }
}

/// The station of each installation: its number and name.
fn stations(ledger: &Ledger, actor: &Actor) -> Result<HashMap<String, (String, String)>, ReadError> {
    let query = StationRecord::query()
        .only(StationRecord::kind().is(&StationKind::Power))
        .only(StationRecord::power_installation().is_filled())
        .at_most(INSTALLATIONS);
    let station = |station: Kept<StationRecord>| {
        let installation = station.fields.power_installation?.into_number();
        Some((installation, (station.number, station.fields.name)))
    };
    Ok(StationRecord::list(ledger, actor, query)?.records.into_iter().filter_map(station).collect())
}

/// Orders to stop that touch a span: number of the installation or of the enterprise, and the time for which its response holds.
///
/// # Errors
/// If the ledger cannot be read; where the actor may not see responses, there are none.
pub fn stop_orders(ledger: &Ledger, actor: &Actor, within: Span) -> Result<Vec<(String, Span)>, ReadError> {
    let begun = PollutionResponse::started_at().is_before(&beijing_text(within.to));
    let ended = PollutionResponse::ended_at();
    let query =
        PollutionResponse::query().only(begun).only(ended.is_empty().or(ended.is_after(&beijing_text(within.from))));
    let responses = match PollutionResponse::all(ledger, actor, query) {
        Ok(responses) => responses,
        Err(ReadError::Forbidden { .. }) => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut orders = Vec::new();
    for response in responses {
        let until = response.ended_at.unwrap_or(within.to);
        let span = Span::new(response.started_at, until).filter(|span| span.common(within).is_some());
        let Some(span) = span else { continue };
        for check in response.fields.checks.into_iter().filter(|check| check.measure == CurtailmentMeasure::Stop) {
            let named = check.power_installation.map(Refers::into_number);
            orders.push((named.unwrap_or_else(|| check.enterprise.into_number()), span));
        }
    }
    Ok(orders)
}

/// The process lines of a station: HJ 212-2025 names production `d204nn` and treatment `d304nn` by the number of the device.
fn lines(
    store: &Store,
    station: &str,
    within: Span,
    stops: &[Span],
    now: Timestamp,
    language: Language,
) -> Result<Vec<Line>, StoreError> {
    let series = store.series_of(station)?;
    let mut factors: Vec<&str> = series.iter().map(|series| series.factor.as_str()).collect();
    factors.sort_unstable();
    factors.dedup();
    // Minutes fill in what instants leave open: a device that was off the line sends them later.
    let read = |factor: &str| -> Result<Vec<Observation>, StoreError> {
        let mut values = Vec::new();
        for kind in [Kind::Minute, Kind::Realtime] {
            values.extend(store.range(&Series::main(station, factor, kind), within.from, within.to)?);
        }
        values.sort_by_key(|value| value.at);
        Ok(values)
    };
    let mut lines = Vec::new();
    for production in factors.iter().filter(|factor| factor.starts_with("d204")) {
        let number = production.trim_start_matches("d204");
        let own = format!("d304{number}");
        let treatment = factors.iter().find(|factor| **factor == own);
        let treatment = treatment.or_else(|| factors.iter().find(|factor| factor.starts_with("d304")));
        let Some(treatment) = treatment else { continue };
        lines.push(line(number, &read(production)?, &read(treatment)?, within, stops, now, language));
    }
    Ok(lines)
}

fn line(
    number: &str,
    drawn: &[Observation],
    treated: &[Observation],
    within: Span,
    stops: &[Span],
    now: Timestamp,
    language: Language,
) -> Line {
    let samples = |values: &[Observation]| -> Vec<(Timestamp, f64)> {
        values.iter().filter(|value| value.is_valid()).map(|value| (value.at, value.value)).collect()
    };
    let production = Running::read(&samples(drawn), PRODUCTION_ON, HOLDS, within);
    let treatment = Running::read(&samples(treated), TREATMENT_ON, HOLDS, within);
    let (verdict, faults) = judge(&production, &treatment, stops, Tolerances::default(), (within, now));
    let bars = |spans: &[Span]| spans.iter().map(|span| bar(*span, within.from)).collect::<Vec<_>>();
    let hours = |running: &Running| format!("{:.1}", running.total().as_secs() as f64 / 3600.0);
    let newest = |values: &[Observation], threshold: f64| {
        let last = values.last().filter(|last| now.duration_since(last.at) <= HOLDS)?;
        Some((last.text.clone(), last.value > threshold))
    };
    let current = newest(drawn, PRODUCTION_ON).zip(newest(treated, TREATMENT_ON));
    Line {
        name: language.fill("live.power.line", &[("number", number)]),
        production: bars(&production.on),
        treatment: bars(&treatment.on),
        dark: bars(&production.unknown),
        faults: faults
            .iter()
            .filter(|fault| !matches!(fault, PowerFault::Missing(_)))
            .map(|fault| bar(fault.span(), within.from))
            .collect(),
        hours: (hours(&production), hours(&treatment)),
        now: current.map(|(production, treatment)| [production, treatment]),
        verdict,
        why: faults.iter().map(|fault| why(*fault, language)).collect(),
    }
}

fn bar(span: Span, midnight: Timestamp) -> Bar {
    let minute = |at: Timestamp| at.duration_since(midnight).as_secs() / 60;
    Bar { from: minute(span.from), width: (minute(span.to) - minute(span.from)).max(1) }
}

fn why(fault: PowerFault, language: Language) -> String {
    let clock = |at: Timestamp| bilan_records::value::beijing(at).strftime("%H:%M").to_string();
    let key = match fault {
        PowerFault::Alone(_) => "live.power.alone",
        PowerFault::LateStart(_) => "live.power.late_start",
        PowerFault::EarlyStop(_) => "live.power.early_stop",
        PowerFault::InStop(_) => "live.power.in_stop",
        PowerFault::Missing(_) => "live.power.missing",
    };
    let minutes = (fault.span().length().as_secs() / 60).to_string();
    let span = fault.span();
    format!(
        "{} {}",
        fault.rule(),
        language.fill(key, &[("from", &clock(span.from)), ("to", &clock(span.to)), ("minutes", &minutes)])
    )
}
