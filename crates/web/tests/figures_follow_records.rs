//! A figure is what the records say: deleting one or changing a field changes exactly the figures that count it.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod office;

use std::collections::BTreeMap;

use axum::http::Method;
use bilan_records::catalogue::Role;
use jiff::SignedDuration;
use office::Office;
use serde_json::{Value as Json, json};

/// Every figure of 2020 with its value.
async fn figures(office: &Office, more: &str) -> BTreeMap<String, String> {
    let answer = office.call(Role::Handler, Method::GET, &format!("/figures?year=2020{more}"), &[], Json::Null).await;
    let json = answer.is(200).json();
    let figures = json["figures"].as_array().unwrap();
    figures
        .iter()
        .map(|figure| {
            (figure["key"].as_str().unwrap().to_owned(), format!("{} / {}", figure["value"], figure["records"]))
        })
        .collect()
}

fn changed(before: &BTreeMap<String, String>, after: &BTreeMap<String, String>) -> Vec<String> {
    before.iter().filter(|(key, value)| after[*key] != **value).map(|(key, _)| key.clone()).collect()
}

async fn three_complaints(office: &Office) -> Vec<String> {
    let mut numbers = Vec::new();
    for (subject, category) in [("夜间施工", "noise"), ("餐饮油烟", "waste_gas"), ("广场舞", "noise")] {
        let mut values = office.complaint(subject);
        values["category"] = json!(category);
        let made = office.call(Role::Handler, Method::POST, "/complaint", &[], values).await;
        numbers.push(made.is(201).json()["number"].as_str().unwrap().to_owned());
    }
    numbers
}

#[tokio::test]
async fn deleting_a_record_changes_the_figures_that_counted_it_and_no_other() {
    let office = Office::open();
    let numbers = three_complaints(&office).await;
    let before = figures(&office, "").await;
    assert!(
        before["complaints_total"].starts_with("\"3\"") || before["complaints_total"].starts_with('3'),
        "{before:?}"
    );
    let address = format!("/complaint/{}?reason=%E9%87%8D%E5%A4%8D", numbers[0]);
    office.call(Role::Head, Method::DELETE, &address, &[("if-match", "\"1\"")], Json::Null).await.is(204);
    let after = figures(&office, "").await;
    let moved = changed(&before, &after);
    assert!(
        moved.contains(&"complaints_total".to_owned()) && moved.contains(&"complaints_noise".to_owned()),
        "{moved:?}"
    );
    assert!(!moved.contains(&"complaints_gas".to_owned()));
    let of_complaints = |key: &String| office.ledger.catalogue().figures[key].system == "complaint";
    assert!(moved.iter().all(of_complaints), "{moved:?}");
}

#[tokio::test]
async fn changing_a_field_moves_the_record_from_one_figure_to_the_other() {
    let office = Office::open();
    let numbers = three_complaints(&office).await;
    let before = figures(&office, "").await;
    let address = format!("/complaint/{}", numbers[0]);
    let change = json!({ "category": "waste_gas" });
    office.call(Role::Handler, Method::PATCH, &address, &[("if-match", "\"1\"")], change).await.is(200);
    let after = figures(&office, "").await;
    assert_eq!(changed(&before, &after), ["complaints_gas", "complaints_noise"]);
    let other_year = json!({ "received_at": "2019-12-31T23:59:59+08:00" });
    office.call(Role::Handler, Method::PATCH, &address, &[("if-match", "\"2\"")], other_year).await.is(200);
    let moved = changed(&after, &figures(&office, "").await);
    assert!(
        moved.contains(&"complaints_total".to_owned()) && moved.contains(&"complaints_gas".to_owned()),
        "{moved:?}"
    );
}

#[tokio::test]
async fn the_page_of_a_figure_lists_exactly_what_it_counts() {
    let office = Office::open();
    let numbers = three_complaints(&office).await;
    let behind =
        office.call(Role::Handler, Method::GET, "/figures/complaints_noise/records?year=2020", &[], Json::Null).await;
    let json = behind.is(200).json();
    let mut listed: Vec<&str> =
        json["records"].as_array().unwrap().iter().map(|record| record["number"].as_str().unwrap()).collect();
    listed.sort_unstable();
    assert_eq!(listed, [&numbers[0], &numbers[2]]);
    let handler = office.sign_in(Role::Handler);
    let page = office.get(&handler, "/figures/complaints_noise/records?year=2020").await;
    page.is(200).says(&numbers[0]).says(&numbers[2]).says_not(&numbers[1]);
}

