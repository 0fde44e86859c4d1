//! Tables follow the register files: what is new is added, what would destroy data is refused.
//!
//! `schema_column` remembers each column with the declaration it was made from, so that a changed file is
//! noticed without guessing from SQL types. A dropped field whose column is empty simply goes.

use std::collections::BTreeMap;

use bilan_storage::Migrations;
use rusqlite::{Connection, OptionalExtension, params};
use sea_query::{Alias, ColumnDef, Index, IndexOrder, SqliteQueryBuilder, Table};

use super::error::OpenError;

/// A table as the register files want it.
#[derive(Debug, Clone)]
pub(crate) struct TablePlan {
    /// Name in SQL.
    pub name: String,
    /// The register (and child table) it stores, for sentences.
    pub what: String,
    /// Columns made by the system; always the same.
    pub system: Vec<ColumnPlan>,
    /// Columns that follow from fields.
    pub columns: Vec<ColumnPlan>,
    /// Indexes.
    pub indexes: Vec<IndexPlan>,
    /// Unique key columns other than `id`, none for history tables.
    pub primary_id: bool,
}

/// A column as the register files want it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ColumnPlan {
    /// Name in SQL.
    pub name: String,
    /// SQL type.
    pub kind: SqlKind,
    /// What the field was declared as; a difference is a changed type.
    pub declared: String,
    /// Stored keys of choices, if the column holds one of a list.
    pub choices: Option<Vec<String>>,
    /// Field key, for sentences.
    pub field: String,
    /// Never null.
    pub required: bool,
}

/// The four types that SQLite and PostgreSQL both store as themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SqlKind {
    /// Whole number, 64 bits.
    Integer,
    /// Floating point.
    Real,
    /// Text.
    Text,
    /// Bytes.
    Blob,
}

/// An index as the register files want it.
#[derive(Debug, Clone)]
pub(crate) struct IndexPlan {
    /// Name in SQL.
    pub name: String,
    /// Columns in order.
    pub columns: Vec<String>,
    /// Whether two rows may share the values.
    pub unique: bool,
    /// Only rows that are not deleted.
    pub live_only: bool,
}

/// Tables of the ledger itself, beside those of the registers.
pub const MIGRATIONS: Migrations = bilan_storage::migrations!(
    "records.db": "0001_ledger", "0002_beside", "0003_batches", "0004_due_lists", "0005_keys", "0006_search",
    "0007_journal_pages", "0008_changed_clocks"
);

/// Brings the database to the plan, or says what the plan would destroy and changes nothing.
pub(crate) fn migrate(connection: &mut Connection, plans: &[TablePlan]) -> Result<(), OpenError> {
    MIGRATIONS.apply(connection)?;
    let transaction = connection.transaction()?;
    let mut losses = Vec::new();
    forget_removed_tables(&transaction, plans, &mut losses)?;
    for plan in plans {
        let known = known_columns(&transaction, &plan.name)?;
        if known.is_empty() {
            create(&transaction, plan)?;
        } else {
            alter(&transaction, plan, known, &mut losses)?;
        }
        if losses.is_empty() {
            index(&transaction, plan)?;
        }
    }
    if !losses.is_empty() {
        return Err(OpenError::Destructive(losses));
    }
    transaction.commit()?;
    Ok(())
}

struct Known {
    what: String,
    field: String,
    declared: String,
    choices: Option<Vec<String>>,
}

fn known_columns(connection: &Connection, table: &str) -> Result<BTreeMap<String, Known>, rusqlite::Error> {
    let mut statement = connection
        .prepare("SELECT column_name, field, declared, choices, what FROM schema_column WHERE table_name = ?1")?;
    let rows = statement.query_map([table], |row| {
        let choices: Option<String> = row.get(3)?;
        let choices = choices.map(|text| text.split('\n').map(str::to_owned).collect());
        Ok((row.get(0)?, Known { what: row.get(4)?, field: row.get(1)?, declared: row.get(2)?, choices }))
    })?;
    rows.collect()
}

