use jiff::SignedDuration;
use jiff::civil::date;
use proptest::prelude::*;
use test_case::test_case;

use super::*;
use crate::rounding::Rational;

#[test_case("12.5" => Some("12.5".into()); "a decimal")]
#[test_case(" +.5 " => Some("0.5".into()); "a sign and no digit before the point")]
#[test_case("3.5E+01" => Some("35".into()); "scientific")]
#[test_case("4E-05" => Some("0.00004".into()); "scientific and small")]
#[test_case("1e2" => Some("100".into()); "scientific without a point")]
#[test_case("-999" => Some("-999".into()); "negative")]
#[test_case("−3" => Some("-3".into()); "a typographic minus")]
#[test_case("１２．５" => Some("12.5".into()); "full width")]
#[test_case("\u{3000}7\u{a0}" => Some("7".into()); "blanks that are not of ASCII")]
#[test_case("62.099999999999994" => Some("62.1".into()); "noise of binary fractions")]
#[test_case("0.30000000000000004" => Some("0.3".into()); "noise behind a zero")]
#[test_case("0.1000000000000000055511151231257827" => Some("0.1".into()); "more digits than a number has")]
#[test_case("000000000000000000012" => Some("12".into()); "zeros before")]
#[test_case("12.000000000000000000000" => Some("12".into()); "zeros behind")]
#[test_case("1e-400" => Some("0".into()); "smaller than anything")]
fn numbers(cell: &str) -> Option<String> {
    number(cell).unwrap().and_then(|number| number.short_text(6))
}

#[test]
fn words_for_a_missing_value_are_no_value() {
    for cell in ["", " ", "NA", "n/a", "NaN", "NULL", "-", "--", "—", "*", "/", "缺测", "－", "#N/A"] {
        assert_eq!(number(cell), Ok(None), "{cell}");
    }
}

#[test_case("much", CellFaultKind::NoNumber; "a word")]
#[test_case("1.2.3", CellFaultKind::NoNumber; "two points")]
#[test_case("1e", CellFaultKind::NoNumber; "no exponent")]
#[test_case("e5", CellFaultKind::NoNumber; "no digits")]
#[test_case(".", CellFaultKind::NoNumber; "a point alone")]
#[test_case("inf", CellFaultKind::NoNumber; "infinity")]
#[test_case("0x10", CellFaultKind::NoNumber; "hexadecimal")]
#[test_case("12 mg/L", CellFaultKind::NoNumber; "a unit")]
#[test_case("1,234.5", CellFaultKind::Comma; "thousands")]
#[test_case("0,5", CellFaultKind::Comma; "a decimal comma")]
#[test_case("ND", CellFaultKind::NoLimit; "not detected")]
#[test_case("未检出", CellFaultKind::NoLimit; "not detected in Chinese")]
#[test_case("1e15", CellFaultKind::TooLarge; "too large")]
#[test_case("12345678901234567890", CellFaultKind::TooLarge; "a long number")]
#[test_case("1\u{200b}2", CellFaultKind::Invisible('\u{200b}'); "an invisible character")]
fn other_numbers_are_refused_with_the_reason(cell: &str, kind: CellFaultKind) {
    let fault = number(cell).unwrap_err();
    assert_eq!((fault.kind, fault.found.as_str()), (kind, cell));
    assert!(fault.to_string().contains(cell));
}

#[test_case("2020-05-01T08:00" => "2020-05-01T08:00:00"; "as the contract has it")]
#[test_case("2020-05-01 08:00:30" => "2020-05-01T08:00:30"; "seconds")]
#[test_case("2020/5/1 1:00" => "2020-05-01T01:00:00"; "as a spreadsheet shows it")]
#[test_case("2020/5/1" => "2020-05-01T00:00:00"; "a day of a spreadsheet")]
#[test_case("2020.5.1 13:05:09" => "2020-05-01T13:05:09"; "points")]
#[test_case("2020-12-31T24:00" => "2021-01-01T00:00:00"; "hour 24")]
#[test_case("2020/2/28 24:00:00" => "2020-02-29T00:00:00"; "hour 24 of a spreadsheet")]
#[test_case("2020123124" => "2021-01-01T00:00:00"; "hour 24 without marks")]
#[test_case("2020年3月1日 22时15分" => "2020-03-01T22:15:00"; "Chinese")]
#[test_case("2020年3月1日8时" => "2020-03-01T08:00:00"; "Chinese, an hour")]
#[test_case("2020年3月1日" => "2020-03-01T00:00:00"; "Chinese, a day")]
#[test_case("２０２０－０３－０１　０８：００" => "2020-03-01T08:00:00"; "full width")]
#[test_case("20200301" => "2020-03-01T00:00:00"; "a day without marks")]
#[test_case("2020030108" => "2020-03-01T08:00:00"; "an hour without marks")]
#[test_case("20200301080000" => "2020-03-01T08:00:00"; "as devices write it")]
#[test_case("43952.0416666667" => "2020-05-01T01:00:00"; "a day number")]
#[test_case("43952" => "2020-05-01T00:00:00"; "a whole day number")]
#[test_case("2020-05-01T00:00Z" => "2020-05-01T08:00:00"; "universal time")]
#[test_case("2020-05-01T08:00+08:00" => "2020-05-01T08:00:00"; "an offset")]
#[test_case("2020-05-01T08:00:00.000" => "2020-05-01T08:00:00"; "thousandths")]
fn times(cell: &str) -> String {
    time(cell).unwrap().to_string()
}

