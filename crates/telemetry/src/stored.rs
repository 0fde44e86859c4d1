//! Reading rows that may be damaged: a byte that changed on the disk costs what its row says, and nothing else. What must
//! go on, the start and the jobs that come round, reads this way; `bilan verify` names the row.

use bilan_storage::is_damage;
use rusqlite::types::ValueRef;
use rusqlite::{Result, Row, Rows};

/// The rows that can be read. One that cannot be is named in the log and passed over; that the database itself fails is
/// an error as before.
pub(crate) fn readable<T>(table: &str, rows: Rows<'_>, read: impl FnMut(&Row<'_>) -> Result<T>) -> Result<Vec<T>> {
    let mut found = Vec::new();
    each(table, rows, read, |value| found.push(value))?;
    Ok(found)
}

/// Hands on what can be read of each row, as [`readable`].
pub(crate) fn each<T>(
    table: &str,
    mut rows: Rows<'_>,
    mut read: impl FnMut(&Row<'_>) -> Result<T>,
    mut take: impl FnMut(T),
) -> Result<()> {
    while let Some(row) = rows.next()? {
        if let Some(value) = or_damaged(table, read(row))? {
            take(value);
        }
    }
    Ok(())
}

/// What was read of a row; `None`, and a word in the log, if it cannot be read.
pub(crate) fn or_damaged<T>(table: &str, read: Result<T>) -> Result<Option<T>> {
    match read {
        Ok(value) => Ok(Some(value)),
        Err(error) if is_damage(&error) => {
            tracing::error!(table, %error, "a stored row is damaged and passed over; `bilan verify` names it");
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// A text with a sign in place of each byte that is none.
pub(crate) fn text(row: &Row<'_>, column: usize) -> Result<String> {
    Ok(match row.get_ref(column)? {
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        ValueRef::Integer(number) => number.to_string(),
        ValueRef::Real(number) => number.to_string(),
        ValueRef::Null => String::new(),
    })
}

/// A whole number; `None` if the column holds anything else.
pub(crate) fn number(row: &Row<'_>, column: usize) -> Result<Option<i64>> {
    Ok(match row.get_ref(column)? {
        ValueRef::Integer(number) => Some(number),
        _ => None,
    })
}
