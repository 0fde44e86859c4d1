//! The values of one factor at one station over a span, for its chart: instants of an hour, means of five minutes, hours, days.

use bilan_records::value::{Language, beijing};
use bilan_records::views::StationKind;
use bilan_standards::air::{self, AirLimit, Column, Concentration, Edition, Grade};
use bilan_standards::clock::beijing_day;
use bilan_standards::noise::NoiseLimit;
use bilan_standards::rounding::Rational;
use bilan_standards::water::{self, Body};
use bilan_telemetry::{Kind, Observation, Series, Store, StoreError};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::condition::hour_of;
use super::factors::{self, Factor, air_item};
use super::registered::Station;
use super::verdict;

/// Hours that a day's mean needs (GB 3095 table 4); with fewer it is drawn as not valid.
const HOURS_OF_A_DAY: usize = 20;

/// How far back a chart looks, and by what steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Span {
    /// One hour of instants.
    Hour,
    /// Three hours by five minutes.
    Minutes,
    /// A day by hours.
    Day,
    /// A week by hours.
    Week,
    /// A month by days.
    Month,
    /// A year by days.
    Year,
}

impl Span {
    /// All spans, the shortest first.
    pub(crate) const ALL: [Span; 6] = [Span::Hour, Span::Minutes, Span::Day, Span::Week, Span::Month, Span::Year];

    /// Name in addresses.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Span::Hour => "hour",
            Span::Minutes => "minutes",
            Span::Day => "day",
            Span::Week => "week",
            Span::Month => "month",
            Span::Year => "year",
        }
    }

    /// The span of a name.
    pub(crate) fn from_name(name: &str) -> Option<Span> {
        Span::ALL.into_iter().find(|span| span.name() == name)
    }

    fn length(self) -> SignedDuration {
        SignedDuration::from_hours(match self {
            Span::Hour => 1,
            Span::Minutes => 3,
            Span::Day => 24,
            Span::Week => 7 * 24,
            Span::Month => 30 * 24,
            Span::Year => 366 * 24,
        })
    }

    /// Longest distance of two points between which a line is drawn, seconds.
    fn gap(self) -> i64 {
        match self {
            Span::Hour => 180,
            Span::Minutes => 900,
            Span::Day | Span::Week => 2 * 3600,
            Span::Month | Span::Year => 36 * 3600,
        }
    }
}

/// A point of a curve.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Point {
    /// Unix seconds under which it is shown.
    pub(crate) at: i64,
    /// Value.
    pub(crate) value: f64,
    /// Whether it counts.
    pub(crate) valid: bool,
    /// The device's mark, where it is not `N`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) flag: Option<String>,
    /// Colour of its level or class.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) colour: Option<String>,
}

/// A line to which values are held.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Limit {
    value: f64,
    label: String,
}

/// A curve as `series.json` gives it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Curve {
    factor: String,
    name: String,
    unit: String,
    digits: usize,
    /// Longest distance of two points that belong together, seconds.
    gap: i64,
    pub(crate) points: Vec<Point>,
    limits: Vec<Limit>,
    /// What to say if there is no point.
    empty: &'static str,
}

/// The curve of a factor.
pub(crate) fn of(
    store: &Store,
    station: &Station,
    factor: &str,
    span: Span,
    now: Timestamp,
    language: Language,
) -> Result<Curve, StoreError> {
    let points = points(store, station, factor, span, now)?;
    Ok(Curve {
        factor: factor.to_owned(),
        name: station.factor_label(factor).text(language).to_owned(),
        unit: station.unit(factor).to_owned(),
        digits: Factor::of(factor).map_or(2, |factor| factor.digits),
        gap: span.gap(),
        points,
        limits: limits(station, factor, span, now, language),
        empty: match language {
            Language::Chinese => "这段时间没有数据",
            Language::English => "No values in this span",
        },
    })
}

fn points(
    store: &Store,
    station: &Station,
    factor: &str,
    span: Span,
    now: Timestamp,
) -> Result<Vec<Point>, StoreError> {
    let from = now.saturating_sub(span.length()).unwrap_or(now);
    // What carries the present second belongs to it.
    let to = now.saturating_add(SignedDuration::from_secs(1)).unwrap_or(now);
    let range = |kind, from, to| store.range(&Series::main(&station.number, factor, kind), from, to);
    Ok(match span {
        Span::Hour => range(Kind::Realtime, from, to)?.iter().map(|value| shown(value, None)).collect(),
        Span::Minutes => {
            let sent = range(Kind::Minute, from, to)?;
            if sent.is_empty() {
                by_five_minutes(&range(Kind::Realtime, from, to)?, factor)
            } else {
                sent.iter().map(|value| shown(value, None)).collect()
            }
        }
        Span::Day | Span::Week => {
            let values = range(Kind::Hour, bilan_telemetry::shown_hour(hour_of(from)), to)?;
            values.iter().map(|value| shown(value, colour(station, factor, value))).collect()
        }
        Span::Month | Span::Year => {
            let sent = range(Kind::Day, from, to)?;
            if sent.is_empty() {
                by_days(&range(Kind::Hour, from, to)?, factor)
            } else {
                sent.iter().map(|value| shown(value, None)).collect()
            }
        }
    })
}

