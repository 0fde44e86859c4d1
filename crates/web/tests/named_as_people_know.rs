//! Pages name things as people know them: persons, parts of the program, rules, durations; and what is still to come is no gap.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod live_bureau;

use bilan_records::catalogue::Role;
use live_bureau::{Bureau, Page, person};
use test_case::test_case;

/// The text of a page, without tags and what stands in their attributes.
fn visible(page: &Page) -> String {
    let main = page.text.find("<main").map_or(page.text.as_str(), |at| &page.text[at..]);
    let mut text = String::new();
    for part in main.split('<') {
        text.push(' ');
        text.push_str(part.split_once('>').map_or("", |(_, text)| text));
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[track_caller]
fn shows(page: &Page, words: &[&str]) {
    let text = visible(page);
    for word in words {
        assert!(text.contains(word), "“{word}” is not in: {text}");
    }
}

#[track_caller]
fn hides(page: &Page, words: &[&str]) {
    let text = visible(page);
    for word in words {
        assert!(!text.split_whitespace().any(|found| found == *word), "“{word}” stands in: {text}");
    }
}

#[tokio::test]
async fn a_warning_names_its_rule_its_duration_and_whoever_acknowledged_it() {
    let bureau = Bureau::open();
    bureau.sends("W1", "2011", "20261123200100", &[("w01009", "1.2")]);
    let number = bureau.enters_warning();
    bureau.acknowledges(Role::Duty, &number).await;
    let record = bureau.page(Role::Duty, &format!("/records/warning/{number}")).await;
    let person = person(Role::Duty);
    shows(&record, &["溶解氧骤降", "2 分钟", person, "规则引擎", "系统代码"]);
    hides(&record, &["rules", "duty", "min"]);
    let (facts, codes) = record.text.split_once("系统代码").unwrap();
    assert!(!facts.contains("dissolved_oxygen_crash"), "the key of the rule is folded away");
    assert!(codes.contains("dissolved_oxygen_crash"), "and can be unfolded");
    let english = bureau.page_in(Role::Duty, &format!("/records/warning/{number}"), "en").await;
    shows(&english, &["2 min", person, "System codes"]);
}

#[tokio::test]
async fn the_journal_names_persons_and_parts_of_the_program() {
    let bureau = Bureau::open();
    bureau.sends("W1", "2011", "20261123200100", &[("w01009", "1.2")]);
    let number = bureau.enters_warning();
    bureau.acknowledges(Role::Duty, &number).await;
    let person = person(Role::Duty);
    let journal = bureau.page(Role::Admin, "/journal").await;
    shows(&journal, &["规则引擎", person, "确认"]);
    hides(&journal, &["rules", "duty"]);
    // By the name of the person as well as by that of the account.
    for asked in [person, "duty"] {
        let address: String = asked.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let found = bureau.page(Role::Admin, &format!("/journal?actor={address}")).await;
        shows(&found, &[person, &number]);
        assert!(!visible(&found).contains("规则引擎"), "{}", visible(&found));
    }
}

#[test_case("zh", "时段未到", "现在"; "in Chinese")]
#[test_case("en", "not yet", "now"; "in English")]
#[tokio::test]
async fn the_hours_to_come_of_a_day_are_no_gap_in_its_data(
    language: &'static str,
    later: &'static str,
    now: &'static str,
) {
    let bureau = Bureau::open();
    bureau.sends("P1", "2011", "20261123190000", &[("d20401", "42"), ("d30401", "8.4")]);
    bureau.sends("N1", "2061", "20261123190000", &[("Leq", "48.8")]);
    let power = bureau.page_in(Role::Duty, "/power", language).await;
    shows(&power, &[later, now]);
    // It is a quarter past eight in the evening.
    let bar = r#"class="power-later" data-testid="power-later" x="1215" y="0" width="225""#;
    assert!(power.text.contains(bar), "{}", power.near("power-later"));
    let dark = power.text.split("<rect class=\"power-dark\" x=\"").skip(1).map(|rect| {
        let number = |text: &str| text.split('"').next().unwrap().parse::<i64>().unwrap();
        number(rect) + number(rect.split_once("width=\"").unwrap().1)
    });
    assert!(dark.max() <= Some(1215), "nothing is missing of what has not come");
    let yesterday = bureau.page_in(Role::Duty, "/power?day=2026-11-22", language).await;
    assert!(!yesterday.text.contains("power-later") && !yesterday.text.contains("power-now"));

    let air = bureau.page_in(Role::Duty, "/air/day?station=ZD-A&day=2026-11-23", language).await;
    let rows = air.text.matches(r#"<td class="later" colspan="6">"#).count();
    assert_eq!(rows, 4, "{}", air.near("20:00–21:00"));
    let before = bureau.page_in(Role::Duty, "/air/day?station=ZD-A&day=2026-11-22", language).await;
    assert!(!visible(&before).contains(later));
    let calendar = bureau.page_in(Role::Duty, "/air?station=ZD-A&year=2026", language).await;
    shows(&calendar, &[later]);
    assert_eq!(calendar.text.matches(" later\"><small>").count(), 7 + 31, "the days after the 23rd of November");

    let noise = bureau.page_in(Role::Duty, "/noise/day?station=ZD-N&day=2026-11-23", language).await;
    // Of the day 20:00 to 22:00, and the whole night.
    let hours = if language == "zh" { ["2 小时", "8 小时"] } else { ["2 h", "8 h"] };
    shows(&noise, &hours.map(|hours| format!("{later} · {hours}")).each_ref().map(String::as_str));
    let before = bureau.page_in(Role::Duty, "/noise/day?station=ZD-N&day=2026-11-20", language).await;
    assert!(!visible(&before).contains(later));
    let month = bureau.page_in(Role::Duty, "/noise?month=2026-11", language).await;
    shows(&month, &[later]);
    assert_eq!(month.text.matches("water-cell later").count(), 2 * 8, "days and nights from the 23rd on");
}

#[test_case("zh", ["密码疑似被猜测", "同一设备编码存在两路连接", "反控指令接收方", "报文无应答"]; "in Chinese")]
#[test_case("en", ["Possible password guessing", "Two lines under one MN", "commands go to", "packets not answered"]; "in English")]
#[tokio::test]
async fn what_is_wrong_with_lines_passwords_and_forwarding_stands_on_the_page_of_devices(
    language: &'static str,
    words: [&'static str; 4],
) {
    let bureau = Bureau::open();
    let page = bureau.page_in(Role::Duty, "/devices", language).await;
    shows(&page, &words);
    shows(&page, &["10.1.2.3:40112", "W1", "× 21", "10.1.2.4:5", "10.1.2.5:6", "N1", "× 2"]);
    hides(&page, &["doubled", "silent"]);
    if language == "zh" {
        hides(&page, &["guessing"]);
    }
    // An enterprise sees its own device alone.
    let own = bureau.page_in(Role::Enterprise, "/devices", language).await;
    for other in ["10.1.2.3", "10.1.2.4", "10.0.0.8"] {
        assert!(!own.text.contains(other), "{}", own.near(other));
    }
}

#[tokio::test]
async fn what_departs_from_the_standard_has_a_name() {
    let bureau = Bureau::open();
    bureau.sends("W1", "2011", "20261123200100", &[("W01009", "7.1")]);
    for address in ["/devices", "/stations/ZD-W", "/stations/ZD-W/packets"] {
        let page = bureau.page(Role::Duty, address).await;
        shows(&page, &["因子编码大写"]);
        assert!(!visible(&page).contains("upper_case_factor"), "{address}");
    }
}
