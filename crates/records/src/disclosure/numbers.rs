//! Telephone numbers (mobile, landline, service lines) and identity-card numbers in a text.
//!
//! Digits may be full-width, Chinese, circled or of another script, letters may stand for them, and they may be set apart by
//! spaces, dashes, dots or, grouped as numbers are, any other mark. Numbers that serve everybody (12345,
//! 12369, 110) are shorter than any of these and stay. Rules: mobile numbers have eleven digits and begin with 13–19
//! (number plan of the Ministry of Industry and Information Technology), identity numbers follow GB 11643 (region,
//! date of birth, serial number, check letter; fifteen digits before 1999).

use std::ops::Range;

use super::digits::{self, Read, Written, digit_of};

/// One character that is a digit, and where it stands.
#[derive(Clone, Copy)]
struct Digit {
    value: u8,
    from: usize,
    to: usize,
    written: Written,
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
const TOUCHING: char = '\0';

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

/// What may stand between the digits of one number, as one sign for each kind. The kinds of [`is_usual`] join digits however
/// they are grouped; any other mark joins them where they are grouped as numbers are ([`is_grouped`]).
fn separator(character: char) -> Option<char> {
    match character {
        '-' | '－' | '–' | '—' | '―' | '‐' | '‑' | '‒' | '−' | '~' | '～' | '〜' | '_' | '＿' | '/' | '／' => {
            Some('-')
        }
        '.' | '．' | '·' | '•' | '。' | '｡' | '・' | '･' | 'ㆍ' | '∙' | '‧' | '⋅' | '…' | '⋯' | '点' | '點' | '空'
        | '杠' => Some('.'),
        '(' | ')' | '（' | '）' | '[' | ']' | '［' | '］' | '【' | '】' | '「' | '」' | '『' | '』' | '{' | '}'
        | '<' | '>' | '转' => Some('('),
        '，' | '、' | ',' => Some(','),
        '：' => Some(':'),
        '；' => Some(';'),
        '＋' => Some('+'),
        '｜' => Some('|'),
        '＝' => Some('='),
        '＃' => Some('#'),
        '“' | '”' | '‘' | '’' | '\'' | '〔' | '〕' => Some('"'),
        '至' | '到' | '和' => Some('至'),
        // Length, width and height of a thing.
        '×' | '✕' => None,
        _ if character.is_whitespace() => Some(' '),
        _ if character.is_alphanumeric() => None,
        mark => Some(mark),
    }
}

/// Whether what joins digits does so however they are grouped.
fn is_usual(joint: Option<char>) -> bool {
    joint.is_none_or(|joint| matches!(joint, '-' | '.' | ' ' | '(' | TOUCHING))
}

fn groups(text: &str) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let mut between: Option<Vec<char>> = None;
    let mut is_open = false;
    let read = digits::read(text);
    for (index, Read { at, character, digit }) in read.iter().enumerate() {
        if let Some((value, written)) = *digit {
            // What does not show behind a digit goes with it.
            let to = read.get(index + 1).map_or(text.len(), |next| next.at);
            let digit = Digit { value, from: *at, to, written };
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
        is_open = false;
        match separator(*character) {
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
    let mut lengths: Vec<usize> = Vec::new();
    // Brackets stand beside another separator: (0731) 8514-0000.
    let fits_any = |joint: char| matches!(joint, '(' | TOUCHING);
    for (used, group) in groups[at..].iter().take(most).enumerate() {
        if used > 0 {
            let Some(before) = group.before else { break };
            if !fits_any(before) && joint.is_some_and(|joint| joint != before && !fits_any(joint)) {
                break;
            }
            joint = if joint.is_none_or(fits_any) { Some(before) } else { joint };
        }
        match lengths.last_mut().filter(|_| group.before == Some(TOUCHING)) {
            Some(length) => *length += group.digits.len(),
            None => lengths.push(group.digits.len()),
        }
        digits.extend(&group.digits);
        if digits.len() > 22 {
            break;
        }
        let split = used > 0;
        if let Some(end) = end_of_number(text, &digits, split, joint, &lengths) {
            best = Some((digits[0].from..end, used + 1));
        } else if let Some(range) = document(text, &digits).filter(|_| is_usual(joint)) {
            best = Some((range, used + 1));
        }
    }
    best
}

/// Where the number ends that these digits are, if they are one.
fn end_of_number(text: &str, digits: &[Digit], split: bool, joint: Option<char>, lengths: &[usize]) -> Option<usize> {
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
    // A letter in front of a mobile number is a letter and not the zero that is dialled before it.
    if digits[0].written == Written::Letter && values.starts_with("01") && !values.starts_with("010") {
        return None;
    }
    let is_one = is_mobile(&values)
        || (!letter(before) && is_identity(&values))
        || (!letter(before) && !decimal && (is_landline(&values, split) || is_service_line(&values)))
        || (!letter(before) && !decimal && is_local(&values) && says_telephone(&text[..digits[0].from]));
    let is_number = is_one && (is_usual(joint) || is_identity(&values) || is_grouped(&values, lengths));
    is_number.then_some(end)
}

/// Whether digits with marks between them that stand in other texts, too (130，1450；22:40), are grouped as numbers are.
fn is_grouped(digits: &str, lengths: &[usize]) -> bool {
    const MOBILE: [&[usize]; 9] =
        [&[11], &[3, 4, 4], &[3, 8], &[7, 4], &[4, 3, 4], &[4, 4, 3], &[3, 3, 5], &[3, 4, 2, 2], &[3, 2, 2, 2, 2]];
    const SERVICE: [&[usize]; 4] = [&[3, 7], &[3, 3, 4], &[3, 4, 3], &[4, 3, 3]];
    const LOCAL: [&[usize]; 6] = [&[8], &[7], &[4, 4], &[3, 4], &[4, 3], &[2, 2, 2, 2]];
    let mut groups = Vec::with_capacity(lengths.len());
    let mut from = 0;
    for length in lengths {
        groups.push(&digits[from..from + length]);
        from += length;
    }
    let (digits, lengths) = match (groups.first(), lengths) {
        (Some(code @ (&"86" | &"0086")), [_, rest @ ..]) => (&digits[code.len()..], rest),
        _ => (digits, lengths),
    };
    if groups.iter().all(|group| is_clock_time(group)) || groups.iter().any(|group| is_day(group)) {
        return false;
    }
    let singly = lengths.len() == digits.len();
    let is_area_code = |length: &usize| matches!(length, 3 | 4) && digits.starts_with('0');
    let one_of = |known: &[&[usize]], found: &[usize]| known.contains(&found);
    singly
        || (is_mobile(digits) && one_of(&MOBILE, lengths))
        || (is_service_line(digits) && one_of(&SERVICE, lengths))
        || one_of(&LOCAL, lengths)
        || lengths.split_first().is_some_and(|(code, rest)| is_area_code(code) && one_of(&LOCAL[..5], rest))
}

/// A time of day in four digits.
fn is_clock_time(digits: &str) -> bool {
    digits.len() == 4 && &digits[..2] < "24" && &digits[2..] < "60"
}

/// A day in eight digits.
fn is_day(digits: &str) -> bool {
    let of = |range: Range<usize>| digits[range].parse::<u16>().unwrap_or(0);
    digits.len() == 8
        && (1949..2100).contains(&of(0..4))
        && (1..=12).contains(&of(4..6))
        && (1..=31).contains(&of(6..8))
}

fn is_mobile(digits: &str) -> bool {
    let bare =
        ["0086", "86", "0"].iter().find_map(|prefix| digits.strip_prefix(prefix).filter(|rest| rest.len() == 11));
    let bare = bare.unwrap_or(digits).as_bytes();
    bare.len() == 11 && bare[0] == b'1' && bare[1] >= b'3'
}

/// A passport or a permit of a traveller where the text names one: one or two letters and seven to ten digits, as they
/// are printed (E12345678, EA1234567, H12345678); that of a resident of Taiwan has eight digits alone.
fn document(text: &str, digits: &[Digit]) -> Option<Range<usize>> {
    const WORDS: [&str; 6] = ["护照", "通行证", "证件", "回乡证", "台胞证", "passport"];
    let (first, last) = (digits.first()?, digits.last()?);
    let before = &text[..first.from];
    let is_letter =
        |character: &char| character.is_ascii_alphabetic() || matches!(character, 'Ａ'..='Ｚ' | 'ａ'..='ｚ');
    let letters: String = before.chars().rev().take_while(is_letter).collect();
    let start = first.from - letters.len();
    let of_digits = letters.is_empty() && digits.len() == 8 && is_said(before, &["台胞证", "台湾居民"]);
    let is_one = (of_digits || (matches!(letters.chars().count(), 1 | 2) && (7..=10).contains(&digits.len())))
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

/// A number without its area code: only where the text says that it is one. Eight digits alone stay, for they may as well be a
/// work order, and a day after such a word (来电：2020-07-15) stays, too.
fn is_local(digits: &str) -> bool {
    matches!(digits.len(), 7 | 8) && matches!(digits.as_bytes()[0], b'2'..=b'8') && !is_day(digits)
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
        matches!(separator(character), Some('-' | '.' | '(' | ' ' | ','))
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
mod tests;
