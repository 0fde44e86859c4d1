//! Computed fields: `units * price / 100`, `days_between(accepted_at, closed_at)`.
//!
//! Reckoned in exact fractions and rounded once, half to even (GB/T 8170), to the digits of the field.
//! A field that the formula needs and that is empty, or a division by zero, leaves the result empty.

use bilan_standards::rounding::Rational;
use jiff::{Timestamp, civil::Date};
use serde_json::Value as Json;

use super::{codec, record::JsonMap};
use crate::catalogue::{Field, FieldKind};

/// Fills every computed field among `fields` anew.
pub(crate) fn fill<'f>(fields: impl Iterator<Item = &'f Field>, values: &mut JsonMap) {
    for field in fields {
        if let FieldKind::Computed { formula, digits, .. } = &field.kind {
            match evaluate(formula, values).and_then(|result| rounded(result, *digits)) {
                Some(number) => values.insert(field.key.clone(), codec::unscaled(number, *digits)),
                None => values.remove(&field.key),
            };
        }
    }
}

/// As a whole count of the last digit, half to even.
fn rounded(result: Rational, digits: u8) -> Option<i64> {
    i64::try_from(result.checked_rounded(digits.into())?).ok()
}

fn evaluate(formula: &str, values: &JsonMap) -> Option<Rational> {
    let mut reader = Reader { rest: formula, values };
    let result = reader.sum()?;
    reader.rest.trim().is_empty().then_some(result)
}

/// A recursive-descent reader of the formula; the formula itself was checked when its file was read.
struct Reader<'a> {
    rest: &'a str,
    values: &'a JsonMap,
}

impl<'a> Reader<'a> {
    fn eat(&mut self, token: char) -> bool {
        self.rest = self.rest.trim_start();
        match self.rest.strip_prefix(token) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn sum(&mut self) -> Option<Rational> {
        let mut sum = self.product()?;
        loop {
            if self.eat('+') {
                sum = sum.checked_add(self.product()?)?;
            } else if self.eat('-') {
                sum = sum.checked_sub(self.product()?)?;
            } else {
                return Some(sum);
            }
        }
    }

    fn product(&mut self) -> Option<Rational> {
        let mut product = self.term()?;
        loop {
            if self.eat('*') {
                product = product.checked_mul(self.term()?)?;
            } else if self.eat('/') {
                product = product.checked_div(self.term()?)?;
            } else {
                return Some(product);
            }
        }
    }

    fn term(&mut self) -> Option<Rational> {
        if self.eat('-') {
            return self.term()?.checked_neg();
        }
        if self.eat('(') {
            let inner = self.sum()?;
            return self.eat(')').then_some(inner);
        }
        self.rest = self.rest.trim_start();
        if self.rest.starts_with(|character: char| character.is_ascii_digit()) {
            return self.word(|character| character.is_ascii_digit() || character == '.').parse().ok();
        }
        let name = self.word(|character| character.is_ascii_alphanumeric() || character == '_');
        if name == "days_between" {
            return self.days();
        }
        match self.values.get(name)? {
            Json::Number(number) => match number.as_i64() {
                Some(whole) => Some(Rational::whole(whole)),
                // Written out without an exponent, as the shortest decimal that reads back as the same number.
                None => number.as_f64()?.to_string().parse().ok(),
            },
            Json::Bool(yes) => Some(Rational::whole((*yes).into())),
            _ => None,
        }
    }

    fn days(&mut self) -> Option<Rational> {
        let mut day = |open: char, close: char| {
            let opened = self.eat(open);
            self.rest = self.rest.trim_start();
            let name = self.word(|character| character.is_ascii_alphanumeric() || character == '_');
            let closed = close == ',' || self.eat(close);
            let day = calendar_day(self.values.get(name)?.as_str()?);
            (opened && closed).then_some(day).flatten()
        };
        let (from, to) = (day('(', ',')?, day(',', ')')?);
        Some(Rational::whole((to - from).get_days().into()))
    }

    fn word(&mut self, belongs: impl Fn(char) -> bool) -> &'a str {
        let end = self.rest.find(|character| !belongs(character)).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        word
    }
}

/// The Beijing day of a date or an instant in external form.
pub(crate) fn calendar_day(text: &str) -> Option<Date> {
    if text.len() > 10 { text.parse::<Timestamp>().ok().map(codec::beijing_day) } else { text.parse().ok() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use test_case::test_case;

    use super::*;

    #[test_case("a * b / 100", 1, Some(4); "product and quotient: 0.35 to one digit goes to the even side")]
    #[test_case("a - (b + 1) * 2", 0, Some(-5); "brackets and order")]
    #[test_case("-(a - 0.5) * yes", 1, Some(-65); "sign, literal, and yes as one")]
    #[test_case("small * 1000000", 3, Some(1500); "a small decimal that JSON writes with an exponent")]
    #[test_case("long - 1", 0, Some(1_234_567_890_123_456_788); "a whole number of nineteen digits")]
    #[test_case("long * long * long", 0, None; "too large is no value")]
    #[test_case("a / zero", 2, None; "division by zero is no value")]
    #[test_case("a + empty", 2, None; "an empty field is no value")]
    #[test_case("days_between(from, to)", 0, Some(2); "days across the end of February in a leap year")]
    #[test_case("days_between( from , late )", 0, Some(1); "an instant counts as its Beijing day")]
    fn a_formula_is_reckoned_exactly(formula: &str, digits: u8, expected: Option<i64>) {
        let values = json!({
            "a": 7, "b": 5, "zero": 0, "yes": true, "small": 0.000_001_5, "long": 1_234_567_890_123_456_789_i64, "from": "2020-02-28", "to": "2020-03-01", "late": "2020-02-29T00:30:00+08:00",
        });
        let Json::Object(values) = values else { unreachable!() };
        assert_eq!(evaluate(formula, &values).and_then(|result| rounded(result, digits)), expected);
    }
}
