//! Formulas of computed fields: `units * price / 100`, `days_between(began_on, ended_on)`.

use std::ops::Range;

/// What is wrong with a formula, and where in it.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{message}")]
pub(super) struct FormulaError {
    /// What is wrong.
    pub message: String,
    /// Bytes of the formula.
    pub span: Range<usize>,
}

/// A name in a formula and how it is used.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct FormulaName {
    pub name: String,
    pub span: Range<usize>,
    /// It must be a date rather than a number.
    pub date: bool,
}

/// Reads a formula and gives the fields it names; the ledger reckons with it.
///
/// # Errors
/// The first place at which it is no formula.
pub(super) fn names(text: &str) -> Result<Vec<FormulaName>, FormulaError> {
    let mut parser = Parser { text, at: 0, names: Vec::new(), depth: 0 };
    parser.sum()?;
    parser.space();
    if parser.at < text.len() {
        return Err(parser.unexpected("an operator (+ - * /)"));
    }
    Ok(parser.names)
}

struct Parser<'t> {
    text: &'t str,
    at: usize,
    names: Vec<FormulaName>,
    depth: u8,
}

impl<'t> Parser<'t> {
    fn space(&mut self) {
        let rest = &self.text[self.at..];
        self.at += rest.len() - rest.trim_start().len();
    }

    fn peek(&mut self) -> Option<char> {
        self.space();
        self.text[self.at..].chars().next()
    }

    fn eat(&mut self, wanted: char) -> bool {
        let there = self.peek() == Some(wanted);
        if there {
            self.at += wanted.len_utf8();
        }
        there
    }

    fn unexpected(&mut self, wanted: &str) -> FormulaError {
        match self.peek() {
            Some(found) => FormulaError {
                message: format!("the formula has “{found}” where {wanted} belongs"),
                span: self.at..self.at + found.len_utf8(),
            },
            None => FormulaError {
                message: format!("the formula ends where {wanted} belongs"),
                span: self.text.len().saturating_sub(1)..self.text.len(),
            },
        }
    }

    fn sum(&mut self) -> Result<(), FormulaError> {
        self.product()?;
        while let Some('+' | '-') = self.peek() {
            self.at += 1;
            self.product()?;
        }
        Ok(())
    }

    fn product(&mut self) -> Result<(), FormulaError> {
        self.atom()?;
        while let Some('*' | '/') = self.peek() {
            self.at += 1;
            self.atom()?;
        }
        Ok(())
    }

    fn atom(&mut self) -> Result<(), FormulaError> {
        self.depth += 1;
        if self.depth > 32 {
            return Err(FormulaError { message: "the formula is nested too deeply".into(), span: self.at..self.at });
        }
        match self.peek() {
            Some('(') => {
                self.at += 1;
                self.sum()?;
                self.expect(')')?;
            }
            Some('-') => {
                self.at += 1;
                self.atom()?;
            }
            Some(first) if first.is_ascii_digit() => {
                let word = self.run(|c| c.is_ascii_digit() || c == '.');
                if self.text[word.clone()].parse::<f64>().is_err() {
                    return Err(FormulaError { message: "this is not a number".into(), span: word });
                }
            }
            Some(first) if first.is_ascii_lowercase() => self.named()?,
            _ => return Err(self.unexpected("a field, a number or “(”")),
        }
        self.depth -= 1;
        Ok(())
    }

    fn named(&mut self) -> Result<(), FormulaError> {
        let word = self.word();
        let name = &self.text[word.clone()];
        if !self.eat('(') {
            self.names.push(FormulaName { name: name.to_owned(), span: word, date: false });
            return Ok(());
        }
        if name != "days_between" {
            let message = format!("there is no function “{name}”; the only one is days_between(from, to)");
            return Err(FormulaError { message, span: word });
        }
        self.date()?;
        self.expect(',')?;
        self.date()?;
        self.expect(')')
    }

    fn date(&mut self) -> Result<(), FormulaError> {
        if !self.peek().is_some_and(|first| first.is_ascii_lowercase()) {
            return Err(self.unexpected("a date field"));
        }
        let word = self.word();
        self.names.push(FormulaName { name: self.text[word.clone()].to_owned(), span: word, date: true });
        Ok(())
    }

    fn expect(&mut self, wanted: char) -> Result<(), FormulaError> {
        if self.eat(wanted) { Ok(()) } else { Err(self.unexpected(&format!("“{wanted}”"))) }
    }

    fn word(&mut self) -> Range<usize> {
        self.run(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
    }

    fn run(&mut self, belongs: impl Fn(char) -> bool) -> Range<usize> {
        self.space();
        let rest = &self.text[self.at..];
        let length = rest.find(|c| !belongs(c)).unwrap_or(rest.len());
        let run = self.at..self.at + length;
        self.at = run.end;
        run
    }
}

#[cfg(test)]
mod tests {
    use test_case::test_case;

    use super::*;

    #[test]
    fn the_fields_of_a_formula_are_found_with_their_use() {
        let found = names("(units - 1) * price / days_between(began_on, ended_on)").unwrap();
        let found: Vec<(&str, bool)> = found.iter().map(|name| (name.name.as_str(), name.date)).collect();
        assert_eq!(found, [("units", false), ("price", false), ("began_on", true), ("ended_on", true)]);
    }

    #[test_case("a +", "the formula ends where a field, a number or “(” belongs", 2; "unfinished")]
    #[test_case("a b", "the formula has “b” where an operator (+ - * /) belongs", 2; "no operator")]
    #[test_case("round(a)", "there is no function “round”; the only one is days_between(from, to)", 0; "function")]
    #[test_case("1.2.3", "this is not a number", 0; "two points")]
    fn a_wrong_formula_says_where(text: &str, message: &str, at: usize) {
        let error = names(text).unwrap_err();
        assert_eq!((error.message.as_str(), error.span.start), (message, at));
    }
}
