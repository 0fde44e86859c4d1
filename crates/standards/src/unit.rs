//! Units as people write them: which spellings mean the same, and what is a unit at all.

use crate::cell::key;

/// Spellings of units of matter, space and energy, as [`folded`] has them; those of a line are one unit.
const MEASURES: [&[&str]; 48] = [
    &["t", "吨", "公吨", "ton", "tons", "tonne", "tonnes"],
    &["kg", "千克", "公斤"],
    &["g", "克"],
    &["mg", "毫克"],
    &["ug", "微克"],
    &["ng", "纳克"],
    &["斤", "市斤"],
    &["km", "公里", "千米"],
    &["m", "米", "公尺"],
    &["dm", "分米"],
    &["cm", "厘米", "公分"],
    &["mm", "毫米"],
    &["um", "微米"],
    &["里", "华里"],
    &["km2", "平方公里", "平方千米"],
    &["m2", "平方米", "平米", "平方"],
    &["cm2", "平方厘米"],
    &["hm2", "ha", "公顷"],
    &["亩", "市亩"],
    &["m3", "立方米", "立方", "方"],
    &["nm3", "标立方米", "标立方"],
    &["l", "升"],
    &["ml", "毫升"],
    &["100ml"],
    &["°c", "摄氏度", "degc", "度", "°"],
    &["°f", "华氏度", "degf"],
    &["dba", "db", "分贝", "分贝a"],
    &["kw", "千瓦"],
    &["mw", "兆瓦"],
    &["马力", "hp", "ps"],
    &["kwh", "千瓦时", "千瓦小时", "度"],
    &["mwh", "兆瓦时"],
    &["us", "微西", "微西门子"],
    &["ms", "毫西", "毫西门子"],
    &["m1", "1/m", "/m"],
    &["%", "百分比", "percent"],
    &["‰", "千分比"],
    &["ppm"],
    &["ppb"],
    &["mol", "摩尔"],
    &["mmol", "毫摩尔"],
    &["mpn"],
    &["ntu", "fnu", "度"],
    &["pa", "帕"],
    &["hpa", "百帕"],
    &["kpa", "千帕"],
    &["mpa", "兆帕"],
    &["bq", "贝可"],
];

/// Spellings of units of time.
const TIMES: [&[&str]; 8] = [
    &["s", "秒", "sec"],
    &["min", "分钟", "分", "minutes"],
    &["h", "小时", "时", "hr", "hours"],
    &["d", "天", "日", "days"],
    &["周", "星期", "weeks"],
    &["月", "个月", "months"],
    &["a", "y", "yr", "年", "years"],
    &["夜"],
];

/// Spellings of units of money.
const MONEY: [&[&str]; 2] = [&["元", "圆", "人民币元", "rmb", "cny", "yuan", "¥"], &["美元", "usd", "$"]];

/// Words that count things: none is a multiple of another.
const COUNTING: [&str; 37] = [
    "个", "人", "名", "位", "次", "人次", "件", "台", "套", "台套", "家", "处", "块", "条", "户", "份", "批", "栋",
    "组次", "组", "张", "只", "辆", "枚", "桶", "袋", "车", "字", "项", "起", "宗", "座", "页", "场", "pcs", "ea",
    "persons",
];

/// Words before a unit that multiply it.
const MULTIPLES: [&str; 8] = ["千万", "百万", "十万", "万", "千", "百", "十", "亿"];

/// What a text beside a name says of the unit of its values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Said {
    /// Nothing: it is no unit.
    Nothing,
    /// The unit that is meant, in one of its spellings.
    Same,
    /// Another unit.
    Other,
}

/// What the text `beside` a name (`μg/L`, `单位：吨`, `必填`) says of its unit.
///
/// The name of a period (`小时`) beside a quantity that is no time says over which period it was measured, not its unit.
#[must_use]
pub fn said(beside: &str, unit: Option<&str>) -> Said {
    let unit = unit.map(folded).filter(|unit| !unit.is_empty());
    let parts = beside.split([',', '，', '、', ';', '；', ':', '：', ' ', '\u{3000}']);
    std::iter::once(beside)
        .chain(parts)
        .map(|part| judged(part, unit.as_deref()))
        .find(|said| *said != Said::Nothing)
        .unwrap_or(Said::Nothing)
}

/// Whether a unit measures something, as against one that counts things or money.
#[must_use]
pub fn is_physical(unit: &str) -> bool {
    let unit = folded(unit);
    let (_, rest) = multiple(&unit);
    [unit.as_str(), rest].into_iter().any(|unit| {
        let of = unit.split_once('/').map_or(unit, |(of, _)| of);
        in_a_line(&MEASURES, unit) || in_a_line(&TIMES, unit) || in_a_line(&MEASURES, of)
    })
}

