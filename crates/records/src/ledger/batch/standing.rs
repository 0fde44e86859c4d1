//! Which rows stand for everybody: those that are not deleted and do not belong to a batch that is still coming in.
//!
//! The rows of a batch have consecutive ids and a register takes one batch at a time, so that two numbers, looked up
//! once for a whole query, tell its rows from the others; every index holds the id beside its columns.

/// SQL: the rows of `table`, which holds records of `register`, that stand now. `table` may be an alias.
pub(crate) fn standing(register: &str, table: &str) -> String {
    format!("\"{table}\".\"deleted_at\" IS NULL AND {}", published(register, table))
}

/// SQL: the rows of `table` that belong to no batch that is still coming in.
pub(crate) fn published(register: &str, table: &str) -> String {
    not_coming(register, &format!("\"{table}\".\"id\""))
}

/// SQL: `id`, the id of a record of `register`, belongs to no batch that is still coming in.
pub(crate) fn not_coming(register: &str, id: &str) -> String {
    let edge = |column: &str, none: i64| {
        format!(
            "coalesce((SELECT {column} FROM import_batch WHERE register = '{register}' AND published_at IS NULL), {none})"
        )
    };
    format!("{id} NOT BETWEEN {} AND {}", edge("first", 0), edge("last", -1))
}

/// SQL: the rows of `table` that belonged to no batch that was still coming in at a moment, in stored form.
///
/// A record of a batch bears the moment at which the import began; before its publication nobody could see it.
pub(crate) fn published_by(register: &str, table: &str, at: &str) -> String {
    format!(
        "NOT EXISTS (SELECT 1 FROM import_batch WHERE import_batch.register = '{register}' \
         AND \"{table}\".\"id\" BETWEEN import_batch.first AND import_batch.last \
         AND (import_batch.published_at IS NULL OR import_batch.published_at > '{at}'))"
    )
}
