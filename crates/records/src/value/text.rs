//! Text and what is written as text: lines, codes, choices, yes and no.

use crate::catalogue::Code;
use bilan_standards::credit_code::CreditCode;
use bilan_standards::machinery::{CodePattern, MachineCode};
use bilan_standards::waste::{ManifestNumber, WasteCode};
use indexmap::IndexMap;
use serde_json::Value as Json;

use super::{
    characters::{half_width, is_invisible, is_joiner},
    refusal::{Refusal, shown},
};
use crate::catalogue::{Label, closest_label, listed};

/// Characters that the name of a person may have.
pub(super) const LONGEST_NAME: usize = 60;

/// Text as given; a number where text is asked (a house number, a code in a spreadsheet) is its digits.
///
/// A spreadsheet keeps fifteen digits of a number: what had more has lost the others, and is refused.
fn given(json: &Json) -> Result<String, Refusal> {
    match json {
        Json::String(text) if shortened_by_a_spreadsheet(text.trim()) => {
            Err(Refusal::DigitsLost { found: shown(json) })
        }
        Json::String(text) => Ok(text.trim().to_owned()),
        Json::Number(number) if number.is_f64() && number.as_f64().is_some_and(|number| number.abs() >= 1e15) => {
            Err(Refusal::DigitsLost { found: shown(json) })
        }
        Json::Number(number) => Ok(number.to_string()),
        _ => Err(Refusal::wrong_type("text", json)),
    }
}

/// `1.23457E+17`: how a spreadsheet writes a number of twelve digits or more into a text file.
fn shortened_by_a_spreadsheet(text: &str) -> bool {
    let Some((mantissa, exponent)) = text.split_once("E+") else { return false };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    whole.len() == 1
        && digits(whole)
        && digits(fraction)
        && digits(exponent)
        && exponent.len() == 2
        && exponent.parse::<u8>().is_ok_and(|exponent| exponent >= 11)
}

/// What is typed rather than written: half width, without blanks around it; an invisible character is refused by its name.
pub(super) fn typed(text: &str) -> Result<String, Refusal> {
    if let Some(hidden) = text.chars().find(|character| is_invisible(*character) || is_joiner(*character)) {
        return Err(Refusal::InvisibleCharacter { code: u32::from(hidden) });
    }
    let text: String = text.chars().map(half_width).collect();
    Ok(text.trim().to_owned())
}

fn bounded(text: String, max: usize) -> Result<String, Refusal> {
    let found = text.chars().count();
    if found > max { Err(Refusal::TooLong { found, max }) } else { Ok(text) }
}

pub(super) fn line(json: &Json, max: usize) -> Result<String, Refusal> {
    let text = code_in_half_width(seen(given(json)?));
    if text.contains(['\n', '\r']) {
        return Err(Refusal::SeveralLines);
    }
    no_control(&text)?;
    bounded(text, max)
}

/// A number or code typed in full width (`ＷＯ０１`) as the same in ASCII; a text with any other character stays as it is.
///
/// Letters keep their case: there are numbers in which `a` and `A` differ.
fn code_in_half_width(text: String) -> String {
    let is_wide = |character: char| matches!(character, '０'..='９' | 'Ａ'..='Ｚ' | 'ａ'..='ｚ');
    if !text.contains(is_wide) {
        return text;
    }
    let half: String = text.chars().map(half_width).collect();
    if half.is_ascii() { half.trim().to_owned() } else { text }
}

pub(super) fn paragraphs(json: &Json, max: usize) -> Result<String, Refusal> {
    let text = seen(given(json)?).replace("\r\n", "\n");
    no_control(&text)?;
    bounded(text, max)
}

/// A sentence without characters that nobody sees: they come along with what is copied from a page.
fn seen(text: String) -> String {
    if text.chars().any(is_invisible) {
        let seen: String = text.chars().filter(|character| !is_invisible(*character)).collect();
        return seen.trim().to_owned();
    }
    text
}

fn no_control(text: &str) -> Result<(), Refusal> {
    match text.chars().find(|character| character.is_control() && !matches!(character, '\n' | '\t')) {
        Some(character) => Err(Refusal::ControlCharacter { code: u32::from(character) }),
        None => Ok(()),
    }
}

/// A code that is built by a rule, as it is printed.
pub(super) fn code(json: &Json, kind: Code) -> Result<String, Refusal> {
    let text = typed(&given(json)?)?;
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
    let by_label = |text: &str| {
        let found = choices.iter().find(|(_, label)| label.zh == text || label.en.eq_ignore_ascii_case(text));
        found.map(|(key, _)| key.clone())
    };
    if let Some(key) = by_label(text) {
        return Ok(key);
    }
    // Blanks and full-width characters are no other choice.
    let plain = |text: &str| text.chars().map(half_width).filter(|character| !character.is_whitespace()).collect();
    let meant: String = plain(&typed(text)?);
    let same = |label: &str| meant.eq_ignore_ascii_case(&plain(label) as &String);
    let found =
        choices.iter().find(|(key, label)| meant.eq_ignore_ascii_case(key) || same(&label.zh) || same(&label.en));
    if let Some((key, _)) = found {
        return Ok(key.clone());
    }
    let names: Vec<(&str, &Label)> = choices.iter().map(|(key, label)| (key.as_str(), label)).collect();
    Err(Refusal::NotAChoice {
        found: shown(&Json::from(text)),
        allowed: listed(choices.values()),
        closest: closest_label(text, &names).cloned(),
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
        Json::String(text) => typed(text)?.to_lowercase(),
        _ => return Err(Refusal::wrong_type("yes or no", json)),
    };
    match text.as_str() {
        "true" | "yes" | "y" | "是" | "√" | "1" | "on" => Ok(true),
        "false" | "no" | "n" | "否" | "×" | "0" | "off" => Ok(false),
        _ => Err(Refusal::wrong_type("yes or no", json)),
    }
}
