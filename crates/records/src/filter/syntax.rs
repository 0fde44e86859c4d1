//! Grammar of the filter language: a list of words becomes a tree of conditions on names.

use std::ops::Range;

use crate::catalogue::Label;

use super::{
    Fault, both,
    lexer::{self, Token, Word},
};

#[derive(Debug, Clone)]
pub(super) enum Expression {
    And(Vec<Expression>),
    Or(Vec<Expression>),
    Not(Box<Expression>),
    Test(Test),
}

/// One condition on one name.
#[derive(Debug, Clone)]
pub(super) struct Test {
    pub name: String,
    pub span: Range<usize>,
    pub how: How,
    /// Where the operator stands.
    pub operator: Range<usize>,
}

#[derive(Debug, Clone)]
pub(super) enum How {
    Compare(&'static str, Literal),
    In(Vec<Literal>),
    Contains(Literal),
    Empty,
    Filled,
    /// A bare name: a yes-or-no field that is true.
    Bare,
}

#[derive(Debug, Clone)]
pub(super) struct Literal {
    pub value: LiteralValue,
    pub span: Range<usize>,
}

#[derive(Debug, Clone)]
pub(super) enum LiteralValue {
    Text(String),
    Number(String),
    Flag(bool),
}

/// Deepest nesting of parentheses and `not`: more is an attack, not a filter.
const DEEPEST: usize = 40;
/// Longest filter in words.
const LONGEST: usize = 2000;

fn operators() -> Label {
    both(
        "运算符 = != < <= > >= in contains “is empty” “is filled” 之一",
        "one of = != < <= > >= in contains “is empty” “is filled”",
    )
}

pub(super) fn parse(text: &str) -> Result<Expression, Fault> {
    let tokens = lexer::tokens(text)?;
    if tokens.len() > LONGEST {
        let message = both(format!("筛选条件超过{LONGEST}个词"), format!("the filter has more than {LONGEST} words"));
        return Err(Fault::new(0..text.len(), message, None));
    }
    if tokens.is_empty() {
        let remedy = both("请留空不填，或写一个条件", "leave it out, or write a condition");
        return Err(Fault::new(0..0, both("筛选条件是空的", "the filter is empty"), Some(remedy)));
    }
    let mut parser = Parser { tokens, at: 0, end: text.len(), depth: 0 };
    let expression = parser.any()?;
    match parser.tokens.get(parser.at) {
        None => Ok(expression),
        Some(_) => Err(parser.unexpected(&both("“and”或“or”", "“and” or “or”"))),
    }
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
    end: usize,
    depth: usize,
}

impl Parser {
    fn next_is(&self, keyword: &str) -> bool {
        matches!(self.tokens.get(self.at), Some(Token { word: Word::Name(name), .. }) if name == keyword)
    }

    fn eat(&mut self, keyword: &str) -> bool {
        let there = self.next_is(keyword);
        self.at += usize::from(there);
        there
    }

    fn eat_word(&mut self, word: &Word) -> bool {
        let there = self.tokens.get(self.at).is_some_and(|token| token.word == *word);
        self.at += usize::from(there);
        there
    }

    fn unexpected(&self, wanted: &Label) -> Fault {
        let Label { zh, en } = wanted;
        match self.tokens.get(self.at) {
            Some(token) => {
                Fault::new(token.span.clone(), both(format!("此处应为{zh}"), format!("{en} belongs here")), None)
            }
            None => {
                let message =
                    both(format!("条件没有写完，末尾还缺{zh}"), format!("the filter ends where {en} belongs"));
                Fault::new(self.end..self.end, message, None)
            }
        }
    }

    fn any(&mut self) -> Result<Expression, Fault> {
        let mut parts = vec![self.all()?];
        while self.eat("or") {
            parts.push(self.all()?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Expression::Or(parts) })
    }

    fn all(&mut self) -> Result<Expression, Fault> {
        let mut parts = vec![self.one()?];
        while self.eat("and") {
            parts.push(self.one()?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Expression::And(parts) })
    }

