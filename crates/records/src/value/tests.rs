use crate::catalogue::Code;
use serde_json::json;
use test_case::test_case;

use super::*;

fn label(zh: &str, en: &str) -> Label {
    Label { zh: zh.into(), en: en.into() }
}

fn field(kind: FieldKind) -> Field {
    Field {
        key: "value".into(),
        label: label("值", "Value"),
        hint: None,
        kind,
        required: false,
        unique: false,
        personal: false,
        withheld: false,
        search: false,
        read_only: false,
        detail: false,
        checks: crate::catalogue::Checks::default(),
    }
}

fn noise_or_gas() -> IndexMap<String, Label> {
    IndexMap::from([("noise".into(), label("噪声", "Noise")), ("waste_gas".into(), label("废气", "Waste gas"))])
}

fn leq() -> FieldKind {
    FieldKind::Decimal { unit: Some("dB(A)".into()), digits: 1, min: Some(0.0), max: Some(140.0) }
}

fn count() -> FieldKind {
    FieldKind::Integer { unit: None, min: Some(1), max: Some(9999) }
}

#[test_case(FieldKind::Text { max: 10 }, json!(" 施工噪声 "), json!("施工噪声"); "text is trimmed")]
#[test_case(FieldKind::Text { max: 10 }, json!(12), json!("12"); "a number in a text column of a spreadsheet")]
#[test_case(count(), json!("350"), json!(350); "whole number as text")]
#[test_case(count(), json!(350.0), json!(350); "whole number as float")]
#[test_case(leq(), json!("62.1"), json!(62.1); "decimal as text")]
#[test_case(FieldKind::Money, json!(1_234_567.89), json!(1_234_567.89); "money in yuan")]
#[test_case(FieldKind::Money, json!("0.1"), json!(0.1); "money below one")]
#[test_case(FieldKind::Date, json!("2020年3月1日"), json!("2020-03-01"); "chinese date")]
#[test_case(FieldKind::Date, json!("2020-03-01T00:00:00"), json!("2020-03-01"); "a date from a spreadsheet")]
#[test_case(FieldKind::DateTime, json!("2020-03-01 22:15"), json!("2020-03-01T22:15:00+08:00"); "beijing by default")]
#[test_case(FieldKind::DateTime, json!("2020-03-01T14:15:00Z"), json!("2020-03-01T22:15:00+08:00"); "with offset")]
#[test_case(FieldKind::Choice { choices: noise_or_gas() }, json!("噪声"), json!("noise"); "choice by label")]
#[test_case(FieldKind::Choices { choices: noise_or_gas() }, json!("废气、noise"), json!(["noise", "waste_gas"]); "choices in one cell")]
#[test_case(FieldKind::YesNo, json!("是"), json!(true); "yes in chinese")]
#[test_case(FieldKind::Phone, json!("138 1234 5678"), json!("13812345678"); "mobile with spaces")]
#[test_case(FieldKind::Phone, json!("0731-85140000"), json!("0731-85140000"); "fixed line")]
#[test_case(FieldKind::Place, json!("112.98,28.10 雨花亭"), json!({"lon": 112.98, "lat": 28.1, "address": "雨花亭"}); "place in one cell")]
#[test_case(FieldKind::Polygon, json!([[[112.9, 28.1], [113.0, 28.1], [113.0, 28.2]]]), json!([[[112.9, 28.1], [113.0, 28.1], [113.0, 28.2], [112.9, 28.1]]]); "a ring is closed")]
#[test_case(FieldKind::DateTime, json!("２０２０－０３－０１　２２：１５"), json!("2020-03-01T22:15:00+08:00"); "full width")]
#[test_case(FieldKind::DateTime, json!("2020年3月1日 22时15分"), json!("2020-03-01T22:15:00+08:00"); "chinese time")]
#[test_case(FieldKind::DateTime, json!("2020年3月1日22:15"), json!("2020-03-01T22:15:00+08:00"); "chinese day and time without a blank")]
#[test_case(FieldKind::DateTime, json!("2020年3月1日 下午3点半"), json!("2020-03-01T15:30:00+08:00"); "half past three in the afternoon")]
#[test_case(FieldKind::DateTime, json!("2020年03月01日22时15分30秒"), json!("2020-03-01T22:15:30+08:00"); "chinese time with seconds")]
#[test_case(FieldKind::DateTime, json!("2020-02-29 24:00"), json!("2020-03-01T00:00:00+08:00"); "the end of a day")]
#[test_case(FieldKind::DateTime, json!("2020-02-29T24:00:00+08:00"), json!("2020-03-01T00:00:00+08:00"); "the end of a day with its offset")]
#[test_case(FieldKind::DateTime, json!("2020/3/1 10:15 PM"), json!("2020-03-01T22:15:00+08:00"); "english time")]
#[test_case(FieldKind::DateTime, json!("202003012215"), json!("2020-03-01T22:15:00+08:00"); "digits alone")]
#[test_case(FieldKind::DateTime, json!("20200301221530"), json!("2020-03-01T22:15:30+08:00"); "digits alone with seconds")]
#[test_case(FieldKind::Date, json!(20_200_301), json!("2020-03-01"); "a day as a number")]
#[test_case(FieldKind::Date, json!("2020年3月1号"), json!("2020-03-01"); "a day as it is said")]
#[test_case(leq(), json!("６２．１"), json!(62.1); "decimal of full width")]
#[test_case(leq(), json!(62.099_999_999_999_994), json!(62.1); "noise of a binary fraction")]
#[test_case(leq(), json!("6.21E+01"), json!(62.1); "scientific notation")]
#[test_case(leq(), json!("−0"), json!(0.0); "a minus of a typesetter")]
#[test_case(FieldKind::Choice { choices: noise_or_gas() }, json!("噪 声"), json!("noise"); "choice with a blank inside")]
#[test_case(FieldKind::Choice { choices: noise_or_gas() }, json!("ＮＯＩＳＥ"), json!("noise"); "choice of full width")]
#[test_case(FieldKind::YesNo, json!("√"), json!(true); "a tick")]
#[test_case(FieldKind::Text { max: 10 }, json!("噪声\u{200B}扰民\u{FEFF}"), json!("噪声扰民"); "text without what nobody sees")]
#[test_case(FieldKind::Text { max: 10 }, json!("👨\u{200D}👩"), json!("👨\u{200D}👩"); "joined characters stay joined")]
#[test_case(FieldKind::Text { max: 20 }, json!(123_456_789_012_345_678_i64), json!("123456789012345678"); "a whole number of JSON is exact")]
#[test_case(FieldKind::Place, json!("112°58′48″,28°6′0″"), json!({"lon": 112.98, "lat": 28.1}); "place in minutes and seconds")]
#[test_case(FieldKind::Place, json!("112.98,28.10 解放西路8号（东门）"), json!({"lon": 112.98, "lat": 28.1, "address": "解放西路8号（东门）"}); "an address keeps its brackets")]
#[test_case(FieldKind::Line, json!("LINESTRING (112.98 28.1, 112.99 28.11)"), json!([[112.98, 28.1], [112.99, 28.11]]); "line as well-known text")]
#[test_case(FieldKind::Polygon, json!("polygon((112.9 28.1,113 28.1,113 28.2,112.9 28.1),(112.95 28.12,112.96 28.12,112.96 28.13))"), json!([[[112.9, 28.1], [113.0, 28.1], [113.0, 28.2], [112.9, 28.1]], [[112.95, 28.12], [112.96, 28.12], [112.96, 28.13], [112.95, 28.12]]]); "area as well-known text")]
#[test_case(FieldKind::Place, json!("POINT(112.98 28.10)"), json!({"lon": 112.98, "lat": 28.1}); "place as well-known text")]
#[test_case(FieldKind::Text { max: 20 }, json!("ＷＯ０１－２"), json!("WO01-2"); "a number of full width")]
#[test_case(FieldKind::Text { max: 20 }, json!("ＷＯ０１（补）"), json!("ＷＯ０１（补）"); "a text of full width stays")]
#[test_case(FieldKind::Text { max: 20 }, json!("wo01"), json!("wo01"); "a number keeps its case")]
#[test_case(FieldKind::Place, json!("112.98;28.10 雨花亭"), json!({"lon": 112.98, "lat": 28.1, "address": "雨花亭"}); "place with a semicolon")]
#[test_case(FieldKind::Place, json!("１１２．９８，２８．１０　雨花亭"), json!({"lon": 112.98, "lat": 28.1, "address": "雨花亭"}); "place of full width")]
fn a_value_comes_out_canonical(kind: FieldKind, given: Json, canonical: Json) {
    let field = field(kind);
    let value = Value::from_json(&field, &given).unwrap();
    assert_eq!(value.to_json(), canonical);
    assert_eq!(Value::from_json(&field, &canonical), Ok(value), "the canonical form reads as itself");
}

