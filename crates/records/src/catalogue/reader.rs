//! Reads TOML with positions: whatever has the wrong type, is missing or is unknown becomes a fault at its place,
//! and reading goes on.

use std::{
    borrow::Cow,
    cell::{Cell, RefCell},
    ops::Range,
};

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{Label, closest::closest, diagnostic::Diagnostic, source::Source};

/// A value and the bytes of the file in which it stands.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct At<T> {
    pub value: T,
    pub span: Range<usize>,
}

/// Faults of one file, gathered while it is read.
pub(super) struct Faults<'s> {
    pub source: &'s Source,
    list: RefCell<Vec<Diagnostic>>,
    /// Names that are declared with a fault: what names them is right.
    faulty: RefCell<Vec<String>>,
    /// The file is not TOML: nothing further can be said about it for sure.
    unreadable: Cell<bool>,
}

impl<'s> Faults<'s> {
    pub(super) fn of(source: &'s Source) -> Self {
        Self { source, list: RefCell::new(Vec::new()), faulty: RefCell::default(), unreadable: Cell::new(false) }
    }

    pub(super) fn add(&self, span: &Range<usize>, message: impl Into<String>, remedy: impl Into<Option<String>>) {
        if !self.unreadable.get() {
            self.list.borrow_mut().push(diagnostic(self.source, span, message.into(), remedy.into()));
        }
    }

    /// A name is declared, but with a fault.
    pub(super) fn declared_with_a_fault(&self, name: &str) {
        self.faulty.borrow_mut().push(name.to_owned());
    }

    /// A name that is not known. Where its declaration has a fault, that is the cause and is named instead of other names.
    pub(super) fn unknown(&self, span: &Range<usize>, name: &str, message: String, remedy: Option<String>) {
        if !self.faulty.borrow().iter().any(|faulty| faulty == name) {
            return self.add(span, message, remedy);
        }
        let message = format!("“{name}” cannot be used here: its own declaration has a fault");
        let mut fault = diagnostic(self.source, span, message, Some(format!("mend the declaration of “{name}” first")));
        fault.is_consequence = true;
        self.list.borrow_mut().push(fault);
    }

    pub(super) fn into_list(self) -> Vec<Diagnostic> {
        self.list.into_inner()
    }
}

/// A fault at a place of a file.
pub(super) fn diagnostic(source: &Source, span: &Range<usize>, message: String, remedy: Option<String>) -> Diagnostic {
    let (line, column) = source.position(span.start);
    let found = source.text.get(span.clone()).unwrap_or_default();
    let found = found.lines().next().unwrap_or_default().chars().take(80).collect();
    Diagnostic {
        file: source.path.clone(),
        line,
        column,
        found,
        message,
        remedy,
        span: span.clone(),
        is_consequence: false,
    }
}

/// A fault at a place of a file, with what to write instead.
pub(crate) fn fault_at(source: &Source, span: &Range<usize>, message: String, remedy: String) -> Diagnostic {
    diagnostic(source, span, message, Some(remedy))
}

/// The remedy for an unknown name: the one that was meant, or the list of those known.
pub(super) fn instead<'a>(found: &str, known: impl IntoIterator<Item = &'a str> + Clone) -> Option<String> {
    if let Some(meant) = closest(found, known.clone()) {
        return Some(format!("did you mean “{meant}”?"));
    }
    let mut names: Vec<&str> = known.into_iter().collect();
    let more = names.len().saturating_sub(24);
    names.truncate(24);
    match (names.is_empty(), more) {
        (true, _) => None,
        (false, 0) => Some(format!("known are: {}", names.join(", "))),
        (false, more) => Some(format!("known are: {} and {more} more", names.join(", "))),
    }
}

/// Parses a file; each syntax error (a duplicate key among them) becomes a fault.
pub(super) fn parse<'s>(source: &'s Source, faults: &Faults<'_>) -> Spanned<DeTable<'s>> {
    let (table, errors) = DeTable::parse_recoverable(&source.text);
    let unreadable = !errors.is_empty();
    for error in errors {
        let span = error.span().unwrap_or(0..0);
        let duplicate = error.message().contains("duplicate key");
        let remedy = duplicate.then(|| "each key may stand once: rename or remove one of the two".to_owned());
        faults.add(&span, error.message().to_owned(), remedy);
    }
    faults.unreadable.set(unreadable);
    table
}

