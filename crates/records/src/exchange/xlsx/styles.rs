//! Which cells of a workbook are dates, and which show zeros before their digits: by the number format of their style (styles.xml).

use std::{collections::HashMap, io::Read};

use quick_xml::events::Event;

use super::{
    super::{
        bounds::{Bound, STYLES},
        unreadable::{Spot, Unreadable},
    },
    xml::{Xml, attributes},
};

/// How each style of a cell shows its number.
#[derive(Default)]
pub(super) struct Styles(Vec<Shown>);

/// How a number is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shown {
    /// As a quantity.
    Number,
    /// As a day or a time.
    Date,
    /// With so many digits, zeros before them: `0000000000`.
    Digits(u8),
}

impl Styles {
    pub(super) fn read(part: impl Read, name: &str) -> Result<Self, Unreadable> {
        let mut xml = Xml::of(part, name);
        let (mut shown, mut styles, mut within) = (HashMap::new(), Vec::new(), false);
        let mut formats = 0;
        loop {
            match xml.next()? {
                Event::Start(element) => match element.local_name().into_inner() {
                    "numFmt" => {
                        formats += 1;
                        let [id, code] = attributes(&element, ["numFmtId", "formatCode"])?;
                        if let (Some(Ok(id)), Some(code)) = (id.map(|id| id.parse::<u32>()), code) {
                            shown.insert(id, Shown::of(&code));
                        }
                        xml.progressed();
                    }
                    "cellXfs" => within = true,
                    "xf" if within => {
                        let [id] = attributes(&element, ["numFmtId"])?;
                        let id = id.and_then(|id| id.parse().ok()).unwrap_or(0);
                        let built_in = if is_built_in_date(id) { Shown::Date } else { Shown::Number };
                        styles.push(shown.get(&id).copied().unwrap_or(built_in));
                        xml.progressed();
                    }
                    _ => {}
                },
                Event::End(element) if element.local_name().into_inner() == "cellXfs" => within = false,
                Event::Eof => return Ok(Self(styles)),
                _ => {}
            }
            // The date of a style that was left out would be read as a number.
            if styles.len().max(formats) > STYLES {
                return Err(Unreadable::too_much(Spot::Part(name.to_owned()), Bound::Styles));
            }
        }
    }

    pub(super) fn is_date(&self, style: usize) -> bool {
        matches!(self.0.get(style), Some(Shown::Date))
    }

    /// How many digits a cell shows, with zeros before them; 0 where its format asks for none.
    pub(super) fn digits(&self, style: usize) -> u8 {
        match self.0.get(style) {
            Some(Shown::Digits(digits)) => *digits,
            _ => 0,
        }
    }
}

impl Shown {
    fn of(code: &str) -> Self {
        // Only the form of positive numbers counts.
        let zeros = code.split(';').next().unwrap_or(code);
        match u8::try_from(zeros.len()) {
            Ok(digits @ 2..) if zeros.bytes().all(|byte| byte == b'0') => Self::Digits(digits),
            _ if is_date(code) => Self::Date,
            _ => Self::Number,
        }
    }
}

/// Number formats that need no definition (ECMA-376 part 1, 18.8.30), those of East Asian Excel among them.
fn is_built_in_date(id: u32) -> bool {
    matches!(id, 14..=22 | 27..=36 | 45..=47 | 50..=58)
}

/// Whether a format code shows a day or a time: it names one outside quotation marks, brackets and escapes.
fn is_date(code: &str) -> bool {
    let mut characters = code.chars();
    while let Some(character) = characters.next() {
        match character {
            '"' => {
                characters.by_ref().find(|character| *character == '"');
            }
            '\\' | '_' | '*' => {
                characters.next();
            }
            '[' => {
                let inner: String = characters.by_ref().take_while(|character| *character != ']').collect();
                if !inner.is_empty()
                    && inner.chars().all(|character| matches!(character, 'h' | 'm' | 's' | 'H' | 'M' | 'S'))
                {
                    return true;
                }
            }
            // Only the form of positive numbers counts.
            ';' => return false,
            'y' | 'm' | 'd' | 'h' | 's' | 'Y' | 'M' | 'D' | 'H' | 'S' => return true,
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use test_case::test_case;

    use super::*;

    #[test_case("yyyy-mm-dd hh:mm" => true; "a moment")]
    #[test_case("yyyy\"年\"m\"月\"d\"日\";@" => true; "chinese")]
    #[test_case("[$-804]yyyy/m/d" => true; "with a locale")]
    #[test_case("[h]:mm" => true; "hours beyond a day")]
    #[test_case("0.00" => false; "a number")]
    #[test_case("[Red]0.0" => false; "a colour")]
    #[test_case("0.0\"dB\"" => false; "a unit in quotation marks")]
    #[test_case("0.00E+00" => false; "scientific")]
    #[test_case("@" => false; "text")]
    #[test_case("General" => false; "as it comes")]
    #[test_case("#,##0\\d" => false; "an escaped letter")]
    fn a_format_shows_a_date_or_not(code: &str) -> bool {
        Shown::of(code) == Shown::Date
    }

    #[test_case("0000000000" => Shown::Digits(10); "a number of ten digits")]
    #[test_case("000000;-000000" => Shown::Digits(6); "with another form for negative numbers")]
    #[test_case("0" => Shown::Number; "a whole number")]
    #[test_case("000.0" => Shown::Number; "decimals")]
    fn a_format_of_zeros_says_how_many_digits_there_are(code: &str) -> Shown {
        Shown::of(code)
    }
}