fn remember(connection: &Connection, plan: &TablePlan, column: &ColumnPlan) -> Result<(), rusqlite::Error> {
    connection.execute(
        "INSERT OR REPLACE INTO schema_column (table_name, column_name, what, field, declared, choices) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![
            plan.name,
            column.name,
            plan.what,
            column.field,
            column.declared,
            column.choices.as_ref().map(|choices| choices.join("\n"))
        ],
    )?;
    Ok(())
}

fn definition(column: &ColumnPlan) -> ColumnDef {
    let mut definition = ColumnDef::new(Alias::new(&column.name));
    match column.kind {
        SqlKind::Integer => definition.big_integer(),
        SqlKind::Real => definition.double(),
        SqlKind::Text => definition.text(),
        SqlKind::Blob => definition.blob(),
    };
    if column.required {
        definition.not_null();
    }
    definition
}

fn create(connection: &Connection, plan: &TablePlan) -> Result<(), rusqlite::Error> {
    let mut table = Table::create();
    table.table(Alias::new(&plan.name));
    if plan.primary_id {
        table.col(ColumnDef::new(Alias::new("id")).integer().not_null().primary_key().auto_increment());
    }
    for column in plan.system.iter().chain(&plan.columns) {
        table.col(definition(column));
    }
    connection.execute_batch(&table.to_string(SqliteQueryBuilder))?;
    for column in plan.system.iter().chain(&plan.columns) {
        remember(connection, plan, column)?;
    }
    Ok(())
}

fn alter(
    connection: &Connection,
    plan: &TablePlan,
    mut known: BTreeMap<String, Known>,
    losses: &mut Vec<String>,
) -> Result<(), rusqlite::Error> {
    for column in plan.system.iter().chain(&plan.columns) {
        let Some(before) = known.remove(&column.name) else {
            add(connection, plan, column)?;
            continue;
        };
        if before.declared != column.declared {
            let values = count_values(connection, &plan.name, &column.name)?;
            if values > 0 {
                losses.push(format!(
                    "{}: the type of “{}” changed from {} to {}, which would destroy {values} values in column {} of \
                     {}; give the new field another name, or export, convert and import the register",
                    plan.what, column.field, before.declared, column.declared, column.name, plan.name
                ));
                continue;
            }
            drop(connection, plan, &column.name)?;
            add(connection, plan, column)?;
        } else if before.choices != column.choices {
            lost_choices(connection, plan, column, &before, losses)?;
            remember(connection, plan, column)?;
        } else if before.what != plan.what || before.field != column.field {
            remember(connection, plan, column)?;
        }
    }
    for (name, before) in known {
        let values = count_values(connection, &plan.name, &name)?;
        if values > 0 {
            losses.push(format!(
                "{}: the field “{}” was removed, which would destroy {values} values in column {name} of {}; \
                 put the field back, or export the register first and empty the column",
                plan.what, before.field, plan.name
            ));
        } else {
            drop(connection, plan, &name)?;
        }
    }
    Ok(())
}

fn lost_choices(
    connection: &Connection,
    plan: &TablePlan,
    column: &ColumnPlan,
    before: &Known,
    losses: &mut Vec<String>,
) -> Result<(), rusqlite::Error> {
    let kept = column.choices.as_deref().unwrap_or_default();
    for choice in before.choices.iter().flatten().filter(|choice| !kept.contains(choice)) {
        let sql = format!("SELECT count(*) FROM \"{}\" WHERE \"{}\" = ?1", plan.name, column.name);
        let records: u64 = connection.query_row(&sql, [choice], |row| row.get(0))?;
        if records > 0 {
            losses.push(format!(
                "{}: the choice “{choice}” of “{}” was removed, but {records} rows of {} hold it; put it back",
                plan.what, column.field, plan.name
            ));
        }
    }
    Ok(())
}

fn add(connection: &Connection, plan: &TablePlan, column: &ColumnPlan) -> Result<(), rusqlite::Error> {
    let optional = ColumnPlan { required: false, ..column.clone() };
    let sql =
        Table::alter().table(Alias::new(&plan.name)).add_column(definition(&optional)).to_string(SqliteQueryBuilder);
    connection.execute_batch(&sql)?;
    remember(connection, plan, column)
}

