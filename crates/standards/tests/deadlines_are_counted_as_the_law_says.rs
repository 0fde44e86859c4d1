//! Worked examples of statutory clocks, and what moves them.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

use bilan_standards::{
    calendar::WorkCalendar,
    deadline::{Deadline, Explanation, Warning, WhyNotCounted, rule},
};
use jiff::civil::{Date, date};
use test_case::test_case;

fn clock(key: &str, start: Date) -> Deadline {
    Deadline::by_rule(rule(key).unwrap(), start).unwrap()
}

fn explained(key: &str, start: Date) -> Explanation {
    clock(key, start).explain(WorkCalendar::published())
}

#[test_case("penalty.decide", date(2026, 9, 1), date(2026, 11, 30); "90 calendar days, the example of the reference")]
#[test_case("penalty.evidence", date(2026, 9, 24), date(2026, 10, 12); "7 working days over Mid-Autumn and National Day")]
#[test_case("penalty.hearing.ask", date(2026, 9, 24), date(2026, 10, 9); "5 working days, the example of the reference")]
#[test_case("petition.handle", date(2020, 3, 2), date(2020, 5, 6); "60 days end in the Labour Day holiday and move to the 6th")]
#[test_case("petition.accept", date(2020, 6, 10), date(2020, 6, 28); "15 days end on Dragon Boat day, the make-up Sunday is a working day")]
#[test_case("licence.general", date(2020, 1, 17), date(2020, 2, 21); "20 working days over the long Spring Festival, Sunday 19 January counted")]
#[test_case("compel.court", date(2020, 11, 30), date(2021, 3, 1); "3 months from the 30th end on 28 February, a Sunday")]
#[test_case("permit.valid", date(2020, 2, 29), date(2025, 2, 28); "5 years from a leap day")]
#[test_case("permit.renew.apply", date(2025, 2, 28), date(2024, 12, 30); "60 days before expiry")]
#[test_case("penalty.hearing.notice", date(2026, 10, 12), date(2026, 9, 24); "7 working days before a hearing")]
#[test_case("transfer.crime", date(2026, 5, 1), date(2026, 5, 2); "24 hours do not wait for a holiday")]
fn a_clock_ends_on(key: &str, start: Date, due: Date) {
    assert_eq!(explained(key, start).due_on, Some(due));
}

#[test]
fn every_day_passed_over_is_named_with_its_reason() {
    let explanation = explained("penalty.hearing.ask", date(2026, 9, 24));
    let days: Vec<(i8, i8, String)> =
        explanation.not_counted.iter().map(|day| (day.date.month(), day.date.day(), day.why.zh())).collect();
    assert_eq!(days[0], (9, 24, "起算当日不计".to_owned()));
    assert_eq!(days.len(), 11, "{days:?}");
    assert!(days[1..4].iter().all(|day| day.2.starts_with("中秋节")), "{days:?}");
    assert!(days[4..].iter().all(|day| day.2.starts_with("国庆节")), "{days:?}");
    assert_eq!(explanation.law, "行政处罚法 64, 85");
    assert!(explanation.warnings.is_empty() && explanation.moved.is_none());
}

#[test]
fn make_up_days_that_were_counted_are_named() {
    let explanation = explained("licence.general", date(2020, 1, 17));
    assert_eq!(explanation.make_up_days.iter().map(|day| day.date).collect::<Vec<_>>(), [date(2020, 1, 19)]);
}

#[test]
fn an_end_on_a_rest_day_moves_and_says_so() {
    let explanation = explained("petition.handle", date(2020, 3, 2));
    let moved = explanation.moved.unwrap();
    assert_eq!((moved.from, moved.to), (date(2020, 5, 1), date(2020, 5, 6)));
    assert_eq!(moved.why.zh(), "劳动节放假");
    assert!(explanation.warnings.contains(&Warning::MovingNotVerified));
}

#[test]
fn a_pause_is_not_counted_from_its_first_day_until_the_day_the_clock_runs_on() {
    let clock = clock("penalty.decide", date(2026, 9, 1));
    let paused = clock.clone().suspended(date(2026, 9, 10), Some(date(2026, 9, 20)), "检测");
    let explanation = paused.explain(WorkCalendar::published());
    assert_eq!(explanation.due_on, Some(date(2026, 12, 10)));
    assert_eq!(explanation.pauses[0].days, Some(10));
    assert_eq!(explanation.not_counted.iter().filter(|day| day.why == WhyNotCounted::Paused).count(), 10);
    let overlapping = paused.suspended(date(2026, 9, 15), Some(date(2026, 9, 20)), "鉴定");
    assert_eq!(overlapping.explain(WorkCalendar::published()).due_on, Some(date(2026, 12, 10)));
    let none = clock.suspended(date(2026, 9, 10), Some(date(2026, 9, 10)), "同日恢复");
    assert_eq!(none.explain(WorkCalendar::published()).due_on, Some(date(2026, 11, 30)));
}

