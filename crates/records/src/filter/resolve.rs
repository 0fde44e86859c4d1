//! Fits a filter to its register: every name becomes a column of a known type, every value one of that type.

use std::ops::Range;

use indexmap::IndexMap;

use super::{
    Fault,
    literal::{self, Operand},
    syntax::{Expression, How, Literal, LiteralValue, Test},
};
use crate::{
    catalogue::{Field, FieldKind, Label, Register, closest},
    naming,
};

/// A filter in terms of columns.
#[derive(Debug, Clone)]
pub(super) enum Condition {
    And(Vec<Condition>),
    Or(Vec<Condition>),
    Not(Box<Condition>),
    /// Always or never.
    Constant(bool),
    Test {
        at: Place,
        check: Check,
    },
}

/// Where a column is, seen from the record that is filtered.
#[derive(Debug, Clone)]
pub(super) enum Place {
    /// On the record itself.
    Own,
    /// On the row that is summed.
    Row,
    /// On the record that the reference column leads to.
    Reference { column: String, on_row: bool, to: String },
    /// On any row of a child table.
    AnyRow { register: String, table: String },
}

/// What is asked of a column.
#[derive(Debug, Clone)]
pub(super) enum Check {
    Compare {
        column: String,
        operator: &'static str,
        value: Operand,
    },
    /// From the first, up to but without the second.
    Between {
        column: String,
        from: Operand,
        until: Operand,
    },
    In {
        column: String,
        values: Vec<Operand>,
    },
    /// A cell code or anything below it.
    Within {
        column: String,
        codes: Vec<String>,
    },
    /// Text that contains text.
    Contains {
        columns: Vec<String>,
        text: String,
    },
    /// A JSON list that holds one of these keys.
    HasKey {
        column: String,
        keys: Vec<String>,
    },
    /// A reference to a record with one of these numbers.
    Refers {
        column: String,
        to: String,
        numbers: Vec<String>,
    },
    Filled {
        columns: Vec<String>,
    },
    /// There is a row.
    AnyRow,
}

/// What a name means.
struct Named<'r> {
    place: Place,
    column: String,
    kind: Kind<'r>,
    personal: bool,
}

enum Kind<'r> {
    Field(&'r FieldKind),
    Number,
    State(Vec<&'r str>),
    Cell,
    Closed,
    Author,
    Moment,
    Version,
}

pub(super) struct Resolver<'r> {
    pub register: &'r Register,
    pub rows: Option<&'r str>,
    pub registers: &'r IndexMap<String, Register>,
}

impl<'r> Resolver<'r> {
    pub(super) fn condition(&self, expression: &Expression) -> Result<Condition, Fault> {
        Ok(match expression {
            Expression::And(parts) => Condition::And(self.conditions(parts)?),
            Expression::Or(parts) => Condition::Or(self.conditions(parts)?),
            Expression::Not(inner) => Condition::Not(Box::new(self.condition(inner)?)),
            Expression::Test(test) => self.test(test)?,
        })
    }

    fn conditions(&self, parts: &[Expression]) -> Result<Vec<Condition>, Fault> {
        parts.iter().map(|part| self.condition(part)).collect()
    }

    fn test(&self, test: &Test) -> Result<Condition, Fault> {
        let named = self.name(&test.name, &test.span)?;
        if named.personal && !matches!(test.how, How::Empty | How::Filled) {
            let remedy = Some("only “is empty” and “is filled” can be asked of it".to_owned());
            return Err(Fault::new(
                test.span.clone(),
                format!("“{}” is personal and stored encrypted", test.name),
                remedy,
            ));
        }
        if let Kind::Closed = named.kind {
            return self.closed(test, &named.place);
        }
        let check = self.check(test, &named)?;
        Ok(match check {
            Checked::Yes(check) => Condition::Test { at: named.place, check },
            Checked::No(check) => Condition::Not(Box::new(Condition::Test { at: named.place, check })),
        })
    }

    fn closed(&self, test: &Test, place: &Place) -> Result<Condition, Fault> {
        let wanted = match &test.how {
            How::Bare => true,
            How::Compare(operator @ ("=" | "!="), Literal { value: LiteralValue::Flag(flag), .. }) => {
                *flag == (*operator == "=")
            }
            _ => {
                let remedy = Some("write closed = true or closed = false".to_owned());
                return Err(Fault::new(test.operator.clone(), "“closed” is yes or no", remedy));
            }
        };
        let register = match place {
            Place::Reference { to, .. } => &self.registers[to.as_str()],
            _ => self.register,
        };
        let states = register.workflow.iter().flat_map(|workflow| &workflow.states);
        let closed: Vec<Operand> =
            states.filter(|(_, state)| state.closed).map(|(key, _)| Operand::Text(key.clone())).collect();
        let condition = match closed.is_empty() {
            true => Condition::Constant(false),
            false => Condition::Test { at: place.clone(), check: Check::In { column: "state".into(), values: closed } },
        };
        Ok(if wanted { condition } else { Condition::Not(Box::new(condition)) })
    }

