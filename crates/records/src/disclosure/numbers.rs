//! Telephone numbers (mobile, landline, service lines) and identity-card numbers in a text.
//!
//! Digits may be full-width, Chinese, circled or of another script, and set apart by spaces, dashes or dots. Numbers that serve everybody (12345,
//! 12369, 110) are shorter than any of these and stay. Rules: mobile numbers have eleven digits and begin with 13–19
//! (number plan of the Ministry of Industry and Information Technology), identity numbers follow GB 11643 (region,
//! date of birth, serial number, check letter; fifteen digits before 1999).

use std::ops::Range;

/// One character that is a digit, and where it stands.
#[derive(Clone, Copy)]
struct Digit {
    value: u8,
    from: usize,
    to: usize,
    written: Written,
}

/// A way of writing digits. Where it changes, a list mark or a footnote may touch a number: ①139…, 139…².
#[derive(Clone, Copy, PartialEq, Eq)]
enum Written {
    Plain,
    FullWidth,
    Chinese,
    /// Above or below the line.
    Raised,
    /// In circles, in brackets, with a dot.
    Marked,
    /// Of another script or alphabet, which begins at this character.
    Script(u32),
}

/// Digits that stand together, with what sets them apart from the digits before.
struct Group {
    digits: Vec<Digit>,
    /// The separator before it; `None` where the text before holds other things.
    before: Option<char>,
}

/// Most groups that one number is written in: each digit by itself.
const MOST_GROUPS: usize = 18;
/// Most numbers of a list that a word before it names.
const MOST_OF_A_LIST: usize = 20;
/// What joins digits that touch and are written in different ways: 139一二三四5678. Fits beside any separator.
const TOUCHING: char = '(';

/// Bytes of every telephone and identity number in a text, in order.
#[must_use]
pub fn numbers(text: &str) -> Vec<Range<usize>> {
    let groups = groups(text);
    let mut found = Vec::new();
    let mut at = 0;
    while at < groups.len() {
        match longest(text, &groups, at) {
            Some((range, used)) => {
                found.push(range);
                at += used;
            }
            None => {
                found.extend(inside(&groups[at]));
                at += 1;
            }
        }
    }
    found
}

/// The value of a digit, and how it is written.
fn digit_of(character: char) -> Option<(u8, Written)> {
    const CHINESE: [&str; 10] =
        ["〇零", "一幺壹", "二贰貳", "三叁參", "四肆", "五伍", "六陆陸", "七柒", "八捌", "九玖"];
    if let Some(value) = character.to_digit(10) {
        return u8::try_from(value).ok().map(|value| (value, Written::Plain));
    }
    let chinese = CHINESE.iter().position(|written| written.contains(character));
    if let Some(value) = chinese.and_then(|value| u8::try_from(value).ok()) {
        return Some((value, Written::Chinese));
    }
    let (first, value, _, written) =
        RUNS.iter().find(|(first, _, count, _)| (*first..*first + count).contains(&(character as u32)))?;
    u8::try_from((character as u32 - first + value) % 10).ok().map(|value| (value, *written))
}

/// Digits of other forms and scripts (Unicode): where a run begins, the value of its first, how many there are.
const RUNS: [(u32, u32, u32, Written); 24] = [
    (0xff10, 0, 10, Written::FullWidth),
    (0x00b2, 2, 2, Written::Raised), // superscripts
    (0x00b9, 1, 1, Written::Raised),
    (0x2070, 0, 1, Written::Raised),
    (0x2074, 4, 6, Written::Raised),
    (0x2080, 0, 10, Written::Raised), // subscripts
    (0x2460, 1, 9, Written::Marked),  // in circles
    (0x24ea, 0, 1, Written::Marked),
    (0x24f5, 1, 9, Written::Marked),
    (0x2776, 1, 9, Written::Marked),
    (0x2780, 1, 9, Written::Marked),
    (0x278a, 1, 9, Written::Marked),
    (0x2474, 1, 9, Written::Marked),            // in brackets
    (0x2488, 1, 9, Written::Marked),            // with a dot
    (0x3220, 1, 9, Written::Marked),            // Chinese in brackets
    (0x3280, 1, 9, Written::Marked),            // Chinese in circles
    (0x1d7ce, 0, 50, Written::Script(0x1d7ce)), // of mathematics: five alphabets of ten
    (0x0660, 0, 10, Written::Script(0x0660)),   // Arabic
    (0x06f0, 0, 10, Written::Script(0x06f0)),   // Persian and Uyghur
    (0x0966, 0, 10, Written::Script(0x0966)),   // Devanagari
    (0x09e6, 0, 10, Written::Script(0x09e6)),   // Bengali
    (0x0e50, 0, 10, Written::Script(0x0e50)),   // Thai
    (0x0f20, 0, 10, Written::Script(0x0f20)),   // Tibetan
    (0x1810, 0, 10, Written::Script(0x1810)),   // Mongolian
];

