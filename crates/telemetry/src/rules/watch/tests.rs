use super::*;
use crate::rules::parse;
use crate::{Kind, Series};

const RULES: &str = r#"
[low_oxygen]
label = { zh = "溶解氧偏低", en = "Low oxygen" }
stations = "water"
factor = "w01009"
unit = "mg/L"
op = "<"
threshold = 3.0
clear = 3.5
for = "10m"
clear_for = "5m"
level = "warning"
message = { zh = "{station}溶解氧{value}{unit}，低于{threshold}{unit}已{minutes}分钟", en = "{station}: {value}" }
[silent]
label = { zh = "离线", en = "Silent" }
stations = "*"
silent_for = "30m"
level = "info"
message = { zh = "{station}已{minutes}分钟无数据", en = "{station} silent" }
"#;

fn minute(minute: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + minute * 60).unwrap()
}

struct Line(Watch);

impl Line {
    fn new() -> Line {
        Line(Watch::new(parse("test.toml", RULES).unwrap()))
    }

    fn at(&mut self, at: i64, value: f64, flag: &str) -> Vec<(String, bool)> {
        let observation = Observation {
            series: Series::main("W1", "w01009", Kind::Realtime),
            at: minute(at),
            period_s: 0,
            value,
            text: value.to_string(),
            flag: Some(flag.to_owned()),
            reviewed: None,
        };
        let mut told = self.0.heard("W1", "圭塘河站", "water", minute(at));
        told.extend(self.0.observe(&observation, minute(at)));
        told.into_iter().map(|warning| (warning.rule.clone(), warning.is_open())).collect()
    }
}

#[test]
fn opens_after_its_time_and_clears_beyond_the_second_limit() {
    let mut line = Line::new();
    let opened = vec![("low_oxygen".to_owned(), true)];
    let cleared = vec![("low_oxygen".to_owned(), false)];
    for (at, value, told) in [
        (0, 2.9, vec![]),
        (5, 2.8, vec![]),
        (9, 2.7, vec![]),
        (10, 2.6, opened.clone()),
        (11, 2.5, vec![]),
        (12, 3.2, vec![]),
        (20, 3.6, vec![]),
        (22, 3.4, vec![]),
        (30, 3.6, vec![]),
        (35, 3.6, cleared),
        (36, 2.0, vec![]),
        (46, 2.0, opened),
    ] {
        assert_eq!(line.at(at, value, "N"), told, "minute {at}");
    }
}

#[test]
fn a_short_dip_and_a_marked_value_open_nothing() {
    let mut line = Line::new();
    for (at, value, flag) in
        [(0, 2.0, "N"), (5, 4.0, "N"), (6, 2.0, "N"), (15, 2.0, "N"), (17, 2.0, "D"), (100, 2.0, "N")]
    {
        assert_eq!(line.at(at, value, flag), vec![], "minute {at}");
    }
}

#[test]
fn history_opens_nothing() {
    let mut line = Line::new();
    line.0.heard("W1", "圭塘河站", "water", minute(1000));
    for at in [0, 20, 40] {
        let observation = Observation {
            series: Series::main("W1", "w01009", Kind::Realtime),
            at: minute(at),
            period_s: 0,
            value: 1.0,
            text: "1".into(),
            flag: None,
            reviewed: None,
        };
        assert_eq!(line.0.observe(&observation, minute(1000)), vec![]);
    }
}

#[test]
fn silence_is_told_once_and_ends_with_a_word() {
    let mut line = Line::new();
    line.at(-600, 7.0, "N");
    assert!(line.0.tick(minute(0)).is_empty(), "nobody listened before");
    line.at(0, 7.0, "N");
    assert!(line.0.tick(minute(29)).is_empty());
    let told = line.0.tick(minute(31));
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].message.zh, "圭塘河站已31分钟无数据");
    assert!(line.0.tick(minute(40)).is_empty());
    assert_eq!(line.at(41, 7.0, "N"), vec![("silent".to_owned(), false)]);
    assert_eq!(line.0.tick(minute(72)).len(), 1);
}