    fn one(&mut self) -> Result<Expression, Fault> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(self.unexpected(&both(
                "嵌套较少的条件（现在嵌套过深）",
                "a flatter filter: it is nested too deeply, and nothing more",
            )));
        }
        let expression = if self.eat("not") {
            Expression::Not(Box::new(self.one()?))
        } else if self.eat_word(&Word::Open) {
            let inner = self.any()?;
            if !self.eat_word(&Word::Close) {
                return Err(self.unexpected(&both("“)”、“and”或“or”", "“)”, “and” or “or”")));
            }
            inner
        } else {
            self.test()?
        };
        self.depth -= 1;
        Ok(expression)
    }

    fn test(&mut self) -> Result<Expression, Fault> {
        let Some(Token { word: Word::Name(name), span }) = self.tokens.get(self.at).cloned() else {
            return Err(self.unexpected(&both("字段名称", "the name of a field")));
        };
        self.at += 1;
        let operator = self.tokens.get(self.at).map_or(self.end..self.end, |token| token.span.clone());
        let (negated, how) = self.how()?;
        let test = Expression::Test(Test { name, span, how, operator });
        Ok(if negated { Expression::Not(Box::new(test)) } else { test })
    }

    fn how(&mut self) -> Result<(bool, How), Fault> {
        let word = self.tokens.get(self.at).map(|token| token.word.clone());
        match word {
            Some(Word::Operator(operator)) => {
                self.at += 1;
                Ok((false, How::Compare(operator, self.literal()?)))
            }
            Some(Word::Name(name)) => match name.as_str() {
                "and" | "or" => Ok((false, How::Bare)),
                "is" => {
                    self.at += 1;
                    if self.eat("empty") {
                        Ok((false, How::Empty))
                    } else if self.eat("filled") {
                        Ok((false, How::Filled))
                    } else {
                        Err(self.unexpected(&both("“empty”或“filled”", "“empty” or “filled”")))
                    }
                }
                "not" => {
                    self.at += 1;
                    match self.how()? {
                        (false, how @ (How::In(_) | How::Contains(_))) => Ok((true, how)),
                        _ => Err(self.unexpected(&both("“not”后的“in”或“contains”", "“in” or “contains” after “not”"))),
                    }
                }
                "in" => {
                    self.at += 1;
                    Ok((false, How::In(self.list()?)))
                }
                "contains" => {
                    self.at += 1;
                    Ok((false, How::Contains(self.literal()?)))
                }
                _ => Err(self.unexpected(&operators())),
            },
            Some(Word::Close) | None => Ok((false, How::Bare)),
            Some(_) => Err(self.unexpected(&operators())),
        }
    }

    fn list(&mut self) -> Result<Vec<Literal>, Fault> {
        if !self.eat_word(&Word::Open) {
            return Ok(vec![self.literal()?]);
        }
        let mut items = vec![self.literal()?];
        while self.eat_word(&Word::Comma) {
            items.push(self.literal()?);
        }
        if self.eat_word(&Word::Close) {
            Ok(items)
        } else {
            Err(self.unexpected(&both("“,”或“)”", "“,” or “)”")))
        }
    }

    fn literal(&mut self) -> Result<Literal, Fault> {
        let Some(token) = self.tokens.get(self.at).cloned() else {
            return Err(self.unexpected(&both("一个值", "a value")));
        };
        let value = match token.word {
            Word::Text(text) => LiteralValue::Text(text),
            Word::Number(number) => LiteralValue::Number(number),
            Word::Name(name) if name == "true" || name == "是" => LiteralValue::Flag(true),
            Word::Name(name) if name == "false" || name == "否" => LiteralValue::Flag(false),
            Word::Name(name) => {
                let remedy = both(format!("文字请加引号：\"{name}\""), format!("write text in quotes: \"{name}\""));
                let message = both(format!("“{name}”不是值"), format!("“{name}” is not a value"));
                return Err(Fault::new(token.span, message, Some(remedy)));
            }
            _ => return Err(self.unexpected(&both("一个值", "a value"))),
        };
        self.at += 1;
        Ok(Literal { value, span: token.span })
    }
}