/// What may stand between the digits of one number, as one sign for each kind.
fn separator(character: char) -> Option<char> {
    match character {
        '-' | '－' | '–' | '—' | '―' | '‐' | '‑' | '−' | '~' | '_' | '/' => Some('-'),
        '.' | '．' | '·' | '•' | '。' | '…' | '⋯' | '点' | '點' | '空' | '杠' => Some('.'),
        '(' | ')' | '（' | '）' | '转' | ',' | '，' | '、' => Some('('),
        _ if character.is_whitespace() || is_invisible(character) => Some(' '),
        _ => None,
    }
}

fn is_invisible(character: char) -> bool {
    matches!(character, '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{2064}' | '\u{feff}' | '\u{ad}' | '*')
}

fn groups(text: &str) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let mut between: Option<Vec<char>> = None;
    let mut is_open = false;
    for (at, character) in text.char_indices() {
        if let Some((value, written)) = digit_of(character) {
            let digit = Digit { value, from: at, to: at + character.len_utf8(), written };
            // Where the way of writing changes, a name or a list mark may end: 张三139…, ①139…
            let last =
                groups.last_mut().filter(|group| group.digits.last().is_some_and(|last| last.written == written));
            match last {
                Some(group) if is_open => group.digits.push(digit),
                _ if is_open => groups.push(Group { digits: vec![digit], before: Some(TOUCHING) }),
                _ => {
                    let before = between.take().and_then(|signs| joined_by(&signs));
                    groups.push(Group { digits: vec![digit], before });
                }
            }
            is_open = true;
            between = Some(Vec::new());
            continue;
        }
        // What cannot be seen does not set digits apart.
        if is_invisible(character) && is_open {
            continue;
        }
        is_open = false;
        match separator(character) {
            Some(sign) => {
                if let Some(signs) = &mut between {
                    signs.push(sign);
                }
            }
            None => between = None,
        }
    }
    groups
}

/// The kind of a separator of at most three characters; a dash between spaces is a dash.
fn joined_by(signs: &[char]) -> Option<char> {
    let kinds: Vec<char> = signs.iter().copied().filter(|sign| *sign != ' ').collect();
    match (signs.len(), kinds.first()) {
        (0 | 4.., _) => None,
        (_, None) => Some(' '),
        (_, Some(kind)) => kinds.iter().all(|other| other == kind).then_some(*kind),
    }
}

/// The number that begins with the group `at`, and in how many groups it is written: as long as it can be, without the
/// digits with which the next one of a list begins (0731-85140000，0731-85140001).
fn longest(text: &str, groups: &[Group], at: usize) -> Option<(Range<usize>, usize)> {
    let (whole, used) = extended(text, groups, at, MOST_GROUPS)?;
    let next = (1..used)
        .rev()
        .find(|next| extended(text, groups, at + next, MOST_GROUPS).is_some_and(|(other, _)| other.end > whole.end));
    let shorter = next.and_then(|next| extended(text, groups, at, next));
    Some(shorter.unwrap_or((whole, used)))
}

/// The longest number in at most so many groups from `at`.
fn extended(text: &str, groups: &[Group], at: usize, most: usize) -> Option<(Range<usize>, usize)> {
    let mut digits: Vec<Digit> = Vec::new();
    let mut best = None;
    let mut joint = None;
    for (used, group) in groups[at..].iter().take(most).enumerate() {
        if used > 0 {
            let Some(before) = group.before else { break };
            // Brackets stand beside another separator: (0731) 8514-0000.
            if before != '(' && joint.is_some_and(|joint| joint != before && joint != '(') {
                break;
            }
            joint = if joint.is_none() || joint == Some('(') { Some(before) } else { joint };
        }
        digits.extend(&group.digits);
        if digits.len() > 22 {
            break;
        }
        let split = used > 0;
        if let Some(end) = end_of_number(text, &digits, split, joint) {
            best = Some((digits[0].from..end, used + 1));
        } else if let Some(range) = document(text, &digits) {
            best = Some((range, used + 1));
        }
    }
    best
}

