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

/// More fields for the same register: a phone number and a table of rows.
const WITH_PHONE_AND_ROWS: &str = r#"[fields.phone]
type = "phone"
label = { zh = "电话", en = "Phone" }

[fields.places]
type = "table"
label = { zh = "地段", en = "Stretches" }
fields.length = { type = "integer", label = { zh = "长度", en = "Length" } }

[fields.category]"#;

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

#[test_case("type = \"integer\"", "type = \"intger\"", &["31:8: there is no field type “intger”; did you mean “integer”?", "37:12: “units” cannot be used here: its own declaration has a fault; mend the declaration of “units” first"]; "unknown type")]
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
#[test_case("label = { zh = \"数量\", en = \"Units\" }", "label = { zh = \"数量\", en = \"Units\" }\nread_only = true", &["33:1: the field “units” is read-only and no step fills it: it stays empty for ever; name it in the “asks” or “stamps” of a step, or take read_only out of “units”"]; "read-only field that nothing fills")]
#[test_case("[public]", "[deadlines.rectify]\nlabel = { zh = \"整改\", en = \"Rectify\" }\nrule = \"rectify.order\"\nstarts = { field = \"received_at\" }\n[public]", &["55:8: the rule “rectify.order” names no number of days (“written in the order”): its clock would never remind; name the field with the last day, due = \"received_at\", or a rule with a number of days"]; "clock without days")]
#[test_case("[public]", "[deadlines.handle]\nlabel = { zh = \"办理\", en = \"Handle\" }\nrule = \"petition.handle\"\ndue = \"received_at\"\nstarts = { field = \"received_at\" }\n[public]", &["56:1: the rule “petition.handle” names its own number of days: a field cannot set another last day; take “due” out"]; "two last days")]
#[test_case("type = \"datetime\"", "type = \"datetime\"\nafter = \"received_at\"", &["18:9: “received_at” comes after “received_at”, which comes after “received_at”: no value could fulfil it; take one of the two out"]; "after itself")]
#[test_case("type = \"datetime\"", "type = \"datetime\"\nafter = [\"subject\"]", &["18:10: “after” needs a date or datetime field; “subject” is of type text; fields that fit: received_at"]; "after a text")]
#[test_case("type = \"person\"", "type = \"person\"\npast = true\nanywhere = true", &["22:1: “past” cannot stand here: only a date or datetime field lies in the past or not; take it out", "23:1: “anywhere” cannot stand here: only a place lies inside the district or not; take it out"]; "a person in the past")]
#[test_case("title = \"subject\"", "title = \"subject\"\nknown_by = \"reporter\"", &["7:12: “known_by” needs a text, choice or code field; “reporter” is of type person; fields that fit: subject, category", "7:12: “known_by” names “reporter”, which is encrypted and cannot be looked up; take it out of “known_by”"]; "known by a person")]
fn a_fault_in_a_register_is_found_in_its_place(wrong: &str, instead: &str, expected: &[&str]) {
    let found = lines(&faults(&broken(COMPLAINT, wrong, instead), FIGURES, TEXT));
    let expected: Vec<String> = expected.iter().map(|line| format!("registers/complaint.toml:{line}")).collect();
    let found: Vec<String> = found.into_iter().filter(|line| line.starts_with("registers")).collect();
    assert_eq!(found, expected);
}

#[test]
fn a_read_only_field_that_a_step_fills_and_a_clock_by_a_field_are_right() {
    let register =
        broken(COMPLAINT, "needs = [\"category\"]", "needs = [\"category\"]\nasks = [\"units\"]\nstamps = \"due_on\"");
    let register = broken(
        &register,
        "[fields.units]",
        "[fields.due_on]\ntype = \"date\"\nlabel = { zh = \"期限\", en = \"Due on\" }\nread_only = true\n[fields.units]\nread_only = true",
    );
    let clock = "[deadlines.rectify]\nlabel = { zh = \"整改\", en = \"Rectify\" }\nrule = \"rectify.order\"\ndue = \"due_on\"\nstarts = { field = \"received_at\" }\n[public]";
    let register = broken(&register, "[public]", clock);
    assert_eq!(lines(&faults(&register, FIGURES, TEXT)), Vec::<String>::new());
}