fn shown(value: &Observation, colour: Option<String>) -> Point {
    let valid = value.is_valid() && factors::is_possible(&value.series.factor, value.value);
    Point {
        at: value.shown_at().as_second(),
        value: value.value,
        valid,
        flag: value.flag.clone().filter(|flag| flag != "N"),
        colour: colour.filter(|_| valid),
    }
}

/// Colour of an hour's value by its own index or class.
fn colour(station: &Station, factor: &str, value: &Observation) -> Option<String> {
    match station.kind {
        StationKind::Air => {
            let item = air_item(factor)?;
            let concentration = Concentration::rounded(item, verdict::exact(value.value)?)?;
            let edition = Edition::on(beijing_day(value.at));
            let (column, judged) = air::judged_by(Column::Hour(item), concentration, Some(concentration), edition)?;
            let index = air::iaqi(column, judged, edition)?;
            Some(air::Level::of(index.0).rgb.clone())
        }
        StationKind::Water => {
            let item = water::item(factor, Body::River).filter(|item| item.evaluated)?;
            Some(verdict::class_colour(item.class(verdict::exact(value.value)?)).to_owned())
        }
        _ => None,
    }
}

/// The mean of numbers of a factor.
pub(super) fn mean(values: &[f64], factor: &str) -> Option<f64> {
    verdict::mean_of(factor, values).map(Rational::to_f64)
}

fn by_five_minutes(values: &[Observation], factor: &str) -> Vec<Point> {
    gathered(values, |at| at.as_second() - at.as_second().rem_euclid(300), factor, 1)
}

fn by_days(values: &[Observation], factor: &str) -> Vec<Point> {
    gathered(
        values,
        |at| beijing(at).start_of_day().map_or(at.as_second(), |day| day.timestamp().as_second()),
        factor,
        HOURS_OF_A_DAY,
    )
}

/// Means of the valid values that fall into the same step; with fewer than `needed` the mean does not count.
fn gathered(values: &[Observation], step: impl Fn(Timestamp) -> i64, factor: &str, needed: usize) -> Vec<Point> {
    let counts = |value: &&Observation| value.is_valid() && factors::is_possible(factor, value.value);
    let valid: Vec<&Observation> = values.iter().filter(counts).collect();
    valid
        .chunk_by(|left, right| step(left.at) == step(right.at))
        .filter_map(|values| {
            let numbers: Vec<f64> = values.iter().map(|value| value.value).collect();
            let counts = values.len() >= needed;
            Some(Point {
                at: step(values.first()?.at),
                value: mean(&numbers, factor)?,
                valid: counts,
                flag: (!counts).then(|| format!("{}/{needed}", values.len())),
                colour: None,
            })
        })
        .collect()
}

fn limits(station: &Station, factor: &str, span: Span, now: Timestamp, language: Language) -> Vec<Limit> {
    let zh = language == Language::Chinese;
    let say = |chinese: String, english: String| if zh { chinese } else { english };
    if station.kind == StationKind::Noise && (factor == "LA" || factor == "Leq") {
        let Some((zone, limit)) = station.zone.and_then(|zone| Some((zone, NoiseLimit::of_zone(zone)?))) else {
            return Vec::new();
        };
        let line = |value: u8, chinese: &str, english: &str| Limit {
            value: f64::from(value),
            label: say(
                format!("{}类区{chinese} {value}", zone.key()),
                format!("zone {} {english} {value}", zone.key()),
            ),
        };
        return vec![line(limit.day, "昼间", "day"), line(limit.night, "夜间", "night")];
    }
    if station.kind == StationKind::Water
        && let Some(target) = station.target
        && let Some(limit) = water::item(factor, Body::River).and_then(|item| item.limit(target))
    {
        let label = say(format!("{} 目标", target.zh()), format!("target {}", target.en()));
        return vec![Limit { value: limit.to_f64(), label }];
    }
    let from = now.saturating_sub(span.length()).unwrap_or(now);
    let line = |edition: Edition, value: f64, since: Option<Date>| {
        let standard = edition.limit_standard();
        let (since_zh, since_en) =
            since.map(|day| (format!("（{day}起）"), format!(" (since {day})"))).unwrap_or_default();
        Limit {
            value,
            label: say(format!("{standard} 二级 {value}{since_zh}"), format!("{standard} grade II {value}{since_en}")),
        }
    };
    let editions = editions(beijing_day(from), beijing_day(now));
    let held: Vec<(Edition, f64)> = editions
        .into_iter()
        .filter_map(|edition| Some((edition, air_limit(station, factor, span, edition)?)))
        .collect();
    // A chart across a change of edition has both lines, each with its day; what did not change has one.
    match held.as_slice() {
        [(before, old), (edition, new)] if old != new => {
            vec![line(*before, *old, None), line(*edition, *new, Some(edition.since()))]
        }
        [.., (edition, limit)] => vec![line(*edition, *limit, None)],
        [] => Vec::new(),
    }
}