/// Where the number ends that these digits are, if they are one.
fn end_of_number(text: &str, digits: &[Digit], split: bool, joint: Option<char>) -> Option<usize> {
    let values: String = digits.iter().map(|digit| char::from(b'0' + digit.value)).collect();
    let end = digits.last()?.to;
    let next = text[end..].chars().next();
    let before = text[..digits[0].from].chars().next_back();
    let letter = |character: Option<char>| character.is_some_and(|character| character.is_ascii_alphanumeric());
    if values.len() == 17
        && let Some(check) = next.filter(|next| matches!(next, 'x' | 'X' | 'Ｘ' | 'ｘ'))
        && is_identity(&values)
    {
        return Some(end + check.len_utf8());
    }
    if letter(next) {
        return None;
    }
    let decimal = joint == Some('.') && digits.len() < 10;
    let is_number = is_mobile(&values)
        || (!letter(before) && is_identity(&values))
        || (!letter(before) && !decimal && (is_landline(&values, split) || is_service_line(&values)))
        || (!letter(before) && !decimal && is_local(&values) && says_telephone(&text[..digits[0].from]));
    is_number.then_some(end)
}

fn is_mobile(digits: &str) -> bool {
    let bare =
        ["0086", "86", "0"].iter().find_map(|prefix| digits.strip_prefix(prefix).filter(|rest| rest.len() == 11));
    let bare = bare.unwrap_or(digits).as_bytes();
    bare.len() == 11 && bare[0] == b'1' && bare[1] >= b'3'
}

/// A passport or a permit of a traveller where the text names one: one or two letters and seven to ten digits, as they
/// are printed (E12345678, EA1234567, H12345678).
fn document(text: &str, digits: &[Digit]) -> Option<Range<usize>> {
    const WORDS: [&str; 6] = ["护照", "通行证", "证件", "回乡证", "台胞证", "passport"];
    let (first, last) = (digits.first()?, digits.last()?);
    let before = &text[..first.from];
    let is_letter =
        |character: &char| character.is_ascii_alphabetic() || matches!(character, 'Ａ'..='Ｚ' | 'ａ'..='ｚ');
    let letters: String = before.chars().rev().take_while(is_letter).collect();
    let start = first.from - letters.len();
    let is_one = matches!(letters.chars().count(), 1 | 2)
        && (7..=10).contains(&digits.len())
        && !text[last.to..].starts_with(|next: char| next.is_ascii_alphanumeric())
        && is_said(&text[..start], &WORDS);
    is_one.then_some(start..last.to)
}

/// Area code and seven or eight digits, with an extension of up to five.
fn is_landline(digits: &str, split: bool) -> bool {
    let digits = digits.strip_prefix("0086").or_else(|| digits.strip_prefix("86").filter(|_| split)).unwrap_or(digits);
    let is_with_zero = digits.starts_with('0') && !digits.starts_with("00");
    let most = if split { 17 } else { 12 };
    is_with_zero && (10..=most).contains(&digits.len())
}

fn is_service_line(digits: &str) -> bool {
    digits.len() == 10 && (digits.starts_with("400") || digits.starts_with("800"))
}

/// A number without its area code: only where the text says that it is one.
fn is_local(digits: &str) -> bool {
    matches!(digits.len(), 7 | 8) && matches!(digits.as_bytes()[0], b'2'..=b'8')
}

fn says_telephone(before: &str) -> bool {
    const WORDS: [&str; 14] = [
        "电话",
        "座机",
        "固话",
        "手机",
        "致电",
        "拨打",
        "来电",
        "联系方式",
        "号码",
        "传真",
        "联系",
        "tel",
        "phone",
        "call",
    ];
    is_said(before, &WORDS)
}

