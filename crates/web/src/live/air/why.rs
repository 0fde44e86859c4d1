//! Why a day is as it is: from its hours by way of means, rounding and the table to its index, number by number.

use std::cmp::Ordering;

use askama::Template;
use axum::response::Response;
use bilan_records::value::beijing;
use bilan_standards::air::{self, Advice, Aqi, Concentration, Edition, HourlyAir, Item, Segment};
use bilan_standards::rounding::Rational;
use serde::Deserialize;

use super::calendar::word;
use super::days::Place;
use crate::live::factors::item_name;
use crate::live::view::ask;
use crate::parameters::{self, Query};
use crate::refusal::Refusal;
use crate::shell::{Language, Shell};
use crate::visit::Visit;

/// Which day is wanted.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::live) struct Wanted {
    station: String,
    day: String,
}

/// From hours to an individual index, for one item.
struct Chain {
    item: Item,
    /// Hours, or for ozone eight-hour means, that are there.
    known: usize,
    /// How many are needed.
    needed: usize,
    /// The mean or the largest eight-hour mean, to four decimals.
    exact: String,
    /// As printed.
    printed: String,
    /// Lines of the table on both sides.
    between: Option<[String; 4]>,
    /// The index before it is rounded up, to four decimals.
    before: String,
    iaqi: String,
    decides: bool,
}

/// An hour of the day with the value of each item.
struct HourRow {
    time: String,
    cells: Vec<String>,
    /// It is not over yet.
    is_later: bool,
}

#[derive(Template)]
#[template(path = "live/air_day.html")]
struct DayPage {
    shell: Shell,
    chosen: String,
    name: Option<String>,
    day: String,
    year: i16,
    neighbours: [String; 2],
    standard: &'static str,
    air_standard: &'static str,
    clauses: [&'static str; 3],
    hours: Vec<HourRow>,
    /// End of each eight-hour span of ozone, its mean, and whether it is still to come.
    ozone: Vec<(usize, String, bool)>,
    chain: Vec<Chain>,
    aqi: Option<Aqi>,
    word: String,
    primary: String,
    /// What it does to health and what people should do.
    advice: [String; 2],
    missing: Vec<&'static str>,
    is_running: bool,
}

/// `/air/day?station=&day=`
pub(in crate::live) async fn show(visit: Visit, Query(wanted): Query<Wanted>) -> Result<Response, Refusal> {
    let now = beijing(visit.app.ledger.now());
    let today = now.date();
    let day = parameters::day(&wanted.day)?.unwrap_or(today);
    let next = day.tomorrow().unwrap_or(day);
    let (place, hours) = ask(&visit, move |app, actor| Place::read_day(app, actor, &wanted.station, day)).await?;
    let edition = Edition::on(day);
    // Hours of the day that are over.
    let past = match day.cmp(&today) {
        Ordering::Less => 24,
        Ordering::Equal => usize::try_from(now.hour()).unwrap_or_default(),
        Ordering::Greater => 0,
    };
    let judged = air::daily(&hours, edition);
    let chain = Item::ALL.into_iter().map(|item| chain(item, &hours, edition, judged.aqi.as_ref())).collect();
    let language = visit.language;
    let page = DayPage {
        shell: visit.shell(visit.text("live.air.day")),
        name: place.name().map(str::to_owned),
        chosen: place.chosen,
        year: day.year(),
        neighbours: [day.yesterday().unwrap_or(day).to_string(), next.to_string()],
        day: day.to_string(),
        standard: edition.index_standard(),
        air_standard: edition.limit_standard(),
        clauses: if edition == Edition::E2012 { ["5.1.2", "6.1", "6.2"] } else { ["4.2.2", "4.2.3", "4.2.6"] },
        hours: (0..24)
            .map(|hour| {
                let cells = cells(&hours, hour);
                let is_later = hour >= past && cells.iter().all(String::is_empty);
                HourRow { time: format!("{hour:02}:00–{:02}:00", hour + 1), cells, is_later }
            })
            .collect(),
        ozone: (8..)
            .zip(hours.ozone_means())
            .map(|(end, mean)| (end, text(mean, 4), end > past && mean.is_none()))
            .collect(),
        missing: Item::ALL.into_iter().filter(|item| judged.statistics.get(*item).is_none()).map(item_name).collect(),
        word: judged.aqi.as_ref().map(|aqi| word(aqi.level, language)).unwrap_or_default(),
        primary: judged.aqi.as_ref().map(primary).unwrap_or_default(),
        advice: judged.aqi.as_ref().map(|aqi| advice(aqi, language)).unwrap_or_default(),
        aqi: judged.aqi,
        chain,
        is_running: day >= today,
    };
    crate::render::page(&page)
}

fn primary(aqi: &Aqi) -> String {
    aqi.primary.iter().map(|item| item_name(*item)).collect::<Vec<_>>().join("、")
}

fn advice(aqi: &Aqi, language: Language) -> [String; 2] {
    let Advice { effect_zh, effect_en, advice_zh, advice_en, .. } = &aqi.level.advice;
    [language.pick(effect_zh, effect_en).to_owned(), language.pick(advice_zh, advice_en).to_owned()]
}

fn text(value: Option<Rational>, digits: u32) -> String {
    value.and_then(|value| value.short_text(digits)).unwrap_or_default()
}

fn cells(hours: &HourlyAir, hour: usize) -> Vec<String> {
    Item::ALL.iter().map(|item| text(hours.hour(*item, hour), 3)).collect()
}

fn chain(item: Item, hours: &HourlyAir, edition: Edition, aqi: Option<&Aqi>) -> Chain {
    let (value, known, needed) = if item == Item::O3 {
        (hours.ozone(), hours.ozone_means().iter().flatten().count(), 14)
    } else {
        (hours.mean(item), hours.known(item), 20)
    };
    let printed = value.and_then(|value| Concentration::rounded(item, value));
    // Above its own column ozone of 2012 is judged by its largest hour.
    let judged = printed.and_then(|printed| hours.means().column(item, printed, edition));
    let between = judged
        .and_then(|(column, judged)| air::segment(column, judged, edition))
        .map(|Segment { low, high }| [low.0.text(item), high.0.text(item), low.1.to_string(), high.1.to_string()]);
    let exact = judged.and_then(|(column, judged)| air::iaqi_exact(column, judged, edition));
    Chain {
        item,
        known,
        needed,
        exact: text(value, 4),
        printed: printed.map(|printed| printed.text(item)).unwrap_or_default(),
        between,
        before: text(exact, 4),
        iaqi: judged
            .and_then(|(column, judged)| air::iaqi(column, judged, edition))
            .map(|iaqi| iaqi.0.to_string())
            .unwrap_or_default(),
        decides: aqi.is_some_and(|aqi| aqi.items.iter().any(|(of, iaqi)| *of == item && iaqi.0 == aqi.value)),
    }
}
