//! What a figure (指标) is: what is counted, over which records, in which period, and how it is printed.

use crate::{
    catalogue::{FieldKind, Label, Register},
    filter::Filter,
};

/// One figure. A figure is defined once and used by screens, reports and the command line alike.
#[derive(Debug, Clone)]
pub struct Figure {
    /// Name in reports and on the command line (`petition_close_rate`).
    pub key: String,
    /// One of the 24 system ids.
    pub system: String,
    /// Name on screens.
    pub label: Label,
    /// Unit as printed behind the value.
    pub unit: String,
    /// Whether the value is printed as exact, as a lower bound or as about.
    pub bound: Bound,
    /// Decimals, rounded half to even on the exact value.
    pub digits: u8,
    /// Whether the period restricts the records.
    pub period: FigurePeriod,
    /// Only a help to other figures; not listed.
    pub hidden: bool,
    /// Its place on the big screen, if it is shown there.
    pub screen: Option<u32>,
    /// How it is computed.
    pub rule: FigureRule,
}

/// How a value is worded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Bound {
    /// 216件.
    #[default]
    Exact,
    /// 350余人次.
    AtLeast,
    /// 约16600米.
    About,
}

/// Which records a period leaves in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FigurePeriod {
    /// Those whose date lies in the period asked for.
    #[default]
    Asked,
    /// All of them: a stock, or the baseline of another year.
    All,
}

/// How a figure is computed.
#[derive(Debug, Clone)]
pub enum FigureRule {
    /// How many records.
    Count(RecordSet),
    /// How many different values of a field.
    Distinct {
        /// Over which records.
        records: RecordSet,
        /// The field whose values are told apart.
        field: String,
    },
    /// Sum of a number field, of the records or of the rows of a child table.
    Sum {
        /// Over which records.
        records: RecordSet,
        /// Child table whose rows are summed, if not the records themselves.
        rows: Option<String>,
        /// The number field.
        field: String,
        /// Decimals with which the field is stored.
        stored_digits: u8,
    },
    /// One figure divided by another.
    Ratio {
        /// Dividend.
        of: String,
        /// Divisor.
        to: String,
        /// Times hundred.
        percent: bool,
    },
    /// By how much one figure lies above another, as a part of the other.
    Change {
        /// The figure now.
        of: String,
        /// What it is compared with.
        against: String,
        /// Times hundred.
        percent: bool,
    },
    /// A statistic of observations.
    Observations {
        /// Series pattern.
        series: String,
        /// Name of the statistic (`mean`, `good_days`, …).
        statistic: String,
    },
}

/// Records of one register, narrowed by a filter and placed in time by a date.
#[derive(Debug, Clone)]
pub struct RecordSet {
    /// Register.
    pub of: String,
    /// Which of its records.
    pub filter: Option<Filter>,
    /// Date or date-time field that places a record in the period.
    pub date: String,
}

impl FigureRule {
    /// The records it looks at, if it looks at records at all.
    #[must_use]
    pub fn records(&self) -> Option<&RecordSet> {
        match self {
            Self::Count(records) | Self::Distinct { records, .. } | Self::Sum { records, .. } => Some(records),
            Self::Ratio { .. } | Self::Change { .. } | Self::Observations { .. } => None,
        }
    }

    /// The child table whose rows are summed.
    #[must_use]
    pub fn rows(&self) -> Option<&str> {
        match self {
            Self::Sum { rows, .. } => rows.as_deref(),
            _ => None,
        }
    }

    /// The figures it is made of, if it is made of figures.
    #[must_use]
    pub fn parts(&self) -> Option<(&str, &str)> {
        match self {
            Self::Ratio { of, to, .. } => Some((of, to)),
            Self::Change { of, against, .. } => Some((of, against)),
            _ => None,
        }
    }
}

impl RecordSet {
    /// Whether the date is an instant rather than a day.
    #[must_use]
    pub fn dated_by_instant(&self, register: &Register) -> bool {
        register.fields.get(&self.date).is_some_and(|field| matches!(field.kind, FieldKind::DateTime))
    }
}
