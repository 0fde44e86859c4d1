//! Numbers as people write them, kept exactly: a decimal is a whole count of its last digit, never a float.

use std::fmt;

use serde_json::Value as Json;

use super::{
    refusal::{Refusal, shown},
    text,
};

/// A number with a fixed count of decimals, exact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Decimal {
    /// The number times ten to the power of `digits`.
    pub scaled: i64,
    /// Decimals.
    pub digits: u8,
}

impl Decimal {
    /// The external form.
    #[must_use]
    pub fn to_json(self) -> Json {
        if self.digits == 0 {
            return Json::from(self.scaled);
        }
        self.to_string().parse::<f64>().map_or(Json::Null, Json::from)
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.digits == 0 {
            return write!(f, "{}", self.scaled);
        }
        let sign = if self.scaled < 0 { "-" } else { "" };
        let unit = 10_u64.saturating_pow(u32::from(self.digits));
        let magnitude = self.scaled.unsigned_abs();
        let width = usize::from(self.digits);
        write!(f, "{sign}{}.{:0>width$}", magnitude / unit, magnitude % unit)
    }
}

pub(super) fn integer(json: &Json, min: Option<i64>, max: Option<i64>) -> Result<i64, Refusal> {
    let wrong = || Refusal::wrong_type("a whole number", json);
    let text = plain_digits(json).ok_or_else(wrong)?;
    let number = scale(&text, 0).map_err(|_| wrong())?;
    if let Some(min) = min.filter(|min| number < *min) {
        return Err(Refusal::TooSmall { found: number.to_string(), min: min.to_string() });
    }
    if let Some(max) = max.filter(|max| number > *max) {
        return Err(Refusal::TooLarge { found: number.to_string(), max: max.to_string() });
    }
    Ok(number)
}

pub(super) fn decimal(json: &Json, digits: u8, min: Option<f64>, max: Option<f64>) -> Result<Decimal, Refusal> {
    let wrong = || Refusal::wrong_type("a number", json);
    let text = plain_digits(json).ok_or_else(wrong)?;
    let scaled = scale(&text, digits).or_else(|fault| without_noise(&text, digits).ok_or(fault));
    let scaled = scaled.map_err(|fault| match fault {
        Scaling::TooManyDigits => Refusal::TooManyDigits { found: shown(json), digits },
        Scaling::TooLarge => {
            Refusal::TooLarge { found: shown(json), max: Decimal { scaled: i64::MAX, digits }.to_string() }
        }
    })?;
    let number: f64 = text.parse().map_err(|_| wrong())?;
    if let Some(min) = min.filter(|min| number < *min) {
        return Err(Refusal::TooSmall { found: text, min: min.to_string() });
    }
    if let Some(max) = max.filter(|max| number > *max) {
        return Err(Refusal::TooLarge { found: text, max: max.to_string() });
    }
    Ok(Decimal { scaled, digits })
}

/// The number written with an optional sign, digits and an optional point, or nothing if it is none.
fn plain_digits(json: &Json) -> Option<String> {
    let text = match json {
        Json::Number(number) => number.to_string(),
        Json::String(text) => text::typed(text).ok()?.replace(['−', '–'], "-"),
        _ => return None,
    };
    // An exponent is expanded by the shortest decimal form of the float, which is what the sender saw.
    let text = match text.contains(['e', 'E']) {
        true => format!("{}", text.parse::<f64>().ok().filter(|number| number.is_finite())?),
        false => text,
    };
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(&text);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    (digits(whole) && digits(fraction)).then(|| text.strip_prefix('+').unwrap_or(&text).to_owned())
}

/// A number with more digits than a binary fraction keeps, cut at fifteen as a spreadsheet shows it: 62.099999999999994 is 62.1.
fn without_noise(text: &str, digits: u8) -> Option<i64> {
    let significant = text.bytes().filter(u8::is_ascii_digit).skip_while(|digit| *digit == b'0').count();
    let number: f64 = text.parse().ok().filter(|_| significant > 15)?;
    let cut: f64 = format!("{number:.14e}").parse().ok()?;
    scale(&format!("{cut}"), digits).ok()
}

enum Scaling {
    TooManyDigits,
    TooLarge,
}

fn scale(text: &str, digits: u8) -> Result<i64, Scaling> {
    let (sign, text) = text.strip_prefix('-').map_or(("", text), |rest| ("-", rest));
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let fraction = fraction.trim_end_matches('0');
    if fraction.len() > usize::from(digits) {
        return Err(Scaling::TooManyDigits);
    }
    let width = usize::from(digits);
    format!("{sign}{whole}{fraction:0<width$}").parse().map_err(|_| Scaling::TooLarge)
}