/// Drops an empty column together with the indexes over it.
fn drop(connection: &Connection, plan: &TablePlan, column: &str) -> Result<(), rusqlite::Error> {
    let indexes: Vec<String> = connection
        .prepare(
            "SELECT DISTINCT i.name FROM pragma_index_list(?1) i JOIN pragma_index_info(i.name) c \
             WHERE c.name = ?2 AND i.origin = 'c'",
        )?
        .query_map([&plan.name, column], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    for index in indexes {
        connection.execute_batch(&format!("DROP INDEX \"{index}\""))?;
    }
    let sql =
        Table::alter().table(Alias::new(&plan.name)).drop_column(Alias::new(column)).to_string(SqliteQueryBuilder);
    connection.execute_batch(&sql)?;
    connection.execute("DELETE FROM schema_column WHERE table_name = ?1 AND column_name = ?2", [&plan.name, column])?;
    Ok(())
}

fn count_values(connection: &Connection, table: &str, column: &str) -> Result<u64, rusqlite::Error> {
    connection.query_row(&format!("SELECT count(\"{column}\") FROM \"{table}\""), [], |row| row.get(0))
}

fn forget_removed_tables(
    connection: &Connection,
    plans: &[TablePlan],
    losses: &mut Vec<String>,
) -> Result<(), rusqlite::Error> {
    let mut statement = connection
        .prepare("SELECT table_name, min(what) FROM schema_column GROUP BY table_name ORDER BY table_name")?;
    let tables: Vec<(String, String)> =
        statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?;
    for (table, what) in tables.into_iter().filter(|(table, _)| !plans.iter().any(|plan| plan.name == *table)) {
        let rows: u64 = connection.query_row(&format!("SELECT count(*) FROM \"{table}\""), [], |row| row.get(0))?;
        if rows > 0 {
            losses.push(format!(
                "{what}: its description was removed, which would destroy {rows} rows of {table}; put it back, or \
                 export and delete its records first"
            ));
        } else {
            let sql = Table::drop().table(Alias::new(&table)).to_string(SqliteQueryBuilder);
            connection.execute_batch(&sql)?;
            connection.execute("DELETE FROM schema_column WHERE table_name = ?1", [&table])?;
        }
    }
    Ok(())
}

/// Creates missing indexes and drops those no longer wanted.
fn index(connection: &Connection, plan: &TablePlan) -> Result<(), rusqlite::Error> {
    let existing: Vec<String> = connection
        .prepare("SELECT name FROM pragma_index_list(?1) WHERE origin = 'c'")?
        .query_map([&plan.name], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    for name in existing.iter().filter(|name| !plan.indexes.iter().any(|index| index.name == **name)) {
        connection.execute_batch(&format!("DROP INDEX \"{name}\""))?;
    }
    for wanted in plan.indexes.iter().filter(|index| !existing.contains(&index.name)) {
        let mut statement = Index::create();
        statement.name(&wanted.name).table(Alias::new(&plan.name));
        if wanted.unique {
            statement.unique();
        }
        for column in &wanted.columns {
            statement.col((Alias::new(column), IndexOrder::Asc));
        }
        let mut sql = statement.to_string(SqliteQueryBuilder);
        if wanted.live_only {
            sql.push_str(" WHERE deleted_at IS NULL");
        }
        connection.execute_batch(&sql)?;
    }
    Ok(())
}

/// Reads or, the first time, writes a fact about the database.
pub(crate) fn fact(connection: &Connection, name: &str, value: &str) -> Result<String, rusqlite::Error> {
    let known: Option<String> =
        connection.query_row("SELECT value FROM ledger_fact WHERE name = ?1", [name], |row| row.get(0)).optional()?;
    if let Some(known) = known {
        return Ok(known);
    }
    connection.execute("INSERT INTO ledger_fact (name, value) VALUES (?1, ?2)", [name, value])?;
    Ok(value.to_owned())
}
