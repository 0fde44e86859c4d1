//! Typed views: records of a register whose fields code names, read and written through their types.

use std::{fmt, marker::PhantomData, ops::Deref};

use jiff::Timestamp;

use super::{
    Contract, FieldValue, Unreadable, field,
    query::{FieldOf, Query},
};
use crate::{
    actor::Actor,
    catalogue::Register,
    ledger::{JsonMap, Ledger, ListQuery, ReadError, Record, Write, WriteError},
};

/// Names of states or of steps.
pub trait Named: Copy + Send + Sync + 'static {
    /// The name in register files.
    fn key(self) -> &'static str;
}

/// There are none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoName {}

impl Named for NoName {
    fn key(self) -> &'static str {
        match self {}
    }
}

/// The fields of a register that code names.
pub trait View: Sized {
    /// What it relies on.
    const CONTRACT: &'static Contract;
    /// Key of the register.
    const REGISTER: &'static str;
    /// States that code names.
    type State: Named;
    /// Steps that code takes or offers.
    type Step: Named;

    /// Reads the values of a record.
    ///
    /// # Errors
    /// The field that cannot be read, and what was found.
    fn of(values: &JsonMap) -> Result<Self, Unreadable>;

    /// The values, in the external form.
    fn values(&self) -> JsonMap;

    /// A record of the register.
    ///
    /// # Errors
    /// [`ReadError::Damaged`] with register, number and field if a value is missing or cannot be read.
    fn read(record: &Record) -> Result<Kept<Self>, ReadError> {
        debug_assert_eq!(record.register, Self::REGISTER, "a record of another register");
        let fields = Self::of(&record.values).map_err(|fault| ReadError::Damaged {
            what: format!("“{}” of the record {} in the register “{}”", fault.within, record.number, record.register),
            why: fault.why,
        })?;
        Ok(Kept {
            number: record.number.clone(),
            state: record.state.clone().unwrap_or_default(),
            cell: record.cell.clone(),
            version: record.version,
            created_at: record.created_at,
            created_by: record.created_by.clone(),
            fields,
        })
    }

    /// The register, where the bureau keeps it.
    #[must_use]
    fn register(ledger: &Ledger) -> Option<&Register> {
        ledger.catalogue().registers.get(Self::REGISTER)
    }

    /// A question for records of the register.
    #[must_use]
    fn query() -> Query<Self> {
        Query::all()
    }

    /// One record.
    ///
    /// # Errors
    /// As [`Ledger::record`] and [`Self::read`].
    fn find(ledger: &Ledger, actor: &Actor, number: &str) -> Result<Kept<Self>, ReadError> {
        Self::read(&ledger.record(actor, Self::REGISTER, number, None)?)
    }

    /// A page of records.
    ///
    /// # Errors
    /// As [`Ledger::list`] and [`Self::read`].
    fn list(ledger: &Ledger, actor: &Actor, query: Query<Self>) -> Result<Views<Self>, ReadError> {
        let page = ledger.list(actor, query.into())?;
        let records = page.records.iter().map(Self::read).collect::<Result<_, _>>()?;
        Ok(Views { records, total: page.total, total_is_capped: page.total_is_capped })
    }

    /// Every record that matches.
    ///
    /// # Errors
    /// As [`Ledger::list_all`] and [`Self::read`].
    fn all(ledger: &Ledger, actor: &Actor, query: Query<Self>) -> Result<Vec<Kept<Self>>, ReadError> {
        ledger.list_all(actor, query.into())?.iter().map(Self::read).collect()
    }

    /// Enters a record.
    ///
    /// # Errors
    /// As [`Ledger::create`].
    fn create(&self, ledger: &Ledger, actor: &Actor, write: Write) -> Result<Record, WriteError> {
        let mut values = self.values();
        if let Some(register) = Self::register(ledger) {
            let lacks = |name: &str| !register.fields.contains_key(name);
            for field in Self::CONTRACT.fields.iter().filter(|field| field.optional && lacks(field.name)) {
                values.remove(field.name);
            }
        }
        ledger.create(actor, Self::REGISTER, values, write)
    }

    /// Takes a step.
    ///
    /// # Errors
    /// As [`Ledger::step`].
    fn step(
        ledger: &Ledger,
        actor: &Actor,
        (number, version): (&str, i64),
        step: Self::Step,
        changes: Changes<Self>,
        write: Write,
    ) -> Result<Record, WriteError> {
        ledger.step(actor, Self::REGISTER, number, version, step.key(), changes.into_values(), None, write)
    }

    /// Whether the actor may take a step on a record now.
    #[must_use]
    fn may(ledger: &Ledger, actor: &Actor, record: &Record, step: Self::Step) -> bool {
        ledger.open_steps(actor, record).iter().any(|(open, _)| *open == step.key())
    }
}

/// A record as it is kept: its fields, and what every record has.
#[derive(Debug, Clone, PartialEq)]
pub struct Kept<V> {
    /// Its number.
    pub number: String,
    /// Key of its state; empty where the register has no workflow.
    pub state: String,
    /// Grid cell in which its place lies.
    pub cell: Option<String>,
    /// Counts its changes.
    pub version: i64,
    /// When it was entered.
    pub created_at: Timestamp,
    /// Who entered it.
    pub created_by: String,
    /// Its fields.
    pub fields: V,
}

impl<V> Deref for Kept<V> {
    type Target = V;

    fn deref(&self) -> &V {
        &self.fields
    }
}

impl<V: View> Kept<V> {
    /// Whether it is in a state.
    #[must_use]
    pub fn is(&self, state: V::State) -> bool {
        self.state == state.key()
    }
}

/// A page of records.
#[derive(Debug, Clone, PartialEq)]
pub struct Views<V> {
    /// Records on the page.
    pub records: Vec<Kept<V>>,
    /// Records that match.
    pub total: u64,
    /// `total` stopped counting here.
    pub total_is_capped: bool,
}

/// Values of some fields, to be written with a step.
pub struct Changes<V>(JsonMap, PhantomData<fn() -> V>);

impl<V> Changes<V> {
    /// None.
    #[must_use]
    pub fn none() -> Self {
        Self(JsonMap::new(), PhantomData)
    }

    /// A value of one field.
    #[must_use]
    pub fn with<T: FieldValue>(mut self, field: FieldOf<V, T>, value: &T) -> Self {
        field::write(&mut self.0, field.name(), value);
        self
    }

    fn into_values(self) -> JsonMap {
        self.0
    }
}

impl<V> fmt::Debug for Changes<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Changes").field(&self.0).finish()
    }
}

impl<V: View> From<Query<V>> for ListQuery {
    fn from(query: Query<V>) -> Self {
        query.into_list_query(V::REGISTER)
    }
}
