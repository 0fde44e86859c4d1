//! Rust sources as far as the checks must understand them: code without comments and texts, words, and paths.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

/// All Rust files below a folder, in the order of their names.
///
/// # Errors
/// If a folder cannot be read.
pub fn rust_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = fs::read_dir(&folder).with_context(|| format!("{} cannot be read", folder.display()))?;
        for entry in entries {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

/// The code of a file.
///
/// # Errors
/// If it cannot be read.
pub fn code_of(file: &Path) -> Result<String> {
    Ok(code(&fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?))
}

/// A source without its comments, and with nothing between the quotes of its texts.
pub fn code(source: &str) -> String {
    let mut code = String::with_capacity(source.len());
    let mut rest = source;
    while let Some(first) = rest.chars().next() {
        let skipped = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            block_comment(rest)
        } else if let Some(length) = raw_text(rest).filter(|_| !code.ends_with(is_of_word)) {
            code.push_str("\"\"");
            length
        } else if first == '"' {
            code.push_str("\"\"");
            text(rest)
        } else if first == '\'' {
            character(rest).inspect(|_| code.push_str("' '")).unwrap_or_else(|| {
                code.push(first);
                1
            })
        } else {
            code.push(first);
            first.len_utf8()
        };
        rest = &rest[skipped..];
    }
    code
}

fn block_comment(rest: &str) -> usize {
    let mut depth = 0;
    let mut at = 0;
    loop {
        if rest[at..].starts_with("/*") {
            (depth, at) = (depth + 1, at + 2);
        } else if rest[at..].starts_with("*/") {
            (depth, at) = (depth - 1, at + 2);
        } else {
            match rest[at..].chars().next() {
                Some(character) => at += character.len_utf8(),
                None => return at,
            }
        }
        if depth == 0 {
            return at;
        }
    }
}

/// The length of a raw text that begins here.
fn raw_text(rest: &str) -> Option<usize> {
    let start = rest.strip_prefix("br").or_else(|| rest.strip_prefix("cr")).or_else(|| rest.strip_prefix('r'))?;
    let hashes = start.len() - start.trim_start_matches('#').len();
    let inside = start[hashes..].strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    let length = inside.find(&end).map_or(inside.len(), |at| at + end.len());
    Some(rest.len() - inside.len() + length)
}

/// The length of a text that begins here with its quote.
fn text(rest: &str) -> usize {
    let mut escaped = false;
    for (at, character) in rest.char_indices().skip(1) {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

/// The length of a character between quotes; none where the quote begins a lifetime.
fn character(rest: &str) -> Option<usize> {
    let inside = &rest[1..];
    if inside.starts_with('\\') {
        let end = inside.char_indices().skip(2).find(|(_, character)| *character == '\'')?;
        return Some(1 + end.0 + 1);
    }
    let first = inside.chars().next()?;
    inside[first.len_utf8()..].starts_with('\'').then(|| first.len_utf8() + 2)
}

/// Whether a character belongs to a name.
fn is_of_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

/// Names and signs of code; `::` is one sign.
pub fn tokens(code: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut rest = code.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = if is_of_word(first) {
            rest.find(|character| !is_of_word(character)).unwrap_or(rest.len())
        } else if rest.starts_with("::") {
            2
        } else {
            first.len_utf8()
        };
        tokens.push(&rest[..length]);
        rest = rest[length..].trim_start();
    }
    tokens
}

/// Whether code leads into a crate: `name::`, or `use name`.
pub fn leads_into(tokens: &[&str], name: &str) -> bool {
    tokens.iter().enumerate().any(|(at, token)| {
        *token == name
            && (tokens.get(at + 1) == Some(&"::")
                || at.checked_sub(1).is_some_and(|before| matches!(tokens[before], "use" | "crate")))
            && !(at > 1 && tokens[at - 1] == "::" && is_name(tokens[at - 2]))
    })
}

/// Whether a token is a name.
pub fn is_name(token: &str) -> bool {
    token.starts_with(|character: char| character.is_alphabetic() || character == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_texts_are_no_code() {
        for (source, expected) in [
            ("a // b\nc", "a \nc"),
            ("a /* b /* c */ d */ e", "a  e"),
            ("f(\"hex::encode // \\\" \", x)", "f(\"\", x)"),
            ("r#\"a \" b\"# + br\"c\" + d", "\"\" + \"\" + d"),
            ("for r in x", "for r in x"),
            (
                "fn f<'a>(c: char) -> &'a str { match c { '\"' | '\\'' | '水' => g } }",
                "fn f<'a>(c: char) -> &'a str { match c { ' ' | ' ' | ' ' => g } }",
            ),
        ] {
            assert_eq!(code(source), expected, "{source}");
        }
    }

    #[test]
    fn a_crate_is_used_where_a_path_leads_into_it() {
        for (source, expected) in [
            ("let text = hex::encode(x);", true),
            ("use hex;", true),
            ("use {hex::encode, std::io};", true),
            ("::hex::encode(x)", true),
            ("let hex = 1; a.hex()", false),
            ("use crate::hex::encode;", false),
            ("// hex::encode\n\"hex::encode\"", false),
        ] {
            assert_eq!(leads_into(&tokens(&code(source)), "hex"), expected, "{source}");
        }
    }
}
