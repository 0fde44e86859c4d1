//! Counts of a fleet.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde::Serialize;

/// Buckets of the times: each five per cent longer than the one before, from 10 µs to about 10 minutes.
const BUCKETS: usize = 370;

pub(crate) struct Statistics {
    pub(crate) connected: AtomicU64,
    pub(crate) sent: AtomicU64,
    pub(crate) resent: AtomicU64,
    pub(crate) acknowledged: AtomicU64,
    pub(crate) given_up: AtomicU64,
    times: [AtomicU64; BUCKETS],
}

impl Default for Statistics {
    fn default() -> Statistics {
        Statistics {
            connected: AtomicU64::new(0),
            sent: AtomicU64::new(0),
            resent: AtomicU64::new(0),
            acknowledged: AtomicU64::new(0),
            given_up: AtomicU64::new(0),
            times: std::array::from_fn(|_| AtomicU64::new(0)),
        }
    }
}

/// What a fleet did.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct SimulateReport {
    /// Connections made.
    pub connected: u64,
    /// Packets sent, without resends.
    pub sent: u64,
    /// Resends.
    pub resent: u64,
    /// Packets acknowledged.
    pub acknowledged: u64,
    /// Packets given up after the last resend.
    pub given_up: u64,
    /// Half of the acknowledgements came within so many milliseconds; `None` if none came.
    pub p50_ms: Option<f64>,
    /// 99 of 100 acknowledgements came within so many milliseconds.
    pub p99_ms: Option<f64>,
}

impl Statistics {
    pub(crate) fn add(counter: &AtomicU64) {
        counter.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn acknowledged(&self, after: Duration) {
        Statistics::add(&self.acknowledged);
        let steps = (after.as_secs_f64() / 1e-5).max(1.0).ln() / 1.05_f64.ln();
        Statistics::add(&self.times[(steps.ceil() as usize).min(BUCKETS - 1)]);
    }

    pub(crate) fn report(&self) -> SimulateReport {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        SimulateReport {
            connected: read(&self.connected),
            sent: read(&self.sent),
            resent: read(&self.resent),
            acknowledged: read(&self.acknowledged),
            given_up: read(&self.given_up),
            p50_ms: self.quantile(0.5),
            p99_ms: self.quantile(0.99),
        }
    }

    fn quantile(&self, part: f64) -> Option<f64> {
        let counts: Vec<u64> = self.times.iter().map(|count| count.load(Ordering::Relaxed)).collect();
        let total: u64 = counts.iter().sum();
        let wanted = (total as f64 * part).ceil().max(1.0) as u64;
        let mut seen = 0;
        counts
            .iter()
            .position(|count| {
                seen += count;
                seen >= wanted
            })
            .filter(|_| total > 0)
            .map(|bucket| 1.05_f64.powi(i32::try_from(bucket).unwrap_or(i32::MAX)) * 0.01)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_right_within_five_per_cent() {
        let statistics = Statistics::default();
        assert_eq!(statistics.report().p50_ms, None);
        for milliseconds in 1..=1000 {
            statistics.acknowledged(Duration::from_millis(milliseconds));
        }
        let report = statistics.report();
        assert_eq!(report.acknowledged, 1000);
        let near = |found: Option<f64>, wanted: f64| found.is_some_and(|found| (found / wanted - 1.0).abs() < 0.055);
        assert!(near(report.p50_ms, 500.0) && near(report.p99_ms, 990.0), "{report:?}");
    }
}
