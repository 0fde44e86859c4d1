//! A bureau edits its files by hand: every fault is shown with its place and what to write instead.

use bilan_records::catalogue::{Diagnostics, Source, check};
use test_case::test_case;

/// A register that is right; each test breaks one thing in it.
const COMPLAINT: &str = r#"key = "complaint"
system = "complaint"
label = { zh = "环境投诉", en = "Environmental complaints" }
number = "TS{yyyy}{seq:5}"
date = "received_at"
title = "subject"
list = ["number", "received_at", "state"]

[permissions]
create = ["duty"]

[fields.subject]
type = "text"
label = { zh = "主题", en = "Subject" }

[fields.received_at]
type = "datetime"
label = { zh = "受理时间", en = "Received at" }

[fields.reporter]
type = "person"
label = { zh = "投诉人", en = "Reporter" }
personal = true

[fields.category]
type = "choice"
label = { zh = "类别", en = "Category" }
choices = { noise = { zh = "噪声", en = "Noise" }, waste_gas = { zh = "废气", en = "Waste gas" } }

[fields.units]
type = "integer"
label = { zh = "数量", en = "Units" }

[fields.total]
type = "computed"
label = { zh = "合计", en = "Total" }
formula = "units * 2"

[workflow]
initial = "received"
[workflow.states.received]
label = { zh = "已受理", en = "Received" }
[workflow.states.closed]
label = { zh = "已办结", en = "Closed" }
closed = true
[workflow.steps.close]
label = { zh = "办结", en = "Close" }
from = ["received"]
to = "closed"
roles = ["handler"]
needs = ["category"]

[public]
show = ["number", "category"]
filter = 'state = "closed"'
"#;

const FIGURES: &str = r#"[complaints]
system = "complaint"
label = { zh = "投诉", en = "Complaints" }
unit = "件"
count = { of = "complaint", where = 'category = "noise"' }

[rate]
system = "complaint"
label = { zh = "比例", en = "Rate" }
unit = "%"
ratio = { of = "complaints", to = "complaints", percent = true }
"#;

const REPORT: &str = r#"key = "annual"
label = { zh = "总结", en = "Summary" }
title = "{bureau}{year}年工作总结"
"#;

const TEXT: &str = "# 总结\n\n## 成效\n\n全年共收到投诉{complaints}，占**{rate|value}**。\n";

fn faults(register: &str, figures: &str, text: &str) -> Diagnostics {
    let sources = [
        Source::new("registers/complaint.toml", register),
        Source::new("figures/complaint.toml", figures),
        Source::new("reports/annual/report.toml", REPORT),
        Source::new("reports/annual/text.zh.md", text),
    ];
    check(&sources).err().unwrap_or_default()
}

fn lines(faults: &Diagnostics) -> Vec<String> {
    faults.faults.iter().map(ToString::to_string).collect()
}

fn broken(original: &str, wrong: &str, instead: &str) -> String {
    assert_eq!(original.matches(wrong).count(), 1, "“{wrong}” stands once in the file");
    original.replace(wrong, instead)
}

#[test]
fn the_files_are_right_before_they_are_broken() {
    assert_eq!(lines(&faults(COMPLAINT, FIGURES, TEXT)), Vec::<String>::new());
}

#[test_case("type = \"integer\"", "type = \"intger\"", &["31:8: there is no field type “intger”; did you mean “integer”?", "37:12: the formula names “units”, which is no field here"]; "unknown type")]
#[test_case("personal = true", "persnal = true", &["23:1: field “reporter” has no key “persnal”; did you mean “personal”?"]; "unknown key")]
#[test_case("date = \"received_at\"", "date = \"recieved_at\"", &["5:8: “date” names “recieved_at”, which is no field of this register; did you mean “received_at”?"]; "date names nothing")]
#[test_case("title = \"subject\"", "title = \"subject\"\ntitle = \"category\"", &["7:1: duplicate key; each key may stand once: rename or remove one of the two"]; "duplicate key")]
#[test_case("date = \"received_at\"", "date = \"subject\"", &["5:8: “date” needs a date or datetime field; “subject” is of type text; fields that fit: received_at"]; "date of the wrong type")]
#[test_case("{seq:5}", "{seq}", &["4:10: “{seq}” is no part of a number format; write {yyyy}, {mm} or {seq:5}", "4:10: a number format needs {seq:N} exactly once, or two records would share a number; for example: TS{yyyy}{seq:5}"]; "number format")]
#[test_case("type = \"person\"", "type = \"reference\"\nto = \"entreprise\"", &["22:6: there is no register “entreprise” to refer to; known are: complaint", "24:1: “personal” cannot stand here: only values written by people are encrypted; take it out"]; "reference to nothing")]
#[test_case("to = \"closed\"", "to = \"close\"", &["43:18: no step leads to the state “closed”; add a step with to = \"closed\", or remove the state", "49:6: “to” names “close”, which is no state; did you mean “closed”?"]; "step to nowhere")]
#[test_case("from = [\"received\"]", "from = [\"closed\"]", &["41:18: the state “received” is not closed and no step leads out of it; add a step with from = [\"received\"], or mark it closed = true", "43:18: no step leads to the state “closed”; add a step with to = \"closed\", or remove the state"]; "state without exit")]
#[test_case("roles = [\"handler\"]", "roles = [\"handlr\"]", &["50:10: there is no role “handlr”; did you mean “handler”?"]; "unknown role")]
#[test_case("needs = [\"category\"]", "needs = [\"categories\"]\nstamps = \"subject\"", &["51:10: “needs” names “categories”, which is no field of this register; did you mean “category”?", "52:10: “stamps” needs a date or datetime field; “subject” is of type text; fields that fit: received_at"]; "needs and stamps")]
#[test_case("show = [\"number\", \"category\"]", "show = [\"number\", \"reporter\"]", &["54:19: “reporter” is personal and may not be shown to the public; take it out of “show”"]; "personal in public")]
#[test_case("'state = \"closed\"'", "'state = \"clsed\"'", &["55:19: “clsed” is no state of this field; did you mean “closed”?"]; "filter of the public view")]
#[test_case("units * 2", "units * subject", &["37:20: the formula needs a number field; “subject” is of type text"]; "formula over text")]
#[test_case("units * 2", "units *", &["37:18: the formula ends where a field, a number or “(” belongs"]; "unfinished formula")]
#[test_case("label = { zh = \"数量\", en = \"Units\" }", "label = { zh = \"数量\" }", &["32:1: “label” of field “units” has no “en”; add: en = \"…\""]; "english missing")]
#[test_case("[fields.units]", "[fields.number]", &["30:9: “number” is the name of a column that every record has; choose another name for the field", "37:12: the formula names “units”, which is no field here; known are: number"]; "name of a system column")]
fn a_fault_in_a_register_is_found_in_its_place(wrong: &str, instead: &str, expected: &[&str]) {
    let found = lines(&faults(&broken(COMPLAINT, wrong, instead), FIGURES, TEXT));
    let expected: Vec<String> = expected.iter().map(|line| format!("registers/complaint.toml:{line}")).collect();
    let found: Vec<String> = found.into_iter().filter(|line| line.starts_with("registers")).collect();
    assert_eq!(found, expected);
}

