use test_case::test_case;

use super::*;

fn at(minute: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + minute * 60).unwrap()
}

fn value(factor: &str, minute: i64, value: f64) -> Observation {
    Observation {
        series: Series::main("A1", factor, Kind::Realtime),
        at: at(minute),
        period_s: 0,
        value,
        text: value.to_string(),
        flag: Some("N".into()),
        reviewed: None,
    }
}

fn ranges() -> Ranges {
    BTreeMap::from([
        ("a34004".to_owned(), (0.0, 1000.0)),
        ("w21003".to_owned(), (0.0, 10.0)),
        ("a01001".to_owned(), (-40.0, 60.0)),
    ])
}

/// A packet that came when its last value was measured.
fn look(checker: &mut Checker, observations: &[Observation]) -> Vec<Doubt> {
    let last = observations.iter().map(|observation| observation.at).max().unwrap();
    look_at(checker, observations, last, false).into_iter().map(|(.., doubt)| doubt).collect()
}

fn look_at(checker: &mut Checker, values: &[Observation], received_at: Timestamp, back_fill: bool) -> Vec<Found> {
    let values: Vec<(i64, &Observation)> = (1..).zip(values).collect();
    checker.look(&values, Origin { kind: "water", ranges: &ranges(), back_fill, received_at })
}

#[test_case("w21003", -0.1, Some(Doubt::Negative))]
#[test_case("w21003", 0.0, None)]
#[test_case("w21003", 10.0, None; "at the end of the range")]
#[test_case("w21003", 10.1, Some(Doubt::OutOfRange))]
#[test_case("a01001", -12.0, None; "a cold day")]
#[test_case("a01001", -41.0, Some(Doubt::OutOfRange))]
#[test_case("w01012", -120.0, None; "a redox potential")]
#[test_case("zz999", -1.0, None; "nobody knows what it is")]
fn a_value_alone(factor: &str, number: f64, expected: Option<Doubt>) {
    assert_eq!(look(&mut Checker::default(), &[value(factor, 0, number)]), Vec::from_iter(expected));
}

#[test]
fn a_part_is_not_more_than_the_whole() {
    let both = |part, whole| vec![value("a34004", 0, part), value("a34002", 0, whole)];
    assert_eq!(look(&mut Checker::default(), &both(60.0, 50.0)), [Doubt::PartAboveWhole]);
    assert_eq!(look(&mut Checker::default(), &both(50.0, 50.0)), []);
    let mut marked = both(60.0, 50.0);
    marked[1].flag = Some("D".into());
    assert_eq!(look(&mut Checker::default(), &marked), [], "a PM10 that is not good says nothing of PM2.5");
}

#[test]
fn steps_are_judged_by_the_range_and_the_time_between() {
    let mut checker = Checker::default();
    let mut told = |minute, number| look(&mut checker, &[value("w21003", minute, number)]);
    assert_eq!(told(0, 1.0), []);
    assert_eq!(told(5, 6.0), [], "half of the range is no jump");
    assert_eq!(told(10, 5.9), []);
    assert_eq!(told(15, 0.8), [Doubt::Jump]);
    assert_eq!(told(60, 8.0), [], "much may happen in fifty minutes");
    assert_eq!(told(50, 7.0), [Doubt::OutOfOrder]);
    assert_eq!(told(60, 7.0), [], "the same instant again is a revision");
}

#[test]
fn what_stands_still_for_six_hours_is_flat_unless_it_is_zero() {
    let flat_from = |number: f64, step: i64| {
        let mut checker = Checker::default();
        (0..200)
            .map(|turn| turn * step)
            .find(|minute| !look(&mut checker, &[value("w21003", *minute, number)]).is_empty())
    };
    assert_eq!(flat_from(1.25, 5), Some(360));
    assert_eq!(flat_from(0.0, 5), None);
    assert_eq!(flat_from(1.25, 60), Some(29 * 60), "thirty values at least");
}

#[test]
fn back_fill_is_not_out_of_order() {
    let mut checker = Checker::default();
    let mut told = |minute, back_fill| look_at(&mut checker, &[value("w21003", minute, 1.0)], at(10), back_fill).len();
    assert_eq!((told(10, false), told(0, true), told(0, false)), (0, 0, 1));
}

