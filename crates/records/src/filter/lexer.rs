//! Words of the filter language with their places.

use std::ops::Range;

use super::{Fault, both};

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Word {
    /// A name, or a keyword; `a.b` is one name.
    Name(String),
    /// Text in quotes.
    Text(String),
    /// A number as written.
    Number(String),
    /// `=` `!=` `<` `<=` `>` `>=`.
    Operator(&'static str),
    Open,
    Close,
    Comma,
}

#[derive(Debug, Clone)]
pub(super) struct Token {
    pub word: Word,
    pub span: Range<usize>,
}

pub(super) fn tokens(text: &str) -> Result<Vec<Token>, Fault> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(first) = text[at..].chars().next() {
        if first.is_whitespace() {
            at += first.len_utf8();
            continue;
        }
        let (word, length) = match first {
            '(' => (Word::Open, 1),
            ')' => (Word::Close, 1),
            ',' => (Word::Comma, 1),
            '"' | '\'' => quoted(text, at, first)?,
            '-' | '0'..='9' => number(text, at)?,
            '_' => name(text, at),
            letter if letter.is_alphabetic() => name(text, at),
            _ => operator(text, at)?,
        };
        tokens.push(Token { word, span: at..at + length });
        at += length;
    }
    Ok(tokens)
}

fn operator(text: &str, at: usize) -> Result<(Word, usize), Fault> {
    let rest = &text[at..];
    if let Some(operator) = ["!=", "<=", ">=", "=", "<", ">"].into_iter().find(|operator| rest.starts_with(operator)) {
        let length = operator.len();
        if operator == "=" && rest.starts_with("==") {
            return Err(Fault::new(
                at..at + 2,
                both("“==”不是运算符", "“==” is no operator"),
                Some(both("请写 =", "write =")),
            ));
        }
        return Ok((Word::Operator(operator), length));
    }
    let found: String = rest.chars().take(1).collect();
    let remedy = match found.as_str() {
        "“" | "”" | "‘" | "’" | "＂" => {
            Some(both("文字请用半角引号：\"…\"", "write text in straight quotes: \"…\""))
        }
        "（" | "）" => Some(both("请用半角括号 ( )", "write ( and )")),
        "，" => Some(both("请用半角逗号 ,", "write ,")),
        "＝" => Some(both("请写 =", "write =")),
        "&" => Some(both("请写 and（并且）", "write and")),
        "|" => Some(both("请写 or（或者）", "write or")),
        _ => None,
    };
    let message = both(format!("“{found}”不能用在筛选条件中"), format!("“{found}” has no meaning in a filter"));
    Err(Fault::new(at..at + found.len(), message, remedy))
}

fn quoted(text: &str, at: usize, quote: char) -> Result<(Word, usize), Fault> {
    let mut value = String::new();
    let mut escaped = false;
    for (offset, character) in text[at + 1..].char_indices() {
        if escaped {
            value.push(character);
            escaped = false;
        } else if character == '\\' {
            escaped = true;
        } else if character == quote {
            return Ok((Word::Text(value), offset + 2));
        } else {
            value.push(character);
        }
    }
    let remedy = both(format!("请在文字末尾加上 {quote}"), format!("add {quote} where it ends"));
    Err(Fault::new(at..text.len(), both("引号没有配对", "the text is not closed"), Some(remedy)))
}

fn number(text: &str, at: usize) -> Result<(Word, usize), Fault> {
    let rest = &text[at..];
    let length = rest
        .char_indices()
        .find(|(offset, c)| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '_') || (*offset == 0 && *c == '-')))
        .map_or(rest.len(), |(offset, _)| offset);
    let word = &rest[..length];
    let digits = word.strip_prefix('-').unwrap_or(word);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let plain = |part: &str| !part.is_empty() && part.len() <= 15 && part.bytes().all(|byte| byte.is_ascii_digit());
    if plain(whole) && plain(fraction) {
        Ok((Word::Number(word.to_owned()), length))
    } else {
        let remedy = both(
            "数字写作 12 或 62.5；日期和编号请加引号",
            "write a number like 12 or 62.5; dates and codes stand in quotes",
        );
        let message = both(format!("“{word}”不是数字"), format!("“{word}” is not a number"));
        Err(Fault::new(at..at + length.max(1), message, Some(remedy)))
    }
}

fn name(text: &str, at: usize) -> (Word, usize) {
    let rest = &text[at..];
    let length = rest.find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '.'))).unwrap_or(rest.len());
    (Word::Name(rest[..length].to_owned()), length)
}
