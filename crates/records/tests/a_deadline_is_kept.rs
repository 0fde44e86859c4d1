//! A statutory clock through its year: started, paused, extended, reminded of, met or missed.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod support;

use std::sync::Arc;

use bilan_records::{
    deadlines::{ClockState, DeadlineView, Reminder},
    ledger::{JsonMap, Ledger, Write},
};
use jiff::{Timestamp, ToSpan, civil::date};
use serde_json::json;
use support::*;

fn accepted() -> Bureau {
    let bureau = Bureau::new();
    bureau.at("2020-03-02T01:00:00Z");
    bureau.ledger.create(&handler(), "complaint", noise(), Write::default()).unwrap();
    take(&bureau, "accept", map(json!({ "handler_name": "李经办" })));
    bureau
}

fn take(bureau: &Bureau, step: &str, values: JsonMap) {
    let record = bureau.ledger.record(&system(), "complaint", "TS202000001", None).unwrap();
    let reason = Some("需要鉴定".to_owned());
    let number = "TS202000001";
    bureau.ledger.step(&system(), "complaint", number, record.version, step, values, reason, Write::default()).unwrap();
}

fn clock(bureau: &Bureau) -> DeadlineView {
    bureau.ledger.deadlines(&handler(), "complaint", "TS202000001").unwrap().remove(0)
}

/// One call a day from `from` for `days` days; what was sent, with the Beijing day.
fn live(ledger: &Ledger, from: &str, days: i64) -> Vec<(String, Reminder)> {
    let start: Timestamp = from.parse().unwrap();
    let mut sent = Vec::new();
    for day in 0..days {
        let now = start + (24 * day).hours();
        for reminder in ledger.tick(now).unwrap() {
            sent.push((now.to_string()[..10].to_owned(), reminder));
        }
    }
    sent
}

#[test]
fn the_due_day_is_explained_from_the_law_and_moves_off_the_holidays() {
    let bureau = accepted();
    let clock = clock(&bureau);
    // 60 calendar days after 2 March end on 1 May; Labour Day of 2020 lasts until 5 May.
    assert_eq!(clock.due_on, Some(date(2020, 5, 6)));
    assert_eq!((clock.state, clock.days_left), (ClockState::Running, Some(65)));
    let explanation = clock.explanation.unwrap();
    assert_eq!(explanation.start, date(2020, 3, 2));
    assert_eq!(explanation.moved.unwrap().from, date(2020, 5, 1));
    assert!(clock.law.contains("信访工作条例"), "{}", clock.law);
}

#[test]
fn a_clock_takes_its_last_day_from_a_field_where_its_rule_names_no_number() {
    let mut register = complaint();
    register.fields.insert("rectify_by".to_owned(), field("rectify_by", bilan_records::catalogue::FieldKind::Date));
    let rule = &mut register.deadlines[0];
    rule.rule = "rectify.order".to_owned();
    rule.due = Some("rectify_by".to_owned());
    rule.extends = None;
    let bureau = Bureau::with(vec![enterprise(), register]);
    bureau.at("2020-03-02T01:00:00Z");
    let mut values = noise();
    values.insert("rectify_by".to_owned(), json!("2020-03-20"));
    bureau.ledger.create(&handler(), "complaint", values, Write::default()).unwrap();
    take(&bureau, "accept", map(json!({ "handler_name": "李经办" })));
    let running = clock(&bureau);
    assert_eq!((running.due_on, running.days_left), (Some(date(2020, 3, 20)), Some(18)));
    assert!(running.unknown.is_none() && !running.law.is_empty());
    let sent = live(&bureau.ledger, "2020-03-02T02:00:00Z", 30);
    let days: Vec<&str> = sent.iter().map(|(day, _)| day.as_str()).collect();
    assert_eq!(days, ["2020-03-17", "2020-03-20", "2020-03-21"], "three days before, on the day, a day after");
}

#[test]
fn a_pause_stops_the_clock_and_an_extension_lengthens_it() {
    let bureau = accepted();
    bureau.at("2020-03-12T01:00:00Z");
    take(&bureau, "hold", JsonMap::new());
    let paused = clock(&bureau);
    assert_eq!((paused.state, paused.due_on), (ClockState::Suspended, None));
    bureau.at("2020-03-22T01:00:00Z");
    take(&bureau, "resume", JsonMap::new());
    let resumed = clock(&bureau);
    assert_eq!(resumed.due_on, Some(date(2020, 5, 11)), "ten days of pause are not counted");
    assert_eq!(resumed.explanation.unwrap().pauses[0].reason, "需要鉴定");
    take(&bureau, "extend", JsonMap::new());
    assert_eq!(clock(&bureau).due_on, Some(date(2020, 6, 10)), "thirty days more");
}