#[test]
fn there_and_back_is_a_spike_and_the_value_in_between_is_doubted() {
    let mut checker = Checker::default();
    let mut told = |minute, number| look_at(&mut checker, &[value("w21003", minute, number)], at(minute), false);
    assert_eq!(told(0, 1.0), []);
    assert_eq!(told(5, 4.0), [], "a step that may last");
    assert_eq!(told(10, 1.2), [(1, at(5), Doubt::Spike)]);
    assert_eq!(told(15, 4.5), []);
    assert_eq!(told(20, 4.4), [], "it lasted");
    assert_eq!(told(60, 9.0), []);
    assert_eq!(told(65, 4.4), [], "who knows where it was before the pause");
}

#[test]
fn a_horn_is_no_spike() {
    let ranges = BTreeMap::from([("LA".to_owned(), (30.0, 130.0))]);
    let mut checker = Checker::default();
    for (minute, level) in [(0, 52.0), (1, 88.0), (2, 53.0)] {
        let origin = Origin { kind: "noise", ranges: &ranges, back_fill: false, received_at: at(minute) };
        assert_eq!(checker.look(&[(1, &value("LA", minute, level))], origin), []);
    }
}

#[test]
fn a_spike_over_half_of_the_range_is_a_jump_there_and_none_back() {
    let mut checker = Checker::default();
    let mut told = |minute, number| look(&mut checker, &[value("w21003", minute, number)]);
    assert_eq!((told(0, 1.0), told(5, 8.0), told(10, 1.0)), (vec![], vec![Doubt::Jump], vec![Doubt::Spike]));
}

#[test_case(10, &[]; "a clock that is a little fast")]
#[test_case(11, &[Doubt::InFuture])]
fn what_is_still_to_come_is_doubted(ahead: i64, expected: &[Doubt]) {
    let found = look_at(&mut Checker::default(), &[value("w21003", ahead, 1.0)], at(0), false);
    assert_eq!(found.into_iter().map(|(.., doubt)| doubt).collect::<Vec<_>>(), expected);
}

#[test]
fn a_clock_that_stands_still_is_noticed_after_ten_minutes() {
    let mut checker = Checker::default();
    let mut came = |minute| look_at(&mut checker, &[value("w21003", 0, 1.0 + minute as f64)], at(minute), false);
    let first = (0..60).step_by(2).find(|minute| !came(*minute).is_empty());
    assert_eq!(first, Some(10));
}

#[test]
fn a_packet_that_is_sent_again_is_no_clock_that_stands_still() {
    let mut checker = Checker::default();
    let mut came = |minute| look_at(&mut checker, &[value("w21003", 0, 1.0)], at(minute), false);
    assert!([0, 5, 10, 15].into_iter().all(|minute| came(minute).is_empty()));
}

/// The hour's PM2.5 of stations, in the order in which they come; who is doubted, by place from 1.
fn doubted(values: &[f64], kind: &str) -> Vec<i64> {
    let mut checker = Checker::default();
    let mut found = Vec::new();
    for (series, number) in (1..).zip(values) {
        let series_of = Series::main(&format!("A{series}"), "a34004", Kind::Hour);
        let hour = Observation { series: series_of, period_s: 3600, ..value("a34004", 0, *number) };
        let origin = Origin { kind, ranges: &ranges(), back_fill: false, received_at: at(60) };
        found.extend(checker.look(&[(series, &hour)], origin));
    }
    found
        .into_iter()
        .map(|(series, _, doubt)| {
            assert_eq!(doubt, Doubt::UnlikeNeighbours);
            series
        })
        .collect()
}

#[test_case(&[40.0, 45.0, 50.0, 200.0], &[4]; "the last to come")]
#[test_case(&[200.0, 40.0, 45.0, 50.0], &[1]; "the first to come is judged when there are three others")]
#[test_case(&[200.0, 40.0, 45.0], &[]; "two others are no neighbourhood")]
#[test_case(&[200.0, 210.0, 220.0, 230.0, 50.0], &[5]; "a third of the others")]
#[test_case(&[10.0, 12.0, 14.0, 50.0], &[]; "far apart in ratio, near in micrograms")]
fn stations_are_compared_hour_by_hour(values: &[f64], expected: &[i64]) {
    assert_eq!(doubted(values, "air"), expected);
    assert_eq!(doubted(values, "dust"), [0; 0], "building sites are each as dusty as their work");
}
