//! Which tables, columns and indexes a register becomes.

use indexmap::IndexMap;

use super::schema::{ColumnPlan, IndexPlan, SqlKind, TablePlan};
use crate::{
    catalogue::{Catalogue, Field, FieldKind, Register},
    naming,
};

/// The tables of every register.
pub(crate) fn plans(catalogue: &Catalogue) -> Vec<TablePlan> {
    catalogue.registers.values().flat_map(tables).collect()
}

/// The child tables of a register.
pub(crate) fn child_tables(register: &Register) -> impl Iterator<Item = (&Field, &IndexMap<String, Field>)> {
    register.fields.values().filter_map(|field| match &field.kind {
        FieldKind::Table { fields } => Some((field, fields)),
        _ => None,
    })
}

fn tables(register: &Register) -> Vec<TablePlan> {
    let what = format!("register “{}”", register.key);
    let columns: Vec<ColumnPlan> = register.fields.values().flat_map(columns).collect();
    let table = naming::table(&register.key);
    let mut plans = vec![
        TablePlan {
            what: what.clone(),
            system: [record_columns(), vec![system("deleted_at", SqlKind::Text, false)]].concat(),
            columns: columns.clone(),
            indexes: record_indexes(register, &table),
            primary_id: true,
            name: table,
        },
        TablePlan {
            name: naming::history_table(&register.key),
            what: format!("history of register “{}”", register.key),
            system: [vec![system("id", SqlKind::Integer, true)], record_columns(), validity()].concat(),
            columns,
            indexes: vec![
                plain_index(&naming::history_table(&register.key), &["id", "valid_from"]),
                plain_index(&naming::history_table(&register.key), &["number"]),
            ],
            primary_id: false,
        },
    ];
    for (field, fields) in child_tables(register) {
        let columns: Vec<ColumnPlan> = fields.values().flat_map(self::columns).collect();
        let row = || vec![system("parent", SqlKind::Integer, true), system("position", SqlKind::Integer, true)];
        let table = naming::child_table(&register.key, &field.key);
        let history = naming::child_history_table(&register.key, &field.key);
        let what = format!("table “{}” of register “{}”", field.key, register.key);
        plans.push(TablePlan {
            what: what.clone(),
            system: row(),
            columns: columns.clone(),
            indexes: vec![plain_index(&table, &["parent", "position"])],
            primary_id: true,
            name: table,
        });
        plans.push(TablePlan {
            what: format!("history of {what}"),
            system: [row(), validity()].concat(),
            columns,
            indexes: vec![plain_index(&history, &["parent", "valid_from"])],
            primary_id: false,
            name: history,
        });
    }
    plans
}

/// System columns of a record besides `id`, in the order in which its digest reads them.
pub(crate) const RECORD_COLUMNS: [&str; 9] =
    ["number", "state", "cell", "version", "created_at", "created_by", "changed_at", "changed_by", "simulated"];

fn record_columns() -> Vec<ColumnPlan> {
    RECORD_COLUMNS
        .iter()
        .map(|&name| match name {
            "version" | "simulated" => system(name, SqlKind::Integer, true),
            "state" | "cell" => system(name, SqlKind::Text, false),
            _ => system(name, SqlKind::Text, true),
        })
        .collect()
}

fn validity() -> Vec<ColumnPlan> {
    vec![system("valid_from", SqlKind::Text, true), system("valid_to", SqlKind::Text, true)]
}

fn system(name: &str, kind: SqlKind, required: bool) -> ColumnPlan {
    ColumnPlan {
        name: name.to_owned(),
        kind,
        declared: "system".to_owned(),
        choices: None,
        field: name.to_owned(),
        required,
    }
}

