//! Telephone numbers as they are dialled in China, several in one field where people give several.

use serde_json::Value as Json;

use super::{
    refusal::{Refusal, shown},
    text,
};

/// Numbers that one field may hold.
const MOST: usize = 3;

/// What parts two numbers in one field; they come out with the first of these between them.
const BETWEEN: [char; 9] = ['、', '/', ',', ';', '，', '；', '或', '\n', '|'];

/// Emergency calls and directory enquiries: the only numbers of three digits.
const SHORTEST: [&str; 6] = ["110", "112", "114", "119", "120", "122"];

/// Mobile (手机), landline with area code (区号) or of the district itself, 400 and 800, service numbers such as 12345, and
/// numbers abroad with `+`; a landline may have an extension (分机). Each comes out in one form.
pub(super) fn phone(json: &Json) -> Result<String, Refusal> {
    let given = text::typed(&text::paragraphs(json, 80)?)?;
    let wrong = || Refusal::NotAPhone { found: shown(json) };
    let numbers: Vec<&str> = given.split(BETWEEN).map(str::trim).filter(|part| !part.is_empty()).collect();
    if numbers.is_empty() || numbers.len() > MOST {
        return Err(wrong());
    }
    let read: Option<Vec<String>> = numbers.into_iter().map(one).collect();
    read.map(|numbers| numbers.join("、")).ok_or_else(wrong)
}

fn one(text: &str) -> Option<String> {
    let text = text.to_lowercase();
    let (number, extension) = parted(&text);
    let number: String = number
        .chars()
        .map(|character| if matches!(character, '–' | '—' | '−' | '‐' | '‑' | '一') { '-' } else { character })
        .filter(|character| !matches!(character, ' ' | '(' | ')'))
        .collect();
    let read = match number.strip_prefix('+').filter(|rest| !rest.starts_with("86")) {
        Some(abroad) => foreign(abroad)?,
        None => {
            let prefix = ["+86", "0086"].iter().find_map(|prefix| number.strip_prefix(prefix));
            national(prefix.unwrap_or(&number).trim_start_matches('-'))?
        }
    };
    match extension {
        None => Some(read),
        // A mobile telephone has no extension.
        Some(digits) if !digits.is_empty() && digits.len() <= 6 && !read.starts_with('1') => {
            digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| format!("{read}转{digits}"))
        }
        Some(_) => None,
    }
}

/// The number, and the extension that a word parts from it.
fn parted(text: &str) -> (&str, Option<&str>) {
    for word in ["转分机", "转", "分机", "ext.", "ext", "x", "#"] {
        if let Some((number, extension)) = text.split_once(word) {
            let extension = extension.trim_matches([' ', ':', '-', '号', '(', ')']);
            return (number.trim_end_matches([' ', '-', '(']), Some(extension));
        }
    }
    (text, None)
}

fn foreign(digits: &str) -> Option<String> {
    let plain: String = digits.chars().filter(|character| *character != '-').collect();
    let fits = (8..=15).contains(&plain.len()) && plain.bytes().all(|byte| byte.is_ascii_digit());
    (fits && !plain.starts_with('0')).then(|| format!("+{plain}"))
}

fn national(number: &str) -> Option<String> {
    let plain = |byte: u8| byte.is_ascii_digit() || byte == b'-';
    if !number.bytes().all(plain) || number.contains("--") || number.ends_with('-') {
        return None;
    }
    let digits: String = number.chars().filter(char::is_ascii_digit).collect();
    if digits.starts_with('0') {
        return landline(number, &digits);
    }
    let second = digits.as_bytes().get(1).copied().unwrap_or_default();
    let mobile = digits.len() == 11 && digits.starts_with('1') && second >= b'3';
    let toll = digits.len() == 10 && (digits.starts_with("400") || digits.starts_with("800"));
    let service = (digits.len() == 5 && digits.starts_with('1') && second <= b'2')
        || ((5..=8).contains(&digits.len()) && (digits.starts_with("95") || digits.starts_with("96")));
    if mobile || toll || service || SHORTEST.contains(&digits.as_str()) {
        return Some(digits);
    }
    // Without an area code it is one of the district itself; a dash may part it from an extension.
    let (local, extension) = number.split_once('-').unwrap_or((number, ""));
    if is_local(local) && extension.len() <= 6 && !extension.contains('-') {
        return Some(if extension.is_empty() { local.to_owned() } else { format!("{local}转{extension}") });
    }
    is_local(&digits).then_some(digits)
}