/// The register with a moment of closing and a step that opens it again.
fn reopened(more: &str) -> String {
    let closing = broken(COMPLAINT, "needs = [\"category\"]", "needs = [\"category\"]\nstamps = \"closed_on\"");
    let field = "[fields.closed_on]\ntype = \"date\"\nlabel = { zh = \"办结\", en = \"Closed on\" }\n[fields.units]";
    let step = "[workflow.steps.reopen]\nlabel = { zh = \"重新办理\", en = \"Reopen\" }\nfrom = [\"closed\"]\nto = \"received\"\nroles = [\"handler\"]\n";
    broken(&broken(&closing, "[fields.units]", field), "[public]", &format!("{step}{more}\n[public]"))
}

#[test]
fn a_step_back_that_leaves_the_moment_of_closing_is_found_and_may_say_that_it_stands() {
    let why = lines(&faults(&reopened(""), FIGURES, TEXT));
    assert_eq!(why.len(), 1, "{why:?}");
    assert!(
        why[0].ends_with(
            "the step “reopen” leads back to “received” and leaves what later steps had stamped: closed_on; \
         add clears = [\"closed_on\"], or keeps = [\"closed_on\"] if it is to stand"
        ),
        "{why:?}"
    );
    for said in ["clears = [\"closed_on\"]", "keeps = [\"closed_on\"]"] {
        assert_eq!(lines(&faults(&reopened(said), FIGURES, TEXT)), Vec::<String>::new(), "{said}");
    }
    let why = lines(&faults(&reopened("asks = [\"closed_on\"]\nclears = [\"closed_on\", \"total\"]"), FIGURES, TEXT));
    assert!(
        why.iter().any(|line| line.contains("“clears” names “closed_on”, which the form of this step asks for")),
        "{why:?}"
    );
    assert!(
        why.iter().any(|line| line.contains("“clears” needs a field that people fill; “total” is of type computed")),
        "{why:?}"
    );
}