#[test]
fn months_are_lengthened_by_the_days_of_a_pause() {
    let clock = clock("compel.court", date(2020, 3, 2)).suspended(date(2020, 5, 30), Some(date(2020, 6, 4)), "协商");
    // 2 June plus five days is a Sunday.
    assert_eq!(clock.explain(WorkCalendar::published()).due_on, Some(date(2020, 6, 8)));
}

#[test]
fn a_clock_that_stands_has_no_end_until_it_runs_on() {
    let clock = clock("penalty.decide", date(2026, 9, 1)).suspended(date(2026, 9, 10), None, "等待鉴定意见");
    let explanation = clock.explain(WorkCalendar::published());
    assert_eq!(explanation.due_on, None);
    assert!(explanation.warnings.contains(&Warning::Paused { since: date(2026, 9, 10) }));
}

#[test]
fn an_extension_runs_on_from_the_counted_end_not_from_the_moved_one() {
    let clock = clock("petition.handle", date(2020, 3, 2));
    let extended = clock.clone().extended(rule("petition.extend").unwrap(), date(2020, 4, 28), "案情复杂").unwrap();
    let explanation = extended.explain(WorkCalendar::published());
    // 60 days end on 1 May, 30 more on 31 May, a Sunday.
    assert_eq!(explanation.due_on, Some(date(2020, 6, 1)));
    assert_eq!(explanation.extensions.len(), 1);
    let late = clock.extended(rule("petition.extend").unwrap(), date(2020, 5, 7), "迟").unwrap();
    let warnings = late.explain(WorkCalendar::published()).warnings;
    assert!(
        warnings.contains(&Warning::ExtendedTooLate { granted_on: date(2020, 5, 7), due_on: date(2020, 5, 6) }),
        "{warnings:?}"
    );
}

#[test]
fn past_the_published_list_the_day_carries_a_warning_and_moves_when_the_list_is_loaded() {
    let clock = clock("licence.general", date(2026, 12, 21));
    let before = clock.explain(WorkCalendar::published());
    assert_eq!(before.due_on, Some(date(2027, 1, 19)), "New Year's Day is not counted in any year");
    assert!(before.warnings.contains(&Warning::PastPublishedList { date: date(2027, 1, 2), last_year: 2026 }));
    let list = "date\tkind\tfestival\n2027-01-04\tholiday\t元旦\n2027-10-01\tholiday\t国庆节\n";
    let loaded = WorkCalendar::published().with_tsv(list).unwrap();
    let after = clock.explain(&loaded);
    assert_eq!(after.due_on, Some(date(2027, 1, 20)));
    assert!(after.warnings.is_empty());
}

#[test]
fn a_rule_that_was_not_checked_says_so() {
    let warnings = explained("hotline12369.handle", date(2020, 3, 2)).warnings;
    assert!(warnings.iter().any(|warning| warning.zh().contains("未核对")), "{warnings:?}");
}

#[test]
fn every_rule_names_its_law_in_either_language_alone() {
    for rule in bilan_standards::deadline::rules() {
        let mut words = rule.law.split(|c: char| !c.is_ascii_lowercase());
        assert!(!rule.law.is_empty() && words.all(|word| word.len() < 3), "{}: {}", rule.key, rule.law);
        let is_chinese = |c: char| ('\u{3000}'..='\u{9fff}').contains(&c) || ('\u{ff00}'..='\u{ffef}').contains(&c);
        assert!(!rule.law_en.is_empty() && !rule.law_en.contains(is_chinese), "{}: {}", rule.key, rule.law_en);
    }
}

#[test]
fn a_clock_that_began_before_the_code_says_that_the_law_of_its_day_must_be_looked_up() {
    for (starts, warned) in [(date(2026, 8, 14), true), (date(2026, 8, 15), false)] {
        let warnings = explained("permit.valid", starts).warnings;
        assert_eq!(warnings.contains(&Warning::CodeNotYetInForce { starts }), warned, "{starts}: {warnings:?}");
    }
}