#[test_case("of = \"complaint\",", "of = \"complaints\",", &["5:16: there is no register “complaints”; did you mean “complaint”?"]; "figure over an unknown register")]
#[test_case("'category = \"noise\"'", "'categroy = \"noise\"'", &["5:38: the register “complaint” has no field “categroy”; did you mean “category”?"]; "figure over a missing field")]
#[test_case("'category = \"noise\"'", "'category = \"噪声\"'", &["5:49: “噪声” is no choice of this field; known are: noise, waste_gas"]; "figure over an unknown choice")]
#[test_case("'category = \"noise\"'", "\"category = \\\"nois\\\"\"", &["5:49: “nois” is no choice of this field; did you mean “noise”?"]; "column behind escapes")]
#[test_case("to = \"complaints\"", "to = \"rate\"", &["7:2: the figure is made of itself: rate → rate; let one of them count records"]; "figure made of itself")]
#[test_case("ratio = {", "sum = { of = \"complaint\", field = \"subject\" }\nxratio = {", &["11:35: “field” needs a number field; “subject” is of type text; fields that fit: units, total", "12:1: figure “rate” has no key “xratio”; did you mean “ratio”?"]; "sum of text")]
fn a_fault_in_a_figure_is_found_in_its_place(wrong: &str, instead: &str, expected: &[&str]) {
    let found = lines(&faults(COMPLAINT, &broken(FIGURES, wrong, instead), TEXT));
    let expected: Vec<String> = expected.iter().map(|line| format!("figures/complaint.toml:{line}")).collect();
    let found: Vec<String> = found.into_iter().filter(|line| line.starts_with("figures")).collect();
    assert_eq!(found, expected);
}

#[test_case("{complaints}", "{complaint}", &["5:9: there is no figure “complaint”; did you mean “complaints”?"]; "text naming a missing figure")]
#[test_case("|value", "|number", &["5:24: “number” is no form of a figure; write {rate}, {rate|value} or {rate|abs}"]; "unknown form")]
#[test_case("value}**", "value}", &["5:22: the strong words are not closed; end them with **"]; "open strong")]
#[test_case("## 成效", "::: records of=\"complaint\" where='year = {next_year}' columns=\"number,reporter\" :::", &["3:35: the register “complaint” has no field “year”; known are: subject, received_at, reporter, category, units, total, number, state, cell, closed", "3:71: “reporter” is personal and may not be printed in a report; take it out of “columns”"]; "table of records")]
fn a_fault_in_a_text_is_found_in_its_place(wrong: &str, instead: &str, expected: &[&str]) {
    let found = lines(&faults(COMPLAINT, FIGURES, &broken(TEXT, wrong, instead)));
    let expected: Vec<String> = expected.iter().map(|line| format!("reports/annual/text.zh.md:{line}")).collect();
    assert_eq!(found, expected);
}

#[test]
fn a_figure_that_stands_in_two_files_is_shown_in_the_second() {
    let sources = [
        Source::new("registers/complaint.toml", COMPLAINT),
        Source::new("figures/a.toml", FIGURES),
        Source::new("figures/b.toml", FIGURES),
    ];
    let found = lines(&check(&sources).unwrap_err());
    assert_eq!(
        found[0],
        "figures/b.toml:1:2: the figure “complaints” stands already at figures/a.toml:1; give one of the two another key"
    );
    assert_eq!(found.len(), 2);
}

#[test]
fn several_faults_are_shown_at_once_with_excerpts() {
    let register = broken(COMPLAINT, "type = \"integer\"", "type = \"intger\"");
    let register = broken(&register, "'state = \"closed\"'", "'state = \"clsed\"'");
    let figures = broken(FIGURES, "'category = \"noise\"'", "'category = \"噪声\"'");
    insta::assert_snapshot!(faults(&register, &figures, &broken(TEXT, "{complaints}", "{complaint}")));
}

#[test]
fn rubbish_is_explained_and_never_a_panic() {
    for rubbish in
        ["", "=", "key", "key = ", "[fields", "key = \"complaint\"\nfields = 3", "\u{0}", "[[fields]]", "key = '''"]
    {
        assert!(!faults(rubbish, rubbish, "{").faults.is_empty(), "{rubbish}");
    }
}