/// A table that is being read; keys that nobody asked for are unknown.
pub(super) struct TableReader<'t, 's, 'f> {
    table: &'t DeTable<'s>,
    /// Where it stands: the key that names it, or the whole of an inline table.
    pub span: Range<usize>,
    pub faults: &'f Faults<'f>,
    /// What it is, for messages: `field “leq”`.
    what: String,
    asked: RefCell<Vec<&'static str>>,
    finished: Cell<bool>,
}

impl<'t, 's, 'f> TableReader<'t, 's, 'f> {
    pub(super) fn new(
        table: &'t DeTable<'s>,
        span: Range<usize>,
        what: impl Into<String>,
        faults: &'f Faults<'f>,
    ) -> Self {
        Self { table, span, faults, what: what.into(), asked: RefCell::default(), finished: Cell::new(false) }
    }

    fn get(&self, key: &'static str) -> Option<&'t Spanned<DeValue<'s>>> {
        self.asked.borrow_mut().push(key);
        self.table.iter().find(|(name, _)| name.get_ref() == key).map(|(_, value)| value)
    }

    /// Whether the key is there.
    pub(super) fn has(&self, key: &'static str) -> bool {
        self.get(key).is_some()
    }

    /// Where the key stands, or the table if it is not there.
    pub(super) fn key_span(&self, key: &str) -> Range<usize> {
        let found = self.table.iter().find(|(name, _)| name.get_ref() == key);
        found.map_or_else(|| self.span.clone(), |(name, _)| name.span())
    }

    /// A fault about a key that is not there.
    pub(super) fn missing(&self, key: &str, example: &str) {
        self.faults.add(&self.span, format!("{} has no “{key}”", self.what), format!("add: {key} = {example}"));
    }

    fn wrong_type(&self, value: &Spanned<DeValue<'_>>, key: &str, wanted: &str) {
        let found = value.get_ref().type_str();
        self.faults.add(&value.span(), format!("“{key}” must be {wanted}, not {found}"), None);
    }

    pub(super) fn text(&self, key: &'static str) -> Option<At<String>> {
        let value = self.get(key)?;
        match value.get_ref() {
            DeValue::String(text) => Some(At { value: text.to_string(), span: value.span() }),
            _ => {
                self.wrong_type(value, key, "text in quotes");
                None
            }
        }
    }

    pub(super) fn needed_text(&self, key: &'static str, example: &str) -> Option<At<String>> {
        if !self.has(key) {
            self.missing(key, example);
        }
        self.text(key)
    }

    pub(super) fn flag(&self, key: &'static str) -> bool {
        self.flag_or(key, false)
    }

    /// A flag that is `default` where the file does not say.
    pub(super) fn flag_or(&self, key: &'static str, default: bool) -> bool {
        match self.get(key) {
            None => default,
            Some(value) => value.get_ref().as_bool().unwrap_or_else(|| {
                self.wrong_type(value, key, "true or false");
                default
            }),
        }
    }

    pub(super) fn integer(&self, key: &'static str) -> Option<At<i64>> {
        let value = self.get(key)?;
        let number = match value.get_ref() {
            DeValue::Integer(number) => i64::from_str_radix(&number.as_str().replace('_', ""), number.radix()).ok(),
            _ => None,
        };
        if number.is_none() {
            self.wrong_type(value, key, "a whole number");
        }
        number.map(|number| At { value: number, span: value.span() })
    }

    pub(super) fn integer_between(&self, key: &'static str, least: i64, most: i64) -> Option<i64> {
        let number = self.integer(key)?;
        if (least..=most).contains(&number.value) {
            return Some(number.value);
        }
        self.faults.add(&number.span, format!("“{key}” must lie between {least} and {most}"), None);
        None
    }

    pub(super) fn number(&self, key: &'static str) -> Option<f64> {
        let value = self.get(key)?;
        let number = as_number(value.get_ref());
        if number.is_none() {
            self.wrong_type(value, key, "a number");
        }
        number
    }

