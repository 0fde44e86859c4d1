//! Statements built with sea-query, run on SQLite.

use rusqlite::{Connection, params_from_iter, types::Value as Sql};
use sea_query::{SelectStatement, SqliteQueryBuilder, Value as Bound, Values};

/// Runs a select and reads every row.
pub(crate) fn run<T>(
    connection: &Connection,
    select: &SelectStatement,
    read: impl FnMut(&rusqlite::Row<'_>) -> Result<T, rusqlite::Error>,
) -> Result<Vec<T>, rusqlite::Error> {
    let (sql, values) = select.build(SqliteQueryBuilder);
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map(params_from_iter(bind(values)), read)?;
    rows.collect()
}

/// Values of a built statement as SQLite takes them.
pub(crate) fn bind(values: Values) -> Vec<Sql> {
    values
        .0
        .into_iter()
        .map(|value| match value {
            Bound::Bool(value) => value.map_or(Sql::Null, |value| Sql::Integer(i64::from(value))),
            Bound::TinyInt(value) => value.map_or(Sql::Null, |value| Sql::Integer(i64::from(value))),
            Bound::SmallInt(value) => value.map_or(Sql::Null, |value| Sql::Integer(i64::from(value))),
            Bound::Int(value) => value.map_or(Sql::Null, |value| Sql::Integer(i64::from(value))),
            Bound::BigInt(value) => value.map_or(Sql::Null, Sql::Integer),
            Bound::TinyUnsigned(value) => value.map_or(Sql::Null, |value| Sql::Integer(i64::from(value))),
            Bound::SmallUnsigned(value) => value.map_or(Sql::Null, |value| Sql::Integer(i64::from(value))),
            Bound::Unsigned(value) => value.map_or(Sql::Null, |value| Sql::Integer(i64::from(value))),
            Bound::BigUnsigned(value) => {
                value.map_or(Sql::Null, |value| Sql::Integer(i64::try_from(value).unwrap_or(i64::MAX)))
            }
            Bound::Float(value) => value.map_or(Sql::Null, |value| Sql::Real(f64::from(value))),
            Bound::Double(value) => value.map_or(Sql::Null, Sql::Real),
            Bound::String(value) => value.map_or(Sql::Null, Sql::Text),
            Bound::Char(value) => value.map_or(Sql::Null, |value| Sql::Text(value.to_string())),
            Bound::Bytes(value) => value.map_or(Sql::Null, Sql::Blob),
            // No other type is ever bound by the ledger, the filters or the figures.
            _ => Sql::Null,
        })
        .collect()
}