/// Whether one of these words stands just before, or before the list of numbers that ends there.
fn is_said(before: &str, words: &[&str]) -> bool {
    let mut rest = before;
    for _ in 0..MOST_OF_A_LIST {
        let near: String = rest.chars().rev().take(8).collect::<Vec<_>>().into_iter().rev().collect();
        if words.iter().any(|word| near.to_lowercase().contains(word)) {
            return true;
        }
        let Some(shorter) = without_the_last(rest) else { return false };
        rest = shorter;
    }
    false
}

/// A text without the number of a list with which it ends, and what sets that apart from the next.
fn without_the_last(text: &str) -> Option<&str> {
    let is_between = |character| {
        separator(character).is_some()
            || matches!(character, ';' | '；' | '和' | '及' | '或')
            || digit_of(character).is_some_and(|(_, written)| written == Written::Marked)
    };
    let listed = text.trim_end_matches(is_between);
    let before = listed
        .trim_end_matches(|character| digit_of(character).is_some() || matches!(separator(character), Some('-' | ' ')));
    let digits = listed[before.len()..].chars().filter(|character| digit_of(*character).is_some()).count();
    let is_listed = listed.len() < text.len() && digits >= 7;
    is_listed.then(|| before.trim_end_matches(|character: char| character.is_ascii_uppercase()))
}

/// Region, date of birth and serial number of GB 11643; the check letter is not asked, because a number with a slip
/// of the pen tells as much.
fn is_identity(digits: &str) -> bool {
    let (birth, is_long) = match digits.len() {
        15 => (&digits[6..12], false),
        17 | 18 => (&digits[6..14], true),
        _ => return false,
    };
    let region: u8 = digits[..2].parse().unwrap_or(0);
    let number = |range: Range<usize>| birth[range].parse::<u16>().unwrap_or(0);
    let (year, month, day) = match is_long {
        true => (number(0..4), number(4..6), number(6..8)),
        false => (1900 + number(0..2), number(2..4), number(4..6)),
    };
    matches!(region, 11..=15 | 21..=23 | 31..=37 | 41..=46 | 50..=54 | 61..=65 | 71 | 81..=83)
        && (1900..=2099).contains(&year)
        && (1..=12).contains(&month)
        && (1..=31).contains(&day)
}

