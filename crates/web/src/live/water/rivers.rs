//! A year of classes along the rivers, as a strip for each section.

use std::collections::BTreeMap;

use askama::Template;
use axum::response::Response;
use bilan_records::actor::Actor;
use bilan_records::contract::View;
use bilan_records::value::beijing;
use bilan_records::views::{RiverRecord, StationKind};
use bilan_standards::water::{self, Body, Change, Classified, RiverVerdict, WaterClass};
use jiff::civil::Date;
use serde::Deserialize;

use super::chart::{self, Chart, Mark};
use super::months::{self, Months};
use crate::live::condition::ConditionError;
use crate::live::registered::{self, Station};
use crate::live::view::ask;
use crate::parameters::{self, Query};
use crate::refusal::Refusal;
use crate::sheet::Sheet;
use crate::shell::{Language, Shell};
use crate::state::AppState;
use crate::visit::Visit;

/// More rivers than this no district has.
const RIVERS: u64 = 500;

/// Which year is wanted.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::live) struct Wanted {
    year: String,
}

/// A month in a strip.
struct Cell {
    month: i8,
    /// Short name of the class and its look.
    class: Option<(String, String)>,
    title: String,
    over: bool,
}

struct Strip {
    number: String,
    name: String,
    target: String,
    cells: Vec<Cell>,
    /// Months that met the target, of those judged.
    met: Option<(usize, usize)>,
    /// The newest month beside the one before.
    change: Option<(String, bool)>,
}

struct River {
    name: String,
    strips: Vec<Strip>,
    /// Month and state of the river as a whole.
    whole: Option<(String, String, String)>,
}

#[derive(Template)]
#[template(path = "live/water.html")]
struct WaterPage {
    shell: Shell,
    years: (i16, i16, i16),
    chart: Option<Chart>,
    rivers: Vec<River>,
}

/// A station with its months of the year and the December before.
struct Known {
    station: Station,
    months: Months,
}

struct Year {
    year: i16,
    stations: Vec<Known>,
    /// Names of rivers by their number.
    names: BTreeMap<String, String>,
}

async fn read(visit: &Visit, wanted: &Wanted) -> Result<Year, Refusal> {
    let today = beijing(visit.app.ledger.now()).date();
    let year = parameters::year(&wanted.year)?.unwrap_or(today.year());
    ask(visit, move |app, actor| find(app, actor, year)).await
}

fn find(app: &AppState, actor: &Actor, year: i16) -> Result<Year, ConditionError> {
    let day = |year: i16, month: i8| Date::new(year, month, 1).unwrap_or(Date::MAX);
    let mut stations = Vec::new();
    for station in registered::stations(&app.ledger, actor)? {
        if station.kind == StationKind::Water {
            let months = months::read(app, &station, (day(year - 1, 12), day(year + 1, 1)))?;
            stations.push(Known { station, months });
        }
    }
    let rivers = RiverRecord::list(&app.ledger, actor, RiverRecord::query().at_most(RIVERS))?.records;
    let names = rivers.into_iter().map(|river| (river.number, river.fields.name)).collect();
    Ok(Year { year, stations, names })
}

/// `/water?year=`
pub(in crate::live) async fn show(visit: Visit, Query(wanted): Query<Wanted>) -> Result<Response, Refusal> {
    let year = read(&visit, &wanted).await?;
    let mut rivers: Vec<(String, Vec<&Known>)> = Vec::new();
    for known in &year.stations {
        let of = known.station.river.as_ref().and_then(|river| year.names.get(river)).cloned().unwrap_or_default();
        match rivers.iter_mut().find(|(name, _)| *name == of) {
            Some((_, sections)) => sections.push(known),
            None => rivers.push((of, vec![known])),
        }
    }
    let language = visit.language;
    let river = |(name, sections): (String, Vec<&Known>)| River {
        whole: whole(&sections, year.year, language),
        strips: sections.iter().map(|known| strip(known, year.year, language)).collect(),
        name,
    };
    let page = WaterPage {
        shell: visit.shell(visit.text("live.water.title")),
        years: (year.year - 1, year.year, year.year + 1),
        chart: chart::draw(visit.app.catalogue(), marks(&year, language), language),
        rivers: rivers.into_iter().map(river).collect(),
    };
    crate::render::page(&page)
}

/// Sections that have a place, with the newest month of the year and its change since the month before.
fn marks(year: &Year, language: Language) -> Vec<Mark> {
    let mark = |known: &Known| {
        let mut judged = known.judged_backwards();
        let newest = judged.next().filter(|(first, _)| first.year() == year.year);
        let change = newest.zip(judged.next()).map(|((_, now), (_, before))| Change::between(before, now));
        Some(Mark {
            number: known.station.number.clone(),
            name: known.station.name.clone(),
            at: known.station.at?,
            class: newest.map(|(_, class)| (short(class), look(class))),
            month: newest.map(|(first, _)| first.strftime("%Y-%m").to_string()).unwrap_or_default(),
            change: change
                .filter(|change| *change != Change::None)
                .map(|change| (language.pick(change.zh(), change.en()).to_owned(), change > Change::None)),
        })
    };
    year.stations.iter().filter_map(mark).collect()
}