#[test]
fn an_open_warning_survives_a_restart() {
    let mut line = Line::new();
    line.at(0, 2.0, "N");
    line.0.heard("W1", "圭塘河站", "water", minute(10));
    let observation = Observation {
        series: Series::main("W1", "w01009", Kind::Realtime),
        at: minute(10),
        period_s: 0,
        value: 1.5,
        text: "1.5".into(),
        flag: None,
        reviewed: None,
    };
    let warning = line.0.observe(&observation, minute(10)).remove(0);
    assert_eq!(warning.message.zh, "圭塘河站溶解氧1.5mg/L，低于3mg/L已10分钟");
    let mut after = Line::new();
    after.0.restore(warning);
    assert_eq!(after.at(11, 1.0, "N"), vec![], "it is open already");
    assert_eq!(after.at(12, 4.0, "N"), vec![]);
    assert_eq!(after.at(17, 4.0, "N"), vec![("low_oxygen".to_owned(), false)]);
}

const POWER: &str = r#"
[treatment_off]
label = { zh = "治污停运", en = "Treatment off" }
stations = "power"
factor = "d30401"
unit = "kW"
when = "now.d20401 > 5 && now.d30401 < 1"
limit = "limit.d30401"
for = "5m"
clear_for = "2m"
level = "alarm"
message = { zh = "{station}治污功率{value}，应不低于{threshold}", en = "{station}" }
"#;

/// A power station whose production and treatment draw so many kilowatts.
fn power(watch: &mut Watch, at: i64, production: f64, treatment: f64, maintained: bool) -> Vec<(String, bool)> {
    let mut told = watch.heard("P1", "一号企业", "power", minute(at));
    watch.know("P1", &BTreeMap::new(), &BTreeMap::from([("d30401".to_owned(), 3.0)]), maintained);
    for (factor, value) in [("d20401", production), ("d30401", treatment)] {
        let observation = Observation {
            series: Series::main("P1", factor, Kind::Realtime),
            at: minute(at),
            period_s: 0,
            value,
            text: value.to_string(),
            flag: None,
            reviewed: None,
        };
        told.extend(watch.observe(&observation, minute(at)));
    }
    told.extend(watch.reckon("P1", minute(at), minute(at)));
    told.into_iter().map(|warning| (warning.message.zh.clone(), warning.is_open())).collect()
}

#[test]
fn an_expression_opens_and_clears_over_two_series() {
    let mut watch = Watch::new(parse("power.toml", POWER).unwrap());
    let text = "一号企业治污功率0.2，应不低于3".to_owned();
    for (at, production, treatment, told) in [
        (0, 40.0, 9.0, vec![]),
        (1, 40.0, 0.2, vec![]),
        (5, 40.0, 0.2, vec![]),
        (6, 40.0, 0.2, vec![(text.clone(), true)]),
        (7, 40.0, 0.3, vec![]),
        (8, 0.0, 0.3, vec![]),
        (9, 40.0, 0.3, vec![]),
        (10, 40.0, 8.0, vec![]),
        (12, 40.0, 8.0, vec![(text, false)]),
    ] {
        assert_eq!(power(&mut watch, at, production, treatment, false), told, "minute {at}");
    }
}

#[test]
fn nothing_opens_while_a_station_is_looked_after_or_in_quiet_hours() {
    let mut watch = Watch::new(parse("power.toml", POWER).unwrap());
    for at in 0..30 {
        assert_eq!(power(&mut watch, at, 40.0, 0.0, true), vec![], "minute {at}");
    }
    // 1,700,000,000 is 06:13 in Beijing on 15 November 2023.
    let quiet = POWER.replace("\nfor = ", "\nquiet = \"06:00-06:30\"\nfor = ");
    let mut watch = Watch::new(parse("power.toml", &quiet).unwrap());
    let opened: Vec<i64> = (0..30).filter(|at| !power(&mut watch, *at, 40.0, 0.0, false).is_empty()).collect();
    assert_eq!(opened, [17], "when the quiet is over, what lasted through it counts");
}