fn judged(part: &str, unit: Option<&str>) -> Said {
    let part = part.trim();
    let part = part.strip_prefix("单位").or_else(|| part.strip_prefix('以')?.strip_suffix('计')).unwrap_or(part);
    let part = part.trim_start_matches([':', '：']).trim();
    let word = folded(part);
    if word.is_empty() || part == "Mg" {
        return Said::Nothing;
    }
    if unit.is_some_and(|unit| same(unit, &word)) {
        return Said::Same;
    }
    // A capital letter alone is a chemical element or a symbol (S, K, A).
    if part.len() == 1 && part != "L" && part.bytes().all(|letter| !letter.is_ascii_lowercase()) && word != "%" {
        return Said::Nothing;
    }
    match kind(&word) {
        None => Said::Nothing,
        Some(Kind::Time) if unit.is_none_or(|unit| kind(unit) != Some(Kind::Time)) => Said::Nothing,
        // What counts things, beside a unit that no table has: another word for them.
        Some(Kind::Counts) if unit.is_none_or(|unit| kind(unit).is_none()) => Said::Nothing,
        Some(_) => Said::Other,
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Measures,
    Time,
    Money,
    Counts,
    /// So many thousands or millions of what is counted.
    Multiple,
}

/// What sort of unit a word is; nothing if it is none.
fn kind(word: &str) -> Option<Kind> {
    if in_a_line(&MEASURES, word) || is_ratio(word) {
        return Some(Kind::Measures);
    }
    if in_a_line(&TIMES, word) {
        return Some(Kind::Time);
    }
    if in_a_line(&MONEY, word) {
        return Some(Kind::Money);
    }
    if COUNTING.contains(&word) {
        return Some(Kind::Counts);
    }
    let (times, rest) = multiple(word);
    (!times.is_empty() && kind(rest).is_some()).then_some(Kind::Multiple)
}

/// One quantity by another: `mg/L`, `个/L`, `t/年`.
fn is_ratio(word: &str) -> bool {
    let Some((of, by)) = word.split_once('/') else { return false };
    let of_a_date =
        matches!(of, "年" | "月" | "y" | "yyyy" | "m" | "mm") && matches!(by, "月" | "日" | "d" | "dd" | "m");
    let is_known = |word| in_a_line(&MEASURES, word) || in_a_line(&TIMES, word) || COUNTING.contains(&word);
    // `MPN/L`: a Latin word that no table has may be a unit; other words are one only if they are known.
    let may_be_one = is_known(of) || (!of.is_empty() && of.bytes().all(|letter| letter.is_ascii_alphabetic()));
    may_be_one && is_known(by) && !of_a_date
}

fn same(one: &str, other: &str) -> bool {
    if one == other {
        return true;
    }
    let in_one_line = |lines: &[&[&str]]| lines.iter().any(|line| line.contains(&one) && line.contains(&other));
    if in_one_line(&MEASURES) || in_one_line(&TIMES) || in_one_line(&MONEY) {
        return true;
    }
    let counts = |word| COUNTING.contains(&word);
    if counts(one) && counts(other) {
        return true;
    }
    if let (Some((of, by)), Some((other_of, other_by))) = (one.split_once('/'), other.split_once('/')) {
        return !of.is_empty() && same(of, other_of) && same(by, other_by);
    }
    let ((times, rest), (other_times, other_rest)) = (multiple(one), multiple(other));
    !times.is_empty() && times == other_times && same(rest, other_rest)
}

/// The multiple before a unit, and the unit.
fn multiple(word: &str) -> (&str, &str) {
    let times = MULTIPLES.iter().find(|times| word.strip_prefix(**times).is_some_and(|rest| !rest.is_empty()));
    times.map_or(("", word), |times| word.split_at(times.len()))
}

fn in_a_line(lines: &[&[&str]], word: &str) -> bool {
    lines.iter().any(|line| line.contains(&word))
}

/// A unit as it is compared: signs of one character written out, in lower case, without blanks, brackets and marks of powers.
fn folded(unit: &str) -> String {
    let mut plain = String::with_capacity(unit.len());
    for character in unit.chars() {
        match character {
            '²' => plain.push('2'),
            '¹' => plain.push('1'),
            '㎡' => plain.push_str("m2"),
            '㎥' => plain.push_str("m3"),
            '㎢' => plain.push_str("km2"),
            '㎎' => plain.push_str("mg"),
            '㎍' => plain.push_str("ug"),
            '㎏' => plain.push_str("kg"),
            '㎜' => plain.push_str("mm"),
            '㎝' => plain.push_str("cm"),
            '㎞' => plain.push_str("km"),
            '㎖' => plain.push_str("ml"),
            '㎾' => plain.push_str("kw"),
            '㏈' => plain.push_str("db"),
            'ℓ' => plain.push('l'),
            '℃' => plain.push_str("°c"),
            '℉' => plain.push_str("°f"),
            'º' | '˚' => plain.push('°'),
            '￥' => plain.push('¥'),
            '每' | '／' => plain.push('/'),
            '^' | '*' | '·' | '⋅' | '×' => {}
            other => plain.push(other),
        }
    }
    key(&plain)
}

#[cfg(test)]
mod tests {
    use test_case::test_case;

    use super::*;

    #[test_case("mg/L", "mg/L"; "as it stands")]
    #[test_case("ＭＧ／Ｌ", "mg/L"; "full width and capitals")]
    #[test_case("毫克/升", "mg/L"; "in Chinese")]
    #[test_case("毫克每升", "mg/L"; "in words")]
    #[test_case("单位：mg/L", "mg/L"; "with the word unit")]
    #[test_case("mg/L，必填", "mg/L"; "with another word")]
    #[test_case("吨", "t"; "tonnes")]
    #[test_case("T", "t"; "tonnes in capitals")]
    #[test_case("吨/年", "t/a"; "tonnes a year")]
    #[test_case("°C", "℃"; "degrees in two characters")]
    #[test_case("摄氏度", "℃"; "degrees in Chinese")]
    #[test_case("dB (A)", "dB(A)"; "decibels with a blank")]
    #[test_case("dB", "dB(A)"; "decibels")]
    #[test_case("分贝", "dB(A)"; "decibels in Chinese")]
    #[test_case("平方米", "㎡"; "square metres")]
    #[test_case("m^2", "m²"; "a mark of power")]
    #[test_case("万立方米", "万m³"; "ten thousand cubic metres")]
    #[test_case("μS/cm", "µS/cm"; "the other micro")]
    #[test_case("m-1", "m⁻¹"; "one by a metre")]
    #[test_case("名", "人"; "another word that counts")]
    #[test_case("小时", "h"; "hours")]
    #[test_case("元", "元"; "yuan")]
    fn a_unit_is_known_in_its_spellings(beside: &str, unit: &str) {
        assert_eq!(said(beside, Some(unit)), Said::Same);
    }

    #[test_case("μg/L", Some("mg/L"); "micrograms")]
    #[test_case("ppm", Some("mg/L"); "parts")]
    #[test_case("mmol/L", Some("mg/L"); "moles")]
    #[test_case("℉", Some("℃"); "Fahrenheit")]
    #[test_case("kg", Some("t"); "kilograms")]
    #[test_case("千克，必填", Some("t"); "kilograms and a word")]
    #[test_case("万吨", Some("t"); "ten thousand tonnes")]
    #[test_case("桶", Some("t"); "drums for tonnes")]
    #[test_case("mg/L", Some("dB(A)"); "another quantity")]
    #[test_case("万元", Some("元"); "ten thousand yuan")]
    #[test_case("万人", Some("人"); "ten thousand people")]
    #[test_case("天", Some("月"); "days for months")]
    #[test_case("分钟", Some("h"); "minutes for hours")]
    #[test_case("m³", Some("万m³"); "one for ten thousand")]
    #[test_case("亩", Some("㎡"); "mu for square metres")]
    #[test_case("mg/L", None; "a unit where there is none")]
    fn another_unit_is_known_as_one(beside: &str, unit: Option<&str>) {
        assert_eq!(said(beside, unit), Said::Other);
    }

    #[test_case("必填", Some("mg/L"); "a word")]
    #[test_case("年月日", None; "the form of a day")]
    #[test_case("年/月/日", Some("h"); "the form of a day with strokes")]
    #[test_case("如 12.5", Some("mg/L"); "an example")]
    #[test_case("NH3-N", Some("mg/L"); "a symbol")]
    #[test_case("以N计", Some("mg/L"); "as nitrogen")]
    #[test_case("Mg", Some("mg/L"); "magnesium")]
    #[test_case("S", Some("mg/kg"); "sulphur")]
    #[test_case("小时", Some("mg/L"); "a period")]
    #[test_case("无量纲", None; "no dimension")]
    #[test_case("套", Some("治污设施"); "what is counted, where a word of its own counts")]
    #[test_case("", Some("t"); "nothing")]
    fn what_is_no_unit_says_nothing(beside: &str, unit: Option<&str>) {
        assert_eq!(said(beside, unit), Said::Nothing);
    }

    #[test]
    fn what_measures_is_physical_and_what_counts_is_not() {
        for unit in ["mg/L", "℃", "t/a", "dB(A)", "km²", "万m³", "µS/cm", "m⁻¹", "h", "%", "mg/kg"] {
            assert!(is_physical(unit), "{unit}");
        }
        for unit in ["个", "人次", "万人", "元", "治污设施"] {
            assert!(!is_physical(unit), "{unit}");
        }
    }
}
