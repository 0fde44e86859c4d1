//! Unified social credit code (统一社会信用代码, GB 32100-2015): eighteen characters, the last checks the others.

use std::fmt;

const ALPHABET: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";

/// A code whose check character holds.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CreditCode(String);

/// Why a text is no credit code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CreditCodeFault {
    /// Not eighteen (or, to be completed, seventeen) characters.
    #[error("a unified social credit code has {needed} characters, “{found}” has {length}")]
    Length {
        /// What was given.
        found: String,
        /// Its length.
        length: usize,
        /// The length needed.
        needed: usize,
    },
    /// A character that the standard does not use (I, O, S, V, Z and everything else).
    #[error("“{character}” at position {position} of “{found}” is not used in a unified social credit code")]
    Character {
        /// What was given.
        found: String,
        /// The character.
        character: char,
        /// Its position from 1.
        position: usize,
    },
    /// Positions 3 to 8 are the division code of the registering authority: digits.
    #[error("positions 3 to 8 of “{found}” must be the six digits of an administrative division, not “{division}”")]
    Division {
        /// What was given.
        found: String,
        /// What stands there.
        division: String,
    },
    /// The number of a person's identity card (GB 11643-1999), which has eighteen characters, too.
    #[error("this is the number of an identity card, not of a unit")]
    IdentityNumber,
    /// The last character does not check the others.
    #[error("the last character of “{found}” must be “{expected}”: a character is mistyped or two are swapped")]
    Check {
        /// What was given.
        found: String,
        /// The check character of the first seventeen.
        expected: char,
    },
}

impl CreditCode {
    /// Reads a code; lower case and surrounding spaces are forgiven.
    ///
    /// # Errors
    /// [`CreditCodeFault`] says what is wrong and where.
    pub fn parse(text: &str) -> Result<Self, CreditCodeFault> {
        if is_identity_number(text.trim()) {
            return Err(CreditCodeFault::IdentityNumber);
        }
        let code = cleaned(text, 18)?;
        let expected = check_character(&code[..17]);
        if code.ends_with(expected) { Ok(Self(code)) } else { Err(CreditCodeFault::Check { found: code, expected }) }
    }

    /// The code that begins with these seventeen characters.
    ///
    /// # Errors
    /// [`CreditCodeFault`] if the body itself is not in order.
    pub fn complete(body: &str) -> Result<Self, CreditCodeFault> {
        let mut code = cleaned(body, 17)?;
        code.push(check_character(&code));
        Ok(Self(code))
    }

    /// The eighteen characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Division code of the registering authority, six digits.
    #[must_use]
    pub fn division(&self) -> &str {
        &self.0[2..8]
    }
}

