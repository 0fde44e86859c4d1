//! Questions for records of a view: conditions, order and number, without a name of a field as text.

use std::{fmt::Display, marker::PhantomData};

use super::view::{Named, View};
use crate::ledger::ListQuery;

/// The name of a field of `V` that holds a `T`.
pub struct FieldOf<V, T>(&'static str, PhantomData<fn() -> (V, T)>);

impl<V, T> Clone for FieldOf<V, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<V, T> Copy for FieldOf<V, T> {}

impl<V, T> std::fmt::Debug for FieldOf<V, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0)
    }
}

impl<V, T> FieldOf<V, T> {
    pub(crate) const fn named(name: &'static str) -> Self {
        Self(name, PhantomData)
    }

    /// The key of the field.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.0
    }

    fn compared(self, operator: &str, value: &impl Display) -> Condition<V> {
        Condition::written(format!("{} {operator} {}", self.0, quoted(&value.to_string())))
    }

    /// Has a value.
    #[must_use]
    pub fn is_filled(self) -> Condition<V> {
        Condition::written(format!("{} is filled", self.0))
    }

    /// Has no value.
    #[must_use]
    pub fn is_empty(self) -> Condition<V> {
        Condition::written(format!("{} is empty", self.0))
    }

    /// Has this value.
    #[must_use]
    pub fn is(self, value: &impl Display) -> Condition<V> {
        self.compared("=", value)
    }

    /// Lies before this value.
    #[must_use]
    pub fn is_before(self, value: &impl Display) -> Condition<V> {
        self.compared("<", value)
    }

    /// Lies before this value, or is it.
    #[must_use]
    pub fn is_at_most(self, value: &impl Display) -> Condition<V> {
        self.compared("<=", value)
    }

    /// Lies after this value.
    #[must_use]
    pub fn is_after(self, value: &impl Display) -> Condition<V> {
        self.compared(">", value)
    }
}

/// A text of the filter language.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// A condition on records of `V`.
#[derive(Debug)]
pub struct Condition<V>(String, PhantomData<fn() -> V>);

impl<V> Condition<V> {
    fn written(text: String) -> Self {
        Self(text, PhantomData)
    }

    /// Is not finished.
    #[must_use]
    pub fn is_open() -> Self {
        Self::written("closed = false".to_owned())
    }

    /// Both hold.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self::written(format!("{} and {}", self.0, other.0))
    }

    /// One of the two holds.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self::written(format!("({} or {})", self.0, other.0))
    }

    /// As it stands in the filter language.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0
    }
}

impl<V: View> Condition<V> {
    /// Is in one of these states.
    #[must_use]
    pub fn in_state(states: &[V::State]) -> Self {
        let names: Vec<String> = states.iter().map(|state| quoted(state.key())).collect();
        Self::written(format!("state in ({})", names.join(", ")))
    }
}

/// Which records of `V` are wanted, in which order, how many.
#[derive(Debug)]
pub struct Query<V> {
    filter: Option<Condition<V>>,
    sort: Option<(&'static str, bool)>,
    limit: u64,
    offset: u64,
}

impl<V> Query<V> {
    pub(super) fn all() -> Self {
        Self { filter: None, sort: None, limit: 0, offset: 0 }
    }

    /// Only those that fulfil a condition.
    #[must_use]
    pub fn only(self, condition: Condition<V>) -> Self {
        let filter = match self.filter {
            Some(known) => known.and(condition),
            None => condition,
        };
        Self { filter: Some(filter), ..self }
    }

    /// In the order of a field.
    #[must_use]
    pub fn sorted_by<T>(self, field: FieldOf<V, T>) -> Self {
        Self { sort: Some((field.name(), false)), ..self }
    }

    /// In the order of their numbers.
    #[must_use]
    pub fn sorted_by_number(self) -> Self {
        Self { sort: Some(("number", false)), ..self }
    }

    /// At most so many.
    #[must_use]
    pub fn at_most(self, limit: u64) -> Self {
        Self { limit, ..self }
    }

    /// Without the first.
    #[must_use]
    pub fn after_the_first(self, offset: u64) -> Self {
        Self { offset, ..self }
    }

    pub(super) fn into_list_query(self, register: &str) -> ListQuery {
        ListQuery {
            filter: self.filter.map(|filter| filter.0),
            sort: self.sort.map(|(key, descending)| (key.to_owned(), descending)),
            limit: self.limit,
            offset: self.offset,
            ..ListQuery::of(register)
        }
    }
}
