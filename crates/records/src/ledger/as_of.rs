//! Tables as they stood at an earlier moment: the rows that have not changed since, and those that the history keeps.

use jiff::Timestamp;
use sea_query::{Alias, Expr, ExprTrait, Query, SelectStatement};

use super::{
    batch::{published_by, standing},
    codec::stored_time,
    layout,
};
use crate::{
    catalogue::{Field, FieldKind, Register},
    naming,
};

/// The rows of a register as they stood at `at` (now, if absent), deleted ones left out.
///
/// Use it as a sub-select: it has `id`, the system columns and the columns of all fields. Without a moment it is
/// so simple that the database looks through it to the indexes of the table.
#[must_use]
pub fn rows_as_of(register: &Register, at: Option<Timestamp>) -> SelectStatement {
    let mut live = Query::select();
    for column in as_of_columns(register) {
        live.column(Alias::new(column));
    }
    let mut past = live.clone();
    let (table, history) = (naming::table(&register.key), naming::history_table(&register.key));
    live.from(Alias::new(&table));
    let Some(at) = at.map(stored_time) else {
        live.and_where(Expr::cust(standing(&register.key, &table)));
        return live;
    };
    live.and_where(Expr::col(Alias::new("deleted_at")).is_null())
        .and_where(Expr::cust(published_by(&register.key, &table, &at)))
        .and_where(Expr::col(Alias::new("changed_at")).lte(at.clone()));
    past.from(Alias::new(&history))
        .and_where(Expr::cust(published_by(&register.key, &history, &at)))
        .and_where(Expr::col(Alias::new("valid_from")).lte(at.clone()))
        .and_where(Expr::col(Alias::new("valid_to")).gt(at));
    live.union(sea_query::UnionType::All, past);
    live
}

/// The rows of a child table as they stood at `at` (now, if absent): `parent`, `position` and the columns of its fields.
#[must_use]
pub fn child_rows_as_of(register: &Register, field: &Field, at: Option<Timestamp>) -> SelectStatement {
    let mut live = Query::select();
    let fields = match &field.kind {
        FieldKind::Table { fields } => fields.values().flat_map(layout::columns).map(|column| column.name).collect(),
        _ => Vec::new(),
    };
    for column in ["parent", "position"].into_iter().map(str::to_owned).chain(fields) {
        live.column(Alias::new(column));
    }
    let mut past = live.clone();
    live.from(Alias::new(naming::child_table(&register.key, &field.key)));
    if let Some(at) = at.map(stored_time) {
        let unchanged = Query::select()
            .column(Alias::new("id"))
            .from(Alias::new(naming::table(&register.key)))
            .and_where(Expr::col(Alias::new("changed_at")).lte(at.clone()))
            .to_owned();
        live.and_where(Expr::col(Alias::new("parent")).in_subquery(unchanged));
        past.from(Alias::new(naming::child_history_table(&register.key, &field.key)))
            .and_where(Expr::col(Alias::new("valid_from")).lte(at.clone()))
            .and_where(Expr::col(Alias::new("valid_to")).gt(at));
        live.union(sea_query::UnionType::All, past);
    }
    live
}

fn as_of_columns(register: &Register) -> Vec<String> {
    std::iter::once("id".to_owned())
        .chain(layout::RECORD_COLUMNS.iter().map(|&name| name.to_owned()))
        .chain(register.fields.values().flat_map(layout::columns).map(|column| column.name))
        .collect()
}
