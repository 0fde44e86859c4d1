//! A year of days in the colours of their index, with what it comes to.

use askama::Template;
use axum::response::Response;
use bilan_records::value::beijing;
use bilan_standards::air::{self, AirDay, Aqi, DayMeans, Edition, EvaluationPeriod, Item, Level};
use jiff::civil::Date;
use serde::Deserialize;

use super::attainment::{self, Count, Line};
use super::days::{Days, Place};
use crate::live::factors::item_name;
use crate::live::view::ask;
use crate::parameters::{self, Query};
use crate::refusal::Refusal;
use crate::sheet::Sheet;
use crate::shell::{Language, Shell};
use crate::visit::{Visit, encoded};

/// Good days that are asked for where nobody says otherwise, in per cent.
const TARGET: f64 = 90.0;

/// Whose year is wanted, and the share of good days it is to have, in per cent.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::live) struct Wanted {
    station: String,
    year: String,
    target: String,
}

impl Wanted {
    fn year(&self, today: Date) -> Result<i16, Refusal> {
        Ok(parameters::year(&self.year)?.unwrap_or(today.year()))
    }

    /// The target in tenths of a per cent.
    fn per_mille(&self) -> Result<u32, Refusal> {
        let read = |text: &str| text.parse().ok().filter(|percent| (0.0..=100.0).contains(percent));
        let percent: f64 = parameters::value("target", &self.target, read)?.unwrap_or(TARGET);
        // Between 0 and 1000.
        Ok((percent * 10.0).round() as u32)
    }
}

/// A day in the calendar.
struct Cell {
    day: i8,
    date: String,
    /// Its place in the week, Monday is 1.
    column: i8,
    index: Option<(u16, String)>,
    word: String,
    known: bool,
    is_later: bool,
}

struct Month {
    number: i8,
    name: String,
    cells: Vec<Cell>,
    good: usize,
    indexed: usize,
}

