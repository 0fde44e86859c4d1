//! A filter as SQL that SQLite and PostgreSQL both speak.
//!
//! A test is either true or false, never unknown: `category != "noise"` holds for a record without a category. So
//! `not` is pushed down to the single tests, and a test that must not hold also holds where the column is null.

use sea_query::{Alias, Condition as Sql, Expr, ExprTrait, LikeExpr, Query, SelectStatement, Value};

use super::{
    Filter,
    condition::{Check, Condition, Place},
    literal::Operand,
};
use crate::naming;

/// Where the records and rows of other tables are read: now, or as they stood at a moment.
pub trait Sources {
    /// The records of a register as a sub-select; `None` for the table as it is.
    fn records(&self, register: &str) -> Option<SelectStatement>;
    /// The rows of a child table as a sub-select; `None` for the table as it is.
    fn rows(&self, register: &str, table: &str) -> Option<SelectStatement>;
}

/// The tables as they are now.
struct Now;

impl Sources for Now {
    fn records(&self, _: &str) -> Option<SelectStatement> {
        None
    }

    fn rows(&self, _: &str, _: &str) -> Option<SelectStatement> {
        None
    }
}

impl Filter {
    /// The filter as a condition on a select from the register's table, under the name that [`naming::table`] gives it.
    #[must_use]
    pub fn condition(&self) -> Sql {
        self.condition_from(&Now)
    }

    /// The same with other tables read from `sources`; the rows of a child table are under [`naming::child_table`].
    #[must_use]
    pub fn condition_from(&self, sources: &dyn Sources) -> Sql {
        let row = self.rows.as_ref().map(|rows| naming::child_table(&self.register, rows));
        Compiler { record: &naming::table(&self.register), row: row.as_deref(), sources }.sql(&self.condition, true)
    }
}

/// The column of a table under its alias.
pub(crate) fn column(table: &str, name: &str) -> Expr {
    Expr::col((Alias::new(table), Alias::new(name)))
}

/// Alias of the other table in a sub-select; sub-selects do not nest, so one is enough.
const OTHER: &str = "other_";

struct Compiler<'c> {
    record: &'c str,
    row: Option<&'c str>,
    sources: &'c dyn Sources,
}