/// Numbers that run together in one group: two mobile numbers, or one with something behind.
fn inside(group: &Group) -> Vec<Range<usize>> {
    let digits = &group.digits;
    if digits.len() < 22 || !digits.len().is_multiple_of(11) {
        return Vec::new();
    }
    let all = digits.chunks(11).all(|part| {
        let values: String = part.iter().map(|digit| char::from(b'0' + digit.value)).collect();
        is_mobile(&values)
    });
    match (all, digits.first(), digits.last()) {
        (true, Some(first), Some(last)) => std::iter::once(first.from..last.to).collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use test_case::test_case;

    use super::super::{MARK, redact};

    #[test_case("李小红13900000000投诉楼下", "李小红#投诉楼下"; "a mobile number between characters")]
    #[test_case("电话：139 0000 0000。", "电话：#。"; "with spaces")]
    #[test_case("139-0000-0000", "#"; "with dashes")]
    #[test_case("139.0000.0000", "#"; "with dots")]
    #[test_case("１３９００００００００", "#"; "full width")]
    #[test_case("１３９－００００－００００", "#"; "full width with dashes")]
    #[test_case("+86 139 0000 0000", "+#"; "with the code of the country")]
    #[test_case("86-13900000000", "#"; "with the code of the country and a dash")]
    #[test_case("1 3 9 0 0 0 0 0 0 0 0", "#"; "each digit by itself")]
    #[test_case("一三九零零零零零零零零", "#"; "in Chinese digits")]
    #[test_case("139\u{200b}0000\u{200b}0000", "#"; "with characters that cannot be seen")]
    #[test_case("微信13900000000/QQ", "微信#/QQ"; "behind a word")]
    #[test_case("13900000000、13800000000", "#、#"; "two of them")]
    #[test_case("1390000000013800000000", "#"; "two run together")]
    #[test_case("0731-85140000", "#"; "a landline")]
    #[test_case("（0731）8514 0000", "（#"; "a landline with brackets")]
    #[test_case("0731-85140000转802", "#"; "a landline with an extension")]
    #[test_case("073185140000", "#"; "a landline in one")]
    #[test_case("联系电话85140000", "联系电话#"; "a local number that is said to be one")]
    #[test_case("400-820-8820", "#"; "a service line")]
    #[test_case("身份证430103199001011234", "身份证#"; "an identity number")]
    #[test_case("43010319900101123X办理", "#办理"; "an identity number with its letter")]
    #[test_case("430103 19900101 123x", "#"; "an identity number in groups")]
    #[test_case("４３０１０３１９９００１０１１２３Ｘ", "#"; "an identity number in full width")]
    #[test_case("430103900101123", "#"; "an identity number of fifteen digits")]
    #[test_case("139 一二三四 5678", "#"; "one group in Chinese")]
    #[test_case("一三九 一二三四 五六七八", "#"; "groups in Chinese")]
    #[test_case("139一二三四5678", "#"; "Chinese in the middle")]
    #[test_case("〇七三一 八五五五一二三四", "#"; "a landline in Chinese")]
    #[test_case("手机号：139……1234……5678", "手机号：#"; "with dots of an omission")]
    #[test_case("139点1234点5678", "#"; "with the word for a dot")]
    #[test_case("139空1234空5678", "#"; "with the word for a gap")]
    #[test_case("①③⑨①②③④⑤⑥⑦⑧", "#"; "in circles")]
    #[test_case("⑴⑶⑼⑴⑵⑶⑷⑸⑹⑺⑻", "#"; "in brackets")]
    #[test_case("㈠㈢㈨㈠㈡㈢㈣㈤㈥㈦㈧", "#"; "Chinese in brackets")]
    #[test_case("壹叁玖壹贰叁肆伍陆柒捌", "#"; "as on a cheque")]
    #[test_case("¹³⁹¹²³⁴⁵⁶⁷⁸", "#"; "above the line")]
    #[test_case("𝟏𝟑𝟗𝟏𝟐𝟑𝟒𝟓𝟔𝟕𝟖", "#"; "of mathematics")]
    #[test_case("١٣٩١٢٣٤٥٦٧٨", "#"; "in Arabic digits")]
    #[test_case("张三13900000000", "张三#"; "behind a name that is a digit")]
    #[test_case("13900000000一楼", "#一楼"; "before a word that begins with a digit")]
    #[test_case("护照E12345678", "护照#"; "a passport")]
    #[test_case("护照号：EA1234567，", "护照号：#，"; "a passport with two letters")]
    #[test_case("通行证H12345678", "通行证#"; "a permit of a traveller")]
    #[test_case("联系电话：①13812345678，②13987654321", "联系电话：①#，②#"; "behind marks in circles")]
    #[test_case("⑴13812345678 ⑵13987654321", "⑴# ⑵#"; "behind marks in brackets")]
    #[test_case("⒈13812345678⒉13987654321", "⒈#⒉#"; "behind marks with a dot")]
    #[test_case("㈠13812345678；㈡13987654321", "㈠#；㈡#"; "behind Chinese marks in brackets")]
    #[test_case("❶13812345678", "❶#"; "behind a mark in a filled circle")]
    #[test_case("⑩13812345678", "⑩#"; "behind a mark of ten")]
    #[test_case("①0731-85140000", "①#"; "a landline behind a mark")]
    #[test_case("①0731-85140000，②0731-85140001", "①#，②#"; "landlines behind marks")]
    #[test_case("0731-85140000、0731-85140001", "#、#"; "two landlines")]
    #[test_case("②400-820-8820", "②#"; "a service line behind a mark")]
    #[test_case("电话①85140000", "电话①#"; "a local number behind a mark")]
    #[test_case("①１３９００００００００", "①#"; "full width behind a mark")]
    #[test_case("①一三九零零零零零零零零", "①#"; "Chinese digits behind a mark")]
    #[test_case("13812345678①", "#①"; "before a mark")]
    #[test_case("电话13812345678²", "电话#²"; "before a footnote")]
    #[test_case("电话13812345678[2]", "电话#[2]"; "before a footnote in brackets")]
    #[test_case("1.13812345678 2.13987654321", "1.# 2.#"; "behind numbers with a dot")]
    #[test_case("(1)13812345678(2)13987654321", "(1)#(2)#"; "behind numbers in brackets")]
    #[test_case("1)13812345678", "1)#"; "behind a number with a bracket")]
    #[test_case("1、13812345678；2、13987654321", "1、#；2、#"; "behind numbers with a comma")]
    #[test_case("一、13812345678", "一、#"; "behind a Chinese number")]
    #[test_case("NO.1 13812345678", "NO.1 #"; "behind a number in words")]
    #[test_case("Q1：13812345678", "Q1：#"; "behind the number of a question")]
    #[test_case("①430103199001011234，②43010319900101123X", "①#，②#"; "identity numbers behind marks")]
    #[test_case("430103199001011234²", "#²"; "an identity number before a footnote")]
    #[test_case("1、430103199001011234", "1、#"; "an identity number behind a number")]
    #[test_case("护照①E12345678，②EA1234567", "护照①#，②#"; "passports behind marks")]
    #[test_case("联系电话85140000、85140001，85140002", "联系电话#、#，#"; "local numbers of a list")]
    fn a_number_of_a_person_is_taken_out(text: &str, published: &str) {
        assert_eq!(redact(text).replace(MARK, "#"), published);
    }

    #[test_case("请拨打12345或12369反映"; "lines that serve everybody")]
    #[test_case("2020-07-15 22:40至2020-07-16 06:00"; "moments")]
    #[test_case("二〇二〇年七月十五日"; "a Chinese date")]
    #[test_case("TS202000123、湘环评〔2020〕12号"; "numbers of documents")]
    #[test_case("昼间62.1 dB(A)，夜间55.0 dB(A)，超标5.0 dB(A)"; "values")]
    #[test_case("91430103MA4L1AB23C"; "a credit code")]
    #[test_case("914301030558132456"; "a credit code of digits alone")]
    #[test_case("罚款20000元，2020年1月1日前缴清"; "money")]
    #[test_case("东经112.9876，北纬28.1234"; "coordinates")]
    #[test_case("88888888MN0000000001"; "the number of a device")]
    #[test_case("雨花亭街道8号3栋501室"; "an address")]
    #[test_case("一、二、三、四、五、六、七、八、九号楼"; "a list of buildings")]
    #[test_case("22点40分至次日6点，共3次，一二三楼"; "times and floors")]
    #[test_case("联系电话：12345、12369；面积20000000平方米"; "an area behind telephone lines")]
    #[test_case("①2020年7月15日，②22点40分，③62.1分贝"; "a list of facts")]
    #[test_case("合格证编号A1234567"; "a certificate of a machine")]
    fn a_number_of_a_thing_stays(text: &str) {
        assert_eq!(redact(text), text);
    }

    /// A mobile or identity number as people write it: grouped, in full width.
    fn written(digits: &str, separator: &str, size: usize, wide: bool) -> String {
        let wider = |digit: char| match wide {
            true => char::from_u32(digit as u32 - '0' as u32 + '０' as u32).unwrap_or(digit),
            false => digit,
        };
        let chars: Vec<char> = digits.chars().map(wider).collect();
        chars.chunks(size).map(|part| part.iter().collect::<String>()).collect::<Vec<_>>().join(separator)
    }

    proptest! {
        #[test]
        fn no_mobile_number_passes_however_it_is_grouped(
            number in "1[3-9][0-9]{9}", separator in "[ \u{3000}\u{a0}－-]|", size in 2..11_usize, wide in proptest::bool::ANY,
            before in "[投诉人电话：，a-z ]{0,6}", after in "[先生反映，。 ]{0,6}",
        ) {
            let written = written(&number, &separator, size, wide);
            let redacted = redact(&format!("{before}{written}{after}"));
            prop_assert_eq!(redacted, format!("{before}{MARK}{after}"));
        }

        #[test]
        fn no_identity_number_passes_however_it_is_grouped(
            year in 1930..2020_u32, month in 1..13_u32, day in 1..29_u32, serial in "[0-9]{3}[0-9]",
            separator in "[ -]|", wide in proptest::bool::ANY,
        ) {
            let number = format!("430103{year}{month:02}{day:02}{serial}");
            let written = written(&number, &separator, 6, wide);
            prop_assert_eq!(redact(&format!("证号{written}。")), format!("证号{MARK}。"));
        }

        #[test]
        fn any_text_can_be_read_and_is_redacted_once_and_for_all(text in "[\\PC]{0,60}") {
            let once = redact(&text);
            prop_assert_eq!(redact(&once), once.clone());
        }
    }
}