#[tokio::test]
async fn as_of_an_earlier_moment_figure_list_and_record_are_what_they_were() {
    let office = Office::open();
    let numbers = three_complaints(&office).await;
    let then = "2026-11-23T12:30:00%2B08:00";
    let before = figures(&office, "").await;
    office.clock.advance(SignedDuration::from_hours(1));
    let address = format!("/complaint/{}", numbers[0]);
    let change = json!({ "category": "other", "subject": "改后的事项" });
    office.call(Role::Handler, Method::PATCH, &address, &[("if-match", "\"1\"")], change).await.is(200);
    let gone = format!("/complaint/{}?reason=x", numbers[1]);
    office.call(Role::Head, Method::DELETE, &gone, &[("if-match", "\"1\"")], Json::Null).await.is(204);
    assert_ne!(before, figures(&office, "").await);
    assert_eq!(before, figures(&office, &format!("&as_of={then}")).await);
    let handler = office.sign_in(Role::Handler);
    let list = office.get(&handler, &format!("/records/complaint?as_of={then}")).await;
    list.is(200).says(&numbers[1]).says("夜间施工").says_not("改后的事项");
    let record = office.get(&handler, &format!("/records/complaint/{}?as_of={then}", numbers[0])).await;
    record.is(200).says("夜间施工");
    office.get(&handler, "/records/complaint").await.says("改后的事项").says_not(&numbers[1]);
}

#[tokio::test]
async fn a_report_is_offered_for_the_years_of_which_it_can_be_made_and_to_those_who_may_read_it() {
    let office = Office::open();
    for year in [2018, 2020] {
        let mut complaint = office.least("complaint");
        complaint.insert("received_at".to_owned(), json!(format!("{year}-07-15T22:40:00+08:00")));
        office.load("complaint", complaint);
    }
    let head = office.sign_in(Role::Head);
    let offered = |page: &str, year: i16| page.contains(&format!("/reports/annual?year={year}\""));
    let page = office.get(&head, "/reports").await;
    for year in 2016..=2026 {
        let is_made = office.get(&head, &format!("/reports/annual?year={year}")).await.status == 200;
        assert_eq!(offered(&page.text, year), is_made, "{year}");
        assert_eq!(is_made, [2018, 2020].contains(&year), "{year}");
    }
    let nothing = office.get(&head, "/reports/annual?year=2019").await;
    assert!(offered(&nothing.is(404).text, 2020) && !offered(&nothing.text, 2019));
    let enterprise = office.sign_in(Role::Enterprise);
    let page = office.get(&enterprise, "/reports").await;
    assert!(!page.is(200).text.contains("/reports/annual?year="), "{}", page.text);
}

#[tokio::test]
async fn only_years_in_which_there_are_records_are_offered_and_the_present_one() {
    let office = Office::open();
    // Early on New Year's Day in Beijing it is still the old year where instants are stored.
    for at in ["2018-03-01T10:00:00+08:00", "2020-12-31T23:59:00+08:00", "2022-01-01T02:00:00+08:00"] {
        let mut values = office.complaint("夜间施工");
        values["received_at"] = json!(at);
        office.enter("complaint", values);
    }
    assert_eq!(office.ledger.years("complaint").unwrap(), [2018, 2020, 2022]);
    let head = office.sign_in(Role::Head);
    let figures = office.get(&head, "/figures?year=2020").await;
    let public = office.as_guest("/public/years").await;
    let map = office.get(&head, "/map").await;
    for year in ["2018", "2020", "2022"] {
        figures.is(200).says(&format!("<option value=\"{year}\">"));
        public.is(200).says(&format!("/public/years?year={year}\""));
        map.is(200).says(&format!("<option value=\"{year}\">"));
    }
    for year in ["2019", "2021", "2023"] {
        figures.says_not(&format!("<option value=\"{year}\">"));
        public.says_not(&format!("/public/years?year={year}\""));
        map.says_not(&format!("<option value=\"{year}\">"));
    }
    figures.says("<option value=\"2026\">");
    public.says_not("/public/years?year=2026\"");
}
