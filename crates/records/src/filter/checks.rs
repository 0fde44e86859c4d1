//! What may be asked of a column of each kind, and the values it may be compared with.

use indexmap::IndexMap;

use super::{
    Fault, both,
    condition::Check,
    literal::{self, Operand},
    names::{Kind, Named},
    syntax::{How, Literal, Test},
};
use crate::catalogue::{FieldKind, Label};

/// A check that must hold, or one that must not.
pub(super) enum Checked {
    Yes(Check),
    No(Check),
}

pub(super) fn check(test: &Test, named: &Named<'_>) -> Result<Checked, Fault> {
    let column = || named.column.clone();
    match &test.how {
        How::Filled => return Ok(Checked::Yes(filled(named))),
        How::Empty => return Ok(Checked::No(filled(named))),
        How::Bare if !matches!(named.kind, Kind::Field(FieldKind::YesNo)) => {
            let name = &test.name;
            let message = both(
                format!("“{name}”不是是非字段，后面要有运算符和值"),
                format!("“{name}” is not yes or no, so it needs an operator and a value"),
            );
            let remedy = both(format!("例如：{name} is filled"), format!("for example: {name} is filled"));
            return Err(Fault::new(test.span.clone(), message, Some(remedy)));
        }
        How::Bare => return Ok(Checked::Yes(compare(column(), "=", Operand::Integer(1)))),
        _ => {}
    }
    match &named.kind {
        Kind::Number | Kind::Author => match &test.how {
            How::Contains(text) => {
                Ok(Checked::Yes(Check::Contains { columns: vec![column()], text: literal::text(text)? }))
            }
            _ => scalar(test, column(), &|literal| literal::text(literal).map(Operand::Text)),
        },
        Kind::State(states) => {
            equality(test, column(), &|literal| literal::one_of(literal, states, "state").map(Operand::Text))
        }
        Kind::Cell => cell(test, column()),
        Kind::Version => scalar(test, column(), &|literal| literal::scaled(literal, 0)),
        Kind::Moment => moment(test, column(), true),
        Kind::Closed => {
            Err(Fault::new(test.span.clone(), both("子表的行没有“closed”", "“closed” cannot be asked of a row"), None))
        }
        Kind::Field(kind) => check_field(test, named, kind),
    }
}

fn check_field(test: &Test, named: &Named<'_>, kind: &FieldKind) -> Result<Checked, Fault> {
    let column = || named.column.clone();
    let choice = |literal: &Literal, choices: &IndexMap<String, Label>| {
        let known: Vec<(&str, &Label)> = choices.iter().map(|(key, label)| (key.as_str(), label)).collect();
        literal::one_of(literal, &known, "choice")
    };
    match kind {
        FieldKind::Text { .. }
        | FieldKind::LongText { .. }
        | FieldKind::Person
        | FieldKind::Phone
        | FieldKind::Code(_) => match &test.how {
            How::Contains(text) => {
                Ok(Checked::Yes(Check::Contains { columns: vec![column()], text: literal::text(text)? }))
            }
            _ => scalar(test, column(), &|literal| literal::text(literal).map(Operand::Text)),
        },
        FieldKind::Place => match &test.how {
            How::Contains(text) => Ok(Checked::Yes(Check::Contains {
                columns: vec![format!("{}_address", column())],
                text: literal::text(text)?,
            })),
            _ => Err(wrong_operator(
                test,
                &both("位置", "a place"),
                both(
                    "contains、is empty、is filled；问在何处请用 cell",
                    "contains, is empty and is filled; ask “cell” for where it is",
                ),
            )),
        },
        FieldKind::Integer { .. } => scalar(test, column(), &|literal| literal::scaled(literal, 0)),
        FieldKind::Decimal { digits, .. } | FieldKind::Computed { digits, .. } => {
            scalar(test, column(), &|literal| literal::scaled(literal, *digits))
        }
        FieldKind::Money => scalar(test, column(), &|literal| literal::scaled(literal, 2)),
        FieldKind::Date => moment(test, column(), false),
        FieldKind::DateTime => moment(test, column(), true),
        FieldKind::YesNo => {
            equality(test, column(), &|literal| literal::flag(literal).map(|flag| Operand::Integer(i64::from(flag))))
        }
        FieldKind::Choice { choices } => {
            equality(test, column(), &|literal| choice(literal, choices).map(Operand::Text))
        }
        FieldKind::Choices { choices } => {
            let has = |literals: &[Literal]| -> Result<Check, Fault> {
                let keys = literals.iter().map(|literal| choice(literal, choices)).collect::<Result<_, _>>()?;
                Ok(Check::HasKey { column: column(), keys })
            };
            match &test.how {
                How::Contains(literal) => Ok(Checked::Yes(has(std::slice::from_ref(literal))?)),
                How::In(literals) => Ok(Checked::Yes(has(literals)?)),
                _ => Err(wrong_operator(
                    test,
                    &both("多选字段", "a list of choices"),
                    plain("contains, in, is empty and is filled"),
                )),
            }
        }
        FieldKind::Reference { to } => {
            let refers = |literals: &[Literal]| -> Result<Check, Fault> {
                let numbers = literals.iter().map(literal::text).collect::<Result<_, _>>()?;
                Ok(Check::Refers { column: column(), to: to.clone(), numbers })
            };
            match &test.how {
                How::Compare("=", literal) => Ok(Checked::Yes(refers(std::slice::from_ref(literal))?)),
                How::Compare("!=", literal) => Ok(Checked::No(refers(std::slice::from_ref(literal))?)),
                How::In(literals) => Ok(Checked::Yes(refers(literals)?)),
                _ => Err(wrong_operator(
                    test,
                    &both("引用字段", "a reference"),
                    plain("=, !=, in, is empty and is filled"),
                )),
            }
        }
        FieldKind::Line | FieldKind::Polygon | FieldKind::Attachment { .. } | FieldKind::Table { .. } => {
            Err(wrong_operator(
                test,
                &both("这种字段", format!("a field of type {}", kind.name())),
                plain("is empty and is filled"),
            ))
        }
    }
}

