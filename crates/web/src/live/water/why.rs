//! Why a section is of its class in a month: each item's mean beside the limits, number by number.

use askama::Template;
use axum::response::Response;
use bilan_standards::water::{self, Body, WaterClass};
use jiff::civil::Date;
use serde::Deserialize;

use super::months;
use super::rivers::look;
use crate::live::registered;
use crate::live::view::ask;
use crate::parameters::{self, Query};
use crate::refusal::Refusal;
use crate::shell::Shell;
use crate::visit::Visit;

/// Which section and month are wanted: `2026-11`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::live) struct Wanted {
    station: String,
    month: String,
}

/// One item's way to its class.
struct Step {
    factor: String,
    name: String,
    unit: String,
    hours: usize,
    mean: String,
    /// Limits of the classes I to V.
    limits: Vec<String>,
    class: Option<(String, String)>,
    /// Times over the target of the section.
    over: String,
    decides: bool,
}

#[derive(Template)]
#[template(path = "live/water_month.html")]
struct MonthPage {
    shell: Shell,
    number: String,
    name: String,
    month: String,
    /// First day of the month after.
    next: Date,
    year: i16,
    target: String,
    class: Option<(String, String)>,
    missed: bool,
    steps: Vec<Step>,
    /// Days with enough values, and whether they suffice.
    valid_days: usize,
    valid: bool,
}

/// `/water/month?station=&month=`
pub(in crate::live) async fn show(visit: Visit, Query(wanted): Query<Wanted>) -> Result<Response, Refusal> {
    parameters::given("station", &wanted.station)?;
    let today = bilan_records::value::beijing(visit.app.ledger.now()).date();
    let first = parameters::month(&wanted.month)?.unwrap_or_else(|| today.first_of_month());
    let next = first.last_of_month().tomorrow().unwrap_or(first);
    let (station, month) = ask(&visit, move |app, actor| {
        let station = registered::station(&app.ledger, actor, &wanted.station)?;
        let month = months::read(app, &station, (first, next))?.remove(&first).unwrap_or_default();
        Ok((station, month))
    })
    .await?;
    let language = visit.language;
    let found = months::class(&month);
    let shown = |class: WaterClass| (language.pick(class.zh(), class.en()).to_owned(), look(class));
    let step = |(factor, mean): (&String, &months::Mean)| {
        let item = water::item(factor, Body::River)?;
        let value = mean.value?;
        let over = station.target.filter(|_| item.evaluated).and_then(|target| item.times_over(value, target));
        Some(Step {
            factor: factor.clone(),
            name: language.pick(&item.zh, &item.key).to_owned(),
            unit: item.unit.clone(),
            hours: mean.hours,
            mean: value.short_text(5).unwrap_or_default(),
            limits: WaterClass::ALL[..5]
                .iter()
                .map(|class| item.limit(*class).and_then(|limit| limit.short_text(5)).unwrap_or_default())
                .collect(),
            class: item.evaluated.then(|| shown(item.class(value))),
            over: over.and_then(|over| over.fixed_text(2)).unwrap_or_default(),
            decides: found.as_ref().is_some_and(|found| found.deciding.iter().any(|other| other.key == item.key)),
        })
    };
    let page = MonthPage {
        shell: visit.shell(visit.text("live.water.month")),
        name: station.name.clone(),
        month: first.strftime("%Y-%m").to_string(),
        next,
        year: first.year(),
        target: station.target.map(|target| language.pick(target.zh(), target.en()).to_owned()).unwrap_or_default(),
        missed: found.as_ref().zip(station.target).is_some_and(|(found, target)| found.class > target),
        class: found.as_ref().map(|found| shown(found.class)),
        steps: month.means.iter().filter_map(step).collect(),
        valid_days: month.valid_days(),
        valid: month.is_valid(),
        number: station.number,
    };
    crate::render::page(&page)
}
