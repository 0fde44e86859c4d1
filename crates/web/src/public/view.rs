//! What anybody may see of a register: the fields that its `[public]` section shows, of the records that pass its filter.
//!
//! The portal reads with the rights of the program and shows through this view only. A personal field is never shown,
//! even if a register file should name one; of texts that people typed no telephone or identity number is shown, and one
//! that looks like it names a private person waits until somebody of the bureau has released it (`publication`).

use std::collections::HashMap;

use bilan_records::{
    actor::Actor,
    catalogue::{Catalogue, Field, FieldKind, PublicView, Register},
    disclosure::redact,
    ledger::{Ledger, ListQuery, ReadError, Record},
    value::{Language, Value},
};
use serde_json::Value as Json;

use crate::{figures::columns, shell::Messages as _};

/// Records on a page.
pub(super) const PAGE: u64 = 20;

/// Most records of a register that are shown at once.
const FEW: u64 = 500;

/// Words that are looked for.
const WORDS: usize = 5;

/// Name under which the portal acts.
const NAME: &str = "公众平台";

/// Who reads and writes for residents.
pub(super) fn actor() -> Actor {
    Actor::system(NAME)
}

/// The public side of a register.
#[derive(Clone, Copy)]
pub(super) struct View<'c> {
    pub register: &'c Register,
    public: &'c PublicView,
    catalogue: &'c Catalogue,
}

impl<'c> View<'c> {
    /// The public side of the register `key`, if it has one.
    pub(super) fn of(catalogue: &'c Catalogue, key: &str) -> Option<Self> {
        let register = catalogue.registers.get(key)?;
        Some(Self { register, public: register.public.as_ref()?, catalogue })
    }

    /// The public sides of all registers, in the order of the files.
    pub(super) fn all(catalogue: &'c Catalogue) -> impl Iterator<Item = Self> {
        catalogue.registers.keys().filter_map(move |key| Self::of(catalogue, key))
    }

    /// Fields and system columns shown.
    pub(super) fn columns(&self) -> impl Iterator<Item = &'c str> {
        let register = self.register;
        self.public.show.iter().map(String::as_str).filter(move |column| match register.fields.get(*column) {
            Some(field) => is_open(field),
            None => matches!(*column, "number" | "state" | "cell"),
        })
    }

    /// The field by which lists can be narrowed: the first choice that is shown.
    pub(super) fn kind(&self) -> Option<&'c Field> {
        self.columns()
            .filter_map(|column| self.register.fields.get(column))
            .find(|field| matches!(field.kind, FieldKind::Choice { .. }))
    }

    /// Words and a choice, asked of what is shown and of nothing else: a search must not tell of hidden fields.
    fn condition(&self, words: &str, kind: &str, number: Option<&str>) -> Option<String> {
        let mut parts: Vec<String> = self.public.filter.iter().map(|filter| format!("({filter})")).collect();
        if let Some(number) = number {
            parts.push(format!("number = {}", quoted(number)));
        }
        if let (Some(field), false) = (self.kind(), kind.is_empty())
            && let FieldKind::Choice { choices } = &field.kind
            && choices.contains_key(kind)
        {
            parts.push(format!("{} = {}", field.key, quoted(kind)));
        }
        for word in words.split_whitespace().take(WORDS) {
            let asked: Vec<String> = self
                .columns()
                .filter(|column| {
                    *column == "number" || self.register.fields.get(*column).is_some_and(|field| field.kind.is_text())
                })
                .map(|column| format!("{column} contains {}", quoted(word)))
                .collect();
            if !asked.is_empty() {
                parts.push(format!("({})", asked.join(" or ")));
            }
        }
        (!parts.is_empty()).then(|| parts.join(" and "))
    }

    /// A page of what is published, and how many records there are in all.
    ///
    /// Words are looked for in what a visitor sees: the database finds the newest records that may fit, and those
    /// stay in which the words stand once numbers are taken out and what waits is left out.
    pub(super) fn page(
        &self,
        writer: &mut Writer<'_>,
        words: &str,
        kind: &str,
        page: u64,
    ) -> Result<(Vec<Record>, u64), ReadError> {
        let ledger = writer.ledger;
        let skipped = page.saturating_sub(1).saturating_mul(PAGE);
        let asked = |offset, limit| {
            let filter = self.condition(words, kind, None);
            ListQuery { filter, offset, limit, ..ListQuery::of(&self.register.key) }
        };
        if words.trim().is_empty() {
            let query = asked(skipped, PAGE);
            let total = ledger.count(&actor(), &query)?;
            return Ok((ledger.list(&actor(), query)?.records, total));
        }
        let mut fitting = ledger.list(&actor(), asked(0, FEW))?.records;
        let words: Vec<String> = words.split_whitespace().take(WORDS).map(str::to_ascii_lowercase).collect();
        fitting.retain(|record| {
            let shown: Vec<String> =
                self.columns().map(|column| writer.text(*self, record, column).to_ascii_lowercase()).collect();
            words.iter().all(|word| shown.iter().any(|text| text.contains(word)))
        });
        let total = fitting.len() as u64;
        let start = usize::try_from(skipped).unwrap_or(usize::MAX).min(fitting.len());
        Ok((fitting.into_iter().skip(start).take(PAGE as usize).collect(), total))
    }

    /// How many records are published.
    pub(super) fn count(&self, ledger: &Ledger) -> Result<u64, ReadError> {
        let filter = self.condition("", "", None);
        ledger.count(&actor(), &ListQuery { filter, ..ListQuery::of(&self.register.key) })
    }

    /// Numbers of the published records, for registers that hold few.
    pub(super) fn numbers(&self, ledger: &Ledger) -> Result<Vec<String>, ReadError> {
        let filter = self.condition("", "", None);
        let query = ListQuery { filter, limit: FEW, ..ListQuery::of(&self.register.key) };
        Ok(ledger.list(&actor(), query)?.records.into_iter().map(|record| record.number).collect())
    }

    /// One record, if it is published.
    pub(super) fn record(&self, ledger: &Ledger, number: &str) -> Result<Option<Record>, ReadError> {
        let filter = self.condition("", "", Some(number));
        let query = ListQuery { filter, limit: 1, ..ListQuery::of(&self.register.key) };
        Ok(ledger.list(&actor(), query)?.records.into_iter().next())
    }
}