    fn name(&self, name: &str, span: &Range<usize>) -> Result<Named<'r>, Fault> {
        let Some((first, second)) = name.split_once('.') else {
            return named_in(self.register, Place::Own, name, span);
        };
        let after = span.start + first.len() + 1..span.end;
        if second.contains('.') {
            let (table, rest) = (first, second.split_once('.').unwrap_or((second, "")));
            if let (Some(rows), true) = (self.row_fields(table), self.rows == Some(table))
                && let Some(Field { kind: FieldKind::Reference { to }, .. }) = rows.get(rest.0)
                && let Some(other) = self.registers.get(to)
            {
                let place = Place::Reference { column: rest.0.to_owned(), on_row: true, to: to.clone() };
                return named_in(other, place, rest.1, &after);
            }
            return Err(Fault::new(after, "a name goes one reference far, not two", None));
        }
        match self.register.fields.get(first).map(|field| &field.kind) {
            Some(FieldKind::Reference { to }) => {
                let Some(other) = self.registers.get(to) else {
                    return Err(Fault::new(
                        span.clone(),
                        format!("“{first}” refers to “{to}”, which is no register"),
                        None,
                    ));
                };
                let place = Place::Reference { column: first.to_owned(), on_row: false, to: to.clone() };
                named_in(other, place, second, &after)
            }
            Some(FieldKind::Table { fields }) => {
                let place = match self.rows == Some(first) {
                    true => Place::Row,
                    false => Place::AnyRow { register: self.register.key.clone(), table: first.to_owned() },
                };
                match fields.get(second) {
                    Some(field) => Ok(of_field(field, place)),
                    None => Err(unknown(second, &after, &format!("the table “{first}”"), fields.keys())),
                }
            }
            Some(_) => {
                let message = format!("“{first}” is neither a reference nor a table, so “{second}” cannot follow it");
                Err(Fault::new(span.clone(), message, None))
            }
            None => {
                let at = span.start..span.start + first.len();
                Err(unknown(first, &at, &format!("the register “{}”", self.register.key), self.register.fields.keys()))
            }
        }
    }

    fn row_fields(&self, table: &str) -> Option<&'r IndexMap<String, Field>> {
        match self.register.fields.get(table).map(|field| &field.kind) {
            Some(FieldKind::Table { fields }) => Some(fields),
            _ => None,
        }
    }

    fn check(&self, test: &Test, named: &Named<'r>) -> Result<Checked, Fault> {
        let column = || named.column.clone();
        match &test.how {
            How::Filled => return Ok(Checked::Yes(filled(named))),
            How::Empty => return Ok(Checked::No(filled(named))),
            How::Bare if !matches!(named.kind, Kind::Field(FieldKind::YesNo)) => {
                let message = format!("“{}” is not yes or no, so it needs an operator and a value", test.name);
                return Err(Fault::new(
                    test.span.clone(),
                    message,
                    Some(format!("for example: {} is filled", test.name)),
                ));
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
            Kind::Closed => Err(Fault::new(test.span.clone(), "“closed” cannot be asked of a row", None)),
            Kind::Field(kind) => self.check_field(test, named, kind),
        }
    }

    fn check_field(&self, test: &Test, named: &Named<'r>, kind: &'r FieldKind) -> Result<Checked, Fault> {
        let column = || named.column.clone();
        let choice = |literal: &Literal, choices: &IndexMap<String, Label>| {
            let keys: Vec<&str> = choices.keys().map(String::as_str).collect();
            literal::one_of(literal, &keys, "choice")
        };
        match kind {
            FieldKind::Text { .. }
            | FieldKind::LongText { .. }
            | FieldKind::Person
            | FieldKind::Phone
            | FieldKind::CreditCode => match &test.how {
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
                _ => {
                    Err(wrong_operator(test, "a place", "contains, is empty and is filled; ask “cell” for where it is"))
                }
            },
            FieldKind::Integer { .. } => scalar(test, column(), &|literal| literal::scaled(literal, 0)),
            FieldKind::Decimal { digits, .. } | FieldKind::Computed { digits, .. } => {
                scalar(test, column(), &|literal| literal::scaled(literal, *digits))
            }
            FieldKind::Money => scalar(test, column(), &|literal| literal::scaled(literal, 2)),
            FieldKind::Date => moment(test, column(), false),
            FieldKind::DateTime => moment(test, column(), true),
            FieldKind::YesNo => equality(test, column(), &|literal| {
                literal::flag(literal).map(|flag| Operand::Integer(i64::from(flag)))
            }),
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
                    _ => Err(wrong_operator(test, "a list of choices", "contains, in, is empty and is filled")),
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
                    _ => Err(wrong_operator(test, "a reference", "=, !=, in, is empty and is filled")),
                }
            }
            FieldKind::Line | FieldKind::Polygon | FieldKind::Attachment { .. } | FieldKind::Table { .. } => {
                Err(wrong_operator(test, &format!("a field of type {}", kind.name()), "is empty and is filled"))
            }
        }
    }
}

