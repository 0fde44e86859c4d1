//! A filter in terms of columns, as it is when every name and value has been fitted to its register.

use super::literal::Operand;

/// A filter in terms of columns.
#[derive(Debug, Clone)]
pub(super) enum Condition {
    And(Vec<Condition>),
    Or(Vec<Condition>),
    Not(Box<Condition>),
    /// Always or never.
    Constant(bool),
    Test {
        at: Place,
        check: Check,
    },
}

impl Condition {
    /// The registers that references lead to.
    pub(super) fn referred(&self) -> Vec<&str> {
        match self {
            Self::And(parts) | Self::Or(parts) => parts.iter().flat_map(Self::referred).collect(),
            Self::Not(inner) => inner.referred(),
            Self::Test { at: Place::Reference { to, .. }, .. } => vec![to],
            Self::Test { .. } | Self::Constant(_) => Vec::new(),
        }
    }
}

/// Where a column is, seen from the record that is filtered.
#[derive(Debug, Clone)]
pub(super) enum Place {
    /// On the record itself.
    Own,
    /// On the row that is summed.
    Row,
    /// On the record that the reference column leads to.
    Reference { column: String, on_row: bool, to: String },
    /// On any row of a child table.
    AnyRow { register: String, table: String },
}

/// What is asked of a column.
#[derive(Debug, Clone)]
pub(super) enum Check {
    Compare {
        column: String,
        operator: &'static str,
        value: Operand,
    },
    /// From the first, up to but without the second.
    Between {
        column: String,
        from: Operand,
        until: Operand,
    },
    In {
        column: String,
        values: Vec<Operand>,
    },
    /// A cell code or anything below it.
    Within {
        column: String,
        codes: Vec<String>,
    },
    /// Text that contains text.
    Contains {
        columns: Vec<String>,
        text: String,
    },
    /// A JSON list that holds one of these keys.
    HasKey {
        column: String,
        keys: Vec<String>,
    },
    /// A reference to a record with one of these numbers.
    Refers {
        column: String,
        to: String,
        numbers: Vec<String>,
    },
    Filled {
        columns: Vec<String>,
    },
    /// There is a row.
    AnyRow,
}
