//! What the shipped rules make of a station's day.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use bilan_telemetry::rules::{self, Watch};
use bilan_telemetry::{Fact, Kind, Observation, Series};
use jiff::{SignedDuration, Timestamp};

/// A district under the shipped rules; instants come once a minute from midnight on.
struct District {
    watch: Watch,
    opened: BTreeSet<String>,
}

/// A station: number, kind, facts, limits, what it says.
type Station<'a> = (&'a str, &'a str, &'a [(&'a str, bool)], &'a [(&'a str, f64)], Says<'a>);

/// What a station says at a minute of the day, by factor.
type Says<'a> = &'a dyn Fn(i64) -> Vec<(&'static str, f64)>;

impl District {
    fn new() -> District {
        let rules = rules::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../rules")).expect("good rules");
        District { watch: Watch::new(rules), opened: BTreeSet::new() }
    }

    /// Plays minutes of stations.
    fn play(&mut self, minutes: std::ops::Range<i64>, stations: &[Station<'_>]) {
        for minute in minutes {
            let at = "2024-06-03T00:00:00+08:00".parse::<Timestamp>().expect("an instant")
                + SignedDuration::from_mins(minute);
            for (number, kind, facts, limits, says) in stations {
                let mut told = self.watch.heard(number, number, kind, at);
                let facts = facts.iter().map(|(key, yes)| ((*key).to_owned(), Fact::Yes(*yes))).collect();
                let limits: BTreeMap<_, _> = limits.iter().map(|(key, limit)| ((*key).to_owned(), *limit)).collect();
                self.watch.know(number, &facts, &limits, false);
                for (factor, value) in says(minute) {
                    let series = Series::main(number, factor, Kind::Realtime);
                    let text = value.to_string();
                    let seen = Observation { series, at, period_s: 0, value, text, flag: None, reviewed: None };
                    told.extend(self.watch.observe(&seen, at));
                }
                told.extend(self.watch.reckon(number, at, at));
                self.opened.extend(told.into_iter().filter(|warning| warning.is_open()).map(|warning| warning.rule));
            }
        }
    }

    fn opened(&self) -> Vec<&str> {
        self.opened.iter().map(String::as_str).collect()
    }
}

/// Production from 8:00 to 18:00, treatment from and to these minutes at this current.
fn works(minute: i64, (begin, end): (i64, i64), current: f64) -> Vec<(&'static str, f64)> {
    let production = if (480..1080).contains(&minute) { 60.0 } else { 0.3 };
    let treatment = if (begin..end).contains(&minute) { current } else { 0.1 };
    vec![("d20401", production), ("d30401", treatment)]
}

fn power(stopped: bool, says: Says<'_>) -> Vec<String> {
    let mut district = District::new();
    district.play(420..1140, &[("P1", "power", &[("stopped", stopped)], &[], says)]);
    district.opened.into_iter().collect()
}

#[test]
fn a_plant_that_treats_what_it_makes_opens_nothing() {
    assert_eq!(power(false, &|minute| works(minute, (475, 1095), 18.0)), [] as [&str; 0]);
}

#[test]
fn treatment_that_starts_late_is_found() {
    let opened = power(false, &|minute| works(minute, (490, 1095), 18.0));
    assert_eq!(opened, ["treatment_late", "treatment_off"], "ten minutes alone, then too late");
}

#[test]
fn treatment_that_stops_with_production_is_found() {
    assert_eq!(power(false, &|minute| works(minute, (475, 1081), 18.0)), ["treatment_early_stop"]);
    assert_eq!(power(false, &|minute| works(minute, (475, 1091), 18.0)), [] as [&str; 0], "eleven minutes of purging");
}

#[test]
fn treatment_that_idles_is_found() {
    let idles = |minute: i64| works(minute, (475, 1095), if (800..830).contains(&minute) { 9.0 } else { 18.0 });
    assert_eq!(power(false, &idles), ["treatment_low_load"]);
}

#[test]
fn treatment_that_idles_day_after_day_is_judged_by_its_month() {
    // Four good days, then two of half the current: by the day before, the second would be as usual.
    let says = |minute: i64| works(minute % 1440, (475, 1095), if minute < 4 * 1440 { 18.0 } else { 9.0 });
    let mut district = District::new();
    let plant = ("P1", "power", &[("stopped", false)] as &[_], &[] as &[(&str, f64)], &says as Says<'_>);
    district.play(0..4 * 1440, &[plant]);
    assert_eq!(district.opened(), [] as [&str; 0]);
    district.play(4 * 1440..5 * 1440, &[plant]);
    district.opened.clear();
    district.play(5 * 1440..6 * 1440, &[plant]);
    assert_eq!(district.opened(), ["treatment_low_load"]);
}

#[test]
fn a_plant_that_runs_through_a_stop_order_is_found() {
    assert_eq!(power(true, &|minute| works(minute, (475, 1095), 18.0)), ["stop_order_broken"]);
    assert_eq!(power(true, &|_| vec![("d20401", 0.2), ("d30401", 0.1)]), [] as [&str; 0]);
}

#[test]
fn work_at_night_needs_a_permit() {
    let limits = [("day", 70.0), ("night", 55.0)];
    let site = |permitted: bool, level: f64| {
        let mut district = District::new();
        district.play(0..60, &[("D1", "dust", &[("night_permit", permitted)], &limits, &|_| vec![("LA", level)])]);
        district.opened.contains("night_work_without_permit")
    };
    assert!(site(false, 68.0));
    assert!(!site(true, 68.0), "permitted");
    assert!(!site(false, 52.0), "quiet");
}

#[test]
fn an_outfall_that_flows_in_dry_weather_is_found() {
    let flows: Says<'_> = &|_| vec![("w00000", 30.0)];
    let outfall = ("O1", "outfall", &[] as &[(&str, bool)], &[] as &[(&str, f64)], flows);
    let weather = |rain: f64| {
        let mut district = District::new();
        let gauge = move |_: i64| vec![("a01020", rain)];
        district.play(0..120, &[("M1", "weather", &[], &[], &gauge), outfall]);
        district.opened().join(" ")
    };
    assert_eq!(weather(0.0), "outfall_dry_weather_flow");
    assert_eq!(weather(1.2), "", "it rains");
    let mut alone = District::new();
    alone.play(0..120, &[outfall]);
    assert_eq!(alone.opened(), [] as [&str; 0], "without a rain gauge nothing can be said");
}

#[test]
fn a_station_unlike_its_neighbours_is_found() {
    let says = |level: f64| move |_: i64| vec![("a34004", level)];
    let (usual, high) = (says(30.0), says(120.0));
    let opened = |levels: [Says<'_>; 3]| {
        let stations: Vec<Station<'_>> = ["A1", "A2", "A3"]
            .into_iter()
            .zip(levels)
            .map(|(number, says)| (number, "air", &[][..], &[][..], says))
            .collect();
        let mut district = District::new();
        district.play(0..60, &stations);
        district.opened.contains("pm2_5_unlike_neighbours")
    };
    assert!(opened([&high, &usual, &usual]));
    assert!(!opened([&high, &high, &high]), "a bad day for all");
}

#[test]
fn heavy_pollution_has_three_levels() {
    // What opens when the index of 24 hours has stood so high for so many hours, each a day's mean ending then.
    let opened = |indexes: &[(usize, f64)]| -> Vec<String> {
        let mut district = District::new();
        let mut hour = 0;
        for (hours, index) in indexes {
            for _ in 0..*hours {
                let at = "2024-12-01T00:00:00+08:00".parse::<Timestamp>().expect("an instant")
                    + SignedDuration::from_hours(hour);
                hour += 1;
                let series = Series::main("A1", "aqi_24h", Kind::Hour);
                let seen = Observation {
                    series,
                    at,
                    period_s: 3600,
                    value: *index,
                    text: index.to_string(),
                    flag: None,
                    reviewed: None,
                };
                let end = seen.end();
                district.watch.heard("A1", "A1", "air", end);
                let mut told = district.watch.observe(&seen, end);
                told.extend(district.watch.reckon("A1", end, end));
                let open = told.into_iter().filter(|warning| warning.is_open());
                district.opened.extend(open.map(|warning| warning.rule));
            }
        }
        district.opened.into_iter().map(|rule| rule.trim_start_matches("heavy_pollution_").to_owned()).collect()
    };
    assert_eq!(opened(&[(72, 140.0)]), [] as [&str; 0]);
    assert_eq!(opened(&[(24, 140.0), (18, 160.0)]), [] as [&str; 0], "not yet 48 hours above 150");
    assert_eq!(opened(&[(24, 140.0), (25, 160.0)]), ["yellow"]);
    assert_eq!(opened(&[(24, 140.0), (1, 201.0)]), ["yellow"], "above 200 at once");
    assert_eq!(opened(&[(24, 140.0), (49, 160.0)]), ["orange", "yellow"]);
    assert_eq!(opened(&[(24, 140.0), (25, 210.0)]), ["orange", "yellow"]);
    assert_eq!(opened(&[(24, 140.0), (48, 210.0), (2, 310.0)]), ["orange", "red", "yellow"]);
}
