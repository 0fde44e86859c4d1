//! Text and what is written as text: lines, telephone numbers, credit codes, choices, yes and no.

use crate::catalogue::Code;
use bilan_standards::credit_code::CreditCode;
use bilan_standards::machinery::{CodePattern, MachineCode};
use bilan_standards::waste::{ManifestNumber, WasteCode};
use indexmap::IndexMap;
use serde_json::Value as Json;

use super::refusal::{Refusal, shown};
use crate::{
    catalogue::{Label, closest},
    value::Language,
};

/// Characters that the name of a person may have.
pub(super) const LONGEST_NAME: usize = 60;

/// Text as given; a number where text is asked (a house number, a code in a spreadsheet) is its digits.
fn given(json: &Json) -> Result<String, Refusal> {
    match json {
        Json::String(text) => Ok(text.trim().to_owned()),
        Json::Number(number) => Ok(number.to_string()),
        _ => Err(Refusal::wrong_type("text", json)),
    }
}

fn bounded(text: String, max: usize) -> Result<String, Refusal> {
    let found = text.chars().count();
    if found > max { Err(Refusal::TooLong { found, max }) } else { Ok(text) }
}

pub(super) fn line(json: &Json, max: usize) -> Result<String, Refusal> {
    let text = given(json)?;
    if text.contains(['\n', '\r']) {
        return Err(Refusal::SeveralLines);
    }
    no_control(&text)?;
    bounded(text, max)
}

pub(super) fn paragraphs(json: &Json, max: usize) -> Result<String, Refusal> {
    let text = given(json)?.replace("\r\n", "\n");
    no_control(&text)?;
    bounded(text, max)
}

fn no_control(text: &str) -> Result<(), Refusal> {
    match text.chars().find(|character| character.is_control() && !matches!(character, '\n' | '\t')) {
        Some(character) => Err(Refusal::ControlCharacter { code: u32::from(character) }),
        None => Ok(()),
    }
}

/// Mobile, fixed line with or without area code and extension, 400 and short service numbers.
pub(super) fn phone(json: &Json) -> Result<String, Refusal> {
    let text = line(json, 40)?;
    let wrong = || Refusal::NotAPhone { found: shown(json) };
    let number: String = text.chars().filter(|character| !matches!(character, ' ' | '(' | ')' | '（' | '）')).collect();
    let national = number.strip_prefix("+86").or_else(|| number.strip_prefix("0086")).unwrap_or(&number);
    let national = national.trim_start_matches('-');
    if !national.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-') || national.contains("--") {
        return Err(wrong());
    }
    let digits: String = national.chars().filter(char::is_ascii_digit).collect();
    let mobile = digits.len() == 11 && digits.starts_with('1') && digits.as_bytes()[1] >= b'3';
    let fixed = digits.starts_with('0') && (10..=16).contains(&digits.len());
    let local = (7..=8).contains(&digits.len()) && !digits.starts_with(['0', '1']);
    let service = digits.starts_with("400") && digits.len() == 10;
    let short = (3..=5).contains(&digits.len()) && digits.starts_with('1');
    if mobile {
        Ok(digits)
    } else if fixed || local || service || short {
        Ok(national.to_owned())
    } else {
        Err(wrong())
    }
}

/// A code that is built by a rule, as it is printed.
pub(super) fn code(json: &Json, kind: Code) -> Result<String, Refusal> {
    let text = line(json, 40)?;
    let read = match kind {
        Code::Credit => {
            CreditCode::parse(&text).map(|code| code.as_str().to_owned()).map_err(|fault| fault.to_string())
        }
        Code::Waste => text.parse().map(|code: WasteCode| code.to_string()).map_err(|fault| fault.to_string()),
        Code::Manifest => {
            text.parse().map(|number: ManifestNumber| number.as_str().to_owned()).map_err(|fault| fault.to_string())
        }
        Code::Machine => MachineCode::read(&text, &CodePattern::default())
            .map(|code| code.as_str().to_owned())
            .map_err(|fault| fault.to_string()),
    };
    read.map_err(|why| Refusal::NotACode { kind, found: shown(json), why })
}

/// The key of a choice, given as the key or as its label in either language.
pub(super) fn choice(text: &str, choices: &IndexMap<String, Label>) -> Result<String, Refusal> {
    let text = text.trim();
    if choices.contains_key(text) {
        return Ok(text.to_owned());
    }
    let by_label = choices.iter().find(|(_, label)| label.zh == text || label.en.eq_ignore_ascii_case(text));
    if let Some((key, _)) = by_label {
        return Ok(key.clone());
    }
    let allowed: Vec<String> =
        choices.iter().map(|(key, label)| format!("{key} ({})", label.text(Language::Chinese))).collect();
    Err(Refusal::NotAChoice {
        found: text.to_owned(),
        allowed: allowed.join(", "),
        closest: closest(text, choices.keys().map(String::as_str)).map(str::to_owned),
    })
}

pub(super) fn choices(json: &Json, known: &IndexMap<String, Label>) -> Result<Vec<String>, Refusal> {
    let wrong = || Refusal::wrong_type("a list of choices", json);
    let given: Vec<&str> = match json {
        Json::Array(items) => items.iter().map(Json::as_str).collect::<Option<_>>().ok_or_else(wrong)?,
        Json::String(text) => {
            let parts = text.split([',', '，', '、', ';', '；', '|', '\n']);
            parts.map(str::trim).filter(|part| !part.is_empty()).collect()
        }
        _ => return Err(wrong()),
    };
    let chosen: Vec<String> = given.iter().map(|text| choice(text, known)).collect::<Result<_, _>>()?;
    Ok(known.keys().filter(|key| chosen.contains(key)).cloned().collect())
}

pub(super) fn yes_no(json: &Json) -> Result<bool, Refusal> {
    let text = match json {
        Json::Bool(yes) => return Ok(*yes),
        Json::Number(number) => number.to_string(),
        Json::String(text) => text.trim().to_lowercase(),
        _ => return Err(Refusal::wrong_type("yes or no", json)),
    };
    match text.as_str() {
        "true" | "yes" | "y" | "是" | "1" | "on" => Ok(true),
        "false" | "no" | "n" | "否" | "0" | "off" => Ok(false),
        _ => Err(Refusal::wrong_type("yes or no", json)),
    }
}