#[derive(Template)]
#[template(path = "live/air.html")]
struct AirPage {
    shell: Shell,
    chosen: String,
    stations: Vec<(String, String)>,
    years: (i16, i16, i16),
    target: String,
    query: String,
    months: Vec<Month>,
    levels: Vec<(u8, String, usize)>,
    /// Days of the year are still to come.
    has_later: bool,
    count: Count,
    /// Good days by each edition, where two are in force in the year.
    by_edition: Vec<(&'static str, usize, usize)>,
    editions: Vec<&'static str>,
    /// Days of the year on which items are left out.
    left_out: usize,
    lines: Vec<Line>,
}

/// A year of days, judged by the edition of each day.
struct Year {
    year: i16,
    today: Date,
    place: Place,
    means: Days,
    days: Vec<(Date, Option<Aqi>)>,
    judged: Vec<AirDay>,
    before: Vec<AirDay>,
}

async fn read(visit: &Visit, wanted: &Wanted) -> Result<Year, Refusal> {
    let today = beijing(visit.app.ledger.now()).date();
    let (year, station) = (wanted.year(today)?, wanted.station.clone());
    ask(visit, move |app, actor| {
        let first = |year: i16| Date::new(year, 1, 1).unwrap_or(today);
        let last_year = Place::read(app, actor, &station, (first(year - 1), first(year)))?.1;
        let (place, means) = Place::read(app, actor, &station, (first(year), first(year + 1)))?;
        // Compared are the same days of both years.
        let same = |date: &Date| (date.month(), date.day()) <= (today.month(), today.day()) || year != today.year();
        let over = |(date, means): (&Date, &DayMeans)| AirDay::judged(*date, *means, Edition::on(*date));
        Ok(Year {
            year,
            today,
            days: means.iter().map(|(date, means)| (*date, means.judge(Edition::on(*date)).aqi)).collect(),
            judged: means.iter().filter(|(date, _)| **date < today).map(over).collect(),
            before: last_year.iter().filter(|(date, _)| same(date)).map(over).collect(),
            place,
            means,
        })
    })
    .await
}

/// `/air?station=&year=&target=`
pub(in crate::live) async fn show(visit: Visit, Query(wanted): Query<Wanted>) -> Result<Response, Refusal> {
    let (language, per_mille) = (visit.language, wanted.per_mille()?);
    let year = read(&visit, &wanted).await?;
    let editions = attainment::editions(year.year);
    let exclusions = &visit.app.catalogue().district.air_exclusions;
    let level = |number: u8| {
        let of = |aqi: &&Aqi| aqi.level.number == number;
        year.days.iter().filter(|(date, _)| *date < year.today).filter_map(|(_, aqi)| aqi.as_ref()).filter(of).count()
    };
    let levels = Level::all().iter().map(|known| (known.number, word(known, language), level(known.number)));
    let page = AirPage {
        levels: levels.collect(),
        has_later: year.year == year.today.year(),
        shell: visit.shell(visit.text("live.air.title")),
        query: format!("station={}&year={}", encoded(&year.place.chosen), year.year),
        months: months(&year, language),
        years: (year.year - 1, year.year, year.year + 1),
        target: format!("{:.1}", f64::from(per_mille) / 10.0),
        count: attainment::count(&year.judged, year.year, year.today, per_mille),
        by_edition: if editions.len() > 1 { by_edition(&year, &editions) } else { Vec::new() },
        lines: attainment::lines(
            (EvaluationPeriod::Year(year.year), exclusions),
            &year.judged,
            &year.before,
            &editions,
        ),
        left_out: exclusions.days().filter(|day| day.year() == year.year).count(),
        editions: editions.into_iter().map(attainment::edition_name).collect(),
        chosen: year.place.chosen,
        stations: year.place.stations,
    };
    crate::render::page(&page)
}

/// The level in the visitor's language.
pub(super) fn word(level: &Level, language: Language) -> String {
    language.pick(&level.zh, &level.en).to_owned()
}

/// Days with an index and good days, had an edition been in force all year.
fn by_edition(year: &Year, editions: &[Edition]) -> Vec<(&'static str, usize, usize)> {
    let count = |edition: &Edition| {
        let over = year.means.iter().filter(|(date, _)| **date < year.today);
        let indexes: Vec<u16> = over.filter_map(|(_, means)| Some(means.judge(*edition).aqi?.value)).collect();
        (edition.index_standard(), indexes.len(), indexes.iter().filter(|aqi| **aqi <= air::GOOD).count())
    };
    editions.iter().map(count).collect()
}

fn months(year: &Year, language: Language) -> Vec<Month> {
    let mut months = Vec::new();
    for number in 1..=12 {
        let Ok(first) = Date::new(year.year, number, 1) else { continue };
        let mut cells = Vec::new();
        for day in 1..=first.days_in_month() {
            let Ok(date) = Date::new(year.year, number, day) else { continue };
            let found = year.days.iter().find(|(known, _)| *known == date);
            let index = found.and_then(|(_, aqi)| aqi.as_ref());
            cells.push(Cell {
                day,
                date: date.to_string(),
                column: date.weekday().to_monday_one_offset(),
                index: index.map(|aqi| (aqi.value, format!("aqi-{}", aqi.level.number))),
                word: index.map(|aqi| described(aqi, language)).unwrap_or_default(),
                known: found.is_some(),
                is_later: date > year.today,
            });
        }
        let of_month =
            |(date, aqi): &&(Date, Option<Aqi>)| date.month() == number && *date < year.today && aqi.is_some();
        let indexed: Vec<u16> =
            year.days.iter().filter(of_month).filter_map(|(_, aqi)| Some(aqi.as_ref()?.value)).collect();
        let good = indexed.iter().filter(|aqi| **aqi <= air::GOOD).count();
        months.push(Month { number, name: first.strftime("%Y-%m").to_string(), cells, good, indexed: indexed.len() });
    }
    months
}

/// Level and primary pollutants in words.
fn described(aqi: &Aqi, language: Language) -> String {
    let primary: Vec<&str> = aqi.primary.iter().map(|item| item_name(*item)).collect();
    format!("{} {}", word(aqi.level, language), primary.join(" ")).trim_end().to_owned()
}

/// `/air/days.csv`, with the same query: the days as [`show`] has them.
pub(in crate::live) async fn csv(visit: Visit, Query(wanted): Query<Wanted>) -> Result<Response, Refusal> {
    let year = read(&visit, &wanted).await?;
    let columns = ["date", "so2", "no2", "co", "o3_8h", "pm10", "pm2_5", "aqi", "level", "primary", "edition"];
    let mut sheet = Sheet::of(&columns);
    for (date, means) in &year.means {
        let edition = Edition::on(*date);
        let day = means.judge(edition);
        let mut line = vec![date.to_string()];
        line.extend(Item::ALL.map(|item| day.statistics.get(item).map(|value| value.text(item)).unwrap_or_default()));
        let (index, level, primary) = day.aqi.map_or_else(Default::default, |aqi| {
            (aqi.value.to_string(), aqi.level.zh.clone(), aqi.primary_text_of_day())
        });
        line.extend([index, level, primary, edition.index_standard().to_owned()]);
        sheet.put(line);
    }
    let whose = if year.place.chosen.is_empty() { "district" } else { &year.place.chosen };
    Ok(sheet.download(&format!("air-{whose}-{}.csv", year.year)))
}

/// `/air/attainment.csv`, with the same query: the table of limits as [`show`] has it, a row for each edition in force in the year.
pub(in crate::live) async fn attainment_csv(visit: Visit, Query(wanted): Query<Wanted>) -> Result<Response, Refusal> {
    let year = read(&visit, &wanted).await?;
    let editions = attainment::editions(year.year);
    let period = (EvaluationPeriod::Year(year.year), &visit.app.catalogue().district.air_exclusions);
    let columns = ["indicator", "value", "year_before", "valid", "edition", "limit", "times", "kept"];
    let mut sheet = Sheet::of(&columns);
    for line in attainment::lines(period, &year.judged, &year.before, &editions) {
        for (edition, beside) in editions.iter().zip(line.beside) {
            let (limit, times, kept) =
                beside.map(|beside| (beside.limit, beside.times, beside.kept.to_string())).unwrap_or_default();
            let (key, standard) = (line.indicator.key(), edition.limit_standard().to_owned());
            sheet.put([
                key,
                line.value.clone(),
                line.before.clone(),
                line.valid.to_string(),
                standard,
                limit,
                times,
                kept,
            ]);
        }
    }
    let whose = if year.place.chosen.is_empty() { "district" } else { &year.place.chosen };
    Ok(sheet.download(&format!("air-attainment-{whose}-{}.csv", year.year)))
}