/// A check that must hold, or one that must not.
enum Checked {
    Yes(Check),
    No(Check),
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
        _ => Err(wrong_operator(test, "it", "= != < <= > >= in, is empty and is filled")),
    }
}

/// Values without an order.
fn equality(test: &Test, column: String, value: &dyn Fn(&Literal) -> Result<Operand, Fault>) -> Result<Checked, Fault> {
    match &test.how {
        How::Compare("=" | "!=", _) | How::In(_) => scalar(test, column, value),
        _ => Err(wrong_operator(test, "it", "=, !=, in, is empty and is filled")),
    }
}

fn cell(test: &Test, column: String) -> Result<Checked, Fault> {
    let texts = |literals: &[Literal]| literals.iter().map(literal::text).collect::<Result<Vec<String>, Fault>>();
    match &test.how {
        How::In(literals) => Ok(Checked::Yes(Check::Within { column, codes: texts(literals)? })),
        How::Compare("=", code) => Ok(Checked::Yes(compare(column, "=", Operand::Text(literal::text(code)?)))),
        How::Compare("!=", code) => Ok(Checked::No(compare(column, "=", Operand::Text(literal::text(code)?)))),
        _ => Err(wrong_operator(test, "a cell", "in (that cell or below), =, !=, is empty and is filled")),
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
        _ => return Err(wrong_operator(test, "a date", "= != < <= > >=, is empty and is filled")),
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

fn wrong_operator(test: &Test, what: &str, allowed: &str) -> Fault {
    let at = if test.operator.is_empty() { test.span.clone() } else { test.operator.clone() };
    Fault::new(at, format!("this operator cannot be used on “{}”", test.name), Some(format!("{what} takes {allowed}")))
}

fn named_in<'r>(register: &'r Register, place: Place, name: &str, span: &Range<usize>) -> Result<Named<'r>, Fault> {
    let system = |kind| Ok(Named { place: place.clone(), column: name.to_owned(), kind, personal: false });
    match name {
        "number" => system(Kind::Number),
        "state" | "closed" if register.workflow.is_none() => Err(Fault::new(
            span.clone(),
            format!("the register “{}” has no workflow, so no “{name}”", register.key),
            None,
        )),
        "state" => {
            let states = register.workflow.iter().flat_map(|workflow| workflow.states.keys().map(String::as_str));
            system(Kind::State(states.collect()))
        }
        "closed" => system(Kind::Closed),
        "cell" => system(Kind::Cell),
        "version" => system(Kind::Version),
        "created_by" | "changed_by" => system(Kind::Author),
        "created_at" | "changed_at" => system(Kind::Moment),
        _ => match register.fields.get(name) {
            Some(field) if matches!(field.kind, FieldKind::Table { .. }) && matches!(place, Place::Own) => {
                Ok(of_field(field, Place::AnyRow { register: register.key.clone(), table: name.to_owned() }))
            }
            Some(field) => Ok(of_field(field, place)),
            None => Err(unknown(name, span, &format!("the register “{}”", register.key), register.fields.keys())),
        },
    }
}

fn of_field(field: &Field, place: Place) -> Named<'_> {
    Named { place, column: naming::column(field), kind: Kind::Field(&field.kind), personal: field.personal }
}

fn unknown<'a>(name: &str, span: &Range<usize>, what: &str, known: impl Iterator<Item = &'a String>) -> Fault {
    let known: Vec<&str> = known.map(String::as_str).chain(["number", "state", "cell", "closed"]).collect();
    let remedy = match closest(name, known.iter().copied()) {
        Some(meant) => format!("did you mean “{meant}”?"),
        None => format!("known are: {}", known.join(", ")),
    };
    Fault::new(span.clone(), format!("{what} has no field “{name}”"), Some(remedy))
}
