//! Why a day of noise keeps its limits or not: each hour's level, its energy, and the means of day and night, number by number.

use askama::Template;
use axum::response::Response;
use bilan_records::value::beijing;
use bilan_standards::noise::{NightHours, NoiseDay, NoiseLimit, NoiseNeeds, NoiseVerdict, Period};
use jiff::civil::{Date, DateTime};
use jiff::tz::offset;
use jiff::{Timestamp, ToSpan};
use serde::Deserialize;

use super::days::{self, Hour};
use crate::live::registered;
use crate::live::view::ask;
use crate::parameters::{self, Query};
use crate::refusal::Refusal;
use crate::shell::Shell;
use crate::visit::Visit;

/// Which station and day are wanted.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::live) struct Wanted {
    station: String,
    day: String,
}

/// An hour with its energy.
struct Step {
    time: String,
    level: String,
    energy: String,
}

/// Day or night with the way to its mean.
struct Half {
    name: &'static str,
    steps: Vec<Step>,
    /// Sum of the energies.
    sum: String,
    level: String,
    limit: Option<u8>,
    over: bool,
    /// Hours that are not over yet.
    later: usize,
}

#[derive(Template)]
#[template(path = "live/noise_day.html")]
struct DayPage {
    shell: Shell,
    number: String,
    name: String,
    zone: &'static str,
    day: String,
    month: String,
    verdict: Option<(&'static str, &'static str)>,
    day_night: String,
    halves: Vec<Half>,
}

/// `/noise/day?station=&day=`
pub(in crate::live) async fn show(visit: Visit, Query(wanted): Query<Wanted>) -> Result<Response, Refusal> {
    parameters::given("station", &wanted.station)?;
    let now = visit.app.ledger.now();
    let day = parameters::day(&wanted.day)?.unwrap_or_else(|| beijing(now).date());
    let next = day.tomorrow().unwrap_or(day);
    let (station, hours) = ask(&visit, move |app, actor| {
        let station = registered::station(&app.ledger, actor, &wanted.station)?;
        let hours = days::read(&app.observations, &station, (day, next))?.remove(&day).unwrap_or_default();
        Ok((station, hours))
    })
    .await?;
    let limit = station.zone.and_then(NoiseLimit::of_zone);
    let judged = days::judged(&hours);
    let half = |(period, name)| {
        let later = later(station.night, day, period, now);
        Half { later, ..Half::of(period, name, &hours, &judged, limit) }
    };
    let verdict =
        station.zone.and_then(|zone| judged.verdict(zone, NoiseNeeds::default())).map(|verdict| match verdict {
            NoiseVerdict::Compliant => ("live.noise.compliant", "noise-ok"),
            NoiseVerdict::DayOver => ("live.noise.day_over", "noise-over"),
            NoiseVerdict::NightOver => ("live.noise.night_over", "noise-over"),
            NoiseVerdict::BothOver => ("live.noise.both_over", "noise-over"),
        });
    let page = DayPage {
        shell: visit.shell(visit.text("live.noise.day")),
        number: station.number.clone(),
        name: station.name,
        zone: station.zone.map(|zone| zone.key()).unwrap_or_default(),
        day: day.to_string(),
        month: day.strftime("%Y-%m").to_string(),
        verdict,
        day_night: judged.day_night(NoiseNeeds::default()).map(|level| level.to_string()).unwrap_or_default(),
        halves: [(Period::Day, "live.noise.by_day"), (Period::Night, "live.noise.by_night")].map(half).into(),
    };
    crate::render::page(&page)
}

impl Half {
    fn of(period: Period, name: &'static str, hours: &[Hour], day: &NoiseDay, limit: Option<&NoiseLimit>) -> Self {
        let of_period: Vec<&Hour> = hours.iter().filter(|(_, other, _)| *other == period).collect();
        let step = |(at, _, level): &&Hour| Step {
            time: offset(8).to_datetime(*at).strftime("%m-%d %H:%M").to_string(),
            level: level.to_string(),
            energy: format!("{:.0}", level.energy()),
        };
        let level = day.level(period);
        let judged = day.count(period) >= NoiseNeeds::default().of(period);
        let limit = limit.filter(|_| judged).map(|limit| limit.of(period));
        Self {
            name,
            steps: of_period.iter().map(step).collect(),
            sum: format!("{:.0}", of_period.iter().map(|(_, _, level)| level.energy()).sum::<f64>()),
            level: level.map(|level| level.to_string()).unwrap_or_default(),
            over: level.zip(limit).is_some_and(|(level, limit)| level.exceeds(limit)),
            limit,
            later: 0,
        }
    }
}

/// How many hours of a day or its night are not over; the night runs into the next morning.
fn later(night: NightHours, day: Date, period: Period, now: Timestamp) -> usize {
    let hours = (0..48).map(|hour| day.at(0, 0, 0, 0).saturating_add(hour.hours()));
    let of_day =
        |hour: &DateTime| night.date_of(hour.date(), hour.hour()) == day && night.period(hour.hour()) == period;
    let is_later = |hour: &DateTime| {
        let ends = offset(8).to_timestamp(hour.saturating_add(1.hour()));
        ends.is_ok_and(|ends| ends > now)
    };
    hours.filter(of_day).filter(is_later).count()
}
