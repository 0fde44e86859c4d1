//! Statistics of observations, as figures ask for them. The record plane knows nothing of instruments: whoever opens both planes hands the
//! ledger somebody who does ([`Ledger::use_observations`](crate::ledger::Ledger::use_observations)).

use jiff::civil::Date;

/// Knows what instruments measured.
pub trait ObservationStatistics: Send + Sync {
    /// The statistic over every series that fits the pattern, from the first Beijing day to the last with both, as decimal text of at most
    /// 18 digits, and over how many observations; nothing if there are none.
    ///
    /// # Errors
    /// A sentence saying what went wrong.
    fn statistic(&self, series: &str, statistic: &str, from: Date, to: Date) -> Result<Option<(String, u64)>, String>;
}

/// No observations at all: every figure over them is a gap.
#[derive(Debug, Clone, Copy, Default)]
pub struct WithoutObservations;

impl ObservationStatistics for WithoutObservations {
    fn statistic(&self, _: &str, _: &str, _: Date, _: Date) -> Result<Option<(String, u64)>, String> {
        Ok(None)
    }
}