#[test]
fn what_is_no_time_or_has_two_meanings_is_refused() {
    for cell in [
        "",
        "noon",
        "5/1/2020 1:00",
        "2020-5/1 1:00",
        "2021-02-29T00:00",
        "2020-05-01T24:30",
        "2020-05-01T25:00",
        "2020-13-01",
        "08:00",
        "2020-05-01T08.00",
        "12",
        "2020/5/1 下午1:00",
        "2020-05-01T+8:00",
        "99999",
    ] {
        assert_eq!(time(cell).map_err(|fault| fault.kind), Err(CellFaultKind::NoTime), "{cell}");
    }
    assert_eq!(time("2020-05-01\u{200b}").unwrap_err().kind, CellFaultKind::Invisible('\u{200b}'));
}

#[test_case("w21003", &["w21003"], &[]; "a code")]
#[test_case("W21003 ", &["w21003"], &[]; "in upper case")]
#[test_case("氨氮(mg/L)", &["氨氮mg/l", "氨氮"], &["mg/L"]; "a unit")]
#[test_case("氨氮（ＮＨ３－Ｎ）（ｍｇ／Ｌ）", &["氨氮nh3nmg/l", "氨氮nh3n", "氨氮"], &["mg/L", "NH3-N"]; "full width, two brackets")]
#[test_case("铬(六价)", &["铬六价", "铬"], &["六价"]; "brackets of the name")]
#[test_case("PM₂.₅ μg/m³", &["pm25ug/m3", "pm25"], &["μg/m³"]; "subscripts and a unit behind")]
#[test_case("Leq(dB(A))", &["leqdba", "leq"], &["dB(A)"]; "brackets within brackets")]
#[test_case("氨氮/mg/L", &["氨氮/mg/l", "氨氮"], &["mg/L"]; "an oblique stroke")]
fn heads(text: &str, keys: &[&str], beside: &[&str]) {
    let head = Head::read(text);
    assert_eq!(
        (head.keys, head.beside),
        (keys.iter().map(ToString::to_string).collect(), beside.iter().map(ToString::to_string).collect())
    );
}

proptest! {
    #[test]
    fn a_number_is_read_as_it_was_written(units in -999_999_999_999_999_i64..=999_999_999_999_999, digits in 0_u32..=15) {
        let exact = Rational::scaled(units, digits).unwrap();
        let text = exact.fixed_text(digits).unwrap();
        prop_assert_eq!(number(&text), Ok(Some(exact)));
        prop_assert_eq!(number(&format!("{units}E-{digits}")), Ok(Some(exact)));
    }

    #[test]
    fn any_text_is_read_or_refused(text in ".{0,40}") {
        let _number = number(&text);
        let _time = time(&text);
        let _head = Head::read(&text);
    }

    #[test]
    fn a_time_is_read_as_it_was_written(second in 0_i64..4_000_000_000) {
        let time = date(1970, 1, 1).at(0, 0, 0, 0) + SignedDuration::from_secs(second);
        prop_assert_eq!(super::time(&time.to_string()), Ok(time));
        prop_assert_eq!(super::time(&time.strftime("%Y/%-m/%-d %-H:%M:%S").to_string()), Ok(time));
        prop_assert_eq!(super::time(&time.strftime("%Y年%-m月%-d日%-H时%M分%S秒").to_string()), Ok(time));
        prop_assert_eq!(super::time(&time.strftime("%Y%m%d%H%M%S").to_string()), Ok(time));
    }
}