impl Known {
    /// Months with their classes, the newest first.
    fn judged_backwards(&self) -> impl Iterator<Item = (Date, WaterClass)> {
        self.months.iter().rev().filter_map(|(first, month)| Some((*first, months::class(month)?.class)))
    }
}

/// The look of a class.
pub(super) fn look(class: WaterClass) -> String {
    format!("water-{}", class as usize + 1)
}

fn strip(known: &Known, year: i16, language: Language) -> Strip {
    let target = known.station.target;
    let mut cells = Vec::new();
    let (mut met, mut judged) = (0, 0);
    for month in 1..=12 {
        let found = Date::new(year, month, 1).ok().and_then(|first| months::class(known.months.get(&first)?));
        let over = found.as_ref().zip(target).is_some_and(|(found, target)| found.class > target);
        if found.is_some() && target.is_some() {
            judged += 1;
            met += usize::from(!over);
        }
        cells.push(Cell {
            month,
            title: found.as_ref().map(|found| described(found, language)).unwrap_or_default(),
            class: found.map(|found| (short(found.class), look(found.class))),
            over,
        });
    }
    let mut last = known.judged_backwards();
    let change =
        last.next().filter(|(first, _)| first.year() == year).zip(last.next()).map(|((_, now), (_, before))| {
            let change = Change::between(before, now);
            (language.pick(change.zh(), change.en()).to_owned(), change > Change::None)
        });
    Strip {
        number: known.station.number.clone(),
        name: known.station.name.clone(),
        target: target.map(|target| language.pick(target.zh(), target.en()).to_owned()).unwrap_or_default(),
        cells,
        met: (judged > 0).then_some((met, judged)),
        change,
    }
}

/// The newest month of the year in which a section of the river was judged, and what the river comes to in it.
fn whole(sections: &[&Known], year: i16, language: Language) -> Option<(String, String, String)> {
    let newest = sections.iter().filter_map(|known| known.months.keys().next_back()).max()?;
    let of_month: Vec<_> =
        sections.iter().filter_map(|known| known.months.get(newest)).map(|month| months::section(month)).collect();
    let verdict = water::river(&of_month, Body::River).filter(|_| newest.year() == year)?;
    let quality = verdict.quality();
    let how = match &verdict {
        RiverVerdict::ByMeans(found) => described(found, language),
        RiverVerdict::ByShares { sections, .. } => {
            let shown = WaterClass::ALL.iter().zip(sections).filter(|(_, count)| **count > 0);
            shown.map(|(class, count)| format!("{} {count}", short(*class))).collect::<Vec<_>>().join(" ")
        }
    };
    let said = format!("{} {} {how}", newest.strftime("%Y-%m"), language.pick(quality.zh(), quality.en()));
    Some((said, look(quality.class()), newest.strftime("%Y-%m").to_string()))
}

fn short(class: WaterClass) -> String {
    class.zh().trim_end_matches('类').to_owned()
}

/// Class and what decides it; worse than III the main polluting items with their multiples.
fn described(found: &Classified, language: Language) -> String {
    let name = |item: &water::WaterItem| language.pick(&item.zh, &item.key).to_owned();
    let items: Vec<String> = if found.class > WaterClass::III {
        let times = |times: Option<bilan_standards::rounding::Rational>| {
            times.and_then(|times| times.fixed_text(2)).map(|times| format!("({times})")).unwrap_or_default()
        };
        water::main_items(found).into_iter().map(|(item, over)| format!("{}{}", name(item), times(over))).collect()
    } else {
        found.deciding.iter().map(|item| name(item)).collect()
    };
    format!("{} {}", language.pick(found.class.zh(), found.class.en()), items.join(" ")).trim_end().to_owned()
}

/// `/water/classes.csv?year=`: the months as [`show`] has them.
pub(in crate::live) async fn csv(visit: Visit, Query(wanted): Query<Wanted>) -> Result<Response, Refusal> {
    let year = read(&visit, &wanted).await?;
    let mut sheet = Sheet::of(&["station", "name", "month", "class", "target", "met", "deciding", "valid_days"]);
    for known in &year.stations {
        let target = known.station.target;
        for (first, month) in known.months.iter().filter(|(first, _)| first.year() == year.year) {
            let Some(found) = months::class(month) else { continue };
            sheet.put([
                known.station.number.clone(),
                known.station.name.clone(),
                first.strftime("%Y-%m").to_string(),
                found.class.zh().to_owned(),
                target.map(|target| target.zh().to_owned()).unwrap_or_default(),
                target.map(|target| (found.class <= target).to_string()).unwrap_or_default(),
                found.deciding.iter().map(|item| item.zh.as_str()).collect::<Vec<_>>().join("+"),
                month.valid_days().to_string(),
            ]);
        }
    }
    Ok(sheet.download(&format!("water-{}.csv", year.year)))
}
