//! A filter said in words, with the names of fields and choices instead of their keys: 类别为“噪声”且受理时间已填写.

use indexmap::IndexMap;

use super::{
    Filter,
    syntax::{self, Expression, How, Literal, LiteralValue, Test},
};
use crate::{
    catalogue::{Catalogue, Field, FieldKind, Label, Register, Workflow},
    value::Language,
};

impl Filter {
    /// The filter as people say it.
    #[must_use]
    pub fn words(&self, catalogue: &Catalogue, language: Language) -> String {
        let expression = syntax::parse(&self.text).ok();
        let (Some(expression), Some(register)) = (expression, catalogue.registers.get(&self.register)) else {
            return self.text.clone();
        };
        Speaker { catalogue, register, rows: self.rows.as_deref(), language }.say(&expression, false)
    }
}

struct Speaker<'c> {
    catalogue: &'c Catalogue,
    register: &'c Register,
    rows: Option<&'c str>,
    language: Language,
}

/// What a name means, as far as words need it.
struct Named<'c> {
    words: String,
    meaning: Meaning<'c>,
}

enum Meaning<'c> {
    Field(&'c FieldKind),
    State(&'c Workflow),
    Cell,
    Closed,
    Other,
}

impl<'c> Speaker<'c> {
    fn pick(&self, zh: &'static str, en: &'static str) -> &'static str {
        match self.language {
            Language::Chinese => zh,
            Language::English => en,
        }
    }

    fn quoted(&self, text: &str) -> String {
        format!("“{text}”")
    }

    fn say(&self, expression: &Expression, inner: bool) -> String {
        let joined = |parts: &[Expression], word: &str| {
            let parts: Vec<String> = parts.iter().map(|part| self.say(part, true)).collect();
            let text = parts.join(word);
            match (inner, self.language) {
                (false, _) => text,
                (true, Language::Chinese) => format!("（{text}）"),
                (true, Language::English) => format!("({text})"),
            }
        };
        match expression {
            Expression::And(parts) => joined(parts, self.pick("，且", " and ")),
            Expression::Or(parts) => joined(parts, self.pick("，或", " or ")),
            Expression::Not(part) => match part.as_ref() {
                Expression::Test(test) => self.test(test, true),
                part => format!("{}{}", self.pick("并非", "not "), self.say(part, true)),
            },
            Expression::Test(test) => self.test(test, false),
        }
    }

    fn test(&self, test: &Test, negated: bool) -> String {
        let named = self.name(&test.name);
        let words = &named.words;
        let value = |literal: &Literal| self.value(&named, literal);
        if let Meaning::Closed = named.meaning {
            let closed = !matches!(&test.how, How::Compare("=", Literal { value: LiteralValue::Flag(false), .. }));
            return self
                .pick(
                    if closed != negated { "已办结" } else { "未办结" },
                    if closed != negated { "closed" } else { "not closed" },
                )
                .to_owned();
        }
        match &test.how {
            How::Compare(operator, literal) => {
                format!("{words}{}{}", self.operator(operator, negated), value(literal))
            }
            How::In(literals) if literals.len() == 1 && matches!(named.meaning, Meaning::Cell) => {
                format!("{words}{}{}", self.is_in(negated), value(&literals[0]))
            }
            How::In(literals) => {
                let values: Vec<String> = literals.iter().map(value).collect();
                let values = values.join(self.pick("、", ", "));
                match self.language {
                    Language::Chinese => format!("{words}{}{values}之一", if negated { "不是" } else { "为" }),
                    Language::English => {
                        format!("{words} is {} of {values}", if negated { "none" } else { "one" })
                    }
                }
            }
            How::Contains(literal) => {
                let verb = match negated {
                    false => self.pick("含", " contains "),
                    true => self.pick("不含", " does not contain "),
                };
                format!("{words}{verb}{}", value(literal))
            }
            How::Empty | How::Filled => {
                let filled = matches!(test.how, How::Filled) != negated;
                let state = match filled {
                    true => self.pick("已填写", " is filled"),
                    false => self.pick("为空", " is empty"),
                };
                format!("{words}{state}")
            }
            How::Bare => {
                let yes = match negated {
                    false => self.pick("为“是”", " is yes"),
                    true => self.pick("不为“是”", " is not yes"),
                };
                format!("{words}{yes}")
            }
        }
    }

    fn is_in(&self, negated: bool) -> &'static str {
        match negated {
            false => self.pick("在", " lies in "),
            true => self.pick("不在", " does not lie in "),
        }
    }

    fn operator(&self, operator: &str, negated: bool) -> &'static str {
        match (operator, negated) {
            ("=", false) | ("!=", true) => self.pick("为", " is "),
            ("=", true) | ("!=", false) => self.pick("不为", " is not "),
            ("<", false) | (">=", true) => self.pick("小于", " < "),
            ("<=", false) | (">", true) => self.pick("不大于", " ≤ "),
            (">", false) | ("<=", true) => self.pick("大于", " > "),
            _ => self.pick("不小于", " ≥ "),
        }
    }

    fn value(&self, named: &Named<'_>, literal: &Literal) -> String {
        let text = match &literal.value {
            LiteralValue::Flag(true) => return self.pick("“是”", "yes").to_owned(),
            LiteralValue::Flag(false) => return self.pick("“否”", "no").to_owned(),
            LiteralValue::Number(number) => return self.with_unit(named, number),
            LiteralValue::Text(text) => text,
        };
        let label = |label: Option<&Label>| self.quoted(label.map_or(text, |label| label.text(self.language)));
        match named.meaning {
            Meaning::Field(FieldKind::Choice { choices } | FieldKind::Choices { choices }) => label(choices.get(text)),
            Meaning::State(workflow) => label(workflow.states.get(text).map(|state| &state.label)),
            Meaning::Cell => label(self.catalogue.district.cells.get(text).map(|cell| &cell.name)),
            Meaning::Field(FieldKind::Date | FieldKind::DateTime) => text.clone(),
            _ => self.quoted(text),
        }
    }

    fn with_unit(&self, named: &Named<'_>, number: &str) -> String {
        match named.meaning {
            Meaning::Field(
                FieldKind::Integer { unit: Some(unit), .. }
                | FieldKind::Decimal { unit: Some(unit), .. }
                | FieldKind::Computed { unit: Some(unit), .. },
            ) => format!("{number} {}", self.language.unit(unit)),
            _ => number.to_owned(),
        }
    }

    fn name(&self, name: &str) -> Named<'c> {
        let Some((first, second)) = name.split_once('.') else { return self.named_in(self.register, name) };
        match self.register.fields.get(first) {
            Some(Field { kind: FieldKind::Reference { to }, label, .. }) => self.across(label, to, second),
            Some(Field { kind: FieldKind::Table { fields }, label, .. }) => {
                let of_row = self.in_row(fields, second);
                if self.rows == Some(first) {
                    return of_row;
                }
                Named { words: self.of(label, &of_row.words), ..of_row }
            }
            _ => Named { words: name.to_owned(), meaning: Meaning::Other },
        }
    }

    fn in_row(&self, fields: &'c IndexMap<String, Field>, name: &str) -> Named<'c> {
        if let Some((reference, rest)) = name.split_once('.')
            && let Some(Field { kind: FieldKind::Reference { to }, label, .. }) = fields.get(reference)
        {
            return self.across(label, to, rest);
        }
        self.of_field(fields.get(name), name)
    }

    fn across(&self, label: &Label, to: &str, name: &str) -> Named<'c> {
        let Some(other) = self.catalogue.registers.get(to) else {
            return Named { words: name.to_owned(), meaning: Meaning::Other };
        };
        let named = self.named_in(other, name);
        Named { words: self.of(label, &named.words), ..named }
    }

    fn of(&self, whole: &Label, part: &str) -> String {
        match self.language {
            Language::Chinese => format!("{}的{part}", whole.zh),
            Language::English => format!("{part} of {}", whole.en),
        }
    }

    fn of_field(&self, field: Option<&'c Field>, name: &str) -> Named<'c> {
        match field {
            Some(field) => {
                Named { words: field.label.text(self.language).to_owned(), meaning: Meaning::Field(&field.kind) }
            }
            None => Named { words: name.to_owned(), meaning: Meaning::Other },
        }
    }

    fn named_in(&self, register: &'c Register, name: &str) -> Named<'c> {
        let (words, meaning) = match (name, &register.workflow) {
            ("number", _) => (self.pick("编号", "number"), Meaning::Other),
            ("state", Some(workflow)) => (self.pick("状态", "state"), Meaning::State(workflow)),
            ("cell", _) => (self.pick("所在网格", "cell"), Meaning::Cell),
            ("closed", _) => ("", Meaning::Closed),
            ("version", _) => (self.pick("版本", "version"), Meaning::Other),
            ("created_at", _) => (self.pick("录入时间", "entered at"), Meaning::Field(&FieldKind::DateTime)),
            ("changed_at", _) => (self.pick("修改时间", "changed at"), Meaning::Field(&FieldKind::DateTime)),
            ("created_by", _) => (self.pick("录入人", "entered by"), Meaning::Other),
            ("changed_by", _) => (self.pick("修改人", "changed by"), Meaning::Other),
            _ => return self.of_field(register.fields.get(name), name),
        };
        Named { words: words.to_owned(), meaning }
    }
}