/// Whether a field may be shown to anybody.
fn is_open(field: &Field) -> bool {
    !field.is_hidden() && !matches!(field.kind, FieldKind::Attachment { .. } | FieldKind::Line | FieldKind::Polygon)
}

/// A text of the filter language.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// Writes what is shown of records.
pub(super) struct Writer<'l> {
    ledger: &'l Ledger,
    actor: Actor,
    language: Language,
    titles: HashMap<(String, String), String>,
    /// Fields of the record looked at last that wait for release.
    waiting: Option<(String, Vec<String>)>,
}

impl<'l> Writer<'l> {
    pub(super) fn new(ledger: &'l Ledger, language: Language) -> Self {
        Self { ledger, actor: actor(), language, titles: HashMap::new(), waiting: None }
    }

    /// Language in which it writes.
    pub(super) fn language(&self) -> Language {
        self.language
    }

    /// Heads and texts of the shown columns that have a value.
    pub(super) fn shown(&mut self, view: View<'_>, record: &Record) -> Vec<(String, String)> {
        let mut shown = Vec::new();
        for column in view.columns() {
            let text = self.text(view, record, column);
            if !text.is_empty() {
                shown.push((columns::head(view.register, column, self.language), text));
            }
        }
        shown
    }

    /// The text of a shown column.
    pub(super) fn text(&mut self, view: View<'_>, record: &Record, column: &str) -> String {
        let text = self.typed(view, record, column);
        match view.register.fields.get(column).map(|field| &field.kind) {
            Some(FieldKind::Text { .. } | FieldKind::LongText { .. } | FieldKind::Place | FieldKind::Table { .. })
                if !text.is_empty() =>
            {
                match self.waits(record, column) {
                    true => self.language.text("public.waits").to_owned(),
                    false => redact(&text),
                }
            }
            _ => text,
        }
    }

    /// Whether a field waits for release. What cannot be told waits.
    fn waits(&mut self, record: &Record, column: &str) -> bool {
        let key = format!("{}/{}/{}", record.register, record.number, record.version);
        if self.waiting.as_ref().is_none_or(|(known, _)| *known != key) {
            let Ok(held) = self.ledger.held_back(record) else { return true };
            self.waiting = Some((key, held.into_iter().map(|held| held.field).collect()));
        }
        self.waiting.as_ref().is_some_and(|(_, fields)| fields.iter().any(|field| field == column))
    }

    /// The text of a column as it was typed or chosen.
    fn typed(&mut self, view: View<'_>, record: &Record, column: &str) -> String {
        let field = view.register.fields.get(column);
        match (field.map(|field| &field.kind), field.and_then(|field| record.value(field))) {
            (Some(FieldKind::Reference { to }), Some(Json::String(number))) => self.title(view, to, number),
            (Some(FieldKind::Table { fields }), Some(Json::Array(rows))) => rows
                .iter()
                .map(|row| self.row(fields.values(), row))
                .collect::<Vec<_>>()
                .join(if self.language == Language::Chinese { "；" } else { "; " }),
            _ => columns::Cells::new(self.ledger, &self.actor, None, self.language).cell(view.register, record, column),
        }
    }

    fn row<'f>(&self, fields: impl Iterator<Item = &'f Field>, row: &Json) -> String {
        let plain = fields.filter(|field| is_open(field) && !matches!(field.kind, FieldKind::Reference { .. }));
        let cells = plain.filter_map(|field| {
            let json = row.get(&field.key)?;
            let text = Value::from_json(field, json).map(|value| value.display(field, self.language));
            Some(text.unwrap_or_else(|_| json.as_str().map_or_else(|| json.to_string(), str::to_owned)))
        });
        cells.collect::<Vec<_>>().join(" ")
    }

    /// The title of a record referred to, if that is published itself; its number otherwise.
    fn title(&mut self, view: View<'_>, to: &str, number: &str) -> String {
        let key = (to.to_owned(), number.to_owned());
        if let Some(title) = self.titles.get(&key) {
            return title.clone();
        }
        let title = View::of(view.catalogue, to)
            .filter(|other| other.columns().any(|column| column == other.register.title))
            .and_then(|other| {
                let record = other.record(self.ledger, number).ok()??;
                Some(self.text(other, &record, &other.register.title)).filter(|title| !title.is_empty())
            })
            .unwrap_or_else(|| number.to_owned());
        self.titles.insert(key, title.clone());
        title
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_a_visitor_stay_words_in_the_filter() {
        assert_eq!(
            quoted(r#"a" or number is filled or subject contains "\"#),
            r#""a\" or number is filled or subject contains \"\\""#
        );
    }
}
