use std::collections::BTreeMap;

use jiff::SignedDuration;
use test_case::test_case;

use super::*;
use crate::{Kind, Observation, Series};

/// 2024-06-01 23:30 in Beijing, a Saturday.
fn at(minute: i64) -> Timestamp {
    "2024-06-01T23:30:00+08:00".parse::<Timestamp>().unwrap() + SignedDuration::from_mins(minute)
}

fn scene() -> Scene {
    let mut scene = Scene::default();
    scene.know(
        &BTreeMap::from([("zone".to_owned(), Fact::Word("2".into())), ("permitted".to_owned(), Fact::Yes(false))]),
        &BTreeMap::from([("night".to_owned(), 50.0), ("w21003".to_owned(), 1.0)]),
    );
    for (minute, value) in [(-90, 0.4), (-50, 0.5), (-20, 0.9), (0, 1.6)] {
        let series = Series::main("W1", "w21003", Kind::Realtime);
        let value = Observation {
            series,
            at: at(minute),
            period_s: 0,
            value,
            text: value.to_string(),
            flag: None,
            reviewed: None,
        };
        scene.see(&value, Some(Reach::Day));
    }
    scene
}

#[test_case(8, 10; "ten things in eight loops")]
#[test_case(3, 100; "a hundred things in three")]
#[test_case(60, 2; "two things in sixty")]
fn loops_in_loops_are_refused_before_anything_is_evaluated(depth: usize, things: usize) {
    let list = format!("[{}]", vec!["1"; things].join(","));
    let text = (0..depth).fold("true".to_owned(), |inner, level| format!("{list}.all(x{level}, {inner})"));
    let fault = Expression::parse(&text).unwrap_err();
    assert!(fault.contains("steps") || fault.contains("recursion"), "{fault}");
}

#[test_case("now.all(a, now.all(b, now[a] >= now[b]))"; "everything beside everything")]
#[test_case("['a'].map(x, x + x).map(x, x + x).map(x, x + x).map(x, x + x).map(x, x + x).map(x, x + x).map(x, x + x).map(x, x + x).map(x, x + x).map(x, x + x).map(x, x + x).map(x, x + x).map(x, x + x).map(x, x + x).map(x, x + x).map(x, x + x).map(x, x + x).map(x, x + x).map(x, x + x).map(x, x + x).map(x, x + x).map(x, x + x).map(x, x + x).map(x, x + x).map(x, x + x).size() == 1"; "text that doubles")]
fn what_grows_is_refused(text: &str) {
    let fault = Expression::parse(text).unwrap_err();
    assert!(fault.contains("steps") || fault.contains("recursion"), "{fault}");
}

#[test]
fn an_endless_text_is_refused_unread() {
    let text = format!("true{}", " && true".repeat(1000));
    assert!(Expression::parse(&text).unwrap_err().contains("characters"));
    assert!(
        Expression::parse(&format!("{}true{}", "(".repeat(1900), ")".repeat(1900))).is_err(),
        "nor one that is deep"
    );
}

#[test_case("now.all(factor, now[factor] > 0.1)", Some(true); "each once")]
#[test_case("now.exists(factor, now[factor] > 100.0)", Some(false))]
#[test_case("['w21003', 'w21011'].exists(factor, factor in now && now[factor] > 1.0)", Some(true))]
fn loops_that_end_soon_are_allowed(text: &str, expected: Option<bool>) {
    assert_eq!(Expression::parse(text).unwrap().holds(&scene(), at(0)), expected);
}

#[test]
fn a_station_that_says_endlessly_much_holds_nobody_up() {
    let mut scene = scene();
    for number in 0..=budget::MOST_NAMED {
        scene.now.insert(format!("x{number}"), (at(0), 1.0));
    }
    assert_eq!(Expression::parse("now.all(factor, now[factor] > 0.1)").unwrap().holds(&scene, at(0)), None);
    assert_eq!(
        Expression::parse("now.w21003 > 1.5").unwrap().holds(&scene, at(0)),
        Some(true),
        "by its name it is known"
    );
}

#[test_case("now.w21003 > 1.5", Some(true))]
#[test_case("now.w21003 > limit.w21003 * 1.5 && clock.night", Some(true))]
#[test_case("now.w21003 > 2", Some(false); "a whole number beside a decimal")]
#[test_case("clock.hour == 23 && clock.minute == 30 && clock.weekday == 6", Some(true))]
#[test_case("station.zone == '2' && !station.permitted", Some(true))]
#[test_case("change('w21003', 60) > 1.0", Some(true); "from 0.5 to 1.6")]
#[test_case("mean('w21003', 60) == 1.0", Some(true))]
#[test_case("most('w21003', 100) == 1.6 && least('w21003', 100) == 0.4", Some(true))]
#[test_case("now.w01009 < 2.0", None; "never sent")]
#[test_case("mean('w01009', 60) > 1.0", None; "nothing to look back at")]
#[test_case("has(now.w01009) && now.w01009 < 2.0", Some(false); "asked for first")]
#[test_case("now.w21003", None; "a number is no yes")]
fn conditions_hold_or_not_or_cannot_be_said(text: &str, expected: Option<bool>) {
    let expression = Expression::parse(text).unwrap();
    assert_eq!(expression.holds(&scene(), at(0)), expected);
}

