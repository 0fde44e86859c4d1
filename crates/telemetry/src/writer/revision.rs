//! What an instant said before something else took its place.

use bilan_storage::checksum;
use rusqlite::types::ValueRef;
use rusqlite::{Transaction, params};

use crate::observation::Said;

/// Keeps what is replaced, or what came too late to stand.
pub(super) fn keep(
    transaction: &Transaction<'_>,
    replaced_at: i64,
    [series, at]: [i64; 2],
    said: Said<'_>,
) -> rusqlite::Result<()> {
    // A statement of its own, and the checksum from here: with a trigger, or reading the table it writes, the insertion
    // would make a table in memory every time.
    let id: i64 =
        transaction.prepare_cached("SELECT coalesce(max(id), 0) + 1 FROM revision")?.query_row([], |row| row.get(0))?;
    let [first, second, third, fourth] = [id, replaced_at, series, at].map(ValueRef::Integer);
    let checksum =
        checksum::of([first, second, third, fourth, ValueRef::Real(said.value), said.text.into(), said.flag.into()]);
    transaction
        .prepare_cached(
            "INSERT INTO revision (id, replaced_at, series, ts, value, text, flag, checksum)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?
        .execute(params![id, replaced_at, series, at, said.value, said.text, said.flag, checksum])?;
    Ok(())
}
