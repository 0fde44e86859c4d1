//! The parameters between `CP=&&` and `&&`: groups split by `;`, items split by `,`. There is no escaping; log text stands between `//`.

use std::borrow::Cow;

use crate::{FaultCode, Tolerance, Tolerances, spelling};

/// `key=value`, as sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Item<'a> {
    /// The key, such as `DataTime` or `w01018-Rtd`.
    pub key: &'a str,
    /// The bytes of the value. Text of log entries keeps its `//`.
    pub value: &'a [u8],
}

impl<'a> Item<'a> {
    /// Factor and suffix of a key such as `a34004-Rtd`; `None` for a plain name.
    ///
    /// The split is at the last `-`, so `SB1-RS` counts as factor `SB1`.
    pub fn factor(&self) -> Option<(&'a str, &'a str)> {
        self.key.rsplit_once('-')
    }

    /// Factor and suffix as the standard spells them, whatever case the device writes them in; a suffix that no edition knows stays as it is.
    pub fn measured(&self) -> Option<(Cow<'a, str>, &'a str)> {
        let (factor, written) = self.factor()?;
        Some((spelling::factor_code(factor), spelling::suffix(written).unwrap_or(written)))
    }

    /// The value as text: UTF-8 as it is, anything else read as GB 18030.
    pub fn text(&self) -> Cow<'a, str> {
        match std::str::from_utf8(self.value) {
            Ok(text) => Cow::Borrowed(text),
            Err(_) => encoding_rs::GB18030.decode_without_bom_handling(self.value).0,
        }
    }

    /// The value as a number, if it is one that an instrument can have shown (less than 10¹⁵).
    pub fn number(&self) -> Option<f64> {
        spelling::measured_number(std::str::from_utf8(self.value).ok()?)
    }
}

/// One `;` group with its items in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Group<'a>(&'a [u8]);

impl<'a> Group<'a> {
    /// The items in order.
    pub fn items(self) -> impl Iterator<Item = Item<'a>> {
        Tokens(self.0).filter_map(|token| {
            let key = std::str::from_utf8(token.key).ok()?;
            token.value.map(|value| Item { key, value })
        })
    }

    /// The first item with this key, in whatever case.
    pub fn value(self, key: &str) -> Option<&'a [u8]> {
        self.items().find(|item| item.key.eq_ignore_ascii_case(key)).map(|item| item.value)
    }
}

/// The non-empty groups of CP in order.
#[derive(Debug, Clone, Copy)]
pub struct Groups<'a>(pub(crate) &'a [u8]);

impl<'a> Iterator for Groups<'a> {
    type Item = Group<'a>;

    fn next(&mut self) -> Option<Group<'a>> {
        while !self.0.is_empty() {
            let end = end_of(self.0, SEMICOLON);
            let group = &self.0[..end];
            self.0 = self.0.get(end + 1..).unwrap_or_default();
            if group.iter().any(|byte| !matches!(byte, b' ' | b',')) {
                return Some(Group(group));
            }
        }
        None
    }
}

/// What stands between two separators.
struct Token<'a> {
    key: &'a [u8],
    value: Option<&'a [u8]>,
}

/// Splits a group at `,`.
struct Tokens<'a>(&'a [u8]);

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        loop {
            if self.0.is_empty() {
                return None;
            }
            if let Some((sign, end)) = clean_item(self.0)
                && self.0.get(end) != Some(&b';')
            {
                let (key, value) = (&self.0[..sign], self.0[sign + 1..end].trim_ascii_end());
                self.0 = self.0.get(end + 1..).unwrap_or_default();
                return Some(Token { key, value: Some(value) });
            }
            let end = end_of(self.0, COMMA);
            let item = self.0[..end].trim_ascii();
            self.0 = self.0.get(end + 1..).unwrap_or_default();
            if item.is_empty() {
                continue;
            }
            return Some(match item.iter().position(|byte| *byte == b'=') {
                Some(sign) => Token { key: &item[..sign], value: Some(&item[sign + 1..]) },
                None => Token { key: item, value: None },
            });
        }
    }
}