#[test_case("mean('w01001', 60) < 5.31 && mean('w01001', 60) > 5.29", Some(true); "pH by its ions, not 6")]
#[test_case("hours_mean('w01001', 4) < 5.31", Some(true); "hours of pH as well")]
#[test_case("mean('LA', 60) > 66.0 && mean('LA', 60) < 66.1", Some(true); "levels by their energies, not 63")]
fn means_in_conditions_are_those_of_the_statistics(text: &str, expected: Option<bool>) {
    let mut scene = Scene::default();
    let mut put = |factor: &str, kind: Kind, minute: i64, value: f64| {
        let (series, period_s) = (Series::main("W1", factor, kind), if kind == Kind::Hour { 3600 } else { 0 });
        let text = value.to_string();
        let seen = Observation { series, at: at(minute), period_s, value, text, flag: None, reviewed: None };
        scene.see(&seen, Some(Reach::Day));
    };
    for (step, value) in [5.0, 7.0, 5.0, 7.0].into_iter().enumerate() {
        let step = i64::try_from(step).unwrap();
        put("w01001", Kind::Realtime, step * 10 - 30, value);
        put("w01001", Kind::Hour, step * 60 - 240, value);
    }
    for (minute, level) in [(-20, 60.0), (-10, 60.0), (0, 70.0)] {
        put("LA", Kind::Realtime, minute, level);
    }
    assert_eq!(Expression::parse(text).unwrap().holds(&scene, at(0)), expected);
}

/// A station whose production began at -40 and whose treatment began at -20 minutes, read every ten.
fn line() -> (District, Scene) {
    let district = District::default();
    let mut scene = Scene::in_district(&district, "P1");
    for minute in -6..=0 {
        for (factor, begins, running) in [("d20401", -40, 60.0), ("d30401", -20, 18.0)] {
            let series = Series::main("P1", factor, Kind::Realtime);
            let value = if minute * 10 >= begins { running } else { 0.2 };
            let (at, text) = (at(minute * 10), value.to_string());
            scene.see(
                &Observation { series, at, period_s: 0, value, text, flag: None, reviewed: None },
                Some(Reach::Month),
            );
        }
    }
    for hour in 0..48 {
        let series = Series::main("P1", "aqi_24h", Kind::Hour);
        let value = if hour < 12 { 140.0 } else { 160.0 };
        let at = at(-60 * (48 - hour));
        scene.see(
            &Observation { series, at, period_s: 3600, value, text: String::new(), flag: None, reviewed: None },
            Some(Reach::Day),
        );
    }
    (district, scene)
}

#[test_case("since_above('d20401', 10.0) == 40.0 && since_above('d30401', 1.0) == 20.0", Some(true))]
#[test_case("since_below('d20401', 10.0) == 0.0", Some(true); "it runs")]
#[test_case("since_above('d20499', 10.0) > 0.0", None; "never sent")]
#[test_case("typical('d30401', 1.0) == 18.0", Some(true); "what is off does not count")]
#[test_case("typical_days('d30401', 1.0, 30) == 18.0", Some(true))]
#[test_case("typical_days('d30499', 1.0, 30) > 0.0", None; "a month of nothing")]
#[test_case("hours_least('aqi_24h', 36) > 150.0", Some(true))]
#[test_case("hours_least('aqi_24h', 48) > 150.0", Some(false))]
#[test_case("hours_least('aqi_24h', 72) > 150.0", None; "two thirds of the hours are not enough")]
#[test_case("mean_at('P1', 'd30401', 20) == 18.0", Some(true))]
#[test_case("mean_at('P2', 'd30401', 20) > 1.0", None; "no such station")]
#[test_case("district_most('d20401', 60) == 60.0", Some(true))]
fn the_past_can_be_asked_for(text: &str, expected: Option<bool>) {
    let (_district, scene) = line();
    assert_eq!(Expression::parse(text).unwrap().holds(&scene, at(0)), expected);
}

#[test]
fn other_stations_can_be_asked() {
    let (district, _own) = line();
    let other = Scene::in_district(&district, "W1");
    let asked = Expression::parse("district_most('d20401', 60) > 50.0 && mean_at('P1', 'd20401', 10) > 50.0");
    assert_eq!(asked.unwrap().holds(&other, at(0)), Some(true));
}

#[test]
fn what_is_old_is_not_now() {
    let expression = Expression::parse("now.w21003 > 1.5").unwrap();
    assert_eq!(expression.holds(&scene(), at(60)), Some(true));
    assert_eq!(expression.holds(&scene(), at(61)), None);
}

#[test]
fn a_limit_may_be_an_expression() {
    assert_eq!(Expression::parse("limit.night + 5.0").unwrap().number(&scene(), at(0)), Some(55.0));
    assert_eq!(Expression::parse("limit.day").unwrap().number(&scene(), at(0)), None);
}

#[test_case("now.w21003 >", "this is no expression")]
#[test_case("then.w21003 > 1", "“then” is not known here: write now, hour, limit, station, clock")]
#[test_case("median('w21003', 60) > 1.0", "median"; "unknown function")]
#[test_case("mean(station.factor, 60) > 1.0", "mean() needs its factor written out"; "a factor that is reckoned")]
#[test_case("mean_at('P1', station.factor, 60) > 1.0", "mean_at() needs its factor written out")]
fn faults_are_told(text: &str, expected: &str) {
    let fault = Expression::parse(text).unwrap_err();
    assert!(fault.contains(expected), "{fault}");
}