#[test]
fn causes_come_before_what_follows_from_them() {
    // The formula stands above the field whose declaration has the fault, and a figure counts that field.
    let total =
        "[fields.total]\ntype = \"computed\"\nlabel = { zh = \"合计\", en = \"Total\" }\nformula = \"units * 2\"\n";
    let register = broken(COMPLAINT, total, "");
    let register =
        broken(&register, "[fields.units]\ntype = \"integer\"", &format!("{total}\n[fields.units]\ntype = \"intger\""));
    let figures = broken(FIGURES, "'category = \"noise\"'", "'units > 3'");
    let found = lines(&faults(&register, &figures, TEXT));
    let starts: Vec<bool> = [
        found[0].contains("no field type “intger”"),
        found[1].contains("“units” cannot be used here"),
        found[2].starts_with("figures/complaint.toml"),
    ]
    .into();
    assert_eq!(starts, [true; 3], "{found:#?}");
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
#[test_case("|value", "|number", &["5:24: “number” is no form of a figure; write {rate}, {rate|value}, {rate|abs} or {rate|change}"]; "unknown form")]
#[test_case("value}**", "value}", &["5:22: the strong words are not closed; end them with **"]; "open strong")]
#[test_case("## 成效", "::: records of=\"complaint\" where='year = {next_year}' columns=\"number,reporter\" :::", &["3:35: the register “complaint” has no field “year”; known are: subject, received_at, reporter, category, units, total, number, state, cell, closed", "3:71: “reporter” is personal or withheld and may not be printed in a report; take it out of “columns”"]; "table of records")]
fn a_fault_in_a_text_is_found_in_its_place(wrong: &str, instead: &str, expected: &[&str]) {
    let found = lines(&faults(COMPLAINT, FIGURES, &broken(TEXT, wrong, instead)));
    let expected: Vec<String> = expected.iter().map(|line| format!("reports/annual/text.zh.md:{line}")).collect();
    assert_eq!(found, expected);
}

/// Two states that lead to each other but that nobody ever enters, beside the way that is gone.
const ISLAND: &str = r#"[workflow.states.held]
label = { zh = "中止", en = "Held" }
[workflow.states.paused]
label = { zh = "暂停", en = "Paused" }
[workflow.steps.hold]
label = { zh = "中止", en = "Hold" }
from = ["paused"]
to = "held"
roles = ["handler"]
[workflow.steps.pause]
label = { zh = "暂停", en = "Pause" }
from = ["held"]
to = "paused"
roles = ["handler"]
[public]"#;

const NOWHERE: &str = r#"[workflow.states.held]
label = { zh = "中止", en = "Held" }
[public]"#;

const NO_EXIT: &str = r#"[workflow.states.held]
label = { zh = "中止", en = "Held" }
[workflow.steps.hold]
label = { zh = "中止", en = "Hold" }
from = ["received"]
to = "held"
roles = ["handler"]
[public]"#;

/// What is wrong, where (line:column), the text that stands there, and what to write instead.
type Shown = (&'static str, &'static str, &'static str);

#[test_case("registers/complaint.toml", "type = \"phone\"", "type = \"phne\"", &[("26:8", "\"phne\"", "did you mean “phone”?")]; "unknown type, misspelt")]
#[test_case("registers/complaint.toml", "type = \"phone\"", "type = \"telephone number\"", &[("26:8", "\"telephone number\"", "known are: text, long_text, integer, decimal, money, date, datetime, choice, choices, yes_no, person, phone, credit_code, waste_code, manifest_number, machine_code, place, line, polygon, reference, table, attachment, computed")]; "unknown type, nothing like it")]
#[test_case("registers/complaint.toml", "[workflow.states.closed]", "[workflow.sttes.closed]", &[("52:11", "sttes", "did you mean “states”?"), ("58:6", "\"closed\"", "known are: received"), ("64:19", "\"closed\"", "known are: received")]; "unknown key of a workflow")]
#[test_case("registers/complaint.toml", "title = \"subject\"", "title = \"subject\"\ntitel = \"subject\"", &[("7:1", "titel", "did you mean “title”?")]; "unknown key of a register")]
#[test_case("registers/complaint.toml", "create = [\"duty\"]", "crate = [\"duty\"]", &[("10:1", "crate", "did you mean “create”?")]; "unknown key of the permissions")]
#[test_case("registers/complaint.toml", "type = \"phone\"", "type = \"reference\"\nto = \"complaints\"", &[("27:6", "\"complaints\"", "did you mean “complaint”?")]; "reference to nothing, misspelt")]
#[test_case("registers/complaint.toml", "type = \"phone\"", "type = \"reference\"\nto = \"river\"", &[("27:6", "\"river\"", "known are: complaint")]; "reference to nothing")]
#[test_case("registers/complaint.toml", "[public]", NOWHERE, &[("62:18", "held", "add a step with to = \"held\", or remove the state"), ("62:18", "held", "add a step with from = [\"held\"], or mark it closed = true")]; "state without way in or out")]
#[test_case("registers/complaint.toml", "[public]", ISLAND, &[("62:18", "held", "add a step with to = \"held\" from a state that is reached, or remove the state"), ("64:18", "paused", "add a step with to = \"paused\" from a state that is reached, or remove the state")]; "unreachable states that lead to each other")]
#[test_case("registers/complaint.toml", "[public]", NO_EXIT, &[("62:18", "held", "add a step with from = [\"held\"], or mark it closed = true")]; "state without exit")]
#[test_case("registers/complaint.toml", "initial = \"received\"", "initial = \"recieved\"", &[("49:11", "\"recieved\"", "did you mean “received”?")]; "way that begins nowhere is told once")]
#[test_case("figures/complaint.toml", "'category = \"noise\"'", "'categroy = \"noise\"'", &[("5:38", "categroy", "did you mean “category”?")]; "figure filtered by a missing field")]
#[test_case("figures/complaint.toml", "count = { of = \"complaint\",", "sum = { of = \"complaint\", field = \"unit\",", &[("5:35", "\"unit\"", "did you mean “units”?")]; "sum over a missing field")]
#[test_case("figures/complaint.toml", "count = { of = \"complaint\",", "sum = { of = \"complaint\", rows = \"measures\", field = \"units\",", &[("5:34", "\"measures\"", "known are: places")]; "sum over a missing table")]
#[test_case("figures/complaint.toml", "count = { of = \"complaint\",", "sum = { of = \"complaint\", rows = \"places\", field = \"lenght\",", &[("5:52", "\"lenght\"", "did you mean “length”?")]; "sum over a missing field of a row")]
#[test_case("figures/complaint.toml", "count = { of = \"complaint\",", "distinct = { of = \"complaint\", field = \"catgory\",", &[("5:40", "\"catgory\"", "did you mean “category”?")]; "distinct over a missing field")]
#[test_case("figures/complaint.toml", "count = { of = \"complaint\",", "count = { of = \"complaint\", date = \"recieved_at\",", &[("5:36", "\"recieved_at\"", "did you mean “received_at”?")]; "dated by a missing field")]
#[test_case("figures/complaint.toml", "to = \"complaints\"", "to = \"complaint\"", &[("11:35", "\"complaint\"", "did you mean “complaints”?")]; "figure over a missing figure")]
#[test_case("reports/annual/text.zh.md", "{complaints}", "{river_length}", &[("5:9", "river_length", "known are: complaints, rate")]; "text naming a missing figure")]
#[test_case("reports/annual/text.zh.md", "{rate|value}", "{rat|value}", &[("5:25", "rat", "did you mean “rate”?")]; "text naming a missing figure, misspelt")]
#[test_case("reports/annual/text.zh.md", "## 成效", "::: chart kind=\"bar\" figures=\"complaints, ratte\" :::", &[("3:43", "ratte", "did you mean “rate”?")]; "chart naming a missing figure")]
fn a_fault_shows_its_place_the_text_that_stands_there_and_what_to_write_instead(
    file: &str,
    wrong: &str,
    instead: &str,
    expected: &[Shown],
) {
    let breaks = |path: &str, text: &str| if path == file { broken(text, wrong, instead) } else { text.to_owned() };
    let register = COMPLAINT.replace("[fields.category]", WITH_PHONE_AND_ROWS);
    let found = faults(
        &breaks("registers/complaint.toml", &register),
        &breaks("figures/complaint.toml", FIGURES),
        &breaks("reports/annual/text.zh.md", TEXT),
    );
    let shown: Vec<(String, &str, &str)> = found
        .faults
        .iter()
        .filter(|fault| fault.file == file)
        .map(|fault| {
            let place = format!("{}:{}", fault.line, fault.column);
            (place, fault.found.as_str(), fault.remedy.as_deref().unwrap_or_default())
        })
        .collect();
    let expected: Vec<(String, &str, &str)> =
        expected.iter().map(|(place, found, remedy)| ((*place).to_owned(), *found, *remedy)).collect();
    assert_eq!(shown, expected, "{found}");
    assert!(found.to_string().contains(&format!("{file}:{}", expected[0].0)), "{found}");
}

#[test_case("title =", "titel =", &["reports/annual/report.toml:3:1: a report has no key “titel”; did you mean “title”?", "reports/annual/report.toml:1:1: a report has no “title”; add: title = \"{bureau}{year}年工作总结\""]; "misspelt key that is needed")]
#[test_case("title =", "subtitel = \"草稿\"\ntitle =", &["reports/annual/report.toml:3:1: a report has no key “subtitel”; did you mean “subtitle”?"]; "misspelt key that may be missing")]
#[test_case("title =", "copies = 12\ntitle =", &["reports/annual/report.toml:3:10: “copies” must be text in quotes, not integer"]; "particular that is no text")]
#[test_case("title =", "copies = \"印发各街道\"\ntitle =", &[]; "particular of its own")]
fn a_slip_in_a_report_is_told_from_a_particular_of_its_own(wrong: &str, instead: &str, expected: &[&str]) {
    let sources = [
        Source::new("registers/complaint.toml", COMPLAINT),
        Source::new("figures/complaint.toml", FIGURES),
        Source::new("reports/annual/report.toml", &broken(REPORT, wrong, instead)),
        Source::new("reports/annual/text.zh.md", TEXT),
    ];
    let mut found = lines(&check(&sources).err().unwrap_or_default());
    let mut expected: Vec<String> = expected.iter().map(|line| (*line).to_owned()).collect();
    found.sort();
    expected.sort();
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