/// The columns that a field is stored in; none for a child table.
pub(crate) fn columns(field: &Field) -> Vec<ColumnPlan> {
    let column = |name: String, kind: SqlKind, declared: &str| ColumnPlan {
        name,
        kind,
        declared: declared.to_owned(),
        choices: None,
        field: field.key.clone(),
        required: false,
    };
    let name = naming::column(field);
    if field.personal {
        return vec![column(name, SqlKind::Blob, "personal")];
    }
    match &field.kind {
        FieldKind::Text { .. } | FieldKind::LongText { .. } => vec![column(name, SqlKind::Text, "text")],
        FieldKind::Person => vec![column(name, SqlKind::Text, "text")],
        FieldKind::Phone => vec![column(name, SqlKind::Text, "text")],
        FieldKind::Code(_) => vec![column(name, SqlKind::Text, "text")],
        FieldKind::Integer { .. } => vec![column(name, SqlKind::Integer, "integer")],
        FieldKind::Decimal { digits, .. } => {
            vec![column(name, SqlKind::Integer, &format!("decimal with {digits} digits"))]
        }
        FieldKind::Computed { digits, .. } => {
            vec![column(name, SqlKind::Integer, &format!("computed with {digits} digits"))]
        }
        FieldKind::Money => vec![column(name, SqlKind::Integer, "money")],
        FieldKind::Date => vec![column(name, SqlKind::Text, "date")],
        FieldKind::DateTime => vec![column(name, SqlKind::Text, "datetime")],
        FieldKind::Choice { choices } => {
            let choices = Some(choices.keys().cloned().collect());
            vec![ColumnPlan { choices, ..column(name, SqlKind::Text, "choice") }]
        }
        FieldKind::Choices { .. } => vec![column(name, SqlKind::Text, "choices")],
        FieldKind::YesNo => vec![column(name, SqlKind::Integer, "yes_no")],
        FieldKind::Place => vec![
            column(format!("{name}_lon"), SqlKind::Real, "place"),
            column(format!("{name}_lat"), SqlKind::Real, "place"),
            column(format!("{name}_address"), SqlKind::Text, "place"),
        ],
        FieldKind::Line => vec![column(name, SqlKind::Text, "line")],
        FieldKind::Polygon => vec![column(name, SqlKind::Text, "polygon")],
        FieldKind::Reference { to } => vec![column(name, SqlKind::Integer, &format!("reference to {to}"))],
        FieldKind::Attachment { .. } => vec![column(name, SqlKind::Text, "attachment")],
        FieldKind::Table { .. } => Vec::new(),
    }
}

fn plain_index(table: &str, columns: &[&str]) -> IndexPlan {
    IndexPlan {
        name: format!("{table}_by_{}", columns.join("_")),
        columns: columns.iter().map(|&column| column.to_owned()).collect(),
        unique: false,
        live_only: false,
    }
}

/// Indexes that keep lists, filters and references fast: a filter by state, cell or choice sorted by date walks one index.
fn record_indexes(register: &Register, table: &str) -> Vec<IndexPlan> {
    let live = |name: &str, columns: &[&str]| IndexPlan {
        live_only: true,
        ..IndexPlan { name: format!("{table}_by_{name}"), ..plain_index(table, columns) }
    };
    let date = register.fields.get(&register.date).map(naming::column);
    let date = date.as_deref().unwrap_or("created_at");
    // Not unique in the database: while a batch comes in, its rows may hold what others enter first. The one writer
    // sees to it that no two records that stand share a number or a unique value.
    let mut indexes = vec![live("numbered", &["number"]), live("date", &[date])];
    if register.workflow.is_some() {
        indexes.push(live("state", &["state", date]));
    }
    if register.place.is_some() {
        indexes.push(live("cell", &["cell", date]));
    }
    if !register.known_by.is_empty() {
        let columns: Vec<String> =
            register.known_by.iter().filter_map(|key| register.fields.get(key)).map(naming::column).collect();
        // The number tells more apart than where it came from.
        let columns: Vec<&str> = columns.iter().rev().map(String::as_str).collect();
        indexes.push(live("known", &columns));
    }
    for field in register.fields.values().filter(|field| !field.personal && field.key != register.date) {
        let column = naming::column(field);
        match field.kind {
            FieldKind::Reference { .. } | FieldKind::Choice { .. } => {
                indexes.push(live(&field.key, &[&column, date]));
            }
            FieldKind::Date | FieldKind::DateTime => indexes.push(live(&field.key, &[&column])),
            _ => {}
        }
        if field.withheld {
            indexes.push(live(&format!("{}_given", field.key), &[&column]));
        }
        let scalar = !matches!(field.kind, FieldKind::Table { .. } | FieldKind::Place | FieldKind::Attachment { .. });
        if field.unique && scalar {
            indexes.push(live(&format!("{}_shared", field.key), &[&column]));
        }
    }
    indexes
}
