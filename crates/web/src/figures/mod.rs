//! Figures (指标): every number of the bureau on one page, and behind each number exactly the records that it counts.
//!
//! Nothing is kept between requests: a figure shown is the figure of this moment, or of the earlier moment asked for.

mod changes;
pub mod columns;
mod export;
mod formula;
mod list;
mod moment;
mod records;

use std::collections::BTreeSet;

use axum::{Router, routing::get};
use bilan_records::{
    catalogue::{Catalogue, FigurePeriod},
    figures::Period,
    ledger::{Ledger, ReadError},
};
use jiff::Timestamp;

pub use formula::{definition, formula};
pub use moment::moment;

pub(crate) use crate::visit::encoded;

use crate::{AppState, refusal::Refusal};

/// The pages of figures.
pub fn routes() -> Router<AppState> {
    Router::new()
        .route("/figures", get(list::page))
        .route("/figures/changes", get(changes::page))
        .route("/figures/export.tsv", get(export::tsv))
        .route("/figures/export.csv", get(export::csv))
        .route("/figures/{key}/records", get(records::page))
}

/// What an address asks of figures: a period, and the moment at which the ledger is looked at.
#[derive(Debug, Clone, Default, serde::Deserialize)]
pub struct Asked {
    /// Year, quarter, month or run of days.
    #[serde(default)]
    year: String,
    /// An earlier moment; now, if empty.
    #[serde(default)]
    as_of: String,
}

impl Asked {
    /// The period asked for; without one, the year in which most registers have their newest record.
    ///
    /// # Errors
    /// [`Refusal::Unreadable`] for what is no period.
    pub fn period(&self, ledger: &Ledger) -> Result<Period, Refusal> {
        match self.year.trim() {
            "" => Ok(Period::year(newest_year(ledger)?)),
            text => text.parse().map_err(|_: bilan_records::figures::PeriodError| Refusal::Unreadable {
                message: "shell.refusal.period_text",
                found: text.to_owned(),
            }),
        }
    }

    /// The moment asked for.
    ///
    /// # Errors
    /// [`Refusal::Unreadable`] for what is no moment.
    pub fn as_of(&self) -> Result<Option<Timestamp>, Refusal> {
        read_moment(&self.as_of)
    }
}

/// A moment of an address that may be left out.
pub(crate) fn read_moment(text: &str) -> Result<Option<Timestamp>, Refusal> {
    match text.trim() {
        "" => Ok(None),
        text => moment(text)
            .map(Some)
            .ok_or_else(|| Refusal::Unreadable { message: "shell.refusal.moment_text", found: text.to_owned() }),
    }
}

/// Whether any of these figures, by key and number of records, counts a record of the period itself.
///
/// A year without any record is told as such: a page of zeros would say that somebody had counted.
#[must_use]
pub fn has_records<'f>(figures: impl IntoIterator<Item = (&'f str, u64)>, catalogue: &Catalogue) -> bool {
    figures.into_iter().any(|(key, records)| {
        let figure = catalogue.figures.get(key);
        records > 0
            && figure.is_some_and(|figure| figure.rule.records().is_some() && figure.period == FigurePeriod::Asked)
    })
}

/// The years in which registers over which figures are counted have records, the first of them first.
///
/// # Errors
/// If the ledger cannot be read.
pub fn years(ledger: &Ledger) -> Result<BTreeSet<i16>, ReadError> {
    Ok(years_of_registers(ledger)?.into_iter().flatten().collect())
}

/// The year in which most of those registers have their newest record; the present one without any.
///
/// # Errors
/// If the ledger cannot be read.
pub fn newest_year(ledger: &Ledger) -> Result<i16, ReadError> {
    let mut newest: Vec<i16> = years_of_registers(ledger)?.iter().filter_map(|years| years.last().copied()).collect();
    newest.sort_unstable();
    let runs = newest.chunk_by(|a, b| a == b).map(|run| (run.len(), run[0]));
    let present = bilan_standards::clock::beijing_day(ledger.now()).year();
    Ok(runs.max().map_or(present, |(_, year)| year))
}

/// The years of each register over which figures are counted.
fn years_of_registers(ledger: &Ledger) -> Result<Vec<Vec<i16>>, ReadError> {
    let catalogue = ledger.catalogue();
    let counted: BTreeSet<&str> =
        catalogue.figures.values().filter_map(|figure| Some(figure.rule.records()?.of.as_str())).collect();
    counted.into_iter().map(|register| ledger.years(register)).collect()
}