#[test_case(FieldKind::Text { max: 3 }, json!("施工噪声"), "has 4 characters; at most 3 are allowed"; "too long")]
#[test_case(FieldKind::Text { max: 30 }, json!("a\nb"), "must be one line"; "two lines")]
#[test_case(FieldKind::Text { max: 30 }, json!("a\u{0}b"), "contains the control character U+0000"; "nul")]
#[test_case(count(), json!(0), "0 is less than 1, the least allowed"; "too small")]
#[test_case(count(), json!("1,517"), "“1,517” is not a whole number"; "thousands separator")]
#[test_case(count(), json!(1.5), "“1.5” is not a whole number"; "half")]
#[test_case(leq(), json!(62.15), "62.15 has more than 1 decimals"; "digits")]
#[test_case(leq(), json!(200), "200 is more than 140, the most allowed"; "too large")]
#[test_case(FieldKind::Date, json!("2020-02-30"), "“2020-02-30” is not a date (like 2020-03-01)"; "no such day")]
#[test_case(FieldKind::Date, json!("2020-03-01T08:00"), "“2020-03-01T08:00” has a time of day; give the date only"; "time in date")]
#[test_case(FieldKind::Date, json!("0020-03-01"), "the year 20 lies outside 1900 to 2200"; "year")]
#[test_case(FieldKind::Choice { choices: noise_or_gas() }, json!("nosie"), "“nosie” is not one of Noise, Waste gas; did you mean “Noise”?"; "misspelt choice")]
#[test_case(FieldKind::Phone, json!("12"), "“12” is not a telephone number (like 13812345678 or 0731-85140000)"; "short")]
#[test_case(FieldKind::Place, json!({"lon": 28.1, "lat": 112.98}), "longitude 28.1, latitude 112.98 lies outside China; the two seem to be swapped"; "swapped")]
#[test_case(FieldKind::Line, json!([[112.9, 28.1]]), "has 1 points; at least 2 are needed"; "a line of one point")]
#[test_case(FieldKind::Date, json!("2020-03-01 24:00"), "“2020-03-01 24:00” has a time of day; give the date only"; "the end of a day is no day")]
#[test_case(FieldKind::DateTime, json!("2020-03-01 25:00"), "“2020-03-01 25:00” is not a date and time (like 2020-03-01T22:15)"; "no such hour")]
#[test_case(FieldKind::DateTime, json!("2020-03-01 24:01"), "“2020-03-01 24:01” is not a date and time (like 2020-03-01T22:15)"; "after the end of the day")]
#[test_case(FieldKind::DateTime, json!("2020-03-01 22"), "“2020-03-01 22” is not a date and time (like 2020-03-01T22:15)"; "an hour that does not say so")]
#[test_case(FieldKind::DateTime, json!("2020年3月1日 上午13点"), "“2020年3月1日 上午13点” is not a date and time (like 2020-03-01T22:15)"; "one in the afternoon in the morning")]
#[test_case(FieldKind::Choice { choices: noise_or_gas() }, json!("噪声\u{200B}"), "contains the invisible character U+200B; delete it"; "invisible")]
#[test_case(FieldKind::Text { max: 30 }, json!(1.234_567_890_123_456_8e17), "“1.2345678901234568e+17” has lost digits: a number keeps fifteen in a spreadsheet; format the column as text and enter it again"; "digits lost in a number")]
#[test_case(FieldKind::Text { max: 30 }, json!("1.23457E+17"), "“1.23457E+17” has lost digits: a number keeps fifteen in a spreadsheet; format the column as text and enter it again"; "digits lost in a text")]
#[test_case(leq(), json!("62.15000000001"), "62.15000000001 has more than 1 decimals"; "decimals that are no noise")]
fn a_wrong_value_is_refused_with_the_reason(kind: FieldKind, given: Json, why: &str) {
    let refusal = Value::from_json(&field(kind), &given).unwrap_err();
    assert_eq!(refusal.to_string(), why);
    assert!(!refusal.zh().is_empty());
}

