//! Computed fields: `units * price / 100`, `days_between(accepted_at, closed_at)`.
//!
//! Reckoned in exact fractions and rounded once, half to even (GB/T 8170), to the digits of the field.
//! A field that the formula needs and that is empty, or a division by zero, leaves the result empty.

use jiff::{Timestamp, civil::Date};
use serde_json::Value as Json;

use super::{codec, record::JsonMap};
use crate::catalogue::{Field, FieldKind};

/// Fills every computed field among `fields` anew.
pub(crate) fn fill<'f>(fields: impl Iterator<Item = &'f Field>, values: &mut JsonMap) {
    for field in fields {
        if let FieldKind::Computed { formula, digits, .. } = &field.kind {
            match evaluate(formula, values).and_then(|result| result.rounded(*digits)) {
                Some(number) => values.insert(field.key.clone(), codec::unscaled(number, *digits)),
                None => values.remove(&field.key),
            };
        }
    }
}

/// An exact fraction; the denominator is positive.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Fraction {
    top: i128,
    bottom: i128,
}

impl Fraction {
    fn new(top: i128, bottom: i128) -> Option<Self> {
        if bottom == 0 {
            return None;
        }
        let divisor = greatest_common_divisor(top.unsigned_abs(), bottom.unsigned_abs());
        let divisor = i128::try_from(divisor).ok()?.max(1) * bottom.signum();
        Some(Self { top: top / divisor, bottom: bottom / divisor })
    }

    fn add(self, other: Self) -> Option<Self> {
        let top = self.top.checked_mul(other.bottom)?.checked_add(other.top.checked_mul(self.bottom)?)?;
        Self::new(top, self.bottom.checked_mul(other.bottom)?)
    }

    fn times(self, other: Self) -> Option<Self> {
        Self::new(self.top.checked_mul(other.top)?, self.bottom.checked_mul(other.bottom)?)
    }

    fn negative(self) -> Self {
        Self { top: -self.top, bottom: self.bottom }
    }

    /// As a whole count of the last digit, half to even.
    fn rounded(self, digits: u8) -> Option<i64> {
        let top = self.top.checked_mul(10_i128.checked_pow(u32::from(digits))?)?;
        let (floor, rest) = (top.div_euclid(self.bottom), top.rem_euclid(self.bottom));
        let up = match (rest.checked_mul(2)?).cmp(&self.bottom) {
            std::cmp::Ordering::Less => 0,
            std::cmp::Ordering::Greater => 1,
            std::cmp::Ordering::Equal => floor.rem_euclid(2),
        };
        i64::try_from(floor + up).ok()
    }
}

fn greatest_common_divisor(mut a: u128, mut b: u128) -> u128 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

fn evaluate(formula: &str, values: &JsonMap) -> Option<Fraction> {
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

    fn sum(&mut self) -> Option<Fraction> {
        let mut sum = self.product()?;
        loop {
            if self.eat('+') {
                sum = sum.add(self.product()?)?;
            } else if self.eat('-') {
                sum = sum.add(self.product()?.negative())?;
            } else {
                return Some(sum);
            }
        }
    }

    fn product(&mut self) -> Option<Fraction> {
        let mut product = self.term()?;
        loop {
            if self.eat('*') {
                product = product.times(self.term()?)?;
            } else if self.eat('/') {
                let divisor = self.term()?;
                product = product.times(Fraction::new(divisor.bottom, divisor.top)?)?;
            } else {
                return Some(product);
            }
        }
    }

    fn term(&mut self) -> Option<Fraction> {
        if self.eat('-') {
            return self.term().map(Fraction::negative);
        }
        if self.eat('(') {
            let inner = self.sum()?;
            return self.eat(')').then_some(inner);
        }
        self.rest = self.rest.trim_start();
        if self.rest.starts_with(|character: char| character.is_ascii_digit()) {
            return decimal(self.word(|character| character.is_ascii_digit() || character == '.'));
        }
        let name = self.word(|character| character.is_ascii_alphanumeric() || character == '_');
        if name == "days_between" {
            return self.days();
        }
        match self.values.get(name)? {
            Json::Number(number) => decimal(&number.to_string()),
            Json::Bool(yes) => Fraction::new(i128::from(*yes), 1),
            _ => None,
        }
    }

    fn days(&mut self) -> Option<Fraction> {
        let mut day = |open: char, close: char| {
            let opened = self.eat(open);
            self.rest = self.rest.trim_start();
            let name = self.word(|character| character.is_ascii_alphanumeric() || character == '_');
            let closed = close == ',' || self.eat(close);
            let day = calendar_day(self.values.get(name)?.as_str()?);
            (opened && closed).then_some(day).flatten()
        };
        let (from, to) = (day('(', ',')?, day(',', ')')?);
        let days = (to - from).get_days();
        Fraction::new(i128::from(days), 1)
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

fn decimal(text: &str) -> Option<Fraction> {
    if text.contains(['e', 'E']) {
        return decimal(&format!("{}", text.parse::<f64>().ok()?));
    }
    let (negative, text) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let top: i128 = format!("{whole}{fraction}").parse().ok()?;
    let bottom = 10_i128.checked_pow(u32::try_from(fraction.len()).ok()?)?;
    Fraction::new(if negative { -top } else { top }, bottom)
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use test_case::test_case;

    use super::*;

    #[test_case("a * b / 100", 1, Some(4); "product and quotient: 0.35 to one digit goes to the even side")]
    #[test_case("a - (b + 1) * 2", 0, Some(-5); "brackets and order")]
    #[test_case("a / zero", 2, None; "division by zero is no value")]
    #[test_case("a + empty", 2, None; "an empty field is no value")]
    #[test_case("days_between(from, to)", 0, Some(2); "days across the end of February in a leap year")]
    #[test_case("days_between( from , late )", 0, Some(1); "an instant counts as its Beijing day")]
    fn a_formula_is_reckoned_exactly(formula: &str, digits: u8, expected: Option<i64>) {
        let values = json!({
            "a": 7, "b": 5, "zero": 0, "from": "2020-02-28", "to": "2020-03-01", "late": "2020-02-29T00:30:00+08:00",
        });
        let Json::Object(values) = values else { unreachable!() };
        assert_eq!(evaluate(formula, &values).and_then(|result| result.rounded(digits)), expected);
    }
}
