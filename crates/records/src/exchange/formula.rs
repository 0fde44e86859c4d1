//! Text in a CSV file that a spreadsheet would take for a formula.
//!
//! Excel, WPS and LibreOffice evaluate a cell that begins with `=`, `+`, `-`, `@`, a tab or a carriage return, and what a stranger wrote may
//! then call programs or addresses. An apostrophe before it makes it text; reading the file takes the apostrophe away again.

use std::borrow::Cow;

/// The text as a cell of CSV; one that a spreadsheet would evaluate gets an apostrophe. Negative numbers stay numbers.
#[must_use]
pub fn neutralised(text: &str) -> Cow<'_, str> {
    if is_evaluated(text) { format!("'{text}").into() } else { text.into() }
}

/// The text that [`neutralised`] was given.
#[must_use]
pub fn restored(text: &str) -> &str {
    match text.strip_prefix('\'') {
        Some(rest) if is_evaluated(rest) => rest,
        _ => text,
    }
}

/// Whether a spreadsheet would evaluate a text, or would after apostrophes before it were taken away.
fn is_evaluated(text: &str) -> bool {
    let bare = text.trim_start_matches('\'');
    let risky = bare.starts_with(['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠']);
    risky && !(bare.len() == text.len() && is_negative_number(text))
}

/// `-5`, `-0.25`, `-4e-5`.
fn is_negative_number(text: &str) -> bool {
    let Some(rest) = text.strip_prefix('-') else { return false };
    let (mantissa, exponent) = rest.split_once(['e', 'E']).unwrap_or((rest, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, "0"));
    let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    [whole, fraction, exponent].iter().all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use test_case::test_case;

    use super::*;

    #[test_case("=HYPERLINK(\"http://x\",\"点\")" => "'=HYPERLINK(\"http://x\",\"点\")"; "a link")]
    #[test_case("=cmd|' /C calc'!A0" => "'=cmd|' /C calc'!A0"; "a program")]
    #[test_case("@某街" => "'@某街"; "an at sign")]
    #[test_case("+1" => "'+1"; "a plus")]
    #[test_case("-1+1" => "'-1+1"; "a sum that begins with a minus")]
    #[test_case("\t=1" => "'\t=1"; "a tab")]
    #[test_case("＝1" => "'＝1"; "full width")]
    #[test_case("=**" => "'=**"; "a masked name")]
    #[test_case("'=1" => "''=1"; "what has an apostrophe already")]
    #[test_case("-5" => "-5"; "a negative number")]
    #[test_case("-0.25e-3" => "-0.25e-3"; "a small negative number")]
    #[test_case("1-2" => "1-2"; "a minus inside")]
    #[test_case("'90s" => "'90s"; "an apostrophe that guards nothing")]
    fn what_would_be_evaluated_gets_an_apostrophe(text: &str) -> String {
        neutralised(text).into_owned()
    }

    proptest! {
        #[test]
        fn what_was_neutralised_is_restored(text in "['=+@\\-\t0-9a字]{0,8}") {
            let cell = neutralised(&text);
            prop_assert_eq!(restored(&cell), text.as_str());
        }
    }
}
