//! Reports (文书): the text of a report file filled with the figures and records of a year.
//!
//! The result is a tree that knows nothing of HTML, Word or PDF; each figure in it names its key and period, so that
//! whoever draws it can link it to the records it counts.

mod fill;
mod filled;
mod gap;
mod table;

use jiff::Timestamp;

use self::fill::Filler;
pub use self::filled::{Filled, FilledBlock, FilledFigure, FilledInline, FilledRow, plain};
pub use self::gap::gap_words;

use crate::{
    actor::Actor,
    catalogue::Block,
    figures::FigureError,
    ledger::{Ledger, ReadError},
};

/// A report that could not be made.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// No such report.
    #[error("there is no report “{key}”; there are: {known}")]
    Unknown {
        /// What was asked for.
        key: String,
        /// Keys of the reports.
        known: String,
    },
    /// A figure could not be computed.
    #[error(transparent)]
    Figure(#[from] FigureError),
    /// Records could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The database failed.
    #[error("the database failed: {0}")]
    Database(#[from] rusqlite::Error),
}

/// Fills a report for a year.
///
/// # Errors
/// See [`ReportError`]; a figure without a value is no error but a gap, listed in [`Filled::gaps`].
pub fn build(
    ledger: &Ledger,
    actor: &Actor,
    key: &str,
    year: i16,
    as_of: Option<Timestamp>,
) -> Result<Filled, ReportError> {
    let reports = &ledger.catalogue().reports;
    let report = reports.get(key).ok_or_else(|| ReportError::Unknown {
        key: key.to_owned(),
        known: reports.keys().map(String::as_str).collect::<Vec<_>>().join(", "),
    })?;
    let mut filler = Filler::new(ledger, actor, year, as_of);
    let mut title = filler.template(&report.title);
    let mut blocks = Vec::with_capacity(report.blocks.len());
    for block in &report.blocks {
        match block {
            Block::Title(text) => title = plain(&filler.inlines(text)?),
            block => blocks.push(filler.block(block)?),
        }
    }
    let simulated = filler.simulated()?;
    Ok(filler.finish(report, title, blocks, simulated))
}