/// What a byte may be in CP, as bits: the segments are short, so a look into a table is quicker than a search prepared anew.
const CLASS: [u8; 256] = classes();
const SEMICOLON: u8 = 1;
const COMMA: u8 = 2;
const SLASH: u8 = 4;
/// May stand in a key.
const KEY: u8 = 8;
/// May stand in a value that is no log text.
const VALUE: u8 = 16;
/// May stand in log text.
const LOGGED: u8 = 32;
/// May stand in a value and ends nothing.
const PLAIN: u8 = 64;

const fn classes() -> [u8; 256] {
    let mut classes = [0; 256];
    let mut index = 0;
    while index < 256 {
        let byte = index as u8;
        classes[index] = match byte {
            b';' => SEMICOLON,
            b',' => COMMA,
            b'/' => SLASH,
            _ => 0,
        };
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.') {
            classes[index] |= KEY;
        }
        if byte >= 0x20 && !matches!(byte, b'=' | b'&') {
            classes[index] |= VALUE;
        }
        if byte >= 0x20 || byte == b'\t' {
            classes[index] |= LOGGED;
        }
        if classes[index] & VALUE != 0 && classes[index] & (SEMICOLON | COMMA | SLASH) == 0 {
            classes[index] |= PLAIN;
        }
        index += 1;
    }
    classes
}

/// Where `=` and the end of a first item are that is clean and without log text, as nearly all are: found in one pass.
fn clean_item(bytes: &[u8]) -> Option<(usize, usize)> {
    let is_not = |class: u8| move |byte: &u8| CLASS[usize::from(*byte)] & class == 0;
    let sign = bytes.iter().position(is_not(KEY)).filter(|sign| *sign > 0)?;
    let value = bytes[sign..].strip_prefix(b"=")?;
    let end = sign + 1 + value.iter().position(is_not(PLAIN)).unwrap_or(value.len());
    matches!(bytes.get(end), None | Some(b',' | b';')).then_some((sign, end))
}

fn is_all(bytes: &[u8], class: u8) -> bool {
    bytes.iter().all(|byte| CLASS[usize::from(*byte)] & class != 0)
}

/// Where the first separator of a class stands outside of log text; the length if nowhere.
fn end_of(bytes: &[u8], separator: u8) -> usize {
    let mut at = 0;
    let next = |at: usize| match separator {
        SEMICOLON => memchr::memchr2(b';', b'/', &bytes[at..]),
        _ => bytes[at..].iter().position(|byte| CLASS[usize::from(*byte)] & (separator | SLASH) != 0),
    };
    while let Some(found) = next(at) {
        let found = at + found;
        if bytes[found] != b'/' {
            return found;
        }
        at = found + 1;
        if found > 0 && bytes[found - 1] == b'=' && bytes.get(found + 1) == Some(&b'/') {
            // Without a closing // the text ends at the next separator like any other value.
            if let Some(close) = memchr::memmem::find(&bytes[found + 2..], b"//") {
                at = found + 2 + close + 2;
            }
        }
    }
    bytes.len()
}

/// Checks the whole of CP once, so that the iterators need not.
pub(crate) fn check(cp: &[u8], tolerated: &mut Tolerances) -> Result<(), FaultCode> {
    if !cp.is_ascii() && std::str::from_utf8(cp).is_err() {
        tolerated.add(Tolerance::GbkText);
    }
    let mut keys = GroupKeys::default();
    let mut rest = cp;
    while !rest.is_empty() {
        let end = match clean_item(rest) {
            Some((sign, end)) => {
                let value = &rest[sign + 1..end];
                let bare = value.trim_ascii();
                if bare.len() != value.len() {
                    tolerated.add(Tolerance::StraySeparator);
                }
                keys.take(&rest[..sign], tolerated);
                spelling::look(&rest[..sign], bare, tolerated);
                end
            }
            None => {
                let end = end_of(rest, SEMICOLON | COMMA);
                let item = rest[..end].trim_ascii();
                if item.len() != end {
                    tolerated.add(Tolerance::StraySeparator);
                }
                if !item.is_empty() {
                    let (key, value) = check_item(item)?;
                    keys.take(key, tolerated);
                    spelling::look(key, value.trim_ascii(), tolerated);
                }
                end
            }
        };
        let goes_on = rest.get(end) == Some(&b',') && end + 1 < rest.len();
        if !goes_on {
            let trailing = rest.get(end) == Some(&b';') && end + 1 == rest.len();
            if keys.count == 0 || trailing {
                tolerated.add(Tolerance::EmptyGroup);
            }
            keys.count = 0;
        }
        rest = rest.get(end + 1..).unwrap_or_default();
    }
    Ok(())
}

