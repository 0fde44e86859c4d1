//! The rows of a file of JSON lines: one object a line, with a bound on its length, keys and depth.

use std::{
    collections::{HashMap, HashSet},
    fmt,
    io::{BufRead, Read},
};

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor as Visit};
use serde_json::Value as Json;

use super::{
    bounds::{self, Bound},
    cell::Cell,
    unreadable::{Spot, Unreadable},
};

/// Lines of JSON; every key that comes up is a heading.
pub(super) struct JsonLines<B> {
    source: B,
    line: Vec<u8>,
    number: u64,
    rows: u64,
    /// Headings in the order in which they came up.
    pub(super) headings: Vec<String>,
    places: HashMap<String, usize>,
}

impl<B: BufRead> JsonLines<B> {
    pub(super) fn of(source: B) -> Self {
        Self { source, line: Vec::new(), number: 0, rows: 0, headings: Vec::new(), places: HashMap::new() }
    }

    /// Goes past the next line that is not blank, which stays in `line`; gives whether there was one.
    pub(super) fn pass_over_row(&mut self) -> Result<bool, Unreadable> {
        loop {
            self.line.clear();
            let read = (&mut self.source).take(bounds::ROW_BYTES as u64 + 1).read_until(b'\n', &mut self.line)?;
            if read == 0 {
                return Ok(false);
            }
            self.number += 1;
            if read > bounds::ROW_BYTES {
                return Err(self.too_much(Bound::RowBytes));
            }
            if !self.line.trim_ascii().is_empty() {
                break;
            }
        }
        self.rows += 1;
        if self.rows > bounds::ROWS {
            return Err(self.too_much(Bound::Rows));
        }
        Ok(true)
    }

    /// Reads the next line that is not blank; gives its number, or nothing at the end.
    pub(super) fn next(&mut self, cells: &mut Vec<(usize, Cell)>) -> Result<Option<u64>, Unreadable> {
        cells.clear();
        if !self.pass_over_row()? {
            return Ok(None);
        }
        let object: Object = serde_json::from_slice(&self.line).map_err(|error| self.why(&error))?;
        for (key, value) in object.0 {
            let at = match self.places.get(&key) {
                Some(at) => *at,
                None => {
                    let at = self.headings.len();
                    if at >= bounds::COLUMNS {
                        return Err(self.too_much(Bound::Columns));
                    }
                    self.headings.push(key.clone());
                    self.places.insert(key, at);
                    at
                }
            };
            cells.push((at, Cell::Given(value)));
        }
        Ok(Some(self.number))
    }

    fn too_much(&self, bound: Bound) -> Unreadable {
        Unreadable::too_much(Spot::Row(self.number), bound)
    }

    fn why(&self, error: &serde_json::Error) -> Unreadable {
        let (line, detail) = (self.number, error.to_string());
        if let Some(rest) = detail.strip_prefix(TWICE) {
            let key = rest.rsplit_once(" at line ").map_or(rest, |(key, _)| key).to_owned();
            return Unreadable::KeyTwice { line, key };
        }
        if detail.starts_with(MANY) {
            return self.too_much(Bound::Keys);
        }
        if detail.starts_with("recursion limit") {
            return self.too_much(Bound::Depth);
        }
        if detail.starts_with("invalid type") {
            return Unreadable::NotAnObject { line };
        }
        Unreadable::NotJson { line, detail }
    }
}

const TWICE: &str = "key twice: ";
const MANY: &str = "too many keys";

/// The keys and values of an object in the order of the file.
struct Object(Vec<(String, Json)>);

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries;
        impl<'de> Visit<'de> for Entries {
            type Value = Object;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object, A::Error> {
                let (mut entries, mut seen) = (Vec::new(), HashSet::new());
                while let Some(key) = map.next_key::<String>()? {
                    if entries.len() >= bounds::KEYS {
                        return Err(A::Error::custom(MANY));
                    }
                    if !seen.insert(key.clone()) {
                        return Err(A::Error::custom(format!("{TWICE}{key}")));
                    }
                    entries.push((key, map.next_value()?));
                }
                Ok(Object(entries))
            }
        }
        deserializer.deserialize_map(Entries)
    }
}