impl fmt::Display for CreditCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::str::FromStr for CreditCode {
    type Err = CreditCodeFault;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

fn cleaned(text: &str, needed: usize) -> Result<String, CreditCodeFault> {
    let code = text.trim().to_ascii_uppercase();
    let length = code.chars().count();
    if length != needed {
        return Err(CreditCodeFault::Length { found: code, length, needed });
    }
    if let Some((at, character)) = code.chars().enumerate().find(|(_, c)| place(*c).is_none()) {
        return Err(CreditCodeFault::Character { found: code, character, position: at + 1 });
    }
    if !code[2..8].bytes().all(|byte| byte.is_ascii_digit()) {
        let division = code[2..8].to_owned();
        return Err(CreditCodeFault::Division { found: code, division });
    }
    Ok(code)
}

/// Whether a text is a citizen's identity number (公民身份号码): a birthday at positions 7 to 14 and the check character of
/// GB 11643-1999 (ISO 7064, MOD 11-2).
#[must_use]
pub fn is_identity_number(text: &str) -> bool {
    let bytes = text.as_bytes();
    let (Some(body), Some(last)) = (bytes.get(..17), bytes.get(17)) else { return false };
    if bytes.len() != 18 || !body.iter().all(u8::is_ascii_digit) {
        return false;
    }
    let number =
        |range: std::ops::Range<usize>| body[range].iter().fold(0, |sum, digit| sum * 10 + u32::from(digit - b'0'));
    let is_birthday = (1880..=2100).contains(&number(6..10))
        && (1..=12).contains(&number(10..12))
        && (1..=31).contains(&number(12..14));
    let sum = body.iter().fold(0, |sum, digit| (sum + u32::from(digit - b'0')) * 2 % 11);
    let check = b"10X98765432"[sum as usize % 11];
    is_birthday && last.to_ascii_uppercase() == check
}

fn place(character: char) -> Option<usize> {
    ALPHABET.iter().position(|byte| char::from(*byte) == character)
}

/// Weights are the powers of 3 modulo 31; the check character makes the weighted sum a multiple of 31.
fn check_character(body: &str) -> char {
    let mut weight = 1;
    let mut sum = 0;
    for character in body.chars() {
        sum += place(character).unwrap_or(0) * weight;
        weight = weight * 3 % 31;
    }
    char::from(ALPHABET[(31 - sum % 31) % 31])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use test_case::test_case;

    use super::*;

    // Published codes of large, well-known companies.
    #[test_case("91350100M000100Y43"; "example of GB 32100")]
    #[test_case("91440300708461136T"; "a listed company of Shenzhen")]
    #[test_case("914403001922038216"; "a private company of Shenzhen, check is a digit")]
    fn published_codes_are_accepted(code: &str) {
        assert_eq!(CreditCode::parse(code).map(|code| code.to_string()), Ok(code.to_owned()));
        assert_eq!(CreditCode::complete(&code[..17]).unwrap().as_str(), code);
    }

    #[test_case("91350100M000100Y4" => "a unified social credit code has 18 characters, “91350100M000100Y4” has 17"; "short")]
    #[test_case("91350100M000100Y4I" => "“I” at position 18 of “91350100M000100Y4I” is not used in a unified social credit code"; "letter I")]
    #[test_case("9135O100M000100Y43" => "“O” at position 5 of “9135O100M000100Y43” is not used in a unified social credit code"; "letter O for zero")]
    #[test_case("91350100M000100Y44" => "the last character of “91350100M000100Y44” must be “3”: a character is mistyped or two are swapped"; "wrong check")]
    #[test_case("91A50100M000100Y43" => "positions 3 to 8 of “91A50100M000100Y43” must be the six digits of an administrative division, not “A50100”"; "division")]
    fn faults_say_what_is_wrong(code: &str) -> String {
        CreditCode::parse(code).unwrap_err().to_string()
    }

    #[test_case("362322198709086409"; "one whose last digit also fits a credit code")]
    #[test_case("11010519491231002X"; "the example of GB 11643")]
    fn the_number_of_an_identity_card_is_no_credit_code(number: &str) {
        assert!(is_identity_number(number));
        assert_eq!(CreditCode::parse(number), Err(CreditCodeFault::IdentityNumber));
    }

    #[test_case("914403001922038216"; "digits alone")]
    #[test_case("91430103MA40000080"; "letters")]
    fn a_credit_code_is_no_identity_number(code: &str) {
        assert!(!is_identity_number(code));
        assert!(CreditCode::parse(code).is_ok());
    }

    proptest! {
        #[test]
        fn a_mistyped_character_is_always_found(body in "9[123][0-9]{6}[0-9A-HJ-NPQRTUWXY]{9}", at in 2usize..17, by in 1usize..10) {
            let code = CreditCode::complete(&body).unwrap();
            let mut typed: Vec<char> = code.as_str().chars().collect();
            let other = ALPHABET[(place(typed[at]).unwrap() + by) % 31];
            typed[at] = char::from(other);
            let typed: String = typed.into_iter().collect();
            prop_assert!(CreditCode::parse(&typed).is_err());
        }
    }
}
