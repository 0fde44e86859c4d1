//! Refusals of the ledger, each a sentence for the person who must act.

use std::fmt;

use jiff::Timestamp;
use serde::Serialize;

use super::record::FieldDifference;
use crate::catalogue::Label;
use crate::personal::PersonalError;

/// One thing wrong with one field of a write.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldFault {
    /// Field key; a field of a child table as `table[row].field` with rows counted from 1.
    pub field: String,
    /// What was given, as text.
    pub found: String,
    /// Why it is refused and what is allowed, in English.
    pub why: String,
    /// The same in Chinese.
    pub why_zh: String,
}

impl fmt::Display for FieldFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.why)
    }
}

/// Several faults, printed one after the other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldFaults(pub Vec<FieldFault>);

impl fmt::Display for FieldFaults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fault) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("; ")?;
            }
            write!(f, "{fault}")?;
        }
        Ok(())
    }
}

/// A write that was refused; nothing of it has been stored.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// No such register.
    #[error("there is no register “{0}”")]
    UnknownRegister(String),
    /// No such record, or none that the actor may see.
    #[error("there is no record {number} in the register “{register}”")]
    NotFound {
        /// Register.
        register: String,
        /// Number asked for.
        number: String,
    },
    /// The actor's roles or cell do not allow it.
    #[error("{actor} may not {verb} records of “{register}”: {why}")]
    Forbidden {
        /// Who asked.
        actor: String,
        /// What they wanted to do.
        verb: String,
        /// Register.
        register: String,
        /// Roles or area that would allow it.
        why: String,
    },
    /// Values are missing or wrong; every fault is listed.
    #[error("{faults}")]
    Invalid {
        /// What is wrong, field by field.
        faults: FieldFaults,
    },
    /// Somebody else changed the record meanwhile.
    #[error("{number} was changed by somebody else since version {yours}; it is now at version {current}")]
    Stale {
        /// Record.
        number: String,
        /// Version the edit started from.
        yours: i64,
        /// Version that stands now.
        current: i64,
        /// Field by field, what changed since then and what the refused edit wanted.
        theirs: Vec<FieldDifference>,
    },
    /// The step does not exist or cannot be taken now.
    #[error("the step “{step}” cannot be taken on {number}: {why}")]
    StepRefused {
        /// Step asked for.
        step: String,
        /// Register of the record.
        register: String,
        /// Record.
        number: String,
        /// Why not.
        why: String,
    },
    /// The act needs a reason.
    #[error("give a reason: {0}")]
    ReasonMissing(String),
    /// Other records refer to the record that was to be deleted.
    #[error("{number} cannot be deleted: {count} records of “{register}” refer to it")]
    StillReferred {
        /// Record.
        number: String,
        /// Register that refers to it.
        register: String,
        /// How many records refer to it.
        count: u64,
    },
    /// Records that the actor may not read refer to the record that was to be deleted.
    #[error("{number} cannot be deleted: other records refer to it")]
    ReferredElsewhere {
        /// Record.
        number: String,
    },
    /// The idempotency key was used for something else.
    #[error("the idempotency key “{key}” was already used for another write at {at}; use a new key for new content")]
    KeyReused {
        /// The key.
        key: String,
        /// When it was first used.
        at: Timestamp,
        /// The record that was written then; empty where it was an import.
        number: String,
    },
    /// The sender has just entered the same content under another key.
    #[error("the same content was just entered as {number}")]
    SameContent {
        /// The record.
        number: String,
        /// Its key.
        key: String,
    },
    /// A file that may not be attached.
    #[error("“{name}” cannot be attached: {}", .why.en)]
    Attachment {
        /// File name.
        name: String,
        /// Why not.
        why: Label,
    },
    /// A personal field could not be sealed or opened.
    #[error(transparent)]
    Personal(#[from] PersonalError),
    /// The database failed.
    #[error("the database failed: {0}")]
    Database(#[from] rusqlite::Error),
    /// What is stored cannot be understood: damage, or a bug.
    #[error("stored data of {what} cannot be read: {why}")]
    Damaged {
        /// Where.
        what: String,
        /// What was found.
        why: String,
    },
}

impl WriteError {
    pub(crate) fn invalid(field: &str, why: impl Into<String>, why_zh: impl Into<String>) -> Self {
        let (why, why_zh) = (why.into(), why_zh.into());
        let fault = FieldFault { field: field.to_owned(), found: String::new(), why, why_zh };
        Self::Invalid { faults: FieldFaults(vec![fault]) }
    }
}

/// A question that could not be answered.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// No such register.
    #[error("there is no register “{0}”")]
    UnknownRegister(String),
    /// No such record, or none that the actor may see.
    #[error("there is no record {number} in the register “{register}”")]
    NotFound {
        /// Register.
        register: String,
        /// Number asked for.
        number: String,
    },
    /// No such field.
    #[error("the register “{register}” has no field “{field}”")]
    UnknownField {
        /// Register.
        register: String,
        /// Field asked for.
        field: String,
    },
    /// The actor's roles do not allow it.
    #[error("{actor} may not {verb} records of “{register}”")]
    Forbidden {
        /// Who asked.
        actor: String,
        /// What they wanted to do.
        verb: String,
        /// Register.
        register: String,
    },
    /// The filter does not parse or names something unknown.
    #[error("filter: {}", .0.en)]
    Filter(Label),
    /// The act needs a reason.
    #[error("give a reason: {0}")]
    ReasonMissing(String),
    /// A personal field could not be opened.
    #[error(transparent)]
    Personal(#[from] PersonalError),
    /// The database failed.
    #[error("the database failed: {0}")]
    Database(#[from] rusqlite::Error),
    /// What is stored cannot be understood: damage, or a bug.
    #[error("stored data of {what} cannot be read: {why}")]
    Damaged {
        /// Where.
        what: String,
        /// What was found.
        why: String,
    },
}

impl From<ReadError> for WriteError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::UnknownRegister(register) => Self::UnknownRegister(register),
            ReadError::NotFound { register, number } => Self::NotFound { register, number },
            ReadError::Forbidden { actor, verb, register } => {
                Self::Forbidden { actor, verb, register, why: "the register does not allow it to these roles".into() }
            }
            ReadError::UnknownField { register, field } => {
                Self::invalid(&field, format!("the register “{register}” has no such field"), "该台账没有这个字段")
            }
            ReadError::Filter(why) => {
                let fault =
                    FieldFault { field: "filter".to_owned(), found: String::new(), why: why.en, why_zh: why.zh };
                Self::Invalid { faults: FieldFaults(vec![fault]) }
            }
            ReadError::ReasonMissing(what) => Self::ReasonMissing(what),
            ReadError::Personal(error) => Self::Personal(error),
            ReadError::Database(error) => Self::Database(error),
            ReadError::Damaged { what, why } => Self::Damaged { what, why },
        }
    }
}

/// Why the database could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// A register file no longer fits the data that are there.
    #[error("the register files would destroy data:\n{}", .0.join("\n"))]
    Destructive(Vec<String>),
    /// The key is not the one the database was made with.
    #[error("the key file is not the one this database was made with; personal fields would be lost")]
    OtherKey,
    /// The file is not a Bilan database or from a later version.
    #[error("{path} cannot be used: {why}")]
    Unusable {
        /// The file.
        path: String,
        /// Why not.
        why: String,
    },
    /// The file was written by a later version, or could not be brought to this one.
    #[error(transparent)]
    Migration(#[from] bilan_storage::MigrationError),
    /// A personal field could not be sealed or opened.
    #[error(transparent)]
    Personal(#[from] PersonalError),
    /// The database failed.
    #[error("the database failed: {0}")]
    Database(#[from] rusqlite::Error),
}

/// What `verify` found first.
#[derive(Debug, thiserror::Error)]
#[error("journal entry {seq} ({register} {number}): {what}")]
pub struct Broken {
    /// Entry at which the chain or the row no longer agrees; 0 if it belongs to no entry.
    pub seq: i64,
    /// Register.
    pub register: String,
    /// Record.
    pub number: String,
    /// What does not agree.
    pub what: String,
}
