//! Which faults are of one row alone.

/// Whether a row says what it cannot say, because it was damaged for example, while the database itself can be read: what
/// must go on passes over such a row.
#[must_use]
pub fn is_damage(error: &rusqlite::Error) -> bool {
    use rusqlite::Error::{FromSqlConversionFailure, IntegralValueOutOfRange, InvalidColumnType, Utf8Error};
    matches!(error, FromSqlConversionFailure(..) | IntegralValueOutOfRange(..) | InvalidColumnType(..) | Utf8Error(..))
}