    pub(super) fn numbers(&self, key: &'static str) -> Option<At<Vec<f64>>> {
        let value = self.get(key)?;
        let items = value.get_ref().as_array();
        let numbers = items.and_then(|items| items.iter().map(|item| as_number(item.get_ref())).collect());
        if numbers.is_none() {
            self.wrong_type(value, key, "a list of numbers");
        }
        numbers.map(|numbers| At { value: numbers, span: value.span() })
    }

    pub(super) fn integers(&self, key: &'static str) -> Vec<i64> {
        let numbers = self.numbers(key);
        #[allow(clippy::cast_possible_truncation, reason = "days before and after a due day are small whole numbers")]
        numbers.map(|list| list.value.iter().map(|number| *number as i64).collect()).unwrap_or_default()
    }

    pub(super) fn texts(&self, key: &'static str) -> Vec<At<String>> {
        let Some(value) = self.get(key) else { return Vec::new() };
        let Some(items) = value.get_ref().as_array() else {
            self.wrong_type(value, key, "a list of texts, like [\"a\", \"b\"]");
            return Vec::new();
        };
        let mut texts = Vec::new();
        for item in items {
            match item.get_ref().as_str() {
                Some(text) => texts.push(At { value: text.to_owned(), span: item.span() }),
                None => self.wrong_type(item, key, "a list of texts"),
            }
        }
        texts
    }

    /// One text, or a list of texts.
    pub(super) fn names(&self, key: &'static str) -> Vec<At<String>> {
        match self.get(key).map(|value| value.get_ref().is_str()) {
            Some(true) => self.text(key).into_iter().collect(),
            _ => self.texts(key),
        }
    }

    pub(super) fn table(&self, key: &'static str) -> Option<TableReader<'t, 's, 'f>> {
        let value = self.get(key)?;
        match value.get_ref().as_table() {
            Some(table) => {
                let what = format!("“{key}” of {}", self.what);
                Some(TableReader::new(table, self.key_span(key), what, self.faults))
            }
            None => {
                self.wrong_type(value, key, "a table");
                None
            }
        }
    }

    /// The tables under a key, each by its own name, in the order of the file.
    pub(super) fn named_tables(&self, key: &'static str, what: &str) -> Vec<(At<String>, TableReader<'t, 's, 'f>)> {
        self.table(key).map(|table| table.all_tables(what)).unwrap_or_default()
    }

    /// Every entry of this table as a table of its own.
    pub(super) fn all_tables(&self, what: &str) -> Vec<(At<String>, TableReader<'t, 's, 'f>)> {
        self.finished.set(true);
        let mut entries: Vec<_> = self.table.iter().collect();
        entries.sort_by_key(|(name, _)| name.span().start);
        let mut tables = Vec::new();
        for (name, value) in entries {
            let key = At { value: name.get_ref().to_string(), span: name.span() };
            match what {
                "choice" => self.check_code(&key),
                _ => self.check_name(&key),
            }
            match value.get_ref().as_table() {
                Some(table) => {
                    let what = format!("{what} “{}”", key.value);
                    tables.push((key.clone(), TableReader::new(table, key.span.clone(), what, self.faults)));
                }
                None => self.wrong_type(value, &key.value, "a table"),
            }
        }
        tables
    }

    /// Keys of choices are only ever values, so a standard's own codes (`W`, `In`, `1`) are kept as they are.
    fn check_code(&self, key: &At<String>) {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        if key.value.is_empty() || !key.value.bytes().all(plain) || key.value.len() > 48 {
            let remedy = "use letters, digits, - and _ without accents".to_owned();
            self.faults.add(&key.span, format!("“{}” cannot be used as the key of a choice", key.value), remedy);
        }
    }

    /// Every entry of this table as a text, in the order of the file.
    pub(super) fn all_texts(&self) -> Vec<(At<String>, At<String>)> {
        self.finished.set(true);
        let mut entries: Vec<_> = self.table.iter().collect();
        entries.sort_by_key(|(name, _)| name.span().start);
        let mut texts = Vec::new();
        for (name, value) in entries {
            let key = At { value: name.get_ref().to_string(), span: name.span() };
            match value.get_ref().as_str() {
                Some(text) => texts.push((key, At { value: text.to_owned(), span: value.span() })),
                None => self.wrong_type(value, &key.value, "text in quotes"),
            }
        }
        texts
    }

    /// Names go into SQL, addresses and code, so they are plain.
    fn check_name(&self, key: &At<String>) {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        let first = key.value.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase());
        if !first || !key.value.bytes().all(plain) || key.value.contains("__") || key.value.len() > 48 {
            let remedy = "use lower-case letters, digits and single underscores, beginning with a letter".to_owned();
            self.faults.add(&key.span, format!("“{}” cannot be used as a name", key.value), remedy);
        }
    }