/// Area code of three digits (010 and 02x, with eight more) or four (with seven or eight), and perhaps an extension behind a dash.
fn landline(number: &str, digits: &str) -> Option<String> {
    let area = if digits.starts_with("010") || digits.starts_with("02") { 3 } else { 4 };
    let code =
        digits.get(..area).filter(|code| !code.starts_with("00") && !code.starts_with("01") || *code == "010")?;
    let behind = number.strip_prefix(code).unwrap_or_default().trim_start_matches('-');
    let (local, extension) = match behind.split_once('-') {
        Some((local, extension)) if is_local(local) && (1..=6).contains(&extension.len()) => {
            (local.to_owned(), extension)
        }
        _ => (behind.replace('-', ""), ""),
    };
    if !is_local(&local) || (area == 3 && local.len() != 8) || extension.contains('-') {
        return None;
    }
    let number = format!("{code}-{local}");
    Some(if extension.is_empty() { number } else { format!("{number}转{extension}") })
}

/// Seven or eight digits that begin as subscribers' numbers do.
fn is_local(digits: &str) -> bool {
    (7..=8).contains(&digits.len())
        && digits.bytes().all(|byte| byte.is_ascii_digit())
        && !digits.starts_with(['0', '1'])
}

#[cfg(test)]
mod tests {
    use test_case::test_case;

    use super::*;

    #[test_case("138 1234 5678" => Some("13812345678".into()); "mobile with blanks")]
    #[test_case("+86-138-1234-5678" => Some("13812345678".into()); "mobile with the code of the country")]
    #[test_case("１３８０００００００２" => Some("13800000002".into()); "full width")]
    #[test_case("0731-85140000" => Some("0731-85140000".into()); "landline")]
    #[test_case("073185140000" => Some("0731-85140000".into()); "landline without dash")]
    #[test_case("(0731) 8514 0000" => Some("0731-85140000".into()); "landline with the code in brackets")]
    #[test_case("010-6655 6006" => Some("010-66556006".into()); "peking")]
    #[test_case("0731-8514 0000转8012" => Some("0731-85140000转8012".into()); "extension")]
    #[test_case("0731-85140000-8012" => Some("0731-85140000转8012".into()); "extension behind a dash")]
    #[test_case("0731-85140000 ext. 8012" => Some("0731-85140000转8012".into()); "extension in English")]
    #[test_case("85140000转分机12" => Some("85140000转12".into()); "extension of a number of the district")]
    #[test_case("0731－85140000" => Some("0731-85140000".into()); "dash of full width")]
    #[test_case("13800000000/13900000000" => Some("13800000000、13900000000".into()); "two")]
    #[test_case("13800000000、0731-85140000转1" => Some("13800000000、0731-85140000转1".into()); "two of different kinds")]
    #[test_case("400-820-8820" => Some("4008208820".into()); "400")]
    #[test_case("12345" => Some("12345".into()); "the hotline of the city")]
    #[test_case("12369" => Some("12369".into()); "the hotline of the environment")]
    #[test_case("95598" => Some("95598".into()); "a firm of the whole country")]
    #[test_case("+852 2345 6789" => Some("+85223456789".into()); "hong kong")]
    #[test_case("123" => None; "three digits that are no call")]
    #[test_case("1234567" => None; "seven digits in a row")]
    #[test_case("00000000" => None; "zeros")]
    #[test_case("12812345678" => None; "no range of mobile numbers")]
    #[test_case("138123456789" => None; "a digit too many")]
    #[test_case("1381234567" => None; "a digit too few")]
    #[test_case("0731-851400" => None; "too short for a landline")]
    #[test_case("010-6655600" => None; "peking has eight digits")]
    #[test_case("13812345678转1" => None; "a mobile with an extension")]
    #[test_case("1/2/3/4" => None; "too many")]
    #[test_case("无" => None; "a word")]
    fn a_number_is_read_in_one_form_or_refused(text: &str) -> Option<String> {
        let read = phone(&Json::from(text)).ok();
        if let Some(read) = &read {
            assert_eq!(phone(&Json::from(read.as_str())).ok().as_ref(), Some(read), "the form reads as itself");
        }
        read
    }
}