/// Three rules that share an event at a station, each with a task, and silence that is one event everywhere.
fn events() -> Vec<crate::rules::Rule> {
    let of_water = [
        ("ammonia", "w21003", ">", 2.0, "warning"),
        ("phosphorus", "w21011", ">", 0.4, "warning"),
        ("oxygen", "w01009", "<", 2.0, "alarm"),
    ];
    let both = |text: &str| format!("{{ zh = '{text}', en = '{text}' }}");
    let mut text = String::new();
    for (key, factor, op, threshold, level) in of_water {
        let label = both(key);
        text += &format!(
            "[{key}]\nlabel = {label}\nstations = 'water'\nfactor = '{factor}'\nop = '{op}'\nthreshold = {threshold:?}\n\
             level = '{level}'\nevent = 'pollution'\nmessage = {label}\n\
             [{key}.task]\nregister = 'task'\ntitle = {label}\ninstructions = {label}\ndue = '2h'\nurgency = 'urgent'\n"
        );
    }
    let label = both("silent");
    text += &format!(
        "[silent]\nlabel = {label}\nstations = '*'\nsilent_for = '30m'\nlevel = 'info'\nevent = 'line'\n\
         event_everywhere = true\nmessage = {label}\n"
    );
    parse("events.toml", &text).unwrap()
}

#[test]
fn what_happens_together_is_one_event() {
    let mut watch = Watch::new(events());
    let mut say = |station: &str, factor: &str, at: i64, value: f64| -> Option<Warning> {
        let series = Series::main(station, factor, Kind::Realtime);
        let flag = Some("N".to_owned());
        let value =
            Observation { series, at: minute(at), period_s: 0, value, text: value.to_string(), flag, reviewed: None };
        watch.heard(station, station, "water", minute(at));
        watch.observe(&value, minute(at)).pop()
    };
    let first = say("W1", "w21003", 0, 2.5).unwrap();
    assert_eq!((&first.event, first.joins(), first.task.is_some()), (&first.id, false, true));
    let second = say("W1", "w21011", 1, 0.5).unwrap();
    assert_eq!((&second.event, second.joins(), second.task), (&first.id, true, None), "one task for one event");
    let graver = say("W1", "w01009", 2, 1.0).unwrap();
    assert_eq!((&graver.event, graver.task.is_some()), (&first.id, true), "what is graver is somebody's task");
    let elsewhere = say("W2", "w21011", 2, 0.5).unwrap();
    assert!(!elsewhere.joins(), "another river");

    assert!(!say("W1", "w21003", 3, 1.0).unwrap().is_open());
    let again = say("W1", "w21003", 4, 2.5).unwrap();
    assert_eq!(again.event, first.id, "the event goes on as long as anything of it is open");
}

#[test]
fn a_line_that_fails_is_one_event_for_all_its_stations() {
    let mut watch = Watch::new(events());
    watch.tick(minute(0));
    for number in 0..50 {
        watch.heard(&format!("W{number:02}"), "站", "water", minute(0));
    }
    let told = watch.tick(minute(31));
    assert_eq!(told.len(), 50, "each station has its own, so that each is known to be back");
    assert!(told.iter().all(|warning| warning.event == told[0].id));
    assert_eq!(told.iter().filter(|warning| !warning.joins()).count(), 1);
}

#[test]
fn silence_is_noticed_only_of_stations_whose_devices_are_to_report() {
    let device = |station: &str, name: &str, maintained: bool| {
        Arc::new(Device { maintained, ..Device::new(&format!("M{station}"), "", station, name, "water") })
    };
    let mut line = Line::new();
    for station in ["W1", "W2", "W3"] {
        line.0.heard(station, "旧名", "water", minute(0));
    }
    line.0.tick(minute(0));
    line.0.register(&[device("W1", "新名", false), device("W2", "维护站", true)]);
    let silent = |told: &[Warning]| -> Vec<(String, String)> {
        told.iter().map(|warning| (warning.station.clone(), warning.station_name.clone())).collect()
    };
    assert_eq!(
        silent(&line.0.tick(minute(31))),
        [("W1".to_owned(), "新名".to_owned())],
        "W2 is being looked after, W3 is retired; W1 has its new name though it said nothing since"
    );
    line.0.register(&[device("W2", "维护站", false), device("W3", "复用站", false)]);
    assert_eq!(
        silent(&line.0.tick(minute(32))),
        [("W2".to_owned(), "维护站".to_owned()), ("W3".to_owned(), "复用站".to_owned())]
    );
}