    pub(super) fn label(&self, key: &'static str) -> Option<Label> {
        let table = self.table(key)?;
        let zh = table.needed_text("zh", "\"…\"")?;
        let en = table.needed_text("en", "\"…\"")?;
        table.finish();
        Some(Label { zh: zh.value, en: en.value })
    }

    pub(super) fn needed_label(&self, key: &'static str) -> Label {
        if !self.has(key) {
            self.missing(key, "{ zh = \"…\", en = \"…\" }");
        }
        self.label(key).unwrap_or_else(|| Label { zh: String::new(), en: String::new() })
    }

    /// Every key with a text that nobody asked for; used where a file may carry particulars of its own.
    ///
    /// One that looks like a key of the file is a slip of the pen, not a particular.
    pub(super) fn other_texts(&self) -> Vec<(String, String)> {
        let asked = self.asked.borrow().clone();
        let mut others = Vec::new();
        for (name, value) in self.table.iter().filter(|(name, _)| !asked.iter().any(|key| name.get_ref() == key)) {
            if closest(name.get_ref(), asked.iter().copied()).is_some() {
                self.unknown(name, &asked);
            } else if let Some(text) = value.get_ref().as_str() {
                others.push((name.get_ref().to_string(), text.to_owned()));
            } else {
                self.wrong_type(value, name.get_ref(), "text in quotes");
            }
        }
        self.finished.set(true);
        others
    }

    fn unknown(&self, name: &Spanned<Cow<'_, str>>, known: &[&'static str]) {
        let remedy = instead(name.get_ref(), known.iter().copied());
        self.faults.add(&name.span(), format!("{} has no key “{}”", self.what, name.get_ref()), remedy);
    }

    /// Reports the keys that nobody asked for.
    pub(super) fn finish(&self) {
        if self.finished.replace(true) {
            return;
        }
        let asked = self.asked.borrow();
        for (name, _) in self.table {
            if !asked.iter().any(|key| name.get_ref() == key) {
                self.unknown(name, &asked);
            }
        }
    }
}

fn as_number(value: &DeValue<'_>) -> Option<f64> {
    match value {
        DeValue::Integer(number) => number.as_str().replace('_', "").parse().ok(),
        DeValue::Float(number) => number.as_str().replace('_', "").parse().ok(),
        _ => None,
    }
}

/// The byte of the file at which the character `offset` of a text value stands, the value itself spanning `span`.
pub(super) fn place_in_text(source: &Source, span: &Range<usize>, offset: usize) -> usize {
    let raw = source.text.get(span.clone()).unwrap_or_default();
    let quote = ["\"\"\"", "'''", "\"", "'"].into_iter().find(|quote| raw.starts_with(quote)).unwrap_or("");
    let mut at = quote.len();
    if quote.len() == 3 && raw[at..].starts_with('\n') {
        at += 1;
    }
    if !quote.starts_with('"') {
        return span.start + (at + offset).min(raw.len());
    }
    let mut decoded = 0;
    while decoded < offset && at < raw.len() {
        let Some(character) = raw[at..].chars().next() else { break };
        let (taken, given) = match (character, raw[at..].chars().nth(1)) {
            ('\\', Some('u')) => (6, 3),
            ('\\', Some('U')) => (10, 4),
            ('\\', Some('x')) => (4, 1),
            ('\\', Some(_)) => (2, 1),
            (other, _) => (other.len_utf8(), other.len_utf8()),
        };
        at += taken;
        decoded += given;
    }
    span.start + at.min(raw.len())
}