impl Compiler<'_> {
    fn sql(&self, condition: &Condition, holds: bool) -> Sql {
        match condition {
            Condition::Not(inner) => self.sql(inner, !holds),
            Condition::And(parts) | Condition::Or(parts) => {
                let every = matches!(condition, Condition::And(_)) == holds;
                let empty = if every { Sql::all() } else { Sql::any() };
                parts.iter().fold(empty, |sql, part| sql.add(self.sql(part, holds)))
            }
            Condition::Constant(value) => Sql::all().add(Expr::val(1).eq(i32::from(*value == holds))),
            Condition::Test { at, check } => self.test(at, check, holds),
        }
    }

    fn test(&self, at: &Place, check: &Check, holds: bool) -> Sql {
        let row = self.row.unwrap_or(self.record);
        match at {
            Place::Own => self.check(self.record, check, holds),
            Place::Row => self.check(row, check, holds),
            Place::Reference { column: reference, on_row, to } => {
                let from = if *on_row { row } else { self.record };
                let mut ids = Query::select();
                ids.expr(column(OTHER, "id"));
                self.read(&mut ids, self.sources.records(to), &naming::table(to));
                ids.cond_where(self.check(OTHER, check, true));
                within(column(from, reference), ids, holds)
            }
            Place::AnyRow { register, table } => {
                let mut parents = Query::select();
                parents.expr(column(OTHER, "parent"));
                self.read(&mut parents, self.sources.rows(register, table), &naming::child_table(register, table));
                if !matches!(check, Check::AnyRow) {
                    parents.cond_where(self.check(OTHER, check, true));
                }
                within(column(self.record, "id"), parents, holds)
            }
        }
    }

    fn read(&self, select: &mut SelectStatement, source: Option<SelectStatement>, table: &str) {
        match source {
            Some(source) => select.from_subquery(source, Alias::new(OTHER)),
            None => select.from_as(Alias::new(table), Alias::new(OTHER)),
        };
    }

    fn check(&self, table: &str, check: &Check, holds: bool) -> Sql {
        let col = |name: &str| column(table, name);
        match check {
            Check::Compare { column: name, operator, value } => {
                let value = bound(value);
                let expression = match (*operator, holds) {
                    ("=", true) => col(name).eq(value),
                    ("=", false) => col(name).ne(value),
                    ("<", true) | (">=", false) => col(name).lt(value),
                    ("<=", true) | (">", false) => col(name).lte(value),
                    (">", true) | ("<=", false) => col(name).gt(value),
                    _ => col(name).gte(value),
                };
                or_null(expression, col(name), holds)
            }
            Check::Between { column: name, from, until } if holds => {
                Sql::all().add(col(name).gte(bound(from))).add(col(name).lt(bound(until)))
            }
            Check::Between { column: name, from, until } => {
                Sql::any().add(col(name).lt(bound(from))).add(col(name).gte(bound(until))).add(col(name).is_null())
            }
            Check::In { column: name, values } => {
                let values: Vec<Value> = values.iter().map(bound).collect();
                let expression = if holds { col(name).is_in(values) } else { col(name).is_not_in(values) };
                or_null(expression, col(name), holds)
            }
            Check::Within { column: name, codes } => {
                // The codes below a cell begin with its own; a range of text can be looked up in an index.
                let below = codes.iter().fold(Sql::any(), |sql, code| {
                    let last = format!("{code}\u{10FFFF}");
                    sql.add(Sql::all().add(col(name).gte(code.as_str())).add(col(name).lt(last)))
                });
                if holds { below } else { Sql::any().add(below.not()).add(col(name).is_null()) }
            }
            Check::Contains { columns, text } => self.contains(table, columns, &escaped(text), holds),
            Check::HasKey { column: name, keys } => {
                let has = |key: &String| LikeExpr::new(format!("%\"{}\"%", escaped(key))).escape('\\');
                if holds {
                    keys.iter().fold(Sql::any(), |sql, key| sql.add(col(name).like(has(key))))
                } else {
                    let none = keys.iter().fold(Sql::all(), |sql, key| sql.add(col(name).not_like(has(key))));
                    Sql::any().add(none).add(col(name).is_null())
                }
            }
            Check::Refers { column: name, to, numbers } => {
                let mut ids = Query::select();
                let alias = "referred_";
                ids.expr(column(alias, "id"))
                    .from_as(Alias::new(naming::table(to)), Alias::new(alias))
                    .and_where(column(alias, "number").is_in(numbers.iter().map(String::as_str)));
                within(col(name), ids, holds)
            }
            Check::Filled { columns } => {
                if holds {
                    columns.iter().fold(Sql::any(), |sql, name| sql.add(col(name).is_not_null()))
                } else {
                    columns.iter().fold(Sql::all(), |sql, name| sql.add(col(name).is_null()))
                }
            }
            Check::AnyRow => Sql::all().add(Expr::val(1).eq(i32::from(holds))),
        }
    }

    fn contains(&self, table: &str, columns: &[String], text: &str, holds: bool) -> Sql {
        let pattern = || LikeExpr::new(format!("%{text}%")).escape('\\');
        if holds {
            return columns.iter().fold(Sql::any(), |sql, name| sql.add(column(table, name).like(pattern())));
        }
        columns.iter().fold(Sql::all(), |sql, name| {
            sql.add(Sql::any().add(column(table, name).not_like(pattern())).add(column(table, name).is_null()))
        })
    }
}

fn bound(operand: &Operand) -> Value {
    match operand {
        Operand::Text(text) => text.as_str().into(),
        Operand::Integer(number) => (*number).into(),
        Operand::Real(number) => (*number).into(),
    }
}

fn or_null(expression: Expr, column: Expr, holds: bool) -> Sql {
    if holds { Sql::all().add(expression) } else { Sql::any().add(expression).add(column.is_null()) }
}

fn within(column: Expr, ids: SelectStatement, holds: bool) -> Sql {
    if holds {
        Sql::all().add(column.in_subquery(ids))
    } else {
        Sql::any().add(column.clone().not_in_subquery(ids)).add(column.is_null())
    }
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        if matches!(character, '%' | '_' | '\\') {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}