/// More keys than this in one group are not compared with each other.
const COMPARED_KEYS: usize = 16;

/// The keys of the group that is being looked at.
#[derive(Default)]
struct GroupKeys<'a> {
    keys: [&'a [u8]; COMPARED_KEYS],
    count: usize,
}

impl<'a> GroupKeys<'a> {
    fn take(&mut self, key: &'a [u8], tolerated: &mut Tolerances) {
        if self.keys[..self.count].contains(&key) {
            tolerated.add(Tolerance::DuplicateKey);
        } else if self.count < COMPARED_KEYS {
            self.keys[self.count] = key;
            self.count += 1;
        }
    }
}

/// Key and value of an item that holds.
fn check_item(item: &[u8]) -> Result<(&[u8], &[u8]), FaultCode> {
    let sign = item.iter().position(|byte| *byte == b'=').ok_or(FaultCode::BadItem)?;
    let (key, value) = (&item[..sign], &item[sign + 1..]);
    if key.is_empty() || !is_all(key, KEY) {
        return Err(FaultCode::BadKey);
    }
    let logged = value.len() >= 4 && value.starts_with(b"//") && value.ends_with(b"//");
    if !is_all(value, if logged { LOGGED } else { VALUE }) {
        return Err(FaultCode::BadValue);
    }
    Ok((key, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(cp: &str) -> Vec<Vec<(String, String)>> {
        Groups(cp.as_bytes())
            .map(|group| group.items().map(|item| (item.key.to_owned(), item.text().into_owned())).collect())
            .collect()
    }

    #[test]
    fn groups_and_items_come_in_order() {
        let groups = read("DataTime=20210301;w01001-Rtd=8.33,w01001-Flag=N;BeginTime=1,EndTime=2;");
        assert_eq!(groups.len(), 3);
        assert_eq!(
            groups[1],
            [("w01001-Rtd".to_owned(), "8.33".to_owned()), ("w01001-Flag".to_owned(), "N".to_owned())]
        );
    }

    #[test]
    fn log_text_may_hold_separators() {
        let cp = "DataTime=1;i11001-Info=//door=open; A, B && C//;i12001-Info=1";
        let groups = read(cp);
        assert_eq!(groups.len(), 3);
        assert_eq!(groups[1][0].1, "//door=open; A, B && C//");
        assert_eq!(check(cp.as_bytes(), &mut Tolerances::NONE.clone()), Ok(()));
    }

    #[test]
    fn doubtful_items_are_refused() {
        for (cp, expected) in [
            ("a", FaultCode::BadItem),
            ("=1", FaultCode::BadKey),
            ("a b=1", FaultCode::BadKey),
            ("a=1=2", FaultCode::BadValue),
            ("a=1&2", FaultCode::BadValue),
            ("a=\u{1}", FaultCode::BadValue),
        ] {
            assert_eq!(check(cp.as_bytes(), &mut Tolerances::NONE.clone()), Err(expected), "{cp}");
        }
    }

    #[test]
    fn gbk_text_is_read_and_named() {
        let cp = b"i11001-Info=//\xc1\xf7\xc1\xbf\xbc\xc6\xd2\xec\xb3\xa3//";
        let mut tolerated = Tolerances::NONE;
        assert_eq!(check(cp, &mut tolerated), Ok(()));
        assert!(tolerated.contains(Tolerance::GbkText));
        let Some(item) = Groups(cp).flat_map(Group::items).next() else { panic!("one item") };
        assert_eq!(item.text(), "//流量计异常//");
    }
}
