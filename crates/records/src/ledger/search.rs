//! Full-text search: what is indexed, and what a person's words ask of the index.
//!
//! Chinese has no spaces between words, so each character of it is a word of its own in the index and a run of
//! characters is asked for as a phrase: 「噪声」 finds every text in which these two stand side by side.

use rusqlite::Connection;
use serde_json::Value as Json;

use super::record::JsonMap;
use crate::{
    catalogue::{Field, FieldKind, Register},
    naming,
};

/// Writes a record into the index, or takes it out if nothing is to be found in it.
pub(crate) fn put(connection: &Connection, register: &Register, id: i64, text: &str) -> Result<(), rusqlite::Error> {
    let table = naming::search_table(&register.key);
    connection
        .prepare_cached(&format!("INSERT OR REPLACE INTO \"{table}\" (rowid, text) VALUES (?1, ?2)"))?
        .execute(rusqlite::params![id, text])?;
    Ok(())
}

/// Takes a record out of the index.
pub(crate) fn remove(connection: &Connection, register: &Register, id: i64) -> Result<(), rusqlite::Error> {
    let table = naming::search_table(&register.key);
    connection.prepare_cached(&format!("DELETE FROM \"{table}\" WHERE rowid = ?1"))?.execute([id])?;
    Ok(())
}

/// The text under which a record is found: its number and every searched field that is not personal.
pub(crate) fn text_of(register: &Register, number: &str, values: &JsonMap) -> String {
    let mut text = spaced(number);
    for field in register.fields.values().filter(|field| !field.personal) {
        if !(field.search || field.key == register.title) {
            continue;
        }
        if let Some(value) = values.get(&field.key) {
            text.push(' ');
            text.push_str(&spaced(&words_of(field, value)));
        }
    }
    text
}

fn words_of(field: &Field, value: &Json) -> String {
    match (&field.kind, value) {
        (FieldKind::Choice { choices }, Json::String(key)) => {
            choices.get(key).map_or_else(|| key.clone(), |label| format!("{} {}", label.zh, label.en))
        }
        (FieldKind::Place, value) => value.get("address").and_then(Json::as_str).map(str::to_owned).unwrap_or_default(),
        (_, Json::String(text)) => text.clone(),
        (_, Json::Array(items)) => items.iter().filter_map(Json::as_str).collect::<Vec<_>>().join(" "),
        (_, value) => value.to_string(),
    }
}

/// Puts a space around each Chinese character and drops what no one searches for.
pub(crate) fn spaced(text: &str) -> String {
    let mut spaced = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if is_ideograph(character) {
            spaced.push(' ');
            spaced.push(character);
            spaced.push(' ');
        } else if character.is_alphanumeric() {
            spaced.extend(character.to_lowercase());
        } else {
            spaced.push(' ');
        }
    }
    spaced
}

/// A question to the index: every word must occur; a run of Chinese characters as a phrase, other words by their beginning.
pub(crate) fn question(words: &str) -> Option<String> {
    let mut parts = Vec::new();
    for word in words.split_whitespace() {
        let spaced = spaced(word);
        let tokens: Vec<&str> = spaced.split_whitespace().collect();
        if tokens.is_empty() {
            continue;
        }
        let open_end = tokens.last().is_some_and(|token| !token.chars().any(is_ideograph));
        parts.push(format!("\"{}\"{}", tokens.join(" "), if open_end { "*" } else { "" }));
    }
    (!parts.is_empty()).then(|| parts.join(" AND "))
}

fn is_ideograph(character: char) -> bool {
    matches!(character, '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{323af}')
}

#[cfg(test)]
mod tests {
    use test_case::test_case;

    use super::*;

    #[test_case("噪声", Some("\"噪 声\""); "two characters are a phrase")]
    #[test_case("施工 噪声", Some("\"施 工\" AND \"噪 声\""); "two words")]
    #[test_case("TS2020", Some("\"ts2020\"*"); "a number by its beginning")]
    #[test_case("A区\"", Some("\"a 区\""); "quotes cannot break the question")]
    #[test_case("…", None; "nothing to look for")]
    fn words_become_a_question(words: &str, expected: Option<&str>) {
        assert_eq!(question(words).as_deref(), expected);
    }
}
