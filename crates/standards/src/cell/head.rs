//! Heads of columns, and the units that stand in them.

use super::{half_width, plain};
use crate::rounding::Rational;

/// The head of a column: what it names, and the unit beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// As it is written.
    pub text: String,
    /// Every way to read its name, the whole first: `氨氮(NH3-N)(mg/L)` is `氨氮nh3nmgl`, `氨氮nh3n`, `氨氮`. See [`key`].
    pub keys: Vec<String>,
    /// What stands in brackets, or behind the name, and is not the name.
    pub beside: Vec<String>,
}

/// A name as it is compared: full-width forms and subscripts as ordinary letters, in lower case, without blanks, hyphens, underlines, points and brackets.
#[must_use]
pub fn key(name: &str) -> String {
    let letter = |character: char| match half_width(character) {
        subscript @ '₀'..='₉' => char::from_digit(u32::from(subscript) - 0x2080, 10).unwrap_or(subscript),
        '³' => '3',
        'µ' | 'μ' => 'u',
        other => other,
    };
    let unseen = |character: &char| {
        !matches!(character, '-' | '_' | '.' | '(' | ')' | '[' | ']' | '{' | '}' | '\u{feff}' | '⁻' | '–')
            && !character.is_whitespace()
    };
    name.chars().map(letter).filter(unseen).flat_map(char::to_lowercase).collect()
}

impl Head {
    /// Reads a head: brackets behind the name, or words behind a blank, are taken off one by one.
    #[must_use]
    pub fn read(text: &str) -> Self {
        let written = plain(text);
        let (mut keys, mut beside) = (vec![key(&written)], Vec::new());
        let mut name = written.as_ref();
        while let Some((before, behind)) = parted(name) {
            keys.push(key(before));
            beside.push(behind.to_owned());
            name = before;
        }
        Self { text: written.into_owned(), keys, beside }
    }
}

/// A name and what stands behind it: in brackets, or behind a blank or an oblique stroke.
fn parted(name: &str) -> Option<(&str, &str)> {
    let name = name.trim_end();
    if let Some(inner) = name.strip_suffix([')', ']']) {
        // The bracket that belongs to it: `dB(A)` may stand in brackets itself.
        let (mut depth, mut opens) = (1, None);
        for (at, character) in inner.char_indices().rev() {
            match character {
                ')' | ']' => depth += 1,
                '(' | '[' => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                opens = Some(at);
                break;
            }
        }
        let at = opens.filter(|at| *at > 0)?;
        return Some((name[..at].trim_end(), inner[at + 1..].trim()));
    }
    let at = name.find([' ', '/', ',']).filter(|at| *at > 0)?;
    Some((name[..at].trim_end(), name[at + 1..].trim()))
}

/// One of the unit of a column in the unit of its item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scale(Rational);

impl Scale {
    /// The same unit.
    pub const ONE: Self = Self(Rational::ONE);

    /// The factor.
    #[must_use]
    pub fn factor(self) -> Rational {
        self.0
    }
}

/// One of the unit `found` in `unit`; `None` where it is no unit, or cannot be converted.
#[must_use]
pub fn scale(unit: &str, found: &str) -> Option<Scale> {
    /// Units by the quantity that they measure, in thousandths of the one before.
    const LADDERS: [&[&str]; 4] =
        [&["g/l", "mg/l", "ug/l", "ng/l"], &["g/m3", "mg/m3", "ug/m3", "ng/m3"], &["ms/cm", "us/cm"], &["kpa", "pa"]];
    /// Ways to say that a number has no dimension.
    const WITHOUT: [&str; 4] = ["无量纲", "dimensionless", "1", "ph"];
    let (unit, found) = (key(unit).replace('^', ""), key(found).replace('^', ""));
    if unit == found || (unit.is_empty() && WITHOUT.contains(&found.as_str())) {
        return Some(Scale::ONE);
    }
    let ladder = LADDERS.iter().find(|ladder| ladder.contains(&unit.as_str()))?;
    let step = |unit: &str| ladder.iter().position(|other| *other == unit);
    let (from, to) = (step(&found)?, step(&unit)?);
    let thousand = |steps: usize| 1000_i128.checked_pow(u32::try_from(steps).ok()?);
    let factor =
        if from < to { Rational::new(thousand(to - from)?, 1) } else { Rational::new(1, thousand(from - to)?) };
    factor.map(Scale)
}
