//! Why an indicator of a year is what it is: the days that it is made of, each opening into its hours, and the arithmetic.

use askama::Template;
use axum::response::Response;
use bilan_records::value::beijing;
use bilan_standards::air::{
    AirDay, AirPeriod, Edition, EvaluationPeriod, Indicator, Interpolation, MonthDays, YEAR_NEEDS,
};
use bilan_standards::rounding::Rational;
use jiff::civil::Date;
use serde::Deserialize;

use super::attainment::{self, Line};
use super::days::Place;
use crate::live::view::ask;
use crate::parameters::{self, Query};
use crate::refusal::Refusal;
use crate::shell::Shell;
use crate::visit::Visit;

/// Decimals of exact values.
const DIGITS: u32 = 4;

/// Whose indicator of which year is wanted: `pm2_5_p95`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::live) struct Wanted {
    station: String,
    year: String,
    indicator: String,
}

/// A percentile's way between two days.
struct Between {
    percent: u32,
    /// k, its whole part and its hundredths.
    position: String,
    place: usize,
    hundredths: String,
    low: String,
    high: String,
}

#[derive(Template)]
#[template(path = "live/air_indicator.html")]
struct IndicatorPage {
    shell: Shell,
    chosen: String,
    name: Option<String>,
    year: i16,
    line: Line,
    editions: Vec<&'static str>,
    count: usize,
    needed: usize,
    sum: String,
    exact: String,
    between: Option<Between>,
    months: Vec<MonthDays>,
    /// Days from the least, with their place.
    days: Vec<(usize, Date, String)>,
}

/// `/air/indicator?station=&year=&indicator=`
pub(in crate::live) async fn show(visit: Visit, Query(wanted): Query<Wanted>) -> Result<Response, Refusal> {
    parameters::given("indicator", &wanted.indicator)?;
    let today = beijing(visit.app.ledger.now()).date();
    let year = parameters::year(&wanted.year)?.unwrap_or(today.year());
    let period = EvaluationPeriod::Year(year);
    let nothing = || Refusal::not_found(&wanted.indicator);
    let indicator = Indicator::from_key(&wanted.indicator).ok_or_else(nothing)?;
    let item = indicator.item().ok_or_else(nothing)?;
    let station = wanted.station.clone();
    let (place, days, exclusions) = ask(&visit, move |app, actor| {
        let until = period.last().tomorrow().unwrap_or(today);
        let (place, days) = Place::read(app, actor, &station, (period.first(), until))?;
        Ok((place, days, app.catalogue().district.air_exclusions.clone()))
    })
    .await?;
    let over = days.iter().filter(|(date, _)| **date < today);
    let days: Vec<AirDay> = over.map(|(date, means)| AirDay::judged(*date, *means, Edition::on(*date))).collect();
    let editions = attainment::editions(year);
    let line = attainment::lines((period, &exclusions), &days, &[], &editions)
        .into_iter()
        .find(|line| line.indicator == indicator);
    let last = days.last().map_or(today, |day| day.date);
    let judged = AirPeriod::of(period, &days, Edition::on(last)).without(&exclusions);
    let mut sorted: Vec<(Date, Rational)> = judged.days_of(item).collect();
    sorted.sort_by_key(|(date, value)| (*value, *date));
    let values: Vec<Rational> = sorted.iter().map(|(_, value)| *value).collect();
    let between = indicator.percent().and_then(|percent| between(&values, percent));
    let page = IndicatorPage {
        shell: visit.shell(visit.text("live.air.why.title")),
        name: place.name().map(str::to_owned),
        chosen: place.chosen,
        year,
        line: line.ok_or_else(nothing)?,
        editions: editions.into_iter().map(attainment::edition_name).collect(),
        count: values.len(),
        needed: YEAR_NEEDS,
        sum: text(Rational::sum(values.iter().copied())),
        exact: text(judged.statistic(indicator).value),
        between,
        months: judged.days_by_month(item),
        days: sorted.into_iter().zip(1..).map(|((date, value), at)| (at, date, text(Some(value)))).collect(),
    };
    crate::render::page(&page)
}

fn between(values: &[Rational], percent: u32) -> Option<Between> {
    let Interpolation { place, hundredths, low, high } = Interpolation::of(values, percent)?;
    let hundredths = format!("{:.2}", hundredths as f64 / 100.0);
    let position = format!("{}{}", place, hundredths.trim_start_matches('0'));
    Some(Between { percent, position, place, hundredths, low: text(Some(low)), high: text(Some(high)) })
}

fn text(value: Option<Rational>) -> String {
    value.and_then(|value| value.short_text(DIGITS)).unwrap_or_default()
}