/// The editions in force from a first to a last day.
pub(super) fn editions(first: Date, last: Date) -> Vec<Edition> {
    let (first, last) = (Edition::on(first), Edition::on(last));
    Edition::ALL.into_iter().filter(|edition| (first..=last).contains(edition)).collect()
}

/// The limit of grade II of the averaging time that the chart shows.
fn air_limit(station: &Station, factor: &str, span: Span, edition: Edition) -> Option<f64> {
    let item = air_item(factor).filter(|_| station.kind == StationKind::Air)?;
    let averaging = match span {
        Span::Month | Span::Year => "日平均",
        _ => "1小时平均",
    };
    Some(AirLimit::of(item.name(), averaging)?.value(edition, Grade::Two)?.to_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(kind: Kind, from: &str, step: SignedDuration, values: &[(f64, &str)]) -> Vec<Observation> {
        let mut at: Timestamp = from.parse().unwrap();
        let mut found = Vec::new();
        for (value, flag) in values {
            found.push(Observation {
                series: Series::main("S", "a34004", kind),
                at,
                period_s: 0,
                value: *value,
                text: value.to_string(),
                flag: Some((*flag).to_owned()),
                reviewed: None,
            });
            at += step;
        }
        found
    }

    #[test]
    fn five_minutes_are_averaged_without_what_is_marked_bad() {
        let values = values(
            Kind::Realtime,
            "2026-11-23T12:00:00Z",
            SignedDuration::from_secs(150),
            &[(10.0, "N"), (99.0, "D"), (30.0, "N"), (50.0, "N")],
        );
        let read: Vec<_> =
            by_five_minutes(&values, "a34004").iter().map(|point| (point.at % 3600, point.value)).collect();
        assert_eq!(read, [(0, 10.0), (300, 40.0)]);
    }

    #[test]
    fn curves_of_ph_go_by_its_ions() {
        let mut values = values(
            Kind::Realtime,
            "2026-11-23T12:00:00Z",
            SignedDuration::from_secs(60),
            &[(5.0, "N"), (7.0, "N"), (5.0, "N"), (7.0, "N")],
        );
        values.iter_mut().for_each(|value| value.series.factor = "w01001".to_owned());
        let points = by_five_minutes(&values, "w01001");
        assert_eq!(format!("{:.2}", points[0].value), "5.30");
    }

    #[test]
    fn a_day_with_fewer_than_twenty_hours_does_not_count() {
        // 24 hours of one Beijing day and 3 of the next.
        let hours = vec![(20.0, "N"); 27];
        let values = values(Kind::Hour, "2026-11-22T16:00:00Z", SignedDuration::from_hours(1), &hours);
        let days = by_days(&values, "a34004");
        assert_eq!(
            days.iter().map(|day| (day.valid, day.flag.as_deref())).collect::<Vec<_>>(),
            [(true, None), (false, Some("3/20"))]
        );
    }

    #[test]
    fn a_span_across_a_change_of_edition_has_both() {
        let day = |text: &str| text.parse().unwrap();
        assert_eq!(editions(day("2026-02-28"), day("2026-03-01")), [Edition::E2012, Edition::E2026]);
        assert_eq!(editions(day("2026-03-01"), day("2026-11-24")), [Edition::E2026]);
        assert_eq!(editions(day("2025-01-01"), day("2031-01-01")), Edition::ALL);
    }

    #[test]
    fn spans_are_found_by_their_names() {
        for span in Span::ALL {
            assert_eq!(Span::from_name(span.name()), Some(span));
        }
        assert_eq!(Span::from_name("century"), None);
    }
}
