//! The filter language (筛选): which records a list, a figure or a public view is about.
//!
//! `kind = "theme_day" and (outcome != "expelled" or count >= 3) and held_on >= "2020-01-01"`. Operators are
//! `=` `!=` `<` `<=` `>` `>=` `in` `contains` `is empty` `is filled` `not` `and` `or` and parentheses. Names are fields,
//! `number`, `state`, `cell` (`in` means that cell or below), `closed`, `reference.field` (one hop) and `table.field`.
//! A filter is checked against its register when it is read, so that asking it later cannot fail for its own reasons.

mod checks;
mod condition;
mod labels;
mod lexer;
mod literal;
mod names;
mod resolve;
mod sql;
mod syntax;
#[cfg(test)]
mod tests;
mod words;

use std::{fmt, ops::Range};

use indexmap::IndexMap;

use crate::{
    catalogue::{Catalogue, Label, Register},
    value::Language,
};

pub use labels::written;
pub use sql::Sources;
pub(crate) use sql::column;

/// A filter that fits its register.
#[derive(Debug, Clone)]
pub struct Filter {
    text: String,
    register: String,
    rows: Option<String>,
    condition: condition::Condition,
}

/// What is wrong with a filter, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilterError {
    /// Bytes of the filter that are wrong.
    pub span: Range<usize>,
    /// Column in characters, counted from 1.
    pub column: usize,
    /// What is wrong.
    pub message: Label,
    /// What to write instead.
    pub remedy: Option<Label>,
}

impl FilterError {
    /// The whole sentence in a language.
    #[must_use]
    pub fn text(&self, language: Language) -> String {
        let (message, remedy) = (self.message.text(language), self.remedy.as_ref().map(|remedy| remedy.text(language)));
        match language {
            Language::Chinese => {
                let remedy = remedy.map(|remedy| format!("；{remedy}")).unwrap_or_default();
                format!("第{}个字符：{message}{remedy}", self.column)
            }
            Language::English => {
                let remedy = remedy.map(|remedy| format!("; {remedy}")).unwrap_or_default();
                format!("column {}: {message}{remedy}", self.column)
            }
        }
    }
}

impl fmt::Display for FilterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text(Language::English))
    }
}

impl std::error::Error for FilterError {}

impl From<FilterError> for Label {
    fn from(error: FilterError) -> Self {
        both(error.text(Language::Chinese), error.text(Language::English))
    }
}

/// A fault before its column is worked out.
#[derive(Debug)]
struct Fault {
    span: Range<usize>,
    message: Label,
    remedy: Option<Label>,
}

impl Fault {
    fn new(span: Range<usize>, message: Label, remedy: Option<Label>) -> Self {
        Self { span, message, remedy }
    }
}

/// A sentence in both languages.
fn both(zh: impl Into<String>, en: impl Into<String>) -> Label {
    Label { zh: zh.into(), en: en.into() }
}

impl Filter {
    /// Reads a filter over the records of `register`.
    ///
    /// # Errors
    /// The first place at which it is no filter or names what the register does not have.
    pub fn parse(text: &str, register: &Register, catalogue: &Catalogue) -> Result<Self, FilterError> {
        Self::over(text, register, None, &catalogue.registers)
    }

    /// Reads a filter over the rows of a child table of `register` (a sum over `rows`); `table.field` then means the row itself.
    ///
    /// # Errors
    /// See [`Filter::parse`].
    pub fn over(
        text: &str,
        register: &Register,
        rows: Option<&str>,
        registers: &IndexMap<String, Register>,
    ) -> Result<Self, FilterError> {
        Self::read(text, register, rows, registers, |expression| expression)
    }

    /// Reads a filter that a person wrote: fields, states and choices may be called by the names that stand on the pages.
    ///
    /// # Errors
    /// See [`Filter::parse`].
    pub fn typed(text: &str, register: &Register, catalogue: &Catalogue) -> Result<Self, FilterError> {
        let registers = &catalogue.registers;
        Self::read(text, register, None, registers, |expression| labels::in_keys(expression, register, registers))
    }

    fn read(
        text: &str,
        register: &Register,
        rows: Option<&str>,
        registers: &IndexMap<String, Register>,
        in_keys: impl FnOnce(syntax::Expression) -> syntax::Expression,
    ) -> Result<Self, FilterError> {
        let condition = syntax::parse(text)
            .and_then(|expression| resolve::Resolver { register, rows, registers }.condition(&in_keys(expression)))
            .map_err(|fault| {
                let start = fault.span.start.min(text.len());
                FilterError {
                    column: text[..start].chars().count() + 1,
                    span: start..fault.span.end.min(text.len()).max(start),
                    message: fault.message,
                    remedy: fault.remedy,
                }
            })?;
        Ok(Self { text: text.to_owned(), register: register.key.clone(), rows: rows.map(str::to_owned), condition })
    }

    /// The registers that it looks into through a reference.
    #[must_use]
    pub fn referred(&self) -> Vec<&str> {
        self.condition.referred()
    }

    /// The filter as it was written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }
}
