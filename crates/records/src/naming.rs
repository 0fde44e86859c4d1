//! Names in SQL: which table and column a register and its fields are stored in.
//!
//! One place, so that the ledger that makes the tables, the filters and the figures agree.

use crate::catalogue::Field;

/// Table of a register's records.
#[must_use]
pub fn table(register: &str) -> String {
    format!("r_{register}")
}

/// Table of the versions that records of a register have had.
#[must_use]
pub fn history_table(register: &str) -> String {
    format!("h_{register}")
}

/// Table of the rows below a register's records.
#[must_use]
pub fn child_table(register: &str, field: &str) -> String {
    format!("r_{register}__{field}")
}

/// Table of the child rows that earlier versions have had.
#[must_use]
pub fn child_history_table(register: &str, field: &str) -> String {
    format!("h_{register}__{field}")
}

/// Full-text index of a register.
#[must_use]
pub fn search_table(register: &str) -> String {
    format!("f_{register}")
}

/// Column of a field; a place has this with `_lon`, `_lat` and `_address` behind it.
#[must_use]
pub fn column(field: &Field) -> String {
    field.key.clone()
}
