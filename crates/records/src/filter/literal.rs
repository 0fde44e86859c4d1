//! Values in a filter, in the form in which the column stores them.

use jiff::{ToSpan, civil::Date};
use serde_json::Value as Json;

use super::{
    Fault, both,
    syntax::{Literal, LiteralValue},
};
use crate::{
    catalogue::{Field, FieldKind, Label, closest},
    value::{Value, stored_time},
};

/// A value as it is stored.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Operand {
    Text(String),
    Integer(i64),
    /// A number between two that the column can store.
    Real(f64),
}

pub(super) fn text(literal: &Literal) -> Result<String, Fault> {
    match &literal.value {
        LiteralValue::Text(text) => Ok(text.clone()),
        LiteralValue::Number(number) => {
            let remedy = both(format!("请写 \"{number}\""), format!("write \"{number}\""));
            Err(Fault::new(
                literal.span.clone(),
                both("文字只能与文字比较", "text is compared with text"),
                Some(remedy),
            ))
        }
        LiteralValue::Flag(_) => Err(Fault::new(
            literal.span.clone(),
            both("文字只能与加引号的文字比较", "text is compared with text in quotes"),
            None,
        )),
    }
}

pub(super) fn flag(literal: &Literal) -> Result<bool, Fault> {
    match literal.value {
        LiteralValue::Flag(flag) => Ok(flag),
        _ => Err(Fault::new(
            literal.span.clone(),
            both("是非字段的值为 true 或 false", "a yes-or-no field is true or false"),
            Some(both("请写 true（是）或 false（否）", "write true or false")),
        )),
    }
}

pub(super) fn one_of(literal: &Literal, known: &[(&str, &Label)], what: &str) -> Result<String, Fault> {
    let found = text(literal)?;
    if known.iter().any(|(key, _)| *key == found) {
        return Ok(found);
    }
    let keys: Vec<&str> = known.iter().map(|(key, _)| *key).collect();
    let names: Vec<&str> = known.iter().map(|(_, label)| label.zh.as_str()).collect();
    let remedy = both(
        match closest(&found, names.iter().copied()) {
            Some(meant) => format!("是否指“{meant}”？"),
            None => format!("可用的值：{}", names.join("、")),
        },
        match closest(&found, keys.iter().copied()) {
            Some(meant) => format!("did you mean “{meant}”?"),
            None => format!("known are: {}", keys.join(", ")),
        },
    );
    let message = both(format!("该字段没有“{found}”这个值"), format!("“{found}” is no {what} of this field"));
    Err(Fault::new(literal.span.clone(), message, Some(remedy)))
}

/// A number as a count of the last digit that the column keeps.
pub(super) fn scaled(literal: &Literal, digits: u8) -> Result<Operand, Fault> {
    let LiteralValue::Number(number) = &literal.value else {
        let message =
            both("数字字段只能与不加引号的数字比较", "a number field is compared with a number without quotes");
        return Err(Fault::new(literal.span.clone(), message, None));
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let fraction = fraction.trim_end_matches('0');
    let width = usize::from(digits);
    if fraction.len() <= width
        && let Ok(exact) = format!("{whole}{fraction:0<width$}").parse()
    {
        return Ok(Operand::Integer(exact));
    }
    let value: f64 = number
        .parse()
        .map_err(|_| Fault::new(literal.span.clone(), both("这不是数字", "this is not a number"), None))?;
    Ok(Operand::Real(value * 10_f64.powi(i32::from(digits))))
}

fn read(literal: &Literal, kind: FieldKind, (zh, en): (&str, &str)) -> Result<Value, Fault> {
    let nothing = Label { zh: String::new(), en: String::new() };
    let field = Field {
        key: String::new(),
        label: nothing,
        hint: None,
        kind,
        required: false,
        unique: false,
        personal: false,
        withheld: false,
        search: false,
        read_only: false,
        detail: false,
        checks: crate::catalogue::Checks::default(),
    };
    Value::from_json(&field, &Json::from(text(literal)?)).map_err(|refusal| {
        let message = both(refusal.zh(), refusal.to_string());
        Fault::new(literal.span.clone(), message, Some(both(format!("写法如 {zh}"), format!("write it like {en}"))))
    })
}

pub(super) fn day_text(literal: &Literal) -> Result<Operand, Fault> {
    match read(literal, FieldKind::Date, ("\"2020-03-01\"", "\"2020-03-01\""))? {
        Value::Date(date) => Ok(Operand::Text(date.to_string())),
        _ => Err(Fault::new(literal.span.clone(), both("这不是日期", "this is not a date"), None)),
    }
}

/// An instant; for a day its beginning and the beginning of the next.
pub(super) fn span_of(literal: &Literal) -> Result<(Operand, Option<Operand>), Fault> {
    if let Ok(Value::Date(day)) = read(literal, FieldKind::Date, ("", "")) {
        let next = day.checked_add(1.day()).unwrap_or(day);
        return Ok((start_of(day, literal)?, Some(start_of(next, literal)?)));
    }
    let examples = ("\"2020-03-01\" 或 \"2020-03-01T22:15\"", "\"2020-03-01\" or \"2020-03-01T22:15\"");
    match read(literal, FieldKind::DateTime, examples)? {
        Value::DateTime(at) => Ok((Operand::Text(stored_time(at)), None)),
        _ => Err(Fault::new(literal.span.clone(), both("这不是日期时间", "this is not a date and time"), None)),
    }
}

fn start_of(day: Date, literal: &Literal) -> Result<Operand, Fault> {
    let at = crate::value::start_of_day(day);
    at.map(|at| Operand::Text(stored_time(at))).ok_or_else(|| {
        Fault::new(literal.span.clone(), both("日期超出范围", "this day lies outside the calendar"), None)
    })
}