#[test]
fn every_fault_in_a_child_table_is_listed() {
    let mut kind = field(FieldKind::Choice { choices: noise_or_gas() });
    (kind.key, kind.label) = ("kind".into(), label("种类", "Kind"));
    kind.required = true;
    let mut count = field(count());
    (count.key, count.label) = ("count".into(), label("数量", "Count"));
    let table =
        field(FieldKind::Table { fields: IndexMap::from([("kind".to_owned(), kind), ("count".to_owned(), count)]) });
    let refusal =
        Value::from_json(&table, &json!([{"kind": "noise", "count": 0}, {"count": 2, "colour": "red"}])).unwrap_err();
    assert_eq!(
        refusal.to_string(),
        "row 1, Count: 0 is less than 1, the least allowed; row 2, colour: there is no such field (found “red”); \
         row 2, Kind: must be filled"
    );
    assert!(refusal.zh().starts_with("第1行“数量”："), "{}", refusal.zh());
}

#[test]
fn a_blank_is_no_value() {
    for blank in [json!(null), json!("  "), json!([]), json!({})] {
        assert_eq!(Value::optional(&field(FieldKind::Money), &blank), Ok(None));
        assert_eq!(Value::from_json(&field(FieldKind::Money), &blank), Err(Refusal::Empty));
    }
}

