use test_case::test_case;

use super::*;
use crate::rules::{Comparison, Condition, Escalation, Gathering};
use crate::{Kind, Statistic};

const RULE: &str = r#"[low_oxygen]
label = { zh = "溶解氧偏低", en = "Low oxygen" }
stations = "water"
factor = "w01009"
unit = "mg/L"
op = "<"
threshold = 3.0
clear = 3.5
for = "10m"
clear_for = "20m"
level = "warning"
message = { zh = "{station}溶解氧{value}{unit}", en = "{station}: oxygen {value} {unit}" }
"#;

#[test]
fn a_rule_is_read_with_its_defaults() {
    let rules = parse("water.toml", RULE).unwrap();
    assert_eq!(rules.len(), 1);
    let Condition::Limit { kind, statistic, op, clear, lasting, calm, .. } = &rules[0].condition else { panic!() };
    assert_eq!((*kind, *statistic, *op, *clear), (Kind::Realtime, Statistic::Rtd, Comparison::Below, 3.5));
    assert_eq!((lasting.as_secs(), calm.as_secs()), (600, 1200));
    assert_ne!(rules[0].edition, parse("water.toml", &RULE.replace("3.0", "2.9")).unwrap()[0].edition);
}

#[test_case("op = \"<\"", "op = \"below\"", "water.toml:6:6: unknown variant `below`"; "unknown comparison")]
#[test_case("unit =", "units =", "water.toml:5:1: unknown field `units`"; "unknown key")]
#[test_case("clear = 3.5", "clear = 2.5", "water.toml:8:9: clear must be at or above the threshold 3"; "hysteresis on the wrong side")]
#[test_case("\"10m\"", "\"10 minutes\"", "water.toml:9:7: “10 minutes” is no duration"; "duration")]
#[test_case("\"water\"", "\"wasser\"", "water.toml:3:12: “wasser” is no kind of station"; "kind of station")]
#[test_case("threshold = 3.0\n", "", "water.toml:1:1: threshold missing"; "no limit")]
#[test_case("{station}溶解氧", "{stations}溶解氧", "water.toml:12:11: “{stations}” cannot be filled in"; "unknown place")]
#[test_case("level = \"warning\"", "level = ", "water.toml:11:9"; "no TOML")]
fn faults_are_told_with_their_place(from: &str, to: &str, expected: &str) {
    let text = RULE.replace(from, to);
    assert_ne!(text, RULE);
    let faults = parse("water.toml", &text).unwrap_err();
    assert!(faults[0].to_string().starts_with(expected), "{}", faults[0]);
}

const WRITTEN: &str = r#"[treatment_off]
label = { zh = "治污停运", en = "Treatment off" }
stations = "power"
factor = "d30401"
unit = "kW"
when = "now.d20401 > 5 && now.d30401 < 1"
until = "now.d30401 > 2"
limit = "1.0"
for = "5m"
quiet = "22:00-06:00"
level = "alarm"
message = { zh = "{station}{value}", en = "{station} {value}" }
"#;

#[test]
fn a_rule_with_an_expression_is_read() {
    let rules = parse("power.toml", WRITTEN).unwrap();
    let Condition::Expression(written) = &rules[0].condition else { panic!() };
    assert_eq!((written.when.text(), written.lasting.as_secs()), ("now.d20401 > 5 && now.d30401 < 1", 300));
    let quiet = rules[0].quiet.unwrap();
    let at = |time: &str| format!("2024-06-01T{time}:00+08:00").parse().unwrap();
    let covered = ["21:59", "22:00", "00:30", "05:59", "06:00"].map(|time| quiet.covers(at(time)));
    assert_eq!(covered, [false, true, true, true, false]);
}

#[test_case("now.d20401 > 5", "then.d20401 > 5", "power.toml:6:8: “then” is not known here"; "unknown name")]
#[test_case("limit = \"1.0\"", "limit = \"1.0 +\"", "power.toml:8:9: this is no expression"; "half an expression")]
#[test_case("22:00-06:00", "at night", "power.toml:10:9: “at night” are no hours"; "hours")]
#[test_case("until =", "threshold = 3\nuntil =", "power.toml:7:13: a rule with when says its limits there"; "two ways to say a limit")]
fn faults_of_expressions_are_told_with_their_place(from: &str, to: &str, expected: &str) {
    let text = WRITTEN.replace(from, to);
    assert_ne!(text, WRITTEN);
    let faults = parse("power.toml", &text).unwrap_err();
    assert!(faults[0].to_string().starts_with(expected), "{}", faults[0]);
}

#[test]
fn the_shipped_rules_hold() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../rules");
    let rules = load(&folder)
        .unwrap_or_else(|faults| panic!("{}", faults.iter().map(|f| format!("{f}\n")).collect::<String>()));
    for kind in ["water", "air", "noise", "*"] {
        assert!(rules.iter().any(|rule| rule.stations == kind), "no rule for {kind}");
    }
}

#[test]
fn a_rule_says_what_it_is_one_event_with_and_who_is_told_later() {
    let text =
        SILENT.to_owned() + "event = 'line'\nevent_everywhere = true\nescalate_after = '30m'\nescalate_to = ['head']\n";
    let rules = parse("line.toml", &text).unwrap();
    assert_eq!(rules[0].gathering, Some(Gathering { event: "line".into(), everywhere: true }));
    assert_eq!(rules[0].escalation, Some(Escalation { after_s: 1800, roles: vec!["head".into()] }));
}

#[test]
fn half_an_escalation_is_a_fault() {
    for (line, expected) in [
        ("escalate_after = '30m'", "to whom?"),
        ("escalate_to = ['head']", "after how long?"),
        ("escalate_after = '30m'\nescalate_to = ['boss']", "“boss” is no role"),
        ("event_everywhere = true", "which event is it?"),
    ] {
        let faults = parse("line.toml", &format!("{SILENT}{line}\n")).unwrap_err();
        assert!(faults[0].message.contains(expected), "{line}: {}", faults[0]);
    }
}

const SILENT: &str = "[silent]\nlabel = { zh = '离线', en = 'Silent' }\nstations = '*'\nsilent_for = '30m'\nlevel = 'info'\nmessage = { zh = '离线', en = 'Silent' }\n";
