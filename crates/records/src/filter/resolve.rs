//! Fits a filter to its register: every name becomes a column of a known type, every value one of that type.

use indexmap::IndexMap;

use super::{
    Fault, both,
    checks::{Checked, check},
    condition::{Check, Condition, Place},
    literal::Operand,
    names::Kind,
    syntax::{Expression, How, Literal, LiteralValue, Test},
};
use crate::{
    catalogue::{FieldKind, Register},
    value::Language,
};

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
        if (named.personal || named.withheld) && !matches!(test.how, How::Empty | How::Filled) {
            let remedy =
                both("只能问是否为空（is empty、is filled）", "only “is empty” and “is filled” can be asked of it");
            let message = match named.withheld {
                true => {
                    let [zh, en] =
                        [Language::Chinese, Language::English].map(|language| self.called(&test.name, language));
                    both(format!("“{zh}”不向任何人显示"), format!("“{en}” is kept from everybody"))
                }
                false => both(
                    format!("“{}”是加密保存的个人信息", self.called(&test.name, Language::Chinese)),
                    format!("“{}” is personal and stored encrypted", self.called(&test.name, Language::English)),
                ),
            };
            return Err(Fault::new(test.span.clone(), message, Some(remedy)));
        }
        if let Kind::Closed = named.kind {
            return self.closed(test, &named.place);
        }
        let check = check(test, &named)?;
        Ok(match check {
            Checked::Yes(check) => Condition::Test { at: named.place, check },
            Checked::No(check) => Condition::Not(Box::new(Condition::Test { at: named.place, check })),
        })
    }

    /// What a field is called on the pages.
    fn called<'n>(&'n self, name: &'n str, language: Language) -> &'n str {
        let (register, key) = match name.split_once('.') {
            Some((first, rest)) => match self.register.fields.get(first).map(|field| &field.kind) {
                Some(FieldKind::Reference { to }) => (self.registers.get(to), rest),
                _ => (None, rest),
            },
            None => (Some(self.register), name),
        };
        register.and_then(|register| register.fields.get(key)).map_or(name, |field| field.label.text(language))
    }

    fn closed(&self, test: &Test, place: &Place) -> Result<Condition, Fault> {
        let wanted = match &test.how {
            How::Bare => true,
            How::Compare(operator @ ("=" | "!="), Literal { value: LiteralValue::Flag(flag), .. }) => {
                *flag == (*operator == "=")
            }
            _ => {
                let remedy = both("请写 closed = true 或 closed = false", "write closed = true or closed = false");
                let message = both("“closed”（已办结）只有是与否", "“closed” is yes or no");
                return Err(Fault::new(test.operator.clone(), message, Some(remedy)));
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
}