#[test]
fn a_value_is_shown_with_its_label_and_unit() {
    let field = field(leq());
    let value = Value::from_json(&field, &json!(62)).unwrap();
    assert_eq!(value.display(&field, Language::Chinese), "62.0 dB(A)");
}

proptest::proptest! {
    #[test]
    fn any_decimal_that_is_accepted_reads_back_as_itself(scaled in -1_000_000_000_i64..1_000_000_000, digits in 0_u8..5) {
        let kind = FieldKind::Decimal { unit: None, digits, min: None, max: None };
        let field = field(kind);
        let given = Decimal { scaled, digits };
        let read = Value::from_json(&field, &given.to_json()).unwrap();
        proptest::prop_assert_eq!(read, Value::Decimal(given));
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in "\\PC{0,40}") {
        let kinds = [FieldKind::Date, FieldKind::DateTime, FieldKind::Phone, FieldKind::Place, FieldKind::Line,
            FieldKind::Money, FieldKind::Code(Code::Credit), FieldKind::YesNo, FieldKind::Polygon];
        for kind in kinds {
            let _ = Value::optional(&field(kind), &Json::from(text.as_str()));
        }
    }
}

#[test_case(Code::Waste, "HW49 90004149" => Ok("900-041-49".to_owned()); "waste as it is printed")]
#[test_case(Code::Waste, "900-041-43" => Err("not_a_waste_code"); "a category that does not exist")]
#[test_case(Code::Manifest, " 20204301001200 " => Ok("20204301001200".to_owned()); "a manifest")]
#[test_case(Code::Manifest, "2020430100120" => Err("not_a_manifest_number"); "a manifest too short")]
#[test_case(Code::Machine, "湘 3-NA123456" => Ok("湘3-NA123456".to_owned()); "a machine of Hunan")]
#[test_case(Code::Machine, "挖掘机" => Err("not_a_machine_code"); "words for a machine")]
fn codes_are_kept_as_they_are_printed(kind: Code, text: &str) -> Result<String, &'static str> {
    match Value::from_json(&field(FieldKind::Code(kind)), &json!(text)) {
        Ok(Value::Text(text)) => Ok(text),
        Ok(other) => panic!("{other:?}"),
        Err(refusal) => Err(refusal.code()),
    }
}

