//! Non-road machinery (非道路移动机械): numbers under which it is known. They have no check digit, and cities build them differently: the text is kept as it is, its
//! build is checked against a pattern that a bureau can set, and nothing is concluded from it.

use std::ops::RangeInclusive;

/// How a city builds environmental registration codes (环保登记号码).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodePattern {
    /// What the first character may be: the stage of emission.
    pub stages: String,
    /// How many letters and digits follow it.
    pub following: RangeInclusive<usize>,
}

impl Default for CodePattern {
    /// A loose pattern (unverified): stage 0 to 4, X or D, then 6 to 10 capital letters or digits, perhaps after a hyphen.
    fn default() -> Self {
        Self { stages: "01234XD".to_owned(), following: 6..=10 }
    }
}

/// Environmental registration code of a machine.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MachineCode(String);

/// What is wrong with a machine's code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MachineCodeFault {
    /// The first character is no stage.
    #[error("“{found}” must begin with one of {stages}, perhaps after the character of a province")]
    Stage {
        /// What was given.
        found: String,
        /// What may stand there.
        stages: String,
    },
    /// Too short, too long, or with other characters.
    #[error("“{found}” must have {shortest} to {longest} capital letters or digits after its first character")]
    Following {
        /// What was given.
        found: String,
        /// At least so many.
        shortest: usize,
        /// At most so many.
        longest: usize,
    },
    /// Not 24 characters of the build.
    #[error(
        "“{found}” is not a disclosure number of environmental information: 24 characters, CN FJ, G and the stage, 00, then 16 letters or digits"
    )]
    Disclosure {
        /// What was given.
        found: String,
    },
}

impl MachineCode {
    /// Reads a code by a city's pattern; blanks are left out, a Chinese character may stand before it.
    ///
    /// # Errors
    /// [`MachineCodeFault`] says what does not fit.
    pub fn read(text: &str, pattern: &CodePattern) -> Result<Self, MachineCodeFault> {
        let kept: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        let mut rest = kept.chars().peekable();
        rest.next_if(|c| ('\u{4e00}'..='\u{9fff}').contains(c));
        if rest.next_if(|c| pattern.stages.contains(*c)).is_none() {
            return Err(MachineCodeFault::Stage { found: text.to_owned(), stages: pattern.stages.clone() });
        }
        rest.next_if_eq(&'-');
        let following: Vec<char> = rest.collect();
        let allowed = following.iter().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit());
        if !allowed || !pattern.following.contains(&following.len()) {
            let (shortest, longest) = (*pattern.following.start(), *pattern.following.end());
            return Err(MachineCodeFault::Following { found: text.to_owned(), shortest, longest });
        }
        Ok(Self(kept))
    }

    /// As written, without blanks.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Number under which a maker discloses a machine's emissions (环保信息公开编号), 24 characters (build partly checked).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DisclosureNumber(String);

impl DisclosureNumber {
    /// Reads a number.
    ///
    /// # Errors
    /// [`MachineCodeFault::Disclosure`].
    pub fn read(text: &str) -> Result<Self, MachineCodeFault> {
        let kept: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        let fits = kept.len() == 24
            && kept.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
            && kept.starts_with("CNFJG")
            && kept.as_bytes()[5].is_ascii_digit()
            && &kept[6..8] == "00";
        if fits { Ok(Self(kept)) } else { Err(MachineCodeFault::Disclosure { found: text.to_owned() }) }
    }

    /// As written, without blanks.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use test_case::test_case;

    use super::*;

    #[test_case("3-A12345", Some("3-A12345"); "a hyphen")]
    #[test_case("湘 3 A123 456", Some("湘3A123456"); "a province and blanks")]
    #[test_case("X1234567890", Some("X1234567890"); "ten digits, before stage 1")]
    #[test_case("5A12345", None; "no stage 5")]
    #[test_case("3-A1234", None; "too short")]
    #[test_case("3A1234567890", None; "too long")]
    #[test_case("3-a12345", None; "a small letter")]
    #[test_case("", None; "nothing")]
    fn codes_follow_the_pattern(text: &str, read: Option<&str>) {
        let found = MachineCode::read(text, &CodePattern::default());
        assert_eq!(found.as_ref().ok().map(MachineCode::as_str), read);
    }

    #[test]
    fn a_city_may_build_its_codes_otherwise() {
        let pattern = CodePattern { stages: "E".to_owned(), following: 4..=4 };
        assert!(MachineCode::read("E0001", &pattern).is_ok());
        let fault = MachineCode::read("3-A12345", &pattern).unwrap_err();
        assert_eq!(fault.to_string(), "“3-A12345” must begin with one of E, perhaps after the character of a province");
    }

    #[test_case("CNFJG400ABCD123456X12345", true)]
    #[test_case("CN FJ G3 00 ABCD 123456 X12345", true; "in groups")]
    #[test_case("CNFJG400ABCD123456X1234", false; "23 characters")]
    #[test_case("CNFJGX00ABCD123456X12345", false; "no stage")]
    #[test_case("CNFJG410ABCD123456X12345", false; "no zeros")]
    #[test_case("CNFJG400中文文123456X", false; "not ascii")]
    fn disclosure_numbers_have_24_characters(text: &str, valid: bool) {
        assert_eq!(DisclosureNumber::read(text).is_ok(), valid);
    }
}