#[test]
fn a_case_that_is_taken_up_again_has_a_new_round_of_its_clock() {
    let bureau = accepted();
    bureau.at("2020-04-01T01:00:00Z");
    take(&bureau, "close", map(json!({ "result": "已责令停止夜间施工" })));
    assert_eq!(clock(&bureau).state, ClockState::Met);
    bureau.at("2020-06-01T01:00:00Z");
    take(&bureau, "reopen", JsonMap::new());
    let rounds = bureau.ledger.deadlines(&handler(), "complaint", "TS202000001").unwrap();
    let running = rounds.iter().find(|round| round.state == ClockState::Running).unwrap();
    assert_eq!(running.explanation.as_ref().unwrap().start, date(2020, 6, 1));
}

#[test]
fn each_reminder_is_sent_exactly_once_in_a_year_with_a_restart_in_it() {
    let bureau = accepted();
    let mut sent = live(&bureau.ledger, "2020-03-02T02:00:00Z", 62);
    let Bureau { ledger, clock, dir } = bureau;
    drop(ledger);
    let path = dir.path().join("bilan.db");
    let ledger = open(path, vec![enterprise(), complaint()], &clock).unwrap();
    sent.extend(live(&ledger, "2020-05-02T02:00:00Z", 365));
    let days: Vec<(&str, i32)> = sent.iter().map(|(day, reminder)| (day.as_str(), reminder.days)).collect();
    assert_eq!(days, [("2020-05-03", -3), ("2020-05-06", 0), ("2020-05-07", 1)]);
    assert_eq!(sent[1].1.escalate_to, None);
    assert_eq!(sent[2].1.escalate_to, Some(bilan_records::catalogue::Role::Head), "overdue is told to the head");
    let timeline = ledger.timeline(&handler(), "complaint", "TS202000001").unwrap();
    assert_eq!(timeline.len(), 5, "created, accepted, and three reminders are journalled");
    assert!(ledger.verify().unwrap().is_ok());
}

#[test]
fn of_reminders_missed_while_the_program_stood_still_the_newest_is_sent_once_it_runs() {
    let bureau = accepted();
    let sent = bureau.ledger.tick("2020-05-20T02:00:00Z".parse().unwrap()).unwrap();
    assert_eq!(sent.iter().map(|reminder| reminder.days).collect::<Vec<_>>(), [1]);
    assert_eq!(sent[0].escalate_to, Some(bilan_records::catalogue::Role::Head));
    assert!(bureau.ledger.tick("2020-05-20T02:00:01Z".parse().unwrap()).unwrap().is_empty());
}

#[test]
fn what_is_due_is_listed_across_registers_until_it_is_closed() {
    let bureau = accepted();
    bureau.at("2020-05-05T01:00:00Z");
    let due = bureau.ledger.due(&handler(), date(2020, 5, 10)).unwrap();
    assert_eq!((due.len(), due[0].state, due[0].title.as_str()), (1, ClockState::DueSoon, "夜间施工噪声扰民"));
    assert!(bureau.ledger.due(&handler(), date(2020, 5, 5)).unwrap().is_empty());
    bureau.at("2020-05-08T01:00:00Z");
    assert_eq!(bureau.ledger.due(&handler(), date(2020, 5, 8)).unwrap()[0].state, ClockState::Overdue);
    take(&bureau, "close", map(json!({ "result": "已处理" })));
    assert!(bureau.ledger.due(&handler(), date(2021, 1, 1)).unwrap().is_empty());
    assert_eq!(clock(&bureau).state, ClockState::Missed);
    assert!(live(&bureau.ledger, "2020-05-09T02:00:00Z", 30).is_empty(), "a stopped clock reminds nobody");
}

#[test]
fn a_newly_published_holiday_list_moves_the_due_day() {
    let bureau = accepted();
    let calendar = bureau.ledger.calendar();
    assert_eq!(clock(&bureau).due_on, Some(date(2020, 5, 6)));
    // A list for 2020 without a Labour Day: 1 May is a Friday like any other.
    let list = "date\tkind\tfestival\n2020-10-01\tholiday\t国庆节\n";
    let newer = calendar.with_tsv(list).unwrap();
    bureau.ledger.use_calendar(newer);
    assert_eq!(clock(&bureau).due_on, Some(date(2020, 5, 1)));
    bureau.ledger.use_calendar(Arc::unwrap_or_clone(calendar));
    assert_eq!(clock(&bureau).due_on, Some(date(2020, 5, 6)));
}

#[test]
fn a_closed_complaint_that_is_imported_has_its_clock_stopped_where_its_fields_say() {
    let bureau = Bureau::new();
    let mut values = noise();
    values.extend(map(json!({
        "state": "closed", "accepted_at": "2020-03-02T09:00:00+08:00", "closed_on": "2020-03-20", "result": "已处理",
    })));
    bureau.ledger.create(&system(), "complaint", values, Write::default()).unwrap();
    let clock = clock(&bureau);
    assert_eq!((clock.state, clock.due_on), (ClockState::Met, Some(date(2020, 5, 6))));
}