#[test]
fn every_kind_of_code_has_an_example_that_is_one() {
    for kind in Code::ALL {
        let read = Value::from_json(&field(FieldKind::Code(kind)), &json!(kind.example()));
        assert_eq!(read, Ok(Value::Text(kind.example().to_owned())), "{}", kind.type_name());
    }
}

#[test]
fn a_credit_code_is_refused_when_its_check_character_does_not_fit() {
    let field = field(FieldKind::Code(Code::Credit));
    let body = "91430103MA4L2XYT1";
    let right = bilan_standards::credit_code::CreditCode::complete(body).unwrap().as_str().to_owned();
    assert_eq!(Value::from_json(&field, &json!(right.to_lowercase())).unwrap().to_json(), json!(right));
    let last = if right.ends_with('0') { '1' } else { '0' };
    let refused = Value::from_json(&field, &json!(format!("{body}{last}")));
    assert!(matches!(refused, Err(Refusal::NotACode { kind: Code::Credit, .. })), "{refused:?}");
}

#[test_case(FieldKind::Line, json!([[112.98, 28.1], [112.99, 28.11]]), "LINESTRING (112.98 28.1, 112.99 28.11)"; "a line")]
#[test_case(FieldKind::Polygon, json!([[[112.9, 28.1], [113.0, 28.1], [113.0, 28.2], [112.9, 28.1]]]), "POLYGON ((112.9 28.1, 113 28.1, 113 28.2, 112.9 28.1))"; "an area")]
#[test_case(FieldKind::Polygon, json!([[[112.9, 28.1], [113.0, 28.1], [113.0, 28.2], [112.9, 28.1]], [[112.95, 28.12], [112.96, 28.12], [112.96, 28.13], [112.95, 28.12]]]), "POLYGON ((112.9 28.1, 113 28.1, 113 28.2, 112.9 28.1), (112.95 28.12, 112.96 28.12, 112.96 28.13, 112.95 28.12))"; "an area with a hole")]
fn a_shape_is_written_as_programs_for_maps_read_it_and_read_back_as_the_same(kind: FieldKind, shape: Json, text: &str) {
    assert_eq!(shape_in_a_cell(&kind, &shape).as_deref(), Some(text));
    let field = field(kind);
    assert_eq!(Value::from_json(&field, &json!(text)).unwrap().to_json(), shape);
}

#[test_case(FieldKind::Line, "LINESTRING (112.98 28.1, 112.99)"; "half a point")]
#[test_case(FieldKind::Line, "LINESTRING (112.98 28.1, 112.99 28.11) and more"; "something behind it")]
#[test_case(FieldKind::Polygon, "POLYGON (112.9 28.1, 113 28.1, 113 28.2)"; "a ring without brackets")]
#[test_case(FieldKind::Polygon, "POLYGON ((112.9 28.1, 113 28.1, 113 28.2),)"; "a comma too many")]
fn a_shape_that_is_not_whole_is_refused(kind: FieldKind, text: &str) {
    assert!(Value::from_json(&field(kind), &json!(text)).is_err());
}