fn compare(column: String, operator: &'static str, value: Operand) -> Check {
    Check::Compare { column, operator, value }
}

fn filled(named: &Named<'_>) -> Check {
    match &named.kind {
        Kind::Field(FieldKind::Table { .. }) => Check::AnyRow,
        Kind::Field(FieldKind::Place) if !named.personal => {
            Check::Filled { columns: ["lon", "address"].map(|part| format!("{}_{part}", named.column)).to_vec() }
        }
        _ => Check::Filled { columns: vec![named.column.clone()] },
    }
}

/// Values with an order.
fn scalar(test: &Test, column: String, value: &dyn Fn(&Literal) -> Result<Operand, Fault>) -> Result<Checked, Fault> {
    match &test.how {
        How::Compare("!=", literal) => Ok(Checked::No(compare(column, "=", value(literal)?))),
        How::Compare(operator, literal) => Ok(Checked::Yes(compare(column, operator, value(literal)?))),
        How::In(literals) => {
            Ok(Checked::Yes(Check::In { column, values: literals.iter().map(value).collect::<Result<_, _>>()? }))
        }
        _ => Err(wrong_operator(test, &both("它", "it"), plain("= != < <= > >= in, is empty and is filled"))),
    }
}

/// Values without an order.
fn equality(test: &Test, column: String, value: &dyn Fn(&Literal) -> Result<Operand, Fault>) -> Result<Checked, Fault> {
    match &test.how {
        How::Compare("=" | "!=", _) | How::In(_) => scalar(test, column, value),
        _ => Err(wrong_operator(test, &both("它", "it"), plain("=, !=, in, is empty and is filled"))),
    }
}

fn cell(test: &Test, column: String) -> Result<Checked, Fault> {
    let texts = |literals: &[Literal]| literals.iter().map(literal::text).collect::<Result<Vec<String>, Fault>>();
    match &test.how {
        How::In(literals) => Ok(Checked::Yes(Check::Within { column, codes: texts(literals)? })),
        How::Compare("=", code) => Ok(Checked::Yes(compare(column, "=", Operand::Text(literal::text(code)?)))),
        How::Compare("!=", code) => Ok(Checked::No(compare(column, "=", Operand::Text(literal::text(code)?)))),
        _ => Err(wrong_operator(
            test,
            &both("网格", "a cell"),
            both(
                "in（该网格及其下级）、=、!=、is empty、is filled",
                "in (that cell or below), =, !=, is empty and is filled",
            ),
        )),
    }
}

/// A day or an instant; a day compared with an instant means the whole of that day in Beijing.
fn moment(test: &Test, column: String, instant: bool) -> Result<Checked, Fault> {
    let (operator, literal) = match &test.how {
        How::Compare(operator, literal) => (*operator, literal),
        How::In(literals) if !instant => {
            let values = literals.iter().map(literal::day_text).collect::<Result<_, _>>()?;
            return Ok(Checked::Yes(Check::In { column, values }));
        }
        _ => {
            return Err(wrong_operator(test, &both("日期", "a date"), plain("= != < <= > >=, is empty and is filled")));
        }
    };
    if !instant {
        return scalar(test, column, &literal::day_text);
    }
    let (from, until) = literal::span_of(literal)?;
    let until = until.unwrap_or_else(|| from.clone());
    let whole_day = from != until;
    Ok(match (operator, whole_day) {
        ("=", true) => Checked::Yes(Check::Between { column, from, until }),
        ("!=", true) => Checked::No(Check::Between { column, from, until }),
        ("<=", true) => Checked::Yes(compare(column, "<", until)),
        (">", true) => Checked::Yes(compare(column, ">=", until)),
        ("!=", false) => Checked::No(compare(column, "=", from)),
        (operator, _) => Checked::Yes(compare(column, operator, from)),
    })
}

/// Operators, which are the same words in both languages.
fn plain(operators: &str) -> Label {
    both(operators.replace(" and ", "、").replace(", ", "、"), operators)
}

fn wrong_operator(test: &Test, what: &Label, allowed: Label) -> Fault {
    let at = if test.operator.is_empty() { test.span.clone() } else { test.operator.clone() };
    let message =
        both(format!("“{}”不能用这个运算符", test.name), format!("this operator cannot be used on “{}”", test.name));
    let remedy = both(format!("{}可用：{}", what.zh, allowed.zh), format!("{} takes {}", what.en, allowed.en));
    Fault::new(at, message, Some(remedy))
}
